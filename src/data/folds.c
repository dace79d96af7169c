/* Rows into folds: at random, by a column, by groups, or evenly over the target. */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <ridgewalk/folds.h>
#include "base/stream.h"
#include "data/design.h"

struct rwk_folds {
  rwk_context *ctx;
  size_t count, repeats, rows;
  size_t *of; /* [repeats x rows] */
};

/* Random numbers of folds are nobody else's: walks and searches use streams without these bits. */
static const uint64_t streams = UINT64_C(3) << 61;

void rwk_folds_settings_init(rwk_folds_settings *settings) {
  *settings = (rwk_folds_settings){.size = sizeof *settings, .count = 5, .repeats = 1, .stratify = 1};
}

void rwk_folds_destroy(rwk_folds *f) {
  if (!f) return;
  rwk_free(f->ctx, f->of);
  rwk_free(f->ctx, f);
}

/* A whole number below n, each as likely as any other. */
static size_t below(rwk_stream *s, size_t n) {
  const uint64_t limit = UINT64_MAX - UINT64_MAX % n;
  uint64_t x = rwk_stream_u64(s);
  while (x >= limit) x = rwk_stream_u64(s);
  return (size_t)(x % n);
}

static void shuffle(size_t *list, size_t n, rwk_stream *s) {
  for (size_t i = n; i > 1; i--) {
    const size_t j = below(s, i), kept = list[i - 1];
    list[i - 1] = list[j];
    list[j] = kept;
  }
}

/* Labels of a column, one a row of the design: label[i] counts from 0, in order of first appearance. */
static rwk_status read_labels(size_t *label, size_t *labels, rwk_context *ctx, const rwk_table *t,
                              const rwk_design *d, const char *column, const char *what) {
  char buffer[RWK_LABEL], shown[RWK_SHOWN];
  size_t c;
  rwk_names names = {0};
  if (!t) return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "folds: a column is named, but there is no table");
  RWK_TRY(rwk_find_column(&c, ctx, t, column, what));
  rwk_status status = RWK_OK;
  for (size_t i = 0; i < d->rows && status == RWK_OK; i++) {
    const size_t row = d->source_row[i];
    const rwk_oddity *o = rwk_column_oddity(&t->columns[c], row);
    if (o && o->missing)
      status = rwk_fail(ctx, RWK_DATA, "%s, line %zu, %s '%s': the cell is missing", t->name, t->line[row],
                        what, rwk_shown(shown, column, strlen(column)));
    else
      status = rwk_names_add(&label[i], &names, ctx, rwk_column_label(buffer, t, &t->columns[c], row));
  }
  *labels = names.count;
  rwk_names_clear(&names, ctx);
  return status;
}

typedef struct sized {
  size_t index, size, place; /* place: in random order, which decides between equals */
} sized;

static int largest_first(const void *a, const void *b) {
  const sized *x = a, *y = b;
  if (x->size != y->size) return x->size < y->size ? 1 : -1;
  return (x->place > y->place) - (x->place < y->place);
}

/* The largest group first, each into the fold that has the fewest rows. */
static rwk_status divide_groups(size_t *of, rwk_folds *f, const size_t *label, size_t labels, rwk_stream *s) {
  rwk_context *ctx = f->ctx;
  sized *groups = rwk_calloc(ctx, labels, sizeof *groups);
  size_t *order = rwk_alloc(ctx, labels, sizeof *order), *filled = rwk_calloc(ctx, f->count, sizeof *filled),
         *fold = rwk_alloc(ctx, labels, sizeof *fold);
  rwk_status status = groups && order && filled && fold ? RWK_OK : rwk_fail_memory(ctx, "folds");
  if (status == RWK_OK) {
    for (size_t g = 0; g < labels; g++) order[g] = g;
    shuffle(order, labels, s);
    for (size_t g = 0; g < labels; g++) groups[order[g]] = (sized){.index = order[g], .place = g};
    for (size_t i = 0; i < f->rows; i++) groups[label[i]].size++;
    qsort(groups, labels, sizeof *groups, largest_first);
    for (size_t g = 0; g < labels; g++) {
      size_t emptiest = 0;
      for (size_t k = 1; k < f->count; k++)
        if (filled[k] < filled[emptiest]) emptiest = k;
      filled[emptiest] += groups[g].size;
      fold[groups[g].index] = emptiest;
    }
    for (size_t i = 0; i < f->rows; i++) of[i] = fold[label[i]];
  }
  rwk_free(ctx, groups);
  rwk_free(ctx, order);
  rwk_free(ctx, filled);
  rwk_free(ctx, fold);
  return status;
}

typedef struct valued {
  double value;
  size_t row, place;
} valued;

static int smallest_first(const void *a, const void *b) {
  const valued *x = a, *y = b;
  if (x->value != y->value) return x->value < y->value ? -1 : 1;
  return (x->place > y->place) - (x->place < y->place);
}

/* Neighbours in the order of the target, or of its classes, go to different folds: every `count` of them to
 * all folds, at random.
 */
static rwk_status divide_rows(size_t *of, rwk_folds *f, const rwk_design *d, int stratify, rwk_stream *s) {
  rwk_context *ctx = f->ctx;
  size_t *order = rwk_alloc(ctx, f->rows, sizeof *order), *deal = rwk_alloc(ctx, f->count, sizeof *deal);
  valued *sorted = rwk_alloc(ctx, stratify ? f->rows : 1, sizeof *sorted);
  rwk_status status = order && deal && sorted ? RWK_OK : rwk_fail_memory(ctx, "folds");
  if (status == RWK_OK) {
    for (size_t i = 0; i < f->rows; i++) order[i] = i;
    shuffle(order, f->rows, s);
    if (stratify) {
      for (size_t i = 0; i < f->rows; i++) {
        const size_t row = order[i];
        sorted[i] =
            (valued){d->classes.count ? (double)rwk_class_of(d, row) : d->Y[row * d->outputs], row, i};
      }
      qsort(sorted, f->rows, sizeof *sorted, smallest_first);
      for (size_t i = 0; i < f->rows; i++) order[i] = sorted[i].row;
    }
    for (size_t k = 0; k < f->count; k++) deal[k] = k;
    for (size_t i = 0; i < f->rows; i++) {
      if (stratify && i % f->count == 0) shuffle(deal, f->count, s);
      of[order[i]] = deal[i % f->count];
    }
  }
  rwk_free(ctx, order);
  rwk_free(ctx, deal);
  rwk_free(ctx, sorted);
  return status;
}

static rwk_status check(rwk_context *ctx, const rwk_design *d, const rwk_folds_settings *s) {
  if (s->size != sizeof *s)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "folds settings: call rwk_folds_settings_init first");
  if (!s->column && s->count < 2) return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "folds: at least 2");
  if (s->repeats < 1 || s->repeats > 1000) return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "repeats: 1 to 1000");
  if (s->column && (s->group || s->repeats > 1))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "folds: a column of folds leaves nothing to group or repeat");
  if (s->stratify && !s->column && !s->group && !d->Y)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "stratify: the design has no targets");
  if (!s->column && s->count > d->rows)
    return rwk_fail(ctx, RWK_DATA, "folds: %zu rows cannot make %zu folds", d->rows, s->count);
  return RWK_OK;
}

/* What is left to train on must be two rows at least. */
static rwk_status check_sizes(const rwk_folds *f) {
  for (size_t r = 0; r < f->repeats; r++)
    for (size_t k = 0; k < f->count; k++) {
      size_t held = 0;
      for (size_t i = 0; i < f->rows; i++) held += f->of[r * f->rows + i] == k;
      if (f->rows - held < 2)
        return rwk_fail(f->ctx, RWK_DATA, "folds: with fold %zu held out %zu row%s left to train on", k,
                        f->rows - held, f->rows - held == 1 ? " is" : "s are");
    }
  return RWK_OK;
}

static rwk_status divide(rwk_folds *f, size_t *label, const rwk_table *t, const rwk_design *d,
                         const rwk_folds_settings *s) {
  size_t labels = 0;
  if (s->column || s->group)
    RWK_TRY(read_labels(label, &labels, f->ctx, t, d, s->column ? s->column : s->group,
                        s->column ? "column of folds" : "column of groups"));
  if (s->column) {
    if (labels < 2)
      return rwk_fail(f->ctx, RWK_DATA, "the column of folds '%s' is the same on all rows", s->column);
    f->count = labels;
  } else if (s->group && labels < f->count) {
    return rwk_fail(f->ctx, RWK_DATA, "folds: %zu group%s cannot make %zu folds", labels,
                    labels == 1 ? "" : "s", f->count);
  }
  for (size_t r = 0; r < f->repeats; r++) {
    rwk_stream stream;
    size_t *of = f->of + r * f->rows;
    rwk_stream_init(&stream, s->seed, streams | r);
    if (s->column)
      memcpy(of, label, f->rows * sizeof *of);
    else if (s->group)
      RWK_TRY(divide_groups(of, f, label, labels, &stream));
    else
      RWK_TRY(divide_rows(of, f, d, s->stratify, &stream));
  }
  return check_sizes(f);
}

rwk_status rwk_folds_create(rwk_folds **folds, rwk_context *ctx, const rwk_table *t, const rwk_design *d,
                            const rwk_folds_settings *settings) {
  *folds = NULL;
  RWK_TRY(check(ctx, d, settings));
  rwk_folds *f = rwk_calloc(ctx, 1, sizeof *f);
  if (!f) return rwk_fail_memory(ctx, "folds");
  *f = (rwk_folds){.ctx = ctx, .count = settings->count, .repeats = settings->repeats, .rows = d->rows};
  if (f->rows <= SIZE_MAX / f->repeats) f->of = rwk_calloc(ctx, f->repeats * f->rows, sizeof *f->of);
  size_t *label = rwk_alloc(ctx, f->rows, sizeof *label);
  const rwk_status status = f->of && label ? divide(f, label, t, d, settings) : rwk_fail_memory(ctx, "folds");
  rwk_free(ctx, label);
  if (status == RWK_OK)
    *folds = f;
  else
    rwk_folds_destroy(f);
  return status;
}

size_t rwk_folds_count(const rwk_folds *f) {
  return f->count;
}

size_t rwk_folds_repeats(const rwk_folds *f) {
  return f->repeats;
}

size_t rwk_folds_rows(const rwk_folds *f) {
  return f->rows;
}

const size_t *rwk_folds_of(const rwk_folds *f, size_t repeat) {
  return repeat < f->repeats ? f->of + repeat * f->rows : NULL;
}

/* ---- twins ---- */

typedef struct hashed {
  uint64_t hash;
  size_t row;
} hashed;

static int by_hash(const void *a, const void *b) {
  const hashed *x = a, *y = b;
  if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
  return (x->row > y->row) - (x->row < y->row);
}

static int same(const rwk_design *d, size_t a, size_t b) {
  return !memcmp(d->X + a * d->inputs, d->X + b * d->inputs, d->inputs * sizeof *d->X) &&
         (!d->Y || !memcmp(d->Y + a * d->outputs, d->Y + b * d->outputs, d->outputs * sizeof *d->Y));
}

rwk_status rwk_folds_twins(size_t *count, size_t *first, size_t *second, const rwk_folds *f,
                           const rwk_design *d) {
  size_t a = SIZE_MAX, b = SIZE_MAX;
  *count = 0;
  if (d->rows != f->rows)
    return rwk_fail(f->ctx, RWK_INVALID_ARGUMENT, "twins: the folds are of another design");
  hashed *rows = rwk_alloc(f->ctx, f->rows, sizeof *rows);
  if (!rows) return rwk_fail_memory(f->ctx, "folds");
  for (size_t i = 0; i < f->rows; i++) {
    uint64_t hash = XXH3_64bits(d->X + i * d->inputs, d->inputs * sizeof *d->X);
    if (d->Y) hash = XXH3_64bits_withSeed(d->Y + i * d->outputs, d->outputs * sizeof *d->Y, hash);
    rows[i] = (hashed){hash, i};
  }
  qsort(rows, f->rows, sizeof *rows, by_hash);
  for (size_t begin = 0, end; begin < f->rows; begin = end) {
    for (end = begin + 1; end < f->rows && rows[end].hash == rows[begin].hash; end++) {
    }
    for (size_t i = begin; i < end; i++)
      for (size_t j = begin; j < end; j++) {
        if (f->of[rows[i].row] == f->of[rows[j].row] || !same(d, rows[i].row, rows[j].row)) continue;
        ++*count;
        if (rows[i].row < a) {
          a = rows[i].row;
          b = rows[j].row;
        }
        break;
      }
  }
  rwk_free(f->ctx, rows);
  if (first) *first = *count ? a : 0;
  if (second) *second = *count ? b : 0;
  return RWK_OK;
}
