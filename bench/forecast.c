/* How right the time left is that a path tells of while it goes on: forecast [HIDDEN STARTS [THREADS]]
 *
 * For tests/data/diabetes.csv, 19 penalties, all walks: at 10, 25, 50, 75 and 90% of the time that the path
 * took, the whole time as the path saw it then (gone and left), over the time that it took. 1.00 is right. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <ridgewalk/ridgewalk.h>

enum { MOST = 200000 };

typedef struct telling {
  double seconds, remaining;
} telling;

typedef struct diary {
  telling *all;
  size_t count;
} diary;

static void tell(const rwk_path_progress *p, void *payload) {
  diary *d = payload;
  if (d->count < MOST) d->all[d->count++] = (telling){p->seconds, p->remaining};
}

/* What was said last before this moment. */
static double said(const diary *d, double at) {
  double whole = NAN;
  for (size_t k = 0; k < d->count && d->all[k].seconds <= at; k++)
    whole = d->all[k].remaining >= 0 ? fmax(at, d->all[k].seconds + d->all[k].remaining) : NAN;
  return whole;
}

static rwk_status measure(rwk_context *ctx, const rwk_mlp *mlp, int starts, const char *name, unsigned walks,
                          rwk_effort effort, int explain) {
  static const double shares[] = {0.1, 0.25, 0.5, 0.75, 0.9};
  rwk_path_settings s;
  rwk_path *path = NULL;
  double lambda[19];
  diary d = {.all = malloc(MOST * sizeof *d.all)};
  if (!d.all) return RWK_NO_MEMORY;
  for (int i = 0; i < 19; i++) lambda[i] = ldexp(1, i - 16);
  rwk_path_settings_init(&s);
  s.lambda = lambda;
  s.lambda_count = 19;
  s.starts = starts;
  s.walks = walks;
  s.effort = effort;
  s.explain = explain;
  s.progress = tell;
  s.progress_payload = &d;
  const rwk_status status = rwk_path_run(&path, ctx, rwk_mlp_problem((rwk_mlp *)mlp), &s);
  if (status == RWK_OK) {
    const double whole = rwk_path_seconds(path);
    printf("| %s | %.1f |", name, whole);
    for (size_t k = 0; k < sizeof shares / sizeof *shares; k++)
      printf(" %.2f |", said(&d, shares[k] * whole) / whole);
    printf("\n");
    fflush(stdout);
  }
  rwk_path_destroy(path);
  free(d.all);
  return status;
}

int main(int argc, char **argv) {
  const size_t hidden = argc > 2 ? (size_t)atol(argv[1]) : 8;
  const int starts = argc > 2 ? atoi(argv[2]) : 4;
  rwk_context *ctx = NULL;
  rwk_table *table = NULL;
  rwk_design *design = NULL;
  rwk_mlp *mlp = NULL;
  rwk_table_settings t;
  rwk_design_settings ds;
  rwk_mlp_settings m;
  rwk_context_settings c;
  rwk_context_settings_init(&c);
  c.threads = argc > 3 ? atoi(argv[3]) : 2;
  rwk_table_settings_init(&t);
  rwk_design_settings_init(&ds);
  rwk_mlp_settings_init(&m);
  m.hidden = &hidden;
  m.hidden_count = 1;
  rwk_status status = rwk_context_create(&ctx, &c);
  if (status == RWK_OK) status = rwk_table_read(&table, ctx, "tests/data/diabetes.csv", &t);
  if (status == RWK_OK) status = rwk_design_create(&design, ctx, table, &ds);
  if (status == RWK_OK) {
    const rwk_mlp_data data = {.X = rwk_design_X(design),
                               .ldx = rwk_design_inputs(design),
                               .Y = rwk_design_Y(design),
                               .ldy = rwk_design_outputs(design),
                               .rows = rwk_design_rows(design),
                               .inputs = rwk_design_inputs(design),
                               .outputs = rwk_design_outputs(design)};
    status = rwk_mlp_create(&mlp, ctx, &data, &m);
  }
  printf("| %zu units, %d starts, %d threads | seconds | at 10%% | 25%% | 50%% | 75%% | 90%% "
         "|\n|---|---|---|---|---|---|---|\n",
         hidden, starts, c.threads);
  const unsigned all = RWK_WALKS_UP | RWK_WALKS_DOWN | RWK_WALKS_COLD | RWK_WALKS_BEST;
  if (status == RWK_OK)
    status = measure(ctx, mlp, 8 * starts, "walks, 8 times the starts", all & ~(unsigned)RWK_WALKS_BEST,
                     RWK_EFFORT_LOW, 0);
  if (status == RWK_OK)
    status =
        measure(ctx, mlp, starts, "walks, explained", all & ~(unsigned)RWK_WALKS_BEST, RWK_EFFORT_LOW, 1);
  if (status == RWK_OK) status = measure(ctx, mlp, starts, "all, low effort", all, RWK_EFFORT_LOW, 1);
  if (status == RWK_OK) status = measure(ctx, mlp, starts, "all", all, RWK_EFFORT_NORMAL, 1);
  if (status != RWK_OK) fprintf(stderr, "%s\n", ctx ? rwk_context_error(ctx) : "no memory");
  rwk_mlp_destroy(mlp);
  rwk_design_destroy(design);
  rwk_table_destroy(table);
  rwk_context_destroy(ctx);
  return status != RWK_OK;
}
