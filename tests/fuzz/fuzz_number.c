/* Any bytes as a number: what is accepted is what strtod makes of it, and nothing that strtod refuses is
 * accepted. */
#define _GNU_SOURCE /* newlocale */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "data/number.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  char *text = malloc(size + 1);
  if (!text || !c_locale) abort();
  memcpy(text, data, size);
  text[size] = 0;
  double x;
  const rwk_number_kind kind = rwk_number(&x, NULL, text, size, '.', c_locale);
  if (kind != RWK_NUMBER_NONE) {
    char *end;
    const double y = strtod(text, &end);
    end += strspn(end, " \t");
    if (*end || end != text + size) abort();
    if (kind == RWK_NUMBER_OK ? memcmp(&x, &y, sizeof x) != 0 : !isinf(y)) abort();
  }
  free(text);
  freelocale(c_locale);
  return 0;
}
