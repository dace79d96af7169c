/* Minima, saddles and the roads that they form. */
#include <float.h>
#include <math.h>
#include <string.h>
#include "base/stream.h"
#include "landscape/roads.h"

enum { SAMPLES = 8, SECTIONS = 24, DEPTH_MOST = 5 };

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

/* colour[place_count]: places that are joined have one, by roads down from saddles or by certified bands too.
 */
static void paint(size_t *colour, const rwk_roads *r, double level, int bands) {
  for (size_t k = 0; k < r->place_count; k++) colour[k] = k;
  for (size_t e = 0; e < r->road_count; e++) {
    const size_t from = colour[r->roads[e].a], to = colour[r->roads[e].b];
    if (!r->roads[e].certified || r->roads[e].top > level || !(bands || r->roads[e].descended)) continue;
    for (size_t k = 0; k < r->place_count; k++)
      if (colour[k] == from) colour[k] = to;
  }
}

/* Are they joined by roads down from saddles that are not higher than `level`? */
static rwk_status joined(int *answer, const rwk_roads *r, size_t a, size_t b, double level) {
  size_t *colour = rwk_calloc(r->ctx, r->place_count, sizeof *colour);
  if (!colour) return rwk_fail_memory(r->ctx, "roads between minima");
  paint(colour, r, level, 0);
  *answer = colour[a] == colour[b];
  rwk_free(r->ctx, colour);
  return RWK_OK;
}

static int tried(const rwk_roads *r, size_t a, size_t b) {
  for (size_t e = 0; e < r->road_count; e++)
    if (!r->roads[e].descended &&
        ((r->roads[e].a == a && r->roads[e].b == b) || (r->roads[e].a == b && r->roads[e].b == a)))
      return 1;
  return 0;
}

rwk_status rwk_roads_gap(int *found, size_t *a, size_t *b, const rwk_roads *r, double level) {
  const size_t n = r->o->problem->dim;
  size_t *colour = rwk_calloc(r->ctx, r->place_count, sizeof *colour);
  double least = INFINITY;
  if (!colour) return rwk_fail_memory(r->ctx, "roads between minima");
  paint(colour, r, level, 1);
  for (size_t i = 0; i < r->place_count; i++)
    for (size_t j = 0; j < r->place_count; j++) {
      if (colour[i] != colour[0] || colour[j] == colour[0] || tried(r, i, j)) continue;
      const double apart = rwk_distance(n, r->places[i].w, r->places[j].w);
      if (!(apart < least)) continue;
      least = apart;
      *a = i;
      *b = j;
    }
  rwk_free(r->ctx, colour);
  *found = least < INFINITY;
  return RWK_OK;
}

typedef struct road_view {
  rwk_roads *r;
  const rwk_road *road;
  double *w; /* [dim] */
} road_view;

/* J at t of the road: point floor(t), and what of the step after it is left. */
static rwk_status height_at(double *height, const road_view *v, double t) {
  const size_t n = v->r->o->problem->dim, k = (size_t)t;
  const double *a = v->road->points + k * n, share = t - (double)k;
  rwk_parts parts;
  for (size_t i = 0; i < n; i++) v->w[i] = share > 0 ? (1 - share) * a[i] + share * a[n + i] : a[i];
  RWK_TRY(rwk_objective_try(v->r->o, &parts, NULL, v->w));
  *height = parts.objective;
  return RWK_OK;
}

/* The top between two samples beside the highest one, by golden sections. */
static rwk_status refine(double *top, const road_view *v, double low, double high) {
  const double golden = 0.6180339887498949;
  double a = high - golden * (high - low), b = low + golden * (high - low), Ja, Jb;
  RWK_TRY(height_at(&Ja, v, a));
  RWK_TRY(height_at(&Jb, v, b));
  for (int k = 0; k < SECTIONS; k++) {
    *top = fmax(*top, fmax(Ja, Jb));
    if (Ja > Jb) {
      high = b, b = a, Jb = Ja;
      a = high - golden * (high - low);
      RWK_TRY(height_at(&Ja, v, a));
    } else {
      low = a, a = b, Ja = Jb;
      b = low + golden * (high - low);
      RWK_TRY(height_at(&Jb, v, b));
    }
  }
  return RWK_OK;
}

static rwk_status survey(rwk_road *road, rwk_roads *r) {
  const road_view v = {r, road, rwk_alloc_doubles(r->ctx, r->o->problem->dim)};
  rwk_status status = v.w ? RWK_OK : rwk_fail_memory(r->ctx, "a road");
  const size_t last = road->count - 1;
  double at = 0;
  road->top = -INFINITY;
  for (size_t k = 0; k <= last * SAMPLES && status == RWK_OK; k++) {
    double height;
    status = height_at(&height, &v, (double)k / SAMPLES);
    if (status != RWK_OK || !(height > road->top)) continue;
    road->top = height;
    at = (double)k / SAMPLES;
  }
  if (!road->certified) road->top_point = (size_t)at;
  if (status == RWK_OK &&
      !(road->certified && at == (double)road->top_point)) /* a saddle is no higher beside itself */
    status = refine(&road->top, &v, fmax(0, at - 1.0 / SAMPLES), fmin((double)last, at + 1.0 / SAMPLES));
  rwk_free_doubles(r->ctx, v.w);
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
  RWK_TRY(rwk_landscape_lowest(&next, NULL, r->o, w, 1e-6, mode));
  *yes = next >= -c->zero_limit;
  return RWK_OK;
}

/* The road down from that saddle, road_count if there is none. */
static size_t road_known(const rwk_roads *r, const double *w) {
  const size_t n = r->o->problem->dim;
  size_t e = 0;
  for (; e < r->road_count; e++)
    if (r->roads[e].descended && rwk_distance(n, r->roads[e].points + r->roads[e].top_point * n, w) <=
                                     one_place * (1 + rwk_norm(n, w)))
      break;
  return e;
}

/* From a certified saddle down both sides. *found 0: no road. */
static rwk_status road_over(int *found, rwk_roads *r, const rwk_certificate *saddle, const double *w,
                            const double *mode, double spacing) {
  rwk_road road = {.certified = 1, .descended = 1, .saddle = *saddle};
  rwk_descent_path side[2] = {{0}};
  int fell[2] = {0};
  rwk_status status = RWK_OK;
  *found = 0;
  for (int s = 0; s < 2 && status == RWK_OK; s++)
    status =
        rwk_descend(&side[s], &fell[s], r->o, w, mode, s ? -1 : 1, spacing, r->settings->certify.grad_tol);
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

/* The band with its top moved into the saddle: where nothing else of it is as high, it is a road over it. */
static rwk_status band_over(rwk_roads *r, const rwk_band *band, size_t a, size_t b, size_t top,
                            const rwk_certificate *saddle, const double *w) {
  rwk_road road = {.a = a, .b = b, .count = band->count, .top_point = top, .certified = 1, .saddle = *saddle};
  RWK_TRY(copy_points(&road.points, r->ctx, band->w, band->count * band->dim));
  memcpy(road.points + top * band->dim, w, band->dim * sizeof *w);
  return rwk_roads_add(r, road);
}

static rwk_status to_the_saddle(size_t *over, rwk_roads *r, rwk_band *band, size_t a, size_t b, double *w) {
  const size_t n = band->dim, top = rwk_band_top(band);
  double *mode = w + n, length = 0;
  int found = 0;
  for (size_t k = 0; k + 1 < band->count; k++)
    length += rwk_distance(n, band->w + k * n, band->w + (k + 1) * n);
  const double spacing = length / (double)(band->count - 1); /* of the band; ways down are twice as fine */
  rwk_certificate saddle;
  *over = r->road_count;
  memcpy(w, band->w + top * n, n * sizeof *w);
  const rwk_status status =
      rwk_saddle_find(&found, w, mode, r->o, band->tangent, spacing, r->settings->certify.grad_tol);
  if (status == RWK_NUMERICAL) return RWK_OK; /* it ran away: the band stands for itself */
  if (status != RWK_OK || !found) return status;
  RWK_TRY(rwk_certify(&saddle, NULL, r->ctx, r->o->problem, r->o->lambda, w, &r->settings->certify));
  RWK_TRY(index_one(&found, r, &saddle, w, mode));
  if (!found) return RWK_OK;
  RWK_TRY(band_over(r, band, a, b, top, &saddle, w));
  const size_t known = road_known(r, w);
  *over = known;
  if (known < r->road_count) return RWK_OK;
  RWK_TRY(road_over(&found, r, &saddle, w, mode, 0.5 * spacing));
  return RWK_OK;
}

/* From the top of a band on. */
static rwk_status over_the_top(rwk_roads *r, rwk_band *band, size_t a, size_t b, int depth) {
  const size_t n = band->dim;
  size_t over;
  double *w = rwk_alloc_doubles(r->ctx, 2 * n);
  if (!w) return rwk_fail_memory(r->ctx, "a saddle");
  const rwk_status status = to_the_saddle(&over, r, band, a, b, w);
  rwk_free_doubles(r->ctx, w);
  if (status != RWK_OK || over >= r->road_count) return status;
  size_t one = r->roads[over].a, other = r->roads[over].b;
  const double *A = r->places[a].w, *B = r->places[b].w, *M = r->places[one].w, *N = r->places[other].w;
  if (rwk_distance(n, A, N) + rwk_distance(n, B, M) < rwk_distance(n, A, M) + rwk_distance(n, B, N)) {
    const size_t swap = one;
    one = other;
    other = swap;
  }
  const double level = r->roads[over].top;
  int known;
  RWK_TRY(joined(&known, r, a, one, level));
  if (!known) RWK_TRY(rwk_roads_explore(r, a, one, depth + 1));
  RWK_TRY(joined(&known, r, other, b, level));
  return known ? RWK_OK : rwk_roads_explore(r, other, b, depth + 1);
}

/* Somewhere beside the middle of the line, as far off as it is long. */
static void random_bend(double *bend, const double *from, const double *to, size_t n, uint64_t seed,
                        int64_t number) {
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

static rwk_status draw(rwk_band *band, rwk_roads *r, size_t a, size_t b) {
  const double *from = r->places[a].w, *to = r->places[b].w;
  double *bend = rwk_alloc_doubles(r->ctx, band->dim);
  if (!bend) return rwk_fail_memory(r->ctx, "a band");
  random_bend(bend, from, to, band->dim, r->settings->seed, r->bands);
  rwk_band_draw(band, from, to, r->bent ? bend : NULL);
  rwk_free_doubles(r->ctx, bend);
  return RWK_OK;
}

rwk_status rwk_roads_explore(rwk_roads *r, size_t a, size_t b, int depth) {
  const size_t n = r->o->problem->dim;
  if (r->bands >= r->settings->bands || depth > DEPTH_MOST) return RWK_OK;
  r->bands++;
  rwk_band band;
  rwk_road road = {.a = a, .b = b, .count = r->settings->images};
  double stiffness[3] = {0};
  RWK_TRY(rwk_band_open(&band, r->ctx, r->settings->images, n));
  rwk_status status = draw(&band, r, a, b);
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
  if (road->descended) return road->top;
  const double floor = fmin(r->places[road->a].objective, r->places[road->b].objective);
  const double known = road->certified ? 0 : 1e-6 * (road->top - floor);
  return road->top + known + 64 * DBL_EPSILON * (1 + fabs(road->top));
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
