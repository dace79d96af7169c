/* base/processor.h: what the processor can do beyond what everything is compiled for. */
#ifndef RWK_BASE_PROCESSOR_H
#define RWK_BASE_PROCESSOR_H

/* The instructions that files *_avx2.c and *_avx512.c are compiled with (cmake/InstructionSets.cmake). */
#if defined(__x86_64__)
static inline int rwk_has_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
static inline int rwk_has_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
}
#endif

#endif
