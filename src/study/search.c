/* Random search: trials and folds in parallel, the best, and what they say together. */
#include <math.h>
#include <omp.h>
#include <string.h>
#include "study/search.h"

void rwk_search_settings_init(rwk_search_settings *settings) {
  *settings = (rwk_search_settings){.size = sizeof *settings,
                                    .space = {.lambda = {0x1p-16, 0x1p2},
                                              .hidden = {4, 64},
                                              .depth = {1, 1},
                                              .activations = {RWK_ACTIVATION_TANH},
                                              .activation_count = 1,
                                              .solvers = {RWK_SOLVER_NEWTON},
                                              .solver_count = 1},
                                    .trials = 64,
                                    .starts = 1,
                                    .standardise = 1};
  rwk_mlp_settings_init(&settings->mlp);
  rwk_solver_settings_init(&settings->solver);
  rwk_certify_settings_init(&settings->certify);
}

/* A search that is going on. */
typedef struct study {
  rwk_search *search;
  const rwk_search_settings *settings;
  rwk_search_score *scores; /* [trials x folds] */
  size_t *left;             /* [trials] folds that are not done */
  size_t *todo, todo_count; /* trials that were not done earlier */
  omp_lock_t lock;          /* guards all below, scores that are read, and the caller's callbacks */
  rwk_status status;        /* of the first failure */
  size_t done, fetched;
  const rwk_trial *best;
  double began;
} study;

/* ---- trials */

static void tell(study *s, const rwk_trial *trial) {
  if (trial && isfinite(trial->mean) &&
      (!s->best || trial->mean < s->best->mean ||
       (trial->mean == s->best->mean && trial->index < s->best->index)))
    s->best = trial;
  if (!s->settings->progress) return;
  const size_t made = s->done - s->fetched, total = s->search->summary.trials;
  const double seconds = rwk_seconds() - s->began;
  const rwk_search_progress p = {.done = s->done,
                                 .total = total,
                                 .seconds = seconds,
                                 .remaining =
                                     made ? seconds / (double)made * (double)(total - s->done) : (double)NAN,
                                 .best = s->best};
  s->settings->progress(&p, s->settings->progress_payload);
}

/* One fold is in; the last one of a trial makes it a trial that is done. */
static rwk_status count_fold(study *s, size_t trial) {
  rwk_trial *t = &s->search->trials[trial];
  if (--s->left[trial]) return RWK_OK;
  rwk_search_sum_up(t, s->search, s->scores + trial * s->search->fold_count);
  if (s->settings->save) RWK_TRY(s->settings->save(t, s->settings->store_payload));
  s->done++;
  tell(s, t);
  return RWK_OK;
}

static void perform(study *s, size_t piece) {
  const size_t folds = s->search->fold_count, trial = s->todo[piece / folds], fold = piece % folds;
  rwk_context *ctx = NULL;
  const rwk_search_settings *settings = s->settings;
  omp_set_lock(&s->lock);
  rwk_status status = s->status;
  const int ours = status == RWK_OK && (!settings->claim || settings->claim(trial, settings->claim_payload));
  omp_unset_lock(&s->lock);
  if (!ours) return;
  status = rwk_context_fork(&ctx, s->search->ctx, 1);
  if (status == RWK_OK)
    status = rwk_search_try(&s->scores[trial * folds + fold], ctx, s->search, s->settings,
                            &s->search->trials[trial], fold);
  omp_set_lock(&s->lock);
  if (status != RWK_OK && s->status == RWK_OK) {
    s->status = status;
    if (ctx) rwk_context_adopt_error(s->search->ctx, ctx);
  } else if (s->status == RWK_OK) {
    s->status = count_fold(s, trial);
  }
  omp_unset_lock(&s->lock);
  rwk_context_destroy(ctx);
}

static rwk_status run_trials(study *s) {
  const size_t pieces = s->todo_count * s->search->fold_count;
  const int all = rwk_threads(s->search->ctx), threads = (size_t)all < pieces ? all : (int)pieces;
  if (threads <= 1) {
    for (size_t k = 0; k < pieces; k++) perform(s, k);
    return s->status;
  }
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
  for (size_t k = 0; k < pieces; k++) perform(s, k);
  return s->status;
}

/* The settings of every trial; those that were done earlier are taken as they are. */
static rwk_status list_trials(study *s) {
  rwk_search *search = s->search;
  const rwk_search_settings *settings = s->settings;
  for (size_t i = 0; i < search->summary.trials; i++) {
    rwk_trial *t = &search->trials[i];
    double u[RWK_SETTINGS];
    int found = 0;
    *t = (rwk_trial){.index = i, .mean = NAN, .se = NAN, .in_sample = NAN};
    rwk_trial_place(u, &settings->space, settings->draw, settings->seed, settings->trials, i);
    rwk_trial_at(t, &settings->space, u);
    if (settings->fetch) {
      rwk_trial kept = *t;
      RWK_TRY(settings->fetch(&kept, &found, i, settings->store_payload));
      if (found && (kept.lambda != t->lambda || kept.hidden != t->hidden || kept.depth != t->depth ||
                    kept.activation != t->activation || kept.solver != t->solver))
        return rwk_fail(search->ctx, RWK_MISMATCH, "trial %zu that is kept has other settings than these say",
                        i);
      if (found) *t = kept;
    }
    s->left[i] = found ? 0 : search->fold_count;
    if (!found) s->todo[s->todo_count++] = i;
    s->fetched += (size_t)(found != 0);
    if (found) {
      s->done++;
      if (isfinite(t->mean) && (!s->best || t->mean < s->best->mean)) s->best = t;
    }
  }
  if (s->fetched) tell(s, NULL);
  return RWK_OK;
}

/* ---- what they say together */

static rwk_status find_effects(rwk_search *search, const rwk_search_settings *settings, const double *scores,
                               const size_t *of, size_t count) {
  size_t levels[RWK_SETTINGS], varying = 0;
  double *u = rwk_alloc_doubles(search->ctx, count * RWK_SETTINGS);
  double *y = rwk_alloc_doubles(search->ctx, count);
  rwk_status status = u && y ? RWK_OK : rwk_fail_memory(search->ctx, "the effects of settings");
  search->summary.explained = NAN;
  for (int k = 0; k < RWK_SETTINGS; k++) {
    levels[k] = rwk_space_levels(&settings->space, (rwk_setting)k);
    varying += levels[k] != 1;
  }
  for (size_t i = 0; i < count && status == RWK_OK; i++) {
    rwk_trial_place(u + i * RWK_SETTINGS, &settings->space, settings->draw, settings->seed, settings->trials,
                    of[i]);
    y[i] = log(scores[i]);
  }
  if (status == RWK_OK && varying) {
    status = rwk_importance(search->effects, &search->summary.explained, search->ctx, u, levels, RWK_SETTINGS,
                            y, count);
    const size_t all = sizeof search->effects / sizeof *search->effects;
    for (size_t k = 0; k < all && status == RWK_OK; k++) /* what is fixed has none */
      if (levels[search->effects[k].first] != 1 && levels[search->effects[k].second] != 1)
        search->effects[search->effect_count++] = search->effects[k];
    if (status == RWK_DATA || status == RWK_NUMERICAL) status = RWK_OK; /* too few: then none are told */
  }
  rwk_free_doubles(search->ctx, u);
  rwk_free_doubles(search->ctx, y);
  return status;
}

static rwk_status look_back(rwk_search *search, const rwk_search_settings *settings) {
  rwk_context *ctx = search->ctx;
  const size_t n = search->summary.trials;
  double *mean = rwk_alloc_doubles(ctx, n), *se = rwk_alloc_doubles(ctx, n),
         *fine = rwk_alloc_doubles(ctx, n);
  size_t *of = rwk_alloc(ctx, n, sizeof *of), count = 0;
  search->chances = rwk_alloc_doubles(ctx, n);
  search->efficiency = rwk_calloc(ctx, n, sizeof *search->efficiency);
  rwk_status status = mean && se && fine && of && search->chances && search->efficiency
                          ? RWK_OK
                          : rwk_fail_memory(ctx, "a search");
  for (size_t i = 0; i < n && status == RWK_OK; i++) {
    mean[i] = search->trials[i].mean;
    se[i] = search->trials[i].se;
    if (!isfinite(mean[i])) continue;
    fine[count] = mean[i];
    of[count++] = i;
  }
  if (status == RWK_OK)
    status = rwk_search_winner(search->chances, &search->summary.expected, &search->summary.expected_sd, ctx,
                               mean, se, n);
  for (size_t i = 0; i < count && status == RWK_OK; i++)
    if (i == 0 || fine[i] < mean[search->summary.best]) search->summary.best = of[i];
  if (status == RWK_OK) status = rwk_efficiency_curve(search->efficiency, ctx, fine, count);
  search->efficiency_count = count;
  if (status == RWK_OK) status = find_effects(search, settings, fine, of, count);
  rwk_free_doubles(ctx, mean);
  rwk_free_doubles(ctx, se);
  rwk_free_doubles(ctx, fine);
  rwk_free(ctx, of);
  return status;
}

/* ---- all of it */

static rwk_status check_space(rwk_context *ctx, const rwk_space *s) {
  if (!(s->lambda[0] > 0) || !(s->lambda[1] >= s->lambda[0]) || !isfinite(s->lambda[1]))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "lambda: a range needs 0 < low <= high, not %g to %g",
                    s->lambda[0], s->lambda[1]);
  if (s->hidden[0] < 1 || s->hidden[1] < s->hidden[0])
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "hidden: a range needs 1 <= low <= high, not %zu to %zu",
                    s->hidden[0], s->hidden[1]);
  if (s->depth[0] < 1 || s->depth[1] < s->depth[0] || s->depth[1] > 100)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "depth: a range needs 1 <= low <= high <= 100, not %zu to %zu",
                    s->depth[0], s->depth[1]);
  if (s->activation_count < 1 || s->activation_count > RWK_CHOICES_MOST)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "activations: 1 to %d", RWK_CHOICES_MOST);
  if (s->solver_count < 1 || s->solver_count > RWK_CHOICES_MOST)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "solvers: 1 to %d", RWK_CHOICES_MOST);
  return RWK_OK;
}

static rwk_status check(rwk_context *ctx, const rwk_design *d, const rwk_folds *f,
                        const rwk_search_settings *s) {
  enum { TRIALS_MOST = 1000000 };
  if (s->size != sizeof *s)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "search settings: call rwk_search_settings_init first");
  if (!rwk_design_Y(d)) return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "search: the design has no targets");
  if (rwk_folds_rows(f) != rwk_design_rows(d))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "search: the folds are of another design");
  if (rwk_folds_repeats(f) != 1)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "repeats: a search divides the rows once");
  if (s->trials < 1 || s->trials > TRIALS_MOST)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "trials: 1 to %d", TRIALS_MOST);
  if (s->starts < 1) return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "starts: at least 1");
  return check_space(ctx, &s->space);
}

static rwk_status run(study *s, const rwk_design *design, const rwk_folds *folds) {
  rwk_search *search = s->search;
  rwk_context *ctx = search->ctx;
  const size_t n = search->summary.trials;
  RWK_TRY(rwk_search_open_folds(search, design, folds, s->settings));
  search->trials = rwk_calloc(ctx, n, sizeof *search->trials);
  s->scores = rwk_calloc(ctx, n * search->fold_count, sizeof *s->scores);
  s->left = rwk_calloc(ctx, n, sizeof *s->left);
  s->todo = rwk_calloc(ctx, n, sizeof *s->todo);
  rwk_status status =
      search->trials && s->scores && s->left && s->todo ? RWK_OK : rwk_fail_memory(ctx, "a search");
  if (status == RWK_OK) status = list_trials(s);
  if (status == RWK_OK) status = run_trials(s);
  if (status == RWK_OK && !s->settings->claim) status = look_back(search, s->settings);
  rwk_free(ctx, s->scores);
  rwk_free(ctx, s->left);
  rwk_free(ctx, s->todo);
  return status;
}

rwk_status rwk_search_run(rwk_search **out, rwk_context *ctx, const rwk_design *design,
                          const rwk_folds *folds, const rwk_search_settings *settings) {
  *out = NULL;
  RWK_TRY(check(ctx, design, folds, settings));
  rwk_search *search = rwk_calloc(ctx, 1, sizeof *search);
  if (!search) return rwk_fail_memory(ctx, "a search");
  search->ctx = ctx;
  search->summary =
      (rwk_search_summary){.trials = rwk_trial_count(&settings->space, settings->draw, settings->trials),
                           .rows = rwk_design_rows(design),
                           .outputs = rwk_design_outputs(design),
                           .folds = rwk_folds_count(folds),
                           .held_out = settings->held_out != 0};
  study s = {.search = search, .settings = settings, .began = rwk_seconds()};
  omp_init_lock(&s.lock);
  const rwk_status status = run(&s, design, folds);
  omp_destroy_lock(&s.lock);
  rwk_search_close_folds(search);
  search->summary.seconds = rwk_seconds() - s.began;
  if (status == RWK_OK && !settings->claim)
    *out = search;
  else
    rwk_search_destroy(search);
  return status;
}

void rwk_search_destroy(rwk_search *search) {
  if (!search) return;
  rwk_context *ctx = search->ctx;
  rwk_search_close_folds(search);
  rwk_free(ctx, search->trials);
  rwk_free(ctx, search->efficiency);
  rwk_free_doubles(ctx, search->chances);
  rwk_free(ctx, search);
}

const rwk_search_summary *rwk_search_summary_get(const rwk_search *search) {
  return &search->summary;
}

const rwk_trial *rwk_search_trials(const rwk_search *search) {
  return search->trials;
}

const rwk_efficiency *rwk_search_efficiency(size_t *count, const rwk_search *search) {
  *count = search->efficiency_count;
  return search->efficiency;
}

const rwk_effect *rwk_search_effects(size_t *count, const rwk_search *search) {
  *count = search->effect_count;
  return search->effects;
}

const double *rwk_search_chances(const rwk_search *search) {
  return search->chances;
}
