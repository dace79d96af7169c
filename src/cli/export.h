/* cli/export.h: a model written out for others. */
#ifndef RWK_CLI_EXPORT_H
#define RWK_CLI_EXPORT_H

#include "cli/model.h"

typedef struct cli_layer {
  size_t inputs, outputs;
  double *W; /* [inputs x outputs], a row per input */
  double *b; /* [outputs] */
} cli_layer;

/* One network that predicts what the model does, in standardised units: of several members, all units side by
 * side and the mean of the outputs. */
typedef struct cli_network {
  const cli_model *model;
  const cli_stored *stored;
  const char *activation;
  size_t inputs, outputs;
  double *input_mean, *input_scale, *target_mean, *target_scale;
  cli_layer *layers; /* [count] */
  size_t count;
} cli_network;

int cli_export_json(FILE *to, const cli_network *n);
int cli_export_csv(FILE *to, const cli_network *n);
int cli_export_c(FILE *to, const cli_network *n);
int cli_export_onnx(FILE *to, const cli_network *n);

#endif
