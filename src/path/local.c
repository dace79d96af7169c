#include "path/local.h"
#include <float.h>
#include <math.h>
#include <string.h>
#include "la/lanczos.h"

rwk_status rwk_local_open(rwk_local *l, rwk_context *ctx, const rwk_problem *problem, int dense) {
  *l = (rwk_local){.ctx = ctx, .n = problem->dim, .dense = dense};
  const size_t n = l->n;
  l->block = rwk_alloc_doubles(ctx, 7 * n + (dense ? 2 * n * n : 0));
  if (!l->block) return rwk_fail_memory(ctx, "continuation");
  double **vectors[] = {&l->g, &l->b, &l->phi, &l->scratch, &l->p, &l->q, &l->z};
  for (size_t k = 0; k < 7; k++) *vectors[k] = l->block + k * n;
  if (dense) {
    l->H = l->block + 7 * n;
    l->factor = l->H + n * n;
  }
  for (size_t i = 0; i < n; i++) l->phi[i] = sin(1 + 2.3 * (double)i); /* no direction is favoured */
  rwk_scale(n, 1 / rwk_norm(n, l->phi), l->phi);
  const rwk_status status = rwk_objective_open(&l->o, ctx, problem, 0);
  if (status != RWK_OK) rwk_local_close(l);
  return status;
}

void rwk_local_close(rwk_local *l) {
  if (!l->ctx) return;
  rwk_objective_close(&l->o);
  if (l->flats.ctx) rwk_flats_release(&l->flats);
  rwk_free(l->ctx, l->pivots);
  rwk_free_doubles(l->ctx, l->values);
  rwk_free_doubles(l->ctx, l->block);
  *l = (rwk_local){0};
}

rwk_status rwk_local_evaluate(rwk_local *l, const double *w, double lambda) {
  const unsigned char *penalised = l->o.problem->penalised;
  l->o.lambda = lambda;
  RWK_TRY(rwk_objective_try(&l->o, &l->parts, l->g, w));
  l->grad_inf = isfinite(l->parts.objective) ? rwk_norm_inf(l->n, l->g) : INFINITY;
  for (size_t i = 0; i < l->n; i++) l->b[i] = penalised[i] ? 2 * lambda * w[i] : 0;
  return RWK_OK;
}

/* Eigenvalues up to this size cannot be told from 0. */
static double zero_limit(const rwk_local *l) {
  return 16 * DBL_EPSILON * sqrt((double)l->n) * l->norm;
}

rwk_status rwk_local_flats(rwk_local *l, const double *w) {
  rwk_flat_set last = l->flats;
  l->flats = (rwk_flat_set){0};
  rwk_status status = rwk_flats_collect(&l->flats, &l->o, w);
  if (status == RWK_OK)
    status = rwk_flats_verify(&l->flats, &l->o, w, NULL, zero_limit(l) + 10 * rwk_norm(l->n, l->g));
  if (status != RWK_OK || !rwk_span_same(&l->flats.span, &last.span, 1e-12)) l->strange = 1;
  if (last.ctx) rwk_flats_release(&last);
  return status;
}

int rwk_local_serves(const rwk_local *l) {
  return l->dense && l->form == RWK_LOCAL_CHOLESKY && !l->strange;
}

void rwk_local_project(const rwk_local *l, double *x) {
  rwk_span_project(x, &l->flats.span);
}

static void project_all(const rwk_local *l, double *x) {
  rwk_local_project(l, x);
  if (l->deflated) rwk_axpy(l->n, -rwk_dot(l->n, l->phi, x), l->phi, x);
}

/* ---- dense */

/* Size of the rounding errors of H phi. */
static double rounding(const rwk_local *l) {
  return 4 * DBL_EPSILON * l->norm;
}

/* Inverse iteration from the last phi with the factor of H + lift: *residual = |H phi - mu phi|, as small as
 * 1e-7 of mu + lift if it can be had. */
static void iterate(rwk_local *l, int iterations, double lift, double *residual) {
  const size_t n = l->n;
  *residual = INFINITY;
  double last = INFINITY;
  for (int k = 0; k < iterations; k++) {
    memcpy(l->p, l->phi, n * sizeof *l->p);
    rwk_local_project(l, l->p);
    rwk_cholesky_solve(l->p, n, 1, l->factor, n, n);
    rwk_local_project(l, l->p);
    const double length = rwk_norm(n, l->p);
    if (!(length > 0) || !isfinite(length)) return;
    for (size_t i = 0; i < n; i++) l->phi[i] = l->p[i] / length;
    rwk_symv(l->q, n, l->H, n, l->phi);
    l->mu = rwk_dot(n, l->phi, l->q);
    rwk_axpy(n, -l->mu, l->phi, l->q);
    *residual = rwk_norm(n, l->q);
    if (*residual <= fmax(1e-7 * (fabs(l->mu) + lift), 0.5 * rounding(l)) ||
        (k > 2 && *residual > 0.8 * last))
      return;
    last = *residual;
  }
}

/* Factor of H + norm U U' + lift 1 + push phi phi'. */
static int definite(rwk_local *l, double lift, double push) {
  const size_t n = l->n;
  rwk_upper(l->factor, n, l->H, n, n);
  for (size_t i = 0; i < n; i++) {
    l->factor[i * n + i] += lift;
    for (size_t j = i; push > 0 && j < n; j++) l->factor[i * n + j] += push * l->phi[i] * l->phi[j];
  }
  rwk_span_lift(l->factor, n, l->norm, &l->flats.span);
  size_t pivot;
  rwk_cholesky(&pivot, l->factor, n, n);
  return pivot == 0;
}

/* One negative eigenvalue, as behind a fold: found by inverse iteration on H + lift, then pushed up, so that
 * a Cholesky factor of the rest remains. 0 where it is not as simple as that. */
static int one_negative(rwk_local *l) {
  const double least = 64 * zero_limit(l), exact = rounding(l);
  memcpy(l->p, l->phi, l->n * sizeof *l->p);
  rwk_local_project(l, l->p);
  rwk_symv(l->q, l->n, l->H, l->n, l->p);
  double lift = fmax(2 * fabs(rwk_dot(l->n, l->p, l->q)), least), residual;
  int tries = 0;
  while (!definite(l, lift, 0)) {
    lift *= 8;
    if (++tries > 7 || lift > 0.1 * l->norm) return 0;
  }
  /* the closer the lift to -mu the faster; where mu is a cluster that does not help */
  for (int pass = 0; pass < 3; pass++) {
    iterate(l, 8, lift, &residual);
    if (residual <= fmax(1e-6 * (fabs(l->mu) + lift), exact)) return definite(l, 0, l->norm);
    const double closer = fmax(1.1 * fabs(l->mu) + 2 * residual, least);
    if (!(closer < 0.7 * lift) || !definite(l, closer, 0)) return 0;
    lift = closer;
  }
  return 0;
}

static rwk_status all_eigenvalues(rwk_local *l) {
  const size_t n = l->n;
  if (!l->values) {
    l->values = rwk_alloc_doubles(l->ctx, n + n * n);
    if (!l->values) return rwk_fail_memory(l->ctx, "eigenvalues");
    l->vectors = l->values + n;
  }
  memcpy(l->factor, l->H, n * n * sizeof *l->H);
  rwk_span_lift(l->factor, n, l->norm, &l->flats.span);
  RWK_TRY(rwk_eigen(l->ctx, l->values, l->vectors, l->factor, n, n));
  memcpy(l->phi, l->vectors, n * sizeof *l->phi);
  l->mu = l->values[0];
  l->deflated = 1;
  const double limit = zero_limit(l);
  l->negative = 0;
  while ((size_t)l->negative < n && l->values[l->negative] < -limit) l->negative++;
  l->form = RWK_LOCAL_EIGENVALUES;
  return RWK_OK;
}

/* For solves alone any factor will do, if H is not singular: *done. */
static rwk_status indefinite(rwk_local *l, int *done) {
  const size_t n = l->n;
  *done = 0;
  if (!l->pivots) {
    l->pivots = rwk_alloc(l->ctx, n, sizeof *l->pivots);
    if (!l->pivots) return rwk_fail_memory(l->ctx, "a factor");
  }
  rwk_upper(l->factor, n, l->H, n, n);
  rwk_span_lift(l->factor, n, l->norm, &l->flats.span);
  double least;
  int64_t negative;
  RWK_TRY(rwk_ldl(l->ctx, &least, &negative, l->pivots, l->factor, n, n));
  if (!(least > zero_limit(l))) return RWK_OK;
  l->deflated = 0;
  l->negative = negative;
  l->form = RWK_LOCAL_LDL;
  *done = 1;
  return RWK_OK;
}

static rwk_status factor_dense(rwk_local *l, int lowest) {
  l->form = RWK_LOCAL_CHOLESKY;
  int positive = l->turned ? 0 : definite(l, 0, 0);
  if (!positive && one_negative(l)) {
    l->deflated = 1;
    l->residual = 0;
    l->negative = l->mu < -zero_limit(l);
    return RWK_OK;
  }
  if (!positive && l->turned) positive = definite(l, 0, 0);
  if (!positive) {
    int done = 0;
    if (!lowest) RWK_TRY(indefinite(l, &done));
    return done ? RWK_OK : all_eigenvalues(l);
  }
  /* Where the iteration settles fast the lowest eigenvalue stands apart from the rest, which is when it has
   * to be held apart; elsewhere H^-1 as a whole is as good. */
  iterate(l, 8, 0, &l->residual);
  l->deflated = l->residual <= 1e-4 * l->mu || l->mu <= zero_limit(l);
  l->negative = 0;
  return RWK_OK;
}

static void solve_dense(rwk_local *l, double *x) {
  const size_t n = l->n;
  if (l->form == RWK_LOCAL_CHOLESKY) {
    rwk_cholesky_solve(x, n, 1, l->factor, n, n);
    return;
  }
  if (l->form == RWK_LOCAL_LDL) {
    rwk_ldl_solve(x, l->factor, n, l->pivots, n);
    return;
  }
  rwk_gemv(l->p, 0, n, n, 1, l->vectors, n, x, 0);
  l->p[0] = 0;
  for (size_t k = 1; k < n; k++) l->p[k] = l->values[k] != 0 ? l->p[k] / l->values[k] : 0;
  rwk_gemv(x, 1, n, n, 1, l->vectors, n, l->p, 0);
}

/* ---- Krylov */

static rwk_status apply(double *y, const double *x, void *payload) {
  rwk_local *l = payload;
  return rwk_objective_products(&l->o, y, l->n, x, l->n, 1, l->w);
}

static rwk_status apply_negative(double *y, const double *x, void *payload) {
  rwk_local *l = payload;
  RWK_TRY(apply(y, x, payload));
  rwk_scale(l->n, -1, y);
  return RWK_OK;
}

static rwk_status norm_krylov(rwk_local *l) {
  rwk_lanczos_settings ls;
  rwk_lanczos_result lr;
  rwk_lanczos_settings_init(&ls);
  if (l->norm != 0) return RWK_OK;
  ls.products = 40;
  RWK_TRY(rwk_lanczos_min(&lr, NULL, l->ctx, l->n, &ls, apply_negative, l));
  l->norm = fabs(lr.value) + lr.residual;
  return RWK_OK;
}

static rwk_status factor_krylov(rwk_local *l) {
  rwk_lanczos_settings ls;
  rwk_lanczos_result lr;
  rwk_lanczos_settings_init(&ls);
  ls.products = 400;
  ls.tol = 1e-3;
  ls.tol_abs = zero_limit(l);
  ls.flat = &l->flats.span;
  RWK_TRY(rwk_lanczos_min(&lr, l->phi, l->ctx, l->n, &ls, apply, l));
  l->mu = lr.value;
  l->negative = lr.value < -ls.tol_abs;
  l->deflated = lr.residual <= 1e-2 * fabs(lr.value);
  return RWK_OK;
}

/* Conjugate gradients with the problem's preconditioner, off phi and the flat directions. */
static rwk_status solve_krylov(rwk_local *l, double *x, const double *y) {
  const rwk_problem *problem = l->o.problem;
  const size_t n = l->n;
  double *r = l->p, *d = l->q, *Hd = l->z, *z = l->scratch;
  memcpy(r, y, n * sizeof *r);
  project_all(l, r);
  memset(x, 0, n * sizeof *x);
  const double goal = 1e-10 * rwk_norm(n, r);
  double rho_last = 1;
  const int64_t most = 4 * (int64_t)n + 200 < 4000 ? 4 * (int64_t)n + 200 : 4000;
  for (int64_t k = 0; k < most && rwk_norm(n, r) > goal; k++) {
    if (rwk_cancelled(l->ctx)) return RWK_CANCELLED;
    if (problem->ops.precondition)
      RWK_TRY(problem->ops.precondition(z, r, l->w, l->o.lambda, l->o.work, problem->self));
    else
      memcpy(z, r, n * sizeof *z);
    project_all(l, z);
    const double rho = rwk_dot(n, r, z);
    for (size_t i = 0; i < n; i++) d[i] = z[i] + (k ? rho / rho_last * d[i] : 0);
    rho_last = rho;
    RWK_TRY(apply(Hd, d, l));
    project_all(l, Hd);
    const double curvature = rwk_dot(n, d, Hd);
    if (!(curvature > 0)) { /* a second negative direction: no minimum is near */
      l->negative = 2;
      break;
    }
    rwk_axpy(n, rho / curvature, d, x);
    rwk_axpy(n, -rho / curvature, Hd, r);
  }
  project_all(l, x);
  return RWK_OK;
}

rwk_status rwk_local_hessian(rwk_local *l, const double *w) {
  l->w = w;
  if (!l->dense) return norm_krylov(l);
  RWK_TRY(rwk_objective_hessian(&l->o, l->H, l->n, w));
  l->norm = rwk_row_sum_norm(l->H, l->n);
  return RWK_OK;
}

rwk_status rwk_local_decompose(rwk_local *l, int lowest) {
  RWK_TRY(l->dense ? factor_dense(l, lowest) : factor_krylov(l));
  l->strange = 0;
  l->singular = fabs(l->mu) <= zero_limit(l);
  return RWK_OK;
}

rwk_status rwk_local_factor(rwk_local *l, const double *w, int lowest) {
  RWK_TRY(rwk_local_hessian(l, w));
  return rwk_local_decompose(l, lowest);
}

rwk_status rwk_local_solve(rwk_local *l, double *x, const double *y) {
  if (!l->dense) {
    double *copy = NULL;
    if (x == y) {
      copy = rwk_alloc_doubles(l->ctx, l->n);
      if (!copy) return rwk_fail_memory(l->ctx, "continuation");
      memcpy(copy, y, l->n * sizeof *copy);
      y = copy;
    }
    const rwk_status status = solve_krylov(l, x, y);
    rwk_free_doubles(l->ctx, copy);
    return status;
  }
  if (x != y) memcpy(x, y, l->n * sizeof *x);
  project_all(l, x);
  solve_dense(l, x);
  project_all(l, x);
  return RWK_OK;
}

rwk_status rwk_local_product(rwk_local *l, double *y, const double *x, const double *w) {
  return rwk_objective_products(&l->o, y, l->n, x, l->n, 1, w);
}

rwk_status rwk_local_beside(rwk_local *l, const double *w, double most, double change, int *ok) {
  const size_t n = l->n;
  const double before = l->mu;
  double last = INFINITY;
  *ok = 0;
  for (int pass = 0; pass < 8 && !*ok; pass++) {
    RWK_TRY(rwk_local_product(l, l->q, l->phi, w));
    l->mu = rwk_dot(n, l->phi, l->q);
    rwk_axpy(n, -l->mu, l->phi, l->q);
    const double residual = rwk_norm(n, l->q);
    *ok = residual <= fmax(fmax(most, 0.02 * fabs(l->mu)), 1.5 * l->residual);
    if (*ok || !(residual <= 0.7 * last)) break;
    last = residual;
    RWK_TRY(rwk_local_solve(l, l->q, l->q)); /* off phi: Newton's step on H phi = mu phi, H from beside */
    rwk_axpy(n, -1, l->q, l->phi);
    rwk_scale(n, 1 / rwk_norm(n, l->phi), l->phi);
  }
  if (!(fabs(l->mu - before) <= fmax(change, 0.5 * fabs(before)))) *ok = 0;
  l->negative = l->mu < -zero_limit(l);
  l->singular = fabs(l->mu) <= zero_limit(l);
  l->w = w;
  return RWK_OK;
}
