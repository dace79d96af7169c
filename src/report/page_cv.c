/* The tables of a cross-validation. */
#include <math.h>
#include "report/page.h"

/* Folds in which a walk left its branch of minima between penalty i and the next. */
static size_t left_in(const rwk_source *s, size_t i) {
  size_t folds = 0;
  for (size_t fold = 0; fold < s->fold_count; fold++) {
    size_t k = 0;
    while (k < s->fold_drop_count && (s->fold_drops[k].fold != fold || s->fold_drops[k].drop.from != i)) k++;
    folds += k < s->fold_drop_count;
  }
  return folds;
}

static void curve_row(rwk_text *out, const rwk_source *s, size_t i) {
  const rwk_cv_point *p = &s->cv_points[i];
  const rwk_fit *fit = s->lowest[i];
  const int least = i == s->cv->index[RWK_CV_MIN], simple = i == s->cv->index[RWK_CV_1SE];
  rwk_text_add(out, "<tr><th scope=\"row\">");
  rwk_page_penalty(out, s->lambda[i]);
  rwk_text_add(out, "</th>");
  rwk_page_cell(out, p->mean, 6);
  rwk_page_cell(out, p->se, 3);
  rwk_page_cell(out, p->parameters_gn, 4);
  rwk_page_cell(out, p->parameters, 4);
  rwk_page_cell(out, round(1e4 * p->explained) / 100 + 0.0, 6); /* never -0 */
  rwk_page_cell(out, fit ? rwk_source_mse(s, fit->solve.loss) : NAN, 6);
  const size_t left = left_in(s, i);
  if (left)
    rwk_text_format(out, "<td>%zu of %zu</td>", left, s->fold_count);
  else
    rwk_text_add(out, "<td></td>");
  rwk_text_format(out, "<td class=\"words\">%s</td><td class=\"words\">%s%s%s</td></tr>\n",
                  fit ? rwk_page_verdict(&fit->certificate) : "", least ? "lambda_min" : "",
                  least && simple ? ", " : "", simple ? "lambda_1se" : "");
}

void rwk_page_curve(rwk_text *out, const rwk_source *s) {
  rwk_text_add(
      out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"the curve\"><table><caption "
           "class=\"unseen\">The curve of the cross-validation</caption><thead><tr><th scope=\"col\">");
  rwk_text_markup(out, s->facts->lambda);
  rwk_text_add(
      out,
      "</th><th scope=\"col\">error held out</th><th scope=\"col\" title=\"standard error\">&#177;</th><th "
      "scope=\"col\" title=\"effective number of parameters, by Gauss and Newton's matrix\">Df</th><th "
      "scope=\"col\" title=\"the same by the exact Hessian; negative where units are about to die\">Df "
      "(H)</th><th scope=\"col\" title=\"share of the variance explained in sample\">explained, %</th><th "
      "scope=\"col\">MSE in sample</th><th scope=\"col\" title=\"folds in which a walk left its branch of "
      "minima "
      "between this penalty and the next\">left in</th><th scope=\"col\" class=\"words\">fit to all "
      "rows</th><th "
      "scope=\"col\" class=\"words\">chosen</th></tr></thead><tbody>\n");
  for (size_t i = 0; i < s->count; i++) curve_row(out, s, i);
  rwk_text_add(out, "</tbody></table></div>\n");
}

static void drops_of(rwk_text *out, const rwk_source *s, int rises, const char *title) {
  rwk_page_drop_head(out, title, s->facts->loss_word);
  rwk_text_add(out, "</tr></thead><tbody>\n");
  for (size_t k = 0; k < s->fold_drop_count; k++) {
    const rwk_source_fold_drop *d = &s->fold_drops[k];
    if (d->drop.rise != rises) continue;
    const char *name = rwk_arena_print(s->arena, "%s, %s", s->folds[d->fold].name, d->name);
    rwk_text_add(out, "<tr>");
    rwk_page_drop_cells(out, s, d->walk, name ? name : "", &d->drop);
    rwk_text_add(out, "</tr>\n");
  }
  rwk_text_add(out, "</tbody></table></div>\n");
}

void rwk_page_fold_drops(rwk_text *out, const rwk_source *s) {
  size_t falls = 0;
  for (size_t k = 0; k < s->fold_drop_count; k++) falls += !s->fold_drops[k].drop.rise;
  const size_t rises = s->fold_drop_count - falls;
  if (falls)
    drops_of(out, s, 0, "Drops on the paths of the folds");
  else
    rwk_text_add(out, "<p>On no path of a fold does the error in sample fall while the penalty rises.</p>\n");
  if (!rises) return;
  rwk_text_format(out,
                  "<details class=\"fold-out\"><summary>Rises that are jumps <small>%zu steps on which the "
                  "error rose, but the branch of minima was left</small></summary>\n",
                  rises);
  drops_of(out, s, 1, "Rises that are jumps, on the paths of the folds");
  rwk_text_add(out, "</details>\n");
}
