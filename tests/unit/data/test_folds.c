/* Designs of some rows, and rows in folds. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <ridgewalk/folds.h>

enum { ROWS = 9 };

static const char *const lines[ROWS] = {"1.25,red,3,1",  "2.5,blue,4.5,2", "-1,red,0.1,1",
                                        "7,green,2,3",   "2.5,blue,4.5,1", "3,green,1e3,2",
                                        "11,red,-2.5,2", "0.3,blue,8,5",   "2.5,blue,4.5,2"};

static int setup(void **state) {
  rwk_context *ctx;
  if (rwk_context_create(&ctx, NULL) != RWK_OK) return 1;
  *state = ctx;
  return 0;
}

static int teardown(void **state) {
  rwk_context_destroy(*state);
  return 0;
}

/* A table of these rows, and its design: target y, row weights w. */
static rwk_design *make(rwk_table **table, rwk_context *ctx, const size_t *rows, size_t count,
                        int standardise) {
  char text[1000] = "a,colour,y,w\n";
  for (size_t i = 0; i < count; i++) {
    strcat(text, lines[rows[i]]);
    strcat(text, "\n");
  }
  rwk_table *t;
  rwk_design *d;
  rwk_design_settings s;
  static const char *const target[] = {"y"};
  rwk_design_settings_init(&s);
  s.targets = target;
  s.target_count = 1;
  s.row_weights = "w";
  s.standardise = standardise;
  assert_int_equal(rwk_table_parse(&t, ctx, "t", text, strlen(text), NULL), RWK_OK);
  assert_int_equal(rwk_design_create(&d, ctx, t, &s), RWK_OK);
  if (table)
    *table = t;
  else
    rwk_table_destroy(t);
  return d;
}

static const size_t all[ROWS] = {0, 1, 2, 3, 4, 5, 6, 7, 8};

/* A subset of a design without scales is, bit for bit, the design of a table that has these rows only. */
static void test_subset_is_a_table_of_its_rows(void **state) {
  rwk_context *ctx = *state;
  static const size_t some[] = {0, 1, 3, 5, 7, 8};
  enum { COUNT = sizeof some / sizeof *some };
  rwk_design *raw = make(NULL, ctx, all, ROWS, 0), *alone = make(NULL, ctx, some, COUNT, 1), *subset, *held;
  assert_int_equal(rwk_design_subset(&subset, ctx, raw, some, COUNT, NULL, 1), RWK_OK);
  assert_int_equal(rwk_design_inputs(subset), rwk_design_inputs(alone));
  assert_memory_equal(rwk_design_X(subset), rwk_design_X(alone), COUNT * 4 * sizeof(double));
  assert_memory_equal(rwk_design_Y(subset), rwk_design_Y(alone), COUNT * sizeof(double));
  assert_memory_equal(rwk_design_row_weights(subset), rwk_design_row_weights(alone), COUNT * sizeof(double));
  /* other rows on these scales: (raw - mean) / scale, by the moments of the training rows */
  static const size_t rest[] = {2, 6};
  double mean, scale;
  assert_int_equal(rwk_design_subset(&held, ctx, raw, rest, 2, subset, 0), RWK_OK);
  assert_int_equal(rwk_design_source_row(held, 1), 6);
  assert_int_equal(rwk_design_target_scale(&mean, &scale, subset, 0), RWK_OK);
  assert_true(rwk_design_Y(held)[1] == (-2.5 - mean) / scale);
  assert_int_equal(rwk_design_target_scale(&mean, &scale, subset, 1), RWK_INVALID_ARGUMENT);
  double w = 0, sum = 0;
  for (int i = 0; i < COUNT; i++) {
    w += rwk_design_row_weights(subset)[i];
    sum += rwk_design_row_weights(subset)[i] * rwk_design_Y(subset)[i];
  }
  assert_true(fabs(sum / w) < 1e-15);
  rwk_design_destroy(held);
  /* of a scaled design the same up to rounding */
  rwk_design *scaled = make(NULL, ctx, all, ROWS, 1);
  assert_int_equal(rwk_design_subset(&held, ctx, scaled, some, COUNT, NULL, 1), RWK_OK);
  for (size_t i = 0; i < COUNT * 4; i++)
    assert_true(fabs(rwk_design_X(held)[i] - rwk_design_X(alone)[i]) < 1e-13);
  rwk_design_destroy(held);
  static const size_t outside[] = {9};
  assert_int_equal(rwk_design_subset(&held, ctx, raw, outside, 1, NULL, 1), RWK_INVALID_ARGUMENT);
  assert_int_equal(rwk_design_subset(&held, ctx, raw, some, 0, NULL, 1), RWK_INVALID_ARGUMENT);
  rwk_design_destroy(raw);
  rwk_design_destroy(alone);
  rwk_design_destroy(scaled);
  rwk_design_destroy(subset);
}

/* A level that no training row has is an input that is 0 on all of them. */
static void test_level_that_is_not_trained(void **state) {
  rwk_context *ctx = *state;
  static const size_t some[] = {0, 1, 2, 4};
  rwk_design *raw = make(NULL, ctx, all, ROWS, 0), *subset;
  assert_int_equal(rwk_design_subset(&subset, ctx, raw, some, 4, NULL, 1), RWK_OK);
  assert_string_equal(rwk_design_input_name(subset, 3), "colour=green");
  for (size_t i = 0; i < 4; i++) assert_true(rwk_design_X(subset)[i * 4 + 3] == 0);
  rwk_design_destroy(subset);
  rwk_design_destroy(raw);
}

static void test_twins(void **state) {
  rwk_context *ctx = *state;
  rwk_table *table;
  rwk_design *raw = make(&table, ctx, all, ROWS, 0);
  rwk_folds *folds;
  rwk_folds_settings s;
  size_t count, a, b, together = 0;
  rwk_folds_settings_init(&s);
  s.count = 3;
  s.stratify = 0;
  for (s.seed = 0; s.seed < 300; s.seed++) { /* rows 1, 4 and 8 are one */
    assert_int_equal(rwk_folds_create(&folds, ctx, table, raw, &s), RWK_OK);
    const size_t *of = rwk_folds_of(folds, 0);
    assert_int_equal(rwk_folds_twins(&count, &a, &b, folds, raw), RWK_OK);
    const int parts = of[1] != of[4] || of[4] != of[8];
    assert_int_equal(count, parts ? 3 : 0);
    assert_int_equal(a, parts ? 1 : 0);
    together += !parts;
    assert_null(rwk_folds_of(folds, 1));
    rwk_folds_destroy(folds);
  }
  assert_true(together > 0 && together < 30);
  s.group = "a"; /* rows with one a stay together: they never part */
  for (s.seed = 0; s.seed < 10; s.seed++) {
    assert_int_equal(rwk_folds_create(&folds, ctx, table, raw, &s), RWK_OK);
    assert_int_equal(rwk_folds_twins(&count, NULL, NULL, folds, raw), RWK_OK);
    assert_int_equal(count, 0);
    rwk_folds_destroy(folds);
  }
  assert_int_equal(rwk_folds_create(&folds, ctx, NULL, raw, &s), RWK_INVALID_ARGUMENT);
  s.group = NULL;
  s.count = 1;
  assert_int_equal(rwk_folds_create(&folds, ctx, table, raw, &s), RWK_INVALID_ARGUMENT);
  rwk_folds_destroy(NULL);
  rwk_design_destroy(raw);
  rwk_table_destroy(table);
}

/* Every row is in each fold about equally often: the shuffle favours none. */
static void test_shuffle_is_fair(void **state) {
  rwk_context *ctx = *state;
  rwk_design *raw = make(NULL, ctx, all, ROWS, 0);
  rwk_folds *folds;
  rwk_folds_settings s;
  rwk_folds_settings_init(&s);
  s.count = 3;
  s.repeats = 900;
  for (s.stratify = 0; s.stratify < 2; s.stratify++) {
    size_t times[ROWS][3] = {{0}};
    assert_int_equal(rwk_folds_create(&folds, ctx, NULL, raw, &s), RWK_OK);
    for (size_t r = 0; r < s.repeats; r++)
      for (size_t i = 0; i < ROWS; i++) times[i][rwk_folds_of(folds, r)[i]]++;
    for (size_t i = 0; i < ROWS; i++)
      for (size_t k = 0; k < 3; k++) assert_true(times[i][k] > 230 && times[i][k] < 370); /* 300 +- 5 s.d. */
    rwk_folds_destroy(folds);
  }
  rwk_design_destroy(raw);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_subset_is_a_table_of_its_rows, setup, teardown),
      cmocka_unit_test_setup_teardown(test_level_that_is_not_trained, setup, teardown),
      cmocka_unit_test_setup_teardown(test_twins, setup, teardown),
      cmocka_unit_test_setup_teardown(test_shuffle_is_fair, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
