/* Flat directions against the dense Hessian at critical points; T7's curvature against the Hessian with the
 * bias moved. */
#include <stdio.h>
#include "support/orthonormal.h"
#include "unit/mlp/fixture.h"

enum { MOST_FLATS = 100, MOST_DIM = 80 };

typedef struct named {
  char label[96];
  double direction[MOST_DIM], moved[MOST_DIM], way[MOST_DIM], curvature;
  int has_way;
} named;

typedef struct list {
  size_t dim, count;
  named flats[MOST_FLATS];
} list;

static rwk_status collect(const rwk_flat *flat, void *payload) {
  list *l = payload;
  assert_true(l->count < MOST_FLATS);
  named *n = &l->flats[l->count++];
  snprintf(n->label, sizeof n->label, "%s", flat->label);
  memcpy(n->direction, flat->direction, l->dim * sizeof(double));
  n->curvature = flat->curvature;
  n->has_way = flat->moved != NULL;
  assert_int_equal(flat->moved == NULL, flat->way == NULL);
  assert_int_equal(isnan(flat->curvature) != 0, flat->moved == NULL);
  if (!n->has_way) return RWK_OK;
  memcpy(n->moved, flat->moved, l->dim * sizeof(double));
  memcpy(n->way, flat->way, l->dim * sizeof(double));
  return RWK_OK;
}

static list *flats_at(const fixture *f, double lambda) {
  static list l;
  l = (list){.dim = f->dim};
  assert_true(f->dim <= MOST_DIM);
  assert_int_equal(f->problem->ops.flats(f->w, lambda, collect, &l, f->work, f->problem->self), RWK_OK);
  return &l;
}

/* Number of flat directions of which the label begins so. */
static size_t count_of(const list *l, const char *beginning) {
  size_t count = 0;
  for (size_t i = 0; i < l->count; i++)
    count += strncmp(l->flats[i].label, beginning, strlen(beginning)) == 0;
  return count;
}

static const named *find(const list *l, const char *label) {
  for (size_t i = 0; i < l->count; i++)
    if (strcmp(l->flats[i].label, label) == 0) return &l->flats[i];
  return NULL;
}

/* Every direction is a unit vector with H u = 0; returns the dimension of their span. */
static size_t check_flat(const fixture *f, const list *l, double lambda) {
  const size_t n = f->dim;
  double *H = malloc(n * n * sizeof *H), g[MOST_DIM], hu[MOST_DIM], *V = malloc(MOST_FLATS * n * sizeof *V);
  fixture_objective(f, g, H, f->w, lambda);
  const double scale = rwk_norm_inf(n * n, H);
  for (size_t i = 0; i < l->count; i++) {
    const double *u = l->flats[i].direction;
    assert_near(rwk_norm(n, u), 1, 1e-14);
    rwk_symv(hu, n, H, n, u);
    assert_true(rwk_norm_inf(n, hu) <= 1e-10 * scale);
    memcpy(V + i * n, u, n * sizeof *u);
  }
  size_t rank;
  orthonormalise(&rank, V, n, n, l->count, 1e-8);
  free(V);
  free(H);
  return rank;
}

/* Eigenvalues of the Hessian of J below `limit` in size. */
static size_t zero_eigenvalues(const fixture *f, double lambda, double limit) {
  const size_t n = f->dim;
  double *H = malloc(n * n * sizeof *H), g[MOST_DIM], e[MOST_DIM];
  size_t count = 0;
  fixture_objective(f, g, H, f->w, lambda);
  assert_int_equal(rwk_eigen(f->ctx, e, NULL, H, n, n), RWK_OK);
  for (size_t i = 0; i < n; i++) count += fabs(e[i]) < limit * e[n - 1];
  free(H);
  return count;
}

/* Kills unit j of hidden layer l, leaves its bias at b, and brings the rest to rest. */
static void kill(fixture *f, size_t l, size_t j, double b, double lambda) {
  rwk_mlp_layer layer, next;
  unsigned char movable[MOST_DIM];
  rwk_mlp_layer_get(&layer, f->mlp, l);
  rwk_mlp_layer_get(&next, f->mlp, l + 1);
  memset(movable, 1, sizeof movable);
  for (size_t i = 0; i < layer.inputs; i++) {
    f->w[layer.W + i * layer.outputs + j] = 0;
    movable[layer.W + i * layer.outputs + j] = 0;
  }
  for (size_t k = 0; k < next.outputs; k++) {
    f->w[next.W + j * next.outputs + k] = 0;
    movable[next.W + j * next.outputs + k] = 0;
  }
  if (layer.has_bias) {
    f->w[layer.b + j] = b;
    movable[layer.b + j] = 0;
  }
  fixture_settle(f, f->w, lambda, movable);
}

/* T7 at a dead unit: what was emitted against the Hessian at the moved point. Returns the curvature. */
static double check_way(const fixture *f, const named *flat, size_t l, size_t j, double lambda) {
  const size_t n = f->dim;
  rwk_mlp_layer layer, next;
  rwk_mlp_layer_get(&layer, f->mlp, l);
  rwk_mlp_layer_get(&next, f->mlp, l + 1);
  double *H = malloc(n * n * sizeof *H), g[MOST_DIM], hw[MOST_DIM];
  const double J = fixture_objective(f, g, NULL, f->w, lambda);
  for (size_t i = 0; i < n; i++) assert_near(flat->direction[i], i == layer.b + j, 0);
  assert_true(flat->has_way);
  assert_near(rwk_norm(n, flat->way), 1, 1e-14);
  assert_near(fixture_objective(f, g, H, flat->moved, lambda), J, 1e-14 * J);
  rwk_symv(hw, n, H, n, flat->way);
  assert_near(rwk_dot(n, flat->way, hw), flat->curvature, 1e-12);
  /* No direction of w_j, v_j and the biases beyond has less, in units of |w_j|^2 + |v_j|^2: the curvature
   * without the biases is the smallest eigenvalue of the second-order part, which is the block of (w_j, v_j).
   */
  const size_t k = layer.inputs + next.outputs;
  size_t at[MOST_DIM];
  double block[MOST_DIM * MOST_DIM], smallest, level = 0;
  for (size_t i = 0; i < layer.inputs; i++) at[i] = layer.W + i * layer.outputs + j;
  for (size_t i = 0; i < next.outputs; i++) at[layer.inputs + i] = next.W + j * next.outputs + i;
  for (size_t i = 0; i < k; i++)
    for (size_t m = 0; m < k; m++) {
      const int crossing = (i < layer.inputs) != (m < layer.inputs);
      block[i * k + m] = crossing ? H[at[i] * n + at[m]] : i == m ? 2 * lambda : 0;
    }
  assert_int_equal(rwk_eigen_some(f->ctx, &smallest, NULL, block, k, k, 0, 1), RWK_OK);
  for (size_t i = 0; i < next.outputs; i++) level += flat->way[next.b + i] * flat->way[next.b + i];
  assert_near(smallest * (1 - level), flat->curvature, 1e-12);
  /* and J does fall that way, both ways or neither */
  if (flat->curvature < -1e-6) {
    double there[MOST_DIM];
    for (size_t i = 0; i < n; i++) there[i] = flat->moved[i] + 1e-2 * flat->way[i];
    assert_true(fixture_objective(f, g, NULL, there, lambda) < J);
  }
  free(H);
  return flat->curvature;
}

static const rwk_activation smooth[] = {RWK_ACTIVATION_TANH, RWK_ACTIVATION_LOGISTIC,
                                        RWK_ACTIVATION_SOFTPLUS};

static void test_dead_one_hidden_layer(void **state) {
  (void)state;
  static const size_t hidden = 3;
  for (size_t outputs = 1; outputs <= 3; outputs += 2)
    for (int a = 0; a < 3; a++) {
      fixture f;
      fixture_data(&f, 60, 3, outputs, a == 1, 3);
      f.naive.settings.hidden = &hidden;
      f.naive.settings.hidden_count = 1;
      f.naive.settings.activation = smooth[a];
      fixture_network(&f, rwk_mlp_kernel_best());
      const double low = 0.002, high = 2;
      kill(&f, 0, 1, 0.8, low);
      const list *l = flats_at(&f, low);
      const named *flat = find(l, "bias of dead unit 2 (layer 1)");
      assert_non_null(flat);
      check_flat(&f, l, low);
      assert_true(check_way(&f, flat, 0, 1, low) < 0);
      if (outputs == 1 && a == 0) { /* q = |X' r| / n */
        double xr[3] = {0}, fit[60];
        assert_int_equal(rwk_mlp_predict(fit, 1, f.mlp, f.X, f.naive.data.ldx, 60, f.w), RWK_OK);
        for (size_t r = 0; r < 60; r++)
          for (size_t i = 0; i < 3; i++)
            xr[i] += f.X[r * f.naive.data.ldx + i] * (fit[r] - f.Y[r * f.naive.data.ldy]) / 60;
        assert_near(flat->curvature, 2 * (low - rwk_norm(3, xr)), 1e-13);
      }
      kill(&f, 0, 1, 0.8, high);
      l = flats_at(&f, high);
      flat = find(l, "bias of dead unit 2 (layer 1)");
      assert_true(check_way(&f, flat, 0, 1, high) > 0);
      fixture_drop(&f);
    }
}

static void test_dead_two_hidden_layers(void **state) {
  (void)state;
  static const size_t hidden[] = {3, 2};
  for (size_t outputs = 1; outputs <= 3; outputs += 2)
    for (size_t l = 0; l < 2; l++)
      for (int a = 0; a < 3; a++) {
        fixture f;
        fixture_data(&f, 40, 2, outputs, 0, 5);
        f.naive.settings.hidden = hidden;
        f.naive.settings.hidden_count = 2;
        f.naive.settings.activation = smooth[a];
        fixture_network(&f, rwk_mlp_kernel_best());
        const double lambda = 1e-3;
        kill(&f, l, 1, -0.7, lambda);
        const list *flats = flats_at(&f, lambda);
        const named *flat =
            find(flats, l ? "bias of dead unit 2 (layer 2)" : "bias of dead unit 2 (layer 1)");
        assert_non_null(flat);
        check_flat(&f, flats, lambda);
        check_way(&f, flat, l, 1, lambda);
        fixture_drop(&f);
      }
}

/* A relu unit that is dead with its bias below 0 has no slope there; slid above 0 it may have a way down. */
static void test_dead_relu(void **state) {
  (void)state;
  static const size_t hidden = 2;
  fixture f;
  fixture_data(&f, 50, 3, 2, 0, 6);
  f.naive.settings.hidden = &hidden;
  f.naive.settings.hidden_count = 1;
  f.naive.settings.activation = RWK_ACTIVATION_RELU;
  fixture_network(&f, rwk_mlp_kernel_best());
  for (size_t i = 0; i < f.dim; i++) f.w[i] = 0; /* both dead: the constant model */
  for (size_t k = 0; k < 2; k++)
    for (size_t r = 0; r < 50; r++) f.w[f.dim - 2 + k] += f.Y[r * f.naive.data.ldy + k] / 50;
  f.w[6] = -0.5;
  f.w[7] = 2;
  const list *l = flats_at(&f, 1e-3);
  assert_int_equal(l->count, 2); /* nothing twice, though unit 1 is silent as well */
  check_flat(&f, l, 1e-3);
  assert_true(find(l, "bias of dead unit 1 (layer 1)")->moved[6] > 0);
  assert_true(check_way(&f, find(l, "bias of dead unit 1 (layer 1)"), 0, 0, 1e-3) < 0);
  assert_true(check_way(&f, find(l, "bias of dead unit 2 (layer 1)"), 0, 1, 1e-3) < 0);
  assert_true(find(l, "bias of dead unit 2 (layer 1)")->moved[7] == 2);
  fixture_drop(&f);
}

static void test_dead_without_claim(void **state) {
  (void)state;
  static const size_t hidden = 2;
  for (int c = 0; c < 3; c++) {
    fixture f;
    fixture_data(&f, 30, 2, 1, 0, 7);
    f.naive.settings.hidden = &hidden;
    f.naive.settings.hidden_count = 1;
    f.naive.settings.penalise_biases = c == 1;
    f.naive.settings.output_bias = c != 2;
    fixture_network(&f, rwk_mlp_kernel_best());
    f.w[0] = f.w[2] = f.w[6] = 0; /* unit 1; the rest is not at rest */
    const list *l = flats_at(&f, 0.01);
    if (c == 0) { /* the output bias is free, but not at rest: no curvature is known */
      assert_int_equal(l->count, 1);
      assert_false(l->flats[0].has_way);
    } else { /* a penalised bias is not flat; without output bias b_j meets v_j in the Hessian */
      assert_int_equal(l->count, 0);
    }
    fixture_drop(&f);
  }
}

/* Dead units and none, by relu on every row below 0: all that belongs to them is flat at lambda 0, their bias
 * always. */
static void test_silent(void **state) {
  (void)state;
  static const double X[] = {0, 1, 2, 3}, Y[] = {0, 2, 1, 3};
  static const double w[] = {-1, -2, -1, -1, 3, -2, 1.5};
  static const size_t hidden = 2;
  fixture f = {0};
  assert_int_equal(rwk_context_create(&f.ctx, NULL), RWK_OK);
  f.naive.data = (rwk_mlp_data){.X = X, .ldx = 1, .Y = Y, .ldy = 1, .rows = 4, .inputs = 1, .outputs = 1};
  rwk_mlp_settings_init(&f.naive.settings);
  f.naive.settings.hidden = &hidden;
  f.naive.settings.hidden_count = 1;
  f.naive.settings.activation = RWK_ACTIVATION_RELU;
  fixture_network(&f, rwk_mlp_kernel_best());
  memcpy(f.w, w, sizeof w);
  const list *l = flats_at(&f, 0);
  assert_int_equal(count_of(l, "bias of silent unit"), 2);
  assert_int_equal(count_of(l, "weight of silent unit"), 4);
  assert_int_equal(check_flat(&f, l, 0), 6);
  assert_int_equal(zero_eigenvalues(&f, 0, 1e-12), 6);
  l = flats_at(&f, 0.1); /* not at rest, but its bias has no effect at all */
  assert_int_equal(l->count, 2);
  check_flat(&f, l, 0.1);
  fixture_drop(&f);
}

static void test_saturated(void **state) {
  (void)state;
  static const size_t hidden = 2;
  for (int c = 0; c < 4; c++) {
    fixture f;
    fixture_data(&f, 20, 2, 2, 0, 8);
    f.naive.settings.hidden = &hidden;
    f.naive.settings.hidden_count = 1;
    f.naive.settings.activation = c < 2 ? RWK_ACTIVATION_TANH : RWK_ACTIVATION_LOGISTIC;
    fixture_network(&f, rwk_mlp_kernel_best());
    f.w[4] = c & 1 ? -800 : 800; /* bias of unit 1 */
    const list *l = flats_at(&f, 0);
    assert_int_equal(count_of(l, "bias of saturated unit 1 (layer 1)"), 1);
    assert_int_equal(count_of(l, "weight of saturated unit 1 (layer 1)"), 4);
    assert_int_equal(l->count, 5);
    assert_int_equal(check_flat(&f, l, 0), 5);
    assert_int_equal(flats_at(&f, 0.1)->count, 1);
    f.w[4] = 30; /* flat to a double's eye, not in truth: nothing is claimed */
    assert_int_equal(flats_at(&f, 0)->count, 0);
    fixture_drop(&f);
  }
}

static void test_linear_units(void **state) {
  (void)state;
  static const size_t hidden[] = {3, 2};
  for (int c = 0; c < 8; c++) {
    fixture f;
    const double lambda = c & 4 ? 0 : 0.02;
    fixture_data(&f, 40, 4, c & 1 ? 3 : 1, 0, 9);
    f.naive.settings.hidden = hidden;
    f.naive.settings.hidden_count = c & 2 ? 2 : 1;
    f.naive.settings.activation = RWK_ACTIVATION_IDENTITY;
    fixture_network(&f, rwk_mlp_kernel_best());
    fixture_settle(&f, f.w, lambda, NULL);
    const list *l = flats_at(&f, lambda);
    const size_t units = c & 2 ? 5 : 3, pairs = c & 2 ? 4 : 3;
    assert_int_equal(count_of(l, "bias of linear unit"), units);
    if (lambda > 0)
      assert_int_equal(count_of(l, "rotation of linear units"), pairs);
    else
      assert_int_equal(count_of(l, "scale of unit") + count_of(l, "shear of linear units"),
                       units + 2 * pairs);
    const size_t rank = check_flat(&f, l, lambda);
    /* Nothing else is flat at a minimum of a linear network whose product has full rank. */
    if (c == 1 || c == 5) assert_int_equal(rank, zero_eigenvalues(&f, lambda, 1e-9));
    fixture_drop(&f);
  }
}

/* Biases that are penalised rotate with the weights. */
static void test_linear_units_penalised_biases(void **state) {
  (void)state;
  static const size_t hidden = 3;
  fixture f;
  fixture_data(&f, 40, 4, 3, 0, 9);
  f.naive.settings.hidden = &hidden;
  f.naive.settings.hidden_count = 1;
  f.naive.settings.activation = RWK_ACTIVATION_IDENTITY;
  f.naive.settings.penalise_biases = 1;
  fixture_network(&f, rwk_mlp_kernel_best());
  fixture_settle(&f, f.w, 0.02, NULL);
  const list *l = flats_at(&f, 0.02);
  assert_int_equal(l->count, 3);
  check_flat(&f, l, 0.02);
  fixture_drop(&f);
}

/* Relu units can be scaled where there is no penalty. The table is the network's own output, so that w is a
 * minimum. */
static void test_relu_scales(void **state) {
  (void)state;
  static const size_t hidden[] = {3, 2};
  fixture f;
  fixture_data(&f, 40, 4, 2, 0, 10);
  f.naive.settings.hidden = hidden;
  f.naive.settings.hidden_count = 2;
  f.naive.settings.activation = RWK_ACTIVATION_RELU;
  fixture_network(&f, rwk_mlp_kernel_best());
  double w[MOST_DIM];
  memcpy(w, f.w, f.dim * sizeof *w);
  for (size_t i = 0; i < 3; i++) w[12 + i] = 0.3;
  for (size_t i = 0; i < 2; i++) w[21 + i] = 0.3;
  assert_int_equal(rwk_mlp_predict(f.Y, f.naive.data.ldy, f.mlp, f.X, f.naive.data.ldx, 40, w), RWK_OK);
  fixture_drop_network(&f);
  fixture_network(&f, rwk_mlp_kernel_best());
  memcpy(f.w, w, f.dim * sizeof *w);
  const list *l = flats_at(&f, 0);
  assert_int_equal(count_of(l, "scale of unit"), 5);
  assert_int_equal(check_flat(&f, l, 0), l->count);
  assert_int_equal(count_of(flats_at(&f, 0.1), "scale of unit"), 0);
  fixture_drop(&f);
}

static rwk_status refuse(const rwk_flat *flat, void *payload) {
  (void)flat;
  ++*(int *)payload;
  return RWK_CANCELLED;
}

static void test_emit_ends_enumeration(void **state) {
  (void)state;
  static const size_t hidden = 3;
  fixture f;
  fixture_data(&f, 20, 2, 1, 0, 9);
  f.naive.settings.hidden = &hidden;
  f.naive.settings.hidden_count = 1;
  f.naive.settings.activation = RWK_ACTIVATION_IDENTITY;
  fixture_network(&f, rwk_mlp_kernel_best());
  int calls = 0;
  assert_int_equal(f.problem->ops.flats(f.w, 1, refuse, &calls, f.work, f.problem->self), RWK_CANCELLED);
  assert_int_equal(calls, 1);
  fixture_drop(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_dead_one_hidden_layer),
      cmocka_unit_test(test_dead_two_hidden_layers),
      cmocka_unit_test(test_dead_relu),
      cmocka_unit_test(test_dead_without_claim),
      cmocka_unit_test(test_silent),
      cmocka_unit_test(test_saturated),
      cmocka_unit_test(test_linear_units),
      cmocka_unit_test(test_linear_units_penalised_biases),
      cmocka_unit_test(test_relu_scales),
      cmocka_unit_test(test_emit_ends_enumeration),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
