/* docs/theory.md, T1 to T4: properties over random draws and closed forms. Nothing of the library's algebra,
 * solvers or paths is used but to find a first minimum; networks give values and gradients only. */
#include <ridgewalk/mlp.h>
#include <ridgewalk/solve.h>
#include "support/plain.h"

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

typedef struct line {
  double L, R;
} line;

static double at(line l, double lambda) {
  return l.L + lambda * l.R;
}

static net tanh_net(size_t rows, size_t inputs, size_t units, uint64_t seed) {
  double X[64], Y[64];
  assert_true(rows * inputs <= 64);
  net_table(X, Y, rows, inputs, 1, 0, seed);
  rwk_mlp_settings s;
  rwk_mlp_settings_init(&s);
  return net_create(ctx, X, Y, rows, inputs, 1, &units, 1, s);
}

/* ---- T1 ---- */

static void test_exchange(void **state) {
  (void)state;
  rwk_stream s;
  rwk_stream_init(&s, 1, 1);
  int exchanged = 0;
  for (int k = 0; k < 100000; k++) {
    const double l1 = rwk_stream_uniform(&s), l2 = l1 + 1 / 8.0 + rwk_stream_uniform(&s);
    line W[2];
    for (int i = 0; i < 2; i++) { /* eighths: ties are met, and sums are exact enough to compare */
      W[i].L = floor(8 * rwk_stream_uniform(&s)) / 8;
      W[i].R = floor(8 * rwk_stream_uniform(&s)) / 8;
    }
    const double e1 = k % 2 ? 0.1 * rwk_stream_uniform(&s) : 0, e2 = k % 2 ? 0.1 * rwk_stream_uniform(&s) : 0;
    if (!(at(W[0], l1) <= at(W[1], l1) + e1 && at(W[1], l2) <= at(W[0], l2) + e2)) continue;
    exchanged++;
    const double rounding = 1e-13, slack = (e1 + e2) / (l2 - l1);
    assert_true(W[1].R <= W[0].R + slack + rounding);
    assert_true(W[0].L <= W[1].L + e1 + l1 * slack + rounding);
  }
  assert_true(exchanged > 1000);
}

/* ---- T2 ---- */

static void test_drop_identity_and_bounds(void **state) {
  (void)state;
  net n = tanh_net(16, 2, 3, 2);
  plain o = plain_open(ctx, n.problem);
  rwk_stream s;
  rwk_stream_init(&s, 2, 2);
  int fell = 0, up = 0, down = 0, penalty_rose = 0;
  for (int k = 0; k < 20000; k++) {
    double w[2][PLAIN_MOST];
    line W[2];
    for (int i = 0; i < 2; i++) {
      const double scale = exp(2 * rwk_stream_normal(&s) - 1);
      for (size_t j = 0; j < o.n; j++) w[i][j] = scale * rwk_stream_normal(&s);
      W[i] = (line){plain_loss(&o, NULL, w[i]), plain_penalty(&o, w[i])};
    }
    const double l1 = exp(4 * rwk_stream_uniform(&s) - 6), l2 = l1 * (1 + 2 * rwk_stream_uniform(&s));
    const double D = W[0].L - W[1].L;
    const double a = plain_objective(&o, NULL, w[0], l1) - plain_objective(&o, NULL, w[1], l1);
    const double b = plain_objective(&o, NULL, w[1], l2) - plain_objective(&o, NULL, w[0], l2);
    const double rounding = 1e-14 * (at(W[0], l2) + at(W[1], l2));
    assert_near(l2 * a + l1 * b, (l2 - l1) * D, l2 * rounding);
    if (D <= 0) continue;
    fell++;
    assert_true(fmax(a, b) >= D * (l2 - l1) / (l2 + l1) - rounding);
    if (b <= 0) { /* as after a descent at l2 from W1 */
      up++;
      penalty_rose += W[1].R > W[0].R;
      assert_true(a >= D * (1 - l1 / l2) - rounding);
    }
    if (a <= 0) { /* as after a descent at l1 from W2 */
      down++;
      assert_true(b >= D * (l2 / l1 - 1) - rounding * l2 / l1);
    }
  }
  assert_true(fell > 1000 && up > 1000 && down > 50 && penalty_rose > 10);
  plain_close(&o);
  rwk_mlp_destroy(n.mlp);
}

/* The bound is met with equality where R1 - R2 = -2 D/(l1 + l2): it cannot be bettered. */
static void test_drop_bound_is_sharp(void **state) {
  (void)state;
  const double l1 = 0.25, l2 = 0.5, D = 0.375;
  const line W2 = {0.5, 4}, W1 = {0.5 + D, 4 - 2 * D / (l1 + l2)};
  const double a = at(W1, l1) - at(W2, l1), b = at(W2, l2) - at(W1, l2), bound = D * (l2 - l1) / (l2 + l1);
  assert_near(a, bound, 1e-15);
  assert_near(b, bound, 1e-15);
}

/* ---- T3 ---- */

enum { GRID = 9, MOST_LINES = 4000 };

static size_t lowest(const line *lines, size_t count, double lambda) {
  size_t best = 0;
  for (size_t j = 1; j < count; j++)
    if (at(lines[j], lambda) < at(lines[best], lambda)) best = j;
  return best;
}

/* A descent as T3 sees it: from a line to one that is no higher at lambda, by an amount of its own. */
static line descend(line from, double lambda, rwk_stream *s) {
  if (rwk_stream_uniform(s) < 0.5) return from;
  const double J = at(from, lambda) * (1 - 0.3 * rwk_stream_uniform(s));
  const double R = rwk_stream_uniform(s) * J / lambda;
  return (line){J - lambda * R, R};
}

static void test_envelope_ends_monotone(void **state) {
  (void)state;
  const double tolerance = 0.01;
  line *lines = malloc(MOST_LINES * sizeof *lines);
  for (uint64_t seed = 0; seed < 200; seed++) {
    rwk_stream s;
    rwk_stream_init(&s, seed, 3);
    double lambda[GRID], before[GRID], budget = 0;
    size_t count = 0, rounds = 0;
    for (int i = 0; i < GRID; i++) lambda[i] = ldexp(1, i - GRID);
    while (count < 30) lines[count++] = (line){rwk_stream_uniform(&s), exp(4 * rwk_stream_normal(&s))};
    for (int i = 0; i < GRID; i++)
      budget += at(lines[lowest(lines, count, lambda[i])], lambda[i]) / tolerance;
    for (int again = 1; again; rounds++) {
      again = 0;
      for (int i = 0; i < GRID; i++) before[i] = at(lines[lowest(lines, count, lambda[i])], lambda[i]);
      for (int i = 0; i < GRID; i++) {
        assert_true(count < MOST_LINES);
        lines[count] = descend(lines[lowest(lines, count, lambda[i])], lambda[i], &s);
        count++;
      }
      for (int i = 0; i < GRID; i++)
        again |= at(lines[lowest(lines, count, lambda[i])], lambda[i]) < before[i] - tolerance;
    }
    assert_true((double)rounds <= 1 + budget);
    for (int i = 0; i < GRID; i++) { /* every pair satisfies T1, and the path is monotone */
      const line mine = lines[lowest(lines, count, lambda[i])];
      for (int j = 0; j < GRID; j++) {
        const line other = lines[lowest(lines, count, lambda[j])];
        assert_true(at(mine, lambda[i]) <= at(other, lambda[i]));
        if (j <= i) continue;
        assert_true(mine.L <= other.L && mine.R >= other.R);
      }
    }
    for (double l = 0.001; l < 1; l *= 1.1) { /* concave and rising */
      const double E[3] = {at(lines[lowest(lines, count, l)], l),
                           at(lines[lowest(lines, count, 1.5 * l)], 1.5 * l),
                           at(lines[lowest(lines, count, 2 * l)], 2 * l)};
      assert_true(E[0] <= E[1] && E[1] <= E[2]);
      assert_true(E[1] >= (E[0] + E[2]) / 2 - 1e-14);
    }
  }
  free(lines);
}

/* ---- T4 ---- */

/* Slopes by the formula at w: x = H^-1 M w; eigenvalues of H in e. */
static double slope_by_formula(const plain *o, double *e, const double *w, double lambda) {
  double H[PLAIN_MOST * PLAIN_MOST], A[PLAIN_MOST * PLAIN_MOST], x[PLAIN_MOST], product = 0;
  plain_hessian(o, H, w, lambda);
  memcpy(A, H, o->n * o->n * sizeof *H);
  plain_eigen(e, NULL, A, o->n);
  for (size_t i = 0; i < o->n; i++) x[i] = plain_in_penalty(o, w, i);
  assert_true(plain_solve(x, H, o->n));
  for (size_t i = 0; i < o->n; i++) product += plain_in_penalty(o, w, i) * x[i];
  return 4 * product;
}

/* dL = 4 lambda (Mw)'H^-1(Mw) = lambda t'Ht (t the tangent dw/dlambda), dR = -dL/lambda and dJ = R at the
 * critical point w, against points refitted h beside it. Returns dL. */
static double check_slopes(const plain *o, const double *w, double lambda, double h) {
  double e[PLAIN_MOST], H[PLAIN_MOST * PLAIN_MOST], near[2][PLAIN_MOST], tangent[PLAIN_MOST], L[2], R[2];
  const double slope = slope_by_formula(o, e, w, lambda);
  for (int k = 0; k < 2; k++) {
    memcpy(near[k], w, o->n * sizeof *w);
    assert_true(plain_newton(o, near[k], lambda + (k ? h : -h)));
    L[k] = plain_loss(o, NULL, near[k]);
    R[k] = plain_penalty(o, near[k]);
  }
  const double dL = (L[1] - L[0]) / (2 * h), dR = (R[1] - R[0]) / (2 * h);
  const double dJ = (L[1] + (lambda + h) * R[1] - L[0] - (lambda - h) * R[0]) / (2 * h);
  assert_near(dL, lambda * slope, 1e-3 * fabs(lambda * slope) + 1e-9);
  assert_near(dR, -slope, 1e-3 * fabs(slope) + 1e-9);
  assert_near(dJ, plain_penalty(o, w), 1e-4 * plain_penalty(o, w));
  double bent = 0;
  plain_hessian(o, H, w, lambda);
  for (size_t i = 0; i < o->n; i++) tangent[i] = (near[1][i] - near[0][i]) / (2 * h);
  for (size_t i = 0; i < o->n; i++) bent += tangent[i] * plain_dot(o->n, H + i * o->n, tangent);
  assert_near(lambda * bent, dL, 2e-3 * fabs(dL) + 1e-9);
  if (plain_smallest(o->n, e) > 0) assert_true(slope > 0 && dL > 0 && dR < 0);
  return dL;
}

static void test_slopes_at_minima(void **state) {
  (void)state;
  int minima = 0;
  for (uint64_t seed = 0; seed < 40; seed++) {
    net n = tanh_net(12, 2, 2, 10 + seed % 4);
    plain o = plain_open(ctx, n.problem);
    const double lambda = ldexp(1, -4 - (int)(seed % 5));
    double w[PLAIN_MOST], e[PLAIN_MOST], H[PLAIN_MOST * PLAIN_MOST];
    rwk_solver *solver;
    rwk_solve_result r;
    rwk_solver_settings ss;
    rwk_solver_settings_init(&ss);
    assert_int_equal(n.problem->ops.start(w, seed, 0, n.problem->self), RWK_OK);
    assert_int_equal(rwk_solver_create(&solver, ctx, n.problem, &ss), RWK_OK);
    assert_int_equal(rwk_solver_run(&r, solver, w, lambda), RWK_OK);
    rwk_solver_destroy(solver);
    plain_hessian(&o, H, w, lambda);
    plain_eigen(e, NULL, H, o.n);
    if (plain_smallest(o.n, e) > 2e-3 && plain_newton(&o, w, lambda)) {
      minima++;
      check_slopes(&o, w, lambda, 1e-3 * lambda);
    }
    plain_close(&o);
    rwk_mlp_destroy(n.mlp);
  }
  assert_true(minima >= 10);
}

/* The scalar net of three linear layers at its balanced points a = b = c = r, p = r^3:
 * J = (s - abc)^2 + lambda (a^2 + b^2 + c^2), lambda = (s - p) r. */
static double smallest_of_three(double s, double r, double lambda) {
  double H[9], e[3];
  for (int i = 0; i < 9; i++) H[i] = 2 * r * r * r * r + (i % 4 ? 2 * (r * r * r - s) * r : 2 * lambda);
  plain_eigen(e, NULL, H, 3);
  return plain_smallest(3, e);
}

/* Both sides of the fold in closed form against the normal form's constants: c = 2 v'Mw = 2 sqrt(3) r, q =
 * D3L[v,v,v] = 2 sqrt(3) s. The quotient of truth and law tends to 1 like the square root of the distance. */
static void test_fold_of_three_layers(void **state) {
  (void)state;
  for (double s = 0.5; s < 3; s *= 2) {
    const double r0 = cbrt(s / 4), fold = 0.75 * s * r0, c = 2 * sqrt(3) * r0, q = 2 * sqrt(3) * s;
    const double L0 = 9 * s * s / 16, R0 = 3 * r0 * r0;
    double last[4] = {INFINITY, INFINITY, INFINITY, INFINITY};
    for (double share = 1e-3; share > 1e-8; share /= 4) {
      const double lambda = fold * (1 - share), t = sqrt(2 * c * (fold - lambda) / q);
      double L[2], R[2], mu[2], J[2]; /* 0: the minimum's branch, r > r0; 1: the saddle's */
      for (int side = 0; side < 2; side++) {
        double low = side ? 0 : r0, high = side ? r0 : cbrt(s);
        for (int k = 0; k < 200; k++) {
          const double middle = (low + high) / 2, there = (s - middle * middle * middle) * middle;
          *((there > lambda) == !side ? &low : &high) = middle;
        }
        L[side] = (s - low * low * low) * (s - low * low * low);
        R[side] = 3 * low * low;
        J[side] = L[side] + lambda * R[side];
        mu[side] = smallest_of_three(s, low, lambda);
      }
      assert_true(mu[0] > 0 && mu[1] < 0);
      assert_true(L[0] < L0 && L[1] > L0 && R[0] > R0 && R[1] < R0);
      const double error[4] = {fabs((mu[0] - mu[1]) / (2 * q * t) - 1),
                               fabs((L0 - L[0]) / (fold * c * t) - 1), fabs((L[1] - L0) / (fold * c * t) - 1),
                               fabs((J[1] - J[0]) / (4.0 / 3 * c * t * (fold - lambda)) - 1)};
      for (int k = 0; k < 4; k++) {
        assert_true(error[k] <= 3 * sqrt(share) + 1e-5);
        if (k == 1 || k == 2) assert_true(error[k] <= 0.6 * last[k] + 1e-5);
        last[k] = error[k];
      }
    }
    assert_true(smallest_of_three(s, r0, fold) < 1e-12 * s);
  }
}

/* Zero of (g(w; lambda), u'(w - base) - s) in (w, lambda), by Newton's method. */
static void solve_bordered(const plain *o, double *w, double *lambda, const double *u, const double *base,
                           double s) {
  const size_t n = o->n, m = n + 1;
  double g[PLAIN_MOST], H[PLAIN_MOST * PLAIN_MOST], A[PLAIN_MOST * PLAIN_MOST], x[PLAIN_MOST];
  for (int round = 0; round < 50; round++) {
    plain_objective(o, g, w, *lambda);
    plain_hessian(o, H, w, *lambda);
    x[n] = -s;
    double most = 0;
    for (size_t i = 0; i < n; i++) {
      x[i] = g[i];
      x[n] += u[i] * (w[i] - base[i]);
      for (size_t j = 0; j < n; j++) A[i * m + j] = H[i * n + j];
      A[i * m + n] = 2 * plain_in_penalty(o, w, i);
      A[n * m + i] = u[i];
    }
    A[n * m + n] = 0;
    for (size_t i = 0; i < m; i++) most = fmax(most, fabs(x[i]));
    if (most < 1e-12) return;
    assert_true(plain_solve(x, A, m));
    for (size_t i = 0; i < n; i++) w[i] -= x[i];
    *lambda -= x[n];
  }
  fail();
}

/* Smallest eigenvalue of H and its vector. */
static double bottom(const plain *o, double *v, const double *w, double lambda) {
  double H[PLAIN_MOST * PLAIN_MOST], V[PLAIN_MOST * PLAIN_MOST], e[PLAIN_MOST];
  size_t least = 0;
  plain_hessian(o, H, w, lambda);
  plain_eigen(e, V, H, o->n);
  for (size_t i = 1; i < o->n; i++)
    if (e[i] < e[least]) least = i;
  memcpy(v, V + least * o->n, o->n * sizeof *v);
  return e[least];
}

/* Folds of tanh nets 1-2-1 on six rows, each between a strict minimum and one doubling of its penalty. The
 * branch is followed along u, the bottom eigenvector at hand; then the normal form's constants are held
 * against points on both sides. */
static void test_fold_of_tanh_nets(void **state) {
  (void)state;
  static const double X[6] = {-2.5, -1.5, -0.5, 0.5, 1.5, 2.5};
  static const struct {
    double Y[6], lambda, w[7], fold, L;
  } cases[3] = {{{2, 1, 1, 0, 2, -1},
                 0x1p-9,
                 {2.044084283916, -1.470850515481, 0.331319962554, -3.61053631194, -0.331251082013,
                  0.920662662385, 1.587475387868},
                 0.0029928,
                 0.792602},
                {{2, 1, 1, 0, -1, -1},
                 0x1p-8,
                 {0.570456534804, 1.850548973298, 0.347754921477, 1.622329863267, -2.640964741722,
                  0.814710002485, 0.594117252056},
                 0.0070491,
                 0.045331},
                {{-1, 2, -1, 0, 0, -1},
                 0x1p-10,
                 {3.916584536807, 1.920285492685, 0.045238298665, 0.358134665559, 2.775714402931,
                  -3.240421031978, 0.012571709826},
                 0.0017213,
                 0.870207}};
  for (int k = 0; k < 3; k++) {
    const size_t two = 2;
    rwk_mlp_settings ms;
    rwk_mlp_settings_init(&ms);
    net n = net_create(ctx, X, cases[k].Y, 6, 1, 1, &two, 1, ms);
    plain o = plain_open(ctx, n.problem);
    double w[PLAIN_MOST], base[PLAIN_MOST], v[PLAIN_MOST], u[PLAIN_MOST], lambda = cases[k].lambda;
    memcpy(w, cases[k].w, sizeof cases[k].w);
    assert_true(plain_newton(&o, w, lambda));
    assert_true(bottom(&o, v, w, lambda) > 0);
    /* Upwards by a hundredth of what is left to 0.999 of the fold, then round it along u */
    while (lambda < 0.999 * cases[k].fold) {
      lambda = fmin(lambda * 1.01, 0.999 * cases[k].fold);
      assert_true(plain_newton(&o, w, lambda));
    }
    for (int side = 0; side < 40; side++) { /* secant steps to a zero of the bottom eigenvalue */
      const double mu = bottom(&o, u, w, lambda), step = 1e-4;
      if (fabs(mu) < 1e-11) break;
      double ahead[PLAIN_MOST], there = lambda;
      memcpy(base, w, sizeof base);
      memcpy(ahead, w, sizeof ahead);
      solve_bordered(&o, ahead, &there, u, base, step);
      const double slope = (bottom(&o, v, ahead, there) - mu) / step, most = 0.05;
      solve_bordered(&o, w, &lambda, u, base, fmax(-most, fmin(most, -mu / slope)));
    }
    const double fold = lambda, L0 = plain_loss(&o, NULL, w), h = 1e-3;
    assert_near(fold / cases[k].fold, 1, 3e-5);
    assert_near(L0, cases[k].L, 2e-3);
    assert_near(bottom(&o, v, w, fold), 0, 1e-9);
    double c = 0, q = 0, g[3][PLAIN_MOST], there[PLAIN_MOST];
    for (int side = -1; side <= 1; side++) {
      for (size_t i = 0; i < o.n; i++) there[i] = w[i] + side * h * v[i];
      plain_objective(&o, g[side + 1], there, fold);
    }
    for (size_t i = 0; i < o.n; i++) {
      c += 2 * v[i] * plain_in_penalty(&o, w, i);
      q += v[i] * (g[0][i] - 2 * g[1][i] + g[2][i]) / (h * h);
    }
    assert_true(fabs(c) > 1e-2); /* not orthogonal: a fold, no branch point */
    assert_true(q / c > 0);      /* the branch lies below it */
    memcpy(base, w, sizeof base);
    for (int side = -1; side <= 1; side += 2) {
      const double t = 2e-3 * side;
      double far[PLAIN_MOST], x[PLAIN_MOST], l = fold;
      memcpy(far, base, sizeof far);
      solve_bordered(&o, far, &l, v, base, t);
      assert_near((fold - l) / (q / (2 * c) * t * t), 1, 0.05);
      const double mu = bottom(&o, x, far, l), L = plain_loss(&o, NULL, far);
      assert_near(mu / (q * t), 1, 0.05);
      assert_near((L - L0) / (-fold * c * t), 1, 0.05);
      assert_true((mu > 0) == (L < L0)); /* the minimum's side is the lower one */
      memcpy(far, base, sizeof far);     /* further away, T4's slopes on either side */
      l = fold;
      solve_bordered(&o, far, &l, v, base, 20 * t);
      const double dL = check_slopes(&o, far, l, 0.01 * (fold - l));
      assert_true((bottom(&o, x, far, l) > 0) == (dL > 0)); /* it falls on the saddle's */
    }
    plain_close(&o);
    rwk_mlp_destroy(n.mlp);
  }
}

/* (s - ab)^2 + lambda (a^2 + b^2): zero and the branch ab = s - lambda meet at lambda = s in a pitchfork,
 * where the null vector is orthogonal to M w = 0: L is continuous and has one-sided slopes 2 s and 0. */
static void test_branch_point_of_two_layers(void **state) {
  (void)state;
  const double s = 1.5;
  for (double share = 1e-2; share > 1e-7; share /= 10)
    for (int side = -1; side <= 1; side += 2) {
      const double lambda = s * (1 + side * share), p = fmax(0, s - lambda), a = sqrt(p);
      double H[4] = {2 * p + 2 * lambda, 4 * p - 2 * s, 4 * p - 2 * s, 2 * p + 2 * lambda}, e[2], V[4];
      double Z[4] = {2 * lambda, -2 * s, -2 * s, 2 * lambda}, z[2];
      assert_near(-2 * (s - p) * a + 2 * lambda * a, 0, 1e-15); /* the gradient */
      plain_eigen(e, V, H, 2);
      plain_eigen(z, NULL, Z, 2);
      assert_near(plain_smallest(2, z), 2 * (lambda - s),
                  1e-12); /* zero: a saddle below s, a minimum above */
      assert_true(plain_smallest(2, e) > 0);
      if (side < 0) assert_near(plain_smallest(2, e), 4 * (s - lambda), 1e-12); /* no square root */
      const double L = (s - p) * (s - p);
      assert_near(L, side < 0 ? lambda * lambda : s * s, 1e-14);
    }
}

/* At lambda_c every unit has a null direction of its own beside its bias, none of which meets M w = 0. */
static void test_kernel_at_lambda_c(void **state) {
  (void)state;
  enum { ROWS = 16, INPUTS = 2, UNITS = 3 };
  double X[ROWS * INPUTS], Y[ROWS], pull[INPUTS] = {0}, w[PLAIN_MOST] = {0};
  net_table(X, Y, ROWS, INPUTS, 1, 0, 7);
  for (size_t i = 0; i < ROWS; i++) w[UNITS * (INPUTS + 2)] += Y[i] / ROWS;
  for (size_t i = 0; i < ROWS; i++)
    for (size_t j = 0; j < INPUTS; j++)
      pull[j] += X[i * INPUTS + j] * (Y[i] - w[UNITS * (INPUTS + 2)]) / ROWS;
  const double lambda_c = sqrt(plain_dot(INPUTS, pull, pull));
  rwk_mlp_settings ms;
  rwk_mlp_settings_init(&ms);
  const size_t units = UNITS;
  net n = net_create(ctx, X, Y, ROWS, INPUTS, 1, &units, 1, ms);
  plain o = plain_open(ctx, n.problem);
  for (size_t moved = 0; moved <= UNITS; moved++) { /* units of which the bias is not 0 */
    double H[PLAIN_MOST * PLAIN_MOST], e[PLAIN_MOST];
    for (size_t j = 0; j < UNITS; j++) w[INPUTS * UNITS + j] = j < moved ? 0.5 : 0;
    plain_hessian(&o, H, w, lambda_c);
    plain_eigen(e, NULL, H, o.n);
    size_t null = 0;
    for (size_t i = 0; i < o.n; i++) null += fabs(e[i]) < 1e-9;
    assert_int_equal(null, UNITS + UNITS - moved);
    assert_true(plain_smallest(o.n, e) > -1e-9);
  }
  plain_close(&o);
  rwk_mlp_destroy(n.mlp);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_exchange),
      cmocka_unit_test(test_drop_identity_and_bounds),
      cmocka_unit_test(test_drop_bound_is_sharp),
      cmocka_unit_test(test_envelope_ends_monotone),
      cmocka_unit_test(test_slopes_at_minima),
      cmocka_unit_test(test_fold_of_three_layers),
      cmocka_unit_test(test_fold_of_tanh_nets),
      cmocka_unit_test(test_branch_point_of_two_layers),
      cmocka_unit_test(test_kernel_at_lambda_c),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
