#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <ridgewalk/table.h>

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

static const char *const names[] = {"a", "b", "y"};
static const double x[] = {0.5, 1, 2, 1.5, 0, 3, 2.5, -1, 5};
static const double transposed[] = {0.5, 1.5, 2.5, 1, 0, -1, 2, 3, 5};

static rwk_design *design_of(rwk_table *t) {
  rwk_design_settings s;
  rwk_design *d;
  rwk_design_settings_init(&s);
  s.targets = &names[2];
  s.target_count = 1;
  assert_int_equal(rwk_design_create(&d, ctx, t, &s), RWK_OK);
  rwk_table_destroy(t);
  return d;
}

static void same_design(const rwk_design *a, const rwk_design *b) {
  char print_a[33], print_b[33];
  assert_memory_equal(rwk_design_X(a), rwk_design_X(b), 6 * sizeof(double));
  assert_memory_equal(rwk_design_Y(a), rwk_design_Y(b), 3 * sizeof(double));
  assert_int_equal(rwk_design_fingerprint(print_a, a), RWK_OK);
  assert_int_equal(rwk_design_fingerprint(print_b, b), RWK_OK);
  assert_string_equal(print_a, print_b);
}

/* A matrix gives the design that a file with its numbers gives, by rows or by columns. */
static void test_as_from_a_file(void **state) {
  (void)state;
  static const char text[] = "a,b,y\n0.5,1,2\n1.5,0,3\n2.5,-1,5\n";
  rwk_table *t;
  assert_int_equal(rwk_table_parse(&t, ctx, "t.csv", text, strlen(text), NULL), RWK_OK);
  rwk_design *file = design_of(t);
  assert_int_equal(rwk_table_from_numbers(&t, ctx, "X", names, x, 3, 3, 3, 1), RWK_OK);
  assert_int_equal(rwk_table_line(t, 2), 3);
  rwk_design *rows = design_of(t);
  assert_int_equal(rwk_table_from_numbers(&t, ctx, "X", names, transposed, 3, 3, 1, 3), RWK_OK);
  rwk_design *columns = design_of(t);
  same_design(file, rows);
  same_design(file, columns);
  rwk_design_destroy(file);
  rwk_design_destroy(rows);
  rwk_design_destroy(columns);
}

static void refused(const char *const *with, const double *numbers, size_t rows, size_t columns,
                    const char *part) {
  rwk_table *t;
  assert_int_equal(rwk_table_from_numbers(&t, ctx, "X", with, numbers, rows, columns, columns, 1), RWK_DATA);
  assert_null(t);
  assert_non_null(strstr(rwk_context_error(ctx), part));
}

static void test_what_is_no_table(void **state) {
  (void)state;
  static const char *const twice[] = {"a", "b", "a"}, *const unnamed[] = {"a", ""};
  const double bad[] = {1, 2, 3, NAN}, large[] = {1, 2, INFINITY, 4};
  refused(names, x, 0, 3, "0 rows");
  refused(names, x, 3, 0, "0 columns");
  refused(twice, x, 3, 3, "two columns are called 'a'");
  refused(unnamed, x, 2, 2, "column 2 has no name");
  refused(names, bad, 2, 2, "X, line 2, column 'b': nan is not a finite number");
  refused(names, large, 2, 2, "X, line 2, column 'a': inf");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_as_from_a_file),
                                     cmocka_unit_test(test_what_is_no_table)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
