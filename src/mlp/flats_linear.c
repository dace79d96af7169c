/* Flat directions that come from what the activation commutes with: any invertible map among units that are
 * linear on all rows (identity; relu that is on everywhere; softplus far to the right), of which the
 * rotations keep the penalty; positive scales for relu units, which keep it only when there is none. */
#include <stdio.h>
#include "mlp/points.h"

/* Adds `by` times (incoming weights and bias of unit `from`) to the direction at unit `to`. */
static void add_in(rwk_mlp_flats_run *run, size_t l, size_t to, size_t from, double by) {
  const rwk_mlp_layer *layer = &run->m->layers[l];
  for (size_t i = 0; i < rwk_mlp_layer_rows(layer); i++) /* the biases follow the weights */
    run->direction[layer->W + i * layer->outputs + to] += by * run->w[layer->W + i * layer->outputs + from];
}

static void add_out(rwk_mlp_flats_run *run, size_t l, size_t to, size_t from, double by) {
  const rwk_mlp_layer *next = &run->m->layers[l + 1];
  for (size_t k = 0; k < next->outputs; k++)
    run->direction[next->W + to * next->outputs + k] += by * run->w[next->W + from * next->outputs + k];
}

/* A hidden bias against the next biases: b_j + t, next b - t W[j]. */
static rwk_status emit_shift(rwk_mlp_flats_run *run, size_t l, size_t j) {
  const rwk_mlp_layer *layer = &run->m->layers[l], *next = &run->m->layers[l + 1];
  if (rwk_mlp_in_within(run->m, run->w, l, j, 0) && rwk_mlp_out_within(run->m, run->w, l, j, 0))
    return RWK_OK; /* dead: T7 */
  run->direction[layer->b + j] = 1;
  for (size_t k = 0; k < next->outputs; k++)
    run->direction[next->b + k] = -run->w[next->W + j * next->outputs + k];
  snprintf(run->label, sizeof run->label, "bias of linear unit %zu (layer %zu) against the next bias", j + 1,
           l + 1);
  return rwk_mlp_emit(run);
}

static rwk_status emit_rotation(rwk_mlp_flats_run *run, size_t l, size_t j, size_t k) {
  add_in(run, l, j, k, -1);
  add_in(run, l, k, j, 1);
  add_out(run, l, j, k, -1);
  add_out(run, l, k, j, 1);
  snprintf(run->label, sizeof run->label, "rotation of linear units %zu,%zu (layer %zu)", j + 1, k + 1,
           l + 1);
  return rwk_mlp_emit(run);
}

/* Unit j takes in t times what k does, and k gives out t times what j does less. */
static rwk_status emit_shear(rwk_mlp_flats_run *run, size_t l, size_t j, size_t k) {
  add_in(run, l, j, k, 1);
  add_out(run, l, k, j, -1);
  if (j == k)
    snprintf(run->label, sizeof run->label, "scale of unit %zu (layer %zu)", j + 1, l + 1);
  else
    snprintf(run->label, sizeof run->label, "shear of linear units %zu,%zu (layer %zu)", j + 1, k + 1, l + 1);
  return rwk_mlp_emit(run);
}

/* The family of layer l, in which unit j is linear where linear[j]. */
static rwk_status emit_layer(rwk_mlp_flats_run *run, size_t l, const unsigned char *linear) {
  const rwk_mlp *m = run->m;
  const rwk_mlp_layer *layer = &m->layers[l], *next = &m->layers[l + 1];
  const int unpenalised = run->lambda == 0;
  const int shifts = layer->has_bias && next->has_bias && (unpenalised || !m->penalise_biases);
  for (size_t j = 0; j < layer->outputs; j++) {
    if (linear[j] && shifts) RWK_TRY(emit_shift(run, l, j));
    if (unpenalised && (linear[j] || m->activation == RWK_ACTIVATION_RELU)) RWK_TRY(emit_shear(run, l, j, j));
    for (size_t k = 0; linear[j] && k < j; k++) {
      if (!linear[k]) continue;
      if (!unpenalised) {
        RWK_TRY(emit_rotation(run, l, k, j));
      } else {
        RWK_TRY(emit_shear(run, l, j, k));
        RWK_TRY(emit_shear(run, l, k, j));
      }
    }
  }
  return RWK_OK;
}

rwk_status rwk_mlp_flats_linear(rwk_mlp_flats_run *run) {
  const rwk_mlp *m = run->m;
  if (m->activation == RWK_ACTIVATION_TANH || m->activation == RWK_ACTIVATION_LOGISTIC) return RWK_OK;
  for (size_t l = 0; l + 1 < m->depth; l++) {
    const size_t units = m->layers[l].outputs;
    rwk_mlp_range *z = rwk_alloc(run->s->ctx, units, sizeof *z + 1);
    if (!z) return rwk_fail_memory(run->s->ctx, "flat directions");
    unsigned char *linear = (unsigned char *)(z + units);
    rwk_status status = RWK_OK;
    if (m->activation != RWK_ACTIVATION_IDENTITY) status = rwk_mlp_ranges(z, run->s, l, run->w);
    for (size_t j = 0; j < units && status == RWK_OK; j++)
      linear[j] = m->activation == RWK_ACTIVATION_IDENTITY || rwk_mlp_is_linear(m->activation, z[j]);
    if (status == RWK_OK) status = emit_layer(run, l, linear);
    rwk_free(run->s->ctx, z);
    if (status != RWK_OK) return status;
  }
  return RWK_OK;
}
