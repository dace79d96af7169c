#include <float.h>
#include <math.h>
#include <string.h>
#include "base/stream.h"
#include "certify/spectrum.h"
#include "la/lanczos.h"

typedef struct dense {
  rwk_certificate *c;
  rwk_objective *o;
  rwk_flat_set *flats;
  const double *w, *g;
  size_t n;
  double *H;      /* the Hessian */
  double *factor; /* scratch [n x n] */
  double *v, *x;  /* [n] each */
} dense;

/* factor := chol(H + lift * sum u u' - shift * 1): the flat directions are lifted out of the way of the rest.
 */
static int definite(dense *d, double lift, double shift) {
  const size_t n = d->n;
  const double *A = d->H;
  if (d->flats->span.count) {
    rwk_upper(d->factor, n, d->H, n, n);
    rwk_span_lift(d->factor, n, lift, &d->flats->span);
    A = d->factor;
  }
  size_t pivot;
  rwk_cholesky_of(&pivot, d->factor, n, A, n, -shift, n, rwk_context_team(d->o->ctx));
  return pivot == 0;
}

static rwk_status apply_inverse(double *y, const double *x, void *payload) { /* y = -A^-1 x */
  dense *d = payload;
  memcpy(y, x, d->n * sizeof *y);
  rwk_cholesky_solve(y, d->n, 1, d->factor, d->n, d->n);
  rwk_scale(d->n, -1, y);
  return RWK_OK;
}

static rwk_status apply_negative(double *y, const double *x, void *payload) {
  dense *d = payload;
  rwk_symv(y, d->n, d->H, d->n, x);
  rwk_scale(d->n, -1, y);
  return RWK_OK;
}

/* How far the eigenvalues at the critical point itself can be from those here: w is only close to it. With
 * the Newton correction s and K the Lipschitz constant of H, a critical point lies within 2|s| when K|s| <=
 * min_eig/2 (Newton and Kantorovich), and over that way no eigenvalue changes by more than 2K|s| (Weyl); K|s|
 * is measured as |H(w + s) - H(w)| (Frobenius). d->x holds s. */
static rwk_status drift(dense *d, double *bound) {
  const size_t n = d->n;
  *bound = 0;
  const double length = rwk_norm(n, d->x);
  if (length == 0) return RWK_OK;
  double *there = d->v; /* w + s */
  for (size_t i = 0; i < n; i++) there[i] = d->w[i] + d->x[i];
  RWK_TRY(rwk_objective_hessian(d->o, d->factor, n, there));
  double sum = 0;
  for (size_t i = 0; i < n * n; i++) sum += (d->factor[i] - d->H[i]) * (d->factor[i] - d->H[i]);
  *bound = 2 * sqrt(sum);
  return RWK_OK;
}

/* The same from products with a few random vectors z of independent normal entries, in place of a whole
 * second Hessian. With D = H(w + s) - H(w) and u the eigenvector of its largest eigenvalue in size, |D z| >=
 * |D| |u'z|, and the sum of (u'z)^2 over eight z is chi-squared with eight degrees of freedom: under 0.14
 * with chance 1e-6. So |D|^2 is at most the sum of |D z|^2 over 0.14, but for that chance. d->x holds s,
 * d->factor is scratch. */
static rwk_status probed_drift(dense *d, double *bound) {
  const size_t n = d->n;
  *bound = 0;
  if (rwk_norm(n, d->x) == 0) return RWK_OK;
  double *there = d->v, *Z = d->factor, *DZ = Z + RWK_PROBES * n, *Hz = DZ + RWK_PROBES * n;
  rwk_stream random;
  rwk_stream_init(&random, 0, 0x50726f62); /* a stream of its own, apart from starting weights */
  for (size_t i = 0; i < RWK_PROBES * n; i++) Z[i] = rwk_stream_normal(&random);
  for (size_t i = 0; i < n; i++) there[i] = d->w[i] + d->x[i];
  RWK_TRY(rwk_objective_products(d->o, DZ, n, Z, n, RWK_PROBES, there));
  double sum = 0;
  for (size_t k = 0; k < RWK_PROBES; k++) {
    rwk_symv(Hz, n, d->H, n, Z + k * n);
    rwk_axpy(n, -1, DZ + k * n, Hz);
    sum += rwk_dot(n, Hz, Hz);
  }
  *bound = 2 * sqrt(sum / rwk_probes_least);
  return RWK_OK;
}

/* Is what the probes say enough for eigenvalues of `least` and more? Else, or where they do not fit, by the
 * whole Hessian. */
static rwk_status drift_below(dense *d, double least, double *bound) {
  *bound = INFINITY;
  if (d->n >= 32) RWK_TRY(probed_drift(d, bound));
  return *bound < least ? RWK_OK : drift(d, bound);
}

/* The whole spectrum by eigenvalues: for saddles, and for zeros that nothing explains. */
static rwk_status by_eigenvalues(dense *d, double *direction, double rounding) {
  const size_t n = d->n;
  rwk_certificate *c = d->c;
  double *values = rwk_alloc_doubles(d->o->ctx, n + n * n);
  if (!values) return rwk_fail_memory(d->o->ctx, "eigenvalues");
  double *vectors = values + n;
  memcpy(d->factor, d->H, n * n * sizeof *d->H);
  rwk_status status = rwk_eigen(d->o->ctx, values, vectors, d->factor, n, n);
  if (status != RWK_OK) goto done;
  if (direction) memcpy(direction, vectors, n * sizeof *direction);
  /* s = -H^+ g over the eigenvalues that are not zero */
  memset(d->x, 0, n * sizeof *d->x);
  for (size_t j = 0; j < n; j++)
    if (fabs(values[j]) > rounding)
      rwk_axpy(n, -rwk_dot(n, vectors + j * n, d->g) / values[j], vectors + j * n, d->x);
  double bound = 0;
  if (c->grad_inf <= c->grad_limit) status = drift(d, &bound);
  if (status != RWK_OK) goto done;
  c->zero_limit = rounding + bound;
  c->positive = c->zero = c->negative = 0;
  c->min_eig = values[0];
  c->min_eig_error = rounding;
  c->max_eig = fabs(values[0]) > fabs(values[n - 1]) ? values[0] : values[n - 1];
  c->min_eig_rest = values[0];
  for (size_t j = 0; j < n; j++) {
    if (values[j] > c->zero_limit)
      c->positive++;
    else if (values[j] < -c->zero_limit)
      c->negative++;
    else
      c->zero++;
  }
  if (c->negative == 0 && c->flats < c->zero && (size_t)c->flats < n) c->min_eig_rest = values[c->flats];
done:
  rwk_free_doubles(d->o->ctx, values);
  return status;
}

/* Smallest eigenvalue of the positive definite matrix of which d->factor is the Cholesky factor, by Lanczos
 * on its inverse; the eigenvector in d->v. */
static rwk_status smallest_positive(dense *d, double lift, double *value, double *error) {
  const size_t n = d->n;
  rwk_lanczos_settings ls;
  rwk_lanczos_settings_init(&ls);
  ls.tol = 1e-6;
  ls.products = 400;
  ls.least = 0; /* that nothing is below is proven by another factorisation */
  rwk_lanczos_result lr;
  RWK_TRY(rwk_lanczos_min(&lr, d->v, d->o->ctx, n, &ls, apply_inverse, d));
  rwk_symv(d->x, n, d->H, n, d->v);
  const rwk_span *flat = &d->flats->span;
  for (size_t k = 0; k < flat->count; k++) rwk_span_axpy(d->x, lift * rwk_span_dot(flat, k, d->v), flat, k);
  *value = rwk_dot(n, d->v, d->x);
  rwk_axpy(n, -*value, d->v, d->x);
  *error = rwk_norm(n, d->x);
  return RWK_OK;
}

rwk_status rwk_spectrum_dense(rwk_certificate *c, double *direction, rwk_objective *o, rwk_flat_set *flats,
                              const double *w, const double *g) {
  const size_t n = o->problem->dim;
  rwk_status status = RWK_OK;
  dense d = {.c = c, .o = o, .flats = flats, .w = w, .g = g, .n = n};
  d.H = rwk_alloc_doubles(o->ctx, n * n);
  d.factor = rwk_alloc_doubles(o->ctx, n * n);
  d.v = rwk_alloc_doubles(o->ctx, 2 * n);
  if (!d.H || !d.factor || !d.v) {
    status = rwk_fail_memory(o->ctx, "a dense certificate; try krylov algebra");
    goto done;
  }
  d.x = d.v + n;
  c->dense = 1;
  status = rwk_objective_hessian(o, d.H, n, w);
  if (status != RWK_OK) goto done;
  if (!rwk_all_finite(n * n, d.H)) {
    status = rwk_fail(o->ctx, RWK_NUMERICAL, "the Hessian is not finite at the given weights");
    goto done;
  }
  const double norm = rwk_row_sum_norm(d.H, n);
  /* Backward errors of the factorisation and of the sums that make H (docs/certificates.md, "Thresholds") */
  const double rounding = 16 * DBL_EPSILON * sqrt((double)n) * norm;
  c->zero_limit = rounding;
  status = rwk_flats_verify(flats, o, w, d.H, rwk_flat_limit(c, rounding));
  if (status != RWK_OK) goto done;
  c->flats = (int64_t)flats->span.count;
  const double lift = norm > 0 ? norm : 1;
  if (!definite(&d, lift, 0)) {
    status = by_eigenvalues(&d, direction, rounding);
    goto done;
  }
  double value, error;
  status = smallest_positive(&d, lift, &value, &error);
  if (status != RWK_OK) goto done;
  if (direction) {
    memcpy(direction, d.v, n * sizeof *direction);
    if (flats->span.count) rwk_span_expand(direction, &flats->span, 0);
  }
  /* no eigenvalue lies below value - gap: the matrix shifted by that is still positive definite */
  const double gap = fmax(2 * error + rounding, 1e-4 * value);
  memcpy(d.x, g, n * sizeof *g); /* the Newton correction, from the factor that is about to be overwritten */
  rwk_cholesky_solve(d.x, n, 1, d.factor, n, n);
  rwk_scale(n, -1, d.x);
  const int proven = definite(&d, lift, value - gap);
  double bound = 0;
  if (c->grad_inf <= c->grad_limit) status = drift_below(&d, value - gap - rounding, &bound);
  if (status != RWK_OK) goto done;
  if (!proven || value - gap <= rounding + bound) {
    status = by_eigenvalues(&d, direction, rounding);
    goto done;
  }
  c->zero_limit = rounding + bound;
  c->min_eig_rest = value;
  c->min_eig = value;
  c->min_eig_error = gap;
  if (flats->span.count) {
    c->min_eig = INFINITY;
    for (size_t k = 0; k < flats->span.count; k++) {
      rwk_span_product(d.x, d.H, n, &flats->span, k);
      c->min_eig = fmin(c->min_eig, rwk_span_dot(&flats->span, k, d.x));
    }
    c->min_eig_error = rounding;
  }
  c->negative = 0;
  c->zero = (int64_t)flats->span.count;
  c->positive = (int64_t)n - c->zero;
  rwk_lanczos_settings ls;
  rwk_lanczos_settings_init(&ls);
  ls.products = 40;
  ls.least = 0; /* no verdict hangs on it */
  rwk_lanczos_result lr;
  status = rwk_lanczos_min(&lr, NULL, o->ctx, n, &ls, apply_negative, &d);
  c->max_eig = -lr.value;
done:
  rwk_free_doubles(o->ctx, d.v);
  rwk_free_doubles(o->ctx, d.factor);
  rwk_free_doubles(o->ctx, d.H);
  return status;
}
