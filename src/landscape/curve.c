/* A curve from one minimum to another over as low a pass as is found. */
#include <math.h>
#include <string.h>
#include "base/stream.h"
#include "landscape/roads.h"

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

/* Somewhere beside the middle of the line, half its length off. */
static void random_bend(double *bend, const double *from, const double *to, size_t n, uint64_t seed, int number) {
  rwk_stream s;
  double along = 0, line = 0, square = 0;
  rwk_stream_init(&s, seed, 0x42656e6400000000 + (uint64_t)number);
  for (size_t i = 0; i < n; i++) {
    bend[i] = rwk_stream_normal(&s);
    along += bend[i] * (to[i] - from[i]);
    line += (to[i] - from[i]) * (to[i] - from[i]);
  }
  for (size_t i = 0; i < n; i++) {
    bend[i] -= along / line * (to[i] - from[i]);
    square += bend[i] * bend[i];
  }
  const double by = square > 0 ? sqrt(line / square) : 0;
  for (size_t i = 0; i < n; i++) bend[i] = 0.5 * (from[i] + to[i]) + by * bend[i];
}

static rwk_status explore(rwk_roads *r) {
  const size_t n = r->o->problem->dim;
  double *bend = rwk_alloc_doubles(r->ctx, n);
  if (!bend) return rwk_fail_memory(r->ctx, "a curve");
  rwk_status status = RWK_OK;
  for (int k = 0; k < r->settings->tries && status == RWK_OK; k++) {
    random_bend(bend, r->places[0].w, r->places[1].w, n, r->settings->seed, k);
    status = rwk_roads_explore(r, 0, 1, k ? bend : NULL, 0);
    if (status == RWK_NUMERICAL && k > 0) status = RWK_OK; /* this bend led nowhere */
  }
  rwk_free_doubles(r->ctx, bend);
  return status;
}

static void add_stop(rwk_curve *c, int saddle, size_t point, const rwk_certificate *certificate) {
  c->stops[c->stop_count++] = (rwk_curve_stop){saddle, point, *certificate};
  if (saddle)
    c->summary.saddles++;
  else
    c->summary.minima++;
}

/* Appends a road, from place `from` on, without its first point. Its number of points. */
static void append(rwk_curve *c, const rwk_roads *r, const rwk_road *road, size_t from) {
  const size_t first = c->count, n = c->dim;
  const int turned = road->a != from;
  for (size_t k = 1; k < road->count; k++) {
    const size_t at = turned ? road->count - 1 - k : k;
    memcpy(c->w + c->count++ * n, road->points + at * n, n * sizeof *c->w);
  }
  const size_t top = (turned ? road->count - 1 - road->top_point : road->top_point) + first - 1;
  if (road->certified) add_stop(c, 1, top, &road->saddle);
  const rwk_place *end = &r->places[turned ? road->a : road->b];
  add_stop(c, 0, c->count - 1, &end->certificate);
  if (!(road->top > c->summary.top)) return;
  c->summary.top = road->top;
  c->summary.top_point = top;
  c->summary.certified = road->certified;
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
  for (size_t k = 0; k < used; k++) most += r->roads[list[k]].count;
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
      append(c, r, road, at);
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
