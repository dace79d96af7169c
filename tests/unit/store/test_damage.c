/* Kills, flipped bits, strangers' databases: a run file opens with the right numbers, or not at all. */
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include "unit/store/support.h"

/* ---- Kills */

/* Writes fits until it is killed or done; one byte into the pipe for each that save_fit has returned from. */
static void write_until_killed(const char *file, int fd) {
  rwk_context *ctx;
  rwk_run *run;
  double w[DIM];
  if (rwk_context_create(&ctx, NULL) != RWK_OK || rwk_run_create(&run, ctx, file, 0) != RWK_OK) _exit(1);
  if (rwk_run_set_dim(run, DIM) != RWK_OK || rwk_run_begin(run) != RWK_OK) _exit(2);
  for (size_t i = 0; i < 150; i++) {
    const rwk_fit f = random_fit(i, RWK_WALK_UP, 0, i, 1, w, DIM);
    if (rwk_run_save_fit(&f, run) != RWK_OK || write(fd, "x", 1) != 1) _exit(3);
  }
  if (rwk_run_close(run) != RWK_OK) _exit(4);
  _exit(0);
}

static size_t check_fits(place *p, rwk_run *run) {
  size_t count;
  double w[DIM], v[DIM];
  assert_ok(rwk_run_fit_count(&count, run));
  for (size_t k = 0; k < count; k++) {
    rwk_fit got;
    assert_ok(rwk_run_fit_at(&got, w, run, k));
    const rwk_fit wanted = random_fit(k, RWK_WALK_UP, 0, k, 1, v, DIM);
    assert_same_fit(&got, &wanted);
    assert_memory_equal(w, v, sizeof w);
  }
  return count;
}

/* seconds < 0: it is let live, for the time it takes. */
static void kill_once(place *p, double seconds, int *begun, int *done) {
  int ends[2], how;
  char bytes[256];
  size_t told = 0;
  assert_int_equal(pipe(ends), 0);
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) write_until_killed(p->file, ends[1]);
  close(ends[1]);
  const struct timespec pause = {(time_t)seconds, (long)(1e9 * fmod(seconds, 1))};
  if (seconds >= 0) {
    nanosleep(&pause, NULL);
    kill(child, SIGKILL);
  }
  for (ssize_t n; (n = read(ends[0], bytes, sizeof bytes)) > 0;) told += (size_t)n;
  close(ends[0]);
  assert_int_equal(waitpid(child, &how, 0), child);
  if (WIFEXITED(how)) {
    assert_int_equal(WEXITSTATUS(how), 0);
    ++*done;
  }
  rwk_run *run;
  const rwk_status status = rwk_run_open(&run, p->ctx, p->file, 0);
  if (status == RWK_IO && told == 0) {
    if (access(p->file, F_OK) == 0)
      fail_msg("%s", rwk_context_error(p->ctx)); /* killed before it had its name */
  } else {
    assert_status(status, RWK_OK, p->ctx, __LINE__);
    ++*begun;
    assert_true(check_fits(p, run) >= told); /* what save_fit has returned from is there */
    assert_ok(rwk_run_close(run));
    assert_ok(rwk_run_open(&run, p->ctx, p->file, 1)); /* and can be gone on with */
    double w[DIM];
    size_t count;
    assert_ok(rwk_run_fit_count(&count, run));
    const rwk_fit f = random_fit(count, RWK_WALK_UP, 0, count, 1, w, DIM);
    assert_ok(rwk_run_save_fit(&f, run));
    assert_int_equal(check_fits(p, run), count + 1);
    assert_ok(rwk_run_close(run));
    char name[400];
    snprintf(name, sizeof name, "%s-wal", p->file);
    assert_int_not_equal(access(name, F_OK), 0);
    snprintf(name, sizeof name, "%s-shm", p->file);
    assert_int_not_equal(access(name, F_OK), 0);
  }
  count_files(p->folder, 1);
}

static void test_killed_at_any_moment(void **state) {
  place *p = *state;
  rwk_stream s;
  rwk_stream_init(&s, 1, 1);
  int begun = 0, done = 0;
  const double start = rwk_seconds();
  kill_once(p, -1, &begun, &done);
  const double whole = rwk_seconds() - start;
  assert_int_equal(done, 1);
  enum { KILLS = 200 };
  for (int k = 0; k < KILLS; k++)
    kill_once(p, whole * (double)(k + 1) / KILLS * rwk_stream_uniform(&s), &begun, &done);
  for (int k = 1; begun <= KILLS / 5 && k < KILLS; k++) /* on a machine that has become slower since */
    kill_once(p, whole * (double)k, &begun, &done);
  assert_true(begun > KILLS / 5);
  assert_true(done < KILLS);
}

/* ---- Damage */

/* Right, or a sentence that names the file. */
static int right_or_refused(place *p, int writable) {
  const rwk_status status = read_standard(p->ctx, p->file, writable);
  if (status == RWK_OK) return 1;
  if (status != RWK_FORMAT && status != RWK_IO)
    fail_msg("%s: %s", rwk_status_name(status), rwk_context_error(p->ctx));
  assert_says(p->ctx, p->file);
  return 0;
}

static void test_flipped_bits(void **state) {
  place *p = *state;
  assert_ok(write_standard(p->ctx, p->file, 1));
  size_t size;
  unsigned char *bytes = slurp(p->file, &size);
  rwk_stream s;
  rwk_stream_init(&s, 2, 2);
  int right = 0;
  enum { FLIPS = 2000 };
  for (int k = 0; k < FLIPS; k++) {
    /* every fourth hits the header or the schema, which a random one seldom does */
    const size_t bit = (size_t)(rwk_stream_u64(&s) % (8 * (k % 4 ? size : 4096)));
    bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
    spit(p->file, bytes, size);
    right += right_or_refused(p, k % 2);
    bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
    count_files(p->folder, 1);
  }
  assert_in_range(right, 1, FLIPS - FLIPS / 4); /* some lie in empty parts of pages */
  free(bytes);
}

static void test_every_bit_of_the_header(void **state) {
  place *p = *state;
  assert_ok(write_standard(p->ctx, p->file, 1));
  size_t size;
  unsigned char *bytes = slurp(p->file, &size);
  for (size_t bit = 0; bit < 8 * 108; bit++) {
    bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
    spit(p->file, bytes, size);
    right_or_refused(p, 0);
    count_files(p->folder, 1);
    spit(p->file, bytes, size);
    right_or_refused(p, 1);
    count_files(p->folder, 1);
    bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
  }
  free(bytes);
}

static void test_torn_and_overwritten(void **state) {
  place *p = *state;
  assert_ok(write_standard(p->ctx, p->file, 1));
  size_t size;
  unsigned char *bytes = slurp(p->file, &size), *copy = malloc(size);
  assert_non_null(copy);
  rwk_stream s;
  rwk_stream_init(&s, 3, 3);
  for (int k = 0; k < 400; k++) {
    memcpy(copy, bytes, size);
    size_t length = size;
    const size_t at = (size_t)(rwk_stream_u64(&s) % size);
    const size_t run = 1 + (size_t)(rwk_stream_u64(&s) % 5000);
    if (k % 4 == 0) length = at;
    for (size_t i = at; k % 4 == 1 && i < size && i < at + run; i++)
      copy[i] = (unsigned char)rwk_stream_u64(&s);
    if (k % 4 == 2) memset(copy + at, 0, run < size - at ? run : size - at);
    if (k % 4 == 3)
      memcpy(copy + at / 4096 * 4096, bytes + (at + run) % size / 4096 * 4096, 4096); /* a page twice */
    spit(p->file, copy, length);
    right_or_refused(p, k % 8 < 4);
    count_files(p->folder, 1);
  }
  free(bytes);
  free(copy);
}

/* A log that has been damaged: what it holds may be lost from the damage on, but nothing wrong comes out. */
static void test_damaged_log(void **state) {
  place *p = *state;
  rwk_run *run;
  double w[DIM];
  char log[400];
  size_t size, log_size;
  snprintf(log, sizeof log, "%s-wal", p->file);
  assert_ok(rwk_run_create(&run, p->ctx, p->file, 0));
  assert_ok(rwk_run_set_dim(run, DIM));
  assert_ok(rwk_run_begin(run));
  for (size_t i = 0; i < 20; i++) {
    const rwk_fit f = random_fit(i, RWK_WALK_UP, 0, i, 1, w, DIM);
    assert_ok(rwk_run_save_fit(&f, run));
  }
  unsigned char *bytes = slurp(p->file, &size), *log_bytes = slurp(log, &log_size);
  assert_ok(rwk_run_close(run));
  rwk_stream s;
  rwk_stream_init(&s, 4, 4);
  for (int k = 0; k < 200; k++) {
    const size_t bit = (size_t)(rwk_stream_u64(&s) % (8 * log_size));
    log_bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
    count_files(p->folder, 1);
    spit(p->file, bytes, size);
    spit(log, log_bytes, log_size);
    if (rwk_run_open(&run, p->ctx, p->file, k % 2) == RWK_OK) {
      check_fits(p, run);
      assert_ok(rwk_run_close(run));
    }
    log_bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
  }
  free(bytes);
  free(log_bytes);
}

/* ---- Strangers */

static void test_hostile_sql(void **state) {
  place *p = *state;
  static const char *const texts[] = {
      "UPDATE fit SET loss = 'a lot'",
      "UPDATE fit SET loss = x'00'",
      "UPDATE fit SET loss = 1",
      "UPDATE fit SET loss = loss + 1 WHERE idx = 3",
      "UPDATE fit SET verdict = 'minimum'",
      "UPDATE fit SET verdict = ''",
      "UPDATE fit SET verdict = 1",
      "UPDATE fit SET verdict = x'ff'",
      "UPDATE fit SET stop = cast(x'636f6e76657267656400' AS TEXT)",
      "UPDATE fit SET escapable = 2",
      "UPDATE fit SET start = -1",
      "UPDATE fit SET start = 4294967296",
      "UPDATE fit SET idx = -1",
      "UPDATE fit SET idx = 9223372036854775807",
      "UPDATE fit SET lambda = NULL",
      "UPDATE fit SET lambda = 9e999",
      "UPDATE fit SET iterations = 0.5 WHERE idx = 0",
      "UPDATE fit SET weights = zeroblob(8)",
      "UPDATE fit SET weights = x''",
      "UPDATE fit SET weights = zeroblob(100000000)",
      "UPDATE fit SET weights = 'text'",
      "UPDATE fit SET reason = hex(zeroblob(100000))",
      "UPDATE fit SET checksum = checksum + 1",
      "UPDATE fit SET checksum = 'none'",
      "UPDATE fit SET id = id + 1000",
      "UPDATE fit SET id = -id",
      "DELETE FROM fit WHERE idx = 2",
      "DELETE FROM fit",
      "UPDATE state SET dim = 0",
      "UPDATE state SET dim = -1",
      "UPDATE state SET dim = 9223372036854775807",
      "UPDATE state SET dim = 1e300",
      "UPDATE state SET finished = 0",
      "UPDATE state SET finished = 'yes'",
      "UPDATE state SET seconds = 2.5",
      "UPDATE state SET id = 2",
      "INSERT INTO state SELECT 2, dim, finished, seconds, digest, checksum FROM state",
      "DELETE FROM state",
      "DELETE FROM meta",
      "DELETE FROM meta WHERE id = 1",
      "UPDATE meta SET value = 'other' WHERE id = 1",
      "UPDATE meta SET value = x'00' WHERE id = 1",
      "UPDATE meta SET id = id + 7",
      "DELETE FROM lambda",
      "DELETE FROM lambda WHERE idx = 6",
      "UPDATE lambda SET value = -value",
      "UPDATE lambda SET value = 'x'",
      "UPDATE lambda SET idx = -1 WHERE idx = 0",
      "DELETE FROM drop_",
      "DELETE FROM drop_ WHERE id = 4",
      "UPDATE drop_ SET idx_from = 1000000, idx_to = 1000001",
      "UPDATE drop_ SET idx_from = -1",
      "UPDATE drop_ SET cause = 'bad luck'",
      "DELETE FROM collapse",
      "DELETE FROM series",
      "DELETE FROM series WHERE id = 4",
      "UPDATE series SET idx = 4 WHERE id = 1",
      "UPDATE series SET rows = 1 WHERE id = 0",
      "UPDATE series SET rows = 9223372036854775807",
      "UPDATE series SET kind = 'tune'",
      "UPDATE series SET data = x'0000000000000000' WHERE id = 3",
      "UPDATE series SET data = x'00'",
      "UPDATE series SET data = 'text'",
      "UPDATE collapse SET collapse = 1.0",
      "DELETE FROM trial",
      "DELETE FROM trial WHERE idx = 1",
      "UPDATE trial SET idx = idx + 7",
      "UPDATE trial SET idx = -1 WHERE idx = 0",
      "UPDATE trial SET activation = 'swish'",
      "UPDATE trial SET solver = ''",
      "UPDATE trial SET lambda = -1.0 WHERE idx = 2",
      "UPDATE trial SET hidden = -1",
      "DELETE FROM search",
      "UPDATE search SET best = 3",
      "UPDATE search SET id = 2",
      "UPDATE efficiency SET trials = 9",
      "DELETE FROM efficiency WHERE id = 2",
      "DELETE FROM effect",
      "UPDATE effect SET second = 99",
      "DROP TABLE fit",
      "DROP TABLE meta",
      "DROP TABLE state; CREATE VIEW state AS SELECT 1 AS id",
      "DROP TABLE collapse; CREATE TABLE collapse(id INTEGER PRIMARY KEY)",
      "ALTER TABLE fit ADD COLUMN more",
      "ALTER TABLE lambda RENAME COLUMN value TO worth",
      "PRAGMA application_id = 1",
      "PRAGMA user_version = -1",
  };
  assert_ok(write_standard(p->ctx, p->file, 1));
  size_t size;
  unsigned char *bytes = slurp(p->file, &size);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    spit(p->file, bytes, size);
    sql(p->file, texts[i]);
    rwk_run *run;
    for (int writable = 0; writable < 2; writable++) {
      const rwk_status status = rwk_run_open(&run, p->ctx, p->file, writable);
      if (status != RWK_FORMAT) fail_msg("%s: %s", texts[i], rwk_status_name(status));
      assert_null(run);
      assert_says(p->ctx, p->file);
    }
  }
  /* What is not ours does not matter, and is not run. */
  spit(p->file, bytes, size);
  sql(p->file, "CREATE TABLE notes(a); CREATE VIEW v AS SELECT loss FROM fit; CREATE INDEX i ON fit(lambda);"
               "CREATE TRIGGER t AFTER INSERT ON fit BEGIN DELETE FROM meta; END");
  assert_ok(read_standard(p->ctx, p->file, 0));
  rwk_run *run;
  double w[DIM];
  assert_ok(rwk_run_open(&run, p->ctx, p->file, 1));
  const rwk_fit f = standard_fit(RWK_WALK_UP, 0, 3, w);
  assert_ok(rwk_run_save_fit(&f, run));
  assert_ok(rwk_run_close(run));
  assert_ok(read_standard(p->ctx, p->file, 0));
  free(bytes);
}

/* Puts a row whose checksum and digest are right, as somebody can who knows how. */
static void plant(place *p, rwk_table_id id, int64_t key, const void *record) {
  rwk_run *run;
  uint64_t checksum = 0;
  assert_ok(rwk_run_open(&run, p->ctx, p->file, 1));
  assert_ok(rwk_store_begin(run));
  assert_ok(rwk_store_put(&checksum, run, id, key, record));
  rwk_state_record state = run->state;
  state.digest = rwk_store_digest(state.digest, checksum, 0);
  assert_ok(rwk_store_commit(run, &state));
  assert_ok(rwk_run_close(run));
}

static void test_rows_that_cannot_be(void **state) {
  place *p = *state;
  assert_ok(write_standard(p->ctx, p->file, 1));
  size_t size;
  unsigned char *bytes = slurp(p->file, &size);
  double w[DIM];
  rwk_fit off_key = standard_fit(RWK_WALK_DOWN, 0, 0, w), off_grid = off_key, nowhere = off_key;
  off_grid.lambda = 0.7;
  nowhere.index = GRID;
  rwk_fit infinite = off_key;
  infinite.lambda = INFINITY;
  const int64_t key = rwk_store_fit_key(RWK_WALK_DOWN, 0, 0);
  const rwk_drop_record drop = standard_drop(0);
  rwk_drop_record far = drop, backwards = drop, other = drop;
  far.drop.from = SIZE_MAX / 4;
  far.drop.to = far.drop.from + 1;
  backwards.drop.from = 1;
  backwards.drop.to = 0;
  other.drop.lambda_to = 3;
  char created_at[] = "created_at", empty[] = "";
  const rwk_meta_record twice = {created_at, empty};
  const rwk_lambda_record negative = {-1}, nan = {NAN};
  const rwk_collapse collapse = {1, 1, 1};
  const rwk_trial trial = standard_trial(0);
  rwk_trial unpenalised = trial;
  unpenalised.lambda = 0;
  const rwk_efficiency beyond = {.trials = TRIALS + 1};
  const rwk_effect of_nothing = {0, RWK_SETTINGS, 0.5};
  const struct {
    rwk_table_id id;
    int64_t key;
    const void *record;
  } rows[] = {
      {RWK_TABLE_FIT, key + 1, &off_key},
      {RWK_TABLE_FIT, -1, &off_key},
      {RWK_TABLE_FIT, key, &off_grid},
      {RWK_TABLE_FIT, key + GRID, &nowhere},
      {RWK_TABLE_FIT, key, &infinite},
      {RWK_TABLE_DROP, DROPS + 1, &drop},
      {RWK_TABLE_DROP, -1, &drop},
      {RWK_TABLE_DROP, DROPS, &far},
      {RWK_TABLE_DROP, DROPS, &backwards},
      {RWK_TABLE_DROP, DROPS, &other},
      {RWK_TABLE_META, 3, &twice},
      {RWK_TABLE_META, INT64_MIN, &twice},
      {RWK_TABLE_LAMBDA, GRID, &negative},
      {RWK_TABLE_LAMBDA, GRID, &nan},
      {RWK_TABLE_LAMBDA, INT64_MAX, &negative},
      {RWK_TABLE_COLLAPSE, 2, &collapse},
      {RWK_TABLE_TRIAL, TRIALS, &trial},
      {RWK_TABLE_TRIAL, -1, &trial},
      {RWK_TABLE_TRIAL, INT64_MAX, &trial},
      {RWK_TABLE_TRIAL, TRIALS, &unpenalised},
      {RWK_TABLE_SEARCH, 2, &standard_search},
      {RWK_TABLE_EFFICIENCY, TRIALS, &beyond},
      {RWK_TABLE_EFFECT, 2, &of_nothing},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    spit(p->file, bytes, size);
    plant(p, rows[i].id, rows[i].key, rows[i].record);
    rwk_run *run;
    const rwk_status status = rwk_run_open(&run, p->ctx, p->file, 0);
    if (status != RWK_FORMAT) fail_msg("row %zu: %s", i, rwk_status_name(status));
  }
  free(bytes);
}

/* A row that is damaged after the file has been opened. */
static void test_damage_meanwhile(void **state) {
  place *p = *state;
  assert_ok(write_standard(p->ctx, p->file, 1));
  rwk_run *run;
  rwk_fit got = {.start = -5};
  double w[DIM];
  assert_ok(rwk_run_open(&run, p->ctx, p->file, 0));
  sql(p->file, "UPDATE fit SET loss = 0.125 WHERE idx = 2");
  assert_fails(rwk_run_fit_at(&got, w, run, 2), RWK_FORMAT);
  assert_int_equal(got.start, -5);
  assert_ok(rwk_run_fit_at(&got, w, run, 1));
  sql(p->file, "DELETE FROM fit WHERE idx = 2");
  assert_fails(rwk_run_fit_at(&got, w, run, 2), RWK_FORMAT);
  assert_ok(rwk_run_close(run));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_killed_at_any_moment), TEST(test_flipped_bits),     TEST(test_every_bit_of_the_header),
      TEST(test_torn_and_overwritten), TEST(test_damaged_log),      TEST(test_hostile_sql),
      TEST(test_rows_that_cannot_be),  TEST(test_damage_meanwhile),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
