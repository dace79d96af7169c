/* ridgewalk/audit.h: somebody else's sweep, of which only penalty, error and size of the weights are known.
 *
 * Row i says: weights W_i were fitted at lambda_i; their mean squared error is L_i, the sum of their squared
 * weights R_i. The objective is taken to be J = L + factor * lambda * R, where `factor` is what the maker's
 * convention does to lambda (1: nothing). Any row's weights may be used at any penalty, so that
 *
 *   excess_i = J_i(lambda_i) - min_j (L_j + factor * lambda_i * R_j)  > 0
 *
 * proves that row i is no global minimum, and names the weights that a restart should begin with. Each row
 * that is not beaten holds the factor within an interval; the factor that most penalties agree on is the
 * scale of the sweep, and where there is none the numbers cannot come from minimising such an objective.
 * Nothing here proves that a fit is global.
 */
#ifndef RIDGEWALK_AUDIT_H
#define RIDGEWALK_AUDIT_H

#include <stddef.h>
#include <ridgewalk/context.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rwk_audit rwk_audit;

#define RWK_AUDIT_NONE ((size_t)-1) /* no row */

/* X(symbol, name, message) */
#define RWK_AUDIT_VERDICT_LIST(X)                                                                            \
  X(CONSISTENT, "consistent", "no row is beaten by another")                                                 \
  X(NOT_GLOBAL, "not_global", "rows that are beaten at their own penalty are no global minima")              \
  X(INCONSISTENT, "inconsistent", "no scale of the penalty makes most penalties fit together")

typedef enum rwk_audit_verdict {
#define RWK_X(symbol, name, message) RWK_AUDIT_##symbol,
  RWK_AUDIT_VERDICT_LIST(RWK_X)
#undef RWK_X
} rwk_audit_verdict;

RWK_API const char *rwk_audit_verdict_name(rwk_audit_verdict verdict);

/* X(symbol, t, p, name, name for a column that holds the objective): scales that have a name, factor t * n^p.
 */
#define RWK_SCALE_LIST(X)                                                                                    \
  X(AS_WRITTEN, 1, 0, "mse", "mse, keras, nnet")                                                             \
  X(HALF_PENALTY, 0.5, 0, "torch", "torch, half-sse")                                                        \
  X(HALF_ERROR, 2, 0, "SSE/(2n) + lambda R", "penalty column halved")                                        \
  X(SUM, 1, -1, "nnet, sklearn, half-sse", "SSE/n + lambda/n R")                                             \
  X(SUM_HALF_PENALTY, 0.5, -1, "SSE + lambda/2 R", "sklearn")                                                \
  X(HALF_SUM, 2, -1, "SSE/2 + lambda R", "SSE/n + 2 lambda/n R")                                             \
  X(SUM_COLUMN, 1, 1, "SSE in the error column", "SSE + n lambda R")                                         \
  X(SUM_COLUMN_HALF, 0.5, 1, "SSE in the error column, penalty halved", "SSE + n lambda/2 R")                \
  X(SUM_COLUMN_DOUBLE, 2, 1, "SSE in the error column, error halved", "SSE + 2n lambda R")

typedef enum rwk_scale {
#define RWK_X(symbol, t, p, name, objective_name) RWK_SCALE_##symbol,
  RWK_SCALE_LIST(RWK_X)
#undef RWK_X
      RWK_SCALE_EXPECTED, /* the factor of the settings, where it is none of the above */
  RWK_SCALE_OTHER,        /* a factor without a name */
  RWK_SCALE_NONE          /* no factor fits */
} rwk_scale;

/* The rows. All pointers are borrowed during rwk_audit_create only. */
typedef struct rwk_sweep {
  const double *lambda;  /* [count] >= 0, in any order, equal ones allowed (several seeds) */
  const double *mse;     /* [count] >= 0; the total objective when settings->objective */
  const double *penalty; /* [count] >= 0: sums of squared weights */
  size_t count;          /* 1 to 20000 */
  /* [count] >= 0 each: the true number lies within this of the one given. NULL: half a unit in the last digit
   * that the column's numbers seem to be written with (rwk_audit_rounding). */
  const double *lambda_error, *mse_error, *penalty_error;
} rwk_sweep;

typedef struct rwk_audit_settings {
  size_t size;            /* sizeof this struct, set by rwk_audit_settings_init */
  double rows;            /* rows of the table behind the sweep; 0: unknown, no scale with n is tried */
  double factor;          /* the factor to believe in unless the numbers say otherwise; 1 */
  const char *convention; /* its name, borrowed during create; NULL: "mse" for 1, "other" else */
  int objective;          /* 1: the mse column holds L + factor * lambda * R; 0 */
} rwk_audit_settings;

RWK_API void rwk_audit_settings_init(rwk_audit_settings *settings);

typedef struct rwk_audit_point {
  double lambda, mse, penalty; /* lambda as given; mse is L */
  double objective;            /* L + factor * lambda * R */
  double excess;               /* proved distance to the optimum; 0 where rounding could explain it */
  double rounding;             /* what rounding of the numbers given could do to the excess */
  size_t dominated_by;         /* row whose weights are best here, if excess > 0; RWK_AUDIT_NONE */
} rwk_audit_point;

/* L falls from one penalty to the next larger one (the best row of each). T2: with D = L1 - L2,
 * a = J(W1;l1) - J(W2;l1), b = J(W2;l2) - J(W1;l2), l2 a + l1 b = (l2 - l1) D, l = factor * lambda. */
typedef struct rwk_audit_drop {
  size_t from, to; /* rows */
  double D, a, b;
  double certain; /* D (l2-l1)/(l2+l1) <= max(a, b): promised by the fall alone */
  size_t restart; /* the row (from or to) to be fitted again ... */
  size_t with;    /* ... beginning with the weights of the other */
} rwk_audit_drop;

typedef struct rwk_audit_summary {
  rwk_audit_verdict verdict;
  rwk_scale scale;
  double factor;    /* used for excess and drops; the settings' where scale is NONE */
  double low, high; /* factors that all agreeing penalties allow, or, where told is 0 and some disagree, that
                       all would allow; 0 and infinity: no bound */
  char convention[64];   /* of the factor; "" where scale is NONE */
  size_t penalties;      /* different penalties, those that repeat the weights of a smaller one left out */
  size_t agree;          /* of these, how many have a row that is not beaten */
  size_t agree_expected; /* the same at the settings' factor */
  int told;              /* 0: too few penalties (one or two) to speak of a scale */
  double steepest, flattest; /* largest and smallest slope (L2-L1)/(R1-R2) over sqrt(lambda1 lambda2) ... */
  size_t slopes;             /* ... of so many neighbours; NaN when 0 */
  size_t contrary;           /* neighbours where L falls or R rises by more than rounding */
  size_t beaten;             /* rows with excess > 0 */
  char reason[400];          /* one sentence: why this verdict */
} rwk_audit_summary;

/* Audits a sweep. RWK_DATA with a sentence that names the row (from 0) if a number is negative or not finite.
 * Time O(count^2), memory O(count). The caller destroys it. */
RWK_API rwk_status rwk_audit_create(rwk_audit **audit, rwk_context *ctx, const rwk_sweep *sweep,
                                    const rwk_audit_settings *settings);
RWK_API void rwk_audit_destroy(rwk_audit *audit); /* NULL is fine */

RWK_API const rwk_audit_summary *rwk_audit_summary_get(const rwk_audit *audit); /* same lifetime */
RWK_API const rwk_audit_point *rwk_audit_points(const rwk_audit *audit); /* [count], in the rows' order */
RWK_API const rwk_audit_drop *rwk_audit_drops(size_t *count, const rwk_audit *audit); /* by rising penalty */

/* error[count]: half a unit in the last place that a column of numbers seems to be written with: its numbers
 * have at most so many digits behind the point, or so many significant ones (three or more), whichever is
 * coarser; 0 for a column with 15 digits and more. For penalties, which are chosen and not measured
 * (`chosen`), numbers of up to three digits count as exact. */
RWK_API void rwk_audit_rounding(double *error, const double *x, size_t count, int chosen);

#ifdef __cplusplus
}
#endif
#endif
