/* A table that was never a file. */
#define _GNU_SOURCE /* newlocale */
#include <math.h>
#include <string.h>
#include "data/names.h"
#include "data/table.h"

static rwk_status take_column(rwk_table *t, const char *name, const double *x, size_t row_stride) {
  rwk_column *c = &t->columns[t->column_count];
  char shown[RWK_SHOWN];
  *c = (rwk_column){.name = rwk_strdup(t->ctx, name), .x_capacity = t->rows};
  c->x = rwk_alloc(t->ctx, t->rows, sizeof *c->x);
  t->column_count++;
  if (!c->name || !c->x) return rwk_fail_memory(t->ctx, "a table");
  for (size_t i = 0; i < t->rows; i++) {
    const double value = c->x[i] = x[i * row_stride];
    if (!isfinite(value))
      return rwk_fail(t->ctx, RWK_DATA, "%s, line %zu, column '%s': %g is not a finite number", t->name,
                      t->line[i], rwk_shown(shown, name, strlen(name)), value);
  }
  return RWK_OK;
}

static rwk_status check_names(rwk_table *t, const char *const *names, size_t columns) {
  rwk_names seen = {0};
  rwk_status status = RWK_OK;
  char shown[RWK_SHOWN];
  for (size_t j = 0, place; j < columns && status == RWK_OK; j++) {
    if (!names[j] || !*names[j])
      status = rwk_fail(t->ctx, RWK_DATA, "%s: column %zu has no name", t->name, j + 1);
    else
      status = rwk_names_add(&place, &seen, t->ctx, names[j]);
    if (status == RWK_OK && place != j)
      status = rwk_fail(t->ctx, RWK_DATA, "%s: two columns are called '%s'", t->name,
                        rwk_shown(shown, names[j], strlen(names[j])));
  }
  rwk_names_clear(&seen, t->ctx);
  return status;
}

static rwk_status fill(rwk_table *t, const char *const *names, const double *x, size_t columns,
                       size_t row_stride, size_t stride) {
  rwk_context *ctx = t->ctx;
  t->c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  t->columns = rwk_calloc(ctx, columns, sizeof *t->columns);
  t->column_capacity = columns;
  t->line = rwk_alloc(ctx, t->rows, sizeof *t->line);
  t->line_capacity = t->rows;
  if (!t->name || !t->c_locale || !t->columns || !t->line) return rwk_fail_memory(ctx, "a table");
  for (size_t i = 0; i < t->rows; i++) t->line[i] = i + 1;
  RWK_TRY(check_names(t, names, columns));
  for (size_t j = 0; j < columns; j++) RWK_TRY(take_column(t, names[j], x + j * stride, row_stride));
  return RWK_OK;
}

rwk_status rwk_table_from_numbers(rwk_table **table, rwk_context *ctx, const char *name,
                                  const char *const *names, const double *x, size_t rows, size_t columns,
                                  size_t row_stride, size_t stride) {
  *table = NULL;
  if (rows == 0 || columns == 0)
    return rwk_fail(ctx, RWK_DATA, "%s: %zu rows and %zu columns are no table", name, rows, columns);
  rwk_table *t = rwk_calloc(ctx, 1, sizeof *t);
  if (!t) return rwk_fail_memory(ctx, "a table");
  t->ctx = ctx;
  t->name = rwk_strdup(ctx, name);
  t->rows = rows;
  t->decimal = '.';
  const rwk_status status = fill(t, names, x, columns, row_stride, stride);
  if (status == RWK_OK)
    *table = t;
  else
    rwk_table_destroy(t);
  return status;
}
