/* One tile of rows through the network and back. */
#include "mlp/network.h"

void rwk_mlp_buffer_init(const rwk_mlp *m, double *buffer) {
  const size_t stride = m->extent.stride;
  for (size_t l = 0; l + 1 < m->depth; l++) {
    double *one = buffer + m->A_at[l] + m->layers[l].outputs * stride;
    for (size_t r = 0; r < stride; r++) one[r] = 1;
  }
}

/* Rows that go through all layers together: what one layer writes the next finds in the first-level cache. */
enum { STRIP = 64 };

static void forward_strip(const rwk_mlp *m, double *buffer, const double *X, const double *ahead,
                          const double *w, rwk_mlp_extent e) {
  const double *in = X;
  for (size_t l = 0; l < m->depth; l++) {
    const rwk_mlp_layer *layer = &m->layers[l];
    const int hidden = l + 1 < m->depth;
    double *out = buffer + (hidden ? m->A_at[l] : m->dZ_at[l]);
    const rwk_mlp_product p = {.Z = out,
                               .outputs = layer->outputs,
                               .term = {{in, w + layer->W, layer->inputs, layer->outputs, 1}},
                               .terms = 1,
                               .bias = layer->has_bias ? w + layer->b : NULL,
                               .ahead = l == 0 ? ahead : NULL};
    m->kernel->product(&p, e);
    if (hidden) m->kernel->activate(out, buffer + m->x_at[l], m->activation, layer->outputs, e);
    in = out;
  }
}

static void forward(const rwk_mlp *m, double *buffer, const double *X, const double *ahead, const double *w,
                    rwk_mlp_extent e) {
  rwk_mlp_extent strip = e;
  for (size_t r = 0; r < e.rows; r += strip.rows) {
    strip.rows = e.rows - r < STRIP ? e.rows - r : STRIP;
    forward_strip(m, buffer + r, X + r, ahead ? ahead + r : NULL, w, strip);
  }
}

void rwk_mlp_forward(const rwk_mlp *m, double *buffer, const double *X, const double *w, rwk_mlp_extent e) {
  forward(m, buffer, X, NULL, w, e);
}

void rwk_mlp_forward_at(const rwk_mlp *m, double *buffer, size_t tile, const double *w) {
  const int more = m->far && tile + 1 < m->tiles;
  forward(m, buffer, rwk_mlp_X(m, tile), more ? rwk_mlp_X(m, tile + 1) : NULL, w, rwk_mlp_extent_of(m, tile));
}

double rwk_mlp_residual_of(const rwk_mlp *m, double *buffer, const double *Y, const double *omega,
                           rwk_mlp_extent e) {
  double *F = buffer + m->dZ_at[m->depth - 1], *P = buffer + m->p_at;
  switch (m->loss) {
  case RWK_LOSS_LOGISTIC:
    return m->kernel->logistic(F, P, Y, omega, m->loss_scale, m->outputs, e);
  case RWK_LOSS_SOFTMAX:
    return m->kernel->softmax(F, P, Y, omega, m->loss_scale, m->outputs, e);
  case RWK_LOSS_MSE:
    break;
  }
  return m->kernel->residual(F, Y, omega, m->loss_scale, m->outputs, e);
}

double rwk_mlp_residual(const rwk_mlp *m, double *buffer, size_t tile) {
  return rwk_mlp_residual_of(m, buffer, rwk_mlp_Y(m, tile), rwk_mlp_omega(m, tile),
                             rwk_mlp_extent_of(m, tile));
}

void rwk_mlp_curve(const rwk_mlp *m, double *F, const double *P, const double *omega, double scale,
                   rwk_mlp_extent e) {
  if (m->loss == RWK_LOSS_SOFTMAX) {
    m->kernel->softmax_curve(F, P, omega, scale, m->outputs, e);
    return;
  }
  for (size_t k = 0; k < m->outputs; k++) {
    double *f = F + k * e.stride;
    if (m->loss == RWK_LOSS_MSE)
      m->kernel->multiply(f, f, omega, scale, NULL, e);
    else
      m->kernel->multiply(f, f, P + k * e.stride, 1, NULL, e);
  }
}

/* NOLINTNEXTLINE(readability-non-const-parameter): written through p.Z */
void rwk_mlp_backward(const rwk_mlp *m, double *buffer, const double *w, rwk_mlp_extent e) {
  for (size_t l = m->depth - 1; l > 0; l--) {
    const rwk_mlp_layer *layer = &m->layers[l];
    const rwk_mlp_product p = {
        .Z = buffer + m->dZ_at[l - 1],
        .outputs = layer->inputs,
        .term = {{buffer + m->dZ_at[l], w + layer->W, layer->outputs, 1, layer->outputs}},
        .terms = 1,
        .slope = m->slope,
        .x = buffer + m->x_at[l - 1]};
    m->kernel->product_slope(&p, e);
  }
}

rwk_mlp_back rwk_mlp_back_at(const rwk_mlp *m, const double *buffer, size_t tile, const double *w) {
  const rwk_mlp_layer *first = &m->layers[0];
  return (rwk_mlp_back){.A = rwk_mlp_X(m, tile),
                        .a = buffer + m->A_at[0],
                        .x = buffer + m->x_at[0],
                        .d = buffer + m->dZ_at[1],
                        .w = w + m->layers[1].W,
                        .inputs = rwk_mlp_layer_rows(first),
                        .units = first->outputs,
                        .slope = m->slope};
}

void rwk_mlp_add_back(const rwk_mlp *m, const rwk_mlp_back *p, rwk_mlp_extent e) {
  const rwk_mlp_layer *last = rwk_mlp_last(m);
  const double *d = p->Rd ? p->Rd : p->d, *one = p->a + p->units * e.stride;
  if (m->apart)
    m->kernel->back(p, e);
  else
    m->kernel->back_wide(p, e);
  if (last->has_bias) m->kernel->dots(p->sums + last->b, 1, one, 1, d, 1, e);
}

void rwk_mlp_place_back(const rwk_mlp *m, double *to, const double *sums, const double *factor) {
  const rwk_mlp_layer *first = &m->layers[0], *last = &m->layers[1];
  const size_t rows = rwk_mlp_layer_rows(first), units = first->outputs;
  for (size_t o = 0; o < units; o++) {
    const double *of = sums + o * (rows + 1), times = factor ? factor[o] : 1;
    for (size_t i = 0; i < rows; i++) to[first->W + i * units + o] = times * of[i];
    to[last->W + o] = of[rows];
  }
  if (last->has_bias) to[last->b] = sums[last->b];
}
