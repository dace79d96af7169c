#include <math.h>
#include <string.h>
#include <ridgewalk/laplace.h>
#include "la/dense.h"
#include "problem/problem.h"

enum { DIM_MOST = 10000 };

struct rwk_laplace {
  rwk_context *ctx;
  size_t dim;
  double *factor; /* Cholesky's; NULL where there are flat directions */
  double parameters;
};

void rwk_laplace_destroy(rwk_laplace *l) {
  if (!l) return;
  rwk_free_doubles(l->ctx, l->factor);
  rwk_free(l->ctx, l);
}

/* tr(H^-1 M) from Cholesky's factor: the sum over penalised i of |R^-T e_i|^2. */
static rwk_status trace_by_factor(double *trace, rwk_context *ctx, const rwk_problem *p,
                                  const double *factor) {
  double *x = rwk_alloc_doubles(ctx, p->dim);
  if (!x) return rwk_fail_memory(ctx, "effective parameters");
  *trace = 0;
  for (size_t i = 0; i < p->dim; i++) {
    if (!p->penalised[i]) continue;
    const size_t rest = p->dim - i; /* the first i entries of R^-T e_i are 0 */
    memset(x, 0, rest * sizeof *x);
    x[0] = 1;
    rwk_triangular_solve(x, 1, factor + i * p->dim + i, p->dim, rest);
    *trace += rwk_dot(rest, x, x);
  }
  rwk_free_doubles(ctx, x);
  return RWK_OK;
}

/* The same numbers over the eigenvectors of H that are not flat: sum of 1 - 2 lambda |M v|^2 / eigenvalue. H
 * is destroyed. */
static rwk_status count_by_eigen(double *parameters, rwk_context *ctx, const rwk_problem *p, double *H,
                                 double lambda, double zero_limit) {
  const size_t n = p->dim;
  double *values = rwk_alloc_doubles(ctx, n), *vectors = rwk_alloc_doubles(ctx, n * n);
  rwk_status status = values && vectors ? rwk_eigen(ctx, values, vectors, H, n, n)
                                        : rwk_fail_memory(ctx, "effective parameters");
  *parameters = 0;
  for (size_t j = 0; j < n && status == RWK_OK; j++) {
    if (!(values[j] > zero_limit)) continue;
    double square = 0;
    for (size_t i = 0; i < n; i++)
      if (p->penalised[i]) square += vectors[j * n + i] * vectors[j * n + i];
    *parameters += 1 - 2 * lambda * square / values[j];
  }
  rwk_free_doubles(ctx, values);
  rwk_free_doubles(ctx, vectors);
  return status;
}

rwk_status rwk_effective_parameters(double *parameters, rwk_context *ctx, const rwk_problem *p, double lambda,
                                    double *A) {
  const size_t n = p->dim;
  double largest = 0, trace;
  size_t pivot;
  for (size_t i = 0; i < n; i++) {
    if (p->penalised[i]) A[i * n + i] += 2 * lambda;
    largest = fmax(largest, A[i * n + i]);
  }
  rwk_mirror(A, n, n);
  double *factor = rwk_alloc_doubles(ctx, n * n);
  if (!factor) return rwk_fail_memory(ctx, "effective parameters");
  memcpy(factor, A, n * n * sizeof *factor);
  rwk_cholesky(&pivot, factor, n, n);
  double least = INFINITY;
  for (size_t i = 0; i < n; i++) least = fmin(least, factor[i * n + i] * factor[i * n + i]);
  const double zero_limit = 1e-13 * (double)n * largest;
  rwk_status status;
  if (pivot == 0 && least > zero_limit) {
    status = trace_by_factor(&trace, ctx, p, factor);
    if (status == RWK_OK) *parameters = (double)n - 2 * lambda * trace;
  } else {
    status = count_by_eigen(parameters, ctx, p, A, lambda, zero_limit);
  }
  rwk_free_doubles(ctx, factor);
  return status;
}

static rwk_status build(rwk_laplace *l, const rwk_problem *problem, double lambda, const double *w,
                        const rwk_certificate *c) {
  const int strict = c->verdict == RWK_VERDICT_STRICT_MIN;
  rwk_objective o;
  double *H = rwk_alloc_doubles(l->ctx, l->dim * l->dim);
  if (!H) return rwk_fail_memory(l->ctx, "a Hessian");
  rwk_status status = rwk_objective_open(&o, l->ctx, problem, lambda);
  if (status == RWK_OK) {
    status = rwk_objective_hessian(&o, H, l->dim, w);
    rwk_objective_close(&o);
  }
  if (status == RWK_OK && strict) {
    size_t pivot;
    rwk_cholesky(&pivot, H, l->dim, l->dim);
    if (pivot)
      status = rwk_fail(l->ctx, RWK_NUMERICAL,
                        "the Hessian of this minimum cannot be factorised in double precision");
    else
      l->factor = H;
    if (l->factor) H = NULL;
    double trace = 0;
    if (status == RWK_OK) status = trace_by_factor(&trace, l->ctx, problem, l->factor);
    l->parameters = (double)l->dim - 2 * lambda * trace;
  } else if (status == RWK_OK) {
    status = count_by_eigen(&l->parameters, l->ctx, problem, H, lambda, c->zero_limit);
  }
  rwk_free_doubles(l->ctx, H);
  return status;
}

rwk_status rwk_laplace_create(rwk_laplace **laplace, rwk_context *ctx, const rwk_problem *problem,
                              double lambda, const double *w, const rwk_certificate *c) {
  *laplace = NULL;
  if ((c->verdict != RWK_VERDICT_STRICT_MIN && c->verdict != RWK_VERDICT_DEGENERATE_MIN) || c->escapable)
    return rwk_fail(ctx, RWK_DATA,
                    "the Hessian says nothing of a model that is no certified minimum (this one: %s%s)",
                    rwk_verdict_name(c->verdict), c->escapable ? ", escapable" : "");
  if (problem->dim > DIM_MOST)
    return rwk_fail(ctx, RWK_DATA, "%zu weights are too many for a factorised Hessian (%d at most)",
                    problem->dim, DIM_MOST);
  rwk_laplace *l = rwk_calloc(ctx, 1, sizeof *l);
  if (!l) return rwk_fail_memory(ctx, "a Hessian");
  l->ctx = ctx;
  l->dim = problem->dim;
  const rwk_status status = build(l, problem, lambda, w, c);
  if (status == RWK_OK)
    *laplace = l;
  else
    rwk_laplace_destroy(l);
  return status;
}

double rwk_laplace_parameters(const rwk_laplace *l) {
  return l->parameters;
}

rwk_status rwk_laplace_forms(double *form, const rwk_laplace *l, double *G, size_t ldg, size_t count) {
  if (!l->factor)
    return rwk_fail(
        l->ctx, RWK_DATA,
        "standard errors need a strict minimum: along the flat directions of this one nothing holds "
        "the weights");
  if (ldg < l->dim) return rwk_fail(l->ctx, RWK_INVALID_ARGUMENT, "ldg is less than the number of weights");
  for (size_t j = 0; j < count; j++) {
    double *g = G + j * ldg;
    rwk_triangular_solve(g, 1, l->factor, l->dim, l->dim);
    form[j] = rwk_dot(l->dim, g, g);
  }
  return RWK_OK;
}
