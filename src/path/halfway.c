/* An arc to a place further ahead is the branch where it holds half way. */
#include <math.h>
#include <string.h>
#include "path/branch.h"

rwk_status rwk_tracer_halve(rwk_tracer *c, double *s, int *trusted, int *bent) {
  const size_t n = c->local.n;
  int factored;
  *trusted = 0;
  if (!(c->first <= 0.3 * *s) || !(rwk_tracer_cosine(c, &c->here, &c->next) >= 0.3)) return RWK_OK;
  RWK_TRY(rwk_tracer_curve(c, &c->next, fmin(1e-3, 0.02 * *s), 0));
  rwk_tracer_span(c, &c->inside, &c->here, &c->next);
  const double at = 0.55 * *s, rest = *s - at;
  RWK_TRY(rwk_tracer_reach(c, &c->probe, &c->inside, at, &factored));
  if (factored < 0) return RWK_OK;
  const int holds = rwk_tracer_as_said(c, &c->here, &c->probe, &c->inside, at, c->first) &&
                    rwk_tracer_cosine(c, &c->probe, &c->next) >= 0.5;
  if (!holds && !rwk_tracer_smooth(c, &c->here, &c->probe, at)) return RWK_OK;
  *trusted = 1;
  if (!holds || c->probe.negative > 0 || c->direction * c->probe.tt <= 0) {
    rwk_place_copy(&c->next, &c->probe, n);
    *s = at;
    return RWK_OK;
  }
  RWK_TRY(rwk_branch_add_point(c->branch, &c->probe, -1));
  RWK_TRY(rwk_tracer_curve(c, &c->probe, fmin(1e-3, 0.02 * rest), 0));
  rwk_place_copy(&c->back, &c->here, n);
  rwk_place_copy(&c->here, &c->probe, n);
  rwk_tracer_stand(c, 2);
  *s = rwk_tracer_distance(c, &c->here, &c->next);
  *bent = 1;
  return RWK_OK;
}

/* Half way to c->next, at s, on the curve of degree 4 that has the derivatives at c->here and ends there: the
 * length of Newton's step by the factor of c->here, in s. */
static rwk_status miss_half_way(rwk_tracer *c, double s, double *missed) {
  const size_t n = c->local.n;
  const rwk_arc *arc = rwk_tracer_ahead(c);
  rwk_place *half = &c->probe, *end = &c->ends[0];
  rwk_arc_place(c, arc, end, s);
  rwk_arc_place(c, arc, half, 0.5 * s);
  for (size_t i = 0; i < n; i++) half->w[i] += (c->next.w[i] - end->w[i]) / 16;
  half->t += (c->next.t - end->t) / 16;
  double dt;
  RWK_TRY(rwk_local_evaluate(&c->local, half->w, c->lambda_from * exp(half->t)));
  c->updates.count = 0;
  RWK_TRY(rwk_tracer_newton(c, &c->here, &dt));
  *missed = rwk_tracer_length(c, c->x0, dt) / s;
  return RWK_OK;
}

/* A minimum w_to at lambda_to is known. If the curve from here to there all but holds half way by the factor
 * of c->here, tangent and curvature there are worth a Hessian, and then a place half way to believe it.
 * *reached 0: go step by step. */
static rwk_status go_straight(rwk_tracer *c, const double *w_to, int *reached) {
  const size_t n = c->local.n;
  rwk_place *to = &c->next;
  memcpy(to->w, w_to, n * sizeof *w_to);
  to->t = c->t_to;
  to->lambda = c->lambda_to;
  const double ahead = to->t - c->here.t, s = rwk_tracer_distance(c, &c->here, to);
  const size_t flat = c->local.flats.span.count;
  double missed = INFINITY, slid = 0;
  for (size_t k = 0; k < flat; k++) {
    const rwk_span *u = &c->local.flats.span;
    slid = fmax(slid, fabs(rwk_span_dot(u, k, to->w) - rwk_span_dot(u, k, c->here.w)));
  }
  if (slid > 1e-6) return RWK_OK; /* as a bias does before its unit comes to life */
  if (c->known == 1 && s > 0 && fabs(s * c->here.tt - ahead) <= 0.4 * fabs(ahead))
    RWK_TRY(miss_half_way(c, s, &missed));
  if (!(missed <= 0.02)) return RWK_OK;
  int factored;
  c->chord = rwk_local_serves(&c->local);
  RWK_TRY(rwk_tracer_correct(c, to, NULL, 0.03 * s, &factored));
  if (factored < 0) return RWK_OK;
  RWK_TRY(rwk_tracer_tidy(c, to, 1e-8));
  RWK_TRY(rwk_tracer_look(c, to, NULL));
  if (to->negative > 0 || c->direction * to->tt <= 0 || !(rwk_tracer_cosine(c, &c->here, to) >= 0.5))
    return RWK_OK;
  if (rwk_tracer_revived(c) || c->local.flats.span.count != flat)
    return RWK_OK; /* a unit has come to life, or died */
  RWK_TRY(rwk_tracer_curve(c, to, 1e-3, 0));
  rwk_tracer_span(c, &c->inside, &c->here, to);
  RWK_TRY(rwk_tracer_reach(c, &c->probe, &c->inside, 0.5 * s, &factored));
  if (factored < 0 || c->probe.negative > 0 || c->direction * c->probe.tt <= 0) return RWK_OK;
  if (!rwk_tracer_as_said(c, &c->here, &c->probe, &c->inside, 0.5 * s, c->first)) return RWK_OK;
  RWK_TRY(rwk_branch_add_point(c->branch, &c->probe, -1));
  RWK_TRY(rwk_branch_add_point(c->branch, to, (int64_t)c->branch->event_count));
  rwk_place_copy(&c->here, to, n);
  *reached = 1;
  return RWK_OK;
}

rwk_status rwk_tracer_straight(rwk_tracer *c, const double *w_to, int *reached) {
  double *phi = c->ends[1].w;
  memcpy(phi, c->local.phi, c->local.n * sizeof *phi);
  RWK_TRY(go_straight(c, w_to, reached));
  c->chord = c->beside = 0;
  if (*reached) return RWK_OK;
  memcpy(c->local.phi, phi, c->local.n * sizeof *phi);
  RWK_TRY(rwk_local_evaluate(&c->local, c->here.w, c->here.lambda));
  return rwk_local_flats(&c->local, c->here.w);
}
