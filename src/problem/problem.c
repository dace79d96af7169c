#include <math.h>
#include <string.h>
#include "base/context.h"
#include "base/stream.h"
#include "la/dense.h"
#include "problem/problem.h"

rwk_status rwk_problem_create(rwk_problem **problem, rwk_context *ctx, size_t dim,
                              const unsigned char *penalised, const rwk_problem_ops *ops, void *self) {
  *problem = NULL;
  if (dim == 0) return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "dim: a problem needs at least one coordinate");
  if (ops->size != sizeof *ops)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "ops.size: set it to sizeof(rwk_problem_ops) (%zu, not %zu)",
                    sizeof *ops, ops->size);
  if (!ops->value || !ops->hessian_vector)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "ops: value and hessian_vector are required");
  if (!ops->work_create != !ops->work_destroy)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "ops: work_create and work_destroy go together");
  if (!ops->batch_count != !ops->batch_value)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "ops: batch_count and batch_value go together");
  rwk_problem *p = rwk_calloc(ctx, 1, sizeof *p);
  unsigned char *mask = rwk_alloc(ctx, dim, 1);
  if (!p || !mask) {
    rwk_free(ctx, p);
    rwk_free(ctx, mask);
    return rwk_fail_memory(ctx, "a problem");
  }
  for (size_t i = 0; i < dim; i++) mask[i] = !penalised || penalised[i];
  *p = (rwk_problem){.ctx = ctx, .dim = dim, .penalised = mask, .ops = *ops, .self = self};
  *problem = p;
  return RWK_OK;
}

void rwk_problem_destroy(rwk_problem *problem) {
  if (!problem) return;
  if (problem->ops.destroy) problem->ops.destroy(problem->self);
  rwk_free(problem->ctx, problem->penalised);
  rwk_free(problem->ctx, problem);
}

size_t rwk_problem_dim(const rwk_problem *problem) {
  return problem->dim;
}

const unsigned char *rwk_problem_penalised(const rwk_problem *problem) {
  return problem->penalised;
}

rwk_status rwk_problem_start(double *w, const rwk_problem *problem, uint64_t seed, uint64_t stream) {
  if (problem->ops.start) return problem->ops.start(w, seed, stream, problem->self);
  rwk_stream s;
  rwk_stream_init(&s, seed, stream);
  for (size_t i = 0; i < problem->dim; i++) w[i] = 0.5 * rwk_stream_normal(&s);
  return RWK_OK;
}

static double distance(size_t n, const double *a, const double *b) {
  double largest = 0, sum = 0;
  for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(a[i] - b[i]));
  if (largest == 0) return 0;
  for (size_t i = 0; i < n; i++) sum += (a[i] - b[i]) / largest * ((a[i] - b[i]) / largest);
  return largest * sqrt(sum);
}

rwk_status rwk_problem_align(rwk_alignment *alignment, double *w, rwk_context *ctx, const rwk_problem *p,
                             const double *reference) {
  *alignment = (rwk_alignment){.before = distance(p->dim, w, reference), .least = 1};
  rwk_status status = RWK_OK;
  if (p->ops.align) {
    rwk_objective o;
    RWK_TRY(rwk_objective_open(&o, ctx, p, 0));
    status = p->ops.align(alignment, w, reference, o.work, p->self);
    rwk_objective_close(&o);
  }
  alignment->distance = distance(p->dim, w, reference);
  return status;
}

int rwk_problem_thread_safe(const rwk_problem *problem) {
  return problem->ops.work_create || problem->ops.thread_safe;
}

rwk_status rwk_objective_open(rwk_objective *o, rwk_context *ctx, const rwk_problem *problem, double lambda) {
  *o = (rwk_objective){.problem = problem, .ctx = ctx, .lambda = lambda};
  return problem->ops.work_create ? problem->ops.work_create(&o->work, ctx, problem->self) : RWK_OK;
}

void rwk_objective_close(rwk_objective *o) {
  if (o->problem && o->problem->ops.work_destroy && o->work)
    o->problem->ops.work_destroy(o->work, o->problem->self);
  *o = (rwk_objective){0};
}

double rwk_hessian_cost(const rwk_problem *p) {
  return p->ops.hessian_cost ? p->ops.hessian_cost(p->self) : 0.5 * (double)p->dim;
}

double rwk_penalty(const rwk_problem *problem, const double *w) {
  double sum = 0;
  for (size_t i = 0; i < problem->dim; i++)
    if (problem->penalised[i]) sum += w[i] * w[i];
  return sum;
}

rwk_status rwk_objective_try(rwk_objective *o, rwk_parts *parts, double *g, const double *w) {
  const rwk_problem *p = o->problem;
  o->values++;
  o->gradients += g != NULL;
  RWK_TRY(p->ops.value(&parts->loss, g, w, o->work, p->self));
  parts->penalty = rwk_penalty(p, w);
  parts->objective = parts->loss + o->lambda * parts->penalty;
  if (!isfinite(parts->objective)) {
    parts->objective = INFINITY;
    return RWK_OK;
  }
  if (g) {
    for (size_t i = 0; i < p->dim; i++)
      if (p->penalised[i]) g[i] += 2 * o->lambda * w[i];
    if (!rwk_all_finite(p->dim, g)) parts->objective = INFINITY;
  }
  return RWK_OK;
}

rwk_status rwk_objective_value(rwk_objective *o, rwk_parts *parts, double *g, const double *w) {
  RWK_TRY(rwk_objective_try(o, parts, g, w));
  if (!isfinite(parts->objective))
    return rwk_fail(o->ctx, RWK_NUMERICAL, "%s: the loss or its gradient is not finite at the given weights",
                    o->problem->ops.name ? o->problem->ops.name : "problem");
  return RWK_OK;
}

rwk_status rwk_objective_products(rwk_objective *o, double *HV, size_t ldhv, const double *V, size_t ldv,
                                  size_t k, const double *w) {
  const rwk_problem *p = o->problem;
  o->products += (int64_t)k;
  RWK_TRY(p->ops.hessian_vector(HV, ldhv, V, ldv, k, w, o->work, p->self));
  for (size_t j = 0; j < k; j++)
    for (size_t i = 0; i < p->dim; i++)
      if (p->penalised[i]) HV[j * ldhv + i] += 2 * o->lambda * V[j * ldv + i];
  return RWK_OK;
}

/* H column by column, for problems without a dense Hessian of their own. */
static rwk_status hessian_by_products(rwk_objective *o, double *H, size_t ldh, const double *w) {
  enum { BLOCK = 16 };
  const rwk_problem *p = o->problem;
  double *V = rwk_alloc_doubles(o->ctx, BLOCK * p->dim);
  if (!V) return rwk_fail_memory(o->ctx, "a dense Hessian");
  rwk_status status = RWK_OK;
  for (size_t j = 0; j < p->dim && status == RWK_OK; j += BLOCK) {
    const size_t k = p->dim - j < BLOCK ? p->dim - j : BLOCK;
    memset(V, 0, k * p->dim * sizeof *V);
    for (size_t c = 0; c < k; c++) V[c * p->dim + j + c] = 1;
    status = p->ops.hessian_vector(H + j * ldh, ldh, V, p->dim, k, w, o->work, p->self);
  }
  rwk_free_doubles(o->ctx, V);
  if (status != RWK_OK) return status;
  for (size_t i = 0; i < p->dim; i++) /* rounding leaves the two triangles a little apart */
    for (size_t j = 0; j < i; j++) H[i * ldh + j] = H[j * ldh + i] = 0.5 * (H[i * ldh + j] + H[j * ldh + i]);
  return RWK_OK;
}

rwk_status rwk_objective_hessian(rwk_objective *o, double *H, size_t ldh, const double *w) {
  const rwk_problem *p = o->problem;
  o->hessians++;
  RWK_TRY(p->ops.hessian ? p->ops.hessian(H, ldh, w, o->work, p->self) : hessian_by_products(o, H, ldh, w));
  for (size_t i = 0; i < p->dim; i++)
    if (p->penalised[i]) H[i * ldh + i] += 2 * o->lambda;
  return RWK_OK;
}

rwk_status rwk_objective_batch(rwk_objective *o, double *g, const double *w, const size_t *rows, size_t count,
                               size_t total) {
  const rwk_problem *p = o->problem;
  double part;
  RWK_TRY(p->ops.batch_value(&part, g, w, rows, count, o->work, p->self));
  const double up = (double)total / (double)count;
  for (size_t i = 0; i < p->dim; i++) g[i] = up * g[i] + (p->penalised[i] ? 2 * o->lambda * w[i] : 0);
  return RWK_OK;
}

rwk_status rwk_objective_gauss_newton(rwk_objective *o, double *A, size_t lda, const double *w) {
  const rwk_problem *p = o->problem;
  o->hessians++;
  RWK_TRY(p->ops.gauss_newton(A, lda, w, o->work, p->self));
  for (size_t i = 0; i < p->dim; i++)
    if (p->penalised[i]) A[i * lda + i] += 2 * o->lambda;
  return RWK_OK;
}
