/* problem/problem.h: the inside of a problem, and J = L + lambda R over it, for the library's own floors. */
#ifndef RWK_PROBLEM_PROBLEM_H
#define RWK_PROBLEM_PROBLEM_H

#include <ridgewalk/problem.h>

struct rwk_problem {
  rwk_context *ctx;
  size_t dim;
  unsigned char *penalised; /* [dim] */
  rwk_problem_ops ops;
  void *self;
};

/* J at one lambda with the scratch memory of one thread. Counts what it is asked. */
typedef struct rwk_objective {
  const rwk_problem *problem;
  rwk_context *ctx; /* of the thread: errors and memory */
  void *work;
  double lambda;
  int64_t values, gradients, products, hessians;
} rwk_objective;

/* The value of J in its parts. */
typedef struct rwk_parts {
  double loss, penalty, objective; /* L, R, J = L + lambda R */
} rwk_parts;

rwk_status rwk_objective_open(rwk_objective *o, rwk_context *ctx, const rwk_problem *problem, double lambda);
void rwk_objective_close(rwk_objective *o); /* a zeroed or closed one is fine */

/* May the problem be used by several threads, each with an objective of its own? */
int rwk_problem_thread_safe(const rwk_problem *problem);

/* J and, unless NULL, g[dim] = dJ/dw = dL/dw + 2 lambda M w. RWK_NUMERICAL if a number is not finite. */
rwk_status rwk_objective_value(rwk_objective *o, rwk_parts *parts, double *g, const double *w);

/* The same, but a value that is not finite is a plain answer (objective INFINITY), as a line search wants it.
 */
rwk_status rwk_objective_try(rwk_objective *o, rwk_parts *parts, double *g, const double *w);

/* HV = (d2L/dw2 + 2 lambda M) V for k vectors. */
rwk_status rwk_objective_products(rwk_objective *o, double *HV, size_t ldhv, const double *V, size_t ldv,
                                  size_t k, const double *w);

/* Full H[dim x dim] of J, both triangles: from the problem's own, else from products with unit vectors. */
rwk_status rwk_objective_hessian(rwk_objective *o, double *H, size_t ldh, const double *w);

/* An estimate of dJ/dw by some of the rows L is a sum over, scaled up from `count` of them to all `total`:
 * g[dim] = total/count * (their part of dL/dw) + 2 lambda M w. For problems with batch_value. Not counted: an
 * epoch of them is one gradient, which the solver counts. */
rwk_status rwk_objective_batch(rwk_objective *o, double *g, const double *w, const size_t *rows, size_t count,
                               size_t total);

/* A[n x n] = Gauss and Newton's part of the Hessian of L, and the penalty's. For problems with gauss_newton.
 */
rwk_status rwk_objective_gauss_newton(rwk_objective *o, double *A, size_t lda, const double *w);

/* What a dense Hessian costs, in units of one value and gradient. */
double rwk_hessian_cost(const rwk_problem *problem);

/* R(w) = sum over penalised w_i^2. */
double rwk_penalty(const rwk_problem *problem, const double *w);

#endif
