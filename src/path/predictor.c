/* Where the branch goes on: its derivatives at a place, and the polynomial through two of them. */
#include <math.h>
#include <string.h>
#include "path/branch.h"

/* (g(x + h tau + bow) + g(x - h tau + bow) - 2 g(x)) / h^2 in *even, their difference / h^3 in *odd, unless
 * that is NULL; bow = h^2 k / 2 and c->g is g(x). */
static rwk_status differences(rwk_tracer *c, const rwk_place *p, double h, int bowed, double *even,
                              double *odd) {
  rwk_local *l = &c->local;
  const size_t n = l->n;
  const double half = bowed ? 0.5 * h * h : 0;
  memset(even, 0, n * sizeof *even);
  if (odd) memset(odd, 0, n * sizeof *odd);
  for (int side = -1; side <= 1; side += 2) {
    for (size_t i = 0; i < n; i++) l->scratch[i] = p->w[i] + side * h * p->tw[i] + half * p->kw[i];
    RWK_TRY(rwk_local_evaluate(l, l->scratch, p->lambda * exp(side * h * p->tt + half * p->kt)));
    rwk_axpy(n, 1 / (h * h), l->g, even);
    if (odd) rwk_axpy(n, side / (h * h * h), l->g, odd);
  }
  rwk_axpy(n, -2 / (h * h), c->g, even);
  return RWK_OK;
}

rwk_status rwk_tracer_curve(rwk_tracer *c, rwk_place *p, double h, int third) {
  rwk_local *l = &c->local;
  const size_t n = l->n;
  const rwk_parts parts = l->parts;
  double *even = c->updates.w[0], *odd = c->updates.w[1], *b = c->updates.w[2];
  c->updates.count = 0;
  memcpy(b, l->b, n * sizeof *b);
  double size = 0, change = 0;
  for (int pass = 0; pass < 2; pass++) { /* the second makes up for a factor from beside p */
    double dt;
    RWK_TRY(differences(c, p, h, pass, even, third && pass ? odd : NULL));
    memcpy(l->g, even, n * sizeof *even);
    RWK_TRY(rwk_tracer_newton(c, p, &dt));
    for (size_t i = 0; i < n; i++) p->kw[i] = (pass ? p->kw[i] : 0) + c->x0[i];
    p->kt = (pass ? p->kt : 0) + dt;
    change = rwk_tracer_length(c, c->x0, dt);
    size = rwk_tracer_length(c, p->kw, p->kt);
  }
  p->curved = isfinite(size) && change <= 0.1 * size + 1e-3;
  if (third) { /* g(x + h tau + h^2 k / 2 + h^3 j / 6) has no term in h^3 */
    double dt;
    for (size_t i = 0; i < n; i++) l->g[i] = 3 * odd[i];
    RWK_TRY(rwk_tracer_newton(c, p, &dt));
    memcpy(c->third, c->x0, n * sizeof *c->third);
    c->third_t = dt;
  }
  l->parts = parts;
  l->o.lambda = p->lambda;
  l->grad_inf = p->grad_inf;
  memcpy(l->g, c->g, n * sizeof *l->g);
  memcpy(l->b, b, n * sizeof *b);
  return RWK_OK;
}

/* A function on the curve with two derivatives, at an end of an interval. */
typedef struct jet {
  double f, d, k;
} jet;

/* Divided differences of the polynomial of degree 5 with three values at b and three at a = b + h; over is
 * 1 / h. */
static void differ(double *q, jet b, jet a, double over) {
  const double ba = (a.f - b.f) * over, bba = (ba - b.d) * over, baa = (a.d - ba) * over,
               bbaa = (baa - bba) * over;
  q[0] = (bba - 0.5 * b.k) * over;
  q[1] = (bbaa - q[0]) * over;
  q[2] = (((0.5 * a.k - baa) * over - bbaa) * over - q[1]) * over;
}

/* How a place lies in the hyperplanes normal to a tangent: distance, and ds of the curve by it with its
 * derivative. */
typedef struct slant {
  double at, q, dq;
} slant;

double rwk_tracer_distance(const rwk_tracer *c, const rwk_place *a, const rwk_place *b) {
  const double over = 1 / (c->scale * c->scale);
  double s = (b->t - a->t) * a->tt;
  for (size_t i = 0; i < c->local.n; i++) s += (b->w[i] - a->w[i]) * a->tw[i] * over;
  return s;
}

static slant slant_of(const rwk_tracer *c, const rwk_place *p, const rwk_place *along) {
  const size_t n = c->local.n;
  const double over = 1 / (c->scale * c->scale);
  slant x = {.at = rwk_tracer_distance(c, along, p),
             .q = rwk_dot(n, p->tw, along->tw) * over + p->tt * along->tt,
             .dq = rwk_dot(n, p->kw, along->tw) * over + p->kt * along->tt};
  x.q = 1 / x.q;
  x.dq *= -x.q * x.q * x.q;
  return x;
}

static jet jet_of(slant x, double f, double d, double k) {
  return (jet){.f = f, .d = d * x.q, .k = k * x.q * x.q + d * x.dq};
}

/* The second derivatives of the cubic with the same values and first derivatives at a and b = a + 1 / over.
 */
static void as_cubic(jet *a, jet *b, double over) {
  const double rise = 6 * (b->f - a->f) * over;
  a->k = (rise - 4 * a->d - 2 * b->d) * over;
  b->k = (2 * a->d + 4 * b->d - rise) * over;
}

void rwk_tracer_span(rwk_tracer *c, rwk_arc *arc, const rwk_place *from, const rwk_place *to) {
  const size_t n = c->local.n;
  const slant a = slant_of(c, from, &c->here), b = slant_of(c, to, &c->here);
  const double over = 1 / (a.at - b.at);
  const int curved = from->curved && to->curved;
  for (size_t i = 0; i <= n; i++) {
    jet v = i < n ? jet_of(b, to->w[i], to->tw[i], to->kw[i]) : jet_of(b, to->t, to->tt, to->kt),
        u = i < n ? jet_of(a, from->w[i], from->tw[i], from->kw[i]) : jet_of(a, from->t, from->tt, from->kt);
    if (!curved) as_cubic(&v, &u, over);
    double q[3];
    differ(q, v, u, over);
    const double term[RWK_TERMS] = {v.f, v.d, 0.5 * v.k, q[0], q[1], q[2]};
    for (size_t k = 0; k < RWK_TERMS; k++) *(i < n ? &arc->w[k][i] : &arc->t[k]) = term[k];
  }
  arc->a = a.at;
  arc->b = b.at;
  arc->tail = curved ? rwk_tracer_length(c, arc->w[5], arc->t[5]) : INFINITY;
}

/* w = sum of share[k] c_k, and what is returned, for t. */
static double combine(const rwk_tracer *c, const rwk_arc *arc, double *w, const double *share) {
  double t = 0;
  for (size_t i = 0; i < c->local.n; i++) {
    double sum = 0;
    for (size_t k = 0; k < RWK_TERMS; k++) sum += share[k] * arc->w[k][i];
    w[i] = sum;
  }
  for (size_t k = 0; k < RWK_TERMS; k++) t += share[k] * arc->t[k];
  return t;
}

static void powers(const rwk_arc *arc, double s, double share[RWK_TERMS], double slope[RWK_TERMS]) {
  const double x = s - arc->b, y = s - arc->a;
  const double f[RWK_TERMS] = {1, x, x * x, x * x * x, x * x * x * y, x * x * x * y * y},
               d[RWK_TERMS] = {0, 1, 2 * x, 3 * x * x, x * x * (3 * y + x), x * x * y * (3 * y + 2 * x)};
  memcpy(share, f, sizeof f);
  memcpy(slope, d, sizeof d);
}

double rwk_arc_turning(const rwk_arc *arc, double low, double high, double *t) {
  double share[RWK_TERMS], slope[RWK_TERMS], at[2] = {low, high}, f[2];
  const double width = high - low;
  for (int e = 0; e < 2; e++) {
    powers(arc, at[e], share, slope);
    f[e] = 0;
    for (size_t k = 0; k < RWK_TERMS; k++) f[e] += slope[k] * arc->t[k];
  }
  for (int k = 0, side = -1; k < 200; k++) { /* the Illinois rule; halved where that is slow */
    double s = (at[0] * f[1] - at[1] * f[0]) / (f[1] - f[0]), g = 0;
    if (!(s > at[0] && s < at[1]) || k % 8 == 7) s = 0.5 * (at[0] + at[1]);
    powers(arc, s, share, slope);
    *t = 0;
    for (size_t i = 0; i < RWK_TERMS; i++) {
      *t += share[i] * arc->t[i];
      g += slope[i] * arc->t[i];
    }
    const int e = g * f[1] > 0;
    if (g == 0 || fabs(s - at[e]) <= 1e-15 * width) return s;
    at[e] = s;
    f[e] = g;
    if (side == e) f[!e] *= 0.5;
    side = e;
    if (!(at[1] - at[0] > 1e-15 * width)) return s;
  }
  return 0.5 * (at[0] + at[1]);
}

void rwk_arc_place(const rwk_tracer *c, const rwk_arc *arc, rwk_place *p, double s) {
  double share[RWK_TERMS], slope[RWK_TERMS];
  powers(arc, s, share, slope);
  p->t = combine(c, arc, p->w, share);
  p->lambda = c->lambda_from * exp(p->t);
}

double rwk_arc_slope(const rwk_tracer *c, const rwk_arc *arc, double *w, double s) {
  double share[RWK_TERMS], slope[RWK_TERMS];
  powers(arc, s, share, slope);
  return combine(c, arc, w, slope);
}

void rwk_tracer_stand(rwk_tracer *c, int known) {
  c->known = known;
  c->drawn = 0;
}

/* Taylor's polynomial at c->here. */
static void taylor(rwk_tracer *c) {
  rwk_arc *arc = &c->ahead;
  const size_t n = c->local.n;
  const rwk_place *x = &c->here;
  const double two = c->known ? 0.5 : 0, three = c->known ? 1.0 / 6 : 0;
  arc->a = arc->b = 0;
  arc->tail = INFINITY;
  for (size_t i = 0; i < n; i++) {
    arc->w[0][i] = x->w[i];
    arc->w[1][i] = x->tw[i];
    arc->w[2][i] = two > 0 ? two * x->kw[i] : 0;
    arc->w[3][i] = three > 0 ? three * c->third[i] : 0;
    arc->w[4][i] = arc->w[5][i] = 0;
  }
  const double t[RWK_TERMS] = {x->t, x->tt, two > 0 ? two * x->kt : 0, three > 0 ? three * c->third_t : 0};
  memcpy(arc->t, t, sizeof t);
}

const rwk_arc *rwk_tracer_ahead(rwk_tracer *c) {
  if (!c->drawn && c->known == 2)
    rwk_tracer_span(c, &c->ahead, &c->back, &c->here);
  else if (!c->drawn)
    taylor(c);
  c->drawn = 1;
  return &c->ahead;
}
