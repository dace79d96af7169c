#include <float.h>
#include <math.h>
#include <string.h>
#include "certify/spectrum.h"
#include "la/lanczos.h"

typedef struct krylov {
  rwk_objective *o;
  const double *w;
} krylov;

static rwk_status apply(double *y, const double *x, void *payload) {
  krylov *k = payload;
  const size_t n = k->o->problem->dim;
  return rwk_objective_products(k->o, y, n, x, n, 1, k->w);
}

static rwk_status apply_negative(double *y, const double *x, void *payload) {
  krylov *k = payload;
  const size_t n = k->o->problem->dim;
  RWK_TRY(apply(y, x, payload));
  rwk_scale(n, -1, y);
  return RWK_OK;
}

/* Probability of a wrong "positive definite" that is put up with. */
static const double doubt_most = 1e-6;

rwk_status rwk_spectrum_krylov(rwk_certificate *c, double *direction, rwk_objective *o, rwk_flat_set *flats,
                               const double *w, const rwk_certify_settings *settings, int *settled) {
  const size_t n = o->problem->dim;
  const int64_t most = settings->products ? settings->products : 10000;
  krylov k = {.o = o, .w = w};
  rwk_lanczos_settings ls;
  rwk_lanczos_result lr;
  *settled = 0;
  rwk_lanczos_settings_init(&ls);
  ls.products = most < 40 ? most : 40;
  ls.seed = settings->seed;
  ls.tol = 0.05; /* the limit of rounding needs no more */
  ls.least = 0;
  RWK_TRY(rwk_lanczos_min(&lr, NULL, o->ctx, n, &ls, apply_negative, &k));
  const double norm =
      lr.largest + lr.residual; /* an eigenvalue lies within the residual, and the end is found first */
  c->max_eig = -lr.value;
  c->zero_limit = 16 * DBL_EPSILON * sqrt((double)n) * norm;
  RWK_TRY(rwk_flats_verify(flats, o, w, NULL, rwk_flat_limit(c, c->zero_limit)));
  c->flats = (int64_t)flats->span.count;
  ls.flat = &flats->span;
  ls.products = most;
  if (flats->span.count < n) {
    rwk_lanczos_bound_result bound;
    RWK_TRY(rwk_lanczos_bound(&bound, direction, o->ctx, n, c->zero_limit, doubt_most, &ls, apply, &k));
    c->doubt = bound.doubt + flats->doubt;
    c->max_eig = fmax(c->max_eig, bound.largest);
    c->min_eig_rest = bound.value;
    c->min_eig_error = bound.residual;
    *settled = bound.doubt <= doubt_most;
    if (!(bound.value > c->zero_limit)) { /* the way down, or what it is that cannot be told from zero */
      ls.tol = 1e-4;
      ls.tol_abs = c->zero_limit;
      ls.least = 48;
      ls.products = most < 200 ? most : 200;
      RWK_TRY(rwk_lanczos_min(&lr, direction, o->ctx, n, &ls, apply, &k));
      if (!lr.converged && lr.value >= -c->zero_limit) { /* which of the two takes longer */
        ls.products = most;
        RWK_TRY(rwk_lanczos_min(&lr, direction, o->ctx, n, &ls, apply, &k));
      }
      c->min_eig_rest = lr.value;
      c->min_eig_error = lr.residual;
    }
  }
  if (flats->span.count == n) *settled = 1;
  c->min_eig = c->min_eig_rest;
  if (flats->span.count && !(c->min_eig_rest < 0)) {
    c->min_eig = 0;
    c->min_eig_error = c->zero_limit;
  }
  return RWK_OK;
}
