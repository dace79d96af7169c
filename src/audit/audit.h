/* audit/audit.h: the inside of an audit. */
#ifndef RWK_AUDIT_AUDIT_H
#define RWK_AUDIT_AUDIT_H

#include <ridgewalk/audit.h>
#include "base/context.h"

/* The factors at which a row is not beaten by any other: low <= factor <= high; none if low > high. */
typedef struct rwk_interval {
  double low, high;
} rwk_interval;

struct rwk_audit {
  rwk_context *ctx;
  rwk_audit_settings settings;
  char convention[64];
  size_t count;
  double *lambda, *mse, *penalty; /* [count] each, as given */
  double *lambda_error, *mse_error, *penalty_error;
  size_t *order; /* [count] rows by rising lambda, then as given */
  size_t *group; /* [count] of a row: which of the different penalties, by rising lambda */
  size_t groups;
  unsigned char *echo;    /* [count] same error and size as a row of a smaller penalty */
  unsigned char *mute;    /* [groups] says nothing new about the scale */
  rwk_interval *interval; /* [count] */
  rwk_audit_point *points;
  rwk_audit_drop *drops;
  size_t drop_count;
  rwk_audit_summary summary;
};

/* Row i is beaten by row j at the factor c, beyond rounding, when a + c b > t + c u. */
typedef struct rwk_pair {
  double a, b, t, u;
} rwk_pair;

rwk_pair rwk_audit_pair(const rwk_audit *d, size_t i, size_t j);

/* scale.c: fills echo, mute, interval, and the part of the summary that speaks of the scale. */
rwk_status rwk_audit_find_scale(rwk_audit *d);

/* reason.c: the summary's sentence. */
void rwk_audit_reason(rwk_audit *d);

#endif
