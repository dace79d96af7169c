/* What a cross-validation leaves besides the path of all rows. */
#include <math.h>
#include <string.h>
#include "store/store.h"

const char *rwk_store_check_cv(const rwk_cv_summary *s, size_t grid) {
  if (s->count == 0 || s->count != grid) return "a cross-validation is of another grid";
  if (s->rows == 0 || s->outputs == 0 || s->folds < 2 || s->repeats == 0 || s->ensemble < 1)
    return "a cross-validation has no rows, outputs, folds, repeats or members";
  if (s->folds > RWK_STORE_FOLD_LIMIT / s->repeats) return "there are too many folds";
  if (s->rows > (size_t)INT64_MAX / s->outputs / s->repeats) return "there are too many rows";
  if (s->index[RWK_CV_MIN] >= grid || s->index[RWK_CV_1SE] >= grid ||
      s->index[RWK_CV_1SE] < s->index[RWK_CV_MIN])
    return "the penalties chosen are not on the grid, or in the wrong order";
  return NULL;
}

const char *rwk_store_check_cv_row(const rwk_cv_row *r, const rwk_cv_summary *s, size_t place) {
  if (!s) return "there are held-out predictions, but no cross-validation";
  if (r->output != place % s->outputs || r->row != place / s->outputs % s->rows ||
      r->repeat != place / s->outputs / s->rows || r->repeat >= s->repeats || r->fold >= s->folds)
    return "held-out predictions are out of order";
  return NULL;
}

/* ---- folds ---- */

static int is_done(const rwk_run *run, size_t fold) {
  for (size_t k = 0; k < run->fold_count; k++)
    if (run->folds[k].fold == fold) return 1;
  return 0;
}

static rwk_status put_fold(uint64_t *digest, rwk_run *run, const rwk_fold_record *record, size_t drops) {
  uint64_t checksum = 0;
  for (size_t k = 0; k < drops; k++) {
    const size_t place = run->fold_drop_count + k;
    const char *wrong = rwk_store_check_drop(&run->fold_drops[place].drop, run->lambda, run->lambda_count);
    if (wrong) return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "path: %s", wrong);
    RWK_TRY(rwk_store_put(&checksum, run, RWK_TABLE_FOLD_DROP, (int64_t)place, &run->fold_drops[place]));
    *digest += checksum;
  }
  RWK_TRY(rwk_store_put(&checksum, run, RWK_TABLE_FOLD, (int64_t)record->fold, record));
  *digest += checksum;
  return RWK_OK;
}

rwk_status rwk_store_room_for_drops(rwk_run *run, size_t count) {
  return rwk_grow(run->ctx, &run->fold_drops, &run->fold_drop_capacity, run->fold_drop_count + count,
                  sizeof *run->fold_drops);
}

rwk_status rwk_store_finish_fold(rwk_run *run, const rwk_fold_record *record, size_t drops) {
  RWK_TRY(rwk_grow(run->ctx, &run->folds, &run->fold_capacity, run->fold_count + 1, sizeof *run->folds));
  uint64_t digest = 0;
  rwk_status status = rwk_store_begin(run);
  if (status == RWK_OK) status = put_fold(&digest, run, record, drops);
  if (status == RWK_OK) {
    rwk_state_record state = run->state;
    state.digest = rwk_store_digest(state.digest, digest, 0);
    status = rwk_store_commit(run, &state);
  }
  if (status != RWK_OK) {
    rwk_store_rollback(run);
    return status;
  }
  run->folds[run->fold_count++] = *record;
  run->fold_drop_count += drops;
  run->fold_digest += digest;
  return RWK_OK;
}

/* The drops of a path, and its rises that are jumps, behind those that are there. */
static rwk_status gather_drops(size_t *count, rwk_run *run, const rwk_path *path, size_t fold) {
  *count = 0;
  for (size_t i = 0; i < rwk_path_walk_count(path); i++) {
    rwk_walk_view v;
    RWK_TRY(rwk_path_walk(&v, path, i));
    RWK_TRY(rwk_store_room_for_drops(run, *count + v.drop_count + v.jump_count));
    for (size_t k = 0; k < v.drop_count + v.jump_count; k++)
      run->fold_drops[run->fold_drop_count + (*count)++] = (rwk_fold_drop_record){
          fold, {v.walk, v.start, k < v.drop_count ? v.drops[k] : v.jumps[k - v.drop_count]}};
  }
  return RWK_OK;
}

rwk_status rwk_run_save_fold_path(const rwk_path *path, size_t fold, void *payload) {
  rwk_run *run = payload;
  RWK_TRY(rwk_store_want_writable(run));
  if (fold == RWK_CV_ALL) {
    RWK_TRY(rwk_run_set_lambda(run, rwk_path_lambda(path), rwk_path_lambda_count(path)));
    return rwk_run_finish(run, path);
  }
  if (fold >= RWK_STORE_FOLD_LIMIT)
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "fold: %zu is out of range", fold);
  if (is_done(run, fold)) return RWK_OK;
  const rwk_fold_record record = {fold, rwk_path_seconds(path)};
  size_t drops;
  RWK_TRY(gather_drops(&drops, run, path, fold));
  return rwk_store_finish_fold(run, &record, drops);
}

rwk_status rwk_run_save_fold(rwk_run *run, size_t fold, double seconds, const rwk_run_drop *drops,
                             size_t count) {
  RWK_TRY(rwk_store_want_writable(run));
  if (fold >= RWK_STORE_FOLD_LIMIT)
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "fold: %zu is out of range", fold);
  if (is_done(run, fold)) return RWK_OK;
  const rwk_fold_record record = {fold, seconds};
  RWK_TRY(rwk_store_room_for_drops(run, count));
  for (size_t k = 0; k < count; k++)
    run->fold_drops[run->fold_drop_count + k] =
        (rwk_fold_drop_record){fold, {drops[k].walk, drops[k].start, drops[k].drop}};
  return rwk_store_finish_fold(run, &record, count);
}

rwk_status rwk_run_fetch_fold_path(int *found, size_t fold, void *payload) {
  const rwk_run *run = payload;
  *found = fold == RWK_CV_ALL ? run->state.finished : is_done(run, fold);
  return RWK_OK;
}

size_t rwk_run_fold_count(rwk_run *run) {
  return run->fold_count;
}

rwk_status rwk_run_fold_drop_count(size_t *count, rwk_run *run) {
  *count = run->fold_drop_count;
  return RWK_OK;
}

rwk_status rwk_run_fold_drop_at(rwk_drop *drop, rwk_walk *walk, int *start, size_t *fold, rwk_run *run,
                                size_t k) {
  if (k >= run->fold_drop_count)
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "k: %zu, but there are %zu drops", k,
                    run->fold_drop_count);
  const rwk_fold_drop_record *r = &run->fold_drops[k];
  *drop = r->drop.drop;
  *walk = r->drop.walk;
  *start = r->drop.start;
  *fold = r->fold;
  return RWK_OK;
}

/* ---- the result ---- */

static rwk_status gather_rows(rwk_cv_row **rows, rwk_run *run, const rwk_cv *cv) {
  const rwk_cv_summary *s = rwk_cv_summary_get(cv);
  const double *observed = rwk_cv_observed(cv), *at_min = rwk_cv_held_out(cv, RWK_CV_MIN),
               *at_1se = rwk_cv_held_out(cv, RWK_CV_1SE), *weights = rwk_cv_weights(cv);
  const size_t *fold = rwk_cv_fold(cv);
  const size_t count = s->repeats * s->rows * s->outputs;
  *rows = rwk_alloc(run->ctx, count, sizeof **rows);
  if (!*rows) return rwk_fail_memory(run->ctx, "held-out predictions");
  for (size_t k = 0; k < count; k++) {
    const size_t output = k % s->outputs, at = k / s->outputs, row = at % s->rows;
    (*rows)[k] = (rwk_cv_row){.repeat = at / s->rows,
                              .row = row,
                              .output = output,
                              .fold = fold[at],
                              .weight = weights ? weights[row] : 1,
                              .observed = observed[row * s->outputs + output],
                              .at_min = at_min[k],
                              .at_1se = at_1se[k]};
  }
  return RWK_OK;
}

static rwk_status put_cv(uint64_t *digest, rwk_run *run, const rwk_cv_record *record,
                         const rwk_cv_point *points, const rwk_cv_row *rows, size_t row_count) {
  uint64_t checksum = 0;
  RWK_TRY(rwk_store_clear(run, RWK_TABLE_CV_POINT));
  RWK_TRY(rwk_store_clear(run, RWK_TABLE_CV_ROW));
  RWK_TRY(rwk_store_put(&checksum, run, RWK_TABLE_CV, 1, record));
  *digest += checksum;
  for (size_t i = 0; i < record->summary.count; i++) {
    RWK_TRY(rwk_store_put(&checksum, run, RWK_TABLE_CV_POINT, (int64_t)i, &points[i]));
    *digest += checksum;
  }
  for (size_t k = 0; k < row_count; k++) {
    RWK_TRY(rwk_store_put(&checksum, run, RWK_TABLE_CV_ROW, (int64_t)k, &rows[k]));
    *digest += checksum;
  }
  return RWK_OK;
}

rwk_status rwk_store_finish_cv(rwk_run *run, const rwk_cv_summary *summary, rwk_cv_point *points,
                               rwk_cv_row *rows) {
  const rwk_cv_record record = {*summary, summary->end};
  const size_t count = summary->count, row_count = summary->repeats * summary->rows * summary->outputs;
  uint64_t digest = 0;
  rwk_status status = rwk_store_begin(run);
  if (status == RWK_OK) status = put_cv(&digest, run, &record, points, rows, row_count);
  if (status == RWK_OK) {
    rwk_state_record state = run->state;
    state.digest = rwk_store_digest(state.digest, digest, run->cv_digest);
    status = rwk_store_commit(run, &state);
  }
  if (status != RWK_OK) {
    rwk_store_rollback(run);
    return status;
  }
  rwk_free(run->ctx, run->cv_points);
  rwk_free(run->ctx, run->cv_rows);
  run->has_cv = 1;
  run->cv = *summary;
  run->cv_points = points;
  run->cv_point_count = run->cv_point_capacity = count;
  run->cv_rows = rows;
  run->cv_row_count = run->cv_row_capacity = row_count;
  run->cv_digest = digest;
  return RWK_OK;
}

rwk_status rwk_run_finish_cv(rwk_run *run, const rwk_cv *cv) {
  const rwk_cv_summary *summary = rwk_cv_summary_get(cv);
  RWK_TRY(rwk_store_want_writable(run));
  const char *wrong = rwk_store_check_cv(summary, run->lambda_count);
  if (wrong) return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "cv: %s", wrong);
  rwk_cv_row *rows = NULL;
  rwk_cv_point *points = rwk_alloc(run->ctx, summary->count, sizeof *points);
  rwk_status status = points ? gather_rows(&rows, run, cv) : rwk_fail_memory(run->ctx, "the curve");
  if (status == RWK_OK) {
    memcpy(points, rwk_cv_points(cv), summary->count * sizeof *points);
    status = rwk_store_finish_cv(run, summary, points, rows);
  }
  if (status != RWK_OK) {
    rwk_free(run->ctx, points);
    rwk_free(run->ctx, rows);
  }
  return status;
}

const rwk_cv_summary *rwk_run_cv(rwk_run *run) {
  return run->has_cv ? &run->cv : NULL;
}

const rwk_cv_point *rwk_run_cv_points(rwk_run *run) {
  return run->cv_points;
}

const rwk_cv_row *rwk_run_cv_rows(size_t *count, rwk_run *run) {
  *count = run->cv_row_count;
  return run->cv_rows;
}

rwk_status rwk_run_cv_rmse(double *rmse, rwk_run *run, rwk_cv_choice choice) {
  if (!run->has_cv)
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "%s holds no cross-validation", run->file);
  for (size_t k = 0; k < run->cv.outputs; k++) {
    double sum = 0, weight = 0;
    for (size_t i = k; i < run->cv_row_count; i += run->cv.outputs) {
      const rwk_cv_row *r = &run->cv_rows[i];
      const double e = r->observed - (choice == RWK_CV_MIN ? r->at_min : r->at_1se);
      sum += r->weight * e * e;
      weight += r->weight;
    }
    rmse[k] = sqrt(sum / weight);
  }
  return RWK_OK;
}

rwk_status rwk_run_cv_accuracy(double *share, rwk_run *run, rwk_cv_choice choice) {
  if (!run->has_cv)
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "%s holds no cross-validation", run->file);
  const size_t q = run->cv.outputs;
  double *p = rwk_alloc_doubles(run->ctx, 2 * q), right = 0, weight = 0;
  if (!p) return rwk_fail_memory(run->ctx, "accuracy");
  for (size_t i = 0; i + q <= run->cv_row_count; i += q) {
    const rwk_cv_row *r = &run->cv_rows[i];
    for (size_t k = 0; k < q; k++) {
      p[k] = choice == RWK_CV_MIN ? r[k].at_min : r[k].at_1se;
      p[q + k] = r[k].observed;
    }
    right += r->weight * (rwk_cv_class(p, q) == rwk_cv_class(p + q, q));
    weight += r->weight;
  }
  *share = right / weight;
  rwk_free_doubles(run->ctx, p);
  return RWK_OK;
}
