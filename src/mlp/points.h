/* mlp/points.h: what flats, kinks and simplify share about the units at a point. */
#ifndef RWK_MLP_POINTS_H
#define RWK_MLP_POINTS_H

#include "mlp/network.h"

/* Pre-activations of layer l on a tile; in s->tangent, valid until its next use. `at` from rwk_mlp_tile_at.
 */
const double *rwk_mlp_preactivation(rwk_mlp_work *s, const double *at, size_t tile, size_t l,
                                    const double *w);

/* All incoming (outgoing) weights of hidden unit j of layer l within `threshold` of 0? */
int rwk_mlp_in_within(const rwk_mlp *m, const double *w, size_t l, size_t j, double threshold);
int rwk_mlp_out_within(const rwk_mlp *m, const double *w, size_t l, size_t j, double threshold);

/* One enumeration of flat directions. */
typedef struct rwk_mlp_flats_run {
  const rwk_mlp *m;
  rwk_mlp_work *s;
  const double *w;
  double lambda;
  rwk_flat_fn emit;
  void *payload;
  double *direction, *moved, *way; /* [dim] each */
  char label[128];
} rwk_mlp_flats_run;

/* Smallest and largest pre-activation of a unit over the rows that count. */
typedef struct rwk_mlp_range {
  double low, high;
} rwk_mlp_range;

/* range[units of layer l] at w. */
rwk_status rwk_mlp_ranges(rwk_mlp_range *range, rwk_mlp_work *s, size_t l, const double *w);

/* Is phi(z) = z + constant on the whole range, to the last bit that a double can hold? */
int rwk_mlp_is_linear(rwk_activation activation, rwk_mlp_range z);

/* Makes run->direction unit length, emits it under run->label unless it is 0, and clears it. */
rwk_status rwk_mlp_emit(rwk_mlp_flats_run *run);

/* The families, each with a file of its own. */
rwk_status rwk_mlp_flats_dead(rwk_mlp_flats_run *run);  /* T7 */
rwk_status rwk_mlp_flats_stuck(rwk_mlp_flats_run *run); /* silent and saturated units */
rwk_status rwk_mlp_flats_linear(
    rwk_mlp_flats_run *run); /* units that are linear on all rows; scales of relu units at lambda 0 */

#endif
