#include <string.h>
#include "store/store.h"

rwk_status rwk_store_want_writable(rwk_run *run) {
  if (run->writable) return RWK_OK;
  return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "%s was opened for reading only", run->file);
}

rwk_status rwk_store_begin(rwk_run *run) {
  RWK_TRY(rwk_store_want_writable(run));
  rwk_store_rollback(run); /* of one that could not be when it should have been, for lack of memory */
  return rwk_store_step(run, run->begin, "write");
}

rwk_status rwk_store_follow(rwk_run *run) {
  rwk_state_record state = {0};
  int64_t key = 0;
  uint64_t checksum = 0;
  sqlite3_stmt *statement = NULL;
  RWK_TRY(rwk_store_select(&statement, run, rwk_store_table(RWK_TABLE_STATE), "WHERE id = 1"));
  const int code = sqlite3_step(statement);
  rwk_status status = RWK_OK;
  if (code == SQLITE_ROW)
    status = rwk_store_read(&key, &state, NULL, &checksum, run, statement, RWK_TABLE_STATE);
  else
    status = rwk_store_fail(run, code == SQLITE_DONE ? SQLITE_CORRUPT : code, "read");
  sqlite3_finalize(statement);
  if (status != RWK_OK) return status;
  if (state.dim != run->state.dim)
    return rwk_fail(run->ctx, RWK_IO, "cannot write %s: another program has written to it meanwhile",
                    run->file);
  run->state = state;
  run->state_checksum = checksum;
  return RWK_OK;
}

rwk_status rwk_store_commit(rwk_run *run, const rwk_state_record *state) {
  const uint64_t checksum = rwk_record_checksum(rwk_store_table(RWK_TABLE_STATE), 1, state, NULL, 0);
  sqlite3_stmt *statement = run->put_state;
  int code = rwk_record_bind(statement, 1, rwk_store_table(RWK_TABLE_STATE), state);
  if (code == SQLITE_OK) code = sqlite3_bind_int64(statement, 5, (int64_t)checksum);
  if (code == SQLITE_OK) code = sqlite3_bind_int64(statement, 6, (int64_t)run->state_checksum);
  if (code != SQLITE_OK) return rwk_store_fail(run, code, "write");
  RWK_TRY(rwk_store_step(run, statement, "write"));
  if (sqlite3_changes(run->db) != 1)
    return rwk_fail(run->ctx, RWK_IO, "cannot write %s: another program has written to it meanwhile",
                    run->file);
  RWK_TRY(rwk_store_step(run, run->commit, "write"));
  run->state = *state;
  run->state_checksum = checksum;
  return RWK_OK;
}

rwk_status rwk_store_put(uint64_t *checksum, rwk_run *run, rwk_table_id id, int64_t key, const void *record) {
  const rwk_table *table = rwk_store_table(id);
  const char *bad = rwk_record_check(table, record);
  if (bad)
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "%s of table %s is out of range", bad, table->name);
  const double *w = table->with_weights ? ((const rwk_fit *)record)->w : NULL;
  *checksum = rwk_record_checksum(table, key, record, w, run->state.dim);
  RWK_TRY(rwk_store_prepare_put(run, id));
  sqlite3_stmt *statement = run->put[id];
  const int after = 2 + (int)table->count;
  int code = sqlite3_bind_int64(statement, 1, key);
  if (code == SQLITE_OK) code = rwk_record_bind(statement, 2, table, record);
  if (code == SQLITE_OK) code = sqlite3_bind_int64(statement, after, (int64_t)*checksum);
  if (code == SQLITE_OK && w)
    code = sqlite3_bind_blob64(statement, after + 1, w, run->state.dim * sizeof *w, SQLITE_STATIC);
  rwk_status status =
      code == SQLITE_OK ? rwk_store_step(run, statement, "write") : rwk_store_fail(run, code, "write");
  sqlite3_clear_bindings(statement); /* they point into the caller's memory */
  return status;
}

int64_t rwk_store_digest(int64_t digest, uint64_t come, uint64_t gone) {
  return (int64_t)((uint64_t)digest + come - gone);
}

rwk_status rwk_store_clear(rwk_run *run, rwk_table_id id) {
  char sql[64];
  sqlite3_snprintf(sizeof sql, sql, "DELETE FROM main.%s", rwk_store_table(id)->name);
  return rwk_store_exec(run, sql, "write");
}

static rwk_status read_weights(const void **blob, rwk_run *run, sqlite3_stmt *statement, int place) {
  const size_t size = run->state.dim * sizeof(double);
  if (sqlite3_column_type(statement, place) != SQLITE_BLOB)
    return rwk_store_damaged(run, "weights of a fit are no blob");
  *blob = sqlite3_column_blob(statement, place);
  if (size == 0 || (size_t)sqlite3_column_bytes(statement, place) != size)
    return rwk_store_damaged(run, "a fit has not the right number of weights");
  return *blob ? RWK_OK : rwk_fail_memory(run->ctx, "reading weights");
}

rwk_status rwk_store_read(int64_t *key, void *record, double *w, uint64_t *checksum, rwk_run *run,
                          sqlite3_stmt *statement, rwk_table_id id) {
  const rwk_table *table = rwk_store_table(id);
  memset(record, 0, table->size);
  const char *bad = NULL;
  const rwk_status status = rwk_record_read(&bad, record, run->ctx, statement, 1, table);
  if (status == RWK_FORMAT)
    return rwk_store_damaged(run, "%s of table %s is no such value", bad, table->name);
  if (status != RWK_OK) return status;
  const int after = 1 + (int)table->count;
  if (sqlite3_column_type(statement, after) != SQLITE_INTEGER)
    return rwk_store_damaged(run, "a checksum of table %s is no number", table->name);
  *key = sqlite3_column_int64(statement, 0);
  *checksum = (uint64_t)sqlite3_column_int64(statement, after);
  const void *blob = NULL;
  if (table->with_weights) RWK_TRY(read_weights(&blob, run, statement, after + 1));
  if (rwk_record_checksum(table, *key, record, blob, run->state.dim) != *checksum)
    return rwk_store_damaged(run, "a row of table %s does not match its checksum", table->name);
  if (blob && w) memcpy(w, blob, run->state.dim * sizeof *w);
  return RWK_OK;
}
