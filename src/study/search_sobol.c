/* Sobol's sequence (USSR Comput. Math. Math. Phys. 7 (1967) 86-112) in few dimensions. */
#include "study/search.h"

enum { DIMENSIONS = 8, BITS = 32, DEGREE_MOST = 5 };

/* A primitive polynomial over GF(2), x^degree + ... + 1 with the coefficients between as bits of `middle`,
 * and the first direction numbers: the beginning of new-joe-kuo-6.21201 of Joe and Kuo. Dimension 0 is van
 * der Corput's. */
static const struct {
  unsigned degree, middle, first[DEGREE_MOST];
} table[DIMENSIONS - 1] = {
    {1, 0, {1}},          {2, 1, {1, 3}},        {3, 1, {1, 3, 1}},       {3, 2, {1, 1, 1}},
    {4, 1, {1, 1, 3, 3}}, {4, 4, {1, 3, 5, 13}}, {5, 2, {1, 1, 5, 5, 17}}};

static void directions(uint32_t v[BITS], size_t dimension) {
  if (dimension == 0) {
    for (unsigned k = 0; k < BITS; k++) v[k] = (uint32_t)1 << (BITS - 1 - k);
    return;
  }
  const unsigned s = table[dimension - 1].degree, a = table[dimension - 1].middle;
  for (unsigned k = 0; k < s; k++) v[k] = (uint32_t)table[dimension - 1].first[k] << (BITS - 1 - k);
  for (unsigned k = s; k < BITS; k++) {
    v[k] = v[k - s] ^ v[k - s] >> s;
    for (unsigned i = 1; i < s; i++)
      if (a >> (s - 1 - i) & 1) v[k] ^= v[k - i];
  }
}

void rwk_sobol(double *x, size_t dimensions, uint32_t index) {
  const uint32_t gray = index ^ index >> 1;
  for (size_t d = 0; d < dimensions && d < DIMENSIONS; d++) {
    uint32_t v[BITS], sum = 0;
    directions(v, d);
    for (unsigned k = 0; k < BITS; k++)
      if (gray >> k & 1) sum ^= v[k];
    x[d] = (double)sum * 0x1p-32;
  }
}
