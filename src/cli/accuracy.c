/* The share of rows whose class a fit gives: in sample, of every fit, kept in the run file as a text
 * {"up/0":[..],"best/0":[..]} with a number for each penalty. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/json.h"
#include "cli/stored.h"

int cli_take_classes(cli_report *r, const rwk_design *design) {
  const size_t count = rwk_design_classes(design);
  if (count == 0) return 0;
  r->classes = calloc(count, sizeof *r->classes);
  if (!r->classes) return cli_fail(CLI_NUMERICAL, "memory ran out");
  for (r->class_count = 0; r->class_count < count; r->class_count++) {
    r->classes[r->class_count] = strdup(rwk_design_class(design, r->class_count));
    if (!r->classes[r->class_count]) return cli_fail(CLI_NUMERICAL, "memory ran out");
  }
  return 0;
}

static void name_of(char name[48], rwk_walk walk, int start) {
  snprintf(name, 48, "%s/%d", rwk_walk_name(walk), start);
}

static int put(const rwk_context *ctx, rwk_run *run, json_t *root) {
  char *text = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(17));
  json_decref(root);
  if (!text || cli_memory_short()) {
    cli_json_free(text);
    return cli_fail(CLI_NUMERICAL, "memory ran out");
  }
  const rwk_status status = rwk_run_set(run, "accuracy", text);
  cli_json_free(text);
  return status == RWK_OK ? 0 : cli_fail_status(ctx, status);
}

/* accuracy[count] of the fits, NAN where there is none; they stand in root under the walk's name. */
static int keep_list(const rwk_context *ctx, json_t *root, double *accuracy, const rwk_fit *const *fits,
                     size_t count, const rwk_mlp *mlp, rwk_walk walk, int start) {
  char name[48];
  json_t *list = json_array();
  int code = 0;
  for (size_t i = 0; i < count && !code; i++) {
    accuracy[i] = NAN;
    const rwk_status status = fits[i] ? rwk_mlp_accuracy(&accuracy[i], mlp, fits[i]->w) : RWK_OK;
    if (status != RWK_OK) code = cli_fail_status(ctx, status);
    json_array_append_new(list, cli_json_number(accuracy[i]));
  }
  name_of(name, walk, start);
  json_object_set_new(root, name, list);
  return code;
}

int cli_keep_accuracy(const rwk_context *ctx, rwk_run *run, cli_report *r, const rwk_mlp *mlp) {
  if (r->loss == RWK_LOSS_MSE) return 0;
  json_t *root = json_object();
  int code = 0;
  for (size_t k = 0; k < r->walk_count && !code; k++) {
    cli_walk *w = &r->walks[k];
    w->accuracy = calloc(r->count + 1, sizeof *w->accuracy);
    code = w->accuracy ? keep_list(ctx, root, w->accuracy, w->points, r->count, mlp, w->walk, w->start)
                       : cli_fail(CLI_NUMERICAL, "memory ran out");
  }
  if (!code) return put(ctx, run, root);
  json_decref(root);
  return code;
}

int cli_keep_cv_accuracy(const rwk_context *ctx, rwk_run *run, const rwk_cv *cv, const rwk_mlp *mlp) {
  const size_t count = rwk_cv_summary_get(cv)->count;
  const rwk_fit **fits = calloc(count + 1, sizeof *fits);
  double *accuracy = calloc(count + 1, sizeof *accuracy);
  json_t *root = json_object();
  for (size_t i = 0; fits && i < count; i++) fits[i] = rwk_cv_fit(cv, i, 0);
  int code = fits && accuracy ? keep_list(ctx, root, accuracy, fits, count, mlp, RWK_WALK_BEST, 0)
                              : cli_fail(CLI_NUMERICAL, "memory ran out");
  free(accuracy);
  free(fits);
  if (!code) return put(ctx, run, root);
  json_decref(root);
  return code;
}

int cli_read_accuracy(cli_report *r, rwk_run *run) {
  const char *text = NULL;
  char name[48];
  if (rwk_run_get(&text, run, "accuracy") != RWK_OK || !text) return 0;
  json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
  int code = 0;
  for (size_t k = 0; k < r->walk_count && !code; k++) {
    cli_walk *w = &r->walks[k];
    name_of(name, w->walk, w->start);
    const json_t *list = json_object_get(root, name);
    if (json_array_size(list) != r->count) continue;
    w->accuracy = calloc(r->count + 1, sizeof *w->accuracy);
    if (!w->accuracy) code = cli_fail(CLI_NUMERICAL, "memory ran out");
    for (size_t i = 0; i < r->count && !code; i++) {
      const json_t *x = json_array_get(list, i);
      w->accuracy[i] = json_is_number(x) ? json_number_value(x) : NAN;
    }
  }
  json_decref(root);
  return code;
}
