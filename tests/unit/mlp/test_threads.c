/* Sums over many rows are made in chunks, by several threads: the same bits for any number of threads, and
 * the right ones. */
#include "base/context.h"
#include "base/stream.h"
#include "mlp/network.h"
#include "problem/problem.h"
#include "support/analytic.h"

enum { N = 13003, INPUTS = 5, OUTPUTS = 2, VECTORS = 11 };

typedef struct answers {
  double loss;
  double *gradient, *HV, *H; /* [dim], [VECTORS x dim], [dim x dim] */
} answers;

static double *normals(size_t n, uint64_t seed) {
  double *x = malloc(n * sizeof *x);
  rwk_stream s;
  rwk_stream_init(&s, seed, 0);
  for (size_t i = 0; i < n; i++) x[i] = rwk_stream_normal(&s);
  return x;
}

static void ask(answers *a, rwk_context *parent, const rwk_mlp *m, const rwk_problem *p, int threads,
                const double *w, const double *V) {
  rwk_context *ctx;
  void *work;
  assert_int_equal(rwk_context_fork(&ctx, parent, threads), RWK_OK);
  assert_int_equal(p->ops.work_create(&work, ctx, p->self), RWK_OK);
  assert_int_equal(rwk_team_threads(((rwk_mlp_work *)work)->team), m->chunks > 1 ? threads : 1);
  assert_int_equal(rwk_team_threads(((rwk_mlp_work *)work)->hessian_team), threads);
  a->gradient = malloc(p->dim * sizeof(double));
  a->HV = malloc(VECTORS * p->dim * sizeof(double));
  a->H = malloc(p->dim * p->dim * sizeof(double));
  assert_int_equal(p->ops.value(&a->loss, a->gradient, w, work, p->self), RWK_OK);
  assert_int_equal(p->ops.hessian_vector(a->HV, p->dim, V, p->dim, VECTORS, w, work, p->self), RWK_OK);
  assert_int_equal(p->ops.hessian(a->H, p->dim, w, work, p->self), RWK_OK);
  p->ops.work_destroy(work, p->self);
  rwk_context_destroy(ctx);
}

static void release(answers *a) {
  free(a->gradient), free(a->HV), free(a->H);
}

static void compare(const answers *one, rwk_context *ctx, const rwk_mlp *m, const rwk_problem *p,
                    const double *w, const double *V) {
  for (int threads = 2; threads <= 5; threads += 3) {
    answers other;
    ask(&other, ctx, m, p, threads, w, V);
    assert_true(one->loss == other.loss);
    assert_memory_equal(one->gradient, other.gradient, p->dim * sizeof(double));
    assert_memory_equal(one->HV, other.HV, VECTORS * p->dim * sizeof(double));
    assert_memory_equal(one->H, other.H, p->dim * p->dim * sizeof(double));
    release(&other);
  }
}

/* Tables whose tiles are kept; all losses, as their last layers' blocks are made in different ways; more
 * inputs than one group of a Hessian's slab takes. Often, as it is chance who takes what. */
static void test_small_tables(void **state) {
  (void)state;
  enum { ROWS = 1500, CLASSES = 3, MOST_INPUTS = 40 };
  static const struct {
    rwk_loss loss;
    size_t inputs, outputs, hidden[2], layers;
  } nets[] = {{RWK_LOSS_MSE, 6, 1, {40}, 1},
              {RWK_LOSS_SOFTMAX, 4, CLASSES, {30}, 1},
              {RWK_LOSS_LOGISTIC, MOST_INPUTS, 1, {9}, 1},
              {RWK_LOSS_SOFTMAX, 5, CLASSES, {18, 7}, 2}};
  rwk_context *ctx;
  assert_int_equal(rwk_context_create(&ctx, NULL), RWK_OK);
  double *X = normals((size_t)ROWS * MOST_INPUTS, 5), *V = normals((size_t)VECTORS * 1000, 6),
         *Y = normals((size_t)ROWS * CLASSES, 7);
  for (size_t k = 0; k < sizeof nets / sizeof *nets; k++) {
    const size_t outputs = nets[k].outputs;
    for (size_t i = 0; i < ROWS && nets[k].loss != RWK_LOSS_MSE; i++)
      for (size_t o = 0; o < outputs; o++) Y[i * outputs + o] = (i + i / 7) % (outputs + (outputs == 1)) == o;
    const rwk_mlp_data data = {.X = X,
                               .ldx = nets[k].inputs,
                               .Y = Y,
                               .ldy = outputs,
                               .rows = ROWS,
                               .inputs = nets[k].inputs,
                               .outputs = outputs};
    rwk_mlp_settings s;
    rwk_mlp_settings_init(&s);
    s.loss = nets[k].loss;
    s.hidden = nets[k].hidden;
    s.hidden_count = nets[k].layers;
    rwk_mlp *m;
    assert_int_equal(rwk_mlp_create(&m, ctx, &data, &s), RWK_OK);
    const rwk_problem *p = rwk_mlp_problem(m);
    assert_in_range(p->dim, 1, 1000);
    double *w = normals(p->dim, 8);
    for (size_t i = 0; i < p->dim; i++) w[i] *= 0.4;
    answers one;
    ask(&one, ctx, m, p, 1, w, V);
    for (int times = 0; times < 20; times++) compare(&one, ctx, m, p, w, V);
    for (size_t j = 0; j < VECTORS; j++)
      for (size_t i = 0; i < p->dim; i++)
        assert_near(one.HV[j * p->dim + i], rwk_dot(p->dim, one.H + i * p->dim, V + j * p->dim), 1e-10);
    release(&one);
    free(w);
    rwk_mlp_destroy(m);
  }
  free(X), free(V), free(Y);
  rwk_context_destroy(ctx);
}

static void test_any_number_of_threads(void **state) {
  (void)state;
  rwk_context *ctx;
  assert_int_equal(rwk_context_create(&ctx, NULL), RWK_OK);
  const size_t hidden[2] = {17, 6};
  double *X = normals(N * INPUTS, 1), *Y = normals(N * OUTPUTS, 2);
  const rwk_mlp_data data = {
      .X = X, .ldx = INPUTS, .Y = Y, .ldy = OUTPUTS, .rows = N, .inputs = INPUTS, .outputs = OUTPUTS};
  rwk_mlp_settings s;
  rwk_mlp_settings_init(&s);
  s.hidden = hidden;
  s.hidden_count = 2;
  rwk_mlp *m;
  assert_int_equal(rwk_mlp_create(&m, ctx, &data, &s), RWK_OK);
  const rwk_problem *p = rwk_mlp_problem(m);
  double *w = normals(p->dim, 3), *V = normals(VECTORS * p->dim, 4), *F = malloc(N * OUTPUTS * sizeof *F);
  for (size_t i = 0; i < p->dim; i++) w[i] *= 0.4;
  answers one;
  assert_true(m->chunks > 1);
  ask(&one, ctx, m, p, 1, w, V);
  compare(&one, ctx, m, p, w, V);

  /* the loss against predictions, the products against the Hessian */
  assert_int_equal(rwk_mlp_predict(F, OUTPUTS, m, X, INPUTS, N, w), RWK_OK);
  double sum = 0;
  for (size_t i = 0; i < N * OUTPUTS; i++) sum += (F[i] - Y[i]) * (F[i] - Y[i]);
  assert_near(one.loss, sum / N, 1e-12 * sum / N);
  for (size_t j = 0; j < VECTORS; j++)
    for (size_t i = 0; i < p->dim; i++)
      assert_near(one.HV[j * p->dim + i], rwk_dot(p->dim, one.H + i * p->dim, V + j * p->dim), 1e-11);
  /* and the gradient against differences along it */
  const double length = rwk_norm(p->dim, one.gradient), h = 1e-5;
  double ends[2];
  for (int k = 0; k < 2; k++) {
    double *there = malloc(p->dim * sizeof *there);
    for (size_t i = 0; i < p->dim; i++) there[i] = w[i] + (k ? h : -h) / length * one.gradient[i];
    answers a;
    ask(&a, ctx, m, p, 1, there, V);
    ends[k] = a.loss;
    release(&a);
    free(there);
  }
  assert_near((ends[1] - ends[0]) / (2 * h) / length, 1, 1e-7);
  release(&one);
  free(F), free(V), free(w), free(Y), free(X);
  rwk_mlp_destroy(m);
  rwk_context_destroy(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_any_number_of_threads),
                                     cmocka_unit_test(test_small_tables)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
