/* A jump planted in closed form: a flat well at 3, in which the minimum at penalty lambda lies at
 * 3 - u, 4 u^3 = 2 lambda (3 - u), and a deep well at 2.19, into which the solver's first step falls:
 * Newton's step from u in a well like u^4 is a third of u for every time that lambda grows by itself. */
#include <ridgewalk/path.h>
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

static double two_wells_apart(double *g, double *H, const double *x, size_t n) {
  (void)n;
  const double u = x[0] - 3, v = (x[0] - 2.19) / 0.12, deep = 3 * exp(-v * v);
  if (g) g[0] = 4 * u * u * u + deep * 2 * v / 0.12;
  if (H) H[0] = 12 * u * u + deep * (2 - 4 * v * v) / (0.12 * 0.12);
  return 4 + u * u * u * u - deep;
}

/* u with 4 u^3 = 2 lambda (3 - u), by bisection. */
static double offset(double lambda) {
  double low = 0, high = 1;
  for (int k = 0; k < 200; k++) {
    const double u = 0.5 * (low + high);
    if (4 * u * u * u > 2 * lambda * (3 - u))
      high = u;
    else
      low = u;
  }
  return low;
}

static void test_jump(void **state) {
  (void)state;
  const double lambda[2] = {8e-5, 64 * 8e-5}, begin = 3 - offset(lambda[0]);
  rwk_problem *p = analytic_create(ctx, two_wells_apart, 1, 1);
  rwk_path_settings s;
  rwk_path_settings_init(&s);
  s.lambda = lambda;
  s.lambda_count = 2;
  s.walks = RWK_WALKS_UP | RWK_WALKS_BEST;
  s.init = &begin;
  rwk_path *path;
  rwk_walk_view v;
  assert_int_equal(rwk_path_run(&path, ctx, p, &s), RWK_OK);
  assert_int_equal(rwk_path_walk(&v, path, 0), RWK_OK);
  assert_near(v.points[0]->w[0], begin, 1e-7);
  assert_true(v.points[1]->w[0] < 2.4); /* it fell into the deep well */
  assert_int_equal(v.drop_count, 1);
  const rwk_drop *d = v.drops;
  assert_int_equal(d->cause, RWK_CAUSE_JUMP);
  const double u = offset(lambda[1]);
  assert_near(d->branch_loss, 4 + u * u * u * u, 1e-9); /* where the branch goes on to */
  assert_int_equal(d->monotone, 1);
  assert_true(d->branch_loss > d->loss_from && d->loss_to < d->loss_from);
  assert_near(lambda[1] * d->excess_from + lambda[0] * d->excess_to,
              (lambda[1] - lambda[0]) * (d->loss_from - d->loss_to), 1e-12); /* T2 */
  assert_int_equal(rwk_path_walk(&v, path, 1), RWK_OK);                      /* best: both in the deep well */
  assert_int_equal(v.walk, RWK_WALK_BEST);
  assert_int_equal(v.drop_count, 0);
  assert_true(v.points[0]->w[0] < 2.4 && v.origins[0].won > 1);
  assert_int_equal(v.origins[1].kind, RWK_ORIGIN_FOUND);
  rwk_path_destroy(path);
  rwk_problem_destroy(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_jump)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
