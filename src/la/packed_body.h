/* la/packed_body.h: factors in single precision (la/packed.h), over the vectors of base/vector.h. A file that
 * includes this defines before:
 *
 *   PACKED                   the symbol of its table
 *   widen(p), narrow(p, v)   LANES numbers from and to single precision
 */

#include "la/packed.h"

enum { EIGHT = RWK_PACKED_ROWS, PARTS = EIGHT / LANES /* vectors of eight doubles */ };

/* Rows i .. i + 7 from column j on, eight columns after eight. */
static void pack_rows(float *to, const double *R, size_t ldr, size_t i, size_t j, size_t n) {
  for (; j < n; j += EIGHT)
    for (size_t q = 0; q < EIGHT; q++)
      for (size_t v = 0; v < EIGHT; v += LANES, to += LANES) narrow(to, load_any(R + (i + q) * ldr + j + v));
}

/* y := B y for eight numbers, B[8 x 8] column after column. */
ALWAYS void times(double *y, const float *B) {
  vec sum[PARTS], other[PARTS];
  UNROLL for (int v = 0; v < PARTS; v++) sum[v] = other[v] = (vec){0};
  UNROLL for (int q = 0; q < EIGHT; q += 2) {
    UNROLL for (int v = 0; v < PARTS; v++) {
      sum[v] += splat(y[q]) * widen(B + q * EIGHT + v * LANES);
      other[v] += splat(y[q + 1]) * widen(B + (q + 1) * EIGHT + v * LANES);
    }
  }
  UNROLL for (int v = 0; v < PARTS; v++) store(y + v * LANES, sum[v] + other[v]);
}

/* y[q] -= the lanes of sum[q], added up. */
ALWAYS void subtract_totals(double *y, const vec *sum) {
#if LANES == 8
  vec two[4], four[2];
  UNROLL for (int k = 0; k < 4; k++) {
    const vec a = sum[2 * k], b = sum[2 * k + 1];
    two[k] = __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14) +
             __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
  }
  UNROLL for (int k = 0; k < 2; k++) {
    const vec a = two[2 * k], b = two[2 * k + 1];
    four[k] = __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13) +
              __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
  }
  store(y, load(y) - (__builtin_shufflevector(four[0], four[1], 0, 1, 2, 3, 8, 9, 10, 11) +
                      __builtin_shufflevector(four[0], four[1], 4, 5, 6, 7, 12, 13, 14, 15)));
#else
  for (int q = 0; q < EIGHT; q++) y[q] -= total(sum[q]);
#endif
}

/* S^-T y: y of eight rows, then their part in all that follow. */
static void packed_forward(double *y, const float *P, size_t groups) {
  for (size_t g = 0; g < groups; g++) {
    double *own = y + g * EIGHT;
    times(own, P);
    P += 2 * EIGHT * EIGHT;
    vec s[EIGHT];
    UNROLL for (int q = 0; q < EIGHT; q++) s[q] = splat(own[q]);
    for (size_t c = g + 1; c < groups; c++, P += EIGHT * EIGHT) {
      UNROLL for (int v = 0; v < PARTS; v++) {
        double *to = y + c * EIGHT + v * LANES;
        vec sum = load(to), other = {0};
        UNROLL for (int q = 0; q < EIGHT; q += 2) {
          sum -= s[q] * widen(P + q * EIGHT + v * LANES);
          other -= s[q + 1] * widen(P + (q + 1) * EIGHT + v * LANES);
        }
        store(to, sum + other);
      }
    }
  }
}

/* S^-1 y, from the last eight rows up: the part of all that follow is taken away, then y of these. */
static void packed_backward(double *y, const float *P, size_t groups) {
  P += rwk_packed_floats(groups);
  for (size_t g = groups; g-- > 0;) {
    double *own = y + g * EIGHT;
    P -= EIGHT * EIGHT * (2 + groups - 1 - g);
    const float *at = P + 2 * EIGHT * EIGHT;
    vec sum[EIGHT] = {{0}};
    for (size_t c = g + 1; c < groups; c++, at += EIGHT * EIGHT) {
      UNROLL for (int v = 0; v < PARTS; v++) {
        const vec x = load(y + c * EIGHT + v * LANES);
        UNROLL for (int q = 0; q < EIGHT; q++) sum[q] += x * widen(at + q * EIGHT + v * LANES);
      }
    }
    subtract_totals(own, sum);
    times(own, P + EIGHT * EIGHT);
  }
}

const rwk_packed_kernel PACKED = {
    .pack_rows = pack_rows, .forward = packed_forward, .backward = packed_backward};
