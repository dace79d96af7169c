#include <math.h>
#include <stdio.h>
#include <string.h>
#include "core.h"

SEXP core_list(int count) {
  SEXP list = PROTECT(Rf_allocVector(VECSXP, count)), names = PROTECT(Rf_allocVector(STRSXP, count));
  Rf_setAttrib(list, R_NamesSymbol, names);
  UNPROTECT(2);
  return list;
}

void core_put(SEXP list, int at, const char *name, SEXP value) {
  SET_VECTOR_ELT(list, at, value); /* `value` is safe from here on */
  SET_STRING_ELT(Rf_getAttrib(list, R_NamesSymbol), at, Rf_mkChar(name));
}

SEXP core_item(SEXP list, const char *name) {
  SEXP names = TYPEOF(list) == VECSXP ? Rf_getAttrib(list, R_NamesSymbol) : R_NilValue;
  if (names == R_NilValue) return R_NilValue;
  for (R_xlen_t i = 0; i < Rf_xlength(list); i++)
    if (!strcmp(CHAR(STRING_ELT(names, i)), name)) return VECTOR_ELT(list, i);
  return R_NilValue;
}

double core_number(SEXP list, const char *name, double otherwise) {
  SEXP value = core_item(list, name);
  return value == R_NilValue ? otherwise : Rf_asReal(value);
}

int core_flag(SEXP list, const char *name) {
  return Rf_asLogical(core_item(list, name)) == TRUE;
}

const char *core_text(SEXP list, const char *name) {
  SEXP value = core_item(list, name);
  return TYPEOF(value) == STRSXP && Rf_xlength(value) == 1 ? Rf_translateCharUTF8(STRING_ELT(value, 0)) : "";
}

SEXP core_numbers(const double *x, size_t count) {
  SEXP vector = Rf_allocVector(REALSXP, (R_xlen_t)count);
  if (count) memcpy(REAL(vector), x, count * sizeof *x);
  return vector;
}

/* ---- out ---- */

static double as_double(const core_field *f, const void *at) {
  switch (f->kind) {
  case CORE_SIZE:
    return (double)*(const size_t *)at;
  case CORE_INT64:
    return (double)*(const int64_t *)at;
  case CORE_UINT64:
    return (double)*(const uint64_t *)at;
  default:
    return *(const double *)at;
  }
}

static SEXP column(const core_field *f, const void *const *objects, size_t count) {
  const SEXPTYPE type = f->kind == CORE_INT                            ? INTSXP
                        : f->kind == CORE_BOOL                         ? LGLSXP
                        : f->kind == CORE_TEXT || f->kind == CORE_NAME ? STRSXP
                                                                       : REALSXP;
  SEXP vector = PROTECT(Rf_allocVector(type, (R_xlen_t)count));
  for (size_t i = 0; i < count; i++) {
    const void *at = (const char *)objects[i] + f->offset;
    if (type == REALSXP)
      REAL(vector)[i] = as_double(f, at);
    else if (type == STRSXP)
      SET_STRING_ELT(vector, (R_xlen_t)i,
                     Rf_mkCharCE(f->kind == CORE_TEXT ? at : f->name_of(*(const int *)at), CE_UTF8));
    else
      (type == INTSXP ? INTEGER(vector) : LOGICAL(vector))[i] = *(const int *)at;
  }
  UNPROTECT(1);
  return vector;
}

SEXP core_columns(const core_field *fields, const void *const *objects, size_t count, int more) {
  int n = 0;
  while (fields[n].name) n++;
  SEXP list = PROTECT(core_list(n + more));
  for (int k = 0; k < n; k++) core_put(list, k, fields[k].name, column(&fields[k], objects, count));
  UNPROTECT(1);
  return list;
}

/* ---- in ---- */

static rwk_status set_name(core_call *c, void *at, const core_field *f, const char *text) {
  char list[256] = "";
  size_t length = 0;
  for (int k = 0; k < f->values; k++) {
    const char *name = f->name_of(k);
    if (!strcmp(name, text)) return *(int *)at = k, RWK_OK;
    if (length < sizeof list) /* a list that is too long is cut */
      length += (size_t)snprintf(list + length, sizeof list - length, "%s%s", k ? ", " : "", name);
  }
  return core_refuse(c, "%s: '%s' is none of %s", f->name, text, list);
}

static rwk_status set_number(core_call *c, void *at, const core_field *f, double x) {
  const int whole = x == floor(x);
  if (f->kind == CORE_DOUBLE && !isnan(x)) return *(double *)at = x, RWK_OK;
  if (f->kind == CORE_BOOL && (x == 0 || x == 1)) return *(int *)at = (int)x, RWK_OK;
  if (f->kind == CORE_INT && whole && fabs(x) <= INT32_MAX) return *(int *)at = (int)x, RWK_OK;
  if (whole && fabs(x) <= 9007199254740992.0) { /* 2^53 */
    if (f->kind == CORE_INT64) return *(int64_t *)at = (int64_t)x, RWK_OK;
    if (f->kind == CORE_SIZE && x >= 0) return *(size_t *)at = (size_t)x, RWK_OK;
    if (f->kind == CORE_UINT64 && x >= 0) return *(uint64_t *)at = (uint64_t)x, RWK_OK;
  }
  return core_refuse(c, "%s: %g is not a value that it can have", f->name, x);
}

static rwk_status set(core_call *c, void *object, const core_field *f, SEXP value) {
  void *at = (char *)object + f->offset;
  if (f->kind == CORE_NAME && TYPEOF(value) == STRSXP && Rf_xlength(value) == 1)
    return set_name(c, at, f, Rf_translateCharUTF8(STRING_ELT(value, 0)));
  const int numeric = TYPEOF(value) == REALSXP || TYPEOF(value) == INTSXP || TYPEOF(value) == LGLSXP;
  if (f->kind != CORE_NAME && f->kind != CORE_TEXT && numeric && Rf_xlength(value) == 1)
    return set_number(c, at, f, Rf_asReal(value));
  return core_refuse(c, "%s: one %s is wanted", f->name,
                     f->kind == CORE_NAME   ? "name"
                     : f->kind == CORE_BOOL ? "TRUE or FALSE"
                                            : "number");
}

rwk_status core_fields_set(core_call *c, void *object, const core_field *fields, SEXP list,
                           const char *what) {
  if (list == R_NilValue) return RWK_OK;
  SEXP names = Rf_getAttrib(list, R_NamesSymbol);
  for (R_xlen_t i = 0; i < Rf_xlength(list); i++) {
    const char *name = names == R_NilValue ? "" : CHAR(STRING_ELT(names, i));
    const core_field *f = fields;
    while (f->name && strcmp(f->name, name) != 0) f++;
    if (!f->name) return core_refuse(c, "%s settings: there is no setting '%s'", what, name);
    const rwk_status status = set(c, object, f, VECTOR_ELT(list, i));
    if (status != RWK_OK) return status;
  }
  return RWK_OK;
}
