/* What the path says, in plain words. */
#include <math.h>
#include <string.h>
#include "cli/cli.h"

typedef struct tally {
  size_t fits, strict, degenerate, escapable, saddle, not_stationary, nonsmooth, inconclusive;
} tally;

static tally count_fits(const cli_report *r) {
  tally t = {0};
  for (size_t k = 0; k < r->walk_count; k++)
    for (size_t i = 0; i < r->count; i++) {
      const rwk_fit *p = r->walks[k].points[i];
      if (!p) continue;
      t.fits++;
      switch (p->certificate.verdict) {
      case RWK_VERDICT_STRICT_MIN:
        t.strict++;
        break;
      case RWK_VERDICT_DEGENERATE_MIN:
        *(p->certificate.escapable ? &t.escapable : &t.degenerate) += 1;
        break;
      case RWK_VERDICT_SADDLE:
        t.saddle++;
        break;
      case RWK_VERDICT_NOT_STATIONARY:
        t.not_stationary++;
        break;
      case RWK_VERDICT_NONSMOOTH:
        t.nonsmooth++;
        break;
      case RWK_VERDICT_INCONCLUSIVE:
        t.inconclusive++;
        break;
      }
    }
  return t;
}

static void say_kinds(FILE *to, const tally *t) {
  const struct {
    size_t count;
    const char *text;
  } kinds[] = {{t->strict, "strict minima"},
               {t->degenerate, "minima whose flat directions are explained"},
               {t->escapable, "escapable (a dead unit's bias can slide to where the objective falls)"},
               {t->saddle, "saddles"},
               {t->not_stationary, "not stationary: the solver stopped before a critical point"},
               {t->nonsmooth, "on a kink of the activation, where there is no Hessian"},
               {t->inconclusive, "inconclusive in double precision"}};
  int any = 0;
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
    if (kinds[k].count) fprintf(to, "%s%zu %s", any++ ? "; " : "", kinds[k].count, kinds[k].text);
}

const char *cli_walk_text(char out[48], const cli_report *r, const cli_walk *w) {
  static const char *const words[] = {"Going up", "Coming down", "From random starts at every penalty",
                                      "The best of all", "Graduated, from the largest penalty down"};
  snprintf(out, 48, "%s", words[w->walk]);
  if (r->starts > 1 && w->walk < RWK_WALK_COLD)
    snprintf(out, 48, "%s from start %d", words[w->walk], w->start);
  return out;
}

static const char *cause_word(rwk_cause cause) {
  switch (cause) {
  case RWK_CAUSE_NONSMOOTH:
    return "kink of the activation";
  case RWK_CAUSE_REVIVAL:
    return "dead unit that comes alive";
  case RWK_CAUSE_FOLD:
    return "fold";
  case RWK_CAUSE_BRANCH_POINT:
    return "branch point";
  case RWK_CAUSE_JUMP:
    return "jump of the solver";
  default:
    return "cause unknown";
  }
}

/* What became of the branch that the step began on. */
static void say_branch(FILE *to, const cli_report *r, const rwk_drop *d) {
  char at[48];
  snprintf(at, sizeof at, "%s = %.6g", r->scale.lambda, cli_user_lambda(r, d->at));
  switch (d->cause) {
  case RWK_CAUSE_FOLD:
    fprintf(to, "The branch of minima ends in a fold at %s, where it has %.6g", at,
            cli_mse(r, d->branch_loss));
    break;
  case RWK_CAUSE_BRANCH_POINT:
    fprintf(to, "The branch of minima splits at %s, where it has %.6g", at, cli_mse(r, d->branch_loss));
    break;
  case RWK_CAUSE_REVIVAL:
    if (d->note[0] && isfinite(d->bias))
      fprintf(to,
              "At %s a way down opens from a dead unit (%s at %.3g, by sliding it to where the activation is "
              "steepest)",
              at, d->note, d->bias);
    else
      fprintf(to, "The fit at %s has a dead unit whose bias can slide to where the objective falls", at);
    break;
  case RWK_CAUSE_JUMP:
    fprintf(
        to,
        "Both are minima, and the branch goes on from one penalty to the other, with %.6g at its end: the "
        "next fit is on another branch",
        cli_mse(r, d->branch_loss));
    break;
  default:
    fprintf(to, "Not explained: %s", d->note[0] ? d->note : "the branch was not followed");
    break;
  }
  if (isfinite(d->null_weights))
    fprintf(to, "; it gives way in about %.0f of %zu weights%s%s%s", fmax(1, d->null_weights), r->parameters,
            d->moves[0] ? " (" : "", d->moves, d->moves[0] ? ")" : "");
  fprintf(to, ". ");
}

void cli_print_drop(FILE *to, const cli_report *r, const rwk_drop *d) {
  char from[32], after[32], at[32];
  cli_lambda_text(from, cli_user_lambda(r, d->lambda_from));
  cli_lambda_text(after, cli_user_lambda(r, d->lambda_to));
  fprintf(to, "  %s -> %s: %.6g -> %.6g. ", from, after, cli_mse(r, d->loss_from), cli_mse(r, d->loss_to));
  switch (d->cause) {
  case RWK_CAUSE_UNCONVERGED:
    fprintf(to, "Not converged: the gradient is %.1e and %.1e. ", d->grad_inf_from, d->grad_inf_to);
    if (isfinite(d->finished_from) && isfinite(d->finished_to))
      fprintf(to, "Finished by Newton's method the two fits have %.6g and %.6g%s. ",
              cli_mse(r, d->finished_from), cli_mse(r, d->finished_to),
              d->finished_to < d->finished_from ? ": a drop is still there" : ": the drop is gone");
    break;
  case RWK_CAUSE_SADDLE:
    fprintf(to, "The fit at %s is a saddle (smallest eigenvalue %.2e)",
            cli_lambda_text(at, cli_user_lambda(r, d->at)), d->branch_min_eig);
    if (isfinite(d->falls_by))
      fprintf(to, "; left along it, the objective falls by at least %.3g", d->falls_by);
    if (isfinite(d->null_weights))
      fprintf(to, "; the way down moves about %.0f of %zu weights%s%s%s", fmax(1, d->null_weights),
              r->parameters, d->moves[0] ? " (" : "", d->moves, d->moves[0] ? ")" : "");
    fprintf(to, ". ");
    break;
  case RWK_CAUSE_NONSMOOTH:
    fprintf(to, "The fit at %s sits on a kink of the activation. ",
            cli_lambda_text(at, cli_user_lambda(r, d->at)));
    break;
  case RWK_CAUSE_REVIVAL:
  case RWK_CAUSE_FOLD:
  case RWK_CAUSE_BRANCH_POINT:
  case RWK_CAUSE_JUMP:
  case RWK_CAUSE_UNEXPLAINED:
    say_branch(to, r, d);
    break;
  }
  if (d->rise) {
    fprintf(to, "\n");
    return;
  }
  /* T2 */
  const int first = d->excess_from >= d->excess_to;
  fprintf(to,
          "The fit at %s is not global: the weights found at %s beat it there by %.3g (%.3g is certain from "
          "the fall alone).\n",
          first ? from : after, first ? after : from, first ? d->excess_from : d->excess_to, d->certain);
}

/* Steps on which the error rises as it should, but to another branch of minima. */
static void say_jumps(FILE *to, const cli_report *r, const cli_walk *w) {
  char label[48];
  if (w->jump_count == 0) return;
  fprintf(to, "%s, the error rises but the branch of minima is left on %zu of %zu steps: ",
          cli_walk_text(label, r, w), w->jump_count, r->count - 1);
  int any = 0;
  for (int cause = RWK_CAUSE_NONSMOOTH; cause <= RWK_CAUSE_JUMP; cause++) {
    size_t count = 0;
    for (size_t d = 0; d < w->jump_count; d++) count += (int)w->jumps[d].cause == cause;
    if (count) fprintf(to, "%s%zu by a %s", any++ ? ", " : "", count, cause_word((rwk_cause)cause));
  }
  fprintf(to, ".\n");
}

/* A monotone curve is no pass: what its fits are decides. */
static void say_monotone(FILE *to, const cli_report *r, const cli_walk *w) {
  char label[48], at[32];
  size_t fits = 0, bad = 0, saddles = 0, zeros = 0, last = 0;
  for (size_t i = 0; i < r->count; i++) {
    const rwk_fit *p = w->points[i];
    if (!p) continue;
    fits++;
    if (p->certificate.verdict == RWK_VERDICT_SADDLE) {
      saddles++;
      last = i;
      zeros += p->solve.penalty == 0;
    }
    bad += !rwk_certificate_is_minimum(&p->certificate);
  }
  if (fits < 2) return;
  cli_walk_text(label, r, w);
  if (saddles) {
    fprintf(to,
            "%s, the curve is monotone, and no path of minima all the same: %zu of its %zu fits, up to %s, "
            "are saddles, from which the objective falls",
            label, saddles, fits, cli_lambda_text(at, cli_user_lambda(r, r->lambda[last])));
    if (zeros == saddles) fprintf(to, "; the weights are zero there, and zero is no minimum below lambda_c");
    fprintf(to, ".\n");
  } else if (bad) {
    fprintf(to, "%s, the curve is monotone, but %zu of its %zu fits are no certified minima.\n", label, bad,
            fits);
  } else {
    fprintf(
        to,
        "%s, the error rises with the penalty all the way, over minima; that they are the best ones is not "
        "said by that.\n",
        label);
  }
}

static void say_drops(FILE *to, const cli_report *r) {
  char label[48];
  for (size_t k = 0; k < r->walk_count; k++) {
    const cli_walk *w = &r->walks[k];
    if (w->drop_count == 0) continue;
    fprintf(to, "%s, the error falls %zu time%s while the penalty rises:\n", cli_walk_text(label, r, w),
            w->drop_count, w->drop_count == 1 ? "" : "s");
    for (size_t d = 0; d < w->drop_count; d++) cli_print_drop(to, r, &w->drops[d]);
  }
  for (size_t k = 0; k < r->walk_count; k++) say_jumps(to, r, &r->walks[k]);
  for (size_t k = 0; k < r->walk_count; k++)
    if (r->walks[k].drop_count == 0 && r->walks[k].walk != RWK_WALK_BEST) say_monotone(to, r, &r->walks[k]);
}

/* Where walks disagree at one penalty, all but the lowest are proved not global (T3). */
static void say_disagreement(FILE *to, const cli_report *r) {
  size_t places = 0, where = 0, worst = 0, winner = 0;
  double gap = 0;
  for (size_t i = 0; i < r->count; i++) {
    size_t best_walk = 0;
    const rwk_fit *best = cli_best_at(r, i, &best_walk);
    double largest = 0;
    size_t loser = 0;
    for (size_t k = 0; k < r->walk_count && best; k++) {
      const rwk_fit *p = r->walks[k].points[i];
      if (p && p->solve.objective - best->solve.objective > largest) {
        largest = p->solve.objective - best->solve.objective;
        loser = k;
      }
    }
    if (!best || largest <= 1e-9 * fabs(best->solve.objective)) continue;
    places++;
    if (largest > gap) gap = largest, where = i, worst = loser, winner = best_walk;
  }
  if (places == 0) return;
  char text[32], a[48], b[48];
  fprintf(to,
          "The walks end in different minima at %zu of %zu penalties; most at %s, where \"%s\" is above "
          "\"%s\" by %.3g in the objective, so it is not global there.\n",
          places, r->count, cli_lambda_text(text, cli_user_lambda(r, r->lambda[where])),
          cli_walk_text(a, r, &r->walks[worst]), cli_walk_text(b, r, &r->walks[winner]), gap);
}

/* Zero may be a minimum at every penalty (T5): a walk that begins there ends there. */
static void say_never_left_zero(FILE *to, const cli_report *r) {
  for (size_t k = 0; k < r->walk_count; k++) {
    if (r->walks[k].walk != RWK_WALK_DOWN) continue;
    int left_zero = 0;
    for (size_t i = 0; i < r->count; i++)
      left_zero |= r->walks[k].points[i] && r->walks[k].points[i]->solve.penalty > 0;
    if (!left_zero)
      fprintf(to, "Coming down, the weights never leave zero, which is a minimum at every penalty here; that "
                  "walk is of no use.\n");
  }
}

static void say_collapse(FILE *to, const cli_report *r) {
  const rwk_collapse *c = &r->collapse;
  if (!isfinite(c->collapse)) return;
  fprintf(to, "All weights are zero from %s = %.6g on", r->scale.lambda, cli_user_lambda(r, c->collapse));
  if (isfinite(c->lambda_c)) {
    if (fabs(c->collapse / c->lambda_c - 1) < 1e-3)
      fprintf(to, ", which is the penalty lambda_c of the theory");
    else
      fprintf(to,
              "; zero becomes a minimum at lambda_c = %.6g already, so between the two there are two kinds "
              "of minima",
              cli_user_lambda(r, c->lambda_c));
  }
  fprintf(to, ".\n");
}

void cli_print_verdict(FILE *to, const cli_report *r) {
  const tally t = count_fits(r);
  fprintf(to, "\n%zu fits in %.2f s: ", t.fits, r->seconds);
  say_kinds(to, &t);
  fprintf(to, ".\n");
  say_drops(to, r);
  if (cli_walk_best(r))
    cli_print_best(to, r);
  else
    say_disagreement(to, r);
  say_never_left_zero(to, r);
  say_collapse(to, r);
  if (r->file) fprintf(to, "Run file: %s\n", r->file);
}
