/* report/arena.h: memory that lives as long as one report, and is given back at once. */
#ifndef RWK_REPORT_ARENA_H
#define RWK_REPORT_ARENA_H

#include "base/context.h"

typedef struct rwk_arena_block rwk_arena_block;

typedef struct rwk_arena {
  rwk_context *ctx;
  rwk_arena_block *last;
  size_t used;       /* of the last block */
  rwk_status status; /* RWK_NO_MEMORY after the first failure, and all later calls give NULL */
} rwk_arena;

void rwk_arena_open(rwk_arena *arena, rwk_context *ctx);
void rwk_arena_close(rwk_arena *arena);

/* n elements of `size` bytes, all zero, aligned for any type; NULL: memory ran out. */
void *rwk_arena_take(rwk_arena *arena, size_t n, size_t size);
/* A copy of a text, and one that is printed (up to 2000 bytes). NULL: memory ran out. */
const char *rwk_arena_text(rwk_arena *arena, const char *words);
const char *rwk_arena_print(rwk_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The first letters of a UTF-8 text, at most so many bytes of it and never half a letter, with an ellipsis
 * where it goes on. NULL: memory ran out. */
const char *rwk_arena_short(rwk_arena *arena, const char *words, size_t most);

/* Makes room for one element more in *list of *count elements, whose capacity is the power of two from 8 on
 * that holds them. 0: memory ran out, and nothing has changed. */
int rwk_arena_extend(rwk_arena *arena, void *list_pointer, size_t count, size_t size);

#endif
