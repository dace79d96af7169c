/* core.h: what the files of the extension share. Over ridgewalk's public headers and Python's limited API
 * alone. */
#ifndef RIDGEWALK_PYTHON_CORE_H
#define RIDGEWALK_PYTHON_CORE_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <ridgewalk/ridgewalk.h>

/* ---- module.c ---- */

#define RWK_X(...) 0,
enum { CORE_STATUSES = sizeof((char[]){RWK_STATUS_LIST(RWK_X)}) };
#undef RWK_X

typedef struct core_state {
  PyObject *error;                    /* ridgewalk.Error */
  PyObject *of_status[CORE_STATUSES]; /* its classes, by -status */
  PyObject *problem_type, *path_type, *view_type;
  int active;       /* calls in progress; guarded by the interpreter's lock */
  int blas_threads; /* of OpenBLAS before the first of them */
} core_state;

core_state *core_state_get(void);

/* ---- errors.c ---- */

int core_errors_create(PyObject *module, core_state *state);
/* Raises the class of `status` with the context's text (ctx may be NULL). Always NULL. */
PyObject *core_raise(const rwk_context *ctx, rwk_status status);

/* ---- call.c: a context, and what holds while the library works ---- */

typedef struct core_call {
  rwk_context *ctx;
  PyThreadState *saved;
  unsigned long thread; /* the one that called */
  double heard;         /* when signals were looked at last, in seconds */
  atomic_int stop;
  PyObject *type, *value, *trace; /* what a signal's handler, or the caller's progress, raised */
  PyObject *notes;                /* a list, or NULL */
} core_call;

/* threads 0: all. notes: None or a list, to which lines are appended. 0, or -1 with an exception. */
int core_call_open(core_call *call, int threads, PyObject *notes);
void core_call_close(core_call *call);

/* Between these the interpreter's lock is free, OpenBLAS has one thread, and Ctrl-C ends the work. */
void core_call_begin(core_call *call);
/* 0, or -1 with an exception: the one that the problem's functions or a signal raised, or that of the
 * status. `object` is the problem, or NULL. */
int core_call_end(core_call *call, rwk_status status, PyObject *object);
/* Keeps the exception that is set, unless there is one already, and stops the work. The lock is held. */
void core_call_fail(core_call *call);

/* ---- arrays.c: float64 arrays by the buffer protocol ---- */

typedef struct core_array {
  Py_buffer buffer; /* of which buffer.obj NULL: none */
  double *data;
  size_t rows, columns, ld; /* a vector has one row */
} core_array;

enum { CORE_VECTOR = 1, CORE_MATRIX = 2, CORE_WRITABLE = 4, CORE_OPTIONAL = 8 };

/* 0, or -1 with a TypeError that names the argument. Rows may be apart, the numbers of a row are not. */
int core_array_get(core_array *array, PyObject *object, const char *name, int how);
/* As before, of a length that is known. */
int core_vector_get(core_array *array, PyObject *object, const char *name, int how, size_t length);
void core_array_release(core_array *array);

/* A read-only array over memory that `owner` keeps: rows 0 for a vector. */
PyObject *core_view(PyObject *owner, const double *data, size_t rows, size_t columns);
PyObject *core_view_type(void);

/* ---- fields.c: structs and dicts ---- */

typedef enum core_kind {
  CORE_DOUBLE,
  CORE_INT,
  CORE_BOOL,
  CORE_SIZE,
  CORE_INT64,
  CORE_UINT64,
  CORE_TEXT, /* a char array */
  CORE_NAME  /* an enumeration, by its names */
} core_kind;

typedef struct core_field {
  const char *name; /* of the struct's member; NULL ends a table */
  size_t offset;
  const char *(*name_of)(int value); /* of an enumeration ... */
  core_kind kind;
  int values; /* ... whose values are 0 .. values - 1 */
} core_field;

/* Sets the members that the dict names (NULL or None: none). -1 with a TypeError or ValueError that names the
 * setting. `what`: "path". */
int core_fields_set(void *object, const core_field *fields, PyObject *dict, const char *what);
int core_fields_get(PyObject *dict, const core_field *fields, const void *object);
/* A new dict of all members. */
PyObject *core_fields_dict(const core_field *fields, const void *object);

/* ---- members.c: the tables ---- */

extern const core_field core_solver_settings[], core_certify_settings[], core_path_settings[],
    core_branch_settings[], core_audit_settings[], core_mlp_settings[], core_folds_settings[];
extern const core_field core_certificate[], core_solve_result[], core_drop[], core_fit[], core_origin[],
    core_collapse[], core_branch_point[], core_branch_event[], core_audit_point[], core_audit_drop[],
    core_audit_summary[], core_progress[], core_cv_point[], core_cv_summary[];
/* {"verdict": (("strict_min", "strict local minimum"), ...), ...} */
PyObject *core_lists(PyObject *module, PyObject *unused);
const char *core_scale_name(int scale);

/* ---- problem.c, network.c ---- */

typedef struct core_problem {
  PyObject_HEAD core_call call;
  rwk_problem *problem;                               /* the network's own where there is one */
  rwk_mlp *mlp;                                       /* or NULL */
  PyObject *value, *hessian_vector, *hessian, *start; /* functions, or NULL */
  PyObject *type, *error, *trace;                     /* what one of them raised */
  size_t *group, group_count;
  PyObject *group_names; /* a tuple of str */
} core_problem;

PyObject *core_problem_type(void);
core_problem *core_problem_new(int threads, PyObject *notes);
/* NULL with a TypeError if it is none. */
core_problem *core_problem_get(PyObject *object);
PyObject *core_network(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *core_user_problem(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *core_problem_check(PyObject *module, PyObject *args, PyObject *kwargs);
/* Settings of a network; *list is its widths, to be freed. -1 with an exception. */
int core_mlp_settings_read(rwk_mlp_settings *s, size_t **list, PyObject *hidden, PyObject *settings);
extern PyMethodDef core_network_methods[];

/* ---- table.c: a matrix and what its columns are ---- */

typedef struct core_table {
  core_array numbers;
  const char **names; /* [numbers.columns], of the tuple that the caller holds */
  const char *fold;   /* the column of folds, or NULL */
  rwk_design_settings settings;
} core_table;

/* From a dict: `table` [rows x columns], `names` (a tuple of str), `outputs` (how many of the columns are
 * targets; they come after the features), `weighted` and `folded` (a column of row weights, one of folds, in
 * this order after the targets), `standardise`, `keep_constant`, `loss` (of a cross-entropy the target is the
 * number of a class). 0, or -1 with an exception. */
int core_table_get(core_table *t, PyObject *spec);
void core_table_release(core_table *t);
/* The design; and, where `raw` is not NULL, the same without scales. `cells` as well as they are to be
 * destroyed, whatever is returned. */
rwk_status core_table_design(rwk_design **design, rwk_design **raw, rwk_table **cells, rwk_context *ctx,
                             const core_table *t);

/* ---- the functions ---- */

typedef struct core_path {
  PyObject_HEAD core_call call;
  rwk_path *path;
  PyObject *problem;
} core_path;

PyObject *core_path_type(void);
core_path *core_path_get(PyObject *object);
PyObject *core_path_run(PyObject *module, PyObject *args, PyObject *kwargs);
/* -1 with an exception. The dicts are those of core_path_run. */
int core_path_settings_read(rwk_path_settings *s, PyObject *settings, PyObject *solver, PyObject *certify,
                            PyObject *walks);
PyObject *core_lambda_grid(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *core_solve(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *core_certify(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *core_trace(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *core_audit(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *core_rounding(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *core_design(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *core_read_columns(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *core_scale(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *core_cv(PyObject *module, PyObject *args, PyObject *kwargs);
/* Texts of a run file, from a dict of str; RWK_CALLBACK with an exception where it is none. */
rwk_status core_run_texts(rwk_run *run, PyObject *texts);
PyObject *core_run_save(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *core_run_set(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *core_run_load(PyObject *module, PyObject *args, PyObject *kwargs);

/* ---- small things ---- */

/* A double array as bytes, for numpy.frombuffer. */
PyObject *core_bytes(const double *x, size_t count);
/* PyArg_ParseTupleAndKeywords, which forgot to promise that it leaves the words alone. */
int core_parse(PyObject *args, PyObject *kwargs, const char *format, const char *const *words, ...);
/* Sets dict[key] = value and takes the reference; -1 if either fails. */
int core_put(PyObject *dict, const char *key, PyObject *value);
/* Appends and takes the reference. */
int core_push(PyObject *list, PyObject *value);
/* `key` of a dict, borrowed; NULL where it is missing or None. */
PyObject *core_item(PyObject *dict, const char *key);
/* Is it there, and true? */
int core_flag(PyObject *dict, const char *key);
/* Frees an object of a type made from a spec. */
void core_free(PyObject *self);

#endif
