/* NumPy's archives: a ZIP file whose members W0.npy, b0.npy, W1.npy, ... are arrays in the NPY format.
 *
 * Nothing in the file is believed before it has been compared with how many bytes there are: a member's size
 * with what DEFLATE can at most make of the bytes it has (1032 to 1), an array's with its member's. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include "data/text.h"
#include "data/weights.h"

enum { LAYERS_MOST = 1000, EXPANSION = 1032, NAME_MOST = 12 };

typedef struct archive {
  rwk_context *ctx;
  const char *name;
  const unsigned char *bytes;
  size_t length;
} archive;

static size_t little(const unsigned char *p, int count) {
  size_t x = 0;
  for (int i = count; i-- > 0;) x = x << 8 | p[i];
  return x;
}

/* A macro, as rwk_fail is, so that the compiler sees that it is a failure. */
#define damaged(a, what)                                                                                     \
  rwk_fail((a)->ctx, RWK_FORMAT, "%s: a damaged or unusual .npz file: %s", (a)->name, (what))

/* ---- ZIP ---- */

/* Where the central directory begins, and how many members it lists. */
static rwk_status find_directory(size_t *at, size_t *members, const archive *a) {
  enum { END = 22, COMMENT = 65535 };
  for (size_t back = END; back <= a->length && back <= END + COMMENT; back++) {
    const unsigned char *p = a->bytes + a->length - back;
    if (memcmp(p, "PK\x05\x06", 4) != 0 || little(p + 20, 2) != back - END) continue;
    *members = little(p + 10, 2);
    *at = little(p + 16, 4);
    return *at <= a->length ? RWK_OK : damaged(a, "its directory lies outside");
  }
  return damaged(a, "it has no directory; was the copy cut short?");
}

typedef struct member {
  const unsigned char *name, *data;
  size_t name_length, packed, size;
  unsigned method;
  unsigned long crc;
} member;

/* The member whose entry stands at *at of the directory; *at moves on. */
static rwk_status read_entry(member *m, size_t *at, const archive *a) {
  enum { ENTRY = 46, LOCAL = 30 };
  if (a->length - *at < ENTRY || memcmp(a->bytes + *at, "PK\x01\x02", 4) != 0)
    return damaged(a, "its directory is cut short");
  const unsigned char *p = a->bytes + *at;
  *m = (member){.name = p + ENTRY,
                .name_length = little(p + 28, 2),
                .packed = little(p + 20, 4),
                .size = little(p + 24, 4),
                .method = (unsigned)little(p + 10, 2),
                .crc = (unsigned long)little(p + 16, 4)};
  const size_t local = little(p + 42, 4),
               whole = ENTRY + m->name_length + little(p + 30, 2) + little(p + 32, 2);
  if (a->length - *at < whole) return damaged(a, "its directory is cut short");
  *at += whole;
  if (local > a->length || a->length - local < LOCAL || memcmp(a->bytes + local, "PK\x03\x04", 4) != 0)
    return damaged(a, "an array is not where the directory says");
  const size_t skip = LOCAL + little(a->bytes + local + 26, 2) + little(a->bytes + local + 28, 2);
  if (a->length - local < skip || a->length - local - skip < m->packed)
    return damaged(a, "an array lies outside");
  m->data = a->bytes + local + skip;
  if (m->method == 0 ? m->packed != m->size : m->method != 8)
    return damaged(a, "an array is packed in a way that is neither stored nor deflated");
  if (m->size / EXPANSION > m->packed) return damaged(a, "an array is larger than its bytes can be");
  return RWK_OK;
}

/* The member's bytes, *own to be released unless NULL. */
static rwk_status unpack(const unsigned char **bytes, unsigned char **own, const archive *a,
                         const member *m) {
  *own = NULL;
  *bytes = m->data;
  if (m->method == 8) {
    z_stream z = {0};
    if (m->size > UINT_MAX || m->packed > UINT_MAX) return damaged(a, "an array is too large");
    unsigned char *out = rwk_alloc(a->ctx, m->size + 1, 1);
    if (!out) return rwk_fail_memory(a->ctx, "weights");
    if (inflateInit2(&z, -15) != Z_OK) {
      rwk_free(a->ctx, out);
      return rwk_fail_memory(a->ctx, "weights");
    }
    z.next_in = (Bytef *)(uintptr_t)m->data; /* zlib does not write there */
    z.avail_in = (uInt)m->packed;
    z.next_out = out;
    z.avail_out = (uInt)m->size + 1;
    const int code = inflate(&z, Z_FINISH);
    const size_t made = z.total_out;
    inflateEnd(&z);
    if (code != Z_STREAM_END || made != m->size) {
      rwk_free(a->ctx, out);
      return damaged(a, "an array cannot be unpacked");
    }
    *own = out;
    *bytes = out;
  }
  if (crc32(crc32(0, NULL, 0), *bytes, (uInt)m->size) == m->crc) return RWK_OK;
  rwk_free(a->ctx, *own);
  *own = NULL;
  return damaged(a, "an array does not match its checksum");
}

/* ---- NPY ---- */

typedef struct array {
  size_t shape[2], dimensions;
  int fortran, big, single;
  const unsigned char *data;
} array;

/* Does the text go on with this word, behind blanks? Then *at moves on. */
static int next_is(const char **at, const char *end, const char *word) {
  while (*at < end && **at == ' ') ++*at;
  const size_t n = strlen(word);
  if ((size_t)(end - *at) < n || memcmp(*at, word, n) != 0) return 0;
  *at += n;
  return 1;
}

static int read_size(size_t *x, const char **at, const char *end) {
  int digits = 0;
  *x = 0;
  while (*at < end && **at == ' ') ++*at;
  for (; *at < end && **at >= '0' && **at <= '9' && digits < 12; ++*at, digits++)
    *x = *x * 10 + (size_t)(**at - '0');
  return digits > 0 && digits < 12;
}

static int read_shape(array *r, const char **at, const char *end) {
  if (!next_is(at, end, "(")) return 0;
  while (!next_is(at, end, ")")) {
    if (r->dimensions == 2 || !read_size(&r->shape[r->dimensions++], at, end)) return 0;
    if (!next_is(at, end, ",") && !(next_is(at, end, ")"))) return 0;
    if ((*at)[-1] == ')') break;
  }
  return r->dimensions > 0;
}

/* {'descr': '<f8', 'fortran_order': False, 'shape': (10, 8), } */
static int read_header(array *r, const char *at, const char *end) {
  int descr = 0, order = 0, shape = 0;
  if (!next_is(&at, end, "{")) return 0;
  while (!next_is(&at, end, "}")) {
    if (next_is(&at, end, "'descr':")) {
      descr = 1;
      if (next_is(&at, end, "'<f8'")) {
      } else if (next_is(&at, end, "'<f4'")) {
        r->single = 1;
      } else if (next_is(&at, end, "'>f8'")) {
        r->big = 1;
      } else if (next_is(&at, end, "'>f4'")) {
        r->big = r->single = 1;
      } else {
        return 0;
      }
    } else if (next_is(&at, end, "'fortran_order':")) {
      order = 1;
      r->fortran = next_is(&at, end, "True");
      if (!r->fortran && !next_is(&at, end, "False")) return 0;
    } else if (next_is(&at, end, "'shape':")) {
      if (shape++ || !read_shape(r, &at, end)) return 0;
    } else {
      return 0;
    }
    next_is(&at, end, ",");
  }
  return descr && order && shape;
}

static rwk_status read_array(array *r, const archive *a, const unsigned char *bytes, size_t length) {
  *r = (array){.shape = {1, 1}};
  if (length < 12 || memcmp(bytes, "\x93NUMPY", 6) != 0) return damaged(a, "a member is no NPY array");
  const int wide = bytes[6] >= 2;
  const size_t begin = wide ? 12 : 10, header = little(bytes + 8, wide ? 4 : 2);
  if (header > length - begin) return damaged(a, "an array's header is cut short");
  if (!read_header(r, (const char *)bytes + begin, (const char *)bytes + begin + header))
    return rwk_fail(a->ctx, RWK_FORMAT,
                    "%s: an array is no matrix or vector of floats; save it by numpy as float64", a->name);
  const size_t size = r->single ? 4 : 8, left = length - begin - header;
  if (r->shape[0] == 0 || r->shape[1] == 0) return damaged(a, "an array is empty");
  if (r->shape[0] > left / size / r->shape[1] || r->shape[0] * r->shape[1] * size != left)
    return damaged(a, "an array's shape does not match its bytes");
  r->data = bytes + begin + header;
  return RWK_OK;
}

static double element(const array *r, size_t k) {
  unsigned char b[8];
  const size_t size = r->single ? 4 : 8;
  for (size_t i = 0; i < size; i++) b[i] = r->data[k * size + (r->big ? size - 1 - i : i)];
  if (r->single) {
    const uint32_t bits = (uint32_t)little(b, 4);
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
  }
  const uint64_t bits = (uint64_t)little(b, 4) | (uint64_t)little(b + 4, 4) << 32;
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* The numbers row by row, to be released with rwk_free_doubles. */
static rwk_status take_numbers(double **to, const archive *a, const array *r, const char *what) {
  const size_t rows = r->shape[0], columns = r->shape[1];
  double *x = rwk_alloc_doubles(a->ctx, rows * columns);
  if (!x) return rwk_fail_memory(a->ctx, "weights");
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++) {
      const double value = element(r, r->fortran ? j * rows + i : i * columns + j);
      if (!isfinite(value)) {
        rwk_free_doubles(a->ctx, x);
        return rwk_fail(a->ctx, RWK_FORMAT, "%s: %s[%zu][%zu] is not finite", a->name, what, i, j);
      }
      x[i * columns + j] = value;
    }
  *to = x;
  return RWK_OK;
}

/* ---- layers ---- */

/* "W3.npy" or "b3.npy". */
static int parse_name(char *kind, size_t *number, const member *m) {
  if (m->name_length < 6 || m->name_length > NAME_MOST ||
      memcmp(m->name + m->name_length - 4, ".npy", 4) != 0)
    return 0;
  *kind = (char)m->name[0];
  *number = 0;
  for (size_t i = 1; i < m->name_length - 4; i++) {
    if (m->name[i] < '0' || m->name[i] > '9') return 0;
    *number = *number * 10 + (size_t)(m->name[i] - '0');
  }
  return (*kind == 'W' || *kind == 'b') && *number <= LAYERS_MOST;
}

static rwk_status take_member(rwk_weights *w, const archive *a, const member *m) {
  char kind, shown[RWK_SHOWN], what[NAME_MOST + 1];
  size_t number;
  if (!parse_name(&kind, &number, m))
    return rwk_fail(a->ctx, RWK_FORMAT,
                    "%s: an array '%s'; arrays are called W0, b0, W1, b1, ..., W with a row per input",
                    a->name, rwk_shown(shown, (const char *)m->name, m->name_length));
  const unsigned char *bytes;
  unsigned char *own;
  array r;
  RWK_TRY(unpack(&bytes, &own, a, m));
  rwk_weights_layer_data *l = &w->layers[number];
  snprintf(what, sizeof what, "%c%zu", kind, number);
  rwk_status status = read_array(&r, a, bytes, m->size);
  const size_t units = r.dimensions == 2 ? r.shape[1] : r.shape[0];
  if (status == RWK_OK && (kind == 'W' ? l->W : l->b))
    status = rwk_fail(a->ctx, RWK_FORMAT, "%s: there are two arrays %s", a->name, what);
  if (status == RWK_OK && r.dimensions != (kind == 'W' ? 2 : 1))
    status = rwk_fail(a->ctx, RWK_FORMAT, "%s: %s is no %s", a->name, what,
                      kind == 'W' ? "matrix with a row per input" : "vector with a number per unit");
  if (status == RWK_OK && (l->W || l->b) && l->outputs != units)
    status = rwk_fail(a->ctx, RWK_FORMAT, "%s: W%zu is for %zu units, but b%zu for %zu", a->name, number,
                      kind == 'W' ? units : l->outputs, number, kind == 'W' ? l->outputs : units);
  if (status == RWK_OK) status = take_numbers(kind == 'W' ? &l->W : &l->b, a, &r, what);
  if (status == RWK_OK) l->outputs = units;
  if (status == RWK_OK && kind == 'W') l->inputs = r.shape[0];
  rwk_free(a->ctx, own);
  return status;
}

/* Layers are numbered from 0 or from 1, and none is left out. */
static rwk_status close_ranks(rwk_weights *w, const archive *a) {
  const size_t first = w->layers[0].W || w->layers[0].b ? 0 : 1;
  size_t count = 0;
  if (first) memmove(w->layers, w->layers + 1, LAYERS_MOST * sizeof *w->layers);
  if (first) w->layers[LAYERS_MOST] = (rwk_weights_layer_data){0};
  while (count < w->count && w->layers[count].W) count++;
  if (count == 0) return rwk_fail(a->ctx, RWK_FORMAT, "%s: there is no array W0 or W1", a->name);
  for (size_t l = count; l < w->count; l++)
    if (w->layers[l].W || w->layers[l].b)
      return rwk_fail(a->ctx, RWK_FORMAT, "%s: there is no array W%zu, but one of a layer after it", a->name,
                      count + first);
  for (size_t l = 1; l < count; l++)
    if (w->layers[l].inputs != w->layers[l - 1].outputs)
      return rwk_fail(a->ctx, RWK_FORMAT, "%s: W%zu has %zu rows, but the layer before has %zu units",
                      a->name, l + first, w->layers[l].inputs, w->layers[l - 1].outputs);
  w->count = count;
  return RWK_OK;
}

rwk_status rwk_weights_from_npz(rwk_weights *w, const char *name, const unsigned char *bytes, size_t length) {
  const archive a = {w->ctx, name, bytes, length};
  size_t at, members;
  RWK_TRY(find_directory(&at, &members, &a));
  if (members == 0 || members > 2 * LAYERS_MOST) return damaged(&a, "no arrays, or too many");
  w->layers = rwk_calloc(w->ctx, LAYERS_MOST + 1, sizeof *w->layers);
  if (!w->layers) return rwk_fail_memory(w->ctx, "weights");
  w->count = LAYERS_MOST + 1;
  for (size_t k = 0; k < members; k++) {
    member m;
    RWK_TRY(read_entry(&m, &at, &a));
    RWK_TRY(take_member(w, &a, &m));
  }
  return close_ranks(w, &a);
}
