/* Options of solvers. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"

const char *cli_solver_list(char text[160]) {
  static const char *const names[] = {
#define RWK_X(symbol, name) name,
      RWK_SOLVER_LIST(RWK_X)
#undef RWK_X
  };
  text[0] = 0;
  for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
    const size_t length = strlen(text);
    snprintf(text + length, 160 - length, "%s%s", k ? ", " : "", names[k]);
  }
  return text;
}

static int number(double *x, const cli_args *args, cli_option option, double low, int low_too, double high) {
  const char *text = args->value[option];
  if (!text) return 0;
  if (cli_number(x, text) || *x < low || (*x == low && !low_too) || *x >= high)
    return cli_fail(CLI_USAGE, "--%s: '%s' is not a number %s %g%s", cli_option_name(option), text,
                    low_too ? "from" : "above", low, high <= 1 ? " and below 1" : "");
  return 0;
}

static int whole(long long *n, const cli_args *args, cli_option option) {
  if (cli_whole(n, args->value[option], 1, LLONG_MAX))
    return cli_fail(CLI_USAGE, "--%s: '%s' is not a whole number from 1 on", cli_option_name(option),
                    args->value[option]);
  return 0;
}

static int betas(rwk_solver_settings *s, const char *text) {
  const char **parts;
  char *buffer;
  size_t n;
  if (!text) return 0;
  int code = cli_split(&parts, &n, &buffer, text);
  if (code) return code;
  if (n != 2 || cli_number(&s->beta1, parts[0]) || cli_number(&s->beta2, parts[1]) ||
      !(s->beta1 >= 0 && s->beta1 < 1 && s->beta2 >= 0 && s->beta2 < 1))
    code =
        cli_fail(CLI_USAGE, "--betas: '%s' is not two numbers from 0 and below 1, such as 0.9,0.999", text);
  free(parts);
  free(buffer);
  return code;
}

int cli_read_solver(rwk_solver_settings *s, const cli_args *args, const char *name) {
  const char *const *v = args->value;
  char list[160];
  long long n = 0;
  if (!name) name = v[CLI_SOLVER];
  if (name && rwk_solver_from_name(&s->solver, name) != RWK_OK)
    return cli_fail(CLI_USAGE, "--%s: '%s' is none of %s", v[CLI_SOLVERS] ? "solvers" : "solver", name,
                    cli_solver_list(list));
  if (v[CLI_GRAD_TOL]) {
    if (number(&s->grad_tol, args, CLI_GRAD_TOL, 0, 0, HUGE_VAL)) return CLI_USAGE;
    if (!rwk_solver_is_second_order(s->solver))
      s->function_tol = 0; /* it is the gradient that is to end the iteration */
  }
  if (v[CLI_MAX_ITER]) {
    if (v[CLI_EPOCHS]) return cli_fail(CLI_USAGE, "--epochs and --max-iter exclude each other");
    if (whole(&n, args, CLI_MAX_ITER)) return CLI_USAGE;
    s->max_iter = n;
  }
  if (v[CLI_EPOCHS]) {
    if (whole(&n, args, CLI_EPOCHS)) return CLI_USAGE;
    if (rwk_solver_is_stochastic(s->solver))
      s->max_iter = n;
    else if (args->verb != CLI_COMPARE)
      return cli_fail(CLI_USAGE, "--epochs is for solvers that go by mini-batches; %s takes --max-iter",
                      rwk_solver_name(s->solver));
  }
  if (v[CLI_BATCH]) {
    if (whole(&n, args, CLI_BATCH)) return CLI_USAGE;
    s->batch = (size_t)n;
  }
  if (number(&s->learning_rate, args, CLI_LEARNING_RATE, 0, 0, HUGE_VAL)) return CLI_USAGE;
  if (number(&s->momentum, args, CLI_MOMENTUM, 0, 1, 1)) return CLI_USAGE;
  if (v[CLI_SCHEDULE] && rwk_schedule_from_name(&s->schedule, v[CLI_SCHEDULE]) != RWK_OK)
    return cli_fail(CLI_USAGE, "--schedule: '%s' is none of constant, sqrt, inverse, cosine",
                    v[CLI_SCHEDULE]);
  return betas(s, v[CLI_BETAS]);
}
