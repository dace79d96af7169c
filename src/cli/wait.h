/* cli/wait.h: waiting for a message with the processor free for others. */
#ifndef RWK_CLI_WAIT_H
#define RWK_CLI_WAIT_H

#include <mpi.h>
#include "cli/ranks.h"

/* Comes back when MPI_Wait will at once. looks: so often without a nap. */
static inline void cli_poll(MPI_Request *request, int looks) {
  int done = 0, code = MPI_SUCCESS;
  for (int look = 0; !done && code == MPI_SUCCESS; look++) {
    code = MPI_Test(request, &done, MPI_STATUS_IGNORE);
    if (!done && look >= looks) cli_ranks_nap(look - looks);
  }
}

#endif
