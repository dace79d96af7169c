/* data/weights.h: the inside of weights that were read. */
#ifndef RWK_DATA_WEIGHTS_H
#define RWK_DATA_WEIGHTS_H

#include <ridgewalk/table.h>
#include "base/context.h"

typedef struct rwk_weights_layer_data {
  size_t inputs, outputs;
  double *W, *b; /* b NULL if there is none */
} rwk_weights_layer_data;

struct rwk_weights {
  rwk_context *ctx;
  rwk_weights_layer_data *layers;
  size_t count;
};

/* Fills w, which has a context and nothing else, from the bytes of a ZIP archive of NPY arrays (npz.c). */
rwk_status rwk_weights_from_npz(rwk_weights *w, const char *name, const unsigned char *bytes, size_t length);

#endif
