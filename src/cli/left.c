#include "cli/left.h"
#include <math.h>
#include <string.h>
#include "cli/job.h"

enum { KINDS = RWK_WALK_GRADUATED + 1 };

static const char *option_of(const cli_stored *s, cli_option o) {
  return json_string_value(json_object_get(s->options, cli_option_name(o)));
}

/* Fits that are missing at what those that are there took: of their walk, else of any. */
static double time_of(const cli_left *left, const double *took) {
  double all = 0, sum = 0;
  size_t fits = 0;
  for (int k = 0; k < KINDS; k++) {
    all += took[k];
    fits += left->fits[k];
  }
  for (int k = 0; k < KINDS; k++) {
    const size_t missing = left->planned[k] > left->fits[k] ? left->planned[k] - left->fits[k] : 0;
    if (missing && !fits) return NAN;
    if (missing)
      sum += (double)missing * (left->fits[k] ? took[k] / (double)left->fits[k] : all / (double)fits);
  }
  return sum;
}

int cli_left_open(cli_left *left, const cli_stored *s, const char *file) {
  rwk_path_settings defaults;
  double took[KINDS] = {0};
  *left = (cli_left){.seconds = NAN};
  rwk_path_settings_init(&defaults);
  left->walks = defaults.walks;
  const int code = option_of(s, CLI_WALK) ? cli_job_walks(&left->walks, option_of(s, CLI_WALK)) : 0;
  if (code) return code == CLI_USAGE ? CLI_DATA : code;
  for (size_t k = 0; k < s->fit_count; k++) {
    const rwk_fit *f = &s->fits[k];
    if (f->walk == RWK_WALK_BEST) continue;
    left->fits[f->walk]++;
    took[f->walk] += f->seconds;
  }
  for (int k = 0; k < KINDS; k++)
    if (left->walks >> k & 1 && k != RWK_WALK_BEST)
      left->planned[k] = (size_t)s->report.starts * s->report.count;
  if (s->report.count) left->seconds = time_of(left, took);
  const rwk_status status = rwk_run_sharers(&left->sharers, &left->sharer_count, s->ctx, file);
  if (status != RWK_OK) return cli_fail_status(s->ctx, status);
  while (left->processes < left->sharer_count && left->sharers[left->processes].at == RWK_SHARER_THERE)
    left->processes++;
  return 0;
}

void cli_left_close(cli_left *left, rwk_context *ctx) {
  rwk_sharers_destroy(ctx, left->sharers);
  *left = (cli_left){0};
}

/* Where a sharer is; 0 where the run file does not know such a piece. */
static int piece_of(rwk_walk *walk, int *start, size_t *index, const rwk_sharer *sharer, const cli_left *left,
                    const cli_stored *s) {
  return s->report.count && rwk_path_piece(walk, start, index, sharer->piece, left->walks, s->report.starts,
                                           s->report.count) == RWK_OK;
}

static void print_place(FILE *to, const rwk_sharer *sharer, const cli_left *left, const cli_stored *s) {
  rwk_walk walk;
  int start;
  size_t index;
  char text[32];
  if (sharer->at == RWK_SHARER_REST)
    fprintf(to, "drops and best");
  else if (!piece_of(&walk, &start, &index, sharer, left, s))
    fprintf(to, "piece %zu", sharer->piece);
  else if (index < s->report.count)
    fprintf(to, "%s %d at %s", rwk_walk_name(walk), start,
            cli_lambda_text(text, cli_user_lambda(&s->report, s->report.lambda[index])));
  else
    fprintf(to, "%s %d", rwk_walk_name(walk), start);
}

void cli_print_left(FILE *to, const cli_left *left, const cli_stored *s) {
  const char *before = "Fits there: ";
  for (int k = 0; k < KINDS; k++) {
    if (!(left->walks >> k & 1) || k == RWK_WALK_BEST) continue;
    fprintf(to, "%s%s %zu", before, rwk_walk_name((rwk_walk)k), left->fits[k]);
    if (left->planned[k]) fprintf(to, " of %zu", left->planned[k]);
    before = ", ";
  }
  fprintf(to, ".\n");
  if (left->seconds > 0)
    fprintf(to,
            "The missing ones take some %.3g s of one thread, by those that are there; drops%s come after.\n",
            left->seconds, left->walks & RWK_WALKS_BEST ? " and best" : "");
  for (size_t p = 0; p < left->processes; p++) {
    const long long process = (long long)left->sharers[p].process;
    fprintf(to, "Process %lld is at it", process);
    before = ": ";
    for (size_t k = left->processes; k < left->sharer_count; k++) {
      if (left->sharers[k].process != process) continue;
      fprintf(to, "%s", before);
      print_place(to, &left->sharers[k], left, s);
      before = ", ";
    }
    fprintf(to, ".\n");
  }
}

static json_t *json_place(const rwk_sharer *sharer, const cli_left *left, const cli_stored *s) {
  rwk_walk walk;
  int start;
  size_t index;
  if (sharer->at == RWK_SHARER_REST) return json_pack("{s:s, s:n, s:n}", "walk", "best", "start", "lambda");
  if (!piece_of(&walk, &start, &index, sharer, left, s)) return json_null();
  return json_pack("{s:s, s:i, s:o}", "walk", rwk_walk_name(walk), "start", start, "lambda",
                   index < s->report.count ? json_real(cli_user_lambda(&s->report, s->report.lambda[index]))
                                           : json_null());
}

json_t *cli_left_json(const cli_left *left, const cli_stored *s) {
  json_t *walks = json_array(), *processes = json_array();
  for (int k = 0; k < KINDS; k++)
    if (left->walks >> k & 1 && k != RWK_WALK_BEST)
      json_array_append_new(
          walks,
          json_pack("{s:s, s:I, s:o}", "walk", rwk_walk_name((rwk_walk)k), "fits", (json_int_t)left->fits[k],
                    "planned", left->planned[k] ? json_integer((json_int_t)left->planned[k]) : json_null()));
  for (size_t p = 0; p < left->processes; p++) {
    json_t *places = json_array();
    for (size_t k = left->processes; k < left->sharer_count; k++)
      if (left->sharers[k].process == left->sharers[p].process)
        json_array_append_new(places, json_place(&left->sharers[k], left, s));
    json_array_append_new(
        processes, json_pack("{s:I, s:o}", "process", (json_int_t)left->sharers[p].process, "at", places));
  }
  return json_pack("{s:o, s:o, s:o}", "walks", walks, "seconds",
                   isnan(left->seconds) ? json_null() : json_real(left->seconds), "processes", processes);
}
