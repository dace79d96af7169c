#define _GNU_SOURCE /* newlocale */
#include <stdio.h>
#include <string.h>
#include "data/table.h"

void rwk_table_settings_init(rwk_table_settings *settings) {
  *settings = (rwk_table_settings){.size = sizeof *settings, .comment = '#'};
}

void rwk_table_destroy(rwk_table *t) {
  if (!t) return;
  for (size_t j = 0; j < t->column_count; j++) {
    rwk_free(t->ctx, t->columns[j].name);
    rwk_free(t->ctx, t->columns[j].x);
    rwk_free(t->ctx, t->columns[j].oddities);
  }
  rwk_free(t->ctx, t->columns);
  rwk_free(t->ctx, t->line);
  rwk_free(t->ctx, t->texts);
  rwk_free(t->ctx, t->name);
  if (t->c_locale) freelocale(t->c_locale);
  rwk_free(t->ctx, t);
}

size_t rwk_table_rows(const rwk_table *t) {
  return t->rows;
}

size_t rwk_table_columns(const rwk_table *t) {
  return t->column_count;
}

const char *rwk_table_column_name(const rwk_table *t, size_t column) {
  return column < t->column_count ? t->columns[column].name : NULL;
}

size_t rwk_table_line(const rwk_table *t, size_t row) {
  return row < t->rows ? t->line[row] : 0;
}

int rwk_table_column_is_text(const rwk_table *t, size_t column) {
  return column < t->column_count && rwk_column_is_text(t, &t->columns[column]);
}

int rwk_column_is_text(const rwk_table *t, const rwk_column *c) {
  const size_t numbers = t->rows - c->missing - c->texts;
  return c->texts > 0 && numbers <= c->texts / 20;
}

const rwk_oddity *rwk_column_oddity(const rwk_column *c, size_t row) {
  size_t low = 0, high = c->oddity_count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (c->oddities[middle].row < row)
      low = middle + 1;
    else
      high = middle;
  }
  return low < c->oddity_count && c->oddities[low].row == row ? &c->oddities[low] : NULL;
}

int rwk_column_counts(const rwk_table *t, size_t column) {
  const rwk_column *c = &t->columns[column];
  if (c->oddity_count || t->rows < 2 || (c->x[0] != 0 && c->x[0] != 1)) return 0;
  for (size_t i = 1; i < t->rows; i++)
    if (c->x[i] != c->x[i - 1] + 1) return 0;
  return 1;
}

/* "%.*g" and whatever the locale has for a point put back into '.'. */
static void spell(char out[RWK_LABEL], double x, int digits) {
  char text[RWK_LABEL];
  snprintf(text, sizeof text, "%.*g", digits, x);
  size_t n = 0;
  int mark = 0;
  for (const char *p = text; *p; p++) {
    if (strchr("0123456789+-e", *p)) {
      out[n++] = *p;
      mark = 0;
    } else if (!mark) { /* a mark may have more than one byte */
      out[n++] = '.';
      mark = 1;
    }
  }
  out[n] = 0;
}

const char *rwk_column_label(char buffer[RWK_LABEL], const rwk_table *t, const rwk_column *c, size_t row) {
  const rwk_oddity *o = rwk_column_oddity(c, row);
  if (o) return t->texts + o->text;
  const double x = c->x[row] == 0 ? 0 : c->x[row]; /* -0 is 0 */
  for (int digits = 15; digits <= 17; digits++) {  /* the fewest digits that give the number back */
    double back;
    spell(buffer, x, digits);
    if (rwk_number(&back, NULL, buffer, strlen(buffer), '.', t->c_locale) == RWK_NUMBER_OK && back == x)
      break;
  }
  return buffer;
}

static int is_blank(char c) {
  return c == ' ' || c == '\t';
}

int rwk_is_missing(const char *text, size_t length, const rwk_table_settings *settings, char decimal,
                   locale_t c_locale) {
  static const char *const spellings[] = {"",     "NA",   "N/A",  "n/a", "NaN", "nan",  "NAN", "null",
                                          "NULL", "Null", "None", "?",   ".",   "#N/A", "<NA>"};
  while (length && is_blank(*text)) text++, length--;
  while (length && is_blank(text[length - 1])) length--;
  for (size_t k = 0; k < sizeof spellings / sizeof *spellings; k++)
    if (strlen(spellings[k]) == length && !memcmp(spellings[k], text, length)) return 1;
  for (size_t k = 0; k < settings->na_count; k++) {
    const char *na = settings->na[k];
    if (strlen(na) == length && !memcmp(na, text, length)) return 1;
    double a, b; /* -999 is -999.0 */
    if (rwk_number(&a, NULL, na, strlen(na), '.', c_locale) == RWK_NUMBER_OK &&
        rwk_number(&b, NULL, text, length, decimal, c_locale) == RWK_NUMBER_OK && a == b)
      return 1;
  }
  return 0;
}
