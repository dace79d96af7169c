/* A user's program: a problem of its own, L = (a b - 1)^2, solved and certified at lambda = 1/4. There |a| =
 * |b| = sqrt(3/4) and J = 7/16; the origin is a saddle. */
#include <math.h>
#include <stdio.h>
#include <ridgewalk/ridgewalk.h>

static rwk_status value(double *loss, double *gradient, const double *w, void *work, void *self) {
  double r = w[0] * w[1] - 1;
  (void)work, (void)self;
  *loss = r * r;
  if (gradient) gradient[0] = 2 * r * w[1], gradient[1] = 2 * r * w[0];
  return RWK_OK;
}

static rwk_status hessian_vector(double *HV, size_t ldhv, const double *V, size_t ldv, size_t k,
                                 const double *w, void *work, void *self) {
  double aa = 2 * w[1] * w[1], ab = 4 * w[0] * w[1] - 2, bb = 2 * w[0] * w[0];
  (void)work, (void)self;
  for (size_t j = 0; j < k; j++) {
    const double *v = V + j * ldv;
    HV[j * ldhv] = aa * v[0] + ab * v[1];
    HV[j * ldhv + 1] = ab * v[0] + bb * v[1];
  }
  return RWK_OK;
}

static rwk_status solve_and_certify(rwk_certificate *certificate, rwk_context *ctx,
                                    const rwk_problem *problem, double *w) {
  rwk_solver_settings settings;
  rwk_certify_settings certify;
  rwk_solver *solver = NULL;
  rwk_solve_result result;
  rwk_solver_settings_init(&settings);
  rwk_certify_settings_init(&certify);
  rwk_status status = rwk_solver_create(&solver, ctx, problem, &settings);
  if (!status) status = rwk_solver_run(&result, solver, w, 0.25);
  if (!status) status = rwk_certify(certificate, NULL, ctx, problem, 0.25, w, &certify);
  rwk_solver_destroy(solver);
  return status;
}

int main(void) {
  rwk_problem_ops ops = {.size = sizeof ops,
                         .name = "product",
                         .thread_safe = 1,
                         .value = value,
                         .hessian_vector = hessian_vector};
  rwk_context *ctx = NULL;
  rwk_problem *problem = NULL;
  rwk_certificate certificate = {.verdict = RWK_VERDICT_INCONCLUSIVE};
  double w[2] = {0, 0}; /* the saddle */

  rwk_status status = rwk_context_create(&ctx, NULL);
  if (!status) status = rwk_problem_create(&problem, ctx, 2, NULL, &ops, NULL);
  if (!status) status = solve_and_certify(&certificate, ctx, problem, w);
  int good = !status && certificate.verdict == RWK_VERDICT_STRICT_MIN &&
             fabs(certificate.objective - 0.4375) < 1e-12;
  printf("ridgewalk %s: a = %.9f, b = %.9f, J = %.12f: %s%s\n", rwk_version(), w[0], w[1],
         certificate.objective, good ? "good" : "NOT AS EXPECTED ",
         good  ? ""
         : ctx ? rwk_context_error(ctx)
               : "");
  rwk_problem_destroy(problem);
  rwk_context_destroy(ctx);
  return good ? 0 : 1;
}
