/* Numbers for pictures, beside the fits. */
#include "unit/store/support.h"

static void test_kept_and_found(void **state) {
  place *p = *state;
  rwk_run *run;
  double values[SERIES_MOST];
  rwk_series got = {.rows = 77};
  int found = 1;
  assert_ok(write_standard(p->ctx, p->file, 1));
  assert_ok(rwk_run_open(&run, p->ctx, p->file, 0));
  assert_series(run);
  for (size_t k = 0; k < SERIES; k++) {
    const rwk_series s = standard_series(k, values);
    assert_ok(rwk_run_series_of(&got, &found, run, s.kind, s.walk, s.start, s.index));
    assert_int_equal(found, 1);
    assert_int_equal(got.rows, s.rows);
    got.rows = 77;
    assert_ok(rwk_run_series_of(&got, &found, run, s.kind, s.walk, s.start + 1, s.index));
    assert_int_equal(found, 0);
    assert_int_equal(got.rows, 77);
  }
  assert_fails(rwk_run_series_at(&got, run, SERIES), RWK_INVALID_ARGUMENT);
  assert_fails(rwk_run_set_series(run, NULL, 0), RWK_INVALID_ARGUMENT); /* opened for reading */
  assert_ok(rwk_run_close(run));
}

static void test_replaced_or_left_alone(void **state) {
  place *p = *state;
  rwk_run *run;
  double values[SERIES_MOST];
  size_t count;
  assert_ok(write_standard(p->ctx, p->file, 1));
  assert_ok(rwk_run_open(&run, p->ctx, p->file, 1));
  const rwk_series one = standard_series(1, values);
  rwk_series list[2] = {one, one};
  assert_fails(rwk_run_set_series(run, list, 2), RWK_INVALID_ARGUMENT);
  assert_says(p->ctx, "two are the fitted of one fit");
  list[1].index++;
  list[1].rows = 0;
  assert_fails(rwk_run_set_series(run, list, 2), RWK_INVALID_ARGUMENT);
  list[1].rows = SIZE_MAX / 2;
  list[1].columns = 4;
  assert_fails(rwk_run_set_series(run, list, 2), RWK_INVALID_ARGUMENT);
  list[1] = one;
  list[1].kind = (rwk_series_kind)9;
  assert_fails(rwk_run_set_series(run, list, 2), RWK_INVALID_ARGUMENT);
  list[1] = one;
  list[1].start = -1;
  assert_fails(rwk_run_set_series(run, list, 2), RWK_INVALID_ARGUMENT);
  list[1] = one;
  list[1].values = NULL;
  assert_fails(rwk_run_set_series(run, list + 1, 1), RWK_INVALID_ARGUMENT);
  assert_series(run);
  assert_ok(read_standard(p->ctx, p->file, 0));
  assert_ok(rwk_run_set_series(run, list, 1));
  assert_ok(rwk_run_series_count(&count, run));
  assert_int_equal(count, 1);
  assert_ok(rwk_run_close(run));
  assert_ok(rwk_run_open(&run, p->ctx, p->file, 1));
  assert_ok(rwk_run_series_count(&count, run));
  assert_int_equal(count, 1);
  assert_ok(rwk_run_set_series(run, NULL, 0));
  assert_ok(rwk_run_close(run));
  assert_ok(rwk_run_open(&run, p->ctx, p->file, 0));
  assert_ok(rwk_run_series_count(&count, run));
  assert_int_equal(count, 0);
  assert_ok(rwk_run_close(run));
}

static void test_names(void **state) {
  (void)state;
  assert_string_equal(rwk_series_name(RWK_SERIES_BRANCH), "branch");
  assert_string_equal(rwk_series_name((rwk_series_kind)99), "?");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_kept_and_found, setup, teardown),
      cmocka_unit_test_setup_teardown(test_replaced_or_left_alone, setup, teardown),
      cmocka_unit_test(test_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
