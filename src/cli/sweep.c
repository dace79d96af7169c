/* The table of somebody's sweep: which columns, and what their numbers mean. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "cli/cli.h"

/* Names that people give such columns, as compared by `alike`; the first is ours and wins over all others. */
static const char *const lambda_names[] = {
    "lambda", "alpha",   "weight_decay", "decay", "l2",         "lam", "wd",
    "reg",    "lambda_", "l2_penalty",   "ridge", "reg_lambda", NULL};
static const char *const log_names[] = {"log_lambda",       "ln_lambda", "loglambda", "lnlambda",
                                        "log_alpha",        "ln_alpha",  "log_decay", "ln_decay",
                                        "log_weight_decay", NULL};
static const char *const mse_names[] = {"mse", "train_mse",  "mse_train",     "training_mse", "error", "loss",
                                        "sse", "train_loss", "training_loss", "train_error",  "rss",   NULL};
static const char *const objective_names[] = {"objective", "total_loss", "loss",       "total",
                                              "cost",      "j",          "train_loss", NULL};
static const char *const penalty_names[] = {
    "penalty",        "norm2", "ssw",    "sum_squares", "squared_norm", "r", "l2_sq", "norm_squared", "sumsq",
    "sum_sq_weights", "w2",    "wnorm2", NULL};
static const char *const norm_names[] = {"norm", "weight_norm", "l2_norm", "w_norm", "wnorm", "norm_w", NULL};

/* Letter case aside, and with _ for every other mark. */
static int alike(const char *name, const char *known) {
  for (; *name && *known; name++, known++) {
    const char c = strchr(" -.", *name) ? '_' : *name;
    if (strncasecmp(&c, known, 1) != 0) return 0;
  }
  return !*name && !*known;
}

static int is_one_of(const char *name, const char *const *known) {
  for (; *known; known++)
    if (alike(name, *known)) return 1;
  return 0;
}

/* "'a', 'b', 'c'" of at most `most` columns; to be freed. */
static char *list_columns(const rwk_table *table) {
  enum { MOST = 20 };
  const size_t count = rwk_table_columns(table);
  size_t room = 32;
  char *names[MOST] = {NULL};
  for (size_t j = 0; j < count && j < MOST; j++) {
    names[j] = cli_escape(rwk_table_column_name(table, j));
    room += (names[j] ? strlen(names[j]) : 0) + 8;
  }
  char *list = malloc(room), *to = list;
  for (size_t j = 0; j < count && j < MOST; j++) {
    if (list)
      to += snprintf(to, room - (size_t)(to - list), "%s'%s'", j ? ", " : "", names[j] ? names[j] : "?");
    free(names[j]);
  }
  if (list && count > MOST) snprintf(to, room - (size_t)(to - list), " and %zu more", count - MOST);
  return list;
}

typedef struct role {
  const char *what, *option, *chosen;
  const char *const *names;
  const char *const *others; /* names of what the column would hold under another reading ... */
  const char *instead;       /* ... which this option asks for; NULL: it is asked for, and they will do too */
} role;

/* How many columns have one of the names; 1 if one has the first of them. *column: that one, or the first
 * found.
 */
static size_t look(size_t *column, const rwk_table *table, const char *const *known) {
  size_t found = 0;
  for (size_t j = 0; j < rwk_table_columns(table); j++) {
    const char *name = rwk_table_column_name(table, j);
    if (alike(name, known[0])) {
      *column = j;
      return 1;
    }
    if (is_one_of(name, known) && found++ == 0) *column = j;
  }
  return found;
}

static int find(size_t *column, rwk_context *ctx, const rwk_table *table, const char *file, const role *r) {
  if (r->chosen) {
    const rwk_status status = rwk_table_column_find(column, ctx, table, r->chosen);
    return status == RWK_OK ? 0 : cli_fail_status(ctx, status);
  }
  const size_t count = rwk_table_columns(table);
  size_t found = look(column, table, r->names), other = count;
  if (found == 0 && !r->instead) found = look(column, table, r->others);
  if (found == 0) look(&other, table, r->others);
  if (found == 1) return 0;
  char *list = list_columns(table);
  char *shown = other < count ? cli_escape(rwk_table_column_name(table, other)) : NULL;
  int code;
  if (found > 1)
    code = cli_fail(CLI_DATA, "%s: several columns may hold the %s; say which by --%s NAME (columns: %s)",
                    file, r->what, r->option, list ? list : "?");
  else if (shown)
    code = cli_fail(CLI_DATA,
                    "%s: no column is named like %s, but '%s' is one for %s (or say --%s NAME; columns: %s)",
                    file, r->what, shown, r->instead, r->option, list ? list : "?");
  else
    code = cli_fail(CLI_DATA, "%s: no column is named like %s; say which it is by --%s NAME (columns: %s)",
                    file, r->what, r->option, list ? list : "?");
  free(shown);
  free(list);
  return code;
}

/* A number that cannot be what the column is said to hold. */
static int check(const cli_sweep *s, const char *file, const double *x, const char *column,
                 const char *advice) {
  for (size_t i = 0; i < s->count; i++) {
    if (x[i] >= 0 && x[i] <= 1e150) continue;
    char *name = cli_escape(column);
    const int code =
        cli_fail(CLI_DATA, "%s, line %zu, column '%s': %.6g is %s", file, rwk_table_line(s->table, i),
                 name ? name : "?", x[i], x[i] < 0 ? advice : "out of range");
    free(name);
    return code;
  }
  return 0;
}

int cli_sweep_read(cli_sweep *s, rwk_context *ctx, const char *file, const cli_args *args,
                   const cli_reading *reading) {
  *s = (cli_sweep){0};
  int code = cli_read_table(&s->table, ctx, file, args);
  if (code) return code;
  s->count = rwk_table_rows(s->table);
  const role roles[] = {
      {"penalties", "lambda-column", args->value[CLI_LAMBDA_COLUMN],
       reading->log_lambda ? log_names : lambda_names, reading->log_lambda ? lambda_names : log_names,
       reading->log_lambda ? NULL : "--log-lambda"},
      {reading->objective ? "objectives" : "mean squared errors", "mse-column", args->value[CLI_MSE_COLUMN],
       reading->objective ? objective_names : mse_names, reading->objective ? mse_names : objective_names,
       reading->objective ? NULL : "--objective"},
      {reading->norm ? "norms of the weights" : "sums of squared weights", "penalty-column",
       args->value[CLI_PENALTY_COLUMN], reading->norm ? norm_names : penalty_names,
       reading->norm ? penalty_names : norm_names, reading->norm ? NULL : "--norm"}};
  const double **const columns[] = {&s->lambda, &s->mse, &s->penalty};
  const char **const names[] = {&s->lambda_name, &s->mse_name, &s->penalty_name};
  size_t place[3];
  for (int k = 0; k < 3 && !code; k++) code = find(&place[k], ctx, s->table, file, &roles[k]);
  for (int k = 0; k < 3 && !code; k++) {
    *names[k] = rwk_table_column_name(s->table, place[k]);
    const rwk_status status = rwk_table_column_numbers(columns[k], ctx, s->table, place[k]);
    if (status != RWK_OK) code = cli_fail_status(ctx, status);
  }
  if (!code && (place[0] == place[1] || place[0] == place[2] || place[1] == place[2]))
    code =
        cli_fail(CLI_USAGE, "--lambda-column, --mse-column and --penalty-column: one column has two parts");
  if (!code && !reading->log_lambda)
    code = check(s, file, s->lambda, s->lambda_name,
                 "no penalty; if the column holds natural logarithms, say --log-lambda");
  if (!code)
    code =
        check(s, file, s->mse, s->mse_name, "negative, which no squared error is: is this the column meant?");
  if (!code)
    code = check(s, file, s->penalty, s->penalty_name,
                 "negative, which no sum of squares is: is this the column meant?");
  return code;
}

void cli_sweep_release(cli_sweep *s) {
  rwk_table_destroy(s->table);
  *s = (cli_sweep){0};
}

int cli_sweep_audit(rwk_audit **audit, rwk_context *ctx, const cli_sweep *s, const char *file,
                    const cli_reading *reading, double unit, const rwk_audit_settings *settings, int aloud) {
  const size_t n = s->count;
  double *x = malloc((n + 1) * 6 * sizeof *x);
  *audit = NULL;
  if (!x) return cli_fail(CLI_NUMERICAL, "memory ran out");
  double *lambda = x, *mse = x + n, *penalty = x + 2 * n;
  double *lambda_error = x + 3 * n, *mse_error = x + 4 * n, *penalty_error = x + 5 * n;
  rwk_audit_rounding(lambda_error, s->lambda, n, 1);
  rwk_audit_rounding(mse_error, s->mse, n, 0);
  rwk_audit_rounding(penalty_error, s->penalty, n, 0);
  int code = 0;
  for (size_t i = 0; i < n && !code; i++) {
    lambda[i] = s->lambda[i];
    mse[i] = s->mse[i] / unit;
    mse_error[i] /= unit;
    penalty[i] = s->penalty[i];
    if (reading->log_lambda) {
      lambda[i] = exp(s->lambda[i]);
      lambda_error[i] = lambda[i] * (lambda_error[i] + 4e-16 * fabs(s->lambda[i]));
    }
    if (reading->norm) {
      penalty_error[i] *= 2 * s->penalty[i] + penalty_error[i];
      penalty[i] = s->penalty[i] * s->penalty[i];
    }
    if (lambda[i] <= 1e150 && penalty[i] <= 1e150 && mse[i] <= 1e150 && lambda_error[i] <= 1e150) continue;
    code = CLI_DATA;
    if (aloud)
      cli_say("%s, line %zu: the numbers are out of range once %s; is that option meant?", file,
              rwk_table_line(s->table, i),
              lambda[i] <= 1e150 ? "the norm is squared" : "the logarithm is undone");
  }
  if (!code) {
    const rwk_sweep sweep = {lambda, mse, penalty, n, lambda_error, mse_error, penalty_error};
    rwk_audit_settings settled = *settings;
    settled.objective = reading->objective;
    const rwk_status status = rwk_audit_create(audit, ctx, &sweep, &settled);
    if (status != RWK_OK) code = aloud ? cli_fail_status(ctx, status) : cli_exit_code(status);
  }
  free(x);
  return code;
}
