#define _GNU_SOURCE /* strtod_l */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "data/number.h"

/* No double and no midpoint of two has more than 768 significant digits: of those beyond, only whether any is
 * not zero can matter. */
enum { DIGITS_MOST = 800, EXPONENT_MOST = 9999 };

static int is_digit(char c) {
  return c >= '0' && c <= '9';
}

static int is_blank(char c) {
  return c == ' ' || c == '\t';
}

/* The parts of a number's spelling. */
typedef struct spelling {
  const char *mantissa; /* digits and mark */
  uint64_t digits;      /* the first 19 significant digits */
  int64_t count;        /* significant digits seen */
  int64_t exponent;     /* of the last digit seen */
  int negative;
  int whole; /* no mark and no exponent */
} spelling;

static int read_spelling(spelling *s, const char *p, const char *end, char decimal) {
  *s = (spelling){.whole = 1};
  int any = 0, fraction = 0;
  if (p < end && (*p == '+' || *p == '-')) s->negative = *p++ == '-';
  s->mantissa = p;
  for (; p < end && (is_digit(*p) || (*p == decimal && !fraction)); p++) {
    if (*p == decimal) {
      fraction = 1;
      s->whole = 0;
      continue;
    }
    any = 1;
    if (s->count > 0 || *p != '0') {
      if (s->count < 19) s->digits = 10 * s->digits + (uint64_t)(*p - '0');
      s->count++;
    }
    s->exponent -= fraction;
  }
  if (!any) return 0;
  if (p < end && (*p == 'e' || *p == 'E')) {
    s->whole = 0;
    p++;
    const int negative = p < end && *p == '-';
    if (p < end && (*p == '+' || *p == '-')) p++;
    if (p == end || !is_digit(*p)) return 0;
    int64_t e = 0; /* clamped where it outweighs any number of digits that fits in memory */
    for (; p < end && is_digit(*p); p++)
      if (e < INT64_C(1000000000000000)) e = 10 * e + (*p - '0');
    s->exponent += negative ? -e : e;
  }
  return p == end;
}

/* The general case: the digits, all that matter, in the form that the C library reads alike in every locale.
 */
static double round_digits(const spelling *s, char decimal, locale_t c_locale) {
  char text[DIGITS_MOST + 32];
  size_t n = 0;
  int64_t seen = 0, exponent = s->exponent;
  int more = 0;
  for (const char *p = s->mantissa; seen < s->count; p++) {
    if (*p == decimal || (seen == 0 && *p == '0')) continue;
    seen++;
    if (n < DIGITS_MOST)
      text[n++] = *p;
    else
      more |= *p != '0';
  }
  exponent += s->count - (int64_t)n;
  if (more) {
    text[n++] = '1';
    exponent--;
  }
  if (exponent > EXPONENT_MOST) exponent = EXPONENT_MOST;
  if (exponent < -EXPONENT_MOST) exponent = -EXPONENT_MOST;
  snprintf(text + n, sizeof text - n, "e%d", (int)exponent);
  return strtod_l(text, NULL, c_locale);
}

rwk_number_kind rwk_number(double *x, int *inexact, const char *text, size_t length, char decimal,
                           locale_t c_locale) {
  static const double ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                               1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  const char *p = text, *end = text + length;
  while (p < end && is_blank(*p)) p++;
  while (end > p && is_blank(end[-1])) end--;
  spelling s;
  if (inexact) *inexact = 0;
  if (!read_spelling(&s, p, end, decimal)) return RWK_NUMBER_NONE;
  double v;
  if (s.count == 0) {
    v = 0;
  } else if (s.count <= 19 && s.digits <= (uint64_t)1 << 53 && s.exponent >= -22 && s.exponent <= 22) {
    /* two exact doubles and one operation: rounded once (Clinger 1990) */
    v = (double)s.digits;
    v = s.exponent < 0 ? v / ten[-s.exponent] : v * ten[s.exponent];
  } else {
    v = round_digits(&s, decimal, c_locale);
    if (!isfinite(v)) return RWK_NUMBER_RANGE;
    if (inexact && s.whole) /* exact only if the digits come back */
      *inexact = s.count > 19 || (uint64_t)v != s.digits;
  }
  *x = s.negative ? -v : v;
  return RWK_NUMBER_OK;
}
