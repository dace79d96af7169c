#include "support/analytic.h"
#include "base/stream.h"
#include "la/lanczos.h"

static rwk_context *ctx;

typedef struct diagonal {
  const double *d;
  size_t n;
} diagonal;

static rwk_status multiply(double *y, const double *x, void *payload) {
  const diagonal *a = payload;
  for (size_t i = 0; i < a->n; i++) y[i] = a->d[i] * x[i];
  return RWK_OK;
}

static rwk_lanczos_bound_result bound_of(double *vector, const double *d, size_t n, double floor,
                                         double doubt, rwk_lanczos_settings s) {
  diagonal a = {d, n};
  rwk_lanczos_bound_result r;
  assert_int_equal(rwk_lanczos_bound(&r, vector, ctx, n, floor, doubt, &s, multiply, &a), RWK_OK);
  return r;
}

static rwk_lanczos_settings settings_of(uint64_t seed) {
  rwk_lanczos_settings s;
  rwk_lanczos_settings_init(&s);
  s.seed = seed;
  return s;
}

/* The chance is kept: with one eigenvalue below the floor among many close above it, "all above" is said for
 * no more of the starts than the doubt that was allowed, and hardly ever with a small one. */
static void test_chance_is_kept(void **state) {
  (void)state;
  enum { N = 300, STARTS = 3000 };
  double d[N];
  int wrong[2] = {0, 0};
  for (size_t i = 0; i < N; i++) d[i] = 1 + 2 * (double)i / N;
  d[211] = -1e-3;
  const double doubt[2] = {0.2, 1e-3};
  for (int k = 0; k < 2; k++)
    for (uint64_t seed = 0; seed < STARTS; seed++) {
      const rwk_lanczos_bound_result r = bound_of(NULL, d, N, 0, doubt[k], settings_of(seed));
      wrong[k] += r.doubt <= doubt[k];
    }
  assert_true(wrong[0] > 0); /* the doubt is real ... */
  assert_true(wrong[0] <= 0.2 * STARTS + 3 * sqrt(0.2 * 0.8 * STARTS));
  assert_true(wrong[1] <= 12); /* 3 expected at most; 12 or more with chance 1e-4 */
}

/* What it says of the smallest eigenvalue holds, and outliers cost a product or two each. */
static void test_outliers_are_cheap(void **state) {
  (void)state;
  enum { N = 5000, OUTLIERS = 20 };
  double *d = malloc(N * sizeof *d), *v = malloc(N * sizeof *v);
  for (size_t i = 0; i < N; i++) d[i] = 1 + 3 * (double)i / N;
  for (size_t i = 0; i < OUTLIERS; i++) d[100 + 7 * i] = 1e2 * pow(2, (double)i); /* to 5e7 */
  for (uint64_t seed = 0; seed < 10; seed++) {
    const rwk_lanczos_bound_result r = bound_of(v, d, N, 1e-9, 1e-6, settings_of(seed));
    assert_true(r.doubt <= 1e-6);
    assert_true(r.lower >= 1e-9 && r.lower <= 1 && r.value >= 1 && r.value < 2);
    assert_near(r.largest / d[100 + 7 * (OUTLIERS - 1)], 1, 1e-6);
    assert_true(r.products <= 3 * OUTLIERS + 30);
    double rayleigh = 0;
    for (size_t i = 0; i < N; i++) rayleigh += d[i] * v[i] * v[i];
    assert_near(rwk_norm(N, v), 1, 1e-12);
    assert_near(rayleigh, r.value, 1e-6); /* v holds rounding of 5e7 */
    double square = 0;
    for (size_t i = 0; i < N; i++) square += (d[i] - r.value) * (d[i] - r.value) * v[i] * v[i];
    assert_near(sqrt(square), r.residual, 1e-6);
    assert_true(r.value - 1 <= r.residual);
  }
  free(v);
  free(d);
}

/* An eigenvalue below the floor stops it at once and nothing is claimed; nor when products run out. */
static void test_nothing_is_claimed_without_proof(void **state) {
  (void)state;
  enum { N = 400 };
  double d[N], v[N];
  for (size_t i = 0; i < N; i++) d[i] = 1 + (double)i;
  rwk_lanczos_settings s = settings_of(1);
  s.products = 12;
  rwk_lanczos_bound_result r = bound_of(NULL, d, N, 0, 1e-6, s);
  assert_int_equal(r.products, 12);
  assert_true(r.doubt > 1e-6 && isinf(r.lower));
  d[77] = -50;
  r = bound_of(v, d, N, 0, 1e-6, settings_of(1));
  assert_true(r.value < 0 && r.value >= -50 && r.products < 60);
  assert_true(r.doubt == 1 && isinf(r.lower));
  assert_true(fabs(v[77]) > 0.5);
}

/* The whole space is a proof, also of two dimensions, of a multiple of the identity, and beside flat
 * directions. */
static void test_small_spaces(void **state) {
  (void)state;
  const double two[2] = {1e-3, 7}, same[6] = {4, 4, 4, 4, 4, 4}, flat[4] = {0, 0, 2, 3};
  rwk_lanczos_bound_result r = bound_of(NULL, two, 2, 1e-12, 1e-6, settings_of(0));
  assert_near(r.value, 1e-3, 1e-12);
  assert_true(r.doubt <= 1e-6 && r.products == 2);
  r = bound_of(NULL, same, 6, 1e-12, 1e-6, settings_of(0));
  assert_near(r.value, 4, 1e-12);
  assert_true(r.doubt <= 1e-6 && r.products == 1);
  rwk_lanczos_settings s = settings_of(0);
  rwk_span span;
  rwk_span_init(&span, ctx, 4);
  const double e[8] = {1, 0, 0, 0, 0, 1, 0, 0};
  for (size_t i = 0; i < 2; i++) assert_int_equal(rwk_span_add(&span, e + 4 * i), RWK_OK);
  s.flat = &span;
  r = bound_of(NULL, flat, 4, 1e-12, 1e-6, s);
  assert_near(r.value, 2, 1e-12);
  assert_true(r.doubt <= 1e-6);
  rwk_span_release(&span);
}

/* Beyond the memory of the basis it goes on with three terms, to the same answer. */
static void test_little_memory(void **state) {
  (void)state;
  enum { N = 2000 };
  double *d = malloc(N * sizeof *d), v[N];
  for (size_t i = 0; i < N; i++) d[i] = 0.01 + (double)i / N;
  rwk_lanczos_settings s = settings_of(4);
  const rwk_lanczos_bound_result whole = bound_of(NULL, d, N, 0, 1e-6, s);
  s.memory = 8 * N * sizeof(double);
  const rwk_lanczos_bound_result few = bound_of(v, d, N, 0, 1e-6, s);
  assert_true(whole.products > 40 && few.doubt <= 1e-6);
  assert_near((double)few.products / (double)whole.products, 1, 0.1);
  assert_near(few.value, whole.value, 1e-5);
  assert_true(rwk_norm(N, v) == 0); /* said: no vector then */
  free(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_chance_is_kept), cmocka_unit_test(test_outliers_are_cheap),
      cmocka_unit_test(test_nothing_is_claimed_without_proof), cmocka_unit_test(test_small_spaces),
      cmocka_unit_test(test_little_memory)};
  rwk_context_create(&ctx, NULL);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  rwk_context_destroy(ctx);
  return failed;
}
