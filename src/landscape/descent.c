/* The way down from a saddle: L-BFGS with short steps, every one lower than the one before, and at the end
 * the solver, which makes a minimum of it. */
#include <math.h>
#include <string.h>
#include <ridgewalk/solve.h>
#include "landscape/landscape.h"

enum { MEMORY = 12, STEPS_MOST = 3000, HALVINGS = 40 };

typedef struct history {
  size_t n, count;
  double *s, *y; /* [MEMORY x n] rings */
  double rho[MEMORY];
} history;

/* d := -(inverse Hessian as the pairs have it) g. */
static void direction(double *d, const history *h, const double *g) {
  double alpha[MEMORY];
  const size_t n = h->n, kept = h->count < MEMORY ? h->count : MEMORY;
  memcpy(d, g, n * sizeof *d);
  for (size_t k = 0; k < kept; k++) {
    const size_t at = (h->count - 1 - k) % MEMORY;
    alpha[at] = h->rho[at] * rwk_dot(n, h->s + at * n, d);
    rwk_axpy(n, -alpha[at], h->y + at * n, d);
  }
  if (kept) {
    const size_t last = (h->count - 1) % MEMORY;
    rwk_scale(n, 1 / (h->rho[last] * rwk_dot(n, h->y + last * n, h->y + last * n)), d);
  }
  for (size_t k = kept; k-- > 0;) {
    const size_t at = (h->count - 1 - k) % MEMORY;
    rwk_axpy(n, alpha[at] - h->rho[at] * rwk_dot(n, h->y + at * n, d), h->s + at * n, d);
  }
  rwk_scale(n, -1, d);
}

static void remember(history *h, const double *w, const double *before, const double *g,
                     const double *g_before) {
  const size_t n = h->n, at = h->count % MEMORY;
  double *s = h->s + at * n, *y = h->y + at * n;
  for (size_t i = 0; i < n; i++) {
    s[i] = w[i] - before[i];
    y[i] = g[i] - g_before[i];
  }
  const double sy = rwk_dot(n, s, y);
  if (!(sy > 1e-10 * rwk_norm(n, s) * rwk_norm(n, y))) return;
  h->rho[at] = 1 / sy;
  h->count++;
}

static rwk_status put(rwk_descent_path *path, rwk_objective *o, const double *w) {
  const size_t n = o->problem->dim;
  RWK_TRY(rwk_grow(o->ctx, &path->w, &path->capacity, path->count + 1, n * sizeof *path->w));
  memcpy(path->w + path->count++ * n, w, n * sizeof *w);
  return RWK_OK;
}

typedef struct walker {
  rwk_objective *o;
  double *w, *g, *trial, *trial_g, *d; /* [dim] each */
  history h;
  rwk_parts parts;
} walker;

static void take_trial(walker *z, const rwk_parts *parts) {
  double *w = z->w, *g = z->g;
  z->w = z->trial;
  z->g = z->trial_g;
  z->trial = w;
  z->trial_g = g;
  z->parts = *parts;
}

/* The first step, along the mode: as far as spacing / 4, or less where J does not fall. */
static rwk_status leave(int *fell, walker *z, const double *mode, double sign, double spacing) {
  const size_t n = z->o->problem->dim;
  double by = 0.25 * spacing;
  *fell = 0;
  for (int k = 0; k < HALVINGS && !*fell; k++, by *= 0.5) {
    rwk_parts parts;
    for (size_t i = 0; i < n; i++) z->trial[i] = z->w[i] + sign * by * mode[i];
    RWK_TRY(rwk_objective_try(z->o, &parts, z->trial_g, z->trial));
    *fell = parts.objective < z->parts.objective && sign * rwk_dot(n, z->trial_g, mode) < 0;
    if (*fell) take_trial(z, &parts);
  }
  return RWK_OK;
}

/* One step of at most `spacing`. *moved 0: none lowers J. */
static rwk_status advance(int *moved, walker *z, double spacing) {
  const size_t n = z->o->problem->dim;
  direction(z->d, &z->h, z->g);
  double slope = rwk_dot(n, z->d, z->g);
  if (!(slope < 0)) {
    z->h.count = 0;
    direction(z->d, &z->h, z->g);
    slope = rwk_dot(n, z->d, z->g);
  }
  const double length = rwk_norm(n, z->d);
  double by = fmin(1, spacing / length);
  if (z->h.count == 0) by = fmin(by, 0.1 * spacing / length);
  *moved = 0;
  for (int k = 0; k < HALVINGS && !*moved; k++, by *= 0.5) {
    rwk_parts parts;
    for (size_t i = 0; i < n; i++) z->trial[i] = z->w[i] + by * z->d[i];
    RWK_TRY(rwk_objective_try(z->o, &parts, z->trial_g, z->trial));
    if (!(parts.objective <= z->parts.objective + 1e-4 * by * slope)) continue;
    remember(&z->h, z->trial, z->w, z->trial_g, z->g);
    *moved = parts.objective < z->parts.objective;
    if (*moved) take_trial(z, &parts);
  }
  return RWK_OK;
}

static rwk_status finish(rwk_descent_path *path, walker *z, double grad_tol) {
  rwk_solver_settings s;
  rwk_solver *solver;
  rwk_solve_result result;
  rwk_solver_settings_init(&s);
  s.grad_tol = grad_tol;
  RWK_TRY(rwk_solver_create(&solver, z->o->ctx, z->o->problem, &s));
  const rwk_status status = rwk_solver_run(&result, solver, z->w, z->o->lambda);
  rwk_solver_destroy(solver);
  z->o->gradients += result.gradients;
  z->o->products += result.products;
  RWK_TRY(status);
  return put(path, z->o, z->w);
}

static rwk_status walk(rwk_descent_path *path, int *fell, walker *z, const double *mode, double sign,
                       double spacing, double grad_tol) {
  const size_t n = z->o->problem->dim;
  RWK_TRY(put(path, z->o, z->w));
  RWK_TRY(leave(fell, z, mode, sign, spacing));
  if (!*fell) return RWK_OK;
  RWK_TRY(put(path, z->o, z->w));
  for (int k = 0, moved = 1; k < STEPS_MOST && moved; k++) {
    if (rwk_cancelled(z->o->ctx)) return RWK_CANCELLED;
    if (rwk_norm_inf(n, z->g) <= 1e-5 * fmax(1, z->parts.objective)) break;
    RWK_TRY(advance(&moved, z, spacing));
    if (rwk_distance(n, z->w, path->w + (path->count - 1) * n) > 0.5 * spacing)
      RWK_TRY(put(path, z->o, z->w));
  }
  if (rwk_distance(n, z->w, path->w + (path->count - 1) * n) > 0) RWK_TRY(put(path, z->o, z->w));
  return finish(path, z, grad_tol);
}

rwk_status rwk_descend(rwk_descent_path *path, int *fell, rwk_objective *o, const double *w,
                       const double *mode, double sign, double spacing, double grad_tol) {
  const size_t n = o->problem->dim;
  *path = (rwk_descent_path){0};
  *fell = 0;
  double *block = rwk_alloc_doubles(o->ctx, (5 + 2 * MEMORY) * n);
  if (!block) return rwk_fail_memory(o->ctx, "a way down");
  walker z = {.o = o,
              .w = block,
              .g = block + n,
              .trial = block + 2 * n,
              .trial_g = block + 3 * n,
              .d = block + 4 * n,
              .h = {.n = n, .s = block + 5 * n, .y = block + (5 + MEMORY) * n}};
  memcpy(z.w, w, n * sizeof *w);
  rwk_status status = rwk_objective_value(o, &z.parts, z.g, z.w);
  if (status == RWK_OK) status = walk(path, fell, &z, mode, sign, spacing, grad_tol);
  rwk_free_doubles(o->ctx, block);
  if (status != RWK_OK) {
    rwk_free(o->ctx, path->w);
    *path = (rwk_descent_path){0};
  }
  return status;
}
