/* From cells to numbers: which columns can be used, levels of text, missing cells. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "data/design.h"

enum { LEVELS_MOST = 10000, LEVELS_FEW = 100, NOTES_MOST = 5 };

static const char *shown(char out[RWK_SHOWN], const char *name) {
  return rwk_shown(out, name, strlen(name));
}

rwk_status rwk_check_numbers(rwk_context *ctx, const rwk_table *t, size_t column, const char *what,
                             int allow_missing, int fitted) {
  const rwk_column *c = &t->columns[column];
  char name[RWK_SHOWN], cell[RWK_SHOWN];
  const int is_target = !strcmp(what, "target");
  for (size_t k = 0; k < c->oddity_count; k++) {
    const rwk_oddity *o = &c->oddities[k];
    if (o->missing && allow_missing) continue;
    const char *advice = rwk_look_advice((rwk_look)o->look);
    const int plain = o->look == RWK_LOOK_TEXT || o->look == RWK_LOOK_DATE;
    if (o->missing)
      advice = "";
    else if (is_target && !o->range && rwk_column_is_text(t, c))
      advice = "; a target must be a column of numbers";
    else if (fitted && !o->range && plain)
      advice = "; the network was fitted to numbers there";
    else if (o->range || (is_target && plain))
      advice = "; correct it, or say --na if it means missing";
    return rwk_fail(ctx, RWK_DATA, "%s, line %zu, %s '%s': '%s' is %s%s", t->name, t->line[o->row], what,
                    shown(name, c->name), shown(cell, t->texts + o->text),
                    o->missing ? "a missing value (--missing drop leaves such rows out)"
                    : o->range ? "out of the range of a double"
                               : "not a number",
                    advice);
  }
  return RWK_OK;
}

rwk_status rwk_table_column_numbers(const double **x, rwk_context *ctx, const rwk_table *t, size_t column) {
  char name[RWK_SHOWN], cell[RWK_SHOWN];
  if (column >= t->column_count)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "column: there is no column %zu", column);
  const rwk_column *c = &t->columns[column];
  *x = c->x;
  if (c->oddity_count == 0) return RWK_OK;
  const rwk_oddity *o = &c->oddities[0];
  const int advised = !o->missing && !o->range && o->look != RWK_LOOK_TEXT && o->look != RWK_LOOK_DATE &&
                      o->look != RWK_LOOK_INFINITE;
  return rwk_fail(ctx, RWK_DATA, "%s, line %zu, column '%s': '%s' is %s%s", t->name, t->line[o->row],
                  shown(name, c->name), shown(cell, t->texts + o->text),
                  o->missing ? "a missing value"
                  : o->range ? "out of the range of a double"
                             : "not a number",
                  advised ? rwk_look_advice((rwk_look)o->look) : "; correct it, or take the row out");
}

/* "x1 1, x2 3, ..." */
static void list_missing(char *list, size_t room, const rwk_table *t, const size_t *columns, size_t count) {
  char name[RWK_SHOWN];
  list[0] = 0;
  for (size_t i = 0, at = 0; i < count; i++) {
    const rwk_column *c = &t->columns[columns[i]];
    if (c->missing == 0) continue;
    if (at + RWK_SHOWN + 32 > room) {
      snprintf(list + at, room - at, ", ...");
      return;
    }
    at +=
        (size_t)snprintf(list + at, room - at, "%s%s %zu", at ? ", " : "", shown(name, c->name), c->missing);
  }
}

rwk_status rwk_check_missing(unsigned char *keep, rwk_context *ctx, const rwk_table *t, const size_t *columns,
                             size_t count, int drop, int fitted) {
  const rwk_oddity *first = NULL;
  const rwk_column *where = NULL, *without = NULL;
  size_t dropped = 0;
  char list[400], name[RWK_SHOWN], cell[RWK_SHOWN];
  for (size_t i = 0; i < count; i++) {
    const rwk_column *c = &t->columns[columns[i]];
    if (c->missing == t->rows && !without && !fitted) without = c;
    for (size_t k = 0; k < c->oddity_count; k++) {
      const rwk_oddity *o = &c->oddities[k];
      if (!o->missing) continue;
      if (!first || o->row < first->row) first = o, where = c;
      dropped += keep[o->row];
      keep[o->row] = 0;
    }
  }
  if (!first) return RWK_OK;
  if (without)
    return rwk_fail(ctx, RWK_DATA, "%s, column '%s': no row has a value; --exclude the column", t->name,
                    shown(name, without->name));
  if (drop && dropped < t->rows) {
    rwk_note(ctx, "%zu of %zu rows have missing cells and were left out, the first on line %zu", dropped,
             t->rows, t->line[first->row]);
    return RWK_OK;
  }
  list_missing(list, sizeof list, t, columns, count);
  if (drop)
    return rwk_fail(
        ctx, RWK_DATA,
        "%s: every row has a missing cell (missing per column: %s); --exclude columns to keep rows", t->name,
        list);
  return rwk_fail(ctx, RWK_DATA, "%s, line %zu, column '%s': missing value '%s' (missing per column: %s)%s",
                  t->name, t->line[first->row], shown(name, where->name), shown(cell, t->texts + first->text),
                  list,
                  fitted ? "; fill it in, or take the row out"
                         : "; --missing drop leaves such rows out, --exclude a column");
}

/* ---- levels ---- */

/* The text in small letters without blanks; NULL when memory runs out. */
static char *fold(rwk_context *ctx, const char *text) {
  char *out = rwk_strdup(ctx, text), *to = out;
  if (!out) return NULL;
  for (const char *p = text; *p; p++)
    if (*p != ' ' && *p != '\t') *to++ = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
  *to = 0;
  return out;
}

/* Levels that differ by letter case or blanks only are probably one. */
static rwk_status note_alike(rwk_context *ctx, const rwk_source *s) {
  char a[RWK_SHOWN], b[RWK_SHOWN], name[RWK_SHOWN];
  rwk_names folded = {0};
  rwk_status status = RWK_OK;
  size_t alike = 0, capacity = 0, *level = NULL; /* [place in folded] the first level that folds to it */
  for (size_t k = 0; k < s->levels.count && status == RWK_OK; k++) {
    char *text = fold(ctx, s->levels.text[k]);
    size_t place;
    const size_t before = folded.count;
    status = text ? rwk_names_add(&place, &folded, ctx, text) : rwk_fail_memory(ctx, "levels");
    rwk_free(ctx, text);
    if (status == RWK_OK && folded.count > before) {
      status = rwk_grow(ctx, &level, &capacity, folded.count, sizeof *level);
      if (status == RWK_OK) level[place] = k;
    } else if (status == RWK_OK && level && ++alike <= NOTES_MOST) {
      rwk_note(ctx,
               "column '%s': levels '%s' and '%s' differ in letter case or blanks only, and are kept apart",
               shown(name, s->name), shown(a, s->levels.text[level[place]]), shown(b, s->levels.text[k]));
    }
  }
  rwk_free(ctx, level);
  rwk_names_clear(&folded, ctx);
  return status;
}

rwk_status rwk_find_levels(rwk_source *s, rwk_context *ctx, const rwk_table *t, size_t column,
                           const unsigned char *keep) {
  const rwk_column *c = &t->columns[column];
  char buffer[RWK_LABEL], name[RWK_SHOWN];
  size_t kept = 0, missing = 0, place;
  s->is_text = 1;
  shown(name, c->name);
  for (size_t i = 0; i < t->rows; i++) {
    if (!keep[i]) continue;
    kept++;
    const rwk_oddity *o = rwk_column_oddity(c, i);
    missing += o && o->missing;
    RWK_TRY(rwk_names_add(&place, &s->levels, ctx, rwk_column_label(buffer, t, c, i)));
    const size_t count = s->levels.count;
    if (count > LEVELS_FEW && 2 * count > t->rows)
      return rwk_fail(
          ctx, RWK_DATA,
          "%s, column '%s': %zu different texts in %zu rows; it names rows rather than groups them: "
          "--exclude %s",
          t->name, name, count, t->rows, name);
    if (count > LEVELS_MOST)
      return rwk_fail(ctx, RWK_DATA, "%s, column '%s': more than %d levels; --exclude %s", t->name, name,
                      LEVELS_MOST, name);
  }
  const size_t count = s->levels.count;
  rwk_note(ctx, "column '%s' is text: %zu level%s, coded as %s%s", name, count, count == 1 ? "" : "s",
           count > 2    ? "one input a level"
           : count == 2 ? "one input that is 1 for the second"
                        : "nothing, for they do not differ",
           count > 2 && count == kept
               ? "; every row has a level of its own: --exclude it if it only names rows"
               : "");
  if (missing)
    rwk_note(ctx, "column '%s': %zu missing cell%s coded as a level (--missing drop leaves such rows out)",
             name, missing, missing == 1 ? " is" : "s are");
  return note_alike(ctx, s);
}

static rwk_status unknown_level(const rwk_design *d, const rwk_source *s, const rwk_table *t, size_t row,
                                const char *label) {
  char list[240] = "", name[RWK_SHOWN], level[RWK_SHOWN];
  size_t at = 0;
  for (size_t k = 0; k < s->levels.count; k++) {
    if (at + RWK_SHOWN + 8 > sizeof list) {
      snprintf(list + at, sizeof list - at, ", ...");
      break;
    }
    at += (size_t)snprintf(list + at, sizeof list - at, "%s'%s'", at ? ", " : "",
                           shown(level, s->levels.text[k]));
  }
  return rwk_fail(
      d->ctx, RWK_DATA,
      "%s, line %zu, column '%s': level '%s' was not there when the network was fitted (known: %s)", t->name,
      t->line[row], shown(name, s->name), shown(level, label), list);
}

rwk_status rwk_encode_row(rwk_design *d, size_t to, const rwk_table *t, const size_t *columns, size_t row) {
  char buffer[RWK_LABEL];
  double *x = d->X + to * d->inputs;
  for (size_t j = 0; j < d->source_count; j++) {
    const rwk_source *s = &d->sources[j];
    const rwk_column *c = &t->columns[columns[j]];
    if (!s->is_text) {
      x[s->first] = c->x[row];
      continue;
    }
    const char *label = rwk_column_label(buffer, t, c, row);
    const size_t level = rwk_names_find(&s->levels, label);
    if (level == s->levels.count) return unknown_level(d, s, t, row, label);
    if (s->inputs == 1)
      x[s->first] = level == 1;
    else
      for (size_t k = 0; k < s->inputs; k++) x[s->first + k] = k == level;
  }
  return RWK_OK;
}
