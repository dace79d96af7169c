#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/ranks.h"
#include "cli/spread.h"

/* What a cross-validation needs besides what a path does. */
typedef struct cv_job {
  cli_job job;
  rwk_cv_settings settings;
  rwk_folds *folds;
  int code; /* of what went wrong in a callback, and was told there */
} cv_job;

/* The grid of a path that is done is in the run file. */
static int keep_grid(cv_job *c) {
  rwk_path_settings *p = &c->settings.path;
  const double *lambda;
  size_t count;
  if (p->lambda || !c->job.run || !rwk_run_finished(c->job.run)) return 0;
  const rwk_status status = rwk_run_lambda(&lambda, &count, c->job.run);
  if (status != RWK_OK) return cli_fail_status(c->job.setup.ctx, status);
  p->lambda = lambda;
  p->lambda_count = count;
  return 0;
}

static void progress(const rwk_cv_progress *p, void *payload) {
  cli_job *j = payload;
  char more[64];
  j->done = p->done;
  j->total = p->total;
  if (!j->bar) return;
  snprintf(more, sizeof more, " (%zu of %zu paths)", p->paths_done, p->paths);
  cli_progress_bar(p->done, p->total, p->seconds, p->remaining, more);
}

static rwk_status save_fit(const rwk_fit *fit, size_t fold, void *payload) {
  const cv_job *c = payload;
  return rwk_run_save_fold_fit(fit, fold, c->job.run);
}

static rwk_status fetch_fit(rwk_fit *fit, double *w, int *found, rwk_walk walk, int start, size_t index,
                            size_t fold, void *payload) {
  const cv_job *c = payload;
  return rwk_run_fetch_fold_fit(fit, w, found, walk, start, index, fold, c->job.run);
}

/* Of the path of all rows, what a report draws is kept as a path's is, and before the path is done: a run
 * that goes on makes it then. */
static rwk_status save_path(const rwk_path *path, size_t fold, void *payload) {
  cv_job *c = payload;
  if (fold == RWK_CV_ALL) {
    const cli_setup *s = &c->job.setup;
    const rwk_status status =
        rwk_run_keep_pictures(c->job.run, s->ctx, s->mlp, s->design, path, c->job.settings.explain);
    if (status != RWK_OK) c->code = cli_fail_status(s->ctx, status);
  }
  return c->code == 0 ? rwk_run_save_fold_path(path, fold, c->job.run) : RWK_CANCELLED;
}

static rwk_status fetch_path(int *found, size_t fold, void *payload) {
  const cv_job *c = payload;
  return rwk_run_fetch_fold_path(found, fold, c->job.run);
}

static int prepare(cv_job *c) {
  cli_job *j = &c->job;
  size_t members = 1;
  int code = cli_job_prepare(j);
  if (!code) code = cli_job_folds(&c->folds, j);
  if (!code) code = cli_job_whole(&members, &j->args, CLI_ENSEMBLE, 1, 6);
  if (!code) code = cli_network_settings(&c->settings.mlp, &j->setup, &j->args, NULL, 0);
  if (code) return code;
  c->settings.path = j->settings;
  c->settings.ensemble = (int)members;
  c->settings.standardise = !j->args.value[CLI_NO_STANDARDIZE];
  c->settings.store = (rwk_cv_store){.save_fit = save_fit,
                                     .fetch_fit = fetch_fit,
                                     .save_path = save_path,
                                     .fetch_path = fetch_path,
                                     .payload = c};
  c->settings.progress = progress;
  c->settings.progress_payload = j;
  if (!(j->settings.walks & RWK_WALKS_BEST))
    return cli_fail(CLI_USAGE, "--walk: best must be among them, for it is what is cross-validated");
  return keep_grid(c);
}

static int run(cv_job *c) {
  cli_job *j = &c->job;
  rwk_cv *cv = NULL;
  j->bar = isatty(2) && !j->args.value[CLI_QUIET];
  const int several = cli_ranks_count() > 1;
  rwk_status status = several ? cli_spread_cv(j, c->folds, &c->settings) : RWK_OK;
  if (j->worker) return cli_exit_code(status);
  int code = several && status == RWK_OK ? keep_grid(c) : 0;
  if (code) return code;
  if (status == RWK_OK) status = rwk_cv_run(&cv, j->setup.ctx, j->setup.raw, c->folds, &c->settings);
  if (c->code) {
    code = c->code;
  } else if (status != RWK_OK) {
    code = cli_job_stopped(j, status);
  } else {
    status = rwk_run_finish_cv(j->run, cv);
    if (status != RWK_OK) code = cli_fail_status(j->setup.ctx, status);
    if (!code && j->setup.loss != RWK_LOSS_MSE)
      code = cli_keep_cv_accuracy(j->setup.ctx, j->run, cv, j->setup.mlp);
  }
  rwk_cv_destroy(cv);
  return code;
}

int cli_cv(const cli_args *args) {
  cv_job c;
  memset(&c, 0, sizeof c);
  rwk_cv_settings_init(&c.settings);
  c.job.settings = c.settings.path;
  int code = cli_job_begin(&c.job, args);
  c.job.worker = cli_ranks_worker();
  if (c.job.worker) c.job.args.value[CLI_QUIET] = "";
  if (!code) code = prepare(&c);
  const int worst = cli_ranks_agree(code);
  if (!code) code = worst;
  if (!code && (!c.job.run || !rwk_run_cv(c.job.run))) code = run(&c);
  code = cli_job_show(&c.job, code, cli_show_cv, args);
  rwk_folds_destroy(c.folds);
  cli_job_release(&c.job);
  return code;
}
