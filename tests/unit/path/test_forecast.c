/* How long a path will take, on costs that are made up: no clock is asked. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/context.h"
#include "base/stream.h"
#include "path/forecast.h"

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

enum { COUNT = 19, STARTS = 6 };

/* Cheap at one end of the grid, dear in the middle: no two penalties cost the same. */
static double fit_cost(rwk_walk walk, size_t i) {
  return (walk == RWK_WALK_COLD ? 1.8 : 1) * (1 + 4 * exp(-0.1 * ((double)i - 8) * ((double)i - 8)));
}

static double step_cost(rwk_walk walk, size_t i) {
  return (walk == RWK_WALK_UP ? 4 : 8) * (i == 11 ? 4 : 1 + 0.3 * (double)(i % 3));
}

/* A path that does `speed` seconds of work in a second of the clock: from a quarter on its forecast is right
 * within a fifth. */
static void check_path(unsigned walks, int explain, double speed) {
  rwk_forecast f;
  double whole = 0, gone = 0;
  assert_int_equal(rwk_forecast_open(&f, ctx, walks, STARTS, COUNT, explain, 0), RWK_OK);
  assert_true(isnan(rwk_forecast_left(&f, 1)));
  for (int turn = 0; turn < 2; turn++) /* the first only adds up */
    for (int work = 0; work < 2; work++)
      for (int walk = RWK_WALK_UP; walk <= (work ? RWK_WALK_DOWN : RWK_WALK_COLD); walk++)
        for (int start = 0; start < STARTS; start++)
          for (size_t k = 0; k + (size_t)work < COUNT; k++) {
            if (!(walks >> walk & 1) || (work && !explain)) continue;
            const size_t i = walk == RWK_WALK_DOWN ? COUNT - 1 - k - (size_t)work : k;
            const double cost = work ? step_cost((rwk_walk)walk, i) : fit_cost((rwk_walk)walk, i);
            if (turn == 0) {
              whole += cost / speed;
              continue;
            }
            gone += cost / speed;
            if (work)
              rwk_forecast_step(&f, (rwk_walk)walk, i, cost);
            else
              rwk_forecast_fit(&f, (rwk_walk)walk, i, cost, 0);
            const double all = gone + rwk_forecast_left(&f, gone);
            if (gone >= 0.25 * whole && fabs(all - whole) > 0.2 * whole)
              fail_msg("walks %x, at %.2f of the time: %.3g in place of %.3g", walks, gone / whole, all,
                       whole);
          }
  assert_true(fabs(rwk_forecast_left(&f, gone)) < 1e-9 * whole);
  rwk_forecast_close(&f, ctx);
}

static void test_paths(void **state) {
  (void)state;
  const unsigned warm = RWK_WALKS_UP | RWK_WALKS_DOWN;
  for (double speed = 0.5; speed < 3; speed *= 2) {
    check_path(warm, 0, speed);
    check_path(warm | RWK_WALKS_COLD, 0, speed);
    check_path(warm, 1, speed);
    check_path(warm | RWK_WALKS_COLD, 1, speed);
  }
}

/* What is fetched says what such work costs, but not how fast this machine is now. */
static void test_fetched(void **state) {
  (void)state;
  rwk_forecast f;
  assert_int_equal(rwk_forecast_open(&f, ctx, RWK_WALKS_UP, 2, 4, 0, 0), RWK_OK);
  for (size_t i = 0; i < 4; i++) rwk_forecast_fit(&f, RWK_WALK_UP, i, (double)(i + 1), 1);
  assert_true(isnan(rwk_forecast_left(&f, 0.1)));
  rwk_forecast_fit(&f, RWK_WALK_UP, 0, 1, 0);
  assert_true(fabs(rwk_forecast_left(&f, 0.5) - 0.5 * (2 + 3 + 4)) < 1e-9);
  f.search_left = 7; /* the search has begun: it knows better */
  assert_true(rwk_forecast_left(&f, 0.5) == 7);
  rwk_forecast_close(&f, ctx);
}

/* The expected rounds against rounds that are played, gains by chance. */
static void test_rounds_of_the_search(void **state) {
  (void)state;
  rwk_stream s;
  rwk_stream_init(&s, 1, 2);
  rwk_outlook o = {.rounds = 9, .gains = 29, .chances = 58}; /* a rate of exactly 0.5 */
  for (int idle = 0; idle < 12; idle += 4) {
    enum { PLAYED = 20000, PATIENCE = 12, MOST = 60 };
    double sum = 0;
    for (int game = 0; game < PLAYED; game++) {
      int k = idle, t = 0;
      for (; t < MOST && k < PATIENCE; t++) {
        const double u = (double)(rwk_stream_u64(&s) >> 11) * 0x1p-53;
        k = u < 0.5 / (double)(o.rounds + t + 1) ? 0 : k + 1;
      }
      sum += t;
    }
    const double expected = rwk_outlook_rounds(&o, idle, PATIENCE, MOST);
    if (fabs(expected - sum / PLAYED) > 0.1) fail_msg("%g, played %g", expected, sum / PLAYED);
  }
  assert_true(rwk_outlook_rounds(&o, 12, 12, 60) == 0);
  assert_true(rwk_outlook_rounds(&o, 0, 12, 3) == 3);
  o = (rwk_outlook){0};
  for (int t = 0; t < 200; t++) rwk_outlook_add(&o, 0, 10, 5);
  assert_true(fabs(rwk_outlook_price(&o) - 0.5) < 1e-9);
  assert_true(fabs(rwk_outlook_rounds(&o, 3, 30, 100) - 27) < 0.5); /* nothing was ever found */
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_paths), cmocka_unit_test(test_fetched),
                                     cmocka_unit_test(test_rounds_of_the_search)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
