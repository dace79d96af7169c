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
  double times;
} budget;

/* Of small networks, where iterations are cheap, more. Where a Hessian is only known by its products, a
 * descent costs far more than it mostly brings. */
static budget budget_of(const rwk_path *path) {
  const int dense = rwk_path_is_dense(path), high = path->settings.effort == RWK_EFFORT_HIGH;
  const double small = 128, times = dense ? fmax(16, 64 * fmin(1, small / (double)path->dim)) : high ? 2 : 1;
  return high ? (budget){.rounds = 400, .each = 4, .patience = 60, .times = 10 * times}
              : (budget){.rounds = 100, .each = 4, .patience = 30, .times = times};
}

/* Most searches end a little after every penalty has lost its patience; a descent takes about as long as a
 * warm fit (bench/forecast.c). */
double rwk_best_guess(const rwk_path *path) {
  if (path->settings.effort == RWK_EFFORT_LOW) return 0;
  const budget b = budget_of(path);
  const double rounds = fmin(b.rounds, 1.1 * b.patience), descents = rounds * b.each * (double)path->count;
  return fmin(1.2 * descents, b.times * (double)(path->slots * path->count));
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
    RWK_TRY(rwk_envelope_restart(e, far->begin->index, far->w, origin));
    rwk_envelope_try(e);
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

/* Proposal number `number` at a penalty: of two one is a random start, and one changes any of the lowest
 * minima there: what is best now is seldom beside what will be. Its stream is no other's: those of the walks
 * have the upper half 0 to the grid's length. */
static rwk_status plan_one(rwk_envelope *e, size_t i, uint64_t number) {
  const rwk_path *path = e->path;
  const uint64_t stream = UINT64_C(1) << 63 | (uint64_t)(i + 1) << 32 | number;
  rwk_origin origin = {.kind = RWK_ORIGIN_START, .walk = RWK_WALK_BEST, .lambda = NAN};
  double *w;
  if (number % 2 == 0 || e->basin_count[i] == 0) {
    RWK_TRY(rwk_envelope_plan(&w, e, i, origin));
    RWK_TRY(rwk_path_start(w, path, stream));
  } else {
    rwk_stream s;
    rwk_stream_init(&s, path->settings.seed ^ UINT64_C(0x9e3779b97f4a7c15), stream);
    const rwk_line *other = &e->lines[rwk_stream_u64(&s) % e->count];
    const rwk_basin *basin = &e->basins[i * RWK_BASINS + rwk_stream_u64(&s) % e->basin_count[i]];
    origin = basin->origin;
    origin.kind = RWK_ORIGIN_NEIGHBOUR;
    RWK_TRY(rwk_envelope_plan(&w, e, i, origin));
    RWK_TRY(change(w, e, basin->w, other->w, stream));
  }
  rwk_envelope_try(e);
  return RWK_OK;
}

/* Minima at the penalties beside, once each: T3's lines say how low they are here, not where they lead to. */
static rwk_status plan_from_beside(rwk_envelope *e) {
  const size_t count = e->path->count;
  for (size_t i = 0; i < count; i++)
    for (size_t k = 0; k < e->basin_count[i]; k++) {
      rwk_basin *basin = &e->basins[i * RWK_BASINS + k];
      if (!basin->fresh) continue;
      basin->fresh = 0;
      for (int up = 0; up < 2; up++) {
        if (up ? i + 1 == count : i == 0) continue;
        RWK_TRY(rwk_envelope_restart(e, up ? i + 1 : i - 1, basin->w, basin->origin));
        rwk_envelope_try(e);
      }
    }
  return RWK_OK;
}

static const int few = 5; /* rounds */
static const size_t often = 4;

/* Do random starts keep ending in the lowest minimum? */
static int is_common(const rwk_envelope *e, size_t i) {
  return e->basin_count[i] && e->basins[i * RWK_BASINS].found >= often;
}

/* No gain for so long; or for a few rounds only, where random starts keep ending in the lowest minimum: one
 * below it would have to be far rarer. */
static int exhausted(const rwk_envelope *e, size_t i, int idle, int patience) {
  return idle >= patience || (idle >= few && is_common(e, i));
}

/* What the search keeps for every penalty. */
typedef struct notes {
  double *before; /* J when the round began */
  int *idle;      /* rounds without a gain */
  double seconds; /* of the search */
} notes;

/* Seconds until every penalty is exhausted, or the budget is. */
static double look_ahead(const rwk_outlook *o, const rwk_envelope *e, const notes *n, const budget *b,
                         int64_t limit) {
  double tries = 0;
  for (size_t i = 0; i < e->path->count; i++)
    if (!exhausted(e, i, n->idle[i], b->patience))
      tries += rwk_outlook_rounds(o, n->idle[i], is_common(e, i) ? few : b->patience, b->rounds - o->rounds);
  const double by_tries = tries * rwk_outlook_price(o),
               by_budget = n->seconds * (double)(limit - e->iterations) / fmax(1, (double)e->iterations);
  return fmax(0, fmin(by_tries, by_budget));
}

static rwk_status search(rwk_envelope *e, notes *n) {
  const budget b = budget_of(e->path);
  const int64_t limit = (int64_t)(b.times * (double)iterations_of_walks(e->path));
  const size_t count = e->path->count;
  rwk_outlook o = {0};
  const double start = rwk_seconds();
  RWK_TRY(plan_far_sides(e));
  for (size_t i = 0; i < count; i++) n->idle[i] = 0;
  for (int round = 0; round < b.rounds && e->iterations < limit; round++) {
    if (rwk_cancelled(e->path->ctx)) return RWK_CANCELLED;
    RWK_TRY(plan_from_beside(e));
    const double began = rwk_seconds();
    double gains = 0;
    size_t tried = 0;
    for (size_t i = 0; i < count; i++) {
      n->before[i] = rwk_envelope_at(e, i);
      tried += !exhausted(e, i, n->idle[i], b.patience);
      for (int k = 0; k < b.each && !exhausted(e, i, n->idle[i], b.patience); k++)
        RWK_TRY(plan_one(e, i, (uint64_t)round * (uint64_t)b.each + (uint64_t)k));
    }
    if (e->descent_count == 0) return RWK_OK;
    RWK_TRY(rwk_envelope_descend(e));
    RWK_TRY(rwk_envelope_settle(e));
    for (size_t i = 0; i < count; i++) {
      const int gained = n->before[i] - rwk_envelope_at(e, i) > worth * fabs(n->before[i]);
      n->idle[i] = gained ? 0 : n->idle[i] + 1;
      gains += gained;
    }
    n->seconds = rwk_seconds() - start;
    rwk_outlook_add(&o, gains, tried, rwk_seconds() - began);
    e->path->forecast.search_left = look_ahead(&o, e, n, &b, limit);
    rwk_path_report(e->path, NULL);
  }
  return RWK_OK;
}

rwk_status rwk_envelope_search(rwk_envelope *e) {
  rwk_context *ctx = e->path->ctx;
  const size_t count = e->path->count;
  notes n = {.before = rwk_alloc_doubles(ctx, count), .idle = rwk_alloc(ctx, count, sizeof *n.idle)};
  rwk_status status = n.before && n.idle ? RWK_OK : rwk_fail_memory(ctx, "the envelope");
  if (status == RWK_OK) status = rwk_objective_open(&e->objective, ctx, e->path->problem, 0);
  if (status == RWK_OK) {
    status = search(e, &n);
    rwk_objective_close(&e->objective);
  }
  rwk_free(ctx, n.idle);
  rwk_free_doubles(ctx, n.before);
  return status;
}
