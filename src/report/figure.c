/* A chart as one figure of a paper. */
#include <math.h>
#include <string.h>
#include "report/canvas.h"
#include "report/chart.h"
#include "report/relief.h"
#include "report/ticks.h"

enum { LABELS_MOST = 24, LEGEND_MOST = 24, NAME_MOST = 16 };

static const unsigned INK = 0x1c1c1c, SOFT = 0x5d5b55, GRID = 0xe6e4de;
static const double SIZE = 7.5, GAP = 18, TOP = 20, BOTTOM = 28;

typedef struct figure {
  rwk_canvas *canvas;
  const rwk_source *source;
  const rwk_chart *chart;
  const rwk_frame *frame;
  double width, height, legend; /* legend: height of it */
} figure;

/* A panel's place, with the scales of its plot. */
typedef struct place {
  const rwk_panel *panel;
  double x, y, width, height; /* of the plot */
  double edge;                /* left end of the panel, with labels */
  int labels_left, show_x;
  rwk_scale sx, sy;
} place;

/* About how wide: only for room, never for what is exact. */
static double width_of(const char *words, double size) {
  return 0.54 * size * (double)strlen(words);
}

static void words(const figure *f, double x, double y, rwk_anchor anchor, int bold, unsigned colour,
                  const char *text) {
  const rwk_font font = {SIZE, bold, colour};
  if (text && *text && isfinite(x) && isfinite(y))
    f->canvas->ops->text(f->canvas, x, y, anchor, &font, text, NULL);
}

static void line(const figure *f, double xa, double ya, double xb, double yb, unsigned colour, double width,
                 double dash) {
  const double points[2][2] = {{xa, ya}, {xb, yb}};
  const rwk_pen pen = {colour, width, dash, 1};
  f->canvas->ops->path(f->canvas, points, 2, &pen, 0);
}

static void mark(const figure *f, double x, double y, rwk_mark kind, unsigned colour, double size,
                 double opacity) {
  const rwk_shape *shape = rwk_mark_shape(kind);
  const rwk_pen pen = {colour, shape->open ? 0.8 : 0, 0, opacity};
  if (kind == RWK_MARK_NONE) return;
  if (shape->count == 0) {
    f->canvas->ops->circle(f->canvas, x, y, size, &pen, !shape->open);
    return;
  }
  double points[12][2];
  for (size_t i = 0; i < shape->count; i++) {
    points[i][0] = x + size * shape->points[i][0];
    points[i][1] = y + size * shape->points[i][1];
  }
  f->canvas->ops->path(f->canvas, (const double(*)[2])points, shape->count, &pen, !shape->open);
}

static double mark_size(const rwk_trace *t) {
  return t->mark == RWK_MARK_DISC ? t->look & RWK_THICK ? 1.5 : 1.1 : t->mark == RWK_MARK_RING ? 1.4 : 3;
}

static rwk_pen pen_of(const rwk_trace *t) {
  rwk_pen pen = {rwk_colour_value(t->colour), 0.9, t->look & RWK_DASHED ? 2.4 : 0, 1};
  if (t->look & RWK_THICK) pen.width = 1.5;
  if (t->look & RWK_THIN) pen = (rwk_pen){pen.colour, 0.6, pen.dash, 0.8};
  if (t->colour == RWK_COLOUR_SIGNAL) pen.width = 1.6;
  if (t->colour == RWK_COLOUR_FAINT) pen = (rwk_pen){pen.colour, 0.4, 0, 0.7};
  return pen;
}

/* ---- a panel */

static void axes(const figure *f, const place *p) {
  const rwk_panel *panel = p->panel;
  rwk_tick ticks[RWK_TICKS_MOST];
  const rwk_font font = {SIZE - 0.5, 0, SOFT};
  const rwk_canvas_ops *ops = f->canvas->ops;
  size_t count = rwk_ticks(ticks, &p->sy, 16);
  for (size_t k = 0; k < count; k++) {
    const double y = rwk_scale_at(&p->sy, ticks[k].at);
    line(f, p->x, y, p->x + p->width, y, ticks[k].at == 0 ? SOFT : GRID, 0.5, 0);
    ops->text(f->canvas, p->labels_left ? p->x + p->width + 4 : p->x - 4, y + 2.6,
              p->labels_left ? RWK_ANCHOR_START : RWK_ANCHOR_END, &font, ticks[k].words,
              ticks[k].raised[0] ? ticks[k].raised : NULL);
  }
  const double bottom = p->y + p->height;
  line(f, p->x, bottom, p->x + p->width, bottom, SOFT, 0.6, 0);
  count = rwk_ticks(ticks, &p->sx, panel->x.scale == RWK_AXIS_LOG ? 24 : 40);
  for (size_t k = 0; k < count; k++) {
    const double x = rwk_scale_at(&p->sx, ticks[k].at);
    line(f, x, bottom, x, bottom + 2.5, SOFT, 0.6, 0);
    if (p->show_x)
      ops->text(f->canvas, x, bottom + 10.5, RWK_ANCHOR_MIDDLE, &font, ticks[k].words,
                ticks[k].raised[0] ? ticks[k].raised : NULL);
  }
  if (p->show_x) words(f, p->x + p->width, bottom + 20, RWK_ANCHOR_END, 0, SOFT, panel->x.label);
  const double title = p->edge + 2;
  words(f, title, p->y - 8, RWK_ANCHOR_START, 1, INK, panel->title);
  if (strcmp(panel->title, panel->y.label) != 0)
    words(f, title + 1.13 * width_of(panel->title, SIZE) + 4, p->y - 8, RWK_ANCHOR_START, 0, SOFT,
          panel->y.label);
}

static void rules(const figure *f, const place *p) {
  for (size_t r = 0; r < p->panel->rule_count; r++) {
    const rwk_rule *rule = &p->panel->rules[r];
    if (rule->kind == 'y') {
      const double y = rwk_scale_at(&p->sy, rule->at);
      line(f, p->x, y, p->x + p->width, y, SOFT, 0.6, 2.5);
      words(f, p->x + p->width, y - 3, RWK_ANCHOR_END, 0, SOFT, rule->text);
    } else if (rule->kind == 'x') {
      const double x = rwk_scale_at(&p->sx, rule->at);
      line(f, x, p->y, x, p->y + p->height, SOFT, 0.6, 2.5);
      words(f, rule->left ? x - 3 : x + 3, p->y + 7, rule->left ? RWK_ANCHOR_END : RWK_ANCHOR_START, 0, SOFT,
            rule->text);
    } else {
      const double a = fmax(p->sx.low, p->sy.low), b = fmin(p->sx.high, p->sy.high);
      line(f, rwk_scale_at(&p->sx, a), rwk_scale_at(&p->sy, a), rwk_scale_at(&p->sx, b),
           rwk_scale_at(&p->sy, b), SOFT, 0.6, 2.5);
    }
  }
}

static void trace(const figure *f, const place *p, const rwk_trace *t) {
  double(*points)[2] = rwk_arena_take(f->source->arena, t->count + 1, sizeof *points);
  if (!points) return;
  const int log_y = p->panel->y.scale == RWK_AXIS_LOG, log_x = p->panel->x.scale == RWK_AXIS_LOG;
  for (size_t i = 0; i < t->count; i++) {
    const rwk_dot *d = &t->dots[i];
    const int fine = isfinite(d->x) && isfinite(d->y) && (!log_y || d->y > 0) && (!log_x || d->x > 0);
    points[i][0] = fine ? rwk_scale_at(&p->sx, d->x) : (double)NAN;
    points[i][1] = fine ? rwk_scale_at(&p->sy, d->y) : (double)NAN;
  }
  const rwk_pen pen = pen_of(t);
  if (t->look & RWK_LINE) f->canvas->ops->path(f->canvas, (const double(*)[2])points, t->count, &pen, 0);
  const int fall = t->colour == RWK_COLOUR_SIGNAL && t->look & RWK_LINE; /* its mark is at its end alone */
  for (size_t i = fall && t->count ? t->count - 1 : 0; i < t->count; i++)
    if (isfinite(points[i][0]) && isfinite(points[i][1]))
      mark(f, points[i][0], points[i][1], t->mark, pen.colour, mark_size(t), pen.opacity);
}

typedef struct direct {
  const rwk_trace *trace;
  double x, want, y;
} direct;

/* How many lines have a name of their own, and how much room the names take. */
static size_t named_lines(double *room, const rwk_panel *panel) {
  size_t count = 0, longest = 0;
  for (size_t t = 0; t < panel->trace_count; t++) {
    if (panel->traces[t].group || !(panel->traces[t].look & RWK_LINE)) continue;
    const size_t length = strlen(panel->traces[t].name);
    if (length > longest) longest = length;
    count++;
  }
  if (longest > NAME_MOST) longest = NAME_MOST + 1;
  *room = 8 + 0.56 * SIZE * (double)longest;
  return count;
}

/* Names beside the left ends of lines, the upper ones first, pushed down where there is no room; what would
 * come too far away has none. */
static void direct_labels(const figure *f, const place *p) {
  direct all[LABELS_MOST];
  size_t count = 0;
  for (size_t t = 0; t < p->panel->trace_count && count < LABELS_MOST; t++) {
    const rwk_trace *trace = &p->panel->traces[t];
    if (trace->group || !(trace->look & RWK_LINE)) continue;
    size_t i = 0;
    while (i < trace->count && !isfinite(trace->dots[i].y)) i++;
    if (i == trace->count) continue;
    const double y = rwk_scale_at(&p->sy, trace->dots[i].y);
    size_t at = count++;
    for (; at > 0 && all[at - 1].want > y; at--) all[at] = all[at - 1];
    all[at] = (direct){trace, rwk_scale_at(&p->sx, trace->dots[i].x), y, y};
  }
  const double gap = SIZE + 0.6, reach = 22;
  double last = -INFINITY;
  for (size_t i = 0; i < count; i++) {
    all[i].y = fmax(all[i].want, last + gap);
    if (all[i].y - all[i].want > reach || all[i].y > p->y + p->height + gap) continue;
    last = all[i].y;
    line(f, all[i].x - 2, all[i].want, p->x - 1, all[i].y, GRID, 0.5, 0);
    words(f, p->x - 3, all[i].y + 2.6, RWK_ANCHOR_END, 0, rwk_colour_value(all[i].trace->colour),
          rwk_arena_short(f->source->arena, all[i].trace->name, NAME_MOST));
  }
}

static void draw_panel(const figure *f, const place *p) {
  axes(f, p);
  f->canvas->ops->clip(f->canvas, p->x - 4, p->y - 4, p->width + 8, p->height + 8);
  if (p->panel->field) rwk_relief_draw(f->canvas, f->source->arena, p->panel->field, &p->sx, &p->sy);
  rules(f, p);
  for (size_t t = 0; t < p->panel->trace_count; t++) trace(f, p, &p->panel->traces[t]);
  f->canvas->ops->clip_end(f->canvas);
  if (p->labels_left) direct_labels(f, p);
}

/* ---- legend and layout */

/* The entries, in the order in which they come; how many. */
static size_t legend_entries(const rwk_trace *entries[LEGEND_MOST], const rwk_frame *frame) {
  size_t count = 0;
  for (size_t p = 0; p < frame->panel_count; p++)
    for (size_t t = 0; t < frame->panels[p].trace_count; t++) {
      const rwk_trace *trace = &frame->panels[p].traces[t];
      size_t k = 0;
      while (trace->group && k < count && strcmp(entries[k]->group, trace->group) != 0) k++;
      if (trace->group && k == count && count < LEGEND_MOST) entries[count++] = trace;
    }
  return count > 1 ? count : 0;
}

/* Draws it, or only measures: its height. */
static double legend(const figure *f, int drawn) {
  const rwk_trace *entries[LEGEND_MOST];
  const size_t count = legend_entries(entries, f->frame);
  double x = 0, y = 9;
  for (size_t k = 0; k < count; k++) {
    const double room = 20 + width_of(entries[k]->group, SIZE) + 10;
    if (x > 0 && x + room > f->width) x = 0, y += 11;
    if (drawn) {
      const rwk_pen pen = pen_of(entries[k]);
      if (entries[k]->look & RWK_LINE)
        line(f, x + 1, y - 2.6, x + 16, y - 2.6, pen.colour, pen.width, pen.dash);
      mark(f, x + 8.5, y - 2.6, entries[k]->mark, pen.colour, mark_size(entries[k]), 1);
      words(f, x + 20, y, RWK_ANCHOR_START, 0, INK, entries[k]->group);
    }
    x += room;
  }
  return count ? y + 7 : 2;
}

static int scales(place *p) {
  double x[2], y[2];
  if (!rwk_panel_range(x, p->panel, 0) || !rwk_panel_range(y, p->panel, 1)) return 0;
  p->sx = (rwk_scale){&p->panel->x, x[0], x[1], p->x, p->x + p->width};
  p->sy = (rwk_scale){&p->panel->y, y[0], y[1], p->y + p->height, p->y};
  rwk_scale_pad(&p->sx, 0.03);
  rwk_scale_pad(&p->sy, 0.05);
  return 1;
}

/* Of a plane a step is as long in both directions, where that gives a picture. */
static double field_height(const rwk_relief *field, double width) {
  const double across = field->x[field->x_count - 1] - field->x[0];
  const double up = field->y[field->y_count - 1] - field->y[0];
  return width * fmin(1.1, fmax(0.35, up / across));
}

static double panel_height(const figure *f, size_t index) {
  if (f->frame->panels[index].field) return field_height(f->frame->panels[index].field, f->width - 42);
  if (f->chart->beside) return f->width > 260 ? 0.36 * f->width : 0.7 * f->width;
  if (f->frame->panel_count == 1) return 0.5 * f->width;
  return index == 0 ? 0.4 * f->width : 0.2 * f->width;
}

/* Where the panels stand, or only how high the figure is. */
static double lay_out(const figure *f, int drawn) {
  const size_t n = f->frame->panel_count;
  const int beside = f->chart->beside && f->width > 260 && n > 1;
  double y = f->legend;
  for (size_t k = 0; k < n; k++) {
    const rwk_panel *panel = &f->frame->panels[k];
    double names = 0;
    const size_t lines = named_lines(&names, panel);
    const int labels = lines > 1 && lines <= LABELS_MOST, last = k + 1 == n;
    const double room = beside ? (f->width - GAP) / 2 : f->width, left = labels ? names : 36,
                 right = labels ? 26 : 6;
    const double edge = beside && k % 2 ? room + GAP : 0;
    place p = {.panel = panel,
               .edge = edge,
               .x = edge + left,
               .y = y + TOP,
               .width = room - left - right,
               .height = panel_height(f, k),
               .labels_left = labels,
               .show_x = f->chart->beside || last};
    if (drawn && scales(&p)) draw_panel(f, &p);
    if (!beside || k % 2 || last) y += TOP + p.height + (p.show_x ? BOTTOM : 6);
  }
  return y;
}

/* ---- which chart, which frame */

static rwk_status choose_chart(rwk_chart *chart, const rwk_source *s, const char *what) {
  size_t count, k = 0;
  const rwk_chart_entry *entries = rwk_chart_entries(&count);
  while (k < count && strcmp(entries[k].name, what) != 0) k++;
  if (k == count)
    return rwk_fail(s->ctx, RWK_INVALID_ARGUMENT, "what: '%s' is none of %s", what, rwk_figure_list());
  *chart = (rwk_chart){.name = entries[k].name};
  entries[k].make(chart, s);
  if (s->arena->status != RWK_OK) return s->arena->status;
  if (chart->absent) return rwk_fail(s->ctx, RWK_DATA, "%s: %s", what, chart->absent);
  return RWK_OK;
}

static rwk_status choose_frame(const rwk_frame **frame, const rwk_chart *chart, const rwk_source *s,
                               const rwk_figure_settings *settings) {
  *frame = &chart->frames[chart->initial];
  const int of_penalties = isfinite((*frame)->lambda);
  if (settings->frame && chart->frame_count > 1 && !of_penalties) {
    size_t k = 0;
    const size_t length = strlen(settings->frame); /* "up" is "up 0" where there are several */
    while (k < chart->frame_count &&
           (strncmp(chart->frames[k].label, settings->frame, length) != 0 ||
            (chart->frames[k].label[length] && chart->frames[k].label[length] != ' ')))
      k++;
    if (k == chart->frame_count)
      return rwk_fail(s->ctx, RWK_INVALID_ARGUMENT, "walk: the run has no %s", settings->frame);
    *frame = &chart->frames[k];
  }
  if (!isfinite(settings->lambda) || !of_penalties) return RWK_OK;
  const rwk_frame *nearest = chart->frames;
  for (size_t k = 0; k < chart->frame_count; k++)
    if (fabs(log(chart->frames[k].lambda / settings->lambda)) < fabs(log(nearest->lambda / settings->lambda)))
      nearest = &chart->frames[k];
  if (fabs(nearest->lambda / settings->lambda - 1) > 1e-9)
    return rwk_fail(s->ctx, RWK_INVALID_ARGUMENT, "lambda: no picture at %g; the nearest is at %s",
                    settings->lambda, nearest->label);
  *frame = nearest;
  return RWK_OK;
}

rwk_status rwk_figure_draw(rwk_text *out, const rwk_source *s, const rwk_chart *chart, const rwk_frame *frame,
                           double millimetres, rwk_figure_format format, const char *title,
                           const char *made) {
  figure drawing = {.source = s, .chart = chart, .frame = frame, .width = millimetres * 72 / 25.4},
         *f = &drawing;
  f->legend = legend(f, 0);
  f->height = lay_out(f, 0);
  const rwk_canvas_settings c = {.width = f->width,
                                 .height = f->height,
                                 .title = rwk_arena_print(f->source->arena, "%s: %s", title, f->chart->title),
                                 .alt = f->chart->alt ? f->chart->alt : "",
                                 .made = made ? made : ""};
  if (!c.title) return f->source->arena->status;
  RWK_TRY(format == RWK_FIGURE_SVG_FILE ? rwk_canvas_svg(&f->canvas, f->source->ctx, &c)
                                        : rwk_canvas_cairo(&f->canvas, f->source->ctx, &c, format));
  legend(f, 1);
  lay_out(f, 1);
  const rwk_status status = f->canvas->ops->finish(f->canvas, out);
  f->canvas->ops->destroy(f->canvas);
  return status != RWK_OK ? status : f->source->arena->status;
}

/* A chart of the run, or of a picture of the landscape. */
static rwk_status choose(const rwk_frame **frame, rwk_chart *chart, const rwk_source *s,
                         const rwk_figure_settings *settings, const rwk_landscape_picture *picture) {
  if (!picture) {
    RWK_TRY(choose_chart(chart, s, settings->what));
    return choose_frame(frame, chart, s, settings);
  }
  *chart = (rwk_chart){.name = picture->what};
  rwk_chart_landscape(chart, s, picture);
  *frame = chart->frames;
  return s->arena->status;
}

static rwk_status make(char **bytes, size_t *length, rwk_context *ctx, rwk_run *run,
                       const rwk_report_facts *facts, const rwk_figure_settings *settings,
                       const rwk_landscape_picture *picture) {
  *bytes = NULL;
  *length = 0;
  rwk_arena arena;
  rwk_source source;
  rwk_chart chart;
  rwk_text out;
  const rwk_frame *frame = NULL;
  const char *made = NULL;
  rwk_arena_open(&arena, ctx);
  rwk_text_open(&out, ctx);
  rwk_status status = rwk_source_open(&source, &arena, run, facts);
  if (status == RWK_OK) status = choose(&frame, &chart, &source, settings, picture);
  if (status == RWK_OK) status = rwk_run_get(&made, run, "created_at");
  if (status == RWK_OK)
    status =
        rwk_figure_draw(&out, &source, &chart, frame, settings->width, settings->format, facts->title, made);
  if (status == RWK_OK) {
    *bytes = out.data;
    *length = out.length;
    rwk_text_open(&out, ctx);
  }
  rwk_text_close(&out);
  rwk_arena_close(&arena);
  return status;
}

rwk_status rwk_report_figure(char **bytes, size_t *length, rwk_context *ctx, rwk_run *run,
                             const rwk_report_facts *facts, const rwk_figure_settings *settings) {
  return make(bytes, length, ctx, run, facts, settings, NULL);
}

rwk_status rwk_report_landscape(char **bytes, size_t *length, rwk_context *ctx, rwk_run *run,
                                const rwk_report_facts *facts, const rwk_figure_settings *settings,
                                const rwk_landscape_picture *picture) {
  return make(bytes, length, ctx, run, facts, settings, picture);
}
