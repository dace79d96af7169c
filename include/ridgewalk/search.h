/* ridgewalk/search.h: search over a network's settings: penalty, width, depth, activation, solver.
 *
 * Trial i is a point u_i of the unit cube, a function of the seed and i alone, and from it one setting of
 * each kind: lambda log-uniform, width log-uniform and rounded, depth, activation and solver uniform. For
 * every fold f a network is fitted to the rows outside it, scaled by what those rows say alone, certified,
 * and tried on the rows inside. With omega the row weights, sd_k the scale of target k over all rows, and
 * S_f, W_f the sums over the rows of fold f,
 *
 *   m_f = S_f(omega sum_k ((y_k - f_k) / sd_k)^2) / W_f
 *   mean = sum W_f m_f / sum W_f,   se^2 = sum W_f (m_f - mean)^2 / sum W_f / (folds - 1)
 *
 * as in cv.h. With one part held out, mean is m_f of it, and se^2 the variance of its squared errors over
 * their number (of the effective number W^2 / sum omega^2 where there are row weights).
 *
 * After Bergstra and Bengio, Random search for hyper-parameter optimization, JMLR 13 (2012) 281-305.
 */
#ifndef RIDGEWALK_SEARCH_H
#define RIDGEWALK_SEARCH_H

#include <ridgewalk/folds.h>
#include <ridgewalk/mlp.h>
#include <ridgewalk/path.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(symbol, name, meaning): what differs between trials. */
#define RWK_SETTING_LIST(X)                                                                                  \
  X(LAMBDA, "lambda", "the penalty")                                                                         \
  X(HIDDEN, "hidden", "units of each hidden layer")                                                          \
  X(DEPTH, "depth", "hidden layers")                                                                         \
  X(ACTIVATION, "activation", "the activation of hidden units")                                              \
  X(SOLVER, "solver", "what brings the weights down")

typedef enum rwk_setting {
#define RWK_X(symbol, name, meaning) RWK_SETTING_##symbol,
  RWK_SETTING_LIST(RWK_X)
#undef RWK_X
      RWK_SETTINGS
} rwk_setting;

RWK_API const char *rwk_setting_name(rwk_setting setting);

/* X(symbol, name, meaning): how trials are drawn. */
#define RWK_DRAW_LIST(X)                                                                                     \
  X(RANDOM, "random", "independent uniform points")                                                          \
  X(SOBOL, "sobol", "Sobol's sequence with a digital shift: more even than random points")                   \
  X(GRID, "grid", "a grid: every combination of a few values of each setting")

typedef enum rwk_draw {
#define RWK_X(symbol, name, meaning) RWK_DRAW_##symbol,
  RWK_DRAW_LIST(RWK_X)
#undef RWK_X
} rwk_draw;

RWK_API const char *rwk_draw_name(rwk_draw draw);
RWK_API rwk_status rwk_draw_from_name(rwk_draw *draw, const char *name);

enum { RWK_CHOICES_MOST = 16 };

/* Where trials come from. A range of one value, or a list of one, fixes a setting. */
typedef struct rwk_space {
  double lambda[2]; /* 0 < low <= high */
  size_t hidden[2]; /* 1 <= low <= high; all hidden layers of a trial are so wide */
  size_t depth[2];  /* 1 <= low <= high hidden layers */
  rwk_activation activations[RWK_CHOICES_MOST];
  size_t activation_count;
  rwk_solver_kind solvers[RWK_CHOICES_MOST];
  size_t solver_count;
} rwk_space;

typedef struct rwk_trial {
  size_t index;
  double lambda;
  size_t hidden, depth;
  rwk_activation activation;
  rwk_solver_kind solver;
  size_t parameters; /* weights and biases */
  double mean, se;   /* squared error of what was held out, in standardised units; NaN where a fit failed */
  double in_sample;  /* the same of the training rows, mean over the folds */
  size_t fits, certified; /* folds that have a fit, and fits that are certified minima */
  int64_t iterations;     /* of all fits */
  double seconds;         /* of one thread */
} rwk_trial;

/* Number of values that a setting can take: 1 where it is fixed, 0 where there are more than 8 or it is
 * continuous. */
RWK_API size_t rwk_space_levels(const rwk_space *space, rwk_setting setting);

/* u[RWK_SETTINGS] in (0, 1): the place of a trial in the unit cube. */
RWK_API void rwk_trial_place(double *u, const rwk_space *space, rwk_draw draw, uint64_t seed, size_t trials,
                             size_t index);
/* How many trials there are of `trials` asked for: fewer on a grid. */
RWK_API size_t rwk_trial_count(const rwk_space *space, rwk_draw draw, size_t trials);
/* The settings at a place; the other fields of *trial are untouched. */
RWK_API void rwk_trial_at(rwk_trial *trial, const rwk_space *space, const double *u);

/* x[dimensions] := number `index` of Sobol's sequence, from 0, in the order of Antonov and Saleev (Gray
 * code), with the direction numbers of Joe and Kuo (SIAM J. Sci. Comput. 30 (2008) 2635-2654); at most 8
 * dimensions, index < 2^32. */
RWK_API void rwk_sobol(double *x, size_t dimensions, uint32_t index);

/* Saves a trial that is done; fetches one that was done earlier. Calls come one at a time, from any thread.
 */
typedef rwk_status (*rwk_trial_save_fn)(const rwk_trial *trial, void *payload);
typedef rwk_status (*rwk_trial_fetch_fn)(rwk_trial *trial, int *found, size_t index, void *payload);

typedef struct rwk_search_progress {
  size_t done, total;    /* trials */
  double seconds;        /* since it began */
  double remaining;      /* estimate; NaN when there is none yet */
  const rwk_trial *best; /* so far; NULL: none */
} rwk_search_progress;

typedef void (*rwk_search_progress_fn)(const rwk_search_progress *progress, void *payload);

typedef struct rwk_search_settings {
  size_t size; /* sizeof this struct, set by rwk_search_settings_init */
  rwk_space space;
  rwk_draw draw;
  size_t trials;              /* 64 */
  uint64_t seed;              /* of places and of random starts; 0 */
  int held_out;               /* 1: only the first fold is held out; 0: each of them in turn */
  int starts;                 /* random starts of every fit, the lowest J is kept; 1 */
  rwk_mlp_settings mlp;       /* of every network; hidden and activation are the trial's */
  rwk_solver_settings solver; /* of every fit; its kind is the trial's */
  rwk_certify_settings certify;
  int standardise;          /* 1: by means and deviations of the training rows */
  rwk_trial_save_fn save;   /* NULL: nothing is saved */
  rwk_trial_fetch_fn fetch; /* NULL: nothing was done earlier */
  void *store_payload;
  rwk_path_claim_fn
      claim; /* NULL: all is this process's. With it trials are made and saved, those alone that
                are this process's, and that is all: *search is NULL. Pieces are the trials. NULL */
  void *claim_payload;
  rwk_search_progress_fn progress; /* NULL: nobody watches. One call at a time, from any thread */
  void *progress_payload;
} rwk_search_settings;

RWK_API void rwk_search_settings_init(rwk_search_settings *settings);

/* How much of the trials' differences a setting, or a pair beyond its two settings, is answerable for. */
typedef struct rwk_effect {
  size_t first, second; /* rwk_setting; second == first: a setting by itself */
  double share;         /* of the variance of the function fitted to the trials; sum 1 */
} rwk_effect;

/* What the best of `trials` trials scores. */
typedef struct rwk_efficiency {
  size_t trials;
  double mean;              /* expected, of so many drawn at random from those there are */
  double low, median, high; /* quartiles */
} rwk_efficiency;

typedef struct rwk_search_summary {
  size_t trials; /* that are done */
  size_t rows, outputs, folds;
  int held_out;
  size_t best;        /* index of the trial with the lowest mean */
  double expected;    /* error of the winner, and its standard deviation, where means are uncertain by */
  double expected_sd; /* their standard errors: see rwk_search_winner */
  double explained;   /* of the variance of log mean, by the function that effects are of, tried on trials
                         left out one at a time; NaN: too few trials */
  double seconds;
} rwk_search_summary;

typedef struct rwk_search rwk_search;

/* Searches. `design` is best made without scales (rwk_design_subset). Trials and folds run in parallel; every
 * number is the same for any number of threads, and whatever was done earlier. RWK_CANCELLED leaves nothing
 * but what was saved; RWK_NUMERICAL if no trial has a finite error. Memory: a copy of the table for every
 * fold, and what the fits of so many threads take. */
RWK_API rwk_status rwk_search_run(rwk_search **search, rwk_context *ctx, const rwk_design *design,
                                  const rwk_folds *folds, const rwk_search_settings *settings);
RWK_API void rwk_search_destroy(rwk_search *search); /* NULL is fine */

/* Results; everything has the search's lifetime. */
RWK_API const rwk_search_summary *rwk_search_summary_get(const rwk_search *search);
RWK_API const rwk_trial *rwk_search_trials(const rwk_search *search); /* [trials] by index */
RWK_API const rwk_efficiency *rwk_search_efficiency(size_t *count, const rwk_search *search);
RWK_API const rwk_effect *rwk_search_effects(size_t *count, const rwk_search *search); /* largest first */
/* chance[trials]: that a trial is the best one (rwk_search_winner). */
RWK_API const double *rwk_search_chances(const rwk_search *search);

/* Weights [dim] of a trial's network, fitted to all rows of a design that is scaled already, in the way the
 * folds' networks were. */
RWK_API rwk_status rwk_search_refit(double *w, rwk_context *ctx, const rwk_problem *problem,
                                    const rwk_search_settings *settings, const rwk_trial *trial);

/* ---- the arithmetic of it, for scores of any origin ---- */

/* curve[count]: the best (lowest) of m = 1 ... count of the scores x[count], drawn without replacement. With
 * x_(1) <= x_(2) <= ... it is x_(i) with chance C(count - i, m - 1) / C(count, m). Time O(count^2). */
RWK_API rwk_status rwk_efficiency_curve(rwk_efficiency *curve, rwk_context *ctx, const double *x,
                                        size_t count);

/* Who is the best, if trial i's error is normal with mean[i] and sd[i], independent of the others? chance[i]
 * is the probability that it is the lowest, and with it, as Bergstra and Bengio have it,
 *
 *   *expected = sum chance_i mean_i,   *sd^2 = sum chance_i (mean_i^2 + sd_i^2) - *expected^2
 *
 * which is a fairer account of the winner than the lowest mean. NaN means have no chance. By quadrature. */
RWK_API rwk_status rwk_search_winner(double *chance, double *expected, double *sd, rwk_context *ctx,
                                     const double *mean, const double *se, size_t count);

/* Functional analysis of variance of y[count] over places u[count x settings] of the unit cube: a function of
 * main effects (Legendre polynomials to degree 3, or contrasts of the levels) and of pairs (products to
 * degree 3) is fitted by least squares with a ridge, chosen by leaving out one at a time, and its variance
 * under the uniform distribution is split exactly, for the terms are orthogonal there (Sudret, Reliab. Eng.
 * Syst. Saf. 93 (2008) 964-979). levels[k]: how many values setting k has; 0: continuous; 1: fixed, without
 * effects. effects[settings (settings + 1) / 2]: single ones, then pairs (0,1), (0,2), ..., largest share
 * first; *explained: 1 - sum of squared errors, each of a row left out, over sum of squares. RWK_DATA if
 * there are fewer than 8 rows, or y is constant. It is a stand-in for the random forests of Hutter, Hoos and
 * Leyton-Brown (ICML 2014): it sees no effect beyond pairs, and none that polynomials do not. */
RWK_API rwk_status rwk_importance(rwk_effect *effects, double *explained, rwk_context *ctx, const double *u,
                                  const size_t *levels, size_t settings, const double *y, size_t count);

#ifdef __cplusplus
}
#endif
#endif
