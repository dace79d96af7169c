/* The verbs `report` and `plot`: a page and figures from a run file. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cli/facts.h"
#include "cli/model.h"
#include "cli/page.h"

char *cli_default_out(const char *run, const char *ending) {
  size_t length = strlen(run);
  if (length > 4 && !strcmp(run + length - 4, ".rwk")) length -= 4;
  char *out = malloc(length + strlen(ending) + 2);
  if (out) sprintf(out, "%.*s.%s", (int)length, run, ending);
  return out;
}

int cli_write_file(const char *file, const char *bytes, size_t length, const char *run) {
  cli_output out;
  int code = cli_output_open(&out, file, run);
  if (!code) fwrite(bytes, 1, length, out.to);
  return cli_output_close(&out, code);
}

typedef struct source {
  rwk_context *ctx;
  cli_stored stored;
  cli_facts facts;
} source;

static int open_source(source *s, const cli_args *args) {
  const char *file = args->operands[0];
  *s = (source){0};
  int code = cli_context(&s->ctx, args);
  if (!code) code = cli_stored_open(&s->stored, s->ctx, file);
  if (!code && cli_stored_is_search(&s->stored) && !cli_stored_finished(&s->stored))
    code = cli_fail(CLI_DATA, "%s: the search is not finished; go on with: ridgewalk search --resume %s",
                    file, file);
  if (!code) code = cli_facts_open(&s->facts, &s->stored, s->ctx, file);
  return code;
}

static void close_source(source *s) {
  cli_facts_release(&s->facts);
  cli_stored_close(&s->stored);
  rwk_context_destroy(s->ctx);
}

int cli_page(const cli_args *args) {
  if (args->operand_count != 1)
    return cli_fail(CLI_USAGE, "report wants one run file: ridgewalk report RUN --out FILE.html");
  source s;
  char *html = NULL, *made = NULL;
  size_t length = 0;
  int code = open_source(&s, args);
  if (!code) {
    const rwk_status status = rwk_report_page(&html, &length, s.ctx, s.stored.run, &s.facts.facts);
    if (status != RWK_OK) code = cli_fail_status(s.ctx, status);
  }
  const char *out = args->value[CLI_OUT];
  if (!code && !out) out = made = cli_default_out(args->operands[0], "html");
  if (!code && !out) code = cli_fail(CLI_NUMERICAL, "memory ran out");
  if (!code) code = cli_write_file(out, html, length, args->operands[0]);
  if (!code && !args->value[CLI_QUIET] && strcmp(out, "-") != 0)
    fprintf(stderr, "%s: %zu kB\n", out, (length + 999) / 1000);
  rwk_report_release(s.ctx, html);
  free(made);
  close_source(&s);
  return code;
}

/* ---- plot ---- */

int cli_figure_format(rwk_figure_format *format, const char *out) {
  static const char *const names[] = {
#define RWK_X(symbol, name) name,
      RWK_FORMAT_LIST(RWK_X)
#undef RWK_X
  };
  const char *dot = strrchr(out, '.');
  for (size_t k = 0; dot && k < sizeof names / sizeof *names; k++)
    if (!strcmp(dot + 1, names[k])) {
      *format = (rwk_figure_format)k;
      return 0;
    }
  return cli_fail(CLI_USAGE, "--out: %s ends in none of .svg, .png, .pdf", out);
}

/* What hangs on the run: which penalty min and 1se are, and which figure is meant where none is named. */
static int settle_figure(rwk_figure_settings *f, cli_stored *s, const cli_args *args) {
  const char *lambda = args->value[CLI_LAMBDA];
  size_t index = 0;
  if (!f->what) f->what = rwk_run_cv(s->run) ? "cv" : cli_stored_is_search(s) ? "search" : "path";
  const int code = cli_is_choice(lambda) ? cli_choice_index(&index, s, lambda) : 0;
  if (!code && cli_is_choice(lambda)) f->lambda = cli_user_lambda(&s->report, s->report.lambda[index]);
  return code;
}

static int read_figure(rwk_figure_settings *f, char frame[64], const cli_args *args) {
  const char *const *v = args->value;
  *f = (rwk_figure_settings){.what = v[CLI_WHAT], .lambda = NAN, .width = 170};
  if (v[CLI_LAMBDA] && !cli_is_choice(v[CLI_LAMBDA]) &&
      (cli_number(&f->lambda, v[CLI_LAMBDA]) || !(f->lambda > 0)))
    return cli_fail(CLI_USAGE, "--lambda: '%s' is not a penalty", v[CLI_LAMBDA]);
  if (v[CLI_WIDTH] && (cli_number(&f->width, v[CLI_WIDTH]) || !(f->width >= 40 && f->width <= 1000)))
    return cli_fail(CLI_USAGE, "--width: '%s' is not a number of millimetres from 40 to 1000", v[CLI_WIDTH]);
  rwk_walk walk;
  long long start = 0;
  if (v[CLI_WALK] && rwk_walk_from_name(&walk, v[CLI_WALK]) != RWK_OK)
    return cli_fail(CLI_USAGE, "--walk: '%s' is none of up, down, cold, best, graduated", v[CLI_WALK]);
  if (v[CLI_START] && cli_whole(&start, v[CLI_START], 0, 1000000))
    return cli_fail(CLI_USAGE, "--start: '%s' is not a whole number from 0 on", v[CLI_START]);
  if (!v[CLI_WALK] && v[CLI_START]) return cli_fail(CLI_USAGE, "--start goes with --walk");
  if (!v[CLI_WALK]) return 0;
  if (v[CLI_START])
    snprintf(frame, 64, "%s %lld", v[CLI_WALK], start);
  else
    snprintf(frame, 64, "%s", v[CLI_WALK]);
  f->frame = frame;
  return 0;
}

int cli_figure(const cli_args *args) {
  if (args->operand_count != 1)
    return cli_fail(CLI_USAGE, "plot wants one run file: ridgewalk plot RUN --what path --out FILE.svg");
  rwk_figure_settings f;
  char frame[64], *bytes = NULL, *made = NULL, ending[64];
  size_t length = 0;
  int code = read_figure(&f, frame, args);
  const char *out = args->value[CLI_OUT];
  if (!code && out) code = cli_figure_format(&f.format, out);
  if (code) return code;
  source s;
  code = open_source(&s, args);
  if (!code) code = settle_figure(&f, &s.stored, args);
  if (!code) {
    const rwk_status status = rwk_report_figure(&bytes, &length, s.ctx, s.stored.run, &s.facts.facts, &f);
    if (status != RWK_OK) code = cli_fail_status(s.ctx, status);
  }
  if (!code && !out) {
    snprintf(ending, sizeof ending, "%.40s.svg", f.what);
    out = made = cli_default_out(args->operands[0], ending);
    if (!out) code = cli_fail(CLI_NUMERICAL, "memory ran out");
  }
  if (!code) code = cli_write_file(out, bytes, length, args->operands[0]);
  if (!code && !args->value[CLI_QUIET]) fprintf(stderr, "%s\n", out);
  rwk_report_release(s.ctx, bytes);
  free(made);
  close_source(&s);
  return code;
}
