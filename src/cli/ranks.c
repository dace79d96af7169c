#include "cli/ranks.h"
#include <stdlib.h>

/* Variables by which those who start several processes tell each how many there are. */
static int started_together(void) {
  static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const char *text = getenv(names[i]); /* NOLINT(concurrency-mt-unsafe): there is one thread yet */
    if (text) return atoi(text);         /* NOLINT(cert-err34-c): 0 is as good as 1 */
  }
  return 0;
}

#ifndef RWK_MPI

int cli_ranks_begin(void) {
  const int count = started_together();
  return count <= 1 ? 0
                    : cli_fail(CLI_USAGE,
                               "%d processes were started together, but this ridgewalk was built without MPI",
                               count);
}

void cli_ranks_end(void) {}

int cli_ranks_count(void) {
  return 1;
}

int cli_ranks_worker(void) {
  return 0;
}

int cli_ranks_agree(int code) {
  return code;
}

void cli_ranks_nap(int looks) {
  (void)looks;
}

#else

#include <time.h>
#include "cli/wait.h"

enum { TAG_END = 100 };

int cli_ranks_begin(void) {
  int level;
  /* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet */
  if (started_together() > 0 || getenv("PMIX_RANK"))
    MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &level);
  return 0;
}

static int joined(void) {
  int begun = 0, ended = 0;
  MPI_Initialized(&begun);
  MPI_Finalized(&ended);
  return begun && !ended;
}

void cli_ranks_nap(int looks) {
  const long step = 10000, most = 1000000;
  const struct timespec nap = {.tv_nsec = looks < most / step - 2 ? (2 + looks) * step : most};
  nanosleep(&nap, NULL);
}

/* A worker waits here until rank 0 is done, asleep. */
void cli_ranks_end(void) {
  if (!joined()) return;
  const int count = cli_ranks_count();
  int there = 0;
  if (cli_ranks_worker()) {
    for (int looks = 0; !there; looks++) {
      MPI_Iprobe(0, TAG_END, MPI_COMM_WORLD, &there, MPI_STATUS_IGNORE);
      if (!there) cli_ranks_nap(looks);
    }
    MPI_Recv(NULL, 0, MPI_BYTE, 0, TAG_END, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  } else {
    for (int r = 1; r < count; r++) MPI_Send(NULL, 0, MPI_BYTE, r, TAG_END, MPI_COMM_WORLD);
  }
  MPI_Finalize();
}

int cli_ranks_count(void) {
  int count = 1;
  if (joined()) MPI_Comm_size(MPI_COMM_WORLD, &count);
  return count;
}

int cli_ranks_worker(void) {
  int rank = 0;
  if (joined()) MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank > 0;
}

int cli_ranks_agree(int code) {
  int worst = code;
  MPI_Request request;
  if (!joined()) return code;
  MPI_Iallreduce(&code, &worst, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD, &request);
  cli_poll(&request, 0);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  return worst;
}

#endif
