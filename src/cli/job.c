/* From options to settings, a network and a run file: what path, cv and search begin with. */
#define _XOPEN_SOURCE 700 /* realpath */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/json.h"
#include "cli/ranks.h"
#include "cli/share.h"

/* ---- options to settings ---- */

int cli_job_walks(unsigned *walks, const char *text) {
  const char **names;
  char *buffer;
  size_t n;
  int code = cli_split(&names, &n, &buffer, text);
  *walks = 0;
  for (size_t i = 0; i < n && !code; i++) {
    rwk_walk walk;
    if (rwk_walk_from_name(&walk, names[i]) != RWK_OK)
      code = cli_fail(CLI_USAGE, "--walk: '%s' is none of up, down, cold, best, graduated", names[i]);
    else
      *walks |= 1u << walk;
  }
  free(names);
  free(buffer);
  return code;
}

/* Neither mini-batches nor Gauss and Newton's matrix are sums over blocks of rows. */
static int check_split(const cli_job *j) {
  const rwk_solver_kind solver = j->settings.solver.solver;
  if (!j->setup.split || (!rwk_solver_is_stochastic(solver) && solver != RWK_SOLVER_GAUSS_NEWTON)) return 0;
  return cli_fail(CLI_USAGE, "--split rows: %s wants all rows in one process; take newton, lbfgs or gd",
                  rwk_solver_name(solver));
}

int cli_job_settings(cli_job *j) {
  const char *const *v = j->args.value;
  rwk_path_settings *s = &j->settings;
  long long n;
  int code = v[CLI_WALK] ? cli_job_walks(&s->walks, v[CLI_WALK]) : 0;
  if (code) return code;
  if (j->args.verb == CLI_CV && s->walks & RWK_WALKS_GRADUATED)
    return cli_fail(CLI_USAGE, "--walk: cv takes up, down, cold and best");
  if (v[CLI_EFFORT] && rwk_effort_from_name(&s->effort, v[CLI_EFFORT]) != RWK_OK)
    return cli_fail(CLI_USAGE, "--effort: '%s' is none of low, normal, high", v[CLI_EFFORT]);
  if (v[CLI_STARTS]) {
    if (cli_whole(&n, v[CLI_STARTS], 1, 1000000))
      return cli_fail(CLI_USAGE, "--starts: '%s' is not a whole number from 1 on", v[CLI_STARTS]);
    s->starts = (int)n;
  }
  if (v[CLI_SEED]) {
    if (cli_whole(&n, v[CLI_SEED], 0, LLONG_MAX))
      return cli_fail(CLI_USAGE, "--seed: '%s' is not a whole number from 0 on", v[CLI_SEED]);
    s->seed = (uint64_t)n;
  }
  code = cli_read_solver(&s->solver, &j->args, NULL);
  if (code) return code;
  s->solver.seed = s->seed;
  if (check_split(j)) return CLI_USAGE;
  if (v[CLI_GRAD_TOL] && rwk_solver_is_second_order(s->solver.solver))
    s->certify.grad_tol = s->solver.grad_tol; /* what was asked for is what is held up */
  if (v[CLI_SMOOTHING] && (cli_number(&s->smoothing, v[CLI_SMOOTHING]) || !(s->smoothing > 0)))
    return cli_fail(CLI_USAGE, "--smoothing: '%s' is not a positive number", v[CLI_SMOOTHING]);
  if (v[CLI_FINISH]) {
    if (strcmp(v[CLI_FINISH], "newton") != 0 && strcmp(v[CLI_FINISH], "none") != 0)
      return cli_fail(CLI_USAGE, "--finish: '%s' is neither newton nor none", v[CLI_FINISH]);
    s->finish = v[CLI_FINISH][1] == 'e';
  }
  if (v[CLI_NO_EXPLAIN]) s->explain = 0;
  if (cli_algebra(&s->solver.algebra, &j->args)) return CLI_USAGE;
  s->certify.algebra = s->solver.algebra;
  return 0;
}

/* ---- the run file ---- */

/* NULL also for what is too large to be weights. */
static char *read_file(const char *file) {
  const size_t most = (size_t)1 << 30;
  FILE *f = fopen(file, "rb");
  if (!f) return NULL;
  size_t length = 0, room = 1 << 16;
  char *text = malloc(room);
  for (size_t got; text && (got = fread(text + length, 1, room - length - 1, f)) > 0;) {
    length += got;
    if (room - length < 2) {
      char *more = room < most ? realloc(text, room *= 2) : NULL;
      if (!more) free(text);
      text = more;
    }
  }
  if (text) text[length] = 0;
  fclose(f);
  return text;
}

const char *cli_stem(size_t *length, const char *data) {
  const char *base = strrchr(data, '/');
  base = base ? base + 1 : data;
  if (!strcmp(data, "-")) base = "stdin";
  *length = strlen(base);
  if (*length > 3 && !strcmp(base + *length - 3, ".gz")) *length -= 3;
  if (*length > 4 && !memcmp(base + *length - 4, ".csv", 4)) *length -= 4;
  return base;
}

char *cli_job_default_out(const char *data, int number) {
  size_t length;
  const char *base = cli_stem(&length, data);
  char *out = malloc(length + 32);
  if (out && number == 1)
    snprintf(out, length + 32, "%.*s.rwk", (int)length, base);
  else if (out)
    snprintf(out, length + 32, "%.*s-%d.rwk", (int)length, base, number);
  return out;
}

/* The first that is not taken. */
static char *default_out(const char *data) {
  for (int k = 1;; k++) {
    char *out = cli_job_default_out(data, k);
    if (!out || access(out, F_OK) != 0) return out;
    free(out);
  }
}

static rwk_status describe_network(cli_job *j) {
  const cli_setup *s = &j->setup;
  json_t *layers = json_array();
  json_array_append_new(layers, json_integer((json_int_t)rwk_design_inputs(s->design)));
  for (size_t l = 0; l < rwk_mlp_layer_count(s->mlp); l++) {
    rwk_mlp_layer layer;
    if (rwk_mlp_layer_get(&layer, s->mlp, l) == RWK_OK)
      json_array_append_new(layers, json_integer((json_int_t)layer.outputs));
  }
  json_t *network = json_pack(
      "{s:o, s:s, s:s, s:b, s:b, s:b}", "layers", layers, "activation", rwk_activation_name(s->activation),
      "loss", rwk_loss_name(s->loss), "hidden_bias", !j->args.value[CLI_NO_HIDDEN_BIAS], "output_bias",
      !j->args.value[CLI_NO_OUTPUT_BIAS], "penalise_biases", s->scale.penalise_biases);
  char *text = json_dumps(network, JSON_COMPACT);
  rwk_status status = text && !cli_memory_short() ? rwk_run_set(j->run, "network", text) : RWK_NO_MEMORY;
  if (status == RWK_OK) status = rwk_run_set_dim(j->run, rwk_problem_dim(rwk_mlp_problem(s->mlp)));
  cli_json_free(text);
  json_decref(network);
  return status;
}

int cli_job_keep_network(cli_job *j) {
  const rwk_status status = describe_network(j);
  return status == RWK_OK ? 0 : cli_fail_status(j->setup.ctx, status);
}

static rwk_status describe(cli_job *j) {
  const cli_setup *s = &j->setup;
  char text[64], *recipe = NULL, *absolute = realpath(j->data, NULL);
  json_t *options = json_object();
  for (int o = 0; o < CLI_OPTIONS; o++)
    if (cli_option_kept((cli_option)o) && j->args.value[o])
      json_object_set_new(options, cli_option_name((cli_option)o), json_string(j->args.value[o]));
  char *options_text = json_dumps(options, JSON_COMPACT), fingerprint[33];
  rwk_status status = options_text && !cli_memory_short() ? RWK_OK : RWK_NO_MEMORY;
  if (status == RWK_OK) status = rwk_design_fingerprint(fingerprint, s->design);
  if (status == RWK_OK) status = rwk_design_recipe(&recipe, s->ctx, s->design);
  snprintf(text, sizeof text, "%.17g", s->n);
  char rows[32], features[32];
  snprintf(rows, sizeof rows, "%zu", rwk_design_rows(s->design));
  snprintf(features, sizeof features, "%zu", rwk_design_columns(s->design));
  const char *const pairs[][2] = {{"program", rwk_version()},
                                  {"verb", cli_verb_name(j->args.verb)},
                                  {"data", j->data},
                                  {"data_path", absolute ? absolute : j->data},
                                  {"fingerprint", fingerprint},
                                  {"recipe", recipe},
                                  {"options", options_text},
                                  {"n", text},
                                  {"rows", rows},
                                  {"features", features},
                                  {"convention", s->scale.name}};
  for (size_t k = 0; k < sizeof pairs / sizeof *pairs && status == RWK_OK; k++)
    status = rwk_run_set(j->run, pairs[k][0], pairs[k][1]);
  if (status == RWK_OK && j->init_text) status = rwk_run_set(j->run, "init", j->init_text);
  if (status == RWK_OK && s->mlp) status = describe_network(j);
  if (status == RWK_OK && j->lambda) status = rwk_run_set_lambda(j->run, j->lambda, j->settings.lambda_count);
  rwk_text_destroy(s->ctx, recipe);
  cli_json_free(options_text);
  free(absolute);
  json_decref(options);
  return status;
}

int cli_job_open_run(cli_job *j) {
  rwk_status status;
  if (j->worker && !j->resumed) return 0;
  if (j->resumed) return cli_check_fingerprint(&j->setup, j->run, j->out, j->data);
  if (j->args.verb == CLI_PATH && !j->args.value[CLI_FORCE] && cli_ranks_count() == 1) {
    int joined;
    const int code = cli_share_join(&joined, j);
    if (code || joined) return code;
  }
  if (!j->args.value[CLI_FORCE] && access(j->out, F_OK) == 0)
    return cli_fail(CLI_USAGE,
                    "%s exists; go on with it by --resume %s, replace it by --force, or name another --out",
                    j->out, j->out);
  status = rwk_run_create(&j->run, j->setup.ctx, j->out, j->args.value[CLI_FORCE] != NULL);
  if (status == RWK_OK) status = describe(j);
  if (status == RWK_OK) status = rwk_run_begin(j->run);
  return status == RWK_OK ? 0 : cli_fail_status(j->setup.ctx, status);
}

/* ---- starting weights ---- */

/* Weights as the JSON that they might have come from; NULL when memory runs out. */
static char *weights_text(const rwk_weights *weights) {
  json_t *root = json_object(), *layers = json_array();
  for (size_t l = 0; l < rwk_weights_layers(weights); l++) {
    const double *W, *b;
    size_t inputs, outputs;
    if (rwk_weights_layer(&W, &b, &inputs, &outputs, weights, l) != RWK_OK) break;
    json_t *rows = json_array(), *biases = b ? json_array() : json_null(), *entry = json_object();
    for (size_t i = 0; i < inputs; i++) {
      json_t *row = json_array();
      for (size_t k = 0; k < outputs; k++) json_array_append_new(row, json_real(W[i * outputs + k]));
      json_array_append_new(rows, row);
    }
    for (size_t k = 0; b && k < outputs; k++) json_array_append_new(biases, json_real(b[k]));
    json_object_set_new(entry, "W", rows);
    json_object_set_new(entry, "b", biases);
    json_array_append_new(layers, entry);
  }
  json_object_set_new(root, "layers", layers);
  char *text = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(17));
  json_decref(root);
  char *copy = text && !cli_memory_short() ? strdup(text) : NULL;
  cli_json_free(text);
  return copy;
}

static int read_init(cli_job *j) {
  const char *file = j->args.value[CLI_INIT], *kept = NULL;
  rwk_context *ctx = j->setup.ctx;
  if (!file) return 0;
  if (j->resumed) {
    const rwk_status status = rwk_run_get(&kept, j->run, "init");
    if (status != RWK_OK) return cli_fail_status(ctx, status);
  } else {
    j->init_text = read_file(file);
    if (!j->init_text) return cli_fail(CLI_DATA, "--init: %s cannot be read", file);
    kept = j->init_text;
  }
  rwk_weights *weights;
  rwk_status status = RWK_OK;
  if (kept && !memcmp(kept, "PK", 2)) { /* NumPy's archive is kept as JSON */
    status = rwk_weights_read(&weights, ctx, file);
    if (status != RWK_OK) return cli_fail_status(ctx, status);
    free(j->init_text);
    j->init_text = weights_text(weights);
    rwk_weights_destroy(weights);
    if (!j->init_text) return cli_fail(CLI_NUMERICAL, "memory ran out");
    kept = j->init_text;
  }
  status = rwk_weights_parse(&weights, ctx, file, kept ? kept : "", kept ? strlen(kept) : 0);
  if (status != RWK_OK) return cli_fail_status(ctx, status);
  const int code = cli_load_weights(&j->init, &j->setup, weights, file);
  rwk_weights_destroy(weights);
  j->settings.init = j->init;
  return code;
}

/* ---- folds ---- */

int cli_job_whole(size_t *n, const cli_args *args, cli_option option, long long least, long long most) {
  long long x;
  if (!args->value[option]) return 0;
  if (cli_whole(&x, args->value[option], least, most))
    return cli_fail(CLI_USAGE, "--%s: '%s' is not a whole number from %lld to %lld", cli_option_name(option),
                    args->value[option], least, most);
  *n = (size_t)x;
  return 0;
}

int cli_job_folds(rwk_folds **folds, cli_job *j) {
  const cli_args *args = &j->args;
  const cli_setup *s = &j->setup;
  rwk_folds_settings f;
  rwk_folds_settings_init(&f);
  if (cli_job_whole(&f.count, args, CLI_FOLDS, 2, 10000) ||
      cli_job_whole(&f.repeats, args, CLI_REPEATS, 1, 1000))
    return CLI_USAGE;
  if (args->value[CLI_FOLDS] && args->value[CLI_FOLD_COLUMN])
    return cli_fail(CLI_USAGE, "--folds and --fold-column exclude each other");
  if (args->value[CLI_HOLDOUT]) {
    double share;
    if (cli_number(&share, args->value[CLI_HOLDOUT]) || !(share > 0 && share <= 0.5))
      return cli_fail(CLI_USAGE, "--holdout: '%s' is not a share of the rows, above 0 and at most 0.5",
                      args->value[CLI_HOLDOUT]);
    if (args->value[CLI_FOLDS] || args->value[CLI_FOLD_COLUMN])
      return cli_fail(CLI_USAGE, "--holdout and --%s exclude each other: one part is held out",
                      args->value[CLI_FOLDS] ? "folds" : "fold-column");
    f.count = (size_t)(1 / share + 0.5);
  }
  f.seed = j->settings.seed;
  f.column = args->value[CLI_FOLD_COLUMN];
  f.group = args->value[CLI_GROUP];
  f.stratify = !args->value[CLI_NO_STRATIFY];
  const rwk_status status = rwk_folds_create(folds, s->ctx, s->table, s->raw, &f);
  return status == RWK_OK ? 0 : cli_fail_status(s->ctx, status);
}

/* ---- all of it ---- */

int cli_job_reopen(cli_job *j) {
  int code = cli_context(&j->setup.ctx, &j->args);
  if (code || !j->resumed) return code;
  const rwk_status status = rwk_run_open(&j->run, j->setup.ctx, j->out, !j->worker);
  if (status != RWK_OK) return cli_fail_status(j->setup.ctx, status);
  code = cli_kept_verb(&j->args, j->run, j->out);
  return code ? code : cli_kept_options(&j->args, &j->kept, &j->data, j->setup.ctx, j->run, j->out);
}

int cli_job_prepare(cli_job *j) {
  int code = cli_job_reopen(j);
  if (!code) code = cli_job_settings(j);
  if (!code) code = cli_read_design(&j->setup, j->data, &j->args);
  if (!code) code = cli_make_network(&j->setup, &j->args, NULL, 0);
  if (!code && j->args.value[CLI_LAMBDA]) {
    code = cli_lambda(&j->lambda, &j->settings.lambda_count, j->setup.ctx, j->args.value[CLI_LAMBDA],
                      j->setup.scale.lambda_scale);
    j->settings.lambda = j->lambda;
  }
  if (!code) code = read_init(j);
  if (!code) code = cli_job_open_run(j);
  return code;
}

int cli_job_begin(cli_job *j, const cli_args *args) {
  const char *verb = cli_verb_name(args->verb), *resume = args->value[CLI_RESUME];
  j->args = *args;
  if (args->operand_count > 1 || (args->operand_count == 0 && !resume))
    return cli_fail(CLI_USAGE,
                    "%s wants one table: ridgewalk %s DATA --target NAME; ridgewalk %s --help tells more",
                    verb, verb, verb);
  if (resume && args->value[CLI_OUT])
    return cli_fail(CLI_USAGE, "--resume writes to the run file it is given; leave --out away");
  if (args->operand_count) j->data = args->operands[0];
  j->resumed = resume != NULL;
  const char *out = resume ? resume : args->value[CLI_OUT];
  j->out = out ? strdup(out) : default_out(j->data);
  if (!j->out) return cli_fail(CLI_NUMERICAL, "memory ran out");
  cli_catch_signals();
  return 0;
}

void cli_job_release(cli_job *j) {
  free(j->init);
  free(j->init_text);
  if (j->lambda) rwk_lambda_destroy(j->setup.ctx, j->lambda);
  free(j->out);
  json_decref(j->kept);
  cli_setup_release(&j->setup);
}

/* What the run file holds: the last fit may not have reached it. */
static long long kept(const cli_job *j) {
  size_t fits = 0, fold_fits = 0;
  if (j->shared && rwk_run_refresh(j->run) != RWK_OK) return 0;
  if (rwk_run_fit_count(&fits, j->run) != RWK_OK || rwk_run_fold_fit_count(&fold_fits, j->run) != RWK_OK)
    return 0;
  return (long long)fits + (long long)fold_fits;
}

int cli_job_stopped(const cli_job *j, rwk_status status) {
  const char *verb = cli_verb_name(j->args.verb);
  const long long done = kept(j), total = (long long)j->total > done ? (long long)j->total : done;
  if (j->bar) fputc('\n', stderr);
  if (status == RWK_CANCELLED)
    return cli_fail(CLI_INTERRUPTED, "%s: %lld of %lld fits are kept; go on with: ridgewalk %s --resume %s",
                    cli_why_stopped(), done, total, verb, j->out);
  const int code = cli_fail_status(j->setup.ctx, status);
  if (done)
    cli_say("%lld of %lld fits are kept; once that is mended, go on with: ridgewalk %s --resume %s", done,
            total, verb, j->out);
  return code;
}

int cli_job_show(cli_job *j, int code, int (*show)(cli_stored *stored, const cli_args *args),
                 const cli_args *args) {
  const rwk_status closed = rwk_run_close(j->run);
  if (closed != RWK_OK && code < CLI_USAGE) code = cli_fail_status(j->setup.ctx, closed);
  if (code || j->worker) return code;
  cli_stored stored;
  code = cli_stored_open(&stored, j->setup.ctx, j->out);
  stored.report.file = j->out;
  if (!code) code = show(&stored, args);
  cli_stored_close(&stored);
  return code;
}

void cli_progress_bar(int64_t done, int64_t total, double seconds, double remaining, const char *more) {
  enum { WIDTH = 30 };
  const int filled = (int)(WIDTH * done / (total ? total : 1));
  fprintf(stderr, "\r[");
  for (int i = 0; i < WIDTH; i++) fputc(i < filled ? '#' : '.', stderr);
  fprintf(stderr, "] %lld of %lld fits%s, %.0f s, %.0f s to go   ", (long long)done, (long long)total, more,
          seconds, isfinite(remaining) ? remaining : 0);
  if (done == total) fprintf(stderr, "\r%*s\r", WIDTH + 80, "");
  fflush(stderr);
}
