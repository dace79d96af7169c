/* ridgewalk/mlp.h: a fully connected network with a squared-error or cross-entropy loss, as a problem.
 *
 *   a_0 = x,  z_l = W_l' a_{l-1} + b_l,  a_l = phi(z_l) for hidden layers,  f = z of the last layer
 *   L(w) = loss_scale * sum_i omega_i ell(f_i, y_i)          (loss_scale 0: 1/sum omega, so L is a mean)
 *
 *   mse       ell = sum_k (f_k - y_k)^2
 *   logistic  ell = sum_k log(1 + exp f_k) - y_k f_k, 0 <= y_k <= 1: each output is a yes or no of its own,
 *             p_k = 1 / (1 + exp -f_k)
 *   softmax   ell = log sum_k exp f_k - sum_k y_k f_k, y_k >= 0 with sum 1: the outputs are K >= 2 classes,
 *             p_k = exp f_k / sum_j exp f_j
 *
 * Softmax does not see a shift of all outputs by one number. The penalty holds it still, but not where the
 * biases of the outputs are free; there L has one term more,
 *
 *   loss_scale * (sum omega) * (sum_k b_k)^2 / (2 K)
 *
 * which is 0 at every critical point and lowers no minimum, so that the shift is no flat direction; see
 * rwk_mlp_centre for weights made elsewhere.
 *
 * Layout of w: layer after layer; in each W_l, row-major [inputs x outputs] (a row per input), then b_l
 * [outputs] if the layer has biases. Depth, widths and number of outputs are free.
 */
#ifndef RIDGEWALK_MLP_H
#define RIDGEWALK_MLP_H

#include <ridgewalk/problem.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rwk_mlp rwk_mlp;

/* X(symbol, name) */
#define RWK_ACTIVATION_LIST(X)                                                                               \
  X(TANH, "tanh")                                                                                            \
  X(LOGISTIC, "logistic")                                                                                    \
  X(SOFTPLUS, "softplus")                                                                                    \
  X(RELU, "relu")                                                                                            \
  X(IDENTITY, "identity")

typedef enum rwk_activation {
#define RWK_X(symbol, name) RWK_ACTIVATION_##symbol,
  RWK_ACTIVATION_LIST(RWK_X)
#undef RWK_X
} rwk_activation;

RWK_API const char *rwk_activation_name(rwk_activation activation);
RWK_API rwk_status rwk_activation_from_name(rwk_activation *activation, const char *name);

/* X(symbol, name) */
#define RWK_LOSS_LIST(X)                                                                                     \
  X(MSE, "mse")                                                                                              \
  X(LOGISTIC, "logistic")                                                                                    \
  X(SOFTMAX, "softmax")

typedef enum rwk_loss {
#define RWK_X(symbol, name) RWK_LOSS_##symbol,
  RWK_LOSS_LIST(RWK_X)
#undef RWK_X
} rwk_loss;

RWK_API const char *rwk_loss_name(rwk_loss loss);
RWK_API rwk_status rwk_loss_from_name(rwk_loss *loss, const char *name);

/* Outputs F[rows x outputs] become probabilities, in place; those of mse stay as they are. Never overflows.
 */
RWK_API void rwk_loss_probabilities(double *F, size_t ldf, rwk_loss loss, size_t rows, size_t outputs);

/* sum_k of ell over one row: f[outputs], y[outputs]. */
RWK_API double rwk_loss_row(rwk_loss loss, const double *f, const double *y, size_t outputs);

/* The class of one row of outputs f[outputs], or of targets y: softmax, the first of the largest; logistic
 * with one output, 1 where f > 0 (a target or a probability p: > 0.5, so pass p - 0.5). */
RWK_API size_t rwk_loss_class(rwk_loss loss, const double *f, size_t outputs);

/* X(symbol, name): objectives in use elsewhere. J = loss_scale * SSE + lambda_scale * (their lambda) * R.
 *   mse       SSE/n + lambda R            biases free
 *   half-sse  SSE/2 + lambda/2 R          biases free
 *   nnet      SSE + decay R               biases penalised     (R's nnet)
 *   sklearn   SSE/(2n) + alpha/(2n) R     biases free          (MLPRegressor)
 *   torch     SSE/n + weight_decay/2 R    biases penalised     (MSELoss, SGD weight_decay)
 *   keras     SSE/n + l2 R                biases free
 * With a cross-entropy CE = sum of ell in place of SSE (sklearn: MLPClassifier, CE/n + alpha/(2n) R; nnet:
 * entropy or softmax, CE + decay R); half-sse is of squared errors alone. */
#define RWK_CONVENTION_LIST(X)                                                                               \
  X(MSE, "mse")                                                                                              \
  X(HALF_SSE, "half-sse")                                                                                    \
  X(NNET, "nnet")                                                                                            \
  X(SKLEARN, "sklearn")                                                                                      \
  X(TORCH, "torch")                                                                                          \
  X(KERAS, "keras")

typedef enum rwk_convention {
#define RWK_X(symbol, name) RWK_CONVENTION_##symbol,
  RWK_CONVENTION_LIST(RWK_X)
#undef RWK_X
} rwk_convention;

typedef struct rwk_objective_scale {
  double loss_scale;     /* a in L = a * SSE */
  double lambda_scale;   /* b in J = L + b * lambda * R */
  int penalise_biases;   /* what the convention does with biases */
  const char *name;      /* "sklearn" */
  const char *objective; /* "SSE/(2n) + alpha/(2n) R" */
  const char *lambda;    /* "alpha" */
} rwk_objective_scale;

RWK_API const char *rwk_convention_name(rwk_convention convention);
RWK_API rwk_status rwk_convention_from_name(rwk_convention *convention, const char *name);

/* The scales of a convention for n rows, n > 0 (n = sum of row weights where there are some). */
RWK_API rwk_status rwk_convention_scale(rwk_objective_scale *scale, rwk_convention convention, double n);

/* The same for any loss. RWK_NOT_IMPLEMENTED where the convention has no such loss (half-sse). */
RWK_API rwk_status rwk_convention_scale_of(rwk_objective_scale *scale, rwk_convention convention,
                                           rwk_loss loss, double n);

/* The training table. All pointers are borrowed during rwk_mlp_create only: the network keeps its own copy.
 */
typedef struct rwk_mlp_data {
  const double *X; /* [rows x inputs], row i at X + i*ldx */
  size_t ldx;
  const double *Y; /* [rows x outputs], row i at Y + i*ldy */
  size_t ldy;
  const double *row_weights; /* [rows] >= 0, or NULL for ones */
  size_t rows, inputs, outputs;
} rwk_mlp_data;

/* Several processes that have the rows of one table between them, each the same number of rows or nearly. The
 * first, rank 0, has the network as a problem: sums over the rows are asked of all, and added up along a tree
 * that does not depend on who has which rows, so that results are those of one process, bit for bit. The
 * others do nothing but rwk_mlp_serve. How numbers get from one process to another is the caller's: three
 * functions that return when the numbers are there, in the order of the calls, and any status but RWK_OK
 * where they are not. They are called by one thread at a time. */
typedef struct rwk_mlp_party {
  size_t size;        /* sizeof this struct */
  size_t count, rank; /* processes, and which this one is */
  double weight_sum;  /* of all rows; without row weights their number */
  /* x[n] of process 0 goes to all others, which call this with the same n. */
  rwk_status (*broadcast)(double *x, size_t n, void *payload);
  rwk_status (*send)(const double *x, size_t n, size_t to, void *payload);
  rwk_status (*receive)(double *x, size_t n, size_t from, void *payload);
  void *payload;
} rwk_mlp_party;

typedef struct rwk_mlp_settings {
  size_t size;          /* sizeof this struct, set by rwk_mlp_settings_init */
  const size_t *hidden; /* [hidden_count] widths of the hidden layers, each >= 1; borrowed during create */
  size_t hidden_count;  /* 0: a linear model */
  rwk_activation activation;  /* tanh */
  int hidden_bias;            /* 1 */
  int output_bias;            /* 1 */
  int penalise_biases;        /* 0 */
  double loss_scale;          /* 0: 1 / sum of row weights */
  rwk_loss loss;              /* mse */
  const rwk_mlp_party *party; /* NULL: all rows are here. Borrowed during create. With a party, data.rows is
                                 of the whole table, and X, Y and row_weights are those of rwk_mlp_part */
} rwk_mlp_settings;

RWK_API void rwk_mlp_settings_init(rwk_mlp_settings *settings);

/* Makes a network over a table. RWK_DATA if a number is not finite (the text names row and column). */
RWK_API rwk_status rwk_mlp_create(rwk_mlp **mlp, rwk_context *ctx, const rwk_mlp_data *data,
                                  const rwk_mlp_settings *settings);
RWK_API void rwk_mlp_destroy(rwk_mlp *mlp); /* NULL is fine; of rank 0 it ends what the others serve */

/* Rows [*first, *first + *rows) are those of process `rank` of `count`; data tells rows, inputs and outputs
 * alone. Rows are shared out in blocks of 16384 to 32767, the blocks a power of 2 and at most 4096; a process
 * too many gets none, and makes no network. The first row of process 0 is row 0. */
RWK_API rwk_status rwk_mlp_part(size_t *first, size_t *rows, rwk_context *ctx, const rwk_mlp_data *data,
                                const rwk_mlp_settings *settings, size_t rank, size_t count);

/* What a process of a party other than the first does: answers until the first destroys its network. Where it
 * fails, the first waits for an answer for ever: end them all. An answer is one message of as many doubles as
 * is asked for: dim + 1 for loss and gradient, k * dim for k products, dim^2 for a dense Hessian. */
RWK_API rwk_status rwk_mlp_serve(rwk_mlp *mlp);

/* The network as a problem; owned by the network. Usable from several threads at once. */
RWK_API rwk_problem *rwk_mlp_problem(rwk_mlp *mlp);

/* One layer's place in w. */
typedef struct rwk_mlp_layer {
  size_t inputs, outputs;
  size_t W; /* offset of W[0][0]; W[i][j] at W + i*outputs + j */
  size_t b; /* offset of b[0]; meaningless if !has_bias */
  int has_bias;
} rwk_mlp_layer;

RWK_API size_t rwk_mlp_layer_count(const rwk_mlp *mlp); /* hidden layers + 1 */
RWK_API rwk_status rwk_mlp_layer_get(rwk_mlp_layer *layer, const rwk_mlp *mlp, size_t index);

/* F[rows x outputs] = f(X) for weights w; X[rows x inputs]. Any rows. Scratch memory: O(widths * tile). */
RWK_API rwk_status rwk_mlp_predict(double *F, size_t ldf, const rwk_mlp *mlp, const double *X, size_t ldx,
                                   size_t rows, const double *w);

/* Row i*outputs + k of G[rows*outputs x dim] = d f_k(x_i) / dw, X[rows x inputs]. Any rows; one thread.
 * Time O(rows * outputs * dim). At a kink of relu the derivative from the left. */
RWK_API rwk_status rwk_mlp_jacobian(double *G, size_t ldg, const rwk_mlp *mlp, const double *X, size_t ldx,
                                    size_t rows, const double *w);

/* A[dim x dim] = loss_scale sum_i omega_i J_i' E_i J_i over the table, J_i the Jacobian of row i and E_i the
 * second derivative of ell by f (mse: 2; else diag p (1 - p), or diag p - p p'): the Hessian of L without the
 * second derivatives of f, never negative (Gauss and Newton). The term on the biases is in it. Lower triangle
 * and upper. One thread. RWK_NOT_IMPLEMENTED with a party. */
RWK_API rwk_status rwk_mlp_gauss_newton(double *A, size_t lda, const rwk_mlp *mlp, const double *w);

RWK_API rwk_loss rwk_mlp_loss(const rwk_mlp *mlp);

/* The mean of ell from a loss: L / (loss_scale sum omega), the MSE or the mean cross-entropy (nats). */
RWK_API double rwk_mlp_mse(const rwk_mlp *mlp, double loss);

/* Moves w to the equal model whose free output biases sum to 0, where the loss is softmax; *shift (may be
 * NULL) is what was taken off each. Elsewhere w stays and *shift is 0. */
RWK_API void rwk_mlp_centre(double *w, double *shift, const rwk_mlp *mlp);

/* *share = omega-weighted share of the table's rows whose class f gives, NaN with mse. One thread. */
RWK_API rwk_status rwk_mlp_accuracy(double *share, const rwk_mlp *mlp, const double *w);

#ifdef __cplusplus
}
#endif
#endif
