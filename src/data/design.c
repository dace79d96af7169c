#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "data/design.h"

void rwk_design_settings_init(rwk_design_settings *settings) {
  *settings = (rwk_design_settings){.size = sizeof *settings, .standardise = 1};
}

rwk_design *rwk_design_alloc(rwk_context *ctx) {
  rwk_design *d = rwk_calloc(ctx, 1, sizeof *d);
  if (d) d->ctx = ctx;
  return d;
}

static void free_texts(rwk_context *ctx, char **texts, size_t count) {
  for (size_t i = 0; texts && i < count; i++) rwk_free(ctx, texts[i]);
  rwk_free(ctx, texts);
}

void rwk_source_clear(rwk_source *s, rwk_context *ctx) {
  rwk_free(ctx, s->name);
  rwk_names_clear(&s->levels, ctx);
  *s = (rwk_source){0};
}

void rwk_design_destroy(rwk_design *d) {
  if (!d) return;
  for (size_t j = 0; j < d->source_count; j++) rwk_source_clear(&d->sources[j], d->ctx);
  rwk_free(d->ctx, d->sources);
  free_texts(d->ctx, d->input_names, d->inputs);
  free_texts(d->ctx, d->targets, d->outputs);
  rwk_free(d->ctx, d->class_column);
  rwk_names_clear(&d->classes, d->ctx);
  rwk_free(d->ctx, d->input_scale);
  rwk_free(d->ctx, d->target_scale);
  rwk_free(d->ctx, d->row_weights_name);
  rwk_free_doubles(d->ctx, d->X);
  rwk_free_doubles(d->ctx, d->Y);
  rwk_free_doubles(d->ctx, d->weights);
  rwk_free(d->ctx, d->source_row);
  rwk_free(d->ctx, d);
}

rwk_status rwk_design_sources(rwk_design *d, size_t count) {
  d->sources = rwk_calloc(d->ctx, count, sizeof *d->sources);
  if (!d->sources) return rwk_fail_memory(d->ctx, "a design");
  d->source_count = count;
  return RWK_OK;
}

rwk_status rwk_design_targets(rwk_design *d, size_t count) {
  d->targets = rwk_calloc(d->ctx, count, sizeof *d->targets);
  d->target_scale = rwk_calloc(d->ctx, count, sizeof *d->target_scale);
  if (!d->targets || !d->target_scale) return rwk_fail_memory(d->ctx, "a design");
  d->outputs = count;
  return RWK_OK;
}

rwk_status rwk_design_inputs_set(rwk_design *d) {
  size_t inputs = 0;
  for (size_t j = 0; j < d->source_count; j++) {
    rwk_source *s = &d->sources[j];
    s->first = inputs;
    s->inputs = s->is_text && s->levels.count > 2 ? s->levels.count : 1;
    inputs += s->inputs;
  }
  d->input_scale = rwk_calloc(d->ctx, inputs, sizeof *d->input_scale);
  d->input_names = rwk_calloc(d->ctx, inputs, sizeof *d->input_names);
  if (!d->input_scale || !d->input_names) return rwk_fail_memory(d->ctx, "a design");
  d->inputs = inputs;
  for (size_t j = 0; j < d->source_count; j++) {
    const rwk_source *s = &d->sources[j];
    for (size_t k = 0; k < s->inputs; k++) {
      const char *level = s->is_text ? s->levels.text[s->inputs == 1 ? s->levels.count - 1 : k] : "";
      const size_t room = strlen(s->name) + strlen(level) + 2;
      char *name = d->input_names[s->first + k] = rwk_alloc(d->ctx, room, 1);
      if (!name) return rwk_fail_memory(d->ctx, "a design");
      snprintf(name, room, "%s%s%s", s->name, s->is_text ? "=" : "", level);
    }
  }
  return RWK_OK;
}

rwk_status rwk_design_rows_set(rwk_design *d, size_t rows, int targets) {
  const size_t width = d->inputs > d->outputs ? d->inputs : d->outputs;
  if (width && rows > PTRDIFF_MAX / sizeof(double) / width) return rwk_fail_memory(d->ctx, "a design");
  d->rows = rows;
  d->X = rwk_alloc_doubles(d->ctx, rows * d->inputs);
  d->source_row = rwk_calloc(d->ctx, rows, sizeof *d->source_row);
  if (targets) d->Y = rwk_alloc_doubles(d->ctx, rows * d->outputs);
  return d->X && d->source_row && (d->Y || !targets) ? RWK_OK : rwk_fail_memory(d->ctx, "a design");
}

/* ---- making a design from a table ---- */

/* What is being decided about a table. */
typedef struct plan {
  const rwk_table *t;
  const rwk_design_settings *s;
  rwk_roles roles;
  size_t *lists;          /* memory of the roles' lists and of may_miss */
  size_t *may_miss;       /* columns whose missing cells matter */
  unsigned char *keep;    /* [rows] */
  unsigned char *as_text; /* [roles.source_count] */
  int classes;            /* the one target is a class */
  size_t rows;            /* kept */
} plan;

static rwk_status make_plan(plan *p, rwk_context *ctx) {
  const size_t columns = p->t->column_count, targets = p->s->target_count + 1;
  p->lists = rwk_alloc(ctx, 3 * columns + 2 * targets + 1, sizeof *p->lists);
  p->keep = rwk_alloc(ctx, p->t->rows, 1);
  p->as_text = rwk_calloc(ctx, columns, 1);
  if (!p->lists || !p->keep || !p->as_text) return rwk_fail_memory(ctx, "a design");
  memset(p->keep, 1, p->t->rows);
  p->roles.source = p->lists;
  p->roles.target = p->lists + columns;
  p->may_miss = p->roles.target + targets;
  return rwk_assign_roles(&p->roles, ctx, p->t, p->s);
}

static void free_plan(plan *p, rwk_context *ctx) {
  rwk_free(ctx, p->lists);
  rwk_free(ctx, p->keep);
  rwk_free(ctx, p->as_text);
}

static int named(const char *const *names, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (!strcmp(names[i], name)) return 1;
  return 0;
}

/* Numbers or text? Refuses columns that are neither. */
static rwk_status choose_kinds(plan *p, rwk_context *ctx) {
  const rwk_table *t = p->t;
  char name[RWK_SHOWN], cell[RWK_SHOWN];
  const int drop = p->s->missing == RWK_MISSING_DROP;
  const size_t first = p->roles.target[0];
  const int category = named(p->s->categories, p->s->category_count, t->columns[first].name);
  if (p->roles.target_count > 1 && p->s->target_kind == RWK_TARGET_CLASSES)
    return rwk_fail(ctx, RWK_DATA, "%s: %zu targets; classes are of one column", t->name,
                    p->roles.target_count);
  p->classes = p->roles.target_count == 1 && rwk_target_is_class(t, first, p->s->target_kind, category);
  for (size_t k = 0; k < p->roles.target_count && !p->classes; k++)
    RWK_TRY(rwk_check_numbers(ctx, t, p->roles.target[k], "target", drop, 0));
  if (p->roles.weights < t->column_count)
    RWK_TRY(rwk_check_numbers(ctx, t, p->roles.weights, "column", 1, 0));
  for (size_t j = 0; j < p->roles.source_count; j++) {
    const rwk_column *c = &t->columns[p->roles.source[j]];
    const int declared = named(p->s->categories, p->s->category_count, c->name);
    p->as_text[j] = (unsigned char)(declared || rwk_column_is_text(t, c));
    if (!p->as_text[j]) RWK_TRY(rwk_check_numbers(ctx, t, p->roles.source[j], "column", 1, 0));
    if (!p->as_text[j] || declared || p->s->categorical == RWK_CATEGORICAL_ONE_HOT) continue;
    const rwk_oddity *o = c->oddities;
    while (o->look != RWK_LOOK_TEXT || o->missing) o++; /* there is one: the column is text */
    return rwk_fail(ctx, RWK_DATA,
                    "%s, line %zu, column '%s' is text: '%s'; --exclude it, or name it in --categories",
                    t->name, t->line[o->row], rwk_shown(name, c->name, strlen(c->name)),
                    rwk_shown(cell, t->texts + o->text, strlen(t->texts + o->text)));
  }
  return RWK_OK;
}

/* In a column of text a missing cell is a level like others, unless such rows are to be left out. */
static rwk_status choose_rows(plan *p, rwk_context *ctx) {
  const int drop = p->s->missing == RWK_MISSING_DROP;
  size_t n = 0;
  for (size_t k = 0; k < p->roles.target_count; k++) p->may_miss[n++] = p->roles.target[k];
  if (p->roles.weights < p->t->column_count) p->may_miss[n++] = p->roles.weights;
  for (size_t j = 0; j < p->roles.source_count; j++)
    if (drop || !p->as_text[j]) p->may_miss[n++] = p->roles.source[j];
  RWK_TRY(rwk_check_missing(p->keep, ctx, p->t, p->may_miss, n, drop, 0));
  for (size_t i = 0; i < p->t->rows; i++) p->rows += p->keep[i];
  if (p->rows < 2 && !p->s->keep_constant)
    return rwk_fail(ctx, RWK_DATA, "%s: %zu row%s of data, at least 2 are needed", p->t->name, p->rows,
                    p->rows == 1 ? "" : "s");
  return RWK_OK;
}

static rwk_status take_names(rwk_design *d, const plan *p) {
  if (p->classes)
    RWK_TRY(rwk_find_classes(d, p->t, p->roles.target[0], p->keep, p->s->output_per_class));
  else
    RWK_TRY(rwk_design_targets(d, p->roles.target_count));
  for (size_t k = 0; k < d->outputs && !p->classes; k++) {
    d->targets[k] = rwk_strdup(d->ctx, p->t->columns[p->roles.target[k]].name);
    if (!d->targets[k]) return rwk_fail_memory(d->ctx, "a design");
  }
  RWK_TRY(rwk_design_sources(d, p->roles.source_count));
  for (size_t j = 0; j < d->source_count; j++) {
    d->sources[j].name = rwk_strdup(d->ctx, p->t->columns[p->roles.source[j]].name);
    if (!d->sources[j].name) return rwk_fail_memory(d->ctx, "a design");
    if (p->as_text[j]) RWK_TRY(rwk_find_levels(&d->sources[j], d->ctx, p->t, p->roles.source[j], p->keep));
  }
  return rwk_design_inputs_set(d);
}

static rwk_status take_weights(rwk_design *d, const plan *p) {
  const rwk_table *t = p->t;
  const rwk_column *c = &t->columns[p->roles.weights];
  char shown[RWK_SHOWN];
  rwk_shown(shown, c->name, strlen(c->name));
  d->row_weights_name = rwk_strdup(d->ctx, c->name);
  d->weights = rwk_alloc_doubles(d->ctx, p->rows);
  if (!d->weights || !d->row_weights_name) return rwk_fail_memory(d->ctx, "row weights");
  double sum = 0;
  for (size_t i = 0, to = 0; i < t->rows; i++) {
    if (!p->keep[i]) continue;
    if (c->x[i] < 0)
      return rwk_fail(d->ctx, RWK_DATA,
                      "%s, line %zu, column '%s': a row weight of %g; weights cannot be negative", t->name,
                      t->line[i], shown, c->x[i]);
    sum += d->weights[to++] = c->x[i];
  }
  if (!(sum > 0) || !isfinite(sum))
    return rwk_fail(d->ctx, RWK_DATA, "%s, column '%s': the row weights do not sum to a positive number",
                    t->name, shown);
  return RWK_OK;
}

static rwk_status fill(rwk_design *d, const plan *p) {
  RWK_TRY(rwk_design_rows_set(d, p->rows, 1));
  for (size_t i = 0, to = 0; i < p->t->rows; i++) {
    if (!p->keep[i]) continue;
    RWK_TRY(rwk_encode_row(d, to, p->t, p->roles.source, i));
    if (p->classes) (void)rwk_encode_class(d->Y + to * d->outputs, d, p->t, p->roles.target[0], i);
    for (size_t k = 0; k < d->outputs && !p->classes; k++)
      d->Y[to * d->outputs + k] = p->t->columns[p->roles.target[k]].x[i];
    d->source_row[to] = i;
    to++;
  }
  return RWK_OK;
}

static rwk_status build(rwk_design *d, plan *p) {
  RWK_TRY(make_plan(p, d->ctx));
  RWK_TRY(choose_kinds(p, d->ctx));
  RWK_TRY(choose_rows(p, d->ctx));
  RWK_TRY(take_names(d, p));
  RWK_TRY(fill(d, p));
  if (p->roles.weights < p->t->column_count) RWK_TRY(take_weights(d, p));
  RWK_TRY(rwk_check_classes(d));
  if (!p->s->keep_constant) RWK_TRY(rwk_leave_out_constants(d));
  if (d->inputs == 0)
    return rwk_fail(
        d->ctx, RWK_DATA, "%s: no feature is left beside the target%s", p->t->name,
        p->t->column_count == 1 ? "; if there are several columns, --sep says how they are separated" : "");
  RWK_TRY(rwk_find_scales(d));
  RWK_TRY(rwk_design_seal(d));
  rwk_apply_scales(d);
  return RWK_OK;
}

static rwk_status check_settings(rwk_context *ctx, const rwk_design_settings *s) {
  if (s->size != sizeof *s)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "design settings: call rwk_design_settings_init first");
  if ((s->target_count && !s->targets) || (s->exclude_count && !s->exclude) ||
      (s->category_count && !s->categories))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "design settings: a count is not 0, but its list is NULL");
  if (s->categorical != RWK_CATEGORICAL_ONE_HOT && s->categorical != RWK_CATEGORICAL_ERROR)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "categorical: not one of its values");
  if ((unsigned)s->target_kind > RWK_TARGET_CLASSES)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "target_kind: not one of its values");
  if (s->missing != RWK_MISSING_ERROR && s->missing != RWK_MISSING_DROP)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "missing: not one of its values");
  return RWK_OK;
}

rwk_status rwk_design_create(rwk_design **design, rwk_context *ctx, const rwk_table *t,
                             const rwk_design_settings *settings) {
  *design = NULL;
  rwk_design_settings defaults;
  rwk_design_settings_init(&defaults);
  if (!settings) settings = &defaults;
  RWK_TRY(check_settings(ctx, settings));
  rwk_design *d = rwk_design_alloc(ctx);
  if (!d) return rwk_fail_memory(ctx, "a design");
  d->standardise = settings->standardise != 0;
  plan p = {.t = t, .s = settings};
  const rwk_status status = build(d, &p);
  free_plan(&p, ctx);
  if (status == RWK_OK)
    *design = d;
  else
    rwk_design_destroy(d);
  return status;
}
