/* Every item of every run is done once, by a member that is one of the team's, whoever gets a processor. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
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

/* Runs of few and many items by turns: who is late for one does nothing of the next twice. */
static void test_of_all_sizes(void **state) {
  (void)state;
  static const size_t sizes[] = {2, ITEMS, 3, 1, 5, 4, 0, ITEMS, 2, 9};
  enum { SIZES = sizeof sizes / sizeof *sizes };
  rwk_context *ctx = context();
  rwk_team *team = rwk_team_create(ctx, THREADS);
  tally t = {0};
  int expected[ITEMS] = {0};
  for (int k = 0; k < 3 * RUNS; k++) {
    rwk_team_run(team, sizes[k % SIZES], count, &t);
    for (size_t i = 0; i < sizes[k % SIZES]; i++) expected[i]++;
    assert_memory_equal(t.done, expected, sizeof expected);
  }
  assert_false(t.met);
  rwk_team_destroy(team);
  rwk_context_destroy(ctx);
}

/* A run from within an item finds the team busy and is its caller's. */
typedef struct nest {
  rwk_team *team;
  _Atomic int inner;
} nest;

static void count_inner(size_t item, size_t member, void *payload) {
  (void)item;
  assert_int_equal(member, 0);
  atomic_fetch_add((_Atomic int *)payload, 1);
}

static void run_within(size_t item, size_t member, void *payload) {
  (void)item;
  (void)member;
  nest *n = payload;
  rwk_team_run(n->team, 5, count_inner, &n->inner);
}

static void test_busy(void **state) {
  (void)state;
  rwk_context *ctx = context();
  nest n = {.team = rwk_team_create(ctx, 3)};
  for (int k = 1; k <= 200; k++) {
    rwk_team_run(n.team, 7, run_within, &n);
    assert_int_equal(n.inner, k * 35);
  }
  rwk_team_destroy(n.team);
  rwk_context_destroy(ctx);
}

/* Where a member keeps the caller waiting, the caller does some of the next runs alone. */
static void nap_elsewhere(size_t item, size_t member, void *payload) {
  _Atomic int *by = payload;
  (void)item;
  by[member]++;
  nanosleep(&(struct timespec){.tv_nsec = member > 0 ? 20000000 : 200000}, NULL);
}

static void test_late(void **state) {
  (void)state;
  rwk_context *ctx = context();
  rwk_team *team = rwk_team_create(ctx, 2);
  _Atomic int by[2] = {0};
  int late = 0;
  for (int k = 0; k < 1000 && late < 2; k++) {
    const int before = by[1];
    rwk_team_run(team, 2, nap_elsewhere, by);
    if (by[1] == before) continue;
    late++;
    const int then = by[1];
    for (int run = 0; run < 16 * late; run++) rwk_team_run(team, 2, nap_elsewhere, by);
    assert_int_equal(by[1], then);
  }
  assert_int_equal(late, 2);
  rwk_team_destroy(team);
  rwk_context_destroy(ctx);
}

/* An open team has whoever joins it. */
typedef struct guest {
  rwk_team *team;
  atomic_uint *news;
  size_t number;
  _Atomic int runs;
} guest;

static void *visit(void *payload) {
  guest *g = payload;
  while (atomic_load(g->news) == 0) g->runs += rwk_team_join(g->team, g->number, g->news, 0);
  return NULL;
}

static void test_guests(void **state) {
  (void)state;
  enum { GUESTS = 2 };
  rwk_context *ctx = context();
  rwk_team *team = rwk_team_create_open(ctx, GUESTS + 1);
  tally t = {0};
  rwk_team_run(team, ITEMS, count, &t); /* nobody is there */
  assert_int_equal(t.by[0], ITEMS);
  atomic_uint news = 0;
  guest guests[GUESTS];
  pthread_t threads[GUESTS];
  for (size_t k = 0; k < GUESTS; k++) {
    guests[k] = (guest){.team = team, .news = &news, .number = k + 1};
    assert_int_equal(pthread_create(&threads[k], NULL, visit, &guests[k]), 0);
  }
  int runs = 1;
  for (t.nap = 1000; runs < 20000 && !(guests[0].runs && guests[1].runs && t.by[1] && t.by[2]); runs++)
    rwk_team_run(team, ITEMS, count, &t);
  for (size_t i = 0; i < ITEMS; i++) assert_int_equal(t.done[i], runs);
  assert_true(t.by[1] && t.by[2]);
  assert_false(t.met);
  atomic_store(&news, 1);
  for (size_t k = 0; k < GUESTS; k++) pthread_join(threads[k], NULL);
  assert_int_equal(rwk_team_join(team, 1, &news, 0), 0);
  assert_int_equal(rwk_team_join(team, GUESTS + 1, &news, 1), 0); /* no such member */
  assert_int_equal(rwk_team_join(NULL, 1, &news, 1), 0);
  rwk_context *child;
  assert_int_equal(rwk_context_fork(&child, ctx, 1), RWK_OK);
  rwk_context_set_team(child, team);
  assert_ptr_equal(rwk_context_team(child), team);
  rwk_context_destroy(child); /* which leaves the team */
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
      cmocka_unit_test(test_of_all_sizes),
      cmocka_unit_test(test_busy),
      cmocka_unit_test(test_late),
      cmocka_unit_test(test_guests),
      cmocka_unit_test(test_destroyed_unused),
      cmocka_unit_test(test_signals_are_the_hosts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
