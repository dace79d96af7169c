/* Which fit of a run file is meant, and the network it makes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/model.h"

static int find_index(size_t *index, const cli_report *r, const char *text) {
  double wanted;
  char a[32], b[32];
  if (cli_number(&wanted, text)) return cli_fail(CLI_USAGE, "--lambda: '%s' is not a number", text);
  for (size_t i = 1; i < r->count; i++)
    if (fabs(cli_user_lambda(r, r->lambda[i]) - wanted) <
        fabs(cli_user_lambda(r, r->lambda[*index]) - wanted))
      *index = i;
  const double near = cli_user_lambda(r, r->lambda[*index]);
  return fabs(near - wanted) <= 1e-9 * fabs(near)
             ? 0
             : cli_fail(
                   CLI_USAGE,
                   "--lambda: no fit at %s; the nearest is at %s. Predictions are not interpolated between "
                   "penalties: fit one there by path --lambda %s",
                   cli_lambda_text(a, wanted), cli_lambda_text(b, near), text);
}

int cli_is_choice(const char *lambda) {
  return lambda && (!strcmp(lambda, "min") || !strcmp(lambda, "1se"));
}

int cli_choice_index(size_t *index, const cli_stored *s, const char *lambda) {
  const rwk_cv_summary *cv = rwk_run_cv(s->run);
  if (!cv)
    return cli_fail(CLI_USAGE,
                    "--lambda %s: the run has no finished cross-validation; ridgewalk cv makes one", lambda);
  *index = cv->index[strcmp(lambda, "min") ? RWK_CV_1SE : RWK_CV_MIN];
  return 0;
}

static int choose_index(size_t *index, const cli_stored *s, const cli_args *args) {
  const cli_report *r = &s->report;
  const char *text = args->value[CLI_LAMBDA];
  char a[32], b[32];
  *index = 0;
  if (r->count == 0) return cli_fail(CLI_DATA, "the run has no grid yet; resume it first");
  if (cli_is_choice(text)) return cli_choice_index(index, s, text);
  if (text) return find_index(index, r, text);
  if (r->count == 1) return 0;
  return cli_fail(CLI_USAGE, "%s: --lambda is needed: the run has %zu penalties, from %s to %s%s",
                  cli_verb_name(args->verb), r->count, cli_lambda_text(a, cli_user_lambda(r, r->lambda[0])),
                  cli_lambda_text(b, cli_user_lambda(r, r->lambda[r->count - 1])),
                  rwk_run_cv(s->run) ? "; min and 1se are understood" : "");
}

/* The lowest objective of the fits meant by --lambda, --walk, --start. No interpolation between penalties:
 * fits at two penalties need not lie on one branch. Of a cross-validation, best: that is what was validated.
 */
static int choose(size_t *which, const cli_stored *s, const cli_args *args) {
  const cli_report *r = &s->report;
  rwk_walk walk = RWK_WALK_BEST;
  long long start = -1;
  char a[32];
  size_t index;
  if (args->value[CLI_WALK] && rwk_walk_from_name(&walk, args->value[CLI_WALK]) != RWK_OK)
    return cli_fail(CLI_USAGE, "--walk: '%s' is none of up, down, cold, best, graduated",
                    args->value[CLI_WALK]);
  if (args->value[CLI_START] && cli_whole(&start, args->value[CLI_START], 0, 1000000))
    return cli_fail(CLI_USAGE, "--start: '%s' is not a whole number from 0 on", args->value[CLI_START]);
  const int code = choose_index(&index, s, args);
  if (code) return code;
  const int only = args->value[CLI_WALK] || rwk_run_cv(s->run);
  int found = 0;
  for (size_t k = 0; k < s->fit_count; k++) {
    const rwk_fit *f = &s->fits[k];
    if (f->index != index || (only && f->walk != walk) || (start >= 0 && f->start != start)) continue;
    if (!found || f->solve.objective < s->fits[*which].solve.objective) *which = k;
    found = 1;
  }
  return found ? 0
               : cli_fail(CLI_DATA, "the run has no such fit at %s yet",
                          cli_lambda_text(a, cli_user_lambda(r, r->lambda[index])));
}

/* A network of the stored shape; its own table does not matter. */
static int make_network(rwk_mlp **mlp, const cli_stored *s, const rwk_design *design) {
  const cli_report *r = &s->report;
  rwk_mlp_settings m;
  rwk_mlp_settings_init(&m);
  const size_t inputs = rwk_design_inputs(design), outputs = rwk_design_outputs(design);
  if (inputs != r->layers[0] || outputs != r->layers[r->layer_count - 1])
    return cli_fail(CLI_DATA, "the run file's recipe and network do not fit each other");
  if (rwk_activation_from_name(&m.activation, r->activation) != RWK_OK)
    return cli_fail(CLI_DATA, "the run file names no activation");
  m.hidden = r->layers + 1;
  m.hidden_count = r->layer_count - 2;
  m.hidden_bias = json_is_true(json_object_get(s->network, "hidden_bias"));
  m.output_bias = json_is_true(json_object_get(s->network, "output_bias"));
  m.loss = r->loss;
  if ((r->loss != RWK_LOSS_MSE) != (rwk_design_classes(design) > 0))
    return cli_fail(CLI_DATA, "the run file's recipe and loss do not fit each other");
  double *zeros = calloc(inputs + outputs, sizeof *zeros);
  if (!zeros) return cli_fail(CLI_NUMERICAL, "memory ran out");
  if (r->loss == RWK_LOSS_SOFTMAX) zeros[inputs] = 1; /* a row has a class */
  const rwk_mlp_data data = {.X = zeros,
                             .ldx = inputs,
                             .Y = zeros + inputs,
                             .ldy = outputs,
                             .rows = 1,
                             .inputs = inputs,
                             .outputs = outputs};
  const rwk_status status = rwk_mlp_create(mlp, s->ctx, &data, &m);
  free(zeros);
  if (status != RWK_OK) return cli_fail_status(s->ctx, status);
  if (rwk_problem_dim(rwk_mlp_problem(*mlp)) != r->parameters)
    return cli_fail(CLI_DATA, "the run file's weights and network do not fit each other");
  return 0;
}

/* Of an ensemble the further minima of best stand behind it, unless one start is asked for. */
static int take_weights(cli_model *m, cli_stored *s, const cli_args *args, size_t which) {
  const rwk_cv_summary *cv = rwk_run_cv(s->run);
  const size_t most =
      cv && !args->value[CLI_START] && m->fit->walk == RWK_WALK_BEST ? (size_t)cv->ensemble : 1;
  m->dim = s->report.parameters;
  m->w = malloc(most * m->dim * sizeof *m->w);
  m->fits = malloc(most * sizeof *m->fits);
  if (!m->w || !m->fits) return cli_fail(CLI_NUMERICAL, "memory ran out");
  m->members = 1;
  m->fits[0] = m->fit;
  rwk_fit fit;
  rwk_status status = rwk_run_fit_at(&fit, m->w, s->run, which);
  for (size_t k = 0; k < s->fit_count && status == RWK_OK && m->members < most; k++) {
    const rwk_fit *f = &s->fits[k];
    if (k == which || f->walk != RWK_WALK_BEST || f->index != m->fit->index) continue;
    m->fits[m->members] = f;
    status = rwk_run_fit_at(&fit, m->w + m->members++ * m->dim, s->run, k);
  }
  return status == RWK_OK ? 0 : cli_fail_status(s->ctx, status);
}

int cli_model_open(cli_model *m, cli_stored *s, const cli_args *args) {
  size_t which = 0;
  *m = (cli_model){0};
  int code = choose(&which, s, args);
  if (code) return code;
  m->fit = &s->fits[which];
  const rwk_status status = rwk_design_from_recipe(&m->recipe, s->ctx, cli_stored_text(s, "recipe"));
  if (status != RWK_OK) return cli_fail_status(s->ctx, status);
  code = make_network(&m->mlp, s, m->recipe);
  return code ? code : take_weights(m, s, args, which);
}

void cli_model_close(cli_model *m) {
  free(m->w);
  free(m->fits);
  rwk_mlp_destroy(m->mlp);
  rwk_design_destroy(m->recipe);
  *m = (cli_model){0};
}
