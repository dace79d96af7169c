/* report/chart.h: what a chart is, before it is a part of a page or a figure of a paper.
 *
 * A chart has frames, of which one is seen at a time (one penalty, one walk); a frame has panels, one above
 * the other, whose x axes may be one; a panel has axes, traces, and rules. A chart is made by one function
 * over a source; each stands in a file of its own (chart_NAME.c), and RWK_FIGURE_LIST names it.
 *
 * Everything is of the source's arena. Where memory runs out, makers give NULL and take it, and the arena
 * knows.
 */
#ifndef RWK_REPORT_CHART_H
#define RWK_REPORT_CHART_H

#include "report/source.h"
#include "report/text.h"

typedef enum rwk_axis_scale { RWK_AXIS_LINEAR, RWK_AXIS_LOG, RWK_AXIS_SYMLOG } rwk_axis_scale;

typedef struct rwk_axis {
  const char *label;
  rwk_axis_scale scale;
  double low, high; /* NaN: what the dots need */
  double linear;    /* symlog: linear within it, logarithmic beyond: sign(x) log(1 + |x| / linear) */
  int binary;       /* log: ticks at powers of two */
} rwk_axis;

/* X(symbol, name, colour): colours by their role, safe for the colour-blind (after Okabe and Ito). The page
 * has them, and lighter ones for a dark screen, in style.css. */
#define RWK_COLOUR_LIST(X)                                                                                   \
  X(INK, "ink", 0x1c1c1c)                                                                                    \
  X(UP, "up", 0x0072b2)                                                                                      \
  X(DOWN, "down", 0xc75000)                                                                                  \
  X(COLD, "cold", 0x00815e)                                                                                  \
  X(SIGNAL, "signal", 0xb3246f)                                                                              \
  X(FAINT, "faint", 0xb9b6ae)                                                                                \
  X(FIRST, "c0", 0x0072b2)                                                                                   \
  X(SECOND, "c1", 0xc75000)                                                                                  \
  X(THIRD, "c2", 0x00815e)                                                                                   \
  X(FOURTH, "c3", 0xb3246f)                                                                                  \
  X(FIFTH, "c4", 0x8a6d00)                                                                                   \
  X(SIXTH, "c5", 0x3e7f9e)                                                                                   \
  X(SEVENTH, "c6", 0x5a4fa2)                                                                                 \
  X(EIGHTH, "c7", 0x6b6b6b)

typedef enum rwk_colour {
#define RWK_X(symbol, name, colour) RWK_COLOUR_##symbol,
  RWK_COLOUR_LIST(RWK_X)
#undef RWK_X
} rwk_colour;
enum { RWK_CATEGORIES = 8 };

/* X(symbol, name): shapes of dots; those of causes have the names of the causes. */
#define RWK_MARK_LIST(X)                                                                                     \
  X(NONE, "none")                                                                                            \
  X(DISC, "disc")                                                                                            \
  X(RING, "ring")                                                                                            \
  X(FOLD, "fold")                                                                                            \
  X(BRANCH_POINT, "branch_point")                                                                            \
  X(REVIVAL, "revival")                                                                                      \
  X(JUMP, "jump")                                                                                            \
  X(UNCONVERGED, "unconverged")                                                                              \
  X(SADDLE, "saddle")                                                                                        \
  X(NONSMOOTH, "nonsmooth")                                                                                  \
  X(UNEXPLAINED, "unexplained")

typedef enum rwk_mark {
#define RWK_X(symbol, name) RWK_MARK_##symbol,
  RWK_MARK_LIST(RWK_X)
#undef RWK_X
} rwk_mark;

/* A shape within the circle of radius 1, y down: lines between points, pen up before a NaN; `open`: its
 * outline alone. No points: the circle. */
typedef struct rwk_shape {
  const char *name;
  int open;
  size_t count;
  double points[12][2];
} rwk_shape;

const rwk_shape *rwk_mark_shape(rwk_mark mark);
rwk_mark rwk_mark_of_cause(rwk_cause cause);
const char *rwk_cause_words(rwk_cause cause); /* "unit comes alive" */
const char *rwk_colour_name(rwk_colour colour);
unsigned rwk_colour_value(rwk_colour colour); /* 0xrrggbb */

typedef struct rwk_dot {
  double x, y;      /* NaN breaks the line */
  const char *text; /* what it is, or NULL: the values alone */
} rwk_dot;

/* A trace's look. */
enum { RWK_LINE = 1, RWK_DASHED = 2, RWK_THICK = 4, RWK_THIN = 8, RWK_SILENT = 16 /* not read out */ };

typedef struct rwk_trace {
  const char *name;  /* of this trace */
  const char *group; /* of the legend's entry that it goes with; NULL: it has none */
  rwk_colour colour;
  rwk_mark mark;
  unsigned look;
  rwk_dot *dots;
  size_t count;
} rwk_trace;

typedef struct rwk_rule {
  char kind; /* 'x': upright at x = at; 'y': level; '/': y = x */
  double at;
  const char *text;
  int left; /* 'x': the text stands to the left of it */
} rwk_rule;

/* Heights over a plane, drawn as colours and contours beneath the traces; figures alone have them. */
typedef struct rwk_relief {
  const double *x, *y, *values; /* [x_count], [y_count], [y_count x x_count] */
  size_t x_count, y_count;
} rwk_relief;

typedef struct rwk_panel {
  const char *title;
  rwk_axis x, y;
  rwk_trace *traces;
  size_t trace_count;
  rwk_rule *rules;
  size_t rule_count;
  int square;              /* both axes have the same range */
  const rwk_relief *field; /* or NULL */
} rwk_panel;

typedef struct rwk_frame {
  const char *label;
  double lambda; /* the user's; NaN: the frame is no penalty */
  rwk_panel *panels;
  size_t panel_count;
} rwk_frame;

typedef struct rwk_chart {
  const char *name, *title;
  const char *caption;    /* what is seen, and how to read it */
  const char *alt;        /* the same without eyes, with the numbers that matter */
  const char *frame_word; /* "walk", "penalty"; NULL: there is one frame */
  const char *absent;     /* why there is nothing to draw; NULL: there is */
  int optional;   /* the run is of another kind, or not asked to have it: a page without it says nothing of it
                   */
  size_t initial; /* frame */
  int beside;     /* panels stand beside each other where there is room */
  rwk_frame *frames;
  size_t frame_count;
} rwk_chart;

/* Fills a chart that is all zeros. */
typedef void (*rwk_chart_maker)(rwk_chart *chart, const rwk_source *s);

#define RWK_X(symbol, name, meaning) void rwk_chart_##name(rwk_chart *chart, const rwk_source *s);
RWK_FIGURE_LIST(RWK_X)
#undef RWK_X

void rwk_chart_landscape(rwk_chart *chart, const rwk_source *s, const rwk_landscape_picture *picture);

typedef struct rwk_chart_entry {
  const char *name;
  rwk_chart_maker make;
} rwk_chart_entry;

const rwk_chart_entry *rwk_chart_entries(size_t *count);

/* Building. Each of these may be given NULL, and gives NULL when memory has run out. What it gives is good
 * until the next of its kind is added: fill one, then add the next. */
rwk_frame *rwk_chart_add_frame(rwk_chart *chart, const rwk_source *s, const char *label, double lambda);
rwk_panel *rwk_frame_add_panel(rwk_frame *frame, const rwk_source *s, const char *title, rwk_axis x,
                               rwk_axis y);
rwk_trace *rwk_panel_add_trace(rwk_panel *panel, const rwk_source *s, const char *name, rwk_colour colour,
                               rwk_mark mark, unsigned look);
void rwk_panel_add_rule(rwk_panel *panel, const rwk_source *s, char kind, double at, const char *text);
void rwk_trace_add(rwk_trace *trace, const rwk_source *s, double x, double y, const char *text);

/* A frame of a chart as a figure. made: ISO 8601. */
rwk_status rwk_figure_draw(rwk_text *out, const rwk_source *s, const rwk_chart *chart, const rwk_frame *frame,
                           double millimetres, rwk_figure_format format, const char *title, const char *made);

/* The axis of penalties. */
rwk_axis rwk_penalty_axis(const rwk_source *s);
rwk_axis rwk_plain_axis(const char *label, rwk_axis_scale scale);
rwk_colour rwk_walk_colour(rwk_walk walk);
unsigned rwk_walk_look(const rwk_source_walk *walk);

/* Smallest and largest of an axis over all dots of a panel (0: x, 1: y), rules of that axis included; only
 * positive ones where it is logarithmic. 0: there are none. */
int rwk_panel_range(double range[2], const rwk_panel *panel, int axis);

#endif
