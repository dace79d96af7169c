#include <math.h>
#include "report/chart.h"

typedef struct quantity {
  const char *title, *label;
} quantity;

enum { LOSS, PENALTY, OBJECTIVE, QUANTITIES };
static const quantity quantities[QUANTITIES] = {
    {NULL, NULL}, /* of the facts */
    {"Size of the weights", "R, sum of squared weights"},
    {"Objective", "J"},
};

static double value(const rwk_source *s, const rwk_fit *f, int q) {
  return q == LOSS ? rwk_source_mse(s, f->solve.loss) : q == PENALTY ? f->solve.penalty : f->solve.objective;
}

static void add_walk(rwk_panel *panel, const rwk_source *s, const rwk_source_walk *w, int q) {
  rwk_trace *t =
      rwk_panel_add_trace(panel, s, w->name, rwk_walk_colour(w->walk), RWK_MARK_DISC, rwk_walk_look(w));
  if (t) t->group = rwk_walk_name(w->walk);
  for (size_t i = 0; i < s->count; i++) {
    const rwk_fit *f = w->points[i];
    if (!f) {
      rwk_trace_add(t, s, s->lambda[i], NAN, NULL);
      continue;
    }
    rwk_trace_add(t, s, s->lambda[i], value(s, f, q), NULL);
  }
}

/* The fall as a piece of line, and its cause as a mark at its lower end. */
static void add_drop(rwk_panel *panel, const rwk_source *s, const rwk_source_walk *w, const rwk_drop *d,
                     int q) {
  const rwk_fit *from = w->points[d->from], *to = w->points[d->to];
  if (!from || !to) return;
  rwk_trace *t = rwk_panel_add_trace(panel, s, rwk_arena_print(s->arena, "drop of %s", w->name),
                                     RWK_COLOUR_SIGNAL, rwk_mark_of_cause(d->cause), RWK_LINE);
  if (t) t->group = rwk_cause_words(d->cause);
  const char *text = rwk_arena_print(s->arena, "%s, %s %s to %s: the error falls from %.6g to %.6g (%s)",
                                     w->name, s->facts->lambda, rwk_source_penalty(s, s->lambda[d->from]),
                                     rwk_source_penalty(s, s->lambda[d->to]), rwk_source_mse(s, d->loss_from),
                                     rwk_source_mse(s, d->loss_to), rwk_cause_words(d->cause));
  rwk_trace_add(t, s, s->lambda[d->from], value(s, from, q), text);
  rwk_trace_add(t, s, s->lambda[d->to], value(s, to, q), text);
}

static size_t count_drops(const rwk_source *s) {
  size_t falls = 0;
  for (size_t k = 0; k < s->walk_count; k++) falls += s->walks[k].falls;
  return falls;
}

/* The axis of a quantity: logarithmic where it goes over much more than a factor of 3, so that small errors
 * are seen beside that of the empty model. */
static rwk_axis axis_of(const rwk_source *s, int q) {
  double low = INFINITY, high = 0;
  for (size_t k = 0; k < s->walk_count; k++)
    for (size_t i = 0; i < s->count; i++) {
      const rwk_fit *f = s->walks[k].points[i];
      if (!f || !isfinite(value(s, f, q))) continue;
      low = fmin(low, value(s, f, q));
      high = fmax(high, value(s, f, q));
    }
  const int wide = q == PENALTY || (low > 0 && high > 3 * low);
  return rwk_plain_axis(q == LOSS ? s->facts->loss_word : quantities[q].label,
                        wide ? RWK_AXIS_LOG : RWK_AXIS_LINEAR);
}

static const char *describe(const rwk_source *s) {
  const rwk_fit *first = s->lowest[0], *last = s->lowest[s->count - 1];
  if (!first || !last) return "Error, size of the weights and objective against the penalty.";
  return rwk_arena_print(
      s->arena,
      "Error, size of the weights and objective of %zu walks against the penalty. From %s to %s the lowest "
      "fits have errors from %.4g to %.4g. The error falls while the penalty rises in %zu places.",
      s->walk_count, rwk_source_penalty(s, s->lambda[0]), rwk_source_penalty(s, s->lambda[s->count - 1]),
      rwk_source_mse(s, first->solve.loss), rwk_source_mse(s, last->solve.loss), count_drops(s));
}

void rwk_chart_path(rwk_chart *chart, const rwk_source *s) {
  chart->title = "The path";
  chart->caption = "Every dot is a fit of the network at one penalty. Where the error falls while the "
                   "penalty rises, the step is drawn thick, and the mark at its end says why. Starts after "
                   "the first are thin.";
  if (s->count == 0 || s->fit_count == 0) {
    chart->absent = "There are no fits yet.";
    return;
  }
  chart->alt = describe(s);
  rwk_frame *frame = rwk_chart_add_frame(chart, s, "", NAN);
  for (int q = 0; q < QUANTITIES; q++) {
    const char *title = q == LOSS ? s->facts->loss_title : quantities[q].title;
    rwk_panel *panel = rwk_frame_add_panel(frame, s, title, rwk_penalty_axis(s), axis_of(s, q));
    for (size_t k = 0; k < s->walk_count; k++) add_walk(panel, s, &s->walks[k], q);
    for (size_t k = 0; k < s->walk_count; k++)
      for (size_t d = 0; d < s->walks[k].drop_count; d++)
        if (!s->walks[k].drops[d]->rise) add_drop(panel, s, &s->walks[k], s->walks[k].drops[d], q);
  }
}
