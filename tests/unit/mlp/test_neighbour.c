/* Changed copies of a network: the same bits for the same arguments, all kinds of networks, and no more
 * changed than is said. */
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

enum { ROWS = 20, INPUTS = 3, MOST = 200 };

static void test_neighbours(void **state) {
  (void)state;
  static const size_t hidden[2] = {5, 3};
  for (size_t depth = 0; depth < 3; depth++)
    for (int a = 0; a < 5; a++)
      for (int biases = 0; biases < 2; biases++) {
        double X[ROWS * INPUTS], Y[ROWS * 2], w[MOST], other[MOST], kept[MOST], out[MOST], again[MOST];
        net_table(X, Y, ROWS, INPUTS, 2, 0, 5);
        rwk_mlp_settings ms;
        rwk_mlp_settings_init(&ms);
        ms.activation = (rwk_activation)a;
        ms.hidden_bias = biases;
        net n = net_create(ctx, X, Y, ROWS, INPUTS, 2, hidden, depth, ms);
        const rwk_problem_ops *ops = &n.problem->ops;
        const size_t dim = rwk_problem_dim(n.problem);
        assert_true(dim <= MOST);
        void *work;
        assert_int_equal(ops->work_create(&work, ctx, n.problem->self), RWK_OK);
        assert_int_equal(ops->start(w, 1, 0, n.problem->self), RWK_OK);
        assert_int_equal(ops->start(other, 2, 0, n.problem->self), RWK_OK);
        memcpy(kept, other, sizeof kept);
        int changed = 0;
        for (uint64_t stream = 0; stream < 60; stream++) {
          assert_int_equal(ops->neighbour(out, w, other, 7, stream, work, n.problem->self), RWK_OK);
          assert_int_equal(ops->neighbour(again, w, other, 7, stream, work, n.problem->self), RWK_OK);
          assert_memory_equal(out, again, dim * sizeof *out);
          assert_memory_equal(other, kept, dim * sizeof *other);
          for (size_t i = 0; i < dim; i++) assert_true(isfinite(out[i]));
          changed += memcmp(out, w, dim * sizeof *out) != 0;
        }
        assert_int_equal(changed > 50, depth > 0);
        memset(w, 0, sizeof w); /* all units dead: nothing to divide by */
        for (uint64_t stream = 0; stream < 60; stream++) {
          assert_int_equal(ops->neighbour(out, w, w, 7, stream, work, n.problem->self), RWK_OK);
          for (size_t i = 0; i < dim; i++) assert_true(isfinite(out[i]));
        }
        ops->work_destroy(work, n.problem->self);
        rwk_mlp_destroy(n.mlp);
      }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_neighbours)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
