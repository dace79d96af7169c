/* Networks that differ by names and signs of units are found to be one, and where they are two, the nearest
 * names are those that a search of all of them finds. */
#include "support/net.h"

enum { ROWS = 12, INPUTS = 3, MOST = 200 };

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

static net make(const size_t *hidden, size_t depth, rwk_activation activation, size_t outputs,
                int penalised) {
  double X[ROWS * INPUTS], Y[ROWS * 2];
  rwk_mlp_settings s;
  rwk_mlp_settings_init(&s);
  s.activation = activation;
  s.penalise_biases = penalised;
  net_table(X, Y, ROWS, INPUTS, outputs, 0, 11);
  return net_create(ctx, X, Y, ROWS, INPUTS, outputs, hidden, depth, s);
}

static rwk_mlp_layer layer_of(const net *n, size_t l) {
  rwk_mlp_layer layer;
  assert_int_equal(rwk_mlp_layer_get(&layer, n->mlp, l), RWK_OK);
  return layer;
}

static void exchange(double *a, double *b) {
  const double c = *a;
  *a = *b;
  *b = c;
}

static void swap_units(double *w, const net *n, size_t l, size_t j, size_t k) {
  const rwk_mlp_layer in = layer_of(n, l), out = layer_of(n, l + 1);
  for (size_t i = 0; i < in.inputs; i++)
    exchange(w + in.W + i * in.outputs + j, w + in.W + i * in.outputs + k);
  exchange(w + in.b + j, w + in.b + k);
  for (size_t o = 0; o < out.outputs; o++)
    exchange(w + out.W + j * out.outputs + o, w + out.W + k * out.outputs + o);
}

static void turn_unit(double *w, const net *n, size_t l, size_t j, int logistic) {
  const rwk_mlp_layer in = layer_of(n, l), out = layer_of(n, l + 1);
  for (size_t i = 0; i < in.inputs; i++) w[in.W + i * in.outputs + j] *= -1;
  w[in.b + j] *= -1;
  for (size_t o = 0; o < out.outputs; o++) {
    double *v = w + out.W + j * out.outputs + o;
    if (logistic) w[out.b + o] += *v;
    *v *= -1;
  }
}

static double loss_of(const net *n, const double *w) {
  rwk_objective o;
  rwk_parts parts;
  assert_int_equal(rwk_objective_open(&o, ctx, n->problem, 0.1), RWK_OK);
  assert_int_equal(rwk_objective_value(&o, &parts, NULL, w), RWK_OK);
  rwk_objective_close(&o);
  return parts.objective;
}

static int may_turn(rwk_activation a) {
  return a == RWK_ACTIVATION_TANH || a == RWK_ACTIVATION_LOGISTIC || a == RWK_ACTIVATION_IDENTITY;
}

static void random_weights(double *w, size_t dim, rwk_stream *s) {
  for (size_t i = 0; i < dim; i++) w[i] = rwk_stream_normal(s);
}

static void shuffle(double *w, const net *n, size_t depth, rwk_activation activation, rwk_stream *s) {
  for (int k = 0; k < 40; k++) {
    const size_t l = (size_t)(rwk_stream_u64(s) % depth), width = layer_of(n, l).outputs;
    const size_t i = (size_t)(rwk_stream_u64(s) % width), j = (size_t)(rwk_stream_u64(s) % width);
    if (i != j) swap_units(w, n, l, i, j);
    if (may_turn(activation) && rwk_stream_u64(s) % 2)
      turn_unit(w, n, l, i, activation == RWK_ACTIVATION_LOGISTIC);
  }
}

static void test_one_function_is_one_point(void **state) {
  (void)state;
  static const size_t shapes[][3] = {{5, 0, 0}, {4, 3, 0}, {3, 4, 3}};
  static const rwk_activation kinds[] = {RWK_ACTIVATION_TANH, RWK_ACTIVATION_LOGISTIC,
                                         RWK_ACTIVATION_SOFTPLUS, RWK_ACTIVATION_RELU,
                                         RWK_ACTIVATION_IDENTITY};
  rwk_stream s;
  rwk_stream_init(&s, 1, 2);
  for (size_t depth = 1; depth <= 3; depth++)
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
      net n = make(shapes[depth - 1], depth, kinds[k], 2, 0);
      double w[MOST], other[MOST];
      assert_true(n.dim <= MOST);
      for (int round = 0; round < 5; round++) {
        random_weights(w, n.dim, &s);
        memcpy(other, w, sizeof w);
        shuffle(other, &n, depth, kinds[k], &s);
        assert_near(loss_of(&n, other), loss_of(&n, w), 1e-12 * loss_of(&n, w));
        rwk_alignment a;
        assert_int_equal(rwk_problem_align(&a, other, ctx, n.problem, w), RWK_OK);
        assert_true(a.before > 1);
        assert_true(a.distance <= 1e-13);
        assert_true(a.moved > 0 && a.slid == 0);
        assert_true(may_turn(kinds[k]) || a.flipped == 0);
      }
      rwk_mlp_destroy(n.mlp);
    }
}

/* The square of the distance but for the output's bias, which a logistic network's turns move. */
static double apart(const net *n, const double *a, const double *b, size_t depth) {
  const size_t skip = layer_of(n, depth).b;
  double sum = 0;
  for (size_t i = 0; i < n->dim; i++) sum += i == skip ? 0 : (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

/* All orders (Heap) and all signs of the units of layers from l on. */
static void search(double *least, const net *n, double *w, const double *reference, size_t l, size_t depth,
                   size_t k, int logistic) {
  if (l == depth) {
    *least = fmin(*least, apart(n, w, reference, depth));
    return;
  }
  const size_t width = layer_of(n, l).outputs;
  if (k == 0) {
    for (unsigned signs = 0; signs < 1u << width; signs++) {
      double copy[MOST];
      memcpy(copy, w, n->dim * sizeof *w);
      for (size_t j = 0; j < width; j++)
        if (signs >> j & 1) turn_unit(copy, n, l, j, logistic);
      search(least, n, copy, reference, l + 1, depth, l + 1 < depth ? layer_of(n, l + 1).outputs : 0,
             logistic);
    }
    return;
  }
  for (size_t i = 0; i < k; i++) {
    search(least, n, w, reference, l, depth, k - 1, logistic);
    if (i + 1 < k) swap_units(w, n, l, k % 2 ? 0 : i, k - 1);
  }
}

static void check_nearest(const size_t *hidden, size_t depth, rwk_activation activation, int rounds) {
  net n = make(hidden, depth, activation, 1, 0);
  double w[MOST], reference[MOST];
  rwk_stream s;
  rwk_stream_init(&s, 9, depth);
  for (int round = 0; round < rounds; round++) {
    random_weights(w, n.dim, &s);
    random_weights(reference, n.dim, &s);
    double least = INFINITY, copy[MOST];
    memcpy(copy, w, sizeof w);
    search(&least, &n, copy, reference, 0, depth, hidden[0], activation == RWK_ACTIVATION_LOGISTIC);
    const double before = loss_of(&n, w);
    rwk_alignment a;
    assert_int_equal(rwk_problem_align(&a, w, ctx, n.problem, reference), RWK_OK);
    assert_near(apart(&n, w, reference, depth), least, 1e-10 * least);
    assert_near(loss_of(&n, w), before, 1e-12 * before);
    assert_true(a.distance <= a.before || activation == RWK_ACTIVATION_LOGISTIC);
    assert_int_equal(a.least, depth == 1);
  }
  rwk_mlp_destroy(n.mlp);
}

static void test_nearest_of_all(void **state) {
  (void)state;
  check_nearest((const size_t[]){4}, 1, RWK_ACTIVATION_TANH, 20);
  check_nearest((const size_t[]){4}, 1, RWK_ACTIVATION_LOGISTIC, 20);
  check_nearest((const size_t[]){3, 3}, 2, RWK_ACTIVATION_TANH, 20);
}

/* A unit without weights has a bias that does nothing: it is not what tells two networks apart. */
static void test_dead_units(void **state) {
  (void)state;
  for (int penalised = 0; penalised < 2; penalised++) {
    net n = make((const size_t[]){3}, 1, RWK_ACTIVATION_TANH, 1, penalised);
    const rwk_mlp_layer in = layer_of(&n, 0), out = layer_of(&n, 1);
    double w[MOST], other[MOST];
    rwk_stream s;
    rwk_stream_init(&s, 3, 3);
    random_weights(w, n.dim, &s);
    for (size_t i = 0; i < in.inputs; i++) w[in.W + i * in.outputs + 1] = 0;
    w[out.W + 1] = 0;
    memcpy(other, w, sizeof w);
    other[in.b + 1] = 40;
    swap_units(other, &n, 0, 1, 2);
    rwk_alignment a;
    assert_int_equal(rwk_problem_align(&a, other, ctx, n.problem, w), RWK_OK);
    assert_int_equal(a.slid, !penalised);
    if (penalised)
      assert_true(a.distance > 30); /* then it does something: it costs */
    else
      assert_true(a.distance == 0);
    rwk_mlp_destroy(n.mlp);
  }
}

/* A problem that knows no symmetry stays where it is. */
static void test_no_symmetry(void **state) {
  (void)state;
  rwk_problem *p = analytic_create(ctx, two_wells, 2, 1);
  double w[2] = {0, 1}, reference[2] = {0, -1};
  rwk_alignment a;
  assert_int_equal(rwk_problem_align(&a, w, ctx, p, reference), RWK_OK);
  assert_true(w[1] == 1 && a.before == 2 && a.distance == 2 && a.moved == 0);
  rwk_problem_destroy(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_function_is_one_point),
                                     cmocka_unit_test(test_nearest_of_all), cmocka_unit_test(test_dead_units),
                                     cmocka_unit_test(test_no_symmetry)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
