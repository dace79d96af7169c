#include "path/forecast.h"
#include <math.h>
#include "base/context.h"

enum { STEPS_UP = RWK_WALK_GRADUATED + 1, STEPS_DOWN };

/* What a piece of a kind costs by a warm fit, until some are known. Measured by bench/forecast.c; networks of
 * 3 to 12 units agree to a factor of 2. */
static double by_warm(int kind) {
  switch (kind) {
  case RWK_WALK_COLD:
    return 1.8;
  case RWK_WALK_GRADUATED:
    return 10;
  case STEPS_UP:
    return 3;
  case STEPS_DOWN:
    return 6;
  default:
    return 1;
  }
}

rwk_status rwk_forecast_open(rwk_forecast *f, rwk_context *ctx, unsigned walks, int starts, size_t count,
                             int explain, double search) {
  *f = (rwk_forecast){.count = count,
                      .starts = starts,
                      .explain = explain,
                      .walks = walks & ~(unsigned)RWK_WALKS_BEST,
                      .search = search,
                      .search_left = NAN};
  f->seconds = rwk_calloc(ctx, RWK_FORECAST_KINDS * count, sizeof *f->seconds);
  f->known = rwk_calloc(ctx, RWK_FORECAST_KINDS * count, sizeof *f->known);
  return f->seconds && f->known ? RWK_OK : rwk_fail_memory(ctx, "a forecast");
}

void rwk_forecast_close(rwk_forecast *f, rwk_context *ctx) {
  rwk_free(ctx, f->seconds);
  rwk_free(ctx, f->known);
}

static void add(rwk_forecast *f, int kind, size_t index, double seconds) {
  f->seconds[(size_t)kind * f->count + index] += seconds;
  f->known[(size_t)kind * f->count + index]++;
}

void rwk_forecast_fit(rwk_forecast *f, rwk_walk walk, size_t index, double seconds, int fetched) {
  add(f, (int)walk, index, seconds);
  if (!fetched) f->work += seconds;
}

void rwk_forecast_step(rwk_forecast *f, rwk_walk walk, size_t index, double seconds) {
  add(f, walk == RWK_WALK_UP ? STEPS_UP : STEPS_DOWN, index, seconds);
  f->work += seconds;
}

/* The kinds that are alike: what one costs at a penalty says what another costs there, by the ratio of
 * by_warm.
 */
typedef struct family {
  int first, last;
} family;

static family family_of(int kind) {
  return kind >= STEPS_UP ? (family){STEPS_UP, STEPS_DOWN} : (family){0, RWK_WALK_GRADUATED};
}

/* Adds what a family knows of a penalty, in warm fits. */
static void add_up(const rwk_forecast *f, family kinds, size_t index, double *sum, double *n) {
  for (int kind = kinds.first; kind <= kinds.last; kind++) {
    *sum += f->seconds[(size_t)kind * f->count + index] / by_warm(kind);
    *n += (double)f->known[(size_t)kind * f->count + index];
  }
}

/* Of a family over all penalties; NaN where nothing is known. Steps count as some more at the first guess,
 * for the first that are done are not like the others. */
static double mean_of(const rwk_forecast *f, int kind) {
  double sum = 0, n = 0;
  if (kind >= STEPS_UP) {
    const double fit = mean_of(f, RWK_WALK_UP);
    sum = isnan(fit) ? 0 : 6 * fit;
    n = isnan(fit) ? 0 : 6;
  }
  for (size_t i = 0; i < f->count; i++) add_up(f, family_of(kind), i, &sum, &n);
  return n > 0 ? sum / n : NAN;
}

/* A piece by its family: at this penalty, or over all. */
static double price(const rwk_forecast *f, int kind, size_t index, double mean) {
  double sum = 0, n = 0;
  add_up(f, family_of(kind), index, &sum, &n);
  return by_warm(kind) * (n > 0 ? sum / n : mean);
}

/* Work of a kind that is left. */
static double left_of(const rwk_forecast *f, int kind, size_t places) {
  const double mean = mean_of(f, kind), few = 3 * by_warm(kind) * mean;
  double left = 0, took = few, expected = few;
  if (isnan(mean)) return 0;
  for (size_t i = 0; i < places; i++) { /* is it dearer than the ratio has it? */
    const size_t at = (size_t)kind * f->count + i;
    took += f->seconds[at];
    expected += (double)f->known[at] * price(f, kind, i, mean);
  }
  for (size_t i = 0; i < places; i++) {
    const size_t at = (size_t)kind * f->count + i;
    const double each = f->known[at] ? f->seconds[at] / (double)f->known[at]
                                     : price(f, kind, i, mean) * (expected > 0 ? took / expected : 1);
    left += each * fmax(0, (double)(f->starts - f->known[at]));
  }
  return left;
}

double rwk_forecast_left(const rwk_forecast *f, double gone) {
  if (!isnan(f->search_left)) return f->search_left;
  if (!(f->work > 0) || !(gone > 0)) return NAN;
  double left = f->search * mean_of(f, RWK_WALK_UP);
  for (int kind = 0; kind <= RWK_WALK_GRADUATED; kind++)
    if (f->walks >> kind & 1) left += left_of(f, kind, f->count);
  for (int kind = RWK_WALK_UP; kind <= RWK_WALK_DOWN && f->explain; kind++)
    if (f->walks >> kind & 1) left += left_of(f, STEPS_UP + kind, f->count - 1);
  return left * gone / f->work;
}

void rwk_outlook_add(rwk_outlook *o, double gains, size_t tried, double seconds) {
  const double keep = 0.85;
  o->rounds++;
  o->gains += gains;
  o->chances += (double)tried / (double)o->rounds;
  o->seconds = keep * o->seconds + seconds;
  o->tries = keep * o->tries + (double)tried;
}

double rwk_outlook_price(const rwk_outlook *o) {
  return o->tries > 0 ? o->seconds / o->tries : 0;
}

/* From the last round back: after round t with k idle ones behind it the rest is V(t, k) = 1 + p V(t+1, 0) +
 * (1-p) V(t+1, k+1), with p = rate / (t+1), V = 0 at k = patience and when rounds run out. */
double rwk_outlook_rounds(const rwk_outlook *o, int idle, int patience, int most) {
  enum { MOST = 64 };
  double V[MOST + 1] = {0};
  if (patience > MOST) patience = MOST;
  if (idle >= patience) return 0;
  const double rate = (o->gains + 1) / (o->chances + 2);
  for (int t = o->rounds + most - 1; t >= o->rounds; t--) {
    const double p = fmin(0.9, rate / (double)(t + 1)), again = V[0];
    for (int k = 0; k < patience; k++) V[k] = 1 + p * again + (1 - p) * V[k + 1];
  }
  return V[idle];
}
