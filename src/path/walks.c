#include <math.h>
#include <string.h>
#include "path/crew.h"
#include "path/explain.h"

rwk_status rwk_fitter_open(rwk_fitter *f, const rwk_path *path, rwk_context *ctx) {
  *f = (rwk_fitter){.ctx = ctx};
  RWK_TRY(rwk_solver_create(&f->solver, ctx, path->problem, &path->settings.solver));
  if (path->settings.finish && path->settings.solver.solver != RWK_SOLVER_NEWTON)
    RWK_TRY(rwk_finisher_create(&f->finish, ctx, path, 1));
  f->w = rwk_alloc_doubles(ctx, path->dim);
  return f->w ? RWK_OK : rwk_fail_memory(ctx, "weights");
}

void rwk_fitter_close(rwk_fitter *f) {
  if (!f->ctx) return;
  rwk_free_doubles(f->ctx, f->w);
  rwk_graduator_destroy(f->graduator);
  rwk_solver_destroy(f->finish);
  rwk_solver_destroy(f->solver);
  *f = (rwk_fitter){0};
}

/* A fit that two solvers made took what both took. */
static void add_cost(rwk_solve_result *r, const rwk_solve_result *before) {
  r->iterations += before->iterations;
  r->values += before->values;
  r->gradients += before->gradients;
  r->products += before->products;
  r->hessians += before->hessians;
  r->seconds += before->seconds;
}

rwk_status rwk_fitter_fit(rwk_fit *fit, rwk_fitter *f, const rwk_path *path, double *w, double lambda) {
  const double began = rwk_seconds();
  RWK_TRY(rwk_solver_run(&fit->solve, f->solver, w, lambda));
  if (f->finish) {
    const rwk_solve_result first = fit->solve;
    RWK_TRY(rwk_solver_run(&fit->solve, f->finish, w, lambda));
    add_cost(&fit->solve, &first);
  }
  RWK_TRY(rwk_certify(&fit->certificate, NULL, f->ctx, path->problem, lambda, w, &path->settings.certify));
  fit->lambda = lambda;
  fit->seconds = rwk_seconds() - began;
  return RWK_OK;
}

rwk_status rwk_path_start(double *w, const rwk_path *path, uint64_t stream) {
  return rwk_problem_start(w, path->problem, path->settings.seed, stream);
}

/* A piece of work for one thread: a whole warm walk, or one cold fit. */
typedef struct task {
  rwk_walk walk;
  int start;
  size_t slot, index;
} task;

typedef struct plan {
  rwk_path *path;
  task *tasks;
  size_t count; /* tasks of the crew from this number on are steps: count + their index among path->steps */
} plan;

typedef struct station {
  rwk_fitter fitter;
  rwk_explainer explainer; /* opened when first needed */
} station;

/* Up and down of one start begin at the same weights; cold fits have streams of their own. */
static uint64_t stream_of(const task *t) {
  return t->walk == RWK_WALK_COLD ? ((uint64_t)(t->index + 1) << 32) + (uint64_t)t->start
                                  : (uint64_t)t->start;
}

/* Its noise is another at every penalty. */
static uint64_t graduated_stream(const task *t, size_t index) {
  return ((uint64_t)(index + 1) << 32) + ((uint64_t)1 << 31) + (uint64_t)t->start;
}

void rwk_path_report(rwk_path *path, const rwk_fit *fit) {
  path->done += fit != NULL;
  if (!path->settings.progress) return;
  const double seconds = rwk_seconds() - path->began;
  const rwk_path_progress p = {.done = path->done,
                               .total = path->total,
                               .seconds = seconds,
                               .remaining = rwk_forecast_left(&path->forecast, seconds),
                               .last = fit};
  path->settings.progress(&p, path->settings.progress_payload);
}

static rwk_status keep(plan *p, rwk_crew *crew, const task *t, rwk_fit *fit, size_t index, const double *w,
                       int fetched) {
  rwk_path *path = p->path;
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
  rwk_crew_enter(crew);
  path->made[t->slot * path->count + index] = 1;
  rwk_forecast_fit(&path->forecast, t->walk, index, kept->seconds, fetched);
  if (!fetched && path->settings.save) status = path->settings.save(kept, path->settings.store_payload);
  rwk_path_report(path, kept);
  rwk_crew_leave(crew);
  return status;
}

static rwk_status fetch(plan *p, rwk_crew *crew, const task *t, rwk_fit *fit, size_t index, double *w,
                        int *found) {
  rwk_path *path = p->path;
  *found = 0;
  rwk_status status = RWK_OK;
  if (!path->settings.fetch) return RWK_OK;
  rwk_crew_enter(crew);
  status = path->settings.fetch(fit, w, found, t->walk, t->start, index, path->settings.store_payload);
  rwk_crew_leave(crew);
  return status;
}

static rwk_status point(int *fetched, plan *p, rwk_crew *crew, const task *t, rwk_fitter *f, size_t index) {
  rwk_fit fit = {0};
  RWK_TRY(fetch(p, crew, t, &fit, index, f->w, fetched));
  if (!*fetched) {
    rwk_solve_result before = {0};
    const double began = rwk_seconds(), lambda = p->path->lambda[index];
    if (t->walk == RWK_WALK_GRADUATED)
      RWK_TRY(rwk_graduate(&before, f, p->path, f->w, lambda, graduated_stream(t, index)));
    before.seconds = rwk_seconds() - began;
    RWK_TRY(rwk_fitter_fit(&fit, f, p->path, f->w, lambda));
    add_cost(&fit.solve, &before);
    fit.seconds += before.seconds;
  }
  return keep(p, crew, t, &fit, index, f->w, *fetched);
}

static rwk_status walk(plan *p, rwk_crew *crew, const task *t, rwk_fitter *f) {
  rwk_path *path = p->path;
  if (path->settings.init && t->start == 0 && t->walk != RWK_WALK_COLD)
    memcpy(f->w, path->settings.init, path->dim * sizeof *f->w);
  else
    RWK_TRY(rwk_path_start(f->w, path, stream_of(t)));
  int one;
  if (t->walk == RWK_WALK_COLD) return point(&one, p, crew, t, f, t->index);
  for (size_t k = 0; k < path->count; k++) {
    const size_t i = t->walk == RWK_WALK_UP ? k : path->count - 1 - k;
    int fetched;
    RWK_TRY(point(&fetched, p, crew, t, f, i));
    /* of several processes each explains what it has walked; the rest is for the one that finishes the path
     */
    if (k > 0 && t->walk < RWK_WALK_COLD && !(path->settings.take && fetched) &&
        !path->settings.help) /* helpers come to it later */
      rwk_crew_add(crew, p->count + t->slot * path->count + (t->walk == RWK_WALK_UP ? i - 1 : i));
  }
  return RWK_OK;
}

static rwk_status explain(plan *p, rwk_crew *crew, station *at, size_t step) {
  rwk_path *path = p->path;
  const double began = rwk_seconds();
  if (!at->explainer.ctx) RWK_TRY(rwk_explainer_open(&at->explainer, path, at->fitter.ctx));
  RWK_TRY(rwk_explain_step(&path->steps[step], &at->explainer, &path->fits[step], &path->fits[step + 1]));
  rwk_step_explained(path, crew, &path->fits[step], rwk_seconds() - began);
  return RWK_OK;
}

static rwk_status open_station(void **opened, rwk_context *ctx, void *payload) {
  const plan *p = payload;
  station *at = rwk_calloc(ctx, 1, sizeof *at);
  if (!at) return rwk_fail_memory(ctx, "fits");
  *opened = at;
  return rwk_fitter_open(&at->fitter, p->path, ctx);
}

static void close_station(void *opened) {
  station *at = opened;
  rwk_context *ctx = at->fitter.ctx;
  rwk_explainer_close(&at->explainer);
  rwk_fitter_close(&at->fitter);
  rwk_free(ctx, at);
}

/* A piece that others may be at: then it is asked for again, and what they have made of it is fetched. */
static rwk_status walk_in_turn(plan *p, rwk_crew *crew, size_t number, rwk_fitter *f) {
  const rwk_path_settings *s = &p->path->settings;
  rwk_turn turn;
  if (rwk_cancelled(p->path->ctx)) return RWK_CANCELLED;
  rwk_crew_enter(crew);
  rwk_status status = s->take(&turn, number, s->store_payload);
  rwk_crew_leave(crew);
  if (status != RWK_OK) return status;
  if (turn != RWK_TURN_OURS) {
    rwk_crew_put_off(crew, number);
    return RWK_OK;
  }
  status = walk(p, crew, &p->tasks[number], f);
  rwk_crew_enter(crew);
  const rwk_status given = s->give(number, s->store_payload);
  rwk_crew_leave(crew);
  return status == RWK_OK ? given : status;
}

static rwk_status perform(size_t number, void *opened, rwk_crew *crew, void *payload) {
  plan *p = payload;
  station *at = opened;
  const rwk_path_settings *s = &p->path->settings;
  if (s->claim && number < p->count) {
    rwk_crew_enter(crew);
    const int ours = s->claim(number, s->claim_payload);
    rwk_crew_leave(crew);
    if (!ours) return RWK_OK;
  }
  if (number < p->count)
    return s->take ? walk_in_turn(p, crew, number, &at->fitter)
                   : walk(p, crew, &p->tasks[number], &at->fitter);
  if (s->claim) return RWK_OK;
  return explain(p, crew, at, number - p->count);
}

rwk_status rwk_path_piece(rwk_walk *walk, int *start, size_t *index, size_t piece, unsigned walks, int starts,
                          size_t lambda_count) {
  for (int kind = RWK_WALK_UP; kind <= RWK_WALK_GRADUATED; kind++) {
    if (!(walks >> kind & 1) || kind == RWK_WALK_BEST) continue;
    const size_t each = kind == RWK_WALK_COLD ? lambda_count : 1, all = each * (size_t)starts;
    if (piece < all) {
      *walk = (rwk_walk)kind;
      *start = (int)(piece / each);
      *index = kind == RWK_WALK_COLD ? piece % each : lambda_count;
      return RWK_OK;
    }
    piece -= all;
  }
  return RWK_INVALID_ARGUMENT;
}

rwk_status rwk_walks_run(rwk_path *path) {
  const rwk_path_settings *s = &path->settings;
  const size_t starts = (size_t)s->starts;
  plan p = {.path = path};
  p.tasks = rwk_alloc(path->ctx, path->slots * path->count, sizeof *p.tasks);
  if (!p.tasks) return rwk_fail_memory(path->ctx, "the list of fits");
  size_t slot = 0;
  for (int walk_kind = RWK_WALK_UP; walk_kind <= RWK_WALK_GRADUATED; walk_kind++) {
    if (!(s->walks >> walk_kind & 1) || walk_kind == RWK_WALK_BEST) continue;
    for (size_t start = 0; start < starts; start++, slot++) {
      const size_t pieces = walk_kind == RWK_WALK_COLD ? path->count : 1;
      for (size_t i = 0; i < pieces; i++)
        p.tasks[p.count++] =
            (task){.walk = (rwk_walk)walk_kind, .start = (int)start, .slot = slot, .index = i};
    }
  }
  /* one walk, and nothing to explain while it goes on */
  const int single = p.count == 1 && !(s->explain && rwk_path_is_dense(path));
  const rwk_crew_work work = {
      .open = open_station, .close = close_station, .perform = perform, .payload = &p, .single = single};
  const rwk_status status = rwk_crew_run(path, &work, p.count, p.count + path->slots * path->count);
  rwk_free(path->ctx, p.tasks);
  return status;
}

rwk_status rwk_walks_collect(rwk_path *path) {
  const rwk_path_settings *s = &path->settings;
  const size_t starts = (size_t)s->starts;
  size_t slot = 0;
  for (int walk = RWK_WALK_UP; walk <= RWK_WALK_GRADUATED; walk++) {
    if (!(s->walks >> walk & 1) || walk == RWK_WALK_BEST) continue;
    const int one = rwk_walk_is_merged((rwk_walk)walk);
    const size_t records = one ? 1 : starts, merged = one ? starts : 1;
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
