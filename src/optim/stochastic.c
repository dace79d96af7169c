/* Solvers that go by mini-batches: an iteration is an epoch, at whose end J and its gradient are looked at in
 * full, so that they stop by the same words as everybody. */
#include "optim/stochastic.h"
#include <math.h>
#include <ridgewalk/update.h>
#include <string.h>
#include "base/stream.h"

enum { PATIENCE = 10 }; /* epochs without a lower J, as scikit-learn's n_iter_no_change */

struct rwk_stochastic {
  rwk_context *ctx;
  rwk_update *update;
  size_t *rows;        /* [total] in the order of the epoch */
  size_t total, batch; /* total 0: L knows of no rows, and every step is by the full gradient */
};

rwk_status rwk_stochastic_create(rwk_stochastic **out, rwk_context *ctx, const rwk_problem *problem,
                                 const rwk_solver_settings *settings) {
  rwk_update_settings u;
  rwk_update_settings_init(&u, settings->solver);
  if (settings->learning_rate > 0) u.learning_rate = settings->learning_rate;
  u.schedule = settings->schedule;
  u.momentum = settings->momentum;
  u.beta1 = settings->beta1;
  u.beta2 = settings->beta2;
  u.epsilon = settings->epsilon;
  rwk_stochastic *c = rwk_calloc(ctx, 1, sizeof *c);
  if (!c) return rwk_fail_memory(ctx, "mini-batches");
  *out = c;
  c->ctx = ctx;
  RWK_TRY(rwk_update_create(&c->update, ctx, problem->dim, &u));
  if (!problem->ops.batch_count) return RWK_OK;
  RWK_TRY(problem->ops.batch_count(&c->total, problem->self));
  c->batch = settings->batch ? settings->batch : 200;
  if (c->batch >= c->total) c->total = 0; /* the full gradient is at hand */
  if (c->total == 0) return RWK_OK;
  c->rows = rwk_alloc(ctx, c->total, sizeof *c->rows);
  return c->rows ? RWK_OK : rwk_fail_memory(ctx, "mini-batches");
}

void rwk_stochastic_destroy(rwk_stochastic *c) {
  if (!c) return;
  rwk_update_destroy(c->update);
  rwk_free(c->ctx, c->rows);
  rwk_free(c->ctx, c);
}

/* Fisher and Yates. A uniform number in (0, 1) times n is below n: at most 2^53 rows are told apart. */
static void shuffle(rwk_stochastic *c, uint64_t seed, int64_t epoch) {
  rwk_stream stream;
  rwk_stream_init(&stream, seed, ((uint64_t)0x6261746368 << 24) + (uint64_t)epoch);
  for (size_t i = 0; i < c->total; i++) c->rows[i] = i;
  for (size_t n = c->total; n > 1; n--) {
    const size_t k = (size_t)(rwk_stream_uniform(&stream) * (double)n), row = c->rows[k];
    c->rows[k] = c->rows[n - 1];
    c->rows[n - 1] = row;
  }
}

/* One step of s->trial with the gradient g of J there. Decoupled decay takes the penalty out of it again. */
static void step(rwk_solver *s, double *g) {
  const rwk_problem *p = s->objective.problem;
  double *decay = NULL;
  if (s->settings.solver == RWK_SOLVER_ADAMW) {
    decay = s->spare;
    for (size_t i = 0; i < s->dim; i++) {
      decay[i] = p->penalised[i] ? 2 * s->objective.lambda * s->trial[i] : 0;
      g[i] -= decay[i];
    }
  }
  rwk_update_step(s->stochastic->update, s->trial, g, decay);
}

static rwk_status epoch(rwk_solver *s, int64_t number) {
  rwk_stochastic *c = s->stochastic;
  memcpy(s->trial, s->w, s->dim * sizeof *s->w);
  double *g = s->step;
  if (c->total == 0) {
    memcpy(g, s->g, s->dim * sizeof *g);
    step(s, g);
    return RWK_OK;
  }
  shuffle(c, s->settings.seed, number);
  for (size_t first = 0; first < c->total; first += c->batch) {
    const size_t left = c->total - first;
    RWK_TRY(rwk_objective_batch(&s->objective, g, s->trial, c->rows + first,
                                left < c->batch ? left : c->batch, c->total));
    step(s, g);
    if (!rwk_all_finite(s->dim, s->trial)) break;
  }
  s->objective.values++;
  s->objective.gradients++;
  return RWK_OK;
}

/* Weights that have run away say nothing: the lowest that were met are given back. Where J is so much larger
 * than at the start a gradient that is small beside it is no end either. */
static int ran_away(const rwk_state *state, double start) {
  return !isfinite(state->parts.objective) || state->parts.objective > 1e4 * fmax(1, fabs(start));
}

static void keep_lowest(rwk_solver *s, const rwk_state *state, rwk_state *lowest) {
  memcpy(s->other, s->w, s->dim * sizeof *s->w);
  memcpy(s->other_g, s->g, s->dim * sizeof *s->g);
  *lowest = *state;
}

static void give_back(rwk_solver *s, rwk_state *state, const rwk_state *lowest) {
  memcpy(s->trial, s->other, s->dim * sizeof *s->w);
  memcpy(s->trial_g, s->other_g, s->dim * sizeof *s->g);
  rwk_solver_accept(s, state, &lowest->parts, lowest->grad_inf);
}

rwk_status rwk_stochastic_run(rwk_solver *s, rwk_state *state) {
  rwk_solve_result *r = state->result;
  rwk_stochastic *c = s->stochastic;
  const int64_t steps = c->total ? (int64_t)((c->total + c->batch - 1) / c->batch) : 1;
  rwk_update_restart(c->update, steps * s->settings.max_iter);
  rwk_state lowest;
  int64_t since = 0; /* epoch at whose end J was lowest, by more than the tolerance */
  double mark = state->parts.objective;
  const double start = mark;
  keep_lowest(s, state, &lowest);
  for (;;) {
    const rwk_status asked = rwk_solver_report(s, state, r->iterations);
    if (asked != RWK_OK) {
      r->stop = RWK_STOP_CANCELLED;
      return asked;
    }
    if (rwk_gradient_small(s, state))
      r->stop = RWK_STOP_GRADIENT;
    else if (s->settings.function_tol > 0 && r->iterations - since >= PATIENCE)
      r->stop = RWK_STOP_FUNCTION;
    else if (r->iterations >= s->settings.max_iter)
      r->stop = RWK_STOP_ITERATIONS;
    if (r->stop != RWK_STOP_NONE) return RWK_OK;
    RWK_TRY(epoch(s, r->iterations));
    r->iterations++;
    rwk_state there = *state;
    const int finite = rwk_all_finite(s->dim, s->trial);
    if (finite) RWK_TRY(rwk_solver_try(s, &there.parts, &there.grad_inf));
    if (!finite || ran_away(&there, start)) {
      give_back(s, state, &lowest);
      r->stop = RWK_STOP_DIVERGED;
      return RWK_OK;
    }
    rwk_solver_accept(s, state, &there.parts, there.grad_inf);
    if (state->parts.objective < lowest.parts.objective) keep_lowest(s, state, &lowest);
    if (state->parts.objective < mark - s->settings.function_tol * fmax(1, fabs(mark))) {
      mark = state->parts.objective;
      since = r->iterations;
    }
  }
}
