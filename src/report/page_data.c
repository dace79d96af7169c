#include <math.h>
#include "report/page.h"

enum { DIGITS = 8 };

/* The path of an SVG element for a shape. */
static void write_shape(rwk_text *out, const rwk_shape *shape) {
  if (shape->count == 0) {
    rwk_text_add(out, "M1,0A1,1,0,1,1,-1,0A1,1,0,1,1,1,0Z");
    return;
  }
  char pen = 'M';
  for (size_t i = 0; i < shape->count; i++) {
    if (isnan(shape->points[i][0])) {
      pen = 'M';
      continue;
    }
    rwk_text_format(out, "%c%g,%g", pen, shape->points[i][0], shape->points[i][1]);
    pen = 'L';
  }
  if (!shape->open) rwk_text_add(out, "Z");
}

void rwk_page_mark(rwk_text *out, rwk_cause cause) {
  const rwk_shape *shape = rwk_mark_shape(rwk_mark_of_cause(cause));
  rwk_text_format(out, "<svg class=\"mark%s\" viewBox=\"-1.4 -1.4 2.8 2.8\" aria-hidden=\"true\"><path d=\"",
                  shape->open ? " open" : "");
  write_shape(out, shape);
  rwk_text_add(out, "\"/></svg>");
}

static void write_marks(rwk_text *out) {
  static const rwk_mark all[] = {
#define RWK_X(symbol, name) RWK_MARK_##symbol,
      RWK_MARK_LIST(RWK_X)
#undef RWK_X
  };
  rwk_text_add(out, "\"marks\":{");
  for (size_t k = 1; k < sizeof all / sizeof *all; k++) {
    const rwk_shape *shape = rwk_mark_shape(all[k]);
    rwk_text_format(out, "%s\"%s\":{\"open\":%d,\"path\":\"", k > 1 ? "," : "", shape->name, shape->open);
    write_shape(out, shape);
    rwk_text_add(out, "\"}");
  }
  rwk_text_add(out, "}");
}

static void write_axis(rwk_text *out, const char *name, const rwk_axis *axis) {
  static const char *const scales[] = {"linear", "log", "symlog"};
  rwk_text_format(out, "\"%s\":{\"label\":", name);
  rwk_text_json(out, axis->label);
  rwk_text_format(out, ",\"scale\":\"%s\",\"binary\":%d,\"low\":", scales[axis->scale], axis->binary);
  rwk_text_number(out, axis->low, 17);
  rwk_text_add(out, ",\"high\":");
  rwk_text_number(out, axis->high, 17);
  rwk_text_add(out, ",\"linear\":");
  rwk_text_number(out, axis->linear > 0 ? axis->linear : NAN, 6);
  rwk_text_add(out, "}");
}

static void write_trace(rwk_text *out, const rwk_trace *t) {
  rwk_text_add(out, "{\"name\":");
  rwk_text_json(out, t->name);
  if (t->group) {
    rwk_text_add(out, ",\"group\":");
    rwk_text_json(out, t->group);
  }
  rwk_text_format(out, ",\"colour\":\"%s\",\"mark\":\"%s\"", rwk_colour_name(t->colour),
                  rwk_mark_shape(t->mark)->name);
  static const struct {
    unsigned bit;
    const char *name;
  } looks[] = {{RWK_LINE, "line"},
               {RWK_DASHED, "dashed"},
               {RWK_THICK, "thick"},
               {RWK_THIN, "thin"},
               {RWK_SILENT, "silent"}};
  for (size_t k = 0; k < sizeof looks / sizeof *looks; k++)
    if (t->look & looks[k].bit) rwk_text_format(out, ",\"%s\":1", looks[k].name);
  int spoken = 0;
  rwk_text_add(out, ",\"dots\":[");
  for (size_t i = 0; i < t->count; i++) {
    if (i) rwk_text_add(out, ",");
    rwk_text_number(out, t->dots[i].x, DIGITS);
    rwk_text_add(out, ",");
    rwk_text_number(out, t->dots[i].y, DIGITS);
    spoken |= t->dots[i].text != NULL;
  }
  rwk_text_add(out, "]");
  if (spoken) {
    rwk_text_add(out, ",\"texts\":[");
    for (size_t i = 0; i < t->count; i++) {
      if (i) rwk_text_add(out, ",");
      rwk_text_json(out, t->dots[i].text ? t->dots[i].text : "");
    }
    rwk_text_add(out, "]");
  }
  rwk_text_add(out, "}");
}

static void write_panel(rwk_text *out, const rwk_panel *p) {
  rwk_text_add(out, "{\"title\":");
  rwk_text_json(out, p->title);
  rwk_text_format(out, ",\"square\":%d,", p->square);
  write_axis(out, "x", &p->x);
  rwk_text_add(out, ",");
  write_axis(out, "y", &p->y);
  rwk_text_add(out, ",\"traces\":[");
  for (size_t t = 0; t < p->trace_count; t++) {
    if (t) rwk_text_add(out, ",");
    write_trace(out, &p->traces[t]);
  }
  rwk_text_add(out, "],\"rules\":[");
  for (size_t r = 0; r < p->rule_count; r++) {
    rwk_text_format(out, "%s{\"kind\":\"%c\",\"at\":", r ? "," : "", p->rules[r].kind);
    rwk_text_number(out, p->rules[r].at, 9);
    rwk_text_add(out, ",\"text\":");
    rwk_text_json(out, p->rules[r].text);
    rwk_text_add(out, p->rules[r].left ? ",\"left\":1}" : "}");
  }
  rwk_text_add(out, "]}");
}

static void write_chart(rwk_text *out, const rwk_chart *c) {
  rwk_text_format(out, "{\"name\":\"%s\",\"initial\":%zu,\"beside\":%d,\"title\":", c->name, c->initial,
                  c->beside);
  rwk_text_json(out, c->title);
  rwk_text_add(out, ",\"frameWord\":");
  if (c->frame_word)
    rwk_text_json(out, c->frame_word);
  else
    rwk_text_add(out, "null");
  rwk_text_add(out, ",\"frames\":[");
  for (size_t f = 0; f < c->frame_count; f++) {
    rwk_text_add(out, f ? ",{\"label\":" : "{\"label\":");
    rwk_text_json(out, c->frames[f].label);
    rwk_text_add(out, ",\"panels\":[");
    for (size_t p = 0; p < c->frames[f].panel_count; p++) {
      if (p) rwk_text_add(out, ",");
      write_panel(out, &c->frames[f].panels[p]);
    }
    rwk_text_add(out, "]}");
  }
  rwk_text_add(out, "]}");
}

void rwk_page_data(rwk_text *out, const rwk_chart *charts, size_t count) {
  rwk_text_add(out, "{");
  write_marks(out);
  rwk_text_add(out, ",\"charts\":[");
  int any = 0;
  for (size_t k = 0; k < count; k++) {
    if (charts[k].absent) continue;
    if (any++) rwk_text_add(out, ",\n");
    write_chart(out, &charts[k]);
  }
  rwk_text_add(out, "]}");
}
