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

/* One end of a bracket: a corrected place in the hyperplane at distance s from c->here along its tangent; tt
 * is dt/ds, by s and not by the arclength of the curve. */
typedef struct mark {
  double s, t, tt, f;
  int64_t negative;
} mark;

static double cosine(const rwk_tracer *c, const rwk_place *p) {
  return rwk_dot(c->local.n, p->tw, c->here.tw) / (c->scale * c->scale) + p->tt * c->here.tt;
}

static mark mark_of(const rwk_tracer *c, rwk_event_kind kind, const rwk_place *p, double s) {
  return (mark){
      .s = s, .t = p->t, .tt = p->tt / cosine(c, p), .f = measure(c, kind, p), .negative = p->negative};
}

/* Where the cubic through both ends with their slopes turns: share of the way from a to b, and t there. */
static double turning(const mark *a, const mark *b, double *t) {
  const double h = b->s - a->s, m0 = a->tt * h, m1 = b->tt * h, rise = b->t - a->t;
  const double c2 = 3 * rise - 2 * m0 - m1, c3 = m0 + m1 - 2 * rise; /* t = t0 + m0 x + c2 x^2 + c3 x^3 */
  const double root = sqrt(fmax(0, c2 * c2 - 3 * c3 * m0));
  double x = m0 / (-c2 + (c2 < 0 ? root : -root)); /* the root of the derivative that stays small */
  if (!(x > 0 && x < 1)) x = a->f / (a->f - b->f);
  *t = a->t + x * (m0 + x * (c2 + x * c3));
  return x;
}

/* The probe at arclength `at`; *ok: it converged, and not on a branch that crosses this one. */
static rwk_status probe(rwk_tracer *c, double at, int *ok) {
  int factored;
  RWK_TRY(rwk_tracer_reach(c, &c->probe, at, &factored));
  *ok = factored >= 0 && cosine(c, &c->probe) >= 0.5;
  return RWK_OK;
}

/* Narrows [low, high]: Illinois, and off the middle where the corrector fails, as it does in the immediate
 * vicinity of a branch point. *tight: nothing more is to be gained. */
static rwk_status narrow(rwk_tracer *c, rwk_event_kind kind, mark *low, mark *high, int *side, int *tight) {
  static const double shares[] = {0, 0.5, 0.25, 0.75, 0.1, 0.9};
  *tight = 1;
  for (size_t k = 0; k < sizeof shares / sizeof *shares; k++) {
    double at = low->s + shares[k] * (high->s - low->s);
    if (k == 0) at = (low->s * high->f - high->s * low->f) / (high->f - low->f);
    if (!(at > low->s && at < high->s)) continue;
    int ok;
    RWK_TRY(probe(c, at, &ok));
    if (!ok) continue;
    const mark m = mark_of(c, kind, &c->probe, at);
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

/* Very close to a branch point places are less well known than further off, as their t is found by dividing
 * by their small distance. Brackets around it, each a third of the one before, give values with an error of
 * h^4; extrapolated, they overrule the one at hand where it does not agree. */
static rwk_status refine_split(rwk_tracer *c, double at, double s, double *t) {
  double found[2] = {NAN, NAN}; /* the last two */
  for (double h = 0.3 * s; h > 0.003 * s; h /= 3) {
    mark side[2] = {{0}};
    int ok = at - h > 0;
    for (int k = 0; k < 2 && ok; k++) {
      const double there = k ? at + h : at - h;
      RWK_TRY(probe(c, there, &ok));
      side[k] = mark_of(c, RWK_EVENT_FOLD, &c->probe, there);
    }
    if (!ok || !(side[0].f > 0) || side[1].f > 0) continue;
    found[0] = found[1];
    turning(&side[0], &side[1], &found[1]);
  }
  const double change = found[1] - found[0], limit = found[1] + change / 80;
  if (fabs(*t - limit) > fabs(change) / 20 + 1e-12) *t = limit;
  return RWK_OK;
}

/* The trace turns: at a fold, where mu changes its sign, or into its own mirror image, where it does not. */
static rwk_status locate_turn(rwk_tracer *c, rwk_event_kind *kind, double s, rwk_branch_event *event) {
  enum { ITERATIONS = 60 };
  mark low = mark_of(c, *kind, &c->here, 0), high = mark_of(c, *kind, &c->next, s);
  int side = 0, tight = 0;
  double t = 0, last = NAN, share = 0;
  event->lambda_beyond = c->next.lambda;
  event->loss_beyond = c->next.loss;
  for (int k = 0; k < ITERATIONS && !tight; k++) {
    share = turning(&low, &high, &t);
    if (fabs(t - last) <= 1e-11 && high.s - low.s < 0.02 * s) break;
    last = t;
    RWK_TRY(narrow(c, *kind, &low, &high, &side, &tight));
  }
  const double at = low.s + share * (high.s - low.s);
  int factored;
  RWK_TRY(rwk_tracer_reach(c, &c->probe, at, &factored));
  if (factored < 0 || cosine(c, &c->probe) < 0.5) RWK_TRY(rwk_tracer_reach(c, &c->probe, low.s, &factored));
  if (factored < 0) { /* low.s == 0: it is where we stand */
    rwk_place_copy(&c->probe, &c->here, c->local.n);
    RWK_TRY(rwk_tracer_look(c, &c->probe, &c->here));
  }
  *kind = c->next.negative > 0 || transversality(c) > 1e-3 ? RWK_EVENT_FOLD : RWK_EVENT_BRANCH_POINT;
  if (*kind == RWK_EVENT_BRANCH_POINT) {
    RWK_TRY(refine_split(c, at, s, &t));
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
  for (int k = 0; k < ITERATIONS && !tight && fabs(high.t - low.t) > 1e-11 && high.f != 0; k++)
    RWK_TRY(narrow(c, kind, &low, &high, &side, &tight));
  RWK_TRY(rwk_tracer_reach(c, &c->probe, high.s, &factored));
  event->lambda = c->lambda_from * exp(high.t);
  event->low = c->lambda_from * exp(fmin(low.t, high.t));
  event->high = c->lambda_from * exp(fmax(low.t, high.t));
  if (kind == RWK_EVENT_BRANCH_POINT) event->transversality = transversality(c);
  return RWK_OK;
}

rwk_status rwk_tracer_locate(rwk_tracer *c, rwk_event_kind *kind, double s, rwk_branch_event *event) {
  const rwk_local *l = &c->local;
  *event = (rwk_branch_event){
      .transversality = NAN, .lambda_beyond = NAN, .loss_beyond = NAN, .bias = NAN, .curvature = NAN};
  c->sharp = 1;
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
    event->curvature = l->flats.curvature;
    memcpy(event->what, l->flats.way_label, sizeof event->what);
  }
  return RWK_OK;
}
