/* cli/station.h: what one rank has of work that several share.
 *
 * Pieces of work are numbered from 0. Rank 0 keeps the list: who is free draws the next number from it. What
 * the others make they send to rank 0 as letters, each of its own length, and do not wait. A thread of rank 0
 * gives out numbers and takes letters, so that nobody waits for rank 0 to be done with a piece of its own. */
#ifndef RWK_CLI_STATION_H
#define RWK_CLI_STATION_H

#include <ridgewalk/status.h>
#include <stddef.h>

typedef struct cli_station cli_station;

/* Rank 0: a letter has come. Called by another thread, under the station's lock. */
typedef rwk_status (*cli_letter_fn)(const char *letter, size_t size, void *payload);

/* On all ranks; they are more than one. own: so many of the first pieces are rank 0's. */
rwk_status cli_station_open(cli_station **station, size_t own, cli_letter_fn take, void *payload);
/* Is this piece this rank's? A rwk_path_claim_fn. */
int cli_station_claim(size_t piece, void *station);
/* A worker's letter: two parts, the second may be empty. */
rwk_status cli_station_send(cli_station *station, const void *first, size_t first_size, const void *second,
                            size_t second_size);
/* Rank 0: guards what letters are written to. */
void cli_station_lock(cli_station *station);
void cli_station_unlock(cli_station *station);
/* This rank is done, with `status`; rank 0 waits for the others. The first failure of any of them that it
 * knows of. */
rwk_status cli_station_close(cli_station *station, rwk_status status);

#endif
