#include <limits.h>
#include <math.h>
#include <string.h>
#include <xxhash.h>
#include "store/store.h"

_Static_assert(sizeof(rwk_stop) == sizeof(int) && sizeof(rwk_verdict) == sizeof(int) &&
                   sizeof(rwk_cause) == sizeof(int) && sizeof(rwk_walk) == sizeof(int) &&
                   sizeof(rwk_origin_kind) == sizeof(int) && sizeof(rwk_series_kind) == sizeof(int) &&
                   sizeof(rwk_activation) == sizeof(int) && sizeof(rwk_solver_kind) == sizeof(int),
               "enums are copied as int");
_Static_assert(sizeof(double) == 8, "weights are 8 bytes each");
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "weights are written as they lie in memory, and a run file is little-endian"
#endif

enum { REASON_SIZE = sizeof(((rwk_certificate *)0)->reason) };

/* NULL for a value that is none. */
static const char *enum_name(rwk_field_kind kind, int value) {
  if (value < 0) return NULL;
  const char *name = kind == RWK_FIELD_STOP         ? rwk_stop_name((rwk_stop)value)
                     : kind == RWK_FIELD_VERDICT    ? rwk_verdict_name((rwk_verdict)value)
                     : kind == RWK_FIELD_CAUSE      ? rwk_cause_name((rwk_cause)value)
                     : kind == RWK_FIELD_ORIGIN     ? rwk_origin_name((rwk_origin_kind)value)
                     : kind == RWK_FIELD_SERIES     ? rwk_series_name((rwk_series_kind)value)
                     : kind == RWK_FIELD_ACTIVATION ? rwk_activation_name((rwk_activation)value)
                     : kind == RWK_FIELD_SOLVER     ? rwk_solver_name((rwk_solver_kind)value)
                                                    : rwk_walk_name((rwk_walk)value);
  return name[0] == '?' ? NULL : name;
}

/* -1 if there is no such name. */
static int enum_value(rwk_field_kind kind, const char *name) {
  const char *known;
  for (int value = 0; (known = enum_name(kind, value)) != NULL; value++)
    if (strcmp(known, name) == 0) return value;
  return -1;
}

static int is_enum(rwk_field_kind kind) {
  return kind == RWK_FIELD_STOP || kind == RWK_FIELD_VERDICT || kind == RWK_FIELD_CAUSE ||
         kind == RWK_FIELD_WALK || kind == RWK_FIELD_ORIGIN || kind == RWK_FIELD_SERIES ||
         kind == RWK_FIELD_ACTIVATION || kind == RWK_FIELD_SOLVER;
}

static const void *at(const void *record, const rwk_field *field) {
  return (const char *)record + field->offset;
}

/* The value of any field that is an integer in the file. */
static int64_t integer_of(const void *record, const rwk_field *field) {
  int i;
  size_t n;
  int64_t v;
  switch (field->kind) {
  case RWK_FIELD_SIZE:
    memcpy(&n, at(record, field), sizeof n);
    return n > INT64_MAX ? -1 : (int64_t)n;
  case RWK_FIELD_INT64:
    memcpy(&v, at(record, field), sizeof v);
    return v;
  default:
    memcpy(&i, at(record, field), sizeof i);
    return i;
  }
}

static double real_of(const void *record, const rwk_field *field) {
  double x;
  memcpy(&x, at(record, field), sizeof x);
  return x;
}

static rwk_doubles doubles_of(const void *record, const rwk_field *field) {
  rwk_doubles doubles;
  memcpy(&doubles, at(record, field), sizeof doubles);
  return doubles;
}

/* The text of any field that is text in the file; NULL if there is none. */
static const char *text_of(const void *record, const rwk_field *field) {
  if (is_enum(field->kind)) return enum_name(field->kind, (int)integer_of(record, field));
  if (field->kind == RWK_FIELD_REASON) return at(record, field);
  const char *text;
  memcpy(&text, at(record, field), sizeof text);
  return text;
}

static int is_text(rwk_field_kind kind) {
  return is_enum(kind) || kind == RWK_FIELD_REASON || kind == RWK_FIELD_STRING;
}

static int in_range(const void *record, const rwk_field *field) {
  if (field->kind == RWK_FIELD_REASON) return memchr(at(record, field), 0, REASON_SIZE) != NULL;
  if (is_text(field->kind)) return text_of(record, field) != NULL;
  if (field->kind == RWK_FIELD_REAL || field->kind == RWK_FIELD_INT64) return 1;
  if (field->kind == RWK_FIELD_DOUBLES) return doubles_of(record, field).count > 0;
  const int64_t value = integer_of(record, field);
  return value >= 0 && (field->kind != RWK_FIELD_FLAG || value <= 1);
}

const char *rwk_record_check(const rwk_table *table, const void *record) {
  for (size_t i = 0; i < table->count; i++)
    if (!in_range(record, &table->fields[i])) return table->fields[i].name;
  return NULL;
}

static uint64_t hash_bits(uint64_t bits, uint64_t seed) {
  unsigned char bytes[8];
  for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)(bits >> (8 * i));
  return XXH3_64bits_withSeed(bytes, sizeof bytes, seed);
}

static uint64_t hash_real(double x, uint64_t seed) {
  uint64_t bits = UINT64_C(0x7ff8000000000000); /* SQLite keeps no NaN apart from another */
  if (!isnan(x)) memcpy(&bits, &x, sizeof bits);
  return hash_bits(bits, seed);
}

/* Each link hashes one value, seeded with the hash of all before it: what belongs to which field stays told
 * apart. */
uint64_t rwk_record_checksum(const rwk_table *table, int64_t key, const void *record, const void *w,
                             size_t dim) {
  uint64_t hash = XXH3_64bits(table->name, strlen(table->name));
  hash = hash_bits((uint64_t)key, hash);
  for (size_t i = 0; i < table->count; i++) {
    const rwk_field *field = &table->fields[i];
    if (is_text(field->kind)) {
      const char *text = text_of(record, field);
      hash = XXH3_64bits_withSeed(text, strlen(text), hash);
    } else if (field->kind == RWK_FIELD_REAL) {
      hash = hash_real(real_of(record, field), hash);
    } else if (field->kind == RWK_FIELD_DOUBLES) {
      const rwk_doubles doubles = doubles_of(record, field);
      hash = XXH3_64bits_withSeed(doubles.values, doubles.count * sizeof *doubles.values, hash);
    } else {
      hash = hash_bits((uint64_t)integer_of(record, field), hash);
    }
  }
  return table->with_weights ? XXH3_64bits_withSeed(w, dim * sizeof(double), hash) : hash;
}

int rwk_record_bind(sqlite3_stmt *statement, int first, const rwk_table *table, const void *record) {
  int code = SQLITE_OK;
  for (size_t i = 0; i < table->count && code == SQLITE_OK; i++) {
    const rwk_field *field = &table->fields[i];
    const int place = first + (int)i;
    if (is_text(field->kind))
      code = sqlite3_bind_text(statement, place, text_of(record, field), -1, SQLITE_STATIC);
    else if (field->kind == RWK_FIELD_REAL)
      code = sqlite3_bind_double(statement, place, real_of(record, field)); /* NaN becomes NULL */
    else if (field->kind == RWK_FIELD_DOUBLES)
      code = sqlite3_bind_blob64(statement, place, doubles_of(record, field).values,
                                 doubles_of(record, field).count * sizeof(double), SQLITE_STATIC);
    else
      code = sqlite3_bind_int64(statement, place, integer_of(record, field));
  }
  return code;
}

static int put_integer(void *target, rwk_field_kind kind, int64_t value) {
  const int narrow = (int)value;
  const size_t size = (size_t)value;
  switch (kind) {
  case RWK_FIELD_INT64:
    memcpy(target, &value, sizeof value);
    return 1;
  case RWK_FIELD_SIZE:
    memcpy(target, &size, sizeof size);
    return value >= 0 && (uint64_t)value <= SIZE_MAX;
  default:
    memcpy(target, &narrow, sizeof narrow);
    return value >= 0 && value <= (kind == RWK_FIELD_FLAG ? 1 : INT_MAX);
  }
}

static rwk_status put_text(int *fine, void *target, rwk_context *ctx, rwk_field_kind kind, const char *text,
                           size_t length) {
  *fine = 0;
  if (strlen(text) != length) return RWK_OK; /* a NUL inside */
  if (kind == RWK_FIELD_REASON) {
    if (length >= REASON_SIZE) return RWK_OK;
    memcpy(target, text, length + 1);
  } else if (kind == RWK_FIELD_STRING) {
    char *copy = rwk_strdup(ctx, text);
    if (!copy) return rwk_fail_memory(ctx, "reading a run file");
    memcpy(target, &copy, sizeof copy);
  } else {
    const int value = enum_value(kind, text);
    if (value < 0) return RWK_OK;
    memcpy(target, &value, sizeof value);
  }
  *fine = 1;
  return RWK_OK;
}

static rwk_status put_doubles(int *fine, void *target, rwk_context *ctx, sqlite3_stmt *statement, int place) {
  const void *blob = sqlite3_column_blob(statement, place);
  const size_t size = (size_t)sqlite3_column_bytes(statement, place);
  rwk_doubles doubles = {NULL, size / sizeof(double)};
  *fine = 0;
  if (size == 0 || size % sizeof(double)) return RWK_OK;
  doubles.values = blob ? rwk_alloc(ctx, doubles.count, sizeof *doubles.values) : NULL;
  if (!doubles.values) return rwk_fail_memory(ctx, "reading a run file");
  memcpy(doubles.values, blob, size);
  memcpy(target, &doubles, sizeof doubles);
  *fine = 1;
  return RWK_OK;
}

rwk_status rwk_record_read(const char **bad, void *record, rwk_context *ctx, sqlite3_stmt *statement,
                           int first, const rwk_table *table) {
  for (size_t i = 0; i < table->count; i++) {
    const rwk_field *field = &table->fields[i];
    const int place = first + (int)i;
    const int type = sqlite3_column_type(statement, place);
    void *target = (char *)record + field->offset;
    int fine = 0;
    if (is_text(field->kind) && type == SQLITE_TEXT) {
      const char *text = (const char *)sqlite3_column_text(statement, place);
      if (!text) return rwk_fail_memory(ctx, "reading a run file");
      RWK_TRY(
          put_text(&fine, target, ctx, field->kind, text, (size_t)sqlite3_column_bytes(statement, place)));
    } else if (field->kind == RWK_FIELD_REAL && (type == SQLITE_FLOAT || type == SQLITE_NULL)) {
      const double x = type == SQLITE_NULL ? (double)NAN : sqlite3_column_double(statement, place);
      memcpy(target, &x, sizeof x);
      fine = 1;
    } else if (field->kind == RWK_FIELD_DOUBLES && type == SQLITE_BLOB) {
      RWK_TRY(put_doubles(&fine, target, ctx, statement, place));
    } else if (!is_text(field->kind) && field->kind != RWK_FIELD_REAL && type == SQLITE_INTEGER) {
      fine = put_integer(target, field->kind, sqlite3_column_int64(statement, place));
    }
    if (!fine) {
      *bad = field->name;
      return RWK_FORMAT;
    }
  }
  return RWK_OK;
}
