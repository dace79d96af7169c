#include <math.h>
#include <stdlib.h>
#include "report/chart.h"

enum { NAMED_MOST = 20, PARTS_MOST = 200, LAYERS_MOST = 4 };

/* Units below this share of the largest one ever are dead. */
static const double DEAD = 1e-7;

/* A layer's place in the weights: W row-major [inputs x outputs], then the biases. */
typedef struct layer {
  size_t inputs, outputs, W;
} layer;

static layer layer_at(const rwk_report_facts *f, size_t index) {
  layer l = {0};
  size_t at = 0;
  for (size_t k = 0; k <= index; k++) {
    l = (layer){f->layers[k], f->layers[k + 1], at};
    at += l.inputs * l.outputs;
    if (k + 2 < f->layer_count ? f->hidden_bias : f->output_bias) at += l.outputs;
  }
  return l;
}

static double row_square(const layer *l, const double *w, size_t row) {
  double sum = 0;
  for (size_t j = 0; j < l->outputs; j++) {
    const double x = w[l->W + row * l->outputs + j];
    sum += x * x;
  }
  return sum;
}

/* Length of all weights into and out of unit `unit` of hidden layer `hidden` (from 0). */
static double unit_length(const rwk_report_facts *f, const double *w, size_t hidden, size_t unit) {
  const layer in = layer_at(f, hidden), out = layer_at(f, hidden + 1);
  double sum = row_square(&out, w, unit);
  for (size_t i = 0; i < in.inputs; i++) {
    const double x = w[in.W + i * in.outputs + unit];
    sum += x * x;
  }
  return sqrt(sum);
}

static int falling(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x < y) - (x > y);
}

/* x[parts] of one fit: of the units of a hidden layer, or, with hidden < 0, of the inputs. `sorted`: the
 * largest first, because the fits of the walk do not come one from another, so that the units have no names.
 */
static void measure(double *x, const rwk_source *s, const double *w, size_t parts, int hidden, int sorted) {
  const layer first = layer_at(s->facts, 0);
  for (size_t j = 0; j < parts; j++)
    x[j] = hidden < 0 ? sqrt(row_square(&first, w, j)) : unit_length(s->facts, w, (size_t)hidden, j);
  if (sorted && hidden >= 0) qsort(x, parts, sizeof *x, falling);
}

/* A part of a panel: what is known of one unit or input. */
typedef struct part {
  size_t number;
  double largest; /* its length at most, over all penalties */
} part;

static int larger(const void *a, const void *b) {
  const part *x = a, *y = b;
  if (x->largest != y->largest) return x->largest < y->largest ? 1 : -1;
  return (x->number > y->number) - (x->number < y->number);
}

/* The largest first where there are too many to be told apart; else as they are. */
static part *order(const rwk_source *s, const double *x, size_t parts) {
  part *list = rwk_arena_take(s->arena, parts, sizeof *list);
  for (size_t j = 0; list && j < parts; j++) {
    list[j].number = j;
    for (size_t i = 0; i < s->count; i++)
      if (isfinite(x[i * parts + j])) list[j].largest = fmax(list[j].largest, x[i * parts + j]);
  }
  if (list && parts > NAMED_MOST) qsort(list, parts, sizeof *list, larger);
  return list;
}

static const char *name_of(const rwk_source *s, size_t number, int inputs, int sorted) {
  if (inputs) return s->facts->inputs[number];
  return rwk_arena_print(s->arena, sorted ? "unit of rank %zu" : "unit %zu", number + 1);
}

static void add_line(rwk_panel *panel, const rwk_source *s, const double *x, size_t parts, size_t place,
                     size_t number, const char *name) {
  const int named = place < NAMED_MOST;
  const unsigned dashed = place / RWK_CATEGORIES % 2 ? RWK_DASHED : 0;
  rwk_trace *t =
      named ? rwk_panel_add_trace(panel, s, name,
                                  (rwk_colour)(RWK_COLOUR_FIRST + (int)(place % RWK_CATEGORIES)),
                                  RWK_MARK_DISC, RWK_LINE | RWK_THIN | dashed)
            : rwk_panel_add_trace(panel, s, name, RWK_COLOUR_FAINT, RWK_MARK_NONE, RWK_LINE | RWK_THIN);
  if (t && !named) t->group = "smaller ones";
  for (size_t i = 0; i < s->count; i++) rwk_trace_add(t, s, s->lambda[i], x[i * parts + number], NULL);
}

static void add_parts(rwk_panel *panel, const rwk_source *s, const double *x, size_t parts, int inputs,
                      int sorted) {
  const part *list = order(s, x, parts);
  double largest = 0;
  if (!list) return;
  for (size_t j = 0; j < parts; j++) largest = fmax(largest, list[j].largest);
  const size_t shown = parts < PARTS_MOST ? parts : PARTS_MOST;
  for (size_t k = shown; k-- > 0;) /* the small ones below the others */
    if (k >= NAMED_MOST)
      add_line(panel, s, x, parts, k, list[k].number, name_of(s, list[k].number, inputs, sorted));
  for (size_t k = 0; k < shown && k < NAMED_MOST; k++)
    add_line(panel, s, x, parts, k, list[k].number, name_of(s, list[k].number, inputs, sorted));
  rwk_trace *t =
      rwk_panel_add_trace(panel, s, inputs ? "goes out" : "dies", RWK_COLOUR_SIGNAL, RWK_MARK_RING, 0);
  if (t) t->group = inputs ? "an input that goes out" : "a unit that dies";
  for (size_t k = 0; k < shown; k++)
    for (size_t i = 1; i < s->count; i++) {
      const size_t j = list[k].number;
      if (!(x[i * parts + j] <= DEAD * largest && x[(i - 1) * parts + j] > DEAD * largest)) continue;
      rwk_trace_add(t, s, s->lambda[i], x[i * parts + j],
                    rwk_arena_print(s->arena, inputs ? "%s goes out at %s %s" : "%s is dead at %s %s",
                                    name_of(s, j, inputs, sorted), s->facts->lambda,
                                    rwk_source_penalty(s, s->lambda[i])));
    }
}

/* One frame: a panel for each hidden layer, and one for the inputs. */
static void add_walk(rwk_chart *chart, const rwk_source *s, const rwk_source_walk *w, double *weights) {
  const rwk_report_facts *f = s->facts;
  const size_t all = f->layer_count - 2, hidden = all < LAYERS_MOST ? all : LAYERS_MOST;
  const int sorted = rwk_source_is_merged(w->walk) || w->walk == RWK_WALK_BEST;
  double *x[LAYERS_MOST + 1]; /* [count x parts] each; the inputs last */
  for (size_t h = 0; h <= hidden; h++) {
    const size_t parts = h < hidden ? f->layers[h + 1] : f->layers[0];
    x[h] = rwk_arena_take(s->arena, s->count * parts, sizeof *x[h]);
    if (!x[h]) return;
    for (size_t k = 0; k < s->count * parts; k++) x[h][k] = NAN;
  }
  for (size_t i = 0; i < s->count; i++) {
    if (!w->points[i] || !rwk_source_weights(weights, s, w->points[i])) continue;
    for (size_t h = 0; h < hidden; h++)
      measure(x[h] + i * f->layers[h + 1], s, weights, f->layers[h + 1], (int)h, sorted);
    measure(x[hidden] + i * f->layers[0], s, weights, f->layers[0], -1, 0);
  }
  rwk_frame *frame = rwk_chart_add_frame(chart, s, w->name, NAN);
  const rwk_axis y = rwk_plain_axis("length of weights", RWK_AXIS_LINEAR);
  for (size_t h = 0; h < hidden; h++) {
    const char *title =
        all > 1 ? rwk_arena_print(s->arena, "Units of hidden layer %zu", h + 1) : "Hidden units";
    add_parts(rwk_frame_add_panel(frame, s, title, rwk_penalty_axis(s), y), s, x[h], f->layers[h + 1], 0,
              sorted);
  }
  add_parts(rwk_frame_add_panel(frame, s, "Inputs", rwk_penalty_axis(s), y), s, x[hidden], f->layers[0], 1,
            0);
}

void rwk_chart_traces(rwk_chart *chart, const rwk_source *s) {
  chart->title = "Weights";
  chart->beside = 1;
  chart->frame_word = "walk";
  chart->caption = "The length of all weights into and out of each hidden unit, and of all weights that "
                   "leave each input. A unit whose length reaches zero is dead: a ring marks where. Of cold "
                   "and best, whose fits do not come one from another, units are ordered by length. Of more "
                   "than 20 the largest 20 are named.";
  if (s->count < 2 || s->fit_count == 0) {
    chart->absent = "There are too few fits.";
    return;
  }
  double *weights = rwk_arena_take(s->arena, rwk_run_dim(s->run), sizeof *weights);
  for (size_t k = 0; weights && k < s->walk_count; k++) add_walk(chart, s, &s->walks[k], weights);
  chart->alt = rwk_arena_print(
      s->arena, "Length of the weights of every hidden unit and every input against the penalty, one walk at "
                "a time; the numbers are in the table below the picture.");
}
