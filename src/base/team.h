/* base/team.h: threads that share the items of short pieces of work, a tenth of a millisecond or more.
 *
 * Whoever is awake takes the next item, the caller too, and only items that somebody took are waited for: on
 * a busy machine a thread that does not get a processor costs nothing, where a barrier would wait for it.
 * Which thread does an item changes from run to run; results are the same as long as items write to places of
 * their own.
 *
 * A team is of one caller at a time. Its threads start at the first run, let all signals pass, watch for work
 * for a moment after each run and then sleep. Where none can be started, the caller does all.
 */
#ifndef RWK_BASE_TEAM_H
#define RWK_BASE_TEAM_H

#include "base/context.h"

typedef struct rwk_team rwk_team;

/* One item. `member` < threads numbers the thread that does it; 0 is the caller. */
typedef void (*rwk_team_fn)(size_t item, size_t member, void *payload);

/* NULL where threads is 1 or memory runs out: rwk_team_run then does all in the caller. */
rwk_team *rwk_team_create(rwk_context *ctx, int threads);
void rwk_team_destroy(rwk_team *team); /* NULL is fine */

/* Calls do_item for every item < items, items < 2^31, and returns when all are done. */
void rwk_team_run(rwk_team *team, size_t items, rwk_team_fn do_item, void *payload);

#endif
