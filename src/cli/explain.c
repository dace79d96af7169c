/* explain: the drops of a run in words, or one branch, point by point. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/json.h"
#include "cli/stored.h"

typedef struct job {
  const cli_args *asked;
  cli_args args; /* with what the run file adds */
  json_t *kept;
  const char *file, *data;
  cli_stored stored;
  cli_setup setup;
  rwk_walk walk;
  int start;
  size_t from; /* index in the grid */
  double lambda_to;
  rwk_branch_settings settings;
  double *w;
  rwk_branch *branch;
} job;

/* ---- which branch ---- */

static int read_lambda(double *lambda, const job *j, cli_option o) {
  const char *text = j->asked->value[o];
  if (cli_number(lambda, text) || !(*lambda > 0))
    return cli_fail(CLI_USAGE, "--%s: '%s' is not a penalty", cli_option_name(o), text);
  *lambda /= cli_user_lambda(&j->stored.report, 1);
  return 0;
}

static int choose(job *j) {
  const cli_args *a = j->asked;
  const cli_report *r = &j->stored.report;
  long long n = 0;
  char text[32], nearest[32];
  if (a->value[CLI_WALK] && rwk_walk_from_name(&j->walk, a->value[CLI_WALK]) != RWK_OK)
    return cli_fail(CLI_USAGE, "--walk: '%s' is none of up, down, cold, best, graduated", a->value[CLI_WALK]);
  if (a->value[CLI_START] && cli_whole(&n, a->value[CLI_START], 0, 1000000))
    return cli_fail(CLI_USAGE, "--start: '%s' is not a whole number from 0 on", a->value[CLI_START]);
  j->start = (int)n;
  double lambda;
  int code = read_lambda(&lambda, j, CLI_FROM);
  if (code) return code;
  for (size_t i = 1; i < r->count; i++)
    if (fabs(log(r->lambda[i] / lambda)) < fabs(log(r->lambda[j->from] / lambda))) j->from = i;
  if (r->count == 0) return cli_fail(CLI_DATA, "%s: the run has no grid yet; resume it first", j->file);
  if (fabs(r->lambda[j->from] / lambda - 1) > 1e-9)
    return cli_fail(CLI_USAGE, "--from: no fit at %s; the nearest is at %s", a->value[CLI_FROM],
                    cli_lambda_text(nearest, cli_user_lambda(r, r->lambda[j->from])));
  if (a->value[CLI_TO]) {
    code = read_lambda(&j->lambda_to, j, CLI_TO);
    if (code) return code;
  } else if (j->walk == RWK_WALK_DOWN ? j->from > 0 : j->from + 1 < r->count) {
    j->lambda_to = r->lambda[j->walk == RWK_WALK_DOWN ? j->from - 1 : j->from + 1];
  } else {
    j->lambda_to = r->lambda[j->from] * (j->walk == RWK_WALK_DOWN ? 0.5 : 2);
  }
  if (j->lambda_to == r->lambda[j->from])
    return cli_fail(CLI_USAGE, "--to: a branch goes from one penalty to another, not from %s to itself",
                    cli_lambda_text(text, cli_user_lambda(r, j->lambda_to)));
  rwk_branch_settings_init(&j->settings);
  j->settings.beyond = 4;
  if (a->value[CLI_BEYOND]) {
    if (cli_whole(&n, a->value[CLI_BEYOND], 0, 100000))
      return cli_fail(CLI_USAGE, "--beyond: '%s' is not a whole number from 0 on", a->value[CLI_BEYOND]);
    j->settings.beyond = (int)n;
  }
  if (a->value[CLI_STEP]) {
    if (cli_number(&j->settings.step_most, a->value[CLI_STEP]) || !(j->settings.step_most > 0))
      return cli_fail(CLI_USAGE, "--step: '%s' is not a positive number", a->value[CLI_STEP]);
    j->settings.step = fmin(j->settings.step, j->settings.step_most);
  }
  return 0;
}

/* The weights of the fit that was asked for. */
static int fetch(job *j) {
  rwk_fit fit;
  size_t count = 0, which = 0;
  int found = 0;
  char text[32];
  rwk_context *ctx = j->setup.ctx;
  rwk_status status = rwk_run_fit_count(&count, j->stored.run);
  double lowest = INFINITY;
  for (size_t k = 0; k < count && status == RWK_OK; k++) {
    status = rwk_run_fit_at(&fit, NULL, j->stored.run, k);
    if (status != RWK_OK || fit.walk != j->walk || fit.index != j->from) continue;
    if (j->asked->value[CLI_START] || !rwk_walk_is_merged(j->walk) ? fit.start != j->start
                                                                   : fit.solve.objective >= lowest)
      continue;
    lowest = fit.solve.objective;
    which = k;
    found = 1;
  }
  if (status != RWK_OK) return cli_fail_status(ctx, status);
  if (!found)
    return cli_fail(
        CLI_USAGE, "%s: walk %s, start %d has no fit at %s; see ridgewalk runs show %s", j->file,
        rwk_walk_name(j->walk), j->start,
        cli_lambda_text(text, cli_user_lambda(&j->stored.report, j->stored.report.lambda[j->from])), j->file);
  j->w = malloc(rwk_run_dim(j->stored.run) * sizeof *j->w + 1);
  if (!j->w) return cli_fail(CLI_NUMERICAL, "memory ran out");
  status = rwk_run_fit_at(&fit, j->w, j->stored.run, which);
  return status == RWK_OK ? 0 : cli_fail_status(ctx, status);
}

static int prepare(job *j) {
  int code = choose(j);
  j->args = *j->asked;
  j->args.value[CLI_WALK] = NULL; /* which walk to look at, not which to make */
  j->args.value[CLI_START] = NULL;
  if (!code) code = cli_kept_options(&j->args, &j->kept, &j->data, j->setup.ctx, j->stored.run, j->file);
  if (!code) code = cli_read_design(&j->setup, j->data, &j->args);
  if (!code) code = cli_make_network(&j->setup, &j->args, NULL, 0);
  if (!code) code = cli_check_fingerprint(&j->setup, j->stored.run, j->file, j->data);
  if (!code) code = cli_algebra(&j->settings.algebra, &j->args);
  if (!code) code = fetch(j);
  return code;
}

/* ---- what is said ---- */

/* dMSE/dlambda between a point and its neighbours, in the units of the report; NaN at the ends and next to
 * events. */
static double by_differences(const job *j, size_t k) {
  const rwk_branch_point *p = rwk_branch_points(j->branch);
  if (k == 0 || k + 1 >= rwk_branch_count(j->branch)) return NAN;
  const double a = p[k - 1].lambda, b = p[k].lambda, c = p[k + 1].lambda;
  if (!((b - a) * (c - b) > 0)) return NAN; /* the fold lies between */
  /* slope at b of the parabola through the three */
  const double left = (p[k].loss - p[k - 1].loss) / (b - a), right = (p[k + 1].loss - p[k].loss) / (c - b);
  return (left * (c - b) + right * (b - a)) / (c - a);
}

static double slope_scale(const cli_report *r) {
  return cli_mse(r, 1) / cli_user_lambda(r, 1);
}

static void print_event(FILE *to, const job *j, const rwk_branch_event *e) {
  const cli_report *r = &j->stored.report;
  const double at = cli_user_lambda(r, e->lambda);
  switch (e->kind) {
  case RWK_EVENT_FOLD:
    fprintf(to,
            "Fold at %s = %.10g, between %.12g and %.12g: %s %.6g, smallest eigenvalue %.1e; the null vector "
            "meets M w (share %.2g).\n",
            r->scale.lambda, at, cli_user_lambda(r, e->low), cli_user_lambda(r, e->high), cli_loss_word(r),
            cli_mse(r, e->loss), e->min_eig, e->transversality);
    break;
  case RWK_EVENT_BRANCH_POINT:
    fprintf(
        to,
        "Branch point at %s = %.10g: %s %.6g, smallest eigenvalue %.1e; the null vector does not meet M w "
        "(share %.1e), and beyond there is no minimum on this branch.\n",
        r->scale.lambda, at, cli_loss_word(r), cli_mse(r, e->loss), e->min_eig, e->transversality);
    break;
  case RWK_EVENT_MERGE:
    fprintf(
        to,
        "At %s = %.10g a more symmetric branch takes over (a unit died, or two became one), and goes on.\n",
        r->scale.lambda, at);
    break;
  case RWK_EVENT_REVIVAL:
    fprintf(to,
            "At %s = %.10g a way down opens: %s, %.3g, can slide to where its curvature is negative (T7).\n",
            r->scale.lambda, at, e->what, e->bias);
    break;
  case RWK_EVENT_REACHED:
    fprintf(to, "The branch reaches %s = %.6g: %s %.6g, smallest eigenvalue %.2e.\n", r->scale.lambda, at,
            cli_loss_word(r), cli_mse(r, e->loss), e->min_eig);
    break;
  case RWK_EVENT_KINK:
    fprintf(to, "At %s = %.6g the branch meets a kink of the activation.\n", r->scale.lambda, at);
    break;
  case RWK_EVENT_START:
    fprintf(to,
            "The branch cannot be begun: the fit is no local minimum whose flat directions are all known.\n");
    break;
  case RWK_EVENT_BUDGET:
    fprintf(to, "Not explained: at %s = %.6g the budget of the continuation ran out.\n", r->scale.lambda, at);
    break;
  }
}

static void print_branch(FILE *to, const job *j) {
  const cli_report *r = &j->stored.report;
  const rwk_branch_point *p = rwk_branch_points(j->branch);
  const rwk_branch_event *e = rwk_branch_events(j->branch);
  char from[32], after[32];
  cli_print_heading(to, r);
  fprintf(to, "The branch through the fit at %s of walk %s, start %d, towards %s:\n\n",
          cli_lambda_text(from, cli_user_lambda(r, r->lambda[j->from])), rwk_walk_name(j->walk), j->start,
          cli_lambda_text(after, cli_user_lambda(r, j->lambda_to)));
  fprintf(to, "  %-14s %-12s %-12s %-13s %-13s %s\n", r->scale.lambda, cli_loss_word(r), "penalty",
          "smallest eig", r->loss == RWK_LOSS_MSE ? "dMSE/dlambda" : "dloss/dlambda", "by differences");
  for (size_t k = 0; k < rwk_branch_count(j->branch); k++) {
    const double difference = by_differences(j, k);
    const int turning = p[k].event >= 0 && e[p[k].event].kind == RWK_EVENT_FOLD;
    fprintf(to, "  %-14.9g %-12.7g %-12.6g %-13.3e ", cli_user_lambda(r, p[k].lambda), cli_mse(r, p[k].loss),
            p[k].penalty, p[k].min_eig);
    if (turning)
      fprintf(to, "%-13s ", "infinite");
    else
      fprintf(to, "%-13.5g ", p[k].slope * slope_scale(r));
    if (isfinite(difference) && !turning) fprintf(to, "%-13.5g", difference * slope_scale(r));
    if (p[k].event >= 0 && e[p[k].event].kind != RWK_EVENT_REACHED)
      fprintf(to, " <- %s", rwk_event_name(e[p[k].event].kind));
    fputc('\n', to);
  }
  fputc('\n', to);
  for (size_t k = 0; k < rwk_branch_event_count(j->branch); k++) print_event(to, j, &e[k]);
}

/* ---- JSON ---- */

/* As a weights file has it: W a row per input of the layer. */
static json_t *weights_of(const job *j, const double *w) {
  json_t *layers = json_array();
  for (size_t l = 0; l < rwk_mlp_layer_count(j->setup.mlp); l++) {
    rwk_mlp_layer layer;
    if (rwk_mlp_layer_get(&layer, j->setup.mlp, l) != RWK_OK) continue;
    json_t *o = json_object(), *W = json_array(), *b = json_array();
    for (size_t i = 0; i < layer.inputs; i++) {
      json_t *row = json_array();
      for (size_t k = 0; k < layer.outputs; k++)
        json_array_append_new(row, cli_json_number(w[layer.W + i * layer.outputs + k]));
      json_array_append_new(W, row);
    }
    for (size_t k = 0; k < layer.outputs && layer.has_bias; k++)
      json_array_append_new(b, cli_json_number(w[layer.b + k]));
    json_object_set_new(o, "W", W);
    json_object_set_new(o, "b", b);
    json_array_append_new(layers, o);
  }
  return json_pack("{s:o}", "layers", layers);
}

static json_t *null_vector_of(const job *j, const rwk_branch_event *e) {
  return e->null_vector ? weights_of(j, e->null_vector) : json_null();
}

static int print_json(FILE *to, const job *j) {
  const cli_report *r = &j->stored.report;
  const int with = j->asked->value[CLI_WITH_WEIGHTS] != NULL;
  json_t *root = json_object(), *points = json_array(), *events = json_array();
  const rwk_branch_point *p = rwk_branch_points(j->branch);
  const rwk_branch_event *e = rwk_branch_events(j->branch);
  for (size_t k = 0; k < rwk_branch_count(j->branch); k++) {
    json_t *o = json_object();
    json_object_set_new(o, "lambda", cli_json_number(cli_user_lambda(r, p[k].lambda)));
    json_object_set_new(o, "mse", cli_json_number(cli_mse(r, p[k].loss)));
    json_object_set_new(o, "penalty", cli_json_number(p[k].penalty));
    json_object_set_new(o, "objective", cli_json_number(p[k].objective));
    json_object_set_new(o, "gradient", cli_json_number(p[k].grad_inf));
    json_object_set_new(o, "min_eig", cli_json_number(p[k].min_eig));
    json_object_set_new(o, "slope", cli_json_number(p[k].slope * slope_scale(r)));
    json_object_set_new(o, "slope_by_differences", cli_json_number(by_differences(j, k) * slope_scale(r)));
    json_object_set_new(o, "event", p[k].event < 0 ? json_null() : json_integer(p[k].event));
    if (with) json_object_set_new(o, "weights", weights_of(j, p[k].w));
    json_array_append_new(points, o);
  }
  for (size_t k = 0; k < rwk_branch_event_count(j->branch); k++) {
    json_t *o = json_object();
    json_object_set_new(o, "kind", json_string(rwk_event_name(e[k].kind)));
    json_object_set_new(o, "lambda", cli_json_number(cli_user_lambda(r, e[k].lambda)));
    json_object_set_new(o, "low", cli_json_number(cli_user_lambda(r, e[k].low)));
    json_object_set_new(o, "high", cli_json_number(cli_user_lambda(r, e[k].high)));
    json_object_set_new(o, "mse", cli_json_number(cli_mse(r, e[k].loss)));
    json_object_set_new(o, "penalty", cli_json_number(e[k].penalty));
    json_object_set_new(o, "min_eig", cli_json_number(e[k].min_eig));
    json_object_set_new(o, "transversality", cli_json_number(e[k].transversality));
    json_object_set_new(o, "bias", cli_json_number(e[k].bias));
    json_object_set_new(o, "curvature", cli_json_number(e[k].curvature));
    json_object_set_new(o, "what", json_string(e[k].what));
    if (with) {
      json_object_set_new(o, "weights", weights_of(j, e[k].w));
      json_object_set_new(o, "null_vector", null_vector_of(j, &e[k]));
    }
    json_array_append_new(events, o);
  }
  json_object_set_new(root, "walk", json_string(rwk_walk_name(j->walk)));
  json_object_set_new(root, "start", json_integer(j->start));
  json_object_set_new(root, "from", cli_json_number(cli_user_lambda(r, r->lambda[j->from])));
  json_object_set_new(root, "to", cli_json_number(cli_user_lambda(r, j->lambda_to)));
  json_object_set_new(root, "points", points);
  json_object_set_new(root, "events", events);
  return cli_print_json(to, root);
}

/* ---- the verb ---- */

static int one_branch(job *j) {
  int code = prepare(j);
  if (code) return code;
  const cli_report *r = &j->stored.report;
  const rwk_status status = rwk_branch_trace(&j->branch, j->setup.ctx, rwk_mlp_problem(j->setup.mlp), j->w,
                                             r->lambda[j->from], j->lambda_to, &j->settings);
  if (status != RWK_OK) return cli_fail_status(j->setup.ctx, status);
  if (j->asked->value[CLI_JSON]) {
    code = print_json(stdout, j);
  } else if (!j->asked->value[CLI_QUIET]) {
    print_branch(stdout, j);
  }
  const size_t events = rwk_branch_event_count(j->branch);
  const rwk_event_kind last = rwk_branch_events(j->branch)[events - 1].kind;
  return code ? code : last == RWK_EVENT_BUDGET || last == RWK_EVENT_START ? CLI_UNCERTIFIED : 0;
}

/* Is it a crevasse in a few directions? How many the step takes, and how sharp the fits are before and after.
 */
static void print_shape(FILE *to, const cli_report *r, const rwk_drop *d) {
  if (isfinite(d->null_weights))
    fprintf(to, "    null vector: %.1f of %zu weights, %.1f units;", d->null_weights, r->parameters,
            d->null_units);
  else
    fprintf(to, "   ");
  fprintf(to, " the step itself: %.1f weights, %.1f units%s%s%s.\n", d->moved_weights, d->moved_units,
          d->moves[0] ? " (" : "", d->moves, d->moves[0] ? ")" : "");
  fprintf(to, "    eigenvalues of the Hessian: %.2e to %.3g before, %.2e to %.3g after.\n", d->min_eig_from,
          d->max_eig_from, d->min_eig_to, d->max_eig_to);
  if (d->points > 0)
    fprintf(to, "    the branch: %lld points%s; along it the error %s.\n", (long long)d->points,
            d->merges ? ", on which a more symmetric one took over" : "",
            d->monotone ? "rises with the penalty, as T4 says" : "does not rise all the way");
}

static int all_drops(const job *j) {
  const cli_report *r = &j->stored.report;
  char label[48];
  size_t told = 0;
  int code = 0;
  if (j->asked->value[CLI_JSON]) return cli_print_path_json(stdout, r);
  for (size_t k = 0; k < r->walk_count; k++)
    for (size_t i = 0; i < r->walks[k].drop_count; i++)
      if (r->walks[k].drops[i].cause == RWK_CAUSE_UNEXPLAINED) code = CLI_UNCERTIFIED;
  if (j->asked->value[CLI_QUIET]) return code;
  cli_print_heading(stdout, r);
  for (size_t k = 0; k < r->walk_count; k++) {
    const cli_walk *w = &r->walks[k];
    for (int rise = 0; rise < 2; rise++) {
      const size_t count = rise ? w->jump_count : w->drop_count;
      const rwk_drop *d = rise ? w->jumps : w->drops;
      if (count == 0) continue;
      printf("%s, %zu step%s %s:\n", cli_walk_text(label, r, w), count, count == 1 ? "" : "s",
             rise ? "on which the error rises and the branch of minima is left" : "on which the error falls");
      for (size_t i = 0; i < count; i++) {
        cli_print_drop(stdout, r, &d[i]);
        print_shape(stdout, r, &d[i]);
      }
      told += count;
    }
  }
  if (!told)
    printf("Nothing to explain: no drop, and every step stays on its branch of minima.\n");
  else
    printf("One branch, point by point: ridgewalk explain %s --from LAMBDA\n", j->file);
  return code;
}

int cli_explain(const cli_args *args) {
  job j = {.asked = args, .walk = RWK_WALK_UP};
  if (args->operand_count != 1)
    return cli_fail(CLI_USAGE, "explain wants one run file: ridgewalk explain RUN [--from LAMBDA]");
  if (!args->value[CLI_FROM] && (args->value[CLI_TO] || args->value[CLI_STEP] || args->value[CLI_BEYOND]))
    return cli_fail(CLI_USAGE, "--to, --step and --beyond go with --from");
  j.file = args->operands[0];
  int code = cli_context(&j.setup.ctx, args);
  if (code) return code;
  cli_catch_signals();
  code = cli_stored_open(&j.stored, j.setup.ctx, j.file);
  if (!code) code = args->value[CLI_FROM] ? one_branch(&j) : all_drops(&j);
  rwk_branch_destroy(j.branch);
  free(j.w);
  json_decref(j.kept);
  cli_stored_close(&j.stored);
  cli_setup_release(&j.setup);
  return code;
}
