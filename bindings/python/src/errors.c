/* One class of exception a status, each also one of Python's own where that fits. */
#include <stdio.h>
#include "core.h"

typedef struct class_of {
  const char *name;
  PyObject **also; /* NULL: ridgewalk.Error alone */
} class_of;

int core_errors_create(PyObject *module, core_state *state) {
  const class_of classes[] = {
      [-RWK_OK] = {NULL, NULL},
      [-RWK_INVALID_ARGUMENT] = {"InvalidArgumentError", &PyExc_ValueError},
      [-RWK_NO_MEMORY] = {"OutOfMemoryError", &PyExc_MemoryError},
      [-RWK_IO] = {"FileError", &PyExc_OSError},
      [-RWK_FORMAT] = {"FormatError", &PyExc_ValueError},
      [-RWK_DATA] = {"DataError", &PyExc_ValueError},
      [-RWK_NOT_IMPLEMENTED] = {"UnsupportedError", &PyExc_NotImplementedError},
      [-RWK_NUMERICAL] = {"NumericalError", &PyExc_ArithmeticError},
      [-RWK_CANCELLED] = {"CancelledError", &PyExc_KeyboardInterrupt},
      [-RWK_MISMATCH] = {"MismatchError", &PyExc_ValueError},
      [-RWK_CALLBACK] = {"CallbackError", &PyExc_RuntimeError},
      [-RWK_INTERNAL] = {"InternalError", &PyExc_SystemError},
  };
  state->error =
      PyErr_NewExceptionWithDoc("ridgewalk.Error", "Whatever ridgewalk raises of its own.", NULL, NULL);
  if (!state->error || PyModule_AddObjectRef(module, "Error", state->error)) return -1;
  for (int k = 1; k < CORE_STATUSES; k++) {
    char name[64];
    snprintf(name, sizeof name, "ridgewalk.%s", classes[k].name);
    PyObject *bases = PyTuple_Pack(2, state->error, *classes[k].also), *dict = PyDict_New();
    if (bases && dict && core_put(dict, "status", PyUnicode_FromString(rwk_status_name((rwk_status)-k))) == 0)
      state->of_status[k] = PyErr_NewExceptionWithDoc(name, rwk_status_message((rwk_status)-k), bases, dict);
    Py_XDECREF(bases);
    Py_XDECREF(dict);
    if (!state->of_status[k] || PyModule_AddObjectRef(module, classes[k].name, state->of_status[k]))
      return -1;
  }
  return 0;
}

PyObject *core_raise(const rwk_context *ctx, rwk_status status) {
  const core_state *state = core_state_get();
  const char *text = ctx ? rwk_context_error(ctx) : "";
  PyObject *class = -status > 0 && -status < CORE_STATUSES ? state->of_status[-status] : state->error;
  PyErr_SetString(class, *text ? text : rwk_status_message(status));
  return NULL;
}
