/* What solvers had reached after so much work: two panels over evaluations, two over seconds. */
#include <math.h>
#include <time.h>
#include "report/chart.h"

enum { DOTS_MOST = 400 }; /* of a line; more would be drawn one upon the other */

/* Differences of the objective below this share of it are the last digits of whoever won. */
static const double least = 1e-8;

typedef struct panel_of {
  const char *title;
  int seconds, gradient;
} panel_of;

static void add_line(rwk_panel *panel, const rwk_source *s, const rwk_race_line *line, size_t number,
                     const panel_of *of, double lowest) {
  rwk_trace *t =
      rwk_panel_add_trace(panel, s, line->name, (rwk_colour)(RWK_COLOUR_FIRST + number % RWK_CATEGORIES),
                          RWK_MARK_NONE, RWK_LINE | (number >= RWK_CATEGORIES ? RWK_DASHED : 0));
  if (!t) return;
  t->group = line->name;
  size_t last = 0;
  for (size_t i = 0; i < line->count; i++) {
    /* evenly, and the last one */
    if (i + 1 < line->count && line->count > DOTS_MOST && i * DOTS_MOST / line->count == last && i) continue;
    last = i * DOTS_MOST / line->count;
    const double y = of->gradient ? line->grad_inf[i] : line->objective[i] - lowest;
    const int drawn = y > (of->gradient ? 0 : least * fabs(lowest));
    rwk_trace_add(t, s, of->seconds ? line->seconds[i] : line->passes[i], drawn ? y : NAN, NULL);
  }
}

static void fill(rwk_chart *chart, const rwk_source *s, const rwk_race_line *lines, size_t count) {
  static const panel_of panels[] = {{"Objective above the lowest", 0, 0},
                                    {"Objective above the lowest", 1, 0},
                                    {"Largest gradient entry", 0, 1},
                                    {"Largest gradient entry", 1, 1}};
  double lowest = INFINITY;
  for (size_t k = 0; k < count; k++)
    for (size_t i = 0; i < lines[k].count; i++) lowest = fmin(lowest, lines[k].objective[i]);
  chart->title = "Solvers";
  chart->beside = 1;
  chart->alt =
      "Objective above the lowest that was reached, and largest gradient entry, against evaluations of "
      "objective and gradient and against seconds, a line for each solver.";
  rwk_frame *frame = rwk_chart_add_frame(chart, s, "", NAN);
  for (size_t p = 0; p < 4; p++) {
    rwk_panel *panel =
        rwk_frame_add_panel(frame, s, panels[p].title,
                            rwk_plain_axis(panels[p].seconds ? "seconds" : "evaluations", RWK_AXIS_LOG),
                            rwk_plain_axis("", RWK_AXIS_LOG));
    for (size_t k = 0; k < count; k++) add_line(panel, s, &lines[k], k, &panels[p], lowest);
  }
}

rwk_status rwk_report_race(char **bytes, size_t *length, rwk_context *ctx, const char *title,
                           const rwk_race_line *lines, size_t count, double width, rwk_figure_format format) {
  *bytes = NULL;
  *length = 0;
  rwk_arena arena;
  rwk_text out;
  char made[32] = "";
  const time_t now = time(NULL);
  struct tm utc;
  if (gmtime_r(&now, &utc)) strftime(made, sizeof made, "%Y-%m-%dT%H:%M:%SZ", &utc);
  rwk_arena_open(&arena, ctx);
  rwk_text_open(&out, ctx);
  const rwk_source source = {.arena = &arena, .ctx = ctx};
  rwk_chart chart = {.name = "race"};
  fill(&chart, &source, lines, count);
  rwk_status status = arena.status;
  if (status == RWK_OK)
    status = rwk_figure_draw(&out, &source, &chart, chart.frames, width, format, title, made);
  if (status == RWK_OK) {
    *bytes = out.data;
    *length = out.length;
    rwk_text_open(&out, ctx);
  }
  rwk_text_close(&out);
  rwk_arena_close(&arena);
  return status;
}
