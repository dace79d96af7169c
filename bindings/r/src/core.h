/* core.h: what the files of the package's C code share. Over ridgewalk's public headers and R's API alone.
 *
 * R leaves C functions by longjmp: when memory runs out, on errors, on interrupts. So everything that the
 * library makes hangs on a core_call, which an external pointer of R's owns: what a jump leaves behind is
 * destroyed by R's collector. No call into the library has R's API beneath it but for the watcher's, which is
 * fenced off by R_ToplevelExec.
 */
#ifndef RIDGEWALK_R_CORE_H
#define RIDGEWALK_R_CORE_H

#define R_NO_REMAP
#define STRICT_R_HEADERS
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <threads.h>
#include <Rinternals.h>
#include <ridgewalk/ridgewalk.h>

/* ---- call.c: a context, what was made with it, and what holds while the library works ---- */

typedef struct core_call {
  rwk_context *ctx;
  /* What was made with it, destroyed in an order that fits; NULL: none */
  rwk_table *table;
  rwk_design *raw, *design; /* without and with scales */
  rwk_mlp *mlp;
  rwk_solver *solver;
  rwk_path *path;
  rwk_folds *folds;
  rwk_cv *cv;
  rwk_run *run;
  rwk_branch *branch;
  rwk_audit *audit;
  rwk_laplace *laplace;
  double *lambda;
  rwk_objective_scale scale; /* of the network */
  double n;                  /* rows, or the sum of their weights */
  double *df;                /* effective parameters of a path's fits: R's transient memory */
  /* while the library works */
  thrd_t thread; /* the one that called: R's own */
  double heard;  /* when it was looked for interrupts last, in seconds */
  atomic_int stop;
  int interrupted, blas_threads;
  SEXP progress; /* a function of (done, total), or R_NilValue */
  atomic_llong done, total;
  long long told;
  mtx_t lock; /* guards the notes */
  char *notes;
  char text[512]; /* what is wrong with an argument; "" if nothing is */
} core_call;

/* Makes one. *holder is the external pointer that owns it, and has to be protected by the caller. threads 0:
 * all. */
core_call *core_open(SEXP *holder, int threads);
/* Destroys what a holder owns; once is enough. */
void core_close(SEXP holder);
/* That of a holder; NULL if it is closed, or has been saved and read again. */
core_call *core_of(SEXP holder);

/* Between these OpenBLAS has one thread, and an interrupt ends the work. */
void core_begin(core_call *call);
void core_end(core_call *call);

/* Says what is wrong with an argument. Always RWK_INVALID_ARGUMENT. */
rwk_status core_refuse(core_call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* `make(call)` with the notes as attribute, or, unless RWK_OK, what R turns into a condition. */
SEXP core_answer(core_call *call, rwk_status status, SEXP (*make)(core_call *call));
SEXP core_failure(const core_call *call, rwk_status status);
/* Hands notes on, as the attribute "notes" of a result that is protected. */
void core_notes(const core_call *call, SEXP result);

/* ---- fields.c: structs and lists ---- */

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

/* Sets the members that the list names. `what`: "path". */
rwk_status core_fields_set(core_call *call, void *object, const core_field *fields, SEXP list,
                           const char *what);
/* A list of vectors, one a member, over `count` structs; `more` places at its end are left empty. To be
 * protected. */
SEXP core_columns(const core_field *fields, const void *const *objects, size_t count, int more);
/* Fills place `at` of a list. */
void core_put(SEXP list, int at, const char *name, SEXP value);
/* A new list of `count` places, with room for their names. */
SEXP core_list(int count);
/* A member of a list; R_NilValue where there is none. */
SEXP core_item(SEXP list, const char *name);
double core_number(SEXP list, const char *name, double otherwise);
int core_flag(SEXP list, const char *name);
const char *core_text(SEXP list, const char *name);
SEXP core_numbers(const double *x, size_t count);

/* ---- members.c: the tables ---- */

extern const core_field core_solver_settings[], core_certify_settings[], core_path_settings[],
    core_branch_settings[], core_audit_settings[], core_mlp_settings[], core_folds_settings[];
extern const core_field core_certificate[], core_solve_result[], core_drop[], core_fit[], core_origin[],
    core_collapse[], core_branch_point[], core_branch_event[], core_audit_point[], core_audit_drop[],
    core_audit_summary[], core_cv_point[], core_cv_summary[], core_cv_row[];
const char *core_scale_name(int scale);

/* ---- network.c: from a list of R's to a network over a table ----
 *
 * The list ("spec"): table, a matrix of features, then targets, then row weights and folds where there are
 * some; names, of its columns; outputs, how many targets; weighted, fold: are there such columns;
 * standardize, keep_constant; hidden, widths; settings, of rwk_mlp_settings; convention.
 */

rwk_status core_design(core_call *call, SEXP spec, int with_raw);
rwk_status core_network(core_call *call, SEXP spec);
rwk_status core_mlp_settings_read(rwk_mlp_settings *s, core_call *call, SEXP spec);
/* Names, scales, recipe, layers: what R keeps of it. To be protected. */
SEXP core_describe(core_call *call);
/* w[dim] of R's, or RWK_INVALID_ARGUMENT. */
rwk_status core_weights(const double **w, core_call *call, SEXP weights, const char *name);

/* ---- path.c ---- */

rwk_status core_path_settings_read(rwk_path_settings *s, core_call *call, SEXP how);
SEXP core_fits(core_call *call, const rwk_fit *const *fits, const double *const *weights, size_t count,
               size_t dim);
SEXP core_falls(const rwk_drop *const *drops, const rwk_walk *walks, const int *starts, size_t count);

/* ---- what R calls ---- */

SEXP core_r_describe(SEXP spec);
SEXP core_r_path(SEXP spec, SEXP how);
SEXP core_r_predict(SEXP recipe, SEXP network, SEXP weights, SEXP table, SEXP names);
SEXP core_r_certify(SEXP spec, SEXP weights, SEXP lambda, SEXP how);
SEXP core_r_solve(SEXP spec, SEXP weights, SEXP lambda, SEXP how);
SEXP core_r_hessian(SEXP spec, SEXP weights, SEXP lambda);
SEXP core_r_branch(SEXP spec, SEXP weights, SEXP lambda, SEXP settings);
SEXP core_r_cv(SEXP spec, SEXP how, SEXP file, SEXP texts);
SEXP core_r_audit(SEXP columns, SEXP settings, SEXP convention);
SEXP core_r_rounding(SEXP x, SEXP chosen);
SEXP core_r_scale(SEXP convention, SEXP n);
SEXP core_r_run_save(SEXP handle, SEXP file, SEXP texts, SEXP how);
SEXP core_r_run_load(SEXP file, SEXP keys);
SEXP core_r_lists(void);

#endif
