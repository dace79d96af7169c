/* A design's recipe on a new table, and plain access to a design. */
#include <stdio.h>
#include <string.h>
#include "data/design.h"

/* Copies what a recipe consists of. */
static rwk_status copy_recipe(rwk_design *d, const rwk_design *like) {
  RWK_TRY(rwk_design_sources(d, like->source_count));
  for (size_t j = 0; j < like->source_count; j++) {
    const rwk_source *from = &like->sources[j];
    rwk_source *to = &d->sources[j];
    to->name = rwk_strdup(d->ctx, from->name);
    if (!to->name) return rwk_fail_memory(d->ctx, "a design");
    if (!from->levels) continue;
    to->levels = rwk_calloc(d->ctx, from->level_count, sizeof *to->levels);
    if (!to->levels) return rwk_fail_memory(d->ctx, "a design");
    for (; to->level_count < from->level_count; to->level_count++) {
      to->levels[to->level_count] = rwk_strdup(d->ctx, from->levels[to->level_count]);
      if (!to->levels[to->level_count]) return rwk_fail_memory(d->ctx, "a design");
    }
  }
  RWK_TRY(rwk_design_inputs_set(d));
  RWK_TRY(rwk_design_targets(d, like->outputs));
  memcpy(d->input_scale, like->input_scale, d->inputs * sizeof *d->input_scale);
  memcpy(d->target_scale, like->target_scale, d->outputs * sizeof *d->target_scale);
  for (size_t k = 0; k < d->outputs; k++) {
    d->targets[k] = rwk_strdup(d->ctx, like->targets[k]);
    if (!d->targets[k]) return rwk_fail_memory(d->ctx, "a design");
  }
  d->standardise = like->standardise;
  return RWK_OK;
}

static size_t column_of(const rwk_table *t, const char *name) {
  for (size_t j = 0; j < t->column_count; j++)
    if (!strcmp(t->columns[j].name, name)) return j;
  return t->column_count;
}

static rwk_status find_sources(size_t *columns, const rwk_design *d, const rwk_table *t) {
  char list[300] = "", shown[RWK_SHOWN];
  size_t missing = 0, at = 0;
  for (size_t j = 0; j < d->source_count; j++) {
    columns[j] = column_of(t, d->sources[j].name);
    if (columns[j] < t->column_count) continue;
    if (missing++ && at < 220) at += (size_t)snprintf(list + at, sizeof list - at, ", ");
    if (at < 220)
      at += (size_t)snprintf(list + at, sizeof list - at, "'%s'",
                             rwk_shown(shown, d->sources[j].name, strlen(d->sources[j].name)));
  }
  if (missing == 0) return RWK_OK;
  if (missing == 1) {
    for (size_t j = 0; j < d->source_count; j++)
      if (columns[j] == t->column_count)
        return rwk_find_column(&columns[j], d->ctx, t, d->sources[j].name, "column");
  }
  return rwk_fail(d->ctx, RWK_DATA, "%s: %zu columns that the network needs are not there: %s", t->name,
                  missing, list);
}

rwk_status rwk_design_apply(rwk_design **design, rwk_context *ctx, const rwk_design *like,
                            const rwk_table *t) {
  *design = NULL;
  rwk_design *d = rwk_design_alloc(ctx);
  size_t *columns = rwk_alloc(ctx, like->source_count + like->outputs, sizeof *columns), *numbers = NULL;
  unsigned char *keep = rwk_calloc(ctx, t->rows, 1);
  rwk_status status = d && columns && keep ? copy_recipe(d, like) : rwk_fail_memory(ctx, "a design");
  if (status == RWK_OK) status = find_sources(columns, d, t);
  if (status != RWK_OK) goto done;
  numbers = rwk_alloc(ctx, d->source_count + 1, sizeof *numbers);
  if (!numbers) {
    status = rwk_fail_memory(ctx, "a design");
    goto done;
  }
  size_t number_count = 0, has_targets = 1;
  for (size_t j = 0; j < d->source_count && status == RWK_OK; j++) {
    if (d->sources[j].levels) continue;
    numbers[number_count++] = columns[j];
    status = rwk_check_numbers(ctx, t, columns[j], "column", 1);
  }
  memset(keep, 1, t->rows);
  if (status == RWK_OK) status = rwk_check_missing(keep, ctx, t, numbers, number_count, 0);
  if (status != RWK_OK) goto done;
  size_t *target = columns + d->source_count;
  for (size_t k = 0; k < d->outputs; k++) {
    target[k] = column_of(t, d->targets[k]);
    has_targets &= target[k] < t->column_count && t->columns[target[k]].oddity_count == 0;
  }
  d->rows = t->rows;
  d->X = rwk_alloc_doubles(ctx, d->rows * d->inputs);
  if (has_targets) d->Y = rwk_alloc_doubles(ctx, d->rows * d->outputs);
  if (!d->X || (has_targets && !d->Y)) {
    status = rwk_fail_memory(ctx, "a design");
    goto done;
  }
  for (size_t i = 0; i < t->rows && status == RWK_OK; i++) {
    status = rwk_encode_row(d, i, t, columns, i);
    for (size_t k = 0; has_targets && k < d->outputs; k++)
      d->Y[i * d->outputs + k] = t->columns[target[k]].x[i];
  }
  if (status != RWK_OK) goto done;
  const size_t used = d->source_count + (has_targets ? d->outputs : 0);
  if (used < t->column_count)
    rwk_note(ctx, "%zu columns of %s are not used", t->column_count - used, t->name);
  status = rwk_design_seal(d);
  rwk_design_apply_scales(d);
done:
  rwk_free(ctx, numbers);
  rwk_free(ctx, keep);
  rwk_free(ctx, columns);
  if (status == RWK_OK)
    *design = d;
  else
    rwk_design_destroy(d);
  return status;
}

size_t rwk_design_rows(const rwk_design *d) {
  return d->rows;
}

size_t rwk_design_inputs(const rwk_design *d) {
  return d->inputs;
}

size_t rwk_design_columns(const rwk_design *d) {
  return d->source_count;
}

size_t rwk_design_outputs(const rwk_design *d) {
  return d->outputs;
}

const char *rwk_design_input_name(const rwk_design *d, size_t input) {
  return input < d->inputs ? d->input_names[input] : NULL;
}

const char *rwk_design_output_name(const rwk_design *d, size_t output) {
  return output < d->outputs ? d->targets[output] : NULL;
}

const double *rwk_design_X(const rwk_design *d) {
  return d->X;
}

const double *rwk_design_Y(const rwk_design *d) {
  return d->Y;
}

const double *rwk_design_row_weights(const rwk_design *d) {
  return d->weights;
}

rwk_status rwk_design_unscale(double *F, size_t ldf, const rwk_design *d, size_t rows) {
  for (size_t i = 0; i < rows; i++)
    for (size_t k = 0; k < d->outputs; k++)
      F[i * ldf + k] = F[i * ldf + k] * d->target_scale[k].scale + d->target_scale[k].mean;
  return RWK_OK;
}
