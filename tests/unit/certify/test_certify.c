#include <ridgewalk/certify.h>
#include "support/analytic.h"
#include "support/net.h"

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

static const rwk_algebra algebras[2] = {RWK_ALGEBRA_DENSE, RWK_ALGEBRA_KRYLOV};

static rwk_certificate certify(const rwk_problem *p, double lambda, const double *w, rwk_algebra algebra,
                               double *direction) {
  rwk_certify_settings s;
  rwk_certify_settings_init(&s);
  s.algebra = algebra;
  rwk_certificate c;
  assert_int_equal(rwk_certify(&c, direction, ctx, p, lambda, w, &s), RWK_OK);
  assert_true(c.reason[0] != 0);
  return c;
}

static rwk_certificate at(analytic_fn f, size_t n, const double *w, double lambda, rwk_algebra algebra) {
  rwk_problem *p = analytic_create(ctx, f, n, 1);
  const rwk_certificate c = certify(p, lambda, w, algebra, NULL);
  rwk_problem_destroy(p);
  return c;
}

static void test_strict_minimum(void **state) {
  (void)state;
  const double ones[5] = {1, 1, 1, 1, 1};
  for (int a = 0; a < 2; a++) {
    const rwk_certificate c = at(bowl, 5, ones, 0, algebras[a]);
    assert_int_equal(c.verdict, RWK_VERDICT_STRICT_MIN);
    assert_near(c.min_eig, 2, 2 * 1e-3);
    assert_near(c.max_eig, 10, 0.1);
    assert_int_equal(c.positive, a ? -1 : 5);
  }
}

static void test_spectrum(void **state) {
  (void)state;
  const double ones[5] = {1, 1, 1, 1, 1}, origin[3] = {0, 0, 0}, lambda = 0.25;
  double values[5];
  rwk_problem *p = analytic_create(ctx, bowl, 5, 1);
  assert_int_equal(rwk_spectrum(values, ctx, p, lambda, ones), RWK_OK);
  for (int i = 0; i < 5; i++) assert_near(values[i], 2 * (i + 1) + 2 * lambda, 1e-13);
  double H[5 * 7];
  assert_int_equal(rwk_hessian(H, 7, ctx, p, lambda, ones), RWK_OK);
  for (int i = 0; i < 5; i++)
    for (int j = 0; j < 5; j++) assert_near(H[i * 7 + j], i == j ? 2 * (i + 1) + 2 * lambda : 0, 1e-13);
  assert_int_equal(rwk_hessian(H, 4, ctx, p, lambda, ones), RWK_INVALID_ARGUMENT);
  rwk_problem_destroy(p);
  p = analytic_create(ctx, two_wells, 3, 1);
  assert_int_equal(rwk_spectrum(values, ctx, p, 0, origin), RWK_OK);
  assert_near(values[0], -2, 1e-13);
  assert_true(values[1] > 0 && values[2] >= values[1]);
  rwk_problem_destroy(p);
}

static void test_saddle_and_its_direction(void **state) {
  (void)state;
  const double origin[3] = {0, 0, 0};
  double v[3];
  for (int a = 0; a < 2; a++) {
    rwk_problem *p = analytic_create(ctx, two_wells, 3, 1);
    const rwk_certificate c = certify(p, 0, origin, algebras[a], v);
    assert_int_equal(c.verdict, RWK_VERDICT_SADDLE);
    assert_near(c.min_eig, -2, 1e-9);
    assert_near(fabs(v[1]), 1, 1e-9);
    if (!a) assert_true(c.positive == 2 && c.zero == 0 && c.negative == 1);
    rwk_problem_destroy(p);
  }
  const double away[3] = {0.1, 0, 0};
  assert_int_equal(at(two_wells, 3, away, 0, RWK_ALGEBRA_DENSE).verdict, RWK_VERDICT_NOT_STATIONARY);
}

/* 1e-6 of the largest curvature is a curvature, of either sign. */
static void test_tiny_curvature_counts(void **state) {
  (void)state;
  const double origin[2] = {0, 0};
  for (int a = 0; a < 2; a++) {
    assert_int_equal(at(shallow, 2, origin, 0, algebras[a]).verdict, RWK_VERDICT_STRICT_MIN);
    assert_int_equal(at(nearly_flat_saddle, 2, origin, 0, algebras[a]).verdict, RWK_VERDICT_SADDLE);
  }
}

/* Second derivatives cannot tell these two apart, and one of them is no minimum: both must be left open. */
static void test_higher_order_is_inconclusive(void **state) {
  (void)state;
  const double origin[2] = {0, 0};
  for (int a = 0; a < 2; a++) {
    assert_int_equal(at(quartic, 2, origin, 0, algebras[a]).verdict, RWK_VERDICT_INCONCLUSIVE);
    assert_int_equal(at(monkey, 2, origin, 0, algebras[a]).verdict, RWK_VERDICT_INCONCLUSIVE);
  }
}

/* (abc - 1)^2 + lambda (a^2 + b^2 + c^2): the origin is a strict minimum for every lambda > 0 and a
 * degenerate saddle at 0. */
static void test_origin_of_three_factors(void **state) {
  (void)state;
  const double origin[3] = {0, 0, 0};
  assert_int_equal(at(three_factors, 3, origin, 1e-3, RWK_ALGEBRA_DENSE).verdict, RWK_VERDICT_STRICT_MIN);
  assert_int_equal(at(three_factors, 3, origin, 0, RWK_ALGEBRA_DENSE).verdict, RWK_VERDICT_INCONCLUSIVE);
}

/* A point close to a critical one, seen through a Hessian that changes: what lies within the distance must
 * not be decided. */
static double drifting(double *g, double *H, const double *x, size_t n) { /* x^4/12 + |y|^2: curvature x^2 */
  clear(g, H, n);
  double value = x[0] * x[0] * x[0] * x[0] / 12;
  if (g) g[0] = x[0] * x[0] * x[0] / 3;
  if (H) H[0] = x[0] * x[0];
  for (size_t i = 1; i < n; i++) {
    value += x[i] * x[i];
    if (g) g[i] = 2 * x[i];
    if (H) H[i * n + i] = 2;
  }
  return value;
}

enum { MANY = 40 }; /* enough for random probes to take the place of a second Hessian */

static void test_nearness_is_not_identity(void **state) {
  (void)state;
  const double w[MANY] = {2e-3}; /* gradient 3e-9, curvature 4e-6 here and 0 at the critical point */
  assert_int_equal(at(drifting, 2, w, 0, RWK_ALGEBRA_DENSE).verdict, RWK_VERDICT_INCONCLUSIVE);
  assert_int_equal(at(drifting, MANY, w, 0, RWK_ALGEBRA_DENSE).verdict, RWK_VERDICT_INCONCLUSIVE);
}

/* x^2/2 + 1e12 x^4/12 + |y|^2: curvature 1 + 1e12 x^2. */
static double bending(double *g, double *H, const double *x, size_t n) {
  const double k = 1e12, a = x[0];
  const double value = drifting(g, H, x, n) + a * a / 2 + (k - 1) * a * a * a * a / 12;
  if (g) g[0] += a + (k - 1) * a * a * a / 3;
  if (H) H[0] += 1 + (k - 1) * a * a;
  return value;
}

/* Twice the change of curvature over the Newton step is in the limit, whether a whole second Hessian or
 * probes measure it; the probes' margin is the root of chi-squared over its least. */
static void test_nearness_is_measured(void **state) {
  (void)state;
  const double w[MANY] = {5e-9}, change = 1e12 * 25e-18;
  const rwk_certificate few = at(bending, 2, w, 0, RWK_ALGEBRA_DENSE),
                        many = at(bending, MANY, w, 0, RWK_ALGEBRA_DENSE);
  assert_int_equal(few.verdict, RWK_VERDICT_STRICT_MIN);
  assert_int_equal(many.verdict, RWK_VERDICT_STRICT_MIN);
  assert_near(few.zero_limit, 2 * change, 1e-3 * change);
  assert_true(many.zero_limit >= few.zero_limit);
  assert_true(many.zero_limit <= 15 * few.zero_limit);
}

static double hard_value(double *g, double *H, const double *x, size_t n) {
  clear(g, H, n);
  return x[0] > 0 ? NAN : 0;
}

static void test_not_finite_is_an_error(void **state) {
  (void)state;
  rwk_problem *p = analytic_create(ctx, hard_value, 1, 1);
  const double w[1] = {1};
  rwk_certificate c;
  assert_int_equal(rwk_certify(&c, NULL, ctx, p, 0, w, NULL), RWK_NUMERICAL);
  assert_int_equal(c.verdict, RWK_VERDICT_INCONCLUSIVE);
  assert_int_equal(rwk_certify(&c, NULL, ctx, p, NAN, w, NULL), RWK_INVALID_ARGUMENT);
  rwk_problem_destroy(p);
}

/* ---- networks: closed forms ---- */

/* f = v w x on (1, 2), (1, 2.5), SSE/2 + lambda/2 R: minimum at vw = (6 - lambda)/5, origin a saddle below 6
 * and a minimum above. */
static void test_two_factor_net(void **state) {
  (void)state;
  const double X[2] = {1, 2}, Y[2] = {1, 2.5};
  const size_t one[1] = {1};
  rwk_mlp_settings s;
  rwk_mlp_settings_init(&s);
  s.activation = RWK_ACTIVATION_IDENTITY;
  s.hidden_bias = s.output_bias = 0;
  s.loss_scale = 0.5;
  net n = net_create(ctx, X, Y, 2, 1, 1, one, 1, s);
  for (double lambda = 0.5; lambda < 6; lambda += 0.5) {
    const double a = sqrt((6 - lambda) / 5), w[2] = {a, a}, origin[2] = {0, 0};
    rwk_certificate c = certify(n.problem, lambda / 2, w, RWK_ALGEBRA_DENSE, NULL);
    assert_int_equal(c.verdict, RWK_VERDICT_STRICT_MIN);
    assert_near(c.min_eig, fmin(2 * lambda, 10 * a * a),
                1e-4 * c.min_eig); /* eigenvalues 2 lambda and 2 Sxx p */
    c = certify(n.problem, lambda / 2, origin, RWK_ALGEBRA_DENSE, NULL);
    assert_int_equal(c.verdict, RWK_VERDICT_SADDLE);
    assert_near(c.min_eig, lambda - 6, 1e-9);
  }
  const double origin[2] = {0, 0};
  assert_int_equal(certify(n.problem, 3.05, origin, RWK_ALGEBRA_DENSE, NULL).verdict, RWK_VERDICT_STRICT_MIN);
  assert_int_equal(certify(n.problem, 3, origin, RWK_ALGEBRA_DENSE, NULL).verdict, RWK_VERDICT_INCONCLUSIVE);
  rwk_mlp_destroy(n.mlp);
}

/* The constant model, x = (-1,0,1,2), y = (0,1,1,3), SSE/2 + lambda/2 R: lambda_c(b) = 4.5 sech^2 b. Off b =
 * 0 a Hessian sees a minimum between lambda_c(b) and lambda_c(0), and T7 the way out. */
static void test_dead_units(void **state) {
  (void)state;
  const double X[4] = {-1, 0, 1, 2}, Y[4] = {0, 1, 1, 3};
  const size_t two[1] = {2};
  rwk_mlp_settings s;
  rwk_mlp_settings_init(&s);
  s.loss_scale = 0.5;
  net n = net_create(ctx, X, Y, 4, 1, 1, two, 1, s);
  const double sech2 = 1 - tanh(1) * tanh(1);
  for (int a = 0; a < 2; a++)
    for (double lambda = 0.25; lambda < 6; lambda += 0.25) {
      double w[7] = {0, 0, 1, 1, 0, 0, 1.25}; /* W, b, v, c */
      const rwk_certificate c = certify(n.problem, lambda / 2, w, algebras[a], NULL);
      if (lambda < 4.5 * sech2) {
        assert_int_equal(c.verdict, RWK_VERDICT_SADDLE);
        assert_near(c.min_eig, lambda - 4.5 * sech2, 1e-8 + (a ? c.min_eig_error : 0));
      } else {
        assert_int_equal(c.verdict, RWK_VERDICT_DEGENERATE_MIN);
        assert_int_equal(c.flats, 2);
        assert_int_equal(c.escapable, lambda < 4.5);
        if (!a) assert_true(c.positive == 5 && c.zero == 2 && c.negative == 0);
      }
    }
  rwk_mlp_destroy(n.mlp);
}

/* XOR at zero without a penalty: Hessian diag(0,...,0,4) and a saddle of order four; no minimum may be
 * claimed. */
static void test_xor_at_zero(void **state) {
  (void)state;
  const double X[8] = {0, 0, 0, 1, 1, 0, 1, 1}, Y[4] = {0, 1, 1, 0};
  const size_t two[1] = {2};
  rwk_mlp_settings s;
  rwk_mlp_settings_init(&s);
  s.loss_scale = 0.5;
  net n = net_create(ctx, X, Y, 4, 2, 1, two, 1, s);
  double w[9] = {0, 0, 0, 0, 0, 0, 0, 0, 0.5};
  const rwk_certificate c = certify(n.problem, 0, w, RWK_ALGEBRA_DENSE, NULL);
  assert_true(c.verdict == RWK_VERDICT_INCONCLUSIVE || c.verdict == RWK_VERDICT_SADDLE);
  rwk_mlp_destroy(n.mlp);
}

/* Fukumizu and Amari 2000: a unit split into (a v, (1 - a) v): one zero eigenvalue, and never a strict
 * minimum. */
static void test_split_unit(void **state) {
  (void)state;
  const double X[3] = {1, 2, 3}, Y[3] = {1, 1, 1.5};
  const double u = 0.77432517289914171, v = 1.3676861703157168;
  const size_t two[1] = {2};
  rwk_mlp_settings s;
  rwk_mlp_settings_init(&s);
  s.hidden_bias = s.output_bias = 0;
  s.loss_scale = 0.5;
  net n = net_create(ctx, X, Y, 3, 1, 1, two, 1, s);
  for (double a = -0.9; a < 2; a += 0.2) {
    const double w[4] = {u, u, a * v, (1 - a) * v};
    const rwk_certificate c = certify(n.problem, 0, w, RWK_ALGEBRA_DENSE, NULL);
    assert_int_equal(c.zero, 1);
    assert_int_equal(c.verdict, a > 0 && a < 1 ? RWK_VERDICT_SADDLE : RWK_VERDICT_INCONCLUSIVE);
  }
  rwk_mlp_destroy(n.mlp);
}

static void test_kink(void **state) {
  (void)state;
  const double X[5] = {5, 4, 3, 1, -1}, Y[5] = {2, 1, 0, -3, 3};
  const size_t one[1] = {1};
  rwk_mlp_settings s;
  rwk_mlp_settings_init(&s);
  s.activation = RWK_ACTIVATION_RELU;
  s.loss_scale = 0.5;
  net n = net_create(ctx, X, Y, 5, 1, 1, one, 1, s);
  const double w[4] = {1, -3, 1, 0};
  const rwk_certificate c = certify(n.problem, 0, w, RWK_ALGEBRA_DENSE, NULL);
  assert_int_equal(c.verdict, RWK_VERDICT_NONSMOOTH);
  assert_int_equal(c.kinks, 1);
  rwk_mlp_destroy(n.mlp);
}

/* A problem that names a direction flat which is not: it is not believed. */
static rwk_status lies(const double *w, double lambda, rwk_flat_fn emit, void *payload, void *work,
                       void *self) {
  (void)w, (void)lambda, (void)work, (void)self;
  const double u[2] = {1, 0};
  const rwk_flat flat = {.direction = u, .label = "a lie", .curvature = NAN};
  return emit(&flat, payload);
}

static void test_claims_are_verified(void **state) {
  (void)state;
  for (int a = 0; a < 2; a++) {
    analytic *self = malloc(sizeof *self);
    *self = (analytic){.f = nearly_flat_saddle, .n = 2, .H = calloc(4, sizeof(double))};
    const rwk_problem_ops ops = {.size = sizeof ops,
                                 .value = analytic_value,
                                 .hessian_vector = analytic_products,
                                 .flats = lies,
                                 .destroy = analytic_destroy};
    rwk_problem *p;
    assert_int_equal(rwk_problem_create(&p, ctx, 2, NULL, &ops, self), RWK_OK);
    const double origin[2] = {0, 0};
    const rwk_certificate c = certify(p, 0, origin, algebras[a], NULL);
    assert_int_equal(c.flats, 0);
    assert_int_equal(c.verdict, RWK_VERDICT_SADDLE);
    rwk_problem_destroy(p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_strict_minimum),
      cmocka_unit_test(test_spectrum),
      cmocka_unit_test(test_saddle_and_its_direction),
      cmocka_unit_test(test_tiny_curvature_counts),
      cmocka_unit_test(test_higher_order_is_inconclusive),
      cmocka_unit_test(test_origin_of_three_factors),
      cmocka_unit_test(test_nearness_is_not_identity),
      cmocka_unit_test(test_not_finite_is_an_error),
      cmocka_unit_test(test_two_factor_net),
      cmocka_unit_test(test_dead_units),
      cmocka_unit_test(test_xor_at_zero),
      cmocka_unit_test(test_nearness_is_measured),
      cmocka_unit_test(test_split_unit),
      cmocka_unit_test(test_kink),
      cmocka_unit_test(test_claims_are_verified),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
