/* Losses by name and row by row; targets; what softmax does not see. */
#include <math.h>
#include <stdint.h>
#include <string.h>
#include "mlp/network.h"

const char *rwk_loss_name(rwk_loss loss) {
  switch (loss) {
#define RWK_X(symbol, name)                                                                                  \
  case RWK_LOSS_##symbol:                                                                                    \
    return name;
    RWK_LOSS_LIST(RWK_X)
#undef RWK_X
  }
  return "?";
}

rwk_status rwk_loss_from_name(rwk_loss *loss, const char *name) {
#define RWK_X(symbol, text)                                                                                  \
  if (strcmp(name, text) == 0) {                                                                             \
    *loss = RWK_LOSS_##symbol;                                                                               \
    return RWK_OK;                                                                                           \
  }
  RWK_LOSS_LIST(RWK_X)
#undef RWK_X
  return RWK_INVALID_ARGUMENT;
}

/* ---- one row ---- */

static size_t largest(const double *f, size_t n) {
  size_t at = 0;
  for (size_t k = 1; k < n; k++)
    if (f[k] > f[at]) at = k;
  return at;
}

/* Sum of exp(f_k - f_at) over k other than at. */
static double others(const double *f, size_t n, size_t at) {
  double sum = 0;
  for (size_t k = 0; k < n; k++)
    if (k != at) sum += exp(f[k] - f[at]);
  return sum;
}

double rwk_loss_row(rwk_loss loss, const double *f, const double *y, size_t n) {
  double sum = 0;
  switch (loss) {
  case RWK_LOSS_MSE:
    for (size_t k = 0; k < n; k++) sum += (f[k] - y[k]) * (f[k] - y[k]);
    break;
  case RWK_LOSS_LOGISTIC:
    for (size_t k = 0; k < n; k++) sum += fmax(f[k], 0) - y[k] * f[k] + log1p(exp(-fabs(f[k])));
    break;
  case RWK_LOSS_SOFTMAX: {
    const size_t at = largest(f, n);
    sum = log1p(others(f, n, at));
    for (size_t k = 0; k < n; k++) sum += y[k] * (f[at] - f[k]);
    break;
  }
  }
  return sum;
}

void rwk_loss_probabilities(double *F, size_t ldf, rwk_loss loss, size_t rows, size_t n) {
  for (size_t i = 0; i < rows; i++) {
    double *f = F + i * ldf;
    if (loss == RWK_LOSS_LOGISTIC) {
      for (size_t k = 0; k < n; k++) f[k] = rwk_mlp_phi(RWK_ACTIVATION_LOGISTIC, f[k]);
    } else if (loss == RWK_LOSS_SOFTMAX) {
      const size_t at = largest(f, n);
      const double most = f[at], total = 1 + others(f, n, at);
      for (size_t k = 0; k < n; k++) f[k] = exp(f[k] - most) / total;
    }
  }
}

size_t rwk_loss_class(rwk_loss loss, const double *f, size_t n) {
  return loss == RWK_LOSS_LOGISTIC && n == 1 ? f[0] > 0 : largest(f, n);
}

/* ---- a table ---- */

rwk_status rwk_mlp_check_targets(rwk_context *ctx, const rwk_mlp_data *d, rwk_loss loss) {
  if (loss == RWK_LOSS_MSE) return RWK_OK;
  if (loss == RWK_LOSS_SOFTMAX && d->outputs < 2)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "loss: softmax wants 2 outputs or more, one for each class");
  for (size_t i = 0; i < d->rows; i++) {
    const double *y = d->Y + i * d->ldy;
    double sum = 0;
    for (size_t k = 0; k < d->outputs; k++) {
      if (!(y[k] >= 0) || !(y[k] <= 1))
        return rwk_fail(ctx, RWK_DATA, "Y: row %zu, column %zu is %g; %s wants targets from 0 to 1", i + 1,
                        k + 1, y[k], rwk_loss_name(loss));
      sum += y[k];
    }
    if (loss == RWK_LOSS_SOFTMAX && !(fabs(sum - 1) <= 1e-9))
      return rwk_fail(ctx, RWK_DATA, "Y: row %zu sums to %.17g; softmax wants rows that sum to 1", i + 1,
                      sum);
  }
  return RWK_OK;
}

/* Weight of the rows whose class f gives. */
void rwk_mlp_right_of(double *to, rwk_mlp_span block, const rwk_mlp_question *q, rwk_mlp_work *s) {
  const rwk_mlp *m = s->mlp;
  const size_t n = m->outputs;
  double *f = s->tangent, *y = f + n; /* a tile has room for more than a row */
  *to = 0;
  for (size_t t = block.begin; t < block.end; t++) {
    const double *F = s->tile + m->dZ_at[m->depth - 1], *Y = rwk_mlp_Y(m, t), *omega = rwk_mlp_omega(m, t);
    const size_t rows = rwk_mlp_extent_of(m, t).rows;
    rwk_mlp_forward_at(m, s->tile, t, q->w);
    for (size_t r = 0; r < rows; r++) {
      for (size_t k = 0; k < n; k++) {
        f[k] = F[k * m->extent.stride + r];
        y[k] = Y[k * m->extent.stride + r] - (n == 1 ? 0.5 : 0);
      }
      if (rwk_loss_class(m->loss, f, n) == rwk_loss_class(m->loss, y, n)) *to += omega[r];
    }
  }
}

rwk_status rwk_mlp_accuracy(double *share, const rwk_mlp *m, const double *w) {
  const rwk_mlp_question q = {.sum = RWK_MLP_SUM_RIGHT, .w = w};
  void *work;
  *share = NAN;
  if (m->loss == RWK_LOSS_MSE) return RWK_OK;
  RWK_TRY(rwk_mlp_work_create(&work, m->ctx, (void *)(uintptr_t)m));
  double right = 0;
  const rwk_status status = rwk_mlp_sum_rows(&right, &q, work);
  if (status == RWK_OK) *share = right / m->weight_sum;
  rwk_mlp_work_destroy(work, (void *)(uintptr_t)m);
  return status;
}

/* ---- the common shift of the outputs ---- */

static double bias_sum(const rwk_mlp *m, const double *w) {
  const double *b = w + rwk_mlp_last(m)->b;
  double sum = 0;
  for (size_t k = 0; k < m->outputs; k++) sum += b[k];
  return sum;
}

double rwk_mlp_gauge_value(const rwk_mlp *m, double *gradient, const double *w) {
  if (!(m->gauge > 0)) return 0;
  const double sum = bias_sum(m, w), n = (double)m->outputs;
  for (size_t k = 0; gradient && k < m->outputs; k++) gradient[rwk_mlp_last(m)->b + k] += m->gauge * sum / n;
  return 0.5 * m->gauge * sum * sum / n;
}

void rwk_mlp_gauge_product(const rwk_mlp *m, double *hv, const double *v) {
  if (!(m->gauge > 0)) return;
  const double by = m->gauge * bias_sum(m, v) / (double)m->outputs;
  for (size_t k = 0; k < m->outputs; k++) hv[rwk_mlp_last(m)->b + k] += by;
}

void rwk_mlp_centre(double *w, double *shift, const rwk_mlp *m) {
  const double mean = m->gauge > 0 ? bias_sum(m, w) / (double)m->outputs : 0;
  for (size_t k = 0; mean != 0 && k < m->outputs; k++) w[rwk_mlp_last(m)->b + k] -= mean;
  if (shift) *shift = mean;
}
