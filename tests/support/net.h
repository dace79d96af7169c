/* Small networks on tables given in a test. */
#ifndef TESTS_SUPPORT_NET_H
#define TESTS_SUPPORT_NET_H

#include <ridgewalk/mlp.h>
#include "support/analytic.h"
#include "support/orthonormal.h"

typedef struct net {
  rwk_mlp *mlp;
  const rwk_problem *problem;
  size_t dim;
} net;

/* X[rows x inputs], Y[rows x outputs], hidden[depth]. */
static inline net net_create(rwk_context *ctx, const double *X, const double *Y, size_t rows, size_t inputs,
                             size_t outputs, const size_t *hidden, size_t depth, rwk_mlp_settings s) {
  net n;
  s.hidden = hidden;
  s.hidden_count = depth;
  const rwk_mlp_data data = {
      .X = X, .ldx = inputs, .Y = Y, .ldy = outputs, .rows = rows, .inputs = inputs, .outputs = outputs};
  assert_int_equal(rwk_mlp_create(&n.mlp, ctx, &data, &s), RWK_OK);
  n.problem = rwk_mlp_problem(n.mlp);
  n.dim = rwk_problem_dim(n.problem);
  return n;
}

/* A table of normal numbers, columns of X centred and orthonormal times sqrt(rows) if `whitened` (X'X = rows
 * I). */
static inline void net_table(double *X, double *Y, size_t rows, size_t inputs, size_t outputs, int whitened,
                             uint64_t seed) {
  rwk_stream s;
  rwk_stream_init(&s, seed, 3);
  double *C = malloc(inputs * rows * sizeof *C);
  for (size_t j = 0; j < inputs; j++) {
    double mean = 0;
    for (size_t i = 0; i < rows; i++) mean += C[j * rows + i] = rwk_stream_normal(&s);
    for (size_t i = 0; i < rows; i++) C[j * rows + i] -= mean / (double)rows;
  }
  if (whitened) {
    size_t rank;
    orthonormalise(&rank, C, rows, rows, inputs, 1e-12);
    assert_int_equal(rank, inputs);
    rwk_scale(inputs * rows, sqrt((double)rows), C);
  }
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < inputs; j++) X[i * inputs + j] = C[j * rows + i];
  free(C);
  for (size_t k = 0; k < outputs; k++) {
    double mean = 0;
    for (size_t i = 0; i < rows; i++) {
      double y = 0.3 * rwk_stream_normal(&s);
      for (size_t j = 0; j < inputs; j++) y += X[i * inputs + j] * cos((double)(3 * j + 5 * k));
      mean += Y[i * outputs + k] = tanh(y);
    }
    for (size_t i = 0; i < rows; i++) Y[i * outputs + k] -= mean / (double)rows;
  }
}

#endif
