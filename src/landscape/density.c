/* How many eigenvalues there are of which size, without any of them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/stream.h"
#include "la/quadrature.h"
#include "landscape/landscape.h"

void rwk_density_settings_init(rwk_density_settings *settings) {
  *settings = (rwk_density_settings){.size = sizeof *settings, .steps = 80, .probes = 8};
}

typedef struct at_point {
  rwk_objective *o;
  const double *w;
} at_point;

static rwk_status apply(double *y, const double *x, void *payload) {
  const at_point *p = payload;
  const size_t n = p->o->problem->dim;
  return rwk_objective_products(p->o, y, n, x, n, 1, p->w);
}

typedef struct pair {
  double node, share;
} pair;

static int by_node(const void *a, const void *b) {
  const double x = ((const pair *)a)->node, y = ((const pair *)b)->node;
  return (x > y) - (x < y);
}

static rwk_status sort(double *node, double *share, size_t count, rwk_context *ctx) {
  pair *all = rwk_alloc(ctx, count, sizeof *all);
  if (!all) return rwk_fail_memory(ctx, "a density");
  for (size_t k = 0; k < count; k++) all[k] = (pair){node[k], share[k]};
  qsort(all, count, sizeof *all, by_node);
  for (size_t k = 0; k < count; k++) {
    node[k] = all[k].node;
    share[k] = all[k].share;
  }
  rwk_free(ctx, all);
  return RWK_OK;
}

rwk_status rwk_landscape_density(double *node, double *share, size_t *count, rwk_context *ctx,
                                 const rwk_problem *problem, double lambda, const double *w,
                                 const rwk_density_settings *settings) {
  const size_t n = problem->dim;
  rwk_density_settings defaults;
  rwk_density_settings_init(&defaults);
  if (!settings) settings = &defaults;
  *count = 0;
  if (settings->size != sizeof *settings)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "density settings: call rwk_density_settings_init first");
  if (settings->steps < 1 || settings->probes < 1)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "steps and probes are 1 at least");
  rwk_objective o;
  RWK_TRY(rwk_objective_open(&o, ctx, problem, lambda));
  at_point at = {&o, w};
  double *z = rwk_alloc_doubles(ctx, n);
  rwk_status status = z ? RWK_OK : rwk_fail_memory(ctx, "a density");
  for (size_t k = 0; k < settings->probes && status == RWK_OK; k++) {
    rwk_stream s;
    rwk_stream_init(&s, settings->seed, 0x50726f6265000000 + k);
    for (size_t i = 0; i < n; i++) z[i] = rwk_stream_u64(&s) & 1 ? 1 : -1;
    size_t got = 0;
    status = rwk_cancelled(ctx) ? RWK_CANCELLED
                                : rwk_lanczos_quadrature(node + *count, share + *count, &got, ctx, n, z,
                                                         settings->steps, apply, &at);
    for (size_t i = 0; i < got && status == RWK_OK; i++) share[*count + i] /= (double)settings->probes;
    if (status == RWK_OK) *count += got;
  }
  if (status == RWK_OK) status = sort(node, share, *count, ctx);
  rwk_free_doubles(ctx, z);
  rwk_objective_close(&o);
  return status;
}
