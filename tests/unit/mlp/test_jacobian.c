/* Derivatives of predictions against differences, and Gauss and Newton's matrix against its sum. */
#include "unit/mlp/fixture.h"

enum { ROWS = 37, INPUTS = 3, OUTPUTS = 2 };

static const rwk_activation activations[] = {RWK_ACTIVATION_TANH, RWK_ACTIVATION_LOGISTIC,
                                             RWK_ACTIVATION_SOFTPLUS, RWK_ACTIVATION_RELU,
                                             RWK_ACTIVATION_IDENTITY};

static void make(fixture *f, size_t k, const size_t *hidden) {
  fixture_data(f, ROWS, INPUTS, OUTPUTS, 1, 3 + k);
  f->naive.settings.activation = activations[k];
  f->naive.settings.hidden = hidden;
  f->naive.settings.hidden_count = 2;
  f->naive.settings.hidden_bias = k != 3;
  fixture_network(f, rwk_mlp_kernel_best());
}

static void test_jacobian_against_differences(void **state) {
  (void)state;
  static const size_t hidden[] = {4, 3};
  for (size_t k = 0; k < 5; k++) {
    fixture f;
    make(&f, k, hidden);
    double *G = malloc(ROWS * OUTPUTS * f.dim * sizeof *G), high[ROWS * OUTPUTS], low[ROWS * OUTPUTS];
    assert_int_equal(rwk_mlp_jacobian(G, f.dim, f.mlp, f.X, f.naive.data.ldx, ROWS, f.w), RWK_OK);
    for (size_t i = 0; i < f.dim; i++) {
      const double kept = f.w[i], h = 1e-6;
      f.w[i] = kept + h;
      assert_int_equal(rwk_mlp_predict(high, OUTPUTS, f.mlp, f.X, f.naive.data.ldx, ROWS, f.w), RWK_OK);
      f.w[i] = kept - h;
      assert_int_equal(rwk_mlp_predict(low, OUTPUTS, f.mlp, f.X, f.naive.data.ldx, ROWS, f.w), RWK_OK);
      f.w[i] = kept;
      for (size_t j = 0; j < ROWS * OUTPUTS; j++)
        assert_near(G[j * f.dim + i], (high[j] - low[j]) / (2 * h), 1e-8);
    }
    assert_int_equal(rwk_mlp_jacobian(G, f.dim - 1, f.mlp, f.X, INPUTS, ROWS, f.w), RWK_INVALID_ARGUMENT);
    free(G);
    fixture_drop(&f);
  }
}

static void test_gauss_newton(void **state) {
  (void)state;
  static const size_t hidden[] = {4, 3};
  fixture f;
  make(&f, 0, hidden);
  double *G = malloc(ROWS * OUTPUTS * f.dim * sizeof *G), *A = malloc(f.dim * f.dim * sizeof *A), total = 0;
  assert_int_equal(rwk_mlp_jacobian(G, f.dim, f.mlp, f.X, f.naive.data.ldx, ROWS, f.w), RWK_OK);
  assert_int_equal(rwk_mlp_gauss_newton(A, f.dim, f.mlp, f.w), RWK_OK);
  for (size_t i = 0; i < ROWS; i++) total += f.omega[i];
  for (size_t i = 0; i < f.dim; i++)
    for (size_t j = 0; j < f.dim; j++) {
      double sum = 0;
      for (size_t r = 0; r < ROWS * OUTPUTS; r++)
        sum += f.omega[r / OUTPUTS] * G[r * f.dim + i] * G[r * f.dim + j];
      assert_near(A[i * f.dim + j], 2 * sum / total, 1e-13);
    }
  free(A);
  free(G);
  fixture_drop(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_jacobian_against_differences),
                                     cmocka_unit_test(test_gauss_newton)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
