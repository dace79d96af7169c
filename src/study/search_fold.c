/* One trial on one fold: fit, certificate, errors. */
#include <math.h>
#include <string.h>
#include "base/stream.h"
#include "study/search.h"

/* Streams that seed the random starts of a trial. */
static const uint64_t STARTS = (uint64_t)0x5354 << 48;

/* ---- folds */

static double weight_of(double *square, const rwk_design *d) {
  const double *omega = rwk_design_row_weights(d);
  double sum = 0;
  *square = 0;
  for (size_t i = 0; i < rwk_design_rows(d); i++) {
    sum += omega ? omega[i] : 1;
    *square += omega ? omega[i] * omega[i] : 1;
  }
  return sum;
}

static rwk_status open_fold(rwk_search_fold *f, rwk_search *s, const rwk_design *design, const size_t *of,
                            size_t fold, int standardise) {
  const size_t rows = s->summary.rows, q = s->summary.outputs;
  size_t *list = rwk_alloc(s->ctx, rows, sizeof *list), kept = 0, out = 0;
  double square;
  if (!list) return rwk_fail_memory(s->ctx, "a fold");
  for (size_t i = 0; i < rows; i++) /* the rows held out stand at the end, backwards */
    if (of[i] != fold) list[kept++] = i;
  for (size_t i = rows; i-- > 0;)
    if (of[i] == fold) list[kept + out++] = i;
  rwk_status status = rwk_design_subset(&f->train, s->ctx, design, list, kept, NULL, standardise);
  if (status == RWK_OK) status = rwk_design_subset(&f->held, s->ctx, design, list + kept, out, f->train, 0);
  rwk_free(s->ctx, list);
  if (status != RWK_OK) return status;
  f->observed = rwk_alloc_doubles(s->ctx, out * q);
  if (!f->observed) return rwk_fail_memory(s->ctx, "a fold");
  memcpy(f->observed, rwk_design_Y(f->held), out * q * sizeof *f->observed);
  f->train_weight = weight_of(&square, f->train);
  f->held_weight = weight_of(&f->held_square, f->held);
  return rwk_design_unscale(f->observed, q, f->held, out);
}

/* sd of every target over all rows: what errors are told in. */
static rwk_status take_scales(rwk_search *s, const rwk_design *design) {
  const double *omega = rwk_design_row_weights(design);
  const size_t q = s->summary.outputs, rows = s->summary.rows;
  double square;
  s->weight = weight_of(&square, design);
  for (size_t k = 0; k < q; k++) {
    const double *y = rwk_design_Y(design) + k;
    double mean = 0, sum = 0;
    for (size_t i = 0; i < rows; i++) mean += (omega ? omega[i] : 1) * y[i * q] / s->weight;
    for (size_t i = 0; i < rows; i++) sum += (omega ? omega[i] : 1) * (y[i * q] - mean) * (y[i * q] - mean);
    double offset, scale;
    RWK_TRY(rwk_design_target_scale(&offset, &scale, design, k));
    s->scale[k] = sqrt(sum / s->weight) * scale;
    if (!(s->scale[k] > 0))
      return rwk_fail(s->ctx, RWK_DATA, "the target '%s' is the same on all rows: there is nothing to learn",
                      rwk_design_output_name(design, k));
  }
  return RWK_OK;
}

rwk_status rwk_search_open_folds(rwk_search *s, const rwk_design *design, const rwk_folds *folds,
                                 const rwk_search_settings *settings) {
  s->fold_count = settings->held_out ? 1 : s->summary.folds;
  s->folds = rwk_calloc(s->ctx, s->fold_count, sizeof *s->folds);
  s->scale = rwk_alloc_doubles(s->ctx, s->summary.outputs);
  if (!s->folds || !s->scale) return rwk_fail_memory(s->ctx, "folds");
  RWK_TRY(take_scales(s, design));
  for (size_t k = 0; k < s->fold_count; k++)
    RWK_TRY(open_fold(&s->folds[k], s, design, rwk_folds_of(folds, 0), k, settings->standardise));
  return RWK_OK;
}

void rwk_search_close_folds(rwk_search *s) {
  for (size_t k = 0; s->folds && k < s->fold_count; k++) {
    rwk_free_doubles(s->ctx, s->folds[k].observed);
    rwk_design_destroy(s->folds[k].held);
    rwk_design_destroy(s->folds[k].train);
  }
  rwk_free(s->ctx, s->folds);
  rwk_free_doubles(s->ctx, s->scale);
  s->folds = NULL;
  s->scale = NULL;
}

/* ---- a fit */

/* The path of one penalty, from random starts: what a trial does on every fold, and on all rows. */
static rwk_status descend(rwk_path **path, rwk_context *ctx, const rwk_problem *problem,
                          const rwk_search_settings *settings, const rwk_trial *trial) {
  rwk_path_settings p;
  rwk_stream s;
  rwk_path_settings_init(&p);
  rwk_stream_init(&s, settings->seed, STARTS + trial->index);
  p.lambda = &trial->lambda;
  p.lambda_count = 1;
  p.walks = RWK_WALKS_UP;
  p.starts = settings->starts;
  p.seed = rwk_stream_u64(&s);
  p.solver = settings->solver;
  p.solver.solver = trial->solver;
  p.certify = settings->certify;
  p.explain = 0;
  p.collapse_tol = 0;
  return rwk_path_run(path, ctx, problem, &p);
}

/* NULL: there is none. */
static const rwk_fit *lowest(const rwk_path *path) {
  const rwk_fit *best = NULL;
  for (size_t k = 0; k < rwk_path_walk_count(path); k++) {
    rwk_walk_view view;
    if (rwk_path_walk(&view, path, k) != RWK_OK || !view.points[0]) continue;
    if (!best || view.points[0]->solve.objective < best->solve.objective) best = view.points[0];
  }
  return best;
}

rwk_status rwk_search_refit(double *w, rwk_context *ctx, const rwk_problem *problem,
                            const rwk_search_settings *settings, const rwk_trial *trial) {
  rwk_path *path = NULL;
  rwk_status status = descend(&path, ctx, problem, settings, trial);
  const rwk_fit *fit = status == RWK_OK ? lowest(path) : NULL;
  if (fit)
    memcpy(w, fit->w, rwk_problem_dim(problem) * sizeof *w);
  else if (status == RWK_OK)
    status = rwk_fail(ctx, RWK_INTERNAL, "a path of one penalty has no fit");
  rwk_path_destroy(path);
  return status;
}

/* ---- a score */

static rwk_status make_network(rwk_mlp **mlp, rwk_context *ctx, const rwk_search *search,
                               const rwk_search_fold *f, const rwk_search_settings *settings,
                               const rwk_trial *trial) {
  const rwk_design *d = f->train;
  rwk_mlp_settings m = settings->mlp;
  size_t *hidden = rwk_alloc(ctx, trial->depth, sizeof *hidden);
  if (!hidden) return rwk_fail_memory(ctx, "a network");
  for (size_t l = 0; l < trial->depth; l++) hidden[l] = trial->hidden;
  m.hidden = hidden;
  m.hidden_count = trial->depth;
  m.activation = trial->activation;
  if (m.loss_scale != 0) m.loss_scale *= search->weight / f->train_weight;
  const rwk_mlp_data data = {.X = rwk_design_X(d),
                             .ldx = rwk_design_inputs(d),
                             .Y = rwk_design_Y(d),
                             .ldy = rwk_design_outputs(d),
                             .row_weights = rwk_design_row_weights(d),
                             .rows = rwk_design_rows(d),
                             .inputs = rwk_design_inputs(d),
                             .outputs = rwk_design_outputs(d)};
  const rwk_status status = rwk_mlp_create(mlp, ctx, &data, &m);
  rwk_free(ctx, hidden);
  return status;
}

static rwk_status assess(rwk_search_score *score, rwk_context *ctx, const rwk_search *search,
                         const rwk_search_fold *f, const rwk_mlp *mlp, const double *w) {
  const size_t q = search->summary.outputs, rows = rwk_design_rows(f->held);
  const double *omega = rwk_design_row_weights(f->held);
  double *F = rwk_alloc_doubles(ctx, rows * q);
  if (!F) return rwk_fail_memory(ctx, "predictions");
  rwk_status status = rwk_mlp_predict(F, q, mlp, rwk_design_X(f->held), rwk_design_inputs(f->held), rows, w);
  if (status == RWK_OK) status = rwk_design_unscale(F, q, f->held, rows);
  score->held = score->square = 0;
  for (size_t i = 0; i < rows && status == RWK_OK; i++) {
    double square = 0;
    for (size_t k = 0; k < q; k++) {
      const double e = (f->observed[i * q + k] - F[i * q + k]) / search->scale[k];
      square += e * e;
    }
    score->held += (omega ? omega[i] : 1) * square;
    score->square += (omega ? omega[i] : 1) * square * square;
  }
  rwk_free_doubles(ctx, F);
  return status;
}

static int64_t iterations_of(const rwk_path *path) {
  int64_t sum = 0;
  for (size_t k = 0; k < rwk_path_walk_count(path); k++) {
    rwk_walk_view view;
    if (rwk_path_walk(&view, path, k) == RWK_OK && view.points[0]) sum += view.points[0]->solve.iterations;
  }
  return sum;
}

rwk_status rwk_search_try(rwk_search_score *score, rwk_context *ctx, const rwk_search *search,
                          const rwk_search_settings *settings, const rwk_trial *trial, size_t fold) {
  const rwk_search_fold *f = &search->folds[fold];
  const double began = rwk_seconds();
  rwk_mlp *mlp = NULL;
  rwk_path *path = NULL;
  *score = (rwk_search_score){.held = NAN, .square = NAN, .in_sample = NAN};
  RWK_TRY(make_network(&mlp, ctx, search, f, settings, trial));
  rwk_problem *problem = rwk_mlp_problem(mlp);
  score->parameters = rwk_problem_dim(problem);
  rwk_status status = descend(&path, ctx, problem, settings, trial);
  const rwk_fit *fit = status == RWK_OK ? lowest(path) : NULL;
  if (fit) {
    score->certified = rwk_certificate_is_minimum(&fit->certificate);
    score->iterations = iterations_of(path);
    score->in_sample = rwk_mlp_mse(mlp, fit->solve.loss);
    status = assess(score, ctx, search, f, mlp, fit->w);
  }
  if (status == RWK_NUMERICAL) status = RWK_OK; /* this setting does not work: so the score says */
  rwk_path_destroy(path);
  rwk_mlp_destroy(mlp);
  score->seconds = rwk_seconds() - began;
  return status;
}

void rwk_search_sum_up(rwk_trial *trial, const rwk_search *search, const rwk_search_score *scores) {
  double weight = 0, sum = 0, spread = 0, in_sample = 0;
  trial->fits = trial->certified = 0;
  trial->iterations = 0;
  trial->seconds = 0;
  for (size_t k = 0; k < search->fold_count; k++) {
    const rwk_search_score *s = &scores[k];
    weight += search->folds[k].held_weight;
    sum += s->held;
    in_sample += s->in_sample / (double)search->fold_count;
    trial->fits += isfinite(s->in_sample);
    trial->certified += s->certified != 0;
    trial->iterations += s->iterations;
    trial->seconds += s->seconds;
    trial->parameters = s->parameters;
  }
  trial->mean = isfinite(sum) ? sum / weight : (double)NAN;
  trial->in_sample = in_sample;
  if (search->fold_count == 1) {
    const rwk_search_fold *f = &search->folds[0];
    const double variance = scores[0].square / weight - trial->mean * trial->mean;
    trial->se = sqrt(fmax(0, variance) * f->held_square) / weight;
  } else {
    for (size_t k = 0; k < search->fold_count; k++) {
      const double own = search->folds[k].held_weight, gap = scores[k].held / own - trial->mean;
      if (own > 0) spread += own * gap * gap;
    }
    trial->se = sqrt(spread / weight / (double)(search->fold_count - 1));
  }
  if (!isfinite(trial->mean)) trial->mean = trial->se = NAN;
}
