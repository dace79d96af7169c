#include <limits.h>
#include <math.h>
#include <string.h>
#include "store/store.h"

static const char *const names[] = {
#define RWK_X(symbol, name, meaning) name,
    RWK_SERIES_LIST(RWK_X)
#undef RWK_X
};

const char *rwk_series_name(rwk_series_kind kind) {
  return (unsigned)kind < sizeof names / sizeof *names ? names[kind] : "?";
}

/* Order of kind, walk, start and index: < 0, 0 or > 0. */
static int compare(const rwk_series_record *a, const rwk_series_record *b) {
  if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
  if (a->walk != b->walk) return a->walk < b->walk ? -1 : 1;
  if (a->start != b->start) return a->start < b->start ? -1 : 1;
  return (a->index > b->index) - (a->index < b->index);
}

const char *rwk_store_check_series(const rwk_series_record *record, const rwk_series_record *before) {
  const size_t most = INT_MAX / sizeof(double); /* what a blob of SQLite holds, and more than anybody means */
  if (record->index >= RWK_STORE_INDEX_LIMIT) return "the idx of a series is out of range";
  if (record->rows == 0 || record->columns == 0 || record->columns > most / record->rows)
    return "the shape of a series is out of range";
  if (record->rows * record->columns != record->values.count)
    return "a series has not the number of values that its shape says";
  if (before && compare(before, record) >= 0) return "series are out of order";
  return NULL;
}

void rwk_store_free_series(rwk_context *ctx, rwk_series_record *list, size_t count) {
  for (size_t k = 0; k < count; k++) rwk_free(ctx, list[k].values.values);
  rwk_free(ctx, list);
}

/* A copy with values of its own, put into its place among those before it. */
static rwk_status insert(rwk_series_record *list, size_t count, rwk_run *run, const rwk_series *s) {
  rwk_series_record record = {.kind = s->kind,
                              .walk = s->walk,
                              .start = s->start,
                              .index = s->index,
                              .rows = s->rows,
                              .columns = s->columns};
  record.values.count = s->columns && s->rows > SIZE_MAX / s->columns ? 0 : s->rows * s->columns;
  const char *wrong = s->values ? rwk_store_check_series(&record, NULL) : "a series has no values";
  if (wrong) return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "series: %s", wrong);
  size_t place = count;
  while (place > 0 && compare(&list[place - 1], &record) > 0) place--;
  if (place > 0 && compare(&list[place - 1], &record) == 0)
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "series: two are the %s of one fit",
                    rwk_series_name(s->kind));
  record.values.values = rwk_alloc(run->ctx, record.values.count, sizeof *record.values.values);
  if (!record.values.values) return rwk_fail_memory(run->ctx, "series of a run file");
  for (size_t i = 0; i < record.values.count; i++)
    record.values.values[i] = isnan(s->values[i]) ? (double)NAN : s->values[i];
  memmove(list + place + 1, list + place, (count - place) * sizeof *list);
  list[place] = record;
  return RWK_OK;
}

rwk_status rwk_run_set_series(rwk_run *run, const rwk_series *series, size_t count) {
  RWK_TRY(rwk_store_want_writable(run));
  size_t made = 0;
  uint64_t digest = 0;
  rwk_series_record *list = rwk_alloc(run->ctx, count + 1, sizeof *list);
  rwk_status status = list ? RWK_OK : rwk_fail_memory(run->ctx, "series of a run file");
  for (size_t k = 0; k < count && status == RWK_OK; k++) {
    status = insert(list, made, run, &series[k]);
    if (status == RWK_OK) made++;
  }
  if (status == RWK_OK) status = rwk_store_begin(run);
  if (status == RWK_OK) status = rwk_store_clear(run, RWK_TABLE_SERIES);
  for (size_t k = 0; k < made && status == RWK_OK; k++) {
    uint64_t checksum = 0;
    status = rwk_store_put(&checksum, run, RWK_TABLE_SERIES, (int64_t)k, &list[k]);
    digest += checksum;
  }
  if (status == RWK_OK) {
    rwk_state_record state = run->state;
    state.digest = rwk_store_digest(state.digest, digest, run->series_digest);
    status = rwk_store_commit(run, &state);
  }
  if (status != RWK_OK) {
    if (list) rwk_store_rollback(run);
    rwk_store_free_series(run->ctx, list, made);
    return status;
  }
  rwk_store_free_series(run->ctx, run->series, run->series_count);
  run->series = list;
  run->series_count = made;
  run->series_capacity = count + 1;
  run->series_digest = digest;
  return RWK_OK;
}

rwk_status rwk_run_series_count(size_t *count, rwk_run *run) {
  *count = run->series_count;
  return RWK_OK;
}

rwk_status rwk_run_series_at(rwk_series *series, rwk_run *run, size_t k) {
  if (k >= run->series_count)
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "k: %zu, but there are %zu series", k, run->series_count);
  const rwk_series_record *r = &run->series[k];
  *series = (rwk_series){.kind = r->kind,
                         .walk = r->walk,
                         .start = r->start,
                         .index = r->index,
                         .rows = r->rows,
                         .columns = r->columns,
                         .values = r->values.values};
  return RWK_OK;
}

rwk_status rwk_run_series_of(rwk_series *series, int *found, rwk_run *run, rwk_series_kind kind,
                             rwk_walk walk, int start, size_t index) {
  const rwk_series_record wanted = {.kind = kind, .walk = walk, .start = start, .index = index};
  size_t low = 0, high = run->series_count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (compare(&run->series[middle], &wanted) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  *found = low < run->series_count && compare(&run->series[low], &wanted) == 0;
  return *found ? rwk_run_series_at(series, run, low) : RWK_OK;
}
