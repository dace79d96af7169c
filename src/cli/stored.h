/* cli/stored.h: a path read from its run file. */
#ifndef RWK_CLI_STORED_H
#define RWK_CLI_STORED_H

#include <jansson.h>
#include "cli/cli.h"

typedef struct cli_stored {
  rwk_context *ctx;
  rwk_run *run;
  json_t *options, *network;
  json_t *fitted; /* of a search that is done: the options of what won; NULL for others */
  rwk_fit *fits;
  rwk_drop *drops;
  rwk_origin *origins; /* [report.count], or NULL */
  size_t fit_count, origin_count;
  size_t planned;    /* fits that the whole path has; 0 where the grid is not known yet */
  cli_report report; /* points into fits and drops */
} cli_stored;

/* Opens a run file for reading and builds its report. 0 or an exit code. */
int cli_stored_open(cli_stored *s, rwk_context *ctx, const char *file);
void cli_stored_close(cli_stored *s);

/* Shows the cross-validation of a run that has one. 0 or an exit code. */
int cli_show_cv(cli_stored *s, const cli_args *args);
/* Its paragraph alone, a line a sentence; and what of it is a warning. 0 or an exit code. */
int cli_print_cv_words(FILE *to, cli_stored *s);
void cli_print_cv_warnings(FILE *to, const rwk_cv_summary *cv);

/* Shows a path. 0 or an exit code. */
int cli_show_path(cli_stored *s, const cli_args *args);

/* Shows a search, as far as it has come. 0 or an exit code. */
int cli_show_search(cli_stored *s, const cli_args *args);

/* Was it made by cv, by search? And is all of it done? A search that is not done has no network yet: layers
 * and grid of its report are empty. */
int cli_stored_is_search(cli_stored *s);

int cli_stored_is_cv(cli_stored *s);
int cli_stored_finished(cli_stored *s);

/* Adds to `args` the options that a run file keeps; one given again must say the same. *kept owns their
 * texts. *data: the table, from the run file where it is NULL. 0 or an exit code. */
int cli_kept_options(cli_args *args, json_t **kept, const char **data, rwk_context *ctx, rwk_run *run,
                     const char *file);

/* Which verb made the run: refuses to go on with it by another. 0 or an exit code. */
int cli_kept_verb(const cli_args *args, rwk_run *run, const char *file);

/* Are table and network those that the run was made with? 0 or an exit code. */
int cli_check_fingerprint(const cli_setup *s, rwk_run *run, const char *file, const char *data);

/* A text kept under `key`, "" if there is none. */
const char *cli_stored_text(cli_stored *s, const char *key);

#endif
