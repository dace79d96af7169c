#include <math.h>
#include <string.h>
#include "cli/cli.h"
#include "cli/json.h"

/* lambda in MSE + lambda R of a penalty of 1 */
static double weight(const rwk_objective_scale *s, double n) {
  return s->lambda_scale / (s->loss_scale * n);
}

int cli_rows(double *n, const cli_args *args) {
  const char *text = args->value[CLI_ROWS];
  *n = 0;
  if (text && (cli_number(n, text) || !(*n > 0) || !(*n < 1e15)))
    return cli_fail(CLI_USAGE, "--rows: '%s' is not a number of rows", text);
  return 0;
}

int cli_convention(rwk_objective_scale *scale, const char *name, double n, const char *option) {
  rwk_convention convention;
  rwk_objective_scale one, two;
  if (rwk_convention_from_name(&convention, name) != RWK_OK)
    return cli_fail(CLI_USAGE, "--%s: '%s' is none of mse, half-sse, nnet, sklearn, torch, keras", option,
                    name);
  if (rwk_convention_scale(&one, convention, 1) != RWK_OK ||
      rwk_convention_scale(&two, convention, 2) != RWK_OK)
    return cli_fail(CLI_NUMERICAL, "--%s: '%s' has no scale", option, name);
  if (n == 0 && weight(&one, 1) != weight(&two, 2))
    return cli_fail(CLI_USAGE, "--%s %s: --rows N is needed, for %s depends on the number of rows", option,
                    name, one.objective);
  if (rwk_convention_scale(scale, convention, n > 0 ? n : 1) != RWK_OK)
    return cli_fail(CLI_USAGE, "--rows: %g is not a number of rows", n);
  return 0;
}

static json_t *side(const rwk_objective_scale *s, double value) {
  return json_pack("{s:s, s:s, s:s, s:f, s:b}", "convention", s->name, "objective", s->objective, "lambda",
                   s->lambda, "value", value, "penalise_biases", s->penalise_biases);
}

/* The fewest digits that give it back. */
static void shortest(char text[40], double x) {
  for (int digits = 6; digits <= 17; digits++) {
    double back;
    snprintf(text, 40, "%.*g", digits, x);
    if (cli_number(&back, text) == 0 && back == x) return;
  }
}

static void say_side(const char *word, const rwk_objective_scale *s, double value) {
  char text[40];
  shortest(text, value);
  fprintf(stderr, "%-5s %s: J = %s, biases %s, with %s = %s\n", word, s->name, s->objective,
          s->penalise_biases ? "penalised" : "free", s->lambda, text);
}

int cli_convert(const cli_args *args) {
  double x, n;
  rwk_objective_scale from, to;
  if (args->operand_count != 1)
    return cli_fail(CLI_USAGE,
                    "convert wants one penalty: ridgewalk convert 0.01 --from sklearn --to torch --rows 442");
  if (cli_number(&x, args->operands[0]) || !(x >= 0))
    return cli_fail(CLI_USAGE, "convert: '%s' is not a penalty of 0 or more", args->operands[0]);
  if (!args->value[CLI_FROM_NAME] || !args->value[CLI_TO_NAME])
    return cli_fail(CLI_USAGE, "convert: --%s NAME is needed: mse, half-sse, nnet, sklearn, torch or keras",
                    args->value[CLI_FROM_NAME] ? "to" : "from");
  int code = cli_rows(&n, args);
  const int stated = n > 0;
  if (!stated) n = 1;
  /* n cancels between two that both depend on it in one way */
  if (!code) code = cli_convention(&from, args->value[CLI_FROM_NAME], n, "from");
  if (!code) code = cli_convention(&to, args->value[CLI_TO_NAME], n, "to");
  if (code) return code;
  if (!stated) {
    rwk_objective_scale from2, to2;
    code = cli_convention(&from2, args->value[CLI_FROM_NAME], 2, "from");
    if (!code) code = cli_convention(&to2, args->value[CLI_TO_NAME], 2, "to");
    if (code) return code;
    if (weight(&from, 1) * weight(&to2, 2) != weight(&from2, 2) * weight(&to, 1))
      return cli_fail(CLI_USAGE,
                      "convert: --rows N is needed: from %s to %s the number of rows matters (%s against %s)",
                      from.name, to.name, from.objective, to.objective);
  }
  const double ratio = weight(&from, n) / weight(&to, n), value = x * ratio;
  if (!isfinite(value) || (x > 0 && value == 0))
    return cli_fail(CLI_USAGE, "convert: the result is out of the range of a double");
  const int biases = from.penalise_biases != to.penalise_biases;
  if (!args->value[CLI_QUIET]) {
    say_side("from", &from, x);
    say_side("to", &to, value);
    if (biases)
      fprintf(stderr,
              "warning: %s penalises biases and %s does not, so the two have different minima unless that is "
              "changed in one of them\n",
              from.penalise_biases ? from.name : to.name, from.penalise_biases ? to.name : from.name);
  }
  char text[40];
  shortest(text, value);
  if (!args->value[CLI_JSON]) {
    printf("%s\n", text);
    return CLI_DONE;
  }
  json_t *root =
      json_pack("{s:f, s:o, s:o, s:o, s:b}", "value", value, "from", side(&from, x), "to", side(&to, value),
                "rows", stated ? json_real(n) : json_null(), "biases_differ", biases);
  return cli_print_json(stdout, root);
}
