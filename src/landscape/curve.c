/* A curve from one minimum to another over as low a pass as is found. */
#include <math.h>
#include <string.h>
#include "landscape/roads.h"

enum { PIECES = 80 }; /* a curve is cut into steps no longer than this part of it */

struct rwk_curve {
  rwk_context *ctx;
  size_t dim, count, stop_count;
  double *w; /* [count x dim] */
  rwk_curve_point *points;
  rwk_curve_stop *stops;
  rwk_curve_summary summary;
};

void rwk_curve_destroy(rwk_curve *c) {
  if (!c) return;
  rwk_free(c->ctx, c->stops);
  rwk_free(c->ctx, c->points);
  rwk_free_doubles(c->ctx, c->w);
  rwk_free(c->ctx, c);
}

rwk_curve_summary rwk_curve_summarise(const rwk_curve *curve) {
  return curve->summary;
}
size_t rwk_curve_count(const rwk_curve *curve) {
  return curve->count;
}
const rwk_curve_point *rwk_curve_points(const rwk_curve *curve) {
  return curve->points;
}
size_t rwk_curve_stop_count(const rwk_curve *curve) {
  return curve->stop_count;
}
const rwk_curve_stop *rwk_curve_stops(const rwk_curve *curve) {
  return curve->stops;
}

/* The top of the lowest road from the first end to the last. */
static rwk_status level_of(double *level, const rwk_roads *r) {
  size_t *list = rwk_calloc(r->ctx, r->road_count + 1, sizeof *list), count;
  if (!list) return rwk_fail_memory(r->ctx, "a curve");
  const rwk_status status = rwk_roads_lowest(list, &count, r, 0, 1);
  *level = -INFINITY;
  for (size_t k = 0; k < count && status == RWK_OK; k++) *level = fmax(*level, r->roads[list[k]].top);
  rwk_free(r->ctx, list);
  return status;
}

/* First straight; then by turns between two minima that a lower pass may join, as near to each other as there
 * are, and by a detour between the ends. */
static rwk_status explore(rwk_roads *r) {
  rwk_status status = rwk_roads_explore(r, 0, 1, 0);
  for (int k = 0; status == RWK_OK && r->bands < r->settings->bands; k++) {
    size_t a = 0, b = 1;
    double level;
    int found = 0;
    RWK_TRY(level_of(&level, r));
    if (k % 3 != 2) RWK_TRY(rwk_roads_gap(&found, &a, &b, r, level - 1e-9 * (1 + fabs(level))));
    r->bent = !found;
    if (r->bent) {
      a = 0;
      b = 1;
    }
    status = rwk_roads_explore(r, a, b, 0);
    if (status == RWK_NUMERICAL) status = RWK_OK; /* this one led nowhere */
  }
  return status;
}

static void add_stop(rwk_curve *c, int saddle, size_t point, const rwk_certificate *certificate) {
  c->stops[c->stop_count++] = (rwk_curve_stop){saddle, point, *certificate};
  if (saddle)
    c->summary.saddles++;
  else
    c->summary.minima++;
}

/* Into how many pieces a step of a road is cut: none longer than `step`. */
static size_t pieces(const double *a, const double *b, size_t n, double step) {
  const double many = step > 0 ? ceil(rwk_distance(n, a, b) / step) : 1;
  return many > 1 ? (size_t)many : 1;
}

/* Appends a road, from place `from` on, without its first point. */
static void append(rwk_curve *c, const rwk_roads *r, const rwk_road *road, size_t from, double step) {
  const size_t n = c->dim;
  const int turned = road->a != from;
  size_t top = c->count - 1;
  for (size_t k = 1; k < road->count; k++) {
    const size_t at = turned ? road->count - 1 - k : k;
    const double *b = road->points + at * n, *a = turned ? b + n : b - n;
    const size_t cuts = pieces(a, b, n, step);
    for (size_t cut = 1; cut <= cuts; cut++) {
      const double t = (double)cut / (double)cuts;
      double *w = c->w + c->count++ * n;
      for (size_t i = 0; i < n; i++) w[i] = cut == cuts ? b[i] : (1 - t) * a[i] + t * b[i];
    }
    if (at == road->top_point) top = c->count - 1;
  }
  if (road->certified) add_stop(c, 1, top, &road->saddle);
  const rwk_place *end = &r->places[turned ? road->a : road->b];
  add_stop(c, 0, c->count - 1, &end->certificate);
  if (!(road->top > c->summary.top)) return;
  c->summary.top = road->top;
  c->summary.top_point = top;
  c->summary.certified = road->certified;
}

static double length_of(const rwk_road *road, size_t n) {
  double length = 0;
  for (size_t k = 1; k < road->count; k++)
    length += rwk_distance(n, road->points + (k - 1) * n, road->points + k * n);
  return length;
}

static size_t cut_count(const rwk_road *road, size_t n, double step) {
  size_t count = 0;
  for (size_t k = 1; k < road->count; k++)
    count += pieces(road->points + (k - 1) * n, road->points + k * n, n, step);
  return count;
}

static rwk_status measure(rwk_curve *c, const rwk_roads *r) {
  const size_t n = c->dim;
  double length = 0;
  for (size_t k = 0, stop = 0; k < c->count; k++) {
    rwk_curve_point *p = &c->points[k];
    rwk_parts parts;
    if (k) length += rwk_distance(n, c->w + k * n, c->w + (k - 1) * n);
    RWK_TRY(rwk_objective_value(r->o, &parts, NULL, c->w + k * n));
    *p = (rwk_curve_point){length, parts.loss, parts.penalty, parts.objective, NAN, -1, c->w + k * n};
    if (stop < c->stop_count && c->stops[stop].point == k) p->stop = (int64_t)stop++;
    if (r->settings->eigenvalues)
      RWK_TRY(rwk_landscape_min_eig(&p->min_eig, r->o, p->w, &r->settings->certify));
    if (rwk_cancelled(r->ctx)) return RWK_CANCELLED;
  }
  c->summary.barrier_from = c->summary.top - c->points[0].objective;
  c->summary.barrier_to = c->summary.top - c->points[c->count - 1].objective;
  return RWK_OK;
}

static rwk_status assemble(rwk_curve *c, const rwk_roads *r) {
  size_t *list = rwk_calloc(r->ctx, r->road_count + 1, sizeof *list), used = 0, most = 1, at = 0;
  if (!list) return rwk_fail_memory(r->ctx, "a curve");
  rwk_status status = rwk_roads_lowest(list, &used, r, 0, 1);
  double length = 0;
  for (size_t k = 0; k < used; k++) length += length_of(&r->roads[list[k]], c->dim);
  const double step = length / PIECES;
  for (size_t k = 0; k < used; k++) most += cut_count(&r->roads[list[k]], c->dim, step);
  c->w = rwk_alloc_doubles(r->ctx, most * c->dim);
  c->points = rwk_calloc(r->ctx, most, sizeof *c->points);
  c->stops = rwk_calloc(r->ctx, 2 * used + 2, sizeof *c->stops);
  if (status == RWK_OK && (!c->w || !c->points || !c->stops)) status = rwk_fail_memory(r->ctx, "a curve");
  if (status == RWK_OK) {
    memcpy(c->w, r->places[0].w, c->dim * sizeof *c->w);
    c->count = 1;
    c->summary.top = -INFINITY;
    add_stop(c, 0, 0, &r->places[0].certificate);
    for (size_t k = 0; k < used; k++) {
      const rwk_road *road = &r->roads[list[k]];
      append(c, r, road, at, step);
      at = road->a == at ? road->b : road->a;
    }
    status = measure(c, r);
  }
  rwk_free(r->ctx, list);
  return status;
}

static rwk_status find(rwk_curve *c, rwk_roads *r, const double *from, const double *to) {
  size_t first, last;
  RWK_TRY(rwk_roads_place(&first, r, from));
  RWK_TRY(rwk_roads_place(&last, r, to));
  if (first == last)
    return rwk_fail(r->ctx, RWK_INVALID_ARGUMENT, "the two ends of the curve are one minimum");
  RWK_TRY(explore(r));
  RWK_TRY(assemble(c, r));
  c->summary.bands = r->bands;
  c->summary.seen = r->saddles;
  c->summary.gradients = r->o->gradients;
  c->summary.products = r->o->products;
  return RWK_OK;
}

rwk_status rwk_curve_find(rwk_curve **curve, rwk_context *ctx, const rwk_problem *problem, double lambda,
                          const double *from, const double *to, const rwk_landscape_settings *settings) {
  rwk_landscape_settings defaults;
  rwk_landscape_settings_init(&defaults);
  if (!settings) settings = &defaults;
  *curve = NULL;
  RWK_TRY(rwk_landscape_check(ctx, settings, lambda));
  const double began = rwk_seconds();
  rwk_objective o;
  RWK_TRY(rwk_objective_open(&o, ctx, problem, lambda));
  rwk_roads r = {.ctx = ctx, .o = &o, .settings = settings};
  rwk_curve *c = rwk_calloc(ctx, 1, sizeof *c);
  rwk_status status = c ? RWK_OK : rwk_fail_memory(ctx, "a curve");
  if (c) *c = (rwk_curve){.ctx = ctx, .dim = problem->dim};
  if (status == RWK_OK) status = find(c, &r, from, to);
  rwk_roads_release(&r);
  rwk_objective_close(&o);
  if (status == RWK_OK) {
    c->summary.seconds = rwk_seconds() - began;
    *curve = c;
  } else {
    rwk_curve_destroy(c);
  }
  return status;
}
