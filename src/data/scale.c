/* Means, standard deviations, and columns that do not vary. */
#include <math.h>
#include <string.h>
#include "data/design.h"

static double weight(const rwk_design *d, size_t row) {
  return d->weights ? d->weights[row] : 1;
}

static rwk_status too_large(const rwk_design *d, const char *name) {
  char shown[RWK_SHOWN];
  return rwk_fail(d->ctx, RWK_DATA, "column '%s': its numbers are too large to be used; divide them first",
                  rwk_shown(shown, name, strlen(name)));
}

/* Weighted mean and standard deviation (divisor: sum of weights) of x[stride * i]. Two passes, the second
 * corrects the first. Numbers are divided by a power of two near the largest, which changes no digit, so that
 * neither squares nor sums leave the range of a double. */
static rwk_status measure(rwk_scale *scale, const rwk_design *d, const double *x, size_t stride,
                          const char *name) {
  double total = 0, largest = 0, sum = 0, square = 0, rest = 0;
  for (size_t i = 0; i < d->rows; i++) {
    total += weight(d, i);
    if (weight(d, i) > 0) largest = fmax(largest, fabs(x[i * stride]));
  }
  int power = 0;
  frexp(largest, &power);
  if (power < -1000) power = -1000;
  const double unit = ldexp(1, -power); /* finite and not 0 in either direction, so exact */
  for (size_t i = 0; i < d->rows; i++) sum += weight(d, i) / total * (x[i * stride] * unit);
  for (size_t i = 0; i < d->rows; i++) {
    const double w = weight(d, i) / total, t = x[i * stride] * unit - sum;
    square += w * t * t;
    rest += w * t;
  }
  scale->mean = ldexp(sum + rest, power);
  scale->scale = ldexp(sqrt(fmax(0, square - rest * rest)), power);
  if (!isfinite(scale->mean) || !isfinite(scale->scale)) return too_large(d, name);
  return RWK_OK;
}

/* A row of weight 0 does not count; some row does. */
static size_t first_that_counts(const rwk_design *d) {
  size_t first = 0;
  while (first + 1 < d->rows && weight(d, first) == 0) first++;
  return first;
}

/* Does x differ between two rows that count? */
static int varies(const rwk_design *d, const double *x, size_t stride) {
  const size_t first = first_that_counts(d);
  for (size_t i = first + 1; i < d->rows; i++)
    if (weight(d, i) > 0 && x[i * stride] != x[first * stride]) return 1;
  return 0;
}

rwk_status rwk_leave_out_constants(rwk_design *d) {
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
      rwk_source_clear(&s, d->ctx);
      continue;
    }
    memset(keep + s.first, 1, s.inputs);
    d->sources[kept_sources++] = s;
  }
  for (size_t j = kept_sources; j < d->source_count; j++) d->sources[j] = (rwk_source){0};
  d->source_count = kept_sources;
  for (size_t j = 0; j < d->inputs; j++) {
    char *name = d->input_names[j];
    d->input_names[j] = NULL;
    if (keep[j])
      d->input_names[kept++] = name;
    else
      rwk_free(d->ctx, name);
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

/* Without scaling, squares of the numbers must be finite, and their sum. */
static rwk_status check_size(const rwk_design *d, const double *x, size_t stride, const char *name) {
  for (size_t i = 0; i < d->rows; i++)
    if (fabs(x[i * stride]) > 1e150) return too_large(d, name);
  return RWK_OK;
}

static rwk_status find_scale(rwk_scale *scale, const rwk_design *d, const double *x, size_t stride,
                             const char *name) {
  *scale = (rwk_scale){0, 1};
  if (!d->standardise) return check_size(d, x, stride, name);
  RWK_TRY(measure(scale, d, x, stride, name));
  const size_t first = first_that_counts(d);
  if (!varies(d, x, stride)) *scale = (rwk_scale){x[first * stride], 1}; /* whatever rounding left */
  if (!(scale->scale > 0)) scale->scale = 1;
  return RWK_OK;
}

rwk_status rwk_find_scales(rwk_design *d) {
  char shown[RWK_SHOWN];
  for (size_t j = 0; j < d->inputs; j++)
    RWK_TRY(find_scale(&d->input_scale[j], d, d->X + j, d->inputs, d->input_names[j]));
  for (size_t k = 0; k < d->outputs; k++) {
    d->target_scale[k] = (rwk_scale){0, 1};
    if (d->classes.count) continue;
    if (!varies(d, d->Y + k, d->outputs))
      rwk_note(d->ctx, "target '%s' is constant", rwk_shown(shown, d->targets[k], strlen(d->targets[k])));
    RWK_TRY(find_scale(&d->target_scale[k], d, d->Y + k, d->outputs, d->targets[k]));
  }
  return RWK_OK;
}

static double scaled(double x, const rwk_scale *s) {
  const double t = x - s->mean;
  return isfinite(t) ? t / s->scale : x / s->scale - s->mean / s->scale;
}

void rwk_apply_scales(rwk_design *d) {
  for (size_t i = 0; i < d->rows; i++) {
    for (size_t j = 0; j < d->inputs; j++)
      d->X[i * d->inputs + j] = scaled(d->X[i * d->inputs + j], &d->input_scale[j]);
    for (size_t k = 0; d->Y && k < d->outputs; k++)
      d->Y[i * d->outputs + k] = scaled(d->Y[i * d->outputs + k], &d->target_scale[k]);
  }
}

rwk_status rwk_design_unscale(double *F, size_t ldf, const rwk_design *d, size_t rows) {
  for (size_t i = 0; i < rows; i++)
    for (size_t k = 0; k < d->outputs; k++)
      F[i * ldf + k] = F[i * ldf + k] * d->target_scale[k].scale + d->target_scale[k].mean;
  return RWK_OK;
}
