#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "certify/spectrum.h"

static rwk_status take(const rwk_flat *flat, void *payload) {
  rwk_flat_set *f = payload;
  f->named++;
  RWK_TRY(rwk_grow(f->ctx, &f->vectors, &f->capacity, f->count + 1, f->dim * sizeof *f->vectors));
  memcpy(f->vectors + f->count * f->dim, flat->direction, f->dim * sizeof *f->vectors);
  f->count++;
  if (!f->label[0]) snprintf(f->label, sizeof f->label, "%s", flat->label);
  if (!flat->moved || !flat->way || isnan(flat->curvature)) return RWK_OK;
  if (f->moved && f->curvature <= flat->curvature) return RWK_OK;
  if (!f->moved) {
    f->moved = rwk_alloc_doubles(f->ctx, 2 * f->dim);
    if (!f->moved) return rwk_fail_memory(f->ctx, "flat directions");
    f->way = f->moved + f->dim;
  }
  f->curvature = flat->curvature;
  f->way_position = rwk_dot(f->dim, flat->direction, f->w);
  snprintf(f->way_label, sizeof f->way_label, "%s", flat->label);
  memcpy(f->moved, flat->moved, f->dim * sizeof *f->moved);
  memcpy(f->way, flat->way, f->dim * sizeof *f->way);
  return RWK_OK;
}

rwk_status rwk_flats_collect(rwk_flat_set *f, rwk_objective *o, const double *w) {
  const rwk_problem *p = o->problem;
  *f = (rwk_flat_set){.ctx = o->ctx, .dim = p->dim, .w = w, .curvature = NAN};
  return p->ops.flats ? p->ops.flats(w, o->lambda, take, f, o->work, p->self) : RWK_OK;
}

void rwk_flats_release(rwk_flat_set *f) {
  rwk_free(f->ctx, f->vectors);
  rwk_free_doubles(f->ctx, f->moved);
}

double rwk_flat_limit(const rwk_certificate *c, double rounding) {
  return rounding + (c->grad_inf <= c->grad_limit ? 10 * c->grad_norm : 0);
}

rwk_status rwk_flats_verify(rwk_flat_set *f, rwk_objective *o, const double *w, double limit) {
  const size_t n = f->dim;
  if (f->count == 0) return RWK_OK;
  enum { BLOCK = 8 };
  double *HV = rwk_alloc_doubles(f->ctx, BLOCK * n);
  if (!HV) return rwk_fail_memory(f->ctx, "flat directions");
  rwk_status status = RWK_OK;
  size_t kept = 0;
  for (size_t j = 0; j < f->count; j += BLOCK) {
    const size_t k = f->count - j < BLOCK ? f->count - j : BLOCK;
    status = rwk_objective_products(o, HV, n, f->vectors + j * n, n, k, w);
    if (status != RWK_OK) goto done;
    for (size_t c = 0; c < k; c++) {
      if (!(rwk_norm(n, HV + c * n) <= limit)) continue;
      if (kept != j + c) memcpy(f->vectors + kept * n, f->vectors + (j + c) * n, n * sizeof *HV);
      kept++;
    }
  }
  f->refused = (int64_t)(f->count - kept);
  rwk_orthonormalise(&f->count, f->vectors, n, n, kept, 1e-8);
done:
  rwk_free_doubles(f->ctx, HV);
  return status;
}

rwk_status rwk_flats_escape(double *curvature, rwk_flat_set *f, rwk_objective *o, double objective) {
  *curvature = NAN;
  if (!f->moved) return RWK_OK;
  rwk_parts parts;
  RWK_TRY(rwk_objective_try(o, &parts, NULL, f->moved));
  if (!(fabs(parts.objective - objective) <= 256 * DBL_EPSILON * (1 + fabs(objective)))) return RWK_OK;
  double *product = rwk_alloc_doubles(f->ctx, f->dim);
  if (!product) return rwk_fail_memory(f->ctx, "flat directions");
  const rwk_status status = rwk_objective_products(o, product, f->dim, f->way, f->dim, 1, f->moved);
  if (status == RWK_OK) *curvature = rwk_dot(f->dim, f->way, product);
  rwk_free_doubles(f->ctx, product);
  return status;
}
