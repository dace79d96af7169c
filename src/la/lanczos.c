#include <math.h>
#include <string.h>
#include "base/stream.h"
#include "la/lanczos.h"

void rwk_lanczos_settings_init(rwk_lanczos_settings *settings) {
  *settings = (rwk_lanczos_settings){
      .products = 1000, .tol = 1e-3, .stop_below = -INFINITY, .least = 48, .memory = (size_t)256 << 20};
}

typedef struct lanczos {
  rwk_context *ctx;
  size_t n, most;  /* most: vectors in the basis */
  double *basis;   /* [most + 1 x n] */
  double *T;       /* [most x most] projection of A on the basis */
  double *scratch; /* [most x most] */
  double *ritz;    /* [most x most] eigenvectors of T */
  double *theta;   /* [most] */
  const rwk_lanczos_settings *settings;
} lanczos;

/* Takes out of v what lies in the flat directions and in the first k basis vectors; twice is enough. */
static void reorthogonalise(lanczos *z, double *v, size_t k) {
  const size_t n = z->n;
  double *c = z->theta; /* free at this moment: Ritz values are made anew at each check */
  for (int pass = 0; pass < 2; pass++) {
    if (z->settings->flat) rwk_span_project(v, z->settings->flat);
    if (k == 0) continue;
    rwk_gemv(c, 0, k, n, 1, z->basis, n, v, 0);
    rwk_gemv(v, 1, k, n, -1, z->basis, n, c, 1);
  }
}

/* A new random unit vector orthogonal to the first k; 0 if there is none. */
static int random_direction(lanczos *z, rwk_stream *stream, double *v, size_t k) {
  for (int attempt = 0; attempt < 3; attempt++) {
    for (size_t i = 0; i < z->n; i++) v[i] = rwk_stream_normal(stream);
    const double before = rwk_norm(z->n, v);
    reorthogonalise(z, v, k);
    const double after = rwk_norm(z->n, v);
    if (after > 1e-10 * before) {
      rwk_scale(z->n, 1 / after, v);
      return 1;
    }
  }
  return 0;
}

/* Eigenpairs of the leading k x k part of T into theta and ritz. */
static rwk_status solve_projection(lanczos *z, size_t k) {
  for (size_t i = 0; i < k; i++) memcpy(z->scratch + i * k, z->T + i * z->most, k * sizeof *z->T);
  return rwk_eigen(z->ctx, z->theta, z->ritz, z->scratch, k, k);
}

/* basis[0..kept) := the first `kept` Ritz vectors of a basis of k, and T accordingly (arrow with the
 * couplings to vector k). */
static rwk_status restart(lanczos *z, size_t k, size_t kept, double beta) {
  const size_t n = z->n, most = z->most;
  enum { BLOCK = 512 }; /* columns at a time, so that no second basis is needed */
  double *piece = rwk_alloc_doubles(z->ctx, (k + kept) * BLOCK);
  if (!piece) return rwk_fail_memory(z->ctx, "Lanczos restart");
  for (size_t c = 0; c < n; c += BLOCK) {
    const size_t m = n - c < BLOCK ? n - c : BLOCK;
    for (size_t i = 0; i < k; i++) memcpy(piece + i * m, z->basis + i * n + c, m * sizeof *piece);
    rwk_gemm(piece + k * m, m, 0, 0, kept, m, k, 1, z->ritz, k, piece, m, 0);
    for (size_t i = 0; i < kept; i++) memcpy(z->basis + i * n + c, piece + (k + i) * m, m * sizeof *piece);
  }
  memcpy(z->basis + kept * n, z->basis + k * n, n * sizeof *z->basis);
  for (size_t i = 0; i <= kept; i++) memset(z->T + i * most, 0, (kept + 1) * sizeof *z->T);
  for (size_t i = 0; i < kept; i++) {
    z->T[i * most + i] = z->theta[i];
    z->T[i * most + kept] = z->T[kept * most + i] = beta * z->ritz[i * k + k - 1];
  }
  rwk_free_doubles(z->ctx, piece);
  return RWK_OK;
}

rwk_status rwk_lanczos_min(rwk_lanczos_result *result, double *vector, rwk_context *ctx, size_t n,
                           const rwk_lanczos_settings *settings, rwk_operator_fn apply, void *payload) {
  *result = (rwk_lanczos_result){.value = NAN, .residual = INFINITY};
  const size_t flat = settings->flat ? settings->flat->count : 0;
  if (n <= flat) {
    if (vector) memset(vector, 0, n * sizeof *vector);
    return RWK_OK;
  }
  size_t most = settings->memory / (n * sizeof(double));
  if (most < 24) most = 24;
  if (most > 320) most = 320;
  if (most > n - flat) most = n - flat;
  lanczos z = {.ctx = ctx, .n = n, .most = most, .settings = settings};
  rwk_stream stream;
  rwk_stream_init(&stream, settings->seed, 0x4c616e63); /* a stream of its own, apart from starting weights */
  rwk_status status = RWK_OK;
  size_t k = 0, best = 0; /* vectors whose product is in T; order of the last projection solved */
  z.basis = rwk_alloc_doubles(ctx, (most + 1) * n);
  z.T = rwk_alloc_doubles(ctx, most * most);
  z.scratch = rwk_alloc_doubles(ctx, most * most);
  z.ritz = rwk_alloc_doubles(ctx, most * most);
  z.theta = rwk_alloc_doubles(ctx, most + 1);
  if (!z.basis || !z.T || !z.scratch || !z.ritz || !z.theta) {
    status = rwk_fail_memory(ctx, "Lanczos");
    goto done;
  }
  memset(z.T, 0, most * most * sizeof *z.T);
  if (!random_direction(&z, &stream, z.basis, 0)) goto done;

  for (;;) {
    double *v = z.basis + k * n, *next = v + n;
    status = apply(next, v, payload);
    if (status != RWK_OK) goto done;
    result->products++;
    z.T[k * most + k] = rwk_dot(n, v, next);
    reorthogonalise(&z, next, k + 1);
    double beta = rwk_norm(n, next);
    if (!isfinite(beta)) {
      status = rwk_fail(ctx, RWK_NUMERICAL, "a Hessian-vector product is not finite");
      goto done;
    }
    k++;
    const int exhausted = result->products >= settings->products, full = k == most;
    const int invariant = beta <= 1e-14 * fabs(result->largest) || beta == 0;
    const int early = settings->least == 0 && k % 4 == 0;
    if (full || exhausted || invariant || k % 16 == 0 || early || k <= 4) {
      status = solve_projection(&z, k);
      if (status != RWK_OK) goto done;
      best = k;
      result->value = z.theta[0];
      result->residual = fabs(beta * z.ritz[k - 1]);
      result->basis = k;
      result->largest = fmax(result->largest, fmax(fabs(z.theta[0]), fabs(z.theta[k - 1])));
      const double tol = fmax(settings->tol * fabs(result->value), settings->tol_abs);
      result->converged = result->residual <= fmax(tol, 1e-14 * result->largest);
      /* a small residual early on may belong to a cluster that hides the end behind it */
      if (k < n - flat && result->products < settings->least) result->converged = 0;
      /* an invariant space seen from one starting vector may hide other copies: only the whole space settles
       * it */
      if (k == n - flat) result->converged = 1;
      const int found = result->value + result->residual < settings->stop_below &&
                        result->residual <= 0.5 * fabs(result->value);
      if (found || exhausted || (result->converged && !(invariant && settings->least > 0 && k < n - flat)))
        goto done;
      if (full && k == n - flat) goto done;
    }
    if (invariant) { /* go on in a fresh direction that does not couple with what is there */
      if (full || !random_direction(&z, &stream, next, k)) goto done;
      z.T[(k - 1) * most + k] = z.T[k * most + k - 1] = 0;
      continue;
    }
    rwk_scale(n, 1 / beta, next);
    if (full) {
      const size_t kept = most / 3 > 0 ? most / 3 : 1;
      status = restart(&z, k, kept, beta);
      if (status != RWK_OK) goto done;
      k = kept;
    } else {
      z.T[(k - 1) * most + k] = z.T[k * most + k - 1] = beta;
    }
  }
done:
  if (status == RWK_OK && vector) {
    memset(vector, 0, n * sizeof *vector);
    if (best) {
      rwk_gemv(vector, 1, best, n, 1, z.basis, n, z.ritz, 0);
      const double length = rwk_norm(n, vector);
      if (length > 0) rwk_scale(n, 1 / length, vector);
    }
  }
  rwk_free_doubles(ctx, z.theta);
  rwk_free_doubles(ctx, z.ritz);
  rwk_free_doubles(ctx, z.scratch);
  rwk_free_doubles(ctx, z.T);
  rwk_free_doubles(ctx, z.basis);
  return status;
}
