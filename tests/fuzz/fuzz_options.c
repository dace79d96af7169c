/* Any text as the words of a command line, divided at newlines, behind every verb: parsed, and every number,
 * size, time, list and grid in it read. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"
#include "fuzz/fuzz.h"

enum { WORDS = 30 };

static void read_value(rwk_context *ctx, const char *text) {
  double x, *grid;
  long long n;
  size_t bytes, count;
  const char **list;
  char *buffer, shown[100];
  if (cli_number(&x, text) == 0 && !isfinite(x)) abort();
  if (cli_whole(&n, text, 0, 1000) == 0 && (n < 0 || n > 1000)) abort();
  if (cli_size(&bytes, text) == 0 && bytes == 0) abort();
  if (cli_duration(&x, text) == 0 && !(x > 0 && isfinite(x))) abort();
  if (cli_split(&list, &count, &buffer, text) == 0) {
    for (size_t i = 0; i < count; i++)
      if (strchr(list[i], ',')) abort();
    free(list);
    free(buffer);
  }
  if (cli_lambda(&grid, &count, ctx, text, 1) == 0) {
    for (size_t i = 0; i < count; i++)
      if (!(grid[i] > 0) || !isfinite(grid[i]) || (i && !(grid[i] > grid[i - 1]))) abort();
    rwk_lambda_destroy(ctx, grid);
  }
  for (const char *p = rwk_text_shown(shown, sizeof shown, text); *p; p++)
    if ((unsigned char)*p < 0x20 || *p == 0x7f) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  rwk_context *ctx;
  char *text = malloc(size + 1);
  const char *words[WORDS];
  cli_args args;
  int count = 0;
  if (!text || rwk_context_create(&ctx, NULL) != RWK_OK) abort();
  memcpy(text, data, size);
  text[size] = 0;
  for (char *p = text; p && count < WORDS;) {
    words[count++] = p;
    p = strchr(p, '\n');
    if (p) *p++ = 0;
  }
  for (int verb = 1; verb; verb = verb < 1 << 20 ? verb * 2 : 0) {
    const char *copy[WORDS];
    if (!strcmp(cli_verb_name(verb), "?")) continue;
    memcpy(copy, words, sizeof copy);
    if (cli_parse(&args, verb, count, copy) != 0) continue;
    for (int o = 0; o < CLI_OPTIONS; o++)
      if (args.value[o]) read_value(ctx, args.value[o]);
  }
  for (int i = 0; i < count; i++) read_value(ctx, words[i]);
  rwk_context_destroy(ctx);
  free(text);
  return 0;
}
