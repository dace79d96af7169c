/* Value and gradient, tile by tile: a tile goes forward and back while it is in cache, and the next takes its
 * place. Tiles are kept for products and Hessians at their point (rwk_mlp_at); those of a gradient only where
 * the last point was asked for some, too: in a solver few are. */
#include <string.h>
#include "mlp/network.h"

/* Sum over the rows of one tile, added to the gradient. */
static void add_gradient(const rwk_mlp *m, double *gradient, const double *buffer, size_t tile) {
  const rwk_mlp_extent e = rwk_mlp_extent_of(m, tile);
  for (size_t l = 0; l < m->depth; l++) {
    const rwk_mlp_layer *layer = &m->layers[l];
    m->kernel->dots(gradient + layer->W, layer->outputs, rwk_mlp_layer_in(m, l, rwk_mlp_X(m, tile), buffer),
                    rwk_mlp_layer_rows(layer), buffer + m->dZ_at[l], layer->outputs, e);
  }
}

/* Loss of the tiles of a chunk, and their sum for the gradient. */
static double chunk_value(rwk_mlp_work *s, double *gradient, const double *w, rwk_mlp_span chunk, int keep,
                          size_t thread) {
  const rwk_mlp *m = s->mlp;
  double sum = 0;
  double *sums = gradient && m->apart ? rwk_mlp_back_of(s, thread) : gradient;
  if (gradient) memset(sums, 0, m->dim * sizeof *sums);
  for (size_t t = chunk.begin; t < chunk.end; t++) {
    double *buffer = keep ? s->kept + t * m->tile_size : rwk_mlp_tile_of(s, thread);
    rwk_mlp_forward_at(m, buffer, t, w);
    sum += rwk_mlp_residual(m, buffer, t);
    if (!gradient) continue;
    if (m->back) {
      rwk_mlp_back back = rwk_mlp_back_at(m, buffer, t, w);
      back.sums = sums;
      back.Z = keep ? buffer + m->dZ_at[0] : NULL;
      rwk_mlp_add_back(m, &back, rwk_mlp_extent_of(m, t));
      continue;
    }
    rwk_mlp_backward(m, buffer, w, rwk_mlp_extent_of(m, t));
    add_gradient(m, gradient, buffer, t);
  }
  if (sums != gradient) rwk_mlp_place_back(m, gradient, sums, w + rwk_mlp_last(m)->W);
  return sum;
}

typedef struct summation {
  rwk_mlp_work *s;
  rwk_mlp_span block;
  const double *gradient, *w; /* gradient: is one wanted? */
  int keep;
  double of[RWK_MLP_CHUNKS];
} summation;

static void sum_chunk(size_t chunk, size_t member, void *payload) {
  summation *a = payload;
  rwk_mlp_work *s = a->s;
  a->of[chunk] = chunk_value(s, a->gradient ? rwk_mlp_sums_of(s, chunk, s->mlp->dim) : NULL, a->w,
                             rwk_mlp_chunk(s->mlp, a->block, chunk), a->keep, member);
}

static double block_value(rwk_mlp_work *s, double *gradient, const double *w, rwk_mlp_span block, int keep) {
  const rwk_mlp *m = s->mlp;
  if (m->chunks == 1) return chunk_value(s, gradient, w, block, keep, 0);
  summation sum = {.s = s, .block = block, .gradient = gradient, .w = w, .keep = keep};
  rwk_team_run(s->team, m->chunks, sum_chunk, &sum);
  double loss = 0;
  for (size_t c = 0; c < m->chunks; c++) loss += sum.of[c];
  if (gradient) rwk_mlp_add_chunks(gradient, s, m->dim);
  return loss;
}

void rwk_mlp_loss_of(double *to, rwk_mlp_span block, const rwk_mlp_question *q, rwk_mlp_work *s) {
  *to = block_value(s, NULL, q->w, block, 0);
}

void rwk_mlp_gradient_of(double *to, rwk_mlp_span block, const rwk_mlp_question *q, rwk_mlp_work *s) {
  to[s->mlp->dim] = block_value(s, to, q->w, block, 0);
}

/* Are the tiles of a gradient at w to be kept? */
static int announce(rwk_mlp_work *s, const double *w) {
  if (!s->used) s->foresee = 0; /* the last time it was in vain */
  if (!s->kept || !s->foresee) return 0;
  memcpy(s->w, w, s->mlp->dim * sizeof *w);
  s->known = 1;
  s->used = 0;
  return 1;
}

rwk_status rwk_mlp_value(double *loss, double *gradient, const double *w, void *work, void *self) {
  const rwk_mlp *m = self;
  rwk_mlp_work *s = work;
  if (m->blocks == 1) {
    *loss = block_value(s, gradient, w, (rwk_mlp_span){0, m->tiles}, gradient && announce(s, w));
  } else {
    const rwk_mlp_question q = {.sum = gradient ? RWK_MLP_SUM_GRADIENT : RWK_MLP_SUM_LOSS, .w = w};
    RWK_TRY(rwk_mlp_room(&s->answer, &s->answer_room, s->ctx, m->dim + 1));
    RWK_TRY(rwk_mlp_sum_rows(s->answer, &q, s));
    *loss = s->answer[gradient ? m->dim : 0];
    if (gradient) memcpy(gradient, s->answer, m->dim * sizeof *gradient);
  }
  *loss += rwk_mlp_gauge_value(m, gradient, w);
  return RWK_OK;
}

void rwk_mlp_add_chunks(double *to, const rwk_mlp_work *s, size_t n) {
  const size_t chunks = s->mlp->chunks;
  memcpy(to, rwk_mlp_sums_of(s, 0, n), n * sizeof *to);
  for (size_t c = 1; c < chunks; c++) {
    const double *from = rwk_mlp_sums_of(s, c, n);
    for (size_t i = 0; i < n; i++) to[i] += from[i];
  }
}

static void compute_ahead(rwk_mlp_work *s, double *buffer, size_t tile) {
  rwk_mlp_forward_at(s->mlp, buffer, tile, s->w);
  rwk_mlp_residual(s->mlp, buffer, tile);
}

static void compute(rwk_mlp_work *s, double *buffer, size_t tile) {
  compute_ahead(s, buffer, tile);
  rwk_mlp_backward(s->mlp, buffer, s->w, rwk_mlp_extent_of(s->mlp, tile));
}

static void compute_chunk(size_t chunk, size_t member, void *payload) {
  (void)member;
  rwk_mlp_work *s = payload;
  const rwk_mlp *m = s->mlp;
  const rwk_mlp_span span = rwk_mlp_chunk(m, (rwk_mlp_span){0, m->tiles}, chunk);
  for (size_t t = span.begin; t < span.end; t++) compute(s, s->kept + t * m->tile_size, t);
}

void rwk_mlp_at(rwk_mlp_work *s, const double *w) {
  const rwk_mlp *m = s->mlp;
  s->used = s->foresee = 1;
  if (s->known && memcmp(w, s->w, m->dim * sizeof *w) == 0) return;
  memcpy(s->w, w, m->dim * sizeof *w);
  s->known = s->kept != NULL;
  if (s->kept) rwk_team_run(s->team, m->chunks, compute_chunk, s);
}

static const double *tile_by(rwk_mlp_work *s, size_t tile, size_t thread,
                             void (*make)(rwk_mlp_work *s, double *buffer, size_t tile)) {
  if (s->kept) return s->kept + tile * s->mlp->tile_size;
  double *buffer = rwk_mlp_tile_of(s, thread);
  make(s, buffer, tile);
  return buffer;
}

const double *rwk_mlp_tile_by(rwk_mlp_work *s, size_t tile, size_t thread) {
  return tile_by(s, tile, thread, compute);
}

const double *rwk_mlp_tile_ahead(rwk_mlp_work *s, size_t tile, size_t thread) {
  return tile_by(s, tile, thread, compute_ahead);
}

const double *rwk_mlp_tile_at(rwk_mlp_work *s, size_t tile) {
  return rwk_mlp_tile_by(s, tile, 0);
}
