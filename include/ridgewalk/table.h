/* ridgewalk/table.h: tables from CSV files, and the numeric design a network is fitted to.
 *
 * Two steps, so that new rows can be put through the same second step:
 *   rwk_table   what the file says: named columns, numbers or text, with the line each row came from
 *   rwk_design  what the network sees: targets and features chosen, text encoded, constant columns left out,
 * scaled A design remembers its encoding ("recipe"), which is applied to new tables and kept in run files as
 * JSON.
 */
#ifndef RIDGEWALK_TABLE_H
#define RIDGEWALK_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <ridgewalk/context.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rwk_table rwk_table;
typedef struct rwk_design rwk_design;

typedef enum rwk_header { RWK_HEADER_AUTO, RWK_HEADER_YES, RWK_HEADER_NO } rwk_header;

typedef struct rwk_table_settings {
  size_t size;    /* sizeof this struct, set by rwk_table_settings_init */
  char separator; /* 0: found from the first lines among , ; tab | */
  char decimal;   /* '.', or ',' ; 0: '.' unless the separator is ';' and the numbers say ',' */
  rwk_header
      header; /* AUTO: a first line of numbers only is refused with a sentence that names both options */
  const char *const
      *na; /* [na_count] further spellings of a missing cell; numbers match by value ("-999" is -999.0) */
  size_t na_count;
  char comment; /* lines that begin with this are skipped; '#'; 0: none */
} rwk_table_settings;

RWK_API void rwk_table_settings_init(rwk_table_settings *settings);

/* Reads a CSV file (plain or gzip; "-" is standard input). RWK_IO, RWK_FORMAT or RWK_DATA with a sentence
 * that names file, line and column. Numbers are read independently of the locale. */
RWK_API rwk_status rwk_table_read(rwk_table **table, rwk_context *ctx, const char *file,
                                  const rwk_table_settings *settings);

/* The same from memory; `name` stands for the file in messages. `bytes` is borrowed for the call. */
RWK_API rwk_status rwk_table_parse(rwk_table **table, rwk_context *ctx, const char *name, const void *bytes,
                                   size_t length, const rwk_table_settings *settings);

/* A matrix as a table: column j is called names[j], and its cell of row i is x[i * row_stride + j * stride].
 * Everything is copied. RWK_DATA if there are no rows or columns, if a number is not finite, or if a name is
 * empty or there twice. `name` stands for the matrix in messages, which count its rows as lines, from 1. */
RWK_API rwk_status rwk_table_from_numbers(rwk_table **table, rwk_context *ctx, const char *name,
                                          const char *const *names, const double *x, size_t rows,
                                          size_t columns, size_t row_stride, size_t stride);
RWK_API void rwk_table_destroy(rwk_table *table); /* NULL is fine */

RWK_API size_t rwk_table_rows(const rwk_table *table);
RWK_API size_t rwk_table_columns(const rwk_table *table);
RWK_API const char *rwk_table_column_name(const rwk_table *table,
                                          size_t column); /* same lifetime as the table */
RWK_API int rwk_table_column_is_text(const rwk_table *table, size_t column);

/* The place of a column by its name. RWK_DATA with the nearest name there is ("no column 'Y'; did you mean
 * 'y'?"), or if two columns have it. */
RWK_API rwk_status rwk_table_column_find(size_t *column, rwk_context *ctx, const rwk_table *table,
                                         const char *name);

/* The numbers of a column, x[rows], with the table's lifetime. RWK_DATA with line, column and cell where one
 * is missing or is no number. */
RWK_API rwk_status rwk_table_column_numbers(const double **x, rwk_context *ctx, const rwk_table *table,
                                            size_t column);

/* The line of the file, from 1, on which a row begins; 0 if there is no such row. */
RWK_API size_t rwk_table_line(const rwk_table *table, size_t row);

typedef enum rwk_categorical { RWK_CATEGORICAL_ONE_HOT, RWK_CATEGORICAL_ERROR } rwk_categorical;
typedef enum rwk_missing { RWK_MISSING_ERROR, RWK_MISSING_DROP } rwk_missing;

/* What a target is: numbers to come near to, or the name of a class. */
typedef enum rwk_target_kind {
  RWK_TARGET_NUMBERS, /* numbers; text is refused */
  RWK_TARGET_TEXT,    /* classes where the one target is text, or named among the categories; else numbers */
  RWK_TARGET_AUTO,    /* classes also where it has two different values, or few (20 at most, with 5 rows for
                         each) whole numbers */
  RWK_TARGET_CLASSES  /* classes, whatever the column holds */
} rwk_target_kind;

typedef struct rwk_design_settings {
  size_t size;                /* sizeof this struct, set by rwk_design_settings_init */
  const char *const *targets; /* [target_count] names of target columns; none: the last column */
  size_t target_count;
  const char *row_weights;    /* name of a column of weights >= 0, or NULL */
  const char *const *exclude; /* [exclude_count] columns left out of the features */
  size_t exclude_count;
  const char *const *categories; /* [category_count] columns of numbers to be treated as text */
  size_t category_count;
  rwk_categorical categorical; /* ONE_HOT with a note; ERROR refuses text columns */
  rwk_missing missing;         /* ERROR; DROP leaves out rows with missing cells, with a note */
  int keep_constant; /* 0: columns that are the same on all rows are left out, and one row is refused; 1:
                        neither, for weights that were made elsewhere */
  int standardise; /* 1: features and targets to (weighted) mean 0 and variance 1 (divisor n); classes stay */
  rwk_target_kind target_kind; /* NUMBERS */
  int output_per_class;        /* 0: two classes are one output, 1 for the second; 1: they are two outputs */
} rwk_design_settings;

RWK_API void rwk_design_settings_init(rwk_design_settings *settings);

/* Chooses, encodes and scales. The table may be destroyed afterwards. Unknown names are refused with the
 * nearest existing one ("no column 'Y'; did you mean 'y'?"). Notes (constant columns, encodings, row indices,
 * ...) go to the context. */
RWK_API rwk_status rwk_design_create(rwk_design **design, rwk_context *ctx, const rwk_table *table,
                                     const rwk_design_settings *settings);

/* Applies the recipe of `like` (columns found by name, in any order; levels; scales) to a new table. The new
 * table needs no target columns. Missing or renamed columns and unknown levels are refused by name. */
RWK_API rwk_status rwk_design_apply(rwk_design **design, rwk_context *ctx, const rwk_design *like,
                                    const rwk_table *table);
/* Some rows of a design, in the order given, as a design of its own, scaled anew. like NULL: scales learnt
 * from these rows alone if `standardise`, none if not; otherwise the scales of `like`, whose inputs and
 * targets must be those of `from`: so a network fitted to some rows is tried on others. Inputs, levels and
 * targets stay those of `from`: an input that is the same on all rows is 0 on them. Of a `from` without
 * scales the numbers are, bit for bit, those of a table that has these rows only. */
RWK_API rwk_status rwk_design_subset(rwk_design **design, rwk_context *ctx, const rwk_design *from,
                                     const size_t *rows, size_t count, const rwk_design *like,
                                     int standardise);
RWK_API void rwk_design_destroy(rwk_design *design); /* NULL is fine */

RWK_API size_t rwk_design_rows(const rwk_design *design);
RWK_API size_t rwk_design_inputs(const rwk_design *design); /* encoded features */
RWK_API size_t rwk_design_source_row(const rwk_design *design,
                                     size_t row); /* the table's row that a row comes from */
RWK_API size_t
rwk_design_columns(const rwk_design *design); /* source columns that are features, before encoding */
RWK_API size_t rwk_design_outputs(const rwk_design *design);
RWK_API const char *rwk_design_input_name(const rwk_design *design,
                                          size_t input); /* "colour=red" for an encoded level */
/* Name of a target column; of classes "species=setosa", of two with one output that of the second. */
RWK_API const char *rwk_design_output_name(const rwk_design *design, size_t output);

/* Where the target is a class: how many there are (0: it is numbers), their labels in the order of numbers or
 * letters, and the column. Y is then 1 for the class of a row and 0 for the others, and never scaled. */
RWK_API size_t rwk_design_classes(const rwk_design *design);
RWK_API const char *rwk_design_class(const rwk_design *design, size_t index);
RWK_API const char *rwk_design_class_column(const rwk_design *design);
RWK_API const double *rwk_design_X(const rwk_design *design); /* [rows x inputs], scaled */
RWK_API const double *
rwk_design_Y(const rwk_design *design); /* [rows x outputs], scaled; NULL after apply without targets */
RWK_API const double *rwk_design_row_weights(const rwk_design *design); /* [rows] or NULL */

/* mean and scale of a target: scaled = (raw - mean) / scale. 0 and 1 without scaling. */
RWK_API rwk_status rwk_design_target_scale(double *mean, double *scale, const rwk_design *design,
                                           size_t output);
RWK_API rwk_status rwk_design_input_scale(double *mean, double *scale, const rwk_design *design,
                                          size_t input);

/* Puts predictions F[rows x outputs] back into the targets' own units, in place. */
RWK_API rwk_status rwk_design_unscale(double *F, size_t ldf, const rwk_design *design, size_t rows);

/* 128-bit fingerprint of names, roles, rows and the bits of every number: 32 hexadecimal digits and a NUL
 * into text[33]. */
RWK_API rwk_status rwk_design_fingerprint(char text[33], const rwk_design *design);

/* The recipe as JSON text (release with rwk_text_destroy), and a design with no rows made from one, for
 * rwk_design_apply. */
RWK_API rwk_status rwk_design_recipe(char **json, rwk_context *ctx, const rwk_design *design);
RWK_API rwk_status rwk_design_from_recipe(rwk_design **design, rwk_context *ctx, const char *json);
RWK_API void rwk_text_destroy(rwk_context *ctx, char *text); /* NULL is fine */

/* Names and cells are a stranger's. Writes `text` as it may be shown on a terminal: bytes of control
 * characters (C0, DEL, C1), of what turns the direction of writing or cannot be seen, and bytes that are no
 * UTF-8 become \xNN. out[size], 4 strlen(text) + 1 is always enough; the end is cut off where it is not.
 * Returns out. */
RWK_API char *rwk_text_shown(char *out, size_t size, const char *text);

/* Weights file: {"layers":[{"W":[[row per input]],"b":[...]}, ...]}; b may be missing or null. Or an archive
 * of NumPy's (savez, savez_compressed) with arrays W0, b0, W1, b1, ... or W1, b1, W2, b2, ... of floats, W
 * with a row per input; bN may be missing. */
typedef struct rwk_weights rwk_weights;
RWK_API rwk_status rwk_weights_read(rwk_weights **weights, rwk_context *ctx, const char *file);
RWK_API rwk_status rwk_weights_parse(rwk_weights **weights, rwk_context *ctx, const char *name,
                                     const char *text, size_t length);
RWK_API void rwk_weights_destroy(rwk_weights *weights); /* NULL is fine */
RWK_API size_t rwk_weights_layers(const rwk_weights *weights);
/* W[inputs x outputs] row-major and b[outputs] (NULL if the file gives none); same lifetime as the weights.
 */
RWK_API rwk_status rwk_weights_layer(const double **W, const double **b, size_t *inputs, size_t *outputs,
                                     const rwk_weights *weights, size_t layer);

#ifdef __cplusplus
}
#endif
#endif
