#include <signal.h>
#include <string.h>
#include "cli/cli.h"

/* The one global of the program: what a signal handler may touch. */
static volatile sig_atomic_t asked;

static void on_signal(int number) {
  if (asked) { /* the second time: at once */
    signal(number, SIG_DFL);
    raise(number);
  }
  asked = 1;
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
  return asked;
}
