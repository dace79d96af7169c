/* Problems in closed form, for tests: each knows its value, gradient and Hessian by hand-written formulas. */
#ifndef TESTS_SUPPORT_ANALYTIC_H
#define TESTS_SUPPORT_ANALYTIC_H

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
#include "problem/problem.h"

#define assert_near(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance))

/* f(x), g[n] unless NULL, H[n x n] unless NULL. */
typedef double (*analytic_fn)(double *g, double *H, const double *x, size_t n);

typedef struct analytic {
  analytic_fn f;
  size_t n;
  double *H; /* [n x n] scratch */
} analytic;

static inline rwk_status analytic_value(double *loss, double *g, const double *w, void *work, void *self) {
  (void)work;
  analytic *a = self;
  *loss = a->f(g, NULL, w, a->n);
  return RWK_OK;
}

static inline rwk_status analytic_products(double *HV, size_t ldhv, const double *V, size_t ldv, size_t k,
                                           const double *w, void *work, void *self) {
  (void)work;
  analytic *a = self;
  a->f(NULL, a->H, w, a->n);
  for (size_t j = 0; j < k; j++)
    for (size_t r = 0; r < a->n; r++) {
      HV[j * ldhv + r] = 0;
      for (size_t c = 0; c < a->n; c++) HV[j * ldhv + r] += a->H[r * a->n + c] * V[j * ldv + c];
    }
  return RWK_OK;
}

static inline rwk_status analytic_hessian(double *H, size_t ldh, const double *w, void *work, void *self) {
  (void)work;
  analytic *a = self;
  a->f(NULL, a->H, w, a->n);
  for (size_t r = 0; r < a->n; r++) memcpy(H + r * ldh, a->H + r * a->n, a->n * sizeof *H);
  return RWK_OK;
}

static inline void analytic_destroy(void *self) {
  analytic *a = self;
  free(a->H);
  free(a);
}

/* `dense`: offers a dense Hessian of its own. */
static inline rwk_problem *analytic_create(rwk_context *ctx, analytic_fn f, size_t n, int dense) {
  analytic *a = malloc(sizeof *a);
  *a = (analytic){.f = f, .n = n, .H = calloc(n * n, sizeof(double))};
  const rwk_problem_ops ops = {.size = sizeof ops,
                               .name = "analytic",
                               .value = analytic_value,
                               .hessian_vector = analytic_products,
                               .hessian = dense ? analytic_hessian : NULL,
                               .destroy = analytic_destroy};
  rwk_problem *p;
  assert_int_equal(rwk_problem_create(&p, ctx, n, NULL, &ops, a), RWK_OK);
  return p;
}

static inline void clear(double *g, double *H, size_t n) {
  if (g) memset(g, 0, n * sizeof *g);
  if (H) memset(H, 0, n * n * sizeof *H);
}

/* sum (1 + i) (x_i - 1)^2: minimum 0 at ones. */
static inline double bowl(double *g, double *H, const double *x, size_t n) {
  double f = 0;
  clear(g, H, n);
  for (size_t i = 0; i < n; i++) {
    const double c = 1 + (double)i, d = x[i] - 1;
    f += c * d * d;
    if (g) g[i] = 2 * c * d;
    if (H) H[i * n + i] = 2 * c;
  }
  return f;
}

/* Rosenbrock's valley in n variables: minimum 0 at ones. */
static inline double rosenbrock(double *g, double *H, const double *x, size_t n) {
  double f = 0;
  clear(g, H, n);
  for (size_t i = 0; i + 1 < n; i++) {
    const double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
    f += 100 * a * a + b * b;
    if (g) {
      g[i] += -400 * x[i] * a - 2 * b;
      g[i + 1] += 200 * a;
    }
    if (H) {
      H[i * n + i] += -400 * a + 800 * x[i] * x[i] + 2;
      H[(i + 1) * n + i + 1] += 200;
      H[i * n + i + 1] = H[(i + 1) * n + i] = -400 * x[i];
    }
  }
  return f;
}

/* x^2 - y^2 + y^4/4 (+ z^2 ...): saddle 0 at the origin, minima -1 at y = +-sqrt 2. */
static inline double two_wells(double *g, double *H, const double *x, size_t n) {
  double f = 0;
  clear(g, H, n);
  for (size_t i = 0; i < n; i++) {
    if (i == 1) continue;
    f += x[i] * x[i];
    if (g) g[i] = 2 * x[i];
    if (H) H[i * n + i] = 2;
  }
  const double y = x[1];
  f += -y * y + y * y * y * y / 4;
  if (g) g[1] = -2 * y + y * y * y;
  if (H) H[n + 1] = -2 + 3 * y * y;
  return f;
}

/* Monkey saddle x^3 - 3 x y^2: zero gradient and Hessian at the origin, and no minimum there. */
static inline double monkey(double *g, double *H, const double *x, size_t n) {
  const double a = x[0], b = x[1];
  clear(g, H, n);
  if (g) {
    g[0] = 3 * a * a - 3 * b * b;
    g[1] = -6 * a * b;
  }
  if (H) {
    H[0] = 6 * a;
    H[1] = H[n] = -6 * b;
    H[n + 1] = -6 * a;
  }
  return a * a * a - 3 * a * b * b;
}

/* x^2 + c y^2 with c = 1e-6: a true minimum with a tiny curvature. */
static inline double shallow(double *g, double *H, const double *x, size_t n) {
  const double c = 1e-6;
  clear(g, H, n);
  if (g) {
    g[0] = 2 * x[0];
    g[1] = 2 * c * x[1];
  }
  if (H) {
    H[0] = 2;
    H[n + 1] = 2 * c;
  }
  return x[0] * x[0] + c * x[1] * x[1];
}

/* The same with -c: a saddle that is nearly flat. */
static inline double nearly_flat_saddle(double *g, double *H, const double *x, size_t n) {
  const double c = 1e-6;
  clear(g, H, n);
  if (g) {
    g[0] = 2 * x[0];
    g[1] = -2 * c * x[1];
  }
  if (H) {
    H[0] = 2;
    H[n + 1] = -2 * c;
  }
  return x[0] * x[0] - c * x[1] * x[1];
}

/* x^2 + y^4: a minimum that second derivatives cannot see. */
static inline double quartic(double *g, double *H, const double *x, size_t n) {
  const double y = x[1];
  clear(g, H, n);
  if (g) {
    g[0] = 2 * x[0];
    g[1] = 4 * y * y * y;
  }
  if (H) {
    H[0] = 2;
    H[n + 1] = 12 * y * y;
  }
  return x[0] * x[0] + y * y * y * y;
}

/* (x_0 x_1 x_2 - 1)^2: with L2 the net of three linear layers and one row (1, 1). */
static inline double three_factors(double *g, double *H, const double *x, size_t n) {
  const double r = x[0] * x[1] * x[2] - 1, d[3] = {x[1] * x[2], x[0] * x[2], x[0] * x[1]};
  clear(g, H, n);
  for (size_t i = 0; i < 3; i++) {
    if (g) g[i] = 2 * r * d[i];
    for (size_t j = 0; H && j < 3; j++) H[i * n + j] = 2 * d[i] * d[j] + (i != j ? 2 * r * x[3 - i - j] : 0);
  }
  return r * r;
}

#endif
