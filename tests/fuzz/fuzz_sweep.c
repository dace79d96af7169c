/* Any bytes as a sweep's log: its columns found under every reading, and audited. */
#define _GNU_SOURCE /* memfd_create */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "cli/cli.h"
#include "fuzz/fuzz.h"

static void audit(rwk_context *ctx, const char *file, const cli_reading *reading) {
  cli_args args = {.verb = CLI_AUDIT};
  cli_sweep sweep;
  rwk_audit *result;
  rwk_audit_settings settings;
  rwk_audit_settings_init(&settings);
  if (cli_sweep_read(&sweep, ctx, file, &args, reading) == 0 &&
      cli_sweep_audit(&result, ctx, &sweep, file, reading, 1, &settings, 1) == 0)
    rwk_audit_destroy(result);
  cli_sweep_release(&sweep);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char file[64];
  rwk_context *ctx;
  const int fd = memfd_create("fuzz", 0);
  if (fd < 0 || rwk_context_create(&ctx, NULL) != RWK_OK) abort();
  if (size && write(fd, data, size) != (ssize_t)size) abort();
  snprintf(file, sizeof file, "/proc/self/fd/%d", fd);
  for (int k = 0; k < 8; k++) {
    const cli_reading reading = {.objective = k & 1, .norm = k >> 1 & 1, .log_lambda = k >> 2};
    audit(ctx, file, &reading);
  }
  rwk_context_destroy(ctx);
  close(fd);
  return 0;
}
