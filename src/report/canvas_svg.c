#include <math.h>
#include "report/canvas.h"

static const char FONTS[] = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

typedef struct svg {
  rwk_canvas canvas;
  rwk_text text;
  int clips;
} svg;

static rwk_text *text_of(rwk_canvas *c) {
  return &((svg *)c)->text;
}

static void stroke(rwk_text *t, const rwk_pen *pen, int fill) {
  if (fill) {
    rwk_text_format(t, " fill=\"#%06x\"", pen->colour);
  } else {
    rwk_text_format(t, " fill=\"none\" stroke=\"#%06x\" stroke-width=\"%.3g\" stroke-linejoin=\"round\"",
                    pen->colour, pen->width);
    if (pen->dash > 0) rwk_text_format(t, " stroke-dasharray=\"%.3g\"", pen->dash);
  }
  if (pen->opacity < 1) rwk_text_format(t, " opacity=\"%.3g\"", pen->opacity);
}

static void path(rwk_canvas *c, const double (*points)[2], size_t count, const rwk_pen *pen, int fill) {
  rwk_text *t = text_of(c);
  char command = 'M';
  rwk_text_add(t, "<path d=\"");
  for (size_t i = 0; i < count; i++) {
    if (!isfinite(points[i][0]) || !isfinite(points[i][1])) {
      command = 'M';
      continue;
    }
    rwk_text_format(t, "%c%.2f,%.2f", command, points[i][0], points[i][1]);
    command = 'L';
  }
  rwk_text_add(t, fill ? "Z\"" : "\"");
  stroke(t, pen, fill);
  rwk_text_add(t, "/>\n");
}

static void circle(rwk_canvas *c, double x, double y, double radius, const rwk_pen *pen, int fill) {
  rwk_text *t = text_of(c);
  rwk_text_format(t, "<circle cx=\"%.2f\" cy=\"%.2f\" r=\"%.2f\"", x, y, radius);
  stroke(t, pen, fill);
  rwk_text_add(t, "/>\n");
}

static void text(rwk_canvas *c, double x, double y, rwk_anchor anchor, const rwk_font *font,
                 const char *words, const char *raised) {
  static const char *const anchors[] = {"start", "middle", "end"};
  rwk_text *t = text_of(c);
  rwk_text_format(t, "<text x=\"%.2f\" y=\"%.2f\" font-size=\"%.3g\" fill=\"#%06x\"", x, y, font->size,
                  font->colour);
  if (anchor != RWK_ANCHOR_START) rwk_text_format(t, " text-anchor=\"%s\"", anchors[anchor]);
  if (font->bold) rwk_text_add(t, " font-weight=\"bold\"");
  rwk_text_add(t, ">");
  rwk_text_markup(t, words);
  if (raised) {
    rwk_text_format(t, "<tspan dy=\"%.2f\" font-size=\"%.3g\">", -0.4 * font->size, 0.72 * font->size);
    rwk_text_markup(t, raised);
    rwk_text_add(t, "</tspan>");
  }
  rwk_text_add(t, "</text>\n");
}

static void clip(rwk_canvas *c, double x, double y, double width, double height) {
  svg *s = (svg *)c;
  rwk_text_format(
      &s->text,
      "<clipPath id=\"clip%d\"><rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/></clipPath>\n<g "
      "clip-path=\"url(#clip%d)\">\n",
      s->clips, x, y, width, height, s->clips);
  s->clips++;
}

static void clip_end(rwk_canvas *c) {
  rwk_text_add(text_of(c), "</g>\n");
}

static rwk_status finish(rwk_canvas *c, rwk_text *out) {
  rwk_text *t = text_of(c);
  rwk_text_add(t, "</svg>\n");
  if (t->status == RWK_OK) rwk_text_bytes(out, t->data, t->length);
  return t->status != RWK_OK ? t->status : out->status;
}

static void destroy(rwk_canvas *c) {
  rwk_context *ctx = c->ctx;
  rwk_text_close(text_of(c));
  rwk_free(ctx, c);
}

rwk_status rwk_canvas_svg(rwk_canvas **canvas, rwk_context *ctx, const rwk_canvas_settings *settings) {
  static const rwk_canvas_ops ops = {path, circle, text, clip, clip_end, finish, destroy};
  *canvas = NULL;
  svg *s = rwk_calloc(ctx, 1, sizeof *s);
  if (!s) return rwk_fail_memory(ctx, "a figure");
  s->canvas = (rwk_canvas){.ops = &ops, .ctx = ctx, .width = settings->width, .height = settings->height};
  rwk_text_open(&s->text, ctx);
  const double mm = 25.4 / 72;
  rwk_text_format(&s->text,
                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" "
                  "width=\"%.2fmm\" height=\"%.2fmm\" viewBox=\"0 0 %.2f %.2f\" role=\"img\" "
                  "font-family=\"%s\">\n<title>",
                  settings->width * mm, settings->height * mm, settings->width, settings->height, FONTS);
  rwk_text_markup(&s->text, settings->title);
  rwk_text_add(&s->text, "</title>\n<desc>");
  rwk_text_markup(&s->text, settings->alt);
  rwk_text_add(&s->text, "</desc>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
  *canvas = &s->canvas;
  return RWK_OK;
}
