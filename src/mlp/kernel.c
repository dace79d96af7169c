#include "mlp/kernel.h"
#include "base/processor.h"

const rwk_mlp_kernel *rwk_mlp_kernel_get(size_t index) {
  switch (rwk_instructions_get(index)) {
#if defined(__x86_64__)
  case RWK_AVX512:
    return &rwk_mlp_kernel_avx512;
  case RWK_AVX2:
    return &rwk_mlp_kernel_avx2;
#endif
  case RWK_BASELINE:
    return &rwk_mlp_kernel_sse2;
  default:
    return NULL;
  }
}

const rwk_mlp_kernel *rwk_mlp_kernel_best(void) {
  return rwk_mlp_kernel_get(0);
}

rwk_mlp_slope rwk_mlp_slope_of(rwk_activation activation) {
  switch (activation) {
  case RWK_ACTIVATION_TANH:
    return (rwk_mlp_slope){1, 0, -1, 0, -2}; /* 1 - a^2, -2a */
  case RWK_ACTIVATION_LOGISTIC:
    return (rwk_mlp_slope){0, 1, -1, 1, -2}; /* a - a^2, 1 - 2a */
  case RWK_ACTIVATION_SOFTPLUS:
    return (rwk_mlp_slope){0, 1, 0, 1, -1}; /* s, 1 - s */
  case RWK_ACTIVATION_RELU:
    return (rwk_mlp_slope){0, 1, 0, 0, 0}; /* step */
  case RWK_ACTIVATION_IDENTITY:
    break;
  }
  return (rwk_mlp_slope){1, 0, 0, 0, 0};
}

int rwk_mlp_slope_apart(rwk_activation activation) {
  return activation == RWK_ACTIVATION_SOFTPLUS || activation == RWK_ACTIVATION_RELU;
}
