/* path/errand.h: what another process can do for a path: explain one step of a walk, make one descent of
 * `best`. Both depend on nothing but what they are sent, the problem and the settings. */
#ifndef RWK_PATH_ERRAND_H
#define RWK_PATH_ERRAND_H

#include "path/envelope.h"
#include "path/explain.h"

/* Like rwk_explain_step, by a helper. */
rwk_status rwk_errand_explain(rwk_step *step, const rwk_path *path, size_t helper, const rwk_fit *from,
                              const rwk_fit *to);
/* Like rwk_envelope_make, by a helper; scale: that of rwk_envelope_rough. */
rwk_status rwk_errand_descend(rwk_descent *d, const rwk_path *path, size_t helper, double scale);

#endif
