#include "la/factor.h"

#if defined(__x86_64__)
#include <math.h>
#include <string.h>

#define LANES 4
typedef double vec __attribute__((vector_size(32)));

#include "base/vector.h"

#define NAME "avx2"
#define TABLE rwk_factor_kernel_avx2
#define ROWS 4

#include "la/factor_body.h"
#else
typedef int rwk_factor_avx2_is_for_x86;
#endif
