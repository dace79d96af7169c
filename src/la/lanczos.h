/* la/lanczos.h: the smallest eigenvalue of a symmetric operator that is only known by its products. */
#ifndef RWK_LA_LANCZOS_H
#define RWK_LA_LANCZOS_H

#include "la/dense.h"
#include "la/span.h"

/* Y = A x for one vector. */
typedef rwk_status (*rwk_operator_fn)(double *y, const double *x, void *payload);

typedef struct rwk_lanczos_settings {
  int64_t products;  /* at most this many; 1000 */
  double tol;        /* converged when the residual |A x - value x| <= tol * |value|, or <= tol_abs; 1e-3 */
  double tol_abs;    /* 0 */
  double stop_below; /* stop as soon as a Rayleigh quotient minus its residual lies below this with residual
                        <= half its size;  -INFINITY: never */
  int64_t least;     /* products before a convergence is believed, lest a cluster hide what is below it; 48.
                        0: believed at once, and that of an invariant space too: for callers who look by other
                        means whether anything is below */
  size_t memory;     /* bytes for the basis; 256 MiB. At least 24 vectors are kept */
  uint64_t seed;     /* of the starting vector, with normal entries */
  const rwk_span *flat; /* orthonormal vectors kept out of the search, or NULL */
} rwk_lanczos_settings;

void rwk_lanczos_settings_init(rwk_lanczos_settings *settings);

typedef struct rwk_lanczos_result {
  double value;    /* Rayleigh quotient: an upper bound of the smallest eigenvalue */
  double residual; /* |A x - value x|: an eigenvalue lies within this of value */
  double largest;  /* largest Ritz value in size: a lower bound of the norm of A */
  int64_t products;
  size_t basis; /* dimension of the last Krylov space */
  int converged;
} rwk_lanczos_result;

/* Thick-restart Lanczos (Wu and Simon, SIAM J. Matrix Anal. Appl. 22, 2000) with full reorthogonalisation.
 * vector[n] (or NULL) receives the unit Ritz vector. */
rwk_status rwk_lanczos_min(rwk_lanczos_result *result, double *vector, rwk_context *ctx, size_t n,
                           const rwk_lanczos_settings *settings, rwk_operator_fn apply, void *payload);

typedef struct rwk_lanczos_bound_result {
  double value; /* smallest Ritz value: an upper bound of the smallest eigenvalue; NaN where there is none */
  double lower; /* the smallest eigenvalue is above this ... */
  double doubt; /* ... but for a start of at most this probability; 1 where nothing can be said */
  double residual; /* an eigenvalue lies within this of value */
  double largest;  /* largest Ritz value in size: a lower bound of the norm of A */
  int64_t products;
} rwk_lanczos_bound_result;

/* Is every eigenvalue above `floor`? Lanczos from a random start v in the m dimensions that are not flat,
 * until the chance that one at or below it was missed is at most `doubt`, a Ritz value is at or below it, or
 * products run out.
 *
 * The bound is of what was computed, not of the worst spectrum of that width: after k steps |p(A) v| is
 * gamma_1 ... gamma_k for p(t) = det(t - T), so that a unit eigenvector u of an eigenvalue mu <= s < the
 * smallest Ritz value has |u'v| <= prod gamma_i / det(T - s); and a random v has an |u'v| that small with a
 * chance of at most sqrt(2 m / pi) times it. An outlier costs a step or two, after which the spread of the
 * others counts. (Kuczynski and Wozniakowski, SIAM J. Matrix Anal. Appl. 13, 1992, bound the same chance
 * without looking at T.)
 *
 * `lower` is the largest s for which the chance is at most `doubt`. vector[n] (or NULL) receives the unit
 * Ritz vector of `value`, or zeros where more products were made than the basis holds. New vectors are made
 * orthogonal to the first `memory` bytes of the basis (as many vectors as settings->products at most), so
 * that T is that of A but for rounding; beyond, three terms. Of the settings: products, memory, seed, flat.
 */
rwk_status rwk_lanczos_bound(rwk_lanczos_bound_result *result, double *vector, rwk_context *ctx, size_t n,
                             double floor, double doubt, const rwk_lanczos_settings *settings,
                             rwk_operator_fn apply, void *payload);

#endif
