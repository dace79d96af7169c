#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/context.h"
#include "base/stream.h"

static void test_status_lists_have_names(void **state) {
  (void)state;
  assert_string_equal(rwk_status_name(RWK_NO_MEMORY), "NO_MEMORY");
  assert_string_equal(rwk_status_name((rwk_status)-999), "?");
  rwk_verdict v;
  assert_int_equal(rwk_verdict_from_name(&v, "saddle"), RWK_OK);
  assert_int_equal(v, RWK_VERDICT_SADDLE);
  assert_int_equal(rwk_verdict_from_name(&v, "minimum"), RWK_INVALID_ARGUMENT);
  assert_int_equal(RWK_VERDICT_INCONCLUSIVE, 0); /* silence is never success */
  rwk_stop s;
  assert_int_equal(rwk_stop_from_name(&s, "stalled"), RWK_OK);
  assert_string_equal(rwk_stop_name(s), "stalled");
}

/* Philox 4x64-10 known answers from the kat_vectors file of Random123 (counter and key 0). */
static void test_stream_known_answer(void **state) {
  (void)state;
  rwk_stream s;
  rwk_stream_init(&s, 0, 0);
  assert_true(rwk_stream_u64(&s) == UINT64_C(0x16554d9eca36314c));
  assert_true(rwk_stream_u64(&s) == UINT64_C(0xdb20fe9d672d0fdc));
  assert_true(rwk_stream_u64(&s) == UINT64_C(0xd7e772cee186176b));
  assert_true(rwk_stream_u64(&s) == UINT64_C(0x7e68b68aec7ba23b));
}

static void test_stream_moments(void **state) {
  (void)state;
  rwk_stream s;
  rwk_stream_init(&s, 7, 3);
  const int n = 200000;
  double sum = 0, square = 0;
  for (int i = 0; i < n; i++) {
    const double x = rwk_stream_normal(&s);
    sum += x;
    square += x * x;
  }
  assert_true(fabs(sum / n) < 5 / sqrt(n));
  assert_true(fabs(square / n - 1) < 5 * sqrt(2.0 / n));
}

static void test_aligned_and_overflow(void **state) {
  (void)state;
  rwk_context *ctx;
  assert_int_equal(rwk_context_create(&ctx, NULL), RWK_OK);
  double *x = rwk_alloc_doubles(ctx, 3);
  assert_int_equal((uintptr_t)x % 64, 0);
  rwk_free_doubles(ctx, x);
  assert_null(rwk_alloc(ctx, SIZE_MAX / 2, 8));
  assert_null(rwk_alloc_doubles(ctx, SIZE_MAX / 4));
  rwk_context_destroy(ctx);
}

typedef struct ledger {
  int64_t held, asked; /* blocks out; calls */
  int refuse;          /* so many calls to come */
} ledger;

static void *keep_count(void *block, size_t size, void *payload) {
  ledger *l = payload;
  l->asked++;
  if (l->refuse > 0) {
    l->refuse--;
    return NULL;
  }
  if (!block) l->held++;
  return realloc(block, size);
}

static void count_back(void *block, void *payload) {
  ledger *l = payload;
  l->held--;
  free(block);
}

static rwk_context_settings counted(ledger *l) {
  rwk_context_settings s;
  rwk_context_settings_init(&s);
  s.allocate = keep_count;
  s.release = count_back;
  s.allocator_payload = l;
  return s;
}

/* A large block that was given back serves the next who asks for as much; what waits gives way when memory
 * runs out, and goes back with the context. */
static void test_large_blocks_wait(void **state) {
  (void)state;
  ledger l = {0};
  const rwk_context_settings s = counted(&l);
  rwk_context *ctx;
  assert_int_equal(rwk_context_create(&ctx, &s), RWK_OK);
  const size_t n = 50000;
  double *x = rwk_alloc_doubles(ctx, n);
  x[0] = x[n - 1] = 1;
  rwk_free_doubles(ctx, x);
#if !defined(__SANITIZE_ADDRESS__)
  assert_int_equal(l.held, 2);
  const int64_t asked = l.asked;
  double *y = rwk_alloc_doubles(ctx, n - 7);
  assert_ptr_equal(x, y);
  assert_int_equal(l.asked, asked);
  double *z = rwk_alloc_doubles(ctx, n / 4); /* too small for such a block */
  assert_int_equal(l.asked, asked + 1);
  rwk_free_doubles(ctx, y);
  l.refuse = 1;
  double *big = rwk_alloc_doubles(ctx, 10 * n);
  assert_non_null(big);
  assert_int_equal(l.held, 3); /* context, z, big */
  l.refuse = 1;
  assert_null(rwk_alloc_doubles(ctx, 10 * n)); /* nothing is left to give way */
  rwk_free_doubles(ctx, z);
  rwk_free_doubles(ctx, big);
  double *many[40];
  for (size_t k = 0; k < 40; k++) many[k] = rwk_alloc_doubles(ctx, n + k);
  for (size_t k = 0; k < 40; k++) rwk_free_doubles(ctx, many[k]);
  assert_true(l.held <= 33);                               /* no more than a few wait */
  double *huge = rwk_alloc_doubles(ctx, (size_t)20 << 20); /* 160 MB: more than may wait */
  rwk_free_doubles(ctx, huge);
  assert_true(l.held <= 33);
#endif
  rwk_context_destroy(ctx);
  assert_int_equal(l.held, 0);
}

/* What a worker gave back waits for the next one, and for the parent. */
static void test_workers_share_what_waits(void **state) {
  (void)state;
  ledger l = {0};
  const rwk_context_settings s = counted(&l);
  rwk_context *ctx, *worker;
  assert_int_equal(rwk_context_create(&ctx, &s), RWK_OK);
  const size_t n = 50000;
  assert_int_equal(rwk_context_fork(&worker, ctx, 1), RWK_OK);
  double *x = rwk_alloc_doubles(worker, n);
  rwk_free_doubles(worker, x);
  rwk_context_destroy(worker);
#if !defined(__SANITIZE_ADDRESS__)
  assert_int_equal(l.held, 2); /* the context and the block */
  assert_int_equal(rwk_context_fork(&worker, ctx, 1), RWK_OK);
  const int64_t asked = l.asked;
  double *y = rwk_alloc_doubles(worker, n);
  assert_ptr_equal(x, y);
  rwk_free_doubles(worker, y);
  y = rwk_alloc_doubles(ctx, n);
  assert_ptr_equal(x, y);
  rwk_free_doubles(ctx, y);
  assert_int_equal(l.asked, asked);
  l.refuse = 1;
  double *big = rwk_alloc_doubles(worker, 10 * n); /* what waits gives way to a worker, too */
  assert_non_null(big);
  assert_int_equal(l.held, 3); /* both contexts, big */
  rwk_free_doubles(worker, big);
  rwk_context_destroy(worker);
#endif
  rwk_context_destroy(ctx);
  assert_int_equal(l.held, 0);
}

/* The process has one thread fewer, where OpenBLAS had made some; it makes them anew when it is to have more.
 */
static void test_blas_rests(void **state) {
  (void)state;
  const int before = rwk_blas_threads(0);
  for (int twice = 0; twice < 2; twice++) {
    rwk_blas_rest();
    assert_int_equal(rwk_blas_threads(0), before > 0 ? 1 : 0);
  }
  rwk_context *ctx;
  assert_int_equal(rwk_context_create(&ctx, NULL), RWK_OK);
#if defined(__linux__) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
  char line[256];
  long threads = 0;
  FILE *status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status))
    if (!strncmp(line, "Threads:", 8)) threads = strtol(line + 8, NULL, 10);
  if (status) fclose(status);
  assert_true(threads <= 1); /* 0: there is no such file */
#endif
  rwk_context_destroy(ctx);
  rwk_blas_threads(before);
  assert_int_equal(rwk_blas_threads(0), before);
}

static void test_blas_threads_are_put_back(void **state) {
  (void)state;
  const int before = rwk_blas_threads(1);
  if (before > 0) assert_int_equal(rwk_blas_threads(0), 1);
  assert_int_equal(rwk_blas_threads(before), before > 0 ? 1 : 0);
  assert_int_equal(rwk_blas_threads(0), before);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_status_lists_have_names),  cmocka_unit_test(test_stream_known_answer),
      cmocka_unit_test(test_stream_moments),           cmocka_unit_test(test_aligned_and_overflow),
      cmocka_unit_test(test_large_blocks_wait),        cmocka_unit_test(test_blas_threads_are_put_back),
      cmocka_unit_test(test_workers_share_what_waits), cmocka_unit_test(test_blas_rests),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
