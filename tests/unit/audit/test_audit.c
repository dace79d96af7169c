#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <ridgewalk/audit.h>
#include "base/context.h"
#include "base/stream.h"

#define assert_near(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance))

enum { MOST = 64, ROWS = 442 };

static rwk_context *ctx;

static int setup(void **state) {
  (void)state;
  return rwk_context_create(&ctx, NULL) != RWK_OK;
}

static int teardown(void **state) {
  (void)state;
  rwk_context_destroy(ctx);
  return 0;
}

typedef struct sweep {
  double lambda[MOST], mse[MOST], penalty[MOST];
  size_t count;
} sweep;

static void add(sweep *s, double lambda, double mse, double penalty) {
  assert_true(s->count < MOST);
  s->lambda[s->count] = lambda;
  s->mse[s->count] = mse;
  s->penalty[s->count++] = penalty;
}

/* A whitened linear net of two layers, s = 1: |beta| = max(1 - lambda, 0). */
static sweep two_layers(double from, double factor, size_t count, double m0) {
  sweep s = {.count = 0};
  for (size_t k = 0; k < count; k++, from *= factor) {
    const double beta = fmax(1 - from, 0);
    add(&s, from, m0 + (1 - beta) * (1 - beta), 2 * beta);
  }
  return s;
}

/* Of three layers: lambda = (1 - p) p^(1/3) on the branch, R = 3 p^(2/3); zero is global from 0.396850 on. */
static sweep three_layers(double from, double factor, size_t count) {
  sweep s = {.count = 0};
  for (size_t k = 0; k < count; k++, from *= factor) {
    double low = 0.25, high = 1;
    for (int i = 0; i < 200; i++) {
      const double p = (low + high) / 2;
      *((1 - p) * cbrt(p) > from ? &low : &high) = p;
    }
    const double p = from < 0.3968502629920499 ? low : 0;
    add(&s, from, 0.2 + (1 - p) * (1 - p), 3 * cbrt(p * p));
  }
  return s;
}

static rwk_audit *audit_with(const sweep *s, const rwk_audit_settings *settings) {
  const rwk_sweep w = {.lambda = s->lambda, .mse = s->mse, .penalty = s->penalty, .count = s->count};
  rwk_audit *a;
  const rwk_status status = rwk_audit_create(&a, ctx, &w, settings);
  if (status != RWK_OK) print_message("%s\n", rwk_context_error(ctx));
  assert_int_equal(status, RWK_OK);
  return a;
}

static rwk_audit *audit(const sweep *s) {
  rwk_audit_settings settings;
  rwk_audit_settings_init(&settings);
  settings.rows = ROWS;
  return audit_with(s, &settings);
}

static rwk_audit_summary summary(const sweep *s) {
  rwk_audit *a = audit(s);
  const rwk_audit_summary out = *rwk_audit_summary_get(a);
  rwk_audit_destroy(a);
  return out;
}

static void scale(sweep *s, double by) {
  for (size_t i = 0; i < s->count; i++) s->lambda[i] *= by;
}

static void test_clean(void **state) {
  (void)state;
  const sweep sweeps[] = {two_layers(ldexp(1, -10), 2, 10, 0.3), two_layers(ldexp(1, -10), 2, 13, 0.3),
                          two_layers(0.001, 1.3, 25, 0),         two_layers(1e-4, 10, 5, 0.1),
                          three_layers(ldexp(1, -10), 2, 12),    three_layers(0.01, 1.2, 21)};
  for (size_t k = 0; k < sizeof sweeps / sizeof *sweeps; k++) {
    const rwk_audit_summary s = summary(&sweeps[k]);
    assert_int_equal(s.verdict, RWK_AUDIT_CONSISTENT);
    assert_int_equal(s.scale, RWK_SCALE_AS_WRITTEN);
    assert_string_equal(s.convention, "mse");
    assert_true(s.factor == 1 && s.low <= 1 && 1 <= s.high);
    assert_int_equal(s.agree, s.penalties);
    assert_int_equal(s.contrary, 0);
    assert_true(s.told);
  }
  /* Past the collapse the rows repeat zero: the first alone speaks of the scale. */
  assert_int_equal(summary(&sweeps[1]).penalties, 11);
}

static void test_scales(void **state) {
  (void)state;
  const struct {
    double factor;
    rwk_scale scale;
    const char *name;
  } cases[] = {{2, RWK_SCALE_HALF_PENALTY, "torch"},
               {0.5, RWK_SCALE_HALF_ERROR, "SSE/(2n) + lambda R"},
               {ROWS, RWK_SCALE_SUM, "nnet, sklearn, half-sse"},
               {2 * ROWS, RWK_SCALE_SUM_HALF_PENALTY, "SSE + lambda/2 R"},
               {ROWS / 2.0, RWK_SCALE_HALF_SUM, "SSE/2 + lambda R"},
               {1.0 / ROWS, RWK_SCALE_SUM_COLUMN, "SSE in the error column"}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    sweep sweeps[] = {two_layers(ldexp(1, -10), 2, 12, 0.3), three_layers(0.01, 1.2, 21)};
    for (int i = 0; i < 2; i++) {
      scale(&sweeps[i], cases[k].factor);
      const rwk_audit_summary s = summary(&sweeps[i]);
      assert_int_equal(s.scale, cases[k].scale);
      assert_string_equal(s.convention, cases[k].name);
      assert_near(s.factor * cases[k].factor, 1, 1e-14);
      assert_int_equal(s.verdict, RWK_AUDIT_CONSISTENT);
      assert_true(s.agree_expected < s.agree);
    }
  }
  /* Without the number of rows the factor is found and has no name. */
  sweep w = two_layers(ldexp(1, -10), 2, 12, 0.3);
  scale(&w, ROWS);
  rwk_audit *a = audit_with(&w, NULL);
  const rwk_audit_summary *s = rwk_audit_summary_get(a);
  assert_int_equal(s->scale, RWK_SCALE_OTHER);
  assert_true(s->low <= 1.0 / ROWS && 1.0 / ROWS <= s->high && s->low <= s->factor && s->factor <= s->high);
  rwk_audit_destroy(a);
  /* What one expects is believed unless the numbers say otherwise. */
  rwk_audit_settings settings;
  rwk_audit_settings_init(&settings);
  settings.factor = 1.0 / ROWS;
  settings.convention = "mine";
  a = audit_with(&w, &settings);
  s = rwk_audit_summary_get(a);
  assert_int_equal(s->scale, RWK_SCALE_EXPECTED);
  assert_string_equal(s->convention, "mine");
  assert_int_equal(s->verdict, RWK_AUDIT_CONSISTENT);
  rwk_audit_destroy(a);
  scale(&w, 1.0 / ROWS);
  a = audit_with(&w, &settings);
  assert_int_equal(rwk_audit_summary_get(a)->scale, RWK_SCALE_AS_WRITTEN);
  rwk_audit_destroy(a);
}

/* Planted rows, at each scale: excess as long double arithmetic over all pairs has it, rows that are global
 * never beaten, T2 to rounding and its promise kept. */
static void test_planted(void **state) {
  (void)state;
  const double scales[] = {1, 2, ROWS, 2.0 * ROWS};
  rwk_stream r;
  rwk_stream_init(&r, 11, 0);
  for (int round = 0; round < 400; round++) {
    const double by = scales[round % 4];
    sweep s = two_layers(ldexp(1, -12), 2, 12, 0.3);
    unsigned char planted[MOST] = {0};
    size_t left = 3;
    while (left) {
      const size_t i = (size_t)(rwk_stream_uniform(&r) * (double)s.count);
      if (i >= s.count || planted[i]) continue;
      planted[i] = 1;
      s.mse[i] += 0.02 + 0.2 * rwk_stream_uniform(&r);
      s.penalty[i] *= 1 + rwk_stream_uniform(&r);
      left--;
    }
    scale(&s, by);
    rwk_audit *a = audit(&s);
    const rwk_audit_summary *m = rwk_audit_summary_get(a);
    const rwk_audit_point *p = rwk_audit_points(a);
    assert_near(m->factor * by, 1, 1e-14);
    assert_int_equal(m->verdict, RWK_AUDIT_NOT_GLOBAL);
    assert_int_equal(m->beaten, 3);
    for (size_t i = 0; i < s.count; i++) {
      long double most = 0;
      for (size_t j = 0; j < s.count; j++) {
        const long double l = (long double)m->factor * s.lambda[i];
        const long double e =
            ((long double)s.mse[i] + l * s.penalty[i]) - ((long double)s.mse[j] + l * s.penalty[j]);
        if (e > most) most = e;
      }
      assert_int_equal(p[i].excess > 0, planted[i]);
      if (planted[i]) {
        const size_t j = p[i].dominated_by;
        assert_near(p[i].excess, (double)most, 1e-14);
        assert_near(p[i].objective - (s.mse[j] + m->factor * s.lambda[i] * s.penalty[j]), p[i].excess, 1e-14);
      } else {
        assert_true(p[i].dominated_by == RWK_AUDIT_NONE);
        assert_true((double)most <= p[i].rounding);
      }
    }
    size_t count;
    const rwk_audit_drop *d = rwk_audit_drops(&count, a);
    for (size_t k = 0; k < count; k++) {
      const double l1 = m->factor * s.lambda[d[k].from], l2 = m->factor * s.lambda[d[k].to];
      assert_true(l1 < l2 && d[k].D > 0);
      assert_near(l2 * d[k].a + l1 * d[k].b, (l2 - l1) * d[k].D, 1e-15);
      assert_true(fmax(d[k].a, d[k].b) >= d[k].certain * (1 - 1e-12));
      assert_true(planted[d[k].restart]);
      assert_int_equal(d[k].restart + d[k].with, d[k].from + d[k].to);
    }
    rwk_audit_destroy(a);
  }
}

static void test_noise(void **state) {
  (void)state;
  rwk_stream r;
  int believed = 0;
  rwk_stream_init(&r, 12, 0);
  for (int round = 0; round < 400; round++) {
    const double sizes[] = {0.01, 0.03, 0.1, 0.2};
    sweep s = two_layers(ldexp(1, -10), 2, 10, 0.3);
    for (size_t i = 0; i < s.count; i++) {
      s.mse[i] *= 1 + sizes[round % 4] * rwk_stream_normal(&r);
      s.penalty[i] *= 1 + sizes[round % 4] * rwk_stream_normal(&r);
    }
    const rwk_audit_summary m = summary(&s);
    assert_int_not_equal(m.verdict, RWK_AUDIT_CONSISTENT);
    if (m.verdict != RWK_AUDIT_INCONSISTENT) {
      believed++;
      assert_int_equal(round % 4, 0); /* of 1 %, chance leaves six of ten in place now and then */
      continue;
    }
    assert_int_equal(m.scale, RWK_SCALE_NONE);
    assert_string_equal(m.convention, "");
    assert_true(m.factor == 1);
    assert_non_null(strstr(m.reason, "dropout"));
  }
  assert_true(believed <= 3);
  /* As if a ridge of its own were always there: each point is Pareto-optimal, and no factor fits. */
  sweep s = {.count = 0};
  for (int k = -10; k < 0; k++) {
    const double l = ldexp(1, k);
    add(&s, l, 0.3 + (l + 0.05) * (l + 0.05), 2 * (0.95 - l));
  }
  assert_int_equal(summary(&s).verdict, RWK_AUDIT_INCONSISTENT);
}

static void test_objectives(void **state) {
  (void)state;
  rwk_audit_settings settings;
  rwk_audit_settings_init(&settings);
  settings.rows = ROWS;
  settings.objective = 1;
  sweep s = two_layers(ldexp(1, -10), 2, 12, 0.3);
  const sweep plain = s;
  for (size_t i = 0; i < s.count; i++) s.mse[i] += s.lambda[i] * s.penalty[i];
  rwk_audit *a = audit_with(&s, &settings);
  assert_int_equal(rwk_audit_summary_get(a)->verdict, RWK_AUDIT_CONSISTENT);
  assert_int_equal(rwk_audit_summary_get(a)->scale, RWK_SCALE_AS_WRITTEN);
  for (size_t i = 0; i < s.count; i++) assert_near(rwk_audit_points(a)[i].mse, plain.mse[i], 1e-15);
  rwk_audit_destroy(a);
  scale(&s, 2);
  a = audit_with(&s, &settings);
  assert_int_equal(rwk_audit_summary_get(a)->scale, RWK_SCALE_HALF_PENALTY);
  assert_int_equal(rwk_audit_summary_get(a)->verdict, RWK_AUDIT_CONSISTENT);
  rwk_audit_destroy(a);
  for (size_t i = 0; i < s.count; i++) s.mse[i] /= 2; /* SSE/(2n) + alpha/(2n) R */
  scale(&s, ROWS / 2.0);
  a = audit_with(&s, &settings);
  assert_int_equal(rwk_audit_summary_get(a)->scale, RWK_SCALE_SUM_HALF_PENALTY);
  assert_string_equal(rwk_audit_summary_get(a)->convention, "sklearn");
  rwk_audit_destroy(a);
  s.mse[4] += 0.01;
  a = audit_with(&s, &settings);
  assert_int_equal(rwk_audit_summary_get(a)->verdict, RWK_AUDIT_NOT_GLOBAL);
  assert_int_equal(rwk_audit_summary_get(a)->beaten, 1);
  assert_true(rwk_audit_points(a)[4].excess > 0);
  rwk_audit_destroy(a);
}

static void test_few(void **state) {
  (void)state;
  sweep s = {.count = 0};
  add(&s, 0.25, 0.4, 1.5);
  rwk_audit_summary m = summary(&s);
  assert_int_equal(m.verdict, RWK_AUDIT_CONSISTENT);
  assert_false(m.told);
  add(&s, 0.25, 0.5123, 1.5); /* another seed */
  m = summary(&s);
  assert_int_equal(m.verdict, RWK_AUDIT_NOT_GLOBAL);
  assert_non_null(strstr(m.reason, "one penalty"));
  sweep two = two_layers(0.5, 1.5, 2, 0.3);
  assert_int_equal(summary(&two).verdict, RWK_AUDIT_CONSISTENT);
  scale(&two, 2);
  m = summary(&two);
  assert_int_equal(m.verdict, RWK_AUDIT_NOT_GLOBAL);
  assert_false(m.told);
  assert_true(m.low <= 0.5 && 0.5 <= m.high);
  assert_non_null(strstr(m.reason, "cannot be told"));
  /* The same weights everywhere: nothing is beaten, and nothing is said. */
  sweep zero = {.count = 0};
  for (int k = -8; k < 3; k++) add(&zero, ldexp(1, k), 1, 0);
  m = summary(&zero);
  assert_int_equal(m.verdict, RWK_AUDIT_CONSISTENT);
  assert_false(m.told);
  assert_int_equal(m.penalties, 1);
  /* lambda = 0 has its place: its error must be the lowest, at any scale. */
  sweep z = two_layers(ldexp(1, -10), 2, 10, 0.3);
  add(&z, 0, 0.3, 2);
  assert_int_equal(summary(&z).verdict, RWK_AUDIT_CONSISTENT);
  z.mse[10] = 0.31;
  m = summary(&z);
  assert_int_equal(m.verdict, RWK_AUDIT_NOT_GLOBAL);
  assert_int_equal(m.beaten, 1);
}

static void test_order_and_seeds(void **state) {
  (void)state;
  rwk_stream r;
  rwk_stream_init(&r, 13, 0);
  for (int round = 0; round < 50; round++) {
    sweep s = {.count = 0}, clean = two_layers(ldexp(1, -10), 2, 12, 0.3);
    for (size_t i = 0; i < clean.count; i++)
      for (int seed = 0; seed < 4; seed++)
        add(&s, 2 * clean.lambda[i], clean.mse[i] + (seed ? 0.01 * seed : 0), clean.penalty[i] + 0.1 * seed);
    for (size_t i = s.count - 1; i > 0; i--) {
      const size_t j = (size_t)(rwk_stream_uniform(&r) * (double)(i + 1));
      double *columns[] = {s.lambda, s.mse, s.penalty};
      for (int c = 0; c < 3; c++) {
        const double x = columns[c][i];
        columns[c][i] = columns[c][j];
        columns[c][j] = x;
      }
    }
    rwk_audit *a = audit(&s);
    const rwk_audit_summary *m = rwk_audit_summary_get(a);
    assert_int_equal(m->scale, RWK_SCALE_HALF_PENALTY);
    assert_int_equal(m->agree, m->penalties);
    size_t count;
    rwk_audit_drops(&count, a);
    assert_int_equal(count, 0);
    for (size_t i = 0; i < s.count; i++) {
      const rwk_audit_point *p = &rwk_audit_points(a)[i];
      assert_true(p->lambda == s.lambda[i]);
      assert_true(p->dominated_by == RWK_AUDIT_NONE || rwk_audit_points(a)[p->dominated_by].excess == 0);
    }
    rwk_audit_destroy(a);
  }
}

static double rounded(double x, int decimals) {
  const double unit = pow(10, decimals);
  return round(x * unit) / unit;
}

static void test_rounding(void **state) {
  (void)state;
  double e[4];
  rwk_audit_rounding(e, (const double[]){0.25, 646.21, 0.273632, 0}, 4, 0);
  assert_near(e[0], 5e-7, 1e-12); /* six significant digits */
  assert_near(e[1], 5e-4, 1e-9);
  assert_near(e[3], 5e-7, 1e-12);
  rwk_audit_rounding(e, (const double[]){0.0012, 646.2134, 3, 12.5}, 4, 0);
  for (int i = 0; i < 4; i++) assert_near(e[i], 5e-5, 1e-12); /* four decimals */
  rwk_audit_rounding(e, (const double[]){0.1 + 0.2, 1. / 3, 2, 0}, 4, 0);
  for (int i = 0; i < 4; i++) assert_true(e[i] == 0);
  rwk_audit_rounding(e, (const double[]){0.001, 0.01, 0.125, ldexp(1, -16)}, 4, 1);
  for (int i = 0; i < 4; i++) assert_true(e[i] == 0);
  rwk_audit_rounding(e, (const double[]){1.52588e-05, 0.001, 0, 1}, 4, 1);
  assert_near(e[0], 5e-11, 1e-14);
  /* Clean sweeps stay clean however few digits they are written with. */
  for (int decimals = 2; decimals < 12; decimals++) {
    sweep s = two_layers(ldexp(1, -10), 1.5, 18, 0.3);
    for (size_t i = 0; i < s.count; i++) {
      s.mse[i] = rounded(s.mse[i], decimals);
      s.penalty[i] = rounded(s.penalty[i], decimals);
    }
    const rwk_audit_summary m = summary(&s);
    assert_int_equal(m.verdict, RWK_AUDIT_CONSISTENT);
    assert_true(m.factor == 1);
  }
}

static void test_refusals(void **state) {
  (void)state;
  sweep s = two_layers(0.1, 2, 4, 0.3);
  rwk_audit *a;
  const rwk_sweep w = {.lambda = s.lambda, .mse = s.mse, .penalty = s.penalty, .count = s.count};
  double *columns[] = {s.lambda, s.mse, s.penalty};
  const double bad[] = {-1, NAN, INFINITY, 1e200};
  for (int c = 0; c < 3; c++)
    for (int k = 0; k < 4; k++) {
      const double keep = columns[c][2];
      columns[c][2] = bad[k];
      assert_int_equal(rwk_audit_create(&a, ctx, &w, NULL), RWK_DATA);
      assert_null(a);
      assert_non_null(strstr(rwk_context_error(ctx), "row 2"));
      columns[c][2] = keep;
    }
  rwk_sweep none = w;
  none.count = 0;
  assert_int_equal(rwk_audit_create(&a, ctx, &none, NULL), RWK_DATA);
  rwk_audit_settings settings;
  rwk_audit_settings_init(&settings);
  settings.factor = 0;
  assert_int_equal(rwk_audit_create(&a, ctx, &w, &settings), RWK_INVALID_ARGUMENT);
  settings.factor = 1;
  settings.rows = -1;
  assert_int_equal(rwk_audit_create(&a, ctx, &w, &settings), RWK_INVALID_ARGUMENT);
  settings.size = 0;
  assert_int_equal(rwk_audit_create(&a, ctx, &w, &settings), RWK_INVALID_ARGUMENT);
  rwk_audit_destroy(NULL);
}

typedef struct ration {
  long left, held;
} ration;

static void *rationed(void *block, size_t size, void *payload) {
  ration *r = payload;
  if (r->left-- <= 0) return NULL;
  r->held += block == NULL;
  return realloc(block, size);
}

static void give_back(void *block, void *payload) {
  ((ration *)payload)->held -= block != NULL;
  free(block);
}

static void test_memory(void **state) {
  (void)state;
  const sweep s = two_layers(0.001, 2, 12, 0.3);
  const rwk_sweep w = {.lambda = s.lambda, .mse = s.mse, .penalty = s.penalty, .count = s.count};
  rwk_status status = RWK_NO_MEMORY;
  for (long n = 0; status == RWK_NO_MEMORY; n++) {
    ration r = {1000, 0};
    rwk_context_settings c;
    rwk_context_settings_init(&c);
    c.allocate = rationed;
    c.release = give_back;
    c.allocator_payload = &r;
    rwk_context *own;
    assert_int_equal(rwk_context_create(&own, &c), RWK_OK);
    r.left = n;
    rwk_audit *a;
    status = rwk_audit_create(&a, own, &w, NULL);
    assert_true(status == RWK_OK || (status == RWK_NO_MEMORY && a == NULL));
    rwk_audit_destroy(a);
    rwk_context_destroy(own);
    assert_int_equal(r.held, 0);
    assert_true(n < 200);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_clean),           cmocka_unit_test(test_scales),
                                     cmocka_unit_test(test_planted),         cmocka_unit_test(test_noise),
                                     cmocka_unit_test(test_objectives),      cmocka_unit_test(test_few),
                                     cmocka_unit_test(test_order_and_seeds), cmocka_unit_test(test_rounding),
                                     cmocka_unit_test(test_refusals),        cmocka_unit_test(test_memory)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
