#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"

/* The program never leaves the "C" locale, so strtod reads a decimal point. Hexadecimal, inf and nan are no
 * numbers here. */
static int plain(double *x, const char *text, const char **end) {
  const size_t span = strspn(text, "0123456789+-.eE");
  char *stop;
  if (span == 0) return 0;
  *x = strtod(text, &stop);
  *end = stop;
  return stop != text && (size_t)(stop - text) <= span && isfinite(*x);
}

int cli_number(double *x, const char *text) {
  const char *end;
  if (!plain(x, text, &end)) return 1;
  if (*end == '^') {
    double power;
    if (!plain(&power, end + 1, &end)) return 1;
    *x = *x == 2 && power == floor(power) && fabs(power) < 1000 ? ldexp(1, (int)power) : pow(*x, power);
  }
  return *end || !isfinite(*x);
}

int cli_whole(long long *n, const char *text, long long low, long long high) {
  char *end;
  errno = 0;
  *n = strtoll(text, &end, 10);
  return end == text || *end || errno || *n < low || *n > high;
}

static int scaled(double *x, const char *text, const char *units, const double *factors) {
  const char *end, *unit;
  if (!plain(x, text, &end)) return 1;
  if (*end && end[1]) return 1;
  if (*end) {
    unit = strchr(units, *end);
    if (!unit) return 1;
    *x *= factors[unit - units];
  }
  return !(*x > 0) || !isfinite(*x);
}

int cli_size(size_t *bytes, const char *text) {
  static const double factors[] = {0x1p10, 0x1p10, 0x1p20, 0x1p20, 0x1p30, 0x1p30, 0x1p40, 0x1p40};
  double x;
  if (scaled(&x, text, "kKmMgGtT", factors) || x < 1) return 1;
  *bytes = x < 0x1p62 ? (size_t)x : (size_t)1 << 62;
  return 0;
}

int cli_duration(double *seconds, const char *text) {
  static const double factors[] = {1, 60, 3600, 86400};
  return scaled(seconds, text, "smhd", factors);
}

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int cli_lambda(double **list, size_t *count, rwk_context *ctx, const char *text, double scale) {
  const char **parts;
  char *buffer;
  size_t n;
  *list = NULL;
  double ends[3] = {0, 0, 2};
  if (strchr(text, ':')) {
    char copy[128];
    if (strlen(text) >= sizeof copy)
      return cli_fail(CLI_USAGE, "--lambda: '%s' is too long for a grid", text);
    memcpy(copy, text, strlen(text) + 1);
    int k = 0;
    for (char *p = copy, *next; p; p = next) {
      next = strchr(p, ':');
      if (next) *next++ = 0;
      if (k == 3 || cli_number(&ends[k++], p))
        return cli_fail(CLI_USAGE, "--lambda: '%s' is not FROM:TO[:FACTOR], such as 2^-16:2^2", text);
    }
    const rwk_status status = rwk_lambda_grid(list, count, ctx, ends[0] * scale, ends[1] * scale, ends[2]);
    return status == RWK_OK ? 0 : cli_fail_status(ctx, status);
  }
  if (cli_split(&parts, &n, &buffer, text)) return CLI_NUMERICAL;
  int code = 0;
  double *grid = malloc(n * sizeof *grid);
  for (size_t i = 0; i < n && grid && !code; i++) {
    if (cli_number(&grid[i], parts[i]) || !(grid[i] > 0))
      code = cli_fail(CLI_USAGE, "--lambda: '%s' is not a positive penalty", parts[i]);
    else
      grid[i] *= scale;
  }
  if (grid && !code) {
    qsort(grid, n, sizeof *grid, by_size);
    for (size_t i = 1; i < n && !code; i++)
      if (grid[i] == grid[i - 1]) code = cli_fail(CLI_USAGE, "--lambda: a penalty is given twice");
  }
  if (grid && !code) { /* a grid of one, then filled: so that the library's allocator owns it */
    const rwk_status status =
        rwk_lambda_grid(list, count, ctx, 1, ldexp(1, (int)n - 1 > 1000 ? 1000 : (int)n - 1), 2);
    if (n > 1000)
      code = cli_fail(CLI_USAGE, "--lambda: a list of more than 1000 penalties; give a grid FROM:TO:FACTOR");
    else if (status != RWK_OK)
      code = cli_fail_status(ctx, status);
    else
      memcpy(*list, grid, n * sizeof *grid);
  }
  if (!grid) code = cli_fail(CLI_NUMERICAL, "memory ran out");
  free(grid);
  free(parts);
  free(buffer);
  return code;
}

const char *cli_lambda_text(char text[32], double lambda) {
  int exponent;
  if (lambda > 0 && isfinite(lambda) && frexp(lambda, &exponent) == 0.5)
    snprintf(text, 32, "2^%d", exponent - 1);
  else
    snprintf(text, 32, "%.6g", lambda);
  return text;
}
