#include "support/analytic.h"
#include "support/orthonormal.h"
#include "base/stream.h"
#include "la/span.h"

static rwk_context *ctx;

enum { N = 40, K = 7 };

/* Biases, overlapping stretches, one that is a sum of others, one of zeros. */
static void some_vectors(double *V) {
  rwk_stream s;
  rwk_stream_init(&s, 3, 0);
  memset(V, 0, K * N * sizeof *V);
  V[0 * N + 5] = 2;
  for (size_t i = 3; i < 12; i++) V[1 * N + i] = rwk_stream_normal(&s);
  V[2 * N + 39] = -1;
  for (size_t i = 0; i < N; i++) V[3 * N + i] = V[0 * N + i] - 3 * V[1 * N + i] + V[2 * N + i];
  for (size_t i = 8; i < 30; i++) V[5 * N + i] = rwk_stream_normal(&s);
  for (size_t i = 0; i < N; i++) V[6 * N + i] = rwk_stream_normal(&s);
}

/* The same span as dense Gram-Schmidt's: projecting takes the same out of every vector. */
static void test_orthonormalise(void **state) {
  (void)state;
  double V[K * N], x[N], y[N], H[N * N] = {0}, u[N];
  size_t rank;
  rwk_span span;
  some_vectors(V);
  rwk_span_init(&span, ctx, N);
  for (size_t i = 0; i < K; i++) assert_int_equal(rwk_span_add(&span, V + i * N), RWK_OK);
  orthonormalise(&rank, V, N, N, K, 1e-10);
  assert_int_equal(rwk_span_orthonormalise(&span, 1e-10), RWK_OK);
  assert_int_equal(rank, 5);
  assert_int_equal(span.count, 5);
  assert_int_equal(span.vectors[0].length, 1); /* a bias stays one entry */
  for (size_t i = 0; i < span.count; i++) {
    rwk_span_expand(u, &span, i);
    for (size_t j = 0; j < span.count; j++) assert_near(rwk_span_dot(&span, j, u), i == j, 1e-14);
  }
  for (size_t i = 0; i < N; i++) x[i] = y[i] = (double)(i * i % 17) - 8;
  rwk_span_lift(H, N, 2, &span);
  rwk_symv(u, N, H, N, x); /* x'(2 U U')x */
  const double lifted = rwk_dot(N, x, u);
  rwk_span_project(x, &span);
  for (size_t k = 0; k < rank; k++) rwk_axpy(N, -rwk_dot(N, V + k * N, y), V + k * N, y);
  for (size_t i = 0; i < N; i++) {
    assert_near(x[i], y[i], 1e-12);
    y[i] = (double)(i * i % 17) - 8;
  }
  assert_near(lifted, 2 * (rwk_dot(N, y, y) - rwk_dot(N, x, x)), 1e-10);
  rwk_span_release(&span);
}

static void test_select(void **state) {
  (void)state;
  double V[K * N], x[N];
  const unsigned char keep[K] = {0, 1, 0, 0, 1, 0, 1};
  rwk_span span;
  some_vectors(V);
  rwk_span_init(&span, ctx, N);
  for (size_t i = 0; i < K; i++) assert_int_equal(rwk_span_add(&span, V + i * N), RWK_OK);
  rwk_span_select(&span, keep);
  assert_int_equal(span.count, 3);
  rwk_span_expand(x, &span, 2);
  for (size_t i = 0; i < N; i++) assert_true(x[i] == V[6 * N + i]);
  rwk_span_expand(x, &span, 1);
  assert_true(rwk_norm(N, x) == 0);
  rwk_span_release(&span);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_orthonormalise), cmocka_unit_test(test_select)};
  rwk_context_create(&ctx, NULL);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  rwk_context_destroy(ctx);
  return failed;
}
