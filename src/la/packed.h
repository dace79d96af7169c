/* la/packed.h: a copy of Cholesky's factor in single precision, that takes half of its triangle's memory and
 * is read from one end to the other. With S the numbers so rounded, S^-1 S^-T is symmetric and positive
 * definite, and all that is computed with it is in double precision: it is the exact inverse of a matrix near
 * the factored one, which will do where that is an approximation anyway.
 *
 * Rows are taken in groups of eight. n is filled up to a multiple of eight by rows of the unit matrix before
 * the first. Of a group: the inverse T of its block on the diagonal, row after row, and its transpose; then,
 * from left to right, blocks of eight columns, row after row.
 */
#ifndef RWK_LA_PACKED_H
#define RWK_LA_PACKED_H

#include <stddef.h>

enum { RWK_PACKED_ROWS = 8 };

/* Floats of so many groups. */
static inline size_t rwk_packed_floats(size_t groups) {
  const size_t block = (size_t)RWK_PACKED_ROWS * RWK_PACKED_ROWS;
  return block * (2 * groups + groups * (groups - (groups > 0)) / 2);
}

typedef struct rwk_packed_kernel {
  /* Rows i .. i + 7 of R, columns [j, n), n - j a multiple of 8, to blocks of 8 columns. */
  void (*pack_rows)(float *to, const double *R, size_t ldr, size_t i, size_t j, size_t n);
  /* y := S^-T y, and y := S^-1 y; y[8 groups], a multiple of 64 bytes. */
  void (*forward)(double *y, const float *P, size_t groups);
  void (*backward)(double *y, const float *P, size_t groups);
} rwk_packed_kernel;

/* Kernel number `index` of those this machine can run, best first; NULL beyond the last. */
const rwk_packed_kernel *rwk_packed_kernel_get(size_t index);

/* The functions of la/dense.h with a kernel of the caller's choice. */
void rwk_packed_make_by(const rwk_packed_kernel *kernel, double *P, const double *R, size_t ldr, size_t n);
void rwk_packed_solve_by(const rwk_packed_kernel *kernel, double *x, double *P, size_t n);

extern const rwk_packed_kernel rwk_packed_kernel_portable;
extern const rwk_packed_kernel rwk_packed_kernel_avx2;
extern const rwk_packed_kernel rwk_packed_kernel_avx512;

#endif
