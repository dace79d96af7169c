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

rwk_status cli_ranks_walk(cli_job *j) {
  (void)j;
  return RWK_OK;
}

#else

#include <mpi.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

enum { TAG_CLAIM = 1, TAG_NUMBER, TAG_FIT, TAG_DONE, TAG_END };
static const struct timespec nap = {.tv_nsec = 300000}; /* MPI itself waits with the processor running */

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

/* A worker waits here until rank 0 is done, asleep. */
void cli_ranks_end(void) {
  if (!joined()) return;
  const int count = cli_ranks_count();
  int there = 0;
  if (cli_ranks_worker()) {
    while (!there) {
      MPI_Iprobe(0, TAG_END, MPI_COMM_WORLD, &there, MPI_STATUS_IGNORE);
      if (!there) nanosleep(&nap, NULL);
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
  if (joined()) MPI_Allreduce(&code, &worst, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  return worst;
}

/* What one rank has of the common work. Tasks are numbered as rwk_path_settings.claim says; those drawn by
 * this rank are marked. */
typedef struct station {
  cli_job *job;
  size_t dim, drawn; /* all numbers below have been drawn, by this rank or another */
  unsigned char *mine;
  size_t room;
  rwk_status status; /* of the first failure */
  /* a worker's: fits on their way, each a rwk_fit and its weights */
  char **letters;
  MPI_Request *requests;
  size_t sent, sent_room;
  /* rank 0's */
  pthread_mutex_t lock; /* guards the list and the run file */
  int64_t next;         /* of the list */
  int working;          /* other ranks that are not done */
} station;

static size_t letter_size(const station *s) {
  return sizeof(rwk_fit) + s->dim * sizeof(double);
}

/* The next number of the list. */
static int64_t draw(station *s) {
  int64_t number = 0;
  if (!cli_ranks_worker()) {
    pthread_mutex_lock(&s->lock);
    number = s->next++;
    pthread_mutex_unlock(&s->lock);
    return number;
  }
  MPI_Send(NULL, 0, MPI_BYTE, 0, TAG_CLAIM, MPI_COMM_WORLD);
  MPI_Recv(&number, 1, MPI_INT64_T, 0, TAG_NUMBER, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  return number;
}

static int claim(size_t task, void *payload) {
  station *s = payload;
  while (s->drawn <= task) {
    const size_t number = (size_t)draw(s);
    if (number >= s->room) {
      const size_t room = 2 * number + 64;
      unsigned char *more = realloc(s->mine, room);
      if (!more) return s->status = RWK_NO_MEMORY, 0;
      memset(more + s->room, 0, room - s->room);
      s->mine = more;
      s->room = room;
    }
    s->mine[number] = 1;
    s->drawn = number + 1;
  }
  return task < s->room && s->mine[task];
}

static rwk_status fetch(rwk_fit *fit, double *w, int *found, rwk_walk walk, int start, size_t index,
                        void *payload) {
  station *s = payload;
  rwk_status status = RWK_OK;
  *found = 0;
  if (!s->job->run) return RWK_OK;
  pthread_mutex_lock(&s->lock);
  status = rwk_run_fetch_fit(fit, w, found, walk, start, index, s->job->run);
  pthread_mutex_unlock(&s->lock);
  return status;
}

/* A worker's fit sets off to rank 0, who takes it when it can. */
static rwk_status send(const rwk_fit *fit, station *s) {
  if (s->sent == s->sent_room) {
    const size_t room = 2 * s->sent_room + 64;
    char **letters = realloc(s->letters, room * sizeof *letters);
    if (letters) s->letters = letters;
    MPI_Request *requests = realloc(s->requests, room * sizeof *requests);
    if (requests) s->requests = requests;
    if (!letters || !requests) return RWK_NO_MEMORY;
    s->sent_room = room;
  }
  char *letter = malloc(letter_size(s));
  if (!letter) return RWK_NO_MEMORY;
  memcpy(letter, fit, sizeof *fit);
  memcpy(letter + sizeof *fit, fit->w, s->dim * sizeof(double));
  s->letters[s->sent] = letter;
  MPI_Isend(letter, (int)letter_size(s), MPI_BYTE, 0, TAG_FIT, MPI_COMM_WORLD, &s->requests[s->sent++]);
  return RWK_OK;
}

static rwk_status save(const rwk_fit *fit, void *payload) {
  station *s = payload;
  if (cli_ranks_worker()) return send(fit, s);
  pthread_mutex_lock(&s->lock);
  const rwk_status status = rwk_run_save_fit(fit, s->job->run);
  s->job->done++;
  pthread_mutex_unlock(&s->lock);
  return status;
}

/* ---- Rank 0's post office: a thread of its own, so that nobody waits for a fit of rank 0 to be done */

static void take_fit(station *s, int from) {
  char *letter = malloc(letter_size(s));
  if (!letter) {
    MPI_Abort(MPI_COMM_WORLD, CLI_NUMERICAL); /* what has come is in the run file */
    return;
  }
  MPI_Recv(letter, (int)letter_size(s), MPI_BYTE, from, TAG_FIT, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  rwk_fit fit;
  memcpy(&fit, letter, sizeof fit);
  fit.w = (const double *)(const void *)(letter + sizeof fit);
  pthread_mutex_lock(&s->lock);
  const rwk_status status = s->status == RWK_OK ? rwk_run_save_fit(&fit, s->job->run) : s->status;
  if (s->status == RWK_OK) s->status = status;
  s->job->done++;
  pthread_mutex_unlock(&s->lock);
  free(letter);
}

static void *post_office(void *payload) {
  station *s = payload;
  while (s->working > 0) {
    MPI_Status about;
    int there = 0, status;
    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &about);
    if (!there) {
      nanosleep(&nap, NULL);
    } else if (about.MPI_TAG == TAG_FIT) {
      take_fit(s, about.MPI_SOURCE);
    } else if (about.MPI_TAG == TAG_CLAIM) {
      MPI_Recv(NULL, 0, MPI_BYTE, about.MPI_SOURCE, TAG_CLAIM, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      const int64_t number = draw(s);
      MPI_Send(&number, 1, MPI_INT64_T, about.MPI_SOURCE, TAG_NUMBER, MPI_COMM_WORLD);
    } else {
      MPI_Recv(&status, 1, MPI_INT, about.MPI_SOURCE, TAG_DONE, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      pthread_mutex_lock(&s->lock);
      if (s->status == RWK_OK) s->status = (rwk_status)status;
      s->working--;
      pthread_mutex_unlock(&s->lock);
    }
  }
  return NULL;
}

/* Messages of one rank come in order, so that its fits are there before its DONE is. */
static void part(station *s, rwk_status status) {
  const int said = (int)status;
  MPI_Waitall((int)s->sent, s->requests, MPI_STATUSES_IGNORE);
  MPI_Send(&said, 1, MPI_INT, 0, TAG_DONE, MPI_COMM_WORLD);
}

rwk_status cli_ranks_walk(cli_job *j) {
  station s = {
      .job = j, .dim = rwk_problem_dim(rwk_mlp_problem(j->setup.mlp)), .lock = PTHREAD_MUTEX_INITIALIZER};
  rwk_path_settings settings = j->settings;
  rwk_path *path = NULL;
  pthread_t thread;
  const int worker = cli_ranks_worker();
  s.working = worker ? 0 : cli_ranks_count() - 1;
  settings.walks &= ~(unsigned)RWK_WALKS_BEST;
  if (!settings.walks) settings.walks = j->settings.walks;
  settings.claim = claim;
  settings.claim_payload = &s;
  settings.save = save;
  settings.fetch = fetch;
  settings.store_payload = &s;
  settings.progress = NULL;
  const int open = !worker && pthread_create(&thread, NULL, post_office, &s) == 0;
  rwk_status status = worker || open
                          ? rwk_path_run(&path, j->setup.ctx, rwk_mlp_problem(j->setup.mlp), &settings)
                          : RWK_NO_MEMORY;
  if (worker) part(&s, status);
  if (!worker && !open) MPI_Abort(MPI_COMM_WORLD, CLI_NUMERICAL);
  if (open) pthread_join(thread, NULL);
  if (status == RWK_OK) status = s.status;
  rwk_path_destroy(path);
  for (size_t i = 0; i < s.sent; i++) free(s.letters[i]);
  free(s.letters);
  free(s.requests);
  free(s.mine);
  pthread_mutex_destroy(&s.lock);
  return status;
}

#endif
