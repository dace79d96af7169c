#define _DEFAULT_SOURCE /* madvise */
#include <omp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include "base/context.h"
#include "base/team.h"

#define RWK_ERROR_TEXT 1024

/* Large blocks of doubles that were given back wait for the next who wants one like them: the first touch of
 * fresh pages costs more than what a certificate computes in them. */
enum { SHELF = 32 };
static const size_t shelf_least = (size_t)64 << 10; /* bytes of a block */
#if defined(__SANITIZE_ADDRESS__)
void __asan_poison_memory_region(const volatile void *from, size_t bytes);
#define ASAN_POISON_MEMORY_REGION(from, bytes) __asan_poison_memory_region(from, bytes)
static const size_t shelf_most = 0; /* the sanitizer is to see who uses a block that was given back */
#else
#define ASAN_POISON_MEMORY_REGION(from, bytes) ((void)(from), (void)(bytes))
static const size_t shelf_most = (size_t)128 << 20; /* bytes of all of them */
#endif

typedef struct large_block {
  void *raw;
  size_t bytes;
} large_block;

/* A context's and that of all workers forked from it: one of them often begins where another has ended. */
typedef struct shelf {
  pthread_mutex_t lock;
  large_block block[SHELF]; /* the oldest first */
  size_t count, bytes;
} shelf;

struct rwk_context {
  rwk_context_settings settings;
  char error[RWK_ERROR_TEXT];
  shelf *shelf; /* its own, or that of the context it was forked from */
  shelf own;
  rwk_team *team; /* NULL until somebody asks, and where there is one thread */
  int team_is_anothers;
};

static void *default_allocate(void *block, size_t size, void *payload) {
  (void)payload;
  return realloc(block, size);
}

static void default_release(void *block, void *payload) {
  (void)payload;
  free(block);
}

void rwk_context_settings_init(rwk_context_settings *settings) {
  memset(settings, 0, sizeof *settings);
  settings->size = sizeof *settings;
  settings->blas_threads = 1;
}

/* OpenBLAS is asked through a weak symbol: another BLAS does not have it and needs no asking. */
extern void openblas_set_num_threads(int threads) __attribute__((weak));
extern int openblas_get_num_threads(void) __attribute__((weak));
extern int blas_thread_shutdown_(void) __attribute__((weak)); /* what it does itself before a fork */

int rwk_blas_threads(int threads) {
  const int before = openblas_get_num_threads ? openblas_get_num_threads() : 0;
  if (threads > 0 && openblas_set_num_threads) openblas_set_num_threads(threads);
  return before;
}

void rwk_blas_rest(void) {
  rwk_blas_threads(1);
  if (blas_thread_shutdown_) blas_thread_shutdown_();
}

/* To be asked for what it has would wake it: it makes threads anew. */
static void set_blas_threads(int threads) {
  if (threads > 0 && rwk_blas_threads(0) != threads) rwk_blas_threads(threads);
}

rwk_status rwk_context_create(rwk_context **ctx, const rwk_context_settings *settings) {
  *ctx = NULL;
  rwk_context_settings s;
  rwk_context_settings_init(&s);
  if (settings) {
    if (settings->size != sizeof s) return RWK_INVALID_ARGUMENT;
    s = *settings;
  }
  if (!s.allocate != !s.release || s.threads < 0 || s.blas_threads < 0) return RWK_INVALID_ARGUMENT;
  if (!s.allocate) {
    s.allocate = default_allocate;
    s.release = default_release;
  }
  rwk_context *c = s.allocate(NULL, sizeof *c, s.allocator_payload);
  if (!c) return RWK_NO_MEMORY;
  c->settings = s;
  c->error[0] = 0;
  c->shelf = &c->own;
  c->own.count = c->own.bytes = 0;
  pthread_mutex_init(&c->own.lock, NULL);
  c->team = NULL;
  c->team_is_anothers = 0;
  set_blas_threads(s.blas_threads);
  *ctx = c;
  return RWK_OK;
}

static void take_out(shelf *s, size_t at) {
  s->bytes -= s->block[at].bytes;
  s->count--;
  memmove(s->block + at, s->block + at + 1, (s->count - at) * sizeof *s->block);
}

/* Gives the oldest blocks back to the allocator until the rest take no more than `bytes`. The lock is ours.
 */
static void clear_locked(rwk_context *ctx, size_t bytes) {
  shelf *s = ctx->shelf;
  while (s->bytes > bytes) {
    void *raw = s->block[0].raw;
    take_out(s, 0);
    rwk_free(ctx, raw);
  }
}

/* 1 where there was anything. */
static int clear_shelf(rwk_context *ctx) {
  pthread_mutex_lock(&ctx->shelf->lock);
  const int any = ctx->shelf->count > 0;
  clear_locked(ctx, 0);
  pthread_mutex_unlock(&ctx->shelf->lock);
  return any;
}

void rwk_context_destroy(rwk_context *ctx) {
  if (!ctx) return;
  if (!ctx->team_is_anothers) rwk_team_destroy(ctx->team);
  if (ctx->shelf == &ctx->own) clear_shelf(ctx);
  pthread_mutex_destroy(&ctx->own.lock);
  ctx->settings.release(ctx, ctx->settings.allocator_payload);
}

const char *rwk_context_error(const rwk_context *ctx) {
  return ctx->error;
}

const char *rwk_version(void) {
  return RWK_VERSION;
}

void *rwk_alloc(rwk_context *ctx, size_t n, size_t size) {
  return rwk_realloc(ctx, NULL, n, size);
}

void *rwk_realloc(rwk_context *ctx, void *block, size_t n, size_t size) {
  if (n == 0) n = 1;
  if (size == 0 || n > PTRDIFF_MAX / size) return NULL;
  void *got = ctx->settings.allocate(block, n * size, ctx->settings.allocator_payload);
  if (got || !clear_shelf(ctx)) return got;
  return ctx->settings.allocate(block, n * size, ctx->settings.allocator_payload);
}

void *rwk_calloc(rwk_context *ctx, size_t n, size_t size) {
  void *block = rwk_alloc(ctx, n, size);
  if (block) memset(block, 0, (n ? n : 1) * size);
  return block;
}

void rwk_free(rwk_context *ctx, void *block) {
  if (block) ctx->settings.release(block, ctx->settings.allocator_payload);
}

char *rwk_strdup(rwk_context *ctx, const char *text) {
  const size_t length = strlen(text) + 1;
  char *copy = rwk_alloc(ctx, length, 1);
  if (copy) memcpy(copy, text, length);
  return copy;
}

/* A dense matrix's first touch, and the steps from row to row in it, cost less with pages of 2 MiB; a system
 * that has none, or does not want to, goes on as it is. */
static void ask_for_large_pages(void *raw, size_t bytes) {
#ifdef MADV_HUGEPAGE
  const uintptr_t small = 4096, large = (uintptr_t)2 << 20;
  const uintptr_t skip = (small - (uintptr_t)raw % small) % small;
  if (bytes >= large) (void)madvise((char *)raw + skip, (bytes - skip) / small * small, MADV_HUGEPAGE);
#else
  (void)raw, (void)bytes;
#endif
}

/* The smallest shelved block of at least `bytes` and at most twice that; none: raw is NULL. */
static large_block from_shelf(shelf *s, size_t bytes) {
  large_block found = {0};
  pthread_mutex_lock(&s->lock);
  size_t best = SHELF;
  for (size_t k = 0; k < s->count; k++) {
    const size_t has = s->block[k].bytes;
    if (has >= bytes && has / 2 <= bytes && (best == SHELF || has < s->block[best].bytes)) best = k;
  }
  if (best < SHELF) {
    found = s->block[best];
    take_out(s, best);
  }
  pthread_mutex_unlock(&s->lock);
  return found;
}

/* From the shelf, else from the allocator. */
static large_block large(rwk_context *ctx, size_t bytes) {
  if (bytes >= shelf_least / 2) { /* of less there is none */
    const large_block found = from_shelf(ctx->shelf, bytes);
    if (found.raw) return found;
  }
  void *raw = rwk_alloc(ctx, bytes, 1);
  if (raw) ask_for_large_pages(raw, bytes);
  return (large_block){.raw = raw, .bytes = bytes};
}

/* The allocator promises alignment for any type only: in front of the aligned block there is room for what
 * was got from it. */
enum { ALIGNMENT = 64 };

double *rwk_alloc_doubles(rwk_context *ctx, size_t n) {
  if (n > (PTRDIFF_MAX - 2 * ALIGNMENT) / sizeof(double)) return NULL;
  const large_block got = large(ctx, n * sizeof(double) + 2 * ALIGNMENT);
  if (!got.raw) return NULL;
  char *raw = got.raw;
  char *block = raw + ALIGNMENT + (ALIGNMENT - ((uintptr_t)raw + ALIGNMENT) % ALIGNMENT) % ALIGNMENT;
  memcpy(block - sizeof got, &got, sizeof got);
  char *end = block + n * sizeof(double);
  ASAN_POISON_MEMORY_REGION(end, (size_t)(raw + got.bytes - end)); /* what alignment left is nobody's */
  return (double *)(void *)block;
}

void rwk_free_doubles(rwk_context *ctx, double *block) {
  if (!block) return;
  large_block back;
  memcpy(&back, (char *)block - sizeof back, sizeof back);
  if (back.bytes < shelf_least || back.bytes > shelf_most) {
    rwk_free(ctx, back.raw);
    return;
  }
  shelf *s = ctx->shelf;
  pthread_mutex_lock(&s->lock);
  clear_locked(ctx, shelf_most - back.bytes);
  if (s->count == SHELF) clear_locked(ctx, s->bytes - 1);
  s->block[s->count++] = back;
  s->bytes += back.bytes;
  pthread_mutex_unlock(&s->lock);
}

rwk_status rwk_grow(rwk_context *ctx, void *array_pointer, size_t *capacity, size_t need, size_t size) {
  if (need <= *capacity) return RWK_OK;
  size_t wanted = *capacity ? *capacity : 8;
  while (wanted < need) wanted = wanted > SIZE_MAX / 2 ? need : 2 * wanted;
  void *array;
  memcpy(&array, array_pointer, sizeof array);
  array = rwk_realloc(ctx, array, wanted, size);
  if (!array) return rwk_fail_memory(ctx, "growing a list");
  memcpy(array_pointer, &array, sizeof array);
  *capacity = wanted;
  return RWK_OK;
}

void rwk_set_error(rwk_context *ctx, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(ctx->error, sizeof ctx->error, format, arguments);
  va_end(arguments);
}

void rwk_note(rwk_context *ctx, const char *format, ...) {
  if (!ctx->settings.note) return;
  char text[RWK_ERROR_TEXT];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  ctx->settings.note(text, ctx->settings.note_payload);
}

int rwk_cancelled(const rwk_context *ctx) {
  return ctx->settings.cancel && ctx->settings.cancel(ctx->settings.cancel_payload);
}

int rwk_threads(const rwk_context *ctx) {
  return ctx->settings.threads > 0 ? ctx->settings.threads : omp_get_max_threads();
}

rwk_team *rwk_context_team(rwk_context *ctx) {
  if (!ctx->team) ctx->team = rwk_team_create(ctx, rwk_threads(ctx));
  return ctx->team;
}

void rwk_context_set_team(rwk_context *ctx, rwk_team *team) {
  if (!ctx->team_is_anothers) rwk_team_destroy(ctx->team);
  ctx->team = team;
  ctx->team_is_anothers = team != NULL;
}

rwk_status rwk_context_fork(rwk_context **child, const rwk_context *parent, int threads) {
  rwk_context_settings s = parent->settings;
  s.threads = threads;
  s.blas_threads = 0;
  RWK_TRY(rwk_context_create(child, &s));
  (*child)->shelf = parent->shelf;
  return RWK_OK;
}

void rwk_context_adopt_error(rwk_context *ctx, const rwk_context *child) {
  memcpy(ctx->error, child->error, sizeof ctx->error);
}

double rwk_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
