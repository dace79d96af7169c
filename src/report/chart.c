#include "report/chart.h"
#include <math.h>
#include <string.h>

#define UP NAN /* the pen is lifted */

static const rwk_shape shapes[] = {
    [RWK_MARK_NONE] = {"none", 1, 0, {{0}}},
    [RWK_MARK_DISC] = {"disc", 0, 0, {{0}}},
    [RWK_MARK_RING] = {"ring", 1, 0, {{0}}},
    [RWK_MARK_FOLD] = {"fold", 0, 3, {{-1, -0.75}, {1, -0.75}, {0, 1}}},
    [RWK_MARK_BRANCH_POINT] = {"branch_point", 0, 4, {{0, -1.1}, {1.1, 0}, {0, 1.1}, {-1.1, 0}}},
    [RWK_MARK_REVIVAL] = {"revival", 0, 3, {{-1, 0.75}, {1, 0.75}, {0, -1}}},
    [RWK_MARK_JUMP] = {"jump", 0, 4, {{-0.85, -0.85}, {0.85, -0.85}, {0.85, 0.85}, {-0.85, 0.85}}},
    [RWK_MARK_UNCONVERGED] = {"unconverged",
                              1,
                              5,
                              {{-0.9, -0.9}, {0.9, 0.9}, {UP, UP}, {0.9, -0.9}, {-0.9, 0.9}}},
    [RWK_MARK_SADDLE] = {"saddle", 1, 5, {{-1, 0}, {1, 0}, {UP, UP}, {0, -1}, {0, 1}}},
    [RWK_MARK_NONSMOOTH] = {"nonsmooth", 1, 3, {{-1, -0.9}, {0, 0.9}, {1, -0.9}}},
    [RWK_MARK_UNEXPLAINED] = {"unexplained",
                              1,
                              5,
                              {{-0.85, -0.85}, {0.85, -0.85}, {0.85, 0.85}, {-0.85, 0.85}, {-0.85, -0.85}}},
};

const rwk_shape *rwk_mark_shape(rwk_mark mark) {
  return &shapes[mark];
}

static const struct {
  const char *name;
  unsigned value;
} colours[] = {
#define RWK_X(symbol, name, colour) {name, colour},
    RWK_COLOUR_LIST(RWK_X)
#undef RWK_X
};

const char *rwk_colour_name(rwk_colour colour) {
  return colours[colour].name;
}

unsigned rwk_colour_value(rwk_colour colour) {
  return colours[colour].value;
}

rwk_mark rwk_mark_of_cause(rwk_cause cause) {
  static const rwk_mark marks[] = {[RWK_CAUSE_UNEXPLAINED] = RWK_MARK_UNEXPLAINED,
                                   [RWK_CAUSE_UNCONVERGED] = RWK_MARK_UNCONVERGED,
                                   [RWK_CAUSE_SADDLE] = RWK_MARK_SADDLE,
                                   [RWK_CAUSE_NONSMOOTH] = RWK_MARK_NONSMOOTH,
                                   [RWK_CAUSE_REVIVAL] = RWK_MARK_REVIVAL,
                                   [RWK_CAUSE_FOLD] = RWK_MARK_FOLD,
                                   [RWK_CAUSE_BRANCH_POINT] = RWK_MARK_BRANCH_POINT,
                                   [RWK_CAUSE_JUMP] = RWK_MARK_JUMP};
  return marks[cause];
}

const char *rwk_cause_words(rwk_cause cause) {
  static const char *const words[] = {[RWK_CAUSE_UNEXPLAINED] = "unexplained",
                                      [RWK_CAUSE_UNCONVERGED] = "not converged",
                                      [RWK_CAUSE_SADDLE] = "saddle",
                                      [RWK_CAUSE_NONSMOOTH] = "kink",
                                      [RWK_CAUSE_REVIVAL] = "unit comes alive",
                                      [RWK_CAUSE_FOLD] = "fold",
                                      [RWK_CAUSE_BRANCH_POINT] = "branch point",
                                      [RWK_CAUSE_JUMP] = "jump of the solver"};
  return words[cause];
}

const rwk_chart_entry *rwk_chart_entries(size_t *count) {
  static const rwk_chart_entry entries[] = {
#define RWK_X(symbol, name, meaning) {#name, rwk_chart_##name},
      RWK_FIGURE_LIST(RWK_X)
#undef RWK_X
  };
  *count = sizeof entries / sizeof *entries;
  return entries;
}

const char *rwk_figure_list(void) {
#define RWK_X(symbol, name, meaning) ", " #name
  static const char list[] = RWK_FIGURE_LIST(RWK_X);
  return list + 2;
#undef RWK_X
}

rwk_frame *rwk_chart_add_frame(rwk_chart *chart, const rwk_source *s, const char *label, double lambda) {
  if (!rwk_arena_extend(s->arena, &chart->frames, chart->frame_count, sizeof *chart->frames)) return NULL;
  rwk_frame *frame = &chart->frames[chart->frame_count++];
  *frame = (rwk_frame){.label = label, .lambda = lambda};
  return frame;
}

rwk_panel *rwk_frame_add_panel(rwk_frame *frame, const rwk_source *s, const char *title, rwk_axis x,
                               rwk_axis y) {
  if (!frame || !rwk_arena_extend(s->arena, &frame->panels, frame->panel_count, sizeof *frame->panels))
    return NULL;
  rwk_panel *panel = &frame->panels[frame->panel_count++];
  *panel = (rwk_panel){.title = title, .x = x, .y = y};
  return panel;
}

rwk_trace *rwk_panel_add_trace(rwk_panel *panel, const rwk_source *s, const char *name, rwk_colour colour,
                               rwk_mark mark, unsigned look) {
  if (!panel || !rwk_arena_extend(s->arena, &panel->traces, panel->trace_count, sizeof *panel->traces))
    return NULL;
  rwk_trace *trace = &panel->traces[panel->trace_count++];
  *trace = (rwk_trace){.name = name, .colour = colour, .mark = mark, .look = look};
  return trace;
}

void rwk_panel_add_rule(rwk_panel *panel, const rwk_source *s, char kind, double at, const char *text) {
  if (!panel || !rwk_arena_extend(s->arena, &panel->rules, panel->rule_count, sizeof *panel->rules)) return;
  panel->rules[panel->rule_count++] = (rwk_rule){.kind = kind, .at = at, .text = text};
}

void rwk_trace_add(rwk_trace *trace, const rwk_source *s, double x, double y, const char *text) {
  if (!trace || !rwk_arena_extend(s->arena, &trace->dots, trace->count, sizeof *trace->dots)) return;
  trace->dots[trace->count++] = (rwk_dot){x, y, text};
}

rwk_axis rwk_plain_axis(const char *label, rwk_axis_scale scale) {
  return (rwk_axis){.label = label, .scale = scale, .low = NAN, .high = NAN};
}

rwk_axis rwk_penalty_axis(const rwk_source *s) {
  rwk_axis axis = rwk_plain_axis(s->facts->lambda, RWK_AXIS_LOG);
  int exponent;
  axis.binary = s->count > 0 && rwk_is_power_of_two(&exponent, s->lambda[0]) &&
                rwk_is_power_of_two(&exponent, s->lambda[s->count - 1]);
  if (s->count) {
    axis.low = s->lambda[0];
    axis.high = s->lambda[s->count - 1];
  }
  return axis;
}

rwk_colour rwk_walk_colour(rwk_walk walk) {
  static const rwk_colour of[] = {[RWK_WALK_UP] = RWK_COLOUR_UP,
                                  [RWK_WALK_DOWN] = RWK_COLOUR_DOWN,
                                  [RWK_WALK_COLD] = RWK_COLOUR_COLD,
                                  [RWK_WALK_BEST] = RWK_COLOUR_INK,
                                  [RWK_WALK_GRADUATED] = RWK_COLOUR_FIFTH};
  return of[walk];
}

unsigned rwk_walk_look(const rwk_source_walk *walk) {
  if (walk->walk == RWK_WALK_BEST) return RWK_LINE | RWK_THICK;
  return walk->start > 0 ? RWK_LINE | RWK_THIN : RWK_LINE;
}

static void stretch(double range[2], double x, const rwk_axis *axis) {
  if (!isfinite(x) || (axis->scale == RWK_AXIS_LOG && !(x > 0))) return;
  range[0] = fmin(range[0], x);
  range[1] = fmax(range[1], x);
}

int rwk_panel_range(double range[2], const rwk_panel *panel, int axis) {
  const rwk_axis *a = axis ? &panel->y : &panel->x;
  range[0] = INFINITY;
  range[1] = -INFINITY;
  for (size_t t = 0; t < panel->trace_count; t++)
    for (size_t i = 0; i < panel->traces[t].count; i++) {
      const rwk_dot *dot = &panel->traces[t].dots[i];
      stretch(range, axis ? dot->y : dot->x, a);
      if (panel->square) stretch(range, axis ? dot->x : dot->y, a);
    }
  for (size_t r = 0; r < panel->rule_count; r++)
    if (panel->rules[r].kind == (axis ? 'y' : 'x')) stretch(range, panel->rules[r].at, a);
  if (isfinite(a->low)) range[0] = a->low;
  if (isfinite(a->high)) range[1] = a->high;
  return range[1] >= range[0];
}
