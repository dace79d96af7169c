/* report/report.h: pages and figures of a path, from its run file alone.
 *
 * Nothing is fitted, certified or followed here: what is drawn stands in the run file. Words about the path
 * are the program's, and come with the facts.
 */
#ifndef RWK_REPORT_REPORT_H
#define RWK_REPORT_REPORT_H

#include <ridgewalk/run.h>

/* Writes a sentence about a drop, or a rise that is a jump, of a walk. */
typedef void (*rwk_drop_words_fn)(char *text, size_t size, const rwk_drop *drop, void *payload);

/* What is said beside the numbers. Texts are borrowed for the call; any of them may come from a stranger. */
typedef struct rwk_report_facts {
  const char *title;                  /* "diabetes.csv" */
  const char *subtitle;               /* "442 rows, 10 features; net 10-8-1 tanh, 97 weights and biases" */
  const char *objective;              /* "J = SSE/n + lambda R, ..." */
  const char *lambda;                 /* name of the penalty in the convention: "lambda", "alpha" */
  double lambda_scale;                /* the library's penalty over the user's */
  double loss_scale;                  /* L over the mean squared error, or the mean cross-entropy */
  const char *loss_word, *loss_title; /* "MSE", "Mean squared error" */
  const size_t *layers;               /* [layer_count] widths, inputs and outputs included */
  size_t layer_count;
  int hidden_bias, output_bias;
  const char *const *inputs;  /* [layers[0]] names */
  const char *const *targets; /* [layers[layer_count - 1]] names */
  const char *verdict;        /* one paragraph */
  const char *const *remarks; /* [remark_count] walk by walk */
  size_t remark_count;
  const char *command;              /* what makes the run again */
  const char *const (*settings)[2]; /* [setting_count] name, value */
  size_t setting_count;
  rwk_drop_words_fn drop_words;
  void *payload;
} rwk_report_facts;

/* The page, as one HTML text that asks nothing of any network; *html is to be released with
 * rwk_report_release. A run that is not finished gives a page of what there is. */
rwk_status rwk_report_page(char **html, size_t *length, rwk_context *ctx, rwk_run *run,
                           const rwk_report_facts *facts);

/* X(symbol, name, meaning): what a figure shows. Each is a chart of the page. */
#define RWK_FIGURE_LIST(X)                                                                                   \
  X(CV, cv, "held-out error against the penalty, both choices, and the folds' paths")                        \
  X(HELDOUT, heldout, "observed against predicted rows that were held out, and residuals")                   \
  X(PATH, path, "error, penalty and objective against the penalty, drops marked by cause")                   \
  X(ENVELOPE, envelope, "the lines L + lambda R of all fits, and their lower envelope")                      \
  X(TRACES, traces, "size of every unit's weights against the penalty")                                      \
  X(BRANCHES, branches, "smallest eigenvalue along walks and branches, with folds")                          \
  X(SPECTRUM, spectrum, "eigenvalues of the Hessian at one penalty")                                         \
  X(RESIDUALS, residuals, "fitted against observed, and residuals, at one penalty")                          \
  X(SEARCH, search, "trials of a search, and what the best of so many scores")

/* X(symbol, name): files of figures. */
#define RWK_FORMAT_LIST(X) X(SVG, "svg") X(PNG, "png") X(PDF, "pdf")

typedef enum rwk_figure_format {
#define RWK_X(symbol, name) RWK_FIGURE_##symbol##_FILE,
  RWK_FORMAT_LIST(RWK_X)
#undef RWK_X
} rwk_figure_format;

typedef struct rwk_figure_settings {
  const char *what;  /* a name of RWK_FIGURE_LIST */
  double lambda;     /* which penalty, in the user's units, where the figure is of one; NaN: the middle one */
  const char *frame; /* which walk ("up", "down 2"), where the figure is of one; NULL: the first */
  double width;      /* millimetres */
  rwk_figure_format format;
} rwk_figure_settings;

/* One figure; *bytes is to be released with rwk_report_release. RWK_INVALID_ARGUMENT if there is no such
 * figure or frame, RWK_DATA if the run file does not hold what it is made of; the text says why. */
rwk_status rwk_report_figure(char **bytes, size_t *length, rwk_context *ctx, rwk_run *run,
                             const rwk_report_facts *facts, const rwk_figure_settings *settings);

/* One line of a race of solvers: what it had reached after so much work. */
typedef struct rwk_race_line {
  const char *name;
  const double *passes, *seconds, *objective, *grad_inf; /* [count] each */
  size_t count;
} rwk_race_line;

/* A figure of objective (above the lowest that any line reached) and gradient against evaluations and
 * seconds. */
rwk_status rwk_report_race(char **bytes, size_t *length, rwk_context *ctx, const char *title,
                           const rwk_race_line *lines, size_t count, double width, rwk_figure_format format);

/* What `landscape` draws, in the user's units. Arrays are borrowed for the call; names may be NULL. */
typedef struct rwk_picture_line {
  const char *name;
  int dashed;
  size_t count;
  const double *x, *objective, *mse, *min_eig; /* [count]; x from 0 to 1 */
} rwk_picture_line;

typedef struct rwk_picture_stop {
  const char *name;
  int saddle;
  double x, y; /* y: J, or the place in a plane */
} rwk_picture_stop;

typedef struct rwk_landscape_picture {
  const char *what; /* "curve", "plane" or "density" */
  const char *title, *alt;
  const rwk_picture_line *lines; /* curve; plane: `objective` is the other coordinate */
  size_t line_count;
  const rwk_picture_stop *stops;
  size_t stop_count;
  const double *x, *y,
      *values; /* plane: [x_count], [y_count], [y_count x x_count]; density: x, y [x_count] */
  size_t x_count, y_count;
  const char *x_label, *y_label;
  double linear; /* density: x is linear within this, and logarithmic beyond */
} rwk_landscape_picture;

/* The same kind of file of a picture of the landscape; of the settings: width and format. */
rwk_status rwk_report_landscape(char **bytes, size_t *length, rwk_context *ctx, rwk_run *run,
                                const rwk_report_facts *facts, const rwk_figure_settings *settings,
                                const rwk_landscape_picture *picture);

void rwk_report_release(rwk_context *ctx, char *bytes); /* NULL is fine */

/* "path, envelope, ...". */
const char *rwk_figure_list(void);

#endif
