/* la/dense.h: dense linear algebra, the only floor that names BLAS and LAPACK.
 *
 * Matrices are row-major with a leading dimension (row i at A + i*lda). Symmetric matrices hold both
 * triangles unless said otherwise. Functions that only call BLAS cannot fail.
 */
#ifndef RWK_LA_DENSE_H
#define RWK_LA_DENSE_H

#include <stddef.h>
#include <stdint.h>
#include "base/context.h"
#include "base/team.h"

double rwk_dot(size_t n, const double *x, const double *y);
double rwk_norm(size_t n, const double *x);                        /* Euclidean, safe against overflow */
double rwk_norm_inf(size_t n, const double *x);                    /* NaN if any entry is NaN */
void rwk_axpy(size_t n, double alpha, const double *x, double *y); /* y += alpha x */
void rwk_scale(size_t n, double alpha, double *x);
int rwk_all_finite(size_t n, const double *x);

/* The largest absolute row sum of A[n x n], a bound of |A| for one pass. */
double rwk_row_sum_norm(const double *A, size_t n);
/* C[m x n] = alpha op(A) op(B) + beta C, op(A)[m x k], op(B)[k x n]. beta 0 does not read C. */
void rwk_gemm(double *C, size_t ldc, int transpose_A, int transpose_B, size_t m, size_t n, size_t k,
              double alpha, const double *A, size_t lda, const double *B, size_t ldb, double beta);
/* y[m] = alpha op(A) x + beta y; A[rows x cols] as stored. */
void rwk_gemv(double *y, int transpose, size_t rows, size_t cols, double alpha, const double *A, size_t lda,
              const double *x, double beta);
/* Lower triangle of C[n x n] = alpha A'A + beta C, A[k x n]. */
void rwk_syrk(double *C, size_t ldc, size_t n, size_t k, double alpha, const double *A, size_t lda,
              double beta);
/* Copies the lower triangle of C[n x n] into the upper. */
void rwk_mirror(double *C, size_t ldc, size_t n);
/* y = A x for symmetric A of which the upper triangle is read. */
void rwk_symv(double *y, size_t n, const double *A, size_t lda, const double *x);

/* Copies the upper triangle of A[n x n] into that of R[n x n]. */
void rwk_upper(double *R, size_t ldr, const double *A, size_t lda, size_t n);
/* Cholesky A = R'R in place, upper triangle read and written. *pivot: 0 if A is positive definite, else the
 * (1-based) order of the leading minor that is not, and A is of no further use. */
void rwk_cholesky(size_t *pivot, double *A, size_t lda, size_t n);
/* The same of A + shift I into R, another matrix or A itself; by a team, whose threads do not change the
 * bits, or, with NULL, by the caller alone. */
void rwk_cholesky_of(size_t *pivot, double *R, size_t ldr, const double *A, size_t lda, double shift,
                     size_t n, rwk_team *team);
/* x := A^-1 x for k right-hand sides, vector j at x + j*ldx, from the factor. */
void rwk_cholesky_solve(double *x, size_t ldx, size_t k, const double *R, size_t ldr, size_t n);
/* x := R^-1 x (transpose 0) or R^-T x (transpose 1). */
void rwk_triangular_solve(double *x, int transpose, const double *R, size_t ldr, size_t n);

/* A copy of the factor in single precision, in P[rwk_packed_room(n)], a multiple of 64 bytes; x := S^-1 S^-T
 * x with the numbers S so rounded, for a symmetric, positive definite matrix near A, in double precision (see
 * la/packed.h). P has scratch memory, too: one solve at a time. */
size_t rwk_packed_room(size_t n); /* doubles */
void rwk_packed_make(double *P, const double *R, size_t ldr, size_t n);
void rwk_packed_solve(double *x, double *P, size_t n);

/* A = R'D R in place by Bunch and Kaufman's pivots[n], upper triangle read and written, for symmetric A of
 * any inertia. *least: the smallest eigenvalue of D in size, 0 or nearly so where A is singular; *negative:
 * how many are below 0, of D and so of A (Sylvester). Allocates LAPACK's scratch. */
rwk_status rwk_ldl(rwk_context *ctx, double *least, int64_t *negative, int *pivots, double *A, size_t lda,
                   size_t n);
/* x := A^-1 x from that factor; not finite where A is singular. */
void rwk_ldl_solve(double *x, const double *A, size_t lda, const int *pivots, size_t n);

/* All eigenvalues of symmetric A, of which the upper triangle is read, ascending, and, if `vectors` is not
 * NULL, eigenvectors: vector j contiguous at vectors + j*n. A is destroyed. O(n^3); allocates O(n) and
 * LAPACK's scratch through the context. */
rwk_status rwk_eigen(rwk_context *ctx, double *values, double *vectors, double *A, size_t lda, size_t n);
/* The eigenvalues of number first..first+count-1 (0-based, ascending) and their vectors. A is destroyed. */
rwk_status rwk_eigen_some(rwk_context *ctx, double *values, double *vectors, double *A, size_t lda, size_t n,
                          size_t first, size_t count);
/* Eigenpairs of a symmetric tridiagonal matrix: diagonal d[n], off-diagonal e[n-1], both destroyed; values in
 * d; vectors (n x n, vector j contiguous) unless NULL. */
rwk_status rwk_eigen_tridiagonal(rwk_context *ctx, double *d, double *e, double *vectors, size_t n);
/* Largest singular value of A[m x n], with left u[m] and right v[n] singular vectors unless NULL. A is kept.
 */
rwk_status rwk_singular_max(rwk_context *ctx, double *sigma, double *u, double *v, const double *A,
                            size_t lda, size_t m, size_t n);
#endif
