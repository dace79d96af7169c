#include <ridgewalk/update.h>
#include <math.h>
#include <string.h>
#include "base/context.h"

struct rwk_update {
  rwk_context *ctx;
  rwk_update_settings settings;
  size_t dim;
  int64_t step; /* taken so far */
  double *mean, *square,
      *largest; /* [dim] each: of g, or sgd's velocity; of g^2; amsgrad: the largest of it */
};

static const char *const schedule_names[] = {
#define RWK_X(symbol, name) name,
    RWK_SCHEDULE_LIST(RWK_X)
#undef RWK_X
};

enum { SCHEDULES = sizeof schedule_names / sizeof *schedule_names };

const char *rwk_schedule_name(rwk_schedule schedule) {
  return (unsigned)schedule < SCHEDULES ? schedule_names[schedule] : "?";
}

rwk_status rwk_schedule_from_name(rwk_schedule *schedule, const char *name) {
  for (int i = 0; i < SCHEDULES; i++)
    if (!strcmp(schedule_names[i], name)) return *schedule = (rwk_schedule)i, RWK_OK;
  return RWK_INVALID_ARGUMENT;
}

void rwk_update_settings_init(rwk_update_settings *settings, rwk_solver_kind rule) {
  *settings = (rwk_update_settings){.size = sizeof *settings,
                                    .rule = rule,
                                    .learning_rate = rule == RWK_SOLVER_SGD ? 0.01 : 0.001,
                                    .schedule = RWK_SCHEDULE_CONSTANT,
                                    .momentum = 0.9,
                                    .beta1 = 0.9,
                                    .beta2 = 0.999,
                                    .epsilon = 1e-8,
                                    .bias_correction = rule != RWK_SOLVER_AMSGRAD,
                                    .low = -INFINITY,
                                    .high = INFINITY};
}

static int is_share(double x) {
  return x >= 0 && x < 1;
}

static rwk_status check(rwk_context *ctx, const rwk_update_settings *s) {
  if (s->size != sizeof *s)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "update settings: call rwk_update_settings_init first");
  if (!rwk_solver_is_stochastic(s->rule))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "rule: sgd, adam, amsgrad or adamw");
  if (!(s->learning_rate > 0) || !isfinite(s->learning_rate))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "learning_rate: %g is not positive", s->learning_rate);
  if ((unsigned)s->schedule >= SCHEDULES)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "schedule: there is none of number %d", (int)s->schedule);
  if (!is_share(s->momentum))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "momentum: %g is not in [0, 1)", s->momentum);
  if (!is_share(s->beta1) || !is_share(s->beta2))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "beta1, beta2: %g and %g are not both in [0, 1)", s->beta1,
                    s->beta2);
  if (!(s->epsilon >= 0) || !isfinite(s->epsilon))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "epsilon: %g is negative or not finite", s->epsilon);
  if (!(s->low < s->high)) return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "low: it must be below high");
  return RWK_OK;
}

rwk_status rwk_update_create(rwk_update **update, rwk_context *ctx, size_t dim,
                             const rwk_update_settings *settings) {
  *update = NULL;
  RWK_TRY(check(ctx, settings));
  rwk_update *u = rwk_calloc(ctx, 1, sizeof *u);
  if (!u) return rwk_fail_memory(ctx, "an update");
  *u = (rwk_update){.ctx = ctx, .settings = *settings, .dim = dim};
  u->mean = rwk_alloc_doubles(ctx, 3 * dim);
  if (!u->mean) {
    rwk_update_destroy(u);
    return rwk_fail_memory(ctx, "an update");
  }
  u->square = u->mean + dim;
  u->largest = u->square + dim;
  rwk_update_restart(u, settings->steps);
  *update = u;
  return RWK_OK;
}

void rwk_update_destroy(rwk_update *u) {
  if (!u) return;
  rwk_free_doubles(u->ctx, u->mean);
  rwk_free(u->ctx, u);
}

void rwk_update_restart(rwk_update *u, int64_t steps) {
  u->step = 0;
  u->settings.steps = steps;
  for (size_t i = 0; i < 3 * u->dim; i++) u->mean[i] = 0;
}

double rwk_update_rate(const rwk_update *u, int64_t t) {
  const double rate = u->settings.learning_rate, at = (double)t;
  switch (u->settings.schedule) {
  case RWK_SCHEDULE_SQRT:
    return rate / sqrt(at);
  case RWK_SCHEDULE_INVERSE:
    return rate / at;
  case RWK_SCHEDULE_COSINE:
    if (u->settings.steps < 1 || t > u->settings.steps) return rate;
    return rate * (1 + cos(acos(-1) * (at - 1) / (double)u->settings.steps)) / 2;
  case RWK_SCHEDULE_CONSTANT:
    break;
  }
  return rate;
}

static void heavy_ball(rwk_update *u, double *w, const double *g, double rate) {
  for (size_t i = 0; i < u->dim; i++) {
    u->mean[i] = u->settings.momentum * u->mean[i] + g[i];
    w[i] -= rate * u->mean[i];
  }
}

static void moments(rwk_update *u, double *w, const double *g, const double *decay, double rate) {
  const rwk_update_settings *s = &u->settings;
  const double t = (double)u->step, c1 = s->bias_correction ? 1 - pow(s->beta1, t) : 1,
               c2 = s->bias_correction ? 1 - pow(s->beta2, t) : 1;
  for (size_t i = 0; i < u->dim; i++) {
    u->mean[i] = s->beta1 * u->mean[i] + (1 - s->beta1) * g[i];
    u->square[i] = s->beta2 * u->square[i] + (1 - s->beta2) * g[i] * g[i];
    u->largest[i] = fmax(u->largest[i], u->square[i]);
    const double square = s->rule == RWK_SOLVER_AMSGRAD ? u->largest[i] : u->square[i];
    const double down = u->mean[i] / c1, scale = sqrt(square / c2) + s->epsilon;
    /* 0/0: no gradient was ever met, and there is nothing to do */
    w[i] -= rate * ((down != 0 ? down / scale : 0) + (decay ? decay[i] : 0));
  }
}

void rwk_update_step(rwk_update *u, double *w, const double *g, const double *decay) {
  u->step++;
  const double rate = rwk_update_rate(u, u->step);
  if (u->settings.rule == RWK_SOLVER_SGD)
    heavy_ball(u, w, g, rate);
  else
    moments(u, w, g, u->settings.rule == RWK_SOLVER_ADAMW ? decay : NULL, rate);
  for (size_t i = 0; i < u->dim; i++) w[i] = fmin(fmax(w[i], u->settings.low), u->settings.high);
}
