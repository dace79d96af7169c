/* A design's recipe on a new table, and plain access to a design. */
#include <stdio.h>
#include <string.h>
#include "data/design.h"

rwk_status rwk_design_copy_recipe(rwk_design *d, const rwk_design *like) {
  RWK_TRY(rwk_design_sources(d, like->source_count));
  for (size_t j = 0; j < like->source_count; j++) {
    const rwk_source *from = &like->sources[j];
    rwk_source *to = &d->sources[j];
    to->name = rwk_strdup(d->ctx, from->name);
    if (!to->name) return rwk_fail_memory(d->ctx, "a design");
    to->is_text = from->is_text;
    for (size_t k = 0, place; k < from->levels.count; k++)
      RWK_TRY(rwk_names_add(&place, &to->levels, d->ctx, from->levels.text[k]));
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
  for (size_t k = 0, place; k < like->classes.count; k++)
    RWK_TRY(rwk_names_add(&place, &d->classes, d->ctx, like->classes.text[k]));
  if (like->class_column && !(d->class_column = rwk_strdup(d->ctx, like->class_column)))
    return rwk_fail_memory(d->ctx, "a design");
  return RWK_OK;
}

/* Where each source of the recipe, and each target, stands in the table; column_count: nowhere. */
static rwk_status find_columns(size_t *columns, const rwk_design *d, const rwk_table *t) {
  rwk_names names = {0};
  rwk_status status = RWK_OK;
  for (size_t j = 0, place; j < t->column_count && status == RWK_OK; j++)
    status = rwk_names_add(&place, &names, d->ctx, t->columns[j].name); /* names are unique: place is j */
  if (status == RWK_OK) {
    for (size_t j = 0; j < d->source_count; j++) columns[j] = rwk_names_find(&names, d->sources[j].name);
    for (size_t k = 0; k < d->outputs; k++)
      columns[d->source_count + k] =
          rwk_names_find(&names, d->class_column ? d->class_column : d->targets[k]);
  }
  rwk_names_clear(&names, d->ctx);
  return status;
}

static rwk_status check_sources(size_t *columns, const rwk_design *d, const rwk_table *t) {
  char list[500] = "", shown[RWK_SHOWN];
  size_t missing = 0, at = 0, only = 0, listed = 0;
  for (size_t j = 0; j < d->source_count; j++) {
    if (columns[j] < t->column_count) continue;
    missing++;
    only = j;
    if (at + RWK_SHOWN + 32 > sizeof list) continue;
    at += (size_t)snprintf(list + at, sizeof list - at, "%s'%s'", listed++ ? ", " : "",
                           rwk_shown(shown, d->sources[j].name, strlen(d->sources[j].name)));
  }
  if (missing == 0) return RWK_OK;
  if (missing == 1) return rwk_find_column(&columns[only], d->ctx, t, d->sources[only].name, "column");
  if (listed < missing) snprintf(list + at, sizeof list - at, " and %zu more", missing - listed);
  return rwk_fail(d->ctx, RWK_DATA, "%s: %zu columns that the network needs are not there: %s", t->name,
                  missing, list);
}

static int has_classes(size_t column, const rwk_design *d, const rwk_table *t) {
  char name[RWK_SHOWN], cell[RWK_SHOWN], buffer[RWK_LABEL];
  for (size_t i = 0; i < t->rows; i++) {
    const char *label = rwk_column_label(buffer, t, &t->columns[column], i);
    if (rwk_names_find(&d->classes, label) < d->classes.count) continue;
    rwk_note(d->ctx, "target '%s' is not used, for '%s' on line %zu of %s is none of the classes",
             rwk_shown(name, d->class_column, strlen(d->class_column)), rwk_shown(cell, label, strlen(label)),
             t->line[i], t->name);
    return 0;
  }
  return 1;
}

/* Can the targets be filled in? All of them must be there, with a number on every row; notes why they are not
 * used. */
static int has_targets(const size_t *target, const rwk_design *d, const rwk_table *t) {
  char name[RWK_SHOWN], cell[RWK_SHOWN];
  for (size_t k = 0; k < d->outputs; k++)
    if (target[k] == t->column_count) return 0;
  if (d->class_column) return has_classes(target[0], d, t);
  for (size_t k = 0; k < d->outputs; k++) {
    const rwk_column *c = &t->columns[target[k]];
    if (c->oddity_count == 0) continue;
    const char *text = t->texts + c->oddities[0].text;
    rwk_note(d->ctx, "target '%s' is not used, for '%s' on line %zu of %s is no number",
             rwk_shown(name, c->name, strlen(c->name)), rwk_shown(cell, text, strlen(text)),
             t->line[c->oddities[0].row], t->name);
    return 0;
  }
  return 1;
}

static rwk_status check_cells(const rwk_design *d, const rwk_table *t, const size_t *columns) {
  rwk_context *ctx = d->ctx;
  size_t count = 0;
  size_t *numbers = rwk_alloc(ctx, d->source_count, sizeof *numbers);
  unsigned char *keep = rwk_alloc(ctx, t->rows, 1);
  rwk_status status = numbers && keep ? RWK_OK : rwk_fail_memory(ctx, "a design");
  for (size_t j = 0; j < d->source_count && status == RWK_OK; j++) {
    if (d->sources[j].is_text) continue;
    numbers[count++] = columns[j];
    status = rwk_check_numbers(ctx, t, columns[j], "column", 1, 1);
  }
  if (status == RWK_OK) {
    memset(keep, 1, t->rows);
    status = rwk_check_missing(keep, ctx, t, numbers, count, 0, 1);
  }
  rwk_free(ctx, numbers);
  rwk_free(ctx, keep);
  return status;
}

static rwk_status apply(rwk_design *d, size_t *columns, const rwk_design *like, const rwk_table *t) {
  RWK_TRY(rwk_design_copy_recipe(d, like));
  RWK_TRY(find_columns(columns, d, t));
  RWK_TRY(check_sources(columns, d, t));
  RWK_TRY(check_cells(d, t, columns));
  const size_t *target = columns + d->source_count;
  size_t used = d->source_count;
  for (size_t k = 0; k < (d->class_column ? 1 : d->outputs); k++) used += target[k] < t->column_count;
  const int targets = has_targets(target, d, t);
  RWK_TRY(rwk_design_rows_set(d, t->rows, targets));
  for (size_t i = 0; i < t->rows; i++) {
    RWK_TRY(rwk_encode_row(d, i, t, columns, i));
    d->source_row[i] = i;
    if (targets && d->class_column) (void)rwk_encode_class(d->Y + i * d->outputs, d, t, target[0], i);
    for (size_t k = 0; targets && !d->class_column && k < d->outputs; k++)
      d->Y[i * d->outputs + k] = t->columns[target[k]].x[i];
  }
  if (used < t->column_count)
    rwk_note(d->ctx, "%zu column%s of %s not used", t->column_count - used,
             t->column_count - used == 1 ? "" : "s", t->name);
  RWK_TRY(rwk_design_seal(d));
  rwk_apply_scales(d);
  return RWK_OK;
}

rwk_status rwk_design_apply(rwk_design **design, rwk_context *ctx, const rwk_design *like,
                            const rwk_table *t) {
  *design = NULL;
  rwk_design *d = rwk_design_alloc(ctx);
  size_t *columns = rwk_alloc(ctx, like->source_count + like->outputs, sizeof *columns);
  const rwk_status status = d && columns ? apply(d, columns, like, t) : rwk_fail_memory(ctx, "a design");
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

size_t rwk_design_source_row(const rwk_design *d, size_t row) {
  return row < d->rows ? d->source_row[row] : 0;
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
