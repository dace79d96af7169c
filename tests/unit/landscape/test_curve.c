/* Curves over passes whose height is known: by algebra, from the literature, and by flooding a fine grid. */
#include <ridgewalk/landscape.h>
#include "support/analytic.h"

static rwk_context *ctx;

static int setup(void **state) {
  (void)state;
  return rwk_context_create(&ctx, NULL) != RWK_OK;
}

static int teardown(void **state) {
  (void)state;
  rwk_context_destroy(ctx);
  return 0;
}

/* Mueller and Brown, Theor. Chim. Acta 53, 75 (1979), over 100. Three minima, and two saddles between them,
 * as the literature has them: -146.700, -108.167, -80.768; -40.665 at (-0.822, 0.624), -72.249 at (0.212,
 * 0.293). */
static double mueller_brown(double *g, double *H, const double *x, size_t n) {
  static const double A[4] = {-2, -1, -1.7, 0.15}, a[4] = {-1, -1, -6.5, 0.7}, b[4] = {0, 0, 11, 0.6},
                      c[4] = {-10, -10, -6.5, 0.7}, u[4] = {1, 0, -0.5, -1}, v[4] = {0, 0.5, 1.5, 1};
  double f = 0;
  clear(g, H, n);
  for (int k = 0; k < 4; k++) {
    const double p = x[0] - u[k], q = x[1] - v[k];
    const double e = A[k] * exp(a[k] * p * p + b[k] * p * q + c[k] * q * q);
    const double ep = 2 * a[k] * p + b[k] * q, eq = b[k] * p + 2 * c[k] * q;
    f += e;
    if (g) {
      g[0] += e * ep;
      g[1] += e * eq;
    }
    if (H) {
      H[0] += e * (ep * ep + 2 * a[k]);
      H[1] += e * (ep * eq + b[k]);
      H[2] = H[1];
      H[3] += e * (eq * eq + 2 * c[k]);
    }
  }
  return f;
}

/* A minimum next to a point. */
static void settle(double *w, const rwk_problem *p) {
  rwk_solver_settings s;
  rwk_solver *solver;
  rwk_solve_result r;
  rwk_solver_settings_init(&s);
  assert_int_equal(rwk_solver_create(&solver, ctx, p, &s), RWK_OK);
  assert_int_equal(rwk_solver_run(&r, solver, w, 0), RWK_OK);
  assert_int_equal(r.stop, RWK_STOP_CONVERGED);
  rwk_solver_destroy(solver);
}

/* What holds for every curve. */
static void check_shape(const rwk_curve *c) {
  const rwk_curve_summary s = rwk_curve_summarise(c);
  const rwk_curve_point *p = rwk_curve_points(c);
  const size_t count = rwk_curve_count(c), stops = rwk_curve_stop_count(c);
  const rwk_curve_stop *stop = rwk_curve_stops(c);
  assert_int_equal(s.minima + s.saddles, stops);
  assert_int_equal(stop[0].point, 0);
  assert_int_equal(stop[stops - 1].point, count - 1);
  for (size_t k = 0; k < stops; k++) {
    assert_int_equal(p[stop[k].point].stop, k);
    if (stop[k].saddle) assert_int_equal(stop[k].certificate.negative, 1);
  }
  for (size_t k = 0; k < count; k++) assert_true(p[k].objective <= s.top + 1e-12);
  for (size_t k = 1; k < count; k++) assert_true(p[k].length >= p[k - 1].length);
}

static void test_mueller_brown(void **state) {
  (void)state;
  rwk_problem *p = analytic_create(ctx, mueller_brown, 2, 1);
  double a[2] = {-0.558, 1.442}, b[2] = {0.623, 0.028}, middle[2] = {-0.05, 0.467};
  settle(a, p);
  settle(b, p);
  settle(middle, p);
  rwk_curve *c;
  assert_int_equal(rwk_curve_find(&c, ctx, p, 0, a, b, NULL), RWK_OK);
  check_shape(c);
  const rwk_curve_summary s = rwk_curve_summarise(c);
  assert_true(s.certified);
  assert_near(s.top, -0.40665, 1e-5);
  assert_near(s.barrier_from, -0.40665 + 1.46700, 1e-5);
  assert_near(s.barrier_to, -0.40665 + 1.08167, 1e-5);
  assert_int_equal(s.minima, 3);
  assert_int_equal(s.saddles, 2);
  const rwk_curve_stop *stop = rwk_curve_stops(c);
  const rwk_curve_point *points = rwk_curve_points(c);
  assert_near(points[stop[1].point].w[0], -0.822, 1e-3);
  assert_near(points[stop[1].point].w[1], 0.624, 1e-3);
  assert_near(points[stop[3].point].objective, -0.72249, 1e-5);
  assert_near(points[stop[2].point].w[0], middle[0], 1e-6);
  rwk_curve_destroy(c);
  assert_int_equal(rwk_curve_find(&c, ctx, p, 0, a, a, NULL), RWK_INVALID_ARGUMENT);
  rwk_problem_destroy(p);
}

static void test_two_wells(void **state) {
  (void)state;
  enum { N = 5 };
  rwk_problem *p = analytic_create(ctx, two_wells, N, 0);
  double a[N] = {0}, b[N] = {0};
  a[1] = -sqrt(2);
  b[1] = sqrt(2);
  rwk_curve *c;
  rwk_landscape_settings s;
  rwk_landscape_settings_init(&s);
  for (int krylov = 0; krylov < 2; krylov++) {
    s.certify.algebra = krylov ? RWK_ALGEBRA_KRYLOV : RWK_ALGEBRA_DENSE;
    assert_int_equal(rwk_curve_find(&c, ctx, p, 0, a, b, &s), RWK_OK);
    const rwk_curve_summary r = rwk_curve_summarise(c);
    assert_true(r.certified);
    assert_near(r.top, 0, 1e-14);
    assert_near(r.barrier_from, 1, 1e-12);
    assert_int_equal(r.saddles, 1);
    rwk_curve_destroy(c);
  }
  /* The line goes over the same pass here. */
  rwk_landscape_point top, line[5];
  assert_int_equal(rwk_landscape_line_top(&top, ctx, p, 0, a, b, NULL), RWK_OK);
  assert_near(top.t, 0.5, 1e-7);
  assert_near(top.objective, 0, 1e-14);
  assert_near(top.min_eig, -2, 1e-6);
  assert_int_equal(rwk_landscape_line(line, 5, ctx, p, 0, a, b, 0, 1, NULL), RWK_OK);
  const double y = sqrt(2) / 2, J = -y * y + y * y * y * y / 4;
  assert_near(line[1].objective, J, 1e-14);
  assert_near(line[3].objective, J, 1e-14);
  assert_near(line[1].slope, (-2 * -y - y * y * y) * 2 * sqrt(2), 1e-13);
  assert_near(line[1].min_eig, -2 + 3 * y * y, 1e-13);
  rwk_problem_destroy(p);
}

/* ---- flooding: how high does water stand that has just reached b from a? No curve, no gradient. ---- */

enum { GRID = 601 };

static double ripples(double *g, double *H, const double *x, size_t n) {
  /* wells on a ring with a tilt: many minima, and the low road is round, not straight */
  const double r2 = x[0] * x[0] + x[1] * x[1], k = 4, s = sin(k * x[0]) * cos(k * x[1]);
  const double f = 2 * (r2 - 1) * (r2 - 1) + 0.15 * s + 0.1 * x[1];
  clear(g, H, n);
  const double sx = k * cos(k * x[0]) * cos(k * x[1]), sy = -k * sin(k * x[0]) * sin(k * x[1]);
  if (g) {
    g[0] = 8 * (r2 - 1) * x[0] + 0.15 * sx;
    g[1] = 8 * (r2 - 1) * x[1] + 0.15 * sy + 0.1;
  }
  if (H) {
    H[0] = 8 * (r2 - 1) + 16 * x[0] * x[0] - 0.15 * k * k * s;
    H[3] = 8 * (r2 - 1) + 16 * x[1] * x[1] - 0.15 * k * k * s;
    H[1] = H[2] = 16 * x[0] * x[1] - 0.15 * k * k * cos(k * x[0]) * sin(k * x[1]);
  }
  return f;
}

typedef struct flood {
  double level[GRID * GRID]; /* height of the cell */
  size_t heap[GRID * GRID], count;
  unsigned char seen[GRID * GRID];
} flood;

static void push(flood *f, size_t cell) {
  size_t at = f->count++;
  f->heap[at] = cell;
  for (; at > 0 && f->level[f->heap[(at - 1) / 2]] > f->level[f->heap[at]]; at = (at - 1) / 2) {
    const size_t swap = f->heap[at];
    f->heap[at] = f->heap[(at - 1) / 2];
    f->heap[(at - 1) / 2] = swap;
  }
}

static size_t pop(flood *f) {
  const size_t lowest = f->heap[0];
  f->heap[0] = f->heap[--f->count];
  for (size_t at = 0;;) {
    size_t low = at;
    for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++)
      if (child < f->count && f->level[f->heap[child]] < f->level[f->heap[low]]) low = child;
    if (low == at) return lowest;
    const size_t swap = f->heap[at];
    f->heap[at] = f->heap[low];
    f->heap[low] = swap;
    at = low;
  }
}

static size_t cell_of(const double *x) {
  return (size_t)lround((x[0] + 1.5) * (GRID - 1) / 3) + GRID * (size_t)lround((x[1] + 1.5) * (GRID - 1) / 3);
}

static double flood_from(const double *a, const double *b, analytic_fn height) {
  flood *f = calloc(1, sizeof *f);
  for (size_t j = 0; j < GRID; j++)
    for (size_t i = 0; i < GRID; i++) {
      const double x[2] = {-1.5 + 3.0 * (double)i / (GRID - 1), -1.5 + 3.0 * (double)j / (GRID - 1)};
      f->level[j * GRID + i] = height(NULL, NULL, x, 2);
    }
  double level = -INFINITY;
  push(f, cell_of(a));
  f->seen[cell_of(a)] = 1;
  while (f->count) {
    const size_t cell = pop(f), x = cell % GRID, y = cell / GRID;
    level = fmax(level, f->level[cell]);
    if (cell == cell_of(b)) break;
    for (int d = 0; d < 4; d++) {
      const size_t i = x + (d == 0) - (d == 1), j = y + (d == 2) - (d == 3);
      if (i >= GRID || j >= GRID || f->seen[j * GRID + i]) continue;
      f->seen[j * GRID + i] = 1;
      push(f, j * GRID + i);
    }
  }
  free(f);
  return level;
}

static void test_flooding(void **state) {
  (void)state;
  rwk_problem *p = analytic_create(ctx, ripples, 2, 1);
  /* near the minima, so that it does not hang on the solver which of them are asked about */
  const double starts[4][2] = {{-0.86, -0.56}, {0.43, -0.89}, {1.02, -0.04}, {0.46, 0.86}};
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < i; j++) {
      double a[2] = {starts[i][0], starts[i][1]}, b[2] = {starts[j][0], starts[j][1]};
      settle(a, p);
      settle(b, p);
      if (fabs(a[0] - b[0]) + fabs(a[1] - b[1]) < 1e-3) continue;
      rwk_curve *c;
      rwk_landscape_settings s;
      rwk_landscape_settings_init(&s);
      assert_int_equal(rwk_curve_find(&c, ctx, p, 0, a, b, &s), RWK_OK);
      check_shape(c);
      const rwk_curve_summary r = rwk_curve_summarise(c);
      const double level = flood_from(a, b, ripples);
      assert_true(r.certified);
      assert_near(r.top, level, 2e-4); /* what a cell's width makes of the height */
      rwk_curve_destroy(c);
    }
  rwk_problem_destroy(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_two_wells), cmocka_unit_test(test_mueller_brown),
                                     cmocka_unit_test(test_flooding)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
