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
  unsigned char look; /* rwk_look, if neither */
} rwk_oddity;

typedef struct rwk_column {
  char *name;
  double *x; /* [capacity >= rows]; NaN at oddities */
  size_t x_capacity;
  rwk_oddity *oddities; /* in order of rows */
  size_t oddity_count, oddity_capacity;
  size_t missing;        /* oddities that are missing cells */
  size_t texts;          /* oddities that are just text; the others look like numbers, or are out of range */
  unsigned char inexact; /* whole numbers that a double cannot hold */
  unsigned char duplicated; /* a later column had the same name in the file */
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
  char decimal;
  locale_t c_locale;
};

/* A text column: cells that are text, and hardly one that is a number or looks like one (fewer than one in
 * twenty). */
int rwk_column_is_text(const rwk_table *table, const rwk_column *column);

/* The oddity of a row, or NULL. */
const rwk_oddity *rwk_column_oddity(const rwk_column *column, size_t row);

/* Does it count the rows, 0,1,2,... or 1,2,3,...? */
int rwk_column_counts(const rwk_table *table, size_t column);

/* Text of a cell as a level's label: the cell's own, or the number in its shortest spelling, in `buffer`. */
enum { RWK_LABEL = 40 };
const char *rwk_column_label(char buffer[RWK_LABEL], const rwk_table *table, const rwk_column *column,
                             size_t row);

/* Is text[length] one of the spellings of a missing cell, of ours or of the settings? */
int rwk_is_missing(const char *text, size_t length, const rwk_table_settings *settings, char decimal,
                   locale_t c_locale);

#endif
