/* A table whose rows several processes have between them gives the bits of one process. The processes are
 * threads here, and what carries their numbers is a slot from each to each. */
#include <pthread.h>
#include "unit/mlp/fixture.h"

enum { N = 66007, INPUTS = 4, OUTPUTS = 2, VECTORS = 11, MOST = 4, FLATS_MOST = 40 };

/* ---- what carries numbers ---- */

typedef struct post_office {
  pthread_mutex_t lock;
  pthread_cond_t news;
  const double *slot[MOST][MOST]; /* [from][to]; NULL: empty */
} post_office;

typedef struct desk {
  post_office *post;
  size_t count, rank;
} desk;

static rwk_status hand_over(post_office *p, const double *x, size_t from, size_t to) {
  pthread_mutex_lock(&p->lock);
  p->slot[from][to] = x;
  pthread_cond_broadcast(&p->news);
  while (p->slot[from][to]) pthread_cond_wait(&p->news, &p->lock);
  pthread_mutex_unlock(&p->lock);
  return RWK_OK;
}

static rwk_status take(double *x, size_t n, post_office *p, size_t from, size_t to) {
  pthread_mutex_lock(&p->lock);
  while (!p->slot[from][to]) pthread_cond_wait(&p->news, &p->lock);
  memcpy(x, p->slot[from][to], n * sizeof *x);
  p->slot[from][to] = NULL;
  pthread_cond_broadcast(&p->news);
  pthread_mutex_unlock(&p->lock);
  return RWK_OK;
}

static rwk_status send(const double *x, size_t n, size_t to, void *payload) {
  const desk *d = payload;
  (void)n;
  return hand_over(d->post, x, d->rank, to);
}

static rwk_status receive(double *x, size_t n, size_t from, void *payload) {
  const desk *d = payload;
  return take(x, n, d->post, from, d->rank);
}

static rwk_status broadcast(double *x, size_t n, void *payload) {
  const desk *d = payload;
  if (d->rank) return take(x, n, d->post, 0, d->rank);
  for (size_t r = 1; r < d->count; r++) hand_over(d->post, x, 0, r);
  return RWK_OK;
}

/* ---- processes ---- */

typedef struct process {
  desk desk;
  const fixture *f; /* the whole table */
  double weight_sum;
  rwk_context *ctx;
  rwk_mlp *mlp;
  pthread_t thread;
} process;

static void begin(process *p) {
  size_t first, rows;
  rwk_mlp_settings s = p->f->naive.settings;
  rwk_mlp_data part = p->f->naive.data;
  const rwk_mlp_party party = {.size = sizeof party,
                               .count = p->desk.count,
                               .rank = p->desk.rank,
                               .weight_sum = p->weight_sum,
                               .broadcast = broadcast,
                               .send = send,
                               .receive = receive,
                               .payload = &p->desk};
  assert_int_equal(rwk_context_create(&p->ctx, NULL), RWK_OK);
  assert_int_equal(rwk_mlp_part(&first, &rows, p->ctx, &part, &s, p->desk.rank, p->desk.count), RWK_OK);
  assert_true(rows > 0 && first + rows <= N && (p->desk.rank || first == 0));
  part.X += first * part.ldx;
  part.Y += first * part.ldy;
  if (part.row_weights) part.row_weights += first;
  s.party = &party;
  assert_int_equal(rwk_mlp_create(&p->mlp, p->ctx, &part, &s), RWK_OK);
  assert_int_equal(p->mlp->rows, rows);
}

static void end(process *p) {
  rwk_mlp_destroy(p->mlp);
  rwk_context_destroy(p->ctx);
}

static void *serve(void *payload) {
  process *p = payload;
  begin(p);
  assert_int_equal(rwk_mlp_serve(p->mlp), RWK_OK);
  end(p);
  return NULL;
}

/* ---- all that a problem is asked ---- */

typedef struct answers {
  double loss, value, zero, accuracy, simple[64];
  double gradient[64], HV[VECTORS * 64], H[64 * 64];
  rwk_kinks kinks;
  size_t dim, flats;
  double curvature[FLATS_MOST], way[FLATS_MOST][64];
} answers;

static rwk_status note_flat(const rwk_flat *flat, void *payload) {
  answers *a = payload;
  assert_true(a->flats < FLATS_MOST);
  a->curvature[a->flats] = isnan(flat->curvature) ? 1e9 : flat->curvature;
  memcpy(a->way[a->flats], flat->way ? flat->way : flat->direction, a->dim * sizeof(double));
  a->flats++;
  return RWK_OK;
}

static void ask(answers *a, rwk_context *ctx, rwk_mlp *m, const double *w, const double *V) {
  const rwk_problem *p = rwk_mlp_problem(m);
  void *work;
  int64_t changed;
  memset(a, 0, sizeof *a);
  assert_in_range(p->dim, 1, 64);
  a->dim = p->dim;
  assert_int_equal(p->ops.work_create(&work, ctx, p->self), RWK_OK);
  assert_int_equal(p->ops.value(&a->value, NULL, w, work, p->self), RWK_OK);
  assert_int_equal(p->ops.value(&a->loss, a->gradient, w, work, p->self), RWK_OK);
  assert_int_equal(p->ops.hessian_vector(a->HV, p->dim, V, p->dim + 1, VECTORS, w, work, p->self), RWK_OK);
  assert_int_equal(p->ops.hessian(a->H, 64, w, work, p->self), RWK_OK);
  assert_int_equal(p->ops.kinks(&a->kinks, w, 1e-5, work, p->self), RWK_OK);
  assert_int_equal(p->ops.flats(w, 0.01, note_flat, a, work, p->self), RWK_OK);
  const rwk_status zero = p->ops.zero_lambda(&a->zero, work, p->self);
  if (zero != RWK_OK) a->zero = 0;
  memcpy(a->simple, w, p->dim * sizeof *w);
  assert_int_equal(p->ops.simplify(a->simple, &changed, 0.5, work, p->self), RWK_OK);
  p->ops.work_destroy(work, p->self);
  assert_int_equal(rwk_mlp_accuracy(&a->accuracy, m, w), RWK_OK);
  if (isnan(a->accuracy)) a->accuracy = -1;
}

static void ask_party(answers *a, const fixture *f, size_t count, const double *w, const double *V) {
  post_office post = {.lock = PTHREAD_MUTEX_INITIALIZER, .news = PTHREAD_COND_INITIALIZER};
  process processes[MOST];
  double sum = 0;
  for (size_t i = 0; i < N; i++) sum += f->omega ? f->omega[i] : 1;
  for (size_t r = count; r-- > 0;) {
    processes[r] = (process){.desk = {&post, count, r}, .f = f, .weight_sum = sum};
    if (r) assert_int_equal(pthread_create(&processes[r].thread, NULL, serve, &processes[r]), 0);
  }
  begin(&processes[0]);
  ask(a, processes[0].ctx, processes[0].mlp, w, V);
  assert_int_equal(rwk_mlp_serve(processes[0].mlp), RWK_INVALID_ARGUMENT);
  double A[64 * 64];
  assert_int_equal(rwk_mlp_gauss_newton(A, 64, processes[0].mlp, w), RWK_NOT_IMPLEMENTED);
  end(&processes[0]); /* which ends what the others serve */
  for (size_t r = 1; r < count; r++) assert_int_equal(pthread_join(processes[r].thread, NULL), 0);
}

/* One of the hidden units is dead. */
static void compare(rwk_activation activation, rwk_loss loss, int weighted, size_t hidden_count) {
  const size_t hidden[2] = {3, 3};
  fixture f;
  answers *one = malloc(sizeof *one), *other = malloc(sizeof *other);
  fixture_data(&f, N, INPUTS, OUTPUTS, weighted, 3);
  if (loss != RWK_LOSS_MSE) fixture_classes(&f, loss);
  f.naive.settings.activation = activation;
  f.naive.settings.hidden = hidden;
  f.naive.settings.hidden_count = hidden_count;
  fixture_network(&f, rwk_mlp_kernel_best());
  assert_int_equal(f.mlp->blocks, 4);
  rwk_mlp_layer first, second;
  assert_int_equal(rwk_mlp_layer_get(&first, f.mlp, 0), RWK_OK);
  assert_int_equal(rwk_mlp_layer_get(&second, f.mlp, 1), RWK_OK);
  for (size_t i = 0; i < INPUTS; i++) f.w[first.W + i * 3 + 1] = 0;
  for (size_t k = 0; k < second.outputs; k++) f.w[second.W + second.outputs + k] = 0;
  rwk_mlp_centre(f.w, NULL, f.mlp); /* predictions do not know the term on the biases' sum */
  double V[VECTORS * 65];
  rwk_stream s;
  rwk_stream_init(&s, 4, 0);
  for (size_t i = 0; i < VECTORS * 65; i++) V[i] = rwk_stream_normal(&s);
  ask(one, f.ctx, f.mlp, f.w, V);
  assert_true(one->flats > 0 && one->value == one->loss);

  /* the loss against predictions, the gradient against differences of it, the products against the Hessian */
  double *F = malloc((size_t)N * OUTPUTS * sizeof *F), sum = 0, weights = 0;
  assert_int_equal(rwk_mlp_predict(F, OUTPUTS, f.mlp, f.X, f.naive.data.ldx, N, f.w), RWK_OK);
  for (size_t i = 0; i < N; i++) {
    const double omega = f.omega ? f.omega[i] : 1;
    sum += omega * rwk_loss_row(loss, F + i * OUTPUTS, f.Y + i * f.naive.data.ldy, OUTPUTS);
    weights += omega;
  }
  free(F);
  assert_near(rwk_mlp_mse(f.mlp, one->loss), sum / weights, 1e-12 * (1 + sum / weights));
  const double step = 1e-5;
  for (size_t i = 0; i < f.dim && activation != RWK_ACTIVATION_RELU; i += 5) {
    const double at = f.w[i];
    f.w[i] = at + step;
    const double up = fixture_value(&f, NULL, f.w);
    f.w[i] = at - step;
    assert_near(one->gradient[i], (up - fixture_value(&f, NULL, f.w)) / (2 * step), 1e-8);
    f.w[i] = at;
  }
  for (size_t j = 0; j < VECTORS; j++)
    for (size_t i = 0; i < f.dim; i++) {
      double product = 0;
      for (size_t k = 0; k < f.dim; k++) product += one->H[i * 64 + k] * V[j * (f.dim + 1) + k];
      assert_near(one->HV[j * f.dim + i], product, 1e-10);
    }

  for (size_t count = 2; count <= MOST; count++) {
    ask_party(other, &f, count, f.w, V);
    assert_memory_equal(one, other, sizeof *one);
  }
  rwk_context *three;
  assert_int_equal(rwk_context_fork(&three, f.ctx, 3), RWK_OK);
  ask(other, three, f.mlp, f.w, V);
  assert_memory_equal(one, other, sizeof *one);
  rwk_context_destroy(three);
  fixture_drop(&f);
  free(one);
  free(other);
}

static void test_tanh(void **state) {
  (void)state;
  compare(RWK_ACTIVATION_TANH, RWK_LOSS_MSE, 0, 1);
}

static void test_relu_weighted(void **state) {
  (void)state;
  compare(RWK_ACTIVATION_RELU, RWK_LOSS_LOGISTIC, 1, 1);
}

static void test_softplus_classes_deep(void **state) {
  (void)state;
  compare(RWK_ACTIVATION_SOFTPLUS, RWK_LOSS_SOFTMAX, 1, 2);
}

/* Parts follow each other and are all the rows; who is one too many gets none. */
static void test_parts(void **state) {
  (void)state;
  rwk_context *ctx;
  assert_int_equal(rwk_context_create(&ctx, NULL), RWK_OK);
  const size_t hidden = 3, rows_of[] = {10, 16384, 40000, 131072, 1000003};
  rwk_mlp_settings s;
  rwk_mlp_settings_init(&s);
  s.hidden = &hidden;
  s.hidden_count = 1;
  for (size_t k = 0; k < sizeof rows_of / sizeof *rows_of; k++)
    for (size_t count = 1; count <= 70; count += 3) {
      const rwk_mlp_data data = {.rows = rows_of[k], .inputs = 2, .outputs = 1};
      size_t next = 0, with_rows = 0, blocks = 1;
      while (rows_of[k] / blocks >= 32768) blocks *= 2;
      for (size_t rank = 0; rank < count; rank++) {
        size_t first, rows;
        assert_int_equal(rwk_mlp_part(&first, &rows, ctx, &data, &s, rank, count), RWK_OK);
        if (rows) assert_int_equal(first, next);
        next += rows;
        with_rows += rows > 0;
      }
      assert_int_equal(next, rows_of[k]);
      assert_int_equal(with_rows, count < blocks ? count : blocks);
    }
  rwk_context_destroy(ctx);
}

static void test_mistakes(void **state) {
  (void)state;
  fixture f;
  fixture_data(&f, 100, INPUTS, OUTPUTS, 0, 3);
  desk d = {NULL, 2, 0};
  rwk_mlp_party party = {.size = sizeof party,
                         .count = 2,
                         .weight_sum = 100,
                         .broadcast = broadcast,
                         .send = send,
                         .receive = receive,
                         .payload = &d};
  rwk_mlp_settings s = f.naive.settings;
  s.party = &party;
  assert_int_equal(rwk_mlp_create(&f.mlp, f.ctx, &f.naive.data, &s), RWK_INVALID_ARGUMENT);
  assert_non_null(strstr(rwk_context_error(f.ctx), "1 for 2 processes"));
  party.rank = 2;
  assert_int_equal(rwk_mlp_create(&f.mlp, f.ctx, &f.naive.data, &s), RWK_INVALID_ARGUMENT);
  party.rank = 1;
  party.weight_sum = NAN;
  assert_int_equal(rwk_mlp_create(&f.mlp, f.ctx, &f.naive.data, &s), RWK_DATA);
  fixture_drop(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_tanh), cmocka_unit_test(test_relu_weighted),
                                     cmocka_unit_test(test_softplus_classes_deep),
                                     cmocka_unit_test(test_parts), cmocka_unit_test(test_mistakes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
