/* Tables: a matrix of numbers scaled as the program scales a file, and columns of a file. */
#include <stdlib.h>
#include <string.h>
#include "core.h"

/* The texts of a tuple of str, which keeps them; to be freed. */
static const char **texts(size_t *count, PyObject *names) {
  *count = PyTuple_Check(names) ? (size_t)PyTuple_Size(names) : 0;
  const char **list = calloc(*count + 1, sizeof *list);
  if (!list) return (const char **)PyErr_NoMemory();
  for (size_t j = 0; j < *count; j++) {
    PyObject *name = PyTuple_GetItem(names, (Py_ssize_t)j);
    list[j] = PyUnicode_Check(name) ? PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
    if (list[j]) continue;
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "names: a tuple of texts is wanted");
    free(list);
    return NULL;
  }
  return list;
}

static PyObject *describe(const rwk_design *d, core_call *call) {
  const size_t rows = rwk_design_rows(d), inputs = rwk_design_inputs(d), outputs = rwk_design_outputs(d);
  char *recipe = NULL, fingerprint[33];
  rwk_status status = rwk_design_fingerprint(fingerprint, d);
  if (status == RWK_OK) status = rwk_design_recipe(&recipe, call->ctx, d);
  if (status != RWK_OK) return core_raise(call->ctx, status);
  PyObject *names = PyList_New(0);
  for (size_t j = 0; names && j < inputs; j++)
    if (core_push(names, PyUnicode_DecodeUTF8(rwk_design_input_name(d, j),
                                              (Py_ssize_t)strlen(rwk_design_input_name(d, j)), "replace")))
      Py_CLEAR(names);
  const double *weights = rwk_design_row_weights(d);
  PyObject *result =
      names ? Py_BuildValue("{s:N,s:N,s:N,s:N,s:s,s:s}", "X", core_bytes(rwk_design_X(d), rows * inputs), "Y",
                            core_bytes(rwk_design_Y(d), rows * outputs), "row_weights",
                            weights ? core_bytes(weights, rows) : Py_NewRef(Py_None), "names", names,
                            "recipe", recipe, "fingerprint", fingerprint)
            : NULL;
  rwk_text_destroy(call->ctx, recipe);
  return result;
}

PyObject *core_design(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const words[] = {"table",       "names",         "outputs", "weighted",
                                      "standardise", "keep_constant", "notes",   NULL};
  (void)module;
  PyObject *matrix, *names, *notes, *result = NULL;
  Py_ssize_t outputs;
  int weighted, standardise, keep_constant;
  core_array X;
  core_call call;
  size_t columns = 0;
  if (!core_parse(args, kwargs, "OOnpppO:design", words, &matrix, &names, &outputs, &weighted, &standardise,
                  &keep_constant, &notes))
    return NULL;
  const char **list = texts(&columns, names);
  if (!list || core_array_get(&X, matrix, "table", CORE_MATRIX)) {
    free(list);
    return NULL;
  }
  if (columns != X.columns || outputs < 1 || (size_t)outputs + (size_t)weighted > columns) {
    PyErr_Format(PyExc_ValueError, "table: %zu names for %zu columns", columns, X.columns);
  } else if (core_call_open(&call, 1, notes) == 0) {
    rwk_table *table = NULL;
    rwk_design *design = NULL;
    rwk_design_settings s;
    rwk_design_settings_init(&s);
    s.row_weights = weighted ? list[columns - 1] : NULL;
    s.target_count = (size_t)outputs;
    s.targets = list + columns - (size_t)weighted - (size_t)outputs;
    s.standardise = standardise;
    s.keep_constant = keep_constant;
    core_call_begin(&call);
    rwk_status status =
        rwk_table_from_numbers(&table, call.ctx, "the table", list, X.data, X.rows, X.columns, X.ld, 1);
    if (status == RWK_OK) status = rwk_design_create(&design, call.ctx, table, &s);
    if (core_call_end(&call, status, NULL) == 0) result = describe(design, &call);
    rwk_design_destroy(design);
    rwk_table_destroy(table);
    core_call_close(&call);
  }
  core_array_release(&X);
  free(list);
  return result;
}

/* The columns of numbers of a CSV file. */
PyObject *core_read_columns(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const words[] = {"file", NULL};
  (void)module;
  PyObject *file, *result = NULL;
  core_call call;
  if (!core_parse(args, kwargs, "O&:read_columns", words, PyUnicode_FSConverter, &file)) return NULL;
  if (core_call_open(&call, 1, NULL) == 0) {
    rwk_table *table = NULL;
    const char *name = PyBytes_AsString(file);
    core_call_begin(&call);
    const rwk_status status = rwk_table_read(&table, call.ctx, name, NULL);
    if (core_call_end(&call, status, NULL) == 0) result = PyDict_New();
    for (size_t j = 0; result && j < rwk_table_columns(table); j++) {
      const double *x;
      if (rwk_table_column_numbers(&x, call.ctx, table, j) != RWK_OK) continue; /* text */
      if (core_put(result, rwk_table_column_name(table, j), core_bytes(x, rwk_table_rows(table))))
        Py_CLEAR(result);
    }
    rwk_table_destroy(table);
    core_call_close(&call);
  }
  Py_DECREF(file);
  return result;
}
