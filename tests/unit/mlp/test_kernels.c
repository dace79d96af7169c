/* The kernels of every instruction set this machine has: sizes that do not fill their blocks, and activations
 * everywhere on the line. */
#include "unit/mlp/fixture.h"

enum { MOST = 23, STRIDE = 136 };

static double unit[3][MOST * STRIDE] __attribute__((aligned(64)));

static void fill(double *x, size_t n, uint64_t seed) {
  rwk_stream s;
  rwk_stream_init(&s, seed, 0);
  for (size_t i = 0; i < n; i++) x[i] = rwk_stream_normal(&s);
}

static void test_products(void **state) {
  (void)state;
  static double W[2][MOST * MOST], bias[MOST], Z[MOST * STRIDE] __attribute__((aligned(64)));
  fill(W[0], MOST * MOST, 1);
  fill(W[1], MOST * MOST, 2);
  fill(bias, MOST, 3);
  fill(unit[0], MOST * STRIDE, 4);
  fill(unit[1], MOST * STRIDE, 5);
  for (size_t k = 0; rwk_mlp_kernel_get(k); k++)
    for (size_t rows = 8; rows <= 64; rows += 8)
      for (size_t outputs = 1; outputs <= MOST; outputs++) {
        const size_t inputs = (outputs * 7 + rows / 8) % MOST;
        const rwk_mlp_extent e = {.rows = rows, .stride = STRIDE};
        const rwk_mlp_product p = {
            .Z = Z,
            .outputs = outputs,
            .term = {{unit[0], W[0], inputs, MOST, 1}, {unit[1], W[1], MOST - inputs, 1, MOST}},
            .terms = 1 + (int)(outputs % 2),
            .bias = outputs % 3 ? bias : NULL,
            .ahead = outputs % 4 == 1 ? unit[2] : NULL}; /* fetched, and nothing else */
        for (size_t i = 0; i < MOST * STRIDE; i++) Z[i] = 99;
        rwk_mlp_kernel_get(k)->product(&p, e);
        for (size_t o = 0; o < MOST; o++)
          for (size_t r = 0; r < STRIDE; r++) {
            double z = p.bias ? bias[o] : 0;
            for (size_t i = 0; i < inputs; i++) z += unit[0][i * STRIDE + r] * W[0][i * MOST + o];
            for (size_t i = 0; i < MOST - inputs && p.terms == 2; i++)
              z += unit[1][i * STRIDE + r] * W[1][i + o * MOST];
            const int inside = o < outputs && r < rows;
            assert_near(Z[o * STRIDE + r], inside ? z : 99, inside ? 1e-13 : 0);
          }
      }
}

static void test_dots(void **state) {
  (void)state;
  static double C[MOST * (MOST + 1)];
  fill(unit[0], MOST * STRIDE, 6);
  fill(unit[1], MOST * STRIDE, 7);
  for (size_t k = 0; rwk_mlp_kernel_get(k); k++)
    for (size_t m = 1; m <= MOST; m++)
      for (size_t n = 1; n <= MOST; n++) {
        const rwk_mlp_extent e = {.rows = 8 * (1 + (m + n) % 16), .stride = STRIDE};
        for (size_t i = 0; i < MOST * (MOST + 1); i++) C[i] = (double)i;
        rwk_mlp_kernel_get(k)->dots(C, MOST + 1, unit[0], m, unit[1], n, e);
        for (size_t i = 0; i < MOST; i++)
          for (size_t o = 0; o <= MOST; o++) {
            double sum = (double)(i * (MOST + 1) + o);
            const int inside = i < m && o < n;
            for (size_t r = 0; r < e.rows && inside; r++)
              sum += unit[0][i * STRIDE + r] * unit[1][o * STRIDE + r];
            assert_near(C[i * (MOST + 1) + o], sum, inside ? 1e-12 : 0);
          }
      }
}

/* The sums of unit o that rwk_mlp_back promises: into want[inputs + 1]; z[STRIDE]: what Z[o] is to be. */
static void expect_back(double *want, double *z, const rwk_mlp_back *p, size_t o, size_t rows) {
  const rwk_mlp_slope s = p->slope;
  for (size_t i = 0; i <= p->inputs; i++) want[i] = 0;
  for (size_t r = 0; r < rows; r++) {
    const size_t at = o * STRIDE + r;
    const double x = p->x[at], slope = s.c0 + s.c1 * x + s.c2 * x * x, ratio = s.e0 + s.e1 * x;
    double of_inputs = slope * p->d[r], of_unit = p->a[at] * p->d[r];
    z[r] = p->w[o] * of_inputs;
    if (p->Ra) {
      of_inputs = slope * (p->w[o] * p->Rd[r] + p->v[o] * p->d[r]) + ratio * p->Ra[at] * p->w[o] * p->d[r];
      of_unit = p->a[at] * p->Rd[r] + p->Ra[at] * p->d[r];
    }
    for (size_t i = 0; i < p->inputs; i++) want[i] += p->A[i * STRIDE + r] * of_inputs;
    want[p->inputs] += of_unit;
  }
}

/* Units of a layer, and what a way back reads and writes of them. */
enum { UNITS = 73 };
static struct {
  double sums[(UNITS + 2) * (MOST + 1)], w[UNITS + 2], v[UNITS + 2];
  double Z[(UNITS + 2) * STRIDE] __attribute__((aligned(64)));
  double a[(UNITS + 2) * STRIDE] __attribute__((aligned(64)));
  double x[(UNITS + 2) * STRIDE] __attribute__((aligned(64)));
  double moved[(UNITS + 2) * STRIDE] __attribute__((aligned(64)));
} layer;

static void fill_layer(void) {
  fill(unit[0], MOST * STRIDE, 8);
  fill(unit[2], MOST * STRIDE, 10);
  fill(layer.a, UNITS * STRIDE, 9);
  fill(layer.x, UNITS * STRIDE, 10);
  fill(layer.w, UNITS, 11);
  fill(layer.v, UNITS, 13);
  fill(layer.moved, UNITS * STRIDE, 14);
}

static void check_back(const rwk_mlp_kernel *kernel, const rwk_mlp_back *p, rwk_mlp_extent e) {
  const int wide = p->inputs > kernel->back_inputs;
  const size_t sums = sizeof layer.sums / sizeof *layer.sums;
  for (size_t i = 0; i < sums; i++) p->sums[i] = (double)(i % 100);
  for (size_t i = 0; i < (p->units + 2) * STRIDE && p->Z; i++) p->Z[i] = 99;
  if (wide)
    kernel->back_wide(p, e);
  else
    kernel->back(p, e);
  for (size_t o = 0; o < p->units + 2; o++) {
    double want[MOST + 1] = {0}, z[STRIDE] = {0};
    const int there = o < p->units;
    if (there) expect_back(want, z, p, o, e.rows);
    for (size_t r = 0; r < STRIDE && p->Z; r++) {
      const int inside = r < e.rows && there && !p->Ra;
      assert_near(p->Z[o * STRIDE + r], inside ? z[r] : 99, inside ? 1e-12 : 0);
    }
    for (size_t i = 0; i <= p->inputs && there; i++) {
      const size_t at = wide ? i * p->units + o : o * (p->inputs + 1) + i;
      const double factor = wide && !p->Ra && i < p->inputs ? p->w[o] : 1;
      assert_near(p->sums[at], (double)(at % 100) + factor * want[i], 1e-11);
    }
  }
  for (size_t i = p->units * (p->inputs + 1); i < sums; i++) assert_true(p->sums[i] == (double)(i % 100));
}

/* A way back of kernel k: each activation, with and without Z, and products. */
static void check_backs(const rwk_mlp_kernel *kernel, size_t inputs, size_t units) {
  for (size_t c = 0; c < 15; c++) {
    const rwk_activation activation = (rwk_activation)(c / 3);
    const rwk_mlp_extent e = {.rows = 8 * (1 + (inputs + units) % 17), .stride = STRIDE};
    rwk_mlp_back p = {.sums = layer.sums,
                      .Z = c % 3 ? layer.Z : NULL,
                      .A = unit[0],
                      .a = layer.a,
                      .x = rwk_mlp_slope_apart(activation) ? layer.x : layer.a,
                      .d = unit[2],
                      .w = layer.w,
                      .inputs = inputs,
                      .units = units,
                      .slope = rwk_mlp_slope_of(activation)};
    if (c % 3 == 2) {
      p.Ra = layer.moved;
      p.Rd = unit[2] + 9 * STRIDE;
      p.v = layer.v;
    }
    check_back(kernel, &p, e);
  }
}

/* Every number of inputs that has a kernel, odd and even numbers of units. */
static void test_back(void **state) {
  (void)state;
  fill_layer();
  for (size_t k = 0; rwk_mlp_kernel_get(k); k++)
    for (size_t inputs = 1; inputs <= rwk_mlp_kernel_get(k)->back_inputs; inputs++)
      for (size_t units = 1; units <= 5; units++) check_backs(rwk_mlp_kernel_get(k), inputs, units);
}

/* More inputs: all sizes of blocks of vectors of units and of inputs, vectors full and not. */
static void test_back_wide(void **state) {
  (void)state;
  fill_layer();
  for (size_t k = 0; rwk_mlp_kernel_get(k); k++) {
    const rwk_mlp_kernel *kernel = rwk_mlp_kernel_get(k);
    if (!kernel->back_wide) continue;
    for (size_t inputs = kernel->back_inputs + 1; inputs <= MOST; inputs++)
      for (size_t units = kernel->wide_units; units <= UNITS; units += 1 + inputs % 4)
        check_backs(kernel, inputs, units);
  }
}

/* |got - want| in units in the last place of `want`. */
static double ulps(double got, long double want) {
  int exponent;
  frexp((double)want, &exponent);
  const double unit_there = fmax(ldexp(1, exponent - 53), 0x1p-1074);
  return (double)(fabsl((long double)got - want) / (long double)unit_there);
}

static long double logistic(long double z) {
  return z < 0 ? expl(z) / (1 + expl(z)) : 1 / (1 + expl(-z));
}

static void test_activations(void **state) {
  (void)state;
  static const double scales[] = {1e-300, 1e-9, 0.1, 1, 10, 100, 760};
  static double slope[STRIDE] __attribute__((aligned(64)));
  const rwk_mlp_extent e = {.rows = 128, .stride = STRIDE};
  for (size_t k = 0; rwk_mlp_kernel_get(k); k++)
    for (size_t s = 0; s < 700; s++) {
      double z[STRIDE];
      fill(z, STRIDE, s);
      for (size_t r = 0; r < STRIDE; r++) z[r] *= scales[s % 7];
      for (int a = 0; a < 5; a++) {
        memcpy(unit[0], z, sizeof z);
        rwk_mlp_kernel_get(k)->activate(unit[0], slope, (rwk_activation)a, 1, e);
        for (size_t r = 0; r < e.rows; r++) {
          const double x = z[r], y = unit[0][r];
          switch ((rwk_activation)a) {
          case RWK_ACTIVATION_TANH:
            assert_true(ulps(y, tanhl(x)) < 3);
            break;
          case RWK_ACTIVATION_LOGISTIC:
            assert_true(ulps(y, logistic(x)) < 3);
            break;
          case RWK_ACTIVATION_SOFTPLUS:
            assert_true(ulps(y, (x > 0 ? x : 0) + log1pl(expl(-fabsl(x)))) < 3);
            assert_true(ulps(slope[r], logistic(x)) < 3);
            break;
          case RWK_ACTIVATION_RELU:
            assert_true(y == (x > 0 ? x : 0));
            assert_true(slope[r] == (x > 0));
            break;
          case RWK_ACTIVATION_IDENTITY:
            assert_true(y == x);
            break;
          }
        }
      }
    }
}

/* Blocks of any number of vectors: each number as if it were alone, and nothing beyond the rows. */
static void test_blocks(void **state) {
  (void)state;
  static double slope[MOST * STRIDE] __attribute__((aligned(64))), alone[8] __attribute__((aligned(64))),
      alone_slope[8] __attribute__((aligned(64)));
  fill(unit[1], MOST * STRIDE, 12);
  for (size_t k = 0; rwk_mlp_kernel_get(k); k++)
    for (size_t rows = 8; rows <= STRIDE; rows += 8)
      for (size_t units = 1; units <= 5; units++)
        for (int a = 0; a < 5; a++) {
          const rwk_mlp_kernel *kernel = rwk_mlp_kernel_get(k);
          const rwk_mlp_extent e = {.rows = rows, .stride = STRIDE}, one = {.rows = 8, .stride = 8};
          memcpy(unit[0], unit[1], sizeof unit[0]);
          kernel->activate(unit[0], slope, (rwk_activation)a, units, e);
          for (size_t u = 0; u <= units; u++)
            for (size_t r = 0; r < STRIDE; r += 8) {
              const int inside = u < units && r < rows;
              memcpy(alone, unit[1] + u * STRIDE + r, sizeof alone);
              if (inside) kernel->activate(alone, alone_slope, (rwk_activation)a, 1, one);
              assert_memory_equal(alone, unit[0] + u * STRIDE + r, sizeof alone);
            }
        }
}

/* Ends of the line; numbers that are none stay none. */
static void test_extremes(void **state) {
  (void)state;
  static const double z[8] = {INFINITY, -INFINITY, 1e308, -1e308, 0, -0.0, NAN, 5e-324};
  static const double want[5][8] = {
      {1, -1, 1, -1, 0, 0, NAN, 5e-324},
      {1, 0, 1, 0, 0.5, 0.5, NAN, 0.5},
      {INFINITY, 0, 1e308, 0, 0.69314718055994531, 0.69314718055994531, NAN, 0.69314718055994531},
      {INFINITY, 0, 1e308, 0, 0, 0, NAN, 5e-324},
      {INFINITY, -INFINITY, 1e308, -1e308, 0, 0, NAN, 5e-324}};
  static double slope[8] __attribute__((aligned(64)));
  const rwk_mlp_extent e = {.rows = 8, .stride = 8};
  for (size_t k = 0; rwk_mlp_kernel_get(k); k++)
    for (int a = 0; a < 5; a++) {
      memcpy(unit[0], z, sizeof z);
      rwk_mlp_kernel_get(k)->activate(unit[0], slope, (rwk_activation)a, 1, e);
      for (size_t r = 0; r < 8; r++)
        assert_true(isnan(want[a][r]) ? isnan(unit[0][r]) : unit[0][r] == want[a][r]);
    }
}

/* phi and phi' of one number, used where accuracy in the tails matters. */
static void test_scalars(void **state) {
  (void)state;
  for (int a = 0; a < 5; a++)
    for (double z = -30.25; z < 31; z += 0.5) {
      const jet j = jet_phi((rwk_activation)a, (jet){z, 1, 0, 0});
      assert_near(rwk_mlp_phi((rwk_activation)a, z), j.f, 1e-15 * fmax(1, fabs(j.f)));
      assert_near(rwk_mlp_phi1((rwk_activation)a, z), j.f1, 1e-15);
    }
  assert_near(rwk_mlp_phi1(RWK_ACTIVATION_TANH, 300) / (4 * exp(-600)), 1, 1e-13);
  assert_true(rwk_mlp_phi1(RWK_ACTIVATION_LOGISTIC, -1000) == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_products),  cmocka_unit_test(test_dots),        cmocka_unit_test(test_back),
      cmocka_unit_test(test_back_wide), cmocka_unit_test(test_activations), cmocka_unit_test(test_blocks),
      cmocka_unit_test(test_extremes),  cmocka_unit_test(test_scalars),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
