#include <math.h>
#include "report/chart.h"

enum { ROWS_MOST = 1000, TARGETS_MOST = 3 };

static double predicted(const rwk_cv_row *row, rwk_cv_choice choice) {
  return choice == RWK_CV_MIN ? row->at_min : row->at_1se;
}

/* The rows of one target and fold, of the first division, evenly spread where there are many. */
static void add_rows(rwk_panel *panel, const rwk_source *s, const rwk_cv_row *rows, size_t target,
                     rwk_cv_choice choice, size_t fold, int residual) {
  const int coloured = s->cv->folds <= RWK_CATEGORIES;
  const char *name = coloured ? s->folds[fold].name : "rows";
  const rwk_colour colour = coloured ? (rwk_colour)(RWK_COLOUR_FIRST + fold) : RWK_COLOUR_UP;
  const size_t n = s->cv->rows, kept = n < ROWS_MOST ? n : ROWS_MOST;
  rwk_trace *t = rwk_panel_add_trace(panel, s, name, colour, RWK_MARK_RING, RWK_THIN);
  if (t && coloured) t->group = name;
  for (size_t k = 0; k < kept; k++) {
    const rwk_cv_row *row = &rows[(size_t)((double)k * (double)n / (double)kept) * s->cv->outputs + target];
    if (coloured && row->fold != fold) continue;
    const double f = predicted(row, choice);
    rwk_trace_add(t, s, f, residual ? row->observed - f : row->observed,
                  rwk_arena_print(s->arena, "row %zu, held out in fold %zu: observed %.6g, predicted %.6g",
                                  row->row + 1, row->fold + 1, row->observed, f));
  }
}

static void add_target(rwk_frame *frame, const rwk_source *s, const rwk_cv_row *rows, size_t target,
                       rwk_cv_choice choice) {
  const char *name = rwk_arena_short(s->arena, s->facts->targets[target], 60);
  if (!name) return;
  const char *of = s->cv->outputs > 1 ? rwk_arena_print(s->arena, " of %s", name) : "";
  const rwk_axis x = rwk_plain_axis(rwk_arena_print(s->arena, "predicted %s", name), RWK_AXIS_LINEAR);
  const size_t traces = s->cv->folds <= RWK_CATEGORIES ? s->cv->folds : 1;
  for (int residual = 0; residual < 2; residual++) {
    rwk_panel *panel = rwk_frame_add_panel(
        frame, s,
        rwk_arena_print(s->arena, "%s%s", residual ? "Residuals held out" : "Observed against predicted", of),
        x,
        rwk_plain_axis(residual ? "observed - predicted" : rwk_arena_print(s->arena, "observed %s", name),
                       RWK_AXIS_LINEAR));
    if (panel) panel->square = !residual;
    for (size_t fold = 0; fold < traces; fold++) add_rows(panel, s, rows, target, choice, fold, residual);
    rwk_panel_add_rule(panel, s, residual ? 'y' : '/', 0, "");
  }
}

void rwk_chart_heldout(rwk_chart *chart, const rwk_source *s) {
  chart->title = "Held-out residuals";
  chart->beside = 1;
  chart->optional = 1;
  chart->frame_word = "penalty";
  size_t count;
  const rwk_cv_row *rows = s->cv ? rwk_run_cv_rows(&count, s->run) : NULL;
  if (!rows || count < s->cv->rows * s->cv->outputs) {
    chart->absent = "The run file holds no finished cross-validation: ridgewalk cv makes one.";
    return;
  }
  const size_t targets = s->facts->layers[s->facts->layer_count - 1];
  for (int choice = RWK_CV_MIN; choice <= RWK_CV_1SE; choice++) {
    const size_t i = s->cv->index[choice];
    if (choice == RWK_CV_1SE && i == s->cv->index[RWK_CV_MIN]) continue;
    rwk_frame *frame =
        rwk_chart_add_frame(chart, s,
                            rwk_arena_print(s->arena, "%s, %s", rwk_source_penalty(s, s->lambda[i]),
                                            choice == RWK_CV_MIN ? "lambda_min" : "lambda_1se"),
                            s->lambda[i]);
    for (size_t t = 0; t < s->cv->outputs && t < targets && t < TARGETS_MOST; t++)
      add_target(frame, s, rows, t, (rwk_cv_choice)choice);
  }
  chart->caption = rwk_arena_print(
      s->arena,
      "Each row as the network predicts it that was fitted without the row's fold, in the target's own "
      "units%s%s: what a new row may expect.",
      s->cv->rows > ROWS_MOST ? "; 1000 rows, evenly spread" : "",
      s->cv->repeats > 1 ? "; of the first division into folds" : "");
  chart->alt = rwk_arena_print(
      s->arena,
      "Observed values and residuals against held-out predictions of %zu rows, at lambda_min and at "
      "lambda_1se, one at a time.",
      s->cv->rows < ROWS_MOST ? s->cv->rows : (size_t)ROWS_MOST);
}
