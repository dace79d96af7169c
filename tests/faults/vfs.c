/* A file system for SQLite that hands everything on to the real one, until an operation fails. */
#include <errno.h>
#include <sqlite3.h>
#include <string.h>
#include "faults/faults.h"

typedef struct shim_file {
  sqlite3_file base;
  sqlite3_file *real;
} shim_file;

static sqlite3_vfs shim, *real_vfs;

static int refused(int code) {
  const int error = faults_file_operation();
  if (!error) return SQLITE_OK;
  errno = error;
  return error == ENOSPC ? SQLITE_FULL : code;
}

#define REAL(file) (((shim_file *)(file))->real)
#define HAND_ON(name, parameters, arguments)                                                                 \
  static int name parameters {                                                                               \
    return REAL(file)->pMethods->name arguments;                                                             \
  }
#define MAY_FAIL(name, code, parameters, arguments)                                                          \
  static int name parameters {                                                                               \
    const int refusal = refused(code);                                                                       \
    return refusal ? refusal : REAL(file)->pMethods->name arguments;                                         \
  }

MAY_FAIL(xRead, SQLITE_IOERR_READ, (sqlite3_file * file, void *to, int n, sqlite3_int64 at),
         (REAL(file), to, n, at))
MAY_FAIL(xWrite, SQLITE_IOERR_WRITE, (sqlite3_file * file, const void *from, int n, sqlite3_int64 at),
         (REAL(file), from, n, at))
MAY_FAIL(xTruncate, SQLITE_IOERR_TRUNCATE, (sqlite3_file * file, sqlite3_int64 size), (REAL(file), size))
MAY_FAIL(xSync, SQLITE_IOERR_FSYNC, (sqlite3_file * file, int flags), (REAL(file), flags))
MAY_FAIL(xFileSize, SQLITE_IOERR_FSTAT, (sqlite3_file * file, sqlite3_int64 *size), (REAL(file), size))
MAY_FAIL(xLock, SQLITE_IOERR_LOCK, (sqlite3_file * file, int level), (REAL(file), level))
HAND_ON(xUnlock, (sqlite3_file * file, int level), (REAL(file), level))
HAND_ON(xCheckReservedLock, (sqlite3_file * file, int *out), (REAL(file), out))
HAND_ON(xFileControl, (sqlite3_file * file, int op, void *argument), (REAL(file), op, argument))
HAND_ON(xSectorSize, (sqlite3_file * file), (REAL(file)))
HAND_ON(xDeviceCharacteristics, (sqlite3_file * file), (REAL(file)))
MAY_FAIL(xShmMap, SQLITE_IOERR_SHMMAP,
         (sqlite3_file * file, int page, int size, int extend, void volatile **to),
         (REAL(file), page, size, extend, to))
MAY_FAIL(xShmLock, SQLITE_IOERR_SHMLOCK, (sqlite3_file * file, int offset, int n, int flags),
         (REAL(file), offset, n, flags))
HAND_ON(xShmUnmap, (sqlite3_file * file, int remove), (REAL(file), remove))

static void xShmBarrier(sqlite3_file *file) {
  REAL(file)->pMethods->xShmBarrier(REAL(file));
}

static int xClose(sqlite3_file *file) {
  return REAL(file)->pMethods->xClose(REAL(file));
}

/* Without xFetch, so that all reading is xRead. */
static const sqlite3_io_methods methods = {.iVersion = 2,
                                           .xClose = xClose,
                                           .xRead = xRead,
                                           .xWrite = xWrite,
                                           .xTruncate = xTruncate,
                                           .xSync = xSync,
                                           .xFileSize = xFileSize,
                                           .xLock = xLock,
                                           .xUnlock = xUnlock,
                                           .xCheckReservedLock = xCheckReservedLock,
                                           .xFileControl = xFileControl,
                                           .xSectorSize = xSectorSize,
                                           .xDeviceCharacteristics = xDeviceCharacteristics,
                                           .xShmMap = xShmMap,
                                           .xShmLock = xShmLock,
                                           .xShmBarrier = xShmBarrier,
                                           .xShmUnmap = xShmUnmap};

static int xOpen(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out) {
  (void)vfs;
  shim_file *f = (shim_file *)file;
  f->base.pMethods = NULL;
  const int refusal = refused(SQLITE_CANTOPEN);
  if (refusal) return refusal == SQLITE_FULL ? SQLITE_CANTOPEN : refusal;
  f->real = (sqlite3_file *)(void *)(f + 1);
  memset(f->real, 0, (size_t)real_vfs->szOsFile);
  const int code = real_vfs->xOpen(real_vfs, name, f->real, flags, out);
  if (f->real->pMethods) f->base.pMethods = &methods;
  return code;
}

static int xDelete(sqlite3_vfs *vfs, const char *name, int sync) {
  (void)vfs;
  const int refusal = refused(SQLITE_IOERR_DELETE);
  return refusal ? refusal : real_vfs->xDelete(real_vfs, name, sync);
}

static int xAccess(sqlite3_vfs *vfs, const char *name, int flags, int *out) {
  (void)vfs;
  const int refusal = refused(SQLITE_IOERR_ACCESS);
  return refusal ? refusal : real_vfs->xAccess(real_vfs, name, flags, out);
}

int faults_install_vfs(void) {
  real_vfs = sqlite3_vfs_find(NULL);
  if (!real_vfs) return 1;
  shim = *real_vfs; /* whatever is not about files */
  shim.pNext = NULL;
  shim.zName = "shim";
  shim.szOsFile = (int)sizeof(shim_file) + real_vfs->szOsFile;
  shim.xOpen = xOpen;
  shim.xDelete = xDelete;
  shim.xAccess = xAccess;
  return sqlite3_vfs_register(&shim, 1) != SQLITE_OK;
}
