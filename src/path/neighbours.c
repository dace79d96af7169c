/* Other basins than those that the walks fell into. */
#include <math.h>
#include <string.h>
#include "base/stream.h"
#include "path/envelope.h"

/* What an effort may cost: descents at each penalty at most, and rounds without a gain before it ends. */
typedef struct budget {
  int rounds, each, patience;
} budget;

static budget budget_of(rwk_effort effort) {
  return effort == RWK_EFFORT_HIGH ? (budget){.rounds = 100, .each = 4, .patience = 6}
                                   : (budget){.rounds = 12, .each = 2, .patience = 3};
}

/* A gain that is worth going on for. */
static const double worth = 1e-6;

static rwk_status plan_far_sides(rwk_envelope *e) {
  const rwk_path *path = e->path;
  for (size_t k = 0; k < path->far_count; k++) {
    const rwk_far_side *far = &path->far_sides[k];
    const rwk_origin origin = {.kind = RWK_ORIGIN_FOLD,
                               .walk = far->begin->walk,
                               .start = far->begin->start,
                               .lambda = far->begin->lambda};
    double *w;
    RWK_TRY(rwk_envelope_plan(&w, e, far->begin->index, origin));
    memcpy(w, far->w, path->dim * sizeof *w);
  }
  return RWK_OK;
}

static rwk_status change(double *w, const rwk_path *path, const double *of, const double *other,
                         uint64_t stream) {
  const rwk_problem *p = path->problem;
  if (p->ops.neighbour) return p->ops.neighbour(w, of, other, path->settings.seed, stream, p->self);
  rwk_stream s;
  rwk_stream_init(&s, path->settings.seed, stream);
  const double size = rwk_norm(path->dim, of) / sqrt((double)path->dim);
  for (size_t i = 0; i < path->dim; i++) w[i] = of[i] + (0.1 + size) * rwk_stream_normal(&s);
  return RWK_OK;
}

/* Proposal number `number` at a penalty: every fifth is a random start, the others change the fit there. Its
 * stream is no other's: those of the walks have the upper half 0 to the grid's length. */
static rwk_status plan_one(rwk_envelope *e, size_t i, uint64_t number) {
  const rwk_path *path = e->path;
  const uint64_t stream = UINT64_C(1) << 63 | (uint64_t)(i + 1) << 32 | number;
  rwk_origin origin = {.kind = RWK_ORIGIN_START, .walk = RWK_WALK_BEST, .lambda = NAN};
  double *w;
  if (number % 5 == 4 || e->current[i] == RWK_NO_LINE) {
    RWK_TRY(rwk_envelope_plan(&w, e, i, origin));
    return rwk_path_start(w, path, stream);
  }
  const rwk_line *line = &e->lines[e->current[i]];
  rwk_stream s;
  rwk_stream_init(&s, path->settings.seed ^ UINT64_C(0x9e3779b97f4a7c15), stream);
  const rwk_line *other = &e->lines[rwk_stream_u64(&s) % e->count];
  origin = line->origin;
  origin.kind = RWK_ORIGIN_NEIGHBOUR;
  const double *of = line->w, *with = other->w;
  RWK_TRY(rwk_envelope_plan(&w, e, i, origin));
  return change(w, path, of, with, stream);
}

rwk_status rwk_envelope_search(rwk_envelope *e) {
  const budget b = budget_of(e->path->settings.effort);
  double gain = 0;
  RWK_TRY(plan_far_sides(e));
  RWK_TRY(rwk_envelope_descend(e, &gain));
  RWK_TRY(rwk_envelope_settle(e, &gain));
  uint64_t number = 0;
  for (int round = 0, idle = 0; round < b.rounds && idle < b.patience; round++) {
    if (rwk_cancelled(e->path->ctx)) return RWK_CANCELLED;
    gain = 0;
    for (int k = 0; k < b.each; k++, number++)
      for (size_t i = 0; i < e->path->count; i++) RWK_TRY(plan_one(e, i, number));
    RWK_TRY(rwk_envelope_descend(e, &gain));
    RWK_TRY(rwk_envelope_settle(e, &gain));
    idle = gain > worth ? 0 : idle + 1;
  }
  return RWK_OK;
}
