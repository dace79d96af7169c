#include "cli/spread.h"
#include <stdlib.h>
#include <string.h>
#include "cli/assist.h"
#include "cli/ranks.h"
#include "cli/station.h"

/* The payload of all callbacks here. */
typedef struct spread {
  cli_job *job;
  cli_station *station;
  const rwk_cv_store *store; /* of a cross-validation: where rank 0's fits go */
} spread;

/* What a letter begins with. */
typedef struct heading {
  enum { LETTER_FIT, LETTER_FOLD, LETTER_TRIAL } kind;
  size_t fold, drops; /* of a cross-validation */
  double seconds;     /* LETTER_FOLD */
  rwk_fit fit;        /* LETTER_FIT; its weights follow */
  rwk_trial trial;
} heading;

/* A worker says why; rank 0 of itself. */
static rwk_status finish(const cli_job *j, rwk_status status) {
  if (j->worker && status != RWK_OK && status != RWK_CANCELLED) cli_fail_status(j->setup.ctx, status);
  return status;
}

/* ---- fits ---- */

static rwk_status send_fit(const spread *s, const rwk_fit *fit, size_t fold) {
  const size_t dim = rwk_problem_dim(rwk_mlp_problem(s->job->setup.mlp));
  const heading h = {.kind = LETTER_FIT, .fold = fold, .fit = *fit};
  return cli_station_send(s->station, &h, sizeof h, fit->w, dim * sizeof *fit->w);
}

static rwk_fit fit_of(const heading *h, const char *letter) {
  rwk_fit fit = h->fit;
  fit.w = (const double *)(const void *)(letter + sizeof *h);
  return fit;
}

/* ---- a path ---- */

static rwk_status take_fit(const char *letter, size_t size, void *payload) {
  const spread *s = payload;
  heading h;
  (void)size;
  memcpy(&h, letter, sizeof h);
  const rwk_fit fit = fit_of(&h, letter);
  s->job->done++;
  return rwk_run_save_fit(&fit, s->job->run);
}

static rwk_status save_fit(const rwk_fit *fit, void *payload) {
  const spread *s = payload;
  if (s->job->worker) return send_fit(s, fit, 0);
  cli_station_lock(s->station);
  const rwk_status status = rwk_run_save_fit(fit, s->job->run);
  s->job->done++;
  cli_station_unlock(s->station);
  return status;
}

static rwk_status fetch_fit(rwk_fit *fit, double *w, int *found, rwk_walk walk, int start, size_t index,
                            void *payload) {
  const spread *s = payload;
  *found = 0;
  if (!s->job->run) return RWK_OK;
  cli_station_lock(s->station);
  const rwk_status status = rwk_run_fetch_fit(fit, w, found, walk, start, index, s->job->run);
  cli_station_unlock(s->station);
  return status;
}

/* The walks; on a worker *grid has the penalties then. */
static rwk_status walk(rwk_path **grid, cli_job *j) {
  spread s = {.job = j};
  rwk_path_settings settings = j->settings;
  *grid = NULL;
  settings.walks &= ~(unsigned)RWK_WALKS_BEST;
  if (!settings.walks) settings.walks = j->settings.walks;
  rwk_status status = cli_station_open(&s.station, 0, take_fit, &s);
  if (status != RWK_OK) return status;
  settings.claim = cli_station_claim;
  settings.claim_payload = s.station;
  settings.save = save_fit;
  settings.fetch = fetch_fit;
  settings.store_payload = &s;
  settings.progress = NULL;
  status = rwk_path_run(grid, j->setup.ctx, rwk_mlp_problem(j->setup.mlp), &settings);
  return cli_station_close(s.station, status);
}

static rwk_status help(cli_job *j, const rwk_path *grid, rwk_status status) {
  rwk_path_helper *helper = NULL;
  rwk_path_settings settings = j->settings;
  if (grid && status == RWK_OK) {
    settings.lambda = rwk_path_lambda(grid);
    settings.lambda_count = rwk_path_lambda_count(grid);
    status = rwk_path_helper_create(&helper, j->setup.ctx, rwk_mlp_problem(j->setup.mlp), &settings);
  }
  status = cli_assist_serve(helper, status);
  rwk_path_helper_destroy(helper);
  return status;
}

rwk_status cli_spread_path(rwk_path **path, cli_job *j) {
  rwk_path *grid;
  *path = NULL;
  rwk_status status = walk(&grid, j);
  if (j->worker) {
    status = help(j, grid, status);
  } else {
    rwk_path_settings settings = j->settings;
    cli_assist *assist = cli_assist_open();
    if (status == RWK_OK && !assist) status = RWK_NO_MEMORY;
    if (status == RWK_OK) {
      settings.help = cli_assist_help(assist);
      status = rwk_path_run(path, j->setup.ctx, rwk_mlp_problem(j->setup.mlp), &settings);
    }
    cli_assist_close(assist);
  }
  rwk_path_destroy(grid);
  return finish(j, status);
}

/* ---- a cross-validation ---- */

static rwk_status save_fold_fit(const rwk_fit *fit, size_t fold, void *payload) {
  const spread *s = payload;
  if (s->job->worker) return send_fit(s, fit, fold);
  cli_station_lock(s->station);
  const rwk_status status = s->store->save_fit(fit, fold, s->store->payload);
  s->job->done++;
  cli_station_unlock(s->station);
  return status;
}

static rwk_status fetch_fold_fit(rwk_fit *fit, double *w, int *found, rwk_walk walk, int start, size_t index,
                                 size_t fold, void *payload) {
  const spread *s = payload;
  *found = 0;
  if (!s->job->run) return RWK_OK;
  cli_station_lock(s->station);
  const rwk_status status = s->store->fetch_fit(fit, w, found, walk, start, index, fold, s->store->payload);
  cli_station_unlock(s->station);
  return status;
}

static rwk_status fetch_fold_path(int *found, size_t fold, void *payload) {
  const spread *s = payload;
  *found = 0;
  if (!s->job->run) return RWK_OK;
  cli_station_lock(s->station);
  const rwk_status status = s->store->fetch_path(found, fold, s->store->payload);
  cli_station_unlock(s->station);
  return status;
}

/* The drops and jumps of a path, in the order in which a run file has them. */
static rwk_run_drop *drops_of(size_t *count, const rwk_path *path) {
  rwk_run_drop *list = NULL;
  *count = 0;
  for (size_t i = 0; i < rwk_path_walk_count(path); i++) {
    rwk_walk_view v;
    if (rwk_path_walk(&v, path, i) != RWK_OK) continue;
    const size_t more = v.drop_count + v.jump_count;
    rwk_run_drop *longer = realloc(list, (*count + more + 1) * sizeof *list);
    if (!longer) {
      free(list);
      return NULL;
    }
    list = longer;
    for (size_t k = 0; k < more; k++)
      list[(*count)++] =
          (rwk_run_drop){v.walk, v.start, k < v.drop_count ? v.drops[k] : v.jumps[k - v.drop_count]};
  }
  return list;
}

static rwk_status save_fold_path(const rwk_path *path, size_t fold, void *payload) {
  const spread *s = payload;
  if (!s->job->worker) {
    cli_station_lock(s->station);
    const rwk_status status = s->store->save_path(path, fold, s->store->payload);
    cli_station_unlock(s->station);
    return status;
  }
  heading h = {.kind = LETTER_FOLD, .fold = fold, .seconds = rwk_path_seconds(path)};
  rwk_run_drop *drops = drops_of(&h.drops, path);
  if (!drops) return RWK_NO_MEMORY;
  const rwk_status status = cli_station_send(s->station, &h, sizeof h, drops, h.drops * sizeof *drops);
  free(drops);
  return status;
}

static rwk_status take_of_fold(const char *letter, size_t size, void *payload) {
  const spread *s = payload;
  heading h;
  (void)size;
  memcpy(&h, letter, sizeof h);
  if (h.kind == LETTER_FOLD)
    return rwk_run_save_fold(s->job->run, h.fold, h.seconds,
                             (const rwk_run_drop *)(const void *)(letter + sizeof h), h.drops);
  const rwk_fit fit = fit_of(&h, letter);
  s->job->done++;
  return s->store->save_fit(&fit, h.fold, s->store->payload);
}

static int nobody(size_t piece, void *payload) {
  (void)piece, (void)payload;
  return 0;
}

/* The grid that the path of all rows will give itself: folds need it before that path is there. */
static rwk_status find_grid(rwk_path **grid, cli_job *j, const rwk_path_settings *settings) {
  rwk_path_settings p = *settings;
  *grid = NULL;
  if (p.lambda) return RWK_OK;
  p.claim = nobody;
  rwk_status status = rwk_path_run(grid, j->setup.ctx, rwk_mlp_problem(j->setup.mlp), &p);
  if (status == RWK_OK && !j->worker)
    status = rwk_run_set_lambda(j->run, rwk_path_lambda(*grid), rwk_path_lambda_count(*grid));
  return status;
}

rwk_status cli_spread_cv(cli_job *j, const rwk_folds *folds, const rwk_cv_settings *settings) {
  spread s = {.job = j, .store = &settings->store};
  rwk_cv_settings spread_settings = *settings;
  rwk_path *grid;
  rwk_cv *cv = NULL;
  rwk_status status = find_grid(&grid, j, &settings->path); /* before the first letter of another rank */
  const rwk_status opened = cli_station_open(&s.station, 1, take_of_fold, &s);
  if (opened != RWK_OK) return opened;
  spread_settings.claim = cli_station_claim;
  spread_settings.claim_payload = s.station;
  spread_settings.store = (rwk_cv_store){.save_fit = save_fold_fit,
                                         .fetch_fit = fetch_fold_fit,
                                         .save_path = save_fold_path,
                                         .fetch_path = fetch_fold_path,
                                         .payload = &s};
  spread_settings.progress = NULL;
  if (grid && j->worker) {
    spread_settings.path.lambda = rwk_path_lambda(grid);
    spread_settings.path.lambda_count = rwk_path_lambda_count(grid);
  }
  if (status == RWK_OK) status = rwk_cv_run(&cv, j->setup.ctx, j->setup.raw, folds, &spread_settings);
  status = cli_station_close(s.station, status);
  rwk_path_destroy(grid);
  return finish(j, status);
}

/* ---- a search ---- */

static rwk_status take_trial(const char *letter, size_t size, void *payload) {
  const spread *s = payload;
  heading h;
  (void)size;
  memcpy(&h, letter, sizeof h);
  s->job->done++;
  return rwk_run_save_trial(&h.trial, s->job->run);
}

static rwk_status save_trial(const rwk_trial *trial, void *payload) {
  const spread *s = payload;
  if (s->job->worker) {
    const heading h = {.kind = LETTER_TRIAL, .trial = *trial};
    return cli_station_send(s->station, &h, sizeof h, NULL, 0);
  }
  cli_station_lock(s->station);
  const rwk_status status = rwk_run_save_trial(trial, s->job->run);
  s->job->done++;
  cli_station_unlock(s->station);
  return status;
}

static rwk_status fetch_trial(rwk_trial *trial, int *found, size_t index, void *payload) {
  const spread *s = payload;
  *found = 0;
  if (!s->job->run) return RWK_OK;
  cli_station_lock(s->station);
  const rwk_status status = rwk_run_fetch_trial(trial, found, index, s->job->run);
  cli_station_unlock(s->station);
  return status;
}

rwk_status cli_spread_search(cli_job *j, const rwk_folds *folds, const rwk_search_settings *settings) {
  spread s = {.job = j};
  rwk_search_settings spread_settings = *settings;
  rwk_search *search = NULL;
  rwk_status status = cli_station_open(&s.station, 0, take_trial, &s);
  if (status != RWK_OK) return status;
  spread_settings.claim = cli_station_claim;
  spread_settings.claim_payload = s.station;
  spread_settings.save = save_trial;
  spread_settings.fetch = fetch_trial;
  spread_settings.store_payload = &s;
  spread_settings.progress = NULL;
  status = rwk_search_run(&search, j->setup.ctx, j->setup.raw, folds, &spread_settings);
  return finish(j, cli_station_close(s.station, status));
}
