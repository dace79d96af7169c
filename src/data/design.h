/* data/design.h: the inside of a design. */
#ifndef RWK_DATA_DESIGN_H
#define RWK_DATA_DESIGN_H

#include "data/table.h"

/* One source column among the features, and what it becomes. */
typedef struct rwk_source {
  char *name;
  char **levels; /* [level_count] in order of first appearance; NULL for a column of numbers */
  size_t level_count;
  size_t first, inputs; /* its inputs: first .. first + inputs - 1. Numbers 1, two levels 1 (is it the
                           second?), else one a level */
} rwk_source;

typedef struct rwk_scale {
  double mean, scale; /* scaled = (raw - mean) / scale */
} rwk_scale;

struct rwk_design {
  rwk_context *ctx;
  size_t rows, inputs, outputs;
  rwk_source *sources;
  size_t source_count;
  char **input_names;
  rwk_scale *input_scale; /* [inputs] */
  char **targets;         /* [outputs] */
  rwk_scale *target_scale;
  char *row_weights_name; /* or NULL */
  int standardise;
  double *X, *Y, *weights; /* [rows x inputs], [rows x outputs] or NULL, [rows] or NULL */
  char fingerprint[33];
};

rwk_design *rwk_design_alloc(rwk_context *ctx);

/* Room for `count` sources, or outputs. */
rwk_status rwk_design_sources(rwk_design *d, size_t count);
rwk_status rwk_design_targets(rwk_design *d, size_t count);

/* Gives every source its inputs and every input its name: sets inputs and input_names, and makes room for the
 * scales. */
rwk_status rwk_design_inputs_set(rwk_design *d);

/* Fills row `to` of X (raw) from a row of the table. columns[source] says where. */
rwk_status rwk_encode_row(rwk_design *d, size_t to, const rwk_table *table, const size_t *columns,
                          size_t row);

/* The place of a name in the table, or a sentence with the nearest name. `what`: "column", "target". */
rwk_status rwk_find_column(size_t *column, rwk_context *ctx, const rwk_table *table, const char *name,
                           const char *what);

/* Refuses a column of numbers with a cell that is none: line, column and cell. Missing cells are left to
 * rwk_check_missing if allowed here. */
rwk_status rwk_check_numbers(rwk_context *ctx, const rwk_table *table, size_t column, const char *what,
                             int allow_missing);

/* Refuses missing cells in the named columns (first place and a count a column), or, when dropping, leaves
 * out their rows. keep[rows] of the table: 1 for rows that stay. */
rwk_status rwk_check_missing(unsigned char *keep, rwk_context *ctx, const rwk_table *table,
                             const size_t *columns, size_t count, int drop);

/* Levels of a text column over the kept rows. */
rwk_status rwk_levels(rwk_source *source, rwk_context *ctx, const rwk_table *table, size_t column,
                      const unsigned char *keep);
size_t rwk_level_of(const rwk_source *source, const char *label); /* level_count if there is none */

/* Scales X and Y in place by the scales of the design. */
void rwk_design_apply_scales(rwk_design *d);
/* Makes the fingerprint; before the scales are applied. */
rwk_status rwk_design_seal(rwk_design *d);

#endif
