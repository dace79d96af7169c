/* Pages and figures: strangers' texts, awkward numbers, memory that runs out. */
#include "report/chart.h"
#include "report/text.h"
#include "report/ticks.h"
#include "unit/store/support.h"

static rwk_text text;

static const char *written(rwk_context *ctx, void (*write)(rwk_text *, const char *), const char *words) {
  rwk_text_close(&text);
  rwk_text_open(&text, ctx);
  rwk_text_add(&text, "");
  write(&text, words);
  assert_int_equal(text.status, RWK_OK);
  return text.data;
}

static void test_texts(void **state) {
  place *p = *state;
  rwk_text_open(&text, p->ctx);
  assert_string_equal(written(p->ctx, rwk_text_markup, "a<b>&\"'\xc3\xa9"),
                      "a&lt;b&gt;&amp;&quot;&#39;\xc3\xa9");
  assert_string_equal(written(p->ctx, rwk_text_json, "</script>\n&\\\""),
                      "\"\\u003c/script\\u003e\\u000a\\u0026\\\\\\\"\"");
  /* line separators end a line of old scripts */
  assert_string_equal(written(p->ctx, rwk_text_json, "\xe2\x80\xa8\xe2\x80\xa9"), "\"\\u2028\\u2029\"");
  /* U+FFFD for: a lone byte of a sequence, one cut short, an overlong <, a surrogate, beyond the last
   * character, a control, and a mark that turns the text's direction */
  static const char *const bad[] = {
      "\x80", "\xc3", "\xc0\xbc", "\xe0\x80\xbc", "\xed\xa0\x80", "\xf4\x90\x80\x80",
      "\xff", "\x1b", "\x7f",     "\xc2\x85",     "\xe2\x80\xae"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const char *got = written(p->ctx, rwk_text_markup, bad[i]);
    assert_memory_equal(got, "\xef\xbf\xbd", 3);
    assert_null(strchr(got, '<'));
    for (const char *c = got; *c; c += 3) assert_memory_equal(c, "\xef\xbf\xbd", 3);
  }
  rwk_text_close(&text);
}

/* Whatever the bytes, no markup is left, and no byte that is no UTF-8. */
static void test_random_texts(void **state) {
  place *p = *state;
  rwk_stream s;
  rwk_stream_init(&s, 1, 1);
  rwk_text_open(&text, p->ctx);
  for (int round = 0; round < 2000; round++) {
    char words[24];
    const size_t length = rwk_stream_u64(&s) % sizeof words;
    static const char likely[] = "<>&\"'/\xe2\x80\xa8\xc3\xf0";
    for (size_t i = 0; i < length; i++)
      words[i] = rwk_stream_u64(&s) % 2 ? likely[rwk_stream_u64(&s) % (sizeof likely - 1)]
                                        : (char)(1 + rwk_stream_u64(&s) % 255);
    words[length] = 0;
    const char *got = written(p->ctx, rwk_text_json, words);
    assert_null(strpbrk(got, "<>&'\n"));
    got = written(p->ctx, rwk_text_markup, words);
    assert_null(strpbrk(got, "<>\"'"));
    while (*got) {
      const char *before = got;
      const unsigned character = rwk_text_next(&got);
      assert_true(character != 0xfffd || memcmp(before, "\xef\xbf\xbd", 3) == 0);
    }
  }
  rwk_text_close(&text);
}

static void test_ticks(void **state) {
  (void)state;
  rwk_tick ticks[RWK_TICKS_MOST];
  static const double ends[][2] = {{0, 1},       {-3, 7},       {1e-12, 1},      {0.1, 0.11},
                                   {2, 2},       {1, INFINITY}, {5e-324, 1e308}, {-DBL_MAX, DBL_MAX},
                                   {-1e-9, 1e9}, {NAN, 1}};
  for (int kind = RWK_AXIS_LINEAR; kind <= RWK_AXIS_SYMLOG; kind++)
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
      for (int binary = 0; binary < 2; binary++) {
        if (kind == RWK_AXIS_LOG && !(ends[i][0] > 0)) continue;
        const rwk_axis axis = {"x", (rwk_axis_scale)kind, NAN, NAN, 1e-6, binary};
        const rwk_scale scale = {&axis, ends[i][0], ends[i][1], 0, 300};
        const size_t count = rwk_ticks(ticks, &scale, 20);
        assert_true(count <= RWK_TICKS_MOST);
        for (size_t k = 0; k < count; k++) {
          const double slack = 1e-8 * (ends[i][1] - ends[i][0]);
          if (!(ticks[k].at >= ends[i][0] - 1e-5 * fabs(ends[i][0]) - slack &&
                ticks[k].at <= ends[i][1] * (1 + 1e-5) + slack))
            fail_msg("scale %d, range %zu: a tick at %g", kind, i, ticks[k].at);
          assert_true(ticks[k].words[0] != 0);
        }
      }
  const rwk_axis two = {"lambda", RWK_AXIS_LOG, NAN, NAN, 0, 1};
  const rwk_scale scale = {&two, 0x1p-4, 4, 0, 300};
  assert_int_equal(rwk_ticks(ticks, &scale, 20), 7);
  assert_string_equal(ticks[0].words, "2");
  assert_string_equal(ticks[0].raised, "\xe2\x88\x92"
                                       "4");
  assert_double(rwk_scale_at(&scale, 0.5), 150);
}

static void drop_words(char *out, size_t size, const rwk_drop *drop, void *payload) {
  (void)payload;
  snprintf(out, size, "it fell by %g </td>", drop->loss_from - drop->loss_to);
}

static rwk_report_facts facts_of(void) {
  static const size_t layers[] = {10, 8, 1};
  static const char *const names[] = {"a", "<b>", "c", "d", "e", "f", "g", "h", "\xff", "j"};
  static const char *const settings[1][2] = {{"n", "v"}};
  return (rwk_report_facts){.title = "<t>",
                            .subtitle = "s",
                            .objective = "J",
                            .lambda = "lambda",
                            .lambda_scale = 1,
                            .loss_scale = 1,
                            .loss_word = "MSE",
                            .loss_title = "Mean squared error",
                            .layers = layers,
                            .layer_count = 3,
                            .hidden_bias = 1,
                            .output_bias = 1,
                            .inputs = names,
                            .targets = names,
                            .verdict = "v",
                            .remarks = names,
                            .remark_count = 10,
                            .command = "c",
                            .settings = settings,
                            .setting_count = 1,
                            .drop_words = drop_words};
}

/* Page and all figures of a run full of infinities, NaNs and subnormal numbers. Stops at the first failure.
 */
static rwk_status draw_all(rwk_context *ctx, rwk_run *run, int formats, int *drawn) {
  const rwk_report_facts facts = facts_of();
  char *bytes;
  size_t length, count;
  rwk_status status = rwk_report_page(&bytes, &length, ctx, run, &facts);
  if (status != RWK_OK) return status;
  assert_int_equal(strlen(bytes), length);
  const char *json = strstr(bytes, "id=\"data\">");
  assert_non_null(json);
  const char *end = strstr(json, "</script>");
  for (const char *c = json; c < end; c++)
    assert_false(!memcmp(c, ":nan", 4) || !memcmp(c, ":inf", 4) || !memcmp(c, ",nan", 4) ||
                 !memcmp(c, ",-inf", 5));
  assert_null(strstr(bytes, "<b>,"));
  rwk_report_release(ctx, bytes);
  const rwk_chart_entry *entries = rwk_chart_entries(&count);
  *drawn = 1;
  for (size_t k = 0; k < count; k++)
    for (int format = 0; format < formats; format++) {
      const rwk_figure_settings s = {entries[k].name, NAN, NULL, 80, (rwk_figure_format)format};
      status = rwk_report_figure(&bytes, &length, ctx, run, &facts, &s);
      if (status == RWK_DATA) break; /* nothing to draw */
      if (status != RWK_OK) return status;
      if (format == RWK_FIGURE_SVG_FILE)
        assert_true(!strstr(bytes, "\"nan") && !strstr(bytes, ",nan") && !strstr(bytes, "inf\""));
      ++*drawn;
      rwk_report_release(ctx, bytes);
    }
  return RWK_OK;
}

static void test_awkward_numbers(void **state) {
  place *p = *state;
  rwk_run *run;
  int drawn = 0;
  assert_ok(write_standard(p->ctx, p->file, 1));
  assert_ok(rwk_run_open(&run, p->ctx, p->file, 0));
  assert_ok(draw_all(p->ctx, run, 3, &drawn));
  assert_true(drawn >= 10);
  assert_ok(rwk_run_close(run));
}

static struct { long count, fail_at, live; } memory;

static void *allocate(void *block, size_t size, void *payload) {
  (void)payload;
  if (++memory.count == memory.fail_at) return NULL;
  memory.live += block == NULL;
  return realloc(block, size);
}

static void release(void *block, void *payload) {
  (void)payload;
  memory.live--;
  free(block);
}

static void test_memory(void **state) {
  place *p = *state;
  rwk_context_settings s;
  rwk_context *ctx;
  rwk_run *run;
  int drawn;
  long k = 1, refused = 0;
  assert_ok(write_standard(p->ctx, p->file, 1));
  rwk_context_settings_init(&s);
  s.allocate = allocate;
  s.release = release;
  assert_int_equal(rwk_context_create(&ctx, &s), RWK_OK);
  assert_int_equal(rwk_run_open(&run, ctx, p->file, 0), RWK_OK);
  const long live = memory.live;
  for (;; k += 1 + k / 8) {
    memory.count = 0;
    memory.fail_at = k;
    const rwk_status status = draw_all(ctx, run, 1, &drawn);
    memory.fail_at = 0;
    if (status != RWK_OK && status != RWK_NO_MEMORY)
      fail_msg("allocation %ld: %s", k, rwk_status_name(status));
    if (memory.live != live) fail_msg("allocation %ld: %ld blocks are left", k, memory.live - live);
    refused += status == RWK_NO_MEMORY;
    if (memory.count < k) break;
  }
  assert_true(refused > 20);
  assert_int_equal(rwk_run_close(run), RWK_OK);
  rwk_context_destroy(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_texts, setup, teardown),
      cmocka_unit_test_setup_teardown(test_random_texts, setup, teardown),
      cmocka_unit_test(test_ticks),
      cmocka_unit_test_setup_teardown(test_awkward_numbers, setup, teardown),
      cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
