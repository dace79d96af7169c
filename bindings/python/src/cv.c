/* Cross-validation of a path, into a run file: what it found is read from there. */
#include <stdlib.h>
#include "core.h"

typedef struct study {
  core_call call;
  core_table table;
  core_array lambda;
  size_t *widths;
  rwk_table *cells;
  rwk_design *design, *raw; /* scaled by all rows, and as the table is */
  rwk_mlp *mlp;
  rwk_folds *folds;
  rwk_run *run;
  rwk_folds_settings division;
  rwk_cv_settings settings;
} study;

static rwk_status save_fit(const rwk_fit *fit, size_t fold, void *payload) {
  const study *s = payload;
  return rwk_run_save_fold_fit(fit, fold, s->run);
}

/* Of the path of all rows, what a report draws is kept as a path's is. */
static rwk_status save_path(const rwk_path *path, size_t fold, void *payload) {
  const study *s = payload;
  rwk_status status = RWK_OK;
  if (fold == RWK_CV_ALL)
    status = rwk_run_keep_pictures(s->run, s->call.ctx, s->mlp, s->design, path, s->settings.path.explain);
  return status == RWK_OK ? rwk_run_save_fold_path(path, fold, s->run) : status;
}

/* Design, network and folds. Returns 0, or -1 with an exception. */
static int prepare(study *s) {
  rwk_context *ctx = s->call.ctx;
  core_call_begin(&s->call);
  rwk_status status = core_table_design(&s->design, &s->raw, &s->cells, ctx, &s->table);
  if (status == RWK_OK) {
    const rwk_mlp_data data = {.X = rwk_design_X(s->design),
                               .ldx = rwk_design_inputs(s->design),
                               .Y = rwk_design_Y(s->design),
                               .ldy = rwk_design_outputs(s->design),
                               .row_weights = rwk_design_row_weights(s->design),
                               .rows = rwk_design_rows(s->design),
                               .inputs = rwk_design_inputs(s->design),
                               .outputs = rwk_design_outputs(s->design)};
    status = rwk_mlp_create(&s->mlp, ctx, &data, &s->settings.mlp);
  }
  s->division.column = s->table.fold;
  if (status == RWK_OK) status = rwk_folds_create(&s->folds, ctx, s->cells, s->raw, &s->division);
  return core_call_end(&s->call, status, NULL);
}

static int run(study *s, const char *file, PyObject *texts) {
  rwk_cv *cv = NULL;
  const rwk_path_settings *p = &s->settings.path;
  rwk_status status = rwk_run_create(&s->run, s->call.ctx, file, 1);
  if (status == RWK_OK) status = core_run_texts(s->run, texts);
  if (status == RWK_OK) status = rwk_run_set_dim(s->run, rwk_problem_dim(rwk_mlp_problem(s->mlp)));
  if (status == RWK_OK && p->lambda) status = rwk_run_set_lambda(s->run, p->lambda, p->lambda_count);
  if (status == RWK_OK) status = rwk_run_begin(s->run);
  if (PyErr_Occurred()) {
    rwk_run_close(s->run);
    return -1;
  }
  core_call_begin(&s->call);
  if (status == RWK_OK) status = rwk_cv_run(&cv, s->call.ctx, s->raw, s->folds, &s->settings);
  if (status == RWK_OK) status = rwk_run_finish_cv(s->run, cv);
  rwk_cv_destroy(cv);
  const rwk_status closed = rwk_run_close(s->run);
  return core_call_end(&s->call, status == RWK_OK ? closed : status, NULL);
}

typedef struct question {
  PyObject *file, *spec, *hidden, *network, *path, *solver, *certify, *walks, *lambda, *folds, *texts;
  int threads;
} question;

static int read_question(study *s, const question *q) {
  rwk_cv_settings_init(&s->settings);
  rwk_folds_settings_init(&s->division);
  if (core_fields_set(&s->division, core_folds_settings, q->folds, "folds") ||
      core_path_settings_read(&s->settings.path, q->path, q->solver, q->certify, q->walks) ||
      core_array_get(&s->lambda, q->lambda, "lambda", CORE_VECTOR | CORE_OPTIONAL) ||
      core_mlp_settings_read(&s->settings.mlp, &s->widths, q->hidden, q->network) ||
      core_table_get(&s->table, q->spec))
    return -1;
  s->settings.path.lambda = s->lambda.data;
  s->settings.path.lambda_count = s->lambda.columns;
  s->settings.standardise = s->table.settings.standardise;
  s->settings.store = (rwk_cv_store){.save_fit = save_fit, .save_path = save_path, .payload = s};
  return 0;
}

PyObject *core_cv(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const words[] = {"file",  "table",   "hidden", "network", "path",    "solver", "certify",
                                      "walks", "lambda_", "folds",  "texts",   "threads", NULL};
  (void)module;
  question q = {0};
  study s = {0};
  PyObject *result = NULL;
  if (!core_parse(args, kwargs, "O&OOOOOOOOOO!i:cv", words, PyUnicode_FSConverter, &q.file, &q.spec,
                  &q.hidden, &q.network, &q.path, &q.solver, &q.certify, &q.walks, &q.lambda, &q.folds,
                  &PyDict_Type, &q.texts, &q.threads))
    return NULL;
  if (read_question(&s, &q) == 0 && core_call_open(&s.call, q.threads, NULL) == 0) {
    if (prepare(&s) == 0 && run(&s, PyBytes_AsString(q.file), q.texts) == 0) result = Py_NewRef(Py_None);
    rwk_folds_destroy(s.folds);
    rwk_mlp_destroy(s.mlp);
    rwk_design_destroy(s.raw);
    rwk_design_destroy(s.design);
    rwk_table_destroy(s.cells);
    core_call_close(&s.call);
  }
  core_table_release(&s.table);
  core_array_release(&s.lambda);
  free(s.widths);
  Py_DECREF(q.file);
  return result;
}
