/* Factors in single precision, every kernel and every number of rows in the last group. */
#include <math.h>
#include <string.h>
#include "base/stream.h"
#include "la/dense.h"
#include "la/packed.h"
#include "support/analytic.h"

enum { MOST = 96, LD = MOST + 3 };

static rwk_context *ctx;
static const double other = 7e77; /* where nothing is to be read */

typedef struct triangle {
  double R[MOST * LD], *P;
  size_t n;
} triangle;

static void reset(triangle *t, size_t n) {
  t->n = n;
  for (size_t i = 0; i < (size_t)MOST * LD; i++) t->R[i] = other;
  t->P = rwk_alloc_doubles(ctx, rwk_packed_room(n));
  assert_non_null(t->P);
}

/* R^-1 R^-T x by substitution. */
static void substitute(double *x, const triangle *t) {
  for (size_t i = 0; i < t->n; i++) {
    for (size_t k = 0; k < i; k++) x[i] -= t->R[k * LD + i] * x[k];
    x[i] /= t->R[i * LD + i];
  }
  for (size_t i = t->n; i-- > 0;) {
    for (size_t k = i + 1; k < t->n; k++) x[i] -= t->R[i * LD + k] * x[k];
    x[i] /= t->R[i * LD + i];
  }
}

/* Multiples of 1/8 with 1 on the diagonal: inverses of 8 rows have few enough bits for single precision, so
 * that nothing is rounded and the solution is that of double precision. */
static void test_exact(void **state) {
  (void)state;
  static triangle t;
  for (size_t n = 1; n <= MOST; n++) {
    rwk_stream s;
    rwk_stream_init(&s, 1, n);
    reset(&t, n);
    for (size_t i = 0; i < n; i++)
      for (size_t j = i; j < n; j++) {
        const double draw = rwk_stream_uniform(&s);
        t.R[i * LD + j] = i == j ? 1 : draw < 0.1 ? 0.125 : draw > 0.9 ? -0.125 : 0;
      }
    for (size_t k = 0; rwk_packed_kernel_get(k); k++) {
      double x[MOST], want[MOST], largest = 0;
      for (size_t i = 0; i < n; i++) x[i] = want[i] = rwk_stream_normal(&s);
      substitute(want, &t);
      for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(want[i]));
      rwk_packed_make_by(rwk_packed_kernel_get(k), t.P, t.R, LD, n);
      rwk_packed_solve_by(rwk_packed_kernel_get(k), x, t.P, n);
      for (size_t i = 0; i < n; i++) assert_near(x[i], want[i], 1e-13 * largest);
    }
    rwk_free_doubles(ctx, t.P);
  }
}

/* Of any factor: near its inverse, as near as single precision is, symmetric and positive as nearly as double
 * precision is, and the same twice. */
static void test_rounded(void **state) {
  (void)state;
  static triangle t;
  for (size_t n = 1; n <= MOST; n += 1 + n / 20) {
    rwk_stream s;
    rwk_stream_init(&s, 2, n);
    reset(&t, n);
    for (size_t i = 0; i < n; i++)
      for (size_t j = i; j < n; j++)
        t.R[i * LD + j] = i == j ? 1 + rwk_stream_uniform(&s) : 0.5 * rwk_stream_normal(&s) / sqrt((double)n);
    for (size_t k = 0; rwk_packed_kernel_get(k); k++) {
      const rwk_packed_kernel *kernel = rwk_packed_kernel_get(k);
      double x[MOST], y[MOST], Mx[MOST], My[MOST], again[MOST], want[MOST];
      for (size_t i = 0; i < n; i++) {
        x[i] = Mx[i] = again[i] = want[i] = rwk_stream_normal(&s);
        y[i] = My[i] = rwk_stream_normal(&s);
      }
      rwk_packed_make_by(kernel, t.P, t.R, LD, n);
      rwk_packed_solve_by(kernel, Mx, t.P, n);
      rwk_packed_solve_by(kernel, My, t.P, n);
      rwk_packed_solve_by(kernel, again, t.P, n);
      assert_memory_equal(Mx, again, n * sizeof *Mx);
      substitute(want, &t);
      for (size_t i = 0; i < n; i++) assert_near(Mx[i], want[i], 1e-5 * rwk_norm(n, want));
      const double size = rwk_norm(n, x) * rwk_norm(n, My) + rwk_norm(n, y) * rwk_norm(n, Mx);
      assert_near(rwk_dot(n, y, Mx), rwk_dot(n, x, My), 1e-14 * size);
      assert_true(rwk_dot(n, x, Mx) > 0);
    }
    rwk_free_doubles(ctx, t.P);
  }
}

static void test_nothing(void **state) {
  (void)state;
  double P[1] __attribute__((aligned(64))), x[1] = {other};
  assert_int_equal(rwk_packed_room(0), 0);
  rwk_packed_make(P, P, 1, 0);
  rwk_packed_solve(x, P, 0);
  assert_true(x[0] == other);
}

static int setup(void **state) {
  (void)state;
  return rwk_context_create(&ctx, NULL) == RWK_OK ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  rwk_context_destroy(ctx);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_exact), cmocka_unit_test(test_rounded),
                                     cmocka_unit_test(test_nothing)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
