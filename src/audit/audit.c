#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "audit/audit.h"

enum { ROWS_MOST = 20000 };

const char *rwk_audit_verdict_name(rwk_audit_verdict verdict) {
  switch (verdict) {
#define RWK_X(symbol, name, message)                                                                         \
  case RWK_AUDIT_##symbol:                                                                                   \
    return name;
    RWK_AUDIT_VERDICT_LIST(RWK_X)
#undef RWK_X
  }
  return "?";
}

void rwk_audit_settings_init(rwk_audit_settings *settings) {
  *settings = (rwk_audit_settings){.size = sizeof *settings, .factor = 1};
}

static rwk_status check(rwk_context *ctx, const rwk_sweep *sweep, const rwk_audit_settings *s) {
  if (s->size != sizeof *s)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "settings: rwk_audit_settings_init was not called on them");
  if (!(s->factor > 0) || !isfinite(s->factor))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "factor: %g is not a positive number", s->factor);
  if (!(s->rows >= 0) || !isfinite(s->rows))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "rows: %g is no number of rows", s->rows);
  if (sweep->count == 0) return rwk_fail(ctx, RWK_DATA, "the sweep has no rows");
  if (sweep->count > ROWS_MOST)
    return rwk_fail(ctx, RWK_DATA, "the sweep has %zu rows, more than %d: leave out the worse seeds",
                    sweep->count, ROWS_MOST);
  const struct {
    const char *name;
    const double *x;
  } columns[] = {{"lambda", sweep->lambda},       {"mse", sweep->mse},
                 {"penalty", sweep->penalty},     {"lambda_error", sweep->lambda_error},
                 {"mse_error", sweep->mse_error}, {"penalty_error", sweep->penalty_error}};
  for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
    for (size_t i = 0; columns[k].x && i < sweep->count; i++)
      if (!(columns[k].x[i] >= 0) || !(columns[k].x[i] < 1e150)) /* so that products of two stay finite */
        return rwk_fail(ctx, RWK_DATA, "row %zu: %s is %g, not a number from 0 to 1e150", i, columns[k].name,
                        columns[k].x[i]);
  return RWK_OK;
}

static rwk_status copy(double **to, rwk_audit *d, const double *from) {
  *to = rwk_alloc(d->ctx, d->count, sizeof **to);
  if (!*to) return rwk_fail_memory(d->ctx, "the sweep");
  if (from) memcpy(*to, from, d->count * sizeof **to);
  return RWK_OK;
}

static rwk_status fill(rwk_audit *d, const rwk_sweep *sweep) {
  RWK_TRY(copy(&d->lambda, d, sweep->lambda));
  RWK_TRY(copy(&d->mse, d, sweep->mse));
  RWK_TRY(copy(&d->penalty, d, sweep->penalty));
  RWK_TRY(copy(&d->lambda_error, d, sweep->lambda_error));
  RWK_TRY(copy(&d->mse_error, d, sweep->mse_error));
  RWK_TRY(copy(&d->penalty_error, d, sweep->penalty_error));
  if (!sweep->lambda_error) rwk_audit_rounding(d->lambda_error, d->lambda, d->count, 1);
  if (!sweep->mse_error) rwk_audit_rounding(d->mse_error, d->mse, d->count, 0);
  if (!sweep->penalty_error) rwk_audit_rounding(d->penalty_error, d->penalty, d->count, 0);
  d->order = rwk_alloc(d->ctx, d->count, sizeof *d->order);
  d->group = rwk_alloc(d->ctx, d->count, sizeof *d->group);
  d->echo = rwk_calloc(d->ctx, d->count, 1);
  d->mute = rwk_calloc(d->ctx, d->count, 1);
  d->interval = rwk_alloc(d->ctx, d->count, sizeof *d->interval);
  d->points = rwk_alloc(d->ctx, d->count, sizeof *d->points);
  d->drops = rwk_alloc(d->ctx, d->count, sizeof *d->drops);
  if (!d->order || !d->group || !d->echo || !d->mute || !d->interval || !d->points || !d->drops)
    return rwk_fail_memory(d->ctx, "the audit");
  return RWK_OK;
}

typedef struct rwk_place {
  double lambda;
  size_t row;
} rwk_place;

static int by_lambda(const void *a, const void *b) {
  const rwk_place *x = a, *y = b;
  if (x->lambda != y->lambda) return x->lambda < y->lambda ? -1 : 1;
  return (x->row > y->row) - (x->row < y->row);
}

static rwk_status sort(rwk_audit *d) {
  rwk_place *places = rwk_alloc(d->ctx, d->count, sizeof *places);
  if (!places) return rwk_fail_memory(d->ctx, "the audit");
  for (size_t i = 0; i < d->count; i++) places[i] = (rwk_place){d->lambda[i], i};
  qsort(places, d->count, sizeof *places, by_lambda);
  for (size_t k = 0; k < d->count; k++) {
    d->groups += k == 0 || places[k].lambda != places[k - 1].lambda;
    d->order[k] = places[k].row;
    d->group[places[k].row] = d->groups - 1;
  }
  rwk_free(d->ctx, places);
  return RWK_OK;
}

static void find_excess(rwk_audit *d) {
  const double c = d->summary.factor;
  for (size_t i = 0; i < d->count; i++) {
    rwk_audit_point *p = &d->points[i];
    const double shrink = c * d->lambda[i] * d->penalty[i];
    *p = (rwk_audit_point){.lambda = d->lambda[i],
                           .mse = d->settings.objective ? d->mse[i] - shrink : d->mse[i],
                           .penalty = d->penalty[i],
                           .objective = d->settings.objective ? d->mse[i] : d->mse[i] + shrink,
                           .dominated_by = RWK_AUDIT_NONE};
    double most = -INFINITY;
    for (size_t j = 0; j < d->count; j++) {
      if (i == j) continue;
      const rwk_pair q = rwk_audit_pair(d, i, j);
      const double by = q.a + c * q.b, rounding = q.t + c * q.u;
      if (by > most && p->dominated_by == RWK_AUDIT_NONE) {
        most = by;
        p->rounding = rounding;
      }
      if (by > rounding && by > p->excess) {
        p->excess = by;
        p->rounding = rounding;
        p->dominated_by = j;
      }
    }
    d->summary.beaten += p->excess > 0;
  }
}

static void add_drop(rwk_audit *d, size_t i, size_t j) {
  const double c = d->summary.factor;
  const rwk_pair forth = rwk_audit_pair(d, i, j), back = rwk_audit_pair(d, j, i);
  const double l1 = c * d->lambda[i], l2 = c * d->lambda[j];
  rwk_audit_drop *x = &d->drops[d->drop_count++];
  *x = (rwk_audit_drop){.from = i,
                        .to = j,
                        .D = d->points[i].mse - d->points[j].mse,
                        .a = forth.a + c * forth.b,
                        .b = back.a + c * back.b};
  x->certain = x->D * (l2 - l1) / (l2 + l1);
  x->restart = x->a >= x->b ? i : j;
  x->with = x->a >= x->b ? j : i;
}

/* From each penalty's best row to the next's: drops, and the slopes between them. */
static void walk(rwk_audit *d) {
  rwk_audit_summary *s = &d->summary;
  size_t last = RWK_AUDIT_NONE;
  s->steepest = s->flattest = NAN;
  for (size_t k = 0; k < d->count;) {
    size_t best = d->order[k];
    const size_t g = d->group[best];
    for (; k < d->count && d->group[d->order[k]] == g; k++)
      if (d->points[d->order[k]].objective < d->points[best].objective) best = d->order[k];
    const size_t from = last;
    last = best;
    if (from == RWK_AUDIT_NONE) continue;
    const double rise = d->points[best].mse - d->points[from].mse;
    const double shrinks = d->penalty[from] - d->penalty[best];
    double slack = d->mse_error[from] + d->mse_error[best] + 1e-15 * (d->mse[from] + d->mse[best]);
    if (d->settings.objective)
      slack +=
          s->factor * (d->lambda[from] * d->penalty_error[from] + d->lambda[best] * d->penalty_error[best] +
                       d->lambda_error[from] * d->penalty[from] + d->lambda_error[best] * d->penalty[best]);
    const double thin = d->penalty_error[from] + d->penalty_error[best];
    if (-rise > slack) add_drop(d, from, best);
    const double ratio = rise / shrinks / sqrt(d->lambda[from] * d->lambda[best]);
    if (rise > slack && shrinks > thin && isfinite(ratio)) {
      s->slopes++;
      s->steepest = fmax(s->steepest, ratio);
      s->flattest = fmin(s->flattest, ratio);
    } else if (-rise > slack || -shrinks > thin) {
      s->contrary++;
    }
  }
}

rwk_status rwk_audit_create(rwk_audit **audit, rwk_context *ctx, const rwk_sweep *sweep,
                            const rwk_audit_settings *settings) {
  *audit = NULL;
  rwk_audit_settings defaults;
  rwk_audit_settings_init(&defaults);
  if (!settings) settings = &defaults;
  RWK_TRY(check(ctx, sweep, settings));
  rwk_audit *d = rwk_calloc(ctx, 1, sizeof *d);
  if (!d) return rwk_fail_memory(ctx, "the audit");
  d->ctx = ctx;
  d->settings = *settings;
  d->count = sweep->count;
  if (settings->convention) snprintf(d->convention, sizeof d->convention, "%s", settings->convention);
  d->settings.convention = d->convention;
  rwk_status status = fill(d, sweep);
  if (status == RWK_OK) status = sort(d);
  if (status == RWK_OK) status = rwk_audit_find_scale(d);
  if (status != RWK_OK) {
    rwk_audit_destroy(d);
    return status;
  }
  find_excess(d);
  walk(d);
  d->summary.verdict = d->summary.scale == RWK_SCALE_NONE ? RWK_AUDIT_INCONSISTENT
                       : d->summary.beaten                ? RWK_AUDIT_NOT_GLOBAL
                                                          : RWK_AUDIT_CONSISTENT;
  rwk_audit_reason(d);
  *audit = d;
  return RWK_OK;
}

void rwk_audit_destroy(rwk_audit *d) {
  if (!d) return;
  rwk_free(d->ctx, d->lambda);
  rwk_free(d->ctx, d->mse);
  rwk_free(d->ctx, d->penalty);
  rwk_free(d->ctx, d->lambda_error);
  rwk_free(d->ctx, d->mse_error);
  rwk_free(d->ctx, d->penalty_error);
  rwk_free(d->ctx, d->order);
  rwk_free(d->ctx, d->group);
  rwk_free(d->ctx, d->echo);
  rwk_free(d->ctx, d->mute);
  rwk_free(d->ctx, d->interval);
  rwk_free(d->ctx, d->points);
  rwk_free(d->ctx, d->drops);
  rwk_free(d->ctx, d);
}

const rwk_audit_summary *rwk_audit_summary_get(const rwk_audit *d) {
  return &d->summary;
}

const rwk_audit_point *rwk_audit_points(const rwk_audit *d) {
  return d->points;
}

const rwk_audit_drop *rwk_audit_drops(size_t *count, const rwk_audit *d) {
  *count = d->drop_count;
  return d->drops;
}
