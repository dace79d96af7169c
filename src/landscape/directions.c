/* Which two directions a plane has. */
#include <math.h>
#include <string.h>
#include "base/stream.h"
#include "landscape/landscape.h"

static const char *const names[] = {
#define RWK_X(symbol, name, meaning) name,
    RWK_DIRECTIONS_LIST(RWK_X)
#undef RWK_X
};

const char *rwk_directions_name(rwk_directions kind) {
  return names[kind];
}

rwk_status rwk_directions_from_name(rwk_directions *kind, const char *name) {
  for (size_t k = 0; k < sizeof names / sizeof *names; k++)
    if (!strcmp(name, names[k])) {
      *kind = (rwk_directions)k;
      return RWK_OK;
    }
  return RWK_INVALID_ARGUMENT;
}

/* d := normal numbers, each part as long as that part of w; 0 where there is no penalty. lengths[2 x parts].
 */
static void random_direction(double *d, const rwk_problem *p, const double *w, const size_t *part,
                             size_t parts, double *lengths, uint64_t seed, uint64_t stream) {
  rwk_stream s;
  rwk_stream_init(&s, seed, stream);
  memset(lengths, 0, 2 * parts * sizeof *lengths);
  for (size_t i = 0; i < p->dim; i++) {
    d[i] = rwk_stream_normal(&s);
    if (!p->penalised[i]) d[i] = 0;
    lengths[2 * part[i]] += p->penalised[i] ? w[i] * w[i] : 0;
    lengths[2 * part[i] + 1] += d[i] * d[i];
  }
  for (size_t i = 0; i < p->dim; i++)
    if (d[i] != 0) d[i] *= sqrt(lengths[2 * part[i]] / lengths[2 * part[i] + 1]);
}

static rwk_status at_random(double *u, double *v, rwk_objective *o, const double *w, uint64_t seed) {
  const rwk_problem *p = o->problem;
  size_t *part = rwk_calloc(o->ctx, p->dim, sizeof *part), parts = 1;
  rwk_status status = part ? RWK_OK : rwk_fail_memory(o->ctx, "directions");
  if (status == RWK_OK && p->ops.groups) status = p->ops.groups(part, &parts, p->self);
  double *lengths = status == RWK_OK ? rwk_alloc_doubles(o->ctx, 2 * parts) : NULL;
  if (status == RWK_OK && !lengths) status = rwk_fail_memory(o->ctx, "directions");
  if (status == RWK_OK) {
    random_direction(u, p, w, part, parts, lengths, seed, 1);
    random_direction(v, p, w, part, parts, lengths, seed, 2);
  }
  rwk_free_doubles(o->ctx, lengths);
  rwk_free(o->ctx, part);
  return status;
}

static rwk_status of_least_curvature(double *u, double *v, rwk_objective *o, const double *w,
                                     const rwk_certify_settings *s) {
  const size_t n = o->problem->dim;
  double values[2];
  if (n < 2) return rwk_fail(o->ctx, RWK_INVALID_ARGUMENT, "a plane needs two coordinates at least");
  if (s->algebra == RWK_ALGEBRA_KRYLOV || (s->algebra == RWK_ALGEBRA_AUTO && n > s->dense_limit)) {
    RWK_TRY(rwk_landscape_lowest(&values[0], u, o, w, 1e-6, NULL));
    return rwk_landscape_lowest(&values[1], v, o, w, 1e-6, u);
  }
  double *H = rwk_alloc_doubles(o->ctx, n * (n + 2));
  if (!H) return rwk_fail_memory(o->ctx, "a Hessian");
  double *vectors = H + n * n;
  rwk_status status = rwk_objective_hessian(o, H, n, w);
  if (status == RWK_OK) status = rwk_eigen_some(o->ctx, values, vectors, H, n, n, 0, 2);
  if (status == RWK_OK) {
    memcpy(u, vectors, n * sizeof *u);
    memcpy(v, vectors + n, n * sizeof *v);
  }
  rwk_free_doubles(o->ctx, H);
  return status;
}

rwk_status rwk_landscape_directions(double *u, double *v, double curvature[2], rwk_context *ctx,
                                    const rwk_problem *problem, double lambda, const double *w,
                                    rwk_directions kind, const rwk_landscape_settings *settings) {
  rwk_landscape_settings defaults;
  rwk_landscape_settings_init(&defaults);
  if (!settings) settings = &defaults;
  RWK_TRY(rwk_landscape_check(ctx, settings, lambda));
  rwk_objective o;
  RWK_TRY(rwk_objective_open(&o, ctx, problem, lambda));
  rwk_status status = kind == RWK_DIRECTIONS_RANDOM ? at_random(u, v, &o, w, settings->seed)
                                                    : of_least_curvature(u, v, &o, w, &settings->certify);
  double *product = rwk_alloc_doubles(ctx, problem->dim);
  if (!product && status == RWK_OK) status = rwk_fail_memory(ctx, "directions");
  for (int k = 0; k < 2 && status == RWK_OK; k++) {
    const double *d = k ? v : u;
    status = rwk_objective_products(&o, product, problem->dim, d, problem->dim, 1, w);
    curvature[k] = rwk_dot(problem->dim, d, product);
  }
  rwk_free_doubles(ctx, product);
  rwk_objective_close(&o);
  return status;
}

rwk_status rwk_landscape_three(double *u, double *v, double places[3][2], rwk_context *ctx, size_t dim,
                               const double *a, const double *b, const double *c) {
  for (size_t i = 0; i < dim; i++) {
    u[i] = b[i] - a[i];
    v[i] = c[i] - a[i];
  }
  const double across = rwk_norm(dim, u), other = rwk_norm(dim, v);
  if (!(across > 0)) return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "two of the three points are one");
  rwk_scale(dim, 1 / across, u);
  double along = 0;
  for (int pass = 0; pass < 2; pass++) {
    const double part = rwk_dot(dim, u, v);
    rwk_axpy(dim, -part, u, v);
    along += part;
  }
  const double height = rwk_norm(dim, v);
  if (!(height > 1e-9 * fmax(across, other)))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "the three points lie on one line");
  rwk_scale(dim, 1 / height, v);
  const double found[3][2] = {{0, 0}, {across, 0}, {along, height}};
  memcpy(places, found, sizeof found);
  return RWK_OK;
}
