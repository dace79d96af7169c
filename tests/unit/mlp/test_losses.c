/* The cross-entropies: against PyTorch's, at large outputs, and what holds of them alone. */
#include "reference/mlp/cross_entropy.h"
#include "unit/mlp/fixture.h"

/* ---- PyTorch's values, gradients and Hessians ---- */

typedef struct reference {
  rwk_loss loss;
  size_t outputs;
  const double *w, *f, *value, *g, *H;
} reference;

#define REFERENCE(loss, outputs, name)                                                                       \
  { loss, outputs, ce_##name##_w, ce_##name##_f, ce_##name##_value, ce_##name##_g, ce_##name##_H }

static const reference references[] = {REFERENCE(RWK_LOSS_LOGISTIC, 1, logistic_near),
                                       REFERENCE(RWK_LOSS_LOGISTIC, 1, logistic_far),
                                       REFERENCE(RWK_LOSS_SOFTMAX, CE_CLASSES, softmax_near),
                                       REFERENCE(RWK_LOSS_SOFTMAX, CE_CLASSES, softmax_far)};

static void compare(const reference *r, const rwk_mlp_kernel *kernel) {
  static const size_t hidden = CE_HIDDEN;
  const size_t q = r->outputs;
  double Y[CE_ROWS * CE_CLASSES];
  for (size_t i = 0; i < CE_ROWS; i++)
    for (size_t k = 0; k < q; k++) Y[i * q + k] = q == 1 ? fmod(ce_label[i], 2) : ce_label[i] == (double)k;
  fixture f = {0};
  assert_int_equal(rwk_context_create(&f.ctx, NULL), RWK_OK);
  f.naive.data = (rwk_mlp_data){.X = ce_X,
                                .ldx = CE_INPUTS,
                                .Y = Y,
                                .ldy = q,
                                .row_weights = ce_weight,
                                .rows = CE_ROWS,
                                .inputs = CE_INPUTS,
                                .outputs = q};
  rwk_mlp_settings_init(&f.naive.settings);
  f.naive.settings.hidden = &hidden;
  f.naive.settings.hidden_count = 1;
  f.naive.settings.loss = r->loss;
  fixture_network(&f, kernel);
  const size_t n = f.dim;
  double *g = malloc(n * sizeof *g), *H = malloc(n * n * sizeof *H);
  assert_near(fixture_value(&f, g, r->w), *r->value, 1e-14 * *r->value);
  const double slope = rwk_norm_inf(n, r->g);
  for (size_t i = 0; i < n; i++) assert_near(g[i], r->g[i], 1e-13 * slope);
  assert_int_equal(f.problem->ops.hessian(H, n, r->w, f.work, f.problem->self), RWK_OK);
  const size_t last = n - q; /* of the first output bias: the term that holds their sum is not PyTorch's */
  for (size_t i = last; i < n && r->loss == RWK_LOSS_SOFTMAX; i++)
    for (size_t j = last; j < n; j++) H[i * n + j] -= 1 / (double)q;
  const double largest = rwk_norm_inf(n * n, r->H);
  for (size_t i = 0; i < n * n; i++) assert_near(H[i], r->H[i], 1e-13 * fmax(largest, 1));
  free(H);
  free(g);
  fixture_drop_network(&f);
  rwk_context_destroy(f.ctx);
}

static void test_pytorch(void **state) {
  (void)state;
  for (size_t k = 0; rwk_mlp_kernel_get(k); k++)
    for (size_t i = 0; i < 4; i++) compare(&references[i], rwk_mlp_kernel_get(k));
}

/* One row at a time, and their probabilities, from PyTorch's outputs. */
static void test_rows(void **state) {
  (void)state;
  for (size_t c = 0; c < 4; c++) {
    const reference *r = &references[c];
    double sum = 0, weight = 0;
    for (size_t i = 0; i < CE_ROWS; i++) {
      const size_t q = r->outputs, label = q == 1 ? (size_t)ce_label[i] % 2 : (size_t)ce_label[i];
      double y[CE_CLASSES] = {0}, p[CE_CLASSES], total = 0;
      y[q == 1 ? 0 : label] = q == 1 ? (double)label : 1;
      const double ell = rwk_loss_row(r->loss, r->f + i * q, y, q);
      memcpy(p, r->f + i * q, q * sizeof *p);
      rwk_loss_probabilities(p, q, r->loss, 1, q);
      for (size_t k = 0; k < q; k++) total += p[k];
      if (q > 1) assert_near(total, 1, 1e-14);
      const double named = q > 1 ? p[label] : label ? p[0] : 1 - p[0];
      if (named > 1e-3) assert_near(exp(-ell), named, 1e-12);
      size_t most = 0;
      for (size_t k = 1; k < q; k++) most = r->f[i * q + k] > r->f[i * q + most] ? k : most;
      assert_int_equal(rwk_loss_class(r->loss, r->f + i * q, q), q == 1 ? r->f[i] > 0 : most);
      sum += ce_weight[i] * ell;
      weight += ce_weight[i];
    }
    assert_near(sum / weight, *r->value, 1e-13 * *r->value);
  }
}

/* ---- far out ---- */

/* Outputs of up to 1e5 and far beyond exp's range: L tends to the mean of max f - f_y, and nothing is lost.
 */
static void test_large_outputs(void **state) {
  (void)state;
  static const size_t hidden = 4;
  for (int l = 0; l < 2; l++)
    for (size_t k = 0; rwk_mlp_kernel_get(k); k++) {
      fixture f;
      fixture_data(&f, 50, 3, l ? 5 : 1, 0, 2);
      f.naive.settings.hidden = &hidden;
      f.naive.settings.hidden_count = 1;
      f.naive.settings.output_bias = 0;
      fixture_classes(&f, l ? RWK_LOSS_SOFTMAX : RWK_LOSS_LOGISTIC);
      fixture_network(&f, rwk_mlp_kernel_get(k));
      const size_t q = f.naive.data.outputs, n = f.dim;
      double *w = malloc(n * sizeof *w), *g = malloc(n * sizeof *g), *H = malloc(n * n * sizeof *H),
             *F = malloc(50 * q * sizeof *F), limit = 0;
      for (size_t i = 0; i < n; i++) w[i] = 3e4 * f.w[i];
      assert_int_equal(rwk_mlp_predict(F, q, f.mlp, f.X, f.naive.data.ldx, 50, w), RWK_OK);
      for (size_t i = 0; i < 50; i++) {
        double most = q == 1 ? fmax(F[i], 0) : F[i * q];
        for (size_t j = 1; j < q; j++) most = fmax(most, F[i * q + j]);
        limit += most / 50;
        for (size_t j = 0; j < q; j++) limit -= f.Y[i * f.naive.data.ldy + j] * F[i * q + j] / 50;
      }
      assert_true(limit > 1000);
      assert_near(fixture_value(&f, g, w), limit, 1e-3);
      assert_int_equal(f.problem->ops.hessian(H, n, w, f.work, f.problem->self), RWK_OK);
      for (size_t i = 0; i < n; i++) assert_true(isfinite(g[i]));
      for (size_t i = 0; i < n * n; i++) assert_true(isfinite(H[i]));
      free(F);
      free(H);
      free(g);
      free(w);
      fixture_drop(&f);
    }
}

/* What a row that is told apart still costs is not rounded away: log(1 + exp(-50)) is exp(-50). */
static void test_small_losses(void **state) {
  (void)state;
  static const double X[] = {1, -1}, yes[] = {1, 0}, both[] = {1, 0, 0, 1};
  for (int l = 0; l < 2; l++) {
    fixture f = {0};
    assert_int_equal(rwk_context_create(&f.ctx, NULL), RWK_OK);
    const size_t q = l ? 2 : 1;
    f.naive.data =
        (rwk_mlp_data){.X = X, .ldx = 1, .Y = l ? both : yes, .ldy = q, .rows = 2, .inputs = 1, .outputs = q};
    rwk_mlp_settings_init(&f.naive.settings);
    f.naive.settings.output_bias = 0;
    f.naive.settings.loss = l ? RWK_LOSS_SOFTMAX : RWK_LOSS_LOGISTIC;
    for (size_t k = 0; rwk_mlp_kernel_get(k); k++) {
      fixture_network(&f, rwk_mlp_kernel_get(k));
      const double w[] = {l ? 25 : 50, -25};
      double g[2];
      assert_near(fixture_value(&f, g, w), exp(-50), 1e-14 * exp(-50));
      assert_near(g[0], -exp(-50), (l ? 1e-16 : 1e-14 * exp(-50)));
      fixture_drop_network(&f);
    }
    rwk_context_destroy(f.ctx);
  }
}

/* ---- Gauss and Newton ---- */

/* A linear model has no second derivatives of f: the matrix is the Hessian.
 * With hidden units it is the sum over rows of J'EJ. */
static void test_gauss_newton(void **state) {
  (void)state;
  static const size_t hidden = 3;
  for (int c = 0; c < 4; c++) {
    fixture f;
    fixture_data(&f, 150, 3, c & 1 ? 4 : 2, 1, 4);
    f.naive.settings.hidden = &hidden;
    f.naive.settings.hidden_count = c & 2 ? 1 : 0;
    fixture_classes(&f, c & 1 ? RWK_LOSS_SOFTMAX : RWK_LOSS_LOGISTIC);
    fixture_network(&f, rwk_mlp_kernel_best());
    const size_t n = f.dim, q = f.naive.data.outputs;
    double *A = malloc(n * n * sizeof *A), *H = calloc(n * n, sizeof *H),
           *J = malloc(150 * q * n * sizeof *J), *P = malloc(150 * q * sizeof *P), total = 0;
    assert_int_equal(rwk_mlp_gauss_newton(A, n, f.mlp, f.w), RWK_OK);
    assert_int_equal(rwk_mlp_jacobian(J, n, f.mlp, f.X, f.naive.data.ldx, 150, f.w), RWK_OK);
    assert_int_equal(rwk_mlp_predict(P, q, f.mlp, f.X, f.naive.data.ldx, 150, f.w), RWK_OK);
    rwk_loss_probabilities(P, q, f.naive.settings.loss, 150, q);
    for (size_t r = 0; r < 150; r++) total += f.omega[r];
    for (size_t r = 0; r < 150; r++)
      for (size_t k = 0; k < q; k++)
        for (size_t o = 0; o < q; o++) {
          const double *p = P + r * q;
          const double E = c & 1 ? p[k] * ((k == o) - p[o]) : k == o ? p[k] * (1 - p[k]) : 0;
          for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++)
              H[i * n + j] += f.omega[r] / total * E * J[(r * q + k) * n + i] * J[(r * q + o) * n + j];
        }
    for (size_t i = n - q; i < n && c & 1; i++) /* the term on the biases */
      for (size_t j = n - q; j < n; j++) H[i * n + j] += 1 / (double)q;
    for (size_t i = 0; i < n * n; i++) assert_near(A[i], H[i], 1e-13);
    if (c < 2) {
      assert_int_equal(f.problem->ops.hessian(H, n, f.w, f.work, f.problem->self), RWK_OK);
      for (size_t i = 0; i < n * n; i++) assert_near(A[i], H[i], 1e-13);
    }
    free(P);
    free(J);
    free(H);
    free(A);
    fixture_drop(&f);
  }
}

/* ---- the common shift ---- */

/* Softmax is blind to it: at a critical point the outgoing weights of every unit sum to 0, and so do the
 * biases; the Hessian has the shift for an eigenvector, of eigenvalue 1; centred weights are the same model.
 */
static void test_common_shift(void **state) {
  (void)state;
  static const size_t hidden = 2;
  fixture f;
  fixture_data(&f, 60, 3, 3, 1, 8);
  f.naive.settings.hidden = &hidden;
  f.naive.settings.hidden_count = 1;
  fixture_classes(&f, RWK_LOSS_SOFTMAX);
  fixture_network(&f, rwk_mlp_kernel_best());
  const size_t n = f.dim;
  double shift, u[32] = {0}, hu[32], before[60 * 3], after[60 * 3], g[32];
  f.w[n - 1] += 2;
  assert_int_equal(rwk_mlp_predict(before, 3, f.mlp, f.X, f.naive.data.ldx, 60, f.w), RWK_OK);
  const double moved = fixture_value(&f, g, f.w);
  rwk_mlp_centre(f.w, &shift, f.mlp);
  assert_true(fabs(shift) > 0.1);
  assert_near(f.w[n - 1] + f.w[n - 2] + f.w[n - 3], 0, 1e-15);
  assert_int_equal(rwk_mlp_predict(after, 3, f.mlp, f.X, f.naive.data.ldx, 60, f.w), RWK_OK);
  for (size_t i = 0; i < 60 * 3; i++) assert_near(before[i] - after[i], shift, 1e-14);
  assert_near(moved - fixture_value(&f, g, f.w), 1.5 * shift * shift, 1e-13);
  for (size_t k = 1; k <= 3; k++) u[n - k] = 1;
  fixture_product(&f, hu, u, f.w);
  for (size_t i = 0; i < n; i++) assert_near(hu[i], u[i], 1e-14);
  fixture_settle(&f, f.w, 0.01, NULL);
  for (size_t j = 0; j < 3; j++) /* two units and the bias */
    assert_near(f.w[n - 9 + 3 * j] + f.w[n - 8 + 3 * j] + f.w[n - 7 + 3 * j], 0, 1e-9);
  fixture_drop(&f);
}

static rwk_status count_flat(const rwk_flat *flat, void *payload) {
  size_t *count = payload;
  ++*count;
  assert_non_null(strstr(flat->label, "common shift of the outputs"));
  return RWK_OK;
}

/* Without a penalty it is flat for the weights of every input of the last layer, and there it is named. */
static void test_flat_without_penalty(void **state) {
  (void)state;
  static const size_t hidden = 2;
  for (int c = 0; c < 3; c++) {
    fixture f;
    fixture_data(&f, 40, 3, 3, 0, 9);
    f.naive.settings.hidden = &hidden;
    f.naive.settings.hidden_count = c != 1;
    f.naive.settings.penalise_biases = c == 2;
    fixture_classes(&f, RWK_LOSS_SOFTMAX);
    fixture_network(&f, rwk_mlp_kernel_best());
    const size_t n = f.dim, inputs = c == 1 ? 3 : 2;
    double *H = malloc(n * n * sizeof *H), *e = malloc(n * sizeof *e), *V = malloc(n * n * sizeof *V);
    size_t named = 0, zero = 0;
    assert_int_equal(f.problem->ops.flats(f.w, 0, count_flat, &named, f.work, f.problem->self), RWK_OK);
    assert_int_equal(named, inputs + (c == 2));
    assert_int_equal(f.problem->ops.hessian(H, n, f.w, f.work, f.problem->self), RWK_OK);
    assert_int_equal(rwk_eigen(f.ctx, e, V, H, n, n), RWK_OK);
    for (size_t i = 0; i < n; i++) zero += fabs(e[i]) < 1e-12;
    assert_int_equal(zero, named);
    named = 0;
    assert_int_equal(f.problem->ops.flats(f.w, 0.1, count_flat, &named, f.work, f.problem->self), RWK_OK);
    assert_int_equal(named, 0);
    free(V);
    free(e);
    free(H);
    fixture_drop(&f);
  }
}

/* ---- the penalty at which zero becomes a minimum (T5) ---- */

static double smallest_at_zero(const fixture *f, double lambda) {
  const size_t n = f->dim, q = f->naive.data.outputs;
  double w[64] = {0}, *H = malloc(n * n * sizeof *H), g[64], smallest, share[4] = {0}, total = 0, mean = 0;
  for (size_t i = 0; i < f->naive.data.rows; i++) {
    total += naive_omega(&f->naive, i);
    for (size_t k = 0; k < q; k++) share[k] += naive_omega(&f->naive, i) * f->Y[i * f->naive.data.ldy + k];
  }
  for (size_t k = 0; k < q; k++) mean += log(share[k] / total) / (double)q;
  for (size_t k = 0; k < q && f->naive.settings.output_bias; k++) {
    const double p = share[k] / total;
    w[n - q + k] = q == 1 ? log(p / (1 - p)) : log(p) - mean;
  }
  fixture_objective(f, g, H, w, lambda);
  if (f->naive.settings.output_bias) assert_true(rwk_norm_inf(n, g) < 1e-14);
  assert_int_equal(rwk_eigen_some(f->ctx, &smallest, NULL, H, n, n, 0, 1), RWK_OK);
  free(H);
  return smallest;
}

static void test_zero_lambda(void **state) {
  (void)state;
  static const size_t hidden = 2;
  for (int c = 0; c < 4; c++) {
    fixture f;
    fixture_data(&f, 80, 3, c & 1 ? 4 : 1, 1, 21);
    f.naive.settings.hidden = &hidden;
    f.naive.settings.hidden_count = 1;
    f.naive.settings.output_bias = f.naive.settings.hidden_bias = !(c & 2);
    fixture_classes(&f, c & 1 ? RWK_LOSS_SOFTMAX : RWK_LOSS_LOGISTIC);
    fixture_network(&f, rwk_mlp_kernel_best());
    double lambda_c;
    assert_int_equal(f.problem->ops.zero_lambda(&lambda_c, f.work, f.problem->self), RWK_OK);
    assert_true(lambda_c > 0.001);
    const double below = smallest_at_zero(&f, 0.99 * lambda_c), above = smallest_at_zero(&f, 1.01 * lambda_c);
    assert_near(below, -0.02 * lambda_c, 1e-12);
    if (c & 2) /* without free biases nothing is flat */
      assert_near(above, 0.02 * lambda_c, 1e-12);
    else
      assert_near(above, 0, 1e-12);
    fixture_drop(&f);
  }
}

/* ---- refusals, names, conventions ---- */

static void test_refusals(void **state) {
  (void)state;
  rwk_context *ctx;
  rwk_mlp *mlp;
  const double X[] = {1, 2}, half[] = {0.5, 0.4, 0.5, 0.6}, beyond[] = {0, 1.5}, one[] = {1, 0};
  assert_int_equal(rwk_context_create(&ctx, NULL), RWK_OK);
  rwk_mlp_data d = {.X = X, .ldx = 1, .Y = half, .ldy = 2, .rows = 2, .inputs = 1, .outputs = 2};
  rwk_mlp_settings s;
  rwk_mlp_settings_init(&s);
  s.loss = RWK_LOSS_SOFTMAX;
  assert_int_equal(rwk_mlp_create(&mlp, ctx, &d, &s), RWK_DATA);
  assert_non_null(strstr(rwk_context_error(ctx), "row 1 sums to 0.9"));
  d.outputs = d.ldy = 1;
  d.Y = one;
  assert_int_equal(rwk_mlp_create(&mlp, ctx, &d, &s), RWK_INVALID_ARGUMENT);
  s.loss = RWK_LOSS_LOGISTIC;
  assert_int_equal(rwk_mlp_create(&mlp, ctx, &d, &s), RWK_OK);
  rwk_mlp_destroy(mlp);
  d.Y = beyond;
  assert_int_equal(rwk_mlp_create(&mlp, ctx, &d, &s), RWK_DATA);
  assert_non_null(strstr(rwk_context_error(ctx), "row 2, column 1 is 1.5"));
  s.loss = (rwk_loss)7;
  assert_int_equal(rwk_mlp_create(&mlp, ctx, &d, &s), RWK_INVALID_ARGUMENT);
  rwk_context_destroy(ctx);
}

static void test_names_and_conventions(void **state) {
  (void)state;
  rwk_loss loss;
  rwk_objective_scale s;
  assert_int_equal(rwk_loss_from_name(&loss, "softmax"), RWK_OK);
  assert_int_equal(loss, RWK_LOSS_SOFTMAX);
  assert_int_equal(rwk_loss_from_name(&loss, "hinge"), RWK_INVALID_ARGUMENT);
  assert_string_equal(rwk_loss_name(RWK_LOSS_LOGISTIC), "logistic");
  const struct {
    rwk_convention convention;
    double loss_scale, lambda_scale;
    int biases;
  } wanted[] = {{RWK_CONVENTION_MSE, 0.01, 1, 0},         /* ours: the mean */
                {RWK_CONVENTION_NNET, 1, 1, 1},           /* nnet(entropy = TRUE, decay) */
                {RWK_CONVENTION_SKLEARN, 0.01, 0.005, 0}, /* MLPClassifier: log_loss + alpha/(2n) R */
                {RWK_CONVENTION_TORCH, 0.01, 0.5, 1},     /* CrossEntropyLoss, weight_decay */
                {RWK_CONVENTION_KERAS, 0.01, 1, 0}};
  for (size_t i = 0; i < 5; i++) {
    assert_int_equal(rwk_convention_scale_of(&s, wanted[i].convention, RWK_LOSS_SOFTMAX, 100), RWK_OK);
    assert_near(s.loss_scale, wanted[i].loss_scale, 1e-17);
    assert_near(s.lambda_scale, wanted[i].lambda_scale, 1e-17);
    assert_int_equal(s.penalise_biases, wanted[i].biases);
    assert_non_null(strstr(s.objective, "CE"));
  }
  assert_int_equal(rwk_convention_scale_of(&s, RWK_CONVENTION_HALF_SSE, RWK_LOSS_LOGISTIC, 100),
                   RWK_NOT_IMPLEMENTED);
  assert_int_equal(rwk_convention_scale_of(&s, RWK_CONVENTION_SKLEARN, RWK_LOSS_MSE, 100), RWK_OK);
  assert_near(s.loss_scale, 0.005, 1e-17);
}

static void test_accuracy(void **state) {
  (void)state;
  for (int l = 0; l < 2; l++) {
    fixture f;
    fixture_data(&f, 300, 3, l ? 3 : 1, 1, 5);
    fixture_classes(&f, l ? RWK_LOSS_SOFTMAX : RWK_LOSS_LOGISTIC);
    fixture_network(&f, rwk_mlp_kernel_best());
    const size_t q = f.naive.data.outputs;
    double F[900], share, right = 0, total = 0;
    assert_int_equal(rwk_mlp_predict(F, q, f.mlp, f.X, f.naive.data.ldx, 300, f.w), RWK_OK);
    for (size_t i = 0; i < 300; i++) {
      size_t said = 0, is = 0;
      const double *y = f.Y + i * f.naive.data.ldy;
      for (size_t k = 1; k < q; k++) {
        if (F[i * q + k] > F[i * q + said]) said = k;
        if (y[k] > y[is]) is = k;
      }
      right += f.omega[i] * (q == 1 ? (F[i] > 0) == (y[0] > 0.5) : said == is);
      total += f.omega[i];
    }
    assert_int_equal(rwk_mlp_accuracy(&share, f.mlp, f.w), RWK_OK);
    assert_near(share, right / total, 1e-14);
    assert_true(share > 0.1 && share < 0.95);
    fixture_drop(&f);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_pytorch),
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_large_outputs),
      cmocka_unit_test(test_small_losses),
      cmocka_unit_test(test_gauss_newton),
      cmocka_unit_test(test_common_shift),
      cmocka_unit_test(test_flat_without_penalty),
      cmocka_unit_test(test_zero_lambda),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_names_and_conventions),
      cmocka_unit_test(test_accuracy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
