/* ridgewalk/folds.h: which rows are held out together in a cross-validation.
 *
 * A fold is a set of rows; each repeat puts every row of a design into one of `count` folds. The same bits
 * for the same seed, on any machine and for any number of threads.
 */
#ifndef RIDGEWALK_FOLDS_H
#define RIDGEWALK_FOLDS_H

#include <ridgewalk/table.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rwk_folds rwk_folds;

typedef struct rwk_folds_settings {
  size_t size;    /* sizeof this struct, set by rwk_folds_settings_init */
  size_t count;   /* folds of a repeat, 2 to rows; 5. With `column`: as many as it has different cells */
  size_t repeats; /* divisions of the rows, each at random anew, >= 1; 1 */
  uint64_t seed;  /* 0 */
  int stratify;   /* 1: every fold has its share of each class, or of small and of large values of the first
                     target, unless   column or group say who belongs together; 0: at random. 1 */
  const char *column; /* rows with the same cell in this column are a fold; NULL */
  const char *group;  /* rows with the same cell in this column stay in one fold; NULL */
} rwk_folds_settings;

RWK_API void rwk_folds_settings_init(rwk_folds_settings *settings);

/* Divides the rows of a design. `table` is the one the design was made from (NULL is fine where neither
 * column nor group is named); both may be destroyed afterwards. RWK_DATA with a sentence where there are
 * fewer rows (or groups) than folds, a cell of the column is missing, or training would have fewer than 2
 * rows. */
RWK_API rwk_status rwk_folds_create(rwk_folds **folds, rwk_context *ctx, const rwk_table *table,
                                    const rwk_design *design, const rwk_folds_settings *settings);
RWK_API void rwk_folds_destroy(rwk_folds *folds); /* NULL is fine */

RWK_API size_t rwk_folds_count(const rwk_folds *folds);
RWK_API size_t rwk_folds_repeats(const rwk_folds *folds);
RWK_API size_t rwk_folds_rows(const rwk_folds *folds);

/* of[rows]: the fold each row is in, 0 to count - 1; NULL if there is no such repeat. Same lifetime. */
RWK_API const size_t *rwk_folds_of(const rwk_folds *folds, size_t repeat);

/* Rows that have a twin, equal in every feature and target, in another fold: what is held out there has been
 * seen in training. Counted in repeat 0; first and second (either may be NULL) are the first such pair. */
RWK_API rwk_status rwk_folds_twins(size_t *count, size_t *first, size_t *second, const rwk_folds *folds,
                                   const rwk_design *design);

#ifdef __cplusplus
}
#endif
#endif
