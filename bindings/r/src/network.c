/* Networks over tables of R's: matrices by columns, read where they lie. */
#include <stdlib.h>
#include <string.h>
#include "core.h"

static rwk_status read_table(core_call *c, SEXP table, SEXP names) {
  SEXP dim = Rf_getAttrib(table, R_DimSymbol);
  if (TYPEOF(table) != REALSXP || TYPEOF(dim) != INTSXP || Rf_xlength(dim) != 2)
    return core_refuse(c, "x: a matrix of numbers is wanted");
  const size_t rows = (size_t)INTEGER(dim)[0], columns = (size_t)INTEGER(dim)[1];
  if (TYPEOF(names) != STRSXP || (size_t)Rf_xlength(names) != columns)
    return core_refuse(c, "x: it has %zu columns, and %lld names", columns, (long long)Rf_xlength(names));
  const char **list = (const char **)R_alloc(columns + 1, sizeof *list);
  for (size_t j = 0; j < columns; j++) list[j] = Rf_translateCharUTF8(STRING_ELT(names, (R_xlen_t)j));
  return rwk_table_from_numbers(&c->table, c->ctx, "the table", list, REAL(table), rows, columns, 1, rows);
}

/* The design of all rows: with scales, from one without where that is wanted too. */
static rwk_status keep_raw(core_call *c, int standardise) {
  c->raw = c->design;
  c->design = NULL;
  const size_t rows = rwk_design_rows(c->raw);
  size_t *all = (size_t *)R_alloc(rows, sizeof *all);
  for (size_t i = 0; i < rows; i++) all[i] = i;
  return rwk_design_subset(&c->design, c->ctx, c->raw, all, rows, NULL, standardise);
}

rwk_status core_design(core_call *c, SEXP spec, int with_raw) {
  SEXP table = core_item(spec, "table"), names = core_item(spec, "names");
  rwk_status status = read_table(c, table, names);
  if (status != RWK_OK) return status;
  const size_t columns = rwk_table_columns(c->table), outputs = (size_t)core_number(spec, "outputs", 1);
  const size_t more = (size_t)core_flag(spec, "weighted") + (size_t)core_flag(spec, "fold");
  if (outputs < 1 || outputs + more >= columns)
    return core_refuse(c, "x: no feature is left of %zu columns", columns);
  const char **list = (const char **)R_alloc(columns, sizeof *list);
  for (size_t j = 0; j < columns; j++) list[j] = rwk_table_column_name(c->table, j);
  rwk_design_settings s;
  rwk_design_settings_init(&s);
  s.targets = list + columns - more - outputs;
  s.target_count = outputs;
  if (core_flag(spec, "weighted")) s.row_weights = list[columns - more];
  s.exclude = list + columns - 1;
  s.exclude_count = (size_t)core_flag(spec, "fold");
  s.keep_constant = core_flag(spec, "keep_constant");
  s.standardise = core_flag(spec, "standardize") && !with_raw;
  status = rwk_design_create(&c->design, c->ctx, c->table, &s);
  if (status == RWK_OK && with_raw) status = keep_raw(c, core_flag(spec, "standardize"));
  if (status != RWK_OK) return status;
  const double *omega = rwk_design_row_weights(c->design);
  c->n = 0;
  for (size_t i = 0; i < rwk_design_rows(c->design); i++) c->n += omega ? omega[i] : 1;
  rwk_convention convention;
  if (rwk_convention_from_name(&convention, core_text(spec, "convention")) != RWK_OK)
    return core_refuse(c, "convention: '%s' is none of mse, half-sse, nnet, sklearn, torch, keras",
                       core_text(spec, "convention"));
  return rwk_convention_scale(&c->scale, convention, c->n);
}

/* Widths and settings of a list; those of the convention come in. */
static rwk_status read_settings(rwk_mlp_settings *s, core_call *c, SEXP spec) {
  SEXP hidden = core_item(spec, "hidden");
  rwk_mlp_settings_init(s);
  rwk_status status = core_fields_set(c, s, core_mlp_settings, core_item(spec, "settings"), "network");
  if (status != RWK_OK) return status;
  const size_t count = (size_t)Rf_xlength(hidden);
  size_t *widths = (size_t *)R_alloc(count + 1, sizeof *widths);
  for (size_t l = 0; l < count; l++) {
    const double width = TYPEOF(hidden) == REALSXP ? REAL(hidden)[l] : 0;
    if (!(width >= 1 && width <= INT32_MAX))
      return core_refuse(c, "hidden: widths of layers are wanted, each at least 1");
    widths[l] = (size_t)width;
  }
  s->hidden = widths;
  s->hidden_count = count;
  return RWK_OK;
}

rwk_status core_mlp_settings_read(rwk_mlp_settings *s, core_call *c, SEXP spec) {
  const rwk_status status = read_settings(s, c, spec);
  s->loss_scale = c->scale.loss_scale;
  s->penalise_biases |= c->scale.penalise_biases;
  return status;
}

rwk_status core_network(core_call *c, SEXP spec) {
  rwk_mlp_settings s;
  rwk_status status = c->design ? RWK_OK : core_design(c, spec, 0);
  if (status == RWK_OK) status = core_mlp_settings_read(&s, c, spec);
  if (status != RWK_OK) return status;
  const rwk_mlp_data data = {.X = rwk_design_X(c->design),
                             .ldx = rwk_design_inputs(c->design),
                             .Y = rwk_design_Y(c->design),
                             .ldy = rwk_design_outputs(c->design),
                             .row_weights = rwk_design_row_weights(c->design),
                             .rows = rwk_design_rows(c->design),
                             .inputs = rwk_design_inputs(c->design),
                             .outputs = rwk_design_outputs(c->design)};
  return rwk_mlp_create(&c->mlp, c->ctx, &data, &s);
}

rwk_status core_weights(const double **w, core_call *c, SEXP weights, const char *name) {
  const size_t dim = rwk_problem_dim(rwk_mlp_problem(c->mlp));
  if (TYPEOF(weights) != REALSXP || (size_t)Rf_xlength(weights) != dim)
    return core_refuse(c, "%s: %zu numbers are wanted, not %lld", name, dim, (long long)Rf_xlength(weights));
  for (size_t i = 0; i < dim; i++)
    if (!R_FINITE(REAL(weights)[i])) return core_refuse(c, "%s: number %zu is not finite", name, i + 1);
  *w = REAL(weights);
  return RWK_OK;
}

/* ---- what R keeps of it ---- */

static SEXP layers_of(const rwk_mlp *mlp) {
  const size_t count = rwk_mlp_layer_count(mlp);
  static const char *const names[] = {"inputs", "outputs", "W", "b"};
  SEXP list = PROTECT(core_list(4));
  for (int k = 0; k < 4; k++) core_put(list, k, names[k], Rf_allocVector(REALSXP, (R_xlen_t)count));
  for (size_t l = 0; l < count; l++) {
    rwk_mlp_layer layer = {0};
    (void)rwk_mlp_layer_get(&layer, mlp, l);
    const double row[] = {(double)layer.inputs, (double)layer.outputs, (double)layer.W,
                          layer.has_bias ? (double)layer.b : NA_REAL};
    for (int k = 0; k < 4; k++) REAL(VECTOR_ELT(list, k))[l] = row[k];
  }
  UNPROTECT(1);
  return list;
}

static SEXP scale_of(const rwk_objective_scale *s, double n) {
  SEXP list = PROTECT(core_list(7));
  core_put(list, 0, "name", Rf_mkString(s->name));
  core_put(list, 1, "objective", Rf_mkString(s->objective));
  core_put(list, 2, "symbol", Rf_mkString(s->lambda));
  core_put(list, 3, "loss_scale", Rf_ScalarReal(s->loss_scale));
  core_put(list, 4, "lambda_scale", Rf_ScalarReal(s->lambda_scale));
  core_put(list, 5, "penalise_biases", Rf_ScalarLogical(s->penalise_biases));
  core_put(list, 6, "n", Rf_ScalarReal(n));
  UNPROTECT(1);
  return list;
}

/* The MSE of the best constant. */
static double null_mse(const rwk_design *d, double n) {
  const size_t rows = rwk_design_rows(d), outputs = rwk_design_outputs(d);
  const double *Y = rwk_design_Y(d), *omega = rwk_design_row_weights(d);
  double total = 0;
  for (size_t k = 0; k < outputs; k++) {
    double mean = 0, sum = 0;
    for (size_t i = 0; i < rows; i++) mean += (omega ? omega[i] : 1) * Y[i * outputs + k] / n;
    for (size_t i = 0; i < rows; i++) {
      const double gap = Y[i * outputs + k] - mean;
      sum += (omega ? omega[i] : 1) * gap * gap;
    }
    total += sum / n;
  }
  return total;
}

SEXP core_describe(core_call *c) {
  const rwk_design *d = c->design;
  const size_t inputs = rwk_design_inputs(d);
  char fingerprint[33] = "", *recipe = NULL;
  rwk_status status = rwk_design_fingerprint(fingerprint, d);
  if (status == RWK_OK) status = rwk_design_recipe(&recipe, c->ctx, d);
  if (status != RWK_OK) return core_failure(c, status);
  char *kept = R_alloc(strlen(recipe) + 1, 1);
  memcpy(kept, recipe, strlen(recipe) + 1);
  rwk_text_destroy(c->ctx, recipe);
  SEXP list = PROTECT(core_list(9));
  core_put(list, 0, "inputs", Rf_allocVector(STRSXP, (R_xlen_t)inputs));
  for (size_t j = 0; j < inputs; j++)
    SET_STRING_ELT(VECTOR_ELT(list, 0), (R_xlen_t)j, Rf_mkCharCE(rwk_design_input_name(d, j), CE_UTF8));
  core_put(list, 1, "recipe", Rf_ScalarString(Rf_mkCharCE(kept, CE_UTF8)));
  core_put(list, 2, "fingerprint", Rf_mkString(fingerprint));
  core_put(list, 3, "layers", layers_of(c->mlp));
  core_put(list, 4, "scale", scale_of(&c->scale, c->n));
  core_put(list, 5, "rows", Rf_ScalarReal((double)rwk_design_rows(d)));
  core_put(list, 6, "features", Rf_ScalarReal((double)rwk_design_columns(d)));
  core_put(list, 7, "null_mse", Rf_ScalarReal(null_mse(d, c->n)));
  core_put(list, 8, "dim", Rf_ScalarReal((double)rwk_problem_dim(rwk_mlp_problem(c->mlp))));
  UNPROTECT(1);
  return list;
}

SEXP core_r_describe(SEXP spec) {
  SEXP holder;
  core_call *c = core_open(&holder, 1);
  PROTECT(holder);
  SEXP result = PROTECT(core_answer(c, core_network(c, spec), core_describe));
  core_close(holder);
  UNPROTECT(2);
  return result;
}

SEXP core_r_scale(SEXP convention, SEXP n) {
  rwk_convention kind;
  rwk_objective_scale s;
  if (rwk_convention_from_name(&kind, Rf_translateCharUTF8(Rf_asChar(convention))) != RWK_OK ||
      rwk_convention_scale(&s, kind, Rf_asReal(n)) != RWK_OK)
    return core_failure(NULL, RWK_INVALID_ARGUMENT);
  return scale_of(&s, Rf_asReal(n));
}

/* ---- predictions ---- */

/* A network of a stored shape; its own table does not matter. */
static rwk_status shape(core_call *c, const rwk_design *recipe, SEXP network) {
  rwk_mlp_settings s;
  rwk_status status = read_settings(&s, c, network);
  if (status != RWK_OK) return status;
  const size_t inputs = rwk_design_inputs(recipe), outputs = rwk_design_outputs(recipe);
  double *zeros = (double *)R_alloc(inputs + outputs, sizeof *zeros);
  memset(zeros, 0, (inputs + outputs) * sizeof *zeros);
  const rwk_mlp_data data = {.X = zeros,
                             .ldx = inputs,
                             .Y = zeros + inputs,
                             .ldy = outputs,
                             .rows = 1,
                             .inputs = inputs,
                             .outputs = outputs};
  return rwk_mlp_create(&c->mlp, c->ctx, &data, &s);
}

/* F[rows x outputs x fits] of R's, by columns, in the targets' own units. */
static SEXP predict(core_call *c, const double *W, size_t fits) {
  const rwk_design *d = c->design;
  const size_t rows = rwk_design_rows(d), inputs = rwk_design_inputs(d), outputs = rwk_design_outputs(d),
               dim = rwk_problem_dim(rwk_mlp_problem(c->mlp));
  double *F = (double *)R_alloc(rows * outputs + 1, sizeof *F);
  SEXP result = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)(rows * outputs * fits)));
  rwk_status status = RWK_OK;
  for (size_t j = 0; j < fits && status == RWK_OK; j++) {
    core_begin(c);
    status = rwk_mlp_predict(F, outputs, c->mlp, rwk_design_X(d), inputs, rows, W + j * dim);
    if (status == RWK_OK) status = rwk_design_unscale(F, outputs, d, rows);
    core_end(c);
    for (size_t i = 0; i < rows; i++)
      for (size_t k = 0; k < outputs; k++) REAL(result)[(j * outputs + k) * rows + i] = F[i * outputs + k];
  }
  if (status == RWK_OK) {
    SEXP dims = PROTECT(Rf_allocVector(INTSXP, 3));
    INTEGER(dims)[0] = (int)rows;
    INTEGER(dims)[1] = (int)outputs;
    INTEGER(dims)[2] = (int)fits;
    Rf_setAttrib(result, R_DimSymbol, dims);
    UNPROTECT(1);
  } else {
    result = core_failure(c, status);
  }
  UNPROTECT(1);
  return result;
}

SEXP core_r_predict(SEXP recipe, SEXP network, SEXP weights, SEXP table, SEXP names) {
  SEXP holder;
  core_call *c = core_open(&holder, 1);
  PROTECT(holder);
  rwk_status status = rwk_design_from_recipe(&c->raw, c->ctx, Rf_translateCharUTF8(Rf_asChar(recipe)));
  if (status == RWK_OK) status = shape(c, c->raw, network);
  if (status == RWK_OK) status = read_table(c, table, names);
  if (status == RWK_OK) status = rwk_design_apply(&c->design, c->ctx, c->raw, c->table);
  const size_t dim = status == RWK_OK ? rwk_problem_dim(rwk_mlp_problem(c->mlp)) : 1;
  if (status == RWK_OK && (TYPEOF(weights) != REALSXP || (size_t)Rf_xlength(weights) % dim != 0))
    status = core_refuse(c, "the fit's weights and its network do not belong together");
  SEXP result = PROTECT(status == RWK_OK ? predict(c, REAL(weights), (size_t)Rf_xlength(weights) / dim)
                                         : core_failure(c, status));
  core_close(holder);
  UNPROTECT(2);
  return result;
}
