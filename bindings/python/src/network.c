/* Networks over arrays, tables and their scaling. */
#include <stdlib.h>
#include <string.h>
#include "core.h"

/* Widths from a tuple of whole numbers; to be freed. */
static size_t *widths(size_t *count, PyObject *hidden) {
  const Py_ssize_t n = PyTuple_Check(hidden) ? PyTuple_Size(hidden) : -1;
  if (n < 0) return PyErr_SetString(PyExc_TypeError, "hidden: a tuple of widths is wanted"), NULL;
  size_t *list = malloc(((size_t)n + 1) * sizeof *list);
  if (!list) return PyErr_NoMemory(), NULL;
  for (Py_ssize_t i = 0; i < n; i++) {
    list[i] = PyLong_AsSize_t(PyTuple_GetItem(hidden, i));
    if (!PyErr_Occurred()) continue;
    PyErr_Clear();
    PyErr_Format(PyExc_TypeError, "hidden: %R is not a width", PyTuple_GetItem(hidden, i));
    free(list);
    return NULL;
  }
  *count = (size_t)n;
  return list;
}

int core_mlp_settings_read(rwk_mlp_settings *s, size_t **list, PyObject *hidden, PyObject *settings) {
  *list = NULL;
  rwk_mlp_settings_init(s);
  if (core_fields_set(s, core_mlp_settings, settings, "network")) return -1;
  *list = widths(&s->hidden_count, hidden);
  s->hidden = *list;
  return *list ? 0 : -1;
}

static PyObject *make(PyObject *hidden, PyObject *settings, const core_array *X, const core_array *Y,
                      const core_array *weights) {
  rwk_mlp_settings s;
  size_t *list;
  if (X->rows != Y->rows || (weights->data && weights->columns != X->rows))
    return PyErr_Format(PyExc_ValueError, "X has %zu rows, Y %zu and the row weights %zu", X->rows, Y->rows,
                        weights->data ? weights->columns : X->rows);
  if (core_mlp_settings_read(&s, &list, hidden, settings)) return NULL;
  const rwk_mlp_data data = {.X = X->data,
                             .ldx = X->ld,
                             .Y = Y->data,
                             .ldy = Y->ld,
                             .row_weights = weights->data,
                             .rows = X->rows,
                             .inputs = X->columns,
                             .outputs = Y->columns};
  core_problem *p = core_problem_new(1, NULL);
  if (p) {
    core_call_begin(&p->call);
    const rwk_status status = rwk_mlp_create(&p->mlp, p->call.ctx, &data, &s);
    if (core_call_end(&p->call, status, NULL))
      Py_CLEAR(p);
    else
      p->problem = rwk_mlp_problem(p->mlp);
  }
  free(list);
  return (PyObject *)p;
}

PyObject *core_network(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const words[] = {"X", "Y", "hidden", "settings", "row_weights", NULL};
  (void)module;
  PyObject *x, *y, *hidden, *settings, *weights = NULL;
  core_array X, Y, W;
  if (!core_parse(args, kwargs, "OOOO|O:network", words, &x, &y, &hidden, &settings, &weights)) return NULL;
  if (core_array_get(&X, x, "X", CORE_MATRIX)) return NULL;
  PyObject *result = NULL;
  if (core_array_get(&Y, y, "Y", CORE_MATRIX) == 0) {
    if (core_array_get(&W, weights, "row_weights", CORE_VECTOR | CORE_OPTIONAL) == 0) {
      result = make(hidden, settings, &X, &Y, &W);
      core_array_release(&W);
    }
    core_array_release(&Y);
  }
  core_array_release(&X);
  return result;
}

static rwk_mlp *network_of(PyObject *self) {
  rwk_mlp *mlp = ((core_problem *)self)->mlp;
  if (!mlp) PyErr_SetString(PyExc_TypeError, "this problem is no network");
  return mlp;
}

static PyObject *layers(PyObject *self, PyObject *unused) {
  (void)unused;
  const rwk_mlp *mlp = network_of(self);
  PyObject *list = mlp ? PyList_New(0) : NULL;
  for (size_t l = 0; list && l < rwk_mlp_layer_count(mlp); l++) {
    rwk_mlp_layer layer;
    if (rwk_mlp_layer_get(&layer, mlp, l) != RWK_OK ||
        core_push(list, Py_BuildValue("(nnnN)", (Py_ssize_t)layer.inputs, (Py_ssize_t)layer.outputs,
                                      (Py_ssize_t)layer.W,
                                      layer.has_bias ? PyLong_FromSize_t(layer.b) : Py_NewRef(Py_None))))
      Py_CLEAR(list);
  }
  return list;
}

static PyObject *mse(PyObject *self, PyObject *loss) {
  const rwk_mlp *mlp = network_of(self);
  const double x = mlp ? PyFloat_AsDouble(loss) : 0;
  return PyErr_Occurred() ? NULL : PyFloat_FromDouble(rwk_mlp_mse(mlp, x));
}

static PyObject *accuracy(PyObject *self, PyObject *at) {
  const rwk_mlp *mlp = network_of(self);
  core_problem *p = (core_problem *)self;
  core_array w;
  double share = 0;
  if (!mlp || core_vector_get(&w, at, "w", CORE_VECTOR, rwk_problem_dim(p->problem))) return NULL;
  core_call_begin(&p->call);
  const rwk_status status = rwk_mlp_accuracy(&share, mlp, w.data);
  const int failed = core_call_end(&p->call, status, NULL);
  core_array_release(&w);
  return failed ? NULL : PyFloat_FromDouble(share);
}

static PyObject *predict(PyObject *self, PyObject *args) {
  PyObject *out, *x, *at;
  core_array F = {0}, X = {0}, w = {0};
  rwk_mlp *mlp = network_of(self);
  core_problem *p = (core_problem *)self;
  rwk_mlp_layer first, last;
  core_call call;
  PyObject *result = NULL;
  if (!mlp || !PyArg_ParseTuple(args, "OOO:predict", &out, &x, &at)) return NULL;
  if (rwk_mlp_layer_get(&first, mlp, 0) != RWK_OK ||
      rwk_mlp_layer_get(&last, mlp, rwk_mlp_layer_count(mlp) - 1) != RWK_OK)
    return core_raise(p->call.ctx, RWK_INTERNAL);
  if (core_array_get(&F, out, "F", CORE_MATRIX | CORE_WRITABLE) || core_array_get(&X, x, "X", CORE_MATRIX) ||
      core_vector_get(&w, at, "w", CORE_VECTOR, rwk_problem_dim(p->problem)))
    goto done;
  if (X.columns != first.inputs || F.columns != last.outputs || F.rows != X.rows) {
    PyErr_Format(PyExc_ValueError,
                 "X is %zu x %zu and F %zu x %zu, but the network takes %zu inputs to %zu outputs", X.rows,
                 X.columns, F.rows, F.columns, first.inputs, last.outputs);
    goto done;
  }
  if (core_call_open(&call, 1, NULL)) goto done;
  core_call_begin(&call);
  const rwk_status status = rwk_mlp_predict(F.data, F.ld, mlp, X.data, X.ld, X.rows, w.data);
  if (core_call_end(&call, status, NULL) == 0) result = Py_NewRef(Py_None);
  core_call_close(&call);
done:
  core_array_release(&F);
  core_array_release(&X);
  core_array_release(&w);
  return result;
}

PyMethodDef core_network_methods[] = {
    {"layers", layers, METH_NOARGS, "[(inputs, outputs, offset of W, offset of b or None), ...]"},
    {"mse", mse, METH_O, "MSE from a loss"},
    {"accuracy", accuracy, METH_O, "share of rows whose class is named, from w"},
    {"predict", predict, METH_VARARGS, "predict(F, X, w): fills F[rows x outputs]"},
    {NULL, NULL, 0, NULL}};

PyObject *core_scale(PyObject *module, PyObject *args, PyObject *kwargs) {
  static const char *const words[] = {"convention", "rows", "loss", NULL};
  (void)module;
  const char *name, *loss_name = "mse";
  double n;
  rwk_loss loss;
  rwk_convention convention;
  rwk_objective_scale s;
  if (!core_parse(args, kwargs, "sd|s:scale", words, &name, &n, &loss_name)) return NULL;
  if (rwk_convention_from_name(&convention, name) != RWK_OK)
    return PyErr_Format(PyExc_ValueError,
                        "convention: '%s' is none of mse, half-sse, nnet, sklearn, torch, keras", name);
  if (rwk_loss_from_name(&loss, loss_name) != RWK_OK)
    return PyErr_Format(PyExc_ValueError, "loss: '%s' is none of mse, logistic, softmax", loss_name);
  const rwk_status status = rwk_convention_scale_of(&s, convention, loss, n);
  if (status == RWK_NOT_IMPLEMENTED)
    return PyErr_Format(PyExc_ValueError, "convention: the objective of '%s' is of squared errors", name);
  if (status != RWK_OK) return PyErr_Format(PyExc_ValueError, "rows: a positive number of rows is wanted");
  return Py_BuildValue("{s:d,s:d,s:N,s:s,s:s,s:s}", "loss_scale", s.loss_scale, "lambda_scale",
                       s.lambda_scale, "penalise_biases", PyBool_FromLong(s.penalise_biases), "name", s.name,
                       "objective", s.objective, "lambda", s.lambda);
}
