#include <math.h>
#include <string.h>
#include "report/chart.h"

enum { GROUPS_MOST = 8, CLASSES = 3 };

/* ---- how much trials are worth */

static void add_efficiency(rwk_frame *frame, const rwk_source *s) {
  size_t count;
  const rwk_efficiency *e = rwk_run_efficiency(&count, s->run);
  if (count < 2) return;
  rwk_axis x = rwk_plain_axis("m", RWK_AXIS_LOG);
  x.binary = 1;
  rwk_panel *panel =
      rwk_frame_add_panel(frame, s, "Best of m trials", x, rwk_plain_axis("error held out", RWK_AXIS_LINEAR));
  for (int quartile = 0; quartile < 3; quartile++) {
    static const char *const names[] = {"lower quartile", "upper quartile", "expected"};
    const int mean = quartile == 2;
    rwk_trace *t = rwk_panel_add_trace(panel, s, names[quartile], RWK_COLOUR_INK, RWK_MARK_NONE,
                                       mean ? RWK_LINE | RWK_THICK : RWK_LINE | RWK_THIN | RWK_DASHED);
    if (t) t->group = mean ? "expected best" : "its quartiles";
    for (size_t k = 0; k < count; k++)
      rwk_trace_add(t, s, (double)e[k].trials, mean ? e[k].mean : quartile ? e[k].high : e[k].low, NULL);
  }
}

/* ---- trials */

typedef struct trials {
  const rwk_trial *all;
  size_t count;
  double lowest, highest; /* finite errors */
} trials;

static const char *describe(const rwk_source *s, const rwk_trial *t) {
  return rwk_arena_print(s->arena, "trial %zu: error %.4g +- %.2g; %s %.3g, %zu x %zu units, %s, %s",
                         t->index, t->mean, t->se, s->facts->lambda, rwk_source_lambda(s, t->lambda),
                         t->depth, t->hidden, rwk_activation_name(t->activation), rwk_solver_name(t->solver));
}

/* What is no number and differs between trials, in words: the group of a trial in the legend. */
static const char *group_of(const rwk_source *s, const trials *all, const rwk_trial *t) {
  int activation = 0, solver = 0, depth = 0;
  for (size_t i = 0; i < all->count; i++) {
    activation |= all->all[i].activation != t->activation;
    solver |= all->all[i].solver != t->solver;
    depth |= all->all[i].depth != t->depth;
  }
  if (!activation && !solver && !depth) return "trials";
  const char *layers =
      depth ? rwk_arena_print(s->arena, "%zu hidden layer%s", t->depth, t->depth == 1 ? "" : "s") : "";
  return rwk_arena_print(s->arena, "%s%s%s%s%s", activation ? rwk_activation_name(t->activation) : "",
                         activation && (solver || depth) ? ", " : "",
                         solver ? rwk_solver_name(t->solver) : "", solver && depth ? ", " : "",
                         layers ? layers : "");
}

static double at(const rwk_source *s, const rwk_trial *t, rwk_setting setting) {
  return setting == RWK_SETTING_LAMBDA ? rwk_source_lambda(s, t->lambda) : (double)t->hidden;
}

static int varies(const trials *all, rwk_setting setting) {
  for (size_t i = 1; i < all->count; i++)
    if (setting == RWK_SETTING_LAMBDA ? all->all[i].lambda != all->all[0].lambda
                                      : all->all[i].hidden != all->all[0].hidden)
      return 1;
  return 0;
}

static rwk_axis axis_of(const rwk_source *s, rwk_setting setting) {
  rwk_axis axis = rwk_plain_axis(setting == RWK_SETTING_LAMBDA ? s->facts->lambda : "units of a hidden layer",
                                 RWK_AXIS_LOG);
  axis.binary = 1;
  return axis;
}

/* The error against one setting; trials that differ in what is no number have colours. */
static void add_scatter(rwk_frame *frame, const rwk_source *s, const trials *all, rwk_setting setting) {
  const int wide = all->lowest > 0 && all->highest > 3 * all->lowest;
  rwk_panel *panel = rwk_frame_add_panel(
      frame, s, setting == RWK_SETTING_LAMBDA ? "Error and penalty" : "Error and width", axis_of(s, setting),
      rwk_plain_axis("error held out", wide ? RWK_AXIS_LOG : RWK_AXIS_LINEAR));
  const char *groups[GROUPS_MOST];
  size_t count = 0;
  for (size_t i = 0; i < all->count; i++) {
    const char *group = group_of(s, all, &all->all[i]);
    size_t k = 0;
    while (group && k < count && strcmp(groups[k], group) != 0) k++;
    if (group && k == count && count < GROUPS_MOST) groups[count++] = group;
  }
  for (size_t k = 0; k < count; k++) {
    rwk_trace *t = rwk_panel_add_trace(panel, s, groups[k], (rwk_colour)(RWK_COLOUR_FIRST + (int)k),
                                       RWK_MARK_DISC, RWK_THICK);
    if (t) t->group = groups[k];
    for (size_t i = 0; i < all->count; i++) {
      const rwk_trial *trial = &all->all[i];
      const char *group = isfinite(trial->mean) ? group_of(s, all, trial) : NULL;
      if (!group || strcmp(group, groups[k]) != 0) continue;
      rwk_trace_add(t, s, at(s, trial, setting), trial->mean, describe(s, trial));
    }
  }
}

/* How many trials have a lower error. */
static size_t rank_of(const trials *all, const rwk_trial *t) {
  size_t rank = 0;
  for (size_t i = 0; i < all->count; i++) rank += all->all[i].mean < t->mean;
  return rank;
}

/* Where in the plane of two settings the good trials are: the best eighth, the better half, the rest. */
static void add_pair(rwk_frame *frame, const rwk_source *s, const trials *all) {
  static const char *const names[CLASSES] = {"the worse half", "the better half", "the best eighth"};
  static const rwk_colour colours[CLASSES] = {RWK_COLOUR_FAINT, RWK_COLOUR_INK, RWK_COLOUR_SIGNAL};
  static const rwk_mark marks[CLASSES] = {RWK_MARK_RING, RWK_MARK_DISC, RWK_MARK_JUMP};
  rwk_panel *panel = rwk_frame_add_panel(frame, s, "Penalty and width", axis_of(s, RWK_SETTING_LAMBDA),
                                         axis_of(s, RWK_SETTING_HIDDEN));
  for (int c = 0; c < CLASSES; c++) {
    rwk_trace *t = rwk_panel_add_trace(panel, s, names[c], colours[c], marks[c], RWK_THICK);
    if (t) t->group = names[c];
    for (size_t i = 0; i < all->count; i++) {
      const rwk_trial *trial = &all->all[i];
      if (!isfinite(trial->mean)) continue;
      const size_t rank = rank_of(all, trial);
      if ((8 * rank < all->count ? 2 : 2 * rank < all->count ? 1 : 0) != c) continue;
      rwk_trace_add(t, s, at(s, trial, RWK_SETTING_LAMBDA), at(s, trial, RWK_SETTING_HIDDEN),
                    describe(s, trial));
    }
  }
}

void rwk_chart_search(rwk_chart *chart, const rwk_source *s) {
  chart->title = "Search";
  chart->beside = 1;
  const rwk_search_summary *sum = rwk_run_search(s->run);
  if (!sum) {
    chart->absent = "The run is no search, or one that is not finished.";
    chart->optional = 1;
    return;
  }
  trials all = {.lowest = INFINITY, .highest = -INFINITY};
  all.all = rwk_run_trials(&all.count, s->run);
  for (size_t i = 0; i < all.count; i++) {
    if (!isfinite(all.all[i].mean)) continue;
    all.lowest = fmin(all.lowest, all.all[i].mean);
    all.highest = fmax(all.highest, all.all[i].mean);
  }
  chart->caption =
      "The error of rows held out, in units of the target's variance. First, what the best of m "
      "trials scores: expected, and the quartiles, over all ways to draw m of them. Then every "
      "trial against its penalty and its width, and both together: where the good ones are. What "
      "depends on neither is level.";
  rwk_frame *frame = rwk_chart_add_frame(chart, s, "", NAN);
  add_efficiency(frame, s);
  if (varies(&all, RWK_SETTING_LAMBDA)) add_scatter(frame, s, &all, RWK_SETTING_LAMBDA);
  if (varies(&all, RWK_SETTING_HIDDEN)) add_scatter(frame, s, &all, RWK_SETTING_HIDDEN);
  if (varies(&all, RWK_SETTING_LAMBDA) && varies(&all, RWK_SETTING_HIDDEN)) add_pair(frame, s, &all);
  if (frame && frame->panel_count == 0) {
    chart->frame_count = 0;
    chart->absent = "One trial is no picture.";
    return;
  }
  chart->alt = rwk_arena_print(s->arena,
                               "Errors of %zu trials from %.4g to %.4g against penalty and width, and the "
                               "expected error of the best of m of them.",
                               all.count, all.lowest, all.highest);
}
