/* study/cv.h: the inside of a cross-validation. */
#ifndef RWK_STUDY_CV_H
#define RWK_STUDY_CV_H

#include <ridgewalk/cv.h>
#include "base/context.h"

/* What the rows of one fold say. */
typedef struct rwk_fold_result {
  double *error; /* [count] sum of omega times squared error, in standardised units; NaN without a fit */
  double *held;  /* [count x rows held out x outputs] predictions, own units */
  size_t *rows;  /* [row_count] held out */
  size_t row_count;
  double weight; /* of the rows held out */
} rwk_fold_result;

struct rwk_cv {
  rwk_context *ctx;
  rwk_cv_summary summary;
  rwk_cv_point *points;     /* [count] */
  double *lambda;           /* [count] */
  double *held[2];          /* by choice */
  size_t *fold;             /* [repeats x rows] */
  double *observed;         /* [rows x outputs] */
  double *weights;          /* [rows] or NULL */
  double *scale;            /* [outputs] over all rows */
  rwk_fit *fits;            /* [count x ensemble] of all rows */
  rwk_fold_result *results; /* [repeats x folds]; freed once the curve is made */
};

/* Mean and standard error of every penalty, and the two choices (curve.c). */
rwk_status rwk_cv_curve(rwk_cv *cv);

/* The predictions at the two choices, from the folds' results (curve.c). */
rwk_status rwk_cv_gather(rwk_cv *cv);

#endif
