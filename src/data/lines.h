/* data/lines.h: bytes to records of cells, with the physical line of everything. */
#ifndef RWK_DATA_LINES_H
#define RWK_DATA_LINES_H

#include <stddef.h>
#include <csv.h>
#include "base/context.h"

typedef struct rwk_cell {
  size_t at, length; /* in rwk_lines.text, with a NUL behind */
} rwk_cell;

typedef struct rwk_lines rwk_lines;

typedef rwk_status (*rwk_record_fn)(void *payload, const rwk_lines *lines);

/* Line ends are LF, CRLF and CR, in any mixture. Quotes are those of RFC 4180, and besides: blanks may stand
 * before and behind a quoted cell, and a quote inside a cell that does not begin with one stands for itself.
 * Blanks round cells do not count. Lines of blanks, and lines that begin with the comment character, are no
 * records. Bytes that are not UTF-8 are taken for Latin-1, cell by cell. */
struct rwk_lines {
  rwk_context *ctx;
  const char *name; /* of the file, for messages */
  char separator;   /* ' ': any run of blanks and tabs */
  char comment;     /* 0: none */
  rwk_record_fn take;
  void *payload;

  /* the record given to `take` */
  rwk_cell *cells;
  size_t cell_count;
  char *text;
  size_t record_line; /* physical line, from 1, on which it begins */
  int only_blanks;    /* it is one line of nothing but tabs that separate, and blanks */

  size_t comments, first_comment; /* lines left out, and the first of them */
  size_t comment_cells;           /* the most cells that one of them would have had */
  size_t latin1;                  /* first line that is not UTF-8, or 0 */

  /* the rest is for lines.c */
  struct csv_parser csv;
  int csv_open;
  char *line; /* the physical line being collected */
  size_t line_length, line_capacity, line_number, quote_line;
  size_t text_length, text_capacity, cell_capacity;
  int in_quotes, after_return;
  rwk_status status;
};

/* Fields ctx, name, separator, comment, take and payload are set by the caller, all others 0. */
rwk_status rwk_lines_open(rwk_lines *lines);
rwk_status rwk_lines_give(rwk_lines *lines, const char *bytes, size_t length);
rwk_status rwk_lines_end(rwk_lines *lines);
void rwk_lines_close(rwk_lines *lines);

const char *rwk_lines_cell(const rwk_lines *lines, size_t cell);

#endif
