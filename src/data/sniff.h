/* data/sniff.h: what the first bytes of a table say. */
#ifndef RWK_DATA_SNIFF_H
#define RWK_DATA_SNIFF_H

#include <ridgewalk/table.h>
#include "base/context.h"
#include "data/number.h"

typedef struct rwk_dialect {
  char separator; /* ' ': runs of blanks; 0: one column */
  char decimal;
  int guessed_separator, guessed_decimal; /* worth a note */
  size_t skip_lines;                      /* 1: the first line is only "sep=;" */
} rwk_dialect;

/* Refuses what cannot be a table of text (UTF-16, archives, spreadsheets, ...) with a sentence that says what
 * it is. *skip: length of a UTF-8 byte order mark. */
rwk_status rwk_check_magic(size_t *skip, rwk_context *ctx, const char *name, const unsigned char *bytes,
                           size_t length);

/* Finds separator and decimal mark, as far as `settings` leave them open, from the first records of
 * bytes[length]; `complete`: there is no more. The separator is the one that cuts most records into the same
 * number of cells; among equals, the one whose cells are numbers. A decimal comma is believed where no cell
 * has a point, and refused where it may as well be a thousands separator. */
rwk_status rwk_sniff(rwk_dialect *dialect, rwk_context *ctx, const char *name, const char *bytes,
                     size_t length, int complete, const rwk_table_settings *settings, locale_t c_locale);

#endif
