/* From the folds' errors to a curve, two choices and one prediction a row. */
#include <math.h>
#include "study/cv.h"

/* Of one repeat. *folds counts those that hold any weight. */
static void of_repeat(double *mean, double *variance, const rwk_fold_result *f, size_t folds, size_t i) {
  double weight = 0, sum = 0, square = 0;
  size_t counted = 0;
  for (size_t k = 0; k < folds; k++) {
    weight += f[k].weight;
    sum += f[k].error[i];
    counted += f[k].weight > 0;
  }
  *mean = sum / weight;
  for (size_t k = 0; k < folds; k++) {
    if (!(f[k].weight > 0)) continue;
    const double gap = f[k].error[i] / f[k].weight - *mean;
    square += f[k].weight * gap * gap;
  }
  *variance = counted > 1 ? square / weight / (double)(counted - 1) : NAN;
}

rwk_status rwk_cv_curve(rwk_cv *cv) {
  rwk_cv_summary *s = &cv->summary;
  size_t best = s->count;
  for (size_t i = 0; i < s->count; i++) {
    double mean = 0, variance = 0;
    for (size_t r = 0; r < s->repeats; r++) {
      double m, v;
      of_repeat(&m, &v, cv->results + r * s->folds, s->folds, i);
      mean += m / (double)s->repeats;
      variance += v / (double)s->repeats;
    }
    cv->points[i].mean = mean;
    cv->points[i].se = sqrt(variance);
    if (isfinite(mean) && (best == s->count || mean < cv->points[best].mean)) best = i;
  }
  if (best == s->count)
    return rwk_fail(cv->ctx, RWK_NUMERICAL, "no penalty has a fit with finite predictions in every fold");
  size_t simple = best;
  const double limit = cv->points[best].mean + cv->points[best].se;
  for (size_t i = best; i < s->count; i++)
    if (cv->points[i].mean <= limit) simple = i;
  s->index[RWK_CV_MIN] = best;
  s->index[RWK_CV_1SE] = simple;
  s->end = s->count < 2 ? 0 : best == 0 ? -1 : best + 1 == s->count ? 1 : 0;
  return RWK_OK;
}

rwk_status rwk_cv_gather(rwk_cv *cv) {
  const rwk_cv_summary *s = &cv->summary;
  const size_t q = s->outputs;
  for (int choice = 0; choice < 2; choice++) {
    cv->held[choice] = rwk_alloc_doubles(cv->ctx, s->repeats * s->rows * q);
    if (!cv->held[choice]) return rwk_fail_memory(cv->ctx, "predictions");
    for (size_t f = 0; f < s->repeats * s->folds; f++) {
      const rwk_fold_result *result = &cv->results[f];
      const double *from = result->held + s->index[choice] * result->row_count * q;
      double *to = cv->held[choice] + f / s->folds * s->rows * q;
      for (size_t i = 0; i < result->row_count; i++)
        for (size_t k = 0; k < q; k++) to[result->rows[i] * q + k] = from[i * q + k];
    }
  }
  return RWK_OK;
}

size_t rwk_cv_class(const double *p, size_t outputs) {
  size_t at = 0;
  if (outputs == 1) return p[0] > 0.5;
  for (size_t k = 1; k < outputs; k++)
    if (p[k] > p[at]) at = k;
  return at;
}

double rwk_cv_accuracy(const rwk_cv *cv, rwk_cv_choice choice) {
  const rwk_cv_summary *s = &cv->summary;
  const size_t q = s->outputs;
  double right = 0, weight = 0;
  for (size_t i = 0; i < s->repeats * s->rows; i++) {
    const double omega = cv->weights ? cv->weights[i % s->rows] : 1;
    right += omega *
             (rwk_cv_class(cv->held[choice] + i * q, q) == rwk_cv_class(cv->observed + i % s->rows * q, q));
    weight += omega;
  }
  return right / weight;
}

void rwk_cv_rmse(double *rmse, const rwk_cv *cv, rwk_cv_choice choice) {
  const rwk_cv_summary *s = &cv->summary;
  const size_t q = s->outputs;
  for (size_t k = 0; k < q; k++) {
    double sum = 0, weight = 0;
    for (size_t r = 0; r < s->repeats; r++)
      for (size_t i = 0; i < s->rows; i++) {
        const double omega = cv->weights ? cv->weights[i] : 1;
        const double e = cv->observed[i * q + k] - cv->held[choice][(r * s->rows + i) * q + k];
        sum += omega * e * e;
        weight += omega;
      }
    rmse[k] = sqrt(sum / weight);
  }
}
