/* The solvers beside newton and lbfgs: what each does on functions in closed form, and why it stops. */
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

static rwk_solver_settings of(rwk_solver_kind solver) {
  rwk_solver_settings s;
  rwk_solver_settings_init(&s);
  s.solver = solver;
  return s;
}

static rwk_solve_result run_on(rwk_problem *p, double *w, double lambda,
                               const rwk_solver_settings *settings) {
  rwk_solver *s;
  rwk_solve_result r;
  assert_int_equal(rwk_solver_create(&s, ctx, p, settings), RWK_OK);
  assert_int_equal(rwk_solver_run(&r, s, w, lambda), RWK_OK);
  rwk_solver_destroy(s);
  return r;
}

static rwk_solve_result run(analytic_fn f, size_t n, double *w, double lambda,
                            const rwk_solver_settings *settings) {
  rwk_problem *p = analytic_create(ctx, f, n, 1);
  const rwk_solve_result r = run_on(p, w, lambda, settings);
  rwk_problem_destroy(p);
  return r;
}

static const rwk_algebra algebras[2] = {RWK_ALGEBRA_DENSE, RWK_ALGEBRA_KRYLOV};

static void test_steepest_descent(void **state) {
  (void)state;
  rwk_solver_settings s = of(RWK_SOLVER_GD);
  s.grad_tol = 1e-6;
  s.function_tol = 0;
  double w[6] = {9, -4, 0, 2, 100, -3};
  rwk_solve_result r = run(bowl, 6, w, 0.5, &s); /* x_i = c_i / (c_i + lambda), c_i = 1 + i */
  assert_int_equal(r.stop, RWK_STOP_GRADIENT);
  for (size_t i = 0; i < 6; i++) assert_near(w[i], (1 + (double)i) / (1.5 + (double)i), 1e-5);
  s.grad_tol = 1e-15; /* more than J can tell */
  r = run(bowl, 6, w, 0.5, &s);
  assert_int_equal(r.stop, RWK_STOP_STALLED);
  s.max_iter = 7;
  double far[6] = {9, -4, 0, 2, 100, -3};
  r = run(bowl, 6, far, 0.5, &s);
  assert_int_equal(r.stop, RWK_STOP_ITERATIONS);
  assert_int_equal(r.iterations, 7);
  s = of(RWK_SOLVER_GD);
  s.grad_tol = 1e-14;
  s.function_tol = 1e-3;
  r = run(bowl, 6, far, 0.5, &s);
  assert_int_equal(r.stop, RWK_STOP_FUNCTION);
}

/* The toys of Dauphin et al.: 5 x^2 - y^2 falls without end once left; two wells end in a well; and from 1e-6
 * beside the saddle, in as many iterations, gd is still there. */
static void test_saddle_free_newton_leaves_saddles(void **state) {
  (void)state;
  for (int a = 0; a < 2; a++) {
    rwk_solver_settings s = of(RWK_SOLVER_SADDLE_FREE_NEWTON);
    s.algebra = algebras[a];
    double w[4] = {1e-6, 1e-6, -1e-6, 1e-6}, stays[4] = {1e-6, 1e-6, -1e-6, 1e-6};
    rwk_solve_result r = run(two_wells, 4, w, 0, &s);
    assert_int_equal(r.stop, RWK_STOP_CONVERGED);
    assert_near(w[1], sqrt(2), 1e-8);
    assert_near(r.objective, -1, 1e-12);
    assert_true(r.iterations < 20);
    s.max_iter = 2;
    double few[4] = {1e-6, 1e-6, -1e-6, 1e-6};
    r = run(two_wells, 4, few, 0, &s);
    assert_true(r.objective < -0.1);
    s = of(RWK_SOLVER_GD);
    s.grad_tol = 1e-14;
    s.max_iter = 2;
    r = run(two_wells, 4, stays, 0, &s);
    assert_true(r.objective > -1e-6);
  }
}

/* Exactly on the saddle there is no gradient: the look at curvature that newton takes leaves it, too. */
static void test_escape_is_a_choice(void **state) {
  (void)state;
  rwk_solver_settings s = of(RWK_SOLVER_SADDLE_FREE_NEWTON);
  double w[3] = {0, 0, 0}, stay[3] = {0, 0, 0};
  rwk_solve_result r = run(two_wells, 3, w, 0, &s);
  assert_int_equal(r.stop, RWK_STOP_CONVERGED);
  assert_near(fabs(w[1]), sqrt(2), 1e-8);
  s.escape = 0;
  r = run(two_wells, 3, stay, 0, &s);
  assert_int_equal(r.stop, RWK_STOP_GRADIENT);
  assert_true(stay[1] == 0);
}

static void test_saddle_free_newton_on_a_valley(void **state) {
  (void)state;
  for (int a = 0; a < 2; a++) {
    rwk_solver_settings s = of(RWK_SOLVER_SADDLE_FREE_NEWTON);
    s.algebra = algebras[a];
    double w[10];
    for (size_t i = 0; i < 10; i++) w[i] = i % 2 ? 1 : -1.2;
    const rwk_solve_result r = run(rosenbrock, 10, w, 0, &s);
    assert_int_equal(r.stop, RWK_STOP_CONVERGED);
    assert_true(r.grad_inf <= 1e-8);
    assert_true(r.iterations < 200);
  }
}

/* Rosenbrock's function as a sum of squares: residuals 10 (y - x^2) and 1 - x, whose Jacobian is by hand. */
static rwk_status jacobian_squared(double *A, size_t lda, const double *w, void *work, void *self) {
  (void)work, (void)self;
  const double J[2][2] = {{-20 * w[0], 10}, {-1, 0}};
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++) A[(size_t)i * lda + (size_t)j] = 2 * (J[0][i] * J[0][j] + J[1][i] * J[1][j]);
  return RWK_OK;
}

static void test_gauss_newton(void **state) {
  (void)state;
  rwk_problem *plain = analytic_create(ctx, rosenbrock, 2, 1), *p;
  rwk_problem_ops ops = plain->ops;
  ops.destroy = NULL;
  ops.gauss_newton = jacobian_squared;
  assert_int_equal(rwk_problem_create(&p, ctx, 2, NULL, &ops, plain->self), RWK_OK);
  rwk_solver_settings s = of(RWK_SOLVER_GAUSS_NEWTON);
  double w[2] = {-1.2, 1};
  const rwk_solve_result r = run_on(p, w, 0, &s);
  assert_int_equal(r.stop, RWK_STOP_CONVERGED);
  assert_near(w[0], 1, 1e-8);
  assert_near(w[1], 1, 1e-8);
  assert_true(r.iterations < 40);
  rwk_solver *solver;
  assert_int_equal(rwk_solver_create(&solver, ctx, plain, &s), RWK_NOT_IMPLEMENTED);
  assert_non_null(strstr(rwk_context_error(ctx), "gauss-newton"));
  s.algebra = RWK_ALGEBRA_KRYLOV;
  assert_int_equal(rwk_solver_create(&solver, ctx, p, &s), RWK_INVALID_ARGUMENT);
  assert_non_null(strstr(rwk_context_error(ctx), "dense"));
  rwk_problem_destroy(p);
  rwk_problem_destroy(plain);
}

static const rwk_solver_kind stochastic[4] = {RWK_SOLVER_SGD, RWK_SOLVER_ADAM, RWK_SOLVER_AMSGRAD,
                                              RWK_SOLVER_ADAMW};

/* Without rows they go by the full gradient. adam and its kin end where steps are about the learning rate. */
static void test_full_gradients_where_there_are_no_rows(void **state) {
  (void)state;
  for (int k = 0; k < 4; k++) {
    rwk_solver_settings s = of(stochastic[k]);
    s.learning_rate = k ? 0.02 : 0.01;
    s.max_iter = 3000;
    s.schedule = RWK_SCHEDULE_COSINE;
    s.function_tol = 0;
    s.grad_tol = 1e-6;
    double w[3] = {2, -1, 0};
    const rwk_solve_result r = run(bowl, 3, w, 0.5, &s);
    if (stochastic[k] == RWK_SOLVER_ADAMW) { /* decay beside the gradient: another point than J's minimum */
      assert_true(r.grad_inf > 1e-2);
      continue;
    }
    for (size_t i = 0; i < 3; i++) assert_near(w[i], (1 + (double)i) / (1.5 + (double)i), 1e-4);
    assert_true(r.iterations <= 3000);
    assert_int_equal(r.values, r.iterations + 1);
  }
}

static void test_reasons_to_stop(void **state) {
  (void)state;
  rwk_solver_settings s = of(RWK_SOLVER_SGD);
  s.learning_rate = 1e3;
  double w[3] = {2, -1, 0};
  rwk_solve_result r = run(bowl, 3, w, 0.5, &s);
  assert_int_equal(r.stop, RWK_STOP_DIVERGED);
  assert_true(w[0] == 2 && w[1] == -1 && w[2] == 0); /* nothing lower was met */
  s = of(RWK_SOLVER_ADAM);
  s.max_iter = 5;
  double v[3] = {2, -1, 0};
  r = run(bowl, 3, v, 0.5, &s);
  assert_int_equal(r.stop, RWK_STOP_ITERATIONS);
  assert_int_equal(r.iterations, 5);
  s.max_iter = 100000; /* at the bottom it goes to and fro */
  s.learning_rate = 0.3;
  s.grad_tol = 1e-15;
  r = run(bowl, 3, v, 0.5, &s);
  assert_int_equal(r.stop, RWK_STOP_FUNCTION);
  s = of(RWK_SOLVER_ADAM);
  double there[3] = {1 / 1.5, 2 / 2.5, 3 / 3.5};
  r = run(bowl, 3, there, 0.5, &s);
  assert_int_equal(r.stop, RWK_STOP_GRADIENT);
  assert_int_equal(r.iterations, 0);
}

static int cancel_now(void *payload) {
  int *left = payload;
  return (*left)-- <= 0;
}

static void test_every_solver_can_be_cancelled(void **state) {
  (void)state;
  for (int k = 0; k <= RWK_SOLVER_ADAMW; k++) {
    if (k == RWK_SOLVER_GAUSS_NEWTON) continue;
    int left = 3;
    rwk_context_settings cs;
    rwk_context_settings_init(&cs);
    cs.cancel = cancel_now;
    cs.cancel_payload = &left;
    rwk_context *own;
    assert_int_equal(rwk_context_create(&own, &cs), RWK_OK);
    rwk_problem *p = analytic_create(own, rosenbrock, 8, 1);
    rwk_solver_settings s = of((rwk_solver_kind)k);
    s.learning_rate = 1e-5; /* none runs away */
    rwk_solver *solver;
    rwk_solve_result r;
    assert_int_equal(rwk_solver_create(&solver, own, p, &s), RWK_OK);
    double w[8];
    for (size_t i = 0; i < 8; i++) w[i] = -1;
    assert_int_equal(rwk_solver_run(&r, solver, w, 0), RWK_CANCELLED);
    assert_int_equal(r.stop, RWK_STOP_CANCELLED);
    for (size_t i = 0; i < 8; i++) assert_true(isfinite(w[i]));
    rwk_solver_destroy(solver);
    rwk_problem_destroy(p);
    rwk_context_destroy(own);
  }
}

static void test_settings_are_checked(void **state) {
  (void)state;
  rwk_problem *p = analytic_create(ctx, bowl, 2, 1);
  rwk_solver *solver;
  rwk_solver_settings s = of(RWK_SOLVER_ADAM);
  s.beta1 = 1;
  assert_int_equal(rwk_solver_create(&solver, ctx, p, &s), RWK_INVALID_ARGUMENT);
  assert_non_null(strstr(rwk_context_error(ctx), "beta1"));
  s = of(RWK_SOLVER_SGD);
  s.learning_rate = -1;
  assert_int_equal(rwk_solver_create(&solver, ctx, p, &s), RWK_INVALID_ARGUMENT);
  assert_non_null(strstr(rwk_context_error(ctx), "learning_rate"));
  s = of(RWK_SOLVER_SADDLE_FREE_NEWTON);
  s.subspace = 1;
  assert_int_equal(rwk_solver_create(&solver, ctx, p, &s), RWK_INVALID_ARGUMENT);
  assert_non_null(strstr(rwk_context_error(ctx), "subspace"));
  rwk_problem_destroy(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_steepest_descent),
      cmocka_unit_test(test_saddle_free_newton_leaves_saddles),
      cmocka_unit_test(test_escape_is_a_choice),
      cmocka_unit_test(test_saddle_free_newton_on_a_valley),
      cmocka_unit_test(test_gauss_newton),
      cmocka_unit_test(test_full_gradients_where_there_are_no_rows),
      cmocka_unit_test(test_reasons_to_stop),
      cmocka_unit_test(test_every_solver_can_be_cancelled),
      cmocka_unit_test(test_settings_are_checked),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
