#include "report/relief.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS = 12, LABEL_ROOM = 40 /* points across, below which a contour has no label */ };

/* Light to dark as it goes down: a ramp of one hue, which is right in grey too. */
static unsigned colour_of(double share) {
  static const double low[3] = {0x1f, 0x4e, 0x79}, high[3] = {0xfb, 0xfa, 0xf5};
  const double t = fmin(1, fmax(0, share));
  unsigned colour = 0;
  for (int k = 0; k < 3; k++)
    colour = colour << 8 | (unsigned)lround(low[k] + (high[k] - low[k]) * pow(t, 0.8));
  return colour;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

typedef struct heights {
  const rwk_relief *field;
  double lowest, unit; /* a height z stands at log(z - lowest + unit) */
  double from, to;     /* of that scale */
} heights;

static double stand(const heights *h, double z) {
  return (log(z - h->lowest + h->unit) - h->from) / (h->to - h->from);
}

static double level(const heights *h, int k) {
  return exp(h->from + (h->to - h->from) * (double)k / LEVELS) + h->lowest - h->unit;
}

/* Some cells may stand so high that nothing else would be seen: the scale ends at nine tenths of them. */
static int measure(heights *h, rwk_arena *arena, const rwk_relief *field) {
  const size_t all = field->x_count * field->y_count;
  double *sorted = rwk_arena_take(arena, all, sizeof *sorted);
  size_t count = 0;
  for (size_t k = 0; sorted && k < all; k++)
    if (isfinite(field->values[k])) sorted[count++] = field->values[k];
  if (count < 2) return 0;
  qsort(sorted, count, sizeof *sorted, ascending);
  *h = (heights){.field = field, .lowest = sorted[0]};
  const double top = sorted[count - 1 - count / 10];
  h->unit = fmax(0.02 * (sorted[count / 2] - sorted[0]), 1e-12 * (1 + fabs(sorted[0])));
  h->from = log(h->unit);
  h->to = log(fmax(top - h->lowest, 2 * h->unit) + h->unit);
  return 1;
}

static double value(const rwk_relief *f, size_t i, size_t j) {
  return f->values[j * f->x_count + i];
}

static void cells(rwk_canvas *canvas, const heights *h, const rwk_scale *sx, const rwk_scale *sy) {
  const rwk_relief *f = h->field;
  for (size_t j = 0; j + 1 < f->y_count; j++)
    for (size_t i = 0; i + 1 < f->x_count; i++) {
      const double z =
          (value(f, i, j) + value(f, i + 1, j) + value(f, i, j + 1) + value(f, i + 1, j + 1)) / 4;
      const double share = isfinite(z) ? floor(LEVELS * stand(h, z)) / LEVELS : 1;
      const double x0 = rwk_scale_at(sx, f->x[i]), x1 = rwk_scale_at(sx, f->x[i + 1]) + 0.15,
                   y0 = rwk_scale_at(sy, f->y[j]), y1 = rwk_scale_at(sy, f->y[j + 1]) - 0.15;
      const double corners[4][2] = {{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}};
      const rwk_pen pen = {colour_of(share), 0, 0, 1};
      canvas->ops->path(canvas, corners, 4, &pen, 1);
    }
}

/* Where an edge between heights a and b, at places p and q, meets the level; 0: it does not. */
static int crossing(double *at, double a, double b, double p, double q, double z) {
  if (!isfinite(a) || !isfinite(b) || (a < z) == (b < z)) return 0;
  *at = p + (z - a) / (b - a) * (q - p);
  return 1;
}

/* Pieces of a contour in one cell: up to four crossings of its edges, joined in pairs. */
static size_t pieces(double found[4][2], const rwk_relief *f, size_t i, size_t j, double z) {
  const double x0 = f->x[i], x1 = f->x[i + 1], y0 = f->y[j], y1 = f->y[j + 1];
  const double a = value(f, i, j), b = value(f, i + 1, j), c = value(f, i + 1, j + 1), d = value(f, i, j + 1);
  size_t count = 0;
  double at;
  if (crossing(&at, a, b, x0, x1, z)) found[count][0] = at, found[count++][1] = y0;
  if (crossing(&at, b, c, y0, y1, z)) found[count][0] = x1, found[count++][1] = at;
  if (crossing(&at, c, d, x1, x0, z)) found[count][0] = at, found[count++][1] = y1;
  if (crossing(&at, d, a, y1, y0, z)) found[count][0] = x0, found[count++][1] = at;
  return count;
}

static void contour(rwk_canvas *canvas, rwk_arena *arena, const rwk_relief *f, const rwk_scale *sx,
                    const rwk_scale *sy, double z, int number, int digits) {
  static const unsigned LINE = 0x5d5b55;
  const size_t most = 6 * f->x_count * f->y_count;
  double(*points)[2] = rwk_arena_take(arena, most, sizeof *points);
  size_t count = 0, pick = 0, pairs = 0;
  if (!points) return;
  for (size_t j = 0; j + 1 < f->y_count; j++)
    for (size_t i = 0; i + 1 < f->x_count; i++) {
      double found[4][2];
      const size_t n = pieces(found, f, i, j, z);
      for (size_t k = 0; k + 1 < n; k += 2, pairs++) {
        for (size_t e = 0; e < 2; e++, count++) {
          points[count][0] = rwk_scale_at(sx, found[k + e][0]);
          points[count][1] = rwk_scale_at(sy, found[k + e][1]);
        }
        points[count][0] = points[count][1] = NAN;
        count++;
      }
    }
  if (pairs == 0) return;
  const rwk_pen pen = {LINE, 0.35, 0, 0.9};
  canvas->ops->path(canvas, (const double(*)[2])points, count, &pen, 0);
  double left = INFINITY, right = -INFINITY;
  for (size_t k = 0; k < count; k++) {
    if (!isfinite(points[k][0])) continue;
    left = fmin(left, points[k][0]);
    right = fmax(right, points[k][0]);
  }
  if (number % 2 == 0 || right - left < LABEL_ROOM) return;
  char words[32];
  const rwk_font font = {5.5, 0, 0x1c1c1c};
  snprintf(words, sizeof words, "%.*g", digits, z);
  pick = 3 * (pairs * (size_t)(3 + number % 5) / 10); /* labels of neighbouring contours stand apart */
  canvas->ops->text(canvas, points[pick][0], points[pick][1] + 2, RWK_ANCHOR_MIDDLE, &font, words, NULL);
}

void rwk_relief_draw(rwk_canvas *canvas, rwk_arena *arena, const rwk_relief *field, const rwk_scale *sx,
                     const rwk_scale *sy) {
  heights h;
  if (!measure(&h, arena, field)) return;
  cells(canvas, &h, sx, sy);
  /* so many that neighbouring contours differ */
  const double step = level(&h, 3) - level(&h, 1);
  const int digits = (int)fmin(9, fmax(3, 1 + ceil(log10((1e-300 + fabs(h.lowest)) / step))));
  for (int k = 1; k < LEVELS; k++) contour(canvas, arena, field, sx, sy, level(&h, k), k, digits);
}
