/* Steepest descent: w - t g, t from twice the last one down by halves until J has fallen by 1e-4 t |g|^2
 * (Armijo, Pacific J. Math. 16, 1966). */
#include <math.h>
#include "optim/solver.h"

enum { HALVINGS = 60 };

/* *fell: J at the new point is lower by as much as is wanted. */
static rwk_status search(rwk_solver *s, rwk_state *state, double *t, int *fell) {
  const double slope = rwk_dot(s->dim, s->g, s->g), before = state->parts.objective;
  *fell = 0;
  for (int k = 0; k < HALVINGS && !*fell; k++) {
    rwk_parts parts;
    double grad_inf;
    for (size_t i = 0; i < s->dim; i++) s->trial[i] = s->w[i] - *t * s->g[i];
    RWK_TRY(rwk_solver_try(s, &parts, &grad_inf));
    *fell = isfinite(grad_inf) && parts.objective < before && parts.objective <= before - 1e-4 * *t * slope;
    if (*fell)
      rwk_solver_accept(s, state, &parts, grad_inf);
    else
      *t *= 0.5;
  }
  return RWK_OK;
}

rwk_status rwk_gd_run(rwk_solver *s, rwk_state *state) {
  rwk_solve_result *r = state->result;
  double t = 1 / fmax(1, rwk_norm(s->dim, s->g)), before = INFINITY;
  for (;;) {
    const rwk_status asked = rwk_solver_report(s, state, r->iterations);
    if (asked != RWK_OK) {
      r->stop = RWK_STOP_CANCELLED;
      return asked;
    }
    const double J = state->parts.objective;
    if (rwk_gradient_small(s, state))
      r->stop = RWK_STOP_GRADIENT;
    else if (before - J <= s->settings.function_tol * fmax(1, fabs(J)))
      r->stop = RWK_STOP_FUNCTION;
    else if (r->iterations >= s->settings.max_iter)
      r->stop = RWK_STOP_ITERATIONS;
    else if (rwk_norm_inf(s->dim, s->w) > 1e12)
      r->stop = RWK_STOP_UNBOUNDED;
    if (r->stop != RWK_STOP_NONE) return RWK_OK;
    int fell;
    RWK_TRY(search(s, state, &t, &fell));
    r->iterations++;
    if (!fell) {
      r->stop = RWK_STOP_STALLED;
      return RWK_OK;
    }
    before = J;
    t *= 2;
  }
}
