/* Factors of every instruction set against sums and loops by definition; for every order near the sizes of
 * blocks, strips and panels; with other numbers below the diagonal and behind the rows, which stay. */
#include <math.h>
#include <string.h>
#include "base/stream.h"
#include "la/dense.h"
#include "la/factor.h"
#include "support/analytic.h"

enum { MOST = 300, KERNELS = 3 }; /* the last is LAPACK's */
static const double other = 7e77;

static rwk_context *ctx;

/* A = B'B / n + 1 with B[n x n] normal: condition numbers of a few. */
static void positive(double *A, size_t lda, size_t n, uint64_t seed) {
  double *B = malloc((n * n + 1) * sizeof *B);
  rwk_stream s;
  rwk_stream_init(&s, seed, n);
  for (size_t i = 0; i < n * n; i++) B[i] = rwk_stream_normal(&s);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < lda; j++) A[i * lda + j] = other;
  for (size_t i = 0; i < n; i++)
    for (size_t j = i; j < n; j++) {
      double sum = i == j;
      for (size_t k = 0; k < n; k++) sum += B[k * n + i] * B[k * n + j] / (double)n;
      A[i * lda + j] = sum;
    }
  free(B);
}

/* The order of the first leading minor that is not positive, by rows; 0 if there is none. */
static size_t first_bad(const double *A, size_t lda, size_t n) {
  double *R = calloc(n * n + 1, sizeof *R);
  size_t bad = 0;
  for (size_t i = 0; i < n && !bad; i++)
    for (size_t j = i; j < n && !bad; j++) {
      double sum = A[i * lda + j];
      for (size_t k = 0; k < i; k++) sum -= R[k * n + i] * R[k * n + j];
      if (i == j && !(sum > 0)) bad = i + 1;
      R[i * n + j] = i == j ? sqrt(sum) : sum / R[i * n + i];
    }
  free(R);
  return bad;
}

static size_t make(double *R, size_t ldr, const double *A, size_t lda, double shift, size_t n, size_t kernel,
                   rwk_team *team) {
  rwk_factor f = {.R = R, .ldr = ldr, .A = A, .lda = lda, .shift = shift, .n = n};
  return rwk_factor_make(&f, rwk_factor_kernel_get(kernel), team);
}

static void check_factor(size_t n, size_t kernel, rwk_team *team) {
  const size_t lda = n + n % 3, ldr = n + 1 + n % 2;
  const double shift = 0.25;
  double *A = malloc((n * lda + 1) * sizeof *A), *R = malloc((n * ldr + 1) * sizeof *R),
         *again = malloc((n * ldr + 1) * sizeof *again);
  positive(A, lda, n, 1);
  for (size_t i = 0; i < n * ldr; i++) R[i] = other;
  memcpy(again, R, n * ldr * sizeof *R);
  assert_int_equal(make(R, ldr, A, lda, shift, n, kernel, NULL), 0);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < ldr; j++) {
      if (j < i || j >= n) {
        assert_true(R[i * ldr + j] == other);
        continue;
      }
      double sum = 0;
      for (size_t k = 0; k <= i; k++) sum += R[k * ldr + i] * R[k * ldr + j];
      assert_near(sum, A[i * lda + j] + (i == j ? shift : 0), 1e-13);
    }
  assert_int_equal(make(again, ldr, A, lda, shift, n, kernel, team), 0); /* the same bits */
  assert_memory_equal(R, again, n * ldr * sizeof *R);
  for (size_t i = 0; i < n; i++) memcpy(again + i * ldr + i, A + i * lda + i, (n - i) * sizeof *A);
  assert_int_equal(make(again, ldr, again, ldr, shift, n, kernel, team), 0); /* in place */
  if (rwk_factor_kernel_get(kernel)) assert_memory_equal(R, again, n * ldr * sizeof *R);
  free(A);
  free(R);
  free(again);
}

static void test_against_sums(void **state) {
  (void)state;
  static const size_t large[] = {143, 144, 145, 167, 192, 217, 299, MOST};
  for (int threads = 1; threads <= 3; threads++) {
    rwk_team *team = rwk_team_create(ctx, threads);
    for (size_t kernel = 0; kernel < KERNELS; kernel++) {
      for (size_t n = 0; n <= 110; n++) check_factor(n, kernel, team);
      for (size_t k = 0; k < sizeof large / sizeof *large; k++) check_factor(large[k], kernel, team);
    }
    rwk_team_destroy(team);
  }
}

/* A minor that is not positive, or not a number, is told by its order, wherever it is. */
static void test_pivots(void **state) {
  (void)state;
  static const size_t orders[] = {1, 2, 7, 8, 9, 40, 72, 75, 130, 209};
  for (size_t kernel = 0; kernel < KERNELS; kernel++)
    for (size_t o = 0; o < sizeof orders / sizeof *orders; o++) {
      const size_t n = orders[o];
      double *A = malloc(n * n * sizeof *A), *R = malloc(n * n * sizeof *R);
      for (size_t at = 0; at < n; at += 1 + n / 9) {
        positive(A, n, n, 2);
        A[at * n + at] -= 40;
        assert_int_equal(first_bad(A, n, n), at + 1);
        assert_int_equal(make(R, n, A, n, 0, n, kernel, NULL), at + 1);
        assert_int_equal(make(R, n, A, n, 40, n, kernel, NULL), 0);
        A[at * n + at] = 0;
        if (at == 0) assert_int_equal(make(R, n, A, n, 0, n, kernel, NULL), 1);
        A[at * n + at] = NAN;
        if (rwk_factor_kernel_get(kernel)) assert_int_equal(make(R, n, A, n, 0, n, kernel, NULL), at + 1);
      }
      free(A);
      free(R);
    }
}

static void test_triangles(void **state) {
  (void)state;
  for (size_t kernel = 0; rwk_factor_kernel_get(kernel); kernel++)
    for (size_t n = 0; n <= 150; n++) {
      const rwk_factor_kernel *k = rwk_factor_kernel_get(kernel);
      const size_t ldr = n + n % 4;
      double *R = malloc((n * ldr + 1) * sizeof *R), x[150 + 1], b[150 + 1], y[150 + 1];
      positive(R, ldr, n, 3);
      assert_int_equal(make(R, ldr, R, ldr, 0, n, kernel, NULL), 0);
      for (size_t i = 0; i <= n; i++) x[i] = y[i] = b[i] = cos(1 + (double)i);
      k->forward(x, R, ldr, n);
      k->backward(y, R, ldr, n);
      assert_true(x[n] == b[n] && y[n] == b[n]);
      for (size_t i = 0; i < n; i++) {
        double sum = 0, above = 0;
        for (size_t j = 0; j <= i; j++) sum += R[j * ldr + i] * x[j];
        for (size_t j = i; j < n; j++) above += R[i * ldr + j] * y[j];
        assert_near(sum, b[i], 1e-13);
        assert_near(above, b[i], 1e-13);
      }
      free(R);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_sums),
      cmocka_unit_test(test_pivots),
      cmocka_unit_test(test_triangles),
  };
  assert_int_equal(rwk_context_create(&ctx, NULL), RWK_OK);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  rwk_context_destroy(ctx);
  return failed;
}
