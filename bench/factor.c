/* Microseconds of Cholesky's factor and of a pair of triangular solves, by our kernels and by LAPACK and the
 * BLAS; and of the factor's copy in single precision, and a pair of solves with that.
 *
 *   factor [SECONDS]        each figure is the median over SECONDS (0.3) of running
 *
 * The matrix is in cache, as it is not where a fit has just made it. GFLOP/s count n^3 / 3 operations. */
#include <stdio.h>
#include <stdlib.h>
#include <cblas.h>
#include "base/stream.h"
#include "la/dense.h"
#include "la/factor.h"
#include "la/packed.h"
#include "median.h"

typedef struct bench {
  size_t n;
  double *A, *R, *x, *P;
  const rwk_factor_kernel *kernel; /* NULL: LAPACK's */
  rwk_team *team;
} bench;

static void factorise(void *payload) {
  bench *b = payload;
  rwk_factor f = {.R = b->R, .ldr = b->n, .A = b->A, .lda = b->n, .n = b->n};
  if (rwk_factor_make(&f, b->kernel, b->team)) abort();
}

static void solve(void *payload) {
  bench *b = payload;
  const size_t n = b->n;
  for (size_t i = 0; i < n; i++) b->x[i] = 1;
  if (b->kernel) {
    b->kernel->forward(b->x, b->R, n, n);
    b->kernel->backward(b->x, b->R, n, n);
  } else {
    cblas_dtrsv(CblasRowMajor, CblasUpper, CblasTrans, CblasNonUnit, (int)n, b->R, (int)n, b->x, 1);
    cblas_dtrsv(CblasRowMajor, CblasUpper, CblasNoTrans, CblasNonUnit, (int)n, b->R, (int)n, b->x, 1);
  }
}

static void measure(bench b, double budget) {
  const double factor = rwk_median_seconds(factorise, &b, 5, budget);
  const double pair = rwk_median_seconds(solve, &b, 5, budget), n = (double)b.n;
  printf("| %zu | %s | %zu | %.1f | %.1f | %.1f |\n", b.n, b.kernel ? b.kernel->name : "LAPACK",
         rwk_team_threads(b.team), 1e6 * factor, 1e-9 * n * n * n / 3 / factor, 1e6 * pair);
  fflush(stdout);
}

static void pack(void *payload) {
  bench *b = payload;
  rwk_packed_make(b->P, b->R, b->n, b->n);
}

static void solve_packed(void *payload) {
  bench *b = payload;
  for (size_t i = 0; i < b->n; i++) b->x[i] = 1;
  rwk_packed_solve(b->x, b->P, b->n);
}

static void measure_packed(bench b, double budget) {
  const double copy = rwk_median_seconds(pack, &b, 5, budget);
  printf("| %zu | single precision | 1 | %.1f | | %.1f |\n", b.n, 1e6 * copy,
         1e6 * rwk_median_seconds(solve_packed, &b, 5, budget));
  fflush(stdout);
}

int main(int argc, char **argv) {
  static const size_t orders[] = {41, 161, 193, 501, 1001, 2500};
  const double budget = argc > 1 ? atof(argv[1]) : 0.3;
  rwk_context *ctx;
  if (rwk_context_create(&ctx, NULL) != RWK_OK) return 1;
  printf("| rows | by | threads | factor us | GFLOP/s | two solves us |\n|---|---|---|---|---|---|\n");
  for (size_t k = 0; k < sizeof orders / sizeof *orders; k++) {
    bench b = {.n = orders[k]};
    b.A = rwk_alloc_doubles(ctx, b.n * b.n);
    b.R = rwk_alloc_doubles(ctx, b.n * b.n);
    b.x = rwk_alloc_doubles(ctx, b.n);
    b.P = rwk_alloc_doubles(ctx, rwk_packed_room(b.n));
    if (!b.A || !b.R || !b.x || !b.P) return 1;
    rwk_stream s;
    rwk_stream_init(&s, 1, b.n);
    for (size_t i = 0; i < b.n; i++)
      for (size_t j = i; j < b.n; j++)
        b.A[i * b.n + j] = rwk_stream_uniform(&s) - 0.5 + (i == j ? (double)b.n : 0);
    measure(b, budget);
    for (size_t at = 0; (b.kernel = rwk_factor_kernel_get(at)); at++) measure(b, budget);
    b.kernel = rwk_factor_kernel_get(0);
    b.team = b.kernel ? rwk_context_team(ctx) : NULL;
    if (b.team) measure(b, budget);
    measure_packed(b, budget);
    rwk_free_doubles(ctx, b.P);
    rwk_free_doubles(ctx, b.x);
    rwk_free_doubles(ctx, b.R);
    rwk_free_doubles(ctx, b.A);
  }
  rwk_context_destroy(ctx);
  return 0;
}
