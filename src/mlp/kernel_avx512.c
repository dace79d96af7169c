#include "mlp/kernel.h"

#if defined(__x86_64__)
#include <stdint.h>
#include <string.h>
#include <immintrin.h>
#include <sleef.h>

#define LANES 8
typedef double vec __attribute__((vector_size(64)));

#include "mlp/kernel_vector.h"

/* 2^(j/16) = T[j] (1 + short_by[j]), j < 16. Each table fills two registers, from which one instruction
 * fetches eight numbers. Of T the bits are kept, less j << 48: n << 48 added to them gives the bits of
 * 2^(n/16), j the last four bits of n. T has so few bits that 1 - T and 1 + T are exact where tanh is about a
 * half and a rounding weighs most; near 1 it has them all, as there it is less the product of h and short_by,
 * which is left out. tools/tanh_table.py makes the numbers. */
static const int64_t T_bits[16] __attribute__((aligned(64))) = {
    0x3ff0000000000000, 0x3fefb5586cf98910, 0x3fef72b83c7d5178, 0x3fef387a6e756238,
    0x3fef06fe0a31b718, 0x3feedea64c123424, 0x3feebfdad5362a28, 0x3feeab07dd485428,
    0x3feea09e667f3bcc, 0x3feea11473eb0188, 0x3feeace5422aa0dc, 0x3feec49182a3f090,
    0x3feee89f995ad3ae, 0x3fef199bdd85529c, 0x3fef5818dcfba488, 0x3fefa4afa2a490da};
static const double short_by[16] __attribute__((aligned(64))) = {
    0.0,        -1.3074e-16, 5.8291e-16, 7.8266e-17, -5.2666e-16, -3.2009e-16, -1.5165e-16, 2.2083e-16,
    8.8651e-17, -1.7394e-16, -9.243e-17, 1.5341e-17, -8.3277e-17, 1.6855e-17,  -1.0317e-16, -5.5451e-17};

/* Vectors on which a step is taken together. */
enum { AT_ONCE = 2 };
#define EACH UNROLL for (int k = 0; k < count; k++)
#define SIGN ((vec_mask)splat(-0.0))

/* Of x at each of `count` places: T = exp(-2|x|) but for the last factor exp(2 h) of it, and m = 2 h + by how
 * much T is short of 2^(n/16). */
typedef struct reduced_tanh {
  vec T[AT_ONCE], m[AT_ONCE], h[AT_ONCE];
} reduced_tanh;

/* As in kernel_tanh.h, with -|x| = n ln 2 / 32 + h: a shorter polynomial, whose exp(2 h) - 1 is within 1e-18
 * of it, relatively (least largest error of its degree). */
ALWAYS void reduce_tanh(reduced_tanh *t, double *const *at, const int count) {
  const vec T0 = (vec)_mm512_loadu_si512(T_bits), T1 = (vec)_mm512_loadu_si512(T_bits + 8);
  const vec short0 = load(short_by), short1 = load(short_by + 8);
  vec x[AT_ONCE], shifted[AT_ONCE], n[AT_ONCE];
  EACH x[k] = (vec)((vec_mask)load(at[k]) | SIGN);
  EACH x[k] = (vec)_mm512_max_pd(splat(-20), x[k]); /* tanh 20 is 1; NaN stays */
  EACH shifted[k] = x[k] * 0x1.71547652b82fep+5 + INTEGER;
  EACH n[k] = shifted[k] - INTEGER;
  EACH {
    const __m512i j = (__m512i)shifted[k];
    t->T[k] = (vec)((vec_mask)_mm512_permutex2var_pd(T0, j, T1) + ((vec_mask)shifted[k] << 48));
    t->m[k] = (vec)_mm512_permutex2var_pd(short0, j, short1);
  }
  EACH t->h[k] = x[k] - n[k] * 0x1.62e42fefa39efp-6;
  EACH t->m[k] = 2 * t->h[k] + t->m[k];
}

ALWAYS void finish_tanh(double *const *at, const reduced_tanh *t, const int count) {
  vec q[AT_ONCE], odd[AT_ONCE], even[AT_ONCE];
  EACH q[k] = t->h[k] * t->h[k];
  EACH odd[k] = q[k] * 0x1.a01b7aa61bbc9p-6 + 0x1.1111111099d23p-2;
  EACH even[k] = q[k] * 0x1.6c181f551d19cp-4 + 0x1.55555554ad32ep-1;
  EACH odd[k] = odd[k] * q[k] + 0x1.5555555555558p+0;
  EACH even[k] = even[k] * q[k] + 0x1.0000000000003p+1;
  EACH odd[k] = odd[k] * t->h[k] + even[k];
  EACH {
    vec P = t->T[k] * (q[k] * odd[k] + t->m[k]);
    APART(P);
    const vec size = ((1 - t->T[k]) - P) / ((1 + t->T[k]) + P), x = load(at[k]);
    enum { FIRST_OR_BOTH_OTHERS = 0xf8 };
    store(at[k],
          (vec)_mm512_ternarylogic_epi64((__m512i)size, (__m512i)x, (__m512i)SIGN, FIRST_OR_BOTH_OTHERS));
  }
}

/* Vectors of a block of units, one unit after the other. */
typedef struct vector_walk {
  double *at;
  size_t left, of_unit, gap; /* left: of this unit; gap: doubles to the next */
} vector_walk;

ALWAYS void take(double **to, vector_walk *v, const int count) {
  UNROLL for (int k = 0; k < count; k++) {
    to[k] = v->at;
    v->at += LANES;
    v->at += --v->left ? 0 : v->gap;
    v->left = v->left ? v->left : v->of_unit;
  }
}

/* The reduction of the next vectors has no part in the chain of operations of those before: it goes on while
 * they wait. */
/* NOLINTNEXTLINE(readability-non-const-parameter): written through `all` */
static void activate_tanh(double *A, size_t units, rwk_mlp_extent e) {
  vector_walk all = {A, e.rows / LANES, e.rows / LANES, e.stride - e.rows};
  size_t left = units * all.of_unit;
  double *at[AT_ONCE], *next_at[AT_ONCE];
  reduced_tanh t, next;
  for (; left % AT_ONCE > 0; left--) {
    take(at, &all, 1);
    reduce_tanh(&t, at, 1);
    finish_tanh(at, &t, 1);
  }
  if (left == 0) return;
  take(at, &all, AT_ONCE);
  reduce_tanh(&t, at, AT_ONCE);
  while ((left -= AT_ONCE) > 0) {
    take(next_at, &all, AT_ONCE);
    reduce_tanh(&next, next_at, AT_ONCE);
    finish_tanh(at, &t, AT_ONCE);
    t = next;
    memcpy(at, next_at, sizeof at);
  }
  finish_tanh(at, &t, AT_ONCE);
}

#define NAME "avx512"
#define TABLE rwk_mlp_kernel_avx512
#define ROW_VECTORS 4
#define BLOCK_OUTPUTS 6
#define BLOCK_DOTS 6
#define BACK_UNITS 2
#define BACK_INPUTS 12
#define WIDE_SUMS 25

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

/* Rows 0, 2, 4 and 6 of pairs of units, and the others; then quarters of a vector go where they belong. */
static inline void turn(double *to, size_t ld, const vec v[8]) {
  for (size_t odd = 0; odd < 2; odd++) {
    vec pair[4], half[4];
    for (int k = 0; k < 4; k++)
      pair[k] = odd ? (vec)_mm512_unpackhi_pd(v[2 * k], v[2 * k + 1])
                    : (vec)_mm512_unpacklo_pd(v[2 * k], v[2 * k + 1]);
    for (int k = 0; k < 2; k++) {
      half[k] = (vec)_mm512_shuffle_f64x2(pair[2 * k], pair[2 * k + 1], 0x88);
      half[2 + k] = (vec)_mm512_shuffle_f64x2(pair[2 * k], pair[2 * k + 1], 0xdd);
    }
    store(to + odd * ld, (vec)_mm512_shuffle_f64x2(half[0], half[1], 0x88));
    store(to + (odd + 2) * ld, (vec)_mm512_shuffle_f64x2(half[2], half[3], 0x88));
    store(to + (odd + 4) * ld, (vec)_mm512_shuffle_f64x2(half[0], half[1], 0xdd));
    store(to + (odd + 6) * ld, (vec)_mm512_shuffle_f64x2(half[2], half[3], 0xdd));
  }
}

#include "mlp/kernel_body.h"
#else
typedef int rwk_mlp_kernel_avx512_is_for_x86;
#endif
