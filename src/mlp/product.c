/* Hessian-vector products by the R-operator (Pearlmutter, Neural Computation 6, 1994): exact, all vectors on
 * a tile while it is in cache. R{x} is the derivative of x when w moves along v. With d = dL/dz:
 *
 *   R{z_l}     = V_l' a_{l-1} + W_l' R{a_{l-1}} + v_b,          R{a_l} = phi'(z_l) R{z_l}
 *   R{d_last}  = 2 loss_scale omega R{f}
 *   R{d_l}     = phi' (W_{l+1} R{d_{l+1}} + V_{l+1} d_{l+1}) + (phi''/phi') R{z_l} d_l
 *   R{grad_l}  = a_{l-1} R{d_l}' + R{a_{l-1}} d_l'
 */
#include <string.h>
#include "mlp/network.h"

/* R{a} of the hidden layers, in their dZ the last term of R{d}, and R{d} of the last layer. */
static void tangent_forward(const rwk_mlp *m, double *R, const double *at, size_t tile, const double *w,
                            const double *v) {
  const rwk_mlp_extent e = rwk_mlp_extent_of(m, tile);
  for (size_t l = 0; l < m->depth; l++) {
    const rwk_mlp_layer *layer = &m->layers[l];
    const int hidden = l + 1 < m->depth;
    rwk_mlp_product p = {.Z = R + (hidden ? m->A_at[l] : m->dZ_at[l]),
                         .outputs = layer->outputs,
                         .term = {{rwk_mlp_layer_in(m, l, rwk_mlp_X(m, tile), at), v + layer->W,
                                   layer->inputs, layer->outputs, 1}},
                         .terms = 1,
                         .bias = layer->has_bias ? v + layer->b : NULL,
                         .slope = m->slope};
    if (l > 0) /* the table does not move */
      p.term[p.terms++] = (rwk_mlp_term){R + m->A_at[l - 1], w + layer->W, layer->inputs, layer->outputs, 1};
    if (hidden && m->back) { /* which makes the last term of R{d} itself */
      p.x = at + m->x_at[l];
      m->kernel->product_slope(&p, e);
    } else if (hidden) {
      p.x = at + m->x_at[l];
      p.dZ = at + m->dZ_at[l];
      p.U = R + m->dZ_at[l];
      m->kernel->product_tangent(&p, e);
    } else {
      m->kernel->product(&p, e);
      rwk_mlp_curve(m, p.Z, at + m->p_at, rwk_mlp_omega(m, tile), m->curvature, e);
    }
  }
}

/* NOLINTNEXTLINE(readability-non-const-parameter): R is written through p.Z */
static void tangent_backward(const rwk_mlp *m, double *R, const double *at, size_t tile, const double *w,
                             const double *v) {
  for (size_t l = m->depth - 1; l > 0; l--) {
    const rwk_mlp_layer *layer = &m->layers[l];
    const rwk_mlp_product p = {.Z = R + m->dZ_at[l - 1],
                               .outputs = layer->inputs,
                               .term = {{R + m->dZ_at[l], w + layer->W, layer->outputs, 1, layer->outputs},
                                        {at + m->dZ_at[l], v + layer->W, layer->outputs, 1, layer->outputs}},
                               .terms = 2,
                               .slope = m->slope,
                               .x = at + m->x_at[l - 1]};
    m->kernel->product_cotangent(&p, rwk_mlp_extent_of(m, tile));
  }
}

/* As chunk_products, with the sums of rwk_mlp_back. */
static void chunk_back(rwk_mlp_work *s, double *HV, size_t ldhv, const double *V, size_t ldv, size_t k,
                       const double *w, rwk_mlp_span chunk, size_t thread) {
  const rwk_mlp *m = s->mlp;
  double *R = rwk_mlp_tangent_of(s, thread);
  for (size_t first = 0; first < k; first += s->width) {
    const size_t take = k - first < s->width ? k - first : s->width;
    double *to = HV + first * ldhv, *sums = m->apart ? rwk_mlp_back_of(s, thread) : to;
    const size_t ld = m->apart ? m->dim : ldhv;
    for (size_t j = 0; j < take; j++) memset(sums + j * ld, 0, m->dim * sizeof *sums);
    for (size_t t = chunk.begin; t < chunk.end; t++) {
      const double *at = rwk_mlp_tile_ahead(s, t, thread);
      rwk_mlp_back back = rwk_mlp_back_at(m, at, t, w);
      back.Ra = R + m->A_at[0];
      back.Rd = R + m->dZ_at[1];
      for (size_t j = 0; j < take; j++) {
        const double *v = V + (first + j) * ldv;
        tangent_forward(m, R, at, t, w, v);
        back.sums = sums + j * ld;
        back.v = v + rwk_mlp_last(m)->W;
        rwk_mlp_add_back(m, &back, rwk_mlp_extent_of(m, t));
      }
    }
    for (size_t j = 0; j < take && m->apart; j++) rwk_mlp_place_back(m, to + j * ldhv, sums + j * ld, NULL);
  }
}

/* HV[k][dim] = the sum of the tiles of a chunk. */
static void chunk_products(rwk_mlp_work *s, double *HV, size_t ldhv, const double *V, size_t ldv, size_t k,
                           const double *w, rwk_mlp_span chunk, size_t thread) {
  const rwk_mlp *m = s->mlp;
  double *R = rwk_mlp_tangent_of(s, thread);
  if (m->back) {
    chunk_back(s, HV, ldhv, V, ldv, k, w, chunk, thread);
    return;
  }
  for (size_t j = 0; j < k; j++) memset(HV + j * ldhv, 0, m->dim * sizeof *HV);
  for (size_t t = chunk.begin; t < chunk.end; t++) {
    const double *at = rwk_mlp_tile_by(s, t, thread);
    const rwk_mlp_extent e = rwk_mlp_extent_of(m, t);
    for (size_t j = 0; j < k; j++) {
      const double *v = V + j * ldv;
      double *hv = HV + j * ldhv;
      tangent_forward(m, R, at, t, w, v);
      tangent_backward(m, R, at, t, w, v);
      for (size_t l = 0; l < m->depth; l++) {
        const rwk_mlp_layer *layer = &m->layers[l];
        m->kernel->dots(hv + layer->W, layer->outputs, rwk_mlp_layer_in(m, l, rwk_mlp_X(m, t), at),
                        rwk_mlp_layer_rows(layer), R + m->dZ_at[l], layer->outputs, e);
        if (l > 0)
          m->kernel->dots(hv + layer->W, layer->outputs, R + m->A_at[l - 1], layer->inputs, at + m->dZ_at[l],
                          layer->outputs, e);
      }
    }
  }
}

typedef struct summation {
  rwk_mlp_work *s;
  rwk_mlp_span block;
  const rwk_mlp_question *q;
} summation;

static void sum_chunk(size_t chunk, size_t member, void *payload) {
  const summation *a = payload;
  const rwk_mlp_question *q = a->q;
  const size_t dim = a->s->mlp->dim;
  chunk_products(a->s, rwk_mlp_sums_of(a->s, chunk, q->number * dim), dim, q->V, q->ldv, q->number, q->w,
                 rwk_mlp_chunk(a->s->mlp, a->block, chunk), member);
}

void rwk_mlp_products_of(double *to, rwk_mlp_span block, const rwk_mlp_question *q, rwk_mlp_work *s) {
  const rwk_mlp *m = s->mlp;
  if (m->chunks == 1) {
    chunk_products(s, to, m->dim, q->V, q->ldv, q->number, q->w, block, 0);
    return;
  }
  summation sum = {.s = s, .block = block, .q = q};
  rwk_team_run(s->team, m->chunks, sum_chunk, &sum);
  rwk_mlp_add_chunks(to, s, q->number * m->dim);
}

rwk_status rwk_mlp_hessian_vector(double *HV, size_t ldhv, const double *V, size_t ldv, size_t k,
                                  const double *w, void *work, void *self) {
  const rwk_mlp *m = self;
  rwk_mlp_work *s = work;
  const int whole = m->blocks == 1 && m->chunks == 1;
  if (whole) { /* no more vectors at once than the caller has room for */
    rwk_mlp_at(s, w);
    chunk_products(s, HV, ldhv, V, ldv, k, w, (rwk_mlp_span){0, m->tiles}, 0);
  }
  for (size_t first = 0; first < k && !whole; first += s->width) {
    const size_t take = k - first < s->width ? k - first : s->width;
    const rwk_mlp_question q = {
        .sum = RWK_MLP_SUM_PRODUCTS, .number = take, .w = w, .V = V + first * ldv, .ldv = ldv};
    RWK_TRY(rwk_mlp_room(&s->answer, &s->answer_room, s->ctx, take * m->dim));
    RWK_TRY(rwk_mlp_sum_rows(s->answer, &q, s));
    for (size_t j = 0; j < take; j++)
      memcpy(HV + (first + j) * ldhv, s->answer + j * m->dim, m->dim * sizeof *HV);
  }
  for (size_t j = 0; j < k; j++) rwk_mlp_gauge_product(m, HV + j * ldhv, V + j * ldv);
  return RWK_OK;
}
