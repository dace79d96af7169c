/* cli/model.h: the fit of a run file that predicts, or is exported. */
#ifndef RWK_CLI_MODEL_H
#define RWK_CLI_MODEL_H

#include "cli/stored.h"

typedef struct cli_model {
  const rwk_fit *fit; /* the stored's */
  rwk_design *recipe;
  rwk_mlp *mlp;         /* of the right shape, over no table */
  size_t dim, members;  /* members: fits whose predictions are averaged */
  double *w;            /* [members x dim] */
  const rwk_fit **fits; /* [members]; the first is `fit` */
} cli_model;

/* The fit that --lambda, --walk and --start mean. To be closed whatever is returned: 0 or an exit code. */
int cli_model_open(cli_model *m, cli_stored *s, const cli_args *args);
void cli_model_close(cli_model *m);

/* Is it min or 1se? And which penalty that is; 0 or an exit code. */
int cli_is_choice(const char *lambda);
int cli_choice_index(size_t *index, const cli_stored *s, const char *lambda);

#endif
