#include "report/source.h"
#include <math.h>
#include <string.h>

int rwk_source_is_merged(rwk_walk walk) {
  return walk == RWK_WALK_COLD || walk == RWK_WALK_GRADUATED;
}

double rwk_source_mse(const rwk_source *s, double loss) {
  return loss / s->facts->loss_scale;
}

double rwk_source_lambda(const rwk_source *s, double lambda) {
  return lambda / s->facts->lambda_scale;
}

int rwk_is_power_of_two(int *exponent, double x) {
  if (!(x > 0) || !isfinite(x)) return 0;
  *exponent = (int)lround(log2(x));
  return fabs(x / ldexp(1, *exponent) - 1) < 1e-12;
}

const char *rwk_source_penalty(const rwk_source *s, double user_lambda) {
  int exponent;
  if (rwk_is_power_of_two(&exponent, user_lambda)) return rwk_arena_print(s->arena, "2^%d", exponent);
  return rwk_arena_print(s->arena, "%.4g", user_lambda);
}

/* The walk of a fit, made when it is first met; NULL: memory ran out. */
static rwk_source_walk *walk_of(rwk_source *s, rwk_walk walk, int start) {
  for (size_t k = 0; k < s->walk_count; k++)
    if (s->walks[k].walk == walk && s->walks[k].start == start) return &s->walks[k];
  if (!rwk_arena_extend(s->arena, &s->walks, s->walk_count, sizeof *s->walks)) return NULL;
  rwk_source_walk *w = &s->walks[s->walk_count];
  w->walk = walk;
  w->start = start;
  w->points = rwk_arena_take(s->arena, s->count + 1, sizeof *w->points);
  if (!w->points) return NULL;
  s->walk_count++;
  return w;
}

/* Of a cold walk there is the best start at every penalty. */
static rwk_status read_fits(rwk_source *s) {
  RWK_TRY(rwk_run_fit_count(&s->fit_count, s->run));
  s->fits = rwk_arena_take(s->arena, s->fit_count + 1, sizeof *s->fits);
  s->lowest = rwk_arena_take(s->arena, s->count + 1, sizeof *s->lowest);
  s->origins = rwk_arena_take(s->arena, s->count + 1, sizeof *s->origins);
  if (!s->fits || !s->lowest || !s->origins) return s->arena->status;
  for (size_t k = 0; k < s->fit_count; k++) {
    rwk_fit *f = &s->fits[k];
    RWK_TRY(rwk_run_fit_at(f, NULL, s->run, k));
    f->w = NULL;
    if (f->index >= s->count) continue;                     /* a grid that is not written yet */
    if (f->walk == RWK_WALK_BEST && f->start > 0) continue; /* a further minimum, of an ensemble */
    rwk_source_walk *w = walk_of(s, f->walk, rwk_source_is_merged(f->walk) ? 0 : f->start);
    if (!w) return s->arena->status;
    if (!w->points[f->index] || f->solve.objective < w->points[f->index]->solve.objective)
      w->points[f->index] = f;
    const rwk_fit *low = s->lowest[f->index];
    if (!low || f->walk == RWK_WALK_BEST ||
        (low->walk != RWK_WALK_BEST && f->solve.objective < low->solve.objective))
      s->lowest[f->index] = f;
  }
  return RWK_OK;
}

static rwk_status read_drops(rwk_source *s) {
  size_t count;
  RWK_TRY(rwk_run_drop_count(&count, s->run));
  rwk_drop *all = rwk_arena_take(s->arena, count + 1, sizeof *all);
  if (!all) return s->arena->status;
  for (size_t k = 0; k < count; k++) {
    rwk_walk walk;
    int start;
    RWK_TRY(rwk_run_drop_at(&all[k], &walk, &start, s->run, k));
    rwk_source_walk *w = walk_of(s, walk, start);
    if (!w || !rwk_arena_extend(s->arena, &w->drops, w->drop_count, sizeof *w->drops))
      return s->arena->status;
    w->drops[w->drop_count++] = &all[k];
    w->falls += !all[k].rise;
  }
  return RWK_OK;
}

static rwk_status read_origins(rwk_source *s) {
  size_t count;
  RWK_TRY(rwk_run_origin_count(&count, s->run));
  for (size_t k = 0; k < count; k++) {
    rwk_origin *origin = rwk_arena_take(s->arena, 1, sizeof *origin);
    if (!origin) return s->arena->status;
    RWK_TRY(rwk_run_origin_at(origin, s->run, k));
    if (origin->index < s->count) s->origins[origin->index] = origin;
  }
  return RWK_OK;
}

static void name_walks(rwk_source *s) {
  for (size_t k = 0; k < s->walk_count; k++) {
    int several = 0;
    for (size_t j = 0; j < s->walk_count; j++)
      several |= s->walks[j].walk == s->walks[k].walk && s->walks[j].start != s->walks[k].start;
    const char *name = rwk_walk_name(s->walks[k].walk);
    s->walks[k].name = several ? rwk_arena_print(s->arena, "%s %d", name, s->walks[k].start) : name;
  }
}

/* ---- cross-validation */

static rwk_status read_fold_fits(rwk_source *s) {
  size_t count;
  RWK_TRY(rwk_run_fold_fit_count(&count, s->run));
  rwk_fit *fits = rwk_arena_take(s->arena, count + 1, sizeof *fits);
  if (!fits) return s->arena->status;
  for (size_t k = 0; k < count; k++) {
    rwk_fit *f = &fits[k];
    size_t fold;
    RWK_TRY(rwk_run_fold_fit_at(f, &fold, NULL, s->run, k));
    f->w = NULL;
    if (fold < s->fold_count && f->index < s->count && f->walk == RWK_WALK_BEST && f->start == 0)
      s->folds[fold].points[f->index] = f;
  }
  return RWK_OK;
}

static rwk_status read_fold_drops(rwk_source *s) {
  RWK_TRY(rwk_run_fold_drop_count(&s->fold_drop_count, s->run));
  s->fold_drops = rwk_arena_take(s->arena, s->fold_drop_count + 1, sizeof *s->fold_drops);
  if (!s->fold_drops) return s->arena->status;
  for (size_t k = 0; k < s->fold_drop_count; k++) {
    rwk_source_fold_drop *d = &s->fold_drops[k];
    int start;
    RWK_TRY(rwk_run_fold_drop_at(&d->drop, &d->walk, &start, &d->fold, s->run, k));
    d->name = rwk_walk_name(d->walk);
    if (start > 0) d->name = rwk_arena_print(s->arena, "%s %d", d->name, start);
    if (d->fold >= s->fold_count || d->drop.from >= s->count || d->drop.to >= s->count)
      return rwk_fail(s->ctx, RWK_FORMAT, "a drop is of a fold or penalty that the cross-validation has not");
  }
  return RWK_OK;
}

static rwk_status read_cv(rwk_source *s) {
  s->cv = rwk_run_cv(s->run);
  if (!s->cv) return RWK_OK;
  s->cv_points = rwk_run_cv_points(s->run);
  s->fold_count = s->cv->folds * s->cv->repeats;
  s->folds = rwk_arena_take(s->arena, s->fold_count, sizeof *s->folds);
  if (!s->folds) return s->arena->status;
  for (size_t k = 0; k < s->fold_count; k++) {
    const size_t fold = k % s->cv->folds + 1, division = k / s->cv->folds + 1;
    s->folds[k].name = s->cv->repeats > 1
                           ? rwk_arena_print(s->arena, "fold %zu of division %zu", fold, division)
                           : rwk_arena_print(s->arena, "fold %zu", fold);
    s->folds[k].points = rwk_arena_take(s->arena, s->count, sizeof *s->folds[k].points);
    if (!s->folds[k].points) return s->arena->status;
  }
  RWK_TRY(read_fold_fits(s));
  return read_fold_drops(s);
}

rwk_status rwk_source_open(rwk_source *s, rwk_arena *arena, rwk_run *run, const rwk_report_facts *facts) {
  *s = (rwk_source){.arena = arena, .ctx = arena->ctx, .run = run, .facts = facts};
  const double *lambda;
  RWK_TRY(rwk_run_lambda(&lambda, &s->count, run));
  s->lambda = rwk_arena_take(arena, s->count + 1, sizeof *s->lambda);
  if (!s->lambda) return arena->status;
  for (size_t i = 0; i < s->count; i++) s->lambda[i] = rwk_source_lambda(s, lambda[i]);
  RWK_TRY(read_fits(s));
  RWK_TRY(read_drops(s));
  RWK_TRY(read_origins(s));
  name_walks(s);
  RWK_TRY(read_cv(s));
  RWK_TRY(rwk_run_collapse(&s->collapse, &s->seconds, run));
  return arena->status;
}

static void keep_failure(const rwk_source *s, rwk_status status) {
  if (s->arena->status == RWK_OK) s->arena->status = status;
}

int rwk_source_weights(double *w, const rwk_source *s, const rwk_fit *fit) {
  rwk_fit again;
  const rwk_status status = rwk_run_fit_at(&again, w, s->run, (size_t)(fit - s->fits));
  keep_failure(s, status);
  return status == RWK_OK;
}

int rwk_source_series(rwk_series *series, const rwk_source *s, rwk_series_kind kind, rwk_walk walk, int start,
                      size_t index) {
  int found = 0;
  const rwk_status status = rwk_run_series_of(series, &found, s->run, kind, walk, start, index);
  keep_failure(s, status);
  return status == RWK_OK && found;
}
