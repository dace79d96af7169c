/* mlp/kernel_body.h: the kernels, over the vectors of mlp/kernel_vector.h. A file that includes this defines
 * before:
 *
 *   NAME             of the table, as text; TABLE its symbol
 *   ROW_VECTORS      1, 2 or 4: vectors of rows in a block of a product
 *   BLOCK_OUTPUTS    up to 6: units in a block of a product
 *   BLOCK_DOTS       up to 6: units of A in a block of dot products (of B: 4)
 *   vec_log1p(x), activate_tanh(A, units, extent), within 3 units in the last place
 *   add4(c, v)       c[k] += sum of lanes of v[k], k < 4
 *
 * ROW_VECTORS * BLOCK_OUTPUTS and 4 * BLOCK_DOTS accumulators, with the operands, have to fit in the
 * registers. All loops over a block have constant ends and are unrolled, so that the accumulators stay there.
 */

enum { DOT_OUTPUTS = 4 };

/* ---- products ---- */

enum what { PLAIN, SLOPE, TANGENT, COTANGENT };

ALWAYS void product_block(const rwk_mlp_product *p, size_t stride, size_t o, size_t r, const int outputs,
                          const int vectors, const enum what what) {
  vec sum[BLOCK_OUTPUTS][ROW_VECTORS];
  /* copies: what is stored might lie where p does, for all that the compiler knows */
  double *const Z = p->Z, *const U = p->U;
  const double *const px = p->x, *const dZ = p->dZ;
  UNROLL for (int q = 0; q < outputs; q++) {
    const vec start = p->bias ? splat(p->bias[o + (size_t)q]) : (vec){0};
    UNROLL for (int v = 0; v < vectors; v++) sum[q][v] = start;
  }
  for (int t = 0; t < p->terms; t++) {
    const rwk_mlp_term *term = &p->term[t];
    const double *a = term->A + r, *w = term->W + o * term->out_step;
    const size_t in_step = term->in_step, out_step = term->out_step;
    size_t i = term->inputs;
    if (outputs == 1) { /* or every addition would wait for the last */
      vec other[ROW_VECTORS];
      UNROLL for (int v = 0; v < vectors; v++) other[v] = (vec){0};
      for (; i > 1; i -= 2) {
        const vec s = splat(w[0]), next = splat(w[in_step]);
        UNROLL for (int v = 0; v < vectors; v++) {
          sum[0][v] += s * load(a + v * LANES);
          other[v] += next * load(a + stride + v * LANES);
        }
        a += 2 * stride;
        w += 2 * in_step;
      }
      UNROLL for (int v = 0; v < vectors; v++) sum[0][v] += other[v];
    }
    for (; i > 0; i--) {
      vec x[ROW_VECTORS];
      UNROLL for (int v = 0; v < vectors; v++) x[v] = load(a + v * LANES);
      UNROLL for (int q = 0; q < outputs; q++) {
        const vec s = splat(w[(size_t)q * out_step]);
        UNROLL for (int v = 0; v < vectors; v++) sum[q][v] += s * x[v];
      }
      a += stride;
      w += in_step;
    }
  }
  const rwk_mlp_slope *slope_at = &p->slope;
  KEEP_IN_REGISTER(slope_at); /* not read before the loops, where the sums need the registers */
  const rwk_mlp_slope slope_of = *slope_at;
  UNROLL for (int q = 0; q < outputs; q++) {
    UNROLL for (int v = 0; v < vectors; v++) {
      const size_t at = (o + (size_t)q) * stride + r + (size_t)v * LANES;
      vec z = sum[q][v];
      if (what != PLAIN) {
        const vec x = load(px + at);
        const vec slope = slope_of.c0 + x * (slope_of.c1 + slope_of.c2 * x);
        if (what == TANGENT) store(U + at, z * (slope_of.e0 + slope_of.e1 * x) * load(dZ + at));
        z = what == COTANGENT ? slope * z + load(Z + at) : slope * z;
      }
      store(Z + at, z);
    }
  }
}

/* What the next product will read, brought near while this one computes: some columns with every block. */
typedef struct fetching {
  const double *column;
  size_t left, at_once;
} fetching;

ALWAYS void fetch(fetching *f, size_t stride, const int vectors) {
  enum { LINE = 8, NEAR = 2 }; /* into the second-level cache */
  for (size_t k = f->left < f->at_once ? f->left : f->at_once; k > 0; k--, f->left--, f->column += stride) {
    UNROLL for (int r = 0; r < vectors * LANES; r += LINE) __builtin_prefetch(f->column + r, 0, NEAR);
  }
}

/* One strip of `vectors` vectors of rows through all outputs, in blocks of nearly equal size. */
ALWAYS void product_strip(const rwk_mlp_product *p, size_t stride, size_t r, const int vectors,
                          const enum what what) {
  size_t o = 0, blocks = (p->outputs + BLOCK_OUTPUTS - 1) / BLOCK_OUTPUTS;
  fetching ahead = {0};
  if (what == PLAIN && p->ahead)
    ahead = (fetching){p->ahead + r, p->term[0].inputs, p->term[0].inputs / blocks + 1};
  for (; blocks > 0; blocks--) {
    const size_t take = (p->outputs - o + blocks - 1) / blocks;
    if (what == PLAIN) fetch(&ahead, stride, vectors);
    switch (take) {
    case 1:
      product_block(p, stride, o, r, 1, vectors, what);
      break;
    case 2:
      product_block(p, stride, o, r, 2, vectors, what);
      break;
    case 3:
      product_block(p, stride, o, r, 3, vectors, what);
      break;
#if BLOCK_OUTPUTS >= 5
    case 4:
      product_block(p, stride, o, r, 4, vectors, what);
      break;
#endif
#if BLOCK_OUTPUTS >= 6
    case 5:
      product_block(p, stride, o, r, 5, vectors, what);
      break;
#endif
    default:
      product_block(p, stride, o, r, BLOCK_OUTPUTS, vectors, what);
      break;
    }
    o += take;
  }
}

ALWAYS void product_all(const rwk_mlp_product *p, rwk_mlp_extent e, const enum what what) {
  size_t r = 0;
  for (; r + ROW_VECTORS * LANES <= e.rows; r += ROW_VECTORS * LANES)
    product_strip(p, e.stride, r, ROW_VECTORS, what);
#if ROW_VECTORS == 4
  if (r + 2 * LANES <= e.rows) {
    product_strip(p, e.stride, r, 2, what);
    r += 2 * LANES;
  }
#endif
#if ROW_VECTORS * LANES > 8
  if (r < e.rows) product_strip(p, e.stride, r, 1, what);
#endif
}

static void product(const rwk_mlp_product *p, rwk_mlp_extent e) {
  product_all(p, e, PLAIN);
}

/* Of a single input d, the way back from an only output: phi' d is made by the coefficients times d. */
ALWAYS void slope_strip(const rwk_mlp_product *p, size_t stride, size_t r, const int vectors) {
  const rwk_mlp_term *term = &p->term[0];
  const double *w_at = term->W, *x = p->x + r;
  double *z = p->Z + r;
  vec d0[ROW_VECTORS], d1[ROW_VECTORS], d2[ROW_VECTORS];
  UNROLL for (int v = 0; v < vectors; v++) {
    const vec d = load(term->A + r + v * LANES);
    d0[v] = p->slope.c0 * d, d1[v] = p->slope.c1 * d, d2[v] = p->slope.c2 * d;
  }
  const size_t out_step = term->out_step;
  for (size_t o = p->outputs; o > 0; o--, x += stride, z += stride, w_at += out_step) {
    const vec w = splat(*w_at);
    UNROLL for (int v = 0; v < vectors; v++) {
      const vec at = load(x + v * LANES);
      store(z + v * LANES, w * (d0[v] + at * (d1[v] + at * d2[v])));
    }
  }
}

static void product_slope(const rwk_mlp_product *p, rwk_mlp_extent e) {
  if (p->terms > 1 || p->term[0].inputs > 1 || p->bias) {
    product_all(p, e, SLOPE);
    return;
  }
  size_t r = 0;
  for (; r + ROW_VECTORS * LANES <= e.rows; r += ROW_VECTORS * LANES)
    slope_strip(p, e.stride, r, ROW_VECTORS);
  for (; r < e.rows; r += LANES) slope_strip(p, e.stride, r, 1);
}
static void product_tangent(const rwk_mlp_product *p, rwk_mlp_extent e) {
  product_all(p, e, TANGENT);
}
static void product_cotangent(const rwk_mlp_product *p, rwk_mlp_extent e) {
  product_all(p, e, COTANGENT);
}

/* ---- dot products over the rows ---- */

ALWAYS void dots_block(double *C, size_t ldc, const double *A, const double *B, rwk_mlp_extent e, const int m,
                       const int n) {
  vec sum[BLOCK_DOTS][DOT_OUTPUTS];
  UNROLL for (int i = 0; i < m; i++) {
    UNROLL for (int o = 0; o < DOT_OUTPUTS; o++) sum[i][o] = (vec){0};
  }
  for (size_t r = 0; r < e.rows; r += LANES) {
    vec a[BLOCK_DOTS];
    UNROLL for (int i = 0; i < m; i++) a[i] = load(A + (size_t)i * e.stride + r);
    UNROLL for (int o = 0; o < n; o++) {
      const vec b = load(B + (size_t)o * e.stride + r);
      UNROLL for (int i = 0; i < m; i++) sum[i][o] += a[i] * b;
    }
  }
  UNROLL for (int i = 0; i < m; i++) {
    if (n == DOT_OUTPUTS) {
      add4(C + (size_t)i * ldc, sum[i]);
    } else {
      double four[DOT_OUTPUTS] = {0};
      add4(four, sum[i]);
      UNROLL for (int o = 0; o < n; o++) C[(size_t)i * ldc + (size_t)o] += four[o];
    }
  }
}

ALWAYS void dots_strip(double *C, size_t ldc, const double *A, const double *B, size_t n, rwk_mlp_extent e,
                       const int m) {
  size_t o = 0;
  for (; o + DOT_OUTPUTS <= n; o += DOT_OUTPUTS) dots_block(C + o, ldc, A, B + o * e.stride, e, m, 4);
  switch (n - o) {
  case 1:
    dots_block(C + o, ldc, A, B + o * e.stride, e, m, 1);
    break;
  case 2:
    dots_block(C + o, ldc, A, B + o * e.stride, e, m, 2);
    break;
  case 3:
    dots_block(C + o, ldc, A, B + o * e.stride, e, m, 3);
    break;
  default:
    break;
  }
}

static void dots(double *C, size_t ldc, const double *A, size_t m, const double *B, size_t n,
                 rwk_mlp_extent e) {
  for (size_t blocks = (m + BLOCK_DOTS - 1) / BLOCK_DOTS; blocks > 0; blocks--) {
    const size_t take = (m + blocks - 1) / blocks;
    switch (take) {
    case 1:
      dots_strip(C, ldc, A, B, n, e, 1);
      break;
    case 2:
      dots_strip(C, ldc, A, B, n, e, 2);
      break;
#if BLOCK_DOTS >= 4
    case 3:
      dots_strip(C, ldc, A, B, n, e, 3);
      break;
#endif
#if BLOCK_DOTS >= 5
    case 4:
      dots_strip(C, ldc, A, B, n, e, 4);
      break;
#endif
#if BLOCK_DOTS >= 6
    case 5:
      dots_strip(C, ldc, A, B, n, e, 5);
      break;
#endif
    default:
      dots_strip(C, ldc, A, B, n, e, BLOCK_DOTS);
      break;
    }
    C += take * ldc;
    A += take * e.stride;
    m -= take;
  }
}

#include "mlp/kernel_back.h"
#ifdef WIDE_SUMS
#include "mlp/kernel_wide.h"
#endif

/* ---- elementwise ---- */

/* The activations are most of a small network's time, and SLEEF's tanh takes three times as long as the one
 * here. */

/* exp(-|z|) is in (0, 1]: neither the logistic function nor softplus overflows, and both keep their relative
 * accuracy, down to the smallest numbers there are: the power of two comes in two factors. */
ALWAYS vec exp_minus_size(vec z) {
  vec t = choose(z < 0, z, -z);
  t = choose(t < -750, splat(-750), t);
  const vec shifted = t * 0x1.71547652b82fep0 + INTEGER, n = shifted - INTEGER;
  const vec most = choose(n < -1000, splat(-1000), n), rest = n - most;
  const vec e = power_of_two(most + INTEGER) * expm1_near_0(reduced(t, n)) + power_of_two(most + INTEGER);
  return e * power_of_two(rest + INTEGER);
}

ALWAYS vec logistic_of(vec z, vec e) {
  return choose(z < 0, e, splat(1)) / (1 + e);
}

static void activate(double *A, double *slope_x, rwk_activation activation, size_t units, rwk_mlp_extent e) {
  switch (activation) {
  case RWK_ACTIVATION_TANH:
    activate_tanh(A, units, e);
    break;
  case RWK_ACTIVATION_LOGISTIC:
    FOR_EACH_VECTOR(at) {
      const vec z = load(A + at);
      store(A + at, logistic_of(z, exp_minus_size(z)));
    }
    break;
  case RWK_ACTIVATION_SOFTPLUS:
    FOR_EACH_VECTOR(at) {
      const vec z = load(A + at), small = exp_minus_size(z);
      store(slope_x + at, logistic_of(z, small));
      store(A + at, choose(z < 0, (vec){0}, z) + vec_log1p(small));
    }
    break;
  case RWK_ACTIVATION_RELU:
    FOR_EACH_VECTOR(at) {
      const vec z = load(A + at);
      const vec_mask on = z > 0, nan = z != z; /* NaN stays NaN */
      store(slope_x + at, choose(on, splat(1), (vec){0}));
      store(A + at, choose(on | nan, z, (vec){0}));
    }
    break;
  case RWK_ACTIVATION_IDENTITY:
    break;
  }
}

static double residual(double *F, const double *Y, const double *omega, double scale, size_t outputs,
                       rwk_mlp_extent e) {
  const size_t units = outputs;
  vec sum = {0};
  FOR_EACH_VECTOR(at) {
    const vec gap = load(F + at) - load(Y + at), weighted = scale * load(omega + (at - u * e.stride)) * gap;
    sum += weighted * gap;
    store(F + at, weighted + weighted);
  }
  return total(sum);
}

/* 1 - p is a quotient of its own: neither it nor p (1 - p) loses digits where p is near 1. */
static double logistic(double *F, double *P, const double *Y, const double *omega, double scale,
                       size_t outputs, rwk_mlp_extent e) {
  const size_t units = outputs;
  vec sum = {0};
  FOR_EACH_VECTOR(at) {
    const vec f = load(F + at), y = load(Y + at), small = exp_minus_size(f);
    const vec p = logistic_of(f, small), rest = choose(f < 0, splat(1), small) / (1 + small);
    const vec weight = scale * load(omega + (at - u * e.stride));
    sum += weight * (choose(f < 0, (vec){0}, f) - y * f + vec_log1p(small));
    store(P + at, weight * p * rest);
    store(F + at, weight * ((1 - y) * p - y * rest));
  }
  return total(sum);
}

/* With m the largest output, exp(f - m) is at most 1 and once 1: log sum exp f = m + log1p(the others). */
static double softmax(double *F, double *P, const double *Y, const double *omega, double scale,
                      size_t outputs, rwk_mlp_extent e) {
  vec sum = {0};
  for (size_t r = 0; r < e.rows; r += LANES) {
    vec most = load(F + r), others = {0}, linear = {0};
    for (size_t k = 1; k < outputs; k++) {
      const vec f = load(F + k * e.stride + r);
      most = choose(f > most, f, most);
    }
    vec_mask met = {0};
    for (size_t k = 0; k < outputs; k++) {
      const size_t at = k * e.stride + r;
      const vec gap = load(F + at) - most, power = exp_minus_size(gap);
      const vec_mask first = (gap == 0) & ~met;
      met |= first;
      others += choose(first, (vec){0}, power);
      linear += load(Y + at) * gap;
      store(P + at, power);
    }
    const vec weight = scale * load(omega + r), share = 1 / (1 + others);
    sum += weight * (vec_log1p(others) - linear);
    for (size_t k = 0; k < outputs; k++) {
      const size_t at = k * e.stride + r;
      const vec p = load(P + at) * share;
      store(P + at, p);
      store(F + at, weight * (p - load(Y + at)));
    }
  }
  return total(sum);
}

static void softmax_curve(double *F, const double *P, const double *omega, double scale, size_t outputs,
                          rwk_mlp_extent e) {
  for (size_t r = 0; r < e.rows; r += LANES) {
    vec mean = {0};
    for (size_t k = 0; k < outputs; k++) mean += load(P + k * e.stride + r) * load(F + k * e.stride + r);
    const vec weight = scale * load(omega + r);
    for (size_t k = 0; k < outputs; k++) {
      const size_t at = k * e.stride + r;
      store(F + at, weight * load(P + at) * (load(F + at) - mean));
    }
  }
}

static void multiply(double *z, const double *x, const double *y, double scale, const double *plus,
                     rwk_mlp_extent e) {
  if (plus)
    for (size_t r = 0; r < e.rows; r += LANES)
      store(z + r, scale * load(x + r) * load(y + r) + load(plus + r));
  else
    for (size_t r = 0; r < e.rows; r += LANES) store(z + r, scale * load(x + r) * load(y + r));
}

static void slopes(double *slope, double *ratio, const double *x, rwk_mlp_slope of, size_t units,
                   rwk_mlp_extent e) {
  FOR_EACH_VECTOR(at) {
    const vec a = load(x + at);
    store(slope + at, of.c0 + a * (of.c1 + of.c2 * a));
    store(ratio + at, of.e0 + of.e1 * a);
  }
}

const rwk_mlp_kernel TABLE = {
    .name = NAME,
    .product = product,
    .product_slope = product_slope,
    .product_tangent = product_tangent,
    .product_cotangent = product_cotangent,
    .dots = dots,
    .back = back,
    .back_inputs = BACK_INPUTS,
#ifdef WIDE_SUMS
    .back_wide = back_wide,
    .wide_units = 4 * LANES,
#endif
    .activate = activate,
    .residual = residual,
    .logistic = logistic,
    .softmax = softmax,
    .softmax_curve = softmax_curve,
    .multiply = multiply,
    .slopes = slopes,
};
