/* Are two fits one? */
#include <float.h>
#include <math.h>
#include "certify/spectrum.h"
#include "landscape/landscape.h"

/* How far from the minimum that it stands for a point with gradient g can be, where the curvature is m. */
static double reach_of(const rwk_certificate *c) {
  return rwk_certificate_is_minimum(c) && c->min_eig_rest > 0 ? c->grad_norm / c->min_eig_rest : 0;
}

rwk_status rwk_off_flats(double *distance, rwk_objective *o, const double *w, const double *reference) {
  const size_t n = o->problem->dim;
  rwk_flat_set flats = {.ctx = o->ctx};
  double *d = rwk_alloc_doubles(o->ctx, n);
  rwk_status status = d ? rwk_flats_collect(&flats, o, reference) : rwk_fail_memory(o->ctx, "a comparison");
  if (status == RWK_OK) status = rwk_span_orthonormalise(&flats.span, 1e-8);
  if (status == RWK_OK) {
    for (size_t i = 0; i < n; i++) d[i] = w[i] - reference[i];
    rwk_span_project(d, &flats.span);
    *distance = rwk_norm(n, d);
  }
  rwk_flats_release(&flats);
  rwk_free_doubles(o->ctx, d);
  return status;
}

rwk_status rwk_landscape_compare(rwk_likeness *likeness, double *w, rwk_context *ctx,
                                 const rwk_problem *problem, double lambda, const double *reference,
                                 const rwk_landscape_settings *settings) {
  rwk_landscape_settings defaults;
  rwk_landscape_settings_init(&defaults);
  if (!settings) settings = &defaults;
  *likeness = (rwk_likeness){0};
  RWK_TRY(rwk_landscape_check(ctx, settings, lambda));
  RWK_TRY(rwk_problem_align(&likeness->alignment, w, ctx, problem, reference));
  rwk_certificate a, b;
  RWK_TRY(rwk_certify(&a, NULL, ctx, problem, lambda, w, &settings->certify));
  RWK_TRY(rwk_certify(&b, NULL, ctx, problem, lambda, reference, &settings->certify));
  rwk_objective o;
  RWK_TRY(rwk_objective_open(&o, ctx, problem, lambda));
  const rwk_status status = rwk_off_flats(&likeness->off_flats, &o, w, reference);
  rwk_objective_close(&o);
  /* The curvature between the two may be less than at them, by a half before Newton's method would not have
   * stopped; and weights carry rounding. */
  likeness->reach = 2 * (reach_of(&a) + reach_of(&b)) + 1e-10 * (1 + rwk_norm(problem->dim, reference));
  likeness->same = likeness->off_flats <= likeness->reach;
  return status;
}
