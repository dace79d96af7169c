/* Any bytes behind the sign of a ZIP file as NumPy's archive of weights: every shape that is accepted can be
 * read. */
#include <stdlib.h>
#include <string.h>
#include "fuzz/fuzz.h"
#include "fuzz/read_weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  rwk_context *ctx;
  rwk_weights *w;
  char *bytes = malloc(size + 4);
  if (!bytes || rwk_context_create(&ctx, NULL) != RWK_OK) abort();
  memcpy(bytes, data, size);
  if (size >= 4) memcpy(bytes, "PK\x03\x04", 4);
  if (rwk_weights_parse(&w, ctx, "fuzz", bytes, size) == RWK_OK) {
    read_weights(w);
    rwk_weights_destroy(w);
  } else if (!rwk_context_error(ctx)[0]) {
    abort(); /* a refusal without a sentence */
  }
  rwk_context_destroy(ctx);
  free(bytes);
  return 0;
}
