#include <math.h>
#include <string.h>
#include "report/page.h"

void rwk_page_number(rwk_text *out, double x, int digits) {
  if (isfinite(x))
    rwk_text_format(out, "%.*g", digits, x);
  else
    rwk_text_add(out, "<span class=\"none\">&#8211;</span>");
}

void rwk_page_penalty(rwk_text *out, double user_lambda) {
  int exponent;
  if (rwk_is_power_of_two(&exponent, user_lambda))
    rwk_text_format(out, "2<sup>%s%d</sup>", exponent < 0 ? "&#8722;" : "",
                    exponent < 0 ? -exponent : exponent);
  else
    rwk_text_format(out, "%.6g", user_lambda);
}

/* How many letters of "^-3" begin here; 0: none. */
static size_t power_length(const char *p) {
  if (*p != '^') return 0;
  const size_t sign = p[1] == '-', digits = strspn(p + 1 + sign, "0123456789");
  return digits ? 1 + sign + digits : 0;
}

void rwk_page_prose(rwk_text *out, const char *words) {
  char part[256];
  while (*words) {
    const size_t power = power_length(words);
    if (power && power < 16) {
      const int minus = words[1] == '-';
      rwk_text_format(out, "<sup>%s%.*s</sup>", minus ? "&#8722;" : "", (int)power - 1 - minus,
                      words + 1 + minus);
      words += power;
      continue;
    }
    size_t length = 1;
    while (words[length] && words[length] != '^' && length < sizeof part - 8) length++;
    while (((unsigned char)words[length] & 0xc0) == 0x80 && length < sizeof part - 1)
      length++; /* no half letters */
    memcpy(part, words, length);
    part[length] = 0;
    rwk_text_markup(out, part);
    words += length;
  }
}

void rwk_page_cell(rwk_text *out, double x, int digits) {
  rwk_text_add(out, "<td>");
  rwk_page_number(out, x, digits);
  rwk_text_add(out, "</td>");
}

const char *rwk_page_verdict(const rwk_certificate *c) {
  switch (c->verdict) {
  case RWK_VERDICT_STRICT_MIN:
    return "strict minimum";
  case RWK_VERDICT_DEGENERATE_MIN:
    return c->escapable ? "escapable minimum" : "degenerate minimum";
  case RWK_VERDICT_SADDLE:
    return "saddle";
  case RWK_VERDICT_NOT_STATIONARY:
    return "not stationary";
  case RWK_VERDICT_NONSMOOTH:
    return "on a kink";
  case RWK_VERDICT_INCONCLUSIVE:
    break;
  }
  return "inconclusive";
}

static void inertia(rwk_text *out, const rwk_certificate *c) {
  if (c->positive < 0)
    rwk_text_add(out, "<td><span class=\"none\">&#8211;</span></td>");
  else
    rwk_text_format(out, "<td>%lld, %lld, %lld</td>", (long long)c->positive, (long long)c->zero,
                    (long long)c->negative);
}

/* How a point of best was found: "up", "changed, from up at 2^-9". */
static void found(rwk_text *out, const rwk_source *s, const rwk_origin *o) {
  static const char *const words[] = {[RWK_ORIGIN_FOUND] = "",
                                      [RWK_ORIGIN_RESTART] = "from ",
                                      [RWK_ORIGIN_FOLD] = "beyond a fold of ",
                                      [RWK_ORIGIN_NEIGHBOUR] = "changed, from ",
                                      [RWK_ORIGIN_START] = "random start",
                                      [RWK_ORIGIN_ZERO] = "from zero"};
  const int of_walk = o->walk != RWK_WALK_BEST && isfinite(o->lambda);
  if (o->kind == RWK_ORIGIN_NEIGHBOUR && !of_walk) {
    rwk_text_add(out, "changed");
    return;
  }
  rwk_text_add(out, words[o->kind]);
  if (!of_walk || o->kind == RWK_ORIGIN_START || o->kind == RWK_ORIGIN_ZERO) return;
  rwk_text_add(out, rwk_walk_name(o->walk));
  if (o->kind == RWK_ORIGIN_FOUND) return;
  rwk_text_add(out, " at ");
  rwk_page_penalty(out, rwk_source_lambda(s, o->lambda));
}

static void point_row(rwk_text *out, const rwk_source *s, const rwk_source_walk *w, size_t i) {
  const rwk_fit *f = w->points[i];
  const rwk_certificate *c = &f->certificate;
  int falls = 0;
  for (size_t d = 0; d < w->drop_count; d++) falls |= !w->drops[d]->rise && w->drops[d]->to == i;
  rwk_text_format(out, "<tr%s><th scope=\"row\">", falls ? " class=\"falls\"" : "");
  rwk_page_penalty(out, s->lambda[i]);
  rwk_text_format(out, "</th><td>%.6f%s</td>", rwk_source_mse(s, f->solve.loss),
                  falls ? " <abbr title=\"lower than at the smaller penalty before\">&#9660;</abbr>" : "");
  rwk_page_cell(out, f->solve.penalty, 5);
  rwk_page_cell(out, f->solve.objective, 6);
  rwk_text_format(out, "<td>%.1e</td>", c->grad_inf);
  rwk_page_cell(out, c->min_eig, 3);
  inertia(out, c);
  rwk_text_format(out, "<td class=\"words%s\" title=\"", rwk_certificate_is_minimum(c) ? "" : " doubt");
  rwk_text_markup(out, c->reason);
  rwk_text_format(out, "\">%s</td><td>%lld</td>", rwk_page_verdict(c), (long long)f->solve.iterations);
  if (w->walk == RWK_WALK_BEST) {
    const rwk_origin *o = s->origins[i];
    rwk_page_cell(out, o ? o->won : NAN, 3);
    rwk_text_add(out, "<td class=\"words\">");
    if (o) found(out, s, o);
    rwk_text_add(out, "</td>");
  }
  rwk_text_add(out, "</tr>\n");
}

static void points_of(rwk_text *out, const rwk_source *s, const rwk_source_walk *w, int open) {
  size_t fits = 0, minima = 0;
  for (size_t i = 0; i < s->count; i++)
    if (w->points[i]) {
      fits++;
      minima += (size_t)rwk_certificate_is_minimum(&w->points[i]->certificate);
    }
  rwk_text_format(out, "<details%s class=\"fold-out\"><summary><span class=\"key %s\"></span>%s <small>",
                  open ? " open" : "", rwk_colour_name(rwk_walk_colour(w->walk)), w->name);
  if (minima == fits)
    rwk_text_format(out, "%zu fits, all certified minima", fits);
  else
    rwk_text_format(out, "%zu fits, %zu certified minima", fits, minima);
  if (w->falls) rwk_text_format(out, "; %zu drop%s", w->falls, w->falls == 1 ? "" : "s");
  rwk_text_format(
      out,
      "</small></summary>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"points of "
      "%s\"><table><caption class=\"unseen\">Points of %s</caption><thead><tr>",
      w->name, w->name);
  rwk_text_add(out, "<th scope=\"col\">");
  rwk_text_markup(out, s->facts->lambda);
  rwk_text_format(out, "</th><th scope=\"col\">%s", s->facts->loss_word);
  rwk_text_add(
      out,
      "</th><th scope=\"col\">penalty R</th><th scope=\"col\">objective</th><th "
      "scope=\"col\">|gradient|</th><th scope=\"col\">smallest eig.</th><th scope=\"col\" title=\"positive, "
      "zero, negative eigenvalues\">inertia</th><th scope=\"col\" class=\"words\">kind</th><th scope=\"col\" "
      "title=\"iterations of the solver\">steps</th>");
  if (w->walk == RWK_WALK_BEST)
    rwk_text_add(out, "<th scope=\"col\" title=\"lowest objective of the walks minus this one\">won</th><th "
                      "scope=\"col\" class=\"words\">found by</th>");
  rwk_text_add(out, "</tr></thead><tbody>\n");
  for (size_t i = 0; i < s->count; i++)
    if (w->points[i]) point_row(out, s, w, i);
  rwk_text_add(out, "</tbody></table></div></details>\n");
}

void rwk_page_points(rwk_text *out, const rwk_source *s) {
  size_t first = 0;
  for (size_t k = 0; k < s->walk_count; k++)
    if (s->walks[k].walk == RWK_WALK_BEST) first = k;
  if (s->walk_count) points_of(out, s, &s->walks[first], 1);
  for (size_t k = 0; k < s->walk_count; k++)
    if (k != first) points_of(out, s, &s->walks[k], 0);
}

/* Which end T2 proves not global, and by how much. */
static void beaten(rwk_text *out, const rwk_source *s, const rwk_drop *d) {
  const int first = d->excess_from >= d->excess_to;
  rwk_text_add(out, "<td>");
  rwk_page_penalty(out, rwk_source_lambda(s, first ? d->lambda_from : d->lambda_to));
  rwk_text_add(out, "</td>");
  rwk_page_cell(out, first ? d->excess_from : d->excess_to, 3);
  rwk_page_cell(out, d->rise ? NAN : d->certain, 3);
}

void rwk_page_drop_cells(rwk_text *out, const rwk_source *s, rwk_walk walk, const char *name,
                         const rwk_drop *d) {
  rwk_text_format(out, "<th scope=\"row\" class=\"words\"><span class=\"key %s\"></span>%s</th><td>",
                  rwk_colour_name(rwk_walk_colour(walk)), name);
  rwk_page_penalty(out, rwk_source_lambda(s, d->lambda_from));
  rwk_text_add(out, " &#8594; ");
  rwk_page_penalty(out, rwk_source_lambda(s, d->lambda_to));
  rwk_text_format(out, "</td><td>%.6f</td><td>%.6f</td><td class=\"words cause\">",
                  rwk_source_mse(s, d->loss_from), rwk_source_mse(s, d->loss_to));
  rwk_page_mark(out, d->cause);
  rwk_text_format(out, "%s</td>", rwk_cause_words(d->cause));
  rwk_page_cell(out, rwk_source_lambda(s, d->at), 6);
  rwk_page_cell(out, d->branch_min_eig, 2);
}

static void drop_row(rwk_text *out, const rwk_source *s, const rwk_source_walk *w, const rwk_drop *d) {
  const rwk_report_facts *f = s->facts;
  rwk_text_add(out, "<tr>");
  rwk_page_drop_cells(out, s, w->walk, w->name, d);
  if (!d->rise) beaten(out, s, d);
  rwk_text_add(out, "</tr>\n");
  if (d->rise || !f->drop_words) return;
  char words[2000] = "";
  f->drop_words(words, sizeof words, d, f->payload);
  rwk_text_add(out, "<tr class=\"evidence\"><td colspan=\"10\">");
  rwk_page_prose(out, words);
  rwk_text_add(out, "</td></tr>\n");
}

void rwk_page_drop_head(rwk_text *out, const char *title, const char *loss_word) {
  rwk_text_format(
      out,
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\"><table><caption "
      "class=\"unseen\">%s</caption><thead><tr><th scope=\"col\" class=\"words\">walk</th><th "
      "scope=\"col\">from &#8594; to</th><th scope=\"col\">%s before</th><th scope=\"col\">after</th><th "
      "scope=\"col\" class=\"words\">cause</th><th scope=\"col\">where</th><th scope=\"col\">eigenvalue "
      "there</th>",
      title, title, loss_word);
}

static void drop_table(rwk_text *out, const rwk_source *s, int rises) {
  rwk_page_drop_head(out, rises ? "Rises that are jumps" : "Drops", s->facts->loss_word);
  if (!rises)
    rwk_text_add(
        out,
        "<th scope=\"col\">not global</th><th scope=\"col\">by</th><th scope=\"col\" title=\"from the fall "
        "alone\">certain</th>");
  rwk_text_add(out, "</tr></thead><tbody>\n");
  for (size_t k = 0; k < s->walk_count; k++)
    for (size_t i = 0; i < s->walks[k].drop_count; i++)
      if (s->walks[k].drops[i]->rise == rises) drop_row(out, s, &s->walks[k], s->walks[k].drops[i]);
  rwk_text_add(out, "</tbody></table></div>\n");
}

void rwk_page_drops(rwk_text *out, const rwk_source *s) {
  size_t falls = 0, rises = 0;
  for (size_t k = 0; k < s->walk_count; k++) {
    falls += s->walks[k].falls;
    rises += s->walks[k].drop_count - s->walks[k].falls;
  }
  if (falls)
    drop_table(out, s, 0);
  else if (rwk_run_finished(s->run))
    rwk_text_add(
        out,
        "<p>None: in every walk the error rises with the penalty. That alone makes no fit the best one at "
        "its penalty; the envelope and the certificates speak of that.</p>\n");
  else
    rwk_text_add(out, "<p>They are looked for when the path is finished.</p>\n");
  if (!rises) return;
  rwk_text_format(out,
                  "<details class=\"fold-out\"><summary>Rises that are jumps <small>%zu steps on which the "
                  "error rose, but the branch of minima was left</small></summary>\n",
                  rises);
  drop_table(out, s, 1);
  rwk_text_add(out, "</details>\n");
}

void rwk_page_settings(rwk_text *out, const rwk_source *s) {
  const rwk_report_facts *f = s->facts;
  rwk_text_add(out, "<dl class=\"settings\">\n");
  for (size_t k = 0; k < f->setting_count; k++) {
    rwk_text_add(out, "<div><dt>");
    rwk_text_markup(out, f->settings[k][0]);
    rwk_text_add(out, "</dt><dd>");
    rwk_text_markup(out, f->settings[k][1]);
    rwk_text_add(out, "</dd></div>\n");
  }
  rwk_text_add(
      out, "</dl>\n<p class=\"label\">The command that makes this run again</p>\n<pre tabindex=\"0\"><code>");
  rwk_text_markup(out, f->command);
  rwk_text_add(out, "</code></pre>\n");
}
