/* store/store.h: the inside of a run. */
#ifndef RWK_STORE_STORE_H
#define RWK_STORE_STORE_H

#include <ridgewalk/run.h>
#include "base/context.h"
#include "store/row.h"

enum { RWK_STORE_SCHEMA = 1, RWK_STORE_APPLICATION = 0x52574b31 /* "RWK1" */, RWK_STORE_BUSY_MS = 10000 };

typedef enum rwk_sql {
  RWK_SQL_META_SET,
  RWK_SQL_META_GET,
  RWK_SQL_LAMBDA_SET,
  RWK_SQL_LAMBDA_ALL,
  RWK_SQL_FIT_SET,
  RWK_SQL_FIT_GET,
  RWK_SQL_FIT_COUNT,
  RWK_SQL_FIT_SKIP,
  RWK_SQL_FIT_NEXT,
  RWK_SQL_DROP_SET,
  RWK_SQL_DROP_COUNT,
  RWK_SQL_DROP_SKIP,
  RWK_SQL_COLLAPSE_SET,
  RWK_SQL_COLLAPSE_GET,
  RWK_SQL_COUNT
} rwk_sql;

typedef struct rwk_meta {
  char *key, *value;
} rwk_meta;

struct rwk_run {
  rwk_context *ctx;
  sqlite3 *db;
  sqlite3_stmt *statements[RWK_SQL_COUNT]; /* prepared when first needed */
  char *file;   /* as given; "./" in front of relative names, so that SQLite takes none for an address or for memory */
  char *beginning; /* the name it is written under before rwk_run_begin; NULL afterwards */
  int writable, replace;
  rwk_meta *meta; /* texts handed out */
  size_t meta_count, meta_capacity;
  double *lambda; /* cache of the grid; NULL until asked for */
  size_t lambda_count;
  size_t dim;
  unsigned char *bytes; /* [8 dim] a fit's weights as they stand in the file */
  /* where rwk_run_fit_at stands */
  int at_known;
  size_t at;
  rwk_fit at_fit;
};

/* Turns an SQLite code into a status with a sentence. `what` says what was tried: "writing a fit". */
rwk_status rwk_store_fail(rwk_run *run, int code, const char *what);

/* A damaged or impossible content: RWK_FORMAT. */
rwk_status rwk_store_damaged(rwk_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The statement, ready for binding. */
rwk_status rwk_store_statement(sqlite3_stmt **statement, rwk_run *run, rwk_sql which);

/* Runs a statement that gives no rows, and resets it. */
rwk_status rwk_store_step(rwk_run *run, sqlite3_stmt *statement, const char *what);

/* Runs SQL text without parameters. */
rwk_status rwk_store_execute(rwk_run *run, const char *sql, const char *what);

/* Makes the tables; checks that a file has exactly these. */
rwk_status rwk_schema_create(rwk_run *run);
rwk_status rwk_schema_check(rwk_run *run);

/* Is it a database with the run file's mark? Also an empty file, which holds nothing to lose. */
int rwk_schema_is_run(const char *file);

/* Forgets what is cached of the file. */
void rwk_store_forget(rwk_run *run);

#endif
