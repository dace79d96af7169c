#include <string.h>
#include "core.h"

static const char *noun(int how) {
  return how & CORE_MATRIX ? "matrix" : "vector";
}

static int refuse(const char *name, int how, const char *why) {
  PyErr_Format(PyExc_TypeError,
               "%s: a float64 %s is wanted (numpy.ascontiguousarray(%s, dtype=float)), but %s", name,
               noun(how), name, why);
  return -1;
}

static int is_double(const Py_buffer *b) {
  const char *f = b->format ? b->format : "B";
  const int little = *(const unsigned char *)&(const int){1} == 1;
  if (*f == '=' || *f == '@' || *f == (little ? '<' : '>')) f++;
  return f[0] == 'd' && !f[1] && b->itemsize == (Py_ssize_t)sizeof(double);
}

static int check(core_array *a, const char *name, int how) {
  const Py_buffer *b = &a->buffer;
  const int ndim = how & CORE_MATRIX ? 2 : 1;
  const Py_ssize_t width = sizeof(double);
  if (!is_double(b)) return refuse(name, how, "its numbers are of another type");
  if (b->ndim != ndim) {
    PyErr_Format(PyExc_TypeError, "%s: a %s is wanted, not an array of %d dimensions", name, noun(how),
                 b->ndim);
    return -1;
  }
  a->rows = ndim == 2 ? (size_t)b->shape[0] : 1;
  a->columns = (size_t)b->shape[ndim - 1];
  a->ld = a->columns;
  if (a->columns > 1 && b->strides[ndim - 1] != width)
    return refuse(name, how, "the numbers of a row lie apart");
  if (ndim == 2 && a->rows > 1) {
    if (b->strides[0] < width * b->shape[1] || b->strides[0] % width)
      return refuse(name, how, "its rows overlap or run backwards");
    a->ld = (size_t)(b->strides[0] / width);
  }
  if ((uintptr_t)b->buf % sizeof(double)) return refuse(name, how, "its memory is not aligned");
  a->data = b->buf;
  return 0;
}

int core_array_get(core_array *a, PyObject *object, const char *name, int how) {
  memset(a, 0, sizeof *a);
  if (how & CORE_OPTIONAL && (!object || object == Py_None)) return 0;
  const int flags = PyBUF_STRIDES | PyBUF_FORMAT | (how & CORE_WRITABLE ? PyBUF_WRITABLE : 0);
  if (PyObject_GetBuffer(object, &a->buffer, flags)) {
    PyErr_Clear();
    memset(a, 0, sizeof *a);
    return refuse(name, how, how & CORE_WRITABLE ? "this one cannot be written to" : "this is none");
  }
  if (check(a, name, how) == 0) return 0;
  core_array_release(a);
  return -1;
}

int core_vector_get(core_array *a, PyObject *object, const char *name, int how, size_t length) {
  if (core_array_get(a, object, name, how)) return -1;
  if (!a->buffer.obj || a->rows * a->columns == length) return 0;
  PyErr_Format(PyExc_ValueError, "%s: %zu numbers are wanted, not %zu", name, length, a->rows * a->columns);
  core_array_release(a);
  return -1;
}

void core_array_release(core_array *a) {
  if (a->buffer.obj) PyBuffer_Release(&a->buffer);
  memset(a, 0, sizeof *a);
}

/* ---- views of the library's memory ---- */

typedef struct view {
  PyObject_HEAD PyObject *owner;
  const double *data;
  int ndim;
  Py_ssize_t shape[2], strides[2];
} view;

static void view_dealloc(PyObject *self) {
  Py_CLEAR(((view *)self)->owner);
  core_free(self);
}

static int view_buffer(PyObject *self, Py_buffer *b, int flags) {
  static char format[] = "d";
  view *v = (view *)self;
  if (flags & PyBUF_WRITABLE) {
    PyErr_SetString(PyExc_BufferError, "this memory is ridgewalk's: copy it to write");
    b->obj = NULL;
    return -1;
  }
  const Py_ssize_t rows = v->ndim == 2 ? v->shape[0] : 1;
  *b = (Py_buffer){.buf = (void *)(uintptr_t)v->data,
                   .obj = Py_NewRef(self),
                   .len = rows * v->shape[v->ndim - 1] * (Py_ssize_t)sizeof(double),
                   .itemsize = sizeof(double),
                   .readonly = 1,
                   .ndim = v->ndim,
                   .format = flags & PyBUF_FORMAT ? format : NULL,
                   .shape = flags & PyBUF_ND ? v->shape : NULL,
                   .strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? v->strides : NULL};
  return 0;
}

PyObject *core_view_type(void) {
  static PyType_Slot slots[] = {
      {Py_tp_dealloc, (void *)view_dealloc},
      {Py_bf_getbuffer, (void *)view_buffer},
      {Py_tp_doc,
       (void *)(uintptr_t) "Memory of the library, read-only; numpy.asarray makes an array of it."},
      {0, NULL}};
  static PyType_Spec spec = {"ridgewalk._core.View", sizeof(view), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
  return PyType_FromSpec(&spec);
}

PyObject *core_view(PyObject *owner, const double *data, size_t rows, size_t columns) {
  view *v = PyObject_New(view, (PyTypeObject *)core_state_get()->view_type);
  if (!v) return NULL;
  v->owner = Py_NewRef(owner);
  v->data = data;
  v->ndim = rows ? 2 : 1;
  v->shape[0] = (Py_ssize_t)(rows ? rows : columns);
  v->shape[1] = (Py_ssize_t)columns;
  v->strides[0] = (Py_ssize_t)((rows ? columns : 1) * sizeof(double));
  v->strides[1] = sizeof(double);
  return (PyObject *)v;
}
