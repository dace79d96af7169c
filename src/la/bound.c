#include <math.h>
#include <string.h>
#include "base/stream.h"
#include "la/lanczos.h"

/* log of the most that a unit eigenvector of an eigenvalue <= s can have in common with the start: sum of log
 * gamma_i / d_i, d_i the pivots of T - s. INFINITY where a Ritz value is <= s. */
static double log_overlap(const double *delta, const double *gamma, size_t k, double s) {
  double sum = 0, pivot = 1;
  for (size_t i = 0; i < k; i++) {
    pivot = delta[i] - s - (i ? gamma[i - 1] * gamma[i - 1] / pivot : 0);
    if (!(pivot > 0)) return INFINITY;
    sum += log(gamma[i] / pivot);
  }
  return sum;
}

/* A component below 1e-10 may be lost in rounding, whatever T says. */
static double chance(double log_component, size_t dimensions) {
  return fmin(1, sqrt(0.63661977236758134 * (double)dimensions) /* 2 m / pi */ *
                     fmax(exp(log_component), 1e-10));
}

/* The eigenvalues of T that are < s, by the signs of the pivots of T - s. */
static size_t count_below(const double *delta, const double *gamma, size_t k, double s) {
  size_t count = 0;
  double pivot = 1;
  for (size_t i = 0; i < k; i++) {
    pivot = delta[i] - s - (i ? gamma[i - 1] * gamma[i - 1] / pivot : 0);
    if (pivot == 0) pivot = -1e-300;
    count += pivot < 0;
  }
  return count;
}

/* The eigenvalue of T of number `index` from below, between low and high, to rounding of the larger of them.
 */
static double bisect(const double *delta, const double *gamma, size_t k, size_t index, double low,
                     double high) {
  while (high - low > 1e-15 * fmax(fabs(low), fabs(high))) {
    const double middle = low + (high - low) / 2;
    if (!(middle > low && middle < high)) break;
    if (count_below(delta, gamma, k, middle) > index)
      high = middle;
    else
      low = middle;
  }
  return low + (high - low) / 2;
}

typedef struct bound {
  size_t n, kept, most; /* kept: vectors the basis holds */
  double *basis;        /* [kept x n] */
  double *recent;       /* [3 x n] the last vectors once the basis is full */
  double *delta, *gamma, *c, *scratch;
  const rwk_lanczos_settings *settings;
} bound;

/* Takes out of x what lies in the flat directions and in the first k vectors of the basis. */
static void orthogonalise(const bound *b, double *x, size_t k) {
  if (b->settings->flat) rwk_span_project(x, b->settings->flat);
  if (k == 0) return;
  rwk_gemv(b->c, 0, k, b->n, 1, b->basis, b->n, x, 0);
  rwk_gemv(x, 1, k, b->n, -1, b->basis, b->n, b->c, 1);
}

static int random_start(const bound *b, double *v) {
  rwk_stream stream;
  rwk_stream_init(&stream, b->settings->seed, 0x426f756e64); /* a stream of its own */
  for (size_t i = 0; i < b->n; i++) v[i] = rwk_stream_normal(&stream);
  const double before = rwk_norm(b->n, v);
  orthogonalise(b, v, 0);
  orthogonalise(b, v, 0);
  const double after = rwk_norm(b->n, v);
  if (!(after > 1e-10 * before)) return 0;
  rwk_scale(b->n, 1 / after, v);
  return 1;
}

/* Where the vector of step k (0-based) lies: in the basis, or by turns in the three behind it. */
static double *place(const bound *b, size_t k) {
  return k < b->kept ? b->basis + k * b->n : b->recent + (k - b->kept) % 3 * b->n;
}

/* |A x - value x| for the Ritz vector x of the smallest Ritz value: gamma_k times the last entry of the unit
 * eigenvector of T, by inverse iteration with the pivots of T - s, s just below. */
static double residual_of(const bound *b, size_t k, double value, double largest) {
  const double s = value - 1e-8 * fabs(value) - 1e-12 * largest;
  double *x = b->scratch, *pivot = x + k;
  for (size_t i = 0; i < k; i++) {
    x[i] = 1;
    pivot[i] = b->delta[i] - s - (i ? b->gamma[i - 1] * b->gamma[i - 1] / pivot[i - 1] : 0);
    if (pivot[i] == 0) pivot[i] = 1e-300;
  }
  for (int pass = 0; pass < 4; pass++) {
    for (size_t i = 1; i < k; i++) x[i] -= b->gamma[i - 1] / pivot[i - 1] * x[i - 1];
    for (size_t i = k; i-- > 0;) x[i] = (x[i] - (i + 1 < k ? b->gamma[i] * x[i + 1] : 0)) / pivot[i];
    rwk_scale(k, 1 / rwk_norm(k, x), x);
  }
  return fabs(b->gamma[k - 1] * x[k - 1]);
}

/* What T says: the ends of its spectrum, and the largest s that has the chance `doubt` at most. */
static void read_bound(rwk_lanczos_bound_result *r, const bound *b, size_t k, size_t dimensions, double floor,
                       double doubt) {
  double low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < k; i++) {
    const double radius = (i ? b->gamma[i - 1] : 0) + (i + 1 < k ? b->gamma[i] : 0); /* Gershgorin */
    low = fmin(low, b->delta[i] - radius);
    high = fmax(high, b->delta[i] + radius);
  }
  r->value = bisect(b->delta, b->gamma, k, 0, low, high);
  r->largest = fmax(fabs(r->value), fabs(bisect(b->delta, b->gamma, k, k - 1, low, high)));
  r->residual = residual_of(b, k, r->value, r->largest);
  r->doubt = r->value > floor ? chance(log_overlap(b->delta, b->gamma, k, floor), dimensions) : 1;
  if (r->doubt > doubt) return;
  double right = r->value, s = floor;
  for (int i = 0; i < 60; i++) {
    const double middle = s + (right - s) / 2;
    if (chance(log_overlap(b->delta, b->gamma, k, middle), dimensions) <= doubt)
      s = middle;
    else
      right = middle;
  }
  r->lower = s;
}

static rwk_status ritz_vector(double *vector, rwk_context *ctx, const bound *b, size_t k) {
  memset(vector, 0, b->n * sizeof *vector);
  if (k > b->kept) return RWK_OK;
  double *T = rwk_alloc_doubles(ctx, k * (k + 2));
  if (!T) return rwk_fail_memory(ctx, "a Ritz vector");
  double *d = T + k * k, *e = d + k;
  memcpy(d, b->delta, k * sizeof *d);
  memcpy(e, b->gamma, k * sizeof *e);
  const rwk_status status = rwk_eigen_tridiagonal(ctx, d, e, T, k);
  if (status == RWK_OK) {
    rwk_gemv(vector, 1, k, b->n, 1, b->basis, b->n, T, 0);
    rwk_scale(b->n, 1 / rwk_norm(b->n, vector), vector);
  }
  rwk_free_doubles(ctx, T);
  return status;
}

rwk_status rwk_lanczos_bound(rwk_lanczos_bound_result *result, double *vector, rwk_context *ctx, size_t n,
                             double floor, double doubt, const rwk_lanczos_settings *settings,
                             rwk_operator_fn apply, void *payload) {
  *result = (rwk_lanczos_bound_result){.value = NAN, .lower = -INFINITY, .doubt = 1, .residual = INFINITY};
  if (vector) memset(vector, 0, n * sizeof *vector);
  const size_t flat = settings->flat ? settings->flat->count : 0, dimensions = n > flat ? n - flat : 0;
  if (dimensions == 0) return RWK_OK;
  bound b = {.n = n, .settings = settings, .kept = settings->memory / (n * sizeof(double))};
  b.most = settings->products > 1 ? (size_t)settings->products : 1;
  if (b.most > dimensions) b.most = dimensions;
  if (b.kept < 2) b.kept = 2;
  if (b.kept > 512) b.kept = 512;
  if (b.kept > b.most) b.kept = b.most;
  rwk_status status = RWK_OK;
  b.basis = rwk_alloc_doubles(ctx, b.kept * n);
  b.recent = rwk_alloc_doubles(ctx, 3 * n);
  b.delta = rwk_alloc_doubles(ctx, 4 * b.most + b.kept);
  if (!b.basis || !b.recent || !b.delta) {
    status = rwk_fail_memory(ctx, "Lanczos");
    goto done;
  }
  b.gamma = b.delta + b.most;
  b.scratch = b.gamma + b.most;
  b.c = b.scratch + 2 * b.most;
  double sum = 0, pivot = 1, scale = 0;
  size_t k = 0;
  if (!random_start(&b, b.basis)) goto done;
  for (;;) {
    double *v = place(&b, k), *next = place(&b, k + 1);
    status = apply(next, v, payload);
    if (status != RWK_OK) goto done;
    result->products++;
    b.delta[k] = rwk_dot(n, v, next);
    if (!isfinite(b.delta[k])) {
      status = rwk_fail(ctx, RWK_NUMERICAL, "a Hessian-vector product is not finite");
      goto done;
    }
    rwk_axpy(n, -b.delta[k], v, next);
    if (k) rwk_axpy(n, -b.gamma[k - 1], place(&b, k - 1), next);
    orthogonalise(&b, next, k + 1 < b.kept ? k + 1 : b.kept);
    const double gamma = rwk_norm(n, next);
    pivot = b.delta[k] - floor - (k ? b.gamma[k - 1] * b.gamma[k - 1] / pivot : 0);
    scale = fmax(scale, fabs(b.delta[k]) + gamma);
    const int invariant = gamma <= 1e-14 * scale; /* nothing is left that the start has a part of */
    b.gamma[k] = invariant ? 0 : gamma;
    k++;
    if (!(pivot > 0)) break; /* a Ritz value at or below the floor */
    sum += log(b.gamma[k - 1] / pivot);
    if (chance(sum, dimensions) <= doubt || k == b.most || invariant) break;
    rwk_scale(n, 1 / gamma, next);
  }
  read_bound(result, &b, k, dimensions, floor, doubt);
  if (vector) status = ritz_vector(vector, ctx, &b, k);
done:
  rwk_free_doubles(ctx, b.delta);
  rwk_free_doubles(ctx, b.recent);
  rwk_free_doubles(ctx, b.basis);
  return status;
}
