#include "la/factor.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>

#define LANES 4
typedef double vec __attribute__((vector_size(32)));

#include "base/vector.h"

#define NAME "avx2"
#define TABLE rwk_factor_kernel_avx2
#define ROWS 4

#include "la/factor_body.h"

ALWAYS vec widen(const float *p) {
  return (vec)_mm256_cvtps_pd(_mm_load_ps(p));
}
ALWAYS void narrow(float *p, vec v) {
  _mm_store_ps(p, _mm256_cvtpd_ps((__m256d)v));
}

#define PACKED rwk_packed_kernel_avx2

#include "la/packed_body.h"
#else
typedef int rwk_factor_avx2_is_for_x86;
#endif
