/* What a report draws and the fits do not hold: observed and fitted values, spectra, and branches beside
 * drops. They are computed once, at the end of the path, and kept in the run file, so that a report needs no
 * table. */
#include <string.h>
#include <ridgewalk/branch.h>
#include <ridgewalk/run.h>
#include "base/context.h"

enum {
  ROWS_MOST = 1000,    /* rows of which fitted values are kept, evenly spread */
  SPECTRUM_MOST = 500, /* weights up to which spectra are; O(dim^3) each */
  BRANCHES_MOST = 40,
  BRANCH_COLUMNS = 4,
  BEYOND = 12 /* points on the saddles' side of a fold */
};

typedef struct keeper {
  rwk_context *ctx;
  rwk_mlp *mlp;
  const rwk_design *design;
  const rwk_path *path;
  rwk_series *list; /* values are rwk_alloc_doubles's */
  size_t count, capacity, branches;
  double *X; /* [rows x inputs] the rows that are kept */
  size_t rows;
} keeper;

/* Room for one series more; its values are to be filled in. NULL: memory ran out. */
static double *add(keeper *k, rwk_series_kind kind, const rwk_fit *fit, size_t rows, size_t columns) {
  if (rwk_grow(k->ctx, &k->list, &k->capacity, k->count + 1, sizeof *k->list) != RWK_OK) return NULL;
  double *values = rwk_alloc_doubles(k->ctx, rows * columns);
  if (!values) return NULL;
  k->list[k->count++] = (rwk_series){.kind = kind,
                                     .walk = fit ? fit->walk : RWK_WALK_UP,
                                     .start = fit ? fit->start : 0,
                                     .index = fit ? fit->index : 0,
                                     .rows = rows,
                                     .columns = columns,
                                     .values = values};
  return values;
}

static double *values_of(const rwk_series *s) {
  return (double *)(uintptr_t)s->values;
}

static void take_back(keeper *k) {
  rwk_free_doubles(k->ctx, values_of(&k->list[--k->count]));
}

static rwk_status keep_observed(keeper *k) {
  const rwk_design *d = k->design;
  const size_t n = rwk_design_rows(d), inputs = rwk_design_inputs(d), outputs = rwk_design_outputs(d);
  k->rows = n < ROWS_MOST ? n : ROWS_MOST;
  k->X = rwk_alloc_doubles(k->ctx, k->rows * inputs);
  double *y = add(k, RWK_SERIES_OBSERVED, NULL, k->rows, outputs);
  if (!k->X || !y) return rwk_fail_memory(k->ctx, "what pictures are drawn from");
  for (size_t i = 0; i < k->rows; i++) {
    const size_t row = (size_t)((double)i * (double)n / (double)k->rows);
    memcpy(k->X + i * inputs, rwk_design_X(d) + row * inputs, inputs * sizeof *k->X);
    memcpy(y + i * outputs, rwk_design_Y(d) + row * outputs, outputs * sizeof *y);
  }
  return rwk_design_unscale(y, outputs, d, k->rows);
}

static const rwk_fit *lowest(const keeper *k, size_t index) {
  const rwk_fit *found = NULL;
  for (size_t w = 0; w < rwk_path_walk_count(k->path); w++) {
    rwk_walk_view v;
    if (rwk_path_walk(&v, k->path, w) != RWK_OK || !v.points[index]) continue;
    if (!found || v.walk == RWK_WALK_BEST || v.points[index]->solve.objective < found->solve.objective)
      found = v.points[index];
  }
  return found;
}

static rwk_status keep_fit(keeper *k, const rwk_fit *fit) {
  const size_t inputs = rwk_design_inputs(k->design), outputs = rwk_design_outputs(k->design);
  double *f = add(k, RWK_SERIES_FITTED, fit, k->rows, outputs);
  if (!f) return rwk_fail_memory(k->ctx, "what pictures are drawn from");
  rwk_status status = rwk_mlp_predict(f, outputs, k->mlp, k->X, inputs, k->rows, fit->w);
  if (status == RWK_OK) rwk_loss_probabilities(f, outputs, rwk_mlp_loss(k->mlp), k->rows, outputs);
  return status == RWK_OK ? rwk_design_unscale(f, outputs, k->design, k->rows) : status;
}

/* Room for the spectrum of a fit; where there is no Hessian, and no picture of it, it stays empty. */
typedef struct spectrum {
  const rwk_fit *fit;
  size_t series; /* its number */
  int empty;
} spectrum;

static void find_spectrum(rwk_status *first, keeper *k, spectrum *of) {
  rwk_context *ctx = NULL;
  rwk_status status = rwk_context_fork(&ctx, k->ctx, 1);
  if (status == RWK_OK)
    status = rwk_spectrum(values_of(&k->list[of->series]), ctx, rwk_mlp_problem(k->mlp), of->fit->lambda,
                          of->fit->w);
  of->empty = status == RWK_NUMERICAL;
#pragma omp critical(rwk_spectra)
  if (status != RWK_OK && !of->empty && *first == RWK_OK) {
    *first = status;
    if (ctx) rwk_context_adopt_error(k->ctx, ctx);
  }
  rwk_context_destroy(ctx);
}

static rwk_status find_spectra(keeper *k, spectrum *of, size_t count) {
  const int all = rwk_threads(k->ctx), threads = (size_t)all < count ? all : (int)count;
  rwk_status first = RWK_OK;
  if (threads <= 1) {
    for (size_t i = 0; i < count; i++) find_spectrum(&first, k, &of[i]);
    return first;
  }
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
  for (size_t i = 0; i < count; i++) find_spectrum(&first, k, &of[i]);
  return first;
}

static void drop_empty(keeper *k, const spectrum *of, size_t count) {
  size_t kept = 0, next = 0;
  for (size_t s = 0; s < k->count; s++) {
    const int is_spectrum = next < count && of[next].series == s;
    if (is_spectrum && of[next++].empty)
      rwk_free_doubles(k->ctx, values_of(&k->list[s]));
    else
      k->list[kept++] = k->list[s];
  }
  k->count = kept;
}

/* Of the lowest fit at every penalty: what it fits, and its spectrum. */
static rwk_status keep_fits(keeper *k, int spectra) {
  const size_t points = rwk_path_lambda_count(k->path), dim = rwk_problem_dim(rwk_mlp_problem(k->mlp));
  spectrum *of = rwk_alloc(k->ctx, points, sizeof *of);
  size_t count = 0;
  rwk_status status = of ? RWK_OK : rwk_fail_memory(k->ctx, "what pictures are drawn from");
  for (size_t i = 0; i < points && status == RWK_OK; i++) {
    const rwk_fit *fit = lowest(k, i);
    if (!fit) continue;
    status = keep_fit(k, fit);
    if (status != RWK_OK || !spectra || dim > SPECTRUM_MOST) continue;
    if (!add(k, RWK_SERIES_SPECTRUM, fit, dim, 1))
      status = rwk_fail_memory(k->ctx, "what pictures are drawn from");
    else
      of[count++] = (spectrum){.fit = fit, .series = k->count - 1};
  }
  if (status == RWK_OK && count) status = find_spectra(k, of, count);
  if (status == RWK_OK) drop_empty(k, of, count);
  rwk_free(k->ctx, of);
  return status;
}

static rwk_status keep_branch(keeper *k, const rwk_walk_view *v, const rwk_drop *d) {
  const int down = v->walk == RWK_WALK_DOWN;
  const rwk_fit *begin = v->points[down ? d->to : d->from], *end = v->points[down ? d->from : d->to];
  if (!begin || !end || !rwk_certificate_is_minimum(&begin->certificate) || k->branches >= BRANCHES_MOST)
    return RWK_OK;
  rwk_branch_settings s;
  rwk_branch_settings_init(&s);
  s.beyond = BEYOND;
  rwk_branch *branch;
  rwk_status status =
      rwk_branch_trace(&branch, k->ctx, rwk_mlp_problem(k->mlp), begin->w, begin->lambda, end->lambda, &s);
  if (status == RWK_NUMERICAL) return RWK_OK;
  if (status != RWK_OK) return status;
  const size_t count = rwk_branch_count(branch);
  const rwk_branch_point *p = rwk_branch_points(branch);
  double *values = count > 1 ? add(k, RWK_SERIES_BRANCH, begin, count, BRANCH_COLUMNS) : NULL;
  if (count > 1 && !values) status = rwk_fail_memory(k->ctx, "a branch");
  for (size_t i = 0; values && i < count; i++) {
    const double columns[BRANCH_COLUMNS] = {p[i].lambda, p[i].loss, p[i].penalty, p[i].min_eig};
    memcpy(values + i * BRANCH_COLUMNS, columns, sizeof columns);
  }
  k->branches += values != NULL;
  rwk_branch_destroy(branch);
  return status;
}

/* Those of the drops alone: a branch costs as much as explaining it did. */
static rwk_status keep_branches(keeper *k) {
  rwk_status status = RWK_OK;
  for (size_t w = 0; w < rwk_path_walk_count(k->path) && status == RWK_OK; w++) {
    rwk_walk_view v;
    status = rwk_path_walk(&v, k->path, w);
    for (size_t i = 0; i < v.drop_count && status == RWK_OK; i++) status = keep_branch(k, &v, &v.drops[i]);
  }
  return status;
}

rwk_status rwk_run_keep_pictures(rwk_run *run, rwk_context *ctx, rwk_mlp *mlp, const rwk_design *design,
                                 const rwk_path *path, int explain) {
  keeper k = {.ctx = ctx, .mlp = mlp, .design = design, .path = path};
  rwk_status status = keep_observed(&k);
  if (status == RWK_OK) status = keep_fits(&k, explain);
  if (status == RWK_OK && explain) status = keep_branches(&k);
  if (status == RWK_OK) status = rwk_run_set_series(run, k.list, k.count);
  while (k.count) take_back(&k);
  rwk_free(ctx, k.list);
  rwk_free_doubles(ctx, k.X);
  return status;
}
