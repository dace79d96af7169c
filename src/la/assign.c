#include "la/assign.h"
#include <math.h>
#include <string.h>
#include "la/dense.h"

/* Rows and columns are numbered from 1; 0 is nobody. */
typedef struct assignment {
  const double *cost;
  size_t n;
  double *row, *col;      /* prices: cost - row - col >= 0, and 0 where assigned */
  double *slack;          /* of columns: what is missing to the tree */
  size_t *owner, *before; /* of columns: the row it goes with, and the column before it on the path */
  unsigned char *in_tree; /* of columns */
} assignment;

/* Brings row i in along the shortest augmenting path. */
static void augment(assignment *a, size_t i) {
  const size_t n = a->n;
  size_t at = 0;
  a->owner[0] = i;
  for (size_t j = 0; j <= n; j++) a->slack[j] = INFINITY;
  memset(a->in_tree, 0, n + 1);
  do {
    const size_t row = a->owner[at];
    size_t nearest = 0;
    double least = INFINITY;
    a->in_tree[at] = 1;
    for (size_t j = 1; j <= n; j++) {
      if (a->in_tree[j]) continue;
      const double reduced = a->cost[(row - 1) * n + j - 1] - a->row[row] - a->col[j];
      if (reduced < a->slack[j]) {
        a->slack[j] = reduced;
        a->before[j] = at;
      }
      if (nearest == 0 || a->slack[j] < least) {
        least = a->slack[j];
        nearest = j;
      }
    }
    for (size_t j = 0; j <= n; j++) {
      if (a->in_tree[j]) {
        a->row[a->owner[j]] += least;
        a->col[j] -= least;
      } else {
        a->slack[j] -= least;
      }
    }
    at = nearest;
  } while (a->owner[at] != 0);
  while (at != 0) {
    const size_t before = a->before[at];
    a->owner[at] = a->owner[before];
    at = before;
  }
}

rwk_status rwk_assign(size_t *column, double *total, rwk_context *ctx, const double *cost, size_t n) {
  *total = 0;
  if (!rwk_all_finite(n * n, cost)) return rwk_fail(ctx, RWK_NUMERICAL, "a cost is not finite");
  double *prices = rwk_alloc_doubles(ctx, 3 * (n + 1));
  size_t *places = rwk_calloc(ctx, 2 * (n + 1), sizeof *places);
  unsigned char *in_tree = rwk_calloc(ctx, n + 1, 1);
  rwk_status status = RWK_OK;
  if (!prices || !places || !in_tree) {
    status = rwk_fail_memory(ctx, "an assignment");
    goto done;
  }
  memset(prices, 0, 3 * (n + 1) * sizeof *prices);
  assignment a = {.cost = cost,
                  .n = n,
                  .row = prices,
                  .col = prices + n + 1,
                  .slack = prices + 2 * (n + 1),
                  .owner = places,
                  .before = places + n + 1,
                  .in_tree = in_tree};
  for (size_t i = 1; i <= n; i++) augment(&a, i);
  for (size_t j = 1; j <= n; j++) {
    column[a.owner[j] - 1] = j - 1;
    *total += cost[(a.owner[j] - 1) * n + j - 1];
  }
done:
  rwk_free(ctx, in_tree);
  rwk_free(ctx, places);
  rwk_free_doubles(ctx, prices);
  return status;
}
