/* store/store.h: the inside of a run file.
 *
 * A run keeps all but the weights in memory: what was read and verified when it was opened, and what was
 * written since. So a lookup never depends on an index of the file, and a reader sees the file as it was when
 * it opened it.
 *
 * Each table is described once, by its fields (schema.c). Schema, statements, validation and checksum come
 * from them.
 */
#ifndef RWK_STORE_STORE_H
#define RWK_STORE_STORE_H

#include <sqlite3.h>
#include <ridgewalk/run.h>
#include "base/context.h"

#define RWK_STORE_APPLICATION 0x52574b31 /* "RWK1" */
#define RWK_STORE_VERSION 5

/* ---- Records (record.c) */

typedef enum rwk_field_kind {
  RWK_FIELD_REAL,  /* double: any; NaN is NULL in the file */
  RWK_FIELD_INT,   /* int >= 0 */
  RWK_FIELD_FLAG,  /* int, 0 or 1 */
  RWK_FIELD_INT64, /* int64_t: any */
  RWK_FIELD_SIZE,  /* size_t up to INT64_MAX */
  RWK_FIELD_STOP,  /* enums are written as their names */
  RWK_FIELD_VERDICT,
  RWK_FIELD_CAUSE,
  RWK_FIELD_WALK,
  RWK_FIELD_ORIGIN,
  RWK_FIELD_SERIES,
  RWK_FIELD_ACTIVATION,
  RWK_FIELD_SOLVER,
  RWK_FIELD_REASON, /* the char array of a certificate */
  RWK_FIELD_STRING, /* char *, from the context's allocator */
  RWK_FIELD_DOUBLES /* rwk_doubles, from the context's allocator; a blob */
} rwk_field_kind;

typedef struct rwk_field {
  const char *name; /* of the column */
  rwk_field_kind kind;
  size_t offset; /* in the record */
} rwk_field;

typedef enum rwk_table_id {
  RWK_TABLE_META,
  RWK_TABLE_LAMBDA,
  RWK_TABLE_FIT,
  RWK_TABLE_DROP,
  RWK_TABLE_ORIGIN,
  RWK_TABLE_COLLAPSE,
  RWK_TABLE_FOLD,
  RWK_TABLE_FOLD_FIT,
  RWK_TABLE_FOLD_DROP,
  RWK_TABLE_CV,
  RWK_TABLE_CV_POINT,
  RWK_TABLE_CV_ROW,
  RWK_TABLE_SERIES,
  RWK_TABLE_TRIAL,
  RWK_TABLE_SEARCH,
  RWK_TABLE_EFFICIENCY,
  RWK_TABLE_EFFECT,
  RWK_TABLE_STATE,
  RWK_TABLES
} rwk_table_id;

typedef struct rwk_table {
  const char *name, *key; /* key: name of the INTEGER PRIMARY KEY */
  const rwk_field *fields;
  size_t count;
  size_t size;      /* of the record */
  int with_weights; /* the record begins with a rwk_fit, whose w is a column */
} rwk_table;

/* The records of the tables, besides those that are public structs. */
typedef struct rwk_meta_record {
  char *key, *value;
} rwk_meta_record;

typedef struct rwk_lambda_record {
  double value;
} rwk_lambda_record;

typedef struct rwk_drop_record {
  rwk_walk walk;
  int start;
  rwk_drop drop;
} rwk_drop_record;

/* A fold whose path is done. */
typedef struct rwk_fold_record {
  size_t fold;
  double seconds;
} rwk_fold_record;

typedef struct rwk_fold_fit_record {
  rwk_fit fit;
  size_t fold;
} rwk_fold_fit_record;

typedef struct rwk_fold_drop_record {
  size_t fold;
  rwk_drop_record drop;
} rwk_fold_drop_record;

/* A cross-validation. */
typedef struct rwk_cv_record {
  rwk_cv_summary summary;
  int64_t end; /* summary.end, which is no int >= 0 */
} rwk_cv_record;

typedef struct rwk_doubles {
  double *values;
  size_t count;
} rwk_doubles;

typedef struct rwk_series_record {
  rwk_series_kind kind;
  rwk_walk walk;
  int start;
  size_t index, rows, columns;
  rwk_doubles values;
} rwk_series_record;

typedef struct rwk_state_record {
  size_t dim;
  int finished;
  double seconds;
  int64_t digest; /* sum, modulo 2^64, of the checksums of all rows of the other tables: no row can get lost
                     unnoticed */
} rwk_state_record;

/* The name of the first field whose value is out of range, or NULL. */
const char *rwk_record_check(const rwk_table *table, const void *record);

/* XXH3-64 chained over the table's name, key, all fields and the weights. */
uint64_t rwk_record_checksum(const rwk_table *table, int64_t key, const void *record, const void *w,
                             size_t dim);

/* Binds all fields from parameter `first` on; the SQLite code. */
int rwk_record_bind(sqlite3_stmt *statement, int first, const rwk_table *table, const void *record);

/* Reads all fields from column `first` on into a record that is all zeros. *bad is the name of the field that
 * cannot be (RWK_FORMAT), otherwise RWK_NO_MEMORY. Strings are the caller's, whatever is returned. */
rwk_status rwk_record_read(const char **bad, void *record, rwk_context *ctx, sqlite3_stmt *statement,
                           int first, const rwk_table *table);

/* ---- The run */

typedef struct rwk_fit_entry {
  int64_t key;
  uint64_t checksum;
  double lambda;
} rwk_fit_entry;

typedef struct rwk_fit_list {
  rwk_fit_entry *all; /* in order of the key */
  size_t count, capacity;
} rwk_fit_list;

typedef struct rwk_meta_entry {
  rwk_meta_record record;
  uint64_t checksum;
} rwk_meta_entry;

struct rwk_run {
  rwk_context *ctx;
  char *file; /* as the caller wrote it, for sentences */
  char *path; /* as SQLite and the system get it */
  sqlite3 *db;
  sqlite3_stmt *rollback; /* made with the connection: to roll back must not need memory */
  int code;               /* SQLite's, of the last failure */
  int writable;
  int share_file; /* descriptor of NAME.rwk-share; < 0: nobody else writes */
  char *share_name;
  int was_finished; /* when it was shared */
  int created;      /* still in memory: rwk_run_begin has not been called */
  int replace;
  size_t dim_limit;
  sqlite3_stmt *put[RWK_TABLES];
  sqlite3_stmt *get_fit, *get_fold_fit, *get_checksum, *put_state, *begin, *commit;
  rwk_state_record state;
  uint64_t state_checksum;
  rwk_meta_entry *metas;
  size_t meta_count, meta_capacity;
  double *lambda;
  size_t lambda_count, lambda_capacity;
  uint64_t lambda_digest; /* sum of the checksums of its rows */
  rwk_fit_list fits, fold_fits;
  rwk_drop_record *drops;
  size_t drop_count, drop_capacity;
  rwk_origin *origins;
  size_t origin_count, origin_capacity;
  rwk_collapse collapse;
  uint64_t finish_digest; /* sum of the checksums of drops, origins and collapse */
  rwk_fold_record *folds; /* those that are done, in order of the fold */
  size_t fold_count, fold_capacity;
  rwk_fold_drop_record *fold_drops;
  size_t fold_drop_count, fold_drop_capacity;
  uint64_t fold_digest; /* sum of the checksums of folds and their drops */
  int has_cv;
  rwk_cv_summary cv;
  rwk_cv_point *cv_points;
  size_t cv_point_count, cv_point_capacity;
  rwk_cv_row *cv_rows;
  size_t cv_row_count, cv_row_capacity;
  uint64_t cv_digest; /* sum of the checksums of the three tables of a cross-validation */
  rwk_series_record *series;
  size_t series_count, series_capacity;
  uint64_t series_digest;
  rwk_trial *trials; /* in order of the index */
  size_t trial_count, trial_capacity;
  uint64_t trial_digest; /* sum of the checksums of trials */
  int has_search;
  rwk_search_summary search;
  rwk_efficiency *efficiency;
  size_t efficiency_count, efficiency_capacity;
  rwk_effect *effects;
  size_t effect_count, effect_capacity;
  uint64_t search_digest; /* sum of the checksums of the other three tables of a search */
};

/* ---- Schema (schema.c) */

const rwk_table *rwk_store_table(rwk_table_id id);
rwk_status rwk_store_create_schema(rwk_run *run);
/* RWK_FORMAT unless the file is a run file of this version whose tables are word for word ours. */
rwk_status rwk_store_check_schema(rwk_run *run);
/* The statements that run over and over. */
rwk_status rwk_store_prepare_all(rwk_run *run);
void rwk_store_finalize_all(rwk_run *run);
/* Those that are made when they are first needed. */
rwk_status rwk_store_prepare_put(rwk_run *run, rwk_table_id id);
rwk_status rwk_store_prepare_get_fold_fit(rwk_run *run);
rwk_status rwk_store_prepare_get_checksum(rwk_run *run); /* of a fit that stands in the file */
/* "SELECT <key, fields, checksum, weights> FROM <table> <tail>". */
rwk_status rwk_store_select(sqlite3_stmt **statement, rwk_run *run, const rwk_table *table, const char *tail);

/* ---- SQL (sql.c) */

/* Turns an SQLite code into a status, with one sentence: cannot WHAT FILE: reason. */
rwk_status rwk_store_fail(rwk_run *run, int code, const char *what);
/* RWK_FORMAT, "FILE is damaged: ...". */
rwk_status rwk_store_damaged(rwk_run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Opens run->db with everything switched off that a stranger's file could use; flags as sqlite3_open_v2. */
rwk_status rwk_store_connect(rwk_run *run, const char *path, int flags);
/* Closes it, with all statements. */
void rwk_store_disconnect(rwk_run *run);
/* Ends a transaction, if there is one. */
void rwk_store_rollback(rwk_run *run);
rwk_status rwk_store_exec(rwk_run *run, const char *sql, const char *what);
/* First column of the first row, an integer. */
rwk_status rwk_store_integer(int64_t *value, rwk_run *run, const char *sql, const char *what);
/* Steps a statement that gives no rows, and resets it. */
rwk_status rwk_store_step(rwk_run *run, sqlite3_stmt *statement, const char *what);
rwk_status rwk_store_set_journal(rwk_run *run, const char *mode, int *done);

/* ---- Rows and transactions (rows.c) */

/* Between these, rows are put. Commit takes the state after the change and makes it the run's; every other
 * change of the run's memory is the caller's, after the commit, and must not be able to fail. After any
 * failure the caller rolls back. */
rwk_status rwk_store_begin(rwk_run *run);
rwk_status rwk_store_commit(rwk_run *run, const rwk_state_record *state);
rwk_status rwk_store_put(uint64_t *checksum, rwk_run *run, rwk_table_id id, int64_t key, const void *record);
/* The digest after rows with these sums of checksums have come and gone. */
int64_t rwk_store_digest(int64_t digest, uint64_t come, uint64_t gone);
rwk_status rwk_store_clear(rwk_run *run, rwk_table_id id);
/* Reads the row a SELECT of rwk_store_select stands on. w[dim] may be NULL. The record is overwritten; its
 * strings are the caller's, whatever is returned. */
rwk_status rwk_store_read(int64_t *key, void *record, double *w, uint64_t *checksum, rwk_run *run,
                          sqlite3_stmt *statement, rwk_table_id id);

/* RWK_INVALID_ARGUMENT if the run was opened for reading. */
rwk_status rwk_store_want_writable(rwk_run *run);

/* Where several processes write: the state that one of them left, inside a transaction. */
rwk_status rwk_store_follow(rwk_run *run);

/* ---- Reading all of a file (load.c) */
rwk_status rwk_store_load(rwk_run *run);
/* What was read or written, so that a file can be read once more. */
void rwk_store_forget(rwk_run *run);

/* ---- Several processes (share.c) */
/* Is nobody else at the run? Then nobody can come until rwk_store_unshare. */
int rwk_store_is_last(rwk_run *run);
void rwk_store_unshare(rwk_run *run);

/* ---- Files (file.c) */

/* The path SQLite gets: never a URI, never ":memory:". */
rwk_status rwk_store_path(char **path, rwk_context *ctx, const char *file);
/* May a run file be made there? As rwk_run_create says. */
rwk_status rwk_store_may_create(rwk_run *run);
/* Puts the bytes of a database under the run's name, whole or not at all. */
rwk_status rwk_store_place(rwk_run *run, const unsigned char *bytes, size_t size);
/* Is there a regular file that can be opened? */
rwk_status rwk_store_may_open(rwk_run *run);

/* ---- Fits (fit.c) */
int64_t rwk_store_fit_key(rwk_walk walk, int start, size_t index);
size_t rwk_store_fit_index(int64_t key);
#define RWK_STORE_INDEX_BITS 27 /* walk, start and index share the 63 bits of a key */
#define RWK_STORE_INDEX_LIMIT ((size_t)1 << RWK_STORE_INDEX_BITS)
#define RWK_STORE_META_LIMIT 1000
/* Of a fold's fit: 16 bits of fold, 2 of walk, 20 of start, 25 of index. */
int64_t rwk_store_fold_fit_key(size_t fold, rwk_walk walk, int start, size_t index);
#define RWK_STORE_FOLD_LIMIT ((size_t)1 << 16)
#define RWK_STORE_FOLD_START_LIMIT (1 << 20)
#define RWK_STORE_FOLD_INDEX_LIMIT ((size_t)1 << 25)
/* NULL, or what is wrong with a fit of a fold, by the grid there is. */
const char *rwk_store_check_fold_fit(const rwk_run *run, const rwk_fold_fit_record *record);

/* ---- Cross-validation (cv.c) */

/* Room for so many drops behind run->fold_drop_count, and: a fold is done, whose drops have been put there.
 */
rwk_status rwk_store_room_for_drops(rwk_run *run, size_t count);
rwk_status rwk_store_finish_fold(rwk_run *run, const rwk_fold_record *record, size_t drops);
/* Writes a cross-validation in one transaction; then points and rows, blocks of the context's allocator, are
 * the run's. */
rwk_status rwk_store_finish_cv(rwk_run *run, const rwk_cv_summary *summary, rwk_cv_point *points,
                               rwk_cv_row *rows);
/* NULL, or what is wrong with it. */
const char *rwk_store_check_cv(const rwk_cv_summary *summary, size_t grid);
const char *rwk_store_check_cv_row(const rwk_cv_row *row, const rwk_cv_summary *summary, size_t place);

/* ---- Search (search.c) */
#define RWK_STORE_TRIAL_LIMIT ((size_t)1 << 31)

/* Writes what trials say together, in one transaction; the lists are copied. */
rwk_status rwk_store_finish_search(rwk_run *run, const rwk_search_summary *summary,
                                   const rwk_efficiency *efficiency, size_t efficiency_count,
                                   const rwk_effect *effects, size_t effect_count);
/* NULL, or what is wrong with it. */
const char *rwk_store_check_trial(const rwk_trial *trial);
const char *rwk_store_check_search(const rwk_search_summary *summary, size_t trials);
const char *rwk_store_check_efficiency(const rwk_efficiency *efficiency, size_t place, size_t trials);
const char *rwk_store_check_effect(const rwk_effect *effect);

/* ---- Texts and grid (meta.c) */
#define RWK_STORE_CREATED_AT "created_at"
rwk_status rwk_store_set(rwk_run *run, const char *key, const char *value);
/* RWK_INVALID_ARGUMENT if it is no grid, RWK_MISMATCH if a fit is stored that is not at a penalty of it. */
rwk_status rwk_store_check_grid(rwk_run *run, const double *lambda, size_t count);
int rwk_store_same_grid(const rwk_run *run, const double *lambda, size_t count);
/* Writes the grid's rows inside a transaction; *digest is the sum of their checksums. */
rwk_status rwk_store_put_grid(uint64_t *digest, rwk_run *run, const double *lambda, size_t count);
/* Makes a block of the context's allocator the run's grid. */
void rwk_store_take_grid(rwk_run *run, double *lambda, size_t count, uint64_t digest);

/* ---- Series (series.c) */

/* NULL, or what is wrong with it, given the one before. */
const char *rwk_store_check_series(const rwk_series_record *record, const rwk_series_record *before);
void rwk_store_free_series(rwk_context *ctx, rwk_series_record *list, size_t count);

/* ---- Finishing (finish.c) */

/* What a finished path has besides its fits; the lists are blocks of the context's allocator. */
typedef struct rwk_finish {
  const double *lambda;
  size_t count;
  rwk_drop_record *drops;
  size_t drop_count, drop_capacity;
  rwk_origin *origins;
  size_t origin_count, origin_capacity;
  rwk_collapse collapse;
  double seconds;
} rwk_finish;

/* Writes it in one transaction; then the lists are the run's, and NULL here. */
rwk_status rwk_store_finish(rwk_run *run, rwk_finish *finish);
/* NULL, or what is wrong with the drop. */
const char *rwk_store_check_drop(const rwk_drop_record *record, const double *lambda, size_t count);

#endif
