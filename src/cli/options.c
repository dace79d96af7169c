#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"

static const struct {
  const char *name, *argument, *help;
  int verbs, kept;
} options[CLI_OPTIONS] = {
#define CLI_X(symbol, name, argument, verbs, kept, help) {name, argument, help, verbs, kept},
    CLI_OPTION_LIST(CLI_X)
#undef CLI_X
};

static const struct {
  int verb;
  const char *name, *operands, *does, *example;
} verbs[] = {
    {CLI_PATH, "path", "DATA",
     "fit a network to a table along a whole path of L2 penalties, and certify every fit",
     "ridgewalk path diabetes.csv --target progression --hidden 8 --lambda 2^-16:2^2"},
    {CLI_CERTIFY, "certify", "DATA",
     "say what kind of point given weights are: minimum, saddle, or no critical point",
     "ridgewalk certify diabetes.csv --target progression --weights w.json --lambda 2^-8"},
    {CLI_EXPLAIN, "explain", "RUN",
     "tell why the error fell, and where walks left their branch; with --from, follow one branch point by "
     "point",
     "ridgewalk explain diabetes.rwk --from 2^-9"},
    {CLI_PREDICT, "predict", "RUN NEW.csv",
     "predict new rows with a fit of a run file, in the target's own units",
     "ridgewalk predict diabetes.rwk new.csv --lambda 2^-6"},
    {CLI_RUNS, "runs", "[show|resume] [FILE or FOLDER ...]", "list run files, show one, or go on with one",
     "ridgewalk runs show diabetes.rwk"},
    {CLI_AUDIT, "audit", "SWEEP.csv",
     "from penalty, error and weights' size alone: which fits of a sweep are provably not global, and is the "
     "penalty on the scale you think",
     "ridgewalk audit sweep.csv --lambda-column alpha --rows 442"},
    {CLI_CV, "cv", "DATA",
     "choose the penalty by cross-validation of the whole path, with standard errors, and fit it to all rows",
     "ridgewalk cv diabetes.csv --target progression --hidden 8 --folds 10"},
    {CLI_COMPARE, "compare", "DATA",
     "run several solvers from the same start at one penalty: what each reaches, for what work, and what its "
     "end is",
     "ridgewalk compare diabetes.csv --target progression --hidden 8 --lambda 2^-8 --solvers "
     "gd,adam,lbfgs,newton"},
    {CLI_SEARCH, "search", "DATA",
     "search penalty, width, depth, activation and solver at random, scored on rows held out; the best is "
     "fitted to all",
     "ridgewalk search concrete.csv --trials 64 --hidden 4:64 --depth 1:2 --lambda 2^-16:2^2"},
    {CLI_EXPORT, "export", "RUN",
     "write a fit out for others: weights with their scales as JSON or CSV, a C function, an ONNX model",
     "ridgewalk export diabetes.rwk --lambda 1se --out model.c"},
    {CLI_REPORT, "report", "RUN", "make one HTML page of a run file: verdict, pictures, tables, settings",
     "ridgewalk report diabetes.rwk --out diabetes.html"},
    {CLI_PLOT, "plot", "RUN", "make one figure of a run file, for a paper",
     "ridgewalk plot diabetes.rwk --what path --out path.pdf"},
    {CLI_LANDSCAPE, "landscape", "RUN [FIT [FIT [FIT]]]",
     "the surface between and round fits: which are one minimum, line and curve with their barriers, planes, "
     "density of "
     "the spectrum",
     "ridgewalk landscape diabetes.rwk up:2^-6 best:2^-6 --out between.svg"},
    {CLI_CONVERT, "convert", "PENALTY", "turn one tool's penalty into another's",
     "ridgewalk convert 0.01 --from sklearn --to torch --rows 442"},
};

enum { VERBS = sizeof verbs / sizeof *verbs };

const char *cli_option_name(cli_option option) {
  return options[option].name;
}

int cli_option_kept(cli_option option) {
  return options[option].kept;
}

const char *cli_verb_name(int verb) {
  for (size_t v = 0; v < VERBS; v++)
    if (verbs[v].verb == verb) return verbs[v].name;
  return "?";
}

const char *cli_verb_list(void) {
  return "path, cv, search, compare, certify, explain, predict, export, runs, audit, convert, report, plot, "
         "landscape";
}

static int takes(int verb, size_t option) {
  const int walks = option == CLI_WALK || option == CLI_EFFORT || option == CLI_NO_EXPLAIN ||
                    option == CLI_INIT || option == CLI_NO_PLOT || option == CLI_SMOOTHING ||
                    option == CLI_ROADS || option == CLI_FINISH;
  if (option == CLI_SPLIT) return verb == CLI_PATH;
  if (verb == CLI_CV || (verb == CLI_SEARCH && !walks)) verb |= CLI_PATH;
  return (options[option].verbs & verb) != 0;
}

/* Number of letters to change, add or leave out. */
static size_t edits(const char *a, const char *b) {
  enum { MOST = 40 };
  size_t row[MOST + 1];
  const size_t n = strlen(b) < MOST ? strlen(b) : MOST;
  for (size_t j = 0; j <= n; j++) row[j] = j;
  for (size_t i = 1; a[i - 1] && i <= MOST; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= n; j++) {
      size_t best = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      if (row[j] + 1 < best) best = row[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      row[j] = best;
    }
  }
  return row[n];
}

static int unknown(int verb, const char *name) {
  size_t least = 4, best = CLI_OPTIONS;
  for (size_t i = 0; i < CLI_OPTIONS; i++) {
    const size_t d = takes(verb, i) ? edits(name, options[i].name) : least;
    if (d < least) {
      least = d;
      best = i;
    }
  }
  if (best < CLI_OPTIONS)
    return cli_fail(CLI_USAGE, "%s: no option --%s; did you mean --%s?", cli_verb_name(verb), name,
                    options[best].name);
  return cli_fail(CLI_USAGE, "%s: no option --%s; ridgewalk %s --help lists them", cli_verb_name(verb), name,
                  cli_verb_name(verb));
}

int cli_parse(cli_args *args, int verb, int argc, const char **argv) {
  *args = (cli_args){.verb = verb, .operands = argv};
  int only_operands = 0;
  for (int i = 0; i < argc; i++) {
    const char *word = argv[i];
    if (only_operands || word[0] != '-' || word[1] == 0) {
      argv[args->operand_count++] = word;
      continue;
    }
    if (!strcmp(word, "--")) {
      only_operands = 1;
      continue;
    }
    if (word[1] != '-') {
      if (!strcmp(word, "-h")) {
        args->value[CLI_HELP] = "";
        continue;
      }
      return cli_fail(CLI_USAGE, "%s: options are long here, such as --help; '%s' is none",
                      cli_verb_name(verb), word);
    }
    const char *equals = strchr(word, '=');
    char name[64];
    const size_t length = equals ? (size_t)(equals - word - 2) : strlen(word + 2);
    if (length >= sizeof name) return unknown(verb, "...");
    memcpy(name, word + 2, length);
    name[length] = 0;
    if (!strcmp(name, "no-standardise")) name[11] = 'z'; /* both spellings */
    if (!strcmp(name, "penalize-biases")) name[6] = 's';
    size_t o = 0;
    while (o < CLI_OPTIONS && (strcmp(options[o].name, name) != 0 || !takes(verb, o))) o++;
    if (o == CLI_OPTIONS) return unknown(verb, name);
    if (args->value[o]) return cli_fail(CLI_USAGE, "%s: --%s is given twice", cli_verb_name(verb), name);
    if (!options[o].argument[0]) {
      if (equals) return cli_fail(CLI_USAGE, "%s: --%s takes no value", cli_verb_name(verb), name);
      args->value[o] = "";
    } else if (equals) {
      args->value[o] = equals + 1;
    } else {
      if (i + 1 == argc)
        return cli_fail(CLI_USAGE, "%s: --%s wants %s", cli_verb_name(verb), name, options[o].argument);
      args->value[o] = argv[++i];
    }
    if (options[o].argument[0] && !args->value[o][0])
      return cli_fail(CLI_USAGE, "%s: --%s wants %s, not an empty text", cli_verb_name(verb), name,
                      options[o].argument);
  }
  return 0;
}

void cli_verb_help(int verb) {
  for (size_t v = 0; v < VERBS; v++)
    if (verbs[v].verb == verb)
      printf("ridgewalk %s %s [options]: %s\n\nExample:\n  %s\n\nOptions:\n", verbs[v].name,
             verbs[v].operands, verbs[v].does, verbs[v].example);
  for (size_t o = 0; o < CLI_OPTIONS; o++) {
    if (!takes(verb, o)) continue;
    char left[80];
    snprintf(left, sizeof left, "--%s%s%s", options[o].name, options[o].argument[0] ? " " : "",
             options[o].argument);
    printf("  %-27s %s\n", left, options[o].help);
  }
  printf("\nExit: 0 done and certified, 1 done and something not certified, 2 usage, 3 bad data, 4 numerical "
         "failure, 130 interrupted.\n");
}

void cli_program_help(FILE *to) {
  fprintf(to, "ridgewalk: L2 regularisation paths of neural networks, with proof\n\n");
  for (size_t v = 0; v < VERBS; v++)
    fprintf(to, "  ridgewalk %-8s %-36s %s\n", verbs[v].name, verbs[v].operands, verbs[v].does);
  fprintf(to, "\nridgewalk VERB --help tells more, with an example. ridgewalk --version\n");
}
