/* GradOpt (Hazan, Levy and Shalev-Shwartz, ICML 2016) at one penalty: J is replaced by its mean over a ball
 * of radius delta, J_delta(w) = E J(w + delta u), which is descended from where the epoch before ended and
 * within 1.5 delta of there; then delta is halved. The paper descends by gradients at random points of the
 * ball; here the mean is over pairs u, -u that are drawn once for an epoch, so that it is a function, and a
 * line search holds. */
#include <math.h>
#include <string.h>
#include "base/stream.h"
#include "path/path.h"

enum { ITERATIONS = 40, HALVINGS = 30 };

typedef struct rwk_graduator {
  rwk_context *ctx;
  rwk_objective o;
  size_t n, samples;
  double *centre, *x, *g, *trial, *trial_g, *at, *at_g; /* [n] each */
  double *u;                                            /* [samples x n] points of the unit ball */
} rwk_graduator;

void rwk_graduator_destroy(rwk_graduator *g) {
  if (!g) return;
  rwk_objective_close(&g->o);
  rwk_free_doubles(g->ctx, g->centre);
  rwk_free(g->ctx, g);
}

static rwk_status make(rwk_graduator **out, rwk_context *ctx, const rwk_path *path) {
  const size_t n = path->dim, samples = (size_t)path->settings.smoothing_samples;
  rwk_graduator *g = rwk_calloc(ctx, 1, sizeof *g);
  if (!g) return rwk_fail_memory(ctx, "smoothing");
  *out = g;
  g->ctx = ctx;
  g->n = n;
  g->samples = samples;
  g->centre = rwk_alloc_doubles(ctx, (7 + samples) * n);
  if (!g->centre) return rwk_fail_memory(ctx, "smoothing");
  double **const vectors[] = {&g->x, &g->g, &g->trial, &g->trial_g, &g->at, &g->at_g, &g->u};
  for (size_t k = 0; k < 7; k++) *vectors[k] = g->centre + (k + 1) * n;
  return rwk_objective_open(&g->o, ctx, path->problem, 0);
}

/* A normal vector's direction, and the n-th root of a uniform number as its length: uniform in the ball. */
static void draw(rwk_graduator *g, uint64_t seed, uint64_t stream, int epoch) {
  rwk_stream s;
  rwk_stream_init(&s, seed ^ 0x736d6f6f7468, stream + ((uint64_t)epoch << 56));
  for (size_t k = 0; k < g->samples; k++) {
    double *u = g->u + k * g->n;
    for (size_t i = 0; i < g->n; i++) u[i] = rwk_stream_normal(&s);
    rwk_scale(g->n, pow(rwk_stream_uniform(&s), 1 / (double)g->n) / rwk_norm(g->n, u), u);
  }
}

/* The mean of J and of its gradient over the pairs; INFINITY where one is not finite. */
static rwk_status mean(double *J, double *gradient, rwk_graduator *g, const double *w, double delta) {
  *J = 0;
  memset(gradient, 0, g->n * sizeof *gradient);
  const double share = 0.5 / (double)g->samples;
  for (size_t k = 0; k < 2 * g->samples; k++) {
    const double *u = g->u + k / 2 * g->n, length = k % 2 ? -delta : delta;
    rwk_parts parts;
    for (size_t i = 0; i < g->n; i++) g->at[i] = w[i] + length * u[i];
    RWK_TRY(rwk_objective_try(&g->o, &parts, g->at_g, g->at));
    *J += share * parts.objective;
    if (!isfinite(*J)) return RWK_OK;
    rwk_axpy(g->n, share, g->at_g, gradient);
  }
  return RWK_OK;
}

/* trial = x - t g, drawn back to within `radius` of the centre; its distance from x. */
static double move(rwk_graduator *g, double t, double radius) {
  double out = 0, moved = 0;
  for (size_t i = 0; i < g->n; i++) {
    g->trial[i] = g->x[i] - t * g->g[i];
    out += (g->trial[i] - g->centre[i]) * (g->trial[i] - g->centre[i]);
  }
  const double back = sqrt(out) > radius ? radius / sqrt(out) : 1;
  for (size_t i = 0; i < g->n; i++) {
    g->trial[i] = g->centre[i] + back * (g->trial[i] - g->centre[i]);
    moved += (g->trial[i] - g->x[i]) * (g->trial[i] - g->x[i]);
  }
  return sqrt(moved);
}

/* Projected gradients with Barzilai and Borwein's step. The paper asks for an error of sigma delta^2 / 32
 * where J is sigma-strongly convex, which is a distance of delta/4 from the minimum: steps of delta/20 end
 * it. */
static rwk_status descend(rwk_graduator *g, double delta) {
  double J, there;
  memcpy(g->centre, g->x, g->n * sizeof *g->x);
  RWK_TRY(mean(&J, g->g, g, g->x, delta));
  if (!isfinite(J)) return RWK_OK; /* so much noise leaves where J is defined */
  double t = delta / fmax(rwk_norm(g->n, g->g), 1e-300);
  for (int k = 0; k < ITERATIONS; k++) {
    if (rwk_cancelled(g->ctx)) return rwk_fail(g->ctx, RWK_CANCELLED, "stopped as asked");
    int fell = 0;
    double moved = 0;
    for (int halved = 0; halved < HALVINGS && !fell; halved++) {
      moved = move(g, t, 1.5 * delta);
      RWK_TRY(mean(&there, g->trial_g, g, g->trial, delta));
      fell = there <= J - 1e-4 * moved * moved / t;
      if (!fell) t *= 0.5;
    }
    if (!fell) return RWK_OK;
    double bent = 0;
    for (size_t i = 0; i < g->n; i++) bent += (g->trial[i] - g->x[i]) * (g->trial_g[i] - g->g[i]);
    memcpy(g->x, g->trial, g->n * sizeof *g->x);
    memcpy(g->g, g->trial_g, g->n * sizeof *g->g);
    J = there;
    if (moved <= 0.05 * delta) return RWK_OK;
    t = bent > 0 ? moved * moved / bent : 2 * t;
  }
  return RWK_OK;
}

rwk_status rwk_graduate(rwk_solve_result *cost, rwk_fitter *f, const rwk_path *path, double *w, double lambda,
                        uint64_t stream) {
  const rwk_path_settings *s = &path->settings;
  if (!f->graduator) RWK_TRY(make(&f->graduator, f->ctx, path));
  rwk_graduator *g = f->graduator;
  const int64_t values = g->o.values, gradients = g->o.gradients;
  /* of a uniform point of the ball each coordinate has variance delta^2 / (n + 2) */
  double delta = s->smoothing * sqrt((double)g->n + 2);
  g->o.lambda = lambda;
  memcpy(g->x, w, g->n * sizeof *w);
  for (int epoch = 0; epoch < s->smoothing_epochs; epoch++, delta /= 2) {
    draw(g, s->seed, stream, epoch);
    RWK_TRY(descend(g, delta));
  }
  memcpy(w, g->x, g->n * sizeof *w);
  cost->values += g->o.values - values;
  cost->gradients += g->o.gradients - gradients;
  return RWK_OK;
}
