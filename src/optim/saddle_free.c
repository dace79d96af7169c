/* Saddle-free Newton (Dauphin, Pascanu, Gulcehre, Cho, Ganguli and Bengio, NIPS 2014): s = -(|H| + mu)^-1 g,
 * |H| = V |Theta| V', so that a step goes down along negative curvature where Newton's goes up. H = V Theta
 * V' is of all eigenvectors where the Hessian is dense, and else of Lanczos's approximation in the Krylov
 * subspace of g. */
#include <math.h>
#include <string.h>
#include "optim/damped.h"

/* Theta in d->values, V (vector j contiguous) in s->factor. */
static rwk_status dense(rwk_solver *s) {
  rwk_damped *d = s->damped;
  const size_t n = s->dim;
  RWK_TRY(rwk_objective_hessian(&s->objective, s->H, n, s->w));
  RWK_TRY(rwk_eigen(s->ctx, d->values, s->factor, s->H, n, n));
  rwk_gemv(d->shares, 0, n, n, 1, s->factor, n, s->g, 0);
  d->found = n;
  return RWK_OK;
}

/* Lanczos with full reorthogonalisation; the basis is d->basis, Ritz vectors are its combinations by d->turn.
 */
static rwk_status krylov(rwk_solver *s) {
  rwk_damped *d = s->damped;
  const size_t n = s->dim;
  const double length = rwk_norm(n, s->g);
  memcpy(d->basis, s->g, n * sizeof *s->g);
  rwk_scale(n, 1 / length, d->basis);
  double scale = 0;
  for (d->found = 0; d->found < d->k;) {
    const size_t j = d->found;
    double *q = d->basis + j * n, *next = q + n;
    RWK_TRY(rwk_objective_products(&s->objective, next, n, q, n, 1, s->w));
    d->d[j] = rwk_dot(n, q, next);
    for (int pass = 0; pass < 2; pass++) {
      rwk_gemv(d->scratch, 0, j + 1, n, 1, d->basis, n, next, 0);
      rwk_gemv(next, 1, j + 1, n, -1, d->basis, n, d->scratch, 1);
    }
    d->e[j] = rwk_norm(n, next);
    scale = fmax(scale, fabs(d->d[j]) + d->e[j]);
    d->found++;
    if (!(d->e[j] > 1e-12 * scale)) break; /* the subspace is invariant: all that g has to do with */
    rwk_scale(n, 1 / d->e[j], next);
  }
  RWK_TRY(rwk_eigen_tridiagonal(s->ctx, d->d, d->e, d->turn, d->found));
  for (size_t j = 0; j < d->found; j++) {
    d->values[j] = d->d[j];
    d->shares[j] = length * d->turn[j * d->found];
  }
  return RWK_OK;
}

rwk_status rwk_saddle_free_form(rwk_solver *s) {
  rwk_damped *d = s->damped;
  RWK_TRY(s->dense ? dense(s) : krylov(s));
  d->norm = 0;
  memcpy(d->found_values, d->values, d->found * sizeof *d->values);
  for (size_t j = 0; j < d->found; j++) {
    d->values[j] = fabs(d->values[j]);
    d->norm = fmax(d->norm, d->values[j]);
  }
  if (!(d->norm > 0)) d->norm = 1;
  return RWK_OK;
}

/* s->step = V d->scratch. */
static void turn_back(rwk_solver *s) {
  rwk_damped *d = s->damped;
  const size_t n = s->dim;
  if (s->dense) {
    rwk_gemv(s->step, 1, n, n, 1, s->factor, n, d->scratch, 0);
    return;
  }
  rwk_gemv(d->d, 1, d->found, d->found, 1, d->turn, d->found, d->scratch, 0);
  rwk_gemv(s->step, 1, d->found, n, 1, d->basis, n, d->d, 0);
}

rwk_status rwk_saddle_free_step(rwk_solver *s, double mu, int *made) {
  rwk_damped *d = s->damped;
  *made = 1;
  for (size_t j = 0; j < d->found; j++)
    d->scratch[j] =
        -d->shares[j] / fmax(d->values[j] + mu, 1e-14 * d->norm); /* flat directions stay finite */
  turn_back(s);
  return RWK_OK;
}

int rwk_saddle_free_way_down(rwk_solver *s) {
  rwk_damped *d = s->damped;
  int any = 0;
  for (size_t j = 0; j < d->found; j++) {
    const int down = d->found_values[j] < -1e-10 * d->norm && d->shares[j] != 0;
    d->scratch[j] = down ? d->shares[j] / d->found_values[j] : 0;
    any |= down;
  }
  if (any) turn_back(s);
  return any;
}
