/* path/explain.h: the inside of explanations. */
#ifndef RWK_PATH_EXPLAIN_H
#define RWK_PATH_EXPLAIN_H

#include <ridgewalk/branch.h>
#include "path/path.h"

/* What one thread needs. */
typedef struct rwk_explainer {
  const rwk_path *path;
  rwk_context *ctx;     /* the thread's own; borrowed */
  rwk_solver *finisher; /* made when first needed */
  double *w;            /* [dim] scratch */
  double *direction;    /* [dim] down from a saddle */
  size_t *group;        /* [dim] part of the model of each coordinate; group_count 0: not known */
  size_t group_count;
} rwk_explainer;

/* An explainer whose opening failed is to be closed all the same. */
rwk_status rwk_explainer_open(rwk_explainer *x, const rwk_path *path, rwk_context *ctx);
void rwk_explainer_close(rwk_explainer *x);

/* Explains the step between two neighbouring fits of a walk. far is made with the context of the path. */
rwk_status rwk_explain_step(rwk_step *step, rwk_explainer *x, const rwk_fit *from, const rwk_fit *to);

/* Participation ratios of the null vector (or NULL) and of the step, and which parts they move. */
rwk_status rwk_participation(rwk_drop *d, rwk_explainer *x, const double *null_vector, const double *before,
                             const double *after);

#endif
