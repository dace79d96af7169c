/* Every step of every walk explained, in parallel: a step is a task of its own. */
#include <omp.h>
#include <string.h>
#include "path/explain.h"

typedef struct step {
  size_t walk, from;
  rwk_drop drop;
  int kept;
  double *far; /* [dim] the far side of the fold that the branch ends in, or NULL */
} step;

typedef struct steps {
  rwk_path *path;
  step *all;
  size_t count, next;
  rwk_status status; /* of the first failure */
  omp_lock_t list;   /* guards next and status */
} steps;

static step *take(steps *s) {
  step *taken = NULL;
  omp_set_lock(&s->list);
  if (s->status == RWK_OK && s->next < s->count) taken = &s->all[s->next++];
  omp_unset_lock(&s->list);
  return taken;
}

static void work(steps *s) {
  rwk_path *path = s->path;
  rwk_explainer x;
  rwk_status status = rwk_explainer_open(&x, path, path->ctx);
  for (step *at; status == RWK_OK && (at = take(s));) {
    const rwk_walk_record *walk = &path->walks[at->walk];
    status = rwk_cancelled(path->ctx) ? RWK_CANCELLED
                                      : rwk_explain_step(&at->drop, &at->kept, &at->far, &x,
                                                         walk->points[at->from], walk->points[at->from + 1]);
  }
  if (status != RWK_OK) {
    omp_set_lock(&s->list);
    if (s->status == RWK_OK) {
      s->status = status;
      if (x.ctx) rwk_context_adopt_error(path->ctx, x.ctx);
    }
    omp_unset_lock(&s->list);
  }
  rwk_explainer_close(&x);
}

static rwk_status keep(rwk_path *path, const step *s) {
  rwk_walk_record *walk = &path->walks[s->walk];
  rwk_drop **list = s->drop.rise ? &walk->jumps : &walk->drops;
  size_t *count = s->drop.rise ? &walk->jump_count : &walk->drop_count,
         *capacity = s->drop.rise ? &walk->jump_capacity : &walk->drop_capacity;
  RWK_TRY(rwk_grow(path->ctx, list, capacity, *count + 1, sizeof **list));
  (*list)[(*count)++] = s->drop;
  return RWK_OK;
}

/* The list takes the weights over. */
static rwk_status keep_far_side(rwk_path *path, step *s) {
  const rwk_walk_record *walk = &path->walks[s->walk];
  if (!s->far) return RWK_OK;
  RWK_TRY(rwk_grow(path->ctx, &path->far_sides, &path->far_capacity, path->far_count + 1,
                   sizeof *path->far_sides));
  path->far_sides[path->far_count++] =
      (rwk_far_side){.begin = walk->points[s->from + (walk->walk == RWK_WALK_DOWN)], .w = s->far};
  s->far = NULL;
  return RWK_OK;
}

rwk_status rwk_drops_find(rwk_path *path, size_t first) {
  steps s = {.path = path};
  s.all = rwk_calloc(path->ctx, path->walk_count * path->count, sizeof *s.all);
  if (!s.all) return rwk_fail_memory(path->ctx, "explaining drops");
  for (size_t k = first; k < path->walk_count; k++)
    for (size_t i = 0; i + 1 < path->count; i++)
      if (path->walks[k].points[i] && path->walks[k].points[i + 1])
        s.all[s.count++] = (step){.walk = k, .from = i};
  int threads = rwk_problem_thread_safe(path->problem) ? rwk_threads(path->ctx) : 1;
  if ((size_t)threads > s.count) threads = (int)s.count;
  omp_init_lock(&s.list);
  if (threads <= 1) {
    work(&s);
  } else {
#pragma omp parallel num_threads(threads)
    work(&s);
  }
  omp_destroy_lock(&s.list);
  rwk_status status = s.status;
  for (size_t k = 0; k < s.count && status == RWK_OK; k++) {
    if (s.all[k].kept) status = keep(path, &s.all[k]);
    if (status == RWK_OK) status = keep_far_side(path, &s.all[k]);
  }
  for (size_t k = 0; k < s.count; k++) rwk_free_doubles(path->ctx, s.all[k].far);
  rwk_free(path->ctx, s.all);
  return status;
}
