#include <math.h>
#include <string.h>
#include "path/branch.h"

rwk_status rwk_tracer_open(rwk_tracer *c, rwk_branch *branch, const rwk_problem *problem,
                           const rwk_branch_settings *settings) {
  *c = (rwk_tracer){.branch = branch, .settings = *settings, .step = settings->step};
  const size_t n = problem->dim;
  double *block = rwk_alloc_doubles(branch->ctx, 9 * n);
  if (!block) return rwk_fail_memory(branch->ctx, "continuation");
  c->x0 = block;
  c->x1 = block + n;
  c->here.w = block + 2 * n;
  c->here.tw = block + 3 * n;
  c->next.w = block + 4 * n;
  c->next.tw = block + 5 * n;
  c->probe.w = block + 6 * n;
  c->probe.tw = block + 7 * n;
  c->bend = block + 8 * n;
  const int dense = settings->algebra == RWK_ALGEBRA_DENSE ||
                    (settings->algebra == RWK_ALGEBRA_AUTO && n <= settings->dense_limit);
  return rwk_local_open(&c->local, branch->ctx, problem, dense);
}

void rwk_tracer_close(rwk_tracer *c) {
  if (!c->branch) return;
  rwk_local_close(&c->local);
  rwk_free_doubles(c->branch->ctx, c->x0);
}

void rwk_place_copy(rwk_place *to, const rwk_place *from, size_t dim) {
  double *w = to->w, *tw = to->tw;
  memcpy(w, from->w, dim * sizeof *w);
  memcpy(tw, from->tw, dim * sizeof *tw);
  *to = *from;
  to->w = w;
  to->tw = tw;
}

/* One Newton step (dw in c->x0, returned dt): with dw = x0 + x1 dt + alpha phi,
 *   x0 = -H^-1 g,  x1 = -H^-1 b  off phi,
 *   mu alpha + (phi'b) dt = -phi'g,
 *   tau_w'dw / scale^2 + tau_t dt = 0,  or dt = 0. */
static rwk_status newton_step(rwk_tracer *c, const rwk_place *along, double *dt) {
  rwk_local *l = &c->local;
  const size_t n = l->n;
  const double over = 1 / (c->scale * c->scale);
  RWK_TRY(rwk_local_solve(l, c->x0, l->g));
  rwk_scale(n, -1, c->x0);
  double alpha = 0;
  *dt = 0;
  if (along) {
    RWK_TRY(rwk_local_solve(l, c->x1, l->b));
    rwk_scale(n, -1, c->x1);
    const double q = rwk_dot(n, along->tw, c->x1) * over + along->tt,
                 r = -rwk_dot(n, along->tw, c->x0) * over;
    if (l->deflated) {
      const double a = l->mu, b = rwk_dot(n, l->phi, l->b), e = -rwk_dot(n, l->phi, l->g),
                   f = rwk_dot(n, along->tw, l->phi) * over, determinant = a * q - b * f;
      alpha = (e * q - b * r) / determinant;
      *dt = (a * r - f * e) / determinant;
    } else {
      *dt = r / q;
    }
    rwk_axpy(n, *dt, c->x1, c->x0);
  } else if (l->deflated && !l->singular) { /* along a flat direction w is as good as it is */
    alpha = -rwk_dot(n, l->phi, l->g) / l->mu;
  }
  if (l->deflated) rwk_axpy(n, alpha, l->phi, c->x0);
  return RWK_OK;
}

rwk_status rwk_tracer_correct(rwk_tracer *c, rwk_place *p, const rwk_place *along, double most,
                              int *factored) {
  enum { ITERATIONS = 30, FACTORS = 12 };
  rwk_local *l = &c->local;
  const int chord = c->chord;
  double last = INFINITY;
  int count = 0, fresh_last = 0;
  *factored = -1;
  c->chord = 0;
  for (int k = 0; k < ITERATIONS; k++) {
    RWK_TRY(rwk_local_evaluate(l, p->w, p->lambda));
    if (!isfinite(l->grad_inf)) return RWK_OK;
    const double tolerance = c->settings.grad_tol * fmax(1, l->parts.objective);
    if (c->sharp ? last <= 1e-12 && l->grad_inf <= 0.01 * tolerance
                 : l->grad_inf <= 0.01 * tolerance || (k > 1 && l->grad_inf <= tolerance)) {
      *factored = count;
      return RWK_OK;
    }
    double dt = 0, size = INFINITY;
    int fresh = 0;
    if (k == 0 ? chord : last < INFINITY) { /* the factor at hand, for as long as it contracts well */
      RWK_TRY(newton_step(c, along, &dt));
      size = hypot(rwk_norm(l->n, c->x0) / c->scale, dt);
    }
    if (!(size <= 0.2 * last) || (k == 0 && size > most)) {
      if (l->grad_inf <= tolerance && k > 1 && (fresh_last || !c->sharp)) {
        *factored = count; /* as good as rounding lets it be */
        return RWK_OK;
      }
      if (count++ >= FACTORS) return RWK_OK;
      RWK_TRY(rwk_local_factor(l, p->w, 0));
      RWK_TRY(newton_step(c, along, &dt));
      size = hypot(rwk_norm(l->n, c->x0) / c->scale, dt);
      fresh = 1;
    }
    /* steps by the same kind of factor are comparable, others are not */
    if (!(size <= most)) return RWK_OK;
    const int there = l->grad_inf <= tolerance;
    if (k > 0 && fresh && fresh_last && size > (c->sharp == RWK_SHARP_FOLD && !there ? 0.95 : 0.75) * last) {
      if (c->sharp && there) *factored = count; /* nothing is left but rounding */
      return RWK_OK;
    }
    last = size;
    fresh_last = fresh;
    rwk_axpy(l->n, 1, c->x0, p->w);
    if (along) {
      p->t += dt;
      p->lambda = c->lambda_from * exp(p->t);
    }
  }
  return RWK_OK;
}

/* tangent: H dw + b dt = 0, so with dw = x1 dt + alpha phi:  mu alpha + (phi'b) dt = 0. */
rwk_status rwk_tracer_look(rwk_tracer *c, rwk_place *p, const rwk_place *before) {
  rwk_local *l = &c->local;
  const size_t n = l->n;
  const double over = 1 / (c->scale * c->scale);
  RWK_TRY(rwk_local_evaluate(l, p->w, p->lambda));
  RWK_TRY(rwk_local_flats(l, p->w));
  RWK_TRY(rwk_local_factor(l, p->w, 1));
  p->mu = l->mu;
  p->negative = l->negative;
  p->loss = l->parts.loss;
  p->escape = l->flats.moved ? l->flats.curvature : NAN;
  RWK_TRY(rwk_local_solve(l, c->x1, l->b));
  double alpha = 0;
  p->tt = 1;
  if (l->deflated) {
    p->tt = l->mu;
    alpha = -rwk_dot(n, l->phi, l->b);
  }
  for (size_t i = 0; i < n; i++) p->tw[i] = -p->tt * c->x1[i] + alpha * l->phi[i] * l->deflated;
  double length = sqrt(rwk_dot(n, p->tw, p->tw) * over + p->tt * p->tt), sign = c->direction * p->tt;
  if (before) sign = rwk_dot(n, p->tw, before->tw) * over + p->tt * before->tt;
  if (length == 0) length = 1;
  if (sign < 0) length = -length;
  rwk_scale(n, 1 / length, p->tw);
  p->tt /= length;
  p->dloss = -rwk_dot(n, l->b, p->tw); /* dL/dw = -2 lambda M w at a critical point */
  return RWK_OK;
}

rwk_status rwk_tracer_tidy(rwk_tracer *c, rwk_place *p, double threshold) {
  const rwk_problem *problem = c->local.o.problem;
  int64_t changed = 0;
  if (!problem->ops.simplify) return RWK_OK;
  memcpy(c->x0, p->w, c->local.n * sizeof *p->w);
  RWK_TRY(problem->ops.simplify(c->x0, &changed, threshold, c->local.o.work, problem->self));
  if (changed) memcpy(p->w, c->x0, c->local.n * sizeof *p->w);
  return RWK_OK;
}

void rwk_tracer_turn(rwk_tracer *c, double s) {
  const size_t n = c->local.n;
  const double over = 1 / (c->scale * c->scale);
  const rwk_place *a = &c->here, *b = &c->next;
  for (size_t i = 0; i < n; i++) c->bend[i] = (b->tw[i] - a->tw[i]) / s;
  c->bend_t = (b->tt - a->tt) / s;
  const double along = rwk_dot(n, c->bend, b->tw) * over + c->bend_t * b->tt;
  rwk_axpy(n, -along, b->tw, c->bend);
  c->bend_t -= along * b->tt;
  c->bent = 1;
}

/* By the tangent and half the turn: in a valley that is stiff to its sides, Newton's method converges only
 * from very near. */
void rwk_tracer_predict(rwk_tracer *c, rwk_place *p, double s) {
  const size_t n = c->local.n;
  double turn = 0;
  if (c->bent) {
    turn = 0.5 * s * s;
    const double size = hypot(rwk_norm(n, c->bend) / c->scale, c->bend_t) * turn;
    if (!(size <= 0.3 * fabs(s))) turn = 0; /* such a turn is seldom the next one too */
  }
  for (size_t i = 0; i < n; i++)
    p->w[i] = c->here.w[i] + s * c->here.tw[i] + (turn > 0 ? turn * c->bend[i] : 0);
  p->t = c->here.t + s * c->here.tt + (turn > 0 ? turn * c->bend_t : 0);
  p->lambda = c->lambda_from * exp(p->t);
}

rwk_status rwk_tracer_reach(rwk_tracer *c, rwk_place *p, double s, int *factored) {
  rwk_tracer_predict(c, p, s);
  RWK_TRY(rwk_tracer_correct(c, p, &c->here, 0.3 * s + 1e-9, factored));
  if (*factored < 0) return RWK_OK;
  /* where a unit is dead, and its curvature near 0 at that, Newton moves it by more than elsewhere */
  RWK_TRY(rwk_tracer_tidy(c, p, isnan(c->here.escape) ? 1e-8 : 1e-5));
  return rwk_tracer_look(c, p, &c->here);
}
