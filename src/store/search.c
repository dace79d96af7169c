/* The trials of a search, and what they say together. */
#include <math.h>
#include <string.h>
#include "store/store.h"

const char *rwk_store_check_trial(const rwk_trial *t) {
  if (t->index >= RWK_STORE_TRIAL_LIMIT) return "there are too many trials";
  if (!(t->lambda > 0) || !isfinite(t->lambda)) return "the penalty of a trial is out of range";
  return NULL;
}

const char *rwk_store_check_search(const rwk_search_summary *s, size_t trials) {
  if (s->trials == 0 || s->trials != trials || s->best >= trials) return "a search is of other trials";
  if (s->rows == 0 || s->outputs == 0 || s->folds < 2) return "a search has no rows, outputs or folds";
  return NULL;
}

const char *rwk_store_check_efficiency(const rwk_efficiency *e, size_t place, size_t trials) {
  return e->trials == place + 1 && e->trials <= trials ? NULL : "an efficiency curve is out of order";
}

const char *rwk_store_check_effect(const rwk_effect *e) {
  return e->first <= e->second && e->second < RWK_SETTINGS ? NULL : "an effect is of no setting";
}

/* First trial whose index is not smaller. */
static size_t place_of(const rwk_run *run, size_t index) {
  size_t low = 0, high = run->trial_count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (run->trials[middle].index < index)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static int is_there(const rwk_run *run, size_t place, size_t index) {
  return place < run->trial_count && run->trials[place].index == index;
}

rwk_status rwk_run_save_trial(const rwk_trial *trial, void *payload) {
  rwk_run *run = payload;
  RWK_TRY(rwk_store_want_writable(run));
  const char *wrong = rwk_store_check_trial(trial);
  if (wrong) return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "trial: %s", wrong);
  const size_t place = place_of(run, trial->index);
  if (is_there(run, place, trial->index))
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "trial: number %zu is there already", trial->index);
  RWK_TRY(rwk_grow(run->ctx, &run->trials, &run->trial_capacity, run->trial_count + 1, sizeof *run->trials));
  uint64_t checksum = 0;
  rwk_status status = rwk_store_begin(run);
  if (status == RWK_OK) status = rwk_store_put(&checksum, run, RWK_TABLE_TRIAL, (int64_t)trial->index, trial);
  if (status == RWK_OK) {
    rwk_state_record state = run->state;
    state.digest = rwk_store_digest(state.digest, checksum, 0);
    status = rwk_store_commit(run, &state);
  }
  if (status != RWK_OK) {
    rwk_store_rollback(run);
    return status;
  }
  memmove(run->trials + place + 1, run->trials + place, (run->trial_count - place) * sizeof *run->trials);
  run->trials[place] = *trial;
  run->trial_count++;
  run->trial_digest += checksum;
  return RWK_OK;
}

rwk_status rwk_run_fetch_trial(rwk_trial *trial, int *found, size_t index, void *payload) {
  const rwk_run *run = payload;
  const size_t place = place_of(run, index);
  *found = is_there(run, place, index);
  if (*found) *trial = run->trials[place];
  return RWK_OK;
}

/* ---- the result ---- */

static rwk_status put_search(uint64_t *digest, rwk_run *run, const rwk_search_summary *summary,
                             const rwk_efficiency *efficiency, size_t efficiency_count,
                             const rwk_effect *effects, size_t effect_count) {
  uint64_t checksum = 0;
  RWK_TRY(rwk_store_clear(run, RWK_TABLE_EFFICIENCY));
  RWK_TRY(rwk_store_clear(run, RWK_TABLE_EFFECT));
  RWK_TRY(rwk_store_put(&checksum, run, RWK_TABLE_SEARCH, 1, summary));
  *digest += checksum;
  for (size_t k = 0; k < efficiency_count; k++) {
    RWK_TRY(rwk_store_put(&checksum, run, RWK_TABLE_EFFICIENCY, (int64_t)k, &efficiency[k]));
    *digest += checksum;
  }
  for (size_t k = 0; k < effect_count; k++) {
    RWK_TRY(rwk_store_put(&checksum, run, RWK_TABLE_EFFECT, (int64_t)k, &effects[k]));
    *digest += checksum;
  }
  return RWK_OK;
}

rwk_status rwk_store_finish_search(rwk_run *run, const rwk_search_summary *summary,
                                   const rwk_efficiency *efficiency, size_t efficiency_count,
                                   const rwk_effect *effects, size_t effect_count) {
  RWK_TRY(rwk_store_want_writable(run));
  const char *wrong = rwk_store_check_search(summary, run->trial_count);
  if (wrong) return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "search: %s", wrong);
  RWK_TRY(rwk_grow(run->ctx, &run->efficiency, &run->efficiency_capacity, efficiency_count,
                   sizeof *run->efficiency));
  RWK_TRY(rwk_grow(run->ctx, &run->effects, &run->effect_capacity, effect_count, sizeof *run->effects));
  uint64_t digest = 0;
  rwk_status status = rwk_store_begin(run);
  if (status == RWK_OK)
    status = put_search(&digest, run, summary, efficiency, efficiency_count, effects, effect_count);
  if (status == RWK_OK) {
    rwk_state_record state = run->state;
    state.digest = rwk_store_digest(state.digest, digest, run->search_digest);
    status = rwk_store_commit(run, &state);
  }
  if (status != RWK_OK) {
    rwk_store_rollback(run);
    return status;
  }
  run->has_search = 1;
  run->search = *summary;
  run->efficiency_count = efficiency_count;
  run->effect_count = effect_count;
  for (size_t k = 0; k < efficiency_count; k++) run->efficiency[k] = efficiency[k];
  for (size_t k = 0; k < effect_count; k++) run->effects[k] = effects[k];
  run->search_digest = digest;
  return RWK_OK;
}

rwk_status rwk_run_finish_search(rwk_run *run, const rwk_search *search) {
  size_t efficiency_count, effect_count;
  const rwk_efficiency *efficiency = rwk_search_efficiency(&efficiency_count, search);
  const rwk_effect *effects = rwk_search_effects(&effect_count, search);
  return rwk_store_finish_search(run, rwk_search_summary_get(search), efficiency, efficiency_count, effects,
                                 effect_count);
}

const rwk_search_summary *rwk_run_search(rwk_run *run) {
  return run->has_search ? &run->search : NULL;
}

const rwk_trial *rwk_run_trials(size_t *count, rwk_run *run) {
  *count = run->trial_count;
  return run->trials;
}

const rwk_efficiency *rwk_run_efficiency(size_t *count, rwk_run *run) {
  *count = run->efficiency_count;
  return run->efficiency;
}

const rwk_effect *rwk_run_effects(size_t *count, rwk_run *run) {
  *count = run->effect_count;
  return run->effects;
}
