/* ridgewalk/cv.h: cross-validation of a whole path: which penalty predicts best what was not seen.
 *
 * For every fold a network is fitted to the rows outside it along the whole grid (walks and `best`, every fit
 * certified), scaled by what those rows say alone, and tried on the rows inside. With omega the row weights,
 * sd the scale of each target over all rows, and S_f, W_f the sums over the rows of fold f,
 *
 *   m_f(lambda) = S_f(omega sum_k ((y_k - f_k) / sd_k)^2) / W_f
 *   mean = sum W_f m_f / sum W_f,   se^2 = sum W_f (m_f - mean)^2 / sum W_f / (folds - 1)
 *
 * as glmnet has it; over repeats, means and squared se are averaged (repeats share their rows, so that they
 * lessen the luck of the division and not the error of the sample). lambda_min has the smallest mean, and
 * lambda_1se is the largest penalty from there on with mean <= mean_min + se_min.
 *
 * Where the network has a cross-entropy, the squares are replaced by ell (mlp.h), which is half the deviance,
 * and predictions are probabilities; those of an ensemble are means of probabilities.
 *
 * The grid is shared in this sense: lambda stands beside the mean error. A fold's objective is
 * loss_scale * (W / W_f) SSE + lambda R, W the weight of all rows and W_f that of its training rows.
 */
#ifndef RIDGEWALK_CV_H
#define RIDGEWALK_CV_H

#include <ridgewalk/folds.h>
#include <ridgewalk/mlp.h>
#include <ridgewalk/path.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rwk_cv rwk_cv;

#define RWK_CV_ALL ((size_t)-1) /* in place of a fold: the path of all rows */

/* Where fits go and come from. A fold's number counts through the repeats: repeat * folds + fold. NULL:
 * nothing is saved, or was made earlier. Calls come one at a time, from any thread. */
typedef struct rwk_cv_store {
  rwk_status (*save_fit)(const rwk_fit *fit, size_t fold, void *payload);
  rwk_status (*fetch_fit)(rwk_fit *fit, double *w, int *found, rwk_walk walk, int start, size_t index,
                          size_t fold, void *payload);
  /* A path is done: the place to take drops, origins and collapse from. It is gone afterwards. */
  rwk_status (*save_path)(const rwk_path *path, size_t fold, void *payload);
  /* Was it done earlier? Then it is not walked again, and its fits of best are fetched. */
  rwk_status (*fetch_path)(int *found, size_t fold, void *payload);
  void *payload;
} rwk_cv_store;

typedef struct rwk_cv_progress {
  int64_t done, total;      /* fits, of all paths */
  size_t paths_done, paths; /* folds, and all rows */
  double seconds;           /* since it began */
  double remaining;         /* estimate; NaN when there is none yet */
} rwk_cv_progress;

typedef void (*rwk_cv_progress_fn)(const rwk_cv_progress *progress, void *payload);

typedef struct rwk_cv_settings {
  size_t size;            /* sizeof this struct, set by rwk_cv_settings_init */
  rwk_mlp_settings mlp;   /* of every network */
  rwk_path_settings path; /* of every path; best must be among the walks. up and best with low effort. lambda
                             NULL: the grid that the path of all rows gives itself; it must be given where
                             that path was done earlier. save, fetch and progress are not used */
  int standardise;        /* 1: by means and deviations of the training rows */
  int ensemble; /* predictions are the mean over so many of the lowest minima at a penalty, 1 to 6; 1 */
  rwk_cv_store store;
  rwk_path_claim_fn claim; /* NULL: all is this process's. With it paths are walked and saved, those alone
                              that are this process's, and that is all: *cv is NULL, and results are for the
                              process that fetches all of it. Piece 0 is the path of all rows, then come the
                              folds; who has not got piece 0 needs lambda. NULL */
  void *claim_payload;
  rwk_cv_progress_fn progress; /* NULL: nobody watches. One call at a time, from any thread */
  void *progress_payload;
} rwk_cv_settings;

RWK_API void rwk_cv_settings_init(rwk_cv_settings *settings);

/* Cross-validates over the rows of a design that is best made without scales (rwk_design_subset). Paths run
 * in parallel; every number is the same for any number of threads. RWK_CANCELLED leaves nothing but what was
 * saved. Memory: what the paths of so many threads take, and rows * outputs * penalties * repeats doubles. */
RWK_API rwk_status rwk_cv_run(rwk_cv **cv, rwk_context *ctx, const rwk_design *design, const rwk_folds *folds,
                              const rwk_cv_settings *settings);
RWK_API void rwk_cv_destroy(rwk_cv *cv); /* NULL is fine */

typedef struct rwk_cv_point {
  double lambda;
  double mean, se;      /* squared error of what was held out, in standardised units of the targets, or its
                           cross-entropy */
  double parameters;    /* effective number of parameters of the fit to all rows: tr(H^-1 (H - 2 lambda M))
                           (laplace.h); NaN where its certificate does not allow it */
  double parameters_gn; /* the same with Gauss and Newton's matrix for H - 2 lambda M: 0 to dim; NaN beyond
                           10000 weights */
  double explained;     /* 1 - loss / loss of the constant model, of the fit to all rows, in sample */
} rwk_cv_point;

typedef enum rwk_cv_choice { RWK_CV_MIN, RWK_CV_1SE } rwk_cv_choice;

typedef struct rwk_cv_summary {
  size_t count; /* penalties */
  size_t rows, outputs, folds, repeats;
  int ensemble;
  size_t index[2]; /* by choice */
  int end;         /* lambda_min is the smallest of the grid (-1), the largest (1), neither (0) */
  size_t twins, twin_first, twin_second; /* rwk_folds_twins */
  double seconds;
} rwk_cv_summary;

/* Results; everything has the cv's lifetime. */
RWK_API const rwk_cv_summary *rwk_cv_summary_get(const rwk_cv *cv);
RWK_API const rwk_cv_point *rwk_cv_points(const rwk_cv *cv); /* [count] ascending */

/* F[repeats x rows x outputs]: each row's prediction by the networks that did not see it, in the targets' own
 * units. */
RWK_API const double *rwk_cv_held_out(const rwk_cv *cv, rwk_cv_choice choice);
/* fold[repeats x rows], and Y[rows x outputs] in its own units. */
RWK_API const size_t *rwk_cv_fold(const rwk_cv *cv);
RWK_API const double *rwk_cv_observed(const rwk_cv *cv);
RWK_API const double *rwk_cv_weights(const rwk_cv *cv); /* omega[rows], or NULL for ones */

/* rmse[outputs] = sqrt(sum omega e^2 / sum omega) of the held-out predictions, in the targets' own units. */
RWK_API void rwk_cv_rmse(double *rmse, const rwk_cv *cv, rwk_cv_choice choice);

/* The class that probabilities p[outputs] name: the first of the largest; of one output, 1 above a half. */
RWK_API size_t rwk_cv_class(const double *p, size_t outputs);

/* Share of the rows (by omega) whose class the held-out probabilities name, over all repeats. */
RWK_API double rwk_cv_accuracy(const rwk_cv *cv, rwk_cv_choice choice);

/* The fit to all rows at a grid point: start 0 is `best`, 1, 2, ... the further members of the ensemble; NULL
 * where there are fewer. */
RWK_API const rwk_fit *rwk_cv_fit(const rwk_cv *cv, size_t index, int start);

#ifdef __cplusplus
}
#endif
#endif
