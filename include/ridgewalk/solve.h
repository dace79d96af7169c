/* ridgewalk/solve.h: brings weights to a critical point of J(w; lambda) = L(w) + lambda R(w).
 *
 * A solver is made once per problem and thread and run many times: create allocates, run does not.
 */
#ifndef RIDGEWALK_SOLVE_H
#define RIDGEWALK_SOLVE_H

#include <ridgewalk/problem.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rwk_solver rwk_solver;

/* X(symbol, name) */
#define RWK_SOLVER_LIST(X)                                                                                   \
  X(NEWTON, "newton") /* trust region, exact Hessian; leaves saddles and escapable points */                 \
  X(LBFGS, "lbfgs")   /* libLBFGS with the tolerances people use; stops where it stops */

typedef enum rwk_solver_kind {
#define RWK_X(symbol, name) RWK_SOLVER_##symbol,
  RWK_SOLVER_LIST(RWK_X)
#undef RWK_X
} rwk_solver_kind;

RWK_API const char *rwk_solver_name(rwk_solver_kind solver);
RWK_API rwk_status rwk_solver_from_name(rwk_solver_kind *solver, const char *name);

/* Dense: the p x p Hessian is formed and factorised. Krylov: Hessian-vector products only, O(p) memory per
 * vector. */
typedef enum rwk_algebra { RWK_ALGEBRA_AUTO, RWK_ALGEBRA_DENSE, RWK_ALGEBRA_KRYLOV } rwk_algebra;

/* State of an iteration, for people who watch. */
typedef struct rwk_solve_progress {
  double lambda;
  int64_t iteration;
  double objective, grad_inf;
  double radius;  /* of the trust region; 0 for lbfgs */
  double seconds; /* since run began */
} rwk_solve_progress;

typedef void (*rwk_solve_progress_fn)(const rwk_solve_progress *progress, void *payload);

typedef struct rwk_solver_settings {
  size_t size; /* sizeof this struct, set by rwk_solver_settings_init */
  rwk_solver_kind solver;
  double grad_tol;     /* stop when max_i |dJ/dw_i| <= grad_tol * max(1, J). 0: 1e-8 (newton), 1e-4 (lbfgs, as
                          scikit-learn's tol) */
  int64_t max_iter;    /* 0: 2000 (newton), 200 (lbfgs, as scikit-learn) */
  rwk_algebra algebra; /* AUTO: dense up to dense_limit coordinates */
  size_t dense_limit;  /* 2500 */
  size_t history;      /* lbfgs: correction pairs kept, 10 */
  double function_tol; /* lbfgs: stop when J changes by less than this times J over one step; 2.2e-9 as SciPy;
                          0: never */
  int escape;          /* newton: 1 leaves saddles and escapable points (T7); 0 stops at any zero gradient */
  rwk_solve_progress_fn progress; /* NULL: nobody watches */
  void *progress_payload;
} rwk_solver_settings;

RWK_API void rwk_solver_settings_init(rwk_solver_settings *settings);

typedef struct rwk_solve_result {
  rwk_stop stop;
  double loss, penalty, objective; /* L, R, J at the weights returned */
  double grad_inf;
  int64_t iterations;
  int64_t values, gradients, products, hessians; /* what the problem was asked */
  int64_t curvature_steps;                       /* steps along negative curvature, off a saddle */
  int64_t escapes;                               /* ways down taken from dead units (T7) */
  double seconds;
} rwk_solve_result;

/* Makes a solver for one thread. The problem must outlive it. Memory: dense 3 p^2 doubles, Krylov O(p)
 * vectors. */
RWK_API rwk_status rwk_solver_create(rwk_solver **solver, rwk_context *ctx, const rwk_problem *problem,
                                     const rwk_solver_settings *settings);
RWK_API void rwk_solver_destroy(rwk_solver *solver); /* NULL is fine */

/* Moves w[dim] downhill from where it is. lambda >= 0. RWK_OK whatever the reason to stop (result->stop says
 * it); RWK_NUMERICAL if J is not finite at the start; RWK_CANCELLED with the best weights so far in w. */
RWK_API rwk_status rwk_solver_run(rwk_solve_result *result, rwk_solver *solver, double *w, double lambda);

/* Newton runs from now on end, as RWK_STOP_HOPELESS, once an undamped step shows that J will not come below
 * `objective`: when it is above by three times the fall of the step's model. For searches, where most
 * descents end where nothing is won. INFINITY, as at first: they go on to the end. */
RWK_API void rwk_solver_set_ceiling(rwk_solver *solver, double objective);

#ifdef __cplusplus
}
#endif
#endif
