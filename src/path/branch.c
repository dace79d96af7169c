#include <math.h>
#include <stdio.h>
#include <string.h>
#include "path/branch.h"

static const char *const event_names[] = {
#define RWK_X(symbol, name, meaning) name,
    RWK_EVENT_LIST(RWK_X)
#undef RWK_X
};

const char *rwk_event_name(rwk_event_kind kind) {
  return (unsigned)kind < sizeof event_names / sizeof *event_names ? event_names[kind] : "?";
}

void rwk_branch_settings_init(rwk_branch_settings *settings) {
  *settings = (rwk_branch_settings){.size = sizeof *settings,
                                    .algebra = RWK_ALGEBRA_AUTO,
                                    .dense_limit = 2500,
                                    .grad_tol = 1e-10,
                                    .step = 0.1,
                                    .step_most = 0.5,
                                    .step_least = 1e-10,
                                    .points = 2000};
}

static rwk_status check(rwk_context *ctx, double from, double to, const rwk_branch_settings *s) {
  if (s->size != sizeof *s)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "branch settings: call rwk_branch_settings_init first");
  if (!(from > 0) || !(to > 0) || !isfinite(from) || !isfinite(to) || from == to)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT,
                    "lambda: a branch goes between two penalties, not from %g to %g", from, to);
  if (!(s->grad_tol > 0) || !(s->step > 0) || !(s->step_most >= s->step) || !(s->step_least > 0) ||
      s->points < 1 || s->beyond < 0)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT,
                    "branch settings: tolerances, steps and points must be positive");
  return RWK_OK;
}

static double *copy_of(rwk_context *ctx, const double *w, size_t n) {
  double *copy = rwk_alloc_doubles(ctx, n);
  if (copy) memcpy(copy, w, n * sizeof *copy);
  return copy;
}

rwk_status rwk_branch_add_point(rwk_branch *b, const rwk_place *p, int64_t event) {
  RWK_TRY(rwk_grow(b->ctx, &b->points, &b->capacity, b->count + 1, sizeof *b->points));
  const double *w = copy_of(b->ctx, p->w, b->dim);
  if (!w) return rwk_fail_memory(b->ctx, "a point of a branch");
  b->points[b->count++] = (rwk_branch_point){.lambda = p->lambda,
                                             .loss = p->loss,
                                             .penalty = p->penalty,
                                             .objective = p->loss + p->lambda * p->penalty,
                                             .grad_inf = p->grad_inf,
                                             .min_eig = p->mu,
                                             .slope = p->dloss / p->tt / p->lambda, /* dL/ds : dlambda/ds */
                                             .event = event,
                                             .w = w};
  return RWK_OK;
}

rwk_status rwk_branch_add_event(rwk_branch *b, const rwk_branch_event *event, const double *w,
                                const double *null_vector) {
  RWK_TRY(rwk_grow(b->ctx, &b->events, &b->event_capacity, b->event_count + 1, sizeof *b->events));
  rwk_branch_event *e = &b->events[b->event_count];
  *e = *event;
  e->null_vector = NULL;
  e->w = copy_of(b->ctx, w, b->dim);
  if (!e->w) return rwk_fail_memory(b->ctx, "an event of a branch");
  b->event_count++;
  if (!null_vector) return RWK_OK;
  e->null_vector = copy_of(b->ctx, null_vector, b->dim);
  return e->null_vector ? RWK_OK : rwk_fail_memory(b->ctx, "an event of a branch");
}

/* An event at c->here. */
static rwk_branch_event event_here(const rwk_tracer *c, rwk_event_kind kind) {
  return (rwk_branch_event){.kind = kind,
                            .lambda = c->here.lambda,
                            .low = c->here.lambda,
                            .high = c->here.lambda,
                            .loss = c->here.loss,
                            .penalty = c->here.penalty,
                            .min_eig = c->here.mu,
                            .transversality = NAN,
                            .lambda_beyond = NAN,
                            .loss_beyond = NAN,
                            .bias = NAN,
                            .curvature = NAN};
}

/* The end of the trace, where c->here is. */
static rwk_status end_here(rwk_tracer *c, rwk_event_kind kind) {
  rwk_branch_event e = event_here(c, kind);
  e.low = fmin(c->here.lambda, c->next.lambda);
  e.high = fmax(c->here.lambda, c->next.lambda);
  return rwk_branch_add_event(c->branch, &e, c->here.w, NULL);
}

/* The step was refused for good: is it a kink that is in the way? */
static rwk_status give_up(rwk_tracer *c) {
  const rwk_problem *p = c->local.o.problem;
  rwk_kinks kinks = {.nearest = INFINITY};
  if (p->ops.kinks) RWK_TRY(p->ops.kinks(&kinks, c->here.w, 1e-6, c->local.o.work, p->self));
  return end_here(c, kinks.count > 0 ? RWK_EVENT_KINK : RWK_EVENT_BUDGET);
}

/* Sets c->scale and the tangent at c->here; lambda and w are there. */
static rwk_status stand(rwk_tracer *c, const rwk_place *before) {
  rwk_tracer_measure(c, c->here.w);
  RWK_TRY(rwk_tracer_look(c, &c->here, before));
  c->refused = INFINITY;
  c->sharpness = 0;
  c->strength = 0;
  c->past = 0;
  rwk_tracer_stand(c, 0);
  if (c->here.negative == 0) {
    RWK_TRY(rwk_tracer_curve(c, &c->here, 1e-3, 1));
    rwk_tracer_stand(c, c->here.curved);
  }
  c->step = rwk_tracer_first_step(c);
  c->chord = 0;
  return RWK_OK;
}

/* Brings c->here to its penalty's critical point, parts that are as good as off switched off. Sharply where H
 * is all but singular: there a small gradient alone leaves w open. */
static rwk_status settle_here(rwk_tracer *c, double most, int sharp, int *factored) {
  c->sharp = sharp;
  const rwk_status status = rwk_tracer_correct(c, &c->here, NULL, most, factored);
  c->sharp = 0;
  if (status != RWK_OK || *factored < 0) return status;
  RWK_TRY(rwk_tracer_tidy(c, &c->here, 1e-7));
  return rwk_tracer_correct(c, &c->here, NULL, most, factored);
}

/* At a point where the branch meets one of higher symmetry (a unit has died, two have become one) that one
 * goes on, and where it is a minimum it is the same valley. The point is at penalty `at`, c->probe close to
 * it; *taken 1: c->here is on the other branch, a little further, and c->probe on it too. */
static rwk_status change_branch(rwk_tracer *c, double at, int *taken) {
  rwk_local *l = &c->local;
  const size_t n = l->n;
  *taken = 0;
  const double loss = c->probe.loss, length = rwk_norm(n, c->probe.w);
  double *from = rwk_alloc_doubles(l->ctx, n);
  if (!from) return rwk_fail_memory(l->ctx, "continuation");
  memcpy(from, c->probe.w, n * sizeof *from);
  rwk_status status = RWK_OK;
  for (double ahead = 1e-6; ahead < 2e-3 && !*taken && status == RWK_OK; ahead *= 10) {
    int factored = -1;
    memcpy(c->here.w, from, n * sizeof *from);
    status = rwk_tracer_tidy(c, &c->here, 3 * sqrt(ahead) * (1 + length) / sqrt((double)n));
    if (status != RWK_OK) break;
    c->here.t = log(at / c->lambda_from) + c->direction * ahead;
    c->here.lambda = c->lambda_from * exp(c->here.t);
    status = settle_here(c, 0.8, 1, &factored);
    if (status != RWK_OK || factored < 0) continue;
    double moved = 0;
    for (size_t i = 0; i < n; i++) moved += (c->here.w[i] - from[i]) * (c->here.w[i] - from[i]);
    if (!(sqrt(moved) <= 30 * sqrt(ahead) * (1 + length))) continue;
    status = stand(c, NULL);
    if (status == RWK_OK)
      *taken = c->here.negative == 0 && c->direction * c->here.tt > 0 &&
               fabs(c->here.loss - loss) <= 0.01 * fabs(loss) + 1e-9;
  }
  rwk_free_doubles(l->ctx, from);
  return status;
}

/* Past a fold, for those who want to see the saddles' side. c->here is before it, c->next behind. */
static rwk_status look_beyond(rwk_tracer *c, double s) {
  for (int k = 0; k < c->settings.beyond; k++) {
    if (k > 0) {
      int factored;
      RWK_TRY(rwk_tracer_reach(c, &c->next, rwk_tracer_ahead(c), s, &factored));
      if (factored < 0 || !rwk_tracer_smooth(c, &c->here, &c->next, s)) {
        s *= 0.3;
        if (s < 1e-6) return RWK_OK;
        continue;
      }
    } else {
      int factored; /* the local algebra has moved on to the fold: come back */
      RWK_TRY(rwk_tracer_reach(c, &c->next, rwk_tracer_ahead(c), s, &factored));
      if (factored < 0) return RWK_OK;
    }
    RWK_TRY(rwk_branch_add_point(c->branch, &c->next, -1));
    rwk_place_copy(&c->here, &c->next, c->local.n);
    rwk_tracer_stand(c, 0);
  }
  return RWK_OK;
}

/* What lies between c->here and c->next, if anything: *found. */
static int passed_event(const rwk_tracer *c, rwk_event_kind *kind) {
  if (rwk_tracer_revived(c)) {
    *kind = RWK_EVENT_REVIVAL;
    return 1;
  }
  if (c->direction * c->next.tt <= 0) {
    *kind = RWK_EVENT_FOLD; /* or a branch that is left sideways: locate tells */
    return 1;
  }
  if (c->next.negative > 0) {
    *kind = RWK_EVENT_BRANCH_POINT;
    return 1;
  }
  return 0;
}

/* *done: the trace has ended. */
static rwk_status meet(rwk_tracer *c, rwk_event_kind kind, double s, int *done) {
  rwk_branch_event event;
  int turned = kind == RWK_EVENT_FOLD;
  RWK_TRY(rwk_tracer_locate(c, &kind, s, &event));
  /* The smallest eigenvalue goes to 0 at a fold or branch point; where it jumps across, so did the step. */
  const double mu =
      turned && kind == RWK_EVENT_BRANCH_POINT ? fmax(fabs(c->here.mu), fabs(c->next.mu)) : fabs(c->here.mu);
  if (kind != RWK_EVENT_REVIVAL && !(fabs(event.min_eig) <= 0.02 * mu) && s > 1e3 * c->settings.step_least) {
    c->step = 0.25 * s;
    return RWK_OK;
  }
  if (c->direction * (event.lambda - c->lambda_to) > 0) { /* the end comes first */
    c->step = 0.5 * s;
    return RWK_OK;
  }
  *done = 1;
  if (turned && kind == RWK_EVENT_BRANCH_POINT) {
    int taken;
    const double lambda = event.lambda;
    double *null_vector = copy_of(c->branch->ctx, c->local.phi, c->local.n);
    rwk_status status = null_vector ? RWK_OK : rwk_fail_memory(c->branch->ctx, "continuation");
    if (status == RWK_OK) status = change_branch(c, event.lambda, &taken);
    if (status == RWK_OK) {
      if (taken && c->direction * (c->lambda_to - lambda) > 0) {
        event.kind = RWK_EVENT_MERGE;
        *done = 0;
      }
      status = rwk_branch_add_event(c->branch, &event, c->probe.w, null_vector);
      if (status == RWK_OK && !*done) status = rwk_branch_add_point(c->branch, &c->here, -1);
    }
    rwk_free_doubles(c->branch->ctx, null_vector);
    return status;
  }
  RWK_TRY(rwk_branch_add_point(c->branch, &c->probe, (int64_t)c->branch->event_count));
  RWK_TRY(
      rwk_branch_add_event(c->branch, &event, c->probe.w, kind == RWK_EVENT_REVIVAL ? NULL : c->local.phi));
  if (kind == RWK_EVENT_FOLD && c->settings.beyond) return look_beyond(c, s);
  return RWK_OK;
}

/* Steps have shrunk to nothing. Where several eigenvalues go to 0 at once, as where all units of a network
 * die, that is a branch point of higher order: the branch beyond is taken up where there is one. */
static rwk_status stuck(rwk_tracer *c, int *taken) {
  const double lambda = c->here.lambda, step = c->step;
  rwk_place_copy(&c->next, &c->here, c->local.n);
  rwk_place_copy(&c->probe, &c->here, c->local.n);
  rwk_branch_event event = event_here(c, RWK_EVENT_MERGE);
  RWK_TRY(change_branch(c, lambda, taken));
  if (!*taken) {
    rwk_place_copy(&c->here, &c->next, c->local.n);
    rwk_tracer_stand(c, 0);
    c->step = step;
    return RWK_OK;
  }
  if (c->direction > 0)
    event.high = c->here.lambda;
  else
    event.low = c->here.lambda;
  RWK_TRY(rwk_branch_add_event(c->branch, &event, c->next.w, NULL));
  RWK_TRY(rwk_branch_add_point(c->branch, &c->here, -1));
  return RWK_OK;
}

/* The last step, to lambda_to exactly. */
static rwk_status arrive(rwk_tracer *c, int *ok) {
  const rwk_arc *arc = rwk_tracer_ahead(c);
  double s = (c->t_to - c->here.t) / c->here.tt;
  int factored;
  *ok = 0;
  for (int k = 0; k < 4; k++) {
    rwk_arc_place(c, arc, &c->next, s);
    const double missing = (c->t_to - c->next.t) / c->here.tt;
    if (!(fabs(missing) < 0.5 * s)) break;
    s += missing;
  }
  rwk_arc_place(c, arc, &c->next, s);
  c->next.t = c->t_to;
  c->next.lambda = c->lambda_to;
  RWK_TRY(rwk_tracer_correct(c, &c->next, NULL, 0.3 * fabs(s) + 1e-9, &factored));
  if (factored < 0) return RWK_OK;
  RWK_TRY(rwk_tracer_tidy(c, &c->next, 1e-8));
  RWK_TRY(rwk_tracer_look(c, &c->next, NULL));
  /* a revival may lie on the last stretch; anything else has to be met by arclength */
  *ok = c->next.negative == 0 && (rwk_tracer_smooth(c, &c->here, &c->next, s) ||
                                  rwk_tracer_as_said(c, &c->here, &c->next, arc, s, c->first));
  if (*ok && rwk_tracer_revived(c)) *ok = -1;
  return RWK_OK;
}

/* c->next is reached, and good: on from there. `bent`: its curvature is known. */
static rwk_status go_on(rwk_tracer *c, double s, int bent) {
  RWK_TRY(rwk_branch_add_point(c->branch, &c->next, -1));
  if (!bent) RWK_TRY(rwk_tracer_curve(c, &c->next, fmin(1e-3, 0.02 * s), 0));
  const double angle = rwk_tracer_turned(c, &c->here, &c->next);
  rwk_place_copy(&c->back, &c->here, c->local.n);
  rwk_place_copy(&c->here, &c->next, c->local.n);
  rwk_tracer_stand(c, 2);
  rwk_tracer_next_step(c, s, angle);
  c->chord = 0;
  return RWK_OK;
}

static rwk_status advance(rwk_tracer *c, int *done) {
  double s = c->step;
  int ok = 0;
  const int passed = c->direction * (c->here.t - c->t_to) > 0; /* a correction may lead past the end */
  if (c->direction * (c->here.t + s * c->here.tt - c->t_to) >= 0) {
    RWK_TRY(arrive(c, &ok));
    if (passed && ok <= 0) {
      *done = 1;
      return give_up(c);
    }
    if (ok == 1) {
      RWK_TRY(rwk_branch_add_point(c->branch, &c->next, (int64_t)c->branch->event_count));
      rwk_place_copy(&c->here, &c->next, c->local.n);
      *done = 1;
      return end_here(c, RWK_EVENT_REACHED);
    }
    s = (c->t_to - c->here.t) / c->here.tt * (ok < 0 ? 1 : 0.5);
    if (ok == 0) {
      c->step = s;
      return RWK_OK;
    }
  }
  int factored;
  rwk_event_kind kind;
  c->local.turned = c->past;
  c->past = 0;
  RWK_TRY(rwk_tracer_reach(c, &c->next, rwk_tracer_ahead(c), s, &factored));
  c->local.turned = 0;
  rwk_tracer_learn(c);
  const double first = c->first;
  int bent = 0, trusted = factored >= 0 &&
                          (rwk_tracer_smooth(c, &c->here, &c->next, s) ||
                           (c->known && rwk_tracer_as_said(c, &c->here, &c->next, &c->ahead, s, c->first)));
  if (!trusted && factored >= 0) RWK_TRY(rwk_tracer_halve(c, &s, &trusted, &bent));
  if (!trusted) {
    rwk_tracer_shorter_step(c, s, factored);
    return RWK_OK;
  }
  if (passed_event(c, &kind)) {
    /* another branch crosses this one there, to which a place is drawn that was not well predicted */
    if (kind == RWK_EVENT_BRANCH_POINT && !(first <= 0.01 * s) && s > 1e3 * c->settings.step_least) {
      c->refused = s;
      c->step = 0.6 * s;
      return RWK_OK;
    }
    if (!bent) RWK_TRY(rwk_tracer_curve(c, &c->next, fmin(1e-3, 0.02 * s), 0));
    return meet(c, kind, s, done);
  }
  return go_on(c, s, bent);
}

static rwk_status trace(rwk_tracer *c, const double *w, const double *w_to) {
  memcpy(c->here.w, w, c->local.n * sizeof *w);
  c->here.t = 0;
  c->here.lambda = c->lambda_from;
  rwk_tracer_measure(c, w);
  c->next.lambda = c->lambda_from;
  int factored, done = 0;
  /* the flat directions first: they would be in Newton's way */
  RWK_TRY(rwk_local_evaluate(&c->local, w, c->lambda_from));
  RWK_TRY(rwk_local_hessian(&c->local, w));
  RWK_TRY(rwk_local_flats(&c->local, w));
  RWK_TRY(rwk_local_decompose(&c->local, 0));
  c->chord = rwk_local_serves(&c->local);
  if (c->chord) RWK_TRY(rwk_tracer_take(c));
  RWK_TRY(settle_here(c, 0.8, 0, &factored));
  c->beside = factored == 0 && c->first <= 1e-5;
  if (factored >= 0) RWK_TRY(stand(c, NULL));
  if (factored < 0 || c->here.negative > 0 || !(c->direction * c->here.tt > 0))
    return end_here(c, RWK_EVENT_START);
  RWK_TRY(rwk_branch_add_point(c->branch, &c->here, -1));
  if (w_to) RWK_TRY(rwk_tracer_straight(c, w_to, &done));
  if (done) return end_here(c, RWK_EVENT_REACHED);
  for (double stuck_at = NAN; !done;) {
    if (rwk_cancelled(c->branch->ctx)) return RWK_CANCELLED;
    if (++c->tried > c->settings.points) return end_here(c, RWK_EVENT_BUDGET);
    if (c->step < 1e-5 && !(fabs(c->here.t - stuck_at) < 1e-3)) {
      int taken;
      stuck_at = c->here.t;
      RWK_TRY(stuck(c, &taken));
      if (taken) continue;
    }
    if (c->step < c->settings.step_least) return give_up(c);
    RWK_TRY(advance(c, &done));
  }
  return RWK_OK;
}

/* Along its way a tracer knows the smallest eigenvalue from above, where the next one is close; those of the
 * points it leaves are the certificates'. Where an event has a null vector it stands apart, and was located.
 */
static rwk_status certified_eigenvalues(rwk_branch *b, const rwk_problem *problem) {
  rwk_certify_settings s;
  rwk_certify_settings_init(&s);
  s.algebra = RWK_ALGEBRA_DENSE;
  for (size_t k = 0; k < b->count; k++) {
    rwk_branch_point *p = &b->points[k];
    rwk_branch_event *e = p->event >= 0 ? &b->events[p->event] : NULL;
    rwk_certificate c;
    if (e && e->null_vector) continue;
    if (rwk_cancelled(b->ctx)) return RWK_CANCELLED;
    RWK_TRY(rwk_certify(&c, NULL, b->ctx, problem, p->lambda, p->w, &s));
    if (isfinite(c.min_eig_rest)) p->min_eig = c.min_eig_rest;
    if (e) e->min_eig = p->min_eig;
  }
  return RWK_OK;
}

rwk_status rwk_branch_trace(rwk_branch **out, rwk_context *ctx, const rwk_problem *problem, const double *w,
                            double lambda_from, double lambda_to, const rwk_branch_settings *settings) {
  RWK_TRY(rwk_branch_between(out, ctx, problem, w, lambda_from, NULL, lambda_to, settings));
  if (!(*out)->dense) return RWK_OK;
  const rwk_status status = certified_eigenvalues(*out, problem);
  if (status == RWK_OK) return RWK_OK;
  rwk_branch_destroy(*out);
  *out = NULL;
  return status;
}

rwk_status rwk_branch_between(rwk_branch **out, rwk_context *ctx, const rwk_problem *problem, const double *w,
                              double lambda_from, const double *w_to, double lambda_to,
                              const rwk_branch_settings *settings) {
  rwk_branch_settings defaults;
  rwk_branch_settings_init(&defaults);
  if (!settings) settings = &defaults;
  *out = NULL;
  RWK_TRY(check(ctx, lambda_from, lambda_to, settings));
  rwk_branch *branch = rwk_calloc(ctx, 1, sizeof *branch);
  if (!branch) return rwk_fail_memory(ctx, "a branch");
  branch->ctx = ctx;
  branch->dim = problem->dim;
  rwk_tracer c = {0};
  rwk_status status = rwk_tracer_open(&c, branch, problem, settings);
  c.lambda_from = lambda_from;
  c.lambda_to = lambda_to;
  c.t_to = log(lambda_to / lambda_from);
  c.direction = lambda_to > lambda_from ? 1 : -1;
  if (status == RWK_OK) status = trace(&c, w, w_to);
  branch->dense = c.local.dense;
  rwk_tracer_close(&c);
  if (status == RWK_OK)
    *out = branch;
  else
    rwk_branch_destroy(branch);
  return status;
}

void rwk_branch_destroy(rwk_branch *branch) {
  if (!branch) return;
  rwk_context *ctx = branch->ctx;
  for (size_t k = 0; k < branch->count; k++) rwk_free_doubles(ctx, (double *)(uintptr_t)branch->points[k].w);
  for (size_t k = 0; k < branch->event_count; k++) {
    rwk_free_doubles(ctx, (double *)(uintptr_t)branch->events[k].w);
    rwk_free_doubles(ctx, (double *)(uintptr_t)branch->events[k].null_vector);
  }
  rwk_free(ctx, branch->points);
  rwk_free(ctx, branch->events);
  rwk_free(ctx, branch);
}

size_t rwk_branch_count(const rwk_branch *branch) {
  return branch->count;
}

const rwk_branch_point *rwk_branch_points(const rwk_branch *branch) {
  return branch->points;
}

size_t rwk_branch_event_count(const rwk_branch *branch) {
  return branch->event_count;
}

const rwk_branch_event *rwk_branch_events(const rwk_branch *branch) {
  return branch->events;
}
