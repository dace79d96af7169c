/* la/assign.h: who goes with whom at least cost. */
#ifndef RWK_LA_ASSIGN_H
#define RWK_LA_ASSIGN_H

#include <stddef.h>
#include "base/context.h"

/* column[i] of row i, a permutation of 0..n-1 for which the sum of cost[i*n + column[i]] is least; *total is
 * that sum. The Hungarian method by shortest augmenting paths, O(n^3) time, O(n) memory (Kuhn 1955; Jonker
 * and Volgenant, Computing 38, 1987). RWK_NUMERICAL if a cost is not finite. */
rwk_status rwk_assign(size_t *column, double *total, rwk_context *ctx, const double *cost, size_t n);

#endif
