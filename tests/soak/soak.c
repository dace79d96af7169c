/* soak [SECONDS]: small paths, cross-validation's stores and run files over and over in one process, as hours
 * of work would have them. After a tenth of the time memory (resident, and blocks of the context) and open
 * descriptors are looked at, and at the end again: they must not have grown, but for the blocks that a
 * context keeps for its next use, up to 32, of which there are more once two threads have needed one at the
 * same time. Without the context there is none. The default is a second, for the test. */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <ridgewalk/ridgewalk.h>

enum { ROWS = 12, GRID = 4, KEPT = 32 };

static long blocks;

static void *allocate(void *block, size_t size, void *payload) {
  (void)payload;
  void *got = realloc(block, size);
#pragma omp atomic
  blocks += got && !block;
  return got;
}

static void release(void *block, void *payload) {
  (void)payload;
#pragma omp atomic
  blocks--;
  free(block);
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static long resident_kb(void) {
  long pages = 0, all = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  if (f && fscanf(f, "%ld %ld", &all, &pages) != 2) pages = 0;
  if (f) fclose(f);
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static long descriptors(void) {
  long count = 0;
  DIR *d = opendir("/proc/self/fd");
  while (d && readdir(d)) count++;
  if (d) closedir(d);
  return count;
}

static void must(rwk_status status, const rwk_context *ctx) {
  if (status == RWK_OK) return;
  fprintf(stderr, "soak: %s\n", rwk_context_error(ctx));
  exit(1);
}

/* One path with its run file, written, read and removed. The number of its fits. */
static size_t once(rwk_context *ctx, const char *file, uint64_t seed) {
  double X[2 * ROWS], Y[ROWS], w[64];
  for (size_t i = 0; i < ROWS; i++) {
    X[2 * i] = sin((double)(3 * i + seed % 7));
    X[2 * i + 1] = cos((double)(5 * i));
    Y[i] = X[2 * i] * X[2 * i + 1] + 0.1 * (double)(i % 3);
  }
  const double lambda[GRID] = {0.001, 0.01, 0.1, 1};
  const size_t hidden = 2;
  const rwk_mlp_data data = {.X = X, .ldx = 2, .Y = Y, .ldy = 1, .rows = ROWS, .inputs = 2, .outputs = 1};
  rwk_mlp_settings m;
  rwk_path_settings s;
  rwk_mlp *mlp;
  rwk_path *path;
  rwk_run *run;
  rwk_fit fit;
  size_t count;
  rwk_mlp_settings_init(&m);
  m.hidden = &hidden;
  m.hidden_count = 1;
  must(rwk_mlp_create(&mlp, ctx, &data, &m), ctx);
  must(rwk_run_create(&run, ctx, file, 1), ctx);
  must(rwk_run_set_dim(run, rwk_problem_dim(rwk_mlp_problem(mlp))), ctx);
  must(rwk_run_begin(run), ctx);
  rwk_path_settings_init(&s);
  s.lambda = lambda;
  s.lambda_count = GRID;
  s.effort = RWK_EFFORT_LOW;
  s.seed = seed;
  s.save = rwk_run_save_fit;
  s.fetch = rwk_run_fetch_fit;
  s.store_payload = run;
  must(rwk_path_run(&path, ctx, rwk_mlp_problem(mlp), &s), ctx);
  must(rwk_run_finish(run, path), ctx);
  rwk_path_destroy(path);
  must(rwk_run_close(run), ctx);
  must(rwk_run_open(&run, ctx, file, 0), ctx);
  must(rwk_run_fit_count(&count, run), ctx);
  for (size_t k = 0; k < count; k++) must(rwk_run_fit_at(&fit, w, run, k), ctx);
  must(rwk_run_close(run), ctx);
  rwk_mlp_destroy(mlp);
  (void)unlink(file);
  return count;
}

int main(int argc, char **argv) {
  const double limit = argc > 1 ? atof(argv[1]) : 1;
  char file[] = "/tmp/rwk-soak-XXXXXX";
  const int fd = mkstemp(file);
  rwk_context_settings s;
  rwk_context *ctx;
  rwk_context_settings_init(&s);
  s.allocate = allocate;
  s.release = release;
  if (fd < 0 || close(fd) != 0 || unlink(file) != 0 || rwk_context_create(&ctx, &s) != RWK_OK) return 1;
  const double began = seconds();
  size_t fits = 0;
  uint64_t paths = 0;
  long memory = 0, held = 0, open_files = 0;
  for (; paths < 20 || seconds() - began < limit; paths++) {
    fits += once(ctx, file, paths);
    if (!memory && (seconds() - began > limit / 10 || paths == 9)) {
      memory = resident_kb();
      held = blocks;
      open_files = descriptors();
    }
  }
  const long grown = resident_kb() - memory, more = blocks - held, files = descriptors() - open_files;
  printf("%llu paths, %zu fits in %.1f s; since the first tenth: resident %+ld kB of %ld, blocks %+ld, "
         "descriptors %+ld\n",
         (unsigned long long)paths, fits, seconds() - began, grown, memory, more, files);
  rwk_context_destroy(ctx);
  if (blocks) printf("%ld blocks outlive their context\n", blocks);
  return grown > 2048 + memory / 10 || more > KEPT || blocks != 0 || files != 0;
}
