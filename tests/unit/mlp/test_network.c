/* Making networks, their layout, predictions, starts, conventions, memory. */
#include "unit/mlp/fixture.h"

static rwk_status create(rwk_mlp **mlp, rwk_context *ctx, const naive *n) {
  return rwk_mlp_create(mlp, ctx, &n->data, &n->settings);
}

static void test_layout(void **state) {
  (void)state;
  static const size_t hidden[] = {4, 2};
  fixture f;
  fixture_data(&f, 10, 3, 2, 0, 1);
  f.naive.settings.hidden = hidden;
  f.naive.settings.hidden_count = 2;
  f.naive.settings.output_bias = 0;
  fixture_network(&f, rwk_mlp_kernel_best());
  assert_int_equal(f.dim, 3 * 4 + 4 + 4 * 2 + 2 + 2 * 2);
  assert_int_equal(rwk_mlp_layer_count(f.mlp), 3);
  rwk_mlp_layer layer;
  assert_int_equal(rwk_mlp_layer_get(&layer, f.mlp, 1), RWK_OK);
  assert_int_equal(layer.W, 16);
  assert_int_equal(layer.b, 24);
  assert_int_equal(layer.inputs, 4);
  assert_int_equal(layer.outputs, 2);
  assert_true(layer.has_bias);
  assert_int_equal(rwk_mlp_layer_get(&layer, f.mlp, 2), RWK_OK);
  assert_int_equal(layer.W, 26);
  assert_false(layer.has_bias);
  assert_int_equal(rwk_mlp_layer_get(&layer, f.mlp, 3), RWK_INVALID_ARGUMENT);
  for (size_t i = 0; i < f.dim; i++) {
    const int bias = (i >= 12 && i < 16) || (i >= 24 && i < 26);
    assert_int_equal(f.problem->penalised[i], !bias);
  }
  fixture_drop_network(&f);
  f.naive.settings.penalise_biases = 1;
  fixture_network(&f, rwk_mlp_kernel_best());
  for (size_t i = 0; i < f.dim; i++) assert_int_equal(f.problem->penalised[i], 1);
  fixture_drop(&f);
}

static void test_refusals(void **state) {
  (void)state;
  fixture f;
  rwk_mlp *mlp = NULL;
  size_t hidden[2] = {3, 0};
  fixture_data(&f, 10, 3, 2, 1, 1);
  naive n = f.naive;
  n.settings.size = 1;
  assert_int_equal(create(&mlp, f.ctx, &n), RWK_INVALID_ARGUMENT);
  n = f.naive;
  n.settings.hidden_count = 2;
  assert_int_equal(create(&mlp, f.ctx, &n), RWK_INVALID_ARGUMENT);
  n.settings.hidden = hidden;
  assert_int_equal(create(&mlp, f.ctx, &n), RWK_INVALID_ARGUMENT);
  assert_non_null(strstr(rwk_context_error(f.ctx), "layer 2 has width 0"));
  hidden[1] = SIZE_MAX / 4;
  assert_int_equal(create(&mlp, f.ctx, &n), RWK_INVALID_ARGUMENT);
  hidden[0] = hidden[1] = (size_t)1 << 33; /* the product does not fit */
  assert_int_equal(create(&mlp, f.ctx, &n), RWK_INVALID_ARGUMENT);
  n = f.naive;
  n.settings.activation = (rwk_activation)99;
  assert_int_equal(create(&mlp, f.ctx, &n), RWK_INVALID_ARGUMENT);
  n = f.naive;
  n.settings.loss_scale = -1;
  assert_int_equal(create(&mlp, f.ctx, &n), RWK_INVALID_ARGUMENT);
  n = f.naive;
  n.data.rows = 0;
  assert_int_equal(create(&mlp, f.ctx, &n), RWK_INVALID_ARGUMENT);
  n = f.naive;
  n.data.ldx = 2;
  assert_int_equal(create(&mlp, f.ctx, &n), RWK_INVALID_ARGUMENT);
  n = f.naive;
  n.data.Y = NULL;
  assert_int_equal(create(&mlp, f.ctx, &n), RWK_INVALID_ARGUMENT);

  f.X[4 * f.naive.data.ldx + 2] = NAN;
  assert_int_equal(create(&mlp, f.ctx, &f.naive), RWK_DATA);
  assert_string_equal(rwk_context_error(f.ctx), "X: row 5, column 3 is not a finite number");
  f.X[4 * f.naive.data.ldx + 2] = 0;
  f.X[4 * f.naive.data.ldx + 3] = NAN; /* between the rows: nobody looks there */
  f.Y[9 * f.naive.data.ldy + 1] = INFINITY;
  assert_int_equal(create(&mlp, f.ctx, &f.naive), RWK_DATA);
  assert_string_equal(rwk_context_error(f.ctx), "Y: row 10, column 2 is not a finite number");
  f.Y[9 * f.naive.data.ldy + 1] = 0;
  f.omega[6] = -1;
  assert_int_equal(create(&mlp, f.ctx, &f.naive), RWK_DATA);
  assert_non_null(strstr(rwk_context_error(f.ctx), "row 7"));
  for (size_t i = 0; i < 10; i++) f.omega[i] = 0;
  assert_int_equal(create(&mlp, f.ctx, &f.naive), RWK_DATA);
  assert_null(mlp);
  rwk_mlp_destroy(NULL);
  fixture_drop(&f);
}

/* The table is copied: what the caller does to it later has no effect. */
static void test_data_are_copied(void **state) {
  (void)state;
  fixture f;
  fixture_data(&f, 10, 3, 2, 1, 1);
  fixture_network(&f, rwk_mlp_kernel_best());
  const double before = fixture_value(&f, NULL, f.w);
  for (size_t i = 0; i < 10; i++) f.X[i] = f.Y[i] = f.omega[i] = 1e3;
  assert_true(fixture_value(&f, NULL, f.w) == before);
  fixture_drop(&f);
}

static void test_linear_model_closed_form(void **state) {
  (void)state;
  static const double X[] = {1, 2, 3, 4}, Y[] = {2, 3, 5, 9}, w[] = {2, -1}; /* f = 2 x - 1: gaps -1 0 0 -2 */
  const rwk_mlp_data data = {.X = X, .ldx = 1, .Y = Y, .ldy = 1, .rows = 4, .inputs = 1, .outputs = 1};
  rwk_context *ctx;
  rwk_mlp *mlp;
  assert_int_equal(rwk_context_create(&ctx, NULL), RWK_OK);
  assert_int_equal(rwk_mlp_create(&mlp, ctx, &data, NULL), RWK_OK);
  rwk_objective o;
  assert_int_equal(rwk_objective_open(&o, ctx, rwk_mlp_problem(mlp), 0.5), RWK_OK);
  rwk_parts parts;
  double g[2], H[4];
  assert_int_equal(rwk_objective_value(&o, &parts, g, w), RWK_OK);
  assert_near(parts.loss, 5.0 / 4, 1e-15);
  assert_near(parts.penalty, 4, 0); /* the bias is free */
  assert_near(g[0], 2 * (-1 * 1 + -2 * 4) / 4.0 + 2 * 0.5 * 2, 1e-15);
  assert_near(g[1], 2 * -3 / 4.0, 1e-15);
  assert_int_equal(rwk_objective_hessian(&o, H, 2, w), RWK_OK);
  assert_near(H[0], 2 * 30 / 4.0 + 1, 1e-14);
  assert_near(H[1], 2 * 10 / 4.0, 1e-14);
  assert_near(H[3], 2, 1e-15);
  assert_near(rwk_mlp_mse(mlp, parts.loss), 1.25, 1e-15);
  rwk_objective_close(&o);
  rwk_mlp_destroy(mlp);
  rwk_context_destroy(ctx);
}

static void test_predict(void **state) {
  (void)state;
  static const size_t hidden[] = {5, 3};
  fixture f;
  fixture_data(&f, 40, 3, 2, 1, 1);
  f.naive.settings.hidden = hidden;
  f.naive.settings.hidden_count = 2;
  for (size_t k = 0; rwk_mlp_kernel_get(k); k++) {
    fixture_network(&f, rwk_mlp_kernel_get(k));
    jet W[64], out[2];
    for (size_t i = 0; i < f.dim; i++) W[i] = jet_of(f.w[i]);
    enum { ROWS = 333, LDX = 4, LDF = 3 };
    static double X[ROWS * LDX], F[ROWS * LDF];
    rwk_stream s;
    rwk_stream_init(&s, 8, 0);
    for (size_t i = 0; i < ROWS * LDX; i++) X[i] = rwk_stream_normal(&s);
    for (size_t i = 0; i < ROWS * LDF; i++) F[i] = 77;
    assert_int_equal(rwk_mlp_predict(F, LDF, f.mlp, X, LDX, ROWS, f.w), RWK_OK);
    for (size_t r = 0; r < ROWS; r++) {
      naive_row(out, &f.naive, X + r * LDX, W);
      for (size_t o = 0; o < 2; o++) assert_near(F[r * LDF + o], out[o].f, 1e-14);
      assert_true(F[r * LDF + 2] == 77);
    }
    assert_int_equal(rwk_mlp_predict(F, 1, f.mlp, X, LDX, ROWS, f.w), RWK_INVALID_ARGUMENT);
    assert_int_equal(rwk_mlp_predict(F, LDF, f.mlp, X, LDX, 0, f.w), RWK_OK);
    /* the loss is that of the predictions */
    double sse = 0, weights = 0;
    assert_int_equal(rwk_mlp_predict(F, LDF, f.mlp, f.X, f.naive.data.ldx, 40, f.w), RWK_OK);
    for (size_t r = 0; r < 40; r++) {
      weights += f.omega[r];
      for (size_t o = 0; o < 2; o++) {
        const double gap = F[r * LDF + o] - f.Y[r * f.naive.data.ldy + o];
        sse += f.omega[r] * gap * gap;
      }
    }
    assert_near(rwk_mlp_mse(f.mlp, fixture_value(&f, NULL, f.w)), sse / weights, 1e-13);
    fixture_drop_network(&f);
  }
  fixture_drop(&f);
}

static void test_start(void **state) {
  (void)state;
  static const size_t hidden[] = {50};
  fixture f;
  fixture_data(&f, 4, 7, 2, 0, 1);
  f.naive.settings.hidden = hidden;
  f.naive.settings.hidden_count = 1;
  for (int a = 0; a < 2; a++) {
    f.naive.settings.activation = a ? RWK_ACTIVATION_LOGISTIC : RWK_ACTIVATION_TANH;
    fixture_network(&f, rwk_mlp_kernel_best());
    const double bound = sqrt((a ? 2.0 : 6.0) / 57), last = sqrt((a ? 2.0 : 6.0) / 52);
    double largest = 0, largest_last = 0, *again = malloc(f.dim * sizeof *again);
    for (size_t i = 0; i < f.dim; i++) {
      double *of = i < 8 * 50 ? &largest : &largest_last;
      *of = fmax(*of, fabs(f.w[i]));
    }
    assert_true(largest < bound && largest > 0.97 * bound);
    assert_true(largest_last < last && largest_last > 0.9 * last);
    assert_int_equal(f.problem->ops.start(again, 5, 1, f.problem->self), RWK_OK);
    assert_memory_equal(again, f.w, f.dim * sizeof *again);
    assert_int_equal(f.problem->ops.start(again, 5, 2, f.problem->self), RWK_OK);
    assert_true(again[0] != f.w[0]);
    free(again);
    fixture_drop_network(&f);
  }
  fixture_drop(&f);
}

static void test_names_and_conventions(void **state) {
  (void)state;
  rwk_activation a;
  assert_int_equal(rwk_activation_from_name(&a, "softplus"), RWK_OK);
  assert_int_equal(a, RWK_ACTIVATION_SOFTPLUS);
  assert_string_equal(rwk_activation_name(RWK_ACTIVATION_RELU), "relu");
  assert_string_equal(rwk_activation_name((rwk_activation)77), "?");
  assert_int_equal(rwk_activation_from_name(&a, "sigmoid"), RWK_INVALID_ARGUMENT);
  rwk_convention c;
  assert_int_equal(rwk_convention_from_name(&c, "half-sse"), RWK_OK);
  assert_int_equal(c, RWK_CONVENTION_HALF_SSE);
  assert_int_equal(rwk_convention_from_name(&c, "ours"), RWK_INVALID_ARGUMENT);
  assert_string_equal(rwk_convention_name(RWK_CONVENTION_KERAS), "keras");
  assert_string_equal(rwk_convention_name((rwk_convention)77), "?");

  /* J of a table of SSE 30, n 10, R 4, at their penalty 0.5 */
  static const struct {
    rwk_convention convention;
    double J;
    int biases;
    const char *lambda;
  } known[] = {{RWK_CONVENTION_MSE, 3 + 0.5 * 4, 0, "lambda"},
               {RWK_CONVENTION_HALF_SSE, 15 + 0.25 * 4, 0, "lambda"},
               {RWK_CONVENTION_NNET, 30 + 0.5 * 4, 1, "decay"},
               {RWK_CONVENTION_SKLEARN, 1.5 + 0.5 / 20 * 4, 0, "alpha"},
               {RWK_CONVENTION_TORCH, 3 + 0.25 * 4, 1, "weight_decay"},
               {RWK_CONVENTION_KERAS, 3 + 0.5 * 4, 0, "l2"}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    rwk_objective_scale s;
    assert_int_equal(rwk_convention_scale(&s, known[i].convention, 10), RWK_OK);
    assert_near(s.loss_scale * 30 + s.lambda_scale * 0.5 * 4, known[i].J, 1e-14);
    assert_int_equal(s.penalise_biases, known[i].biases);
    assert_string_equal(s.lambda, known[i].lambda);
    assert_string_equal(s.name, rwk_convention_name(known[i].convention));
    assert_int_equal(rwk_convention_scale(&s, known[i].convention, 0), RWK_INVALID_ARGUMENT);
    assert_int_equal(rwk_convention_scale(&s, known[i].convention, NAN), RWK_INVALID_ARGUMENT);
  }
  rwk_objective_scale s;
  assert_int_equal(rwk_convention_scale(&s, (rwk_convention)77, 10), RWK_INVALID_ARGUMENT);
}

/* ---- memory ---- */

typedef struct counter {
  int64_t calls, live, fail_at; /* fail_at: number of the call that fails, from 1; 0: none */
} counter;

static void *counted_allocate(void *block, size_t size, void *payload) {
  counter *c = payload;
  if (++c->calls == c->fail_at) return NULL;
  c->live += block == NULL;
  return realloc(block, size);
}

static void counted_release(void *block, void *payload) {
  ((counter *)payload)->live--;
  free(block);
}

static rwk_context *counted_context(counter *c) {
  rwk_context_settings settings;
  rwk_context *ctx = NULL;
  rwk_context_settings_init(&settings);
  settings.allocate = counted_allocate;
  settings.release = counted_release;
  settings.allocator_payload = c;
  assert_int_equal(rwk_context_create(&ctx, &settings), RWK_OK);
  return ctx;
}

static rwk_status ignore_flat(const rwk_flat *flat, void *payload) {
  (void)flat;
  (void)payload;
  return RWK_OK;
}

static void test_evaluation_does_not_allocate(void **state) {
  (void)state;
  static const size_t hidden[] = {5, 4};
  for (size_t depth = 0; depth < 3; depth++) {
    fixture f;
    counter c = {0};
    fixture_data(&f, 300, 3, 2, 0, 1);
    rwk_context_destroy(f.ctx);
    f.ctx = counted_context(&c);
    f.naive.settings.hidden = hidden;
    f.naive.settings.hidden_count = depth;
    fixture_network(&f, rwk_mlp_kernel_best());
    double g[64], hv[64], H[64 * 64];
    int64_t before = c.calls;
    fixture_value(&f, g, f.w);
    fixture_product(&f, hv, g, f.w);
    assert_int_equal(c.calls, before);
    assert_int_equal(f.problem->ops.hessian(H, f.dim, f.w, f.work, f.problem->self), RWK_OK);
    assert_int_equal(c.calls, before + 1); /* the first dense Hessian takes what they all work in */
    before = c.calls;
    assert_int_equal(f.problem->ops.hessian(H, f.dim, f.w, f.work, f.problem->self), RWK_OK);
    assert_int_equal(c.calls, before);
    fixture_drop(&f);
    assert_int_equal(c.live, 0);
  }
}

/* Whatever allocation fails, the call says so, leaves nothing behind and the rest can be destroyed. */
static void test_allocation_failures(void **state) {
  (void)state;
  static const size_t hidden[] = {3, 2};
  int failures = 0;
  for (int64_t at = 2;; at++) { /* 1 is the context itself */
    fixture f;
    counter c = {.fail_at = at};
    fixture_data(&f, 20, 3, 2, 0, 1);
    rwk_context_destroy(f.ctx);
    f.ctx = counted_context(&c);
    f.naive.settings.hidden = hidden;
    f.naive.settings.hidden_count = 2;
    double w[64] = {0}, lambda_c, F[64];
    rwk_status status = create(&f.mlp, f.ctx, &f.naive);
    if (status == RWK_OK) {
      f.problem = rwk_mlp_problem(f.mlp);
      status = f.problem->ops.work_create(&f.work, f.ctx, f.problem->self);
    }
    if (status == RWK_OK) status = f.problem->ops.flats(w, 1, ignore_flat, NULL, f.work, f.problem->self);
    if (status == RWK_OK) status = rwk_mlp_predict(F, 2, f.mlp, f.X, f.naive.data.ldx, 20, w);
    if (status == RWK_OK)
      assert_int_equal(f.problem->ops.zero_lambda(&lambda_c, f.work, f.problem->self), RWK_NOT_IMPLEMENTED);
    assert_true(status == RWK_OK || status == RWK_NO_MEMORY);
    const int done = status == RWK_OK && c.calls < at;
    failures += status == RWK_NO_MEMORY;
    fixture_drop(&f);
    assert_int_equal(c.live, 0);
    if (done) break;
  }
  assert_true(failures > 15);
}

/* The same bits from any scratch memory, at any time, and whichever way the point was reached. */
static void test_same_bits(void **state) {
  (void)state;
  static const size_t hidden[] = {6};
  fixture f;
  fixture_data(&f, 700, 4, 1, 0, 2);
  f.naive.settings.hidden = hidden;
  f.naive.settings.hidden_count = 1;
  fixture_network(&f, rwk_mlp_kernel_best());
  double g[64], again[64], hv[64], hv_again[64];
  const double loss = fixture_value(&f, g, f.w);
  fixture_product(&f, hv, g, f.w);
  for (int i = 0; i < 3; i++) {
    void *first = f.work;
    assert_int_equal(f.problem->ops.work_create(&f.work, f.ctx, f.problem->self), RWK_OK);
    if (i & 1) fixture_product(&f, hv_again, g, f.w);
    assert_true(fixture_value(&f, again, f.w) == loss);
    assert_true(fixture_value(&f, NULL, f.w) == loss);
    assert_memory_equal(g, again, f.dim * sizeof *g);
    fixture_product(&f, hv_again, g, f.w);
    assert_memory_equal(hv, hv_again, f.dim * sizeof *hv);
    f.problem->ops.work_destroy(f.work, f.problem->self);
    f.work = first;
  }
  fixture_drop(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_layout),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_data_are_copied),
      cmocka_unit_test(test_linear_model_closed_form),
      cmocka_unit_test(test_predict),
      cmocka_unit_test(test_start),
      cmocka_unit_test(test_names_and_conventions),
      cmocka_unit_test(test_evaluation_does_not_allocate),
      cmocka_unit_test(test_allocation_failures),
      cmocka_unit_test(test_same_bits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
