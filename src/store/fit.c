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

/* First entry whose key is not smaller. */
static size_t find(const rwk_run *run, int64_t key) {
  size_t low = 0, high = run->fit_count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (run->fits[middle].key < key)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static int is_at(const rwk_run *run, size_t place, int64_t key) {
  return place < run->fit_count && run->fits[place].key == key;
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

rwk_status rwk_run_save_fit(const rwk_fit *fit, void *payload) {
  rwk_run *run = payload;
  RWK_TRY(check(run, fit));
  const int64_t key = rwk_store_fit_key(fit->walk, fit->start, fit->index);
  const size_t place = find(run, key);
  const int fresh = !is_at(run, place, key);
  RWK_TRY(rwk_grow(run->ctx, &run->fits, &run->fit_capacity, run->fit_count + 1, sizeof *run->fits));
  uint64_t checksum = 0;
  rwk_status status = rwk_store_begin(run);
  if (status == RWK_OK) status = rwk_store_put(&checksum, run, RWK_TABLE_FIT, key, fit);
  if (status == RWK_OK) {
    rwk_state_record state = run->state;
    state.digest = rwk_store_digest(state.digest, checksum, fresh ? 0 : run->fits[place].checksum);
    status = rwk_store_commit(run, &state);
  }
  if (status != RWK_OK) {
    rwk_store_rollback(run);
    return status;
  }
  if (fresh) {
    memmove(run->fits + place + 1, run->fits + place, (run->fit_count - place) * sizeof *run->fits);
    run->fit_count++;
  }
  run->fits[place] = (rwk_fit_entry){key, checksum, fit->lambda};
  return RWK_OK;
}

/* A damaged row leaves fit and w as they were. */
static rwk_status fetch(rwk_fit *fit, double *w, rwk_run *run, size_t place) {
  rwk_fit found;
  int64_t key = 0;
  uint64_t checksum = 0;
  sqlite3_stmt *statement = run->get_fit;
  int code = statement ? sqlite3_bind_int64(statement, 1, run->fits[place].key) : SQLITE_MISUSE;
  if (code == SQLITE_OK) code = sqlite3_step(statement);
  rwk_status status = RWK_OK;
  if (code == SQLITE_ROW)
    status = rwk_store_read(&key, &found, w, &checksum, run, statement, RWK_TABLE_FIT);
  else if (code == SQLITE_DONE)
    status = rwk_store_damaged(run, "a fit has gone");
  else
    status = rwk_store_fail(run, code, "read");
  sqlite3_reset(statement);
  if (status == RWK_OK && checksum != run->fits[place].checksum)
    status =
        rwk_fail(run->ctx, RWK_IO, "cannot read %s: another program has written to it meanwhile", run->file);
  if (status != RWK_OK) return status;
  found.w = w;
  *fit = found;
  return RWK_OK;
}

rwk_status rwk_run_fetch_fit(rwk_fit *fit, double *w, int *found, rwk_walk walk, int start, size_t index,
                             void *payload) {
  rwk_run *run = payload;
  *found = 0;
  if (start < 0 || index >= RWK_STORE_INDEX_LIMIT) return RWK_OK;
  const int64_t key = rwk_store_fit_key(walk, start, index);
  const size_t place = find(run, key);
  if (!is_at(run, place, key)) return RWK_OK;
  RWK_TRY(fetch(fit, w, run, place));
  *found = 1;
  return RWK_OK;
}

rwk_status rwk_run_fit_count(size_t *count, rwk_run *run) {
  *count = run->fit_count;
  return RWK_OK;
}

rwk_status rwk_run_fit_at(rwk_fit *fit, double *w, rwk_run *run, size_t k) {
  if (k >= run->fit_count)
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "k: %zu, but there are %zu fits", k, run->fit_count);
  return fetch(fit, w, run, k);
}
