#include <math.h>
#include <cairo-pdf.h>
#include <cairo.h>
#include "report/canvas.h"

enum { POINTS_PER_INCH = 72, PNG_DOTS_PER_INCH = 300 };

typedef struct drawing {
  rwk_canvas canvas;
  rwk_text bytes;
  cairo_surface_t *surface;
  cairo_t *cairo;
  rwk_figure_format format;
} drawing;

static cairo_status_t take(void *payload, const unsigned char *data, unsigned length) {
  rwk_text *bytes = payload;
  rwk_text_bytes(bytes, data, length);
  return bytes->status == RWK_OK ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static cairo_t *cairo_of(rwk_canvas *c) {
  return ((drawing *)c)->cairo;
}

static void set_colour(cairo_t *cr, unsigned colour, double opacity) {
  cairo_set_source_rgba(cr, (colour >> 16 & 0xff) / 255.0, (colour >> 8 & 0xff) / 255.0,
                        (colour & 0xff) / 255.0, opacity);
}

static void draw(cairo_t *cr, const rwk_pen *pen, int fill) {
  set_colour(cr, pen->colour, pen->opacity);
  cairo_set_line_width(cr, pen->width);
  cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
  cairo_set_dash(cr, &pen->dash, pen->dash > 0, 0);
  if (fill)
    cairo_fill(cr);
  else
    cairo_stroke(cr);
}

static void path(rwk_canvas *c, const double (*points)[2], size_t count, const rwk_pen *pen, int fill) {
  cairo_t *cr = cairo_of(c);
  int down = 0;
  cairo_new_path(cr);
  for (size_t i = 0; i < count; i++) {
    if (!isfinite(points[i][0]) || !isfinite(points[i][1])) {
      down = 0;
      continue;
    }
    if (down)
      cairo_line_to(cr, points[i][0], points[i][1]);
    else
      cairo_move_to(cr, points[i][0], points[i][1]);
    down = 1;
  }
  if (fill) cairo_close_path(cr);
  draw(cr, pen, fill);
}

static void circle(rwk_canvas *c, double x, double y, double radius, const rwk_pen *pen, int fill) {
  cairo_t *cr = cairo_of(c);
  const double turn = 6.283185307179586;
  cairo_new_path(cr);
  cairo_arc(cr, x, y, radius, 0, turn);
  draw(cr, pen, fill);
}

static void set_size(cairo_t *cr, const rwk_font *font, double share) {
  cairo_select_font_face(cr, "Helvetica", CAIRO_FONT_SLANT_NORMAL,
                         font->bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(cr, share * font->size);
}

static double width_of(cairo_t *cr, const char *words) {
  cairo_text_extents_t extents;
  cairo_text_extents(cr, words, &extents);
  return extents.x_advance;
}

/* What is no UTF-8 would put cairo into an error from which nothing is drawn. */
static void show(rwk_canvas *c, const char *words) {
  rwk_text clean;
  rwk_text_open(&clean, c->ctx);
  while (*words) rwk_text_letter(&clean, rwk_text_next(&words));
  if (clean.data) cairo_show_text(cairo_of(c), clean.data);
  rwk_text_close(&clean);
}

static double clean_width(rwk_canvas *c, const char *words) {
  rwk_text clean;
  rwk_text_open(&clean, c->ctx);
  while (*words) rwk_text_letter(&clean, rwk_text_next(&words));
  const double width = clean.data ? width_of(cairo_of(c), clean.data) : 0;
  rwk_text_close(&clean);
  return width;
}

static void text(rwk_canvas *c, double x, double y, rwk_anchor anchor, const rwk_font *font,
                 const char *words, const char *raised) {
  cairo_t *cr = cairo_of(c);
  const double small = 0.72, lift = 0.4;
  set_colour(cr, font->colour, 1);
  set_size(cr, font, small);
  double width = raised ? clean_width(c, raised) : 0;
  set_size(cr, font, 1);
  const double first = clean_width(c, words);
  width += first;
  if (anchor == RWK_ANCHOR_MIDDLE) x -= width / 2;
  if (anchor == RWK_ANCHOR_END) x -= width;
  cairo_move_to(cr, x, y);
  show(c, words);
  if (!raised) return;
  set_size(cr, font, small);
  cairo_move_to(cr, x + first, y - lift * font->size);
  show(c, raised);
}

static void clip(rwk_canvas *c, double x, double y, double width, double height) {
  cairo_t *cr = cairo_of(c);
  cairo_save(cr);
  cairo_rectangle(cr, x, y, width, height);
  cairo_clip(cr);
}

static void clip_end(rwk_canvas *c) {
  cairo_restore(cairo_of(c));
}

static rwk_status check(const drawing *d, cairo_status_t code) {
  if (d->bytes.status != RWK_OK) return d->bytes.status;
  if (code == CAIRO_STATUS_SUCCESS) return RWK_OK;
  if (code == CAIRO_STATUS_NO_MEMORY) return rwk_fail_memory(d->canvas.ctx, "a figure");
  return rwk_fail(d->canvas.ctx, RWK_INTERNAL, "the figure cannot be drawn: %s",
                  cairo_status_to_string(code));
}

static rwk_status finish(rwk_canvas *c, rwk_text *out) {
  drawing *d = (drawing *)c;
  RWK_TRY(check(d, cairo_status(d->cairo)));
  cairo_status_t code = CAIRO_STATUS_SUCCESS;
  if (d->format == RWK_FIGURE_PNG_FILE) {
    code = cairo_surface_write_to_png_stream(d->surface, take, &d->bytes);
  } else {
    cairo_show_page(d->cairo);
    cairo_surface_finish(d->surface);
    code = cairo_surface_status(d->surface);
  }
  RWK_TRY(check(d, code));
  rwk_text_bytes(out, d->bytes.data, d->bytes.length);
  return out->status;
}

static void destroy(rwk_canvas *c) {
  drawing *d = (drawing *)c;
  rwk_context *ctx = c->ctx;
  cairo_destroy(d->cairo);
  cairo_surface_destroy(d->surface);
  rwk_text_close(&d->bytes);
  rwk_free(ctx, d);
}

rwk_status rwk_canvas_cairo(rwk_canvas **canvas, rwk_context *ctx, const rwk_canvas_settings *settings,
                            rwk_figure_format format) {
  static const rwk_canvas_ops ops = {path, circle, text, clip, clip_end, finish, destroy};
  *canvas = NULL;
  drawing *d = rwk_calloc(ctx, 1, sizeof *d);
  if (!d) return rwk_fail_memory(ctx, "a figure");
  d->canvas = (rwk_canvas){.ops = &ops, .ctx = ctx, .width = settings->width, .height = settings->height};
  d->format = format;
  rwk_text_open(&d->bytes, ctx);
  const double scale = format == RWK_FIGURE_PNG_FILE ? (double)PNG_DOTS_PER_INCH / POINTS_PER_INCH : 1;
  if (format == RWK_FIGURE_PNG_FILE) {
    d->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)lround(settings->width * scale),
                                            (int)lround(settings->height * scale));
  } else {
    d->surface = cairo_pdf_surface_create_for_stream(take, &d->bytes, settings->width, settings->height);
    cairo_pdf_surface_set_metadata(d->surface, CAIRO_PDF_METADATA_TITLE, settings->title);
    cairo_pdf_surface_set_metadata(d->surface, CAIRO_PDF_METADATA_CREATE_DATE, settings->made);
  }
  d->cairo = cairo_create(d->surface);
  const rwk_status status = check(d, cairo_status(d->cairo));
  if (status != RWK_OK) {
    destroy(&d->canvas);
    return status;
  }
  cairo_scale(d->cairo, scale, scale);
  set_colour(d->cairo, 0xffffff, 1);
  cairo_paint(d->cairo);
  *canvas = &d->canvas;
  return RWK_OK;
}
