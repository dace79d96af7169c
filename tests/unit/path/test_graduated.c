/* Graduated optimisation on functions whose minima are known, and fits that are finished by newton. */
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

/* A bowl with ripples, sum (x - 1)^2 + 2 (1 - cos 6 (x - 1)): minima some pi/3 apart, the lowest 0 at 1. Its
 * mean over noise that is longer than a ripple is all but the bowl. */
static double ripples(double *g, double *H, const double *x, size_t n) {
  double f = 0;
  clear(g, H, n);
  for (size_t i = 0; i < n; i++) {
    const double d = x[i] - 1;
    f += d * d + 2 * (1 - cos(6 * d));
    if (g) g[i] = 2 * d + 12 * sin(6 * d);
    if (H) H[i * n + i] = 2 + 72 * cos(6 * d);
  }
  return f;
}

static rwk_path *walk(rwk_problem *p, unsigned walks, const double *init, size_t count,
                      const double *lambda) {
  rwk_path_settings s;
  rwk_path_settings_init(&s);
  s.lambda = lambda;
  s.lambda_count = count;
  s.walks = walks;
  s.init = init;
  s.smoothing = 1.5;
  s.smoothing_samples = 32;
  s.collapse_tol = 0;
  s.explain = 0;
  rwk_path *path;
  assert_int_equal(rwk_path_run(&path, ctx, p, &s), RWK_OK);
  return path;
}

static const rwk_fit *fit(const rwk_path *path, size_t index) {
  rwk_walk_view v;
  assert_int_equal(rwk_path_walk(&v, path, 0), RWK_OK);
  return v.points[index];
}

static void test_through_ripples(void **state) {
  (void)state;
  const double lambda[1] = {1e-9};
  for (size_t n = 1; n <= 3; n += 2) {
    const double far[3] = {5.3, -4.1, 6.2};
    rwk_problem *p = analytic_create(ctx, ripples, n, 1);
    rwk_path *down = walk(p, RWK_WALKS_DOWN, far, 1, lambda),
             *graduated = walk(p, RWK_WALKS_GRADUATED, far, 1, lambda);
    assert_true(fit(down, 0)->solve.loss > 1); /* in a ripple */
    assert_near(fit(graduated, 0)->solve.loss, 0, 1e-8);
    for (size_t i = 0; i < n; i++) assert_near(fit(graduated, 0)->w[i], 1, 1e-6);
    assert_int_equal(fit(graduated, 0)->certificate.verdict, RWK_VERDICT_STRICT_MIN);
    assert_true(fit(graduated, 0)->solve.values >
                fit(down, 0)->solve.values); /* what smoothing took is counted */
    rwk_path_destroy(down);
    rwk_path_destroy(graduated);
    rwk_problem_destroy(p);
  }
}

/* Along a ladder, and the best of the starts. */
static void test_along_a_ladder(void **state) {
  (void)state;
  const double lambda[3] = {0.001, 0.01, 0.1};
  rwk_problem *p = analytic_create(ctx, ripples, 2, 1);
  rwk_path_settings s;
  rwk_path_settings_init(&s);
  s.lambda = lambda;
  s.lambda_count = 3;
  s.walks = RWK_WALKS_GRADUATED | RWK_WALKS_BEST;
  s.starts = 2;
  s.smoothing = 1.5;
  s.collapse_tol = 0;
  rwk_path *path;
  assert_int_equal(rwk_path_run(&path, ctx, p, &s), RWK_OK);
  assert_int_equal(rwk_path_walk_count(path), 2);
  rwk_walk_view v;
  assert_int_equal(rwk_path_walk(&v, path, 0), RWK_OK);
  assert_int_equal(v.walk, RWK_WALK_GRADUATED);
  for (size_t i = 0; i < 3; i++) {
    assert_non_null(v.points[i]);
    assert_int_equal(v.points[i]->certificate.verdict, RWK_VERDICT_STRICT_MIN);
    assert_true(v.points[i]->solve.objective <= fit(path, i)->solve.objective);
  }
  assert_int_equal(rwk_path_walk(&v, path, 1), RWK_OK);
  assert_int_equal(v.walk, RWK_WALK_BEST);
  rwk_path_destroy(path);
  s.smoothing = 0;
  assert_int_equal(rwk_path_run(&path, ctx, p, &s), RWK_INVALID_ARGUMENT);
  assert_non_null(strstr(rwk_context_error(ctx), "smoothing"));
  rwk_problem_destroy(p);
}

/* A solver that stops early leaves what is not stationary; finished by newton it is a minimum. */
static void test_finish(void **state) {
  (void)state;
  const double lambda[2] = {0.01, 0.1};
  rwk_problem *p = analytic_create(ctx, rosenbrock, 4, 1);
  for (int finish = 0; finish < 2; finish++) {
    rwk_path_settings s;
    rwk_path_settings_init(&s);
    s.lambda = lambda;
    s.lambda_count = 2;
    s.walks = RWK_WALKS_UP;
    s.collapse_tol = 0;
    s.solver.solver = RWK_SOLVER_GD;
    s.solver.max_iter = 5;
    s.finish = finish;
    rwk_path *path;
    assert_int_equal(rwk_path_run(&path, ctx, p, &s), RWK_OK);
    for (size_t i = 0; i < 2; i++) {
      assert_int_equal(fit(path, i)->certificate.verdict,
                       finish ? RWK_VERDICT_STRICT_MIN : RWK_VERDICT_NOT_STATIONARY);
      assert_int_equal(fit(path, i)->solve.stop, finish ? RWK_STOP_CONVERGED : RWK_STOP_ITERATIONS);
      assert_true(finish ? fit(path, i)->solve.iterations > 5 : fit(path, i)->solve.iterations == 5);
    }
    rwk_path_destroy(path);
  }
  rwk_problem_destroy(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_through_ripples),
      cmocka_unit_test(test_along_a_ladder),
      cmocka_unit_test(test_finish),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
