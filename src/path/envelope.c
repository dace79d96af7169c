/* The walk `best`: the lower envelope of the lines of all weights seen, with restarts until it is a set of
 * fits none of which is beaten by another's weights: T1 then makes it monotone. */
#include <float.h>
#include <math.h>
#include <string.h>
#include "path/crew.h"
#include "path/errand.h"

int rwk_clearly_below(double a, double b) {
  return b == INFINITY ? a < b : b - a > 64 * DBL_EPSILON * fabs(b);
}

double rwk_envelope_at(const rwk_envelope *e, size_t i) {
  return e->current[i] == RWK_NO_LINE ? INFINITY : rwk_line_at(&e->lines[e->current[i]], e->path->lambda[i]);
}

static size_t lowest_line(const rwk_envelope *e, double lambda) {
  size_t found = 0;
  for (size_t k = 1; k < e->count; k++)
    if (rwk_line_at(&e->lines[k], lambda) < rwk_line_at(&e->lines[found], lambda)) found = k;
  return found;
}

/* ---- descents ---- */

rwk_status rwk_envelope_plan(double **w, rwk_envelope *e, size_t index, rwk_origin origin) {
  rwk_context *ctx = e->path->ctx;
  RWK_TRY(rwk_grow(ctx, &e->descents, &e->descent_capacity, e->descent_count + 1, sizeof *e->descents));
  *w = rwk_alloc_doubles(ctx, e->path->dim);
  if (!*w) return rwk_fail_memory(ctx, "weights");
  origin.index = index;
  e->descents[e->descent_count++] =
      (rwk_descent){.index = index, .w = *w, .ceiling = INFINITY, .origin = origin};
  return RWK_OK;
}

void rwk_envelope_try(rwk_envelope *e) {
  rwk_descent *d = &e->descents[e->descent_count - 1];
  const size_t count = e->basin_count[d->index];
  d->search = 1;
  if (count == RWK_BASINS) d->ceiling = e->basins[d->index * RWK_BASINS + count - 1].objective;
}

/* Minima whose J agree to this share of it are one, up to a symmetry. */
static const double alike = 1e-7;

/* Keeps a minimum that is among the lowest at its penalty. */
static rwk_status remember(rwk_envelope *e, size_t index, double objective, const double *w,
                           const rwk_origin *origin) {
  rwk_basin *at = e->basins + index * RWK_BASINS;
  size_t *count = &e->basin_count[index], place = *count;
  const size_t found = origin->kind == RWK_ORIGIN_START;
  for (size_t k = 0; k < *count; k++)
    if (fabs(at[k].objective - objective) <= alike * fabs(objective)) {
      at[k].found += found;
      return RWK_OK;
    }
  while (place > 0 && at[place - 1].objective > objective) place--;
  if (place == RWK_BASINS) return RWK_OK;
  double *own = *count == RWK_BASINS ? at[*count - 1].w : rwk_alloc_doubles(e->path->ctx, e->path->dim);
  if (!own) return rwk_fail_memory(e->path->ctx, "weights");
  if (*count < RWK_BASINS) ++*count;
  memmove(at + place + 1, at + place, (*count - 1 - place) * sizeof *at);
  memcpy(own, w, e->path->dim * sizeof *own);
  at[place] = (rwk_basin){.objective = objective, .w = own, .origin = *origin, .fresh = 1, .found = found};
  return RWK_OK;
}

rwk_status rwk_envelope_restart(rwk_envelope *e, size_t index, const double *from, rwk_origin origin) {
  if (origin.kind == RWK_ORIGIN_FOUND) origin.kind = RWK_ORIGIN_RESTART;
  double *w;
  RWK_TRY(rwk_envelope_plan(&w, e, index, origin));
  memcpy(w, from, e->path->dim * sizeof *w);
  return RWK_OK;
}

typedef struct station {
  rwk_context *ctx;
  rwk_solver *rough, *solver;
} station;

typedef struct plan {
  const rwk_path *path;
  rwk_descent *all;
  double scale; /* the smallest objective of the grid, if below 1 */
} plan;

/* From weights that come from nowhere the first iterations of Newton's method bring no more than those of
 * L-BFGS, which cost a gradient. */
rwk_status rwk_envelope_rough(rwk_solver **solver, rwk_context *ctx, const rwk_path *path, double scale) {
  rwk_solver_settings s;
  rwk_solver_settings_init(&s);
  s.solver = RWK_SOLVER_LBFGS;
  s.grad_tol = 1e-4 * scale;
  s.function_tol = 1e-7 * scale;
  s.max_iter = 30;
  return rwk_solver_create(solver, ctx, path->problem, &s);
}

/* Most descents of a search end above what is there already, and most of those by far: what L-BFGS brings no
 * nearer than this is given up. */
static const double far_above = 0.03;

rwk_status rwk_envelope_make(rwk_descent *d, rwk_solver *rough, rwk_solver *solver, const rwk_path *path) {
  const double lambda = path->lambda[d->index];
  if (d->search) {
    const rwk_status status = rwk_solver_run(&d->result, rough, d->w, lambda);
    if (status == RWK_NUMERICAL) { /* changed to where J is not finite: no fault of the path's */
      d->result = (rwk_solve_result){.stop = RWK_STOP_HOPELESS, .loss = INFINITY};
      return RWK_OK;
    }
    RWK_TRY(status);
    d->rough_iterations = d->result.iterations;
    const int slow = d->result.stop == RWK_STOP_ITERATIONS; /* a valley: who knows how far down */
    if (!slow && d->result.objective > d->ceiling + far_above * fabs(d->ceiling)) {
      d->result.stop = RWK_STOP_HOPELESS;
      d->result.iterations = 0;
      return RWK_OK;
    }
  }
  rwk_solver_set_ceiling(solver, d->ceiling);
  return rwk_solver_run(&d->result, solver, d->w, lambda);
}

static rwk_status open_station(void **opened, rwk_context *ctx, void *payload) {
  const plan *p = payload;
  station *at = rwk_calloc(ctx, 1, sizeof *at);
  if (!at) return rwk_fail_memory(ctx, "descents");
  *opened = at;
  at->ctx = ctx;
  RWK_TRY(rwk_envelope_rough(&at->rough, ctx, p->path, p->scale));
  return rwk_finisher_create(&at->solver, ctx, p->path, 1);
}

static void close_station(void *opened) {
  station *at = opened;
  rwk_solver_destroy(at->solver);
  rwk_solver_destroy(at->rough);
  rwk_free(at->ctx, at);
}

static rwk_status perform(size_t number, void *opened, rwk_crew *crew, void *payload) {
  (void)crew;
  const plan *p = payload;
  const station *at = opened;
  return rwk_envelope_make(&p->all[number], at->rough, at->solver, p->path);
}

static rwk_status delegate(size_t number, size_t helper, void *payload) {
  const plan *p = payload;
  return rwk_errand_descend(&p->all[number], p->path, helper, p->scale);
}

static int useful(const rwk_envelope *e, const rwk_line *line) {
  for (size_t i = 0; i < e->path->count; i++) {
    const double lambda = e->path->lambda[i];
    if (rwk_clearly_below(rwk_line_at(line, lambda), rwk_envelope_at(e, i))) return 1;
  }
  return 0;
}

/* The end of a descent becomes a line if it is lowest somewhere. */
static rwk_status take_over(rwk_envelope *e, rwk_descent *d) {
  rwk_line line = {.loss = d->result.loss,
                   .penalty = d->result.penalty,
                   .w = d->w,
                   .own = d->w,
                   .origin = d->origin,
                   .solve = d->result};
  if (!isfinite(line.loss) || !isfinite(line.penalty) || !useful(e, &line)) return RWK_OK;
  RWK_TRY(rwk_grow(e->path->ctx, &e->lines, &e->capacity, e->count + 1, sizeof *e->lines));
  const double now = rwk_line_at(&line, e->path->lambda[d->index]);
  if (rwk_clearly_below(now, rwk_envelope_at(e, d->index))) e->current[d->index] = (int64_t)e->count;
  e->lines[e->count++] = line;
  d->w = NULL;
  return RWK_OK;
}

rwk_status rwk_envelope_descend(rwk_envelope *e) {
  rwk_path *path = e->path;
  plan p = {.path = path, .all = e->descents, .scale = 1};
  for (size_t i = 0; i < path->count; i++) {
    const double J = fabs(rwk_envelope_at(e, i));
    if (J > 0 && J < p.scale) p.scale = J;
  }
  const rwk_crew_work work = {
      .open = open_station, .close = close_station, .perform = perform, .delegate = delegate, .payload = &p};
  rwk_status status = rwk_crew_run(path, &work, e->descent_count, e->descent_count);
  for (size_t k = 0; k < e->descent_count; k++) {
    e->iterations += e->descents[k].result.iterations + e->descents[k].rough_iterations / 10;
    rwk_descent *d = &e->descents[k];
    if (status == RWK_OK && d->result.stop == RWK_STOP_CONVERGED)
      status = remember(e, d->index, d->result.objective, d->w, &d->origin);
    if (status == RWK_OK) status = take_over(e, d);
    rwk_free_doubles(path->ctx, e->descents[k].w);
  }
  e->descent_count = 0;
  return status;
}

rwk_status rwk_envelope_settle(rwk_envelope *e) {
  rwk_path *path = e->path;
  for (;;) {
    for (size_t i = 0; i < path->count && e->count; i++) {
      const size_t k = lowest_line(e, path->lambda[i]);
      if ((int64_t)k == e->tried[i] ||
          !rwk_clearly_below(rwk_line_at(&e->lines[k], path->lambda[i]), rwk_envelope_at(e, i)))
        continue;
      RWK_TRY(rwk_envelope_restart(e, i, e->lines[k].w, e->lines[k].origin));
      e->tried[i] = (int64_t)k;
    }
    if (e->descent_count == 0) return RWK_OK;
    RWK_TRY(rwk_envelope_descend(e));
  }
}

/* ---- from the walks' fits to `best` ---- */

static rwk_status add_fits(rwk_envelope *e) {
  rwk_path *path = e->path;
  RWK_TRY(rwk_grow(path->ctx, &e->lines, &e->capacity, path->slots * path->count, sizeof *e->lines));
  for (size_t k = 0; k < path->slots * path->count; k++) {
    const rwk_fit *f = &path->fits[k];
    if (!path->made[k]) continue;
    e->lines[e->count] = (rwk_line){.loss = f->solve.loss,
                                    .penalty = f->solve.penalty,
                                    .w = f->w,
                                    .origin = {.index = f->index,
                                               .kind = RWK_ORIGIN_FOUND,
                                               .walk = f->walk,
                                               .start = f->start,
                                               .lambda = f->lambda},
                                    .solve = f->solve,
                                    .fit = f};
    /* what is no minimum is a line all the same, and what it leads down to is wanted */
    if (rwk_certificate_is_minimum(&f->certificate)) {
      if (f->solve.objective < rwk_envelope_at(e, f->index)) e->current[f->index] = (int64_t)e->count;
      RWK_TRY(remember(e, f->index, f->solve.objective, f->w, &e->lines[e->count].origin));
    }
    e->count++;
  }
  return RWK_OK;
}

/* All penalised weights zero, the free ones at their best: the line of the constant model. */
static rwk_status add_zero(rwk_envelope *e) {
  rwk_path *path = e->path;
  rwk_solver *solver = NULL;
  double *w = rwk_alloc_doubles(path->ctx, path->dim);
  rwk_status status =
      w ? rwk_finisher_create(&solver, path->ctx, path, 0) : rwk_fail_memory(path->ctx, "weights");
  rwk_solve_result r = {0};
  if (status == RWK_OK) {
    memset(w, 0, path->dim * sizeof *w);
    status = rwk_solver_run(&r, solver, w, path->lambda[path->count - 1]);
  }
  if (status == RWK_OK) status = rwk_grow(path->ctx, &e->lines, &e->capacity, e->count + 1, sizeof *e->lines);
  if (status == RWK_OK) {
    e->lines[e->count++] = (rwk_line){
        .loss = r.loss,
        .penalty = r.penalty,
        .w = w,
        .own = w,
        .origin = {.index = path->count - 1, .kind = RWK_ORIGIN_ZERO, .walk = RWK_WALK_BEST, .lambda = NAN},
        .solve = r};
    w = NULL;
  }
  rwk_solver_destroy(solver);
  rwk_free_doubles(path->ctx, w);
  return status;
}

static double lowest_of_walks(const rwk_path *path, size_t i) {
  double lowest = NAN;
  for (size_t s = 0; s < path->slots; s++)
    if (path->made[s * path->count + i])
      lowest = fmin(lowest, path->fits[s * path->count + i].solve.objective);
  return lowest;
}

/* Certifies the lowest minima after the fit of best at grid point i, and keeps those asked for. */
static rwk_status keep_basins(rwk_envelope *e, size_t i, double lowest) {
  rwk_path *path = e->path;
  rwk_fit *kept = path->basins + i * (size_t)path->settings.basins;
  int count = 0;
  for (size_t k = 0; k < e->basin_count[i] && count < path->settings.basins; k++) {
    const rwk_basin *basin = &e->basins[i * RWK_BASINS + k];
    if (fabs(basin->objective - lowest) <= alike * fabs(lowest)) continue;
    rwk_fit fit = {.walk = RWK_WALK_BEST, .start = count + 1, .index = i, .lambda = path->lambda[i]};
    RWK_TRY(rwk_certify(&fit.certificate, NULL, path->ctx, path->problem, fit.lambda, basin->w,
                        &path->settings.certify));
    fit.solve = (rwk_solve_result){.stop = RWK_STOP_CONVERGED,
                                   .loss = fit.certificate.loss,
                                   .penalty = fit.certificate.penalty,
                                   .objective = fit.certificate.objective,
                                   .grad_inf = fit.certificate.grad_inf};
    fit.seconds = fit.certificate.seconds;
    double *w = rwk_alloc_doubles(path->ctx, path->dim);
    if (!w) return rwk_fail_memory(path->ctx, "weights");
    memcpy(w, basin->w, path->dim * sizeof *w);
    fit.w = w;
    kept[count++] = fit;
    if (path->settings.save) RWK_TRY(path->settings.save(&kept[count - 1], path->settings.store_payload));
  }
  return RWK_OK;
}

/* Certifies the lowest fit at each penalty, and keeps it. */
static rwk_status keep(rwk_envelope *e) {
  rwk_path *path = e->path;
  rwk_fit *fits = path->fits + path->slots * path->count;
  for (size_t i = 0; i < path->count; i++) {
    if (e->current[i] == RWK_NO_LINE) continue;
    const rwk_line *line = &e->lines[e->current[i]];
    rwk_fit fit = {.walk = RWK_WALK_BEST, .index = i, .lambda = path->lambda[i], .solve = line->solve};
    if (line->fit) {
      fit.certificate = line->fit->certificate;
      fit.seconds = line->fit->seconds;
    } else {
      const double began = rwk_seconds();
      RWK_TRY(rwk_certify(&fit.certificate, NULL, path->ctx, path->problem, fit.lambda, line->w,
                          &path->settings.certify));
      fit.seconds = line->solve.seconds + rwk_seconds() - began;
    }
    double *w = rwk_alloc_doubles(path->ctx, path->dim);
    if (!w) return rwk_fail_memory(path->ctx, "weights");
    memcpy(w, line->w, path->dim * sizeof *w);
    fit.w = w;
    fits[i] = fit;
    path->origins[i] = line->origin;
    path->origins[i].index = i;
    const double lowest = lowest_of_walks(path, i);
    path->origins[i].won = isnan(lowest) ? NAN : fmax(0, lowest - fit.solve.objective);
    if (path->settings.save) RWK_TRY(path->settings.save(&fits[i], path->settings.store_payload));
    rwk_path_report(path, &fits[i]);
    RWK_TRY(keep_basins(e, i, fit.solve.objective));
  }
  rwk_walk_record *record = &path->walks[path->walk_count];
  record->points = rwk_calloc(path->ctx, path->count, sizeof *record->points);
  if (!record->points) return rwk_fail_memory(path->ctx, "walks");
  path->walk_count++;
  record->walk = RWK_WALK_BEST;
  for (size_t i = 0; i < path->count; i++) record->points[i] = fits[i].w ? &fits[i] : NULL;
  return RWK_OK;
}

rwk_status rwk_best_run(rwk_path *path) {
  rwk_envelope e = {.path = path};
  e.current = rwk_alloc(path->ctx, path->count, sizeof *e.current);
  e.tried = rwk_alloc(path->ctx, path->count, sizeof *e.tried);
  e.basins = rwk_calloc(path->ctx, path->count * RWK_BASINS, sizeof *e.basins);
  e.basin_count = rwk_calloc(path->ctx, path->count, sizeof *e.basin_count);
  rwk_status status =
      e.current && e.tried && e.basins && e.basin_count ? RWK_OK : rwk_fail_memory(path->ctx, "the envelope");
  for (size_t i = 0; i < path->count && status == RWK_OK; i++) e.current[i] = e.tried[i] = RWK_NO_LINE;
  if (status == RWK_OK) status = add_fits(&e);
  if (status == RWK_OK) status = add_zero(&e);
  if (status == RWK_OK) status = rwk_envelope_settle(&e);
  if (status == RWK_OK && path->settings.effort != RWK_EFFORT_LOW) status = rwk_envelope_search(&e);
  if (status == RWK_OK) status = keep(&e);
  for (size_t k = 0; k < e.descent_count; k++) rwk_free_doubles(path->ctx, e.descents[k].w);
  for (size_t k = 0; k < e.count; k++) rwk_free_doubles(path->ctx, e.lines[k].own);
  for (size_t k = 0; e.basins && k < path->count * RWK_BASINS; k++)
    rwk_free_doubles(path->ctx, e.basins[k].w);
  rwk_free(path->ctx, e.basin_count);
  rwk_free(path->ctx, e.basins);
  rwk_free(path->ctx, e.descents);
  rwk_free(path->ctx, e.lines);
  rwk_free(path->ctx, e.tried);
  rwk_free(path->ctx, e.current);
  return status;
}
