/* certify/spectrum.h: the inside of a certificate: flat directions that were verified, and what is known of
 * the eigenvalues. */
#ifndef RWK_CERTIFY_SPECTRUM_H
#define RWK_CERTIFY_SPECTRUM_H

#include <ridgewalk/certify.h>
#include "base/context.h"
#include "la/dense.h"
#include "la/span.h"
#include "problem/problem.h"

/* For RWK_PROBES independent normal numbers the sum of squares is under rwk_probes_least with chance 1e-6
 * (chi-squared with eight degrees of freedom): what eight random products show of a matrix holds for its norm
 * when their sum of squares is divided by that. */
enum { RWK_PROBES = 8 };
static const double rwk_probes_least = 0.14;

/* Flat directions the problem named, those that proved flat, and the best way down from a dead unit (T7). */
typedef struct rwk_flat_set {
  rwk_context *ctx;
  size_t dim;
  const double *w;        /* where; borrowed while they are collected */
  rwk_span span;          /* orthonormal after rwk_flats_verify */
  int64_t named, refused; /* refused: named, but H u was not 0 */
  double doubt;           /* chance that one that was kept is not flat */
  char label[96];         /* of the first one kept */
  double curvature;       /* of the best way down; NaN if none was named */
  double *moved, *way;    /* [dim] each; NULL if none was named */
  char way_label[96];     /* its label, */
  double way_position;    /* and the coordinate of w along its flat direction: the bias of the unit */
} rwk_flat_set;

/* Asks the problem for its flat directions at w. */
rwk_status rwk_flats_collect(rwk_flat_set *flats, rwk_objective *o, const double *w);
void rwk_flats_release(rwk_flat_set *flats);

/* Keeps the directions with |H u| <= limit and makes them orthonormal; H[n x n] is the Hessian at w, or NULL:
 * then it is by products. Where those would be many, eight random combinations of all directions are tried
 * first: the sum of |H u|^2 is under that of theirs over 0.14 but for a chance of 1e-6
 * (docs/certificates.md). */
rwk_status rwk_flats_verify(rwk_flat_set *flats, rwk_objective *o, const double *w, const double *H,
                            double limit);

/* How large |H u| may be for a flat direction u: rounding, and what the gradient makes of it, for along a
 * symmetry w(t) = S(t) w the gradient turns with S, so that H u is of the size of g and is 0 only where g is.
 */
double rwk_flat_limit(const rwk_certificate *c, double rounding);

/* Checks the best way down by a Hessian product at the moved point: *curvature is way'H(moved)way as computed
 * here, NaN if J(moved) is not J(w) to rounding or there is no way. */
rwk_status rwk_flats_escape(double *curvature, rwk_flat_set *flats, rwk_objective *o, double objective);

/* What the spectrum routines fill in: the eigenvalue fields of the certificate. */
rwk_status rwk_spectrum_dense(rwk_certificate *c, double *direction, rwk_objective *o, rwk_flat_set *flats,
                              const double *w, const double *g);
rwk_status rwk_spectrum_krylov(rwk_certificate *c, double *direction, rwk_objective *o, rwk_flat_set *flats,
                               const double *w, const rwk_certify_settings *settings, int *settled);

#endif
