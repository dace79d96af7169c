/* path/forecast.h: how long a path will still take.
 *
 * Work is counted in seconds of one thread, and priced by what was done of its kind: a fit, or the
 * explanation of a step, by those of its walk at its penalty. How much of it goes through in a second of the
 * clock is seen from what went through. The search of best ends when it finds nothing any more: each of its
 * rounds says anew how many are to come. Nothing here looks at a clock.
 */
#ifndef RWK_PATH_FORECAST_H
#define RWK_PATH_FORECAST_H

#include <ridgewalk/path.h>

typedef struct rwk_forecast {
  size_t count; /* of the grid */
  int starts, explain;
  unsigned walks;     /* without best */
  double *seconds;    /* [RWK_FORECAST_KINDS x count] of what is known, by kind of work and penalty */
  int64_t *known;     /* [the same] how many */
  double work;        /* seconds of what this path has done itself */
  double search;      /* the search of best, in warm fits: a guess until it begins */
  double search_left; /* seconds by the clock; NaN before it begins */
} rwk_forecast;

/* Kinds of work: the fits of a walk by its number, then the steps of up and of down. */
enum { RWK_FORECAST_KINDS = RWK_WALK_GRADUATED + 3 };

/* explain: the steps of up and down will be. */
rwk_status rwk_forecast_open(rwk_forecast *f, rwk_context *ctx, unsigned walks, int starts, size_t count,
                             int explain, double search);
void rwk_forecast_close(rwk_forecast *f, rwk_context *ctx);

/* A fit of a walk is there, made now or fetched; the step from `index` on of a warm walk is explained. */
void rwk_forecast_fit(rwk_forecast *f, rwk_walk walk, size_t index, double seconds, int fetched);
void rwk_forecast_step(rwk_forecast *f, rwk_walk walk, size_t index, double seconds);

/* The clock's seconds that are left, when so many have gone; NaN while nothing is known. */
double rwk_forecast_left(const rwk_forecast *f, double gone);

/* What the rounds of a search have brought: a penalty that is tried in round t = 1, 2, ... gains with
 * probability rate / t, as finds grow rare. */
typedef struct rwk_outlook {
  int rounds;            /* done */
  double gains, chances; /* of all rounds; chances: the sum of 1 / t over penalties that were tried */
  double seconds, tries; /* of the rounds; the latest count most */
} rwk_outlook;

void rwk_outlook_add(rwk_outlook *o, double gains, size_t tried, double seconds);

/* After how many more rounds, by expectation, `patience` in a row have brought nothing at a penalty, for
 * which `idle` have brought nothing so far; no more than `most`. */
double rwk_outlook_rounds(const rwk_outlook *o, int idle, int patience, int most);

/* Seconds of one try of one penalty. */
double rwk_outlook_price(const rwk_outlook *o);

#endif
