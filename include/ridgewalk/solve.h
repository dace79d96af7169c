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

/* X(symbol, name). Every solver stops by the same reasons (rwk_stop), and none is believed: the certificate
 * (certify.h) says what its end is.
 *
 *   newton              trust region, exact Hessian; leaves saddles and escapable points
 *   lbfgs               libLBFGS with the tolerances people use; stops where it stops
 *   gauss-newton        Levenberg and Marquardt: s = -(G + mu)^-1 g, G Gauss and Newton's part of the
 * Hessian; for problems with gauss_newton; leaves saddles and escapable points once it is there
 *   saddle-free-newton  s = -(|H| + mu)^-1 g, |H| with the eigenvalues' sizes (Dauphin et al. 2014): of all
 * of H where it is dense, else within a Krylov subspace; leaves saddles on the way gd steepest descent with a
 * line search (Armijo) sgd                 mini-batches, momentum (heavy ball) adam mini-batches, Adam
 * (Kingma and Ba 2015); the penalty is part of the gradient amsgrad             mini-batches, AMSGrad (Reddi,
 * Kale and Kumar 2018), without bias correction, as there adamw               mini-batches, Adam on L alone
 * and decay lr * 2 lambda w beside it (Loshchilov and Hutter 2019). Its rest points are not stationary points
 * of J: this is no minimiser of what it is judged by, and its ends are `not_stationary` for that reason alone
 *
 * Those that go by mini-batches take problems without batch_value by their full gradient. */
#define RWK_SOLVER_LIST(X)                                                                                   \
  X(NEWTON, "newton")                                                                                        \
  X(LBFGS, "lbfgs")                                                                                          \
  X(GAUSS_NEWTON, "gauss-newton")                                                                            \
  X(SADDLE_FREE_NEWTON, "saddle-free-newton")                                                                \
  X(GD, "gd")                                                                                                \
  X(SGD, "sgd")                                                                                              \
  X(ADAM, "adam")                                                                                            \
  X(AMSGRAD, "amsgrad")                                                                                      \
  X(ADAMW, "adamw")

typedef enum rwk_solver_kind {
#define RWK_X(symbol, name) RWK_SOLVER_##symbol,
  RWK_SOLVER_LIST(RWK_X)
#undef RWK_X
} rwk_solver_kind;

RWK_API const char *rwk_solver_name(rwk_solver_kind solver);
RWK_API rwk_status rwk_solver_from_name(rwk_solver_kind *solver, const char *name);

/* Of second order: does it aim at the tight gradient of newton (1e-8), or at what people use? */
RWK_API int rwk_solver_is_second_order(rwk_solver_kind solver);
/* Does it go by mini-batches? */
RWK_API int rwk_solver_is_stochastic(rwk_solver_kind solver);

/* X(symbol, name): how the learning rate falls with the number t = 1, 2, ... of the step, of T in all. */
#define RWK_SCHEDULE_LIST(X)                                                                                 \
  X(CONSTANT, "constant") /* lr */                                                                           \
  X(SQRT, "sqrt")         /* lr / sqrt(t) */                                                                 \
  X(INVERSE, "inverse")   /* lr / t */                                                                       \
  X(COSINE, "cosine")     /* lr (1 + cos(pi (t - 1) / T)) / 2 */

typedef enum rwk_schedule {
#define RWK_X(symbol, name) RWK_SCHEDULE_##symbol,
  RWK_SCHEDULE_LIST(RWK_X)
#undef RWK_X
} rwk_schedule;

RWK_API const char *rwk_schedule_name(rwk_schedule schedule);
RWK_API rwk_status rwk_schedule_from_name(rwk_schedule *schedule, const char *name);

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
  double passes;  /* what it took so far: see rwk_solve_passes */
} rwk_solve_progress;

typedef void (*rwk_solve_progress_fn)(const rwk_solve_progress *progress, void *payload);

typedef struct rwk_solver_settings {
  size_t size; /* sizeof this struct, set by rwk_solver_settings_init */
  rwk_solver_kind solver;
  double grad_tol;     /* stop when max_i |dJ/dw_i| <= grad_tol * max(1, J). 0: 1e-8 (of second order), 1e-4
                          (others, as scikit-learn's tol) */
  int64_t max_iter;    /* of mini-batches an iteration is an epoch: once through all rows. 0: 2000 (of second
                          order, and gd), 200 (others, as scikit-learn) */
  rwk_algebra algebra; /* AUTO: dense up to dense_limit coordinates */
  size_t dense_limit;  /* 2500 */
  size_t history;      /* lbfgs: correction pairs kept, 10 */
  double function_tol; /* lbfgs, gd: stop when J falls by less than this times max(1, J) over one step;
                          mini-batches: when it has not fallen by so much below its lowest for ten
                          epochs. 2.2e-9 as SciPy; 0: never */
  int escape;          /* of second order: 1 leaves saddles and escapable points (T7); 0 stops at any zero
                          gradient */
  size_t subspace;     /* saddle-free-newton, Krylov: dimension of the subspace, 40 */

  /* Mini-batches. Rows are divided anew for every epoch, by random numbers that are a function of (seed,
   * epoch) alone. */
  uint64_t seed; /* 0 */
  size_t batch;  /* rows of a mini-batch. 0: 200, as scikit-learn; the last of an epoch may have fewer */
  double learning_rate;  /* 0: 0.01 (sgd), 0.001 (others) */
  rwk_schedule schedule; /* constant */
  double momentum;       /* sgd: v := momentum v + g, w := w - lr v; 0.9 */
  double beta1, beta2;   /* adam and its kin: how long the means of g and of g^2 remember, 0.9 and 0.999 */
  double epsilon;        /* added to the root of the mean of g^2, 1e-8 */
  rwk_solve_progress_fn progress; /* NULL: nobody watches */
  void *progress_payload;
} rwk_solver_settings;

RWK_API void rwk_solver_settings_init(rwk_solver_settings *settings);

typedef struct rwk_solve_result {
  rwk_stop stop;
  double loss, penalty, objective; /* L, R, J at the weights returned */
  double grad_inf;
  int64_t iterations;
  int64_t values, gradients, products, hessians; /* what the problem was asked; an epoch of mini-batches is
                                                    one value with its gradient */
  int64_t curvature_steps;                       /* steps along negative curvature, off a saddle */
  int64_t escapes;                               /* ways down taken from dead units (T7) */
  double seconds;
} rwk_solve_result;

/* What a run cost, in evaluations of J with its gradient: a value alone counts 1/2, a product 2, a Hessian
 * what the problem says. */
RWK_API double rwk_solve_passes(const rwk_solve_result *result, const rwk_problem *problem);

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
