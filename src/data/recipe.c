/* A design's recipe as JSON and back:
 *   {"version":1,"standardise":true,"columns":[{"name":"age","levels":null,"inputs":[{"mean":..,"scale":..}]}],
 *    "targets":[{"name":"y","mean":..,"scale":..}]}
 * and of classes, with version 2, "classes":{"column":"species","labels":["setosa", ...]}.
 * Numbers have 17 digits, which give the same double back. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <jansson.h>
#include "data/design.h"

enum { VERSION = 1, VERSION_CLASSES = 2, MOST = 1 << 20 };

static json_t *scale_to_json(const rwk_scale *s) {
  return json_pack("{s:f, s:f}", "mean", s->mean, "scale", s->scale);
}

static json_t *source_to_json(const rwk_design *d, const rwk_source *s) {
  json_t *levels = s->is_text ? json_array() : json_null(), *inputs = json_array();
  for (size_t k = 0; k < s->levels.count; k++) json_array_append_new(levels, json_string(s->levels.text[k]));
  for (size_t k = 0; k < s->inputs; k++)
    json_array_append_new(inputs, scale_to_json(&d->input_scale[s->first + k]));
  return json_pack("{s:s, s:o, s:o}", "name", s->name, "levels", levels, "inputs", inputs);
}

/* {"column": ..., "labels": [...]}; NULL without memory. */
static json_t *classes_to_json(const rwk_design *d) {
  json_t *labels = json_array();
  for (size_t k = 0; k < d->classes.count; k++)
    json_array_append_new(labels, json_string(d->classes.text[k]));
  if (json_array_size(labels) == d->classes.count)
    return json_pack("{s:s, s:o}", "column", d->class_column, "labels", labels);
  json_decref(labels);
  return NULL;
}

rwk_status rwk_design_recipe(char **text, rwk_context *ctx, const rwk_design *d) {
  *text = NULL;
  json_t *columns = json_array(), *targets = json_array();
  for (size_t j = 0; j < d->source_count; j++)
    json_array_append_new(columns, source_to_json(d, &d->sources[j]));
  for (size_t k = 0; k < d->outputs; k++)
    json_array_append_new(targets, json_pack("{s:s, s:f, s:f}", "name", d->targets[k], "mean",
                                             d->target_scale[k].mean, "scale", d->target_scale[k].scale));
  /* what jansson has no memory for is left out without a word */
  int whole = json_array_size(columns) == d->source_count && json_array_size(targets) == d->outputs;
  for (size_t j = 0; whole && j < d->source_count; j++) {
    const json_t *column = json_array_get(columns, j), *levels = json_object_get(column, "levels");
    whole = json_array_size(levels) == d->sources[j].levels.count &&
            json_array_size(json_object_get(column, "inputs")) == d->sources[j].inputs;
  }
  json_t *root = json_pack("{s:i, s:b, s:o, s:o}", "version", d->classes.count ? VERSION_CLASSES : VERSION,
                           "standardise", d->standardise, "columns", columns, "targets", targets);
  if (d->classes.count) whole &= json_object_set_new(root, "classes", classes_to_json(d)) == 0;
  const size_t length = root && whole ? json_dumpb(root, NULL, 0, JSON_COMPACT | JSON_REAL_PRECISION(17)) : 0;
  char *out = length ? rwk_alloc(ctx, length + 1, 1) : NULL;
  rwk_status status = RWK_OK;
  if (out) {
    json_dumpb(root, out, length, JSON_COMPACT | JSON_REAL_PRECISION(17));
    out[length] = 0;
    *text = out;
  } else {
    status = rwk_fail_memory(ctx, "a recipe");
  }
  json_decref(root);
  return status;
}

void rwk_text_destroy(rwk_context *ctx, char *text) {
  rwk_free(ctx, text);
}

static rwk_status bad(rwk_context *ctx, const char *what) {
  return rwk_fail(ctx, RWK_FORMAT, "recipe: %s", what);
}

static rwk_status take_text(char **out, rwk_context *ctx, const json_t *value, const char *what) {
  const char *text = json_string_value(value);
  if (!text || strlen(text) != json_string_length(value)) return bad(ctx, what);
  *out = rwk_strdup(ctx, text);
  return *out ? RWK_OK : rwk_fail_memory(ctx, "a recipe");
}

static rwk_status take_scale(rwk_scale *s, rwk_context *ctx, const json_t *value) {
  const json_t *mean = json_object_get(value, "mean"), *scale = json_object_get(value, "scale");
  if (!json_is_number(mean) || !json_is_number(scale))
    return bad(ctx, "a mean and a scale are wanted for every input and target");
  *s = (rwk_scale){json_number_value(mean), json_number_value(scale)};
  if (!isfinite(s->mean) || !(s->scale > 0) || !isfinite(s->scale))
    return bad(ctx, "a scale is not positive and finite");
  return RWK_OK;
}

static rwk_status take_names(rwk_names *names, rwk_context *ctx, const json_t *list) {
  const size_t count = json_array_size(list);
  if (!json_is_array(list) || count == 0 || count > MOST) return bad(ctx, "levels are not a list of texts");
  for (size_t k = 0, place; k < count; k++) {
    const json_t *level = json_array_get(list, k);
    const char *text = json_string_value(level);
    if (!text || strlen(text) != json_string_length(level)) return bad(ctx, "a level is not a text");
    RWK_TRY(rwk_names_add(&place, names, ctx, text));
    if (place != k) return bad(ctx, "a level is there twice");
  }
  return RWK_OK;
}

static rwk_status take_source(rwk_source *s, rwk_context *ctx, const json_t *value) {
  RWK_TRY(take_text(&s->name, ctx, json_object_get(value, "name"), "a column without a name"));
  const json_t *levels = json_object_get(value, "levels");
  if (!levels || json_is_null(levels)) return RWK_OK;
  s->is_text = 1;
  return take_names(&s->levels, ctx, levels);
}

/* As many outputs as classes, or one for two. */
static rwk_status take_classes(rwk_design *d, const json_t *value, size_t outputs) {
  RWK_TRY(take_text(&d->class_column, d->ctx, json_object_get(value, "column"), "classes without a column"));
  RWK_TRY(take_names(&d->classes, d->ctx, json_object_get(value, "labels")));
  const size_t count = d->classes.count;
  if (count < 2 || (outputs != count && !(count == 2 && outputs == 1)))
    return bad(d->ctx, "classes and targets are not as many");
  return RWK_OK;
}

/* No name may be there twice among columns and targets. */
static rwk_status check_names(const rwk_design *d) {
  rwk_names names = {0};
  rwk_status status = RWK_OK;
  for (size_t j = 0, place; j < d->source_count + d->outputs && status == RWK_OK; j++) {
    const char *name = j < d->source_count ? d->sources[j].name : d->targets[j - d->source_count];
    status = rwk_names_add(&place, &names, d->ctx, name);
    if (status == RWK_OK && place != j) status = bad(d->ctx, "a column is there twice");
  }
  rwk_names_clear(&names, d->ctx);
  return status;
}

static rwk_status from_json(rwk_design *d, const json_t *root) {
  rwk_context *ctx = d->ctx;
  const json_t *classes = json_object_get(root, "classes");
  if (json_integer_value(json_object_get(root, "version")) != (classes ? VERSION_CLASSES : VERSION))
    return bad(ctx, "of another version");
  const json_t *columns = json_object_get(root, "columns"), *targets = json_object_get(root, "targets");
  const size_t n = json_array_size(columns), m = json_array_size(targets);
  if (n == 0 || n > MOST || m == 0 || m > MOST) return bad(ctx, "columns and targets are wanted");
  d->standardise = json_is_true(json_object_get(root, "standardise"));
  RWK_TRY(rwk_design_sources(d, n));
  for (size_t j = 0; j < n; j++) RWK_TRY(take_source(&d->sources[j], ctx, json_array_get(columns, j)));
  RWK_TRY(rwk_design_inputs_set(d));
  for (size_t j = 0; j < n; j++) {
    const json_t *inputs = json_object_get(json_array_get(columns, j), "inputs");
    if (json_array_size(inputs) != d->sources[j].inputs)
      return bad(ctx, "a column has not as many inputs as its levels ask for");
    for (size_t k = 0; k < d->sources[j].inputs; k++)
      RWK_TRY(take_scale(&d->input_scale[d->sources[j].first + k], ctx, json_array_get(inputs, k)));
  }
  if (classes) RWK_TRY(take_classes(d, classes, m));
  RWK_TRY(rwk_design_targets(d, m));
  for (size_t k = 0; k < m; k++) {
    const json_t *target = json_array_get(targets, k);
    RWK_TRY(take_text(&d->targets[k], ctx, json_object_get(target, "name"), "a target without a name"));
    RWK_TRY(take_scale(&d->target_scale[k], ctx, target));
  }
  return check_names(d);
}

rwk_status rwk_design_from_recipe(rwk_design **design, rwk_context *ctx, const char *text) {
  *design = NULL;
  json_error_t error;
  json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
  if (!root) return rwk_fail_json(ctx, "recipe", &error);
  rwk_design *d = rwk_design_alloc(ctx);
  const rwk_status status = d ? from_json(d, root) : rwk_fail_memory(ctx, "a recipe");
  json_decref(root);
  if (status == RWK_OK)
    *design = d;
  else
    rwk_design_destroy(d);
  return status;
}
