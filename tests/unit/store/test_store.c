/* What a run file keeps, and when it says no. */
#include "unit/store/support.h"
#include "support/analytic.h"

static void test_round_trip_is_exact(void **state) {
  place *p = *state;
  assert_ok(write_standard(p->ctx, p->file, 1));
  assert_int_equal(count_files(p->folder, 0), 1);
  assert_ok(read_standard(p->ctx, p->file, 0));
  assert_int_equal(count_files(p->folder, 0), 1);
  assert_ok(read_standard(p->ctx, p->file, 1));
  assert_int_equal(count_files(p->folder, 0), 1);
}

static void test_fetch_and_replace(void **state) {
  place *p = *state;
  rwk_run *run;
  double w[DIM], v[DIM] = {7};
  rwk_fit f, got = {.start = -5};
  int found = 1;
  assert_ok(rwk_run_create(&run, p->ctx, p->file, 0));
  assert_int_equal(rwk_run_dim(run), 0);
  f = standard_fit(RWK_WALK_DOWN, 3, 2, w);
  assert_fails(rwk_run_save_fit(&f, run), RWK_INVALID_ARGUMENT); /* no dim yet */
  assert_ok(rwk_run_set_dim(run, DIM));
  assert_ok(rwk_run_begin(run));
  assert_fails(rwk_run_begin(run), RWK_INVALID_ARGUMENT);
  assert_ok(rwk_run_fetch_fit(&got, v, &found, RWK_WALK_DOWN, 3, 2, run));
  assert_int_equal(found, 0);
  assert_int_equal(got.start, -5);
  assert_true(v[0] == 7);
  assert_ok(rwk_run_save_fit(&f, run));
  f = random_fit(99, RWK_WALK_DOWN, 3, 2, 0.25, w, DIM);
  assert_ok(rwk_run_save_fit(&f, run)); /* in place of the first */
  assert_ok(rwk_run_fetch_fit(&got, v, &found, RWK_WALK_DOWN, 3, 2, run));
  assert_int_equal(found, 1);
  assert_same_fit(&got, &f);
  assert_ptr_equal(got.w, v);
  assert_memory_equal(v, w, sizeof w);
  assert_ok(rwk_run_fit_at(&got, NULL, run, 0));
  assert_null(got.w);
  assert_fails(rwk_run_fit_at(&got, NULL, run, 1), RWK_INVALID_ARGUMENT);
  assert_fails(rwk_run_set_dim(run, DIM + 1), RWK_INVALID_ARGUMENT);
  /* A grid that the fit is not on. */
  const double lambda[] = {0.1, 0.2, 0.3}, right[] = {0.1, 0.2, 0.25, 0.5};
  assert_fails(rwk_run_set_lambda(run, lambda, 3), RWK_MISMATCH);
  assert_fails(rwk_run_set_lambda(run, lambda, 2), RWK_MISMATCH);
  assert_ok(rwk_run_set_lambda(run, right, 4));
  f = random_fit(99, RWK_WALK_DOWN, 3, 3, 0.25, w, DIM);
  assert_fails(rwk_run_save_fit(&f, run), RWK_INVALID_ARGUMENT);
  f = random_fit(99, RWK_WALK_DOWN, -1, 2, 0.25, w, DIM);
  assert_fails(rwk_run_save_fit(&f, run), RWK_INVALID_ARGUMENT);
  f = random_fit(99, RWK_WALK_DOWN, 1, 2, 0.25, w, DIM);
  f.certificate.verdict = (rwk_verdict)77;
  assert_fails(rwk_run_save_fit(&f, run), RWK_INVALID_ARGUMENT);
  assert_says(p->ctx, "verdict");
  assert_ok(rwk_run_close(run));
  assert_ok(rwk_run_open(&run, p->ctx, p->file, 0));
  size_t count;
  assert_ok(rwk_run_fit_count(&count, run));
  assert_int_equal(count, 1);
  assert_fails(rwk_run_save_fit(&f, run), RWK_INVALID_ARGUMENT); /* opened for reading */
  assert_fails(rwk_run_set(run, "a", "b"), RWK_INVALID_ARGUMENT);
  assert_int_equal(rwk_run_finished(run), 0);
  rwk_collapse collapse;
  double seconds;
  assert_ok(rwk_run_collapse(&collapse, &seconds, run));
  assert_true(isnan(collapse.nonzero) && isnan(collapse.collapse) && isnan(collapse.lambda_c) &&
              isnan(seconds));
  assert_ok(rwk_run_close(run));
}

static void test_texts(void **state) {
  place *p = *state;
  rwk_run *run;
  const char *text;
  assert_ok(rwk_run_create(&run, p->ctx, p->file, 0));
  assert_ok(rwk_run_set(run, "a'b", "1"));
  assert_ok(rwk_run_begin(run));
  assert_ok(rwk_run_set(run, "a'b", "2; DROP TABLE meta"));
  assert_ok(rwk_run_set(run, "empty", ""));
  assert_ok(rwk_run_get(&text, run, "a'b"));
  assert_string_equal(text, "2; DROP TABLE meta");
  assert_ok(rwk_run_get(&text, run, "nothing"));
  assert_null(text);
  assert_fails(rwk_run_set(run, "", "x"), RWK_INVALID_ARGUMENT);
  assert_fails(rwk_run_set(run, NULL, "x"), RWK_INVALID_ARGUMENT);
  assert_fails(rwk_run_set(run, "x", NULL), RWK_INVALID_ARGUMENT);
  assert_fails(rwk_run_set(run, "created_at", "yesterday"), RWK_INVALID_ARGUMENT);
  assert_ok(rwk_run_close(run));
  assert_ok(rwk_run_open(&run, p->ctx, p->file, 0));
  assert_ok(rwk_run_get(&text, run, "a'b"));
  assert_string_equal(text, "2; DROP TABLE meta");
  assert_ok(rwk_run_get(&text, run, "empty"));
  assert_string_equal(text, "");
  assert_ok(rwk_run_get(&text, run, "created_at"));
  assert_int_equal(strlen(text), strlen("2026-01-02T03:04:05Z"));
  assert_int_equal(text[10], 'T');
  assert_ok(rwk_run_close(run));
  assert_ok(rwk_run_close(NULL));
}

static void test_appears_at_begin(void **state) {
  place *p = *state;
  rwk_run *run;
  assert_ok(rwk_run_create(&run, p->ctx, p->file, 0));
  assert_ok(rwk_run_set(run, "a", "b"));
  assert_int_equal(count_files(p->folder, 0), 0);
  assert_ok(rwk_run_close(run));
  assert_int_equal(count_files(p->folder, 0), 0);
  /* What a killed writer left of a file that somebody has removed. */
  char name[400];
  snprintf(name, sizeof name, "%s-wal", p->file);
  spit(name, "rubbish", 7);
  assert_ok(write_standard(p->ctx, p->file, 1));
  assert_ok(read_standard(p->ctx, p->file, 0));
  assert_int_equal(count_files(p->folder, 0), 1);
}

static void test_replacing(void **state) {
  place *p = *state;
  rwk_run *run, *other;
  assert_ok(write_standard(p->ctx, p->file, 1));
  assert_fails(rwk_run_create(&run, p->ctx, p->file, 0), RWK_IO);
  assert_null(run);
  assert_says(p->ctx, "exists already");
  assert_ok(rwk_run_create(&run, p->ctx, p->file, 1));
  assert_ok(read_standard(p->ctx, p->file, 0)); /* the old one stands until begin */
  assert_ok(rwk_run_begin(run));
  assert_ok(rwk_run_close(run));
  assert_ok(rwk_run_open(&run, p->ctx, p->file, 0));
  assert_int_equal(rwk_run_dim(run), 0);
  assert_ok(rwk_run_close(run));
  /* Made meanwhile by somebody else. */
  assert_int_equal(unlink(p->file), 0);
  assert_ok(rwk_run_create(&run, p->ctx, p->file, 0));
  assert_ok(rwk_run_create(&other, p->ctx, p->file, 0));
  assert_ok(rwk_run_begin(other));
  assert_fails(rwk_run_begin(run), RWK_IO);
  assert_says(p->ctx, "exists already");
  assert_ok(rwk_run_close(run));
  /* Being written. */
  assert_ok(rwk_run_create(&run, p->ctx, p->file, 1));
  assert_fails(rwk_run_begin(run), RWK_IO);
  assert_says(p->ctx, "another program has it open");
  assert_ok(rwk_run_close(run));
  assert_ok(rwk_run_close(other));
  assert_int_equal(count_files(p->folder, 0), 1);
  /* No run file: neither a text nor somebody's database. */
  spit(p->file, "name,age\n", 9);
  assert_fails(rwk_run_create(&run, p->ctx, p->file, 1), RWK_FORMAT);
  assert_says(p->ctx, "not replaced");
  assert_int_equal(unlink(p->file), 0);
  sql(p->file, "CREATE TABLE precious(a)");
  assert_fails(rwk_run_create(&run, p->ctx, p->file, 1), RWK_FORMAT);
  sql(p->file, "SELECT * FROM precious");
}

static void test_link_is_followed(void **state) {
  place *p = *state;
  char name[400];
  snprintf(name, sizeof name, "%s/link", p->folder);
  assert_ok(write_standard(p->ctx, p->file, 0));
  assert_int_equal(symlink("a.rwk", name), 0);
  rwk_run *run;
  assert_fails(rwk_run_create(&run, p->ctx, name, 0), RWK_IO);
  assert_ok(write_standard(p->ctx, name, 1));
  assert_ok(read_standard(p->ctx, p->file, 0));
  struct stat about;
  assert_int_equal(lstat(name, &about), 0);
  assert_true(S_ISLNK(about.st_mode));
}

static void test_wrong_files(void **state) {
  place *p = *state;
  rwk_run *run = (rwk_run *)1;
  assert_fails(rwk_run_open(&run, p->ctx, p->file, 0), RWK_IO);
  assert_null(run);
  assert_says(p->ctx, p->file);
  assert_fails(rwk_run_open(&run, p->ctx, "", 0), RWK_INVALID_ARGUMENT);
  assert_fails(rwk_run_open(&run, p->ctx, NULL, 0), RWK_INVALID_ARGUMENT);
  assert_fails(rwk_run_open(&run, p->ctx, ":memory:", 0), RWK_IO);
  assert_fails(rwk_run_open(&run, p->ctx, "file:x?mode=memory", 1), RWK_IO);
  assert_fails(rwk_run_open(&run, p->ctx, p->folder, 0), RWK_FORMAT);
  assert_says(p->ctx, "folder");
  spit(p->file, "", 0);
  assert_fails(rwk_run_open(&run, p->ctx, p->file, 1), RWK_FORMAT);
  assert_says(p->ctx, "empty");
  spit(p->file, "x", 1);
  assert_fails(rwk_run_open(&run, p->ctx, p->file, 1), RWK_FORMAT);
  char text[5000];
  memset(text, 'a', sizeof text);
  spit(p->file, text, sizeof text);
  assert_fails(rwk_run_open(&run, p->ctx, p->file, 0), RWK_FORMAT);
  assert_says(p->ctx, p->file);
  assert_int_equal(unlink(p->file), 0);
  sql(p->file, "CREATE TABLE fit(a)");
  assert_fails(rwk_run_open(&run, p->ctx, p->file, 0), RWK_FORMAT);
  assert_says(p->ctx, "not a run file");
  assert_int_equal(unlink(p->file), 0);
  assert_int_equal(mkfifo(p->file, 0600), 0);
  assert_fails(rwk_run_open(&run, p->ctx, p->file, 0), RWK_FORMAT);
  assert_fails(rwk_run_create(&run, p->ctx, p->file, 1), RWK_FORMAT);
  assert_int_equal(unlink(p->file), 0);
  assert_ok(write_standard(p->ctx, p->file, 1));
  sql(p->file, "PRAGMA user_version = 1000");
  assert_fails(rwk_run_open(&run, p->ctx, p->file, 0), RWK_FORMAT);
  assert_says(p->ctx, "newer ridgewalk");
  sql(p->file, "PRAGMA user_version = 1");
  assert_fails(rwk_run_open(&run, p->ctx, p->file, 0), RWK_FORMAT);
  assert_says(p->ctx, "older ridgewalk");
  sql(p->file, "PRAGMA user_version = 0");
  assert_fails(rwk_run_open(&run, p->ctx, p->file, 0), RWK_FORMAT);
  char name[400];
  snprintf(name, sizeof name, "%s/nowhere/a.rwk", p->folder);
  assert_fails(rwk_run_create(&run, p->ctx, name, 0), RWK_IO);
  assert_says(p->ctx, "No such file");
}

static void test_read_only_folder(void **state) {
  place *p = *state;
  assert_ok(write_standard(p->ctx, p->file, 1));
  assert_int_equal(chmod(p->folder, 0500), 0);
  assert_int_equal(chmod(p->file, 0400), 0);
  const int root = access(p->folder, W_OK) == 0;
  rwk_run *run = NULL;
  char name[400];
  snprintf(name, sizeof name, "%s/b.rwk", p->folder);
  const rwk_status created = root ? RWK_IO : rwk_run_create(&run, p->ctx, name, 0);
  const rwk_status opened = root ? RWK_IO : rwk_run_open(&run, p->ctx, p->file, 1);
  const rwk_status read = root ? RWK_OK : read_standard(p->ctx, p->file, 0);
  assert_int_equal(chmod(p->folder, 0700), 0);
  assert_int_equal(created, RWK_IO);
  assert_int_equal(opened, RWK_IO);
  assert_int_equal(read, RWK_OK);
  if (root) skip(); /* root can write everywhere */
}

static void test_reader_and_second_writer(void **state) {
  place *p = *state;
  rwk_run *run, *reader, *second;
  double w[DIM];
  size_t count;
  assert_ok(rwk_run_create(&run, p->ctx, p->file, 0));
  assert_ok(rwk_run_set_dim(run, DIM));
  assert_ok(rwk_run_begin(run));
  rwk_fit f = standard_fit(RWK_WALK_UP, 0, 0, w);
  assert_ok(rwk_run_save_fit(&f, run));
  assert_ok(rwk_run_open(&reader, p->ctx, p->file, 0)); /* sees what was committed */
  assert_ok(rwk_run_open(&second, p->ctx, p->file, 1));
  assert_ok(rwk_run_fit_count(&count, reader));
  assert_int_equal(count, 1);
  f = standard_fit(RWK_WALK_UP, 0, 1, w);
  assert_ok(rwk_run_save_fit(&f, run));
  assert_ok(rwk_run_fit_count(&count, reader)); /* as it was when opened */
  assert_int_equal(count, 1);
  assert_ok(rwk_run_fit_at(&f, w, reader, 0));
  f = standard_fit(RWK_WALK_UP, 0, 2, w);
  assert_fails(rwk_run_save_fit(&f, second), RWK_IO); /* and leaves the file alone */
  assert_says(p->ctx, "another program");
  assert_ok(rwk_run_save_fit(&f, run));
  assert_ok(rwk_run_close(second));
  assert_ok(rwk_run_close(reader));
  assert_ok(rwk_run_close(run));
  assert_int_equal(count_files(p->folder, 0), 1);
  assert_ok(rwk_run_open(&run, p->ctx, p->file, 0));
  assert_ok(rwk_run_fit_count(&count, run));
  assert_int_equal(count, 3);
  assert_ok(rwk_run_close(run));
}

/* J has two wells per coordinate; the path falls from one into the other. */
static double wells(double *g, double *H, const double *x, size_t n) {
  double f = 0;
  if (H) memset(H, 0, n * n * sizeof *H);
  for (size_t i = 0; i < n; i++) {
    const double a = x[i] * x[i] - 1;
    f += a * a + 0.3 * x[i];
    if (g) g[i] = 4 * x[i] * a + 0.3;
    if (H) H[i * n + i] = 12 * x[i] * x[i] - 4;
  }
  return f + 1;
}

static void test_a_path_is_finished_and_resumed(void **state) {
  place *p = *state;
  rwk_problem *problem = analytic_create(p->ctx, wells, 3, 1);
  rwk_run *run;
  rwk_path *path, *again;
  rwk_path_settings s;
  const double init[] = {1, 1, -1};
  double lambda[GRID];
  for (size_t i = 0; i < GRID; i++) lambda[i] = ldexp(1, (int)i - 4);
  rwk_path_settings_init(&s);
  s.lambda = lambda;
  s.lambda_count = GRID;
  s.collapse_tol = 0;
  s.init = init;
  s.save = rwk_run_save_fit;
  s.fetch = rwk_run_fetch_fit;
  assert_ok(rwk_run_create(&run, p->ctx, p->file, 0));
  assert_ok(rwk_run_set_dim(run, 3));
  s.store_payload = run;
  assert_ok(rwk_run_begin(run));
  assert_ok(rwk_path_run(&path, p->ctx, problem, &s));
  assert_ok(rwk_run_finish(run, path));
  assert_ok(rwk_run_close(run));
  assert_ok(rwk_run_open(&run, p->ctx, p->file, 1));
  assert_true(rwk_run_finished(run));
  s.store_payload = run;
  assert_ok(rwk_path_run(&again, p->ctx, problem, &s));
  assert_int_equal(rwk_path_walk_count(again), rwk_path_walk_count(path));
  size_t stored, k = 0;
  assert_ok(rwk_run_drop_count(&stored, run));
  for (size_t i = 0; i < rwk_path_walk_count(path); i++) {
    rwk_walk_view a, b;
    assert_ok(rwk_path_walk(&a, path, i));
    assert_ok(rwk_path_walk(&b, again, i));
    for (size_t j = 0; j < GRID; j++) {
      assert_same_fit(a.points[j], b.points[j]); /* seconds too: fetched, not made again */
      assert_memory_equal(a.points[j]->w, b.points[j]->w, 3 * sizeof(double));
    }
    assert_int_equal(a.drop_count, b.drop_count);
    assert_int_equal(a.jump_count, b.jump_count);
    for (size_t j = 0; j < a.drop_count + a.jump_count; j++, k++) {
      rwk_drop drop;
      rwk_walk walk;
      int start;
      assert_ok(rwk_run_drop_at(&drop, &walk, &start, run, k));
      assert_same_drop(&drop, j < a.drop_count ? &a.drops[j] : &a.jumps[j - a.drop_count]);
      assert_int_equal(walk, a.walk);
      assert_int_equal(start, a.start);
    }
  }
  assert_int_equal(k, stored);
  rwk_collapse collapse;
  double seconds;
  assert_ok(rwk_run_collapse(&collapse, &seconds, run));
  assert_double(seconds, rwk_path_seconds(path));
  assert_ok(rwk_run_finish(run, again)); /* once more, in place of the first */
  assert_ok(rwk_run_close(run));
  assert_ok(rwk_run_open(&run, p->ctx, p->file, 0));
  assert_ok(rwk_run_drop_count(&k, run));
  assert_int_equal(k, stored);
  assert_ok(rwk_run_close(run));
  rwk_path_destroy(path);
  rwk_path_destroy(again);
  rwk_problem_destroy(problem);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_round_trip_is_exact),
      TEST(test_fetch_and_replace),
      TEST(test_texts),
      TEST(test_appears_at_begin),
      TEST(test_replacing),
      TEST(test_link_is_followed),
      TEST(test_wrong_files),
      TEST(test_read_only_folder),
      TEST(test_reader_and_second_writer),
      TEST(test_a_path_is_finished_and_resumed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
