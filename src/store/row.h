/* store/row.h: rows of the run file described once: SQL text, binding, reading with every value checked, and the checksum all
 * come from the same list of columns. */
#ifndef RWK_STORE_ROW_H
#define RWK_STORE_ROW_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>
#include <ridgewalk/path.h>

typedef enum rwk_kind {
  RWK_KIND_DOUBLE, /* kept bit for bit, except that every NaN is NULL */
  RWK_KIND_INT,    /* >= 0 */
  RWK_KIND_FLAG,   /* 0 or 1 */
  RWK_KIND_COUNT,  /* int64_t >= -1 */
  RWK_KIND_SIZE,   /* size_t */
  RWK_KIND_WALK,   /* enums by their names */
  RWK_KIND_STOP,
  RWK_KIND_VERDICT,
  RWK_KIND_CAUSE,
  RWK_KIND_TEXT /* char[room] */
} rwk_kind;

typedef struct rwk_column {
  const char *name;
  rwk_kind kind;
  size_t offset, room;
} rwk_column;

/* A table whose rows are structs. Its last columns are `weights` (where there are some) and `checksum`. */
typedef struct rwk_relation {
  const char *name;
  const rwk_column *columns;
  int count;
  int weights;     /* 1: a column of weights follows */
  const char *key; /* "PRIMARY KEY(...)" or "" */
} rwk_relation;

typedef struct rwk_drop_row {
  rwk_walk walk;
  int start;
  rwk_drop drop;
} rwk_drop_row;

typedef struct rwk_collapse_row {
  rwk_collapse collapse;
  double seconds;
} rwk_collapse_row;

extern const rwk_relation rwk_fit_relation, rwk_drop_relation, rwk_collapse_relation;

/* Longest SQL text of a relation, with room to spare. */
enum { RWK_SQL_ROOM = 4096 };
void rwk_sql_create(char sql[RWK_SQL_ROOM], const rwk_relation *relation);
void rwk_sql_insert(char sql[RWK_SQL_ROOM], const rwk_relation *relation);
void rwk_sql_select(char sql[RWK_SQL_ROOM], const rwk_relation *relation, const char *rest);

/* Binds the columns to parameters 1 ... count; an SQLite code. Text is borrowed until the statement is reset. */
int rwk_row_bind(sqlite3_stmt *statement, const rwk_relation *relation, const void *row);

/* Reads them from columns 0 ... count-1. NULL if all is well, else the name of a column with an impossible value. */
const char *rwk_row_read(void *row, sqlite3_stmt *statement, const rwk_relation *relation);

/* XXH3-64 of the values, seeded by the XXH3-64 of the weights' little-endian bytes (seed 0 where there are none). */
int64_t rwk_row_checksum(const rwk_relation *relation, const void *row, const void *weights, size_t bytes);

int64_t rwk_text_checksum(const char *key, const char *value);
int64_t rwk_number_checksum(size_t index, double value);

#endif
