/* mlp/kernel_wide.h: part of mlp/kernel_body.h. The way back and its sums as in mlp/kernel_back.h, for layers
 * of more inputs than have accumulators there. What the units hand back is turned, so that a row's numbers of
 * it follow one another: a vector of sums then belongs to several units and need not be added up. It pays
 * where vectors are long. A file that includes this defines before:
 *
 *   WIDE_SUMS        accumulators of a block
 *   turn(to, ld, v)  to[r * ld + u] = v[u][r], r and u < LANES
 */

/* Shared out evenly, four vectors of units and more go in blocks of three at least, and 13 inputs and more in
 * blocks of at most two fewer than there is room for. */
enum {
  WIDE_ROWS = 64,   /* turned at once: they stay in the first-level cache */
  WIDE_VECTORS = 6, /* of units in a block, at most */
  WIDE_INPUTS = 6   /* in a block, at most */
};

/* Units from o on, as many as a vector has, beyond `units` the last of them again; all but the rows of p are
 * from `r` on. `of_unit` receives the sum of the products of a and d, of each unit as a vector. */
ALWAYS void wide_turn(double *to, size_t ld, vec of_unit[LANES], const rwk_mlp_back *p, size_t o, size_t r,
                      size_t rows, size_t stride, const enum back_what what) {
  size_t at[LANES];
  vec w[LANES], v[LANES];
  UNROLL for (size_t u = 0; u < LANES; u++) {
    const size_t unit = o + u < p->units ? o + u : p->units - 1;
    at[u] = unit * stride;
    w[u] = splat(p->w[unit]);
    v[u] = what == BACK_MOVED ? splat(p->v[unit]) : (vec){0};
    of_unit[u] = (vec){0};
  }
  const rwk_mlp_slope slope = p->slope;
  const double *x_at = p->x + r, *a_at = p->a + r, *d_at = p->d + r;
  const double *Ra = what == BACK_MOVED ? p->Ra + r : NULL, *Rd_at = what == BACK_MOVED ? p->Rd + r : NULL;
  double *Z = p->Z && what != BACK_MOVED ? p->Z + r : NULL;
  for (size_t k = 0; k < rows; k += LANES, to += LANES * ld) {
    const vec d = load(d_at + k), d0 = slope.c0 * d, d1 = slope.c1 * d, d2 = slope.c2 * d;
    vec z[LANES];
    UNROLL for (size_t u = 0; u < LANES; u++) {
      const vec x = load(x_at + at[u] + k), a = load(a_at + at[u] + k);
      if (what == BACK_MOVED) {
        const vec Rd = load(Rd_at + k), moved = load(Ra + at[u] + k);
        z[u] = (slope.c0 + x * (slope.c1 + slope.c2 * x)) * (w[u] * Rd + v[u] * d) +
               moved * (slope.e0 + slope.e1 * x) * (w[u] * d);
        of_unit[u] += a * Rd;
        of_unit[u] += moved * d;
      } else {
        z[u] = w[u] * (d0 + x * (d1 + x * d2));
        of_unit[u] += a * d;
      }
    }
    if (Z) {
      UNROLL for (size_t u = 0; u < LANES; u++) store(Z + at[u] + k, z[u]);
    }
    turn(to, ld, z);
  }
}

/* Inputs in a block of so many vectors, at most. */
ALWAYS int wide_inputs(const int vectors) {
  const int most = WIDE_SUMS / vectors;
  return most > WIDE_INPUTS ? WIDE_INPUTS : most;
}

/* C[i * ldc + u] += sum over rows of A[i] and what is turned, i < m, u < units. */
ALWAYS void wide_block(double *C, size_t ldc, const double *A, size_t stride, const double *turned,
                       size_t rows, size_t units, const int m, const int vectors) {
  vec sum[WIDE_INPUTS][WIDE_VECTORS];
  UNROLL for (int i = 0; i < m; i++) {
    UNROLL for (int v = 0; v < vectors; v++) sum[i][v] = (vec){0};
  }
  const double *A3 = A + 3 * stride;
  for (size_t r = 0; r < rows; r++) {
    vec z[WIDE_VECTORS];
    UNROLL for (int v = 0; v < vectors; v++) z[v] = load(turned + v * LANES);
    UNROLL for (int i = 0; i < m; i++) {
      const vec a = splat(i < 3 ? A[(size_t)i * stride] : A3[(size_t)(i - 3) * stride]);
      UNROLL for (int v = 0; v < vectors; v++) sum[i][v] += a * z[v];
    }
    A++;
    A3++;
    turned += vectors * LANES;
  }
  const size_t left = units - (size_t)(vectors - 1) * LANES; /* of the last vector */
  UNROLL for (int i = 0; i < m; i++) {
    double *c = C + (size_t)i * ldc;
    UNROLL for (int v = 0; v + 1 < vectors; v++, c += LANES) store_any(c, load_any(c) + sum[i][v]);
    const vec last = sum[i][vectors - 1];
    if (left == LANES) {
      store_any(c, load_any(c) + last);
    } else {
      double part[LANES] __attribute__((aligned(64)));
      store(part, last);
      for (size_t u = 0; u < left; u++) c[u] += part[u];
    }
  }
}

/* c[u] += sum of the lanes of v[u], u < units. */
ALWAYS void wide_add(double *c, const vec v[LANES], size_t units) {
  double sum[LANES] = {0};
  UNROLL for (int u = 0; u < LANES; u += 4) add4(sum + u, v + u);
  for (size_t u = 0; u < units; u++) c[u] += sum[u];
}

/* Rows [r, r + rows) of so many vectors of units. */
ALWAYS void wide_strip(const rwk_mlp_back *p, size_t o, size_t r, size_t rows, size_t stride,
                       const int vectors, const enum back_what what) {
  double turned[WIDE_ROWS * WIDE_VECTORS * LANES] __attribute__((aligned(64)));
  const size_t most_units = (size_t)vectors * LANES,
               units = p->units - o < most_units ? p->units - o : most_units;
  double *C = p->sums + o;
  const double *A = p->A + r;
  size_t m = p->inputs;
  for (size_t u = 0; u < units; u += LANES) {
    vec of_unit[LANES];
    wide_turn(turned + u, most_units, of_unit, p, o + u, r, rows, stride, what);
    wide_add(C + m * p->units + u, of_unit, units - u < LANES ? units - u : LANES);
  }
  const int most = wide_inputs(vectors);
  for (size_t blocks = (m + (size_t)most - 1) / (size_t)most; blocks > 0; blocks--) {
    const size_t take = (m + blocks - 1) / blocks;
    if (take == (size_t)most)
      wide_block(C, p->units, A, stride, turned, rows, units, most, vectors);
    else if (take + 1 == (size_t)most)
      wide_block(C, p->units, A, stride, turned, rows, units, most - 1, vectors);
    else
      wide_block(C, p->units, A, stride, turned, rows, units, most - 2, vectors);
    C += take * p->units;
    A += take * stride;
    m -= take;
  }
}

ALWAYS void wide_rows(const rwk_mlp_back *p, size_t r, size_t rows, size_t stride,
                      const enum back_what what) {
  size_t vectors = (p->units + LANES - 1) / LANES, o = 0;
  for (size_t strips = (vectors + WIDE_VECTORS - 1) / WIDE_VECTORS; strips > 0; strips--) {
    const size_t take = (vectors + strips - 1) / strips;
    switch (take) {
    case 6:
      wide_strip(p, o, r, rows, stride, 6, what);
      break;
    case 5:
      wide_strip(p, o, r, rows, stride, 5, what);
      break;
    case 4:
      wide_strip(p, o, r, rows, stride, 4, what);
      break;
    default:
      wide_strip(p, o, r, rows, stride, 3, what);
      break;
    }
    o += take * LANES;
    vectors -= take;
  }
}

static void back_wide(const rwk_mlp_back *p, rwk_mlp_extent e) {
  size_t r = 0;
  for (size_t parts = (e.rows + WIDE_ROWS - 1) / WIDE_ROWS; parts > 0; parts--) {
    const size_t rows = (e.rows - r + 8 * parts - 1) / (8 * parts) * 8; /* a multiple of 8 */
    if (p->Ra)
      wide_rows(p, r, rows, e.stride, BACK_MOVED);
    else
      wide_rows(p, r, rows, e.stride, BACK_ANY);
    r += rows;
  }
}
