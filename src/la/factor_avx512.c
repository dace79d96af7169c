#include "la/factor.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>

#define LANES 8
typedef double vec __attribute__((vector_size(64)));

#include "base/vector.h"

#define NAME "avx512"
#define TABLE rwk_factor_kernel_avx512
#define ROWS 8

#include "la/factor_body.h"

ALWAYS vec widen(const float *p) {
  return (vec)_mm512_cvtps_pd(_mm256_load_ps(p));
}
ALWAYS void narrow(float *p, vec v) {
  _mm256_store_ps(p, _mm512_cvtpd_ps((__m512d)v));
}

#define PACKED rwk_packed_kernel_avx512

#include "la/packed_body.h"
#else
typedef int rwk_factor_avx512_is_for_x86;
#endif
