/* path/forecast.h: how long a path will still take.
 *
 * Work is counted in seconds of one thread, and priced by what was done of its kind: a fit by those at its
 * penalty, an explanation by those that were made. How much of it goes through in a second is seen from what
 * went through. The search of best ends by luck: each round of it says anew how many are to come.
 */
#ifndef RWK_PATH_FORECAST_H
#define RWK_PATH_FORECAST_H

#include <ridgewalk/path.h>

typedef struct rwk_forecast {
  size_t count; /* of the grid */
  int starts;
  unsigned walks;
  double *seconds;                          /* [kinds of walks x count] of the fits that are known */
  int64_t *known;                           /* [the same] how many */
  double fit_work, step_work;               /* seconds of what this path has done itself */
  int64_t steps, steps_left;                /* explained, and to be */
  double per_step;                          /* seconds of an explanation, in those of a warm fit, before one is made */
  double search;                            /* work of the search, in that of the walks: a guess until it begins */
  double search_left;                       /* seconds by the clock; NaN before it begins */
} rwk_forecast;

/* steps: those of warm walks that will be explained. */
rwk_status rwk_forecast_open(rwk_forecast *f, rwk_context *ctx, unsigned walks, int starts, size_t count,
                             int64_t steps, double search);
void rwk_forecast_close(rwk_forecast *f, rwk_context *ctx);

/* A fit of a walk is there, made now or fetched; a step is explained. */
void rwk_forecast_fit(rwk_forecast *f, rwk_walk walk, size_t index, double seconds, int fetched);
void rwk_forecast_step(rwk_forecast *f, double seconds);

/* The clock's seconds that are left, when so many have gone; NaN while nothing is known. */
double rwk_forecast_left(const rwk_forecast *f, double gone);

/* Rounds until `patience` of them in a row have brought nothing, `idle` of which are over, where one brings
 * something with probability p: (q^-patience - q^-idle) / p with q = 1 - p; patience - idle for p = 0. */
double rwk_forecast_rounds(double p, int idle, int patience);

#endif
