#include <math.h>
#include <string.h>
#include "store/store.h"

/* Ascending keys are walks together, in order of start and index. */
int64_t rwk_store_fit_key(rwk_walk walk, int start, size_t index) {
  return (int64_t)((uint64_t)walk << (RWK_STORE_INDEX_BITS + 31) | (uint64_t)start << RWK_STORE_INDEX_BITS |
                   (uint64_t)index);
}

size_t rwk_store_fit_index(int64_t key) {
  return (size_t)key & (RWK_STORE_INDEX_LIMIT - 1);
}

int64_t rwk_store_fold_fit_key(size_t fold, rwk_walk walk, int start, size_t index) {
  return (int64_t)((uint64_t)fold << 47 | (uint64_t)walk << 45 | (uint64_t)start << 25 | (uint64_t)index);
}

/* First entry whose key is not smaller. */
static size_t find(const rwk_fit_list *list, int64_t key) {
  size_t low = 0, high = list->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (list->all[middle].key < key)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static int is_at(const rwk_fit_list *list, size_t place, int64_t key) {
  return place < list->count && list->all[place].key == key;
}

static rwk_status check(rwk_run *run, const rwk_fit *fit) {
  RWK_TRY(rwk_store_want_writable(run));
  if (run->state.dim == 0)
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "fit: the dimension has not been set");
  if (!fit->w) return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "fit: it has no weights");
  if (fit->start < 0 || fit->index >= RWK_STORE_INDEX_LIMIT)
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "fit: start or index is out of range");
  if (!isfinite(fit->lambda) || fit->lambda < 0)
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "fit: lambda is not finite and non-negative");
  if (run->lambda_count && (fit->index >= run->lambda_count || fit->lambda != run->lambda[fit->index]))
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "fit: lambda is not that of the grid");
  return RWK_OK;
}

/* Others write, too: the state that they left, and the checksum of the fit that stands there; 0: none does.
 */
static rwk_status follow(uint64_t *gone, rwk_run *run, int64_t key) {
  *gone = 0;
  RWK_TRY(rwk_store_follow(run));
  RWK_TRY(rwk_store_prepare_get_checksum(run));
  int code = sqlite3_bind_int64(run->get_checksum, 1, key);
  if (code == SQLITE_OK) code = sqlite3_step(run->get_checksum);
  if (code == SQLITE_ROW) *gone = (uint64_t)sqlite3_column_int64(run->get_checksum, 0);
  sqlite3_reset(run->get_checksum);
  return code == SQLITE_ROW || code == SQLITE_DONE ? RWK_OK : rwk_store_fail(run, code, "read");
}

/* Puts a record of a table of fits, and keeps its entry. */
static rwk_status save(rwk_run *run, rwk_fit_list *list, rwk_table_id id, int64_t key, const void *record,
                       double lambda) {
  const size_t place = find(list, key);
  const int fresh = !is_at(list, place, key);
  uint64_t gone = fresh ? 0 : list->all[place].checksum;
  RWK_TRY(rwk_grow(run->ctx, &list->all, &list->capacity, list->count + 1, sizeof *list->all));
  uint64_t checksum = 0;
  rwk_status status = rwk_store_begin(run);
  if (status == RWK_OK && run->share_file >= 0 && id == RWK_TABLE_FIT) status = follow(&gone, run, key);
  if (status == RWK_OK) status = rwk_store_put(&checksum, run, id, key, record);
  if (status == RWK_OK) {
    rwk_state_record state = run->state;
    state.digest = rwk_store_digest(state.digest, checksum, gone);
    status = rwk_store_commit(run, &state);
  }
  if (status != RWK_OK) {
    rwk_store_rollback(run);
    return status;
  }
  if (fresh) {
    memmove(list->all + place + 1, list->all + place, (list->count - place) * sizeof *list->all);
    list->count++;
  }
  list->all[place] = (rwk_fit_entry){key, checksum, lambda};
  return RWK_OK;
}

rwk_status rwk_run_save_fit(const rwk_fit *fit, void *payload) {
  rwk_run *run = payload;
  RWK_TRY(check(run, fit));
  return save(run, &run->fits, RWK_TABLE_FIT, rwk_store_fit_key(fit->walk, fit->start, fit->index), fit,
              fit->lambda);
}

const char *rwk_store_check_fold_fit(const rwk_run *run, const rwk_fold_fit_record *r) {
  const rwk_fit *fit = &r->fit;
  if (r->fold >= RWK_STORE_FOLD_LIMIT) return "there are too many folds";
  if (fit->start < 0 || fit->start >= RWK_STORE_FOLD_START_LIMIT || fit->index >= RWK_STORE_FOLD_INDEX_LIMIT)
    return "start or index of a fold's fit is out of range";
  if (fit->index >= run->lambda_count || fit->lambda != run->lambda[fit->index])
    return "a fold's fit is at another penalty than the grid";
  return NULL;
}

rwk_status rwk_run_save_fold_fit(const rwk_fit *fit, size_t fold, void *payload) {
  rwk_run *run = payload;
  if (fold == RWK_CV_ALL) return rwk_run_save_fit(fit, payload);
  RWK_TRY(check(run, fit));
  const rwk_fold_fit_record record = {*fit, fold};
  const char *wrong = rwk_store_check_fold_fit(run, &record);
  if (wrong) return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "fit: %s", wrong);
  return save(run, &run->fold_fits, RWK_TABLE_FOLD_FIT,
              rwk_store_fold_fit_key(fold, fit->walk, fit->start, fit->index), &record, fit->lambda);
}

/* A damaged row leaves record and w as they were. The record begins with a rwk_fit. there NULL: it is known
 * to be there, with the entry's checksum. */
static rwk_status fetch(void *record, double *w, int *there, rwk_run *run, const rwk_fit_entry *entry,
                        rwk_table_id id) {
  union { /* either */
    rwk_fit fit;
    rwk_fold_fit_record fold_fit;
  } found;
  int64_t key = 0;
  uint64_t checksum = 0;
  if (id == RWK_TABLE_FOLD_FIT) RWK_TRY(rwk_store_prepare_get_fold_fit(run));
  sqlite3_stmt *statement = id == RWK_TABLE_FIT ? run->get_fit : run->get_fold_fit;
  int code = statement ? sqlite3_bind_int64(statement, 1, entry->key) : SQLITE_MISUSE;
  if (code == SQLITE_OK) code = sqlite3_step(statement);
  rwk_status status = RWK_OK;
  if (code == SQLITE_ROW)
    status = rwk_store_read(&key, &found, w, &checksum, run, statement, id);
  else if (code == SQLITE_DONE && !there)
    status = rwk_store_damaged(run, "a fit has gone");
  else if (code == SQLITE_DONE)
    *there = 0;
  else
    status = rwk_store_fail(run, code, "read");
  sqlite3_reset(statement);
  if (there && (status != RWK_OK || !*there)) return status;
  if (status == RWK_OK && !there && checksum != entry->checksum)
    status =
        rwk_fail(run->ctx, RWK_IO, "cannot read %s: another program has written to it meanwhile", run->file);
  if (status != RWK_OK) return status;
  found.fit.w = w;
  memcpy(record, &found, rwk_store_table(id)->size);
  return RWK_OK;
}

rwk_status rwk_run_fetch_fit(rwk_fit *fit, double *w, int *found, rwk_walk walk, int start, size_t index,
                             void *payload) {
  rwk_run *run = payload;
  *found = 0;
  if (start < 0 || index >= RWK_STORE_INDEX_LIMIT) return RWK_OK;
  const int64_t key = rwk_store_fit_key(walk, start, index);
  const size_t place = find(&run->fits, key);
  if (!is_at(&run->fits, place, key)) {
    if (run->share_file < 0) return RWK_OK;
    const rwk_fit_entry entry = {.key = key}; /* another process may have made it since */
    *found = 1;
    const rwk_status status = fetch(fit, w, found, run, &entry, RWK_TABLE_FIT);
    if (status != RWK_OK || !*found) {
      *found = 0;
      return status;
    }
    if (key == rwk_store_fit_key(fit->walk, fit->start, fit->index) &&
        (run->lambda_count == 0 || (index < run->lambda_count && fit->lambda == run->lambda[index])))
      return RWK_OK;
    *found = 0;
    return rwk_store_damaged(run, "a fit is at another place than its id says, or at another penalty");
  }
  RWK_TRY(fetch(fit, w, NULL, run, &run->fits.all[place], RWK_TABLE_FIT));
  *found = 1;
  return RWK_OK;
}

rwk_status rwk_run_fetch_fold_fit(rwk_fit *fit, double *w, int *found, rwk_walk walk, int start, size_t index,
                                  size_t fold, void *payload) {
  rwk_run *run = payload;
  if (fold == RWK_CV_ALL) return rwk_run_fetch_fit(fit, w, found, walk, start, index, payload);
  *found = 0;
  if (fold >= RWK_STORE_FOLD_LIMIT || start < 0 || start >= RWK_STORE_FOLD_START_LIMIT ||
      index >= RWK_STORE_FOLD_INDEX_LIMIT)
    return RWK_OK;
  const int64_t key = rwk_store_fold_fit_key(fold, walk, start, index);
  const size_t place = find(&run->fold_fits, key);
  if (!is_at(&run->fold_fits, place, key)) return RWK_OK;
  rwk_fold_fit_record record;
  RWK_TRY(fetch(&record, w, NULL, run, &run->fold_fits.all[place], RWK_TABLE_FOLD_FIT));
  *fit = record.fit;
  *found = 1;
  return RWK_OK;
}

rwk_status rwk_run_fit_count(size_t *count, rwk_run *run) {
  *count = run->fits.count;
  return RWK_OK;
}

rwk_status rwk_run_fit_at(rwk_fit *fit, double *w, rwk_run *run, size_t k) {
  if (k >= run->fits.count)
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "k: %zu, but there are %zu fits", k, run->fits.count);
  return fetch(fit, w, NULL, run, &run->fits.all[k], RWK_TABLE_FIT);
}

rwk_status rwk_run_fold_fit_count(size_t *count, rwk_run *run) {
  *count = run->fold_fits.count;
  return RWK_OK;
}

rwk_status rwk_run_fold_fit_at(rwk_fit *fit, size_t *fold, double *w, rwk_run *run, size_t k) {
  if (k >= run->fold_fits.count)
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "k: %zu, but there are %zu fits", k,
                    run->fold_fits.count);
  rwk_fold_fit_record record;
  RWK_TRY(fetch(&record, w, NULL, run, &run->fold_fits.all[k], RWK_TABLE_FOLD_FIT));
  *fit = record.fit;
  *fold = record.fold;
  return RWK_OK;
}
