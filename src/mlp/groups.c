/* Which unit a weight belongs to. */
#include <stdio.h>
#include "mlp/network.h"

/* A hidden unit has its incoming weights and its bias; those of the last hidden layer their outgoing weights
 * too. What is left, the biases of the outputs, is the last group; without a hidden layer each output is one.
 */
rwk_status rwk_mlp_groups(size_t *group, size_t *count, void *self) {
  const rwk_mlp *m = self;
  size_t first = 0; /* group of the layer's first unit */
  for (size_t l = 0; l < m->depth; l++) {
    const rwk_mlp_layer *layer = &m->layers[l];
    const int last = l + 1 == m->depth, owner = last && m->depth > 1;
    const size_t before = first - (l ? layer->inputs : 0);
    for (size_t j = 0; j < layer->outputs; j++) {
      for (size_t i = 0; i < layer->inputs; i++)
        group[layer->W + i * layer->outputs + j] = owner ? before + i : first + j;
      if (layer->has_bias) group[layer->b + j] = owner ? first : first + j;
    }
    first += last && m->depth > 1 ? 1 : layer->outputs;
  }
  *count = first;
  return RWK_OK;
}

void rwk_mlp_group_name(char *text, size_t size, size_t group, void *self) {
  const rwk_mlp *m = self;
  for (size_t l = 0; l + 1 < m->depth; l++) {
    if (group < m->layers[l].outputs) {
      if (m->depth > 2)
        snprintf(text, size, "unit %zu of layer %zu", group + 1, l + 1);
      else
        snprintf(text, size, "unit %zu", group + 1);
      return;
    }
    group -= m->layers[l].outputs;
  }
  if (m->depth > 1)
    snprintf(text, size, "output biases");
  else
    snprintf(text, size, "output %zu", group + 1);
}
