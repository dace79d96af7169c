#include <string.h>
#include "core.h"

/* Python's watcher; whatever it raises, and False, ends the walk. */
typedef struct watch {
  core_call *call;
  PyObject *progress;
} watch;

static void tell(const rwk_path_progress *p, void *payload) {
  const watch *w = payload;
  const PyGILState_STATE lock = PyGILState_Ensure();
  PyObject *dict = core_fields_dict(core_progress, p);
  PyObject *answer = dict ? PyObject_CallFunctionObjArgs(w->progress, dict, NULL) : NULL;
  if (!answer)
    core_call_fail(w->call);
  else if (answer == Py_False)
    atomic_store(&w->call->stop, 1);
  Py_XDECREF(answer);
  Py_XDECREF(dict);
  PyGILState_Release(lock);
}

typedef struct question {
  PyObject *problem, *settings, *solver, *certify, *walks, *lambda, *init, *progress, *notes;
  int threads;
} question;

int core_path_settings_read(rwk_path_settings *s, PyObject *settings, PyObject *solver, PyObject *certify,
                            PyObject *walks) {
  rwk_path_settings_init(s);
  if (core_fields_set(s, core_path_settings, settings, "path") ||
      core_fields_set(&s->solver, core_solver_settings, solver, "solver") ||
      core_fields_set(&s->certify, core_certify_settings, certify, "certify"))
    return -1;
  if (walks == Py_None) return 0;
  if (!PyTuple_Check(walks)) {
    PyErr_SetString(PyExc_TypeError, "walk: a tuple of names is wanted");
    return -1;
  }
  s->walks = 0;
  for (Py_ssize_t k = 0; k < PyTuple_Size(walks); k++) {
    PyObject *item = PyTuple_GetItem(walks, k);
    const char *name = PyUnicode_Check(item) ? PyUnicode_AsUTF8AndSize(item, NULL) : NULL;
    rwk_walk walk;
    if (!name || rwk_walk_from_name(&walk, name) != RWK_OK) {
      PyErr_Format(PyExc_ValueError, "walk: %R is none of up, down, cold, best, graduated", item);
      return -1;
    }
    s->walks |= 1u << walk;
  }
  return 0;
}

static PyObject *walk_it(const question *q, rwk_path_settings *s) {
  core_path *path = PyObject_New(core_path, (PyTypeObject *)core_state_get()->path_type);
  if (!path) return NULL;
  memset((char *)path + sizeof path->ob_base, 0, sizeof *path - sizeof path->ob_base);
  watch w = {&path->call, q->progress};
  if (core_call_open(&path->call, q->threads, q->notes)) goto failed;
  path->problem = Py_NewRef(q->problem);
  if (q->progress != Py_None) {
    s->progress = tell;
    s->progress_payload = &w;
  }
  core_call_begin(&path->call);
  const rwk_status status =
      rwk_path_run(&path->path, path->call.ctx, ((core_problem *)q->problem)->problem, s);
  if (core_call_end(&path->call, status, q->problem) == 0) return (PyObject *)path;
failed:
  Py_DECREF(path);
  return NULL;
}

PyObject *core_path_run(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const words[] = {"problem", "settings", "solver",   "certify", "walks", "lambda_",
                                      "init",    "threads",  "progress", "notes",   NULL};
  (void)module;
  question q = {0};
  core_array lambda, init;
  rwk_path_settings s;
  PyObject *result = NULL;
  if (!core_parse(args, kwargs, "OOOOOOOiOO:path", words, &q.problem, &q.settings, &q.solver, &q.certify,
                  &q.walks, &q.lambda, &q.init, &q.threads, &q.progress, &q.notes))
    return NULL;
  const core_problem *p = core_problem_get(q.problem);
  if (!p || core_path_settings_read(&s, q.settings, q.solver, q.certify, q.walks)) return NULL;
  if (core_array_get(&lambda, q.lambda, "lambda", CORE_VECTOR | CORE_OPTIONAL)) return NULL;
  if (core_vector_get(&init, q.init, "init", CORE_VECTOR | CORE_OPTIONAL, rwk_problem_dim(p->problem)) == 0) {
    s.lambda = lambda.data;
    s.lambda_count = lambda.columns;
    s.init = init.data;
    result = walk_it(&q, &s);
    core_array_release(&init);
  }
  core_array_release(&lambda);
  return result;
}

PyObject *core_lambda_grid(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const words[] = {"from_", "to", "factor", NULL};
  (void)module;
  double from, to, factor, *lambda = NULL;
  size_t count = 0;
  core_call call;
  if (!core_parse(args, kwargs, "ddd:lambda_grid", words, &from, &to, &factor)) return NULL;
  if (core_call_open(&call, 1, NULL)) return NULL;
  const rwk_status status = rwk_lambda_grid(&lambda, &count, call.ctx, from, to, factor);
  PyObject *result = status == RWK_OK ? core_bytes(lambda, count) : core_raise(call.ctx, status);
  rwk_lambda_destroy(call.ctx, lambda);
  core_call_close(&call);
  return result;
}

/* ---- results ---- */

static PyObject *point_of(const rwk_fit *fit) {
  PyObject *point = core_fields_dict(core_certificate, &fit->certificate);
  if (point && core_fields_get(point, core_fit, fit))
    Py_CLEAR(point); /* the fit's seconds over the certificate's */
  return point;
}

static PyObject *drops_of(const rwk_drop *drops, size_t count) {
  PyObject *list = PyList_New(0);
  for (size_t k = 0; list && k < count; k++)
    if (core_push(list, core_fields_dict(core_drop, &drops[k]))) Py_CLEAR(list);
  return list;
}

static PyObject *walk_of(const rwk_walk_view *v, size_t count) {
  PyObject *points = PyList_New(0), *origins = PyList_New(0), *walk = NULL;
  for (size_t i = 0; points && i < count; i++)
    if (core_push(points, v->points[i] ? point_of(v->points[i]) : Py_NewRef(Py_None))) Py_CLEAR(points);
  for (size_t i = 0; origins && v->origins && i < count; i++)
    if (core_push(origins, core_fields_dict(core_origin, &v->origins[i]))) Py_CLEAR(origins);
  if (!points || !origins) goto failed;
  walk = Py_BuildValue("{s:s,s:i,s:N,s:N,s:N,s:N}", "walk", rwk_walk_name(v->walk), "start", v->start,
                       "drops", drops_of(v->drops, v->drop_count), "jumps", drops_of(v->jumps, v->jump_count),
                       "points", points, "origins", origins);
  return walk;
failed:
  Py_XDECREF(points);
  Py_XDECREF(origins);
  return NULL;
}

static PyObject *walks(PyObject *self, PyObject *unused) {
  (void)unused;
  const rwk_path *path = ((core_path *)self)->path;
  PyObject *list = PyList_New(0);
  for (size_t k = 0; list && k < rwk_path_walk_count(path); k++) {
    rwk_walk_view v;
    if (rwk_path_walk(&v, path, k) != RWK_OK || core_push(list, walk_of(&v, rwk_path_lambda_count(path))))
      Py_CLEAR(list);
  }
  return list;
}

static PyObject *weights(PyObject *self, PyObject *args) {
  const core_path *p = (core_path *)self;
  Py_ssize_t walk, index;
  rwk_walk_view v;
  if (!PyArg_ParseTuple(args, "nn:weights", &walk, &index)) return NULL;
  if (walk < 0 || index < 0 || (size_t)walk >= rwk_path_walk_count(p->path) ||
      (size_t)index >= rwk_path_lambda_count(p->path) || rwk_path_walk(&v, p->path, (size_t)walk) != RWK_OK ||
      !v.points[index])
    return PyErr_Format(PyExc_IndexError, "there is no fit %zd of walk %zd", index, walk);
  return core_view(self, v.points[index]->w, 0, rwk_problem_dim(((core_problem *)p->problem)->problem));
}

static PyObject *lambda(PyObject *self, PyObject *unused) {
  (void)unused;
  const rwk_path *path = ((core_path *)self)->path;
  return core_view(self, rwk_path_lambda(path), 0, rwk_path_lambda_count(path));
}

static PyObject *collapse(PyObject *self, PyObject *unused) {
  (void)unused;
  const rwk_collapse c = rwk_path_collapse(((core_path *)self)->path);
  return core_fields_dict(core_collapse, &c);
}

static PyObject *seconds(PyObject *self, PyObject *unused) {
  (void)unused;
  return PyFloat_FromDouble(rwk_path_seconds(((core_path *)self)->path));
}

static void path_dealloc(PyObject *self) {
  core_path *p = (core_path *)self;
  rwk_path_destroy(p->path);
  core_call_close(&p->call);
  Py_CLEAR(p->problem);
  core_free(self);
}

core_path *core_path_get(PyObject *object) {
  if ((PyObject *)Py_TYPE(object) == core_state_get()->path_type) return (core_path *)object;
  PyErr_SetString(PyExc_TypeError, "path: one made by this module is wanted");
  return NULL;
}

PyObject *core_path_type(void) {
  static PyMethodDef methods[] = {{"walks", walks, METH_NOARGS, "a list of dicts"},
                                  {"weights", weights, METH_VARARGS, "weights(walk, index): a view [dim]"},
                                  {"lambda_", lambda, METH_NOARGS, "a view [count]: the grid, ascending"},
                                  {"collapse", collapse, METH_NOARGS, "a dict"},
                                  {"seconds", seconds, METH_NOARGS, "how long it took"},
                                  {NULL, NULL, 0, NULL}};
  static PyType_Slot slots[] = {{Py_tp_dealloc, (void *)path_dealloc},
                                {Py_tp_methods, methods},
                                {Py_tp_doc, (void *)(uintptr_t) "A path that was walked."},
                                {0, NULL}};
  static PyType_Spec spec = {"ridgewalk._core.Path", sizeof(core_path), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
  return PyType_FromSpec(&spec);
}
