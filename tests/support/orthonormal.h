/* tests/support/orthonormal.h: modified Gram-Schmidt on dense vectors. */
#ifndef TESTS_ORTHONORMAL_H
#define TESTS_ORTHONORMAL_H

#include <string.h>
#include "la/dense.h"

/* Orthonormal basis of the span of k vectors (vector j at V + j*ldv) with relative tolerance tol, in place:
 * on return the first *rank vectors are orthonormal. Modified Gram-Schmidt, twice. */
static inline void orthonormalise(size_t *rank, double *V, size_t ldv, size_t n, size_t k, double tol) {
  size_t r = 0;
  for (size_t j = 0; j < k; j++) {
    double *v = V + r * ldv;
    if (r != j) memcpy(v, V + j * ldv, n * sizeof *v);
    const double before = rwk_norm(n, v);
    if (!(before > 0) || r == n) continue;
    for (int pass = 0; pass < 2; pass++)
      for (size_t i = 0; i < r; i++) rwk_axpy(n, -rwk_dot(n, V + i * ldv, v), V + i * ldv, v);
    const double after = rwk_norm(n, v);
    if (!(after > tol * before)) continue;
    rwk_scale(n, 1 / after, v);
    r++;
  }
  *rank = r;
}

#endif
