#include "base/team.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

/* So many seconds a thread without work watches for some before it sleeps: to be woken takes tens of
 * microseconds, and a solver's runs follow each other by less than a millisecond. */
static const double watch = 1e-3;

/* So many seconds a guest stays at most: he may have to hear whether the caller wants to stop. */
static const double visit = 5e-3;

/* A run is late when its caller, out of work, has waited so much longer than it worked: somebody who took an
 * item lost his processor to another program. The next runs are then the caller's alone, twice as many after
 * each run that is late, half as many again after 64 that are not. */
static const double late_share = 2, late_least = 2e-4;
enum { REST_FIRST = 16, REST_MOST = 4096, IN_TIME = 64 };

enum { LINE = 64, LOOKS = 64 }; /* of a cache, bytes; between looks at the clock */

/* What one member writes and the others seldom read, on a line of its own. */
typedef struct member {
  _Alignas(
      LINE) _Atomic uint64_t taken;     /* a run's number in the upper half; so many of its items are taken */
  _Alignas(LINE) _Atomic uint64_t done; /* likewise: items that this member has done in that run */
  rwk_team *team;
  size_t number;
  pthread_t thread;
} member;

struct rwk_team {
  /* The run in progress: its number in the upper half, its items in the lower. Who takes an item keeps the
   * run from ending, so that payload and function stay until he is done. */
  _Alignas(LINE) _Atomic uint64_t run;
  rwk_team_fn do_item;
  void *payload;

  _Alignas(LINE) rwk_context *ctx;
  size_t threads, started, tried; /* started: of the members that were tried */
  int open;                       /* has it guests only? */
  _Atomic size_t guests;
  unsigned rest, next_rest; /* runs that the caller still does alone; and after the next that is late */
  unsigned in_time;         /* runs since one was late */
  _Atomic int busy;         /* somebody's run is in progress */

  pthread_mutex_t lock; /* of what follows */
  pthread_cond_t wake;
  _Atomic int asleep, closing;

  member members[]; /* [threads], the caller first */
};

static inline void breathe(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

static inline uint32_t number_of(uint64_t word) {
  return (uint32_t)(word >> 32);
}

/* Members of a run. */
static size_t parties(const rwk_team *t, size_t items) {
  return items < t->threads ? items : t->threads;
}

/* Items k, k + parties, ... of a run are member k's; so many. */
static size_t share(const rwk_team *t, size_t number, size_t items) {
  return number < items ? (items - number - 1) / parties(t, items) + 1 : 0;
}

/* Takes the next of a member's items, the last first; 0 when none is left, or the run is over. */
static int take(rwk_team *t, size_t *item, size_t of, uint64_t run) {
  member *m = &t->members[of];
  const size_t own = share(t, of, (uint32_t)run);
  if (own == 0) return 0;
  uint64_t seen = atomic_load_explicit(&m->taken, memory_order_relaxed);
  for (;;) {
    const int32_t behind = (int32_t)(number_of(run) - number_of(seen));
    const size_t taken = behind > 0 ? 0 : (uint32_t)seen;
    if (behind < 0 || taken >= own) return 0;
    const uint64_t next = (run >> 32 << 32) + taken + 1;
    if (atomic_compare_exchange_weak_explicit(&m->taken, &seen, next, memory_order_acq_rel,
                                              memory_order_relaxed)) {
      *item = of + (own - taken - 1) * parties(t, (uint32_t)run);
      return 1;
    }
  }
}

/* Does a member's items, then what others have left of theirs. */
static void work_on(rwk_team *t, size_t number, uint64_t run) {
  member *me = &t->members[number];
  const size_t members = parties(t, (uint32_t)run);
  if (number >= members) return;
  const uint64_t before = atomic_load_explicit(&me->done, memory_order_relaxed); /* a guest may come twice */
  size_t done = number_of(before) == number_of(run) ? (uint32_t)before : 0, told = done;
  for (size_t k = 0; k < members; k++) {
    for (size_t item; take(t, &item, (number + k) % members, run); done++)
      t->do_item(item, number, t->payload);
    if (done > told)
      atomic_store_explicit(&me->done, (run >> 32 << 32) + (told = done), memory_order_release);
  }
}

static int idle(rwk_team *t, uint64_t last) {
  return atomic_load(&t->run) == last && !atomic_load(&t->closing);
}

int rwk_team_join(rwk_team *t, size_t number, const _Atomic unsigned *news, unsigned heard) {
  if (!t || number >= t->threads) return 0;
  uint64_t last = atomic_load_explicit(&t->run, memory_order_acquire);
  int runs = 0;
  const double came = rwk_seconds();
  double since = came;
  atomic_fetch_add(&t->guests, 1);
  work_on(t, number, last); /* what is left of a run that has begun */
  for (int look = 1; atomic_load(news) == heard; look++) {
    if (atomic_load(&t->run) != last) {
      last = atomic_load_explicit(&t->run, memory_order_acquire);
      work_on(t, number, last);
      since = rwk_seconds();
      runs = 1;
    }
    breathe();
    if (look % LOOKS) continue;
    const double now = rwk_seconds();
    if (now - since > watch || now - came > visit) break;
  }
  atomic_fetch_sub(&t->guests, 1);
  return runs;
}

static void *be_member(void *payload) {
  const member *m = payload;
  rwk_team *t = m->team;
  for (uint64_t last = 0; !atomic_load(&t->closing);) {
    const double since = rwk_seconds();
    for (int look = 1; idle(t, last); look++) {
      breathe();
      if (look % LOOKS == 0 && rwk_seconds() - since > watch) break;
    }
    if (idle(t, last)) {
      pthread_mutex_lock(&t->lock);
      atomic_fetch_add(&t->asleep, 1);
      while (idle(t, last)) pthread_cond_wait(&t->wake, &t->lock);
      atomic_fetch_sub(&t->asleep, 1);
      pthread_mutex_unlock(&t->lock);
    }
    last = atomic_load_explicit(&t->run, memory_order_acquire);
    work_on(t, m->number, last);
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
static void start_members(rwk_team *t, size_t members) {
  sigset_t all, before;
  t->tried = members;
  sigfillset(&all);
  if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0) return;
  while (t->started + 1 < members) {
    member *m = &t->members[t->started + 1];
    if (pthread_create(&m->thread, NULL, be_member, m) != 0) break;
    t->started++;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static rwk_team *create(rwk_context *ctx, int threads, int open) {
  if (threads <= 1) return NULL;
  const size_t count = (size_t)threads;
  const size_t size = sizeof(rwk_team) + count * sizeof(member);
  double *block = rwk_alloc_doubles(ctx, size / sizeof *block); /* they are aligned to a line */
  if (!block) return NULL;
  memset(block, 0, size);
  rwk_team *t = (rwk_team *)(void *)block;
  t->ctx = ctx;
  t->threads = count;
  t->open = open;
  t->next_rest = REST_FIRST;
  for (size_t k = 0; k < count; k++) {
    t->members[k].team = t;
    t->members[k].number = k;
  }
  if (pthread_mutex_init(&t->lock, NULL) != 0) goto no_lock;
  if (pthread_cond_init(&t->wake, NULL) != 0) goto no_condition;
  return t;
no_condition:
  pthread_mutex_destroy(&t->lock);
no_lock:
  rwk_free_doubles(ctx, block);
  return NULL;
}

rwk_team *rwk_team_create(rwk_context *ctx, int threads) {
  return create(ctx, threads, 0);
}

rwk_team *rwk_team_create_open(rwk_context *ctx, int threads) {
  return create(ctx, threads, 1);
}

void rwk_team_destroy(rwk_team *t) {
  if (!t) return;
  atomic_store(&t->closing, 1);
  wake_sleepers(t);
  for (size_t k = 1; k <= t->started; k++) pthread_join(t->members[k].thread, NULL);
  pthread_cond_destroy(&t->wake);
  pthread_mutex_destroy(&t->lock);
  rwk_free_doubles(t->ctx, (double *)(void *)t);
}

size_t rwk_team_threads(const rwk_team *t) {
  return t ? t->threads : 1;
}

/* Items of a run that are done. */
static size_t sum_done(rwk_team *t, uint64_t run) {
  size_t sum = 0;
  for (size_t k = 0; k < parties(t, (uint32_t)run); k++) {
    const uint64_t done = atomic_load_explicit(&t->members[k].done, memory_order_acquire);
    if (number_of(done) == number_of(run)) sum += (uint32_t)done;
  }
  return sum;
}

static void wait_for_all(rwk_team *t, uint64_t run, double began) {
  if (sum_done(t, run) == (uint32_t)run) return;
  const double out_of_work = rwk_seconds();
  double now = out_of_work;
  const double late = out_of_work + late_share * (out_of_work - began) + late_least;
  for (int look = 1; sum_done(t, run) < (uint32_t)run; look++) {
    breathe();
    if (look % LOOKS) continue;
    now = rwk_seconds();
    if (now > late) sched_yield();
  }
  if (now > late) {
    t->rest = t->next_rest;
    t->next_rest = t->next_rest < REST_MOST ? 2 * t->next_rest : REST_MOST;
    t->in_time = 0;
  } else if (++t->in_time == IN_TIME) {
    t->next_rest = t->next_rest > REST_FIRST ? t->next_rest / 2 : REST_FIRST;
    t->in_time = 0;
  }
}

static void share_out(rwk_team *t, size_t items, rwk_team_fn do_item, void *payload) {
  if (!t->open && t->tried < parties(t, items)) start_members(t, parties(t, items));
  const double began = rwk_seconds();
  t->do_item = do_item;
  t->payload = payload;
  const uint32_t number = number_of(atomic_load_explicit(&t->run, memory_order_relaxed)) + 1;
  const uint64_t run = (uint64_t)number << 32 | items;
  atomic_store(&t->run, run);
  wake_sleepers(t);
  work_on(t, 0, run);
  wait_for_all(t, run, began);
}

void rwk_team_run(rwk_team *t, size_t items, rwk_team_fn do_item, void *payload) {
  const int nobody = !t || items < 2 || (t->open && atomic_load(&t->guests) == 0);
  const int alone = nobody || atomic_exchange(&t->busy, 1);
  if (!alone && t->rest == 0) {
    share_out(t, items, do_item, payload);
  } else {
    if (!alone) t->rest--;
    for (size_t k = items; k-- > 0;) do_item(k, 0, payload);
  }
  if (!alone) atomic_store(&t->busy, 0);
}
