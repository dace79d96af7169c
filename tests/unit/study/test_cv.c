/* Cross-validation as a library: repeats, threads, what was made earlier, and what is refused. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <ridgewalk/cv.h>
#include "base/stream.h"

enum { ROWS = 40, LAMBDAS = 3, FITS_MOST = 400 };

static const double grid[LAMBDAS] = {0x1p-8, 0x1p-5, 0x1p-2};

typedef struct place {
  rwk_context *ctx;
  rwk_table *table;
  rwk_design *design;
} place;

static void make(place *p, int threads) {
  rwk_context_settings cs;
  rwk_context_settings_init(&cs);
  cs.threads = threads;
  assert_int_equal(rwk_context_create(&p->ctx, &cs), RWK_OK);
  char text[ROWS * 80 + 20] = "a,b,y\n";
  rwk_stream s;
  rwk_stream_init(&s, 7, 0);
  for (int i = 0; i < ROWS; i++) {
    const double a = rwk_stream_normal(&s), b = rwk_stream_normal(&s);
    snprintf(text + strlen(text), 80, "%.17g,%.17g,%.17g\n", a, b,
             tanh(2 * a) * b + 0.2 * rwk_stream_normal(&s));
  }
  rwk_design_settings ds;
  rwk_design_settings_init(&ds);
  ds.standardise = 0;
  assert_int_equal(rwk_table_parse(&p->table, p->ctx, "t", text, strlen(text), NULL), RWK_OK);
  assert_int_equal(rwk_design_create(&p->design, p->ctx, p->table, &ds), RWK_OK);
}

static void drop(place *p) {
  rwk_design_destroy(p->design);
  rwk_table_destroy(p->table);
  rwk_context_destroy(p->ctx);
}

static void settings_init(rwk_cv_settings *s) {
  static const size_t hidden[] = {3};
  rwk_cv_settings_init(s);
  s->mlp.hidden = hidden;
  s->mlp.hidden_count = 1;
  s->path.lambda = grid;
  s->path.lambda_count = LAMBDAS;
  s->path.explain = 0;
}

static rwk_folds *divide(const place *p, size_t repeats) {
  rwk_folds *folds;
  rwk_folds_settings s;
  rwk_folds_settings_init(&s);
  s.count = 4;
  s.repeats = repeats;
  assert_int_equal(rwk_folds_create(&folds, p->ctx, NULL, p->design, &s), RWK_OK);
  return folds;
}

/* A store in memory. */
typedef struct kept {
  rwk_fit fit;
  size_t fold;
  double w[64];
} kept;

typedef struct store {
  kept all[FITS_MOST];
  size_t count, paths, fetched;
  size_t done[16];
} store;

static rwk_status save_fit(const rwk_fit *fit, size_t fold, void *payload) {
  store *s = payload;
  kept *k = &s->all[s->count++];
  const size_t dim = 3 * 3 + 4;
  *k = (kept){.fit = *fit, .fold = fold};
  memcpy(k->w, fit->w, dim * sizeof *k->w);
  return s->count < FITS_MOST ? RWK_OK : RWK_CALLBACK;
}

static rwk_status fetch_fit(rwk_fit *fit, double *w, int *found, rwk_walk walk, int start, size_t index,
                            size_t fold, void *payload) {
  store *s = payload;
  *found = 0;
  for (size_t k = 0; k < s->count && !*found; k++) {
    const kept *at = &s->all[k];
    if (at->fold != fold || at->fit.walk != walk || at->fit.start != start || at->fit.index != index)
      continue;
    *fit = at->fit;
    memcpy(w, at->w, (3 * 3 + 4) * sizeof *w);
    *found = 1;
    s->fetched++;
  }
  return RWK_OK;
}

static rwk_status save_path(const rwk_path *path, size_t fold, void *payload) {
  store *s = payload;
  assert_int_equal(rwk_path_lambda_count(path), LAMBDAS);
  s->done[s->paths++] = fold;
  return RWK_OK;
}

static rwk_status fetch_path(int *found, size_t fold, void *payload) {
  const store *s = payload;
  *found = 0;
  for (size_t k = 0; k < s->paths; k++) *found |= s->done[k] == fold;
  return RWK_OK;
}

static void same(const rwk_cv *a, const rwk_cv *b) {
  const rwk_cv_summary *s = rwk_cv_summary_get(a);
  assert_memory_equal(rwk_cv_points(a), rwk_cv_points(b), s->count * sizeof(rwk_cv_point));
  assert_memory_equal(s->index, rwk_cv_summary_get(b)->index, sizeof s->index);
  for (int choice = 0; choice < 2; choice++)
    assert_memory_equal(rwk_cv_held_out(a, choice), rwk_cv_held_out(b, choice),
                        s->repeats * s->rows * sizeof(double));
}

static void test_threads_and_what_was_made_earlier(void **state) {
  (void)state;
  rwk_cv *first = NULL;
  place p[3];
  store *s = calloc(1, sizeof *s);
  assert_non_null(s);
  static const int threads[] = {1, 4, 2};
  rwk_cv *cv[3];
  rwk_folds *folds[3];
  for (int k = 0; k < 3; k++) {
    make(&p[k], threads[k]);
    folds[k] = divide(&p[k], 2);
    rwk_cv_settings settings;
    settings_init(&settings);
    if (k) settings.store = (rwk_cv_store){save_fit, fetch_fit, save_path, fetch_path, s};
    if (k == 2) s->paths = 5; /* of nine paths five are done; of the others only fits are kept */
    assert_int_equal(rwk_cv_run(&cv[k], p[k].ctx, p[k].design, folds[k], &settings), RWK_OK);
    if (!first) first = cv[k];
    same(first, cv[k]);
  }
  assert_int_equal(s->paths, 9);
  assert_true(s->fetched > 5 * LAMBDAS);
  const rwk_cv_summary *sum = rwk_cv_summary_get(first);
  assert_int_equal(sum->folds, 4);
  assert_int_equal(sum->repeats, 2);
  /* the mean of a repeat is the mean square of its held-out errors, in units of the variance */
  double square = 0, scale = 0, mean = 0, rmse;
  const double *F = rwk_cv_held_out(first, RWK_CV_MIN), *y = rwk_cv_observed(first);
  for (int i = 0; i < ROWS; i++) mean += y[i] / ROWS;
  for (int i = 0; i < ROWS; i++) scale += (y[i] - mean) * (y[i] - mean) / ROWS;
  for (int i = 0; i < 2 * ROWS; i++) square += (y[i % ROWS] - F[i]) * (y[i % ROWS] - F[i]) / (2 * ROWS);
  const rwk_cv_point *best = &rwk_cv_points(first)[sum->index[RWK_CV_MIN]];
  assert_true(fabs(best->mean - square / scale) < 1e-12);
  rwk_cv_rmse(&rmse, first, RWK_CV_MIN);
  assert_true(fabs(rmse - sqrt(square)) < 1e-12);
  assert_true(best->parameters_gn > 0 && best->parameters_gn < 13);
  assert_true(best->explained > 0 && best->explained < 1);
  assert_non_null(rwk_cv_fit(first, 0, 0));
  assert_null(rwk_cv_fit(first, 0, 1));
  assert_null(rwk_cv_fit(first, LAMBDAS, 0));
  for (int k = 0; k < 3; k++) {
    rwk_cv_destroy(cv[k]);
    rwk_folds_destroy(folds[k]);
    drop(&p[k]);
  }
  free(s);
}

static int stop(void *payload) {
  return --*(int *)payload < 0;
}

static void test_refused(void **state) {
  (void)state;
  place p;
  make(&p, 1);
  rwk_folds *folds = divide(&p, 1);
  rwk_cv_settings s;
  rwk_cv *cv;
  settings_init(&s);
  s.size = 0;
  assert_int_equal(rwk_cv_run(&cv, p.ctx, p.design, folds, &s), RWK_INVALID_ARGUMENT);
  settings_init(&s);
  s.ensemble = 7;
  assert_int_equal(rwk_cv_run(&cv, p.ctx, p.design, folds, &s), RWK_INVALID_ARGUMENT);
  settings_init(&s);
  s.path.walks = RWK_WALKS_UP;
  assert_int_equal(rwk_cv_run(&cv, p.ctx, p.design, folds, &s), RWK_INVALID_ARGUMENT);
  assert_non_null(strstr(rwk_context_error(p.ctx), "best"));
  store *kept_paths = calloc(1, sizeof *kept_paths);
  kept_paths->paths = 1;
  kept_paths->done[0] = RWK_CV_ALL;
  settings_init(&s);
  s.store = (rwk_cv_store){save_fit, fetch_fit, save_path, fetch_path, kept_paths};
  s.path.lambda = NULL;
  s.path.lambda_count = 0;
  assert_int_equal(rwk_cv_run(&cv, p.ctx, p.design, folds, &s), RWK_INVALID_ARGUMENT);
  assert_null(cv);
  free(kept_paths);
  rwk_folds_destroy(folds);
  drop(&p);
  /* cancelled at any moment: nothing is left */
  for (int after = 1; after < 4000; after = after * 3) {
    rwk_context_settings cs;
    rwk_context *ctx;
    int left = after;
    make(&p, 1);
    folds = divide(&p, 1);
    rwk_context_settings_init(&cs);
    cs.threads = 1;
    cs.cancel = stop;
    cs.cancel_payload = &left;
    assert_int_equal(rwk_context_create(&ctx, &cs), RWK_OK);
    settings_init(&s);
    const rwk_status status = rwk_cv_run(&cv, ctx, p.design, folds, &s);
    assert_true(status == RWK_CANCELLED || (status == RWK_OK && left >= 0));
    rwk_cv_destroy(cv);
    rwk_context_destroy(ctx);
    rwk_folds_destroy(folds);
    drop(&p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads_and_what_was_made_earlier),
                                     cmocka_unit_test(test_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
