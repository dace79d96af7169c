/* What a trace is made of, on a branch in closed form. With f1' = -2 x h1(x), h1 = exp(T - A (x - 1)^2), and
 * f2 = 2 (y + 1) exp(-y), the critical points of f1 + f2 + lambda |w|^2 are, with t = log lambda,
 *
 *   t = T - A (x - 1)^2,   y = -t,   eigenvalues  4 A x (x - 1) exp(t)  and  2 y exp(t):
 *
 * minima for x > 1, a fold at x = 1. */
#include <ridgewalk/branch.h>
#include "path/branch.h"
#include "support/analytic.h"

static const double A = 0.7, T = -1;

static rwk_context *ctx;

static int setup(void **state) {
  (void)state;
  return rwk_context_create(&ctx, NULL) != RWK_OK;
}

static int teardown(void **state) {
  (void)state;
  rwk_context_destroy(ctx);
  return 0;
}

/* The integral of -2 u h1(u), and f2. */
static double parabola(double *g, double *H, const double *w, size_t n) {
  (void)n;
  const double u = w[0] - 1, h = exp(T - A * u * u), e = exp(-w[1]), pi = 3.14159265358979324;
  if (g) {
    g[0] = -2 * w[0] * h;
    g[1] = -2 * w[1] * e;
  }
  if (H) {
    H[0] = -2 * h + 4 * A * w[0] * u * h;
    H[1] = H[2] = 0;
    H[3] = 2 * (w[1] - 1) * e;
  }
  return h / A - exp(T) * sqrt(pi / A) * erf(sqrt(A) * u) + 2 * (w[1] + 1) * e;
}

/* One tracer, and the curve as it measures it. */
typedef struct fixture {
  rwk_problem *problem;
  rwk_branch branch;
  rwk_tracer c;
} fixture;

static void open_fixture(fixture *f) {
  f->problem = analytic_create(ctx, parabola, 2, 1);
  f->branch = (rwk_branch){.ctx = ctx, .dim = 2};
  rwk_branch_settings s;
  rwk_branch_settings_init(&s);
  assert_int_equal(rwk_tracer_open(&f->c, &f->branch, f->problem, &s), RWK_OK);
  f->c.lambda_from = 1;
  f->c.lambda_to = 0.5;
  f->c.t_to = log(0.5);
  f->c.direction = 1;
  f->c.scale = 0.4;
}

static void close_fixture(fixture *f) {
  rwk_tracer_close(&f->c);
  rwk_problem_destroy(f->problem);
}

/* The place at x with the tangent towards x = 1 and the curvature, both by arclength. */
static void put(const fixture *f, rwk_place *p, double x) {
  const double over = 1 / (f->c.scale * f->c.scale), u = x - 1, d[3] = {-1, -2 * A * u, 2 * A * u},
               k[3] = {0, 2 * A, -2 * A}, weight[3] = {over, over, 1};
  double square = 0, inner = 0, tau[3], bend[3];
  for (int i = 0; i < 3; i++) {
    square += weight[i] * d[i] * d[i];
    inner += weight[i] * d[i] * k[i];
  }
  for (int i = 0; i < 3; i++) {
    tau[i] = d[i] / sqrt(square);
    bend[i] = (k[i] - inner / square * d[i]) / square;
  }
  p->t = T - A * u * u;
  p->lambda = exp(p->t);
  p->w[0] = x;
  p->w[1] = -p->t;
  memcpy(p->tw, tau, 2 * sizeof *tau);
  memcpy(p->kw, bend, 2 * sizeof *bend);
  p->tt = tau[2];
  p->kt = bend[2];
  p->curved = 1;
  p->mu = fmin(4 * A * x * u, -2 * p->t) * p->lambda;
}

/* x where the curve meets the hyperplane at distance s from c->here. */
static double meet(fixture *f, double s) {
  double low = f->c.here.w[0] - 2 * s * f->c.scale, high = f->c.here.w[0] + 2 * s * f->c.scale;
  if (low > high) {
    const double swap = low;
    low = high;
    high = swap;
  }
  for (int k = 0; k < 100; k++) {
    const double x = 0.5 * (low + high);
    put(f, &f->c.next, x);
    *(rwk_tracer_distance(&f->c, &f->c.here, &f->c.next) > s ? &low : &high) = x;
  }
  return 0.5 * (low + high);
}

/* How far the arc is from the curve at s. */
static double miss(fixture *f, const rwk_arc *arc, double s) {
  const double x = meet(f, s), t = T - A * (x - 1) * (x - 1);
  rwk_arc_place(&f->c, arc, &f->c.probe, s);
  return fabs(f->c.probe.w[0] - x) + fabs(f->c.probe.w[1] + t) + fabs(f->c.probe.t - t);
}

/* Error of the arc through two places, beyond them (share 2) or between: {size, half the size}. */
static void errors(fixture *f, double e[2], int curved, double share) {
  for (int k = 0; k < 2; k++) {
    const double h = k ? 0.05 : 0.1;
    put(f, &f->c.here, 1.5);
    const double behind = meet(f, -h);
    put(f, &f->c.back, behind);
    f->c.here.curved = curved;
    rwk_tracer_stand(&f->c, 2);
    const rwk_arc *arc = rwk_tracer_ahead(&f->c);
    assert_near(arc->a, -h, 1e-12);
    assert_near(arc->b, 0, 1e-12);
    assert_true(curved ? isfinite(arc->tail) : isinf(arc->tail));
    e[k] = miss(f, arc, (share - 1) * h);
  }
}

/* Of degree 5 with curvatures, of degree 3 without: an error that is 2^6, 2^4 times smaller at half the size.
 */
static void test_orders(void **state) {
  (void)state;
  fixture f;
  double e[2];
  open_fixture(&f);
  for (int inside = 0; inside < 2; inside++) {
    errors(&f, e, 1, inside ? 0.4 : 2);
    assert_true(e[0] > 1e-12 && e[0] / e[1] > 45 && e[0] / e[1] < 90);
    errors(&f, e, 0, inside ? 0.4 : 2);
    assert_true(e[0] / e[1] > 12 && e[0] / e[1] < 21);
  }
  close_fixture(&f);
}

/* The slope of an arc is the derivative of its places. */
static void test_slope(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f);
  put(&f, &f.c.here, 1.4);
  put(&f, &f.c.next, 1.2);
  rwk_tracer_span(&f.c, &f.c.inside, &f.c.here, &f.c.next);
  const double s = 0.3, h = 1e-5;
  double slope[2];
  const double tt = rwk_arc_slope(&f.c, &f.c.inside, slope, s);
  rwk_arc_place(&f.c, &f.c.inside, &f.c.probe, s + h);
  rwk_arc_place(&f.c, &f.c.inside, &f.c.back, s - h);
  for (int i = 0; i < 2; i++) assert_near((f.c.probe.w[i] - f.c.back.w[i]) / (2 * h), slope[i], 1e-9);
  assert_near((f.c.probe.t - f.c.back.t) / (2 * h), tt, 1e-9);
  close_fixture(&f);
}

/* From both sides of the fold: where it is, to the square of how well the arc knows the way. */
static void test_turning(void **state) {
  (void)state;
  fixture f;
  double t;
  open_fixture(&f);
  put(&f, &f.c.here, 1.05);
  put(&f, &f.c.next, 0.96);
  rwk_tracer_span(&f.c, &f.c.inside, &f.c.here, &f.c.next);
  const double s = rwk_arc_turning(&f.c.inside, 0, f.c.inside.b, &t);
  assert_near(t, T, 1e-9);
  rwk_arc_place(&f.c, &f.c.inside, &f.c.probe, s);
  assert_near(f.c.probe.w[0], 1, 1e-5);
  assert_near(f.c.probe.t, t, 1e-15);
  close_fixture(&f);
}

/* Is the probe the place of the curve at s, with its tangent and its eigenvalue? */
static void check_probe(fixture *f, double s, double tangent) {
  const double x = meet(f, s);
  put(f, &f->c.next, x);
  assert_near(f->c.probe.w[0], x, 1e-9);
  assert_near(f->c.probe.t, f->c.next.t, 1e-9);
  for (int i = 0; i < 2; i++) assert_near(f->c.probe.tw[i], f->c.next.tw[i], tangent);
  assert_near(f->c.probe.tt, f->c.next.tt, tangent);
  assert_near(f->c.probe.mu, f->c.next.mu, 1e-2 * f->c.next.mu);
  assert_int_equal(f->c.probe.negative, 0);
}

/* A step takes one factor. One from close by will do for a place after it, corrected by Broyden's method,
 * whose tangent and eigenvalue are found by products. */
static void test_corrector(void **state) {
  (void)state;
  fixture f;
  int factored;
  open_fixture(&f);
  rwk_tracer *c = &f.c;
  put(&f, &c->here, 1.5);
  const double behind = meet(&f, -0.2);
  put(&f, &c->back, behind);
  c->step = 0.2;
  rwk_tracer_stand(c, 2);
  assert_int_equal(rwk_tracer_reach(c, &c->probe, rwk_tracer_ahead(c), 0.4, &factored), RWK_OK);
  assert_int_equal(factored, 1);
  assert_true(c->first > 1e-6 && c->contraction < 0.1);
  check_probe(&f, 0.4, 1e-6);
  /* the curvature by differences */
  assert_int_equal(rwk_tracer_curve(c, &c->probe, 1e-3, 0), RWK_OK);
  const double x = meet(&f, 0.4);
  put(&f, &c->next, x);
  for (int i = 0; i < 2; i++) assert_near(c->probe.kw[i], c->next.kw[i], 1e-5);
  assert_near(c->probe.kt, c->next.kt, 1e-5);
  /* beside it, by the same factor */
  c->chord = 1;
  assert_int_equal(rwk_tracer_reach(c, &c->probe, rwk_tracer_ahead(c), 0.5, &factored), RWK_OK);
  assert_int_equal(factored, 0);
  assert_true(c->first > 1e-7);
  check_probe(&f, 0.5, 1e-5);
  close_fixture(&f);
}

/* A place that is said well is believed; one on the other side of what is said is not. */
static void test_trust(void **state) {
  (void)state;
  fixture f;
  open_fixture(&f);
  rwk_tracer *c = &f.c;
  put(&f, &c->here, 1.5);
  const double behind = meet(&f, -0.2);
  put(&f, &c->back, behind);
  rwk_tracer_stand(c, 2);
  const rwk_arc *arc = rwk_tracer_ahead(c);
  const double s = 0.4, x = meet(&f, s);
  put(&f, &c->next, x);
  c->here.loss = parabola(NULL, NULL, c->here.w, 2);
  c->next.loss = parabola(NULL, NULL, c->next.w, 2);
  rwk_place *const ends[2] = {&c->here, &c->next};
  for (int e = 0; e < 2; e++) /* dL/ds = -2 lambda w'dw/ds */
    ends[e]->dloss = -2 * ends[e]->lambda * rwk_dot(2, ends[e]->w, ends[e]->tw);
  assert_true(rwk_tracer_as_said(c, &c->here, &c->next, arc, s, 1e-3));
  assert_true(rwk_tracer_smooth(c, &c->here, &c->next, s));
  assert_false(rwk_tracer_as_said(c, &c->here, &c->next, arc, s, 0.1 * s)); /* corrected by too much */
  const double loss = c->next.loss;
  c->next.loss = c->here.loss - 3 * (loss - c->here.loss); /* L goes elsewhere */
  assert_false(rwk_tracer_as_said(c, &c->here, &c->next, arc, s, 1e-3));
  assert_false(rwk_tracer_smooth(c, &c->here, &c->next, s));
  c->next.loss = loss;
  c->next.tt = -c->next.tt; /* the tangent does */
  assert_false(rwk_tracer_as_said(c, &c->here, &c->next, arc, s, 1e-3));
  close_fixture(&f);
}

/* The whole: the fold at exp(T), and the way to a minimum that is known before it. */
static void test_trace(void **state) {
  (void)state;
  rwk_problem *p = analytic_create(ctx, parabola, 2, 1);
  rwk_branch *b;
  const double from = -2, to = -1.2, w[2] = {1 + sqrt((T - from) / A), -from},
               end[2] = {1 + sqrt((T - to) / A), -to};
  assert_int_equal(rwk_branch_trace(&b, ctx, p, w, exp(from), exp(-0.5), NULL), RWK_OK);
  const rwk_branch_event *e = rwk_branch_events(b);
  assert_int_equal(e->kind, RWK_EVENT_FOLD);
  assert_near(log(e->lambda), T, 1e-11);
  assert_near(e->w[0], 1, 1e-6);
  rwk_branch_destroy(b);
  for (int known = 0; known < 2; known++) {
    assert_int_equal(rwk_branch_between(&b, ctx, p, w, exp(from), known ? end : NULL, exp(to), NULL), RWK_OK);
    assert_int_equal(rwk_branch_events(b)->kind, RWK_EVENT_REACHED);
    const rwk_branch_point *last = rwk_branch_points(b) + rwk_branch_count(b) - 1;
    assert_near(last->w[0], end[0], 1e-8);
    if (known) assert_int_equal(rwk_branch_count(b), 3);
    rwk_branch_destroy(b);
  }
  /* one that is on no branch from here does no harm */
  const double elsewhere[2] = {4, 0.3};
  assert_int_equal(rwk_branch_between(&b, ctx, p, w, exp(from), elsewhere, exp(to), NULL), RWK_OK);
  assert_int_equal(rwk_branch_events(b)->kind, RWK_EVENT_REACHED);
  assert_near(rwk_branch_points(b)[rwk_branch_count(b) - 1].w[0], end[0], 1e-8);
  rwk_branch_destroy(b);
  rwk_problem_destroy(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_orders),    cmocka_unit_test(test_slope), cmocka_unit_test(test_turning),
      cmocka_unit_test(test_corrector), cmocka_unit_test(test_trust), cmocka_unit_test(test_trace),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
