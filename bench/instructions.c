/* Fixed pieces of work for counting instructions: under valgrind's callgrind, with
 *
 *   valgrind --tool=callgrind --toggle-collect=measured --callgrind-out-file=/dev/null instructions
 * gradient|product|ladder
 *
 * the line "Collected" is the number. It does not depend on what else the machine is doing, so that a test
 * may judge it (tests/cli/test_instructions.py). */
#include <stdio.h>
#include <string.h>
#include <ridgewalk/ridgewalk.h>
#include "base/context.h"
#include "base/stream.h"
#include "problem/problem.h"

enum { ROWS = 1030, INPUTS = 8, HIDDEN = 50, FEW_ROWS = 200, FEW_HIDDEN = 4 };

typedef struct job {
  rwk_context *ctx;
  const rwk_problem *problem;
  void *work;
  double *w, *g, *v;
} job;

static rwk_status gradient(job *j) {
  double loss;
  return j->problem->ops.value(&loss, j->g, j->w, j->work, j->problem->self);
}

static rwk_status product(job *j) {
  const size_t n = j->problem->dim;
  j->w[0] += 0.01; /* not where activations are kept */
  return j->problem->ops.hessian_vector(j->g, n, j->v, n, 1, j->w, j->work, j->problem->self);
}

static rwk_status ladder(job *j) {
  rwk_path_settings s;
  rwk_path_settings_init(&s);
  double lambda[9];
  for (int k = 0; k < 9; k++) lambda[k] = 1.0 / (double)(256 >> k);
  s.lambda = lambda;
  s.lambda_count = 9;
  s.walks = RWK_WALKS_UP;
  rwk_path *path;
  const rwk_status status = rwk_path_run(&path, j->ctx, j->problem, &s);
  if (status == RWK_OK) rwk_path_destroy(path);
  return status;
}

/* What is counted. */
__attribute__((noinline)) rwk_status measured(rwk_status (*run)(job *), job *j);
__attribute__((noinline)) rwk_status measured(rwk_status (*run)(job *), job *j) {
  const rwk_status status = run(j);
  __asm__ volatile(""); /* no tail call: the count ends where this returns */
  return status;
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  rwk_status (*run)(job *) = !strcmp(what, "gradient")  ? gradient
                             : !strcmp(what, "product") ? product
                             : !strcmp(what, "ladder")  ? ladder
                                                        : NULL;
  if (!run) return fprintf(stderr, "instructions gradient|product|ladder\n"), 2;
  const size_t rows = run == ladder ? FEW_ROWS : ROWS, hidden = run == ladder ? FEW_HIDDEN : HIDDEN;
  static double X[ROWS * INPUTS], Y[ROWS];
  rwk_stream s;
  rwk_stream_init(&s, 1, 0);
  for (size_t i = 0; i < rows * INPUTS; i++) X[i] = rwk_stream_normal(&s);
  for (size_t i = 0; i < rows; i++) {
    const double *x = X + i * INPUTS;
    Y[i] = x[0] * x[1] + x[2] - 0.5 * x[3] * x[3] + 0.3 * rwk_stream_normal(&s);
  }
  const rwk_mlp_data data = {
      .X = X, .ldx = INPUTS, .Y = Y, .ldy = 1, .rows = rows, .inputs = INPUTS, .outputs = 1};
  rwk_context_settings cs;
  rwk_context_settings_init(&cs);
  cs.threads = 1;
  rwk_mlp_settings ms;
  rwk_mlp_settings_init(&ms);
  ms.hidden = &hidden;
  ms.hidden_count = 1;
  job j = {0};
  rwk_mlp *mlp = NULL;
  rwk_status status = rwk_context_create(&j.ctx, &cs);
  if (status != RWK_OK) return 1;
  status = rwk_mlp_create(&mlp, j.ctx, &data, &ms);
  if (status != RWK_OK) goto done;
  j.problem = rwk_mlp_problem(mlp);
  const size_t n = j.problem->dim;
  j.w = rwk_alloc_doubles(j.ctx, 3 * n);
  status = j.w ? j.problem->ops.work_create(&j.work, j.ctx, j.problem->self) : RWK_NO_MEMORY;
  if (status != RWK_OK) goto done;
  j.g = j.w + n;
  j.v = j.g + n;
  for (size_t i = 0; i < n; i++) j.v[i] = rwk_stream_normal(&s);
  status = j.problem->ops.start(j.w, 1, 0, j.problem->self);
  if (status == RWK_OK) status = measured(run, &j);
done:
  if (status != RWK_OK) fprintf(stderr, "%s: %s\n", rwk_status_name(status), rwk_context_error(j.ctx));
  if (j.work) j.problem->ops.work_destroy(j.work, j.problem->self);
  rwk_free_doubles(j.ctx, j.w);
  rwk_mlp_destroy(mlp);
  rwk_context_destroy(j.ctx);
  return status != RWK_OK;
}
