/* cli/page.h: files that are made beside a run file. */
#ifndef RWK_CLI_PAGE_H
#define RWK_CLI_PAGE_H

#include "report/report.h"

/* RUN.rwk -> RUN.ending beside it; to be freed. NULL: memory ran out. */
char *cli_default_out(const char *run, const char *ending);

/* Whole or not at all: a reader never sees half a file. "-" is standard output. What is no file, such as a
 * pipe, is written into; the run file, if it is not NULL, is not. 0 or an exit code. */
int cli_write_file(const char *file, const char *bytes, size_t length, const char *run);

/* What the name ends in. 0 or an exit code. */
int cli_figure_format(rwk_figure_format *format, const char *out);

#endif
