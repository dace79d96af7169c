/* The rules of first-order steps, against closed forms, steps taken by hand, another program's trace and a
 * theorem. */
#include "support/analytic.h"
#include "unit/optim/amsgrad_trace.h"
#include <ridgewalk/update.h>

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

static rwk_update *create(size_t dim, const rwk_update_settings *s) {
  rwk_update *u;
  assert_int_equal(rwk_update_create(&u, ctx, dim, s), RWK_OK);
  return u;
}

/* Heavy ball on c x^2 / 2: x(t+1) = (1 + b - lr c) x(t) - b x(t-1), with x(-1) = x(0); the roots of the
 * characteristic equation are complex here. */
static void test_heavy_ball_on_a_quadratic(void **state) {
  (void)state;
  const double c = 3, lr = 0.1, b = 0.8, half = (1 + b - lr * c) / 2;
  const double turn = acos(half / sqrt(b)), sine = sqrt(b - half * half);
  rwk_update_settings s;
  rwk_update_settings_init(&s, RWK_SOLVER_SGD);
  s.learning_rate = lr;
  s.momentum = b;
  rwk_update *u = create(1, &s);
  double x = 2;
  for (int t = 1; t <= 80; t++) {
    const double g = c * x;
    rwk_update_step(u, &x, &g, NULL);
    /* x(t) = b^(t/2) (A cos(t turn) + B sin(t turn)); A = x(0), and x(1) = (1 - lr c) x(0) gives B */
    const double A = 2, B = ((1 - lr * c) * 2 - A * half) / sine;
    assert_near(x, pow(b, t / 2.0) * (A * cos(t * turn) + B * sin(t * turn)), 1e-12);
  }
  rwk_update_destroy(u);
}

/* By hand. The first step of Adam is lr in size whatever the gradient; the second is of
 * m^ = (0.9 * 0.1 * 2 - 0.1) / 0.19 = 0.08 / 0.19 and u^ = (0.999 * 0.004 + 0.001) / 0.001999 = 0.004996 /
 * 0.001999. */
static void test_adams_first_steps(void **state) {
  (void)state;
  rwk_update_settings s;
  rwk_update_settings_init(&s, RWK_SOLVER_ADAM);
  s.epsilon = 0;
  rwk_update *u = create(2, &s);
  double w[2] = {1, 5}, g[2] = {2, -1e-9};
  rwk_update_step(u, w, g, NULL);
  assert_near(w[0], 1 - 1e-3, 1e-15);
  assert_near(w[1], 5 + 1e-3, 1e-14);
  g[0] = -1;
  rwk_update_step(u, w, g, NULL);
  assert_near(w[0], 1 - 1e-3 - 1e-3 * (0.08 / 0.19) / sqrt(0.004996 / 0.001999), 1e-15);
  rwk_update_restart(u, 0);
  double again = 1, first[2] = {1, 0};
  g[0] = 2;
  rwk_update_step(u, first, g, NULL);
  assert_near(first[0], again - 1e-3, 1e-15); /* all is forgotten */
  rwk_update_destroy(u);
}

/* adamw without a gradient is w (1 - lr decay) alone; adam takes no decay. */
static void test_decay_is_decoupled(void **state) {
  (void)state;
  const double none = 0, decay = 4;
  double w = 3;
  rwk_update_settings s;
  rwk_update_settings_init(&s, RWK_SOLVER_ADAMW);
  rwk_update *u = create(1, &s);
  rwk_update_step(u, &w, &none, &decay);
  assert_near(w, 3 - 1e-3 * 4, 1e-15);
  rwk_update_destroy(u);
  rwk_update_settings_init(&s, RWK_SOLVER_ADAM);
  u = create(1, &s);
  rwk_update_step(u, &w, &none, &decay);
  assert_near(w, 3 - 1e-3 * 4, 1e-15);
  rwk_update_destroy(u);
}

static void test_amsgrad_against_numpy(void **state) {
  (void)state;
  rwk_update_settings s;
  rwk_update_settings_init(&s, RWK_SOLVER_AMSGRAD);
  s.learning_rate = 0.05;
  s.schedule = RWK_SCHEDULE_SQRT;
  s.beta2 = 0.99;
  s.epsilon = 0;
  s.low = -0.6;
  s.high = 0.6;
  rwk_update *u = create(AMSGRAD_DIM, &s);
  double w[AMSGRAD_DIM] = {0.5, -0.25, 0};
  for (int t = 0; t < AMSGRAD_STEPS; t++) {
    rwk_update_step(u, w, amsgrad_gradients[t], NULL);
    for (int i = 0; i < AMSGRAD_DIM; i++) assert_near(w[i], amsgrad_iterates[t][i], 1e-14);
  }
  rwk_update_destroy(u);
}

/* Reddi, Kale and Kumar, theorem 1: f_t = C x where t mod 3 = 1, else -x, on [-1, 1]; -1 is best by far, and
 * with beta1 = 0, beta2 = 1 / (1 + C^2), steps alpha / sqrt(t) Adam is back at +1 after every period. */
static double end_of_theorem(rwk_solver_kind rule, double C, int steps) {
  rwk_update_settings s;
  rwk_update_settings_init(&s, rule);
  s.beta1 = 0;
  s.beta2 = 1 / (1 + C * C);
  s.learning_rate = 0.9 * sqrt(1 - s.beta2);
  s.schedule = RWK_SCHEDULE_SQRT;
  s.epsilon = 0;
  s.bias_correction = 0;
  s.low = -1;
  s.high = 1;
  rwk_update *u = create(1, &s);
  double x = 1;
  for (int t = 1; t <= steps; t++) {
    const double g = t % 3 == 1 ? C : -1;
    rwk_update_step(u, &x, &g, NULL);
    if (rule == RWK_SOLVER_ADAM && t % 3 == 0) assert_true(x == 1);
  }
  rwk_update_destroy(u);
  return x;
}

static void test_adam_ends_at_the_wrong_end(void **state) {
  (void)state;
  for (double C = 3; C <= 10; C += 3.5) {
    assert_true(end_of_theorem(RWK_SOLVER_ADAM, C, 30000) == 1);
    assert_true(end_of_theorem(RWK_SOLVER_AMSGRAD, C, 30000) < -0.99);
  }
}

static void test_schedules(void **state) {
  (void)state;
  static const double want[][3] = {{2, 2, 2}, {2, 1, 2.0 / 3}, {2, 0.5, 2.0 / 9}, {2, 1.7071067811865475, 0}};
  static const int64_t at[] = {1, 4, 9};
  for (int k = 0; k < 4; k++) {
    rwk_update_settings s;
    rwk_update_settings_init(&s, RWK_SOLVER_SGD);
    s.learning_rate = 2;
    s.schedule = (rwk_schedule)k;
    s.steps = 12;
    rwk_update *u = create(1, &s);
    for (int i = 0; i < (k == 3 ? 2 : 3); i++) assert_near(rwk_update_rate(u, at[i]), want[k][i], 1e-12);
    rwk_schedule again;
    assert_int_equal(rwk_schedule_from_name(&again, rwk_schedule_name((rwk_schedule)k)), RWK_OK);
    assert_int_equal(again, k);
    rwk_update_destroy(u);
  }
}

static void test_settings_are_checked(void **state) {
  (void)state;
  rwk_update *u;
  rwk_update_settings s;
  const struct {
    double *where, value;
    const char *say;
  } wrong[] = {{&s.learning_rate, 0, "learning_rate"},
               {&s.momentum, 1, "momentum"},
               {&s.beta1, -0.1, "beta1"},
               {&s.beta2, 1, "beta2"},
               {&s.epsilon, NAN, "epsilon"},
               {&s.low, INFINITY, "low"}};
  for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
    rwk_update_settings_init(&s, RWK_SOLVER_ADAM);
    *wrong[k].where = wrong[k].value;
    assert_int_equal(rwk_update_create(&u, ctx, 2, &s), RWK_INVALID_ARGUMENT);
    assert_null(u);
    assert_non_null(strstr(rwk_context_error(ctx), wrong[k].say));
  }
  rwk_update_settings_init(&s, RWK_SOLVER_NEWTON);
  assert_int_equal(rwk_update_create(&u, ctx, 2, &s), RWK_INVALID_ARGUMENT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_heavy_ball_on_a_quadratic),  cmocka_unit_test(test_adams_first_steps),
      cmocka_unit_test(test_decay_is_decoupled),         cmocka_unit_test(test_amsgrad_against_numpy),
      cmocka_unit_test(test_adam_ends_at_the_wrong_end), cmocka_unit_test(test_schedules),
      cmocka_unit_test(test_settings_are_checked),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
