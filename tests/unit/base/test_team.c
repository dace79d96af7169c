/* Every item of every run is done once, by a member that is one of the team's, whoever gets a processor. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include "base/team.h"

enum { THREADS = 4, ITEMS = 37, RUNS = 2000 };

typedef struct tally {
  int done[ITEMS];             /* each item writes to a place of its own */
  _Atomic int by[THREADS + 1]; /* the last: by none of the team */
  _Atomic int inside[THREADS];
  int met; /* by two threads at once */
  long nap;
} tally;

static void count(size_t item, size_t member, void *payload) {
  tally *t = payload;
  if (member >= THREADS) member = THREADS;
  if (member < THREADS && atomic_fetch_add(&t->inside[member], 1) != 0) t->met = 1;
  if (t->nap) nanosleep(&(struct timespec){.tv_nsec = t->nap}, NULL);
  t->done[item]++;
  atomic_fetch_add(&t->by[member], 1);
  if (member < THREADS) atomic_fetch_sub(&t->inside[member], 1);
}

static rwk_context *context(void) {
  rwk_context *ctx;
  assert_int_equal(rwk_context_create(&ctx, NULL), RWK_OK);
  return ctx;
}

static void check_runs(int threads, size_t items, int runs, long nap) {
  rwk_context *ctx = context();
  rwk_team *team = rwk_team_create(ctx, threads);
  assert_true(threads == 1 ? team == NULL : team != NULL);
  tally t = {.nap = nap};
  for (int k = 0; k < runs; k++) rwk_team_run(team, items, count, &t);
  for (size_t i = 0; i < ITEMS; i++) assert_int_equal(t.done[i], i < items ? runs : 0);
  int sum = 0;
  for (int m = 0; m < threads; m++) sum += t.by[m];
  assert_int_equal(sum, (int)items * runs);
  assert_false(t.met);
  if (nap && threads > 1) assert_true(t.by[0] < sum); /* while one sleeps others take items */
  rwk_team_destroy(team);
  rwk_context_destroy(ctx);
}

static void test_all_items_once(void **state) {
  (void)state;
  for (int threads = 1; threads <= THREADS; threads++) {
    check_runs(threads, ITEMS, RUNS, 0);
    check_runs(threads, 2, RUNS, 0);
    check_runs(threads, 1, 3, 0);
    check_runs(threads, 0, 3, 0);
    check_runs(threads, ITEMS, 2, 1000000);
  }
}

/* Members that fell asleep are woken. */
static void test_after_a_pause(void **state) {
  (void)state;
  rwk_context *ctx = context();
  rwk_team *team = rwk_team_create(ctx, 2);
  tally t = {.nap = 2000000};
  for (int k = 0; k < 5; k++) {
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    rwk_team_run(team, ITEMS, count, &t);
  }
  for (size_t i = 0; i < ITEMS; i++) assert_int_equal(t.done[i], 5);
  assert_true(t.by[1] > 0);
  rwk_team_destroy(team);
  rwk_context_destroy(ctx);
}

static void test_destroyed_unused(void **state) {
  (void)state;
  rwk_context *ctx = context();
  rwk_team_destroy(rwk_team_create(ctx, 8));
  rwk_team_destroy(NULL);
  rwk_context_destroy(ctx);
}

/* A signal to the process goes to the host's thread: members have all of them blocked. */
static void look_at_mask(size_t item, size_t member, void *payload) {
  int *open = payload;
  sigset_t now;
  (void)item;
  pthread_sigmask(SIG_SETMASK, NULL, &now);
  if (member > 0 && !sigismember(&now, SIGTERM)) *open = 1;
  nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static void test_signals_are_the_hosts(void **state) {
  (void)state;
  rwk_context *ctx = context();
  rwk_team *team = rwk_team_create(ctx, 2);
  int open = 0;
  rwk_team_run(team, ITEMS, look_at_mask, &open);
  assert_false(open);
  sigset_t now;
  pthread_sigmask(SIG_SETMASK, NULL, &now);
  assert_false(sigismember(&now, SIGTERM));
  rwk_team_destroy(team);
  rwk_context_destroy(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_all_items_once),
      cmocka_unit_test(test_after_a_pause),
      cmocka_unit_test(test_destroyed_unused),
      cmocka_unit_test(test_signals_are_the_hosts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
