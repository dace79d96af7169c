#include <stdio.h>
#include <string.h>
#include "store/store.h"

#define FIELD(type, column, member, kind)                                                                    \
  { #column, RWK_FIELD_##kind, offsetof(type, member) }

static const rwk_field META[] = {
    FIELD(rwk_meta_record, key, key, STRING),
    FIELD(rwk_meta_record, value, value, STRING),
};

static const rwk_field LAMBDA[] = {
    FIELD(rwk_lambda_record, value, value, REAL),
};

/* X(column, member of rwk_fit, kind). What solver and certificate both report, loss for one, has the
 * certificate's bare and the solver's under solve_ (VALUES is a word of SQL, too). */
#define FIT_LIST(X)                                                                                          \
  X(walk, walk, WALK)                                                                                        \
  X(start, start, INT)                                                                                       \
  X(idx, index, SIZE)                                                                                        \
  X(lambda, lambda, REAL)                                                                                    \
  X(seconds, seconds, REAL)                                                                                  \
  X(stop, solve.stop, STOP)                                                                                  \
  X(solve_loss, solve.loss, REAL)                                                                            \
  X(solve_penalty, solve.penalty, REAL)                                                                      \
  X(solve_objective, solve.objective, REAL)                                                                  \
  X(solve_grad_inf, solve.grad_inf, REAL)                                                                    \
  X(iterations, solve.iterations, INT64)                                                                     \
  X(solve_values, solve.values, INT64)                                                                       \
  X(gradients, solve.gradients, INT64)                                                                       \
  X(solve_products, solve.products, INT64)                                                                   \
  X(hessians, solve.hessians, INT64)                                                                         \
  X(curvature_steps, solve.curvature_steps, INT64)                                                           \
  X(escapes, solve.escapes, INT64)                                                                           \
  X(solve_seconds, solve.seconds, REAL)                                                                      \
  X(verdict, certificate.verdict, VERDICT)                                                                   \
  X(escapable, certificate.escapable, FLAG)                                                                  \
  X(loss, certificate.loss, REAL)                                                                            \
  X(penalty, certificate.penalty, REAL)                                                                      \
  X(objective, certificate.objective, REAL)                                                                  \
  X(grad_inf, certificate.grad_inf, REAL)                                                                    \
  X(grad_norm, certificate.grad_norm, REAL)                                                                  \
  X(grad_limit, certificate.grad_limit, REAL)                                                                \
  X(nearest_factor, certificate.nearest_factor, REAL)                                                        \
  X(nearest_grad, certificate.nearest_grad, REAL)                                                            \
  X(min_eig, certificate.min_eig, REAL)                                                                      \
  X(min_eig_error, certificate.min_eig_error, REAL)                                                          \
  X(min_eig_rest, certificate.min_eig_rest, REAL)                                                            \
  X(max_eig, certificate.max_eig, REAL)                                                                      \
  X(zero_limit, certificate.zero_limit, REAL)                                                                \
  X(positive, certificate.positive, INT64)                                                                   \
  X(zero, certificate.zero, INT64)                                                                           \
  X(negative, certificate.negative, INT64)                                                                   \
  X(flats, certificate.flats, INT64)                                                                         \
  X(kinks, certificate.kinks, INT64)                                                                         \
  X(escape_curvature, certificate.escape_curvature, REAL)                                                    \
  X(doubt, certificate.doubt, REAL)                                                                          \
  X(dense, certificate.dense, FLAG)                                                                          \
  X(products, certificate.products, INT64)                                                                   \
  X(certify_seconds, certificate.seconds, REAL)                                                              \
  X(reason, certificate.reason, REASON)

#define FIT(column, member, kind) FIELD(rwk_fit, column, member, kind),
#define FOLD_FIT(column, member, kind) FIELD(rwk_fold_fit_record, column, fit.member, kind),

static const rwk_field FITS[] = {FIT_LIST(FIT)};

static const rwk_field FOLD_FITS[] = {FIELD(rwk_fold_fit_record, fold, fold, SIZE), FIT_LIST(FOLD_FIT)};

/* X(column, member of rwk_drop_record, kind); FROM and TO are words of SQL. */
#define DROP_LIST(X)                                                                                         \
  X(walk, walk, WALK)                                                                                        \
  X(start, start, INT)                                                                                       \
  X(idx_from, drop.from, SIZE)                                                                               \
  X(idx_to, drop.to, SIZE)                                                                                   \
  X(lambda_from, drop.lambda_from, REAL)                                                                     \
  X(lambda_to, drop.lambda_to, REAL)                                                                         \
  X(loss_from, drop.loss_from, REAL)                                                                         \
  X(loss_to, drop.loss_to, REAL)                                                                             \
  X(rise, drop.rise, FLAG)                                                                                   \
  X(cause, drop.cause, CAUSE)                                                                                \
  X(at, drop.at, REAL)                                                                                       \
  X(low, drop.low, REAL)                                                                                     \
  X(high, drop.high, REAL)                                                                                   \
  X(excess_from, drop.excess_from, REAL)                                                                     \
  X(excess_to, drop.excess_to, REAL)                                                                         \
  X(certain, drop.certain, REAL)                                                                             \
  X(grad_inf_from, drop.grad_inf_from, REAL)                                                                 \
  X(grad_inf_to, drop.grad_inf_to, REAL)                                                                     \
  X(min_eig_from, drop.min_eig_from, REAL)                                                                   \
  X(min_eig_to, drop.min_eig_to, REAL)                                                                       \
  X(max_eig_from, drop.max_eig_from, REAL)                                                                   \
  X(max_eig_to, drop.max_eig_to, REAL)                                                                       \
  X(finished_from, drop.finished_from, REAL)                                                                 \
  X(finished_to, drop.finished_to, REAL)                                                                     \
  X(falls_by, drop.falls_by, REAL)                                                                           \
  X(branch_loss, drop.branch_loss, REAL)                                                                     \
  X(branch_min_eig, drop.branch_min_eig, REAL)                                                               \
  X(transversality, drop.transversality, REAL)                                                               \
  X(lambda_beyond, drop.lambda_beyond, REAL)                                                                 \
  X(loss_beyond, drop.loss_beyond, REAL)                                                                     \
  X(bias, drop.bias, REAL)                                                                                   \
  X(curvature, drop.curvature, REAL)                                                                         \
  X(points, drop.points, INT64)                                                                              \
  X(merges, drop.merges, INT64)                                                                              \
  X(monotone, drop.monotone, INT64)                                                                          \
  X(null_weights, drop.null_weights, REAL)                                                                   \
  X(null_units, drop.null_units, REAL)                                                                       \
  X(moved_weights, drop.moved_weights, REAL)                                                                 \
  X(moved_units, drop.moved_units, REAL)                                                                     \
  X(moves, drop.moves, REASON)                                                                               \
  X(note, drop.note, REASON)

#define DROP(column, member, kind) FIELD(rwk_drop_record, column, member, kind),
#define FOLD_DROP(column, member, kind) FIELD(rwk_fold_drop_record, column, drop.member, kind),

static const rwk_field DROPS[] = {DROP_LIST(DROP)};

static const rwk_field FOLD_DROPS[] = {FIELD(rwk_fold_drop_record, fold, fold, SIZE), DROP_LIST(FOLD_DROP)};

#define ORIGIN(column, member, kind) FIELD(rwk_origin, column, member, kind)

static const rwk_field ORIGINS[] = {
    ORIGIN(idx, index, SIZE),  ORIGIN(kind, kind, ORIGIN),   ORIGIN(walk, walk, WALK),
    ORIGIN(start, start, INT), ORIGIN(lambda, lambda, REAL), ORIGIN(won, won, REAL),
};

static const rwk_field COLLAPSE[] = {
    FIELD(rwk_collapse, nonzero, nonzero, REAL),
    FIELD(rwk_collapse, collapse, collapse, REAL),
    FIELD(rwk_collapse, lambda_c, lambda_c, REAL),
};

static const rwk_field FOLDS[] = {
    FIELD(rwk_fold_record, fold, fold, SIZE),
    FIELD(rwk_fold_record, seconds, seconds, REAL),
};

#define CV(column, member, kind) FIELD(rwk_cv_record, column, member, kind)

static const rwk_field CVS[] = {
    CV(count, summary.count, SIZE),
    CV(data_rows, summary.rows, SIZE),
    CV(outputs, summary.outputs, SIZE),
    CV(folds, summary.folds, SIZE),
    CV(repeats, summary.repeats, SIZE),
    CV(ensemble, summary.ensemble, INT),
    CV(index_min, summary.index[RWK_CV_MIN], SIZE),
    CV(index_1se, summary.index[RWK_CV_1SE], SIZE),
    CV(grid_end, end, INT64),
    CV(twins, summary.twins, SIZE),
    CV(twin_first, summary.twin_first, SIZE),
    CV(twin_second, summary.twin_second, SIZE),
    CV(seconds, summary.seconds, REAL),
};

#define CV_POINT(column, member, kind) FIELD(rwk_cv_point, column, member, kind)

static const rwk_field CV_POINTS[] = {
    CV_POINT(lambda, lambda, REAL),
    CV_POINT(mean, mean, REAL),
    CV_POINT(se, se, REAL),
    CV_POINT(parameters, parameters, REAL),
    CV_POINT(parameters_gn, parameters_gn, REAL),
    CV_POINT(explained, explained, REAL),
};

#define CV_ROW(column, member, kind) FIELD(rwk_cv_row, column, member, kind)

static const rwk_field CV_ROWS[] = {
    CV_ROW(repeat, repeat, SIZE), CV_ROW(data_row, row, SIZE),  CV_ROW(output, output, SIZE),
    CV_ROW(fold, fold, SIZE),     CV_ROW(weight, weight, REAL), CV_ROW(observed, observed, REAL),
    CV_ROW(at_min, at_min, REAL), CV_ROW(at_1se, at_1se, REAL),
};

#define SERIES(column, member, kind) FIELD(rwk_series_record, column, member, kind)

static const rwk_field SERIES_FIELDS[] = {
    SERIES(kind, kind, SERIES),    SERIES(walk, walk, WALK), SERIES(start, start, INT),
    SERIES(idx, index, SIZE),      SERIES(rows, rows, SIZE), SERIES(columns, columns, SIZE),
    SERIES(data, values, DOUBLES),
};

#define TRIAL(column, member, kind) FIELD(rwk_trial, column, member, kind)

static const rwk_field TRIALS[] = {
    TRIAL(lambda, lambda, REAL),       TRIAL(hidden, hidden, SIZE),
    TRIAL(depth, depth, SIZE),         TRIAL(activation, activation, ACTIVATION),
    TRIAL(solver, solver, SOLVER),     TRIAL(parameters, parameters, SIZE),
    TRIAL(mean, mean, REAL),           TRIAL(se, se, REAL),
    TRIAL(in_sample, in_sample, REAL), TRIAL(fits, fits, SIZE),
    TRIAL(certified, certified, SIZE), TRIAL(iterations, iterations, INT64),
    TRIAL(seconds, seconds, REAL),
};

#define SEARCH(column, member, kind) FIELD(rwk_search_summary, column, member, kind)

static const rwk_field SEARCHES[] = {
    SEARCH(trials, trials, SIZE),       SEARCH(data_rows, rows, SIZE),
    SEARCH(outputs, outputs, SIZE),     SEARCH(folds, folds, SIZE),
    SEARCH(held_out, held_out, FLAG),   SEARCH(best, best, SIZE),
    SEARCH(expected, expected, REAL),   SEARCH(expected_sd, expected_sd, REAL),
    SEARCH(explained, explained, REAL), SEARCH(seconds, seconds, REAL),
};

#define EFFICIENCY(column, member, kind) FIELD(rwk_efficiency, column, member, kind)

static const rwk_field EFFICIENCIES[] = {
    EFFICIENCY(trials, trials, SIZE), EFFICIENCY(mean, mean, REAL), EFFICIENCY(low, low, REAL),
    EFFICIENCY(median, median, REAL), EFFICIENCY(high, high, REAL),
};

static const rwk_field EFFECTS[] = {
    FIELD(rwk_effect, first, first, SIZE),
    FIELD(rwk_effect, second, second, SIZE),
    FIELD(rwk_effect, share, share, REAL),
};

static const rwk_field STATE[] = {
    FIELD(rwk_state_record, dim, dim, SIZE),
    FIELD(rwk_state_record, finished, finished, FLAG),
    FIELD(rwk_state_record, seconds, seconds, REAL),
    FIELD(rwk_state_record, digest, digest, INT64),
};

#define TABLE(name, key, fields, type, with_weights)                                                         \
  { name, key, fields, sizeof(fields) / sizeof *(fields), sizeof(type), with_weights }

static const rwk_table TABLES[RWK_TABLES] = {
    [RWK_TABLE_META] = TABLE("meta", "id", META, rwk_meta_record, 0),
    [RWK_TABLE_LAMBDA] = TABLE("lambda", "idx", LAMBDA, rwk_lambda_record, 0),
    [RWK_TABLE_FIT] = TABLE("fit", "id", FITS, rwk_fit, 1),
    [RWK_TABLE_DROP] = TABLE("drop_", "id", DROPS, rwk_drop_record, 0),
    [RWK_TABLE_ORIGIN] = TABLE("origin", "id", ORIGINS, rwk_origin, 0),
    [RWK_TABLE_COLLAPSE] = TABLE("collapse", "id", COLLAPSE, rwk_collapse, 0),
    [RWK_TABLE_FOLD] = TABLE("fold", "id", FOLDS, rwk_fold_record, 0),
    [RWK_TABLE_FOLD_FIT] = TABLE("fold_fit", "id", FOLD_FITS, rwk_fold_fit_record, 1),
    [RWK_TABLE_FOLD_DROP] = TABLE("fold_drop", "id", FOLD_DROPS, rwk_fold_drop_record, 0),
    [RWK_TABLE_CV] = TABLE("cv", "id", CVS, rwk_cv_record, 0),
    [RWK_TABLE_CV_POINT] = TABLE("cv_point", "idx", CV_POINTS, rwk_cv_point, 0),
    [RWK_TABLE_CV_ROW] = TABLE("cv_row", "id", CV_ROWS, rwk_cv_row, 0),
    [RWK_TABLE_SERIES] = TABLE("series", "id", SERIES_FIELDS, rwk_series_record, 0),
    [RWK_TABLE_TRIAL] = TABLE("trial", "idx", TRIALS, rwk_trial, 0),
    [RWK_TABLE_SEARCH] = TABLE("search", "id", SEARCHES, rwk_search_summary, 0),
    [RWK_TABLE_EFFICIENCY] = TABLE("efficiency", "id", EFFICIENCIES, rwk_efficiency, 0),
    [RWK_TABLE_EFFECT] = TABLE("effect", "id", EFFECTS, rwk_effect, 0),
    [RWK_TABLE_STATE] = TABLE("state", "id", STATE, rwk_state_record, 0),
};

const rwk_table *rwk_store_table(rwk_table_id id) {
  return &TABLES[id];
}

/* ---- Statements, written from the fields */

/* The longest statement has 46 columns of at most 40 letters. */
typedef struct sql_text {
  char text[4096];
  size_t length;
} sql_text;

static void add(sql_text *sql, const char *text) {
  const size_t length = strlen(text);
  if (sql->length + length >= sizeof sql->text) return; /* cannot be, and SQLite would refuse the rest */
  memcpy(sql->text + sql->length, text, length + 1);
  sql->length += length;
}

/* Doubles have no declared type: in a REAL column SQLite turns -0.0 into 0. */
static const char *declared_type(rwk_field_kind kind) {
  switch (kind) {
  case RWK_FIELD_REAL:
    return "";
  case RWK_FIELD_INT:
  case RWK_FIELD_FLAG:
  case RWK_FIELD_INT64:
  case RWK_FIELD_SIZE:
    return " INTEGER NOT NULL";
  case RWK_FIELD_DOUBLES:
    return " BLOB NOT NULL";
  default:
    return " TEXT NOT NULL";
  }
}

static void create_text(sql_text *sql, const rwk_table *table) {
  add(sql, "CREATE TABLE ");
  add(sql, table->name);
  add(sql, "(");
  add(sql, table->key);
  add(sql, " INTEGER PRIMARY KEY");
  for (size_t i = 0; i < table->count; i++) {
    add(sql, ", ");
    add(sql, table->fields[i].name);
    add(sql, declared_type(table->fields[i].kind));
  }
  add(sql, ", checksum INTEGER NOT NULL");
  if (table->with_weights) add(sql, ", weights BLOB NOT NULL");
  add(sql, ")");
}

static void column_list(sql_text *sql, const rwk_table *table) {
  add(sql, table->key);
  for (size_t i = 0; i < table->count; i++) {
    add(sql, ", ");
    add(sql, table->fields[i].name);
  }
  add(sql, ", checksum");
  if (table->with_weights) add(sql, ", weights");
}

static rwk_status prepare(sqlite3_stmt **statement, rwk_run *run, const char *sql, unsigned flags) {
  const int code = sqlite3_prepare_v3(run->db, sql, -1, flags, statement, NULL);
  return code == SQLITE_OK ? RWK_OK : rwk_store_fail(run, code, "read");
}

rwk_status rwk_store_select(sqlite3_stmt **statement, rwk_run *run, const rwk_table *table,
                            const char *tail) {
  sql_text sql = {.length = 0};
  add(&sql, "SELECT ");
  column_list(&sql, table);
  add(&sql, " FROM main.");
  add(&sql, table->name);
  add(&sql, " ");
  add(&sql, tail);
  return prepare(statement, run, sql.text, 0);
}

rwk_status rwk_store_prepare_put(rwk_run *run, rwk_table_id id) {
  const rwk_table *table = &TABLES[id];
  if (run->put[id]) return RWK_OK;
  sql_text sql = {.length = 0};
  add(&sql, "INSERT OR REPLACE INTO main.");
  add(&sql, table->name);
  add(&sql, "(");
  column_list(&sql, table);
  add(&sql, ") VALUES(?");
  for (size_t i = 0; i < table->count + 1 + (size_t)table->with_weights; i++) add(&sql, ", ?");
  add(&sql, ")");
  return prepare(&run->put[id], run, sql.text, SQLITE_PREPARE_PERSISTENT);
}

/* Those that put rows are made when they are first needed: most runs write to few of the tables. */
rwk_status rwk_store_prepare_all(rwk_run *run) {
  RWK_TRY(rwk_store_select(&run->get_fit, run, &TABLES[RWK_TABLE_FIT], "WHERE id = ?"));
  if (!run->writable) return RWK_OK;
  /* The state is found by its old checksum: if somebody else has written, there is none, and we stop. */
  RWK_TRY(prepare(&run->put_state, run,
                  "UPDATE main.state SET dim = ?1, finished = ?2, seconds = ?3, digest = ?4, checksum = ?5"
                  " WHERE id = 1 AND checksum = ?6",
                  SQLITE_PREPARE_PERSISTENT));
  RWK_TRY(prepare(&run->begin, run, "BEGIN IMMEDIATE", SQLITE_PREPARE_PERSISTENT));
  return prepare(&run->commit, run, "COMMIT", SQLITE_PREPARE_PERSISTENT);
}

void rwk_store_finalize_all(rwk_run *run) {
  sqlite3_stmt **all[] = {&run->get_fit,   &run->get_fold_fit, &run->get_checksum,
                          &run->put_state, &run->begin,        &run->commit};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    sqlite3_finalize(*all[i]);
    *all[i] = NULL;
  }
  for (int id = 0; id < RWK_TABLES; id++) {
    sqlite3_finalize(run->put[id]);
    run->put[id] = NULL;
  }
}

rwk_status rwk_store_create_schema(rwk_run *run) {
  char pragma[128];
  snprintf(pragma, sizeof pragma, "PRAGMA application_id = %d; PRAGMA user_version = %d",
           RWK_STORE_APPLICATION, RWK_STORE_VERSION);
  RWK_TRY(rwk_store_exec(run, pragma, "write"));
  for (int id = 0; id < RWK_TABLES; id++) {
    sql_text sql = {.length = 0};
    create_text(&sql, &TABLES[id]);
    RWK_TRY(rwk_store_exec(run, sql.text, "write"));
  }
  return RWK_OK;
}

rwk_status rwk_store_prepare_get_fold_fit(rwk_run *run) {
  if (run->get_fold_fit) return RWK_OK;
  return rwk_store_select(&run->get_fold_fit, run, &TABLES[RWK_TABLE_FOLD_FIT], "WHERE id = ?");
}

rwk_status rwk_store_prepare_get_checksum(rwk_run *run) {
  if (run->get_checksum) return RWK_OK;
  return prepare(&run->get_checksum, run, "SELECT checksum FROM main.fit WHERE id = ?",
                 SQLITE_PREPARE_PERSISTENT);
}

static rwk_status check_table(rwk_run *run, sqlite3_stmt *statement, const rwk_table *table) {
  sql_text sql = {.length = 0};
  create_text(&sql, table);
  sqlite3_reset(statement);
  int code = sqlite3_bind_text(statement, 1, table->name, -1, SQLITE_STATIC);
  if (code == SQLITE_OK) code = sqlite3_step(statement);
  if (code == SQLITE_DONE) return rwk_store_damaged(run, "table %s is missing", table->name);
  if (code != SQLITE_ROW) return rwk_store_fail(run, code, "read");
  const char *found = (const char *)sqlite3_column_text(statement, 0);
  if (!found || strcmp(found, sql.text) != 0)
    return rwk_store_damaged(run, "table %s is not as it should be", table->name);
  return RWK_OK;
}

rwk_status rwk_store_check_schema(rwk_run *run) {
  int64_t application = 0, version = 0;
  RWK_TRY(rwk_store_integer(&application, run, "PRAGMA application_id", "read"));
  if (application != RWK_STORE_APPLICATION)
    return rwk_fail(run->ctx, RWK_FORMAT, "%s is not a run file of ridgewalk", run->file);
  RWK_TRY(rwk_store_integer(&version, run, "PRAGMA user_version", "read"));
  if (version > RWK_STORE_VERSION)
    return rwk_fail(run->ctx, RWK_FORMAT,
                    "%s was written by a newer ridgewalk (schema %lld; this one reads schema %d)", run->file,
                    (long long)version, RWK_STORE_VERSION);
  if (version > 0 && version < RWK_STORE_VERSION)
    return rwk_fail(run->ctx, RWK_FORMAT,
                    "%s was written by an older ridgewalk (schema %lld; this one reads schema %d): make it "
                    "again, by the same command",
                    run->file, (long long)version, RWK_STORE_VERSION);
  if (version != RWK_STORE_VERSION)
    return rwk_store_damaged(run, "there is no schema %lld", (long long)version);
  sqlite3_stmt *statement = NULL;
  RWK_TRY(
      prepare(&statement, run, "SELECT sql FROM main.sqlite_master WHERE type = 'table' AND name = ?", 0));
  rwk_status status = RWK_OK;
  for (int id = 0; id < RWK_TABLES && status == RWK_OK; id++)
    status = check_table(run, statement, &TABLES[id]);
  sqlite3_finalize(statement);
  return status;
}
