/* report/source.h: a run file as charts and tables want it. */
#ifndef RWK_REPORT_SOURCE_H
#define RWK_REPORT_SOURCE_H

#include "report/arena.h"
#include "report/report.h"

typedef struct rwk_source_walk {
  rwk_walk walk;
  int start;
  const char *name;       /* "up", "up 2" where there are several */
  const rwk_fit **points; /* [count]; NULL where there is none */
  const rwk_drop **drops; /* rises that are jumps among them */
  size_t drop_count;      /* all of them */
  size_t falls;           /* those that are drops */
} rwk_source_walk;

/* The path of one fold of a cross-validation. */
typedef struct rwk_source_fold {
  const char *name;       /* "fold 2", "fold 2 of division 3" where there are several */
  const rwk_fit **points; /* [count] of best; NULL where there is none */
} rwk_source_fold;

/* A drop on the path of a fold, or a rise that is a jump. */
typedef struct rwk_source_fold_drop {
  size_t fold;
  rwk_walk walk;
  const char *name; /* of the walk */
  rwk_drop drop;
} rwk_source_fold_drop;

typedef struct rwk_source {
  rwk_arena *arena;
  rwk_context *ctx;
  rwk_run *run;
  const rwk_report_facts *facts;
  double *lambda; /* [count] as the user says them */
  size_t count;
  rwk_fit *fits; /* [fit_count]; w is NULL */
  size_t fit_count;
  rwk_source_walk *walks;
  size_t walk_count;
  const rwk_fit **lowest; /* [count] of best where there is one, else the lowest objective; NULL: no fit */
  const rwk_origin **origins; /* [count] of best, or NULL */
  rwk_collapse collapse;
  double seconds;
  const rwk_cv_summary *cv; /* NULL: no cross-validation, or none that is finished; then there are no folds */
  const rwk_cv_point *cv_points; /* [count] */
  rwk_source_fold *folds;        /* [fold_count] */
  size_t fold_count;
  rwk_source_fold_drop *fold_drops; /* [fold_drop_count] */
  size_t fold_drop_count;
} rwk_source;

rwk_status rwk_source_open(rwk_source *s, rwk_arena *arena, rwk_run *run, const rwk_report_facts *facts);

/* Is there one walk of this kind, of the best of all starts? */
int rwk_source_is_merged(rwk_walk walk);
double rwk_source_mse(const rwk_source *s, double loss);
double rwk_source_lambda(const rwk_source *s, double lambda); /* the user's, from the library's */
/* 1: there they are. A row that cannot be read is a failure of the arena, and so of the whole page: a chart
 * must not lack a part without a word. */
int rwk_source_weights(double *w, const rwk_source *s, const rwk_fit *fit); /* w[dim] */
int rwk_source_series(rwk_series *series, const rwk_source *s, rwk_series_kind kind, rwk_walk walk, int start,
                      size_t index);
/* "2^-3" where it is a power of two, else %.4g. */
const char *rwk_source_penalty(const rwk_source *s, double user_lambda);
/* The exponent where it is a power of two to rounding: 1, else 0. */
int rwk_is_power_of_two(int *exponent, double x);

#endif
