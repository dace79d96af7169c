/* Levenberg and Marquardt's step: (G + mu) s = -g, G the part of the Hessian that first derivatives of the
 * model make, and the penalty's (Levenberg 1944; Marquardt, J. SIAM 11, 1963). Where residuals stay large,
 * what G leaves out makes its steps slow, or no better than steepest descent. Where a step has not brought
 * the gradient to a quarter, and for the last digits, the whole Hessian is therefore tried in G's place too,
 * as in the two models of NL2SOL (Dennis, Gay and Welsch, ACM TOMS 7, 1981), and the lower of the two points
 * is taken. */
#include <math.h>
#include <string.h>
#include "optim/damped.h"

rwk_status rwk_gauss_newton_form(rwk_solver *s, const rwk_state *state) {
  rwk_damped *d = s->damped;
  RWK_TRY(rwk_objective_gauss_newton(&s->objective, s->H, s->dim, s->w));
  d->norm = 0;
  for (size_t i = 0; i < s->dim; i++) d->norm = fmax(d->norm, s->H[i * s->dim + i]);
  if (!(d->norm > 0)) d->norm = 1;
  d->slow = rwk_gradient_small(s, state) || (isfinite(d->last) && state->grad_inf > 0.25 * d->last);
  d->last = state->grad_inf;
  return d->slow ? rwk_objective_hessian(&s->objective, d->hessian, s->dim, s->w) : RWK_OK;
}

rwk_status rwk_gauss_newton_step(rwk_solver *s, double mu, int whole, int *made) {
  const size_t n = s->dim;
  const double *B = whole ? s->damped->hessian : s->H;
  size_t pivot;
  for (size_t i = 0; i < n; i++) s->step[i] = -s->g[i];
  rwk_cholesky_of(&pivot, s->factor, n, B, n, mu, n, s->team);
  *made = pivot == 0;
  if (*made) rwk_cholesky_solve(s->step, n, 1, s->factor, n, n);
  return RWK_OK;
}
