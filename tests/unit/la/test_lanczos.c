#include "la/lanczos.h"
#include "support/analytic.h"

/* A diagonal operator, so that the eigenvalues are known. */
typedef struct diagonal {
  const double *d;
  size_t n;
  int64_t calls;
} diagonal;

static rwk_status apply(double *y, const double *x, void *payload) {
  diagonal *a = payload;
  a->calls++;
  for (size_t i = 0; i < a->n; i++) y[i] = a->d[i] * x[i];
  return RWK_OK;
}

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

static void test_small_is_exact(void **state) {
  (void)state;
  const double d[5] = {3, 1, 4, 1, 5};
  diagonal a = {d, 5, 0};
  rwk_lanczos_settings s;
  rwk_lanczos_settings_init(&s);
  rwk_lanczos_result r;
  double v[5];
  assert_int_equal(rwk_lanczos_min(&r, v, ctx, 5, &s, apply, &a), RWK_OK);
  assert_near(r.value, 1, 1e-14);
  assert_true(r.converged);
  assert_near(v[1] * v[1] + v[3] * v[3], 1, 1e-13);
}

/* Wide spectrum with the smallest eigenvalue well inside the noise of the rest: needs restarts. */
static void test_restarts_find_the_end(void **state) {
  (void)state;
  enum { N = 4000 };
  double *d = malloc(N * sizeof *d), *v = malloc(N * sizeof *v);
  for (size_t i = 0; i < N; i++) d[i] = 1 + 9.0 * (double)i / N;
  d[1234] = 0.9;
  diagonal a = {d, N, 0};
  rwk_lanczos_settings s;
  rwk_lanczos_settings_init(&s);
  s.memory = 24 * N * sizeof(double);
  s.tol = 1e-8;
  s.products = 3000;
  rwk_lanczos_result r;
  assert_int_equal(rwk_lanczos_min(&r, v, ctx, N, &s, apply, &a), RWK_OK);
  assert_true(r.converged);
  assert_true(r.basis <= 24);
  assert_near(r.value, 0.9, 1e-8);
  assert_near(fabs(v[1234]), 1, 1e-6);
  assert_true(r.largest > 9.9 && r.largest <= 10);
  assert_int_equal(r.products, a.calls);
  free(d);
  free(v);
}

static void test_stops_when_negative_is_proved(void **state) {
  (void)state;
  enum { N = 500 };
  double d[N];
  for (size_t i = 0; i < N; i++) d[i] = 1 + (double)i;
  d[77] = -50;
  diagonal a = {d, N, 0};
  rwk_lanczos_settings s;
  rwk_lanczos_settings_init(&s);
  s.stop_below = 0;
  s.tol = 1e-12;
  rwk_lanczos_result r;
  assert_int_equal(rwk_lanczos_min(&r, NULL, ctx, N, &s, apply, &a), RWK_OK);
  assert_true(r.value < 0);
  assert_true(r.products < 100);
}

/* Kept out of flat directions, it finds the next eigenvalue; with every direction flat there is none. */
static void test_flat_directions_are_left_out(void **state) {
  (void)state;
  enum { N = 60 };
  double d[N], flat[2 * N] = {0};
  rwk_span span;
  rwk_span_init(&span, ctx, N);
  for (size_t i = 0; i < N; i++) d[i] = (double)i; /* 0 and 1 are flat below */
  flat[0] = 1;
  flat[N + 1] = 1;
  diagonal a = {d, N, 0};
  rwk_lanczos_settings s;
  rwk_lanczos_settings_init(&s);
  for (size_t i = 0; i < 2; i++) assert_int_equal(rwk_span_add(&span, flat + i * N), RWK_OK);
  s.flat = &span;
  rwk_lanczos_result r;
  assert_int_equal(rwk_lanczos_min(&r, NULL, ctx, N, &s, apply, &a), RWK_OK);
  assert_near(r.value, 2, 1e-2);
  diagonal b = {d, 2, 0};
  const double both[4] = {1, 0, 0, 1};
  rwk_span all;
  rwk_span_init(&all, ctx, 2);
  for (size_t i = 0; i < 2; i++) assert_int_equal(rwk_span_add(&all, both + 2 * i), RWK_OK);
  s.flat = &all;
  assert_int_equal(rwk_lanczos_min(&r, NULL, ctx, 2, &s, apply, &b), RWK_OK);
  assert_true(isnan(r.value));
  assert_int_equal(r.products, 0);
  rwk_span_release(&span);
  rwk_span_release(&all);
}

/* A multiple of the identity: the first vector spans an invariant space, and fresh ones must follow. */
static void test_identity(void **state) {
  (void)state;
  double d[30];
  for (size_t i = 0; i < 30; i++) d[i] = 7;
  d[3] = 6;
  diagonal a = {d, 30, 0};
  rwk_lanczos_settings s;
  rwk_lanczos_settings_init(&s);
  s.tol = 1e-10;
  rwk_lanczos_result r;
  assert_int_equal(rwk_lanczos_min(&r, NULL, ctx, 30, &s, apply, &a), RWK_OK);
  assert_near(r.value, 6, 1e-12);
}

/* With least 0 the first convergence ends it, and so does an invariant space. */
static void test_believes_at_once_when_told(void **state) {
  (void)state;
  enum { N = 200 };
  double d[N];
  for (size_t i = 0; i < N; i++) d[i] = i < N / 2 ? -3 : 5;
  diagonal a = {d, N, 0};
  rwk_lanczos_settings s;
  rwk_lanczos_settings_init(&s);
  s.tol = 1e-10;
  s.least = 0;
  rwk_lanczos_result r;
  assert_int_equal(rwk_lanczos_min(&r, NULL, ctx, N, &s, apply, &a), RWK_OK);
  assert_true(r.converged);
  assert_near(r.value, -3, 1e-12);
  assert_true(r.products <= 4); /* two different eigenvalues: a space of two */
}

static rwk_status fails(double *y, const double *x, void *payload) {
  (void)y, (void)x, (void)payload;
  return RWK_CALLBACK;
}

static rwk_status gives_nan(double *y, const double *x, void *payload) {
  (void)x, (void)payload;
  for (int i = 0; i < 4; i++) y[i] = NAN;
  return RWK_OK;
}

static void test_failures_pass_through(void **state) {
  (void)state;
  rwk_lanczos_settings s;
  rwk_lanczos_settings_init(&s);
  rwk_lanczos_result r;
  assert_int_equal(rwk_lanczos_min(&r, NULL, ctx, 4, &s, fails, NULL), RWK_CALLBACK);
  assert_int_equal(rwk_lanczos_min(&r, NULL, ctx, 4, &s, gives_nan, NULL), RWK_NUMERICAL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_small_is_exact),
      cmocka_unit_test(test_restarts_find_the_end),
      cmocka_unit_test(test_believes_at_once_when_told),
      cmocka_unit_test(test_stops_when_negative_is_proved),
      cmocka_unit_test(test_flat_directions_are_left_out),
      cmocka_unit_test(test_identity),
      cmocka_unit_test(test_failures_pass_through),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
