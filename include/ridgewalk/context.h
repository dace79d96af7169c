/* ridgewalk/context.h: what every call shares: memory, messages, cancelling, threads.
 *
 * A context may be used by one thread at a time. Objects made with it must be destroyed before it.
 */
#ifndef RIDGEWALK_CONTEXT_H
#define RIDGEWALK_CONTEXT_H

#include <stddef.h>
#include <stdint.h>
#include <ridgewalk/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rwk_context rwk_context;

/* Returns memory for `size` bytes (size > 0) aligned for any type, or NULL. `block` is NULL or a block got
 * from the same allocator, whose contents are kept up to the smaller size (as realloc). Thread-safe. */
typedef void *(*rwk_allocate_fn)(void *block, size_t size, void *payload);
typedef void (*rwk_release_fn)(void *block, void *payload);

/* Receives one line of text (no newline at the end), e.g. "column 'sex' is constant: left out". */
typedef void (*rwk_note_fn)(const char *text, void *payload);

/* Non-zero asks the call in progress to return RWK_CANCELLED soon. Called from any thread, often: be quick.
 */
typedef int (*rwk_cancel_fn)(void *payload);

typedef struct rwk_context_settings {
  size_t size;              /* sizeof this struct, set by rwk_context_settings_init */
  rwk_allocate_fn allocate; /* NULL: realloc of the C library (allocate and release go together) */
  rwk_release_fn release;   /* NULL: free of the C library */
  void *allocator_payload;
  rwk_note_fn note; /* NULL: notes are dropped */
  void *note_payload;
  rwk_cancel_fn cancel; /* NULL: never cancelled */
  void *cancel_payload;
  int threads;      /* threads for starts and walks; 0: as many as OpenMP gives */
  int blas_threads; /* OpenBLAS is set to this many threads in the whole process when the context is
                       made; 1 by default so that results do not depend on the number of threads;
                       0: leave it as it is */
} rwk_context_settings;

/* A context keeps large blocks that were given back, 128 MiB at most, for the next use, its workers' too;
 * they go back to the allocator when that has nothing left, and with the context. */
RWK_API void rwk_context_settings_init(rwk_context_settings *settings);

/* Makes a context. `settings` NULL means the defaults. The caller destroys it. RWK_NO_MEMORY on failure,
 * RWK_INVALID_ARGUMENT when only one of allocate and release is given or threads is negative. */
RWK_API rwk_status rwk_context_create(rwk_context **ctx, const rwk_context_settings *settings);
RWK_API void rwk_context_destroy(rwk_context *ctx); /* NULL is fine */

/* Text of the last failure in this context: one sentence that names the argument, or file, line and column.
 * "" if nothing has failed yet. Valid until the next call with the context. */
RWK_API const char *rwk_context_error(const rwk_context *ctx);

/* Sets how many threads OpenBLAS uses in this process, unless `threads` is 0, and returns how many it used
 * before; 0 where the BLAS is another. For hosts that share the library with others (a Python process, say)
 * and want to put the number back; contexts are then made with blas_threads 0. */
RWK_API int rwk_blas_threads(int threads);

/* Sets OpenBLAS to one thread and ends those that it started when it was loaded: for a tenth of a second they
 * look for work, on processors that a program of short runs needs itself. Does nothing where the BLAS is
 * another. For programs, before their first context; no other thread may be in the BLAS. */
RWK_API void rwk_blas_rest(void);

/* "0.1.0" */
RWK_API const char *rwk_version(void);

#ifdef __cplusplus
}
#endif
#endif
