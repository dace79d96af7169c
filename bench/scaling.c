/* Seconds, and bytes, against rows and against weights: value and gradient, one Hessian-vector product, with
 * all threads; and what a certificate costs, in the units that its caller knows.
 *
 *   scaling [SECONDS]       each figure is the median over SECONDS (0.3) of running
 *
 * Tables are of normal numbers; networks have one hidden layer of tanh units. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <ridgewalk/ridgewalk.h>
#include "base/context.h"
#include "base/stream.h"
#include "median.h"
#include "problem/problem.h"

typedef struct net {
  rwk_context *ctx;
  rwk_mlp *mlp;
  const rwk_problem *problem;
  void *work;
  double *X, *Y, *w, *g, *v, *H;
  double lambda;
} net;

static double *normals(rwk_context *ctx, size_t n, uint64_t seed) {
  double *x = rwk_alloc_doubles(ctx, n);
  rwk_stream s;
  rwk_stream_init(&s, seed, 0);
  for (size_t i = 0; x && i < n; i++) x[i] = rwk_stream_normal(&s);
  return x;
}

static void net_close(net *n) {
  if (n->work) n->problem->ops.work_destroy(n->work, n->problem->self);
  rwk_free_doubles(n->ctx, n->H);
  rwk_free_doubles(n->ctx, n->v);
  rwk_free_doubles(n->ctx, n->g);
  rwk_free_doubles(n->ctx, n->w);
  rwk_mlp_destroy(n->mlp);
  rwk_free_doubles(n->ctx, n->Y);
  rwk_free_doubles(n->ctx, n->X);
}

static rwk_status net_open(net *n, rwk_context *ctx, size_t rows, size_t inputs, size_t hidden) {
  *n = (net){.ctx = ctx, .X = normals(ctx, rows * inputs, 1), .Y = normals(ctx, rows, 2)};
  rwk_status status = n->X && n->Y ? RWK_OK : RWK_NO_MEMORY;
  const rwk_mlp_data data = {
      .X = n->X, .ldx = inputs, .Y = n->Y, .ldy = 1, .rows = rows, .inputs = inputs, .outputs = 1};
  rwk_mlp_settings settings;
  rwk_mlp_settings_init(&settings);
  settings.hidden = &hidden;
  settings.hidden_count = 1;
  if (status == RWK_OK) status = rwk_mlp_create(&n->mlp, ctx, &data, &settings);
  if (status == RWK_OK) {
    const rwk_problem *p = n->problem = rwk_mlp_problem(n->mlp);
    n->w = rwk_alloc_doubles(ctx, p->dim);
    n->g = rwk_alloc_doubles(ctx, p->dim);
    n->v = normals(ctx, p->dim, 3);
    status = n->w && n->g && n->v ? p->ops.work_create(&n->work, ctx, p->self) : RWK_NO_MEMORY;
    if (status == RWK_OK) status = p->ops.start(n->w, 1, 0, p->self);
  }
  if (status != RWK_OK) net_close(n);
  return status;
}

static void gradient(void *payload) {
  net *n = payload;
  double loss;
  n->problem->ops.value(&loss, n->g, n->w, n->work, n->problem->self);
}

static void product(void *payload) {
  net *n = payload;
  n->w[0] = n->w[0] > 0.1 ? 0.1 : 0.2; /* never where the last one was */
  n->problem->ops.hessian_vector(n->g, n->problem->dim, n->v, n->problem->dim, 1, n->w, n->work,
                                 n->problem->self);
}

static void build(void *payload) {
  net *n = payload;
  gradient(n);
  n->w[0] = n->w[0] > 0.1 ? 0.1 : 0.2;
  n->problem->ops.hessian(n->H, n->problem->dim, n->w, n->work, n->problem->self);
}

static void certify(void *payload) {
  net *n = payload;
  rwk_certificate c;
  rwk_certify(&c, NULL, n->ctx, n->problem, n->lambda, n->w, NULL);
}

static double median(net *n, void (*run)(void *), double budget) {
  return rwk_median_seconds(run, n, 3, budget);
}

static rwk_status line(rwk_context *ctx, size_t rows, size_t inputs, size_t hidden, double budget) {
  net n;
  RWK_TRY(net_open(&n, ctx, rows, inputs, hidden));
  const double g = median(&n, gradient, budget), v = median(&n, product, budget);
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  printf("| %zu | %zu | %zu | %zu | %.6f | %.6f | %.2f | %.0f |\n", rows, inputs, hidden, n.problem->dim, g,
         v, v / g, (double)used.ru_maxrss / 1024);
  fflush(stdout);
  net_close(&n);
  return RWK_OK;
}

static rwk_status certificate(rwk_context *ctx, size_t rows, size_t inputs, size_t hidden, double lambda,
                              double budget) {
  net n;
  RWK_TRY(net_open(&n, ctx, rows, inputs, hidden));
  n.lambda = lambda;
  rwk_solver_settings s;
  rwk_solver_settings_init(&s);
  rwk_solver *solver = NULL;
  rwk_solve_result r;
  rwk_certificate c = {0};
  const size_t dim = n.problem->dim;
  rwk_status status = rwk_solver_create(&solver, ctx, n.problem, &s);
  if (status == RWK_OK) status = rwk_solver_run(&r, solver, n.w, lambda);
  if (status == RWK_OK) status = rwk_certify(&c, NULL, ctx, n.problem, lambda, n.w, NULL);
  if (status == RWK_OK && c.dense) {
    n.H = rwk_alloc_doubles(ctx, dim * dim);
    status = n.H ? RWK_OK : RWK_NO_MEMORY;
  }
  if (status == RWK_OK) {
    const double took = median(&n, certify, budget);
    if (c.dense)
      printf("| %zu | %zu | %g | %s | %.4f | %.2f builds of gradient and Hessian |\n", rows, dim, lambda,
             rwk_verdict_name(c.verdict), took, took / median(&n, build, budget));
    else
      printf("| %zu | %zu | %g | %s | %.4f | %lld Hessian-vector products, chance of error %.1e |\n", rows,
             dim, lambda, rwk_verdict_name(c.verdict), took, (long long)c.products, c.doubt);
    fflush(stdout);
  }
  rwk_solver_destroy(solver);
  net_close(&n);
  return status;
}

int main(int argc, char **argv) {
  const double budget = argc > 1 ? atof(argv[1]) : 0.3;
  const char *head =
      "| rows | inputs | hidden | weights | gradient s | product s | product/gradient | peak MiB |\n"
      "|---|---|---|---|---|---|---|---|\n";
  rwk_context *ctx;
  rwk_blas_rest();
  if (rwk_context_create(&ctx, NULL) != RWK_OK) return 1;
  rwk_status status = RWK_OK;
  printf("%s", head);
  for (size_t rows = 1000; rows <= 1000000 && status == RWK_OK; rows *= 10)
    status = line(ctx, rows, 8, 50, budget);
  printf("\n%s", head);
  for (size_t hidden = 10; hidden <= 100000 && status == RWK_OK; hidden *= 10)
    status = line(ctx, 1000, 8, hidden, budget);
  printf("\n| rows | weights | lambda | verdict | seconds | cost |\n|---|---|---|---|---|---|\n");
  if (status == RWK_OK) status = certificate(ctx, 1030, 8, 50, 0x1p-10, budget);
  if (status == RWK_OK) status = certificate(ctx, 1030, 8, 50, 0x1p-4, budget);
  if (status == RWK_OK) status = certificate(ctx, 1000, 90, 1087, 0x1p-2, budget);
  if (status == RWK_OK) status = certificate(ctx, 1000, 90, 1087, 1, budget);
  if (status != RWK_OK) fprintf(stderr, "%s: %s\n", rwk_status_name(status), rwk_context_error(ctx));
  rwk_context_destroy(ctx);
  return status != RWK_OK;
}
