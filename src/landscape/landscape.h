/* landscape/landscape.h: the inside of curves: bands, saddles, ways down. */
#ifndef RWK_LANDSCAPE_LANDSCAPE_H
#define RWK_LANDSCAPE_LANDSCAPE_H

#include <ridgewalk/landscape.h>
#include "base/context.h"
#include "la/dense.h"
#include "problem/problem.h"

rwk_status rwk_landscape_check(rwk_context *ctx, const rwk_landscape_settings *s, double lambda);

/* Smallest eigenvalue of the Hessian at w: dense up to dense_limit coordinates, else by Lanczos. */
rwk_status rwk_landscape_min_eig(double *value, rwk_objective *o, const double *w,
                                 const rwk_certify_settings *settings);

/* Smallest eigenvalue, with its unit vector[dim], of the Hessian at w; the unit vector `without`, unless
 * NULL, is kept out of the search. */
rwk_status rwk_landscape_lowest(double *value, double *vector, rwk_objective *o, const double *w, double tol,
                                const double *without);

/* Largest eigenvalue in size, roughly. */
rwk_status rwk_landscape_stiffness(double *value, rwk_objective *o, const double *w);

/* |w - reference| without what lies in the flat directions at the reference. */
rwk_status rwk_off_flats(double *distance, rwk_objective *o, const double *w, const double *reference);

/* Points between two ends, which do not move. */
typedef struct rwk_band {
  size_t count, dim;
  double *w;       /* [count x dim] */
  double *J;       /* [count] */
  double *scratch; /* [3 x count x dim] gradients, forces, velocities */
  double *tangent; /* [dim] */
} rwk_band;

rwk_status rwk_band_open(rwk_band *b, rwk_context *ctx, size_t count, size_t dim);
void rwk_band_close(rwk_band *b, rwk_context *ctx);
/* Even steps on the parabola from `from` to `to` that is drawn towards `bend`[dim]; NULL: the straight line.
 */
void rwk_band_draw(rwk_band *b, const double *from, const double *to, const double *bend);
/* Relaxes it; the highest point climbs towards the pass in the second half. */
rwk_status rwk_band_relax(rwk_band *b, rwk_objective *o, double stiffness, int64_t steps);
/* The highest point that is no end; the tangent there is left in b->tangent. */
size_t rwk_band_top(rwk_band *b);
double rwk_distance(size_t n, const double *a, const double *b);

/* Brings w to a critical point with one direction of negative curvature, along the lowest eigenvector, or
 * along `tangent` where there is none yet. *found 0: it did not get there. mode[dim]: the eigenvector. */
rwk_status rwk_saddle_find(int *found, double *w, double *mode, rwk_objective *o, const double *tangent,
                           double radius, double grad_tol);

/* A way from a point to a minimum, each point lower than the one before it. */
typedef struct rwk_descent_path {
  double *w; /* [count x dim] from the first point on */
  size_t count, capacity;
} rwk_descent_path;

/* From w, a saddle, along sign * mode: points about `spacing` apart, the last a minimum as the solver finds
 * it. The path is to be released with rwk_free. *fell 0: J does not fall along the mode. */
rwk_status rwk_descend(rwk_descent_path *path, int *fell, rwk_objective *o, const double *w,
                       const double *mode, double sign, double spacing, double grad_tol);

#endif
