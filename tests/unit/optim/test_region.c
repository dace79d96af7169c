/* The trust-region subproblem against its optimality conditions: (H + mu I) s = -g, H + mu I positive
 * semidefinite, mu (|s| - radius) = 0, which hold for the global minimiser and no other point (More and
 * Sorensen 1983, lemmas 2.1 and 2.3). */
#include "optim/region.h"
#include "support/analytic.h"

static rwk_context *ctx;

static int setup(void **state) {
  (void)state;
  return rwk_context_create(&ctx, NULL) != RWK_OK;
}

static int teardown(void **state) {
  (void)state;
  rwk_context_destroy(ctx);
  return 0;
}

/* The least value of the model, from the eigenvalues: min over |s| <= radius, by bisection on the secular
 * equation. */
static double least(const double *H, const double *g, size_t n, double radius) {
  double *A = malloc(n * n * sizeof *A), *values = malloc(n * sizeof *values),
         *vectors = malloc(n * n * sizeof *vectors);
  memcpy(A, H, n * n * sizeof *A);
  assert_int_equal(rwk_eigen(ctx, values, vectors, A, n, n), RWK_OK);
  double *c = malloc(n * sizeof *c);
  for (size_t j = 0; j < n; j++) c[j] = rwk_dot(n, vectors + j * n, g);
  double low = fmax(0, -values[0]), high = low + rwk_norm(n, g) / radius + 1;
  double model = 0, norm = 0;
  for (int k = 0; k < 400; k++) {
    const double mu = k == 0 && values[0] > 0 ? 0 : 0.5 * (low + high);
    norm = model = 0;
    for (size_t j = 0; j < n; j++) {
      const double t = values[j] + mu > 0 ? -c[j] / (values[j] + mu) : 0;
      norm += t * t;
      model += c[j] * t + 0.5 * values[j] * t * t;
    }
    norm = sqrt(norm);
    if (k == 0 && values[0] > 0 && norm <= radius) break;
    if (norm > radius)
      low = mu;
    else
      high = mu;
  }
  if (values[0] < 0 && norm < radius)
    model += 0.5 * values[0] * (radius * radius - norm * norm); /* hard case */
  free(A), free(values), free(vectors), free(c);
  return model;
}

static void random_case(double *H, double *g, size_t n, uint64_t seed, double shift) {
  rwk_stream s;
  rwk_stream_init(&s, seed, 5);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++) H[i * n + j] = H[j * n + i] = rwk_stream_normal(&s);
  for (size_t i = 0; i < n; i++) {
    H[i * n + i] += shift;
    g[i] = rwk_stream_normal(&s);
  }
}

/* As accurate as it is asked to be. */
static void check_accuracy(const double *H, const double *g, size_t n, double radius,
                           const rwk_region_accuracy *accuracy) {
  double *s = malloc(n * sizeof *s), *scratch = malloc(n * sizeof *scratch),
         *factor = malloc(n * n * sizeof *factor), damping = 0;
  rwk_region_step step;
  rwk_region_dense(&step, s, g, H, factor, scratch, n, radius, accuracy, &damping, NULL);
  const double best = -least(H, g, n, radius);
  assert_true(step.length <= accuracy->longest * radius * (1 + 1e-12));
  /* a fixed share of the best is what convergence needs: `shortest` squared where the model is concave */
  assert_true(step.reduction >= accuracy->shortest * accuracy->shortest * best);
  assert_near(step.length, rwk_norm(n, s), 1e-10 * radius);
  free(s), free(scratch), free(factor);
}

static void check_dense(const double *H, const double *g, size_t n, double radius) {
  const rwk_region_accuracy close = {.shortest = 0.6, .longest = 1.4},
                            rough = {.shortest = 0.1, .longest = 3};
  check_accuracy(H, g, n, radius, &close);
  check_accuracy(H, g, n, radius, &rough);
}

static void test_dense_random(void **state) {
  (void)state;
  enum { N = 24 };
  double H[N * N], g[N];
  for (uint64_t seed = 0; seed < 40; seed++)
    for (double shift = -5; shift <= 15; shift += 5)
      for (double radius = 1e-4; radius < 1e5; radius *= 100) {
        random_case(H, g, N, seed, shift);
        check_dense(H, g, N, radius);
      }
}

/* g orthogonal to the most negative eigenvector, or zero: the step must still reach the boundary along it. */
static void test_dense_hard_case(void **state) {
  (void)state;
  enum { N = 6 };
  double H[N * N] = {0}, g[N] = {0};
  for (size_t i = 0; i < N; i++) H[i * N + i] = (double)i - 2;
  for (size_t i = 1; i < N; i++) g[i] = 0.01;
  check_dense(H, g, N, 3);
  memset(g, 0, sizeof g);
  check_dense(H, g, N, 3);
}

/* Singular but semidefinite, as at dead units: an interior Newton step, not a search for negative curvature.
 */
static void test_dense_singular(void **state) {
  (void)state;
  enum { N = 5 };
  double H[N * N] = {0}, g[N] = {0.1, -0.2, 0.3, 0, 0}, s[N], scratch[N], factor[N * N], damping = 0;
  for (size_t i = 0; i < 3; i++) H[i * N + i] = 1 + (double)i;
  rwk_region_step step;
  const rwk_region_accuracy close = {.shortest = 0.6, .longest = 1.4};
  rwk_region_dense(&step, s, g, H, factor, scratch, N, 10, &close, &damping, NULL);
  assert_true(step.interior);
  for (size_t i = 0; i < 3; i++) assert_near(s[i], -g[i] / (1 + (double)i), 1e-9);
  assert_near(s[3], 0, 1e-12);
}

/* x'Ax/2 + b'x with what `make` gives. */
static double quadratic(double *g, double *H, const double *x, size_t n,
                        void (*make)(double *A, double *b, size_t n)) {
  double *A = malloc(n * n * sizeof *A), *b = malloc(n * sizeof *b), f = 0;
  make(A, b, n);
  for (size_t i = 0; i < n; i++) {
    const double Ax = rwk_dot(n, A + i * n, x);
    f += 0.5 * x[i] * Ax + b[i] * x[i];
    if (g) g[i] = Ax + b[i];
    if (H) memcpy(H + i * n, A + i * n, n * sizeof *H);
  }
  free(A), free(b);
  return f;
}

static void model(double *A, double *b, size_t n) {
  static const size_t most = 24;
  assert_true(n <= most);
  random_case(A, b, n, 9, -1);
}

static double model_f(double *g, double *H, const double *x, size_t n) {
  return quadratic(g, H, x, n, model);
}

static void test_krylov(void **state) {
  (void)state;
  enum { N = 24 };
  rwk_problem *p = analytic_create(ctx, model_f, N, 0);
  double H[N * N], g[N], w[N] = {0}, s[N];
  random_case(H, g, N, 9, -1);
  rwk_objective o;
  assert_int_equal(rwk_objective_open(&o, ctx, p, 0), RWK_OK);
  rwk_krylov *k;
  assert_int_equal(rwk_krylov_create(&k, ctx, N, 0), RWK_OK);
  for (double radius = 1e-3; radius < 1e4; radius *= 10) {
    rwk_region_step step;
    assert_int_equal(rwk_region_krylov(&step, s, k, &o, w, g, radius, 1e-10), RWK_OK);
    assert_true(step.length <= radius * 1.01);
    assert_near(step.length, rwk_norm(N, s), 1e-6 * radius);
    assert_true(step.reduction >= 0.98 * -least(H, g, N, radius));
    double Hs[N];
    rwk_symv(Hs, N, H, N, s);
    assert_near(step.reduction, -(rwk_dot(N, g, s) + 0.5 * rwk_dot(N, s, Hs)), 1e-6 * step.reduction);
  }
  rwk_krylov_destroy(k);
  rwk_objective_close(&o);
  rwk_problem_destroy(p);
}

static rwk_status scaled(double *y, const double *x, const double *w, double lambda, void *work, void *self) {
  (void)w, (void)lambda, (void)work, (void)self;
  for (size_t i = 0; i < 24; i++) y[i] = (1 + (double)(i % 5)) * x[i];
  return RWK_OK;
}

/* Curvatures from 1 to 1e-10, every one in the gradient. */
static void valley(double *H, double *g, size_t n) {
  double *A = malloc(n * n * sizeof *A), *values = malloc(n * sizeof *values), *V = malloc(n * n * sizeof *V);
  random_case(A, g, n, 11, 0);
  assert_int_equal(rwk_eigen(ctx, values, V, A, n, n), RWK_OK);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      H[i * n + j] = 0;
      for (size_t e = 0; e < n; e++)
        H[i * n + j] += pow(10, -10 * (double)e / ((double)n - 1)) * V[e * n + i] * V[e * n + j];
    }
  free(A), free(values), free(V);
}

static double valley_f(double *g, double *H, const double *x, size_t n) {
  return quadratic(g, H, x, n, valley);
}

/* Without Q'PQ = 1 kept up, the valleys are never solved. */
static void test_krylov_valley(void **state) {
  (void)state;
  enum { N = 24 };
  rwk_problem *p = analytic_create(ctx, valley_f, N, 0);
  double H[N * N], g[N], w[N] = {0}, s[N], Hs[N];
  valley(H, g, N);
  for (int preconditioned = 0; preconditioned < 2; preconditioned++) {
    p->ops.precondition = preconditioned ? scaled : NULL;
    rwk_objective o;
    assert_int_equal(rwk_objective_open(&o, ctx, p, 0), RWK_OK);
    rwk_krylov *k;
    assert_int_equal(rwk_krylov_create(&k, ctx, N, preconditioned), RWK_OK);
    rwk_region_step step;
    assert_int_equal(rwk_region_krylov(&step, s, k, &o, w, g, 1e15, 1e-10), RWK_OK);
    assert_true(step.interior);
    rwk_symv(Hs, N, H, N, s);
    for (size_t i = 0; i < N; i++) Hs[i] += g[i];
    assert_true(rwk_norm(N, Hs) <= 1e-5 * rwk_norm(N, g));
    rwk_krylov_destroy(k);
    rwk_objective_close(&o);
  }
  rwk_problem_destroy(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_dense_random),   cmocka_unit_test(test_dense_hard_case),
      cmocka_unit_test(test_dense_singular), cmocka_unit_test(test_krylov),
      cmocka_unit_test(test_krylov_valley),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
