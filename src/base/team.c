#include "base/team.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

/* So many looks at the ticket, some tens of microseconds, before a thread without work sleeps, and before the
 * caller, who has none left, offers its processor to a thread that holds an item. */
enum { LOOKS = 4000 };

typedef struct member {
  rwk_team *team;
  size_t number;
  pthread_t thread;
} member;

struct rwk_team {
  rwk_context *ctx;
  size_t threads, started; /* started: of the members; tried once */
  int tried;

  /* The run in progress: its number in the upper half, items nobody has taken yet in the lower. Who takes one
   * has lowered it by one; payload and function of a run stay until all that were taken are done. */
  _Atomic uint64_t ticket;
  _Atomic uint64_t unfinished;
  rwk_team_fn do_item;
  void *payload;

  pthread_mutex_t lock; /* of what follows */
  pthread_cond_t wake;
  _Atomic int asleep, closing;

  member members[];
};

static inline void breathe(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/* Takes items as long as there are any. */
static void work_on(rwk_team *t, size_t number) {
  uint64_t ticket = atomic_load_explicit(&t->ticket, memory_order_acquire);
  while ((uint32_t)ticket > 0) {
    if (!atomic_compare_exchange_weak_explicit(&t->ticket, &ticket, ticket - 1, memory_order_acquire,
                                               memory_order_acquire))
      continue;
    t->do_item((uint32_t)ticket - 1, number, t->payload);
    atomic_fetch_sub_explicit(&t->unfinished, 1, memory_order_release);
    ticket = atomic_load_explicit(&t->ticket, memory_order_acquire);
  }
}

static int idle(rwk_team *t) {
  return (uint32_t)atomic_load(&t->ticket) == 0 && !atomic_load(&t->closing);
}

static void *be_member(void *payload) {
  const member *m = payload;
  rwk_team *t = m->team;
  while (!atomic_load(&t->closing)) {
    for (int look = 0; look < LOOKS && idle(t); look++) breathe();
    if (idle(t)) {
      pthread_mutex_lock(&t->lock);
      atomic_fetch_add(&t->asleep, 1);
      while (idle(t)) pthread_cond_wait(&t->wake, &t->lock);
      atomic_fetch_sub(&t->asleep, 1);
      pthread_mutex_unlock(&t->lock);
    }
    work_on(t, m->number);
  }
  return NULL;
}

static void wake_sleepers(rwk_team *t) {
  if (atomic_load(&t->asleep) == 0) return;
  pthread_mutex_lock(&t->lock);
  pthread_cond_broadcast(&t->wake);
  pthread_mutex_unlock(&t->lock);
}

/* Signals are the host's business: the members are born with all of them blocked. */
static void start_members(rwk_team *t) {
  sigset_t all, before;
  t->tried = 1;
  sigfillset(&all);
  if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0) return;
  while (t->started + 1 < t->threads) {
    member *m = &t->members[t->started];
    *m = (member){.team = t, .number = t->started + 1};
    if (pthread_create(&m->thread, NULL, be_member, m) != 0) break;
    t->started++;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

rwk_team *rwk_team_create(rwk_context *ctx, int threads) {
  if (threads <= 1) return NULL;
  const size_t members = (size_t)threads - 1;
  rwk_team *t = rwk_calloc(ctx, 1, sizeof *t + members * sizeof *t->members);
  if (!t) return NULL;
  t->ctx = ctx;
  t->threads = (size_t)threads;
  if (pthread_mutex_init(&t->lock, NULL) != 0) goto no_lock;
  if (pthread_cond_init(&t->wake, NULL) != 0) goto no_condition;
  return t;
no_condition:
  pthread_mutex_destroy(&t->lock);
no_lock:
  rwk_free(ctx, t);
  return NULL;
}

void rwk_team_destroy(rwk_team *t) {
  if (!t) return;
  atomic_store(&t->closing, 1);
  wake_sleepers(t);
  for (size_t k = 0; k < t->started; k++) pthread_join(t->members[k].thread, NULL);
  pthread_cond_destroy(&t->wake);
  pthread_mutex_destroy(&t->lock);
  rwk_free(t->ctx, t);
}

void rwk_team_run(rwk_team *t, size_t items, rwk_team_fn do_item, void *payload) {
  if (!t || items < 2) {
    for (size_t k = 0; k < items; k++) do_item(k, 0, payload);
    return;
  }
  if (!t->tried) start_members(t);
  t->do_item = do_item;
  t->payload = payload;
  atomic_store_explicit(&t->unfinished, items, memory_order_relaxed);
  const uint64_t run = (atomic_load_explicit(&t->ticket, memory_order_relaxed) >> 32) + 1;
  atomic_store(&t->ticket, run << 32 | items);
  wake_sleepers(t);
  work_on(t, 0);
  for (int look = 1; atomic_load_explicit(&t->unfinished, memory_order_acquire) > 0; look++)
    if (look % LOOKS == 0) {
      sched_yield();
      look = 0;
    } else {
      breathe();
    }
}
