#include "la/span.h"
#include <math.h>
#include <string.h>
#include "la/dense.h"

void rwk_span_init(rwk_span *span, rwk_context *ctx, size_t n) {
  *span = (rwk_span){.ctx = ctx, .n = n};
}

void rwk_span_release(rwk_span *span) {
  for (size_t i = 0; i < span->count; i++) rwk_free(span->ctx, span->vectors[i].value);
  rwk_free(span->ctx, span->vectors);
  *span = (rwk_span){0};
}

/* What of v[first .. end) is not 0, as a vector of its own. */
static rwk_status keep(rwk_span_vector *made, rwk_context *ctx, const double *v, size_t first, size_t end) {
  while (first < end && v[first] == 0) first++;
  while (first < end && v[end - 1] == 0) end--;
  *made = (rwk_span_vector){.first = first, .length = end - first};
  made->value = rwk_alloc(ctx, made->length ? made->length : 1, sizeof *made->value);
  if (!made->value) return rwk_fail_memory(ctx, "flat directions");
  memcpy(made->value, v + first, made->length * sizeof *made->value);
  return RWK_OK;
}

rwk_status rwk_span_add(rwk_span *span, const double *v) {
  RWK_TRY(rwk_grow(span->ctx, &span->vectors, &span->capacity, span->count + 1, sizeof *span->vectors));
  RWK_TRY(keep(&span->vectors[span->count], span->ctx, v, 0, span->n));
  span->count++;
  return RWK_OK;
}

void rwk_span_select(rwk_span *span, const unsigned char *wanted) {
  size_t kept = 0;
  for (size_t i = 0; i < span->count; i++)
    if (wanted[i])
      span->vectors[kept++] = span->vectors[i];
    else
      rwk_free(span->ctx, span->vectors[i].value);
  span->count = kept;
}

void rwk_span_axpy(double *x, double alpha, const rwk_span *span, size_t i) {
  const rwk_span_vector *u = &span->vectors[i];
  rwk_axpy(u->length, alpha, u->value, x + u->first);
}

double rwk_span_dot(const rwk_span *span, size_t i, const double *x) {
  const rwk_span_vector *u = &span->vectors[i];
  return rwk_dot(u->length, u->value, x + u->first);
}

void rwk_span_expand(double *x, const rwk_span *span, size_t i) {
  memset(x, 0, span->n * sizeof *x);
  memcpy(x + span->vectors[i].first, span->vectors[i].value, span->vectors[i].length * sizeof *x);
}

int rwk_span_same(const rwk_span *a, const rwk_span *b, double tol) {
  if (a->count != b->count) return 0;
  for (size_t i = 0; i < a->count; i++) {
    const rwk_span_vector *u = &a->vectors[i], *v = &b->vectors[i];
    if (u->first != v->first || u->length != v->length) return 0;
    for (size_t k = 0; k < u->length; k++)
      if (!(fabs(u->value[k] - v->value[k]) <= tol)) return 0;
  }
  return 1;
}

void rwk_span_product(double *y, const double *H, size_t ldh, const rwk_span *span, size_t i) {
  const rwk_span_vector *u = &span->vectors[i];
  memset(y, 0, span->n * sizeof *y);
  for (size_t r = 0; r < u->length; r++)
    if (u->value[r] != 0) rwk_axpy(span->n, u->value[r], H + (u->first + r) * ldh, y);
}

void rwk_span_project(double *x, const rwk_span *span) {
  for (size_t i = 0; i < span->count; i++) rwk_span_axpy(x, -rwk_span_dot(span, i, x), span, i);
}

void rwk_span_lift(double *H, size_t ldh, double alpha, const rwk_span *span) {
  for (size_t i = 0; i < span->count; i++) {
    const rwk_span_vector *u = &span->vectors[i];
    for (size_t r = 0; r < u->length; r++)
      rwk_axpy(u->length - r, alpha * u->value[r], u->value + r, H + (u->first + r) * (ldh + 1));
  }
}

rwk_status rwk_span_orthonormalise(rwk_span *span, double tol) {
  size_t rank = 0;
  rwk_status status = RWK_OK;
  double *v = rwk_alloc_doubles(span->ctx, span->n); /* 0 but where the vector at hand is */
  if (!v) return rwk_fail_memory(span->ctx, "flat directions");
  memset(v, 0, span->n * sizeof *v);
  size_t at = 0;
  for (; at < span->count && status == RWK_OK; at++) {
    rwk_span_vector *own = &span->vectors[at];
    size_t first = own->first, end = own->first + own->length;
    const double before = rwk_norm(own->length, own->value);
    int alone = 1;
    memcpy(v + first, own->value, own->length * sizeof *v);
    for (int pass = 0; pass < 2; pass++)
      for (size_t i = 0; i < rank && rank < span->n; i++) {
        const rwk_span_vector *u = &span->vectors[i];
        if (u->first >= end || u->first + u->length <= first) continue;
        const double share = rwk_span_dot(span, i, v);
        if (share == 0) continue;
        rwk_span_axpy(v, -share, span, i);
        alone = 0;
        if (u->first < first) first = u->first;
        if (u->first + u->length > end) end = u->first + u->length;
      }
    const double after = rwk_norm(end - first, v + first);
    const int stays = before > 0 && after > tol * before && rank < span->n;
    if (stays) rwk_scale(end - first, 1 / after, v + first);
    if (stays && !alone) {
      rwk_span_vector made;
      status = keep(&made, span->ctx, v, first, end);
      if (status == RWK_OK) {
        rwk_free(span->ctx, own->value);
        *own = made;
      }
    } else if (stays) {
      memcpy(own->value, v + first, own->length * sizeof *v);
    }
    memset(v + first, 0, (end - first) * sizeof *v);
    if (status != RWK_OK) break;
    if (stays) {
      const rwk_span_vector moved = span->vectors[rank];
      span->vectors[rank++] = *own;
      if (own != &span->vectors[rank - 1]) *own = moved; /* a dropped one, released at the end */
    }
  }
  if (status == RWK_OK) {
    for (size_t i = rank; i < span->count; i++) rwk_free(span->ctx, span->vectors[i].value);
    span->count = rank;
  }
  rwk_free_doubles(span->ctx, v);
  return status;
}
