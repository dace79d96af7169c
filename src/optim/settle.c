#include <float.h>
#include <math.h>
#include <string.h>
#include "la/lanczos.h"
#include "optim/solver.h"

/* How often a run may go on from a simpler point with a larger gradient; more would be going in circles. */
enum { DETOURS_MOST = 5 };

/* Curvatures up to this share of |H| are rounding; certify's limit is of the same make. */
static double curvature_limit(size_t n, double norm) {
  return 8 * DBL_EPSILON * sqrt((double)n) * norm;
}

/* Tries w + t way for both signs (or one) and t = first, growing while J falls, shrinking until it does. 1 if
 * J was lowered: then the best point is accepted. */
static rwk_status line_down(rwk_solver *s, rwk_state *state, const double *base, const double *way,
                            double first, int both, int *moved) {
  const size_t n = s->dim;
  *moved = 0;
  double best = state->parts.objective, best_t = 0;
  rwk_parts parts;
  double grad_inf;
  for (int sign = 0; sign < (both ? 2 : 1); sign++) {
    double t = sign ? -first : first;
    int fell = 0;
    for (int round = 0; round < 60; round++) {
      for (size_t i = 0; i < n; i++) s->trial[i] = base[i] + t * way[i];
      RWK_TRY(rwk_objective_try(&s->objective, &parts, NULL, s->trial));
      const int lower = parts.objective < best;
      if (lower) {
        best = parts.objective;
        best_t = t;
        fell = 1;
        t *= 2;
        if (round > 0 && fabs(t) < fabs(first))
          break; /* found on the way in: the first that falls is near the best */
      } else if (fell) {
        break;
      } else {
        t *= 0.25;
        if (fabs(t) < 1e-9) break;
      }
    }
  }
  if (best_t == 0) return RWK_OK;
  for (size_t i = 0; i < n; i++) s->trial[i] = base[i] + best_t * way[i];
  RWK_TRY(rwk_solver_try(s, &parts, &grad_inf));
  /* by more than rounding: or a kink is descended for ever */
  if (!(state->parts.objective - parts.objective > 4 * DBL_EPSILON * fabs(state->parts.objective)))
    return RWK_OK;
  rwk_solver_accept(s, state, &parts, grad_inf);
  *moved = 1;
  return RWK_OK;
}

/* Switches off what is off in all but rounding (units that have died, units that are linear), so that its
 * flat directions are exact. The simpler point is taken when J is not higher beyond rounding, and its
 * gradient is as small or small enough; a few times in a run also with a larger gradient: then the iteration
 * goes on from there. */
rwk_status rwk_simplify(rwk_solver *s, rwk_state *state, int *changed_any) {
  const rwk_problem *p = s->objective.problem;
  *changed_any = 0;
  if (!p->ops.simplify) return RWK_OK;
  for (double threshold = 1e-4; threshold > 1e-13; threshold *= 1e-2) {
    int64_t changed = 0;
    rwk_state there = *state;
    memcpy(s->trial, s->w, s->dim * sizeof *s->w);
    RWK_TRY(p->ops.simplify(s->trial, &changed, threshold, s->objective.work, p->self));
    if (changed == 0) continue;
    RWK_TRY(rwk_solver_try(s, &there.parts, &there.grad_inf));
    if (!(there.parts.objective <= state->parts.objective + 64 * DBL_EPSILON * fabs(state->parts.objective)))
      continue;
    if (!(there.grad_inf <= state->grad_inf) && !rwk_gradient_small(s, &there) &&
        state->detours++ >= DETOURS_MOST)
      continue;
    rwk_solver_accept(s, state, &there.parts, there.grad_inf);
    *changed_any = 1;
    return RWK_OK;
  }
  return RWK_OK;
}

/* Ways down from dead units. Their pairs (w_j, v_j) do not meet in the Hessian, so that all units can leave
 * together; `all` adds their ways up with unequal shares, lest units that are alike now stay alike for ever.
 */
typedef struct escape {
  rwk_solver *solver;
  double limit;     /* curvatures above this are rounding */
  double curvature; /* the most negative so far */
  int all;
  int64_t count;
  double *moved, *way;
} escape;

static rwk_status look_for_way(const rwk_flat *flat, void *payload) {
  escape *e = payload;
  const rwk_solver *s = e->solver;
  if (!flat->moved || !flat->way || !(flat->curvature < e->limit)) return RWK_OK;
  e->count++;
  if (e->all) {
    const double golden = 0.6180339887498949 * (double)e->count, share = 0.5 + (golden - floor(golden));
    for (size_t i = 0; i < s->dim; i++) e->moved[i] += flat->moved[i] - s->w[i];
    rwk_axpy(s->dim, share, flat->way, e->way);
  } else if (flat->curvature < e->curvature) {
    memcpy(e->moved, flat->moved, s->dim * sizeof *e->moved);
    memcpy(e->way, flat->way, s->dim * sizeof *e->way);
  }
  e->curvature = fmin(e->curvature, flat->curvature);
  return RWK_OK;
}

/* T7: where a dead unit's bias can slide to negative curvature, slide it and go down: all such units
 * together, or, where that does not lower J, the one with the most negative curvature. */
static rwk_status leave_dead_units(rwk_solver *s, rwk_state *state, int *moved) {
  const rwk_problem *p = s->objective.problem;
  *moved = 0;
  if (!p->ops.flats) return RWK_OK;
  for (int all = 1; all >= 0; all--) {
    escape e = {.solver = s,
                .limit = -curvature_limit(s->dim, state->stationary_norm),
                .all = all,
                .moved = s->step,
                .way = s->spare};
    memcpy(e.moved, s->w, s->dim * sizeof *s->w);
    memset(e.way, 0, s->dim * sizeof *e.way);
    RWK_TRY(p->ops.flats(s->w, s->objective.lambda, look_for_way, &e, s->objective.work, p->self));
    const double length = rwk_norm(s->dim, e.way);
    if (e.count == 0 || !(length > 0)) return RWK_OK;
    rwk_scale(s->dim, 1 / length, e.way);
    RWK_TRY(line_down(s, state, e.moved, e.way, 0.1, 0, moved));
    if (*moved) {
      state->result->escapes++;
      return RWK_OK;
    }
  }
  return RWK_OK;
}

static rwk_status apply_hessian(double *y, const double *x, void *payload) {
  rwk_solver *s = payload;
  return rwk_objective_products(&s->objective, y, s->dim, x, s->dim, 1, s->w);
}

/* Smallest eigenvalue and its vector (in s->step), unless the Hessian is positive definite beyond doubt: then
 * *value is 0. */
static rwk_status most_negative(rwk_solver *s, rwk_state *state, double *value) {
  const size_t n = s->dim;
  *value = 0;
  if (!s->dense) {
    rwk_lanczos_settings ls;
    rwk_lanczos_settings_init(&ls);
    rwk_lanczos_result lr;
    ls.products = 120;
    ls.memory = (size_t)64 << 20;
    ls.stop_below = 0;
    ls.tol = 0; /* a small residual may hide a negative end: use what is allowed */
    RWK_TRY(rwk_lanczos_min(&lr, s->step, s->ctx, n, &ls, apply_hessian, s));
    state->stationary_norm = lr.largest;
    if (lr.value < 0) *value = lr.value;
    return RWK_OK;
  }
  if (!state->definite) RWK_TRY(rwk_objective_hessian(&s->objective, s->H, n, s->w));
  const double norm = rwk_row_sum_norm(s->H, n);
  state->stationary_norm = norm;
  if (state->definite) return RWK_OK;
  const double limit = curvature_limit(n, norm);
  for (int pass = 0; pass < 2;
       pass++) { /* first as it is, then lifted by the limit: flat directions are no way down */
    size_t pivot;
    rwk_cholesky_of(&pivot, s->factor, n, s->H, n, pass ? limit : 0, n, s->team);
    if (pivot == 0) return RWK_OK;
  }
  memcpy(s->factor, s->H, n * n * sizeof *s->H);
  RWK_TRY(rwk_eigen_some(s->ctx, value, s->step, s->factor, n, n, 0, 1));
  if (*value >= -limit) *value = 0;
  return RWK_OK;
}

rwk_status rwk_settle(rwk_solver *s, rwk_state *state, int *moved) {
  double value;
  int simpler;
  *moved = 0;
  RWK_TRY(rwk_simplify(s, state, &simpler));
  if (simpler && !rwk_gradient_small(s, state)) {
    *moved = 1;
    return RWK_OK;
  }
  RWK_TRY(most_negative(s, state, &value));
  if (value < 0) {
    memcpy(s->spare, s->step, s->dim * sizeof *s->step);
    RWK_TRY(line_down(s, state, s->w, s->spare, 0.1, 1, moved));
    state->result->curvature_steps += *moved;
    if (*moved) return RWK_OK;
  }
  return leave_dead_units(s, state, moved);
}
