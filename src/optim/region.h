/* optim/region.h: the trust-region subproblem, min g's + s'Hs/2 over |s| <= radius. */
#ifndef RWK_OPTIM_REGION_H
#define RWK_OPTIM_REGION_H

#include "optim/solver.h"

typedef struct rwk_region_step {
  double length;    /* |s| in the norm of the region */
  double reduction; /* -(g's + s'Hs/2) >= 0: the fall the model predicts */
  int interior;     /* 1: the minimiser of the model lies inside, up to the tolerance */
  double damping;   /* multiplier mu of (H + mu I) s = -g, or of (H + mu P) s = -g */
} rwk_region_step;

/* How near the radius a step on the boundary has to end, in units of it: shorter and longer ones, within a
 * factor, are as good, for what the radius is worth is known no better, and cost no other factor of H. A step
 * is taken however short where its multiplier is within `nearby` times one that was too small (0: no such
 * step). */
typedef struct rwk_region_accuracy {
  double shortest, longest, nearby;
} rwk_region_accuracy;

/* Dense: More and Sorensen's iteration on Cholesky factors of H + mu I (SIAM J. Sci. Stat. Comput. 4, 1983;
 * Conn, Gould and Toint, Trust-Region Methods, alg. 7.3.4). H holds the Hessian (both triangles) and is kept;
 * factor is scratch. */
void rwk_region_dense(rwk_region_step *out, double *s, const double *g, const double *H, double *factor,
                      double *scratch, size_t n, double radius, const rwk_region_accuracy *accuracy,
                      double *damping, rwk_team *team);

/* Krylov: generalised Lanczos (Gould, Lucidi, Roma and Toint, SIAM J. Optim. 9, 1999) to the relative
 * residual `forcing`. Memory: up to 400 vectors, within 128 MiB. */
typedef struct rwk_krylov rwk_krylov;
rwk_status rwk_krylov_create(rwk_krylov **krylov, rwk_context *ctx, size_t n, int preconditioned);
void rwk_krylov_destroy(rwk_krylov *krylov);
rwk_status rwk_region_krylov(rwk_region_step *out, double *s, rwk_krylov *krylov, rwk_objective *o,
                             const double *w, const double *g, double radius, double forcing);

/* After a step s = Qh with multiplier mu, the gradient there being g: bend = -Q(T + mu)^-1 (Q'g + mu h), the
 * correction of s in its own space. 0 if s left the vectors that are kept. */
int rwk_krylov_bend(double *bend, rwk_krylov *krylov, const double *g);

#endif
