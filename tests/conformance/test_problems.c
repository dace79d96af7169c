/* One suite for every problem: what the interface promises must hold for analytic problems, for the network,
 * and for a problem that somebody else wrote over the public headers. */
#include <ridgewalk/certify.h>
#include <ridgewalk/mlp.h>
#include <ridgewalk/path.h>
#include <ridgewalk/problem.h>
#include <ridgewalk/solve.h>
#include "conformance/outside.h"
#include "support/analytic.h"
#include "support/net.h"

typedef struct subject {
  const char *name;
  rwk_problem *problem;
  rwk_mlp *mlp; /* owns the problem if not NULL */
  double *w;    /* [dim] a point where derivatives are checked */
  double lambda;
  double tolerance; /* of the derivative check */
} subject;

static rwk_context *ctx;
static subject subjects[16];
static size_t count;

static void add(const char *name, rwk_problem *problem, rwk_mlp *mlp, double lambda) {
  subject *s = &subjects[count++];
  const size_t n = rwk_problem_dim(problem);
  *s = (subject){.name = name,
                 .problem = problem,
                 .mlp = mlp,
                 .lambda = lambda,
                 .tolerance = 1e-7,
                 .w = malloc(n * sizeof(double))};
  rwk_stream r;
  rwk_stream_init(&r, 99, count);
  for (size_t i = 0; i < n; i++) s->w[i] = 0.4 * rwk_stream_normal(&r);
}

static void add_net(const char *name, rwk_activation activation, const size_t *hidden, size_t depth,
                    size_t outputs, double lambda) {
  enum { ROWS = 37, INPUTS = 3 };
  double X[ROWS * INPUTS], Y[ROWS * 3];
  net_table(X, Y, ROWS, INPUTS, outputs, 0, 21 + depth);
  rwk_mlp_settings ms;
  rwk_mlp_settings_init(&ms);
  ms.activation = activation;
  const net n = net_create(ctx, X, Y, ROWS, INPUTS, outputs, hidden, depth, ms);
  add(name, rwk_mlp_problem(n.mlp), n.mlp, lambda);
}

static int setup(void **state) {
  (void)state;
  static const size_t hidden[3] = {4, 3, 2};
  if (rwk_context_create(&ctx, NULL) != RWK_OK) return 1;
  add("bowl", analytic_create(ctx, bowl, 5, 1), NULL, 0.1);
  add("rosenbrock", analytic_create(ctx, rosenbrock, 6, 0), NULL, 0.01);
  add("two wells", analytic_create(ctx, two_wells, 4, 1), NULL, 0.05);
  add("three factors", analytic_create(ctx, three_factors, 3, 0), NULL, 0.01);
  add_net("tanh, 1 hidden layer", RWK_ACTIVATION_TANH, hidden, 1, 1, 0.01);
  add_net("tanh, 2 hidden layers, 3 outputs", RWK_ACTIVATION_TANH, hidden, 2, 3, 0.01);
  add_net("logistic, 3 hidden layers", RWK_ACTIVATION_LOGISTIC, hidden, 3, 1, 0.001);
  add_net("softplus", RWK_ACTIVATION_SOFTPLUS, hidden, 1, 2, 0.02);
  add_net("identity", RWK_ACTIVATION_IDENTITY, hidden, 1, 2, 0.02);
  add_net("linear", RWK_ACTIVATION_TANH, hidden, 0, 2, 0.02);
  rwk_problem *outside;
  if (outside_create(&outside, ctx) != RWK_OK) return 1;
  add("a problem of somebody else's", outside, NULL, 0.05);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  for (size_t k = 0; k < count; k++) {
    free(subjects[k].w);
    if (subjects[k].mlp)
      rwk_mlp_destroy(subjects[k].mlp);
    else
      rwk_problem_destroy(subjects[k].problem);
  }
  rwk_context_destroy(ctx);
  return 0;
}

#define for_all(s) for (const subject *s = subjects; s < subjects + count; s++)

static void test_derivatives(void **state) {
  (void)state;
  for_all(s) {
    rwk_derivative_report r;
    assert_int_equal(rwk_problem_check(&r, ctx, s->problem, s->w, 5, 1), RWK_OK);
    if (fmax(r.gradient, r.hessian_vector) > s->tolerance)
      print_message("%s: %g %g\n", s->name, r.gradient, r.hessian_vector);
    assert_true(r.gradient <= s->tolerance);
    assert_true(r.hessian_vector <= s->tolerance);
    assert_true(r.symmetry <= 1e-11);
    assert_true(r.block <= 1e-11);
    assert_true(r.hessian <= 1e-11);
  }
}

/* The checker itself must see a wrong derivative. */
static double crooked(double *g, double *H, const double *x, size_t n) {
  const double f = bowl(g, H, x, n);
  if (g) g[1] *= 1.001;
  return f;
}

static double bent(double *g, double *H, const double *x, size_t n) {
  const double f = rosenbrock(g, H, x, n);
  if (H) H[1] *= 1.01;
  return f;
}

static void test_the_checker_sees_mistakes(void **state) {
  (void)state;
  const double x[3] = {0.3, -0.2, 0.5};
  rwk_derivative_report r;
  rwk_problem *p = analytic_create(ctx, crooked, 3, 1);
  assert_int_equal(rwk_problem_check(&r, ctx, p, x, 4, 1), RWK_OK);
  assert_true(r.gradient > 1e-5);
  rwk_problem_destroy(p);
  p = analytic_create(ctx, bent, 3, 1);
  assert_int_equal(rwk_problem_check(&r, ctx, p, x, 4, 1), RWK_OK);
  assert_true(r.hessian_vector > 1e-5);
  assert_true(r.symmetry > 1e-6);
  rwk_problem_destroy(p);
}

/* Solved, dense and Krylov, every problem ends in a certified minimum; T3: nothing in the certificate is the
 * solver's. */
static void test_solve_and_certify(void **state) {
  (void)state;
  for_all(s) for (int krylov = 0; krylov < 2; krylov++) {
    const size_t n = rwk_problem_dim(s->problem);
    rwk_solver_settings ss;
    rwk_solver_settings_init(&ss);
    ss.algebra = krylov ? RWK_ALGEBRA_KRYLOV : RWK_ALGEBRA_DENSE;
    rwk_solver *solver;
    rwk_solve_result r;
    double *w = malloc(n * sizeof *w);
    memcpy(w, s->w, n * sizeof *w);
    assert_int_equal(rwk_solver_create(&solver, ctx, s->problem, &ss), RWK_OK);
    assert_int_equal(rwk_solver_run(&r, solver, w, s->lambda), RWK_OK);
    assert_int_equal(r.stop, RWK_STOP_CONVERGED);
    for (int other = 0; other < 2; other++) {
      rwk_certify_settings cs;
      rwk_certify_settings_init(&cs);
      cs.algebra = other ? RWK_ALGEBRA_KRYLOV : RWK_ALGEBRA_DENSE;
      rwk_certificate c;
      assert_int_equal(rwk_certify(&c, NULL, ctx, s->problem, s->lambda, w, &cs), RWK_OK);
      if (c.verdict != RWK_VERDICT_STRICT_MIN && c.verdict != RWK_VERDICT_DEGENERATE_MIN)
        print_message("%s: %s\n", s->name, c.reason);
      assert_true(c.verdict == RWK_VERDICT_STRICT_MIN || c.verdict == RWK_VERDICT_DEGENERATE_MIN);
      assert_false(c.escapable);
      assert_near(c.objective, r.objective, 1e-12 * (1 + fabs(r.objective)));
    }
    rwk_solver_destroy(solver);
    free(w);
  }
}

/* T4 on a branch of strict minima: dL/dlambda = 4 lambda (Mw)'H^-1(Mw) >= 0, against a difference of two
 * fits. */
static void test_branch_derivative(void **state) {
  (void)state;
  for_all(s) {
    const size_t n = rwk_problem_dim(s->problem);
    const unsigned char *penalised = rwk_problem_penalised(s->problem);
    rwk_solver_settings ss;
    rwk_solver_settings_init(&ss);
    rwk_solver *solver;
    assert_int_equal(rwk_solver_create(&solver, ctx, s->problem, &ss), RWK_OK);
    double *w = malloc(3 * n * sizeof *w), loss[3];
    const double h = 1e-4 * s->lambda;
    rwk_solve_result r;
    memcpy(w, s->w, n * sizeof *w);
    assert_int_equal(rwk_solver_run(&r, solver, w, s->lambda), RWK_OK);
    rwk_certificate c;
    assert_int_equal(rwk_certify(&c, NULL, ctx, s->problem, s->lambda, w, NULL), RWK_OK);
    for (int side = 1; side < 3; side++) {
      memcpy(w + side * n, w, n * sizeof *w);
      assert_int_equal(rwk_solver_run(&r, solver, w + side * n, s->lambda + (side == 1 ? -h : h)), RWK_OK);
      loss[side] = r.loss;
    }
    rwk_solver_destroy(solver);
    if (c.verdict == RWK_VERDICT_STRICT_MIN && c.min_eig > 1e-4) {
      rwk_objective o;
      double *H = malloc(n * n * sizeof *H), *x = malloc(n * sizeof *x), product = 0;
      size_t pivot;
      assert_int_equal(rwk_objective_open(&o, ctx, s->problem, s->lambda), RWK_OK);
      assert_int_equal(rwk_objective_hessian(&o, H, n, w), RWK_OK);
      rwk_cholesky(&pivot, H, n, n);
      assert_int_equal(pivot, 0);
      for (size_t i = 0; i < n; i++) x[i] = penalised[i] ? w[i] : 0;
      rwk_cholesky_solve(x, n, 1, H, n, n);
      for (size_t i = 0; i < n; i++) product += penalised[i] ? w[i] * x[i] : 0;
      const double slope = 4 * s->lambda * product, seen = (loss[2] - loss[1]) / (2 * h);
      assert_true(slope >= 0);
      assert_near(slope, seen, 1e-4 * slope + 1e-8);
      rwk_objective_close(&o);
      free(H), free(x);
    }
    free(w);
  }
}

/* A whole path through the interface alone. */
static void test_path(void **state) {
  (void)state;
  const double lambda[4] = {0.001, 0.01, 0.1, 1};
  for_all(s) {
    rwk_path_settings ps;
    rwk_path_settings_init(&ps);
    ps.lambda = lambda;
    ps.lambda_count = 4;
    ps.starts = 2;
    rwk_path *path;
    assert_int_equal(rwk_path_run(&path, ctx, s->problem, &ps), RWK_OK);
    assert_int_equal(rwk_path_walk_count(path), 6);
    double lowest[4] = {INFINITY, INFINITY, INFINITY, INFINITY};
    for (size_t k = 0; k < 6; k++) {
      rwk_walk_view v;
      assert_int_equal(rwk_path_walk(&v, path, k), RWK_OK);
      for (size_t i = 0; i < 4; i++)
        assert_true(v.points[i]->certificate.verdict != RWK_VERDICT_NOT_STATIONARY);
      if (k < 5) {
        for (size_t i = 0; i < 4; i++) lowest[i] = fmin(lowest[i], v.points[i]->solve.objective);
        continue;
      }
      assert_int_equal(v.walk, RWK_WALK_BEST);
      for (size_t i = 0; i < 4; i++) {
        const double J = v.points[i]->solve.objective;
        assert_true(J <= lowest[i] + 1e-13 * fabs(lowest[i]));
        for (size_t j = 0; j < 4; j++) /* T1: nobody else's weights do better here */
          assert_true(J <=
                      v.points[j]->solve.loss + lambda[i] * v.points[j]->solve.penalty + 1e-13 * fabs(J));
      }
      assert_int_equal(v.drop_count, 0);
    }
    rwk_path_destroy(path);
  }
}

static rwk_status refuses(double *loss, double *gradient, const double *w, void *work, void *self) {
  (void)loss, (void)gradient, (void)w, (void)work, (void)self;
  return RWK_CALLBACK;
}

static rwk_status no_products(double *HV, size_t ldhv, const double *V, size_t ldv, size_t k, const double *w,
                              void *work, void *self) {
  (void)HV, (void)ldhv, (void)V, (void)ldv, (void)k, (void)w, (void)work, (void)self;
  return RWK_CALLBACK;
}

static void test_failures_pass_through_unchanged(void **state) {
  (void)state;
  const rwk_problem_ops ops = {
      .size = sizeof ops, .value = refuses, .hessian_vector = no_products, .thread_safe = 1};
  rwk_problem *p;
  assert_int_equal(rwk_problem_create(&p, ctx, 3, NULL, &ops, NULL), RWK_OK);
  const double lambda[1] = {1};
  double w[3] = {0};
  rwk_certificate c;
  assert_int_equal(rwk_certify(&c, NULL, ctx, p, 1, w, NULL), RWK_CALLBACK);
  rwk_path_settings ps;
  rwk_path_settings_init(&ps);
  ps.lambda = lambda;
  ps.lambda_count = 1;
  rwk_path *path;
  assert_int_equal(rwk_path_run(&path, ctx, p, &ps), RWK_CALLBACK);
  rwk_problem_destroy(p);
}

static void test_create_checks_its_arguments(void **state) {
  (void)state;
  rwk_problem *p;
  rwk_problem_ops ops = {.size = sizeof ops, .value = refuses};
  assert_int_equal(rwk_problem_create(&p, ctx, 3, NULL, &ops, NULL), RWK_INVALID_ARGUMENT);
  ops.hessian_vector = no_products;
  assert_int_equal(rwk_problem_create(&p, ctx, 0, NULL, &ops, NULL), RWK_INVALID_ARGUMENT);
  ops.size = 1;
  assert_int_equal(rwk_problem_create(&p, ctx, 3, NULL, &ops, NULL), RWK_INVALID_ARGUMENT);
  assert_null(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_derivatives),
      cmocka_unit_test(test_the_checker_sees_mistakes),
      cmocka_unit_test(test_solve_and_certify),
      cmocka_unit_test(test_branch_derivative),
      cmocka_unit_test(test_path),
      cmocka_unit_test(test_failures_pass_through_unchanged),
      cmocka_unit_test(test_create_checks_its_arguments),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
