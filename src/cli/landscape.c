/* landscape: the surface between and around fits of a run file. */
#include "cli/landscape.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- which fits ---- */

static double user_lambda(const cli_surface *l, double lambda) {
  return cli_user_lambda(&l->stored.report, lambda);
}

const char *cli_spot_name(char out[96], const cli_surface *l, size_t spot) {
  const cli_spot *s = &l->spots[spot];
  char at[32];
  snprintf(out, 96, "%zu (%s%s at %s)", s->number, rwk_walk_name(s->fit->walk), s->moved ? ", descended" : "",
           cli_lambda_text(at, user_lambda(l, s->fit->lambda)));
  return out;
}

/* "7", "up:2^-4", "cold/3:2^-4". */
static int find_spot(cli_spot *s, const cli_surface *l, const char *text) {
  const char *colon = strchr(text, ':'), *slash = strchr(text, '/');
  long long number, start = -1;
  char name[32] = "";
  rwk_walk walk;
  double lambda;
  if (!colon) {
    if (cli_whole(&number, text, 1, (long long)l->stored.fit_count))
      return cli_fail(
          CLI_USAGE, "landscape: '%s' is no fit: a number from 1 to %zu, or a walk and a penalty, as up:2^-4",
          text, l->stored.fit_count);
    s->number = (size_t)number;
    s->fit = &l->stored.fits[s->number - 1];
    return 0;
  }
  const size_t length = (size_t)((slash && slash < colon ? slash : colon) - text);
  if (length < sizeof name) memcpy(name, text, length);
  if (rwk_walk_from_name(&walk, name) != RWK_OK)
    return cli_fail(CLI_USAGE, "landscape: '%s' begins with none of up:, down:, cold:, best:", text);
  if (slash && slash < colon) {
    char digits[32] = "";
    if ((size_t)(colon - slash - 1) < sizeof digits) memcpy(digits, slash + 1, (size_t)(colon - slash - 1));
    if (cli_whole(&start, digits, 0, 1000000))
      return cli_fail(CLI_USAGE, "landscape: '%s': the start is not a whole number from 0 on", text);
  }
  if (cli_number(&lambda, colon + 1) || !(lambda > 0))
    return cli_fail(CLI_USAGE, "landscape: '%s': '%s' is not a penalty", text, colon + 1);
  for (size_t k = 0; k < l->stored.fit_count; k++) {
    const rwk_fit *f = &l->stored.fits[k];
    if (f->walk != walk || (start >= 0 && f->start != start)) continue;
    if (fabs(user_lambda(l, f->lambda) / lambda - 1) > 1e-9) continue;
    if (s->fit && !(f->solve.objective < s->fit->solve.objective)) continue;
    s->fit = f;
    s->number = k + 1;
  }
  return s->fit ? 0
                : cli_fail(CLI_USAGE, "%s has no fit %s; ridgewalk landscape %s lists them", l->file, text,
                           l->file);
}

static int read_fit(double **w, cli_surface *l, size_t number) {
  rwk_fit fit;
  *w = malloc(l->dim * sizeof **w);
  if (!*w) return cli_fail(CLI_NUMERICAL, "memory ran out");
  const rwk_status status = rwk_run_fit_at(&fit, *w, l->stored.run, number - 1);
  return status == RWK_OK ? 0 : cli_fail_status(l->setup.ctx, status);
}

static int descend(cli_spot *s, cli_surface *l) {
  rwk_solver_settings settings;
  rwk_solver *solver;
  rwk_solve_result result;
  rwk_solver_settings_init(&settings);
  settings.algebra = l->settings.certify.algebra;
  rwk_status status = rwk_solver_create(&solver, l->setup.ctx, l->problem, &settings);
  if (status == RWK_OK) {
    status = rwk_solver_run(&result, solver, s->w, l->lambda);
    rwk_solver_destroy(solver);
  }
  s->moved = 1;
  return status == RWK_OK ? 0 : cli_fail_status(l->setup.ctx, status);
}

/* Reads the fit, brings it to the penalty of the surface and onto the first one. */
static int prepare_spot(cli_surface *l, size_t k) {
  cli_spot *s = &l->spots[k];
  int code = read_fit(&s->w, l, s->number);
  if (!code && fabs(s->fit->lambda / l->lambda - 1) > 1e-9) code = descend(s, l);
  if (code) return code;
  rwk_status status = RWK_OK;
  if (k > 0) {
    double *own = NULL;
    if (l->asked->value[CLI_NO_ALIGN]) {
      own = malloc(l->dim * sizeof *own);
      if (!own) return cli_fail(CLI_NUMERICAL, "memory ran out");
      memcpy(own, s->w, l->dim * sizeof *own);
    }
    status = rwk_landscape_compare(&s->likeness, s->w, l->setup.ctx, l->problem, l->lambda, l->spots[0].w,
                                   &l->settings);
    if (own) {
      free(s->w);
      s->w = own;
    }
  }
  if (status == RWK_OK)
    status =
        rwk_certify(&s->certificate, NULL, l->setup.ctx, l->problem, l->lambda, s->w, &l->settings.certify);
  return status == RWK_OK ? 0 : cli_fail_status(l->setup.ctx, status);
}

int cli_landscape_same(int *same, cli_surface *l, size_t a, size_t b) {
  double *wa = NULL, *wb = NULL;
  rwk_likeness likeness;
  int code = read_fit(&wa, l, a + 1);
  if (!code) code = read_fit(&wb, l, b + 1);
  if (!code) {
    const rwk_status status = rwk_landscape_compare(&likeness, wb, l->setup.ctx, l->problem,
                                                    l->stored.fits[a].lambda, wa, &l->settings);
    if (status != RWK_OK) code = cli_fail_status(l->setup.ctx, status);
    *same = likeness.same;
  }
  free(wa);
  free(wb);
  return code;
}

/* ---- the work ---- */

static int make_line(cli_surface *l) {
  rwk_context *ctx = l->setup.ctx;
  l->line = calloc(l->points, sizeof *l->line);
  if (!l->line) return cli_fail(CLI_NUMERICAL, "memory ran out");
  rwk_status status = rwk_landscape_line(l->line, l->points, ctx, l->problem, l->lambda, l->spots[0].w,
                                         l->spots[1].w, 0, 1, &l->settings);
  if (status == RWK_OK)
    status = rwk_landscape_line_top(&l->line_top, ctx, l->problem, l->lambda, l->spots[0].w, l->spots[1].w,
                                    &l->settings);
  return status == RWK_OK ? 0 : cli_fail_status(ctx, status);
}

static int make_curve(cli_surface *l) {
  l->settings.eigenvalues = strcmp(l->what, "plane") != 0; /* nobody sees them there */
  for (size_t k = 0; k < 2; k++)
    if (!rwk_certificate_is_minimum(&l->spots[k].certificate)) {
      char name[96];
      return cli_fail(
          CLI_DATA,
          "fit %s is no certified minimum at this penalty (%s): a curve goes from one minimum to another",
          cli_spot_name(name, l, k), cli_verdict_text(&l->spots[k].certificate));
    }
  const rwk_status status = rwk_curve_find(&l->curve, l->setup.ctx, l->problem, l->lambda, l->spots[0].w,
                                           l->spots[1].w, &l->settings);
  return status == RWK_OK ? 0 : cli_fail_status(l->setup.ctx, status);
}

static double length_of(const double *w, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += w[i] * w[i];
  return sqrt(sum);
}

/* Two directions: through three points, or round one. */
static int plane_directions(cli_surface *l, double range[2][2]) {
  rwk_context *ctx = l->setup.ctx;
  rwk_status status;
  const double *third = l->spot_count > 2 ? l->spots[2].w : NULL;
  if (l->curve) {
    third = rwk_curve_points(l->curve)[rwk_curve_summarise(l->curve).top_point].w;
    l->third = "top of the curve";
  }
  if (third) {
    status = rwk_landscape_three(l->u, l->v, l->places, ctx, l->dim, l->spots[0].w, l->spots[1].w, third);
    for (int axis = 0; axis < 2 && status == RWK_OK; axis++) {
      const double *p = &l->places[0][axis];
      const double low = fmin(p[0], fmin(p[2], p[4])), high = fmax(p[0], fmax(p[2], p[4]));
      const double margin = (isfinite(l->span) ? l->span : 0.35) * fmax(high - low, 0.5 * l->places[1][0]);
      range[axis][0] = low - margin;
      range[axis][1] = high + margin;
    }
  } else {
    const double size = l->around == RWK_DIRECTIONS_RANDOM ? 1 : length_of(l->spots[0].w, l->dim);
    const double reach = (isfinite(l->span) ? l->span : l->around == RWK_DIRECTIONS_RANDOM ? 1 : 0.5) * size;
    status = rwk_landscape_directions(l->u, l->v, l->curvature, ctx, l->problem, l->lambda, l->spots[0].w,
                                      l->around, &l->settings);
    for (int axis = 0; axis < 2; axis++) {
      range[axis][0] = -reach;
      range[axis][1] = reach;
    }
  }
  return status == RWK_OK ? 0 : cli_fail_status(ctx, status);
}

static int make_plane(cli_surface *l) {
  double range[2][2] = {{0}};
  const size_t n = l->points;
  l->u = calloc(2 * l->dim, sizeof *l->u);
  l->x = calloc(2 * n + n * n, sizeof *l->x);
  if (!l->u || !l->x) return cli_fail(CLI_NUMERICAL, "memory ran out");
  l->v = l->u + l->dim;
  l->y = l->x + n;
  l->values = l->y + n;
  const int code = plane_directions(l, range);
  if (code) return code;
  for (size_t k = 0; k < n; k++) {
    const double share = (double)k / (double)(n - 1);
    l->x[k] = range[0][0] + share * (range[0][1] - range[0][0]);
    l->y[k] = range[1][0] + share * (range[1][1] - range[1][0]);
  }
  const rwk_status status = rwk_landscape_plane(l->values, l->setup.ctx, l->problem, l->lambda, l->spots[0].w,
                                                l->u, l->v, l->x, n, l->y, n);
  return status == RWK_OK ? 0 : cli_fail_status(l->setup.ctx, status);
}

static int make_density(cli_surface *l) {
  rwk_density_settings s;
  long long probes = 8;
  rwk_density_settings_init(&s);
  const char *text = l->asked->value[CLI_PROBES];
  if (text && cli_whole(&probes, text, 1, 100000))
    return cli_fail(CLI_USAGE, "--probes: '%s' is not a whole number from 1 on", text);
  s.probes = (size_t)probes;
  l->node = calloc(2 * s.steps * s.probes, sizeof *l->node);
  if (!l->node) return cli_fail(CLI_NUMERICAL, "memory ran out");
  l->share = l->node + s.steps * s.probes;
  const rwk_status status = rwk_landscape_density(l->node, l->share, &l->nodes, l->setup.ctx, l->problem,
                                                  l->lambda, l->spots[0].w, &s);
  return status == RWK_OK ? 0 : cli_fail_status(l->setup.ctx, status);
}

static int work(cli_surface *l) {
  if (!strcmp(l->what, "density")) return make_density(l);
  int code = 0;
  const int two = l->spot_count == 2;
  if (two && l->spots[1].likeness.same && !l->asked->value[CLI_NO_ALIGN])
    return 0; /* one minimum: nothing is between */
  if (two && !strcmp(l->what, "curve")) code = make_line(l);
  if (two && !code) code = make_curve(l); /* a plane shows where it goes */
  if (!code && !strcmp(l->what, "plane")) code = make_plane(l);
  return code;
}

/* ---- options ---- */

static int read_options(cli_surface *l) {
  const char *const *v = l->asked->value;
  long long n;
  rwk_landscape_settings_init(&l->settings);
  l->span = NAN;
  l->around = RWK_DIRECTIONS_RANDOM;
  if (v[CLI_BANDS]) {
    if (cli_whole(&n, v[CLI_BANDS], 1, 100000))
      return cli_fail(CLI_USAGE, "--bands: '%s' is not a whole number from 1 on", v[CLI_BANDS]);
    l->settings.bands = (int)n;
  }
  if (v[CLI_SEED]) {
    if (cli_whole(&n, v[CLI_SEED], 0, 1LL << 62))
      return cli_fail(CLI_USAGE, "--seed: '%s' is not a whole number from 0 on", v[CLI_SEED]);
    l->settings.seed = (uint64_t)n;
  }
  if (v[CLI_AROUND] && rwk_directions_from_name(&l->around, v[CLI_AROUND]) != RWK_OK)
    return cli_fail(CLI_USAGE, "--around: '%s' is neither random nor eigen", v[CLI_AROUND]);
  if (v[CLI_SPAN] && (cli_number(&l->span, v[CLI_SPAN]) || !(l->span > 0)))
    return cli_fail(CLI_USAGE, "--span: '%s' is not a positive number", v[CLI_SPAN]);
  const char *what = v[CLI_WHAT];
  if (what && strcmp(what, "curve") != 0 && strcmp(what, "plane") != 0 && strcmp(what, "density") != 0)
    return cli_fail(CLI_USAGE, "--what: '%s' is none of curve, plane, density", what);
  static const char *const usual[] = {"list", "plane", "curve", "plane"};
  l->what = l->spot_count && what ? what : usual[l->spot_count];
  if (!strcmp(l->what, "curve") && l->spot_count != 2)
    return cli_fail(CLI_USAGE, "landscape: a curve is between two fits, not %zu", l->spot_count);
  if (!strcmp(l->what, "density") && l->spot_count != 1)
    return cli_fail(CLI_USAGE, "landscape: a density is of one fit, not %zu", l->spot_count);
  if (l->spot_count == 0 && (v[CLI_OUT] || v[CLI_CSV] || what))
    return cli_fail(CLI_USAGE, "landscape: name the fits: ridgewalk landscape %s lists them", l->file);
  n = strcmp(l->what, "plane") != 0 ? CLI_LINE_POINTS : 51;
  if (v[CLI_POINTS] && cli_whole(&n, v[CLI_POINTS], 5, 2000))
    return cli_fail(CLI_USAGE, "--points: '%s' is not a whole number from 5 to 2000", v[CLI_POINTS]);
  l->points = (size_t)n;
  return 0;
}

static int read_lambda(cli_surface *l) {
  const char *text = l->asked->value[CLI_LAMBDA];
  if (l->spot_count) l->lambda = l->spots[0].fit->lambda;
  if (!text) return 0;
  if (cli_number(&l->lambda, text) || !(l->lambda > 0))
    return cli_fail(CLI_USAGE, "--lambda: '%s' is not a penalty", text);
  l->lambda *= l->stored.report.scale.lambda_scale;
  return 0;
}

static int prepare(cli_surface *l) {
  rwk_context *ctx = l->setup.ctx;
  int code = cli_stored_open(&l->stored, ctx, l->file);
  if (!code && l->stored.fit_count == 0) code = cli_fail(CLI_DATA, "%s: there are no fits yet", l->file);
  for (size_t k = 0; k < l->spot_count && !code; k++)
    code = find_spot(&l->spots[k], l, l->asked->operands[1 + k]);
  if (!code) code = read_options(l);
  if (!code) code = read_lambda(l);
  l->args = *l->asked;
  l->args.value[CLI_LAMBDA] = NULL; /* where to look, not what to fit */
  l->data = l->asked->value[CLI_DATA_FILE];
  if (!code) code = cli_kept_options(&l->args, &l->kept, &l->data, ctx, l->stored.run, l->file);
  if (!code) code = cli_read_design(&l->setup, l->data, &l->args);
  if (!code) code = cli_make_network(&l->setup, &l->args, NULL, 0);
  if (!code) code = cli_check_fingerprint(&l->setup, l->stored.run, l->file, l->data);
  if (!code) code = cli_algebra(&l->settings.certify.algebra, &l->args);
  if (code) return code;
  l->problem = rwk_mlp_problem(l->setup.mlp);
  l->dim = rwk_problem_dim(l->problem);
  for (size_t k = 0; k < l->spot_count && !code; k++) code = prepare_spot(l, k);
  return code;
}

static int certified(const cli_surface *l) {
  for (size_t k = 0; k < l->spot_count; k++)
    if (!rwk_certificate_is_minimum(&l->spots[k].certificate)) return 0;
  return !l->curve || rwk_curve_summarise(l->curve).certified;
}

static void release(cli_surface *l) {
  rwk_curve_destroy(l->curve);
  free(l->line);
  free(l->u);
  free(l->x);
  free(l->node);
  for (size_t k = 0; k < CLI_SPOTS; k++) free(l->spots[k].w);
  cli_facts_release(&l->facts);
  cli_stored_close(&l->stored);
  json_decref(l->kept);
  cli_setup_release(&l->setup);
}

int cli_landscape(const cli_args *args) {
  if (args->operand_count < 1 || args->operand_count > 1 + CLI_SPOTS)
    return cli_fail(
        CLI_USAGE,
        "landscape wants a run file and up to three fits: ridgewalk landscape RUN up:2^-4 best:2^-4");
  cli_surface l = {.asked = args, .file = args->operands[0], .spot_count = args->operand_count - 1};
  int code = cli_context(&l.setup.ctx, args);
  if (code) return code;
  code = prepare(&l);
  if (!code && l.spot_count == 0) {
    code = cli_landscape_list(&l);
  } else if (!code) {
    code = work(&l);
    if (!code && args->value[CLI_CSV]) code = cli_landscape_csv(&l, args->value[CLI_CSV]);
    if (!code && args->value[CLI_OUT]) code = cli_landscape_picture(&l, args->value[CLI_OUT]);
    if (!code) code = cli_landscape_print(&l);
    if (!code && !certified(&l)) code = CLI_UNCERTIFIED;
  }
  release(&l);
  return code;
}
