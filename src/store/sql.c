#include <stdio.h>
#include <string.h>
#include "store/store.h"

enum { BUSY_MILLISECONDS = 5000 };

/* SQLite's own texts (sqlite3_errmsg) may quote a stranger's file: only its fixed ones are passed on. */
static rwk_status fail_io(rwk_run *run, int code, const char *what) {
  char text[256];
  const char *reason = sqlite3_errstr(code & 0xff);
  const int system = run->db ? sqlite3_system_errno(run->db) : 0;
  switch (code & 0xff) {
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    reason = "another program has it open";
    break;
  case SQLITE_FULL:
    reason = "the disk is full";
    break;
  case SQLITE_READONLY:
    reason = "the file or its folder cannot be written";
    break;
  case SQLITE_CANTOPEN:
  case SQLITE_IOERR:
    if (system && strerror_r(system, text, sizeof text) == 0) reason = text;
    break;
  default:
    break;
  }
  return rwk_fail(run->ctx, RWK_IO, "cannot %s %s: %s", what, run->file, reason);
}

rwk_status rwk_store_fail(rwk_run *run, int code, const char *what) {
  if (code == SQLITE_IOERR_NOMEM) code = SQLITE_NOMEM;
  run->code = code;
  switch (code & 0xff) {
  case SQLITE_NOMEM:
    return rwk_fail_memory(run->ctx, "run file");
  case SQLITE_NOTADB:
    return rwk_fail(run->ctx, RWK_FORMAT, "%s is not a run file of ridgewalk", run->file);
  case SQLITE_CORRUPT:
  case SQLITE_ERROR: /* our statements are right: it is the file that does not fit them */
  case SQLITE_CONSTRAINT:
  case SQLITE_MISMATCH:
  case SQLITE_SCHEMA:
  case SQLITE_TOOBIG:
    return rwk_store_damaged(run, "%s", sqlite3_errstr(code & 0xff));
  case SQLITE_MISUSE:
  case SQLITE_RANGE:
    return rwk_fail(run->ctx, RWK_INTERNAL, "cannot %s %s: %s", what, run->file, sqlite3_errstr(code & 0xff));
  default:
    return fail_io(run, code, what);
  }
}

rwk_status rwk_store_damaged(rwk_run *run, const char *format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return rwk_fail(run->ctx, RWK_FORMAT, "%s is damaged: %s", run->file, text);
}

rwk_status rwk_store_connect(rwk_run *run, const char *path, int flags) {
  int code = sqlite3_open_v2(path, &run->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
  if (code == SQLITE_OK) code = sqlite3_extended_result_codes(run->db, 1);
  if (code == SQLITE_OK) code = sqlite3_busy_timeout(run->db, BUSY_MILLISECONDS);
  if (code == SQLITE_OK) code = sqlite3_db_config(run->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  if (code == SQLITE_OK) code = sqlite3_db_config(run->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  if (code == SQLITE_OK) code = sqlite3_db_config(run->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
  if (code == SQLITE_OK) code = sqlite3_db_config(run->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
  if (code != SQLITE_OK) return rwk_store_fail(run, code, "open");
  run->dim_limit = ((size_t)sqlite3_limit(run->db, SQLITE_LIMIT_LENGTH, -1) - 65536) / sizeof(double);
  RWK_TRY(rwk_store_exec(run, "PRAGMA cell_size_check = ON", "open"));
  code = sqlite3_prepare_v3(run->db, "ROLLBACK", -1, SQLITE_PREPARE_PERSISTENT, &run->rollback, NULL);
  return code == SQLITE_OK ? RWK_OK : rwk_store_fail(run, code, "open");
}

void rwk_store_disconnect(rwk_run *run) {
  rwk_store_finalize_all(run);
  sqlite3_finalize(run->rollback);
  run->rollback = NULL;
  sqlite3_close(run->db);
  run->db = NULL;
}

void rwk_store_rollback(rwk_run *run) {
  if (!run->rollback || sqlite3_get_autocommit(run->db)) return;
  (void)sqlite3_step(run->rollback);
  (void)sqlite3_reset(run->rollback);
}

rwk_status rwk_store_exec(rwk_run *run, const char *sql, const char *what) {
  const int code = sqlite3_exec(run->db, sql, NULL, NULL, NULL);
  return code == SQLITE_OK ? RWK_OK : rwk_store_fail(run, code, what);
}

rwk_status rwk_store_integer(int64_t *value, rwk_run *run, const char *sql, const char *what) {
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2(run->db, sql, -1, &statement, NULL);
  if (code == SQLITE_OK) code = sqlite3_step(statement);
  if (code == SQLITE_ROW) *value = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return code == SQLITE_ROW ? RWK_OK : rwk_store_fail(run, code == SQLITE_DONE ? SQLITE_CORRUPT : code, what);
}

rwk_status rwk_store_step(rwk_run *run, sqlite3_stmt *statement, const char *what) {
  const int code = sqlite3_step(statement);
  rwk_status status = RWK_OK;
  if (code != SQLITE_DONE) status = rwk_store_fail(run, code == SQLITE_ROW ? SQLITE_CORRUPT : code, what);
  sqlite3_reset(statement);
  return status;
}

rwk_status rwk_store_set_journal(rwk_run *run, const char *mode, int *done) {
  char sql[64];
  snprintf(sql, sizeof sql, "PRAGMA journal_mode = %s", mode);
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2(run->db, sql, -1, &statement, NULL);
  if (code == SQLITE_OK) code = sqlite3_step(statement);
  const char *text = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
  *done = text && sqlite3_stricmp(text, mode) == 0;
  sqlite3_finalize(statement);
  return code == SQLITE_ROW ? RWK_OK : rwk_store_fail(run, code, "write");
}
