#include "report/text.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NO_CHARACTER = 0xfffd };

void rwk_text_open(rwk_text *text, rwk_context *ctx) {
  *text = (rwk_text){.ctx = ctx};
}

void rwk_text_close(rwk_text *text) {
  rwk_free(text->ctx, text->data);
  *text = (rwk_text){.ctx = text->ctx};
}

void rwk_text_bytes(rwk_text *text, const void *bytes, size_t count) {
  if (text->status != RWK_OK) return;
  text->status = rwk_grow(text->ctx, &text->data, &text->capacity, text->length + count + 1, 1);
  if (text->status != RWK_OK) return;
  memcpy(text->data + text->length, bytes, count);
  text->length += count;
  text->data[text->length] = 0;
}

void rwk_text_add(rwk_text *text, const char *words) {
  rwk_text_bytes(text, words, strlen(words));
}

void rwk_text_format(rwk_text *text, const char *format, ...) {
  char line[512];
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (length < 0 || (size_t)length >= sizeof line)
    text->status = rwk_fail(text->ctx, RWK_INTERNAL, "a piece of a report is too long for its room");
  else
    rwk_text_bytes(text, line, (size_t)length);
}

unsigned rwk_text_next(const char **words) {
  const unsigned char *p = (const unsigned char *)*words;
  const int more = p[0] < 0x80   ? 0
                   : p[0] < 0xc2 ? -1
                   : p[0] < 0xe0 ? 1
                   : p[0] < 0xf0 ? 2
                   : p[0] < 0xf5 ? 3
                                 : -1;
  static const unsigned least[4] = {0, 0x80, 0x800, 0x10000};
  ++*words;
  if (more < 0) return NO_CHARACTER;
  if (more == 0) return p[0];
  unsigned character = p[0] & (0x3fu >> more);
  for (int i = 1; i <= more; i++) {
    if ((p[i] & 0xc0) != 0x80) return NO_CHARACTER;
    character = character << 6 | (p[i] & 0x3fu);
  }
  if (character < least[more] || character > 0x10ffff || (character >= 0xd800 && character < 0xe000))
    return NO_CHARACTER;
  *words += more;
  return character;
}

static void put(rwk_text *text, unsigned character) {
  char bytes[4];
  size_t count = 0;
  if (character < 0x80) {
    bytes[count++] = (char)character;
  } else if (character < 0x800) {
    bytes[count++] = (char)(0xc0 | character >> 6);
  } else if (character < 0x10000) {
    bytes[count++] = (char)(0xe0 | character >> 12);
    bytes[count++] = (char)(0x80 | (character >> 6 & 0x3f));
  } else {
    bytes[count++] = (char)(0xf0 | character >> 18);
    bytes[count++] = (char)(0x80 | (character >> 12 & 0x3f));
    bytes[count++] = (char)(0x80 | (character >> 6 & 0x3f));
  }
  if (character >= 0x80) bytes[count++] = (char)(0x80 | (character & 0x3f));
  rwk_text_bytes(text, bytes, count);
}

/* Marks that turn the direction of the text after them could make a page say what it does not. */
static int turns(unsigned character) {
  return (character >= 0x202a && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069);
}

static int is_control(unsigned character) {
  return (character < 0x20 && character != '\n') || (character >= 0x7f && character < 0xa0) ||
         character == 0xfffe || character == 0xffff || turns(character);
}

void rwk_text_letter(rwk_text *text, unsigned character) {
  put(text, is_control(character) ? (unsigned)NO_CHARACTER : character);
}

void rwk_text_markup(rwk_text *text, const char *words) {
  while (*words) {
    const unsigned character = rwk_text_next(&words);
    switch (character) {
    case '&':
      rwk_text_add(text, "&amp;");
      break;
    case '<':
      rwk_text_add(text, "&lt;");
      break;
    case '>':
      rwk_text_add(text, "&gt;");
      break;
    case '"':
      rwk_text_add(text, "&quot;");
      break;
    case '\'':
      rwk_text_add(text, "&#39;");
      break;
    default:
      rwk_text_letter(text, character);
      break;
    }
  }
}

void rwk_text_json(rwk_text *text, const char *words) {
  rwk_text_add(text, "\"");
  while (*words) {
    unsigned character = rwk_text_next(&words);
    if (character != '\n' && is_control(character)) character = NO_CHARACTER;
    if (character == '\n' || character == '<' || character == '>' || character == '&' || character == '\'' ||
        character == 0x2028 || character == 0x2029)
      rwk_text_format(text, "\\u%04x", character);
    else if (character == '"' || character == '\\')
      rwk_text_format(text, "\\%c", (int)character);
    else
      put(text, character);
  }
  rwk_text_add(text, "\"");
}

void rwk_text_number(rwk_text *text, double x, int digits) {
  if (isfinite(x))
    rwk_text_format(text, "%.*g", digits, x);
  else
    rwk_text_add(text, "null");
}
