#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"
#include "cli/json.h"

enum { ROWS_SHOWN = 60, HINTS_MOST = 4 };

typedef struct view {
  const char *file; /* escaped */
  const cli_sweep *sweep;
  const rwk_audit *audit;
  const rwk_audit_summary *summary;
  const rwk_audit_point *points;
  const rwk_audit_drop *drops;
  size_t drop_count;
  char objective[160];
  const char *hints[HINTS_MOST];
  size_t hint_agree[HINTS_MOST], hint_penalties[HINTS_MOST], hint_count;
} view;

/* Does another reading explain the numbers clearly better? A fit that is not global is beaten under any
 * reading, so that not all penalties need agree; a free factor wins a penalty or two by itself. */
static int better(const rwk_audit_summary *other, const rwk_audit_summary *now) {
  const int named = other->scale != RWK_SCALE_NONE && other->scale != RWK_SCALE_OTHER;
  const int was_named = now->scale != RWK_SCALE_NONE && now->scale != RWK_SCALE_OTHER;
  if (!other->told || other->scale == RWK_SCALE_NONE) return 0;
  if (named && other->agree == other->penalties && (!was_named || now->agree < now->penalties)) return 1;
  const double won = (double)other->agree / (double)other->penalties;
  const double had = (double)now->agree / (double)now->penalties;
  return won >= 0.75 && won >= had + 0.15 && other->agree > now->agree + 2;
}

/* Options under which the numbers fit better than they do now. */
static void find_hints(view *v, rwk_context *ctx, const cli_reading *now,
                       const rwk_audit_settings *settings) {
  static const struct {
    cli_reading toggled;
    const char *advice[2]; /* where the options are off, on */
  } ways[] = {
      {{0, 1, 0}, {"--norm (weights' norm, not squared)", "leaving --norm away"}},
      {{1, 0, 0}, {"--objective (the error column holds the penalty too)", "leaving --objective away"}},
      {{1, 1, 0}, {"--objective --norm", NULL}},
      {{0, 0, 1}, {"--log-lambda (natural logarithms)", "leaving --log-lambda away"}}};
  const rwk_audit_summary *s = v->summary;
  const int as_expected = s->factor == settings->factor && s->scale != RWK_SCALE_NONE;
  if (!s->told || (s->verdict == RWK_AUDIT_CONSISTENT && as_expected)) return;
  for (size_t k = 0; k < sizeof ways / sizeof *ways; k++) {
    const cli_reading t = ways[k].toggled;
    const int on =
        (t.objective && now->objective) || (t.norm && now->norm) || (t.log_lambda && now->log_lambda);
    if (!ways[k].advice[on]) continue;
    const cli_reading other = {t.objective ? !now->objective : now->objective,
                               t.norm ? !now->norm : now->norm,
                               t.log_lambda ? !now->log_lambda : now->log_lambda};
    if (!other.log_lambda) {
      int negative = 0;
      for (size_t i = 0; i < v->sweep->count; i++) negative |= v->sweep->lambda[i] < 0;
      if (negative) continue;
    }
    rwk_audit *audit;
    if (cli_sweep_audit(&audit, ctx, v->sweep, v->file, &other, 1, settings, 0)) continue;
    const rwk_audit_summary *o = rwk_audit_summary_get(audit);
    if (better(o, s)) {
      v->hints[v->hint_count] = ways[k].advice[on];
      v->hint_agree[v->hint_count] = o->agree;
      v->hint_penalties[v->hint_count++] = o->penalties;
    }
    rwk_audit_destroy(audit);
  }
}

static size_t line(const view *v, size_t row) {
  return rwk_table_line(v->sweep->table, row);
}

static int by_lambda(const void *a, const void *b) {
  const rwk_audit_point *x = *(const rwk_audit_point *const *)a, *y = *(const rwk_audit_point *const *)b;
  if (x->lambda != y->lambda) return x->lambda < y->lambda ? -1 : 1;
  return (x > y) - (x < y);
}

static int print_points(const view *v) {
  const size_t count = v->sweep->count;
  const rwk_audit_point **sorted = malloc((count + 1) * sizeof *sorted);
  if (!sorted) return cli_fail(CLI_NUMERICAL, "memory ran out");
  for (size_t i = 0; i < count; i++) sorted[i] = &v->points[i];
  qsort(sorted, count, sizeof *sorted, by_lambda);
  const int all = count <= ROWS_SHOWN;
  size_t shown = 0;
  if (all || v->summary->beaten)
    printf("\n  %6s  %-12s %-12s %-12s %-12s %s\n", "line", "lambda", "MSE", "penalty", "excess",
           "fit again, starting with the weights of");
  for (size_t k = 0; k < count; k++) {
    const rwk_audit_point *p = sorted[k];
    char text[32], from[32];
    if ((!all && !(p->excess > 0)) || shown++ >= ROWS_SHOWN) continue;
    printf("  %6zu  %-12s %-12.6g %-12.6g ", line(v, (size_t)(p - v->points)),
           cli_lambda_text(text, p->lambda), p->mse, p->penalty);
    if (p->excess > 0)
      printf("%-12.6g line %zu (lambda = %s)\n", p->excess, line(v, p->dominated_by),
             cli_lambda_text(from, v->points[p->dominated_by].lambda));
    else
      printf("-\n");
  }
  if (shown > ROWS_SHOWN) printf("  ... and %zu more (--json has all)\n", shown - ROWS_SHOWN);
  free(sorted);
  return 0;
}

static void print_drops(const view *v) {
  if (v->drop_count == 0) return;
  printf("\nThe error falls %zu time%s while the penalty rises (D = fall of the error; a, b = how much the "
         "smaller "
         "and the larger penalty's fit loses\nat its own penalty against the other's weights; l2 a + l1 b = "
         "(l2 - "
         "l1) D):\n",
         v->drop_count, v->drop_count == 1 ? "" : "s");
  for (size_t k = 0; k < v->drop_count; k++) {
    const rwk_audit_drop *d = &v->drops[k];
    char from[32], to[32];
    if (k == ROWS_SHOWN) {
      printf("  ... and %zu more (--json has all)\n", v->drop_count - k);
      return;
    }
    printf("  %s -> %s: D = %.6g, a = %.6g, b = %.6g; an excess of %.3g was certain from the fall alone; fit "
           "line "
           "%zu again, from line %zu\n",
           cli_lambda_text(from, v->points[d->from].lambda), cli_lambda_text(to, v->points[d->to].lambda),
           d->D, d->a, d->b, d->certain, line(v, d->restart), line(v, d->with));
  }
}

static void print_scale(const view *v, const rwk_audit_settings *settings) {
  const rwk_audit_summary *s = v->summary;
  if (!s->told) return;
  if (s->scale == RWK_SCALE_NONE) {
    printf("Scale of the penalty: none fits.\n");
  } else {
    printf("Scale of the penalty: %.6g times the column (%s), with which %zu of %zu penalties agree",
           s->factor, s->convention, s->agree, s->penalties);
    if (s->low > 0 && isfinite(s->high)) printf("; these allow %.3g to %.3g", s->low, s->high);
    if (s->factor != settings->factor)
      printf("; at a factor of %.6g only %zu agree", settings->factor, s->agree_expected);
    printf(".\n");
    if (s->scale == RWK_SCALE_OTHER && !(settings->rows > 0))
      printf("If the table had about %.4g rows, it is a sum against a mean: say --rows N.\n",
             s->factor < 1 ? 1 / s->factor : s->factor);
  }
}

static const char *verdict_words(rwk_audit_verdict verdict) {
  switch (verdict) {
  case RWK_AUDIT_CONSISTENT:
    return "Consistent";
  case RWK_AUDIT_NOT_GLOBAL:
    return "Not global";
  case RWK_AUDIT_INCONSISTENT:
    break;
  }
  return "Inconsistent";
}

static int print_words(const view *v, const rwk_audit_settings *settings) {
  printf("%s: %zu rows\n%s\n", v->file, v->sweep->count, v->objective);
  const int code = print_points(v);
  if (code) return code;
  print_drops(v);
  putchar('\n');
  print_scale(v, settings);
  printf("%s: %s.\n", verdict_words(v->summary->verdict), v->summary->reason);
  for (size_t k = 0; k < v->hint_count; k++)
    printf("Try %s: read so, %zu of %zu penalties agree.\n", v->hints[k], v->hint_agree[k],
           v->hint_penalties[k]);
  return 0;
}

static json_t *row(size_t i) {
  return i == RWK_AUDIT_NONE ? json_null() : json_integer((json_int_t)i);
}

static json_t *point_json(const view *v, size_t i) {
  const rwk_audit_point *p = &v->points[i];
  return json_pack(
      "{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "line", (json_int_t)line(v, i), "lambda",
      cli_json_number(p->lambda), "mse", cli_json_number(p->mse), "penalty", cli_json_number(p->penalty),
      "objective", cli_json_number(p->objective), "excess", cli_json_number(p->excess), "rounding",
      cli_json_number(p->rounding), "dominated_by", row(p->dominated_by), "restart_line",
      p->dominated_by == RWK_AUDIT_NONE ? json_null() : json_integer((json_int_t)line(v, p->dominated_by)));
}

static json_t *drop_json(const view *v, const rwk_audit_drop *d) {
  const rwk_audit_point *p = &v->points[d->from], *q = &v->points[d->to];
  return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I}", "from", cli_json_number(p->lambda),
                   "to", cli_json_number(q->lambda), "mse_from", cli_json_number(p->mse), "mse_to",
                   cli_json_number(q->mse), "D", cli_json_number(d->D), "a", cli_json_number(d->a), "b",
                   cli_json_number(d->b), "certain", cli_json_number(d->certain), "restart",
                   (json_int_t)d->restart, "with", (json_int_t)d->with);
}

static int print_json(const view *v) {
  const rwk_audit_summary *s = v->summary;
  const int none = s->scale == RWK_SCALE_NONE;
  json_t *root = json_object(), *points = json_array(), *drops = json_array(), *hints = json_array();
  for (size_t i = 0; i < v->sweep->count; i++) json_array_append_new(points, point_json(v, i));
  for (size_t k = 0; k < v->drop_count; k++) json_array_append_new(drops, drop_json(v, &v->drops[k]));
  for (size_t k = 0; k < v->hint_count; k++) json_array_append_new(hints, json_string(v->hints[k]));
  json_object_set_new(root, "points", points);
  json_object_set_new(root, "drops", drops);
  json_object_set_new(root, "verdict", json_string(rwk_audit_verdict_name(s->verdict)));
  json_object_set_new(root, "reason", json_string(s->reason));
  json_object_set_new(root, "objective", json_string(v->objective));
  json_object_set_new(root, "scale",
                      json_pack("{s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:b, s:o, s:o, s:I}", "factor",
                                none ? json_null() : cli_json_number(s->factor), "convention",
                                none ? json_null() : json_string(s->convention), "low",
                                none ? json_null() : cli_json_number(s->low), "high",
                                none ? json_null() : cli_json_number(s->high), "agree", (json_int_t)s->agree,
                                "penalties", (json_int_t)s->penalties, "agree_expected",
                                (json_int_t)s->agree_expected, "told", s->told, "slope_least",
                                cli_json_number(s->flattest), "slope_most", cli_json_number(s->steepest),
                                "contrary", (json_int_t)s->contrary));
  json_object_set_new(root, "hints", hints);
  return cli_print_json(stdout, root);
}

static void write_objective(view *v, const rwk_objective_scale *scale) {
  const rwk_audit_summary *s = v->summary;
  if (s->factor == 1)
    snprintf(v->objective, sizeof v->objective, "J = MSE + lambda R, R = sum of squared weights");
  else
    snprintf(v->objective, sizeof v->objective, "J = MSE + %.6g lambda R, R = sum of squared weights%s%s",
             s->factor, scale ? "; as given: " : "", scale ? scale->objective : "");
}

int cli_audit(const cli_args *args) {
  if (args->operand_count != 1)
    return cli_fail(CLI_USAGE, "audit wants one table: ridgewalk audit SWEEP.csv");
  const cli_reading reading = {!!args->value[CLI_OBJECTIVE], !!args->value[CLI_NORM],
                               !!args->value[CLI_LOG_LAMBDA]};
  rwk_audit_settings settings;
  rwk_audit_settings_init(&settings);
  rwk_objective_scale scale;
  double unit = 1;
  int code = cli_rows(&settings.rows, args);
  if (code) return code;
  const char *convention = args->value[CLI_CONVENTION];
  if (convention) {
    const double n = settings.rows > 0 ? settings.rows : 1;
    code = cli_convention(&scale, convention, settings.rows, "convention");
    if (code) return code;
    settings.factor = scale.lambda_scale / (scale.loss_scale * n);
    settings.convention = convention;
    if (reading.objective) unit = scale.loss_scale * n;
  }
  rwk_context *ctx = NULL;
  cli_sweep sweep = {0};
  rwk_audit *audit = NULL;
  char *file = cli_escape(args->operands[0]);
  if (!file) return cli_fail(CLI_NUMERICAL, "memory ran out");
  code = cli_context(&ctx, args);
  if (!code) code = cli_sweep_read(&sweep, ctx, args->operands[0], args, &reading);
  if (!code) code = cli_sweep_audit(&audit, ctx, &sweep, file, &reading, unit, &settings, 1);
  if (!code) {
    view v = {.file = file,
              .sweep = &sweep,
              .audit = audit,
              .summary = rwk_audit_summary_get(audit),
              .points = rwk_audit_points(audit)};
    v.drops = rwk_audit_drops(&v.drop_count, audit);
    write_objective(&v, convention ? &scale : NULL);
    find_hints(&v, ctx, &reading, &settings);
    if (args->value[CLI_JSON])
      code = print_json(&v);
    else if (!args->value[CLI_QUIET])
      code = print_words(&v, &settings);
    if (!code) code = v.summary->verdict == RWK_AUDIT_CONSISTENT ? CLI_DONE : CLI_UNCERTIFIED;
  }
  rwk_audit_destroy(audit);
  cli_sweep_release(&sweep);
  rwk_context_destroy(ctx);
  free(file);
  return code;
}
