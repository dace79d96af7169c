/* report/page.h: the parts of a page. */
#ifndef RWK_REPORT_PAGE_H
#define RWK_REPORT_PAGE_H

#include "report/chart.h"
#include "report/text.h"

/* Script, style and licence of the page, built into the program (cmake/Assets.cmake). The hashes are those
 * that a content security policy names: "sha256-...". */
typedef struct rwk_asset {
  const unsigned char *bytes; /* [count], and a NUL after it */
  size_t count;
  const char *hash;
} rwk_asset;

extern const rwk_asset rwk_asset_script, rwk_asset_style, rwk_asset_licence;

/* All charts as one JSON object, fit to stand in a script element. */
void rwk_page_data(rwk_text *out, const rwk_chart *charts, size_t count);

void rwk_page_points(rwk_text *out, const rwk_source *s);
void rwk_page_drops(rwk_text *out, const rwk_source *s);
void rwk_page_settings(rwk_text *out, const rwk_source *s);
/* The curve of a cross-validation, and the drops of its folds. */
void rwk_page_curve(rwk_text *out, const rwk_source *s);
void rwk_page_fold_drops(rwk_text *out, const rwk_source *s);

/* The beginning of a table of drops, and the cells that every drop has. */
void rwk_page_drop_head(rwk_text *out, const char *title, const char *loss_word);
void rwk_page_drop_cells(rwk_text *out, const rwk_source *s, rwk_walk walk, const char *name,
                         const rwk_drop *d);

/* A number, or a dash where there is none. */
void rwk_page_number(rwk_text *out, double x, int digits);
/* The same as a table's cell. */
void rwk_page_cell(rwk_text *out, double x, int digits);
/* "strict minimum" */
const char *rwk_page_verdict(const rwk_certificate *c);
/* Words, made harmless, with powers written as 2^-3 raised. */
void rwk_page_prose(rwk_text *out, const char *words);
/* A penalty; powers of two with their exponent raised. */
void rwk_page_penalty(rwk_text *out, double user_lambda);
/* The shape of a cause as an inline picture. */
void rwk_page_mark(rwk_text *out, rwk_cause cause);

#endif
