/* Run files, whole. */
#include <math.h>
#include <stdlib.h>
#include "core.h"

static rwk_status put_texts(rwk_run *run, PyObject *texts) {
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

PyObject *core_run_save(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const words[] = {"file", "path", "texts", "replace", NULL};
  (void)module;
  PyObject *file, *object, *texts, *result = NULL;
  int replace;
  core_call call;
  if (!core_parse(args, kwargs, "O&OO!p:run_save", words, PyUnicode_FSConverter, &file, &object, &PyDict_Type,
                  &texts, &replace))
    return NULL;
  core_path *p = core_path_get(object);
  if (p && core_call_open(&call, 1, NULL) == 0) {
    rwk_run *run = NULL;
    rwk_status status = rwk_run_create(&run, call.ctx, PyBytes_AsString(file), replace);
    if (status == RWK_OK) status = put_texts(run, texts);
    if (status == RWK_OK)
      status = rwk_run_set_dim(run, rwk_problem_dim(((core_problem *)p->problem)->problem));
    if (status == RWK_OK)
      status = rwk_run_set_lambda(run, rwk_path_lambda(p->path), rwk_path_lambda_count(p->path));
    if (status == RWK_OK) status = rwk_run_begin(run);
    if (!PyErr_Occurred()) {
      core_call_begin(&call);
      if (status == RWK_OK) status = put_fits(run, p->path);
      if (status == RWK_OK) status = rwk_run_finish(run, p->path);
      const rwk_status closed = rwk_run_close(run);
      if (core_call_end(&call, status == RWK_OK ? closed : status, NULL) == 0) result = Py_NewRef(Py_None);
    } else {
      rwk_run_close(run);
    }
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
      core_put(result, "finished", PyBool_FromLong(rwk_run_finished(run))))
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
