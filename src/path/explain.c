/* Why a step of a walk went where it went: by its ends, and by the branch through its beginning. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "path/branch.h"
#include "path/explain.h"

rwk_status rwk_finisher_create(rwk_solver **solver, rwk_context *ctx, const rwk_path *path, int escape) {
  rwk_solver_settings s;
  rwk_solver_settings_init(&s);
  s.algebra = path->settings.solver.algebra;
  s.dense_limit = path->settings.solver.dense_limit;
  s.escape = escape;
  return rwk_solver_create(solver, ctx, path->problem, &s);
}

/* L and R of a fit are those of its weights at any penalty: J(W; lambda) = L + lambda R (T3). */
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

static void blank(rwk_drop *d, const rwk_fit *from, const rwk_fit *to) {
  const rwk_certificate *a = &from->certificate, *b = &to->certificate;
  *d = (rwk_drop){.from = from->index,
                  .to = to->index,
                  .lambda_from = from->lambda,
                  .lambda_to = to->lambda,
                  .loss_from = from->solve.loss,
                  .loss_to = to->solve.loss,
                  .cause = RWK_CAUSE_UNEXPLAINED,
                  .grad_inf_from = a->grad_inf,
                  .grad_inf_to = b->grad_inf,
                  .min_eig_from = a->min_eig,
                  .min_eig_to = b->min_eig,
                  .max_eig_from = a->max_eig,
                  .max_eig_to = b->max_eig,
                  .monotone = -1};
  double *const none[] = {&d->at,
                          &d->low,
                          &d->high,
                          &d->finished_from,
                          &d->finished_to,
                          &d->falls_by,
                          &d->branch_loss,
                          &d->branch_min_eig,
                          &d->transversality,
                          &d->lambda_beyond,
                          &d->loss_beyond,
                          &d->bias,
                          &d->curvature,
                          &d->null_weights,
                          &d->null_units,
                          &d->moved_weights,
                          &d->moved_units};
  for (size_t k = 0; k < sizeof none / sizeof *none; k++) *none[k] = NAN;
  dominate(d, from, to);
}

/* What would have become of an end had the iteration gone on to a minimum. */
static rwk_status finish(rwk_solve_result *result, rwk_explainer *x, const rwk_fit *fit) {
  if (!x->finisher) RWK_TRY(rwk_finisher_create(&x->finisher, x->ctx, x->path, 1));
  memcpy(x->w, fit->w, x->path->dim * sizeof *x->w);
  return rwk_solver_run(result, x->finisher, x->w, fit->lambda);
}

/* The ends alone: *known when they tell. */
static rwk_status by_ends(rwk_drop *d, rwk_explainer *x, const rwk_fit *const ends[2], int *known,
                          const double **direction) {
  static const struct {
    rwk_verdict verdict;
    rwk_cause cause;
  } order[] = {{RWK_VERDICT_NOT_STATIONARY, RWK_CAUSE_UNCONVERGED},
               {RWK_VERDICT_SADDLE, RWK_CAUSE_SADDLE},
               {RWK_VERDICT_NONSMOOTH, RWK_CAUSE_NONSMOOTH}};
  *known = 0;
  for (size_t k = 0; k < 3 && !*known; k++)
    for (int e = 0; e < 2 && !*known; e++)
      if (ends[e]->certificate.verdict == order[k].verdict) {
        d->cause = order[k].cause;
        d->at = ends[e]->lambda;
        *known = 1;
      }
  for (int e = 0; e < 2 && !*known; e++)
    if (ends[e]->certificate.escapable) {
      d->cause = RWK_CAUSE_REVIVAL;
      d->at = ends[e]->lambda;
      d->curvature = ends[e]->certificate.escape_curvature;
      snprintf(d->note, sizeof d->note, "the fit itself has a dead unit that is escapable");
      *known = 1;
    }
  if (d->cause != RWK_CAUSE_UNCONVERGED && d->cause != RWK_CAUSE_SADDLE) return RWK_OK;
  if (d->cause == RWK_CAUSE_SADDLE) {
    const rwk_fit *saddle = ends[0]->lambda == d->at ? ends[0] : ends[1];
    rwk_certificate c;
    RWK_TRY(rwk_certify(&c, x->direction, x->ctx, x->path->problem, saddle->lambda, saddle->w,
                        &x->path->settings.certify));
    d->branch_min_eig = c.min_eig;
    *direction = x->direction;
  }
  for (int e = 0; e < 2; e++) {
    rwk_solve_result r;
    RWK_TRY(finish(&r, x, ends[e]));
    *(e ? &d->finished_to : &d->finished_from) = r.loss;
    if (ends[e]->certificate.verdict == RWK_VERDICT_SADDLE)
      d->falls_by = fmax(isnan(d->falls_by) ? 0 : d->falls_by, ends[e]->solve.objective - r.objective);
  }
  return RWK_OK;
}

/* L along the branch, in the direction of rising lambda (T4). */
static int rises(const rwk_branch *branch, double direction) {
  const rwk_branch_point *p = rwk_branch_points(branch);
  for (size_t k = 0; k + 1 < rwk_branch_count(branch); k++) {
    if (!(direction * (p[k + 1].lambda - p[k].lambda) > 0)) continue; /* past a fold */
    if (direction * (p[k + 1].loss - p[k].loss) < -1e-9 * p[k].loss) return 0;
  }
  return 1;
}

static void take_event(rwk_drop *d, const rwk_branch_event *e, rwk_cause cause) {
  d->cause = cause;
  d->at = e->lambda;
  d->low = e->low;
  d->high = e->high;
  d->branch_loss = e->loss;
  d->branch_min_eig = e->min_eig;
  d->transversality = e->transversality;
  d->lambda_beyond = e->lambda_beyond;
  d->loss_beyond = e->loss_beyond;
  d->bias = e->bias;
  d->curvature = e->curvature;
}

/* Two points with the same L and R to what a fit's tolerance leaves open are one: a gradient of g leaves J
 * uncertain by about g^2 / min_eig. */
static int same_point(const rwk_branch_point *p, const rwk_fit *fit) {
  return fabs(p->objective - fit->solve.objective) <= 1e-9 * fit->solve.objective + 1e-13 &&
         fabs(p->loss - fit->solve.loss) <= 1e-5 * fit->solve.loss + 1e-9;
}

/* At a fold minimum and saddle lie on either side along the null vector phi, the minimum at begin->w: twice
 * as far beyond, on the saddle's side, another basin begins. */
static rwk_status beyond_saddle(double **far, rwk_explainer *x, const rwk_branch_event *e,
                                const rwk_fit *begin) {
  const size_t n = x->path->dim;
  double along = 0;
  for (size_t i = 0; i < n; i++) along += e->null_vector[i] * (begin->w[i] - e->w[i]);
  *far = rwk_alloc_doubles(x->path->ctx, n);
  if (!*far) return rwk_fail_memory(x->ctx, "weights");
  for (size_t i = 0; i < n; i++) (*far)[i] = e->w[i] - 2 * along * e->null_vector[i];
  return RWK_OK;
}

static rwk_status by_branch(rwk_drop *d, rwk_explainer *x, const rwk_fit *begin, const rwk_fit *end,
                            int *left, double **far) {
  const rwk_path *path = x->path;
  rwk_branch_settings s;
  rwk_branch_settings_init(&s);
  s.algebra = path->settings.solver.algebra;
  s.dense_limit = path->settings.solver.dense_limit;
  s.points = path->settings.explain_points;
  rwk_branch *branch;
  RWK_TRY(
      rwk_branch_between(&branch, x->ctx, path->problem, begin->w, begin->lambda, end->w, end->lambda, &s));
  const size_t count = rwk_branch_count(branch), events = rwk_branch_event_count(branch);
  const rwk_branch_event *e = &rwk_branch_events(branch)[events - 1];
  const double *null_vector = NULL;
  d->points = (int64_t)count;
  d->merges = (int64_t)events - 1;
  if (count > 1) d->monotone = rises(branch, end->lambda > begin->lambda ? 1 : -1);
  *left = 1;
  rwk_status status = RWK_OK;
  switch (e->kind) {
  case RWK_EVENT_REACHED:
    *left = !same_point(&rwk_branch_points(branch)[count - 1], end);
    if (*left)
      take_event(d, e, RWK_CAUSE_JUMP);
    else
      snprintf(d->note, sizeof d->note, "the branch leads from the one fit to the other");
    break;
  case RWK_EVENT_FOLD:
    take_event(d, e, RWK_CAUSE_FOLD);
    null_vector = e->null_vector;
    if (null_vector && path->settings.walks & RWK_WALKS_BEST) status = beyond_saddle(far, x, e, begin);
    break;
  case RWK_EVENT_BRANCH_POINT:
    take_event(d, e, RWK_CAUSE_BRANCH_POINT);
    null_vector = e->null_vector;
    break;
  case RWK_EVENT_REVIVAL:
    take_event(d, e, RWK_CAUSE_REVIVAL);
    snprintf(d->note, sizeof d->note, "%s", e->what);
    break;
  case RWK_EVENT_KINK:
    take_event(d, e, RWK_CAUSE_NONSMOOTH);
    break;
  case RWK_EVENT_START:
    snprintf(d->note, sizeof d->note, "the branch could not be begun: the fit is no isolated minimum");
    break;
  case RWK_EVENT_MERGE:
  case RWK_EVENT_BUDGET:
    take_event(d, e, RWK_CAUSE_UNEXPLAINED);
    snprintf(d->note, sizeof d->note, "the budget of the continuation ran out after %zu points", count);
    break;
  }
  if (status == RWK_OK) status = rwk_participation(d, x, null_vector, begin->w, end->w);
  rwk_branch_destroy(branch);
  return status;
}

/* Where a Hessian is only known by its products a branch costs more than the fits, and is followed for drops
 * alone. */
static int follows_rises(const rwk_path *path) {
  return path->settings.explain && rwk_path_is_dense(path);
}

rwk_status rwk_explain_step(rwk_step *step, rwk_explainer *x, const rwk_fit *from, const rwk_fit *to) {
  rwk_drop *d = &step->drop;
  /* a gradient of g leaves J, and so L, uncertain by some g^2 */
  const double noise = x->path->settings.certify.grad_tol * x->path->settings.certify.grad_tol;
  const int fell = to->solve.loss < from->solve.loss * (1 - x->path->settings.drop_tol) - noise;
  const rwk_fit *const ends[2] = {from, to};
  const int down = from->walk == RWK_WALK_DOWN || from->walk == RWK_WALK_GRADUATED;
  if (rwk_cancelled(x->ctx)) return RWK_CANCELLED;
  step->explained = 1;
  step->kept = fell;
  if (!fell &&
      !(follows_rises(x->path) && from->walk < RWK_WALK_COLD &&
        rwk_certificate_is_minimum(&from->certificate) && rwk_certificate_is_minimum(&to->certificate)))
    return RWK_OK;
  blank(d, from, to);
  d->rise = !fell;
  int known = 0, left = 0;
  const double *direction = NULL;
  if (fell) RWK_TRY(by_ends(d, x, ends, &known, &direction));
  if (known || !x->path->settings.explain)
    return known ? rwk_participation(d, x, direction, from->w, to->w) : RWK_OK;
  RWK_TRY(by_branch(d, x, ends[down], ends[!down], &left, &step->far));
  step->kept = fell || (left && d->cause != RWK_CAUSE_UNEXPLAINED);
  return RWK_OK;
}

void rwk_explainer_close(rwk_explainer *x) {
  if (!x->ctx) return;
  rwk_solver_destroy(x->finisher);
  rwk_free_doubles(x->ctx, x->w);
  rwk_free_doubles(x->ctx, x->direction);
  rwk_free(x->ctx, x->group);
  *x = (rwk_explainer){0};
}

rwk_status rwk_explainer_open(rwk_explainer *x, const rwk_path *path, rwk_context *ctx) {
  *x = (rwk_explainer){.path = path, .ctx = ctx};
  const rwk_problem *p = path->problem;
  x->w = rwk_alloc_doubles(ctx, path->dim);
  x->direction = rwk_alloc_doubles(ctx, path->dim);
  x->group = rwk_alloc(ctx, path->dim, sizeof *x->group);
  if (!x->w || !x->direction || !x->group) return rwk_fail_memory(ctx, "explaining drops");
  if (!p->ops.groups || !p->ops.group_name) return RWK_OK;
  return p->ops.groups(x->group, &x->group_count, p->self);
}
