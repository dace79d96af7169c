#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"

double cli_mse(const cli_report *r, double loss) {
  return loss / (r->scale.loss_scale * r->n);
}

const char *cli_loss_word(const cli_report *r) {
  return r->loss == RWK_LOSS_MSE ? "MSE" : "loss";
}

double cli_user_lambda(const cli_report *r, double lambda) {
  return lambda / r->scale.lambda_scale;
}

const char *cli_verdict_text(const rwk_certificate *c) {
  switch (c->verdict) {
  case RWK_VERDICT_STRICT_MIN:
    return "strict minimum";
  case RWK_VERDICT_DEGENERATE_MIN:
    return c->escapable ? "escapable minimum" : "minimum (flat directions explained)";
  case RWK_VERDICT_SADDLE:
    return "saddle";
  case RWK_VERDICT_NOT_STATIONARY:
    return "not stationary";
  case RWK_VERDICT_NONSMOOTH:
    return "on a kink";
  case RWK_VERDICT_INCONCLUSIVE:
    break;
  }
  return "inconclusive";
}

const cli_walk *cli_walk_best(const cli_report *r) {
  for (size_t k = 0; k < r->walk_count; k++)
    if (r->walks[k].walk == RWK_WALK_BEST) return &r->walks[k];
  return NULL;
}

const rwk_fit *cli_best_at(const cli_report *r, size_t index, size_t *walk) {
  const rwk_fit *best = NULL;
  for (size_t k = 0; k < r->walk_count; k++) {
    const rwk_fit *p = r->walks[k].points[index];
    if (p && (!best || r->walks[k].walk == RWK_WALK_BEST || p->solve.objective < best->solve.objective)) {
      best = p;
      if (walk) *walk = k;
    }
  }
  return best;
}

int cli_all_certified(const cli_report *r) {
  for (size_t k = 0; k < r->walk_count; k++)
    for (size_t i = 0; i < r->count; i++)
      if (!r->walks[k].points[i] || !rwk_certificate_is_minimum(&r->walks[k].points[i]->certificate))
        return 0;
  return 1;
}

int cli_report_from_path(cli_report *r, const cli_setup *s, const cli_args *args, const rwk_path *path,
                         int starts, const char *data) {
  const size_t layers = rwk_mlp_layer_count(s->mlp);
  *r = (cli_report){.data = cli_escape(data),
                    .rows = rwk_design_rows(s->design),
                    .features = rwk_design_columns(s->design),
                    .targets = rwk_design_outputs(s->design),
                    .parameters = rwk_problem_dim(rwk_mlp_problem(s->mlp)),
                    .activation = rwk_activation_name(s->activation),
                    .solver = args->value[CLI_SOLVER] ? args->value[CLI_SOLVER] : "newton",
                    .loss = s->loss,
                    .scale = s->scale,
                    .n = s->n,
                    .standardised = !args->value[CLI_NO_STANDARDIZE],
                    .starts = starts,
                    .count = rwk_path_lambda_count(path),
                    .collapse = rwk_path_collapse(path),
                    .seconds = rwk_path_seconds(path),
                    .layer_count = layers + 1};
  const size_t walks = rwk_path_walk_count(path);
  r->layers = malloc((layers + 1) * sizeof *r->layers);
  r->lambda = malloc((r->count + 1) * sizeof *r->lambda);
  r->walks = calloc(walks + 1, sizeof *r->walks);
  if (!r->data || !r->layers || !r->lambda || !r->walks) return cli_fail(CLI_NUMERICAL, "memory ran out");
  r->layers[0] = rwk_design_inputs(s->design);
  for (size_t l = 0; l < layers; l++) {
    rwk_mlp_layer layer;
    if (rwk_mlp_layer_get(&layer, s->mlp, l) == RWK_OK) r->layers[l + 1] = layer.outputs;
  }
  memcpy(r->lambda, rwk_path_lambda(path), r->count * sizeof *r->lambda);
  for (size_t k = 0; k < walks; k++) {
    rwk_walk_view v;
    const rwk_status status = rwk_path_walk(&v, path, k);
    if (status != RWK_OK) return cli_fail_status(s->ctx, status);
    cli_walk *w = &r->walks[r->walk_count];
    *w = (cli_walk){.walk = v.walk,
                    .start = v.start,
                    .drops = v.drops,
                    .drop_count = v.drop_count,
                    .jumps = v.jumps,
                    .jump_count = v.jump_count,
                    .origins = v.origins};
    w->points = malloc((r->count + 1) * sizeof *w->points);
    if (!w->points) return cli_fail(CLI_NUMERICAL, "memory ran out");
    memcpy(w->points, v.points, r->count * sizeof *w->points);
    r->walk_count++;
  }
  return cli_take_classes(r, s->design);
}

void cli_report_release(cli_report *r) {
  for (size_t k = 0; k < r->walk_count; k++) {
    free(r->walks[k].points);
    free(r->walks[k].accuracy);
  }
  for (size_t k = 0; k < r->class_count; k++) free(r->classes[k]);
  free(r->classes);
  free(r->finished);
  free(r->walks);
  free(r->lambda);
  free(r->layers);
  free(r->data);
  *r = (cli_report){0};
}
