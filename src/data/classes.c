/* A target that names a class: which columns are one, its labels, and the outputs they make. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "data/design.h"

enum { CLASSES_MOST = 1000, FEW = 20, ROWS_EACH = 5 };

/* Different numbers of a column, up to `most`; most + 1 where there are more. *whole: all are. */
static size_t different(int *whole, const rwk_table *t, const rwk_column *c, size_t most) {
  double seen[FEW];
  size_t count = 0;
  *whole = 1;
  for (size_t i = 0; i < t->rows; i++) {
    const double x = c->x[i];
    size_t k = 0;
    if (isnan(x)) continue;
    if (x != floor(x)) *whole = 0;
    while (k < count && seen[k] != x) k++;
    if (k < count) continue;
    if (count == most) return most + 1;
    seen[count++] = x;
  }
  return count;
}

int rwk_target_is_class(const rwk_table *t, size_t column, rwk_target_kind kind, int declared) {
  const rwk_column *c = &t->columns[column];
  int whole;
  if (kind == RWK_TARGET_NUMBERS) return 0;
  if (kind == RWK_TARGET_CLASSES || declared || rwk_column_is_text(t, c)) return 1;
  if (kind == RWK_TARGET_TEXT || c->texts > 0) return 0;
  const size_t count = different(&whole, t, c, FEW);
  return count == 2 || (count > 2 && count <= FEW && whole && t->rows >= ROWS_EACH * count);
}

/* Is label a, first seen on row x, to stand after b? Numbers go by value, texts by letters. */
static int after(const rwk_table *t, const rwk_column *c, const char *a, size_t x, const char *b, size_t y) {
  const double u = c->x[x], v = c->x[y];
  if (!rwk_column_is_text(t, c) && u != v && !isnan(u) && !isnan(v)) return u > v;
  return strcmp(a, b) > 0;
}

static rwk_status refuse(const rwk_design *d, const rwk_table *t, const char *column, size_t count,
                         size_t rows) {
  char name[RWK_SHOWN];
  rwk_shown(name, column, strlen(column));
  if (count < 2)
    return rwk_fail(d->ctx, RWK_DATA,
                    "%s, target '%s': all rows are of one class; there is nothing to tell "
                    "apart",
                    t->name, name);
  return rwk_fail(d->ctx, RWK_DATA,
                  "%s, target '%s': %zu classes or more in %zu rows; a class wants several rows", t->name,
                  name, count, rows);
}

rwk_status rwk_find_classes(rwk_design *d, const rwk_table *t, size_t column, const unsigned char *keep,
                            int output_per_class) {
  const rwk_column *c = &t->columns[column];
  char buffer[RWK_LABEL];
  rwk_names found = {0};
  size_t place, rows = 0, capacity = 0, *first = NULL, *order = NULL;
  rwk_status status = RWK_OK;
  for (size_t i = 0; i < t->rows && status == RWK_OK; i++) {
    if (!keep[i]) continue;
    rows++;
    const size_t before = found.count;
    status = rwk_names_add(&place, &found, d->ctx, rwk_column_label(buffer, t, c, i));
    if (status != RWK_OK || found.count == before) continue;
    status = rwk_grow(d->ctx, &first, &capacity, found.count, sizeof *first);
    if (status == RWK_OK) first[place] = i;
    if (found.count > CLASSES_MOST) break;
  }
  const size_t count = found.count;
  if (status == RWK_OK && (count < 2 || count > CLASSES_MOST || 2 * count > rows + 2 ||
                           (count > FEW && ROWS_EACH * count > rows)))
    status = refuse(d, t, c->name, count, rows);
  if (status == RWK_OK) {
    order = rwk_alloc(d->ctx, count, sizeof *order);
    if (!order) status = rwk_fail_memory(d->ctx, "classes");
  }
  for (size_t k = 0; k < count && status == RWK_OK; k++) {
    size_t at = k;
    for (; at > 0 && after(t, c, found.text[order[at - 1]], first[order[at - 1]], found.text[k], first[k]);
         at--)
      order[at] = order[at - 1];
    order[at] = k;
  }
  for (size_t k = 0; k < count && status == RWK_OK; k++)
    status = rwk_names_add(&place, &d->classes, d->ctx, found.text[order[k]]);
  rwk_free(d->ctx, order);
  rwk_free(d->ctx, first);
  rwk_names_clear(&found, d->ctx);
  if (status != RWK_OK) return status;
  d->class_column = rwk_strdup(d->ctx, c->name);
  return d->class_column ? rwk_class_outputs(d, output_per_class) : rwk_fail_memory(d->ctx, "classes");
}

rwk_status rwk_class_outputs(rwk_design *d, int output_per_class) {
  const size_t count = d->classes.count, outputs = count == 2 && !output_per_class ? 1 : count;
  RWK_TRY(rwk_design_targets(d, outputs));
  for (size_t k = 0; k < outputs; k++) {
    const char *label = d->classes.text[outputs == 1 ? 1 : k];
    const size_t room = strlen(d->class_column) + strlen(label) + 2;
    d->targets[k] = rwk_alloc(d->ctx, room, 1);
    if (!d->targets[k]) return rwk_fail_memory(d->ctx, "classes");
    snprintf(d->targets[k], room, "%s=%s", d->class_column, label);
    d->target_scale[k] = (rwk_scale){0, 1};
  }
  return RWK_OK;
}

int rwk_encode_class(double *y, const rwk_design *d, const rwk_table *t, size_t column, size_t row) {
  char buffer[RWK_LABEL];
  const size_t class = rwk_names_find(&d->classes, rwk_column_label(buffer, t, &t->columns[column], row));
  if (class == d->classes.count) return 0;
  for (size_t k = 0; k < d->outputs; k++) y[k] = d->outputs == 1 ? class == 1 : k == class;
  return 1;
}

size_t rwk_class_of(const rwk_design *d, size_t row) {
  const double *y = d->Y + row * d->outputs;
  size_t class = 0;
  if (d->outputs == 1) return y[0] > 0.5;
  while (class + 1 < d->outputs && y[class] < 0.5) class ++;
  return class;
}

rwk_status rwk_check_classes(const rwk_design *d) {
  char name[RWK_SHOWN];
  for (size_t k = 0; d->weights && k < d->classes.count; k++) {
    double sum = 0;
    for (size_t i = 0; i < d->rows; i++) sum += rwk_class_of(d, i) == k ? d->weights[i] : 0;
    if (!(sum > 0))
      return rwk_fail(d->ctx, RWK_DATA, "class '%s': all its rows have the weight 0",
                      rwk_shown(name, d->classes.text[k], strlen(d->classes.text[k])));
  }
  return RWK_OK;
}

size_t rwk_design_classes(const rwk_design *d) {
  return d->classes.count;
}

const char *rwk_design_class(const rwk_design *d, size_t index) {
  return index < d->classes.count ? d->classes.text[index] : NULL;
}

const char *rwk_design_class_column(const rwk_design *d) {
  return d->class_column;
}
