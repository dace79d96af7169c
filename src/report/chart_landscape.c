/* What `landscape` found: heights along lines, a plane, the density of the spectrum. */
#include <math.h>
#include <string.h>
#include "report/chart.h"

static void add_lines(rwk_panel *panel, const rwk_source *s, const rwk_landscape_picture *p, int which) {
  for (size_t k = 0; k < p->line_count; k++) {
    const rwk_picture_line *l = &p->lines[k];
    const double *y = which == 0 ? l->objective : which == 1 ? l->mse : l->min_eig;
    if (!y) continue;
    rwk_trace *t = rwk_panel_add_trace(panel, s, l->name, l->dashed ? RWK_COLOUR_DOWN : RWK_COLOUR_UP,
                                       RWK_MARK_NONE, RWK_LINE | (l->dashed ? RWK_DASHED : RWK_THICK));
    if (t) t->group = l->name;
    for (size_t i = 0; i < l->count; i++) rwk_trace_add(t, s, l->x[i], y[i], NULL);
  }
}

static void add_stops(rwk_panel *panel, const rwk_source *s, const rwk_landscape_picture *p) {
  for (int saddle = 0; saddle < 2; saddle++) {
    rwk_trace *t = NULL;
    for (size_t k = 0; k < p->stop_count; k++) {
      if (p->stops[k].saddle != saddle) continue;
      if (!t) {
        t = rwk_panel_add_trace(panel, s, saddle ? "saddle" : "minimum", RWK_COLOUR_INK,
                                saddle ? RWK_MARK_SADDLE : RWK_MARK_RING, 0);
        if (t) t->group = saddle ? "saddle" : "minimum";
      }
      rwk_trace_add(t, s, p->stops[k].x, p->stops[k].y, p->stops[k].name);
    }
  }
}

static void add_curve(rwk_chart *chart, const rwk_source *s, const rwk_landscape_picture *p) {
  static const char *const titles[3] = {"Objective", "Mean squared error", "Curvature"},
                           *const labels[3] = {"J", "MSE", "smallest eigenvalue"};
  rwk_frame *frame = rwk_chart_add_frame(chart, s, "", NAN);
  for (int which = 0; which < 3; which++) {
    rwk_panel *panel =
        rwk_frame_add_panel(frame, s, titles[which], rwk_plain_axis(p->x_label, RWK_AXIS_LINEAR),
                            rwk_plain_axis(labels[which], RWK_AXIS_LINEAR));
    add_lines(panel, s, p, which);
    if (which == 0) add_stops(panel, s, p);
    if (which == 2) rwk_panel_add_rule(panel, s, 'y', 0, "");
  }
}

static rwk_axis bounded(const char *label, const double *x, size_t count) {
  rwk_axis axis = rwk_plain_axis(label, RWK_AXIS_LINEAR);
  axis.low = x[0];
  axis.high = x[count - 1];
  return axis;
}

static void add_plane(rwk_chart *chart, const rwk_source *s, const rwk_landscape_picture *p) {
  rwk_panel *panel =
      rwk_frame_add_panel(rwk_chart_add_frame(chart, s, "", NAN), s, "Objective",
                          bounded(p->x_label, p->x, p->x_count), bounded(p->y_label, p->y, p->y_count));
  rwk_relief *field = rwk_arena_take(s->arena, 1, sizeof *field);
  if (!panel || !field) return;
  *field = (rwk_relief){p->x, p->y, p->values, p->x_count, p->y_count};
  panel->field = field;
  add_lines(panel, s, p, 0);
  add_stops(panel, s, p);
}

static void add_density(rwk_chart *chart, const rwk_source *s, const rwk_landscape_picture *p) {
  rwk_axis x = rwk_plain_axis(p->x_label, RWK_AXIS_SYMLOG);
  x.linear = p->linear;
  rwk_panel *panel = rwk_frame_add_panel(rwk_chart_add_frame(chart, s, "", NAN), s, "Eigenvalues", x,
                                         rwk_plain_axis(p->y_label, RWK_AXIS_LOG));
  rwk_trace *t = rwk_panel_add_trace(panel, s, "density", RWK_COLOUR_UP, RWK_MARK_NONE, RWK_LINE | RWK_THICK);
  if (t) t->group = "density";
  for (size_t i = 0; i < p->x_count; i++) rwk_trace_add(t, s, p->x[i], p->y[i], NULL);
  rwk_panel_add_rule(panel, s, 'x', 0, "0");
}

void rwk_chart_landscape(rwk_chart *chart, const rwk_source *s, const rwk_landscape_picture *p) {
  chart->title = p->title;
  chart->alt = p->alt;
  if (!strcmp(p->what, "plane"))
    add_plane(chart, s, p);
  else if (!strcmp(p->what, "density"))
    add_density(chart, s, p);
  else
    add_curve(chart, s, p);
}
