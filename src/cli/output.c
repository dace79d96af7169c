#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli/cli.h"

static int fail(const char *file, int number) {
  char reason[128];
  char *shown = cli_escape(file);
  if (strerror_r(number, reason, sizeof reason) != 0) reason[0] = 0;
  cli_say("%s cannot be written: %s", shown ? shown : "the file", reason);
  free(shown);
  return CLI_DATA;
}

int cli_output_open(cli_output *out, const char *file, const char *run) {
  struct stat there, ours;
  *out = (cli_output){.to = stdout, .file = file};
  if (!file || !strcmp(file, "-")) return 0;
  const int exists = stat(file, &there) == 0;
  if (exists && run && stat(run, &ours) == 0 && there.st_dev == ours.st_dev && there.st_ino == ours.st_ino)
    return cli_fail(CLI_USAGE, "--out: %s is the run file", file);
  if (!exists || S_ISREG(there.st_mode)) { /* a pipe, say, is written into */
    out->half = malloc(strlen(file) + 32);
    if (!out->half) return cli_fail(CLI_NUMERICAL, "memory ran out");
    sprintf(out->half, "%s.new-%ld", file, (long)getpid());
  }
  out->to = fopen(out->half ? out->half : file, out->half ? "wbx" : "wb");
  if (out->to) return 0;
  const int number = errno;
  free(out->half);
  *out = (cli_output){.to = NULL};
  return fail(file, number);
}

int cli_output_close(cli_output *out, int code) {
  if (!out->to) return code;
  if (cli_memory_short() && code <= CLI_UNCERTIFIED) /* something may be missing in it */
    code = cli_fail(CLI_NUMERICAL, "memory ran out");
  int bad = ferror(out->to) ? EIO : 0;
  if (fflush(out->to) != 0) bad = errno;
  if (out->to != stdout && fclose(out->to) != 0 && !bad) bad = errno;
  if (out->half && !bad && code <= CLI_UNCERTIFIED && rename(out->half, out->file) != 0) bad = errno;
  if (out->half && (bad || code > CLI_UNCERTIFIED)) (void)unlink(out->half);
  if (bad && code <= CLI_UNCERTIFIED)
    code = out->to == stdout ? CLI_DATA : fail(out->file, bad); /* main complains of stdout */
  free(out->half);
  *out = (cli_output){.to = NULL};
  return code;
}
