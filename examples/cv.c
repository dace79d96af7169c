/* Cross-validation by the library: which penalty predicts best, for a table whose last column is the target.
 *
 *   cc cv.c $(pkg-config --cflags --libs ridgewalk) -o cv && ./cv diabetes.csv
 *
 * Every call gives a status; the context has the sentence that belongs to a failure. */
#include <stdio.h>
#include <ridgewalk/ridgewalk.h>

static rwk_status cross_validate(rwk_cv **cv, rwk_context *ctx, const rwk_table *table) {
  static const size_t hidden[] = {8};
  double lambda[13];
  rwk_design *design = NULL;
  rwk_folds *folds = NULL;
  rwk_design_settings d;
  rwk_folds_settings f;
  rwk_cv_settings c;

  rwk_design_settings_init(&d);
  d.standardise = 0; /* scales are learnt in the training rows of each fold */
  rwk_status status = rwk_design_create(&design, ctx, table, &d);

  rwk_folds_settings_init(&f);
  if (!status) status = rwk_folds_create(&folds, ctx, table, design, &f);

  rwk_cv_settings_init(&c);
  c.mlp.hidden = hidden;
  c.mlp.hidden_count = 1;
  for (int i = 0; i < 13; i++) lambda[i] = (i ? 2 * lambda[i - 1] : 1.0 / 1024); /* 2^-10 to 2^2 */
  c.path.lambda = lambda;
  c.path.lambda_count = 13;
  if (!status) status = rwk_cv_run(cv, ctx, design, folds, &c);

  rwk_folds_destroy(folds);
  rwk_design_destroy(design);
  return status;
}

static void print_curve(const rwk_cv *cv) {
  const rwk_cv_summary *s = rwk_cv_summary_get(cv);
  const rwk_cv_point *p = rwk_cv_points(cv);
  printf("lambda      held out   +-\n");
  for (size_t i = 0; i < s->count; i++)
    printf("%-11g %.6f   %.6f%s%s\n", p[i].lambda, p[i].mean, p[i].se,
           i == s->index[RWK_CV_MIN] ? "  <- lambda_min" : "",
           i == s->index[RWK_CV_1SE] ? "  <- lambda_1se" : "");
}

int main(int argc, char **argv) {
  rwk_context *ctx = NULL;
  rwk_table *table = NULL;
  rwk_cv *cv = NULL;
  rwk_table_settings t;
  if (argc != 2) {
    fprintf(stderr, "cv wants one table\n");
    return 2;
  }
  rwk_table_settings_init(&t);
  rwk_status status = rwk_context_create(&ctx, NULL);
  if (!status) status = rwk_table_read(&table, ctx, argv[1], &t);
  if (!status) status = cross_validate(&cv, ctx, table);
  if (!status)
    print_curve(cv);
  else
    fprintf(stderr, "%s\n", ctx ? rwk_context_error(ctx) : rwk_status_name(status));
  rwk_cv_destroy(cv);
  rwk_table_destroy(table);
  rwk_context_destroy(ctx);
  return status ? 1 : 0;
}
