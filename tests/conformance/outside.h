/* A problem written over the public headers alone, as a user of the library would: factor a 3 x 3 matrix A as
 * u v' + v u', with L(u, v) = |A - u v' - v u'|^2 and no dense Hessian, no work, no extras. */
#ifndef TESTS_CONFORMANCE_OUTSIDE_H
#define TESTS_CONFORMANCE_OUTSIDE_H

#include <ridgewalk/problem.h>

enum { OUTSIDE_N = 3 };

static const double outside_A[OUTSIDE_N][OUTSIDE_N] = {{2, 1, 0.5}, {1, -1, 0.25}, {0.5, 0.25, 1.5}};

static inline void outside_residual(double E[OUTSIDE_N][OUTSIDE_N], const double *w) {
  const double *u = w, *v = w + OUTSIDE_N;
  for (int i = 0; i < OUTSIDE_N; i++)
    for (int j = 0; j < OUTSIDE_N; j++) E[i][j] = u[i] * v[j] + v[i] * u[j] - outside_A[i][j];
}

static inline rwk_status outside_value(double *loss, double *gradient, const double *w, void *work,
                                       void *self) {
  (void)work, (void)self;
  double E[OUTSIDE_N][OUTSIDE_N];
  outside_residual(E, w);
  *loss = 0;
  for (int i = 0; i < OUTSIDE_N; i++)
    for (int j = 0; j < OUTSIDE_N; j++) *loss += E[i][j] * E[i][j];
  for (int i = 0; gradient && i < OUTSIDE_N; i++) {
    gradient[i] = gradient[OUTSIDE_N + i] = 0;
    for (int j = 0; j < OUTSIDE_N; j++) {
      gradient[i] += 4 * E[i][j] * w[OUTSIDE_N + j];
      gradient[OUTSIDE_N + i] += 4 * E[i][j] * w[j];
    }
  }
  return RWK_OK;
}

static inline rwk_status outside_products(double *HV, size_t ldhv, const double *V, size_t ldv, size_t k,
                                          const double *w, void *work, void *self) {
  (void)work, (void)self;
  const double *u = w, *v = w + OUTSIDE_N;
  double E[OUTSIDE_N][OUTSIDE_N];
  outside_residual(E, w);
  for (size_t c = 0; c < k; c++) {
    const double *du = V + c * ldv, *dv = du + OUTSIDE_N;
    double *out = HV + c * ldhv;
    for (int i = 0; i < OUTSIDE_N; i++) {
      out[i] = out[OUTSIDE_N + i] = 0;
      for (int j = 0; j < OUTSIDE_N; j++) {
        const double dE = du[i] * v[j] + u[i] * dv[j] + dv[i] * u[j] + v[i] * du[j];
        out[i] += 4 * (dE * v[j] + E[i][j] * dv[j]);
        out[OUTSIDE_N + i] += 4 * (dE * u[j] + E[i][j] * du[j]);
      }
    }
  }
  return RWK_OK;
}

static inline rwk_status outside_create(rwk_problem **problem, rwk_context *ctx) {
  const rwk_problem_ops ops = {.size = sizeof ops,
                               .name = "outside",
                               .value = outside_value,
                               .hessian_vector = outside_products,
                               .thread_safe = 1};
  return rwk_problem_create(problem, ctx, 2 * OUTSIDE_N, 0, &ops, 0);
}

#endif
