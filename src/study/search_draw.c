/* Which trials there are: places in the unit cube, and settings at a place. */
#include <math.h>
#include <string.h>
#include "base/stream.h"
#include "study/search.h"

enum { LEVELS_MOST = 8 };

/* Streams of trials lie beyond those of starts, folds and searches of best. */
static const uint64_t TRIALS = (uint64_t)0x5452 << 48, SHIFTS = (uint64_t)0x5348 << 48;

static const char *const setting_names[] = {
#define RWK_X(symbol, name, meaning) name,
    RWK_SETTING_LIST(RWK_X)
#undef RWK_X
};

static const char *const draw_names[] = {
#define RWK_X(symbol, name, meaning) name,
    RWK_DRAW_LIST(RWK_X)
#undef RWK_X
};

enum { DRAWS = sizeof draw_names / sizeof *draw_names };

const char *rwk_setting_name(rwk_setting setting) {
  return (unsigned)setting < RWK_SETTINGS ? setting_names[setting] : "?";
}

const char *rwk_draw_name(rwk_draw draw) {
  return (unsigned)draw < DRAWS ? draw_names[draw] : "?";
}

rwk_status rwk_draw_from_name(rwk_draw *draw, const char *name) {
  for (int i = 0; i < DRAWS; i++)
    if (!strcmp(draw_names[i], name)) return *draw = (rwk_draw)i, RWK_OK;
  return RWK_INVALID_ARGUMENT;
}

/* How many values there are, 0 for a continuous setting. */
static size_t values(const rwk_space *s, rwk_setting setting) {
  switch (setting) {
  case RWK_SETTING_LAMBDA:
    return s->lambda[0] == s->lambda[1];
  case RWK_SETTING_HIDDEN:
    return s->hidden[1] - s->hidden[0] + 1;
  case RWK_SETTING_DEPTH:
    return s->depth[1] - s->depth[0] + 1;
  case RWK_SETTING_ACTIVATION:
    return s->activation_count;
  default:
    return s->solver_count;
  }
}

size_t rwk_space_levels(const rwk_space *space, rwk_setting setting) {
  const size_t n = values(space, setting);
  return n > LEVELS_MOST ? 0 : n;
}

/* Of a grid: how many values of a setting are tried. All where they are few; of the others as many as trials
 * allow, the same number for each. */
static void grid_shape(size_t *shape, const rwk_space *space, size_t trials) {
  size_t fixed = 1, open = 0, each = 1;
  for (int k = 0; k < RWK_SETTINGS; k++) {
    shape[k] = rwk_space_levels(space, (rwk_setting)k);
    /* a width has neighbours that score alike: a few of them will do */
    if (k == RWK_SETTING_HIDDEN && shape[k] > 1) shape[k] = 0;
    if (shape[k]) fixed *= shape[k];
    open += shape[k] == 0;
  }
  for (;;) {
    size_t product = fixed;
    for (size_t k = 0; k < open && product <= trials; k++) product *= each + 1;
    if (!open || product > trials) break;
    each++;
  }
  for (int k = 0; k < RWK_SETTINGS; k++)
    if (shape[k] == 0) shape[k] = each;
}

size_t rwk_trial_count(const rwk_space *space, rwk_draw draw, size_t trials) {
  size_t shape[RWK_SETTINGS], product = 1;
  if (draw != RWK_DRAW_GRID) return trials;
  grid_shape(shape, space, trials);
  for (int k = 0; k < RWK_SETTINGS; k++) product *= shape[k];
  return product;
}

static void random_place(double *u, uint64_t seed, size_t index) {
  rwk_stream s;
  rwk_stream_init(&s, seed, TRIALS + index);
  for (int k = 0; k < RWK_SETTINGS; k++) u[k] = rwk_stream_uniform(&s);
}

/* Only what varies takes a dimension: the first ones are the most even. */
static void sobol_place(double *u, const rwk_space *space, uint64_t seed, size_t index) {
  double x[RWK_SETTINGS];
  size_t used = 0;
  rwk_stream s;
  rwk_stream_init(&s, seed, SHIFTS);
  for (int k = 0; k < RWK_SETTINGS; k++) used += values(space, (rwk_setting)k) != 1;
  rwk_sobol(x, used, (uint32_t)index);
  for (int k = 0, at = 0; k < RWK_SETTINGS; k++) {
    const uint32_t shift = (uint32_t)(rwk_stream_u64(&s) >> 32);
    u[k] = 0.5;
    if (values(space, (rwk_setting)k) == 1) continue;
    u[k] = ((double)((uint32_t)(x[at++] * 0x1p32) ^ shift) + 0.5) * 0x1p-32;
  }
}

static void grid_place(double *u, const rwk_space *space, size_t trials, size_t index) {
  size_t shape[RWK_SETTINGS];
  grid_shape(shape, space, trials);
  for (int k = 0; k < RWK_SETTINGS; k++) {
    u[k] = ((double)(index % shape[k]) + 0.5) / (double)shape[k];
    index /= shape[k];
  }
}

void rwk_trial_place(double *u, const rwk_space *space, rwk_draw draw, uint64_t seed, size_t trials,
                     size_t index) {
  if (draw == RWK_DRAW_GRID)
    grid_place(u, space, trials, index);
  else if (draw == RWK_DRAW_SOBOL)
    sobol_place(u, space, seed, index);
  else
    random_place(u, seed, index);
}

static size_t choice(double u, size_t count) {
  const size_t k = (size_t)(u * (double)count);
  return k < count ? k : count - 1;
}

/* A whole number whose logarithm is uniform: each n takes the share of [n - 1/2, n + 1/2). */
static size_t log_whole(double u, size_t low, size_t high) {
  const double a = log((double)low - 0.5), b = log((double)high + 0.5);
  const double n = floor(exp(a + u * (b - a)) + 0.5);
  return n < (double)low ? low : n > (double)high ? high : (size_t)n;
}

void rwk_trial_at(rwk_trial *trial, const rwk_space *s, const double *u) {
  trial->lambda = s->lambda[0] == s->lambda[1]
                      ? s->lambda[0]
                      : s->lambda[0] * pow(s->lambda[1] / s->lambda[0], u[RWK_SETTING_LAMBDA]);
  trial->hidden = log_whole(u[RWK_SETTING_HIDDEN], s->hidden[0], s->hidden[1]);
  trial->depth = s->depth[0] + choice(u[RWK_SETTING_DEPTH], s->depth[1] - s->depth[0] + 1);
  trial->activation = s->activations[choice(u[RWK_SETTING_ACTIVATION], s->activation_count)];
  trial->solver = s->solvers[choice(u[RWK_SETTING_SOLVER], s->solver_count)];
}
