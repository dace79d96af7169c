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

/* Share of M w that lies along the null vector: 0 at a branch point, not at a fold. */
static double transversality(const rwk_local *l) {
  const double size = rwk_norm(l->n, l->b);
  return size > 0 ? fabs(rwk_dot(l->n, l->phi, l->b)) / size : 0;
}

/* Zero of `measure` on (0, s) by the Illinois rule, bisection where the corrector fails; ends when what is
 * left of the bracket moves lambda by less than a tenth of 1e-9. */
rwk_status rwk_tracer_locate(rwk_tracer *c, rwk_event_kind *kind, double s, rwk_branch_event *event) {
  enum { ITERATIONS = 80 };
  double low = 0, high = s, f_low = measure(c, *kind, &c->here), f_high = measure(c, *kind, &c->next);
  double lambda_low = c->here.lambda, lambda_high = c->next.lambda, most = c->here.lambda;
  double best = NAN; /* arclength of the place in c->probe */
  int side = 0, failures = 0;
  *event = (rwk_branch_event){.lambda_beyond = NAN, .loss_beyond = NAN, .bias = NAN, .curvature = NAN};
  if (*kind == RWK_EVENT_FOLD) {
    event->lambda_beyond = c->next.lambda;
    event->loss_beyond = c->next.loss;
  }
  if (!(f_low > 0)) f_low = 1e-300;
  for (int k = 0; k < ITERATIONS && high - low > 1e-11 * s; k++) {
    double at = (low * f_high - high * f_low) / (f_high - f_low);
    if (!isfinite(at) || at <= low || at >= high || failures) at = 0.5 * (low + high);
    int iterations;
    RWK_TRY(rwk_tracer_reach(c, &c->probe, at, &iterations));
    if (iterations < 0) {
      if (++failures > 12) break;
      high = at; /* nothing can be told of it: stay on the side that is known */
      continue;
    }
    failures = 0;
    best = at;
    const double f = measure(c, *kind, &c->probe);
    if (c->direction * (c->probe.lambda - most) > 0) most = c->probe.lambda;
    if (f > 0) {
      low = at;
      f_low = f;
      lambda_low = c->probe.lambda;
      if (side == 1) f_high *= 0.5;
      side = 1;
    } else {
      high = at;
      f_high = f;
      lambda_high = c->probe.lambda;
      if (side == -1) f_low *= 0.5;
      side = -1;
    }
    const double width =
        *kind == RWK_EVENT_FOLD ? fabs(c->probe.tt) * (high - low) : fabs(log(lambda_high / lambda_low));
    if (f == 0 || (width <= 1e-10 && (*kind != RWK_EVENT_FOLD || fabs(f) < 1e-4))) break;
  }
  if (isnan(best)) { /* the end of what is known */
    rwk_place_copy(&c->probe, &c->here, c->local.n);
    RWK_TRY(rwk_tracer_look(c, &c->probe, &c->here));
  }
  rwk_local *l = &c->local;
  event->transversality = transversality(l);
  if (*kind == RWK_EVENT_FOLD && event->transversality < 1e-4) *kind = RWK_EVENT_BRANCH_POINT;
  event->kind = *kind;
  event->lambda = c->probe.lambda;
  if (*kind == RWK_EVENT_FOLD && c->direction * (most - event->lambda) > 0) event->lambda = most;
  event->low = fmin(fmin(lambda_low, lambda_high), event->lambda);
  event->high = fmax(fmax(lambda_low, lambda_high), event->lambda);
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
