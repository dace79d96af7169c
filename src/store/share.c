/* Several processes on one machine that walk one path over one run file.
 *
 * What a process is at is a lock of the system on a file beside the run file, NAME.rwk-share. The system
 * takes the lock back when the process ends, however it ends: no clock, no process number and nothing in the
 * run file has to be believed. The file's bytes only tell people who it was.
 */
#define _GNU_SOURCE /* F_OFD_SETLK: a lock of the open file, not of the process */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "store/store.h"

/* The gate is held by who comes or goes. Then a cell for each process that is there, one for what comes after
 * the walks, and one for each piece; a cell is locked by its owner, and holds the number of its process. */
enum { GATE = 0, CELL = 8, SHARERS = 1023, GATE_TRIES = 6000, SHARE_BUSY_MILLISECONDS = 60000 };
static const size_t most_pieces = (size_t)1 << 56;

static off_t place(size_t cell) {
  return (off_t)(cell * CELL);
}

static size_t cell_of_piece(size_t piece) {
  return piece == RWK_PIECE_REST ? SHARERS + 1 : SHARERS + 2 + piece;
}

/* 0, or errno: EACCES or EAGAIN where another has it. */
static int lock(int fd, short type, size_t cell) {
  struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = place(cell), .l_len = CELL};
  return fcntl(fd, F_OFD_SETLK, &l) == 0 ? 0 : errno;
}

static int is_busy(int number) {
  return number == EAGAIN || number == EACCES;
}

/* The first cell from..to - 1 that another has locked; `to` if there is none. */
static size_t first_locked(int fd, size_t from, size_t to) {
  size_t found = to;
  while (from < found) {
    struct flock l = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = place(from), .l_len = place(found) - place(from)};
    if (fcntl(fd, F_OFD_GETLK, &l) != 0 || l.l_type == F_UNLCK) break;
    const size_t at = (size_t)l.l_start / CELL;
    found = at < from ? from : at; /* one of them: is there one before it? */
  }
  return found;
}

static int enter_gate(int fd) {
  const struct timespec pause = {.tv_nsec = 10000000};
  int number = EAGAIN;
  for (int k = 0; k < GATE_TRIES && is_busy(number); k++) {
    number = lock(fd, F_WRLCK, GATE);
    if (is_busy(number)) nanosleep(&pause, NULL);
  }
  return number;
}

static void own(int fd, size_t cell) {
  const int64_t process = getpid();
  const ssize_t written = pwrite(fd, &process, sizeof process, place(cell));
  (void)written; /* it is only for people to read */
}

static char *share_name(const rwk_run *run) {
  const size_t size = strlen(run->path) + sizeof "-share";
  char *name = rwk_alloc(run->ctx, size, 1);
  if (name) snprintf(name, size, "%s-share", run->path);
  return name;
}

/* A cell of our own among the sharers', behind the gate. 0, or errno; ESTALE: the file has been removed. */
static int join(int fd, const char *name) {
  struct stat ours, there;
  int number = enter_gate(fd);
  if (number) return number;
  number = fstat(fd, &ours) == 0 && stat(name, &there) == 0 && ours.st_ino == there.st_ino &&
                   ours.st_dev == there.st_dev
               ? EAGAIN
               : ESTALE;
  for (size_t cell = 1; cell <= SHARERS && is_busy(number); cell++) {
    number = lock(fd, F_WRLCK, cell);
    if (!number) own(fd, cell);
  }
  (void)lock(fd, F_UNLCK, GATE);
  return number;
}

rwk_status rwk_run_share(int *shared, rwk_run *run) {
  *shared = 0;
  RWK_TRY(rwk_store_want_writable(run));
  if (run->created || run->share_file >= 0)
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "%s has not been begun, or is shared already", run->file);
  char *name = share_name(run);
  if (!name) return rwk_fail_memory(run->ctx, "file name");
  int fd = -1, number = ESTALE;
  for (int k = 0; k < 100 && number == ESTALE; k++) {
    if (fd >= 0) (void)close(fd);
    fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    number = fd < 0 ? errno : join(fd, name);
  }
  if (number) { /* a file system without such locks, say: then the run has one writer, as others have */
    rwk_free(run->ctx, name);
    if (fd >= 0) (void)close(fd);
    return RWK_OK;
  }
  run->share_file = fd;
  run->share_name = name; /* kept, for the file is to go when memory is out, too */
  run->was_finished = run->state.finished;
  sqlite3_busy_timeout(run->db, SHARE_BUSY_MILLISECONDS);
  *shared = 1;
  return rwk_run_refresh(run);
}

int rwk_store_is_last(rwk_run *run) {
  return run->share_file < 0 ||
         (enter_gate(run->share_file) == 0 && first_locked(run->share_file, 1, SHARERS + 1) == SHARERS + 1);
}

void rwk_store_unshare(rwk_run *run) {
  if (run->share_file < 0) return;
  /* the last one out removes the file; where that cannot be, it is one that nobody has locked */
  if (rwk_store_is_last(run)) (void)unlink(run->share_name);
  rwk_free(run->ctx, run->share_name);
  (void)close(run->share_file);
  run->share_name = NULL;
  run->share_file = -1;
}

rwk_status rwk_run_refresh(rwk_run *run) {
  rwk_store_forget(run);
  return rwk_store_load(run);
}

rwk_status rwk_run_take(rwk_turn *turn, size_t piece, void *payload) {
  rwk_run *run = payload;
  *turn = RWK_TURN_LATER;
  if (run->share_file < 0 || (piece >= most_pieces && piece != RWK_PIECE_REST))
    return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "piece: %s is not shared, or has no such piece",
                    run->file);
  const size_t cell = cell_of_piece(piece);
  const int number = lock(run->share_file, F_WRLCK, cell);
  if (is_busy(number)) return RWK_OK;
  if (number) return rwk_fail(run->ctx, RWK_IO, "cannot share %s: no lock is to be had", run->file);
  own(run->share_file, cell);
  *turn = RWK_TURN_OURS;
  if (piece != RWK_PIECE_REST) return RWK_OK;
  RWK_TRY(rwk_run_refresh(run)); /* with what the others have made; from now on nobody else writes */
  if (run->state.finished && !run->was_finished) {
    *turn = RWK_TURN_OVER;
    (void)lock(run->share_file, F_UNLCK, cell); /* for the others to see */
  }
  return RWK_OK;
}

rwk_status rwk_run_give(size_t piece, void *payload) {
  rwk_run *run = payload;
  if (run->share_file >= 0) (void)lock(run->share_file, F_UNLCK, cell_of_piece(piece));
  return RWK_OK;
}

rwk_status rwk_run_sharers(rwk_sharer **list, size_t *count, rwk_context *ctx, const char *file) {
  rwk_run run = {.ctx = ctx, .share_file = -1};
  const size_t end = (size_t)1 << 59;
  size_t room = 0;
  *list = NULL;
  *count = 0;
  RWK_TRY(rwk_store_path(&run.path, ctx, file));
  char *name = share_name(&run);
  rwk_free(ctx, run.path);
  if (!name) return rwk_fail_memory(ctx, "file name");
  const int fd = open(name, O_RDONLY | O_CLOEXEC);
  rwk_free(ctx, name);
  if (fd < 0) return RWK_OK;
  rwk_status status = RWK_OK;
  for (size_t cell = 1; (cell = first_locked(fd, cell, end)) < end && status == RWK_OK; cell++) {
    int64_t process = 0;
    if (pread(fd, &process, sizeof process, place(cell)) != (ssize_t)sizeof process) process = 0;
    status = rwk_grow(ctx, list, &room, *count + 1, sizeof **list);
    if (status != RWK_OK) break;
    (*list)[(*count)++] = (rwk_sharer){.process = process,
                                       .at = cell <= SHARERS       ? RWK_SHARER_THERE
                                             : cell == SHARERS + 1 ? RWK_SHARER_REST
                                                                   : RWK_SHARER_PIECE,
                                       .piece = cell > SHARERS + 1 ? cell - SHARERS - 2 : 0};
  }
  (void)close(fd);
  if (status == RWK_OK) return RWK_OK;
  rwk_free(ctx, *list);
  *list = NULL;
  *count = 0;
  return status;
}

void rwk_sharers_destroy(rwk_context *ctx, rwk_sharer *list) {
  rwk_free(ctx, list);
}
