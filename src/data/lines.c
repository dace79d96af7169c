#include <string.h>
#include "data/lines.h"
#include "data/text.h"

enum {
  CELL_MOST = 1 << 20,
  LINE_MOST = 1 << 26,
  CELLS_MOST = 1 << 20,
  SLICE = 1 << 16 /* given to libcsv at a time, so that a cell without end is noticed early */
};

/* A quote that stands for itself is given to libcsv as this byte; a NUL in the file is refused before. */
static const char literal_quote = 0;

static int is_blank(char c) {
  return c == ' ' || c == '\t';
}

const char *rwk_lines_cell(const rwk_lines *l, size_t cell) {
  return l->text + l->cells[cell].at;
}

/* ---- what libcsv hands back ---- */

static rwk_status take_cell(rwk_lines *l, const char *text, size_t length) {
  if (length > CELL_MOST)
    return rwk_fail(l->ctx, RWK_FORMAT, "%s, line %zu: a cell of more than 1 MiB; is this a table?", l->name,
                    l->record_line);
  if (l->cell_count >= CELLS_MOST)
    return rwk_fail(l->ctx, RWK_FORMAT, "%s, line %zu: more than %d cells; is this a table?", l->name,
                    l->record_line, CELLS_MOST);
  const int utf8 = rwk_is_utf8(text, length);
  RWK_TRY(rwk_grow(l->ctx, &l->text, &l->text_capacity, l->text_length + 2 * length + 1, 1));
  RWK_TRY(rwk_grow(l->ctx, &l->cells, &l->cell_capacity, l->cell_count + 1, sizeof *l->cells));
  char *out = l->text + l->text_length;
  for (size_t i = 0; i < length; i++) {
    const unsigned char byte = (unsigned char)text[i];
    if (utf8 || byte < 0x80) {
      *out++ = text[i] == literal_quote ? '"' : text[i];
    } else { /* Latin-1 */
      *out++ = (char)(0xc0 | byte >> 6);
      *out++ = (char)(0x80 | (byte & 0x3f));
    }
  }
  *out = 0;
  if (!utf8 && !l->latin1) l->latin1 = l->line_number;
  l->cells[l->cell_count++] =
      (rwk_cell){.at = l->text_length, .length = (size_t)(out - (l->text + l->text_length))};
  l->text_length = (size_t)(out + 1 - l->text);
  return RWK_OK;
}

static void on_cell(void *text, size_t length, void *payload) {
  rwk_lines *l = payload;
  if (l->status == RWK_OK) l->status = take_cell(l, text, length);
}

static void on_record(int terminator, void *payload) {
  (void)terminator;
  rwk_lines *l = payload;
  if (l->status == RWK_OK) l->status = l->take(l->payload, l);
  l->cell_count = l->text_length = 0;
}

/* ---- physical lines ---- */

/* Follows the quotes through a line (which ends in LF), in place: literal quotes are marked, and with blanks
 * for separators each run of them becomes one. Returns the new length; *wrong: byte from 1 at which something
 * follows a closing quote, else 0. */
static size_t prepare(rwk_lines *l, size_t *wrong) {
  enum { BEFORE, PLAIN, QUOTED, BEHIND } where = l->in_quotes ? QUOTED : BEFORE;
  char *const line = l->line;
  const size_t length = l->line_length - 1;
  const int runs = l->separator == ' ';
  size_t to = 0;
  int cells = l->in_quotes; /* cells begun on this line; one goes on in a quote */
  *wrong = 0;
  for (size_t i = 0; i < length; i++) {
    const char c = line[i];
    if (where == QUOTED) {
      line[to++] = c;
      if (c != '"') continue;
      if (line[i + 1] == '"')
        line[to++] = line[++i];
      else
        where = BEHIND;
      continue;
    }
    const int blank = is_blank(c);
    if (runs ? blank : c == l->separator) {
      where = BEFORE;
      if (!runs) line[to++] = c;
      continue;
    }
    if (where == BEFORE) {
      if (!blank) {
        if (runs && cells++) line[to++] = ' ';
        where = c == '"' ? QUOTED : PLAIN;
        if (where == QUOTED) l->quote_line = l->line_number;
      }
      line[to++] = c;
    } else if (where == PLAIN) {
      line[to++] = c == '"' ? literal_quote : c;
    } else {
      if (!blank) {
        *wrong = i + 1;
        return to;
      }
      line[to++] = c;
    }
  }
  l->in_quotes = where == QUOTED;
  line[to++] = '\n';
  return to;
}

/* How many cells a comment would have had: the header may hide behind a comment character. */
static size_t count_cells(const rwk_lines *l) {
  size_t n = 1;
  for (size_t i = 1; i + 1 < l->line_length; i++)
    n += l->separator == ' ' ? is_blank(l->line[i]) && !is_blank(l->line[i - 1]) && i > 1
                             : l->line[i] == l->separator;
  return n;
}

static rwk_status feed(rwk_lines *l, size_t length) {
  for (size_t at = 0; at < length;) {
    const size_t n = length - at < SLICE ? length - at : SLICE;
    if (csv_parse(&l->csv, l->line + at, n, on_cell, on_record, l) != n && l->status == RWK_OK)
      return csv_error(&l->csv) == CSV_ENOMEM ? rwk_fail_memory(l->ctx, "a line of a table")
                                              : rwk_fail(l->ctx, RWK_FORMAT, "%s, line %zu: %s", l->name,
                                                         l->line_number, csv_strerror(csv_error(&l->csv)));
    RWK_TRY(l->status);
    at += n;
    if (l->csv.entry_pos > CELL_MOST)
      return l->csv.quoted
                 ? rwk_fail(l->ctx, RWK_FORMAT,
                            "%s, line %zu: the quote opened here is not closed within 1 MiB; close it, or "
                            "take it out",
                            l->name, l->quote_line)
                 : rwk_fail(l->ctx, RWK_FORMAT, "%s, line %zu: a cell of more than 1 MiB; is this a table?",
                            l->name, l->record_line);
  }
  return RWK_OK;
}

/* One line, which ends in LF. */
static rwk_status give_line(rwk_lines *l) {
  l->line_number++;
  const char *nul = memchr(l->line, 0, l->line_length);
  if (nul)
    return rwk_fail(l->ctx, RWK_FORMAT,
                    "%s, line %zu, byte %zu: a NUL byte; this is not a text file, or it is damaged", l->name,
                    l->line_number, (size_t)(nul - l->line) + 1);
  const int inside = l->in_quotes;
  if (!inside) {
    l->record_line = l->line_number;
    if (l->comment && l->line[0] == l->comment) {
      if (l->comments++ == 0) l->first_comment = l->line_number;
      const size_t cells = count_cells(l);
      if (cells > l->comment_cells) l->comment_cells = cells;
      return RWK_OK;
    }
    size_t blanks = 0;
    while (is_blank(l->line[blanks])) blanks++;
    l->only_blanks = blanks + 1 == l->line_length;
  }
  size_t wrong;
  const size_t length = prepare(l, &wrong);
  if (wrong && inside)
    return rwk_fail(
        l->ctx, RWK_FORMAT,
        "%s, line %zu: the quote opened here is not closed before the next one, on line %zu; close "
        "it, or take it out",
        l->name, l->quote_line, l->line_number);
  if (wrong)
    return rwk_fail(
        l->ctx, RWK_FORMAT,
        "%s, line %zu, byte %zu: text after a closing quote; a quote inside quotes is written twice", l->name,
        l->line_number, wrong);
  return feed(l, length);
}

rwk_status rwk_lines_open(rwk_lines *l) {
  if (csv_init(&l->csv, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL) != 0)
    return rwk_fail(l->ctx, RWK_INTERNAL, "libcsv: no parser");
  l->csv_open = 1;
  csv_set_delim(&l->csv, (unsigned char)l->separator);
  csv_set_blk_size(&l->csv, 4096);
  return RWK_OK;
}

rwk_status rwk_lines_give(rwk_lines *l, const char *bytes, size_t length) {
  for (size_t i = 0; i < length;) {
    if (l->after_return && bytes[i] == '\n') {
      l->after_return = 0;
      i++;
      continue;
    }
    l->after_return = 0;
    size_t end = i;
    while (end < length && bytes[end] != '\n' && bytes[end] != '\r') end++;
    if (l->line_length + (end - i) > LINE_MOST)
      return rwk_fail(l->ctx, RWK_FORMAT, "%s, line %zu: a line of more than 64 MiB; is this a table?",
                      l->name, l->line_number + 1);
    RWK_TRY(rwk_grow(l->ctx, &l->line, &l->line_capacity, l->line_length + (end - i) + 1, 1));
    memcpy(l->line + l->line_length, bytes + i, end - i);
    l->line_length += end - i;
    if (end == length) break;
    l->after_return = bytes[end] == '\r';
    l->line[l->line_length++] = '\n';
    RWK_TRY(give_line(l));
    l->line_length = 0;
    i = end + 1;
  }
  return RWK_OK;
}

rwk_status rwk_lines_end(rwk_lines *l) {
  if (l->line_length) { /* no line end at the end of the file */
    l->line[l->line_length++] = '\n';
    RWK_TRY(give_line(l));
    l->line_length = 0;
  }
  if (l->in_quotes)
    return rwk_fail(l->ctx, RWK_FORMAT,
                    "%s, line %zu: a quote is opened here and never closed; close it, or take it out",
                    l->name, l->quote_line);
  return RWK_OK;
}

void rwk_lines_close(rwk_lines *l) {
  if (l->csv_open) csv_free(&l->csv);
  rwk_free(l->ctx, l->line);
  rwk_free(l->ctx, l->text);
  rwk_free(l->ctx, l->cells);
}
