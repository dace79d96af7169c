/* Dead units (T7): hidden units without incoming and outgoing weights leave their free bias without effect.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "la/dense.h"
#include "mlp/points.h"

/* What T7 needs of a layer: A'D and its largest singular value, with A the inputs of the units' layer and D
 * the derivative of L by the next layer's pre-activations. */
typedef struct pull {
  size_t inputs, outputs;
  double *product; /* [(inputs + 1) x outputs] A'D; the last row is the column sums of D */
  double *u, *v;   /* [inputs], [outputs]: singular vectors, A'D v = sigma u */
  double sigma;
  int balanced; /* the columns of D sum to 0, as they do where free biases are at rest */
} pull;

/* A'D of layer `number`, and the sum of |D|. */
void rwk_mlp_pull_of(double *to, rwk_mlp_span block, const rwk_mlp_question *q, rwk_mlp_work *s) {
  const rwk_mlp *m = s->mlp;
  const size_t l = q->number, rows = m->layers[l].inputs + 1, outputs = m->layers[l + 1].outputs;
  double *scale = to + rows * outputs;
  memset(to, 0, (rows * outputs + 1) * sizeof *to);
  for (size_t t = block.begin; t < block.end; t++) {
    const double *at = rwk_mlp_tile_at(s, t), *D = at + m->dZ_at[l + 1];
    const rwk_mlp_extent e = rwk_mlp_extent_of(m, t);
    m->kernel->dots(to, outputs, rwk_mlp_layer_in(m, l, rwk_mlp_X(m, t), at), rows, D, outputs, e);
    for (size_t k = 0; k < outputs; k++)
      for (size_t r = 0; r < e.rows; r++) *scale += fabs(D[k * m->extent.stride + r]);
  }
}

static rwk_status make_pull(pull *p, const rwk_mlp_flats_run *run, size_t l) {
  const rwk_mlp *m = run->m;
  const rwk_mlp_question q = {.sum = RWK_MLP_SUM_PULL, .number = l, .w = run->w};
  p->inputs = m->layers[l].inputs;
  p->outputs = m->layers[l + 1].outputs;
  const size_t size = (p->inputs + 1) * p->outputs;
  p->product = rwk_alloc_doubles(run->s->ctx, size + 1 + p->inputs + p->outputs);
  if (!p->product) return rwk_fail_memory(run->s->ctx, "flat directions");
  p->u = p->product + size + 1;
  p->v = p->u + p->inputs;
  RWK_TRY(rwk_mlp_sum_rows(p->product, &q, run->s));
  double sums = 0;
  for (size_t k = 0; k < p->outputs; k++) sums = fmax(sums, fabs(p->product[p->inputs * p->outputs + k]));
  p->balanced = sums <= 1e-6 * p->product[size];
  return rwk_singular_max(run->s->ctx, &p->sigma, p->u, p->v, p->product, p->outputs, p->inputs, p->outputs);
}

/* Curvature along the way at bias b, Euclidean norm 1: 2 (lambda - phi'(b) q) over the norm that the next
 * biases add, q = sigma/2. */
static double curvature_at(rwk_activation activation, double lambda, double sigma, double b) {
  const double phi = rwk_mlp_phi(activation, b);
  return (2 * lambda - rwk_mlp_phi1(activation, b) * sigma) / (1 + 0.5 * phi * phi);
}

/* Where |phi'| is largest. Softplus only approaches 1, and a large bias costs norm: the best of a grid. */
static double best_bias(rwk_activation activation, double lambda, double sigma, double b) {
  switch (activation) {
  case RWK_ACTIVATION_TANH:
  case RWK_ACTIVATION_LOGISTIC:
    return 0;
  case RWK_ACTIVATION_RELU:
    return b > 0 ? b : 1;
  case RWK_ACTIVATION_SOFTPLUS: {
    double best = 36; /* 1 - phi' is 2e-16 there */
    for (double trial = 35.5; trial >= -4; trial -= 0.5)
      if (curvature_at(activation, lambda, sigma, trial) < curvature_at(activation, lambda, sigma, best))
        best = trial;
    return best;
  }
  case RWK_ACTIVATION_IDENTITY:
    break;
  }
  return b;
}

static rwk_status emit_dead(rwk_mlp_flats_run *run, const pull *p, size_t l, size_t j) {
  const rwk_mlp *m = run->m;
  const rwk_mlp_layer *layer = &m->layers[l], *next = &m->layers[l + 1];
  rwk_flat flat = {.direction = run->direction, .label = run->label, .curvature = NAN};
  if (p->balanced && rwk_mlp_bias_free(m, next)) {
    const double b = best_bias(m->activation, run->lambda, p->sigma, run->w[layer->b + j]),
                 phi = rwk_mlp_phi(m->activation, b);
    const double length = sqrt(1 + 0.5 * phi * phi), share = sqrt(0.5) / length;
    memcpy(run->moved, run->w, m->dim * sizeof *run->moved);
    run->moved[layer->b + j] = b;
    memset(run->way, 0, m->dim * sizeof *run->way);
    for (size_t i = 0; i < p->inputs; i++) run->way[layer->W + i * layer->outputs + j] = share * p->u[i];
    for (size_t k = 0; k < p->outputs; k++) { /* phi' >= 0: opposite signs lower J */
      run->way[next->W + j * next->outputs + k] = -share * p->v[k];
      run->way[next->b + k] = phi * share * p->v[k]; /* keeps the level of the next pre-activations */
    }
    flat.moved = run->moved;
    flat.way = run->way;
    flat.curvature = curvature_at(m->activation, run->lambda, p->sigma, b);
  }
  snprintf(run->label, sizeof run->label, "bias of dead unit %zu (layer %zu)", j + 1, l + 1);
  run->direction[layer->b + j] = 1;
  const rwk_status status = run->emit(&flat, run->payload);
  run->direction[layer->b + j] = 0;
  return status;
}

rwk_status rwk_mlp_flats_dead(rwk_mlp_flats_run *run) {
  const rwk_mlp *m = run->m;
  for (size_t l = 0; l + 1 < m->depth; l++) {
    pull p = {0};
    rwk_status status = RWK_OK;
    if (!rwk_mlp_bias_free(m, &m->layers[l])) continue;
    for (size_t j = 0; j < m->layers[l].outputs && status == RWK_OK; j++) {
      if (!rwk_mlp_in_within(m, run->w, l, j, 0) || !rwk_mlp_out_within(m, run->w, l, j, 0)) continue;
      if (!p.product) status = make_pull(&p, run, l);
      /* b_j meets v_j in the Hessian through phi'(b_j) times the column sums of D: flat only where they are
       * 0, which free biases see to; without them it has to be so by chance. */
      const int flat = rwk_mlp_bias_free(m, &m->layers[l + 1]) || p.balanced ||
                       rwk_mlp_phi1(m->activation, run->w[m->layers[l].b + j]) == 0;
      if (status == RWK_OK && flat) status = emit_dead(run, &p, l, j);
    }
    rwk_free_doubles(run->s->ctx, p.product);
    if (status != RWK_OK) return status;
  }
  return RWK_OK;
}
