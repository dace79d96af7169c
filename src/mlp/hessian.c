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
  size_t own;            /* columns that each thread needs */
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
  p.own = 1 + m->inputs + 2 + 2 * tile_columns + 4 * p.widest + 2 * p.columns;
  if (m->loss != RWK_LOSS_MSE) p.own += (sums + p.extent.stride - 1) / p.extent.stride;
  return p;
}

/* Units j' of which R{d_lj'} is wanted for unit j: to the diagonal, and to a full block of the dot products.
 */
enum { FULL = 4 };

static size_t partners(size_t j, size_t units) {
  const size_t wanted = j / FULL * FULL + FULL;
  return wanted < units ? wanted : units;
}

/* Sum of the partners of the units before j. */
static size_t partners_before(size_t j, size_t units) {
  const size_t full = j / FULL;
  return FULL * FULL * (full * (full + 1) / 2) + (j - full * FULL) * partners(j, units);
}

/* Pairs of inputs (i, i'), i' <= i, with i < end. */
static size_t pairs_before(size_t end) {
  return end * (end + 1) / 2;
}

/* The sums within the hidden layers, a quarter of H: of layer l from there on; of unit j, for each pair of
 * inputs, those with its partners. */
static size_t within(const rwk_mlp *m, size_t l) {
  size_t at = 0;
  for (size_t k = 0; k < l; k++) {
    const size_t units = m->layers[k].outputs;
    at +=
        pairs_before(rwk_mlp_layer_rows(&m->layers[k])) * partners_before(units, units) + units * RWK_MLP_GAP;
  }
  return at;
}

/* Doubles in work->curvature. */
static size_t scratch(const rwk_mlp *m, size_t threads) {
  const plan p = make_plan(m);
  return threads * (p.own * p.extent.stride + RWK_MLP_GAP) + within(m, m->depth - 1);
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

/* Which slab a thread has loaded, and the products of which inputs of which layer. */
typedef struct held {
  size_t slab, layer, first; /* slab: its first tile and 1; 0: none. layer: and 1; 0: none */
} held;

/* A Hessian in the making, and the slab at hand. Each thread has a slab of its own: to make it takes less
 * time than to fetch it from another's cache. */
typedef struct assembly {
  const rwk_mlp *m;
  rwk_mlp_work *s;
  const double *w;
  double *H;
  size_t ldh;
  plan plan;
  rwk_mlp_extent e; /* of this slab: the last may have fewer rows */
  size_t first_tile, tiles;
  int fresh;      /* is it the first of its block? Then who adds to sums sets them to 0 before */
  double *within; /* the sums within the hidden layers */

  size_t thread;
  held *held;
  double *X, *g;         /* table, and omega times m->curvature */
  double *at;            /* activations and dZ, laid out as in a tile */
  double *slope, *ratio; /* [widest]: phi' and phi''/phi' of the units of a layer */
  double *turned;        /* [widest]: phi' of the units before the only output, times their weights there */
  double *weighted;      /* [widest]: g a of the last layer */
  double *products;      /* [columns]: a_i a_i' of a group of i */
  double *R;             /* R{.} of activations and dZ, laid out as in a tile */
  double *moved;         /* [columns]: R{a_i' d_j'} */
  double *sums;          /* [columns x widest], with a cross-entropy: of a pair of outputs */
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

static void gather(const assembly *a, double *block, const double *from, size_t columns, size_t row,
                   rwk_mlp_extent e) {
  for (size_t u = 0; u < columns; u++)
    memcpy(column(a, block, u) + row, from + u * e.stride, e.rows * sizeof *from);
}

static void load_slab(const assembly *a) {
  const rwk_mlp *m = a->m;
  if (a->held->slab == a->first_tile + 1) return;
  *a->held = (held){.slab = a->first_tile + 1};
  for (size_t t = 0; t < a->tiles; t++) {
    const size_t row = t * m->extent.rows, tile = a->first_tile + t;
    const rwk_mlp_extent e = rwk_mlp_extent_of(m, tile);
    gather(a, a->X, rwk_mlp_X(m, tile), m->inputs + 1, row, e);
    gather(a, a->g, rwk_mlp_omega(m, tile), 1, row, e);
    gather(a, a->at, rwk_mlp_tile_by(a->s, tile, a->thread), m->tile_size / m->extent.stride, row, e);
  }
  for (size_t r = 0; r < a->e.rows; r++) a->g[r] *= m->curvature;
}

/* The memory of a thread. */
static assembly of_thread(const assembly *a, size_t thread) {
  const rwk_mlp *m = a->m;
  const size_t tile_columns = m->tile_size / m->extent.stride;
  assembly mine = *a;
  mine.thread = thread;
  double *memory = a->s->curvature + thread * (a->plan.own * a->plan.extent.stride + RWK_MLP_GAP);
  mine.held = (held *)(void *)memory;
  mine.X = column(a, memory, 1);
  mine.g = column(a, mine.X, m->inputs + 1);
  mine.at = column(a, mine.g, 1);
  mine.slope = column(a, mine.at, tile_columns);
  mine.ratio = column(a, mine.slope, a->plan.widest);
  mine.turned = column(a, mine.ratio, a->plan.widest);
  mine.weighted = column(a, mine.turned, a->plan.widest);
  mine.products = column(a, mine.weighted, a->plan.widest);
  mine.R = column(a, mine.products, a->plan.columns);
  mine.moved = column(a, mine.R, tile_columns);
  mine.sums = column(a, mine.moved, a->plan.columns);
  return mine;
}

/* From a column on. */
static void clear_row(const assembly *a, size_t row, size_t from) {
  memset(a->H + row * a->ldh + from, 0, (a->m->dim - from) * sizeof *a->H);
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
  double *A = input_of(a, a->m->depth - 1), *h = a->moved, *sums = a->sums;
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

static void add_outputs(const assembly *a) {
  const rwk_mlp_layer *last = rwk_mlp_last(a->m);
  for (size_t i = 0; a->fresh && i < rwk_mlp_layer_rows(last) * last->outputs; i++)
    clear_row(a, last->W + i, last->W);
  if (a->m->loss == RWK_LOSS_MSE)
    add_last(a);
  else
    add_last_pairs(a);
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

static double *sums_of_unit(const assembly *a, size_t l, size_t j) {
  const rwk_mlp_layer *layer = &a->m->layers[l];
  return a->within + within(a->m, l) +
         pairs_before(rwk_mlp_layer_rows(layer)) * partners_before(j, layer->outputs) + j * RWK_MLP_GAP;
}

/* What z_lj has to do with all the layers behind, and, of inputs [first, end), within its own. */
static void add_unit(const assembly *a, size_t l, size_t j, size_t first, size_t end) {
  const rwk_mlp_layer *layer = &a->m->layers[l];
  const size_t units = layer->outputs, rows = rwk_mlp_layer_rows(layer), with = partners(j, units);
  const size_t before = pairs_before(first), pairs = pairs_before(end) - before;
  double *sums = sums_of_unit(a, l, j) + before * with;
  if (a->fresh) memset(sums, 0, pairs * with * sizeof *sums);
  for (size_t i = 0; a->fresh && first == 0 && i < rows; i++)
    clear_row(a, layer->W + i * units + j, layer->W + rows * units);
  move_unit(a, l, j);
  if (first == 0) {
    add_next(a, l, j);
    for (size_t b = l + 2; b < a->m->depth; b++) add_far(a, l, j, b);
  }
  /* All pairs of inputs in one call: taken by rows of H, most of its blocks would not be full. */
  a->m->kernel->dots(sums, with, a->products, pairs, dZ_of(a, a->R, l), with, a->e);
}

static void turn(const assembly *a, const rwk_mlp_layer *last) {
  for (size_t j = 0; j < last->inputs; j++) {
    const double v = a->w[last->W + j], *slope = column(a, a->slope, j);
    double *to = column(a, a->turned, j);
    for (size_t r = 0; r < a->e.rows; r++) to[r] = v * slope[r];
  }
}

/* Makes what all units of a layer need, of inputs [first, end), unless it is there. */
static void prepare_layer(const assembly *a, size_t l, size_t first, size_t end) {
  const rwk_mlp *m = a->m;
  const rwk_mlp_kernel *k = m->kernel;
  if (a->held->layer != l + 1) {
    k->slopes(a->slope, a->ratio, place(a, a->at, m->x_at[l]), m->slope, m->layers[l].outputs, a->e);
    if (before_only_output(m, l)) turn(a, &m->layers[l + 1]);
  } else if (a->held->first == first) {
    return;
  }
  a->held->layer = l + 1;
  a->held->first = first;
  double *in = input_of(a, l), *out = a->products;
  for (size_t i = first; i < end; i++)
    for (size_t other = 0; other <= i; other++) {
      k->multiply(out, column(a, in, i), column(a, in, other), 1, NULL, a->e);
      out = column(a, out, 1);
    }
}

typedef struct group_of_units {
  const assembly *a;
  size_t layer, first, end;
} group_of_units;

static void add_item(size_t item, size_t member, void *payload) {
  const group_of_units *group = payload;
  const assembly mine = of_thread(group->a, member);
  load_slab(&mine);
  if (item == mine.m->layers[group->layer].outputs) {
    add_outputs(&mine);
    return;
  }
  prepare_layer(&mine, group->layer, group->first, group->end);
  add_unit(&mine, group->layer, item, group->first, group->end);
}

/* The rows of H of layer l: inputs are taken in groups, so that the products of their pairs stay in cache
 * while all units pass. Units write to rows of their own, whoever adds them; after those of the first layer
 * the rows of the last are an item, too. */
static void add_hidden(const assembly *a, size_t l) {
  const rwk_mlp_layer *layer = &a->m->layers[l];
  const size_t rows = rwk_mlp_layer_rows(layer);
  for (size_t first = 0, end; first < rows; first = end) {
    size_t columns = 0;
    for (end = first; end < rows && (end == first || columns + end + 1 <= a->plan.columns); end++)
      columns += end + 1;
    group_of_units group = {.a = a, .layer = l, .first = first, .end = end};
    rwk_team_run(a->s->hessian_team, layer->outputs + (l == 0 && first == 0), add_item, &group);
  }
}

typedef struct spreading {
  const assembly *a;
  const rwk_mlp_layer *l, *b;
  size_t layer; /* its number: l */
} spreading;

/* The sums of input i with those before to their places in H, to the diagonal and some beyond. */
static void place_input(size_t i, size_t member, void *payload) {
  (void)member;
  const spreading *p = payload;
  const size_t u = p->l->outputs;
  double *rows = p->a->H + (p->l->W + i * u) * p->a->ldh + p->l->W;
  for (size_t j = 0; j < u; j++) {
    const size_t with = partners(j, u);
    const double *sums = sums_of_unit(p->a, p->layer, j) + pairs_before(i) * with;
    for (size_t other = 0; other <= i; other++)
      memcpy(rows + j * p->a->ldh + other * u, sums + other * with, with * sizeof *rows);
  }
}

/* (i,j) with (i',j') is (i,j') with (i',j), so that the block of i, i' is symmetric, and that of i', i the
 * same.
 */
static void spread_input(size_t i, size_t member, void *payload) {
  (void)member;
  const spreading *p = payload;
  const size_t u = p->l->outputs, ldh = p->a->ldh;
  double *layer = p->a->H + p->l->W * ldh + p->l->W;
  for (size_t other = 0; other <= i; other++) {
    double *block = layer + i * u * ldh + other * u, *mirror = layer + other * u * ldh + i * u;
    for (size_t j = 0; j < u; j++)
      for (size_t k = 0; k < j; k++) block[k * ldh + j] = block[j * ldh + k];
    for (size_t j = 0; other < i && j < u; j++) memcpy(mirror + j * ldh, block + j * ldh, u * sizeof *block);
  }
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

enum { BAND = 64 };

/* The block of layers b, l below the diagonal from that of l, b above: of BAND weights of l. */
static void transpose_band(size_t item, size_t member, void *payload) {
  enum { BLOCK = 16 };
  (void)member;
  const spreading *p = payload;
  const rwk_mlp_layer *l = p->l, *b = p->b;
  const size_t rows = rwk_mlp_layer_rows(l) * l->outputs, columns = rwk_mlp_layer_rows(b) * b->outputs,
               ldh = p->a->ldh, first = item * BAND, end = rows - first < BAND ? rows : first + BAND;
  const double *from = p->a->H + l->W * ldh + b->W;
  double *to = p->a->H + b->W * ldh + l->W;
  for (size_t j0 = 0; j0 < columns; j0 += BLOCK)
    for (size_t i0 = first; i0 < end; i0 += BLOCK)
      for (size_t j = j0; j < columns && j < j0 + BLOCK; j++)
        for (size_t i = i0; i < end && i < i0 + BLOCK; i++) to[j * ldh + i] = from[i * ldh + j];
}

static void spread(const assembly *a) {
  const rwk_mlp *m = a->m;
  const rwk_mlp_layer *last = rwk_mlp_last(m);
  rwk_team *team = a->s->hessian_team;
  for (size_t l = 0; l + 1 < m->depth; l++) {
    const rwk_mlp_layer *layer = &m->layers[l];
    const size_t rows = rwk_mlp_layer_rows(layer), weights = rows * layer->outputs;
    spreading p = {.a = a, .l = layer};
    rwk_team_run(team, rows, spread_input, &p);
    for (size_t b = l + 1; b < m->depth; b++) {
      p.b = &m->layers[b];
      rwk_team_run(team, weights / BAND + (weights % BAND != 0), transpose_band, &p);
    }
  }
  spread_last(a);
  rwk_mirror(a->H + last->W * a->ldh + last->W, a->ldh, rwk_mlp_layer_rows(last) * last->outputs);
}

rwk_status rwk_mlp_hessian_room(rwk_mlp_work *s) {
  if (!s->curvature)
    s->curvature = rwk_alloc_doubles(s->ctx, scratch(s->mlp, rwk_team_threads(s->hessian_team)));
  return s->curvature ? RWK_OK : rwk_fail_memory(s->ctx, "a dense Hessian's scratch memory");
}

/* NOLINTNEXTLINE(readability-non-const-parameter): written through the assembly */
static assembly open_assembly(double *H, size_t ldh, const double *w, rwk_mlp_work *s) {
  assembly a = {.m = s->mlp, .s = s, .w = w, .H = H, .ldh = ldh, .plan = make_plan(s->mlp)};
  a.within =
      s->curvature + rwk_team_threads(s->hessian_team) * (a.plan.own * a.plan.extent.stride + RWK_MLP_GAP);
  return a;
}

static void add_block(assembly *a, rwk_mlp_span block) {
  const rwk_mlp *m = a->m;
  a->e = a->plan.extent;
  for (size_t thread = 0; thread < rwk_team_threads(a->s->hessian_team); thread++)
    *of_thread(a, thread).held = (held){0};
  for (size_t t = block.begin; t < block.end; t += a->plan.tiles) {
    a->first_tile = t;
    a->tiles = block.end - t < a->plan.tiles ? block.end - t : a->plan.tiles;
    a->fresh = t == block.begin;
    a->e.rows = (a->tiles - 1) * m->extent.rows + rwk_mlp_extent_of(m, t + a->tiles - 1).rows;
    for (size_t l = 0; l + 1 < m->depth; l++) add_hidden(a, l);
    if (m->depth > 1) continue;
    const assembly only = of_thread(a, 0);
    load_slab(&only);
    add_outputs(&only);
  }
  for (size_t l = 0; l + 1 < m->depth; l++) {
    spreading p = {.a = a, .l = &m->layers[l], .layer = l};
    rwk_team_run(a->s->hessian_team, rwk_mlp_layer_rows(p.l), place_input, &p);
  }
}

/* The sums where they were put, not spread out: that is done once for all blocks. */
void rwk_mlp_hessian_of(double *to, rwk_mlp_span block, const rwk_mlp_question *q, rwk_mlp_work *s) {
  assembly a = open_assembly(to, s->mlp->dim, q->w, s);
  add_block(&a, block);
}

rwk_status rwk_mlp_hessian(double *H, size_t ldh, const double *w, void *work, void *self) {
  const rwk_mlp *m = self;
  rwk_mlp_work *s = work;
  RWK_TRY(rwk_mlp_hessian_room(s));
  assembly a = open_assembly(H, ldh, w, s);
  if (m->blocks == 1) {
    rwk_mlp_at(s, w);
    add_block(&a, (rwk_mlp_span){0, m->tiles});
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
