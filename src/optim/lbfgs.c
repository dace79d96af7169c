#include <float.h>
#include <math.h>
#include <string.h>
#include <lbfgs.h>
#include "optim/solver.h"

/* libLBFGS as people use it: a gradient tolerance, a function tolerance and an iteration limit, and no look
 * at curvature. Its own tests are switched off; ours are made in its progress call, so that every solver
 * stops by the same words. */
typedef struct lbfgs_run {
  rwk_solver *solver;
  rwk_state *state;
  rwk_status status; /* of the problem, when an evaluation failed */
  rwk_stop stop;     /* set when the progress call ends the iteration */
  rwk_parts parts;   /* at the last evaluation */
  double previous;   /* J one iteration ago */
} lbfgs_run;

enum { ENDED = 1 };

static lbfgsfloatval_t evaluate(void *instance, const lbfgsfloatval_t *x, lbfgsfloatval_t *g, const int n,
                                const lbfgsfloatval_t step) {
  (void)step;
  lbfgs_run *run = instance;
  rwk_solver *s = run->solver;
  memset(g, 0, (size_t)n * sizeof *g); /* n may be rounded up for SSE */
  if (run->status == RWK_OK) run->status = rwk_objective_try(&s->objective, &run->parts, g, x);
  return run->status == RWK_OK && isfinite(run->parts.objective) ? run->parts.objective : DBL_MAX;
}

static int progress(void *instance, const lbfgsfloatval_t *x, const lbfgsfloatval_t *g,
                    const lbfgsfloatval_t fx, const lbfgsfloatval_t xnorm, const lbfgsfloatval_t gnorm,
                    const lbfgsfloatval_t step, int n, int k, int ls) {
  (void)xnorm, (void)gnorm, (void)step, (void)n, (void)ls;
  lbfgs_run *run = instance;
  rwk_solver *s = run->solver;
  rwk_state *state = run->state;
  if (run->status != RWK_OK) return ENDED;
  memcpy(s->w, x, s->dim * sizeof *x);
  state->parts = run->parts;
  state->grad_inf = rwk_norm_inf(s->dim, g);
  state->result->iterations = k;
  run->status = rwk_solver_report(s, state, k);
  if (run->status != RWK_OK)
    run->stop = RWK_STOP_CANCELLED;
  else if (rwk_gradient_small(s, state))
    run->stop = RWK_STOP_GRADIENT;
  else if (run->previous - fx <= s->settings.function_tol * fmax(1, fmax(fabs(run->previous), fabs(fx))))
    run->stop = RWK_STOP_FUNCTION;
  else if (k >= s->settings.max_iter)
    run->stop = RWK_STOP_ITERATIONS;
  run->previous = fx;
  return run->stop != RWK_STOP_NONE ? ENDED : 0;
}

rwk_status rwk_lbfgs_run(rwk_solver *s, rwk_state *state) {
  lbfgs_run run = {.solver = s, .state = state, .previous = state->parts.objective};
  if (rwk_gradient_small(s, state)) {
    state->result->stop = RWK_STOP_GRADIENT;
    return RWK_OK;
  }
  if (s->dim > (size_t)1 << 30)
    return rwk_fail(s->ctx, RWK_INVALID_ARGUMENT, "solver: lbfgs takes at most 2^30 weights");
  const size_t padded = (s->dim + 15) / 16 * 16; /* libLBFGS rounds up to 8 where it uses SSE */
  double *x = rwk_alloc_doubles(s->ctx, padded);
  if (!x) return rwk_fail_memory(s->ctx, "lbfgs");
  memset(x, 0, padded * sizeof *x);
  memcpy(x, s->w, s->dim * sizeof *x);
  lbfgs_parameter_t parameter;
  lbfgs_parameter_init(&parameter);
  parameter.m = (int)s->settings.history;
  parameter.epsilon = 0;
  parameter.max_iterations = 0;
  parameter.max_linesearch = 40;
  lbfgsfloatval_t fx;
  const int code = lbfgs((int)s->dim, x, &fx, evaluate, progress, &run, &parameter);
  rwk_free_doubles(s->ctx, x);
  if (code == LBFGSERR_OUTOFMEMORY) return rwk_fail_memory(s->ctx, "libLBFGS");
  state->result->stop =
      run.stop != RWK_STOP_NONE ? run.stop : RWK_STOP_STALLED; /* its line search found no lower point */
  return run.status;
}
