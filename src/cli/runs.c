#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "cli/json.h"
#include "cli/left.h"

/* A file that cannot be read is told of, and the others are listed. */
static int list_one(rwk_context *ctx, const char *file, json_t *all) {
  cli_stored s;
  int code = cli_stored_open(&s, ctx, file);
  if (code) {
    cli_stored_close(&s);
    return code;
  }
  const cli_report *r = &s.report;
  char net[256] = "";
  for (size_t l = 0, at = 0; l < r->layer_count && at < 200; l++)
    at += (size_t)snprintf(net + at, sizeof net - at, "%s%zu", l ? "-" : "", r->layers[l]);
  const int finished = cli_stored_finished(&s);
  const char *verb = cli_stored_text(&s, "verb");
  size_t trials;
  (void)rwk_run_trials(&trials, s.run);
  const int open = !finished && !strcmp(verb, cli_verb_name(CLI_PATH));
  cli_left left = {0};
  if (open) code = cli_left_open(&left, &s, file);
  if (code) {
    cli_stored_close(&s);
    return code;
  }
  if (all) {
    json_array_append_new(
        all,
        json_pack("{s:s, s:s, s:s, s:s, s:I, s:o, s:b, s:o}", "file", file, "data", r->data, "network", net,
                  "activation", r->activation, "fits", (json_int_t)s.fit_count, "planned",
                  s.planned && !cli_stored_is_search(&s) ? json_integer((json_int_t)s.planned) : json_null(),
                  "finished", finished, "left", open ? cli_left_json(&left, &s) : json_null()));
  } else {
    char *shown = cli_escape(file);
    printf("%s  %s  %s %s  %s  ", shown ? shown : "?", r->data, net, r->activation,
           cli_stored_text(&s, "created_at"));
    if (cli_stored_is_search(&s) && finished)
      printf("%zu trials, finished\n", trials);
    else if (cli_stored_is_search(&s))
      printf("%zu trials so far; go on: ridgewalk search --resume %s\n", trials, shown ? shown : "?");
    else if (finished)
      printf("%zu fits, finished\n", s.fit_count);
    else if (left.processes && s.planned)
      printf("%zu of %zu fits; %zu %s at it now\n", s.fit_count, s.planned, left.processes,
             left.processes == 1 ? "process is" : "processes are");
    else if (s.planned)
      printf("%zu of %zu fits; go on: ridgewalk %s --resume %s\n", s.fit_count, s.planned, verb,
             shown ? shown : "?");
    else
      printf("%zu fits so far; go on: ridgewalk %s --resume %s\n", s.fit_count, verb, shown ? shown : "?");
    free(shown);
  }
  cli_left_close(&left, ctx);
  cli_stored_close(&s);
  return 0;
}

static int is_run_name(const char *name) {
  const size_t length = strlen(name);
  return length > 4 && !strcmp(name + length - 4, ".rwk");
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_folder(rwk_context *ctx, const char *folder, json_t *all, size_t *found) {
  DIR *d = opendir(folder);
  if (!d) return cli_fail(CLI_DATA, "%s: the folder cannot be read", folder);
  char **names = NULL;
  size_t count = 0;
  int code = 0;
  /* NOLINTNEXTLINE(concurrency-mt-unsafe): the folder is this function's own */
  for (const struct dirent *e; (e = readdir(d));) {
    if (!is_run_name(e->d_name)) continue;
    char **more = realloc(names, (count + 1) * sizeof *names);
    char *name = malloc(strlen(folder) + strlen(e->d_name) + 2);
    if (more) names = more;
    if (!more || !name) {
      free(name);
      code = cli_fail(CLI_NUMERICAL, "memory ran out");
      break;
    }
    const int here = !strcmp(folder, ".");
    snprintf(name, strlen(folder) + strlen(e->d_name) + 2, "%s%s%s", here ? "" : folder, here ? "" : "/",
             e->d_name);
    names[count++] = name;
  }
  closedir(d);
  if (count) qsort(names, count, sizeof *names, by_name);
  for (size_t i = 0; i < count; i++) {
    const int worse = list_one(ctx, names[i], all);
    if (worse > code) code = worse;
    free(names[i]);
  }
  free(names);
  *found += count;
  return code;
}

static int list(const cli_args *args, rwk_context *ctx) {
  json_t *all = args->value[CLI_JSON] ? json_array() : NULL;
  size_t found = 0;
  int code = 0;
  if (args->operand_count == 0) code = list_folder(ctx, ".", all, &found);
  for (size_t i = 0; i < args->operand_count; i++) {
    struct stat info;
    const int folder = stat(args->operands[i], &info) == 0 && S_ISDIR(info.st_mode);
    const int worse = folder ? list_folder(ctx, args->operands[i], all, &found)
                             : (found++, list_one(ctx, args->operands[i], all));
    if (worse > code) code = worse;
  }
  if (found == 0 && !code && !all && !args->value[CLI_QUIET])
    fprintf(stderr, "no run files here; ridgewalk path DATA makes one\n");
  if (all) {
    const int printed = cli_print_json(stdout, all);
    if (printed > code) code = printed;
  }
  return code;
}

int cli_show_path(cli_stored *s, const cli_args *args) {
  int code = 0;
  if (args->value[CLI_JSON]) {
    code = cli_print_path_json(stdout, &s->report);
  } else {
    cli_print_heading(stdout, &s->report);
    if (s->report.count) {
      cli_print_table(stdout, &s->report);
      if (!args->value[CLI_NO_PLOT]) cli_print_plot(stdout, &s->report);
      cli_print_verdict(stdout, &s->report);
      cli_print_roads(stdout, &s->report, args->value[CLI_ROADS] != NULL);
    }
    cli_left left = {0};
    if (!cli_stored_finished(s) && !cli_stored_is_cv(s)) {
      code = cli_left_open(&left, s, s->report.file);
      if (!code) cli_print_left(stdout, &left, s);
    }
    const int busy = left.processes > 0;
    cli_left_close(&left, s->ctx);
    if (!cli_stored_finished(s) && !busy)
      printf("Not finished: %zu fits so far; go on with ridgewalk %s --resume %s\n", s->fit_count,
             cli_stored_is_cv(s) ? "cv" : "path", s->report.file);
  }
  if (!code && !cli_all_certified(&s->report)) code = CLI_UNCERTIFIED;
  return code;
}

static int show(const cli_args *args, rwk_context *ctx, const char *file) {
  cli_stored s;
  int code = cli_stored_open(&s, ctx, file);
  if (!code) {
    s.report.file = file;
    if (rwk_run_cv(s.run) || cli_stored_is_search(&s)) {
      code = rwk_run_cv(s.run) ? cli_show_cv(&s, args) : cli_show_search(&s, args);
      cli_stored_close(&s);
      return code;
    }
    code = cli_show_path(&s, args);
  }
  cli_stored_close(&s);
  return code;
}

/* The verb that made a file; one that cannot be opened is path's to complain of. */
static int maker_of(const char *file, const cli_args *args) {
  rwk_context *ctx;
  rwk_run *run = NULL;
  const char *verb = NULL;
  if (cli_context(&ctx, args)) return CLI_PATH;
  int maker = CLI_PATH;
  if (rwk_run_open(&run, ctx, file, 0) == RWK_OK && rwk_run_get(&verb, run, "verb") == RWK_OK && verb)
    maker = !strcmp(verb, "cv") ? CLI_CV : !strcmp(verb, "search") ? CLI_SEARCH : CLI_PATH;
  rwk_run_close(run);
  rwk_context_destroy(ctx);
  return maker;
}

int cli_runs(const cli_args *args) {
  const char *what = args->operand_count ? args->operands[0] : "";
  if (!strcmp(what, "resume")) {
    if (args->operand_count != 2) return cli_fail(CLI_USAGE, "runs resume wants one run file");
    cli_args again = *args;
    again.operand_count = 0;
    again.value[CLI_RESUME] = args->operands[1];
    again.verb = maker_of(args->operands[1], args);
    return again.verb == CLI_CV       ? cli_cv(&again)
           : again.verb == CLI_SEARCH ? cli_search(&again)
                                      : cli_path(&again);
  }
  rwk_context *ctx;
  int code = cli_context(&ctx, args);
  if (code) return code;
  if (!strcmp(what, "show")) {
    code = args->operand_count == 2 ? show(args, ctx, args->operands[1])
                                    : cli_fail(CLI_USAGE, "runs show wants one run file");
  } else {
    cli_args rest = *args;
    if (!strcmp(what, "list")) {
      rest.operands++;
      rest.operand_count--;
    }
    code = list(&rest, ctx);
  }
  rwk_context_destroy(ctx);
  return code;
}
