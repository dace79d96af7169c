/* Any bytes as a table, with settings taken from the first two: read, made a design, kept as a recipe and
 * applied to itself. */
#include <stdlib.h>
#include "fuzz/fuzz.h"
#include <ridgewalk/table.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2) return 0;
  rwk_context *ctx;
  if (rwk_context_create(&ctx, NULL) != RWK_OK) abort();
  rwk_table_settings ts;
  rwk_design_settings ds;
  rwk_table_settings_init(&ts);
  rwk_design_settings_init(&ds);
  static const char separators[] = {0, ',', ';', '\t'};
  ts.separator = separators[data[0] & 3];
  ts.header = (rwk_header)((data[0] >> 2 & 3) % 3);
  ts.comment = data[0] & 16 ? '#' : 0;
  ds.missing = data[1] & 1 ? RWK_MISSING_DROP : RWK_MISSING_ERROR;
  ds.standardise = data[1] >> 1 & 1;
  ds.keep_constant = data[1] >> 2 & 1;
  rwk_table *t;
  rwk_design *d, *e, *f;
  if (rwk_table_parse(&t, ctx, "fuzz", data + 2, size - 2, &ts) == RWK_OK) {
    if (rwk_design_create(&d, ctx, t, &ds) == RWK_OK) {
      const double *X = rwk_design_X(d);
      for (size_t i = 0; i < rwk_design_rows(d) * rwk_design_inputs(d); i++)
        if (X[i] != X[i]) abort(); /* no NaN gets through */
      char *json;
      if (rwk_design_recipe(&json, ctx, d) != RWK_OK) abort();
      if (rwk_design_from_recipe(&e, ctx, json) != RWK_OK) abort();
      if (rwk_design_apply(&f, ctx, e, t) == RWK_OK) rwk_design_destroy(f);
      rwk_design_destroy(e);
      rwk_text_destroy(ctx, json);
      rwk_design_destroy(d);
    }
    rwk_table_destroy(t);
  }
  rwk_context_destroy(ctx);
  return 0;
}
