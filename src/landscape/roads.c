/* Minima, saddles and the roads that they form. */
#include <float.h>
#include <math.h>
#include <string.h>
#include "landscape/roads.h"

enum { SAMPLES = 8, DEPTH_MOST = 5 };

/* Two minima are one place when they are so near to each other, in units of 1 + |w|. */
static const double one_place = 1e-6;

void rwk_roads_release(rwk_roads *r) {
  for (size_t k = 0; k < r->place_count; k++) rwk_free_doubles(r->ctx, r->places[k].w);
  for (size_t k = 0; k < r->road_count; k++) rwk_free(r->ctx, r->roads[k].points);
  rwk_free(r->ctx, r->places);
  rwk_free(r->ctx, r->roads);
}

rwk_status rwk_roads_place(size_t *place, rwk_roads *r, const double *w) {
  const size_t n = r->o->problem->dim;
  rwk_parts parts;
  RWK_TRY(rwk_objective_value(r->o, &parts, NULL, w));
  for (size_t k = 0; k < r->place_count; k++) {
    double apart;
    if (fabs(r->places[k].objective - parts.objective) > 1e-8 * (1 + fabs(parts.objective))) continue;
    RWK_TRY(rwk_off_flats(&apart, r->o, w, r->places[k].w));
    *place = k;
    if (apart <= one_place * (1 + rwk_norm(n, w))) return RWK_OK;
  }
  RWK_TRY(rwk_grow(r->ctx, &r->places, &r->place_capacity, r->place_count + 1, sizeof *r->places));
  rwk_place *p = &r->places[r->place_count];
  *p = (rwk_place){.w = rwk_alloc_doubles(r->ctx, n), .objective = parts.objective};
  if (!p->w) return rwk_fail_memory(r->ctx, "a minimum");
  memcpy(p->w, w, n * sizeof *w);
  *place = r->place_count++;
  return rwk_certify(&p->certificate, NULL, r->ctx, r->o->problem, r->o->lambda, w, &r->settings->certify);
}

/* Colours: places that are joined have one. Roads are few. */
int rwk_roads_joined(const rwk_roads *r, size_t a, size_t b, double level) {
  size_t *colour = rwk_calloc(r->ctx, r->place_count, sizeof *colour);
  if (!colour) return 0;
  for (size_t k = 0; k < r->place_count; k++) colour[k] = k;
  for (size_t e = 0; e < r->road_count; e++) {
    const size_t from = colour[r->roads[e].a], to = colour[r->roads[e].b];
    for (size_t k = 0; k < r->place_count && r->roads[e].certified && r->roads[e].top <= level; k++)
      if (colour[k] == from) colour[k] = to;
  }
  const int joined = colour[a] == colour[b];
  rwk_free(r->ctx, colour);
  return joined;
}

static rwk_status survey(rwk_road *road, rwk_roads *r) {
  const size_t n = r->o->problem->dim;
  double *w = rwk_alloc_doubles(r->ctx, n);
  rwk_status status = w ? RWK_OK : rwk_fail_memory(r->ctx, "a road");
  road->top = -INFINITY;
  for (size_t k = 0; k < road->count && status == RWK_OK; k++)
    for (int s = 0; s <= SAMPLES && status == RWK_OK; s++) {
      const double *a = road->points + k * n, t = (double)s / (SAMPLES + 1);
      rwk_parts parts;
      if (s > 0 && k + 1 == road->count) break;
      for (size_t i = 0; i < n; i++) w[i] = s ? (1 - t) * a[i] + t * a[n + i] : a[i];
      status = rwk_objective_try(r->o, &parts, NULL, w);
      if (status != RWK_OK || !(parts.objective > road->top)) continue;
      road->top = parts.objective;
      if (!road->certified) road->top_point = k;
    }
  rwk_free_doubles(r->ctx, w);
  return status;
}

rwk_status rwk_roads_add(rwk_roads *r, rwk_road road) {
  rwk_status status = rwk_grow(r->ctx, &r->roads, &r->road_capacity, r->road_count + 1, sizeof *r->roads);
  if (status == RWK_OK) status = survey(&road, r);
  if (status != RWK_OK) {
    rwk_free(r->ctx, road.points);
    return status;
  }
  if (road.certified && road.top > road.saddle.objective + 64 * DBL_EPSILON * (1 + fabs(road.top)))
    road.certified = 0; /* somewhere it rises again */
  r->roads[r->road_count++] = road;
  return RWK_OK;
}

/* A copy of points that rwk_free takes. */
static rwk_status copy_points(double **copy, rwk_context *ctx, const double *points, size_t size) {
  *copy = rwk_alloc(ctx, size, sizeof **copy);
  if (!*copy) return rwk_fail_memory(ctx, "a road");
  memcpy(*copy, points, size * sizeof **copy);
  return RWK_OK;
}

/* One way down and, turned round, the other: from the place where the first ends to that of the second. */
static rwk_status join(rwk_road *road, rwk_roads *r, const rwk_descent_path *one,
                       const rwk_descent_path *other) {
  const size_t n = r->o->problem->dim;
  road->count = one->count + other->count + 1; /* the saddle is in both, and each ends at its place */
  road->points = rwk_alloc(r->ctx, road->count * n, sizeof *road->points);
  if (!road->points) return rwk_fail_memory(r->ctx, "a road");
  double *to = road->points;
  memcpy(to, r->places[road->a].w, n * sizeof *to);
  to += n;
  for (size_t k = one->count; k-- > 0; to += n) memcpy(to, one->w + k * n, n * sizeof *to);
  for (size_t k = 1; k < other->count; k++, to += n) memcpy(to, other->w + k * n, n * sizeof *to);
  memcpy(to, r->places[road->b].w, n * sizeof *to);
  road->top_point = one->count;
  return RWK_OK;
}

/* Is it a saddle with one way down? Where the inertia was not counted, the next eigenvalue says. */
static rwk_status index_one(int *yes, rwk_roads *r, const rwk_certificate *c, const double *w,
                            const double *mode) {
  *yes = c->verdict == RWK_VERDICT_SADDLE && (c->dense ? c->negative == 1 : 1);
  if (!*yes || c->dense) return RWK_OK;
  double next;
  RWK_TRY(rwk_landscape_lowest(&next, NULL, r->o, w, 1e-6, mode, 1));
  *yes = next >= -c->zero_limit;
  return RWK_OK;
}

/* The road over that saddle, road_count if there is none. */
static size_t road_known(const rwk_roads *r, const double *w) {
  const size_t n = r->o->problem->dim;
  size_t e = 0;
  for (; e < r->road_count; e++)
    if (r->roads[e].certified && rwk_distance(n, r->roads[e].points + r->roads[e].top_point * n, w) <=
                                     one_place * (1 + rwk_norm(n, w)))
      break;
  return e;
}

/* From a saddle down both sides. *found 0: no road. */
static rwk_status road_over(int *found, rwk_roads *r, const double *w, const double *mode, double spacing) {
  rwk_road road = {0};
  rwk_descent_path side[2] = {{0}};
  int fell[2] = {0}, yes = 0;
  const double tol = r->settings->certify.grad_tol;
  *found = 0;
  rwk_status status =
      rwk_certify(&road.saddle, NULL, r->ctx, r->o->problem, r->o->lambda, w, &r->settings->certify);
  if (status == RWK_OK) status = index_one(&yes, r, &road.saddle, w, mode);
  road.certified = yes;
  for (int s = 0; s < 2 && yes && status == RWK_OK; s++)
    status = rwk_descend(&side[s], &fell[s], r->o, w, mode, s ? -1 : 1, spacing, tol);
  if (status == RWK_OK && fell[0] && fell[1]) {
    for (int s = 0; s < 2 && status == RWK_OK; s++)
      status =
          rwk_roads_place(s ? &road.b : &road.a, r, side[s].w + (side[s].count - 1) * r->o->problem->dim);
    if (status == RWK_OK) status = join(&road, r, &side[0], &side[1]);
    if (status == RWK_OK) {
      *found = 1;
      r->saddles++;
      status = rwk_roads_add(r, road);
    }
  }
  for (int s = 0; s < 2; s++) rwk_free(r->ctx, side[s].w);
  return status;
}

/* From the top of a band on. */
static rwk_status over_the_top(rwk_roads *r, rwk_band *band, size_t a, size_t b, int depth) {
  const size_t n = band->dim, top = rwk_band_top(band);
  double length = 0;
  for (size_t k = 0; k + 1 < band->count; k++)
    length += rwk_distance(n, band->w + k * n, band->w + (k + 1) * n);
  const double spacing = length / (double)(band->count - 1);
  double *w = rwk_alloc_doubles(r->ctx, 2 * n);
  if (!w) return rwk_fail_memory(r->ctx, "a saddle");
  int found = 0;
  memcpy(w, band->w + top * n, n * sizeof *w);
  rwk_status status =
      rwk_saddle_find(&found, w, w + n, r->o, band->tangent, spacing, r->settings->certify.grad_tol);
  if (status == RWK_NUMERICAL) { /* it ran away: the band stands for itself */
    status = RWK_OK;
    found = 0;
  }
  size_t over = road_known(r, w);
  if (status == RWK_OK && found && over == r->road_count) status = road_over(&found, r, w, w + n, spacing);
  rwk_free_doubles(r->ctx, w);
  if (status != RWK_OK || !found) return status;
  size_t one = r->roads[over].a, other = r->roads[over].b;
  const double *A = r->places[a].w, *B = r->places[b].w, *M = r->places[one].w, *N = r->places[other].w;
  if (rwk_distance(n, A, N) + rwk_distance(n, B, M) < rwk_distance(n, A, M) + rwk_distance(n, B, N)) {
    const size_t swap = one;
    one = other;
    other = swap;
  }
  const double level = r->roads[over].top;
  if (!rwk_roads_joined(r, a, one, level)) RWK_TRY(rwk_roads_explore(r, a, one, NULL, depth + 1));
  if (!rwk_roads_joined(r, other, b, level)) RWK_TRY(rwk_roads_explore(r, other, b, NULL, depth + 1));
  return RWK_OK;
}

rwk_status rwk_roads_explore(rwk_roads *r, size_t a, size_t b, const double *bend, int depth) {
  const size_t n = r->o->problem->dim;
  if (r->bands >= r->settings->bands || depth > DEPTH_MOST) return RWK_OK;
  r->bands++;
  rwk_band band;
  rwk_road road = {.a = a, .b = b, .count = r->settings->images};
  double stiffness[3] = {0};
  RWK_TRY(rwk_band_open(&band, r->ctx, r->settings->images, n));
  rwk_band_draw(&band, r->places[a].w, r->places[b].w, bend);
  rwk_status status = RWK_OK;
  for (size_t k = 0; k < 3 && status == RWK_OK; k++)
    status = rwk_landscape_stiffness(&stiffness[k], r->o, band.w + k * (band.count - 1) / 2 * n);
  const double most = fmax(fmax(stiffness[0], stiffness[1]), fmax(stiffness[2], 1e-8));
  if (status == RWK_OK) status = rwk_band_relax(&band, r->o, most, r->settings->relaxations);
  if (status == RWK_OK) status = copy_points(&road.points, r->ctx, band.w, band.count * n);
  if (status == RWK_OK) status = rwk_roads_add(r, road);
  if (status == RWK_OK) status = over_the_top(r, &band, a, b, depth);
  rwk_band_close(&band, r->ctx);
  return status;
}

/* What a road is ranked by. A band is known by samples alone, which miss the very top of its pass: it has to
 * be lower than a saddle by more than that. */
static double rank(const rwk_roads *r, const rwk_road *road) {
  if (road->certified) return road->top;
  const double floor = fmin(r->places[road->a].objective, r->places[road->b].objective);
  return road->top + 1e-4 * (road->top - floor) + 64 * DBL_EPSILON * (1 + fabs(road->top));
}

/* Grows the set of places reached from a by the road with the lowest top, as Prim and Dijkstra do. */
rwk_status rwk_roads_lowest(size_t *list, size_t *count, const rwk_roads *r, size_t a, size_t b) {
  size_t *by = rwk_calloc(r->ctx, r->place_count, sizeof *by);
  unsigned char *reached = rwk_calloc(r->ctx, r->place_count, 1);
  rwk_status status = by && reached ? RWK_OK : rwk_fail_memory(r->ctx, "roads");
  *count = 0;
  if (status == RWK_OK) reached[a] = 1;
  while (status == RWK_OK && !reached[b]) {
    size_t best = r->road_count;
    for (size_t e = 0; e < r->road_count; e++) {
      const rwk_road *road = &r->roads[e];
      if (reached[road->a] == reached[road->b]) continue;
      if (best == r->road_count || rank(r, road) < rank(r, &r->roads[best])) best = e;
    }
    if (best == r->road_count) {
      status = rwk_fail(r->ctx, RWK_INTERNAL, "no road leads from one end to the other");
      break;
    }
    const size_t next = reached[r->roads[best].a] ? r->roads[best].b : r->roads[best].a;
    reached[next] = 1;
    by[next] = best;
  }
  for (size_t at = b; status == RWK_OK && at != a;) {
    const rwk_road *road = &r->roads[by[at]];
    list[(*count)++] = by[at];
    at = road->a == at ? road->b : road->a;
  }
  for (size_t k = 0; k < *count / 2; k++) { /* found from the end backwards */
    const size_t swap = list[k];
    list[k] = list[*count - 1 - k];
    list[*count - 1 - k] = swap;
  }
  rwk_free(r->ctx, reached);
  rwk_free(r->ctx, by);
  return status;
}
