/* How far a step along a branch goes, and whether it is along one curve. */
#include <math.h>
#include "path/branch.h"

/* A change of w by an eighth of its length counts as one of lambda by the factor e: a fold that is far ahead
 * turns the curve slowly then, and all the way. */
static const double share_of_w = 0.125;
static const double angle_wanted = 0.42;

void rwk_tracer_measure(rwk_tracer *c, const double *w) {
  c->extent = sqrt(rwk_dot(c->local.n, w, w) + 1e-2);
  c->scale = share_of_w * c->extent;
}

/* The settings' steps are measured with all of |w|. */
static double from_settings(const rwk_tracer *c, double step) {
  return step / hypot(share_of_w * rwk_tracer_length(c, c->here.tw, 0), c->here.tt);
}

double rwk_tracer_turned(const rwk_tracer *c, const rwk_place *a, const rwk_place *b) {
  return acos(fmax(-1, fmin(1, rwk_tracer_cosine(c, a, b))));
}

/* L must agree with its derivatives at both ends. */
static int loss_agrees(const rwk_place *a, const rwk_place *b, double s) {
  const double change = b->loss - a->loss, trapezoid = 0.5 * s * (a->dloss + b->dloss);
  return fabs(change - trapezoid) <= 0.2 * (fabs(change) + fabs(trapezoid)) + 1e-12 * fabs(a->loss);
}

/* The tangents may not differ by more than some 30 degrees; the chord must have the direction of their mean,
 * up to what is of higher order. */
int rwk_tracer_smooth(const rwk_tracer *c, const rwk_place *a, const rwk_place *b, double s) {
  const size_t n = c->local.n;
  const double over = 1 / (c->scale * c->scale);
  double chord = (b->t - a->t) * (b->t - a->t), mean = (a->tt + b->tt) * (a->tt + b->tt),
         along = (b->t - a->t) * (a->tt + b->tt);
  for (size_t i = 0; i < n; i++) {
    const double d = b->w[i] - a->w[i], m = a->tw[i] + b->tw[i];
    chord += d * d * over;
    mean += m * m * over;
    along += d * m * over;
  }
  if (!(rwk_tracer_cosine(c, a, b) >= 0.85)) return 0;
  if (!(along * along >= (1 - 0.05 * 0.05) * chord * mean)) return 0;
  return loss_agrees(a, b, s);
}

int rwk_tracer_as_said(rwk_tracer *c, const rwk_place *a, const rwk_place *b, const rwk_arc *arc, double s,
                       double first) {
  if (!(first <= 0.03 * s) || !(rwk_tracer_cosine(c, a, b) >= 0.5)) return 0;
  rwk_place said = {.tw = c->x0};
  said.tt = rwk_arc_slope(c, arc, c->x0, s);
  if (!(rwk_tracer_cosine(c, &said, b) >= 0.98 * rwk_tracer_length(c, said.tw, said.tt))) return 0;
  return loss_agrees(a, b, s);
}

double rwk_tracer_first_step(const rwk_tracer *c) {
  const double usual = from_settings(c, c->settings.step);
  if (!c->known) return usual;
  const double third = rwk_tracer_length(c, c->third, c->third_t),
               turn = rwk_tracer_length(c, c->here.kw, c->here.kt),
               good = fmin(0.35 / turn, fmin(cbrt(3e-3 / third), sqrt(0.12 / third)));
  return fmin(fmin(2.5 * usual, from_settings(c, c->settings.step_most)), fmax(0.05 * usual, good));
}

void rwk_tracer_learn(rwk_tracer *c) {
  if (!(c->first > 1e-9) || !(c->contraction > 0)) return;
  c->strength = fmax(c->contraction / c->first, 0.3 * c->strength);
}

/* The angle by which the arc ahead turns on the way to s. */
static double will_turn(rwk_tracer *c, double s) {
  rwk_place said = {.tw = c->x0};
  said.tt = rwk_arc_slope(c, rwk_tracer_ahead(c), c->x0, s);
  const double cosine = rwk_tracer_cosine(c, &said, &c->here) / rwk_tracer_length(c, said.tw, said.tt);
  return acos(fmax(-1, fmin(1, cosine)));
}

/* Just past where the arc ahead turns back, if it does before `most`. At a fold mu goes to 0 like the
 * distance; where the curve is its own mirror image like the square, and the corrector wants to be well past.
 */
static double past_turn(rwk_tracer *c, const rwk_arc *arc, double most, double s) {
  double t;
  if (!(c->direction * rwk_arc_slope(c, arc, c->x0, most) < 0)) return most;
  const double turn = rwk_arc_turning(arc, 0, most, &t), mirror = pow(turn / (turn + s), 1.5);
  c->past = !(fabs(c->here.mu) < mirror * fabs(c->back.mu));
  return turn * (c->past ? 1.08 : 1.6);
}

/* So far that the tangent turns by a certain angle, as it did last time, or more where it turns faster and
 * faster, as before a fold; that the last term of the arc ahead, by which its error is guessed, is what
 * the corrector is good for; and no further than just past where the arc turns back. */
void rwk_tracer_next_step(rwk_tracer *c, double s, double angle) {
  const double contraction = 0.2, share = 0.02, safety = 3;
  const rwk_arc *arc = rwk_tracer_ahead(c);
  const double sharpness = angle / s, growth = c->sharpness > 0 && !isfinite(arc->tail)
                                                   ? fmin(4, fmax(1, sharpness / c->sharpness))
                                                   : 1;
  double next = fmin(3, fmax(0.3, angle_wanted / (angle * growth))) * s;
  c->sharpness = sharpness;
  next = fmin(next, from_settings(c, c->settings.step_most));
  next = fmin(next, fmax(s, 0.7 * c->refused));
  c->refused *= 1.5;
  if (c->known == 2 && !isfinite(arc->tail)) next = fmin(next, s);
  while (next > 0.2 * s && isfinite(arc->tail)) {
    const double error = safety * arc->tail * next * next * next * (next + s) * (next + s);
    if (error <= share * next && error * c->strength <= contraction &&
        will_turn(c, next) <= 1.15 * angle_wanted)
      break;
    next *= 0.9;
  }
  c->past = 0;
  if (c->known == 2 && isfinite(arc->tail)) next = fmin(next, past_turn(c, arc, next, s));
  c->step = next;
}

void rwk_tracer_shorter_step(rwk_tracer *c, double s, int factored) {
  c->refused = s;
  if (factored >= 0)
    c->step = s * fmin(0.5, fmax(0.2, angle_wanted / rwk_tracer_turned(c, &c->here, &c->next)));
  else
    c->step = s * (c->contraction > 0 ? fmin(0.6, fmax(0.3, pow(0.05 / c->contraction, 0.2))) : 0.4);
}

/* T7's curvature is 0 but for rounding where a unit is linear on all rows: that is no way down. */
int rwk_tracer_revived(const rwk_tracer *c) {
  const double rounding = -1e-9 * c->next.lambda;
  return c->here.escape >= rounding && c->next.escape < rounding;
}
