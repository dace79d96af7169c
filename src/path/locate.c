#include <math.h>
#include <string.h>
#include "path/branch.h"

/* The function whose zero the event is: positive at c->here, negative beyond. */
static double measure(const rwk_tracer *c, rwk_event_kind kind, const rwk_place *p) {
  switch (kind) {
  case RWK_EVENT_FOLD:
    return c->direction * p->tt;
  case RWK_EVENT_REVIVAL:
    return p->escape;
  default:
    return p->negative > 0 ? -fabs(p->mu) : fabs(p->mu);
  }
}

/* Share of M w that lies along the null vector: 0 at a branch point, not at a fold. Where all weights die M w
 * itself vanishes, so it is held against the size of w on the way. */
static double transversality(const rwk_tracer *c) {
  const rwk_local *l = &c->local;
  const double size = fmax(rwk_norm(l->n, l->b), 2 * c->probe.lambda * c->scale);
  return size > 0 ? fabs(rwk_dot(l->n, l->phi, l->b)) / size : 0;
}

/* Below this share of M w a turn is at a branch point. */
static const double never_a_fold = 1e-3;

/* One end of a bracket: a corrected place in the hyperplane at distance s from c->here along its tangent; tt
 * is dt/ds, by s and not by the arclength of the curve. */
typedef struct mark {
  double s, t, tt, ttt;
  int curved;     /* 1: ttt is known well */
  double f;       /* the measure, which the Illinois rule halves at an end that stays */
  double measure; /* as it is */
  int64_t negative;
} mark;

static double cosine(const rwk_tracer *c, const rwk_place *p) {
  return rwk_dot(c->local.n, p->tw, c->here.tw) / (c->scale * c->scale) + p->tt * c->here.tt;
}

static mark mark_of(const rwk_tracer *c, rwk_event_kind kind, const rwk_place *p, double s) {
  const double f = measure(c, kind, p), q = 1 / cosine(c, p),
               bent = rwk_dot(c->local.n, p->kw, c->here.tw) / (c->scale * c->scale) + p->kt * c->here.tt;
  return (mark){.s = s,
                .t = p->t,
                .tt = p->tt * q,
                .ttt = p->kt * q * q - p->tt * bent * q * q * q,
                .curved = p->curved,
                .f = f,
                .measure = f,
                .negative = p->negative};
}

/* t and its first two derivatives by s, at share x of the way between both ends, by the polynomial of degree
 * 5 that has all three at both ends. */
static void between(double f[3], const mark *a, const mark *b, double x) {
  const double h = b->s - a->s, y = 1 - x;
  double A[3] = {a->t, a->tt * h, 0.5 * a->ttt * h * h}, B[3] = {b->t, -b->tt * h, 0.5 * b->ttt * h * h};
  if (!a->curved || !b->curved) { /* the cubic */
    A[2] = 3 * (B[0] - A[0]) - 2 * A[1] + B[1];
    B[2] = 3 * (A[0] - B[0]) - 2 * B[1] + A[1];
  }
  /* t = y^3 (A0 + A1' x + A2' x^2) + x^3 (B0 + B1' y + B2' y^2) with what makes the derivatives right */
  const double p[3] = {A[0], A[1] + 3 * A[0], A[2] + 3 * A[1] + 6 * A[0]},
               q[3] = {B[0], B[1] + 3 * B[0], B[2] + 3 * B[1] + 6 * B[0]};
  const double P[3] = {p[0] + x * (p[1] + x * p[2]), p[1] + 2 * x * p[2], 2 * p[2]},
               Q[3] = {q[0] + y * (q[1] + y * q[2]), -(q[1] + 2 * y * q[2]), 2 * q[2]};
  f[0] = y * y * y * P[0] + x * x * x * Q[0];
  f[1] = (y * y * (y * P[1] - 3 * P[0]) + x * x * (x * Q[1] + 3 * Q[0])) / h;
  f[2] = (y * (y * (y * P[2] - 6 * P[1]) + 6 * P[0]) + x * (x * (x * Q[2] + 6 * Q[1]) + 6 * Q[0])) / (h * h);
}

/* Where that turns: share of the way from a to b, and t there. */
static double turning(const mark *a, const mark *b, double *t) {
  double low = 0, high = 1, x = a->tt / (a->tt - b->tt), f[3];
  for (int k = 0; k < 80 && high - low > 1e-15; k++) {
    between(f, a, b, x);
    *(f[1] * a->tt > 0 ? &low : &high) = x;
    double next = x - f[1] / (f[2] * (b->s - a->s));
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    if (fabs(next - x) <= 1e-15) break;
    x = next;
  }
  between(f, a, b, x);
  *t = f[0];
  return x;
}

/* The probe at arclength `at`; *ok: it converged, and not on a branch that crosses this one. */
static rwk_status probe(rwk_tracer *c, double at, int *ok) {
  int factored;
  RWK_TRY(rwk_tracer_reach_between(c, &c->probe, &c->ends[0], &c->ends[1], at, &factored));
  *ok = factored >= 0 && cosine(c, &c->probe) >= 0.5;
  return RWK_OK;
}

/* Narrows [low, high] by a probe at `first`, or off it where the corrector fails, as it does in the immediate
 * vicinity of a branch point; the Illinois rule where that is NaN. *tight: nothing more is to be gained. */
static rwk_status narrow(rwk_tracer *c, rwk_event_kind kind, double first, mark *low, mark *high, int *side,
                         int *tight) {
  static const double shares[] = {0, 0.5, 0.25, 0.75, 0.1, 0.9};
  *tight = 1;
  for (size_t k = 0; k < sizeof shares / sizeof *shares; k++) {
    double at = low->s + shares[k] * (high->s - low->s);
    if (k == 0) at = isnan(first) ? (low->s * high->f - high->s * low->f) / (high->f - low->f) : first;
    if (!(at > low->s && at < high->s)) continue;
    int ok;
    RWK_TRY(probe(c, at, &ok));
    if (!ok) continue;
    /* beside a branch point a place is less well known than between two that are further off */
    const int fold = kind == RWK_EVENT_FOLD && transversality(c) > never_a_fold;
    c->probe.curved = 0;
    if (fold) RWK_TRY(rwk_tracer_curve(c, &c->probe, fmin(1e-3, 0.02 * (high->s - low->s)), 0));
    const mark m = mark_of(c, kind, &c->probe, at);
    if (fold) rwk_place_copy(&c->ends[m.f > 0 ? 0 : 1], &c->probe, c->local.n);
    *tight = 0;
    if (m.f > 0) {
      *low = m;
      if (*side == 1) high->f *= 0.5;
      *side = 1;
    } else {
      *high = m;
      if (*side == -1) low->f *= 0.5;
      *side = -1;
    }
    return RWK_OK;
  }
  return RWK_OK;
}

/* The value at x = 0 of the polynomial through (x[i], y[i]) (Neville). */
static double extrapolate(const double *x, const double *y, size_t count) {
  double v[8] = {0};
  for (size_t i = 0; i < count; i++) v[i] = y[i];
  for (size_t k = 1; k < count; k++)
    for (size_t i = 0; i + k < count; i++) v[i] = (x[i + k] * v[i] - x[i] * v[i + 1]) / (x[i + k] - x[i]);
  return v[0];
}

/* Very close to a branch point places are less well known than further off: along the null vector w is found
 * by dividing by mu, and where the trace turns t by dividing by the distance h. But t is a smooth function of
 * mu: where the branch goes on both are functions of s, and where it turns into its mirror image both are
 * functions of h^2. So t is extrapolated to mu = 0 from places well before, and beyond where it goes on.
 * Where two orders agree to 1e-8 they overrule the value at hand; *doubt is by how much they differ. */
static rwk_status refine_split(rwk_tracer *c, double at, double s, int goes_on, double *t, double *doubt) {
  enum { PLACES = 18 };
  double mu[PLACES], place[PLACES];
  const size_t high = goes_on ? 6 : 4, low = high - 2;
  const double guess = *t;
  size_t count = 0;
  *doubt = 1e-8;
  for (double h = 0.3 * fmin(at, s); h > 1e-3 * s && count + 2 <= PLACES; h *= 0.5)
    for (int side = 0; side <= goes_on; side++) {
      int ok;
      RWK_TRY(probe(c, side ? at + h : at - h, &ok));
      const double f = measure(c, RWK_EVENT_BRANCH_POINT, &c->probe);
      if (!ok || !(side ? f < 0 : f > 0)) continue;
      mu[count] = f;
      place[count++] = c->probe.t;
      if (count < high) continue;
      const double now = extrapolate(mu + count - high, place + count - high, high),
                   change = fabs(now - extrapolate(mu + count - low, place + count - low, low));
      if (!(change < *doubt) || !(fabs(now - guess) < 1e-4)) continue;
      *doubt = change;
      *t = now;
      if (change < 1e-10) return RWK_OK;
    }
  return RWK_OK;
}

/* The trace turns: at a fold, where mu changes its sign, or into its own mirror image, where it does not. */
static rwk_status locate_turn(rwk_tracer *c, rwk_event_kind *kind, double s, rwk_branch_event *event) {
  enum { ITERATIONS = 60 };
  mark low = mark_of(c, *kind, &c->here, 0), high = mark_of(c, *kind, &c->next, s);
  int side = 0, tight = 0, there = 0;
  double t = 0, last = NAN, share = 0, at = NAN;
  event->lambda_beyond = c->next.lambda;
  event->loss_beyond = c->next.loss;
  for (int k = 0; k < ITERATIONS && !tight; k++) {
    share = turning(&low, &high, &t);
    const double before = at;
    at = low.s + share * (high.s - low.s);
    if (fabs(t - last) <= 1e-11 && fabs(at - before) <= 1e-6 * s) {
      at = before; /* c->probe is there */
      there = 1;
      break;
    }
    /* as good as sure to be no fold: refine_split goes on from here */
    if (fabs(t - last) <= 1e-8 && c->next.negative == 0 && transversality(c) < never_a_fold) break;
    last = t;
    RWK_TRY(narrow(c, *kind, at, &low, &high, &side, &tight));
    at = side > 0 ? low.s : high.s; /* of the probe */
  }
  int factored = 0;
  if (!there) RWK_TRY(rwk_tracer_reach_between(c, &c->probe, &c->ends[0], &c->ends[1], at, &factored));
  if (factored < 0 || cosine(c, &c->probe) < 0.5) RWK_TRY(rwk_tracer_reach(c, &c->probe, low.s, &factored));
  if (factored < 0) { /* low.s == 0: it is where we stand */
    rwk_place_copy(&c->probe, &c->here, c->local.n);
    RWK_TRY(rwk_tracer_look(c, &c->probe, &c->here));
  }
  *kind = c->next.negative > 0 || transversality(c) > never_a_fold ? RWK_EVENT_FOLD : RWK_EVENT_BRANCH_POINT;
  if (*kind == RWK_EVENT_BRANCH_POINT) {
    double doubt;
    RWK_TRY(refine_split(c, at, s, 0, &t, &doubt));
    RWK_TRY(rwk_tracer_reach(c, &c->probe, low.s, &factored));
    if (factored < 0) {
      rwk_place_copy(&c->probe, &c->here, c->local.n);
      RWK_TRY(rwk_tracer_look(c, &c->probe, &c->here));
    }
  }
  event->transversality = transversality(c);
  event->lambda = c->lambda_from * exp(t);
  const double reached = c->lambda_from * exp(c->direction > 0 ? fmax(low.t, high.t) : fmin(low.t, high.t)),
               doubt = 2 * fabs(event->lambda - reached) + 1e-9 * event->lambda;
  event->low = c->direction > 0 ? fmin(reached, event->lambda) : event->lambda - doubt;
  event->high = c->direction > 0 ? event->lambda + doubt : fmax(reached, event->lambda);
  return RWK_OK;
}

/* A function of the place goes through zero while the branch goes on. */
static rwk_status locate_zero(rwk_tracer *c, rwk_event_kind kind, double s, rwk_branch_event *event) {
  enum { ITERATIONS = 80 };
  mark low = mark_of(c, kind, &c->here, 0), high = mark_of(c, kind, &c->next, s);
  int side = 0, tight = 0, factored;
  if (!(low.f > 0)) low.f = 1e-300;
  double t = NAN, doubt = NAN, at = NAN, root = NAN;
  /* where the lowest eigenvalue goes through 0 a rough guess is enough for refine_split, most of the time */
  for (int rough = kind == RWK_EVENT_BRANCH_POINT; rough >= 0; rough--) {
    for (int k = 0; k < ITERATIONS && !tight && fabs(high.t - low.t) > 1e-11 && high.f != 0; k++) {
      const double before = root;
      root = (low.s * high.measure - high.s * low.measure) / (high.measure - low.measure);
      if (rough && fabs(root - before) <= 1e-6 * s) break;
      RWK_TRY(narrow(c, kind, NAN, &low, &high, &side, &tight));
    }
    t = high.t;
    doubt = fabs(high.t - low.t);
    at = high.s;
    if (rough && root > low.s && root < high.s) {
      rwk_tracer_between(c, &c->probe, &c->ends[0], &c->ends[1], root);
      t = c->probe.t;
      at = root;
    }
    const double guess = t;
    if (kind == RWK_EVENT_BRANCH_POINT) RWK_TRY(refine_split(c, at, s, 1, &t, &doubt));
    if (kind == RWK_EVENT_BRANCH_POINT && low.s < high.s)
      at += (t - guess) * (high.s - low.s) / (high.t - low.t);
    if (rough && doubt < 1e-8) break;
  }
  /* T7's curvature is a smooth function of t, also where the corrector fails, beside the event itself */
  if (kind == RWK_EVENT_REVIVAL && low.measure > 0 && high.measure < 0)
    t = (low.t * high.measure - high.t * low.measure) / (high.measure - low.measure);
  RWK_TRY(rwk_tracer_reach_between(c, &c->probe, &c->ends[0], &c->ends[1], at, &factored));
  if (kind == RWK_EVENT_REVIVAL && !c->local.flats.way_label[0]) {
    /* just beyond, rounding has brought the unit to life already: who it is can be seen before, and there */
    RWK_TRY(rwk_tracer_reach(c, &c->probe, low.s, &factored));
    if (factored < 0) {
      rwk_place_copy(&c->probe, &c->here, c->local.n);
      RWK_TRY(rwk_tracer_look(c, &c->probe, &c->here));
    }
  }
  event->lambda = c->lambda_from * exp(t);
  event->low = event->lambda * (1 - doubt - 1e-11);
  event->high = event->lambda * (1 + doubt + 1e-11);
  if (kind == RWK_EVENT_BRANCH_POINT) event->transversality = transversality(c);
  return RWK_OK;
}

rwk_status rwk_tracer_locate(rwk_tracer *c, rwk_event_kind *kind, double s, rwk_branch_event *event) {
  const rwk_local *l = &c->local;
  *event = (rwk_branch_event){
      .transversality = NAN, .lambda_beyond = NAN, .loss_beyond = NAN, .bias = NAN, .curvature = NAN};
  rwk_place_copy(&c->ends[0], &c->here, l->n);
  rwk_place_copy(&c->ends[1], &c->next, l->n);
  c->sharp = *kind == RWK_EVENT_FOLD ? RWK_SHARP_FOLD : 1;
  if (*kind == RWK_EVENT_FOLD)
    RWK_TRY(locate_turn(c, kind, s, event));
  else
    RWK_TRY(locate_zero(c, *kind, s, event));
  c->sharp = 0;
  event->kind = *kind;
  event->loss = c->probe.loss;
  event->penalty = l->parts.penalty;
  event->min_eig = c->probe.mu;
  if (*kind == RWK_EVENT_REVIVAL) {
    event->bias = l->flats.way_position;
    event->curvature = fmin(l->flats.curvature, 0); /* it goes through 0 at the event */
    memcpy(event->what, l->flats.way_label, sizeof event->what);
  }
  return RWK_OK;
}
