/* cli/json.h: JSON results, as every verb writes them. */
#ifndef RWK_CLI_JSON_H
#define RWK_CLI_JSON_H

#include <stdio.h>
#include <jansson.h>
#include <ridgewalk/certify.h>
#include <ridgewalk/mlp.h>

/* JSON has no NaN and no infinity: null stands for them. */
json_t *cli_json_number(double x);
/* A certificate, as a point P; mean: the mean loss; accuracy: of classes. */
json_t *cli_certificate_json(const rwk_certificate *c, rwk_loss loss, double user_lambda, double mean,
                             double accuracy);
/* Releases a text of json_dumps. */
void cli_json_free(void *block);
/* Writes root and a newline, and releases it; NULL is memory that ran out. 0 or an exit code. */
int cli_print_json(FILE *to, json_t *root);

#endif
