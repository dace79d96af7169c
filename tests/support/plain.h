/* Plain numerics for tests that must share nothing with what they check: Gaussian elimination, Jacobi's
 * eigenvalues, and an objective of which only the value and the gradient are asked; its Hessian is made of
 * differences. */
#ifndef TESTS_SUPPORT_PLAIN_H
#define TESTS_SUPPORT_PLAIN_H

#include "support/net.h"

enum { PLAIN_MOST = 40 };

/* x := A^-1 x by elimination with partial pivoting; A[n x n] is used up. 0 when A is singular. */
static inline int plain_solve(double *x, double *A, size_t n) {
  for (size_t k = 0; k < n; k++) {
    size_t p = k;
    for (size_t i = k + 1; i < n; i++)
      if (fabs(A[i * n + k]) > fabs(A[p * n + k])) p = i;
    if (A[p * n + k] == 0) return 0;
    for (size_t j = 0; j < n; j++) {
      const double t = A[k * n + j];
      A[k * n + j] = A[p * n + j];
      A[p * n + j] = t;
    }
    const double t = x[k];
    x[k] = x[p];
    x[p] = t;
    for (size_t i = k + 1; i < n; i++) {
      const double f = A[i * n + k] / A[k * n + k];
      for (size_t j = k; j < n; j++) A[i * n + j] -= f * A[k * n + j];
      x[i] -= f * x[k];
    }
  }
  for (size_t k = n; k-- > 0;) {
    for (size_t j = k + 1; j < n; j++) x[k] -= A[k * n + j] * x[j];
    x[k] /= A[k * n + k];
  }
  return 1;
}

/* e[n]: eigenvalues of the symmetric A[n x n], which is used up, in no order; row i of V (unless NULL) is the
 * eigenvector of e[i]. Jacobi's rotations. */
static inline void plain_eigen(double *e, double *V, double *A, size_t n) {
  for (size_t i = 0; V && i < n * n; i++) V[i] = i % (n + 1) == 0;
  for (int sweep = 0; sweep < 60; sweep++)
    for (size_t p = 0; p < n; p++)
      for (size_t q = p + 1; q < n; q++) {
        if (fabs(A[p * n + q]) <= 1e-300) continue;
        const double theta = (A[q * n + q] - A[p * n + p]) / (2 * A[p * n + q]);
        const double t = copysign(1, theta) / (fabs(theta) + sqrt(theta * theta + 1));
        const double c = 1 / sqrt(t * t + 1), s = t * c;
        for (size_t k = 0; k < n; k++) {
          const double a = A[k * n + p], b = A[k * n + q];
          A[k * n + p] = c * a - s * b;
          A[k * n + q] = s * a + c * b;
        }
        for (size_t k = 0; k < n; k++) {
          const double a = A[p * n + k], b = A[q * n + k];
          A[p * n + k] = c * a - s * b;
          A[q * n + k] = s * a + c * b;
        }
        for (size_t k = 0; V && k < n; k++) {
          const double a = V[p * n + k], b = V[q * n + k];
          V[p * n + k] = c * a - s * b;
          V[q * n + k] = s * a + c * b;
        }
      }
  for (size_t i = 0; i < n; i++) e[i] = A[i * n + i];
}

static inline double plain_dot(size_t n, const double *a, const double *b) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

/* Singular values of B[rows x columns] from the eigenvalues of B'B, in no order. */
static inline void plain_singular(double *sigma, double *V, const double *B, size_t rows, size_t columns) {
  double G[PLAIN_MOST * PLAIN_MOST] = {0};
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++)
      for (size_t k = 0; k < columns; k++) G[j * columns + k] += B[i * columns + j] * B[i * columns + k];
  plain_eigen(sigma, V, G, columns);
  for (size_t j = 0; j < columns; j++) sigma[j] = sqrt(fmax(0, sigma[j]));
}

static inline double plain_largest(size_t n, const double *x) {
  double most = x[0];
  for (size_t i = 1; i < n; i++) most = fmax(most, x[i]);
  return most;
}

static inline double plain_smallest(size_t n, const double *x) {
  double least = x[0];
  for (size_t i = 1; i < n; i++) least = fmin(least, x[i]);
  return least;
}

typedef struct plain {
  const rwk_problem *problem;
  void *work;
  size_t n;
} plain;

static inline plain plain_open(rwk_context *ctx, const rwk_problem *p) {
  plain o = {.problem = p, .n = rwk_problem_dim(p)};
  assert_true(o.n <= PLAIN_MOST);
  if (p->ops.work_create) assert_int_equal(p->ops.work_create(&o.work, ctx, p->self), RWK_OK);
  return o;
}

static inline void plain_close(plain *o) {
  if (o->work) o->problem->ops.work_destroy(o->work, o->problem->self);
}

static inline double plain_loss(const plain *o, double *g, const double *w) {
  double loss;
  assert_int_equal(o->problem->ops.value(&loss, g, w, o->work, o->problem->self), RWK_OK);
  return loss;
}

/* (M w)_i */
static inline double plain_in_penalty(const plain *o, const double *w, size_t i) {
  return rwk_problem_penalised(o->problem)[i] ? w[i] : 0;
}

static inline double plain_penalty(const plain *o, const double *w) {
  double sum = 0;
  for (size_t i = 0; i < o->n; i++) sum += plain_in_penalty(o, w, i) * w[i];
  return sum;
}

static inline double plain_objective(const plain *o, double *g, const double *w, double lambda) {
  const double loss = plain_loss(o, g, w);
  for (size_t i = 0; g && i < o->n; i++) g[i] += 2 * lambda * plain_in_penalty(o, w, i);
  return loss + lambda * plain_penalty(o, w);
}

/* H of J by differences of the gradient, of fourth order. */
static inline void plain_hessian(const plain *o, double *H, const double *w, double lambda) {
  const size_t n = o->n;
  const double h = 1e-3, at[4] = {-2, -1, 1, 2}, weight[4] = {1, -8, 8, -1};
  double there[PLAIN_MOST], g[PLAIN_MOST];
  memset(H, 0, n * n * sizeof *H);
  for (size_t i = 0; i < n; i++)
    for (int k = 0; k < 4; k++) {
      memcpy(there, w, n * sizeof *w);
      there[i] += at[k] * h;
      plain_objective(o, g, there, lambda);
      for (size_t j = 0; j < n; j++) H[i * n + j] += weight[k] * g[j] / (12 * h);
    }
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < i; j++) H[i * n + j] = H[j * n + i] = (H[i * n + j] + H[j * n + i]) / 2;
}

/* Newton's method for a zero of the gradient, whatever kind of point it is. 1 when it was found. */
static inline int plain_newton(const plain *o, double *w, double lambda) {
  const size_t n = o->n;
  double g[PLAIN_MOST], H[PLAIN_MOST * PLAIN_MOST];
  for (int round = 0; round < 60; round++) {
    plain_objective(o, g, w, lambda);
    double most = 0;
    for (size_t i = 0; i < n; i++) most = fmax(most, fabs(g[i]));
    if (most < 1e-13) return 1;
    if (!(most < 1e6)) return 0;
    plain_hessian(o, H, w, lambda);
    if (!plain_solve(g, H, n)) return 0;
    for (size_t i = 0; i < n; i++) w[i] -= g[i];
  }
  return 0;
}

#endif
