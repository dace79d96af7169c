#include <math.h>
#include <string.h>
#include <time.h>
#include "path/path.h"

static const char *const walk_names[] = {
#define RWK_X(symbol, name, meaning) name,
    RWK_WALK_LIST(RWK_X)
#undef RWK_X
};

static const char *const cause_names[] = {
#define RWK_X(symbol, name, meaning) name,
    RWK_CAUSE_LIST(RWK_X)
#undef RWK_X
};

static const char *const origin_names[] = {
#define RWK_X(symbol, name, meaning) name,
    RWK_ORIGIN_LIST(RWK_X)
#undef RWK_X
};

static const char *const effort_names[] = {
#define RWK_X(symbol, name, meaning) name,
    RWK_EFFORT_LIST(RWK_X)
#undef RWK_X
};

enum {
  ORIGINS = sizeof origin_names / sizeof *origin_names,
  EFFORTS = sizeof effort_names / sizeof *effort_names
};
enum { WALKS = sizeof walk_names / sizeof *walk_names, CAUSES = sizeof cause_names / sizeof *cause_names };

const char *rwk_walk_name(rwk_walk walk) {
  return (unsigned)walk < WALKS ? walk_names[walk] : "?";
}

const char *rwk_cause_name(rwk_cause cause) {
  return (unsigned)cause < CAUSES ? cause_names[cause] : "?";
}

const char *rwk_origin_name(rwk_origin_kind kind) {
  return (unsigned)kind < ORIGINS ? origin_names[kind] : "?";
}

const char *rwk_effort_name(rwk_effort effort) {
  return (unsigned)effort < EFFORTS ? effort_names[effort] : "?";
}

int rwk_walk_is_merged(rwk_walk walk) {
  return walk == RWK_WALK_COLD || walk == RWK_WALK_GRADUATED;
}

rwk_status rwk_effort_from_name(rwk_effort *effort, const char *name) {
  for (int i = 0; i < EFFORTS; i++)
    if (!strcmp(effort_names[i], name)) return *effort = (rwk_effort)i, RWK_OK;
  return RWK_INVALID_ARGUMENT;
}

rwk_status rwk_walk_from_name(rwk_walk *walk, const char *name) {
  for (int i = 0; i < WALKS; i++)
    if (!strcmp(walk_names[i], name)) return *walk = (rwk_walk)i, RWK_OK;
  return RWK_INVALID_ARGUMENT;
}

int rwk_path_is_dense(const rwk_path *path) {
  const rwk_solver_settings *s = &path->settings.solver;
  return s->algebra == RWK_ALGEBRA_DENSE || (s->algebra == RWK_ALGEBRA_AUTO && path->dim <= s->dense_limit);
}

void rwk_path_settings_init(rwk_path_settings *settings) {
  *settings = (rwk_path_settings){.size = sizeof *settings,
                                  .walks = RWK_WALKS_UP | RWK_WALKS_DOWN | RWK_WALKS_COLD | RWK_WALKS_BEST,
                                  .effort = RWK_EFFORT_NORMAL,
                                  .starts = 1,
                                  .smoothing = 0.5,
                                  .smoothing_epochs = 8,
                                  .smoothing_samples = 8,
                                  .drop_tol = 1e-9,
                                  .explain = 1,
                                  .explain_points = 2000,
                                  .collapse_tol = 1e-3};
  rwk_solver_settings_init(&settings->solver);
  rwk_certify_settings_init(&settings->certify);
}

static rwk_status check(rwk_context *ctx, const rwk_path_settings *s) {
  if (s->size != sizeof *s)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "path settings: call rwk_path_settings_init first");
  for (size_t i = 0; s->lambda && i < s->lambda_count; i++)
    if (!(s->lambda[i] > 0) || !isfinite(s->lambda[i]) || (i && !(s->lambda[i] > s->lambda[i - 1])))
      return rwk_fail(ctx, RWK_INVALID_ARGUMENT,
                      "lambda: penalties must be positive and ascending (number %zu is %g)", i + 1,
                      s->lambda[i]);
  if (s->lambda && s->lambda_count == 0)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "lambda: at least one penalty");
  if (s->take && !(s->give && s->save && s->fetch && !s->claim))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "take: it goes with give, save and fetch, and without claim");
  if (s->starts < 1) return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "starts: at least 1");
  if (s->walks == 0 || s->walks >> WALKS)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "walks: up, down, cold, best, graduated or some of them");
  if (!(s->smoothing > 0) || !isfinite(s->smoothing))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "smoothing: %g is not positive", s->smoothing);
  if (s->smoothing_epochs < 1 || s->smoothing_epochs > 60)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "smoothing_epochs: 1 to 60");
  if (s->smoothing_samples < 1 || s->smoothing_samples > 100000)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "smoothing_samples: 1 to 100000");
  if ((unsigned)s->effort >= EFFORTS)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "effort: low, normal or high");
  if (s->basins < 0 || s->basins >= RWK_BASINS)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "basins: 0 to %d", RWK_BASINS - 1);
  if (!(s->drop_tol >= 0 && s->drop_tol < 1))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "drop_tol: %g is not in [0, 1)", s->drop_tol);
  if (s->explain_points < 1) return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "explain_points: at least 1");
  if (!(s->collapse_tol >= 0 && s->collapse_tol < 1))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "collapse_tol: %g is not in [0, 1)", s->collapse_tol);
  return RWK_OK;
}

/* The grid of the settings, or 17 penalties from twice the collapse down. */
static rwk_status make_grid(rwk_path *path) {
  const rwk_path_settings *s = &path->settings;
  if (s->lambda) {
    path->lambda = rwk_alloc(path->ctx, s->lambda_count, sizeof *path->lambda);
    if (!path->lambda) return rwk_fail_memory(path->ctx, "the grid of penalties");
    memcpy(path->lambda, s->lambda, s->lambda_count * sizeof *path->lambda);
    path->count = s->lambda_count;
    return RWK_OK;
  }
  if (s->collapse_tol == 0) path->settings.collapse_tol = 1e-3;
  RWK_TRY(rwk_collapse_search(&path->collapse, path));
  if (isnan(path->collapse.collapse))
    return rwk_fail(
        path->ctx, RWK_NUMERICAL,
        "no penalty was found at which all weights are zero, so there is no automatic grid: give one");
  const double top = 2 * path->collapse.collapse;
  return rwk_lambda_grid(&path->lambda, &path->count, path->ctx, top * 0x1p-16, top, 2);
}

/* From the nonzero fit with the largest penalty over all walks; nothing to find where no fit is nonzero. */
static rwk_status find_collapse(rwk_path *path) {
  const rwk_fit *last = NULL;
  double largest = 0;
  for (size_t k = 0; k < path->slots * path->count; k++)
    if (path->made[k]) largest = fmax(largest, path->fits[k].solve.penalty);
  for (size_t k = 0; k < path->slots * path->count; k++) {
    const rwk_fit *f = &path->fits[k];
    if (path->made[k] && f->solve.penalty > 1e-9 * largest && (!last || f->lambda > last->lambda)) last = f;
  }
  if (!last) return rwk_collapse_search(&path->collapse, path);
  double *w = rwk_alloc_doubles(path->ctx, path->dim);
  if (!w) return rwk_fail_memory(path->ctx, "weights");
  memcpy(w, last->w, path->dim * sizeof *w);
  const rwk_status status = rwk_collapse_above(&path->collapse, path, w, last->lambda);
  rwk_free_doubles(path->ctx, w);
  return status;
}

static rwk_status make_room(rwk_path *path) {
  const rwk_path_settings *s = &path->settings;
  size_t kinds = 0, records = 0;
  for (int walk = 0; walk < WALKS; walk++)
    if (s->walks >> walk & 1) {
      kinds += walk != RWK_WALK_BEST;
      records += rwk_walk_is_merged((rwk_walk)walk) || walk == RWK_WALK_BEST ? 1 : (size_t)s->starts;
    }
  path->slots = kinds * (size_t)s->starts;
  path->fits = rwk_calloc(path->ctx, (path->slots + 1) * path->count, sizeof *path->fits);
  path->made = rwk_calloc(path->ctx, path->slots * path->count, 1);
  path->walks = rwk_calloc(path->ctx, records, sizeof *path->walks);
  path->steps = rwk_calloc(path->ctx, path->slots * path->count, sizeof *path->steps);
  path->origins = rwk_calloc(path->ctx, path->count, sizeof *path->origins);
  path->basins = rwk_calloc(path->ctx, path->count * (size_t)s->basins, sizeof *path->basins);
  path->total = (int64_t)((path->slots + (s->walks & RWK_WALKS_BEST ? 1 : 0)) * path->count);
  RWK_TRY(rwk_forecast_open(&path->forecast, path->ctx, s->walks, s->starts, path->count,
                            s->explain && rwk_path_is_dense(path),
                            s->walks & RWK_WALKS_BEST ? rwk_best_guess(path) : 0));
  return path->fits && path->made && path->walks && path->steps && path->origins && path->basins
             ? RWK_OK
             : rwk_fail_memory(path->ctx, "fits");
}

/* Waits until what comes after the walks is ours, or another has done it. */
static rwk_status take_rest(int *ours, const rwk_path *path) {
  const struct timespec pause = {.tv_nsec = 20000000};
  rwk_turn turn;
  for (;;) {
    RWK_TRY(path->settings.take(&turn, RWK_PIECE_REST, path->settings.store_payload));
    if (turn != RWK_TURN_LATER) break;
    nanosleep(&pause, NULL);
    if (rwk_cancelled(path->ctx)) return RWK_CANCELLED;
  }
  *ours = turn == RWK_TURN_OURS;
  return RWK_OK;
}

rwk_status rwk_path_run(rwk_path **out, rwk_context *ctx, const rwk_problem *problem,
                        const rwk_path_settings *settings) {
  *out = NULL;
  RWK_TRY(check(ctx, settings));
  rwk_path *path = rwk_calloc(ctx, 1, sizeof *path);
  if (!path) return rwk_fail_memory(ctx, "a path");
  path->ctx = ctx;
  path->problem = problem;
  path->settings = *settings;
  path->dim = problem->dim;
  path->began = rwk_seconds();
  path->collapse = (rwk_collapse){NAN, NAN, NAN};
  rwk_status status = make_grid(path);
  if (status == RWK_OK) status = make_room(path);
  if (status == RWK_OK) {
    status = rwk_walks_run(path);
    if (status == RWK_OK || status == RWK_CANCELLED) {
      const rwk_status collected = rwk_walks_collect(path);
      if (status == RWK_OK) status = collected;
    }
  }
  int rest = !settings->claim;
  if (rest && status == RWK_OK && settings->take) status = take_rest(&rest, path);
  if (!rest && status == RWK_OK) {
    *out = path;
    return RWK_OK;
  }
  if (status == RWK_OK) status = rwk_drops_find(path, 0);
  if (status == RWK_OK && settings->walks & RWK_WALKS_BEST) {
    const size_t walks = path->walk_count;
    status = rwk_best_run(path);
    if (status == RWK_OK) status = rwk_drops_find(path, walks); /* none by T1; but that is looked at */
  }
  if (status == RWK_OK && settings->lambda && settings->collapse_tol > 0) status = find_collapse(path);
  path->seconds = rwk_seconds() - path->began;
  if (status != RWK_OK && status != RWK_CANCELLED) {
    rwk_path_destroy(path);
    return status;
  }
  *out = path;
  return status;
}

void rwk_path_destroy(rwk_path *path) {
  if (!path) return;
  rwk_context *ctx = path->ctx;
  for (size_t k = 0; k < (path->slots + 1) * path->count && path->fits; k++)
    rwk_free_doubles(ctx, (double *)(uintptr_t)path->fits[k].w);
  for (size_t k = 0; k < path->walk_count; k++) {
    rwk_free(ctx, path->walks[k].points);
    rwk_free(ctx, path->walks[k].drops);
    rwk_free(ctx, path->walks[k].jumps);
  }
  rwk_free(ctx, path->walks);
  for (size_t k = 0; k < path->slots * path->count && path->steps; k++)
    rwk_free_doubles(ctx, path->steps[k].far);
  rwk_free(ctx, path->steps);
  for (size_t k = 0; k < path->far_count; k++) rwk_free_doubles(ctx, path->far_sides[k].w);
  rwk_free(ctx, path->far_sides);
  for (size_t k = 0; k < path->count * (size_t)path->settings.basins && path->basins; k++)
    rwk_free_doubles(ctx, (double *)(uintptr_t)path->basins[k].w);
  rwk_free(ctx, path->basins);
  rwk_forecast_close(&path->forecast, ctx);
  rwk_free(ctx, path->origins);
  rwk_free(ctx, path->made);
  rwk_free(ctx, path->fits);
  rwk_free(ctx, path->lambda);
  rwk_free(ctx, path);
}

size_t rwk_path_lambda_count(const rwk_path *path) {
  return path->count;
}

const double *rwk_path_lambda(const rwk_path *path) {
  return path->lambda;
}

size_t rwk_path_walk_count(const rwk_path *path) {
  return path->walk_count;
}

rwk_status rwk_path_walk(rwk_walk_view *view, const rwk_path *path, size_t index) {
  if (index >= path->walk_count)
    return rwk_fail(path->ctx, RWK_INVALID_ARGUMENT, "walk: there are %zu, none of number %zu",
                    path->walk_count, index);
  const rwk_walk_record *r = &path->walks[index];
  *view = (rwk_walk_view){.walk = r->walk,
                          .start = r->start,
                          .points = r->points,
                          .drops = r->drops,
                          .drop_count = r->drop_count,
                          .jumps = r->jumps,
                          .jump_count = r->jump_count,
                          .origins = r->walk == RWK_WALK_BEST ? path->origins : NULL};
  return RWK_OK;
}

const rwk_fit *rwk_path_basin(const rwk_path *path, size_t index, int start) {
  if (index >= path->count || start < 0 || start > path->settings.basins) return NULL;
  const rwk_fit *fit = start ? &path->basins[index * (size_t)path->settings.basins + (size_t)start - 1]
                             : &path->fits[path->slots * path->count + index];
  return fit->w ? fit : NULL;
}

rwk_collapse rwk_path_collapse(const rwk_path *path) {
  return path->collapse;
}

double rwk_path_seconds(const rwk_path *path) {
  return path->seconds;
}
