/* ridgewalk/run.h: the run file NAME.rwk, one SQLite database that holds a path: settings, data fingerprint,
 * every fit with its weights and certificate, drops; and a cross-validation or a search, if there was one. It
 * is written as the path is walked; after a kill at any moment it opens clean.
 *
 * Schema: docs/run-file.md. Names of columns are the names of the settings and result fields.
 * Every row carries a checksum: what is read is what was written, or RWK_FORMAT.
 */
#ifndef RIDGEWALK_RUN_H
#define RIDGEWALK_RUN_H

#include <ridgewalk/cv.h>
#include <ridgewalk/path.h>
#include <ridgewalk/search.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rwk_run rwk_run;

/* Makes a new run file. It appears under its name at rwk_run_begin, complete with all that was set before; a
 * run that is closed without rwk_run_begin leaves nothing behind. RWK_IO if the file exists already and
 * `replace` is 0, or cannot be written; a file that is no run file is never replaced. */
RWK_API rwk_status rwk_run_create(rwk_run **run, rwk_context *ctx, const char *file, int replace);
RWK_API rwk_status rwk_run_begin(rwk_run *run);

/* Opens one: RWK_IO if it is not there, RWK_FORMAT if it is no run file, of a newer schema, or damaged. */
RWK_API rwk_status rwk_run_open(rwk_run **run, rwk_context *ctx, const char *file, int writable);

/* Closes: what was written is then in the one file, unless somebody else has it open. The run is gone
 * whatever is returned. NULL is fine. */
RWK_API rwk_status rwk_run_close(rwk_run *run);

/* Named texts: settings, recipe, fingerprint, ... "created_at" is there from the start: ISO 8601, UTC. *value
 * is the run's until the next call with the same key or close; NULL if there is none. */
RWK_API rwk_status rwk_run_set(rwk_run *run, const char *key, const char *value);
RWK_API rwk_status rwk_run_get(const char **value, rwk_run *run, const char *key);

/* Dimension of the weights: set once before the first fit. 0 while it is not set. */
RWK_API rwk_status rwk_run_set_dim(rwk_run *run, size_t dim);
RWK_API size_t rwk_run_dim(rwk_run *run);

/* The grid, ascending. *lambda is the run's until the next call or close; *count 0 while there is none. */
RWK_API rwk_status rwk_run_set_lambda(rwk_run *run, const double *lambda, size_t count);
RWK_API rwk_status rwk_run_lambda(const double **lambda, size_t *count, rwk_run *run);

/* Fits: save and fetch have the signatures of rwk_path_settings with the run as payload. A saved fit is
 * committed at once, with its weights bit for bit. A fit fetched must be at the penalty of the grid, where
 * the run knows it. */
RWK_API rwk_status rwk_run_save_fit(const rwk_fit *fit, void *run);
RWK_API rwk_status rwk_run_fetch_fit(rwk_fit *fit, double *w, int *found, rwk_walk walk, int start,
                                     size_t index, void *run);

/* How many fits are stored, and the k-th (a walk's fits stand together, in order of start and index); w[dim]
 * may be NULL. */
RWK_API rwk_status rwk_run_fit_count(size_t *count, rwk_run *run);
RWK_API rwk_status rwk_run_fit_at(rwk_fit *fit, double *w, rwk_run *run, size_t k);

/* The grid, the drops, the origins of `best` and the collapse of a finished path, in one transaction; marks
 * the run as finished. */
RWK_API rwk_status rwk_run_finish(rwk_run *run, const rwk_path *path);
RWK_API int rwk_run_finished(rwk_run *run);

/* What rwk_run_finish wrote: the k-th drop with the walk it belongs to, the k-th origin of a point of `best`,
 * the collapse and the seconds of the path. Of an unfinished run: no drops, NaN. */
RWK_API rwk_status rwk_run_drop_count(size_t *count, rwk_run *run);
RWK_API rwk_status rwk_run_drop_at(rwk_drop *drop, rwk_walk *walk, int *start, rwk_run *run, size_t k);
RWK_API rwk_status rwk_run_origin_count(size_t *count, rwk_run *run);
RWK_API rwk_status rwk_run_origin_at(rwk_origin *origin, rwk_run *run, size_t k);
RWK_API rwk_status rwk_run_collapse(rwk_collapse *collapse, double *seconds, rwk_run *run);

/* ---- Sharing: several processes on one machine walk one path together. ---- */

/* From now on other processes may write fits too, each of which has done the same: a run file that is being
 * written can be opened for writing, and shared. Call it after rwk_run_begin or rwk_run_open. *shared 0: the
 * file system has no locks for it; then there is one writer, as without this call. */
RWK_API rwk_status rwk_run_share(int *shared, rwk_run *run);

/* take and give of rwk_path_settings, with the run as payload. What a process has taken is free again when it
 * ends, however it ends. When the rest is ours the run has been refreshed; over is answered where the path
 * was finished after the run was shared. */
RWK_API rwk_status rwk_run_take(rwk_turn *turn, size_t piece, void *run);
RWK_API rwk_status rwk_run_give(size_t piece, void *run);

/* Reads anew what is in the file, others' fits too; what the functions here have lent is void then. */
RWK_API rwk_status rwk_run_refresh(rwk_run *run);

typedef enum rwk_sharer_at { RWK_SHARER_THERE, RWK_SHARER_PIECE, RWK_SHARER_REST } rwk_sharer_at;

/* There: a process that shares the run. Piece, rest: what one of them is at. */
typedef struct rwk_sharer {
  rwk_sharer_at at;
  size_t piece;
  int64_t process; /* its number; 0: not known */
} rwk_sharer;

/* Who is at a run file now, without opening it: those that are there first, then the rest and the pieces in
 * their order. *count 0 where nobody is. *list is to be released with rwk_sharers_destroy. */
RWK_API rwk_status rwk_run_sharers(rwk_sharer **list, size_t *count, rwk_context *ctx, const char *file);
RWK_API void rwk_sharers_destroy(rwk_context *ctx, rwk_sharer *list);

/* ---- Cross-validation: the path of all rows is the run's path; those of the folds stand beside it. ---- */

/* The functions of rwk_cv_store, with the run as payload. save_fold_path writes, of all rows, what
 * rwk_run_set_lambda and rwk_run_finish do, and, of a fold, its drops, in one transaction. */
RWK_API rwk_status rwk_run_save_fold_fit(const rwk_fit *fit, size_t fold, void *run);
RWK_API rwk_status rwk_run_fetch_fold_fit(rwk_fit *fit, double *w, int *found, rwk_walk walk, int start,
                                          size_t index, size_t fold, void *run);
RWK_API rwk_status rwk_run_save_fold_path(const rwk_path *path, size_t fold, void *run);
RWK_API rwk_status rwk_run_fetch_fold_path(int *found, size_t fold, void *run);

/* A drop, or a rise that is a jump, of one walk. */
typedef struct rwk_run_drop {
  rwk_walk walk;
  int start;
  rwk_drop drop;
} rwk_run_drop;

/* What save_fold_path writes of a fold, for a path that another process walked: its seconds, and
 * drops[count], walk after walk. The grid has been set; a fold that is done stays as it is. */
RWK_API rwk_status rwk_run_save_fold(rwk_run *run, size_t fold, double seconds, const rwk_run_drop *drops,
                                     size_t count);

/* Points, choices and held-out predictions of a finished cross-validation, in one transaction. */
RWK_API rwk_status rwk_run_finish_cv(rwk_run *run, const rwk_cv *cv);

/* The summary, NULL while there is none, and its points [count]; the run's until close. */
RWK_API const rwk_cv_summary *rwk_run_cv(rwk_run *run);
RWK_API const rwk_cv_point *rwk_run_cv_points(rwk_run *run);

/* One held-out prediction, in the target's own units. */
typedef struct rwk_cv_row {
  size_t repeat, row, output, fold;
  double weight;         /* of the row; 1 where there are no row weights */
  double observed;       /* the target */
  double at_min, at_1se; /* predicted at the two choices by the networks that did not see the row */
} rwk_cv_row;

/* All of them, repeat by repeat, row by row, output by output; the run's until close. */
RWK_API const rwk_cv_row *rwk_run_cv_rows(size_t *count, rwk_run *run);

/* rmse[outputs] as rwk_cv_rmse; RWK_INVALID_ARGUMENT while there is no cross-validation. */
RWK_API rwk_status rwk_run_cv_rmse(double *rmse, rwk_run *run, rwk_cv_choice choice);

/* *share as rwk_cv_accuracy, where the predictions are probabilities; RWK_INVALID_ARGUMENT while there is no
 * cross-validation. */
RWK_API rwk_status rwk_run_cv_accuracy(double *share, rwk_run *run, rwk_cv_choice choice);

/* Folds whose paths are done; their fits and their drops, and the rises on which a branch was left. */
RWK_API size_t rwk_run_fold_count(rwk_run *run);
RWK_API rwk_status rwk_run_fold_fit_count(size_t *count, rwk_run *run);
RWK_API rwk_status rwk_run_fold_fit_at(rwk_fit *fit, size_t *fold, double *w, rwk_run *run, size_t k);
RWK_API rwk_status rwk_run_fold_drop_count(size_t *count, rwk_run *run);
RWK_API rwk_status rwk_run_fold_drop_at(rwk_drop *drop, rwk_walk *walk, int *start, size_t *fold,
                                        rwk_run *run, size_t k);

/* ---- Search: the path of one penalty of the best trial is the run's path; the trials stand beside it. ----
 */

/* save and fetch of rwk_search_settings, with the run as payload. A trial is committed at once. */
RWK_API rwk_status rwk_run_save_trial(const rwk_trial *trial, void *run);
RWK_API rwk_status rwk_run_fetch_trial(rwk_trial *trial, int *found, size_t index, void *run);

/* What all trials say together, in one transaction. */
RWK_API rwk_status rwk_run_finish_search(rwk_run *run, const rwk_search *search);

/* The summary, NULL while there is none; trials by index, those of an unfinished search too; efficiency curve
 * and effects of a finished one. The run's until a trial is saved, the search finished, or close. */
RWK_API const rwk_search_summary *rwk_run_search(rwk_run *run);
RWK_API const rwk_trial *rwk_run_trials(size_t *count, rwk_run *run);
RWK_API const rwk_efficiency *rwk_run_efficiency(size_t *count, rwk_run *run);
RWK_API const rwk_effect *rwk_run_effects(size_t *count, rwk_run *run);

/* ---- What pictures are drawn from. ---- */

/* X(symbol, name, meaning): numbers that pictures of a path are drawn from, beside its fits. */
#define RWK_SERIES_LIST(X)                                                                                   \
  X(OBSERVED, "observed", "[rows x targets] the targets, in their own units")                                \
  X(FITTED, "fitted", "[rows x targets] what a fit makes of the same rows")                                  \
  X(SPECTRUM, "spectrum", "[dim x 1] eigenvalues of the Hessian of J at a fit, ascending")                   \
  X(BRANCH, "branch", "[points x 4] lambda, L, R, smallest eigenvalue along the branch through a fit")

typedef enum rwk_series_kind {
#define RWK_X(symbol, name, meaning) RWK_SERIES_##symbol,
  RWK_SERIES_LIST(RWK_X)
#undef RWK_X
} rwk_series_kind;

RWK_API const char *rwk_series_name(rwk_series_kind kind);

typedef struct rwk_series {
  rwk_series_kind kind;
  rwk_walk walk; /* the fit that it belongs to; up, 0, 0 for the targets */
  int start;
  size_t index;
  size_t rows, columns;
  const double *values; /* [rows x columns], row-major */
} rwk_series;

/* Puts the series of a run in place of those that were there, in one transaction. Values are copied, and kept
 * bit for bit but for NaNs, which become one NaN. RWK_INVALID_ARGUMENT if one is empty, or two belong to the
 * same. */
RWK_API rwk_status rwk_run_set_series(rwk_run *run, const rwk_series *series, size_t count);
RWK_API rwk_status rwk_run_series_count(size_t *count, rwk_run *run);
/* The k-th, in order of kind, walk, start and index. Its values are the run's until rwk_run_set_series or
 * close. */
RWK_API rwk_status rwk_run_series_at(rwk_series *series, rwk_run *run, size_t k);
/* That of a fit; *found 0 if there is none, and then the series is untouched. */
RWK_API rwk_status rwk_run_series_of(rwk_series *series, int *found, rwk_run *run, rwk_series_kind kind,
                                     rwk_walk walk, int start, size_t index);

/* Computes all of them for a path over a table, in place of those that were there: observed and fitted values
 * of at most 1000 rows, spectra up to 500 weights and, if `explain`, the branches beside drops. One thread;
 * as long as explaining the drops took. */
RWK_API rwk_status rwk_run_keep_pictures(rwk_run *run, rwk_context *ctx, rwk_mlp *mlp,
                                         const rwk_design *design, const rwk_path *path, int explain);

#ifdef __cplusplus
}
#endif
#endif
