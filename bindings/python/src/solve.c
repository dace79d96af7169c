/* One fit, one certificate, one branch. */
#include <math.h>
#include "core.h"

PyObject *core_solve(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const words[] = {"problem", "w", "lambda_", "settings", NULL};
  (void)module;
  PyObject *object, *at, *given, *result = NULL;
  double lambda;
  core_array w;
  core_call call;
  rwk_solver_settings s;
  rwk_solve_result r = {0};
  if (!core_parse(args, kwargs, "OOdO:solve", words, &object, &at, &lambda, &given)) return NULL;
  const core_problem *p = core_problem_get(object);
  rwk_solver_settings_init(&s);
  if (!p || core_fields_set(&s, core_solver_settings, given, "solver") ||
      core_vector_get(&w, at, "w", CORE_VECTOR | CORE_WRITABLE, rwk_problem_dim(p->problem)))
    return NULL;
  if (core_call_open(&call, 1, NULL) == 0) {
    rwk_solver *solver = NULL;
    core_call_begin(&call);
    rwk_status status = rwk_solver_create(&solver, call.ctx, p->problem, &s);
    if (status == RWK_OK) status = rwk_solver_run(&r, solver, w.data, lambda);
    rwk_solver_destroy(solver);
    if (core_call_end(&call, status, object) == 0) result = core_fields_dict(core_solve_result, &r);
    core_call_close(&call);
  }
  core_array_release(&w);
  return result;
}

PyObject *core_certify(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const words[] = {"problem", "w", "lambda_", "settings", "direction", NULL};
  (void)module;
  PyObject *object, *at, *given, *along = NULL, *result = NULL;
  double lambda;
  core_array w, direction;
  core_call call;
  rwk_certify_settings s;
  rwk_certificate c;
  if (!core_parse(args, kwargs, "OOdO|O:certify", words, &object, &at, &lambda, &given, &along)) return NULL;
  const core_problem *p = core_problem_get(object);
  rwk_certify_settings_init(&s);
  if (!p || core_fields_set(&s, core_certify_settings, given, "certify")) return NULL;
  const size_t dim = rwk_problem_dim(p->problem);
  if (core_vector_get(&w, at, "w", CORE_VECTOR, dim)) return NULL;
  if (core_vector_get(&direction, along, "direction", CORE_VECTOR | CORE_WRITABLE | CORE_OPTIONAL, dim) ==
      0) {
    if (core_call_open(&call, 1, NULL) == 0) {
      core_call_begin(&call);
      const rwk_status status = rwk_certify(&c, direction.data, call.ctx, p->problem, lambda, w.data, &s);
      if (core_call_end(&call, status, object) == 0) result = core_fields_dict(core_certificate, &c);
      core_call_close(&call);
    }
    core_array_release(&direction);
  }
  core_array_release(&w);
  return result;
}

static PyObject *points_of(const rwk_branch *branch, size_t dim) {
  const rwk_branch_point *points = rwk_branch_points(branch);
  PyObject *list = PyList_New(0);
  for (size_t k = 0; list && k < rwk_branch_count(branch); k++) {
    PyObject *point = core_fields_dict(core_branch_point, &points[k]);
    if (point && core_put(point, "w", core_bytes(points[k].w, dim))) Py_CLEAR(point);
    if (core_push(list, point)) Py_CLEAR(list);
  }
  return list;
}

static PyObject *events_of(const rwk_branch *branch, size_t dim) {
  const rwk_branch_event *events = rwk_branch_events(branch);
  PyObject *list = PyList_New(0);
  for (size_t k = 0; list && k < rwk_branch_event_count(branch); k++) {
    const rwk_branch_event *e = &events[k];
    PyObject *event = core_fields_dict(core_branch_event, e);
    PyObject *null = e->null_vector ? core_bytes(e->null_vector, dim) : Py_NewRef(Py_None);
    if (!event || core_put(event, "w", core_bytes(e->w, dim))) Py_CLEAR(event);
    if (!event)
      Py_XDECREF(null);
    else if (core_put(event, "null_vector", null))
      Py_CLEAR(event);
    if (core_push(list, event)) Py_CLEAR(list);
  }
  return list;
}

PyObject *core_trace(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const words[] = {"problem", "w", "lambda_from", "lambda_to", "settings", NULL};
  (void)module;
  PyObject *object, *at, *given, *result = NULL;
  double from, to;
  core_array w;
  core_call call;
  rwk_branch_settings s;
  if (!core_parse(args, kwargs, "OOddO:trace", words, &object, &at, &from, &to, &given)) return NULL;
  const core_problem *p = core_problem_get(object);
  rwk_branch_settings_init(&s);
  if (!p || core_fields_set(&s, core_branch_settings, given, "branch")) return NULL;
  const size_t dim = rwk_problem_dim(p->problem);
  if (core_vector_get(&w, at, "w", CORE_VECTOR, dim)) return NULL;
  if (core_call_open(&call, 1, NULL) == 0) {
    rwk_branch *branch = NULL;
    core_call_begin(&call);
    const rwk_status status = rwk_branch_trace(&branch, call.ctx, p->problem, w.data, from, to, &s);
    if (core_call_end(&call, status, object) == 0) {
      result = PyDict_New();
      if (result && (core_put(result, "points", points_of(branch, dim)) ||
                     core_put(result, "events", events_of(branch, dim))))
        Py_CLEAR(result);
    }
    rwk_branch_destroy(branch);
    core_call_close(&call);
  }
  core_array_release(&w);
  return result;
}
