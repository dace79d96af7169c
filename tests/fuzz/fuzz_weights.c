/* Any bytes as a weights file: every shape that is accepted can be read. */
#include <math.h>
#include <stdlib.h>
#include "fuzz/fuzz.h"
#include <ridgewalk/table.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  rwk_context *ctx;
  rwk_weights *w;
  if (rwk_context_create(&ctx, NULL) != RWK_OK) abort();
  if (rwk_weights_parse(&w, ctx, "fuzz", (const char *)data, size) == RWK_OK) {
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
    rwk_weights_destroy(w);
  }
  rwk_context_destroy(ctx);
  return 0;
}
