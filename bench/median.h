/* bench/median.h: how long something takes. */
#ifndef RWK_BENCH_MEDIAN_H
#define RWK_BENCH_MEDIAN_H

#include <stdlib.h>
#include "base/context.h"

enum { RWK_MOST_RUNS = 4096 };

static int rwk_by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Median seconds of one run, over at least `least` runs and `budget` seconds. */
static double rwk_median_seconds(void (*run)(void *payload), void *payload, size_t least, double budget) {
  static double took[RWK_MOST_RUNS];
  size_t count = 0;
  run(payload);
  const double began = rwk_seconds();
  while (count < RWK_MOST_RUNS && (count < least || rwk_seconds() - began < budget)) {
    const double t = rwk_seconds();
    run(payload);
    took[count++] = rwk_seconds() - t;
  }
  qsort(took, count, sizeof *took, rwk_by_size);
  return took[count / 2];
}

#endif
