/* CSV text to a table: physical lines are cut here, so that every message can name one; libcsv cuts them into
 * cells. */
#define _GNU_SOURCE /* newlocale */
#include <csv.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>
#include "data/table.h"

enum { CHUNK = 1 << 18, CELL_MOST = 1 << 20, LINE_MOST = 1 << 26, COLUMNS_MOST = 1 << 20 };

typedef struct cell {
  size_t at, length; /* in reader.record */
} cell;

typedef struct reader {
  rwk_context *ctx;
  rwk_table *t;
  const rwk_table_settings *settings;
  rwk_dialect dialect;
  struct csv_parser csv;
  int csv_open;
  char *line; /* the physical line being collected */
  size_t line_length, line_capacity;
  size_t line_number; /* of that line, from 1 */
  size_t record_line; /* line the record began on */
  size_t quote_line;  /* line the open quote began on */
  char *record;       /* cells of the current record, one after the other */
  size_t record_length, record_capacity;
  cell *cells;
  size_t cell_count, cell_capacity;
  size_t header_fields; /* 0: no header seen yet */
  int extra_last;       /* data lines have one more, empty, last cell than the header */
  int comments, latin1;
  int after_return; /* the last byte seen was CR */
  rwk_status status;
} reader;

static rwk_status set_status(reader *r, rwk_status status) {
  if (r->status == RWK_OK) r->status = status;
  return status;
}

/* ---- cells and records ---- */

static void on_cell(void *text, size_t length, void *payload) {
  reader *r = payload;
  if (r->status != RWK_OK) return;
  if (length > CELL_MOST) {
    set_status(r,
               rwk_fail(r->ctx, RWK_FORMAT, "%s, line %zu: a cell of more than 1 MiB; is a quote left open?",
                        r->t->name, r->record_line));
    return;
  }
  if (r->cell_count >= COLUMNS_MOST) {
    set_status(r, rwk_fail(r->ctx, RWK_FORMAT, "%s, line %zu: more than %d columns", r->t->name,
                           r->record_line, COLUMNS_MOST));
    return;
  }
  const int utf8 = rwk_is_utf8(text, length);
  if (set_status(r, rwk_grow(r->ctx, &r->record, &r->record_capacity, r->record_length + 2 * length + 1,
                             1)) != RWK_OK)
    return;
  if (set_status(r, rwk_grow(r->ctx, &r->cells, &r->cell_capacity, r->cell_count + 1, sizeof *r->cells)) !=
      RWK_OK)
    return;
  cell *c = &r->cells[r->cell_count++];
  c->at = r->record_length;
  char *out = r->record + c->at;
  for (size_t i = 0; i < length; i++) {
    const unsigned char byte = ((const unsigned char *)text)[i];
    if (utf8 || byte < 0x80) {
      *out++ = (char)byte;
    } else { /* Latin-1 */
      *out++ = (char)(0xc0 | byte >> 6);
      *out++ = (char)(0x80 | (byte & 0x3f));
    }
  }
  *out = 0;
  c->length = (size_t)(out - (r->record + c->at));
  r->record_length += c->length + 1;
  r->latin1 |= !utf8;
}

static const char *cell_text(const reader *r, size_t j) {
  return r->record + r->cells[j].at;
}

static int is_blank_cell(const char *s) {
  return s[strspn(s, " \t")] == 0;
}

static rwk_status add_column(reader *r, const char *name, int unnamed) {
  rwk_table *t = r->t;
  RWK_TRY(rwk_grow(r->ctx, &t->columns, &t->column_capacity, t->column_count + 1, sizeof *t->columns));
  rwk_column *c = &t->columns[t->column_count];
  *c = (rwk_column){.unnamed = (unsigned char)unnamed};
  c->name = rwk_strdup(r->ctx, name);
  if (!c->name) return rwk_fail_memory(r->ctx, "column names");
  t->column_count++;
  return RWK_OK;
}

/* a, a.1, a.2: the second and later ones are renamed. */
static rwk_status make_unique(reader *r) {
  rwk_table *t = r->t;
  for (size_t j = 1; j < t->column_count; j++) {
    size_t first = j;
    for (size_t k = 0; k < j; k++)
      if (!strcmp(t->columns[k].name, t->columns[j].name)) {
        first = k;
        break;
      }
    if (first == j) continue;
    if (t->column_count > 5000)
      return rwk_fail(r->ctx, RWK_FORMAT, "%s: column names are not unique", t->name);
    char shown[RWK_SHOWN];
    const char *base = t->columns[first].name;
    char *name = rwk_alloc(r->ctx, strlen(base) + 24, 1);
    if (!name) return rwk_fail_memory(r->ctx, "column names");
    for (size_t n = 1, taken = 1; taken; n++) {
      snprintf(name, strlen(base) + 24, "%s.%zu", base, n);
      taken = 0;
      for (size_t k = 0; k < t->column_count && !taken; k++) taken = !strcmp(t->columns[k].name, name);
    }
    t->columns[first].duplicated = t->columns[j].duplicated = 1;
    rwk_note(r->ctx, "two columns are called '%s': the later one is '%s.%s' from here on",
             rwk_shown(shown, base, strlen(base)), shown, strrchr(name, '.') + 1);
    rwk_free(r->ctx, t->columns[j].name);
    t->columns[j].name = name;
  }
  return RWK_OK;
}

static rwk_status take_header(reader *r) {
  char name[32];
  size_t unnamed = 0;
  for (size_t j = 0; j < r->cell_count; j++) {
    const char *text = cell_text(r, j);
    const int empty = is_blank_cell(text);
    snprintf(name, sizeof name, "V%zu", j + 1);
    RWK_TRY(add_column(r, empty ? name : text, empty));
    if (empty && unnamed++ == 0)
      rwk_note(r->ctx, "column %zu has no name: it is called %s here", j + 1, name);
  }
  r->header_fields = r->cell_count;
  return make_unique(r);
}

/* All cells numbers: is this line a header at all? */
static int looks_like_data(const reader *r) {
  for (size_t j = 0; j < r->cell_count; j++) {
    double x;
    if (rwk_number(&x, NULL, cell_text(r, j), r->cells[j].length, r->dialect.decimal, r->t->c_locale) ==
        RWK_NUMBER_NONE)
      return 0;
  }
  return 1;
}

static int is_missing(const reader *r, const char *text, size_t length) {
  static const char *const spellings[] = {"",     "NA",   "N/A",  "n/a", "NaN", "nan",  "NAN", "null",
                                          "NULL", "Null", "None", "?",   ".",   "#N/A", "<NA>"};
  while (length && (*text == ' ' || *text == '\t')) text++, length--;
  while (length && (text[length - 1] == ' ' || text[length - 1] == '\t')) length--;
  for (size_t k = 0; k < sizeof spellings / sizeof *spellings; k++)
    if (strlen(spellings[k]) == length && !memcmp(spellings[k], text, length)) return 1;
  for (size_t k = 0; k < r->settings->na_count; k++) {
    const char *na = r->settings->na[k];
    if (strlen(na) == length && !memcmp(na, text, length)) return 1;
    double a, b; /* -999 is -999.0 */
    if (rwk_number(&a, NULL, na, strlen(na), '.', r->t->c_locale) == RWK_NUMBER_OK &&
        rwk_number(&b, NULL, text, length, r->dialect.decimal, r->t->c_locale) == RWK_NUMBER_OK && a == b)
      return 1;
  }
  return 0;
}

static rwk_status add_oddity(reader *r, rwk_column *c, const char *text, size_t length, int missing,
                             int range) {
  rwk_table *t = r->t;
  while (length && (*text == ' ' || *text == '\t')) text++, length--;
  while (length && (text[length - 1] == ' ' || text[length - 1] == '\t')) length--;
  RWK_TRY(rwk_grow(r->ctx, &c->oddities, &c->oddity_capacity, c->oddity_count + 1, sizeof *c->oddities));
  rwk_oddity *o = &c->oddities[c->oddity_count];
  *o = (rwk_oddity){.row = t->rows, .missing = (unsigned char)missing, .range = (unsigned char)range};
  /* the same text as the cell above is kept once */
  if (c->oddity_count && strlen(t->texts + o[-1].text) == length &&
      !memcmp(t->texts + o[-1].text, text, length)) {
    o->text = o[-1].text;
  } else {
    RWK_TRY(rwk_grow(r->ctx, &t->texts, &t->text_capacity, t->text_length + length + 1, 1));
    o->text = t->text_length;
    memcpy(t->texts + t->text_length, text, length);
    t->texts[t->text_length + length] = 0;
    t->text_length += length + 1;
  }
  c->oddity_count++;
  *(missing ? &c->missing : &c->others) += 1;
  return RWK_OK;
}

static rwk_status take_row(reader *r) {
  rwk_table *t = r->t;
  size_t fields = r->cell_count;
  const size_t expected = r->header_fields;
  const int extra = fields == expected + 1 && is_blank_cell(cell_text(r, fields - 1));
  if (t->rows == 0 && extra) {
    r->extra_last = 1;
    rwk_note(r->ctx,
             "lines end in a separator that the header does not have: the empty last cell is left out");
  }
  if (r->extra_last && extra) fields--;
  if (fields != expected || (r->extra_last && !extra))
    return rwk_fail(r->ctx, RWK_FORMAT, "%s, line %zu: %zu fields, expected %zu%s", t->name, r->record_line,
                    r->cell_count, expected + (size_t)r->extra_last,
                    r->dialect.separator == ',' && fields > expected && fields % expected == 0
                        ? "; if the comma is the decimal mark, give --sep and --decimal"
                        : "");
  RWK_TRY(rwk_grow(r->ctx, &t->line, &t->line_capacity, t->rows + 1, sizeof *t->line));
  t->line[t->rows] = r->record_line;
  for (size_t j = 0; j < fields; j++) {
    rwk_column *c = &t->columns[j];
    RWK_TRY(rwk_grow(r->ctx, &c->x, &c->x_capacity, t->rows + 1, sizeof *c->x));
    const char *text = cell_text(r, j);
    const size_t length = r->cells[j].length;
    double x = NAN;
    int inexact = 0;
    const rwk_number_kind kind = rwk_number(&x, &inexact, text, length, r->dialect.decimal, t->c_locale);
    const int missing = is_missing(r, text, length);
    if (kind != RWK_NUMBER_OK || missing) {
      x = NAN;
      RWK_TRY(add_oddity(r, c, text, length, missing, kind == RWK_NUMBER_RANGE));
    }
    c->inexact |= inexact && !missing;
    c->x[t->rows] = x;
  }
  t->rows++;
  return RWK_OK;
}

static void on_record(int terminator, void *payload) {
  (void)terminator;
  reader *r = payload;
  if (r->status != RWK_OK) return;
  const int blank = r->cell_count == 0 || (r->cell_count == 1 && is_blank_cell(cell_text(r, 0)));
  if (!blank) {
    const rwk_header header = r->settings->header;
    if (r->header_fields == 0) {
      const int data = looks_like_data(r);
      if (header == RWK_HEADER_AUTO && data)
        set_status(r, rwk_fail(r->ctx, RWK_FORMAT,
                               "%s, line %zu: the first line is all numbers; say --no-header if it is data, "
                               "or --header if these are names",
                               r->t->name, r->record_line));
      else if (header == RWK_HEADER_NO) {
        char name[32];
        for (size_t j = 0; j < r->cell_count && r->status == RWK_OK; j++) {
          snprintf(name, sizeof name, "V%zu", j + 1);
          set_status(r, add_column(r, name, 0));
        }
        r->header_fields = r->cell_count;
        if (r->status == RWK_OK) {
          rwk_note(r->ctx, "no header: the columns are called V1 to V%zu", r->cell_count);
          set_status(r, take_row(r));
        }
      } else
        set_status(r, take_header(r));
    } else
      set_status(r, take_row(r));
  }
  r->cell_count = r->record_length = 0;
}

/* ---- physical lines ---- */

static rwk_status open_csv(reader *r, const char *head, size_t length) {
  rwk_sniff(&r->dialect, head, length, r->settings);
  if (csv_init(&r->csv, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL) != 0)
    return rwk_fail(r->ctx, RWK_INTERNAL, "libcsv: no parser");
  r->csv_open = 1;
  csv_set_delim(&r->csv, r->dialect.separator ? (unsigned char)r->dialect.separator : ',');
  if (r->dialect.guessed_separator)
    rwk_note(r->ctx, "cells are separated by %s (--sep to say otherwise)",
             r->dialect.separator == '\t'  ? "tabs"
             : r->dialect.separator == ';' ? "';'"
                                           : "'|'");
  if (r->dialect.guessed_decimal) rwk_note(r->ctx, "the decimal mark is ',' (--decimal to say otherwise)");
  return RWK_OK;
}

static int in_quotes(const reader *r) {
  return r->csv_open && r->csv.pstate == 2 && r->csv.quoted;
}

static rwk_status give_line(reader *r) {
  r->line_number++;
  const char *line = r->line;
  const size_t length = r->line_length;
  const char *nul = memchr(line, 0, length);
  if (nul)
    return rwk_fail(r->ctx, RWK_FORMAT, "%s, line %zu, byte %zu: a NUL byte; this is not a text file",
                    r->t->name, r->line_number, (size_t)(nul - line) + 1);
  const int inside = in_quotes(r);
  if (!inside) {
    r->record_line = r->line_number;
    if (r->settings->comment && length && line[0] == r->settings->comment) {
      r->comments++;
      return RWK_OK;
    }
  }
  if (csv_parse(&r->csv, line, length, on_cell, on_record, r) != length && r->status == RWK_OK) {
    if (csv_error(&r->csv) == CSV_EPARSE)
      return inside
                 ? rwk_fail(
                       r->ctx, RWK_FORMAT,
                       "%s, line %zu: the quote opened here is not closed before the next one, on line %zu",
                       r->t->name, r->quote_line, r->line_number)
                 : rwk_fail(r->ctx, RWK_FORMAT,
                            "%s, line %zu: a quote inside a cell that is not quoted, or text after a closing "
                            "quote",
                            r->t->name, r->line_number);
    return csv_error(&r->csv) == CSV_ENOMEM ? rwk_fail_memory(r->ctx, "a line of the table")
                                            : rwk_fail(r->ctx, RWK_FORMAT, "%s, line %zu: %s", r->t->name,
                                                       r->line_number, csv_strerror(csv_error(&r->csv)));
  }
  if (r->status != RWK_OK) return r->status;
  if (in_quotes(r)) {
    if (!inside) r->quote_line = r->line_number;
    if (r->csv.entry_pos > CELL_MOST)
      return rwk_fail(r->ctx, RWK_FORMAT, "%s: the quote opened on line %zu is not closed within 1 MiB",
                      r->t->name, r->quote_line);
  }
  return RWK_OK;
}

/* Collects bytes into lines ended by LF, CRLF or CR, each given on with a single LF. */
static rwk_status take_bytes(reader *r, const char *bytes, size_t length) {
  for (size_t i = 0; i < length;) {
    if (r->after_return && bytes[i] == '\n') {
      r->after_return = 0;
      i++;
      continue;
    }
    r->after_return = 0;
    size_t end = i;
    while (end < length && bytes[end] != '\n' && bytes[end] != '\r') end++;
    if (r->line_length + (end - i) > LINE_MOST)
      return rwk_fail(r->ctx, RWK_FORMAT, "%s, line %zu: a line of more than 64 MiB; is this a table?",
                      r->t->name, r->line_number + 1);
    RWK_TRY(rwk_grow(r->ctx, &r->line, &r->line_capacity, r->line_length + (end - i) + 1, 1));
    memcpy(r->line + r->line_length, bytes + i, end - i);
    r->line_length += end - i;
    if (end == length) break;
    r->after_return = bytes[end] == '\r';
    r->line[r->line_length++] = '\n';
    RWK_TRY(give_line(r));
    r->line_length = 0;
    i = end + 1;
  }
  return RWK_OK;
}

/* What cannot be a table of text; skips a byte order mark. */
static rwk_status check_head(reader *r, const unsigned char **bytes, size_t *length) {
  const unsigned char *b = *bytes;
  const char *name = r->t->name;
  if (*length >= 2 && ((b[0] == 0xff && b[1] == 0xfe) || (b[0] == 0xfe && b[1] == 0xff)))
    return rwk_fail(r->ctx, RWK_FORMAT,
                    "%s: UTF-16 text (byte order mark %02X %02X); convert it with iconv -f UTF-16 -t UTF-8",
                    name, b[0], b[1]);
  if (*length >= 4 && !memcmp(b, "PK\3\4", 4))
    return rwk_fail(r->ctx, RWK_FORMAT,
                    "%s: a zip archive or a spreadsheet (magic PK), not CSV; save it as CSV first", name);
  if (*length >= 16 && !memcmp(b, "SQLite format 3", 16))
    return rwk_fail(r->ctx, RWK_FORMAT, "%s: a database, not CSV; a run file goes with --resume", name);
  if (*length >= 3 && b[0] == 0xef && b[1] == 0xbb && b[2] == 0xbf) {
    *bytes += 3;
    *length -= 3;
  }
  size_t zeros = 0; /* UTF-16 without a mark: every other byte is 0 */
  const size_t seen = *length < 200 ? *length : 200;
  for (size_t i = 0; i < seen; i++) zeros += (*bytes)[i] == 0;
  if (seen >= 8 && 3 * zeros > seen)
    return rwk_fail(
        r->ctx, RWK_FORMAT,
        "%s: looks like UTF-16 text or a binary file (NUL bytes); convert it with iconv -f UTF-16LE -t UTF-8",
        name);
  return RWK_OK;
}

static rwk_status finish(reader *r) {
  rwk_table *t = r->t;
  const char *name = t->name;
  if (!r->csv_open) return rwk_fail(r->ctx, RWK_FORMAT, "%s: empty file", name);
  if (r->line_length) {
    r->line[r->line_length++] = '\n';
    RWK_TRY(give_line(r));
    r->line_length = 0;
  }
  if (in_quotes(r))
    return rwk_fail(r->ctx, RWK_FORMAT, "%s, line %zu: a quote is opened here and never closed", name,
                    r->quote_line);
  if (csv_fini(&r->csv, on_cell, on_record, r) != 0 && r->status == RWK_OK)
    return rwk_fail(r->ctx, RWK_FORMAT, "%s, line %zu: a quote is opened here and never closed", name,
                    r->record_line);
  if (r->status != RWK_OK) return r->status;
  if (r->header_fields == 0) return rwk_fail(r->ctx, RWK_FORMAT, "%s: empty file", name);
  if (t->rows == 0) return rwk_fail(r->ctx, RWK_DATA, "%s: a header and no data rows", name);
  if (r->comments)
    rwk_note(r->ctx, "%d lines that begin with '%c' were left out", r->comments, r->settings->comment);
  if (r->latin1) rwk_note(r->ctx, "the text is not UTF-8: it was read as Latin-1");
  for (size_t j = 0; j < t->column_count; j++) {
    char shown[RWK_SHOWN];
    if (t->columns[j].inexact)
      rwk_note(r->ctx, "column '%s' holds whole numbers above 2^53, which lose digits; is it an id?",
               rwk_shown(shown, t->columns[j].name, strlen(t->columns[j].name)));
  }
  return RWK_OK;
}

/* Bytes to read on: returns how many, 0 at the end, -1 on failure (status set on the context). */
typedef struct source {
  gzFile gz;
  const char *bytes;
  size_t length, at;
} source;

static rwk_status next_bytes(reader *r, source *s, char *buffer, size_t room, size_t *got) {
  *got = 0;
  if (!s->gz) {
    *got = s->length - s->at < room ? s->length - s->at : room;
    memcpy(buffer, s->bytes + s->at, *got);
    s->at += *got;
    return RWK_OK;
  }
  char reason[RWK_REASON];
  while (*got < room) {
    const int n = gzread(s->gz, buffer + *got, (unsigned)(room - *got));
    if (n < 0) {
      int code;
      const char *text = gzerror(s->gz, &code);
      return rwk_fail(r->ctx, code == Z_ERRNO ? RWK_IO : RWK_FORMAT, "%s: cannot be read: %s", r->t->name,
                      code == Z_ERRNO ? rwk_reason(reason, errno) : text);
    }
    if (n == 0) break;
    *got += (size_t)n;
  }
  int code; /* a gzip file cut short reads to its end without an error */
  if (*got < room) {
    gzerror(s->gz, &code);
    if (code == Z_BUF_ERROR)
      return rwk_fail(r->ctx, RWK_FORMAT, "%s: the compressed data end too early", r->t->name);
  }
  return RWK_OK;
}

static rwk_status read_all(rwk_table **table, rwk_context *ctx, const char *name, source *s,
                           const rwk_table_settings *settings) {
  *table = NULL;
  rwk_table_settings defaults;
  rwk_table_settings_init(&defaults);
  if (!settings) settings = &defaults;
  if (settings->size != sizeof *settings)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "table settings: call rwk_table_settings_init first");
  if (settings->separator == '"' || settings->separator == '\n' || settings->separator == '\r')
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "separator: a quote or a line end cannot separate cells");
  if (settings->decimal && settings->decimal != '.' && settings->decimal != ',')
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "decimal: '.' or ','");
  if (settings->separator && settings->separator == settings->decimal)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "separator and decimal mark cannot both be '%c'",
                    settings->decimal);
  reader r = {.ctx = ctx, .settings = settings};
  rwk_status status = RWK_OK;
  char shown[RWK_SHOWN];
  char *buffer = rwk_alloc(ctx, CHUNK, 1);
  r.t = rwk_calloc(ctx, 1, sizeof *r.t);
  if (!buffer || !r.t) {
    status = rwk_fail_memory(ctx, "a table");
    goto done;
  }
  r.t->ctx = ctx;
  r.t->name = rwk_strdup(ctx, rwk_shown(shown, name, strlen(name)));
  r.t->c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (!r.t->name || !r.t->c_locale) {
    status = rwk_fail_memory(ctx, "a table");
    goto done;
  }
  for (;;) {
    size_t got;
    status = next_bytes(&r, s, buffer, CHUNK, &got);
    if (status != RWK_OK || got == 0) break;
    const unsigned char *bytes = (const unsigned char *)buffer;
    if (!r.csv_open) {
      status = check_head(&r, &bytes, &got);
      if (status == RWK_OK) status = open_csv(&r, (const char *)bytes, got);
      if (status != RWK_OK) break;
    }
    status = take_bytes(&r, (const char *)bytes, got);
    if (status == RWK_OK && rwk_cancelled(ctx)) status = rwk_fail(ctx, RWK_CANCELLED, "stopped as asked");
    if (status != RWK_OK) break;
  }
  if (status == RWK_OK) status = finish(&r);
done:
  if (r.csv_open) csv_free(&r.csv);
  rwk_free(ctx, r.cells);
  rwk_free(ctx, r.record);
  rwk_free(ctx, r.line);
  rwk_free(ctx, buffer);
  if (status == RWK_OK)
    *table = r.t;
  else
    rwk_table_destroy(r.t);
  return status;
}

rwk_status rwk_table_parse(rwk_table **table, rwk_context *ctx, const char *name, const void *bytes,
                           size_t length, const rwk_table_settings *settings) {
  source s = {.bytes = bytes, .length = length};
  return read_all(table, ctx, name, &s, settings);
}

rwk_status rwk_table_read(rwk_table **table, rwk_context *ctx, const char *file,
                          const rwk_table_settings *settings) {
  *table = NULL;
  char shown[RWK_SHOWN], reason[RWK_REASON];
  struct stat info;
  rwk_shown(shown, file, strlen(file));
  const int standard_input = !strcmp(file, "-");
  if (!standard_input && stat(file, &info) != 0)
    return rwk_fail(ctx, RWK_IO, "%s: %s", shown, rwk_reason(reason, errno));
  if (!standard_input && S_ISDIR(info.st_mode))
    return rwk_fail(ctx, RWK_IO, "%s: a folder, not a table", shown);
  source s = {.gz = standard_input ? gzdopen(0, "rb") : gzopen(file, "rb")}; /* plain files pass through */
  if (!s.gz)
    return rwk_fail(ctx, RWK_IO, "%s: cannot be opened: %s", shown,
                    errno ? rwk_reason(reason, errno) : "out of memory");
  gzbuffer(s.gz, CHUNK);
  const rwk_status status = read_all(table, ctx, standard_input ? "standard input" : file, &s, settings);
  gzclose_r(s.gz);
  return status;
}
