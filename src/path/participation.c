/* In how many directions something happens: participation ratios. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "path/explain.h"

/* 1 / sum p_i^2 with p_i = x_i^2 / |x|^2: 1 when one entry is all there is, n when all n are alike. */
static double ratio(const double *x, size_t n) {
  double sum = 0, squares = 0;
  for (size_t i = 0; i < n; i++) sum += x[i];
  if (!(sum > 0)) return NAN;
  for (size_t i = 0; i < n; i++) squares += x[i] / sum * (x[i] / sum);
  return 1 / squares;
}

/* "unit 3 (62%), unit 5 (20%)": the largest shares, up to four, of at least 5% each. */
static void name_parts(char *text, size_t size, const rwk_explainer *x, double *share) {
  const rwk_problem *p = x->path->problem;
  double sum = 0;
  size_t length = 0;
  text[0] = 0;
  for (size_t k = 0; k < x->group_count; k++) sum += share[k];
  for (int named = 0; named < 4 && sum > 0; named++) {
    size_t best = 0;
    for (size_t k = 1; k < x->group_count; k++)
      if (share[k] > share[best]) best = k;
    if (share[best] < 0.05 * sum) return;
    char name[96];
    p->ops.group_name(name, sizeof name, best, p->self);
    const int wrote = snprintf(text + length, size - length, "%s%s (%.0f%%)", named ? ", " : "", name,
                               100 * share[best] / sum);
    if (wrote < 0 || (size_t)wrote >= size - length) return;
    length += (size_t)wrote;
    share[best] = 0;
  }
}

rwk_status rwk_participation(rwk_drop *d, rwk_explainer *x, const double *null_vector, const double *before,
                             const double *after) {
  const size_t n = x->path->dim, groups = x->group_count;
  double *square = rwk_alloc_doubles(x->ctx, n + groups + 1), *share = square + n;
  if (!square) return rwk_fail_memory(x->ctx, "participation ratios");
  for (int null = 1; null >= 0; null--) {
    if (null && !null_vector) continue;
    memset(share, 0, groups * sizeof *share);
    for (size_t i = 0; i < n; i++) {
      const double v = null ? null_vector[i] : after[i] - before[i];
      square[i] = v * v;
      if (groups) share[x->group[i]] += v * v;
    }
    *(null ? &d->null_weights : &d->moved_weights) = ratio(square, n);
    if (!groups) continue;
    *(null ? &d->null_units : &d->moved_units) = ratio(share, groups);
    if (null || !null_vector) name_parts(d->moves, sizeof d->moves, x, share);
  }
  rwk_free_doubles(x->ctx, square);
  return RWK_OK;
}
