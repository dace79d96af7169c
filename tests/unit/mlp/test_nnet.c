/* R's nnet has an exact Hessian of its own: value and Hessian of its networks, under its convention, here. */
#include "unit/mlp/fixture.h"
#include "reference/mlp/nnet_hessian.h"

/* Our coordinate of nnet's coordinate i. */
static size_t place(const rwk_mlp_layer *layers, size_t i) {
  const size_t block = NNET_INPUTS + 1;
  if (i < NNET_HIDDEN * block) {
    const size_t unit = i / block, input = i % block;
    return input == 0 ? layers[0].b + unit : layers[0].W + (input - 1) * NNET_HIDDEN + unit;
  }
  i -= NNET_HIDDEN * block;
  return i == 0 ? layers[1].b : layers[1].W + i - 1;
}

static void compare(const double *theirs, double value, const double *theirs_H) {
  static const size_t hidden = NNET_HIDDEN;
  const rwk_mlp_data data = {.X = nnet_X,
                             .ldx = NNET_INPUTS,
                             .Y = nnet_Y,
                             .ldy = 1,
                             .row_weights = nnet_row_weights,
                             .rows = NNET_ROWS,
                             .inputs = NNET_INPUTS,
                             .outputs = 1};
  double sum = 0;
  for (size_t r = 0; r < NNET_ROWS; r++) sum += nnet_row_weights[r];
  rwk_objective_scale scale;
  assert_int_equal(rwk_convention_scale(&scale, RWK_CONVENTION_NNET, sum), RWK_OK);
  rwk_mlp_settings settings;
  rwk_mlp_settings_init(&settings);
  settings.hidden = &hidden;
  settings.hidden_count = 1;
  settings.activation = RWK_ACTIVATION_LOGISTIC;
  settings.penalise_biases = scale.penalise_biases;
  settings.loss_scale = scale.loss_scale;
  rwk_context *ctx;
  rwk_mlp *mlp;
  assert_int_equal(rwk_context_create(&ctx, NULL), RWK_OK);
  for (size_t k = 0; rwk_mlp_kernel_get(k); k++) {
    assert_int_equal(rwk_mlp_create_with(&mlp, ctx, &data, &settings, rwk_mlp_kernel_get(k)), RWK_OK);
    assert_int_equal(rwk_problem_dim(rwk_mlp_problem(mlp)), NNET_DIM);
    rwk_mlp_layer layers[2];
    for (size_t l = 0; l < 2; l++) assert_int_equal(rwk_mlp_layer_get(&layers[l], mlp, l), RWK_OK);
    double w[NNET_DIM], H[NNET_DIM * NNET_DIM];
    for (size_t i = 0; i < NNET_DIM; i++) w[place(layers, i)] = theirs[i];
    rwk_objective o;
    rwk_parts parts;
    assert_int_equal(rwk_objective_open(&o, ctx, rwk_mlp_problem(mlp), scale.lambda_scale * nnet_decay),
                     RWK_OK);
    assert_int_equal(rwk_objective_value(&o, &parts, NULL, w), RWK_OK);
    assert_near(parts.objective, value, 1e-12 * value);
    assert_int_equal(rwk_objective_hessian(&o, H, NNET_DIM, w), RWK_OK);
    const double largest = rwk_norm_inf(NNET_DIM * NNET_DIM, H);
    for (size_t i = 0; i < NNET_DIM; i++)
      for (size_t j = 0; j < NNET_DIM; j++)
        assert_near(H[place(layers, i) * NNET_DIM + place(layers, j)], theirs_H[i * NNET_DIM + j],
                    1e-10 * largest);
    rwk_objective_close(&o);
    rwk_mlp_destroy(mlp);
  }
  rwk_context_destroy(ctx);
}

static void test_at_the_fit(void **state) {
  (void)state;
  compare(nnet_w1, nnet_value1, nnet_H1);
}

static void test_elsewhere(void **state) {
  (void)state;
  compare(nnet_w2, nnet_value2, nnet_H2);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_at_the_fit), cmocka_unit_test(test_elsewhere)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
