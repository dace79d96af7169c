#include <float.h>
#include <math.h>
#include <string.h>
#include "optim/region.h"
#include "optim/reuse.h"

/* A step is accepted when the objective fell by this share of what the model said. */
static const double accept_ratio = 1e-4;

/* Near the solution the predicted fall drowns in the rounding of J; then the gradient decides. */
static int drowned(double reduction, double objective) {
  return reduction <= 64 * DBL_EPSILON * fabs(objective);
}

static rwk_status subproblem(rwk_region_step *step, rwk_solver *s, const rwk_state *state) {
  if (s->dense) {
    /* rough: the steps that follow with the same factor make up for what this one lacks (reuse.h) */
    const rwk_region_accuracy rough = {.shortest = 0.1, .longest = 3, .nearby = 20};
    /* a step that is to be k times as long has about 1/k of the multiplier */
    s->damping *= fmin(4, fmax(1. / 16, state->length / state->radius));
    rwk_region_dense(step, s->step, s->g, s->H, s->factor, s->spare, s->dim, state->radius, &rough,
                     &s->damping, s->team);
    return RWK_OK;
  }
  const double forcing = s->forcing * fmin(0.1, sqrt(rwk_norm(s->dim, s->g)));
  return rwk_region_krylov(step, s->step, s->krylov, &s->objective, s->w, s->g, state->radius, forcing);
}

static double first_radius(const rwk_solver *s, const rwk_state *state) {
  if (!s->dense && s->objective.problem->ops.precondition)
    return sqrt(2 * state->parts.objective); /* energy norm */
  return 0.5 * fmax(1, rwk_norm(s->dim, s->w));
}

/* A valley that bends: along s the gradient strays from the model's by r = g(w + s) - (g + Hs), and the
 * chord of the bend, -(H + mu)^-1 r (Chebyshev's correction), leads back into the valley for one more
 * gradient. How far to go along s is the region's matter: that part is left out. Taken when J is lower there,
 * or, where J is blind, the gradient; without it, steps are as short as the bend is sharp. */
static rwk_status follow_bend(rwk_solver *s, const rwk_region_step *step, int blind, rwk_parts *parts,
                              double *grad_inf) {
  const size_t n = s->dim;
  double *bend = s->spare;
  if (s->dense) {
    for (size_t i = 0; i < n; i++) bend[i] = -s->trial_g[i] - step->damping * s->step[i];
    rwk_cholesky_solve(bend, n, 1, s->factor, n, n);
  } else if (!rwk_krylov_bend(bend, s->krylov, s->trial_g)) {
    return RWK_OK;
  }
  rwk_axpy(n, -rwk_dot(n, bend, s->step) / rwk_dot(n, s->step, s->step), s->step, bend);
  if (!(rwk_norm(n, bend) <= 5 * rwk_norm(n, s->step))) return RWK_OK; /* out of all proportion */
  double *trial = s->trial, *trial_g = s->trial_g;
  for (size_t i = 0; i < n; i++) s->other[i] = trial[i] + bend[i];
  rwk_parts bent;
  double bent_inf;
  s->trial = s->other;
  s->trial_g = s->other_g;
  const rwk_status status = rwk_solver_try(s, &bent, &bent_inf);
  if (status == RWK_OK && (blind ? bent_inf < *grad_inf : bent.objective < parts->objective)) {
    *parts = bent;
    *grad_inf = bent_inf;
    s->other = trial;
    s->other_g = trial_g;
  } else {
    s->trial = trial;
    s->trial_g = trial_g;
  }
  return status;
}

/* The factor that is there is used on, from the point that the step led to, or, where that was refused, from
 * where it began and by shorter steps. */
static rwk_status go_on(rwk_solver *s, rwk_state *state, const rwk_region_step *step, double fall,
                        int *accepted) {
  const double before = state->parts.objective;
  if (*accepted)
    RWK_TRY(rwk_reuse_factor(s, state, fall, fmax(state->radius, 2 * step->length)));
  else
    RWK_TRY(rwk_reuse_factor(s, state, 0, state->radius));
  if (state->parts.objective < before) *accepted = 1;
  return RWK_OK;
}

/* One trial: solves the subproblem, evaluates, accepts or shrinks. *accepted as it says; *stalled when no
 * step helps. */
static rwk_status advance(rwk_solver *s, rwk_state *state, int *accepted, int *stalled) {
  rwk_region_step step;
  RWK_TRY(subproblem(&step, s, state));
  state->length = step.length;
  *accepted = *stalled = 0;
  state->left = INFINITY;
  const double scale = 1 + rwk_norm(s->dim, s->w);
  if (!(step.length > 1e-15 * scale) || !(step.reduction > 0)) {
    *stalled = 1;
    return RWK_OK;
  }
  for (size_t i = 0; i < s->dim; i++) s->trial[i] = s->w[i] + s->step[i];
  rwk_parts parts;
  double grad_inf;
  RWK_TRY(rwk_solver_try(s, &parts, &grad_inf));
  double fall = state->parts.objective - parts.objective, ratio = fall / step.reduction;
  const int blind = drowned(step.reduction, state->parts.objective);
  if (isfinite(parts.objective) && (blind ? grad_inf > 0.1 * state->grad_inf : ratio < 0.9)) {
    RWK_TRY(follow_bend(s, &step, blind, &parts, &grad_inf));
    fall = state->parts.objective - parts.objective;
    ratio = fall / step.reduction;
  }
  if (blind)
    ratio = grad_inf < state->grad_inf && fall >= -64 * DBL_EPSILON * fabs(state->parts.objective) ? 1 : 0;
  if (!(ratio >= 0.25))
    state->radius = 0.25 * fmin(step.length, state->radius);
  else if (ratio > 0.75 && !step.interior)
    state->radius = fmax(state->radius, 2.5 * step.length);
  else if (ratio > 0.75)
    state->radius = fmax(state->radius, 2 * step.length);
  state->left = step.interior && ratio > 0.5 && ratio < 1.5 ? step.reduction : INFINITY;
  if (ratio >= accept_ratio) {
    rwk_solver_accept(s, state, &parts, grad_inf);
    *accepted = 1;
    state->definite = blind && step.interior && step.damping == 0;
  }
  if (s->dense && !blind) RWK_TRY(go_on(s, state, &step, fall, accepted));
  if (s->dense && blind && *accepted && state->definite) RWK_TRY(rwk_reuse_polish(s, state));
  if (!*accepted && state->radius < 1e-15 * scale) *stalled = 1;
  return RWK_OK;
}

/* Iterations that change nothing that a double can tell: J by less than 1e-13 of itself, the gradient by less
 * than a tenth. */
enum { IDLE_MOST = 25, SLOW = 50 };

static int idle(const rwk_state *state, double objective, double grad_inf) {
  return objective - state->parts.objective <= 1e-13 * fabs(objective) && state->grad_inf > 0.9 * grad_inf;
}

/* Truncated subproblems leave directions of little curvature for later, and a valley that is flat is nothing
 * but such directions: where the gradient has not halved for a while they are solved more sharply. */
enum { PATIENCE = 20 };

typedef struct patience {
  double lowest; /* gradient at the last halving */
  int64_t since;
} patience;

static void sharpen(rwk_solver *s, patience *p, double grad_inf, int64_t iteration) {
  if (grad_inf <= 0.5 * p->lowest) {
    p->lowest = grad_inf;
    p->since = iteration;
  } else if (iteration - p->since >= PATIENCE) {
    s->forcing = fmax(1e-8, 0.1 * s->forcing);
    p->since = iteration;
  }
}

/* Near the solution each step squares the gradient: a few more than the tolerance asks for make flat
 * directions flat to rounding and the certificate sharp. Ends when steps lower neither J nor, by much, the
 * gradient, or shorter ones are refused over and over. */
enum { POLISH_MOST = 20, REFUSED_MOST = 6 };

typedef struct polish {
  int steps, refused;
  double last; /* gradient before the last step, if that no longer lowered J */
} polish;

static int polishing(const rwk_solver *s, const rwk_state *state, polish *p) {
  const double floor = 1e-7 * s->settings.grad_tol * fmax(1, state->parts.objective);
  if (p->steps >= POLISH_MOST || p->refused >= REFUSED_MOST || state->grad_inf <= floor || state->sharp)
    return 0;
  if (p->steps > 0 && state->grad_inf > 0.9 * p->last) return 0;
  return 1;
}

rwk_status rwk_newton_run(rwk_solver *s, rwk_state *state) {
  rwk_solve_result *r = state->result;
  state->radius = first_radius(s, state);
  s->damping = 0;
  s->forcing = 1;
  patience waited = {.lowest = state->grad_inf};
  int fresh = 0; /* is H the Hessian at w? */
  int idled = 0;
  polish polished = {0};
  for (;;) {
    const rwk_status asked = rwk_solver_report(s, state, r->iterations);
    if (asked != RWK_OK) {
      r->stop = RWK_STOP_CANCELLED;
      return asked;
    }
    const int small = rwk_gradient_small(s, state);
    if (small && !(r->iterations < s->settings.max_iter && polishing(s, state, &polished))) {
      if (!s->settings.escape) {
        r->stop = RWK_STOP_GRADIENT;
        return RWK_OK;
      }
      int moved;
      RWK_TRY(rwk_settle(s, state, &moved));
      if (!moved || r->iterations >= s->settings.max_iter) {
        r->stop = moved ? RWK_STOP_ITERATIONS : RWK_STOP_CONVERGED;
        return RWK_OK;
      }
      state->radius = fmax(state->radius, 0.1 * first_radius(s, state));
      fresh = idled = 0;
      polished = (polish){0};
      r->iterations++;
      continue;
    }
    if (!small) polished = (polish){0};
    if (r->iterations >= s->settings.max_iter) {
      r->stop = RWK_STOP_ITERATIONS;
      return RWK_OK;
    }
    if (rwk_norm_inf(s->dim, s->w) > 1e12) {
      r->stop = RWK_STOP_UNBOUNDED;
      return RWK_OK;
    }
    if (s->dense && !fresh) RWK_TRY(rwk_objective_hessian(&s->objective, s->H, s->dim, s->w));
    int accepted, stalled;
    const double objective = state->parts.objective, grad_inf = state->grad_inf;
    RWK_TRY(advance(s, state, &accepted, &stalled));
    fresh = !accepted;
    r->iterations++;
    if (accepted && state->parts.objective - 3 * state->left > s->ceiling) {
      r->stop = RWK_STOP_HOPELESS;
      return RWK_OK;
    }
    sharpen(s, &waited, state->grad_inf, r->iterations);
    if (small) {
      if (accepted) {
        polished.steps++;
        polished.last = drowned(objective - state->parts.objective, objective) ? grad_inf : INFINITY;
      }
      polished.refused += stalled ? REFUSED_MOST : !accepted;
      continue;
    }
    idled = idle(state, objective, grad_inf) ? idled + 1 : 0;
    const int slow = r->iterations % SLOW == 0 &&
                     state->grad_inf <= 1e4 * s->settings.grad_tol * fmax(1, state->parts.objective);
    if (stalled || slow ||
        idled >= IDLE_MOST) { /* a part that is off in all but rounding may be what holds it up */
      int simpler = 0;
      RWK_TRY(rwk_simplify(s, state, &simpler));
      if (!simpler && !slow) {
        r->stop = RWK_STOP_STALLED;
        return RWK_OK;
      }
      if (simpler) fresh = idled = 0;
    }
  }
}
