/* A model as ONNX (opset 13, IR version 7): protocol buffers, of which only what is needed is written.
 *
 *   x [rows, inputs] -> Sub mean, Div scale -> for each layer MatMul W, Add b, and its activation -> Mul
 * scale, Add mean -> y [rows, outputs]; all doubles.
 *
 * Field numbers are those of onnx.proto. A message inside a message is preceded by its length, so that each
 * is gathered in a buffer of its own first. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "cli/export.h"

enum { DOUBLE = 11, IR_VERSION = 7, OPSET = 13, VARINT = 0, BYTES = 2 };

typedef struct buffer {
  unsigned char *bytes;
  size_t length, room;
  int failed; /* memory ran out: what was gathered is of no use */
} buffer;

static void add(buffer *b, const void *bytes, size_t length) {
  if (b->length + length > b->room && !b->failed) {
    const size_t room = 2 * (b->length + length) + 64;
    unsigned char *more = realloc(b->bytes, room);
    b->failed = !more;
    if (more) {
      b->bytes = more;
      b->room = room;
    }
  }
  if (b->failed || length == 0) return;
  memcpy(b->bytes + b->length, bytes, length);
  b->length += length;
}

static void add_varint(buffer *b, uint64_t x) {
  do {
    const unsigned char byte = (unsigned char)((x & 0x7f) | (x > 0x7f ? 0x80 : 0));
    add(b, &byte, 1);
    x >>= 7;
  } while (x);
}

static void add_integer(buffer *b, int field, uint64_t x) {
  add_varint(b, (uint64_t)field << 3 | VARINT);
  add_varint(b, x);
}

static void add_bytes(buffer *b, int field, const void *bytes, size_t length) {
  add_varint(b, (uint64_t)field << 3 | BYTES);
  add_varint(b, length);
  add(b, bytes, length);
}

static void add_text(buffer *b, int field, const char *text) {
  add_bytes(b, field, text, strlen(text));
}

/* The inner message is used up. */
static void add_message(buffer *b, int field, buffer *inner) {
  b->failed |= inner->failed;
  add_bytes(b, field, inner->bytes, inner->length);
  free(inner->bytes);
  *inner = (buffer){0};
}

/* GraphProto.initializer: a TensorProto with raw data, little-endian. rows 0: a vector. */
static void add_tensor(buffer *graph, const char *name, const double *x, size_t rows, size_t columns) {
  buffer tensor = {0};
  const size_t count = (rows ? rows : 1) * columns;
  if (rows) add_integer(&tensor, 1, rows);
  add_integer(&tensor, 1, columns);
  add_integer(&tensor, 2, DOUBLE);
  add_text(&tensor, 8, name);
  add_varint(&tensor, 9 << 3 | BYTES);
  add_varint(&tensor, count * 8);
  for (size_t k = 0; k < count; k++) {
    uint64_t bits;
    unsigned char bytes[8];
    memcpy(&bits, &x[k], sizeof bits);
    for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)(bits >> (8 * i));
    add(&tensor, bytes, sizeof bytes);
  }
  add_message(graph, 5, &tensor);
}

/* GraphProto.node; b NULL: one input. */
static void add_node(buffer *graph, const char *type, const char *a, const char *b, const char *out) {
  buffer node = {0};
  add_text(&node, 1, a);
  if (b) add_text(&node, 1, b);
  add_text(&node, 2, out);
  add_text(&node, 3, out);
  add_text(&node, 4, type);
  add_message(graph, 1, &node);
}

/* GraphProto.input or output: doubles [rows, width]. */
static void add_value(buffer *graph, int field, const char *name, size_t width) {
  buffer rows = {0}, columns = {0}, shape = {0}, tensor = {0}, type = {0}, value = {0};
  add_text(&rows, 2, "rows");
  add_integer(&columns, 1, width);
  add_message(&shape, 1, &rows);
  add_message(&shape, 1, &columns);
  add_integer(&tensor, 1, DOUBLE);
  add_message(&tensor, 2, &shape);
  add_message(&type, 1, &tensor);
  add_text(&value, 1, name);
  add_message(&value, 2, &type);
  add_message(graph, field, &value);
}

static const char *operator_of(const char *activation) {
  if (!strcmp(activation, "tanh")) return "Tanh";
  if (!strcmp(activation, "logistic")) return "Sigmoid";
  if (!strcmp(activation, "softplus")) return "Softplus";
  if (!strcmp(activation, "relu")) return "Relu";
  return NULL;
}

static void add_layers(buffer *graph, const cli_network *n) {
  char W[32], b[32], product[32], sum[32], in[32] = "a0";
  const char *type = operator_of(n->activation);
  for (size_t l = 0; l < n->count; l++) {
    const cli_layer *layer = &n->layers[l];
    snprintf(W, sizeof W, "W%zu", l + 1);
    snprintf(b, sizeof b, "b%zu", l + 1);
    snprintf(product, sizeof product, "p%zu", l + 1);
    snprintf(sum, sizeof sum, "z%zu", l + 1);
    add_tensor(graph, W, layer->W, layer->inputs, layer->outputs);
    add_tensor(graph, b, layer->b, 0, layer->outputs);
    add_node(graph, "MatMul", in, W, product);
    add_node(graph, "Add", product, b, sum);
    snprintf(in, sizeof in, "%s", sum);
    if (l + 1 == n->count || !type) continue;
    snprintf(in, sizeof in, "a%zu", l + 1);
    add_node(graph, type, sum, NULL, in);
  }
  add_node(graph, "Mul", in, "target_scale", "scaled");
  const rwk_loss loss = n->stored->report.loss;
  add_node(graph, "Add", "scaled", "target_mean", loss == RWK_LOSS_MSE ? "y" : "logits");
  if (loss != RWK_LOSS_MSE)
    add_node(graph, loss == RWK_LOSS_LOGISTIC ? "Sigmoid" : "Softmax", "logits", NULL, "y");
}

/* StringStringEntryProto: the names of inputs and outputs, one a line. */
static void add_names(buffer *model, const char *key, const cli_network *n, int outputs) {
  buffer text = {0}, entry = {0};
  const rwk_design *d = n->model->recipe;
  for (size_t k = 0; k < (outputs ? n->outputs : n->inputs); k++) {
    const char *name = outputs ? rwk_design_output_name(d, k) : rwk_design_input_name(d, k);
    if (k) add(&text, "\n", 1);
    add(&text, name, strlen(name));
  }
  add_text(&entry, 1, key);
  add_message(&entry, 2, &text);
  add_message(model, 14, &entry);
}

int cli_export_onnx(FILE *to, const cli_network *n) {
  buffer graph = {0}, opset = {0}, model = {0};
  add_tensor(&graph, "input_mean", n->input_mean, 0, n->inputs);
  add_tensor(&graph, "input_scale", n->input_scale, 0, n->inputs);
  add_tensor(&graph, "target_mean", n->target_mean, 0, n->outputs);
  add_tensor(&graph, "target_scale", n->target_scale, 0, n->outputs);
  add_node(&graph, "Sub", "x", "input_mean", "centred");
  add_node(&graph, "Div", "centred", "input_scale", "a0");
  add_layers(&graph, n);
  add_text(&graph, 2, "ridgewalk");
  add_value(&graph, 11, "x", n->inputs);
  add_value(&graph, 12, "y", n->outputs);
  add_integer(&model, 1, IR_VERSION);
  add_text(&model, 2, "ridgewalk");
  add_text(&model, 3, rwk_version());
  add_message(&model, 7, &graph);
  add_text(&opset, 1, "");
  add_integer(&opset, 2, OPSET);
  add_message(&model, 8, &opset);
  add_names(&model, "inputs", n, 0);
  add_names(&model, "outputs", n, 1);
  const int failed = model.failed;
  if (!failed) fwrite(model.bytes, 1, model.length, to);
  free(model.bytes);
  return failed ? cli_fail(CLI_NUMERICAL, "memory ran out") : 0;
}
