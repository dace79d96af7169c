/* Microseconds of the network's kernels: loss, loss and gradient, one Hessian-vector product (at a new point,
 * and at the point of the last gradient), one of a block of 8, and the dense Hessian; with one thread, and
 * with all.
 *
 *   mlp_kernels [SECONDS [all]]      each figure is the median over SECONDS (0.3) of running; `all`: for each
 *                                    instruction set of this machine, not only the best
 *   mlp_kernels SECONDS ROWS INPUTS HIDDEN
 *                                    of that shape alone
 *
 * GFLOP/s count 6 n h (d + 1) operations for a gradient and 12 n h (d + 1) for a product, whatever is really
 * done. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/context.h"
#include "base/stream.h"
#include "median.h"
#include "mlp/network.h"
#include "problem/problem.h"

typedef struct shape {
  size_t rows, inputs, hidden;
} shape;

enum { BLOCK = 8 };

typedef struct bench {
  const rwk_problem *problem;
  void *work;
  double *w, *g, *V, *HV, *H;
} bench;

static void run_value(void *payload) {
  bench *b = payload;
  double loss;
  b->problem->ops.value(&loss, NULL, b->w, b->work, b->problem->self);
}

static void run_gradient(void *payload) {
  bench *b = payload;
  double loss;
  b->problem->ops.value(&loss, b->g, b->w, b->work, b->problem->self);
}

static void products(bench *b, size_t k) {
  const size_t n = b->problem->dim;
  b->problem->ops.hessian_vector(b->HV, n, b->V, n, k, b->w, b->work, b->problem->self);
}

static void run_product(void *payload) {
  bench *b = payload;
  products(b, 1);
}

static void run_product_elsewhere(void *payload) {
  bench *b = payload;
  b->w[0] = b->w[0] > 0.1 ? 0.1 : 0.2; /* never where the last one was */
  products(b, 1);
}

static void run_block(void *payload) {
  bench *b = payload;
  products(b, BLOCK);
}

static void run_hessian(void *payload) {
  bench *b = payload;
  b->problem->ops.hessian(b->H, b->problem->dim, b->w, b->work, b->problem->self);
}

static double median(bench *b, void (*run)(void *), double budget) {
  return rwk_median_seconds(run, b, 5, budget);
}

static double *normals(rwk_context *ctx, size_t n, uint64_t seed) {
  double *x = rwk_alloc_doubles(ctx, n);
  rwk_stream s;
  rwk_stream_init(&s, seed, 0);
  for (size_t i = 0; x && i < n; i++) x[i] = rwk_stream_normal(&s);
  return x;
}

static rwk_status measure(rwk_context *parent, int threads, const rwk_mlp_kernel *kernel, shape s,
                          double budget) {
  rwk_context *ctx;
  const rwk_status forked = rwk_context_fork(&ctx, parent, threads);
  if (forked != RWK_OK) return forked;
  double *X = normals(ctx, s.rows * s.inputs, 1), *Y = normals(ctx, s.rows, 2);
  const rwk_mlp_data data = {
      .X = X, .ldx = s.inputs, .Y = Y, .ldy = 1, .rows = s.rows, .inputs = s.inputs, .outputs = 1};
  rwk_mlp_settings settings;
  rwk_mlp_settings_init(&settings);
  settings.hidden = &s.hidden;
  settings.hidden_count = 1;
  rwk_mlp *mlp = NULL;
  bench b = {0};
  rwk_status status = X && Y ? rwk_mlp_create_with(&mlp, ctx, &data, &settings, kernel) : RWK_NO_MEMORY;
  if (status != RWK_OK) goto done;
  const rwk_problem *p = b.problem = rwk_mlp_problem(mlp);
  b.w = rwk_alloc_doubles(ctx, p->dim);
  b.g = rwk_alloc_doubles(ctx, p->dim);
  b.V = normals(ctx, BLOCK * p->dim, 3);
  b.HV = rwk_alloc_doubles(ctx, BLOCK * p->dim);
  const int dense = p->dim <= 1000;
  if (dense) b.H = rwk_alloc_doubles(ctx, p->dim * p->dim);
  status = b.w && b.g && b.V && b.HV && (b.H || !dense) ? p->ops.work_create(&b.work, ctx, p->self)
                                                        : RWK_NO_MEMORY;
  if (status == RWK_OK) status = p->ops.start(b.w, 1, 0, p->self);
  if (status != RWK_OK) goto done;

  const double operations = 6e-9 * (double)s.rows * (double)s.hidden * (double)(s.inputs + 1);
  const double value = median(&b, run_value, budget), gradient = median(&b, run_gradient, budget);
  const double fresh = median(&b, run_product_elsewhere, budget);
  run_gradient(&b);
  const double product = median(&b, run_product, budget), block = median(&b, run_block, budget) / BLOCK;
  printf("%-7s %2d %6zu %4zu %4zu  %9.1f  %9.1f %6.1f  %9.1f %6.1f  %9.1f %6.1f  %9.1f", kernel->name,
         threads, s.rows, s.inputs, s.hidden, 1e6 * value, 1e6 * gradient, operations / gradient, 1e6 * fresh,
         2 * operations / fresh, 1e6 * product, 2 * operations / product, 1e6 * block);
  if (dense) {
    const double hessian = median(&b, run_hessian, budget);
    printf("  %9.1f %6.1f %6.1f", 1e6 * hessian, hessian / gradient, p->ops.hessian_cost(p->self));
  }
  printf("\n");
  fflush(stdout);
done:
  if (b.work) b.problem->ops.work_destroy(b.work, b.problem->self);
  rwk_free_doubles(ctx, b.H);
  rwk_free_doubles(ctx, b.HV);
  rwk_free_doubles(ctx, b.V);
  rwk_free_doubles(ctx, b.g);
  rwk_free_doubles(ctx, b.w);
  rwk_mlp_destroy(mlp);
  rwk_free_doubles(ctx, Y);
  rwk_free_doubles(ctx, X);
  if (status != RWK_OK) rwk_context_adopt_error(parent, ctx);
  rwk_context_destroy(ctx);
  return status;
}

int main(int argc, char **argv) {
  static const shape shapes[] = {
      {442, 10, 16}, {1030, 8, 50}, {9568, 4, 50}, {8192, 8, 100}, {100000, 90, 100}};
  const double budget = argc > 1 ? atof(argv[1]) : 0.3;
  const int all = argc > 2 && !strcmp(argv[2], "all"), one = argc > 4;
  const shape asked = {one ? (size_t)atoll(argv[2]) : 0, one ? (size_t)atoll(argv[3]) : 0,
                       one ? (size_t)atoll(argv[4]) : 0};
  const size_t count = one ? 1 : sizeof shapes / sizeof *shapes;
  rwk_blas_rest();
  rwk_context *ctx;
  if (rwk_context_create(&ctx, NULL) != RWK_OK) return 1;
  printf(
      "isa    threads rows  d    h   value us    grad us  GF/s  Hv anew us  GF/s      Hv us  GF/s  Hv of %d "
      "us   dense us  /grad   cost\n",
      BLOCK);
  rwk_status status = RWK_OK;
  for (size_t k = 0; rwk_mlp_kernel_get(k) && (all || k == 0); k++)
    for (size_t s = 0; s < count; s++)
      for (int threads = 1; threads <= rwk_threads(ctx) && status == RWK_OK;
           threads = threads < rwk_threads(ctx) ? rwk_threads(ctx) : threads + 1)
        status = measure(ctx, threads, rwk_mlp_kernel_get(k), one ? asked : shapes[s], budget);
  if (status != RWK_OK) fprintf(stderr, "%s: %s\n", rwk_status_name(status), rwk_context_error(ctx));
  rwk_context_destroy(ctx);
  return status != RWK_OK;
}
