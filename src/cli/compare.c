/* The verb compare: several solvers from one start, at one penalty. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <limits.h>
#include "cli/facts.h"
#include "cli/json.h"
#include "cli/page.h"

/* What a solver had reached, iteration by iteration. */
typedef struct trace {
  double *passes, *seconds, *objective, *grad_inf; /* [capacity] each */
  size_t count, capacity;
  int failed;
} trace;

typedef struct runner {
  rwk_solver_settings settings;
  trace trace;
  rwk_solve_result solve, finish;
  rwk_certificate certificate, finished;
  double passes;
} runner;

typedef struct race {
  const cli_args *args;
  const char *data;
  cli_setup setup;
  double lambda, user_lambda;
  double *start, *w; /* [dim] each */
  runner *runners;
  size_t count;
  rwk_certify_settings certify;
} race;

static int grow(trace *t) {
  double **const columns[] = {&t->passes, &t->seconds, &t->objective, &t->grad_inf};
  const size_t capacity = t->capacity ? 2 * t->capacity : 256;
  for (size_t k = 0; k < 4; k++) {
    double *more = realloc(*columns[k], capacity * sizeof *more);
    if (!more) return 0;
    *columns[k] = more;
  }
  t->capacity = capacity;
  return 1;
}

static void watch(const rwk_solve_progress *p, void *payload) {
  trace *t = payload;
  if (t->failed || (t->count == t->capacity && !grow(t))) {
    t->failed = 1;
    return;
  }
  t->passes[t->count] = p->passes;
  t->seconds[t->count] = p->seconds;
  t->objective[t->count] = p->objective;
  t->grad_inf[t->count++] = p->grad_inf;
}

/* The last point is the end, which no report is made of where the iteration stops by itself. */
static void watch_end(runner *r) {
  const rwk_solve_progress end = {.passes = r->passes,
                                  .seconds = r->solve.seconds,
                                  .objective = r->solve.objective,
                                  .grad_inf = r->solve.grad_inf};
  watch(&end, &r->trace);
}

static int read_runners(race *c) {
  const char *text = c->args->value[CLI_SOLVERS], **names;
  char *buffer, list[160];
  size_t n;
  int code = cli_split(&names, &n, &buffer, text ? text : cli_solver_list(list));
  if (code) return code;
  c->runners = calloc(n, sizeof *c->runners);
  if (!c->runners) code = cli_fail(CLI_NUMERICAL, "memory ran out");
  long long seed = 0;
  if (!code && c->args->value[CLI_SEED] && cli_whole(&seed, c->args->value[CLI_SEED], 0, LLONG_MAX))
    code = cli_fail(CLI_USAGE, "--seed: '%s' is not a whole number from 0 on", c->args->value[CLI_SEED]);
  for (size_t k = 0; k < n && !code; k++) {
    rwk_solver_settings *s = &c->runners[c->count++].settings;
    rwk_solver_settings_init(s);
    code = cli_read_solver(s, c->args, names[k] + strspn(names[k], " "));
    for (size_t j = 0; j + 1 < c->count && !code; j++)
      if (c->runners[j].settings.solver == s->solver)
        code = cli_fail(CLI_USAGE, "--solvers: %s is given twice", rwk_solver_name(s->solver));
    s->seed = (uint64_t)seed;
    if (!code) code = cli_algebra(&s->algebra, c->args);
    c->certify.algebra = s->algebra;
  }
  free(names);
  free(buffer);
  return code;
}

static int read_start(race *c) {
  rwk_problem *problem = rwk_mlp_problem(c->setup.mlp);
  const char *file = c->args->value[CLI_INIT];
  const size_t dim = rwk_problem_dim(problem);
  c->w = calloc(dim, sizeof *c->w);
  if (!c->w) return cli_fail(CLI_NUMERICAL, "memory ran out");
  rwk_status status;
  if (file) {
    rwk_weights *weights;
    status = rwk_weights_read(&weights, c->setup.ctx, file);
    if (status != RWK_OK) return cli_fail_status(c->setup.ctx, status);
    const int code = cli_load_weights(&c->start, &c->setup, weights, file);
    rwk_weights_destroy(weights);
    return code;
  }
  c->start = calloc(dim, sizeof *c->start);
  if (!c->start) return cli_fail(CLI_NUMERICAL, "memory ran out");
  status = rwk_problem_start(c->start, problem, c->runners[0].settings.seed, 0);
  return status == RWK_OK ? 0 : cli_fail_status(c->setup.ctx, status);
}

static rwk_status finish(race *c, runner *r) {
  rwk_problem *problem = rwk_mlp_problem(c->setup.mlp);
  rwk_solver_settings s;
  rwk_solver *solver = NULL;
  rwk_solver_settings_init(&s);
  s.algebra = r->settings.algebra;
  rwk_status status = rwk_solver_create(&solver, c->setup.ctx, problem, &s);
  if (status == RWK_OK) status = rwk_solver_run(&r->finish, solver, c->w, c->lambda);
  if (status == RWK_OK)
    status = rwk_certify(&r->finished, NULL, c->setup.ctx, problem, c->lambda, c->w, &c->certify);
  rwk_solver_destroy(solver);
  return status;
}

static rwk_status run(race *c, runner *r) {
  rwk_problem *problem = rwk_mlp_problem(c->setup.mlp);
  rwk_solver *solver = NULL;
  r->settings.progress = watch;
  r->settings.progress_payload = &r->trace;
  memcpy(c->w, c->start, rwk_problem_dim(problem) * sizeof *c->w);
  rwk_status status = rwk_solver_create(&solver, c->setup.ctx, problem, &r->settings);
  if (status == RWK_OK) status = rwk_solver_run(&r->solve, solver, c->w, c->lambda);
  rwk_solver_destroy(solver);
  r->passes = rwk_solve_passes(&r->solve, problem);
  if (status == RWK_OK) {
    watch_end(r);
    status = rwk_certify(&r->certificate, NULL, c->setup.ctx, problem, c->lambda, c->w, &c->certify);
  }
  r->finished = r->certificate;
  r->finish = r->solve;
  if (status == RWK_OK && r->certificate.verdict == RWK_VERDICT_NOT_STATIONARY) status = finish(c, r);
  return status == RWK_OK && r->trace.failed ? RWK_NO_MEMORY : status;
}

/* ---- results ---- */

static double mse(const race *c, double loss) {
  return loss / (c->setup.scale.loss_scale * c->setup.n);
}

static void print_table(const race *c) {
  double lowest = INFINITY;
  char text[32];
  for (size_t k = 0; k < c->count; k++) lowest = fmin(lowest, c->runners[k].finish.objective);
  printf("%s = %s, all from the same start; evaluations of objective and gradient\n\n", c->setup.scale.lambda,
         cli_lambda_text(text, c->user_lambda));
  printf("  %-19s %-11s %-10s %-11s %-8s %-11s %-11s %-9s %-13s %s\n", "solver", "stopped by", "iterations",
         "evaluations", "seconds", "MSE", "above best", "|grad|", "smallest eig",
         "kind, and after finishing with Newton");
  for (size_t k = 0; k < c->count; k++) {
    const runner *r = &c->runners[k];
    printf("  %-19s %-11s %-10lld %-11.0f %-8.3f %-11.6g %-11.3g %-9.1e %-13.2e %s",
           rwk_solver_name(r->settings.solver), rwk_stop_name(r->solve.stop), (long long)r->solve.iterations,
           r->passes, r->solve.seconds, mse(c, r->solve.loss), r->solve.objective - lowest,
           r->certificate.grad_inf, r->certificate.min_eig, cli_verdict_text(&r->certificate));
    if (r->certificate.verdict == RWK_VERDICT_NOT_STATIONARY)
      printf("; %s %.3g above best", cli_verdict_text(&r->finished), r->finish.objective - lowest);
    printf("\n");
  }
  printf("\nabove best: the objective, above the lowest that any of them led to once finished\n");
}

static json_t *column(const double *x, size_t count) {
  json_t *list = json_array();
  for (size_t i = 0; i < count; i++) json_array_append_new(list, cli_json_number(x[i]));
  return list;
}

static int print_json(const race *c) {
  json_t *root = json_object(), *list = json_array();
  json_object_set_new(root, "lambda", cli_json_number(c->user_lambda));
  for (size_t k = 0; k < c->count; k++) {
    const runner *r = &c->runners[k];
    const trace *t = &r->trace;
    json_t *o =
        cli_certificate_json(&r->certificate, c->setup.loss, c->user_lambda, mse(c, r->solve.loss), NAN);
    json_object_set_new(o, "solver", json_string(rwk_solver_name(r->settings.solver)));
    json_object_set_new(o, "stop", json_string(rwk_stop_name(r->solve.stop)));
    json_object_set_new(o, "iterations", json_integer((json_int_t)r->solve.iterations));
    json_object_set_new(o, "evaluations", cli_json_number(r->passes));
    json_object_set_new(o, "seconds", cli_json_number(r->solve.seconds));
    json_object_set_new(
        o, "finished",
        cli_certificate_json(&r->finished, c->setup.loss, c->user_lambda, mse(c, r->finish.loss), NAN));
    json_object_set_new(o, "trace",
                        json_pack("{s:o, s:o, s:o, s:o}", "evaluations", column(t->passes, t->count),
                                  "seconds", column(t->seconds, t->count), "objective",
                                  column(t->objective, t->count), "grad_inf", column(t->grad_inf, t->count)));
    json_array_append_new(list, o);
  }
  json_object_set_new(root, "solvers", list);
  return cli_print_json(stdout, root);
}

/* DATA.csv -> DATA-solvers.svg here. */
static char *default_out(const char *data) {
  size_t length;
  const char *base = cli_stem(&length, data);
  char *out = malloc(length + 32);
  if (out) snprintf(out, length + 32, "%.*s-solvers.svg", (int)length, base);
  return out;
}

static int draw(const race *c) {
  const char *const *v = c->args->value;
  char *made = v[CLI_OUT] ? NULL : default_out(c->data), *bytes = NULL, title[256], text[32];
  char *name = cli_escape(c->data);
  const char *out = v[CLI_OUT] ? v[CLI_OUT] : made;
  rwk_figure_format format;
  double width = 170;
  size_t length = 0;
  rwk_race_line *lines = calloc(c->count + 1, sizeof *lines);
  int code =
      out && lines && name ? cli_figure_format(&format, out) : cli_fail(CLI_NUMERICAL, "memory ran out");
  if (!code && v[CLI_WIDTH] && (cli_number(&width, v[CLI_WIDTH]) || !(width >= 40 && width <= 1000)))
    code = cli_fail(CLI_USAGE, "--width: '%s' is not a number of millimetres from 40 to 1000", v[CLI_WIDTH]);
  if (!code) {
    for (size_t k = 0; k < c->count; k++) {
      const trace *t = &c->runners[k].trace;
      lines[k] = (rwk_race_line){rwk_solver_name(c->runners[k].settings.solver),
                                 t->passes,
                                 t->seconds,
                                 t->objective,
                                 t->grad_inf,
                                 t->count};
    }
    snprintf(title, sizeof title, "%.150s, %s = %s", name, c->setup.scale.lambda,
             cli_lambda_text(text, c->user_lambda));
    const rwk_status status =
        rwk_report_race(&bytes, &length, c->setup.ctx, title, lines, c->count, width, format);
    code =
        status == RWK_OK ? cli_write_file(out, bytes, length, NULL) : cli_fail_status(c->setup.ctx, status);
  }
  if (!code && !v[CLI_QUIET]) fprintf(stderr, "%s\n", out);
  rwk_report_release(c->setup.ctx, bytes);
  free(lines);
  free(name);
  free(made);
  return code;
}

static void release(race *c) {
  for (size_t k = 0; k < c->count; k++) {
    trace *t = &c->runners[k].trace;
    free(t->passes);
    free(t->seconds);
    free(t->objective);
    free(t->grad_inf);
  }
  free(c->runners);
  free(c->start);
  free(c->w);
  cli_setup_release(&c->setup);
}

int cli_compare(const cli_args *args) {
  if (args->operand_count != 1)
    return cli_fail(CLI_USAGE, "compare wants one table: ridgewalk compare DATA --lambda L --solvers a,b,c");
  if (!args->value[CLI_LAMBDA]) return cli_fail(CLI_USAGE, "compare: --lambda L is needed");
  race c = {.args = args, .data = args->operands[0]};
  rwk_certify_settings_init(&c.certify);
  if (cli_number(&c.user_lambda, args->value[CLI_LAMBDA]) || c.user_lambda < 0)
    return cli_fail(CLI_USAGE, "--lambda: '%s' is not one penalty", args->value[CLI_LAMBDA]);
  cli_catch_signals();
  int code = cli_context(&c.setup.ctx, args);
  if (!code) code = read_runners(&c);
  if (!code) code = cli_read_design(&c.setup, c.data, args);
  if (!code) code = cli_make_network(&c.setup, args, NULL, 0);
  if (!code) code = read_start(&c);
  c.lambda = c.user_lambda * c.setup.scale.lambda_scale;
  for (size_t k = 0; k < c.count && !code; k++) {
    const rwk_status status = run(&c, &c.runners[k]);
    if (status != RWK_OK) code = cli_fail_status(c.setup.ctx, status);
  }
  if (!code && args->value[CLI_JSON])
    code = print_json(&c);
  else if (!code && !args->value[CLI_QUIET])
    print_table(&c);
  if (!code && (args->value[CLI_OUT] || !args->value[CLI_JSON])) code = draw(&c);
  for (size_t k = 0; k < c.count && !code; k++)
    if (!rwk_certificate_is_minimum(&c.runners[k].certificate)) code = CLI_UNCERTIFIED;
  release(&c);
  return code;
}
