/* A network written out scalar by scalar, over numbers that carry their own derivatives: shares no code with
 * the library. A jet is f + f1 s + f2 t + f12 st with s^2 = t^2 = 0: one run gives the value, two first
 * derivatives and a mixed second one. */
#ifndef TESTS_MLP_NAIVE_H
#define TESTS_MLP_NAIVE_H

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <ridgewalk/mlp.h>

typedef struct jet {
  double f, f1, f2, f12;
} jet;

static inline jet jet_of(double x) {
  return (jet){x, 0, 0, 0};
}
static inline jet jet_add(jet a, jet b) {
  return (jet){a.f + b.f, a.f1 + b.f1, a.f2 + b.f2, a.f12 + b.f12};
}
static inline jet jet_mul(jet a, jet b) {
  return (jet){a.f * b.f, a.f * b.f1 + a.f1 * b.f, a.f * b.f2 + a.f2 * b.f,
               a.f * b.f12 + a.f1 * b.f2 + a.f2 * b.f1 + a.f12 * b.f};
}
static inline jet jet_apply(jet a, double g, double g1, double g2) {
  return (jet){g, g1 * a.f1, g1 * a.f2, g1 * a.f12 + g2 * a.f1 * a.f2};
}
static inline jet jet_phi(rwk_activation activation, jet z) {
  const double x = z.f, t = tanh(x), s = 1 / (1 + exp(-x)), c = cosh(x);
  switch (activation) {
  case RWK_ACTIVATION_TANH:
    return jet_apply(z, t, 1 / (c * c), -2 * t / (c * c));
  case RWK_ACTIVATION_LOGISTIC:
    return jet_apply(z, s, s * (1 - s), s * (1 - s) * (1 - 2 * s));
  case RWK_ACTIVATION_SOFTPLUS:
    return jet_apply(z, log1p(exp(x)), s, s * (1 - s));
  case RWK_ACTIVATION_RELU:
    return jet_apply(z, x > 0 ? x : 0, x > 0, 0);
  case RWK_ACTIVATION_IDENTITY:
    break;
  }
  return z;
}

typedef struct naive {
  rwk_mlp_data data;
  rwk_mlp_settings settings;
} naive;

static inline size_t naive_width(const naive *n, size_t layer) { /* 0: inputs */
  if (layer == 0) return n->data.inputs;
  return layer <= n->settings.hidden_count ? n->settings.hidden[layer - 1] : n->data.outputs;
}

static inline size_t naive_dim(const naive *n) {
  size_t dim = 0;
  for (size_t l = 1; l <= n->settings.hidden_count + 1; l++) {
    const int bias = l <= n->settings.hidden_count ? n->settings.hidden_bias : n->settings.output_bias;
    dim += (naive_width(n, l - 1) + (bias ? 1 : 0)) * naive_width(n, l);
  }
  return dim;
}

static inline double naive_omega(const naive *n, size_t row) {
  return n->data.row_weights ? n->data.row_weights[row] : 1;
}

static inline double naive_scale(const naive *n) {
  double sum = 0;
  for (size_t i = 0; i < n->data.rows; i++) sum += naive_omega(n, i);
  return n->settings.loss_scale > 0 ? n->settings.loss_scale : 1 / sum;
}

/* f of one row; w as jets. out[outputs]. */
static inline void naive_row(jet *out, const naive *n, const double *x, const jet *w) {
  jet from[64], to[64];
  for (size_t i = 0; i < n->data.inputs; i++) from[i] = jet_of(x[i]);
  for (size_t l = 1; l <= n->settings.hidden_count + 1; l++) {
    const size_t in = naive_width(n, l - 1), units = naive_width(n, l);
    const int hidden = l <= n->settings.hidden_count,
              bias = hidden ? n->settings.hidden_bias : n->settings.output_bias;
    for (size_t j = 0; j < units; j++) {
      jet z = bias ? w[in * units + j] : jet_of(0);
      for (size_t i = 0; i < in; i++) z = jet_add(z, jet_mul(from[i], w[i * units + j]));
      to[j] = hidden ? jet_phi(n->settings.activation, z) : z;
    }
    w += (in + (bias ? 1 : 0)) * units;
    memcpy(from, to, sizeof from);
  }
  memcpy(out, from, n->data.outputs * sizeof *out);
}

static inline jet jet_exp(jet z) {
  const double e = exp(z.f);
  return jet_apply(z, e, e, e);
}
static inline jet jet_log(jet z) {
  return jet_apply(z, log(z.f), 1 / z.f, -1 / (z.f * z.f));
}

/* ell of one row, as its definition has it: nothing is done for large outputs. */
static inline jet naive_ell(const naive *n, const jet *f, const double *y) {
  jet sum = jet_of(0), all = jet_of(0);
  for (size_t k = 0; k < n->data.outputs; k++) {
    const jet gap = jet_add(f[k], jet_of(-y[k])), linear = jet_mul(jet_of(-y[k]), f[k]);
    all = jet_add(all, jet_exp(f[k]));
    if (n->settings.loss == RWK_LOSS_MSE) sum = jet_add(sum, jet_mul(gap, gap));
    if (n->settings.loss == RWK_LOSS_SOFTMAX) sum = jet_add(sum, linear);
    if (n->settings.loss == RWK_LOSS_LOGISTIC)
      sum = jet_add(sum, jet_add(linear, jet_log(jet_add(jet_of(1), jet_exp(f[k])))));
  }
  return n->settings.loss == RWK_LOSS_SOFTMAX ? jet_add(sum, jet_log(all)) : sum;
}

/* The term on free output biases that softmax does not see. */
static inline jet naive_shift(const naive *n, const jet *w) {
  const size_t dim = naive_dim(n), outputs = n->data.outputs;
  jet sum = jet_of(0);
  double weight = 0;
  if (n->settings.loss != RWK_LOSS_SOFTMAX || !n->settings.output_bias || n->settings.penalise_biases)
    return sum;
  for (size_t k = 0; k < outputs; k++) sum = jet_add(sum, w[dim - outputs + k]);
  for (size_t i = 0; i < n->data.rows; i++) weight += naive_omega(n, i);
  return jet_mul(jet_of(weight / (2 * (double)outputs)), jet_mul(sum, sum));
}

/* L along coordinates a and b of w: value, dL/dw_a, dL/dw_b, d2L/dw_a dw_b. */
static inline jet naive_loss(const naive *n, const double *w, size_t a, size_t b) {
  const size_t dim = naive_dim(n);
  jet *W = malloc(dim * sizeof *W), sum = jet_of(0), out[64];
  for (size_t i = 0; i < dim; i++) W[i] = (jet){w[i], i == a, i == b, 0};
  for (size_t r = 0; r < n->data.rows; r++) {
    naive_row(out, n, n->data.X + r * n->data.ldx, W);
    sum = jet_add(sum, jet_mul(jet_of(naive_omega(n, r)), naive_ell(n, out, n->data.Y + r * n->data.ldy)));
  }
  sum = jet_add(sum, naive_shift(n, W));
  free(W);
  return jet_mul(jet_of(naive_scale(n)), sum);
}

#endif
