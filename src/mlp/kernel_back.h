/* mlp/kernel_back.h: part of mlp/kernel_body.h. The way back through a hidden layer whose units have one
 * output behind them, and all sums of the gradient, or of a Hessian-vector product, with it: what a unit
 * hands back is used up where it is made. A file that includes this defines before:
 *
 *   BACK_UNITS   1 or 2: units at a time
 *   BACK_INPUTS  up to 12: inputs of a layer, at most
 *
 * BACK_UNITS * (BACK_INPUTS + 1) accumulators, with the operands, have to fit in the registers.
 */

/* Columns 3 g, 3 g + 1 and 3 g + 2 are reached from pointer g by a multiple of the stride: a pointer for each
 * would be more than there are registers. */
enum { BACK_POINTERS = (BACK_INPUTS + 2) / 3 };

/* Of a gradient, with the slope of tanh or any; of a product. */
enum back_what { BACK_TANH, BACK_ANY, BACK_MOVED };

/* Units o .. o + n - 1, with m inputs. */
ALWAYS void back_block(const rwk_mlp_back *p, size_t o, rwk_mlp_extent e, const int m, const int n,
                       const enum back_what what) {
  vec sum[BACK_UNITS * (BACK_INPUTS + 1) + 3]; /* of unit q: m + 1 from q (m + 1) on */
  UNROLL for (int k = 0; k < n * (m + 1) + 3; k++) sum[k] = (vec){0};
  const rwk_mlp_slope slope = p->slope;
  const size_t stride = e.stride;
  const double *A[BACK_POINTERS], *a = p->a + o * stride, *x = p->x + o * stride, *d_at = p->d;
  const double *Ra = what == BACK_MOVED ? p->Ra + o * stride : NULL, *Rd_at = p->Rd;
  double *Z = p->Z ? p->Z + o * stride : NULL;
  UNROLL for (int g = 0; 3 * g < m; g++) A[g] = p->A + (size_t)(3 * g) * stride;
  for (size_t left = e.rows; left > 0; left -= LANES) {
    const vec d = load(d_at);
    vec z[BACK_UNITS];
    UNROLL for (int q = 0; q < n; q++) {
      const vec at = load(x + (size_t)q * stride);
      if (what == BACK_MOVED) {
        const vec Rd = load(Rd_at), moved = load(Ra + (size_t)q * stride);
        const vec w = splat(p->w[o + (size_t)q]), v = splat(p->v[o + (size_t)q]);
        const vec turned = moved * (slope.e0 + slope.e1 * at);
        z[q] = (slope.c0 + at * (slope.c1 + slope.c2 * at)) * (w * Rd + v * d) + turned * (w * d);
        sum[q * (m + 1) + m] += load(a + (size_t)q * stride) * Rd;
        sum[q * (m + 1) + m] += moved * d;
      } else if (what == BACK_TANH) { /* d (1 - a^2): one factor more is there already */
        vec ad = at * d;
        z[q] = d - at * ad;
        APART(ad);
        sum[q * (m + 1) + m] += ad;
      } else {
        z[q] = (slope.c0 + at * (slope.c1 + slope.c2 * at)) * d;
        sum[q * (m + 1) + m] += load(a + (size_t)q * stride) * d;
      }
    }
    if (Z && what != BACK_MOVED) {
      UNROLL for (int q = 0; q < n; q++) store(Z + (size_t)q * stride, p->w[o + (size_t)q] * z[q]);
      Z += LANES;
    }
    UNROLL for (int i = 0; i < m; i++) {
      const vec in = load(A[i / 3] + (size_t)(i % 3) * stride);
      UNROLL for (int q = 0; q < n; q++) sum[q * (m + 1) + i] += in * z[q];
    }
    UNROLL for (int g = 0; 3 * g < m; g++) {
      A[g] += LANES;
      KEEP_IN_REGISTER(A[g]);
    }
    if (what == BACK_MOVED) {
      Ra += LANES, Rd_at += LANES;
      KEEP_IN_REGISTER(Ra);
    }
    d_at += LANES, a += LANES, x += LANES;
    KEEP_IN_REGISTER(a);
    KEEP_IN_REGISTER(x);
  }
  double *to = p->sums + o * (size_t)(m + 1);
  UNROLL for (int k = 0; k < n * (m + 1); k += 4) {
    if (k + 4 <= n * (m + 1)) {
      add4(to + k, sum + k);
    } else {
      double four[4] = {0};
      add4(four, sum + k);
      for (int c = 0; k + c < n * (m + 1); c++) to[k + c] += four[c];
    }
  }
}

ALWAYS void back_all(const rwk_mlp_back *p, rwk_mlp_extent e, const int m, const enum back_what what) {
  size_t o = 0;
  for (; o + BACK_UNITS <= p->units; o += BACK_UNITS) back_block(p, o, e, m, BACK_UNITS, what);
  for (; o < p->units; o++) back_block(p, o, e, m, 1, what);
}

static void back(const rwk_mlp_back *p, rwk_mlp_extent e) {
  const int tanh = p->slope.c0 == 1 && p->slope.c2 == -1;
#define CASE(m)                                                                                              \
  case m:                                                                                                    \
    if (m > BACK_INPUTS) break;                                                                              \
    if (p->Ra)                                                                                               \
      back_all(p, e, m, BACK_MOVED);                                                                         \
    else if (tanh)                                                                                           \
      back_all(p, e, m, BACK_TANH);                                                                          \
    else                                                                                                     \
      back_all(p, e, m, BACK_ANY);                                                                           \
    break;
  switch (p->inputs) {
    CASE(1)
    CASE(2)
    CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) default : break;
  }
#undef CASE
}
