#include "mlp/kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <sleef.h>

#define LANES 4
typedef double vec __attribute__((vector_size(32)));

#include "mlp/kernel_vector.h"

#include "mlp/kernel_tanh.h"

#define NAME "avx2"
#define TABLE rwk_mlp_kernel_avx2
#define ROW_VECTORS 2
#define BLOCK_OUTPUTS 6
#define BLOCK_DOTS 3
#define BACK_UNITS 1
#define BACK_INPUTS 10

static inline vec vec_log1p(vec x) {
  return Sleef_log1pd4_u10avx2(x);
}

static inline void add4(double *c, const vec v[4]) {
  const vec low = _mm256_hadd_pd(v[0], v[1]), high = _mm256_hadd_pd(v[2], v[3]);
  const vec sum = _mm256_permute2f128_pd(low, high, 0x20) + _mm256_permute2f128_pd(low, high, 0x31);
  _mm256_storeu_pd(c, _mm256_loadu_pd(c) + sum);
}

#include "mlp/kernel_body.h"
#else
typedef int rwk_mlp_kernel_avx2_is_for_x86;
#endif
