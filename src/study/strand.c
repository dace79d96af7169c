/* One path of a cross-validation: walked, saved as it goes, or fetched back. */
#include <math.h>
#include <string.h>
#include "study/strand.h"

/* ---- callbacks of a path, one strand at a time ---- */

static rwk_status save_fit(const rwk_fit *fit, void *payload) {
  const rwk_strand *t = payload;
  const rwk_cv_store *store = &t->s->settings->store;
  if (!store->save_fit) return RWK_OK;
  omp_set_lock(&t->s->lock);
  const rwk_status status = store->save_fit(fit, t->fold, store->payload);
  omp_unset_lock(&t->s->lock);
  return status;
}

static rwk_status fetch_fit(rwk_fit *fit, double *w, int *found, rwk_walk walk, int start, size_t index,
                            void *payload) {
  rwk_strand *t = payload;
  const rwk_cv_store *store = &t->s->settings->store;
  *found = 0;
  if (!store->fetch_fit) return RWK_OK;
  omp_set_lock(&t->s->lock);
  const rwk_status status = store->fetch_fit(fit, w, found, walk, start, index, t->fold, store->payload);
  t->s->fetched += *found;
  omp_unset_lock(&t->s->lock);
  return status;
}

void rwk_cv_tell(rwk_study *s, int64_t fits, size_t paths) {
  rwk_cv_progress *p = &s->progress;
  p->done += fits;
  p->paths_done += paths;
  p->seconds = rwk_seconds() - s->began;
  const int64_t made = p->done - s->fetched;
  p->remaining = made > 0 ? p->seconds / (double)made * (double)(p->total - p->done) : NAN;
  if (s->settings->progress) s->settings->progress(p, s->settings->progress_payload);
}

static void one_more(const rwk_path_progress *progress, void *payload) {
  const rwk_strand *t = payload;
  if (!progress->last) return;
  omp_set_lock(&t->s->lock);
  rwk_cv_tell(t->s, 1, 0);
  omp_unset_lock(&t->s->lock);
}

/* ---- fits that are kept ---- */

void rwk_cv_free_fits(rwk_context *ctx, rwk_fit *fits, size_t count) {
  for (size_t k = 0; fits && k < count; k++) rwk_free_doubles(ctx, (double *)(uintptr_t)fits[k].w);
  rwk_free(ctx, fits);
}

static rwk_status take_fit(rwk_fit *to, rwk_context *ctx, const rwk_fit *fit, size_t dim) {
  double *w = rwk_alloc_doubles(ctx, dim);
  if (!w) return rwk_fail_memory(ctx, "weights");
  memcpy(w, fit->w, dim * sizeof *w);
  *to = *fit;
  to->w = w;
  return RWK_OK;
}

/* ---- the path ---- */

rwk_status rwk_strand_walk(rwk_fit *fits, rwk_context *ctx, rwk_strand *t, const rwk_problem *problem) {
  rwk_study *s = t->s;
  rwk_cv *cv = s->cv;
  const size_t members = (size_t)s->settings->ensemble, dim = rwk_problem_dim(problem);
  rwk_path_settings p = s->settings->path;
  p.lambda = cv->lambda;
  p.lambda_count = cv->summary.count;
  p.basins = s->settings->ensemble - 1;
  p.save = save_fit;
  p.fetch = fetch_fit;
  p.store_payload = t;
  p.progress = one_more;
  p.progress_payload = t;
  if (t->fold != RWK_CV_ALL) p.collapse_tol = 0;
  rwk_path *path = NULL;
  rwk_status status = rwk_path_run(&path, ctx, problem, &p);
  if (status == RWK_OK && !cv->lambda) { /* the first path, of all rows, finds the grid */
    const size_t count = rwk_path_lambda_count(path);
    cv->lambda = rwk_alloc_doubles(ctx, count);
    if (cv->lambda) memcpy(cv->lambda, rwk_path_lambda(path), count * sizeof *cv->lambda);
    cv->summary.count = count;
    if (!cv->lambda) status = rwk_fail_memory(ctx, "the grid of penalties");
  }
  if (status == RWK_OK && t->fold == RWK_CV_ALL) {
    cv->fits = rwk_calloc(cv->ctx, cv->summary.count * members, sizeof *cv->fits);
    fits = cv->fits;
  }
  if (status == RWK_OK && !fits) status = rwk_fail_memory(ctx, "fits");
  for (size_t k = 0; status == RWK_OK && k < cv->summary.count * members; k++) {
    const rwk_fit *fit = rwk_path_basin(path, k / members, (int)(k % members));
    if (fit) status = take_fit(&fits[k], ctx, fit, dim);
  }
  if (status == RWK_OK && s->settings->store.save_path) {
    omp_set_lock(&s->lock);
    status = s->settings->store.save_path(path, t->fold, s->settings->store.payload);
    omp_unset_lock(&s->lock);
  }
  rwk_path_destroy(path);
  return status;
}

rwk_status rwk_strand_done(int *found, const rwk_strand *t) {
  const rwk_cv_store *store = &t->s->settings->store;
  *found = 0;
  if (!store->fetch_path || !store->fetch_fit) return RWK_OK;
  omp_set_lock(&t->s->lock);
  const rwk_status status = store->fetch_path(found, t->fold, store->payload);
  omp_unset_lock(&t->s->lock);
  return status;
}

rwk_status rwk_strand_fetch(rwk_fit *fits, rwk_context *ctx, rwk_strand *t, size_t dim) {
  const size_t members = (size_t)t->s->settings->ensemble, count = t->s->cv->summary.count;
  double *w = rwk_alloc_doubles(ctx, dim);
  rwk_status status = w ? RWK_OK : rwk_fail_memory(ctx, "weights");
  for (size_t k = 0; k < count * members && status == RWK_OK; k++) {
    rwk_fit fit = {0};
    int found;
    status = fetch_fit(&fit, w, &found, RWK_WALK_BEST, (int)(k % members), k / members, t);
    if (status != RWK_OK || !found) continue;
    fit.w = w;
    status = take_fit(&fits[k], ctx, &fit, dim);
  }
  rwk_free_doubles(ctx, w);
  return status;
}
