#define _POSIX_C_SOURCE 200809L
#include <string.h>
#include <time.h>
#include "core.h"

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void core_call_fail(core_call *c) {
  atomic_store(&c->stop, 1);
  if (c->type)
    PyErr_Clear();
  else
    PyErr_Fetch(&c->type, &c->value, &c->trace);
}

/* Signals are Python's main thread's: only the thread that called may find that it is that one. */
static int hear(void *payload) {
  enum { PERIOD_MS = 50 };
  core_call *c = payload;
  if (atomic_load(&c->stop)) return 1;
  if (PyThread_get_thread_ident() != c->thread) return 0;
  const double t = now();
  if (t - c->heard < 1e-3 * PERIOD_MS) return 0;
  const PyGILState_STATE lock = PyGILState_Ensure();
  if (PyErr_CheckSignals()) core_call_fail(c);
  PyGILState_Release(lock);
  c->heard = now();
  return atomic_load(&c->stop);
}

static void note(const char *text, void *payload) {
  core_call *c = payload;
  const PyGILState_STATE lock = PyGILState_Ensure();
  if (core_push(c->notes, PyUnicode_FromString(text))) core_call_fail(c);
  PyGILState_Release(lock);
}

int core_call_open(core_call *c, int threads, PyObject *notes) {
  memset(c, 0, sizeof *c);
  atomic_init(&c->stop, 0);
  if (threads < 0) {
    PyErr_Format(PyExc_ValueError, "threads: %d; a whole number from 0 (all) on", threads);
    return -1;
  }
  if (notes && notes != Py_None) {
    if (!PyList_Check(notes)) {
      PyErr_SetString(PyExc_TypeError, "notes: a list, or None");
      return -1;
    }
    c->notes = Py_NewRef(notes);
  }
  rwk_context_settings s;
  rwk_context_settings_init(&s);
  s.threads = threads;
  s.blas_threads = 0; /* core_call_begin sees to it */
  s.cancel = hear;
  s.cancel_payload = c;
  if (c->notes) {
    s.note = note;
    s.note_payload = c;
  }
  const rwk_status status = rwk_context_create(&c->ctx, &s);
  if (status == RWK_OK) return 0;
  Py_CLEAR(c->notes);
  core_raise(NULL, status);
  return -1;
}

void core_call_close(core_call *c) {
  rwk_context_destroy(c->ctx);
  c->ctx = NULL;
  Py_CLEAR(c->notes);
  Py_CLEAR(c->type);
  Py_CLEAR(c->value);
  Py_CLEAR(c->trace);
}

void core_call_begin(core_call *c) {
  core_state *state = core_state_get();
  if (state->active++ == 0) state->blas_threads = rwk_blas_threads(1);
  c->thread = PyThread_get_thread_ident();
  c->heard = now();
  atomic_store(&c->stop, 0);
  c->saved = PyEval_SaveThread();
}

int core_call_end(core_call *c, rwk_status status, PyObject *object) {
  PyEval_RestoreThread(c->saved);
  core_state *state = core_state_get();
  if (--state->active == 0 && state->blas_threads > 1) rwk_blas_threads(state->blas_threads);
  if (object) {
    core_problem *p = (core_problem *)object;
    if (p->type && status != RWK_OK) {
      PyErr_Restore(p->type, p->error, p->trace);
      p->type = p->error = p->trace = NULL;
      return -1;
    }
    Py_CLEAR(p->type); /* the library went on without what failed */
    Py_CLEAR(p->error);
    Py_CLEAR(p->trace);
  }
  if (c->type) {
    PyErr_Restore(c->type, c->value, c->trace);
    c->type = c->value = c->trace = NULL;
    return -1;
  }
  if (status == RWK_OK) return 0;
  core_raise(c->ctx, status);
  return -1;
}
