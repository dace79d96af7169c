/* report/text.h: text that grows, and what makes a stranger's text harmless in a page.
 *
 * A failure is kept and shown at the end, so that writing needs no check at every word.
 */
#ifndef RWK_REPORT_TEXT_H
#define RWK_REPORT_TEXT_H

#include "base/context.h"

typedef struct rwk_text {
  rwk_context *ctx;
  char *data; /* [length], and a NUL after it */
  size_t length, capacity;
  rwk_status status; /* of the first failure */
} rwk_text;

void rwk_text_open(rwk_text *text, rwk_context *ctx);
void rwk_text_close(rwk_text *text);

void rwk_text_bytes(rwk_text *text, const void *bytes, size_t count);
void rwk_text_add(rwk_text *text, const char *words);
void rwk_text_format(rwk_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For the text of an element or a quoted attribute, of HTML and of XML alike. Bytes that are no UTF-8, and
 * characters that XML does not have, become U+FFFD. */
void rwk_text_markup(rwk_text *text, const char *words);

/* A quoted JSON string that may stand inside a script element: no <, >, &, and no line separator. */
void rwk_text_json(rwk_text *text, const char *words);

/* A JSON number of so many significant digits; null where it is not finite. */
void rwk_text_number(rwk_text *text, double x, int digits);

/* A character, as UTF-8; controls, and marks that turn the direction of text, become U+FFFD. */
void rwk_text_letter(rwk_text *text, unsigned character);

/* The next character of UTF-8 text, *words moved past it; U+FFFD for bytes that are none. */
unsigned rwk_text_next(const char **words);

#endif
