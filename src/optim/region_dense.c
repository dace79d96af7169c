#include <float.h>
#include <math.h>
#include <string.h>
#include "optim/region.h"

/* factor := R with R'R = H + mu I; 0 if that is not positive definite. */
static int factorise(double *factor, const double *H, size_t n, double mu, rwk_team *team) {
  size_t pivot;
  rwk_cholesky_of(&pivot, factor, n, H, n, mu, n, team);
  return pivot == 0;
}

/* A unit vector z with small z'(H + mu I)z, by inverse iteration on the factor; returns that value. */
static double near_null(double *z, const double *factor, size_t n) {
  for (size_t i = 0; i < n; i++)
    z[i] = 1 + 0.5 * cos((double)i); /* any fixed vector with something of everything */
  rwk_scale(n, 1 / rwk_norm(n, z), z);
  double value = 0;
  for (int pass = 0; pass < 3; pass++) {
    rwk_triangular_solve(z, 1, factor, n, n);
    const double half = rwk_norm(n, z); /* |R^-T z|^2 = z' A^-1 z */
    rwk_triangular_solve(z, 0, factor, n, n);
    const double length = rwk_norm(n, z);
    value = half * half / (length * length); /* Rayleigh quotient of A at the new z */
    rwk_scale(n, 1 / length, z);
  }
  return value;
}

/* Where nothing else is known of a multiplier in a bracket. */
static double between(double low, double high) {
  return fmax(sqrt(low * high), low + 0.01 * (high - low));
}

void rwk_region_dense(rwk_region_step *out, double *s, const double *g, const double *H, double *factor,
                      double *scratch, size_t n, double radius, const rwk_region_accuracy *accuracy,
                      double *damping, rwk_team *team) {
  const double shortest = accuracy->shortest, longest = accuracy->longest, kappa_hard = 0.2;
  const double gnorm = rwk_norm(n, g), hnorm = rwk_row_sum_norm(H, n);
  /* tells "singular but semidefinite" (dead units, rotations) from indefinite */
  const double tiny = 8 * DBL_EPSILON * (double)n * hnorm + DBL_MIN, small = 100 * tiny;
  double low = 0, high = gnorm / radius + hnorm, mu = *damping, length = 0;
  for (size_t i = 0; i < n; i++) low = fmax(low, -H[i * n + i]);
  if (!(mu > low && mu < high)) mu = low > 0 ? between(low, high) : 0;
  int factored = 0;
  *out = (rwk_region_step){0};
  for (int round = 0; round < 60; round++) {
    if (!factorise(factor, H, n, mu, team)) {
      low = fmax(low, mu);
      if (mu == 0)
        mu = tiny;
      else if (mu == tiny)
        mu = small;
      else
        mu = fmin(fmax(8 * mu, mu <= small ? 0.3 * gnorm / radius : 0),
                  between(low, high)); /* never above gnorm / radius - least eigenvalue */
      factored = 0;
      if (low >= high) high = 2 * low + tiny;
      continue;
    }
    factored = 1;
    for (size_t i = 0; i < n; i++) s[i] = -g[i];
    rwk_cholesky_solve(s, n, 1, factor, n, n);
    length = rwk_norm(n, s);
    if (length <= radius * longest && mu <= small) {
      out->interior = 1;
      break;
    }
    if ((length >= shortest * radius || (mu > small && mu <= accuracy->nearby * low)) &&
        length <= longest * radius)
      break;
    memcpy(scratch, s, n * sizeof *s);
    rwk_triangular_solve(scratch, 1, factor, n, n); /* q = R^-T s */
    const double q = rwk_norm(n, scratch);

    if (length < radius) {
      high = fmin(high, mu);
      /* hard case: lengthen s along a near null vector of H + mu I, to the side where the model is lower */
      double *z = scratch;
      const double value = near_null(z, factor, n);
      low = fmax(low, mu - value);
      const double sz = rwk_dot(n, s, z), room = (radius - length) * (radius + length);
      const double root = sqrt(sz * sz + room);
      const double t =
          sz > 0 ? room / (sz + root) : -room / (root - sz); /* |s + t z| = radius, the shorter way */
      const double pulled = -rwk_dot(n, g, s);               /* = s'(H + mu I)s */
      if (t * t * value <= kappa_hard * (pulled + mu * radius * radius)) {
        rwk_axpy(n, t, z, s);
        break;
      }
    } else {
      low = fmax(low, mu);
    }
    double next = mu + (q > 0 ? length * length / (q * q) * (length - radius) / radius
                              : 0); /* Newton on 1/|s| = 1/radius */
    if (!(next > low) || !(next < high)) next = low == 0 && length < radius ? 0 : between(low, high);
    if (next == mu) break;
    mu = next;
  }
  if (!factored) { /* only when H is out of all proportion: the steepest descent step */
    const double t = gnorm > 0 ? radius / gnorm : 0;
    for (size_t i = 0; i < n; i++) s[i] = -t * g[i];
  }
  *damping = mu;
  out->damping = mu;
  out->length = rwk_norm(n, s);
  rwk_symv(scratch, n, H, n, s);
  out->reduction = -(rwk_dot(n, g, s) + 0.5 * rwk_dot(n, s, scratch));
}
