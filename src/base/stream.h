/* base/stream.h: counter-based random streams (Philox 4x64-10 of Random123): number k of stream (seed,
 * stream) is a function of (seed, stream, k) alone, so the same bits come for any number of threads. */
#ifndef RWK_BASE_STREAM_H
#define RWK_BASE_STREAM_H

#include <stdint.h>
#include <stddef.h>

typedef struct rwk_stream {
  uint64_t key[2];
  uint64_t counter; /* next block */
  uint64_t block[4];
  int used; /* numbers of the block already given out */
} rwk_stream;

void rwk_stream_init(rwk_stream *s, uint64_t seed, uint64_t stream);
uint64_t rwk_stream_u64(rwk_stream *s);
double rwk_stream_uniform(rwk_stream *s); /* in (0, 1), 53 bits, never an end point */
double rwk_stream_normal(rwk_stream *s);  /* mean 0, variance 1 (Box-Muller, one of the pair) */

#endif
