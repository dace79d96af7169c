#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/stored.h"

const char *cli_stored_text(cli_stored *s, const char *key) {
  const char *value = NULL;
  return rwk_run_get(&value, s->run, key) == RWK_OK && value ? value : "";
}

int cli_stored_is_cv(cli_stored *s) {
  return !strcmp(cli_stored_text(s, "verb"), "cv");
}

int cli_stored_is_search(cli_stored *s) {
  return !strcmp(cli_stored_text(s, "verb"), "search");
}

int cli_stored_finished(cli_stored *s) {
  if (cli_stored_is_search(s)) return rwk_run_search(s->run) != NULL;
  return cli_stored_is_cv(s) ? rwk_run_cv(s->run) != NULL : rwk_run_finished(s->run);
}

static const char *option(const cli_stored *s, cli_option o) {
  return json_string_value(json_object_get(s->options, cli_option_name(o)));
}

static int read_network(cli_stored *s, const char *file) {
  cli_report *r = &s->report;
  s->options = json_loads(cli_stored_text(s, "options"), JSON_REJECT_DUPLICATES, NULL);
  s->network = json_loads(cli_stored_text(s, "network"), JSON_REJECT_DUPLICATES, NULL);
  const json_t *layers = json_object_get(s->network, "layers");
  const size_t count = json_array_size(layers);
  const int early = cli_stored_is_search(s) && !s->network; /* nothing has won yet */
  rwk_convention convention;
  rwk_activation activation = RWK_ACTIVATION_TANH;
  const char *loss = json_string_value(json_object_get(s->network, "loss")); /* none in older runs: mse */
  long long rows, features, starts = 1;
  const char *name = json_string_value(json_object_get(s->network, "activation"));
  if (cli_memory_short()) return cli_fail(CLI_NUMERICAL, "memory ran out");
  if (!json_is_object(s->options) ||
      (!early && (count < 2 || !name || rwk_activation_from_name(&activation, name) != RWK_OK)) ||
      cli_number(&r->n, cli_stored_text(s, "n")) || !(r->n > 0) ||
      cli_whole(&rows, cli_stored_text(s, "rows"), 1, 1LL << 50) ||
      cli_whole(&features, cli_stored_text(s, "features"), 1, 1LL << 50) ||
      rwk_convention_from_name(&convention, cli_stored_text(s, "convention")) != RWK_OK ||
      (loss && rwk_loss_from_name(&r->loss, loss) != RWK_OK) ||
      (option(s, CLI_STARTS) && cli_whole(&starts, option(s, CLI_STARTS), 1, 1000000)))
    return cli_fail(CLI_DATA, "%s: not a run file of a path", file);
  r->layers = malloc((count + 1) * sizeof *r->layers);
  if (!r->layers) return cli_fail(CLI_NUMERICAL, "memory ran out");
  for (size_t l = 0; l < count; l++) {
    const json_int_t width = json_integer_value(json_array_get(layers, l));
    if (width < 1) return cli_fail(CLI_DATA, "%s: not a run file of a path", file);
    r->layers[r->layer_count++] = (size_t)width;
  }
  if (rwk_convention_scale_of(&r->scale, convention, r->loss, r->n) != RWK_OK)
    return cli_fail(CLI_DATA, "%s: not a run file of a path", file);
  r->scale.penalise_biases = json_is_true(json_object_get(s->network, "penalise_biases"));
  r->activation = rwk_activation_name(activation);
  r->data = cli_escape(cli_stored_text(s, "data"));
  r->rows = (size_t)rows;
  r->features = (size_t)features;
  r->targets = early ? 0 : r->layers[count - 1];
  r->parameters = rwk_run_dim(s->run);
  r->starts = (int)starts;
  r->standardised = !option(s, CLI_NO_STANDARDIZE);
  r->solver = option(s, CLI_SOLVER) ? option(s, CLI_SOLVER) : "newton";
  s->fitted = json_loads(cli_stored_text(s, "fitted"), JSON_REJECT_DUPLICATES, NULL);
  const char *winner = json_string_value(json_object_get(s->fitted, cli_option_name(CLI_SOLVER)));
  if (winner) r->solver = winner;
  return r->data ? 0 : cli_fail(CLI_NUMERICAL, "memory ran out");
}

static cli_walk *walk_of(cli_report *r, rwk_walk walk, int start) {
  for (size_t k = 0; k < r->walk_count; k++)
    if (r->walks[k].walk == walk && r->walks[k].start == start) return &r->walks[k];
  cli_walk *w = &r->walks[r->walk_count];
  *w = (cli_walk){.walk = walk, .start = start, .points = calloc(r->count + 1, sizeof *w->points)};
  if (!w->points) return NULL;
  r->walk_count++;
  return w;
}

static int read_fits(cli_stored *s, rwk_context *ctx, const char *file) {
  cli_report *r = &s->report;
  const double *lambda = NULL;
  rwk_status status = rwk_run_lambda(&lambda, &r->count, s->run);
  if (status == RWK_OK) status = rwk_run_fit_count(&s->fit_count, s->run);
  if (status != RWK_OK) return cli_fail_status(ctx, status);
  r->lambda = malloc((r->count + 1) * sizeof *r->lambda);
  s->fits = calloc(s->fit_count + 1, sizeof *s->fits);
  r->walks = calloc(s->fit_count + 1, sizeof *r->walks);
  if (!r->lambda || !s->fits || !r->walks) return cli_fail(CLI_NUMERICAL, "memory ran out");
  if (r->count) memcpy(r->lambda, lambda, r->count * sizeof *lambda);
  for (size_t k = 0; k < s->fit_count; k++) {
    rwk_fit *f = &s->fits[k];
    status = rwk_run_fit_at(f, NULL, s->run, k);
    if (status != RWK_OK) return cli_fail_status(ctx, status);
    f->w = NULL;
    r->seconds += f->seconds;
    if (f->index >= r->count) { /* a grid that is not written yet */
      if (r->count) return cli_fail(CLI_DATA, "%s: a fit at a place that the grid does not have", file);
      continue;
    }
    if (f->walk == RWK_WALK_BEST && f->start > 0) continue; /* a further minimum, of an ensemble */
    cli_walk *w = walk_of(r, f->walk, rwk_walk_is_merged(f->walk) ? 0 : f->start);
    if (!w || !w->points) return cli_fail(CLI_NUMERICAL, "memory ran out");
    if (!w->points[f->index] || f->solve.objective < w->points[f->index]->solve.objective)
      w->points[f->index] = f;
  }
  return 0;
}

static int read_results(cli_stored *s, rwk_context *ctx) {
  cli_report *r = &s->report;
  size_t count;
  double seconds;
  rwk_status status = rwk_run_collapse(&r->collapse, &seconds, s->run);
  if (status == RWK_OK) status = rwk_run_drop_count(&count, s->run);
  if (status != RWK_OK) return cli_fail_status(ctx, status);
  if (isfinite(seconds)) r->seconds = seconds;
  if (rwk_run_origin_count(&s->origin_count, s->run) == RWK_OK && s->origin_count) {
    cli_walk *best = NULL;
    for (size_t k = 0; k < r->walk_count; k++)
      if (r->walks[k].walk == RWK_WALK_BEST) best = &r->walks[k];
    s->origins = calloc(r->count + 1, sizeof *s->origins);
    if (!s->origins) return cli_fail(CLI_NUMERICAL, "memory ran out");
    for (size_t k = 0; k < s->origin_count; k++) {
      rwk_origin o;
      status = rwk_run_origin_at(&o, s->run, k);
      if (status != RWK_OK) return cli_fail_status(ctx, status);
      s->origins[o.index] = o;
    }
    if (best) best->origins = s->origins;
  }
  s->drops = calloc(count + 1, sizeof *s->drops);
  if (!s->drops) return cli_fail(CLI_NUMERICAL, "memory ran out");
  for (size_t k = 0; k < count; k++) {
    rwk_walk walk;
    int start;
    status = rwk_run_drop_at(&s->drops[k], &walk, &start, s->run, k);
    if (status != RWK_OK) return cli_fail_status(ctx, status);
    cli_walk *w = walk_of(r, walk, start);
    if (!w) return cli_fail(CLI_NUMERICAL, "memory ran out");
    const rwk_drop **list = s->drops[k].rise ? &w->jumps : &w->drops;
    size_t *listed = s->drops[k].rise ? &w->jump_count : &w->drop_count;
    if (*listed == 0) *list = &s->drops[k]; /* a walk's drops stand together, and then its jumps */
    ++*listed;
  }
  return 0;
}

static int read_classes(cli_stored *s, rwk_context *ctx) {
  rwk_design *recipe;
  const char *text = cli_stored_text(s, "recipe");
  if (!*text) return 0; /* of arrays: there are no labels */
  const rwk_status status = rwk_design_from_recipe(&recipe, ctx, text);
  if (status != RWK_OK) return cli_fail_status(ctx, status);
  const int code = cli_take_classes(&s->report, recipe);
  rwk_design_destroy(recipe);
  return code ? code : cli_read_accuracy(&s->report, s->run);
}

int cli_stored_open(cli_stored *s, rwk_context *ctx, const char *file) {
  *s = (cli_stored){.ctx = ctx, .report = {.collapse = {NAN, NAN, NAN}}};
  const rwk_status status = rwk_run_open(&s->run, ctx, file, 0);
  if (status != RWK_OK) return cli_fail_status(ctx, status);
  int code = read_network(s, file);
  if (!code) code = read_fits(s, ctx, file);
  if (!code) code = read_results(s, ctx);
  if (!code && s->report.loss != RWK_LOSS_MSE) code = read_classes(s, ctx);
  const char *walks = code ? NULL : option(s, CLI_WALK);
  size_t kinds = 3;
  int best = 1;
  if (walks) {
    kinds = 1;
    for (const char *p = walks; *p; p++) kinds += *p == ',';
    best = strstr(walks, rwk_walk_name(RWK_WALK_BEST)) != NULL;
    kinds -= (size_t)best;
  }
  s->planned = (kinds * (size_t)s->report.starts + (size_t)best) * s->report.count;
  return code;
}

void cli_stored_close(cli_stored *s) {
  cli_report_release(&s->report);
  free(s->fits);
  free(s->drops);
  free(s->origins);
  json_decref(s->options);
  json_decref(s->network);
  json_decref(s->fitted);
  rwk_run_close(s->run);
  *s = (cli_stored){0};
}
