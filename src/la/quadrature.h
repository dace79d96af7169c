/* la/quadrature.h: the spectrum of an operator as seen by a vector. */
#ifndef RWK_LA_QUADRATURE_H
#define RWK_LA_QUADRATURE_H

#include "la/lanczos.h"

/* Gauss quadrature by Lanczos (Golub and Meurant 1994): node[steps] ascending with share[steps] >= 0 that sum
 * to 1, such that sum share * node^k = z'A^k z / z'z for every k < 2 *count. *count <= steps is how many
 * there are: fewer where the Krylov space of z is exhausted. Full reorthogonalisation; memory (steps + 1) * n
 * doubles. z[n] is destroyed. RWK_NUMERICAL if a product is not finite. */
rwk_status rwk_lanczos_quadrature(double *node, double *share, size_t *count, rwk_context *ctx, size_t n,
                                  double *z, size_t steps, rwk_operator_fn apply, void *payload);

#endif
