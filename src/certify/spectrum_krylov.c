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

rwk_status rwk_spectrum_krylov(rwk_certificate *c, double *direction, rwk_objective *o, rwk_flat_set *flats, const double *w,
                               const double *g, const rwk_certify_settings *settings, int *settled) {
  (void)g;
  const size_t n = o->problem->dim;
  krylov k = {.o = o, .w = w};
  rwk_lanczos_settings ls;
  rwk_lanczos_result lr;
  *settled = 0;
  rwk_lanczos_settings_init(&ls);
  ls.products = 40;
  ls.seed = settings->seed;
  RWK_TRY(rwk_lanczos_min(&lr, NULL, o->ctx, n, &ls, apply_negative, &k));
  const double norm = fmax(lr.largest, fabs(lr.value));
  c->max_eig = -lr.value;
  c->zero_limit = 16 * DBL_EPSILON * sqrt((double)n) * norm;
  RWK_TRY(rwk_flats_verify(flats, o, w, rwk_flat_limit(c, c->zero_limit)));
  c->flats = (int64_t)flats->count;
  ls.products = settings->products ? settings->products : 4000;
  ls.tol = 0.1; /* the sign is what is asked for */
  ls.tol_abs = c->zero_limit;
  ls.stop_below = -c->zero_limit;
  ls.flat = flats->vectors;
  ls.flat_count = flats->count;
  RWK_TRY(rwk_lanczos_min(&lr, direction, o->ctx, n, &ls, apply, &k));
  c->min_eig_rest = lr.value;
  c->min_eig = flats->count && lr.value > 0 ? 0 : lr.value;
  c->min_eig_error = flats->count && lr.value > 0 ? c->zero_limit : lr.residual;
  /* A Rayleigh quotient below zero is a proof by itself; one above zero needs convergence */
  *settled = lr.value < -c->zero_limit || (lr.converged && lr.value - lr.residual > c->zero_limit);
  return RWK_OK;
}
