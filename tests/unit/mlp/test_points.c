/* Kinks, switching off dead units, and the penalty at which all weights are zero. */
#include "unit/mlp/fixture.h"

static rwk_kinks kinks_at(const fixture *f, double tol) {
  rwk_kinks k;
  assert_int_equal(f->problem->ops.kinks(&k, f->w, tol, f->work, f->problem->self), RWK_OK);
  return k;
}

static void test_kinks(void **state) {
  (void)state;
  static const size_t hidden = 2;
  static const double X[] = {5, 4, 3, 1, -1}, Y[] = {2, 1, 0, -3, 3};
  static const double w[] = {1, 0, -3, 0.5, 1, 1, 0}; /* unit 1 is on its kink at x = 3, unit 2 nowhere */
  fixture f = {0};
  assert_int_equal(rwk_context_create(&f.ctx, NULL), RWK_OK);
  f.naive.data = (rwk_mlp_data){.X = X, .ldx = 1, .Y = Y, .ldy = 1, .rows = 5, .inputs = 1, .outputs = 1};
  rwk_mlp_settings_init(&f.naive.settings);
  f.naive.settings.hidden = &hidden;
  f.naive.settings.hidden_count = 1;
  f.naive.settings.activation = RWK_ACTIVATION_RELU;
  fixture_network(&f, rwk_mlp_kernel_best());
  memcpy(f.w, w, sizeof w);
  rwk_kinks k = kinks_at(&f, 1e-9);
  assert_int_equal(k.count, 1);
  assert_true(k.nearest == 0);
  f.w[2] = -3 + 1e-6; /* 1e-6 of a scale of 6 */
  k = kinks_at(&f, 1e-9);
  assert_int_equal(k.count, 0);
  assert_near(k.nearest, 1e-6 / 6, 1e-12);
  assert_int_equal(kinks_at(&f, 1e-6).count, 1);
  f.w[3] = 0; /* unit 2 has neither weights nor bias: on its kink at all rows */
  assert_int_equal(kinks_at(&f, 1e-9).count, 5);
  fixture_drop_network(&f);
  f.naive.settings.activation = RWK_ACTIVATION_SOFTPLUS;
  fixture_network(&f, rwk_mlp_kernel_best());
  k = kinks_at(&f, 1);
  assert_int_equal(k.count, 0);
  assert_true(isinf(k.nearest));
  fixture_drop(&f);
}

/* Rows of weight 0 and the rows that fill up the last tile have no kinks. */
static void test_kinks_of_rows_that_count(void **state) {
  (void)state;
  static const size_t hidden[] = {3, 2};
  fixture f;
  fixture_data(&f, 10, 2, 1, 1, 1);
  f.naive.settings.hidden = hidden;
  f.naive.settings.hidden_count = 2;
  f.naive.settings.activation = RWK_ACTIVATION_RELU;
  fixture_network(&f, rwk_mlp_kernel_best());
  memset(f.w, 0, f.dim * sizeof *f.w);
  assert_int_equal(kinks_at(&f, 0).count, 9 * 5); /* row 2 has weight 0 */
  fixture_drop(&f);
}

static void test_simplify(void **state) {
  (void)state;
  static const size_t hidden[] = {3, 2};
  fixture f;
  fixture_data(&f, 30, 2, 2, 0, 2);
  f.naive.settings.hidden = hidden;
  f.naive.settings.hidden_count = 2;
  fixture_network(&f, rwk_mlp_kernel_best());
  const double before = fixture_value(&f, NULL, f.w);
  double *W1 = f.w, *b1 = f.w + 6, *W2 = f.w + 9, *b2 = f.w + 15;
  int64_t changed = 9;
  assert_int_equal(f.problem->ops.simplify(f.w, &changed, 1e-3, f.work, f.problem->self), RWK_OK);
  assert_int_equal(changed, 0);
  assert_true(fixture_value(&f, NULL, f.w) == before);
  W1[1] = 1e-7; /* unit 2 of layer 1 */
  W1[4] = -1e-7;
  W2[2] = 1e-6;
  W2[3] = -2e-6;
  b1[1] = 0.7;
  const double small = fixture_value(&f, NULL, f.w),
               bias[] = {b2[0] + tanh(0.7) * 1e-6, b2[1] - tanh(0.7) * 2e-6};
  assert_int_equal(f.problem->ops.simplify(f.w, &changed, 1e-6, f.work, f.problem->self), RWK_OK);
  assert_int_equal(changed, 0); /* one weight is larger */
  assert_int_equal(f.problem->ops.simplify(f.w, &changed, 1e-5, f.work, f.problem->self), RWK_OK);
  assert_int_equal(changed, 6);
  assert_true(W1[1] == 0 && W1[4] == 0 && W2[2] == 0 && W2[3] == 0);
  assert_near(b2[0], bias[0], 1e-15);
  assert_near(b2[1], bias[1], 1e-15);
  assert_true(b1[1] == 0.7); /* a free bias stays */
  assert_near(fixture_value(&f, NULL, f.w), small, 1e-12);
  assert_int_equal(f.problem->ops.simplify(f.w, &changed, 1e-5, f.work, f.problem->self), RWK_OK);
  assert_int_equal(changed, 0);
  fixture_drop(&f);
}

static void test_simplify_without_free_biases(void **state) {
  (void)state;
  static const size_t hidden = 2;
  for (int c = 0; c < 3; c++) {
    fixture f;
    fixture_data(&f, 30, 1, 1, 0, 2);
    f.naive.settings.hidden = &hidden;
    f.naive.settings.hidden_count = 1;
    f.naive.settings.activation = c == 1 ? RWK_ACTIVATION_LOGISTIC : RWK_ACTIVATION_TANH;
    f.naive.settings.penalise_biases = c == 2;
    f.naive.settings.hidden_bias = c == 2;
    f.naive.settings.output_bias = c == 2;
    fixture_network(&f, rwk_mlp_kernel_best());
    int64_t changed;
    f.w[0] = 1e-8;
    f.w[c == 2 ? 4 : 2] = 1e-8;
    assert_int_equal(f.problem->ops.simplify(f.w, &changed, 1e-6, f.work, f.problem->self), RWK_OK);
    /* tanh(0) = 0: nothing is lost. logistic(0) = 1/2 has nowhere to go. A bias that is penalised has to be
     * small as well. */
    assert_int_equal(changed, c == 0 ? 2 : 0);
    if (c == 2) {
      f.w[2] = 1e-8;
      assert_int_equal(f.problem->ops.simplify(f.w, &changed, 1e-6, f.work, f.problem->self), RWK_OK);
      assert_int_equal(changed, 4); /* weights, bias, and the output bias by 1e-16 */
      assert_true(f.w[2] == 0);
    }
    fixture_drop(&f);
  }
}

/* Largest singular value of X' Omega (Y - mean), by power iteration. */
static double sigma_of(const fixture *f, int centred) {
  const rwk_mlp_data *d = &f->naive.data;
  double M[8][8] = {{0}}, mean[8] = {0}, sum = 0, v[8], sigma = 0;
  for (size_t r = 0; r < d->rows; r++) sum += naive_omega(&f->naive, r);
  for (size_t k = 0; k < d->outputs; k++)
    for (size_t r = 0; r < d->rows && centred; r++)
      mean[k] += naive_omega(&f->naive, r) * d->Y[r * d->ldy + k] / sum;
  for (size_t r = 0; r < d->rows; r++)
    for (size_t i = 0; i < d->inputs; i++)
      for (size_t k = 0; k < d->outputs; k++)
        M[i][k] += naive_omega(&f->naive, r) * d->X[r * d->ldx + i] * (d->Y[r * d->ldy + k] - mean[k]);
  for (size_t k = 0; k < d->outputs; k++) v[k] = 1 + (double)k;
  for (int round = 0; round < 3000; round++) {
    double u[8] = {0}, length = 0;
    for (size_t i = 0; i < d->inputs; i++)
      for (size_t k = 0; k < d->outputs; k++) u[i] += M[i][k] * v[k];
    for (size_t k = 0; k < d->outputs; k++) v[k] = 0;
    for (size_t i = 0; i < d->inputs; i++)
      for (size_t k = 0; k < d->outputs; k++) v[k] += M[i][k] * u[i];
    for (size_t k = 0; k < d->outputs; k++) length += v[k] * v[k];
    sigma = sqrt(sqrt(length));
    for (size_t k = 0; k < d->outputs; k++) v[k] /= sqrt(length);
  }
  return sigma;
}

static void test_zero_lambda(void **state) {
  (void)state;
  static const size_t hidden[] = {3, 2};
  static const double slope[] = {1, 0.25, 1, 0, 1}, slope_at_0[] = {1, 0.25, 0.5, 0, 1};
  for (int a = 0; a < 5; a++)
    for (int c = 0; c < 16; c++) {
      fixture f;
      fixture_data(&f, 50, 3, c & 1 ? 3 : 1, c & 2, 4);
      f.naive.settings.hidden = hidden;
      f.naive.settings.hidden_count = 1;
      f.naive.settings.activation = (rwk_activation)a;
      f.naive.settings.hidden_bias = !(c & 4);
      f.naive.settings.output_bias = !(c & 8);
      f.naive.settings.loss_scale = c == 1 ? 0.5 : 0;
      fixture_network(&f, rwk_mlp_kernel_best());
      double lambda_c;
      const rwk_status status = f.problem->ops.zero_lambda(&lambda_c, f.work, f.problem->self);
      const int odd = a == RWK_ACTIVATION_TANH || a == RWK_ACTIVATION_IDENTITY;
      if (a == RWK_ACTIVATION_RELU || ((c & 8) && !((c & 4) && odd))) {
        assert_int_equal(status, RWK_NOT_IMPLEMENTED);
      } else {
        assert_int_equal(status, RWK_OK);
        const double want = (c & 4 ? slope_at_0 : slope)[a] * naive_scale(&f.naive) * sigma_of(&f, !(c & 8));
        assert_near(lambda_c, want, 1e-12 * want);
      }
      if (status == RWK_OK && c == 1 &&
          a != RWK_ACTIVATION_SOFTPLUS) { /* the Hessian's smallest eigenvalue changes sign there */
        double mean[3] = {0}, *H = malloc(f.dim * f.dim * sizeof *H), *g = malloc(f.dim * sizeof *g), e;
        memset(f.w, 0, f.dim * sizeof *f.w);
        for (size_t k = 0; k < 3; k++) {
          for (size_t r = 0; r < 50; r++) mean[k] += f.Y[r * f.naive.data.ldy + k] / 50;
          f.w[f.dim - 3 + k] = mean[k];
        }
        for (int side = -1; side <= 1; side += 2) {
          fixture_objective(&f, g, H, f.w, lambda_c * (1 + side * 0.01));
          assert_true(rwk_norm_inf(f.dim, g) < 1e-12);
          for (size_t j = 0; j < 3; j++) H[(9 + j) * f.dim + 9 + j] += 1; /* hidden biases are flat */
          assert_int_equal(rwk_eigen_some(f.ctx, &e, NULL, H, f.dim, f.dim, 0, 1), RWK_OK);
          if (a != RWK_ACTIVATION_LOGISTIC) assert_near(e, 2 * lambda_c * side * 0.01, 1e-10);
          assert_true(side * e > 0);
        }
        free(g);
        free(H);
      }
      fixture_drop(&f);
    }
  for (size_t depth = 0; depth < 3; depth += 2) {
    fixture f;
    fixture_data(&f, 20, 3, 1, 0, 4);
    f.naive.settings.hidden = hidden;
    f.naive.settings.hidden_count = depth;
    fixture_network(&f, rwk_mlp_kernel_best());
    double lambda_c;
    assert_int_equal(f.problem->ops.zero_lambda(&lambda_c, f.work, f.problem->self), RWK_NOT_IMPLEMENTED);
    fixture_drop(&f);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_kinks),       cmocka_unit_test(test_kinks_of_rows_that_count),
      cmocka_unit_test(test_simplify),    cmocka_unit_test(test_simplify_without_free_biases),
      cmocka_unit_test(test_zero_lambda),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
