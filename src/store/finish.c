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

/* Puts all of it; *digest is the sum of the checksums of drops, origins and collapse. */
static rwk_status put_all(uint64_t *digest, uint64_t *grid_digest, rwk_run *run, const rwk_finish *f) {
  uint64_t checksum = 0;
  *digest = 0;
  *grid_digest = run->lambda_digest;
  if (!rwk_store_same_grid(run, f->lambda, f->count))
    RWK_TRY(rwk_store_put_grid(grid_digest, run, f->lambda, f->count));
  RWK_TRY(rwk_store_clear(run, RWK_TABLE_DROP));
  for (size_t k = 0; k < f->drop_count; k++) {
    RWK_TRY(rwk_store_put(&checksum, run, RWK_TABLE_DROP, (int64_t)k, &f->drops[k]));
    *digest += checksum;
  }
  RWK_TRY(rwk_store_clear(run, RWK_TABLE_ORIGIN));
  for (size_t k = 0; k < f->origin_count; k++) {
    RWK_TRY(rwk_store_put(&checksum, run, RWK_TABLE_ORIGIN, (int64_t)k, &f->origins[k]));
    *digest += checksum;
  }
  RWK_TRY(rwk_store_put(&checksum, run, RWK_TABLE_COLLAPSE, 1, &f->collapse));
  *digest += checksum;
  return RWK_OK;
}

rwk_status rwk_store_finish(rwk_run *run, rwk_finish *f) {
  RWK_TRY(rwk_store_want_writable(run));
  RWK_TRY(rwk_store_check_grid(run, f->lambda, f->count));
  for (size_t k = 0; k < f->drop_count; k++) {
    const char *wrong = rwk_store_check_drop(&f->drops[k], f->lambda, f->count);
    if (wrong) return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "path: %s", wrong);
  }
  uint64_t digest = 0, grid_digest = 0;
  double *grid = rwk_alloc(run->ctx, f->count, sizeof *grid);
  if (!grid) return rwk_fail_memory(run->ctx, "finishing a run file");
  memcpy(grid, f->lambda, f->count * sizeof *grid);
  rwk_status status = rwk_store_begin(run);
  if (status == RWK_OK) status = put_all(&digest, &grid_digest, run, f);
  if (status == RWK_OK) {
    rwk_state_record state = run->state;
    state.finished = 1;
    state.seconds = f->seconds;
    state.digest = rwk_store_digest(state.digest, digest, run->finish_digest);
    state.digest = rwk_store_digest(state.digest, grid_digest, run->lambda_digest);
    status = rwk_store_commit(run, &state);
  }
  if (status != RWK_OK) {
    rwk_store_rollback(run);
    rwk_free(run->ctx, grid);
    return status;
  }
  rwk_store_take_grid(run, grid, f->count, grid_digest);
  rwk_free(run->ctx, run->drops);
  rwk_free(run->ctx, run->origins);
  run->drops = f->drops;
  run->drop_count = f->drop_count;
  run->drop_capacity = f->drop_capacity;
  run->origins = f->origins;
  run->origin_count = f->origin_count;
  run->origin_capacity = f->origin_capacity;
  run->collapse = f->collapse;
  run->finish_digest = digest;
  f->drops = NULL;
  f->origins = NULL;
  return RWK_OK;
}

static rwk_status add_walk(rwk_finish *f, rwk_run *run, const rwk_walk_view *view) {
  RWK_TRY(rwk_grow(run->ctx, &f->drops, &f->drop_capacity,
                   f->drop_count + view->drop_count + view->jump_count, sizeof *f->drops));
  for (size_t k = 0; k < view->drop_count; k++)
    f->drops[f->drop_count++] = (rwk_drop_record){view->walk, view->start, view->drops[k]};
  for (size_t k = 0; k < view->jump_count; k++)
    f->drops[f->drop_count++] = (rwk_drop_record){view->walk, view->start, view->jumps[k]};
  if (!view->origins) return RWK_OK;
  RWK_TRY(rwk_grow(run->ctx, &f->origins, &f->origin_capacity, f->count, sizeof *f->origins));
  for (size_t i = 0; i < f->count; i++)
    if (view->points[i]) f->origins[f->origin_count++] = view->origins[i];
  return RWK_OK;
}

rwk_status rwk_run_finish(rwk_run *run, const rwk_path *path) {
  rwk_finish f = {.lambda = rwk_path_lambda(path),
                  .count = rwk_path_lambda_count(path),
                  .collapse = rwk_path_collapse(path),
                  .seconds = rwk_path_seconds(path)};
  rwk_status status = RWK_OK;
  for (size_t i = 0; i < rwk_path_walk_count(path) && status == RWK_OK; i++) {
    rwk_walk_view view;
    status = rwk_path_walk(&view, path, i);
    if (status == RWK_OK) status = add_walk(&f, run, &view);
  }
  if (status == RWK_OK) status = rwk_store_finish(run, &f);
  rwk_free(run->ctx, f.drops);
  rwk_free(run->ctx, f.origins);
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

rwk_status rwk_run_origin_count(size_t *count, rwk_run *run) {
  *count = run->origin_count;
  return RWK_OK;
}

rwk_status rwk_run_origin_at(rwk_origin *origin, rwk_run *run, size_t k) {
  if (k >= run->origin_count)
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "k: %zu, but there are %zu origins", k,
                    run->origin_count);
  *origin = run->origins[k];
  return RWK_OK;
}

rwk_status rwk_run_collapse(rwk_collapse *collapse, double *seconds, rwk_run *run) {
  *collapse = run->collapse;
  *seconds = run->state.seconds;
  return RWK_OK;
}
