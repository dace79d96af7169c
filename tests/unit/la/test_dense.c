#include "support/analytic.h"

static void fill(double *A, size_t n, uint64_t seed) { /* symmetric */
  rwk_stream s;
  rwk_stream_init(&s, seed, 1);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++) A[i * n + j] = A[j * n + i] = rwk_stream_normal(&s);
}

static double entry(const double *A, const double *B, size_t n, size_t i,
                    size_t j) { /* (A'B)_ij, by definition */
  double sum = 0;
  for (size_t k = 0; k < n; k++) sum += A[k * n + i] * B[k * n + j];
  return sum;
}

static void test_products(void **state) {
  (void)state;
  enum { N = 37 };
  double A[N * N], B[N * N], C[N * N], x[N], y[N];
  fill(A, N, 1);
  rwk_stream s;
  rwk_stream_init(&s, 2, 2);
  for (size_t i = 0; i < N * N; i++) B[i] = rwk_stream_normal(&s);
  for (size_t i = 0; i < N; i++) x[i] = rwk_stream_normal(&s);
  rwk_gemm(C, N, 1, 0, N, N, N, 1, A, N, B, N, 0);
  for (size_t i = 0; i < N; i += 5)
    for (size_t j = 0; j < N; j += 3) assert_near(C[i * N + j], entry(A, B, N, i, j), 1e-12);
  memset(C, 0, sizeof C);
  rwk_syrk(C, N, N, N, 2, B, N, 0);
  rwk_mirror(C, N, N);
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++) assert_near(C[i * N + j], 2 * entry(B, B, N, i, j), 1e-11);
  rwk_symv(y, N, A, N, x);
  for (size_t i = 0; i < N; i++) {
    double sum = 0;
    for (size_t j = 0; j < N; j++) sum += A[i * N + j] * x[j];
    assert_near(y[i], sum, 1e-12);
  }
  rwk_gemv(y, 1, N, N, 1, B, N, x, 0);
  for (size_t i = 0; i < N; i++) {
    double sum = 0;
    for (size_t j = 0; j < N; j++) sum += B[j * N + i] * x[j];
    assert_near(y[i], sum, 1e-12);
  }
}

static void test_cholesky(void **state) {
  (void)state;
  enum { N = 40 };
  double B[N * N], A[N * N], L[N * N], x[N], b[N];
  fill(B, N, 3);
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++) A[i * N + j] = entry(B, B, N, i, j) + (i == j);
  memcpy(L, A, sizeof A);
  size_t pivot;
  rwk_cholesky(&pivot, L, N, N);
  assert_int_equal(pivot, 0);
  for (size_t i = 0; i < N; i++) x[i] = b[i] = cos((double)i);
  rwk_cholesky_solve(x, N, 1, L, N, N);
  for (size_t i = 0; i < N; i++) {
    double sum = 0;
    for (size_t j = 0; j < N; j++) sum += A[i * N + j] * x[j];
    assert_near(sum, b[i], 1e-9);
  }
  memcpy(x, b, sizeof b); /* the same in two halves */
  rwk_triangular_solve(x, 1, L, N, N);
  rwk_triangular_solve(x, 0, L, N, N);
  rwk_cholesky_solve(b, N, 1, L, N, N);
  for (size_t i = 0; i < N; i++) assert_near(x[i], b[i], 1e-9);
  memcpy(L, A, sizeof A);
  L[5 * N + 5] -= 1e6;
  rwk_cholesky(&pivot, L, N, N);
  assert_int_equal(pivot, 6);
}

/* The second difference matrix: eigenvalues 2 - 2 cos(k pi / (n + 1)). */
static void test_eigenvalues(void **state) {
  (void)state;
  enum { N = 50 };
  const double pi = acos(-1);
  rwk_context *ctx;
  assert_int_equal(rwk_context_create(&ctx, NULL), RWK_OK);
  double A[N * N] = {0}, K[N * N], values[N], vectors[N * N], d[N], e[N];
  for (size_t i = 0; i < N; i++) {
    A[i * N + i] = d[i] = 2;
    e[i] = -1;
    if (i) A[i * N + i - 1] = A[(i - 1) * N + i] = -1;
  }
  memcpy(K, A, sizeof A);
  assert_int_equal(rwk_eigen(ctx, values, vectors, K, N, N), RWK_OK);
  for (size_t k = 0; k < N; k++) assert_near(values[k], 2 - 2 * cos((double)(k + 1) * pi / (N + 1)), 1e-13);
  for (size_t i = 0; i < N; i++) { /* A v = value v for the third */
    double sum = 0;
    for (size_t j = 0; j < N; j++) sum += A[i * N + j] * vectors[2 * N + j];
    assert_near(sum, values[2] * vectors[2 * N + i], 1e-13);
  }
  memcpy(K, A, sizeof A);
  double some[2], some_vectors[2 * N];
  assert_int_equal(rwk_eigen_some(ctx, some, some_vectors, K, N, N, 0, 2), RWK_OK);
  assert_near(some[0], values[0], 1e-13);
  assert_near(some[1], values[1], 1e-13);
  assert_near(fabs(rwk_dot(N, some_vectors, vectors)), 1, 1e-10);
  assert_int_equal(rwk_eigen_tridiagonal(ctx, d, e, NULL, N), RWK_OK);
  for (size_t k = 0; k < N; k++) assert_near(d[k], values[k], 1e-13);
  rwk_context_destroy(ctx);
}

static void test_singular_max(void **state) {
  (void)state;
  rwk_context *ctx;
  assert_int_equal(rwk_context_create(&ctx, NULL), RWK_OK);
  /* rank one plus a smaller orthogonal part: sigma 6 and 2 */
  const double A[2 * 3] = {0, 6, 0, 2, 0, 0};
  double sigma, u[3], v[3];
  assert_int_equal(rwk_singular_max(ctx, &sigma, u, v, A, 3, 2, 3), RWK_OK);
  assert_near(sigma, 6, 1e-14);
  assert_near(fabs(u[0]), 1, 1e-14);
  assert_near(fabs(v[1]), 1, 1e-14);
  assert_true(u[0] * v[1] > 0);
  const double tall[3 * 2] = {0, 2e200, 6e200, 0, 0, 0}; /* squares overflow */
  assert_int_equal(rwk_singular_max(ctx, &sigma, u, v, tall, 2, 3, 2), RWK_OK);
  assert_near(sigma / 6e200, 1, 1e-14);
  const double none[2] = {0, 0};
  assert_int_equal(rwk_singular_max(ctx, &sigma, NULL, NULL, none, 2, 1, 2), RWK_OK);
  assert_true(sigma == 0);
  rwk_context_destroy(ctx);
}

/* Of any inertia, with pivots of two rows; a product with the solution gives the right-hand side back. */
static void test_ldl(void **state) {
  (void)state;
  enum { N = 41 };
  double A[N * N], F[N * N], x[N], y[N], least;
  int pivots[N];
  int64_t negative;
  double values[N];
  rwk_context *ctx;
  assert_int_equal(rwk_context_create(&ctx, NULL), RWK_OK);
  for (uint64_t seed = 0; seed < 5; seed++) {
    fill(A, N, 20 + seed);
    for (size_t i = 0; i < N; i += 2) A[i * N + i] = 0;
    memcpy(F, A, sizeof A);
    assert_int_equal(rwk_ldl(ctx, &least, &negative, pivots, F, N, N), RWK_OK);
    assert_true(least > 1e-6);
    for (size_t i = 0; i < N; i++) x[i] = sin(1 + (double)i);
    rwk_ldl_solve(x, F, N, pivots, N);
    rwk_symv(y, N, A, N, x);
    for (size_t i = 0; i < N; i++) assert_near(y[i], sin(1 + (double)i), 1e-10);
    int64_t below = 0;
    memcpy(F, A, sizeof A);
    assert_int_equal(rwk_eigen(ctx, values, NULL, F, N, N), RWK_OK);
    for (size_t i = 0; i < N; i++) below += values[i] < 0;
    assert_int_equal(negative, below);
  }
  const double swap[4] = {0, 2, 2, 0}; /* one pivot of two rows, eigenvalues 2 and -2 */
  memcpy(F, swap, sizeof swap);
  assert_int_equal(rwk_ldl(ctx, &least, &negative, pivots, F, 2, 2), RWK_OK);
  assert_near(least, 2, 1e-15);
  for (size_t j = 0; j < N; j++) A[j] = A[j * N] = A[N + j]; /* two rows alike: singular */
  for (size_t j = 0; j < N; j++) A[j * N + 1] = A[N + j];
  A[0] = A[1] = A[N] = A[N + 1];
  memcpy(F, A, sizeof A);
  assert_int_equal(rwk_ldl(ctx, &least, &negative, pivots, F, N, N), RWK_OK);
  assert_true(least < 1e-12);
  rwk_context_destroy(ctx);
}

static void test_norms(void **state) {
  (void)state;
  const double x[3] = {3e200, -4e200, 0}, bad[2] = {1, NAN};
  assert_near(rwk_norm(3, x) / 5e200, 1, 1e-14);
  assert_true(rwk_norm_inf(3, x) == 4e200);
  assert_true(isnan(rwk_norm_inf(2, bad)));
  assert_false(rwk_all_finite(2, bad));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_products),    cmocka_unit_test(test_cholesky),     cmocka_unit_test(test_ldl),
      cmocka_unit_test(test_eigenvalues), cmocka_unit_test(test_singular_max), cmocka_unit_test(test_norms),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
