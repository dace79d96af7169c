/* Memory that runs out, ours and SQLite's, at every allocation; a disk that is full. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#define STANDARD_FOLD_FITS 1 /* everything is written once for every allocation */
#define STANDARD_CV_ROWS 1
#include "unit/store/support.h"

/* Both allocators count; the one with the number `fail_at` fails, once. 0: none does. */
static struct {
  long count, fail_at, live;
  int fired;
  sqlite3_mem_methods sqlite;
} memory;

static int out_of_memory(void) {
  if (++memory.count != memory.fail_at) return 0;
  memory.fired = 1;
  return 1;
}

static void *allocate(void *block, size_t size, void *payload) {
  (void)payload;
  if (out_of_memory()) return NULL;
  memory.live += block == NULL;
  return realloc(block, size);
}

static void release(void *block, void *payload) {
  (void)payload;
  memory.live--;
  free(block);
}

static void *sqlite_allocate(int size) {
  return out_of_memory() ? NULL : memory.sqlite.xMalloc(size);
}

static void *sqlite_reallocate(void *block, int size) {
  return out_of_memory() ? NULL : memory.sqlite.xRealloc(block, size);
}

static int take_sqlite_memory(void) {
  if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory.sqlite) != SQLITE_OK) return 0;
  sqlite3_mem_methods ours = memory.sqlite;
  ours.xMalloc = sqlite_allocate;
  ours.xRealloc = sqlite_reallocate;
  return sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) == SQLITE_OK;
}

static rwk_status write_and_read(rwk_context *ctx, const char *file) {
  const rwk_status status = write_standard(ctx, file, 1);
  return status == RWK_OK ? read_standard(ctx, file, 1) : status;
}

static void test_every_allocation_fails_once(void **state) {
  place *p = *state;
  rwk_context_settings s;
  rwk_context *ctx;
  rwk_context_settings_init(&s);
  s.allocate = allocate;
  s.release = release;
  assert_int_equal(rwk_context_create(&ctx, &s), RWK_OK);
  assert_int_equal(write_and_read(ctx, p->file), RWK_OK);
  const long live = memory.live;
  const sqlite3_int64 used = sqlite3_memory_used();
  long refused = 0, k = 1;
  for (;; k++) {
    count_files(p->folder, 1);
    memory.count = 0;
    memory.fired = 0;
    memory.fail_at = k;
    const rwk_status status = write_and_read(ctx, p->file);
    memory.fail_at = 0;
    /* SQLite can do without some of its memory */
    if (status != RWK_OK && status != RWK_NO_MEMORY)
      fail_msg("allocation %ld: %s: %s", k, rwk_status_name(status), rwk_context_error(ctx));
    if (memory.live != live) fail_msg("allocation %ld: %ld blocks are left", k, memory.live - live);
    if (sqlite3_memory_used() != used)
      fail_msg("allocation %ld: SQLite has %ld bytes left", k, (long)(sqlite3_memory_used() - used));
    refused += status != RWK_OK;
    if (!memory.fired) break;
    /* What was begun can be opened. */
    rwk_run *run;
    if (access(p->file, F_OK) != 0) continue;
    assert_status(rwk_run_open(&run, ctx, p->file, 0), RWK_OK, ctx, __LINE__);
    assert_status(rwk_run_close(run), RWK_OK, ctx, __LINE__);
  }
  assert_true(k > 100 && refused > 100);
  rwk_context_destroy(ctx);
}

static void *failing(void *block, size_t size, void *payload) {
  return *(int *)payload ? NULL : realloc(block, size);
}

static void plain_release(void *block, void *payload) {
  (void)payload;
  free(block);
}

/* A failure in between leaves the run usable. */
static void test_a_run_survives(void **state) {
  place *p = *state;
  int off = 0;
  rwk_context_settings s;
  rwk_context *ctx;
  rwk_run *run;
  double w[DIM];
  rwk_context_settings_init(&s);
  s.allocate = failing;
  s.release = plain_release;
  s.allocator_payload = &off;
  assert_int_equal(rwk_context_create(&ctx, &s), RWK_OK);
  assert_int_equal(rwk_run_create(&run, ctx, p->file, 0), RWK_OK);
  assert_int_equal(rwk_run_set_dim(run, DIM), RWK_OK);
  assert_int_equal(rwk_run_begin(run), RWK_OK);
  for (size_t i = 0; i < 40; i++) {
    rwk_fit f = random_fit(i, RWK_WALK_UP, 0, i, 1, w, DIM), got;
    int found;
    off = 1;
    const rwk_status status = rwk_run_save_fit(&f, run);
    assert_true(status == RWK_OK || status == RWK_NO_MEMORY);
    assert_int_equal(rwk_run_set(run, "key", "value"), RWK_NO_MEMORY);
    off = 0;
    for (int k = 1; k < 20; k++) {
      memory.count = 0;
      memory.fail_at = k;
      const rwk_status again = rwk_run_save_fit(&f, run);
      memory.fail_at = 0;
      assert_true(again == RWK_OK || again == RWK_NO_MEMORY);
    }
    assert_int_equal(rwk_run_save_fit(&f, run), RWK_OK);
    assert_int_equal(rwk_run_fetch_fit(&got, w, &found, RWK_WALK_UP, 0, i, run), RWK_OK);
    assert_int_equal(found, 1);
    assert_same_fit(&got, &f);
  }
  assert_int_equal(rwk_run_close(run), RWK_OK);
  assert_int_equal(rwk_run_open(&run, ctx, p->file, 1), RWK_OK);
  size_t count;
  assert_int_equal(rwk_run_fit_count(&count, run), RWK_OK);
  assert_int_equal(count, 40);
  assert_int_equal(rwk_run_close(run), RWK_OK);
  rwk_context_destroy(ctx);
}

/* In a process of its own: files may not grow past `limit` bytes, as on a disk that is full. 0, or the line
 * that failed. */
static int write_on_full_disk(place *p, rlim_t limit) {
  rwk_run *run;
  double w[DIM];
  rwk_status status = RWK_OK;
  signal(SIGXFSZ, SIG_IGN);
  if (setrlimit(RLIMIT_FSIZE, &(struct rlimit){limit, limit}) != 0) return __LINE__;
  if (rwk_run_create(&run, p->ctx, p->file, 0) != RWK_OK) return __LINE__;
  if (rwk_run_set_dim(run, DIM) != RWK_OK) return __LINE__;
  status = rwk_run_begin(run);
  for (size_t i = 0; status == RWK_OK && i < 1000; i++) {
    const rwk_fit f = random_fit(i, RWK_WALK_UP, 0, i, 1, w, DIM);
    status = rwk_run_save_fit(&f, run);
  }
  if (status != RWK_IO || !strstr(rwk_context_error(p->ctx), p->file)) return __LINE__;
  (void)rwk_run_close(run);
  return 0;
}

static void test_full_disk(void **state) {
  place *p = *state;
  for (rlim_t limit = 1000; limit < 3000000; limit = limit * 3 / 2) {
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(write_on_full_disk(p, limit) % 256);
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    if (!WIFEXITED(how) || WEXITSTATUS(how))
      fail_msg("limit %lu: line %d", (unsigned long)limit, WEXITSTATUS(how));
    if (access(p->file, F_OK) == 0) {
      rwk_run *run;
      size_t count;
      double w[DIM], v[DIM];
      rwk_fit got;
      assert_ok(rwk_run_open(&run, p->ctx, p->file, 1));
      assert_ok(rwk_run_fit_count(&count, run));
      for (size_t k = 0; k < count; k++) {
        assert_ok(rwk_run_fit_at(&got, w, run, k));
        const rwk_fit wanted = random_fit(k, RWK_WALK_UP, 0, k, 1, v, DIM);
        assert_same_fit(&got, &wanted);
      }
      assert_ok(rwk_run_close(run));
      assert_int_equal(count_files(p->folder, 0), 1);
    } else {
      assert_int_equal(count_files(p->folder, 0), 0);
    }
    count_files(p->folder, 1);
  }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_every_allocation_fails_once),
      TEST(test_a_run_survives),
      TEST(test_full_disk),
  };
  if (!take_sqlite_memory()) return 1;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
