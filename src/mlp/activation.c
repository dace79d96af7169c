#include <math.h>
#include <string.h>
#include "mlp/network.h"

const char *rwk_activation_name(rwk_activation activation) {
  switch (activation) {
#define RWK_X(symbol, name)                                                                                  \
  case RWK_ACTIVATION_##symbol:                                                                              \
    return name;
    RWK_ACTIVATION_LIST(RWK_X)
#undef RWK_X
  }
  return "?";
}

rwk_status rwk_activation_from_name(rwk_activation *activation, const char *name) {
#define RWK_X(symbol, text)                                                                                  \
  if (strcmp(name, text) == 0) {                                                                             \
    *activation = RWK_ACTIVATION_##symbol;                                                                   \
    return RWK_OK;                                                                                           \
  }
  RWK_ACTIVATION_LIST(RWK_X)
#undef RWK_X
  return RWK_INVALID_ARGUMENT;
}

static double logistic(double z) {
  const double e = exp(-fabs(z));
  return (z < 0 ? e : 1) / (1 + e);
}

double rwk_mlp_phi(rwk_activation activation, double z) {
  switch (activation) {
  case RWK_ACTIVATION_TANH:
    return tanh(z);
  case RWK_ACTIVATION_LOGISTIC:
    return logistic(z);
  case RWK_ACTIVATION_SOFTPLUS:
    return (z > 0 ? z : 0) + log1p(exp(-fabs(z)));
  case RWK_ACTIVATION_RELU:
    return z > 0 ? z : 0;
  case RWK_ACTIVATION_IDENTITY:
    break;
  }
  return z;
}

double rwk_mlp_phi1(rwk_activation activation, double z) {
  const double e = exp(-fabs(z));
  switch (activation) {
  case RWK_ACTIVATION_TANH: {
    const double f = e * e; /* 1 / cosh^2 z = 4 f / (1 + f)^2 */
    return 4 * f / ((1 + f) * (1 + f));
  }
  case RWK_ACTIVATION_LOGISTIC:
    return e / ((1 + e) * (1 + e));
  case RWK_ACTIVATION_SOFTPLUS:
    return logistic(z);
  case RWK_ACTIVATION_RELU:
    return z > 0;
  case RWK_ACTIVATION_IDENTITY:
    break;
  }
  return 1;
}
