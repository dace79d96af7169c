#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/stored.h"

/* Which fits are meant by --lambda, --walk, --start: the lowest objective among them. No interpolation
 * between penalties: fits at two penalties need not lie on one branch. */
static int choose(size_t *which, const cli_stored *s, const cli_args *args) {
  const cli_report *r = &s->report;
  double wanted = NAN;
  rwk_walk walk = RWK_WALK_UP;
  long long start = -1;
  char a[32], b[32];
  if (args->value[CLI_WALK] && rwk_walk_from_name(&walk, args->value[CLI_WALK]) != RWK_OK)
    return cli_fail(CLI_USAGE, "--walk: '%s' is none of up, down, cold, best", args->value[CLI_WALK]);
  if (args->value[CLI_START] && cli_whole(&start, args->value[CLI_START], 0, 1000000))
    return cli_fail(CLI_USAGE, "--start: '%s' is not a whole number from 0 on", args->value[CLI_START]);
  if (r->count == 0) return cli_fail(CLI_DATA, "the run has no grid yet; resume it first");
  size_t index = 0;
  if (args->value[CLI_LAMBDA]) {
    if (cli_number(&wanted, args->value[CLI_LAMBDA]))
      return cli_fail(CLI_USAGE, "--lambda: '%s' is not a number", args->value[CLI_LAMBDA]);
    for (size_t i = 1; i < r->count; i++)
      if (fabs(cli_user_lambda(r, r->lambda[i]) - wanted) <
          fabs(cli_user_lambda(r, r->lambda[index]) - wanted))
        index = i;
    const double near = cli_user_lambda(r, r->lambda[index]);
    if (fabs(near - wanted) > 1e-9 * fabs(near))
      return cli_fail(CLI_USAGE,
                      "--lambda: no fit at %s; the nearest is at %s. Predictions are not interpolated "
                      "between penalties: fit one there by path --lambda %s",
                      cli_lambda_text(a, wanted), cli_lambda_text(b, near), args->value[CLI_LAMBDA]);
  } else if (r->count > 1) {
    return cli_fail(CLI_USAGE, "predict: --lambda is needed: the run has %zu penalties, from %s to %s",
                    r->count, cli_lambda_text(a, cli_user_lambda(r, r->lambda[0])),
                    cli_lambda_text(b, cli_user_lambda(r, r->lambda[r->count - 1])));
  }
  int found = 0;
  for (size_t k = 0; k < s->fit_count; k++) {
    const rwk_fit *f = &s->fits[k];
    if (f->index != index || (args->value[CLI_WALK] && f->walk != walk) || (start >= 0 && f->start != start))
      continue;
    if (!found || f->solve.objective < s->fits[*which].solve.objective) *which = k;
    found = 1;
  }
  return found ? 0
               : cli_fail(CLI_DATA, "the run has no such fit at %s yet",
                          cli_lambda_text(a, cli_user_lambda(r, r->lambda[index])));
}

/* Quotes a name for CSV where it needs it. */
static void put_name(FILE *to, const char *name) {
  if (!strpbrk(name, ",\"\r\n")) {
    fputs(name, to);
    return;
  }
  fputc('"', to);
  for (; *name; name++) {
    if (*name == '"') fputc('"', to);
    fputc(*name, to);
  }
  fputc('"', to);
}

/* A network of the stored shape over the new table; its own targets do not matter. */
static int network_over(rwk_mlp **mlp, rwk_context *ctx, const cli_stored *s, const rwk_design *design) {
  const cli_report *r = &s->report;
  rwk_mlp_settings m;
  rwk_mlp_settings_init(&m);
  const size_t inputs = rwk_design_inputs(design), outputs = rwk_design_outputs(design);
  if (inputs != r->layers[0] || outputs != r->layers[r->layer_count - 1])
    return cli_fail(CLI_DATA, "the run file's recipe and network do not fit each other");
  if (rwk_activation_from_name(&m.activation, r->activation) != RWK_OK)
    return cli_fail(CLI_DATA, "the run file names no activation");
  m.hidden = r->layers + 1;
  m.hidden_count = r->layer_count - 2;
  m.hidden_bias = json_is_true(json_object_get(s->network, "hidden_bias"));
  m.output_bias = json_is_true(json_object_get(s->network, "output_bias"));
  double *zeros = calloc(inputs + outputs, sizeof *zeros);
  if (!zeros) return cli_fail(CLI_NUMERICAL, "memory ran out");
  const rwk_mlp_data data = {.X = zeros,
                             .ldx = inputs,
                             .Y = zeros + inputs,
                             .ldy = outputs,
                             .rows = 1,
                             .inputs = inputs,
                             .outputs = outputs};
  const rwk_status status = rwk_mlp_create(mlp, ctx, &data, &m);
  free(zeros);
  if (status != RWK_OK) return cli_fail_status(ctx, status);
  if (rwk_problem_dim(rwk_mlp_problem(*mlp)) != r->parameters)
    return cli_fail(CLI_DATA, "the run file's weights and network do not fit each other");
  return 0;
}

static int write_rows(const char *file, const rwk_design *design, const double *F) {
  FILE *to = file ? fopen(file, "w") : stdout;
  if (!to) return cli_fail(CLI_DATA, "%s cannot be written", file);
  const size_t q = rwk_design_outputs(design);
  for (size_t k = 0; k < q; k++) {
    if (k) fputc(',', to);
    put_name(to, rwk_design_output_name(design, k));
  }
  fputc('\n', to);
  for (size_t i = 0; i < rwk_design_rows(design); i++)
    for (size_t k = 0; k < q; k++) fprintf(to, "%.17g%c", F[i * q + k], k + 1 < q ? ',' : '\n');
  const int bad = ferror(to) | fflush(to);
  if (file && (fclose(to) != 0 || bad)) return cli_fail(CLI_DATA, "%s cannot be written", file);
  return 0;
}

/* The rows are pure CSV, so that the fit they come from is told beside them. */
static void say_fit(const cli_report *r, const rwk_fit *f) {
  char text[32];
  fprintf(stderr, "fit of walk %s, start %d, at %s = %s; J = %s, R = sum of squared weights%s\n",
          rwk_walk_name(f->walk), f->start, r->scale.lambda,
          cli_lambda_text(text, cli_user_lambda(r, r->lambda[f->index])), r->scale.objective,
          r->scale.penalise_biases ? " and biases" : ", biases free");
}

int cli_predict(const cli_args *args) {
  if (args->operand_count != 2)
    return cli_fail(CLI_USAGE,
                    "predict wants a run file and a table: ridgewalk predict RUN NEW.csv --lambda L");
  rwk_context *ctx;
  int code = cli_context(&ctx, args);
  if (code) return code;
  cli_stored s = {0};
  rwk_table *table = NULL;
  rwk_design *recipe = NULL, *design = NULL;
  rwk_mlp *mlp = NULL;
  double *w = NULL, *F = NULL;
  size_t which = 0;
  rwk_status status;
  code = cli_stored_open(&s, ctx, args->operands[0]);
  if (!code) code = choose(&which, &s, args);
  if (!code) code = cli_read_table(&table, ctx, args->operands[1], args);
  if (!code) {
    status = rwk_design_from_recipe(&recipe, ctx, cli_stored_text(&s, "recipe"));
    if (status == RWK_OK) status = rwk_design_apply(&design, ctx, recipe, table);
    if (status != RWK_OK) code = cli_fail_status(ctx, status);
  }
  if (!code) code = network_over(&mlp, ctx, &s, design);
  if (!code) {
    const size_t rows = rwk_design_rows(design), q = rwk_design_outputs(design);
    rwk_fit fit;
    w = malloc(s.report.parameters * sizeof *w);
    F = malloc(rows * q * sizeof *F);
    if (!w || !F) {
      code = cli_fail(CLI_NUMERICAL, "memory ran out");
    } else {
      status = rwk_run_fit_at(&fit, w, s.run, which);
      if (status == RWK_OK)
        status = rwk_mlp_predict(F, q, mlp, rwk_design_X(design), rwk_design_inputs(design), rows, w);
      if (status == RWK_OK) status = rwk_design_unscale(F, q, design, rows);
      if (status == RWK_OK && !args->value[CLI_QUIET]) say_fit(&s.report, &s.fits[which]);
      code = status == RWK_OK ? write_rows(args->value[CLI_OUT], design, F) : cli_fail_status(ctx, status);
      if (!code && !cli_certified(&s.fits[which].certificate)) {
        if (!args->value[CLI_QUIET])
          fprintf(stderr, "note: this fit is not a certified minimum (%s)\n",
                  cli_verdict_text(&s.fits[which].certificate));
        code = CLI_UNCERTIFIED;
      }
    }
  }
  free(F);
  free(w);
  rwk_mlp_destroy(mlp);
  rwk_design_destroy(design);
  rwk_design_destroy(recipe);
  rwk_table_destroy(table);
  cli_stored_close(&s);
  rwk_context_destroy(ctx);
  return code;
}
