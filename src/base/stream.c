#include <math.h>
#include <Random123/philox.h>
#include "base/stream.h"

void rwk_stream_init(rwk_stream *s, uint64_t seed, uint64_t stream) {
  s->key[0] = seed;
  s->key[1] = stream;
  s->counter = 0;
  s->used = 4;
}

uint64_t rwk_stream_u64(rwk_stream *s) {
  if (s->used == 4) {
    const philox4x64_ctr_t counter = {{s->counter++, 0, 0, 0}};
    const philox4x64_key_t key = {{s->key[0], s->key[1]}};
    const philox4x64_ctr_t out = philox4x64(counter, key);
    for (int i = 0; i < 4; i++) s->block[i] = out.v[i];
    s->used = 0;
  }
  return s->block[s->used++];
}

double rwk_stream_uniform(rwk_stream *s) {
  return ((double)(rwk_stream_u64(s) >> 11) + 0.5) * 0x1p-53;
}

double rwk_stream_normal(rwk_stream *s) {
  const double u = rwk_stream_uniform(s), v = rwk_stream_uniform(s);
  return sqrt(-2 * log(u)) * cos(6.283185307179586476925286766559 * v);
}
