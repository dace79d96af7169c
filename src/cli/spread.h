/* cli/spread.h: the walks of a path, the folds of a cross-validation, the trials of a search, by all ranks.
 *
 * Each rank reads the table. When a function here returns RWK_OK on rank 0, all that takes time is in the run
 * file, and the verb goes on as after --resume: with the same numbers as one process. A worker is done. */
#ifndef RWK_CLI_SPREAD_H
#define RWK_CLI_SPREAD_H

#include <ridgewalk/cv.h>
#include <ridgewalk/search.h>
#include "cli/job.h"

/* *path: rank 0's, whole; NULL on a worker, which has helped with drops and best, too. */
rwk_status cli_spread_path(rwk_path **path, cli_job *j);
/* settings as for one process, with its store. */
rwk_status cli_spread_cv(cli_job *j, const rwk_folds *folds, const rwk_cv_settings *settings);
rwk_status cli_spread_search(cli_job *j, const rwk_folds *folds, const rwk_search_settings *settings);

#endif
