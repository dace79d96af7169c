/* Functional analysis of variance of scores over the unit cube, by orthogonal least squares. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "la/dense.h"
#include "study/search.h"

enum { DEGREE = 3, LEVELS_MOST = 8, FUNCTIONS_MOST = LEVELS_MOST - 1, ROWS_LEAST = 8, RIDGES = 24 };

/* A term of the function: one setting's function, or the product of two settings'. */
typedef struct term {
  size_t effect, first, second; /* effect: which component it belongs to */
  int of_first, of_second;      /* numbers of their functions */
  double weight;                /* of its square in the ridge: higher degrees are held shorter */
} term;

typedef struct model {
  rwk_context *ctx;
  const double *u, *y;
  const size_t *levels;
  size_t settings, rows;
  term *terms;
  size_t count; /* of terms; the constant is one more column */
  double *A;    /* [rows x (count + 1)] */
  double *G;    /* [(count + 1)^2] A'A */
  double *R, *beta, *column;
} model;

static int functions(size_t levels) {
  return levels == 0 ? DEGREE : (int)levels - 1;
}

/* Function number k of a setting at u, of mean 0 and mean square 1 over (0, 1): a Legendre polynomial, or
 * Helmert's contrast of level k + 1 with those before it. */
static double function_at(double u, size_t levels, int k) {
  const double x = 2 * u - 1;
  if (levels == 0)
    return k == 0   ? sqrt(3.0) * x
           : k == 1 ? sqrt(5.0) * (1.5 * x * x - 0.5)
                    : sqrt(7.0) * (2.5 * x * x - 1.5) * x;
  const size_t level = u * (double)levels < (double)levels ? (size_t)(u * (double)levels) : levels - 1;
  const size_t n = (size_t)k + 1;
  const double length = sqrt((double)(n * (n + 1)) / (double)levels);
  return level == n ? (double)n / length : level < n ? -1 / length : 0;
}

static int degree(size_t levels, int k) {
  return levels == 0 ? k + 1 : 1;
}

static void list_terms(model *m) {
  size_t effect = 0;
  for (size_t i = 0; i < m->settings; i++, effect++)
    for (int k = 0; k < functions(m->levels[i]); k++)
      m->terms[m->count++] = (term){.effect = effect,
                                    .first = i,
                                    .second = i,
                                    .of_first = k,
                                    .weight = pow(4, degree(m->levels[i], k) - 1)};
  for (size_t i = 0; i < m->settings; i++)
    for (size_t j = i + 1; j < m->settings; j++, effect++)
      for (int k = 0; k < functions(m->levels[i]); k++)
        for (int l = 0; l < functions(m->levels[j]); l++) {
          const int sum = degree(m->levels[i], k) + degree(m->levels[j], l);
          if (sum <= DEGREE)
            m->terms[m->count++] = (term){.effect = effect,
                                          .first = i,
                                          .second = j,
                                          .of_first = k,
                                          .of_second = l,
                                          .weight = pow(4, sum - 1)};
        }
}

static void fill(model *m) {
  const size_t p = m->count + 1;
  for (size_t r = 0; r < m->rows; r++) {
    const double *u = m->u + r * m->settings;
    m->A[r * p] = 1;
    for (size_t t = 0; t < m->count; t++) {
      const term *f = &m->terms[t];
      double x = function_at(u[f->first], m->levels[f->first], f->of_first);
      if (f->second != f->first) x *= function_at(u[f->second], m->levels[f->second], f->of_second);
      m->A[r * p + t + 1] = x;
    }
  }
  rwk_syrk(m->G, p, p, m->rows, 1, m->A, p, 0);
  rwk_mirror(m->G, p, p);
}

/* Fits beta with a ridge. The sum of the squares of the errors of rows left out one at a time, from the
 * diagonal of the projection; INFINITY where it cannot be. */
static double fit(model *m, double ridge) {
  const size_t p = m->count + 1;
  size_t pivot;
  rwk_upper(m->R, p, m->G, p, p);
  for (size_t t = 0; t < m->count; t++) m->R[(t + 1) * p + t + 1] += ridge * m->terms[t].weight;
  rwk_cholesky(&pivot, m->R, p, p);
  if (pivot) return INFINITY;
  rwk_gemv(m->beta, 1, m->rows, p, 1, m->A, p, m->y, 0);
  rwk_cholesky_solve(m->beta, p, 1, m->R, p, p);
  double sum = 0;
  for (size_t r = 0; r < m->rows; r++) {
    const double *a = m->A + r * p, e = m->y[r] - rwk_dot(p, a, m->beta);
    memcpy(m->column, a, p * sizeof *m->column);
    rwk_triangular_solve(m->column, 1, m->R, p, p);
    const double rest = 1 - rwk_dot(p, m->column, m->column);
    if (!(rest > 1e-10)) return INFINITY; /* this row alone settles a term */
    sum += e / rest * (e / rest);
  }
  return sum;
}

static int larger(const void *a, const void *b) {
  const rwk_effect *x = a, *y = b;
  if (x->share != y->share) return x->share < y->share ? 1 : -1;
  if (x->first != y->first) return x->first < y->first ? -1 : 1;
  return (x->second > y->second) - (x->second < y->second);
}

static void split(rwk_effect *effects, const model *m) {
  const size_t count = m->settings * (m->settings + 1) / 2;
  double all = 0;
  for (size_t t = 0; t < m->count; t++) {
    const double square = m->beta[t + 1] * m->beta[t + 1];
    effects[m->terms[t].effect].share += square;
    all += square;
  }
  for (size_t k = 0; k < count && all > 0; k++) effects[k].share /= all;
  qsort(effects, count, sizeof *effects, larger);
}

static rwk_status analyse(rwk_effect *effects, double *explained, model *m) {
  double mean = 0, variation = 0, best = INFINITY, chosen = 0;
  for (size_t r = 0; r < m->rows; r++) mean += m->y[r] / (double)m->rows;
  for (size_t r = 0; r < m->rows; r++) variation += (m->y[r] - mean) * (m->y[r] - mean);
  if (!(variation > 1e-24 * (double)m->rows * mean * mean) || !isfinite(variation))
    return rwk_fail(m->ctx, RWK_DATA, "importance: the scores do not differ, or are not finite");
  list_terms(m);
  fill(m);
  for (int k = 0; k < RIDGES; k++) { /* from next to nothing to more than all of it */
    const double ridge = (double)m->rows * ldexp(1, 2 * k - 36), error = fit(m, ridge);
    if (error < best) {
      best = error;
      chosen = ridge;
    }
  }
  if (!isfinite(best)) return rwk_fail(m->ctx, RWK_NUMERICAL, "importance: no function fits the scores");
  fit(m, chosen);
  *explained = 1 - best / variation;
  split(effects, m);
  return RWK_OK;
}

rwk_status rwk_importance(rwk_effect *effects, double *explained, rwk_context *ctx, const double *u,
                          const size_t *levels, size_t settings, const double *y, size_t count) {
  size_t effect = 0;
  *explained = NAN;
  for (size_t i = 0; i < settings; i++) {
    if (levels[i] > LEVELS_MOST)
      return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "levels[%zu]: at most %d", i, LEVELS_MOST);
    effects[effect++] = (rwk_effect){i, i, 0};
  }
  for (size_t i = 0; i < settings; i++)
    for (size_t j = i + 1; j < settings; j++) effects[effect++] = (rwk_effect){i, j, 0};
  if (count < ROWS_LEAST)
    return rwk_fail(ctx, RWK_DATA, "importance: %zu trials are too few; %d at least", count, ROWS_LEAST);
  const size_t most = settings * FUNCTIONS_MOST + settings * settings * FUNCTIONS_MOST * FUNCTIONS_MOST / 2;
  model m = {.ctx = ctx, .u = u, .y = y, .levels = levels, .settings = settings, .rows = count};
  m.terms = rwk_alloc(ctx, most, sizeof *m.terms);
  if (m.terms) list_terms(&m);
  const size_t p = m.count + 1;
  m.count = 0;
  m.A = rwk_alloc_doubles(ctx, count * p);
  m.G = rwk_alloc_doubles(ctx, p * p);
  m.R = rwk_alloc_doubles(ctx, p * p);
  m.beta = rwk_alloc_doubles(ctx, p);
  m.column = rwk_alloc_doubles(ctx, p);
  const rwk_status status = m.terms && m.A && m.G && m.R && m.beta && m.column
                                ? analyse(effects, explained, &m)
                                : rwk_fail_memory(ctx, "importance");
  rwk_free(ctx, m.terms);
  rwk_free_doubles(ctx, m.A);
  rwk_free_doubles(ctx, m.G);
  rwk_free_doubles(ctx, m.R);
  rwk_free_doubles(ctx, m.beta);
  rwk_free_doubles(ctx, m.column);
  return status;
}
