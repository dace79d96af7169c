/* Pre-activations, and how near they come to the kink of relu. */
#include <math.h>
#include "mlp/points.h"

const double *rwk_mlp_preactivation(rwk_mlp_work *s, const double *at, size_t tile, size_t l,
                                    const double *w) {
  const rwk_mlp *m = s->mlp;
  const rwk_mlp_layer *layer = &m->layers[l];
  double *z = s->tangent + m->dZ_at[l];
  const rwk_mlp_product p = {.Z = z,
                             .outputs = layer->outputs,
                             .term = {{rwk_mlp_layer_in(m, l, rwk_mlp_X(m, tile), at), w + layer->W,
                                       layer->inputs, layer->outputs, 1}},
                             .terms = 1,
                             .bias = layer->has_bias ? w + layer->b : NULL};
  m->kernel->product(&p, rwk_mlp_extent_of(m, tile));
  return z;
}

/* |b_j| + sum of |a_i W_ij|: the size of what z was summed from, for one row. */
static double scale_of(const rwk_mlp *m, const rwk_mlp_layer *layer, const double *in, size_t row,
                       size_t unit, const double *w) {
  double sum = layer->has_bias ? fabs(w[layer->b + unit]) : 0;
  for (size_t i = 0; i < layer->inputs; i++)
    sum += fabs(in[i * m->extent.stride + row] * w[layer->W + i * layer->outputs + unit]);
  return fmax(sum, 1e-300);
}

void rwk_mlp_kinks_of(double *to, rwk_mlp_span block, const rwk_mlp_question *q, rwk_mlp_work *s) {
  const rwk_mlp *m = s->mlp;
  to[0] = 0;
  to[1] = INFINITY;
  for (size_t t = block.begin; t < block.end; t++) {
    const double *at = rwk_mlp_tile_at(s, t), *omega = rwk_mlp_omega(m, t);
    const size_t rows = rwk_mlp_extent_of(m, t).rows;
    for (size_t l = 0; l + 1 < m->depth; l++) {
      const rwk_mlp_layer *layer = &m->layers[l];
      const double *in = rwk_mlp_layer_in(m, l, rwk_mlp_X(m, t), at),
                   *z = rwk_mlp_preactivation(s, at, t, l, q->w);
      for (size_t j = 0; j < layer->outputs; j++)
        for (size_t r = 0; r < rows; r++) {
          if (omega[r] == 0) continue;
          /* A unit without weights and bias (scale 0) sits on its kink: J has no second derivative there. */
          const double size = fabs(z[j * m->extent.stride + r]), scale = scale_of(m, layer, in, r, j, q->w);
          to[0] += size <= q->tol * scale;
          to[1] = fmin(to[1], size / scale);
        }
    }
  }
}

rwk_status rwk_mlp_kinks(rwk_kinks *kinks, const double *w, double tol, void *work, void *self) {
  const rwk_mlp *m = self;
  const rwk_mlp_question q = {.sum = RWK_MLP_SUM_KINKS, .w = w, .tol = tol};
  double found[2] = {0, INFINITY};
  if (m->activation == RWK_ACTIVATION_RELU && m->depth > 1) RWK_TRY(rwk_mlp_sum_rows(found, &q, work));
  *kinks = (rwk_kinks){.count = (int64_t)found[0], .nearest = found[1]};
  return RWK_OK;
}
