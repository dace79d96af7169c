#include <float.h>
#include <math.h>
#include <string.h>
#include "optim/region.h"

/* In the norm |s|_P = sqrt(s'Ps), P the problem's preconditioner (or 1), the Lanczos process on P^-1 H from
 * P^-1 g gives Q'HQ = T (tridiagonal: delta on, gamma off the diagonal),  Q'PQ = 1,  Q'g = gamma_0 e_1, so
 * that the subproblem over span Q is min gamma_0 h_1 + h'Th/2 over |h| <= radius. In floating point Q'PQ = 1
 * is lost once an eigenvalue has converged, and with it the small ones, the valleys: each vector is made
 * orthogonal again to all that are kept. */
struct rwk_krylov {
  rwk_context *ctx;
  size_t n, stored;                           /* stored: columns of Q that are kept */
  double *Q, *PQ;                             /* [stored x n]; PQ is Q without a preconditioner */
  double *q, *t, *y, *previous, *current, *c; /* [n] each */
  double *delta, *gamma, *h, *pivot, *z;      /* [steps + 1] each */
  size_t steps;                               /* room for this many Lanczos steps */
  size_t last;                                /* vectors that made the last step; 0: not all are kept */
  double mu;                                  /* and its multiplier */
};

rwk_status rwk_krylov_create(rwk_krylov **krylov, rwk_context *ctx, size_t n, int preconditioned) {
  const size_t memory = (size_t)128 << 20;
  size_t stored = memory / (n * sizeof(double)) / (preconditioned ? 2 : 1);
  if (stored < 16) stored = 16;
  if (stored > 400) stored = 400;
  if (stored > n) stored = n;
  rwk_krylov *k = rwk_calloc(ctx, 1, sizeof *k);
  *krylov = k;
  if (!k) return rwk_fail_memory(ctx, "Krylov solver");
  k->ctx = ctx;
  k->n = n;
  k->stored = stored;
  k->steps = n < 5000 ? 2 * n + 10 : 10010;
  k->Q = rwk_alloc_doubles(ctx, stored * n);
  k->q = rwk_alloc_doubles(ctx, 6 * n);
  k->delta = rwk_alloc_doubles(ctx, 5 * (k->steps + 1));
  k->PQ = preconditioned ? rwk_alloc_doubles(ctx, stored * n) : k->Q;
  if (!k->Q || !k->PQ || !k->q || !k->delta) {
    rwk_krylov_destroy(k);
    *krylov = NULL;
    return rwk_fail_memory(ctx, "Krylov solver");
  }
  double **vectors[] = {&k->t, &k->y, &k->previous, &k->current, &k->c};
  for (size_t i = 0; i < 5; i++) *vectors[i] = k->q + (i + 1) * n;
  double **arrays[] = {&k->gamma, &k->h, &k->pivot, &k->z};
  for (size_t i = 0; i < 4; i++) *arrays[i] = k->delta + (i + 1) * (k->steps + 1);
  return RWK_OK;
}

void rwk_krylov_destroy(rwk_krylov *k) {
  if (!k) return;
  rwk_free_doubles(k->ctx, k->delta);
  rwk_free_doubles(k->ctx, k->q);
  if (k->PQ != k->Q) rwk_free_doubles(k->ctx, k->PQ);
  rwk_free_doubles(k->ctx, k->Q);
  rwk_free(k->ctx, k);
}

/* T + mu = L D L' for T of order m: D in k->pivot. 0 if it is not positive definite. */
static int tridiagonal_factor(rwk_krylov *k, size_t m, double mu) {
  const double *delta = k->delta, *gamma = k->gamma; /* gamma[0] starts, gamma[i] couples i-1 and i */
  double *d = k->pivot;
  for (size_t i = 0; i < m; i++) {
    d[i] = delta[i] + mu - (i ? gamma[i] * gamma[i] / d[i - 1] : 0);
    if (!(d[i] > 0)) return 0;
  }
  return 1;
}

/* x := (T + mu)^-1 x by those factors. */
static void tridiagonal_substitute(const rwk_krylov *k, size_t m, double *x) {
  const double *gamma = k->gamma, *d = k->pivot;
  for (size_t i = 1; i < m; i++) x[i] -= gamma[i] / d[i - 1] * x[i - 1];
  for (size_t i = m; i-- > 0;) x[i] = x[i] / d[i] - (i + 1 < m ? gamma[i + 1] / d[i] * x[i + 1] : 0);
}

/* h = -(T + mu)^-1 gamma_0 e_1 for T of order m; *slope = h'(T + mu)^-1 h. 0 if T + mu is not positive
 * definite. */
static int tridiagonal_solve(rwk_krylov *k, size_t m, double mu, double *length, double *slope) {
  const double *gamma = k->gamma, *d = k->pivot;
  double *h = k->h;
  if (!tridiagonal_factor(k, m, mu)) return 0;
  h[0] = -gamma[0];
  for (size_t i = 1; i < m; i++) h[i] = 0;
  tridiagonal_substitute(k, m, h);
  double sum = 0;
  for (size_t i = 0; i < m; i++) sum += h[i] * h[i];
  *length = sqrt(sum);
  double s = 0, forward = 0;
  for (size_t i = 0; i < m; i++) { /* L forward = h, slope = forward' D^-1 forward */
    forward = h[i] - (i ? gamma[i] / d[i - 1] * forward : 0);
    s += forward * forward / d[i];
  }
  *slope = s;
  return 1;
}

/* The subproblem over the first m Lanczos vectors; h in k->h. Returns the multiplier; *interior as it says.
 */
static double tridiagonal_region(rwk_krylov *k, size_t m, double radius, double guess, int *interior) {
  double length, slope, norm = 0;
  *interior = 0;
  if (tridiagonal_solve(k, m, 0, &length, &slope) && length <= radius) {
    *interior = 1;
    return 0;
  }
  for (size_t i = 0; i < m; i++)
    norm =
        fmax(norm, fabs(k->delta[i]) + (i ? fabs(k->gamma[i]) : 0) + (i + 1 < m ? fabs(k->gamma[i + 1]) : 0));
  double low = 0, high = k->gamma[0] / radius + norm, mu = guess > 0 && guess < high ? guess : 1e-8 * norm;
  for (int round = 0; round < 200; round++) {
    if (!tridiagonal_solve(k, m, mu, &length, &slope)) {
      low = fmax(low, mu);
      mu = fmax(sqrt(low * high), low + 0.01 * (high - low));
      continue;
    }
    if (fabs(length - radius) <= 1e-3 * radius) break;
    if (length < radius)
      high = fmin(high, mu);
    else
      low = fmax(low, mu);
    double next = mu + length * length / slope * (length - radius) / radius;
    if (!(next > low) || !(next < high)) next = fmax(sqrt(low * high), low + 0.1 * (high - low));
    if (high - low <= 1e-15 * high || next == mu) break;
    mu = next;
  }
  return mu;
}

static rwk_status precondition(rwk_krylov *k, rwk_objective *o, double *y, const double *t, const double *w) {
  const rwk_problem *p = o->problem;
  if (p->ops.precondition) return p->ops.precondition(y, t, w, o->lambda, o->work, p->self);
  memcpy(y, t, k->n * sizeof *y);
  return RWK_OK;
}

/* t -= PQ Q't over the first m vectors that are kept. */
static void reorthogonalise(rwk_krylov *k, double *t, size_t m) {
  const size_t kept = m < k->stored ? m : k->stored;
  rwk_gemv(k->z, 0, kept, k->n, 1, k->Q, k->n, t, 0);
  rwk_gemv(t, 1, kept, k->n, -1, k->PQ, k->n, k->z, 1);
}

rwk_status rwk_region_krylov(rwk_region_step *out, double *s, rwk_krylov *k, rwk_objective *o,
                             const double *w, const double *g, double radius, double forcing) {
  const size_t n = k->n;
  double *t = k->t, *y = k->y;
  *out = (rwk_region_step){0};
  memset(s, 0, n * sizeof *s);
  memcpy(t, g, n * sizeof *t);
  RWK_TRY(precondition(k, o, y, t, w));
  double gy = rwk_dot(n, t, y);
  if (!(gy > 0)) return rwk_fail(k->ctx, RWK_NUMERICAL, "the preconditioner is not positive definite");
  k->gamma[0] = sqrt(gy);
  memset(k->previous, 0, n * sizeof *k->previous);
  /* While T is positive definite and its minimiser is inside, s is carried along as in conjugate gradients (T
   * = L D L'), so that a long interior solve needs no stored vectors. */
  double d = 0, zeta = 0, mu = 0, length = 0, norm = 0; /* of T, a lower bound */
  int inside = 1, interior = 0;
  size_t m = 0;
  for (;;) {
    const double gamma = k->gamma[m];
    for (size_t i = 0; i < n; i++) k->q[i] = y[i] / gamma;
    for (size_t i = 0; i < n; i++) k->current[i] = t[i] / gamma; /* = P q */
    if (m < k->stored) {
      memcpy(k->Q + m * n, k->q, n * sizeof *k->q);
      if (k->PQ != k->Q) memcpy(k->PQ + m * n, k->current, n * sizeof *k->current);
    }
    RWK_TRY(rwk_objective_products(o, t, n, k->q, n, 1, w));
    const double delta = rwk_dot(n, k->q, t);
    if (!isfinite(delta)) return rwk_fail(k->ctx, RWK_NUMERICAL, "a Hessian-vector product is not finite");
    k->delta[m] = delta;
    norm = fmax(norm, fabs(delta) + (m ? gamma : 0));
    rwk_axpy(n, -delta, k->current, t);
    if (m) rwk_axpy(n, -gamma, k->previous, t);
    double *swap = k->previous;
    k->previous = k->current;
    k->current = swap;
    reorthogonalise(k, t, m + 1);
    RWK_TRY(precondition(k, o, y, t, w));
    const double next = sqrt(fmax(0, rwk_dot(n, t, y)));

    const double pivot = delta - (m ? gamma * gamma / d : 0);
    if (inside && pivot > 0) {
      for (size_t i = 0; i < n; i++) k->c[i] = k->q[i] - (m ? gamma / d * k->c[i] : 0);
      zeta = m ? -gamma * zeta / pivot : -gamma / pivot;
      d = pivot;
    } else {
      inside = 0;
    }
    m++;
    if (m < k->steps) k->gamma[m] = next;
    mu = tridiagonal_region(k, m, radius, mu, &interior);
    if (inside && interior)
      rwk_axpy(n, zeta, k->c, s);
    else
      inside = 0;
    const double residual = next * fabs(k->h[m - 1]);
    const double tol = fmax(forcing * k->gamma[0], 1e-15 * k->gamma[0]);
    int stop = residual <= (interior ? tol : fmax(tol, 1e-2 * k->gamma[0])) || m == k->steps || m == n ||
               next <= 1e-15 * norm;
    if (!inside && m >= k->stored) stop = 1;
    if (rwk_cancelled(k->ctx)) stop = 1;
    if (stop) break;
  }
  double sum = 0, model = k->gamma[0] * k->h[0];
  for (size_t i = 0; i < m; i++) {
    sum += k->h[i] * k->h[i];
    model += 0.5 * k->delta[i] * k->h[i] * k->h[i] + (i ? k->gamma[i] * k->h[i] * k->h[i - 1] : 0);
  }
  length = sqrt(sum);
  if (!inside || !interior || m <= k->stored) {
    const size_t kept = m < k->stored ? m : k->stored;
    if (m > kept) { /* the boundary was met beyond the kept vectors: the best step within them */
      mu = tridiagonal_region(k, kept, radius, mu, &interior);
      sum = 0;
      model = k->gamma[0] * k->h[0];
      for (size_t i = 0; i < kept; i++) {
        sum += k->h[i] * k->h[i];
        model += 0.5 * k->delta[i] * k->h[i] * k->h[i] + (i ? k->gamma[i] * k->h[i] * k->h[i - 1] : 0);
      }
      length = sqrt(sum);
    }
    rwk_gemv(s, 1, kept, n, 1, k->Q, n, k->h, 0);
  }
  k->last = m <= k->stored ? m : 0;
  k->mu = mu;
  out->length = length;
  out->reduction = -model;
  out->interior = interior;
  out->damping = mu;
  return RWK_OK;
}

int rwk_krylov_bend(double *bend, rwk_krylov *k, const double *g) {
  const size_t m = k->last;
  if (m == 0 || !tridiagonal_factor(k, m, k->mu)) return 0;
  rwk_gemv(k->z, 0, m, k->n, 1, k->Q, k->n, g, 0);
  for (size_t i = 0; i < m; i++) k->z[i] = -k->z[i] - k->mu * k->h[i];
  tridiagonal_substitute(k, m, k->z);
  rwk_gemv(bend, 1, m, k->n, 1, k->Q, k->n, k->z, 0);
  return 1;
}
