#include <signal.h>
#include <string.h>
#include "cli/ranks.h"

static const struct {
  int verb;
  int (*run)(const cli_args *args);
} table[] = {{CLI_PATH, cli_path},       {CLI_CERTIFY, cli_certify},
             {CLI_EXPLAIN, cli_explain}, {CLI_PREDICT, cli_predict},
             {CLI_RUNS, cli_runs},       {CLI_AUDIT, cli_audit},
             {CLI_CONVERT, cli_convert}, {CLI_CV, cli_cv},
             {CLI_EXPORT, cli_export},   {CLI_REPORT, cli_page},
             {CLI_PLOT, cli_figure},     {CLI_COMPARE, cli_compare},
             {CLI_SEARCH, cli_search},   {CLI_LANDSCAPE, cli_landscape}};

enum { VERBS = sizeof table / sizeof *table };

/* One process does what one process can; the others have nothing to add. */
static int run(int v, const cli_args *args) {
  const int verb = table[v].verb, spreads = verb == CLI_PATH || verb == CLI_CV || verb == CLI_SEARCH;
  if (spreads || cli_ranks_count() == 1) return table[v].run(args);
  if (!cli_ranks_worker())
    cli_say("%s is not spread over processes, and mpirun started %d; run it without mpirun",
            cli_verb_name(verb), cli_ranks_count());
  return CLI_USAGE;
}

static int find(const char *name) {
  for (int v = 0; v < VERBS; v++)
    if (!strcmp(cli_verb_name(table[v].verb), name)) return v;
  return -1;
}

int main(int argc, char **argv) {
  const char *first = argc > 1 ? argv[1] : "help";
  if (!strcmp(first, "--version") || !strcmp(first, "version")) {
    printf("ridgewalk %s\n", rwk_version());
    return CLI_DONE;
  }
  if (!strcmp(first, "help") || !strcmp(first, "--help") || !strcmp(first, "-h")) {
    const int v = argc > 2 ? find(argv[2]) : -1;
    if (argc > 2 && v < 0) return cli_fail(CLI_USAGE, "no verb '%s'; there are %s", argv[2], cli_verb_list());
    if (v >= 0)
      cli_verb_help(table[v].verb);
    else
      cli_program_help(argc > 1 ? stdout : stderr);
    return argc > 1 ? CLI_DONE : CLI_USAGE;
  }
  cli_memory_begin();
  signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a write that fails */
  const int v = find(first);
  if (v < 0) {
    return cli_fail(CLI_USAGE, "no verb '%s'; there are %s", first, cli_verb_list());
  }
  cli_args args;
  const int code = cli_parse(&args, table[v].verb, argc - 2, (const char **)argv + 2);
  if (code) return code;
  if (args.value[CLI_HELP]) {
    cli_verb_help(table[v].verb);
    return CLI_DONE;
  }
  rwk_blas_rest();
  if (cli_ranks_begin()) return CLI_USAGE;
  const int result = run(v, &args);
  cli_ranks_end();
  if (cli_memory_short() && result <= CLI_UNCERTIFIED) return cli_fail(CLI_NUMERICAL, "memory ran out");
  if (fflush(stdout) != 0 || ferror(stdout)) return cli_fail(CLI_DATA, "standard output cannot be written");
  return result;
}
