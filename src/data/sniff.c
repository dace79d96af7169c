/* What separates the cells, and what stands for the decimal point: from the first lines. */
#include <string.h>
#include "data/table.h"

static const char candidates[] = {',', ';', '\t', '|'};
enum { CANDIDATES = sizeof candidates, LINES = 24 };

/* Counts of each candidate outside quotes in one record; *end is where the next begins. 0 if there is no
 * whole record. */
static int count_record(size_t count[CANDIDATES], const char *p, const char *stop, const char **end,
                        int *blank) {
  int quoted = 0;
  memset(count, 0, CANDIDATES * sizeof *count);
  *blank = 1;
  for (; p < stop; p++) {
    if (*p == '"') quoted = !quoted;
    if (*p != ' ' && *p != '\t' && *p != '\r' && *p != '\n') *blank = 0;
    if (quoted) continue;
    if (*p == '\n' || *p == '\r') {
      *end = p + 1 + (*p == '\r' && p + 1 < stop && p[1] == '\n');
      return 1;
    }
    for (int c = 0; c < CANDIDATES; c++) count[c] += *p == candidates[c];
  }
  *end = stop;
  return !quoted && !*blank;
}

static int is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* Cells that are a number only if `mark` is the decimal mark: digits, mark, digits. */
static size_t marked(const char *bytes, size_t length, char separator, char mark) {
  size_t found = 0;
  for (const char *p = bytes, *stop = bytes + length; p < stop;) {
    const char *end = p;
    while (end < stop && *end != separator && *end != '\n' && *end != '\r') end++;
    const char *a = p, *b = end;
    while (a < b && (*a == ' ' || *a == '"' || *a == '-' || *a == '+')) a++;
    while (b > a && (b[-1] == ' ' || b[-1] == '"')) b--;
    size_t digits = 0, marks = 0, others = 0;
    for (const char *q = a; q < b; q++) {
      if (is_digit(*q))
        digits++;
      else if (*q == mark)
        marks++;
      else
        others++;
    }
    found += digits > 0 && marks == 1 && others == 0;
    p = end + 1;
  }
  return found;
}

void rwk_sniff(rwk_dialect *d, const char *bytes, size_t length, const rwk_table_settings *settings) {
  size_t counts[LINES][CANDIDATES], lines = 0;
  const char *p = bytes, *stop = bytes + length;
  while (p < stop && lines < LINES) {
    const char *end;
    int blank;
    const int comment = settings->comment && *p == settings->comment;
    if (!count_record(counts[lines], p, stop, &end, &blank)) break;
    if (!blank && !comment) lines++;
    p = end;
  }
  *d = (rwk_dialect){.separator = settings->separator, .decimal = settings->decimal};
  if (!d->separator) {
    size_t best_share = 0, best_count = 0;
    for (int c = 0; c < CANDIDATES;
         c++) { /* the candidate that cuts most lines into the same number of cells */
      size_t share = 0, of = 0;
      for (size_t i = 0; i < lines; i++) {
        size_t same = 0;
        for (size_t j = 0; j < lines; j++) same += counts[j][c] == counts[i][c];
        if (counts[i][c] > 0 && same > share) {
          share = same;
          of = counts[i][c];
        }
      }
      if (share > best_share || (share == best_share && of > best_count && c > 0 && best_count == 0)) {
        best_share = share;
        best_count = of;
        d->separator = candidates[c];
      }
    }
    d->guessed_separator = d->separator != ',' && d->separator != 0;
  }
  if (!d->decimal) {
    d->decimal = '.';
    if (d->separator != ',' && d->separator != 0 &&
        marked(bytes, (size_t)(p - bytes), d->separator, ',') > 0 &&
        marked(bytes, (size_t)(p - bytes), d->separator, '.') == 0) {
      d->decimal = ',';
      d->guessed_decimal = 1;
    }
  }
}
