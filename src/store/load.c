#include <math.h>
#include <string.h>
#include "store/store.h"

/* Takes one row into the run. */
typedef rwk_status (*take_fn)(rwk_run *run, int64_t key, void *record, uint64_t checksum);

static rwk_status take_state(rwk_run *run, int64_t key, void *record, uint64_t checksum) {
  if (key != 1) return rwk_store_damaged(run, "table state has more than one row");
  run->state = *(rwk_state_record *)record;
  run->state_checksum = checksum;
  if (run->state.dim > run->dim_limit) return rwk_store_damaged(run, "the number of weights is out of range");
  return RWK_OK;
}

static rwk_status take_meta(rwk_run *run, int64_t key, void *record, uint64_t checksum) {
  const rwk_meta_record *meta = record;
  if (key != (int64_t)run->meta_count) return rwk_store_damaged(run, "a row of table meta is missing");
  if (run->meta_count == RWK_STORE_META_LIMIT) return rwk_store_damaged(run, "table meta has too many rows");
  for (size_t i = 0; i < run->meta_count; i++)
    if (strcmp(run->metas[i].record.key, meta->key) == 0)
      return rwk_store_damaged(run, "a key of table meta stands twice");
  RWK_TRY(rwk_grow(run->ctx, &run->metas, &run->meta_capacity, run->meta_count + 1, sizeof *run->metas));
  run->metas[run->meta_count++] = (rwk_meta_entry){*meta, checksum};
  memset(record, 0, sizeof *meta); /* the strings are the run's now */
  return RWK_OK;
}

static rwk_status take_lambda(rwk_run *run, int64_t key, void *record, uint64_t checksum) {
  const double value = ((const rwk_lambda_record *)record)->value;
  const size_t n = run->lambda_count;
  if (key != (int64_t)n || n >= RWK_STORE_INDEX_LIMIT)
    return rwk_store_damaged(run, "a row of table lambda is missing");
  if (!isfinite(value) || value <= (n ? run->lambda[n - 1] : 0))
    return rwk_store_damaged(run, "the penalties are not positive and ascending");
  RWK_TRY(rwk_grow(run->ctx, &run->lambda, &run->lambda_capacity, n + 1, sizeof *run->lambda));
  run->lambda[run->lambda_count++] = value;
  run->lambda_digest += checksum;
  return RWK_OK;
}

static rwk_status add_entry(rwk_fit_list *list, rwk_run *run, int64_t key, uint64_t checksum, double lambda) {
  RWK_TRY(rwk_grow(run->ctx, &list->all, &list->capacity, list->count + 1, sizeof *list->all));
  list->all[list->count++] = (rwk_fit_entry){key, checksum, lambda};
  return RWK_OK;
}

static rwk_status take_fit(rwk_run *run, int64_t key, void *record, uint64_t checksum) {
  const rwk_fit *fit = record;
  if (fit->index >= RWK_STORE_INDEX_LIMIT || key != rwk_store_fit_key(fit->walk, fit->start, fit->index))
    return rwk_store_damaged(run, "the id of a fit does not fit its walk, start and idx");
  if (run->fits.count && key <= run->fits.all[run->fits.count - 1].key)
    return rwk_store_damaged(run, "fits are out of order");
  if (!isfinite(fit->lambda) || fit->lambda < 0)
    return rwk_store_damaged(run, "the penalty of a fit is out of range");
  if (run->lambda_count && (fit->index >= run->lambda_count || fit->lambda != run->lambda[fit->index]))
    return rwk_store_damaged(run, "a fit is at another penalty than the grid");
  return add_entry(&run->fits, run, key, checksum, fit->lambda);
}

static rwk_status take_fold_fit(rwk_run *run, int64_t key, void *record, uint64_t checksum) {
  const rwk_fold_fit_record *r = record;
  const char *wrong = rwk_store_check_fold_fit(run, r);
  if (wrong) return rwk_store_damaged(run, "%s", wrong);
  if (key != rwk_store_fold_fit_key(r->fold, r->fit.walk, r->fit.start, r->fit.index))
    return rwk_store_damaged(run, "the id of a fold's fit does not fit its fold, walk, start and idx");
  return add_entry(&run->fold_fits, run, key, checksum, r->fit.lambda);
}

static rwk_status take_drop(rwk_run *run, int64_t key, void *record, uint64_t checksum) {
  if (key != (int64_t)run->drop_count) return rwk_store_damaged(run, "a row of table drop_ is missing");
  const char *wrong = rwk_store_check_drop(record, run->lambda, run->lambda_count);
  if (wrong) return rwk_store_damaged(run, "%s", wrong);
  RWK_TRY(rwk_grow(run->ctx, &run->drops, &run->drop_capacity, run->drop_count + 1, sizeof *run->drops));
  memcpy(&run->drops[run->drop_count++], record, sizeof *run->drops);
  run->finish_digest += checksum;
  return RWK_OK;
}

static rwk_status take_origin(rwk_run *run, int64_t key, void *record, uint64_t checksum) {
  const rwk_origin *origin = record;
  if (key != (int64_t)run->origin_count) return rwk_store_damaged(run, "a row of table origin is missing");
  if (origin->index >= run->lambda_count)
    return rwk_store_damaged(run, "an origin is at a place that the grid does not have");
  RWK_TRY(
      rwk_grow(run->ctx, &run->origins, &run->origin_capacity, run->origin_count + 1, sizeof *run->origins));
  run->origins[run->origin_count++] = *origin;
  run->finish_digest += checksum;
  return RWK_OK;
}

static rwk_status take_collapse(rwk_run *run, int64_t key, void *record, uint64_t checksum) {
  if (key != 1) return rwk_store_damaged(run, "table collapse has more than one row");
  memcpy(&run->collapse, record, sizeof run->collapse);
  run->finish_digest += checksum;
  return RWK_OK;
}

static rwk_status take_fold(rwk_run *run, int64_t key, void *record, uint64_t checksum) {
  const rwk_fold_record *r = record;
  if (r->fold >= RWK_STORE_FOLD_LIMIT || key != (int64_t)r->fold)
    return rwk_store_damaged(run, "the id of a fold is not its number");
  RWK_TRY(rwk_grow(run->ctx, &run->folds, &run->fold_capacity, run->fold_count + 1, sizeof *run->folds));
  run->folds[run->fold_count++] = *r;
  run->fold_digest += checksum;
  return RWK_OK;
}

static rwk_status take_fold_drop(rwk_run *run, int64_t key, void *record, uint64_t checksum) {
  const rwk_fold_drop_record *r = record;
  if (key != (int64_t)run->fold_drop_count)
    return rwk_store_damaged(run, "a row of table fold_drop is missing");
  const char *wrong = rwk_store_check_drop(&r->drop, run->lambda, run->lambda_count);
  if (wrong) return rwk_store_damaged(run, "%s", wrong);
  RWK_TRY(rwk_grow(run->ctx, &run->fold_drops, &run->fold_drop_capacity, run->fold_drop_count + 1,
                   sizeof *run->fold_drops));
  memcpy(&run->fold_drops[run->fold_drop_count++], record, sizeof *run->fold_drops);
  run->fold_digest += checksum;
  return RWK_OK;
}

static rwk_status take_cv(rwk_run *run, int64_t key, void *record, uint64_t checksum) {
  const rwk_cv_record *r = record;
  if (key != 1) return rwk_store_damaged(run, "table cv has more than one row");
  run->cv = r->summary;
  run->cv.end = r->end < 0 ? -1 : r->end > 0;
  const char *wrong = rwk_store_check_cv(&run->cv, run->lambda_count);
  if (wrong) return rwk_store_damaged(run, "%s", wrong);
  run->has_cv = 1;
  run->cv_digest += checksum;
  return RWK_OK;
}

static rwk_status take_cv_point(rwk_run *run, int64_t key, void *record, uint64_t checksum) {
  const rwk_cv_point *p = record;
  const size_t n = run->cv_point_count;
  if (key != (int64_t)n || n >= run->lambda_count || p->lambda != run->lambda[n])
    return rwk_store_damaged(run, "table cv_point is not as long as the grid, or at other penalties");
  RWK_TRY(rwk_grow(run->ctx, &run->cv_points, &run->cv_point_capacity, n + 1, sizeof *run->cv_points));
  run->cv_points[run->cv_point_count++] = *p;
  run->cv_digest += checksum;
  return RWK_OK;
}

static rwk_status take_cv_row(rwk_run *run, int64_t key, void *record, uint64_t checksum) {
  const rwk_cv_row *r = record;
  const size_t n = run->cv_row_count;
  if (key != (int64_t)n) return rwk_store_damaged(run, "a row of table cv_row is missing");
  const char *wrong = rwk_store_check_cv_row(r, run->has_cv ? &run->cv : NULL, n);
  if (wrong) return rwk_store_damaged(run, "%s", wrong);
  RWK_TRY(rwk_grow(run->ctx, &run->cv_rows, &run->cv_row_capacity, n + 1, sizeof *run->cv_rows));
  run->cv_rows[run->cv_row_count++] = *r;
  run->cv_digest += checksum;
  return RWK_OK;
}

static rwk_status take_series(rwk_run *run, int64_t key, void *record, uint64_t checksum) {
  rwk_series_record *series = record;
  const size_t n = run->series_count;
  if (key != (int64_t)n) return rwk_store_damaged(run, "a row of table series is missing");
  const char *wrong = rwk_store_check_series(series, n ? &run->series[n - 1] : NULL);
  if (wrong) return rwk_store_damaged(run, "%s", wrong);
  RWK_TRY(rwk_grow(run->ctx, &run->series, &run->series_capacity, n + 1, sizeof *run->series));
  run->series[run->series_count++] = *series;
  series->values.values = NULL; /* the run's now */
  run->series_digest += checksum;
  return RWK_OK;
}

static rwk_status take_trial(rwk_run *run, int64_t key, void *record, uint64_t checksum) {
  rwk_trial *t = record;
  const size_t n = run->trial_count;
  if (key < 0) return rwk_store_damaged(run, "a trial has no number");
  t->index = (size_t)key;
  const char *wrong = rwk_store_check_trial(t);
  if (wrong) return rwk_store_damaged(run, "%s", wrong);
  RWK_TRY(rwk_grow(run->ctx, &run->trials, &run->trial_capacity, n + 1, sizeof *run->trials));
  run->trials[run->trial_count++] = *t;
  run->trial_digest += checksum;
  return RWK_OK;
}

static rwk_status take_search(rwk_run *run, int64_t key, void *record, uint64_t checksum) {
  if (key != 1) return rwk_store_damaged(run, "table search has more than one row");
  run->search = *(const rwk_search_summary *)record;
  const char *wrong = rwk_store_check_search(&run->search, run->trial_count);
  if (wrong) return rwk_store_damaged(run, "%s", wrong);
  run->has_search = 1;
  run->search_digest += checksum;
  return RWK_OK;
}

static rwk_status take_efficiency(rwk_run *run, int64_t key, void *record, uint64_t checksum) {
  const rwk_efficiency *e = record;
  const size_t n = run->efficiency_count;
  const char *wrong = key == (int64_t)n ? rwk_store_check_efficiency(e, n, run->trial_count)
                                        : "a row of table efficiency is missing";
  if (wrong) return rwk_store_damaged(run, "%s", wrong);
  RWK_TRY(rwk_grow(run->ctx, &run->efficiency, &run->efficiency_capacity, n + 1, sizeof *run->efficiency));
  run->efficiency[run->efficiency_count++] = *e;
  run->search_digest += checksum;
  return RWK_OK;
}

static rwk_status take_effect(rwk_run *run, int64_t key, void *record, uint64_t checksum) {
  const rwk_effect *e = record;
  const size_t n = run->effect_count;
  const char *wrong = key == (int64_t)n ? rwk_store_check_effect(e) : "a row of table effect is missing";
  if (wrong) return rwk_store_damaged(run, "%s", wrong);
  RWK_TRY(rwk_grow(run->ctx, &run->effects, &run->effect_capacity, n + 1, sizeof *run->effects));
  run->effects[run->effect_count++] = *e;
  run->search_digest += checksum;
  return RWK_OK;
}

/* Every row of a table, in order of its key. */
static rwk_status load_table(size_t *rows, rwk_run *run, rwk_table_id id, take_fn take) {
  const rwk_table *table = rwk_store_table(id);
  *rows = 0;
  union { /* room for any record */
    rwk_meta_record meta;
    rwk_lambda_record lambda;
    rwk_fit fit;
    rwk_drop_record drop;
    rwk_origin origin;
    rwk_collapse collapse;
    rwk_fold_record fold;
    rwk_fold_fit_record fold_fit;
    rwk_fold_drop_record fold_drop;
    rwk_cv_record cv;
    rwk_cv_point cv_point;
    rwk_cv_row cv_row;
    rwk_series_record series;
    rwk_trial trial;
    rwk_search_summary search;
    rwk_efficiency efficiency;
    rwk_effect effect;
    rwk_state_record state;
  } record;
  char tail[64];
  sqlite3_snprintf(sizeof tail, tail, "ORDER BY %s", table->key);
  sqlite3_stmt *statement = NULL;
  rwk_status status = rwk_store_select(&statement, run, table, tail);
  while (status == RWK_OK) {
    const int code = sqlite3_step(statement);
    if (code == SQLITE_DONE) break;
    if (code != SQLITE_ROW) {
      status = rwk_store_fail(run, code, "read");
      break;
    }
    int64_t key = 0;
    uint64_t checksum = 0;
    status = rwk_store_read(&key, &record, NULL, &checksum, run, statement, id);
    if (status == RWK_OK) status = take(run, key, &record, checksum);
    if (id == RWK_TABLE_META) {
      rwk_free(run->ctx, record.meta.key);
      rwk_free(run->ctx, record.meta.value);
    }
    if (id == RWK_TABLE_SERIES) rwk_free(run->ctx, record.series.values.values);
    ++*rows;
  }
  sqlite3_finalize(statement);
  return status;
}

static rwk_status check_whole(rwk_run *run, size_t collapse_rows) {
  uint64_t digest = run->lambda_digest + run->finish_digest + run->fold_digest + run->cv_digest +
                    run->series_digest + run->trial_digest + run->search_digest;
  for (size_t i = 0; i < run->meta_count; i++) digest += run->metas[i].checksum;
  for (size_t i = 0; i < run->fits.count; i++) digest += run->fits.all[i].checksum;
  for (size_t i = 0; i < run->fold_fits.count; i++) digest += run->fold_fits.all[i].checksum;
  if (digest != (uint64_t)run->state.digest) return rwk_store_damaged(run, "rows are missing");
  if (collapse_rows != (size_t)run->state.finished ||
      ((run->drop_count || run->origin_count) && !run->state.finished))
    return rwk_store_damaged(run, "it is half finished");
  const size_t points = run->has_cv ? run->cv.count : 0,
               rows = run->has_cv ? run->cv.repeats * run->cv.rows * run->cv.outputs : 0;
  if (run->cv_point_count != points || run->cv_row_count != rows)
    return rwk_store_damaged(run, "its cross-validation is half finished");
  if (!run->has_search && (run->efficiency_count || run->effect_count))
    return rwk_store_damaged(run, "its search is half finished");
  return RWK_OK;
}

static rwk_status load_all(rwk_run *run) {
  size_t rows = 0;
  RWK_TRY(rwk_store_check_schema(run));
  RWK_TRY(load_table(&rows, run, RWK_TABLE_STATE, take_state));
  if (rows != 1) return rwk_store_damaged(run, "table state is empty");
  RWK_TRY(load_table(&rows, run, RWK_TABLE_META, take_meta));
  RWK_TRY(load_table(&rows, run, RWK_TABLE_LAMBDA, take_lambda));
  RWK_TRY(load_table(&rows, run, RWK_TABLE_FIT, take_fit));
  RWK_TRY(load_table(&rows, run, RWK_TABLE_DROP, take_drop));
  RWK_TRY(load_table(&rows, run, RWK_TABLE_ORIGIN, take_origin));
  RWK_TRY(load_table(&rows, run, RWK_TABLE_FOLD, take_fold));
  RWK_TRY(load_table(&rows, run, RWK_TABLE_FOLD_FIT, take_fold_fit));
  RWK_TRY(load_table(&rows, run, RWK_TABLE_FOLD_DROP, take_fold_drop));
  RWK_TRY(load_table(&rows, run, RWK_TABLE_CV, take_cv));
  RWK_TRY(load_table(&rows, run, RWK_TABLE_CV_POINT, take_cv_point));
  RWK_TRY(load_table(&rows, run, RWK_TABLE_CV_ROW, take_cv_row));
  RWK_TRY(load_table(&rows, run, RWK_TABLE_COLLAPSE, take_collapse));
  const size_t collapse_rows = rows;
  RWK_TRY(load_table(&rows, run, RWK_TABLE_SERIES, take_series));
  RWK_TRY(load_table(&rows, run, RWK_TABLE_TRIAL, take_trial));
  RWK_TRY(load_table(&rows, run, RWK_TABLE_SEARCH, take_search));
  RWK_TRY(load_table(&rows, run, RWK_TABLE_EFFICIENCY, take_efficiency));
  RWK_TRY(load_table(&rows, run, RWK_TABLE_EFFECT, take_effect));
  return check_whole(run, collapse_rows);
}

/* One transaction: all tables as they were at one moment, whoever writes meanwhile. */
rwk_status rwk_store_load(rwk_run *run) {
  RWK_TRY(rwk_store_exec(run, "BEGIN", "read"));
  const rwk_status status = load_all(run);
  rwk_store_rollback(run);
  if (status == RWK_OK && !sqlite3_get_autocommit(run->db)) return rwk_fail_memory(run->ctx, "run file");
  return status;
}
