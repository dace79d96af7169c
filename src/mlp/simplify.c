/* Switching off units that have died in all but rounding, and the penalty at which all of them die. */
#include <float.h>
#include <math.h>
#include <string.h>
#include "la/dense.h"
#include "mlp/points.h"

int rwk_mlp_in_within(const rwk_mlp *m, const double *w, size_t l, size_t j, double threshold) {
  const rwk_mlp_layer *layer = &m->layers[l];
  for (size_t i = 0; i < layer->inputs; i++)
    if (!(fabs(w[layer->W + i * layer->outputs + j]) <= threshold)) return 0;
  return 1;
}

int rwk_mlp_out_within(const rwk_mlp *m, const double *w, size_t l, size_t j, double threshold) {
  const rwk_mlp_layer *next = &m->layers[l + 1];
  for (size_t k = 0; k < next->outputs; k++)
    if (!(fabs(w[next->W + j * next->outputs + k]) <= threshold)) return 0;
  return 1;
}

static void set(double *x, double value, int64_t *changed) {
  if (*x == value) return;
  *x = value;
  ++*changed;
}

static void switch_off(const rwk_mlp *m, double *w, size_t l, size_t j, int64_t *changed) {
  const rwk_mlp_layer *layer = &m->layers[l], *next = &m->layers[l + 1];
  double *v = w + next->W + j * next->outputs;
  const double constant = rwk_mlp_phi(m->activation, layer->has_bias ? w[layer->b + j] : 0);
  if (!next->has_bias) /* nothing takes over its constant output: only if there is none to speak of */
    for (size_t k = 0; k < next->outputs; k++)
      if (fabs(constant * v[k]) > DBL_EPSILON) return;
  for (size_t k = 0; k < next->outputs; k++) {
    if (next->has_bias) set(&w[next->b + k], w[next->b + k] + constant * v[k], changed);
    set(&v[k], 0, changed);
  }
  for (size_t i = 0; i < layer->inputs; i++) set(&w[layer->W + i * layer->outputs + j], 0, changed);
  if (layer->has_bias && m->penalise_biases) set(&w[layer->b + j], 0, changed);
}

/* Softplus is never quite linear: a unit whose best is to be linear slides its bias to infinity, and J has no
 * minimum. Where what is left of the bend, exp(-z), is below the threshold on all rows, the bias is slid to
 * where a double sees none. */
static rwk_status straighten(rwk_mlp_work *s, double *w, double threshold, int64_t *changed) {
  const rwk_mlp *m = s->mlp;
  const double straight = 40;
  for (size_t l = 0; l + 1 < m->depth; l++) {
    const rwk_mlp_layer *layer = &m->layers[l], *next = &m->layers[l + 1];
    if (!rwk_mlp_bias_free(m, layer) || !rwk_mlp_bias_free(m, next)) continue;
    rwk_mlp_range *z = rwk_alloc(s->ctx, layer->outputs, sizeof *z);
    if (!z) return rwk_fail_memory(s->ctx, "simplify");
    const rwk_status status = rwk_mlp_ranges(z, s, l, w);
    for (size_t j = 0; j < layer->outputs && status == RWK_OK; j++) {
      if (!(exp(-z[j].low) <= threshold) || z[j].low >= straight) continue;
      const double by = straight - z[j].low;
      w[layer->b + j] += by;
      for (size_t k = 0; k < next->outputs; k++) w[next->b + k] -= by * w[next->W + j * next->outputs + k];
      ++*changed;
    }
    rwk_free(s->ctx, z);
    RWK_TRY(status);
  }
  return RWK_OK;
}

rwk_status rwk_mlp_simplify(double *w, int64_t *changed, double threshold, void *work, void *self) {
  const rwk_mlp *m = self;
  *changed = 0;
  if (m->activation == RWK_ACTIVATION_SOFTPLUS) RWK_TRY(straighten(work, w, threshold, changed));
  for (size_t l = 0; l + 1 < m->depth; l++)
    for (size_t j = 0; j < m->layers[l].outputs; j++) {
      if (!rwk_mlp_in_within(m, w, l, j, threshold) || !rwk_mlp_out_within(m, w, l, j, threshold)) continue;
      if (m->layers[l].has_bias && m->penalise_biases && !(fabs(w[m->layers[l].b + j]) <= threshold))
        continue;
      switch_off(m, w, l, j, changed);
    }
  return RWK_OK;
}

void rwk_mlp_targets_of(double *to, rwk_mlp_span block, const rwk_mlp_question *q, rwk_mlp_work *s) {
  const rwk_mlp *m = s->mlp;
  (void)q;
  memset(to, 0, m->outputs * sizeof *to);
  for (size_t t = block.begin; t < block.end; t++) {
    const double *Y = rwk_mlp_Y(m, t), *omega = rwk_mlp_omega(m, t);
    for (size_t k = 0; k < m->outputs; k++)
      for (size_t r = 0; r < m->extent.rows; r++) to[k] += omega[r] * Y[k * m->extent.stride + r];
  }
}

/* X' Omega (Y - mean). */
void rwk_mlp_zero_of(double *to, rwk_mlp_span block, const rwk_mlp_question *q, rwk_mlp_work *s) {
  const rwk_mlp *m = s->mlp;
  const rwk_mlp_extent e = m->extent;
  double *gap = s->tangent + m->dZ_at[1];
  memset(to, 0, m->inputs * m->outputs * sizeof *to);
  for (size_t t = block.begin; t < block.end; t++) {
    const double *Y = rwk_mlp_Y(m, t), *omega = rwk_mlp_omega(m, t);
    for (size_t k = 0; k < m->outputs; k++)
      for (size_t r = 0; r < e.rows; r++) gap[k * e.stride + r] = omega[r] * (Y[k * e.stride + r] - q->V[k]);
    m->kernel->dots(to, m->outputs, rwk_mlp_X(m, t), m->inputs, gap, m->outputs, e);
  }
}

/* Weighted mean of each target, which is what free biases make of the constant model; without them what f = 0
 * is: 0, or equal probabilities. */
static rwk_status means(rwk_mlp_work *s, double *mean, int centred) {
  const rwk_mlp *m = s->mlp;
  const rwk_mlp_question q = {.sum = RWK_MLP_SUM_TARGETS};
  memset(mean, 0, m->outputs * sizeof *mean);
  if (!centred) {
    rwk_loss_probabilities(mean, m->outputs, m->loss, 1, m->outputs);
    return RWK_OK;
  }
  RWK_TRY(rwk_mlp_sum_rows(mean, &q, s));
  for (size_t k = 0; k < m->outputs; k++) mean[k] /= m->weight_sum;
  return RWK_OK;
}

/* T5: the constant model stops being a local minimum below max |phi'| q, with 2 q the largest singular value
 * of X'D and D the derivative of L by f there: for mse, loss_scale * |X' Omega (Y - mean)|_2; for a
 * cross-entropy half of that, where mean are the classes' shares. */
rwk_status rwk_mlp_zero_lambda(double *lambda_c, void *work, void *self) {
  const rwk_mlp *m = self;
  rwk_mlp_work *s = work;
  *lambda_c = NAN;
  if (m->depth != 2 || m->activation == RWK_ACTIVATION_RELU) return RWK_NOT_IMPLEMENTED;
  const rwk_mlp_layer *hidden = &m->layers[0], *last = &m->layers[1];
  const int centred = rwk_mlp_bias_free(m, last);
  if (!centred && (last->has_bias || hidden->has_bias || rwk_mlp_phi(m->activation, 0) != 0))
    return RWK_NOT_IMPLEMENTED;
  double slope = rwk_mlp_phi1(m->activation, 0);
  if (hidden->has_bias && m->activation == RWK_ACTIVATION_SOFTPLUS)
    slope = 1; /* the bias is free: it goes to infinity */

  double *product = rwk_alloc_doubles(s->ctx, m->inputs * m->outputs + m->outputs), sigma;
  if (!product) return rwk_fail_memory(s->ctx, "the penalty at which all weights are zero");
  double *mean = product + m->inputs * m->outputs;
  const rwk_mlp_question q = {.sum = RWK_MLP_SUM_ZERO, .V = mean};
  rwk_status status = means(s, mean, centred);
  if (status == RWK_OK) status = rwk_mlp_sum_rows(product, &q, s);
  if (status == RWK_OK)
    status = rwk_singular_max(s->ctx, &sigma, NULL, NULL, product, m->outputs, m->inputs, m->outputs);
  if (status == RWK_OK) *lambda_c = slope * 0.5 * m->curvature * sigma;
  rwk_free_doubles(s->ctx, product);
  return status;
}
