#include <math.h>
#include <string.h>
#include "store/store.h"

static size_t find(const rwk_run *run, const char *key) {
  size_t i = 0;
  while (i < run->meta_count && strcmp(run->metas[i].record.key, key) != 0) i++;
  return i;
}

rwk_status rwk_store_set(rwk_run *run, const char *key, const char *value) {
  const size_t place = find(run, key);
  const int fresh = place == run->meta_count;
  if (place >= RWK_STORE_META_LIMIT)
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "key: there are %d already", RWK_STORE_META_LIMIT);
  RWK_TRY(rwk_grow(run->ctx, &run->metas, &run->meta_capacity, place + 1, sizeof *run->metas));
  rwk_meta_entry entry = {{rwk_strdup(run->ctx, key), rwk_strdup(run->ctx, value)}, 0};
  rwk_status status = RWK_OK;
  if (!entry.record.key || !entry.record.value) status = rwk_fail_memory(run->ctx, "text of a run file");
  if (status == RWK_OK) status = rwk_store_begin(run);
  if (status == RWK_OK)
    status = rwk_store_put(&entry.checksum, run, RWK_TABLE_META, (int64_t)place, &entry.record);
  if (status == RWK_OK) {
    rwk_state_record state = run->state;
    state.digest = rwk_store_digest(state.digest, entry.checksum, fresh ? 0 : run->metas[place].checksum);
    status = rwk_store_commit(run, &state);
  }
  if (status == RWK_OK) {
    const rwk_meta_entry old = fresh ? (rwk_meta_entry){{NULL, NULL}, 0} : run->metas[place];
    run->metas[place] = entry;
    run->meta_count += (size_t)fresh;
    entry = old;
  } else {
    rwk_store_rollback(run);
  }
  rwk_free(run->ctx, entry.record.key);
  rwk_free(run->ctx, entry.record.value);
  return status;
}

rwk_status rwk_run_set(rwk_run *run, const char *key, const char *value) {
  RWK_TRY(rwk_store_want_writable(run));
  if (!key || !*key) return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "key: it is empty");
  if (!value) return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "value of '%s': it is NULL", key);
  if (strcmp(key, RWK_STORE_CREATED_AT) == 0)
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "key: '%s' is written when the run is made", key);
  if (strlen(value) > run->dim_limit) /* as large as the weights may be, and more than anybody means */
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "value of '%s': it is too long", key);
  return rwk_store_set(run, key, value);
}

rwk_status rwk_run_get(const char **value, rwk_run *run, const char *key) {
  *value = NULL;
  if (!key) return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "key: it is NULL");
  const size_t place = find(run, key);
  if (place < run->meta_count) *value = run->metas[place].record.value;
  return RWK_OK;
}

rwk_status rwk_run_set_dim(rwk_run *run, size_t dim) {
  RWK_TRY(rwk_store_want_writable(run));
  if (dim == run->state.dim && dim > 0) return RWK_OK;
  if (dim == 0 || dim > run->dim_limit)
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "dim: %zu is not between 1 and %zu", dim, run->dim_limit);
  if (run->fits.count)
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "dim: it is %zu, and there are fits", run->state.dim);
  rwk_state_record state = run->state;
  state.dim = dim;
  rwk_status status = rwk_store_begin(run);
  if (status == RWK_OK) status = rwk_store_commit(run, &state);
  if (status != RWK_OK) rwk_store_rollback(run);
  return status;
}

size_t rwk_run_dim(rwk_run *run) {
  return run->state.dim;
}

rwk_status rwk_store_check_grid(rwk_run *run, const double *lambda, size_t count) {
  if (!lambda || count == 0 || count > RWK_STORE_INDEX_LIMIT)
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "lambda: %zu penalties cannot be stored", count);
  for (size_t i = 0; i < count; i++)
    if (!isfinite(lambda[i]) || lambda[i] <= (i ? lambda[i - 1] : 0))
      return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT,
                      "lambda[%zu]: penalties are finite, positive and ascending", i);
  for (size_t k = 0; k < run->fits.count; k++) {
    const size_t index = rwk_store_fit_index(run->fits.all[k].key);
    if (index >= count || run->fits.all[k].lambda != lambda[index])
      return rwk_fail(run->ctx, RWK_MISMATCH,
                      "%s has a fit at the penalty %.17g, which is not number %zu of the grid", run->file,
                      run->fits.all[k].lambda, index);
  }
  return RWK_OK;
}

int rwk_store_same_grid(const rwk_run *run, const double *lambda, size_t count) {
  return count == run->lambda_count && memcmp(lambda, run->lambda, count * sizeof *lambda) == 0;
}

rwk_status rwk_store_put_grid(uint64_t *digest, rwk_run *run, const double *lambda, size_t count) {
  *digest = 0;
  RWK_TRY(rwk_store_clear(run, RWK_TABLE_LAMBDA));
  for (size_t i = 0; i < count; i++) {
    uint64_t checksum = 0;
    const rwk_lambda_record record = {lambda[i]};
    RWK_TRY(rwk_store_put(&checksum, run, RWK_TABLE_LAMBDA, (int64_t)i, &record));
    *digest += checksum;
  }
  return RWK_OK;
}

void rwk_store_take_grid(rwk_run *run, double *lambda, size_t count, uint64_t digest) {
  rwk_free(run->ctx, run->lambda);
  run->lambda = lambda;
  run->lambda_count = count;
  run->lambda_capacity = count;
  run->lambda_digest = digest;
}

rwk_status rwk_run_set_lambda(rwk_run *run, const double *lambda, size_t count) {
  RWK_TRY(rwk_store_want_writable(run));
  RWK_TRY(rwk_store_check_grid(run, lambda, count));
  if (rwk_store_same_grid(run, lambda, count)) return RWK_OK;
  if (run->state.finished || run->fold_fits.count)
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "lambda: the path of %s is finished", run->file);
  double *copy = rwk_alloc(run->ctx, count, sizeof *copy);
  if (!copy) return rwk_fail_memory(run->ctx, "grid");
  memcpy(copy, lambda, count * sizeof *copy);
  uint64_t digest = 0;
  rwk_status status = rwk_store_begin(run);
  if (status == RWK_OK) status = rwk_store_put_grid(&digest, run, lambda, count);
  if (status == RWK_OK) {
    rwk_state_record state = run->state;
    state.digest = rwk_store_digest(state.digest, digest, run->lambda_digest);
    status = rwk_store_commit(run, &state);
  }
  if (status == RWK_OK) {
    rwk_store_take_grid(run, copy, count, digest);
  } else {
    rwk_store_rollback(run);
    rwk_free(run->ctx, copy);
  }
  return status;
}

rwk_status rwk_run_lambda(const double **lambda, size_t *count, rwk_run *run) {
  *lambda = run->lambda;
  *count = run->lambda_count;
  return RWK_OK;
}
