#include <stdio.h>
#include <string.h>
#include <ridgewalk/table.h>
#include "data/text.h"

/* Length of the UTF-8 sequence at s, 0 if it is none (overlong forms and surrogates too). */
static size_t sequence(const unsigned char *s, size_t left) {
  const unsigned char c = s[0];
  if (c < 0x80) return 1;
  const size_t n = c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
  if (n == 0 || n > left) return 0;
  for (size_t i = 1; i < n; i++)
    if ((s[i] & 0xc0) != 0x80) return 0;
  if ((c == 0xe0 && s[1] < 0xa0) || (c == 0xed && s[1] > 0x9f) || (c == 0xf0 && s[1] < 0x90) ||
      (c == 0xf4 && s[1] > 0x8f))
    return 0;
  return n;
}

int rwk_is_utf8(const char *text, size_t length) {
  for (size_t i = 0; i < length;) {
    const size_t n = sequence((const unsigned char *)text + i, length - i);
    if (n == 0) return 0;
    i += n;
  }
  return 1;
}

/* Is the sequence one that steers a terminal or turns the direction of writing, or that nobody can see? */
static int steers(const unsigned char *s, size_t n) {
  if (n <= 1) return n == 0 || s[0] < 0x20 || s[0] == 0x7f;
  if (n == 2) return s[0] == 0xc2 && s[1] < 0xa0; /* U+0080 to 9F */
  if (n != 3) return 0;
  if (s[0] == 0xe2 && s[1] == 0x80) return (s[2] >= 0x8b && s[2] <= 0x8f) || (s[2] >= 0xa8 && s[2] <= 0xae);
  if (s[0] == 0xe2 && s[1] == 0x81) return s[2] >= 0xa0 && s[2] <= 0xaf;
  return s[0] == 0xef && s[1] == 0xbb && s[2] == 0xbf; /* U+FEFF */
}

/* Appends one character of text[left], escaped if need be; at most 4 bytes are written, no NUL. Returns how
 * many of the text were used. */
static size_t show_one(char *out, size_t *at, const char *text, size_t left) {
  static const char hex[] = "0123456789abcdef";
  const unsigned char *s = (const unsigned char *)text;
  const size_t n = sequence(s, left);
  if (!steers(s, n)) {
    memcpy(out + *at, text, n);
    *at += n;
    return n;
  }
  const char escape[4] = {'\\', 'x', hex[s[0] >> 4], hex[s[0] & 15]};
  memcpy(out + *at, escape, sizeof escape);
  *at += sizeof escape;
  return 1;
}

const char *rwk_shown(char out[RWK_SHOWN], const char *text, size_t length) {
  size_t at = 0;
  for (size_t i = 0; i < length;) {
    if (at > RWK_SHOWN - 20) {
      memcpy(out + at, "...", 4);
      return out;
    }
    i += show_one(out, &at, text + i, length - i);
  }
  out[at] = 0;
  return out;
}

char *rwk_text_shown(char *out, size_t size, const char *text) {
  const size_t length = strlen(text);
  size_t at = 0;
  for (size_t i = 0; i < length && at + 5 <= size;) i += show_one(out, &at, text + i, length - i);
  if (size) out[at] = 0;
  return out;
}

const char *rwk_shown_file(char out[RWK_SHOWN_FILE], const char *name) {
  const size_t length = strlen(name);
  size_t at = 0, i = 0;
  if (length > RWK_SHOWN_FILE / 4 - 4) { /* the end says more than the beginning; each byte may need four */
    memcpy(out, "...", 3);
    at = 3;
    i = length - (RWK_SHOWN_FILE / 4 - 4);
    while (i < length && ((unsigned char)name[i] & 0xc0) == 0x80) i++;
  }
  while (i < length) i += show_one(out, &at, name + i, length - i);
  out[at] = 0;
  return out;
}

const char *rwk_reason(char out[RWK_REASON], int number) {
  if (strerror_r(number, out, RWK_REASON) != 0) snprintf(out, RWK_REASON, "error %d", number);
  return out;
}

/* Without memory it often says nothing at all. */
rwk_status rwk_fail_json(rwk_context *ctx, const char *name, const json_error_t *error) {
  char shown[RWK_SHOWN];
  if (!error->text[0] || json_error_code(error) == json_error_out_of_memory)
    return rwk_fail_memory(ctx, "reading JSON");
  return rwk_fail(ctx, RWK_FORMAT, "%s, line %d, column %d: %s", name, error->line, error->column,
                  rwk_shown(shown, error->text, strlen(error->text)));
}
