/* Every step of every walk explained, in parallel: those that were not while the walk went on. */
#include <string.h>
#include "path/crew.h"
#include "path/errand.h"

/* A step that is to be explained, or was. */
typedef struct place {
  size_t walk, from;
  rwk_step *step;
} place;

typedef struct list {
  rwk_path *path;
  place *all;
  size_t *open; /* numbers of those that are not explained yet */
  size_t count, open_count;
} list;

static rwk_status open_station(void **station, rwk_context *ctx, void *payload) {
  const list *l = payload;
  rwk_explainer *x = rwk_calloc(ctx, 1, sizeof *x);
  if (!x) return rwk_fail_memory(ctx, "explaining drops");
  *station = x;
  return rwk_explainer_open(x, l->path, ctx);
}

static void close_station(void *station) {
  rwk_explainer *x = station;
  rwk_context *ctx = x->ctx;
  rwk_explainer_close(x);
  rwk_free(ctx, x);
}

static rwk_status perform(size_t task, void *station, rwk_crew *crew, void *payload) {
  const list *l = payload;
  const place *at = &l->all[l->open[task]];
  const rwk_walk_record *walk = &l->path->walks[at->walk];
  const double began = rwk_seconds();
  RWK_TRY(rwk_explain_step(at->step, station, walk->points[at->from], walk->points[at->from + 1]));
  if (walk->walk < RWK_WALK_COLD)
    rwk_step_explained(l->path, crew, walk->points[at->from], rwk_seconds() - began);
  return RWK_OK;
}

void rwk_step_explained(rwk_path *path, rwk_crew *crew, const rwk_fit *from, double seconds) {
  rwk_crew_enter(crew);
  rwk_forecast_step(&path->forecast, from->walk, from->index, seconds);
  rwk_path_report(path, NULL);
  rwk_crew_leave(crew);
}

static rwk_status delegate(size_t task, size_t helper, void *payload) {
  const list *l = payload;
  const place *at = &l->all[l->open[task]];
  const rwk_walk_record *walk = &l->path->walks[at->walk];
  return rwk_errand_explain(at->step, l->path, helper, walk->points[at->from], walk->points[at->from + 1]);
}

static rwk_status keep(rwk_path *path, const place *at) {
  rwk_walk_record *walk = &path->walks[at->walk];
  const rwk_drop *drop = &at->step->drop;
  rwk_drop **drops = drop->rise ? &walk->jumps : &walk->drops;
  size_t *count = drop->rise ? &walk->jump_count : &walk->drop_count,
         *capacity = drop->rise ? &walk->jump_capacity : &walk->drop_capacity;
  RWK_TRY(rwk_grow(path->ctx, drops, capacity, *count + 1, sizeof **drops));
  (*drops)[(*count)++] = *drop;
  return RWK_OK;
}

/* The path takes the weights over. */
static rwk_status keep_far_side(rwk_path *path, place *at) {
  const rwk_walk_record *walk = &path->walks[at->walk];
  if (!at->step->far) return RWK_OK;
  RWK_TRY(rwk_grow(path->ctx, &path->far_sides, &path->far_capacity, path->far_count + 1,
                   sizeof *path->far_sides));
  path->far_sides[path->far_count++] =
      (rwk_far_side){.begin = walk->points[at->from + (walk->walk == RWK_WALK_DOWN)], .w = at->step->far};
  at->step->far = NULL;
  return RWK_OK;
}

/* The step of a warm walk is where the walk left it; those of other walks are new. */
static rwk_step *step_of(rwk_path *path, const rwk_walk_record *walk, size_t from, rwk_step *fresh) {
  return walk->walk < RWK_WALK_COLD ? &path->steps[walk->points[from] - path->fits] : fresh;
}

rwk_status rwk_drops_find(rwk_path *path, size_t first) {
  list l = {.path = path};
  const size_t most = path->walk_count * path->count;
  rwk_status status = RWK_OK;
  rwk_step *fresh = rwk_calloc(path->ctx, most, sizeof *fresh);
  l.all = rwk_alloc(path->ctx, most, sizeof *l.all);
  l.open = rwk_alloc(path->ctx, most, sizeof *l.open);
  if (!fresh || !l.all || !l.open) {
    status = rwk_fail_memory(path->ctx, "explaining drops");
    goto done;
  }
  for (size_t k = first; k < path->walk_count; k++) {
    const rwk_walk_record *walk = &path->walks[k];
    for (size_t i = 0; i + 1 < path->count; i++) {
      if (!walk->points[i] || !walk->points[i + 1]) continue;
      const place at = {.walk = k, .from = i, .step = step_of(path, walk, i, &fresh[l.count])};
      if (!at.step->explained) l.open[l.open_count++] = l.count;
      l.all[l.count++] = at;
    }
  }
  const rwk_crew_work work = {
      .open = open_station, .close = close_station, .perform = perform, .delegate = delegate, .payload = &l};
  status = rwk_crew_run(path, &work, l.open_count, l.open_count);
  for (size_t k = 0; k < l.count && status == RWK_OK; k++) {
    if (l.all[k].step->kept) status = keep(path, &l.all[k]);
    if (status == RWK_OK) status = keep_far_side(path, &l.all[k]);
  }
done:
  for (size_t k = 0; fresh && k < most; k++) rwk_free_doubles(path->ctx, fresh[k].far);
  rwk_free(path->ctx, l.open);
  rwk_free(path->ctx, l.all);
  rwk_free(path->ctx, fresh);
  return status;
}
