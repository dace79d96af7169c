/* What the best of m trials scores, and which trial is the best where scores are uncertain. */
#include <math.h>
#include <stdlib.h>
#include "study/search.h"

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

rwk_status rwk_efficiency_curve(rwk_efficiency *curve, rwk_context *ctx, const double *x, size_t count) {
  double *sorted = rwk_alloc_doubles(ctx, count);
  if (!sorted) return rwk_fail_memory(ctx, "the efficiency curve");
  for (size_t i = 0; i < count; i++) sorted[i] = x[i];
  qsort(sorted, count, sizeof *sorted, ascending);
  for (size_t m = 1; m <= count; m++) {
    rwk_efficiency *e = &curve[m - 1];
    double *const quartile[] = {&e->low, &e->median, &e->high};
    double chance = (double)m / (double)count, below = 0;
    int next = 0;
    *e = (rwk_efficiency){.trials = m};
    for (size_t i = 0; i + m <= count; i++) { /* the i-th smallest is in, and none of those below it */
      e->mean += chance * sorted[i];
      below += chance;
      while (next < 3 && below >= 0.25 * (next + 1) - 1e-12) *quartile[next++] = sorted[i];
      if (i + m < count) chance *= (double)(count - i - m) / (double)(count - i - 1);
    }
    while (next < 3) *quartile[next++] = sorted[count - m];
  }
  rwk_free_doubles(ctx, sorted);
  return RWK_OK;
}

static const double REACH = 8.5; /* standard deviations that hold all of a normal distribution that counts */

/* P(standard normal > x), and its density over that. */
static double survival(double x) {
  return 0.5 * erfc(x * 0.70710678118654752440);
}

static double hazard(double x) {
  return 0.39894228040143267794 * exp(-0.5 * x * x) / survival(x);
}

/* A trial that may be the best. */
typedef struct contender {
  size_t index;
  double mean, se, smooth; /* smooth: se, or what quadrature can see */
} contender;

/* Between *low and *high somebody wins; above *high nobody does, and those who begin there are left out. */
static size_t gather(contender *list, double *low, double *high, const double *mean, const double *se,
                     size_t count) {
  size_t n = 0;
  *low = *high = INFINITY;
  for (size_t i = 0; i < count; i++) {
    if (!isfinite(mean[i])) continue;
    const double s = isfinite(se[i]) ? se[i] : 0;
    *low = fmin(*low, mean[i] - REACH * s);
    *high = fmin(*high, mean[i] + REACH * s);
  }
  for (size_t i = 0; i < count; i++) {
    const double s = isfinite(se[i]) ? se[i] : 0;
    if (isfinite(mean[i]) && mean[i] - REACH * s <= *high) list[n++] = (contender){i, mean[i], s, s};
  }
  return n;
}

rwk_status rwk_search_winner(double *chance, double *expected, double *sd, rwk_context *ctx,
                             const double *mean, const double *se, size_t count) {
  enum { STEPS = 8192 };
  contender *list = rwk_alloc(ctx, count, sizeof *list);
  if (!list) return rwk_fail_memory(ctx, "the chances of trials");
  double low, high, total = 0, first = 0, square = 0;
  const size_t n = gather(list, &low, &high, mean, se, count);
  for (size_t i = 0; i < count; i++) chance[i] = 0;
  if (n == 0) {
    rwk_free(ctx, list);
    return rwk_fail(ctx, RWK_NUMERICAL, "no trial has a finite error: there is no best one");
  }
  /* a standard deviation of less than some steps is widened to these */
  const double least = high > low ? 2 * (high - low) / STEPS : 1e-12 * fabs(low) + 1e-300;
  for (size_t i = 0; i < n; i++) list[i].smooth = fmax(list[i].se, least);
  low -= REACH * least;
  high += REACH * least;
  const double step = (high - low) / STEPS;
  for (int k = 0; k <= STEPS;
       k++) { /* the trapezoidal rule is all but exact for what dies off at both ends */
    const double z = low + k * step;
    double all = 0;
    for (size_t i = 0; i < n; i++) all += log(survival((z - list[i].mean) / list[i].smooth));
    if (!(all > -700)) continue;
    for (size_t i = 0; i < n; i++)
      chance[list[i].index] += exp(all) * hazard((z - list[i].mean) / list[i].smooth) / list[i].smooth;
  }
  for (size_t i = 0; i < count; i++) total += chance[i];
  for (size_t i = 0; i < count; i++) chance[i] /= total;
  for (size_t i = 0; i < n; i++) first += chance[list[i].index] * list[i].mean;
  for (size_t i = 0; i < n; i++) {
    const double gap = list[i].mean - first;
    square += chance[list[i].index] * (gap * gap + list[i].se * list[i].se);
  }
  *expected = first;
  *sd = sqrt(square);
  rwk_free(ctx, list);
  return RWK_OK;
}
