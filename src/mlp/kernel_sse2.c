#include "mlp/kernel.h"

#define LANES 2
typedef double vec __attribute__((vector_size(16)));

#include "mlp/kernel_vector.h"

#include "mlp/kernel_tanh.h"

#define NAME "sse2"
#define TABLE rwk_mlp_kernel_sse2
#define ROW_VECTORS 2
#define BLOCK_OUTPUTS 4
#define BLOCK_DOTS 3
#define BACK_UNITS 1
#define BACK_INPUTS 10

#if defined(__SSE2__)
#include <emmintrin.h>
#include <sleef.h>

static inline vec vec_log1p(vec x) {
  return Sleef_log1pd2_u10sse2(x);
}

#else
#include <math.h>

static inline vec vec_log1p(vec x) {
  return (vec){log1p(x[0]), log1p(x[1])};
}

#endif

static inline void add4(double *c, const vec v[4]) {
  for (int k = 0; k < 4; k++) c[k] += v[k][0] + v[k][1];
}

#include "mlp/kernel_body.h"
