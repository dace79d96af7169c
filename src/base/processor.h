/* base/processor.h: what the processor can do beyond what everything is compiled for. */
#ifndef RWK_BASE_PROCESSOR_H
#define RWK_BASE_PROCESSOR_H

#include <stddef.h>

/* What a file of kernels is compiled for: *_avx512.c, *_avx2.c (cmake/InstructionSets.cmake), or as
 * everything is. */
typedef enum rwk_instructions { RWK_AVX512, RWK_AVX2, RWK_BASELINE, RWK_NO_INSTRUCTIONS } rwk_instructions;

/* Number `index` of those this machine can run, best first; RWK_NO_INSTRUCTIONS beyond the last. */
static inline rwk_instructions rwk_instructions_get(size_t index) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && index-- == 0)
    return RWK_AVX512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && index-- == 0) return RWK_AVX2;
#endif
  return index == 0 ? RWK_BASELINE : RWK_NO_INSTRUCTIONS;
}

#endif
