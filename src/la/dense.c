#include <float.h>
#include <math.h>
#include <string.h>
#include <cblas.h>
#include <lapacke.h>
#include "la/dense.h"

double rwk_dot(size_t n, const double *x, const double *y) {
  return cblas_ddot((int)n, x, 1, y, 1);
}

double rwk_norm(size_t n, const double *x) {
  return cblas_dnrm2((int)n, x, 1);
}

double rwk_norm_inf(size_t n, const double *x) {
  double largest = 0;
  for (size_t i = 0; i < n; i++) {
    const double a = fabs(x[i]);
    if (isnan(a)) return a;
    if (a > largest) largest = a;
  }
  return largest;
}

void rwk_axpy(size_t n, double alpha, const double *x, double *y) {
  cblas_daxpy((int)n, alpha, x, 1, y, 1);
}

void rwk_scale(size_t n, double alpha, double *x) {
  cblas_dscal((int)n, alpha, x, 1);
}

int rwk_all_finite(size_t n, const double *x) {
  enum { BLOCK = 512 }; /* without a way out, so that the compiler makes vectors of it */
  for (size_t first = 0; first < n; first += BLOCK) {
    const size_t end = n - first < BLOCK ? n : first + BLOCK;
    int64_t others = 0;
    for (size_t i = first; i < end; i++) others += !(fabs(x[i]) <= DBL_MAX);
    if (others) return 0;
  }
  return 1;
}

double rwk_row_sum_norm(const double *A, size_t n) {
  double norm = 0;
  for (size_t i = 0; i < n; i++) norm = fmax(norm, cblas_dasum((int)n, A + i * n, 1));
  return norm;
}

void rwk_gemm(double *C, size_t ldc, int transpose_A, int transpose_B, size_t m, size_t n, size_t k,
              double alpha, const double *A, size_t lda, const double *B, size_t ldb, double beta) {
  if (m == 0 || n == 0) return;
  cblas_dgemm(CblasRowMajor, transpose_A ? CblasTrans : CblasNoTrans, transpose_B ? CblasTrans : CblasNoTrans,
              (int)m, (int)n, (int)k, alpha, A, (int)lda, B, (int)ldb, beta, C, (int)ldc);
}

void rwk_gemv(double *y, int transpose, size_t rows, size_t cols, double alpha, const double *A, size_t lda,
              const double *x, double beta) {
  if (rows == 0 || cols == 0) return;
  cblas_dgemv(CblasRowMajor, transpose ? CblasTrans : CblasNoTrans, (int)rows, (int)cols, alpha, A, (int)lda,
              x, 1, beta, y, 1);
}

void rwk_syrk(double *C, size_t ldc, size_t n, size_t k, double alpha, const double *A, size_t lda,
              double beta) {
  if (n == 0) return;
  cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, (int)n, (int)k, alpha, A, (int)lda, beta, C, (int)ldc);
}

void rwk_mirror(double *C, size_t ldc, size_t n) {
  enum { BLOCK = 32 }; /* both triangles of a block pair stay in cache */
  for (size_t i0 = 0; i0 < n; i0 += BLOCK)
    for (size_t j0 = 0; j0 <= i0; j0 += BLOCK) {
      const size_t i1 = i0 + BLOCK < n ? i0 + BLOCK : n;
      for (size_t i = i0; i < i1; i++) {
        const size_t j1 = j0 + BLOCK < i ? j0 + BLOCK : i;
        for (size_t j = j0; j < j1; j++) C[j * ldc + i] = C[i * ldc + j];
      }
    }
}

void rwk_symv(double *y, size_t n, const double *A, size_t lda, const double *x) {
  if (n) cblas_dsymv(CblasRowMajor, CblasUpper, (int)n, 1.0, A, (int)lda, x, 1, 0.0, y, 1);
}

void rwk_upper(double *R, size_t ldr, const double *A, size_t lda, size_t n) {
  for (size_t i = 0; i < n; i++) memcpy(R + i * ldr + i, A + i * lda + i, (n - i) * sizeof *A);
}

/* Smaller eigenvalue in size of [a b; b c]: the determinant over the larger. */
static double smaller(double a, double b, double c) {
  const double middle = 0.5 * (a + c), half = hypot(0.5 * (a - c), b), larger = fabs(middle) + half;
  return larger > 0 ? fabs(a * c - b * b) / larger : 0;
}

rwk_status rwk_ldl(rwk_context *ctx, double *least, int64_t *negative, int *pivots, double *A, size_t lda,
                   size_t n) {
  *least = INFINITY;
  *negative = 0;
  if (n == 0) return RWK_OK;
  const lapack_int order = (lapack_int)n;
  double size;
  lapack_int info = LAPACKE_dsytrf_work(LAPACK_COL_MAJOR, 'L', order, A, (lapack_int)lda, pivots, &size, -1);
  if (info) return rwk_fail(ctx, RWK_INTERNAL, "dsytrf: argument %d", (int)-info);
  double *work = rwk_alloc_doubles(ctx, (size_t)size);
  if (!work) return rwk_fail_memory(ctx, "an indefinite factor");
  LAPACKE_dsytrf_work(LAPACK_COL_MAJOR, 'L', order, A, (lapack_int)lda, pivots, work, (lapack_int)size);
  rwk_free_doubles(ctx, work);
  for (size_t i = 0; i < n; i++) {
    const double *row = A + i * lda;
    if (pivots[i] > 0) {
      *least = fmin(*least, fabs(row[i]));
      *negative += row[i] < 0;
    } else { /* negative for both rows of a block of two, whose determinant is, too */
      *negative += 1;
      *least = fmin(*least, smaller(row[i], row[i + 1], row[lda + i + 1]));
      i++;
    }
  }
  return RWK_OK;
}

void rwk_ldl_solve(double *x, const double *A, size_t lda, const int *pivots, size_t n) {
  if (n)
    LAPACKE_dsytrs_work(LAPACK_COL_MAJOR, 'L', (lapack_int)n, 1, A, (lapack_int)lda, pivots, x,
                        (lapack_int)n);
}

rwk_status rwk_eigen(rwk_context *ctx, double *values, double *vectors, double *A, size_t lda, size_t n) {
  if (n == 0) return RWK_OK;
  const lapack_int order = (lapack_int)n;
  const char job = vectors ? 'V' : 'N';
  double size;
  lapack_int isize, info = LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, job, 'L', order, A, (lapack_int)lda, values,
                                               &size, -1, &isize, -1);
  if (info) return rwk_fail(ctx, RWK_INTERNAL, "dsyevd: argument %d", (int)-info);
  double *work = rwk_alloc_doubles(ctx, (size_t)size);
  lapack_int *iwork = rwk_alloc(ctx, (size_t)isize, sizeof *iwork);
  rwk_status status = RWK_OK;
  if (!work || !iwork) {
    status = rwk_fail_memory(ctx, "eigenvalues");
    goto done;
  }
  info = LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, job, 'L', order, A, (lapack_int)lda, values, work,
                             (lapack_int)size, iwork, isize);
  if (info) {
    status = rwk_fail(ctx, RWK_NUMERICAL, "the eigenvalues of a matrix of order %zu did not converge", n);
    goto done;
  }
  if (vectors)
    for (size_t j = 0; j < n; j++) memcpy(vectors + j * n, A + j * lda, n * sizeof *A);
done:
  rwk_free(ctx, iwork);
  rwk_free_doubles(ctx, work);
  return status;
}

rwk_status rwk_eigen_some(rwk_context *ctx, double *values, double *vectors, double *A, size_t lda, size_t n,
                          size_t first, size_t count) {
  if (n == 0 || count == 0) return RWK_OK;
  const lapack_int order = (lapack_int)n, low = (lapack_int)first + 1, high = (lapack_int)(first + count);
  lapack_int found, isize, info, *support = rwk_alloc(ctx, 2 * count, sizeof *support), *iwork = NULL;
  double size, *work = NULL, *all = rwk_alloc_doubles(ctx, n); /* dsyevr uses values[n] even for a few */
  rwk_status status = RWK_OK;
  if (!support || !all) {
    status = rwk_fail_memory(ctx, "eigenvalues");
    goto done;
  }
  info = LAPACKE_dsyevr_work(LAPACK_COL_MAJOR, vectors ? 'V' : 'N', 'I', 'L', order, A, (lapack_int)lda, 0, 0,
                             low, high, 0, &found, all, vectors, order, support, &size, -1, &isize, -1);
  if (info) {
    status = rwk_fail(ctx, RWK_INTERNAL, "dsyevr: argument %d", (int)-info);
    goto done;
  }
  work = rwk_alloc_doubles(ctx, (size_t)size);
  iwork = rwk_alloc(ctx, (size_t)isize, sizeof *iwork);
  if (!work || !iwork) {
    status = rwk_fail_memory(ctx, "eigenvalues");
    goto done;
  }
  info = LAPACKE_dsyevr_work(LAPACK_COL_MAJOR, vectors ? 'V' : 'N', 'I', 'L', order, A, (lapack_int)lda, 0, 0,
                             low, high, 0, &found, all, vectors, order, support, work, (lapack_int)size,
                             iwork, isize);
  if (info || found != (lapack_int)count) {
    status = rwk_fail(ctx, RWK_NUMERICAL, "the eigenvalues of a matrix of order %zu did not converge", n);
    goto done;
  }
  memcpy(values, all, count * sizeof *values);
done:
  rwk_free(ctx, iwork);
  rwk_free_doubles(ctx, work);
  rwk_free_doubles(ctx, all);
  rwk_free(ctx, support);
  return status;
}

rwk_status rwk_eigen_tridiagonal(rwk_context *ctx, double *d, double *e, double *vectors, size_t n) {
  if (n == 0) return RWK_OK;
  const lapack_int order = (lapack_int)n;
  lapack_int info;
  if (!vectors) {
    info = LAPACKE_dsterf_work(order, d, e);
  } else {
    double *work = rwk_alloc_doubles(ctx, 2 * n);
    if (!work) return rwk_fail_memory(ctx, "eigenvalues");
    info = LAPACKE_dsteqr_work(LAPACK_COL_MAJOR, 'I', order, d, e, vectors, order, work);
    rwk_free_doubles(ctx, work);
  }
  return info ? rwk_fail(ctx, RWK_NUMERICAL,
                         "the eigenvalues of a tridiagonal matrix of order %zu did not converge", n)
              : RWK_OK;
}

rwk_status rwk_singular_max(rwk_context *ctx, double *sigma, double *u, double *v, const double *A,
                            size_t lda, size_t m, size_t n) {
  /* From the Gram matrix on the smaller side: its largest eigenvalue has full relative accuracy. Entries are
   * scaled by the largest so that squares neither overflow nor vanish. */
  *sigma = 0;
  const int tall = m >= n;
  const size_t k = tall ? n : m, other = tall ? m : n;
  double largest = 0;
  for (size_t i = 0; i < m; i++) largest = fmax(largest, rwk_norm_inf(n, A + i * lda));
  if (k == 0 || largest == 0) {
    if (u) memset(u, 0, m * sizeof *u);
    if (v) memset(v, 0, n * sizeof *v);
    if (u && m) u[0] = 1;
    if (v && n) v[0] = 1;
    return RWK_OK;
  }
  rwk_status status = RWK_OK;
  double *G = rwk_alloc_doubles(ctx, k * k + k + m * n), value;
  if (!G) return rwk_fail_memory(ctx, "singular value");
  double *top = G + k * k, *B = top + k;
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++) B[i * n + j] = A[i * lda + j] / largest;
  rwk_gemm(G, k, tall, !tall, k, k, other, 1, B, n, B, n, 0);
  status = rwk_eigen_some(ctx, &value, top, G, k, k, k - 1, 1);
  if (status != RWK_OK) goto done;
  double *near = tall ? v : u, *far = tall ? u : v;
  if (near) memcpy(near, top, k * sizeof *near);
  /* far = A near / sigma; its length is the singular value without the square root of a square */
  double *image = far;
  double *scratch = NULL;
  if (!image) {
    scratch = rwk_alloc_doubles(ctx, other);
    if (!scratch) {
      status = rwk_fail_memory(ctx, "singular value");
      goto done;
    }
    image = scratch;
  }
  rwk_gemv(image, !tall, m, n, 1, B, n, top, 0);
  const double length = rwk_norm(other, image);
  if (far && length > 0) rwk_scale(other, 1 / length, far);
  *sigma = length * largest;
  rwk_free_doubles(ctx, scratch);
done:
  rwk_free_doubles(ctx, G);
  return status;
}
