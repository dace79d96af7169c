/* data/text.h: names and cells as they may be shown. */
#ifndef RWK_DATA_TEXT_H
#define RWK_DATA_TEXT_H

#include <stddef.h>
#include <jansson.h>
#include "base/context.h"

enum { RWK_SHOWN = 84 };

/* `text` for a message: what steers a terminal as \xNN, no more than 60 characters, valid UTF-8 if `text` is.
 * Returns out. */
const char *rwk_shown(char out[RWK_SHOWN], const char *text, size_t length);

/* A file's name for a message: the same escapes; of a very long one the end. Returns out. */
enum { RWK_SHOWN_FILE = 1200 };
const char *rwk_shown_file(char out[RWK_SHOWN_FILE], const char *name);

/* The system's words for an errno; "" text when it has none. Thread-safe, unlike strerror. */
enum { RWK_REASON = 128 };
const char *rwk_reason(char out[RWK_REASON], int number);

/* jansson could not read `name`: RWK_FORMAT with line and column, or RWK_NO_MEMORY. */
rwk_status rwk_fail_json(rwk_context *ctx, const char *name, const json_error_t *error);

/* Is it UTF-8? */
int rwk_is_utf8(const char *text, size_t length);

#endif
