/* ridgewalk/laplace.h: what the Hessian at a certified minimum says of the model: how many parameters the
 * data determine, and how uncertain predictions are.
 *
 *   effective parameters   tr(H^-1 (H - 2 lambda M)) = dim - 2 lambda tr(H^-1 M),  H the Hessian of J.
 *                          H - 2 lambda M, the Hessian of L, need not be positive at a minimum of J, so that
 * the number may be negative; with Gauss and Newton's matrix in its place it is not g' H^-1 g for a gradient
 * g of some f(w): how far f can be moved for what J rises by
 *
 * With L = s SSE and errors of variance sigma^2, exp(-J / (2 s sigma^2)) is, up to a constant, the posterior
 * of w under a normal prior of precision lambda / (s sigma^2) on the penalised weights. Laplace's
 * approximation has covariance 2 s sigma^2 H^-1, and so the variance of f is 2 s sigma^2 g' H^-1 g
 * (docs/cv.md).
 */
#ifndef RIDGEWALK_LAPLACE_H
#define RIDGEWALK_LAPLACE_H

#include <ridgewalk/certify.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rwk_laplace rwk_laplace;

/* Forms and factorises the Hessian at w[dim]. The certificate of w says what may be asked: at a strict
 * minimum everything; at a minimum with explained flat directions the effective parameters alone, over the
 * directions that are not flat; anything else is refused with RWK_DATA, and so are more than 10000 weights.
 * The problem must outlive it. Memory 2 dim^2 doubles, time O(dim^3). */
RWK_API rwk_status rwk_laplace_create(rwk_laplace **laplace, rwk_context *ctx, const rwk_problem *problem,
                                      double lambda, const double *w, const rwk_certificate *certificate);
RWK_API void rwk_laplace_destroy(rwk_laplace *laplace); /* NULL is fine */

RWK_API double rwk_laplace_parameters(const rwk_laplace *laplace);

/* *parameters = tr((A + 2 lambda M)^-1 A) for A[dim x dim], symmetric and not negative, of which the lower
 * triangle is read; A is destroyed. Directions in which A + 2 lambda M is 0 count nothing. */
RWK_API rwk_status rwk_effective_parameters(double *parameters, rwk_context *ctx, const rwk_problem *problem,
                                            double lambda, double *A);

/* form[j] = g_j' H^-1 g_j for `count` vectors, g_j at G + j*ldg, which are destroyed. RWK_DATA unless the
 * minimum is strict. */
RWK_API rwk_status rwk_laplace_forms(double *form, const rwk_laplace *laplace, double *G, size_t ldg,
                                     size_t count);

#ifdef __cplusplus
}
#endif
#endif
