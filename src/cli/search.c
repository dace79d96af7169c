/* The verb search: trials, the best of them fitted to all rows, and all of it in a run file. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/ranks.h"
#include "cli/spread.h"
#include "cli/json.h"

/* What a search needs besides what a path does. */
typedef struct search_job {
  cli_job job;
  rwk_search_settings settings;
  rwk_folds *folds;
} search_job;

/* ---- the space ---- */

/* LOW:HIGH, or one value for both. */
static int read_ends(char low[64], char high[64], const char *text) {
  const char *colon = strchr(text, ':');
  const size_t length = colon ? (size_t)(colon - text) : strlen(text);
  if (length >= 64 || (colon && strlen(colon + 1) >= 64)) return 1;
  memcpy(low, text, length);
  low[length] = 0;
  snprintf(high, 64, "%s", colon ? colon + 1 : low);
  return 0;
}

static int read_penalties(double range[2], const char *text) {
  char low[64], high[64];
  if (!text) return 0;
  if (read_ends(low, high, text) || cli_number(&range[0], low) || cli_number(&range[1], high) ||
      !(range[0] > 0) || !(range[1] >= range[0]))
    return cli_fail(CLI_USAGE, "--lambda: '%s' is not a range of penalties, such as 2^-16:2^2", text);
  return 0;
}

static int read_range(size_t range[2], const cli_args *args, cli_option option, long long most,
                      const char *example) {
  char low[64], high[64];
  long long a, b;
  const char *text = args->value[option];
  if (!text) return 0;
  if (read_ends(low, high, text) || cli_whole(&a, low, 1, most) || cli_whole(&b, high, 1, most) || b < a)
    return cli_fail(CLI_USAGE, "--%s: '%s' is not a range of whole numbers from 1 to %lld, such as %s",
                    cli_option_name(option), text, most, example);
  range[0] = (size_t)a;
  range[1] = (size_t)b;
  return 0;
}

static int read_activations(rwk_space *space, const char *text) {
  const char **names;
  char *buffer;
  size_t n;
  if (!text) return 0;
  int code = cli_split(&names, &n, &buffer, text);
  if (code) return code;
  if (n > RWK_CHOICES_MOST) code = cli_fail(CLI_USAGE, "--activation: %d at most", RWK_CHOICES_MOST);
  for (size_t i = 0; i < n && !code; i++) {
    if (rwk_activation_from_name(&space->activations[i], names[i]) != RWK_OK)
      code = cli_fail(CLI_USAGE, "--activation: '%s' is none of tanh, logistic, softplus, relu, identity",
                      names[i]);
    for (size_t k = 0; k < i && !code; k++)
      if (space->activations[k] == space->activations[i])
        code = cli_fail(CLI_USAGE, "--activation: %s is given twice", names[i]);
  }
  space->activation_count = n;
  free(names);
  free(buffer);
  return code;
}

static int read_solvers(rwk_space *space, const char *text) {
  const char **names;
  char *buffer;
  size_t n;
  if (!text) return 0;
  int code = cli_split(&names, &n, &buffer, text);
  if (code) return code;
  if (n > RWK_CHOICES_MOST) code = cli_fail(CLI_USAGE, "--solver: %d at most", RWK_CHOICES_MOST);
  for (size_t i = 0; i < n && !code; i++) {
    if (rwk_solver_from_name(&space->solvers[i], names[i]) != RWK_OK)
      code = cli_fail(CLI_USAGE, "--solver: there is no solver '%s'", names[i]);
    for (size_t k = 0; k < i && !code; k++)
      if (space->solvers[k] == space->solvers[i])
        code = cli_fail(CLI_USAGE, "--solver: %s is given twice", names[i]);
  }
  space->solver_count = n;
  free(names);
  free(buffer);
  return code;
}

static int read_space(search_job *c) {
  const cli_args *args = &c->job.args;
  rwk_space *space = &c->settings.space;
  const char *draw = args->value[CLI_DRAW];
  int code = read_penalties(space->lambda, args->value[CLI_LAMBDA]);
  if (!code) code = read_range(space->hidden, args, CLI_HIDDEN, 100000, "4:64");
  if (!code) code = read_range(space->depth, args, CLI_DEPTH, 100, "1:2");
  if (!code) code = read_activations(space, args->value[CLI_ACTIVATION]);
  if (!code) code = read_solvers(space, args->value[CLI_SOLVER]);
  if (!code) code = cli_job_whole(&c->settings.trials, args, CLI_TRIALS, 1, 1000000);
  if (!code && draw && rwk_draw_from_name(&c->settings.draw, draw) != RWK_OK)
    code = cli_fail(CLI_USAGE, "--draw: '%s' is none of random, sobol, grid", draw);
  return code;
}

/* ---- everything before the first trial ---- */

/* Without what is the trials' to choose: ranges and lists are no single values. */
static cli_args fixed_options(const cli_args *args) {
  cli_args fixed = *args;
  fixed.value[CLI_ACTIVATION] = fixed.value[CLI_HIDDEN] = fixed.value[CLI_SOLVER] = NULL;
  fixed.value[CLI_LAMBDA] = NULL;
  return fixed;
}

static int read_settings(search_job *c) {
  cli_job *j = &c->job;
  static const size_t any[] = {1};
  const cli_args given = j->args, fixed = fixed_options(&j->args);
  j->args = fixed;
  int code = cli_job_settings(j);
  j->args = given;
  if (!code) code = read_space(c);
  if (!code) code = cli_read_design(&j->setup, j->data, &j->args);
  if (!code && rwk_design_classes(j->setup.design))
    code = cli_fail(
        CLI_USAGE,
        "search: the target '%s' has classes, and search is for numbers so far: ridgewalk cv chooses "
        "the penalty for classes",
        rwk_design_class_column(j->setup.design));
  if (!code) code = cli_network_settings(&c->settings.mlp, &j->setup, &fixed, any, 1);
  if (!code) code = cli_job_folds(&c->folds, j);
  if (code) return code;
  for (int k = 0; k < 2; k++) c->settings.space.lambda[k] *= j->setup.scale.lambda_scale;
  c->settings.mlp.hidden = NULL;
  c->settings.mlp.hidden_count = 0;
  c->settings.seed = j->settings.seed;
  c->settings.starts = j->settings.starts;
  c->settings.solver = j->settings.solver;
  c->settings.certify = j->settings.certify;
  c->settings.held_out = j->args.value[CLI_HOLDOUT] != NULL;
  c->settings.standardise = !j->args.value[CLI_NO_STANDARDIZE];
  return 0;
}

static void progress(const rwk_search_progress *p, void *payload) {
  search_job *c = payload;
  cli_job *j = &c->job;
  const int64_t folds = c->settings.held_out ? 1 : (int64_t)rwk_folds_count(c->folds);
  char more[96];
  j->done = (int64_t)p->done;
  j->total = (int64_t)p->total;
  if (!j->bar) return;
  int length = snprintf(more, sizeof more, " (%zu of %zu trials", p->done, p->total);
  if (p->best)
    length += snprintf(more + length, sizeof more - (size_t)length, ", lowest %.4g", p->best->mean);
  snprintf(more + length, sizeof more - (size_t)length, ")");
  cli_progress_bar(folds * j->done, folds * j->total, p->seconds, p->remaining, more);
}

/* ---- the winner ---- */

/* What makes the winner's path again, in place of the ranges. */
static rwk_status keep_winner(const search_job *c, const rwk_trial *best) {
  const cli_job *j = &c->job;
  json_t *fitted = json_object();
  char hidden[512] = "", lambda[32];
  for (size_t l = 0, at = 0; l < best->depth && at < sizeof hidden - 16; l++)
    at += (size_t)snprintf(hidden + at, sizeof hidden - at, "%s%zu", l ? "," : "", best->hidden);
  snprintf(lambda, sizeof lambda, "%.17g", best->lambda / j->setup.scale.lambda_scale);
  json_object_set_new(fitted, cli_option_name(CLI_HIDDEN), json_string(hidden));
  json_object_set_new(fitted, cli_option_name(CLI_LAMBDA), json_string(lambda));
  json_object_set_new(fitted, cli_option_name(CLI_ACTIVATION),
                      json_string(rwk_activation_name(best->activation)));
  json_object_set_new(fitted, cli_option_name(CLI_SOLVER), json_string(rwk_solver_name(best->solver)));
  char *text = json_dumps(fitted, JSON_COMPACT);
  const rwk_status status = text && !cli_memory_short() ? rwk_run_set(j->run, "fitted", text) : RWK_NO_MEMORY;
  json_decref(fitted);
  cli_json_free(text);
  return status;
}

/* A path of one penalty, of all rows, from where the folds' fits came from. */
static rwk_status walk(search_job *c, const rwk_trial *best) {
  cli_job *j = &c->job;
  rwk_context *ctx = j->setup.ctx;
  const rwk_problem *problem = rwk_mlp_problem(j->setup.mlp);
  rwk_path_settings p = j->settings;
  rwk_path *path = NULL;
  double *w = malloc(rwk_problem_dim(problem) * sizeof *w);
  if (!w) return RWK_NO_MEMORY;
  rwk_status status = rwk_search_refit(w, ctx, problem, &c->settings, best);
  p.lambda = &best->lambda;
  p.lambda_count = 1;
  p.walks = RWK_WALKS_UP | RWK_WALKS_BEST;
  p.effort = RWK_EFFORT_LOW;
  p.starts = 1;
  p.init = w;
  p.solver.solver = best->solver;
  p.explain = 0;
  p.collapse_tol = 0;
  p.save = rwk_run_save_fit;
  p.fetch = rwk_run_fetch_fit;
  p.store_payload = j->run;
  if (status == RWK_OK) status = rwk_path_run(&path, ctx, problem, &p);
  if (status == RWK_OK) status = rwk_run_set_lambda(j->run, &best->lambda, 1);
  if (status == RWK_OK) status = rwk_run_finish(j->run, path);
  if (status == RWK_OK) status = rwk_run_keep_pictures(j->run, ctx, j->setup.mlp, j->setup.design, path, 1);
  rwk_path_destroy(path);
  free(w);
  return status;
}

static int fit_winner(search_job *c, const rwk_search *search) {
  cli_job *j = &c->job;
  const rwk_trial *best = &rwk_search_trials(search)[rwk_search_summary_get(search)->best];
  cli_args args = fixed_options(&j->args);
  size_t *hidden = malloc(best->depth * sizeof *hidden);
  if (!hidden) return cli_fail(CLI_NUMERICAL, "memory ran out");
  for (size_t l = 0; l < best->depth; l++) hidden[l] = best->hidden;
  args.value[CLI_ACTIVATION] = rwk_activation_name(best->activation);
  int code = cli_make_network(&j->setup, &args, hidden, best->depth);
  if (!code) code = cli_job_keep_network(j);
  rwk_status status = RWK_OK;
  if (!code) status = keep_winner(c, best);
  if (!code && status == RWK_OK) status = walk(c, best);
  if (!code && status == RWK_OK) status = rwk_run_finish_search(j->run, search);
  free(hidden);
  return !code && status != RWK_OK ? cli_fail_status(j->setup.ctx, status) : code;
}

/* ---- the verb ---- */

static int run(search_job *c) {
  cli_job *j = &c->job;
  rwk_search *search = NULL;
  j->bar = isatty(2) && !j->args.value[CLI_QUIET];
  c->settings.save = rwk_run_save_trial;
  c->settings.fetch = rwk_run_fetch_trial;
  c->settings.store_payload = j->run;
  c->settings.progress = progress;
  c->settings.progress_payload = c;
  rwk_status status = cli_ranks_count() > 1 ? cli_spread_search(j, c->folds, &c->settings) : RWK_OK;
  if (j->worker) return cli_exit_code(status);
  if (status == RWK_OK) status = rwk_search_run(&search, j->setup.ctx, j->setup.raw, c->folds, &c->settings);
  int code = 0;
  if (status == RWK_CANCELLED) {
    if (j->bar) fputc('\n', stderr);
    code = cli_fail(CLI_INTERRUPTED,
                    "interrupted: %lld of %lld trials are kept; go on with: ridgewalk search --resume %s",
                    (long long)j->done, (long long)j->total, j->out);
  } else if (status != RWK_OK) {
    code = cli_fail_status(j->setup.ctx, status);
  } else {
    code = fit_winner(c, search);
  }
  rwk_search_destroy(search);
  return code;
}

int cli_search(const cli_args *args) {
  search_job c;
  memset(&c, 0, sizeof c);
  rwk_search_settings_init(&c.settings);
  rwk_path_settings_init(&c.job.settings);
  int code = cli_job_begin(&c.job, args);
  c.job.worker = cli_ranks_worker();
  if (c.job.worker) c.job.args.value[CLI_QUIET] = "";
  if (!code) code = cli_job_reopen(&c.job);
  if (!code) code = read_settings(&c);
  if (!code) code = cli_job_open_run(&c.job);
  const int worst = cli_ranks_agree(code);
  if (!code) code = worst;
  if (!code && (!c.job.run || !rwk_run_search(c.job.run))) code = run(&c);
  code = cli_job_show(&c.job, code, cli_show_search, args);
  rwk_folds_destroy(c.folds);
  cli_job_release(&c.job);
  return code;
}
