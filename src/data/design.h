/* data/design.h: the inside of a design. */
#ifndef RWK_DATA_DESIGN_H
#define RWK_DATA_DESIGN_H

#include "data/names.h"
#include "data/table.h"

/* One source column among the features, and what it becomes. */
typedef struct rwk_source {
  char *name;
  int is_text;
  rwk_names levels;     /* of text, in order of first appearance */
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
  char *class_column;     /* the target, where it is a class; else NULL */
  rwk_names classes;      /* their labels; none where the target is numbers */
  rwk_scale *target_scale;
  char *row_weights_name; /* or NULL */
  int standardise;
  double *X, *Y, *weights; /* [rows x inputs], [rows x outputs] or NULL, [rows] or NULL */
  size_t *source_row;      /* [rows] of the table */
  char fingerprint[33];
};

rwk_design *rwk_design_alloc(rwk_context *ctx);

/* Copies what a recipe consists of into a design that is all zeros but for its context (apply.c). */
rwk_status rwk_design_copy_recipe(rwk_design *d, const rwk_design *like);

/* Room for `count` sources, or outputs. */
rwk_status rwk_design_sources(rwk_design *d, size_t count);
rwk_status rwk_design_targets(rwk_design *d, size_t count);
void rwk_source_clear(rwk_source *source, rwk_context *ctx);

/* Gives every source its inputs and every input its name: sets inputs and input_names, and makes room for the
 * scales. */
rwk_status rwk_design_inputs_set(rwk_design *d);

/* Room for `rows` rows of X, and of Y if wanted. */
rwk_status rwk_design_rows_set(rwk_design *d, size_t rows, int targets);

/* ---- roles.c: which columns play which part ---- */

typedef struct rwk_roles {
  size_t *target, *source, target_count, source_count;
  size_t weights; /* the table's column count if there are none */
} rwk_roles;

/* target and source have room for what is put there: targets of the settings and one, columns of the table.
 */
rwk_status rwk_assign_roles(rwk_roles *roles, rwk_context *ctx, const rwk_table *table,
                            const rwk_design_settings *s);

/* The place of a name in the table, or a sentence with the nearest name. `what`: "column", "target". */
rwk_status rwk_find_column(size_t *column, rwk_context *ctx, const rwk_table *table, const char *name,
                           const char *what);

/* ---- classes.c: a target that names a class ---- */

/* Is the column to be taken for classes? `declared`: it is among the categories. */
int rwk_target_is_class(const rwk_table *table, size_t column, rwk_target_kind kind, int declared);
/* The classes of a column over the kept rows, in order, and the outputs they make. */
rwk_status rwk_find_classes(rwk_design *d, const rwk_table *table, size_t column, const unsigned char *keep,
                            int output_per_class);
/* Room for the outputs of the classes, with their names. */
rwk_status rwk_class_outputs(rwk_design *d, int output_per_class);
/* y[outputs] of a row; 0 where its label is none of the classes. */
int rwk_encode_class(double *y, const rwk_design *d, const rwk_table *table, size_t column, size_t row);
/* The class of a row of the design, from Y. */
size_t rwk_class_of(const rwk_design *d, size_t row);
/* Has every class a row that counts? */
rwk_status rwk_check_classes(const rwk_design *d);

/* ---- encode.c: from cells to numbers ---- */

/* Refuses a column of numbers with a cell that is none: line, column and cell. Missing cells are left to
 * rwk_check_missing if allowed here. `what`: "column", "target". fitted: the columns are chosen already, by a
 * recipe, so that leaving some out is no advice. */
rwk_status rwk_check_numbers(rwk_context *ctx, const rwk_table *table, size_t column, const char *what,
                             int allow_missing, int fitted);

/* Refuses missing cells in the listed columns (first place and a count a column), or, when dropping, leaves
 * out their rows. keep[rows] of the table: 1 for rows that stay. */
rwk_status rwk_check_missing(unsigned char *keep, rwk_context *ctx, const rwk_table *table,
                             const size_t *columns, size_t count, int drop, int fitted);

/* Levels of a text column over the kept rows. */
rwk_status rwk_find_levels(rwk_source *source, rwk_context *ctx, const rwk_table *table, size_t column,
                           const unsigned char *keep);

/* Fills row `to` of X (raw) from a row of the table. columns[source] says where. */
rwk_status rwk_encode_row(rwk_design *d, size_t to, const rwk_table *table, const size_t *columns,
                          size_t row);

/* ---- scale.c ---- */

/* Takes out sources that are the same on all rows that count, with a note each. */
rwk_status rwk_leave_out_constants(rwk_design *d);
/* Finds the scales of the raw X and Y. */
rwk_status rwk_find_scales(rwk_design *d);
/* Scales X and Y in place by the scales of the design. */
void rwk_apply_scales(rwk_design *d);

/* Makes the fingerprint (fingerprint.c); before the scales are applied. */
rwk_status rwk_design_seal(rwk_design *d);

#endif
