#include <string.h>
#include "base/processor.h"
#include "la/dense.h"

#define LANES 2
typedef double vec __attribute__((vector_size(16)));

#include "base/vector.h"

ALWAYS vec widen(const float *p) {
  return (vec){p[0], p[1]};
}
ALWAYS void narrow(float *p, vec v) {
  p[0] = (float)v[0];
  p[1] = (float)v[1];
}

#define PACKED rwk_packed_kernel_portable

#include "la/packed_body.h"

const rwk_packed_kernel *rwk_packed_kernel_get(size_t index) {
  switch (rwk_instructions_get(index)) {
#if defined(__x86_64__)
  case RWK_AVX512:
    return &rwk_packed_kernel_avx512;
  case RWK_AVX2:
    return &rwk_packed_kernel_avx2;
#endif
  case RWK_BASELINE:
    return &rwk_packed_kernel_portable;
  default:
    return NULL;
  }
}

static size_t groups_of(size_t n) {
  return (n + EIGHT - 1) / EIGHT;
}

/* The numbers come first, then y. */
static double *scratch_of(double *P, size_t n) {
  return P + rwk_packed_floats(groups_of(n)) / 2;
}

size_t rwk_packed_room(size_t n) {
  return rwk_packed_floats(groups_of(n)) / 2 + groups_of(n) * EIGHT;
}

/* T, row after row, of an upper triangle, and the same column after column: of rows and columns i .. i + 7 of
 * R, where those before 0 are the unit matrix's. */
static void invert(float *T, float *turned, const double *R, size_t ldr, ptrdiff_t i) {
  double inverse[EIGHT][EIGHT] = {{0}};
  for (ptrdiff_t q = EIGHT; q-- > 0;) {
    if (i + q < 0) {
      inverse[q][q] = 1;
      continue;
    }
    const double *row = R + (size_t)(i + q) * ldr;
    inverse[q][q] = 1 / row[i + q];
    for (ptrdiff_t p = q + 1; p < EIGHT; p++) {
      double sum = 0;
      for (ptrdiff_t k = q + 1; k <= p; k++) sum += row[i + k] * inverse[k][p];
      inverse[q][p] = -sum * inverse[q][q];
    }
  }
  for (size_t q = 0; q < EIGHT; q++)
    for (size_t p = 0; p < EIGHT; p++) {
      T[q * EIGHT + p] = (float)inverse[q][p];
      turned[p * EIGHT + q] = (float)inverse[q][p];
    }
}

void rwk_packed_make_by(const rwk_packed_kernel *kernel, double *P, const double *R, size_t ldr, size_t n) {
  enum { BLOCK = EIGHT * EIGHT };
  const size_t groups = groups_of(n), pad = groups * EIGHT - n;
  float *to = (float *)(void *)P;
  for (size_t g = 0; g < groups; g++) {
    invert(to, to + BLOCK, R, ldr, (ptrdiff_t)(g * EIGHT) - (ptrdiff_t)pad);
    to += 2 * BLOCK;
    const size_t blocks = groups - 1 - g;
    if (g * EIGHT >= pad) {
      kernel->pack_rows(to, R, ldr, g * EIGHT - pad, (g + 1) * EIGHT - pad, n);
    } else { /* the rows of the unit matrix are 0 here */
      memset(to, 0, blocks * BLOCK * sizeof *to);
      for (size_t q = pad; q < EIGHT; q++)
        for (size_t c = 0; c < blocks * EIGHT; c++)
          to[c / EIGHT * BLOCK + q * EIGHT + c % EIGHT] = (float)R[(q - pad) * ldr + EIGHT - pad + c];
    }
    to += blocks * BLOCK;
  }
}

void rwk_packed_solve_by(const rwk_packed_kernel *kernel, double *x, double *P, size_t n) {
  const size_t groups = groups_of(n), pad = groups * EIGHT - n;
  double *y = scratch_of(P, n);
  const float *numbers = (const float *)(const void *)P;
  memset(y, 0, pad * sizeof *y);
  memcpy(y + pad, x, n * sizeof *y);
  kernel->forward(y, numbers, groups);
  kernel->backward(y, numbers, groups);
  memcpy(x, y + pad, n * sizeof *y);
}

void rwk_packed_make(double *P, const double *R, size_t ldr, size_t n) {
  rwk_packed_make_by(rwk_packed_kernel_get(0), P, R, ldr, n);
}

void rwk_packed_solve(double *x, double *P, size_t n) {
  rwk_packed_solve_by(rwk_packed_kernel_get(0), x, P, n);
}
