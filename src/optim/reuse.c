#include <float.h>
#include <math.h>
#include <string.h>
#include "optim/reuse.h"

enum { PAIRS = 40, STEPS_MOST = 200, WINDOW = 10, POLISH_MOST = 12 };

struct rwk_reuse {
  rwk_context *ctx;
  size_t n;
  double fresh;    /* cost of a Hessian and its factor, in steps of this kind */
  double *vectors; /* [2 PAIRS x n] */
  double *packed;  /* the factor in single precision: the steps are not Newton's own anyway */
  double *s[PAIRS], *y[PAIRS], rho[PAIRS];
};

rwk_status rwk_reuse_create(rwk_reuse **reuse, rwk_context *ctx, size_t n, double hessian_cost) {
  *reuse = NULL;
  rwk_reuse *r = rwk_calloc(ctx, 1, sizeof *r);
  if (!r) return rwk_fail_memory(ctx, "a solver");
  r->ctx = ctx;
  r->n = n;
  /* Its factors (about two, by the subproblem) cost a half to all of a Hessian again, a step costs a gradient
   * and a half to all of that for the solves; and steps lose what they have learnt when they begin anew. Of
   * 1.3, 2 and 3 this was the cheapest on networks of 193 to 501 weights (docs/developers/solver-cost.md). */
  r->fresh = 2 * hessian_cost;
  r->vectors = rwk_alloc_doubles(ctx, 2 * PAIRS * n);
  r->packed = rwk_alloc_doubles(ctx, rwk_packed_room(n));
  if (!r->vectors || !r->packed) {
    rwk_reuse_destroy(r);
    return rwk_fail_memory(ctx, "a solver");
  }
  for (size_t k = 0; k < PAIRS; k++) {
    r->s[k] = r->vectors + 2 * k * n;
    r->y[k] = r->s[k] + n;
  }
  *reuse = r;
  return RWK_OK;
}

void rwk_reuse_destroy(rwk_reuse *r) {
  if (!r) return;
  rwk_free_doubles(r->ctx, r->packed);
  rwk_free_doubles(r->ctx, r->vectors);
  rwk_free(r->ctx, r);
}

/* d = -B g by the two loops over the pairs first..count-1, the oldest first; the factor between them. */
static void direction(double *d, const rwk_reuse *r, size_t first, size_t count, const double *g) {
  const size_t n = r->n;
  double alpha[PAIRS];
  for (size_t i = 0; i < n; i++) d[i] = -g[i];
  for (size_t k = count; k-- > first;) {
    const size_t at = k % PAIRS;
    alpha[at] = r->rho[at] * rwk_dot(n, r->s[at], d);
    rwk_axpy(n, -alpha[at], r->y[at], d);
  }
  rwk_packed_solve(d, r->packed, n);
  for (size_t k = first; k < count; k++) {
    const size_t at = k % PAIRS;
    rwk_axpy(n, alpha[at] - r->rho[at] * rwk_dot(n, r->y[at], d), r->s[at], d);
  }
}

/* Keeps the change from s->w to s->trial as the pair number `count`, if J is convex along it. */
static int learn(rwk_reuse *r, const rwk_solver *s, size_t count) {
  const size_t n = r->n, at = count % PAIRS;
  for (size_t i = 0; i < n; i++) {
    r->s[at][i] = s->trial[i] - s->w[i];
    r->y[at][i] = s->trial_g[i] - s->g[i];
  }
  const double sy = rwk_dot(n, r->s[at], r->y[at]);
  r->rho[at] = 1 / sy;
  return sy > 1e-10 * rwk_norm(n, r->s[at]) * rwk_norm(n, r->y[at]);
}

/* Along s->step from s->w: *found a point where J has fallen by enough, or, where the fall drowns in the
 * rounding of J, the gradient is smaller. */
static rwk_status search(rwk_solver *s, const rwk_state *state, double t, rwk_parts *parts, double *grad_inf,
                         double *spent, int *found) {
  enum { TRIES = 3 };
  const size_t n = s->dim;
  const double J = state->parts.objective, rounding = 64 * DBL_EPSILON * fabs(J),
               slope = rwk_dot(n, s->step, s->g);
  *found = 0;
  for (int tries = 0; tries < TRIES && slope < 0; tries++) {
    for (size_t i = 0; i < n; i++) s->trial[i] = s->w[i] + t * s->step[i];
    RWK_TRY(rwk_solver_try(s, parts, grad_inf));
    *spent += 1;
    const double change = parts->objective - J;
    *found = change <= 1e-4 * t * slope ||
             (fabs(t * slope) <= rounding && change <= rounding && *grad_inf < state->grad_inf);
    if (*found) return RWK_OK;
    /* the least of the parabola through J, its slope, and J there */
    const double lower = isfinite(change) ? -slope * t / (2 * (change - t * slope)) : 0;
    t *= fmin(0.5, fmax(0.1, lower));
  }
  return RWK_OK;
}

/* J and what was spent after each step. */
typedef struct trail {
  double objective[STEPS_MOST + 1], spent[STEPS_MOST + 1];
} trail;

/* In a valley single steps fall by much and by little in turn, as it bends: ten of them are judged together.
 * Not on the way there, which is while one Hessian is good for a tenth of J: long use of what is out of date
 * led to worse minima from 18 of 24 random starts (diabetes, 16 units), leaving after one poor step from 10.
 */
static int pays(const trail *t, int steps, double fell) {
  const int window = fell > 0.1 * t->objective[steps] ? 1 : WINDOW;
  if (window > 1 && steps <= window) return 1;
  const int from = steps - window;
  return (t->objective[from] - t->objective[steps]) * t->spent[steps] >=
         fell * (t->spent[steps] - t->spent[from]);
}

rwk_status rwk_reuse_factor(rwk_solver *s, rwk_state *state, double fell, double longest) {
  rwk_reuse *r = s->reuse;
  double spent = r->fresh;
  size_t count = 0;
  trail t = {.objective = {state->parts.objective}, .spent = {spent}};
  for (int steps = 1; steps <= STEPS_MOST && !rwk_gradient_small(s, state); steps++) {
    if (steps == 1) rwk_packed_make(r->packed, s->factor, s->dim, s->dim);
    direction(s->step, r, count > PAIRS ? count - PAIRS : 0, count, s->g);
    const double length = rwk_norm(s->dim, s->step);
    if (!isfinite(length)) return RWK_OK;
    rwk_parts parts;
    double grad_inf;
    int found;
    RWK_TRY(search(s, state, length > longest ? longest / length : 1, &parts, &grad_inf, &spent, &found));
    if (!found) return RWK_OK;
    const double won = state->parts.objective - parts.objective;
    const int sharper = grad_inf <= 0.25 * state->grad_inf;
    const int at_once = spent == t.spent[steps - 1] + 1;
    const int learnt = learn(r, s, count);
    const double taken = rwk_norm(s->dim, r->s[count % PAIRS]);
    longest = at_once ? fmax(longest, 2 * taken) : fmin(longest, 2 * taken);
    count += learnt ? 1 : 0;
    rwk_solver_accept(s, state, &parts, grad_inf);
    fell += won;
    t.objective[steps] = state->parts.objective;
    t.spent[steps] = spent;
    if (!sharper && (!pays(&t, steps, fell) || won <= 1e-12 * fabs(state->parts.objective))) return RWK_OK;
  }
  return RWK_OK;
}

rwk_status rwk_reuse_polish(rwk_solver *s, rwk_state *state) {
  const size_t n = s->dim;
  int fast = 0;
  for (int steps = 0; steps < POLISH_MOST; steps++) {
    for (size_t i = 0; i < n; i++) s->step[i] = -s->g[i];
    rwk_cholesky_solve(s->step, n, 1, s->factor, n, n);
    for (size_t i = 0; i < n; i++) s->trial[i] = s->w[i] + s->step[i];
    rwk_parts parts;
    double grad_inf;
    RWK_TRY(rwk_solver_try(s, &parts, &grad_inf));
    const double rise = parts.objective - state->parts.objective;
    if (!(grad_inf < 0.5 * state->grad_inf && rise <= 64 * DBL_EPSILON * fabs(state->parts.objective))) break;
    fast |= grad_inf <= 0.1 * state->grad_inf;
    rwk_solver_accept(s, state, &parts, grad_inf);
    state->definite = 1;
  }
  state->sharp = fast && rwk_gradient_small(s, state);
  return RWK_OK;
}
