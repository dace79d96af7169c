#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "base/stream.h"
#include "certify/spectrum.h"

static rwk_status take(const rwk_flat *flat, void *payload) {
  rwk_flat_set *f = payload;
  f->named++;
  RWK_TRY(rwk_span_add(&f->span, flat->direction));
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
  rwk_span_init(&f->span, o->ctx, p->dim);
  return p->ops.flats ? p->ops.flats(w, o->lambda, take, f, o->work, p->self) : RWK_OK;
}

void rwk_flats_release(rwk_flat_set *f) {
  rwk_span_release(&f->span);
  rwk_free_doubles(f->ctx, f->moved);
}

double rwk_flat_limit(const rwk_certificate *c, double rounding) {
  return rounding + (c->grad_inf <= c->grad_limit ? 10 * c->grad_norm : 0);
}

/* Are all flat, by eight random combinations: X and HX are scratch [8 x n]. */
static rwk_status all_flat(int *yes, const rwk_flat_set *f, rwk_objective *o, const double *w, double limit,
                           double *X, double *HX) {
  const size_t n = f->dim;
  rwk_stream stream;
  rwk_stream_init(&stream, 0, 0x466c617473);
  memset(X, 0, RWK_PROBES * n * sizeof *X);
  for (size_t c = 0; c < RWK_PROBES; c++)
    for (size_t i = 0; i < f->span.count; i++)
      rwk_span_axpy(X + c * n, rwk_stream_normal(&stream), &f->span, i);
  RWK_TRY(rwk_objective_products(o, HX, n, X, n, RWK_PROBES, w));
  double squares = 0;
  for (size_t c = 0; c < RWK_PROBES; c++) squares += rwk_dot(n, HX + c * n, HX + c * n);
  *yes = squares <= rwk_probes_least * limit * limit;
  return RWK_OK;
}

rwk_status rwk_flats_verify(rwk_flat_set *f, rwk_objective *o, const double *w, const double *H,
                            double limit) {
  const size_t n = f->dim, count = f->span.count;
  if (count == 0) return RWK_OK;
  rwk_status status = RWK_OK;
  int all = 0;
  double *HX = rwk_alloc_doubles(f->ctx, 2 * RWK_PROBES * n);
  unsigned char *flat = rwk_calloc(f->ctx, count, sizeof *flat);
  if (!HX || !flat) {
    status = rwk_fail_memory(f->ctx, "flat directions");
    goto done;
  }
  double *X = HX + RWK_PROBES * n;
  if (!H && count > 4 * RWK_PROBES) status = all_flat(&all, f, o, w, limit, X, HX);
  for (size_t j = 0; j < count && !all && status == RWK_OK; j += RWK_PROBES) {
    const size_t k = count - j < RWK_PROBES ? count - j : RWK_PROBES;
    for (size_t c = 0; c < k; c++)
      if (H)
        rwk_span_product(HX + c * n, H, n, &f->span, j + c);
      else
        rwk_span_expand(X + c * n, &f->span, j + c);
    if (!H) status = rwk_objective_products(o, HX, n, X, n, k, w);
    for (size_t c = 0; c < k && status == RWK_OK; c++) flat[j + c] = rwk_norm(n, HX + c * n) <= limit;
  }
  if (status != RWK_OK) goto done;
  if (all) f->doubt = 1e-6;
  if (!all) rwk_span_select(&f->span, flat);
  f->refused = (int64_t)(count - f->span.count);
  status = rwk_span_orthonormalise(&f->span, 1e-8);
done:
  rwk_free(f->ctx, flat);
  rwk_free_doubles(f->ctx, HX);
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
