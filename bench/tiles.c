/* The two products of a layer, by the network's own loops, by LIBXSMM's generated code and by the BLAS, on
 * the tiles that the network uses, one thread: a table in Markdown.
 *
 *   tiles [SECONDS]       each figure is the median over SECONDS (0.2) of running
 *
 * forward: Z[rows x hidden] = X[rows x (inputs + 1)] W, before the activation. gradient: G[(inputs + 1) x
 * hidden]
 * += X' D. The tiles of X are those of the table, one after the other; Z and D are of one tile, as in the
 * network. All three read the same numbers; what they give is compared. LIBXSMM is used where it is installed
 * (libxsmm-dev); it generates no code for the gradient, whose first factor is transposed, and hands that to
 * the BLAS. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cblas.h>
#ifdef RWK_WITH_LIBXSMM
#include <libxsmm.h>
#endif
#include "base/context.h"
#include "base/stream.h"
#include "median.h"
#include "mlp/network.h"

typedef struct layer {
  const rwk_mlp *m;
  size_t inputs, hidden; /* inputs with the unit that is 1 */
  const double *W;       /* [inputs][hidden] */
  double *Z, *G;         /* [hidden][stride], [inputs][hidden] */
#ifdef RWK_WITH_LIBXSMM
  libxsmm_dmmfunction forward;
#endif
} layer;

static void own_forward(void *payload) {
  const layer *l = payload;
  for (size_t t = 0; t < l->m->tiles; t++) {
    const rwk_mlp_product p = {.Z = l->Z,
                               .outputs = l->hidden,
                               .term = {{rwk_mlp_X(l->m, t), l->W, l->inputs, l->hidden, 1}},
                               .terms = 1};
    l->m->kernel->product(&p, l->m->extent);
  }
}

static void own_gradient(void *payload) {
  const layer *l = payload;
  for (size_t t = 0; t < l->m->tiles; t++)
    l->m->kernel->dots(l->G, l->hidden, rwk_mlp_X(l->m, t), l->inputs, l->Z, l->hidden, l->m->extent);
}

static void blas_forward(void *payload) {
  const layer *l = payload;
  const rwk_mlp_extent e = l->m->extent;
  for (size_t t = 0; t < l->m->tiles; t++)
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, (int)e.rows, (int)l->hidden, (int)l->inputs, 1,
                rwk_mlp_X(l->m, t), (int)e.stride, l->W, (int)l->hidden, 0, l->Z, (int)e.stride);
}

static void blas_gradient(void *payload) {
  const layer *l = payload;
  const rwk_mlp_extent e = l->m->extent;
  for (size_t t = 0; t < l->m->tiles; t++)
    cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, (int)l->hidden, (int)l->inputs, (int)e.rows, 1, l->Z,
                (int)e.stride, rwk_mlp_X(l->m, t), (int)e.stride, 1, l->G, (int)l->hidden);
}

#ifdef RWK_WITH_LIBXSMM
static void xsmm_forward(void *payload) {
  const layer *l = payload;
  for (size_t t = 0; t < l->m->tiles; t++) l->forward(rwk_mlp_X(l->m, t), l->W, l->Z);
}
#endif

static double *normals(rwk_context *ctx, size_t n, uint64_t seed) {
  double *x = rwk_alloc_doubles(ctx, n);
  rwk_stream s;
  rwk_stream_init(&s, seed, 0);
  for (size_t i = 0; x && i < n; i++) x[i] = rwk_stream_normal(&s);
  return x;
}

/* Largest difference of x from y, relative to the largest of y. */
static double apart(const double *x, const double *y, size_t n) {
  double most = 0, size = 0;
  for (size_t i = 0; i < n; i++) {
    most = fmax(most, fabs(x[i] - y[i]));
    size = fmax(size, fabs(y[i]));
  }
  return most / size;
}

typedef struct contender {
  const char *name;
  void (*forward)(void *), (*gradient)(void *);
} contender;

static void print_line(layer *l, const contender *c, double *Z, double *G, double budget) {
  const size_t z = l->hidden * l->m->extent.stride, g = l->inputs * l->hidden;
  const double operations = 2e-9 * (double)l->m->rows * (double)g;
  c->forward(l);
  double gap = apart(l->Z, Z, z);
  memcpy(l->Z, Z, z * sizeof *Z);
  memset(l->G, 0, g * sizeof *G);
  if (c->gradient) {
    c->gradient(l);
    gap = fmax(gap, apart(l->G, G, g));
  }
  const double forward = rwk_median_seconds(c->forward, l, 5, budget);
  printf("| %zu | %zu | %zu | %zu | %s | %.1f | %.1f |", l->m->rows, l->inputs - 1, l->hidden,
         l->m->extent.rows, c->name, 1e6 * forward, operations / forward);
  if (c->gradient) {
    const double gradient = rwk_median_seconds(c->gradient, l, 5, budget);
    printf(" %.1f | %.1f |", 1e6 * gradient, operations / gradient);
  } else {
    printf(" the BLAS's | |");
  }
  printf(" %.0e |\n", gap);
  fflush(stdout);
}

static int measure(rwk_context *ctx, size_t rows, size_t inputs, size_t hidden, double budget) {
  double *X = normals(ctx, rows * inputs, 1), *Y = normals(ctx, rows, 2), *Z = NULL, *G = NULL, *W = NULL;
  const rwk_mlp_data data = {
      .X = X, .ldx = inputs, .Y = Y, .ldy = 1, .rows = rows, .inputs = inputs, .outputs = 1};
  rwk_mlp_settings settings;
  rwk_mlp_settings_init(&settings);
  settings.hidden = &hidden;
  settings.hidden_count = 1;
  rwk_mlp *mlp = NULL;
  int ok = X && Y && rwk_mlp_create(&mlp, ctx, &data, &settings) == RWK_OK;
  if (!ok) goto done;
  layer l = {.m = mlp, .inputs = inputs + 1, .hidden = hidden};
  const size_t z = hidden * mlp->extent.stride, g = l.inputs * hidden;
  l.W = W = normals(ctx, g, 3);
  l.Z = rwk_alloc_doubles(ctx, z);
  l.G = rwk_alloc_doubles(ctx, g);
  Z = rwk_alloc_doubles(ctx, z);
  G = rwk_alloc_doubles(ctx, g);
  ok = W && l.Z && l.G && Z && G;
  if (ok) {
    memset(l.Z, 0, z * sizeof *Z);
    memset(l.G, 0, g * sizeof *G);
    own_forward(&l);
    memcpy(Z, l.Z, z * sizeof *Z);
    own_gradient(&l);
    memcpy(G, l.G, g * sizeof *G);
    print_line(&l, &(contender){"own", own_forward, own_gradient}, Z, G, budget);
#ifdef RWK_WITH_LIBXSMM
    const libxsmm_blasint tall = (libxsmm_blasint)mlp->extent.rows, wide = (libxsmm_blasint)hidden,
                          deep = (libxsmm_blasint)l.inputs, stride = (libxsmm_blasint)mlp->extent.stride;
    const double one = 1, none = 0;
    const int flags = LIBXSMM_GEMM_FLAG_TRANS_B;
    l.forward = libxsmm_dmmdispatch(tall, wide, deep, &stride, &wide, &stride, &one, &none, &flags, NULL);
    if (l.forward)
      print_line(&l, &(contender){"LIBXSMM", xsmm_forward, NULL}, Z, G, budget);
    else
      printf("| %zu | %zu | %zu | %zu | LIBXSMM generates no code | | | | | |\n", rows, inputs, hidden,
             mlp->extent.rows);
#endif
    print_line(&l, &(contender){"BLAS", blas_forward, blas_gradient}, Z, G, budget);
  }
  rwk_free_doubles(ctx, l.G);
  rwk_free_doubles(ctx, l.Z);
done:
  rwk_free_doubles(ctx, G);
  rwk_free_doubles(ctx, Z);
  rwk_free_doubles(ctx, W);
  rwk_mlp_destroy(mlp);
  rwk_free_doubles(ctx, Y);
  rwk_free_doubles(ctx, X);
  return ok;
}

int main(int argc, char **argv) {
  static const size_t shapes[][3] = {
      {442, 10, 16}, {1030, 8, 50}, {9568, 4, 50}, {8192, 8, 100}, {100000, 90, 100}};
  const double budget = argc > 1 ? atof(argv[1]) : 0.2;
  rwk_context *ctx;
  if (rwk_context_create(&ctx, NULL) != RWK_OK) return 1;
  printf("| rows | inputs | hidden | rows of a tile | by | forward us | GFLOP/s | gradient us | GFLOP/s | "
         "differs by |\n"
         "|---|---|---|---|---|---|---|---|---|---|\n");
  int ok = 1;
  for (size_t s = 0; ok && s < sizeof shapes / sizeof *shapes; s++)
    ok = measure(ctx, shapes[s][0], shapes[s][1], shapes[s][2], budget);
  if (!ok) fprintf(stderr, "tiles: %s\n", rwk_context_error(ctx));
  rwk_context_destroy(ctx);
  return !ok;
}
