/* What a search says: the best trials, what they have in common, how much trials are worth; all from the run
 * file. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/json.h"
#include "cli/stored.h"

enum { SHOWN = 10, EFFECTS_SHOWN = 8, EFFECT_WIDTH = 30 };

typedef struct view {
  cli_stored *s;
  const cli_report *r;
  const rwk_search_summary *search; /* NULL: not finished */
  const rwk_trial *trials;
  const rwk_efficiency *efficiency;
  const rwk_effect *effects;
  size_t trial_count, efficiency_count, effect_count;
  const rwk_trial **order; /* [trial_count] best first, failed ones last */
  double *chance;          /* [trial_count] by place in trials */
  const rwk_fit *fit;      /* to all rows; NULL: none yet */
} view;

static int better(const void *a, const void *b) {
  const rwk_trial *x = *(const rwk_trial *const *)a, *y = *(const rwk_trial *const *)b;
  const double p = isfinite(x->mean) ? x->mean : INFINITY, q = isfinite(y->mean) ? y->mean : INFINITY;
  if (p != q) return p < q ? -1 : 1;
  return (x->index > y->index) - (x->index < y->index);
}

static int open_view(view *v, cli_stored *s) {
  rwk_run *run = s->run;
  double expected, sd;
  *v = (view){.s = s, .r = &s->report, .search = rwk_run_search(run)};
  v->trials = rwk_run_trials(&v->trial_count, run);
  v->efficiency = rwk_run_efficiency(&v->efficiency_count, run);
  v->effects = rwk_run_effects(&v->effect_count, run);
  const cli_walk *best = cli_walk_best(v->r);
  v->fit = best && v->search ? best->points[0] : NULL;
  const size_t n = v->trial_count;
  double *mean = malloc((2 * n + 1) * sizeof *mean);
  v->order = malloc((n + 1) * sizeof *v->order);
  v->chance = calloc(n + 1, sizeof *v->chance);
  if (!mean || !v->order || !v->chance) {
    free(mean);
    return cli_fail(CLI_NUMERICAL, "memory ran out");
  }
  for (size_t i = 0; i < n; i++) {
    v->order[i] = &v->trials[i];
    mean[i] = v->trials[i].mean;
    mean[n + i] = v->trials[i].se;
  }
  qsort(v->order, n, sizeof *v->order, better);
  /* where no trial has an error nobody has a chance */
  const rwk_status status =
      n ? rwk_search_winner(v->chance, &expected, &sd, s->ctx, mean, mean + n, n) : RWK_OK;
  free(mean);
  return status == RWK_OK || status == RWK_NUMERICAL ? 0 : cli_fail_status(s->ctx, status);
}

static void close_view(view *v) {
  free(v->order);
  free(v->chance);
}

/* ---- words ---- */

static const char *widths(char text[64], const rwk_trial *t) {
  size_t at = 0;
  for (size_t l = 0; l < t->depth && at < 48; l++)
    at += (size_t)snprintf(text + at, 64 - at, "%s%zu", l ? "," : "", t->hidden);
  return text;
}

static void print_trials(FILE *to, const view *v) {
  char lambda[32], hidden[64];
  fprintf(to, "\n  %5s %-12s %-10s %-10s %-7s %-24s %9s %10s %8s  %s\n", "trial", v->r->scale.lambda,
          "hidden", "activation", "solver", "error held out", "best?", "in sample", "seconds", "certified");
  for (size_t k = 0; k < v->trial_count && k < SHOWN; k++) {
    const rwk_trial *t = v->order[k];
    fprintf(to, "  %5zu %-12s %-10s %-10s %-7s ", t->index,
            cli_lambda_text(lambda, cli_user_lambda(v->r, t->lambda)), widths(hidden, t),
            rwk_activation_name(t->activation), rwk_solver_name(t->solver));
    if (isfinite(t->mean))
      fprintf(to, "%-10.6f +- %-10.6f %8.1f%% %10.6f", t->mean, t->se, 100 * v->chance[t - v->trials],
              t->in_sample);
    else
      fprintf(to, "%-24s %9s %10s", "failed", "", "");
    fprintf(to, " %8.2f  %zu of %zu\n", t->seconds, t->certified, t->fits);
  }
  if (v->trial_count > SHOWN) fprintf(to, "  ... and %zu more; --json has all\n", v->trial_count - SHOWN);
  fprintf(to,
          "  best?: the chance that this trial is the best one, were the errors independent and normal\n");
}

static const char *effect_text(char text[EFFECT_WIDTH + 1], const rwk_effect *e) {
  if (e->first == e->second)
    snprintf(text, EFFECT_WIDTH + 1, "%s", rwk_setting_name((rwk_setting)e->first));
  else
    snprintf(text, EFFECT_WIDTH + 1, "%s x %s", rwk_setting_name((rwk_setting)e->first),
             rwk_setting_name((rwk_setting)e->second));
  return text;
}

static void print_effects(FILE *to, const view *v) {
  char text[EFFECT_WIDTH + 1];
  if (!v->effect_count || !isfinite(v->search->explained)) return;
  fprintf(to,
          "\nWhat the error depends on: shares of the variance of its logarithm over the whole range\n"
          "(a polynomial in the settings, which predicts %.0f%% of the differences between trials it has not "
          "seen)\n",
          100 * fmax(0, v->search->explained));
  if (v->search->explained < 0.1) {
    fprintf(to, "  too little to tell: more trials, or narrower ranges\n");
    return;
  }
  for (size_t k = 0; k < v->effect_count && k < EFFECTS_SHOWN; k++) {
    if (v->effects[k].share < 0.005) break;
    fprintf(to, "  %-*s %3.0f%%  ", EFFECT_WIDTH, effect_text(text, &v->effects[k]),
            100 * v->effects[k].share);
    for (int i = 0; i < (int)lround(30 * v->effects[k].share); i++) fputc('#', to);
    fputc('\n', to);
  }
}

static void print_efficiency(FILE *to, const view *v) {
  if (v->efficiency_count < 2) return;
  fprintf(to, "\nHow many trials are enough: the best of m of them\n  %6s %12s   %s\n", "m", "expected",
          "quartiles");
  for (size_t m = 1; m <= v->efficiency_count; m *= 2) {
    const rwk_efficiency *e = &v->efficiency[m - 1];
    fprintf(to, "  %6zu %12.6f   %.6f %.6f %.6f\n", e->trials, e->mean, e->low, e->median, e->high);
    if (m < v->efficiency_count && 2 * m > v->efficiency_count) m = (v->efficiency_count + 1) / 2;
  }
}

static void print_end(FILE *to, const view *v) {
  const rwk_search_summary *s = v->search;
  const rwk_trial *best = v->order[0];
  char lambda[32], hidden[64];
  size_t fits = 0, certified = 0, failed = 0;
  for (size_t i = 0; i < v->trial_count; i++) {
    fits += v->trials[i].fits;
    certified += v->trials[i].certified;
    failed += !isfinite(v->trials[i].mean);
  }
  fprintf(to, "\n%zu trials, ", s->trials);
  if (s->held_out)
    fprintf(to, "1 row in %zu held out", s->folds);
  else
    fprintf(to, "%zu folds", s->folds);
  fprintf(
      to,
      ", %.3g s. The error is that of rows the network has not seen, in units of the target's variance.\n",
      s->seconds);
  fprintf(to, "%zu of %zu fits are certified minima.", certified, fits);
  if (failed) fprintf(to, " %zu trials failed.", failed);
  fprintf(
      to,
      "\nBest: trial %zu, %s %s, hidden %s, %s, %s: error %.4g +- %.2g.\nThe lowest of many is low by luck, "
      "too: with errors so uncertain, that of the winner is expected at %.4g +- %.2g.\n",
      best->index, v->r->scale.lambda, cli_lambda_text(lambda, cli_user_lambda(v->r, best->lambda)),
      widths(hidden, best), rwk_activation_name(best->activation), rwk_solver_name(best->solver), best->mean,
      best->se, s->expected, s->expected_sd);
  if (v->fit)
    fprintf(to, "Fitted to all rows: MSE %.6g, %s.\n", cli_mse(v->r, v->fit->solve.loss),
            cli_verdict_text(&v->fit->certificate));
  fprintf(to, "Predict: ridgewalk predict %s NEW.csv\nRun file: %s\n", v->r->file, v->r->file);
}

/* ---- JSON ---- */

static void set(json_t *object, const char *key, double x) {
  json_object_set_new(object, key, cli_json_number(x));
}

static json_t *trial_json(const view *v, const rwk_trial *t) {
  json_t *o = json_object(), *hidden = json_array();
  for (size_t l = 0; l < t->depth; l++) json_array_append_new(hidden, json_integer((json_int_t)t->hidden));
  json_object_set_new(o, "trial", json_integer((json_int_t)t->index));
  set(o, "lambda", cli_user_lambda(v->r, t->lambda));
  json_object_set_new(o, "hidden", hidden);
  json_object_set_new(o, "activation", json_string(rwk_activation_name(t->activation)));
  json_object_set_new(o, "solver", json_string(rwk_solver_name(t->solver)));
  json_object_set_new(o, "parameters", json_integer((json_int_t)t->parameters));
  set(o, "mean", t->mean);
  set(o, "se", t->se);
  set(o, "chance", v->chance[t - v->trials]);
  set(o, "in_sample", t->in_sample);
  json_object_set_new(o, "fits", json_integer((json_int_t)t->fits));
  json_object_set_new(o, "certified", json_integer((json_int_t)t->certified));
  json_object_set_new(o, "iterations", json_integer((json_int_t)t->iterations));
  set(o, "seconds", t->seconds);
  return o;
}

static json_t *efficiency_json(const view *v) {
  json_t *list = json_array();
  for (size_t k = 0; k < v->efficiency_count; k++) {
    const rwk_efficiency *e = &v->efficiency[k];
    json_t *o = json_object();
    json_object_set_new(o, "trials", json_integer((json_int_t)e->trials));
    set(o, "mean", e->mean);
    set(o, "low", e->low);
    set(o, "median", e->median);
    set(o, "high", e->high);
    json_array_append_new(list, o);
  }
  return list;
}

static json_t *effects_json(const view *v) {
  json_t *list = json_array();
  for (size_t k = 0; k < v->effect_count; k++) {
    const rwk_effect *e = &v->effects[k];
    json_t *o = json_object(), *settings = json_array();
    json_array_append_new(settings, json_string(rwk_setting_name((rwk_setting)e->first)));
    if (e->second != e->first)
      json_array_append_new(settings, json_string(rwk_setting_name((rwk_setting)e->second)));
    json_object_set_new(o, "settings", settings);
    set(o, "share", e->share);
    json_array_append_new(list, o);
  }
  return list;
}

static int print_json(FILE *to, const view *v) {
  const rwk_search_summary *s = v->search;
  json_t *root = json_object(), *trials = json_array();
  for (size_t i = 0; i < v->trial_count; i++) json_array_append_new(trials, trial_json(v, &v->trials[i]));
  json_object_set_new(root, "trials", trials);
  json_object_set_new(root, "finished", json_boolean(s != NULL));
  if (s) {
    json_object_set_new(root, "best", trial_json(v, v->order[0]));
    set(root, "expected", s->expected);
    set(root, "expected_sd", s->expected_sd);
    json_object_set_new(root, "efficiency", efficiency_json(v));
    json_object_set_new(root, "importance", effects_json(v));
    set(root, "explained", s->explained);
    json_object_set_new(root, "folds", json_integer((json_int_t)s->folds));
    json_object_set_new(root, "holdout", json_boolean(s->held_out));
    json_object_set_new(root, "rows", json_integer((json_int_t)s->rows));
    set(root, "mse", v->fit ? cli_mse(v->r, v->fit->solve.loss) : (double)NAN);
    json_object_set_new(root, "verdict",
                        v->fit ? json_string(rwk_verdict_name(v->fit->certificate.verdict)) : json_null());
    set(root, "seconds", s->seconds);
  }
  return cli_print_json(to, root);
}

int cli_show_search(cli_stored *s, const cli_args *args) {
  view v;
  int code = open_view(&v, s);
  if (!code && args->value[CLI_JSON]) {
    code = print_json(stdout, &v);
  } else if (!code && !args->value[CLI_QUIET]) {
    if (v.search) cli_print_heading(stdout, v.r);
    print_trials(stdout, &v);
    if (v.search) {
      print_effects(stdout, &v);
      print_efficiency(stdout, &v);
      print_end(stdout, &v);
    } else {
      printf("Not finished: %zu trials so far; go on with ridgewalk search --resume %s\n", v.trial_count,
             v.r->file);
    }
  }
  if (!code && v.search && (!v.fit || !rwk_certificate_is_minimum(&v.fit->certificate)))
    code = CLI_UNCERTIFIED;
  close_view(&v);
  return code;
}
