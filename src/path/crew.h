/* path/crew.h: threads that take tasks from one list, to which tasks may add. */
#ifndef RWK_PATH_CREW_H
#define RWK_PATH_CREW_H

#include "path/path.h"

typedef struct rwk_crew rwk_crew;

typedef struct rwk_crew_work {
  /* Opens what one thread needs; `ctx` is the thread's own and outlives it. What a failed call leaves in
   * *station is closed all the same. */
  rwk_status (*open)(void **station, rwk_context *ctx, void *payload);
  void (*close)(void *station);
  /* Does task number `task`; the first failure ends the run, with the error of that thread's context. */
  rwk_status (*perform)(size_t task, void *station, rwk_crew *crew, void *payload);
  /* The same by helper number `helper` of the path's settings, which answers one call at a time; NULL: they
   * cannot help. It adds no tasks. */
  rwk_status (*delegate)(size_t task, size_t helper, void *payload);
  void *payload;
  int single; /* 1: one task after the other, each with all threads for its sums over rows */
} rwk_crew_work;

/* Does tasks 0, 1, ..., tasks - 1 and those added meanwhile, `most` in all at most, in the order in which
 * they came, by as many threads as the problem and the path's context allow. */
rwk_status rwk_crew_run(const rwk_path *path, const rwk_crew_work *work, size_t tasks, size_t most);

/* One task more, from within a task; never more than `most` that are not done. */
void rwk_crew_add(rwk_crew *crew, size_t task);

/* The task that is being done is done later, after a pause: what it needs is not there yet. */
void rwk_crew_put_off(rwk_crew *crew, size_t task);

/* Between these one thread at a time: for the caller's callbacks. */
void rwk_crew_enter(rwk_crew *crew);
void rwk_crew_leave(rwk_crew *crew);

/* From within a task: the step of a warm walk from this fit to the next of the grid has been explained, in so
 * many seconds. */
void rwk_step_explained(rwk_path *path, rwk_crew *crew, const rwk_fit *from, double seconds);

#endif
