/* Random tables and networks for the tests of the network. */
#ifndef TESTS_MLP_FIXTURE_H
#define TESTS_MLP_FIXTURE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/context.h"
#include "base/stream.h"
#include "la/dense.h"
#include "mlp/network.h"
#include "problem/problem.h"
#include "unit/mlp/naive.h"

#define assert_near(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance))

typedef struct fixture {
  rwk_context *ctx;
  double *X, *Y, *omega;
  naive naive; /* the data and settings as given */
  rwk_mlp *mlp;
  const rwk_problem *problem;
  void *work;
  size_t dim;
  double *w; /* [dim] */
} fixture;

/* A table of normal numbers with rows a little further apart than they need; weights of rows if `weighted`,
 * one of them 0. */
static inline void fixture_data(fixture *f, size_t rows, size_t inputs, size_t outputs, int weighted,
                                uint64_t seed) {
  *f = (fixture){0};
  assert_int_equal(rwk_context_create(&f->ctx, NULL), RWK_OK);
  rwk_stream s;
  rwk_stream_init(&s, seed, 17);
  const size_t ldx = inputs + 2, ldy = outputs + 1;
  f->X = malloc(rows * ldx * sizeof *f->X);
  f->Y = malloc(rows * ldy * sizeof *f->Y);
  for (size_t i = 0; i < rows * ldx; i++) f->X[i] = rwk_stream_normal(&s);
  for (size_t i = 0; i < rows * ldy; i++) f->Y[i] = rwk_stream_normal(&s);
  if (weighted) {
    f->omega = malloc(rows * sizeof *f->omega);
    for (size_t i = 0; i < rows; i++) f->omega[i] = 2 * rwk_stream_uniform(&s);
    if (rows > 2) f->omega[1] = 0;
  }
  f->naive.data = (rwk_mlp_data){.X = f->X,
                                 .ldx = ldx,
                                 .Y = f->Y,
                                 .ldy = ldy,
                                 .row_weights = f->omega,
                                 .rows = rows,
                                 .inputs = inputs,
                                 .outputs = outputs};
  rwk_mlp_settings_init(&f->naive.settings);
}

/* Targets of normal numbers become those of classes: one of the outputs is 1, and on every fifth row they are
 * shares. One output: 0, 1, or a share. */
static inline void fixture_classes(fixture *f, rwk_loss loss) {
  const size_t q = f->naive.data.outputs;
  f->naive.settings.loss = loss;
  for (size_t i = 0; i < f->naive.data.rows; i++) {
    double *y = f->Y + i * f->naive.data.ldy, sum = 0;
    size_t most = 0;
    for (size_t k = 1; k < q; k++)
      if (y[k] > y[most]) most = k;
    for (size_t k = 0; k < q; k++) sum += exp(y[k]);
    for (size_t k = 0; k < q; k++) {
      if (q == 1)
        y[k] = i % 5 == 4 ? 1 / (1 + exp(y[k])) : y[k] > 0;
      else
        y[k] = i % 5 == 4 ? exp(y[k]) / sum : k == most;
    }
  }
}

/* The network of f->naive with kernel number k, at a random start. */
static inline void fixture_network(fixture *f, const rwk_mlp_kernel *kernel) {
  assert_int_equal(rwk_mlp_create_with(&f->mlp, f->ctx, &f->naive.data, &f->naive.settings, kernel), RWK_OK);
  f->problem = rwk_mlp_problem(f->mlp);
  f->dim = rwk_problem_dim(f->problem);
  assert_int_equal(f->dim, naive_dim(&f->naive));
  assert_int_equal(f->problem->ops.work_create(&f->work, f->ctx, f->problem->self), RWK_OK);
  f->w = malloc(f->dim * sizeof *f->w);
  assert_int_equal(f->problem->ops.start(f->w, 5, 1, f->problem->self), RWK_OK);
}

static inline void fixture_drop_network(fixture *f) {
  if (f->work) f->problem->ops.work_destroy(f->work, f->problem->self);
  rwk_mlp_destroy(f->mlp);
  free(f->w);
  f->work = NULL;
  f->mlp = NULL;
  f->w = NULL;
}

static inline void fixture_drop(fixture *f) {
  fixture_drop_network(f);
  free(f->X);
  free(f->Y);
  free(f->omega);
  rwk_context_destroy(f->ctx);
}

static inline double fixture_value(const fixture *f, double *g, const double *w) {
  double loss;
  assert_int_equal(f->problem->ops.value(&loss, g, w, f->work, f->problem->self), RWK_OK);
  return loss;
}

static inline void fixture_product(const fixture *f, double *hv, const double *v, const double *w) {
  assert_int_equal(f->problem->ops.hessian_vector(hv, f->dim, v, f->dim, 1, w, f->work, f->problem->self),
                   RWK_OK);
}

/* J's gradient norm and Hessian at lambda. */
static inline double fixture_objective(const fixture *f, double *g, double *H, const double *w,
                                       double lambda) {
  double J = fixture_value(f, g, w);
  if (H) assert_int_equal(f->problem->ops.hessian(H, f->dim, w, f->work, f->problem->self), RWK_OK);
  for (size_t i = 0; i < f->dim; i++) {
    if (!f->problem->penalised[i]) continue;
    J += lambda * w[i] * w[i];
    g[i] += 2 * lambda * w[i];
    if (H) H[i * f->dim + i] += 2 * lambda;
  }
  return J;
}

/* Descends J over the coordinates with free[i] != 0 (NULL: all) by Newton steps on the Hessian with its
 * spectrum made positive, until their gradient is below 1e-10 (mostly 2e-13). */
static inline void fixture_settle(const fixture *f, double *w, double lambda,
                                  const unsigned char *free_coordinate) {
  const size_t n = f->dim;
  double *g = rwk_alloc_doubles(f->ctx, n), *trial = rwk_alloc_doubles(f->ctx, n),
         *H = rwk_alloc_doubles(f->ctx, n * n), *Q = rwk_alloc_doubles(f->ctx, n * n),
         *e = rwk_alloc_doubles(f->ctx, n);
  double size = INFINITY;
  for (int round = 0; round < 500; round++) {
    const double J = fixture_objective(f, g, H, w, lambda);
    for (size_t i = 0; i < n && free_coordinate; i++) {
      if (free_coordinate[i]) continue;
      g[i] = 0;
      for (size_t j = 0; j < n; j++) H[i * n + j] = H[j * n + i] = i == j;
    }
    size = rwk_norm_inf(n, g);
    if (size < 2e-13) break;
    assert_int_equal(rwk_eigen(f->ctx, e, Q, H, n, n), RWK_OK);
    memset(trial, 0, n * sizeof *trial);
    for (size_t j = 0; j < n; j++)
      rwk_axpy(n, -rwk_dot(n, g, Q + j * n) / fmax(fabs(e[j]), 1e-10), Q + j * n, trial);
    for (size_t i = 0; i < n && free_coordinate; i++)
      if (!free_coordinate[i]) trial[i] = 0;
    double step = fmin(1, 2 / rwk_norm(n, trial));
    for (; step > 1e-12; step *= 0.5) {
      double *there = Q;
      for (size_t i = 0; i < n; i++) there[i] = w[i] + step * trial[i];
      if (fixture_objective(f, e, NULL, there, lambda) <= J + 1e-14 * fabs(J)) break;
    }
    for (size_t i = 0; i < n; i++) w[i] += step * trial[i];
    if (step <= 1e-12) break;
  }
  assert_true(size < 1e-10);
  rwk_free_doubles(f->ctx, e);
  rwk_free_doubles(f->ctx, Q);
  rwk_free_doubles(f->ctx, H);
  rwk_free_doubles(f->ctx, trial);
  rwk_free_doubles(f->ctx, g);
}

#endif
