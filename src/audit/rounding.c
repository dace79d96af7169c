#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "audit/audit.h"

/* Nobody prints a measured number with fewer than DIGITS_LEAST: 0.5 beside 1 was not rounded from 0.7. */
enum { DIGITS_EXACT = 15, DIGITS_CHOSEN = 3, DIGITS_LEAST = 3 };

/* Fewest significant digits that give x back, at most 17. *exponent: decimal exponent of the first. The
 * locale does not matter: what is written in it is read in it. */
static int digits(int *exponent, double x) {
  char text[40];
  for (int n = 1;; n++) {
    snprintf(text, sizeof text, "%.*e", n - 1, x);
    if (n == 17 || strtod(text, NULL) == x) break;
  }
  const char *p = text;
  while (*p && *p != 'e') p++;
  *exponent = *p ? (int)strtol(p + 1, NULL, 10) : 0;
  int used = 0, last = 0;
  for (const char *q = text; q < p; q++)
    if (*q >= '0' && *q <= '9' && (used++, *q != '0')) last = used;
  return last ? last : 1;
}

/* Powers of two are written out or abridged; abridged ones are powers of two no more. */
static int power_of_two(double x) {
  int exponent;
  return frexp(x, &exponent) == 0.5;
}

void rwk_audit_rounding(double *error, const double *x, size_t count, int chosen) {
  int significant = DIGITS_LEAST, behind = 0;
  for (size_t i = 0; i < count; i++) {
    int exponent;
    if (x[i] == 0 || !isfinite(x[i]) || (chosen && power_of_two(x[i]))) continue;
    const int n = digits(&exponent, x[i]);
    if (n > significant) significant = n;
    if (n - 1 - exponent > behind) behind = n - 1 - exponent;
  }
  const int exact = significant >= DIGITS_EXACT || (chosen && significant <= DIGITS_CHOSEN);
  for (size_t i = 0; i < count; i++) {
    error[i] = 0;
    if (exact || !isfinite(x[i]) || (chosen && (x[i] == 0 || power_of_two(x[i])))) continue;
    const double fixed = 0.5 * pow(10, -behind);
    const double floating = x[i] == 0 ? 0 : 0.5 * pow(10, floor(log10(fabs(x[i]))) + 1 - significant);
    error[i] = fmax(fixed, floating);
  }
}
