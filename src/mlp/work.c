/* Scratch memory of one caller, and random starts. */
#include <math.h>
#include "base/stream.h"
#include "mlp/network.h"

/* All tiles at a point are kept when they take no more than this, about a second-level cache. */
static const size_t keep_limit = (size_t)1 << 20;

/* Sums of chunks are of up to this many vectors at once, if they take no more than this. */
enum { WIDEST = 8 };
static const size_t sums_limit = (size_t)16 << 20;

/* Hessians of less are one thread's. */
static const double worth_threads = RWK_MLP_WORTH;

double rwk_mlp_row_operations(const rwk_mlp *m) {
  double sum = 0;
  for (size_t l = 0; l < m->depth; l++) {
    const rwk_mlp_layer *layer = &m->layers[l];
    sum += (l ? 6 : 4) * (double)rwk_mlp_layer_rows(layer) * (double)layer->outputs;
    if (l + 1 < m->depth) sum += 64 * (double)layer->outputs;
  }
  return sum;
}

rwk_status rwk_mlp_work_create(void **work, rwk_context *ctx, void *self) {
  const rwk_mlp *m = self;
  *work = NULL;
  rwk_mlp_work *s = rwk_calloc(ctx, 1, sizeof *s);
  if (!s) return rwk_fail_memory(ctx, "a network's scratch memory");
  *s = (rwk_mlp_work){.mlp = m, .ctx = ctx};
  const int keep = m->tile_size <= keep_limit / sizeof(double) / m->tiles;
  const double operations = rwk_mlp_row_operations(m) * (double)m->rows;
  rwk_team *team =
      rwk_context_team(m->party.count > 1 ? m->ctx : ctx); /* a party answers one caller at a time */
  const size_t threads = m->chunks > 1 ? rwk_team_threads(team) : 1,
               most = sums_limit / sizeof(double) / m->chunks / m->dim;
  s->team = threads > 1 ? team : NULL;
  s->hessian_team = operations * rwk_mlp_hessian_cost(self) > worth_threads ? team : NULL;
  const size_t tiles = keep ? threads : rwk_team_threads(s->hessian_team); /* which is never fewer */
  s->width = most < 1 ? 1 : most > WIDEST ? WIDEST : most;
  s->w = rwk_alloc_doubles(ctx, m->dim);
  s->tile = rwk_alloc_doubles(ctx, tiles * (m->tile_size + RWK_MLP_GAP));
  s->tangent = rwk_alloc_doubles(ctx, tiles * (m->tile_size + RWK_MLP_GAP));
  s->back = m->apart ? rwk_alloc_doubles(ctx, tiles * (s->width * m->dim + RWK_MLP_GAP)) : NULL;
  s->kept = keep ? rwk_alloc_doubles(ctx, m->tiles * m->tile_size) : NULL;
  s->sums = m->chunks > 1 ? rwk_alloc_doubles(ctx, m->chunks * (s->width * m->dim + RWK_MLP_GAP)) : NULL;
  if (!s->w || !s->tile || !s->tangent || (m->apart && !s->back) || (keep && !s->kept) ||
      (m->chunks > 1 && !s->sums) ||
      (m->chunks * m->blocks > 1 &&
       rwk_mlp_room(&s->answer, &s->answer_room, ctx, s->width * m->dim + 1) != RWK_OK)) {
    rwk_mlp_work_destroy(s, self);
    return rwk_fail_memory(ctx, "a network's scratch memory");
  }
  for (size_t t = 0; t < tiles; t++) {
    rwk_mlp_buffer_init(m, rwk_mlp_tile_of(s, t));
    rwk_mlp_buffer_init(m, rwk_mlp_tangent_of(s, t));
  }
  for (size_t t = 0; keep && t < m->tiles; t++) rwk_mlp_buffer_init(m, s->kept + t * m->tile_size);
  *work = s;
  return RWK_OK;
}

void rwk_mlp_work_destroy(void *work, void *self) {
  (void)self;
  rwk_mlp_work *s = work;
  for (size_t level = 0; level < RWK_MLP_LEVELS; level++) rwk_free_doubles(s->ctx, s->node[level]);
  rwk_free_doubles(s->ctx, s->letter);
  rwk_free_doubles(s->ctx, s->answer);
  rwk_free_doubles(s->ctx, s->batch);
  rwk_free_doubles(s->ctx, s->curvature);
  rwk_free_doubles(s->ctx, s->sums);
  rwk_free_doubles(s->ctx, s->kept);
  rwk_free_doubles(s->ctx, s->tangent);
  rwk_free_doubles(s->ctx, s->back);
  rwk_free_doubles(s->ctx, s->tile);
  rwk_free_doubles(s->ctx, s->w);
  rwk_free(s->ctx, s);
}

/* Uniform within +-sqrt(6 / (fan in + fan out)), 2 instead of 6 for logistic units (Glorot and Bengio,
 * AISTATS 2010, and scikit-learn's MLPRegressor); biases are drawn likewise. */
rwk_status rwk_mlp_start(double *w, uint64_t seed, uint64_t stream, void *self) {
  const rwk_mlp *m = self;
  rwk_stream s;
  rwk_stream_init(&s, seed, stream);
  for (size_t l = 0; l < m->depth; l++) {
    const rwk_mlp_layer *layer = &m->layers[l];
    const double factor = m->activation == RWK_ACTIVATION_LOGISTIC ? 2 : 6;
    const double bound = sqrt(factor / ((double)layer->inputs + (double)layer->outputs));
    const size_t count = rwk_mlp_layer_rows(layer) * layer->outputs;
    for (size_t i = 0; i < count; i++) w[layer->W + i] = bound * (2 * rwk_stream_uniform(&s) - 1);
  }
  return RWK_OK;
}
