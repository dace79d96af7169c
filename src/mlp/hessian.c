/* The dense Hessian, by the R-operator at single units instead of single weights.
 *
 * A weight W_l(i,j) acts on the loss through z_lj alone, and moves it by a_i, the input i of layer l. So with
 * R{.} the derivative when z_lj of a row moves by 1,
 *
 *   d2L / dW_l(i,j) dW_m(i',j') = sum over rows of a_i R{a_i' d_mj'} = sum of a_i (a_i' R{d_mj'} + R{a_i'}
 * d_mj'),   m >= l
 *
 * with a_i' the input i' of layer m: as many passes as there are units, and the sums are matrix products of
 * the inputs with columns that a pass gives. Within a layer (m = l) the inputs do not move, R{d_lj'} is
 * symmetric in j and j', and the sums are those of the products a_i a_i' with R{d_lj'}: a quarter of the
 * entries. The last layer is linear: its block is the same for each output with mse, and one for each pair of
 * outputs with a cross-entropy.
 *
 * What is summed over the rows is put where no other sum goes, and spread out at the end.
 */
#include <string.h>
#include "la/dense.h"
#include "mlp/network.h"

/* The assembly works on a slab of several tiles: a dot product over few rows spends its time on adding up its
 * vector. */
typedef struct plan {
  size_t tiles;          /* of a slab */
  rwk_mlp_extent extent; /* of a slab */
  size_t widest;         /* most units, or inputs with the 1, of a layer */
  size_t columns;        /* for products of inputs, and for those with R{d}; at least `widest` each */
  size_t own;            /* columns that a thread needs for itself */
} plan;

static const size_t cache = (size_t)256 << 10; /* bytes, of the second level or half of it */

/* Rows of a slab: few enough that what a block of dot products reads, ten columns, stays in the nearest
 * cache, and that all products of a layer's inputs fit into one group, as every group makes R{d} anew; but
 * not so few that most of the time goes into adding up vectors. */
static size_t slab_rows(const rwk_mlp *m, size_t widest) {
  const size_t most = 320, least = 128, few = 32, room = cache / sizeof(double);
  size_t pairs = 0;
  for (size_t l = 0; l + 1 < m->depth; l++) {
    const size_t rows = rwk_mlp_layer_rows(&m->layers[l]), own = rows * (rows + 1) / 2;
    if (own > pairs) pairs = own;
  }
  size_t rows = room / (widest > few ? widest : few);
  if (pairs > 0 && rows > room / pairs) rows = room / pairs > least ? room / pairs : least;
  return rows > most ? most : rows;
}

static plan make_plan(const rwk_mlp *m) {
  plan p = {.widest = 1};
  for (size_t l = 0; l < m->depth; l++) {
    const rwk_mlp_layer *layer = &m->layers[l];
    if (layer->inputs + 1 > p.widest) p.widest = layer->inputs + 1;
    if (layer->outputs > p.widest) p.widest = layer->outputs;
  }
  size_t rows = slab_rows(m, p.widest);
  p.tiles = rows / m->extent.rows;
  p.tiles = p.tiles < 1 ? 1 : p.tiles > m->tiles ? m->tiles : p.tiles;
  rows = p.tiles * m->extent.rows;
  p.extent = (rwk_mlp_extent){.rows = rows, .stride = rows / 8 % 2 ? rows : rows + 8};
  p.columns = cache / sizeof(double) / p.extent.stride;
  if (p.columns < p.widest) p.columns = p.widest;
  const size_t tile_columns = m->tile_size / m->extent.stride, sums = p.columns * p.widest;
  p.own = tile_columns + p.columns + (sums + p.extent.stride - 1) / p.extent.stride;
  return p;
}

/* Doubles in work->curvature. */
static size_t scratch(const rwk_mlp *m, int threads) {
  const plan p = make_plan(m);
  const size_t tile_columns = m->tile_size / m->extent.stride;
  return (m->inputs + 2 + tile_columns + 4 * p.widest + p.columns + (size_t)threads * p.own) *
         p.extent.stride;
}

double rwk_mlp_hessian_cost(void *self) {
  const rwk_mlp *m = self;
  const double evaluation = rwk_mlp_row_operations(m);
  double behind = 0, sums = 0;
  for (size_t l = m->depth; l-- > 0;) {
    const rwk_mlp_layer *layer = &m->layers[l];
    const double rows = (double)rwk_mlp_layer_rows(layer), units = (double)layer->outputs;
    if (l + 1 == m->depth) {
      const double blocks = m->loss == RWK_LOSS_MSE        ? 1
                            : m->loss == RWK_LOSS_LOGISTIC ? units
                                                           : 0.5 * units * (units + 1);
      sums += blocks * rows * (rows + 6);
    } else { /* within the layer; with those behind it; a pass for each unit */
      sums += 0.5 * rows * (rows + 1) * units * (units + 4) + 2 * (rows + 2) * units * behind +
              4 * units * behind;
    }
    behind += rows * units;
  }
  return (evaluation + sums) / evaluation;
}

/* A Hessian in the making, and the slab at hand. */
typedef struct assembly {
  const rwk_mlp *m;
  const double *w;
  double *H;
  size_t ldh;
  plan plan;
  rwk_mlp_extent e;      /* of this slab: the last may have fewer rows */
  double *X, *g;         /* table, and omega times m->curvature */
  double *at;            /* activations and dZ, laid out as in a tile */
  double *slope, *ratio; /* [widest]: phi' and phi''/phi' of the units of a layer */
  double *turned;        /* [widest]: phi' of the units before the only output, times their weights there */
  double *weighted;      /* [widest]: g a of the last layer */
  double *products;      /* [columns]: a_i a_i' of a group of i */
  rwk_team *team;
  double *own;   /* [threads]: of each thread, one after the other, the next three */
  double *R;     /* R{.} of activations and dZ, laid out as in a tile */
  double *moved; /* [columns]: R{a_i' d_j'} */
  double *sums;  /* [columns x widest]: of the products of inputs with R{d_j'} */
} assembly;

static double *column(const assembly *a, double *block, size_t index) {
  return block + index * a->e.stride;
}

/* A place in a tile's buffer is one in the slab's: the columns are the same. */
static double *place(const assembly *a, double *buffer, size_t at) {
  return column(a, buffer, at / a->m->extent.stride);
}
static double *input_of(const assembly *a, size_t l) {
  return l == 0 ? a->X : place(a, a->at, a->m->A_at[l - 1]);
}
static double *dZ_of(const assembly *a, double *buffer, size_t l) {
  return place(a, buffer, a->m->dZ_at[l]);
}

static void gather(const assembly *a, double *block, const double *from, size_t columns, size_t row) {
  const rwk_mlp_extent e = a->m->extent;
  for (size_t u = 0; u < columns; u++)
    memcpy(column(a, block, u) + row, from + u * e.stride, e.rows * sizeof *from);
}

static void load_slab(assembly *a, rwk_mlp_work *s, size_t first, size_t tiles) {
  const rwk_mlp *m = a->m;
  a->e.rows = tiles * m->extent.rows;
  for (size_t t = 0; t < tiles; t++) {
    const size_t row = t * m->extent.rows;
    gather(a, a->X, rwk_mlp_X(m, first + t), m->inputs + 1, row);
    gather(a, a->g, rwk_mlp_omega(m, first + t), 1, row);
    gather(a, a->at, rwk_mlp_tile_at(s, first + t), m->tile_size / m->extent.stride, row);
  }
  for (size_t r = 0; r < a->e.rows; r++) a->g[r] *= m->curvature;
}

/* Sum of g a a' for the last layer, at the corner of its block; in strips, so that little above the diagonal
 * is computed. */
static void add_last(const assembly *a) {
  enum { STRIP = 12 };
  const rwk_mlp_kernel *k = a->m->kernel;
  const rwk_mlp_layer *last = &a->m->layers[a->m->depth - 1];
  const size_t rows = rwk_mlp_layer_rows(last);
  double *A = input_of(a, a->m->depth - 1), *corner = a->H + last->W * a->ldh + last->W;
  for (size_t i = 0; i < rows; i++)
    k->multiply(column(a, a->weighted, i), column(a, A, i), a->g, 1, NULL, a->e);
  for (size_t i = 0; i < rows; i += STRIP) {
    const size_t take = rows - i < STRIP ? rows - i : STRIP;
    k->dots(corner + i * a->ldh, a->ldh, column(a, a->weighted, i), take, A, i + take, a->e);
  }
}

static assembly of_thread(const assembly *a, size_t thread) {
  const size_t tile_columns = a->m->tile_size / a->m->extent.stride;
  assembly mine = *a;
  mine.R = column(a, a->own, thread * a->plan.own);
  mine.moved = column(a, mine.R, tile_columns);
  mine.sums = column(a, mine.moved, a->plan.columns);
  return mine;
}

/* d2L / df_k df_other of each row into h: 1 where it is not 0 throughout. */
static int curvature_of(const assembly *a, double *h, size_t k, size_t other) {
  const rwk_mlp *m = a->m;
  const double *P = place(a, a->at, m->p_at), *p = P + k * a->e.stride, *q = P + other * a->e.stride;
  if (m->loss == RWK_LOSS_LOGISTIC) {
    if (k == other) memcpy(h, p, a->e.rows * sizeof *h);
    return k == other;
  }
  for (size_t r = 0; r < a->e.rows; r++) h[r] = a->g[r] * p[r] * ((k == other) - q[r]);
  return 1;
}

/* The last layer's block where outputs differ, or meet: sums of h_kl a a' for each pair of outputs. */
static void add_last_pairs(const assembly *a) {
  const rwk_mlp_kernel *kernel = a->m->kernel;
  const rwk_mlp_layer *last = rwk_mlp_last(a->m);
  const size_t rows = rwk_mlp_layer_rows(last), n = last->outputs, ldh = a->ldh;
  double *A = input_of(a, a->m->depth - 1), *h = a->slope, *sums = of_thread(a, 0).sums;
  for (size_t k = 0; k < n; k++)
    for (size_t other = 0; other <= k; other++) {
      if (!curvature_of(a, h, k, other)) continue;
      for (size_t i = 0; i < rows; i++)
        kernel->multiply(column(a, a->weighted, i), column(a, A, i), h, 1, NULL, a->e);
      memset(sums, 0, rows * rows * sizeof *sums);
      kernel->dots(sums, rows, a->weighted, rows, A, rows, a->e);
      for (size_t i = 0; i < rows; i++) { /* below the diagonal, as row (i,k) and as row (i,other) */
        double *row_k = a->H + (last->W + i * n + k) * ldh + last->W + other,
               *row_other = a->H + (last->W + i * n + other) * ldh + last->W + k;
        for (size_t j = 0; j <= i; j++) row_k[j * n] += sums[i * rows + j];
        for (size_t j = 0; j < i && k != other; j++) row_other[j * n] += sums[i * rows + j];
      }
    }
}

/* Units j' of which R{d_lj'} is wanted for unit j: to the diagonal, and to a full block of the dot products.
 */
static size_t partners(size_t j, size_t units) {
  enum { FULL = 4 };
  const size_t wanted = j / FULL * FULL + FULL;
  return wanted < units ? wanted : units;
}

/* Is layer l followed by one output and nothing else? Then its columns of R{d} are multiples of phi' w. */
static int before_only_output(const rwk_mlp *m, size_t l) {
  return l + 2 == m->depth && m->layers[l + 1].outputs == 1;
}

/* R{a} and R{d} of the layers behind l, and R{d_lj'} of the partners, when z_lj moves by 1. */
static void move_unit(const assembly *a, size_t l, size_t j) {
  const rwk_mlp *m = a->m;
  const rwk_mlp_kernel *kernel = m->kernel;
  for (size_t b = l + 1; b < m->depth; b++) {
    const rwk_mlp_layer *layer = &m->layers[b];
    const int hidden = b + 1 < m->depth;
    rwk_mlp_product p = {
        .Z = hidden ? place(a, a->R, m->A_at[b]) : dZ_of(a, a->R, b), .outputs = layer->outputs, .terms = 1};
    if (b == l + 1)
      p.term[0] =
          (rwk_mlp_term){column(a, a->slope, j), a->w + layer->W + j * layer->outputs, 1, layer->outputs, 1};
    else
      p.term[0] =
          (rwk_mlp_term){place(a, a->R, m->A_at[b - 1]), a->w + layer->W, layer->inputs, layer->outputs, 1};
    if (hidden) {
      p.slope = m->slope;
      p.x = place(a, a->at, m->x_at[b]);
      p.dZ = dZ_of(a, a->at, b);
      p.U = dZ_of(a, a->R, b);
      kernel->product_tangent(&p, a->e);
    } else {
      kernel->product(&p, a->e);
      rwk_mlp_curve(m, p.Z, place(a, a->at, m->p_at), a->g, 1, a->e);
    }
  }
  for (size_t b = m->depth - 1; b > l; b--) {
    const rwk_mlp_layer *layer = &m->layers[b];
    const size_t wanted = b - 1 == l ? partners(j, layer->inputs) : layer->inputs;
    if (before_only_output(m, l)) {
      for (size_t k = 0; k < wanted; k++)
        kernel->multiply(column(a, dZ_of(a, a->R, l), k), column(a, a->turned, k), dZ_of(a, a->R, b), 1, NULL,
                         a->e);
      break;
    }
    const rwk_mlp_product p = {
        .Z = dZ_of(a, a->R, b - 1),
        .outputs = wanted,
        .term = {{dZ_of(a, a->R, b), a->w + layer->W, layer->outputs, 1, layer->outputs}},
        .terms = 1,
        .slope = m->slope,
        .x = place(a, a->at, m->x_at[b - 1])};
    if (b - 1 == l)
      kernel->product_slope(&p, a->e); /* of layer l itself only z_lj moves: phi''_j below */
    else
      kernel->product_cotangent(&p, a->e);
  }
  double *own = column(a, dZ_of(a, a->R, l), j);
  kernel->multiply(own, column(a, a->ratio, j), column(a, dZ_of(a, a->at, l), j), 1, own, a->e);
}

/* W_l(.,j) with W_b of a layer further behind: columns R{a_i' d_j'} in groups of i'. The rows of H from
 * W_l(0,j) on are `units` apart. */
static void add_far(const assembly *a, size_t l, size_t j, size_t b) {
  const rwk_mlp *m = a->m;
  const rwk_mlp_kernel *k = m->kernel;
  const rwk_mlp_layer *own = &m->layers[l], *layer = &m->layers[b];
  const size_t rows = rwk_mlp_layer_rows(layer), units = layer->outputs, group = a->plan.columns / units;
  double *in = input_of(a, b), *Ra = place(a, a->R, m->A_at[b - 1]), *d = dZ_of(a, a->at, b),
         *Rd = dZ_of(a, a->R, b);
  for (size_t first = 0; first < rows; first += group) {
    const size_t end = rows - first < group ? rows : first + group;
    double *out = a->moved;
    for (size_t i = first; i < end; i++)
      for (size_t o = 0; o < units; o++) {
        const int moves = i < layer->inputs; /* the 1 does not */
        if (moves) k->multiply(out, column(a, Ra, i), column(a, d, o), 1, NULL, a->e);
        k->multiply(out, column(a, in, i), column(a, Rd, o), 1, moves ? out : NULL, a->e);
        out = column(a, out, 1);
      }
    k->dots(a->H + (own->W + j) * a->ldh + layer->W + first * units, own->outputs * a->ldh, input_of(a, l),
            rwk_mlp_layer_rows(own), a->moved, (end - first) * units, a->e);
  }
}

/* W_l(.,j) with W of the next layer, of whose inputs only a_j moves. Columns a_i R{d_k}, in groups of i, meet
 * the inputs a_i'. */
static void add_next(const assembly *a, size_t l, size_t j) {
  const rwk_mlp *m = a->m;
  const rwk_mlp_kernel *k = m->kernel;
  const rwk_mlp_layer *own = &m->layers[l], *next = &m->layers[l + 1];
  const size_t rows = rwk_mlp_layer_rows(own), units = next->outputs, group = a->plan.columns / units;
  double *in = input_of(a, l), *next_in = input_of(a, l + 1), *d = dZ_of(a, a->at, l + 1),
         *Rd = dZ_of(a, a->R, l + 1);
  double *C = a->H + (own->W + j) * a->ldh + next->W;
  const size_t ldc = own->outputs * a->ldh; /* from W_l(i,j) to W_l(i+1,j) */
  for (size_t o = 0; o < units; o++)
    k->multiply(column(a, a->moved, o), column(a, a->slope, j), column(a, d, o), 1, NULL, a->e);
  k->dots(C + j * units, ldc, in, rows, a->moved, units, a->e);
  for (size_t first = 0; first < rows; first += group) {
    const size_t end = rows - first < group ? rows : first + group;
    double *out = a->moved;
    for (size_t i = first; i < end; i++)
      for (size_t o = 0; o < units; o++) {
        k->multiply(out, column(a, in, i), column(a, Rd, o), 1, NULL, a->e);
        out = column(a, out, 1);
      }
    if (units == 1)
      k->dots(C + first * ldc, ldc, a->moved, end - first, next_in, rwk_mlp_layer_rows(next), a->e);
    else
      for (size_t i = first; i < end; i++)
        k->dots(C + i * ldc, units, next_in, rwk_mlp_layer_rows(next),
                column(a, a->moved, (i - first) * units), units, a->e);
  }
}

/* What z_lj has to do with all the layers behind, and, of inputs [first, end), within its own. */
static void add_unit(const assembly *a, size_t l, size_t j, size_t first, size_t end) {
  const rwk_mlp_layer *layer = &a->m->layers[l];
  const size_t units = layer->outputs;
  move_unit(a, l, j);
  if (first == 0) {
    add_next(a, l, j);
    for (size_t b = l + 2; b < a->m->depth; b++) add_far(a, l, j, b);
  }
  /* All pairs of inputs in one call: taken by rows of H, most of its blocks would not be full. */
  const size_t with = partners(j, units), pairs = (first + end + 1) * (end - first) / 2;
  memset(a->sums, 0, pairs * with * sizeof *a->sums);
  a->m->kernel->dots(a->sums, with, a->products, pairs, dZ_of(a, a->R, l), with, a->e);
  const double *sum = a->sums;
  for (size_t i = first; i < end; i++) /* W(i,j) with W(i',j'), i' <= i: in the row of W(i,j) */
    for (size_t other = 0; other <= i; other++, sum += with) {
      double *to = a->H + (layer->W + i * units + j) * a->ldh + layer->W + other * units;
      for (size_t k = 0; k < with; k++) to[k] += sum[k];
    }
}

static void turn(const assembly *a, const rwk_mlp_layer *last) {
  for (size_t j = 0; j < last->inputs; j++) {
    const double v = a->w[last->W + j], *slope = column(a, a->slope, j);
    double *to = column(a, a->turned, j);
    for (size_t r = 0; r < a->e.rows; r++) to[r] = v * slope[r];
  }
}

typedef struct slab_of_units {
  const assembly *a;
  size_t layer, first, end;
} slab_of_units;

static void add_one_unit(size_t unit, size_t member, void *payload) {
  const slab_of_units *slab = payload;
  const assembly mine = of_thread(slab->a, member);
  add_unit(&mine, slab->layer, unit, slab->first, slab->end);
}

/* The rows of H of layer l: inputs are taken in groups, so that the products of their pairs stay in cache
 * while all units pass. Units write to rows of their own, whoever adds them. */
static void add_hidden(const assembly *a, size_t l) {
  const rwk_mlp *m = a->m;
  const rwk_mlp_kernel *k = m->kernel;
  const rwk_mlp_layer *layer = &m->layers[l];
  const size_t rows = rwk_mlp_layer_rows(layer), units = layer->outputs;
  double *in = input_of(a, l);
  k->slopes(a->slope, a->ratio, place(a, a->at, m->x_at[l]), m->slope, units, a->e);
  if (before_only_output(m, l)) turn(a, &m->layers[l + 1]);
  for (size_t first = 0, end; first < rows; first = end) {
    double *out = a->products;
    size_t columns = 0;
    for (end = first; end < rows && (end == first || columns + end + 1 <= a->plan.columns); end++) {
      for (size_t i = 0; i <= end; i++)
        k->multiply(column(a, out, i), column(a, in, end), column(a, in, i), 1, NULL, a->e);
      out = column(a, out, end + 1);
      columns += end + 1;
    }
    slab_of_units slab = {.a = a, .layer = l, .first = first, .end = end};
    rwk_team_run(a->team, units, add_one_unit, &slab);
  }
}

/* Within a hidden layer: (i,j) with (i',j') is (i,j') with (i',j). */
static void spread_hidden(const assembly *a, const rwk_mlp_layer *layer) {
  const size_t u = layer->outputs, rows = rwk_mlp_layer_rows(layer), ldh = a->ldh;
  double *block = a->H + layer->W * ldh + layer->W;
  for (size_t i = 0; i < rows; i++)
    for (size_t other = 0; other <= i; other++)
      for (size_t j = 0; j < u; j++)
        for (size_t l = 0; l < j; l++)
          block[(i * u + l) * ldh + other * u + j] = block[(i * u + j) * ldh + other * u + l];
}

/* Row (i,k) of the last layer's block takes the sums of row i, for output k; from the last on, so that no row
 * is overwritten before it is read. */
static void spread_last(const assembly *a) {
  const rwk_mlp_layer *last = &a->m->layers[a->m->depth - 1];
  const size_t n = last->outputs;
  if (n == 1 || a->m->loss != RWK_LOSS_MSE) return;
  double *corner = a->H + last->W * a->ldh + last->W;
  const double first = corner[0];
  for (size_t row = rwk_mlp_layer_rows(last) * n; row-- > 0;) {
    const size_t i = row / n, k = row % n;
    double *to = corner + row * a->ldh;
    const double *from = corner + i * a->ldh;
    memset(to, 0, (row + 1) * sizeof *to);
    for (size_t other = 1; other <= i; other++) to[other * n + k] = from[other];
    to[k] = i == 0 ? first : from[0];
  }
}

/* The block of layers b, l below the diagonal from that of l, b above. */
static void transpose(const assembly *a, const rwk_mlp_layer *l, const rwk_mlp_layer *b) {
  enum { BLOCK = 16 };
  const size_t rows = rwk_mlp_layer_rows(l) * l->outputs, columns = rwk_mlp_layer_rows(b) * b->outputs,
               ldh = a->ldh;
  const double *from = a->H + l->W * ldh + b->W;
  double *to = a->H + b->W * ldh + l->W;
  for (size_t i0 = 0; i0 < rows; i0 += BLOCK)
    for (size_t j0 = 0; j0 < columns; j0 += BLOCK)
      for (size_t i = i0; i < rows && i < i0 + BLOCK; i++)
        for (size_t j = j0; j < columns && j < j0 + BLOCK; j++) to[j * ldh + i] = from[i * ldh + j];
}

static void spread(const assembly *a) {
  const rwk_mlp *m = a->m;
  for (size_t l = 0; l + 1 < m->depth; l++) spread_hidden(a, &m->layers[l]);
  spread_last(a);
  for (size_t l = 0; l < m->depth; l++) {
    const rwk_mlp_layer *layer = &m->layers[l];
    rwk_mirror(a->H + layer->W * a->ldh + layer->W, a->ldh, rwk_mlp_layer_rows(layer) * layer->outputs);
    for (size_t b = l + 1; b < m->depth; b++) transpose(a, layer, &m->layers[b]);
  }
}

rwk_status rwk_mlp_hessian_room(rwk_mlp_work *s) {
  if (!s->curvature) s->curvature = rwk_alloc_doubles(s->ctx, scratch(s->mlp, s->hessian_threads));
  return s->curvature ? RWK_OK : rwk_fail_memory(s->ctx, "a dense Hessian's scratch memory");
}

/* NOLINTNEXTLINE(readability-non-const-parameter): written through the assembly */
static assembly open_assembly(double *H, size_t ldh, const double *w, rwk_mlp_work *s) {
  const rwk_mlp *m = s->mlp;
  assembly a = {.m = m, .w = w, .H = H, .ldh = ldh, .plan = make_plan(m), .team = s->team};
  const size_t tile_columns = m->tile_size / m->extent.stride;
  a.e = a.plan.extent;
  a.X = s->curvature;
  a.g = column(&a, a.X, m->inputs + 1);
  a.at = column(&a, a.g, 1);
  a.slope = column(&a, a.at, tile_columns);
  a.ratio = column(&a, a.slope, a.plan.widest);
  a.turned = column(&a, a.ratio, a.plan.widest);
  a.weighted = column(&a, a.turned, a.plan.widest);
  a.products = column(&a, a.weighted, a.plan.widest);
  a.own = column(&a, a.products, a.plan.columns);
  return a;
}

static void add_block(assembly *a, rwk_mlp_span block, rwk_mlp_work *s) {
  const rwk_mlp *m = a->m;
  for (size_t i = 0; i < m->dim; i++) memset(a->H + i * a->ldh, 0, m->dim * sizeof *a->H);
  for (size_t t = block.begin; t < block.end; t += a->plan.tiles) {
    load_slab(a, s, t, block.end - t < a->plan.tiles ? block.end - t : a->plan.tiles);
    if (m->loss == RWK_LOSS_MSE)
      add_last(a);
    else
      add_last_pairs(a);
    for (size_t l = 0; l + 1 < m->depth; l++) add_hidden(a, l);
  }
}

/* The sums where they were put, not spread out: that is done once for all blocks. */
void rwk_mlp_hessian_of(double *to, rwk_mlp_span block, const rwk_mlp_question *q, rwk_mlp_work *s) {
  assembly a = open_assembly(to, s->mlp->dim, q->w, s);
  add_block(&a, block, s);
}

rwk_status rwk_mlp_hessian(double *H, size_t ldh, const double *w, void *work, void *self) {
  const rwk_mlp *m = self;
  rwk_mlp_work *s = work;
  RWK_TRY(rwk_mlp_hessian_room(s));
  assembly a = open_assembly(H, ldh, w, s);
  if (m->blocks == 1) {
    rwk_mlp_at(s, w);
    add_block(&a, (rwk_mlp_span){0, m->tiles}, s);
  } else {
    const rwk_mlp_question q = {.sum = RWK_MLP_SUM_HESSIAN, .w = w};
    double *to = H;
    if (ldh != m->dim) {
      RWK_TRY(rwk_mlp_room(&s->answer, &s->answer_room, s->ctx, m->dim * m->dim));
      to = s->answer;
    }
    RWK_TRY(rwk_mlp_sum_rows(to, &q, s));
    for (size_t i = 0; i < m->dim && to != H; i++) memcpy(H + i * ldh, to + i * m->dim, m->dim * sizeof *H);
  }
  spread(&a);
  const rwk_mlp_layer *last = rwk_mlp_last(m);
  for (size_t k = 0; m->gauge > 0 && k < m->outputs; k++)
    for (size_t o = 0; o < m->outputs; o++)
      H[(last->b + k) * ldh + last->b + o] += m->gauge / (double)m->outputs;
  return RWK_OK;
}
