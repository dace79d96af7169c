/* mlp/kernel_vector.h: what every instruction set computes alike with the vectors of base/vector.h. */

#include "base/vector.h"

ALWAYS vec choose(vec_mask mask, vec yes, vec no) {
  return (vec)((mask & (vec_mask)yes) | (~mask & (vec_mask)no));
}
#define FOR_EACH_VECTOR(at)                                                                                  \
  for (size_t u = 0; u < units; u++)                                                                         \
    for (size_t at = u * e.stride; at < u * e.stride + e.rows; at += LANES)

/* exp(x) by x = n ln 2 + r with n an integer and |r| <= ln 2 / 2. */
#define INTEGER                                                                                              \
  0x1.8p52 /* added to a small number and taken away again: its nearest integer, also in the low bits of the \
              sum */

ALWAYS vec power_of_two(vec n_plus_integer) { /* 2^n, -1022 <= n <= 1023 */
  return (vec)(((vec_mask)n_plus_integer + 1023) << 52);
}

/* x - n ln 2, the constant in two parts of which the first times n is exact */
ALWAYS vec reduced(vec x, vec n) {
  return (x - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33;
}

/* exp(r) - 1, |r| <= 0.35: the Taylor polynomial of degree 13 is within 2e-17 of it, relatively. Odd and even
 * terms apart: two short chains of dependent operations instead of a long one. */
ALWAYS vec expm1_near_0(vec r) {
  const vec q = r * r;
  vec odd = q * (1.0 / 6227020800) + 1.0 / 39916800, even = q * (1.0 / 479001600) + 1.0 / 3628800;
  odd = odd * q + 1.0 / 362880;
  even = even * q + 1.0 / 40320;
  odd = odd * q + 1.0 / 5040;
  even = even * q + 1.0 / 720;
  odd = odd * q + 1.0 / 120;
  even = even * q + 1.0 / 24;
  odd = odd * q + 1.0 / 6;
  even = even * q + 0.5;
  return r + q * (odd * r + even);
}
