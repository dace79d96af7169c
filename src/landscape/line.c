/* Straight lines and planes, and the curvature on them. */
#include <math.h>
#include <string.h>
#include "la/lanczos.h"
#include "landscape/landscape.h"

enum { SAMPLES = 256, BISECTIONS = 60, LANCZOS_MOST = 300 };

void rwk_landscape_settings_init(rwk_landscape_settings *settings) {
  *settings = (rwk_landscape_settings){
      .size = sizeof *settings, .eigenvalues = 1, .images = 17, .relaxations = 250, .bands = 40};
  rwk_certify_settings_init(&settings->certify);
}

rwk_status rwk_landscape_check(rwk_context *ctx, const rwk_landscape_settings *s, double lambda) {
  if (s->size != sizeof *s || s->certify.size != sizeof s->certify)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "landscape settings: call rwk_landscape_settings_init first");
  if (!(lambda >= 0) || !isfinite(lambda))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "lambda: %g is not a penalty", lambda);
  if (s->images < 5) return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "images: a band needs 5 points at least");
  if (s->relaxations < 1 || s->bands < 1)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "relaxations and bands are 1 at least");
  return RWK_OK;
}

typedef struct at_point {
  rwk_objective *o;
  const double *w;
  double sign;
} at_point;

static rwk_status apply(double *y, const double *x, void *payload) {
  const at_point *p = payload;
  const size_t n = p->o->problem->dim;
  RWK_TRY(rwk_objective_products(p->o, y, n, x, n, 1, p->w));
  if (p->sign < 0) rwk_scale(n, -1, y);
  return RWK_OK;
}

rwk_status rwk_landscape_lowest(double *value, double *vector, rwk_objective *o, const double *w, double tol,
                                const double *without) {
  at_point p = {o, w, 1};
  rwk_lanczos_settings s;
  rwk_lanczos_result r;
  rwk_lanczos_settings_init(&s);
  s.products = LANCZOS_MOST;
  s.tol = tol;
  rwk_span known;
  rwk_span_init(&known, o->ctx, o->problem->dim);
  rwk_status status = without ? rwk_span_add(&known, without) : RWK_OK;
  s.flat = &known;
  if (status == RWK_OK) status = rwk_lanczos_min(&r, vector, o->ctx, o->problem->dim, &s, apply, &p);
  if (status == RWK_OK) *value = r.value;
  rwk_span_release(&known);
  return status;
}

rwk_status rwk_landscape_stiffness(double *value, rwk_objective *o, const double *w) {
  at_point p = {o, w, -1};
  rwk_lanczos_settings s;
  rwk_lanczos_result r;
  rwk_lanczos_settings_init(&s);
  s.products = 24;
  s.least = 0;
  RWK_TRY(rwk_lanczos_min(&r, NULL, o->ctx, o->problem->dim, &s, apply, &p));
  *value = r.largest;
  return RWK_OK;
}

rwk_status rwk_landscape_min_eig(double *value, rwk_objective *o, const double *w,
                                 const rwk_certify_settings *settings) {
  const size_t n = o->problem->dim;
  if (settings->algebra == RWK_ALGEBRA_KRYLOV ||
      (settings->algebra == RWK_ALGEBRA_AUTO && n > settings->dense_limit))
    return rwk_landscape_lowest(value, NULL, o, w, 1e-4, NULL);
  double *H = rwk_alloc_doubles(o->ctx, n * n + n);
  if (!H) return rwk_fail_memory(o->ctx, "a Hessian");
  rwk_status status = rwk_objective_hessian(o, H, n, w);
  if (status == RWK_OK && !rwk_all_finite(n * n, H)) {
    *value = NAN;
  } else if (status == RWK_OK) {
    double least;
    status = rwk_eigen_some(o->ctx, &least, H + n * n, H, n, n, 0, 1);
    *value = least;
  }
  rwk_free_doubles(o->ctx, H);
  return status;
}

static void along(double *w, size_t n, const double *from, const double *to, double t) {
  for (size_t i = 0; i < n; i++) w[i] = t == 1 ? to[i] : from[i] + t * (to[i] - from[i]);
}

/* What the line is walked with: w and g, [dim] each. */
static rwk_status look(rwk_landscape_point *p, rwk_objective *o, double *w, const double *from,
                       const double *to, double t) {
  const size_t n = o->problem->dim;
  double *g = w + n;
  rwk_parts parts;
  along(w, n, from, to, t);
  RWK_TRY(rwk_objective_try(o, &parts, g, w));
  *p = (rwk_landscape_point){t, parts.loss, parts.penalty, parts.objective, 0, NAN};
  for (size_t i = 0; i < n; i++) p->slope += g[i] * (to[i] - from[i]);
  return RWK_OK;
}

static rwk_status open_line(rwk_objective *o, double **w, rwk_context *ctx, const rwk_problem *problem,
                            double lambda, const rwk_landscape_settings **settings,
                            rwk_landscape_settings *defaults) {
  rwk_landscape_settings_init(defaults);
  if (!*settings) *settings = defaults;
  *o = (rwk_objective){0};
  *w = NULL;
  RWK_TRY(rwk_landscape_check(ctx, *settings, lambda));
  RWK_TRY(rwk_objective_open(o, ctx, problem, lambda));
  *w = rwk_alloc_doubles(ctx, 2 * problem->dim);
  return *w ? RWK_OK : rwk_fail_memory(ctx, "a line");
}

rwk_status rwk_landscape_line(rwk_landscape_point *points, size_t count, rwk_context *ctx,
                              const rwk_problem *problem, double lambda, const double *from, const double *to,
                              double begin, double end, const rwk_landscape_settings *settings) {
  if (count < 2) return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "a line needs two points at least");
  rwk_landscape_settings defaults;
  rwk_objective o;
  double *w;
  rwk_status status = open_line(&o, &w, ctx, problem, lambda, &settings, &defaults);
  for (size_t k = 0; k < count && status == RWK_OK; k++) {
    const double share = (double)k / (double)(count - 1);
    status = rwk_cancelled(ctx) ? RWK_CANCELLED
                                : look(&points[k], &o, w, from, to, begin * (1 - share) + end * share);
    if (status == RWK_OK && settings->eigenvalues && isfinite(points[k].objective))
      status = rwk_landscape_min_eig(&points[k].min_eig, &o, w, &settings->certify);
  }
  rwk_objective_close(&o);
  rwk_free_doubles(ctx, w);
  return status;
}

/* Between two samples with a rising slope at the first and a falling one at the second. */
static rwk_status refine(rwk_landscape_point *top, rwk_objective *o, double *w, const double *from,
                         const double *to, double low, double high) {
  rwk_landscape_point p;
  for (int k = 0; k < BISECTIONS && high - low > 1e-15; k++) {
    RWK_TRY(look(&p, o, w, from, to, 0.5 * (low + high)));
    if (p.objective > top->objective) *top = p;
    if (p.slope > 0)
      low = p.t;
    else
      high = p.t;
  }
  return RWK_OK;
}

rwk_status rwk_landscape_line_top(rwk_landscape_point *top, rwk_context *ctx, const rwk_problem *problem,
                                  double lambda, const double *from, const double *to,
                                  const rwk_landscape_settings *settings) {
  rwk_landscape_settings defaults;
  rwk_objective o;
  double *w;
  rwk_landscape_point before = {0}, p;
  *top = (rwk_landscape_point){.objective = -INFINITY, .min_eig = NAN};
  rwk_status status = open_line(&o, &w, ctx, problem, lambda, &settings, &defaults);
  for (int k = 0; k <= SAMPLES && status == RWK_OK; k++) {
    status = look(&p, &o, w, from, to, (double)k / SAMPLES);
    if (status == RWK_OK && p.objective > top->objective) *top = p;
    if (status == RWK_OK && k > 0 && before.slope > 0 && p.slope < 0)
      status = refine(top, &o, w, from, to, before.t, p.t);
    before = p;
  }
  if (status == RWK_OK && settings->eigenvalues && isfinite(top->objective)) {
    along(w, problem->dim, from, to, top->t);
    status = rwk_landscape_min_eig(&top->min_eig, &o, w, &settings->certify);
  }
  rwk_objective_close(&o);
  rwk_free_doubles(ctx, w);
  return status;
}

rwk_status rwk_landscape_plane(double *values, rwk_context *ctx, const rwk_problem *problem, double lambda,
                               const double *origin, const double *u, const double *v, const double *x,
                               size_t x_count, const double *y, size_t y_count) {
  rwk_landscape_settings defaults;
  const rwk_landscape_settings *settings = NULL;
  rwk_objective o;
  double *w;
  rwk_status status = open_line(&o, &w, ctx, problem, lambda, &settings, &defaults);
  for (size_t j = 0; j < y_count && status == RWK_OK; j++) {
    if (rwk_cancelled(ctx)) status = RWK_CANCELLED;
    for (size_t i = 0; i < x_count && status == RWK_OK; i++) {
      rwk_parts parts;
      for (size_t k = 0; k < problem->dim; k++) w[k] = origin[k] + x[i] * u[k] + y[j] * v[k];
      status = rwk_objective_try(&o, &parts, NULL, w);
      values[j * x_count + i] = parts.objective;
    }
  }
  rwk_objective_close(&o);
  rwk_free_doubles(ctx, w);
  return status;
}
