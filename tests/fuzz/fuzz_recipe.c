/* Any text as a recipe: what is accepted can be written again and applied to a table. */
#include <stdlib.h>
#include <string.h>
#include "fuzz/fuzz.h"
#include <ridgewalk/table.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  rwk_context *ctx;
  rwk_design *d, *e;
  rwk_table *t;
  char *text = malloc(size + 1), *json;
  if (!text || rwk_context_create(&ctx, NULL) != RWK_OK) abort();
  memcpy(text, data, size);
  text[size] = 0;
  if (rwk_design_from_recipe(&d, ctx, text) == RWK_OK) {
    if (rwk_design_recipe(&json, ctx, d) != RWK_OK) abort();
    static const char table[] = "a,b,y\n1,red,3\n2,blue,4\n";
    if (rwk_table_parse(&t, ctx, "fuzz", table, sizeof table - 1, NULL) != RWK_OK) abort();
    if (rwk_design_apply(&e, ctx, d, t) == RWK_OK) rwk_design_destroy(e);
    rwk_table_destroy(t);
    rwk_text_destroy(ctx, json);
    rwk_design_destroy(d);
  }
  rwk_context_destroy(ctx);
  free(text);
  return 0;
}
