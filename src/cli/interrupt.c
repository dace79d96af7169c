#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include "cli/cli.h"

/* Lock-free, so that a signal handler may touch it, and atomic, since every worker thread reads it. */
static atomic_int asked; /* the signal */
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "a signal handler needs lock-free atomics");

/* Of the monotone clock; 0: none. Set before there is a second thread. */
static double deadline;

double cli_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void on_signal(int number) {
  if (atomic_exchange(&asked, number)) { /* the second time: at once */
    signal(number, SIG_DFL);
    raise(number);
  }
}

void cli_catch_signals(void) {
  static const int numbers[] = {SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU};
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) sigaction(numbers[i], &action, NULL);
}

void cli_time_limit(double seconds) {
  deadline = cli_seconds() + seconds;
}

int cli_interrupted(void *payload) {
  (void)payload;
  return atomic_load_explicit(&asked, memory_order_relaxed) || (deadline > 0 && cli_seconds() >= deadline);
}

const char *cli_why_stopped(void) {
  switch (atomic_load(&asked)) {
  case 0:
    return "the time limit is reached";
  case SIGUSR1:
    return "stopped by SIGUSR1";
  case SIGUSR2:
    return "stopped by SIGUSR2";
  case SIGXCPU:
    return "stopped by SIGXCPU";
  default:
    return "interrupted";
  }
}
