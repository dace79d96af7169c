/* Pictures in the terminal: MSE and penalty of a path against log lambda, and the curve of a
 * cross-validation. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"

enum { COLUMNS = 60, ROWS = 10, WIDE = 2 * COLUMNS, HIGH = 4 * ROWS };

typedef struct canvas {
  unsigned char dots[HIGH][WIDE];
  double x0, x1, y0, y1;
} canvas;

static int terminal_is_utf8(void) {
  const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
  for (int i = 0; i < 3; i++) {
    const char *value =
        getenv(names[i]); /* NOLINT(concurrency-mt-unsafe): nobody sets the environment here */
    if (!value || !value[0]) continue;
    return strstr(value, "UTF-8") || strstr(value, "utf8") || strstr(value, "UTF8") || strstr(value, "utf-8");
  }
  return 0;
}

static void dot(canvas *c, double x, double y) {
  const double u = c->x1 > c->x0 ? (x - c->x0) / (c->x1 - c->x0) : 0.5,
               v = c->y1 > c->y0 ? (y - c->y0) / (c->y1 - c->y0) : 0.5;
  if (!(u >= 0 && u <= 1 && v >= 0 && v <= 1)) return;
  c->dots[HIGH - 1 - (int)lround(v * (HIGH - 1))][(int)lround(u * (WIDE - 1))] = 1;
}

static void line(canvas *c, double xa, double ya, double xb, double yb) {
  for (int k = 0; k <= WIDE; k++) {
    const double t = (double)k / WIDE;
    dot(c, xa + t * (xb - xa), ya + t * (yb - ya));
  }
}

/* One character cell: Braille has 2 x 4 dots, ASCII one of two characters. */
static void put_cell(FILE *to, const canvas *c, int row, int column, int utf8) {
  static const unsigned char bit[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
  unsigned mask = 0;
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 2; j++)
      if (c->dots[4 * row + i][2 * column + j]) mask |= bit[i][j];
  if (!mask)
    fputc(' ', to);
  else if (!utf8)
    fputc('*', to);
  else
    fprintf(to, "\xe2%c%c", 0xa0 + (int)(mask >> 6), 0x80 + (int)(mask & 0x3f)); /* U+2800 + mask */
}

/* How many cells of a row have to be written: nothing follows the last one with a dot. */
static int row_length(const canvas *c, int row) {
  for (int x = WIDE; x-- > 0;)
    for (int y = 4 * row; y < 4 * row + 4; y++)
      if (c->dots[y][x]) return x / 2 + 1;
  return 0;
}

/* The canvas with its axes; y is the logarithm of what is shown where `power` says so. */
static void print_canvas(FILE *to, const canvas *c, const cli_report *r, int power, int utf8) {
  for (int row = 0; row < ROWS; row++) {
    const double y = row == 0 ? c->y1 : row == ROWS - 1 ? c->y0 : NAN;
    if (isfinite(y))
      fprintf(to, "  %9.4g %s", power ? pow(10, y) : y, utf8 ? "\xe2\x94\xa4" : "+");
    else
      fprintf(to, "  %9s %s", "", utf8 ? "\xe2\x94\x82" : "|");
    const int length = row_length(c, row);
    for (int column = 0; column < length; column++) put_cell(to, c, row, column, utf8);
    fputc('\n', to);
  }
  char low[32], high[32];
  cli_lambda_text(low, cli_user_lambda(r, r->lambda[0]));
  cli_lambda_text(high, cli_user_lambda(r, r->lambda[r->count - 1]));
  const int room = COLUMNS - (int)(strlen(low) + strlen(high) + strlen(r->scale.lambda));
  fprintf(to, "  %9s  %s%*s%s%*s%s\n", "", low, room / 2, "", r->scale.lambda, room - room / 2, "", high);
}

static double quantity(const cli_report *r, const rwk_fit *p, int penalty) {
  return penalty ? (p->solve.penalty > 0 ? log10(p->solve.penalty) : NAN) : cli_mse(r, p->solve.loss);
}

static void draw(FILE *to, const cli_report *r, int penalty, int utf8) {
  canvas *c = calloc(1, sizeof *c);
  if (!c) {
    cli_memory_missed();
    return;
  }
  c->x0 = log2(cli_user_lambda(r, r->lambda[0]));
  c->x1 = log2(cli_user_lambda(r, r->lambda[r->count - 1]));
  c->y0 = INFINITY, c->y1 = -INFINITY;
  double largest = -INFINITY;
  for (size_t k = 0; k < r->walk_count; k++)
    for (size_t i = 0; i < r->count; i++)
      if (r->walks[k].points[i] && penalty) largest = fmax(largest, quantity(r, r->walks[k].points[i], 1));
  for (size_t k = 0; k < r->walk_count; k++)
    for (size_t i = 0; i < r->count; i++) {
      const double y = r->walks[k].points[i] ? quantity(r, r->walks[k].points[i], penalty) : NAN;
      if (!isfinite(y) || (penalty && y < largest - 6)) continue; /* all but zero is off the picture */
      c->y0 = fmin(c->y0, y);
      c->y1 = fmax(c->y1, y);
    }
  if (!(c->y1 >= c->y0)) {
    free(c);
    return;
  }
  for (size_t k = 0; k < r->walk_count; k++)
    for (size_t i = 0; i + 1 < r->count; i++) {
      const rwk_fit *a = r->walks[k].points[i], *b = r->walks[k].points[i + 1];
      if (!a || !b) continue;
      const double ya = quantity(r, a, penalty), yb = quantity(r, b, penalty);
      if (isfinite(ya) && isfinite(yb))
        line(c, log2(cli_user_lambda(r, a->lambda)), ya, log2(cli_user_lambda(r, b->lambda)), yb);
    }
  fprintf(to, "\n  %s%s\n", penalty ? "penalty R (log scale)" : cli_loss_word(r),
          r->walk_count > 1 ? ", all walks" : "");
  print_canvas(to, c, r, penalty, utf8);
  free(c);
}

void cli_print_plot(FILE *to, const cli_report *r) {
  if (r->count < 3) return;
  const int utf8 = terminal_is_utf8();
  draw(to, r, 0, utf8);
  draw(to, r, 1, utf8);
}

/* ---- the curve of a cross-validation */

/* A line of marks under the picture, at the two choices. */
static void print_choices(FILE *to, const canvas *c, const cli_report *r, const rwk_cv_summary *cv) {
  const size_t least = cv->index[RWK_CV_MIN], simple = cv->index[RWK_CV_1SE];
  int at[2];
  for (int k = 0; k < 2; k++) {
    const double x = log2(cli_user_lambda(r, r->lambda[k ? simple : least]));
    at[k] = c->x1 > c->x0 ? (int)lround((x - c->x0) / (c->x1 - c->x0) * (WIDE - 1)) / 2 : COLUMNS / 2;
  }
  if (least == simple)
    fprintf(to, "  %9s  %*s^ lambda_min = lambda_1se\n", "", at[0], "");
  else if (at[1] - at[0] > 13)
    fprintf(to, "  %9s  %*s^ lambda_min%*s^ lambda_1se\n", "", at[0], "", at[1] - at[0] - 12, "");
  else
    fprintf(to, "  %9s  %*s^%*s^ lambda_min, lambda_1se\n", "", at[0], "",
            at[1] > at[0] ? at[1] - at[0] - 1 : 0, "");
}

void cli_print_curve(FILE *to, const cli_report *r, const rwk_cv_point *points, const rwk_cv_summary *cv) {
  if (r->count < 3) return;
  canvas *c = calloc(1, sizeof *c);
  if (!c) {
    cli_memory_missed();
    return;
  }
  c->x0 = log2(cli_user_lambda(r, r->lambda[0]));
  c->x1 = log2(cli_user_lambda(r, r->lambda[r->count - 1]));
  double low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < r->count; i++) {
    if (!isfinite(points[i].mean)) continue;
    low = fmin(low, points[i].mean);
    high = fmax(high, points[i].mean);
  }
  if (!(high >= low)) {
    free(c);
    return;
  }
  const int power = low > 0 && high > 3 * low;
  c->y0 = power ? log10(low) : low;
  c->y1 = power ? log10(high) : high;
  for (size_t i = 0; i < r->count; i++) {
    const double x = log2(cli_user_lambda(r, r->lambda[i])), m = points[i].mean, se = points[i].se;
    if (!isfinite(m)) continue;
    if (isfinite(se)) { /* what of the bar is in the picture */
      const double a = fmax(m - se, low), b = fmin(m + se, high);
      line(c, x, power ? log10(a) : a, x, power ? log10(b) : b);
    }
    if (i + 1 == r->count || !isfinite(points[i + 1].mean)) continue;
    const double next = log2(cli_user_lambda(r, r->lambda[i + 1])), n = points[i + 1].mean;
    line(c, x, power ? log10(m) : m, next, power ? log10(n) : n);
  }
  fprintf(to, "\n  error held out, +- standard error%s\n", power ? " (log scale)" : "");
  print_canvas(to, c, r, power, terminal_is_utf8());
  print_choices(to, c, r, cv);
  free(c);
}
