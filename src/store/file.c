#define _XOPEN_SOURCE 700 /* realpath */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "store/store.h"

static rwk_status fail_errno(rwk_run *run, const char *what, int number) {
  char text[256];
  if (strerror_r(number, text, sizeof text) != 0) snprintf(text, sizeof text, "error %d", number);
  return rwk_fail(run->ctx, RWK_IO, "cannot %s %s: %s", what, run->file, text);
}

/* A text put together from two. */
static char *join(rwk_context *ctx, const char *a, const char *b) {
  const size_t size = strlen(a) + strlen(b) + 1;
  char *text = rwk_alloc(ctx, size, 1);
  if (text) snprintf(text, size, "%s%s", a, b);
  return text;
}

rwk_status rwk_store_path(char **path, rwk_context *ctx, const char *file) {
  *path = join(ctx, file[0] == '/' ? "" : "./", file);
  return *path ? RWK_OK : rwk_fail_memory(ctx, "file name");
}

rwk_status rwk_store_may_open(rwk_run *run) {
  struct stat about;
  if (stat(run->path, &about) != 0) return fail_errno(run, "open", errno);
  if (S_ISDIR(about.st_mode))
    return rwk_fail(run->ctx, RWK_FORMAT, "%s is a folder, not a run file", run->file);
  if (!S_ISREG(about.st_mode))
    return rwk_fail(run->ctx, RWK_FORMAT, "%s is not a regular file, so no run file", run->file);
  if (about.st_size == 0) return rwk_fail(run->ctx, RWK_FORMAT, "%s is empty, so no run file", run->file);
  if (access(run->path, R_OK) != 0) return fail_errno(run, "read", errno);
  return RWK_OK;
}

/* Opens the file that stands under the run's name, apart from the run's own database. `settle` also brings
 * what was written to it into the one file, so that its companions go and cannot be taken for those of a new
 * file. */
static rwk_status look_at_old(rwk_run *run, int settle) {
  RWK_TRY(rwk_store_may_open(run));
  rwk_run old = {.ctx = run->ctx, .file = run->file, .path = run->path, .share_file = -1};
  int64_t application = 0;
  rwk_status status =
      rwk_store_connect(&old, run->path, settle ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
  if (status == RWK_OK) status = rwk_store_integer(&application, &old, "PRAGMA application_id", "read");
  if (status == RWK_OK && application != RWK_STORE_APPLICATION)
    status = rwk_fail(run->ctx, RWK_FORMAT, "%s is not a run file of ridgewalk", run->file);
  if (status == RWK_OK && settle) {
    int done = 0;
    status = rwk_store_set_journal(&old, "DELETE", &done);
    if (status == RWK_FORMAT || (status == RWK_OK && sqlite3_db_readonly(old.db, "main") == 1)) {
      status = RWK_OK; /* damaged, or not ours to write: it can still be replaced */
    } else if (status == RWK_OK && !done) {
      status = rwk_fail(run->ctx, RWK_IO, "cannot replace %s: another program has it open", run->file);
    }
  }
  rwk_store_disconnect(&old);
  if (status == RWK_FORMAT) /* keep the reason short, and say what follows from it */
    status =
        rwk_fail(run->ctx, RWK_FORMAT, "%s is not a run file of ridgewalk; it is not replaced", run->file);
  return status;
}

static rwk_status exists_already(rwk_run *run) {
  return rwk_fail(run->ctx, RWK_IO, "%s exists already", run->file);
}

/* A link is followed, so that the file it points to is replaced and not the link. */
static rwk_status follow_link(rwk_run *run) {
  struct stat about;
  char real[PATH_MAX];
  if (lstat(run->path, &about) != 0 || !S_ISLNK(about.st_mode)) return RWK_OK;
  if (!realpath(run->path, real)) return fail_errno(run, "create", errno);
  char *path = rwk_strdup(run->ctx, real);
  if (!path) return rwk_fail_memory(run->ctx, "file name");
  rwk_free(run->ctx, run->path);
  run->path = path;
  return RWK_OK;
}

rwk_status rwk_store_may_create(rwk_run *run) {
  struct stat about;
  if (lstat(run->path, &about) == 0) {
    if (!run->replace) return exists_already(run);
    RWK_TRY(follow_link(run));
    RWK_TRY(look_at_old(run, 0));
  } else if (errno != ENOENT) {
    return fail_errno(run, "create", errno);
  }
  char *folder = rwk_strdup(run->ctx, run->path);
  if (!folder) return rwk_fail_memory(run->ctx, "file name");
  char *slash = strrchr(folder, '/');
  slash[slash == folder] = 0; /* a path has one; of "/name" the first stays */
  const int number = access(folder, W_OK | X_OK) == 0 ? 0 : errno;
  rwk_free(run->ctx, folder);
  return number ? fail_errno(run, "create", number) : RWK_OK;
}

/* Makes a file of a new name beside the run's. */
static int open_beside(char **name, rwk_run *run) {
  char tail[64];
  *name = NULL;
  for (int attempt = 0; attempt < 100; attempt++) {
    snprintf(tail, sizeof tail, ".new-%ld-%d", (long)getpid(), attempt);
    rwk_free(run->ctx, *name);
    *name = join(run->ctx, run->path, tail);
    if (!*name) {
      errno = ENOMEM;
      return -1;
    }
    const int fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
  return -1;
}

/* 0, or errno. */
static int write_all(int fd, const unsigned char *bytes, size_t size) {
  while (size > 0) {
    const ssize_t written = write(fd, bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written < 0 ? errno : EIO;
    bytes += written;
    size -= (size_t)written;
  }
  return fsync(fd) == 0 || errno == EINVAL ? 0 : errno; /* EINVAL: a file system that cannot */
}

/* What a killed writer left of a file that is gone, or has been settled. */
static rwk_status remove_companions(rwk_run *run) {
  static const char *const tails[] = {"-wal", "-shm", "-journal"};
  for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
    char *name = join(run->ctx, run->path, tails[i]);
    if (!name) return rwk_fail_memory(run->ctx, "file name");
    const int number = unlink(name) == 0 ? 0 : errno;
    rwk_free(run->ctx, name);
    if (number && number != ENOENT) return fail_errno(run, "create", number);
  }
  return RWK_OK;
}

/* Gives the file its name. Without `replace` a link does it, because it cannot hit a file made meanwhile. */
static rwk_status rename_new(rwk_run *run, const char *name) {
  struct stat about;
  const int there = lstat(run->path, &about) == 0;
  if (there && !run->replace) return exists_already(run);
  if (there) RWK_TRY(look_at_old(run, 1));
  RWK_TRY(remove_companions(run));
  if (!there) {
    if (link(name, run->path) == 0) {
      (void)unlink(name);
      return RWK_OK;
    }
    if (errno == EEXIST) return exists_already(run);
    /* a file system without links: the name was free a moment ago */
  }
  return rename(name, run->path) == 0 ? RWK_OK : fail_errno(run, "create", errno);
}

rwk_status rwk_store_place(rwk_run *run, const unsigned char *bytes, size_t size) {
  char *name = NULL;
  const int fd = open_beside(&name, run);
  int number = fd < 0 ? errno : 0;
  if (fd >= 0) {
    number = write_all(fd, bytes, size);
    if (close(fd) != 0 && !number) number = errno;
  }
  rwk_status status = RWK_OK;
  if (!name)
    status = rwk_fail_memory(run->ctx, "file name");
  else if (number)
    status = fail_errno(run, "create", number);
  else
    status = rename_new(run, name);
  if (status != RWK_OK && fd >= 0 && name) (void)unlink(name);
  rwk_free(run->ctx, name);
  return status;
}
