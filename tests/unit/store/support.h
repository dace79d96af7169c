/* Shared by the tests of the run file: a folder of their own, fits full of awkward numbers, comparison bit
 * for bit. */
#ifndef TESTS_UNIT_STORE_SUPPORT_H
#define TESTS_UNIT_STORE_SUPPORT_H

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <dirent.h>
#include <unistd.h>
#include <cmocka.h>
#include <sqlite3.h>
#include "base/stream.h"
#include "store/store.h"

typedef struct place {
  char folder[256], file[300];
  rwk_context *ctx;
} place;

static inline void make_folder(place *p) {
  const char *tmp = getenv("TMPDIR"), *memory_disk = "/dev/shm"; /* thousands of files are made and synced */
  if (!tmp) tmp = access(memory_disk, W_OK) == 0 ? memory_disk : "/tmp";
  snprintf(p->folder, sizeof p->folder, "%s/rwk-store-XXXXXX", tmp);
  assert_non_null(mkdtemp(p->folder));
  snprintf(p->file, sizeof p->file, "%s/a.rwk", p->folder);
}

static inline int count_files(const char *folder, int remove_them) {
  int count = 0;
  DIR *d = opendir(folder);
  assert_non_null(d);
  for (struct dirent *e; (e = readdir(d)) != NULL;) {
    if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
    count++;
    if (remove_them) {
      char name[600];
      snprintf(name, sizeof name, "%s/%s", folder, e->d_name);
      assert_int_equal(remove(name), 0);
    }
  }
  closedir(d);
  return count;
}

static inline int setup(void **state) {
  place *p = calloc(1, sizeof *p);
  assert_non_null(p);
  make_folder(p);
  assert_int_equal(rwk_context_create(&p->ctx, NULL), RWK_OK);
  *state = p;
  return 0;
}

static inline int teardown(void **state) {
  place *p = *state;
  rwk_context_destroy(p->ctx);
  count_files(p->folder, 1);
  rmdir(p->folder);
  free(p);
  return 0;
}

#define assert_ok(call) assert_status((call), RWK_OK, p->ctx, __LINE__)
#define assert_fails(call, status) assert_status((call), status, p->ctx, __LINE__)

static inline void assert_status(rwk_status got, rwk_status wanted, rwk_context *ctx, int line) {
  if (got != wanted)
    fail_msg("line %d: %s instead of %s: %s", line, rwk_status_name(got), rwk_status_name(wanted),
             rwk_context_error(ctx));
}

static inline void assert_says(rwk_context *ctx, const char *text) {
  if (!strstr(rwk_context_error(ctx), text)) fail_msg("'%s' is not in '%s'", text, rwk_context_error(ctx));
}

/* All bits equal, or both NaN. */
static inline void assert_double(double a, double b) {
  if (isnan(a) && isnan(b)) return;
  assert_memory_equal(&a, &b, sizeof a);
}

static inline double awkward(rwk_stream *s) {
  static const double all[] = {
      0.0, -0.0, 1.0, -2.0, DBL_MAX, -DBL_MIN, 5e-324, -5e-324, 1e-310, 9007199254740993.0, 0.1};
  const uint64_t pick = rwk_stream_u64(s) % 20;
  if (pick < sizeof all / sizeof *all) return all[pick];
  if (pick == 11) return (double)NAN;
  if (pick == 12) return (double)INFINITY;
  if (pick == 13) return -(double)INFINITY;
  return rwk_stream_normal(s);
}

static inline int64_t count_of(rwk_stream *s) {
  return (int64_t)(rwk_stream_u64(s) >> (rwk_stream_u64(s) % 60));
}

/* clang-format off: it never agrees with itself about these */
#define SOLVE_REALS(X) X(loss) X(penalty) X(objective) X(grad_inf) X(seconds)
#define SOLVE_COUNTS(X)                                                                                      \
  X(iterations) X(values) X(gradients) X(products) X(hessians) X(curvature_steps) X(escapes)
#define CERTIFICATE_REALS(X)                                                                                 \
  X(loss)                                                                                                    \
  X(penalty)                                                                                                 \
  X(objective)                                                                                               \
  X(grad_inf)                                                                                                \
  X(grad_norm)                                                                                               \
  X(grad_limit)                                                                                              \
  X(nearest_factor)                                                                                          \
  X(nearest_grad)                                                                                            \
  X(min_eig) X(min_eig_error) X(min_eig_rest) X(max_eig) X(zero_limit) X(escape_curvature) X(doubt) X(seconds)
#define CERTIFICATE_COUNTS(X) X(positive) X(zero) X(negative) X(flats) X(kinks) X(products)
#define DROP_REALS(X)                                                                                        \
  X(loss_from)                                                                                               \
  X(loss_to)                                                                                                 \
  X(at)                                                                                                      \
  X(low)                                                                                                     \
  X(high)                                                                                                    \
  X(excess_from)                                                                                             \
  X(excess_to)                                                                                               \
  X(certain)                                                                                                 \
  X(grad_inf_from)                                                                                           \
  X(grad_inf_to)                                                                                             \
  X(min_eig_from)                                                                                            \
  X(min_eig_to)                                                                                              \
  X(max_eig_from)                                                                                            \
  X(max_eig_to)                                                                                              \
  X(finished_from)                                                                                           \
  X(finished_to)                                                                                             \
  X(falls_by)                                                                                                \
  X(branch_loss)                                                                                             \
  X(branch_min_eig)                                                                                          \
  X(transversality)                                                                                          \
  X(lambda_beyond)                                                                                           \
  X(loss_beyond)                                                                                             \
  X(bias)                                                                                                    \
  X(curvature) X(null_weights) X(null_units) X(moved_weights) X(moved_units)
#define DROP_COUNTS(X) X(points) X(merges) X(monotone)
/* clang-format on */

/* A field that is added to a result must be stored too: these sizes and the lists above say so. */
_Static_assert(sizeof(rwk_solve_result) == 8 * 13, "the fields of rwk_solve_result have changed");
_Static_assert(sizeof(rwk_certificate) == 8 * (2 - 1 + 16 + 6 + 1) + 400,
               "the fields of rwk_certificate have changed");
_Static_assert(sizeof(rwk_drop) == 8 * (2 + 2 + 28 + 1 + 3) + 2 * 400, "the fields of rwk_drop have changed");

/* A fit whose every number is random and awkward; the same for the same seed. */
static inline rwk_fit random_fit(uint64_t seed, rwk_walk walk, int start, size_t index, double lambda,
                                 double *w, size_t dim) {
  rwk_stream s;
  rwk_stream_init(&s, seed, 5);
  rwk_fit f = {
      .walk = walk, .start = start, .index = index, .lambda = lambda, .seconds = awkward(&s), .w = w};
  f.solve.stop = (rwk_stop)(rwk_stream_u64(&s) % 8);
  f.certificate.verdict = (rwk_verdict)(rwk_stream_u64(&s) % 6);
  f.certificate.escapable = (int)(rwk_stream_u64(&s) % 2);
  f.certificate.dense = (int)(rwk_stream_u64(&s) % 2);
#define X(name) f.solve.name = awkward(&s);
  SOLVE_REALS(X)
#undef X
#define X(name) f.solve.name = count_of(&s);
  SOLVE_COUNTS(X)
#undef X
#define X(name) f.certificate.name = awkward(&s);
  CERTIFICATE_REALS(X)
#undef X
#define X(name) f.certificate.name = count_of(&s) - 1;
  CERTIFICATE_COUNTS(X)
#undef X
  snprintf(f.certificate.reason, sizeof f.certificate.reason, "it's \"%llu\"; DROP TABLE fit;--",
           (unsigned long long)seed);
  for (size_t i = 0; i < dim; i++) w[i] = awkward(&s);
  return f;
}

static inline void assert_same_fit(const rwk_fit *a, const rwk_fit *b) {
  assert_int_equal(a->walk, b->walk);
  assert_int_equal(a->start, b->start);
  assert_int_equal(a->index, b->index);
  assert_double(a->lambda, b->lambda);
  assert_double(a->seconds, b->seconds);
  assert_int_equal(a->solve.stop, b->solve.stop);
  assert_int_equal(a->certificate.verdict, b->certificate.verdict);
  assert_int_equal(a->certificate.escapable, b->certificate.escapable);
  assert_int_equal(a->certificate.dense, b->certificate.dense);
#define X(name) assert_double(a->solve.name, b->solve.name);
  SOLVE_REALS(X)
#undef X
#define X(name) assert_true(a->solve.name == b->solve.name);
  SOLVE_COUNTS(X)
#undef X
#define X(name) assert_double(a->certificate.name, b->certificate.name);
  CERTIFICATE_REALS(X)
#undef X
#define X(name) assert_true(a->certificate.name == b->certificate.name);
  CERTIFICATE_COUNTS(X)
#undef X
  assert_string_equal(a->certificate.reason, b->certificate.reason);
}

enum { DIM = 97, GRID = 7 };

static inline double grid_at(size_t i) {
  return ldexp(1, (int)i - 16);
}

/* The fit that a test run holds at one place. */
static inline rwk_fit standard_fit(rwk_walk walk, int start, size_t index, double *w) {
  return random_fit((uint64_t)walk * 1000 + (uint64_t)start * 100 + index, walk, start, index, grid_at(index),
                    w, DIM);
}

static inline rwk_drop_record standard_drop(size_t k) {
  rwk_stream s;
  rwk_stream_init(&s, k, 6);
  rwk_drop_record r = {.walk = (rwk_walk)(k % 3), .start = (int)k};
  r.drop.from = k % (GRID - 1);
  r.drop.to = r.drop.from + 1;
  r.drop.lambda_from = grid_at(r.drop.from);
  r.drop.lambda_to = grid_at(r.drop.to);
  r.drop.cause = (rwk_cause)(k % 8);
  r.drop.rise = (int)(k % 2);
#define X(name) r.drop.name = awkward(&s);
  DROP_REALS(X)
#undef X
#define X(name) r.drop.name = count_of(&s) - 1;
  DROP_COUNTS(X)
#undef X
  snprintf(r.drop.moves, sizeof r.drop.moves, "it's \"%zu\"", k);
  snprintf(r.drop.note, sizeof r.drop.note, "DROP TABLE fit;-- %zu", k);
  return r;
}

static inline void assert_same_drop(const rwk_drop *a, const rwk_drop *b) {
  assert_int_equal(a->from, b->from);
  assert_int_equal(a->to, b->to);
  assert_int_equal(a->cause, b->cause);
  assert_int_equal(a->rise, b->rise);
  assert_double(a->lambda_from, b->lambda_from);
  assert_double(a->lambda_to, b->lambda_to);
#define X(name) assert_double(a->name, b->name);
  DROP_REALS(X)
#undef X
#define X(name) assert_true(a->name == b->name);
  DROP_COUNTS(X)
#undef X
  assert_string_equal(a->moves, b->moves);
  assert_string_equal(a->note, b->note);
}

static inline rwk_origin standard_origin(size_t i) {
  rwk_stream s;
  rwk_stream_init(&s, 4, i);
  return (rwk_origin){.index = i,
                      .kind = (rwk_origin_kind)(i % 6),
                      .walk = (rwk_walk)(i % 4),
                      .start = (int)i,
                      .lambda = awkward(&s),
                      .won = awkward(&s)};
}

enum { SERIES = 5, SERIES_MOST = 64 };

/* In the order in which they are read. */
static inline rwk_series standard_series(size_t k, double values[SERIES_MOST]) {
  static const rwk_series all[SERIES] = {{RWK_SERIES_OBSERVED, RWK_WALK_UP, 0, 0, 11, 2, NULL},
                                         {RWK_SERIES_FITTED, RWK_WALK_UP, 0, 3, 11, 2, NULL},
                                         {RWK_SERIES_FITTED, RWK_WALK_COLD, 1, 2, 11, 2, NULL},
                                         {RWK_SERIES_SPECTRUM, RWK_WALK_UP, 0, 3, 64, 1, NULL},
                                         {RWK_SERIES_BRANCH, RWK_WALK_DOWN, 7, 1, 3, 4, NULL}};
  rwk_stream s;
  rwk_stream_init(&s, 3, k);
  for (size_t i = 0; i < SERIES_MOST; i++) values[i] = awkward(&s);
  rwk_series series = all[k];
  series.values = values;
  return series;
}

static inline rwk_status write_series(rwk_run *run) {
  double values[SERIES][SERIES_MOST];
  rwk_series list[SERIES];
  for (size_t k = 0; k < SERIES; k++) list[SERIES - 1 - k] = standard_series(k, values[k]);
  return rwk_run_set_series(run, list, SERIES);
}

static inline void assert_series(rwk_run *run) {
  size_t count;
  assert_int_equal(rwk_run_series_count(&count, run), RWK_OK);
  assert_int_equal(count, SERIES);
  for (size_t k = 0; k < SERIES; k++) {
    double values[SERIES_MOST];
    rwk_series got;
    const rwk_series wanted = standard_series(k, values);
    assert_int_equal(rwk_run_series_at(&got, run, k), RWK_OK);
    assert_int_equal(got.kind, wanted.kind);
    assert_int_equal(got.walk, wanted.walk);
    assert_int_equal(got.start, wanted.start);
    assert_int_equal(got.index, wanted.index);
    assert_int_equal(got.rows, wanted.rows);
    assert_int_equal(got.columns, wanted.columns);
    for (size_t i = 0; i < got.rows * got.columns; i++) assert_double(got.values[i], values[i]);
  }
}

/* How much a standard file holds of a cross-validation: fits of a fold, and rows. */
#ifndef STANDARD_FOLD_FITS
#define STANDARD_FOLD_FITS GRID
#define STANDARD_CV_ROWS 6
#endif

enum { DROPS = 5, FITS = 2 * GRID, FOLDS = 2, FOLD_FITS = STANDARD_FOLD_FITS, CV_ROWS = STANDARD_CV_ROWS };

static const rwk_cv_summary standard_cv = {.count = GRID,
                                           .rows = CV_ROWS,
                                           .outputs = 2,
                                           .folds = FOLDS,
                                           .repeats = 1,
                                           .ensemble = 3,
                                           .index = {2, 5},
                                           .end = -1,
                                           .twins = 2,
                                           .twin_first = 1,
                                           .twin_second = 2,
                                           .seconds = 0.25};

static inline rwk_cv_point standard_cv_point(size_t i) {
  rwk_stream s;
  rwk_stream_init(&s, 8, i);
  return (rwk_cv_point){.lambda = grid_at(i),
                        .mean = awkward(&s),
                        .se = awkward(&s),
                        .parameters = awkward(&s),
                        .parameters_gn = awkward(&s),
                        .explained = awkward(&s)};
}

static inline rwk_cv_row standard_cv_row(size_t k) {
  rwk_stream s;
  rwk_stream_init(&s, 9, k);
  return (rwk_cv_row){.row = k / 2,
                      .output = k % 2,
                      .fold = k / 2 % FOLDS,
                      .weight = awkward(&s),
                      .observed = awkward(&s),
                      .at_min = awkward(&s),
                      .at_1se = awkward(&s)};
}

/* The folds, each with some fits and a drop, and the result. */
static inline rwk_status write_standard_cv(rwk_context *ctx, rwk_run *run) {
  double w[DIM];
  rwk_status status = RWK_OK;
  for (size_t f = 0; f < FOLDS && status == RWK_OK; f++) {
    for (size_t i = 0; i < FOLD_FITS && status == RWK_OK; i++) {
      const rwk_fit fit = standard_fit(RWK_WALK_BEST, (int)f, i, w);
      status = rwk_run_save_fold_fit(&fit, f, run);
    }
    const rwk_fold_record record = {f, 0.5};
    if (status == RWK_OK) status = rwk_store_room_for_drops(run, 1);
    if (status != RWK_OK) return status;
    run->fold_drops[run->fold_drop_count] = (rwk_fold_drop_record){f, standard_drop(f)};
    status = rwk_store_finish_fold(run, &record, 1);
  }
  rwk_cv_point *points = rwk_alloc(ctx, GRID, sizeof *points);
  rwk_cv_row *rows = rwk_alloc(ctx, 2 * CV_ROWS, sizeof *rows);
  if (status == RWK_OK && (!points || !rows)) status = rwk_fail_memory(ctx, "a test");
  for (size_t i = 0; i < GRID && status == RWK_OK; i++) points[i] = standard_cv_point(i);
  for (size_t k = 0; k < 2 * CV_ROWS && status == RWK_OK; k++) rows[k] = standard_cv_row(k);
  if (status == RWK_OK) status = rwk_store_finish_cv(run, &standard_cv, points, rows);
  if (status == RWK_OK) return RWK_OK;
  rwk_free(ctx, points);
  rwk_free(ctx, rows);
  return status;
}

static inline rwk_status read_standard_cv(rwk_run *run) {
  size_t count, fold;
  int found;
  assert_int_equal(rwk_run_fold_count(run), FOLDS);
  assert_int_equal(rwk_run_fold_fit_count(&count, run), RWK_OK);
  assert_int_equal(count, FOLDS * FOLD_FITS);
  for (size_t k = 0; k < count; k++) {
    double w[DIM], v[DIM];
    rwk_fit got, again;
    const rwk_fit wanted = standard_fit(RWK_WALK_BEST, (int)(k / FOLD_FITS), k % FOLD_FITS, v);
    rwk_status status = rwk_run_fold_fit_at(&got, &fold, w, run, k);
    if (status != RWK_OK) return status;
    assert_int_equal(fold, k / FOLD_FITS);
    assert_same_fit(&got, &wanted);
    assert_memory_equal(w, v, sizeof w);
    status = rwk_run_fetch_fold_fit(&again, w, &found, RWK_WALK_BEST, (int)fold, k % FOLD_FITS, fold, run);
    if (status != RWK_OK) return status;
    assert_int_equal(found, 1);
    assert_same_fit(&again, &wanted);
    assert_int_equal(rwk_run_fetch_fold_fit(&again, w, &found, RWK_WALK_UP, 0, k % FOLD_FITS, fold, run),
                     RWK_OK);
    assert_int_equal(found, 0);
  }
  assert_int_equal(rwk_run_fold_drop_count(&count, run), RWK_OK);
  assert_int_equal(count, FOLDS);
  for (size_t k = 0; k < count; k++) {
    rwk_drop drop;
    rwk_walk walk;
    int start;
    const rwk_drop_record wanted = standard_drop(k);
    assert_int_equal(rwk_run_fold_drop_at(&drop, &walk, &start, &fold, run, k), RWK_OK);
    assert_same_drop(&drop, &wanted.drop);
    assert_int_equal(fold, k);
    assert_int_equal(walk, wanted.walk);
  }
  for (size_t f = 0; f <= FOLDS; f++) {
    assert_int_equal(rwk_run_fetch_fold_path(&found, f, run), RWK_OK);
    assert_int_equal(found, f < FOLDS);
  }
  const rwk_cv_summary *cv = rwk_run_cv(run);
  assert_non_null(cv);
  assert_int_equal(cv->index[0], 2);
  assert_int_equal(cv->index[1], 5);
  assert_int_equal(cv->end, -1);
  assert_int_equal(cv->ensemble, 3);
  assert_int_equal(cv->twin_second, 2);
  assert_double(cv->seconds, 0.25);
  for (size_t i = 0; i < GRID; i++) {
    const rwk_cv_point *got = &rwk_run_cv_points(run)[i], wanted = standard_cv_point(i);
    assert_double(got->lambda, wanted.lambda);
    assert_double(got->mean, wanted.mean);
    assert_double(got->se, wanted.se);
    assert_double(got->parameters, wanted.parameters);
    assert_double(got->parameters_gn, wanted.parameters_gn);
    assert_double(got->explained, wanted.explained);
  }
  const rwk_cv_row *rows = rwk_run_cv_rows(&count, run);
  assert_int_equal(count, 2 * CV_ROWS);
  for (size_t k = 0; k < count; k++) {
    const rwk_cv_row wanted = standard_cv_row(k);
    assert_int_equal(rows[k].row, wanted.row);
    assert_int_equal(rows[k].output, wanted.output);
    assert_int_equal(rows[k].fold, wanted.fold);
    assert_double(rows[k].weight, wanted.weight);
    assert_double(rows[k].observed, wanted.observed);
    assert_double(rows[k].at_min, wanted.at_min);
    assert_double(rows[k].at_1se, wanted.at_1se);
  }
  return RWK_OK;
}

enum { TRIALS = 3 };

static inline rwk_trial standard_trial(size_t i) {
  rwk_stream s;
  rwk_stream_init(&s, 10, i);
  return (rwk_trial){.index = i,
                     .lambda = grid_at(i),
                     .hidden = 3 + i,
                     .depth = 1 + i,
                     .activation = (rwk_activation)i,
                     .solver = (rwk_solver_kind)(i % 2),
                     .parameters = 100 * i,
                     .mean = awkward(&s),
                     .se = awkward(&s),
                     .in_sample = awkward(&s),
                     .fits = 5,
                     .certified = i,
                     .iterations = count_of(&s),
                     .seconds = awkward(&s)};
}

static inline rwk_efficiency standard_efficiency(size_t k) {
  rwk_stream s;
  rwk_stream_init(&s, 11, k);
  return (rwk_efficiency){k + 1, awkward(&s), awkward(&s), awkward(&s), awkward(&s)};
}

static const rwk_effect standard_effects[2] = {{1, 1, 0.75}, {0, 4, 0.25}};
static const rwk_search_summary standard_search = {.trials = TRIALS,
                                                   .rows = 11,
                                                   .outputs = 2,
                                                   .folds = 5,
                                                   .held_out = 1,
                                                   .best = 2,
                                                   .expected = 0.5,
                                                   .expected_sd = -0.0,
                                                   .explained = (double)NAN,
                                                   .seconds = 5e-324};

/* Trials come in any order. */
static inline rwk_status write_standard_search(rwk_run *run) {
  static const size_t order[TRIALS] = {1, 2, 0};
  rwk_status status = RWK_OK;
  for (size_t k = 0; k < TRIALS && status == RWK_OK; k++) {
    const rwk_trial trial = standard_trial(order[k]);
    status = rwk_run_save_trial(&trial, run);
  }
  rwk_efficiency efficiency[TRIALS];
  for (size_t k = 0; k < TRIALS; k++) efficiency[k] = standard_efficiency(k);
  return status == RWK_OK
             ? rwk_store_finish_search(run, &standard_search, efficiency, TRIALS, standard_effects, 2)
             : status;
}

static inline void read_standard_search(rwk_run *run) {
  size_t count;
  int found;
  const rwk_search_summary *s = rwk_run_search(run);
  assert_non_null(s);
  assert_int_equal(s->trials, TRIALS);
  assert_int_equal(s->best, 2);
  assert_int_equal(s->held_out, 1);
  assert_double(s->expected_sd, -0.0);
  assert_double(s->explained, (double)NAN);
  assert_double(s->seconds, 5e-324);
  const rwk_trial *trials = rwk_run_trials(&count, run);
  assert_int_equal(count, TRIALS);
  for (size_t i = 0; i < count; i++) {
    const rwk_trial wanted = standard_trial(i);
    rwk_trial again;
    assert_int_equal(rwk_run_fetch_trial(&again, &found, i, run), RWK_OK);
    assert_int_equal(found, 1);
    assert_int_equal(again.index, i);
    assert_int_equal(trials[i].index, i);
    assert_double(trials[i].lambda, wanted.lambda);
    assert_int_equal(trials[i].hidden, wanted.hidden);
    assert_int_equal(trials[i].depth, wanted.depth);
    assert_int_equal(trials[i].activation, wanted.activation);
    assert_int_equal(trials[i].solver, wanted.solver);
    assert_int_equal(trials[i].parameters, wanted.parameters);
    assert_double(trials[i].mean, wanted.mean);
    assert_double(trials[i].se, wanted.se);
    assert_double(trials[i].in_sample, wanted.in_sample);
    assert_int_equal(trials[i].fits, wanted.fits);
    assert_int_equal(trials[i].certified, wanted.certified);
    assert_true(trials[i].iterations == wanted.iterations);
    assert_double(trials[i].seconds, wanted.seconds);
  }
  rwk_trial none;
  assert_int_equal(rwk_run_fetch_trial(&none, &found, TRIALS, run), RWK_OK);
  assert_int_equal(found, 0);
  const rwk_efficiency *e = rwk_run_efficiency(&count, run);
  assert_int_equal(count, TRIALS);
  for (size_t k = 0; k < count; k++) {
    const rwk_efficiency wanted = standard_efficiency(k);
    assert_int_equal(e[k].trials, wanted.trials);
    assert_double(e[k].mean, wanted.mean);
    assert_double(e[k].low, wanted.low);
    assert_double(e[k].median, wanted.median);
    assert_double(e[k].high, wanted.high);
  }
  const rwk_effect *effects = rwk_run_effects(&count, run);
  assert_int_equal(count, 2);
  assert_memory_equal(effects, standard_effects, sizeof standard_effects);
}

/* Everything a run can hold. Stops at the first failure. */
static inline rwk_status write_standard(rwk_context *ctx, const char *file, int finish) {
  rwk_run *run = NULL;
  double w[DIM], lambda[GRID];
  for (size_t i = 0; i < GRID; i++) lambda[i] = grid_at(i);
  rwk_status status = rwk_run_create(&run, ctx, file, 1);
  if (status == RWK_OK) status = rwk_run_set(run, "recipe", "{\"target\": \"y\"}");
  if (status == RWK_OK) status = rwk_run_set_dim(run, DIM);
  if (status == RWK_OK) status = rwk_run_set_lambda(run, lambda, GRID);
  if (status == RWK_OK) status = rwk_run_begin(run);
  for (size_t i = 0; status == RWK_OK && i < GRID; i++) {
    const rwk_fit up = standard_fit(RWK_WALK_UP, 0, i, w);
    status = rwk_run_save_fit(&up, run);
    if (status != RWK_OK) break;
    const rwk_fit cold = standard_fit(RWK_WALK_COLD, 1, GRID - 1 - i, w);
    status = rwk_run_save_fit(&cold, run);
  }
  if (status == RWK_OK) status = rwk_run_set(run, "fingerprint", "0123456789abcdef");
  if (status == RWK_OK && finish) {
    rwk_finish f = {.lambda = lambda, .count = GRID, .collapse = {-0.0, 5e-324, NAN}, .seconds = 1.5};
    status = rwk_grow(ctx, &f.drops, &f.drop_capacity, DROPS, sizeof *f.drops);
    if (status == RWK_OK) status = rwk_grow(ctx, &f.origins, &f.origin_capacity, GRID, sizeof *f.origins);
    for (size_t k = 0; status == RWK_OK && k < DROPS; k++) f.drops[f.drop_count++] = standard_drop(k);
    for (size_t i = 0; status == RWK_OK && i < GRID; i++) f.origins[f.origin_count++] = standard_origin(i);
    if (status == RWK_OK) status = rwk_store_finish(run, &f);
    rwk_free(ctx, f.drops);
    rwk_free(ctx, f.origins);
    if (status == RWK_OK) status = write_series(run);
    if (status == RWK_OK) status = write_standard_cv(ctx, run);
    if (status == RWK_OK) status = write_standard_search(run);
  }
  const rwk_status closed = rwk_run_close(run);
  return status == RWK_OK ? closed : status;
}

/* Reads all of it. RWK_OK only if everything is there; anything read that is wrong fails the test. */
static inline rwk_status read_standard(rwk_context *ctx, const char *file, int writable) {
  rwk_run *run = NULL;
  rwk_status status = rwk_run_open(&run, ctx, file, writable);
  if (status != RWK_OK) {
    assert_null(run);
    return status;
  }
  const char *text = NULL;
  size_t count = 0;
  const double *lambda = NULL;
  assert_int_equal(rwk_run_get(&text, run, "recipe"), RWK_OK);
  assert_string_equal(text, "{\"target\": \"y\"}");
  assert_int_equal(rwk_run_dim(run), DIM);
  assert_int_equal(rwk_run_lambda(&lambda, &count, run), RWK_OK);
  assert_int_equal(count, GRID);
  for (size_t i = 0; i < GRID; i++) assert_double(lambda[i], grid_at(i));
  assert_int_equal(rwk_run_fit_count(&count, run), RWK_OK);
  assert_int_equal(count, FITS);
  for (size_t k = 0; status == RWK_OK && k < FITS; k++) {
    double w[DIM], v[DIM];
    rwk_fit got;
    const rwk_walk walk = k < GRID ? RWK_WALK_UP : RWK_WALK_COLD;
    const rwk_fit wanted = standard_fit(walk, walk == RWK_WALK_COLD, k % GRID, v);
    status = rwk_run_fit_at(&got, w, run, k);
    if (status != RWK_OK) break;
    assert_same_fit(&got, &wanted);
    assert_memory_equal(w, v, sizeof w);
  }
  assert_int_equal(rwk_run_finished(run), 1);
  assert_int_equal(rwk_run_drop_count(&count, run), RWK_OK);
  assert_int_equal(count, DROPS);
  for (size_t k = 0; k < DROPS; k++) {
    rwk_drop drop;
    rwk_walk walk;
    int start;
    const rwk_drop_record wanted = standard_drop(k);
    assert_int_equal(rwk_run_drop_at(&drop, &walk, &start, run, k), RWK_OK);
    assert_same_drop(&drop, &wanted.drop);
    assert_int_equal(walk, wanted.walk);
    assert_int_equal(start, wanted.start);
  }
  assert_int_equal(rwk_run_origin_count(&count, run), RWK_OK);
  assert_int_equal(count, GRID);
  for (size_t k = 0; k < GRID; k++) {
    rwk_origin got;
    const rwk_origin wanted = standard_origin(k);
    assert_int_equal(rwk_run_origin_at(&got, run, k), RWK_OK);
    assert_int_equal(got.index, wanted.index);
    assert_int_equal(got.kind, wanted.kind);
    assert_int_equal(got.walk, wanted.walk);
    assert_int_equal(got.start, wanted.start);
    assert_double(got.lambda, wanted.lambda);
    assert_double(got.won, wanted.won);
  }
  assert_series(run);
  rwk_collapse collapse;
  double seconds;
  assert_int_equal(rwk_run_collapse(&collapse, &seconds, run), RWK_OK);
  assert_double(collapse.nonzero, -0.0);
  assert_double(collapse.collapse, 5e-324);
  assert_double(collapse.lambda_c, (double)NAN);
  assert_double(seconds, 1.5);
  if (status == RWK_OK) status = read_standard_cv(run);
  if (status == RWK_OK) read_standard_search(run);
  const rwk_status closed = rwk_run_close(run);
  return status == RWK_OK ? closed : status;
}

/* The bytes of a file; freed by the caller. */
static inline unsigned char *slurp(const char *file, size_t *size) {
  FILE *f = fopen(file, "rb");
  assert_non_null(f);
  assert_int_equal(fseek(f, 0, SEEK_END), 0);
  *size = (size_t)ftell(f);
  rewind(f);
  unsigned char *bytes = malloc(*size + 1);
  assert_non_null(bytes);
  assert_int_equal(fread(bytes, 1, *size, f), *size);
  fclose(f);
  return bytes;
}

static inline void spit(const char *file, const void *bytes, size_t size) {
  FILE *f = fopen(file, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, size, f), size);
  assert_int_equal(fclose(f), 0);
}

/* Changes a file behind our back. */
static inline void sql(const char *file, const char *text) {
  sqlite3 *db = NULL;
  char *message = NULL;
  assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
  if (sqlite3_exec(db, text, NULL, NULL, &message) != SQLITE_OK) fail_msg("%s: %s", text, message);
  sqlite3_close(db);
}

#endif
