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
 * one digit before the exponent; `decimal` stands for the point. Correctly rounded, however many digits there
 * are; what is too small becomes a subnormal or a signed zero. *inexact (unless NULL) is 1 for a whole number
 * that a double cannot hold. c_locale: newlocale(LC_ALL_MASK, "C", 0), for the rare cases that need more than
 * one rounding. */
rwk_number_kind rwk_number(double *x, int *inexact, const char *text, size_t length, char decimal,
                           locale_t c_locale);

/* What a cell that is no number to us may be to a person. */
typedef enum rwk_look {
  RWK_LOOK_TEXT, /* just text */
  RWK_LOOK_DECIMAL,
  RWK_LOOK_GROUPED,
  RWK_LOOK_PERCENT,
  RWK_LOOK_CURRENCY,
  RWK_LOOK_BRACKETS,
  RWK_LOOK_FOREIGN,
  RWK_LOOK_PROGRAM,
  RWK_LOOK_INFINITE,
  RWK_LOOK_DATE
} rwk_look;

/* Which of them text[length] is. `decimal` is the mark in force, so "0,5" is RWK_LOOK_DECIMAL where it is
 * '.'. */
rwk_look rwk_looks_like(const char *text, size_t length, char decimal, locale_t c_locale);

/* What to do about such a cell; ends the sentence "'0,5' is not a number". Static. */
const char *rwk_look_advice(rwk_look look);

#endif
