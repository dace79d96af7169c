#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include "cli/cli.h"

/* The one global of the program. Lock-free, so that a signal handler may touch it, and atomic, since every
 * worker thread reads it. */
static atomic_int asked;
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "a signal handler needs lock-free atomics");

static void on_signal(int number) {
  if (atomic_exchange(&asked, 1)) { /* the second time: at once */
    signal(number, SIG_DFL);
    raise(number);
  }
}

void cli_catch_signals(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}

int cli_interrupted(void *payload) {
  (void)payload;
  return atomic_load_explicit(&asked, memory_order_relaxed);
}
