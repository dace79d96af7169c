/* ridgewalk/problem.h: what ridgewalk needs to know of a function to walk its L2 path.
 *
 *   J(w; lambda) = L(w) + lambda * R(w),      R(w) = sum of w_i^2 over the penalised coordinates  (M w, M =
 * 0/1 diagonal)
 *
 * The problem provides L; the penalty is ridgewalk's. Required: value (with gradient) and hessian_vector.
 * Everything else is optional (NULL) and makes things faster, or certificates sharper.
 * Vectors have length dim and are contiguous; a block of k vectors has vector j at V + j*ldv.
 * A callback that fails returns any status other than RWK_OK; it is passed through to the caller unchanged.
 */
#ifndef RIDGEWALK_PROBLEM_H
#define RIDGEWALK_PROBLEM_H

#include <stddef.h>
#include <stdint.h>
#include <ridgewalk/context.h>
#include <ridgewalk/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rwk_problem rwk_problem;

/* One flat direction at a point: J does not change along it to any order that matters, and why. */
typedef struct rwk_flat {
  const double *direction; /* [dim], Euclidean norm 1: H u = 0 here. Borrowed for the call */
  const char *label;       /* "bias of dead unit 3 (layer 1)"; borrowed for the call */
  const double *moved;     /* [dim] or NULL: the point reached along the flat curve where the curvature below
                              holds;     J(moved) = J(w) */
  const double *way;       /* [dim] or NULL: a direction at `moved`, Euclidean norm 1 */
  double curvature; /* smallest way' H(moved) way that the problem knows of (T7); NaN when it knows none.
                       Negative: the point is escapable */
} rwk_flat;

/* Takes one flat direction; a status other than RWK_OK ends the enumeration and is returned. */
typedef rwk_status (*rwk_flat_fn)(const rwk_flat *flat, void *payload);

/* Kinks that are active at a point: places where a pre-activation is within tol * (its own scale) of a point
 * at which the activation has no derivative. */
typedef struct rwk_kinks {
  int64_t count;  /* active (row, unit) pairs; 0 where the function is smooth */
  double nearest; /* smallest scaled distance to a kink over all pairs; INFINITY for smooth activations */
} rwk_kinks;

/* What relabelling did to a point. */
typedef struct rwk_alignment {
  double before, distance; /* |w - reference| before and after */
  int64_t moved;           /* parts (hidden units) that took another's place */
  int64_t flipped;         /* parts whose sign was turned */
  int64_t slid;            /* parts without effect whose free coordinate was set to the reference's */
  int least;               /* 1: no symmetry that the problem knows brings w nearer; 0: none that was tried */
} rwk_alignment;

typedef struct rwk_problem_ops {
  size_t size;      /* sizeof this struct */
  const char *name; /* for messages */

  /* Scratch memory of one thread. Both or neither. Without them the problem is taken to be usable from
   * several threads at once with work == NULL only if `thread_safe` is set; else it is used from one thread.
   */
  rwk_status (*work_create)(void **work, rwk_context *ctx, void *self);
  void (*work_destroy)(void *work, void *self);
  int thread_safe;

  /* *loss = L(w); gradient[dim] = dL/dw unless NULL. */
  rwk_status (*value)(double *loss, double *gradient, const double *w, void *work, void *self);

  /* HV(:,j) = (d2L/dw2)(w) V(:,j), j < k. */
  rwk_status (*hessian_vector)(double *HV, size_t ldhv, const double *V, size_t ldv, size_t k,
                               const double *w, void *work, void *self);

  /* Optional. Full symmetric H[dim x dim] = d2L/dw2 (row i at H + i*ldh), both triangles. */
  rwk_status (*hessian)(double *H, size_t ldh, const double *w, void *work, void *self);

  /* Optional. Cost of `hessian` in units of one value+gradient, for the choice between dense and Krylov.
   * NULL: dim/2. */
  double (*hessian_cost)(void *self);

  /* Optional. Y = P^-1 X for a symmetric positive definite P that resembles the Hessian of J at (w, lambda).
   */
  rwk_status (*precondition)(double *y, const double *x, const double *w, double lambda, void *work,
                             void *self);

  /* Optional. Calls `emit` once for every flat direction known at w. */
  rwk_status (*flats)(const double *w, double lambda, rwk_flat_fn emit, void *payload, void *work,
                      void *self);

  /* Optional. Active kinks at w. */
  rwk_status (*kinks)(rwk_kinks *kinks, const double *w, double tol, void *work, void *self);

  /* Optional. Moves w to an equivalent or nearby simpler point where parts whose penalised weights are all
   * below `threshold` in size are switched off exactly (dead units set to 0, their constant output moved into
   * the next bias). *changed is the number of coordinates changed. The caller decides whether to keep it. */
  rwk_status (*simplify)(double *w, int64_t *changed, double threshold, void *work, void *self);

  /* Optional. *lambda_c: the penalty below which the all-zero model stops being a local minimum (T5).
   * RWK_NOT_IMPLEMENTED where the theory gives none. */
  rwk_status (*zero_lambda)(double *lambda_c, void *work, void *self);

  /* Optional. A random starting point; the same bits for the same (seed, stream). */
  rwk_status (*start)(double *w, uint64_t seed, uint64_t stream, void *self);

  /* Optional. Weights that are likely to descend into another basin than w: with parts of w made anew, merged
   * or split, or taken from other[dim], the weights of another fit (or w). The same bits for the same
   * arguments. Without it, random weights are added to w. */
  rwk_status (*neighbour)(double *out, const double *w, const double *other, uint64_t seed, uint64_t stream,
                          void *work, void *self);

  /* Optional. Moves w by the symmetries of the problem, which leave J as it is at every lambda, as near to
   * reference[dim] as it can, and fills in what it did but the two distances. */
  rwk_status (*align)(rwk_alignment *alignment, double *w, const double *reference, void *work, void *self);

  /* Optional. Which part of the model each coordinate belongs to (group[dim], from 0; a unit with its
   * incoming weights, say) and how many parts there are; and a part's name. Both or neither. */
  rwk_status (*groups)(size_t *group, size_t *count, void *self);
  void (*group_name)(char *text, size_t size, size_t group, void *self);

  /* Optional. L is a sum over rows (of a table, say): how many there are, and the part of L that `count` of
   * them, rows[0..count-1] < *total, each at most once, contribute, with its gradient[dim]. The parts of a
   * division of all rows add up to L. Solvers that go by mini-batches need both; NULL: they take all of L. */
  rwk_status (*batch_count)(size_t *total, void *self);
  rwk_status (*batch_value)(double *part, double *gradient, const double *w, const size_t *rows, size_t count,
                            void *work, void *self);

  /* Optional. A[dim x dim] (row i at A + i*lda, both triangles), positive semidefinite: the part of d2L/dw2
   * that first derivatives of the model make (Gauss and Newton), without its own curvature. */
  rwk_status (*gauss_newton)(double *A, size_t lda, const double *w, void *work, void *self);

  /* Optional. Releases self when the problem is destroyed. */
  void (*destroy)(void *self);
} rwk_problem_ops;

/* Makes a problem of `dim` coordinates. penalised[dim] (copied): non-zero where w_i is in R; NULL: all are.
 * `ops` is copied. On failure `self` is not destroyed. */
RWK_API rwk_status rwk_problem_create(rwk_problem **problem, rwk_context *ctx, size_t dim,
                                      const unsigned char *penalised, const rwk_problem_ops *ops, void *self);
RWK_API void rwk_problem_destroy(rwk_problem *problem); /* NULL is fine */
RWK_API size_t rwk_problem_dim(const rwk_problem *problem);
RWK_API const unsigned char *rwk_problem_penalised(const rwk_problem *problem);

/* Random starting weights w[dim], the same bits for the same (seed, stream): the problem's own, or, of one
 * that has none, normal with standard deviation 0.5. */
RWK_API rwk_status rwk_problem_start(double *w, const rwk_problem *problem, uint64_t seed, uint64_t stream);

/* Moves w[dim] by the symmetries that the problem knows (units relabelled, their signs turned where the
 * activation allows it, free coordinates of parts without effect) as near to reference[dim] as it finds; J(w)
 * stays what it is. A problem that knows none leaves w where it was. */
RWK_API rwk_status rwk_problem_align(rwk_alignment *alignment, double *w, rwk_context *ctx,
                                     const rwk_problem *problem, const double *reference);

/* What a derivative check found: largest differences, relative to the largest entry of what was compared. */
typedef struct rwk_derivative_report {
  double gradient;       /* gradient against central differences of the value */
  double hessian_vector; /* products against central differences of the gradient */
  double symmetry;       /* |u'Hv - v'Hu| relative to |u'Hv| + |v'Hu| + |Hu||v| */
  double block;          /* block product against one vector at a time */
  double hessian;        /* dense Hessian against products with unit vectors; 0 if there is none */
} rwk_derivative_report;

/* Compares the derivatives of a problem at w with differences along `directions` random directions (seeded by
 * `seed`) and, for dim <= 200, along every coordinate. Central differences with steps h and h/2 and
 * Richardson extrapolation. Allocates a few vectors, and dim^2 doubles if there is a dense Hessian and dim <=
 * 2000. */
RWK_API rwk_status rwk_problem_check(rwk_derivative_report *report, rwk_context *ctx, rwk_problem *problem,
                                     const double *w, int directions, uint64_t seed);

#ifdef __cplusplus
}
#endif
#endif
