/* From a table and options to a network. */
#include <stdlib.h>
#include <string.h>
#include "cli/rows.h"

static void note(const char *text, void *payload) {
  char shown[4096];
  (void)payload;
  fprintf(stderr, "note: %s\n", rwk_text_shown(shown, sizeof shown, text));
}

int cli_context(rwk_context **ctx, const cli_args *args) {
  rwk_context_settings s;
  rwk_context_settings_init(&s);
  long long threads = 0;
  size_t most = 0;
  double seconds;
  if (args->value[CLI_THREADS] && cli_whole(&threads, args->value[CLI_THREADS], 1, 4096))
    return cli_fail(CLI_USAGE, "--threads: '%s' is not a whole number from 1 to 4096",
                    args->value[CLI_THREADS]);
  if (args->value[CLI_MAX_MEMORY] && cli_size(&most, args->value[CLI_MAX_MEMORY]))
    return cli_fail(CLI_USAGE, "--max-memory: '%s' is no size, such as 500M or 2G",
                    args->value[CLI_MAX_MEMORY]);
  if (args->value[CLI_TIME_LIMIT]) {
    if (cli_duration(&seconds, args->value[CLI_TIME_LIMIT]))
      return cli_fail(CLI_USAGE, "--time-limit: '%s' is no time, such as 600, 90m or 8h",
                      args->value[CLI_TIME_LIMIT]);
    cli_time_limit(seconds);
  }
  cli_memory_limit(most);
  s.allocate = cli_allocate;
  s.release = cli_release;
  s.threads = (int)threads;
  s.note = args->value[CLI_QUIET] ? NULL : note;
  s.cancel = cli_interrupted;
  return rwk_context_create(ctx, &s) == RWK_OK ? 0 : cli_fail(CLI_NUMERICAL, "memory ran out");
}

static int one_character(char *c, const char *text, const char *option) {
  if (!strcmp(text, "tab") || !strcmp(text, "\\t"))
    *c = '\t';
  else if (strlen(text) == 1)
    *c = text[0];
  else
    return cli_fail(CLI_USAGE, "--%s: '%s' is not one character", option, text);
  return 0;
}

int cli_read_table(rwk_table **table, rwk_context *ctx, const char *file, const cli_args *args) {
  rwk_table_settings s;
  rwk_table_settings_init(&s);
  *table = NULL;
  if (args->value[CLI_SEP] && one_character(&s.separator, args->value[CLI_SEP], "sep")) return CLI_USAGE;
  if (args->value[CLI_DECIMAL] && one_character(&s.decimal, args->value[CLI_DECIMAL], "decimal"))
    return CLI_USAGE;
  if (args->value[CLI_HEADER] && args->value[CLI_NO_HEADER])
    return cli_fail(CLI_USAGE, "--header and --no-header exclude each other");
  if (args->value[CLI_HEADER]) s.header = RWK_HEADER_YES;
  if (args->value[CLI_NO_HEADER]) s.header = RWK_HEADER_NO;
  const char **na = NULL;
  char *buffer = NULL;
  if (args->value[CLI_NA] && cli_split(&na, &s.na_count, &buffer, args->value[CLI_NA])) return CLI_NUMERICAL;
  s.na = na;
  const rwk_status status = rwk_table_read(table, ctx, file, &s);
  free(na);
  free(buffer);
  return status == RWK_OK ? 0 : cli_fail_status(ctx, status);
}

static int choice(int *which, const char *text, const char *option, const char *first, const char *second) {
  if (!text || !strcmp(text, first))
    *which = 0;
  else if (!strcmp(text, second))
    *which = 1;
  else
    return cli_fail(CLI_USAGE, "--%s: '%s' is neither %s nor %s", option, text, first, second);
  return 0;
}

/* The columns that say which rows are held out together are no features. */
static int exclude_folds(const char ***list, rwk_design_settings *d, const cli_args *args) {
  *list = malloc((d->exclude_count + 2) * sizeof **list);
  if (!*list) return cli_fail(CLI_NUMERICAL, "memory ran out");
  for (size_t k = 0; k < d->exclude_count; k++) (*list)[k] = d->exclude[k];
  d->exclude = *list;
  if (args->value[CLI_FOLD_COLUMN]) (*list)[d->exclude_count++] = args->value[CLI_FOLD_COLUMN];
  if (args->value[CLI_GROUP]) (*list)[d->exclude_count++] = args->value[CLI_GROUP];
  return 0;
}

/* The design without scales stands beside the one of all rows that is made of it. */
static rwk_status keep_raw(cli_setup *s, int standardise) {
  s->raw = s->design;
  s->design = NULL;
  const size_t rows = rwk_design_rows(s->raw);
  size_t *all = malloc(rows * sizeof *all);
  if (!all) return RWK_NO_MEMORY;
  for (size_t i = 0; i < rows; i++) all[i] = i;
  const rwk_status status = rwk_design_subset(&s->design, s->ctx, s->raw, all, rows, NULL, standardise);
  free(all);
  return status;
}

/* What --loss says of the target. Without it text is classes and numbers are numbers. */
static int read_loss(rwk_design_settings *d, const cli_args *args) {
  const char *text = args->value[CLI_LOSS];
  rwk_loss loss = RWK_LOSS_MSE;
  d->target_kind = RWK_TARGET_TEXT;
  if (!text) return 0;
  if (!strcmp(text, "auto")) {
    d->target_kind = RWK_TARGET_AUTO;
    return 0;
  }
  if (rwk_loss_from_name(&loss, text) != RWK_OK)
    return cli_fail(CLI_USAGE, "--loss: '%s' is none of auto, mse, logistic, softmax", text);
  d->target_kind = loss == RWK_LOSS_MSE ? RWK_TARGET_NUMBERS : RWK_TARGET_CLASSES;
  d->output_per_class = loss == RWK_LOSS_SOFTMAX;
  return 0;
}

/* Two values on all rows? They may be classes that nobody said are. */
static int two_values(const rwk_design *d) {
  const double *Y = rwk_design_Y(d), first = Y[0];
  double second = first;
  for (size_t i = 1; i < rwk_design_rows(d); i++) {
    if (second == first) second = Y[i];
    if (Y[i] != first && Y[i] != second) return 0;
  }
  return second != first;
}

static int choose_loss(cli_setup *s, const cli_args *args) {
  const size_t classes = rwk_design_classes(s->design), outputs = rwk_design_outputs(s->design);
  const char *text = args->value[CLI_LOSS];
  s->loss = classes == 0 ? RWK_LOSS_MSE : outputs == 1 ? RWK_LOSS_LOGISTIC : RWK_LOSS_SOFTMAX;
  if (text && !strcmp(text, "logistic") && classes > 2)
    return cli_fail(CLI_DATA, "--loss logistic: the target has %zu classes; --loss softmax takes any number",
                    classes);
  if (!text && classes == 0 && outputs == 1 && !args->value[CLI_QUIET] && two_values(s->design))
    fprintf(stderr, "note: the target has two different values, and is fitted as a number; --loss logistic "
                    "takes them for classes\n");
  return 0;
}

int cli_read_design(cli_setup *s, const char *file, const cli_args *args) {
  rwk_design_settings d;
  rwk_design_settings_init(&d);
  int error_on_text = 0, drop = 0;
  if (choice(&error_on_text, args->value[CLI_CATEGORICAL], "categorical", "one-hot", "error"))
    return CLI_USAGE;
  if (choice(&drop, args->value[CLI_MISSING], "missing", "error", "drop")) return CLI_USAGE;
  d.categorical = error_on_text ? RWK_CATEGORICAL_ERROR : RWK_CATEGORICAL_ONE_HOT;
  d.missing = drop ? RWK_MISSING_DROP : RWK_MISSING_ERROR;
  /* the weights say which columns there are */
  d.keep_constant = args->verb == CLI_CERTIFY || (args->verb == CLI_COMPARE && args->value[CLI_INIT]);
  const int folds = args->verb == CLI_CV || args->verb == CLI_SEARCH;
  d.standardise = !args->value[CLI_NO_STANDARDIZE] && !folds;
  d.row_weights = args->value[CLI_ROW_WEIGHTS];
  if (read_loss(&d, args)) return CLI_USAGE;
  const struct {
    cli_option option;
    const char *const **names;
    size_t *count;
  } lists[] = {{CLI_TARGET, &d.targets, &d.target_count},
               {CLI_EXCLUDE, &d.exclude, &d.exclude_count},
               {CLI_CATEGORIES, &d.categories, &d.category_count}};
  const char **names[3] = {NULL};
  char *buffers[3] = {NULL};
  rwk_table *table = NULL;
  const char **exclude = NULL;
  int code = 0;
  for (size_t k = 0; k < 3 && !code; k++) {
    if (!args->value[lists[k].option]) continue;
    code = cli_split(&names[k], lists[k].count, &buffers[k], args->value[lists[k].option]);
    *lists[k].names = names[k];
  }
  if (!code) code = exclude_folds(&exclude, &d, args);
  if (!code) code = cli_read_table(&table, s->ctx, file, args);
  if (!code) {
    rwk_status status = rwk_design_create(&s->design, s->ctx, table, &d);
    if (status == RWK_OK && folds) status = keep_raw(s, !args->value[CLI_NO_STANDARDIZE]);
    if (status != RWK_OK) code = cli_fail_status(s->ctx, status);
  }
  if (!code && !args->value[CLI_TARGET] && !args->value[CLI_QUIET]) {
    char shown[256];
    fprintf(stderr, "note: the target is the last column, '%s' (--target to say otherwise)\n",
            rwk_text_shown(shown, sizeof shown,
                           rwk_design_classes(s->design) ? rwk_design_class_column(s->design)
                                                         : rwk_design_output_name(s->design, 0)));
  }
  if (folds && !code)
    s->table = table;
  else
    rwk_table_destroy(table);
  free(exclude);
  for (size_t k = 0; k < 3; k++) {
    free(names[k]);
    free(buffers[k]);
  }
  if (!code) code = choose_loss(s, args);
  if (code) return code;
  s->n = 0;
  const double *weights = rwk_design_row_weights(s->design);
  for (size_t i = 0; i < rwk_design_rows(s->design); i++) s->n += weights ? weights[i] : 1;
  return 0;
}

static int read_hidden(cli_setup *s, const char *text) {
  const char **parts;
  char *buffer;
  size_t n;
  int code = cli_split(&parts, &n, &buffer, text);
  if (code) return code;
  s->hidden = malloc(n * sizeof *s->hidden);
  if (!s->hidden) code = cli_fail(CLI_NUMERICAL, "memory ran out");
  for (size_t i = 0; i < n && !code; i++) {
    long long width;
    if (cli_whole(&width, parts[i], n == 1 ? 0 : 1, 10000000))
      code = cli_fail(CLI_USAGE, "--hidden: '%s' is not a list of widths, such as 16 or 16,8", text);
    else if (width > 0)
      s->hidden[s->hidden_count++] = (size_t)width;
  }
  free(parts);
  free(buffer);
  return code;
}

int cli_network_settings(rwk_mlp_settings *m, cli_setup *s, const cli_args *args, const size_t *hidden,
                         size_t hidden_count) {
  rwk_convention convention = RWK_CONVENTION_MSE;
  rwk_mlp_settings_init(m);
  if (args->value[CLI_CONVENTION] &&
      rwk_convention_from_name(&convention, args->value[CLI_CONVENTION]) != RWK_OK)
    return cli_fail(CLI_USAGE, "--convention: '%s' is none of mse, half-sse, nnet, sklearn, torch, keras",
                    args->value[CLI_CONVENTION]);
  if (args->value[CLI_ACTIVATION] &&
      rwk_activation_from_name(&m->activation, args->value[CLI_ACTIVATION]) != RWK_OK)
    return cli_fail(CLI_USAGE, "--activation: '%s' is none of tanh, logistic, softplus, relu, identity",
                    args->value[CLI_ACTIVATION]);
  const rwk_status status = rwk_convention_scale_of(&s->scale, convention, s->loss, s->n);
  if (status == RWK_NOT_IMPLEMENTED)
    return cli_fail(CLI_USAGE,
                    "--convention %s: its objective is of squared errors; take another, or --loss mse",
                    rwk_convention_name(convention));
  if (status != RWK_OK) return cli_fail_status(s->ctx, status);
  if (args->value[CLI_PENALISE_BIASES]) s->scale.penalise_biases = 1;
  if (!hidden && s->hidden) {
    hidden = s->hidden;
    hidden_count = s->hidden_count;
  }
  if (!hidden) {
    const int code = read_hidden(s, args->value[CLI_HIDDEN] ? args->value[CLI_HIDDEN] : "8");
    if (code) return code;
    hidden = s->hidden;
    hidden_count = s->hidden_count;
  }
  s->activation = m->activation;
  m->hidden = hidden;
  m->hidden_count = hidden_count;
  m->hidden_bias = !args->value[CLI_NO_HIDDEN_BIAS];
  m->output_bias = !args->value[CLI_NO_OUTPUT_BIAS];
  m->penalise_biases = s->scale.penalise_biases;
  m->loss_scale = s->scale.loss_scale;
  m->loss = s->loss;
  return 0;
}

int cli_make_network(cli_setup *s, const cli_args *args, const size_t *hidden, size_t hidden_count) {
  rwk_mlp_settings m;
  rwk_mlp_party party;
  int code = cli_network_settings(&m, s, args, hidden, hidden_count);
  if (code) return code;
  const rwk_mlp_data data = {.X = rwk_design_X(s->design),
                             .ldx = rwk_design_inputs(s->design),
                             .Y = rwk_design_Y(s->design),
                             .ldy = rwk_design_outputs(s->design),
                             .row_weights = rwk_design_row_weights(s->design),
                             .rows = rwk_design_rows(s->design),
                             .inputs = rwk_design_inputs(s->design),
                             .outputs = rwk_design_outputs(s->design)};
  if (s->split) code = cli_rows_deal(s, &m, &party, &data, args);
  if (code) return code;
  const rwk_status status = rwk_mlp_create(&s->mlp, s->ctx, &data, &m);
  return status == RWK_OK ? 0 : cli_fail_status(s->ctx, status);
}

int cli_load_weights(double **w, const cli_setup *s, const rwk_weights *weights, const char *file) {
  const size_t layers = rwk_mlp_layer_count(s->mlp), dim = rwk_problem_dim(rwk_mlp_problem(s->mlp));
  if (rwk_weights_layers(weights) != layers)
    return cli_fail(CLI_DATA, "%s: %zu layers of weights, but the network has %zu", file,
                    rwk_weights_layers(weights), layers);
  *w = calloc(dim, sizeof **w);
  if (!*w) return cli_fail(CLI_NUMERICAL, "memory ran out");
  for (size_t l = 0; l < layers; l++) {
    rwk_mlp_layer layer;
    const double *W, *b;
    size_t inputs, outputs;
    rwk_status status = rwk_mlp_layer_get(&layer, s->mlp, l);
    if (status == RWK_OK) status = rwk_weights_layer(&W, &b, &inputs, &outputs, weights, l);
    if (status != RWK_OK) return cli_fail_status(s->ctx, status);
    if (inputs != layer.inputs || outputs != layer.outputs)
      return cli_fail(CLI_DATA,
                      "%s: layers[%zu].W is %zu x %zu (a row per input), but the network wants %zu x %zu%s",
                      file, l, inputs, outputs, layer.inputs, layer.outputs,
                      l == 0 ? " (the table's encoded features are the inputs)" : "");
    memcpy(*w + layer.W, W, inputs * outputs * sizeof **w);
    if (!layer.has_bias) {
      for (size_t j = 0; b && j < outputs; j++)
        if (b[j] != 0)
          return cli_fail(CLI_DATA, "%s: layers[%zu].b[%zu] is %g, but this layer has no biases here", file,
                          l, j, b[j]);
    } else if (b) {
      memcpy(*w + layer.b, b, outputs * sizeof **w);
    }
  }
  rwk_mlp_centre(*w, NULL, s->mlp);
  return 0;
}

int cli_algebra(rwk_algebra *algebra, const cli_args *args) {
  const char *text = args->value[CLI_ALGEBRA];
  if (!text || !strcmp(text, "auto"))
    *algebra = RWK_ALGEBRA_AUTO;
  else if (!strcmp(text, "dense"))
    *algebra = RWK_ALGEBRA_DENSE;
  else if (!strcmp(text, "krylov"))
    *algebra = RWK_ALGEBRA_KRYLOV;
  else
    return cli_fail(CLI_USAGE, "--algebra: '%s' is none of auto, dense, krylov", text);
  return 0;
}

void cli_setup_release(cli_setup *s) {
  rwk_mlp_destroy(s->mlp);
  cli_rows_release(s);
  rwk_design_destroy(s->design);
  rwk_design_destroy(s->raw);
  rwk_table_destroy(s->table);
  free(s->hidden);
  rwk_context_destroy(s->ctx);
  *s = (cli_setup){0};
}
