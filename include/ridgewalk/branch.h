/* ridgewalk/branch.h: follows a branch of critical points in the penalty, to where it ends.
 *
 * A branch is a curve (w(s), t(s)), t = log lambda, on which g(w, t) = dL/dw + 2 lambda M w = 0. From a local
 * minimum it is followed by pseudo-arclength continuation (docs/continuation.md): along it L rises and R
 * falls with lambda while H > 0 (T4), and it ends, as far as minima go, in a fold, at a branch point, or
 * where a dead unit becomes escapable (T7).
 */
#ifndef RIDGEWALK_BRANCH_H
#define RIDGEWALK_BRANCH_H

#include <ridgewalk/certify.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(symbol, name, meaning): what is met along a branch. */
#define RWK_EVENT_LIST(X)                                                                                    \
  X(REACHED, "reached", "the branch goes on to the penalty asked for")                                       \
  X(FOLD, "fold", "the branch turns back: a minimum and a saddle meet and vanish")                           \
  X(BRANCH_POINT, "branch_point", "the branch splits and is no minimum beyond")                              \
  X(REVIVAL, "revival", "a dead unit becomes escapable (T7)")                                                \
  X(MERGE, "merge", "a symmetric branch takes over: a unit died, or two became one")                         \
  X(KINK, "kink", "the branch meets a kink of the activation")                                               \
  X(START, "start", "the point to start from is no local minimum")                                           \
  X(BUDGET, "budget", "points or step length ran out")

typedef enum rwk_event_kind {
#define RWK_X(symbol, name, meaning) RWK_EVENT_##symbol,
  RWK_EVENT_LIST(RWK_X)
#undef RWK_X
} rwk_event_kind;

RWK_API const char *rwk_event_name(rwk_event_kind kind);

typedef struct rwk_branch_settings {
  size_t size;                        /* sizeof this struct, set by rwk_branch_settings_init */
  rwk_algebra algebra;                /* AUTO: dense up to dense_limit coordinates */
  size_t dense_limit;                 /* 2500 */
  double grad_tol;                    /* points are corrected to max_i |g_i| <= grad_tol * max(1, J); 1e-10 */
  double step, step_most, step_least; /* arclength, in which a change of w by its own length counts as one of
                                         lambda by the factor e: 0.1, 0.5, 1e-10 */
  int64_t points;                     /* at most this many steps are tried; 2000 */
  int beyond;                         /* points that are followed past a fold, on the saddles' side; 0 */
} rwk_branch_settings;

RWK_API void rwk_branch_settings_init(rwk_branch_settings *settings);

typedef struct rwk_branch_point {
  double lambda, loss, penalty, objective, grad_inf;
  double min_eig;  /* smallest eigenvalue off the explained flat directions */
  double slope;    /* dL/dlambda by T4: 4 lambda (Mw)' H^-1 (Mw) */
  int64_t event;   /* number of the event that this point is, -1 for none */
  const double *w; /* [dim] */
} rwk_branch_point;

typedef struct rwk_branch_event {
  rwk_event_kind kind;
  double lambda; /* where; between low and high, of which low <= lambda <= high */
  double low,
      high; /* fold: on [.., low] the branch was followed as a minimum, above high it does not exist */
  double loss, penalty, min_eig;
  double transversality; /* |phi' M w| / |M w| with the null vector phi: 0 at a branch point, not at a fold */
  double lambda_beyond, loss_beyond; /* fold: a point of the branch on the saddles' side; NaN elsewhere */
  double bias,
      curvature;   /* revival: the bias of the unit, and the curvature of T7 just beyond; NaN elsewhere */
  char what[96];   /* the dead unit, or "" */
  const double *w; /* [dim] */
  const double *null_vector; /* [dim], Euclidean norm 1; NULL where there is none */
} rwk_branch_event;

typedef struct rwk_branch rwk_branch;

/* Follows the branch through the local minimum w[dim] at lambda_from towards lambda_to (above or below).
 * RWK_OK whatever it meets: the last event says what. Memory: dense 3 dim^2 doubles, Krylov O(dim); the
 * points with their weights. Cost: some Hessians and factors a point; dense a certificate, too, whose
 * smallest eigenvalue it is. One thread. */
RWK_API rwk_status rwk_branch_trace(rwk_branch **branch, rwk_context *ctx, const rwk_problem *problem,
                                    const double *w, double lambda_from, double lambda_to,
                                    const rwk_branch_settings *settings);
RWK_API void rwk_branch_destroy(rwk_branch *branch); /* NULL is fine */

/* Points in their order along the branch, the first at lambda_from; everything has the branch's lifetime. */
RWK_API size_t rwk_branch_count(const rwk_branch *branch);
RWK_API const rwk_branch_point *rwk_branch_points(const rwk_branch *branch);
RWK_API size_t rwk_branch_event_count(const rwk_branch *branch); /* >= 1 */
RWK_API const rwk_branch_event *rwk_branch_events(const rwk_branch *branch);

#ifdef __cplusplus
}
#endif
#endif
