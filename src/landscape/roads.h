/* landscape/roads.h: minima and the roads between them that have been found. */
#ifndef RWK_LANDSCAPE_ROADS_H
#define RWK_LANDSCAPE_ROADS_H

#include "landscape/landscape.h"

typedef struct rwk_place {
  double *w; /* [dim] */
  double objective;
  rwk_certificate certificate;
} rwk_place;

/* A road from a to b: down from a saddle on both sides, or a band. */
typedef struct rwk_road {
  size_t a, b;
  double *points; /* [count x dim]; the first is at a, the last at b */
  size_t count;
  double top;       /* highest J of points and samples between them */
  size_t top_point; /* the saddle, or the point at or before the top */
  int certified;    /* its top is a saddle of index 1 */
  int descended;    /* it goes down from that saddle on both sides */
  rwk_certificate saddle;
} rwk_road;

typedef struct rwk_roads {
  rwk_context *ctx;
  rwk_objective *o;
  const rwk_landscape_settings *settings;
  rwk_place *places;
  size_t place_count, place_capacity;
  rwk_road *roads;
  size_t road_count, road_capacity;
  int64_t bands, saddles;
  int bent; /* bands begin straight, or bent at random */
} rwk_roads;

void rwk_roads_release(rwk_roads *r);

/* The place that w is, made if it is new. */
rwk_status rwk_roads_place(size_t *place, rwk_roads *r, const double *w);

/* The nearest pair of places that no band was laid between, one of which is joined to place 0 by roads not
 * higher than `level` and the other is not, if there is one: *found. */
rwk_status rwk_roads_gap(int *found, size_t *a, size_t *b, const rwk_roads *r, double level);

/* Takes over points[count x dim], released with rwk_free; looks how high it is. */
rwk_status rwk_roads_add(rwk_roads *r, rwk_road road);

/* Relaxes a band between two places and explores from its top on. */
rwk_status rwk_roads_explore(rwk_roads *r, size_t a, size_t b, int depth);

/* The roads from place a to b with the lowest top, in order: list[road_count], of which *count are used. */
rwk_status rwk_roads_lowest(size_t *list, size_t *count, const rwk_roads *r, size_t a, size_t b);

#endif
