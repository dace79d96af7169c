/* Flat directions of a network at a point: the enumeration, and units that are stuck where their activation
 * is constant. Units and layers are numbered from 1 in labels. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "la/dense.h"
#include "mlp/points.h"

rwk_status rwk_mlp_emit(rwk_mlp_flats_run *run) {
  const size_t n = run->m->dim;
  rwk_status status = RWK_OK;
  const double length = rwk_norm(n, run->direction);
  if (length > 0 && isfinite(length)) {
    for (size_t i = 0; i < n; i++) run->direction[i] /= length;
    const rwk_flat flat = {.direction = run->direction, .label = run->label, .curvature = NAN};
    status = run->emit(&flat, run->payload);
  }
  memset(run->direction, 0, n * sizeof *run->direction);
  return status;
}

static rwk_status emit_coordinate(rwk_mlp_flats_run *run, size_t coordinate) {
  run->direction[coordinate] = 1;
  return rwk_mlp_emit(run);
}

/* ---- units whose activation is constant on all rows, to all orders that a double can hold ---- */

/* Where phi' and phi'' are below 1e-300: tanh' = 4 exp(-2|z|), logistic' = exp(-|z|), softplus' = exp(z). */
static const double tanh_end = 347, exp_end = 692;

/* Of each unit the lowest, and the highest with its sign turned: the least of several blocks is of them all.
 */
void rwk_mlp_ranges_of(double *to, rwk_mlp_span block, const rwk_mlp_question *q, rwk_mlp_work *s) {
  const rwk_mlp *m = s->mlp;
  const size_t units = m->layers[q->number].outputs;
  for (size_t j = 0; j < 2 * units; j++) to[j] = INFINITY;
  for (size_t t = block.begin; t < block.end; t++) {
    const double *at = rwk_mlp_tile_at(s, t), *omega = rwk_mlp_omega(m, t),
                 *Z = rwk_mlp_preactivation(s, at, t, q->number, q->w);
    const size_t rows = rwk_mlp_extent_of(m, t).rows;
    for (size_t j = 0; j < units; j++)
      for (size_t r = 0; r < rows; r++) {
        const double z = Z[j * m->extent.stride + r];
        if (omega[r] == 0) continue;
        if (z < to[2 * j]) to[2 * j] = z;
        if (-z < to[2 * j + 1]) to[2 * j + 1] = -z;
      }
  }
}

rwk_status rwk_mlp_ranges(rwk_mlp_range *range, rwk_mlp_work *s, size_t l, const double *w) {
  const size_t units = s->mlp->layers[l].outputs;
  const rwk_mlp_question q = {.sum = RWK_MLP_SUM_RANGES, .number = l, .w = w};
  RWK_TRY(rwk_mlp_room(&s->answer, &s->answer_room, s->ctx, 2 * units));
  RWK_TRY(rwk_mlp_sum_rows(s->answer, &q, s));
  for (size_t j = 0; j < units; j++) range[j] = (rwk_mlp_range){s->answer[2 * j], -s->answer[2 * j + 1]};
  return RWK_OK;
}

int rwk_mlp_is_linear(rwk_activation activation, rwk_mlp_range z) {
  if (activation == RWK_ACTIVATION_IDENTITY) return 1;
  if (activation == RWK_ACTIVATION_RELU) return z.low > 0;
  return activation == RWK_ACTIVATION_SOFTPLUS && z.low > 37; /* exp(-37) < 2^-53 */
}

/* The unit gives nothing: phi = 0 around every row. */
static int is_silent(rwk_activation activation, rwk_mlp_range z) {
  if (activation == RWK_ACTIVATION_RELU) return z.high < 0;
  return activation == RWK_ACTIVATION_SOFTPLUS && z.high < -exp_end;
}

/* The unit gives 1, -1 or 0 around every row: *level; NaN if not the same on all. */
static int is_saturated(rwk_activation activation, rwk_mlp_range z, double *level) {
  const double end = activation == RWK_ACTIVATION_TANH ? tanh_end : exp_end;
  if (activation != RWK_ACTIVATION_TANH && activation != RWK_ACTIVATION_LOGISTIC) return 0;
  if (!(z.low > end) && !(z.high < -end)) return 0;
  *level = z.low > 0 ? 1 : activation == RWK_ACTIVATION_TANH ? -1 : 0;
  return 1;
}

static rwk_status emit_stuck(rwk_mlp_flats_run *run, size_t l, size_t j, const char *what, double level) {
  const rwk_mlp *m = run->m;
  const rwk_mlp_layer *layer = &m->layers[l], *next = &m->layers[l + 1];
  const int dead = rwk_mlp_in_within(m, run->w, l, j, 0) && rwk_mlp_out_within(m, run->w, l, j, 0);
  if (layer->has_bias && (!m->penalise_biases || run->lambda == 0) &&
      !(dead && rwk_mlp_bias_free(m, layer))) {
    snprintf(run->label, sizeof run->label, "bias of %s unit %zu (layer %zu)", what, j + 1, l + 1);
    RWK_TRY(emit_coordinate(run, layer->b + j));
  }
  if (run->lambda != 0) return RWK_OK; /* weights are penalised */
  snprintf(run->label, sizeof run->label, "weight of %s unit %zu (layer %zu)", what, j + 1, l + 1);
  for (size_t i = 0; i < layer->inputs; i++) RWK_TRY(emit_coordinate(run, layer->W + i * layer->outputs + j));
  if (level != 0 && !next->has_bias) return RWK_OK;
  for (size_t k = 0; k < next->outputs; k++) { /* its constant output moves into the next bias */
    if (level != 0) run->direction[next->b + k] = -level;
    RWK_TRY(emit_coordinate(run, next->W + j * next->outputs + k));
  }
  return RWK_OK;
}

rwk_status rwk_mlp_flats_stuck(rwk_mlp_flats_run *run) {
  const rwk_mlp *m = run->m;
  if (m->activation == RWK_ACTIVATION_IDENTITY) return RWK_OK;
  for (size_t l = 0; l + 1 < m->depth; l++) {
    const rwk_mlp_layer *layer = &m->layers[l];
    rwk_mlp_range *z = rwk_alloc(run->s->ctx, layer->outputs, sizeof *z);
    if (!z) return rwk_fail_memory(run->s->ctx, "flat directions");
    rwk_status status = rwk_mlp_ranges(z, run->s, l, run->w);
    for (size_t j = 0; j < layer->outputs && status == RWK_OK; j++) {
      double level = 0;
      if (is_silent(m->activation, z[j]))
        status = emit_stuck(run, l, j, "silent", 0);
      else if (is_saturated(m->activation, z[j], &level))
        status = emit_stuck(run, l, j, "saturated", level);
    }
    rwk_free(run->s->ctx, z);
    if (status != RWK_OK) return status;
  }
  return RWK_OK;
}

/* ---- what softmax does not see: the same added to the weights of an input to all outputs ---- */

static rwk_status emit_shifts(rwk_mlp_flats_run *run) {
  const rwk_mlp_layer *last = rwk_mlp_last(run->m);
  if (run->m->loss != RWK_LOSS_SOFTMAX || run->lambda != 0) return RWK_OK;
  for (size_t i = 0; i < rwk_mlp_layer_rows(last); i++) {
    if (i == last->inputs && run->m->gauge > 0) return RWK_OK; /* free biases are held by their sum */
    for (size_t k = 0; k < last->outputs; k++) run->direction[last->W + i * last->outputs + k] = 1;
    if (i < last->inputs)
      snprintf(run->label, sizeof run->label, "common shift of the outputs' weights of input %zu", i + 1);
    else
      snprintf(run->label, sizeof run->label, "common shift of the outputs' biases");
    RWK_TRY(rwk_mlp_emit(run));
  }
  return RWK_OK;
}

/* ---- all ---- */

rwk_status rwk_mlp_flats(const double *w, double lambda, rwk_flat_fn emit, void *payload, void *work,
                         void *self) {
  const rwk_mlp *m = self;
  rwk_mlp_work *s = work;
  if (m->depth == 1 && m->loss != RWK_LOSS_SOFTMAX) return RWK_OK;
  rwk_mlp_flats_run run = {.m = m, .s = s, .w = w, .lambda = lambda, .emit = emit, .payload = payload};
  run.direction = rwk_alloc_doubles(s->ctx, m->dim);
  run.moved = rwk_alloc_doubles(s->ctx, m->dim);
  run.way = rwk_alloc_doubles(s->ctx, m->dim);
  rwk_status status = RWK_OK;
  if (!run.direction || !run.moved || !run.way) {
    status = rwk_fail_memory(s->ctx, "flat directions");
    goto done;
  }
  memset(run.direction, 0, m->dim * sizeof *run.direction);
  status = rwk_mlp_flats_dead(&run);
  if (status == RWK_OK) status = rwk_mlp_flats_stuck(&run);
  if (status == RWK_OK) status = rwk_mlp_flats_linear(&run);
  if (status == RWK_OK) status = emit_shifts(&run);
done:
  rwk_free_doubles(s->ctx, run.way);
  rwk_free_doubles(s->ctx, run.moved);
  rwk_free_doubles(s->ctx, run.direction);
  return status;
}
