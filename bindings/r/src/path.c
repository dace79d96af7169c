#include <math.h>
#include <string.h>
#include "core.h"

/* ---- settings ---- */

static rwk_status read_walks(unsigned *walks, core_call *c, SEXP names) {
  if (names == R_NilValue) return RWK_OK;
  *walks = 0;
  for (R_xlen_t k = 0; k < Rf_xlength(names); k++) {
    const char *name = TYPEOF(names) == STRSXP ? Rf_translateCharUTF8(STRING_ELT(names, k)) : "";
    rwk_walk walk;
    if (rwk_walk_from_name(&walk, name) != RWK_OK)
      return core_refuse(c, "walk: '%s' is none of up, down, cold, best, graduated", name);
    *walks |= 1u << walk;
  }
  return RWK_OK;
}

/* lambda: NULL, or penalties, ascending, or `grid`: from, to, factor; in the user's units. */
static rwk_status read_lambda(rwk_path_settings *s, core_call *c, SEXP how) {
  SEXP values = core_item(how, "lambda"), grid = core_item(how, "grid");
  const double scale = c->scale.lambda_scale;
  if (TYPEOF(grid) == REALSXP && Rf_xlength(grid) == 3) {
    const double *g = REAL(grid);
    const rwk_status status =
        rwk_lambda_grid(&c->lambda, &s->lambda_count, c->ctx, g[0] * scale, g[1] * scale, g[2]);
    s->lambda = c->lambda;
    return status;
  }
  if (TYPEOF(values) != REALSXP) return RWK_OK;
  s->lambda_count = (size_t)Rf_xlength(values);
  double *lambda = (double *)R_alloc(s->lambda_count + 1, sizeof *lambda);
  for (size_t i = 0; i < s->lambda_count; i++) lambda[i] = REAL(values)[i] * scale;
  s->lambda = lambda;
  return RWK_OK;
}

rwk_status core_path_settings_read(rwk_path_settings *s, core_call *c, SEXP how) {
  rwk_status status = core_fields_set(c, s, core_path_settings, core_item(how, "path"), "path");
  if (status == RWK_OK)
    status = core_fields_set(c, &s->solver, core_solver_settings, core_item(how, "solver"), "solver");
  if (status == RWK_OK)
    status = core_fields_set(c, &s->certify, core_certify_settings, core_item(how, "certify"), "certify");
  if (status == RWK_OK) status = read_walks(&s->walks, c, core_item(how, "walk"));
  if (status == RWK_OK) status = read_lambda(s, c, how);
  if (status == RWK_OK && core_item(how, "init") != R_NilValue)
    status = core_weights(&s->init, c, core_item(how, "init"), "init");
  return status;
}

/* ---- results ---- */

SEXP core_fits(core_call *c, const rwk_fit *const *fits, const double *const *weights, size_t count,
               size_t dim) {
  (void)c;
  const void **points = (const void **)R_alloc(count + 1, sizeof *points);
  for (size_t k = 0; k < count; k++) points[k] = &fits[k]->certificate;
  SEXP list = PROTECT(core_list(3));
  core_put(list, 0, "fit", core_columns(core_fit, (const void *const *)fits, count, 0));
  core_put(list, 1, "certificate", core_columns(core_certificate, points, count, 0));
  SEXP w = PROTECT(Rf_allocMatrix(REALSXP, (int)dim, (int)count));
  for (size_t k = 0; k < count; k++) memcpy(REAL(w) + k * dim, weights[k], dim * sizeof(double));
  core_put(list, 2, "w", w);
  UNPROTECT(2);
  return list;
}

SEXP core_falls(const rwk_drop *const *drops, const rwk_walk *walks, const int *starts, size_t count) {
  int members = 0;
  while (core_drop[members].name) members++;
  SEXP list = PROTECT(core_columns(core_drop, (const void *const *)drops, count, 2));
  core_put(list, members, "walk", Rf_allocVector(STRSXP, (R_xlen_t)count));
  core_put(list, members + 1, "start", Rf_allocVector(INTSXP, (R_xlen_t)count));
  for (size_t k = 0; k < count; k++) {
    SET_STRING_ELT(VECTOR_ELT(list, members), (R_xlen_t)k, Rf_mkChar(rwk_walk_name(walks[k])));
    INTEGER(VECTOR_ELT(list, members + 1))[k] = starts[k];
  }
  UNPROTECT(1);
  return list;
}

/* Everything that the walks have, in lists of pointers. */
typedef struct harvest {
  const rwk_fit **fits;
  const double **weights;
  const rwk_drop **drops;
  rwk_walk *drop_walks;
  int *drop_starts;
  const rwk_origin *origins;
  size_t fit_count, drop_count;
} harvest;

static harvest gather(const rwk_path *path) {
  const size_t walks = rwk_path_walk_count(path), count = rwk_path_lambda_count(path);
  harvest h = {0};
  size_t drops = 0;
  rwk_walk_view v;
  for (size_t k = 0; k < walks; k++)
    if (rwk_path_walk(&v, path, k) == RWK_OK) drops += v.drop_count + v.jump_count;
  h.fits = (const rwk_fit **)R_alloc(walks * count + 1, sizeof *h.fits);
  h.weights = (const double **)R_alloc(walks * count + 1, sizeof *h.weights);
  h.drops = (const rwk_drop **)R_alloc(drops + 1, sizeof *h.drops);
  h.drop_walks = (rwk_walk *)R_alloc(drops + 1, sizeof *h.drop_walks);
  h.drop_starts = (int *)R_alloc(drops + 1, sizeof *h.drop_starts);
  for (size_t k = 0; k < walks; k++) {
    if (rwk_path_walk(&v, path, k) != RWK_OK) continue;
    if (v.origins) h.origins = v.origins;
    for (size_t i = 0; i < count; i++) {
      if (!v.points[i]) continue;
      h.weights[h.fit_count] = v.points[i]->w;
      h.fits[h.fit_count++] = v.points[i];
    }
    for (size_t d = 0; d < v.drop_count + v.jump_count; d++) {
      h.drop_walks[h.drop_count] = v.walk;
      h.drop_starts[h.drop_count] = v.start;
      h.drops[h.drop_count++] = d < v.drop_count ? &v.drops[d] : &v.jumps[d - v.drop_count];
    }
  }
  return h;
}

/* Effective numbers of parameters, by Gauss and Newton's matrix and by the exact Hessian; NA where the
 * certificate does not allow one. */
static rwk_status parameters(double *gn, double *exact, core_call *c, const rwk_fit *fit, double *A) {
  const rwk_problem *problem = rwk_mlp_problem(c->mlp);
  rwk_status status = rwk_mlp_gauss_newton(A, rwk_problem_dim(problem), c->mlp, fit->w);
  if (status == RWK_OK) status = rwk_effective_parameters(gn, c->ctx, problem, fit->lambda, A);
  if (status != RWK_OK) *gn = NA_REAL;
  if (status == RWK_OK && rwk_certificate_is_minimum(&fit->certificate)) {
    status = rwk_laplace_create(&c->laplace, c->ctx, problem, fit->lambda, fit->w, &fit->certificate);
    if (status == RWK_OK) *exact = rwk_laplace_parameters(c->laplace);
    rwk_laplace_destroy(c->laplace);
    c->laplace = NULL;
  }
  return status == RWK_CANCELLED ? status : RWK_OK;
}

/* Those of the fits of best, or of all where there is no best: c->df[2 x fits]. */
static rwk_status freedom(core_call *c, const harvest *h) {
  const size_t dim = rwk_problem_dim(rwk_mlp_problem(c->mlp));
  rwk_status status = RWK_OK;
  double *A = NULL;
  c->df = (double *)R_alloc(2 * h->fit_count + 1, sizeof *c->df);
  for (size_t k = 0; k < 2 * h->fit_count; k++) c->df[k] = NA_REAL;
  for (size_t k = 0; k < h->fit_count && !A; k++)
    if (h->fits[k]->certificate.dense) A = (double *)R_alloc(dim * dim, sizeof *A);
  core_begin(c);
  for (size_t k = 0; k < h->fit_count && status == RWK_OK; k++)
    if (h->fits[k]->certificate.dense && (!h->origins || h->fits[k]->walk == RWK_WALK_BEST))
      status = parameters(&c->df[k], &c->df[h->fit_count + k], c, h->fits[k], A);
  core_end(c);
  return status;
}

static SEXP results(core_call *c) {
  const rwk_path *path = c->path;
  const harvest h = gather(path);
  const size_t count = rwk_path_lambda_count(path);
  const rwk_collapse collapse = rwk_path_collapse(path);
  const void *one = &collapse;
  SEXP list = PROTECT(core_list(8));
  core_put(list, 0, "lambda", core_numbers(rwk_path_lambda(path), count));
  core_put(list, 1, "fits",
           core_fits(c, h.fits, h.weights, h.fit_count, rwk_problem_dim(rwk_mlp_problem(c->mlp))));
  core_put(list, 2, "drops", core_falls(h.drops, h.drop_walks, h.drop_starts, h.drop_count));
  const void **origins = (const void **)R_alloc(count + 1, sizeof *origins);
  for (size_t i = 0; h.origins && i < count; i++) origins[i] = &h.origins[i];
  core_put(list, 3, "origins", core_columns(core_origin, origins, h.origins ? count : 0, 0));
  core_put(list, 4, "collapse", core_columns(core_collapse, &one, 1, 0));
  core_put(list, 5, "seconds", Rf_ScalarReal(rwk_path_seconds(path)));
  core_put(list, 6, "df", core_numbers(c->df, 2 * h.fit_count));
  core_put(list, 7, "network", core_describe(c));
  UNPROTECT(1);
  return list;
}

static void tell(const rwk_path_progress *p, void *payload) {
  core_call *c = payload;
  atomic_store(&c->total, p->total);
  atomic_store(&c->done, p->done);
}

/* The result holds on to the library's path, for core_r_run_save. */
SEXP core_r_path(SEXP spec, SEXP how) {
  SEXP holder;
  core_call *c = core_open(&holder, (int)core_number(how, "threads", 1));
  PROTECT(holder);
  rwk_path_settings s;
  rwk_path_settings_init(&s);
  rwk_status status = core_network(c, spec);
  if (status == RWK_OK) status = core_path_settings_read(&s, c, how);
  if (status == RWK_OK) {
    s.progress = tell;
    s.progress_payload = c;
    c->progress = core_item(how, "progress");
    core_begin(c);
    status = rwk_path_run(&c->path, c->ctx, rwk_mlp_problem(c->mlp), &s);
    core_end(c);
    c->progress = R_NilValue;
  }
  if (status == RWK_OK) {
    const harvest h = gather(c->path);
    status = freedom(c, &h);
  }
  SEXP result = PROTECT(core_answer(c, status, results));
  if (status == RWK_OK)
    Rf_setAttrib(result, Rf_install("handle"), holder);
  else
    core_close(holder);
  UNPROTECT(2);
  return result;
}
