/* Records of cells to a table: header, rows, what is missing. */
#define _GNU_SOURCE /* newlocale */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "data/input.h"
#include "data/lines.h"
#include "data/names.h"
#include "data/sniff.h"
#include "data/table.h"

enum { CHUNK = 1 << 18, NOTES_MOST = 5 };

typedef struct reader {
  rwk_context *ctx;
  rwk_table *t;
  const rwk_table_settings *settings;
  rwk_dialect dialect;
  rwk_lines lines;
  int has_header;
  size_t extra;      /* empty cells that every row has behind those of the header */
  size_t empty_rows; /* rows without any value since the last one with a value */
} reader;

static int is_blank_cell(const char *s) {
  return s[strspn(s, " \t")] == 0;
}

static rwk_number_kind number(const reader *r, double *x, int *inexact, const char *text, size_t length) {
  return rwk_number(x, inexact, text, length, r->dialect.decimal, r->t->c_locale);
}

/* ---- the header ---- */

/* Adds a column; blanks round the name do not count. */
static rwk_status add_column(reader *r, const char *name, int unnamed) {
  rwk_table *t = r->t;
  RWK_TRY(rwk_grow(r->ctx, &t->columns, &t->column_capacity, t->column_count + 1, sizeof *t->columns));
  rwk_column *c = &t->columns[t->column_count];
  *c = (rwk_column){.unnamed = (unsigned char)unnamed};
  name += strspn(name, " \t");
  c->name = rwk_strdup(r->ctx, name);
  if (!c->name) return rwk_fail_memory(r->ctx, "column names");
  size_t n = strlen(c->name);
  while (n && (c->name[n - 1] == ' ' || c->name[n - 1] == '\t')) n--;
  c->name[n] = 0;
  t->column_count++;
  return RWK_OK;
}

/* Renames column j, whose name the earlier column `first` has: a.1, a.2, ... *count goes on where it stopped.
 */
static rwk_status rename_column(reader *r, rwk_names *names, size_t j, size_t first, size_t *count) {
  rwk_table *t = r->t;
  const char *base = t->columns[first].name;
  const size_t room = strlen(base) + 24;
  char *name = rwk_alloc(r->ctx, room, 1);
  if (!name) return rwk_fail_memory(r->ctx, "column names");
  do snprintf(name, room, "%s.%zu", base, ++*count);
  while (rwk_names_find(names, name) < names->count);
  size_t place;
  const rwk_status status = rwk_names_add(&place, names, r->ctx, name);
  if (status != RWK_OK) {
    rwk_free(r->ctx, name);
    return status;
  }
  rwk_free(r->ctx, t->columns[j].name);
  t->columns[j].name = name;
  t->columns[first].duplicated = 1;
  return RWK_OK;
}

static rwk_status make_unique(reader *r) {
  rwk_table *t = r->t;
  rwk_names names = {0};
  rwk_status status = RWK_OK;
  size_t renamed = 0, place;
  size_t *first = rwk_alloc(r->ctx, t->column_count, sizeof *first); /* [column] the first of that name */
  size_t *of = rwk_alloc(r->ctx, t->column_count, sizeof *of);       /* [place in names] its column */
  size_t *count = rwk_calloc(r->ctx, t->column_count, sizeof *count);
  if (!first || !of || !count) {
    status = rwk_fail_memory(r->ctx, "column names");
    goto done;
  }
  for (size_t j = 0; j < t->column_count; j++) {
    const size_t before = names.count;
    status = rwk_names_add(&place, &names, r->ctx, t->columns[j].name);
    if (status != RWK_OK) goto done;
    if (names.count > before) of[place] = j;
    first[j] = of[place];
  }
  for (size_t j = 0; j < t->column_count; j++) {
    if (first[j] == j) continue;
    status = rename_column(r, &names, j, first[j], &count[first[j]]);
    if (status != RWK_OK) goto done;
    if (++renamed > NOTES_MOST) continue;
    char old[RWK_SHOWN], new[RWK_SHOWN];
    rwk_note(r->ctx, "two columns are called '%s': the later one is '%s' from here on",
             rwk_shown(old, t->columns[first[j]].name, strlen(t->columns[first[j]].name)),
             rwk_shown(new, t->columns[j].name, strlen(t->columns[j].name)));
  }
  if (renamed > NOTES_MOST)
    rwk_note(r->ctx, "%zu more columns had names that were taken", renamed - NOTES_MOST);
done:
  rwk_names_clear(&names, r->ctx);
  rwk_free(r->ctx, first);
  rwk_free(r->ctx, of);
  rwk_free(r->ctx, count);
  return status;
}

/* Is the first line a header at all? Refuses what may as well be data; *whole: a name that is a whole number.
 */
static rwk_status check_header(reader *r, const rwk_lines *l, size_t *whole) {
  size_t numbers = 0, missing = 0, fraction = l->cell_count, hidden = 0;
  *whole = l->cell_count;
  for (size_t j = 0; j < l->cell_count; j++) {
    const char *text = rwk_lines_cell(l, j);
    double x;
    if (number(r, &x, NULL, text, l->cells[j].length) != RWK_NUMBER_NONE) {
      numbers++;
      if (text[strspn(text, " \t0123456789")] != 0 && fraction == l->cell_count) fraction = j;
      if (*whole == l->cell_count) *whole = j;
    }
    missing += rwk_is_missing(text, l->cells[j].length, r->settings, r->dialect.decimal, r->t->c_locale);
  }
  if (r->settings->header == RWK_HEADER_YES || numbers == 0) return RWK_OK;
  /* the names may stand on a line that the comment character hides */
  if (l->comments && l->comment_cells == l->cell_count && l->cell_count > 1) hidden = l->first_comment;
  char shown[RWK_SHOWN], where[120] = "";
  if (hidden)
    snprintf(where, sizeof where,
             "; if line %zu, which begins with '%c', holds them, take that character out", hidden,
             r->settings->comment);
  if (numbers + missing == l->cell_count)
    return rwk_fail(
        r->ctx, RWK_FORMAT,
        "%s, line %zu: the first line is all numbers; say --no-header if it is data, or --header if "
        "these are names%s",
        r->t->name, l->record_line, where);
  const size_t odd = fraction < l->cell_count ? fraction : *whole;
  const char *text = rwk_lines_cell(l, odd);
  if (fraction < l->cell_count || hidden)
    return rwk_fail(
        r->ctx, RWK_FORMAT,
        "%s, line %zu: '%s' is a number, not a name; say --no-header if the line is data, or --header if "
        "it holds the names%s",
        r->t->name, l->record_line, rwk_shown(shown, text, l->cells[odd].length), where);
  return RWK_OK;
}

static rwk_status take_header(reader *r, const rwk_lines *l) {
  char name[32], shown[RWK_SHOWN];
  size_t unnamed = 0, first = 0, whole;
  RWK_TRY(check_header(r, l, &whole));
  for (size_t j = 0; j < l->cell_count; j++) {
    const char *text = rwk_lines_cell(l, j);
    const int empty = is_blank_cell(text);
    snprintf(name, sizeof name, "V%zu", j + 1);
    RWK_TRY(add_column(r, empty ? name : text, empty));
    if (empty && unnamed++ == 0) first = j + 1;
  }
  if (whole < l->cell_count && r->settings->header == RWK_HEADER_AUTO)
    rwk_note(r->ctx, "line %zu is taken for the names, though '%s' is a number (--no-header if it is data)",
             l->record_line, rwk_shown(shown, rwk_lines_cell(l, whole), l->cells[whole].length));
  if (unnamed)
    rwk_note(r->ctx, "column %zu has no name: it is called V%zu here%s", first, first,
             unnamed > 1 ? "; likewise the others without" : "");
  r->has_header = 1;
  return make_unique(r);
}

static rwk_status number_columns(reader *r, size_t count) {
  char name[32];
  for (size_t j = 0; j < count; j++) {
    snprintf(name, sizeof name, "V%zu", j + 1);
    RWK_TRY(add_column(r, name, 0));
  }
  r->has_header = 1;
  rwk_note(r->ctx, "no header: the columns are called V1 to V%zu", count);
  return RWK_OK;
}

static void drop_last_column(rwk_table *t) {
  rwk_column *c = &t->columns[--t->column_count];
  rwk_free(t->ctx, c->name);
  rwk_free(t->ctx, c->x);
  rwk_free(t->ctx, c->oddities);
}

/* ---- rows ---- */

static rwk_status add_oddity(reader *r, rwk_column *c, const char *text, size_t length, int missing,
                             int range) {
  rwk_table *t = r->t;
  while (length && (*text == ' ' || *text == '\t')) text++, length--;
  while (length && (text[length - 1] == ' ' || text[length - 1] == '\t')) length--;
  RWK_TRY(rwk_grow(r->ctx, &c->oddities, &c->oddity_capacity, c->oddity_count + 1, sizeof *c->oddities));
  rwk_oddity *o = &c->oddities[c->oddity_count];
  *o = (rwk_oddity){
      .row = t->rows, .missing = (unsigned char)missing, .range = (unsigned char)(range && !missing)};
  /* the same text as that of the oddity before is kept once */
  if (c->oddity_count && strlen(t->texts + o[-1].text) == length &&
      !memcmp(t->texts + o[-1].text, text, length)) {
    o->text = o[-1].text;
    o->look = o[-1].look;
  } else {
    RWK_TRY(rwk_grow(r->ctx, &t->texts, &t->text_capacity, t->text_length + length + 1, 1));
    o->text = t->text_length;
    memcpy(t->texts + t->text_length, text, length);
    t->texts[t->text_length + length] = 0;
    t->text_length += length + 1;
    if (!missing && !range) o->look = (unsigned char)rwk_looks_like(text, length, t->decimal, t->c_locale);
  }
  c->oddity_count++;
  c->missing += o->missing;
  c->texts += !o->missing && !o->range && o->look == RWK_LOOK_TEXT;
  return RWK_OK;
}

/* The first row settles whether a separator ends the lines of the header, or of the data, alone. */
static void settle_width(reader *r, const rwk_lines *l) {
  rwk_table *t = r->t;
  size_t last = l->cell_count, unnamed = 0;
  while (last > t->column_count && is_blank_cell(rwk_lines_cell(l, last - 1))) last--;
  if (last == t->column_count && last < l->cell_count) {
    r->extra = l->cell_count - last;
    rwk_note(r->ctx,
             "lines end in a separator that the header does not have: the empty last cell is left out");
    return;
  }
  while (unnamed < t->column_count && t->columns[t->column_count - 1 - unnamed].unnamed) unnamed++;
  if (l->cell_count < t->column_count && t->column_count - l->cell_count <= unnamed) {
    while (t->column_count > l->cell_count) drop_last_column(t);
    rwk_note(r->ctx,
             "the header ends in a separator that the lines do not have: the empty last name is left out");
  }
}

static rwk_status ragged(reader *r, const rwk_lines *l) {
  const size_t fields = l->cell_count, expected = r->t->column_count + r->extra;
  const char *hint = "";
  if (r->dialect.separator == ',' && expected > 0 && fields > expected && fields % expected == 0)
    hint = "; if the comma is the decimal mark, say so by --sep and --decimal";
  else if (r->t->rows == 0 && fields == expected + 1)
    hint = "; if the first column has no name, begin the header with a separator";
  else if (expected == 1 && r->dialect.separator != 0)
    hint = "; is the first line a title, or --sep needed?";
  return rwk_fail(r->ctx, RWK_FORMAT, "%s, line %zu: %zu fields, expected %zu%s", r->t->name, l->record_line,
                  fields, expected, hint);
}

static rwk_status take_row(reader *r, const rwk_lines *l) {
  rwk_table *t = r->t;
  if (l->only_blanks && l->cell_count != t->column_count + r->extra) return RWK_OK; /* blank, not short */
  if (t->rows == 0) settle_width(r, l);
  int extra = l->cell_count == t->column_count + r->extra;
  for (size_t j = t->column_count; j < l->cell_count && extra; j++)
    extra = is_blank_cell(rwk_lines_cell(l, j));
  if (!extra) return ragged(r, l);
  RWK_TRY(rwk_grow(r->ctx, &t->line, &t->line_capacity, t->rows + 1, sizeof *t->line));
  t->line[t->rows] = l->record_line;
  int any = 0;
  for (size_t j = 0; j < t->column_count; j++) {
    rwk_column *c = &t->columns[j];
    RWK_TRY(rwk_grow(r->ctx, &c->x, &c->x_capacity, t->rows + 1, sizeof *c->x));
    const char *text = rwk_lines_cell(l, j);
    const size_t length = l->cells[j].length;
    double x = NAN;
    int inexact = 0;
    const rwk_number_kind kind = number(r, &x, &inexact, text, length);
    const int missing = (kind != RWK_NUMBER_OK || r->settings->na_count) &&
                        rwk_is_missing(text, length, r->settings, r->dialect.decimal, t->c_locale);
    if (kind != RWK_NUMBER_OK || missing) {
      x = NAN;
      RWK_TRY(add_oddity(r, c, text, length, missing, kind == RWK_NUMBER_RANGE));
    }
    any |= !missing || !is_blank_cell(text);
    c->inexact |= (unsigned char)(inexact && !missing);
    c->x[t->rows] = x;
  }
  t->rows++;
  r->empty_rows = any ? 0 : r->empty_rows + 1;
  return RWK_OK;
}

static rwk_status take_record(void *payload, const rwk_lines *l) {
  reader *r = payload;
  if (r->dialect.skip_lines && l->record_line == 1) return RWK_OK;
  if (r->has_header) return take_row(r, l);
  if (l->only_blanks) return RWK_OK;
  if (r->settings->header != RWK_HEADER_NO) return take_header(r, l);
  RWK_TRY(number_columns(r, l->cell_count));
  return take_row(r, l);
}

/* ---- the whole ---- */

/* Spreadsheets write rows and columns without values at the end. */
static void trim(reader *r) {
  rwk_table *t = r->t;
  if (r->empty_rows) {
    rwk_note(r->ctx, "the last %zu line%s hold%s no values: left out", r->empty_rows,
             r->empty_rows > 1 ? "s" : "", r->empty_rows > 1 ? "" : "s");
    t->rows -= r->empty_rows;
    for (size_t j = 0; j < t->column_count; j++) {
      rwk_column *c = &t->columns[j];
      for (; c->oddity_count && c->oddities[c->oddity_count - 1].row >= t->rows; c->oddity_count--)
        c->missing--;
    }
  }
  size_t dropped = 0;
  while (t->rows && t->column_count > 1 && t->columns[t->column_count - 1].unnamed &&
         t->columns[t->column_count - 1].missing == t->rows) {
    drop_last_column(t);
    dropped++;
  }
  if (dropped)
    rwk_note(r->ctx, "lines end in a separator: %s left out",
             dropped > 1 ? "the last columns, without names and values, are"
                         : "the last column, without a name and values, is");
}

static rwk_status finish(reader *r) {
  rwk_table *t = r->t;
  char shown[RWK_SHOWN];
  RWK_TRY(rwk_lines_end(&r->lines));
  if (!r->has_header)
    return rwk_fail(r->ctx, RWK_FORMAT, "%s: empty file%s", t->name,
                    r->lines.line_number ? ", but for blanks and comments" : "");
  trim(r);
  if (t->rows == 0) return rwk_fail(r->ctx, RWK_DATA, "%s: a header and no data rows", t->name);
  if (r->lines.comments)
    rwk_note(r->ctx, "%zu line%s beginning with '%c' left out, the first is line %zu", r->lines.comments,
             r->lines.comments > 1 ? "s" : "", r->settings->comment, r->lines.first_comment);
  if (r->lines.latin1)
    rwk_note(r->ctx, "the text is not UTF-8 (first on line %zu): it was read as Latin-1", r->lines.latin1);
  for (size_t j = 0; j < t->column_count; j++)
    if (t->columns[j].inexact)
      rwk_note(r->ctx, "column '%s' holds whole numbers above 2^53, which lose digits; is it an id?",
               rwk_shown(shown, t->columns[j].name, strlen(t->columns[j].name)));
  return RWK_OK;
}

static rwk_status check_settings(rwk_context *ctx, const rwk_table_settings *s) {
  if (s->size != sizeof *s)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "table settings: call rwk_table_settings_init first");
  if (s->separator && strchr("\"\n\r.-+#0123456789", s->separator))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT,
                    "separator: quotes, line ends, digits, signs, points and '#' cannot separate cells");
  if (s->separator &&
      ((unsigned char)s->separator >= 0x7f || ((unsigned char)s->separator < 0x20 && s->separator != '\t')))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "separator: it must be a printing ASCII character, or a tab");
  if (s->decimal && s->decimal != '.' && s->decimal != ',')
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "decimal: '.' or ','");
  if (s->separator && s->separator == s->decimal)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "separator and decimal mark cannot both be '%c'", s->decimal);
  if (s->na_count && !s->na)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "na: na_count is not 0, but na is NULL");
  if (s->header != RWK_HEADER_AUTO && s->header != RWK_HEADER_YES && s->header != RWK_HEADER_NO)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "header: not one of its values");
  return RWK_OK;
}

/* Looks at the first bytes and starts the reading of lines. */
static rwk_status begin(reader *r, const char *bytes, size_t length, size_t *skip) {
  rwk_table *t = r->t;
  RWK_TRY(rwk_check_magic(skip, r->ctx, t->name, (const unsigned char *)bytes, length));
  RWK_TRY(rwk_sniff(&r->dialect, r->ctx, t->name, bytes + *skip, length - *skip, length < CHUNK, r->settings,
                    t->c_locale));
  t->decimal = r->dialect.decimal;
  if (r->dialect.guessed_separator)
    rwk_note(r->ctx, "cells are separated by %s (--sep to say otherwise)",
             r->dialect.separator == '\t'  ? "tabs"
             : r->dialect.separator == ' ' ? "blanks"
             : r->dialect.separator == ';' ? "';'"
                                           : "'|'");
  if (r->dialect.guessed_decimal) rwk_note(r->ctx, "the decimal mark is ',' (--decimal to say otherwise)");
  r->lines = (rwk_lines){.ctx = r->ctx,
                         .name = t->name,
                         .separator = r->dialect.separator,
                         .comment = r->settings->comment,
                         .take = take_record,
                         .payload = r};
  if (!r->lines.separator) r->lines.separator = ','; /* one column, as far as can be seen */
  return rwk_lines_open(&r->lines);
}

static rwk_status read_all(rwk_table **table, rwk_context *ctx, rwk_input *in,
                           const rwk_table_settings *settings) {
  reader r = {.ctx = ctx, .settings = settings};
  rwk_status status = RWK_OK;
  char *buffer = rwk_alloc(ctx, CHUNK, 1);
  size_t got;
  r.t = rwk_calloc(ctx, 1, sizeof *r.t);
  if (r.t) r.t->ctx = ctx;
  if (!buffer || !r.t) {
    status = rwk_fail_memory(ctx, "a table");
    goto done;
  }
  r.t->name = rwk_strdup(ctx, in->name);
  r.t->c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (!r.t->name || !r.t->c_locale) {
    status = rwk_fail_memory(ctx, "a table");
    goto done;
  }
  do {
    size_t skip = 0;
    status = rwk_input_read(in, buffer, CHUNK, &got);
    if (status == RWK_OK && !r.lines.csv_open) status = begin(&r, buffer, got, &skip);
    if (status == RWK_OK) status = rwk_lines_give(&r.lines, buffer + skip, got - skip);
    if (status == RWK_OK && rwk_cancelled(ctx)) status = rwk_fail(ctx, RWK_CANCELLED, "stopped as asked");
  } while (status == RWK_OK && got > 0);
  if (status == RWK_OK) status = finish(&r);
done:
  rwk_lines_close(&r.lines);
  rwk_free(ctx, buffer);
  if (status == RWK_OK)
    *table = r.t;
  else
    rwk_table_destroy(r.t);
  return status;
}

static rwk_status read_table(rwk_table **table, rwk_context *ctx, const char *name, const char *file,
                             const void *bytes, size_t length, const rwk_table_settings *settings) {
  rwk_table_settings defaults;
  char shown[RWK_SHOWN_FILE];
  rwk_input in;
  *table = NULL;
  rwk_table_settings_init(&defaults);
  if (!settings) settings = &defaults;
  RWK_TRY(check_settings(ctx, settings));
  rwk_shown_file(shown, name);
  RWK_TRY(file ? rwk_input_open(&in, ctx, file, shown)
               : rwk_input_open_memory(&in, ctx, bytes, length, shown));
  const rwk_status status = read_all(table, ctx, &in, settings);
  rwk_input_close(&in);
  return status;
}

rwk_status rwk_table_parse(rwk_table **table, rwk_context *ctx, const char *name, const void *bytes,
                           size_t length, const rwk_table_settings *settings) {
  return read_table(table, ctx, name, NULL, bytes, length, settings);
}

rwk_status rwk_table_read(rwk_table **table, rwk_context *ctx, const char *file,
                          const rwk_table_settings *settings) {
  return read_table(table, ctx, strcmp(file, "-") ? file : "standard input", file, NULL, 0, settings);
}
