/* The density by stochastic Lanczos quadrature against all eigenvalues; planes and their directions. */
#include <ridgewalk/landscape.h>
#include "la/quadrature.h"
#include "support/net.h"

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

typedef struct diagonal {
  const double *d;
  size_t n;
} diagonal;

static rwk_status apply(double *y, const double *x, void *payload) {
  const diagonal *a = payload;
  for (size_t i = 0; i < a->n; i++) y[i] = a->d[i] * x[i];
  return RWK_OK;
}

/* Gauss's theorem: with m nodes all moments up to 2m - 1 are exact, and of a diagonal operator and a vector
 * of ones and minus ones they are means of powers. */
static void test_moments(void **state) {
  (void)state;
  enum { N = 300, STEPS = 9 };
  double d[N], z[N], node[STEPS], share[STEPS];
  for (size_t i = 0; i < N; i++) {
    d[i] = sin((double)i) + (i % 50 == 0);
    z[i] = i % 3 ? 1 : -1;
  }
  diagonal a = {d, N};
  size_t count;
  assert_int_equal(rwk_lanczos_quadrature(node, share, &count, ctx, N, z, STEPS, apply, &a), RWK_OK);
  assert_int_equal(count, STEPS);
  for (int k = 0; k < 2 * STEPS; k++) {
    double exact = 0, found = 0;
    for (size_t i = 0; i < N; i++) exact += pow(d[i], k) / N;
    for (size_t j = 0; j < count; j++) found += share[j] * pow(node[j], k);
    assert_near(found, exact, 1e-12 * (1 + fabs(exact)));
  }
  for (size_t j = 1; j < count; j++) assert_true(node[j] > node[j - 1]);
}

/* Few different eigenvalues: the space ends, and every node is one of them with its share. */
static void test_exhausted(void **state) {
  (void)state;
  const double d[6] = {2, -1, 2, 2, 5, -1};
  double z[6] = {1, -1, 1, 1, -1, 1}, node[6], share[6];
  diagonal a = {d, 6};
  size_t count;
  assert_int_equal(rwk_lanczos_quadrature(node, share, &count, ctx, 6, z, 6, apply, &a), RWK_OK);
  assert_int_equal(count, 3);
  assert_near(node[0], -1, 1e-14);
  assert_near(share[0], 2.0 / 6, 1e-14);
  assert_near(node[1], 2, 1e-14);
  assert_near(share[1], 3.0 / 6, 1e-14);
  assert_near(node[2], 5, 1e-14);
}

static net make(rwk_mlp_settings *s, size_t width) {
  enum { ROWS = 60, INPUTS = 5 };
  static double X[ROWS * INPUTS], Y[ROWS];
  const size_t hidden[1] = {width};
  rwk_mlp_settings_init(s);
  net_table(X, Y, ROWS, INPUTS, 1, 0, 3);
  return net_create(ctx, X, Y, ROWS, INPUTS, 1, hidden, 1, *s);
}

static void random_weights(double *w, size_t n, uint64_t seed) {
  rwk_stream s;
  rwk_stream_init(&s, seed, 8);
  for (size_t i = 0; i < n; i++) w[i] = 0.7 * rwk_stream_normal(&s);
}

static double below(const double *x, const double *share, size_t count, double at) {
  double sum = 0;
  for (size_t k = 0; k < count && x[k] < at; k++) sum += share ? share[k] : 1.0 / (double)count;
  return sum;
}

static void test_against_dense(void **state) {
  (void)state;
  rwk_mlp_settings s;
  net n = make(&s, 40);
  double *w = malloc(2 * n.dim * sizeof *w), *values = w + n.dim;
  random_weights(w, n.dim, 1);
  assert_int_equal(rwk_spectrum(values, ctx, n.problem, 0.01, w), RWK_OK);
  rwk_density_settings d;
  rwk_density_settings_init(&d);
  d.probes = 60;
  d.steps =
      n.dim; /* then the quadrature of each probe is its distribution, and what is left is their scatter */
  double *node = malloc(2 * d.steps * d.probes * sizeof *node), *share = node + d.steps * d.probes;
  size_t count;
  assert_int_equal(rwk_landscape_density(node, share, &count, ctx, n.problem, 0.01, w, &d), RWK_OK);
  double sum = 0, mean = 0, trace = 0, square = 0;
  for (size_t k = 0; k < count; k++) {
    sum += share[k];
    mean += share[k] * node[k];
  }
  for (size_t i = 0; i < n.dim; i++) {
    trace += values[i] / (double)n.dim;
    square += values[i] * values[i];
  }
  assert_near(sum, 1, 1e-12);
  /* z'Hz has variance 2 sum over i != j of H_ij^2, at most 2 |H|^2 (Hutchinson); four standard errors */
  assert_near(mean, trace, 4 * sqrt(2 * square / (double)d.probes) / (double)n.dim);
  assert_near(node[0], values[0], 1e-6 * fabs(values[0]));
  assert_near(node[count - 1], values[n.dim - 1], 1e-6 * values[n.dim - 1]);
  /* between eigenvalues, where both distributions are flat: the scatter of the probes is about 1/sqrt(60 *
   * 281) */
  double worst = 0;
  for (size_t i = 0; i + 1 < n.dim; i += 10) {
    const double at = 0.5 * (values[i] + values[i + 1]);
    worst = fmax(worst, fabs(below(node, share, count, at) - below(values, NULL, n.dim, at)));
  }
  assert_true(worst < 4 * sqrt(2 / (double)(n.dim * d.probes)));
  free(node);
  free(w);
  rwk_mlp_destroy(n.mlp);
}

static void test_directions(void **state) {
  (void)state;
  rwk_mlp_settings s;
  net n = make(&s, 3);
  const unsigned char *penalised = rwk_problem_penalised(n.problem);
  double w[64], u[64], v[64], again[64], values[64], curvature[2];
  assert_true(n.dim <= 64);
  random_weights(w, n.dim, 2);
  for (int krylov = 0; krylov < 2; krylov++) {
    rwk_landscape_settings l;
    rwk_landscape_settings_init(&l);
    if (krylov) l.certify.algebra = RWK_ALGEBRA_KRYLOV;
    assert_int_equal(
        rwk_landscape_directions(u, v, curvature, ctx, n.problem, 0.1, w, RWK_DIRECTIONS_EIGEN, &l), RWK_OK);
    assert_int_equal(rwk_spectrum(values, ctx, n.problem, 0.1, w), RWK_OK);
    assert_near(curvature[0], values[0], 1e-6 * fabs(values[0]));
    assert_near(curvature[1], values[1], 1e-6 * fabs(values[0]));
    assert_near(rwk_dot(n.dim, u, v), 0, 1e-8);
    assert_near(rwk_norm(n.dim, u), 1, 1e-12);
  }
  /* Random ones are as long as w, unit for unit, and leave the biases. One hidden layer: unit j is column j
   * of W and entry j of the weights behind it. */
  assert_int_equal(
      rwk_landscape_directions(u, v, curvature, ctx, n.problem, 0.1, w, RWK_DIRECTIONS_RANDOM, NULL), RWK_OK);
  rwk_mlp_layer in, out;
  assert_int_equal(rwk_mlp_layer_get(&in, n.mlp, 0), RWK_OK);
  assert_int_equal(rwk_mlp_layer_get(&out, n.mlp, 1), RWK_OK);
  for (size_t j = 0; j < 3; j++) {
    double a = w[out.W + j] * w[out.W + j], b = u[out.W + j] * u[out.W + j];
    for (size_t i = 0; i < in.inputs; i++) {
      const size_t at = in.W + i * in.outputs + j;
      a += w[at] * w[at];
      b += u[at] * u[at];
    }
    assert_near(a, b, 1e-12);
  }
  for (size_t i = 0; i < n.dim; i++) assert_true(penalised[i] || (u[i] == 0 && v[i] == 0));
  rwk_landscape_settings l;
  rwk_landscape_settings_init(&l);
  l.seed = 1;
  assert_int_equal(
      rwk_landscape_directions(again, v, curvature, ctx, n.problem, 0.1, w, RWK_DIRECTIONS_RANDOM, &l),
      RWK_OK);
  assert_true(memcmp(again, u, n.dim * sizeof *u) != 0);
  rwk_mlp_destroy(n.mlp);
}

static void test_three_points(void **state) {
  (void)state;
  rwk_problem *p = analytic_create(ctx, bowl, 3, 1);
  const double a[3] = {1, 1, 1}, b[3] = {3, 1, 1}, c[3] = {2, 1, 4}, line[3] = {5, 1, 1};
  double u[3], v[3], places[3][2], values[4];
  assert_int_equal(rwk_landscape_three(u, v, places, ctx, 3, a, b, c), RWK_OK);
  assert_near(places[1][0], 2, 1e-15);
  assert_near(places[2][0], 1, 1e-15);
  assert_near(places[2][1], 3, 1e-15);
  const double x[2] = {0, 2}, y[2] = {0, 3};
  assert_int_equal(rwk_landscape_plane(values, ctx, p, 0, a, u, v, x, 2, y, 2), RWK_OK);
  const double exact[4] = {0, 4, 27, 31}; /* (x-1)^2 + 2 (y-1)^2 + 3 (z-1)^2 */
  for (int k = 0; k < 4; k++) assert_near(values[k], exact[k], 1e-12);
  assert_int_equal(rwk_landscape_three(u, v, places, ctx, 3, a, b, line), RWK_INVALID_ARGUMENT);
  assert_int_equal(rwk_landscape_three(u, v, places, ctx, 3, a, a, c), RWK_INVALID_ARGUMENT);
  rwk_problem_destroy(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_moments), cmocka_unit_test(test_exhausted),
                                     cmocka_unit_test(test_against_dense), cmocka_unit_test(test_directions),
                                     cmocka_unit_test(test_three_points)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
