#include <string.h>
#include <strings.h>
#include "data/sniff.h"
#include "data/text.h"

static const char candidates[] = {',', ';', '\t', '|', ' '};
enum { CANDIDATES = sizeof candidates, RECORDS = 40 };

static int is_blank(char c) {
  return c == ' ' || c == '\t';
}

static int is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* What one candidate makes of the records. */
typedef struct tally {
  size_t records;
  size_t cells[RECORDS]; /* of each record */
  size_t body;           /* cells of all records but the first */
  size_t numbers;        /* of those, numbers with either mark */
  size_t points, commas; /* numbers with a fraction, of all records, by the mark */
  size_t sure_commas;    /* where the comma cannot be a thousands separator */
  size_t quoted;
  char unsure[RWK_SHOWN]; /* the first comma that may be one */
} tally;

/* Is the comma in this number the decimal mark for certain? 1,234 may be grouped; 0,234 or 1,23 or 1234,5
 * not. */
static int is_sure(const char *cell, size_t length) {
  if (length && (*cell == '-' || *cell == '+')) cell++, length--;
  const char *comma = memchr(cell, ',', length);
  const size_t before = (size_t)(comma - cell);
  size_t after = 0;
  while (before + 1 + after < length && is_digit(comma[1 + after])) after++;
  return after != 3 || before == 0 || before > 3 || cell[0] == '0';
}

static void take_cell(tally *t, const char *cell, size_t length, int first, locale_t c_locale) {
  double x;
  while (length && is_blank(*cell)) cell++, length--;
  while (length && is_blank(cell[length - 1])) length--;
  if (length >= 2 && *cell == '"' && cell[length - 1] == '"') {
    cell++;
    length -= 2;
    t->quoted++;
  }
  const int point = rwk_number(&x, NULL, cell, length, '.', c_locale) != RWK_NUMBER_NONE;
  const int comma = !point && rwk_number(&x, NULL, cell, length, ',', c_locale) != RWK_NUMBER_NONE;
  t->points += point && memchr(cell, '.', length) != NULL;
  t->commas += comma;
  if (comma && is_sure(cell, length))
    t->sure_commas++;
  else if (comma && !t->unsure[0])
    rwk_shown(t->unsure, cell, length);
  t->body += !first;
  t->numbers += !first && (point || comma);
}

/* One record from p; 0 if it does not end before `stop` (and there is more to come). */
static int take_record(tally *t, const char **p, const char *stop, int complete, char separator, char comment,
                       locale_t c_locale) {
  const char *q = *p, *cell = q;
  const size_t was_body = t->body;
  size_t cells = 0;
  int quoted = 0, begun = 0, in_quotes = 0, blank = 1; /* quoted: the cell began with a quote */
  const int is_comment = comment && *q == comment, first = t->records == 0;
  for (;; q++) {
    const int end = q == stop || (!in_quotes && (*q == '\n' || *q == '\r'));
    const int cut = !end && !in_quotes && (separator == ' ' ? is_blank(*q) : *q == separator);
    if (end || cut) {
      const int empty_run = separator == ' ' && !begun;
      if (!is_comment && !empty_run && !(end && blank && cells == 0)) {
        take_cell(t, cell, (size_t)(q - cell), first, c_locale);
        cells++;
      }
      if (end) break;
      cell = q + 1;
      begun = quoted = 0;
      continue;
    }
    if (*q == '"' && !begun && !is_comment) quoted = 1;
    if (*q == '"' && quoted) in_quotes = !in_quotes;
    if (!is_blank(*q)) begun = 1;
    if (!is_blank(*q) && *q != '\n' && *q != '\r') blank = 0;
  }
  if (q == stop && !complete) {
    t->body = was_body;
    return 0;
  }
  if (q < stop) q += 1 + (*q == '\r' && q + 1 < stop && q[1] == '\n');
  *p = q;
  if (!is_comment && !(blank && cells <= 1)) t->cells[t->records++] = cells;
  return q < stop && t->records < RECORDS;
}

static void count(tally *t, const char *bytes, size_t length, int complete, char separator, char comment,
                  locale_t c_locale) {
  const char *p = bytes, *stop = bytes + length;
  *t = (tally){0};
  while (p < stop && take_record(t, &p, stop, complete, separator, comment, c_locale)) continue;
}

/* How many records have the number of cells that most have, of two or more. */
static size_t agreeing(const tally *t) {
  size_t most = 0;
  for (size_t i = 0; i < t->records; i++) {
    size_t same = 0;
    for (size_t j = 0; j < t->records; j++) same += t->cells[j] == t->cells[i];
    if (t->cells[i] >= 2 && same > most) most = same;
  }
  return most;
}

static double share(const tally *t) {
  return t->body ? (double)t->numbers / (double)t->body : 0;
}

/* sep=; on the first line, as spreadsheets write it. */
static char declared_separator(const char *bytes, size_t length) {
  if (length < 5 || strncasecmp(bytes, "sep=", 4) != 0) return 0;
  const char c = bytes[4];
  if (c == '\n' || c == '\r' || c == '"' || is_digit(c)) return 0;
  return length == 5 || bytes[5] == '\n' || bytes[5] == '\r' ? c : 0;
}

static rwk_status choose_decimal(rwk_dialect *d, rwk_context *ctx, const char *name, const tally *t) {
  d->decimal = '.';
  if (d->separator == ',' || d->separator == 0 || t->commas == 0 || t->points > 0) return RWK_OK;
  if (t->sure_commas == 0)
    return rwk_fail(
        ctx, RWK_FORMAT,
        "%s: '%s' can be read in two ways; say --decimal , if the comma is the decimal mark, else "
        "write the numbers without thousands separators",
        name, t->unsure);
  d->decimal = ',';
  d->guessed_decimal = 1;
  return RWK_OK;
}

rwk_status rwk_sniff(rwk_dialect *d, rwk_context *ctx, const char *name, const char *bytes, size_t length,
                     int complete, const rwk_table_settings *settings, locale_t c_locale) {
  tally t, best = {0};
  *d = (rwk_dialect){.separator = settings->separator, .decimal = settings->decimal};
  const char declared = declared_separator(bytes, length);
  if (declared) {
    const char *end = memchr(bytes, '\n', length), *end_cr = memchr(bytes, '\r', length);
    if (!end || (end_cr && end_cr < end - 1)) end = end_cr;
    d->skip_lines = 1;
    length = end ? length - (size_t)(end + 1 - bytes) : 0;
    bytes = end ? end + 1 : bytes;
    if (!d->separator) d->separator = declared;
  }
  if (d->separator) {
    count(&best, bytes, length, complete, d->separator, settings->comment, c_locale);
  } else {
    size_t most = 0;
    for (int c = 0; c < CANDIDATES; c++) {
      count(&t, bytes, length, complete, candidates[c], settings->comment, c_locale);
      const size_t agree = agreeing(&t);
      if (agree == 0) continue;
      /* a decimal comma separates only what is quoted; blanks only what is numbers, without exception */
      if (candidates[c] == settings->decimal && (agree < t.records || t.quoted == 0)) continue;
      if (candidates[c] == ' ' && (agree < t.records || (most > 0 && 2 * t.numbers < t.body))) continue;
      if (agree > most || (agree == most && share(&t) > share(&best))) {
        best = t;
        most = agree;
        d->separator = candidates[c];
      }
    }
    d->guessed_separator = d->separator != ',' && d->separator != 0;
  }
  return d->decimal ? RWK_OK : choose_decimal(d, ctx, name, &best);
}

/* ---- files that are not text ---- */

rwk_status rwk_check_magic(size_t *skip, rwk_context *ctx, const char *name, const unsigned char *b,
                           size_t length) {
  static const struct {
    const char *bytes;
    size_t length;
    const char *what;
  } magic[] = {
      {"PK\3\4", 4, "a zip archive or a spreadsheet (magic PK); save the table as CSV"},
      {"PK\5\6", 4, "an empty zip archive (magic PK)"},
      {"\xd0\xcf\x11\xe0", 4, "an old spreadsheet or document of an office program; save the table as CSV"},
      {"SQLite format 3", 16, "an SQLite database or a run file; a run file is not a table"},
      {"%PDF", 4, "a PDF document"},
      {"\x89PNG", 4, "a picture (PNG)"},
      {"\xff\xd8\xff", 3, "a picture (JPEG)"},
      {"PAR1", 4, "a Parquet file; write it as CSV"},
      {"ARROW1", 6, "an Arrow file; write it as CSV"},
      {"\x89HDF", 4, "an HDF5 file; write it as CSV"},
      {"\x93NUMPY", 6, "a NumPy array; write it by numpy.savetxt"},
      {"RDX", 3, "an R data file; write it by write.csv"},
      {"BZh", 3, "compressed by bzip2; unpack it with bunzip2"},
      {"\xfd"
       "7zXZ",
       5, "compressed by xz; unpack it with unxz"},
      {"\x28\xb5\x2f\xfd", 4, "compressed by zstd; unpack it with unzstd"},
      {"\x1f\x8b", 2, "compressed twice; unpack it with gunzip"},
      {"\x7f"
       "ELF",
       4, "a program"},
      {"<!DOCTYPE", 9, "a web page; is it what a failed download left?"},
      {"<html", 5, "a web page; is it what a failed download left?"},
      {"<?xml", 5, "XML"},
      {"{\\rtf", 5, "a text with formatting (RTF); save the table as CSV"}};
  *skip = 0;
  if (length >= 4 &&
      ((!b[0] && !b[1] && b[2] == 0xfe && b[3] == 0xff) || (b[0] == 0xff && b[1] == 0xfe && !b[2] && !b[3])))
    return rwk_fail(ctx, RWK_FORMAT, "%s: UTF-32 text; convert it with iconv -f UTF-32 -t UTF-8", name);
  if (length >= 2 && ((b[0] == 0xff && b[1] == 0xfe) || (b[0] == 0xfe && b[1] == 0xff)))
    return rwk_fail(ctx, RWK_FORMAT,
                    "%s: UTF-16 text (byte order mark %02X %02X); convert it with iconv -f UTF-16 -t UTF-8",
                    name, b[0], b[1]);
  for (size_t k = 0; k < sizeof magic / sizeof *magic; k++)
    if (length >= magic[k].length && !memcmp(b, magic[k].bytes, magic[k].length))
      return rwk_fail(ctx, RWK_FORMAT, "%s: not a table of text but %s", name, magic[k].what);
  if (length >= 3 && !memcmp(b, "\xef\xbb\xbf", 3)) *skip = 3;
  size_t even = 0, odd = 0, control = 0; /* UTF-16 without a mark: every other byte is 0 */
  const size_t seen = length < 400 ? length : 400;
  for (size_t i = 0; i < seen; i++) {
    (i % 2 ? &odd : &even)[0] += b[i] == 0;
    control += b[i] < 0x20 && !(b[i] >= 8 && b[i] <= 13) && b[i] != 0x1b;
  }
  if (seen >= 8 && (3 * even > seen || 3 * odd > seen) && (even == 0 || odd == 0))
    return rwk_fail(ctx, RWK_FORMAT,
                    "%s: UTF-16 text without a byte order mark; convert it with iconv -f UTF-16%s -t UTF-8",
                    name, even ? "BE" : "LE");
  if (seen >= 8 && 5 * control > seen)
    return rwk_fail(ctx, RWK_FORMAT, "%s: not a table of text: binary data", name);
  return RWK_OK;
}
