/* The heading and the table of a path. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"

/* "CE = cross-entropy (softmax) of 3 classes: a, b, c" */
static void print_classes(FILE *to, const cli_report *r) {
  enum { MOST = 10 };
  if (r->loss == RWK_LOSS_MSE) return;
  fprintf(to, "CE = sum of cross-entropies in nats (%s) of %zu classes: ", rwk_loss_name(r->loss),
          r->class_count);
  for (size_t k = 0; k < r->class_count && k < MOST; k++) {
    char *label = cli_escape(r->classes[k]);
    fprintf(to, "%s%s", k ? ", " : "", label ? label : "?");
    free(label);
  }
  fprintf(to, "%s\n", r->class_count > MOST ? ", ..." : "");
}

void cli_print_heading(FILE *to, const cli_report *r) {
  fprintf(to, "%s: %zu rows, %zu features%s; net ", r->data, r->rows, r->features,
          r->targets > 1 && r->loss == RWK_LOSS_MSE ? ", several targets" : "");
  for (size_t l = 0; l < r->layer_count; l++) fprintf(to, "%s%zu", l ? "-" : "", r->layers[l]);
  fprintf(to, " %s, %zu weights%s\n", r->activation, r->parameters,
          r->scale.penalise_biases ? " (biases penalised)" : " and biases");
  fprintf(to, "J = %s, R = sum of squared weights%s, %s", r->scale.objective,
          r->scale.penalise_biases ? " and biases" : ", biases free",
          !r->standardised          ? "numbers as they are"
          : r->loss == RWK_LOSS_MSE ? "features and target standardised"
                                    : "features standardised");
  fprintf(to, "   [%s: lambda = %.6g %s", r->loss == RWK_LOSS_MSE ? "mse" : "CE/n",
          r->scale.lambda_scale / (r->scale.loss_scale * r->n), r->scale.lambda);
  static const rwk_convention others[] = {RWK_CONVENTION_NNET, RWK_CONVENTION_SKLEARN, RWK_CONVENTION_TORCH};
  for (size_t k = 0; k < sizeof others / sizeof *others; k++) {
    rwk_objective_scale o;
    if (rwk_convention_scale_of(&o, others[k], r->loss, r->n) != RWK_OK || !strcmp(o.name, r->scale.name))
      continue;
    /* the same minimisers: lambda_scale / loss_scale times lambda is the same */
    fprintf(to, ", %s: %s = %.6g %s", o.name, o.lambda,
            r->scale.lambda_scale / r->scale.loss_scale * o.loss_scale / o.lambda_scale, r->scale.lambda);
  }
  fprintf(to, "]\n");
  print_classes(to, r);
  if (r->parameters > r->rows)
    fprintf(to, "There are more weights (%zu) than rows (%zu): only the penalty holds them.\n", r->parameters,
            r->rows);
}

static int drops_after(const cli_report *r, const cli_walk *w, size_t index) {
  (void)r;
  for (size_t d = 0; d < w->drop_count; d++)
    if (w->drops[d].to == index) return 1;
  return 0;
}

/* Two blanks wider than the widest. */
static int lambda_width(const cli_report *r) {
  char text[32];
  size_t width = 8;
  for (size_t i = 0; i < r->count; i++) {
    const size_t length = strlen(cli_lambda_text(text, cli_user_lambda(r, r->lambda[i])));
    if (length > width) width = length;
  }
  return (int)width + 2;
}

void cli_print_table(FILE *to, const cli_report *r) {
  char text[32];
  const int width = lambda_width(r);
  fprintf(to, "\n  %-*s", width, r->scale.lambda);
  for (size_t k = 0; k < r->walk_count; k++) {
    if (r->walks[k].start > 0)
      continue; /* the first start of each kind; the others are in the paragraph and in JSON */
    char title[32];
    snprintf(title, sizeof title, "%s %s", cli_loss_word(r), rwk_walk_name(r->walks[k].walk));
    fprintf(to, "%-12s", title);
  }
  if (r->loss != RWK_LOSS_MSE) fprintf(to, "%-9s ", "accuracy");
  fprintf(to, "%-11s %-9s %-13s %s\n", "penalty", "|grad|", "smallest eig",
          cli_walk_best(r)    ? "kind of best (and where it comes from)"
          : r->walk_count > 1 ? "kind (of the lowest objective)"
                              : "kind");
  for (size_t i = 0; i < r->count; i++) {
    size_t walk = 0;
    const rwk_fit *best = cli_best_at(r, i, &walk);
    fprintf(to, "  %-*s", width, cli_lambda_text(text, cli_user_lambda(r, r->lambda[i])));
    for (size_t k = 0; k < r->walk_count; k++) {
      if (r->walks[k].start > 0) continue;
      const rwk_fit *p = r->walks[k].points[i];
      if (p)
        fprintf(to, "%-9.6f %c ", cli_mse(r, p->solve.loss), drops_after(r, &r->walks[k], i) ? 'v' : ' ');
      else
        fprintf(to, "%-9s   ", "-");
    }
    if (!best) {
      fprintf(to, "\n");
      continue;
    }
    const rwk_certificate *c = &best->certificate;
    const double *accuracy = r->walks[walk].accuracy;
    if (accuracy) fprintf(to, "%7.2f%%  ", 100 * accuracy[i]);
    if (!accuracy && r->loss != RWK_LOSS_MSE) fprintf(to, "%-9s ", "-"); /* a run file without them */
    fprintf(to, "%-11.5g %-9.1e ", best->solve.penalty, c->grad_inf);
    if (isfinite(c->min_eig))
      fprintf(to, "%-13.2e ", c->min_eig);
    else
      fprintf(to, "%-13s ", "-");
    fprintf(to, "%s", cli_verdict_text(c));
    if (r->walks[walk].origins) {
      char origin[96];
      fprintf(to, " (%s)", cli_origin_text(origin, r, &r->walks[walk].origins[i]));
    } else if (r->walk_count > 1) {
      fprintf(to, " (%s", rwk_walk_name(r->walks[walk].walk));
      if (r->starts > 1 && r->walks[walk].walk < RWK_WALK_COLD)
        fprintf(to, ", start %d", r->walks[walk].start);
      fprintf(to, ")");
    }
    fprintf(to, "\n");
  }
  fprintf(to, "  v: the error is lower than at the smaller penalty before\n");
}
