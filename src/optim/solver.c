#include <math.h>
#include <string.h>
#include "optim/damped.h"
#include "optim/region.h"
#include "optim/reuse.h"
#include "optim/stochastic.h"

static const char *const solver_names[] = {
#define RWK_X(symbol, name) name,
    RWK_SOLVER_LIST(RWK_X)
#undef RWK_X
};

enum { SOLVERS = sizeof solver_names / sizeof *solver_names };

const char *rwk_solver_name(rwk_solver_kind solver) {
  return (unsigned)solver < SOLVERS ? solver_names[solver] : "?";
}

rwk_status rwk_solver_from_name(rwk_solver_kind *solver, const char *name) {
  for (int i = 0; i < SOLVERS; i++)
    if (!strcmp(solver_names[i], name)) return *solver = (rwk_solver_kind)i, RWK_OK;
  return RWK_INVALID_ARGUMENT;
}

int rwk_solver_is_second_order(rwk_solver_kind solver) {
  return solver == RWK_SOLVER_NEWTON || solver == RWK_SOLVER_GAUSS_NEWTON ||
         solver == RWK_SOLVER_SADDLE_FREE_NEWTON;
}

int rwk_solver_is_stochastic(rwk_solver_kind solver) {
  return solver == RWK_SOLVER_SGD || solver == RWK_SOLVER_ADAM || solver == RWK_SOLVER_AMSGRAD ||
         solver == RWK_SOLVER_ADAMW;
}

void rwk_solver_settings_init(rwk_solver_settings *settings) {
  *settings = (rwk_solver_settings){.size = sizeof *settings,
                                    .solver = RWK_SOLVER_NEWTON,
                                    .algebra = RWK_ALGEBRA_AUTO,
                                    .dense_limit = 2500,
                                    .history = 10,
                                    .function_tol = 2.2e-9,
                                    .escape = 1,
                                    .subspace = 40,
                                    .momentum = 0.9,
                                    .beta1 = 0.9,
                                    .beta2 = 0.999,
                                    .epsilon = 1e-8};
}

static rwk_status check(rwk_context *ctx, const rwk_solver_settings *s) {
  if (s->size != sizeof *s)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "solver settings: call rwk_solver_settings_init first");
  if ((unsigned)s->solver >= SOLVERS)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "solver: there is none of number %d", (int)s->solver);
  if (!(s->grad_tol >= 0) || !isfinite(s->grad_tol))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "grad_tol: %g is not a tolerance", s->grad_tol);
  if (!(s->function_tol >= 0) || !isfinite(s->function_tol))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "function_tol: %g is not a tolerance", s->function_tol);
  if (s->max_iter < 0) return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "max_iter: it cannot be negative");
  if (s->solver == RWK_SOLVER_LBFGS && (s->history < 1 || s->history > 1000))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "history: between 1 and 1000 correction pairs");
  if (s->solver == RWK_SOLVER_SADDLE_FREE_NEWTON && (s->subspace < 2 || s->subspace > 1000))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "subspace: between 2 and 1000 dimensions");
  if (!(s->learning_rate >= 0) || !isfinite(s->learning_rate))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "learning_rate: %g is not a learning rate", s->learning_rate);
  return RWK_OK;
}

static rwk_status check_problem(rwk_context *ctx, const rwk_problem *problem, const rwk_solver_settings *s,
                                int dense) {
  if (dense && problem->dim > 46340)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT,
                    "algebra: %zu weights are too many for a dense Hessian; use krylov", problem->dim);
  if (s->solver != RWK_SOLVER_GAUSS_NEWTON) return RWK_OK;
  if (!problem->ops.gauss_newton)
    return rwk_fail(
        ctx, RWK_NOT_IMPLEMENTED,
        "solver: gauss-newton needs a problem that knows Gauss and Newton's matrix; this one does "
        "not");
  if (!dense)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT,
                    "solver: gauss-newton is for dense matrices, and %zu weights are more than algebra and "
                    "dense_limit allow; use newton or saddle-free-newton",
                    problem->dim);
  return RWK_OK;
}

static rwk_status make_room(rwk_solver *s, const rwk_problem *problem) {
  const size_t n = s->dim;
  const rwk_solver_kind kind = s->settings.solver;
  s->block = rwk_alloc_doubles(s->ctx, 8 * n);
  if (!s->block) return rwk_fail_memory(s->ctx, "a solver");
  double **const vectors[] = {&s->w,       &s->g,     &s->step,    &s->trial,
                              &s->trial_g, &s->other, &s->other_g, &s->spare};
  for (size_t k = 0; k < 8; k++) *vectors[k] = s->block + k * n;
  if (s->dense) {
    s->H = rwk_alloc_doubles(s->ctx, n * n);
    s->factor = rwk_alloc_doubles(s->ctx, n * n);
    if (!s->H || !s->factor) return rwk_fail_memory(s->ctx, "a dense Hessian; try krylov algebra");
    s->team = rwk_context_team(s->ctx);
  }
  if (rwk_solver_is_stochastic(kind))
    return rwk_stochastic_create(&s->stochastic, s->ctx, problem, &s->settings);
  if (kind == RWK_SOLVER_GAUSS_NEWTON || kind == RWK_SOLVER_SADDLE_FREE_NEWTON)
    return rwk_damped_create(&s->damped, s->ctx, problem, &s->settings, s->dense);
  if (kind != RWK_SOLVER_NEWTON) return RWK_OK;
  return s->dense ? rwk_reuse_create(&s->reuse, s->ctx, n, rwk_hessian_cost(problem))
                  : rwk_krylov_create(&s->krylov, s->ctx, n, problem->ops.precondition != NULL);
}

rwk_status rwk_solver_create(rwk_solver **solver, rwk_context *ctx, const rwk_problem *problem,
                             const rwk_solver_settings *settings) {
  *solver = NULL;
  RWK_TRY(check(ctx, settings));
  rwk_solver *s = rwk_calloc(ctx, 1, sizeof *s);
  if (!s) return rwk_fail_memory(ctx, "a solver");
  const int second = rwk_solver_is_second_order(settings->solver),
            first_few = settings->solver != RWK_SOLVER_GD && !second;
  s->ctx = ctx;
  s->dim = problem->dim;
  s->settings = *settings;
  s->ceiling = INFINITY;
  if (s->settings.grad_tol == 0) s->settings.grad_tol = second ? 1e-8 : 1e-4;
  if (s->settings.max_iter == 0) s->settings.max_iter = first_few ? 200 : 2000;
  s->dense = second && (settings->algebra == RWK_ALGEBRA_DENSE ||
                        (settings->algebra == RWK_ALGEBRA_AUTO && s->dim <= settings->dense_limit));
  rwk_status status = check_problem(ctx, problem, settings, s->dense);
  if (status == RWK_OK) status = rwk_objective_open(&s->objective, ctx, problem, 0);
  if (status == RWK_OK) status = make_room(s, problem);
  if (status != RWK_OK) {
    rwk_solver_destroy(s);
    return status;
  }
  *solver = s;
  return RWK_OK;
}

void rwk_solver_set_ceiling(rwk_solver *s, double objective) {
  s->ceiling = objective;
}

void rwk_solver_destroy(rwk_solver *s) {
  if (!s) return;
  rwk_stochastic_destroy(s->stochastic);
  rwk_damped_destroy(s->damped);
  rwk_krylov_destroy(s->krylov);
  rwk_reuse_destroy(s->reuse);
  rwk_free_doubles(s->ctx, s->factor);
  rwk_free_doubles(s->ctx, s->H);
  rwk_free_doubles(s->ctx, s->block);
  rwk_objective_close(&s->objective);
  rwk_free(s->ctx, s);
}

int rwk_gradient_small(const rwk_solver *s, const rwk_state *state) {
  return state->grad_inf <= s->settings.grad_tol * fmax(1, state->parts.objective);
}

static double cost(const rwk_problem *p, int64_t values, int64_t gradients, int64_t products,
                   int64_t hessians) {
  return 0.5 * (double)(values - gradients) + (double)gradients + 2 * (double)products +
         rwk_hessian_cost(p) * (double)hessians;
}

static double passes(const rwk_objective *o) {
  return cost(o->problem, o->values, o->gradients, o->products, o->hessians);
}

double rwk_solve_passes(const rwk_solve_result *r, const rwk_problem *problem) {
  return cost(problem, r->values, r->gradients, r->products, r->hessians);
}

rwk_status rwk_solver_report(const rwk_solver *s, const rwk_state *state, int64_t iteration) {
  if (s->settings.progress) {
    const rwk_solve_progress progress = {.lambda = s->objective.lambda,
                                         .iteration = iteration,
                                         .objective = state->parts.objective,
                                         .grad_inf = state->grad_inf,
                                         .radius = state->radius,
                                         .seconds = rwk_seconds() - state->began,
                                         .passes = passes(&s->objective)};
    s->settings.progress(&progress, s->settings.progress_payload);
  }
  return rwk_cancelled(s->ctx) ? rwk_fail(s->ctx, RWK_CANCELLED, "stopped as asked") : RWK_OK;
}

rwk_status rwk_solver_try(rwk_solver *s, rwk_parts *parts, double *grad_inf) {
  RWK_TRY(rwk_objective_try(&s->objective, parts, s->trial_g, s->trial));
  *grad_inf = isfinite(parts->objective) ? rwk_norm_inf(s->dim, s->trial_g) : INFINITY;
  return RWK_OK;
}

void rwk_solver_accept(rwk_solver *s, rwk_state *state, const rwk_parts *parts, double grad_inf) {
  double *w = s->w, *g = s->g;
  s->w = s->trial;
  s->g = s->trial_g;
  s->trial = w;
  s->trial_g = g;
  state->parts = *parts;
  state->grad_inf = grad_inf;
  state->definite = state->sharp = 0;
}

static rwk_status iterate(rwk_solver *s, rwk_state *state) {
  switch (s->settings.solver) {
  case RWK_SOLVER_NEWTON:
    return rwk_newton_run(s, state);
  case RWK_SOLVER_LBFGS:
    return rwk_lbfgs_run(s, state);
  case RWK_SOLVER_GAUSS_NEWTON:
  case RWK_SOLVER_SADDLE_FREE_NEWTON:
    return rwk_damped_run(s, state);
  case RWK_SOLVER_GD:
    return rwk_gd_run(s, state);
  case RWK_SOLVER_SGD:
  case RWK_SOLVER_ADAM:
  case RWK_SOLVER_AMSGRAD:
  case RWK_SOLVER_ADAMW:
    break;
  }
  return rwk_stochastic_run(s, state);
}

rwk_status rwk_solver_run(rwk_solve_result *result, rwk_solver *s, double *w, double lambda) {
  *result = (rwk_solve_result){.stop = RWK_STOP_NONE};
  if (!(lambda >= 0) || !isfinite(lambda))
    return rwk_fail(s->ctx, RWK_INVALID_ARGUMENT, "lambda: %g is not a penalty", lambda);
  rwk_objective *o = &s->objective;
  o->lambda = lambda;
  o->values = o->gradients = o->products = o->hessians = 0;
  rwk_state state = {.result = result, .began = rwk_seconds()};
  memcpy(s->w, w, s->dim * sizeof *w);
  RWK_TRY(rwk_objective_value(o, &state.parts, s->g, s->w));
  state.grad_inf = rwk_norm_inf(s->dim, s->g);
  const rwk_status status = iterate(s, &state);
  memcpy(w, s->w, s->dim * sizeof *w);
  result->loss = state.parts.loss;
  result->penalty = state.parts.penalty;
  result->objective = state.parts.objective;
  result->grad_inf = state.grad_inf;
  result->values = o->values;
  result->gradients = o->gradients;
  result->products = o->products;
  result->hessians = o->hessians;
  result->seconds = rwk_seconds() - state.began;
  return status;
}
