/* cli/wait.h: waiting for a message with the processor free for others. */
#ifndef RWK_CLI_WAIT_H
#define RWK_CLI_WAIT_H

#include <mpi.h>
#include "cli/ranks.h"

/* looks: so often without a nap. MPI_SUCCESS, or what MPI says. */
static inline int cli_wait(MPI_Request *request, int looks) {
  for (int look = 0;; look++) {
    int done = 0;
    const int code = MPI_Test(request, &done, MPI_STATUS_IGNORE);
    if (done || code != MPI_SUCCESS) return code;
    if (look >= looks) cli_ranks_nap(look - looks);
  }
}

#endif
