/* A model as JSON, as CSV and as C. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/export.h"
#include "cli/json.h"

/* ---- JSON: what certify --weights reads, and the recipe of scales ---- */

static json_t *numbers(const double *x, size_t count) {
  json_t *list = json_array();
  for (size_t k = 0; k < count; k++) json_array_append_new(list, json_real(x[k]));
  return list;
}

int cli_export_json(FILE *to, const cli_network *n) {
  const cli_report *r = &n->stored->report;
  json_t *root = json_object(), *layers = json_array();
  for (size_t l = 0; l < n->count; l++) {
    const cli_layer *layer = &n->layers[l];
    json_t *W = json_array();
    for (size_t i = 0; i < layer->inputs; i++)
      json_array_append_new(W, numbers(layer->W + i * layer->outputs, layer->outputs));
    json_t *entry = json_object();
    json_object_set_new(entry, "W", W);
    json_object_set_new(entry, "b", numbers(layer->b, layer->outputs));
    json_array_append_new(layers, entry);
  }
  json_object_set_new(root, "layers", layers);
  json_object_set_new(root, "activation", json_string(n->activation));
  json_object_set_new(root, "loss", json_string(rwk_loss_name(r->loss)));
  json_object_set_new(root, "lambda", json_real(cli_user_lambda(r, n->model->fit->lambda)));
  json_object_set_new(root, "convention", json_string(r->scale.name));
  json_object_set_new(root, "members", json_integer((json_int_t)n->model->members));
  char *recipe = NULL;
  if (rwk_design_recipe(&recipe, n->stored->ctx, n->model->recipe) == RWK_OK)
    json_object_set_new(root, "recipe", json_loads(recipe, 0, NULL));
  else
    cli_memory_missed();
  rwk_text_destroy(n->stored->ctx, recipe);
  return cli_print_json(to, root);
}

/* ---- CSV: a line a weight ---- */

static void put_cell(FILE *to, const char *text) {
  char shown[256];
  if (isatty(fileno(to))) text = rwk_text_shown(shown, sizeof shown, text);
  fputc('"', to);
  for (; *text; text++) {
    if (*text == '"') fputc('"', to);
    fputc(*text, to);
  }
  fputc('"', to);
}

static void put_unit(FILE *to, const cli_network *n, size_t layer, size_t unit) {
  if (layer == 0)
    put_cell(to, rwk_design_input_name(n->model->recipe, unit));
  else if (layer == n->count)
    put_cell(to, rwk_design_output_name(n->model->recipe, unit));
  else
    fprintf(to, "unit %zu", unit + 1);
}

int cli_export_csv(FILE *to, const cli_network *n) {
  fprintf(to, "layer,from,to,weight\n");
  for (size_t l = 0; l < n->count; l++) {
    const cli_layer *layer = &n->layers[l];
    for (size_t i = 0; i <= layer->inputs; i++)
      for (size_t j = 0; j < layer->outputs; j++) {
        fprintf(to, "%zu,", l + 1);
        if (i == layer->inputs)
          fprintf(to, "(bias)");
        else
          put_unit(to, n, l, i);
        fputc(',', to);
        put_unit(to, n, l + 1, j);
        fprintf(to, ",%.17g\n", i == layer->inputs ? layer->b[j] : layer->W[i * layer->outputs + j]);
      }
  }
  return 0;
}

/* ---- C ---- */

/* A name inside a comment: nothing that ends it, and nothing that makes the code look like other code. */
static void put_comment(FILE *to, const char *text) {
  char shown[400];
  for (const char *p = rwk_text_shown(shown, sizeof shown, text); *p; p++)
    fputc(*p == '*' || *p == '\\' || *p == '?' ? '_' : *p, to);
}

static void put_array(FILE *to, const char *name, size_t number, const double *x, size_t count) {
  fprintf(to, "  static const double %s", name);
  if (number) fprintf(to, "%zu", number);
  fprintf(to, "[%zu] = {", count);
  for (size_t k = 0; k < count; k++)
    fprintf(to, "%s%.17g", k == 0 ? "\n    " : k % 4 ? ", " : ",\n    ", x[k]);
  fprintf(to, "};\n");
}

static const char *c_activation(const char *name) {
  if (!strcmp(name, "tanh")) return "tanh(z)";
  if (!strcmp(name, "logistic")) return "z < 0 ? exp(z) / (1 + exp(z)) : 1 / (1 + exp(-z))";
  if (!strcmp(name, "softplus")) return "(z > 0 ? z : 0) + log1p(exp(-fabs(z)))";
  if (!strcmp(name, "relu")) return "z > 0 ? z : 0";
  return "z";
}

static void put_probabilities(FILE *to, rwk_loss loss, size_t outputs) {
  if (loss == RWK_LOSS_LOGISTIC)
    fprintf(to,
            "  for (int k = 0; k < %zu; k++) y[k] = y[k] < 0 ? exp(y[k]) / (1 + exp(y[k])) : 1 / (1 + "
            "exp(-y[k]));\n",
            outputs);
  if (loss == RWK_LOSS_SOFTMAX)
    fprintf(
        to,
        "  double most = y[0], sum = 0;\n  for (int k = 1; k < %zu; k++) most = y[k] > most ? y[k] : most;\n"
        "  for (int k = 0; k < %zu; k++) sum += y[k] = exp(y[k] - most);\n"
        "  for (int k = 0; k < %zu; k++) y[k] /= sum;\n",
        outputs, outputs, outputs);
}

int cli_export_c(FILE *to, const cli_network *n) {
  char text[32];
  const rwk_design *d = n->model->recipe;
  fprintf(to, "/* A network fitted by ridgewalk %s, at %s = %s", rwk_version(),
          n->stored->report.scale.lambda,
          cli_lambda_text(text, cli_user_lambda(&n->stored->report, n->model->fit->lambda)));
  if (n->model->members > 1) fprintf(to, "; the mean of %zu minima, side by side", n->model->members);
  fprintf(to, ".\n *\n * Numbers go in as they stand in the table, and come out %s:\n",
          n->stored->report.loss == RWK_LOSS_MSE ? "in the target's own units" : "as probabilities");
  for (size_t i = 0; i < n->inputs; i++) {
    fprintf(to, " *   x[%zu]  ", i);
    put_comment(to, rwk_design_input_name(d, i));
    fputc('\n', to);
  }
  for (size_t k = 0; k < n->outputs; k++) {
    fprintf(to, " *   y[%zu]  ", k);
    put_comment(to, rwk_design_output_name(d, k));
    fputc('\n', to);
  }
  fprintf(to, " * NAME=LEVEL is 1 where the column has that level and 0 where not. C99, and nothing but the "
              "C library "
              "(-lm).\n */\n#include <math.h>\n\nvoid predict(const double *x, double *y);\n\n"
              "void predict(const double *x, double *y) {\n");
  put_array(to, "input_mean", 0, n->input_mean, n->inputs);
  put_array(to, "input_scale", 0, n->input_scale, n->inputs);
  put_array(to, "target_mean", 0, n->target_mean, n->outputs);
  put_array(to, "target_scale", 0, n->target_scale, n->outputs);
  for (size_t l = 0; l < n->count; l++) {
    put_array(to, "W", l + 1, n->layers[l].W, n->layers[l].inputs * n->layers[l].outputs);
    put_array(to, "b", l + 1, n->layers[l].b, n->layers[l].outputs);
  }
  fprintf(
      to,
      "  double a0[%zu];\n  for (int i = 0; i < %zu; i++) a0[i] = (x[i] - input_mean[i]) / input_scale[i];\n",
      n->inputs, n->inputs);
  for (size_t l = 0; l < n->count; l++) {
    const cli_layer *layer = &n->layers[l];
    const int last = l + 1 == n->count;
    fprintf(to,
            "  double a%zu[%zu];\n  for (int j = 0; j < %zu; j++) {\n    double z = b%zu[j];\n"
            "    for (int i = 0; i < %zu; i++) z += a%zu[i] * W%zu[i * %zu + j];\n    a%zu[j] = %s;\n  }\n",
            l + 1, layer->outputs, layer->outputs, l + 1, layer->inputs, l, l + 1, layer->outputs, l + 1,
            last ? "z" : c_activation(n->activation));
  }
  fprintf(to, "  for (int k = 0; k < %zu; k++) y[k] = a%zu[k] * target_scale[k] + target_mean[k];\n",
          n->outputs, n->count);
  put_probabilities(to, n->stored->report.loss, n->outputs);
  fprintf(to, "}\n");
  return 0;
}
