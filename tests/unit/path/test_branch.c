/* Branches whose shape is known in closed form. */
#include <ridgewalk/branch.h>
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

static rwk_branch *trace(const rwk_problem *p, const double *w, double from, double to,
                         const rwk_branch_settings *s) {
  rwk_branch *b;
  const rwk_status status = rwk_branch_trace(&b, ctx, p, w, from, to, s);
  if (status != RWK_OK) print_message("%s\n", rwk_context_error(ctx));
  assert_int_equal(status, RWK_OK);
  assert_true(rwk_branch_event_count(b) >= 1);
  return b;
}

static const rwk_branch_event *last(const rwk_branch *b) {
  return &rwk_branch_events(b)[rwk_branch_event_count(b) - 1];
}

/* T4 along the branch: L rises with lambda, and its slope is what central differences of L say. */
static void check_slopes(const rwk_branch *b) {
  const rwk_branch_point *p = rwk_branch_points(b);
  for (size_t k = 0; k + 1 < rwk_branch_count(b); k++) {
    if (p[k].event >= 0 || p[k + 1].event >= 0) continue;
    const double change = p[k + 1].loss - p[k].loss, step = p[k + 1].lambda - p[k].lambda;
    assert_true(change * step > 0);
    assert_true(p[k].slope > 0);
    assert_true(p[k].min_eig > 0);
    assert_true(p[k].grad_inf <= 1e-10 * fmax(1, p[k].objective));
  }
}

enum { ROWS = 30, INPUTS = 4 };

/* T6 with three linear layers on whitened features and s = 1: lambda = (1 - p) p^(1/3), L = L0 + (1 - p)^2,
 * R = 3 p^(2/3), a fold at p = 1/4. Y is scaled so that |X'y|/n = 1. */
typedef struct chain {
  double X[ROWS * INPUTS], Y[ROWS], L0;
  net n;
} chain;

static void chain_make(chain *c, const size_t *hidden) {
  net_table(c->X, c->Y, ROWS, INPUTS, 1, 1, 5);
  double square = 0, Syy = 0;
  for (size_t j = 0; j < INPUTS; j++) {
    double sum = 0;
    for (size_t i = 0; i < ROWS; i++) sum += c->X[i * INPUTS + j] * c->Y[i] / ROWS;
    square += sum * sum;
  }
  for (size_t i = 0; i < ROWS; i++) {
    c->Y[i] /= sqrt(square);
    Syy += c->Y[i] * c->Y[i] / ROWS;
  }
  c->L0 = Syy - 1;
  rwk_mlp_settings ms;
  rwk_mlp_settings_init(&ms);
  ms.activation = RWK_ACTIVATION_IDENTITY;
  c->n = net_create(ctx, c->X, c->Y, ROWS, INPUTS, 1, hidden, 2, ms);
}

/* The nonzero minimum at lambda, by the solver from random starts. */
static void minimum(double *w, const rwk_problem *p, double lambda, uint64_t seed) {
  rwk_path_settings s;
  rwk_path_settings_init(&s);
  s.lambda = &lambda;
  s.lambda_count = 1;
  s.walks = RWK_WALKS_COLD;
  s.starts = 10;
  s.seed = seed;
  s.collapse_tol = 0;
  rwk_path *path;
  assert_int_equal(rwk_path_run(&path, ctx, p, &s), RWK_OK);
  rwk_walk_view v;
  assert_int_equal(rwk_path_walk(&v, path, 0), RWK_OK);
  memcpy(w, v.points[0]->w, rwk_problem_dim(p) * sizeof *w);
  assert_true(v.points[0]->solve.penalty > 0);
  rwk_path_destroy(path);
}

static void fold_of_three_layers(const size_t *hidden, rwk_algebra algebra) {
  chain c;
  double w[64];
  chain_make(&c, hidden);
  minimum(w, c.n.problem, 0.2, 1);
  rwk_branch_settings s;
  rwk_branch_settings_init(&s);
  s.algebra = algebra;
  s.beyond = 3;
  rwk_branch *b = trace(c.n.problem, w, 0.2, 1, &s);
  const rwk_branch_event *e = last(b);
  assert_int_equal(e->kind, RWK_EVENT_FOLD);
  const double fold = 0.75 * pow(0.25, 1.0 / 3); /* 0.472470394 */
  assert_near(e->lambda / fold, 1, 1e-9);
  assert_true(e->low <= fold * (1 + 1e-8) && e->high >= fold * (1 - 1e-8));
  assert_near(e->loss, c.L0 + 0.75 * 0.75, 1e-3);
  assert_true(e->transversality > 0.02);
  assert_near(e->min_eig, 0, 1e-3);
  int seen = 0, beyond = 0; /* before the fold, and after it */
  const rwk_branch_point *p = rwk_branch_points(b);
  for (size_t k = 0; k < rwk_branch_count(b); k++) {
    const double q = pow(p[k].penalty / 3, 1.5);
    assert_near(p[k].lambda, (1 - q) * pow(q, 1.0 / 3), 1e-7);
    assert_near(p[k].loss, c.L0 + (1 - q) * (1 - q), 1e-7);
    if (p[k].event >= 0) {
      seen = 1;
      continue;
    }
    /* dL/dlambda from lambda(p), dlambda/dp = (1 - 4 p) / (3 p^(2/3)) */
    assert_near(p[k].slope * (1 - 4 * q) / (3 * pow(q, 2.0 / 3)) / (-2 * (1 - q)), 1, 1e-4);
    assert_true(seen ? p[k].min_eig < 0 && q < 0.25 : p[k].min_eig > 0 && q > 0.25);
    beyond += seen;
  }
  assert_int_equal(beyond, 3);
  assert_true(e->lambda_beyond < fold);
  rwk_branch_destroy(b);
  rwk_mlp_destroy(c.n.mlp);
}

static void test_fold(void **state) {
  (void)state;
  fold_of_three_layers((const size_t[]){1, 1}, RWK_ALGEBRA_DENSE);
  fold_of_three_layers((const size_t[]){3, 2}, RWK_ALGEBRA_DENSE); /* with flat directions of linear layers */
}

static void test_fold_by_krylov(void **state) {
  (void)state;
  fold_of_three_layers((const size_t[]){1, 1}, RWK_ALGEBRA_KRYLOV);
  fold_of_three_layers((const size_t[]){3, 2}, RWK_ALGEBRA_KRYLOV);
}

/* Near a fold the smallest eigenvalue goes to zero like the square root of the distance. */
static void test_square_root_at_the_fold(void **state) {
  (void)state;
  chain c;
  double w[64], eig[2];
  const size_t hidden[2] = {1, 1};
  chain_make(&c, hidden);
  minimum(w, c.n.problem, 0.2, 1);
  const double fold = 0.75 * pow(0.25, 1.0 / 3);
  for (int k = 0; k < 2; k++) {
    rwk_branch *b = trace(c.n.problem, w, 0.2, fold * (1 - (k ? 1e-6 : 1e-4)), NULL);
    assert_int_equal(last(b)->kind, RWK_EVENT_REACHED);
    eig[k] = rwk_branch_points(b)[rwk_branch_count(b) - 1].min_eig;
    check_slopes(b);
    rwk_branch_destroy(b);
  }
  assert_near(eig[0] / eig[1], 10, 0.5);
  rwk_mlp_destroy(c.n.mlp);
}

/* J = (x^4/4 - x^2/2 + 1) + lambda x^2: x^2 = 1 - 2 lambda up to 1/2, then 0. */
static double pitchfork(double *g, double *H, const double *x, size_t n) {
  clear(g, H, n);
  if (g) g[0] = x[0] * x[0] * x[0] - x[0];
  if (H) H[0] = 3 * x[0] * x[0] - 1;
  return 0.25 * x[0] * x[0] * x[0] * x[0] - 0.5 * x[0] * x[0] + 1;
}

static void test_pitchfork(void **state) {
  (void)state;
  rwk_problem *p = analytic_create(ctx, pitchfork, 1, 1);
  double x = sqrt(1 - 2 * 0.1);
  rwk_branch *b = trace(p, &x, 0.1, 1, NULL);
  assert_int_equal(rwk_branch_event_count(b), 2);
  assert_int_equal(rwk_branch_events(b)[0].kind, RWK_EVENT_MERGE); /* goes on as x = 0 */
  assert_near(rwk_branch_events(b)[0].lambda, 0.5, 1e-9);
  assert_int_equal(last(b)->kind, RWK_EVENT_REACHED);
  assert_near(last(b)->w[0], 0, 1e-12);
  rwk_branch_destroy(b);
  x = 0;
  b = trace(p, &x, 1, 0.1, NULL);
  assert_int_equal(last(b)->kind, RWK_EVENT_BRANCH_POINT);
  assert_near(last(b)->lambda, 0.5, 1e-9);
  assert_near(fabs(last(b)->null_vector[0]), 1, 1e-12);
  assert_true(last(b)->transversality == 0);
  rwk_branch_destroy(b);
  rwk_problem_destroy(p);
}

/* T5: the last unit of a network dies at lambda_c, and coming down from there it comes alive again. */
static void test_unit_dies_at_lambda_c(void **state) {
  (void)state;
  double X[ROWS * INPUTS], Y[ROWS], w[64];
  const size_t hidden[1] = {1};
  net_table(X, Y, ROWS, INPUTS, 1, 0, 8);
  for (int logistic = 0; logistic < 2; logistic++) {
    rwk_mlp_settings ms;
    rwk_mlp_settings_init(&ms);
    if (logistic) ms.activation = RWK_ACTIVATION_LOGISTIC;
    net n = net_create(ctx, X, Y, ROWS, INPUTS, 1, hidden, 1, ms);
    rwk_path_settings ps;
    rwk_path_settings_init(&ps);
    const double one = 1e-3;
    ps.lambda = &one;
    ps.lambda_count = 1;
    rwk_path *path;
    assert_int_equal(rwk_path_run(&path, ctx, n.problem, &ps), RWK_OK);
    const double lambda_c = rwk_path_collapse(path).lambda_c;
    rwk_path_destroy(path);
    minimum(w, n.problem, 0.5 * lambda_c, 3);
    rwk_branch *b = trace(n.problem, w, 0.5 * lambda_c, 2 * lambda_c, NULL);
    assert_int_equal(rwk_branch_event_count(b), 2);
    assert_int_equal(rwk_branch_events(b)[0].kind, RWK_EVENT_MERGE);
    assert_near(rwk_branch_events(b)[0].lambda / lambda_c, 1, 1e-9);
    assert_int_equal(last(b)->kind, RWK_EVENT_REACHED);
    assert_true(last(b)->penalty == 0);
    rwk_branch *down = trace(n.problem, last(b)->w, 2 * lambda_c, 0.5 * lambda_c, NULL);
    assert_int_equal(last(down)->kind, RWK_EVENT_REVIVAL);
    assert_near(last(down)->lambda / lambda_c, 1, 1e-8);
    assert_string_equal(last(down)->what, "bias of dead unit 1 (layer 1)");
    assert_true(last(down)->curvature <= 0);
    rwk_branch_destroy(down);
    rwk_branch_destroy(b);
    rwk_mlp_destroy(n.mlp);
  }
}

/* Dense and Krylov follow the same branch of a tanh network, and T4's slope is the one of refitted points. */
static void test_two_algebras_and_slopes(void **state) {
  (void)state;
  double X[ROWS * INPUTS], Y[ROWS], w[64];
  const size_t hidden[1] = {3};
  net_table(X, Y, ROWS, INPUTS, 1, 0, 9);
  rwk_mlp_settings ms;
  rwk_mlp_settings_init(&ms);
  net n = net_create(ctx, X, Y, ROWS, INPUTS, 1, hidden, 1, ms);
  minimum(w, n.problem, 1e-3, 4);
  rwk_branch *both[2];
  for (int k = 0; k < 2; k++) {
    rwk_branch_settings s;
    rwk_branch_settings_init(&s);
    s.algebra = k ? RWK_ALGEBRA_KRYLOV : RWK_ALGEBRA_DENSE;
    both[k] = trace(n.problem, w, 1e-3, 1, &s);
    check_slopes(both[k]);
  }
  assert_int_equal(last(both[0])->kind, last(both[1])->kind);
  assert_near(last(both[0])->lambda / last(both[1])->lambda, 1, 1e-6);
  assert_near(last(both[0])->loss / last(both[1])->loss, 1, 1e-3);
  const rwk_branch_point *p = rwk_branch_points(both[0]);
  rwk_solver_settings ss;
  rwk_solver_settings_init(&ss);
  ss.escape = 0;
  rwk_solver *solver;
  assert_int_equal(rwk_solver_create(&solver, ctx, n.problem, &ss), RWK_OK);
  for (size_t k = 0; k < 4 && k + 2 < rwk_branch_count(both[0]); k++) {
    double at[2];
    for (int side = 0; side < 2; side++) {
      rwk_solve_result r;
      double there[64];
      memcpy(there, p[k].w, n.dim * sizeof *there);
      assert_int_equal(rwk_solver_run(&r, solver, there, p[k].lambda * (side ? 1 + 1e-4 : 1 - 1e-4)), RWK_OK);
      at[side] = r.loss;
    }
    assert_near((at[1] - at[0]) / (2e-4 * p[k].lambda) / p[k].slope, 1, 1e-4);
  }
  rwk_solver_destroy(solver);
  rwk_branch_destroy(both[0]);
  rwk_branch_destroy(both[1]);
  rwk_mlp_destroy(n.mlp);
}

/* The eigenvalues of points are LAPACK's own, also where the two lowest are close. */
static void test_smallest_eigenvalues(void **state) {
  (void)state;
  double X[ROWS * INPUTS], Y[ROWS], w[64], values[64];
  const size_t hidden[1] = {6};
  net_table(X, Y, ROWS, INPUTS, 1, 0, 9);
  rwk_mlp_settings ms;
  rwk_mlp_settings_init(&ms);
  net n = net_create(ctx, X, Y, ROWS, INPUTS, 1, hidden, 1, ms);
  for (uint64_t start = 1; start <= 4; start++) {
    minimum(w, n.problem, 1e-3, start);
    rwk_branch *b = trace(n.problem, w, 1e-3, 0.3, NULL);
    const rwk_branch_point *p = rwk_branch_points(b);
    for (size_t k = 0; k < rwk_branch_count(b); k++) {
      if (p[k].event >= 0 && rwk_branch_events(b)[p[k].event].null_vector) continue;
      assert_int_equal(rwk_spectrum(values, ctx, n.problem, p[k].lambda, p[k].w), RWK_OK);
      assert_near(p[k].min_eig, values[0], 1e-6 * values[0] + 1e-12 * values[n.dim - 1]);
    }
    rwk_branch_destroy(b);
  }
  rwk_mlp_destroy(n.mlp);
}

typedef struct failing {
  long left, live;
} failing;

static void *fail_allocate(void *block, size_t size, void *payload) {
  failing *f = payload;
  if (f->left-- <= 0) return NULL;
  f->live += !block;
  return realloc(block, size);
}

static void fail_release(void *block, void *payload) {
  failing *f = payload;
  f->live--;
  free(block);
}

static void test_every_allocation_may_fail(void **state) {
  (void)state;
  chain c;
  double w[64];
  const size_t hidden[2] = {1, 1};
  chain_make(&c, hidden);
  minimum(w, c.n.problem, 0.2, 1);
  long needed = -1;
  for (long k = 0; needed < 0; k++) {
    failing f = {.left = k};
    rwk_context_settings cs;
    rwk_context_settings_init(&cs);
    cs.allocate = fail_allocate;
    cs.release = fail_release;
    cs.allocator_payload = &f;
    cs.threads = 1;
    rwk_context *own;
    rwk_status status = rwk_context_create(&own, &cs);
    rwk_branch *b = NULL;
    if (status == RWK_OK) status = rwk_branch_trace(&b, own, c.n.problem, w, 0.2, 1, NULL);
    if (status == RWK_OK) needed = k;
    assert_true(status == RWK_OK || status == RWK_NO_MEMORY);
    rwk_branch_destroy(b);
    rwk_context_destroy(own);
    assert_int_equal(f.live, 0);
  }
  assert_true(needed > 10);
  rwk_mlp_destroy(c.n.mlp);
}

static void test_where_it_cannot_begin_or_go_on(void **state) {
  (void)state;
  rwk_problem *p = analytic_create(ctx, pitchfork, 1, 1);
  double x = 0; /* a saddle below 1/2 */
  rwk_branch *b = trace(p, &x, 0.1, 1, NULL);
  assert_int_equal(last(b)->kind, RWK_EVENT_START);
  rwk_branch_destroy(b);
  x = sqrt(1 - 2 * 0.1);
  rwk_branch_settings s;
  rwk_branch_settings_init(&s);
  s.points = 2;
  b = trace(p, &x, 0.1, 0.4999, &s);
  assert_int_equal(last(b)->kind, RWK_EVENT_BUDGET);
  rwk_branch_destroy(b);
  assert_int_equal(rwk_branch_trace(&b, ctx, p, &x, 0.1, 0.1, NULL), RWK_INVALID_ARGUMENT);
  assert_int_equal(rwk_branch_trace(&b, ctx, p, &x, 0, 1, NULL), RWK_INVALID_ARGUMENT);
  s.step = 0;
  assert_int_equal(rwk_branch_trace(&b, ctx, p, &x, 0.1, 1, &s), RWK_INVALID_ARGUMENT);
  s.size = 3;
  assert_int_equal(rwk_branch_trace(&b, ctx, p, &x, 0.1, 1, &s), RWK_INVALID_ARGUMENT);
  rwk_problem_destroy(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fold),
      cmocka_unit_test(test_fold_by_krylov),
      cmocka_unit_test(test_square_root_at_the_fold),
      cmocka_unit_test(test_pitchfork),
      cmocka_unit_test(test_unit_dies_at_lambda_c),
      cmocka_unit_test(test_two_algebras_and_slopes),
      cmocka_unit_test(test_smallest_eigenvalues),
      cmocka_unit_test(test_every_allocation_may_fail),
      cmocka_unit_test(test_where_it_cannot_begin_or_go_on),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
