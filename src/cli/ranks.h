/* cli/ranks.h: one path by several processes that mpirun has started ("ranks").
 *
 * Each rank reads the table. Walks and cold fits are drawn from one list that rank 0 keeps: who is free takes
 * the next. Rank 0 alone writes the run file; the others send it their fits. Then rank 0 walks the path once
 * more, all of whose fits are there: the same numbers as one process, as after --resume. */
#ifndef RWK_CLI_RANKS_H
#define RWK_CLI_RANKS_H

#include "cli/job.h"

/* Joins the others if mpirun started this process. 0, or an exit code where this program was built without
 * MPI. */
int cli_ranks_begin(void);
void cli_ranks_end(void);
int cli_ranks_count(void);  /* 1 where there are no others */
int cli_ranks_worker(void); /* 1: not rank 0 */
/* The worst of the codes of all ranks: for what all must have got through. */
int cli_ranks_agree(int code);
/* The walks of a job that is prepared, on all ranks; a worker's path ends there. */
rwk_status cli_ranks_walk(cli_job *j);

#endif
