/* Levenberg and Marquardt's step: (G + mu) s = -g, G the part of the Hessian that first derivatives of the model
 * make, and the penalty's (Levenberg 1944; Marquardt, J. SIAM 11, 1963). */
#include <math.h>
#include <string.h>
#include "optim/damped.h"

rwk_status rwk_gauss_newton_form(rwk_solver *s) {
  RWK_TRY(rwk_objective_gauss_newton(&s->objective, s->H, s->dim, s->w));
  double norm = 0;
  for (size_t i = 0; i < s->dim; i++) norm = fmax(norm, s->H[i * s->dim + i]);
  s->damped->norm = norm > 0 ? norm : 1;
  return RWK_OK;
}

rwk_status rwk_gauss_newton_step(rwk_solver *s, double mu, int *made) {
  const size_t n = s->dim;
  size_t pivot;
  for (size_t i = 0; i < n; i++) {
    memcpy(s->factor + i * n, s->H + i * n, (i + 1) * sizeof *s->H);
    s->factor[i * n + i] += mu;
    s->step[i] = -s->g[i];
  }
  rwk_cholesky(&pivot, s->factor, n, n);
  *made = pivot == 0;
  if (*made) rwk_cholesky_solve(s->step, n, 1, s->factor, n, n);
  return RWK_OK;
}
