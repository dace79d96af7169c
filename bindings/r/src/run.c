/* Run files, whole. */
#include <math.h>
#include <string.h>
#include "core.h"

/* texts: a vector of character with names. */
static rwk_status put_texts(core_call *c, SEXP texts) {
  SEXP names = Rf_getAttrib(texts, R_NamesSymbol);
  rwk_status status = RWK_OK;
  for (R_xlen_t k = 0; k < Rf_xlength(texts) && status == RWK_OK; k++)
    status = rwk_run_set(c->run, CHAR(STRING_ELT(names, k)), Rf_translateCharUTF8(STRING_ELT(texts, k)));
  return status;
}

static rwk_status begin_run(core_call *c, SEXP file, SEXP texts, int replace) {
  const char *name = Rf_translateChar(Rf_asChar(file));
  rwk_status status = rwk_run_create(&c->run, c->ctx, R_ExpandFileName(name), replace);
  if (status == RWK_OK) status = put_texts(c, texts);
  if (status == RWK_OK) status = rwk_run_set_dim(c->run, rwk_problem_dim(rwk_mlp_problem(c->mlp)));
  return status;
}

static rwk_status close_run(core_call *c, rwk_status status) {
  rwk_run *run = c->run;
  c->run = NULL;
  const rwk_status closed = rwk_run_close(run);
  return status == RWK_OK ? closed : status;
}

static rwk_status put_fits(core_call *c) {
  rwk_status status = RWK_OK;
  for (size_t k = 0; status == RWK_OK && k < rwk_path_walk_count(c->path); k++) {
    rwk_walk_view v;
    status = rwk_path_walk(&v, c->path, k);
    for (size_t i = 0; status == RWK_OK && i < rwk_path_lambda_count(c->path); i++)
      if (v.points[i]) status = rwk_run_save_fit(v.points[i], c->run);
  }
  return status;
}

/* The path that a result of core_r_path holds. */
SEXP core_r_run_save(SEXP handle, SEXP file, SEXP texts, SEXP how) {
  core_call *c = core_of(handle);
  if (!c || !c->path) return core_failure(NULL, RWK_NOT_IMPLEMENTED);
  c->text[0] = 0;
  rwk_status status = begin_run(c, file, texts, core_flag(how, "replace"));
  if (status == RWK_OK)
    status = rwk_run_set_lambda(c->run, rwk_path_lambda(c->path), rwk_path_lambda_count(c->path));
  if (status == RWK_OK) status = rwk_run_begin(c->run);
  core_begin(c);
  if (status == RWK_OK) status = put_fits(c);
  if (status == RWK_OK) status = rwk_run_finish(c->run, c->path);
  if (status == RWK_OK && core_flag(how, "pictures"))
    status = rwk_run_keep_pictures(c->run, c->ctx, c->mlp, c->design, c->path, core_flag(how, "explain"));
  status = close_run(c, status);
  core_end(c);
  return status == RWK_OK ? R_NilValue : core_failure(c, status);
}

/* ---- cross-validation: walked into a run file, from which R reads it ---- */

static void tell(const rwk_cv_progress *p, void *payload) {
  core_call *c = payload;
  atomic_store(&c->total, p->total);
  atomic_store(&c->done, p->done);
}

static rwk_status divide(core_call *c, SEXP spec, SEXP how) {
  rwk_folds_settings f;
  rwk_folds_settings_init(&f);
  const rwk_status status = core_fields_set(c, &f, core_folds_settings, core_item(how, "folds"), "folds");
  if (status != RWK_OK) return status;
  if (core_flag(spec, "fold")) f.column = rwk_table_column_name(c->table, rwk_table_columns(c->table) - 1);
  return rwk_folds_create(&c->folds, c->ctx, c->table, c->raw, &f);
}

/* mlp settings are those of core_network; the convention's scale is that of all rows. */
static rwk_status read_study(rwk_cv_settings *s, core_call *c, SEXP spec, SEXP how) {
  rwk_cv_settings_init(s);
  rwk_status status = core_mlp_settings_read(&s->mlp, c, spec);
  if (status == RWK_OK) status = core_path_settings_read(&s->path, c, how);
  s->standardise = core_flag(spec, "standardize");
  s->ensemble = (int)core_number(how, "ensemble", 1);
  s->store = (rwk_cv_store){.save_fit = rwk_run_save_fold_fit,
                            .fetch_fit = rwk_run_fetch_fold_fit,
                            .save_path = rwk_run_save_fold_path,
                            .fetch_path = rwk_run_fetch_fold_path,
                            .payload = c->run};
  s->progress = tell;
  s->progress_payload = c;
  return status;
}

SEXP core_r_cv(SEXP spec, SEXP how, SEXP file, SEXP texts) {
  SEXP holder;
  core_call *c = core_open(&holder, (int)core_number(how, "threads", 1));
  PROTECT(holder);
  rwk_cv_settings s;
  rwk_status status = core_design(c, spec, 1);
  if (status == RWK_OK) status = core_network(c, spec);
  if (status == RWK_OK) status = divide(c, spec, how);
  if (status == RWK_OK) status = begin_run(c, file, texts, 1);
  if (status == RWK_OK) status = read_study(&s, c, spec, how);
  if (status == RWK_OK && s.path.lambda)
    status = rwk_run_set_lambda(c->run, s.path.lambda, s.path.lambda_count);
  if (status == RWK_OK) status = rwk_run_begin(c->run);
  if (status == RWK_OK) {
    c->progress = core_item(how, "progress");
    core_begin(c);
    status = rwk_cv_run(&c->cv, c->ctx, c->raw, c->folds, &s);
    if (status == RWK_OK) status = rwk_run_finish_cv(c->run, c->cv);
    status = close_run(c, status);
    core_end(c);
    c->progress = R_NilValue;
  }
  SEXP result = PROTECT(core_answer(c, status, core_describe));
  core_close(holder);
  UNPROTECT(2);
  return result;
}

/* ---- reading ---- */

static SEXP read_texts(core_call *c, SEXP keys) {
  const R_xlen_t count = Rf_xlength(keys);
  SEXP texts = PROTECT(Rf_allocVector(STRSXP, count));
  for (R_xlen_t k = 0; k < count; k++) {
    const char *value = NULL;
    if (rwk_run_get(&value, c->run, CHAR(STRING_ELT(keys, k))) != RWK_OK) value = NULL;
    SET_STRING_ELT(texts, k, value ? Rf_mkCharCE(value, CE_UTF8) : NA_STRING);
  }
  Rf_setAttrib(texts, R_NamesSymbol, keys);
  UNPROTECT(1);
  return texts;
}

static SEXP read_fits(core_call *c, rwk_status *status) {
  const size_t dim = rwk_run_dim(c->run);
  size_t count = 0;
  *status = rwk_run_fit_count(&count, c->run);
  rwk_fit *fits = (rwk_fit *)R_alloc(count + 1, sizeof *fits);
  double *w = (double *)R_alloc(count * dim + 1, sizeof *w);
  const rwk_fit **list = (const rwk_fit **)R_alloc(count + 1, sizeof *list);
  const double **weights = (const double **)R_alloc(count + 1, sizeof *weights);
  for (size_t k = 0; k < count && *status == RWK_OK; k++) {
    *status = rwk_run_fit_at(&fits[k], w + k * dim, c->run, k);
    list[k] = &fits[k];
    weights[k] = w + k * dim;
  }
  return *status == RWK_OK ? core_fits(c, list, weights, count, dim) : R_NilValue;
}

static SEXP read_drops(core_call *c, rwk_status *status) {
  size_t count = 0;
  *status = rwk_run_drop_count(&count, c->run);
  rwk_drop *drops = (rwk_drop *)R_alloc(count + 1, sizeof *drops);
  const rwk_drop **list = (const rwk_drop **)R_alloc(count + 1, sizeof *list);
  rwk_walk *walks = (rwk_walk *)R_alloc(count + 1, sizeof *walks);
  int *starts = (int *)R_alloc(count + 1, sizeof *starts);
  for (size_t k = 0; k < count && *status == RWK_OK; k++) {
    *status = rwk_run_drop_at(&drops[k], &walks[k], &starts[k], c->run, k);
    list[k] = &drops[k];
  }
  return *status == RWK_OK ? core_falls(list, walks, starts, count) : R_NilValue;
}

static SEXP read_origins(core_call *c, rwk_status *status) {
  size_t count = 0;
  *status = rwk_run_origin_count(&count, c->run);
  rwk_origin *origins = (rwk_origin *)R_alloc(count + 1, sizeof *origins);
  const void **list = (const void **)R_alloc(count + 1, sizeof *list);
  for (size_t k = 0; k < count && *status == RWK_OK; k++) {
    *status = rwk_run_origin_at(&origins[k], c->run, k);
    list[k] = &origins[k];
  }
  return *status == RWK_OK ? core_columns(core_origin, list, count, 0) : R_NilValue;
}

/* `count` structs that lie in a row, as columns. */
static SEXP rows_of(const core_field *fields, const void *first, size_t size, size_t count) {
  const void **list = (const void **)R_alloc(count + 1, sizeof *list);
  for (size_t k = 0; k < count; k++) list[k] = (const char *)first + k * size;
  return core_columns(fields, list, count, 0);
}

static SEXP read_cv(core_call *c) {
  const rwk_cv_summary *s = rwk_run_cv(c->run);
  if (!s) return R_NilValue;
  size_t count = 0;
  const rwk_cv_row *rows = rwk_run_cv_rows(&count, c->run);
  SEXP list = PROTECT(core_list(3));
  core_put(list, 0, "summary", rows_of(core_cv_summary, s, sizeof *s, 1));
  core_put(list, 1, "points",
           rows_of(core_cv_point, rwk_run_cv_points(c->run), sizeof(rwk_cv_point), s->count));
  core_put(list, 2, "rows", rows_of(core_cv_row, rows, sizeof *rows, rows ? count : 0));
  UNPROTECT(1);
  return list;
}

/* The names of the network's inputs; empty where there is no recipe. */
static SEXP read_inputs(core_call *c) {
  const char *recipe = NULL;
  size_t count = 0;
  if (rwk_run_get(&recipe, c->run, "recipe") == RWK_OK && recipe &&
      rwk_design_from_recipe(&c->design, c->ctx, recipe) == RWK_OK)
    count = rwk_design_inputs(c->design);
  SEXP names = PROTECT(Rf_allocVector(STRSXP, (R_xlen_t)count));
  for (size_t j = 0; j < count; j++)
    SET_STRING_ELT(names, (R_xlen_t)j, Rf_mkCharCE(rwk_design_input_name(c->design, j), CE_UTF8));
  UNPROTECT(1);
  return names;
}

static SEXP read_run(core_call *c, SEXP keys, rwk_status *status) {
  const double *lambda = NULL;
  size_t count = 0;
  rwk_collapse collapse;
  double seconds = NAN;
  *status = rwk_run_lambda(&lambda, &count, c->run);
  if (*status == RWK_OK) *status = rwk_run_collapse(&collapse, &seconds, c->run);
  if (*status != RWK_OK) return R_NilValue;
  SEXP list = PROTECT(core_list(10));
  core_put(list, 0, "lambda", core_numbers(lambda, count));
  core_put(list, 1, "collapse", rows_of(core_collapse, &collapse, sizeof collapse, 1));
  core_put(list, 2, "seconds", Rf_ScalarReal(seconds));
  core_put(list, 3, "finished", Rf_ScalarLogical(rwk_run_finished(c->run)));
  core_put(list, 4, "texts", read_texts(c, keys));
  core_put(list, 5, "fits", read_fits(c, status));
  if (*status == RWK_OK) core_put(list, 6, "drops", read_drops(c, status));
  if (*status == RWK_OK) core_put(list, 7, "origins", read_origins(c, status));
  if (*status == RWK_OK) core_put(list, 8, "cv", read_cv(c));
  if (*status == RWK_OK) core_put(list, 9, "inputs", read_inputs(c));
  UNPROTECT(1);
  return list;
}

SEXP core_r_run_load(SEXP file, SEXP keys) {
  SEXP holder;
  core_call *c = core_open(&holder, 1);
  PROTECT(holder);
  const char *name = R_ExpandFileName(Rf_translateChar(Rf_asChar(file)));
  rwk_status status = rwk_run_open(&c->run, c->ctx, name, 0);
  SEXP result = PROTECT(status == RWK_OK ? read_run(c, keys, &status) : R_NilValue);
  if (status != RWK_OK) {
    UNPROTECT(1);
    result = PROTECT(core_failure(c, status));
  }
  core_close(holder);
  UNPROTECT(2);
  return result;
}
