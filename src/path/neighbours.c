/* Other basins than those that the walks fell into. */
#include <math.h>
#include <string.h>
#include "base/stream.h"
#include "path/envelope.h"

/* What an effort may cost: rounds; descents in a round at each penalty; rounds without a gain after which a
 * penalty is left alone until a gain reaches it from another; and iterations of the solver, in those of the
 * walks. */
typedef struct budget {
  int rounds, each, patience;
  int64_t times;
} budget;

/* Where a Hessian is only known by its products, a descent costs far more than it mostly brings. */
static budget budget_of(const rwk_path *path) {
  const int dense = rwk_path_is_dense(path);
  if (path->settings.effort == RWK_EFFORT_HIGH)
    return (budget){.rounds = 100, .each = 4, .patience = 12, .times = dense ? 200 : 20};
  return (budget){.rounds = 24, .each = 4, .patience = 6, .times = dense ? 10 : 1};
}

/* Iterations of all walks; of a walk up at least, where `best` is alone. */
static int64_t iterations_of_walks(const rwk_path *path) {
  int64_t sum = 0;
  for (size_t k = 0; k < path->slots * path->count; k++)
    if (path->made[k]) sum += path->fits[k].solve.iterations;
  const int64_t least = 30 * (int64_t)path->count;
  return sum > least ? sum : least;
}

/* A gain, relative to J, that is worth going on for. */
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
    rwk_envelope_ceiling(e);
  }
  return RWK_OK;
}

static rwk_status change(double *w, const rwk_envelope *e, const double *of, const double *other,
                         uint64_t stream) {
  const rwk_path *path = e->path;
  const rwk_problem *p = path->problem;
  if (p->ops.neighbour)
    return p->ops.neighbour(w, of, other, path->settings.seed, stream, e->objective.work, p->self);
  rwk_stream s;
  rwk_stream_init(&s, path->settings.seed, stream);
  const double size = rwk_norm(path->dim, of) / sqrt((double)path->dim);
  for (size_t i = 0; i < path->dim; i++) w[i] = of[i] + (0.1 + size) * rwk_stream_normal(&s);
  return RWK_OK;
}

/* Proposal number `number` at a penalty: every fourth is a random start, the others change the fit there. Its
 * stream is no other's: those of the walks have the upper half 0 to the grid's length. */
static rwk_status plan_one(rwk_envelope *e, size_t i, uint64_t number) {
  const rwk_path *path = e->path;
  const uint64_t stream = UINT64_C(1) << 63 | (uint64_t)(i + 1) << 32 | number;
  rwk_origin origin = {.kind = RWK_ORIGIN_START, .walk = RWK_WALK_BEST, .lambda = NAN};
  double *w;
  if (number % 4 == 3 || e->current[i] == RWK_NO_LINE) {
    RWK_TRY(rwk_envelope_plan(&w, e, i, origin));
    RWK_TRY(rwk_path_start(w, path, stream));
  } else {
    const rwk_line *line = &e->lines[e->current[i]];
    rwk_stream s;
    rwk_stream_init(&s, path->settings.seed ^ UINT64_C(0x9e3779b97f4a7c15), stream);
    const rwk_line *other = &e->lines[rwk_stream_u64(&s) % e->count];
    origin = line->origin;
    origin.kind = RWK_ORIGIN_NEIGHBOUR;
    RWK_TRY(rwk_envelope_plan(&w, e, i, origin));
    RWK_TRY(change(w, e, line->w, other->w, stream));
  }
  rwk_envelope_ceiling(e);
  return RWK_OK;
}

/* Fits at penalties nearby, once each: T3's lines say how low they are here, not where they lead to. */
enum { REACH = 3 };

static rwk_status plan_from_nearby(rwk_envelope *e, int64_t *seen) {
  const int64_t count = (int64_t)e->path->count;
  for (int64_t i = 0; i < count; i++)
    for (int64_t by = -REACH; by <= REACH; by++) {
      const int64_t from = i + by;
      if (by == 0 || from < 0 || from >= count || e->current[from] == RWK_NO_LINE) continue;
      int64_t *last = &seen[i * (2 * REACH + 1) + by + REACH];
      if (*last == e->current[from] || e->current[i] == e->current[from]) continue;
      *last = e->current[from];
      RWK_TRY(rwk_envelope_restart(e, (size_t)i, &e->lines[e->current[from]]));
      rwk_envelope_ceiling(e);
    }
  return RWK_OK;
}

/* What the search keeps for every penalty. */
typedef struct notes {
  double *before; /* J when the round began */
  int *idle;      /* rounds without a gain */
  int64_t *seen;  /* [2 REACH + 1] the lines nearby that were descended from */
} notes;

static rwk_status search(rwk_envelope *e, notes *n) {
  const budget b = budget_of(e->path);
  const int64_t limit = b.times * iterations_of_walks(e->path);
  const size_t count = e->path->count;
  RWK_TRY(plan_far_sides(e));
  for (size_t i = 0; i < count; i++) n->idle[i] = 0;
  for (size_t i = 0; i < count * (2 * REACH + 1); i++) n->seen[i] = RWK_NO_LINE;
  for (int round = 0; round < b.rounds && e->iterations < limit; round++) {
    if (rwk_cancelled(e->path->ctx)) return RWK_CANCELLED;
    RWK_TRY(plan_from_nearby(e, n->seen));
    for (size_t i = 0; i < count; i++) {
      n->before[i] = rwk_envelope_at(e, i);
      for (int k = 0; k < b.each && n->idle[i] < b.patience; k++)
        RWK_TRY(plan_one(e, i, (uint64_t)round * (uint64_t)b.each + (uint64_t)k));
    }
    if (e->descent_count == 0) return RWK_OK;
    RWK_TRY(rwk_envelope_descend(e));
    RWK_TRY(rwk_envelope_settle(e));
    for (size_t i = 0; i < count; i++)
      n->idle[i] = n->before[i] - rwk_envelope_at(e, i) > worth * fabs(n->before[i]) ? 0 : n->idle[i] + 1;
  }
  return RWK_OK;
}

rwk_status rwk_envelope_search(rwk_envelope *e) {
  rwk_context *ctx = e->path->ctx;
  const size_t count = e->path->count;
  notes n = {.before = rwk_alloc_doubles(ctx, count),
             .idle = rwk_alloc(ctx, count, sizeof *n.idle),
             .seen = rwk_alloc(ctx, count * (2 * REACH + 1), sizeof *n.seen)};
  rwk_status status = n.before && n.idle && n.seen ? RWK_OK : rwk_fail_memory(ctx, "the envelope");
  if (status == RWK_OK) status = rwk_objective_open(&e->objective, ctx, e->path->problem, 0);
  if (status == RWK_OK) {
    status = search(e, &n);
    rwk_objective_close(&e->objective);
  }
  rwk_free(ctx, n.seen);
  rwk_free(ctx, n.idle);
  rwk_free_doubles(ctx, n.before);
  return status;
}
