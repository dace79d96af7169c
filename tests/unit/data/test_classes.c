/* Targets that name classes: which columns are one, their order, outputs, recipes, new tables, folds. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <ridgewalk/folds.h>

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

static rwk_status make(rwk_design **d, const char *text, rwk_target_kind kind, int each) {
  rwk_table *t;
  rwk_design_settings s;
  rwk_design_settings_init(&s);
  s.target_kind = kind;
  s.output_per_class = each;
  if (strstr(text, ",w,")) s.row_weights = "w";
  assert_int_equal(rwk_table_parse(&t, ctx, "t.csv", text, strlen(text), NULL), RWK_OK);
  const rwk_status status = rwk_design_create(d, ctx, t, &s);
  rwk_table_destroy(t);
  return status;
}

static void check_Y(const rwk_design *d, const double *wanted) {
  const size_t n = rwk_design_rows(d) * rwk_design_outputs(d);
  for (size_t i = 0; i < n; i++) assert_true(rwk_design_Y(d)[i] == wanted[i]);
}

static void test_text(void **state) {
  (void)state;
  rwk_design *d;
  static const double three[] = {0, 1, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0}, two[] = {1, 0, 0, 1};
  assert_int_equal(make(&d, "x,y\n1,m\n2,b\n3,z\n4,b\n", RWK_TARGET_TEXT, 0), RWK_OK);
  assert_int_equal(rwk_design_classes(d), 3); /* by letters, not by appearance */
  assert_string_equal(rwk_design_class(d, 0), "b");
  assert_string_equal(rwk_design_class(d, 2), "z");
  assert_null(rwk_design_class(d, 3));
  assert_string_equal(rwk_design_class_column(d), "y");
  assert_string_equal(rwk_design_output_name(d, 1), "y=m");
  assert_int_equal(rwk_design_outputs(d), 3);
  check_Y(d, three); /* unscaled, though X is scaled */
  rwk_design_destroy(d);
  assert_int_equal(make(&d, "x,y\n1,b\n2,a\n3,a\n4,b\n", RWK_TARGET_TEXT, 0), RWK_OK);
  assert_int_equal(rwk_design_outputs(d), 1); /* is it the second? */
  assert_string_equal(rwk_design_output_name(d, 0), "y=b");
  check_Y(d, two);
  double mean, scale;
  assert_int_equal(rwk_design_target_scale(&mean, &scale, d, 0), RWK_OK);
  assert_true(mean == 0 && scale == 1);
  rwk_design_destroy(d);
  assert_int_equal(make(&d, "x,y\n1,b\n2,a\n3,a\n4,b\n", RWK_TARGET_CLASSES, 1), RWK_OK);
  assert_int_equal(rwk_design_outputs(d), 2);
  rwk_design_destroy(d);
}

/* Numbers stay numbers unless they are asked about; then few whole ones are classes, and any two. */
static void test_numbers(void **state) {
  (void)state;
  static const struct {
    const char *rows[3];
    rwk_target_kind kind;
    size_t classes;
    const char *first;
  } cases[] = {
      {{"10", "9", "2"}, RWK_TARGET_TEXT, 0, NULL},         {{"10", "9", "2"}, RWK_TARGET_NUMBERS, 0, NULL},
      {{"10", "9", "2"}, RWK_TARGET_AUTO, 3, "2"},          {{"10", "-9", "2"}, RWK_TARGET_CLASSES, 3, "-9"},
      {{"0.5", "1.5", "0.5"}, RWK_TARGET_AUTO, 2, "0.5"},   {{"0.5", "1.5", "2.5"}, RWK_TARGET_AUTO, 0, NULL},
      {{"0.5", "1.5", "2.5"}, RWK_TARGET_CLASSES, 3, "0.5"}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    char text[2000] = "x,y\n";
    for (int i = 0; i < 18; i++)
      snprintf(text + strlen(text), sizeof text - strlen(text), "%d,%s\n", i * i, cases[c].rows[i % 3]);
    rwk_design *d;
    assert_int_equal(make(&d, text, cases[c].kind, 0), RWK_OK);
    assert_int_equal(rwk_design_classes(d), cases[c].classes);
    if (cases[c].classes) assert_string_equal(rwk_design_class(d, 0), cases[c].first);
    rwk_design_destroy(d);
  }
}

static void refused(const char *text, rwk_target_kind kind, const char *part) {
  rwk_design *d;
  assert_int_equal(make(&d, text, kind, 0), RWK_DATA);
  assert_null(d);
  if (!strstr(rwk_context_error(ctx), part)) print_message("%s\n", rwk_context_error(ctx));
  assert_non_null(strstr(rwk_context_error(ctx), part));
}

static void test_refusals(void **state) {
  (void)state;
  refused("x,y\n1,a\n2,a\n3,a\n", RWK_TARGET_TEXT, "all rows are of one class");
  refused("x,y\n1,a\n2,b\n3,c\n4,d\n5,e\n", RWK_TARGET_TEXT, "a class wants several rows");
  refused("x,y\n1,a\n2,b\n3,a\n", RWK_TARGET_NUMBERS, "target 'y': 'a' is not a number");
  refused("x,y\n1,a\n2,\n3,b\n4,b\n", RWK_TARGET_TEXT, "line 3, column 'y': missing value");
  refused("x,w,y\n1,1,a\n2,0,b\n3,1,c\n4,0,b\n", RWK_TARGET_TEXT,
          "class 'b': all its rows have the weight 0");
}

static void test_recipe(void **state) {
  (void)state;
  rwk_design *d, *e, *f;
  rwk_table *t;
  char *json;
  static const double wanted[] = {0, 0, 1, 1, 0, 0};
  assert_int_equal(make(&d, "x,y\n1,m\n2,b\n3,z\n4,b\n", RWK_TARGET_TEXT, 0), RWK_OK);
  assert_int_equal(rwk_design_recipe(&json, ctx, d), RWK_OK);
  assert_non_null(strstr(json, "\"version\":2"));
  assert_int_equal(rwk_design_from_recipe(&e, ctx, json), RWK_OK);
  rwk_text_destroy(ctx, json);
  assert_int_equal(rwk_design_classes(e), 3);
  static const char with[] = "y,x\nz,2\nb,7\n", without[] = "x\n2\n7\n", strange[] = "x,y\n2,z\n7,q\n";
  const char *const tables[] = {with, without, strange};
  for (int k = 0; k < 3; k++) {
    assert_int_equal(rwk_table_parse(&t, ctx, "n.csv", tables[k], strlen(tables[k]), NULL), RWK_OK);
    assert_int_equal(rwk_design_apply(&f, ctx, e, t), RWK_OK);
    assert_int_equal(rwk_design_outputs(f), 3);
    if (k == 0)
      check_Y(f, wanted);
    else
      assert_null(rwk_design_Y(f));
    rwk_design_destroy(f);
    rwk_table_destroy(t);
  }
#define TARGETS                                                                                              \
  "\"columns\":[{\"name\":\"x\",\"levels\":null,\"inputs\":[{\"mean\":0,\"scale\":1}]}],\"targets\":[{"      \
  "\"name\":\"y=a\",\"mean\":0,\"scale\":1},{\"name\":\"y=b\",\"mean\":0,\"scale\":1}]"
  static const char *const hostile[] = {
      "{\"version\":2," TARGETS "}",
      "{\"version\":1," TARGETS ",\"classes\":{\"column\":\"y\",\"labels\":[\"a\",\"b\"]}}",
      "{\"version\":2," TARGETS ",\"classes\":{\"column\":\"y\",\"labels\":[\"a\",\"b\",\"c\"]}}",
      "{\"version\":2," TARGETS ",\"classes\":{\"column\":\"y\",\"labels\":[\"a\",\"a\"]}}",
      "{\"version\":2," TARGETS ",\"classes\":{\"labels\":[\"a\",\"b\"]}}",
      "{\"version\":2," TARGETS ",\"classes\":{\"column\":\"y\",\"labels\":[1,2]}}",
      "{\"version\":2," TARGETS ",\"classes\":7}"};
  for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
    assert_int_equal(rwk_design_from_recipe(&f, ctx, hostile[i]), RWK_FORMAT);
  rwk_design_destroy(e);
  rwk_design_destroy(d);
}

/* A subset keeps the classes, those of which it has no row too; folds have their share of each. */
static void test_subset_and_folds(void **state) {
  (void)state;
  char text[4000] = "x,y\n";
  for (int i = 0; i < 60; i++)
    snprintf(text + strlen(text), sizeof text - strlen(text), "%d,%s\n", i * 7 % 23,
             i % 10 == 0 ? "rare"
             : i % 2     ? "a"
                         : "b");
  rwk_design *d, *s;
  assert_int_equal(make(&d, text, RWK_TARGET_TEXT, 0), RWK_OK);
  const size_t rows[] = {1, 2};
  assert_int_equal(rwk_design_subset(&s, ctx, d, rows, 2, NULL, 1), RWK_OK);
  static const double wanted[] = {1, 0, 0, 0, 1, 0};
  assert_int_equal(rwk_design_classes(s), 3);
  check_Y(s, wanted);
  rwk_design_destroy(s);
  rwk_folds *folds;
  rwk_folds_settings fs;
  rwk_folds_settings_init(&fs);
  fs.count = 3;
  assert_int_equal(rwk_folds_create(&folds, ctx, NULL, d, &fs), RWK_OK);
  size_t count[3][3] = {{0}};
  for (size_t i = 0; i < 60; i++)
    for (size_t k = 0; k < 3; k++) count[rwk_folds_of(folds, 0)[i]][k] += rwk_design_Y(d)[i * 3 + k] == 1;
  for (size_t k = 0; k < 3; k++)
    for (size_t f = 1; f < 3; f++)
      assert_true(count[f][k] <= count[0][k] + 1 && count[0][k] <= count[f][k] + 1);
  rwk_folds_destroy(folds);
  rwk_design_destroy(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_text), cmocka_unit_test(test_numbers),
                                     cmocka_unit_test(test_refusals), cmocka_unit_test(test_recipe),
                                     cmocka_unit_test(test_subset_and_folds)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
