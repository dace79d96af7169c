/* cli/assist.h: the other ranks help rank 0 with what follows the walks of a path. */
#ifndef RWK_CLI_ASSIST_H
#define RWK_CLI_ASSIST_H

#include <ridgewalk/path.h>

typedef struct cli_assist cli_assist;

/* Rank 0: help for the settings of a path, by all others; NULL: memory ran out. Until cli_assist_close. */
cli_assist *cli_assist_open(void);
const rwk_path_help *cli_assist_help(cli_assist *assist);
/* Sends the others home, also where there was no help (NULL). */
void cli_assist_close(cli_assist *assist);

/* The others: answer until they are sent home. helper NULL, or a status that is not RWK_OK: nothing is asked
 * of this rank that it does not refuse. */
rwk_status cli_assist_serve(rwk_path_helper *helper, rwk_status status);

#endif
