#include "path/forecast.h"
#include <math.h>
#include "base/context.h"

enum { KINDS = RWK_WALK_GRADUATED + 1 };

rwk_status rwk_forecast_open(rwk_forecast *f, rwk_context *ctx, unsigned walks, int starts, size_t count,
                             int64_t steps, double search) {
  *f = (rwk_forecast){.count = count,
                      .starts = starts,
                      .walks = walks & ~(unsigned)RWK_WALKS_BEST,
                      .steps_left = steps,
                      .per_step = 2,
                      .search = search,
                      .search_left = NAN};
  f->seconds = rwk_calloc(ctx, KINDS * count, sizeof *f->seconds);
  f->known = rwk_calloc(ctx, KINDS * count, sizeof *f->known);
  return f->seconds && f->known ? RWK_OK : rwk_fail_memory(ctx, "a forecast");
}

void rwk_forecast_close(rwk_forecast *f, rwk_context *ctx) {
  rwk_free(ctx, f->seconds);
  rwk_free(ctx, f->known);
}

void rwk_forecast_fit(rwk_forecast *f, rwk_walk walk, size_t index, double seconds, int fetched) {
  const size_t at = (size_t)walk * f->count + index;
  f->seconds[at] += seconds;
  f->known[at]++;
  if (!fetched) f->fit_work += seconds;
}

void rwk_forecast_step(rwk_forecast *f, double seconds) {
  f->step_work += seconds;
  f->steps++;
  if (f->steps_left > 0) f->steps_left--;
}

static double mean(double sum, int64_t n) {
  return n > 0 ? sum / (double)n : NAN;
}

/* Of a kind of walk, over all penalties. */
static double mean_of_kind(const rwk_forecast *f, int kind) {
  double sum = 0;
  int64_t n = 0;
  for (size_t i = 0; i < f->count; i++) {
    sum += f->seconds[(size_t)kind * f->count + i];
    n += f->known[(size_t)kind * f->count + i];
  }
  return mean(sum, n);
}

/* Fits from random weights take more than those from the neighbour's: until one is known, so much more. */
static const double cold_by_warm = 3, graduated_by_warm = 10;

static double guess_of_kind(const rwk_forecast *f, int kind) {
  const double own = mean_of_kind(f, kind), up = mean_of_kind(f, RWK_WALK_UP),
               warm = isnan(up) ? mean_of_kind(f, RWK_WALK_DOWN) : up;
  if (!isnan(own)) return own;
  return kind == RWK_WALK_COLD        ? cold_by_warm * warm
         : kind == RWK_WALK_GRADUATED ? graduated_by_warm * warm
                                      : warm;
}

/* Work of the walks that is left; *whole: with what is known. */
static double walks_left(const rwk_forecast *f, double *whole) {
  double left = 0;
  *whole = 0;
  for (int kind = 0; kind < KINDS; kind++) {
    if (!(f->walks >> kind & 1)) continue;
    const double guess = guess_of_kind(f, kind);
    for (size_t i = 0; i < f->count; i++) {
      const size_t at = (size_t)kind * f->count + i;
      const double each = f->known[at] ? f->seconds[at] / (double)f->known[at] : guess;
      const double more = each * (double)(f->starts - f->known[at]);
      left += more;
      *whole += more + f->seconds[at];
    }
  }
  return left;
}

double rwk_forecast_left(const rwk_forecast *f, double gone) {
  if (!isnan(f->search_left)) return f->search_left;
  const double done = f->fit_work + f->step_work;
  double whole;
  const double fits = walks_left(f, &whole);
  const double warm = guess_of_kind(f, RWK_WALK_UP),
               step = f->steps ? f->step_work / (double)f->steps : f->per_step * (isnan(warm) ? 0 : warm);
  const double left = fits + step * (double)f->steps_left + f->search * whole;
  return done > 0 && gone > 0 ? left * gone / done : NAN;
}

double rwk_forecast_rounds(double p, int idle, int patience) {
  if (idle >= patience) return 0;
  const double q = 1 - p;
  return p > 0 ? (pow(q, -patience) - pow(q, -idle)) / p : (double)(patience - idle);
}
