#include <ctype.h>
#include <string.h>
#include <xxhash.h>
#include "data/names.h"

static size_t first_slot(const rwk_names *n, const char *text) {
  return (size_t)XXH3_64bits(text, strlen(text)) & (n->slots - 1);
}

size_t rwk_names_find(const rwk_names *n, const char *text) {
  if (n->slots == 0) return n->count;
  for (size_t k = first_slot(n, text); n->slot[k]; k = (k + 1) & (n->slots - 1))
    if (!strcmp(n->text[n->slot[k] - 1], text)) return n->slot[k] - 1;
  return n->count;
}

static void put(rwk_names *n, size_t index) {
  size_t k = first_slot(n, n->text[index]);
  while (n->slot[k]) k = (k + 1) & (n->slots - 1);
  n->slot[k] = (uint32_t)(index + 1);
}

rwk_status rwk_names_add(size_t *index, rwk_names *n, rwk_context *ctx, const char *text) {
  *index = rwk_names_find(n, text);
  if (*index < n->count) return RWK_OK;
  if (n->count >= UINT32_MAX / 2) return rwk_fail_memory(ctx, "names");
  RWK_TRY(rwk_grow(ctx, &n->text, &n->capacity, n->count + 1, sizeof *n->text));
  if (2 * (n->count + 1) > n->slots) { /* at most half full */
    const size_t slots = n->slots ? 2 * n->slots : 16;
    uint32_t *slot = rwk_calloc(ctx, slots, sizeof *slot);
    if (!slot) return rwk_fail_memory(ctx, "names");
    rwk_free(ctx, n->slot);
    n->slot = slot;
    n->slots = slots;
    for (size_t k = 0; k < n->count; k++) put(n, k);
  }
  n->text[n->count] = rwk_strdup(ctx, text);
  if (!n->text[n->count]) return rwk_fail_memory(ctx, "names");
  put(n, n->count);
  *index = n->count++;
  return RWK_OK;
}

void rwk_names_clear(rwk_names *n, rwk_context *ctx) {
  for (size_t k = 0; k < n->count; k++) rwk_free(ctx, n->text[k]);
  rwk_free(ctx, n->text);
  rwk_free(ctx, n->slot);
  *n = (rwk_names){0};
}

static int same_letters(const char *a, const char *b) {
  for (; *a && *b; a++, b++)
    if (tolower((unsigned char)*a) != tolower((unsigned char)*b)) return 0;
  return *a == *b;
}

/* Levenshtein distance of the first 32 characters, letter case apart. */
static size_t distance(const char *a, const char *b) {
  enum { MOST = 32 };
  size_t row[MOST + 1];
  const size_t n = strlen(b) < MOST ? strlen(b) : MOST;
  for (size_t j = 0; j <= n; j++) row[j] = j;
  for (size_t i = 1; i <= MOST && a[i - 1]; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= n; j++) {
      const size_t change = diagonal + (tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]));
      diagonal = row[j];
      size_t best = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
      if (change < best) best = change;
      row[j] = best;
    }
  }
  return row[n];
}

size_t rwk_nearest_name(const char *const *names, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (same_letters(names[i], name)) return i;
  const size_t length = strlen(name);
  size_t best = count, least = length <= 2 ? 1 : length / 3 > 2 ? length / 3 : 2;
  least++;
  for (size_t i = 0; i < count; i++) {
    const size_t d = distance(name, names[i]);
    if (d < least && d < length) { /* a name with nothing in common is no suggestion */
      least = d;
      best = i;
    }
  }
  return best;
}
