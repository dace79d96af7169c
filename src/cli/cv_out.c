/* What a cross-validation says: a table, a paragraph, JSON; all from the run file. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/json.h"
#include "cli/stored.h"

enum { CAUSES = RWK_CAUSE_JUMP + 1 };

/* What the paths of the folds went through. */
typedef struct strands {
  size_t *left; /* [count] folds in which a walk left its branch between a penalty and the next */
  size_t drops[CAUSES], rises[CAUSES], drop_count, rise_count;
  size_t fits, uncertified; /* of best, in the folds */
} strands;

typedef struct view {
  cli_stored *s;
  const cli_report *r;
  const rwk_cv_summary *cv;
  const rwk_cv_point *points;
  const cli_walk *best; /* of all rows */
  strands strands;
} view;

static int tally(view *v, rwk_context *ctx) {
  strands *t = &v->strands;
  const size_t folds = v->cv->folds * v->cv->repeats;
  size_t count;
  unsigned char *seen = calloc(v->r->count * folds + 1, 1);
  t->left = calloc(v->r->count + 1, sizeof *t->left);
  if (!seen || !t->left) {
    free(seen);
    return cli_fail(CLI_NUMERICAL, "memory ran out");
  }
  rwk_status status = rwk_run_fold_drop_count(&count, v->s->run);
  for (size_t k = 0; k < count && status == RWK_OK; k++) {
    rwk_drop d;
    rwk_walk walk;
    int start;
    size_t fold;
    status = rwk_run_fold_drop_at(&d, &walk, &start, &fold, v->s->run, k);
    if (status != RWK_OK || fold >= folds || (unsigned)d.cause >= CAUSES) continue;
    ++*(d.rise ? &t->rise_count : &t->drop_count);
    ++*(d.rise ? &t->rises[d.cause] : &t->drops[d.cause]);
    t->left[d.from] += !seen[d.from * folds + fold];
    seen[d.from * folds + fold] = 1;
  }
  free(seen);
  if (status == RWK_OK) status = rwk_run_fold_fit_count(&count, v->s->run);
  for (size_t k = 0; k < count && status == RWK_OK; k++) {
    rwk_fit fit;
    size_t fold;
    status = rwk_run_fold_fit_at(&fit, &fold, NULL, v->s->run, k);
    if (status != RWK_OK || fit.walk != RWK_WALK_BEST) continue;
    t->fits++;
    t->uncertified += !rwk_certificate_is_minimum(&fit.certificate);
  }
  return status == RWK_OK ? 0 : cli_fail_status(ctx, status);
}

static double chosen(const view *v, rwk_cv_choice choice) {
  return cli_user_lambda(v->r, v->r->lambda[v->cv->index[choice]]);
}

/* ---- words ---- */

static void print_count(FILE *to, double x) {
  if (isfinite(x))
    fprintf(to, "%9.1f ", x);
  else
    fprintf(to, "%9s ", "-");
}

/* Without the sign of a zero that rounding left. */
static double percent(double share) {
  return fabs(share) < 5e-5 ? 0 : 100 * share;
}

static void print_table(FILE *to, const view *v) {
  char text[32];
  const double *accuracy = v->best ? v->best->accuracy : NULL;
  char title[32];
  snprintf(title, sizeof title, "%s in sample", cli_loss_word(v->r));
  fprintf(to, "\n  %-12s%-25s%9s %9s %10s  %-13s %s%-8s %s\n", v->r->scale.lambda,
          v->r->loss == RWK_LOSS_MSE ? "error held out" : "cross-entropy held out", "Df", "Df (H)",
          "explained", title, accuracy ? "accuracy  " : "", "left in", "fit to all rows");
  for (size_t i = 0; i < v->cv->count; i++) {
    const rwk_cv_point *p = &v->points[i];
    const rwk_fit *fit = v->best ? v->best->points[i] : NULL;
    fprintf(to, "  %-12s%-10.6f +- %-10.6f ", cli_lambda_text(text, cli_user_lambda(v->r, p->lambda)),
            p->mean, p->se);
    print_count(to, p->parameters_gn);
    print_count(to, p->parameters);
    fprintf(to, "%9.2f%%  %-13.6f ", percent(p->explained), fit ? cli_mse(v->r, fit->solve.loss) : NAN);
    if (accuracy) fprintf(to, "%7.2f%%  ", 100 * accuracy[i]);
    if (i + 1 < v->cv->count && v->strands.left[i])
      fprintf(to, "%zu of %-4zu", v->strands.left[i], v->cv->folds * v->cv->repeats);
    else
      fprintf(to, "%-9s", "");
    fprintf(to, "%s%s%s\n", fit ? cli_verdict_text(&fit->certificate) : "-",
            i == v->cv->index[RWK_CV_MIN] ? "   <- lambda_min" : "",
            i == v->cv->index[RWK_CV_1SE] ? "   <- lambda_1se" : "");
  }
  fprintf(
      to,
      "  Df: effective parameters, by Gauss and Newton's matrix; (H): by the exact Hessian, negative where "
      "units are about to die\n"
      "  left in: folds in which a walk left its branch of minima between this penalty and the next\n");
}

static void print_causes(FILE *to, const size_t *causes) {
  int any = 0;
  for (int c = 0; c < CAUSES; c++)
    if (causes[c]) fprintf(to, "%s%zu %s", any++ ? ", " : "", causes[c], rwk_cause_name((rwk_cause)c));
}

static void print_choice(FILE *to, const view *v, rwk_cv_choice choice, const char *name) {
  char text[32];
  const rwk_cv_point *p = &v->points[v->cv->index[choice]];
  if (v->r->loss != RWK_LOSS_MSE) {
    double share = NAN;
    if (rwk_run_cv_accuracy(&share, v->s->run, choice) == RWK_NO_MEMORY) cli_memory_missed();
    fprintf(to, "%s = %s: cross-entropy %.4g +- %.2g, held-out accuracy %.2f%%.\n", name,
            cli_lambda_text(text, chosen(v, choice)), p->mean, p->se, 100 * share);
    return;
  }
  fprintf(to, "%s = %s: error %.4g +- %.2g, held-out RMSE", name, cli_lambda_text(text, chosen(v, choice)),
          p->mean, p->se);
  double *rmse = malloc(v->cv->outputs * sizeof *rmse);
  if (!rmse) cli_memory_missed();
  if (rmse && rwk_run_cv_rmse(rmse, v->s->run, choice) == RWK_OK)
    for (size_t k = 0; k < v->cv->outputs; k++) fprintf(to, "%s %.6g", k ? "," : "", rmse[k]);
  free(rmse);
  fprintf(to, " in the target's own units.\n");
}

void cli_print_cv_warnings(FILE *to, const rwk_cv_summary *cv) {
  if (cv->end)
    fprintf(
        to,
        "lambda_min is the %s penalty of the grid: the best may lie beyond; widen the grid by --lambda %s.\n",
        cv->end < 0 ? "smallest" : "largest",
        cv->end < 0 ? "with a smaller first penalty" : "with a larger last penalty");
  if (cv->twins)
    fprintf(
        to,
        "%zu rows have a twin, equal in every feature and target, in another fold (first: rows %zu and %zu): "
        "what is held out there was seen in training; --group keeps rows together.\n",
        cv->twins, cv->twin_first + 1, cv->twin_second + 1);
}

static const char *times(char text[32], size_t count) {
  snprintf(text, 32, "%zu time%s", count, count == 1 ? "" : "s");
  return text;
}

static void print_words(FILE *to, const view *v) {
  const rwk_cv_summary *cv = v->cv;
  const strands *t = &v->strands;
  char text[32];
  fprintf(to, "%zu folds", cv->folds);
  if (cv->repeats > 1) fprintf(to, ", %zu times", cv->repeats);
  fprintf(to, ", %.3g s: the error is that of rows the network has not seen, in %s.\n", cv->seconds,
          v->r->loss == RWK_LOSS_MSE ? "units of the target's variance"
                                     : "nats (half the deviance, a row's mean)");
  print_choice(to, v, RWK_CV_MIN, "lambda_min");
  print_choice(to, v, RWK_CV_1SE, "lambda_1se");
  cli_print_cv_warnings(to, cv);
  if (t->drop_count + t->rise_count) {
    fprintf(to, "On their way the folds' walks left their branch of minima %s",
            times(text, t->drop_count + t->rise_count));
    if (t->drop_count) {
      fprintf(to, "; with a fall of the error %s (", times(text, t->drop_count));
      print_causes(to, t->drops);
      fprintf(to, ")");
    }
    if (t->rise_count) {
      fprintf(to, "; with a rise %s (", times(text, t->rise_count));
      print_causes(to, t->rises);
      fprintf(to, ")");
    }
    fprintf(to,
            ". A curve that jumps where `left in` is not empty jumps between basins, not by noise alone.\n");
  }
  fprintf(to, "%zu of %zu fits of best in the folds are certified minima.\n", t->fits - t->uncertified,
          t->fits);
  if (cv->ensemble > 1)
    fprintf(to, "Predictions are means over up to %d minima (the lowest ones, symmetries counted once).\n",
            cv->ensemble);
}

static void print_file(FILE *to, const view *v) {
  char text[32];
  fprintf(to, "Predict: ridgewalk predict %s NEW.csv --lambda 1se (or min, or %s)\nRun file: %s\n",
          v->r->file, cli_lambda_text(text, chosen(v, RWK_CV_MIN)), v->r->file);
}

/* ---- JSON ---- */

static json_t *rmse_of(const view *v, rwk_cv_choice choice) {
  const size_t q = v->cv->outputs;
  double *rmse = malloc(q * sizeof *rmse);
  json_t *list = json_array();
  if (!rmse) cli_memory_missed();
  if (rmse && rwk_run_cv_rmse(rmse, v->s->run, choice) == RWK_OK)
    for (size_t k = 0; k < q; k++) json_array_append_new(list, cli_json_number(rmse[k]));
  free(rmse);
  if (q > 1) return list;
  json_t *one = json_incref(json_array_get(list, 0));
  json_decref(list);
  return one;
}

/* In place of the RMSE, which is of numbers. */
static void add_classes(json_t *root, const view *v) {
  static const char *const names[] = {"min", "1se"};
  json_t *classes = json_array(), *accuracy = json_object();
  for (size_t k = 0; k < v->r->class_count; k++)
    json_array_append_new(classes, json_string(v->r->classes[k]));
  for (int choice = 0; choice < 2; choice++) {
    double share = NAN;
    if (rwk_run_cv_accuracy(&share, v->s->run, (rwk_cv_choice)choice) == RWK_NO_MEMORY) cli_memory_missed();
    json_object_set_new(accuracy, names[choice], cli_json_number(share));
  }
  json_object_set_new(root, "rmse", json_null());
  json_object_set_new(root, "classes", classes);
  json_object_set_new(root, "accuracy", accuracy);
}

static json_t *causes_of(const size_t *causes) {
  json_t *o = json_object();
  for (int c = 0; c < CAUSES; c++)
    if (causes[c]) json_object_set_new(o, rwk_cause_name((rwk_cause)c), json_integer((json_int_t)causes[c]));
  return o;
}

static int print_json(FILE *to, const view *v) {
  const rwk_cv_summary *cv = v->cv;
  json_t *root = json_object(), *lambda = json_array(), *mean = json_array(), *se = json_array(),
         *parameters = json_array(), *gn = json_array(), *explained = json_array(), *left = json_array(),
         *verdicts = json_array();
  for (size_t i = 0; i < cv->count; i++) {
    const rwk_fit *fit = v->best ? v->best->points[i] : NULL;
    json_array_append_new(lambda, cli_json_number(cli_user_lambda(v->r, v->points[i].lambda)));
    json_array_append_new(mean, cli_json_number(v->points[i].mean));
    json_array_append_new(se, cli_json_number(v->points[i].se));
    json_array_append_new(parameters, cli_json_number(v->points[i].parameters));
    json_array_append_new(gn, cli_json_number(v->points[i].parameters_gn));
    json_array_append_new(explained, cli_json_number(v->points[i].explained));
    if (i + 1 < cv->count) json_array_append_new(left, json_integer((json_int_t)v->strands.left[i]));
    json_array_append_new(verdicts,
                          fit ? json_string(rwk_verdict_name(fit->certificate.verdict)) : json_null());
  }
  json_object_set_new(root, "lambda", lambda);
  json_object_set_new(root, "mean", mean);
  json_object_set_new(root, "se", se);
  json_object_set_new(root, "lambda_min", cli_json_number(chosen(v, RWK_CV_MIN)));
  json_object_set_new(root, "lambda_1se", cli_json_number(chosen(v, RWK_CV_1SE)));
  json_object_set_new(root, "folds", json_integer((json_int_t)cv->folds));
  json_object_set_new(root, "repeats", json_integer((json_int_t)cv->repeats));
  json_object_set_new(root, "ensemble", json_integer(cv->ensemble));
  json_t *rmse = json_object();
  json_object_set_new(rmse, "min", rmse_of(v, RWK_CV_MIN));
  json_object_set_new(rmse, "1se", rmse_of(v, RWK_CV_1SE));
  json_object_set_new(root, "rmse", rmse);
  json_object_set_new(root, "loss", json_string(rwk_loss_name(v->r->loss)));
  if (v->r->loss != RWK_LOSS_MSE) add_classes(root, v);
  json_object_set_new(root, "parameters", parameters);
  json_object_set_new(root, "parameters_gn", gn);
  json_object_set_new(root, "explained", explained);
  json_object_set_new(root, "verdicts", verdicts);
  json_object_set_new(root, "grid_end",
                      cv->end < 0   ? json_string("smallest")
                      : cv->end > 0 ? json_string("largest")
                                    : json_null());
  json_object_set_new(root, "twins", json_integer((json_int_t)cv->twins));
  json_object_set_new(root, "left", left);
  json_object_set_new(root, "drops", causes_of(v->strands.drops));
  json_object_set_new(root, "rises", causes_of(v->strands.rises));
  json_object_set_new(root, "fold_fits", json_integer((json_int_t)v->strands.fits));
  json_object_set_new(root, "fold_fits_certified",
                      json_integer((json_int_t)(v->strands.fits - v->strands.uncertified)));
  json_object_set_new(root, "seconds", cli_json_number(cv->seconds));
  return cli_print_json(to, root);
}

static int open_view(view *v, cli_stored *s) {
  *v = (view){.s = s, .r = &s->report, .cv = rwk_run_cv(s->run), .points = rwk_run_cv_points(s->run)};
  v->best = cli_walk_best(v->r);
  return tally(v, s->ctx);
}

int cli_print_cv_words(FILE *to, cli_stored *s) {
  view v;
  const int code = open_view(&v, s);
  if (!code) print_words(to, &v);
  free(v.strands.left);
  return code;
}

int cli_show_cv(cli_stored *s, const cli_args *args) {
  view v;
  int code = open_view(&v, s);
  if (!code && args->value[CLI_JSON]) {
    code = print_json(stdout, &v);
  } else if (!code && !args->value[CLI_QUIET]) {
    cli_print_heading(stdout, v.r);
    print_table(stdout, &v);
    if (!args->value[CLI_NO_PLOT]) cli_print_curve(stdout, v.r, v.points, v.cv);
    fputc('\n', stdout);
    print_words(stdout, &v);
    print_file(stdout, &v);
  }
  free(v.strands.left);
  if (!code && v.strands.uncertified) code = CLI_UNCERTIFIED;
  for (size_t i = 0; !code && i < v.cv->count; i++)
    if (!v.best || !v.best->points[i] || !rwk_certificate_is_minimum(&v.best->points[i]->certificate))
      code = CLI_UNCERTIFIED;
  return code;
}
