/* Sums over the rows, of one process's or of a party's.
 *
 * The blocks of a table are added up along a fixed binary tree: a node is the sum of its left half and its
 * right half, blocks [first, first + half) and [first + half, first + count). Each process has blocks that
 * follow each other. The process that has a node's first block makes its sum; where the right half begins
 * with another, that one sends its sum, one message. Process 0 has the root. So the same additions are made
 * in the same order by one process as by many. */
#include <stdint.h>
#include <string.h>
#include "mlp/network.h"

rwk_status rwk_mlp_room(double **x, size_t *room, rwk_context *ctx, size_t n) {
  if (n <= *room) return RWK_OK;
  rwk_free_doubles(ctx, *x);
  *x = rwk_alloc_doubles(ctx, n);
  *room = *x ? n : 0;
  return *x ? RWK_OK : rwk_fail_memory(ctx, "sums over the rows");
}

/* n, and how many of them are added. */
static size_t length_of(size_t *added, const rwk_mlp *m, const rwk_mlp_question *q) {
  const size_t number = q->number;
  size_t n = 0;
  switch (q->sum) {
#define RWK_X(symbol, function, length, add)                                                                 \
  case RWK_MLP_SUM_##symbol:                                                                                 \
    n = length;                                                                                              \
    *added = add;                                                                                            \
    break;
    RWK_MLP_SUM_LIST(RWK_X)
#undef RWK_X
  case RWK_MLP_SUMS:
    break;
  }
  return n;
}

static void of_block(double *to, rwk_mlp_span block, const rwk_mlp_question *q, rwk_mlp_work *s) {
  switch (q->sum) {
#define RWK_X(symbol, function, length, add)                                                                 \
  case RWK_MLP_SUM_##symbol:                                                                                 \
    function(to, block, q, s);                                                                               \
    break;
    RWK_MLP_SUM_LIST(RWK_X)
#undef RWK_X
  case RWK_MLP_SUMS:
    break;
  }
}

/* ---- who has which blocks ---- */

static size_t block_begin(const rwk_mlp *m, size_t rank, size_t count) {
  const size_t members = count < m->blocks ? count : m->blocks;
  return rank < members ? rank * m->blocks / members : m->blocks;
}

static size_t tile_begin(const rwk_mlp *m, size_t block) {
  return block * m->all_tiles / m->blocks;
}

static size_t owner(const rwk_mlp *m, size_t block) {
  return ((block + 1) * m->party.count - 1) / m->blocks;
}

void rwk_mlp_share_out(size_t *first_tile, size_t *tiles, const rwk_mlp *m, size_t rank, size_t count) {
  *first_tile = tile_begin(m, block_begin(m, rank, count));
  *tiles = tile_begin(m, block_begin(m, rank + 1, count)) - *first_tile;
}

/* ---- the tree ---- */

typedef struct climb {
  const rwk_mlp *m;
  rwk_mlp_work *s;
  const rwk_mlp_question *q;
  size_t n, added;
  rwk_status status;
} climb;

/* Has this process anything to do with a node? */
static int takes_part(const climb *c, size_t first, size_t count) {
  const size_t rank = c->m->party.rank;
  return owner(c->m, first) <= rank && rank <= owner(c->m, first + count - 1);
}

static rwk_status reserve(const climb *c, size_t first, size_t count, size_t level) {
  const size_t half = count / 2, rank = c->m->party.rank;
  if (count == 1 || !takes_part(c, first, count)) return RWK_OK;
  if (rank == owner(c->m, first) || rank == owner(c->m, first + half))
    RWK_TRY(rwk_mlp_room(&c->s->node[level], &c->s->node_room[level], c->s->ctx, c->n));
  RWK_TRY(reserve(c, first, half, level + 1));
  return reserve(c, first + half, half, level + 1);
}

static void combine(const climb *c, double *to, const double *other) {
  for (size_t i = 0; i < c->added; i++) to[i] += other[i];
  for (size_t i = c->added; i < c->n; i++)
    if (other[i] < to[i]) to[i] = other[i];
}

/* to[n], where the node is this process's to make; else `to` is not touched. */
static void add_up(climb *c, double *to, size_t first, size_t count, size_t level) {
  const rwk_mlp *m = c->m;
  const rwk_mlp_party *party = &m->party;
  if (c->status != RWK_OK || !takes_part(c, first, count)) return;
  if (count == 1) {
    const rwk_mlp_span block = {tile_begin(m, first) - m->first_tile,
                                tile_begin(m, first + 1) - m->first_tile};
    of_block(to, block, c->q, c->s);
    return;
  }
  const size_t half = count / 2, left = owner(m, first), right = owner(m, first + half), rank = party->rank;
  double *other = c->s->node[level];
  add_up(c, to, first, half, level + 1);
  add_up(c, other, first + half, half, level + 1);
  if (c->status != RWK_OK) return;
  if (rank == right && rank != left) c->status = party->send(other, c->n, left, party->payload);
  if (rank != left) return;
  if (rank != right) c->status = party->receive(other, c->n, right, party->payload);
  if (c->status == RWK_OK && to) combine(c, to, other);
}

static void go_to_point(const rwk_mlp_question *q, rwk_mlp_work *s) {
  const int tiles_are_made =
      q->sum == RWK_MLP_SUM_LOSS || q->sum == RWK_MLP_SUM_GRADIENT || q->sum == RWK_MLP_SUM_RIGHT;
  if (q->w && !tiles_are_made) rwk_mlp_at(s, q->w);
}

/* What can fail is done before anybody else is told. */
static rwk_status get_ready(climb *c) {
  if (c->q->sum == RWK_MLP_SUM_HESSIAN) RWK_TRY(rwk_mlp_hessian_room(c->s));
  return reserve(c, 0, c->m->blocks, 0);
}

/* ---- questions to a party ---- */

enum { HEAD = 3 }; /* of a letter: sum, number, tol; w and V follow */

static size_t size_of_V(const rwk_mlp *m, rwk_mlp_sum sum, size_t number) {
  return sum == RWK_MLP_SUM_PRODUCTS ? number * m->dim : sum == RWK_MLP_SUM_ZERO ? m->outputs : 0;
}

static rwk_status letter_room(rwk_mlp_work *s) {
  const rwk_mlp *m = s->mlp;
  const size_t most = s->width * m->dim > m->outputs ? s->width * m->dim : m->outputs;
  return rwk_mlp_room(&s->letter, &s->letter_room, s->ctx, HEAD + m->dim + most);
}

static rwk_status ask(const rwk_mlp_question *q, rwk_mlp_work *s) {
  const rwk_mlp *m = s->mlp;
  const rwk_mlp_party *party = &m->party;
  const size_t more = size_of_V(m, q->sum, q->number);
  double *w = s->letter + HEAD, *V = w + m->dim;
  s->letter[0] = q->sum;
  s->letter[1] = (double)q->number;
  s->letter[2] = q->tol;
  if (q->w)
    memcpy(w, q->w, m->dim * sizeof *w);
  else
    memset(w, 0, m->dim * sizeof *w);
  RWK_TRY(party->broadcast(s->letter, HEAD + m->dim, party->payload));
  if (more == 0) return RWK_OK;
  const size_t vectors = q->sum == RWK_MLP_SUM_PRODUCTS ? q->number : 1, length = more / vectors;
  for (size_t j = 0; j < vectors; j++) memcpy(V + j * length, q->V + j * q->ldv, length * sizeof *V);
  return party->broadcast(V, more, party->payload);
}

rwk_status rwk_mlp_sum_rows(double *to, const rwk_mlp_question *q, rwk_mlp_work *s) {
  const rwk_mlp *m = s->mlp;
  if (m->blocks == 1) {
    go_to_point(q, s);
    of_block(to, (rwk_mlp_span){0, m->tiles}, q, s);
    return RWK_OK;
  }
  climb c = {.m = m, .s = s, .q = q};
  c.n = length_of(&c.added, m, q);
  RWK_TRY(get_ready(&c));
  if (m->party.count > 1) {
    RWK_TRY(letter_room(s));
    omp_set_lock((omp_lock_t *)(uintptr_t)&m->lock);
    c.status = ask(q, s);
  }
  if (c.status == RWK_OK) go_to_point(q, s);
  add_up(&c, to, 0, m->blocks, 0);
  if (m->party.count > 1) omp_unset_lock((omp_lock_t *)(uintptr_t)&m->lock);
  return c.status == RWK_OK ? RWK_OK
                            : rwk_fail(s->ctx, c.status, "the rows of another process: it does not answer");
}

static rwk_status answer(rwk_mlp_work *s) {
  const rwk_mlp *m = s->mlp;
  const rwk_mlp_party *party = &m->party;
  for (;;) {
    double *w = s->letter + HEAD, *V = w + m->dim;
    RWK_TRY(party->broadcast(s->letter, HEAD + m->dim, party->payload));
    const rwk_mlp_question q = {.sum = (rwk_mlp_sum)s->letter[0],
                                .number = (size_t)s->letter[1],
                                .tol = s->letter[2],
                                .w = w,
                                .V = V,
                                .ldv = m->dim};
    const size_t more = size_of_V(m, q.sum, q.number);
    if (q.sum == RWK_MLP_SUMS) return RWK_OK;
    if (more) RWK_TRY(party->broadcast(V, more, party->payload));
    climb c = {.m = m, .s = s, .q = &q};
    c.n = length_of(&c.added, m, &q);
    RWK_TRY(get_ready(&c));
    go_to_point(&q, s);
    add_up(&c, NULL, 0, m->blocks, 0);
    RWK_TRY(c.status);
  }
}

rwk_status rwk_mlp_serve(rwk_mlp *m) {
  void *work;
  if (m->party.count == 1 || m->party.rank == 0)
    return rwk_fail(m->ctx, RWK_INVALID_ARGUMENT,
                    "serve: it is for processes other than the first of a party");
  RWK_TRY(rwk_mlp_work_create(&work, m->ctx, m));
  rwk_status status = letter_room(work);
  if (status == RWK_OK) status = answer(work);
  rwk_mlp_work_destroy(work, m);
  return status;
}

void rwk_mlp_part_company(rwk_mlp *m) {
  const rwk_mlp_party *party = &m->party;
  if (party->count <= 1 || party->rank > 0 || !m->problem) return;
  double *letter = rwk_calloc(m->ctx, HEAD + m->dim, sizeof *letter);
  if (!letter) return; /* the others wait for ever; the program ends them with itself */
  letter[0] = RWK_MLP_SUMS;
  (void)party->broadcast(letter, HEAD + m->dim, party->payload);
  rwk_free(m->ctx, letter);
}
