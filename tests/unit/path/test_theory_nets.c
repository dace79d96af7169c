/* docs/theory.md, T5 to T7: what is proved of networks at zero, of linear networks and of dead units, against
 * values, gradients and differences of them. */
#include <ridgewalk/mlp.h>
#include <ridgewalk/solve.h>
#include "support/plain.h"

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

enum { ROWS = 16, INPUTS = 2, MOST_OUTPUTS = 2 };

typedef struct table {
  double X[ROWS * INPUTS], Y[ROWS * MOST_OUTPUTS], mean[MOST_OUTPUTS];
  double spread; /* (1/n) sum |y - mean| |x| */
  double L0;     /* MSE of the constant model */
} table;

static table make_table(size_t outputs, uint64_t seed) {
  table t = {.spread = 0};
  net_table(t.X, t.Y, ROWS, INPUTS, outputs, 0, seed);
  for (size_t k = 0; k < outputs; k++) {
    for (size_t i = 0; i < ROWS; i++) t.Y[i * outputs + k] += 0.5; /* not centred */
    for (size_t i = 0; i < ROWS; i++) t.mean[k] += t.Y[i * outputs + k] / ROWS;
  }
  for (size_t i = 0; i < ROWS; i++) {
    double e = 0;
    for (size_t k = 0; k < outputs; k++) {
      const double d = t.Y[i * outputs + k] - t.mean[k];
      e += d * d;
    }
    t.L0 += e / ROWS;
    t.spread += sqrt(e * plain_dot(INPUTS, t.X + i * INPUTS, t.X + i * INPUTS)) / ROWS;
  }
  return t;
}

static net make_net(const table *t, size_t outputs, const size_t *hidden, size_t depth, rwk_mlp_settings s) {
  return net_create(ctx, t->X, t->Y, ROWS, INPUTS, outputs, hidden, depth, s);
}

static double solved(const net *n, double *w, double lambda) {
  rwk_solver *solver;
  rwk_solve_result r;
  rwk_solver_settings s;
  rwk_solver_settings_init(&s);
  assert_int_equal(rwk_solver_create(&solver, ctx, n->problem, &s), RWK_OK);
  assert_int_equal(rwk_solver_run(&r, solver, w, lambda), RWK_OK);
  rwk_solver_destroy(solver);
  return r.penalty;
}

/* ---- T5 ---- */

static const double steepest[] = {1, 0.25, 1, 1, 1}; /* sup |phi'|, by rwk_activation */

/* Two hidden layers: J > J0 wherever 0 < R < N (N lambda/(2 A))^2, N = 3, whatever the biases: relu included.
 */
static void test_zero_is_strict_with_two_hidden_layers(void **state) {
  (void)state;
  static const size_t hidden[2] = {3, 2};
  const table t = make_table(1, 1);
  rwk_stream s;
  rwk_stream_init(&s, 1, 5);
  for (int a = 0; a < 5; a++) {
    rwk_mlp_settings ms;
    rwk_mlp_settings_init(&ms);
    ms.activation = (rwk_activation)a;
    net n = make_net(&t, 1, hidden, 2, ms);
    plain o = plain_open(ctx, n.problem);
    const double A = steepest[a] * steepest[a] * t.spread;
    for (double lambda = 1e-3; lambda < 1; lambda *= 10) {
      const double radius = 3 * pow(3 * lambda / (2 * A), 2);
      for (int k = 0; k < 500; k++) {
        double w[PLAIN_MOST];
        for (size_t i = 0; i < o.n; i++) w[i] = rwk_stream_normal(&s);
        const double shrink = sqrt(radius * rwk_stream_uniform(&s) / plain_penalty(&o, w));
        for (size_t i = 0; i < o.n; i++)
          if (rwk_problem_penalised(n.problem)[i]) w[i] *= shrink;
        if (k % 2) { /* the best output bias: the mean residual becomes 0 */
          double g[PLAIN_MOST];
          plain_loss(&o, g, w);
          w[o.n - 1] -= g[o.n - 1] / 2;
        }
        assert_true(plain_objective(&o, NULL, w, lambda) > t.L0);
      }
    }
    plain_close(&o);
    rwk_mlp_destroy(n.mlp);
  }
}

/* Every critical point with two hidden layers is zero or has |W_2| >= lambda/C, C = sup|phi'|^2 (1/n) sum |r|
 * |x|: none comes near zero. */
static void test_nonzero_points_stay_off_zero(void **state) {
  (void)state;
  static const size_t hidden[2] = {3, 2};
  const table t = make_table(1, 2);
  int nonzero = 0;
  for (int a = 0; a < 5; a++) {
    rwk_mlp_settings ms;
    rwk_mlp_settings_init(&ms);
    ms.activation = (rwk_activation)a;
    net n = make_net(&t, 1, hidden, 2, ms);
    plain o = plain_open(ctx, n.problem);
    rwk_mlp_layer middle;
    assert_int_equal(rwk_mlp_layer_get(&middle, n.mlp, 1), RWK_OK);
    for (uint64_t seed = 0; seed < 4; seed++)
      for (double lambda = 0x1p-10; lambda < 1; lambda *= 4) {
        double w[PLAIN_MOST], fit[ROWS], g[PLAIN_MOST], C = 0, W2 = 0, most = 0;
        assert_int_equal(n.problem->ops.start(w, seed, 0, n.problem->self), RWK_OK);
        if (solved(&n, w, lambda) == 0) continue;
        plain_objective(&o, g, w, lambda);
        for (size_t i = 0; i < o.n; i++) most = fmax(most, fabs(g[i]));
        if (most > 1e-10 || plain_penalty(&o, w) < 1e-12) continue; /* a relu kink; or zero */
        assert_int_equal(rwk_mlp_predict(fit, 1, n.mlp, t.X, INPUTS, ROWS, w), RWK_OK);
        for (size_t i = 0; i < ROWS; i++)
          C += steepest[a] * steepest[a] * fabs(fit[i] - t.Y[i]) *
               sqrt(plain_dot(INPUTS, t.X + i * INPUTS, t.X + i * INPUTS)) / ROWS;
        W2 = plain_dot(middle.inputs * middle.outputs, w + middle.W, w + middle.W);
        assert_true(sqrt(W2) >= lambda / C * (1 - 1e-6));
        nonzero++;
      }
    plain_close(&o);
    rwk_mlp_destroy(n.mlp);
  }
  assert_true(nonzero > 20);
}

/* Relu without hidden biases: lambda_c = max over |u| = 1 of |e'(Xu)_+|/n, e = y - mean with an output bias
 * and y without. Above it zero is the global minimum, below it none at all. */
static void test_relu_at_zero(void **state) {
  (void)state;
  const table t = make_table(1, 3);
  const size_t units = 2;
  rwk_stream s;
  rwk_stream_init(&s, 3, 5);
  for (int bias = 0; bias < 2; bias++) {
    rwk_mlp_settings ms;
    rwk_mlp_settings_init(&ms);
    ms.activation = RWK_ACTIVATION_RELU;
    ms.hidden_bias = 0;
    ms.output_bias = bias;
    net n = make_net(&t, 1, &units, 1, ms);
    plain o = plain_open(ctx, n.problem);
    double best = 0, u[2] = {0, 0}, sign = 1, zero[PLAIN_MOST] = {0};
    enum { ANGLES = 100000 };
    for (int k = 0; k < ANGLES; k++) {
      const double angle = 2 * acos(-1) * k / ANGLES, x = cos(angle), y = sin(angle);
      double sum = 0;
      for (size_t i = 0; i < ROWS; i++)
        sum += (t.Y[i] - (bias ? t.mean[0] : 0)) * fmax(0, t.X[2 * i] * x + t.X[2 * i + 1] * y) / ROWS;
      if (fabs(sum) <= best) continue;
      best = fabs(sum);
      sign = copysign(1, sum);
      u[0] = x;
      u[1] = y;
    }
    if (bias) zero[o.n - 1] = t.mean[0];
    const double J0 = plain_loss(&o, NULL, zero);
    for (int k = 0; k < 5000; k++) {
      double w[PLAIN_MOST];
      const double scale = exp(-5 * rwk_stream_uniform(&s));
      for (size_t i = 0; i < o.n; i++) w[i] = zero[i] + scale * rwk_stream_normal(&s);
      assert_true(plain_objective(&o, NULL, w, best * (1 + 1e-6)) > J0);
    }
    double w[PLAIN_MOST];
    memcpy(w, zero, sizeof w);
    for (size_t i = 0; i < 2; i++) w[i * units] = 1e-3 * u[i]; /* unit 1 alone */
    w[2 * units] = 1e-3 * sign;
    assert_true(plain_objective(&o, NULL, w, 0.99 * best) < J0);
    plain_close(&o);
    rwk_mlp_destroy(n.mlp);
  }
}

/* XOR: lambda_c = 0, and yet two tanh units fit the table exactly with R = 10.23, so that the constant model
 * is beaten for all lambda < 1/(4 R). */
static void test_xor_is_not_bounded_by_lambda_c(void **state) {
  (void)state;
  static const double X[8] = {0, 0, 0, 1, 1, 0, 1, 1}, Y[4] = {0, 1, 1, 0};
  const size_t two = 2;
  rwk_mlp_settings ms;
  rwk_mlp_settings_init(&ms);
  net n = net_create(ctx, X, Y, 4, 2, 1, &two, 1, ms);
  plain o = plain_open(ctx, n.problem);
  double lambda_c, H[PLAIN_MOST * PLAIN_MOST], e[PLAIN_MOST], zero[PLAIN_MOST] = {0};
  assert_int_equal(n.problem->ops.zero_lambda(&lambda_c, o.work, n.problem->self), RWK_OK);
  assert_near(lambda_c, 0, 1e-16);
  zero[8] = 0.5;
  plain_hessian(&o, H, zero, 0.01); /* no way down from it */
  plain_eigen(e, NULL, H, o.n);
  assert_true(plain_smallest(o.n, e) > -1e-10);
  const double a = 1.25, t1 = tanh(a / 2), t3 = tanh(3 * a / 2), v = 1 / (3 * t1 - t3);
  const double w[9] = {a, a, a, a, -a / 2, -3 * a / 2, v, -v, v * (t1 - t3)};
  assert_near(plain_loss(&o, NULL, w), 0, 1e-28);
  assert_near(plain_penalty(&o, w), 10.220, 1e-3);
  assert_true(plain_objective(&o, NULL, w, 0.0244) < 0.25);
  plain_close(&o);
  rwk_mlp_destroy(n.mlp);
}

/* ---- T6 ---- */

static void multiply(double *C, const double *A, const double *B, size_t m, size_t k, size_t n) {
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++) {
      C[i * n + j] = 0;
      for (size_t r = 0; r < k; r++) C[i * n + j] += A[i * k + r] * B[r * n + j];
    }
}

/* sum |W_l|^2 >= k sum sigma^(2/k) of the product, with equality where the layers are balanced. */
static void test_layers_and_schatten_norm(void **state) {
  (void)state;
  enum { D = 5, H = 4, K = 3 };
  rwk_stream s;
  rwk_stream_init(&s, 4, 5);
  for (int k = 2; k <= 5; k++)
    for (int trial = 0; trial < 300; trial++) {
      double B[D * H], W[H * H], next[D * H], sigma[K], V[K * K], sum = 0, norm = 0;
      for (size_t i = 0; i < D * H; i++) B[i] = rwk_stream_normal(&s);
      sum += plain_dot(D * H, B, B);
      for (int l = 1; l < k; l++) {
        const size_t columns = l + 1 < k ? H : K;
        for (size_t i = 0; i < H * columns; i++) W[i] = rwk_stream_normal(&s);
        sum += plain_dot(H * columns, W, W);
        multiply(next, B, W, D, H, columns);
        memcpy(B, next, sizeof B);
      }
      plain_singular(sigma, V, B, D, K);
      for (size_t i = 0; i < K; i++) norm += k * pow(sigma[i], 2.0 / k);
      assert_true(sum >= norm * (1 - 1e-12));
      /* Balanced: U S^(1/k), S^(1/k), ..., S^(1/k) V'. Row i of V is the right singular vector of sigma[i].
       */
      double first[D * K], product[D * K], last[K * K];
      sum = 0;
      for (size_t i = 0; i < D; i++)
        for (size_t r = 0; r < K; r++)
          first[i * K + r] = plain_dot(K, B + i * K, V + r * K) * pow(sigma[r], 1.0 / k - 1);
      for (size_t r = 0; r < K; r++)
        for (size_t j = 0; j < K; j++) last[r * K + j] = pow(sigma[r], 1.0 / k) * V[r * K + j];
      sum = plain_dot(D * K, first, first) + plain_dot(K * K, last, last);
      for (size_t r = 0; r < K; r++) {
        sum += (k - 2) * pow(sigma[r], 2.0 / k);
        for (size_t i = 0; i < D; i++) first[i * K + r] *= pow(sigma[r], (k - 2.0) / k);
      }
      multiply(product, first, last, D, K, K);
      for (size_t i = 0; i < D * K; i++) assert_near(product[i], B[i], 1e-6 * sqrt(norm));
      assert_near(sum, norm, 1e-8 * norm);
    }
}

static double deep_lambda(double p, int k) { /* s = 1 */
  return (1 - p) * pow(p, 1 - 2.0 / k);
}

/* Fold and exchange of k linear layers, s = 1, by search and by the formulas. */
static void test_fold_and_exchange_of_deep_linear_nets(void **state) {
  (void)state;
  static const struct {
    int k;
    double fold, exchange;
  } known[] = {{3, 0.472470394, 0.396850263},
               {4, 0.384900179, 0.272165527},
               {5, 0.346975474, 0.210366590},
               {6, 0.325730114, 0.172354775}};
  for (int c = 0; c < 4; c++) {
    const int k = known[c].k;
    double low = 0, high = 1;
    for (int round = 0; round < 200; round++) {
      const double a = low + (high - low) / 3, b = high - (high - low) / 3;
      *(deep_lambda(a, k) < deep_lambda(b, k) ? &low : &high) = deep_lambda(a, k) < deep_lambda(b, k) ? a : b;
    }
    const double fold = low;
    assert_near(fold, (k - 2.0) / (2 * k - 2), 1e-7);
    assert_near(deep_lambda(fold, k), known[c].fold, 1e-9);
    low = fold;
    high = 1;
    for (int round = 0; round < 200;
         round++) { /* J of the branch less J of zero rises with lambda, falls with p */
      const double p = (low + high) / 2, J = (1 - p) * (1 - p) + deep_lambda(p, k) * k * pow(p, 2.0 / k);
      *(J > 1 ? &low : &high) = p;
    }
    assert_near(low, (k - 2.0) / (k - 1), 1e-12);
    assert_near(deep_lambda(low, k), known[c].exchange, 1e-9);
  }
}

/* Two linear layers no narrower than the narrower end, features as they come: every minimum that is found
 * solves the convex problem, |G| <= 2 lambda, G = dMSE/dB. */
static void test_two_layer_minima_are_global(void **state) {
  (void)state;
  const table t = make_table(2, 5);
  for (size_t width = 2; width < 5; width++)
    for (double lambda = 0x1p-8; lambda < 1; lambda *= 4)
      for (uint64_t seed = 0; seed < 3; seed++) {
        rwk_mlp_settings ms;
        rwk_mlp_settings_init(&ms);
        ms.activation = RWK_ACTIVATION_IDENTITY;
        net n = make_net(&t, 2, &width, 1, ms);
        double w[PLAIN_MOST], fit[ROWS * 2], G[INPUTS * 2] = {0}, sigma[2];
        assert_int_equal(n.problem->ops.start(w, seed, 0, n.problem->self), RWK_OK);
        solved(&n, w, lambda);
        assert_int_equal(rwk_mlp_predict(fit, 2, n.mlp, t.X, INPUTS, ROWS, w), RWK_OK);
        for (size_t i = 0; i < ROWS; i++)
          for (size_t j = 0; j < INPUTS; j++)
            for (size_t k = 0; k < 2; k++)
              G[j * 2 + k] += 2 * t.X[i * INPUTS + j] * (fit[i * 2 + k] - t.Y[i * 2 + k]) / ROWS;
        plain_singular(sigma, NULL, G, INPUTS, 2);
        assert_true(plain_largest(2, sigma) <= 2 * lambda * (1 + 1e-7));
        rwk_mlp_destroy(n.mlp);
      }
}

/* ---- T7 ---- */

static size_t negatives(const plain *o, const double *w, double lambda, size_t *zeros) {
  double H[PLAIN_MOST * PLAIN_MOST], e[PLAIN_MOST];
  size_t count = 0;
  plain_hessian(o, H, w, lambda);
  plain_eigen(e, NULL, H, o->n);
  *zeros = 0;
  for (size_t i = 0; i < o->n; i++) {
    count += e[i] < -1e-8;
    *zeros += fabs(e[i]) <= 1e-8;
  }
  return count;
}

/* A dead unit beside a net at rest: the inertia of H is that of the net without it, a zero for its bias, and
 * 2 (lambda +- |phi'(b)| sigma_i/2) for the singular values sigma_i of X'D, 2 lambda for the rest. */
static void test_inertia_with_a_dead_unit(void **state) {
  (void)state;
  static const rwk_activation smooth[] = {RWK_ACTIVATION_TANH, RWK_ACTIVATION_LOGISTIC,
                                          RWK_ACTIVATION_SOFTPLUS};
  const size_t small_width = 1, large_width = 2;
  size_t seen[3] = {0};
  for (size_t outputs = 1; outputs <= 2; outputs++)
    for (int a = 0; a < 3; a++)
      for (uint64_t seed = 0; seed < 8; seed++) {
        const table t = make_table(outputs, 20 + seed);
        rwk_mlp_settings ms;
        rwk_mlp_settings_init(&ms);
        ms.activation = smooth[a];
        net one = make_net(&t, outputs, &small_width, 1, ms),
            two = make_net(&t, outputs, &large_width, 1, ms);
        plain o = plain_open(ctx, one.problem), p = plain_open(ctx, two.problem);
        const double lambda = ldexp(1, -(int)(3 + seed));
        double w[PLAIN_MOST], x[PLAIN_MOST] = {0}, fit[ROWS * 2], S[INPUTS * 2] = {0}, sigma[2] = {0};
        assert_int_equal(one.problem->ops.start(w, seed, 0, one.problem->self), RWK_OK);
        solved(&one, w, lambda);
        if (plain_newton(&o, w, lambda)) {
          assert_int_equal(rwk_mlp_predict(fit, outputs, one.mlp, t.X, INPUTS, ROWS, w), RWK_OK);
          for (size_t i = 0; i < ROWS; i++)
            for (size_t j = 0; j < INPUTS; j++)
              for (size_t k = 0; k < outputs; k++)
                S[j * outputs + k] +=
                    2 * t.X[i * INPUTS + j] * (fit[i * outputs + k] - t.Y[i * outputs + k]) / ROWS;
          plain_singular(sigma, NULL, S, INPUTS, outputs);
          for (size_t i = 0; i < INPUTS; i++) x[2 * i] = w[i]; /* unit 1 lives, unit 2 is dead */
          x[2 * INPUTS] = w[INPUTS];
          for (size_t k = 0; k < outputs; k++) {
            x[2 * INPUTS + 2 + k] = w[INPUTS + 1 + k];
            x[2 * INPUTS + 2 + 2 * outputs + k] = w[INPUTS + 1 + outputs + k];
          }
          for (double b = -2; b <= 2; b += 0.5) {
            const double logistic = 1 / (1 + exp(-b));
            const double slope = a == 0   ? 1 - tanh(b) * tanh(b)
                                 : a == 1 ? logistic * (1 - logistic)
                                          : logistic;
            size_t zeros, rest_zeros, down = 0;
            double closest = INFINITY;
            for (size_t k = 0; k < outputs; k++) {
              down += slope * sigma[k] / 2 > lambda;
              closest = fmin(closest, fabs(slope * sigma[k] / 2 - lambda));
            }
            if (closest < 1e-5) continue;
            x[2 * INPUTS + 1] = b;
            const size_t rest = negatives(&o, w, lambda, &rest_zeros);
            assert_int_equal(negatives(&p, x, lambda, &zeros), rest + down);
            assert_int_equal(zeros, rest_zeros + 1);
            seen[down]++;
          }
        }
        plain_close(&o);
        plain_close(&p);
        rwk_mlp_destroy(one.mlp);
        rwk_mlp_destroy(two.mlp);
      }
  assert_true(seen[0] > 20 && seen[1] > 20 && seen[2] > 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_zero_is_strict_with_two_hidden_layers),
      cmocka_unit_test(test_nonzero_points_stay_off_zero),
      cmocka_unit_test(test_relu_at_zero),
      cmocka_unit_test(test_xor_is_not_bounded_by_lambda_c),
      cmocka_unit_test(test_layers_and_schatten_norm),
      cmocka_unit_test(test_fold_and_exchange_of_deep_linear_nets),
      cmocka_unit_test(test_two_layer_minima_are_global),
      cmocka_unit_test(test_inertia_with_a_dead_unit),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
