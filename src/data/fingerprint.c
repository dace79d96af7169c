/* 128 bits of a design: names, parts, sizes, and the bits of every number before scaling and of the scales,
 * which together give every number after it. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>
#include "data/design.h"

static void add_text(XXH3_state_t *h, const char *text) {
  XXH3_128bits_update(h, text ? text : "", text ? strlen(text) + 1 : 1);
}

static void add_doubles(XXH3_state_t *h, const double *x, size_t n) {
  const uint64_t count = x ? n : 0;
  XXH3_128bits_update(h, &count, sizeof count);
  if (count) XXH3_128bits_update(h, x, n * sizeof *x);
}

static void add_scales(XXH3_state_t *h, const rwk_scale *s, size_t n) {
  for (size_t k = 0; k < n; k++) {
    const double pair[2] = {s[k].mean, s[k].scale};
    XXH3_128bits_update(h, pair, sizeof pair);
  }
}

rwk_status rwk_design_seal(rwk_design *d) {
  XXH3_state_t *h = XXH3_createState();
  if (!h) return rwk_fail_memory(d->ctx, "a fingerprint");
  XXH3_128bits_reset(h);
  const uint64_t sizes[5] = {d->rows, d->inputs, d->outputs, d->source_count, (uint64_t)d->standardise};
  XXH3_128bits_update(h, sizes, sizeof sizes);
  for (size_t j = 0; j < d->source_count; j++) {
    const rwk_source *s = &d->sources[j];
    const uint64_t parts[2] = {s->inputs, s->levels.count};
    add_text(h, s->name);
    XXH3_128bits_update(h, parts, sizeof parts);
    for (size_t k = 0; k < s->levels.count; k++) add_text(h, s->levels.text[k]);
  }
  for (size_t k = 0; k < d->outputs; k++) add_text(h, d->targets[k]);
  for (size_t k = 0; k < d->classes.count; k++) add_text(h, d->classes.text[k]);
  add_text(h, d->row_weights_name);
  add_doubles(h, d->X, d->rows * d->inputs);
  add_doubles(h, d->Y, d->rows * d->outputs);
  add_doubles(h, d->weights, d->rows);
  add_scales(h, d->input_scale, d->inputs);
  add_scales(h, d->target_scale, d->outputs);
  const XXH128_hash_t hash = XXH3_128bits_digest(h);
  snprintf(d->fingerprint, sizeof d->fingerprint, "%016llx%016llx", (unsigned long long)hash.high64,
           (unsigned long long)hash.low64);
  XXH3_freeState(h);
  return RWK_OK;
}

rwk_status rwk_design_fingerprint(char text[33], const rwk_design *d) {
  memcpy(text, d->fingerprint, sizeof d->fingerprint);
  return d->fingerprint[0] ? RWK_OK
                           : rwk_fail(d->ctx, RWK_INVALID_ARGUMENT,
                                      "design: made from a recipe, it has no data to fingerprint");
}
