#include <string.h>
#include "core.h"

static SEXP results(core_call *c) {
  const rwk_audit_summary *s = rwk_audit_summary_get(c->audit);
  size_t drop_count = 0;
  const rwk_audit_drop *drops = rwk_audit_drops(&drop_count, c->audit);
  const size_t count = (size_t)c->n;
  const rwk_audit_point *points = rwk_audit_points(c->audit);
  const void *one = s;
  const void **p = (const void **)R_alloc(count + 1, sizeof *p),
             **d = (const void **)R_alloc(drop_count + 1, sizeof *d);
  for (size_t i = 0; i < count; i++) p[i] = &points[i];
  for (size_t i = 0; i < drop_count; i++) d[i] = &drops[i];
  SEXP list = PROTECT(core_list(5));
  core_put(list, 0, "summary", core_columns(core_audit_summary, &one, 1, 0));
  core_put(list, 1, "points", core_columns(core_audit_point, p, count, 0));
  core_put(list, 2, "drops", core_columns(core_audit_drop, d, drop_count, 0));
  core_put(list, 3, "scale", Rf_mkString(core_scale_name((int)s->scale)));
  core_put(list, 4, "dominated_by", Rf_allocVector(INTSXP, (R_xlen_t)count));
  for (size_t i = 0; i < count; i++) /* rows count from 1 in R */
    INTEGER(VECTOR_ELT(list, 4))
  [i] = points[i].dominated_by == RWK_AUDIT_NONE ? NA_INTEGER : (int)points[i].dominated_by + 1;
  UNPROTECT(1);
  return list;
}

/* columns: lambda, mse, penalty, and the errors of each; all of one length. */
SEXP core_r_audit(SEXP columns, SEXP settings, SEXP convention) {
  SEXP holder;
  core_call *c = core_open(&holder, 1);
  PROTECT(holder);
  rwk_audit_settings s;
  rwk_audit_settings_init(&s);
  rwk_status status = core_fields_set(c, &s, core_audit_settings, settings, "audit");
  if (convention != R_NilValue) s.convention = Rf_translateCharUTF8(Rf_asChar(convention));
  const double *x[6] = {NULL};
  for (int k = 0; k < 6 && status == RWK_OK; k++) {
    SEXP column = VECTOR_ELT(columns, k);
    if (TYPEOF(column) != REALSXP || Rf_xlength(column) != Rf_xlength(VECTOR_ELT(columns, 0)))
      status = core_refuse(c, "the sweep: columns of numbers of one length are wanted");
    else
      x[k] = REAL(column);
  }
  if (status == RWK_OK) {
    const rwk_sweep sweep = {x[0], x[1], x[2], (size_t)Rf_xlength(VECTOR_ELT(columns, 0)), x[3], x[4], x[5]};
    c->n = (double)sweep.count;
    core_begin(c);
    status = rwk_audit_create(&c->audit, c->ctx, &sweep, &s);
    core_end(c);
  }
  SEXP result = PROTECT(core_answer(c, status, results));
  core_close(holder);
  UNPROTECT(2);
  return result;
}

SEXP core_r_rounding(SEXP x, SEXP chosen) {
  SEXP error = PROTECT(Rf_allocVector(REALSXP, Rf_xlength(x)));
  rwk_audit_rounding(REAL(error), REAL(x), (size_t)Rf_xlength(x), Rf_asLogical(chosen) == TRUE);
  UNPROTECT(1);
  return error;
}
