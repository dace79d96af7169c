#include "mlp/kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <sleef.h>

#define LANES 8
typedef double vec __attribute__((vector_size(64)));

#define NAME "avx512"
#define TABLE rwk_mlp_kernel_avx512
#define ROW_VECTORS 4
#define BLOCK_OUTPUTS 6
#define BLOCK_DOTS 6

static inline vec vec_log1p(vec x) {
  return Sleef_log1pd8_u10avx512f(x);
}

static inline void add4(double *c, const vec v[4]) {
  const vec low = (vec)_mm512_unpacklo_pd(v[0], v[1]) + (vec)_mm512_unpackhi_pd(v[0], v[1]);
  const vec high = (vec)_mm512_unpacklo_pd(v[2], v[3]) + (vec)_mm512_unpackhi_pd(v[2], v[3]);
  const __m256d l = _mm512_castpd512_pd256(low) + _mm512_extractf64x4_pd(low, 1);
  const __m256d h = _mm512_castpd512_pd256(high) + _mm512_extractf64x4_pd(high, 1);
  const __m256d sum = _mm256_permute2f128_pd(l, h, 0x20) + _mm256_permute2f128_pd(l, h, 0x31);
  _mm256_storeu_pd(c, _mm256_loadu_pd(c) + sum);
}

#include "mlp/kernel_body.h"
#else
typedef int rwk_mlp_kernel_avx512_is_for_x86;
#endif
