/* Whatever was accepted as weights can be read: layers fit together, and every number is finite. */
#ifndef TESTS_FUZZ_READ_WEIGHTS_H
#define TESTS_FUZZ_READ_WEIGHTS_H

#include <math.h>
#include <stdlib.h>
#include <ridgewalk/table.h>

static inline void read_weights(const rwk_weights *w) {
  size_t before = 0;
  for (size_t l = 0; l < rwk_weights_layers(w); l++) {
    const double *W, *b;
    size_t inputs, outputs;
    if (rwk_weights_layer(&W, &b, &inputs, &outputs, w, l) != RWK_OK || (l && inputs != before)) abort();
    for (size_t i = 0; i < inputs * outputs; i++)
      if (!isfinite(W[i])) abort();
    for (size_t j = 0; b && j < outputs; j++)
      if (!isfinite(b[j])) abort();
    before = outputs;
  }
}

#endif
