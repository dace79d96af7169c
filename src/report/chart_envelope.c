#include <math.h>
#include "report/chart.h"

enum { STEPS = 48, LINES_MOST = 400 };

/* J of a fit's weights at any penalty, by the user's penalty (T3). */
static double line_at(const rwk_source *s, const rwk_fit *f, double user_lambda) {
  return f->solve.loss + user_lambda * s->facts->lambda_scale * f->solve.penalty;
}

static double envelope_at(const rwk_source *s, double user_lambda) {
  double lowest = INFINITY;
  for (size_t k = 0; k < s->fit_count; k++) lowest = fmin(lowest, line_at(s, &s->fits[k], user_lambda));
  return lowest;
}

static double grid_at(const rwk_source *s, int step) {
  const double a = log(s->lambda[0]), b = log(s->lambda[s->count - 1]);
  return exp(a + (b - a) * step / STEPS);
}

/* A line where it is within the picture, and one step beyond. */
static void add_line(rwk_panel *panel, const rwk_source *s, const rwk_fit *f, double top) {
  rwk_trace *t = NULL;
  for (int step = 0; step <= STEPS; step++) {
    const double x = grid_at(s, step), y = line_at(s, f, x);
    if (!t) {
      if (!(y <= top)) return;
      t = rwk_panel_add_trace(panel, s, "line of a fit", RWK_COLOUR_FAINT, RWK_MARK_NONE,
                              RWK_LINE | RWK_THIN | RWK_SILENT);
      if (!t) return;
      t->group = "lines of all fits";
    }
    rwk_trace_add(t, s, x, y, NULL);
    if (!(y <= top)) return;
  }
}

static const rwk_source_walk *walk_of(const rwk_source *s, const rwk_fit *fit) {
  for (size_t k = 0; k < s->walk_count; k++)
    for (size_t i = 0; i < s->count; i++)
      if (s->walks[k].points[i] == fit) return &s->walks[k];
  return NULL;
}

static void add_envelope(rwk_panel *panel, const rwk_source *s) {
  rwk_trace *t =
      rwk_panel_add_trace(panel, s, "envelope", RWK_COLOUR_INK, RWK_MARK_NONE, RWK_LINE | RWK_THICK);
  if (t) t->group = "lower envelope";
  for (int step = 0; step <= STEPS; step++) {
    const double x = grid_at(s, step);
    rwk_trace_add(t, s, x, envelope_at(s, x), NULL);
  }
  t = rwk_panel_add_trace(panel, s, "lowest fit", RWK_COLOUR_INK, RWK_MARK_DISC, 0);
  if (t) t->group = "lowest fit";
  for (size_t i = 0; i < s->count; i++) {
    const rwk_fit *f = s->lowest[i];
    if (!f) continue;
    const rwk_source_walk *w = walk_of(s, f);
    rwk_trace_add(t, s, s->lambda[i], f->solve.objective,
                  rwk_arena_print(s->arena, "lowest at %s %s: J = %.6g, found by %s", s->facts->lambda,
                                  rwk_source_penalty(s, s->lambda[i]), f->solve.objective,
                                  w ? w->name : rwk_walk_name(f->walk)));
  }
}

/* How far a walk's fits are above the envelope: by that much they are provably not global. */
static size_t add_excess(rwk_panel *panel, const rwk_source *s, const rwk_source_walk *w) {
  size_t above = 0;
  rwk_trace *t =
      rwk_panel_add_trace(panel, s, w->name, rwk_walk_colour(w->walk), RWK_MARK_DISC, rwk_walk_look(w));
  if (t) t->group = rwk_walk_name(w->walk);
  for (size_t i = 0; i < s->count; i++) {
    const rwk_fit *f = w->points[i];
    const double j = f ? f->solve.objective : NAN, low = envelope_at(s, s->lambda[i]), excess = j - low;
    if (!(excess > 1e-9 * fabs(low))) {
      rwk_trace_add(t, s, s->lambda[i], NAN, NULL);
      continue;
    }
    above++;
    rwk_trace_add(t, s, s->lambda[i], excess,
                  rwk_arena_print(s->arena, "%s at %s %s: J is %.3g above the envelope, so not global",
                                  w->name, s->facts->lambda, rwk_source_penalty(s, s->lambda[i]), excess));
  }
  return above;
}

void rwk_chart_envelope(rwk_chart *chart, const rwk_source *s) {
  chart->title = "The envelope";
  chart->caption = "Weights with error L and size R have the objective L + lambda R at every penalty: a line "
                   "each, bent here because the axis is logarithmic. The optimum lies nowhere above the "
                   "lower edge of them all; a fit that does is provably not global, by the distance in the "
                   "lower picture.";
  if (s->count < 2 || s->fit_count == 0) {
    chart->absent = "There are too few fits.";
    return;
  }
  double top = 0, bottom = envelope_at(s, s->lambda[0]);
  for (size_t i = 0; i < s->count; i++)
    if (s->lowest[i]) top = fmax(top, s->lowest[i]->solve.objective);
  top += 0.05 * (top - bottom);
  rwk_frame *frame = rwk_chart_add_frame(chart, s, "", NAN);
  rwk_axis y = rwk_plain_axis("L + lambda R", RWK_AXIS_LINEAR);
  y.high = top;
  rwk_panel *panel = rwk_frame_add_panel(frame, s, "Lines of all fits", rwk_penalty_axis(s), y);
  const size_t stride = s->fit_count / LINES_MOST + 1;
  for (size_t k = 0; k < s->fit_count; k += stride) add_line(panel, s, &s->fits[k], top);
  add_envelope(panel, s);
  panel = rwk_frame_add_panel(frame, s, "Above the envelope", rwk_penalty_axis(s),
                              rwk_plain_axis("J above the envelope", RWK_AXIS_LOG));
  size_t above = 0;
  for (size_t k = 0; k < s->walk_count; k++) above += add_excess(panel, s, &s->walks[k]);
  if (above == 0 && frame && panel) frame->panel_count--; /* every fit is on it */
  chart->alt = rwk_arena_print(
      s->arena,
      "Objective lines of %zu fits with their lower envelope, which rises from %.4g at %s to %.4g at %s. %zu "
      "fits of walks are above it, so provably not global.",
      s->fit_count, bottom, rwk_source_penalty(s, s->lambda[0]), envelope_at(s, s->lambda[s->count - 1]),
      rwk_source_penalty(s, s->lambda[s->count - 1]), above);
}
