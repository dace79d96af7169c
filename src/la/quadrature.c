#include "la/quadrature.h"
#include <math.h>
#include <string.h>

/* Takes out of v what lies in the first k vectors of the basis; twice is enough. */
static void reorthogonalise(double *v, double *c, const double *basis, size_t n, size_t k) {
  for (int pass = 0; pass < 2; pass++) {
    rwk_gemv(c, 0, k, n, 1, basis, n, v, 0);
    rwk_gemv(v, 1, k, n, -1, basis, n, c, 1);
  }
}

rwk_status rwk_lanczos_quadrature(double *node, double *share, size_t *count, rwk_context *ctx, size_t n,
                                  double *z, size_t steps, rwk_operator_fn apply, void *payload) {
  *count = 0;
  if (steps > n) steps = n;
  const double length = rwk_norm(n, z);
  if (!(length > 0) || steps == 0) return RWK_OK;
  double *basis = rwk_alloc_doubles(ctx, (steps + 1) * n),
         *small = rwk_alloc_doubles(ctx, steps * (steps + 2));
  rwk_status status = basis && small ? RWK_OK : rwk_fail_memory(ctx, "Lanczos quadrature");
  double *vectors = small, *beta = vectors ? vectors + steps * steps : NULL, *c = beta ? beta + steps : NULL;
  size_t k = 0;
  double largest = 0;
  if (status != RWK_OK) goto done;
  rwk_scale(n, 1 / length, z);
  memcpy(basis, z, n * sizeof *z);
  while (k < steps) {
    double *v = basis + k * n, *next = v + n;
    status = apply(next, v, payload);
    if (status != RWK_OK) goto done;
    node[k] = rwk_dot(n, v, next);
    reorthogonalise(next, c, basis, n, k + 1);
    beta[k] = rwk_norm(n, next);
    if (!isfinite(node[k]) || !isfinite(beta[k])) {
      status = rwk_fail(ctx, RWK_NUMERICAL, "a Hessian-vector product is not finite");
      goto done;
    }
    largest = fmax(largest, fabs(node[k]) + beta[k]);
    k++;
    if (!(beta[k - 1] > 1e-13 * largest)) break; /* the space is invariant */
    rwk_scale(n, 1 / beta[k - 1], next);
  }
  status = rwk_eigen_tridiagonal(ctx, node, beta, vectors, k);
  for (size_t j = 0; j < k && status == RWK_OK; j++) share[j] = vectors[j * k] * vectors[j * k];
  if (status == RWK_OK) *count = k;
done:
  rwk_free_doubles(ctx, small);
  rwk_free_doubles(ctx, basis);
  return status;
}
