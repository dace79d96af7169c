#include "report/arena.h"
#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK = 1 << 16, LEAST = 8 };

struct rwk_arena_block {
  rwk_arena_block *before;
  size_t size;
  alignas(max_align_t) unsigned char bytes[];
};

void rwk_arena_open(rwk_arena *arena, rwk_context *ctx) {
  *arena = (rwk_arena){.ctx = ctx};
}

void rwk_arena_close(rwk_arena *arena) {
  while (arena->last) {
    rwk_arena_block *block = arena->last;
    arena->last = block->before;
    rwk_free(arena->ctx, block);
  }
}

void *rwk_arena_take(rwk_arena *arena, size_t n, size_t size) {
  if (arena->status != RWK_OK) return NULL;
  const size_t most = SIZE_MAX / 4;
  if (size && n > most / size) {
    arena->status = rwk_fail_memory(arena->ctx, "a report");
    return NULL;
  }
  const size_t unit = alignof(max_align_t), want = (n * size + unit - 1) / unit * unit;
  if (!arena->last || arena->last->size - arena->used < want) {
    const size_t room = want > BLOCK ? want : BLOCK;
    rwk_arena_block *block = rwk_calloc(arena->ctx, 1, sizeof *block + room);
    if (!block) {
      arena->status = rwk_fail_memory(arena->ctx, "a report");
      return NULL;
    }
    block->before = arena->last;
    block->size = room;
    arena->last = block;
    arena->used = 0;
  }
  void *taken = arena->last->bytes + arena->used;
  arena->used += want;
  return taken;
}

const char *rwk_arena_text(rwk_arena *arena, const char *words) {
  const size_t length = strlen(words);
  char *copy = rwk_arena_take(arena, length + 1, 1);
  if (copy) memcpy(copy, words, length + 1);
  return copy;
}

const char *rwk_arena_print(rwk_arena *arena, const char *format, ...) {
  char line[2000];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  return rwk_arena_text(arena, line);
}

const char *rwk_arena_short(rwk_arena *arena, const char *words, size_t most) {
  static const char ellipsis[] = "\xe2\x80\xa6";
  size_t length = strlen(words);
  if (length <= most) return rwk_arena_text(arena, words);
  length = most;
  while (length > 0 && ((unsigned char)words[length] & 0xc0) == 0x80) length--;
  char *copy = rwk_arena_take(arena, length + sizeof ellipsis, 1);
  if (!copy) return NULL;
  memcpy(copy, words, length);
  memcpy(copy + length, ellipsis, sizeof ellipsis);
  return copy;
}

int rwk_arena_extend(rwk_arena *arena, void *list_pointer, size_t count, size_t size) {
  if (count > 0 && (count < LEAST || (count & (count - 1)) != 0)) return arena->status == RWK_OK;
  void *old, *fresh = rwk_arena_take(arena, count ? 2 * count : LEAST, size);
  if (!fresh) return 0;
  memcpy(&old, list_pointer, sizeof old);
  if (count) memcpy(fresh, old, count * size);
  memcpy(list_pointer, &fresh, sizeof fresh);
  return 1;
}
