/* study/strand.h: a cross-validation that is going on, and one path of it. */
#ifndef RWK_STUDY_STRAND_H
#define RWK_STUDY_STRAND_H

#include <omp.h>
#include "study/cv.h"

typedef struct rwk_study {
  rwk_cv *cv;
  const rwk_cv_settings *settings;
  const rwk_design *design;
  double weight;     /* of all rows */
  omp_lock_t lock;   /* guards all below, and the caller's callbacks */
  rwk_status status; /* of the first failure */
  rwk_cv_progress progress;
  int64_t fetched; /* fits that were made earlier */
  double began;
} rwk_study;

/* One path of it: the payload of its callbacks. */
typedef struct rwk_strand {
  rwk_study *s;
  size_t fold;
} rwk_strand;

/* So many fits and paths more are done. Under the lock. */
void rwk_cv_tell(rwk_study *s, int64_t fits, size_t paths);

/* The fits of a path that are used: of best, and further members of the ensemble; [count x ensemble], w NULL
 * where there is none. Those of all rows (fits NULL) are the cv's, whose grid it gives where there is none.
 */
rwk_status rwk_strand_walk(rwk_fit *fits, rwk_context *ctx, rwk_strand *t, const rwk_problem *problem);

/* Was the path done earlier? Then its fits are fetched, weights of dim. */
rwk_status rwk_strand_done(int *found, const rwk_strand *t);
rwk_status rwk_strand_fetch(rwk_fit *fits, rwk_context *ctx, rwk_strand *t, size_t dim);

void rwk_cv_free_fits(rwk_context *ctx, rwk_fit *fits, size_t count);

#endif
