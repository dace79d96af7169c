#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "core.h"

int core_parse(PyObject *args, PyObject *kwargs, const char *format, const char *const *words, ...) {
  va_list to;
  va_start(to, words);
  const int parsed = PyArg_VaParseTupleAndKeywords(args, kwargs, format, (char **)(uintptr_t)words, to);
  va_end(to);
  return parsed;
}

int core_put(PyObject *dict, const char *key, PyObject *value) {
  if (!value) return -1;
  const int failed = PyDict_SetItemString(dict, key, value);
  Py_DECREF(value);
  return failed;
}

int core_push(PyObject *list, PyObject *value) {
  if (!value) return -1;
  const int failed = PyList_Append(list, value);
  Py_DECREF(value);
  return failed;
}

PyObject *core_item(PyObject *dict, const char *key) {
  PyObject *value = dict && dict != Py_None ? PyDict_GetItemString(dict, key) : NULL;
  return value == Py_None ? NULL : value;
}

int core_flag(PyObject *dict, const char *key) {
  PyObject *value = core_item(dict, key);
  return value && PyObject_IsTrue(value) == 1;
}

PyObject *core_bytes(const double *x, size_t count) {
  return PyBytes_FromStringAndSize((const char *)x, (Py_ssize_t)(count * sizeof *x));
}

void core_free(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
  release(self);
  Py_DECREF(type);
}

static PyObject *get(const core_field *f, const void *object) {
  const void *at = (const char *)object + f->offset;
  switch (f->kind) {
  case CORE_DOUBLE:
    return PyFloat_FromDouble(*(const double *)at);
  case CORE_INT:
    return PyLong_FromLong(*(const int *)at);
  case CORE_BOOL:
    return PyBool_FromLong(*(const int *)at);
  case CORE_SIZE:
    return PyLong_FromSize_t(*(const size_t *)at);
  case CORE_INT64:
    return PyLong_FromLongLong(*(const int64_t *)at);
  case CORE_UINT64:
    return PyLong_FromUnsignedLongLong(*(const uint64_t *)at);
  case CORE_TEXT:
    return PyUnicode_DecodeUTF8(at, (Py_ssize_t)strlen(at), "replace");
  case CORE_NAME:
    return PyUnicode_FromString(f->name_of(*(const int *)at));
  }
  return NULL;
}

int core_fields_get(PyObject *dict, const core_field *fields, const void *object) {
  for (const core_field *f = fields; f->name; f++)
    if (core_put(dict, f->name, get(f, object))) return -1;
  return 0;
}

PyObject *core_fields_dict(const core_field *fields, const void *object) {
  PyObject *dict = PyDict_New();
  if (dict && core_fields_get(dict, fields, object)) Py_CLEAR(dict);
  return dict;
}

static int set_name(void *at, const core_field *f, const char *text, const char *what) {
  char list[256] = "";
  size_t length = 0;
  for (int k = 0; k < f->values; k++) {
    const char *name = f->name_of(k);
    if (!strcmp(name, text)) return *(int *)at = k, 0;
    if (length < sizeof list) /* a list that is too long is cut */
      length += (size_t)snprintf(list + length, sizeof list - length, "%s%s", k ? ", " : "", name);
  }
  PyErr_Format(PyExc_ValueError, "%s: '%s' is none of %s", f->name ? f->name : what, text, list);
  return -1;
}

static int set(void *object, const core_field *f, PyObject *value, const char *what) {
  void *at = (char *)object + f->offset;
  switch (f->kind) {
  case CORE_DOUBLE:
    *(double *)at = PyFloat_AsDouble(value);
    break;
  case CORE_INT: {
    const long n = PyLong_AsLong(value);
    if (!PyErr_Occurred() && n != (int)n) PyErr_SetString(PyExc_OverflowError, "too large");
    *(int *)at = (int)n;
    break;
  }
  case CORE_BOOL:
    *(int *)at = PyObject_IsTrue(value) == 1;
    break;
  case CORE_SIZE:
    *(size_t *)at = PyLong_AsSize_t(value);
    break;
  case CORE_INT64:
    *(int64_t *)at = PyLong_AsLongLong(value);
    break;
  case CORE_UINT64:
    *(uint64_t *)at = PyLong_AsUnsignedLongLong(value);
    break;
  case CORE_NAME: {
    const char *text = PyUnicode_Check(value) ? PyUnicode_AsUTF8AndSize(value, NULL) : NULL;
    if (text) return set_name(at, f, text, what);
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "not a name");
    break;
  }
  case CORE_TEXT:
    PyErr_SetString(PyExc_TypeError, "not to be set");
    break;
  }
  if (!PyErr_Occurred()) return 0;
  PyErr_Clear();
  PyErr_Format(PyExc_TypeError, "%s settings, %s: %R is not a value that it can have", what, f->name, value);
  return -1;
}

int core_fields_set(void *object, const core_field *fields, PyObject *dict, const char *what) {
  PyObject *key, *value;
  Py_ssize_t place = 0;
  if (!dict || dict == Py_None) return 0;
  if (!PyDict_Check(dict)) {
    PyErr_Format(PyExc_TypeError, "%s settings: a dict is wanted", what);
    return -1;
  }
  while (PyDict_Next(dict, &place, &key, &value)) {
    const char *name = PyUnicode_Check(key) ? PyUnicode_AsUTF8AndSize(key, NULL) : NULL;
    const core_field *f = fields;
    while (name && f->name && strcmp(f->name, name) != 0) f++;
    if (!name || !f->name) {
      PyErr_Clear();
      PyErr_Format(PyExc_TypeError, "%s settings: there is no setting %R", what, key);
      return -1;
    }
    if (set(object, f, value, what)) return -1;
  }
  return 0;
}
