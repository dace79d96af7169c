#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"

void cli_say(const char *format, ...) {
  char text[4096], shown[4 * sizeof text];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  fprintf(stderr, "ridgewalk: %s\n", rwk_text_shown(shown, sizeof shown, text));
}

int cli_exit_code(rwk_status status) {
  switch (status) {
  case RWK_OK:
    return CLI_DONE;
  case RWK_INVALID_ARGUMENT:
    return CLI_USAGE;
  case RWK_IO:
  case RWK_FORMAT:
  case RWK_DATA:
  case RWK_MISMATCH:
    return CLI_DATA;
  case RWK_CANCELLED:
    return CLI_INTERRUPTED;
  case RWK_NO_MEMORY:
  case RWK_NOT_IMPLEMENTED:
  case RWK_NUMERICAL:
  case RWK_CALLBACK:
  case RWK_INTERNAL:
    break;
  }
  return CLI_NUMERICAL;
}

int cli_fail_status(const rwk_context *ctx, rwk_status status) {
  /* JSON that jansson had no memory to read looks wrong to it */
  if (status == RWK_FORMAT && cli_memory_short()) return cli_fail(CLI_NUMERICAL, "memory ran out");
  const char *text = rwk_context_error(ctx);
  /* what is without memory may have none for a sentence of its own; the last one is of something else then */
  const int own = text[0] && (status != RWK_NO_MEMORY || strstr(text, "memory"));
  return cli_fail(cli_exit_code(status), "%s", own ? text : rwk_status_message(status));
}

char *cli_escape(const char *text) {
  const size_t size = 4 * strlen(text) + 5;
  char *out = malloc(size);
  if (!out) cli_memory_missed();
  return out ? rwk_text_shown(out, size, text) : NULL;
}

int cli_split(const char ***list, size_t *count, char **buffer, const char *text) {
  size_t n = 1;
  for (const char *p = text; *p; p++) n += *p == ',';
  *list = malloc(n * sizeof **list);
  *buffer = malloc(strlen(text) + 1);
  *count = 0;
  if (!*list || !*buffer) {
    free(*list);
    free(*buffer);
    *list = NULL;
    *buffer = NULL;
    return cli_fail(CLI_NUMERICAL, "memory ran out");
  }
  memcpy(*buffer, text, strlen(text) + 1);
  for (char *p = *buffer;;) {
    (*list)[(*count)++] = p;
    p = strchr(p, ',');
    if (!p) return 0;
    *p++ = 0;
  }
}
