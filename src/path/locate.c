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
  const double size = fmax(rwk_norm(l->n, l->b), 2 * c->probe.lambda * c->extent);
  return size > 0 ? fabs(rwk_dot(l->n, l->phi, l->b)) / size : 0;
}

/* Below this share of M w a turn is at a branch point. */
static const double never_a_fold = 1e-3;

/* One end of a bracket: a corrected place in the hyperplane at distance s from c->here along its tangent. */
typedef struct mark {
  double s, t;
  double f;       /* the measure, which the Illinois rule halves at an end that stays */
  double measure; /* as it is */
} mark;

static mark mark_of(const rwk_tracer *c, rwk_event_kind kind, const rwk_place *p, double s) {
  const double f = measure(c, kind, p);
  return (mark){.s = s, .t = p->t, .f = f, .measure = f};
}

/* The arc inside, between c->here and c->next. */
static void bracket(rwk_tracer *c) {
  rwk_place_copy(&c->ends[0], &c->here, c->local.n);
  rwk_place_copy(&c->ends[1], &c->next, c->local.n);
  rwk_tracer_span(c, &c->inside, &c->ends[0], &c->ends[1]);
}

/* The probe at arclength `at`, predicted by the arc inside; *ok: it converged, and not on a branch that
 * crosses this one. The factor at hand is from close by. */
static rwk_status probe(rwk_tracer *c, double at, int *ok) {
  int factored;
  c->chord = rwk_local_serves(&c->local);
  RWK_TRY(rwk_tracer_reach(c, &c->probe, &c->inside, at, &factored));
  *ok = factored >= 0 && rwk_tracer_cosine(c, &c->probe, &c->here) >= 0.5;
  return RWK_OK;
}

/* The probe where we stand, should all else fail. */
static rwk_status probe_here(rwk_tracer *c) {
  rwk_place_copy(&c->probe, &c->here, c->local.n);
  c->current = 0;
  return rwk_tracer_look(c, &c->probe, &c->here);
}

/* The probe on the arc inside, as it is: beside a branch point the arc knows better where that is than the
 * corrector does. */
static rwk_status probe_arc(rwk_tracer *c, double at) {
  rwk_arc_place(c, &c->inside, &c->probe, at);
  c->current = c->beside = 0;
  return rwk_tracer_look(c, &c->probe, &c->here);
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
    const mark m = mark_of(c, kind, &c->probe, at);
    /* beside a branch point a place is less well known than between two that are further off */
    if (kind == RWK_EVENT_FOLD && transversality(c) > never_a_fold) {
      RWK_TRY(rwk_tracer_curve(c, &c->probe, fmin(1e-3, 0.02 * (high->s - low->s)), 0));
      rwk_place_copy(&c->ends[m.f > 0 ? 0 : 1], &c->probe, c->local.n);
      rwk_tracer_span(c, &c->inside, &c->ends[0], &c->ends[1]);
    }
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
 * Where two orders agree to 1e-8 they overrule the value at hand; *doubt is by how much they differ. Where it
 * goes on c->ends are the closest of those places. */
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
      c->probe.curved = 0; /* close together, the cubic is good */
      if (goes_on) rwk_place_copy(&c->ends[side], &c->probe, c->local.n);
      if (count < high) continue;
      const double now = extrapolate(mu + count - high, place + count - high, high),
                   change = fabs(now - extrapolate(mu + count - low, place + count - low, low));
      if (!(change < *doubt) || !(fabs(now - guess) < 1e-3)) continue;
      *doubt = change;
      *t = now;
      if (change < 1e-10) return RWK_OK;
    }
  return RWK_OK;
}

static void bracket_turn(const rwk_tracer *c, const mark *low, const mark *high, double t,
                         rwk_branch_event *event) {
  event->lambda = c->lambda_from * exp(t);
  const double reached =
                   c->lambda_from * exp(c->direction > 0 ? fmax(low->t, high->t) : fmin(low->t, high->t)),
               doubt = 2 * fabs(event->lambda - reached) + 1e-9 * event->lambda;
  event->low = c->direction > 0 ? fmin(reached, event->lambda) : event->lambda - doubt;
  event->high = c->direction > 0 ? event->lambda + doubt : fmax(reached, event->lambda);
}

/* The trace turns into its own mirror image, about a place where the corrector is in trouble and the curve is
 * as smooth as elsewhere: the arc knows where t turns, the better the closer its ends. *found 0: it is not as
 * simple as that. */
static rwk_status locate_mirror(rwk_tracer *c, double s, rwk_branch_event *event, int *found) {
  enum { ROUNDS = 3 };
  mark ends[2] = {mark_of(c, RWK_EVENT_FOLD, &c->here, 0), mark_of(c, RWK_EVENT_FOLD, &c->next, s)};
  double t, at = rwk_arc_turning(&c->inside, 0, s, &t);
  *found = 0;
  for (int k = 0; k < ROUNDS && !*found; k++) {
    const double width = ends[1].s - ends[0].s, d = 0.08 * width, last = t;
    for (int e = 0; e < 2; e++) {
      const double there = e ? fmin(at + d, ends[1].s) : fmax(at - d, ends[0].s);
      if (there == ends[e].s) continue;
      int factored;
      RWK_TRY(rwk_tracer_reach(c, &c->probe, &c->inside, there, &factored));
      if (factored < 0 || !(c->first <= 0.03 * width)) return RWK_OK;
      RWK_TRY(rwk_tracer_curve(c, &c->probe, fmin(1e-3, 0.02 * d), 0));
      ends[e] = mark_of(c, RWK_EVENT_FOLD, &c->probe, there);
      if (!(e ? ends[e].f < 0 : ends[e].f > 0)) return RWK_OK;
      rwk_place_copy(&c->ends[e], &c->probe, c->local.n);
    }
    rwk_tracer_span(c, &c->inside, &c->ends[0], &c->ends[1]);
    at = rwk_arc_turning(&c->inside, ends[0].s, ends[1].s, &t);
    const double ratio = (ends[1].s - ends[0].s) / width; /* the error goes like its power 6 */
    *found = fabs(t - last) * ratio * ratio * ratio * ratio <= 1e-9;
  }
  if (!*found) return RWK_OK;
  RWK_TRY(probe_arc(c, at));
  event->transversality = transversality(c);
  *found = event->transversality < never_a_fold;
  bracket_turn(c, &ends[0], &ends[1], t, event);
  return RWK_OK;
}

/* The trace turns: at a fold, where mu changes its sign, or into its own mirror image, where it does not. */
static rwk_status locate_turn(rwk_tracer *c, rwk_event_kind *kind, double s, rwk_branch_event *event) {
  enum { ITERATIONS = 60 };
  mark low = mark_of(c, *kind, &c->here, 0), high = mark_of(c, *kind, &c->next, s);
  int side = 0, tight = 0, there = 0;
  double t = 0, last = NAN, at = NAN;
  event->lambda_beyond = c->next.lambda;
  event->loss_beyond = c->next.loss;
  if (c->next.negative == 0) {
    int found;
    RWK_TRY(locate_mirror(c, s, event, &found));
    *kind = RWK_EVENT_BRANCH_POINT;
    if (found) return RWK_OK;
    *kind = RWK_EVENT_FOLD;
    bracket(c);
  }
  for (int k = 0; k < ITERATIONS && !tight; k++) {
    const double before = at;
    at = rwk_arc_turning(&c->inside, low.s, high.s, &t);
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
  int ok = 1;
  if (!there) RWK_TRY(probe(c, at, &ok));
  if (!ok) RWK_TRY(probe(c, low.s, &ok));
  if (!ok) RWK_TRY(probe_here(c)); /* low.s == 0 */
  *kind = c->next.negative > 0 || transversality(c) > never_a_fold ? RWK_EVENT_FOLD : RWK_EVENT_BRANCH_POINT;
  if (*kind == RWK_EVENT_BRANCH_POINT) {
    double doubt;
    RWK_TRY(refine_split(c, at, s, 0, &t, &doubt));
    RWK_TRY(probe(c, low.s, &ok));
    if (!ok) RWK_TRY(probe_here(c));
  }
  event->transversality = transversality(c);
  bracket_turn(c, &low, &high, t, event);
  return RWK_OK;
}

/* As refine_split, by places before the branch point alone, where the branch is one of minima: each a part of
 * the way on to where mu will be 0 by those before. *found 0: that does not settle. */
static rwk_status approach_split(rwk_tracer *c, double s, double *at, double *t, double *doubt, int *found) {
  enum { PLACES = 9, MOST = 5 };
  double mu[PLACES] = {fabs(c->here.mu)}, time[PLACES] = {c->here.t}, place[PLACES] = {0};
  size_t count = 1;
  *found = 0;
  *at = s * mu[0] / (mu[0] + fabs(c->next.mu));
  while (count < PLACES) {
    const double there = place[count - 1] + 0.6 * (*at - place[count - 1]);
    int ok;
    if (count > 1) c->local.mu *= 0.4; /* as it will be there */
    RWK_TRY(probe(c, there, &ok));
    if (!ok || c->probe.negative > 0 || !(c->probe.mu < mu[count - 1])) return RWK_OK;
    mu[count] = c->probe.mu;
    time[count] = c->probe.t;
    place[count++] = there;
    const size_t take = count < MOST ? count : MOST, from = count - take;
    *at = extrapolate(mu + from, place + from, take);
    if (!(*at > there && *at < s)) return RWK_OK;
    if (count < MOST) continue;
    *t = extrapolate(mu + from, time + from, take);
    *doubt = fabs(*t - extrapolate(mu + from + 1, time + from + 1, take - 1));
    if (!(*doubt < 1e-9)) continue;
    *found = 1;
    RWK_TRY(rwk_tracer_curve(c, &c->probe, fmin(1e-3, 0.02 * (s - there)), 0));
    rwk_place_copy(&c->ends[0], &c->probe, c->local.n);
    rwk_tracer_span(c, &c->inside, &c->ends[0], &c->ends[1]);
    return RWK_OK;
  }
  return RWK_OK;
}

/* Is mu of the probe, at t, so small that its zero can be no further than 1e-8? */
static int is_zero(const rwk_tracer *c, double t) {
  return fabs(c->probe.mu * (t - c->here.t)) <= 1e-8 * fabs(c->here.mu);
}

/* The same from both sides, where the lowest eigenvalue before is not the one that goes through 0. */
static rwk_status corner_split(rwk_tracer *c, double s, double *at, double *t, double *doubt) {
  enum { ITERATIONS = 80 };
  const rwk_event_kind kind = RWK_EVENT_BRANCH_POINT;
  mark low = mark_of(c, kind, &c->here, 0), high = mark_of(c, kind, &c->next, s);
  int side = 0, tight = 0, ok;
  if (!(low.f > 0)) low.f = 1e-300;
  double root = NAN;
  /* a rough guess is enough for refine_split, most of the time */
  for (int rough = 1; rough >= 0; rough--) {
    for (int k = 0; k < ITERATIONS && !tight && fabs(high.t - low.t) > 1e-11 && high.f != 0; k++) {
      const double before = root;
      root = (low.s * high.measure - high.s * low.measure) / (high.measure - low.measure);
      if (rough && fabs(root - before) <= 5e-3 * s) break;
      RWK_TRY(narrow(c, kind, NAN, &low, &high, &side, &tight));
    }
    *t = high.t;
    *doubt = fabs(high.t - low.t);
    *at = high.s;
    if (rough && root > low.s && root < high.s) {
      rwk_arc_place(c, &c->inside, &c->probe, root);
      *t = c->probe.t;
      *at = root;
    }
    const double guess = *t;
    RWK_TRY(refine_split(c, *at, s, 1, t, doubt));
    if (low.s < high.s) *at += (*t - guess) * (high.s - low.s) / (high.t - low.t);
    if (rough && *doubt < 1e-8) break;
  }
  if (!(*doubt < 1e-8)) return probe(c, *at, &ok);
  rwk_tracer_span(c, &c->inside, &c->ends[0], &c->ends[1]);
  return probe_arc(c, *at);
}

/* The lowest eigenvalue goes through 0 while the branch goes on. */
static rwk_status locate_split(rwk_tracer *c, double s, rwk_branch_event *event) {
  double t, doubt, at;
  int found;
  RWK_TRY(approach_split(c, s, &at, &t, &doubt, &found));
  if (found) {
    RWK_TRY(probe_arc(c, at));
    found = is_zero(c, t);
  }
  if (!found) {
    bracket(c);
    RWK_TRY(corner_split(c, s, &at, &t, &doubt));
  }
  event->lambda = c->lambda_from * exp(t);
  event->low = event->lambda * (1 - doubt - 1e-11);
  event->high = event->lambda * (1 + doubt + 1e-11);
  event->transversality = transversality(c);
  return RWK_OK;
}

/* T7's curvature goes through 0. It is a smooth function of t, also where the corrector fails, beside the
 * event itself, so that the secant through the ends of the bracket finds t. */
static rwk_status locate_revival(rwk_tracer *c, double s, rwk_branch_event *event) {
  enum { ITERATIONS = 80 };
  const rwk_event_kind kind = RWK_EVENT_REVIVAL;
  mark low = mark_of(c, kind, &c->here, 0), high = mark_of(c, kind, &c->next, s);
  int side = 0, tight = 0, ok = 1;
  if (!(low.f > 0)) low.f = 1e-300;
  double t = high.t, doubt = fabs(high.t - low.t);
  for (int k = 0; k < ITERATIONS && !tight && doubt > 1e-11 && high.f != 0; k++) {
    const double last = t;
    RWK_TRY(narrow(c, kind, NAN, &low, &high, &side, &tight));
    t = low.measure > 0 && high.measure < 0
            ? (low.t * high.measure - high.t * low.measure) / (high.measure - low.measure)
            : high.t;
    doubt = fmin(fabs(t - last), fabs(high.t - low.t));
  }
  if (tight) RWK_TRY(probe(c, high.s, &ok));
  if (!c->local.flats.way_label[0]) {
    /* just beyond, rounding has brought the unit to life already: who it is can be seen before, and there */
    RWK_TRY(probe(c, low.s, &ok));
    if (!ok) RWK_TRY(probe_here(c));
  }
  event->lambda = c->lambda_from * exp(t);
  event->low = event->lambda * (1 - doubt - 1e-11);
  event->high = event->lambda * (1 + doubt + 1e-11);
  return RWK_OK;
}

rwk_status rwk_tracer_locate(rwk_tracer *c, rwk_event_kind *kind, double s, rwk_branch_event *event) {
  const rwk_local *l = &c->local;
  *event = (rwk_branch_event){
      .transversality = NAN, .lambda_beyond = NAN, .loss_beyond = NAN, .bias = NAN, .curvature = NAN};
  bracket(c);
  c->sharp = *kind == RWK_EVENT_FOLD ? RWK_SHARP_FOLD : 1;
  if (*kind == RWK_EVENT_FOLD)
    RWK_TRY(locate_turn(c, kind, s, event));
  else if (*kind == RWK_EVENT_REVIVAL)
    RWK_TRY(locate_revival(c, s, event));
  else
    RWK_TRY(locate_split(c, s, event));
  c->sharp = 0;
  event->kind = *kind;
  event->loss = c->probe.loss;
  event->penalty = c->probe.penalty;
  event->min_eig = c->probe.mu;
  if (*kind == RWK_EVENT_REVIVAL) {
    event->bias = l->flats.way_position;
    event->curvature = fmin(l->flats.curvature, 0); /* it goes through 0 at the event */
    memcpy(event->what, l->flats.way_label, sizeof event->what);
  }
  return RWK_OK;
}
