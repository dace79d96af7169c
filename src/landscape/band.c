/* A nudged elastic band: points between two ends, of which each slides downhill across the band while springs
 * along it keep them apart (Jonsson, Mills and Jacobsen 1998). Tangents as Henkelman and Jonsson (J. Chem.
 * Phys. 113, 9978, 2000) have them; the top climbs (J. Chem. Phys. 113, 9901). Steps by FIRE (Bitzek et al.,
 * Phys. Rev. Lett. 97, 2006): motion with inertia, which is stopped when it goes uphill. */
#include <math.h>
#include <string.h>
#include "landscape/landscape.h"

double rwk_distance(size_t n, const double *a, const double *b) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sqrt(sum);
}

rwk_status rwk_band_open(rwk_band *b, rwk_context *ctx, size_t count, size_t dim) {
  *b = (rwk_band){.count = count, .dim = dim, .w = rwk_alloc_doubles(ctx, (4 * count + 1) * dim + count)};
  if (!b->w) return rwk_fail_memory(ctx, "a band");
  b->scratch = b->w + count * dim;
  b->tangent = b->scratch + 3 * count * dim;
  b->J = b->tangent + dim;
  return RWK_OK;
}

void rwk_band_close(rwk_band *b, rwk_context *ctx) {
  rwk_free_doubles(ctx, b->w);
  *b = (rwk_band){0};
}

void rwk_band_draw(rwk_band *b, const double *from, const double *to, const double *bend) {
  for (size_t k = 0; k < b->count; k++) {
    const double t = (double)k / (double)(b->count - 1), s = 1 - t;
    for (size_t i = 0; i < b->dim; i++)
      b->w[k * b->dim + i] =
          bend ? s * s * from[i] + 2 * s * t * bend[i] + t * t * to[i] : s * from[i] + t * to[i];
  }
  memcpy(b->w + (b->count - 1) * b->dim, to, b->dim * sizeof *to);
}

size_t rwk_band_top(rwk_band *b) {
  size_t top = 1;
  for (size_t k = 2; k + 1 < b->count; k++)
    if (b->J[k] > b->J[top]) top = k;
  const double *before = b->w + (top - 1) * b->dim, *after = b->w + (top + 1) * b->dim;
  for (size_t i = 0; i < b->dim; i++) b->tangent[i] = after[i] - before[i];
  const double length = rwk_norm(b->dim, b->tangent);
  if (length > 0) rwk_scale(b->dim, 1 / length, b->tangent);
  return top;
}

/* The unit tangent at a point: towards the higher neighbour, and a mixture of both at tops and bottoms. */
static void tangent_at(double *tangent, const rwk_band *b, size_t k) {
  const size_t n = b->dim;
  const double *before = b->w + (k - 1) * n, *w = before + n, *after = w + n;
  const double up = b->J[k + 1] - b->J[k], down = b->J[k] - b->J[k - 1];
  double ahead = 1, behind = 1;
  if (up > 0 && down > 0) {
    behind = 0;
  } else if (up < 0 && down < 0) {
    ahead = 0;
  } else {
    const double large = fmax(fabs(up), fabs(down)), small = fmin(fabs(up), fabs(down));
    ahead = b->J[k + 1] > b->J[k - 1] ? large : small;
    behind = b->J[k + 1] > b->J[k - 1] ? small : large;
    if (!(large > 0)) ahead = behind = 1;
  }
  for (size_t i = 0; i < n; i++) tangent[i] = ahead * (after[i] - w[i]) + behind * (w[i] - before[i]);
  const double length = rwk_norm(n, tangent);
  if (length > 0) rwk_scale(n, 1 / length, tangent);
}

/* force := downhill across the band, springs along it; where the point climbs, uphill along it. */
static void force_at(double *force, rwk_band *b, size_t k, const double *g, double spring, int climbs) {
  const size_t n = b->dim;
  const double *w = b->w + k * n;
  tangent_at(b->tangent, b, k);
  const double slope = rwk_dot(n, g, b->tangent);
  const double pull = climbs ? slope : spring * (rwk_distance(n, w + n, w) - rwk_distance(n, w, w - n));
  for (size_t i = 0; i < n; i++) force[i] = -g[i] + (slope + pull) * b->tangent[i];
}

static rwk_status evaluate(rwk_band *b, rwk_objective *o, size_t k) {
  rwk_parts parts;
  RWK_TRY(rwk_objective_try(o, &parts, b->scratch + k * b->dim, b->w + k * b->dim));
  b->J[k] = parts.objective;
  return RWK_OK;
}

typedef struct fire {
  double dt, most, alpha;
  int downhill; /* steps since it last went uphill */
} fire;

/* One step of all points; `v` and `f` are of all but the ends, in one piece each. */
static void step(rwk_band *b, fire *z, double *v, const double *f, double longest) {
  const size_t all = (b->count - 2) * b->dim;
  const double power = rwk_dot(all, v, f);
  if (power > 0) {
    const double speed = rwk_norm(all, v), strength = rwk_norm(all, f);
    const double turn = strength > 0 ? z->alpha * speed / strength : 0;
    for (size_t i = 0; i < all; i++) v[i] = (1 - z->alpha) * v[i] + turn * f[i];
    if (++z->downhill > 5) {
      z->dt = fmin(1.1 * z->dt, z->most);
      z->alpha *= 0.99;
    }
  } else {
    memset(v, 0, all * sizeof *v);
    z->downhill = 0;
    z->dt *= 0.5;
    z->alpha = 0.1;
  }
  rwk_axpy(all, z->dt, f, v);
  for (size_t k = 1; k + 1 < b->count; k++) {
    double *speed = v + (k - 1) * b->dim;
    const double length = z->dt * rwk_norm(b->dim, speed);
    if (length > longest) rwk_scale(b->dim, longest / length, speed);
    rwk_axpy(b->dim, z->dt, speed, b->w + k * b->dim);
  }
}

rwk_status rwk_band_relax(rwk_band *b, rwk_objective *o, double stiffness, int64_t steps) {
  const size_t n = b->dim, all = (b->count - 2) * n;
  double *g = b->scratch, *f = g + b->count * n, *v = f + b->count * n;
  fire z = {.dt = 0.3 / sqrt(stiffness), .most = 1.2 / sqrt(stiffness), .alpha = 0.1};
  const double spring = 0.1 * stiffness;
  memset(v, 0, all * sizeof *v);
  for (size_t k = 0; k < b->count; k++) RWK_TRY(evaluate(b, o, k));
  double before = INFINITY;
  for (int64_t round = 0; round < steps; round++) {
    if (rwk_cancelled(o->ctx)) return RWK_CANCELLED;
    const size_t top = rwk_band_top(b);
    const int climbs = 2 * round > steps && b->J[top] > fmax(b->J[0], b->J[b->count - 1]);
    for (size_t k = 1; k + 1 < b->count; k++)
      force_at(f + (k - 1) * n, b, k, g + k * n, spring, climbs && k == top);
    const double spacing = rwk_distance(n, b->w, b->w + (b->count - 1) * n) / (double)(b->count - 1);
    step(b, &z, v, f, 0.5 * spacing);
    for (size_t k = 1; k + 1 < b->count; k++) {
      RWK_TRY(evaluate(b, o, k));
      if (!isfinite(b->J[k])) return rwk_fail(o->ctx, RWK_NUMERICAL, "a band ran to where J is not finite");
    }
    if (round % 50 != 49) continue;
    const size_t now = rwk_band_top(b);
    const double floor = fmin(b->J[0], b->J[b->count - 1]);
    if (fabs(b->J[now] - before) <= 1e-5 * (b->J[now] - floor) && 4 * round > 3 * steps) break;
    before = b->J[now];
  }
  return RWK_OK;
}
