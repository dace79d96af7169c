/* study/search.h: the inside of a search. */
#ifndef RWK_STUDY_SEARCH_H
#define RWK_STUDY_SEARCH_H

#include <ridgewalk/search.h>
#include "base/context.h"

/* A fold, or the part that is held out: made once, used by every trial. */
typedef struct rwk_search_fold {
  rwk_design *train, *held;
  double *observed;                              /* [rows held out x outputs] in the targets' own units */
  double train_weight, held_weight, held_square; /* sums over rows of omega, omega and omega^2 */
} rwk_search_fold;

/* What one fold says of one trial. */
typedef struct rwk_search_score {
  double held, square; /* sums over rows held out of omega e^2 and omega e^4, in standardised units */
  double in_sample;    /* MSE of the training rows, in standardised units; NaN without a fit */
  size_t parameters;
  int certified;
  int64_t iterations;
  double seconds;
} rwk_search_score;

struct rwk_search {
  rwk_context *ctx;
  rwk_search_summary summary;
  rwk_trial *trials; /* [trials] */
  rwk_efficiency *efficiency;
  size_t efficiency_count;
  rwk_effect effects[RWK_SETTINGS * (RWK_SETTINGS + 1) / 2];
  size_t effect_count;
  double *chances; /* [trials] */
  rwk_search_fold *folds;
  size_t fold_count; /* that are tried */
  double *scale;     /* [outputs] over all rows */
  double weight;     /* of all rows */
};

/* Folds, scales and weights of a design (search_fold.c). */
rwk_status rwk_search_open_folds(rwk_search *search, const rwk_design *design, const rwk_folds *folds,
                                 const rwk_search_settings *settings);
void rwk_search_close_folds(rwk_search *search);

/* One fold of one trial (search_fold.c). A fit that meets no finite number is a score of NaN, and no failure.
 */
rwk_status rwk_search_try(rwk_search_score *score, rwk_context *ctx, const rwk_search *search,
                          const rwk_search_settings *settings, const rwk_trial *trial, size_t fold);

/* Puts the scores of a trial's folds together. */
void rwk_search_sum_up(rwk_trial *trial, const rwk_search *search, const rwk_search_score *scores);

#endif
