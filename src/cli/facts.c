#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/facts.h"

/* What a function prints, as a text to be freed; NULL: memory ran out. */
/* 0 or an exit code, which has been told. */
typedef int (*print_fn)(FILE *to, cli_stored *s);

static char *printed(int *code, print_fn print, cli_stored *s) {
  char *text = NULL;
  size_t length = 0;
  FILE *to = *code ? NULL : open_memstream(&text, &length);
  if (!to) {
    if (!*code) *code = cli_fail(CLI_NUMERICAL, "memory ran out");
    return NULL;
  }
  *code = print(to, s);
  const int bad = ferror(to);
  if ((fclose(to) != 0 || bad) && !*code) *code = cli_fail(CLI_NUMERICAL, "memory ran out");
  return text;
}

static int print_title(FILE *to, cli_stored *s) {
  const char *data = s->report.data, *slash = strrchr(data, '/');
  fputs(slash && slash[1] ? slash + 1 : data, to);
  return 0;
}

static int print_subtitle(FILE *to, cli_stored *s) {
  const cli_report *r = &s->report;
  fprintf(to, "%zu rows, %zu features%s; net ", r->rows, r->features,
          r->targets > 1 && r->loss == RWK_LOSS_MSE ? ", several targets" : "");
  for (size_t l = 0; l < r->layer_count; l++) fprintf(to, "%s%zu", l ? "-" : "", r->layers[l]);
  fprintf(to, " %s, %zu weights%s", r->activation, r->parameters,
          r->scale.penalise_biases ? " (biases penalised)" : " and biases");
  return 0;
}

static int print_objective(FILE *to, cli_stored *s) {
  const cli_report *r = &s->report;
  fprintf(to, "J = %s, R = sum of squared weights%s; %s", r->scale.objective,
          r->scale.penalise_biases ? " and biases" : ", biases free",
          !r->standardised          ? "numbers as they are"
          : r->loss == RWK_LOSS_MSE ? "features and target standardised"
                                    : "features standardised");
  if (r->loss != RWK_LOSS_MSE)
    fprintf(to, "; CE = sum of cross-entropies in nats (%s) of %zu classes", rwk_loss_name(r->loss),
            r->class_count);
  return 0;
}

static int print_paragraph(FILE *to, cli_stored *s) {
  cli_write_verdict(to, s);
  return 0;
}

static int print_remarks(FILE *to, cli_stored *s) {
  if (s->report.count) cli_print_verdict(to, &s->report);
  return rwk_run_cv(s->run) ? cli_print_cv_words(to, s) : 0;
}

/* In single quotes unless it is plain. */
static void quote(FILE *to, const char *word) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+.,:/=@%^";
  if (*word && word[strspn(word, plain)] == 0) {
    fputs(word, to);
    return;
  }
  fputc('\'', to);
  for (; *word; word++) {
    if (*word == '\'')
      fputs("'\\''", to);
    else
      fputc(*word, to);
  }
  fputc('\'', to);
}

static const char *text_of(const cli_stored *s, const char *key) {
  const char *value = NULL;
  return rwk_run_get(&value, s->run, key) == RWK_OK && value ? value : "";
}

static int print_command(FILE *to, cli_stored *s) {
  fprintf(to, "ridgewalk %s ", text_of(s, "verb"));
  quote(to, text_of(s, "data"));
  for (int o = 0; o < CLI_OPTIONS; o++) {
    const char *name = cli_option_name((cli_option)o);
    const char *value = json_string_value(json_object_get(s->options, name));
    if (!cli_option_kept((cli_option)o) || !value) continue;
    fprintf(to, " --%s", name);
    if (!*value) continue;
    fputc(' ', to);
    quote(to, value);
  }
  return 0;
}

/* One sentence about a drop, without its first words, which the table has. */
static void drop_words(char *text, size_t size, const rwk_drop *drop, void *payload) {
  const cli_facts *f = payload;
  FILE *to = size ? fmemopen(text, size, "w") : NULL;
  if (size) text[0] = 0;
  if (!to) {
    if (size) cli_memory_missed();
    return;
  }
  cli_print_drop(to, f->report, drop);
  fclose(to);
  text[size - 1] = 0;
  const char *rest = strstr(text, ". "); /* "  2^-12 -> 2^-11: 0.29 -> 0.28. The branch ..." */
  if (rest) memmove(text, rest + 2, strlen(rest + 2) + 1);
  text[strcspn(text, "\n")] = 0;
}

/* ---- settings ---- */

static int add_setting(cli_facts *f, const char *name, char *value) {
  if (!value) return cli_fail(CLI_NUMERICAL, "memory ran out");
  f->values[f->value_count] = value;
  f->settings[f->value_count][0] = name;
  f->settings[f->value_count][1] = value;
  f->facts.setting_count = ++f->value_count;
  return 0;
}

static char *number_text(double x, const char *unit) {
  char text[64];
  snprintf(text, sizeof text, "%.6g%s", x, unit);
  return strdup(text);
}

static int read_settings(cli_facts *f, const cli_stored *s) {
  enum { FIXED = 12 };
  static const char *const keys[][2] = {{"Table", "data"},
                                        {"Fingerprint of the data", "fingerprint"},
                                        {"Convention", "convention"},
                                        {"Made", "created_at"},
                                        {"Program", "program"}};
  f->values = calloc(CLI_OPTIONS + FIXED, sizeof *f->values);
  f->settings = calloc(CLI_OPTIONS + FIXED, sizeof *f->settings);
  if (!f->values || !f->settings) return cli_fail(CLI_NUMERICAL, "memory ran out");
  int code = 0;
  for (size_t k = 0; k < sizeof keys / sizeof *keys && !code; k++)
    code = add_setting(f, keys[k][0], strdup(text_of(s, keys[k][1])));
  if (!code && isfinite(s->report.seconds))
    code = add_setting(f, "Time", number_text(s->report.seconds, " s"));
  for (int o = 0; o < CLI_OPTIONS && !code; o++) {
    const char *name = cli_option_name((cli_option)o);
    const char *value = json_string_value(json_object_get(s->options, name));
    if (cli_option_kept((cli_option)o) && value) code = add_setting(f, name, strdup(*value ? value : "yes"));
  }
  f->facts.settings = (const char *const(*)[2])f->settings;
  return code;
}

static int read_names(cli_facts *f, cli_stored *s, rwk_context *ctx, const char *file) {
  const cli_report *r = &s->report;
  const rwk_status status = rwk_design_from_recipe(&f->recipe, ctx, cli_stored_text(s, "recipe"));
  if (status != RWK_OK) return cli_fail_status(ctx, status);
  const size_t inputs = rwk_design_inputs(f->recipe), targets = rwk_design_outputs(f->recipe);
  size_t weights = 0;
  const int hidden_bias = json_is_true(json_object_get(s->network, "hidden_bias"));
  const int output_bias = json_is_true(json_object_get(s->network, "output_bias"));
  for (size_t l = 0; l + 1 < r->layer_count; l++) {
    if (r->layers[l] > r->parameters + 1) return cli_fail(CLI_DATA, "%s: not a run file of a path", file);
    const size_t bias = (size_t)(l + 2 < r->layer_count ? hidden_bias : output_bias);
    weights += (r->layers[l] + bias) * r->layers[l + 1];
  }
  if (inputs != r->layers[0] || targets != r->layers[r->layer_count - 1] || weights != r->parameters)
    return cli_fail(CLI_DATA, "%s: its recipe, network and weights do not fit each other", file);
  f->inputs = calloc(inputs, sizeof *f->inputs);
  f->targets = calloc(targets, sizeof *f->targets);
  if (!f->inputs || !f->targets) return cli_fail(CLI_NUMERICAL, "memory ran out");
  for (size_t j = 0; j < inputs; j++) f->inputs[j] = rwk_design_input_name(f->recipe, j);
  for (size_t j = 0; j < targets; j++) f->targets[j] = rwk_design_output_name(f->recipe, j);
  f->facts.inputs = f->inputs;
  f->facts.targets = f->targets;
  f->facts.hidden_bias = hidden_bias;
  f->facts.output_bias = output_bias;
  return 0;
}

/* The lines that are about walks: not the tally, which the paragraph has, nor drops, which the table has. */
static int split_remarks(cli_facts *f) {
  size_t count = 1;
  for (const char *p = f->remarks; *p; p++) count += *p == '\n';
  f->lines = calloc(count, sizeof *f->lines);
  if (!f->lines) return cli_fail(CLI_NUMERICAL, "memory ran out");
  int tally = 1;
  for (char *p = f->remarks; *p;) {
    char *end = p + strcspn(p, "\n");
    const int more = *end != 0;
    *end = 0;
    if (*p && *p != ' ') {
      if (!tally) f->lines[f->facts.remark_count++] = p;
      tally = 0;
    }
    p = end + more;
  }
  f->facts.remarks = f->lines;
  return 0;
}

int cli_facts_open(cli_facts *f, cli_stored *s, rwk_context *ctx, const char *file) {
  const cli_report *r = &s->report;
  int code = 0;
  *f = (cli_facts){.report = r};
  f->title = printed(&code, print_title, s);
  f->subtitle = printed(&code, print_subtitle, s);
  f->objective = printed(&code, print_objective, s);
  f->verdict = printed(&code, print_paragraph, s);
  f->remarks = printed(&code, print_remarks, s);
  f->command = printed(&code, print_command, s);
  if (code) return code;
  f->facts.title = f->title;
  f->facts.subtitle = f->subtitle;
  f->facts.objective = f->objective;
  f->facts.verdict = f->verdict;
  f->facts.command = f->command;
  f->facts.lambda = r->scale.lambda;
  f->facts.lambda_scale = r->scale.lambda_scale;
  f->facts.loss_scale = r->scale.loss_scale * r->n;
  f->facts.loss_word = cli_loss_word(r);
  f->facts.loss_title = r->loss == RWK_LOSS_MSE ? "Mean squared error" : "Mean cross-entropy";
  f->facts.layers = r->layers;
  f->facts.layer_count = r->layer_count;
  f->facts.drop_words = drop_words;
  f->facts.payload = f;
  code = split_remarks(f);
  if (!code) code = read_settings(f, s);
  if (!code) code = read_names(f, s, ctx, file);
  return code;
}

void cli_facts_release(cli_facts *f) {
  for (size_t k = 0; k < f->value_count; k++) free(f->values[k]);
  free(f->values);
  free(f->settings);
  free(f->title);
  free(f->subtitle);
  free(f->objective);
  free(f->verdict);
  free(f->remarks);
  free(f->command);
  free(f->lines);
  free(f->inputs);
  free(f->targets);
  rwk_design_destroy(f->recipe);
  *f = (cli_facts){0};
}
