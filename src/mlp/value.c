/* Value and gradient, tile by tile: a tile goes forward and back while it is in cache. */
#include <string.h>
#include "mlp/network.h"

/* Up to this size keeping the tiles costs `value` nothing that is seen: they stay in the second-level cache.
 * Larger ones are kept by the first Hessian product at a point. */
static const size_t value_keeps = (size_t)1 << 20;

/* Sum over the rows of one tile, added to the gradient. */
static void add_gradient(const rwk_mlp *m, double *gradient, const double *buffer, size_t tile) {
  for (size_t l = 0; l < m->depth; l++) {
    const rwk_mlp_layer *layer = &m->layers[l];
    m->kernel->dots(gradient + layer->W, layer->outputs, rwk_mlp_layer_in(m, l, rwk_mlp_X(m, tile), buffer),
                    rwk_mlp_layer_rows(layer), buffer + m->dZ_at[l], layer->outputs, m->extent);
  }
}

rwk_status rwk_mlp_value(double *loss, double *gradient, const double *w, void *work, void *self) {
  const rwk_mlp *m = self;
  rwk_mlp_work *s = work;
  const int keep = gradient && s->kept && m->tiles * m->tile_size * sizeof(double) <= value_keeps;
  if (gradient) memset(gradient, 0, m->dim * sizeof *gradient);
  if (keep) {
    s->known = 1;
    memcpy(s->w, w, m->dim * sizeof *w);
  }
  double sum = 0;
  for (size_t t = 0; t < m->tiles; t++) {
    double *buffer = keep ? s->kept + t * m->tile_size : s->tile;
    rwk_mlp_forward(m, buffer, rwk_mlp_X(m, t), w);
    sum += rwk_mlp_residual(m, buffer, t);
    if (!gradient) continue;
    rwk_mlp_backward(m, buffer, w);
    add_gradient(m, gradient, buffer, t);
  }
  *loss = sum;
  return RWK_OK;
}

static void compute(rwk_mlp_work *s, double *buffer, size_t tile) {
  rwk_mlp_forward(s->mlp, buffer, rwk_mlp_X(s->mlp, tile), s->w);
  rwk_mlp_residual(s->mlp, buffer, tile);
  rwk_mlp_backward(s->mlp, buffer, s->w);
}

void rwk_mlp_at(rwk_mlp_work *s, const double *w) {
  const rwk_mlp *m = s->mlp;
  if (s->known && memcmp(w, s->w, m->dim * sizeof *w) == 0) return;
  memcpy(s->w, w, m->dim * sizeof *w);
  s->known = s->kept != NULL;
  if (!s->kept) return;
  for (size_t t = 0; t < m->tiles; t++) compute(s, s->kept + t * m->tile_size, t);
}

const double *rwk_mlp_tile_at(rwk_mlp_work *s, size_t tile) {
  if (s->kept) return s->kept + tile * s->mlp->tile_size;
  compute(s, s->tile, tile);
  return s->tile;
}
