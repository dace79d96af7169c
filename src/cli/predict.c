#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/model.h"

/* Quotes a name for CSV where it needs it. A terminal gets no control characters. */
static void put_name(FILE *to, const char *name, const char *more) {
  char shown[256];
  if (isatty(fileno(to))) name = rwk_text_shown(shown, sizeof shown, name);
  if (!strpbrk(name, ",\"\r\n")) {
    fprintf(to, "%s%s", name, more);
    return;
  }
  fputc('"', to);
  for (; *name; name++) {
    if (*name == '"') fputc('"', to);
    fputc(*name, to);
  }
  fprintf(to, "%s\"", more);
}

/* se[rows x outputs], or NULL. */
static int write_rows(const char *file, const char *run, const rwk_design *design, const double *F,
                      const double *se) {
  cli_output out;
  const int code = cli_output_open(&out, file, run);
  if (code) return code;
  FILE *to = out.to;
  const size_t q = rwk_design_outputs(design);
  for (size_t k = 0; k < q; k++) {
    if (k) fputc(',', to);
    put_name(to, rwk_design_output_name(design, k), "");
    if (!se) continue;
    fputc(',', to);
    put_name(to, rwk_design_output_name(design, k), ".se");
  }
  fputc('\n', to);
  for (size_t i = 0; i < rwk_design_rows(design); i++)
    for (size_t k = 0; k < q; k++) {
      fprintf(to, "%.17g", F[i * q + k]);
      if (se) fprintf(to, ",%.17g", se[i * q + k]);
      fputc(k + 1 < q ? ',' : '\n', to);
    }
  return cli_output_close(&out, 0);
}

/* The class, and the probability of each; F[rows x outputs] holds probabilities, of two classes perhaps only
 * the second's. */
static int write_classes(const char *file, const char *run, const rwk_design *design, const double *F) {
  cli_output out;
  const int code = cli_output_open(&out, file, run);
  if (code) return code;
  FILE *to = out.to;
  const size_t q = rwk_design_outputs(design), classes = rwk_design_classes(design);
  put_name(to, rwk_design_class_column(design), "");
  for (size_t k = 0; k < classes; k++) {
    fputc(',', to);
    put_name(to, rwk_design_class(design, k), ".p");
  }
  fputc('\n', to);
  for (size_t i = 0; i < rwk_design_rows(design); i++) {
    const double *p = F + i * q;
    put_name(to, rwk_design_class(design, rwk_cv_class(p, q)), "");
    for (size_t k = 0; k < classes; k++) fprintf(to, ",%.17g", q > 1 ? p[k] : k ? p[0] : 1 - p[0]);
    fputc('\n', to);
  }
  return cli_output_close(&out, 0);
}

/* Where the new table has the target, too. */
static void say_accuracy(const rwk_design *design, const double *F) {
  const size_t q = rwk_design_outputs(design), rows = rwk_design_rows(design);
  const double *Y = rwk_design_Y(design);
  size_t right = 0;
  if (!Y) return;
  for (size_t i = 0; i < rows; i++) right += rwk_cv_class(F + i * q, q) == rwk_cv_class(Y + i * q, q);
  fprintf(stderr, "accuracy here: %.2f%% (%zu of %zu rows)\n", 100 * (double)right / (double)rows, right,
          rows);
}

/* The rows are pure CSV, so that the fit they come from is told beside them. */
static void say_fit(const cli_report *r, const rwk_fit *f) {
  char text[32];
  fprintf(stderr, "fit of walk %s, start %d, at %s = %s; J = %s, R = sum of squared weights%s\n",
          rwk_walk_name(f->walk), f->start, r->scale.lambda,
          cli_lambda_text(text, cli_user_lambda(r, r->lambda[f->index])), r->scale.objective,
          r->scale.penalise_biases ? " and biases" : ", biases free");
}

/* ---- standard errors ---- */

/* The table and network that the run was made with: they have the Hessian. */
static int read_training(cli_setup *setup, cli_args *args, json_t **kept, cli_stored *s,
                         const cli_args *asked, const char *file) {
  const char *data = asked->value[CLI_DATA_FILE];
  *args = (cli_args){.verb = cli_stored_is_cv(s) ? CLI_CV : CLI_PATH};
  args->value[CLI_QUIET] = "";
  args->value[CLI_THREADS] = asked->value[CLI_THREADS];
  int code = cli_context(&setup->ctx, args);
  if (!code) code = cli_kept_options(args, kept, &data, setup->ctx, s->run, file);
  if (!code) code = cli_read_design(setup, data, args);
  if (!code) code = cli_make_network(setup, args, NULL, 0);
  return code ? code : cli_check_fingerprint(setup, s->run, file, data);
}

/* Variance of the errors: SSE / (rows outputs - effective parameters), in standardised units. */
static rwk_status noise(double *variance, const cli_setup *t, const rwk_fit *fit, const double *w) {
  const rwk_problem *problem = rwk_mlp_problem(t->mlp);
  const size_t dim = rwk_problem_dim(problem);
  const double *omega = rwk_design_row_weights(t->design);
  double rows = 0, parameters;
  for (size_t i = 0; i < rwk_design_rows(t->design); i++) rows += !omega || omega[i] > 0;
  double *A = malloc(dim * dim * sizeof *A);
  if (!A) return RWK_NO_MEMORY;
  rwk_status status = rwk_mlp_gauss_newton(A, dim, t->mlp, w);
  if (status == RWK_OK) status = rwk_effective_parameters(&parameters, t->ctx, problem, fit->lambda, A);
  free(A);
  if (status == RWK_OK)
    *variance = rwk_mlp_mse(t->mlp, fit->certificate.loss) * t->n /
                (rows * (double)rwk_design_outputs(t->design) - parameters);
  return status;
}

/* Adds 2 s sigma^2 g' H^-1 g of one member, s the factor of SSE in J, in standardised units. */
static int add_member(double *variance, const cli_setup *t, const cli_model *m, size_t member,
                      const rwk_design *design) {
  const size_t q = rwk_design_outputs(design), inputs = rwk_design_inputs(design);
  const rwk_fit *fit = m->fits[member];
  const double *w = m->w + member * m->dim;
  rwk_laplace *laplace = NULL;
  double sigma2 = 0;
  double *g = malloc(m->dim * q * sizeof *g), *form = malloc(q * sizeof *form);
  rwk_status status = g && form ? RWK_OK : RWK_NO_MEMORY;
  int code = 0;
  if (status == RWK_OK)
    status = rwk_laplace_create(&laplace, t->ctx, rwk_mlp_problem(t->mlp), fit->lambda, w, &fit->certificate);
  if (status == RWK_OK) status = noise(&sigma2, t, fit, w);
  if (status == RWK_OK && !(sigma2 > 0))
    code = cli_fail(CLI_DATA, "--se: the network has as many effective parameters as there are rows, so that "
                              "nothing is left to measure the errors by; take a larger penalty");
  for (size_t i = 0; i < rwk_design_rows(design) && status == RWK_OK && !code; i++) {
    status = rwk_mlp_jacobian(g, m->dim, m->mlp, rwk_design_X(design) + i * inputs, inputs, 1, w);
    if (status == RWK_OK) status = rwk_laplace_forms(form, laplace, g, m->dim, q);
    for (size_t k = 0; k < q && status == RWK_OK; k++)
      variance[i * q + k] += 2 * t->scale.loss_scale * sigma2 * form[k];
  }
  rwk_laplace_destroy(laplace);
  free(g);
  free(form);
  return status == RWK_OK ? code : cli_fail_status(t->ctx, status);
}

/* Of several minima: the mean of their variances, and the variance of their predictions (F holds the mean).
 */
static rwk_status add_between(double *variance, double *one, const cli_model *m, const rwk_design *design,
                              const double *F) {
  const size_t q = rwk_design_outputs(design), rows = rwk_design_rows(design);
  for (size_t k = 0; k < m->members; k++) {
    const rwk_status status = rwk_mlp_predict(one, q, m->mlp, rwk_design_X(design), rwk_design_inputs(design),
                                              rows, m->w + k * m->dim);
    if (status != RWK_OK) return status;
    for (size_t j = 0; j < rows * q; j++) {
      double mean, scale;
      (void)rwk_design_target_scale(&mean, &scale, design, j % q);
      const double gap = one[j] - (F[j] - mean) / scale;
      variance[j] += gap * gap;
    }
  }
  return RWK_OK;
}

static int standard_errors(double **se, cli_stored *s, const cli_model *m, const rwk_design *design,
                           const double *F, const cli_args *asked) {
  cli_setup setup = {0};
  cli_args args;
  json_t *kept = NULL;
  const size_t q = rwk_design_outputs(design), n = rwk_design_rows(design) * q;
  if (rwk_design_classes(design))
    return cli_fail(CLI_USAGE, "--se: standard errors are of numbers; of a class there is its probability");
  for (size_t k = 0; k < m->members; k++)
    if (m->fits[k]->certificate.verdict != RWK_VERDICT_STRICT_MIN || m->fits[k]->certificate.escapable)
      return cli_fail(
          CLI_DATA,
          "--se: standard errors need a certified strict minimum, and this fit is none (%s); another "
          "--lambda may have one",
          cli_verdict_text(&m->fits[k]->certificate));
  *se = calloc(2 * n + 1, sizeof **se);
  if (!*se) return cli_fail(CLI_NUMERICAL, "memory ran out");
  int code = read_training(&setup, &args, &kept, s, asked, asked->operands[0]);
  for (size_t k = 0; k < m->members && !code; k++) code = add_member(*se, &setup, m, k, design);
  if (!code && m->members > 1) {
    const rwk_status status = add_between(*se, *se + n, m, design, F);
    if (status != RWK_OK) code = cli_fail_status(s->ctx, status);
  }
  for (size_t j = 0; j < n && !code; j++) {
    double mean, scale;
    const rwk_status status = rwk_design_target_scale(&mean, &scale, design, j % q);
    if (status != RWK_OK) code = cli_fail_status(s->ctx, status);
    (*se)[j] = scale * sqrt((*se)[j] / (double)m->members);
  }
  cli_setup_release(&setup);
  json_decref(kept);
  return code;
}

/* ---- the verb ---- */

/* Mean of the members' predictions, in the targets' own units. */
static rwk_status predict(double *F, double *one, const cli_model *m, const rwk_design *design,
                          rwk_loss loss) {
  const size_t rows = rwk_design_rows(design), q = rwk_design_outputs(design);
  memset(F, 0, rows * q * sizeof *F);
  for (size_t k = 0; k < m->members; k++) {
    const rwk_status status = rwk_mlp_predict(one, q, m->mlp, rwk_design_X(design), rwk_design_inputs(design),
                                              rows, m->w + k * m->dim);
    if (status != RWK_OK) return status;
    rwk_loss_probabilities(one, q, loss, rows, q);
    for (size_t j = 0; j < rows * q; j++) F[j] += one[j];
  }
  for (size_t j = 0; j < rows * q; j++) F[j] /= (double)m->members;
  return rwk_design_unscale(F, q, design, rows);
}

static int run(cli_stored *s, const cli_model *m, const rwk_design *design, const cli_args *args) {
  const size_t n = rwk_design_rows(design) * rwk_design_outputs(design);
  double *F = malloc((2 * n + 1) * sizeof *F), *se = NULL;
  int code = F ? 0 : cli_fail(CLI_NUMERICAL, "memory ran out");
  if (!code) {
    const rwk_status status = predict(F, F + n, m, design, s->report.loss);
    if (status != RWK_OK) code = cli_fail_status(s->ctx, status);
  }
  if (!code && args->value[CLI_SE]) code = standard_errors(&se, s, m, design, F, args);
  if (!code && !args->value[CLI_QUIET]) say_fit(&s->report, m->fit);
  if (!code && !args->value[CLI_QUIET] && m->members > 1)
    fprintf(stderr, "predictions are means over %zu minima\n", m->members);
  const int classes = rwk_design_classes(design) > 0;
  if (!code && classes && !args->value[CLI_QUIET]) say_accuracy(design, F);
  if (!code)
    code = classes ? write_classes(args->value[CLI_OUT], args->operands[0], design, F)
                   : write_rows(args->value[CLI_OUT], args->operands[0], design, F, se);
  free(F);
  free(se);
  if (!code && !rwk_certificate_is_minimum(&m->fit->certificate)) {
    if (!args->value[CLI_QUIET])
      fprintf(stderr, "note: this fit is not a certified minimum (%s)\n",
              cli_verdict_text(&m->fit->certificate));
    code = CLI_UNCERTIFIED;
  }
  return code;
}

int cli_predict(const cli_args *args) {
  if (args->operand_count != 2)
    return cli_fail(CLI_USAGE,
                    "predict wants a run file and a table: ridgewalk predict RUN NEW.csv --lambda L");
  rwk_context *ctx;
  int code = cli_context(&ctx, args);
  if (code) return code;
  cli_stored s = {0};
  cli_model m = {0};
  rwk_table *table = NULL;
  rwk_design *design = NULL;
  code = cli_stored_open(&s, ctx, args->operands[0]);
  if (!code) code = cli_model_open(&m, &s, args);
  if (!code) code = cli_read_table(&table, ctx, args->operands[1], args);
  if (!code) {
    const rwk_status status = rwk_design_apply(&design, ctx, m.recipe, table);
    code = status == RWK_OK ? run(&s, &m, design, args) : cli_fail_status(ctx, status);
  }
  cli_model_close(&m);
  rwk_design_destroy(design);
  rwk_table_destroy(table);
  cli_stored_close(&s);
  rwk_context_destroy(ctx);
  return code;
}
