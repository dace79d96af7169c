/* Which members of the library's structs Python sees, under their own names. */
#include "core.h"

#define NAMES(type, function)                                                                                \
  static const char *type##_text(int value) {                                                                \
    return function((rwk_##type)value);                                                                      \
  }
NAMES(verdict, rwk_verdict_name)
NAMES(stop, rwk_stop_name)
NAMES(walk, rwk_walk_name)
NAMES(cause, rwk_cause_name)
NAMES(origin_kind, rwk_origin_name)
NAMES(effort, rwk_effort_name)
NAMES(solver_kind, rwk_solver_name)
NAMES(schedule, rwk_schedule_name)
NAMES(activation, rwk_activation_name)
NAMES(loss, rwk_loss_name)
NAMES(event_kind, rwk_event_name)
NAMES(audit_verdict, rwk_audit_verdict_name)

/* How many values each enumeration has. */
#define RWK_X(...) 0,
enum {
  VERDICTS = sizeof((char[]){RWK_VERDICT_LIST(RWK_X)}),
  STOPS = sizeof((char[]){RWK_STOP_LIST(RWK_X)}),
  WALKS = sizeof((char[]){RWK_WALK_LIST(RWK_X)}),
  CAUSES = sizeof((char[]){RWK_CAUSE_LIST(RWK_X)}),
  ORIGINS = sizeof((char[]){RWK_ORIGIN_LIST(RWK_X)}),
  EFFORTS = sizeof((char[]){RWK_EFFORT_LIST(RWK_X)}),
  SOLVERS = sizeof((char[]){RWK_SOLVER_LIST(RWK_X)}),
  SCHEDULES = sizeof((char[]){RWK_SCHEDULE_LIST(RWK_X)}),
  ACTIVATIONS = sizeof((char[]){RWK_ACTIVATION_LIST(RWK_X)}),
  LOSSES = sizeof((char[]){RWK_LOSS_LIST(RWK_X)}),
  EVENTS = sizeof((char[]){RWK_EVENT_LIST(RWK_X)}),
  AUDIT_VERDICTS = sizeof((char[]){RWK_AUDIT_VERDICT_LIST(RWK_X)}),
  ALGEBRAS = RWK_ALGEBRA_KRYLOV + 1
};
#undef RWK_X

static const char *algebra_text(int value) {
  static const char *const names[] = {"auto", "dense", "krylov"};
  return value >= 0 && value < ALGEBRAS ? names[value] : "?";
}

const char *core_scale_name(int scale) {
  static const char *const names[] = {
#define RWK_X(symbol, t, p, name, objective_name) name,
      RWK_SCALE_LIST(RWK_X)
#undef RWK_X
          "expected",
      "other", "none"};
  return scale >= 0 && scale < (int)(sizeof names / sizeof *names) ? names[scale] : "?";
}

#define D(type, member)                                                                                      \
  { #member, offsetof(type, member), NULL, CORE_DOUBLE, 0 }
#define I(type, member)                                                                                      \
  { #member, offsetof(type, member), NULL, CORE_INT, 0 }
#define B(type, member)                                                                                      \
  { #member, offsetof(type, member), NULL, CORE_BOOL, 0 }
#define Z(type, member)                                                                                      \
  { #member, offsetof(type, member), NULL, CORE_SIZE, 0 }
#define L(type, member)                                                                                      \
  { #member, offsetof(type, member), NULL, CORE_INT64, 0 }
#define U(type, member)                                                                                      \
  { #member, offsetof(type, member), NULL, CORE_UINT64, 0 }
#define T(type, member)                                                                                      \
  { #member, offsetof(type, member), NULL, CORE_TEXT, 0 }
#define N(type, member, name_of, values)                                                                     \
  { #member, offsetof(type, member), name_of, CORE_NAME, values }
#define END                                                                                                  \
  { NULL, 0, NULL, CORE_DOUBLE, 0 }

const core_field core_solver_settings[] = {N(rwk_solver_settings, solver, solver_kind_text, SOLVERS),
                                           D(rwk_solver_settings, grad_tol),
                                           L(rwk_solver_settings, max_iter),
                                           N(rwk_solver_settings, algebra, algebra_text, ALGEBRAS),
                                           Z(rwk_solver_settings, dense_limit),
                                           Z(rwk_solver_settings, history),
                                           D(rwk_solver_settings, function_tol),
                                           B(rwk_solver_settings, escape),
                                           Z(rwk_solver_settings, subspace),
                                           U(rwk_solver_settings, seed),
                                           Z(rwk_solver_settings, batch),
                                           D(rwk_solver_settings, learning_rate),
                                           N(rwk_solver_settings, schedule, schedule_text, SCHEDULES),
                                           D(rwk_solver_settings, momentum),
                                           D(rwk_solver_settings, beta1),
                                           D(rwk_solver_settings, beta2),
                                           D(rwk_solver_settings, epsilon),
                                           END};

const core_field core_certify_settings[] = {D(rwk_certify_settings, grad_tol),
                                            N(rwk_certify_settings, algebra, algebra_text, ALGEBRAS),
                                            Z(rwk_certify_settings, dense_limit),
                                            D(rwk_certify_settings, kink_tol),
                                            L(rwk_certify_settings, products),
                                            U(rwk_certify_settings, seed),
                                            END};

const core_field core_path_settings[] = {N(rwk_path_settings, effort, effort_text, EFFORTS),
                                         I(rwk_path_settings, starts),
                                         U(rwk_path_settings, seed),
                                         B(rwk_path_settings, finish),
                                         D(rwk_path_settings, smoothing),
                                         I(rwk_path_settings, smoothing_epochs),
                                         I(rwk_path_settings, smoothing_samples),
                                         D(rwk_path_settings, drop_tol),
                                         B(rwk_path_settings, explain),
                                         L(rwk_path_settings, explain_points),
                                         D(rwk_path_settings, collapse_tol),
                                         END};

const core_field core_folds_settings[] = {Z(rwk_folds_settings, count), U(rwk_folds_settings, seed),
                                          B(rwk_folds_settings, stratify), END};

const core_field core_cv_point[] = {D(rwk_cv_point, lambda),
                                    D(rwk_cv_point, mean),
                                    D(rwk_cv_point, se),
                                    D(rwk_cv_point, parameters),
                                    D(rwk_cv_point, parameters_gn),
                                    D(rwk_cv_point, explained),
                                    END};

const core_field core_cv_summary[] = {
    Z(rwk_cv_summary, count),
    Z(rwk_cv_summary, rows),
    Z(rwk_cv_summary, outputs),
    Z(rwk_cv_summary, folds),
    Z(rwk_cv_summary, repeats),
    I(rwk_cv_summary, ensemble),
    I(rwk_cv_summary, end),
    Z(rwk_cv_summary, twins),
    D(rwk_cv_summary, seconds),
    {"index_min", offsetof(rwk_cv_summary, index[RWK_CV_MIN]), NULL, CORE_SIZE, 0},
    {"index_1se", offsetof(rwk_cv_summary, index[RWK_CV_1SE]), NULL, CORE_SIZE, 0},
    END};

const core_field core_branch_settings[] = {N(rwk_branch_settings, algebra, algebra_text, ALGEBRAS),
                                           Z(rwk_branch_settings, dense_limit),
                                           D(rwk_branch_settings, grad_tol),
                                           D(rwk_branch_settings, step),
                                           D(rwk_branch_settings, step_most),
                                           D(rwk_branch_settings, step_least),
                                           L(rwk_branch_settings, points),
                                           I(rwk_branch_settings, beyond),
                                           END};

const core_field core_audit_settings[] = {D(rwk_audit_settings, rows), D(rwk_audit_settings, factor),
                                          B(rwk_audit_settings, objective), END};

const core_field core_mlp_settings[] = {N(rwk_mlp_settings, activation, activation_text, ACTIVATIONS),
                                        B(rwk_mlp_settings, hidden_bias),
                                        B(rwk_mlp_settings, output_bias),
                                        B(rwk_mlp_settings, penalise_biases),
                                        D(rwk_mlp_settings, loss_scale),
                                        N(rwk_mlp_settings, loss, loss_text, LOSSES),
                                        END};

const core_field core_certificate[] = {N(rwk_certificate, verdict, verdict_text, VERDICTS),
                                       B(rwk_certificate, escapable),
                                       D(rwk_certificate, loss),
                                       D(rwk_certificate, penalty),
                                       D(rwk_certificate, objective),
                                       D(rwk_certificate, grad_inf),
                                       D(rwk_certificate, grad_norm),
                                       D(rwk_certificate, grad_limit),
                                       D(rwk_certificate, nearest_factor),
                                       D(rwk_certificate, nearest_grad),
                                       D(rwk_certificate, min_eig),
                                       D(rwk_certificate, min_eig_error),
                                       D(rwk_certificate, min_eig_rest),
                                       D(rwk_certificate, max_eig),
                                       D(rwk_certificate, zero_limit),
                                       L(rwk_certificate, positive),
                                       L(rwk_certificate, zero),
                                       L(rwk_certificate, negative),
                                       L(rwk_certificate, flats),
                                       L(rwk_certificate, kinks),
                                       D(rwk_certificate, escape_curvature),
                                       D(rwk_certificate, doubt),
                                       B(rwk_certificate, dense),
                                       L(rwk_certificate, products),
                                       D(rwk_certificate, seconds),
                                       T(rwk_certificate, reason),
                                       END};

const core_field core_solve_result[] = {N(rwk_solve_result, stop, stop_text, STOPS),
                                        D(rwk_solve_result, loss),
                                        D(rwk_solve_result, penalty),
                                        D(rwk_solve_result, objective),
                                        D(rwk_solve_result, grad_inf),
                                        L(rwk_solve_result, iterations),
                                        L(rwk_solve_result, values),
                                        L(rwk_solve_result, gradients),
                                        L(rwk_solve_result, products),
                                        L(rwk_solve_result, hessians),
                                        L(rwk_solve_result, curvature_steps),
                                        L(rwk_solve_result, escapes),
                                        D(rwk_solve_result, seconds),
                                        END};

const core_field core_fit[] = {N(rwk_fit, walk, walk_text, WALKS),
                               I(rwk_fit, start),
                               Z(rwk_fit, index),
                               D(rwk_fit, lambda),
                               D(rwk_fit, seconds),
                               {"stop", offsetof(rwk_fit, solve.stop), stop_text, CORE_NAME, STOPS},
                               {"iterations", offsetof(rwk_fit, solve.iterations), NULL, CORE_INT64, 0},
                               END};

const core_field core_drop[] = {Z(rwk_drop, from),
                                Z(rwk_drop, to),
                                D(rwk_drop, lambda_from),
                                D(rwk_drop, lambda_to),
                                D(rwk_drop, loss_from),
                                D(rwk_drop, loss_to),
                                B(rwk_drop, rise),
                                N(rwk_drop, cause, cause_text, CAUSES),
                                D(rwk_drop, at),
                                D(rwk_drop, low),
                                D(rwk_drop, high),
                                D(rwk_drop, excess_from),
                                D(rwk_drop, excess_to),
                                D(rwk_drop, certain),
                                D(rwk_drop, grad_inf_from),
                                D(rwk_drop, grad_inf_to),
                                D(rwk_drop, min_eig_from),
                                D(rwk_drop, min_eig_to),
                                D(rwk_drop, max_eig_from),
                                D(rwk_drop, max_eig_to),
                                D(rwk_drop, finished_from),
                                D(rwk_drop, finished_to),
                                D(rwk_drop, falls_by),
                                D(rwk_drop, branch_loss),
                                D(rwk_drop, branch_min_eig),
                                D(rwk_drop, transversality),
                                D(rwk_drop, lambda_beyond),
                                D(rwk_drop, loss_beyond),
                                D(rwk_drop, bias),
                                D(rwk_drop, curvature),
                                L(rwk_drop, points),
                                L(rwk_drop, merges),
                                L(rwk_drop, monotone),
                                D(rwk_drop, null_weights),
                                D(rwk_drop, null_units),
                                D(rwk_drop, moved_weights),
                                D(rwk_drop, moved_units),
                                T(rwk_drop, moves),
                                T(rwk_drop, note),
                                END};

const core_field core_origin[] = {Z(rwk_origin, index),
                                  N(rwk_origin, kind, origin_kind_text, ORIGINS),
                                  N(rwk_origin, walk, walk_text, WALKS),
                                  I(rwk_origin, start),
                                  D(rwk_origin, lambda),
                                  D(rwk_origin, won),
                                  END};

const core_field core_collapse[] = {D(rwk_collapse, nonzero), D(rwk_collapse, collapse),
                                    D(rwk_collapse, lambda_c), END};

const core_field core_branch_point[] = {
    D(rwk_branch_point, lambda),    D(rwk_branch_point, loss),     D(rwk_branch_point, penalty),
    D(rwk_branch_point, objective), D(rwk_branch_point, grad_inf), D(rwk_branch_point, min_eig),
    D(rwk_branch_point, slope),     L(rwk_branch_point, event),    END};

const core_field core_branch_event[] = {N(rwk_branch_event, kind, event_kind_text, EVENTS),
                                        D(rwk_branch_event, lambda),
                                        D(rwk_branch_event, low),
                                        D(rwk_branch_event, high),
                                        D(rwk_branch_event, loss),
                                        D(rwk_branch_event, penalty),
                                        D(rwk_branch_event, min_eig),
                                        D(rwk_branch_event, transversality),
                                        D(rwk_branch_event, lambda_beyond),
                                        D(rwk_branch_event, loss_beyond),
                                        D(rwk_branch_event, bias),
                                        D(rwk_branch_event, curvature),
                                        T(rwk_branch_event, what),
                                        END};

const core_field core_audit_point[] = {D(rwk_audit_point, lambda),
                                       D(rwk_audit_point, mse),
                                       D(rwk_audit_point, penalty),
                                       D(rwk_audit_point, objective),
                                       D(rwk_audit_point, excess),
                                       D(rwk_audit_point, rounding),
                                       END};

const core_field core_audit_drop[] = {
    Z(rwk_audit_drop, from),    Z(rwk_audit_drop, to),   D(rwk_audit_drop, D),
    D(rwk_audit_drop, a),       D(rwk_audit_drop, b),    D(rwk_audit_drop, certain),
    Z(rwk_audit_drop, restart), Z(rwk_audit_drop, with), END};

const core_field core_audit_summary[] = {N(rwk_audit_summary, verdict, audit_verdict_text, AUDIT_VERDICTS),
                                         D(rwk_audit_summary, factor),
                                         D(rwk_audit_summary, low),
                                         D(rwk_audit_summary, high),
                                         T(rwk_audit_summary, convention),
                                         Z(rwk_audit_summary, penalties),
                                         Z(rwk_audit_summary, agree),
                                         Z(rwk_audit_summary, agree_expected),
                                         B(rwk_audit_summary, told),
                                         D(rwk_audit_summary, steepest),
                                         D(rwk_audit_summary, flattest),
                                         Z(rwk_audit_summary, slopes),
                                         Z(rwk_audit_summary, contrary),
                                         Z(rwk_audit_summary, beaten),
                                         T(rwk_audit_summary, reason),
                                         END};

const core_field core_progress[] = {L(rwk_path_progress, done), L(rwk_path_progress, total),
                                    D(rwk_path_progress, seconds), D(rwk_path_progress, remaining), END};

/* ---- the lists, as the headers write them ---- */

typedef struct entry {
  const char *list, *name, *meaning;
} entry;

static const entry entries[] = {
#define RWK_X(symbol, name, meaning) {"verdict", name, meaning},
    RWK_VERDICT_LIST(RWK_X)
#undef RWK_X
#define RWK_X(symbol, name, meaning) {"stop", name, meaning},
        RWK_STOP_LIST(RWK_X)
#undef RWK_X
#define RWK_X(symbol, name, meaning) {"walk", name, meaning},
            RWK_WALK_LIST(RWK_X)
#undef RWK_X
#define RWK_X(symbol, name, meaning) {"cause", name, meaning},
                RWK_CAUSE_LIST(RWK_X)
#undef RWK_X
#define RWK_X(symbol, name, meaning) {"origin", name, meaning},
                    RWK_ORIGIN_LIST(RWK_X)
#undef RWK_X
#define RWK_X(symbol, name, meaning) {"effort", name, meaning},
                        RWK_EFFORT_LIST(RWK_X)
#undef RWK_X
#define RWK_X(symbol, name, meaning) {"event", name, meaning},
                            RWK_EVENT_LIST(RWK_X)
#undef RWK_X
#define RWK_X(symbol, name, meaning) {"audit_verdict", name, meaning},
                                RWK_AUDIT_VERDICT_LIST(RWK_X)
#undef RWK_X
#define RWK_X(symbol, name) {"activation", name, ""},
                                    RWK_ACTIVATION_LIST(RWK_X)
#undef RWK_X
#define RWK_X(symbol, name) {"convention", name, ""},
                                        RWK_CONVENTION_LIST(RWK_X)
#undef RWK_X
};

PyObject *core_lists(PyObject *module, PyObject *unused) {
  (void)module, (void)unused;
  PyObject *lists = PyDict_New();
  for (size_t k = 0; lists && k < sizeof entries / sizeof *entries; k++) {
    PyObject *list = PyDict_GetItemString(lists, entries[k].list);
    if (!list) {
      if (core_put(lists, entries[k].list, PyList_New(0))) goto failed;
      list = PyDict_GetItemString(lists, entries[k].list);
    }
    if (core_push(list, Py_BuildValue("(ss)", entries[k].name, entries[k].meaning))) goto failed;
  }
  return lists;
failed:
  Py_XDECREF(lists);
  return NULL;
}
