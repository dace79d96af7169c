#define _GNU_SOURCE /* strtod_l */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "data/number.h"

static int is_digit(char c) {
  return c >= '0' && c <= '9';
}

static int is_blank(char c) {
  return c == ' ' || c == '\t';
}

/* The parts of a number's spelling. */
typedef struct spelling {
  uint64_t digits;  /* the first 19 significant digits */
  int count;        /* significant digits seen */
  int64_t exponent; /* value = digits * 10^exponent while count <= 19 */
  int whole;        /* no fraction and no exponent */
} spelling;

static int read_spelling(spelling *s, const char *p, const char *end, char decimal) {
  *s = (spelling){.whole = 1};
  int any = 0, fraction = 0;
  if (p < end && (*p == '+' || *p == '-')) p++;
  for (; p < end && (is_digit(*p) || (*p == decimal && !fraction)); p++) {
    if (*p == decimal) {
      fraction = 1;
      s->whole = 0;
      continue;
    }
    any = 1;
    if (s->count > 0 || *p != '0') {
      if (s->count < 19)
        s->digits = 10 * s->digits + (uint64_t)(*p - '0');
      else
        s->exponent++;
      s->count++;
    }
    if (fraction) s->exponent--;
  }
  if (!any) return 0;
  if (p < end && (*p == 'e' || *p == 'E')) {
    s->whole = 0;
    p++;
    const int negative = p < end && *p == '-';
    if (p < end && (*p == '+' || *p == '-')) p++;
    if (p == end || !is_digit(*p)) return 0;
    int64_t e = 0;
    for (; p < end && is_digit(*p); p++)
      if (e < 100000) e = 10 * e + (*p - '0');
    s->exponent += negative ? -e : e;
  }
  return p == end;
}

rwk_number_kind rwk_number(double *x, int *inexact, const char *text, size_t length, char decimal,
                           locale_t c_locale) {
  static const double ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                               1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  enum { LONGEST = 800 }; /* a double's exact decimal expansion fits */
  const char *p = text, *end = text + length;
  while (p < end && is_blank(*p)) p++;
  while (end > p && is_blank(end[-1])) end--;
  spelling s;
  if (inexact) *inexact = 0;
  if (p == end || end - p > LONGEST || !read_spelling(&s, p, end, decimal)) return RWK_NUMBER_NONE;
  /* Two exact doubles and one operation: rounded once (Clinger 1990) */
  if (s.count <= 19 && s.digits <= (uint64_t)1 << 53 && s.exponent >= -22 && s.exponent <= 22) {
    const double m = (double)s.digits, v = s.exponent < 0 ? m / ten[-s.exponent] : m * ten[s.exponent];
    *x = *p == '-' ? -v : v;
    return RWK_NUMBER_OK;
  }
  char copy[LONGEST + 1];
  memcpy(copy, p, (size_t)(end - p));
  copy[end - p] = 0;
  if (decimal != '.') {
    char *point = strchr(copy, decimal);
    if (point) *point = '.';
  }
  *x = strtod_l(copy, NULL, c_locale);
  if (!isfinite(*x)) return RWK_NUMBER_RANGE;
  if (inexact && s.whole && s.count > 15) { /* exact only if the digits come back */
    if (s.count > 19 || fabs(*x) >= 0x1p64)
      *inexact = 1;
    else
      *inexact = (uint64_t)fabs(*x) != s.digits;
  }
  return RWK_NUMBER_OK;
}
