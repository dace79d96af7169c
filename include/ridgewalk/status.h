/* ridgewalk/status.h: the three answers a call can give, which are never merged.
 *
 *   rwk_status   did the call work?
 *   rwk_stop     why did an iteration end?
 *   rwk_verdict  what kind of point is this?
 *
 * Each list is written once, as an X-macro; enum, names and messages come from it.
 */
#ifndef RIDGEWALK_STATUS_H
#define RIDGEWALK_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define RWK_API __attribute__((visibility("default")))
#else
#define RWK_API
#endif

/* X(symbol, value, message) */
#define RWK_STATUS_LIST(X)                                                                                   \
  X(OK, 0, "the call did what it was asked")                                                                 \
  X(INVALID_ARGUMENT, -1, "an argument or setting is out of range")                                          \
  X(NO_MEMORY, -2, "memory ran out")                                                                         \
  X(IO, -3, "a file could not be opened, read or written")                                                   \
  X(FORMAT, -4, "a file is not in the format it should be in")                                               \
  X(DATA, -5, "the data cannot be used as they are")                                                         \
  X(NOT_IMPLEMENTED, -6, "the problem does not provide an operation that is needed")                         \
  X(NUMERICAL, -7, "the computation met a number that is not finite, or a factorisation failed")             \
  X(CANCELLED, -8, "the caller asked to stop")                                                               \
  X(MISMATCH, -9, "the data or settings differ from those the run file was made with")                       \
  X(CALLBACK, -10, "a function of the caller's reported failure")                                            \
  X(INTERNAL, -11, "a bug in ridgewalk: please report it")

/* X(symbol, name, message) */
#define RWK_STOP_LIST(X)                                                                                     \
  X(NONE, "none", "not run")                                                                                 \
  X(CONVERGED, "converged",                                                                                  \
    "gradient within grad_tol, no negative curvature and no way down from a dead unit")                      \
  X(GRADIENT, "gradient", "gradient within grad_tol; curvature was not looked at")                           \
  X(ITERATIONS, "iterations", "max_iter reached")                                                            \
  X(STALLED, "stalled", "no step lowers the objective any further in double precision")                      \
  X(FUNCTION, "function", "the objective changed by less than the function tolerance")                       \
  X(UNBOUNDED, "unbounded", "weights run away to infinity")                                                  \
  X(CANCELLED, "cancelled", "the caller asked to stop")                                                      \
  X(HOPELESS, "hopeless", "the objective will not come below the ceiling that was set")                      \
  X(DIVERGED, "diverged", "the objective was no longer finite: the learning rate is too large")

/* X(symbol, name, message) */
#define RWK_VERDICT_LIST(X)                                                                                  \
  X(INCONCLUSIVE, "inconclusive", "double precision cannot tell what this point is")                         \
  X(STRICT_MIN, "strict_min", "strict local minimum")                                                        \
  X(DEGENERATE_MIN, "degenerate_min", "local minimum with explained flat directions")                        \
  X(SADDLE, "saddle", "saddle: the objective falls along a direction of negative curvature")                 \
  X(NOT_STATIONARY, "not_stationary", "not a critical point: the gradient is not zero")                      \
  X(NONSMOOTH, "nonsmooth", "a kink of the activation is active: the Hessian does not exist here")

typedef enum rwk_status {
#define RWK_X(symbol, value, message) RWK_##symbol = (value),
  RWK_STATUS_LIST(RWK_X)
#undef RWK_X
} rwk_status;

typedef enum rwk_stop {
#define RWK_X(symbol, name, message) RWK_STOP_##symbol,
  RWK_STOP_LIST(RWK_X)
#undef RWK_X
} rwk_stop;

typedef enum rwk_verdict {
#define RWK_X(symbol, name, message) RWK_VERDICT_##symbol,
  RWK_VERDICT_LIST(RWK_X)
#undef RWK_X
} rwk_verdict;

/* Name ("NO_MEMORY") and one-sentence message of a status; static strings, "?" for a value that is none. */
RWK_API const char *rwk_status_name(rwk_status status);
RWK_API const char *rwk_status_message(rwk_status status);

/* Name ("converged"), as written in JSON and in the run file, and message; static strings. */
RWK_API const char *rwk_stop_name(rwk_stop stop);
RWK_API const char *rwk_stop_message(rwk_stop stop);
RWK_API const char *rwk_verdict_name(rwk_verdict verdict);
RWK_API const char *rwk_verdict_message(rwk_verdict verdict);

/* The value of a name; RWK_INVALID_ARGUMENT if there is no such name, and *stop or *verdict is untouched. */
RWK_API rwk_status rwk_stop_from_name(rwk_stop *stop, const char *name);
RWK_API rwk_status rwk_verdict_from_name(rwk_verdict *verdict, const char *name);

#ifdef __cplusplus
}
#endif
#endif
