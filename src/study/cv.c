#include <math.h>
#include <string.h>
#include <ridgewalk/laplace.h>
#include "study/strand.h"

enum { ENSEMBLE_MOST = 6 };

void rwk_cv_settings_init(rwk_cv_settings *settings) {
  *settings = (rwk_cv_settings){.size = sizeof *settings, .standardise = 1, .ensemble = 1};
  rwk_mlp_settings_init(&settings->mlp);
  rwk_path_settings_init(&settings->path);
  settings->path.walks = RWK_WALKS_UP | RWK_WALKS_BEST;
  settings->path.effort = RWK_EFFORT_LOW;
}

/* ---- a network over a design, and what it predicts ---- */

static rwk_status network(rwk_mlp **mlp, rwk_context *ctx, const rwk_design *d, const rwk_study *s,
                          double weight) {
  rwk_mlp_settings m = s->settings->mlp;
  if (m.loss_scale != 0) m.loss_scale *= s->weight / weight;
  const rwk_mlp_data data = {.X = rwk_design_X(d),
                             .ldx = rwk_design_inputs(d),
                             .Y = rwk_design_Y(d),
                             .ldy = rwk_design_outputs(d),
                             .row_weights = rwk_design_row_weights(d),
                             .rows = rwk_design_rows(d),
                             .inputs = rwk_design_inputs(d),
                             .outputs = rwk_design_outputs(d)};
  return rwk_mlp_create(mlp, ctx, &data, &m);
}

static double weight_of(const rwk_design *d) {
  const double *omega = rwk_design_row_weights(d);
  double sum = 0;
  for (size_t i = 0; i < rwk_design_rows(d); i++) sum += omega ? omega[i] : 1;
  return sum;
}

/* -log of the mean of exp(-a) and exp(-b), where a stands for `count` members already. */
static double with_one_more(double a, double b, size_t count) {
  const double low = fmin(a, b), wa = (double)count / (double)(count + 1), wb = 1 / (double)(count + 1);
  return low - log(wa * exp(low - a) + wb * exp(low - b));
}

/* Mean of the members' predictions at grid point i, F[rows x outputs], in the targets' own units; of classes
 * their probabilities, and into ell[rows] the cross-entropies: those of the mean where the targets are 0 and
 * 1, in a form that does not run out of range. */
static rwk_status predict(double *F, double *ell, double *one, rwk_loss loss, const rwk_mlp *mlp,
                          const rwk_design *held, const rwk_fit *fits, size_t members) {
  const size_t q = rwk_design_outputs(held), rows = rwk_design_rows(held), n = rows * q;
  const double *Y = rwk_design_Y(held);
  size_t used = 0;
  for (size_t r = 0; r < rows; r++) ell[r] = NAN;
  memset(F, 0, n * sizeof *F);
  for (size_t m = 0; m < members; m++) {
    if (!fits[m].w) continue;
    RWK_TRY(rwk_mlp_predict(one, q, mlp, rwk_design_X(held), rwk_design_inputs(held), rwk_design_rows(held),
                            fits[m].w));
    for (size_t r = 0; r < rows && loss != RWK_LOSS_MSE; r++) {
      const double of_one = rwk_loss_row(loss, one + r * q, Y + r * q, q);
      ell[r] = used ? with_one_more(ell[r], of_one, used) : of_one;
    }
    rwk_loss_probabilities(one, q, loss, rows, q);
    for (size_t j = 0; j < n; j++) F[j] += one[j];
    used++;
  }
  for (size_t j = 0; j < n; j++) F[j] = used ? F[j] / (double)used : NAN;
  return rwk_design_unscale(F, q, held, rwk_design_rows(held));
}

/* ---- one fold ---- */

static rwk_status assess(rwk_fold_result *result, rwk_context *ctx, const rwk_study *s, const rwk_mlp *mlp,
                         const rwk_design *held, const rwk_fit *fits) {
  const rwk_cv *cv = s->cv;
  const size_t q = cv->summary.outputs, n = result->row_count * q, members = (size_t)s->settings->ensemble;
  const rwk_loss loss = s->settings->mlp.loss;
  double *one = rwk_alloc_doubles(ctx, n + result->row_count), *ell = one + n;
  rwk_status status = one ? RWK_OK : rwk_fail_memory(ctx, "predictions");
  for (size_t i = 0; i < cv->summary.count && status == RWK_OK; i++) {
    double *F = result->held + i * n, sum = 0;
    status = predict(F, ell, one, loss, mlp, held, fits + i * members, members);
    for (size_t r = 0; r < result->row_count; r++) {
      const size_t row = result->rows[r];
      double error = loss == RWK_LOSS_MSE ? 0 : ell[r];
      for (size_t k = 0; k < q && loss == RWK_LOSS_MSE; k++) {
        const double e = (cv->observed[row * q + k] - F[r * q + k]) / cv->scale[k];
        error += e * e;
      }
      sum += (cv->weights ? cv->weights[row] : 1) * error;
    }
    result->error[i] = sum;
  }
  rwk_free_doubles(ctx, one);
  return status;
}

/* A fold's two designs; the rows in their own order. Designs may say things: one at a time. */
static rwk_status divide(rwk_design **train, rwk_design **held, rwk_context *ctx, rwk_study *s, size_t fold,
                         rwk_fold_result *result) {
  const rwk_cv *cv = s->cv;
  const size_t rows = cv->summary.rows, *of = cv->fold + fold / cv->summary.folds * rows;
  size_t *kept = rwk_alloc(ctx, rows, sizeof *kept), count = 0;
  result->rows = rwk_alloc(cv->ctx, rows, sizeof *result->rows);
  if (!kept || !result->rows) {
    rwk_free(ctx, kept);
    return rwk_fail_memory(ctx, "a fold");
  }
  for (size_t i = 0; i < rows; i++) {
    if (of[i] != fold % cv->summary.folds) {
      kept[count++] = i;
      continue;
    }
    result->rows[result->row_count++] = i;
    result->weight += cv->weights ? cv->weights[i] : 1;
  }
  omp_set_lock(&s->lock);
  rwk_status status = rwk_design_subset(train, ctx, s->design, kept, count, NULL, s->settings->standardise);
  if (status == RWK_OK && result->row_count)
    status = rwk_design_subset(held, ctx, s->design, result->rows, result->row_count, *train, 0);
  omp_unset_lock(&s->lock);
  rwk_free(ctx, kept);
  return status;
}

static rwk_status run_fold(rwk_context *ctx, rwk_study *s, size_t fold) {
  const rwk_cv *cv = s->cv;
  rwk_fold_result *result = &cv->results[fold];
  rwk_strand t = {.s = s, .fold = fold};
  const size_t used = cv->summary.count * (size_t)s->settings->ensemble;
  rwk_design *train = NULL, *held = NULL;
  rwk_mlp *mlp = NULL;
  rwk_fit *fits = NULL;
  int done = 0;
  rwk_status status = divide(&train, &held, ctx, s, fold, result);
  if (status == RWK_OK) {
    result->error = rwk_alloc_doubles(cv->ctx, cv->summary.count);
    result->held = rwk_alloc_doubles(cv->ctx, cv->summary.count * result->row_count * cv->summary.outputs);
    fits = rwk_calloc(ctx, used, sizeof *fits);
    if (!result->error || !result->held || !fits) status = rwk_fail_memory(ctx, "a fold");
  }
  if (status == RWK_OK) status = network(&mlp, ctx, train, s, weight_of(train));
  if (status == RWK_OK) status = rwk_strand_done(&done, &t);
  if (status == RWK_OK)
    status = done ? rwk_strand_fetch(fits, ctx, &t, rwk_problem_dim(rwk_mlp_problem(mlp)))
                  : rwk_strand_walk(fits, ctx, &t, rwk_mlp_problem(mlp));
  const int wanted = !s->settings->claim; /* of what the results are made of */
  if (status == RWK_OK && held && wanted) status = assess(result, ctx, s, mlp, held, fits);
  for (size_t i = 0; status == RWK_OK && !held && i < cv->summary.count; i++) result->error[i] = 0;
  if (status == RWK_OK) {
    omp_set_lock(&s->lock);
    rwk_cv_tell(s, done ? s->progress.total / (int64_t)s->progress.paths : 0, 1);
    omp_unset_lock(&s->lock);
  }
  rwk_cv_free_fits(ctx, fits, used);
  rwk_mlp_destroy(mlp);
  rwk_design_destroy(held);
  rwk_design_destroy(train);
  return status;
}

static int claimed(const rwk_study *s, size_t piece) {
  return !s->settings->claim || s->settings->claim(piece, s->settings->claim_payload);
}

/* A thread's part; the first failure keeps the others from beginning anything. */
static void one_fold(rwk_study *s, size_t fold, int threads) {
  rwk_context *ctx = NULL;
  omp_set_lock(&s->lock);
  rwk_status status = s->status;
  const int ours = status == RWK_OK && claimed(s, fold + 1);
  omp_unset_lock(&s->lock);
  if (!ours) return;
  status = rwk_context_fork(&ctx, s->cv->ctx, threads);
  if (status == RWK_OK) status = run_fold(ctx, s, fold);
  omp_set_lock(&s->lock);
  if (status != RWK_OK && s->status == RWK_OK) {
    s->status = status;
    if (ctx) rwk_context_adopt_error(s->cv->ctx, ctx);
  }
  omp_unset_lock(&s->lock);
  rwk_context_destroy(ctx);
}

static rwk_status run_folds(rwk_study *s) {
  const size_t folds = s->cv->summary.folds * s->cv->summary.repeats;
  const int all = rwk_threads(s->cv->ctx), outer = (size_t)all < folds ? all : (int)folds;
  const int inner = all / outer, levels = omp_get_max_active_levels();
  if (outer <= 1) {
    for (size_t f = 0; f < folds; f++) one_fold(s, f, inner);
    return s->status;
  }
  if (inner > 1 && levels < 2) omp_set_max_active_levels(2);
#pragma omp parallel for schedule(dynamic, 1) num_threads(outer)
  for (size_t f = 0; f < folds; f++) one_fold(s, f, inner);
  omp_set_max_active_levels(levels);
  return s->status;
}

/* ---- all rows ---- */

/* Cross-entropy of shares p with themselves; 0 log 0 is 0. */
static double entropy(double p) {
  return p > 0 ? -p * log(p) : 0;
}

/* The loss of the constant model: mean squared distance of the targets from their means, summed over targets,
 * or the entropy of the classes' shares. */
static double of_constant(const rwk_design *d, rwk_loss loss) {
  const size_t q = rwk_design_outputs(d), n = rwk_design_rows(d);
  const double *Y = rwk_design_Y(d), *omega = rwk_design_row_weights(d), weight = weight_of(d);
  double total = 0;
  for (size_t k = 0; k < q; k++) {
    double mean = 0, square = 0;
    for (size_t i = 0; i < n; i++) mean += (omega ? omega[i] : 1) * Y[i * q + k] / weight;
    if (loss != RWK_LOSS_MSE) {
      total += entropy(mean) + (loss == RWK_LOSS_LOGISTIC ? entropy(1 - mean) : 0);
      continue;
    }
    for (size_t i = 0; i < n; i++) {
      const double e = Y[i * q + k] - mean;
      square += (omega ? omega[i] : 1) * e * e;
    }
    total += square / weight;
  }
  return total;
}

static rwk_status count_parameters(rwk_cv_point *point, rwk_context *ctx, const rwk_mlp *mlp,
                                   const rwk_problem *problem, const rwk_fit *fit) {
  enum { DIM_MOST = 10000 };
  const size_t dim = rwk_problem_dim(problem);
  if (dim > DIM_MOST) return RWK_OK;
  rwk_laplace *laplace;
  rwk_status status = rwk_laplace_create(&laplace, ctx, problem, fit->lambda, fit->w, &fit->certificate);
  if (status == RWK_OK) {
    point->parameters = rwk_laplace_parameters(laplace);
    rwk_laplace_destroy(laplace);
  } else if (status != RWK_DATA && status != RWK_NUMERICAL) {
    return status;
  }
  double *A = rwk_alloc_doubles(ctx, dim * dim);
  status = A ? rwk_mlp_gauss_newton(A, dim, mlp, fit->w) : rwk_fail_memory(ctx, "effective parameters");
  if (status == RWK_OK)
    status = rwk_effective_parameters(&point->parameters_gn, ctx, problem, fit->lambda, A);
  rwk_free_doubles(ctx, A);
  return status;
}

/* Softmax's outputs have one free bias too many, which the term that holds their sum makes a parameter of. */
static double without_shift(double parameters, const rwk_mlp_settings *m) {
  return parameters - (m->loss == RWK_LOSS_SOFTMAX && m->output_bias && !m->penalise_biases);
}

static rwk_status describe_points(rwk_study *s, const rwk_design *whole, rwk_mlp *mlp) {
  rwk_cv *cv = s->cv;
  const double constant = of_constant(whole, s->settings->mlp.loss);
  cv->points = rwk_calloc(cv->ctx, cv->summary.count, sizeof *cv->points);
  if (!cv->points) return rwk_fail_memory(cv->ctx, "the curve");
  for (size_t i = 0; i < cv->summary.count; i++) {
    const rwk_fit *fit = &cv->fits[i * (size_t)s->settings->ensemble];
    cv->points[i] =
        (rwk_cv_point){.lambda = cv->lambda[i], .parameters = NAN, .parameters_gn = NAN, .explained = NAN};
    if (!fit->w) continue;
    cv->points[i].explained = 1 - rwk_mlp_mse(mlp, fit->certificate.loss) / constant;
    if (rwk_cancelled(cv->ctx)) return RWK_CANCELLED;
    RWK_TRY(count_parameters(&cv->points[i], cv->ctx, mlp, rwk_mlp_problem(mlp), fit));
    cv->points[i].parameters = without_shift(cv->points[i].parameters, &s->settings->mlp);
    cv->points[i].parameters_gn = without_shift(cv->points[i].parameters_gn, &s->settings->mlp);
  }
  return RWK_OK;
}

static rwk_status run_all(rwk_study *s, const rwk_design *whole, rwk_mlp *mlp) {
  rwk_cv *cv = s->cv;
  const rwk_problem *problem = rwk_mlp_problem(mlp);
  rwk_strand t = {.s = s, .fold = RWK_CV_ALL};
  int done;
  RWK_TRY(rwk_strand_done(&done, &t));
  if (done && !cv->lambda)
    return rwk_fail(cv->ctx, RWK_INVALID_ARGUMENT,
                    "lambda: the grid must be given where the path of all rows was done earlier");
  if (done) {
    cv->fits = rwk_calloc(cv->ctx, cv->summary.count * (size_t)s->settings->ensemble, sizeof *cv->fits);
    if (!cv->fits) return rwk_fail_memory(cv->ctx, "fits");
    RWK_TRY(rwk_strand_fetch(cv->fits, cv->ctx, &t, rwk_problem_dim(problem)));
  } else {
    RWK_TRY(rwk_strand_walk(NULL, cv->ctx, &t, problem));
  }
  rwk_cv_tell(s, done ? s->progress.total / (int64_t)s->progress.paths : 0, 1);
  return s->settings->claim ? RWK_OK : describe_points(s, whole, mlp);
}

/* Takes over what results are told of: folds, targets in their own units, weights. */
static rwk_status take_rows(rwk_cv *cv, const rwk_design *whole, const rwk_folds *folds) {
  rwk_cv_summary *s = &cv->summary;
  const size_t n = s->rows, q = s->outputs;
  const double *omega = rwk_design_row_weights(whole);
  cv->fold = rwk_alloc(cv->ctx, s->repeats * n, sizeof *cv->fold);
  cv->observed = rwk_alloc_doubles(cv->ctx, n * q);
  cv->scale = rwk_alloc_doubles(cv->ctx, q);
  cv->results = rwk_calloc(cv->ctx, s->repeats * s->folds, sizeof *cv->results);
  if (omega) cv->weights = rwk_alloc_doubles(cv->ctx, n);
  if (!cv->fold || !cv->observed || !cv->scale || !cv->results || (omega && !cv->weights))
    return rwk_fail_memory(cv->ctx, "a cross-validation");
  for (size_t r = 0; r < s->repeats; r++)
    memcpy(cv->fold + r * n, rwk_folds_of(folds, r), n * sizeof *cv->fold);
  memcpy(cv->observed, rwk_design_Y(whole), n * q * sizeof *cv->observed);
  if (omega) memcpy(cv->weights, omega, n * sizeof *omega);
  for (size_t k = 0; k < q; k++) {
    double mean;
    RWK_TRY(rwk_design_target_scale(&mean, &cv->scale[k], whole, k));
  }
  return rwk_design_unscale(cv->observed, q, whole, n);
}

static rwk_status check(rwk_context *ctx, const rwk_design *d, const rwk_folds *f, const rwk_cv_settings *s) {
  if (s->size != sizeof *s)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "cv settings: call rwk_cv_settings_init first");
  if (!rwk_design_Y(d)) return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "cv: the design has no targets");
  if (rwk_folds_rows(f) != rwk_design_rows(d))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "cv: the folds are of another design");
  if (s->mlp.loss != RWK_LOSS_MSE && rwk_design_classes(d) == 0)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "cv: a cross-entropy, but the design's target is no class");
  if (s->ensemble < 1 || s->ensemble > ENSEMBLE_MOST)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "ensemble: 1 to %d", ENSEMBLE_MOST);
  if (s->path.walks & RWK_WALKS_GRADUATED)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "walks: a cross-validation takes up, down, cold and best");
  if (!(s->path.walks & RWK_WALKS_BEST))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT,
                    "walks: best must be among them, for it is what is cross-validated");
  return RWK_OK;
}

static void free_results(rwk_cv *cv) {
  for (size_t f = 0; cv->results && f < cv->summary.repeats * cv->summary.folds; f++) {
    rwk_free_doubles(cv->ctx, cv->results[f].error);
    rwk_free_doubles(cv->ctx, cv->results[f].held);
    rwk_free(cv->ctx, cv->results[f].rows);
  }
  rwk_free(cv->ctx, cv->results);
  cv->results = NULL;
}

static int64_t fits_of_a_path(const rwk_path_settings *p, size_t count) {
  int64_t kinds = 0;
  for (int walk = 0; walk < RWK_WALK_BEST; walk++) kinds += p->walks >> walk & 1;
  return (kinds * p->starts + 1) * (int64_t)(count ? count : 17);
}

static rwk_status run(rwk_study *s, const rwk_folds *folds) {
  rwk_cv *cv = s->cv;
  const rwk_cv_settings *settings = s->settings;
  rwk_cv_summary *sum = &cv->summary;
  rwk_design *whole = NULL;
  rwk_mlp *mlp = NULL;
  size_t *rows = rwk_alloc(cv->ctx, sum->rows, sizeof *rows);
  if (!rows) return rwk_fail_memory(cv->ctx, "a cross-validation");
  for (size_t i = 0; i < sum->rows; i++) rows[i] = i;
  rwk_status status =
      rwk_design_subset(&whole, cv->ctx, s->design, rows, sum->rows, NULL, settings->standardise);
  if (status == RWK_OK) status = take_rows(cv, whole, folds);
  if (status == RWK_OK && settings->path.lambda) {
    sum->count = settings->path.lambda_count;
    cv->lambda = rwk_alloc_doubles(cv->ctx, sum->count);
    if (cv->lambda) memcpy(cv->lambda, settings->path.lambda, sum->count * sizeof *cv->lambda);
    if (!cv->lambda) status = rwk_fail_memory(cv->ctx, "the grid of penalties");
  }
  s->progress.paths = sum->repeats * sum->folds + 1;
  s->progress.total = (int64_t)s->progress.paths * fits_of_a_path(&settings->path, sum->count);
  if (status == RWK_OK) {
    s->weight = weight_of(whole);
    status = network(&mlp, cv->ctx, whole, s, s->weight);
  }
  if (status == RWK_OK)
    status = rwk_folds_twins(&sum->twins, &sum->twin_first, &sum->twin_second, folds, whole);
  const int alone = !settings->claim;
  if (status == RWK_OK && claimed(s, 0))
    status = run_all(s, whole, mlp);
  else if (status == RWK_OK && !cv->lambda)
    status = rwk_fail(cv->ctx, RWK_INVALID_ARGUMENT, "lambda: who does not walk all rows needs the grid");
  if (status == RWK_OK) status = run_folds(s);
  if (status == RWK_OK && alone) status = rwk_cv_curve(cv);
  if (status == RWK_OK && alone) status = rwk_cv_gather(cv);
  rwk_mlp_destroy(mlp);
  rwk_design_destroy(whole);
  rwk_free(cv->ctx, rows);
  return status;
}

rwk_status rwk_cv_run(rwk_cv **out, rwk_context *ctx, const rwk_design *design, const rwk_folds *folds,
                      const rwk_cv_settings *settings) {
  *out = NULL;
  RWK_TRY(check(ctx, design, folds, settings));
  rwk_cv *cv = rwk_calloc(ctx, 1, sizeof *cv);
  if (!cv) return rwk_fail_memory(ctx, "a cross-validation");
  cv->ctx = ctx;
  cv->summary = (rwk_cv_summary){.rows = rwk_design_rows(design),
                                 .outputs = rwk_design_outputs(design),
                                 .folds = rwk_folds_count(folds),
                                 .repeats = rwk_folds_repeats(folds),
                                 .ensemble = settings->ensemble};
  rwk_study s = {.cv = cv, .settings = settings, .design = design, .began = rwk_seconds()};
  omp_init_lock(&s.lock);
  const rwk_status status = run(&s, folds);
  omp_destroy_lock(&s.lock);
  free_results(cv);
  cv->summary.seconds = rwk_seconds() - s.began;
  if (status == RWK_OK && !settings->claim)
    *out = cv;
  else
    rwk_cv_destroy(cv);
  return status;
}

void rwk_cv_destroy(rwk_cv *cv) {
  if (!cv) return;
  rwk_context *ctx = cv->ctx;
  free_results(cv);
  rwk_cv_free_fits(ctx, cv->fits, cv->summary.count * (size_t)cv->summary.ensemble);
  rwk_free(ctx, cv->points);
  rwk_free_doubles(ctx, cv->lambda);
  rwk_free_doubles(ctx, cv->held[0]);
  rwk_free_doubles(ctx, cv->held[1]);
  rwk_free_doubles(ctx, cv->observed);
  rwk_free_doubles(ctx, cv->weights);
  rwk_free_doubles(ctx, cv->scale);
  rwk_free(ctx, cv->fold);
  rwk_free(ctx, cv);
}

const rwk_cv_summary *rwk_cv_summary_get(const rwk_cv *cv) {
  return &cv->summary;
}

const rwk_cv_point *rwk_cv_points(const rwk_cv *cv) {
  return cv->points;
}

const double *rwk_cv_held_out(const rwk_cv *cv, rwk_cv_choice choice) {
  return cv->held[choice == RWK_CV_1SE];
}

const size_t *rwk_cv_fold(const rwk_cv *cv) {
  return cv->fold;
}

const double *rwk_cv_observed(const rwk_cv *cv) {
  return cv->observed;
}

const double *rwk_cv_weights(const rwk_cv *cv) {
  return cv->weights;
}

const rwk_fit *rwk_cv_fit(const rwk_cv *cv, size_t index, int start) {
  if (index >= cv->summary.count || start < 0 || start >= cv->summary.ensemble) return NULL;
  const rwk_fit *fit = &cv->fits[index * (size_t)cv->summary.ensemble + (size_t)start];
  return fit->w ? fit : NULL;
}
