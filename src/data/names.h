/* data/names.h: a list of different texts, each found by hashing. */
#ifndef RWK_DATA_NAMES_H
#define RWK_DATA_NAMES_H

#include <stddef.h>
#include <stdint.h>
#include "base/context.h"

typedef struct rwk_names {
  char **text; /* [count] in order of adding; the list's own copies */
  size_t count, capacity;
  uint32_t *slot; /* [slots] index + 1, or 0; slots is 0 or a power of two */
  size_t slots;
} rwk_names;

/* Adds `text` unless it is there. *index: its place. RWK_NO_MEMORY, and then the list is as it was. */
rwk_status rwk_names_add(size_t *index, rwk_names *names, rwk_context *ctx, const char *text);

/* The place of `text`; names->count if it is not there. */
size_t rwk_names_find(const rwk_names *names, const char *text);

void rwk_names_clear(rwk_names *names, rwk_context *ctx);

/* The index of the name nearest to `name` (letter case apart first, then few edits); count if none is near.
 */
size_t rwk_nearest_name(const char *const *names, size_t count, const char *name);

#endif
