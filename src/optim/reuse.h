/* optim/reuse.h: more steps from one factor. */
#ifndef RWK_OPTIM_REUSE_H
#define RWK_OPTIM_REUSE_H

#include "optim/solver.h"

/* A dense Hessian and its factor cost as much as tens of gradients. After a step with (H + mu I) s = -g the
 * factor is used on: as the initial matrix of L-BFGS (Nocedal, Math. Comp. 35, 1980), which learns from the
 * gradients it meets what has changed since H was formed, and what mu hides along valleys. A step so made
 * costs a gradient and two triangular solves, by the factor in single precision: what that rounds is less
 * than what has changed. */
typedef struct rwk_reuse rwk_reuse;
rwk_status rwk_reuse_create(rwk_reuse **reuse, rwk_context *ctx, size_t n, double hessian_cost);
void rwk_reuse_destroy(rwk_reuse *reuse);

/* Goes down from s->w by the factor in s->factor, as long as that pays: as long as J falls faster over the
 * last steps, for what they cost, than it fell with all that was done since the factor was begun (the
 * marginal value theorem of Charnov, Theor. Popul. Biol. 9, 1976, tells when to leave for a fresh one), or
 * the gradient to a quarter. fell: what the step with the factor won. Uses s->step, s->spare, s->trial. Steps
 * are at most `longest`, which follows what the line search takes. */
rwk_status rwk_reuse_factor(rwk_solver *s, rwk_state *state, double fell, double longest);

/* Where the last step was Newton's own and its fall was below the rounding of J: chord steps -H^-1 g with
 * that step's H, a gradient each, for as long as the gradient falls to a half. Each step leaves the share of
 * it by which H is off; where that ends in rounding state->sharp is set. */
rwk_status rwk_reuse_polish(rwk_solver *s, rwk_state *state);

#endif
