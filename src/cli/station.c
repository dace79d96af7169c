#include "cli/station.h"

#ifdef RWK_MPI

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "cli/wait.h"

enum { TAG_CLAIM = 1, TAG_NUMBER, TAG_LETTER, TAG_DONE };

struct cli_station {
  int worker;
  size_t own;
  size_t drawn; /* all numbers below have been drawn, by this rank or another */
  int64_t portion;
  double answered; /* when the last numbers came */
  unsigned char *mine;
  size_t room;
  /* a worker's: letters on their way */
  char **letters;
  MPI_Request *requests;
  size_t sent, sent_room;
  /* rank 0's */
  _Atomic int64_t next; /* of the list */
  pthread_t office;
  pthread_mutex_t lock;
  cli_letter_fn take;
  void *payload;
  int working;       /* other ranks that are not done */
  rwk_status status; /* of the first failure */
};

/* The next numbers of the list, from *first on. A worker asks for more of them at once where asking takes its
 * share of the time. */
static int64_t draw(int64_t *first, cli_station *s) {
  enum { MOST = 64 };
  if (!s->worker) {
    *first = atomic_fetch_add(&s->next, 1);
    return 1;
  }
  const int64_t count = s->portion;
  const double began = cli_seconds();
  MPI_Send(&count, 1, MPI_INT64_T, 0, TAG_CLAIM, MPI_COMM_WORLD);
  MPI_Request request;
  MPI_Irecv(first, 1, MPI_INT64_T, 0, TAG_NUMBER, MPI_COMM_WORLD, &request);
  cli_poll(&request, 0);
  MPI_Wait(&request, MPI_STATUS_IGNORE);
  const double worked = began - s->answered, waited = cli_seconds() - began;
  if (waited > worked / 8 && s->portion < MOST) s->portion *= 2;
  if (waited < worked / 64 && s->portion > 1) s->portion /= 2;
  s->answered = cli_seconds();
  return count;
}

static rwk_status make_room(cli_station *s, size_t numbers) {
  if (numbers <= s->room) return RWK_OK;
  const size_t room = 2 * numbers + 64;
  unsigned char *more = realloc(s->mine, room);
  if (!more) return RWK_NO_MEMORY;
  memset(more + s->room, 0, room - s->room);
  s->mine = more;
  s->room = room;
  return RWK_OK;
}

int cli_station_claim(size_t piece, void *station) {
  cli_station *s = station;
  if (piece < s->own) return !s->worker;
  while (s->drawn <= piece) {
    int64_t first;
    const size_t count = (size_t)draw(&first, s), end = (size_t)first + count;
    if (make_room(s, end) != RWK_OK) {
      s->status = RWK_NO_MEMORY;
      return 0;
    }
    memset(s->mine + first, 1, count);
    s->drawn = end;
  }
  return piece < s->room && s->mine[piece];
}

rwk_status cli_station_send(cli_station *s, const void *first, size_t first_size, const void *second,
                            size_t second_size) {
  if (s->sent == s->sent_room) {
    const size_t room = 2 * s->sent_room + 64;
    char **letters = realloc(s->letters, room * sizeof *letters);
    if (letters) s->letters = letters;
    MPI_Request *requests = realloc(s->requests, room * sizeof *requests);
    if (requests) s->requests = requests;
    if (!letters || !requests) return RWK_NO_MEMORY;
    s->sent_room = room;
  }
  char *letter = first_size + second_size <= INT32_MAX ? malloc(first_size + second_size) : NULL;
  if (!letter) return RWK_NO_MEMORY;
  memcpy(letter, first, first_size);
  if (second_size) memcpy(letter + first_size, second, second_size);
  s->letters[s->sent] = letter;
  MPI_Isend(letter, (int)(first_size + second_size), MPI_BYTE, 0, TAG_LETTER, MPI_COMM_WORLD,
            &s->requests[s->sent++]);
  return RWK_OK;
}

void cli_station_lock(cli_station *s) {
  pthread_mutex_lock(&s->lock);
}

void cli_station_unlock(cli_station *s) {
  pthread_mutex_unlock(&s->lock);
}

/* ---- rank 0's post office ---- */

static void take_letter(cli_station *s, const MPI_Status *about) {
  int size;
  MPI_Get_count(about, MPI_BYTE, &size);
  char *letter = malloc((size_t)size + 1);
  if (!letter) {
    MPI_Abort(MPI_COMM_WORLD, CLI_NUMERICAL); /* what has come is in the run file */
    return;
  }
  MPI_Recv(letter, size, MPI_BYTE, about->MPI_SOURCE, TAG_LETTER, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  pthread_mutex_lock(&s->lock);
  if (s->status == RWK_OK) s->status = s->take(letter, (size_t)size, s->payload);
  pthread_mutex_unlock(&s->lock);
  free(letter);
}

static void *post_office(void *payload) {
  cli_station *s = payload;
  for (int looks = 0; s->working > 0; looks++) {
    MPI_Status about;
    int there = 0, status;
    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &about);
    if (!there) {
      cli_ranks_nap(looks);
      continue;
    }
    looks = 0;
    if (about.MPI_TAG == TAG_LETTER) {
      take_letter(s, &about);
    } else if (about.MPI_TAG == TAG_CLAIM) {
      int64_t count;
      MPI_Recv(&count, 1, MPI_INT64_T, about.MPI_SOURCE, TAG_CLAIM, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      const int64_t number = atomic_fetch_add(&s->next, count);
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

/* ---- opening and closing ---- */

rwk_status cli_station_open(cli_station **station, size_t own, cli_letter_fn take, void *payload) {
  cli_station *s = calloc(1, sizeof *s);
  *station = s;
  if (s) {
    *s = (cli_station){.worker = cli_ranks_worker(),
                       .own = own,
                       .drawn = own,
                       .portion = 1,
                       .answered = cli_seconds(),
                       .take = take,
                       .payload = payload,
                       .working = cli_ranks_count() - 1};
    atomic_init(&s->next, (int64_t)own);
    pthread_mutex_init(&s->lock, NULL);
  }
  /* without it the others would wait for ever */
  if (!s || (!s->worker && pthread_create(&s->office, NULL, post_office, s) != 0))
    MPI_Abort(MPI_COMM_WORLD, CLI_NUMERICAL);
  return s ? RWK_OK : RWK_NO_MEMORY;
}

rwk_status cli_station_close(cli_station *s, rwk_status status) {
  const int said = (int)(status == RWK_OK ? s->status : status);
  if (s->worker) { /* messages of one rank come in order: its letters before this */
    for (size_t i = 0; i < s->sent; i++) cli_poll(&s->requests[i], 0);
    MPI_Waitall((int)s->sent, s->requests, MPI_STATUSES_IGNORE);
    MPI_Send(&said, 1, MPI_INT, 0, TAG_DONE, MPI_COMM_WORLD);
  } else {
    pthread_join(s->office, NULL);
  }
  if (status == RWK_OK) status = s->status;
  for (size_t i = 0; i < s->sent; i++) free(s->letters[i]);
  free(s->letters);
  free(s->requests);
  free(s->mine);
  pthread_mutex_destroy(&s->lock);
  free(s);
  return status;
}

#else

rwk_status cli_station_open(cli_station **station, size_t own, cli_letter_fn take, void *payload) {
  (void)own, (void)take, (void)payload;
  *station = NULL;
  return RWK_NOT_IMPLEMENTED;
}

int cli_station_claim(size_t piece, void *station) {
  (void)piece, (void)station;
  return 1;
}

rwk_status cli_station_send(cli_station *station, const void *first, size_t first_size, const void *second,
                            size_t second_size) {
  (void)station, (void)first, (void)first_size, (void)second, (void)second_size;
  return RWK_NOT_IMPLEMENTED;
}

void cli_station_lock(cli_station *station) {
  (void)station;
}

void cli_station_unlock(cli_station *station) {
  (void)station;
}

rwk_status cli_station_close(cli_station *station, rwk_status status) {
  (void)station;
  return status;
}

#endif
