/* mlp/kernel.h: the inner loops of the network, compiled once for each instruction set.
 *
 * Rows of the table are worked on in tiles. Within a tile a matrix is stored unit after unit: unit u of row r
 * is at A[u * stride + r], r < rows, so that every loop runs over rows with unit stride. `rows` is a multiple
 * of 8 and `stride` an odd multiple of 8 (units then spread over the sets of the caches); blocks are aligned
 * to 64 bytes.
 */
#ifndef RWK_MLP_KERNEL_H
#define RWK_MLP_KERNEL_H

#include <ridgewalk/mlp.h>

typedef struct rwk_mlp_extent {
  size_t rows, stride;
} rwk_mlp_extent;

/* Sum over i < inputs of A[i] * W(i, o), W(i, o) = W[i * in_step + o * out_step]. */
typedef struct rwk_mlp_term {
  const double *A;
  const double *W;
  size_t inputs, in_step, out_step;
} rwk_mlp_term;

/* The first derivative of an activation is a polynomial of x, and so is the ratio of the second to the first,
 * where x is the activation itself (tanh, logistic, identity) or what `activate` left in its place (softplus:
 * the logistic function; relu: the step function): phi' = c0 + c1 x + c2 x^2,   phi'' = (e0 + e1 x) phi'. */
typedef struct rwk_mlp_slope {
  double c0, c1, c2, e0, e1;
} rwk_mlp_slope;

/* Z[o] = bias[o] + the sum of the terms, o < outputs, followed by what the function's name says. */
typedef struct rwk_mlp_product {
  double *Z;
  size_t outputs;
  rwk_mlp_term term[2];
  int terms;
  const double *bias; /* or NULL */
  rwk_mlp_slope slope;
  const double *x;     /* of the slopes */
  const double *dZ;    /* tangent: the derivative of the loss by the same pre-activations */
  double *U;           /* tangent: second output */
  const double *ahead; /* product: what the first term of the next one will be, to be fetched; or NULL */
} rwk_mlp_product;

/* A hidden layer before an only output, whose derivative is d and which takes unit o by weight w[o]. For each
 * unit sums[o * (inputs + 1) + i] += sum over rows of A[i] phi'(x[o]) d, i < inputs, and the last of them
 * += sum of a[o] d; Z[o] = w[o] phi'(x[o]) d, unless Z is NULL. Where the slope is that of tanh, x is a.
 *
 * With Ra, R{a} where w moves along v, and Rd, R{d}: the sums are those of A[i] R{dZ[o]},
 * R{dZ[o]} = phi'(x) (w[o] Rd + v[o] d) + (phi''/phi')(x) Ra[o] w[o] d, and of a[o] Rd + Ra[o] d; Z is left
 * alone. */
typedef struct rwk_mlp_back {
  double *sums, *Z;
  const double *A, *a, *x, *d, *w;
  const double *Ra, *Rd, *v; /* or NULL */
  size_t inputs, units;
  rwk_mlp_slope slope;
} rwk_mlp_back;

typedef struct rwk_mlp_kernel {
  const char *name;

  /* Z = sum */
  void (*product)(const rwk_mlp_product *p, rwk_mlp_extent e);
  /* Z = phi'(x) * sum: the way back through a layer */
  void (*product_slope)(const rwk_mlp_product *p, rwk_mlp_extent e);
  /* Z = phi'(x) * sum, U = phi''/phi'(x) * dZ * sum: the R-operator's way forward */
  void (*product_tangent)(const rwk_mlp_product *p, rwk_mlp_extent e);
  /* Z = phi'(x) * sum + Z: the R-operator's way back, with U of the way forward in Z */
  void (*product_cotangent)(const rwk_mlp_product *p, rwk_mlp_extent e);

  /* C[i * ldc + o] += sum over rows of A[i] * B[o], i < m, o < n. */
  void (*dots)(double *C, size_t ldc, const double *A, size_t m, const double *B, size_t n, rwk_mlp_extent e);

  /* The way back from an only output, and its sums: see rwk_mlp_back. Layers of up to back_inputs inputs. */
  void (*back)(const rwk_mlp_back *p, rwk_mlp_extent e);
  size_t back_inputs;
  /* The same for layers of more inputs than back_inputs and of at least wide_units units; or NULL. Its sums
   * lie as the weights do, and w[o] is in them: sums[i * units + o] += sum of A[i] Z[o], i < inputs, and the
   * last `units` of them += sum of a[o] d. */
  void (*back_wide)(const rwk_mlp_back *p, rwk_mlp_extent e);
  size_t wide_units;

  /* A = phi(A) for `units` units. slope_x receives x of the slopes where that is not the activation itself;
   * else it is unused. */
  void (*activate)(double *A, double *slope_x, rwk_activation activation, size_t units, rwk_mlp_extent e);

  /* Returns scale * sum omega * (F - Y)^2 and leaves F = 2 * scale * omega * (F - Y). */
  double (*residual)(double *F, const double *Y, const double *omega, double scale, size_t outputs,
                     rwk_mlp_extent e);

  /* As residual for the cross-entropies: F = dL/df; and into P, [outputs] like F, for logistic d2L/df2, for
   * softmax the probabilities. */
  double (*logistic)(double *F, double *P, const double *Y, const double *omega, double scale, size_t outputs,
                     rwk_mlp_extent e);
  double (*softmax)(double *F, double *P, const double *Y, const double *omega, double scale, size_t outputs,
                    rwk_mlp_extent e);
  /* F = scale omega (diag p - p p') F */
  void (*softmax_curve)(double *F, const double *P, const double *omega, double scale, size_t outputs,
                        rwk_mlp_extent e);

  /* z = scale * x * y + plus for one unit; plus may be NULL, and z may be any of the others. */
  void (*multiply)(double *z, const double *x, const double *y, double scale, const double *plus,
                   rwk_mlp_extent e);
  /* slope = phi', ratio = phi'' / phi' at x, for `units` units. */
  void (*slopes)(double *slope, double *ratio, const double *x, rwk_mlp_slope of, size_t units,
                 rwk_mlp_extent e);
} rwk_mlp_kernel;

/* The fastest kernel this machine can run. */
const rwk_mlp_kernel *rwk_mlp_kernel_best(void);
/* Kernel number `index` of those this machine can run, best first; NULL beyond the last. */
const rwk_mlp_kernel *rwk_mlp_kernel_get(size_t index);

/* Derivatives of an activation by the table above. */
rwk_mlp_slope rwk_mlp_slope_of(rwk_activation activation);
/* Does `activate` write x of the slopes to a place of its own? */
int rwk_mlp_slope_apart(rwk_activation activation);

extern const rwk_mlp_kernel rwk_mlp_kernel_sse2; /* the portable one: plain C where there is no SSE2 */
extern const rwk_mlp_kernel rwk_mlp_kernel_avx2;
extern const rwk_mlp_kernel rwk_mlp_kernel_avx512;

#endif
