#include "certify/spectrum.h"

rwk_status rwk_spectrum(double *values, rwk_context *ctx, const rwk_problem *problem, double lambda,
                        const double *w) {
  const size_t n = problem->dim;
  rwk_objective o = {0};
  double *H = rwk_alloc_doubles(ctx, n * n);
  rwk_status status = H ? rwk_objective_open(&o, ctx, problem, lambda) : rwk_fail_memory(ctx, "a spectrum");
  if (status == RWK_OK) status = rwk_objective_hessian(&o, H, n, w);
  if (status == RWK_OK && !rwk_all_finite(n * n, H))
    status = rwk_fail(ctx, RWK_NUMERICAL, "the Hessian is not finite at the given weights");
  if (status == RWK_OK) status = rwk_eigen(ctx, values, NULL, H, n, n);
  rwk_objective_close(&o);
  rwk_free_doubles(ctx, H);
  return status;
}
