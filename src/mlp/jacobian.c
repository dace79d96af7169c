/* Derivatives of the network's outputs by its weights, row by row. */
#include <string.h>
#include "mlp/network.h"

/* Activations of one row: a[l] are the inputs of layer l, z[l] its pre-activations. */
typedef struct row_pass {
  const rwk_mlp *m;
  const double *w;
  double *a, *z, *dz; /* one after the other: [inputs + all outputs], [all outputs] each */
} row_pass;

static void forward(row_pass *p, const double *x) {
  const rwk_mlp *m = p->m;
  memcpy(p->a, x, m->inputs * sizeof *x);
  double *a = p->a, *z = p->z;
  for (size_t l = 0; l < m->depth; l++) {
    const rwk_mlp_layer *layer = &m->layers[l];
    double *next = a + layer->inputs;
    for (size_t j = 0; j < layer->outputs; j++) {
      z[j] = layer->has_bias ? p->w[layer->b + j] : 0;
      for (size_t i = 0; i < layer->inputs; i++) z[j] += a[i] * p->w[layer->W + i * layer->outputs + j];
      next[j] = rwk_mlp_phi(m->activation, z[j]);
    }
    a = next;
    z += layer->outputs;
  }
}

/* g[dim] = d f_k / dw. dz of the last layer is the k-th unit vector. */
static void backward(double *g, row_pass *p, size_t k, size_t units) {
  const rwk_mlp *m = p->m;
  const double *a = p->a + m->inputs + units, *z = p->z + units;
  double *dz = p->dz + units;
  for (size_t l = m->depth; l-- > 0;) {
    const rwk_mlp_layer *layer = &m->layers[l];
    double *above = dz; /* of the layer after */
    a -= layer->outputs;
    z -= layer->outputs;
    dz -= layer->outputs;
    const double *in = a - layer->inputs;
    for (size_t j = 0; j < layer->outputs; j++) {
      if (l + 1 == m->depth) {
        dz[j] = j == k;
      } else {
        const rwk_mlp_layer *next = &m->layers[l + 1];
        double sum = 0;
        for (size_t o = 0; o < next->outputs; o++) sum += p->w[next->W + j * next->outputs + o] * above[o];
        dz[j] = sum * rwk_mlp_phi1(m->activation, z[j]);
      }
      for (size_t i = 0; i < layer->inputs; i++) g[layer->W + i * layer->outputs + j] = in[i] * dz[j];
      if (layer->has_bias) g[layer->b + j] = dz[j];
    }
  }
}

rwk_status rwk_mlp_jacobian(double *G, size_t ldg, const rwk_mlp *m, const double *X, size_t ldx, size_t rows,
                            const double *w) {
  if (ldg < m->dim || ldx < m->inputs)
    return rwk_fail(m->ctx, RWK_INVALID_ARGUMENT, "jacobian: %s is less than the number of columns",
                    ldg < m->dim ? "ldg" : "ldx");
  size_t units = 0;
  for (size_t l = 0; l < m->depth; l++) units += m->layers[l].outputs;
  double *memory = rwk_alloc_doubles(m->ctx, m->inputs + 3 * units);
  if (!memory) return rwk_fail_memory(m->ctx, "derivatives of predictions");
  row_pass p = {
      .m = m, .w = w, .a = memory, .z = memory + m->inputs + units, .dz = memory + m->inputs + 2 * units};
  for (size_t i = 0; i < rows; i++) {
    forward(&p, X + i * ldx);
    for (size_t k = 0; k < m->outputs; k++) backward(G + (i * m->outputs + k) * ldg, &p, k, units);
  }
  rwk_free_doubles(m->ctx, memory);
  return RWK_OK;
}
