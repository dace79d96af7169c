/* faults KIND FIRST STEP TIMES FOLDER VERB ARGUMENTS...: calls the program over and over, each time in a
 * process and a folder of its own (FOLDER/FIRST, FOLDER/FIRST+STEP, ..., copies of FOLDER/in), and the
 * request of that number fails. KIND is memory, files, full (files that grow past FIRST bytes; STEP doubles
 * nothing: the sizes are FIRST, FIRST + STEP, ...), clock; a + behind it: all later requests fail, too. FIRST
 * 0: nothing fails.
 *
 * For each call a line: number, exit code or minus the signal, requests, and blocks of memory that are left.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "faults/faults.h"

enum { SECONDS = 60 };

static void die(const char *what) {
  perror(what);
  exit(99);
}

static void copy_file(const char *from, const char *to) {
  char bytes[1 << 16];
  const int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (in < 0 || out < 0) die(from);
  for (ssize_t n; (n = read(in, bytes, sizeof bytes)) > 0;)
    if (write(out, bytes, (size_t)n) != n) die(to);
  close(in);
  close(out);
}

static void copy_folder(const char *from, const char *to) {
  char a[1024], b[1024];
  DIR *d = opendir(from);
  if (!d || (mkdir(to, 0777) != 0 && errno != EEXIST)) die(to);
  for (const struct dirent *e; (e = readdir(d));) {
    if (e->d_name[0] == '.') continue;
    snprintf(a, sizeof a, "%s/%s", from, e->d_name);
    snprintf(b, sizeof b, "%s/%s", to, e->d_name);
    copy_file(a, b);
  }
  closedir(d);
}

static void redirect(int fd, const char *name) {
  const int file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (file < 0 || dup2(file, fd) < 0) die(name);
  close(file);
}

/* What a child tells. */
typedef struct told {
  long count, live;
} told;

static int call(const fault_plan *plan, rlim_t size, int pipe_end, int argc, char **argv) {
  char *words[64] = {(char *)"ridgewalk"};
  for (int i = 0; i < argc; i++) words[i + 1] = argv[i];
  redirect(1, "stdout");
  redirect(2, "stderr");
  alarm(SECONDS);
  if (size && setrlimit(RLIMIT_FSIZE, &(struct rlimit){size, size}) != 0) die("setrlimit");
  faults_plan(plan);
  const int code = ridgewalk_main(argc + 1, words);
  const told t = {faults_count(), faults_live()};
  faults_plan(&(fault_plan){FAULT_NONE, 0, 0, 0});
  fflush(NULL);
  if (write(pipe_end, &t, sizeof t) != sizeof t) return 99;
  return code;
}

static void attempt(const fault_plan *plan, rlim_t size, const char *folder, int argc, char **argv) {
  char in[512], here[512];
  int ends[2], how;
  told t = {-1, -1};
  snprintf(in, sizeof in, "%s/in", folder);
  snprintf(here, sizeof here, "%s/%ld", folder, size ? (long)size : plan->at);
  copy_folder(in, here);
  if (pipe(ends) != 0) die("pipe");
  fflush(NULL);
  const pid_t child = fork();
  if (child < 0) die("fork");
  if (child == 0) {
    close(ends[0]);
    if (chdir(here) != 0) die(here);
    _exit(call(plan, size, ends[1], argc, argv));
  }
  close(ends[1]);
  if (read(ends[0], &t, sizeof t) != sizeof t) t = (told){-1, -1};
  close(ends[0]);
  if (waitpid(child, &how, 0) != child) die("waitpid");
  printf("%ld %d %ld %ld\n", size ? (long)size : plan->at, WIFEXITED(how) ? WEXITSTATUS(how) : -WTERMSIG(how),
         t.count, t.live);
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    fault_kind kind;
  } kinds[] = {{"memory", FAULT_MEMORY}, {"files", FAULT_FILE}, {"full", FAULT_NONE}, {"clock", FAULT_CLOCK}};
  if (argc < 7 || faults_install() != 0) return fprintf(stderr, "faults: see tests/faults/main.c\n"), 99;
  const char *plus = strchr(argv[1], '+');
  fault_plan plan = {FAULT_NONE, 0, plus != NULL, EIO};
  const size_t length = plus ? (size_t)(plus - argv[1]) : strlen(argv[1]);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strlen(kinds[i].name) == length && !strncmp(argv[1], kinds[i].name, length))
      plan.kind = kinds[i].kind;
  const long first = atol(argv[2]), step = atol(argv[3]), times = atol(argv[4]);
  const int full = plan.kind == FAULT_NONE;
  for (long i = 0; i < times; i++) {
    const long at = first + i * step;
    plan.at = full ? 0 : at;
    plan.error = at % 2 ? EIO : ENOSPC;
    attempt(&plan, full ? (rlim_t)at : 0, argv[5], argc - 6, argv + 6);
  }
  return 0;
}
