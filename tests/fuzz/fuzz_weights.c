/* Any bytes as a weights file: every shape that is accepted can be read. */
#include <stdlib.h>
#include "fuzz/fuzz.h"
#include "fuzz/read_weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  rwk_context *ctx;
  rwk_weights *w;
  if (rwk_context_create(&ctx, NULL) != RWK_OK) abort();
  if (rwk_weights_parse(&w, ctx, "fuzz", (const char *)data, size) == RWK_OK) {
    read_weights(w);
    rwk_weights_destroy(w);
  }
  rwk_context_destroy(ctx);
  return 0;
}
