#include "la/factor.h"
#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <string.h>
#include "base/processor.h"
#include "la/dense.h"

const rwk_factor_kernel *rwk_factor_kernel_get(size_t index) {
  switch (rwk_instructions_get(index)) {
#if defined(__x86_64__)
  case RWK_AVX512:
    return &rwk_factor_kernel_avx512;
  case RWK_AVX2:
    return &rwk_factor_kernel_avx2;
#endif
  default:
    return NULL;
  }
}

/* Columns right of a panel, in strips, shared out over a team's members: to each a range of strips, left to
 * right, of equal areas above the diagonal, as what is taken from the rest grows with a column's number. Few
 * columns change hands from a panel to the next, and the caller, who makes the blocks on the diagonal, has
 * made their columns. */
typedef struct strips {
  const rwk_factor *f;
  const rwk_factor_kernel *own;
  size_t count, members;
} strips;

static size_t first_strip(const strips *s, size_t member) {
  return (size_t)((double)s->count * sqrt((double)member / (double)s->members) + 0.5);
}

static size_t column_of(const strips *s, size_t strip) {
  return s->f->to + strip * s->own->wide;
}

static void make_right(size_t item, size_t member, void *payload) {
  (void)member;
  const strips *s = payload;
  for (size_t k = first_strip(s, item); k < first_strip(s, item + 1); k++)
    s->own->right(s->f, column_of(s, k));
}

static void take_from_rest(size_t item, size_t member, void *payload) {
  (void)member;
  const strips *s = payload;
  for (size_t k = first_strip(s, item); k < first_strip(s, item + 1); k++)
    s->own->rest(s->f, column_of(s, k));
}

static size_t factorise(rwk_factor *f, const rwk_factor_kernel *own, rwk_team *team) {
  strips s = {.f = f, .own = own, .members = rwk_team_threads(team)};
  const size_t n = f->n;
  while (f->to < n) {
    f->from = f->to;
    f->to += RWK_FACTOR_PANEL;
    if (f->from == 0) f->to += n % own->wide;
    if (f->to > n) f->to = n;
    const size_t pivot = own->diagonal(f);
    if (pivot) return pivot;
    s.count = (n - f->to) / own->wide;
    rwk_team_run(team, s.members, make_right, &s);
    rwk_team_run(team, s.members, take_from_rest, &s);
  }
  return 0;
}

/* Where there are no kernels of ours. One triangle of a row-major matrix is the other one of the same numbers
 * read by columns, as LAPACK does. */
static size_t factorise_elsewhere(const rwk_factor *f) {
  for (size_t i = 0; i < f->n; i++) {
    if (f->A != f->R) memcpy(f->R + i * f->ldr + i, f->A + i * f->lda + i, (f->n - i) * sizeof *f->R);
    f->R[i * f->ldr + i] += f->shift;
  }
  return f->n == 0
             ? 0
             : (size_t)LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'L', (lapack_int)f->n, f->R, (lapack_int)f->ldr);
}

size_t rwk_factor_make(rwk_factor *f, const rwk_factor_kernel *kernel, rwk_team *team) {
  rwk_factor_corner corner[RWK_FACTOR_CORNERS];
  f->corner = corner;
  const size_t pivot = kernel ? factorise(f, kernel, team) : factorise_elsewhere(f);
  f->corner = NULL;
  return pivot;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): R is written through the factor */
void rwk_cholesky_of(size_t *pivot, double *R, size_t ldr, const double *A, size_t lda, double shift,
                     size_t n, rwk_team *team) {
  const size_t few = 256; /* rows: of less, to fetch them from another processor takes as long */
  const rwk_factor_kernel *own = rwk_factor_kernel_get(0);
  rwk_factor f = {.R = R, .ldr = ldr, .A = A, .lda = lda, .shift = shift, .n = n};
  *pivot = rwk_factor_make(&f, own, n < few ? NULL : team);
}

void rwk_cholesky(size_t *pivot, double *A, size_t lda, size_t n) {
  rwk_cholesky_of(pivot, A, lda, A, lda, 0, n, NULL);
}

void rwk_cholesky_solve(double *x, size_t ldx, size_t k, const double *R, size_t ldr, size_t n) {
  if (k == 1) { /* OpenBLAS packs the factor anew for a matrix of right-hand sides: not for one */
    rwk_triangular_solve(x, 1, R, ldr, n);
    rwk_triangular_solve(x, 0, R, ldr, n);
  } else if (n && k) {
    LAPACKE_dpotrs_work(LAPACK_COL_MAJOR, 'L', (lapack_int)n, (lapack_int)k, R, (lapack_int)ldr, x,
                        (lapack_int)ldx);
  }
}

void rwk_triangular_solve(double *x, int transpose, const double *R, size_t ldr, size_t n) {
  const rwk_factor_kernel *own = rwk_factor_kernel_get(0);
  if (own)
    (transpose ? own->forward : own->backward)(x, R, ldr, n);
  else if (n)
    cblas_dtrsv(CblasRowMajor, CblasUpper, transpose ? CblasTrans : CblasNoTrans, CblasNonUnit, (int)n, R,
                (int)ldr, x, 1);
}
