/* base/vector.h: a vector of doubles in the extensions of the compiler. A file that includes this defines
 * LANES, doubles in a vector, and the type `vec` before. */

typedef double vec_memory __attribute__((vector_size(8 * LANES), may_alias));
typedef double vec_anywhere __attribute__((vector_size(8 * LANES), aligned(8), may_alias));
typedef long long vec_mask __attribute__((vector_size(8 * LANES)));

#define ALWAYS static inline __attribute__((always_inline))
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

/* A product that the compiler is not to make one with the addition after it: additions have units of their
 * own. And a pointer that is not to be computed from another anew. */
#if defined(__x86_64__)
#define APART(v) __asm__("" : "+v"(v))
#else
#define APART(v) (void)(v)
#endif
#define KEEP_IN_REGISTER(p) __asm__("" : "+r"(p))

/* From and to a multiple of the vector's size. */
ALWAYS vec load(const double *p) {
  return *(const vec_memory *)p;
}
ALWAYS void store(double *p, vec v) {
  *(vec_memory *)p = v;
}
/* From and to any place. */
ALWAYS vec load_any(const double *p) {
  return *(const vec_anywhere *)p;
}
ALWAYS void store_any(double *p, vec v) {
  *(vec_anywhere *)p = v;
}
ALWAYS vec splat(double x) {
  return x - (vec){0};
}
ALWAYS double total(vec v) {
  double sum = 0;
  for (int k = 0; k < LANES; k++) sum += v[k];
  return sum;
}
