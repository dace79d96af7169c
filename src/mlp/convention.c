#include <math.h>
#include <stddef.h>
#include <string.h>
#include <ridgewalk/mlp.h>

const char *rwk_convention_name(rwk_convention convention) {
  switch (convention) {
#define RWK_X(symbol, name)                                                                                  \
  case RWK_CONVENTION_##symbol:                                                                              \
    return name;
    RWK_CONVENTION_LIST(RWK_X)
#undef RWK_X
  }
  return "?";
}

rwk_status rwk_convention_from_name(rwk_convention *convention, const char *name) {
#define RWK_X(symbol, text)                                                                                  \
  if (strcmp(name, text) == 0) {                                                                             \
    *convention = RWK_CONVENTION_##symbol;                                                                   \
    return RWK_OK;                                                                                           \
  }
  RWK_CONVENTION_LIST(RWK_X)
#undef RWK_X
  return RWK_INVALID_ARGUMENT;
}

/* The same objectives with a sum of cross-entropies for the sum of squares; only sklearn halves its squares,
 * and its classifier has nothing to halve. */
static const char *cross_entropy(rwk_objective_scale *scale, rwk_convention convention) {
  switch (convention) {
  case RWK_CONVENTION_MSE:
    return "CE/n + lambda R";
  case RWK_CONVENTION_NNET:
    return "CE + decay R";
  case RWK_CONVENTION_SKLEARN:
    scale->loss_scale *= 2;
    return "CE/n + alpha/(2n) R";
  case RWK_CONVENTION_TORCH:
    return "CE/n + weight_decay/2 R";
  case RWK_CONVENTION_KERAS:
    return "CE/n + l2 R";
  case RWK_CONVENTION_HALF_SSE:
    break;
  }
  return NULL;
}

rwk_status rwk_convention_scale_of(rwk_objective_scale *scale, rwk_convention convention, rwk_loss loss,
                                   double n) {
  const rwk_status status = rwk_convention_scale(scale, convention, n);
  if (status != RWK_OK || loss == RWK_LOSS_MSE) return status;
  scale->objective = cross_entropy(scale, convention);
  return scale->objective ? RWK_OK : RWK_NOT_IMPLEMENTED;
}

rwk_status rwk_convention_scale(rwk_objective_scale *scale, rwk_convention convention, double n) {
  if (!(n > 0) || !isfinite(n)) return RWK_INVALID_ARGUMENT;
  switch (convention) {
  case RWK_CONVENTION_MSE:
    *scale = (rwk_objective_scale){1 / n, 1, 0, "mse", "SSE/n + lambda R", "lambda"};
    return RWK_OK;
  case RWK_CONVENTION_HALF_SSE:
    *scale = (rwk_objective_scale){0.5, 0.5, 0, "half-sse", "SSE/2 + lambda/2 R", "lambda"};
    return RWK_OK;
  case RWK_CONVENTION_NNET:
    *scale = (rwk_objective_scale){1, 1, 1, "nnet", "SSE + decay R", "decay"};
    return RWK_OK;
  case RWK_CONVENTION_SKLEARN:
    *scale = (rwk_objective_scale){0.5 / n, 0.5 / n, 0, "sklearn", "SSE/(2n) + alpha/(2n) R", "alpha"};
    return RWK_OK;
  case RWK_CONVENTION_TORCH:
    *scale = (rwk_objective_scale){1 / n, 0.5, 1, "torch", "SSE/n + weight_decay/2 R", "weight_decay"};
    return RWK_OK;
  case RWK_CONVENTION_KERAS:
    *scale = (rwk_objective_scale){1 / n, 1, 0, "keras", "SSE/n + l2 R", "l2"};
    return RWK_OK;
  }
  return RWK_INVALID_ARGUMENT;
}
