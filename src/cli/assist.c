#include "cli/assist.h"

#ifdef RWK_MPI

#include <mpi.h>
#include <pthread.h>
#include <stdlib.h>
#include "cli/ranks.h"

enum { TAG_ASK = 20, TAG_ANSWER, TAG_REFUSAL, TAG_HOME };

struct cli_assist {
  rwk_path_help help;
  pthread_mutex_t lock; /* one thread at a time within MPI */
};

/* Is there a message, of either tag? */
static int look(MPI_Status *about, int from) {
  int there;
  MPI_Iprobe(from, MPI_ANY_TAG, MPI_COMM_WORLD, &there, about);
  return there;
}

static rwk_status call(void *reply, size_t reply_size, const void *request, size_t size, size_t helper,
                       void *payload) {
  cli_assist *a = payload;
  const int rank = (int)helper + 1;
  int status = RWK_OK;
  MPI_Status about;
  pthread_mutex_lock(&a->lock);
  MPI_Send(request, (int)size, MPI_BYTE, rank, TAG_ASK, MPI_COMM_WORLD);
  for (int looks = 0; !look(&about, rank); looks++) {
    pthread_mutex_unlock(&a->lock);
    cli_ranks_nap(looks);
    pthread_mutex_lock(&a->lock);
  }
  if (about.MPI_TAG == TAG_ANSWER)
    MPI_Recv(reply, (int)reply_size, MPI_BYTE, rank, TAG_ANSWER, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  else
    MPI_Recv(&status, 1, MPI_INT, rank, TAG_REFUSAL, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  pthread_mutex_unlock(&a->lock);
  return (rwk_status)status;
}

cli_assist *cli_assist_open(void) {
  cli_assist *a = calloc(1, sizeof *a);
  if (!a) return NULL;
  a->help = (rwk_path_help){.count = (size_t)cli_ranks_count() - 1, .call = call, .payload = a};
  pthread_mutex_init(&a->lock, NULL);
  return a;
}

const rwk_path_help *cli_assist_help(cli_assist *a) {
  return &a->help;
}

void cli_assist_close(cli_assist *a) {
  for (int rank = 1; rank < cli_ranks_count(); rank++)
    MPI_Send(NULL, 0, MPI_BYTE, rank, TAG_HOME, MPI_COMM_WORLD);
  if (a) pthread_mutex_destroy(&a->lock);
  free(a);
}

rwk_status cli_assist_serve(rwk_path_helper *helper, rwk_status status) {
  void *request = NULL, *reply = NULL;
  int size = 0;
  if (helper) {
    size = (int)rwk_path_helper_answer_size(helper);
    reply = malloc((size_t)size);
    if (!reply && status == RWK_OK) status = RWK_NO_MEMORY;
  }
  for (;;) {
    MPI_Status about;
    for (int looks = 0; !look(&about, 0); looks++) cli_ranks_nap(looks);
    if (about.MPI_TAG == TAG_HOME) break;
    int asked;
    MPI_Get_count(&about, MPI_BYTE, &asked);
    request = malloc((size_t)asked);
    if (!request) MPI_Abort(MPI_COMM_WORLD, CLI_NUMERICAL); /* rank 0 waits, and nothing would end that */
    MPI_Recv(request, asked, MPI_BYTE, 0, TAG_ASK, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (status == RWK_OK) status = rwk_path_helper_answer(reply, request, helper);
    free(request);
    const int said = (int)status;
    if (status == RWK_OK)
      MPI_Send(reply, size, MPI_BYTE, 0, TAG_ANSWER, MPI_COMM_WORLD);
    else
      MPI_Send(&said, 1, MPI_INT, 0, TAG_REFUSAL, MPI_COMM_WORLD);
  }
  MPI_Recv(NULL, 0, MPI_BYTE, 0, TAG_HOME, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  free(reply);
  return status;
}

#else

cli_assist *cli_assist_open(void) {
  return NULL;
}

const rwk_path_help *cli_assist_help(cli_assist *a) {
  (void)a;
  return NULL;
}

void cli_assist_close(cli_assist *a) {
  (void)a;
}

rwk_status cli_assist_serve(rwk_path_helper *helper, rwk_status status) {
  (void)helper;
  return status;
}

#endif
