#include <math.h>
#include <string.h>
#include "base/context.h"
#include "base/stream.h"
#include "la/dense.h"
#include "problem/problem.h"

/* Central difference with one Richardson step: (4 d(h/2) - d(h)) / 3 has error O(h^4). */
typedef struct checker {
  rwk_objective o;
  size_t n;
  const double *w;
  double *moved, *plus, *minus, *difference; /* [n] each */
} checker;

static void move(checker *c, const double *v, double t) {
  for (size_t i = 0; i < c->n; i++) c->moved[i] = c->w[i] + t * v[i];
}

/* *slope = d/dt L(w + t v) at 0. */
static rwk_status slope_along(checker *c, double *slope, const double *v, double h) {
  double d[2];
  for (int half = 0; half < 2; half++) {
    const double step = half ? h / 2 : h;
    rwk_parts up, down;
    move(c, v, step);
    RWK_TRY(rwk_objective_value(&c->o, &up, NULL, c->moved));
    move(c, v, -step);
    RWK_TRY(rwk_objective_value(&c->o, &down, NULL, c->moved));
    d[half] = (up.objective - down.objective) / (2 * step);
  }
  *slope = (4 * d[1] - d[0]) / 3;
  return RWK_OK;
}

/* difference[n] = d/dt grad L(w + t v) at 0. */
static rwk_status gradient_along(checker *c, const double *v, double h) {
  for (int half = 0; half < 2; half++) {
    const double step = half ? h / 2 : h;
    rwk_parts parts;
    move(c, v, step);
    RWK_TRY(rwk_objective_value(&c->o, &parts, c->plus, c->moved));
    move(c, v, -step);
    RWK_TRY(rwk_objective_value(&c->o, &parts, c->minus, c->moved));
    for (size_t i = 0; i < c->n; i++) {
      const double d = (c->plus[i] - c->minus[i]) / (2 * step);
      c->difference[i] = half ? (4 * d - c->difference[i]) / 3 : d;
    }
  }
  return RWK_OK;
}

static double largest_gap(size_t n, const double *x, const double *y) {
  double gap = 0;
  for (size_t i = 0; i < n; i++) gap = fmax(gap, fabs(x[i] - y[i]));
  return gap;
}

rwk_status rwk_problem_check(rwk_derivative_report *report, rwk_context *ctx, rwk_problem *problem,
                             const double *w, int directions, uint64_t seed) {
  *report = (rwk_derivative_report){0};
  if (directions < 1) return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "directions: at least 1");
  const size_t n = problem->dim, k = (size_t)directions;
  checker c = {.n = n, .w = w};
  double *g = NULL, *V = NULL, *HV = NULL, *H = NULL;
  rwk_status status = rwk_objective_open(&c.o, ctx, problem,
                                         0.125); /* some penalty, so that its derivatives are checked too */
  if (status != RWK_OK) goto done;
  g = rwk_alloc_doubles(ctx, 5 * n);
  V = rwk_alloc_doubles(ctx, k * n);
  HV = rwk_alloc_doubles(ctx, (k + 1) * n);
  if (!g || !V || !HV) {
    status = rwk_fail_memory(ctx, "derivative check");
    goto done;
  }
  c.moved = g + n, c.plus = c.moved + n, c.minus = c.plus + n, c.difference = c.minus + n;
  rwk_stream stream;
  rwk_stream_init(&stream, seed, 0x636865636b);
  for (size_t j = 0; j < k; j++) {
    for (size_t i = 0; i < n; i++) V[j * n + i] = rwk_stream_normal(&stream);
    rwk_scale(n, 1 / rwk_norm(n, V + j * n), V + j * n);
  }
  const double h = 1e-3 * fmax(1, rwk_norm(n, w) / sqrt((double)n));
  rwk_parts parts;
  status = rwk_objective_value(&c.o, &parts, g, w);
  if (status != RWK_OK) goto done;
  const double gscale = fmax(rwk_norm(n, g), 1e-8 * fabs(parts.objective));
  status = rwk_objective_products(&c.o, HV, n, V, n, k, w);
  if (status != RWK_OK) goto done;
  for (size_t j = 0; j < k; j++) {
    const double *v = V + j * n, *hv = HV + j * n;
    double slope;
    status = slope_along(&c, &slope, v, h);
    if (status != RWK_OK) goto done;
    report->gradient = fmax(report->gradient, fabs(slope - rwk_dot(n, g, v)) / gscale);
    status = gradient_along(&c, v, h);
    if (status != RWK_OK) goto done;
    const double hscale = fmax(rwk_norm_inf(n, hv), 1e-8 * gscale);
    report->hessian_vector = fmax(report->hessian_vector, largest_gap(n, hv, c.difference) / hscale);
    double *single = HV + k * n;
    status = rwk_objective_products(&c.o, single, n, v, n, 1, w);
    if (status != RWK_OK) goto done;
    report->block = fmax(report->block, largest_gap(n, hv, single) / hscale);
    const double *u = V + (j ? j - 1 : k - 1) * n, *hu = HV + (j ? j - 1 : k - 1) * n;
    const double a = rwk_dot(n, u, hv), b = rwk_dot(n, v, hu);
    report->symmetry = fmax(report->symmetry, fabs(a - b) / (fabs(a) + fabs(b) + rwk_norm(n, hu) + 1e-300));
  }
  if (n <= 200) { /* every coordinate of the gradient */
    double *e = HV;
    memset(e, 0, n * sizeof *e);
    for (size_t i = 0; i < n; i++) {
      double slope;
      e[i] = 1;
      status = slope_along(&c, &slope, e, h);
      if (status != RWK_OK) goto done;
      e[i] = 0;
      report->gradient = fmax(report->gradient, fabs(slope - g[i]) / gscale);
    }
  }
  if (problem->ops.hessian && n <= 2000) {
    H = rwk_alloc_doubles(ctx, n * n);
    if (!H) {
      status = rwk_fail_memory(ctx, "derivative check");
      goto done;
    }
    status = rwk_objective_hessian(&c.o, H, n, w);
    if (status != RWK_OK) goto done;
    double scale = 0;
    for (size_t i = 0; i < n; i++) scale = fmax(scale, rwk_norm_inf(n, H + i * n));
    double *e = c.plus, *column = c.minus;
    memset(e, 0, n * sizeof *e);
    for (size_t j = 0; j < n; j++) {
      e[j] = 1;
      status = rwk_objective_products(&c.o, column, n, e, n, 1, w);
      if (status != RWK_OK) goto done;
      e[j] = 0;
      report->hessian = fmax(report->hessian, largest_gap(n, column, H + j * n) / fmax(scale, 1e-300));
    }
  }
done:
  rwk_free_doubles(ctx, H);
  rwk_free_doubles(ctx, HV);
  rwk_free_doubles(ctx, V);
  rwk_free_doubles(ctx, g);
  rwk_objective_close(&c.o);
  return status;
}
