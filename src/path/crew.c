#include <omp.h>
#include <stdatomic.h>
#include <time.h>
#include "path/crew.h"

struct rwk_crew {
  const rwk_path *path;
  const rwk_crew_work *work;
  size_t *list;                   /* a ring of `most` places, as a task may be put off */
  size_t next, count, most, busy; /* busy: tasks that are being done, and may add others */
  rwk_status status;              /* of the first failure */
  int inner;                      /* threads within a task */
  omp_lock_t lock;                /* guards all of the above */
  omp_lock_t callbacks;
  atomic_uint news; /* counts what may interest those who wait */
  size_t threads;
  rwk_team **teams; /* [threads]: of each, joined by those who wait; NULL where one thread does all */
};

void rwk_crew_add(rwk_crew *c, size_t task) {
  omp_set_lock(&c->lock);
  c->list[c->count++ % c->most] = task;
  omp_unset_lock(&c->lock);
  atomic_fetch_add(&c->news, 1);
}

void rwk_crew_put_off(rwk_crew *c, size_t task) {
  const struct timespec pause = {.tv_nsec = 10000000};
  nanosleep(&pause, NULL);
  rwk_crew_add(c, task);
}

void rwk_crew_enter(rwk_crew *c) {
  omp_set_lock(&c->callbacks);
}

void rwk_crew_leave(rwk_crew *c) {
  omp_unset_lock(&c->callbacks);
}

/* A thread without a task lends a hand to the others' sums over rows, one after the other; 0 where nobody
 * had any. */
static int lend_a_hand(rwk_crew *c, size_t thread, unsigned heard) {
  int helped = 0;
  for (size_t k = 1; k < c->threads && c->teams && thread < c->threads && atomic_load(&c->news) == heard;
       k++) {
    const size_t other = (thread + k) % c->threads;
    helped |= rwk_team_join(c->teams[other], c->threads - k, &c->news, heard);
  }
  return helped;
}

/* The next task; 0 when there will be none. */
static int take(rwk_crew *c, size_t *task, size_t thread) {
  const struct timespec pause = {.tv_nsec = 50000};
  for (;;) {
    const unsigned heard = atomic_load(&c->news);
    omp_set_lock(&c->lock);
    const int found = c->status == RWK_OK && c->next < c->count, wait = c->status == RWK_OK && c->busy > 0;
    if (found) {
      *task = c->list[c->next++ % c->most];
      c->busy++;
    }
    omp_unset_lock(&c->lock);
    if (found || !wait) return found;
    while (atomic_load(&c->news) == heard) { /* what is being done may add something */
      if (!lend_a_hand(c, thread, heard)) nanosleep(&pause, NULL);
      rwk_cancelled(c->path->ctx); /* a hook may hear on the caller's thread alone, and tell the others */
    }
  }
}

static void settle(rwk_crew *c, rwk_status status, const rwk_context *ctx, int was_busy) {
  omp_set_lock(&c->lock);
  c->busy -= was_busy ? 1 : 0;
  if (status != RWK_OK && c->status == RWK_OK) {
    c->status = status;
    if (ctx) rwk_context_adopt_error(c->path->ctx, ctx);
  }
  omp_unset_lock(&c->lock);
  atomic_fetch_add(&c->news, 1);
}

static void work(rwk_crew *c, size_t thread) {
  rwk_context *ctx = NULL;
  void *station = NULL;
  rwk_status status = rwk_context_fork(&ctx, c->path->ctx, c->inner);
  if (status == RWK_OK && c->teams) rwk_context_set_team(ctx, c->teams[thread]);
  if (status == RWK_OK) status = c->work->open(&station, ctx, c->work->payload);
  if (status != RWK_OK) settle(c, status, ctx, 0);
  for (size_t task; status == RWK_OK && take(c, &task, thread);) {
    status = c->work->perform(task, station, c, c->work->payload);
    settle(c, status, ctx, 1);
  }
  if (station) c->work->close(station);
  rwk_context_destroy(ctx);
}

/* A thread that waits for a helper to do its tasks. */
static void wait_for(rwk_crew *c, size_t helper) {
  for (size_t task; take(c, &task, c->threads + helper);)
    settle(c, c->work->delegate(task, helper, c->work->payload), NULL, 1);
}

/* Each thread's team is of a few: its members all have memory of their own. Where memory runs out there are
 * none. */
static void open_teams(rwk_crew *c) {
  enum { FEW = 4 };
  if (c->threads < 2) return;
  c->teams = rwk_calloc(c->path->ctx, c->threads, sizeof *c->teams);
  for (size_t k = 0; c->teams && k < c->threads; k++)
    c->teams[k] = rwk_team_create_open(c->path->ctx, c->threads < FEW ? (int)c->threads : FEW);
}

static void close_teams(rwk_crew *c) {
  for (size_t k = 0; c->teams && k < c->threads; k++) rwk_team_destroy(c->teams[k]);
  rwk_free(c->path->ctx, c->teams);
}

rwk_status rwk_crew_run(const rwk_path *path, const rwk_crew_work *w, size_t tasks, size_t most) {
  if (tasks == 0) return RWK_OK;
  rwk_crew c = {.path = path, .work = w, .count = tasks, .most = most};
  atomic_init(&c.news, 0);
  c.list = rwk_alloc(path->ctx, most, sizeof *c.list);
  if (!c.list) return rwk_fail_memory(path->ctx, "the list of tasks");
  for (size_t k = 0; k < tasks; k++) c.list[k] = k;
  int threads = rwk_problem_thread_safe(path->problem) ? rwk_threads(path->ctx) : 1;
  c.inner = w->single || most == 1 ? threads : 1;
  if (c.inner > 1) threads = 1;
  if ((size_t)threads > most) threads = (int)most;
  const rwk_path_help *help = w->delegate ? path->settings.help : NULL;
  const size_t left = most - (size_t)threads;
  const int helpers = !help ? 0 : help->count < left ? (int)help->count : (int)left;
  omp_init_lock(&c.lock);
  omp_init_lock(&c.callbacks);
  c.threads = (size_t)threads;
  open_teams(&c);
  if (threads + helpers <= 1) {
    work(&c, 0);
  } else {
#pragma omp parallel num_threads(threads + helpers)
    if (omp_get_thread_num() < threads)
      work(&c, (size_t)omp_get_thread_num());
    else
      wait_for(&c, (size_t)(omp_get_thread_num() - threads));
  }
  close_teams(&c);
  omp_destroy_lock(&c.callbacks);
  omp_destroy_lock(&c.lock);
  rwk_free(path->ctx, c.list);
  return c.status;
}
