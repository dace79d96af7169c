#include <math.h>
#include <omp.h>
#include <string.h>
#include "base/stream.h"
#include "path/path.h"

rwk_status rwk_fitter_open(rwk_fitter *f, const rwk_path *path, rwk_context *parent) {
  *f = (rwk_fitter){0};
  RWK_TRY(rwk_context_fork(&f->ctx, parent));
  rwk_status status = rwk_solver_create(&f->solver, f->ctx, path->problem, &path->settings.solver);
  if (status == RWK_OK) {
    f->w = rwk_alloc_doubles(f->ctx, path->dim);
    if (!f->w) status = rwk_fail_memory(f->ctx, "weights");
  }
  if (status != RWK_OK) rwk_context_adopt_error(parent, f->ctx);
  return status;
}

void rwk_fitter_close(rwk_fitter *f) {
  if (!f->ctx) return;
  rwk_free_doubles(f->ctx, f->w);
  rwk_solver_destroy(f->solver);
  rwk_context_destroy(f->ctx);
  *f = (rwk_fitter){0};
}

rwk_status rwk_fitter_fit(rwk_fit *fit, rwk_fitter *f, const rwk_path *path, double *w, double lambda) {
  const double began = rwk_seconds();
  RWK_TRY(rwk_solver_run(&fit->solve, f->solver, w, lambda));
  RWK_TRY(rwk_certify(&fit->certificate, NULL, f->ctx, path->problem, lambda, w, &path->settings.certify));
  fit->lambda = lambda;
  fit->seconds = rwk_seconds() - began;
  return RWK_OK;
}

rwk_status rwk_path_start(double *w, const rwk_path *path, uint64_t stream) {
  const rwk_problem *p = path->problem;
  if (p->ops.start) return p->ops.start(w, path->settings.seed, stream, p->self);
  rwk_stream s;
  rwk_stream_init(&s, path->settings.seed, stream);
  for (size_t i = 0; i < path->dim; i++) w[i] = 0.5 * rwk_stream_normal(&s);
  return RWK_OK;
}

/* A piece of work for one thread: a whole warm walk, or one cold fit. */
typedef struct task {
  rwk_walk walk;
  int start;
  size_t slot, index;
} task;

typedef struct crew {
  rwk_path *path;
  task *tasks;
  size_t count, next;
  rwk_status status;    /* of the first failure */
  omp_lock_t callbacks; /* one thread at a time calls back */
  omp_lock_t list;      /* guards next and status */
} crew;

/* Up and down of one start begin at the same weights; cold fits have streams of their own. */
static uint64_t stream_of(const task *t) {
  return t->walk == RWK_WALK_COLD ? ((uint64_t)(t->index + 1) << 32) + (uint64_t)t->start
                                  : (uint64_t)t->start;
}

void rwk_path_report(rwk_path *path, const rwk_fit *fit) {
  path->done++;
  if (!path->settings.progress) return;
  const double seconds = rwk_seconds() - path->began;
  const rwk_path_progress p = {.done = path->done,
                               .total = path->total,
                               .seconds = seconds,
                               .remaining = seconds / (double)path->done * (double)(path->total - path->done),
                               .last = fit};
  path->settings.progress(&p, path->settings.progress_payload);
}

static rwk_status keep(crew *c, const task *t, rwk_fit *fit, size_t index, const double *w, int fetched) {
  rwk_path *path = c->path;
  rwk_fit *kept = &path->fits[t->slot * path->count + index];
  double *copy = rwk_alloc_doubles(path->ctx, path->dim);
  if (!copy) return RWK_NO_MEMORY;
  memcpy(copy, w, path->dim * sizeof *copy);
  *kept = *fit;
  kept->walk = t->walk;
  kept->start = t->start;
  kept->index = index;
  kept->w = copy;
  rwk_status status = RWK_OK;
  omp_set_lock(&c->callbacks);
  path->made[t->slot * path->count + index] = 1;
  if (!fetched && path->settings.save) status = path->settings.save(kept, path->settings.store_payload);
  rwk_path_report(path, kept);
  omp_unset_lock(&c->callbacks);
  return status;
}

static rwk_status fetch(crew *c, const task *t, rwk_fit *fit, size_t index, double *w, int *found) {
  rwk_path *path = c->path;
  *found = 0;
  rwk_status status = RWK_OK;
  if (!path->settings.fetch) return RWK_OK;
  omp_set_lock(&c->callbacks);
  status = path->settings.fetch(fit, w, found, t->walk, t->start, index, path->settings.store_payload);
  omp_unset_lock(&c->callbacks);
  return status;
}

static rwk_status point(crew *c, const task *t, rwk_fitter *f, size_t index) {
  rwk_fit fit = {0};
  int found;
  RWK_TRY(fetch(c, t, &fit, index, f->w, &found));
  if (!found) RWK_TRY(rwk_fitter_fit(&fit, f, c->path, f->w, c->path->lambda[index]));
  return keep(c, t, &fit, index, f->w, found);
}

static rwk_status perform(crew *c, const task *t, rwk_fitter *f) {
  rwk_path *path = c->path;
  if (path->settings.init && t->start == 0 && t->walk != RWK_WALK_COLD)
    memcpy(f->w, path->settings.init, path->dim * sizeof *f->w);
  else
    RWK_TRY(rwk_path_start(f->w, path, stream_of(t)));
  if (t->walk == RWK_WALK_COLD) return point(c, t, f, t->index);
  for (size_t i = 0; i < path->count; i++)
    RWK_TRY(point(c, t, f, t->walk == RWK_WALK_UP ? i : path->count - 1 - i));
  return RWK_OK;
}

/* One thread takes tasks until there are none or somebody failed. */
static void work(crew *c) {
  rwk_path *path = c->path;
  rwk_fitter f = {0};
  rwk_status status = RWK_OK;
  rwk_context *ctx = NULL; /* errors of opening, apart from other threads' */
  status = rwk_context_fork(&ctx, path->ctx);
  if (status == RWK_OK) status = rwk_fitter_open(&f, path, ctx);
  while (status == RWK_OK) {
    const task *t = NULL;
    omp_set_lock(&c->list);
    if (c->status == RWK_OK && c->next < c->count) t = &c->tasks[c->next++];
    omp_unset_lock(&c->list);
    if (!t) break;
    status = perform(c, t, &f);
  }
  if (status != RWK_OK) {
    omp_set_lock(&c->list);
    if (c->status == RWK_OK) {
      c->status = status;
      if (f.solver)
        rwk_context_adopt_error(path->ctx, f.ctx);
      else if (ctx)
        rwk_context_adopt_error(path->ctx, ctx);
    }
    omp_unset_lock(&c->list);
  }
  rwk_fitter_close(&f);
  rwk_context_destroy(ctx);
}

rwk_status rwk_walks_run(rwk_path *path) {
  const rwk_path_settings *s = &path->settings;
  const size_t starts = (size_t)s->starts;
  crew c = {.path = path};
  c.tasks = rwk_alloc(path->ctx, path->slots * path->count, sizeof *c.tasks);
  if (!c.tasks) return rwk_fail_memory(path->ctx, "the list of fits");
  size_t slot = 0;
  for (int walk = RWK_WALK_UP; walk <= RWK_WALK_COLD; walk++) {
    if (!(s->walks >> walk & 1)) continue;
    for (size_t start = 0; start < starts; start++, slot++) {
      const size_t pieces = walk == RWK_WALK_COLD ? path->count : 1;
      for (size_t i = 0; i < pieces; i++)
        c.tasks[c.count++] = (task){.walk = (rwk_walk)walk, .start = (int)start, .slot = slot, .index = i};
    }
  }
  int threads = rwk_problem_thread_safe(path->problem) ? rwk_threads(path->ctx) : 1;
  if ((size_t)threads > c.count) threads = (int)c.count;
  omp_init_lock(&c.callbacks);
  omp_init_lock(&c.list);
  if (threads <= 1) {
    work(&c);
  } else {
#pragma omp parallel num_threads(threads)
    work(&c);
  }
  omp_destroy_lock(&c.list);
  omp_destroy_lock(&c.callbacks);
  rwk_free(path->ctx, c.tasks);
  return c.status;
}

rwk_status rwk_walks_collect(rwk_path *path) {
  const rwk_path_settings *s = &path->settings;
  const size_t starts = (size_t)s->starts;
  size_t slot = 0;
  for (int walk = RWK_WALK_UP; walk <= RWK_WALK_COLD; walk++) {
    if (!(s->walks >> walk & 1)) continue;
    const size_t records = walk == RWK_WALK_COLD ? 1 : starts, merged = walk == RWK_WALK_COLD ? starts : 1;
    for (size_t r = 0; r < records; r++, slot += merged) {
      rwk_walk_record *record = &path->walks[path->walk_count];
      record->points = rwk_calloc(path->ctx, path->count, sizeof *record->points);
      if (!record->points) return rwk_fail_memory(path->ctx, "walks");
      path->walk_count++;
      record->walk = (rwk_walk)walk;
      record->start = (int)r;
      for (size_t i = 0; i < path->count; i++)
        for (size_t m = 0; m < merged; m++) {
          const size_t k = (slot + m) * path->count + i;
          const rwk_fit *fit = &path->fits[k];
          if (fit->w && /* made */
              (!record->points[i] || fit->solve.objective < record->points[i]->solve.objective))
            record->points[i] = fit;
        }
    }
  }
  return RWK_OK;
}
