#include "core.h"

static PyObject *results(const rwk_audit *audit, size_t count) {
  const rwk_audit_summary *s = rwk_audit_summary_get(audit);
  const rwk_audit_point *points = rwk_audit_points(audit);
  size_t drop_count;
  const rwk_audit_drop *drops = rwk_audit_drops(&drop_count, audit);
  PyObject *summary = core_fields_dict(core_audit_summary, s), *rows = PyList_New(0), *falls = PyList_New(0);
  if (!summary || !rows || !falls ||
      core_put(summary, "scale", PyUnicode_FromString(core_scale_name((int)s->scale))))
    goto failed;
  for (size_t i = 0; i < count; i++) {
    PyObject *row = core_fields_dict(core_audit_point, &points[i]);
    PyObject *by = points[i].dominated_by == RWK_AUDIT_NONE ? Py_NewRef(Py_None)
                                                            : PyLong_FromSize_t(points[i].dominated_by);
    if (!row)
      Py_XDECREF(by);
    else if (core_put(row, "dominated_by", by))
      Py_CLEAR(row);
    if (core_push(rows, row)) goto failed;
  }
  for (size_t k = 0; k < drop_count; k++)
    if (core_push(falls, core_fields_dict(core_audit_drop, &drops[k]))) goto failed;
  return Py_BuildValue("(NNN)", summary, rows, falls);
failed:
  Py_XDECREF(summary);
  Py_XDECREF(rows);
  Py_XDECREF(falls);
  return NULL;
}

PyObject *core_audit(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const words[] = {"columns", "settings", "convention", NULL};
  static const char *const names[] = {"lambda",       "mse",       "penalty",
                                      "lambda_error", "mse_error", "penalty_error"};
  (void)module;
  PyObject *columns, *given, *result = NULL;
  const char *convention;
  core_array a[6] = {{.data = NULL}};
  core_call call;
  rwk_audit_settings s;
  if (!core_parse(args, kwargs, "O!Oz:audit", words, &PyTuple_Type, &columns, &given, &convention))
    return NULL;
  rwk_audit_settings_init(&s);
  if (core_fields_set(&s, core_audit_settings, given, "audit")) return NULL;
  s.convention = convention;
  if (PyTuple_Size(columns) != 6) return PyErr_Format(PyExc_TypeError, "columns: six of them are wanted");
  for (int k = 0; k < 6; k++) {
    PyObject *column = PyTuple_GetItem(columns, k);
    if (k ? core_vector_get(&a[k], column, names[k], CORE_VECTOR, a[0].columns)
          : core_array_get(&a[k], column, names[k], CORE_VECTOR))
      goto done;
  }
  if (core_call_open(&call, 1, NULL)) goto done;
  const rwk_sweep sweep = {a[0].data, a[1].data, a[2].data, a[0].columns, a[3].data, a[4].data, a[5].data};
  rwk_audit *audit = NULL;
  core_call_begin(&call);
  const rwk_status status = rwk_audit_create(&audit, call.ctx, &sweep, &s);
  if (core_call_end(&call, status, NULL) == 0) result = results(audit, sweep.count);
  rwk_audit_destroy(audit);
  core_call_close(&call);
done:
  for (int k = 0; k < 6; k++) core_array_release(&a[k]);
  return result;
}

PyObject *core_rounding(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const words[] = {"error", "x", "chosen", NULL};
  (void)module;
  PyObject *out, *in;
  int chosen;
  core_array error, x;
  if (!core_parse(args, kwargs, "OOp:rounding", words, &out, &in, &chosen)) return NULL;
  if (core_array_get(&x, in, "x", CORE_VECTOR)) return NULL;
  if (core_vector_get(&error, out, "error", CORE_VECTOR | CORE_WRITABLE, x.columns)) {
    core_array_release(&x);
    return NULL;
  }
  rwk_audit_rounding(error.data, x.data, x.columns, chosen);
  core_array_release(&error);
  core_array_release(&x);
  Py_RETURN_NONE;
}
