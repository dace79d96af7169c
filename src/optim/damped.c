/* The iteration that gauss-newton and saddle-free-newton share. At every step three dampings are tried, the
 * last one, a tenth and ten times as much, and the lowest J is kept, as Dauphin et al. do; where none is
 * lower, the damping rises. */
#include "optim/damped.h"
#include <float.h>
#include <math.h>
#include <string.h>

static const double first_damping = 1e-3, least_damping = 1e-14;

/* Dampings are raised so often before a step is given up, a hundredfold each time. */
enum { RAISES = 10 };

/* As newton: a few steps more than the tolerance asks for, while each halves the gradient at least. */
enum { POLISH_MOST = 20 };

rwk_status rwk_damped_create(rwk_damped **out, rwk_context *ctx, const rwk_problem *problem,
                             const rwk_solver_settings *settings, int dense) {
  const size_t n = problem->dim;
  rwk_damped *d = rwk_calloc(ctx, 1, sizeof *d);
  if (!d) return rwk_fail_memory(ctx, "a solver");
  *out = d;
  const size_t k = dense || settings->subspace > n ? n : settings->subspace;
  *d = (rwk_damped){.ctx = ctx, .n = n, .k = k};
  d->values = rwk_alloc_doubles(ctx, 4 * k);
  if (!d->values) return rwk_fail_memory(ctx, "a solver");
  d->shares = d->values + k;
  d->scratch = d->shares + k;
  d->found_values = d->scratch + k;
  if (settings->solver == RWK_SOLVER_GAUSS_NEWTON) {
    d->hessian = rwk_alloc_doubles(ctx, n * n);
    if (!d->hessian) return rwk_fail_memory(ctx, "Gauss and Newton's matrix");
  }
  if (dense) return RWK_OK;
  d->basis = rwk_alloc_doubles(ctx, (k + 1) * n + k * k + 2 * k);
  if (!d->basis) return rwk_fail_memory(ctx, "a Krylov subspace");
  d->turn = d->basis + (k + 1) * n;
  d->d = d->turn + k * k;
  d->e = d->d + k;
  return RWK_OK;
}

void rwk_damped_destroy(rwk_damped *d) {
  if (!d) return;
  rwk_free_doubles(d->ctx, d->hessian);
  rwk_free_doubles(d->ctx, d->basis);
  rwk_free_doubles(d->ctx, d->values);
  rwk_free(d->ctx, d);
}

static rwk_status form(rwk_solver *s, const rwk_state *state) {
  return s->settings.solver == RWK_SOLVER_GAUSS_NEWTON ? rwk_gauss_newton_form(s, state)
                                                       : rwk_saddle_free_form(s);
}

static rwk_status make_step(rwk_solver *s, double mu, int whole, int *made) {
  return s->settings.solver == RWK_SOLVER_GAUSS_NEWTON ? rwk_gauss_newton_step(s, mu, whole, made)
                                                       : rwk_saddle_free_step(s, mu, made);
}

/* Near the solution what J falls by drowns in its rounding, and the gradient decides. */
static int is_blind(const rwk_solver *s, const rwk_state *state) {
  return 0.5 * fabs(rwk_dot(s->dim, s->g, s->step)) <= 64 * DBL_EPSILON * fabs(state->parts.objective);
}

typedef struct candidate {
  rwk_parts parts;
  double grad_inf, damping;
  int found;
} candidate;

static void swap_other(rwk_solver *s) {
  double *w = s->other, *g = s->other_g;
  s->other = s->trial;
  s->other_g = s->trial_g;
  s->trial = w;
  s->trial_g = g;
}

/* Tries one damping; a better point than the best so far moves to s->other. */
static rwk_status consider(rwk_solver *s, const rwk_state *state, double damping, int whole,
                           candidate *best) {
  int made;
  rwk_parts parts;
  double grad_inf;
  RWK_TRY(make_step(s, damping <= least_damping ? 0 : damping * s->damped->norm, whole, &made));
  if (!made) return RWK_OK;
  for (size_t i = 0; i < s->dim; i++) s->trial[i] = s->w[i] + s->step[i];
  RWK_TRY(rwk_solver_try(s, &parts, &grad_inf));
  if (!isfinite(grad_inf)) return RWK_OK;
  const double room = 64 * DBL_EPSILON * fabs(state->parts.objective);
  const int good = is_blind(s, state)
                       ? parts.objective <= state->parts.objective + room &&
                             grad_inf < (best->found ? best->grad_inf : state->grad_inf)
                       : parts.objective < (best->found ? best->parts.objective : state->parts.objective);
  if (!good) return RWK_OK;
  swap_other(s);
  *best = (candidate){parts, grad_inf, damping, 1};
  return RWK_OK;
}

/* Near a saddle a step of (|H| + mu)^-1 doubles the distance along negative curvature, and no more. From the
 * point that was found, or s->w, that part of the step is lengthened by doubling as long as J does not rise:
 * it is lower all the way, though its rounding may hide that at first. */
static rwk_status go_down(rwk_solver *s, const rwk_state *state, candidate *best) {
  if (!rwk_saddle_free_way_down(s)) return RWK_OK;
  const double J = best->found ? best->parts.objective : state->parts.objective,
               room = 64 * DBL_EPSILON * fabs(J);
  double *base = s->spare, lowest = J - room;
  memcpy(base, best->found ? s->other : s->w, s->dim * sizeof *base);
  double at = J;
  for (double t = 1; t < 0x1p60; t *= 2) {
    rwk_parts parts;
    double grad_inf;
    for (size_t i = 0; i < s->dim; i++) s->trial[i] = base[i] + t * s->step[i];
    RWK_TRY(rwk_solver_try(s, &parts, &grad_inf));
    if (!isfinite(grad_inf) || !(parts.objective <= at + room)) return RWK_OK;
    at = fmin(at, parts.objective);
    if (!(parts.objective < lowest)) continue;
    lowest = parts.objective;
    *best = (candidate){parts, grad_inf, best->found ? best->damping : s->damped->damping, 1};
    swap_other(s);
  }
  return RWK_OK;
}

static rwk_status advance(rwk_solver *s, rwk_state *state, int *moved) {
  rwk_damped *d = s->damped;
  candidate best = {0};
  *moved = 0;
  RWK_TRY(form(s, state));
  for (int raise = 0; raise < RAISES && !best.found; raise++) {
    for (int k = -1; k <= 1; k++)
      for (int whole = 0; whole <= d->slow; whole++)
        RWK_TRY(consider(s, state, d->damping * (k < 0 ? 0.1 : k ? 10 : 1), whole, &best));
    if (!best.found) d->damping = fmax(d->damping, least_damping) * 100;
  }
  if (s->settings.solver == RWK_SOLVER_SADDLE_FREE_NEWTON) RWK_TRY(go_down(s, state, &best));
  if (!best.found) {
    d->damping = first_damping;
    return RWK_OK;
  }
  d->damping = fmax(best.damping, least_damping);
  swap_other(s);
  rwk_solver_accept(s, state, &best.parts, best.grad_inf);
  *moved = 1;
  return RWK_OK;
}

/* At a zero gradient. *moved: the iteration goes on. */
static rwk_status settle(rwk_solver *s, rwk_state *state, int *moved) {
  *moved = 0;
  if (!s->settings.escape) {
    state->result->stop = RWK_STOP_GRADIENT;
    return RWK_OK;
  }
  RWK_TRY(rwk_settle(s, state, moved));
  if (!*moved) state->result->stop = RWK_STOP_CONVERGED;
  return RWK_OK;
}

rwk_status rwk_damped_run(rwk_solver *s, rwk_state *state) {
  rwk_solve_result *r = state->result;
  s->damped->damping = first_damping;
  s->damped->last = INFINITY;
  int polished = 0;
  double last = INFINITY; /* gradient before the last polishing step */
  while (r->stop == RWK_STOP_NONE) {
    const rwk_status asked = rwk_solver_report(s, state, r->iterations);
    if (asked != RWK_OK) {
      r->stop = RWK_STOP_CANCELLED;
      return asked;
    }
    int moved;
    const int small = rwk_gradient_small(s, state);
    const double floor = 1e-7 * s->settings.grad_tol * fmax(1, state->parts.objective);
    if (small && (polished >= POLISH_MOST || state->grad_inf > 0.5 * last || state->grad_inf <= floor ||
                  r->iterations >= s->settings.max_iter)) {
      RWK_TRY(settle(s, state, &moved));
      s->damped->last = INFINITY;
      polished = 0;
      last = INFINITY;
      s->damped->damping = fmax(s->damped->damping, 1e-8);
      if (moved && r->iterations >= s->settings.max_iter) r->stop = RWK_STOP_ITERATIONS;
      r->iterations += moved;
      continue;
    }
    if (r->iterations >= s->settings.max_iter) {
      r->stop = RWK_STOP_ITERATIONS;
    } else if (rwk_norm_inf(s->dim, s->w) > 1e12) {
      r->stop = RWK_STOP_UNBOUNDED;
    } else {
      if (small) last = state->grad_inf;
      if (small && polished == 0) s->damped->damping = least_damping;
      RWK_TRY(advance(s, state, &moved));
      r->iterations++;
      polished = small ? polished + 1 : 0;
      if (small && !moved) polished = POLISH_MOST;
      if (small || moved) continue;
      RWK_TRY(rwk_simplify(s, state, &moved)); /* a part that is off in all but rounding may hold it up */
      if (!moved) r->stop = RWK_STOP_STALLED;
    }
  }
  return RWK_OK;
}
