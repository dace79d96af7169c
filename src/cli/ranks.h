/* cli/ranks.h: the processes that mpirun has started ("ranks"). */
#ifndef RWK_CLI_RANKS_H
#define RWK_CLI_RANKS_H

#include "cli/cli.h"

/* Joins the others if mpirun started this process. 0, or an exit code where this program was built without
 * MPI. */
int cli_ranks_begin(void);
void cli_ranks_end(void);
int cli_ranks_count(void);  /* 1 where there are no others */
int cli_ranks_worker(void); /* 1: not rank 0 */
/* The worst of the codes of all ranks: for what all must have got through. */
int cli_ranks_agree(int code);
/* Sleeps a little: longer, the oftener one has looked in vain. MPI itself waits with the processor running.
 */
void cli_ranks_nap(int looks);

#endif
