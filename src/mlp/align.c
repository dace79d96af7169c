/* Two networks that differ by the names and signs of their hidden units are one function: which names and
 * signs bring one nearest to the other.
 *
 * Unit j of a hidden layer may take any place i there. Where phi is odd its sign may be turned too: incoming
 * weights, bias and outgoing weights change sign. The logistic function is odd about 1/2, phi(-z) = 1 -
 * phi(z), so the same holds once the next layer's biases take over the outgoing weights; those biases are
 * compared as the next layer sees them with its inputs at 1/2, c + sum_j v_j / 2, which no turn changes.
 *
 * One hidden layer is an assignment problem. Several are solved in turn, each with the others held, from
 * several beginnings (Ainsworth, Hayase and Srinivasa, ICLR 2023): exact where the two are one, else the best
 * of what was tried.
 */
#include <math.h>
#include <string.h>
#include "base/stream.h"
#include "la/assign.h"
#include "la/dense.h"
#include "mlp/points.h"

enum { SWEEPS_MOST = 100, STARTS_LEAST = 8, STARTS_WORK = 20000 /* starts times units squared */ };

/* Where the units of w stand. */
typedef struct naming {
  size_t *unit; /* [units] of a place, layer after layer: the unit of w that stands there */
  double *sign; /* [units] of a place: 1 or -1 */
} naming;

typedef struct aligner {
  const rwk_mlp *m;
  rwk_context *ctx;
  const double *w, *reference;
  size_t *first; /* [depth] number of the layer's first place */
  size_t units, widest, longest;
  double *cost, *turned; /* [widest^2]: least cost of a pair, and the sign it is with */
  double *theirs, *ours; /* [widest x longest] units as vectors: incoming, bias, outgoing */
  size_t *column;        /* [widest] */
} aligner;

static int logistic(const rwk_mlp *m) {
  return m->activation == RWK_ACTIVATION_LOGISTIC;
}

/* May units of hidden layer l be turned? */
static int turns(const rwk_mlp *m, size_t l) {
  if (m->activation == RWK_ACTIVATION_TANH || m->activation == RWK_ACTIVATION_IDENTITY) return 1;
  return logistic(m) && rwk_mlp_bias_free(m, &m->layers[l + 1]);
}

/* A unit without incoming and outgoing weights, whose bias is free and has no effect. */
static int idle(const rwk_mlp *m, const double *w, size_t l, size_t j) {
  return rwk_mlp_bias_free(m, &m->layers[l]) && rwk_mlp_in_within(m, w, l, j, 0) &&
         rwk_mlp_out_within(m, w, l, j, 0);
}

/* Which part of a unit counts: all, or what comes in or goes out alone. */
typedef enum part { PART_ALL, PART_IN, PART_OUT } part;

/* Unit j of hidden layer l of w as a vector, with the layers beside it named so, or as they are (NULL). Its
 * length. */
static size_t vector_of(double *x, const aligner *a, const double *w, size_t l, size_t j, const naming *n,
                        part which) {
  const rwk_mlp *m = a->m;
  const rwk_mlp_layer *layer = &m->layers[l], *next = &m->layers[l + 1];
  size_t length = 0;
  if (which != PART_OUT) {
    double centre = 0;
    for (size_t i = 0; i < layer->inputs; i++) {
      const int named = n && l > 0;
      const size_t from = named ? n->unit[a->first[l - 1] + i] : i;
      const double value = w[layer->W + from * layer->outputs + j];
      x[length++] = named ? n->sign[a->first[l - 1] + i] * value : value;
      centre += 0.5 * value;
    }
    x[length++] = layer->has_bias ? w[layer->b + j] + (l > 0 && logistic(m) ? centre : 0) : 0;
  }
  for (size_t k = 0; k < next->outputs && which != PART_IN; k++) {
    const int named = n && l + 2 < m->depth;
    const size_t to = named ? n->unit[a->first[l + 1] + k] : k;
    const double value = w[next->W + j * next->outputs + to];
    x[length++] = named ? n->sign[a->first[l + 1] + k] * value : value;
  }
  return length;
}

static void price(aligner *a, size_t l, const naming *n, part which) {
  const size_t width = a->m->layers[l].outputs, bias = a->m->layers[l].inputs;
  size_t length = 0;
  for (size_t i = 0; i < width; i++) {
    length = vector_of(a->theirs + i * a->longest, a, a->reference, l, i, NULL, which);
    vector_of(a->ours + i * a->longest, a, a->w, l, i, n, which);
  }
  for (size_t i = 0; i < width; i++)
    for (size_t j = 0; j < width; j++) {
      const double *x = a->theirs + i * a->longest, *y = a->ours + j * a->longest;
      const int free_bias = which != PART_OUT && (idle(a->m, a->reference, l, i) || idle(a->m, a->w, l, j));
      double same = 0, opposite = 0;
      for (size_t k = 0; k < length; k++) {
        if (free_bias && k == bias) continue;
        same += (x[k] - y[k]) * (x[k] - y[k]);
        opposite += (x[k] + y[k]) * (x[k] + y[k]);
      }
      const int turn = turns(a->m, l) && opposite < same;
      a->cost[i * width + j] = turn ? opposite : same;
      a->turned[i * width + j] = turn ? -1 : 1;
    }
}

/* Names the units of layer l anew, the others held. *cost: of that layer's units with all their weights. */
static rwk_status name_layer(double *cost, aligner *a, size_t l, naming *n, part which) {
  const size_t width = a->m->layers[l].outputs, first = a->first[l];
  price(a, l, n, which);
  RWK_TRY(rwk_assign(a->column, cost, a->ctx, a->cost, width));
  for (size_t i = 0; i < width; i++) {
    n->unit[first + i] = a->column[i];
    n->sign[first + i] = a->turned[i * width + a->column[i]];
  }
  return RWK_OK;
}

/* out := w with its units named so. */
static void apply(double *out, const aligner *a, const naming *n) {
  const rwk_mlp *m = a->m;
  for (size_t l = 0; l < m->depth; l++) {
    const rwk_mlp_layer *layer = &m->layers[l];
    for (size_t j = 0; j < layer->outputs; j++) {
      const int hidden = l + 1 < m->depth;
      const size_t from = hidden ? n->unit[a->first[l] + j] : j;
      const double sign = hidden ? n->sign[a->first[l] + j] : 1;
      double taken_over = 0;
      for (size_t i = 0; i < layer->inputs; i++) {
        const size_t place = l > 0 ? a->first[l - 1] + i : 0, row = l > 0 ? n->unit[place] : i;
        const double value = a->w[layer->W + row * layer->outputs + from], turn = l > 0 ? n->sign[place] : 1;
        out[layer->W + i * layer->outputs + j] = sign * turn * value;
        if (turn < 0 && logistic(m)) taken_over += value;
      }
      if (layer->has_bias) out[layer->b + j] = sign * (a->w[layer->b + from] + taken_over);
    }
  }
}

/* Squared distance of what apply gives, biases of a logistic network's later layers at their centres. */
static double measure(double *scratch, const aligner *a, const naming *n) {
  const rwk_mlp *m = a->m;
  apply(scratch, a, n);
  double sum = 0;
  for (size_t l = 0; l < m->depth; l++) {
    const rwk_mlp_layer *layer = &m->layers[l];
    for (size_t j = 0; j < layer->outputs; j++) {
      double centre = 0;
      for (size_t i = 0; i < layer->inputs; i++) {
        const size_t at = layer->W + i * layer->outputs + j;
        const double d = scratch[at] - a->reference[at];
        sum += d * d;
        centre += l > 0 && logistic(m) ? 0.5 * d : 0;
      }
      if (!layer->has_bias) continue;
      if (l + 1 < m->depth && (idle(m, scratch, l, j) || idle(m, a->reference, l, j))) continue;
      const double d = scratch[layer->b + j] - a->reference[layer->b + j] + centre;
      sum += d * d;
    }
  }
  return sum;
}

static void begin_at(const aligner *a, naming *n, int start) {
  rwk_stream s;
  rwk_stream_init(&s, 0x616c69676e, (uint64_t)start);
  for (size_t l = 0; l + 1 < a->m->depth; l++)
    for (size_t i = 0; i < a->m->layers[l].outputs; i++) {
      size_t *unit = n->unit + a->first[l];
      unit[i] = i;
      n->sign[a->first[l] + i] = 1;
      if (start < 3) continue;
      const size_t j = (size_t)(rwk_stream_u64(&s) % (i + 1));
      unit[i] = unit[j];
      unit[j] = i;
      if (turns(a->m, l) && rwk_stream_u64(&s) % 2) n->sign[a->first[l] + i] = -1;
    }
}

/* Start 0: as they are; 1: layer by layer by what comes in, which is exact where the two are one; 2:
 * backwards by what goes out; from 3 on: at random. */
static rwk_status descend(double *distance, double *scratch, aligner *a, naming *n, int start) {
  const size_t hidden = a->m->depth - 1;
  double cost;
  begin_at(a, n, start);
  for (size_t k = 0; k < hidden && start > 0 && start < 3; k++)
    RWK_TRY(name_layer(&cost, a, start == 1 ? k : hidden - 1 - k, n, start == 1 ? PART_IN : PART_OUT));
  *distance = measure(scratch, a, n);
  for (int sweep = 0; sweep < SWEEPS_MOST; sweep++) {
    for (size_t l = 0; l < hidden; l++) RWK_TRY(name_layer(&cost, a, l, n, PART_ALL));
    const double now = measure(scratch, a, n);
    if (!(now < *distance * (1 - 1e-12))) break;
    *distance = now;
  }
  *distance = measure(scratch, a, n);
  return RWK_OK;
}

/* Idle units have the reference's free bias. */
static int64_t slide(double *w, const aligner *a) {
  int64_t slid = 0;
  for (size_t l = 0; l + 1 < a->m->depth; l++)
    for (size_t j = 0; j < a->m->layers[l].outputs; j++) {
      const size_t b = a->m->layers[l].b + j;
      if (!idle(a->m, w, l, j) || w[b] == a->reference[b]) continue;
      w[b] = a->reference[b];
      slid++;
    }
  return slid;
}

static rwk_status align(rwk_alignment *r, double *w, aligner *a, naming n, naming best, double *scratch) {
  const size_t hidden = a->m->depth - 1;
  const size_t random = STARTS_WORK / (a->units * a->units + 1);
  const int starts = hidden == 1 ? 1 : 3 + (int)(random > STARTS_LEAST ? random : STARTS_LEAST);
  double least = INFINITY;
  for (int start = 0; start < starts && least > 0; start++) {
    double distance;
    RWK_TRY(descend(&distance, scratch, a, &n, start));
    if (!(distance < least)) continue;
    least = distance;
    memcpy(best.unit, n.unit, a->units * sizeof *n.unit);
    memcpy(best.sign, n.sign, a->units * sizeof *n.sign);
  }
  apply(scratch, a, &best);
  for (size_t l = 0; l < hidden; l++)
    for (size_t i = 0; i < a->m->layers[l].outputs; i++) {
      r->moved += best.unit[a->first[l] + i] != i;
      r->flipped += best.sign[a->first[l] + i] < 0;
    }
  r->slid = slide(scratch, a);
  r->least = hidden == 1 || !(least > 0);
  memcpy(w, scratch, a->m->dim * sizeof *w);
  return RWK_OK;
}

rwk_status rwk_mlp_align(rwk_alignment *alignment, double *w, const double *reference, void *work,
                         void *self) {
  const rwk_mlp *m = self;
  rwk_context *ctx = ((rwk_mlp_work *)work)->ctx;
  if (m->depth == 1) return RWK_OK;
  aligner a = {.m = m, .ctx = ctx, .w = w, .reference = reference, .longest = 1};
  for (size_t l = 0; l + 1 < m->depth; l++) {
    const size_t width = m->layers[l].outputs, length = m->layers[l].inputs + 1 + m->layers[l + 1].outputs;
    a.units += width;
    a.widest = width > a.widest ? width : a.widest;
    a.longest = length > a.longest ? length : a.longest;
  }
  size_t *places = rwk_calloc(ctx, m->depth + 2 * a.units + a.widest, sizeof *places);
  double *numbers =
      rwk_alloc_doubles(ctx, 2 * a.widest * a.widest + 2 * a.widest * a.longest + 2 * a.units + m->dim);
  rwk_status status = RWK_OK;
  if (!places || !numbers) {
    status = rwk_fail_memory(ctx, "an alignment");
  } else {
    a.first = places;
    a.column = places + m->depth + 2 * a.units;
    for (size_t l = 0; l + 2 < m->depth; l++) a.first[l + 1] = a.first[l] + m->layers[l].outputs;
    a.cost = numbers;
    a.turned = a.cost + a.widest * a.widest;
    a.theirs = a.turned + a.widest * a.widest;
    a.ours = a.theirs + a.widest * a.longest;
    const naming n = {places + m->depth, a.ours + a.widest * a.longest},
                 best = {n.unit + a.units, n.sign + a.units};
    status = align(alignment, w, &a, n, best, best.sign + a.units);
  }
  rwk_free_doubles(ctx, numbers);
  rwk_free(ctx, places);
  return status;
}
