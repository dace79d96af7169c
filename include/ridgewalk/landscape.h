/* ridgewalk/landscape.h: the surface J(w; lambda) between points and around them.
 *
 * Everything is of one lambda and of any problem. Networks that differ by names and signs of their units are
 * one function at several places: bring them onto each other first (rwk_landscape_compare).
 */
#ifndef RIDGEWALK_LANDSCAPE_H
#define RIDGEWALK_LANDSCAPE_H

#include <ridgewalk/certify.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rwk_landscape_settings {
  size_t size;     /* sizeof this struct, set by rwk_landscape_settings_init */
  int eigenvalues; /* 1: the smallest eigenvalue at every point of a line or curve; 0: NaN in its place. 1 */
  size_t images;   /* of a band between two points, ends included, >= 5; 17 */
  int64_t relaxations; /* steps of a band at most; 250 */
  int bands;     /* curve: bands at most. The first is straight; then by turns one between two minima seen, as
                    near     to each other as there are, that a lower pass may join, and a random detour; 40 */
  uint64_t seed; /* of detours and random directions; 0 */
  rwk_certify_settings certify; /* of stops; also says what dense algebra is for */
} rwk_landscape_settings;

RWK_API void rwk_landscape_settings_init(rwk_landscape_settings *settings);

/* ---- Are two points one? ---- */

typedef struct rwk_likeness {
  int same;     /* 1: one minimum, up to the symmetries of the problem */
  double reach; /* two critical points of one basin can stand this far apart: |g| over the smallest eigenvalue
                   off flat directions, of both, and rounding */
  double off_flats;        /* their distance after alignment, without flat directions */
  rwk_alignment alignment; /* of w */
} rwk_likeness;

/* Moves w[dim] by the symmetries of the problem as near to reference[dim] as it finds (rwk_problem_align) and
 * says whether the two are one minimum: where J is convex with curvature m between them, |w - reference| is
 * at most (|g| + |g'|) / m. Two certificates are made; NULL settings: defaults. */
RWK_API rwk_status rwk_landscape_compare(rwk_likeness *likeness, double *w, rwk_context *ctx,
                                         const rwk_problem *problem, double lambda, const double *reference,
                                         const rwk_landscape_settings *settings);

/* ---- A straight line ---- */

typedef struct rwk_landscape_point {
  double t; /* w = from + t (to - from) */
  double loss, penalty, objective;
  double slope;   /* dJ/dt */
  double min_eig; /* smallest eigenvalue of the Hessian of J; NaN where it was not asked for */
} rwk_landscape_point;

/* points[count] at even steps of t from `begin` to `end`. count >= 2. */
RWK_API rwk_status rwk_landscape_line(rwk_landscape_point *points, size_t count, rwk_context *ctx,
                                      const rwk_problem *problem, double lambda, const double *from,
                                      const double *to, double begin, double end,
                                      const rwk_landscape_settings *settings);

/* The highest point of the line for 0 <= t <= 1: of 256 samples, refined where the slope changes its sign. */
RWK_API rwk_status rwk_landscape_line_top(rwk_landscape_point *top, rwk_context *ctx,
                                          const rwk_problem *problem, double lambda, const double *from,
                                          const double *to, const rwk_landscape_settings *settings);

/* ---- A curve of little J ---- */

typedef struct rwk_curve rwk_curve;

/* Points of the curve; between two of them it is straight. */
typedef struct rwk_curve_point {
  double length; /* of the curve up to here */
  double loss, penalty, objective, min_eig;
  int64_t stop; /* number of the stop that this is, -1: none */
  const double *w;
} rwk_curve_point;

/* A minimum or saddle that the curve goes through. */
typedef struct rwk_curve_stop {
  int saddle;   /* 1: certified as a saddle with one way down, to either side */
  size_t point; /* its number on the curve */
  rwk_certificate certificate;
} rwk_curve_stop;

typedef struct rwk_curve_summary {
  double top; /* highest J on the curve, of all its points and eight samples between any two */
  double barrier_from, barrier_to; /* top minus J at either end: no road needs to climb more */
  size_t top_point;                /* where, or the nearest before it */
  int certified; /* 1: the top is a certified saddle of index 1, and the curve goes down from it on both
                    sides: as low as any road that keeps near this one */
  int64_t minima, saddles; /* on the curve, ends included */
  int64_t bands, seen;     /* bands that were relaxed; saddles that were found, on the curve or not */
  int64_t gradients, products;
  double seconds;
} rwk_curve_summary;

/* A curve from `from` to `to`, which are minima of J(.; lambda), over as low a pass as is found. Bands of
 * points (nudged elastic band: Jonsson, Mills and Jacobsen 1998; Henkelman and Jonsson, J. Chem. Phys. 113,
 * 2000) give a first road; its top is brought to a saddle along the lowest eigenvector (Cerjan and Miller
 * 1981; Lanczos and conjugate gradients, no dense matrix), the saddle is certified, and from it the curve
 * goes down both sides to two minima. Where these are not the ends, bands go on from them. Of all roads that
 * the minima and saddles then form, the one with the lowest top is kept. It is an upper bound of the true
 * barrier: a lower pass elsewhere is not excluded. Memory: O(points * dim). RWK_INVALID_ARGUMENT if the ends
 * are one point. */
RWK_API rwk_status rwk_curve_find(rwk_curve **curve, rwk_context *ctx, const rwk_problem *problem,
                                  double lambda, const double *from, const double *to,
                                  const rwk_landscape_settings *settings);
RWK_API void rwk_curve_destroy(rwk_curve *curve); /* NULL is fine */

/* Results; everything has the curve's lifetime. */
RWK_API rwk_curve_summary rwk_curve_summarise(const rwk_curve *curve);
RWK_API size_t rwk_curve_count(const rwk_curve *curve);
RWK_API const rwk_curve_point *rwk_curve_points(const rwk_curve *curve);
RWK_API size_t rwk_curve_stop_count(const rwk_curve *curve); /* >= 2: the ends */
RWK_API const rwk_curve_stop *rwk_curve_stops(const rwk_curve *curve);

/* ---- A plane ---- */

/* X(symbol, name, meaning): which two directions. */
#define RWK_DIRECTIONS_LIST(X)                                                                               \
  X(RANDOM, "random",                                                                                        \
    "random, each part of the model (a unit with its weights) as long as that part of w; "                   \
    "what the penalty leaves out stays (Li et al. 2018)")                                                    \
  X(EIGEN, "eigen", "the two eigenvectors of least curvature, Euclidean norm 1")

typedef enum rwk_directions {
#define RWK_X(symbol, name, meaning) RWK_DIRECTIONS_##symbol,
  RWK_DIRECTIONS_LIST(RWK_X)
#undef RWK_X
} rwk_directions;

RWK_API const char *rwk_directions_name(rwk_directions kind);
RWK_API rwk_status rwk_directions_from_name(rwk_directions *kind, const char *name);

/* u[dim], v[dim] at w, and their curvatures u'Hu, v'Hv. */
RWK_API rwk_status rwk_landscape_directions(double *u, double *v, double curvature[2], rwk_context *ctx,
                                            const rwk_problem *problem, double lambda, const double *w,
                                            rwk_directions kind, const rwk_landscape_settings *settings);

/* The plane through three points: u along b - a, v along what of c - a is orthogonal to it, both of Euclidean
 * norm 1; places[3][2] of a, b, c in it. RWK_INVALID_ARGUMENT if the three lie on a line. */
RWK_API rwk_status rwk_landscape_three(double *u, double *v, double places[3][2], rwk_context *ctx,
                                       size_t dim, const double *a, const double *b, const double *c);

/* values[y_count x x_count]: J(origin + x u + y v), a row per y. INFINITY where J is not finite. */
RWK_API rwk_status rwk_landscape_plane(double *values, rwk_context *ctx, const rwk_problem *problem,
                                       double lambda, const double *origin, const double *u, const double *v,
                                       const double *x, size_t x_count, const double *y, size_t y_count);

/* ---- The density of the spectrum ---- */

typedef struct rwk_density_settings {
  size_t size;   /* sizeof this struct, set by rwk_density_settings_init */
  size_t steps;  /* of Lanczos for each probe, at most dim; 80 */
  size_t probes; /* random vectors; 8 */
  uint64_t seed;
} rwk_density_settings;

RWK_API void rwk_density_settings_init(rwk_density_settings *settings);

/* Stochastic Lanczos quadrature (Ghorbani, Krishnan and Xiao 2019; Yao et al. 2020): node[*count], ascending,
 * each with its share[*count] >= 0 of the eigenvalues of the Hessian of J at w[dim]; the shares sum to 1. For
 * each probe z, with entries 1 or -1, sum share * node^k is z'H^k z / dim for every k < 2 steps, so that the
 * shares below a value are the distribution of eigenvalues up to the probes' scatter, which falls as
 * 1/sqrt(probes * dim). node and share have room for steps * probes. Products: steps * probes; memory: (steps
 * + 2) * dim doubles. */
RWK_API rwk_status rwk_landscape_density(double *node, double *share, size_t *count, rwk_context *ctx,
                                         const rwk_problem *problem, double lambda, const double *w,
                                         const rwk_density_settings *settings);

#ifdef __cplusplus
}
#endif
#endif
