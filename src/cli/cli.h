/* cli/cli.h: what the verbs of the program share. */
#ifndef RWK_CLI_CLI_H
#define RWK_CLI_CLI_H

#include <stdio.h>
#include <ridgewalk/ridgewalk.h>

/* ---- exit codes (documented in ridgewalk.1) ---- */

enum {
  CLI_DONE = 0,
  CLI_UNCERTIFIED = 1,
  CLI_USAGE = 2,
  CLI_DATA = 3,
  CLI_NUMERICAL = 4,
  CLI_INTERRUPTED = 130
};

/* ---- options.c ---- */

enum {
  CLI_PATH = 1,
  CLI_CERTIFY = 2,
  CLI_PREDICT = 4,
  CLI_RUNS = 8,
  CLI_EXPLAIN = 16,
  CLI_AUDIT = 32,
  CLI_CONVERT = 64,
  CLI_CV = 1024, /* takes every option of path, too */
  CLI_EXPORT = 2048,
  CLI_REPORT = 1 << 12,
  CLI_PLOT = 1 << 13,
  CLI_COMPARE = 1 << 16, /* of path, what makes a network and a start */
  CLI_SEARCH = 1 << 20,  /* takes those options of path that are no walk's, too */
  CLI_LANDSCAPE = 1 << 17
};

/* X(symbol, name, argument or "" for a flag, verbs, changes numbers, help) */
#define CLI_OPTION_LIST(X)                                                                                   \
  X(TARGET, "target", "NAME[,NAME]", CLI_PATH | CLI_CERTIFY | CLI_COMPARE, 1,                                \
    "target columns (default: the last column)")                                                             \
  X(HIDDEN, "hidden", "N[,N]", CLI_PATH | CLI_COMPARE, 1,                                                    \
    "units of the hidden layers (default 8; 0: a linear model); search: a range, 4:64 (its default)")        \
  X(ACTIVATION, "activation", "NAME", CLI_PATH | CLI_CERTIFY | CLI_COMPARE, 1,                               \
    "tanh, logistic, softplus, relu, identity (default tanh); search: one or several")                       \
  X(LOSS, "loss", "NAME", CLI_PATH | CLI_CERTIFY | CLI_COMPARE, 1,                                           \
    "mse, logistic (two classes), softmax (classes), or auto: classes also where the target has two values " \
    "or few whole numbers (default: softmax or logistic for a target of text, mse for numbers)")             \
  X(LAMBDA, "lambda", "GRID",                                                                                \
    CLI_PATH | CLI_CERTIFY | CLI_PREDICT | CLI_EXPORT | CLI_PLOT | CLI_COMPARE | CLI_LANDSCAPE, 1,           \
    "penalties FROM:TO[:FACTOR], one, or a list, such as 2^-16:2^2 (path's default: 17 down from twice the " \
    "collapse); predict and export: one of the run, or min or 1se of a cross-validation; "                   \
    "search: a range (default 2^-16:2^2); landscape: that of the surface (default: the first fit's)")        \
  X(WALK, "walk", "NAME[,NAME]", CLI_PATH | CLI_PREDICT | CLI_EXPLAIN | CLI_EXPORT | CLI_PLOT, 1,            \
    "up, down, cold, best, graduated (default: the first four; cv: up and best)")                            \
  X(SMOOTHING, "smoothing", "X", CLI_PATH, 1,                                                                \
    "graduated: standard deviation of the noise of each weight, at first (default 0.5)")                     \
  X(ROADS, "roads", "", CLI_PATH | CLI_RUNS, 0, "compare all walks at every penalty")                        \
  X(EFFORT, "effort", "NAME", CLI_PATH, 1,                                                                   \
    "search of best beyond the walks: low (none), normal (up to 64 x their work), high (640 x) (default "    \
    "normal; cv: low)")                                                                                      \
  X(TRIALS, "trials", "N", CLI_SEARCH, 1, "settings that are tried (default 64; a grid may have fewer)")     \
  X(DEPTH, "depth", "LOW:HIGH", CLI_SEARCH, 1, "hidden layers, all of one width (default 1)")                \
  X(DRAW, "draw", "NAME", CLI_SEARCH, 1, "random, sobol (more even) or grid (default random)")               \
  X(HOLDOUT, "holdout", "SHARE", CLI_SEARCH, 1,                                                              \
    "hold this share of the rows (the nearest of 1/2, 1/3, ...) out once, in place of every fold in turn")   \
  X(FOLDS, "folds", "K", CLI_CV | CLI_SEARCH, 1, "folds of the cross-validation (default 5)")                \
  X(REPEATS, "repeats", "R", CLI_CV, 1, "divisions of the rows into folds, each at random anew (default 1)") \
  X(FOLD_COLUMN, "fold-column", "NAME", CLI_CV | CLI_SEARCH, 1,                                              \
    "rows with the same cell in this column are a fold")                                                     \
  X(GROUP, "group", "NAME", CLI_CV | CLI_SEARCH, 1,                                                          \
    "rows with the same cell in this column stay in one fold")                                               \
  X(NO_STRATIFY, "no-stratify", "", CLI_CV | CLI_SEARCH, 1,                                                  \
    "folds at random (default: each has its share of small and of large targets)")                           \
  X(ENSEMBLE, "ensemble", "M", CLI_CV, 1,                                                                    \
    "predict by the mean of the M lowest minima at a penalty, 1 to 6 (default 1)")                           \
  X(SE, "se", "", CLI_PREDICT, 0, "a column of standard errors beside each prediction (Laplace)")            \
  X(DATA_FILE, "data", "FILE", CLI_PREDICT | CLI_LANDSCAPE, 0,                                               \
    "the table the run was made from, where it has moved; --se and landscape need it")                       \
  X(FORMAT, "format", "NAME", CLI_EXPORT, 0, "json, c, onnx or csv (default: as the name of --out ends)")    \
  X(FROM, "from", "LAMBDA", CLI_EXPLAIN, 0, "follow the branch from the fit at this penalty")                \
  X(TO, "to", "LAMBDA", CLI_EXPLAIN, 0, "and as far as this one (default: the walk's next penalty)")         \
  X(STEP, "step", "X", CLI_EXPLAIN, 0, "longest step along the branch (default 0.5)")                        \
  X(BEYOND, "beyond", "N", CLI_EXPLAIN, 0, "points past a fold, on the saddles' side (default 4)")           \
  X(WITH_WEIGHTS, "with-weights", "", CLI_EXPLAIN, 0, "the weights of every point in the JSON")              \
  X(STARTS, "starts", "N", CLI_PATH, 1, "random starts of every walk (default 1)")                           \
  X(START, "start", "N", CLI_PREDICT | CLI_EXPLAIN | CLI_EXPORT | CLI_PLOT, 0,                               \
    "which start of the walk (default: the best)")                                                           \
  X(SEED, "seed", "S", CLI_PATH | CLI_COMPARE | CLI_LANDSCAPE, 1,                                            \
    "seed of the random starts; landscape: of random directions and detours (default 0)")                    \
  X(SOLVER, "solver", "NAME", CLI_PATH, 1,                                                                   \
    "newton, gauss-newton, saddle-free-newton, lbfgs, gd, sgd, adam, amsgrad, adamw (default newton); "      \
    "search: "                                                                                               \
    "one or several")                                                                                        \
  X(SOLVERS, "solvers", "NAME[,NAME]", CLI_COMPARE, 1, "which solvers to compare (default: all)")            \
  X(FINISH, "finish", "NAME", CLI_PATH, 1,                                                                   \
    "newton: every fit is finished by Newton's method from where the solver stopped, and the walk goes on "  \
    "from there; none (default)")                                                                            \
  X(LEARNING_RATE, "learning-rate", "X", CLI_PATH | CLI_COMPARE, 1,                                          \
    "of sgd, adam, amsgrad, adamw (default 0.01 for sgd, 0.001 for the others)")                             \
  X(SCHEDULE, "schedule", "NAME", CLI_PATH | CLI_COMPARE, 1,                                                 \
    "how the learning rate falls with the steps: constant, sqrt, inverse, cosine (default constant)")        \
  X(BATCH, "batch", "N", CLI_PATH | CLI_COMPARE, 1, "rows of a mini-batch (default 200)")                    \
  X(EPOCHS, "epochs", "N", CLI_PATH | CLI_COMPARE, 1,                                                        \
    "times through all rows at most, of solvers that go by mini-batches (default 200)")                      \
  X(MOMENTUM, "momentum", "X", CLI_PATH | CLI_COMPARE, 1, "of sgd (default 0.9)")                            \
  X(BETAS, "betas", "X,X", CLI_PATH | CLI_COMPARE, 1,                                                        \
    "of adam, amsgrad, adamw: memory of the gradient's mean and of its square's (default 0.9,0.999)")        \
  X(GRAD_TOL, "grad-tol", "X", CLI_PATH | CLI_CERTIFY | CLI_COMPARE, 1,                                      \
    "largest gradient entry at the end, times max(1, J) (default 1e-8; of solvers of first order 1e-4)")     \
  X(MAX_ITER, "max-iter", "N", CLI_PATH | CLI_COMPARE, 1,                                                    \
    "iterations of a fit at most (default 2000; lbfgs 200, and epochs of mini-batches)")                     \
  X(ALGEBRA, "algebra", "NAME", CLI_PATH | CLI_CERTIFY | CLI_COMPARE, 1,                                     \
    "auto, dense or krylov (default auto)")                                                                  \
  X(NO_EXPLAIN, "no-explain", "", CLI_PATH, 1, "do not follow branches: drops are told by their ends alone") \
  X(INIT, "init", "FILE", CLI_PATH | CLI_COMPARE, 1,                                                         \
    "weights (JSON) that start 0 of up and down begin with")                                                 \
  X(WEIGHTS, "weights", "FILE", CLI_CERTIFY, 1, "weights (JSON) to certify")                                 \
  X(NO_STANDARDIZE, "no-standardize", "", CLI_PATH | CLI_CERTIFY | CLI_COMPARE, 1,                           \
    "take the numbers as they are")                                                                          \
  X(NO_HIDDEN_BIAS, "no-hidden-bias", "", CLI_PATH | CLI_CERTIFY | CLI_COMPARE, 1,                           \
    "hidden units without biases")                                                                           \
  X(NO_OUTPUT_BIAS, "no-output-bias", "", CLI_PATH | CLI_CERTIFY | CLI_COMPARE, 1, "outputs without biases") \
  X(CONVENTION, "convention", "NAME", CLI_PATH | CLI_CERTIFY | CLI_AUDIT | CLI_COMPARE, 1,                   \
    "whose objective and penalty: mse, half-sse, nnet, sklearn, torch, keras (default mse)")                 \
  X(PENALISE_BIASES, "penalise-biases", "", CLI_PATH | CLI_CERTIFY | CLI_COMPARE, 1,                         \
    "biases in the penalty too")                                                                             \
  X(FROM_NAME, "from", "NAME", CLI_CONVERT, 0,                                                               \
    "whose penalty it is: mse, half-sse, nnet, sklearn, torch, keras")                                       \
  X(TO_NAME, "to", "NAME", CLI_CONVERT, 0, "whose penalty is wanted")                                        \
  X(ROWS, "rows", "N", CLI_AUDIT | CLI_CONVERT, 0,                                                           \
    "rows of the table (or the sum of their weights): sums against means")                                   \
  X(LAMBDA_COLUMN, "lambda-column", "NAME", CLI_AUDIT, 0,                                                    \
    "column of penalties (default: lambda, alpha, weight_decay, ...)")                                       \
  X(MSE_COLUMN, "mse-column", "NAME", CLI_AUDIT, 0,                                                          \
    "column of mean squared errors in sample (default: mse, loss, ...)")                                     \
  X(PENALTY_COLUMN, "penalty-column", "NAME", CLI_AUDIT, 0,                                                  \
    "column of sums of squared weights (default: penalty, norm2, ...)")                                      \
  X(OBJECTIVE, "objective", "", CLI_AUDIT, 0,                                                                \
    "the error column holds the whole objective, penalty included")                                          \
  X(NORM, "norm", "", CLI_AUDIT, 0, "the penalty column holds the norm of the weights, not its square")      \
  X(LOG_LAMBDA, "log-lambda", "", CLI_AUDIT, 0, "the penalties are natural logarithms")                      \
  X(SEP, "sep", "C", CLI_PATH | CLI_CERTIFY | CLI_PREDICT | CLI_AUDIT | CLI_COMPARE, 1,                      \
    "character between cells (default: found; 'tab' for a tab)")                                             \
  X(DECIMAL, "decimal", "C", CLI_PATH | CLI_CERTIFY | CLI_PREDICT | CLI_AUDIT | CLI_COMPARE, 1,              \
    "decimal mark, . or , (default: found)")                                                                 \
  X(NA, "na", "TEXT[,TEXT]", CLI_PATH | CLI_CERTIFY | CLI_PREDICT | CLI_COMPARE, 1,                          \
    "further spellings of a missing cell")                                                                   \
  X(HEADER, "header", "", CLI_PATH | CLI_CERTIFY | CLI_PREDICT | CLI_AUDIT | CLI_COMPARE, 1,                 \
    "the first line holds names even if they are numbers")                                                   \
  X(NO_HEADER, "no-header", "", CLI_PATH | CLI_CERTIFY | CLI_PREDICT | CLI_AUDIT | CLI_COMPARE, 1,           \
    "the first line is data; columns are V1, V2, ...")                                                       \
  X(CATEGORICAL, "categorical", "WAY", CLI_PATH | CLI_CERTIFY | CLI_COMPARE, 1,                              \
    "text columns: one-hot or error (default one-hot)")                                                      \
  X(CATEGORIES, "categories", "NAME[,NAME]", CLI_PATH | CLI_CERTIFY | CLI_COMPARE, 1,                        \
    "columns of numbers that are categories")                                                                \
  X(MISSING, "missing", "WAY", CLI_PATH | CLI_CERTIFY | CLI_COMPARE, 1,                                      \
    "missing cells: error, or drop their rows (default error)")                                              \
  X(ROW_WEIGHTS, "row-weights", "NAME", CLI_PATH | CLI_CERTIFY | CLI_COMPARE, 1, "column of row weights")    \
  X(EXCLUDE, "exclude", "NAME[,NAME]", CLI_PATH | CLI_CERTIFY | CLI_COMPARE, 1,                              \
    "columns that are no features")                                                                          \
  X(WHAT, "what", "NAME", CLI_PLOT | CLI_LANDSCAPE, 0,                                                       \
    "plot: path, cv, heldout, envelope, traces, branches, spectrum, residuals or search (default path; of "  \
    "cv's runs cv, of searches search); "                                                                    \
    "landscape: curve (between two fits), plane or density")                                                 \
  X(AROUND, "around", "NAME", CLI_LANDSCAPE, 0,                                                              \
    "plane round one fit: random (filter-normalised) or eigen (two lowest eigenvectors) (default random)")   \
  X(SPAN, "span", "X", CLI_LANDSCAPE, 0,                                                                     \
    "how far a plane goes: random, in lengths of the units' weights (1); eigen, in lengths of all weights "  \
    "(0.5); three points, the margin as a share (0.35)")                                                     \
  X(POINTS, "points", "N", CLI_LANDSCAPE, 0,                                                                 \
    "points of the line (default 101), or on a side of the plane (51)")                                      \
  X(BANDS, "bands", "N", CLI_LANDSCAPE, 0, "curve: roads that are tried (default 40)")                       \
  X(PROBES, "probes", "N", CLI_LANDSCAPE, 0, "density: random vectors (default 8)")                          \
  X(NO_ALIGN, "no-align", "", CLI_LANDSCAPE, 0, "leave names and signs of units as they are stored")         \
  X(CSV, "csv", "FILE", CLI_LANDSCAPE, 0, "write the numbers")                                               \
  X(WIDTH, "width", "MM", CLI_PLOT | CLI_COMPARE | CLI_LANDSCAPE, 0,                                         \
    "width of the figure in millimetres (default 170)")                                                      \
  X(OUT, "out", "FILE",                                                                                      \
    CLI_PATH | CLI_PREDICT | CLI_EXPORT | CLI_REPORT | CLI_PLOT | CLI_COMPARE | CLI_LANDSCAPE, 0,            \
    "file to write: path, the run file (default DATA.rwk here); predict, CSV; export, the model; report, "   \
    "HTML (default "                                                                                         \
    "RUN.html); plot and landscape, .svg, .png or .pdf (plot's default RUN.WHAT.svg)")                       \
  X(RESUME, "resume", "FILE", CLI_PATH, 0, "go on with a run file; its options are in it")                   \
  X(FORCE, "force", "", CLI_PATH, 0, "replace an existing run file")                                         \
  X(SPLIT, "split", "WHAT", CLI_PATH, 0,                                                                     \
    "under mpirun: what the processes share, starts (default) or rows of a table too large for one")         \
  X(THREADS, "threads", "N", CLI_PATH | CLI_CERTIFY | CLI_RUNS | CLI_COMPARE | CLI_LANDSCAPE, 0,             \
    "threads (default: all); results do not depend on it")                                                   \
  X(MAX_MEMORY, "max-memory", "SIZE",                                                                        \
    CLI_PATH | CLI_CERTIFY | CLI_PREDICT | CLI_RUNS | CLI_EXPLAIN | CLI_AUDIT | CLI_EXPORT | CLI_REPORT |    \
        CLI_PLOT | CLI_COMPARE | CLI_LANDSCAPE,                                                              \
    0, "memory for table, fits and JSON at most, such as 500M or 2G (default: what there is)")               \
  X(TIME_LIMIT, "time-limit", "TIME",                                                                        \
    CLI_PATH | CLI_CERTIFY | CLI_EXPLAIN | CLI_RUNS | CLI_COMPARE | CLI_LANDSCAPE, 0,                        \
    "stop after so many seconds, or 90m, 8h, 2d; what is done is kept")                                      \
  X(JSON, "json", "",                                                                                        \
    CLI_PATH | CLI_CERTIFY | CLI_RUNS | CLI_EXPLAIN | CLI_AUDIT | CLI_CONVERT | CLI_COMPARE | CLI_LANDSCAPE, \
    0, "JSON on standard output instead of text")                                                            \
  X(QUIET, "quiet", "",                                                                                      \
    CLI_PATH | CLI_CERTIFY | CLI_PREDICT | CLI_RUNS | CLI_EXPLAIN | CLI_AUDIT | CLI_CONVERT | CLI_EXPORT |   \
        CLI_REPORT | CLI_PLOT | CLI_COMPARE | CLI_LANDSCAPE,                                                 \
    0, "no notes, no progress, no text")                                                                     \
  X(NO_PLOT, "no-plot", "", CLI_PATH | CLI_RUNS, 0, "no picture in the terminal")                            \
  X(HELP, "help", "",                                                                                        \
    CLI_PATH | CLI_CERTIFY | CLI_PREDICT | CLI_RUNS | CLI_EXPLAIN | CLI_AUDIT | CLI_CONVERT | CLI_EXPORT |   \
        CLI_REPORT | CLI_PLOT | CLI_COMPARE | CLI_LANDSCAPE,                                                 \
    0, "this text")

typedef enum cli_option {
#define CLI_X(symbol, name, argument, verbs, kept, help) CLI_##symbol,
  CLI_OPTION_LIST(CLI_X)
#undef CLI_X
      CLI_OPTIONS
} cli_option;

typedef struct cli_args {
  int verb;                       /* CLI_PATH, ... */
  const char *value[CLI_OPTIONS]; /* NULL: not given; "" for a flag that is */
  const char **operands;          /* [operand_count], in argv */
  size_t operand_count;
} cli_args;

const char *cli_option_name(cli_option option);
int cli_option_kept(cli_option option); /* does it change numbers, so that a run file keeps it? */

/* 0, or CLI_USAGE after a message. argv[0] is the first argument after the verb; operands are gathered in
 * place. */
int cli_parse(cli_args *args, int verb, int argc, const char **argv);
void cli_verb_help(int verb);
void cli_program_help(FILE *to);
const char *cli_verb_name(int verb);
/* "path, certify, ..." */
const char *cli_verb_list(void);

/* ---- text.c ---- */

/* `ridgewalk: ...` on standard error. */
void cli_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, with `code` as its value. */
#define cli_fail(code, ...) (cli_say(__VA_ARGS__), (code))
/* The context's error text, and the exit code of a status. */
int cli_fail_status(const rwk_context *ctx, rwk_status status);
int cli_exit_code(rwk_status status);
/* Text from a file, with control characters escaped; to be freed. */
char *cli_escape(const char *text);
/* Where the name of a table begins without folders, and its length without .csv and .gz; "-" is stdin. */
const char *cli_stem(size_t *length, const char *data);
/* Splits at commas; *list[i] point into *buffer; both to be freed; NULL where it fails. */
int cli_split(const char ***list, size_t *count, char **buffer, const char *text);

/* ---- numbers.c ---- */

/* 2^-3, 0.125, 1e-3; finite. 0 on success. */
int cli_number(double *x, const char *text);
int cli_whole(long long *n, const char *text, long long low, long long high);
/* FROM:TO[:FACTOR], one, or a comma list -> ascending; *list to be released with rwk_lambda_destroy. 0 or an
 * exit code. */
int cli_lambda(double **list, size_t *count, rwk_context *ctx, const char *text, double scale);
/* 2^-3 where it is a power of two, else %.6g. */
const char *cli_lambda_text(char text[32], double lambda);

/* BYTES, or with K, M, G, T behind it, of 1024; 0 on success. */
int cli_size(size_t *bytes, const char *text);
/* SECONDS, or with s, m, h, d behind it; 0 on success. */
int cli_duration(double *seconds, const char *text);

/* ---- memory.c ---- */

/* Before anything else. From then on jansson's memory is counted, too. */
void cli_memory_begin(void);
/* What library and jansson may hold; 0: as much as there is. */
void cli_memory_limit(size_t bytes);
/* Was there no memory for some JSON? Then it is not whole. */
int cli_memory_short(void);
/* There was none for something that is shown: the same. */
void cli_memory_missed(void);
void *cli_allocate(void *block, size_t size, void *payload); /* a rwk_allocate_fn */
void cli_release(void *block, void *payload);                /* a rwk_release_fn */

/* ---- interrupt.c ---- */

double cli_seconds(void); /* of the monotone clock */
/* SIGINT, SIGTERM, and what batch systems warn by: SIGUSR1, SIGUSR2, SIGXCPU. */
void cli_catch_signals(void);
/* From now on. */
void cli_time_limit(double seconds);
int cli_interrupted(void *payload); /* a rwk_cancel_fn */
/* "interrupted", "stopped by the batch system (SIGUSR1)", "the time limit is reached" */
const char *cli_why_stopped(void);

/* ---- output.c ---- */

/* A file that appears under its name whole or not at all. */
typedef struct cli_output {
  FILE *to;
  const char *file;
  char *half; /* the name until it is whole; NULL: standard output, or what is no regular file */
} cli_output;

/* file NULL or "-": standard output. `run`, a file that must not be written over, or NULL. 0 or an exit code.
 */
int cli_output_open(cli_output *out, const char *file, const char *run);
/* Gives the file its name, or removes it if `code` is not 0. `code`, or what went wrong. */
int cli_output_close(cli_output *out, int code);

/* ---- setup.c: a table and options become a network ---- */

typedef struct cli_setup {
  rwk_context *ctx;
  rwk_table *table; /* cv and search keep it, and the design without scales */
  rwk_design *raw;
  rwk_design *design;
  rwk_mlp *mlp;
  rwk_objective_scale scale; /* of the convention, biases as asked */
  rwk_activation activation;
  rwk_loss loss; /* by --loss and the target */
  size_t *hidden, hidden_count;
  double n;                /* rows, or the sum of their weights */
  int split;               /* are its rows to be shared out over processes? */
  struct cli_shares *rows; /* what they are shared out by (rows.h) */
} cli_setup;

/* The context of the program: notes on standard error unless quiet, signals cancel. 0 or an exit code. */
int cli_context(rwk_context **ctx, const cli_args *args);
int cli_read_table(rwk_table **table, rwk_context *ctx, const char *file, const cli_args *args);
int cli_read_design(cli_setup *s, const char *file, const cli_args *args);
/* hidden: widths, or NULL to take --hidden. */
int cli_make_network(cli_setup *s, const cli_args *args, const size_t *hidden, size_t hidden_count);
/* The settings of that network, without the table. */
int cli_network_settings(rwk_mlp_settings *m, cli_setup *s, const cli_args *args, const size_t *hidden,
                         size_t hidden_count);
/* w[dim] (to be freed) from a weights file; shapes are checked. */
int cli_load_weights(double **w, const cli_setup *s, const rwk_weights *weights, const char *file);
void cli_setup_release(cli_setup *s);
int cli_algebra(rwk_algebra *algebra, const cli_args *args);

/* ---- solver.c ---- */

/* The solver that options ask for: --solver, or `name` where it is not NULL. s holds the defaults. 0 or an
 * exit code. */
int cli_read_solver(rwk_solver_settings *s, const cli_args *args, const char *name);
/* "newton, lbfgs, ..." */
const char *cli_solver_list(char text[160]);

/* ---- sweep.c: the table of somebody's sweep ---- */

/* How its columns are to be taken. */
typedef struct cli_reading {
  int objective, norm, log_lambda;
} cli_reading;

typedef struct cli_sweep {
  rwk_table *table;
  const double *lambda, *mse, *penalty; /* [count] the columns as they are; the table's */
  const char *lambda_name, *mse_name, *penalty_name;
  size_t count;
} cli_sweep;

/* Reads the table and finds the three columns by options and reading. 0 or an exit code. */
int cli_sweep_read(cli_sweep *s, rwk_context *ctx, const char *file, const cli_args *args,
                   const cli_reading *reading);
/* Audits it under a reading; the column that holds objectives is divided by `unit` first. A message only if
 * `aloud`. */
int cli_sweep_audit(rwk_audit **audit, rwk_context *ctx, const cli_sweep *s, const char *file,
                    const cli_reading *reading, double unit, const rwk_audit_settings *settings, int aloud);
void cli_sweep_release(cli_sweep *s);

/* The scales of a convention by its name, for n rows (0: not given, which is refused where n matters).
 * `option` is the one that named it. 0 or an exit code. */
int cli_convention(rwk_objective_scale *scale, const char *name, double n, const char *option);
/* --rows, 0 where it is not given. 0 or an exit code. */
int cli_rows(double *n, const cli_args *args);

/* ---- report: what is printed of a path, whether it was just walked or read from a file ---- */

typedef struct cli_walk {
  rwk_walk walk;
  int start;
  const rwk_fit **points; /* [count]; NULL where there is none */
  const rwk_drop *drops;
  size_t drop_count;
  const rwk_drop *jumps; /* rises that are jumps */
  size_t jump_count;
  const rwk_origin *origins; /* best: [count]; NULL for the others */
  double *accuracy;          /* [count] in sample, NaN where it is not known; NULL: no classes */
} cli_walk;

/* A fit that its solver left before a critical point, and what Newton's method makes of it from there. */
typedef struct cli_finished {
  const rwk_fit *fit;
  rwk_solve_result solve;
  rwk_certificate certificate;
} cli_finished;

/* A walk in sum. */
typedef struct cli_road {
  size_t fits, minima, lowest; /* lowest: penalties at which no walk (best apart) is lower */
  double most_above;           /* the lowest, of all walks but best */
  int64_t evaluations, products, hessians;
  double seconds;
} cli_road;

typedef struct cli_report {
  char *data; /* escaped name of the table */
  size_t rows, features, targets, parameters;
  size_t *layers, layer_count; /* widths, inputs and outputs included */
  const char *activation, *solver;
  rwk_loss loss;
  char **classes; /* [class_count] labels; none where the target is numbers */
  size_t class_count;
  rwk_objective_scale scale;
  double n;
  int standardised, starts;
  double *lambda; /* [count] as the library sees them */
  size_t count;
  cli_walk *walks;
  size_t walk_count;
  rwk_collapse collapse;
  double seconds;
  const char *file;       /* the run file, or NULL */
  cli_finished *finished; /* [finished_count], of a path that was just walked */
  size_t finished_count;
} cli_report;

double cli_mse(const cli_report *r, double loss);           /* SSE/n, or the mean cross-entropy */
const char *cli_loss_word(const cli_report *r);             /* "MSE" or "loss" */
double cli_user_lambda(const cli_report *r, double lambda); /* in the convention */
/* The walk `best`, or NULL. */
const cli_walk *cli_walk_best(const cli_report *r);
/* Lowest objective; that of `best` where there is one. */
const rwk_fit *cli_best_at(const cli_report *r, size_t index, size_t *walk);
int cli_all_certified(const cli_report *r);
/* From a path (points and drops are the path's). 0 or an exit code. */
int cli_report_from_path(cli_report *r, const cli_setup *s, const cli_args *args, const rwk_path *path,
                         int starts, const char *data);
void cli_report_release(cli_report *r);

void cli_print_heading(FILE *to, const cli_report *r);
void cli_print_table(FILE *to, const cli_report *r);
void cli_print_plot(FILE *to, const cli_report *r);
/* The curve of a cross-validation, points[r->count]. */
void cli_print_curve(FILE *to, const cli_report *r, const rwk_cv_point *points, const rwk_cv_summary *cv);
void cli_print_verdict(FILE *to, const cli_report *r);
/* One drop, or rise that is a jump, in words. */
void cli_print_drop(FILE *to, const cli_report *r, const rwk_drop *d);
/* What `best` won, and where it comes from. */
void cli_print_best(FILE *to, const cli_report *r);
/* The walks side by side: in sum, and with `detail` at every penalty. */
cli_road cli_road_of(const cli_report *r, const cli_walk *w);
/* Finishes what is not stationary, where the solver is another than newton. 0 or an exit code. */
int cli_finish(cli_report *r, const cli_setup *s, const rwk_path_settings *settings);
void cli_print_finished(FILE *to, const cli_report *r);
void cli_print_roads(FILE *to, const cli_report *r, int detail);
const char *cli_origin_text(char out[96], const cli_report *r, const rwk_origin *origin);
/* "Going up from start 2". */
const char *cli_walk_text(char out[48], const cli_report *r, const cli_walk *w);
int cli_print_path_json(FILE *to, const cli_report *r);
int cli_print_certificate_json(FILE *to, const rwk_certificate *c, rwk_loss loss, double user_lambda,
                               double mse, double accuracy);
/* Verdict in words: "strict minimum". */
const char *cli_verdict_text(const rwk_certificate *c);

/* ---- accuracy.c: the share of rows whose class a fit gives ---- */

/* The labels of the classes of a design into a report. 0 or an exit code. */
int cli_take_classes(cli_report *r, const rwk_design *design);
/* In sample, of every fit of a path or of the fits of a cross-validation, kept in the run file. */
int cli_keep_accuracy(const rwk_context *ctx, rwk_run *run, cli_report *r, const rwk_mlp *mlp);
int cli_keep_cv_accuracy(const rwk_context *ctx, rwk_run *run, const rwk_cv *cv, const rwk_mlp *mlp);
/* That of a run into its report; nothing where it is not there. */
int cli_read_accuracy(cli_report *r, rwk_run *run);

/* ---- the verbs ---- */

int cli_path(const cli_args *args);
int cli_certify(const cli_args *args);
int cli_predict(const cli_args *args);
int cli_runs(const cli_args *args);
int cli_explain(const cli_args *args);
int cli_audit(const cli_args *args);
int cli_convert(const cli_args *args);
int cli_cv(const cli_args *args);
int cli_search(const cli_args *args);
int cli_export(const cli_args *args);
int cli_page(const cli_args *args);   /* report */
int cli_figure(const cli_args *args); /* plot */
int cli_compare(const cli_args *args);
int cli_landscape(const cli_args *args);

#endif
