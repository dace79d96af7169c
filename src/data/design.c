#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>
#include "data/design.h"

void rwk_design_settings_init(rwk_design_settings *settings) {
  *settings = (rwk_design_settings){.size = sizeof *settings, .standardise = 1};
}

rwk_design *rwk_design_alloc(rwk_context *ctx) {
  rwk_design *d = rwk_calloc(ctx, 1, sizeof *d);
  if (d) d->ctx = ctx;
  return d;
}

static void free_names(rwk_context *ctx, char **names, size_t count) {
  for (size_t i = 0; names && i < count; i++) rwk_free(ctx, names[i]);
  rwk_free(ctx, names);
}

void rwk_design_destroy(rwk_design *d) {
  if (!d) return;
  for (size_t j = 0; j < d->source_count; j++) {
    rwk_free(d->ctx, d->sources[j].name);
    free_names(d->ctx, d->sources[j].levels, d->sources[j].level_count);
  }
  rwk_free(d->ctx, d->sources);
  free_names(d->ctx, d->input_names, d->inputs);
  free_names(d->ctx, d->targets, d->outputs);
  rwk_free(d->ctx, d->input_scale);
  rwk_free(d->ctx, d->target_scale);
  rwk_free(d->ctx, d->row_weights_name);
  rwk_free_doubles(d->ctx, d->X);
  rwk_free_doubles(d->ctx, d->Y);
  rwk_free_doubles(d->ctx, d->weights);
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
    s->inputs = !s->levels ? 1 : s->level_count > 2 ? s->level_count : 1;
    inputs += s->inputs;
  }
  d->input_scale = rwk_calloc(d->ctx, inputs, sizeof *d->input_scale);
  d->input_names = rwk_calloc(d->ctx, inputs, sizeof *d->input_names);
  if (!d->input_scale || !d->input_names) return rwk_fail_memory(d->ctx, "a design");
  d->inputs = inputs;
  for (size_t j = 0; j < d->source_count; j++) {
    const rwk_source *s = &d->sources[j];
    for (size_t k = 0; k < s->inputs; k++) {
      const char *level = s->levels ? s->levels[s->inputs == 1 ? s->level_count - 1 : k] : NULL;
      const size_t room = strlen(s->name) + (level ? strlen(level) : 0) + 2;
      char *name = d->input_names[s->first + k] = rwk_alloc(d->ctx, room, 1);
      if (!name) return rwk_fail_memory(d->ctx, "a design");
      snprintf(name, room, level ? "%s=%s" : "%s", s->name, level);
    }
  }
  return RWK_OK;
}

/* Weighted mean and standard deviation (divisor: sum of weights) of x[stride * i]. Two passes, the second
 * corrected. */
static rwk_status measure(rwk_scale *scale, const rwk_design *d, const double *x, size_t stride,
                          const char *name) {
  double total = 0, sum = 0, square = 0, rest = 0, largest = 0;
  char shown[RWK_SHOWN];
  for (size_t i = 0; i < d->rows; i++) {
    const double w = d->weights ? d->weights[i] : 1;
    total += w;
    largest = fmax(largest, w > 0 ? fabs(x[i * stride]) : 0);
  }
  const double unit = largest > 0x1p500 ? 0x1p-524 : 1; /* a power of two, so that squares stay finite */
  for (size_t i = 0; i < d->rows; i++) sum += (d->weights ? d->weights[i] : 1) * (x[i * stride] * unit);
  const double mean = sum / total;
  for (size_t i = 0; i < d->rows; i++) {
    const double w = d->weights ? d->weights[i] : 1, t = x[i * stride] * unit - mean;
    square += w * t * t;
    rest += w * t;
  }
  const double sd = sqrt(fmax(0, (square - rest * rest / total) / total));
  *scale = (rwk_scale){.mean = (mean + rest / total) / unit, .scale = sd / unit};
  if (!isfinite(scale->mean) || !isfinite(scale->scale))
    return rwk_fail(d->ctx, RWK_DATA,
                    "column '%s': its numbers are too large to be scaled; divide them first",
                    rwk_shown(shown, name, strlen(name)));
  return RWK_OK;
}

/* Does x differ between two rows that count? */
static int varies(const rwk_design *d, const double *x, size_t stride) {
  size_t first = d->rows;
  for (size_t i = 0; i < d->rows; i++) {
    if (d->weights && d->weights[i] == 0) continue;
    if (first == d->rows)
      first = i;
    else if (x[i * stride] != x[first * stride])
      return 1;
  }
  return 0;
}

/* Takes out sources that are the same on all rows. */
static rwk_status leave_out_constants(rwk_design *d) {
  size_t kept_sources = 0, kept = 0;
  unsigned char *keep = rwk_calloc(d->ctx, d->inputs, 1);
  if (!keep) return rwk_fail_memory(d->ctx, "a design");
  char shown[RWK_SHOWN];
  for (size_t j = 0; j < d->source_count; j++) {
    rwk_source s = d->sources[j];
    int any = 0;
    for (size_t k = 0; k < s.inputs; k++) any |= varies(d, d->X + s.first + k, d->inputs);
    if (!any) {
      rwk_note(d->ctx, "column '%s' is constant: left out", rwk_shown(shown, s.name, strlen(s.name)));
      rwk_free(d->ctx, s.name);
      free_names(d->ctx, s.levels, s.level_count);
      continue;
    }
    memset(keep + s.first, 1, s.inputs);
    d->sources[kept_sources++] = s;
  }
  for (size_t j = kept_sources; j < d->source_count; j++) d->sources[j] = (rwk_source){0};
  d->source_count = kept_sources;
  for (size_t j = 0; j < d->inputs; j++) {
    if (keep[j]) {
      char *name = d->input_names[j];
      d->input_names[j] = NULL;
      d->input_names[kept++] = name;
    } else {
      rwk_free(d->ctx, d->input_names[j]);
      d->input_names[j] = NULL;
    }
  }
  for (size_t i = 0, to = 0; i < d->rows; i++)
    for (size_t j = 0; j < d->inputs; j++)
      if (keep[j]) d->X[to++] = d->X[i * d->inputs + j];
  d->inputs = kept;
  for (size_t j = 0, first = 0; j < d->source_count; j++) {
    d->sources[j].first = first;
    first += d->sources[j].inputs;
  }
  rwk_free(d->ctx, keep);
  return RWK_OK;
}

void rwk_design_apply_scales(rwk_design *d) {
  for (size_t i = 0; i < d->rows; i++) {
    for (size_t j = 0; j < d->inputs; j++) {
      double *x = &d->X[i * d->inputs + j];
      *x = *x / d->input_scale[j].scale - d->input_scale[j].mean / d->input_scale[j].scale;
    }
    for (size_t k = 0; d->Y && k < d->outputs; k++) {
      double *y = &d->Y[i * d->outputs + k];
      *y = *y / d->target_scale[k].scale - d->target_scale[k].mean / d->target_scale[k].scale;
    }
  }
}

static rwk_status find_scales(rwk_design *d) {
  char shown[RWK_SHOWN];
  for (size_t j = 0; j < d->inputs; j++) {
    d->input_scale[j] = (rwk_scale){0, 1};
    if (d->standardise) RWK_TRY(measure(&d->input_scale[j], d, d->X + j, d->inputs, d->input_names[j]));
    if (!(d->input_scale[j].scale > 0))
      d->input_scale[j].scale = 1; /* a level that all rows share, or differences that underflow */
  }
  for (size_t k = 0; k < d->outputs; k++) {
    d->target_scale[k] = (rwk_scale){0, 1};
    if (!varies(d, d->Y + k, d->outputs))
      rwk_note(d->ctx, "target '%s' is constant", rwk_shown(shown, d->targets[k], strlen(d->targets[k])));
    if (d->standardise) RWK_TRY(measure(&d->target_scale[k], d, d->Y + k, d->outputs, d->targets[k]));
    if (!(d->target_scale[k].scale > 0)) d->target_scale[k].scale = 1;
  }
  return RWK_OK;
}

static int named(const char *const *names, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (!strcmp(names[i], name)) return 1;
  return 0;
}

/* Which columns play which part. */
typedef struct roles {
  size_t *target, *source, target_count, source_count, weights; /* weights: column count if there are none */
} roles;

static rwk_status assign(roles *r, rwk_context *ctx, const rwk_table *t, const rwk_design_settings *s) {
  char shown[RWK_SHOWN];
  unsigned char *taken = rwk_calloc(ctx, t->column_count, 1);
  if (!taken) return rwk_fail_memory(ctx, "a design");
  rwk_status status = RWK_OK;
  size_t column;
  r->weights = t->column_count;
  if (s->target_count == 0) r->target[r->target_count++] = t->column_count - 1;
  for (size_t i = 0; i < s->target_count && status == RWK_OK; i++) {
    status = rwk_find_column(&column, ctx, t, s->targets[i], "column");
    if (status == RWK_OK && taken[column])
      status = rwk_fail(ctx, RWK_DATA, "target '%s' is named twice", s->targets[i]);
    if (status == RWK_OK) taken[r->target[r->target_count++] = column] = 1;
  }
  for (size_t k = 0; k < r->target_count; k++) taken[r->target[k]] = 1;
  if (status == RWK_OK && s->row_weights) {
    status = rwk_find_column(&column, ctx, t, s->row_weights, "column of row weights");
    if (status == RWK_OK && taken[column])
      status = rwk_fail(ctx, RWK_DATA, "'%s' cannot be a target and the row weights", s->row_weights);
    if (status == RWK_OK) taken[r->weights = column] = 1;
  }
  for (size_t i = 0; i < s->exclude_count && status == RWK_OK; i++) {
    status = rwk_find_column(&column, ctx, t, s->exclude[i], "column to exclude");
    if (status == RWK_OK && taken[column])
      status =
          rwk_fail(ctx, RWK_DATA, "'%s' is excluded, but it is a target or the row weights", s->exclude[i]);
    if (status == RWK_OK) taken[column] = 2;
  }
  for (size_t i = 0; i < s->category_count && status == RWK_OK; i++)
    status = rwk_find_column(&column, ctx, t, s->categories[i], "column of categories");
  for (size_t j = 0; j < t->column_count && status == RWK_OK; j++) {
    const rwk_column *c = &t->columns[j];
    if (taken[j]) continue;
    rwk_shown(shown, c->name, strlen(c->name));
    if (rwk_column_is_index(t, j)) {
      rwk_note(ctx, "the first column has no name and counts the rows: left out (name it to keep it)");
    } else if (c->unnamed && c->missing == t->rows) {
      rwk_note(ctx, "column %s has no name and no cells: left out", shown);
    } else {
      r->source[r->source_count++] = j;
    }
  }
  rwk_free(ctx, taken);
  return status;
}

static rwk_status take_weights(rwk_design *d, const rwk_table *t, size_t column, const unsigned char *keep) {
  const rwk_column *c = &t->columns[column];
  char shown[RWK_SHOWN];
  rwk_shown(shown, c->name, strlen(c->name));
  d->row_weights_name = rwk_strdup(d->ctx, c->name);
  d->weights = rwk_alloc_doubles(d->ctx, d->rows);
  if (!d->weights || !d->row_weights_name) return rwk_fail_memory(d->ctx, "row weights");
  double sum = 0;
  for (size_t i = 0, to = 0; i < t->rows; i++) {
    if (!keep[i]) continue;
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

static rwk_status fill(rwk_design *d, const rwk_table *t, const roles *r, const unsigned char *keep) {
  if (d->inputs && d->rows > PTRDIFF_MAX / sizeof(double) / d->inputs)
    return rwk_fail_memory(d->ctx, "a design");
  d->X = rwk_alloc_doubles(d->ctx, d->rows * d->inputs);
  d->Y = rwk_alloc_doubles(d->ctx, d->rows * d->outputs);
  if (!d->X || !d->Y) return rwk_fail_memory(d->ctx, "a design");
  for (size_t i = 0, to = 0; i < t->rows; i++) {
    if (!keep[i]) continue;
    RWK_TRY(rwk_encode_row(d, to, t, r->source, i));
    for (size_t k = 0; k < d->outputs; k++) d->Y[to * d->outputs + k] = t->columns[r->target[k]].x[i];
    to++;
  }
  return RWK_OK;
}

/* Text or numbers? Decides each source, and refuses what is neither. */
static rwk_status choose_kinds(rwk_design *d, const rwk_table *t, const roles *r,
                               const rwk_design_settings *s, const unsigned char *keep) {
  char shown[RWK_SHOWN];
  for (size_t j = 0; j < r->source_count; j++) {
    const rwk_column *c = &t->columns[r->source[j]];
    const int declared = named(s->categories, s->category_count, c->name);
    rwk_source *source = &d->sources[j];
    source->name = rwk_strdup(d->ctx, c->name);
    if (!source->name) return rwk_fail_memory(d->ctx, "a design");
    if (!declared && !rwk_column_is_text(t, c)) {
      RWK_TRY(rwk_check_numbers(d->ctx, t, r->source[j], "column", 1));
      continue;
    }
    if (!declared && s->categorical == RWK_CATEGORICAL_ERROR)
      return rwk_fail(d->ctx, RWK_DATA,
                      "%s, column '%s' is text ('%s' on line %zu); --categories or --exclude it, or "
                      "--categorical one-hot",
                      t->name, rwk_shown(shown, c->name, strlen(c->name)), t->texts + c->oddities[0].text,
                      t->line[c->oddities[0].row]);
    RWK_TRY(rwk_levels(source, d->ctx, t, r->source[j], keep));
  }
  return RWK_OK;
}

/* An empty cell of a text column is a level of its own, not a missing number, unless texts for missing stand
 * beside it. */
static size_t columns_that_may_miss(size_t *list, const rwk_table *t, const roles *r) {
  size_t n = 0;
  for (size_t k = 0; k < r->target_count; k++) list[n++] = r->target[k];
  if (r->weights < t->column_count) list[n++] = r->weights;
  for (size_t j = 0; j < r->source_count; j++)
    if (!rwk_column_is_text(t, &t->columns[r->source[j]])) list[n++] = r->source[j];
  return n;
}

rwk_status rwk_design_create(rwk_design **design, rwk_context *ctx, const rwk_table *t,
                             const rwk_design_settings *s) {
  *design = NULL;
  if (s->size != sizeof *s)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "design settings: call rwk_design_settings_init first");
  rwk_design *d = rwk_design_alloc(ctx);
  unsigned char *keep = rwk_alloc(ctx, t->rows, 1);
  roles r = {0};
  size_t *lists = rwk_alloc(ctx, 3 * t->column_count + s->target_count + 1, sizeof *lists);
  rwk_status status = d && keep && lists ? RWK_OK : rwk_fail_memory(ctx, "a design");
  if (status != RWK_OK) goto done;
  r.source = lists;
  r.target = lists + t->column_count;
  size_t *may_miss = r.target + t->column_count + s->target_count;
  memset(keep, 1, t->rows);
  d->standardise = s->standardise;
  status = assign(&r, ctx, t, s);
  for (size_t k = 0; k < r.target_count && status == RWK_OK; k++)
    status = rwk_check_numbers(ctx, t, r.target[k], "target", s->missing == RWK_MISSING_DROP);
  if (status == RWK_OK && r.weights < t->column_count)
    status = rwk_check_numbers(ctx, t, r.weights, "column", 1);
  for (size_t j = 0; j < r.source_count && status == RWK_OK; j++)
    if (!rwk_column_is_text(t, &t->columns[r.source[j]]) &&
        !named(s->categories, s->category_count, t->columns[r.source[j]].name))
      status = rwk_check_numbers(ctx, t, r.source[j], "column", 1);
  if (status == RWK_OK)
    status = rwk_check_missing(keep, ctx, t, may_miss, columns_that_may_miss(may_miss, t, &r),
                               s->missing == RWK_MISSING_DROP);
  if (status != RWK_OK) goto done;
  for (size_t i = 0; i < t->rows; i++) d->rows += keep[i];
  if (d->rows < 2 && !s->keep_constant) {
    status = rwk_fail(ctx, RWK_DATA, "%s: %zu row%s of data, at least 2 are needed", t->name, d->rows,
                      d->rows == 1 ? "" : "s");
    goto done;
  }
  status = rwk_design_targets(d, r.target_count);
  for (size_t k = 0; k < r.target_count && status == RWK_OK; k++) {
    d->targets[k] = rwk_strdup(ctx, t->columns[r.target[k]].name);
    if (!d->targets[k]) status = rwk_fail_memory(ctx, "a design");
  }
  if (status == RWK_OK && r.weights < t->column_count) status = take_weights(d, t, r.weights, keep);
  if (status == RWK_OK) status = rwk_design_sources(d, r.source_count);
  if (status == RWK_OK) status = choose_kinds(d, t, &r, s, keep);
  if (status == RWK_OK) status = rwk_design_inputs_set(d);
  if (status == RWK_OK) status = fill(d, t, &r, keep);
  if (status == RWK_OK && !s->keep_constant) status = leave_out_constants(d);
  if (status == RWK_OK && d->inputs == 0)
    status = rwk_fail(ctx, RWK_DATA, "%s: no feature is left beside the target%s", t->name,
                      t->column_count == 1 ? "; is --sep right?" : "");
  if (status == RWK_OK) status = find_scales(d);
  if (status == RWK_OK) status = rwk_design_seal(d);
  if (status == RWK_OK) rwk_design_apply_scales(d);
done:
  rwk_free(ctx, lists);
  rwk_free(ctx, keep);
  if (status == RWK_OK)
    *design = d;
  else
    rwk_design_destroy(d);
  return status;
}

/* ---- the fingerprint: names, parts, and the bits of every number before scaling, and the scales ---- */

static void hash_text(XXH3_state_t *h, const char *text) {
  XXH3_128bits_update(h, text ? text : "", text ? strlen(text) + 1 : 1);
}

static void hash_doubles(XXH3_state_t *h, const double *x, size_t n) {
  if (x) XXH3_128bits_update(h, x, n * sizeof *x);
}

rwk_status rwk_design_seal(rwk_design *d) {
  XXH3_state_t *h = XXH3_createState();
  if (!h) return rwk_fail_memory(d->ctx, "a fingerprint");
  XXH3_128bits_reset(h);
  const uint64_t sizes[4] = {d->rows, d->inputs, d->outputs, (uint64_t)d->standardise};
  XXH3_128bits_update(h, sizes, sizeof sizes);
  for (size_t j = 0; j < d->inputs; j++) hash_text(h, d->input_names[j]);
  for (size_t k = 0; k < d->outputs; k++) hash_text(h, d->targets[k]);
  hash_text(h, d->row_weights_name);
  hash_doubles(h, d->X, d->rows * d->inputs);
  hash_doubles(h, d->Y, d->rows * d->outputs);
  hash_doubles(h, d->weights, d->rows);
  const XXH128_hash_t hash = XXH3_128bits_digest(h);
  snprintf(d->fingerprint, sizeof d->fingerprint, "%016llx%016llx", (unsigned long long)hash.high64,
           (unsigned long long)hash.low64);
  XXH3_freeState(h);
  return RWK_OK;
}

rwk_status rwk_design_fingerprint(char text[33], const rwk_design *d) {
  memcpy(text, d->fingerprint, sizeof d->fingerprint);
  return d->fingerprint[0] ? RWK_OK
                           : rwk_fail(d->ctx, RWK_INVALID_ARGUMENT,
                                      "design: made from a recipe, it has no data to fingerprint");
}
