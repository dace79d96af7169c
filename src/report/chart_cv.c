#include <math.h>
#include <string.h>
#include "report/chart.h"

static const char *choice_words(const rwk_source *s, size_t i) {
  const size_t *chosen = s->cv->index;
  if (i != chosen[RWK_CV_MIN]) return i == chosen[RWK_CV_1SE] ? " (lambda_1se)" : "";
  return i == chosen[RWK_CV_1SE] ? " (lambda_min and lambda_1se)" : " (lambda_min)";
}

static void stretch(double range[2], double x) {
  if (!isfinite(x)) return;
  range[0] = fmin(range[0], x);
  range[1] = fmax(range[1], x);
}

/* Are errors so far apart that a logarithmic axis shows the small ones better? */
static int is_wide(const double range[2]) {
  return range[0] > 0 && range[1] > 3 * range[0];
}

static int held_out_is_wide(const rwk_source *s) {
  double range[2] = {INFINITY, 0};
  for (size_t i = 0; i < s->count; i++) stretch(range, s->cv_points[i].mean);
  return is_wide(range);
}

static int in_sample_is_wide(const rwk_source *s) {
  double range[2] = {INFINITY, 0};
  for (size_t k = 0; k < s->fold_count; k++)
    for (size_t i = 0; i < s->count; i++)
      if (s->folds[k].points[i]) stretch(range, rwk_source_mse(s, s->folds[k].points[i]->solve.loss));
  return is_wide(range);
}

/* A bar at every mean. On a logarithmic axis one that reaches zero begins at its mean. */
static void add_bars(rwk_panel *panel, const rwk_source *s, int wide) {
  rwk_trace *t = rwk_panel_add_trace(panel, s, "mean +- standard error", RWK_COLOUR_EIGHTH, RWK_MARK_NONE,
                                     RWK_LINE | RWK_THIN | RWK_SILENT);
  if (t) t->group = "+- standard error";
  for (size_t i = 0; i < s->count; i++) {
    const rwk_cv_point *p = &s->cv_points[i];
    if (!isfinite(p->mean) || !isfinite(p->se)) continue;
    const double low = p->mean - p->se;
    rwk_trace_add(t, s, s->lambda[i], wide && !(low > 0) ? p->mean : low, NULL);
    rwk_trace_add(t, s, s->lambda[i], p->mean + p->se, NULL);
    rwk_trace_add(t, s, NAN, NAN, NULL);
  }
}

static void add_curve(rwk_panel *panel, const rwk_source *s) {
  rwk_trace *t =
      rwk_panel_add_trace(panel, s, "held out", RWK_COLOUR_INK, RWK_MARK_DISC, RWK_LINE | RWK_THICK);
  if (t) t->group = "mean of what was held out";
  for (size_t i = 0; i < s->count; i++) {
    const rwk_cv_point *p = &s->cv_points[i];
    rwk_trace_add(t, s, s->lambda[i], p->mean,
                  rwk_arena_print(s->arena, "held out at %s = %s: error %.4g +- %.2g%s", s->facts->lambda,
                                  rwk_source_penalty(s, s->lambda[i]), p->mean, p->se, choice_words(s, i)));
  }
}

/* Upright lines at the choices; named in one panel. */
static void add_choices(rwk_panel *panel, const rwk_source *s, int named) {
  const size_t least = s->cv->index[RWK_CV_MIN], simple = s->cv->index[RWK_CV_1SE];
  if (least == simple) {
    rwk_panel_add_rule(panel, s, 'x', s->lambda[least], named ? "lambda_min = lambda_1se" : "");
  } else {
    rwk_panel_add_rule(panel, s, 'x', s->lambda[least], named ? "lambda_min" : "");
    /* to the left, but at the left end of the grid, where there is no room */
    if (panel && panel->rule_count) panel->rules[panel->rule_count - 1].left = 3 * least > s->count;
    rwk_panel_add_rule(panel, s, 'x', s->lambda[simple], named ? "lambda_1se" : "");
  }
}

static void add_folds(rwk_panel *panel, const rwk_source *s) {
  static const rwk_colour colours[] = {RWK_COLOUR_FIRST, RWK_COLOUR_SECOND,
                                       RWK_COLOUR_THIRD, RWK_COLOUR_FIFTH,
                                       RWK_COLOUR_SIXTH, RWK_COLOUR_SEVENTH}; /* not a drop's */
  for (size_t k = 0; k < s->fold_count; k++) {
    const rwk_source_fold *f = &s->folds[k];
    const rwk_colour colour = colours[k % s->cv->folds % (sizeof colours / sizeof *colours)];
    rwk_trace *t = rwk_panel_add_trace(panel, s, f->name, colour, RWK_MARK_DISC, RWK_LINE | RWK_THIN);
    if (t) t->group = "best without the rows of a fold";
    for (size_t i = 0; i < s->count; i++) {
      const rwk_fit *fit = f->points[i];
      rwk_trace_add(t, s, s->lambda[i], fit ? rwk_source_mse(s, fit->solve.loss) : (double)NAN, NULL);
    }
  }
}

/* A fall is a piece of line with its cause as a mark at its lower end; of a rise there is the mark alone. */
static void add_drop(rwk_panel *panel, const rwk_source *s, const rwk_source_fold_drop *d) {
  const rwk_drop *drop = &d->drop;
  const char *cause = rwk_cause_words(drop->cause);
  const double from = rwk_source_mse(s, drop->loss_from), to = rwk_source_mse(s, drop->loss_to);
  const char *words = rwk_arena_print(
      s->arena, "%s, walk %s, %s %s to %s: the error %s from %.6g to %.6g; cause: %s", s->folds[d->fold].name,
      d->name, s->facts->lambda, rwk_source_penalty(s, s->lambda[drop->from]),
      rwk_source_penalty(s, s->lambda[drop->to]), drop->rise ? "rises" : "falls", from, to, cause);
  rwk_trace *t =
      rwk_panel_add_trace(panel, s, s->folds[d->fold].name, drop->rise ? RWK_COLOUR_FAINT : RWK_COLOUR_SIGNAL,
                          rwk_mark_of_cause(drop->cause), drop->rise ? 0 : RWK_LINE);
  if (t) t->group = drop->rise ? rwk_arena_print(s->arena, "%s, the error rises", cause) : cause;
  if (!drop->rise) rwk_trace_add(t, s, s->lambda[drop->from], from, words);
  rwk_trace_add(t, s, s->lambda[drop->to], to, words);
}

static size_t add_drops(rwk_panel *panel, const rwk_source *s) {
  size_t falls = 0;
  for (int rise = 1; rise >= 0; rise--)
    for (size_t k = 0; k < s->fold_drop_count; k++) {
      if (s->fold_drops[k].drop.rise != rise) continue;
      add_drop(panel, s, &s->fold_drops[k]);
      falls += !rise;
    }
  return falls;
}

void rwk_chart_cv(rwk_chart *chart, const rwk_source *s) {
  chart->title = "Cross-validation";
  chart->optional = 1;
  if (!s->cv) {
    chart->absent = "The run file holds no finished cross-validation: ridgewalk cv makes one.";
    return;
  }
  const int squares = strcmp(s->facts->loss_word, "MSE") == 0;
  chart->caption = rwk_arena_print(
      s->arena,
      "Above: the %s of rows that the networks had not seen, in %s, with its standard error over folds. "
      "lambda_min has the lowest, lambda_1se is the largest penalty "
      "whose "
      "error is within one standard error of it (the level line). Below: the error in sample of each fold's "
      "path, with the places where one of its walks left its branch of minima. Where the curve jumps and a "
      "fold's path does too, it jumps between basins, not by noise alone.",
      squares ? "squared error" : "cross-entropy", squares ? "units of the target's variance" : "nats");
  const int wide = held_out_is_wide(s);
  rwk_frame *frame = rwk_chart_add_frame(chart, s, "", NAN);
  rwk_panel *panel =
      rwk_frame_add_panel(frame, s, "Error held out", rwk_penalty_axis(s),
                          rwk_plain_axis(squares ? "share of the target's variance" : "cross-entropy (nats)",
                                         wide ? RWK_AXIS_LOG : RWK_AXIS_LINEAR));
  add_bars(panel, s, wide);
  add_curve(panel, s);
  const rwk_cv_point *least = &s->cv_points[s->cv->index[RWK_CV_MIN]];
  if (isfinite(least->se)) rwk_panel_add_rule(panel, s, 'y', least->mean + least->se, "");
  add_choices(panel, s, 1);
  panel = rwk_frame_add_panel(frame, s, "Error in sample, fold by fold", rwk_penalty_axis(s),
                              rwk_plain_axis("MSE", in_sample_is_wide(s) ? RWK_AXIS_LOG : RWK_AXIS_LINEAR));
  add_folds(panel, s);
  const size_t falls = add_drops(panel, s);
  add_choices(panel, s, 0);
  chart->alt = rwk_arena_print(
      s->arena,
      "Held-out error of %zu folds at %zu penalties. It is lowest at %s (lambda_min): %.4g, standard error "
      "%.2g. The largest penalty within one standard error is %s (lambda_1se). Going along their paths the "
      "folds' walks fell %zu times while the penalty rose.",
      s->fold_count, s->count, rwk_source_penalty(s, s->lambda[s->cv->index[RWK_CV_MIN]]), least->mean,
      least->se, rwk_source_penalty(s, s->lambda[s->cv->index[RWK_CV_1SE]]), falls);
}
