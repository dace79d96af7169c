#include <math.h>
#include "report/chart.h"

enum { LAMBDA, LOSS, PENALTY, EIGENVALUE, COLUMNS };

static void add_walk(rwk_panel *panel, const rwk_source *s, const rwk_source_walk *w) {
  rwk_trace *t =
      rwk_panel_add_trace(panel, s, w->name, rwk_walk_colour(w->walk), RWK_MARK_DISC, rwk_walk_look(w));
  if (t) t->group = rwk_walk_name(w->walk);
  for (size_t i = 0; i < s->count; i++) {
    const rwk_fit *f = w->points[i];
    rwk_trace_add(t, s, s->lambda[i], f ? f->certificate.min_eig_rest : (double)NAN, NULL);
  }
}

/* The branch through the beginning of a drop, on past the fold as far as it was followed. */
static void add_branch(rwk_panel *panel, const rwk_source *s, const rwk_source_walk *w, const rwk_drop *d) {
  const rwk_fit *begin = w->points[w->walk == RWK_WALK_DOWN ? d->to : d->from];
  rwk_series branch;
  if (!begin || !rwk_source_series(&branch, s, RWK_SERIES_BRANCH, begin->walk, begin->start, begin->index) ||
      branch.columns != COLUMNS)
    return;
  rwk_trace *t = rwk_panel_add_trace(panel, s, rwk_arena_print(s->arena, "branch of %s", w->name),
                                     RWK_COLOUR_SIGNAL, RWK_MARK_NONE, RWK_LINE);
  if (t) t->group = "branch beside a drop";
  for (size_t i = 0; i < branch.rows; i++) {
    const double *p = branch.values + i * COLUMNS, x = rwk_source_lambda(s, p[LAMBDA]);
    rwk_trace_add(t, s, x, p[EIGENVALUE],
                  rwk_arena_print(s->arena, "branch of %s at %s = %.6g: smallest eigenvalue %.3g, %s %.6g",
                                  w->name, s->facts->lambda, x, p[EIGENVALUE], s->facts->loss_word,
                                  rwk_source_mse(s, p[LOSS])));
  }
}

static void add_events(rwk_panel *panel, const rwk_source *s, int rises, rwk_cause cause, size_t *count) {
  rwk_trace *t = NULL;
  for (size_t k = 0; k < s->walk_count; k++) {
    const rwk_source_walk *w = &s->walks[k];
    for (size_t i = 0; i < w->drop_count; i++) {
      const rwk_drop *d = w->drops[i];
      if (d->cause != cause || d->rise != rises || !isfinite(d->at) || !isfinite(d->branch_min_eig)) continue;
      if (!t) {
        t = rwk_panel_add_trace(panel, s, rwk_cause_words(cause),
                                rises ? RWK_COLOUR_FAINT : RWK_COLOUR_SIGNAL, rwk_mark_of_cause(cause), 0);
        if (!t) return;
        t->group = rises ? rwk_arena_print(s->arena, "%s, the error rises", rwk_cause_words(cause))
                         : rwk_cause_words(cause);
      }
      const double at = rwk_source_lambda(s, d->at);
      rwk_trace_add(t, s, at, d->branch_min_eig,
                    rwk_arena_print(s->arena, "%s: %s at %s = %.6g, smallest eigenvalue %.2g", w->name,
                                    rwk_cause_words(cause), s->facts->lambda, at, d->branch_min_eig));
      ++*count;
    }
  }
}

/* Where the scale turns from logarithmic to linear: below all but the smallest positive eigenvalues of fits.
 */
static double turn(const rwk_source *s) {
  double least = INFINITY;
  for (size_t k = 0; k < s->fit_count; k++) {
    const double x = s->fits[k].certificate.min_eig_rest;
    if (x > s->fits[k].certificate.zero_limit) least = fmin(least, x);
  }
  return isfinite(least) ? least / 3 : 1e-6;
}

void rwk_chart_branches(rwk_chart *chart, const rwk_source *s) {
  chart->title = "Branches and folds";
  chart->caption = "The smallest eigenvalue of the Hessian off explained flat directions. A branch of minima "
                   "lives while it is positive; where it reaches zero in a fold, the branch turns back as a "
                   "saddle, and a walk that was on it has to jump. Branches are drawn beside drops.";
  size_t events = 0, known = 0;
  for (size_t k = 0; k < s->fit_count; k++) known += isfinite(s->fits[k].certificate.min_eig_rest);
  if (s->count < 2 || known == 0) {
    chart->absent = s->count < 2 ? "There are too few fits." : "No fit has a smallest eigenvalue.";
    return;
  }
  rwk_axis y = rwk_plain_axis("off explained flat directions", RWK_AXIS_SYMLOG);
  y.linear = turn(s);
  rwk_panel *panel = rwk_frame_add_panel(rwk_chart_add_frame(chart, s, "", NAN), s, "Smallest eigenvalue",
                                         rwk_penalty_axis(s), y);
  for (size_t k = 0; k < s->walk_count; k++) add_walk(panel, s, &s->walks[k]);
  for (size_t k = 0; k < s->walk_count; k++)
    for (size_t i = 0; i < s->walks[k].drop_count; i++)
      if (!s->walks[k].drops[i]->rise) add_branch(panel, s, &s->walks[k], s->walks[k].drops[i]);
  for (int rises = 1; rises >= 0; rises--)
    for (int cause = RWK_CAUSE_UNEXPLAINED; cause <= RWK_CAUSE_JUMP; cause++)
      add_events(panel, s, rises, (rwk_cause)cause, &events);
  rwk_panel_add_rule(panel, s, 'y', 0, "");
  chart->alt =
      rwk_arena_print(s->arena,
                      "Smallest eigenvalue of the Hessian along %zu walks. %zu events are marked where a "
                      "branch of minima ends or is left.",
                      s->walk_count, events);
}
