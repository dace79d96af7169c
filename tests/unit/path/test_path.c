#include <ridgewalk/path.h>
#include <stdatomic.h>
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

enum { ROWS = 30, INPUTS = 4, OUTPUTS = 3 };

typedef struct table {
  double X[ROWS * INPUTS], Y[ROWS * OUTPUTS];
} table;

static rwk_path *run(const net *n, const rwk_path_settings *s) {
  rwk_path *path;
  const rwk_status status = rwk_path_run(&path, ctx, n->problem, s);
  if (status != RWK_OK) print_message("%s\n", rwk_context_error(ctx));
  assert_int_equal(status, RWK_OK);
  return path;
}

static rwk_walk_view walk_at(const rwk_path *path, size_t index) {
  rwk_walk_view v;
  assert_int_equal(rwk_path_walk(&v, path, index), RWK_OK);
  return v;
}

static int is_minimum(const rwk_certificate *c) {
  return (c->verdict == RWK_VERDICT_STRICT_MIN || c->verdict == RWK_VERDICT_DEGENERATE_MIN) && !c->escapable;
}

static double *grid(size_t *count, double from, double to) {
  double *lambda;
  assert_int_equal(rwk_lambda_grid(&lambda, count, ctx, from, to, 2), RWK_OK);
  return lambda;
}

static void test_grid(void **state) {
  (void)state;
  size_t n;
  double *lambda = grid(&n, 0x1p-16, 4);
  assert_int_equal(n, 19);
  for (size_t i = 0; i < n; i++) assert_true(lambda[i] == ldexp(1, (int)i - 16));
  rwk_lambda_destroy(ctx, lambda);
  assert_int_equal(rwk_lambda_grid(&lambda, &n, ctx, 1, 0.5, 2), RWK_INVALID_ARGUMENT);
  assert_int_equal(rwk_lambda_grid(&lambda, &n, ctx, 0, 1, 2), RWK_INVALID_ARGUMENT);
  assert_int_equal(rwk_lambda_grid(&lambda, &n, ctx, 1, 2, 1), RWK_INVALID_ARGUMENT);
  assert_int_equal(rwk_lambda_grid(&lambda, &n, ctx, 1, NAN, 2), RWK_INVALID_ARGUMENT);
}

/* T6: two linear layers on whitened features. The singular values of X'Y/n are soft-thresholded at lambda:
 * J = Syy - sum s^2 + sum (s^2 - (s - lambda)_+^2), whatever the width as long as it is no less than the
 * rank. */
static void linear_closed_form(size_t outputs, size_t width) {
  table t;
  net_table(t.X, t.Y, ROWS, INPUTS, outputs, 1, 11 + outputs);
  double A[INPUTS * OUTPUTS] = {0}, G[OUTPUTS * OUTPUTS] = {0}, squares[OUTPUTS], Syy = 0;
  for (size_t i = 0; i < ROWS; i++)
    for (size_t k = 0; k < outputs; k++) {
      Syy += t.Y[i * outputs + k] * t.Y[i * outputs + k] / ROWS;
      for (size_t j = 0; j < INPUTS; j++)
        A[j * outputs + k] += t.X[i * INPUTS + j] * t.Y[i * outputs + k] / ROWS;
    }
  rwk_gemm(G, outputs, 1, 0, outputs, outputs, INPUTS, 1, A, outputs, A, outputs, 0);
  assert_int_equal(rwk_eigen(ctx, squares, NULL, G, outputs, outputs), RWK_OK);
  rwk_mlp_settings ms;
  rwk_mlp_settings_init(&ms);
  ms.activation = RWK_ACTIVATION_IDENTITY;
  net n = net_create(ctx, t.X, t.Y, ROWS, INPUTS, outputs, &width, 1, ms);
  rwk_path_settings s;
  rwk_path_settings_init(&s);
  double *lambda = grid(&s.lambda_count, 0x1p-12, 4);
  s.lambda = lambda;
  rwk_path *path = run(&n, &s);
  const double top = sqrt(squares[outputs - 1]);
  for (size_t k = 0; k < rwk_path_walk_count(path); k++) {
    const rwk_walk_view v = walk_at(path, k);
    assert_int_equal(v.drop_count, 0);
    for (size_t i = 0; i < s.lambda_count; i++) {
      double J = Syy;
      for (size_t r = 0; r < outputs; r++) {
        const double left = fmax(0, sqrt(fmax(0, squares[r])) - lambda[i]);
        J -= left * left;
      }
      assert_near(v.points[i]->solve.objective, J, 1e-9);
      assert_true(is_minimum(&v.points[i]->certificate));
    }
  }
  const rwk_collapse c = rwk_path_collapse(path);
  assert_near(c.lambda_c / top, 1, 1e-12); /* T5 */
  assert_near(c.collapse / top, 1, 1e-3);
  assert_true(c.nonzero <= c.collapse && c.collapse <= c.nonzero * (1 + 1e-3));
  rwk_path_destroy(path);
  rwk_lambda_destroy(ctx, lambda);
  rwk_mlp_destroy(n.mlp);
}

static void test_linear_one_output(void **state) {
  (void)state;
  linear_closed_form(1, 1);
  linear_closed_form(1, 5);
}

static void test_linear_three_outputs(void **state) {
  (void)state;
  linear_closed_form(3, 3);
  linear_closed_form(3, 6);
}

/* T6: three linear layers, one output, whitened, s = |X'y|/n: the branch ends in a fold where p = s/4, at
 * lambda = (3/4) s (s/4)^(1/3), and zero is a strict minimum at every penalty: there is no lambda_c. */
static void test_three_linear_layers_fold_to_zero(void **state) {
  (void)state;
  table t;
  net_table(t.X, t.Y, ROWS, INPUTS, 1, 1, 5);
  double square = 0;
  for (size_t j = 0; j < INPUTS; j++) {
    double sum = 0;
    for (size_t i = 0; i < ROWS; i++) sum += t.X[i * INPUTS + j] * t.Y[i] / ROWS;
    square += sum * sum;
  }
  const double s1 = sqrt(square), fold = 0.75 * s1 * cbrt(s1 / 4);
  rwk_mlp_settings ms;
  rwk_mlp_settings_init(&ms);
  ms.activation = RWK_ACTIVATION_IDENTITY;
  const size_t hidden[2] = {2, 2};
  net n = net_create(ctx, t.X, t.Y, ROWS, INPUTS, 1, hidden, 2, ms);
  rwk_path_settings s;
  rwk_path_settings_init(&s);
  s.walks = RWK_WALKS_UP | RWK_WALKS_DOWN;
  s.starts = 2;
  double *lambda = grid(&s.lambda_count, 0x1p-10, 1);
  s.lambda = lambda;
  rwk_path *path = run(&n, &s);
  const rwk_collapse c = rwk_path_collapse(path);
  assert_true(isnan(c.lambda_c));
  assert_true(c.nonzero <= fold * (1 + 1e-6) && c.collapse >= fold * (1 - 1e-6));
  assert_true(c.collapse <= c.nonzero * (1 + 1e-3));
  rwk_path_destroy(path);
  rwk_lambda_destroy(ctx, lambda);
  rwk_mlp_destroy(n.mlp);
}

/* Without a grid: 17 penalties from twice the collapse. */
static void test_automatic_grid(void **state) {
  (void)state;
  table t;
  net_table(t.X, t.Y, ROWS, INPUTS, 1, 0, 6);
  rwk_mlp_settings ms;
  rwk_mlp_settings_init(&ms);
  const size_t hidden[1] = {3};
  net n = net_create(ctx, t.X, t.Y, ROWS, INPUTS, 1, hidden, 1, ms);
  rwk_path_settings s;
  rwk_path_settings_init(&s);
  s.walks = RWK_WALKS_UP;
  rwk_path *path = run(&n, &s);
  assert_int_equal(rwk_path_lambda_count(path), 17);
  const double *lambda = rwk_path_lambda(path);
  assert_near(lambda[16], 2 * rwk_path_collapse(path).collapse, 1e-12);
  const rwk_walk_view v = walk_at(path, 0);
  assert_true(v.points[16]->solve.penalty == 0); /* above the collapse all weights are zero ... */
  assert_true(v.points[14]->solve.penalty > 0);  /* ... and below it they are not */
  rwk_path_destroy(path);
  rwk_mlp_destroy(n.mlp);
}

/* Every number of two runs, bit for bit; times aside. */
static void assert_same(const rwk_path *a, const rwk_path *b, size_t dim) {
  assert_int_equal(rwk_path_walk_count(a), rwk_path_walk_count(b));
  for (size_t k = 0; k < rwk_path_walk_count(a); k++) {
    const rwk_walk_view u = walk_at(a, k), v = walk_at(b, k);
    assert_int_equal(u.drop_count, v.drop_count);
    for (size_t i = 0; i < rwk_path_lambda_count(a); i++) {
      assert_memory_equal(u.points[i]->w, v.points[i]->w, dim * sizeof(double));
      assert_true(u.points[i]->certificate.min_eig == v.points[i]->certificate.min_eig);
      assert_int_equal(u.points[i]->certificate.verdict, v.points[i]->certificate.verdict);
      assert_int_equal(u.points[i]->solve.iterations, v.points[i]->solve.iterations);
    }
  }
  assert_true(rwk_path_collapse(a).collapse == rwk_path_collapse(b).collapse);
}

typedef struct shelf { /* saved fits, with their weights */
  rwk_fit fits[256];
  double w[256][32];
  size_t dim;
  int count, fetched;
} shelf;

static rwk_status save(const rwk_fit *fit, void *payload) {
  shelf *s = payload;
  assert_true(s->count < 256);
  s->fits[s->count] = *fit;
  memcpy(s->w[s->count++], fit->w, s->dim * sizeof(double));
  return RWK_OK;
}

static rwk_status fetch(rwk_fit *fit, double *w, int *found, rwk_walk walk, int start, size_t index,
                        void *payload) {
  shelf *s = payload;
  for (int k = 0; k < s->count; k++)
    if (s->fits[k].walk == walk && s->fits[k].start == start && s->fits[k].index == index) {
      *fit = s->fits[k];
      memcpy(w, s->w[k], s->dim * sizeof(double));
      *found = 1;
      s->fetched++;
    }
  return RWK_OK;
}

static void test_threads_and_resuming_change_nothing(void **state) {
  (void)state;
  table t;
  net_table(t.X, t.Y, ROWS, 3, 1, 0, 7);
  rwk_mlp_settings ms;
  rwk_mlp_settings_init(&ms);
  const size_t hidden[1] = {3};
  rwk_path *paths[3];
  shelf *kept = calloc(1, sizeof *kept);
  rwk_context *own[3];
  net nets[3];
  double *lambda = NULL;
  for (int k = 0; k < 3; k++) {
    rwk_context_settings cs;
    rwk_context_settings_init(&cs);
    cs.threads = k == 1 ? 4 : 1;
    assert_int_equal(rwk_context_create(&own[k], &cs), RWK_OK);
    nets[k] = net_create(own[k], t.X, t.Y, ROWS, 3, 1, hidden, 1, ms);
    kept->dim = nets[k].dim;
    assert_true(kept->dim <= 32);
    rwk_path_settings s;
    rwk_path_settings_init(&s);
    s.starts = 3;
    s.seed = 5;
    if (!lambda) lambda = grid(&s.lambda_count, 0x1p-10, 1);
    s.lambda_count = 11;
    s.lambda = lambda;
    if (k == 0) s.save = save;
    if (k == 2) { /* every third fit is missing */
      for (int i = 0, to = 0; i < 256 && i < 99; i++)
        if (i % 3 != 1) {
          kept->fits[to] = kept->fits[i];
          memcpy(kept->w[to++], kept->w[i], sizeof kept->w[i]);
          kept->count = to;
        }
      s.fetch = fetch;
    }
    s.store_payload = kept;
    assert_int_equal(rwk_path_run(&paths[k], own[k], nets[k].problem, &s), RWK_OK);
  }
  assert_int_equal(kept->fetched, 66);
  assert_same(paths[0], paths[1], nets[0].dim);
  assert_same(paths[0], paths[2], nets[0].dim);
  for (int k = 0; k < 3; k++) {
    rwk_path_destroy(paths[k]);
    rwk_mlp_destroy(nets[k].mlp);
    rwk_context_destroy(own[k]);
  }
  rwk_lambda_destroy(ctx, lambda);
  free(kept);
}

/* lbfgs stopped early: drops are `unconverged`, with what finishing changes; T2's identity holds for every
 * drop of every walk. */
/* Two helpers that are asked across a call, and have networks and memory of their own. */
typedef struct staff {
  rwk_path_helper *helper[2];
  atomic_int calls[2];
} staff;

static rwk_status ask_staff(void *reply, size_t reply_size, const void *request, size_t size, size_t helper,
                            void *payload) {
  staff *s = payload;
  rwk_path_helper *h = s->helper[helper];
  atomic_fetch_add(&s->calls[helper], 1);
  if (reply_size != rwk_path_helper_answer_size(h) || size != rwk_path_helper_request_size(h))
    return RWK_INTERNAL;
  return rwk_path_helper_answer(reply, request, h);
}

static void test_helpers_change_nothing(void **state) {
  (void)state;
  table t;
  net_table(t.X, t.Y, ROWS, 3, 1, 0, 7);
  rwk_mlp_settings ms;
  rwk_mlp_settings_init(&ms);
  const size_t hidden[1] = {3};
  rwk_context *own[4]; /* of the path alone, of the path with helpers, of the two */
  net nets[4];
  staff people = {.helper = {NULL}};
  const rwk_path_help help = {.count = 2, .call = ask_staff, .payload = &people};
  rwk_path *paths[2];
  rwk_path_settings s;
  rwk_path_settings_init(&s);
  s.starts = 2;
  s.seed = 5;
  double *lambda = grid(&s.lambda_count, 0x1p-10, 1);
  s.lambda = lambda;
  for (int k = 3; k >= 0; k--) {
    rwk_context_settings cs;
    rwk_context_settings_init(&cs);
    cs.threads = 1;
    assert_int_equal(rwk_context_create(&own[k], &cs), RWK_OK);
    nets[k] = net_create(own[k], t.X, t.Y, ROWS, 3, 1, hidden, 1, ms);
    if (k >= 2)
      assert_int_equal(rwk_path_helper_create(&people.helper[k - 2], own[k], nets[k].problem, &s), RWK_OK);
    s.help = k == 1 ? &help : NULL;
    if (k < 2) assert_int_equal(rwk_path_run(&paths[k], own[k], nets[k].problem, &s), RWK_OK);
  }
  assert_same(paths[0], paths[1], nets[0].dim);
  assert_true(atomic_load(&people.calls[0]) + atomic_load(&people.calls[1]) > 0);
  for (int k = 0; k < 4; k++) {
    if (k < 2) rwk_path_destroy(paths[k]);
    if (k >= 2) rwk_path_helper_destroy(people.helper[k - 2]);
    rwk_mlp_destroy(nets[k].mlp);
    rwk_context_destroy(own[k]);
  }
  s.lambda = NULL;
  rwk_path_helper *none;
  assert_int_equal(rwk_path_helper_create(&none, ctx, nets[0].problem, &s), RWK_INVALID_ARGUMENT);
  rwk_lambda_destroy(ctx, lambda);
}

static void test_early_stop_drops(void **state) {
  (void)state;
  table t;
  net_table(t.X, t.Y, ROWS, INPUTS, 1, 0, 8);
  rwk_mlp_settings ms;
  rwk_mlp_settings_init(&ms);
  const size_t hidden[1] = {6};
  net n = net_create(ctx, t.X, t.Y, ROWS, INPUTS, 1, hidden, 1, ms);
  rwk_path_settings s;
  rwk_path_settings_init(&s);
  s.walks = RWK_WALKS_UP;
  s.starts = 4;
  s.solver.solver = RWK_SOLVER_LBFGS;
  s.solver.max_iter = 15;
  double *lambda = grid(&s.lambda_count, 0x1p-14, 1);
  s.lambda = lambda;
  rwk_path *path = run(&n, &s);
  size_t unconverged = 0;
  for (size_t k = 0; k < rwk_path_walk_count(path); k++) {
    const rwk_walk_view v = walk_at(path, k);
    for (size_t d = 0; d < v.drop_count; d++) {
      const rwk_drop *p = &v.drops[d];
      const double fall = p->loss_from - p->loss_to;
      assert_true(fall > 0);
      assert_near(p->lambda_to * p->excess_from + p->lambda_from * p->excess_to,
                  (p->lambda_to - p->lambda_from) * fall, 1e-12);
      assert_true(fmax(p->excess_from, p->excess_to) >= p->certain - 1e-14);
      if (p->cause != RWK_CAUSE_UNCONVERGED) continue;
      unconverged++;
      assert_true(p->grad_inf_from > 1e-8 || p->grad_inf_to > 1e-8);
      assert_true(isfinite(p->finished_from) && isfinite(p->finished_to));
    }
  }
  assert_true(unconverged > 0);
  rwk_path_destroy(path);
  rwk_lambda_destroy(ctx, lambda);
  rwk_mlp_destroy(n.mlp);
}

/* A walk that is told to stay on saddles: started at zero, where the constant model is a saddle, and moved to
 * a penalty where nothing holds it; the drop is then called by its name. */
static void test_saddle_drop(void **state) {
  (void)state;
  table t;
  net_table(t.X, t.Y, ROWS, INPUTS, 1, 0, 9);
  rwk_mlp_settings ms;
  rwk_mlp_settings_init(&ms);
  const size_t hidden[1] = {2};
  net n = net_create(ctx, t.X, t.Y, ROWS, INPUTS, 1, hidden, 1, ms);
  rwk_path_settings s;
  rwk_path_settings_init(&s);
  s.walks = RWK_WALKS_UP;
  s.solver.escape = 0;
  s.collapse_tol = 0;
  const double lambda[2] = {0x1p-6, 0x1p-5};
  s.lambda = lambda;
  s.lambda_count = 2;
  double *zero = calloc(n.dim, sizeof *zero);
  s.init = zero;
  rwk_path *path = run(&n, &s);
  rwk_walk_view v = walk_at(path, 0);
  assert_int_equal(v.points[0]->certificate.verdict, RWK_VERDICT_SADDLE);
  assert_int_equal(v.drop_count, 0); /* both ends sit on the same saddle: nothing falls */
  rwk_path_destroy(path);
  /* now the second point is fetched: the true minimum there */
  rwk_solver_settings ss;
  rwk_solver_settings_init(&ss);
  rwk_solver *solver;
  rwk_solve_result r;
  double *w = calloc(n.dim, sizeof *w);
  assert_int_equal(rwk_solver_create(&solver, ctx, n.problem, &ss), RWK_OK);
  assert_int_equal(rwk_solver_run(&r, solver, w, lambda[1]), RWK_OK);
  shelf *kept = calloc(1, sizeof *kept);
  kept->count = 1;
  kept->dim = n.dim;
  kept->fits[0] = (rwk_fit){.walk = RWK_WALK_UP, .index = 1, .lambda = lambda[1], .solve = r};
  assert_int_equal(rwk_certify(&kept->fits[0].certificate, NULL, ctx, n.problem, lambda[1], w, NULL), RWK_OK);
  memcpy(kept->w[0], w, n.dim * sizeof *w);
  s.fetch = fetch;
  s.store_payload = kept;
  path = run(&n, &s);
  v = walk_at(path, 0);
  assert_int_equal(v.drop_count, 1);
  assert_int_equal(v.drops[0].cause, RWK_CAUSE_SADDLE);
  assert_true(v.drops[0].at == lambda[0]);
  assert_true(v.drops[0].falls_by > 0);
  assert_true(v.drops[0].min_eig_from < 0);
  rwk_path_destroy(path);
  rwk_solver_destroy(solver);
  free(kept), free(w), free(zero);
  rwk_mlp_destroy(n.mlp);
}

typedef struct failing {
  atomic_long left; /* allocations that still succeed */
  atomic_long live;
} failing;

static void *fail_allocate(void *block, size_t size, void *payload) {
  failing *f = payload;
  if (atomic_fetch_sub(&f->left, 1) <= 0) return NULL;
  void *out = realloc(block, size);
  if (!block) atomic_fetch_add(&f->live, 1);
  return out;
}

static void fail_release(void *block, void *payload) {
  failing *f = payload;
  atomic_fetch_sub(&f->live, 1);
  free(block);
}

/* The k-th allocation fails, for every k: no memory is said, nothing leaks. */
static void test_every_allocation_may_fail(void **state) {
  (void)state;
  table t;
  net_table(t.X, t.Y, ROWS, 2, 1, 0, 10);
  const double lambda[3] = {0.01, 0.1, 1};
  const size_t hidden[1] = {2};
  long needed = -1;
  for (long k = 0; needed < 0; k += 1 + k / 32) { /* there are thousands: fewer of the later ones */
    failing f = {.left = k};
    rwk_context_settings cs;
    rwk_context_settings_init(&cs);
    cs.allocate = fail_allocate;
    cs.release = fail_release;
    cs.allocator_payload = &f;
    cs.threads = 2;
    rwk_context *own;
    rwk_status status = rwk_context_create(&own, &cs);
    if (status == RWK_OK) {
      rwk_mlp_settings ms;
      rwk_mlp_settings_init(&ms);
      ms.hidden = hidden;
      ms.hidden_count = 1;
      const rwk_mlp_data data = {
          .X = t.X, .ldx = 2, .Y = t.Y, .ldy = 1, .rows = ROWS, .inputs = 2, .outputs = 1};
      rwk_mlp *mlp;
      status = rwk_mlp_create(&mlp, own, &data, &ms);
      if (status == RWK_OK) {
        rwk_path_settings s;
        rwk_path_settings_init(&s);
        s.lambda = lambda;
        s.lambda_count = 3;
        rwk_path *path;
        status = rwk_path_run(&path, own, rwk_mlp_problem(mlp), &s);
        if (status == RWK_OK) needed = k;
        rwk_path_destroy(path);
      }
      rwk_mlp_destroy(mlp);
    }
    assert_true(status == RWK_OK || status == RWK_NO_MEMORY);
    rwk_context_destroy(own);
    assert_int_equal(atomic_load(&f.live), 0);
  }
  assert_true(needed > 20);
}

static int cancel_soon(void *payload) {
  return atomic_fetch_sub((atomic_int *)payload, 1) <= 0;
}

static void test_cancel_gives_back_what_is_done(void **state) {
  (void)state;
  table t;
  net_table(t.X, t.Y, ROWS, INPUTS, 1, 0, 12);
  atomic_int left = 60;
  rwk_context_settings cs;
  rwk_context_settings_init(&cs);
  cs.cancel = cancel_soon;
  cs.cancel_payload = &left;
  rwk_context *own;
  assert_int_equal(rwk_context_create(&own, &cs), RWK_OK);
  rwk_mlp_settings ms;
  rwk_mlp_settings_init(&ms);
  const size_t hidden[1] = {4};
  net n = net_create(own, t.X, t.Y, ROWS, INPUTS, 1, hidden, 1, ms);
  rwk_path_settings s;
  rwk_path_settings_init(&s);
  s.walks = RWK_WALKS_UP;
  double *lambda = grid(&s.lambda_count, 0x1p-10, 1);
  s.lambda = lambda;
  rwk_path *path = NULL;
  assert_int_equal(rwk_path_run(&path, own, n.problem, &s), RWK_CANCELLED);
  assert_non_null(path);
  const rwk_walk_view v = walk_at(path, 0);
  size_t done = 0;
  for (size_t i = 0; i < s.lambda_count; i++) done += v.points[i] != NULL;
  assert_true(done < s.lambda_count);
  rwk_path_destroy(path);
  rwk_lambda_destroy(ctx, lambda);
  rwk_mlp_destroy(n.mlp);
  rwk_context_destroy(own);
}

static void test_settings_are_checked(void **state) {
  (void)state;
  rwk_problem *p = analytic_create(ctx, bowl, 2, 1);
  rwk_path *path;
  rwk_path_settings s;
  rwk_path_settings_init(&s);
  const double wrong[2] = {1, 1};
  s.lambda = wrong;
  s.lambda_count = 2;
  assert_int_equal(rwk_path_run(&path, ctx, p, &s), RWK_INVALID_ARGUMENT);
  assert_non_null(strstr(rwk_context_error(ctx), "ascending"));
  rwk_path_settings_init(&s);
  s.starts = 0;
  assert_int_equal(rwk_path_run(&path, ctx, p, &s), RWK_INVALID_ARGUMENT);
  rwk_path_settings_init(&s);
  s.walks = 1u << 20;
  assert_int_equal(rwk_path_run(&path, ctx, p, &s), RWK_INVALID_ARGUMENT);
  rwk_problem_destroy(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_grid),
      cmocka_unit_test(test_linear_one_output),
      cmocka_unit_test(test_linear_three_outputs),
      cmocka_unit_test(test_three_linear_layers_fold_to_zero),
      cmocka_unit_test(test_automatic_grid),
      cmocka_unit_test(test_threads_and_resuming_change_nothing),
      cmocka_unit_test(test_helpers_change_nothing),
      cmocka_unit_test(test_early_stop_drops),
      cmocka_unit_test(test_saddle_drop),
      cmocka_unit_test(test_every_allocation_may_fail),
      cmocka_unit_test(test_cancel_gives_back_what_is_done),
      cmocka_unit_test(test_settings_are_checked),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
