/* optim/solver.h: what the methods of the optim floor share. */
#ifndef RWK_OPTIM_SOLVER_H
#define RWK_OPTIM_SOLVER_H

#include <ridgewalk/solve.h>
#include "base/context.h"
#include "la/dense.h"
#include "problem/problem.h"

struct rwk_solver {
  rwk_context *ctx;
  rwk_team *team;               /* the context's, for dense matrices */
  rwk_solver_settings settings; /* with every 0 replaced by its default */
  rwk_objective objective;
  size_t dim;
  int dense;
  double *block; /* holds the next eight; accepting a step swaps pointers among them */
  double *w, *g, *step, *trial, *trial_g, *other, *other_g, *spare; /* [dim] each */
  double *H, *factor;                                               /* [dim x dim] each, dense only */
  struct rwk_reuse *reuse;                                          /* dense only */
  struct rwk_krylov *krylov;                                        /* newton, Krylov */
  struct rwk_damped *damped;                                        /* gauss-newton, saddle-free-newton */
  struct rwk_stochastic *stochastic;                                /* those that go by mini-batches */
  double forcing; /* share of the usual residual that Krylov subproblems are solved to */
  double ceiling; /* see rwk_solver_set_ceiling */
  double damping; /* the last multiplier of the dense subproblem: where the next begins */
};

/* Where an iteration stands. */
typedef struct rwk_state {
  rwk_parts parts;
  double grad_inf;
  double radius;
  double left;  /* what an undamped step that came out as its model said has won; INFINITY without one */
  double began; /* rwk_seconds */
  rwk_solve_result *result;
  int detours;   /* see rwk_simplify */
  int definite;  /* dense: the last step was Newton's own, its fall below the rounding of J, from where H is
                    positive definite: s->H, and so is H here */
  int sharp;     /* dense: the gradient is at its rounding; see rwk_reuse_polish */
  double length; /* of the last step of the subproblem; 0 before the first */
  double stationary_norm; /* |H| at the last stationary point looked at, for relative thresholds */
} rwk_state;

/* The shared stopping test: grad_inf <= grad_tol * max(1, J). */
int rwk_gradient_small(const rwk_solver *s, const rwk_state *state);

/* Tells the watcher; RWK_CANCELLED when the caller wants to stop. */
rwk_status rwk_solver_report(const rwk_solver *s, const rwk_state *state, int64_t iteration);

/* Evaluates J and its gradient at s->trial. */
rwk_status rwk_solver_try(rwk_solver *s, rwk_parts *parts, double *grad_inf);

/* Makes the trial point the current one. */
void rwk_solver_accept(rwk_solver *s, rwk_state *state, const rwk_parts *parts, double grad_inf);

rwk_status rwk_newton_run(rwk_solver *s, rwk_state *state);
rwk_status rwk_lbfgs_run(rwk_solver *s, rwk_state *state);
rwk_status rwk_gd_run(rwk_solver *s, rwk_state *state);

/* At a zero gradient: switches off what is as good as off, leaves saddles along negative curvature, and dead
 * units by T7's way. *moved: 1 when J was lowered and the iteration should go on, 0 when this is the end. */
rwk_status rwk_settle(rwk_solver *s, rwk_state *state, int *moved);

/* Switches off the parts that are off in all but rounding; *changed when that was as good a point and is
 * taken. */
rwk_status rwk_simplify(rwk_solver *s, rwk_state *state, int *changed);

#endif
