/* One fit, one certificate, one branch, one Hessian. */
#include <math.h>
#include <string.h>
#include "core.h"

#define LAST_DIGITS 1e-15

static SEXP certificate_of(const rwk_certificate *certificate) {
  const void *one = certificate;
  return core_columns(core_certificate, &one, 1, 0);
}

/* The settings that a solver shares with a certificate. */
static rwk_status read_settings(rwk_solver_settings *solver, rwk_certify_settings *certify, core_call *c,
                                SEXP how) {
  rwk_solver_settings_init(solver);
  rwk_certify_settings_init(certify);
  rwk_status status = core_fields_set(c, solver, core_solver_settings, core_item(how, "solver"), "solver");
  if (status == RWK_OK)
    status = core_fields_set(c, certify, core_certify_settings, core_item(how, "certify"), "certify");
  return status;
}

static rwk_status run_solver(rwk_solve_result *result, core_call *c, double *w, double lambda,
                             const rwk_solver_settings *s) {
  rwk_status status = rwk_solver_create(&c->solver, c->ctx, rwk_mlp_problem(c->mlp), s);
  if (status == RWK_OK) status = rwk_solver_run(result, c->solver, w, lambda);
  rwk_solver_destroy(c->solver);
  c->solver = NULL;
  return status;
}

static double distance(const double *v, const double *w, size_t dim) {
  double sum = 0;
  for (size_t i = 0; i < dim; i++) sum += (v[i] - w[i]) * (v[i] - w[i]);
  return sqrt(sum);
}

/* The certificate of some weights; with `finish`, where Newton's method ends that begins there: a minimum is
 * brought to the last digits, so that there is a distance for every point that can be told. */
SEXP core_r_certify(SEXP spec, SEXP weights, SEXP lambda, SEXP how) {
  SEXP holder, result;
  core_call *c = core_open(&holder, 1);
  PROTECT(holder);
  rwk_solver_settings solver;
  rwk_certify_settings certify;
  rwk_solve_result solved = {0};
  rwk_certificate here, there;
  const double *w = NULL;
  double *end = NULL, *direction = NULL;
  int finished = 0;
  rwk_status status = core_network(c, spec);
  if (status == RWK_OK) status = core_weights(&w, c, weights, "weights");
  if (status == RWK_OK) status = read_settings(&solver, &certify, c, how);
  const double at = Rf_asReal(lambda) * c->scale.lambda_scale;
  const size_t dim = status == RWK_OK ? rwk_problem_dim(rwk_mlp_problem(c->mlp)) : 0;
  if (status == RWK_OK) {
    const rwk_problem *problem = rwk_mlp_problem(c->mlp);
    end = (double *)R_alloc(dim + 1, sizeof *end);
    direction = (double *)R_alloc(dim + 1, sizeof *direction);
    memcpy(end, w, dim * sizeof *end);
    core_begin(c);
    status = rwk_certify(&here, direction, c->ctx, problem, at, w, &certify);
    finished = status == RWK_OK && core_flag(how, "finish") && here.verdict != RWK_VERDICT_INCONCLUSIVE;
    if (finished && rwk_certificate_is_minimum(&here)) solver.grad_tol = LAST_DIGITS;
    if (finished) status = run_solver(&solved, c, end, at, &solver);
    if (finished && status == RWK_OK) status = rwk_certify(&there, NULL, c->ctx, problem, at, end, &certify);
    core_end(c);
  }
  if (status == RWK_OK) {
    result = PROTECT(core_list(6));
    core_put(result, 0, "certificate", certificate_of(&here));
    core_put(result, 1, "direction", core_numbers(direction, dim));
    if (finished) core_put(result, 2, "finished", certificate_of(&there));
    if (finished) core_put(result, 3, "end", core_numbers(end, dim));
    core_put(result, 4, "distance", Rf_ScalarReal(finished ? distance(end, w, dim) : NA_REAL));
    core_put(result, 5, "network", core_describe(c));
    core_notes(c, result);
  } else {
    result = PROTECT(core_failure(c, status));
  }
  core_close(holder);
  UNPROTECT(2);
  return result;
}

/* Brings weights, one fit a column, to critical points at one penalty: the one with the lowest J. */
SEXP core_r_solve(SEXP spec, SEXP weights, SEXP lambda, SEXP how) {
  SEXP holder, result;
  core_call *c = core_open(&holder, 1);
  PROTECT(holder);
  rwk_solver_settings solver;
  rwk_certify_settings certify;
  rwk_solve_result solved = {0};
  rwk_certificate certificate;
  double *w = NULL, *best = NULL, lowest = INFINITY;
  rwk_status status = core_network(c, spec);
  if (status == RWK_OK) status = read_settings(&solver, &certify, c, how);
  const double at = Rf_asReal(lambda) * c->scale.lambda_scale;
  const size_t dim = status == RWK_OK ? rwk_problem_dim(rwk_mlp_problem(c->mlp)) : 1;
  if (status == RWK_OK &&
      (TYPEOF(weights) != REALSXP || Rf_xlength(weights) == 0 || (size_t)Rf_xlength(weights) % dim != 0))
    status = core_refuse(c, "weights: %zu numbers are wanted", dim);
  if (status == RWK_OK) {
    w = (double *)R_alloc(2 * dim, sizeof *w);
    best = w + dim;
    core_begin(c);
    for (size_t k = 0; k < (size_t)Rf_xlength(weights) / dim && status == RWK_OK; k++) {
      memcpy(w, REAL(weights) + k * dim, dim * sizeof *w);
      status = run_solver(&solved, c, w, at, &solver);
      if (status != RWK_OK || !(solved.objective < lowest)) continue;
      lowest = solved.objective;
      memcpy(best, w, dim * sizeof *w);
    }
    if (status == RWK_OK)
      status = rwk_certify(&certificate, NULL, c->ctx, rwk_mlp_problem(c->mlp), at, best, &certify);
    core_end(c);
  }
  if (status == RWK_OK) {
    result = PROTECT(core_list(2));
    core_put(result, 0, "certificate", certificate_of(&certificate));
    core_put(result, 1, "w", core_numbers(best, dim));
  } else {
    result = PROTECT(core_failure(c, status));
  }
  core_close(holder);
  UNPROTECT(2);
  return result;
}

SEXP core_r_hessian(SEXP spec, SEXP weights, SEXP lambda) {
  SEXP holder, result;
  core_call *c = core_open(&holder, 1);
  PROTECT(holder);
  const double *w = NULL;
  rwk_status status = core_network(c, spec);
  if (status == RWK_OK) status = core_weights(&w, c, weights, "weights");
  const size_t dim = status == RWK_OK ? rwk_problem_dim(rwk_mlp_problem(c->mlp)) : 0;
  result = PROTECT(Rf_allocMatrix(REALSXP, (int)dim, (int)dim)); /* symmetric: rows are columns */
  if (status == RWK_OK) {
    core_begin(c);
    status = rwk_hessian(REAL(result), dim, c->ctx, rwk_mlp_problem(c->mlp),
                         Rf_asReal(lambda) * c->scale.lambda_scale, w);
    core_end(c);
  }
  if (status != RWK_OK) {
    UNPROTECT(1);
    result = PROTECT(core_failure(c, status));
  }
  core_close(holder);
  UNPROTECT(2);
  return result;
}

static SEXP branch_of(core_call *c) {
  const size_t points = rwk_branch_count(c->branch), events = rwk_branch_event_count(c->branch),
               dim = rwk_problem_dim(rwk_mlp_problem(c->mlp));
  const void **p = (const void **)R_alloc(points + 1, sizeof *p),
             **e = (const void **)R_alloc(events + 1, sizeof *e);
  for (size_t k = 0; k < points; k++) p[k] = rwk_branch_points(c->branch) + k;
  for (size_t k = 0; k < events; k++) e[k] = rwk_branch_events(c->branch) + k;
  SEXP list = PROTECT(core_list(3));
  core_put(list, 0, "points", core_columns(core_branch_point, p, points, 0));
  core_put(list, 1, "events", core_columns(core_branch_event, e, events, 0));
  SEXP w = PROTECT(Rf_allocMatrix(REALSXP, (int)dim, (int)points));
  for (size_t k = 0; k < points; k++)
    memcpy(REAL(w) + k * dim, rwk_branch_points(c->branch)[k].w, dim * sizeof(double));
  core_put(list, 2, "w", w);
  UNPROTECT(2);
  return list;
}

/* lambda: from, to. */
SEXP core_r_branch(SEXP spec, SEXP weights, SEXP lambda, SEXP settings) {
  SEXP holder;
  core_call *c = core_open(&holder, 1);
  PROTECT(holder);
  const double *w = NULL;
  rwk_branch_settings s;
  rwk_branch_settings_init(&s);
  rwk_status status = core_network(c, spec);
  if (status == RWK_OK) status = core_weights(&w, c, weights, "weights");
  if (status == RWK_OK) status = core_fields_set(c, &s, core_branch_settings, settings, "branch");
  if (status == RWK_OK) {
    const double scale = c->scale.lambda_scale;
    core_begin(c);
    status = rwk_branch_trace(&c->branch, c->ctx, rwk_mlp_problem(c->mlp), w, REAL(lambda)[0] * scale,
                              REAL(lambda)[1] * scale, &s);
    core_end(c);
  }
  SEXP result = PROTECT(core_answer(c, status, branch_of));
  core_close(holder);
  UNPROTECT(2);
  return result;
}
