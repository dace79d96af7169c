/* Run files from strangers. The first byte says how one is made of the others:
 *   0  they are the file
 *   1  a sound file, some bytes of which are changed: (place, 2 bytes; value) over and over, places counted
 * in steps of 1/65536 of it 2  a sound file with a further row, whose checksums are right: table, key, and
 * then the row's fields Whatever opens can be read to the end; what does not leaves a sentence. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "fuzz/fuzz.h"
#include "store/store.h"

enum { DIM = 5, GRID = 3, TEXT = 40 };

static const double grid[GRID] = {0.25, 0.5, 1};

static char *name_of_file(char name[64]) {
  snprintf(name, 64, "%s/rwk-fuzz-%ld.rwk", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
           (long)getpid());
  return name;
}

static void must(rwk_status status) {
  if (status != RWK_OK) abort();
}

/* Writes a sound file. */
static void make(rwk_context *ctx, const char *file) {
  rwk_run *run;
  must(rwk_run_create(&run, ctx, file, 1));
  must(rwk_run_set(run, "options", "{\"hidden\":\"1\"}"));
  must(rwk_run_set_dim(run, DIM));
  must(rwk_run_set_lambda(run, grid, GRID));
  must(rwk_run_begin(run));
  for (size_t i = 0; i < GRID; i++) {
    const double w[DIM] = {0.5, -1, (double)i, 0.25, 3};
    rwk_fit fit;
    memset(&fit, 0, sizeof fit);
    fit.index = i;
    fit.lambda = grid[i];
    fit.w = w;
    must(rwk_run_save_fit(&fit, run));
  }
  const double values[] = {1, 2, 3, 4};
  const rwk_series series = {.kind = RWK_SERIES_OBSERVED, .rows = 4, .columns = 1, .values = values};
  must(rwk_run_set_series(run, &series, 1));
  must(rwk_run_close(run));
}

/* ---- Reading */

static void read_lists(rwk_run *run) {
  size_t count, fold;
  double w[DIM], rmse[64];
  rwk_fit fit;
  rwk_drop drop;
  rwk_walk walk;
  rwk_origin origin;
  int start;
  must(rwk_run_fit_count(&count, run));
  double *weights = rwk_run_dim(run) <= DIM ? w : calloc(rwk_run_dim(run), sizeof *w);
  if (!weights) abort();
  for (size_t k = 0; k < count; k++) must(rwk_run_fit_at(&fit, weights, run, k));
  must(rwk_run_fold_fit_count(&count, run));
  for (size_t k = 0; k < count; k++) must(rwk_run_fold_fit_at(&fit, &fold, weights, run, k));
  if (weights != w) free(weights);
  must(rwk_run_drop_count(&count, run));
  for (size_t k = 0; k < count; k++) must(rwk_run_drop_at(&drop, &walk, &start, run, k));
  must(rwk_run_fold_drop_count(&count, run));
  for (size_t k = 0; k < count; k++) must(rwk_run_fold_drop_at(&drop, &walk, &start, &fold, run, k));
  must(rwk_run_origin_count(&count, run));
  for (size_t k = 0; k < count; k++) must(rwk_run_origin_at(&origin, run, k));
  const rwk_cv_summary *cv = rwk_run_cv(run);
  if (cv && cv->outputs <= sizeof rmse / sizeof *rmse) must(rwk_run_cv_rmse(rmse, run, RWK_CV_MIN));
}

static void read_all(rwk_run *run) {
  const char *value;
  const double *lambda;
  size_t count;
  rwk_collapse collapse;
  double seconds;
  must(rwk_run_get(&value, run, "options"));
  must(rwk_run_lambda(&lambda, &count, run));
  for (size_t i = 0; i < count; i++)
    if (!(lambda[i] > 0) || (i && !(lambda[i] > lambda[i - 1]))) abort();
  must(rwk_run_collapse(&collapse, &seconds, run));
  read_lists(run);
  must(rwk_run_series_count(&count, run));
  for (size_t k = 0; k < count; k++) {
    rwk_series s;
    double sum = 0;
    must(rwk_run_series_at(&s, run, k));
    for (size_t i = 0; i < s.rows * s.columns; i++) sum += s.values[i];
    (void)sum;
  }
}

/* ---- A row of the fuzzer's making */

typedef struct source {
  const uint8_t *data;
  size_t left;
} source;

static uint64_t take(source *s, size_t bytes) {
  uint64_t x = 0;
  for (size_t i = 0; i < bytes && s->left; i++, s->left--) x |= (uint64_t)*s->data++ << (8 * i);
  return x;
}

typedef struct row {
  double record[4096 / sizeof(double)]; /* any record, aligned */
  char texts[4][TEXT];
  double numbers[4], w[DIM];
} row;

/* Small numbers as often as any. */
static int64_t whole(source *s) {
  const uint8_t kind = (uint8_t)take(s, 1);
  return kind & 1 ? (int64_t)take(s, 8) : (int8_t)take(s, 1);
}

static void fill_field(row *r, const rwk_field *field, source *s, size_t *text) {
  char *target = (char *)r->record + field->offset, *words = r->texts[*text % 4];
  const int64_t value = whole(s);
  const int narrow = (int)value;
  const size_t size = (size_t)value;
  double x;
  rwk_doubles doubles = {r->numbers, (size_t)value % 5};
  switch (field->kind) {
  case RWK_FIELD_REAL:
    x = value % 3 ? ldexp((double)(value % 1000), (int)(value % 7)) : grid[(size_t)value % GRID];
    if (value % 11 == 5) memcpy(&x, &value, sizeof x);
    memcpy(target, &x, sizeof x);
    break;
  case RWK_FIELD_REASON:
  case RWK_FIELD_STRING:
    for (size_t i = 0; i + 1 < TEXT && i < (size_t)(value & 15); i++) words[i] = (char)take(s, 1);
    ++*text;
    if (field->kind == RWK_FIELD_REASON)
      memcpy(target, words, strlen(words) + 1);
    else
      memcpy(target, &words, sizeof words);
    break;
  case RWK_FIELD_DOUBLES:
    memcpy(target, &doubles, sizeof doubles);
    break;
  case RWK_FIELD_SIZE:
    memcpy(target, &size, sizeof size);
    break;
  case RWK_FIELD_INT64:
    memcpy(target, &value, sizeof value);
    break;
  default:
    memcpy(target, &narrow, sizeof narrow);
  }
}

static void add_row(rwk_context *ctx, const char *file, source s) {
  static const row zero;
  row r = zero;
  rwk_run *run;
  uint64_t checksum = 0;
  size_t text = 0;
  const rwk_table_id id = (rwk_table_id)(take(&s, 1) % RWK_TABLE_STATE);
  const rwk_table *table = rwk_store_table(id);
  const int64_t key = whole(&s);
  if (table->size > sizeof r.record) abort();
  for (size_t i = 0; i < table->count; i++) fill_field(&r, &table->fields[i], &s, &text);
  if (table->with_weights) ((rwk_fit *)(void *)r.record)->w = r.w;
  if (rwk_record_check(table, r.record)) return;
  must(rwk_run_open(&run, ctx, file, 1));
  if (rwk_store_begin(run) == RWK_OK && rwk_store_put(&checksum, run, id, key, r.record) == RWK_OK) {
    rwk_state_record state = run->state;
    state.digest = rwk_store_digest(state.digest, checksum, 0);
    state.finished = (int)take(&s, 1) & 1;
    must(rwk_store_commit(run, &state));
  }
  rwk_run_close(run);
}

/* ---- All of it */

static void spit(const char *file, const uint8_t *bytes, size_t size) {
  const int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (fd < 0 || (size && write(fd, bytes, size) != (ssize_t)size) || close(fd) != 0) abort();
}

static void change(const char *file, source s) {
  const int fd = open(file, O_RDWR);
  const off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
  if (size <= 0) abort();
  while (s.left >= 3) {
    const off_t place = (off_t)(take(&s, 2) * (uint64_t)size / 65536);
    const uint8_t value = (uint8_t)take(&s, 1);
    if (pwrite(fd, &value, 1, place) != 1) abort();
  }
  close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2) return 0;
  char file[64], companion[80];
  rwk_context *ctx;
  rwk_run *run;
  must(rwk_context_create(&ctx, NULL));
  name_of_file(file);
  const source rest = {data + 1, size - 1};
  if (data[0] % 3 == 0) {
    spit(file, rest.data, rest.left);
  } else {
    (void)unlink(file);
    make(ctx, file);
    if (data[0] % 3 == 1)
      change(file, rest);
    else
      add_row(ctx, file, rest);
  }
  if (rwk_run_open(&run, ctx, file, 0) == RWK_OK) {
    read_all(run);
    must(rwk_run_close(run));
  } else if (!strstr(rwk_context_error(ctx), file)) {
    abort(); /* a refusal without a sentence */
  }
  static const char *const tails[] = {"", "-wal", "-shm", "-journal"};
  for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
    snprintf(companion, sizeof companion, "%s%s", file, tails[i]);
    (void)unlink(companion);
  }
  rwk_context_destroy(ctx);
  return 0;
}
