#include <math.h>
#include <string.h>
#include "path/path.h"

rwk_status rwk_finisher_create(rwk_solver **solver, rwk_context *ctx, const rwk_path *path) {
  rwk_solver_settings s;
  rwk_solver_settings_init(&s);
  s.algebra = path->settings.solver.algebra;
  s.dense_limit = path->settings.solver.dense_limit;
  return rwk_solver_create(solver, ctx, path->problem, &s);
}

/* L(w) at other weights' own parts is known already: J(W; lambda) = L + lambda R for any lambda (T3). */
static double objective_at(const rwk_fit *fit, double lambda) {
  return fit->solve.loss + lambda * fit->solve.penalty;
}

/* T2: l2 a + l1 b = (l2 - l1) D, so that max(a, b) >= D (l2 - l1)/(l2 + l1) when the loss fell by D. */
static void dominate(rwk_drop *d, const rwk_fit *from, const rwk_fit *to) {
  const double l1 = from->lambda, l2 = to->lambda;
  d->excess_from = objective_at(from, l1) - objective_at(to, l1);
  d->excess_to = objective_at(to, l2) - objective_at(from, l2);
  d->certain = (d->loss_from - d->loss_to) * (l2 - l1) / (l2 + l1);
}

static rwk_status finish(rwk_solve_result *result, rwk_solver *finisher, double *w, const rwk_path *path,
                         const rwk_fit *fit) {
  memcpy(w, fit->w, path->dim * sizeof *w);
  return rwk_solver_run(result, finisher, w, fit->lambda);
}

static rwk_status explain(rwk_drop *d, const rwk_path *path, const rwk_fit *from, const rwk_fit *to) {
  const rwk_fit *ends[2] = {from, to};
  rwk_verdict v[2] = {from->certificate.verdict, to->certificate.verdict};
  d->cause = RWK_CAUSE_UNEXPLAINED;
  d->at = d->finished_from = d->finished_to = d->falls_by = NAN;
  d->grad_inf_from = from->certificate.grad_inf;
  d->grad_inf_to = to->certificate.grad_inf;
  d->min_eig_from = from->certificate.min_eig;
  d->min_eig_to = to->certificate.min_eig;
  dominate(d, from, to);
  const struct {
    rwk_verdict verdict;
    rwk_cause cause;
  } order[] = {{RWK_VERDICT_NOT_STATIONARY, RWK_CAUSE_UNCONVERGED},
               {RWK_VERDICT_SADDLE, RWK_CAUSE_SADDLE},
               {RWK_VERDICT_NONSMOOTH, RWK_CAUSE_NONSMOOTH}};
  for (size_t k = 0; k < 3 && d->cause == RWK_CAUSE_UNEXPLAINED; k++)
    for (int e = 0; e < 2; e++)
      if (v[e] == order[k].verdict) {
        d->cause = order[k].cause;
        d->at = ends[e]->lambda;
        break;
      }
  if (d->cause != RWK_CAUSE_UNCONVERGED && d->cause != RWK_CAUSE_SADDLE) return RWK_OK;
  /* What would have become of each end, had the iteration gone on to a minimum */
  rwk_solver *finisher = NULL;
  double *w = rwk_alloc_doubles(path->ctx, path->dim);
  rwk_status status =
      w ? rwk_finisher_create(&finisher, path->ctx, path) : rwk_fail_memory(path->ctx, "weights");
  for (int e = 0; e < 2 && status == RWK_OK; e++) {
    rwk_solve_result r;
    status = finish(&r, finisher, w, path, ends[e]);
    if (status != RWK_OK) break;
    *(e ? &d->finished_to : &d->finished_from) = r.loss;
    if (v[e] == RWK_VERDICT_SADDLE)
      d->falls_by = fmax(isnan(d->falls_by) ? 0 : d->falls_by, ends[e]->solve.objective - r.objective);
  }
  rwk_solver_destroy(finisher);
  rwk_free_doubles(path->ctx, w);
  return status;
}

rwk_status rwk_drops_find(rwk_path *path, rwk_walk_record *walk) {
  for (size_t i = 0; i + 1 < path->count; i++) {
    const rwk_fit *from = walk->points[i], *to = walk->points[i + 1];
    if (!from || !to) continue;
    if (!(to->solve.loss < from->solve.loss * (1 - path->settings.drop_tol))) continue;
    RWK_TRY(
        rwk_grow(path->ctx, &walk->drops, &walk->drop_capacity, walk->drop_count + 1, sizeof *walk->drops));
    rwk_drop *d = &walk->drops[walk->drop_count];
    *d = (rwk_drop){.from = i,
                    .to = i + 1,
                    .lambda_from = from->lambda,
                    .lambda_to = to->lambda,
                    .loss_from = from->solve.loss,
                    .loss_to = to->solve.loss};
    RWK_TRY(explain(d, path, from, to));
    walk->drop_count++;
  }
  return RWK_OK;
}
