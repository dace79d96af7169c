/* path/envelope.h: the inside of `best`.
 *
 * Weights W give a line J(W; lambda) = L + lambda R (T3). The pool holds the lines of all fits of the walks,
 * and of those of our own that are lowest somewhere on the grid.
 */
#ifndef RWK_PATH_ENVELOPE_H
#define RWK_PATH_ENVELOPE_H

#include "path/path.h"

typedef struct rwk_line {
  double loss, penalty;
  const double *w;
  double *own; /* w, if the pool is to release it */
  rwk_origin origin;
  rwk_solve_result solve;
  const rwk_fit *fit; /* the walk's fit that it is, or NULL */
} rwk_line;

/* Weights to descend from at one penalty, which become the weights where that ends. */
typedef struct rwk_descent {
  size_t index;
  double *w;      /* [dim] */
  int search;     /* 1: begin with L-BFGS */
  double ceiling; /* J that it is to come below: an end above it is of no interest */
  rwk_origin origin;
  rwk_solve_result result;
  int64_t rough_iterations; /* of L-BFGS before */
} rwk_descent;

enum { RWK_NO_LINE = -1 };

/* One of the lowest minima seen at a penalty. */
typedef struct rwk_basin {
  double objective;
  double *w; /* [dim] */
  rwk_origin origin;
  int fresh;    /* 1: penalties beside have not been tried from here */
  size_t found; /* by how many random starts */
} rwk_basin;

typedef struct rwk_envelope {
  rwk_path *path;
  rwk_line *lines;
  size_t count, capacity;
  int64_t *current;  /* [path->count] the line fitted at this penalty that is lowest there, or RWK_NO_LINE */
  int64_t *tried;    /* [path->count] the line that was descended from last */
  rwk_basin *basins; /* [path->count x RWK_BASINS], the lowest first */
  size_t *basin_count;
  rwk_objective objective; /* of the search: its work is what problems change weights with */
  rwk_descent *descents;
  size_t descent_count, descent_capacity;
  int64_t iterations; /* of all descents; ten of L-BFGS count as one */
} rwk_envelope;

static inline double rwk_line_at(const rwk_line *line, double lambda) {
  return line->loss + lambda * line->penalty;
}

/* Is a below b by more than the rounding of J? */
int rwk_clearly_below(double a, double b);

/* Plans a descent at grid point `index`; *w[dim] is to be filled in by the caller. */
rwk_status rwk_envelope_plan(double **w, rwk_envelope *e, size_t index, rwk_origin origin);

/* Plans a descent there from weights from[dim] of that origin. */
rwk_status rwk_envelope_restart(rwk_envelope *e, size_t index, const double *from, rwk_origin origin);

/* What was planned last is a try: of interest only if it ends among the lowest minima there. */
void rwk_envelope_try(rwk_envelope *e);

/* J of the fit at grid point i, INFINITY where there is none yet. */
double rwk_envelope_at(const rwk_envelope *e, size_t i);

/* What a descent of the search begins with: L-BFGS; scale: the smallest objective of the grid, if below 1. */
rwk_status rwk_envelope_rough(rwk_solver **solver, rwk_context *ctx, const rwk_path *path, double scale);

/* Makes one descent: fills in w, result and rough_iterations. */
rwk_status rwk_envelope_make(rwk_descent *d, rwk_solver *rough, rwk_solver *solver, const rwk_path *path);

/* Makes the descents that are planned, in parallel, and takes their ends over in order. */
rwk_status rwk_envelope_descend(rwk_envelope *e);

/* Restarts each penalty from the lowest line there until no line is below its fit (T3). */
rwk_status rwk_envelope_settle(rwk_envelope *e);

/* Looks for other basins, as the effort says. Begins and ends settled. */
rwk_status rwk_envelope_search(rwk_envelope *e);

#endif
