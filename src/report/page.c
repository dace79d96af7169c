#include "report/page.h"
#include <math.h>

static void write_head(rwk_text *out, const rwk_report_facts *f) {
  rwk_text_add(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
  /* before anything that it governs */
  rwk_text_format(
      out,
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src '%s'; style-src "
      "'%s'; img-src data:; base-uri 'none'; form-action 'none'\">\n",
      rwk_asset_script.hash, rwk_asset_style.hash);
  rwk_text_add(
      out,
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" "
      "content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<link rel=\"icon\" "
      "href=\"data:,\">\n<title>");
  rwk_text_markup(out, f->title);
  rwk_text_add(out, " - ridgewalk</title>\n<style>");
  rwk_text_bytes(out, rwk_asset_style.bytes, rwk_asset_style.count);
  rwk_text_add(out, "</style>\n</head>\n");
}

typedef struct tally {
  size_t fits, minima, falls, above;
  double won, where;
} tally;

static tally count(const rwk_source *s) {
  tally t = {.won = 0, .where = NAN};
  for (size_t k = 0; k < s->walk_count; k++) {
    t.falls += s->walks[k].falls;
    for (size_t i = 0; i < s->count; i++) {
      const rwk_fit *p = s->walks[k].points[i];
      if (!p) continue;
      t.fits++;
      t.minima += rwk_certificate_is_minimum(&p->certificate);
    }
  }
  for (size_t i = 0; i < s->count; i++)
    if (s->origins[i] && s->origins[i]->won > t.won) {
      t.won = s->origins[i]->won;
      t.where = s->lambda[i];
    }
  return t;
}

/* Four figures that a reader wants first. */
static void write_figures(rwk_text *out, const rwk_source *s) {
  const tally t = count(s);
  rwk_text_format(out, "<ul class=\"figures\">\n<li><b>%zu<i>/%zu</i></b> fits are certified minima</li>\n",
                  t.minima, t.fits);
  rwk_text_format(out, "<li><b>%zu</b> drop%s of the error while the penalty rises</li>\n", t.falls,
                  t.falls == 1 ? "" : "s");
  if (t.won > 0) {
    rwk_text_format(out, "<li><b>%.3g</b> won by <em>best</em> over all walks, at ", t.won);
    rwk_page_penalty(out, t.where);
    rwk_text_add(out, "</li>\n");
  }
  if (isfinite(s->collapse.collapse)) {
    rwk_text_format(out, "<li><b>%.4g</b> ", rwk_source_lambda(s, s->collapse.collapse));
    rwk_text_markup(out, s->facts->lambda);
    rwk_text_add(out, " from which all weights are zero</li>\n");
  }
  rwk_text_add(out, "</ul>\n");
}

static void write_intro(rwk_text *out, const rwk_source *s) {
  const rwk_report_facts *f = s->facts;
  rwk_text_add(out, "<header>\n<p class=\"kicker\">ridgewalk: L2 regularisation path</p>\n<h1>");
  rwk_text_markup(out, f->title);
  rwk_text_add(out, "</h1>\n<p class=\"subtitle\">");
  rwk_text_markup(out, f->subtitle);
  rwk_text_add(out, "</p>\n<p class=\"objective\">");
  rwk_text_markup(out, f->objective);
  rwk_text_add(
      out,
      "</p>\n</header>\n<section id=\"verdict\" aria-labelledby=\"verdict-title\">\n<h2 id=\"verdict-title\" "
      "class=\"unseen\">Verdict</h2>\n<p class=\"verdict\">");
  rwk_page_prose(out, f->verdict);
  rwk_text_add(out, "</p>\n");
  write_figures(out, s);
  if (f->remark_count) {
    rwk_text_add(out,
                 "<details class=\"fold-out\"><summary>Walk by walk</summary>\n<ul class=\"remarks\">\n");
    for (size_t k = 0; k < f->remark_count; k++) {
      rwk_text_add(out, "<li>");
      rwk_page_prose(out, f->remarks[k]);
      rwk_text_add(out, "</li>\n");
    }
    rwk_text_add(out, "</ul></details>\n");
  }
  rwk_text_add(out, "</section>\n");
}

static void write_contents(rwk_text *out, const rwk_chart *charts, size_t chart_count) {
  rwk_text_add(out, "<nav aria-label=\"Contents\"><ol>\n");
  for (size_t k = 0; k < chart_count; k++)
    rwk_text_format(out, "<li><a href=\"#%s\">%s</a></li>\n", charts[k].name, charts[k].title);
  rwk_text_add(out, "<li><a href=\"#points\">Points</a></li>\n<li><a href=\"#drops\">Drops</a></li>\n<li><a "
                    "href=\"#settings\">Settings</a></li>\n</ol></nav>\n<p id=\"keys\" class=\"keys\">Hover "
                    "or tap a picture to read it. With the keyboard: arrows go from dot to dot, Page Up and "
                    "Page Down from panel to panel; + and - zoom, 0 shows everything. Ctrl and the wheel, or "
                    "two fingers, zoom too.</p>\n");
}

static void write_chart(rwk_text *out, const rwk_chart *c) {
  rwk_text_format(out, "<section id=\"%s\" aria-labelledby=\"%s-title\">\n<h2 id=\"%s-title\">%s</h2>\n",
                  c->name, c->name, c->name, c->title);
  if (c->absent) {
    rwk_text_add(out, "<p class=\"absent\">");
    rwk_text_markup(out, c->absent);
    rwk_text_add(out, "</p>\n</section>\n");
    return;
  }
  rwk_text_format(out, "<figure id=\"figure-%s\"><figcaption><p>", c->name);
  rwk_text_markup(out, c->caption);
  rwk_text_format(out, "</p></figcaption>\n<div class=\"chart\" data-chart=\"%s\" data-alt=\"", c->name);
  rwk_text_markup(out, c->alt);
  rwk_text_add(out, "\"><noscript><p class=\"absent\">");
  rwk_text_markup(out, c->alt);
  rwk_text_add(
      out,
      " The picture needs JavaScript; the tables below do not.</p></noscript></div></figure>\n</section>\n");
}

static void write_tables(rwk_text *out, const rwk_source *s) {
  rwk_text_add(
      out, "<section id=\"points\" aria-labelledby=\"points-title\">\n<h2 id=\"points-title\">Points</h2>\n");
  rwk_page_points(out, s);
  rwk_text_add(out, "</section>\n<section id=\"drops\" aria-labelledby=\"drops-title\">\n<h2 "
                    "id=\"drops-title\">Drops</h2>\n");
  rwk_page_drops(out, s);
  rwk_text_add(out, "</section>\n<section id=\"settings\" aria-labelledby=\"settings-title\">\n<h2 "
                    "id=\"settings-title\">Settings</h2>\n");
  rwk_page_settings(out, s);
  rwk_text_add(out, "</section>\n");
}

static void write_foot(rwk_text *out, const rwk_chart *charts, size_t chart_count) {
  rwk_text_add(out, "<footer>\n<p>Made by ridgewalk " RWK_VERSION
                    " from the run file alone. This page is one file: it asks nothing of any "
                    "network.</p>\n<details><summary>Licence of D3, which draws the pictures</summary><pre>");
  rwk_text_markup(out, (const char *)rwk_asset_licence.bytes);
  rwk_text_add(out, "</pre></details>\n</footer>\n</main>\n<script type=\"application/json\" id=\"data\">");
  rwk_page_data(out, charts, chart_count);
  rwk_text_add(out, "</script>\n<script>");
  rwk_text_bytes(out, rwk_asset_script.bytes, rwk_asset_script.count);
  rwk_text_add(out, "</script>\n</body>\n</html>\n");
}

rwk_status rwk_report_page(char **html, size_t *length, rwk_context *ctx, rwk_run *run,
                           const rwk_report_facts *facts) {
  *html = NULL;
  *length = 0;
  rwk_arena arena;
  rwk_text out;
  rwk_arena_open(&arena, ctx);
  rwk_text_open(&out, ctx);
  rwk_source source;
  size_t entry_count, chart_count = 0;
  const rwk_chart_entry *entries = rwk_chart_entries(&entry_count);
  rwk_status status = rwk_source_open(&source, &arena, run, facts);
  rwk_chart *charts = status == RWK_OK ? rwk_arena_take(&arena, entry_count, sizeof *charts) : NULL;
  if (status == RWK_OK) status = arena.status;
  if (status != RWK_OK) goto done;
  for (size_t k = 0; k < entry_count; k++) {
    rwk_chart *chart = &charts[chart_count];
    *chart = (rwk_chart){.name = entries[k].name};
    entries[k].make(chart, &source);
    chart_count += !chart->foreign;
  }
  status = arena.status;
  if (status != RWK_OK) goto done;
  write_head(&out, facts);
  rwk_text_add(&out, "<body>\n<a class=\"skip\" href=\"#verdict\">Skip to the verdict</a>\n<main>\n");
  write_intro(&out, &source);
  write_contents(&out, charts, chart_count);
  for (size_t k = 0; k < chart_count; k++) write_chart(&out, &charts[k]);
  write_tables(&out, &source);
  write_foot(&out, charts, chart_count);
  status = out.status;
  if (status != RWK_OK) goto done;
  *html = out.data;
  *length = out.length;
  rwk_text_open(&out, ctx);
done:
  rwk_text_close(&out);
  rwk_arena_close(&arena);
  return status;
}

void rwk_report_release(rwk_context *ctx, char *bytes) {
  rwk_free(ctx, bytes);
}
