#include <math.h>
#include <string.h>
#include "report/chart.h"

enum { TARGETS_MOST = 3 };

static void add_target(rwk_frame *frame, const rwk_source *s, const rwk_series *observed,
                       const rwk_series *fitted, size_t target) {
  const char *name = rwk_arena_short(s->arena, s->facts->targets[target], 60);
  if (!name) return;
  const char *of = observed->columns > 1 ? rwk_arena_print(s->arena, " of %s", name) : "";
  const rwk_axis x = rwk_plain_axis(rwk_arena_print(s->arena, "fitted %s", name), RWK_AXIS_LINEAR);
  rwk_panel *panel =
      rwk_frame_add_panel(frame, s, rwk_arena_print(s->arena, "Observed against fitted%s", of), x,
                          rwk_plain_axis(rwk_arena_print(s->arena, "observed %s", name), RWK_AXIS_LINEAR));
  if (panel) panel->square = 1;
  for (int residual = 0; residual < 2; residual++) {
    if (residual)
      panel = rwk_frame_add_panel(frame, s, rwk_arena_print(s->arena, "Residuals%s", of), x,
                                  rwk_plain_axis("observed - fitted", RWK_AXIS_LINEAR));
    rwk_trace *t = rwk_panel_add_trace(panel, s, "rows", RWK_COLOUR_UP, RWK_MARK_RING, RWK_THIN);
    for (size_t i = 0; i < observed->rows; i++) {
      const double y = observed->values[i * observed->columns + target];
      const double f = fitted->values[i * fitted->columns + target];
      rwk_trace_add(t, s, f, residual ? y - f : y, NULL);
    }
    rwk_panel_add_rule(panel, s, residual ? 'y' : '/', 0, "");
  }
}

void rwk_chart_residuals(rwk_chart *chart, const rwk_source *s) {
  chart->title = "Residuals";
  chart->beside = 1;
  chart->frame_word = "penalty";
  rwk_series observed, fitted;
  const int found = rwk_source_series(&observed, s, RWK_SERIES_OBSERVED, RWK_WALK_UP, 0, 0);
  for (size_t i = 0; found && i < s->count; i++) {
    const rwk_fit *fit = s->lowest[i];
    if (!fit || !rwk_source_series(&fitted, s, RWK_SERIES_FITTED, fit->walk, fit->start, fit->index))
      continue;
    if (fitted.rows != observed.rows || fitted.columns != observed.columns) continue;
    rwk_frame *frame = rwk_chart_add_frame(chart, s, rwk_source_penalty(s, s->lambda[i]), s->lambda[i]);
    for (size_t t = 0;
         t < observed.columns && t < TARGETS_MOST && t < s->facts->layers[s->facts->layer_count - 1]; t++)
      add_target(frame, s, &observed, &fitted, t);
  }
  chart->initial = chart->frame_count / 2;
  if (chart->frame_count == 0) {
    chart->absent = "The run file holds no fitted values: they are kept when the path is finished.";
    return;
  }
  chart->caption = rwk_arena_print(s->arena,
                                   "The lowest fit at one penalty on the rows it was fitted to, in the "
                                   "target's own units%s. In sample: what a new row may expect is not told "
                                   "by this.",
                                   observed.rows == 1000 ? ": 1000 rows, evenly spread" : "");
  chart->alt =
      rwk_arena_print(s->arena,
                      "Observed values and residuals against fitted values of %zu rows at each of %zu "
                      "penalties, one penalty at a time.",
                      observed.rows, chart->frame_count);
}
