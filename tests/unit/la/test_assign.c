/* The Hungarian method against all permutations. */
#include "la/assign.h"
#include "support/analytic.h"

static double least_of_all(const double *cost, size_t n, size_t row, unsigned used) {
  if (row == n) return 0;
  double least = INFINITY;
  for (size_t j = 0; j < n; j++)
    if (!(used >> j & 1))
      least = fmin(least, cost[row * n + j] + least_of_all(cost, n, row + 1, used | 1u << j));
  return least;
}

static void check(rwk_context *ctx, const double *cost, size_t n) {
  size_t column[8];
  double total, sum = 0;
  unsigned used = 0;
  assert_int_equal(rwk_assign(column, &total, ctx, cost, n), RWK_OK);
  for (size_t i = 0; i < n; i++) {
    assert_true(column[i] < n && !(used >> column[i] & 1));
    used |= 1u << column[i];
    sum += cost[i * n + column[i]];
  }
  assert_near(total, sum, 1e-12);
  assert_near(total, least_of_all(cost, n, 0, 0), 1e-12);
}

static void test_all_permutations(void **state) {
  (void)state;
  rwk_context *ctx;
  assert_int_equal(rwk_context_create(&ctx, NULL), RWK_OK);
  rwk_stream s;
  rwk_stream_init(&s, 5, 1);
  double cost[64];
  for (size_t n = 1; n <= 7; n++)
    for (int round = 0; round < 20; round++) {
      for (size_t i = 0; i < n * n; i++) /* ties too, and costs below 0 */
        cost[i] = round % 2 ? rwk_stream_normal(&s) : floor(4 * rwk_stream_uniform(&s)) - 1;
      check(ctx, cost, n);
    }
  rwk_context_destroy(ctx);
}

static void test_what_cannot_be_assigned(void **state) {
  (void)state;
  rwk_context *ctx;
  assert_int_equal(rwk_context_create(&ctx, NULL), RWK_OK);
  const double cost[4] = {1, NAN, 0, 1};
  size_t column[2];
  double total;
  assert_int_equal(rwk_assign(column, &total, ctx, cost, 2), RWK_NUMERICAL);
  assert_int_equal(rwk_assign(column, &total, ctx, cost, 0), RWK_OK);
  assert_true(total == 0);
  rwk_context_destroy(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_permutations),
                                     cmocka_unit_test(test_what_cannot_be_assigned)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
