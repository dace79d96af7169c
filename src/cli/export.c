/* The verb export: weights and scales of one fit, as JSON, CSV, C or ONNX. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/export.h"

static const struct {
  const char *name;
  int (*write)(FILE *to, const cli_network *n);
  int binary;
} formats[] = {{"json", cli_export_json, 0},
               {"c", cli_export_c, 0},
               {"onnx", cli_export_onnx, 1},
               {"csv", cli_export_csv, 0}};

enum { FORMATS = sizeof formats / sizeof *formats };

static int find_format(size_t *format, const cli_args *args) {
  const char *name = args->value[CLI_FORMAT], *out = args->value[CLI_OUT];
  if (!name && out && (name = strrchr(out, '.'))) name++;
  if (!name) return cli_fail(CLI_USAGE, "export: --format is needed: json, c, onnx or csv");
  for (*format = 0; *format < FORMATS; ++*format)
    if (!strcmp(formats[*format].name, name)) return 0;
  return cli_fail(CLI_USAGE, "--format: '%s' is none of json, c, onnx, csv", name);
}

/* Members side by side: blocks of W on the diagonal; the first layer shares its inputs, the last adds up. */
static int merge(cli_network *n, const cli_model *m) {
  const size_t members = m->members;
  for (size_t l = 0; l < n->count; l++) {
    const int first = l == 0, last = l + 1 == n->count;
    const double share = last ? 1 / (double)members : 1;
    rwk_mlp_layer from;
    const rwk_status status = rwk_mlp_layer_get(&from, m->mlp, l);
    if (status != RWK_OK) return cli_fail_status(n->stored->ctx, status);
    cli_layer *to = &n->layers[l];
    to->inputs = first ? from.inputs : members * from.inputs;
    to->outputs = last ? from.outputs : members * from.outputs;
    to->W = calloc(to->inputs * to->outputs, sizeof *to->W);
    to->b = calloc(to->outputs, sizeof *to->b);
    if (!to->W || !to->b) return cli_fail(CLI_NUMERICAL, "memory ran out");
    for (size_t k = 0; k < members; k++) {
      const double *w = m->w + k * m->dim;
      const size_t row = first ? 0 : k * from.inputs, column = last ? 0 : k * from.outputs;
      for (size_t i = 0; i < from.inputs; i++)
        for (size_t j = 0; j < from.outputs; j++)
          to->W[(row + i) * to->outputs + column + j] += share * w[from.W + i * from.outputs + j];
      for (size_t j = 0; from.has_bias && j < from.outputs; j++) to->b[column + j] += share * w[from.b + j];
    }
  }
  return 0;
}

static int take_scales(cli_network *n, const cli_model *m) {
  n->input_mean = calloc(n->inputs, sizeof(double));
  n->input_scale = calloc(n->inputs, sizeof(double));
  n->target_mean = calloc(n->outputs, sizeof(double));
  n->target_scale = calloc(n->outputs, sizeof(double));
  if (!n->input_mean || !n->input_scale || !n->target_mean || !n->target_scale)
    return cli_fail(CLI_NUMERICAL, "memory ran out");
  rwk_status status = RWK_OK;
  for (size_t i = 0; i < n->inputs && status == RWK_OK; i++)
    status = rwk_design_input_scale(&n->input_mean[i], &n->input_scale[i], m->recipe, i);
  for (size_t k = 0; k < n->outputs && status == RWK_OK; k++)
    status = rwk_design_target_scale(&n->target_mean[k], &n->target_scale[k], m->recipe, k);
  return status == RWK_OK ? 0 : cli_fail_status(n->stored->ctx, status);
}

static int make_network(cli_network *n, const cli_model *m, const cli_stored *s) {
  *n = (cli_network){.model = m,
                     .stored = s,
                     .activation = s->report.activation,
                     .inputs = rwk_design_inputs(m->recipe),
                     .outputs = rwk_design_outputs(m->recipe),
                     .count = rwk_mlp_layer_count(m->mlp)};
  n->layers = calloc(n->count, sizeof *n->layers);
  if (!n->layers) return cli_fail(CLI_NUMERICAL, "memory ran out");
  const int code = merge(n, m);
  return code ? code : take_scales(n, m);
}

static void release_network(cli_network *n) {
  for (size_t l = 0; n->layers && l < n->count; l++) {
    free(n->layers[l].W);
    free(n->layers[l].b);
  }
  free(n->layers);
  free(n->input_mean);
  free(n->input_scale);
  free(n->target_mean);
  free(n->target_scale);
}

static int write_file(const cli_network *n, size_t format, const char *file, const char *run) {
  if (!file && formats[format].binary && isatty(1))
    return cli_fail(CLI_USAGE, "export: %s is not for a terminal; name a file by --out",
                    formats[format].name);
  cli_output out;
  int code = cli_output_open(&out, file, run);
  if (!code) code = formats[format].write(out.to, n);
  return cli_output_close(&out, code);
}

int cli_export(const cli_args *args) {
  if (args->operand_count != 1)
    return cli_fail(CLI_USAGE, "export wants a run file: ridgewalk export RUN --format c --lambda L");
  size_t format;
  rwk_context *ctx;
  int code = find_format(&format, args);
  if (!code) code = cli_context(&ctx, args);
  if (code) return code;
  cli_stored s = {0};
  cli_model m = {0};
  cli_network n = {0};
  code = cli_stored_open(&s, ctx, args->operands[0]);
  if (!code) code = cli_model_open(&m, &s, args);
  if (!code && m.members > 1 && s.report.loss != RWK_LOSS_MSE)
    code = cli_fail(CLI_USAGE,
                    "export: an ensemble of classifiers is a mean of probabilities, which is no network; "
                    "--start 0 exports its lowest minimum");
  if (!code) code = make_network(&n, &m, &s);
  if (!code) code = write_file(&n, format, args->value[CLI_OUT], args->operands[0]);
  if (!code && !rwk_certificate_is_minimum(&m.fit->certificate)) {
    if (!args->value[CLI_QUIET])
      fprintf(stderr, "note: this fit is not a certified minimum (%s)\n",
              cli_verdict_text(&m.fit->certificate));
    code = CLI_UNCERTIFIED;
  }
  release_network(&n);
  cli_model_close(&m);
  cli_stored_close(&s);
  rwk_context_destroy(ctx);
  return code;
}
