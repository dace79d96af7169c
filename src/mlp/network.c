/* Making a network: settings and data are checked and copied, layout and tiles are laid out. */
#include <math.h>
#include <stdint.h>
#include <string.h>
#include "mlp/network.h"
#include "problem/problem.h"

void rwk_mlp_settings_init(rwk_mlp_settings *settings) {
  *settings = (rwk_mlp_settings){
      .size = sizeof *settings, .activation = RWK_ACTIVATION_TANH, .hidden_bias = 1, .output_bias = 1};
}

static rwk_status check_settings(rwk_context *ctx, const rwk_mlp_settings *s) {
  if (s->size != sizeof *s)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "network settings: call rwk_mlp_settings_init first");
  if (s->hidden_count && !s->hidden)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "hidden: %zu widths are missing", s->hidden_count);
  for (size_t l = 0; l < s->hidden_count; l++)
    if (s->hidden[l] == 0) return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "hidden: layer %zu has width 0", l + 1);
  if (s->activation != RWK_ACTIVATION_IDENTITY && strcmp(rwk_activation_name(s->activation), "?") == 0)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "activation: there is none of number %d", (int)s->activation);
  if (!(s->loss_scale >= 0) || !isfinite(s->loss_scale))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "loss_scale: %g is not a scale", s->loss_scale);
  if (strcmp(rwk_loss_name(s->loss), "?") == 0)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "loss: there is none of number %d", (int)s->loss);
  return RWK_OK;
}

static rwk_status check_shape(rwk_context *ctx, const rwk_mlp_data *d) {
  if (d->rows == 0 || d->inputs == 0 || d->outputs == 0)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT,
                    "data: rows, inputs and outputs are at least 1 each (%zu, %zu, %zu)", d->rows, d->inputs,
                    d->outputs);
  return RWK_OK;
}

static rwk_status check_party(rwk_context *ctx, const rwk_mlp_party *p) {
  if (p->size != sizeof *p || p->count == 0 || p->rank >= p->count || !p->broadcast || !p->send ||
      !p->receive)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT,
                    "party: it wants its size, rank < count, and three functions that carry numbers");
  if (!(p->weight_sum > 0) || !isfinite(p->weight_sum))
    return rwk_fail(ctx, RWK_DATA, "party: the sum of all row weights is %g", p->weight_sum);
  return RWK_OK;
}

/* Of the rows that are here. */
static rwk_status check_data(double *weight_sum, rwk_context *ctx, const rwk_mlp_data *d) {
  if (!d->X || !d->Y) return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "data: %s is missing", d->X ? "Y" : "X");
  if (d->ldx < d->inputs || d->ldy < d->outputs)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "data: %s is less than the number of columns",
                    d->ldx < d->inputs ? "ldx" : "ldy");
  double sum = 0;
  for (size_t i = 0; i < d->rows; i++) {
    for (size_t j = 0; j < d->inputs; j++)
      if (!isfinite(d->X[i * d->ldx + j]))
        return rwk_fail(ctx, RWK_DATA, "X: row %zu, column %zu is not a finite number", i + 1, j + 1);
    for (size_t j = 0; j < d->outputs; j++)
      if (!isfinite(d->Y[i * d->ldy + j]))
        return rwk_fail(ctx, RWK_DATA, "Y: row %zu, column %zu is not a finite number", i + 1, j + 1);
    if (!d->row_weights) continue;
    if (!isfinite(d->row_weights[i]) || d->row_weights[i] < 0)
      return rwk_fail(ctx, RWK_DATA,
                      "row_weights: the weight of row %zu is %g; weights are finite and not negative", i + 1,
                      d->row_weights[i]);
    sum += d->row_weights[i];
  }
  if (!d->row_weights) sum = (double)d->rows;
  if (!(sum > 0) || !isfinite(sum)) return rwk_fail(ctx, RWK_DATA, "row_weights: their sum is %g", sum);
  *weight_sum = sum;
  return RWK_OK;
}

/* *sum += a * b; 0 if that does not fit. */
static int add_product(size_t *sum, size_t a, size_t b) {
  size_t product;
  return !__builtin_mul_overflow(a, b, &product) && !__builtin_add_overflow(*sum, product, sum);
}

static rwk_status lay_out_weights(rwk_mlp *m, const rwk_mlp_settings *s) {
  size_t at = 0, inputs = m->inputs;
  for (size_t l = 0; l < m->depth; l++) {
    const int hidden = s->hidden && l + 1 < m->depth;
    rwk_mlp_layer *layer = &m->layers[l];
    *layer = (rwk_mlp_layer){.inputs = inputs,
                             .outputs = hidden ? s->hidden[l] : m->outputs,
                             .W = at,
                             .has_bias = hidden ? s->hidden_bias != 0 : s->output_bias != 0};
    if (!add_product(&at, layer->inputs, layer->outputs)) goto too_many;
    layer->b = at;
    if (layer->has_bias && !add_product(&at, layer->outputs, 1)) goto too_many;
    if (at > PTRDIFF_MAX / sizeof(double)) goto too_many;
    inputs = layer->outputs;
  }
  m->dim = at;
  return RWK_OK;
too_many:
  return rwk_fail(m->ctx, RWK_INVALID_ARGUMENT, "hidden: so many weights cannot be addressed");
}

/* Rows of about so many tiles, a multiple of 8, and how many tiles they make. */
static void equal_tiles(size_t *rows, size_t *tiles, size_t all_rows) {
  *rows = (all_rows / *tiles + (all_rows % *tiles != 0) + 7) / 8 * 8;
  *tiles = all_rows / *rows + (all_rows % *rows != 0);
}

/* Chunks of a sum over so many rows: each is worth some 25 microseconds of a thread, as what one processor
 * writes and another reads takes one or two to come over, and is of two tiles or more. */
static size_t chunks_of(const rwk_mlp *m, size_t rows, size_t tiles) {
  const double share = (double)rows * rwk_mlp_row_operations(m) / RWK_MLP_WORTH;
  size_t chunks = share < RWK_MLP_CHUNKS ? (size_t)share : RWK_MLP_CHUNKS;
  if (chunks > tiles / 2) chunks = tiles / 2;
  return chunks < 1 ? 1 : chunks;
}

/* The rows of a tile are as many as leave all that is worked on at once in an eighth of the second-level
 * cache, within bounds: more than 256 gain nothing; fewer than 128 spend too much on the weights and on
 * adding up vectors, so that there are 128 where those fit into the whole of it, and 64 in any case. Tiles of
 * one table are as equal as they can be. */
static rwk_status lay_out_tiles(rwk_mlp *m, size_t all_rows) {
  enum { FEWEST = 64, FEW = 128, MOST = 256, ROWS_OF_BLOCK = 16384 };
  const size_t near = (size_t)128 << 10, cache = (size_t)1 << 20;
  size_t units = 0, width = 0;
  for (size_t l = 0; l < m->depth; l++) {
    const int hidden = l + 1 < m->depth;
    const size_t kinds = hidden ? 2 + (m->slope_apart != 0) : 1 + (m->loss != RWK_LOSS_MSE);
    if (!add_product(&units, m->layers[l].outputs, kinds)) goto too_large;
    if (hidden) units++;
  }
  if (__builtin_add_overflow(2 * units, m->inputs + 1, &width) || units > SIZE_MAX / 4) goto too_large;
  size_t rows = near / sizeof(double) / width;
  const size_t least = cache / sizeof(double) / width >= FEW ? FEW : FEWEST;
  rows = rows < least ? least : rows > MOST ? MOST : rows;
  size_t tiles = all_rows / rows + (all_rows % rows != 0);
  equal_tiles(&rows, &tiles, all_rows);
  /* the chunks of few tiles are to be of as many */
  const size_t chunks = chunks_of(m, all_rows, tiles), even = (tiles + chunks - 1) / chunks * chunks;
  if (tiles < 16 * chunks && even > tiles) {
    tiles = even;
    equal_tiles(&rows, &tiles, all_rows);
  }
  m->extent = (rwk_mlp_extent){.rows = rows, .stride = rows / 8 % 2 ? rows : rows + 8};
  m->blocks = 1;
  while (m->blocks < (size_t)1 << RWK_MLP_LEVELS && all_rows / m->blocks >= (size_t)2 * ROWS_OF_BLOCK)
    m->blocks *= 2;
  m->all_tiles = tiles;
  m->chunks = chunks_of(m, all_rows / m->blocks, tiles / m->blocks);
  rwk_mlp_share_out(&m->first_tile, &m->tiles, m, m->party.rank, m->party.count);
  const size_t first = m->first_tile * rows, most = m->tiles * rows;
  m->rows = all_rows - first < most ? all_rows - first : most;
  m->far = m->tiles > cache / sizeof(double) / m->extent.stride / (m->inputs + 1);

  size_t at = 0, total = 0;
  for (size_t l = 0; l + 1 < m->depth; l++) {
    m->A_at[l] = m->x_at[l] = at;
    at += (m->layers[l].outputs + 1) * m->extent.stride;
    if (m->slope_apart) {
      m->x_at[l] = at;
      at += m->layers[l].outputs * m->extent.stride;
    }
  }
  for (size_t l = 0; l < m->depth; l++) {
    m->dZ_at[l] = at;
    at += m->layers[l].outputs * m->extent.stride;
  }
  m->p_at = at;
  if (m->loss != RWK_LOSS_MSE) at += m->outputs * m->extent.stride;
  m->tile_size = at;
  if (width > PTRDIFF_MAX / sizeof(double) / m->extent.stride ||
      !add_product(&total, m->tiles + 1, width * m->extent.stride) || total > PTRDIFF_MAX / sizeof(double))
    goto too_large;
  return RWK_OK;
too_large:
  return rwk_fail(m->ctx, RWK_INVALID_ARGUMENT,
                  "hidden: the activations of a tile of rows cannot be addressed");
}

/* Rows [first, first + rows) of a row-major matrix as one tile; rows beyond the last repeat it, so that they
 * are finite wherever the table's are. */
static void pack(double *tile, rwk_mlp_extent e, const double *rows_of, size_t ld, size_t columns,
                 size_t first, size_t rows) {
  for (size_t j = 0; j < columns; j++)
    for (size_t r = 0; r < e.stride; r++) {
      const size_t i = first + r < rows ? first + r : rows - 1;
      tile[j * e.stride + r] = rows_of[i * ld + j];
    }
}

static void fill(double *x, size_t n, double value) {
  for (size_t i = 0; i < n; i++) x[i] = value;
}

static rwk_status copy_data(rwk_mlp *m, const rwk_mlp_data *d) {
  const rwk_mlp_extent e = m->extent;
  m->X = rwk_alloc_doubles(m->ctx, m->tiles * (m->inputs + 1) * e.stride);
  m->Y = rwk_alloc_doubles(m->ctx, m->tiles * m->outputs * e.stride);
  m->omega = rwk_alloc_doubles(m->ctx, m->tiles * e.stride);
  if (!m->X || !m->Y || !m->omega) return rwk_fail_memory(m->ctx, "a network's table");
  for (size_t t = 0; t < m->tiles; t++) {
    double *X = m->X + t * (m->inputs + 1) * e.stride, *omega = m->omega + t * e.stride;
    const size_t first = t * e.rows;
    pack(X, e, d->X, d->ldx, m->inputs, first, m->rows);
    fill(X + m->inputs * e.stride, e.stride, 1);
    pack(m->Y + t * m->outputs * e.stride, e, d->Y, d->ldy, m->outputs, first, m->rows);
    for (size_t r = 0; r < e.stride; r++) {
      const int inside = r < e.rows && first + r < m->rows;
      omega[r] = !inside ? 0 : d->row_weights ? d->row_weights[first + r] : 1;
    }
  }
  return RWK_OK;
}

static rwk_status make_problem(rwk_mlp *m) {
  const int alone = m->party.count == 1;
  unsigned char *penalised = rwk_alloc(m->ctx, m->dim, 1);
  if (!penalised) return rwk_fail_memory(m->ctx, "a network");
  memset(penalised, 1, m->dim);
  for (size_t l = 0; l < m->depth; l++)
    if (rwk_mlp_bias_free(m, &m->layers[l])) memset(penalised + m->layers[l].b, 0, m->layers[l].outputs);
  const rwk_problem_ops ops = {.size = sizeof ops,
                               .name = "network",
                               .work_create = rwk_mlp_work_create,
                               .work_destroy = rwk_mlp_work_destroy,
                               .thread_safe = 1,
                               .value = rwk_mlp_value,
                               .hessian_vector = rwk_mlp_hessian_vector,
                               .hessian = rwk_mlp_hessian,
                               .hessian_cost = rwk_mlp_hessian_cost,
                               .flats = rwk_mlp_flats,
                               .kinks = rwk_mlp_kinks,
                               .simplify = rwk_mlp_simplify,
                               .zero_lambda = rwk_mlp_zero_lambda,
                               .align = rwk_mlp_align,
                               .groups = rwk_mlp_groups,
                               .group_name = rwk_mlp_group_name,
                               .start = rwk_mlp_start,
                               .neighbour = rwk_mlp_neighbour,
                               .batch_count = alone ? rwk_mlp_batch_count : NULL,
                               .batch_value = alone ? rwk_mlp_batch_value : NULL,
                               .gauss_newton = alone ? rwk_mlp_gauss_newton_at : NULL};
  const rwk_status status = rwk_problem_create(&m->problem, m->ctx, m->dim, penalised, &ops, m);
  rwk_free(m->ctx, penalised);
  return status;
}

/* A network without its table: what settings and the number of rows say. */
static rwk_status lay_out(rwk_mlp **mlp, rwk_context *ctx, const rwk_mlp_data *data,
                          const rwk_mlp_settings *s) {
  RWK_TRY(check_settings(ctx, s));
  RWK_TRY(check_shape(ctx, data));
  if (s->hidden_count > PTRDIFF_MAX / (2 * sizeof(rwk_mlp_layer)))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "hidden_count: so many layers cannot be addressed");
  if (s->party) RWK_TRY(check_party(ctx, s->party));
  rwk_mlp *m = rwk_calloc(ctx, 1, sizeof *m);
  if (!m) return rwk_fail_memory(ctx, "a network");
  *m = (rwk_mlp){.ctx = ctx,
                 .activation = s->activation,
                 .loss = s->loss,
                 .slope = rwk_mlp_slope_of(s->activation),
                 .slope_apart = rwk_mlp_slope_apart(s->activation),
                 .penalise_biases = s->penalise_biases != 0,
                 .depth = s->hidden_count + 1,
                 .inputs = data->inputs,
                 .outputs = data->outputs,
                 .party = {.count = 1}};
  if (s->party) m->party = *s->party;
  omp_init_lock(&m->lock);
  m->layers = rwk_calloc(ctx, m->depth, sizeof *m->layers);
  m->A_at = rwk_calloc(ctx, m->depth, sizeof *m->A_at);
  m->x_at = rwk_calloc(ctx, m->depth, sizeof *m->x_at);
  m->dZ_at = rwk_calloc(ctx, m->depth, sizeof *m->dZ_at);
  rwk_status status = RWK_OK;
  if (!m->layers || !m->A_at || !m->x_at || !m->dZ_at) status = rwk_fail_memory(ctx, "a network");
  if (status == RWK_OK) status = lay_out_weights(m, s);
  if (status == RWK_OK) status = lay_out_tiles(m, data->rows);
  if (status == RWK_OK)
    *mlp = m;
  else
    rwk_mlp_destroy(m);
  return status;
}

/* The rows that are here, from the first on. */
static rwk_status take_data(rwk_mlp *m, const rwk_mlp_data *data, const rwk_mlp_settings *s) {
  rwk_mlp_data own = *data;
  own.rows = m->rows;
  if (m->party.count > m->blocks)
    return rwk_fail(m->ctx, RWK_INVALID_ARGUMENT,
                    "party: the rows are shared out in blocks, and there are %zu for %zu processes",
                    m->blocks, m->party.count);
  RWK_TRY(check_data(&m->weight_sum, m->ctx, &own));
  RWK_TRY(rwk_mlp_check_targets(m->ctx, &own, m->loss));
  if (m->party.count > 1) m->weight_sum = m->party.weight_sum;
  m->loss_scale = s->loss_scale > 0 ? s->loss_scale : 1 / m->weight_sum;
  m->curvature = (m->loss == RWK_LOSS_MSE ? 2 : 1) * m->loss_scale;
  if (m->loss == RWK_LOSS_SOFTMAX && rwk_mlp_bias_free(m, rwk_mlp_last(m)))
    m->gauge = m->loss_scale * m->weight_sum;
  return copy_data(m, &own);
}

static void choose_way_back(rwk_mlp *m) {
  const rwk_mlp_layer *first = &m->layers[0];
  const size_t rows = rwk_mlp_layer_rows(first);
  if (m->depth != 2 || m->outputs != 1) return;
  m->apart = rows <= m->kernel->back_inputs;
  m->back = m->apart || (m->kernel->back_wide && first->outputs >= m->kernel->wide_units);
}

rwk_status rwk_mlp_create_with(rwk_mlp **mlp, rwk_context *ctx, const rwk_mlp_data *data,
                               const rwk_mlp_settings *settings, const rwk_mlp_kernel *kernel) {
  *mlp = NULL;
  rwk_mlp *m;
  rwk_mlp_settings s;
  rwk_mlp_settings_init(&s);
  if (settings) s = *settings;
  RWK_TRY(lay_out(&m, ctx, data, &s));
  m->kernel = kernel;
  choose_way_back(m);
  rwk_status status = take_data(m, data, &s);
  if (status == RWK_OK) status = make_problem(m);
  if (status != RWK_OK) {
    rwk_mlp_destroy(m);
    return status;
  }
  *mlp = m;
  return RWK_OK;
}

rwk_status rwk_mlp_part(size_t *first, size_t *rows, rwk_context *ctx, const rwk_mlp_data *data,
                        const rwk_mlp_settings *settings, size_t rank, size_t count) {
  rwk_mlp *m;
  rwk_mlp_settings s = *settings;
  s.party = NULL;
  *first = *rows = 0;
  RWK_TRY(lay_out(&m, ctx, data, &s));
  size_t tile, tiles;
  rwk_mlp_share_out(&tile, &tiles, m, rank, count);
  const size_t most = tiles * m->extent.rows;
  *first = tile * m->extent.rows;
  if (*first > data->rows) *first = data->rows;
  *rows = data->rows - *first < most ? data->rows - *first : most;
  rwk_mlp_destroy(m);
  return RWK_OK;
}

rwk_status rwk_mlp_create(rwk_mlp **mlp, rwk_context *ctx, const rwk_mlp_data *data,
                          const rwk_mlp_settings *settings) {
  return rwk_mlp_create_with(mlp, ctx, data, settings, rwk_mlp_kernel_best());
}

void rwk_mlp_destroy(rwk_mlp *m) {
  if (!m) return;
  rwk_mlp_part_company(m);
  omp_destroy_lock(&m->lock);
  rwk_problem_destroy(m->problem);
  rwk_free_doubles(m->ctx, m->omega);
  rwk_free_doubles(m->ctx, m->Y);
  rwk_free_doubles(m->ctx, m->X);
  rwk_free(m->ctx, m->dZ_at);
  rwk_free(m->ctx, m->x_at);
  rwk_free(m->ctx, m->A_at);
  rwk_free(m->ctx, m->layers);
  rwk_free(m->ctx, m);
}

rwk_problem *rwk_mlp_problem(rwk_mlp *m) {
  return m->problem;
}

size_t rwk_mlp_layer_count(const rwk_mlp *m) {
  return m->depth;
}

rwk_status rwk_mlp_layer_get(rwk_mlp_layer *layer, const rwk_mlp *m, size_t index) {
  if (index >= m->depth) return RWK_INVALID_ARGUMENT;
  *layer = m->layers[index];
  return RWK_OK;
}

rwk_loss rwk_mlp_loss(const rwk_mlp *m) {
  return m->loss;
}

double rwk_mlp_mse(const rwk_mlp *m, double loss) {
  return loss / m->loss_scale / m->weight_sum;
}

rwk_status rwk_mlp_predict(double *F, size_t ldf, const rwk_mlp *m, const double *X, size_t ldx, size_t rows,
                           const double *w) {
  if (ldf < m->outputs || ldx < m->inputs)
    return rwk_fail(m->ctx, RWK_INVALID_ARGUMENT, "predict: %s is less than the number of columns",
                    ldf < m->outputs ? "ldf" : "ldx");
  const rwk_mlp_extent e = m->extent;
  const size_t inputs_size = (m->inputs + 1) * e.stride;
  double *tile = rwk_alloc_doubles(m->ctx, inputs_size + m->tile_size);
  if (!tile) return rwk_fail_memory(m->ctx, "predictions");
  double *buffer = tile + inputs_size;
  rwk_mlp_buffer_init(m, buffer);
  fill(tile + m->inputs * e.stride, e.stride, 1);
  for (size_t first = 0; first < rows; first += e.rows) {
    pack(tile, e, X, ldx, m->inputs, first, rows);
    rwk_mlp_forward(m, buffer, tile, w, rwk_mlp_extent_for(m, rows - first));
    const double *f = buffer + m->dZ_at[m->depth - 1];
    for (size_t r = 0; r < e.rows && first + r < rows; r++)
      for (size_t k = 0; k < m->outputs; k++) F[(first + r) * ldf + k] = f[k * e.stride + r];
  }
  rwk_free_doubles(m->ctx, tile);
  return RWK_OK;
}
