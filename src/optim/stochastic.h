/* optim/stochastic.h: what the solvers that go by mini-batches keep. */
#ifndef RWK_OPTIM_STOCHASTIC_H
#define RWK_OPTIM_STOCHASTIC_H

#include "optim/solver.h"

typedef struct rwk_stochastic rwk_stochastic;

/* What is made is to be destroyed even where this fails. */
rwk_status rwk_stochastic_create(rwk_stochastic **out, rwk_context *ctx, const rwk_problem *problem,
                                 const rwk_solver_settings *settings);
void rwk_stochastic_destroy(rwk_stochastic *c); /* NULL is fine */
rwk_status rwk_stochastic_run(rwk_solver *s, rwk_state *state);

#endif
