/* ridgewalk._core: the library's public functions for Python, in the library's own units. The classes that
 * people meet are written over it in Python; nothing of it is documented for them. */
#include "core.h"

/* One interpreter a process: exceptions and types are found through the module. */
static struct PyModuleDef definition;

core_state *core_state_get(void) {
  return PyModule_GetState(PyState_FindModule(&definition));
}

#define FUNCTION(name, function, doc)                                                                        \
  { name, (PyCFunction)(void (*)(void))(function), METH_VARARGS | METH_KEYWORDS, doc }

static PyMethodDef functions[] = {
    FUNCTION("network", core_network, "A network over a table."),
    FUNCTION("user_problem", core_user_problem, "A problem of Python functions."),
    FUNCTION("problem_check", core_problem_check, "Derivatives against differences."),
    FUNCTION("solve", core_solve, "Moves w downhill, in place."),
    FUNCTION("certify", core_certify, "What kind of point is w?"),
    FUNCTION("trace", core_trace, "Follows a branch in the penalty."),
    FUNCTION("path", core_path_run, "Walks a path."),
    FUNCTION("lambda_grid", core_lambda_grid, "A geometric grid, as bytes."),
    FUNCTION("audit", core_audit, "Audits a sweep."),
    FUNCTION("rounding", core_rounding, "What rounding numbers seem to have."),
    FUNCTION("design", core_design, "A matrix scaled as the program scales a file."),
    FUNCTION("read_columns", core_read_columns, "The columns of numbers of a CSV file."),
    FUNCTION("scale", core_scale, "The scales of a convention."),
    FUNCTION("cv", core_cv, "Cross-validates into a run file."),
    FUNCTION("run_save", core_run_save, "Writes a run file."),
    FUNCTION("run_set", core_run_set, "Sets texts of a run file."),
    FUNCTION("run_load", core_run_load, "Reads a run file."),
    {"lists", core_lists, METH_NOARGS, "The names of the library's enumerations, with their meanings."},
    {NULL, NULL, 0, NULL}};

static void release(void *module) {
  core_state *s = PyModule_GetState(module);
  if (!s) return;
  Py_CLEAR(s->error);
  for (int k = 0; k < CORE_STATUSES; k++) Py_CLEAR(s->of_status[k]);
  Py_CLEAR(s->problem_type);
  Py_CLEAR(s->path_type);
  Py_CLEAR(s->view_type);
}

static struct PyModuleDef definition = {.m_base = PyModuleDef_HEAD_INIT,
                                        .m_name = "ridgewalk._core",
                                        .m_doc = "The library, for the classes of ridgewalk.",
                                        .m_size = sizeof(core_state),
                                        .m_methods = functions,
                                        .m_free = release};

PyMODINIT_FUNC PyInit__core(void);

PyMODINIT_FUNC PyInit__core(void) {
  PyObject *module = PyModule_Create(&definition);
  core_state *s = module ? PyModule_GetState(module) : NULL;
  if (s && core_errors_create(module, s) == 0 && (s->problem_type = core_problem_type()) &&
      (s->path_type = core_path_type()) && (s->view_type = core_view_type()) &&
      PyModule_AddStringConstant(module, "version", rwk_version()) == 0)
    return module;
  Py_XDECREF(module);
  return NULL;
}
