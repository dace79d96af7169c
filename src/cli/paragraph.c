/* The verdict of a path in one paragraph, as a page begins with it. */
#include <math.h>
#include "cli/facts.h"

static void say_fits(FILE *to, const cli_report *r) {
  size_t fits = 0, certified = 0;
  for (size_t k = 0; k < r->walk_count; k++)
    for (size_t i = 0; i < r->count; i++)
      if (r->walks[k].points[i]) {
        fits++;
        certified += (size_t)rwk_certificate_is_minimum(&r->walks[k].points[i]->certificate);
      }
  if (certified == fits)
    fprintf(to, "All %zu fits are certified minima.", fits);
  else if (certified == 0)
    fprintf(to, "None of the %zu fits is a certified minimum; the table of points says what each one is.",
            fits);
  else
    fprintf(to, "%zu of %zu fits are certified minima; the others are named in the table of points.",
            certified, fits);
}

/* "at a fold" */
static const char *cause_words(rwk_cause cause) {
  static const char *const words[] = {
      [RWK_CAUSE_UNEXPLAINED] = "without an explanation",
      [RWK_CAUSE_UNCONVERGED] = "because the solver stopped before a critical point",
      [RWK_CAUSE_SADDLE] = "at a saddle",
      [RWK_CAUSE_NONSMOOTH] = "at a kink of the activation",
      [RWK_CAUSE_REVIVAL] = "where a dead unit comes alive",
      [RWK_CAUSE_FOLD] = "at a fold, where the branch of minima ends",
      [RWK_CAUSE_BRANCH_POINT] = "at a branch point, where the branch of minima splits",
      [RWK_CAUSE_JUMP] = "by a jump of the solver"};
  return words[cause];
}

static void say_drops(FILE *to, const cli_report *r) {
  enum { CAUSES = RWK_CAUSE_JUMP + 1 };
  size_t drops = 0, walks = 0, kinds = 0, by[CAUSES] = {0};
  for (size_t k = 0; k < r->walk_count; k++) {
    drops += r->walks[k].drop_count;
    walks += r->walks[k].drop_count > 0;
    for (size_t d = 0; d < r->walks[k].drop_count; d++) kinds += by[r->walks[k].drops[d].cause]++ == 0;
  }
  if (drops == 0) {
    fprintf(to, " In every walk the error rises with the penalty.");
    return;
  }
  fprintf(to, " The error falls %zu time%s while the penalty rises, in %zu of %zu walk%s", drops,
          drops == 1 ? "" : "s", walks, r->walk_count, r->walk_count == 1 ? "" : "s");
  int any = 0;
  for (int cause = 0; cause < CAUSES; cause++) {
    if (!by[cause]) continue;
    fputs(any++ ? ", " : ": ", to);
    if (kinds > 1)
      fprintf(to, "%zu %s", by[cause], cause_words((rwk_cause)cause));
    else
      fprintf(to, "%s%s", drops > 1 ? "each time " : "", cause_words((rwk_cause)cause));
  }
  fprintf(
      to,
      ". %s proves that one of its two fits was not the best at its own penalty, and the other's weights are "
      "a better start.",
      drops == 1 ? "It" : "Each");
}

static void say_best(FILE *to, const cli_report *r) {
  const cli_walk *w = cli_walk_best(r);
  if (!w || !w->origins) return;
  size_t fits = 0, below = 0, most = 0;
  for (size_t i = 0; i < r->count; i++) {
    if (!w->points[i]) continue;
    fits++;
    if (!(w->origins[i].won > 1e-9 * fabs(w->points[i]->solve.objective))) continue;
    if (below++ == 0 || w->origins[i].won > w->origins[most].won) most = i;
  }
  fprintf(to, " The walk best starts again from all weights seen until no fit is beaten by another's%s",
          w->drop_count ? "." : ": its error rises all the way.");
  char at[32];
  if (below)
    fprintf(to,
            " At %zu of %zu penalties it is below every other walk, at most by %.3g in the objective, at %s.",
            below, fits, w->origins[most].won, cli_lambda_text(at, cli_user_lambda(r, r->lambda[most])));
}

static void say_choice(FILE *to, cli_stored *s, rwk_cv_choice choice) {
  const rwk_cv_summary *cv = rwk_run_cv(s->run);
  const rwk_cv_point *p = &rwk_run_cv_points(s->run)[cv->index[choice]];
  char at[32];
  fprintf(to, "%s, with %.4g +- %.2g of the target's variance",
          cli_lambda_text(at, cli_user_lambda(&s->report, p->lambda)), p->mean, p->se);
}

static void say_cv(FILE *to, cli_stored *s) {
  const rwk_cv_summary *cv = rwk_run_cv(s->run);
  if (!cv) {
    if (cli_stored_is_cv(s)) fprintf(to, "The cross-validation is not finished. ");
    return;
  }
  fprintf(to, "Over %zu folds the error of rows that were held out is lowest at lambda_min = ",
          cv->folds * cv->repeats);
  say_choice(to, s, RWK_CV_MIN);
  if (cv->index[RWK_CV_MIN] == cv->index[RWK_CV_1SE]) {
    fprintf(to, ", which is lambda_1se, too. ");
  } else {
    fprintf(to, "; the largest penalty within one standard error is lambda_1se = ");
    say_choice(to, s, RWK_CV_1SE);
    fprintf(to, ". ");
  }
  cli_print_cv_warnings(to, cv);
  fprintf(to, "The path of all rows: ");
}

void cli_write_verdict(FILE *to, cli_stored *s) {
  const cli_report *r = &s->report;
  if (s->fit_count == 0 || r->count == 0) {
    fprintf(to, "There is nothing to say yet: the path is not finished.");
    return;
  }
  if (!rwk_run_finished(s->run)) fprintf(to, "The path is not finished; this is what there is of it. ");
  say_cv(to, s);
  say_fits(to, r);
  if (rwk_run_finished(s->run)) say_drops(to, r);
  say_best(to, r);
  if (isfinite(r->collapse.collapse))
    fprintf(to, " All weights are zero from %s = %.4g on.", r->scale.lambda,
            cli_user_lambda(r, r->collapse.collapse));
}
