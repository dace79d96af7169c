#include <math.h>
#include <string.h>
#include "path/branch.h"

rwk_status rwk_tracer_open(rwk_tracer *c, rwk_branch *branch, const rwk_problem *problem,
                           const rwk_branch_settings *settings) {
  *c = (rwk_tracer){.branch = branch, .settings = *settings, .step = settings->step};
  enum { PLACES = 6, VECTORS = 4 };
  const size_t n = problem->dim, count = VECTORS + 3 * PLACES + RWK_UPDATES + 2 * RWK_TERMS;
  double *block = rwk_alloc_doubles(branch->ctx, count * n);
  if (!block) return rwk_fail_memory(branch->ctx, "continuation");
  memset(block, 0, count * n * sizeof *block);
  double **vectors[VECTORS] = {&c->x0, &c->x1, &c->third, &c->g};
  rwk_place *places[PLACES] = {&c->here, &c->next, &c->probe, &c->back, &c->ends[0], &c->ends[1]};
  double *at = block;
  for (size_t k = 0; k < VECTORS; k++, at += n) *vectors[k] = at;
  for (size_t k = 0; k < PLACES; k++, at += 3 * n) {
    places[k]->w = at;
    places[k]->tw = at + n;
    places[k]->kw = at + 2 * n;
  }
  for (size_t k = 0; k < RWK_UPDATES; k++, at += n) c->updates.w[k] = at;
  for (size_t k = 0; k < RWK_TERMS; k++, at += 2 * n) {
    c->ahead.w[k] = at;
    c->inside.w[k] = at + n;
  }
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
  double *w = to->w, *tw = to->tw, *kw = to->kw;
  memcpy(w, from->w, dim * sizeof *w);
  memcpy(tw, from->tw, dim * sizeof *tw);
  memcpy(kw, from->kw, dim * sizeof *kw);
  *to = *from;
  to->w = w;
  to->tw = tw;
  to->kw = kw;
}

double rwk_tracer_length(const rwk_tracer *c, const double *w, double t) {
  return hypot(rwk_norm(c->local.n, w) / c->scale, t);
}

double rwk_tracer_cosine(const rwk_tracer *c, const rwk_place *a, const rwk_place *b) {
  return rwk_dot(c->local.n, a->tw, b->tw) / (c->scale * c->scale) + a->tt * b->tt;
}

rwk_status rwk_tracer_take(rwk_tracer *c) {
  rwk_local *l = &c->local;
  c->updates.count = 0;
  c->phi_b = rwk_dot(l->n, l->phi, l->b);
  return rwk_local_solve(l, c->x1, l->b);
}

/* With dw = x0 - x1 dt + alpha phi,
 *   x0 = -H^-1 g,  x1 = H^-1 b  off phi,
 *   mu alpha + (phi'b) dt = -phi'g,
 *   tau_w'dw / scale^2 + tau_t dt = 0,  or dt = 0. */
rwk_status rwk_tracer_newton(rwk_tracer *c, const rwk_place *along, double *dt) {
  rwk_local *l = &c->local;
  const size_t n = l->n;
  const double over = 1 / (c->scale * c->scale);
  RWK_TRY(rwk_local_solve(l, c->x0, l->g));
  rwk_scale(n, -1, c->x0);
  double alpha = 0;
  *dt = 0;
  if (along) {
    const double q = along->tt - rwk_dot(n, along->tw, c->x1) * over,
                 r = -rwk_dot(n, along->tw, c->x0) * over;
    if (l->deflated) {
      const double a = l->mu, b = c->phi_b, e = -rwk_dot(n, l->phi, l->g),
                   f = rwk_dot(n, along->tw, l->phi) * over, determinant = a * q - b * f;
      alpha = (e * q - b * r) / determinant;
      *dt = (a * r - f * e) / determinant;
    } else {
      *dt = r / q;
    }
    rwk_axpy(n, -*dt, c->x1, c->x0);
  } else if (l->deflated && !l->singular) { /* along a flat direction w is as good as it is */
    alpha = -rwk_dot(n, l->phi, l->g) / l->mu;
  }
  if (l->deflated) rwk_axpy(n, alpha, l->phi, c->x0);
  return RWK_OK;
}

/* Broyden's method by its steps alone (Kelley, Iterative Methods for Linear and Nonlinear Equations, 1995,
 * chapter 7): (c->x0, *dt) is Newton's step by the factor at hand, and becomes that of the matrix updated. */
static void update_step(rwk_tracer *c, double *dt) {
  const rwk_updates *u = &c->updates;
  const double over = 1 / (c->scale * c->scale);
  for (size_t k = 0; k < u->count; k++) {
    const double share = (rwk_dot(c->local.n, u->w[k], c->x0) * over + u->t[k] * *dt) / u->square[k];
    if (k + 1 < u->count) {
      rwk_axpy(c->local.n, share, u->w[k + 1], c->x0);
      *dt += share * u->t[k + 1];
    } else {
      rwk_scale(c->local.n, 1 / (1 - share), c->x0);
      *dt /= 1 - share;
    }
  }
}

static void keep_step(rwk_tracer *c, double dt) {
  rwk_updates *u = &c->updates;
  memcpy(u->w[u->count], c->x0, c->local.n * sizeof *c->x0);
  u->t[u->count] = dt;
  u->square[u->count++] = rwk_dot(c->local.n, c->x0, c->x0) / (c->scale * c->scale) + dt * dt;
}
/* Newton's step from p in c->x0 and *dt, and its length: by the factor at hand and the steps since, or by a
 * new factor. */
static rwk_status step_from(rwk_tracer *c, const rwk_place *p, const rwk_place *along, int fresh, double *dt,
                            double *size) {
  rwk_local *l = &c->local;
  if (fresh) RWK_TRY(rwk_local_factor(l, p->w, 0));
  if (fresh || !l->dense) RWK_TRY(rwk_tracer_take(c)); /* products are always those of p */
  RWK_TRY(rwk_tracer_newton(c, along, dt));
  update_step(c, dt);
  *size = rwk_tracer_length(c, c->x0, *dt);
  return RWK_OK;
}

static rwk_status correct(rwk_tracer *c, rwk_place *p, const rwk_place *along, double most, int *factored) {
  enum { ITERATIONS = 40 };
  const double contraction = 0.5;
  rwk_local *l = &c->local;
  const int chord = c->chord, factors = c->sharp ? 12 : c->step < 1e-3 ? 8 : 3;
  double last = INFINITY;
  int count = 0, fresh_last = 0;
  *factored = -1;
  c->chord = 0;
  c->updates.count = 0;
  c->first = c->contraction = 0;
  c->beside = 0;
  for (int k = 0; k < ITERATIONS; k++) {
    RWK_TRY(rwk_local_evaluate(l, p->w, p->lambda));
    if (!isfinite(l->grad_inf)) return RWK_OK;
    const double tolerance = c->settings.grad_tol * fmax(1, l->parts.objective);
    if (c->sharp ? last <= 1e-12 && l->grad_inf <= 0.01 * tolerance
                 : l->grad_inf <= 0.01 * tolerance || (k > 1 && l->grad_inf <= tolerance)) {
      *factored = count;
      c->beside = count <= 1 && c->contraction <= 0.4;
      return RWK_OK;
    }
    double dt = 0, size = INFINITY;
    int fresh = 0;
    if ((k == 0 ? chord : last < INFINITY) && c->updates.count < RWK_UPDATES)
      RWK_TRY(step_from(c, p, along, 0, &dt, &size));
    if (k == 1) c->contraction = size / last;
    if (k == 1 && c->contraction > 0.7 && along && !c->sharp && c->step > 1e-4)
      return RWK_OK; /* a shorter step is cheaper */
    if (!(size <= contraction * last) || (k == 0 && size > most)) {
      if (k > 1 && l->grad_inf <= tolerance * (fresh_last || !c->sharp ? 1 : 1e-4)) {
        *factored = count; /* as good as rounding lets it be */
        return RWK_OK;
      }
      if (count++ >= factors) return RWK_OK;
      RWK_TRY(step_from(c, p, along, 1, &dt, &size));
      fresh = 1;
    }
    if (k == 0) c->first = size;
    /* steps by the same kind of factor are comparable, others are not */
    if (!(size <= most)) return RWK_OK;
    const int there = l->grad_inf <= tolerance;
    if (k > 0 && fresh && fresh_last && size > (c->sharp == RWK_SHARP_FOLD && !there ? 0.95 : 0.75) * last) {
      if (c->sharp && there) *factored = count; /* nothing is left but rounding */
      return RWK_OK;
    }
    last = size;
    fresh_last = fresh;
    if (l->dense) keep_step(c, dt);
    rwk_axpy(l->n, 1, c->x0, p->w);
    if (along) {
      p->t += dt;
      p->lambda = c->lambda_from * exp(p->t);
    }
  }
  return RWK_OK;
}

rwk_status rwk_tracer_correct(rwk_tracer *c, rwk_place *p, const rwk_place *along, double most,
                              int *factored) {
  const rwk_status status = correct(c, p, along, most, factored);
  c->current = *factored >= 0;
  return status;
}

static void normalise(rwk_tracer *c, rwk_place *p, const rwk_place *before) {
  const size_t n = c->local.n;
  const double over = 1 / (c->scale * c->scale);
  double length = sqrt(rwk_dot(n, p->tw, p->tw) * over + p->tt * p->tt), sign = c->direction * p->tt;
  if (before) sign = rwk_tracer_cosine(c, p, before);
  if (length == 0) length = 1;
  if (sign < 0) length = -length;
  rwk_scale(n, 1 / length, p->tw);
  p->tt /= length;
}

/* tangent: H dw + b dt = 0, so with dw = -x1 dt + alpha phi:  mu alpha + (phi'b) dt = 0. */
static void tangent(rwk_tracer *c, rwk_place *p, const rwk_place *before) {
  const rwk_local *l = &c->local;
  const double alpha = -c->phi_b;
  p->tt = l->deflated ? l->mu : 1;
  for (size_t i = 0; i < l->n; i++) p->tw[i] = -p->tt * c->x1[i] + (l->deflated ? alpha * l->phi[i] : 0);
  normalise(c, p, before);
}

/* Tangent and lowest eigenvalue at p by a factor from close by: products with H at p correct both. *ok 0: not
 * close enough. */
static rwk_status look_by_products(rwk_tracer *c, rwk_place *p, const rwk_place *before, int *ok) {
  rwk_local *l = &c->local;
  const size_t n = l->n;
  double last = INFINITY;
  *ok = 0;
  tangent(c, p, before);
  c->updates.count = 0;
  for (int pass = 0; pass < 10 && !*ok; pass++) {
    double dt;
    RWK_TRY(rwk_local_product(l, l->g, p->tw, p->w));
    rwk_axpy(n, p->tt, l->b, l->g);
    RWK_TRY(rwk_tracer_newton(c, p, &dt));
    rwk_axpy(n, 1, c->x0, p->tw);
    p->tt += dt;
    normalise(c, p, before);
    const double size = rwk_tracer_length(c, c->x0, dt);
    if (!(size <= 0.4 * last)) return RWK_OK;
    /* what is left, if it contracts as before */
    *ok = size * (pass ? size / last : fmax(c->contraction, 0.01)) <= (c->sharp ? 1e-9 : 1e-6);
    last = size;
  }
  const double mu = fabs(c->here.mu);
  return *ok ? rwk_local_beside(l, p->w, (c->sharp ? 1e-6 : 1e-2) * mu, (c->sharp ? 1 : 0.3) * mu, ok)
             : RWK_OK;
}

rwk_status rwk_tracer_look(rwk_tracer *c, rwk_place *p, const rwk_place *before) {
  rwk_local *l = &c->local;
  int ok = 0;
  if (!c->current) RWK_TRY(rwk_local_evaluate(l, p->w, p->lambda));
  c->current = 0;
  memcpy(c->g, l->g, l->n * sizeof *c->g);
  p->grad_inf = l->grad_inf;
  p->loss = l->parts.loss;
  p->penalty = l->parts.penalty;
  RWK_TRY(rwk_local_flats(l, p->w));
  if (c->beside && rwk_local_serves(l)) RWK_TRY(look_by_products(c, p, before, &ok));
  c->beside = 0;
  memcpy(l->g, c->g, l->n * sizeof *c->g);
  if (!ok) {
    RWK_TRY(rwk_local_factor(l, p->w, 1));
    RWK_TRY(rwk_tracer_take(c));
    tangent(c, p, before);
  }
  /* where t turns the tangent all but is the null vector, which another eigenvalue may have hidden */
  if (before && p->tt * before->tt < 0 && l->negative == 0 && l->dense && l->form == RWK_LOCAL_CHOLESKY) {
    memcpy(l->phi, p->tw, l->n * sizeof *l->phi);
    rwk_scale(l->n, 1 / rwk_norm(l->n, l->phi), l->phi);
    RWK_TRY(rwk_local_factor(l, p->w, 1));
    RWK_TRY(rwk_tracer_take(c));
    tangent(c, p, before);
  }
  p->mu = l->mu;
  p->negative = l->negative;
  p->escape = l->flats.moved ? l->flats.curvature : NAN;
  p->dloss = -rwk_dot(l->n, l->b, p->tw); /* dL/dw = -2 lambda M w at a critical point */
  return RWK_OK;
}

rwk_status rwk_tracer_tidy(rwk_tracer *c, rwk_place *p, double threshold) {
  const rwk_problem *problem = c->local.o.problem;
  int64_t changed = 0;
  if (!problem->ops.simplify) return RWK_OK;
  memcpy(c->x0, p->w, c->local.n * sizeof *p->w);
  RWK_TRY(problem->ops.simplify(c->x0, &changed, threshold, c->local.o.work, problem->self));
  if (!changed) return RWK_OK;
  memcpy(p->w, c->x0, c->local.n * sizeof *p->w);
  c->current = 0;
  return RWK_OK;
}

rwk_status rwk_tracer_reach(rwk_tracer *c, rwk_place *p, const rwk_arc *arc, double s, int *factored) {
  rwk_arc_place(c, arc, p, s);
  RWK_TRY(rwk_tracer_correct(c, p, &c->here, 0.3 * s + 1e-9, factored));
  if (*factored < 0) return RWK_OK;
  /* where a unit is dead, and its curvature near 0 at that, Newton moves it by more than elsewhere */
  RWK_TRY(rwk_tracer_tidy(c, p, isnan(c->here.escape) ? 1e-8 : 1e-5));
  return rwk_tracer_look(c, p, &c->here);
}
