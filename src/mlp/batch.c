/* Some of the rows, gathered from their tiles into tiles of their own. */
#include <string.h>
#include "mlp/network.h"

/* Rows rows[0..count-1] as one tile: the rows beyond repeat the last one and weigh nothing. */
static void gather(double *X, double *Y, double *omega, const rwk_mlp *m, const size_t *rows, size_t count) {
  const rwk_mlp_extent e = m->extent;
  for (size_t r = 0; r < e.stride; r++) {
    /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): a tile has rows */
    const size_t row = rows[r < count ? r : count - 1], tile = row / e.rows, at = row % e.rows;
    const double *from = rwk_mlp_X(m, tile) + at, *target = rwk_mlp_Y(m, tile) + at;
    for (size_t i = 0; i < m->inputs; i++) X[i * e.stride + r] = from[i * e.stride];
    for (size_t k = 0; k < m->outputs; k++) Y[k * e.stride + r] = target[k * e.stride];
    omega[r] = r < count ? rwk_mlp_omega(m, tile)[at] : 0;
  }
}

/* Inputs with the unit that is 1, targets, row weights, and what a tile computes. */
static rwk_status make_room(rwk_mlp_work *s) {
  const rwk_mlp *m = s->mlp;
  const size_t stride = m->extent.stride, before = (m->inputs + 1 + m->outputs + 1) * stride;
  if (s->batch) return RWK_OK;
  s->batch = rwk_alloc_doubles(s->ctx, before + m->tile_size);
  if (!s->batch) return rwk_fail_memory(s->ctx, "mini-batches");
  for (size_t r = 0; r < stride; r++) s->batch[m->inputs * stride + r] = 1;
  rwk_mlp_buffer_init(m, s->batch + before);
  return RWK_OK;
}

rwk_status rwk_mlp_batch_count(size_t *total, void *self) {
  const rwk_mlp *m = self;
  *total = m->rows;
  return RWK_OK;
}

rwk_status rwk_mlp_batch_value(double *part, double *gradient, const double *w, const size_t *rows,
                               size_t count, void *work, void *self) {
  const rwk_mlp *m = self;
  rwk_mlp_work *s = work;
  const size_t stride = m->extent.stride;
  RWK_TRY(make_room(s));
  double *X = s->batch, *Y = X + (m->inputs + 1) * stride, *omega = Y + m->outputs * stride,
         *buffer = omega + stride;
  double weight = 0;
  *part = 0;
  if (gradient) memset(gradient, 0, m->dim * sizeof *gradient);
  for (size_t first = 0; first < count; first += m->extent.rows) {
    const size_t left = count - first, take = left < m->extent.rows ? left : m->extent.rows;
    const rwk_mlp_extent e = rwk_mlp_extent_for(m, left);
    gather(X, Y, omega, m, rows + first, take);
    for (size_t r = 0; r < take; r++) weight += omega[r];
    rwk_mlp_forward(m, buffer, X, w, e);
    *part += rwk_mlp_residual_of(m, buffer, Y, omega, e);
    if (!gradient) continue;
    rwk_mlp_backward(m, buffer, w, e);
    for (size_t l = 0; l < m->depth; l++) {
      const rwk_mlp_layer *layer = &m->layers[l];
      m->kernel->dots(gradient + layer->W, layer->outputs, rwk_mlp_layer_in(m, l, X, buffer),
                      rwk_mlp_layer_rows(layer), buffer + m->dZ_at[l], layer->outputs, e);
    }
  }
  rwk_mlp share = *m; /* of what holds the common shift, by the rows' weight */
  share.gauge *= weight / m->weight_sum;
  *part += rwk_mlp_gauge_value(&share, gradient, w);
  return RWK_OK;
}
