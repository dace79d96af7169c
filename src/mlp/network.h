/* mlp/network.h: the inside of a network: the table in tiles, buffers of one tile, scratch memory of one
 * thread.
 *
 * Layers are numbered from 0 here; the last one, depth - 1, is linear and has the outputs. The biases of a
 * layer follow its weights in w, so that both are one matrix W~ with a row for each input and one for the
 * constant 1, if there are biases. Accordingly the inputs of a layer are followed by a unit that is 1 on all
 * rows.
 */
#ifndef RWK_MLP_NETWORK_H
#define RWK_MLP_NETWORK_H

#include <omp.h>
#include <ridgewalk/mlp.h>
#include "base/context.h"
#include "base/team.h"
#include "mlp/kernel.h"

enum { RWK_MLP_CHUNKS = 16 };

/* Operations that are worth another thread, some 25 microseconds. */
#define RWK_MLP_WORTH 2.5e6

struct rwk_mlp {
  rwk_context *ctx;
  rwk_problem *problem;
  const rwk_mlp_kernel *kernel;
  rwk_activation activation;
  rwk_loss loss;
  rwk_mlp_slope slope;
  int slope_apart; /* x of the slopes is not the activation itself */
  int penalise_biases;
  size_t depth;          /* layers */
  rwk_mlp_layer *layers; /* [depth] */
  size_t dim, inputs, outputs;
  size_t rows;       /* that are here: all, unless there is a party */
  double weight_sum; /* sum of omega over all */
  double loss_scale;
  double curvature; /* loss_scale times what the second derivative of ell has for a factor: 2 with mse */
  double gauge;     /* the term on the output biases is gauge / 2 * (their sum)^2 / outputs */

  /* Sums over the rows are of blocks of tiles, added up along a binary tree over the blocks' numbers; the sum
   * of a block is of chunks of its tiles, added in order. Blocks are shared out over processes and chunks
   * over threads: the bits do not depend on either. */
  rwk_mlp_extent extent;               /* of a tile: rwk_mlp_extent_of */
  size_t tiles, first_tile, all_tiles; /* that are here, the number of the first, of the whole table */
  size_t blocks;                       /* of the whole table; a power of 2 */
  size_t chunks;                       /* of a block */
  int far;       /* the table is too large to stay in cache from one pass over it to the next */
  double *X;     /* [tiles][inputs + 1][stride], the last unit 1; rows beyond the table repeat the last */
  double *Y;     /* [tiles][outputs][stride] */
  double *omega; /* [tiles][stride], 0 beyond the table */

  /* Buffers of one tile: where each layer's things are, in doubles. */
  size_t tile_size;
  size_t *A_at;  /* [depth - 1]: activations of hidden layers, followed by the unit that is 1 */
  size_t *x_at;  /* [depth - 1]: x of the slopes; the same as A_at unless slope_apart */
  size_t *dZ_at; /* [depth]: derivative of L by pre-activations; before rwk_mlp_residual, the last holds f */
  int back;      /* the way back is by kernel->back or back_wide; else it goes layer by layer */
  int apart;     /* by kernel->back, whose sums are put into their places later */
  size_t p_at;   /* cross-entropy: [outputs] what rwk_mlp_curve needs: softmax, p; logistic, dL2/df2 */

  rwk_mlp_party party; /* count 1: all rows are here */
  omp_lock_t lock;     /* the party answers one question at a time */
};

/* Levels of the tree over the blocks, at most. */
enum { RWK_MLP_LEVELS = 12 };

/* Scratch memory of one caller, who may have several threads. Tiles at the w of products and Hessians are
 * kept while it stays the same: all of them if they stay in the second-level cache; what lies further off is
 * sooner made anew. */
typedef struct rwk_mlp_work {
  const rwk_mlp *mlp;
  rwk_context *ctx;
  rwk_team *team,
      *hessian_team; /* the context's, for sums over the rows and for a dense Hessian; NULL: one thread */
  double *w;         /* [dim]: where the kept tiles were computed */
  int known;         /* the kept tiles hold activations and derivatives at w */
  int used;          /* since then somebody asked for them */
  int foresee;       /* the next gradient's point is likely to be asked for products: its tiles are kept */
  double *kept;      /* [tiles][tile_size], or NULL */
  double *tile;      /* [threads][tile_size] for what is not kept */
  double *back;      /* [threads][width][dim], with mlp->apart */
  double *tangent;   /* [threads][tile_size]: R-operator: R{a} in place of A, R{dZ} in place of dZ */
  double *sums;      /* [chunks][width][dim], or NULL where there is one chunk */
  size_t width;      /* vectors whose products are summed at once */
  double *curvature; /* dense Hessian: columns of a slab of tiles, see hessian.c; from the first one on, since
                        they grow with the square of the widest layer */
  double *batch;     /* a tile of rows from all over the table, made when first needed, see batch.c */
  double *node[RWK_MLP_LEVELS]; /* right branches of the tree that a sum over blocks is on, see sum.c */
  size_t node_room[RWK_MLP_LEVELS];
  double *answer, *letter; /* of a sum, and what is asked of a party */
  size_t answer_room, letter_room;
} rwk_mlp_work;

/* As rwk_mlp_create, with a kernel of the caller's choice. */
rwk_status rwk_mlp_create_with(rwk_mlp **mlp, rwk_context *ctx, const rwk_mlp_data *data,
                               const rwk_mlp_settings *settings, const rwk_mlp_kernel *kernel);

/* ---- one tile (pass.c) ---- */

static inline const double *rwk_mlp_X(const rwk_mlp *m, size_t tile) {
  return m->X + tile * (m->inputs + 1) * m->extent.stride;
}
static inline const double *rwk_mlp_Y(const rwk_mlp *m, size_t tile) {
  return m->Y + tile * m->outputs * m->extent.stride;
}
static inline const double *rwk_mlp_omega(const rwk_mlp *m, size_t tile) {
  return m->omega + tile * m->extent.stride;
}
/* Of the first of `left` rows, as many as a tile takes; what a buffer holds beyond them is others'. */
static inline rwk_mlp_extent rwk_mlp_extent_for(const rwk_mlp *m, size_t left) {
  const size_t rows = left < m->extent.rows ? (left + 7) / 8 * 8 : m->extent.rows;
  return (rwk_mlp_extent){rows, m->extent.stride};
}
static inline rwk_mlp_extent rwk_mlp_extent_of(const rwk_mlp *m, size_t tile) {
  return rwk_mlp_extent_for(m, m->rows - tile * m->extent.rows);
}

/* Inputs of layer l (its activations of before, or the table), and how many with the unit that is 1. */
static inline const double *rwk_mlp_layer_in(const rwk_mlp *m, size_t l, const double *X,
                                             const double *buffer) {
  return l == 0 ? X : buffer + m->A_at[l - 1];
}
static inline size_t rwk_mlp_layer_rows(const rwk_mlp_layer *layer) {
  return layer->inputs + (layer->has_bias ? 1 : 0);
}
/* Is the bias of this layer free? */
static inline int rwk_mlp_bias_free(const rwk_mlp *m, const rwk_mlp_layer *layer) {
  return layer->has_bias && !m->penalise_biases;
}

/* Sets the units that are 1; once for a buffer. */
void rwk_mlp_buffer_init(const rwk_mlp *m, double *buffer);
/* Activations and f (in the last dZ) from a block of inputs, laid out as a tile's. */
void rwk_mlp_forward(const rwk_mlp *m, double *buffer, const double *X, const double *w, rwk_mlp_extent e);
/* The same from a tile of the table; the tile after it is fetched meanwhile. */
void rwk_mlp_forward_at(const rwk_mlp *m, double *buffer, size_t tile, const double *w);
/* Loss of a tile; f becomes dL/df. */
double rwk_mlp_residual(const rwk_mlp *m, double *buffer, size_t tile);
/* The same for targets and row weights from elsewhere, laid out as a tile's. */
double rwk_mlp_residual_of(const rwk_mlp *m, double *buffer, const double *Y, const double *omega,
                           rwk_mlp_extent e);
/* F = (d2L/df2) F for a block of rows: R{f} becomes R{dL/df}. P: those rows at p_at; omega and scale: their
 * weights and m->curvature, in any division of the product. */
void rwk_mlp_curve(const rwk_mlp *m, double *F, const double *P, const double *omega, double scale,
                   rwk_mlp_extent e);
/* dZ of the hidden layers from that of the last. */
void rwk_mlp_backward(const rwk_mlp *m, double *buffer, const double *w, rwk_mlp_extent e);

/* With m->back: what kernel->back takes of a tile at w, but for the sums. */
rwk_mlp_back rwk_mlp_back_at(const rwk_mlp *m, const double *buffer, size_t tile, const double *w);
/* Adds to p->sums[dim]: those of kernel->back or back_wide, then that of the output's bias. */
void rwk_mlp_add_back(const rwk_mlp *m, const rwk_mlp_back *p, rwk_mlp_extent e);
/* With m->apart: to[dim] from the sums, of which those of a unit's inputs are multiplied by its factor, or,
 * with NULL, by 1. */
void rwk_mlp_place_back(const rwk_mlp *m, double *to, const double *sums, const double *factor);

/* ---- at a point (value.c) ---- */

/* Announces the point; the next calls of rwk_mlp_tile_at are for it. */
void rwk_mlp_at(rwk_mlp_work *s, const double *w);
/* Activations and dZ of a tile at the announced point; valid until the next call by the same thread. */
const double *rwk_mlp_tile_at(rwk_mlp_work *s, size_t tile);
const double *rwk_mlp_tile_by(rwk_mlp_work *s, size_t tile, size_t thread);
/* For those who need no dZ of hidden layers: it may be missing. */
const double *rwk_mlp_tile_ahead(rwk_mlp_work *s, size_t tile, size_t thread);

/* Between what one thread writes and what another does: a page, which a processor's prefetching does not
 * leave; what it fetches from another's cache takes longer than to compute it. */
enum { RWK_MLP_GAP = 512 };

static inline double *rwk_mlp_tile_of(const rwk_mlp_work *s, size_t thread) {
  return s->tile + thread * (s->mlp->tile_size + RWK_MLP_GAP);
}
static inline double *rwk_mlp_back_of(const rwk_mlp_work *s, size_t thread) {
  return s->back + thread * (s->width * s->mlp->dim + RWK_MLP_GAP);
}
static inline double *rwk_mlp_tangent_of(const rwk_mlp_work *s, size_t thread) {
  return s->tangent + thread * (s->mlp->tile_size + RWK_MLP_GAP);
}
/* Of n doubles each. */
static inline double *rwk_mlp_sums_of(const rwk_mlp_work *s, size_t chunk, size_t n) {
  return s->sums + chunk * (n + RWK_MLP_GAP);
}

/* to[n] = sum of the chunks' sums, n doubles each, in the order of the chunks. */
void rwk_mlp_add_chunks(double *to, const rwk_mlp_work *s, size_t n);

/* Tiles [begin, end) of those that are here. */
typedef struct rwk_mlp_span {
  size_t begin, end;
} rwk_mlp_span;

/* Chunk number `chunk` of a block. */
static inline rwk_mlp_span rwk_mlp_chunk(const rwk_mlp *m, rwk_mlp_span block, size_t chunk) {
  const size_t tiles = block.end - block.begin;
  return (rwk_mlp_span){block.begin + chunk * tiles / m->chunks,
                        block.begin + (chunk + 1) * tiles / m->chunks};
}

/* ---- sums over the rows (sum.c) ---- */

/* Which sum, of how many doubles: those of the gradient end with the loss. X(symbol, function, n, of which so
 * many are added; of the rest the least is taken). m, number: as in rwk_mlp_question. */
#define RWK_MLP_SUM_LIST(X)                                                                                  \
  X(LOSS, rwk_mlp_loss_of, 1, 1)                                                                             \
  X(GRADIENT, rwk_mlp_gradient_of, m->dim + 1, n)                                                            \
  X(PRODUCTS, rwk_mlp_products_of, number * m->dim, n)                                                       \
  X(HESSIAN, rwk_mlp_hessian_of, m->dim * m->dim, n)                                                         \
  X(RANGES, rwk_mlp_ranges_of, 2 * m->layers[number].outputs, 0)                                             \
  X(PULL, rwk_mlp_pull_of, (m->layers[number].inputs + 1) * m->layers[number + 1].outputs + 1, n)            \
  X(KINKS, rwk_mlp_kinks_of, 2, 1)                                                                           \
  X(TARGETS, rwk_mlp_targets_of, m->outputs, n)                                                              \
  X(ZERO, rwk_mlp_zero_of, m->inputs * m->outputs, n)                                                        \
  X(RIGHT, rwk_mlp_right_of, 1, 1)

typedef enum rwk_mlp_sum {
#define RWK_X(symbol, function, length, added) RWK_MLP_SUM_##symbol,
  RWK_MLP_SUM_LIST(RWK_X)
#undef RWK_X
      RWK_MLP_SUMS
} rwk_mlp_sum;

typedef struct rwk_mlp_question {
  rwk_mlp_sum sum;
  size_t number;   /* PRODUCTS: vectors, at most work->width; RANGES, PULL: a layer */
  double tol;      /* KINKS */
  const double *w; /* [dim] the point; NULL for TARGETS and ZERO */
  const double *V; /* PRODUCTS: [number x dim], vector j at V + j*ldv; ZERO: [outputs] means of the targets */
  size_t ldv;
} rwk_mlp_question;

/* to[n] = the sum over all rows, wherever they are. */
rwk_status rwk_mlp_sum_rows(double *to, const rwk_mlp_question *q, rwk_mlp_work *s);

/* Makes room for n doubles; what was there is lost. */
rwk_status rwk_mlp_room(double **x, size_t *room, rwk_context *ctx, size_t n);

/* Which tiles are a process's; none where there are more processes than blocks. */
void rwk_mlp_share_out(size_t *first_tile, size_t *tiles, const rwk_mlp *m, size_t rank, size_t count);
/* Tells the others of a party that there will be no more questions. */
void rwk_mlp_part_company(rwk_mlp *m);

/* The sums of one block. */
#define RWK_X(symbol, function, length, added)                                                               \
  void function(double *to, rwk_mlp_span block, const rwk_mlp_question *q, rwk_mlp_work *s);
RWK_MLP_SUM_LIST(RWK_X)
#undef RWK_X

/* The dense Hessian's scratch memory, before the first one. */
rwk_status rwk_mlp_hessian_room(rwk_mlp_work *s);

/* ---- loss.c: targets, and the term that holds the common shift of the outputs ---- */

static inline const rwk_mlp_layer *rwk_mlp_last(const rwk_mlp *m) {
  return &m->layers[m->depth - 1];
}
/* Are the targets such as the loss has? */
rwk_status rwk_mlp_check_targets(rwk_context *ctx, const rwk_mlp_data *data, rwk_loss loss);
/* Value of the term at w, added to its gradient; and H v of it added to hv. Nothing where there is none. */
double rwk_mlp_gauge_value(const rwk_mlp *m, double *gradient, const double *w);
void rwk_mlp_gauge_product(const rwk_mlp *m, double *hv, const double *v);

/* ---- operations of the problem ---- */

rwk_status rwk_mlp_work_create(void **work, rwk_context *ctx, void *self);
void rwk_mlp_work_destroy(void *work, void *self);
rwk_status rwk_mlp_value(double *loss, double *gradient, const double *w, void *work, void *self);
rwk_status rwk_mlp_hessian_vector(double *HV, size_t ldhv, const double *V, size_t ldv, size_t k,
                                  const double *w, void *work, void *self);
rwk_status rwk_mlp_hessian(double *H, size_t ldh, const double *w, void *work, void *self);
double rwk_mlp_hessian_cost(void *self);
rwk_status rwk_mlp_flats(const double *w, double lambda, rwk_flat_fn emit, void *payload, void *work,
                         void *self);
rwk_status rwk_mlp_kinks(rwk_kinks *kinks, const double *w, double tol, void *work, void *self);
rwk_status rwk_mlp_simplify(double *w, int64_t *changed, double threshold, void *work, void *self);
rwk_status rwk_mlp_batch_count(size_t *total, void *self);
rwk_status rwk_mlp_batch_value(double *part, double *gradient, const double *w, const size_t *rows,
                               size_t count, void *work, void *self);
rwk_status rwk_mlp_gauss_newton_at(double *A, size_t lda, const double *w, void *work, void *self);
rwk_status rwk_mlp_zero_lambda(double *lambda_c, void *work, void *self);
rwk_status rwk_mlp_align(rwk_alignment *alignment, double *w, const double *reference, void *work,
                         void *self);
rwk_status rwk_mlp_groups(size_t *group, size_t *count, void *self);
void rwk_mlp_group_name(char *text, size_t size, size_t group, void *self);
rwk_status rwk_mlp_start(double *w, uint64_t seed, uint64_t stream, void *self);
rwk_status rwk_mlp_neighbour(double *out, const double *w, const double *other, uint64_t seed,
                             uint64_t stream, void *work, void *self);

/* Floating-point operations of value and gradient for a row: an activation counts as 64. */
double rwk_mlp_row_operations(const rwk_mlp *m);

/* The activation and its first derivative at one number, in full relative accuracy. */
double rwk_mlp_phi(rwk_activation activation, double z);
double rwk_mlp_phi1(rwk_activation activation, double z);

#endif
