#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "core.h"

static double now(void) {
  struct timespec t;
  timespec_get(&t, TIME_UTC);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- the watcher ---- */

/* What R does while the library works; a jump out of it ends at the fence. */
static void look(void *payload) {
  core_call *c = payload;
  R_CheckUserInterrupt();
  const long long done = atomic_load(&c->done);
  if (c->progress == R_NilValue || done == c->told) return;
  c->told = done;
  SEXP a = PROTECT(Rf_ScalarReal((double)done));
  SEXP b = PROTECT(Rf_ScalarReal((double)atomic_load(&c->total)));
  SEXP call = PROTECT(Rf_lang3(c->progress, a, b));
  if (Rf_asLogical(Rf_eval(call, R_GlobalEnv)) == FALSE) atomic_store(&c->stop, 1);
  UNPROTECT(3);
}

/* R's API is its main thread's alone. */
static int hear(void *payload) {
  enum { PERIOD_MS = 50 };
  core_call *c = payload;
  if (atomic_load(&c->stop)) return 1;
  if (!thrd_equal(thrd_current(), c->thread)) return 0;
  const double t = now();
  if (t >= c->heard && t - c->heard < 1e-3 * PERIOD_MS) return 0;
  if (!R_ToplevelExec(look, c)) {
    c->interrupted = 1;
    atomic_store(&c->stop, 1);
  }
  c->heard = now();
  return atomic_load(&c->stop);
}

static void note(const char *text, void *payload) {
  core_call *c = payload;
  mtx_lock(&c->lock);
  const size_t before = c->notes ? strlen(c->notes) : 0;
  char *notes = realloc(c->notes, before + strlen(text) + 2);
  if (notes) { /* one a line */
    snprintf(notes + before, strlen(text) + 2, "%s%s", before ? "\n" : "", text);
    c->notes = notes;
  }
  mtx_unlock(&c->lock);
}

/* ---- life ---- */

static void destroy(core_call *c) {
  rwk_laplace_destroy(c->laplace);
  rwk_audit_destroy(c->audit);
  rwk_branch_destroy(c->branch);
  rwk_run_close(c->run);
  rwk_cv_destroy(c->cv);
  rwk_folds_destroy(c->folds);
  rwk_path_destroy(c->path);
  rwk_solver_destroy(c->solver);
  rwk_mlp_destroy(c->mlp);
  rwk_design_destroy(c->design);
  rwk_design_destroy(c->raw);
  rwk_table_destroy(c->table);
  if (c->lambda) rwk_lambda_destroy(c->ctx, c->lambda);
  rwk_context_destroy(c->ctx);
  mtx_destroy(&c->lock);
  free(c->notes);
  free(c);
}

void core_close(SEXP holder) {
  core_call *c = R_ExternalPtrAddr(holder);
  R_ClearExternalPtr(holder);
  if (c) destroy(c);
}

core_call *core_of(SEXP holder) {
  return TYPEOF(holder) == EXTPTRSXP ? R_ExternalPtrAddr(holder) : NULL;
}

core_call *core_open(SEXP *holder, int threads) {
  *holder = PROTECT(R_MakeExternalPtr(NULL, R_NilValue, R_NilValue));
  R_RegisterCFinalizerEx(*holder, core_close, TRUE);
  core_call *c = calloc(1, sizeof *c);
  if (!c) Rf_error("memory ran out");
  mtx_init(&c->lock, mtx_plain);
  c->progress = R_NilValue;
  R_SetExternalPtrAddr(*holder, c);
  rwk_context_settings s;
  rwk_context_settings_init(&s);
  s.threads = threads;
  s.blas_threads = 0; /* core_begin sees to it */
  s.cancel = hear;
  s.cancel_payload = c;
  s.note = note;
  s.note_payload = c;
  const rwk_status status = rwk_context_create(&c->ctx, &s);
  UNPROTECT(1);
  if (status != RWK_OK) Rf_error("%s", rwk_status_message(status));
  return c;
}

void core_begin(core_call *c) {
  c->blas_threads = rwk_blas_threads(1);
  c->thread = thrd_current();
  c->heard = now();
  c->interrupted = 0;
  atomic_store(&c->stop, 0);
}

void core_end(core_call *c) {
  if (c->blas_threads > 1) rwk_blas_threads(c->blas_threads);
}

/* ---- answers ---- */

rwk_status core_refuse(core_call *c, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(c->text, sizeof c->text, format, arguments);
  va_end(arguments);
  return RWK_INVALID_ARGUMENT;
}

SEXP core_failure(const core_call *c, rwk_status status) {
  const char *text = c && c->text[0] ? c->text : c ? rwk_context_error(c->ctx) : "";
  SEXP failure = PROTECT(core_list(3));
  core_put(failure, 0, "status", Rf_mkString(rwk_status_name(status)));
  core_put(failure, 1, "text",
           Rf_ScalarString(Rf_mkCharCE(*text ? text : rwk_status_message(status), CE_UTF8)));
  core_put(failure, 2, "interrupted", Rf_ScalarLogical(c && c->interrupted));
  Rf_setAttrib(failure, R_ClassSymbol, Rf_mkString("ridgewalk_failure"));
  UNPROTECT(1);
  return failure;
}

void core_notes(const core_call *c, SEXP result) {
  if (!c->notes) return;
  SEXP notes = PROTECT(Rf_ScalarString(Rf_mkCharCE(c->notes, CE_UTF8)));
  Rf_setAttrib(result, Rf_install("notes"), notes);
  UNPROTECT(1);
}

SEXP core_answer(core_call *c, rwk_status status, SEXP (*make)(core_call *call)) {
  if (status != RWK_OK) return core_failure(c, status);
  SEXP result = PROTECT(make(c));
  core_notes(c, result);
  UNPROTECT(1);
  return result;
}
