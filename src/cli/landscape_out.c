/* What landscape says and writes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/json.h"
#include "cli/landscape.h"
#include "cli/page.h"

enum { DENSITY_POINTS = 241 };

static const char *penalty_text(char out[32], const cli_surface *l, double lambda) {
  return cli_lambda_text(out, cli_user_lambda(&l->stored.report, lambda));
}

static double mse(const cli_surface *l, double loss) {
  return cli_mse(&l->stored.report, loss);
}

/* ---- the list of fits ---- */

/* like[k]: the first fit of the same penalty that is the same minimum, k itself where there is none. */
static int find_likes(size_t *like, cli_surface *l) {
  const rwk_fit *f = l->stored.fits;
  for (size_t k = 0; k < l->stored.fit_count; k++) {
    like[k] = k;
    for (size_t i = 0; i < k && like[k] == k; i++) {
      int same = 0;
      if (like[i] != i || f[i].lambda != f[k].lambda) continue;
      if (fabs(f[i].solve.objective - f[k].solve.objective) > 1e-6 * (1 + fabs(f[k].solve.objective)))
        continue;
      const int code = cli_landscape_same(&same, l, i, k);
      if (code) return code;
      if (same) like[k] = i;
    }
  }
  return 0;
}

static int listed(const cli_surface *l, const rwk_fit *f) {
  return !l->asked->value[CLI_LAMBDA] || fabs(f->lambda / l->lambda - 1) <= 1e-9;
}

static void print_list(FILE *to, const cli_surface *l, const size_t *like) {
  char at[32], same[48];
  cli_print_heading(to, &l->stored.report);
  fprintf(to, "\n  %-5s %-10s %-9s %-11s %-11s %-11s %s\n", "fit", l->stored.report.scale.lambda, "walk", "J",
          "MSE", "penalty", "kind");
  for (size_t k = 0; k < l->stored.fit_count; k++) {
    const rwk_fit *f = &l->stored.fits[k];
    char walk[32];
    if (!listed(l, f)) continue;
    snprintf(walk, sizeof walk, f->start ? "%s/%d" : "%s", rwk_walk_name(f->walk), f->start);
    same[0] = 0;
    if (like[k] != k) snprintf(same, sizeof same, ", the same minimum as %zu", like[k] + 1);
    fprintf(to, "  %-5zu %-10s %-9s %-11.6g %-11.6g %-11.5g %s%s\n", k + 1, penalty_text(at, l, f->lambda),
            walk, f->solve.objective, mse(l, f->solve.loss), f->solve.penalty,
            cli_verdict_text(&f->certificate), same);
  }
  fprintf(to,
          "\n'The same' is up to relabelling: units exchanged, signs turned where the activation allows it.\n"
          "Between two: ridgewalk landscape %s A B; round one: ridgewalk landscape %s A\n",
          l->file, l->file);
}

static int print_list_json(FILE *to, const cli_surface *l, const size_t *like) {
  json_t *fits = json_array();
  for (size_t k = 0; k < l->stored.fit_count; k++) {
    const rwk_fit *f = &l->stored.fits[k];
    if (!listed(l, f)) continue;
    json_array_append_new(
        fits,
        json_pack("{s:I, s:o, s:s, s:i, s:o, s:o, s:o, s:s, s:o}", "fit", (json_int_t)k + 1, "lambda",
                  cli_json_number(cli_user_lambda(&l->stored.report, f->lambda)), "walk",
                  rwk_walk_name(f->walk), "start", f->start, "objective", cli_json_number(f->solve.objective),
                  "mse", cli_json_number(mse(l, f->solve.loss)), "penalty", cli_json_number(f->solve.penalty),
                  "verdict", rwk_verdict_name(f->certificate.verdict), "same_as",
                  like[k] == k ? json_null() : json_integer((json_int_t)like[k] + 1)));
  }
  return cli_print_json(to, json_pack("{s:o}", "fits", fits));
}

int cli_landscape_list(cli_surface *l) {
  size_t *like = calloc(l->stored.fit_count, sizeof *like);
  if (!like) return cli_fail(CLI_NUMERICAL, "memory ran out");
  int code = find_likes(like, l);
  if (!code && l->asked->value[CLI_JSON])
    code = print_list_json(stdout, l, like);
  else if (!code && !l->asked->value[CLI_QUIET])
    print_list(stdout, l, like);
  free(like);
  return code;
}

/* ---- density ---- */

static double stretch(double x, double linear) {
  return copysign(log1p(fabs(x) / linear), x);
}

void cli_landscape_density(double *x, double *y, size_t count, double *linear, const cli_surface *l) {
  const double low = l->node[0], high = l->node[l->nodes - 1], width = 0.08;
  *linear = fmax(2 * l->lambda, 1e-12 * fmax(fabs(low), fabs(high)));
  const double a = stretch(low, *linear) - 0.5, b = stretch(high, *linear) + 0.5;
  for (size_t k = 0; k < count; k++) {
    const double at = a + (b - a) * (double)k / (double)(count - 1);
    x[k] = copysign(expm1(fabs(at)) * *linear, at);
    y[k] = 0;
    for (size_t i = 0; i < l->nodes; i++) {
      const double d = (at - stretch(l->node[i], *linear)) / width;
      y[k] += l->share[i] * exp(-0.5 * d * d) / (width * sqrt(2 * acos(-1)));
    }
  }
}

static double share_below(const cli_surface *l, double x) {
  double sum = 0;
  for (size_t i = 0; i < l->nodes && l->node[i] < x; i++) sum += l->share[i];
  return sum;
}

/* ---- text ---- */

static void print_spots(FILE *to, const cli_surface *l) {
  char at[32], name[96];
  cli_print_heading(to, &l->stored.report);
  fprintf(to, "The surface at %s = %s:\n\n", l->stored.report.scale.lambda, penalty_text(at, l, l->lambda));
  for (size_t k = 0; k < l->spot_count; k++) {
    const cli_spot *s = &l->spots[k];
    fprintf(to, "  fit %-24s J %.9g  MSE %.6g  penalty %.5g  %s\n", cli_spot_name(name, l, k),
            s->certificate.objective, mse(l, s->certificate.loss), s->certificate.penalty,
            cli_verdict_text(&s->certificate));
  }
  for (size_t k = 1; k < l->spot_count; k++) {
    const rwk_likeness *s = &l->spots[k].likeness;
    const rwk_alignment *a = &s->alignment;
    fprintf(to,
            "\n  Fit %zu and fit %zu: %.4g apart as stored, %.4g with names and signs of units matched (%lld "
            "moved, %lld turned%s)%s.\n",
            l->spots[0].number, l->spots[k].number, a->before, a->distance, (long long)a->moved,
            (long long)a->flipped, a->least ? "" : "; nearest of those tried",
            l->asked->value[CLI_NO_ALIGN] ? "; not used, --no-align" : "");
    if (s->same)
      fprintf(to, "  They are the same minimum up to relabelling.\n");
    else
      fprintf(to, "  They are two.\n");
  }
}

/* A minimum on the way that is lower than both ends is news: neither fit is global. */
static void say_lower(FILE *to, const cli_surface *l) {
  const rwk_curve_stop *stops = rwk_curve_stops(l->curve), *lowest = NULL;
  double least = fmin(l->spots[0].certificate.objective, l->spots[1].certificate.objective);
  least -= 1e-9 * (1 + fabs(least));
  for (size_t k = 0; k < rwk_curve_stop_count(l->curve); k++)
    if (!stops[k].saddle && stops[k].certificate.objective < least) {
      lowest = &stops[k];
      least = lowest->certificate.objective;
    }
  if (lowest)
    fprintf(to,
            "\n  A minimum on the way is lower than both fits (J %.9g): neither is global at this penalty.\n",
            lowest->certificate.objective);
}

static void print_curve(FILE *to, const cli_surface *l) {
  const rwk_curve_summary s = rwk_curve_summarise(l->curve);
  const rwk_curve_point *p = rwk_curve_points(l->curve);
  const rwk_curve_stop *stops = rwk_curve_stops(l->curve);
  const size_t count = rwk_curve_stop_count(l->curve);
  const double A = l->spots[0].certificate.objective, B = l->spots[1].certificate.objective;
  fprintf(to,
          "\n  Straight line: J up to %.9g at %.3g of the way: %.6g above the first, %.6g above the second; "
          "smallest eigenvalue there %.3g.\n",
          l->line_top.objective, l->line_top.t, l->line_top.objective - A, l->line_top.objective - B,
          l->line_top.min_eig);
  fprintf(to, "  Curve:         J up to %.9g: %.6g above the first, %.6g above the second. %s\n\n", s.top,
          s.barrier_from, s.barrier_to,
          s.certified ? "Its top is a certified saddle of index 1."
                      : "Its top is not certified: only a bound from above.");
  fprintf(to, "  %-9s %-10s %-13s %-11s %-14s %s\n", "", "length", "J", "MSE", "smallest eig",
          "inertia (+, 0, -)");
  for (size_t k = 0; k < count; k++) {
    const rwk_curve_point *at = &p[stops[k].point];
    const rwk_certificate *c = &stops[k].certificate;
    fprintf(to, "  %-9s %-10.4g %-13.9g %-11.6g %-14.4g ", stops[k].saddle ? "saddle" : "minimum", at->length,
            at->objective, mse(l, at->loss), c->min_eig);
    if (c->positive >= 0)
      fprintf(to, "%lld, %lld, %lld\n", (long long)c->positive, (long long)c->zero, (long long)c->negative);
    else
      fprintf(to, "not counted\n");
  }
  say_lower(to, l);
  fprintf(to,
          "\n  No road between the two needs to climb higher than the curve does; a lower one, further off, "
          "is not excluded.\n"
          "  %lld bands, %lld saddles seen, %lld gradients, %.2g s.\n",
          (long long)s.bands, (long long)s.seen, (long long)s.gradients, s.seconds);
}

static void print_plane(FILE *to, const cli_surface *l) {
  double low = INFINITY, high = -INFINITY;
  for (size_t k = 0; k < l->points * l->points; k++) {
    low = fmin(low, l->values[k]);
    if (isfinite(l->values[k])) high = fmax(high, l->values[k]);
  }
  fprintf(to,
          "\n  Plane of %zu x %zu points, x from %.4g to %.4g, y from %.4g to %.4g: J from %.9g to %.6g.\n",
          l->points, l->points, l->x[0], l->x[l->points - 1], l->y[0], l->y[l->points - 1], low, high);
  if (l->spot_count == 1)
    fprintf(to, "  Directions: %s; curvatures %.4g and %.4g.\n", rwk_directions_name(l->around),
            l->curvature[0], l->curvature[1]);
  else
    fprintf(to, "  It goes through fit %zu at (0, 0), fit %zu at (%.4g, 0), and %s at (%.4g, %.4g).\n",
            l->spots[0].number, l->spots[1].number, l->places[1][0], l->third ? l->third : "the third fit",
            l->places[2][0], l->places[2][1]);
  if (!l->asked->value[CLI_OUT] && !l->asked->value[CLI_CSV])
    fprintf(to, "  --out FILE.svg draws it, --csv FILE writes it.\n");
}

static void print_density(FILE *to, const cli_surface *l) {
  const double two = 2 * l->lambda;
  fprintf(to, "\n  Density of the %zu eigenvalues of the Hessian of J, by stochastic Lanczos quadrature:\n\n",
          l->dim);
  const double below = share_below(l, -l->spots[0].certificate.zero_limit);
  fprintf(to, "  %-34s %8.4f %%  (about %.3g of %zu)\n", "negative", 100 * below, below * (double)l->dim,
          l->dim);
  const double marks[5] = {two * (1 - 1e-3), two * (1 + 1e-3), 10 * two, 100 * two, INFINITY};
  const char *const names[5] = {"up to 2 lambda (flat ones too)", "at 2 lambda: the penalty's alone",
                                "up to 20 lambda", "up to 200 lambda", "above"};
  double before = below;
  for (int k = 0; k < 5; k++) {
    const double share = share_below(l, marks[k]);
    fprintf(to, "  %-34s %8.4f %%\n", names[k], 100 * (share - before));
    before = share;
  }
  fprintf(to, "\n  The outermost nodes, which are eigenvalues to some digits: %.6g and %.6g.\n", l->node[0],
          l->node[l->nodes - 1]);
}

/* ---- JSON ---- */

static json_t *spots_json(const cli_surface *l) {
  json_t *spots = json_array();
  for (size_t k = 0; k < l->spot_count; k++) {
    const cli_spot *s = &l->spots[k];
    json_t *o = json_pack("{s:I, s:s, s:i, s:o, s:b, s:o, s:o, s:o, s:s}", "fit", (json_int_t)s->number,
                          "walk", rwk_walk_name(s->fit->walk), "start", s->fit->start, "lambda",
                          cli_json_number(cli_user_lambda(&l->stored.report, s->fit->lambda)), "descended",
                          s->moved, "objective", cli_json_number(s->certificate.objective), "mse",
                          cli_json_number(mse(l, s->certificate.loss)), "penalty",
                          cli_json_number(s->certificate.penalty), "verdict",
                          rwk_verdict_name(s->certificate.verdict));
    const rwk_alignment *a = &s->likeness.alignment;
    if (k > 0)
      json_object_set_new(o, "to_first",
                          json_pack("{s:b, s:o, s:o, s:I, s:I, s:b}", "same_minimum", s->likeness.same,
                                    "distance_stored", cli_json_number(a->before), "distance",
                                    cli_json_number(a->distance), "moved", (json_int_t)a->moved, "flipped",
                                    (json_int_t)a->flipped, "least", a->least));
    json_array_append_new(spots, o);
  }
  return spots;
}

static json_t *line_json(const cli_surface *l) {
  json_t *points = json_array();
  for (size_t k = 0; k < l->points; k++) {
    const rwk_landscape_point *p = &l->line[k];
    json_array_append_new(
        points, json_pack("{s:o, s:o, s:o, s:o, s:o}", "t", cli_json_number(p->t), "objective",
                          cli_json_number(p->objective), "mse", cli_json_number(mse(l, p->loss)), "penalty",
                          cli_json_number(p->penalty), "min_eig", cli_json_number(p->min_eig)));
  }
  const rwk_landscape_point *t = &l->line_top;
  return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "top", cli_json_number(t->objective), "top_at",
                   cli_json_number(t->t), "top_min_eig", cli_json_number(t->min_eig), "barrier_from",
                   cli_json_number(t->objective - l->spots[0].certificate.objective), "barrier_to",
                   cli_json_number(t->objective - l->spots[1].certificate.objective), "points", points);
}

static json_t *curve_json(const cli_surface *l) {
  const rwk_curve_summary s = rwk_curve_summarise(l->curve);
  const rwk_curve_point *p = rwk_curve_points(l->curve);
  const rwk_curve_stop *stop = rwk_curve_stops(l->curve);
  json_t *points = json_array(), *stops = json_array();
  for (size_t k = 0; k < rwk_curve_count(l->curve); k++)
    json_array_append_new(points,
                          json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "length", cli_json_number(p[k].length),
                                    "objective", cli_json_number(p[k].objective), "mse",
                                    cli_json_number(mse(l, p[k].loss)), "penalty",
                                    cli_json_number(p[k].penalty), "min_eig", cli_json_number(p[k].min_eig),
                                    "stop", p[k].stop < 0 ? json_null() : json_integer(p[k].stop)));
  for (size_t k = 0; k < rwk_curve_stop_count(l->curve); k++) {
    const rwk_certificate *c = &stop[k].certificate;
    json_array_append_new(
        stops, json_pack("{s:s, s:I, s:o, s:o, s:o, s:o, s:[I,I,I], s:s}", "kind",
                         stop[k].saddle ? "saddle" : "minimum", "point", (json_int_t)stop[k].point,
                         "objective", cli_json_number(c->objective), "mse", cli_json_number(mse(l, c->loss)),
                         "grad_inf", cli_json_number(c->grad_inf), "min_eig", cli_json_number(c->min_eig),
                         "inertia", (json_int_t)c->positive, (json_int_t)c->zero, (json_int_t)c->negative,
                         "verdict", rwk_verdict_name(c->verdict)));
  }
  return json_pack("{s:o, s:o, s:o, s:b, s:I, s:I, s:I, s:I, s:o, s:o}", "top", cli_json_number(s.top),
                   "barrier_from", cli_json_number(s.barrier_from), "barrier_to",
                   cli_json_number(s.barrier_to), "certified", s.certified, "top_point",
                   (json_int_t)s.top_point, "bands", (json_int_t)s.bands, "saddles_seen", (json_int_t)s.seen,
                   "gradients", (json_int_t)s.gradients, "stops", stops, "points", points);
}

static json_t *numbers_json(const double *x, size_t count) {
  json_t *list = json_array();
  for (size_t k = 0; k < count; k++) json_array_append_new(list, cli_json_number(x[k]));
  return list;
}

static json_t *plane_json(const cli_surface *l) {
  json_t *rows = json_array(), *places = json_array();
  for (size_t j = 0; j < l->points; j++)
    json_array_append_new(rows, numbers_json(l->values + j * l->points, l->points));
  for (size_t k = 0; k < CLI_SPOTS && l->spot_count > 1; k++)
    json_array_append_new(places, numbers_json(l->places[k], 2));
  return json_pack("{s:o, s:o, s:o, s:o, s:o}", "x", numbers_json(l->x, l->points), "y",
                   numbers_json(l->y, l->points), "objective", rows, "places", places, "curvatures",
                   l->spot_count == 1 ? numbers_json(l->curvature, 2) : json_null());
}

static int print_json(FILE *to, const cli_surface *l) {
  json_t *root =
      json_pack("{s:o, s:o}", "lambda", cli_json_number(cli_user_lambda(&l->stored.report, l->lambda)),
                "fits", spots_json(l));
  if (l->line) json_object_set_new(root, "line", line_json(l));
  if (l->curve) json_object_set_new(root, "curve", curve_json(l));
  if (l->values) json_object_set_new(root, "plane", plane_json(l));
  if (l->nodes)
    json_object_set_new(root, "density",
                        json_pack("{s:o, s:o}", "eigenvalue", numbers_json(l->node, l->nodes), "share",
                                  numbers_json(l->share, l->nodes)));
  return cli_print_json(to, root);
}

int cli_landscape_print(cli_surface *l) {
  if (l->asked->value[CLI_JSON]) return print_json(stdout, l);
  if (l->asked->value[CLI_QUIET]) return 0;
  print_spots(stdout, l);
  if (l->curve && l->line) print_curve(stdout, l);
  if (l->values) print_plane(stdout, l);
  if (l->nodes) print_density(stdout, l);
  return 0;
}

/* ---- CSV ---- */

static void write_csv(FILE *to, const cli_surface *l) {
  if (l->values) {
    fprintf(to, "x,y,objective\n");
    for (size_t j = 0; j < l->points; j++)
      for (size_t i = 0; i < l->points; i++)
        fprintf(to, "%.17g,%.17g,%.17g\n", l->x[i], l->y[j], l->values[j * l->points + i]);
  } else if (l->nodes) {
    fprintf(to, "eigenvalue,share\n");
    for (size_t k = 0; k < l->nodes; k++) fprintf(to, "%.17g,%.17g\n", l->node[k], l->share[k]);
  } else if (l->curve) {
    const rwk_curve_point *p = rwk_curve_points(l->curve);
    const size_t count = rwk_curve_count(l->curve);
    fprintf(to, "road,at,objective,mse,penalty,min_eig,stop\n");
    for (size_t k = 0; k < l->points; k++)
      fprintf(to, "line,%.17g,%.17g,%.17g,%.17g,%.17g,\n", l->line[k].t, l->line[k].objective,
              mse(l, l->line[k].loss), l->line[k].penalty, l->line[k].min_eig);
    for (size_t k = 0; k < count; k++)
      fprintf(to, "curve,%.17g,%.17g,%.17g,%.17g,%.17g,%s\n", p[k].length / p[count - 1].length,
              p[k].objective, mse(l, p[k].loss), p[k].penalty, p[k].min_eig,
              p[k].stop < 0                                 ? ""
              : rwk_curve_stops(l->curve)[p[k].stop].saddle ? "saddle"
                                                            : "minimum");
  }
}

int cli_landscape_csv(cli_surface *l, const char *file) {
  char *text = NULL;
  size_t length = 0;
  if (!l->values && !l->nodes && !l->curve) return 0;
  FILE *to = open_memstream(&text, &length);
  if (!to) return cli_fail(CLI_NUMERICAL, "memory ran out");
  write_csv(to, l);
  const int bad = ferror(to);
  int code = fclose(to) != 0 || bad ? cli_fail(CLI_NUMERICAL, "memory ran out") : 0;
  if (!code) code = cli_write_file(file, text, length, l->file);
  free(text);
  return code;
}

/* ---- picture ---- */

/* Room for what a picture borrows. */
typedef struct drawing {
  rwk_landscape_picture picture;
  rwk_picture_line lines[2];
  rwk_picture_stop *stops;
  double *numbers;
  char title[200], alt[400], names[CLI_SPOTS][96];
} drawing;

static int draw_curve(drawing *d, const cli_surface *l) {
  const rwk_curve_point *p = rwk_curve_points(l->curve);
  const rwk_curve_stop *stop = rwk_curve_stops(l->curve);
  const size_t count = rwk_curve_count(l->curve), stops = rwk_curve_stop_count(l->curve), n = l->points;
  double *a = d->numbers = calloc(4 * (n + count), sizeof *a), *b = a ? a + 4 * n : NULL;
  d->stops = calloc(stops, sizeof *d->stops);
  if (!a || !d->stops) return cli_fail(CLI_NUMERICAL, "memory ran out");
  for (size_t k = 0; k < n; k++) {
    a[k] = l->line[k].t;
    a[n + k] = l->line[k].objective;
    a[2 * n + k] = mse(l, l->line[k].loss);
    a[3 * n + k] = l->line[k].min_eig;
  }
  for (size_t k = 0; k < count; k++) {
    b[k] = p[k].length / p[count - 1].length;
    b[count + k] = p[k].objective;
    b[2 * count + k] = mse(l, p[k].loss);
    b[3 * count + k] = p[k].min_eig;
  }
  for (size_t k = 0; k < stops; k++)
    d->stops[k] = (rwk_picture_stop){NULL, stop[k].saddle, b[stop[k].point], b[count + stop[k].point]};
  d->lines[0] = (rwk_picture_line){"straight line", 1, n, a, a + n, a + 2 * n, a + 3 * n};
  d->lines[1] = (rwk_picture_line){
      "curve over the lowest pass found", 0, count, b, b + count, b + 2 * count, b + 3 * count};
  d->picture.x_label = "share of the way";
  d->picture.line_count = 2;
  d->picture.stop_count = stops;
  const rwk_curve_summary s = rwk_curve_summarise(l->curve);
  snprintf(d->alt, sizeof d->alt, "J between %s and %s: the straight line rises to %.6g, the curve to %.6g.",
           d->names[0], d->names[1], l->line_top.objective, s.top);
  return 0;
}

static int draw_plane(drawing *d, const cli_surface *l) {
  const size_t count = l->curve ? rwk_curve_count(l->curve) : 0, spots = l->spot_count > 1 ? CLI_SPOTS : 1;
  double *a = d->numbers = calloc(2 * count + 1, sizeof *a);
  d->stops = calloc(CLI_SPOTS, sizeof *d->stops);
  if (!a || !d->stops) return cli_fail(CLI_NUMERICAL, "memory ran out");
  for (size_t k = 0; k < count; k++)
    for (size_t i = 0; i < l->dim; i++) {
      const double by = rwk_curve_points(l->curve)[k].w[i] - l->spots[0].w[i];
      a[k] += by * l->u[i];
      a[count + k] += by * l->v[i];
    }
  for (size_t k = 0; k < spots; k++)
    d->stops[k] = (rwk_picture_stop){NULL, k == 2 && l->third, l->places[k][0], l->places[k][1]};
  d->lines[0] = (rwk_picture_line){"the curve, seen from above", 0, count, a, a + count, NULL, NULL};
  d->picture.line_count = count ? 1 : 0;
  d->picture.stop_count = spots;
  d->picture.x = l->x;
  d->picture.y = l->y;
  d->picture.values = l->values;
  d->picture.x_count = d->picture.y_count = l->points;
  const int eigen = l->around == RWK_DIRECTIONS_EIGEN;
  d->picture.x_label = l->spot_count > 1 ? "towards the second fit"
                       : eigen           ? "lowest eigenvector"
                                         : "random direction";
  d->picture.y_label =
      l->spot_count > 1 ? l->third ? "across, towards the top of the curve" : "across, towards the third fit"
      : eigen           ? "second lowest eigenvector"
                        : "another random direction";
  snprintf(d->alt, sizeof d->alt, "Heights of J over a plane %s %s.", l->spot_count > 1 ? "through" : "round",
           d->names[0]);
  return 0;
}

static int draw_density(drawing *d, const cli_surface *l) {
  d->numbers = calloc(2 * DENSITY_POINTS, sizeof *d->numbers);
  if (!d->numbers) return cli_fail(CLI_NUMERICAL, "memory ran out");
  double *y = d->numbers + DENSITY_POINTS;
  cli_landscape_density(d->numbers, y, DENSITY_POINTS, &d->picture.linear, l);
  for (size_t k = 0; k < DENSITY_POINTS; k++)
    if (y[k] < 1e-6) y[k] = NAN; /* nothing, on a logarithmic axis */
  d->picture.x = d->numbers;
  d->picture.y = y;
  d->picture.x_count = DENSITY_POINTS;
  d->picture.x_label = "eigenvalue";
  d->picture.y_label = "share per unit of log(1 + |x| / 2 lambda)";
  snprintf(d->alt, sizeof d->alt, "Density of the %zu eigenvalues of the Hessian at %s, from %.4g to %.4g.",
           l->dim, d->names[0], l->node[0], l->node[l->nodes - 1]);
  return 0;
}

static int write_picture(cli_surface *l, const drawing *d, const rwk_figure_settings *f, const char *file) {
  char *bytes = NULL;
  size_t length = 0;
  int code = cli_facts_open(&l->facts, &l->stored, l->setup.ctx, l->file);
  if (code) return code;
  const rwk_status status =
      rwk_report_landscape(&bytes, &length, l->setup.ctx, l->stored.run, &l->facts.facts, f, &d->picture);
  code =
      status == RWK_OK ? cli_write_file(file, bytes, length, l->file) : cli_fail_status(l->setup.ctx, status);
  rwk_report_release(l->setup.ctx, bytes);
  if (!code && !l->asked->value[CLI_QUIET] && !l->asked->value[CLI_JSON]) fprintf(stderr, "%s\n", file);
  return code;
}

int cli_landscape_picture(cli_surface *l, const char *file) {
  rwk_figure_settings f = {.what = l->what, .lambda = NAN, .width = 170};
  const char *width = l->asked->value[CLI_WIDTH];
  if (width && (cli_number(&f.width, width) || !(f.width >= 40 && f.width <= 1000)))
    return cli_fail(CLI_USAGE, "--width: '%s' is not a number of millimetres from 40 to 1000", width);
  int code = cli_figure_format(&f.format, file);
  if (code || (!l->values && !l->nodes && !l->curve)) return code;
  drawing d = {.picture = {.what = l->what, .title = d.title, .alt = d.alt, .lines = d.lines}};
  char at[32];
  for (size_t k = 0; k < l->spot_count; k++) cli_spot_name(d.names[k], l, k);
  snprintf(d.title, sizeof d.title, "the surface at %s %s, %s", l->stored.report.scale.lambda,
           penalty_text(at, l, l->lambda), l->spot_count > 1 ? "between fits" : "round a fit");
  code = l->values ? draw_plane(&d, l) : l->nodes ? draw_density(&d, l) : draw_curve(&d, l);
  d.picture.stops = d.stops;
  if (!code) code = write_picture(l, &d, &f, file);
  free(d.numbers);
  free(d.stops);
  return code;
}
