/* data/table.h: the inside of a table. */
#ifndef RWK_DATA_TABLE_H
#define RWK_DATA_TABLE_H

#include <ridgewalk/table.h>
#include "base/context.h"
#include "data/number.h"
#include "data/text.h"

/* A cell that is not a number: missing, text, or out of range. */
typedef struct rwk_oddity {
  size_t row;
  size_t text; /* offset in the table's texts, NUL-terminated there */
  unsigned char missing, range;
} rwk_oddity;

typedef struct rwk_column {
  char *name;
  double *x; /* [capacity >= rows]; NaN at oddities */
  size_t x_capacity;
  rwk_oddity *oddities; /* in order of rows */
  size_t oddity_count, oddity_capacity;
  size_t missing, others;   /* oddities that are missing cells, and those that are not */
  unsigned char inexact;    /* whole numbers that a double cannot hold */
  unsigned char duplicated; /* its name was not unique in the file */
  unsigned char unnamed;
} rwk_column;

struct rwk_table {
  rwk_context *ctx;
  char *name; /* of the file, for messages */
  rwk_column *columns;
  size_t column_count, column_capacity, rows;
  size_t *line; /* [rows] physical line each row begins on */
  size_t line_capacity;
  char *texts;
  size_t text_length, text_capacity;
  locale_t c_locale;
};

/* A text column: cells that are text, and hardly a number among them. */
int rwk_column_is_text(const rwk_table *table, const rwk_column *column);

/* The oddity of a row, or NULL. */
const rwk_oddity *rwk_column_oddity(const rwk_column *column, size_t row);

/* A row index written by another program: unnamed, the first, and counting 0,1,2,... or 1,2,3,... */
int rwk_column_is_index(const rwk_table *table, size_t column);

/* Text of a cell as a level's label: the cell's own, or the number in its shortest spelling. */
void rwk_column_label(char *out, size_t size, const rwk_table *table, const rwk_column *column, size_t row);

/* What the first lines say (sniff.c). */
typedef struct rwk_dialect {
  char separator; /* 0: one column */
  char decimal;
  int guessed_separator, guessed_decimal;
} rwk_dialect;

void rwk_sniff(rwk_dialect *dialect, const char *bytes, size_t length, const rwk_table_settings *settings);

#endif
