#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>
#include "store/row.h"

#define COLUMN(type, name, kind, member) {name, RWK_KIND_##kind, offsetof(type, member), sizeof(((type *)0)->member)}
#define FIT(name, kind, member) COLUMN(rwk_fit, name, kind, member)
#define DROP(name, kind, member) COLUMN(rwk_drop_row, name, kind, member)

/* What solver and certificate both report, loss for one, has the solver's under solve_ and the certificate's bare. */
static const rwk_column fit_columns[] = {
    FIT("walk", WALK, walk),
    FIT("start", INT, start),
    FIT("idx", SIZE, index),
    FIT("lambda", DOUBLE, lambda),
    FIT("seconds", DOUBLE, seconds),
    FIT("stop", STOP, solve.stop),
    FIT("solve_loss", DOUBLE, solve.loss),
    FIT("solve_penalty", DOUBLE, solve.penalty),
    FIT("solve_objective", DOUBLE, solve.objective),
    FIT("solve_grad_inf", DOUBLE, solve.grad_inf),
    FIT("iterations", COUNT, solve.iterations),
    FIT("values", COUNT, solve.values),
    FIT("gradients", COUNT, solve.gradients),
    FIT("solve_products", COUNT, solve.products),
    FIT("hessians", COUNT, solve.hessians),
    FIT("curvature_steps", COUNT, solve.curvature_steps),
    FIT("escapes", COUNT, solve.escapes),
    FIT("solve_seconds", DOUBLE, solve.seconds),
    FIT("verdict", VERDICT, certificate.verdict),
    FIT("escapable", FLAG, certificate.escapable),
    FIT("loss", DOUBLE, certificate.loss),
    FIT("penalty", DOUBLE, certificate.penalty),
    FIT("objective", DOUBLE, certificate.objective),
    FIT("grad_inf", DOUBLE, certificate.grad_inf),
    FIT("grad_norm", DOUBLE, certificate.grad_norm),
    FIT("grad_limit", DOUBLE, certificate.grad_limit),
    FIT("min_eig", DOUBLE, certificate.min_eig),
    FIT("min_eig_error", DOUBLE, certificate.min_eig_error),
    FIT("min_eig_rest", DOUBLE, certificate.min_eig_rest),
    FIT("max_eig", DOUBLE, certificate.max_eig),
    FIT("zero_limit", DOUBLE, certificate.zero_limit),
    FIT("positive", COUNT, certificate.positive),
    FIT("zero", COUNT, certificate.zero),
    FIT("negative", COUNT, certificate.negative),
    FIT("flats", COUNT, certificate.flats),
    FIT("kinks", COUNT, certificate.kinks),
    FIT("escape_curvature", DOUBLE, certificate.escape_curvature),
    FIT("dense", FLAG, certificate.dense),
    FIT("products", COUNT, certificate.products),
    FIT("certify_seconds", DOUBLE, certificate.seconds),
    FIT("reason", TEXT, certificate.reason),
};

static const rwk_column drop_columns[] = {
    DROP("walk", WALK, walk),
    DROP("start", INT, start),
    DROP("idx_from", SIZE, drop.from),
    DROP("idx_to", SIZE, drop.to),
    DROP("lambda_from", DOUBLE, drop.lambda_from),
    DROP("lambda_to", DOUBLE, drop.lambda_to),
    DROP("loss_from", DOUBLE, drop.loss_from),
    DROP("loss_to", DOUBLE, drop.loss_to),
    DROP("cause", CAUSE, drop.cause),
    DROP("at", DOUBLE, drop.at),
    DROP("excess_from", DOUBLE, drop.excess_from),
    DROP("excess_to", DOUBLE, drop.excess_to),
    DROP("certain", DOUBLE, drop.certain),
    DROP("grad_inf_from", DOUBLE, drop.grad_inf_from),
    DROP("grad_inf_to", DOUBLE, drop.grad_inf_to),
    DROP("min_eig_from", DOUBLE, drop.min_eig_from),
    DROP("min_eig_to", DOUBLE, drop.min_eig_to),
    DROP("finished_from", DOUBLE, drop.finished_from),
    DROP("finished_to", DOUBLE, drop.finished_to),
    DROP("falls_by", DOUBLE, drop.falls_by),
};

static const rwk_column collapse_columns[] = {
    COLUMN(rwk_collapse_row, "nonzero", DOUBLE, collapse.nonzero),
    COLUMN(rwk_collapse_row, "collapse", DOUBLE, collapse.collapse),
    COLUMN(rwk_collapse_row, "lambda_c", DOUBLE, collapse.lambda_c),
    COLUMN(rwk_collapse_row, "seconds", DOUBLE, seconds),
};

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))
const rwk_relation rwk_fit_relation = {"fit", fit_columns, LENGTH(fit_columns), 1, ", PRIMARY KEY(walk, start, idx)"};
const rwk_relation rwk_drop_relation = {"drop_", drop_columns, LENGTH(drop_columns), 0, ", PRIMARY KEY(walk, start, idx_from)"};
const rwk_relation rwk_collapse_relation = {"collapse", collapse_columns, LENGTH(collapse_columns), 0, ""};

static const char *const walk_names[] = {
#define RWK_X(symbol, name, meaning) name,
    RWK_WALK_LIST(RWK_X)
#undef RWK_X
};

static const char *const cause_names[] = {
#define RWK_X(symbol, name, meaning) name,
    RWK_CAUSE_LIST(RWK_X)
#undef RWK_X
};

/* SQL text. Names are constants of this file, never anybody's input; doubles have no type, because REAL would turn -0 into 0. */
static const char *sql_type(rwk_kind kind) {
  switch (kind) {
  case RWK_KIND_DOUBLE: return "";
  case RWK_KIND_INT:
  case RWK_KIND_FLAG:
  case RWK_KIND_COUNT:
  case RWK_KIND_SIZE: return " INTEGER NOT NULL";
  default: return " TEXT NOT NULL";
  }
}

typedef struct text {
  char *at;
  size_t used;
} text;

static void put(text *t, const char *piece) {
  const size_t length = strlen(piece);
  if (t->used + length >= RWK_SQL_ROOM) return;
  memcpy(t->at + t->used, piece, length + 1);
  t->used += length;
}

static void put_column(text *t, const char *name, const char *type) {
  put(t, "\"");
  put(t, name);
  put(t, "\"");
  put(t, type);
  put(t, ", ");
}

void rwk_sql_create(char sql[RWK_SQL_ROOM], const rwk_relation *r) {
  text t = {sql, 0};
  put(&t, "CREATE TABLE ");
  put(&t, r->name);
  put(&t, "(");
  for (int i = 0; i < r->count; i++) put_column(&t, r->columns[i].name, sql_type(r->columns[i].kind));
  if (r->weights) put_column(&t, "weights", " BLOB NOT NULL");
  put(&t, "checksum INTEGER NOT NULL");
  put(&t, r->key);
  put(&t, ")");
}

void rwk_sql_insert(char sql[RWK_SQL_ROOM], const rwk_relation *r) {
  text t = {sql, 0};
  put(&t, "INSERT OR REPLACE INTO ");
  put(&t, r->name);
  put(&t, " VALUES(");
  for (int i = 0; i < r->count + r->weights; i++) put(&t, "?, ");
  put(&t, "?)");
}

void rwk_sql_select(char sql[RWK_SQL_ROOM], const rwk_relation *r, const char *rest) {
  text t = {sql, 0};
  put(&t, "SELECT ");
  for (int i = 0; i < r->count; i++) put_column(&t, r->columns[i].name, "");
  if (r->weights) put(&t, "weights, ");
  put(&t, "checksum FROM ");
  put(&t, r->name);
  put(&t, rest);
}

/* One value, whatever its kind: a number, or a text. */
typedef struct value {
  enum { NUMBER, REAL, TEXT } type;
  int64_t number;
  double real;
  const char *text;
  size_t length;
} value;

#define MEMBER(type) (*(const type *)(const void *)((const char *)row + c->offset))

static value value_of(const rwk_column *c, const void *row) {
  value v = {.type = NUMBER};
  switch (c->kind) {
  case RWK_KIND_DOUBLE: v.type = REAL, v.real = MEMBER(double); break;
  case RWK_KIND_INT:
  case RWK_KIND_FLAG: v.number = MEMBER(int); break;
  case RWK_KIND_COUNT: v.number = MEMBER(int64_t); break;
  case RWK_KIND_SIZE: v.number = (int64_t)MEMBER(size_t); break;
  case RWK_KIND_WALK: v.type = TEXT, v.text = walk_names[MEMBER(rwk_walk)]; break;
  case RWK_KIND_CAUSE: v.type = TEXT, v.text = cause_names[MEMBER(rwk_cause)]; break;
  case RWK_KIND_STOP: v.type = TEXT, v.text = rwk_stop_name(MEMBER(rwk_stop)); break;
  case RWK_KIND_VERDICT: v.type = TEXT, v.text = rwk_verdict_name(MEMBER(rwk_verdict)); break;
  case RWK_KIND_TEXT: v.type = TEXT, v.text = (const char *)row + c->offset; break;
  }
  if (v.type == TEXT) v.length = c->kind == RWK_KIND_TEXT ? strnlen(v.text, c->room - 1) : strlen(v.text);
  return v;
}

int rwk_row_bind(sqlite3_stmt *statement, const rwk_relation *relation, const void *row) {
  for (int i = 0; i < relation->count; i++) {
    const value v = value_of(&relation->columns[i], row);
    const int code = v.type == REAL     ? sqlite3_bind_double(statement, i + 1, v.real)
                     : v.type == NUMBER ? sqlite3_bind_int64(statement, i + 1, v.number)
                                        : sqlite3_bind_text(statement, i + 1, v.text, (int)v.length, SQLITE_STATIC);
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

static int find_name(const char *text, const char *const *names, int count) {
  for (int i = 0; i < count; i++)
    if (!strcmp(names[i], text)) return i;
  return -1;
}

#define TARGET(type) (*(type *)(void *)((char *)row + c->offset))

static int read_text(void *row, const rwk_column *c, const char *text, size_t length) {
  int k;
  if (strlen(text) != length) return 0; /* a NUL inside */
  switch (c->kind) {
  case RWK_KIND_WALK:
    k = find_name(text, walk_names, LENGTH(walk_names));
    if (k >= 0) TARGET(rwk_walk) = (rwk_walk)k;
    return k >= 0;
  case RWK_KIND_CAUSE:
    k = find_name(text, cause_names, LENGTH(cause_names));
    if (k >= 0) TARGET(rwk_cause) = (rwk_cause)k;
    return k >= 0;
  case RWK_KIND_STOP: return rwk_stop_from_name(&TARGET(rwk_stop), text) == RWK_OK;
  case RWK_KIND_VERDICT: return rwk_verdict_from_name(&TARGET(rwk_verdict), text) == RWK_OK;
  default:
    if (length >= c->room) return 0;
    memcpy((char *)row + c->offset, text, length + 1);
    return 1;
  }
}

static int read_number(void *row, const rwk_column *c, int64_t n) {
  switch (c->kind) {
  case RWK_KIND_INT:
  case RWK_KIND_FLAG:
    if (n < 0 || n > (c->kind == RWK_KIND_FLAG ? 1 : INT_MAX)) return 0;
    TARGET(int) = (int)n;
    return 1;
  case RWK_KIND_COUNT:
    if (n < -1) return 0;
    TARGET(int64_t) = n;
    return 1;
  default:
    if (n < 0 || n > PTRDIFF_MAX) return 0;
    TARGET(size_t) = (size_t)n;
    return 1;
  }
}

const char *rwk_row_read(void *row, sqlite3_stmt *statement, const rwk_relation *relation) {
  for (int i = 0; i < relation->count; i++) {
    const rwk_column *c = &relation->columns[i];
    const int type = sqlite3_column_type(statement, i);
    int good;
    if (c->kind == RWK_KIND_DOUBLE) {
      good = type == SQLITE_FLOAT || type == SQLITE_NULL;
      TARGET(double) = type == SQLITE_FLOAT ? sqlite3_column_double(statement, i) : NAN;
    } else if (c->kind == RWK_KIND_INT || c->kind == RWK_KIND_FLAG || c->kind == RWK_KIND_COUNT || c->kind == RWK_KIND_SIZE) {
      good = type == SQLITE_INTEGER && read_number(row, c, sqlite3_column_int64(statement, i));
    } else {
      const char *text = type == SQLITE_TEXT ? (const char *)sqlite3_column_text(statement, i) : NULL;
      good = text && read_text(row, c, text, (size_t)sqlite3_column_bytes(statement, i));
    }
    if (!good) return c->name;
  }
  return NULL;
}

/* Checksums are of numbers as 8 little-endian bytes and of texts with their length in front. */
enum { BUFFER = 2048 };

static size_t put_number(unsigned char *at, uint64_t n) {
  for (int k = 0; k < 8; k++) at[k] = (unsigned char)(n >> 8 * k);
  return 8;
}

static size_t put_real(unsigned char *at, double x) {
  uint64_t bits = UINT64_C(0x7ff8000000000000); /* any NaN: the file keeps no payload */
  if (!isnan(x)) memcpy(&bits, &x, sizeof bits);
  return put_number(at, bits);
}

int64_t rwk_row_checksum(const rwk_relation *relation, const void *row, const void *weights, size_t bytes) {
  unsigned char buffer[BUFFER];
  size_t used = 0;
  for (int i = 0; i < relation->count; i++) {
    const value v = value_of(&relation->columns[i], row);
    if (used + 16 + v.length > sizeof buffer) break; /* cannot be: the longest row is a fit, 41 values and 400 bytes of text */
    if (v.type == REAL) {
      used += put_real(buffer + used, v.real);
    } else {
      used += put_number(buffer + used, v.type == NUMBER ? (uint64_t)v.number : (uint64_t)v.length);
      if (v.type == TEXT) memcpy(buffer + used, v.text, v.length);
      used += v.type == TEXT ? v.length : 0;
    }
  }
  const uint64_t seed = weights ? XXH3_64bits(weights, bytes) : 0;
  return (int64_t)XXH3_64bits_withSeed(buffer, used, seed);
}

int64_t rwk_text_checksum(const char *key, const char *value) {
  return (int64_t)XXH3_64bits_withSeed(value, strlen(value), XXH3_64bits(key, strlen(key)));
}

int64_t rwk_number_checksum(size_t index, double value) {
  unsigned char buffer[16];
  put_number(buffer, index);
  put_real(buffer + 8, value);
  return (int64_t)XXH3_64bits(buffer, sizeof buffer);
}
