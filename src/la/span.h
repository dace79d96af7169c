/* la/span.h: a set of vectors, each kept only from its first to its last entry that is not 0. The flat
 * directions of a network are mostly single biases: ten thousand of them in a million weights are not ten
 * thousand dense vectors. */
#ifndef RWK_LA_SPAN_H
#define RWK_LA_SPAN_H

#include <stddef.h>
#include "base/context.h"

typedef struct rwk_span_vector {
  size_t first, length;
  double *value; /* [length], owned */
} rwk_span_vector;

typedef struct rwk_span {
  rwk_context *ctx;
  size_t n, count, capacity;
  rwk_span_vector *vectors;
} rwk_span;

void rwk_span_init(rwk_span *span, rwk_context *ctx, size_t n);
void rwk_span_release(rwk_span *span); /* a zeroed one is fine */

/* Appends v[n]. */
rwk_status rwk_span_add(rwk_span *span, const double *v);
/* Keeps the vectors for which wanted[i] is not 0. */
void rwk_span_select(rwk_span *span, const unsigned char *wanted);
/* Makes them orthonormal, in order; one of which less than tol of its length is left is dropped. Vectors that
 * do not overlap cost nothing. */
rwk_status rwk_span_orthonormalise(rwk_span *span, double tol);

/* x[n] = vector i. */
void rwk_span_expand(double *x, const rwk_span *span, size_t i);
/* x += alpha * vector i. */
void rwk_span_axpy(double *x, double alpha, const rwk_span *span, size_t i);
double rwk_span_dot(const rwk_span *span, size_t i, const double *x);

/* Are they the same vectors in the same order, each entry within tol? */
int rwk_span_same(const rwk_span *a, const rwk_span *b, double tol);

/* y[n] = H * vector i, for symmetric H of which both triangles are there. */
void rwk_span_product(double *y, const double *H, size_t ldh, const rwk_span *span, size_t i);
/* x -= U U'x, for orthonormal vectors U. */
void rwk_span_project(double *x, const rwk_span *span);
/* H += alpha U U', upper triangle. */
void rwk_span_lift(double *H, size_t ldh, double alpha, const rwk_span *span);

#endif
