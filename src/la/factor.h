/* la/factor.h: Cholesky's factor and what is solved with it, compiled once for each instruction set.
 *
 * Matrices are row-major, their upper triangle alone is read and written. R'R = A is made by panels of rows:
 * with R_1 of rows that are known and R_2 of those to come, R_2'R_2 = A_2 - R_1'R_1, so that a panel's rows
 * are made and their part is taken from all that is left. Of a panel first the block on the diagonal, then,
 * in strips of columns, what is right of it, then what is taken from the rest. OpenBLAS takes 1.1 to 2.6
 * times as long for a factor of 40 to 2500 rows, and 1.2 to 3 times for a triangle (`./dev bench factor`).
 */
#ifndef RWK_LA_FACTOR_H
#define RWK_LA_FACTOR_H

#include <stddef.h>
#include "base/team.h"

enum { RWK_FACTOR_ROWS = 8, RWK_FACTOR_PANEL = 72, RWK_FACTOR_WIDE = 24 };
enum {
  RWK_FACTOR_CORNERS = (RWK_FACTOR_PANEL + RWK_FACTOR_WIDE) / 4 + 1
}; /* four rows at least, but for one */

/* The corner on the diagonal of some rows of R, transposed, with the inverse of its diagonal apart. */
typedef struct rwk_factor_corner {
  double below[RWK_FACTOR_ROWS][RWK_FACTOR_ROWS], inverse[RWK_FACTOR_ROWS];
} rwk_factor_corner;

/* A factor in the making. */
typedef struct rwk_factor {
  double *R;
  size_t ldr;
  const double *A; /* R itself, or another matrix */
  size_t lda;
  double shift; /* added to the diagonal */
  size_t n;
  size_t from, to;           /* the panel at hand */
  rwk_factor_corner *corner; /* [RWK_FACTOR_CORNERS]: of its blocks of rows */
} rwk_factor;

typedef struct rwk_factor_kernel {
  const char *name;
  size_t wide; /* columns of a strip, at most RWK_FACTOR_WIDE; strips and panels end so many before n, or a
                  multiple */
  /* Returns 0, or the (1-based) order of the first leading minor that is not positive definite. */
  size_t (*diagonal)(rwk_factor *f);
  void (*right)(const rwk_factor *f, size_t column);
  void (*rest)(const rwk_factor *f, size_t column);
  /* x := R^-T x, and x := R^-1 x */
  void (*forward)(double *x, const double *R, size_t ldr, size_t n);
  void (*backward)(double *x, const double *R, size_t ldr, size_t n);
} rwk_factor_kernel;

/* Kernel number `index` of those this machine can run, best first; NULL beyond the last, where LAPACK's is
 * used. */
const rwk_factor_kernel *rwk_factor_kernel_get(size_t index);

/* Makes R of a factor whose matrices, shift and n are set, by a kernel or, with NULL, by LAPACK; as diagonal.
 */
size_t rwk_factor_make(rwk_factor *f, const rwk_factor_kernel *kernel, rwk_team *team);

extern const rwk_factor_kernel rwk_factor_kernel_avx2;
extern const rwk_factor_kernel rwk_factor_kernel_avx512;

#endif
