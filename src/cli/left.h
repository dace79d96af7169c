/* cli/left.h: what is left of a path that is not finished, and which processes are at it now. */
#ifndef RWK_CLI_LEFT_H
#define RWK_CLI_LEFT_H

#include "cli/stored.h"

typedef struct cli_left {
  unsigned walks;
  size_t fits[RWK_WALK_GRADUATED + 1], planned[RWK_WALK_GRADUATED + 1]; /* best: 0 */
  double seconds; /* of one thread, for the fits of the walks that are missing; NaN: not known */
  rwk_sharer *sharers;
  size_t sharer_count, processes; /* processes: those that are there, the first of the sharers */
} cli_left;

/* 0 or an exit code. */
int cli_left_open(cli_left *left, const cli_stored *s, const char *file);
void cli_left_close(cli_left *left, rwk_context *ctx);

/* A line for each kind of walk, for the time, and for each process. */
void cli_print_left(FILE *to, const cli_left *left, const cli_stored *s);
/* {walks: [{walk, fits, planned}], seconds, processes: [{process, at: [{walk, start, lambda}]}]} */
json_t *cli_left_json(const cli_left *left, const cli_stored *s);

#endif
