#include <math.h>
#include "path/path.h"

rwk_status rwk_lambda_grid(double **lambda, size_t *count, rwk_context *ctx, double from, double to,
                           double factor) {
  *lambda = NULL;
  *count = 0;
  if (!(from > 0) || !isfinite(from) || !isfinite(to) || !(to >= from))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "lambda: a grid needs 0 < from <= to, not %g to %g", from, to);
  if (!(factor > 1) || !isfinite(factor))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "lambda: the factor %g is not above 1", factor);
  const double steps = floor(log(to / from) / log(factor) + 1e-9);
  if (!(steps < 1e6))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "lambda: a grid of more than a million penalties");
  const size_t n = (size_t)steps + 1;
  double *grid = rwk_alloc(ctx, n, sizeof *grid);
  if (!grid) return rwk_fail_memory(ctx, "the grid of penalties");
  for (size_t i = 0; i < n; i++) grid[i] = from * pow(factor, (double)i); /* exact for a factor of 2 */
  *lambda = grid;
  *count = n;
  return RWK_OK;
}

void rwk_lambda_destroy(rwk_context *ctx, double *lambda) {
  rwk_free(ctx, lambda);
}
