/* cli/share.h: one path by several processes that were started one by one, on one machine, over one run file.
 *
 * Each takes walks and cold fits that nobody is at, and saves their fits in the run file. The one that has
 * all of them first goes on to drops and `best`; the others wait for it, and show what is in the file then.
 * The numbers are those of one process, as after --resume. */
#ifndef RWK_CLI_SHARE_H
#define RWK_CLI_SHARE_H

#include "cli/job.h"

/* Is there a run file under the name of this job's, or, where --out is not given, under one that was tried
 * before it, that a process is writing now with the same settings and table? Then it is the job's: *joined.
 * 0 or an exit code. */
int cli_share_join(int *joined, cli_job *j);

/* Shares the run file of a job that is prepared; says so where others are at it already. 0 or an exit code.
 */
int cli_share_begin(cli_job *j);

#endif
