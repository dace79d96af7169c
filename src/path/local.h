/* path/local.h: linear algebra at a point of a branch: the Hessian off its flat directions, with its lowest
 * eigenpair held apart.
 *
 * Equations (docs/continuation.md): H = U_perp part + mu phi phi'; a right-hand side is split into its part
 * along phi, which is divided by mu by the caller (who may not want to), and the rest, which is solved.
 */
#ifndef RWK_PATH_LOCAL_H
#define RWK_PATH_LOCAL_H

#include "certify/spectrum.h"
#include "la/dense.h"
#include "problem/problem.h"

/* What holds H: its Cholesky factor, with phi pushed up where that is apart and not positive; an indefinite
 * factor; or all its eigenpairs. */
typedef enum rwk_local_form { RWK_LOCAL_CHOLESKY, RWK_LOCAL_LDL, RWK_LOCAL_EIGENVALUES } rwk_local_form;

typedef struct rwk_local {
  rwk_context *ctx;
  size_t n;
  int dense;
  rwk_objective o;
  rwk_flat_set flats; /* of the last point that rwk_local_flats was called at */
  int strange;        /* 1: they are not those that the factor at hand was made with */
  rwk_parts parts;
  double grad_inf;
  double *block; /* holds the vectors */
  double *g, *b; /* dJ/dw, and dg/dt = 2 lambda M w */
  double *phi;   /* unit vector of the lowest eigenvalue mu, kept as the next one's first guess */
  double mu;
  double residual;             /* |H phi - mu phi| of the factor; dense */
  int deflated;                /* 1: phi is held apart in solves; 0: H^-1 as a whole */
  int singular;                /* mu cannot be told from 0 */
  int turned;                  /* 1: mu is likely to be below 0; dense */
  int64_t negative;            /* eigenvalues below 0 off the flat directions; Krylov: 0 or 1, at least */
  double norm;                 /* of H, from above or nearly so */
  const double *w;             /* where the Hessian is */
  double *scratch, *p, *q, *z; /* [n] each */
  double *H, *factor;          /* [n x n] each, dense */
  double *values, *vectors;    /* [n], [n x n], dense, made when first needed */
  int *pivots;                 /* [n], dense, made when first needed */
  rwk_local_form form;
} rwk_local;

rwk_status rwk_local_open(rwk_local *l, rwk_context *ctx, const rwk_problem *problem, int dense);
void rwk_local_close(rwk_local *l);

/* Is the factor at hand one that may serve beside where it was made? */
int rwk_local_serves(const rwk_local *l);

/* J, g and b at (w, lambda). */
rwk_status rwk_local_evaluate(rwk_local *l, const double *w, double lambda);

/* The Hessian, or only its norm, at the point that was evaluated last. w is borrowed until the next call. */
rwk_status rwk_local_hessian(rwk_local *l, const double *w);

/* The flat directions at the point that was evaluated last; needs the norm of a Hessian. */
rwk_status rwk_local_flats(rwk_local *l, const double *w);

/* The factor of the Hessian at hand, off the flat directions. lowest 1: with mu, phi and negative; 0: for
 * solves, with those only where they come easily. */
rwk_status rwk_local_decompose(rwk_local *l, int lowest);

/* rwk_local_hessian and rwk_local_decompose. */
rwk_status rwk_local_factor(rwk_local *l, const double *w, int lowest);

/* The factor at hand was made beside w, where the objective was evaluated last: mu and phi at w by products
 * there. *ok: |H phi - mu phi| is `most` or a fiftieth of mu, or little more than it was with the factor, and
 * mu has not changed by half or `change`. */
rwk_status rwk_local_beside(rwk_local *l, const double *w, double most, double change, int *ok);

/* y = H x at w, where the objective was evaluated last. */
rwk_status rwk_local_product(rwk_local *l, double *y, const double *x, const double *w);

/* x = H^-1 y off the flat directions, and off phi where deflated. x and y may be the same. */
rwk_status rwk_local_solve(rwk_local *l, double *x, const double *y);

/* Off the flat directions. */
void rwk_local_project(const rwk_local *l, double *x);

#endif
