/* report/canvas.h: what a figure is drawn on. Lengths are points (1/72 inch), y goes down. */
#ifndef RWK_REPORT_CANVAS_H
#define RWK_REPORT_CANVAS_H

#include "report/report.h"
#include "report/text.h"

typedef struct rwk_pen {
  unsigned colour; /* 0xrrggbb */
  double width;
  double dash;    /* length of dashes and of the gaps between them; 0: none */
  double opacity; /* 0..1 */
} rwk_pen;

typedef enum rwk_anchor { RWK_ANCHOR_START, RWK_ANCHOR_MIDDLE, RWK_ANCHOR_END } rwk_anchor;

typedef struct rwk_font {
  double size;
  int bold;
  unsigned colour;
} rwk_font;

typedef struct rwk_canvas rwk_canvas;

typedef struct rwk_canvas_ops {
  /* A line through points[count][2]; a NaN lifts the pen. Filled and closed with `fill`. */
  void (*path)(rwk_canvas *c, const double (*points)[2], size_t count, const rwk_pen *pen, int fill);
  void (*circle)(rwk_canvas *c, double x, double y, double radius, const rwk_pen *pen, int fill);
  /* Words, and after them a raised part unless it is NULL; y is the base line. */
  void (*text)(rwk_canvas *c, double x, double y, rwk_anchor anchor, const rwk_font *font, const char *words,
               const char *raised);
  /* What follows is drawn inside the rectangle alone, until clip_end. */
  void (*clip)(rwk_canvas *c, double x, double y, double width, double height);
  void (*clip_end)(rwk_canvas *c);
  rwk_status (*finish)(rwk_canvas *c, rwk_text *out);
  void (*destroy)(rwk_canvas *c);
} rwk_canvas_ops;

struct rwk_canvas {
  const rwk_canvas_ops *ops;
  rwk_context *ctx;
  double width, height;
};

typedef struct rwk_canvas_settings {
  double width, height;
  const char *title; /* in the file's own data */
  const char *alt;
  const char *made; /* ISO 8601: figures of one run are the same bytes whenever they are made */
} rwk_canvas_settings;

rwk_status rwk_canvas_svg(rwk_canvas **canvas, rwk_context *ctx, const rwk_canvas_settings *settings);
/* PNG of 300 points an inch, or PDF. */
rwk_status rwk_canvas_cairo(rwk_canvas **canvas, rwk_context *ctx, const rwk_canvas_settings *settings,
                            rwk_figure_format format);

#endif
