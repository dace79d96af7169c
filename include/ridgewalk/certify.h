/* ridgewalk/certify.h: what kind of point is this? Needs a problem and weights, and nothing of how they were
 * found.
 *
 * Order of the questions: kink? gradient zero? negative eigenvalue? zero eigenvalues, and are they explained?
 * Silence is never success: what cannot be decided in double precision is `inconclusive`.
 */
#ifndef RIDGEWALK_CERTIFY_H
#define RIDGEWALK_CERTIFY_H

#include <ridgewalk/problem.h>
#include <ridgewalk/solve.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rwk_certify_settings {
  size_t size;         /* sizeof this struct, set by rwk_certify_settings_init */
  double grad_tol;     /* stationary when max_i |dJ/dw_i| <= grad_tol * max(1, J); 1e-8 */
  rwk_algebra algebra; /* AUTO: dense up to dense_limit coordinates */
  size_t dense_limit;  /* 2500 */
  double kink_tol;     /* a kink is active within this share of the pre-activation's own scale; 1e-9 */
  int64_t
      products;  /* Krylov: at most this many Hessian-vector products for each of the questions; 0: 10000 */
  uint64_t seed; /* of the Lanczos starting vector */
} rwk_certify_settings;

RWK_API void rwk_certify_settings_init(rwk_certify_settings *settings);

typedef struct rwk_certificate {
  rwk_verdict verdict;
  int escapable; /* a dead unit's bias can slide to where J falls (T7) */
  double loss, penalty, objective;
  double grad_inf, grad_norm; /* max norm and Euclidean norm of dJ/dw */
  double grad_limit;          /* what grad_inf was held against */
  double nearest_factor;      /* w is closest to critical at this many times lambda: the l that makes
                                 |dL/dw + 2 l M w| least, over lambda ... */
  double nearest_grad;        /* ... and the max norm of the gradient there. NaN where lambda or M w is 0 */
  double min_eig;             /* smallest eigenvalue of the Hessian of J ... */
  double min_eig_error;       /* ... which lies within this of a true eigenvalue */
  double min_eig_rest;        /* smallest eigenvalue off the explained flat directions */
  double max_eig;             /* largest eigenvalue in size (an estimate from below when Krylov) */
  double zero_limit;          /* eigenvalues up to this size cannot be told from 0 */
  int64_t positive, zero, negative; /* inertia; -1 each where it was not counted (Krylov) */
  int64_t flats; /* dimension of the flat directions that the problem explains and that were verified */
  int64_t kinks; /* active kinks */
  double escape_curvature; /* most negative curvature of T7; NaN if there is no dead unit */
  double doubt;     /* Krylov: the chance, over random starts, that "no negative eigenvalue" is wrong; 0 when
                       dense, whose nearness to the critical point is bounded by random products but for a
                       chance of 1e-6 (docs/certificates.md) */
  int dense;        /* 1: all eigenvalues were bounded; 0: Lanczos */
  int64_t products; /* Hessian-vector products used */
  double seconds;
  char reason[400]; /* one sentence: why this verdict */
} rwk_certificate;

/* A certified minimum, strict or with every flat direction explained, that no dead unit leads down from. */
static inline int rwk_certificate_is_minimum(const rwk_certificate *c) {
  return (c->verdict == RWK_VERDICT_STRICT_MIN || c->verdict == RWK_VERDICT_DEGENERATE_MIN) && !c->escapable;
}

/* Certifies w[dim] at lambda. direction[dim], unless NULL, receives the unit eigenvector of min_eig (zeros
 * where no eigenvalue was computed). Memory: dense 2 p^2 doubles, Krylov up to 256 MiB of vectors
 * of p, at least six. */
RWK_API rwk_status rwk_certify(rwk_certificate *certificate, double *direction, rwk_context *ctx,
                               const rwk_problem *problem, double lambda, const double *w,
                               const rwk_certify_settings *settings);

/* H[dim x dim], row i at H + i*ldh: the Hessian of J at w[dim], both triangles. One thread. RWK_NUMERICAL if
 * it is not finite there. */
RWK_API rwk_status rwk_hessian(double *H, size_t ldh, rwk_context *ctx, const rwk_problem *problem,
                               double lambda, const double *w);

/* All eigenvalues[dim] of the Hessian of J at w[dim], ascending. O(dim^3) time, dim^2 doubles of memory; one
 * thread. RWK_NUMERICAL if the Hessian is not finite there. */
RWK_API rwk_status rwk_spectrum(double *eigenvalues, rwk_context *ctx, const rwk_problem *problem,
                                double lambda, const double *w);

#ifdef __cplusplus
}
#endif
#endif
