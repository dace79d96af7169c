#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "certify/spectrum.h"

void rwk_certify_settings_init(rwk_certify_settings *settings) {
  *settings = (rwk_certify_settings){.size = sizeof *settings,
                                     .grad_tol = 1e-8,
                                     .algebra = RWK_ALGEBRA_AUTO,
                                     .dense_limit = 2500,
                                     .kink_tol = 1e-9};
}

static rwk_status check(rwk_context *ctx, const rwk_certify_settings *s, double lambda) {
  if (s->size != sizeof *s)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "certify settings: call rwk_certify_settings_init first");
  if (!(lambda >= 0) || !isfinite(lambda))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "lambda: %g is not a penalty", lambda);
  if (!(s->grad_tol > 0) || !isfinite(s->grad_tol))
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "grad_tol: %g is not a tolerance", s->grad_tol);
  if (!(s->kink_tol >= 0) || s->products < 0)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "kink_tol and products cannot be negative");
  return RWK_OK;
}

__attribute__((format(printf, 3, 4))) static void conclude(rwk_certificate *c, rwk_verdict verdict,
                                                           const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  c->verdict = verdict;
  vsnprintf(c->reason, sizeof c->reason, format, arguments);
  va_end(arguments);
}

/* The penalty whose gradient dL/dw + 2 l M w is smallest at w (least squares), and how small it is: weights
 * that came of another penalty than they were said to, halved, a sum for a mean, none at all, are critical
 * there. */
static void nearest(rwk_certificate *c, const rwk_problem *problem, double lambda, const double *w,
                    const double *g) {
  double product = 0, square = 0;
  for (size_t i = 0; i < problem->dim; i++)
    if (problem->penalised[i]) {
      product += (g[i] - 2 * lambda * w[i]) * w[i];
      square += w[i] * w[i];
    }
  if (!(square > 0) || !(lambda > 0)) return;
  const double there = -product / (2 * square);
  c->nearest_factor = there / lambda;
  c->nearest_grad = 0;
  for (size_t i = 0; i < problem->dim; i++)
    c->nearest_grad =
        fmax(c->nearest_grad, fabs(g[i] + (problem->penalised[i] ? 2 * (there - lambda) * w[i] : 0)));
}

static void say_not_stationary(rwk_certificate *c) {
  char there[200] = "";
  if (c->nearest_grad <= 0.05 * c->grad_inf)
    snprintf(there, sizeof there, "; at %.4g times this penalty it is %.2g: %s", c->nearest_factor,
             c->nearest_grad,
             fabs(c->nearest_factor) < 1e-2
                 ? "what was minimised had no penalty, as when the decay is decoupled from the loss"
                 : "what was minimised had another penalty");
  conclude(c, RWK_VERDICT_NOT_STATIONARY, "the largest gradient entry is %.3g, above %.3g%s", c->grad_inf,
           c->grad_limit, there);
}

/* The questions in their order; `settled` 0 means that the spectrum gave no answer. */
static void judge(rwk_certificate *c, const rwk_flat_set *flats, int settled) {
  char chance[64] = ""; /* what a proof by Lanczos from a random start leaves open */
  if (!c->dense) snprintf(chance, sizeof chance, " (but for a chance of %.0e)", c->doubt);
  if (c->kinks > 0)
    conclude(c, RWK_VERDICT_NONSMOOTH, "%lld pre-activations sit on a kink: there is no Hessian here",
             (long long)c->kinks);
  else if (!(c->grad_inf <= c->grad_limit))
    say_not_stationary(c);
  else if (c->min_eig < -c->zero_limit)
    conclude(c, RWK_VERDICT_SADDLE, "the Hessian has a negative eigenvalue, %.6g (limit of rounding %.2g)",
             c->min_eig, c->zero_limit);
  else if (!settled)
    conclude(c, RWK_VERDICT_INCONCLUSIVE,
             "%lld products did not settle the sign of the smallest eigenvalue (%.3g so far; a smaller one "
             "is missed with chance %.1g)",
             (long long)c->products, c->min_eig_rest, c->doubt);
  else if (c->dense ? c->zero == 0 : flats->span.count == 0)
    conclude(c, RWK_VERDICT_STRICT_MIN,
             "gradient zero to %.2g and smallest eigenvalue %.6g above the limit of rounding %.2g%s",
             c->grad_inf, c->min_eig, c->zero_limit, chance);
  else if (!c->dense || (size_t)c->zero == flats->span.count)
    conclude(c, RWK_VERDICT_DEGENERATE_MIN,
             "%lld flat directions, all explained (%s%s); smallest other eigenvalue %.6g%s",
             (long long)flats->span.count, flats->label, flats->span.count > 1 ? ", ..." : "",
             c->min_eig_rest, chance);
  else
    conclude(c, RWK_VERDICT_INCONCLUSIVE,
             "%lld eigenvalues cannot be told from zero (limit %.2g), of which %zu are explained",
             (long long)c->zero, c->zero_limit, flats->span.count);
}

rwk_status rwk_certify(rwk_certificate *c, double *direction, rwk_context *ctx, const rwk_problem *problem,
                       double lambda, const double *w, const rwk_certify_settings *settings) {
  rwk_certify_settings defaults;
  rwk_certify_settings_init(&defaults);
  if (!settings) settings = &defaults;
  const double began = rwk_seconds();
  *c = (rwk_certificate){.verdict = RWK_VERDICT_INCONCLUSIVE,
                         .positive = -1,
                         .zero = -1,
                         .negative = -1,
                         .min_eig = NAN,
                         .min_eig_error = NAN,
                         .min_eig_rest = NAN,
                         .max_eig = NAN,
                         .zero_limit = NAN,
                         .nearest_factor = NAN,
                         .nearest_grad = NAN,
                         .escape_curvature = NAN};
  RWK_TRY(check(ctx, settings, lambda));
  const size_t n = problem->dim;
  rwk_flat_set flats = {.ctx = ctx};
  rwk_objective o = {0};
  double *g = rwk_alloc_doubles(ctx, n);
  rwk_status status =
      g ? rwk_objective_open(&o, ctx, problem, lambda) : rwk_fail_memory(ctx, "a certificate");
  if (status != RWK_OK) goto done;
  rwk_parts parts;
  status = rwk_objective_value(&o, &parts, g, w);
  if (status != RWK_OK) goto done;
  c->loss = parts.loss;
  c->penalty = parts.penalty;
  c->objective = parts.objective;
  c->grad_inf = rwk_norm_inf(n, g);
  c->grad_norm = rwk_norm(n, g);
  c->grad_limit = settings->grad_tol * fmax(1, parts.objective);
  nearest(c, problem, lambda, w, g);
  if (problem->ops.kinks) {
    rwk_kinks kinks;
    status = problem->ops.kinks(&kinks, w, settings->kink_tol, o.work, problem->self);
    if (status != RWK_OK) goto done;
    c->kinks = kinks.count;
  }
  status = rwk_flats_collect(&flats, &o, w);
  if (status != RWK_OK) goto done;
  int settled = 1;
  if (settings->algebra == RWK_ALGEBRA_DENSE ||
      (settings->algebra == RWK_ALGEBRA_AUTO && n <= settings->dense_limit))
    status = n > 46340 ? rwk_fail(ctx, RWK_INVALID_ARGUMENT,
                                  "algebra: %zu weights are too many for a dense Hessian; use krylov", n)
                       : rwk_spectrum_dense(c, direction, &o, &flats, w, g);
  else
    status = rwk_spectrum_krylov(c, direction, &o, &flats, w, settings, &settled);
  if (status != RWK_OK) goto done;
  c->products = o.products;
  judge(c, &flats, settled);
  if (c->verdict == RWK_VERDICT_DEGENERATE_MIN) {
    status = rwk_flats_escape(&c->escape_curvature, &flats, &o, c->objective);
    if (status != RWK_OK) goto done;
    c->escapable = c->escape_curvature < -c->zero_limit;
  }
done:
  if (status != RWK_OK) c->verdict = RWK_VERDICT_INCONCLUSIVE;
  c->seconds = rwk_seconds() - began;
  rwk_flats_release(&flats);
  rwk_objective_close(&o);
  rwk_free_doubles(ctx, g);
  return status;
}
