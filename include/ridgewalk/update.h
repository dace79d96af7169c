/* ridgewalk/update.h: one step of a first-order method from a gradient, wherever that comes from.
 *
 * The solvers sgd, adam, amsgrad and adamw take their steps by these rules; who has gradients of his own, of
 * functions that change from step to step, say, can use them apart.
 *
 *   sgd      v := momentum v + g;                                  w := w - lr v
 *   adam     m := b1 m + (1-b1) g;  u := b2 u + (1-b2) g^2;        w := w - lr m^ / (sqrt(u^) + epsilon),
 *            m^ = m / (1 - b1^t), u^ = u / (1 - b2^t) with bias correction, else m and u
 *   amsgrad  the same with the largest u so far, each coordinate for itself, in place of u; no correction
 *   adamw    adam, and beside it  w := w - lr decay
 *
 * lr is the learning rate at step t = 1, 2, ...: see rwk_schedule. Sources: Polyak 1964 (heavy ball); Kingma
 * and Ba, ICLR 2015; Reddi, Kale and Kumar, ICLR 2018; Loshchilov and Hutter, ICLR 2019.
 */
#ifndef RIDGEWALK_UPDATE_H
#define RIDGEWALK_UPDATE_H

#include <ridgewalk/solve.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rwk_update rwk_update;

typedef struct rwk_update_settings {
  size_t size;           /* sizeof this struct, set by rwk_update_settings_init */
  rwk_solver_kind rule;  /* RWK_SOLVER_SGD, _ADAM, _AMSGRAD or _ADAMW */
  double learning_rate;  /* > 0; 0.01 (sgd), 0.001 (others) */
  rwk_schedule schedule; /* constant */
  int64_t steps;         /* T, of the cosine schedule; 0 for the others */
  double momentum;       /* 0.9, in [0, 1) */
  double beta1, beta2;   /* 0.9 and 0.999, in [0, 1) */
  double epsilon;        /* 1e-8, >= 0 */
  int bias_correction;   /* 1 (adam, adamw), 0 (amsgrad) */
  double low, high;      /* w is clipped to this after every step; -INFINITY and INFINITY */
} rwk_update_settings;

RWK_API void rwk_update_settings_init(rwk_update_settings *settings, rwk_solver_kind rule);

/* Makes an update of dim coordinates: 3 dim doubles. RWK_INVALID_ARGUMENT names the setting that is none. */
RWK_API rwk_status rwk_update_create(rwk_update **update, rwk_context *ctx, size_t dim,
                                     const rwk_update_settings *settings);
RWK_API void rwk_update_destroy(rwk_update *update); /* NULL is fine */

/* Forgets all gradients: the next step is the first, of `steps` in all. */
RWK_API void rwk_update_restart(rwk_update *update, int64_t steps);

/* w[dim] takes one step with the gradient g[dim]. decay[dim], of adamw, or NULL. Cannot fail; allocates
 * nothing. One thread at a time. */
RWK_API void rwk_update_step(rwk_update *update, double *w, const double *g, const double *decay);

/* The learning rate of step t = 1, 2, ... */
RWK_API double rwk_update_rate(const rwk_update *update, int64_t t);

#ifdef __cplusplus
}
#endif
#endif
