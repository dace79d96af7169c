#define _POSIX_C_SOURCE 200809L
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/context.h"

#define RWK_ERROR_TEXT 1024

struct rwk_context {
  rwk_context_settings settings;
  char error[RWK_ERROR_TEXT];
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

int rwk_blas_threads(int threads) {
  const int before = openblas_get_num_threads ? openblas_get_num_threads() : 0;
  if (threads > 0 && openblas_set_num_threads) openblas_set_num_threads(threads);
  return before;
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
  if (s.blas_threads && openblas_set_num_threads) openblas_set_num_threads(s.blas_threads);
  *ctx = c;
  return RWK_OK;
}

void rwk_context_destroy(rwk_context *ctx) {
  if (ctx) ctx->settings.release(ctx, ctx->settings.allocator_payload);
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

/* The allocator promises alignment for any type only, so room for the offset is kept in front of the block.
 */
enum { ALIGNMENT = 64 };

double *rwk_alloc_doubles(rwk_context *ctx, size_t n) {
  if (n > (PTRDIFF_MAX - 2 * ALIGNMENT) / sizeof(double)) return NULL;
  char *raw = rwk_alloc(ctx, n * sizeof(double) + 2 * ALIGNMENT, 1);
  if (!raw) return NULL;
  char *block = raw + ALIGNMENT + (ALIGNMENT - ((uintptr_t)raw + ALIGNMENT) % ALIGNMENT) % ALIGNMENT;
  memcpy(block - sizeof raw, &raw, sizeof raw);
  return (double *)(void *)block;
}

void rwk_free_doubles(rwk_context *ctx, double *block) {
  if (!block) return;
  char *raw;
  memcpy(&raw, (char *)block - sizeof raw, sizeof raw);
  rwk_free(ctx, raw);
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

rwk_status rwk_context_fork(rwk_context **child, const rwk_context *parent, int threads) {
  rwk_context_settings s = parent->settings;
  s.threads = threads;
  s.blas_threads = 0;
  return rwk_context_create(child, &s);
}

void rwk_context_adopt_error(rwk_context *ctx, const rwk_context *child) {
  memcpy(ctx->error, child->error, sizeof ctx->error);
}

double rwk_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
