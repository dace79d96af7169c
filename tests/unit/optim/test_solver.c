#include "support/analytic.h"
#include <ridgewalk/solve.h>

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

static rwk_solve_result run(analytic_fn f, size_t n, double *w, double lambda,
                            const rwk_solver_settings *settings) {
  rwk_problem *p = analytic_create(ctx, f, n, 1);
  rwk_solver *s;
  rwk_solve_result r;
  assert_int_equal(rwk_solver_create(&s, ctx, p, settings), RWK_OK);
  assert_int_equal(rwk_solver_run(&r, s, w, lambda), RWK_OK);
  rwk_solver_destroy(s);
  rwk_problem_destroy(p);
  return r;
}

static const rwk_algebra algebras[2] = {RWK_ALGEBRA_DENSE, RWK_ALGEBRA_KRYLOV};

static void
test_minimum_of_a_bowl(void **state) { /* J = sum c_i (x - 1)^2 + lambda x^2: x_i = c_i / (c_i + lambda) */
  (void)state;
  for (int a = 0; a < 2; a++) {
    rwk_solver_settings s;
    rwk_solver_settings_init(&s);
    s.algebra = algebras[a];
    double w[6] = {9, -4, 0, 2, 100, -3};
    const rwk_solve_result r = run(bowl, 6, w, 0.5, &s);
    assert_int_equal(r.stop, RWK_STOP_CONVERGED);
    for (size_t i = 0; i < 6; i++) assert_near(w[i], (1 + (double)i) / (1.5 + (double)i), 1e-9);
    assert_near(r.objective, r.loss + 0.5 * r.penalty, 1e-12);
  }
}

/* Hessians are formed rarely where they are dear: the steps between them are of the factor that is there. */
static void test_factors_are_used_on(void **state) {
  (void)state;
  rwk_solver_settings s;
  rwk_solver_settings_init(&s);
  s.algebra = RWK_ALGEBRA_DENSE;
  double w[40];
  for (size_t i = 0; i < 40; i++) w[i] = i % 2 ? 1 : -1.2;
  const rwk_solve_result r = run(rosenbrock, 40, w, 0, &s);
  assert_int_equal(r.stop, RWK_STOP_CONVERGED);
  for (size_t i = 0; i < 40; i++) assert_near(w[i], 1, 1e-8);
  assert_true(r.hessians <= r.iterations + 2); /* and those of the certificate of the end */
  assert_true(r.gradients > 2 * r.iterations);
}

static void test_rosenbrock(void **state) {
  (void)state;
  for (int a = 0; a < 2; a++) {
    rwk_solver_settings s;
    rwk_solver_settings_init(&s);
    s.algebra = algebras[a];
    double w[10];
    for (size_t i = 0; i < 10; i++) w[i] = i % 2 ? 1 : -1.2;
    const rwk_solve_result r = run(rosenbrock, 10, w, 0, &s);
    assert_int_equal(r.stop, RWK_STOP_CONVERGED);
    assert_true(r.iterations < 120);
    assert_true(r.grad_inf <= 1e-8);
  }
}

/* The last steps square the error: from 1e-4 to rounding in three. */
static void test_quadratic_convergence(void **state) {
  (void)state;
  rwk_solver_settings s;
  rwk_solver_settings_init(&s);
  double w[4] = {1 + 1e-4, 1, 1 - 1e-4, 1};
  const rwk_solve_result r = run(rosenbrock, 4, w, 0, &s);
  assert_true(r.iterations <= 6);
  for (size_t i = 0; i < 4; i++) assert_near(w[i], 1, 1e-12);
}

/* Started exactly on a strict saddle, where the gradient is zero. */
static void test_leaves_a_saddle(void **state) {
  (void)state;
  for (int a = 0; a < 2; a++) {
    rwk_solver_settings s;
    rwk_solver_settings_init(&s);
    s.algebra = algebras[a];
    double w[3] = {0, 0, 0};
    rwk_solve_result r = run(two_wells, 3, w, 0, &s);
    assert_int_equal(r.stop, RWK_STOP_CONVERGED);
    assert_true(r.curvature_steps >= 1);
    assert_near(fabs(w[1]), sqrt(2), 1e-8);
    assert_near(r.objective, -1, 1e-12);
    double stay[3] = {0, 0, 0};
    s.escape = 0;
    r = run(two_wells, 3, stay, 0, &s);
    assert_int_equal(r.stop, RWK_STOP_GRADIENT);
    assert_true(stay[1] == 0);
  }
}

static void test_lbfgs_stops_as_people_know_it(void **state) {
  (void)state;
  rwk_solver_settings s;
  rwk_solver_settings_init(&s);
  s.solver = RWK_SOLVER_LBFGS;
  double w[10];
  for (size_t i = 0; i < 10; i++) w[i] = -1;
  s.max_iter = 5;
  rwk_solve_result r = run(rosenbrock, 10, w, 0, &s);
  assert_int_equal(r.stop, RWK_STOP_ITERATIONS);
  assert_int_equal(r.iterations, 5);
  s.max_iter = 1000;
  s.function_tol = 0;
  s.grad_tol = 1e-9;
  r = run(rosenbrock, 10, w, 0, &s);
  assert_int_equal(r.stop, RWK_STOP_GRADIENT);
  assert_true(r.grad_inf <= 1e-9);
  double saddle[3] = {1, 0, 0}; /* sees no curvature: falls into the saddle */
  r = run(two_wells, 3, saddle, 0, &s);
  assert_true(saddle[1] == 0);
}

/* J falls without end: the answer is an honest stop, not a crash or a NaN. */
static void test_unbounded_below(void **state) {
  (void)state;
  rwk_solver_settings s;
  rwk_solver_settings_init(&s);
  double w[2] = {-1, 0.5};
  const rwk_solve_result r = run(monkey, 2, w, 0, &s);
  assert_true(r.stop == RWK_STOP_UNBOUNDED || r.stop == RWK_STOP_STALLED || r.stop == RWK_STOP_ITERATIONS);
  assert_true(isfinite(w[0]) && isfinite(w[1]) && isfinite(r.objective));
}

static double wall(double *g, double *H, const double *x, size_t n) { /* not finite for x_0 > 1 */
  clear(g, H, n);
  const double t = log(1 - x[0]);
  if (g) g[0] = 1 / (1 - x[0]) - 2;
  if (H) H[0] = 1 / ((1 - x[0]) * (1 - x[0]));
  return -t - 2 * x[0];
}

static void test_steps_outside_the_domain_are_refused(void **state) {
  (void)state;
  rwk_solver_settings s;
  rwk_solver_settings_init(&s);
  double w[1] = {-30};
  const rwk_solve_result r = run(wall, 1, w, 0, &s);
  assert_int_equal(r.stop, RWK_STOP_CONVERGED);
  assert_near(w[0], 0.5, 1e-9);
  rwk_problem *p = analytic_create(ctx, wall, 1, 1);
  rwk_solver *solver;
  rwk_solve_result bad;
  assert_int_equal(rwk_solver_create(&solver, ctx, p, &s), RWK_OK);
  w[0] = 2;
  assert_int_equal(rwk_solver_run(&bad, solver, w, 0), RWK_NUMERICAL);
  rwk_solver_destroy(solver);
  rwk_problem_destroy(p);
}

static void test_settings_are_checked(void **state) {
  (void)state;
  rwk_problem *p = analytic_create(ctx, bowl, 2, 1);
  rwk_solver *solver;
  rwk_solver_settings s;
  rwk_solver_settings_init(&s);
  s.grad_tol = -1;
  assert_int_equal(rwk_solver_create(&solver, ctx, p, &s), RWK_INVALID_ARGUMENT);
  assert_non_null(strstr(rwk_context_error(ctx), "grad_tol"));
  rwk_solver_settings_init(&s);
  s.size = 3;
  assert_int_equal(rwk_solver_create(&solver, ctx, p, &s), RWK_INVALID_ARGUMENT);
  rwk_solver_settings_init(&s);
  assert_int_equal(rwk_solver_create(&solver, ctx, p, &s), RWK_OK);
  double w[2] = {0, 0};
  rwk_solve_result r;
  assert_int_equal(rwk_solver_run(&r, solver, w, -1), RWK_INVALID_ARGUMENT);
  rwk_solver_destroy(solver);
  rwk_problem_destroy(p);
}

static int cancel_now(void *payload) {
  int *left = payload;
  return (*left)-- <= 0;
}

static void test_cancel_keeps_the_best_so_far(void **state) {
  (void)state;
  int left = 5;
  rwk_context_settings cs;
  rwk_context_settings_init(&cs);
  cs.cancel = cancel_now;
  cs.cancel_payload = &left;
  rwk_context *own;
  assert_int_equal(rwk_context_create(&own, &cs), RWK_OK);
  rwk_problem *p = analytic_create(own, rosenbrock, 8, 1);
  rwk_solver_settings s;
  rwk_solver_settings_init(&s);
  rwk_solver *solver;
  rwk_solve_result r;
  assert_int_equal(rwk_solver_create(&solver, own, p, &s), RWK_OK);
  double w[8];
  for (size_t i = 0; i < 8; i++) w[i] = -1;
  const double before = rosenbrock(NULL, NULL, w, 8);
  assert_int_equal(rwk_solver_run(&r, solver, w, 0), RWK_CANCELLED);
  assert_int_equal(r.stop, RWK_STOP_CANCELLED);
  assert_true(rosenbrock(NULL, NULL, w, 8) < before);
  rwk_solver_destroy(solver);
  rwk_problem_destroy(p);
  rwk_context_destroy(own);
}

static int64_t blocks;

static void *count_allocate(void *block, size_t size, void *payload) {
  (void)payload;
  blocks++;
  return realloc(block, size);
}

static void count_release(void *block, void *payload) {
  (void)payload;
  free(block);
}

/* Create allocates; a run on a problem with a positive definite end does not. */
static void test_run_does_not_allocate(void **state) {
  (void)state;
  rwk_context_settings cs;
  rwk_context_settings_init(&cs);
  cs.allocate = count_allocate;
  cs.release = count_release;
  rwk_context *own;
  assert_int_equal(rwk_context_create(&own, &cs), RWK_OK);
  rwk_problem *p = analytic_create(own, rosenbrock, 8, 1);
  rwk_solver_settings s;
  rwk_solver_settings_init(&s);
  rwk_solver *solver;
  rwk_solve_result r;
  assert_int_equal(rwk_solver_create(&solver, own, p, &s), RWK_OK);
  double w[8];
  for (size_t i = 0; i < 8; i++) w[i] = 0.3;
  const int64_t before = blocks;
  assert_int_equal(rwk_solver_run(&r, solver, w, 0.01), RWK_OK);
  assert_int_equal(blocks, before);
  rwk_solver_destroy(solver);
  rwk_problem_destroy(p);
  rwk_context_destroy(own);
}

/* At a kink the Hessian may show a way down that is none: J falls by rounding alone, or by a little for ever.
 */
static double sinking, sunk;

static double sinks(double *g, double *H, const double *x, size_t n) {
  (void)x;
  for (size_t i = 0; g && i < n; i++) g[i] = 0;
  for (size_t i = 0; H && i < n * n; i++) H[i] = i % (n + 1) ? 0 : -1;
  sunk += sinking;
  return 1 - sunk;
}

static void test_ways_down_come_to_an_end(void **state) {
  (void)state;
  for (int rounding = 0; rounding < 2; rounding++) {
    sinking = rounding ? 0x1p-53 : 1e-6;
    sunk = 0;
    rwk_problem *p = analytic_create(ctx, sinks, 2, 1);
    rwk_solver_settings s;
    rwk_solver_settings_init(&s);
    s.max_iter = 50;
    rwk_solver *solver;
    rwk_solve_result r;
    double w[2] = {0.3, 0.1};
    assert_int_equal(rwk_solver_create(&solver, ctx, p, &s), RWK_OK);
    assert_int_equal(rwk_solver_run(&r, solver, w, 0), RWK_OK);
    assert_true(r.stop == RWK_STOP_ITERATIONS || (rounding && r.stop == RWK_STOP_CONVERGED));
    assert_true(r.iterations <= 51);
    rwk_solver_destroy(solver);
    rwk_problem_destroy(p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_minimum_of_a_bowl),
      cmocka_unit_test(test_rosenbrock),
      cmocka_unit_test(test_factors_are_used_on),
      cmocka_unit_test(test_quadratic_convergence),
      cmocka_unit_test(test_leaves_a_saddle),
      cmocka_unit_test(test_lbfgs_stops_as_people_know_it),
      cmocka_unit_test(test_unbounded_below),
      cmocka_unit_test(test_steps_outside_the_domain_are_refused),
      cmocka_unit_test(test_settings_are_checked),
      cmocka_unit_test(test_cancel_keeps_the_best_so_far),
      cmocka_unit_test(test_run_does_not_allocate),
      cmocka_unit_test(test_ways_down_come_to_an_end),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
