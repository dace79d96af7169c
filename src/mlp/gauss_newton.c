#include <math.h>
#include <string.h>
#include "la/dense.h"
#include "mlp/network.h"

/* Row `row` of the table out of its tile. */
static void take_row(double *x, double *omega, const rwk_mlp *m, size_t row) {
  const rwk_mlp_extent e = m->extent;
  const size_t tile = row / e.rows, at = row % e.rows;
  const double *X = rwk_mlp_X(m, tile);
  for (size_t i = 0; i < m->inputs; i++) x[i] = X[i * e.stride + at];
  *omega = rwk_mlp_omega(m, tile)[at];
}

/* J'J becomes J' E J for one row, E the second derivative of ell over its factor: E = B'B, and B J takes the
 * place of J[outputs x dim]. Softmax: B = diag(sqrt p) (1 - 1 p'). */
static void curve_row(double *J, double *f, double *mean, const rwk_mlp *m) {
  const size_t n = m->outputs, dim = m->dim;
  if (m->loss == RWK_LOSS_MSE) return;
  rwk_loss_probabilities(f, n, m->loss, 1, n);
  if (m->loss == RWK_LOSS_SOFTMAX) {
    memset(mean, 0, dim * sizeof *mean);
    for (size_t k = 0; k < n; k++) rwk_axpy(dim, f[k], J + k * dim, mean);
  }
  for (size_t k = 0; k < n; k++) {
    if (m->loss == RWK_LOSS_SOFTMAX) rwk_axpy(dim, -1, mean, J + k * dim);
    rwk_scale(dim, sqrt(m->loss == RWK_LOSS_SOFTMAX ? f[k] : f[k] * (1 - f[k])), J + k * dim);
  }
}

rwk_status rwk_mlp_gauss_newton(double *A, size_t lda, const rwk_mlp *m, const double *w) {
  enum { ROWS = 128 };
  if (lda < m->dim)
    return rwk_fail(m->ctx, RWK_INVALID_ARGUMENT, "gauss_newton: lda is less than the number of weights");
  if (m->party.count > 1)
    return rwk_fail(m->ctx, RWK_NOT_IMPLEMENTED, "gauss_newton: the rows are spread over several processes");
  double *x = rwk_alloc_doubles(m->ctx, m->inputs + m->outputs + m->dim),
         *G = rwk_alloc_doubles(m->ctx, ROWS * m->outputs * m->dim);
  rwk_status status = x && G ? RWK_OK : rwk_fail_memory(m->ctx, "Gauss and Newton's matrix");
  for (size_t i = 0; i < m->dim; i++) memset(A + i * lda, 0, m->dim * sizeof *A);
  for (size_t first = 0; first < m->rows && status == RWK_OK; first += ROWS) {
    const size_t rows = m->rows - first < ROWS ? m->rows - first : ROWS;
    for (size_t r = 0; r < rows && status == RWK_OK; r++) {
      double omega;
      take_row(x, &omega, m, first + r);
      double *J = G + r * m->outputs * m->dim;
      status = rwk_mlp_jacobian(J, m->dim, m, x, m->inputs, 1, w);
      if (status == RWK_OK && m->loss != RWK_LOSS_MSE)
        status = rwk_mlp_predict(x + m->inputs, m->outputs, m, x, m->inputs, 1, w);
      if (status == RWK_OK) curve_row(J, x + m->inputs, x + m->inputs + m->outputs, m);
      rwk_scale(m->outputs * m->dim, sqrt(omega), J);
    }
    if (status == RWK_OK) rwk_syrk(A, lda, m->dim, rows * m->outputs, m->curvature, G, m->dim, 1);
  }
  if (status == RWK_OK) rwk_mirror(A, lda, m->dim);
  const size_t b = rwk_mlp_last(m)->b;
  for (size_t k = 0; m->gauge > 0 && k < m->outputs; k++)
    for (size_t o = 0; o < m->outputs; o++) A[(b + k) * lda + b + o] += m->gauge / (double)m->outputs;
  rwk_free_doubles(m->ctx, G);
  rwk_free_doubles(m->ctx, x);
  return status;
}

rwk_status rwk_mlp_gauss_newton_at(double *A, size_t lda, const double *w, void *work, void *self) {
  (void)work;
  return rwk_mlp_gauss_newton(A, lda, self, w);
}
