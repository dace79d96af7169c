#include <math.h>
#include <string.h>
#include "store/store.h"

const char *rwk_store_check_drop(const rwk_drop_record *record, const double *lambda, size_t count) {
  const rwk_drop *drop = &record->drop;
  if (drop->to >= count || drop->from + 1 != drop->to)
    return "the ends of a drop are not neighbours of the grid";
  if (drop->lambda_from != lambda[drop->from] || drop->lambda_to != lambda[drop->to])
    return "a drop is at another penalty than the grid";
  return NULL;
}

/* All rows that a finished path has besides its fits; *digest is the sum of the checksums of drops and
 * collapse. */
static rwk_status put_all(uint64_t *digest, uint64_t *grid_digest, rwk_run *run, const double *lambda,
                          size_t count, const rwk_drop_record *drops, size_t drop_count,
                          const rwk_collapse *collapse) {
  uint64_t checksum = 0;
  *digest = 0;
  *grid_digest = run->lambda_digest;
  if (!rwk_store_same_grid(run, lambda, count)) RWK_TRY(rwk_store_put_grid(grid_digest, run, lambda, count));
  RWK_TRY(rwk_store_clear(run, RWK_TABLE_DROP));
  for (size_t k = 0; k < drop_count; k++) {
    RWK_TRY(rwk_store_put(&checksum, run, RWK_TABLE_DROP, (int64_t)k, &drops[k]));
    *digest += checksum;
  }
  RWK_TRY(rwk_store_put(&checksum, run, RWK_TABLE_COLLAPSE, 1, collapse));
  *digest += checksum;
  return RWK_OK;
}

rwk_status rwk_store_finish(rwk_run *run, const double *lambda, size_t count, const rwk_drop_record *drops,
                            size_t drop_count, rwk_collapse collapse, double seconds) {
  RWK_TRY(rwk_store_want_writable(run));
  RWK_TRY(rwk_store_check_grid(run, lambda, count));
  for (size_t k = 0; k < drop_count; k++) {
    const char *wrong = rwk_store_check_drop(&drops[k], lambda, count);
    if (wrong) return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "path: %s", wrong);
  }
  uint64_t digest = 0, grid_digest = 0;
  double *grid = rwk_alloc(run->ctx, count, sizeof *grid);
  rwk_drop_record *copies = rwk_alloc(run->ctx, drop_count, sizeof *copies);
  rwk_status status = grid && copies ? RWK_OK : rwk_fail_memory(run->ctx, "finishing a run file");
  if (status != RWK_OK) goto done;
  memcpy(grid, lambda, count * sizeof *grid);
  if (drop_count) memcpy(copies, drops, drop_count * sizeof *copies);
  status = rwk_store_begin(run);
  if (status == RWK_OK)
    status = put_all(&digest, &grid_digest, run, lambda, count, drops, drop_count, &collapse);
  if (status == RWK_OK) {
    rwk_state_record state = run->state;
    state.finished = 1;
    state.seconds = seconds;
    state.digest = rwk_store_digest(state.digest, digest, run->finish_digest);
    state.digest = rwk_store_digest(state.digest, grid_digest, run->lambda_digest);
    status = rwk_store_commit(run, &state);
  }
  if (status != RWK_OK) {
    rwk_store_rollback(run);
    goto done;
  }
  rwk_store_take_grid(run, grid, count, grid_digest);
  rwk_free(run->ctx, run->drops);
  run->drops = copies;
  run->drop_count = drop_count;
  run->drop_capacity = drop_count;
  run->collapse = collapse;
  run->finish_digest = digest;
  grid = NULL;
  copies = NULL;
done:
  rwk_free(run->ctx, grid);
  rwk_free(run->ctx, copies);
  return status;
}

rwk_status rwk_run_finish(rwk_run *run, const rwk_path *path) {
  rwk_drop_record *drops = NULL;
  size_t count = 0, capacity = 0;
  rwk_status status = RWK_OK;
  for (size_t i = 0; i < rwk_path_walk_count(path) && status == RWK_OK; i++) {
    rwk_walk_view view;
    status = rwk_path_walk(&view, path, i);
    if (status == RWK_OK)
      status =
          rwk_grow(run->ctx, &drops, &capacity, count + view.drop_count + view.jump_count, sizeof *drops);
    for (size_t k = 0; status == RWK_OK && k < view.drop_count; k++)
      drops[count++] = (rwk_drop_record){view.walk, view.start, view.drops[k]};
    for (size_t k = 0; status == RWK_OK && k < view.jump_count; k++)
      drops[count++] = (rwk_drop_record){view.walk, view.start, view.jumps[k]};
  }
  if (status == RWK_OK)
    status = rwk_store_finish(run, rwk_path_lambda(path), rwk_path_lambda_count(path), drops, count,
                              rwk_path_collapse(path), rwk_path_seconds(path));
  rwk_free(run->ctx, drops);
  return status;
}

int rwk_run_finished(rwk_run *run) {
  return run->state.finished;
}

rwk_status rwk_run_drop_count(size_t *count, rwk_run *run) {
  *count = run->drop_count;
  return RWK_OK;
}

rwk_status rwk_run_drop_at(rwk_drop *drop, rwk_walk *walk, int *start, rwk_run *run, size_t k) {
  if (k >= run->drop_count)
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "k: %zu, but there are %zu drops", k, run->drop_count);
  *drop = run->drops[k].drop;
  *walk = run->drops[k].walk;
  *start = run->drops[k].start;
  return RWK_OK;
}

rwk_status rwk_run_collapse(rwk_collapse *collapse, double *seconds, rwk_run *run) {
  *collapse = run->collapse;
  *seconds = run->state.seconds;
  return RWK_OK;
}
