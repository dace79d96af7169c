/* Effective parameters and quadratic forms against the inverse written out. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <ridgewalk/laplace.h>
#include "base/context.h"
#include "problem/problem.h"

/* L = (1/2) w' A w with a bias that is not penalised: H = A + 2 lambda M. */
static const double A[3][3] = {{2, 0.5, 0}, {0.5, 1, 0.25}, {0, 0.25, 3}};
static const unsigned char penalised[3] = {1, 1, 0};

typedef struct quadratic {
  double a[3][3];
} quadratic;

static rwk_status value(double *loss, double *g, const double *w, void *work, void *self) {
  const quadratic *q = self;
  (void)work;
  *loss = 0;
  for (int i = 0; i < 3; i++) {
    double sum = 0;
    for (int j = 0; j < 3; j++) sum += q->a[i][j] * w[j];
    *loss += 0.5 * w[i] * sum;
    if (g) g[i] = sum;
  }
  return RWK_OK;
}

static rwk_status product(double *HV, size_t ldhv, const double *V, size_t ldv, size_t k, const double *w,
                          void *work, void *self) {
  const quadratic *q = self;
  (void)work, (void)w;
  for (size_t c = 0; c < k; c++)
    for (int i = 0; i < 3; i++) {
      HV[c * ldhv + i] = 0;
      for (int j = 0; j < 3; j++) HV[c * ldhv + i] += q->a[i][j] * V[c * ldv + j];
    }
  return RWK_OK;
}

static double determinant(double H[3][3]) {
  return H[0][0] * (H[1][1] * H[2][2] - H[1][2] * H[2][1]) -
         H[0][1] * (H[1][0] * H[2][2] - H[1][2] * H[2][0]) +
         H[0][2] * (H[1][0] * H[2][1] - H[1][1] * H[2][0]);
}

/* By cofactors. */
static void invert(double out[3][3], double H[3][3]) {
  const double d = determinant(H);
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) {
      const int a = (j + 1) % 3, b = (j + 2) % 3, c = (i + 1) % 3, e = (i + 2) % 3;
      out[i][j] = (H[a][c] * H[b][e] - H[a][e] * H[b][c]) / d;
    }
}

static rwk_problem *make(rwk_context *ctx, quadratic *q) {
  rwk_problem *problem;
  const rwk_problem_ops ops = {
      .size = sizeof ops, .name = "quadratic", .value = value, .hessian_vector = product, .thread_safe = 1};
  assert_int_equal(rwk_problem_create(&problem, ctx, 3, penalised, &ops, q), RWK_OK);
  return problem;
}

static void test_against_cofactors(void **state) {
  (void)state;
  rwk_context *ctx;
  assert_int_equal(rwk_context_create(&ctx, NULL), RWK_OK);
  quadratic q;
  memcpy(q.a, A, sizeof A);
  q.a[0][0] = -0.1; /* L itself may be bent downwards: then the number is smaller than by what is positive */
  rwk_problem *problem = make(ctx, &q);
  const double lambda = 0.7, w[3] = {0, 0, 0};
  double H[3][3], inverse[3][3], parameters = 0, G[6] = {1, -2, 0.5, 0, 0, 3}, form[2];
  memcpy(H, q.a, sizeof H);
  H[0][0] += 2 * lambda;
  H[1][1] += 2 * lambda;
  invert(inverse, H);
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) parameters += inverse[i][j] * q.a[j][i];
  rwk_certificate c = {.verdict = RWK_VERDICT_STRICT_MIN};
  rwk_laplace *l;
  assert_int_equal(rwk_laplace_create(&l, ctx, problem, lambda, w, &c), RWK_OK);
  assert_true(fabs(rwk_laplace_parameters(l) - parameters) < 1e-13);
  double wanted[2] = {0, 0};
  for (int k = 0; k < 2; k++)
    for (int i = 0; i < 3; i++)
      for (int j = 0; j < 3; j++) wanted[k] += G[3 * k + i] * inverse[i][j] * G[3 * k + j];
  assert_int_equal(rwk_laplace_forms(form, l, G, 3, 2), RWK_OK);
  for (int k = 0; k < 2; k++) assert_true(fabs(form[k] - wanted[k]) < 1e-13);
  rwk_laplace_destroy(l);
  /* the same number from a matrix given */
  double given[9], found;
  memcpy(given, A, sizeof given);
  memcpy(H, A, sizeof H);
  H[0][0] += 2 * lambda;
  H[1][1] += 2 * lambda;
  invert(inverse, H);
  parameters = 0;
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++) parameters += inverse[i][j] * A[j][i];
  assert_int_equal(rwk_effective_parameters(&found, ctx, problem, lambda, given), RWK_OK);
  assert_true(fabs(found - parameters) < 1e-13);
  /* a direction that nothing holds counts nothing: of a 3 x 3 with a free third coordinate, a 2 x 2 is left
   */
  double flat[9] = {2, 0.5, 0, 0.5, 1, 0, 0, 0, 0};
  const double det = (2 + 1.4) * (1 + 1.4) - 0.25;
  parameters = ((1 + 1.4) * 2 - 0.5 * 0.5 + (2 + 1.4) * 1 - 0.5 * 0.5) / det;
  assert_int_equal(rwk_effective_parameters(&found, ctx, problem, lambda, flat), RWK_OK);
  assert_true(fabs(found - parameters) < 1e-12);
  rwk_problem_destroy(problem);
  rwk_context_destroy(ctx);
}

static void test_what_the_certificate_allows(void **state) {
  (void)state;
  rwk_context *ctx;
  assert_int_equal(rwk_context_create(&ctx, NULL), RWK_OK);
  quadratic q = {{{2, 0.5, 0}, {0.5, 1, 0}, {0, 0, 0}}};
  rwk_problem *problem = make(ctx, &q);
  const double w[3] = {0, 0, 1};
  double form, g[3] = {0, 0, 1};
  rwk_laplace *l;
  const rwk_verdict refused[] = {RWK_VERDICT_INCONCLUSIVE, RWK_VERDICT_SADDLE, RWK_VERDICT_NOT_STATIONARY,
                                 RWK_VERDICT_NONSMOOTH};
  for (size_t k = 0; k < sizeof refused / sizeof *refused; k++) {
    const rwk_certificate c = {.verdict = refused[k]};
    assert_int_equal(rwk_laplace_create(&l, ctx, problem, 0.7, w, &c), RWK_DATA);
    assert_null(l);
    assert_non_null(strstr(rwk_context_error(ctx), rwk_verdict_name(refused[k])));
  }
  const rwk_certificate escapable = {.verdict = RWK_VERDICT_DEGENERATE_MIN, .escapable = 1},
                        flat = {.verdict = RWK_VERDICT_DEGENERATE_MIN, .zero_limit = 1e-12},
                        wrong = {.verdict = RWK_VERDICT_STRICT_MIN};
  assert_int_equal(rwk_laplace_create(&l, ctx, problem, 0.7, w, &escapable), RWK_DATA);
  assert_int_equal(rwk_laplace_create(&l, ctx, problem, 0.7, w, &wrong), RWK_NUMERICAL);
  assert_int_equal(rwk_laplace_create(&l, ctx, problem, 0.7, w, &flat), RWK_OK);
  const double det = (2 + 1.4) * (1 + 1.4) - 0.25;
  assert_true(fabs(rwk_laplace_parameters(l) - ((1 + 1.4) * 2 + (2 + 1.4) - 0.5) / det) < 1e-12);
  assert_int_equal(rwk_laplace_forms(&form, l, g, 3, 1), RWK_DATA);
  rwk_laplace_destroy(l);
  rwk_laplace_destroy(NULL);
  rwk_problem_destroy(problem);
  rwk_context_destroy(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_against_cofactors),
                                     cmocka_unit_test(test_what_the_certificate_allows)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
