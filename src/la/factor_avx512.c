#include "la/factor.h"

#if defined(__x86_64__)
#include <math.h>
#include <string.h>

#define LANES 8
typedef double vec __attribute__((vector_size(64)));

#include "base/vector.h"

#define NAME "avx512"
#define TABLE rwk_factor_kernel_avx512
#define ROWS 8

#include "la/factor_body.h"
#else
typedef int rwk_factor_avx512_is_for_x86;
#endif
