#include <math.h>
#include <string.h>
#include "path/path.h"

enum { DOUBLINGS = 40 };

/* Zero beside what it was: the minimum is either exactly zero or, a thousandth below its end, far above this.
 */
static int vanished(const rwk_solve_result *r, double reference) {
  return r->penalty <= 1e-9 * reference;
}

/* Nothing known yet, but T5's penalty where the problem has a formula for it. */
static rwk_status begin(rwk_collapse *c, rwk_path *path) {
  const rwk_problem *p = path->problem;
  *c = (rwk_collapse){NAN, NAN, NAN};
  if (!p->ops.zero_lambda) return RWK_OK;
  rwk_objective o;
  RWK_TRY(rwk_objective_open(&o, path->ctx, p, 0));
  const rwk_status status = p->ops.zero_lambda(&c->lambda_c, o.work, p->self);
  rwk_objective_close(&o);
  if (status != RWK_OK) c->lambda_c = NAN;
  return status == RWK_NOT_IMPLEMENTED || status == RWK_NUMERICAL ? RWK_OK : status;
}

/* Narrows the bracket nonzero < collapse. A step exactly at T5's penalty, where it lies inside, settles the
 * usual case at once. */
static rwk_status bisect(rwk_collapse *c, rwk_solver *solver, double *w, double *trial, const rwk_path *path,
                         double reference) {
  const double tol = path->settings.collapse_tol;
  int asked = 0;
  while (c->collapse > c->nonzero * (1 + tol)) {
    double middle = sqrt(c->nonzero) * sqrt(c->collapse);
    if (asked < 2 && c->lambda_c > c->nonzero && c->lambda_c < c->collapse) {
      const double above = c->lambda_c * (1 + 0.25 * tol), below = c->lambda_c * (1 - 0.5 * tol);
      if (!asked && above < c->collapse)
        middle = above;
      else if (below > c->nonzero)
        middle = below;
      asked++;
    }
    rwk_solve_result r;
    memcpy(trial, w, path->dim * sizeof *w);
    RWK_TRY(rwk_solver_run(&r, solver, trial, middle));
    if (vanished(&r, reference)) {
      c->collapse = middle;
    } else {
      c->nonzero = middle;
      memcpy(w, trial, path->dim * sizeof *w);
    }
  }
  /* Below lambda_c zero is a saddle, so the end cannot lie lower; where the bracket holds lambda_c, that is
   * the end. */
  if (c->lambda_c > c->nonzero && c->lambda_c <= c->collapse) {
    c->collapse = c->lambda_c;
    return RWK_OK;
  }
  /* The end is a fold. A long step may have fallen off the branch before it, so the last penalty is tried
   * again from close below, and moved on while there is a fit. */
  for (int k = 0; k < DOUBLINGS; k++) {
    rwk_solve_result r;
    memcpy(trial, w, path->dim * sizeof *w);
    RWK_TRY(rwk_solver_run(&r, solver, trial, c->collapse));
    if (vanished(&r, reference)) break;
    c->nonzero = c->collapse;
    c->collapse *= 1 + tol;
    memcpy(w, trial, path->dim * sizeof *w);
  }
  return RWK_OK;
}

rwk_status rwk_collapse_above(rwk_collapse *c, rwk_path *path, double *w, double lambda) {
  RWK_TRY(begin(c, path));
  rwk_solver *solver = NULL;
  double *trial = rwk_alloc_doubles(path->ctx, path->dim);
  rwk_status status =
      trial ? rwk_finisher_create(&solver, path->ctx, path, 1) : rwk_fail_memory(path->ctx, "weights");
  if (status != RWK_OK) goto done;
  rwk_solve_result r;
  const double reference = rwk_penalty(path->problem, w);
  status = rwk_solver_run(&r, solver, w, lambda); /* from another solver, or none: converge first */
  if (status != RWK_OK || vanished(&r, reference)) goto done;
  c->nonzero = lambda;
  for (int k = 0; k < DOUBLINGS; k++) {
    double next = 2 * c->nonzero;
    if (c->lambda_c > c->nonzero && c->lambda_c < next)
      next = c->lambda_c * (1 + 0.25 * path->settings.collapse_tol);
    memcpy(trial, w, path->dim * sizeof *w);
    status = rwk_solver_run(&r, solver, trial, next);
    if (status != RWK_OK) goto done;
    if (vanished(&r, reference)) {
      c->collapse = next;
      status = bisect(c, solver, w, trial, path, reference);
      goto done;
    }
    c->nonzero = next;
    memcpy(w, trial, path->dim * sizeof *w);
  }
done:
  rwk_solver_destroy(solver);
  rwk_free_doubles(path->ctx, trial);
  return status;
}

rwk_status rwk_collapse_search(rwk_collapse *c, rwk_path *path) {
  RWK_TRY(begin(c, path));
  rwk_solver *solver = NULL;
  double *w = rwk_alloc_doubles(path->ctx, path->dim);
  rwk_status status =
      w ? rwk_finisher_create(&solver, path->ctx, path, 1) : rwk_fail_memory(path->ctx, "weights");
  if (status != RWK_OK) goto done;
  double lambda = c->lambda_c > 0 ? c->lambda_c / 16 : 0x1p-6;
  for (int k = 0; k < DOUBLINGS / 2; k++, lambda /= 8) { /* down until a random start does not fall to zero */
    rwk_solve_result r;
    status = rwk_path_start(w, path, 0);
    if (status != RWK_OK) goto done;
    const double reference = rwk_penalty(path->problem, w);
    status = rwk_solver_run(&r, solver, w, lambda);
    if (status != RWK_OK) goto done;
    if (vanished(&r, reference)) continue;
    status = rwk_collapse_above(c, path, w, lambda);
    break;
  }
done:
  rwk_solver_destroy(solver);
  rwk_free_doubles(path->ctx, w);
  return status;
}
