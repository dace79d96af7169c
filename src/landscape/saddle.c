/* Uphill along one eigenvector and downhill along all others (Cerjan and Miller, J. Chem. Phys. 75, 1981),
 * until the gradient is zero: Newton's own step where exactly one eigenvalue is negative. The eigenvector is
 * found by Lanczos, the rest of the step by conjugate gradients that are kept off it. */
#include <math.h>
#include <string.h>
#include "landscape/landscape.h"

enum { STEPS_MOST = 150, REST_MOST = 400, POLISH_MOST = 6, REFUSED_MOST = 12 };

typedef struct climber {
  rwk_objective *o;
  size_t n;
  double *w, *g, *trial, *trial_g, *mode, *step, *residual, *search, *product, *tangent; /* [dim] each */
} climber;

/* x := x without its part along the mode. */
static void project(const climber *c, double *x) {
  rwk_axpy(c->n, -rwk_dot(c->n, c->mode, x), c->mode, x);
}

/* step := the minimum of g's + s'Hs/2 over what is orthogonal to the mode, within the radius; ends at
 * negative curvature, along it. */
static rwk_status downhill(climber *c, double radius, double tol) {
  const size_t n = c->n;
  double *r = c->residual, *p = c->search, *Hp = c->product;
  memset(c->step, 0, n * sizeof *c->step);
  for (size_t i = 0; i < n; i++) r[i] = -c->g[i];
  project(c, r);
  memcpy(p, r, n * sizeof *p);
  double rr = rwk_dot(n, r, r);
  const double first = rr;
  for (int k = 0; k < REST_MOST && rr > tol * tol * first && rr > 0; k++) {
    RWK_TRY(rwk_objective_products(c->o, Hp, n, p, n, 1, c->w));
    project(c, Hp);
    const double bend = rwk_dot(n, p, Hp), pp = rwk_dot(n, p, p);
    if (!(bend > 1e-14 * pp)) { /* the way down has no end here: as far as the radius goes, if it is new */
      if (k == 0 && pp > 0) rwk_axpy(n, radius / sqrt(pp), p, c->step);
      break;
    }
    const double by = rr / bend;
    rwk_axpy(n, by, p, c->step);
    rwk_axpy(n, -by, Hp, r);
    const double length = rwk_norm(n, c->step);
    if (length > radius) {
      rwk_scale(n, radius / length, c->step);
      break;
    }
    const double next = rwk_dot(n, r, r);
    for (size_t i = 0; i < n; i++) p[i] = r[i] + next / rr * p[i];
    project(c, p);
    rr = next;
  }
  return RWK_OK;
}

/* Adds the part along the mode, uphill. */
static void uphill(climber *c, double curvature, double radius) {
  const double slope = rwk_dot(c->n, c->g, c->mode), size = fmax(fabs(curvature), 1e-12);
  const double by = fmin(fabs(slope) / size, radius);
  rwk_axpy(c->n, slope > 0 ? by : -by, c->mode, c->step);
}

/* What the quadratic model says that J changes by. */
static rwk_status model(double *change, climber *c) {
  RWK_TRY(rwk_objective_products(c->o, c->product, c->n, c->step, c->n, 1, c->w));
  *change = rwk_dot(c->n, c->g, c->step) + 0.5 * rwk_dot(c->n, c->step, c->product);
  return RWK_OK;
}

static void exchange(double **a, double **b) {
  double *c = *a;
  *a = *b;
  *b = c;
}

static rwk_status climb(int *found, climber *c, double radius, double grad_tol) {
  const size_t n = c->n;
  const double most = 8 * radius;
  rwk_parts parts, trial;
  double curvature = 0;
  int polished = 0, refused = 0, fresh = 0;
  *found = 0;
  RWK_TRY(rwk_objective_value(c->o, &parts, c->g, c->w));
  for (int k = 0; k < STEPS_MOST; k++) {
    if (rwk_cancelled(c->o->ctx)) return RWK_CANCELLED;
    const double size = rwk_norm(n, c->g), limit = grad_tol * fmax(1, parts.objective);
    if (!fresh) {
      RWK_TRY(rwk_landscape_lowest(&curvature, c->mode, c->o, c->w, 1e-7, NULL));
      if (!(curvature < 0)) { /* not there yet: the band's own direction leads up */
        memcpy(c->mode, c->tangent, n * sizeof *c->mode);
        RWK_TRY(rwk_objective_products(c->o, c->product, n, c->mode, n, 1, c->w));
        curvature = rwk_dot(n, c->mode, c->product);
      }
    }
    const int small = rwk_norm_inf(n, c->g) <= limit;
    *found = small && curvature < 0;
    if (small && (polished++ >= POLISH_MOST || refused > 0)) return RWK_OK;
    RWK_TRY(downhill(c, radius, fmin(1e-2, 1e3 * size)));
    uphill(c, curvature, radius);
    double change;
    RWK_TRY(model(&change, c));
    for (size_t i = 0; i < n; i++) c->trial[i] = c->w[i] + c->step[i];
    RWK_TRY(rwk_objective_try(c->o, &trial, c->trial_g, c->trial));
    const double off = fabs(trial.objective - parts.objective - change), length = rwk_norm(n, c->step);
    const int calmer = isfinite(trial.objective) && rwk_norm(n, c->trial_g) < size;
    if (isfinite(trial.objective) && !small && off <= 0.25 * fabs(change)) radius = fmin(2 * radius, most);
    if (calmer || (!small && isfinite(trial.objective) && off <= 0.75 * fabs(change))) {
      exchange(&c->w, &c->trial);
      exchange(&c->g, &c->trial_g);
      parts = trial;
      fresh = refused = 0;
    } else {
      radius = 0.25 * fmin(length, radius);
      fresh = 1;
      if (++refused > REFUSED_MOST) return RWK_OK;
    }
  }
  return RWK_OK;
}

rwk_status rwk_saddle_find(int *found, double *w, double *mode, rwk_objective *o, const double *tangent,
                           double radius, double grad_tol) {
  const size_t n = o->problem->dim;
  double *block = rwk_alloc_doubles(o->ctx, 9 * n);
  *found = 0;
  if (!block) return rwk_fail_memory(o->ctx, "a saddle");
  double *at[9];
  for (size_t k = 0; k < 9; k++) at[k] = block + k * n;
  climber c = {o, n, at[0], at[1], at[2], at[3], mode, at[4], at[5], at[6], at[7], at[8]};
  memcpy(c.w, w, n * sizeof *w);
  memcpy(c.tangent, tangent, n * sizeof *w);
  rwk_status status = climb(found, &c, radius, grad_tol);
  if (status == RWK_OK && *found) {
    double value;
    memcpy(w, c.w, n * sizeof *w);
    status = rwk_landscape_lowest(&value, mode, o, w, 1e-8, NULL);
  }
  rwk_free_doubles(o->ctx, block);
  return status;
}
