#include <math.h>
#include <string.h>
#include "optim/region.h"
#include "optim/reuse.h"
#include "optim/solver.h"

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

void rwk_solver_settings_init(rwk_solver_settings *settings) {
  *settings = (rwk_solver_settings){.size = sizeof *settings,
                                    .solver = RWK_SOLVER_NEWTON,
                                    .algebra = RWK_ALGEBRA_AUTO,
                                    .dense_limit = 2500,
                                    .history = 10,
                                    .function_tol = 2.2e-9,
                                    .escape = 1};
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
  return RWK_OK;
}

rwk_status rwk_solver_create(rwk_solver **solver, rwk_context *ctx, const rwk_problem *problem,
                             const rwk_solver_settings *settings) {
  *solver = NULL;
  RWK_TRY(check(ctx, settings));
  rwk_solver *s = rwk_calloc(ctx, 1, sizeof *s);
  if (!s) return rwk_fail_memory(ctx, "a solver");
  const size_t n = problem->dim;
  const int newton = settings->solver == RWK_SOLVER_NEWTON;
  rwk_status status = RWK_OK;
  s->ctx = ctx;
  s->dim = n;
  s->settings = *settings;
  if (s->settings.grad_tol == 0) s->settings.grad_tol = newton ? 1e-8 : 1e-4;
  if (s->settings.max_iter == 0) s->settings.max_iter = newton ? 2000 : 200;
  s->dense = newton && (settings->algebra == RWK_ALGEBRA_DENSE ||
                        (settings->algebra == RWK_ALGEBRA_AUTO && n <= settings->dense_limit));
  if (s->dense && n > 46340) {
    status = rwk_fail(ctx, RWK_INVALID_ARGUMENT,
                      "algebra: %zu weights are too many for a dense Hessian; use krylov", n);
    goto done;
  }
  status = rwk_objective_open(&s->objective, ctx, problem, 0);
  if (status != RWK_OK) goto done;
  s->ceiling = INFINITY;
  s->block = rwk_alloc_doubles(ctx, 8 * n);
  if (!s->block) {
    status = rwk_fail_memory(ctx, "a solver");
    goto done;
  }
  s->w = s->block;
  s->g = s->w + n;
  s->step = s->g + n;
  s->trial = s->step + n;
  s->trial_g = s->trial + n;
  s->other = s->trial_g + n;
  s->other_g = s->other + n;
  s->spare = s->other_g + n;
  if (s->dense) {
    s->H = rwk_alloc_doubles(ctx, n * n);
    s->factor = rwk_alloc_doubles(ctx, n * n);
    if (!s->H || !s->factor)
      status = rwk_fail_memory(ctx, "a dense Hessian; try krylov algebra");
    else
      status = rwk_reuse_create(&s->reuse, ctx, n, rwk_hessian_cost(problem));
  } else if (newton) {
    status = rwk_krylov_create(&s->krylov, ctx, n, problem->ops.precondition != NULL);
  }
done:
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

rwk_status rwk_solver_report(const rwk_solver *s, const rwk_state *state, int64_t iteration) {
  if (s->settings.progress) {
    const rwk_solve_progress progress = {.lambda = s->objective.lambda,
                                         .iteration = iteration,
                                         .objective = state->parts.objective,
                                         .grad_inf = state->grad_inf,
                                         .radius = state->radius,
                                         .seconds = rwk_seconds() - state->began};
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
  state->definite = 0;
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
  const rwk_status status =
      s->settings.solver == RWK_SOLVER_NEWTON ? rwk_newton_run(s, &state) : rwk_lbfgs_run(s, &state);
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
