/* path/path.h: the inside of a path. */
#ifndef RWK_PATH_PATH_H
#define RWK_PATH_PATH_H

#include <ridgewalk/path.h>
#include "base/context.h"
#include "la/dense.h"
#include "path/forecast.h"
#include "problem/problem.h"

typedef struct rwk_walk_record {
  rwk_walk walk;
  int start;
  const rwk_fit **points; /* [count]; NULL where the walk was cut short */
  rwk_drop *drops;
  size_t drop_count, drop_capacity;
  rwk_drop *jumps; /* rises that are jumps */
  size_t jump_count, jump_capacity;
} rwk_walk_record;

/* A step between two neighbouring fits of a walk, and why it went where it went. */
typedef struct rwk_step {
  rwk_drop drop;
  int explained, kept; /* kept: it is a drop, or a rise that is a jump */
  double *far;         /* [dim] weights on the far side of the fold that the branch ends in, or NULL */
} rwk_step;

/* Weights on the far side of a fold, where a step of a walk began. */
typedef struct rwk_far_side {
  const rwk_fit *begin;
  double *w; /* [dim] */
} rwk_far_side;

struct rwk_path {
  rwk_context *ctx;
  const rwk_problem *problem;
  rwk_path_settings settings;
  double *lambda; /* [count] ascending */
  size_t count, dim;
  rwk_fit *fits;       /* [(slots + 1) x count]; a slot is a walk and a start; the last is best's */
  unsigned char *made; /* [slots x count] */
  size_t slots;
  rwk_step
      *steps; /* [slots x count] from each fit of a slot to the next; those of warm walks are explained */
  rwk_far_side *far_sides;
  size_t far_count, far_capacity;
  rwk_origin *origins; /* [count], of best */
  rwk_fit *basins;     /* [count x settings.basins] further minima; w NULL where there is none */
  int64_t done, total; /* fits, for the progress */
  rwk_forecast forecast;
  rwk_walk_record *walks;
  size_t walk_count;
  rwk_collapse collapse;
  double began, seconds;
};

enum { RWK_BASINS = 6 }; /* minima that the search of best keeps at a penalty */

/* What one thread needs to fit and certify. */
typedef struct rwk_fitter {
  rwk_context *ctx;                /* the thread's own; borrowed */
  rwk_solver *solver;              /* as the settings say */
  rwk_solver *finish;              /* newton, where the settings ask for it and the solver is another */
  struct rwk_graduator *graduator; /* made when first needed */
  double *w;                       /* [dim] */
} rwk_fitter;

/* A fitter whose opening failed is to be closed all the same. */
rwk_status rwk_fitter_open(rwk_fitter *f, const rwk_path *path, rwk_context *ctx);
void rwk_fitter_close(rwk_fitter *f);

/* Brings w to the end of the solver at lambda and certifies it. */
rwk_status rwk_fitter_fit(rwk_fit *fit, rwk_fitter *f, const rwk_path *path, double *w, double lambda);

/* Takes w from epoch to epoch of GradOpt at lambda; the noise is that of (seed, stream). What it cost is
 * added to `cost`, whose counts are all that is written of it. */
rwk_status rwk_graduate(rwk_solve_result *cost, rwk_fitter *f, const rwk_path *path, double *w, double lambda,
                        uint64_t stream);
void rwk_graduator_destroy(struct rwk_graduator *g); /* NULL is fine */

/* Random starting weights number `stream` of the path's seed. */
rwk_status rwk_path_start(double *w, const rwk_path *path, uint64_t stream);

/* Runs every walk asked for: fills fits, made, and the steps of warm walks, which are explained by threads
 * that have nothing else to do while the walk goes on. */
rwk_status rwk_walks_run(rwk_path *path);

/* Tells the watcher of one fit more, or, fit NULL, that something else is done; one thread at a time. */
void rwk_path_report(rwk_path *path, const rwk_fit *fit);

/* Puts the fits into walks (cold: the best start at each penalty). */
rwk_status rwk_walks_collect(rwk_path *path);

/* Finds the drops of walks first, first + 1, ..., and the rises that are jumps, with their causes. */
rwk_status rwk_drops_find(rwk_path *path, size_t first);

/* What the search of best is likely to cost, in fits of a warm walk. */
double rwk_best_guess(const rwk_path *path);

/* Makes the walk `best` of all fits there are. */
rwk_status rwk_best_run(rwk_path *path);

/* A Newton solver, whatever solver the walks use; escape: as in rwk_solver_settings. */
rwk_status rwk_finisher_create(rwk_solver **solver, rwk_context *ctx, const rwk_path *path, int escape);

/* Are Hessians formed, or only their products? */
int rwk_path_is_dense(const rwk_path *path);

/* Finds the collapse from weights w[dim] (destroyed) fitted at lambda with nonzero penalty. */
rwk_status rwk_collapse_above(rwk_collapse *collapse, rwk_path *path, double *w, double lambda);

/* Finds it with no fit at hand, from random start 0. */
rwk_status rwk_collapse_search(rwk_collapse *collapse, rwk_path *path);

#endif
