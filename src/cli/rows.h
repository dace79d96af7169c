/* cli/rows.h: one table whose rows several processes ("ranks") have between them: path --split rows.
 *
 * Rank 0 reads the table, keeps its own rows and sends the others theirs, with what the network is. From then
 * on the others do nothing but answer sums over their rows (rwk_mlp_serve), and rank 0 walks the path as one
 * process would. */
#ifndef RWK_CLI_ROWS_H
#define RWK_CLI_ROWS_H

#include "cli/cli.h"

/* What carries numbers between the ranks; NULL where one process has all rows. */
typedef struct cli_shares cli_shares;

/* --split: does it say rows, and are there others? 0 or an exit code. */
int cli_rows_wanted(int *wanted, const cli_args *args);

/* Rank 0, once data and settings of the network are known: the others get theirs, and m->party is set, *party
 * where it points to. Sets s->rows. 0 or an exit code. */
int cli_rows_deal(cli_setup *s, rwk_mlp_settings *m, rwk_mlp_party *party, const rwk_mlp_data *data,
                  const cli_args *args);
/* Rank 0: it could not come so far, and the others need not wait for rows; or, if they have got them, not for
 * questions. */
void cli_rows_call_off(cli_setup *s);
void cli_rows_release(cli_setup *s);

/* The other ranks' part: all of it. An exit code. */
int cli_rows_serve(const cli_args *args);

#endif
