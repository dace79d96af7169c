/* What the program takes of memory: the library by its context, and jansson. */
#define _DEFAULT_SOURCE /* sbrk, madvise */
#include <limits.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "cli/json.h"
#include "cli/cli.h"

/* jansson has one allocator for the whole process, and says nothing of memory that it did not get. */
static struct {
  atomic_size_t held; /* bytes */
  size_t limit;       /* 0: none */
  atomic_int short_of;
  _Atomic(char *) heap_end; /* as far as it is in large pages; NULL: such a heap is not known here */
} memory;

/* One heap for all threads, which grows by much at once and keeps what is given back. The program calls this
 * before it has threads. */
static void begin_heap(void) {
#if defined(__GLIBC__) && defined(MADV_HUGEPAGE)
  const int much = 8 << 20, most = 32 << 20; /* the C library takes no larger threshold */
  /* NOLINTBEGIN(concurrency-mt-unsafe): no threads yet */
  if (mallopt(M_ARENA_MAX, 1) && mallopt(M_TOP_PAD, much) && mallopt(M_TRIM_THRESHOLD, INT_MAX) &&
      mallopt(M_MMAP_THRESHOLD, most))
    atomic_store(&memory.heap_end, (char *)sbrk(0));
    /* NOLINTEND(concurrency-mt-unsafe) */
#endif
}

/* What the heap grew by comes in pages of 2 MiB, where the system has them: the first touches of small ones
 * were a seventh of a small ladder's time. */
static void follow_heap(void) {
#if defined(__GLIBC__) && defined(MADV_HUGEPAGE)
  char *from = atomic_load(&memory.heap_end), *end = from ? sbrk(0) : NULL;
  if (end > from && atomic_compare_exchange_strong(&memory.heap_end, &from, end)) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), skip = (page - (size_t)from % page) % page;
    (void)madvise(from + skip, (size_t)(end - from) - skip, MADV_HUGEPAGE);
  }
#endif
}

void cli_memory_limit(size_t bytes) {
  memory.limit = bytes;
}

void cli_memory_missed(void) {
  atomic_store(&memory.short_of, 1);
}

int cli_memory_short(void) {
  return atomic_load(&memory.short_of);
}

/* May a block of `before` bytes become one of `size`? Then they are counted. */
static int book(size_t before, size_t size) {
  const size_t held = atomic_fetch_add(&memory.held, size - before) + size - before;
  if (!memory.limit || held <= memory.limit || size <= before) return 1;
  atomic_fetch_sub(&memory.held, size - before);
  return 0;
}

void *cli_allocate(void *block, size_t size, void *payload) {
  (void)payload;
  const size_t before = block ? malloc_usable_size(block) : 0;
  if (!book(before, size)) return NULL;
  void *got = realloc(block, size);
  const size_t real = got ? malloc_usable_size(got) : before;
  atomic_fetch_add(&memory.held, real - size); /* the C library rounds up; or nothing has come of it */
  follow_heap();
  return got;
}

void cli_release(void *block, void *payload) {
  (void)payload;
  if (block) atomic_fetch_sub(&memory.held, malloc_usable_size(block));
  free(block);
}

static void *json_allocate(size_t size) {
  void *block = cli_allocate(NULL, size, NULL);
  if (!block) cli_memory_missed();
  return block;
}

void cli_json_free(void *block) {
  cli_release(block, NULL);
}

void cli_memory_begin(void) {
  atomic_store(&memory.short_of, 0);
  memory.limit = 0;
  begin_heap();
  json_set_alloc_funcs(json_allocate, cli_json_free);
}
