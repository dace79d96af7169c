/* Which columns play which part. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "data/design.h"

static const char *shown(char out[RWK_SHOWN], const char *name) {
  return rwk_shown(out, name, strlen(name));
}

rwk_status rwk_table_column_find(size_t *column, rwk_context *ctx, const rwk_table *t, const char *name) {
  return rwk_find_column(column, ctx, t, name, "column");
}

rwk_status rwk_find_column(size_t *column, rwk_context *ctx, const rwk_table *t, const char *name,
                           const char *what) {
  char wanted[RWK_SHOWN], other[RWK_SHOWN], last[RWK_SHOWN];
  for (size_t j = 0; j < t->column_count; j++)
    if (!strcmp(t->columns[j].name, name)) {
      if (t->columns[j].duplicated)
        return rwk_fail(
            ctx, RWK_DATA,
            "%s: two columns are called '%s'; rename one of them in the file, or take the later, '%s.1'",
            t->name, shown(wanted, name), wanted);
      *column = j;
      return RWK_OK;
    }
  const char **names = rwk_alloc(ctx, t->column_count, sizeof *names);
  if (!names) return rwk_fail_memory(ctx, "column names");
  for (size_t j = 0; j < t->column_count; j++) names[j] = t->columns[j].name;
  const size_t best = rwk_nearest_name(names, t->column_count, name);
  shown(wanted, name);
  rwk_status status;
  if (best < t->column_count)
    status = rwk_fail(ctx, RWK_DATA, "%s: no %s '%s'; did you mean '%s'?", t->name, what, wanted,
                      shown(other, names[best]));
  else if (t->column_count == 1)
    status = rwk_fail(ctx, RWK_DATA,
                      "%s: no %s '%s'; the only column is '%s' (if it is several, --sep says how cells "
                      "are separated)",
                      t->name, what, wanted, shown(other, names[0]));
  else
    status = rwk_fail(ctx, RWK_DATA, "%s: no %s '%s'; of %zu columns the first is '%s' and the last '%s'",
                      t->name, what, wanted, t->column_count, shown(other, names[0]),
                      shown(last, names[t->column_count - 1]));
  rwk_free(ctx, names);
  return status;
}

/* Numbers that often stand for a missing cell: all nines, far from every other cell of the column. */
static void note_sentinel(rwk_context *ctx, const rwk_table *t, const rwk_column *c) {
  double low = INFINITY, high = -INFINITY, second_low = INFINITY, second_high = -INFINITY;
  for (size_t i = 0; i < t->rows; i++) {
    const double x = c->x[i];
    if (isnan(x)) continue;
    if (x < low) second_low = low, low = x;
    if (x > low && x < second_low) second_low = x;
    if (x > high) second_high = high, high = x;
    if (x < high && x > second_high) second_high = x;
  }
  if (!(second_high > second_low)) return; /* fewer than three values: nothing is far from the rest */
  for (int side = 0; side < 2; side++) {
    const double x = side ? high : low, rest = side ? second_high - low : high - second_low;
    const double gap = side ? high - second_high : second_low - low;
    double nines = 99;
    while (nines < fabs(x) && nines < 1e9) nines = 10 * nines + 9;
    if (fabs(x) != nines || !(gap > 2 * rest)) continue;
    size_t times = 0;
    for (size_t i = 0; i < t->rows; i++) times += c->x[i] == x;
    char name[RWK_SHOWN];
    rwk_note(ctx, "column '%s': %.0f appears %zu time%s, far from the rest; --na %.0f if it means missing",
             shown(name, c->name), x, times, times == 1 ? "" : "s", x);
  }
}

/* Notes on a feature that is kept. */
static void note_feature(rwk_context *ctx, const rwk_table *t, size_t j) {
  char name[RWK_SHOWN];
  const rwk_column *c = &t->columns[j];
  if (rwk_column_is_text(t, c)) return;
  if (t->rows >= 3 && rwk_column_counts(t, j))
    rwk_note(ctx, "column '%s' counts the rows: kept; --exclude it if it only numbers them",
             shown(name, c->name));
  else
    note_sentinel(ctx, t, c);
}

enum { FREE, TAKEN, EXCLUDED };

static rwk_status take_names(rwk_roles *r, unsigned char *part, rwk_context *ctx, const rwk_table *t,
                             const rwk_design_settings *s) {
  char name[RWK_SHOWN];
  size_t column;
  for (size_t i = 0; i < s->target_count; i++) {
    RWK_TRY(rwk_find_column(&column, ctx, t, s->targets[i], "column"));
    if (part[column] == TAKEN)
      return rwk_fail(ctx, RWK_DATA, "target '%s' is named twice", shown(name, s->targets[i]));
    part[r->target[r->target_count++] = column] = TAKEN;
  }
  if (s->row_weights) {
    RWK_TRY(rwk_find_column(&column, ctx, t, s->row_weights, "column of row weights"));
    if (part[column] == TAKEN)
      return rwk_fail(ctx, RWK_DATA, "'%s' cannot be a target and the row weights",
                      shown(name, s->row_weights));
    part[r->weights = column] = TAKEN;
  }
  for (size_t i = 0; i < s->exclude_count; i++) {
    RWK_TRY(rwk_find_column(&column, ctx, t, s->exclude[i], "column to exclude"));
    if (part[column] == TAKEN)
      return rwk_fail(ctx, RWK_DATA, "'%s' is excluded, but it is a target or the row weights",
                      shown(name, s->exclude[i]));
    part[column] = EXCLUDED;
  }
  if (s->target_count == 0) { /* the last column that is left */
    column = t->column_count;
    while (column && part[column - 1] != FREE) column--;
    if (column == 0)
      return rwk_fail(ctx, RWK_DATA, "%s: every column has another part: none is left as target", t->name);
    part[r->target[r->target_count++] = column - 1] = TAKEN;
  }
  for (size_t i = 0; i < s->category_count; i++) {
    RWK_TRY(rwk_find_column(&column, ctx, t, s->categories[i], "column of categories"));
    const int class = r->target_count == 1 && column == r->target[0] && s->target_kind != RWK_TARGET_NUMBERS;
    if (part[column] == TAKEN && !class)
      return rwk_fail(ctx, RWK_DATA, "'%s' is among the categories, but it is a target or the row weights",
                      shown(name, s->categories[i]));
  }
  return RWK_OK;
}

rwk_status rwk_assign_roles(rwk_roles *r, rwk_context *ctx, const rwk_table *t,
                            const rwk_design_settings *s) {
  char name[RWK_SHOWN];
  unsigned char *part = rwk_calloc(ctx, t->column_count, 1);
  if (!part) return rwk_fail_memory(ctx, "a design");
  r->weights = t->column_count;
  const rwk_status status = take_names(r, part, ctx, t, s);
  for (size_t j = 0; j < t->column_count && status == RWK_OK; j++) {
    const rwk_column *c = &t->columns[j];
    if (part[j] != FREE) continue;
    if (j == 0 && c->unnamed && t->column_count > 2 && rwk_column_counts(t, j)) {
      rwk_note(
          ctx,
          "the first column has no name and counts the rows: left out (give it a name in the file to keep "
          "it)");
    } else if (c->unnamed && c->missing == t->rows) {
      rwk_note(ctx, "column %s has no name and no values: left out", shown(name, c->name));
    } else {
      r->source[r->source_count++] = j;
      note_feature(ctx, t, j);
    }
  }
  rwk_free(ctx, part);
  return status;
}
