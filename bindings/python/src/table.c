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

static int read_roles(core_table *t, PyObject *spec) {
  rwk_design_settings *s = &t->settings;
  PyObject *outputs = core_item(spec, "outputs"), *name = core_item(spec, "loss");
  const size_t columns = t->numbers.columns;
  const size_t weighted = (size_t)core_flag(spec, "weighted"), folded = (size_t)core_flag(spec, "folded");
  size_t targets = outputs ? PyLong_AsSize_t(outputs) : 1;
  rwk_loss loss = RWK_LOSS_MSE;
  if (PyErr_Occurred()) {
    PyErr_Clear();
    targets = 0;
  }
  const char *text = name ? PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
  if (name && (!text || rwk_loss_from_name(&loss, text) != RWK_OK)) {
    PyErr_Format(PyExc_ValueError, "loss: %R is none of mse, logistic, softmax", name);
    return -1;
  }
  if (targets < 1 || targets > columns || targets + weighted + folded > columns) {
    PyErr_Format(PyExc_ValueError, "table: %zu columns for %zu targets, %zu row weights and %zu folds",
                 columns, targets, weighted, folded);
    return -1;
  }
  rwk_design_settings_init(s);
  const char **after = t->names + columns - folded;
  t->fold = folded ? *after : NULL;
  s->exclude = after;
  s->exclude_count = folded;
  s->row_weights = weighted ? after[-1] : NULL;
  s->target_count = targets;
  s->targets = after - weighted - targets;
  s->standardise = core_flag(spec, "standardise");
  s->keep_constant = core_flag(spec, "keep_constant");
  s->target_kind = loss == RWK_LOSS_MSE ? RWK_TARGET_NUMBERS : RWK_TARGET_CLASSES;
  s->output_per_class = loss == RWK_LOSS_SOFTMAX;
  return 0;
}

int core_table_get(core_table *t, PyObject *spec) {
  size_t columns = 0;
  memset(t, 0, sizeof *t);
  PyObject *matrix = PyDict_Check(spec) ? core_item(spec, "table") : NULL;
  PyObject *names = matrix ? core_item(spec, "names") : NULL;
  if (!names) {
    PyErr_SetString(PyExc_TypeError, "table: a dict with a table and its names is wanted");
    return -1;
  }
  t->names = texts(&columns, names);
  if (!t->names || core_array_get(&t->numbers, matrix, "table", CORE_MATRIX)) goto failed;
  if (columns != t->numbers.columns) {
    PyErr_Format(PyExc_ValueError, "table: %zu names for %zu columns", columns, t->numbers.columns);
    goto failed;
  }
  if (read_roles(t, spec) == 0) return 0;
failed:
  core_table_release(t);
  return -1;
}

void core_table_release(core_table *t) {
  core_array_release(&t->numbers);
  free(t->names);
  t->names = NULL;
}

rwk_status core_table_design(rwk_design **design, rwk_design **raw, rwk_table **cells, rwk_context *ctx,
                             const core_table *t) {
  const core_array *x = &t->numbers;
  rwk_design_settings plain = t->settings;
  plain.standardise = 0;
  rwk_status status =
      rwk_table_from_numbers(cells, ctx, "the table", t->names, x->data, x->rows, x->columns, x->ld, 1);
  if (status == RWK_OK) status = rwk_design_create(design, ctx, *cells, &t->settings);
  if (status == RWK_OK && raw) status = rwk_design_create(raw, ctx, *cells, &plain);
  return status;
}

PyObject *core_design(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const words[] = {"spec", "notes", NULL};
  (void)module;
  PyObject *spec, *notes, *result = NULL;
  core_table t;
  core_call call;
  if (!core_parse(args, kwargs, "OO:design", words, &spec, &notes) || core_table_get(&t, spec)) return NULL;
  if (core_call_open(&call, 1, notes) == 0) {
    rwk_table *cells = NULL;
    rwk_design *design = NULL;
    core_call_begin(&call);
    const rwk_status status = core_table_design(&design, NULL, &cells, call.ctx, &t);
    if (core_call_end(&call, status, NULL) == 0) result = describe(design, &call);
    rwk_design_destroy(design);
    rwk_table_destroy(cells);
    core_call_close(&call);
  }
  core_table_release(&t);
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
