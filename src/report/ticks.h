/* report/ticks.h: where the ticks of a figure's axis stand, and how they are labelled. */
#ifndef RWK_REPORT_TICKS_H
#define RWK_REPORT_TICKS_H

#include "report/chart.h"

enum { RWK_TICKS_MOST = 40 };

typedef struct rwk_tick {
  double at;
  char words[24];
  char raised[16]; /* an exponent, or "" */
} rwk_tick;

/* A scale: from values of an axis to lengths, from `from` to `to`. */
typedef struct rwk_scale {
  const rwk_axis *axis;
  double low, high, from, to;
} rwk_scale;

double rwk_scale_at(const rwk_scale *scale, double x);
/* Widens the domain by this share on either side. */
void rwk_scale_pad(rwk_scale *scale, double share);

/* At most RWK_TICKS_MOST, no nearer to each other than `room`; how many. */
size_t rwk_ticks(rwk_tick ticks[RWK_TICKS_MOST], const rwk_scale *scale, double room);

#endif
