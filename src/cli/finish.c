/* What Newton's method makes of fits that their solver left before a critical point. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"

static int is_open(const rwk_fit *p) {
  return p && p->walk != RWK_WALK_BEST && p->certificate.verdict == RWK_VERDICT_NOT_STATIONARY;
}

int cli_finish(cli_report *r, const cli_setup *s, const rwk_path_settings *settings) {
  rwk_problem *problem = rwk_mlp_problem(s->mlp);
  const size_t dim = rwk_problem_dim(problem);
  size_t most = 0;
  for (size_t k = 0; k < r->walk_count; k++)
    for (size_t i = 0; i < r->count; i++) most += is_open(r->walks[k].points[i]) != 0;
  if (most == 0 || settings->solver.solver == RWK_SOLVER_NEWTON) return 0;
  rwk_solver_settings newton;
  rwk_solver_settings_init(&newton);
  newton.algebra = settings->solver.algebra;
  rwk_solver *solver = NULL;
  double *w = malloc(dim * sizeof *w);
  r->finished = calloc(most, sizeof *r->finished);
  rwk_status status = w && r->finished ? rwk_solver_create(&solver, s->ctx, problem, &newton) : RWK_NO_MEMORY;
  for (size_t k = 0; k < r->walk_count && status == RWK_OK; k++)
    for (size_t i = 0; i < r->count && status == RWK_OK; i++) {
      const rwk_fit *p = r->walks[k].points[i];
      if (!is_open(p)) continue;
      cli_finished *f = &r->finished[r->finished_count++];
      f->fit = p;
      memcpy(w, p->w, dim * sizeof *w);
      status = rwk_solver_run(&f->solve, solver, w, p->lambda);
      if (status == RWK_OK)
        status = rwk_certify(&f->certificate, NULL, s->ctx, problem, p->lambda, w, &settings->certify);
    }
  rwk_solver_destroy(solver);
  free(w);
  return status == RWK_OK ? 0 : cli_fail_status(s->ctx, status);
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

void cli_print_finished(FILE *to, const cli_report *r) {
  const size_t n = r->finished_count;
  double *gradients = malloc((n + 1) * sizeof *gradients);
  if (n == 0 || !gradients) {
    free(gradients);
    return;
  }
  size_t minima = 0;
  const cli_finished *most = r->finished;
  for (size_t k = 0; k < n; k++) {
    const cli_finished *f = &r->finished[k];
    gradients[k] = f->fit->certificate.grad_inf;
    minima += rwk_certificate_is_minimum(&f->certificate) != 0;
    if (f->fit->solve.objective - f->solve.objective > most->fit->solve.objective - most->solve.objective)
      most = f;
  }
  qsort(gradients, n, sizeof *gradients, ascending);
  char text[32];
  fprintf(to,
          "%s left %zu fits before a critical point, with gradients from %.1e to %.1e (middle one %.1e). "
          "Finished by "
          "Newton's method from there, %zu of them end in certified minima; at %s the objective falls most, "
          "by %.3g, "
          "and the MSE goes from %.6g to %.6g. --finish newton walks that way.\n",
          r->solver, n, gradients[0], gradients[n - 1], gradients[n / 2], minima,
          cli_lambda_text(text, cli_user_lambda(r, most->fit->lambda)),
          most->fit->solve.objective - most->solve.objective, cli_mse(r, most->fit->solve.loss),
          cli_mse(r, most->solve.loss));
  if (!strcmp(r->solver, "adamw"))
    fprintf(to, "adamw decays the weights beside the gradient of the error: it does not minimise J, and "
                "where it comes "
                "to rest is no critical point of J however long it runs.\n");
  free(gradients);
}
