/* The linker gives every call of these functions, in the program and in the library, to __wrap_NAME (--wrap).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "faults/faults.h"

static struct {
  fault_plan plan;
  long count, live;
  sqlite3_mem_methods sqlite;
} state;

void __sanitizer_print_stack_trace(void) __attribute__((weak));

/* FAULTS_SHOW in the environment: who asked for what fails first, on standard error. */
static int fails(fault_kind kind) {
  if (state.plan.kind != kind) return 0;
  const long k = ++state.count;
  if (k == state.plan.at && getenv("FAULTS_SHOW") && __sanitizer_print_stack_trace)
    __sanitizer_print_stack_trace();
  return state.plan.at && (k == state.plan.at || (state.plan.stays && k > state.plan.at));
}

/* ---- Memory */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
char *__real_strdup(const char *text);
char *__real_realpath(const char *path, char *out);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);
char *__wrap_strdup(const char *text);
char *__wrap_realpath(const char *path, char *out);

static void *held(void *block) {
  state.live += block != NULL;
  return block;
}

void *__wrap_malloc(size_t size) {
  return fails(FAULT_MEMORY) ? NULL : held(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size) {
  return fails(FAULT_MEMORY) ? NULL : held(__real_calloc(n, size));
}

void *__wrap_realloc(void *block, size_t size) {
  if (fails(FAULT_MEMORY)) return NULL;
  void *more = __real_realloc(block, size);
  state.live += more && !block;
  return more;
}

void __wrap_free(void *block) {
  state.live -= block != NULL;
  __real_free(block);
}

char *__wrap_strdup(const char *text) {
  return fails(FAULT_MEMORY) ? NULL : held(__real_strdup(text));
}

char *__wrap_realpath(const char *path, char *out) {
  if (out) return __real_realpath(path, out);
  return fails(FAULT_MEMORY) ? NULL : held(__real_realpath(path, NULL));
}

FILE *__real_open_memstream(char **text, size_t *length);
FILE *__wrap_open_memstream(char **text, size_t *length);

/* The text, which closing it makes, is the caller's to free. */
FILE *__wrap_open_memstream(char **text, size_t *length) {
  return fails(FAULT_MEMORY) ? NULL : held(__real_open_memstream(text, length));
}

static void *sqlite_allocate(int size) {
  return fails(FAULT_MEMORY) ? NULL : state.sqlite.xMalloc(size);
}

static void *sqlite_reallocate(void *block, int size) {
  return fails(FAULT_MEMORY) ? NULL : state.sqlite.xRealloc(block, size);
}

/* ---- Files */

int faults_file_operation(void) {
  return fails(FAULT_FILE) ? state.plan.error : 0;
}

static int refuse(void) {
  const int error = faults_file_operation();
  if (error) errno = error;
  return error;
}

ssize_t __real_write(int fd, const void *bytes, size_t size);
int __real_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __real_link(const char *from, const char *to);
int __real_unlink(const char *name);
int __real_open(const char *name, int flags, ...);
FILE *__real_fopen(const char *name, const char *mode);
int __real_fclose(FILE *file);

ssize_t __wrap_write(int fd, const void *bytes, size_t size);
int __wrap_fsync(int fd);
int __wrap_rename(const char *from, const char *to);
int __wrap_link(const char *from, const char *to);
int __wrap_unlink(const char *name);
int __wrap_open(const char *name, int flags, ...);
FILE *__wrap_fopen(const char *name, const char *mode);
int __wrap_fclose(FILE *file);

/* Half of it is written, as on a disk that is filling up. */
ssize_t __wrap_write(int fd, const void *bytes, size_t size) {
  if (!refuse()) return __real_write(fd, bytes, size);
  if (size < 2 || state.plan.stays) return -1;
  return __real_write(fd, bytes, size / 2);
}

int __wrap_fsync(int fd) {
  return refuse() ? -1 : __real_fsync(fd);
}

int __wrap_rename(const char *from, const char *to) {
  return refuse() ? -1 : __real_rename(from, to);
}

int __wrap_link(const char *from, const char *to) {
  return refuse() ? -1 : __real_link(from, to);
}

/* What cannot be removed stays; only the caller's way of taking it is looked at. */
int __wrap_unlink(const char *name) {
  return __real_unlink(name);
}

int __wrap_open(const char *name, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const int mode = flags & O_CREAT ? va_arg(arguments, int) : 0;
  va_end(arguments);
  return refuse() ? -1 : __real_open(name, flags, mode);
}

FILE *__wrap_fopen(const char *name, const char *mode) {
  return refuse() ? NULL : __real_fopen(name, mode);
}

/* What is left in the buffer is written, or fails, when a file is closed. */
int __wrap_fclose(FILE *file) {
  const int error = refuse(), closed = __real_fclose(file);
  if (error) errno = error;
  return error ? EOF : closed;
}

/* ---- Clock */

time_t __real_time(time_t *t);
time_t __wrap_time(time_t *t);

time_t __wrap_time(time_t *t) {
  const time_t now = __real_time(NULL);
  const time_t shown = state.plan.kind == FAULT_CLOCK ? now + (state.count++ % 2 ? -86400 : 86400) : now;
  if (t) *t = shown;
  return shown;
}

/* ---- All of it */

int faults_install(void) {
  if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &state.sqlite) != SQLITE_OK) return 1;
  sqlite3_mem_methods ours = state.sqlite;
  ours.xMalloc = sqlite_allocate;
  ours.xRealloc = sqlite_reallocate;
  if (sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) != SQLITE_OK) return 1;
  json_set_alloc_funcs(__wrap_malloc, __wrap_free);
  return faults_install_vfs();
}

void faults_plan(const fault_plan *plan) {
  state.plan = *plan;
  state.count = 0;
}

long faults_count(void) {
  return state.count;
}

long faults_live(void) {
  return state.live;
}
