/* optim/damped.h: methods of second order that take s = -(B + mu)^-1 g with a positive semidefinite B of
 * their own making: Gauss and Newton's matrix, or |H|. */
#ifndef RWK_OPTIM_DAMPED_H
#define RWK_OPTIM_DAMPED_H

#include "optim/solver.h"

typedef struct rwk_damped {
  rwk_context *ctx;
  size_t n, k;                  /* k: dimension in which B is known by its eigenvalues; n where it is dense */
  double *values;               /* [k] of B, >= 0 */
  double *shares;               /* [k] of g, in the eigenvectors */
  double *scratch;              /* [k] */
  double *found_values;         /* [k] saddle-free-newton: of H itself */
  double *basis, *turn, *d, *e; /* Krylov: [k x n], [k x k], [k] each */
  size_t found;                 /* Krylov: dimension of the space that was found; dense: n */
  double norm;                  /* of B */
  double damping;               /* of the last step, in units of norm */
  double *hessian;              /* [n x n] gauss-newton: the whole of it, where G alone is slow */
  double last;                  /* gauss-newton: gradient one step ago */
  int slow;                     /* gauss-newton: is the whole Hessian tried too? */
} rwk_damped;

/* What is made is to be destroyed even where this fails. */
rwk_status rwk_damped_create(rwk_damped **out, rwk_context *ctx, const rwk_problem *problem,
                             const rwk_solver_settings *settings, int dense);
void rwk_damped_destroy(rwk_damped *d); /* NULL is fine */
rwk_status rwk_damped_run(rwk_solver *s, rwk_state *state);

/* Each method: B at s->w, s->g; and s->step for a damping mu, *made 0 where there is none. whole: with the
 * whole Hessian. */
rwk_status rwk_gauss_newton_form(rwk_solver *s, const rwk_state *state);
rwk_status rwk_gauss_newton_step(rwk_solver *s, double mu, int whole, int *made);
rwk_status rwk_saddle_free_form(rwk_solver *s);
rwk_status rwk_saddle_free_step(rwk_solver *s, double mu, int *made);
/* s->step := the part of the undamped step that goes down negative curvature; 0 where there is none. */
int rwk_saddle_free_way_down(rwk_solver *s);

#endif
