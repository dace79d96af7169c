/* docs/theory.md, T1 to T7, with a cross-entropy in place of the squared error: nothing in them asks for
 * squares. Values and gradients are all that is taken from the network; the rest is plain arithmetic. And
 * what certificates say of points whose kind is known. */
#include <ridgewalk/certify.h>
#include <ridgewalk/path.h>
#include "support/plain.h"

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

enum { ROWS = 24, INPUTS = 2, CLASSES = 3 };

/* Classes by a noisy rule on two inputs, none of which is told apart for certain. */
static net class_net(rwk_loss loss, size_t units, uint64_t seed) {
  double X[ROWS * INPUTS], Y[ROWS * CLASSES] = {0};
  const size_t outputs = loss == RWK_LOSS_SOFTMAX ? CLASSES : 1;
  rwk_stream s;
  rwk_stream_init(&s, seed, 4);
  for (size_t i = 0; i < ROWS; i++) {
    for (size_t j = 0; j < INPUTS; j++) X[i * INPUTS + j] = rwk_stream_normal(&s);
    const double a = X[i * INPUTS] * X[i * INPUTS + 1] + 0.4 * rwk_stream_normal(&s),
                 b = X[i * INPUTS] + 0.4 * rwk_stream_normal(&s);
    if (outputs == 1)
      Y[i] = a > 0;
    else
      Y[i * outputs + (a > 0.2 ? 0 : b > 0 ? 1 : 2)] = 1;
  }
  rwk_mlp_settings settings;
  rwk_mlp_settings_init(&settings);
  settings.loss = loss;
  return net_create(ctx, X, Y, ROWS, INPUTS, outputs, &units, units > 0, settings);
}

static const rwk_loss losses[] = {RWK_LOSS_LOGISTIC, RWK_LOSS_SOFTMAX};

/* ---- T2 ---- */

static void test_drop_identity_and_bound(void **state) {
  (void)state;
  for (int c = 0; c < 2; c++) {
    net n = class_net(losses[c], 2, 1);
    plain o = plain_open(ctx, n.problem);
    rwk_stream s;
    rwk_stream_init(&s, 3, 2);
    int fell = 0, up = 0;
    for (int k = 0; k < 10000; k++) {
      double w[2][PLAIN_MOST], L[2], R[2];
      for (int i = 0; i < 2; i++) {
        const double scale = exp(2 * rwk_stream_normal(&s) - 1);
        for (size_t j = 0; j < o.n; j++) w[i][j] = scale * rwk_stream_normal(&s);
        L[i] = plain_loss(&o, NULL, w[i]);
        R[i] = plain_penalty(&o, w[i]);
      }
      const double l1 = exp(4 * rwk_stream_uniform(&s) - 6), l2 = l1 * (1 + 2 * rwk_stream_uniform(&s));
      const double D = L[0] - L[1];
      const double a = plain_objective(&o, NULL, w[0], l1) - plain_objective(&o, NULL, w[1], l1);
      const double b = plain_objective(&o, NULL, w[1], l2) - plain_objective(&o, NULL, w[0], l2);
      const double rounding = 1e-14 * (L[0] + L[1] + l2 * (R[0] + R[1]));
      assert_near(l2 * a + l1 * b, (l2 - l1) * D, l2 * rounding);
      if (D <= 0) continue;
      fell++;
      assert_true(fmax(a, b) >= D * (l2 - l1) / (l2 + l1) - rounding);
      up += b <= 0;
      if (b <= 0) assert_true(a >= D * (1 - l1 / l2) - rounding);
    }
    assert_true(fell > 1000 && up > 200);
    plain_close(&o);
    rwk_mlp_destroy(n.mlp);
  }
}

/* ---- T4 ---- */

/* A minimum at lambda by the library's solver, polished by plain Newton steps; 0 where its smallest
 * eigenvalue is small. */
static int minimum(const plain *o, const net *n, double *w, double lambda, uint64_t seed) {
  rwk_solver *solver;
  rwk_solve_result r;
  rwk_solver_settings s;
  double H[PLAIN_MOST * PLAIN_MOST], e[PLAIN_MOST];
  rwk_solver_settings_init(&s);
  assert_int_equal(n->problem->ops.start(w, seed, 0, n->problem->self), RWK_OK);
  assert_int_equal(rwk_solver_create(&solver, ctx, n->problem, &s), RWK_OK);
  assert_int_equal(rwk_solver_run(&r, solver, w, lambda), RWK_OK);
  rwk_solver_destroy(solver);
  plain_hessian(o, H, w, lambda);
  plain_eigen(e, NULL, H, o->n);
  return plain_smallest(o->n, e) > 2e-3 && plain_newton(o, w, lambda);
}

/* Along a branch of strict minima dL/dlambda = 4 lambda (Mw)'H^-1(Mw) > 0 and dR/dlambda < 0. */
static void test_slopes_at_minima(void **state) {
  (void)state;
  for (int c = 0; c < 2; c++) {
    int minima = 0;
    for (uint64_t seed = 0; seed < 12; seed++) {
      net n = class_net(losses[c], 2, 10 + seed % 3);
      plain o = plain_open(ctx, n.problem);
      const double lambda = ldexp(1, -6 - (int)(seed % 3)), h = 1e-3 * lambda;
      double w[PLAIN_MOST], near[PLAIN_MOST], L[2], R[2], H[PLAIN_MOST * PLAIN_MOST], x[PLAIN_MOST],
          slope = 0;
      if (minimum(&o, &n, w, lambda, seed)) {
        minima++;
        for (int k = 0; k < 2; k++) {
          memcpy(near, w, o.n * sizeof *w);
          assert_true(plain_newton(&o, near, lambda + (k ? h : -h)));
          L[k] = plain_loss(&o, NULL, near);
          R[k] = plain_penalty(&o, near);
        }
        plain_hessian(&o, H, w, lambda);
        for (size_t i = 0; i < o.n; i++) x[i] = plain_in_penalty(&o, w, i);
        assert_true(plain_solve(x, H, o.n));
        for (size_t i = 0; i < o.n; i++) slope += 4 * plain_in_penalty(&o, w, i) * x[i];
        const double dL = (L[1] - L[0]) / (2 * h), dR = (R[1] - R[0]) / (2 * h);
        assert_near(dL, lambda * slope, 1e-3 * fabs(lambda * slope) + 1e-9);
        assert_near(dR, -slope, 1e-3 * fabs(slope) + 1e-9);
        assert_true(plain_penalty(&o, w) < 1e-8 || (dL > 0 && dR < 0));
      }
      plain_close(&o);
      rwk_mlp_destroy(n.mlp);
    }
    assert_true(minima >= 4);
  }
}

/* ---- T1 and T3: paths ---- */

/* Every pair of fits of `best` satisfies the exchange, and the path is monotone; every drop of a walk names a
 * fit that is beaten by what the fall promises. Certified fits have a Hessian, by differences, that is
 * positive where they say so. */
static void test_paths(void **state) {
  (void)state;
  for (int c = 0; c < 2; c++) {
    net n = class_net(losses[c], 3, 5);
    rwk_path_settings s;
    rwk_path *path;
    rwk_path_settings_init(&s);
    assert_int_equal(
        rwk_lambda_grid((double **)(uintptr_t)&s.lambda, &s.lambda_count, ctx, 0x1p-10, 0x1p-2, 2), RWK_OK);
    s.starts = 2;
    assert_int_equal(rwk_path_run(&path, ctx, n.problem, &s), RWK_OK);
    plain o = plain_open(ctx, n.problem);
    int strict = 0;
    for (size_t k = 0; k < rwk_path_walk_count(path); k++) {
      rwk_walk_view v;
      assert_int_equal(rwk_path_walk(&v, path, k), RWK_OK);
      for (size_t i = 0; i < s.lambda_count; i++) {
        const rwk_fit *f = v.points[i];
        assert_true(rwk_certificate_is_minimum(&f->certificate));
        if (v.walk != RWK_WALK_BEST) continue;
        for (size_t j = i + 1; j < s.lambda_count; j++) {
          const rwk_solve_result *a = &f->solve, *b = &v.points[j]->solve;
          assert_true(a->loss <= b->loss + 1e-12 && a->penalty >= b->penalty - 1e-9);
          assert_true(a->objective <= b->loss + f->lambda * b->penalty + 1e-12);
        }
        if (f->certificate.verdict != RWK_VERDICT_STRICT_MIN) continue;
        double H[PLAIN_MOST * PLAIN_MOST], e[PLAIN_MOST];
        plain_hessian(&o, H, f->w, f->lambda);
        plain_eigen(e, NULL, H, o.n);
        assert_near(plain_smallest(o.n, e), f->certificate.min_eig, 1e-7);
        strict++;
      }
      for (size_t d = 0; d < v.drop_count; d++)
        assert_true(fmax(v.drops[d].excess_from, v.drops[d].excess_to) >= v.drops[d].certain - 1e-12);
    }
    assert_true(strict >= 4);
    const rwk_collapse end = rwk_path_collapse(path);
    assert_true(end.collapse >= end.lambda_c * (1 - 1e-9));
    plain_close(&o);
    rwk_path_destroy(path);
    rwk_lambda_destroy(ctx, (double *)(uintptr_t)s.lambda);
    rwk_mlp_destroy(n.mlp);
  }
}

/* ---- certificates on points whose kind is known ---- */

static rwk_certificate certified(const net *n, const double *w, double lambda) {
  rwk_certificate c;
  assert_int_equal(rwk_certify(&c, NULL, ctx, n->problem, lambda, w, NULL), RWK_OK);
  return c;
}

/* Without hidden units J is convex: its one critical point is the minimum, and it is strict, softmax's common
 * shift notwithstanding. */
static void test_convex_model(void **state) {
  (void)state;
  for (int c = 0; c < 2; c++) {
    net n = class_net(losses[c], 0, 2);
    plain o = plain_open(ctx, n.problem);
    double w[PLAIN_MOST] = {0};
    assert_true(plain_newton(&o, w, 0.01));
    const rwk_certificate r = certified(&n, w, 0.01);
    assert_int_equal(r.verdict, RWK_VERDICT_STRICT_MIN);
    assert_int_equal(r.positive, n.dim);
    w[0] += 0.01;
    assert_int_equal(certified(&n, w, 0.01).verdict, RWK_VERDICT_NOT_STATIONARY);
    plain_close(&o);
    rwk_mlp_destroy(n.mlp);
  }
}

/* The constant model with all weights zero: a saddle below lambda_c, with as many negative eigenvalues as
 * there are units times singular values beyond; above it a minimum with the units' biases flat. A dead unit
 * whose bias has slid away hides the way down, and is found escapable (T7). */
static void test_constant_model(void **state) {
  (void)state;
  for (int c = 0; c < 2; c++) {
    net n = class_net(losses[c], 2, 3);
    plain o = plain_open(ctx, n.problem);
    double w[PLAIN_MOST] = {0}, lambda_c;
    assert_int_equal(n.problem->ops.zero_lambda(&lambda_c, o.work, n.problem->self), RWK_OK);
    for (int round = 0; round < 100; round++) { /* the output biases at rest */
      double g[PLAIN_MOST];
      plain_loss(&o, g, w);
      const size_t outputs = c ? CLASSES : 1;
      for (size_t k = o.n - outputs; k < o.n; k++) w[k] -= 2 * g[k];
    }
    const rwk_certificate below = certified(&n, w, 0.9 * lambda_c), above = certified(&n, w, 1.1 * lambda_c);
    assert_int_equal(below.verdict, RWK_VERDICT_SADDLE);
    assert_near(below.min_eig, -0.2 * lambda_c, 1e-9);
    assert_int_equal(above.verdict, RWK_VERDICT_DEGENERATE_MIN);
    assert_int_equal(above.flats, 2);
    assert_false(above.escapable);
    w[INPUTS * 2] = 4; /* biases of both units, far from where the activation is steepest */
    w[INPUTS * 2 + 1] = -4;
    const rwk_certificate hidden = certified(&n, w, 0.9 * lambda_c);
    assert_int_equal(hidden.verdict, RWK_VERDICT_DEGENERATE_MIN);
    assert_true(hidden.escapable);
    assert_near(hidden.escape_curvature, -0.2 * lambda_c, 1e-9);
    plain_close(&o);
    rwk_mlp_destroy(n.mlp);
  }
}

/* Critical points of any kind, found by Newton's method from anywhere or from two equal units: the
 * certificate's inertia is that of the Hessian by differences. */
static void test_two_ways_to_one_inertia(void **state) {
  (void)state;
  for (int c = 0; c < 2; c++) {
    net n = class_net(losses[c], 2, 7);
    plain o = plain_open(ctx, n.problem);
    int kinds[2] = {0};
    for (uint64_t seed = 0; seed < 40; seed++) {
      double w[PLAIN_MOST], H[PLAIN_MOST * PLAIN_MOST], e[PLAIN_MOST];
      rwk_stream s;
      rwk_stream_init(&s, seed, 6);
      for (size_t i = 0; i < o.n; i++) w[i] = (seed % 2 ? 1 : 0.2) * rwk_stream_normal(&s);
      if (seed % 2) { /* two units alike stay alike: often a saddle, for they would rather part */
        const size_t outputs = c ? CLASSES : 1, out = 3 * 2;
        for (size_t i = 0; i < 3; i++) w[2 * i + 1] = w[2 * i]; /* inputs and bias */
        for (size_t k = 0; k < outputs; k++) w[out + outputs + k] = w[out + k];
      }
      if (!plain_newton(&o, w, 0.004)) continue; /* to a critical point of any kind */
      const rwk_certificate r = certified(&n, w, 0.004);
      int negative = 0, small = 0;
      plain_hessian(&o, H, w, 0.004);
      plain_eigen(e, NULL, H, o.n);
      for (size_t i = 0; i < o.n; i++) {
        negative += e[i] < -1e-5;
        small += fabs(e[i]) <= 1e-5;
      }
      if (small && !negative) continue;
      assert_int_equal(r.verdict, negative ? RWK_VERDICT_SADDLE : RWK_VERDICT_STRICT_MIN);
      assert_in_range(r.negative, negative,
                      negative + small); /* a small one may be below the limit of the certificate */
      kinds[negative > 0]++;
    }
    assert_true(kinds[1] > 0);
    plain_close(&o);
    rwk_mlp_destroy(n.mlp);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_drop_identity_and_bound),
      cmocka_unit_test(test_slopes_at_minima),
      cmocka_unit_test(test_paths),
      cmocka_unit_test(test_convex_model),
      cmocka_unit_test(test_constant_model),
      cmocka_unit_test(test_two_ways_to_one_inertia),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
