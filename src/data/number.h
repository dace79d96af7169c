/* data/number.h: decimal numbers as tables spell them, whatever the locale. */
#ifndef RWK_DATA_NUMBER_H
#define RWK_DATA_NUMBER_H

#include <locale.h>
#include <stddef.h>
#include <stdint.h>

typedef enum rwk_number_kind {
  RWK_NUMBER_NONE, /* not a number */
  RWK_NUMBER_OK,
  RWK_NUMBER_RANGE /* a number beyond the largest double */
} rwk_number_kind;

/* Reads the whole of text[length] (blanks around it aside): [+-] digits [. digits] [e [+-] digits], at least
 * one digit before the exponent; `decimal` stands for the point. Correctly rounded. *inexact (unless NULL) is
 * 1 for a whole number that a double cannot hold. c_locale: newlocale(LC_ALL_MASK, "C", 0), for the rare
 * cases that need more than one rounding. */
rwk_number_kind rwk_number(double *x, int *inexact, const char *text, size_t length, char decimal,
                           locale_t c_locale);

#endif
