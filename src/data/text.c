#include <ctype.h>
#include <stdio.h>
#include <string.h>
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

const char *rwk_shown(char out[RWK_SHOWN], const char *text, size_t length) {
  size_t at = 0;
  for (size_t i = 0; i < length;) {
    const unsigned char c = (unsigned char)text[i];
    size_t n = sequence((const unsigned char *)text + i, length - i);
    if (at > 60) {
      memcpy(out + at, "...", 4);
      return out;
    }
    /* C1 controls (U+0080..9F) steer terminals as well */
    if (n == 0 || c < 0x20 || c == 0x7f || (n == 2 && c == 0xc2 && (unsigned char)text[i + 1] < 0xa0)) {
      at += (size_t)snprintf(out + at, 5, "\\x%02x", (unsigned)c);
      i++;
      continue;
    }
    memcpy(out + at, text + i, n);
    at += n;
    i += n;
  }
  out[at] = 0;
  return out;
}

const char *rwk_reason(char out[RWK_REASON], int number) {
  if (strerror_r(number, out, RWK_REASON) != 0) snprintf(out, RWK_REASON, "error %d", number);
  return out;
}

static int same_letters(const char *a, const char *b) {
  for (; *a && *b; a++, b++)
    if (tolower((unsigned char)*a) != tolower((unsigned char)*b)) return 0;
  return *a == *b;
}

/* Levenshtein distance, cut off at 32 characters. */
static size_t distance(const char *a, const char *b) {
  enum { MOST = 32 };
  size_t row[MOST + 1];
  const size_t n = strlen(b) < MOST ? strlen(b) : MOST;
  for (size_t j = 0; j <= n; j++) row[j] = j;
  for (size_t i = 1; a[i - 1] && i <= MOST; i++) {
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
  size_t best = count, least = strlen(name) / 3 > 2 ? strlen(name) / 3 : 2;
  if (strlen(name) <= 2) return count; /* one letter is near to every other */
  least++;
  for (size_t i = 0; i < count; i++) {
    const size_t d = distance(name, names[i]);
    if (d < least) {
      least = d;
      best = i;
    }
  }
  return best;
}
