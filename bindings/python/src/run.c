/* Run files, whole. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core.h"

rwk_status core_run_texts(rwk_run *run, PyObject *texts) {
  PyObject *key, *value;
  Py_ssize_t place = 0;
  rwk_status status = RWK_OK;
  while (status == RWK_OK && PyDict_Next(texts, &place, &key, &value)) {
    const char *k = PyUnicode_AsUTF8AndSize(key, NULL), *v = PyUnicode_AsUTF8AndSize(value, NULL);
    status = k && v ? rwk_run_set(run, k, v) : RWK_CALLBACK;
  }
  return status;
}

static rwk_status put_fits(rwk_run *run, const rwk_path *path) {
  rwk_status status = RWK_OK;
  for (size_t k = 0; status == RWK_OK && k < rwk_path_walk_count(path); k++) {
    rwk_walk_view v;
    status = rwk_path_walk(&v, path, k);
    for (size_t i = 0; status == RWK_OK && i < rwk_path_lambda_count(path); i++)
      if (v.points[i]) status = rwk_run_save_fit(v.points[i], run);
  }
  return status;
}

typedef struct saving {
  core_call *call;
  core_path *path;
  rwk_mlp *mlp;
  const core_table *table; /* NULL: no pictures */
  rwk_run *run;
  int explain;
} saving;

/* What pictures are drawn from needs the table that was walked. */
static rwk_status put_pictures(const saving *s) {
  rwk_table *cells = NULL;
  rwk_design *design = NULL;
  rwk_status status = core_table_design(&design, NULL, &cells, s->call->ctx, s->table);
  if (status == RWK_OK)
    status = rwk_run_keep_pictures(s->run, s->call->ctx, s->mlp, design, s->path->path, s->explain);
  rwk_design_destroy(design);
  rwk_table_destroy(cells);
  return status;
}

/* With the lock, for texts are Python's; and what takes its time without. */
static int save(saving *s, const char *file, PyObject *texts, int replace) {
  const rwk_path *path = s->path->path;
  rwk_status status = rwk_run_create(&s->run, s->call->ctx, file, replace);
  if (status == RWK_OK) status = core_run_texts(s->run, texts);
  if (status == RWK_OK)
    status = rwk_run_set_dim(s->run, rwk_problem_dim(((core_problem *)s->path->problem)->problem));
  if (status == RWK_OK)
    status = rwk_run_set_lambda(s->run, rwk_path_lambda(path), rwk_path_lambda_count(path));
  if (status == RWK_OK) status = rwk_run_begin(s->run);
  if (PyErr_Occurred()) {
    rwk_run_close(s->run);
    return -1;
  }
  core_call_begin(s->call);
  if (status == RWK_OK) status = put_fits(s->run, path);
  if (status == RWK_OK) status = rwk_run_finish(s->run, path);
  if (status == RWK_OK && s->table) status = put_pictures(s);
  const rwk_status closed = rwk_run_close(s->run);
  return core_call_end(s->call, status == RWK_OK ? closed : status, NULL);
}

PyObject *core_run_save(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const words[] = {"file", "path", "texts", "replace", "table", "explain", NULL};
  (void)module;
  PyObject *file, *object, *texts, *spec = Py_None, *result = NULL;
  int replace, explain = 0;
  core_call call;
  core_table table;
  if (!core_parse(args, kwargs, "O&OO!p|Op:run_save", words, PyUnicode_FSConverter, &file, &object,
                  &PyDict_Type, &texts, &replace, &spec, &explain))
    return NULL;
  saving s = {.call = &call, .path = core_path_get(object), .explain = explain};
  if (s.path) s.mlp = ((core_problem *)s.path->problem)->mlp;
  if (s.path && s.mlp && spec != Py_None) {
    if (core_table_get(&table, spec) == 0) s.table = &table;
  }
  if (s.path && !PyErr_Occurred() && core_call_open(&call, 1, NULL) == 0) {
    if (save(&s, PyBytes_AsString(file), texts, replace) == 0) result = Py_NewRef(Py_None);
    core_call_close(&call);
  }
  if (s.table) core_table_release(&table);
  Py_DECREF(file);
  return result;
}

PyObject *core_run_set(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const words[] = {"file", "texts", NULL};
  (void)module;
  PyObject *file, *texts, *result = NULL;
  core_call call;
  if (!core_parse(args, kwargs, "O&O!:run_set", words, PyUnicode_FSConverter, &file, &PyDict_Type, &texts))
    return NULL;
  if (core_call_open(&call, 1, NULL) == 0) {
    rwk_run *run = NULL;
    rwk_status status = rwk_run_open(&run, call.ctx, PyBytes_AsString(file), 1);
    if (status == RWK_OK) status = core_run_texts(run, texts);
    const rwk_status closed = rwk_run_close(run);
    if (status == RWK_OK) status = closed;
    if (status == RWK_OK)
      result = Py_NewRef(Py_None);
    else if (!PyErr_Occurred())
      core_raise(call.ctx, status);
    core_call_close(&call);
  }
  Py_DECREF(file);
  return result;
}

/* ---- reading ---- */

static PyObject *text_of(rwk_run *run, const char *key) {
  const char *value = NULL;
  if (rwk_run_get(&value, run, key) != RWK_OK || !value) return Py_NewRef(Py_None);
  return PyUnicode_FromString(value);
}

static PyObject *fit_of(rwk_run *run, size_t k, rwk_status *status) {
  const size_t dim = rwk_run_dim(run);
  double *w = malloc((dim + 1) * sizeof *w);
  rwk_fit fit;
  *status = w ? rwk_run_fit_at(&fit, w, run, k) : RWK_NO_MEMORY;
  PyObject *dict = *status == RWK_OK ? core_fields_dict(core_certificate, &fit.certificate) : NULL;
  if (dict && (core_fields_get(dict, core_fit, &fit) || core_put(dict, "w", core_bytes(w, dim))))
    Py_CLEAR(dict);
  free(w);
  return dict;
}

static PyObject *drop_of(rwk_run *run, size_t k, rwk_status *status) {
  rwk_drop drop;
  rwk_walk walk;
  int start;
  *status = rwk_run_drop_at(&drop, &walk, &start, run, k);
  PyObject *dict = *status == RWK_OK ? core_fields_dict(core_drop, &drop) : NULL;
  if (dict && (core_put(dict, "walk", PyUnicode_FromString(rwk_walk_name(walk))) ||
               core_put(dict, "start", PyLong_FromLong(start))))
    Py_CLEAR(dict);
  return dict;
}

static PyObject *origin_of(rwk_run *run, size_t k, rwk_status *status) {
  rwk_origin origin;
  *status = rwk_run_origin_at(&origin, run, k);
  return *status == RWK_OK ? core_fields_dict(core_origin, &origin) : NULL;
}

typedef struct series {
  const char *key;
  rwk_status (*count)(size_t *count, rwk_run *run);
  PyObject *(*item)(rwk_run *run, size_t k, rwk_status *status);
} series;

static PyObject *read_series(rwk_run *run, const series *s, rwk_status *status) {
  size_t count = 0;
  *status = s->count(&count, run);
  PyObject *list = *status == RWK_OK ? PyList_New(0) : NULL;
  for (size_t k = 0; list && k < count; k++)
    if (core_push(list, s->item(run, k, status))) Py_CLEAR(list);
  return list;
}

/* One number of every held-out prediction. */
static PyObject *column_of(const rwk_cv_row *rows, size_t count, double (*value)(const rwk_cv_row *row)) {
  PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(count * sizeof(double)));
  char *to = bytes ? PyBytes_AsString(bytes) : NULL;
  for (size_t k = 0; to && k < count; k++) {
    const double x = value(&rows[k]);
    memcpy(to + k * sizeof x, &x, sizeof x);
  }
  return bytes;
}

static double fold_of(const rwk_cv_row *row) {
  return (double)row->fold;
}

static double observed_of(const rwk_cv_row *row) {
  return row->observed;
}

static double at_min_of(const rwk_cv_row *row) {
  return row->at_min;
}

static double at_1se_of(const rwk_cv_row *row) {
  return row->at_1se;
}

/* None where the run is no cross-validation. */
static PyObject *cv_of(rwk_run *run) {
  const rwk_cv_summary *s = rwk_run_cv(run);
  if (!s) return Py_NewRef(Py_None);
  size_t count = 0;
  const rwk_cv_row *rows = rwk_run_cv_rows(&count, run);
  const rwk_cv_point *points = rwk_run_cv_points(run);
  PyObject *cv = PyDict_New(), *list = PyList_New(0);
  if (!rows) count = 0;
  for (size_t k = 0; list && points && k < s->count; k++)
    if (core_push(list, core_fields_dict(core_cv_point, &points[k]))) Py_CLEAR(list);
  if (!cv || !list || core_put(cv, "summary", core_fields_dict(core_cv_summary, s)) ||
      core_put(cv, "fold", column_of(rows, count, fold_of)) ||
      core_put(cv, "observed", column_of(rows, count, observed_of)) ||
      core_put(cv, "at_min", column_of(rows, count, at_min_of)) ||
      core_put(cv, "at_1se", column_of(rows, count, at_1se_of)))
    Py_CLEAR(cv);
  if (!cv) {
    Py_XDECREF(list);
    return NULL;
  }
  if (core_put(cv, "points", list)) Py_CLEAR(cv);
  return cv;
}

static PyObject *read_run(rwk_run *run, PyObject *keys, rwk_status *status) {
  static const series all[] = {{"fits", rwk_run_fit_count, fit_of},
                               {"drops", rwk_run_drop_count, drop_of},
                               {"origins", rwk_run_origin_count, origin_of}};
  const double *lambda = NULL;
  size_t count = 0;
  rwk_collapse collapse;
  double seconds = NAN;
  PyObject *result = PyDict_New(), *texts = PyDict_New();
  *status = rwk_run_lambda(&lambda, &count, run);
  if (*status == RWK_OK) *status = rwk_run_collapse(&collapse, &seconds, run);
  if (!result || !texts || *status != RWK_OK || core_put(result, "lambda", core_bytes(lambda, count)) ||
      core_put(result, "collapse", core_fields_dict(core_collapse, &collapse)) ||
      core_put(result, "seconds", PyFloat_FromDouble(seconds)) ||
      core_put(result, "finished", PyBool_FromLong(rwk_run_finished(run))) ||
      core_put(result, "cv", cv_of(run)))
    goto failed;
  for (Py_ssize_t k = 0; k < PyTuple_Size(keys); k++) {
    const char *key = PyUnicode_AsUTF8AndSize(PyTuple_GetItem(keys, k), NULL);
    if (!key || core_put(texts, key, text_of(run, key))) goto failed;
  }
  for (size_t k = 0; k < sizeof all / sizeof *all; k++)
    if (core_put(result, all[k].key, read_series(run, &all[k], status))) goto failed;
  if (core_put(result, "texts", texts) == 0) return result;
  texts = NULL;
failed:
  Py_XDECREF(result);
  Py_XDECREF(texts);
  return NULL;
}

PyObject *core_run_load(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const words[] = {"file", "keys", NULL};
  (void)module;
  PyObject *file, *keys, *result = NULL;
  core_call call;
  if (!core_parse(args, kwargs, "O&O!:run_load", words, PyUnicode_FSConverter, &file, &PyTuple_Type, &keys))
    return NULL;
  if (core_call_open(&call, 1, NULL) == 0) {
    rwk_run *run = NULL;
    rwk_status status = rwk_run_open(&run, call.ctx, PyBytes_AsString(file), 0);
    if (status == RWK_OK) result = read_run(run, keys, &status);
    if (!result && !PyErr_Occurred()) core_raise(call.ctx, status);
    rwk_run_close(run);
    core_call_close(&call);
  }
  Py_DECREF(file);
  return result;
}
