#include <math.h>
#include <stdlib.h>
#include "cli/cli.h"

/* Hidden widths from the weights file. */
static int widths(size_t **hidden, size_t *count, const rwk_context *ctx, const rwk_weights *weights) {
  *count = rwk_weights_layers(weights) - 1;
  *hidden = malloc((*count + 1) * sizeof **hidden);
  if (!*hidden) return cli_fail(CLI_NUMERICAL, "memory ran out");
  for (size_t l = 0; l < *count; l++) {
    const double *W, *b;
    size_t inputs;
    const rwk_status status = rwk_weights_layer(&W, &b, &inputs, &(*hidden)[l], weights, l);
    if (status != RWK_OK) return cli_fail_status(ctx, status);
  }
  return 0;
}

static void print_words(const rwk_certificate *c, const cli_setup *s, double lambda, double mse,
                        double accuracy) {
  char text[32];
  printf("%s at %s = %s\n", cli_verdict_text(c), s->scale.lambda, cli_lambda_text(text, lambda));
  printf("  %s\n", c->reason);
  printf("  J = %s = %.10g, R = sum of squared weights%s   %s %.10g   penalty %.10g\n", s->scale.objective,
         c->objective, s->scale.penalise_biases ? " and biases" : ", biases free",
         s->loss == RWK_LOSS_MSE ? "MSE" : "mean cross-entropy", mse, c->penalty);
  if (s->loss != RWK_LOSS_MSE)
    printf("  %s over %zu classes, accuracy in sample %.2f%%\n", rwk_loss_name(s->loss),
           rwk_design_classes(s->design), 100 * accuracy);
  printf("  largest gradient entry %.3e (limit %.1e)   Euclidean norm %.3e\n", c->grad_inf, c->grad_limit,
         c->grad_norm);
  if (isfinite(c->min_eig))
    printf("  Hessian: smallest eigenvalue %.6e (+- %.1e), largest %.6e; zero means below %.1e\n", c->min_eig,
           c->min_eig_error, c->max_eig, c->zero_limit);
  if (c->positive >= 0)
    printf("  inertia: %lld positive, %lld zero, %lld negative; %lld flat directions explained\n",
           (long long)c->positive, (long long)c->zero, (long long)c->negative, (long long)c->flats);
  if (c->escapable)
    printf("  escapable: with a dead unit's bias moved, the curvature is %.6e: there is a way down\n",
           c->escape_curvature);
}

int cli_certify(const cli_args *args) {
  if (args->operand_count != 1)
    return cli_fail(CLI_USAGE, "certify wants one table: ridgewalk certify DATA --weights W.json --lambda L");
  if (!args->value[CLI_WEIGHTS]) return cli_fail(CLI_USAGE, "certify: --weights FILE is needed");
  if (!args->value[CLI_LAMBDA]) return cli_fail(CLI_USAGE, "certify: --lambda L is needed");
  double lambda, grad_tol = 1e-8;
  if (cli_number(&lambda, args->value[CLI_LAMBDA]) || lambda < 0)
    return cli_fail(CLI_USAGE, "--lambda: '%s' is not one penalty", args->value[CLI_LAMBDA]);
  if (args->value[CLI_GRAD_TOL] && (cli_number(&grad_tol, args->value[CLI_GRAD_TOL]) || !(grad_tol > 0)))
    return cli_fail(CLI_USAGE, "--grad-tol: '%s' is not a positive number", args->value[CLI_GRAD_TOL]);
  cli_setup s = {0};
  rwk_weights *weights = NULL;
  size_t *hidden = NULL, hidden_count = 0;
  double *w = NULL;
  rwk_certify_settings settings;
  rwk_certify_settings_init(&settings);
  settings.grad_tol = grad_tol;
  int code = cli_algebra(&settings.algebra, args);
  if (!code) code = cli_context(&s.ctx, args);
  if (!code) {
    const rwk_status status = rwk_weights_read(&weights, s.ctx, args->value[CLI_WEIGHTS]);
    if (status != RWK_OK) code = cli_fail_status(s.ctx, status);
  }
  if (!code) code = widths(&hidden, &hidden_count, s.ctx, weights);
  if (!code) code = cli_read_design(&s, args->operands[0], args);
  if (!code) code = cli_make_network(&s, args, hidden, hidden_count);
  if (!code) code = cli_load_weights(&w, &s, weights, args->value[CLI_WEIGHTS]);
  if (!code) {
    rwk_certificate c;
    double accuracy;
    rwk_status status =
        rwk_certify(&c, NULL, s.ctx, rwk_mlp_problem(s.mlp), lambda * s.scale.lambda_scale, w, &settings);
    if (status == RWK_OK) status = rwk_mlp_accuracy(&accuracy, s.mlp, w);
    if (status != RWK_OK) {
      code = cli_fail_status(s.ctx, status);
    } else {
      const double mse = rwk_mlp_mse(s.mlp, c.loss);
      if (args->value[CLI_JSON])
        code = cli_print_certificate_json(stdout, &c, s.loss, lambda, mse, accuracy);
      else
        print_words(&c, &s, lambda, mse, accuracy);
      if (!code) code = rwk_certificate_is_minimum(&c) ? CLI_DONE : CLI_UNCERTIFIED;
    }
  }
  free(w);
  free(hidden);
  rwk_weights_destroy(weights);
  cli_setup_release(&s);
  return code;
}
