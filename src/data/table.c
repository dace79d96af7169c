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

int rwk_table_column_is_text(const rwk_table *t, size_t column) {
  return column < t->column_count && rwk_column_is_text(t, &t->columns[column]);
}

int rwk_column_is_text(const rwk_table *t, const rwk_column *c) {
  for (size_t k = 0; k < c->oddity_count; k++)
    if (c->oddities[k].range) return 0;
  const size_t numbers = t->rows - c->oddity_count;
  return c->others > 0 && 20 * numbers <= c->others; /* fewer than one number in twenty texts */
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

int rwk_column_is_index(const rwk_table *t, size_t column) {
  const rwk_column *c = &t->columns[column];
  if (column != 0 || !c->unnamed || c->oddity_count || t->rows < 2 || t->column_count < 2) return 0;
  if (c->x[0] != 0 && c->x[0] != 1) return 0;
  for (size_t i = 1; i < t->rows; i++)
    if (c->x[i] != c->x[i - 1] + 1) return 0;
  return 1;
}

void rwk_column_label(char *out, size_t size, const rwk_table *t, const rwk_column *c, size_t row) {
  const rwk_oddity *o = rwk_column_oddity(c, row);
  if (o) {
    snprintf(out, size, "%s", t->texts + o->text);
    return;
  }
  for (int digits = 15; digits <= 17; digits++) { /* the fewest digits that give the number back */
    snprintf(out, size, "%.*g", digits, c->x[row]);
    double back;
    if (rwk_number(&back, NULL, out, strlen(out), '.', t->c_locale) == RWK_NUMBER_OK && back == c->x[row])
      break;
  }
}
