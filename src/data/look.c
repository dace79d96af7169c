/* Cells that are no numbers to us but may be to a person: they are refused by name, never taken for labels.
 */
#include <string.h>
#include <strings.h>
#include "data/number.h"

enum { LONGEST = 48 };

static int is_digit(char c) {
  return c >= '0' && c <= '9';
}

static size_t digits_at(const char *p) {
  size_t n = 0;
  while (is_digit(p[n])) n++;
  return n;
}

static int is_number(const char *text, char decimal, locale_t c_locale) {
  double x;
  return rwk_number(&x, NULL, text, strlen(text), decimal, c_locale) != RWK_NUMBER_NONE;
}

/* 12:30, 12:30:05, 12:30:05.25, with Z or a shift; "" is no time. */
static int is_time(const char *p) {
  const size_t hours = digits_at(p);
  if (hours < 1 || hours > 2 || p[hours] != ':' || digits_at(p + hours + 1) != 2) return 0;
  p += hours + 3;
  if (*p == ':') {
    if (digits_at(p + 1) != 2) return 0;
    p += 3;
    if (*p == '.') p += 1 + digits_at(p + 1);
  }
  if (*p == 'Z') return p[1] == 0;
  if (*p == '+' || *p == '-') return p[1 + strspn(p + 1, "0123456789:")] == 0;
  return *p == 0;
}

/* 2024-01-31, 31.1.2024, 1/31/24, and with a time behind. */
static int is_date(const char *p) {
  const size_t first = digits_at(p);
  const char mark = p[first];
  if ((first != 1 && first != 2 && first != 4) || !mark || !strchr("-/.", mark)) return 0;
  const size_t second = digits_at(p + first + 1);
  const char *q = p + first + 1 + second;
  if (second < 1 || second > 2 || *q != mark) return 0;
  const size_t third = digits_at(q + 1);
  if (first == 4 ? third < 1 || third > 2 : third != 2 && third != 4) return 0;
  q += 1 + third;
  return *q == 0 || ((*q == 'T' || *q == ' ') && is_time(q + 1));
}

/* 0x1A, 1_000, 1d5, 1.0f: numbers of programs. */
static int is_program(const char *p, locale_t c_locale) {
  char copy[LONGEST + 1];
  size_t n = 0;
  p += *p == '+' || *p == '-';
  if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
    return p[2] != 0 && p[2 + strspn(p + 2, "0123456789abcdefABCDEF")] == 0;
  if (!is_digit(*p) && *p != '.') return 0;
  for (const char *q = p; *q; q++) {
    if (*q == '_' && q > p && is_digit(q[-1]) && is_digit(q[1])) continue;
    copy[n++] = *q == 'd' || *q == 'D' ? 'e' : *q;
  }
  if (n > 1 && strchr(copy[n - 1] ? "fFlL" : "", copy[n - 1]) && memchr(copy, '.', n)) n--;
  copy[n] = 0;
  return strcmp(copy, p) != 0 && is_number(copy, '.', c_locale);
}

static int is_infinite(const char *p) {
  p += *p == '+' || *p == '-';
  return !strcasecmp(p, "inf") || !strcasecmp(p, "infinity") || !strncmp(p, "1.#", 3) ||
         !strncasecmp(p, "nan", 3);
}

/* 1,234 or 1.234.567 or 1 234,5: groups of three digits behind the first. */
static int is_grouped(const char *p) {
  p += *p == '+' || *p == '-';
  const size_t first = digits_at(p);
  if (first < 1 || first > 3) return 0;
  const char mark = p[first];
  if (!mark || !strchr(",.' ", mark)) return 0;
  p += first;
  while (*p == mark && digits_at(p + 1) == 3) p += 4;
  if (*p == 0) return 1;
  return (*p == '.' || *p == ',') && *p != mark && p[1 + digits_at(p + 1)] == 0;
}

/* Spellings beyond ASCII as their plain ones: minus signs, spaces, apostrophes, digits. Returns 0 if `text`
 * is too long to be a number; *foreign counts what was replaced. Currency signs become '$'. */
static int simplify(char out[LONGEST + 1], size_t *foreign, const char *text, size_t length) {
  static const struct {
    const char *from, *to;
  } plain[] = {{"\xe2\x88\x92", "-"}, {"\xe2\x80\x93", "-"}, {"\xc2\xa0", " "},
               {"\xe2\x80\xaf", " "}, {"\xe2\x80\x89", " "}, {"\xe2\x80\x99", "'"},
               {"\xe2\x82\xac", "$"}, {"\xc2\xa3", "$"},     {"\xc2\xa5", "$"}};
  size_t n = 0;
  *foreign = 0;
  for (size_t i = 0; i < length;) {
    const unsigned char *c = (const unsigned char *)text + i;
    size_t used = 1;
    char to = (char)*c;
    if (n == LONGEST) return 0;
    if (*c >= 0x80) {
      for (size_t k = 0; k < sizeof plain / sizeof *plain && used == 1; k++) {
        const size_t size = strlen(plain[k].from);
        if (size > length - i || memcmp(c, plain[k].from, size) != 0) continue;
        to = plain[k].to[0];
        used = size;
      }
      if (used == 1 && length - i >= 2 &&
          ((c[0] == 0xd9 && c[1] >= 0xa0 && c[1] <= 0xa9) ||
           (c[0] == 0xdb && c[1] >= 0xb0 && c[1] <= 0xb9))) {
        to = (char)('0' + (c[1] & 0x0f)); /* Arabic and Persian digits */
        used = 2;
      }
      if (used == 1 && length - i >= 3 && c[0] == 0xef && c[1] == 0xbc && c[2] >= 0x90 && c[2] <= 0x99) {
        to = (char)('0' + (c[2] & 0x0f)); /* digits of full width */
        used = 3;
      }
      if (used == 1) return 0; /* letters of another script: text */
      *foreign += to != '$';
    }
    out[n++] = to;
    i += used;
  }
  out[n] = 0;
  return 1;
}

static int is_blank(char c) {
  return c == ' ' || c == '\t';
}

static void trim(char *text) {
  size_t n = strlen(text), from = 0;
  while (n && is_blank(text[n - 1])) n--;
  while (from < n && is_blank(text[from])) from++;
  memmove(text, text + from, n - from);
  text[n - from] = 0;
}

static int is_any_number(const char *text, locale_t c_locale) {
  return is_number(text, '.', c_locale) || is_number(text, ',', c_locale) || is_grouped(text);
}

rwk_look rwk_looks_like(const char *text, size_t length, char decimal, locale_t c_locale) {
  char s[LONGEST + 1], inner[LONGEST + 1];
  size_t foreign;
  while (length && is_blank(*text)) text++, length--;
  while (length && is_blank(text[length - 1])) length--;
  if (length == 0 || !simplify(s, &foreign, text, length)) return RWK_LOOK_TEXT;
  trim(s);
  size_t n = strlen(s);
  if (n == 0) return RWK_LOOK_TEXT;
  if (is_date(s) || is_time(s)) return RWK_LOOK_DATE;
  if (is_infinite(s)) return RWK_LOOK_INFINITE;
  if (foreign && is_any_number(s, c_locale)) return RWK_LOOK_FOREIGN;
  if (is_grouped(s) && !is_number(s, decimal == ',' ? '.' : ',', c_locale)) return RWK_LOOK_GROUPED;
  if (is_number(s, decimal == ',' ? '.' : ',', c_locale)) return RWK_LOOK_DECIMAL;
  if (is_program(s, c_locale)) return RWK_LOOK_PROGRAM;
  memcpy(inner, s, n + 1);
  if (n > 1 && inner[n - 1] == '%') {
    inner[n - 1] = 0;
    trim(inner);
    return is_any_number(inner, c_locale) ? RWK_LOOK_PERCENT : RWK_LOOK_TEXT;
  }
  if (n > 2 && inner[0] == '(' && inner[n - 1] == ')') {
    inner[n - 1] = 0;
    inner[0] = ' ';
    trim(inner);
    return is_any_number(inner, c_locale) ? RWK_LOOK_BRACKETS : RWK_LOOK_TEXT;
  }
  char *sign = strchr(inner, '$');
  if (sign && n > 1) {
    *sign = ' ';
    trim(inner);
    const size_t skip = inner[0] == '-' || inner[0] == '+' ? 1 + strspn(inner + 1, " ") : 0;
    return is_any_number(inner + skip, c_locale) ? RWK_LOOK_CURRENCY : RWK_LOOK_TEXT;
  }
  return RWK_LOOK_TEXT;
}

const char *rwk_look_advice(rwk_look look) {
  switch (look) {
  case RWK_LOOK_DECIMAL:
    return "; say --decimal if another mark stands for the decimal point, and --sep if it separates cells";
  case RWK_LOOK_GROUPED:
    return "; write it without thousands separators, or say --decimal if the mark is the decimal one";
  case RWK_LOOK_PERCENT:
    return "; write it without the percent sign";
  case RWK_LOOK_CURRENCY:
    return "; write it without the currency sign";
  case RWK_LOOK_BRACKETS:
    return "; write it without brackets, with a minus sign if that is what they mean";
  case RWK_LOOK_FOREIGN:
    return "; write it with plain digits, an ASCII minus sign and no special spaces";
  case RWK_LOOK_PROGRAM:
    return "; write it as a plain decimal number";
  case RWK_LOOK_INFINITE:
    return ", for it is not finite; take the row out, or say --na if it means missing";
  case RWK_LOOK_DATE:
    return "; turn dates and times into numbers (such as days since the first), --exclude the column, or "
           "name it "
           "in --categories if its values are groups";
  case RWK_LOOK_TEXT:
    break;
  }
  return "; correct it, --exclude the column, say --na if it means missing, or name the column in "
         "--categories";
}
