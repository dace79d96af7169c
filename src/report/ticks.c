#include "report/ticks.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static double warp(const rwk_axis *axis, double x) {
  switch (axis->scale) {
  case RWK_AXIS_LOG:
    return log(x);
  case RWK_AXIS_SYMLOG:
    return copysign(log1p(fabs(x) / axis->linear), x);
  case RWK_AXIS_LINEAR:
    break;
  }
  return x;
}

static double unwarp(const rwk_axis *axis, double x) {
  switch (axis->scale) {
  case RWK_AXIS_LOG:
    return exp(x);
  case RWK_AXIS_SYMLOG:
    return copysign(expm1(fabs(x)) * axis->linear, x);
  case RWK_AXIS_LINEAR:
    break;
  }
  return x;
}

double rwk_scale_at(const rwk_scale *s, double x) {
  const double a = warp(s->axis, s->low), b = warp(s->axis, s->high);
  return s->from + (warp(s->axis, x) - a) / (b - a) * (s->to - s->from);
}

void rwk_scale_pad(rwk_scale *s, double share) {
  const double a = warp(s->axis, s->low), b = warp(s->axis, s->high);
  const double room = b > a ? share * (b - a) : s->axis->scale == RWK_AXIS_LINEAR ? fmax(fabs(a), 1) : 1;
  s->low = unwarp(s->axis, a - room);
  s->high = unwarp(s->axis, b + room);
}

static void label(rwk_tick *t, double base, int exponent, int negative) {
  snprintf(t->words, sizeof t->words, "%s%g", negative ? "\xe2\x88\x92" : "", base);
  snprintf(t->raised, sizeof t->raised, "%s%d", exponent < 0 ? "\xe2\x88\x92" : "",
           exponent < 0 ? -exponent : exponent);
}

static void plain_label(rwk_tick *t) {
  snprintf(t->words, sizeof t->words, "%s%.6g", t->at < 0 ? "\xe2\x88\x92" : "", fabs(t->at));
  t->raised[0] = 0;
}

static size_t powers(rwk_tick *ticks, const rwk_scale *s, double base, double room) {
  const double unit = log(base), most = fmax(1, fabs(s->to - s->from) / room);
  const int first = (int)ceil(log(s->low) / unit - 1e-6), last = (int)floor(log(s->high) / unit + 1e-6);
  const int stride =
      (int)fmax(1, fmax(ceil((last - first + 1) / most), ceil((last - first + 1.0) / RWK_TICKS_MOST)));
  size_t count = 0;
  for (int e = (int)(ceil((double)first / stride) * stride); e <= last && count < RWK_TICKS_MOST;
       e += stride) {
    ticks[count].at = pow(base, e);
    if (base == 10 && e >= -2 && e <= 3)
      plain_label(&ticks[count++]);
    else
      label(&ticks[count++], base, e, 0);
  }
  return count;
}

/* 1, 2, 3, 5 of every decade. */
static size_t within_decades(rwk_tick *ticks, const rwk_scale *s) {
  static const double parts[] = {1, 2, 3, 5};
  size_t count = 0;
  for (int e = (int)floor(log10(s->low)); e <= (int)ceil(log10(s->high)); e++)
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
      const double x = parts[k] * pow(10, e);
      if (x < s->low || x > s->high || count == RWK_TICKS_MOST) continue;
      ticks[count].at = x;
      plain_label(&ticks[count++]);
    }
  return count;
}

static size_t even(rwk_tick *ticks, const rwk_scale *s, double room) {
  const double span = s->high - s->low, most = fmax(2, floor(fabs(s->to - s->from) / room));
  const double rough = span / most, decade = pow(10, floor(log10(rough)));
  const double step = rough <= decade       ? decade
                      : rough <= 2 * decade ? 2 * decade
                      : rough <= 5 * decade ? 5 * decade
                                            : 10 * decade;
  size_t count = 0;
  for (double k = ceil(s->low / step - 1e-9); k * step <= s->high + 1e-9 * span && count < RWK_TICKS_MOST;
       k++) {
    ticks[count].at = k * step + 0.0; /* no -0 */
    plain_label(&ticks[count++]);
  }
  return count;
}

static size_t both_sides(rwk_tick *ticks, const rwk_scale *s, double room) {
  size_t count = 0;
  if (s->low <= 0 && s->high >= 0) {
    ticks[count].at = 0;
    plain_label(&ticks[count++]);
  }
  const int least = (int)ceil(log10(s->axis->linear));
  for (int negative = 0; negative < 2; negative++) {
    double before = rwk_scale_at(s, 0);
    for (int e = least; e < least + RWK_TICKS_MOST && count < RWK_TICKS_MOST; e++) {
      const double x = (negative ? -1 : 1) * pow(10, e);
      if (x < s->low || x > s->high || fabs(rwk_scale_at(s, x) - before) < room) continue;
      before = rwk_scale_at(s, x);
      ticks[count].at = x;
      if (e >= -2 && e <= 3)
        plain_label(&ticks[count++]);
      else
        label(&ticks[count++], 10, e, negative);
    }
  }
  return count;
}

size_t rwk_ticks(rwk_tick ticks[RWK_TICKS_MOST], const rwk_scale *s, double room) {
  if (!(s->high > s->low) || !isfinite(s->low) || !isfinite(s->high - s->low)) return 0;
  if (s->axis->scale == RWK_AXIS_SYMLOG) return both_sides(ticks, s, room);
  if (s->axis->scale == RWK_AXIS_LINEAR) return even(ticks, s, room);
  const double octaves = log2(s->high / s->low);
  if (octaves > (s->axis->binary ? 2 : 6.7)) return powers(ticks, s, s->axis->binary ? 2 : 10, room);
  return s->high < 2.5 * s->low ? even(ticks, s, room) : within_decades(ticks, s);
}
