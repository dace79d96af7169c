/* data/text.h: names and cells as they may be shown, and the nearest name to a wrong one. */
#ifndef RWK_DATA_TEXT_H
#define RWK_DATA_TEXT_H

#include <stddef.h>
#include "base/context.h"

enum { RWK_SHOWN = 84 };

/* `text` for a message: control characters as \xNN, no more than 60 characters, valid UTF-8 if `text` is.
 * Returns out. */
const char *rwk_shown(char out[RWK_SHOWN], const char *text, size_t length);

/* The system's words for an errno; "" text when it has none. Thread-safe, unlike strerror. */
enum { RWK_REASON = 128 };
const char *rwk_reason(char out[RWK_REASON], int number);

/* Is it UTF-8? */
int rwk_is_utf8(const char *text, size_t length);

/* The index of the name nearest to `name` (letter case apart first, then few edits); count if none is near.
 */
size_t rwk_nearest_name(const char *const *names, size_t count, const char *name);

#endif
