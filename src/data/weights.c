/* Weights from JSON: {"layers":[{"W":[[row per input], ...],"b":[...]}, ...]}; NumPy's archives are npz.c's.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <jansson.h>
#include <ridgewalk/table.h>
#include "data/input.h"
#include "data/text.h"
#include "data/weights.h"

enum { CHUNK = 1 << 18 };
static const size_t FILE_MOST = (size_t)1 << 30;

void rwk_weights_destroy(rwk_weights *w) {
  if (!w) return;
  for (size_t l = 0; l < w->count; l++) {
    rwk_free_doubles(w->ctx, w->layers[l].W);
    rwk_free_doubles(w->ctx, w->layers[l].b);
  }
  rwk_free(w->ctx, w->layers);
  rwk_free(w->ctx, w);
}

/* Where in the file a message points. */
typedef struct place {
  rwk_context *ctx;
  const char *file;
  size_t layer;
} place;

static rwk_status number_at(double *x, const place *p, const json_t *value, const char *part, size_t i,
                            size_t j, int matrix) {
  char where[96];
  if (matrix)
    snprintf(where, sizeof where, "layers[%zu].%s[%zu][%zu]", p->layer, part, i, j);
  else
    snprintf(where, sizeof where, "layers[%zu].%s[%zu]", p->layer, part, j);
  if (!json_is_number(value)) return rwk_fail(p->ctx, RWK_FORMAT, "%s: %s is not a number", p->file, where);
  *x = json_number_value(value);
  return isfinite(*x) ? RWK_OK : rwk_fail(p->ctx, RWK_FORMAT, "%s: %s is not finite", p->file, where);
}

static rwk_status take_matrix(rwk_weights_layer_data *l, const place *p, const json_t *W) {
  l->inputs = json_array_size(W);
  if (!json_is_array(W) || l->inputs == 0)
    return rwk_fail(p->ctx, RWK_FORMAT, "%s: layers[%zu].W is not a list of rows, one row per input", p->file,
                    p->layer);
  for (size_t i = 0; i < l->inputs; i++) {
    const json_t *row = json_array_get(W, i);
    const size_t width = json_array_size(row);
    if (!json_is_array(row) || width == 0)
      return rwk_fail(p->ctx, RWK_FORMAT, "%s: layers[%zu].W[%zu] is not a list of numbers, one per unit",
                      p->file, p->layer, i);
    if (i == 0) {
      l->outputs = width;
      if (l->inputs > PTRDIFF_MAX / sizeof(double) / width) return rwk_fail_memory(p->ctx, "weights");
      l->W = rwk_alloc_doubles(p->ctx, l->inputs * width);
      if (!l->W) return rwk_fail_memory(p->ctx, "weights");
    }
    if (width != l->outputs)
      return rwk_fail(p->ctx, RWK_FORMAT, "%s: layers[%zu].W[%zu] has %zu numbers, W[0] has %zu", p->file,
                      p->layer, i, width, l->outputs);
    for (size_t j = 0; j < width; j++)
      RWK_TRY(number_at(&l->W[i * width + j], p, json_array_get(row, j), "W", i, j, 1));
  }
  return RWK_OK;
}

static rwk_status take_biases(rwk_weights_layer_data *l, const place *p, const json_t *b) {
  if (!b || json_is_null(b)) return RWK_OK;
  if (!json_is_array(b) || json_array_size(b) != l->outputs)
    return rwk_fail(p->ctx, RWK_FORMAT, "%s: layers[%zu].b is not a list of %zu numbers, one per unit",
                    p->file, p->layer, l->outputs);
  l->b = rwk_alloc_doubles(p->ctx, l->outputs);
  if (!l->b) return rwk_fail_memory(p->ctx, "weights");
  for (size_t j = 0; j < l->outputs; j++) RWK_TRY(number_at(&l->b[j], p, json_array_get(b, j), "b", 0, j, 0));
  return RWK_OK;
}

/* Weights or biases under another name would be lost without a word; what else a layer says of itself is its
 * own. */
static rwk_status check_keys(const place *p, json_t *entry) {
  static const char *const others[] = {"bias",    "biases", "intercept", "intercepts", "weight",
                                       "weights", "kernel", "coef",      "coefs"};
  char shown[RWK_SHOWN];
  const char *key;
  json_t *value;
  json_object_foreach(entry, key, value) {
    if (!strcmp(key, "W") || !strcmp(key, "b")) continue;
    int other = !strcasecmp(key, "W") || !strcasecmp(key, "b");
    for (size_t k = 0; k < sizeof others / sizeof *others; k++) other |= !strcasecmp(key, others[k]);
    if (other)
      return rwk_fail(p->ctx, RWK_FORMAT, "%s: layers[%zu] has '%s'; weights are called W and biases b",
                      p->file, p->layer, rwk_shown(shown, key, strlen(key)));
  }
  return RWK_OK;
}

static rwk_status take_layers(rwk_weights *w, place *p, const json_t *root) {
  const json_t *layers = json_object_get(root, "layers");
  const size_t count = json_array_size(layers);
  if (!json_is_array(layers) || count == 0)
    return rwk_fail(p->ctx, RWK_FORMAT,
                    "%s: no layers; the form is {\"layers\":[{\"W\":[[row per input]],\"b\":[...]}, ...]}",
                    p->file);
  w->layers = rwk_calloc(p->ctx, count, sizeof *w->layers);
  if (!w->layers) return rwk_fail_memory(p->ctx, "weights");
  w->count = count;
  for (size_t l = 0; l < count; l++) {
    json_t *entry = json_array_get(layers, l);
    p->layer = l;
    if (!json_is_object(entry))
      return rwk_fail(p->ctx, RWK_FORMAT,
                      "%s: layers[%zu] is not of the form {\"W\":[[row per input]],\"b\":[...]}", p->file, l);
    RWK_TRY(check_keys(p, entry));
    RWK_TRY(take_matrix(&w->layers[l], p, json_object_get(entry, "W")));
    RWK_TRY(take_biases(&w->layers[l], p, json_object_get(entry, "b")));
    if (l && w->layers[l].inputs != w->layers[l - 1].outputs)
      return rwk_fail(p->ctx, RWK_FORMAT,
                      "%s: layers[%zu].W has %zu rows, but the layer before has %zu units", p->file, l,
                      w->layers[l].inputs, w->layers[l - 1].outputs);
  }
  return RWK_OK;
}

/* Those of NumPy's archives begin like every ZIP file. */
static rwk_status from_npz(rwk_weights **weights, rwk_context *ctx, const char *name, const char *bytes,
                           size_t length) {
  rwk_weights *w = rwk_calloc(ctx, 1, sizeof *w);
  if (!w) return rwk_fail_memory(ctx, "weights");
  w->ctx = ctx;
  const rwk_status status = rwk_weights_from_npz(w, name, (const unsigned char *)bytes, length);
  if (status == RWK_OK)
    *weights = w;
  else
    rwk_weights_destroy(w);
  return status;
}

static rwk_status from_text(rwk_weights **weights, rwk_context *ctx, const char *name, const char *text,
                            size_t length) {
  json_error_t error;
  if (length >= 4 && !memcmp(text, "PK\x03\x04", 4)) return from_npz(weights, ctx, name, text, length);
  if (length >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) text += 3, length -= 3;
  /* whole numbers beyond 64 bits are doubles too */
  json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);
  if (!root) return rwk_fail_json(ctx, name, &error);
  rwk_weights *w = rwk_calloc(ctx, 1, sizeof *w);
  place p = {.ctx = ctx, .file = name};
  rwk_status status = RWK_OK;
  if (w) {
    w->ctx = ctx;
    status = take_layers(w, &p, root);
  } else {
    status = rwk_fail_memory(ctx, "weights");
  }
  json_decref(root);
  if (status == RWK_OK)
    *weights = w;
  else
    rwk_weights_destroy(w);
  return status;
}

rwk_status rwk_weights_parse(rwk_weights **weights, rwk_context *ctx, const char *name, const char *text,
                             size_t length) {
  *weights = NULL;
  char shown[RWK_SHOWN_FILE];
  return from_text(weights, ctx, rwk_shown_file(shown, name), text, length);
}

static rwk_status read_text(char **text, size_t *length, rwk_input *in) {
  size_t capacity = 0, got;
  do {
    if (*length > FILE_MOST)
      return rwk_fail(in->ctx, RWK_FORMAT, "%s: more than 1 GiB; is this a file of weights?", in->name);
    RWK_TRY(rwk_grow(in->ctx, text, &capacity, *length + CHUNK, 1));
    RWK_TRY(rwk_input_read(in, *text + *length, CHUNK, &got));
    *length += got;
  } while (got == CHUNK);
  return RWK_OK;
}

rwk_status rwk_weights_read(rwk_weights **weights, rwk_context *ctx, const char *file) {
  *weights = NULL;
  char shown[RWK_SHOWN_FILE], *text = NULL;
  size_t length = 0;
  rwk_input in;
  rwk_shown_file(shown, strcmp(file, "-") ? file : "standard input");
  RWK_TRY(rwk_input_open(&in, ctx, file, shown));
  rwk_status status = read_text(&text, &length, &in);
  if (status == RWK_OK) status = from_text(weights, ctx, shown, text, length);
  rwk_input_close(&in);
  rwk_free(ctx, text);
  return status;
}

size_t rwk_weights_layers(const rwk_weights *w) {
  return w->count;
}

rwk_status rwk_weights_layer(const double **W, const double **b, size_t *inputs, size_t *outputs,
                             const rwk_weights *w, size_t index) {
  if (index >= w->count)
    return rwk_fail(w->ctx, RWK_INVALID_ARGUMENT, "layer: there are %zu, none of number %zu", w->count,
                    index);
  const rwk_weights_layer_data *l = &w->layers[index];
  *W = l->W;
  *b = l->b;
  *inputs = l->inputs;
  *outputs = l->outputs;
  return RWK_OK;
}
