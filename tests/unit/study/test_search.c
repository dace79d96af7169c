/* Search as a library: places, Sobol's numbers, what is kept, threads, efficiency, chances and effects. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <ridgewalk/search.h>
#include "base/stream.h"

enum { ROWS = 40, TRIALS = 12 };

typedef struct place {
  rwk_context *ctx;
  rwk_table *table;
  rwk_design *design;
  rwk_folds *folds;
} place;

static void make(place *p, int threads) {
  rwk_context_settings cs;
  rwk_context_settings_init(&cs);
  cs.threads = threads;
  assert_int_equal(rwk_context_create(&p->ctx, &cs), RWK_OK);
  char text[ROWS * 100 + 20] = "a,b,w,y\n";
  rwk_stream s;
  rwk_stream_init(&s, 7, 0);
  for (int i = 0; i < ROWS; i++) {
    const double a = rwk_stream_normal(&s), b = rwk_stream_normal(&s);
    snprintf(text + strlen(text), 100, "%.17g,%.17g,%.17g,%.17g\n", a, b, 0.5 + rwk_stream_uniform(&s),
             40 + 3 * tanh(2 * a) * b + 0.2 * rwk_stream_normal(&s));
  }
  rwk_design_settings ds;
  rwk_folds_settings fs;
  rwk_design_settings_init(&ds);
  rwk_folds_settings_init(&fs);
  ds.standardise = 0;
  ds.row_weights = "w";
  fs.count = 4;
  assert_int_equal(rwk_table_parse(&p->table, p->ctx, "t", text, strlen(text), NULL), RWK_OK);
  assert_int_equal(rwk_design_create(&p->design, p->ctx, p->table, &ds), RWK_OK);
  assert_int_equal(rwk_folds_create(&p->folds, p->ctx, NULL, p->design, &fs), RWK_OK);
}

static void drop(place *p) {
  rwk_folds_destroy(p->folds);
  rwk_design_destroy(p->design);
  rwk_table_destroy(p->table);
  rwk_context_destroy(p->ctx);
}

static void settings_init(rwk_search_settings *s) {
  rwk_search_settings_init(s);
  s->space = (rwk_space){.lambda = {0x1p-10, 0x1p0},
                         .hidden = {1, 4},
                         .depth = {1, 2},
                         .activations = {RWK_ACTIVATION_TANH, RWK_ACTIVATION_LOGISTIC},
                         .activation_count = 2,
                         .solvers = {RWK_SOLVER_NEWTON},
                         .solver_count = 1};
  s->trials = TRIALS;
}

/* A store in memory. */
typedef struct store {
  rwk_trial all[TRIALS];
  int there[TRIALS];
  size_t saved, fetched;
} store;

static rwk_status save(const rwk_trial *trial, void *payload) {
  store *s = payload;
  s->all[trial->index] = *trial;
  s->there[trial->index] = 1;
  s->saved++;
  return RWK_OK;
}

static rwk_status fetch(rwk_trial *trial, int *found, size_t index, void *payload) {
  store *s = payload;
  *found = s->there[index];
  if (*found) *trial = s->all[index];
  s->fetched += (size_t)*found;
  return RWK_OK;
}

static void same(const rwk_search *a, const rwk_search *b) {
  const rwk_search_summary *s = rwk_search_summary_get(a), *t = rwk_search_summary_get(b);
  size_t n, m;
  for (size_t i = 0; i < s->trials; i++) {
    rwk_trial x = rwk_search_trials(a)[i], y = rwk_search_trials(b)[i];
    x.seconds = y.seconds = 0;
    assert_int_equal(x.index, y.index);
    assert_int_equal(x.hidden, y.hidden);
    assert_int_equal(x.depth, y.depth);
    assert_int_equal(x.activation, y.activation);
    assert_int_equal(x.certified, y.certified);
    assert_memory_equal(&x.lambda, &y.lambda, sizeof x.lambda);
    assert_memory_equal(&x.mean, &y.mean, sizeof x.mean);
    assert_memory_equal(&x.se, &y.se, sizeof x.se);
    assert_memory_equal(&x.in_sample, &y.in_sample, sizeof x.in_sample);
  }
  assert_int_equal(s->best, t->best);
  assert_memory_equal(&s->expected, &t->expected, sizeof s->expected);
  assert_memory_equal(&s->explained, &t->explained, sizeof s->explained);
  assert_memory_equal(rwk_search_efficiency(&n, a), rwk_search_efficiency(&m, b),
                      s->trials * sizeof(rwk_efficiency));
  assert_int_equal(n, m);
  assert_memory_equal(rwk_search_chances(a), rwk_search_chances(b), s->trials * sizeof(double));
}

/* One thread, four, and six trials that were done earlier: the same bits. */
static void test_threads_and_what_was_done_earlier(void **state) {
  (void)state;
  static const int threads[] = {1, 4, 2};
  static const size_t earlier[] = {0, 3, 4, 7, 8, 11};
  place p[3];
  rwk_search *search[3];
  store s = {.saved = 0};
  for (int k = 0; k < 3; k++) {
    make(&p[k], threads[k]);
    rwk_search_settings settings;
    settings_init(&settings);
    settings.save = save;
    settings.fetch = fetch;
    settings.store_payload = &s;
    if (k == 2) {
      for (size_t i = 0; i < TRIALS; i++) s.there[i] = 0;
      for (size_t i = 0; i < sizeof earlier / sizeof *earlier; i++) s.there[earlier[i]] = 1;
    } else {
      memset(&s, 0, sizeof s);
    }
    s.saved = s.fetched = 0;
    assert_int_equal(rwk_search_run(&search[k], p[k].ctx, p[k].design, p[k].folds, &settings), RWK_OK);
    assert_int_equal(s.saved, k == 2 ? TRIALS - 6 : TRIALS);
    assert_int_equal(s.fetched, k == 2 ? 6 : 0);
    same(search[0], search[k]);
  }
  const rwk_search_summary *sum = rwk_search_summary_get(search[0]);
  const rwk_trial *t = rwk_search_trials(search[0]);
  for (size_t i = 0; i < sum->trials; i++) {
    assert_int_equal(t[i].fits, 4);
    assert_true(t[i].mean >= t[sum->best].mean);
    assert_true(t[i].lambda >= 0x1p-10 && t[i].lambda <= 1);
  }
  for (int k = 0; k < 3; k++) {
    rwk_search_destroy(search[k]);
    drop(&p[k]);
  }
}

/* Trial i does not depend on how many there are; what is kept of another space is refused. */
static void test_trials_are_of_their_number_alone(void **state) {
  (void)state;
  rwk_search_settings s;
  settings_init(&s);
  for (int draw = RWK_DRAW_RANDOM; draw <= RWK_DRAW_SOBOL; draw++)
    for (size_t i = 0; i < 20; i++) {
      double u[RWK_SETTINGS], v[RWK_SETTINGS];
      rwk_trial_place(u, &s.space, (rwk_draw)draw, 5, 20, i);
      rwk_trial_place(v, &s.space, (rwk_draw)draw, 5, 2000, i);
      assert_memory_equal(u, v, sizeof u);
      rwk_trial_place(v, &s.space, (rwk_draw)draw, 6, 20, i);
      assert_memory_not_equal(u, v, sizeof u);
      for (int k = 0; k < RWK_SETTINGS; k++) assert_true(u[k] > 0 && u[k] < 1);
    }
  place p;
  rwk_search *search;
  store kept = {.there = {1}};
  make(&p, 1);
  s.fetch = fetch;
  s.store_payload = &kept;
  assert_int_equal(rwk_search_run(&search, p.ctx, p.design, p.folds, &s), RWK_MISMATCH);
  assert_non_null(strstr(rwk_context_error(p.ctx), "trial 0"));
  drop(&p);
}

/* Penalties and widths are as often in one octave as in another; a grid has every combination once. */
static void test_places(void **state) {
  (void)state;
  enum { MANY = 8000 };
  rwk_search_settings s;
  settings_init(&s);
  s.space.hidden[0] = 1, s.space.hidden[1] = 64;
  size_t octave[10] = {0}, activation[2] = {0}, one = 0;
  for (size_t i = 0; i < MANY; i++) {
    double u[RWK_SETTINGS];
    rwk_trial t;
    rwk_trial_place(u, &s.space, RWK_DRAW_RANDOM, 1, MANY, i);
    rwk_trial_at(&t, &s.space, u);
    octave[(int)floor(log2(t.lambda) + 10)]++;
    activation[t.activation == RWK_ACTIVATION_LOGISTIC]++;
    one += t.hidden == 1;
    assert_true(t.hidden >= 1 && t.hidden <= 64 && (t.depth == 1 || t.depth == 2));
  }
  for (int k = 0; k < 10; k++) assert_true(fabs((double)octave[k] - MANY / 10.0) < 5 * sqrt(MANY * 0.09));
  assert_true(fabs((double)activation[0] - MANY / 2.0) < 5 * sqrt(MANY * 0.25));
  const double share = log(1.5 / 0.5) / log(64.5 / 0.5);
  assert_true(fabs((double)one - MANY * share) < 5 * sqrt(MANY * share * (1 - share)));

  /* 2 depths x 2 activations x 4 penalties x 4 widths is what 64 trials have room for; 80 too */
  assert_int_equal(rwk_trial_count(&s.space, RWK_DRAW_GRID, 64), 64);
  assert_int_equal(rwk_trial_count(&s.space, RWK_DRAW_GRID, 80), 64);
  assert_int_equal(rwk_trial_count(&s.space, RWK_DRAW_GRID, 3), 4);
  for (size_t i = 0; i < 64; i++)
    for (size_t j = 0; j < i; j++) {
      double u[RWK_SETTINGS], v[RWK_SETTINGS];
      rwk_trial_place(u, &s.space, RWK_DRAW_GRID, 0, 80, i);
      rwk_trial_place(v, &s.space, RWK_DRAW_GRID, 1, 80, j);
      assert_memory_not_equal(u, v, sizeof u);
    }
}

/* The first points as S. Joe and F. Y. Kuo publish them with new-joe-kuo-6.21201 (their sobol.cc, also
 * SciPy's scipy.stats.qmc.Sobol(8, scramble=False)), in 64ths. */
static void test_sobol_numbers(void **state) {
  (void)state;
  static const int wanted[8][8] = {{0, 0, 0, 0, 0, 0, 0, 0},         {32, 32, 32, 32, 32, 32, 32, 32},
                                   {48, 16, 16, 16, 48, 48, 16, 48}, {16, 48, 48, 48, 16, 16, 48, 16},
                                   {24, 24, 40, 56, 24, 8, 24, 56},  {56, 56, 8, 24, 56, 40, 56, 24},
                                   {40, 8, 56, 40, 40, 56, 8, 8},    {8, 40, 24, 8, 8, 24, 40, 40}};
  for (uint32_t i = 0; i < 8; i++) {
    double x[8];
    rwk_sobol(x, 8, i);
    for (int d = 0; d < 8; d++)
      if (x[d] != wanted[i][d] / 64.0) fail_msg("point %u, dimension %d: %g", i, d, x[d] * 64);
  }
  /* a (t, s)-net: of the first 2^k points each of 2^k intervals of every dimension has one */
  for (int d = 0; d < 8; d++) {
    unsigned char seen[1024] = {0};
    for (uint32_t i = 0; i < 1024; i++) {
      double x[8];
      rwk_sobol(x, 8, i);
      const int at = (int)(x[d] * 1024);
      assert_int_equal(seen[at], 0);
      seen[at] = 1;
    }
  }
}

/* Against every subset of eight scores, one of them twice. */
static void test_efficiency_is_the_mean_over_all_subsets(void **state) {
  (void)state;
  enum { N = 8 };
  static const double x[N] = {0.7, 0.2, 0.9, 0.2, 0.4, 1.3, 0.35, 0.6};
  rwk_context *ctx;
  rwk_efficiency curve[N];
  assert_int_equal(rwk_context_create(&ctx, NULL), RWK_OK);
  assert_int_equal(rwk_efficiency_curve(curve, ctx, x, N), RWK_OK);
  for (int m = 1; m <= N; m++) {
    double lowest[256], sum = 0;
    int count = 0;
    for (int set = 1; set < 1 << N; set++) {
      double low = INFINITY;
      int size = 0;
      for (int i = 0; i < N; i++)
        if (set >> i & 1) {
          low = fmin(low, x[i]);
          size++;
        }
      if (size != m) continue;
      int k = count++;
      for (; k > 0 && lowest[k - 1] > low; k--) lowest[k] = lowest[k - 1];
      lowest[k] = low;
      sum += low;
    }
    assert_int_equal(curve[m - 1].trials, m);
    assert_float_equal(curve[m - 1].mean, sum / count, 1e-14);
    const double quartile[] = {curve[m - 1].low, curve[m - 1].median, curve[m - 1].high};
    for (int q = 0; q < 3; q++) { /* the smallest value that a quarter of the subsets do not exceed */
      const int at = (int)ceil((q + 1) * count / 4.0) - 1;
      assert_float_equal(quartile[q], lowest[at], 0);
    }
  }
  rwk_context_destroy(ctx);
}

/* Two trials: a normal distribution function; more: against draws; without standard errors the lowest wins.
 */
static void test_winner(void **state) {
  (void)state;
  enum { N = 5, DRAWS = 200000 };
  rwk_context *ctx;
  double chance[N], expected, sd;
  assert_int_equal(rwk_context_create(&ctx, NULL), RWK_OK);
  const double two[] = {0.5, 0.53}, se[] = {0.03, 0.04};
  assert_int_equal(rwk_search_winner(chance, &expected, &sd, ctx, two, se, 2), RWK_OK);
  assert_float_equal(chance[0], 0.5 * erfc(-0.03 / 0.05 / sqrt(2)), 1e-9);
  assert_float_equal(expected, chance[0] * 0.5 + chance[1] * 0.53, 1e-15);
  const double second = chance[0] * (0.25 + 0.0009) + chance[1] * (0.53 * 0.53 + 0.0016);
  assert_float_equal(sd, sqrt(second - expected * expected), 1e-12);

  const double mean[N] = {0.31, 0.3, NAN, 0.34, 0.6}, error[N] = {0.02, 0.001, NAN, 0.05, 0.01};
  assert_int_equal(rwk_search_winner(chance, &expected, &sd, ctx, mean, error, N), RWK_OK);
  double won[N] = {0};
  rwk_stream s;
  rwk_stream_init(&s, 3, 3);
  for (int k = 0; k < DRAWS; k++) {
    int best = 0;
    double low = INFINITY;
    for (int i = 0; i < N; i++) {
      const double z = mean[i] + error[i] * rwk_stream_normal(&s);
      if (z < low) {
        low = z;
        best = i;
      }
    }
    won[best] += 1.0 / DRAWS;
  }
  double sum = 0;
  for (int i = 0; i < N; i++) {
    assert_float_equal(chance[i], won[i], 5 * sqrt(0.25 / DRAWS));
    sum += chance[i];
  }
  assert_float_equal(sum, 1, 1e-12);
  assert_true(chance[2] == 0);

  const double none[N] = {0, 0, 0, 0, 0};
  assert_int_equal(rwk_search_winner(chance, &expected, &sd, ctx, mean, none, N), RWK_OK);
  assert_float_equal(chance[1], 1, 1e-9);
  assert_float_equal(expected, 0.3, 1e-9);
  const double nothing[] = {NAN, INFINITY};
  assert_int_equal(rwk_search_winner(chance, &expected, &sd, ctx, nothing, none, 2), RWK_NUMERICAL);
  rwk_context_destroy(ctx);
}

static const rwk_effect *effect(const rwk_effect *list, size_t count, size_t first, size_t second) {
  for (size_t k = 0; k < count; k++)
    if (list[k].first == first && list[k].second == second) return &list[k];
  fail();
  return NULL;
}

/* A function whose parts and their variances are known: 2 P1(a) + P3(a) + 3 P1(a) P2(b) + c in levels. */
static void test_importance_of_a_known_function(void **state) {
  (void)state;
  enum { N = 120, D = 4 };
  static const size_t levels[D] = {0, 0, 3, 1};
  static const double worth[3] = {-1, 0.5, 0.5}; /* mean 0, mean square 0.5 */
  double u[N * D], y[N], explained;
  rwk_effect effects[D * (D + 1) / 2];
  rwk_context *ctx;
  rwk_stream s;
  rwk_stream_init(&s, 11, 0);
  for (size_t i = 0; i < N; i++) {
    for (size_t k = 0; k < D; k++) u[i * D + k] = rwk_stream_uniform(&s);
    const double a = 2 * u[i * D] - 1, b = 2 * u[i * D + 1] - 1, p3 = 0.5 * (5 * a * a * a - 3 * a),
                 p2 = 0.5 * (3 * b * b - 1);
    y[i] = 7 + 2 * a + p3 + 3 * a * p2 + worth[(int)(3 * u[i * D + 2])];
  }
  /* the mean square of P_n over the interval is 1 / (2 n + 1) */
  const double of_a = 4 / 3.0 + 1 / 7.0, of_ab = 9 / 15.0, of_c = 0.5, all = of_a + of_ab + of_c;
  assert_int_equal(rwk_context_create(&ctx, NULL), RWK_OK);
  assert_int_equal(rwk_importance(effects, &explained, ctx, u, levels, D, y, N), RWK_OK);
  assert_float_equal(explained, 1, 1e-6);
  assert_float_equal(effect(effects, 10, 0, 0)->share, of_a / all, 1e-4);
  assert_float_equal(effect(effects, 10, 0, 1)->share, of_ab / all, 1e-4);
  assert_float_equal(effect(effects, 10, 2, 2)->share, of_c / all, 1e-4);
  for (size_t k = 0; k < 3; k++) assert_float_equal(effect(effects, 10, k, 3)->share, 0, 0); /* fixed */
  for (size_t k = 1; k < 10; k++) assert_true(effects[k - 1].share >= effects[k].share);

  /* noise alone: nothing is explained; a constant, and too few rows, are refused */
  for (size_t i = 0; i < N; i++) y[i] = rwk_stream_normal(&s);
  assert_int_equal(rwk_importance(effects, &explained, ctx, u, levels, D, y, N), RWK_OK);
  assert_true(explained < 0.1);
  assert_int_equal(rwk_importance(effects, &explained, ctx, u, levels, D, y, 7), RWK_DATA);
  for (size_t i = 0; i < N; i++) y[i] = 3;
  assert_int_equal(rwk_importance(effects, &explained, ctx, u, levels, D, y, N), RWK_DATA);
  rwk_context_destroy(ctx);
}

static void refused(const place *p, const rwk_search_settings *s, const char *say) {
  rwk_search *search = (rwk_search *)1;
  assert_int_equal(rwk_search_run(&search, p->ctx, p->design, p->folds, s), RWK_INVALID_ARGUMENT);
  assert_null(search);
  if (!strstr(rwk_context_error(p->ctx), say)) fail_msg("%s: %s", say, rwk_context_error(p->ctx));
}

static void test_refused(void **state) {
  (void)state;
  place p;
  make(&p, 1);
  rwk_search_settings s;
  settings_init(&s);
  s.size = 1;
  refused(&p, &s, "init");
  settings_init(&s);
  s.trials = 0;
  refused(&p, &s, "trials");
  settings_init(&s);
  s.space.lambda[0] = 0;
  refused(&p, &s, "lambda");
  settings_init(&s);
  s.space.hidden[0] = 5;
  refused(&p, &s, "hidden");
  settings_init(&s);
  s.space.depth[0] = 0;
  refused(&p, &s, "depth");
  settings_init(&s);
  s.space.activation_count = 0;
  refused(&p, &s, "activations");
  settings_init(&s);
  s.space.solver_count = 0;
  refused(&p, &s, "solvers");
  drop(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_threads_and_what_was_done_earlier),
      cmocka_unit_test(test_trials_are_of_their_number_alone),
      cmocka_unit_test(test_places),
      cmocka_unit_test(test_sobol_numbers),
      cmocka_unit_test(test_efficiency_is_the_mean_over_all_subsets),
      cmocka_unit_test(test_winner),
      cmocka_unit_test(test_importance_of_a_known_function),
      cmocka_unit_test(test_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
