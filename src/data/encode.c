/* From cells to numbers: which columns can be used, levels of text, missing cells. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "data/design.h"

enum { LABEL = 512 };

rwk_status rwk_find_column(size_t *column, rwk_context *ctx, const rwk_table *t, const char *name,
                           const char *what) {
  char shown[RWK_SHOWN], near[RWK_SHOWN];
  for (size_t j = 0; j < t->column_count; j++)
    if (!strcmp(t->columns[j].name, name)) {
      if (t->columns[j].duplicated)
        return rwk_fail(ctx, RWK_DATA, "%s: two columns are called '%s'; rename one of them in the file",
                        t->name, rwk_shown(shown, name, strlen(name)));
      *column = j;
      return RWK_OK;
    }
  const char **names = rwk_alloc(ctx, t->column_count, sizeof *names);
  if (!names) return rwk_fail_memory(ctx, "column names");
  for (size_t j = 0; j < t->column_count; j++) names[j] = t->columns[j].name;
  const size_t best = rwk_nearest_name(names, t->column_count, name);
  rwk_shown(shown, name, strlen(name));
  rwk_status status;
  if (best < t->column_count)
    status = rwk_fail(ctx, RWK_DATA, "%s: no %s '%s'; did you mean '%s'?", t->name, what, shown,
                      rwk_shown(near, names[best], strlen(names[best])));
  else
    status = rwk_fail(ctx, RWK_DATA, "%s: no %s '%s'; the first column is '%s' and the last '%s'", t->name,
                      what, shown, rwk_shown(near, names[0], strlen(names[0])), names[t->column_count - 1]);
  rwk_free(ctx, names);
  return status;
}

rwk_status rwk_check_numbers(rwk_context *ctx, const rwk_table *t, size_t column, const char *what,
                             int allow_missing) {
  const rwk_column *c = &t->columns[column];
  char name[RWK_SHOWN], cell[RWK_SHOWN];
  for (size_t k = 0; k < c->oddity_count; k++) {
    const rwk_oddity *o = &c->oddities[k];
    if (o->missing && allow_missing) continue;
    const char *text = t->texts + o->text;
    return rwk_fail(ctx, RWK_DATA, "%s, line %zu, %s '%s': '%s' is %s", t->name, t->line[o->row], what,
                    rwk_shown(name, c->name, strlen(c->name)), rwk_shown(cell, text, strlen(text)),
                    o->missing ? "a missing value (--missing drop leaves such rows out)"
                    : o->range ? "out of the range of a double"
                               : "not a number (--exclude the column, --na if it means missing)");
  }
  return RWK_OK;
}

rwk_status rwk_check_missing(unsigned char *keep, rwk_context *ctx, const rwk_table *t, const size_t *columns,
                             size_t count, int drop) {
  const rwk_oddity *first = NULL;
  const rwk_column *where = NULL;
  size_t dropped = 0, cells = 0;
  for (size_t i = 0; i < count; i++) {
    const rwk_column *c = &t->columns[columns[i]];
    cells += c->missing;
    for (size_t k = 0; k < c->oddity_count; k++) {
      const rwk_oddity *o = &c->oddities[k];
      if (!o->missing) continue;
      if (!first || o->row < first->row) first = o, where = c;
      if (keep[o->row]) dropped++;
      keep[o->row] = 0;
    }
  }
  if (cells == 0 || !first) return RWK_OK;
  if (drop) {
    if (dropped == t->rows) return rwk_fail(ctx, RWK_DATA, "%s: every row has a missing cell", t->name);
    rwk_note(ctx, "%zu of %zu rows have missing cells and were left out", dropped, t->rows);
    return RWK_OK;
  }
  char list[400] = "", name[RWK_SHOWN], cell[RWK_SHOWN];
  for (size_t i = 0, at = 0; i < count; i++) {
    const rwk_column *c = &t->columns[columns[i]];
    if (c->missing == 0) continue;
    if (at > 300) {
      snprintf(list + at, sizeof list - at, ", ...");
      break;
    }
    at += (size_t)snprintf(list + at, sizeof list - at, "%s%s %zu", at ? ", " : "",
                           rwk_shown(name, c->name, strlen(c->name)), c->missing);
  }
  const char *text = t->texts + first->text;
  return rwk_fail(ctx, RWK_DATA,
                  "%s, line %zu, column '%s': missing value '%s' (missing per column: %s); --missing drop "
                  "leaves such rows out",
                  t->name, t->line[first->row], rwk_shown(name, where->name, strlen(where->name)),
                  rwk_shown(cell, text, strlen(text)), list);
}

size_t rwk_level_of(const rwk_source *source, const char *label) {
  for (size_t k = 0; k < source->level_count; k++)
    if (!strcmp(source->levels[k], label)) return k;
  return source->level_count;
}

/* Levels that differ by letter case only are probably one. */
static void note_alike(rwk_context *ctx, const rwk_source *s) {
  char a[RWK_SHOWN], b[RWK_SHOWN], name[RWK_SHOWN];
  for (size_t k = 1; k < s->level_count && s->level_count <= 1000; k++) {
    const size_t near = rwk_nearest_name((const char *const *)s->levels, k, s->levels[k]);
    if (near == k || strlen(s->levels[near]) != strlen(s->levels[k])) continue;
    size_t differ = 0;
    for (const char *p = s->levels[near], *q = s->levels[k]; *p; p++, q++)
      differ += *p != *q && ((*p ^ *q) & ~0x20) != 0;
    if (differ == 0)
      rwk_note(ctx, "column '%s': levels '%s' and '%s' differ in letter case only, and are kept apart",
               rwk_shown(name, s->name, strlen(s->name)),
               rwk_shown(a, s->levels[near], strlen(s->levels[near])),
               rwk_shown(b, s->levels[k], strlen(s->levels[k])));
  }
}

rwk_status rwk_levels(rwk_source *s, rwk_context *ctx, const rwk_table *t, size_t column,
                      const unsigned char *keep) {
  const rwk_column *c = &t->columns[column];
  char label[LABEL], name[RWK_SHOWN];
  size_t capacity = 0, kept = 0;
  rwk_shown(name, c->name, strlen(c->name));
  for (size_t i = 0; i < t->rows; i++) {
    if (!keep[i]) continue;
    kept++;
    rwk_column_label(label, sizeof label, t, c, i);
    if (rwk_level_of(s, label) < s->level_count) continue;
    if (s->level_count >= 100 && 2 * s->level_count > t->rows)
      return rwk_fail(ctx, RWK_DATA,
                      "%s, column '%s': more than %zu different texts in %zu rows; it names rows rather than "
                      "groups them: --exclude %s",
                      t->name, name, s->level_count, i + 1, name);
    if (s->level_count >= 10000)
      return rwk_fail(ctx, RWK_DATA, "%s, column '%s': more than 10000 levels; --exclude %s", t->name, name,
                      name);
    RWK_TRY(rwk_grow(ctx, &s->levels, &capacity, s->level_count + 1, sizeof *s->levels));
    s->levels[s->level_count] = rwk_strdup(ctx, label);
    if (!s->levels[s->level_count]) return rwk_fail_memory(ctx, "levels");
    s->level_count++;
  }
  rwk_note(ctx, "column '%s' is text: %zu levels, coded as %s%s", name, s->level_count,
           s->level_count > 2    ? "one input a level"
           : s->level_count == 2 ? "one input that is 1 for the second"
                                 : "nothing, for they do not differ",
           s->level_count > 2 && s->level_count == kept
               ? "; every row has a level of its own: --exclude it if it only names rows"
               : "");
  note_alike(ctx, s);
  return RWK_OK;
}

rwk_status rwk_encode_row(rwk_design *d, size_t to, const rwk_table *t, const size_t *columns, size_t row) {
  char label[LABEL], name[RWK_SHOWN], shown[RWK_SHOWN];
  double *x = d->X + to * d->inputs;
  for (size_t j = 0; j < d->source_count; j++) {
    const rwk_source *s = &d->sources[j];
    const rwk_column *c = &t->columns[columns[j]];
    if (!s->levels) {
      x[s->first] = c->x[row];
      continue;
    }
    rwk_column_label(label, sizeof label, t, c, row);
    const size_t level = rwk_level_of(s, label);
    if (level == s->level_count) {
      char list[200] = "";
      for (size_t k = 0, at = 0; k < s->level_count && at < 140; k++)
        at += (size_t)snprintf(list + at, sizeof list - at, "%s'%s'", at ? ", " : "",
                               rwk_shown(shown, s->levels[k], strlen(s->levels[k])));
      return rwk_fail(d->ctx, RWK_DATA,
                      "%s, line %zu, column '%s': level '%s' was not there when the network was fitted (%s)",
                      t->name, t->line[row], rwk_shown(name, s->name, strlen(s->name)),
                      rwk_shown(shown, label, strlen(label)), list);
    }
    if (s->inputs == 1)
      x[s->first] = level == 1;
    else
      for (size_t k = 0; k < s->inputs; k++) x[s->first + k] = k == level;
  }
  return RWK_OK;
}
