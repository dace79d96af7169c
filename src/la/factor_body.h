/* la/factor_body.h: Cholesky's factor by rows, over the vectors of base/vector.h. A file that includes this
 * defines NAME of the table, as text; TABLE its symbol; and
 *
 *   ROWS   rows of a block: the accumulators ROWS x STRIP vectors, a row of STRIP and one number have to
 *          fit in the registers, and LANES divides ROWS
 *
 * The first block takes the rows that are left over, so that behind it all rows are of whole vectors.
 */

enum { STRIP = 3, WIDE = STRIP * LANES }; /* vectors, and columns */

/* Where the places of a panel's rows, and of those that it is taken from, are read. */
ALWAYS const double *source(const rwk_factor *f, size_t i, size_t j) {
  return f->from == 0 ? f->A + i * f->lda + j : f->R + i * f->ldr + j;
}
ALWAYS size_t source_stride(const rwk_factor *f) {
  return f->from == 0 ? f->lda : f->ldr;
}

/* c[ROWS x vectors] of the place (i, j) -= sum over the panel's rows p < to of R(p, i..) R(p, j..) */
ALWAYS void take_away(vec c[ROWS][STRIP], const rwk_factor *f, size_t to, size_t i, size_t j,
                      const int vectors) {
  const size_t ldr = f->ldr;
  const double *left = f->R + f->from * ldr + i, *right = f->R + f->from * ldr + j;
  for (size_t p = f->from; p < to; p++) {
    vec x[STRIP];
    UNROLL for (int v = 0; v < vectors; v++) x[v] = load_any(right + v * LANES);
    UNROLL for (int q = 0; q < ROWS; q++) {
      const vec s = splat(left[q]);
      UNROLL for (int v = 0; v < vectors; v++) c[q][v] -= s * x[v];
    }
    left += ldr;
    right += ldr;
  }
}

/* The places (i.., j..) less what the panel's rows before `to` say; and, with a corner, as rows of R. */
ALWAYS void strip(const rwk_factor *f, size_t to, size_t i, size_t j, const int vectors,
                  const rwk_factor_corner *own) {
  vec c[ROWS][STRIP];
  const double *from = source(f, i, j);
  const size_t stride = source_stride(f);
  double *C = f->R + i * f->ldr + j;
  UNROLL for (int q = 0; q < ROWS; q++) UNROLL for (int v = 0; v < vectors; v++) c[q][v] =
      load_any(from + (size_t)q * stride + v * LANES);
  take_away(c, f, to, i, j, vectors);
  if (own) {
    UNROLL for (int q = 0; q < ROWS; q++) {
      UNROLL for (int p = 0; p < q; p++) {
        const vec s = splat(own->below[q][p]);
        UNROLL for (int v = 0; v < vectors; v++) c[q][v] -= s * c[p][v];
      }
      UNROLL for (int v = 0; v < vectors; v++) c[q][v] *= splat(own->inverse[q]);
    }
  }
  UNROLL for (int q = 0; q < ROWS; q++) UNROLL for (int v = 0; v < vectors; v++)
      store_any(C + (size_t)q * f->ldr + v * LANES, c[q][v]);
}

static void strip_of(const rwk_factor *f, size_t to, size_t i, size_t j, size_t vectors,
                     const rwk_factor_corner *own) {
  if (vectors == 3)
    strip(f, to, i, j, 3, own);
  else if (vectors == 2)
    strip(f, to, i, j, 2, own);
  else if (vectors == 1)
    strip(f, to, i, j, 1, own);
}

/* As strip, of the upper triangle of a block on the diagonal. */
static void triangle(const rwk_factor *f, size_t to, size_t i) {
  enum { ACROSS = ROWS / LANES };
  double D[ROWS][ROWS] __attribute__((aligned(64))) = {{0}};
  const double *from = source(f, i, i);
  for (size_t q = 0; q < ROWS; q++) {
    memcpy(D[q] + q, from + q * source_stride(f) + q, (ROWS - q) * sizeof D[q][q]);
    if (f->from == 0) D[q][q] += f->shift;
  }
  vec c[ROWS][STRIP];
  UNROLL for (int q = 0; q < ROWS; q++) UNROLL for (int v = 0; v < ACROSS; v++) c[q][v] =
      load(D[q] + v * LANES);
  take_away(c, f, to, i, i, ACROSS);
  UNROLL for (int q = 0; q < ROWS; q++) UNROLL for (int v = 0; v < ACROSS; v++)
      store(D[q] + v * LANES, c[q][v]);
  double *C = f->R + i * f->ldr + i;
  for (size_t q = 0; q < ROWS; q++) memcpy(C + q * f->ldr + q, D[q] + q, (ROWS - q) * sizeof D[q][q]);
}

/* Factorises a corner of `rows` rows in place. */
static size_t factor_corner(rwk_factor_corner *own, double *C, size_t ldr, size_t rows) {
  for (size_t q = 0; q < rows; q++) {
    double pivot = C[q * ldr + q];
    for (size_t p = 0; p < q; p++) pivot -= own->below[q][p] * own->below[q][p];
    if (!(pivot > 0)) return q + 1;
    pivot = sqrt(pivot);
    own->inverse[q] = 1 / pivot;
    C[q * ldr + q] = pivot;
    for (size_t j = q + 1; j < rows; j++) {
      double sum = C[q * ldr + j];
      for (size_t p = 0; p < q; p++) sum -= own->below[q][p] * own->below[j][p];
      own->below[j][q] = C[q * ldr + j] = sum * own->inverse[q];
    }
  }
  return 0;
}

/* Rows that are left over, with nothing above them: their corner, and columns [j, end). */
static size_t first_corner(rwk_factor *f, size_t rows) {
  for (size_t q = 0; q < rows; q++) {
    memcpy(f->R + q * f->ldr + q, f->A + q * f->lda + q, (rows - q) * sizeof *f->R);
    f->R[q * f->ldr + q] += f->shift;
  }
  return factor_corner(&f->corner[0], f->R, f->ldr, rows);
}

static void first_rows(const rwk_factor *f, size_t rows, size_t j, size_t end) {
  const rwk_factor_corner *own = &f->corner[0];
  for (; j < end; j += LANES)
    for (size_t q = 0; q < rows; q++) {
      vec c = load_any(f->A + q * f->lda + j);
      for (size_t p = 0; p < q; p++) c -= splat(own->below[q][p]) * load_any(f->R + p * f->ldr + j);
      store_any(f->R + q * f->ldr + j, c * splat(own->inverse[q]));
    }
}

/* Rows of the panel that are left over: of the first. */
static size_t left_over(const rwk_factor *f) {
  return f->from == 0 ? f->n % ROWS : 0;
}

static size_t diagonal(rwk_factor *f) {
  const size_t left = left_over(f), to = f->to;
  rwk_factor_corner *own = f->corner;
  if (left > 0) {
    const size_t pivot = first_corner(f, left);
    if (pivot) return pivot;
    first_rows(f, left, left, to);
    own++;
  }
  for (size_t i = f->from + left; i < to; i += ROWS, own++) {
    triangle(f, i, i);
    const size_t pivot = factor_corner(own, f->R + i * f->ldr + i, f->ldr, ROWS);
    if (pivot) return i + pivot;
    for (size_t j = i + ROWS; j < to; j += WIDE)
      strip_of(f, i, i, j, to - j < WIDE ? (to - j) / LANES : STRIP, own);
  }
  return 0;
}

static void right(const rwk_factor *f, size_t column) {
  const size_t left = left_over(f);
  const rwk_factor_corner *own = f->corner;
  if (left > 0) {
    first_rows(f, left, column, column + WIDE);
    own++;
  }
  for (size_t i = f->from + left; i < f->to; i += ROWS, own++) strip_of(f, i, i, column, STRIP, own);
}

/* The strip stays in the nearest cache while all rows pass. */
static void rest(const rwk_factor *f, size_t column) {
  const size_t end = column + WIDE;
  for (size_t i = f->to; i < end; i += ROWS) {
    if (i >= column) triangle(f, f->to, i);
    const size_t first = i + ROWS > column ? i + ROWS : column;
    if (first < end) strip_of(f, f->to, i, first, (end - first) / LANES, NULL);
  }
}

/* R^-T x, a block of rows after the other: y of its own rows, then their part in all that follow. */
static void forward(double *x, const double *R, size_t ldr, size_t n) {
  const size_t left = n % ROWS;
  for (size_t i = 0; i < left; i++) {
    const double *row = R + i * ldr, y = x[i] /= row[i];
    for (size_t j = i + 1; j < n; j++) x[j] -= row[j] * y;
  }
  for (size_t i = left; i < n; i += ROWS) {
    const double *row = R + i * ldr;
    double *y = x + i;
    UNROLL for (size_t q = 0; q < ROWS; q++) {
      y[q] /= row[q * ldr + i + q];
      UNROLL for (size_t p = q + 1; p < ROWS; p++) y[p] -= row[q * ldr + i + p] * y[q];
    }
    vec s[ROWS];
    UNROLL for (int q = 0; q < ROWS; q++) s[q] = splat(y[q]);
    for (size_t j = i + ROWS; j < n; j += LANES) {
      vec sum = load_any(x + j), other = {0};
      UNROLL for (int q = 0; q < ROWS; q += 2) {
        sum -= s[q] * load_any(row + (size_t)q * ldr + j);
        other -= s[q + 1] * load_any(row + ((size_t)q + 1) * ldr + j);
      }
      store_any(x + j, sum + other);
    }
  }
}

/* R^-1 x, from the last block of rows up: the part of all that follow is taken away, then y of its own. */
static void backward(double *x, const double *R, size_t ldr, size_t n) {
  const size_t left = n % ROWS;
  for (size_t i = n; i > left;) {
    i -= ROWS;
    const double *row = R + i * ldr;
    double *y = x + i;
    vec sum[ROWS] = {{0}};
    for (size_t j = i + ROWS; j < n; j += LANES) {
      const vec v = load_any(x + j);
      UNROLL for (int q = 0; q < ROWS; q++) sum[q] += v * load_any(row + (size_t)q * ldr + j);
    }
    UNROLL for (size_t q = 0; q < ROWS; q++) y[q] -= total(sum[q]);
    UNROLL for (size_t q = ROWS; q-- > 0;) {
      y[q] /= row[q * ldr + i + q];
      UNROLL for (size_t p = 0; p < q; p++) y[p] -= row[p * ldr + i + q] * y[q];
    }
  }
  for (size_t i = left; i-- > 0;) {
    const double *row = R + i * ldr;
    double sum = x[i];
    for (size_t j = i + 1; j < n; j++) sum -= row[j] * x[j];
    x[i] = sum / row[i];
  }
}

const rwk_factor_kernel TABLE = {.name = NAME,
                                 .wide = WIDE,
                                 .diagonal = diagonal,
                                 .right = right,
                                 .rest = rest,
                                 .forward = forward,
                                 .backward = backward};
