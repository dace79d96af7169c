/* la/lanczos.h: the smallest eigenvalue of a symmetric operator that is only known by its products. */
#ifndef RWK_LA_LANCZOS_H
#define RWK_LA_LANCZOS_H

#include "la/dense.h"

/* Y = A x for one vector. */
typedef rwk_status (*rwk_operator_fn)(double *y, const double *x, void *payload);

typedef struct rwk_lanczos_settings {
  int64_t products;   /* at most this many; 1000 */
  double tol;         /* converged when the residual |A x - value x| <= tol * |value|, or <= tol_abs; 1e-3 */
  double tol_abs;     /* 0 */
  double stop_below;  /* stop as soon as a Rayleigh quotient minus its residual lies below this with residual
                         <= half its size;  -INFINITY: never */
  int64_t least;      /* products before a convergence is believed, lest a cluster hide what is below it; 48.
                         0: believed at once, and that of an invariant space too: for callers who look by other
                         means whether anything is below */
  size_t memory;      /* bytes for the basis; 256 MiB. At least 24 vectors are kept */
  uint64_t seed;      /* of the starting vector, with normal entries */
  const double *flat; /* [flat_count x n] orthonormal vectors kept out of the search, or NULL */
  size_t flat_count;
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
  double value; /* smallest Ritz value: an upper bound of the smallest eigenvalue */
  double lower; /* the smallest eigenvalue is at least this ... */
  double doubt; /* ... but for a start of at most this probability; 1 where nothing can be said */
  int64_t products;
} rwk_lanczos_bound_result;

/* Is the operator positive definite? Plain Lanczos (three terms, O(n) memory; only T is kept, whose Ritz
 * values are right without reorthogonalisation) from a random start, until the probability that an eigenvalue
 * below half of the smallest Ritz value was missed is at most `doubt` (Kuczynski and Wozniakowski, SIAM J.
 * Matrix Anal. Appl. 13, 1992), a Ritz value is negative, or products run out. `largest` bounds the
 * eigenvalues from above. Of the settings: products, seed, flat. */
rwk_status rwk_lanczos_bound(rwk_lanczos_bound_result *result, rwk_context *ctx, size_t n, double largest,
                             double doubt, const rwk_lanczos_settings *settings, rwk_operator_fn apply,
                             void *payload);

#endif
