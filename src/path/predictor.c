/* Where the branch goes on: its derivatives at a place, and the polynomial through two of them. */
#include <math.h>
#include <string.h>
#include "path/branch.h"

/* (g(x + h tau + bow) + g(x - h tau + bow) - 2 g(x)) / h^2 in *even, their difference / h^3 in *odd, unless
 * that is NULL; bow = h^2 k / 2 and `centre` g(x). */
static rwk_status differences(rwk_tracer *c, const rwk_place *p, double h, int bowed, const double *centre,
                              double *even, double *odd) {
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
  rwk_axpy(n, -2 / (h * h), centre, even);
  return RWK_OK;
}

rwk_status rwk_tracer_curve(rwk_tracer *c, rwk_place *p, double h, int third) {
  rwk_local *l = &c->local;
  const size_t n = l->n;
  const double grad_inf = l->grad_inf;
  double *even = c->updates.w[0], *odd = c->updates.w[1], *centre = c->updates.w[2];
  c->updates.count = 0;
  double size = 0, change = 0;
  RWK_TRY(rwk_local_evaluate(l, p->w, p->lambda));
  memcpy(centre, l->g, n * sizeof *centre);
  for (int pass = 0; pass < 2; pass++) { /* the second makes up for a factor from beside p */
    double dt;
    RWK_TRY(differences(c, p, h, pass, centre, even, third && pass ? odd : NULL));
    memcpy(l->g, even, n * sizeof *even);
    RWK_TRY(rwk_tracer_newton(c, p, &dt));
    for (size_t i = 0; i < n; i++) p->kw[i] = (pass ? p->kw[i] : 0) + c->x0[i];
    p->kt = (pass ? p->kt : 0) + dt;
    change = hypot(rwk_norm(n, c->x0) / c->scale, dt);
    size = hypot(rwk_norm(n, p->kw) / c->scale, p->kt);
  }
  p->curved = isfinite(size) && change <= 0.1 * size + 1e-3;
  if (third) { /* g(x + h tau + h^2 k / 2 + h^3 j / 6) has no term in h^3 */
    double dt;
    for (size_t i = 0; i < n; i++) l->g[i] = 3 * odd[i];
    RWK_TRY(rwk_tracer_newton(c, p, &dt));
    memcpy(c->third, c->x0, n * sizeof *c->third);
    c->third_t = dt;
  }
  RWK_TRY(rwk_local_evaluate(l, p->w, p->lambda));
  l->grad_inf = grad_inf;
  return RWK_OK;
}

/* A function on the curve with two derivatives, at an end of an interval. */
typedef struct jet {
  double f, d, k;
} jet;

/* Divided differences of the polynomial of degree 5 with three values at b and three at a = b + h. */
static void differ(double *q, jet b, jet a, double h) {
  const double ba = (a.f - b.f) / h, bba = (ba - b.d) / h, baa = (a.d - ba) / h, bbaa = (baa - bba) / h;
  q[0] = (bba - 0.5 * b.k) / h;
  q[1] = (bbaa - q[0]) / h;
  q[2] = (((0.5 * a.k - baa) / h - bbaa) / h - q[1]) / h;
}

/* How a place lies in the hyperplanes normal to a tangent: distance, and ds of the curve by it with its
 * derivative. */
typedef struct slant {
  double at, q, dq;
} slant;

static slant slant_of(const rwk_tracer *c, const rwk_place *p, const rwk_place *along) {
  const size_t n = c->local.n;
  const double over = 1 / (c->scale * c->scale);
  slant x = {.at = (p->t - along->t) * along->tt,
             .q = rwk_dot(n, p->tw, along->tw) * over + p->tt * along->tt,
             .dq = rwk_dot(n, p->kw, along->tw) * over + p->kt * along->tt};
  for (size_t i = 0; i < n; i++) x.at += (p->w[i] - along->w[i]) * along->tw[i] * over;
  x.q = 1 / x.q;
  x.dq *= -x.q * x.q * x.q;
  return x;
}

static jet jet_of(slant x, double f, double d, double k) {
  return (jet){.f = f, .d = d * x.q, .k = k * x.q * x.q + d * x.dq};
}

/* The second derivatives of the cubic with the same values and first derivatives at a and b = a + h. */
static void as_cubic(jet *a, jet *b, double h) {
  const double rise = 6 * (b->f - a->f) / h;
  a->k = (rise - 4 * a->d - 2 * b->d) / h;
  b->k = (2 * a->d + 4 * b->d - rise) / h;
}

void rwk_tracer_between(rwk_tracer *c, rwk_place *p, const rwk_place *from, const rwk_place *to, double s) {
  const size_t n = c->local.n;
  const slant a = slant_of(c, from, &c->here), b = slant_of(c, to, &c->here);
  const double x = s - b.at, y = s - a.at, h = a.at - b.at;
  const int curved = from->curved && to->curved;
  double sum = 0, q[3];
  for (size_t i = 0; i <= n; i++) {
    jet v = i < n ? jet_of(b, to->w[i], to->tw[i], to->kw[i]) : jet_of(b, to->t, to->tt, to->kt),
        u = i < n ? jet_of(a, from->w[i], from->tw[i], from->kw[i]) : jet_of(a, from->t, from->tt, from->kt);
    if (!curved) as_cubic(&v, &u, h);
    differ(q, v, u, h);
    const double at = v.f + x * (v.d + x * (0.5 * v.k + x * (q[0] + y * (q[1] + y * q[2]))));
    *(i < n ? &p->w[i] : &p->t) = at;
    sum += q[2] * q[2] * (i < n ? 1 / (c->scale * c->scale) : 1);
  }
  c->tail = curved ? sqrt(sum) : INFINITY;
  p->lambda = c->lambda_from * exp(p->t);
}

void rwk_tracer_predict(rwk_tracer *c, rwk_place *p, double s) {
  const size_t n = c->local.n;
  const rwk_place *x = &c->here;
  if (c->known == 2) {
    rwk_tracer_between(c, p, &c->back, x, s);
    return;
  }
  const double two = c->known ? 0.5 * s * s : 0, three = c->known ? s * s * s / 6 : 0;
  for (size_t i = 0; i < n; i++)
    p->w[i] = x->w[i] + s * x->tw[i] + (c->known ? two * x->kw[i] + three * c->third[i] : 0);
  p->t = x->t + s * x->tt + (c->known ? two * x->kt + three * c->third_t : 0);
  p->lambda = c->lambda_from * exp(p->t);
}
