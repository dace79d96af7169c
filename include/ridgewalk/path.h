/* ridgewalk/path.h: a whole path of penalties: walks, certificates, drops, and the penalty at which all
 * weights are zero.
 *
 * Walks and starts run in parallel; every number is the same for any number of threads.
 */
#ifndef RIDGEWALK_PATH_H
#define RIDGEWALK_PATH_H

#include <ridgewalk/certify.h>
#include <ridgewalk/solve.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(symbol, name, meaning) */
#define RWK_WALK_LIST(X)                                                                                     \
  X(UP, "up", "warm starts from the smallest penalty to the largest")                                        \
  X(DOWN, "down", "warm starts from the largest penalty to the smallest")                                    \
  X(COLD, "cold", "random starts at every penalty, the best of them kept")                                   \
  X(BEST, "best", "the envelope of all fits, restarted until no fit is beaten by another's weights (T3)")    \
  X(GRADUATED, "graduated",                                                                                  \
    "from the largest penalty to the smallest, at each through ever less smoothing by noise of the weights " \
    "(GradOpt); the best of the starts kept")

typedef enum rwk_walk {
#define RWK_X(symbol, name, meaning) RWK_WALK_##symbol,
  RWK_WALK_LIST(RWK_X)
#undef RWK_X
} rwk_walk;

RWK_API const char *rwk_walk_name(rwk_walk walk);
RWK_API rwk_status rwk_walk_from_name(rwk_walk *walk, const char *name);

/* X(symbol, name, meaning): why the error fell while the penalty rose. */
#define RWK_CAUSE_LIST(X)                                                                                    \
  X(UNEXPLAINED, "unexplained", "not explained: a budget ran out")                                           \
  X(UNCONVERGED, "unconverged", "an end of the drop is not a critical point: the solver stopped too early")  \
  X(SADDLE, "saddle", "an end of the drop is a saddle point")                                                \
  X(NONSMOOTH, "nonsmooth", "an end of the drop, or its branch, sits on a kink of the activation")           \
  X(REVIVAL, "revival", "a dead unit became escapable (T7)")                                                 \
  X(FOLD, "fold", "the branch of minima ended in a fold")                                                    \
  X(BRANCH_POINT, "branch_point", "the branch of minima split")                                              \
  X(JUMP, "jump", "the branch goes on, but the solver left it")

typedef enum rwk_cause {
#define RWK_X(symbol, name, meaning) RWK_CAUSE_##symbol,
  RWK_CAUSE_LIST(RWK_X)
#undef RWK_X
} rwk_cause;

RWK_API const char *rwk_cause_name(rwk_cause cause);

/* X(symbol, name, meaning): how a point of `best` was found. */
#define RWK_ORIGIN_LIST(X)                                                                                   \
  X(FOUND, "found", "a walk's own fit at this penalty")                                                      \
  X(RESTART, "restart", "descended from the weights of a fit at another penalty (T3)")                       \
  X(FOLD, "fold", "descended from the far side of a fold that a walk's branch ends in")                      \
  X(NEIGHBOUR, "neighbour", "descended from a fit with parts changed, split, merged or exchanged")           \
  X(START, "start", "descended from a random start")                                                         \
  X(ZERO, "zero", "all penalised weights zero, or what lies below where that is a saddle")

typedef enum rwk_origin_kind {
#define RWK_X(symbol, name, meaning) RWK_ORIGIN_##symbol,
  RWK_ORIGIN_LIST(RWK_X)
#undef RWK_X
} rwk_origin_kind;

RWK_API const char *rwk_origin_name(rwk_origin_kind kind);

/* X(symbol, name, meaning): how far `best` looks beyond the walks. */
#define RWK_EFFORT_LIST(X)                                                                                   \
  X(LOW, "low", "the envelope of the walks' fits alone: a few fits more")                                    \
  X(NORMAL, "normal",                                                                                        \
    "a search of other basins within 40 to 10 times the walks' iterations, by size; Krylov: 1")              \
  X(HIGH, "high", "the same within ten times that; Krylov: 20 times the walks' iterations")

typedef enum rwk_effort {
#define RWK_X(symbol, name, meaning) RWK_EFFORT_##symbol,
  RWK_EFFORT_LIST(RWK_X)
#undef RWK_X
} rwk_effort;

RWK_API const char *rwk_effort_name(rwk_effort effort);
RWK_API rwk_status rwk_effort_from_name(rwk_effort *effort, const char *name);

/* One fit of a walk. For cold walks there is one per start and penalty. */
typedef struct rwk_fit {
  rwk_walk walk;
  int start;    /* 0, 1, ... */
  size_t index; /* in the grid */
  double lambda;
  rwk_solve_result solve;
  rwk_certificate certificate;
  double seconds;  /* solve and certificate */
  const double *w; /* [dim] */
} rwk_fit;

/* One drop of a walk: L at the larger penalty is lower than at the smaller one by more than
 * drop_tol * L + grad_tol^2.
 * Or a rise that is a jump: the error rose, but the fit at the end of the step is not the one that the branch
 * through its beginning leads to. A walk's step begins at the smaller penalty going up, at the larger coming
 * down. NaN where a field does not apply. */
typedef struct rwk_drop {
  size_t from, to; /* neighbouring grid indices, to = from + 1 */
  double lambda_from, lambda_to, loss_from, loss_to;
  int rise; /* 1: a rise that is a jump */
  rwk_cause cause;
  double at; /* where the cause sits: the penalty of the end in question, or the one located on the branch */
  double low, high; /* bracket of `at` */
  /* T2: J at one's own penalty minus J of the other's weights there. Positive: that end is beaten, so not
   * global. */
  double excess_from, excess_to;
  double certain; /* D (l2-l1)/(l2+l1): what T2 promises for the larger of the two */
  double grad_inf_from, grad_inf_to, min_eig_from, min_eig_to, max_eig_from, max_eig_to;
  double finished_from, finished_to; /* unconverged: L after Newton has finished each end */
  double falls_by; /* saddle: J falls at least this far when the saddle is left along negative curvature */
  /* The branch: L, and the smallest eigenvalue, where it ends, or at the end of the step (jump); saddle: its
   * eigenvalue */
  double branch_loss, branch_min_eig;
  double transversality;             /* |phi' M w| / |M w|: 0 at a branch point, not at a fold */
  double lambda_beyond, loss_beyond; /* fold: a point on the saddles' side of the branch */
  double bias, curvature;            /* revival: the dead unit's bias, and its curvature by T7 */
  int64_t points, merges; /* of the branch that were computed; where a more symmetric branch took over */
  int64_t monotone; /* 1: L rose at every point of the branch, as T4 says; 0: it did not; -1: no branch */
  /* In how many directions: participation ratios 1 / sum p_i^2 of the shares p_i of a vector's square, over
   * weights and over units, of the null vector (saddle: the way down) and of the step */
  double null_weights, null_units, moved_weights, moved_units;
  char moves[400]; /* the units that the null vector, or else the step, moves most */
  char note[400];  /* one sentence more: which budget ran out, which unit was dead */
} rwk_drop;

/* Where a point of `best` comes from. */
typedef struct rwk_origin {
  size_t index; /* in the grid */
  rwk_origin_kind kind;
  rwk_walk walk; /* the walk's fit that it goes back to, over restarts and changes; RWK_WALK_BEST: to none */
  int start;
  double lambda; /* of that fit; NaN: none */
  double won;    /* lowest J of the walks at this penalty minus J here: >= 0; NaN where no walk has a fit */
} rwk_origin;

/* Saves a fit that has just been made; fetches one made earlier (*found 0 if there is none; then fit and w
 * are untouched). Calls come one at a time, from any thread. */
typedef rwk_status (*rwk_fit_save_fn)(const rwk_fit *fit, void *payload);
typedef rwk_status (*rwk_fit_fetch_fn)(rwk_fit *fit, double *w, int *found, rwk_walk walk, int start,
                                       size_t index, void *payload);

/* Of a path that several processes walk: is this piece of work this process's? Non-zero: yes. Pieces are
 * numbered from 0: the walks up of start 0, 1, ..., the walks down, then the cold fits, by start and penalty.
 * Calls come one at a time, from any thread, about in order. */
typedef int (*rwk_path_claim_fn)(size_t piece, void *payload);

/* Other processes that do pieces of a path's work beyond the walks: they explain steps, and make the descents
 * of `best`. Each is a rwk_path_helper; how requests get there is the caller's. */
typedef struct rwk_path_help {
  size_t count; /* of helpers */
  /* Carries request[size] to a helper and its answer back into reply[reply_size]. Called by several threads
   * at once, for one helper by one. */
  rwk_status (*call)(void *reply, size_t reply_size, const void *request, size_t size, size_t helper,
                     void *payload);
  void *payload;
} rwk_path_help;

/* Of a path that several processes walk over one store: whose turn is a piece? */
typedef enum rwk_turn {
  RWK_TURN_OURS,  /* this process's, until it gives the piece back or ends: nobody else's meanwhile */
  RWK_TURN_LATER, /* another is at it: to be asked for again */
  RWK_TURN_OVER   /* of RWK_PIECE_REST: another has finished the path */
} rwk_turn;

/* The piece that is what comes after the walks: drops, best, collapse. It is not given back. */
#define RWK_PIECE_REST SIZE_MAX

/* Takes a piece, numbered as above, and gives it back when all of its fits are saved. */
typedef rwk_status (*rwk_path_take_fn)(rwk_turn *turn, size_t piece, void *payload);
typedef rwk_status (*rwk_path_give_fn)(size_t piece, void *payload);

typedef struct rwk_path_progress {
  int64_t done, total; /* fits */
  double seconds;      /* since the path began */
  double remaining;    /* estimate; NaN when there is none yet */
  const rwk_fit *last; /* the fit that has just been made or fetched; NULL: an explanation, or a round of the
                          search of best, is done */
} rwk_path_progress;

typedef void (*rwk_path_progress_fn)(const rwk_path_progress *progress, void *payload);

enum {
  RWK_WALKS_UP = 1 << RWK_WALK_UP,
  RWK_WALKS_DOWN = 1 << RWK_WALK_DOWN,
  RWK_WALKS_COLD = 1 << RWK_WALK_COLD,
  RWK_WALKS_BEST = 1 << RWK_WALK_BEST,
  RWK_WALKS_GRADUATED = 1 << RWK_WALK_GRADUATED
};

typedef struct rwk_path_settings {
  size_t size; /* sizeof this struct, set by rwk_path_settings_init */
  const double *
      lambda; /* [lambda_count] ascending, > 0; NULL: 17 penalties from 2 x collapse down over 16 doublings */
  size_t lambda_count;
  unsigned walks;    /* RWK_WALKS_UP | ...; all but graduated by default */
  rwk_effort effort; /* of best; normal */
  int basins;        /* further minima of `best` that are kept at each penalty, 0 to 5, as fits of start 1, 2,
                        ... of the walk best: the lowest after its own, those with one J (symmetries: units
                        relabelled, signs turned) counted once. 0 */
  int starts;        /* random starts, >= 1; 1 */
  uint64_t seed;     /* 0 */
  const double *init; /* [dim] weights to begin with in place of random start 0, or NULL */
  rwk_solver_settings solver;
  int finish; /* 1: every fit is finished by newton from where the solver stopped, whatever that solver is,
                 and the walk goes on from there. 0 */
  /* graduated (Hazan, Levy and Shalev-Shwartz, ICML 2016): at every penalty J is replaced by its mean over
   * weights w + delta u, u uniform in the unit ball, delta halved from epoch to epoch; each mean is descended
   * from where the last ended, within 1.5 delta of it; then the solver takes J itself. */
  double smoothing; /* delta of the first epoch, so that the noise of each weight has this standard deviation:
                       0.5 */
  int smoothing_epochs;  /* 8 */
  int smoothing_samples; /* pairs u, -u that a mean is taken over, the same for an epoch: 8 */
  rwk_certify_settings certify;
  double drop_tol; /* 1e-9 */
  int explain;     /* 1: follow branches, and so explain every drop and, with dense algebra, find the rises of
                      the warm walks that are jumps; 0: drops are explained by their ends alone. 1 */
  int64_t explain_points; /* steps of a branch that are tried at most; 2000 */
  double
      collapse_tol; /* relative width of the bracket of the collapse penalty, 1e-3; 0: do not look for it */
  rwk_fit_save_fn save;   /* NULL: nothing is saved. The fits of best are saved last, and made anew by a
                             path that goes on */
  rwk_fit_fetch_fn fetch; /* NULL: nothing was made earlier */
  void *store_payload;
  rwk_path_claim_fn claim; /* NULL: all is this process's. With it the path ends when its pieces of the walks
                              are done: what they made has been saved, and drops, best and collapse are for
                              the path that fetches all of it. NULL */
  void *claim_payload;
  const rwk_path_help *help; /* NULL: there is none. Results do not depend on it. NULL */
  rwk_path_take_fn take; /* with save and fetch, and their payload: pieces are taken one after the other, and
                            what others have made is fetched. Where the rest is another's, the path waits for
                            it, and ends with the walks alone. NULL: all is this process's */
  rwk_path_give_fn give;
  rwk_path_progress_fn progress; /* NULL: nobody watches. Calls come one at a time, from any thread */
  void *progress_payload;
} rwk_path_settings;

RWK_API void rwk_path_settings_init(rwk_path_settings *settings);

/* Of another process: what helps a path. problem and settings are as the path's, with its grid as lambda,
 * which is borrowed. One call at a time; one thread. */
typedef struct rwk_path_helper rwk_path_helper;
RWK_API rwk_status rwk_path_helper_create(rwk_path_helper **helper, rwk_context *ctx,
                                          const rwk_problem *problem, const rwk_path_settings *settings);
RWK_API void rwk_path_helper_destroy(rwk_path_helper *helper); /* NULL is fine */
/* Bytes of a request, and of an answer; both are of this build of the library alone, and aligned as doubles.
 */
RWK_API size_t rwk_path_helper_request_size(const rwk_path_helper *helper);
RWK_API size_t rwk_path_helper_answer_size(const rwk_path_helper *helper);
RWK_API rwk_status rwk_path_helper_answer(void *answer, const void *request, rwk_path_helper *helper);

/* A geometric grid from <= to with factor > 1: from * factor^i up to `to` (with 1e-9 relative slack). *lambda
 * is to be released with rwk_lambda_destroy. */
RWK_API rwk_status rwk_lambda_grid(double **lambda, size_t *count, rwk_context *ctx, double from, double to,
                                   double factor);
RWK_API void rwk_lambda_destroy(rwk_context *ctx, double *lambda);

typedef struct rwk_path rwk_path;

/* Walks the path. On RWK_CANCELLED *path holds what was done so far (walks with fewer points) and is to be
 * destroyed too. */
RWK_API rwk_status rwk_path_run(rwk_path **path, rwk_context *ctx, const rwk_problem *problem,
                                const rwk_path_settings *settings);
RWK_API void rwk_path_destroy(rwk_path *path); /* NULL is fine */

/* Which walk a piece of work belongs to; *index is of the grid, that of cold fits, or lambda_count for a
 * whole walk. RWK_INVALID_ARGUMENT where there is no such piece. */
RWK_API rwk_status rwk_path_piece(rwk_walk *walk, int *start, size_t *index, size_t piece, unsigned walks,
                                  int starts, size_t lambda_count);

/* Is a walk of this kind one for each start, or one of the best of all starts? */
RWK_API int rwk_walk_is_merged(rwk_walk walk);

/* Results; everything has the path's lifetime. */
RWK_API size_t rwk_path_lambda_count(const rwk_path *path);
RWK_API const double *rwk_path_lambda(const rwk_path *path); /* ascending */
RWK_API size_t rwk_path_walk_count(const rwk_path *path); /* up and down: one per start; cold, graduated: one,
                                                             the best of the starts; best: one, the last */

typedef struct rwk_walk_view {
  rwk_walk walk;
  int start;
  const rwk_fit *const *points; /* [lambda_count] by grid index; NULL entries where the walk was cut short */
  const rwk_drop *drops;        /* in the order of the grid */
  size_t drop_count;
  const rwk_drop *jumps; /* rises that are jumps, in the order of the grid */
  size_t jump_count;
  const rwk_origin *origins; /* best: [lambda_count]; NULL for the others */
} rwk_walk_view;

RWK_API rwk_status rwk_path_walk(rwk_walk_view *view, const rwk_path *path, size_t index);

/* The fit of `best` at grid point `index` (start 0), and the further minima kept there (start 1, 2, ...: J
 * rising). NULL where there is none. */
RWK_API const rwk_fit *rwk_path_basin(const rwk_path *path, size_t index, int start);

/* Where all penalised weights go to zero: `collapse` is the smallest penalty found at which the fit followed
 * upwards is zero, `nonzero` the largest at which it is not (collapse <= nonzero * (1 + collapse_tol)).
 * `lambda_c` is T5's penalty, NaN where the theory gives none. NaN where not looked for or not found. */
typedef struct rwk_collapse {
  double nonzero, collapse, lambda_c;
} rwk_collapse;

RWK_API rwk_collapse rwk_path_collapse(const rwk_path *path);
RWK_API double rwk_path_seconds(const rwk_path *path);

#ifdef __cplusplus
}
#endif
#endif
