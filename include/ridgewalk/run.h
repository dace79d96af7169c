/* ridgewalk/run.h: the run file NAME.rwk, one SQLite database that holds a path: settings, data fingerprint, every fit with its
 * weights and certificate, drops. It is written as the path is walked; after a kill at any moment it opens clean.
 *
 * Schema: docs/run-file.md. Names of columns are the names of the settings and result fields.
 */
#ifndef RIDGEWALK_RUN_H
#define RIDGEWALK_RUN_H

#include <ridgewalk/path.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rwk_run rwk_run;

/* Makes a new run file. RWK_IO if it exists already and `replace` is 0, or cannot be written. */
RWK_API rwk_status rwk_run_create(rwk_run **run, rwk_context *ctx, const char *file, int replace);

/* Opens one: RWK_IO if it is not there, RWK_FORMAT if it is no run file, of a newer schema, or damaged. */
RWK_API rwk_status rwk_run_open(rwk_run **run, rwk_context *ctx, const char *file, int writable);

/* Commits what is pending and closes. NULL is fine. */
RWK_API rwk_status rwk_run_close(rwk_run *run);

/* Named texts: settings, recipe, fingerprint, ... *value is the run's until the next call with the same key or close; NULL if
 * there is none. */
RWK_API rwk_status rwk_run_set(rwk_run *run, const char *key, const char *value);
RWK_API rwk_status rwk_run_get(const char **value, rwk_run *run, const char *key);

/* Fits: save and fetch have the signatures of rwk_path_settings with the run as payload. Saved fits are committed at the latest
 * after a quarter of a second. Weights are kept bit for bit with a checksum; a fit whose checksum is wrong is RWK_FORMAT. */
RWK_API rwk_status rwk_run_save_fit(const rwk_fit *fit, void *run);
RWK_API rwk_status rwk_run_fetch_fit(rwk_fit *fit, double *w, int *found, rwk_walk walk, int start, size_t index, void *run);

/* The grid, the drops and the collapse of a finished path; marks the run as finished. */
RWK_API rwk_status rwk_run_set_lambda(rwk_run *run, const double *lambda, size_t count);
RWK_API rwk_status rwk_run_lambda(const double **lambda, size_t *count, rwk_run *run);
RWK_API rwk_status rwk_run_finish(rwk_run *run, const rwk_path *path);
RWK_API int rwk_run_finished(rwk_run *run);

/* Dimension of the weights: set once before the first fit. */
RWK_API rwk_status rwk_run_set_dim(rwk_run *run, size_t dim);
RWK_API size_t rwk_run_dim(rwk_run *run);

/* How many fits are stored, and the k-th (in order of walk, start, index); w[dim] may be NULL. */
RWK_API rwk_status rwk_run_fit_count(size_t *count, rwk_run *run);
RWK_API rwk_status rwk_run_fit_at(rwk_fit *fit, double *w, rwk_run *run, size_t k);

#ifdef __cplusplus
}
#endif
#endif
