/* Mini-batches of a network: the parts of a division of the rows add up to the whole, and what goes by them
 * has the same bits for any number of threads. */
#include <ridgewalk/path.h>
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

/* Value and gradient of all rows, and the sums over batches of `batch` rows taken with a stride. */
static void both(rwk_parts *whole, double *g, double *sum, double *G, const net *n, const double *w,
                 size_t batch) {
  rwk_objective o;
  size_t total;
  assert_int_equal(rwk_objective_open(&o, ctx, n->problem, 0), RWK_OK);
  assert_int_equal(rwk_objective_value(&o, whole, g, w), RWK_OK);
  assert_int_equal(n->problem->ops.batch_count(&total, n->problem->self), RWK_OK);
  size_t *rows = malloc(total * sizeof *rows);
  double *part = malloc(n->dim * sizeof *part), loss;
  for (size_t i = 0; i < total; i++)
    rows[i] = i * 7 % total; /* every row once: 7 and total have no common factor */
  *sum = 0;
  memset(G, 0, n->dim * sizeof *G);
  for (size_t first = 0; first < total; first += batch) {
    const size_t take = total - first < batch ? total - first : batch;
    assert_int_equal(
        n->problem->ops.batch_value(&loss, part, w, rows + first, take, o.work, n->problem->self), RWK_OK);
    *sum += loss;
    rwk_axpy(n->dim, 1, part, G);
  }
  free(rows), free(part);
  rwk_objective_close(&o);
}

/* Small whole numbers and a linear model: no rounding at all, so that equal is equal. */
static void test_parts_add_up_exactly(void **state) {
  (void)state;
  enum { ROWS = 300, INPUTS = 3 };
  static double X[ROWS * INPUTS], Y[ROWS];
  rwk_stream s;
  rwk_stream_init(&s, 3, 0);
  for (size_t i = 0; i < ROWS * INPUTS; i++) X[i] = floor(9 * rwk_stream_uniform(&s)) - 4;
  for (size_t i = 0; i < ROWS; i++) Y[i] = floor(9 * rwk_stream_uniform(&s)) - 4;
  rwk_mlp_settings ms;
  rwk_mlp_settings_init(&ms);
  ms.activation = RWK_ACTIVATION_IDENTITY;
  ms.loss_scale = 0.25;
  static const size_t hidden[1] = {2};
  const net n = net_create(ctx, X, Y, ROWS, INPUTS, 1, hidden, 1, ms);
  double w[11] = {1, -2, 0.5, 1, 2, -1, 0, 1, 1, -0.5, 2}, g[11], G[11], sum;
  assert_int_equal(n.dim, 11);
  for (size_t batch = 1; batch <= ROWS; batch = batch * 3 + 1) {
    rwk_parts whole;
    both(&whole, g, &sum, G, &n, w, batch);
    assert_true(sum == whole.loss);
    for (size_t i = 0; i < n.dim; i++) assert_true(G[i] == g[i]);
  }
  rwk_mlp_destroy(n.mlp);
}

static void test_parts_add_up(void **state) {
  (void)state;
  enum { ROWS = 523, INPUTS = 4 };
  static double X[ROWS * INPUTS], Y[ROWS * 2];
  net_table(X, Y, ROWS, INPUTS, 2, 0, 5);
  static const size_t hidden[2] = {5, 3};
  for (int activation = 0; activation < 2; activation++) {
    rwk_mlp_settings ms;
    rwk_mlp_settings_init(&ms);
    ms.activation = activation ? RWK_ACTIVATION_SOFTPLUS : RWK_ACTIVATION_TANH;
    const net n = net_create(ctx, X, Y, ROWS, INPUTS, 2, hidden, 2, ms);
    double *w = malloc(3 * n.dim * sizeof *w), *g = w + n.dim, *G = g + n.dim, sum;
    assert_int_equal(rwk_problem_start(w, n.problem, 1, 2), RWK_OK);
    for (size_t batch = 1; batch <= ROWS; batch = batch * 5 + 3) {
      rwk_parts whole;
      both(&whole, g, &sum, G, &n, w, batch);
      assert_near(sum, whole.loss, 1e-13 * whole.loss);
      for (size_t i = 0; i < n.dim; i++) assert_near(G[i], g[i], 1e-13);
    }
    free(w);
    rwk_mlp_destroy(n.mlp);
  }
}

/* Gauss and Newton's matrix is the Hessian where the model is linear in its weights. */
static void test_gauss_newton_of_a_linear_model(void **state) {
  (void)state;
  enum { ROWS = 40, INPUTS = 3 };
  static double X[ROWS * INPUTS], Y[ROWS];
  net_table(X, Y, ROWS, INPUTS, 1, 0, 8);
  rwk_mlp_settings ms;
  rwk_mlp_settings_init(&ms);
  const net n = net_create(ctx, X, Y, ROWS, INPUTS, 1, NULL, 0, ms);
  double w[4] = {0.3, -1, 2, 0.1}, A[16], H[16];
  rwk_objective o;
  assert_int_equal(rwk_objective_open(&o, ctx, n.problem, 0.25), RWK_OK);
  assert_int_equal(rwk_objective_gauss_newton(&o, A, 4, w), RWK_OK);
  assert_int_equal(rwk_objective_hessian(&o, H, 4, w), RWK_OK);
  for (size_t i = 0; i < 16; i++) assert_near(A[i], H[i], 1e-13);
  rwk_objective_close(&o);
  rwk_mlp_destroy(n.mlp);
}

/* Walks by mini-batches and by smoothing, with one thread and with four. */
static void test_threads(void **state) {
  (void)state;
  enum { ROWS = 90, INPUTS = 3, POINTS = 3 };
  static double X[ROWS * INPUTS], Y[ROWS];
  net_table(X, Y, ROWS, INPUTS, 1, 0, 11);
  static const size_t hidden[1] = {4};
  static const double lambda[POINTS] = {0.002, 0.01, 0.05};
  for (int k = 0; k < 2; k++) {
    rwk_path *paths[2];
    net nets[2];
    rwk_context *contexts[2];
    for (int t = 0; t < 2; t++) {
      rwk_context_settings cs;
      rwk_context_settings_init(&cs);
      cs.threads = t ? 4 : 1;
      assert_int_equal(rwk_context_create(&contexts[t], &cs), RWK_OK);
      rwk_mlp_settings ms;
      rwk_mlp_settings_init(&ms);
      nets[t] = net_create(contexts[t], X, Y, ROWS, INPUTS, 1, hidden, 1, ms);
      rwk_path_settings s;
      rwk_path_settings_init(&s);
      s.lambda = lambda;
      s.lambda_count = POINTS;
      s.starts = 3;
      s.collapse_tol = 0;
      s.explain = 0;
      s.walks = k ? RWK_WALKS_GRADUATED : RWK_WALKS_UP | RWK_WALKS_COLD;
      s.solver.solver = k ? RWK_SOLVER_NEWTON : RWK_SOLVER_ADAM;
      s.solver.batch = 16;
      s.solver.max_iter = 30;
      assert_int_equal(rwk_path_run(&paths[t], contexts[t], nets[t].problem, &s), RWK_OK);
    }
    assert_int_equal(rwk_path_walk_count(paths[0]), k ? 1 : 4);
    for (size_t walk = 0; walk < rwk_path_walk_count(paths[0]); walk++) {
      rwk_walk_view a, b;
      assert_int_equal(rwk_path_walk(&a, paths[0], walk), RWK_OK);
      assert_int_equal(rwk_path_walk(&b, paths[1], walk), RWK_OK);
      for (size_t i = 0; i < POINTS; i++) {
        assert_memory_equal(a.points[i]->w, b.points[i]->w, nets[0].dim * sizeof(double));
        assert_int_equal(a.points[i]->solve.values, b.points[i]->solve.values);
      }
    }
    for (int t = 0; t < 2; t++) {
      rwk_path_destroy(paths[t]);
      rwk_mlp_destroy(nets[t].mlp);
      rwk_context_destroy(contexts[t]);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parts_add_up_exactly),
      cmocka_unit_test(test_parts_add_up),
      cmocka_unit_test(test_gauss_newton_of_a_linear_model),
      cmocka_unit_test(test_threads),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
