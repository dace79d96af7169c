/* Some rows of a design, with scales of their own or of another's. */
#include <math.h>
#include <string.h>
#include "data/design.h"

static double raw(double x, const rwk_design *d, const rwk_scale *s) {
  return d->standardise ? x * s->scale + s->mean : x;
}

static rwk_status take_weights(rwk_design *d, const rwk_design *from) {
  if (!from->weights) return RWK_OK;
  d->row_weights_name = rwk_strdup(d->ctx, from->row_weights_name);
  d->weights = rwk_alloc_doubles(d->ctx, d->rows);
  if (!d->weights || !d->row_weights_name) return rwk_fail_memory(d->ctx, "row weights");
  double sum = 0;
  for (size_t i = 0; i < d->rows; i++) sum += d->weights[i] = from->weights[d->source_row[i]];
  return sum > 0 ? RWK_OK
                 : rwk_fail(d->ctx, RWK_DATA, "the row weights of %zu rows that are to be fitted are all 0",
                            d->rows);
}

static rwk_status take_rows(rwk_design *d, const rwk_design *from, const size_t *rows) {
  for (size_t i = 0; i < d->rows; i++) {
    if (rows[i] >= from->rows)
      return rwk_fail(d->ctx, RWK_INVALID_ARGUMENT, "rows[%zu]: there is no row %zu", i, rows[i]);
    d->source_row[i] = rows[i];
    for (size_t j = 0; j < d->inputs; j++)
      d->X[i * d->inputs + j] = raw(from->X[rows[i] * d->inputs + j], from, &from->input_scale[j]);
    for (size_t k = 0; from->Y && k < d->outputs; k++)
      d->Y[i * d->outputs + k] = raw(from->Y[rows[i] * d->outputs + k], from, &from->target_scale[k]);
  }
  return RWK_OK;
}

static rwk_status build(rwk_design *d, const rwk_design *from, const size_t *rows, size_t count,
                        const rwk_design *like, int standardise) {
  if (count == 0) return rwk_fail(d->ctx, RWK_INVALID_ARGUMENT, "rows: a design of no rows");
  if (like && (like->inputs != from->inputs || like->outputs != from->outputs))
    return rwk_fail(d->ctx, RWK_INVALID_ARGUMENT, "like: a design of other inputs or targets");
  RWK_TRY(rwk_design_copy_recipe(d, like ? like : from));
  RWK_TRY(rwk_design_rows_set(d, count, from->Y != NULL));
  RWK_TRY(take_rows(d, from, rows));
  RWK_TRY(take_weights(d, from));
  if (!like) {
    d->standardise = standardise;
    RWK_TRY(rwk_find_scales(d));
  }
  for (size_t i = 0; i < count; i++) d->source_row[i] = from->source_row[rows[i]];
  RWK_TRY(rwk_design_seal(d));
  rwk_apply_scales(d);
  return RWK_OK;
}

rwk_status rwk_design_subset(rwk_design **design, rwk_context *ctx, const rwk_design *from,
                             const size_t *rows, size_t count, const rwk_design *like, int standardise) {
  *design = NULL;
  rwk_design *d = rwk_design_alloc(ctx);
  const rwk_status status =
      d ? build(d, from, rows, count, like, standardise) : rwk_fail_memory(ctx, "a design");
  if (status == RWK_OK)
    *design = d;
  else
    rwk_design_destroy(d);
  return status;
}

static rwk_status scale_of(double *mean, double *scale, const rwk_design *d, const rwk_scale *all,
                           size_t count, size_t index, const char *what) {
  if (index >= count)
    return rwk_fail(d->ctx, RWK_INVALID_ARGUMENT, "%s: there are %zu, none of number %zu", what, count,
                    index);
  *mean = all[index].mean;
  *scale = all[index].scale;
  return RWK_OK;
}

rwk_status rwk_design_target_scale(double *mean, double *scale, const rwk_design *d, size_t output) {
  return scale_of(mean, scale, d, d->target_scale, d->outputs, output, "target");
}

rwk_status rwk_design_input_scale(double *mean, double *scale, const rwk_design *d, size_t input) {
  return scale_of(mean, scale, d, d->input_scale, d->inputs, input, "input");
}
