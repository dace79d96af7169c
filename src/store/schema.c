#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "store/store.h"

enum { TABLES = 5 };

/* The tables, in the words that the file must hold them in. */
static void table_sql(char sql[RWK_SQL_ROOM], int which) {
  switch (which) {
  case 0:
    strcpy(sql, "CREATE TABLE meta(key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID");
    break;
  case 1:
    strcpy(sql, "CREATE TABLE lambda(idx INTEGER PRIMARY KEY NOT NULL, lambda NOT NULL, checksum INTEGER NOT NULL)");
    break;
  case 2: rwk_sql_create(sql, &rwk_fit_relation); break;
  case 3: rwk_sql_create(sql, &rwk_drop_relation); break;
  default: rwk_sql_create(sql, &rwk_collapse_relation); break;
  }
}

rwk_status rwk_schema_create(rwk_run *run) {
  char sql[RWK_SQL_ROOM];
  for (int i = 0; i < TABLES; i++) {
    table_sql(sql, i);
    RWK_TRY(rwk_store_execute(run, sql, "making its tables"));
  }
  snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d", RWK_STORE_APPLICATION, RWK_STORE_SCHEMA);
  return rwk_store_execute(run, sql, "making its tables");
}

/* The one number that a statement gives. */
static rwk_status number_of(int64_t *number, rwk_run *run, const char *sql, const char *what) {
  sqlite3_stmt *s = NULL;
  int code = sqlite3_prepare_v2(run->db, sql, -1, &s, NULL);
  if (code == SQLITE_OK) code = sqlite3_step(s);
  *number = code == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
  sqlite3_finalize(s);
  return code == SQLITE_ROW ? RWK_OK : rwk_store_fail(run, code, what);
}

/* Looks for exactly our tables: a stranger's triggers and views would run with our statements. */
static rwk_status check_tables(rwk_run *run) {
  sqlite3_stmt *s = NULL;
  int found = 0, foreign = 0;
  int code = sqlite3_prepare_v2(run->db, "SELECT type, name, sql FROM sqlite_schema", -1, &s, NULL);
  while (code == SQLITE_OK || code == SQLITE_ROW) {
    code = sqlite3_step(s);
    if (code != SQLITE_ROW) break;
    const char *type = (const char *)sqlite3_column_text(s, 0), *text = (const char *)sqlite3_column_text(s, 2);
    int ours = type && !strcmp(type, "index") && !text; /* of a primary key */
    for (int i = 0; i < TABLES && !ours && text; i++) {
      char sql[RWK_SQL_ROOM];
      table_sql(sql, i);
      if (!strcmp(sql, text)) ours = 1, found |= 1 << i;
    }
    foreign |= !ours;
  }
  sqlite3_finalize(s);
  if (code != SQLITE_DONE) return rwk_store_fail(run, code, "reading its tables");
  if (foreign || found != (1 << TABLES) - 1) return rwk_store_damaged(run, "its tables are not those of a run file");
  return RWK_OK;
}

static rwk_status check_integrity(rwk_run *run) {
  sqlite3_stmt *s = NULL;
  int code = sqlite3_prepare_v2(run->db, "PRAGMA integrity_check(1)", -1, &s, NULL);
  if (code == SQLITE_OK) code = sqlite3_step(s);
  rwk_status status = RWK_OK;
  if (code != SQLITE_ROW) {
    status = rwk_store_fail(run, code, "checking it");
  } else {
    const char *answer = (const char *)sqlite3_column_text(s, 0);
    if (!answer || strcmp(answer, "ok")) status = rwk_store_damaged(run, "%.200s", answer ? answer : "no answer");
  }
  sqlite3_finalize(s);
  return status;
}

rwk_status rwk_schema_check(rwk_run *run) {
  int64_t application, version;
  RWK_TRY(number_of(&application, run, "PRAGMA application_id", "reading it"));
  if (application != RWK_STORE_APPLICATION) return rwk_fail(run->ctx, RWK_FORMAT, "%s is not a run file of ridgewalk", run->file);
  RWK_TRY(number_of(&version, run, "PRAGMA user_version", "reading it"));
  if (version > RWK_STORE_SCHEMA)
    return rwk_fail(run->ctx, RWK_FORMAT, "%s was made by a newer ridgewalk (schema %lld, this one reads %d)", run->file,
                    (long long)version, RWK_STORE_SCHEMA);
  if (version != RWK_STORE_SCHEMA) return rwk_store_damaged(run, "there is no schema %lld", (long long)version);
  RWK_TRY(check_integrity(run));
  return check_tables(run);
}

int rwk_schema_is_run(const char *file) {
  struct stat st;
  if (stat(file, &st) != 0 || !S_ISREG(st.st_mode)) return 0;
  if (st.st_size == 0) return 1;
  sqlite3 *db = NULL;
  sqlite3_stmt *s = NULL;
  int is = sqlite3_open_v2(file, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
           sqlite3_prepare_v2(db, "PRAGMA application_id", -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW &&
           sqlite3_column_int64(s, 0) == RWK_STORE_APPLICATION;
  sqlite3_finalize(s);
  sqlite3_close(db);
  return is;
}
