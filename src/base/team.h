/* base/team.h: threads that share the items of short pieces of work, a few hundredths of a millisecond or
 * more.
 *
 * Item i is member i % threads's, so that what an item reads and writes stays in one processor's cache from
 * run to run; who is done with his own takes what others have left. Only items that somebody took are waited
 * for: on a busy machine a thread that does not get a processor costs nothing, where a barrier would wait for
 * it; and where one loses it over an item, the caller does some of the next runs alone. Which thread does an
 * item changes from run to run; results are the same as long as items write to places of their own.
 *
 * A team serves one run at a time; a run that finds it busy is done by its caller. Its threads start when
 * they are first needed, let all signals pass, watch for work for a millisecond after each run and then
 * sleep. Where none can be started, the caller does all.
 */
#ifndef RWK_BASE_TEAM_H
#define RWK_BASE_TEAM_H

#include <stdatomic.h>
#include "base/context.h"

typedef struct rwk_team rwk_team;

/* One item. `member` < threads numbers the thread that does it; 0 is the caller. */
typedef void (*rwk_team_fn)(size_t item, size_t member, void *payload);

/* NULL where threads is 1 or memory runs out: rwk_team_run then does all in the caller. */
rwk_team *rwk_team_create(rwk_context *ctx, int threads);
void rwk_team_destroy(rwk_team *team); /* NULL is fine */

/* The same without threads of its own: whoever has nothing else to do joins it for a while. */
rwk_team *rwk_team_create_open(rwk_context *ctx, int threads);
/* Joins as member number 1, 2, ..., nobody else being that member, until *news is another than `heard`,
 * nothing has come for a millisecond, or five have passed; 1 if there were runs. */
int rwk_team_join(rwk_team *team, size_t number, const _Atomic unsigned *news, unsigned heard);

/* The team of a context: of as many threads as it may use, which goes with the context, or the one that was
 * set, which has to outlive it. */
rwk_team *rwk_context_team(rwk_context *ctx);
void rwk_context_set_team(rwk_context *ctx, rwk_team *team);
size_t rwk_team_threads(const rwk_team *team); /* 1 for NULL */

/* Calls do_item for every item < items, items < 2^31, a member's last ones first, and returns when all are
 * done. */
void rwk_team_run(rwk_team *team, size_t items, rwk_team_fn do_item, void *payload);

#endif
