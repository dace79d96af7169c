/* base/context.h: the inside of a context, for the library's own floors. */
#ifndef RWK_BASE_CONTEXT_H
#define RWK_BASE_CONTEXT_H

#include <stdarg.h>
#include <ridgewalk/context.h>

/* Fails: returns its first argument's status from the enclosing function unless it is RWK_OK. Only where
 * nothing is owned. */
#define RWK_TRY(call)                                                                                        \
  do {                                                                                                       \
    const rwk_status rwk_try_status = (call);                                                                \
    if (rwk_try_status != RWK_OK) return rwk_try_status;                                                     \
  } while (0)

/* n elements of `size` bytes, NULL on overflow or when memory runs out; n == 0 gives a block of one element.
 */
void *rwk_alloc(rwk_context *ctx, size_t n, size_t size);
void *rwk_calloc(rwk_context *ctx, size_t n, size_t size);
void *rwk_realloc(rwk_context *ctx, void *block, size_t n, size_t size);
void rwk_free(rwk_context *ctx, void *block); /* NULL is fine */
char *rwk_strdup(rwk_context *ctx, const char *text);

/* n doubles aligned to 64 bytes, from the context's allocator; release with rwk_free_doubles. */
double *rwk_alloc_doubles(rwk_context *ctx, size_t n);
void rwk_free_doubles(rwk_context *ctx, double *block); /* NULL is fine */

/* Grows *array (capacity *capacity, in elements) so that it holds at least `need`; doubles. */
rwk_status rwk_grow(rwk_context *ctx, void *array_pointer, size_t *capacity, size_t need, size_t size);

/* Puts the sentence on the context. */
void rwk_set_error(rwk_context *ctx, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, with `status` as its value: `return rwk_fail(ctx, RWK_DATA, "...", ...)`. A macro, so that
 * whoever reads the code, and the static analyser, sees that the value is the status. */
#define rwk_fail(ctx, status, ...) (rwk_set_error((ctx), __VA_ARGS__), (status))

/* "memory ran out (WHAT)". */
#define rwk_fail_memory(ctx, what) rwk_fail((ctx), RWK_NO_MEMORY, "memory ran out (%s)", (what))

/* One line to the note callback. */
void rwk_note(rwk_context *ctx, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Has the caller asked to stop? Thread-safe. */
int rwk_cancelled(const rwk_context *ctx);

int rwk_threads(const rwk_context *ctx); /* >= 1 */

/* A context for a worker, who may use so many threads itself: same allocator and callbacks, error text of its
 * own; destroyed before the parent is. */
rwk_status rwk_context_fork(rwk_context **child, const rwk_context *parent, int threads);
/* Takes over a worker's error text. */
void rwk_context_adopt_error(rwk_context *ctx, const rwk_context *child);

/* Seconds from some fixed moment, monotone. */
double rwk_seconds(void);

#endif
