#include "certify/spectrum.h"

rwk_status rwk_hessian(double *H, size_t ldh, rwk_context *ctx, const rwk_problem *problem, double lambda,
                       const double *w) {
  const size_t n = problem->dim;
  if (ldh < n) return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "ldh: %zu is less than %zu weights", ldh, n);
  rwk_objective o = {0};
  rwk_status status = rwk_objective_open(&o, ctx, problem, lambda);
  if (status == RWK_OK) status = rwk_objective_hessian(&o, H, ldh, w);
  for (size_t i = 0; i < n && status == RWK_OK; i++)
    if (!rwk_all_finite(n, H + i * ldh))
      status = rwk_fail(ctx, RWK_NUMERICAL, "the Hessian is not finite at the given weights");
  rwk_objective_close(&o);
  return status;
}

rwk_status rwk_spectrum(double *values, rwk_context *ctx, const rwk_problem *problem, double lambda,
                        const double *w) {
  const size_t n = problem->dim;
  double *H = rwk_alloc_doubles(ctx, n * n);
  rwk_status status = H ? rwk_hessian(H, n, ctx, problem, lambda, w) : rwk_fail_memory(ctx, "a spectrum");
  if (status == RWK_OK) status = rwk_eigen(ctx, values, NULL, H, n, n);
  rwk_free_doubles(ctx, H);
  return status;
}
