/* Weights in neighbouring basins: units made anew, merged, split, or taken over from another fit.
 * Permutations and, where the activation is odd, signs of units leave f as it is, so what tells two basins
 * apart is which units there are. */
#include <math.h>
#include <string.h>
#include "base/stream.h"
#include "la/dense.h"
#include "mlp/network.h"

/* Unit j of hidden layer l: its incoming weights with the bias, and its outgoing ones. */
typedef struct unit {
  double *in, *bias, *out;
  size_t inputs, in_step, outputs;
} unit;

static unit unit_at(const rwk_mlp *m, double *w, size_t l, size_t j) {
  const rwk_mlp_layer *layer = &m->layers[l], *next = &m->layers[l + 1];
  return (unit){.in = w + layer->W + j,
                .in_step = layer->outputs,
                .inputs = layer->inputs,
                .bias = layer->has_bias ? w + layer->b + j : NULL,
                .out = w + next->W + j * next->outputs,
                .outputs = next->outputs};
}

static void copy(unit to, unit from) {
  for (size_t i = 0; i < to.inputs; i++) to.in[i * to.in_step] = from.in[i * from.in_step];
  if (to.bias) *to.bias = *from.bias;
  memcpy(to.out, from.out, to.outputs * sizeof *to.out);
}

static void scale_out(unit u, double by) {
  for (size_t k = 0; k < u.outputs; k++) u.out[k] *= by;
}

/* |in| |out|: what is left of f without the unit, to first order. */
static double strength(unit u) {
  double in = 0, out = 0;
  for (size_t i = 0; i < u.inputs; i++) in += u.in[i * u.in_step] * u.in[i * u.in_step];
  for (size_t k = 0; k < u.outputs; k++) out += u.out[k] * u.out[k];
  return sqrt(in * out);
}

/* Cosine of the incoming weights. */
static double likeness(unit a, unit b) {
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.inputs; i++) {
    const double x = a.in[i * a.in_step], y = b.in[i * b.in_step];
    ab += x * y, aa += x * x, bb += y * y;
  }
  return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
}

typedef struct layer_view {
  const rwk_mlp *m;
  rwk_mlp_work *work;
  double *w;
  size_t l, count;
} layer_view;

static unit at(const layer_view *v, size_t j) {
  return unit_at(v->m, v->w, v->l, j);
}

static size_t weakest(const layer_view *v) {
  size_t found = 0;
  for (size_t j = 1; j < v->count; j++)
    if (strength(at(v, j)) < strength(at(v, found))) found = j;
  return found;
}

/* Incoming weights as long as those that are there. */
static double usual_length(const layer_view *v) {
  double sum = 0;
  for (size_t j = 0; j < v->count; j++) sum += strength(at(v, j));
  const double mean = sqrt(sum / (double)v->count);
  return mean > 0.1 ? mean : 0.1;
}

static size_t any(const layer_view *v, rwk_stream *s) {
  return v->count > 1 ? (size_t)(rwk_stream_u64(s) % v->count) : 0;
}

/* The unit made anew: of some random ones the one that f lacks most, by |dL/dout| where out = 0, for what it
 * would be penalised. */
static rwk_status renew(const layer_view *v, size_t j, rwk_stream *s) {
  enum { CANDIDATES = 12 };
  const rwk_mlp *m = v->m;
  const unit u = at(v, j);
  const double length = usual_length(v);
  double *g = rwk_alloc_doubles(v->work->ctx, m->dim + u.inputs + 1 + u.outputs), most = -1;
  if (!g) return rwk_fail_memory(v->work->ctx, "a neighbour");
  double *in = g + m->dim, *out = in + u.inputs + 1;
  rwk_status status = RWK_OK;
  memset(u.out, 0, u.outputs * sizeof *u.out);
  const size_t at_out = (size_t)(u.out - v->w);
  for (int c = 0; c < CANDIDATES && status == RWK_OK; c++) {
    double norm = 0, pull = 0, loss;
    for (size_t i = 0; i < u.inputs; i++) {
      u.in[i * u.in_step] = rwk_stream_normal(s);
      norm += u.in[i * u.in_step] * u.in[i * u.in_step];
    }
    const double size = length * (0.5 + 1.5 * rwk_stream_uniform(s));
    for (size_t i = 0; i < u.inputs; i++) u.in[i * u.in_step] *= size / sqrt(norm);
    if (u.bias) *u.bias = size * rwk_stream_normal(s);
    status = rwk_mlp_value(&loss, g, v->w, v->work, (void *)(uintptr_t)m);
    for (size_t k = 0; k < u.outputs; k++) pull += g[at_out + k] * g[at_out + k];
    if (status != RWK_OK || !(sqrt(pull) / size > most)) continue;
    most = sqrt(pull) / size;
    for (size_t i = 0; i < u.inputs; i++) in[i] = u.in[i * u.in_step];
    in[u.inputs] = u.bias ? *u.bias : 0;
    for (size_t k = 0; k < u.outputs; k++) out[k] = pull > 0 ? -0.3 * length * g[at_out + k] / sqrt(pull) : 0;
  }
  if (status == RWK_OK && most >= 0) {
    for (size_t i = 0; i < u.inputs; i++) u.in[i * u.in_step] = in[i];
    if (u.bias) *u.bias = in[u.inputs];
    memcpy(u.out, out, u.outputs * sizeof *out);
  }
  rwk_free_doubles(v->work->ctx, g);
  return status;
}

/* Two that point the same way, or opposite ones of an odd activation, become one; the other is made anew. */
static rwk_status merge(const layer_view *v, rwk_stream *s) {
  size_t a = 0, b = v->count > 1;
  double most = -1;
  const int odd = v->m->activation == RWK_ACTIVATION_TANH || v->m->activation == RWK_ACTIVATION_IDENTITY;
  for (size_t i = 0; i < v->count; i++)
    for (size_t j = i + 1; j < v->count; j++) {
      const double cosine = likeness(at(v, i), at(v, j)) * (0.8 + 0.2 * rwk_stream_uniform(s));
      const double like = odd ? fabs(cosine) : cosine;
      if (like > most) most = like, a = i, b = j;
    }
  const unit keep = at(v, a), go = at(v, b);
  const double sign = odd && likeness(keep, go) < 0 ? -1 : 1;
  if (a == b) return renew(v, a, s);
  for (size_t k = 0; k < keep.outputs; k++) keep.out[k] += sign * go.out[k];
  return renew(v, b, s);
}

/* A unit in the place of the weakest, beside itself: each with half its effect. */
static void split(const layer_view *v, rwk_stream *s) {
  const size_t to = weakest(v);
  size_t from = any(v, s);
  if (from == to) from = (from + 1) % v->count;
  if (from == to) return;
  const unit a = at(v, from), b = at(v, to);
  copy(b, a);
  scale_out(a, 0.5);
  scale_out(b, 0.5);
  const double length = 0.5 * usual_length(v);
  for (size_t i = 0; i < a.inputs; i++) {
    const double by = length * rwk_stream_normal(s);
    a.in[i * a.in_step] += by;
    b.in[i * b.in_step] -= by;
  }
  if (a.bias) {
    const double by = length * rwk_stream_normal(s);
    *a.bias += by;
    *b.bias -= by;
  }
}

/* Some units of the other network in the place of the weakest here. */
static void exchange(const layer_view *v, const double *other, rwk_stream *s) {
  const layer_view theirs = {v->m, v->work, (double *)(uintptr_t)other, v->l, v->count}; /* is only read */
  const size_t many = 1 + (size_t)(rwk_stream_u64(s) % ((v->count + 1) / 2));
  for (size_t k = 0; k < many; k++) copy(at(v, k ? any(v, s) : weakest(v)), at(&theirs, any(v, s)));
}

static rwk_status change(const layer_view *v, const double *other, rwk_stream *s) {
  switch (rwk_stream_u64(s) % 8) { /* more often what wins more often */
  case 0:
  case 1:
    return renew(v, weakest(v), s);
  case 2:
    return renew(v, any(v, s), s);
  case 3:
  case 4:
    return merge(v, s);
  case 5:
  case 6:
    split(v, s);
    return RWK_OK;
  default:
    exchange(v, other, s);
    return RWK_OK;
  }
}

rwk_status rwk_mlp_neighbour(double *out, const double *w, const double *other, uint64_t seed,
                             uint64_t stream, void *work, void *self) {
  const rwk_mlp *m = self;
  rwk_stream s;
  rwk_stream_init(&s, seed, stream);
  memcpy(out, w, m->dim * sizeof *out);
  if (m->depth == 1) return RWK_OK; /* convex: there is one basin */
  const size_t changes = 1 + (size_t)(rwk_stream_u64(&s) % 3);
  for (size_t k = 0; k < changes; k++) {
    const size_t l = (size_t)(rwk_stream_u64(&s) % (m->depth - 1));
    const layer_view v = {m, work, out, l, m->layers[l].outputs};
    RWK_TRY(change(&v, other, &s));
  }
  return RWK_OK;
}
