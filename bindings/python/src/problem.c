/* Problems: the library's networks (network.c), and functions written in Python.
 *
 * The library may call from any thread. The functions get memory of the library as memoryviews that are good
 * during the call alone; ridgewalk/problem.py copies what it hands on.
 */
#include <stdlib.h>
#include <string.h>
#include "core.h"

static PyObject *look(const double *x, size_t count) {
  return PyMemoryView_FromMemory((char *)(uintptr_t)x, (Py_ssize_t)(count * sizeof *x), PyBUF_READ);
}

static PyObject *room(double *x, size_t count) {
  if (!x) return Py_NewRef(Py_None);
  return PyMemoryView_FromMemory((char *)x, (Py_ssize_t)(count * sizeof *x), PyBUF_WRITE);
}

/* Keeps the first exception; the caller of the library gets it. */
static rwk_status fail(core_problem *p) {
  if (p->type)
    PyErr_Clear();
  else
    PyErr_Fetch(&p->type, &p->error, &p->trace);
  return RWK_CALLBACK;
}

static rwk_status value(double *loss, double *gradient, const double *w, void *work, void *self) {
  (void)work;
  core_problem *p = self;
  const size_t dim = rwk_problem_dim(p->problem);
  const PyGILState_STATE lock = PyGILState_Ensure();
  PyObject *point = look(w, dim), *slope = room(gradient, dim), *result = NULL;
  if (point && slope) result = PyObject_CallFunctionObjArgs(p->value, point, slope, NULL);
  if (result) *loss = PyFloat_AsDouble(result);
  const rwk_status status = PyErr_Occurred() ? fail(p) : RWK_OK;
  Py_XDECREF(point);
  Py_XDECREF(slope);
  Py_XDECREF(result);
  PyGILState_Release(lock);
  return status;
}

/* Vectors that lie apart are moved together: Python sees k vectors in a row. */
static rwk_status hessian_vector(double *HV, size_t ldhv, const double *V, size_t ldv, size_t k,
                                 const double *w, void *work, void *self) {
  (void)work;
  core_problem *p = self;
  const size_t dim = rwk_problem_dim(p->problem);
  double *packed = malloc((2 * k * dim + 1) * sizeof *packed), *out = packed ? packed + k * dim : NULL;
  if (!packed) return RWK_NO_MEMORY;
  for (size_t j = 0; j < k; j++) memcpy(packed + j * dim, V + j * ldv, dim * sizeof *V);
  const PyGILState_STATE lock = PyGILState_Ensure();
  PyObject *point = look(w, dim), *vectors = look(packed, k * dim), *products = room(out, k * dim),
           *result = NULL;
  if (point && vectors && products)
    result = PyObject_CallFunctionObjArgs(p->hessian_vector, point, vectors, products, NULL);
  const rwk_status status = result ? RWK_OK : fail(p);
  Py_XDECREF(point);
  Py_XDECREF(vectors);
  Py_XDECREF(products);
  Py_XDECREF(result);
  PyGILState_Release(lock);
  for (size_t j = 0; j < k && status == RWK_OK; j++) memcpy(HV + j * ldhv, out + j * dim, dim * sizeof *out);
  free(packed);
  return status;
}

static rwk_status hessian(double *H, size_t ldh, const double *w, void *work, void *self) {
  (void)work;
  core_problem *p = self;
  const size_t dim = rwk_problem_dim(p->problem);
  const PyGILState_STATE lock = PyGILState_Ensure();
  PyObject *point = look(w, dim), *matrix = room(H, (dim - 1) * ldh + dim), *stride = PyLong_FromSize_t(ldh);
  PyObject *result = NULL;
  if (point && matrix && stride)
    result = PyObject_CallFunctionObjArgs(p->hessian, point, matrix, stride, NULL);
  const rwk_status status = result ? RWK_OK : fail(p);
  Py_XDECREF(point);
  Py_XDECREF(matrix);
  Py_XDECREF(stride);
  Py_XDECREF(result);
  PyGILState_Release(lock);
  return status;
}

static rwk_status start(double *w, uint64_t seed, uint64_t stream, void *self) {
  core_problem *p = self;
  const PyGILState_STATE lock = PyGILState_Ensure();
  PyObject *point = room(w, rwk_problem_dim(p->problem)), *result = NULL;
  PyObject *a = PyLong_FromUnsignedLongLong(seed), *b = PyLong_FromUnsignedLongLong(stream);
  if (point && a && b) result = PyObject_CallFunctionObjArgs(p->start, point, a, b, NULL);
  const rwk_status status = result ? RWK_OK : fail(p);
  Py_XDECREF(point);
  Py_XDECREF(a);
  Py_XDECREF(b);
  Py_XDECREF(result);
  PyGILState_Release(lock);
  return status;
}

static rwk_status groups(size_t *group, size_t *count, void *self) {
  const core_problem *p = self;
  memcpy(group, p->group, rwk_problem_dim(p->problem) * sizeof *group);
  *count = p->group_count;
  return RWK_OK;
}

static void group_name(char *text, size_t size, size_t group, void *self) {
  const core_problem *p = self;
  if (size == 0) return;
  text[0] = 0;
  const PyGILState_STATE lock = PyGILState_Ensure();
  PyObject *name = PyTuple_GetItem(p->group_names, (Py_ssize_t)group);
  const char *utf8 = name ? PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
  if (utf8) {
    strncpy(text, utf8, size - 1);
    text[size - 1] = 0;
  }
  PyErr_Clear();
  PyGILState_Release(lock);
}

static int read_groups(core_problem *p, PyObject *group, PyObject *names, Py_ssize_t dim) {
  if (group == Py_None && names == Py_None) return 0;
  if (!PyList_Check(group) || !PyTuple_Check(names) || PyList_Size(group) != dim) {
    PyErr_SetString(PyExc_TypeError,
                    "groups: a list with a number for each coordinate, and a tuple of names");
    return -1;
  }
  p->group = calloc((size_t)dim, sizeof *p->group);
  if (!p->group) return PyErr_NoMemory(), -1;
  p->group_count = (size_t)PyTuple_Size(names);
  p->group_names = Py_NewRef(names);
  for (Py_ssize_t i = 0; i < dim; i++) {
    p->group[i] = PyLong_AsSize_t(PyList_GetItem(group, i));
    if (PyErr_Occurred()) return -1;
    if (p->group[i] < p->group_count) continue;
    PyErr_Format(PyExc_ValueError, "groups: coordinate %zd is in group %zu of %zu", i, p->group[i],
                 p->group_count);
    return -1;
  }
  return 0;
}

static int keep(PyObject **place, PyObject *function, const char *name, int optional) {
  if (optional && function == Py_None) return 0;
  if (!PyCallable_Check(function)) {
    PyErr_Format(PyExc_TypeError, "%s: a function is wanted", name);
    return -1;
  }
  *place = Py_NewRef(function);
  return 0;
}

PyObject *core_user_problem(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const words[] = {"dim",   "penalised", "value",       "hessian_vector", "hessian",
                                      "start", "group",     "group_names", "thread_safe",    NULL};
  (void)module;
  Py_ssize_t dim, length = 0;
  int thread_safe;
  PyObject *penalised, *value_of, *products_of, *hessian_of, *start_of, *group, *names;
  if (!core_parse(args, kwargs, "nOOOOOOOp:user_problem", words, &dim, &penalised, &value_of, &products_of,
                  &hessian_of, &start_of, &group, &names, &thread_safe))
    return NULL;
  char *mask = NULL;
  if (dim < 1) return PyErr_Format(PyExc_ValueError, "dim: %zd; at least one coordinate", dim);
  if (penalised != Py_None) {
    if (PyBytes_AsStringAndSize(penalised, &mask, &length)) return NULL;
    if (length != dim)
      return PyErr_Format(PyExc_ValueError, "penalised: %zd numbers are wanted, not %zd", dim, length);
  }
  core_problem *p = core_problem_new(1, NULL);
  if (!p) return NULL;
  if (keep(&p->value, value_of, "value", 0) || keep(&p->hessian_vector, products_of, "hessian_vector", 0) ||
      keep(&p->hessian, hessian_of, "hessian", 1) || keep(&p->start, start_of, "start", 1) ||
      read_groups(p, group, names, dim))
    goto failed;
  const rwk_problem_ops ops = {.size = sizeof ops,
                               .name = "a problem of Python's",
                               .thread_safe = thread_safe,
                               .value = value,
                               .hessian_vector = hessian_vector,
                               .hessian = p->hessian ? hessian : NULL,
                               .start = p->start ? start : NULL,
                               .groups = p->group ? groups : NULL,
                               .group_name = p->group ? group_name : NULL};
  const rwk_status status =
      rwk_problem_create(&p->problem, p->call.ctx, (size_t)dim, (const unsigned char *)mask, &ops, p);
  if (status == RWK_OK) return (PyObject *)p;
  core_raise(p->call.ctx, status);
failed:
  Py_DECREF(p);
  return NULL;
}

PyObject *core_problem_check(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const words[] = {"problem", "w", "directions", "seed", NULL};
  (void)module;
  PyObject *object, *at;
  int directions;
  unsigned long long seed;
  core_array w;
  core_call call;
  if (!core_parse(args, kwargs, "OOiK:problem_check", words, &object, &at, &directions, &seed)) return NULL;
  const core_problem *p = core_problem_get(object);
  if (!p || core_vector_get(&w, at, "w", CORE_VECTOR, rwk_problem_dim(p->problem))) return NULL;
  PyObject *result = NULL;
  rwk_derivative_report r = {0};
  if (core_call_open(&call, 1, NULL) == 0) {
    core_call_begin(&call);
    const rwk_status status = rwk_problem_check(&r, call.ctx, p->problem, w.data, directions, seed);
    if (core_call_end(&call, status, object) == 0)
      result =
          Py_BuildValue("{s:d,s:d,s:d,s:d,s:d}", "gradient", r.gradient, "hessian_vector", r.hessian_vector,
                        "symmetry", r.symmetry, "block", r.block, "hessian", r.hessian);
    core_call_close(&call);
  }
  core_array_release(&w);
  return result;
}

/* ---- the type ---- */

core_problem *core_problem_new(int threads, PyObject *notes) {
  core_problem *p = PyObject_GC_New(core_problem, (PyTypeObject *)core_state_get()->problem_type);
  if (!p) return NULL;
  memset((char *)p + sizeof p->ob_base, 0, sizeof *p - sizeof p->ob_base);
  const int failed = core_call_open(&p->call, threads, notes);
  PyObject_GC_Track(p);
  if (!failed) return p;
  Py_DECREF(p);
  return NULL;
}

core_problem *core_problem_get(PyObject *object) {
  if ((PyObject *)Py_TYPE(object) == core_state_get()->problem_type) return (core_problem *)object;
  PyErr_SetString(PyExc_TypeError, "problem: one made by this module is wanted");
  return NULL;
}

static int problem_traverse(PyObject *self, visitproc visit, void *arg) {
  core_problem *p = (core_problem *)self;
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(p->value);
  Py_VISIT(p->hessian_vector);
  Py_VISIT(p->hessian);
  Py_VISIT(p->start);
  Py_VISIT(p->type);
  Py_VISIT(p->error);
  Py_VISIT(p->trace);
  return 0;
}

static int problem_clear(PyObject *self) {
  core_problem *p = (core_problem *)self;
  Py_CLEAR(p->value);
  Py_CLEAR(p->hessian_vector);
  Py_CLEAR(p->hessian);
  Py_CLEAR(p->start);
  Py_CLEAR(p->type);
  Py_CLEAR(p->error);
  Py_CLEAR(p->trace);
  return 0;
}

static void problem_dealloc(PyObject *self) {
  core_problem *p = (core_problem *)self;
  PyObject_GC_UnTrack(self);
  problem_clear(self);
  if (p->mlp)
    rwk_mlp_destroy(p->mlp); /* with its problem */
  else
    rwk_problem_destroy(p->problem);
  free(p->group);
  Py_CLEAR(p->group_names);
  core_call_close(&p->call);
  core_free(self);
}

static PyObject *problem_dim(PyObject *self, void *unused) {
  (void)unused;
  return PyLong_FromSize_t(rwk_problem_dim(((core_problem *)self)->problem));
}

static PyObject *problem_penalised(PyObject *self, void *unused) {
  (void)unused;
  const rwk_problem *p = ((core_problem *)self)->problem;
  return PyBytes_FromStringAndSize((const char *)rwk_problem_penalised(p), (Py_ssize_t)rwk_problem_dim(p));
}

PyObject *core_problem_type(void) {
  static PyGetSetDef members[] = {
      {"dim", problem_dim, NULL, "how many weights there are", NULL},
      {"penalised", problem_penalised, NULL, "bytes [dim]: 1 where a weight is in R", NULL},
      {NULL, NULL, NULL, NULL, NULL}};
  static PyType_Slot slots[] = {
      {Py_tp_dealloc, (void *)problem_dealloc},
      {Py_tp_traverse, (void *)problem_traverse},
      {Py_tp_clear, (void *)problem_clear},
      {Py_tp_methods, core_network_methods},
      {Py_tp_getset, members},
      {Py_tp_doc,
       (void *)(uintptr_t) "A function of weights to be penalised: a network, or the caller's own."},
      {0, NULL}};
  static PyType_Spec spec = {"ridgewalk._core.Problem", sizeof(core_problem), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                             slots};
  return PyType_FromSpec(&spec);
}
