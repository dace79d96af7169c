/* Value, gradient, products and dense Hessian against a network written out scalar by scalar, for every
 * kernel of this machine. */
#include "unit/mlp/fixture.h"

typedef struct widths_of {
  size_t count, widths[3];
} widths_of;

static const widths_of nets[] = {{0, {0}}, {1, {5}}, {1, {1}}, {2, {4, 3}}, {3, {2, 3, 2}}};
enum { NETS = sizeof nets / sizeof *nets };

static double largest_gap(size_t n, const double *a, const double *b, double scale) {
  double gap = 0;
  for (size_t i = 0; i < n; i++) gap = fmax(gap, fabs(a[i] - b[i]));
  return gap / scale;
}

/* Everything at f->w: the naive derivatives are worked out once for all kernels. */
static void compare(fixture *f, double *w) {
  const size_t n = naive_dim(&f->naive);
  double *g0 = malloc(n * sizeof *g0), *H0 = malloc(n * n * sizeof *H0), *g = malloc(n * sizeof *g),
         *H = malloc(n * n * sizeof *H), *HV = malloc(n * n * sizeof *HV), *I = calloc(n * n, sizeof *I),
         loss = 0;
  for (size_t i = 0; i < n; i++) {
    I[i * n + i] = 1;
    for (size_t j = 0; j <= i; j++) {
      const jet L = naive_loss(&f->naive, w, i, j);
      loss = L.f;
      g0[i] = L.f1;
      H0[i * n + j] = H0[j * n + i] = L.f12;
    }
  }
  const double gscale = fmax(rwk_norm_inf(n, g0), 1e-3), hscale = fmax(rwk_norm_inf(n * n, H0), 1e-3);
  for (size_t k = 0; rwk_mlp_kernel_get(k); k++) {
    fixture_network(f, rwk_mlp_kernel_get(k));
    const rwk_problem *p = f->problem;
    assert_near(fixture_value(f, NULL, w), loss, 1e-13 * loss);
    assert_near(fixture_value(f, g, w), loss, 1e-13 * loss);
    assert_true(largest_gap(n, g, g0, gscale) < 1e-13);
    assert_int_equal(p->ops.hessian(H, n, w, f->work, p->self), RWK_OK);
    assert_true(largest_gap(n * n, H, H0, hscale) < 1e-13);
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j < i; j++) assert_true(H[i * n + j] == H[j * n + i]);
    assert_int_equal(p->ops.hessian_vector(HV, n, I, n, n, w, f->work, p->self), RWK_OK);
    assert_true(largest_gap(n * n, HV, H0, hscale) < 1e-13);
    double *single = g;
    for (size_t j = 0; j < n; j++) { /* a block is the same bits as one at a time */
      assert_int_equal(p->ops.hessian_vector(single, n, I + j * n, n, 1, w, f->work, p->self), RWK_OK);
      assert_memory_equal(single, HV + j * n, n * sizeof *single);
    }
    fixture_drop_network(f);
  }
  free(I);
  free(HV);
  free(H);
  free(g);
  free(H0);
  free(g0);
}

/* Combination number c of outputs, biases and row weights. */
static void combination(fixture *f, size_t rows, int c, const widths_of *net, rwk_activation activation) {
  fixture_data(f, rows, 3, c & 1 ? 3 : 1, c & 2, 11 + (uint64_t)c);
  f->naive.settings.hidden = net->widths;
  f->naive.settings.hidden_count = net->count;
  f->naive.settings.activation = activation;
  f->naive.settings.hidden_bias = !(c & 4);
  f->naive.settings.output_bias = !(c & 8);
  f->naive.settings.penalise_biases = c == 5;
  f->naive.settings.loss_scale = c == 6 ? 0.5 : 0;
}

/* The cross-entropies: every depth, with and without biases and row weights, one output and several. */
static void test_cross_entropy(void **state) {
  (void)state;
  for (int l = 0; l < NETS; l++)
    for (int c = 0; c < 32; c++) {
      const rwk_loss loss = c & 16 ? RWK_LOSS_SOFTMAX : RWK_LOSS_LOGISTIC;
      if ((loss == RWK_LOSS_SOFTMAX && !(c & 1)) || (c / 2 + l) % 2) continue; /* every other of them */
      fixture f;
      combination(&f, c % 3 == 0 ? 1 : 13, c & 15, &nets[l],
                  c % 5 == 2 ? RWK_ACTIVATION_SOFTPLUS : RWK_ACTIVATION_TANH);
      f.naive.settings.penalise_biases = (c & 15) == 5;
      fixture_classes(&f, loss);
      double w[200];
      rwk_stream s;
      rwk_stream_init(&s, 5, (uint64_t)c);
      for (size_t i = 0; i < naive_dim(&f.naive); i++) w[i] = rwk_stream_normal(&s);
      compare(&f, w);
      fixture_drop(&f);
    }
}

static void test_against_naive(void **state) {
  (void)state;
  static const rwk_activation all[] = {RWK_ACTIVATION_TANH, RWK_ACTIVATION_LOGISTIC, RWK_ACTIVATION_SOFTPLUS,
                                       RWK_ACTIVATION_RELU, RWK_ACTIVATION_IDENTITY};
  for (size_t a = 0; a < 5; a++)
    for (int l = 0; l < NETS; l++)
      for (int c = 0; c < 16; c++) {
        fixture f;
        combination(&f, c % 3 == 0 ? 1 : 13, c, &nets[l], all[a]);
        double w[200];
        rwk_stream s;
        rwk_stream_init(&s, 3, (uint64_t)c);
        for (size_t i = 0; i < naive_dim(&f.naive); i++) w[i] = rwk_stream_normal(&s);
        compare(&f, w);
        fixture_drop(&f);
      }
}

/* Several tiles, the last of them not full; a slab of the Hessian that is not full either; more units than a
 * block has. */
static void test_many_rows(void **state) {
  (void)state;
  static const size_t rows[] = {8, 64, 257, 701};
  static const widths_of wide = {1, {11}}, deep = {2, {7, 3}};
  for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
    for (int c = 0; c < 4; c++) {
      fixture f;
      combination(&f, rows[r], c, r % 2 ? &wide : &deep,
                  c & 1 ? RWK_ACTIVATION_SOFTPLUS : RWK_ACTIVATION_TANH);
      double w[300];
      rwk_stream s;
      rwk_stream_init(&s, 4, (uint64_t)c);
      for (size_t i = 0; i < naive_dim(&f.naive); i++) w[i] = rwk_stream_normal(&s);
      if (rows[r] < 300 || c == 3) compare(&f, w);
      fixture_classes(&f, c & 1 && r < 3 ? RWK_LOSS_SOFTMAX : RWK_LOSS_LOGISTIC);
      if (rows[r] < 65 || (rows[r] < 300 && c == 1)) compare(&f, w);
      fixture_drop(&f);
    }
}

/* Hessian in several slabs and in several groups of columns, against products: more inputs, units and rows
 * than fit in one. */
static void test_wide_hessian(void **state) {
  (void)state;
  static const struct {
    size_t rows, inputs, outputs, count, hidden[3];
  } shapes[] = {{2100, 3, 2, 1, {1}},        {700, 40, 1, 1, {9}},       {90, 150, 1, 1, {2}},
                {120, 2, 1, 1, {130}},       {300, 20, 2, 1, {33}},      {1100, 3, 9, 0, {0}},
                {1100, 5, 2, 3, {6, 12, 9}}, {1100, 2, 20, 2, {17, 19}}, {150, 3, 3, 2, {2, 70}},
                {1100, 3, 2, 1, {4}},        {1100, 3, 9, 0, {0}},       {700, 30, 7, 1, {8}}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    fixture f;
    fixture_data(&f, shapes[i].rows, shapes[i].inputs, shapes[i].outputs, i & 1, i);
    f.naive.settings.hidden = shapes[i].hidden;
    f.naive.settings.hidden_count = shapes[i].count;
    if (i % 3)
      fixture_classes(&f, i % 3 == 1 && shapes[i].outputs > 1 ? RWK_LOSS_SOFTMAX : RWK_LOSS_LOGISTIC);
    fixture_network(&f, rwk_mlp_kernel_best());
    const size_t n = f.dim;
    double *H = malloc(n * n * sizeof *H), *e = calloc(n, sizeof *e), *hv = malloc(n * sizeof *hv);
    assert_int_equal(f.problem->ops.hessian(H, n, f.w, f.work, f.problem->self), RWK_OK);
    const double scale = rwk_norm_inf(n * n, H);
    for (size_t j = 0; j < n; j += 7) {
      e[j] = 1;
      fixture_product(&f, hv, e, f.w);
      e[j] = 0;
      assert_true(largest_gap(n, H + j * n, hv, scale) < 1e-13);
    }
    free(hv);
    free(e);
    free(H);
    fixture_drop(&f);
  }
}

/* One hidden layer of many inputs and units before an only output, at pairs of weights from everywhere, the
 * last among them: gradient, products, and a Hessian of the tiles that a gradient has left. */
static void test_wide_layer(void **state) {
  (void)state;
  static const size_t units[] = {33, 40, 50};
  static const size_t rows[] = {13, 300};
  for (int c = 0; c < 12; c++) {
    fixture f;
    fixture_data(&f, rows[c % 2], 14 + (size_t)c, 1, c % 3 == 1, (uint64_t)c);
    f.naive.settings.hidden = &units[c % 3];
    f.naive.settings.hidden_count = 1;
    f.naive.settings.hidden_bias = c % 4 != 1;
    f.naive.settings.output_bias = c % 4 != 2;
    f.naive.settings.activation = (rwk_activation)(c % 5);
    if (c > 6) fixture_classes(&f, RWK_LOSS_LOGISTIC);
    fixture_network(&f, rwk_mlp_kernel_best());
    const size_t n = f.dim;
    double *g = malloc(n * sizeof *g), *e = calloc(n, sizeof *e), *hv = malloc(n * sizeof *hv),
           *H = malloc(n * n * sizeof *H);
    assert_int_equal(f.problem->ops.hessian(H, n, f.w, f.work, f.problem->self), RWK_OK);
    for (size_t i = 0; i < n; i++) f.w[i] += 0.01;
    fixture_value(&f, g, f.w);
    assert_int_equal(f.problem->ops.hessian(H, n, f.w, f.work, f.problem->self), RWK_OK);
    const double gscale = rwk_norm_inf(n, g), hscale = rwk_norm_inf(n * n, H);
    for (size_t k = 0; k < 60; k++) {
      const size_t i = k < 3 ? n - 1 - k : (k * 7919 + (size_t)c) % n, j = k < 3 ? n - 1 : (k * 104729) % n;
      const jet L = naive_loss(&f.naive, f.w, i, j);
      e[j] = 1;
      fixture_product(&f, hv, e, f.w);
      e[j] = 0;
      assert_near(g[i], L.f1, 1e-13 * gscale);
      assert_near(H[i * n + j], L.f12, 1e-13 * hscale);
      assert_near(hv[i], L.f12, 1e-13 * hscale);
    }
    free(H);
    free(hv);
    free(e);
    free(g);
    fixture_drop(&f);
  }
}

/* The checker of the problem floor agrees, by differences. */
static void test_against_differences(void **state) {
  (void)state;
  for (int l = 0; l < NETS; l++)
    for (int a = 0; a < 5; a++) {
      if (a == RWK_ACTIVATION_RELU) continue; /* differences step over kinks */
      fixture f;
      combination(&f, 37, l, &nets[l], (rwk_activation)a);
      if (l & 1) fixture_classes(&f, a % 2 ? RWK_LOSS_LOGISTIC : RWK_LOSS_SOFTMAX);
      fixture_network(&f, rwk_mlp_kernel_best());
      rwk_derivative_report report;
      assert_int_equal(rwk_problem_check(&report, f.ctx, rwk_mlp_problem(f.mlp), f.w, 3, 9), RWK_OK);
      assert_true(report.gradient < 1e-9);
      assert_true(report.hessian_vector < 1e-8);
      assert_true(report.symmetry < 1e-13);
      assert_true(report.block < 1e-14);
      assert_true(report.hessian < 1e-13);
      fixture_drop(&f);
    }
}

/* Products at a point after evaluations elsewhere, with kept tiles and without room to keep them: no stale
 * tile is used. */
static void test_moving_about(void **state) {
  (void)state;
  static const size_t hidden = 4;
  fixture f;
  fixture_data(&f, 500, 3, 1, 0, 1);
  f.naive.settings.hidden = &hidden;
  f.naive.settings.hidden_count = 1;
  fixture_network(&f, rwk_mlp_kernel_best());
  rwk_mlp_work *work = f.work;
  double there[64], v[64], first[64], again[64], g[64];
  for (size_t i = 0; i < f.dim; i++) {
    there[i] = f.w[i] + 0.5;
    v[i] = (double)i - 3;
  }
  fixture_product(&f, first, v, f.w);
  fixture_value(&f, g, there);
  fixture_product(&f, again, v, f.w);
  assert_memory_equal(first, again, f.dim * sizeof *first);
  fixture_value(&f, NULL, there);
  fixture_product(&f, again, v, f.w);
  assert_memory_equal(first, again, f.dim * sizeof *first);
  double *kept = work->kept;
  work->kept = NULL;
  work->known = 0;
  fixture_value(&f, g, there);
  fixture_product(&f, again, v, f.w);
  assert_memory_equal(first, again, f.dim * sizeof *first);
  work->kept = kept;
  fixture_drop(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_naive), cmocka_unit_test(test_cross_entropy),
      cmocka_unit_test(test_many_rows),     cmocka_unit_test(test_wide_hessian),
      cmocka_unit_test(test_wide_layer),    cmocka_unit_test(test_against_differences),
      cmocka_unit_test(test_moving_about),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
