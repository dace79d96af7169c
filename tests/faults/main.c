/* faults KIND FIRST STEP TIMES FOLDER VERB ARGUMENTS...: calls the program over and over, each time in a
 * folder of its own (FOLDER/FIRST, FOLDER/FIRST+STEP, ..., copies of FOLDER/in), and the
 * request of that number fails. KIND is memory, files, full (files that grow past FIRST bytes; STEP doubles
 * nothing: the sizes are FIRST, FIRST + STEP, ...), clock; a + behind it: all later requests fail, too. FIRST
 * 0: nothing fails.
 *
 * For each call a line: number, exit code or minus the signal, requests, and blocks of memory that are left.
 * Where memory fails at more than a hundred places, fifty calls share a process (starting one under a
 * sanitizer takes five times as long as the call): what a library allocates at its first use only is then
 * asked for in the first of them.
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

#ifdef FAULTS_COVERAGE
void __gcov_dump(void);
#else
static void __gcov_dump(void) {}
#endif

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

/* What a child tells of a call. */
typedef struct told {
  int code;
  long count, live;
} told;

typedef struct series {
  fault_plan plan;
  long first, step, times;
  int full;  /* plan.at is how far files may grow */
  int batch; /* calls of one process */
  const char *folder;
  int argc;
  char **argv;
} series;

static void place(char *out, size_t size, const series *s, long at) {
  snprintf(out, size, "%s/%ld", s->folder, at);
}

static told call(const series *s, long at) {
  char *words[64] = {(char *)"ridgewalk"}, here[512];
  place(here, sizeof here, s, at);
  if (chdir(here) != 0) die(here);
  for (int i = 0; i < s->argc; i++) words[i + 1] = s->argv[i];
  redirect(1, "stdout");
  redirect(2, "stderr");
  alarm(SECONDS);
  if (s->full && setrlimit(RLIMIT_FSIZE, &(struct rlimit){(rlim_t)at, (rlim_t)at}) != 0) die("setrlimit");
  fault_plan plan = s->plan;
  plan.at = s->full ? 0 : at;
  plan.error = at % 2 ? EIO : ENOSPC;
  const long held = faults_live();
  faults_plan(&plan);
  const int code = ridgewalk_main(s->argc + 1, words);
  const told t = {code, faults_count(), faults_live() - held};
  faults_plan(&(fault_plan){FAULT_NONE, 0, 0, 0});
  fflush(NULL);
  clearerr(stdout);
  clearerr(stderr);
  return t;
}

/* Calls from number k on, in one process, until one ends that process; the number behind the last one. */
static long attempt(const series *s, long k) {
  char in[512], here[512];
  int ends[2], how;
  const long end = k + s->batch < s->times ? k + s->batch : s->times;
  snprintf(in, sizeof in, "%s/in", s->folder);
  for (long i = k; i < end; i++) {
    place(here, sizeof here, s, s->first + i * s->step);
    copy_folder(in, here);
  }
  if (pipe(ends) != 0) die("pipe");
  fflush(NULL);
  const pid_t child = fork();
  if (child < 0) die("fork");
  if (child == 0) {
    close(ends[0]);
    for (long i = k; i < end; i++) {
      const told t = call(s, s->first + i * s->step);
      if (write(ends[1], &t, sizeof t) != sizeof t) _exit(99);
    }
    if (!s->full) __gcov_dump(); /* what was run; where files may grow that far */
    _exit(0);
  }
  close(ends[1]);
  told t;
  for (; k < end && read(ends[0], &t, sizeof t) == sizeof t; k++)
    printf("%ld %d %ld %ld\n", s->first + k * s->step, t.code, t.count, t.live);
  close(ends[0]);
  if (waitpid(child, &how, 0) != child) die("waitpid");
  if (k < end) { /* the call that it died of */
    printf("%ld %d -1 -1\n", s->first + k * s->step, WIFEXITED(how) ? WEXITSTATUS(how) : -WTERMSIG(how));
    k++;
  }
  return k;
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    fault_kind kind;
  } kinds[] = {{"memory", FAULT_MEMORY}, {"files", FAULT_FILE}, {"full", FAULT_NONE}, {"clock", FAULT_CLOCK}};
  if (argc < 7 || faults_install() != 0) return fprintf(stderr, "faults: see tests/faults/main.c\n"), 99;
  const char *plus = strchr(argv[1], '+');
  series s = {.plan = {FAULT_NONE, 0, plus != NULL, EIO},
              .batch = 1,
              .folder = argv[5],
              .argc = argc - 6,
              .argv = argv + 6};
  const size_t length = plus ? (size_t)(plus - argv[1]) : strlen(argv[1]);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strlen(kinds[i].name) == length && !strncmp(argv[1], kinds[i].name, length))
      s.plan.kind = kinds[i].kind;
  s.first = atol(argv[2]), s.step = atol(argv[3]), s.times = atol(argv[4]);
  s.full = s.plan.kind == FAULT_NONE;
  if (s.plan.kind == FAULT_MEMORY && s.times > 100) s.batch = 50;
  for (long k = 0; k < s.times;) k = attempt(&s, k);
  return 0;
}
