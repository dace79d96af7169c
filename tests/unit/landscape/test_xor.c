/* Lines and passes between minima of a 2-2-1 network on XOR, against a search of all critical points by
 * another program (tests/data/landscape/xor.py). */
#include <jansson.h>
#include <ridgewalk/landscape.h>
#include "support/net.h"

enum { DIM = 9 };

static rwk_context *ctx;
static json_t *known;
static net xor_net;
static double lambda;

static int setup(void **state) {
  (void)state;
  static const double X[8] = {-1, -1, -1, 1, 1, -1, 1, 1}, Y[4] = {-1, 1, 1, -1};
  static const size_t hidden[1] = {2};
  rwk_mlp_settings s;
  rwk_mlp_settings_init(&s);
  if (rwk_context_create(&ctx, NULL) != RWK_OK) return 1;
  known = json_load_file(RWK_TEST_DATA "/landscape/xor.json", JSON_REJECT_DUPLICATES, NULL);
  xor_net = net_create(ctx, X, Y, 4, 2, 1, hidden, 1, s);
  lambda = json_number_value(json_object_get(known, "lambda"));
  return !known || xor_net.dim != DIM;
}

static int teardown(void **state) {
  (void)state;
  json_decref(known);
  rwk_mlp_destroy(xor_net.mlp);
  rwk_context_destroy(ctx);
  return 0;
}

static void weights_of(double w[DIM], const json_t *list) {
  assert_int_equal(json_array_size(list), DIM);
  for (size_t i = 0; i < DIM; i++) w[i] = json_number_value(json_array_get(list, i));
}

static void test_every_pair(void **state) {
  (void)state;
  const json_t *cases = json_object_get(known, "cases");
  rwk_landscape_settings s;
  rwk_landscape_settings_init(&s);
  s.eigenvalues = 0;
  s.images = 15;
  s.relaxations = 200;
  s.bands = 60;
  assert_int_equal(json_array_size(cases), 16);
  for (size_t k = 0; k < json_array_size(cases); k++) {
    const json_t *one = json_array_get(cases, k);
    const double pass = json_number_value(json_object_get(one, "pass")),
                 line = json_number_value(json_object_get(one, "line"));
    double from[DIM], to[DIM];
    weights_of(from, json_object_get(one, "from"));
    weights_of(to, json_object_get(one, "to"));
    rwk_landscape_point top;
    assert_int_equal(rwk_landscape_line_top(&top, ctx, xor_net.problem, lambda, from, to, &s), RWK_OK);
    assert_near(top.objective, line, 1e-10);
    rwk_curve *c;
    assert_int_equal(rwk_curve_find(&c, ctx, xor_net.problem, lambda, from, to, &s), RWK_OK);
    const rwk_curve_summary r = rwk_curve_summarise(c);
    assert_true(r.certified);
    assert_near(r.top, pass, 1e-9);
    rwk_curve_destroy(c);
  }
}

/* Of the 48 minima, 16 cases of them, there are two kinds: the program sees which are one. */
static void test_two_kinds(void **state) {
  (void)state;
  const json_t *cases = json_object_get(known, "cases");
  const double low = json_number_value(json_array_get(json_object_get(known, "minima"), 0));
  size_t same = 0;
  for (size_t k = 0; k < json_array_size(cases); k++) {
    double from[DIM], to[DIM];
    rwk_certificate c;
    rwk_likeness likeness;
    weights_of(from, json_object_get(json_array_get(cases, k), "from"));
    weights_of(to, json_object_get(json_array_get(cases, k), "to"));
    assert_int_equal(rwk_certify(&c, NULL, ctx, xor_net.problem, lambda, to, NULL), RWK_OK);
    assert_int_equal(c.verdict, RWK_VERDICT_STRICT_MIN);
    assert_int_equal(rwk_landscape_compare(&likeness, to, ctx, xor_net.problem, lambda, from, NULL), RWK_OK);
    if (!likeness.same) continue;
    assert_near(c.objective, low, 1e-8);
    assert_true(likeness.alignment.distance < 1e-9);
    same++;
  }
  assert_true(same > 0 && same < json_array_size(cases));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_pair), cmocka_unit_test(test_two_kinds)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
