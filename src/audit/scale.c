/* Which factor makes a sweep's penalties fit its errors and weights? */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "audit/audit.h"

static const struct {
  double times;
  int power;
  const char *name, *objective_name;
} scales[] = {
#define RWK_X(symbol, t, p, name, objective_name) {t, p, name, objective_name},
    RWK_SCALE_LIST(RWK_X)
#undef RWK_X
};

enum { SCALES = sizeof scales / sizeof *scales };

/* With J_i = L_i + c l_i R_i, row i is beaten by j when (L_i - L_j) + c l_i (R_i - R_j) > 0, and where the
 * column holds J, when (J_i - J_j) - c (l_i - l_j) R_j > 0: both are straight in c, and so is what rounding
 * can do to them. */
rwk_pair rwk_audit_pair(const rwk_audit *d, size_t i, size_t j) {
  const double eps = 4 * DBL_EPSILON;
  const double l = d->lambda[i], Ri = d->penalty[i], Rj = d->penalty[j];
  rwk_pair p = {.a = d->mse[i] - d->mse[j],
                .t = d->mse_error[i] + d->mse_error[j] + eps * (d->mse[i] + d->mse[j])};
  if (!d->settings.objective) {
    p.b = l * (Ri - Rj);
    p.u = l * (d->penalty_error[i] + d->penalty_error[j] + eps * (Ri + Rj)) +
          d->lambda_error[i] * fabs(Ri - Rj);
  } else {
    p.b = (d->lambda[j] - l) * Rj;
    p.u = fabs(l - d->lambda[j]) * d->penalty_error[j] +
          (d->lambda_error[i] + d->lambda_error[j] + eps * (l + d->lambda[j])) * Rj;
  }
  return p;
}

static double largest(const double *x, size_t count) {
  double most = 0;
  for (size_t i = 0; i < count; i++) most = fmax(most, x[i]);
  return most;
}

/* Narrows the factors of row i by row j. */
static void narrow(rwk_interval *v, const rwk_pair *p) {
  const double a = p->a - p->t, b = p->b - p->u;
  if (b > 0)
    v->high = fmin(v->high, -a / b);
  else if (b < 0)
    v->low = fmax(v->low, a / -b);
  else if (a > 0)
    v->high = -1;
}

static rwk_status find_intervals(rwk_audit *d) {
  const double L = 1e-12 * largest(d->mse, d->count), R = 1e-12 * largest(d->penalty, d->count);
  for (size_t i = 0; i < d->count; i++) {
    rwk_interval v = {0, INFINITY};
    if (rwk_cancelled(d->ctx)) return rwk_fail(d->ctx, RWK_CANCELLED, "the audit was cancelled");
    if (d->settings.objective && d->lambda[i] * d->penalty[i] > 0) /* L is no less than 0 */
      v.high = (d->mse[i] + d->mse_error[i]) / (d->lambda[i] * d->penalty[i]) * (1 + 4 * DBL_EPSILON);
    for (size_t j = 0; j < d->count; j++) {
      if (i == j) continue;
      const rwk_pair p = rwk_audit_pair(d, i, j);
      narrow(&v, &p);
      if (d->group[j] < d->group[i] &&
          fabs(d->penalty[i] - d->penalty[j]) <= d->penalty_error[i] + d->penalty_error[j] + R &&
          (fabs(p.a) <= p.t + L || (d->settings.objective && d->penalty[i] > R)))
        d->echo[i] = 1;
    }
    d->interval[i] = v;
  }
  for (size_t i = 0; i < d->count; i++)
    if (d->echo[i] && d->interval[i].low <= d->interval[i].high) d->mute[d->group[i]] = 1;
  return RWK_OK;
}

/* How many penalties have a row that is not beaten at c? *range: the factors that all of these allow. */
static size_t agreeing(rwk_interval *range, const rwk_audit *d, double c) {
  size_t agree = 0;
  *range = (rwk_interval){0, INFINITY};
  for (size_t k = 0; k < d->count;) {
    const size_t g = d->group[d->order[k]];
    rwk_interval widest = {0, -1};
    for (; k < d->count && d->group[d->order[k]] == g; k++) {
      const rwk_interval v = d->interval[d->order[k]];
      if (v.low <= c && c <= v.high && v.high - v.low >= widest.high - widest.low) widest = v;
    }
    if (d->mute[g] || widest.high < 0) continue;
    agree++;
    range->low = fmax(range->low, widest.low);
    range->high = fmin(range->high, widest.high);
  }
  return agree;
}

typedef struct rwk_event {
  double at;
  int end; /* 0: an interval begins here; 1: it ends */
  size_t group;
} rwk_event;

static int by_place(const void *a, const void *b) {
  const rwk_event *x = a, *y = b;
  if (x->at != y->at) return x->at < y->at ? -1 : 1;
  return x->end - y->end;
}

/* The factor that most penalties agree on, 0 if there is none: the middle (of logarithms) of what they allow.
 * Among equals the one nearest to the expected factor. */
static rwk_status most_agreed(double *factor, const rwk_audit *d) {
  size_t n = 0, now = 0, most = 0;
  double nearest = INFINITY;
  rwk_event *events = rwk_alloc(d->ctx, 2 * d->count, sizeof *events);
  size_t *open = rwk_calloc(d->ctx, d->groups, sizeof *open);
  rwk_status status = RWK_OK;
  *factor = 0;
  if (!events || !open) {
    status = rwk_fail_memory(d->ctx, "the audit");
    goto done;
  }
  for (size_t i = 0; i < d->count; i++) {
    if (d->mute[d->group[i]] || !(d->interval[i].low <= d->interval[i].high)) continue;
    events[n++] = (rwk_event){d->interval[i].low, 0, d->group[i]};
    events[n++] = (rwk_event){d->interval[i].high, 1, d->group[i]};
  }
  if (n) qsort(events, n, sizeof *events, by_place);
  for (size_t k = 0; k < n; k++) {
    const rwk_event *e = &events[k];
    if (e->end) {
      if (--open[e->group] == 0) now--;
      continue;
    }
    if (open[e->group]++ == 0) now++;
    size_t next = k + 1;
    while (next < n && !events[next].end) next++; /* up to there nothing ends */
    if (next > k + 1 || !(e->at > 0) || next == n || !isfinite(events[next].at)) continue;
    const double middle = sqrt(e->at) * sqrt(events[next].at);
    const double distance = fabs(log(middle / d->settings.factor));
    if (now > most || (now == most && distance < nearest)) {
      most = now;
      nearest = distance;
      *factor = middle;
    }
  }
done:
  rwk_free(d->ctx, events);
  rwk_free(d->ctx, open);
  return status;
}

/* So many of n penalties must agree before a factor is believed. An end of the sweep agrees with almost any
 * factor, so that two are given; of the others half must. */
static size_t needed(size_t n) {
  return n <= 3 ? (n ? n - 1 : 0) : n / 2 + 1;
}

static void take(rwk_audit *d, rwk_scale scale, double factor, const char *name) {
  rwk_audit_summary *s = &d->summary;
  rwk_interval range;
  s->scale = scale;
  s->factor = factor;
  s->agree = agreeing(&range, d, factor);
  s->low = range.low;
  s->high = range.high;
  snprintf(s->convention, sizeof s->convention, "%s", name);
}

static double named_factor(const rwk_audit *d, int k) {
  return scales[k].times * pow(d->settings.rows, scales[k].power);
}

static const char *named(const rwk_audit *d, int k) {
  return d->settings.objective ? scales[k].objective_name : scales[k].name;
}

static int same(double a, double b) {
  return fabs(a - b) <= 1e-12 * fabs(b);
}

static void take_expected(rwk_audit *d) {
  const double c = d->settings.factor;
  rwk_scale scale = RWK_SCALE_EXPECTED;
  const char *name = d->convention;
  for (int k = SCALES - 1; k >= 0; k--) {
    if ((scales[k].power && !(d->settings.rows > 0)) || !same(c, named_factor(d, k))) continue;
    scale = (rwk_scale)k;
    if (!d->convention[0]) name = k == RWK_SCALE_AS_WRITTEN ? "mse" : named(d, k);
  }
  take(d, scale, c, name[0] ? name : "other");
}

rwk_status rwk_audit_find_scale(rwk_audit *d) {
  rwk_audit_summary *s = &d->summary;
  RWK_TRY(find_intervals(d));
  for (size_t g = 0; g < d->groups; g++) s->penalties += !d->mute[g];
  const size_t n = s->penalties;
  take_expected(d);
  s->agree_expected = s->agree;
  s->told = n >= 3;
  rwk_interval range;
  size_t most = 0;
  int best = -1;
  double middle, nearest = INFINITY;
  RWK_TRY(most_agreed(&middle, d));
  if (!s->told) {
    if (s->agree < n && middle > 0 && agreeing(&range, d, middle) == n) {
      s->low = range.low;
      s->high = range.high;
    }
    return RWK_OK;
  }
  for (int k = 0; k < SCALES; k++) {
    if (scales[k].power && !(d->settings.rows > 0)) continue;
    const double c = named_factor(d, k);
    const size_t agree = agreeing(&range, d, c);
    const double distance = middle > 0 ? fabs(log(c / middle)) : 0;
    if (agree > most || (agree == most && distance < nearest)) {
      most = agree;
      nearest = distance;
      best = k;
    }
  }
  const size_t missing = n - s->agree_expected;
  const int fits = s->agree_expected >= needed(n);
  const int all = most == n && missing >= 2 && 4 * missing >= n;
  if (best >= 0 && (all || (!fits && most >= needed(n) && most >= s->agree_expected + 2))) {
    take(d, (rwk_scale)best, named_factor(d, best), named(d, best));
  } else if (!fits && middle > 0) {
    const size_t agree = agreeing(&range, d, middle);
    if (agree >= needed(n) && agree >= s->agree_expected + 2) {
      take(d, RWK_SCALE_OTHER, middle, "other");
      if (s->low > 0 && isfinite(s->high)) take(d, RWK_SCALE_OTHER, sqrt(s->low) * sqrt(s->high), "other");
    } else {
      s->scale = RWK_SCALE_NONE;
    }
  } else if (!fits) {
    s->scale = RWK_SCALE_NONE;
  }
  if (s->scale == RWK_SCALE_NONE) s->convention[0] = 0;
  return RWK_OK;
}
