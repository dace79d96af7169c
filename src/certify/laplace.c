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

/* dim - 2 lambda tr(H^-1 M), tr(H^-1 M) = sum over penalised i of |L^-1 e_i|^2. */
static rwk_status count_by_factor(rwk_laplace *l, const rwk_problem *p, double lambda) {
  double *x = rwk_alloc_doubles(l->ctx, l->dim), sum = 0;
  if (!x) return rwk_fail_memory(l->ctx, "effective parameters");
  for (size_t i = 0; i < l->dim; i++) {
    if (!p->penalised[i]) continue;
    const size_t rest = l->dim - i; /* the first i entries of L^-1 e_i are 0 */
    memset(x, 0, rest * sizeof *x);
    x[0] = 1;
    rwk_triangular_solve(x, 0, l->factor + i * l->dim + i, l->dim, rest);
    sum += rwk_dot(rest, x, x);
  }
  rwk_free_doubles(l->ctx, x);
  l->parameters = (double)l->dim - 2 * lambda * sum;
  return RWK_OK;
}

/* The same over the eigenvectors that are not flat: sum of 1 - 2 lambda |M v|^2 / eigenvalue. */
static rwk_status count_by_eigen(rwk_laplace *l, const rwk_problem *p, double *H, double lambda,
                                 double zero_limit) {
  double *values = rwk_alloc_doubles(l->ctx, l->dim), *vectors = rwk_alloc_doubles(l->ctx, l->dim * l->dim);
  rwk_status status = values && vectors ? rwk_eigen(l->ctx, values, vectors, H, l->dim, l->dim)
                                        : rwk_fail_memory(l->ctx, "effective parameters");
  l->parameters = 0;
  for (size_t j = 0; j < l->dim && status == RWK_OK; j++) {
    if (!(values[j] > zero_limit)) continue;
    double square = 0;
    for (size_t i = 0; i < l->dim; i++)
      if (p->penalised[i]) square += vectors[j * l->dim + i] * vectors[j * l->dim + i];
    l->parameters += 1 - 2 * lambda * square / values[j];
  }
  rwk_free_doubles(l->ctx, values);
  rwk_free_doubles(l->ctx, vectors);
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
      status = rwk_fail(l->ctx, RWK_NUMERICAL, "the Hessian of this minimum cannot be factorised in double precision");
    else
      l->factor = H;
    if (l->factor) H = NULL;
    if (status == RWK_OK) status = count_by_factor(l, problem, lambda);
  } else if (status == RWK_OK) {
    status = count_by_eigen(l, problem, H, lambda, c->zero_limit);
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
    return rwk_fail(ctx, RWK_DATA, "%zu weights are too many for a factorised Hessian (%d at most)", problem->dim,
                    DIM_MOST);
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
    return rwk_fail(l->ctx, RWK_DATA,
                    "standard errors need a strict minimum: along the flat directions of this one nothing holds "
                    "the weights");
  if (ldg < l->dim) return rwk_fail(l->ctx, RWK_INVALID_ARGUMENT, "ldg is less than the number of weights");
  for (size_t j = 0; j < count; j++) {
    double *g = G + j * ldg;
    rwk_triangular_solve(g, 0, l->factor, l->dim, l->dim);
    form[j] = rwk_dot(l->dim, g, g);
  }
  return RWK_OK;
}
