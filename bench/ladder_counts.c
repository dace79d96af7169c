/* What an upward ladder is made of, in counts, which do not depend on what else the machine is doing:
 * iterations, Hessians, factorisations, gradients and triangular solves of the fits, and processor seconds
 * beside them.
 *
 *   ladder_counts TABLE.csv HIDDEN [STARTS]     19 penalties, 2^-16 to 2^2, warm started, one thread; the
 * last column is the target; STARTS (1) random starts
 *
 * With one start a line a penalty, then in all; with several a line a start. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <ridgewalk/ridgewalk.h>
#include "base/context.h"
#include "base/team.h"
#include "problem/problem.h"

/* The linker puts these in front of la's own (CMakeLists.txt). */
static int64_t factors, solves;

void __real_rwk_cholesky_of(size_t *pivot, double *R, size_t ldr, const double *A, size_t lda, double shift,
                            size_t n, rwk_team *team);
void __wrap_rwk_cholesky_of(size_t *pivot, double *R, size_t ldr, const double *A, size_t lda, double shift,
                            size_t n, rwk_team *team);
void __wrap_rwk_cholesky_of(size_t *pivot, double *R, size_t ldr, const double *A, size_t lda, double shift,
                            size_t n, rwk_team *team) {
  factors++;
  __real_rwk_cholesky_of(pivot, R, ldr, A, lda, shift, n, team);
}

void __real_rwk_cholesky_solve(double *x, size_t ldx, size_t k, const double *L, size_t lda, size_t n);
void __wrap_rwk_cholesky_solve(double *x, size_t ldx, size_t k, const double *L, size_t lda, size_t n);
void __wrap_rwk_cholesky_solve(double *x, size_t ldx, size_t k, const double *L, size_t lda, size_t n) {
  solves++;
  __real_rwk_cholesky_solve(x, ldx, k, L, lda, n);
}

static double processor_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct counts {
  int64_t iterations, hessians, factors, gradients, solves;
  double objective, seconds, certificates; /* J, and processor seconds */
} counts;

static void add(counts *sum, const counts *c) {
  sum->iterations += c->iterations;
  sum->hessians += c->hessians;
  sum->factors += c->factors;
  sum->gradients += c->gradients;
  sum->solves += c->solves;
  sum->objective += c->objective;
  sum->seconds += c->seconds;
  sum->certificates += c->certificates;
}

static void print(const char *label, const counts *c, const char *verdict) {
  printf("| %s | %lld | %lld | %lld | %lld | %lld | %.10g | %.3f | %.3f | %s |\n", label,
         (long long)c->iterations, (long long)c->hessians, (long long)c->factors, (long long)c->gradients,
         (long long)c->solves, c->objective, c->seconds, c->certificates, verdict);
  fflush(stdout);
}

static rwk_status fit(counts *c, rwk_verdict *verdict, rwk_context *ctx, rwk_solver *solver,
                      const rwk_problem *problem, double *w, double lambda) {
  const int64_t factors_before = factors, solves_before = solves;
  const double began = processor_seconds();
  rwk_solve_result r;
  RWK_TRY(rwk_solver_run(&r, solver, w, lambda));
  const double fitted = processor_seconds();
  *c = (counts){.iterations = r.iterations,
                .hessians = r.hessians,
                .factors = factors - factors_before,
                .gradients = r.gradients,
                .solves = solves - solves_before,
                .objective = r.objective,
                .seconds = fitted - began};
  rwk_certificate certificate;
  RWK_TRY(rwk_certify(&certificate, NULL, ctx, problem, lambda, w, NULL));
  c->certificates = processor_seconds() - fitted;
  *verdict = certificate.verdict;
  return RWK_OK;
}

static rwk_status ladder(rwk_context *ctx, const rwk_problem *problem, uint64_t start, int each) {
  counts all = {0};
  rwk_solver_settings settings;
  rwk_solver_settings_init(&settings);
  rwk_solver *solver = NULL;
  double *w = rwk_alloc_doubles(ctx, problem->dim);
  rwk_status status = w ? rwk_solver_create(&solver, ctx, problem, &settings) : RWK_NO_MEMORY;
  if (status == RWK_OK) status = problem->ops.start(w, 0, start, problem->self);
  for (int k = -16; status == RWK_OK && k <= 2; k++) {
    counts c;
    rwk_verdict verdict;
    char label[32];
    status = fit(&c, &verdict, ctx, solver, problem, w, ldexp(1, k));
    if (status != RWK_OK) break;
    add(&all, &c);
    snprintf(label, sizeof label, "2^%d", k);
    if (each) print(label, &c, rwk_verdict_name(verdict));
  }
  if (status == RWK_OK) {
    char label[32];
    snprintf(label, sizeof label, "start %llu", (unsigned long long)start);
    print(label, &all, "");
  }
  rwk_solver_destroy(solver);
  rwk_free_doubles(ctx, w);
  return status;
}

/* Columns with mean 0 and variance 1. */
static rwk_status standardised(double *to, size_t stride, rwk_context *ctx, const rwk_table *table,
                               size_t column) {
  const size_t rows = rwk_table_rows(table);
  const double *x;
  RWK_TRY(rwk_table_column_numbers(&x, ctx, table, column));
  double mean = 0, square = 0;
  for (size_t i = 0; i < rows; i++) mean += x[i] / (double)rows;
  for (size_t i = 0; i < rows; i++) square += (x[i] - mean) * (x[i] - mean) / (double)rows;
  for (size_t i = 0; i < rows; i++) to[i * stride] = (x[i] - mean) / sqrt(square);
  return RWK_OK;
}

static rwk_status run(rwk_context *ctx, const char *file, size_t hidden, uint64_t starts) {
  rwk_table_settings ts;
  rwk_table_settings_init(&ts);
  rwk_table *table = NULL;
  rwk_mlp *mlp = NULL;
  double *X = NULL, *Y = NULL;
  rwk_status status = rwk_table_read(&table, ctx, file, &ts);
  if (status != RWK_OK) return status;
  const size_t rows = rwk_table_rows(table), inputs = rwk_table_columns(table) - 1;
  X = rwk_alloc_doubles(ctx, rows * inputs + 1);
  Y = rwk_alloc_doubles(ctx, rows);
  if (!X || !Y) status = RWK_NO_MEMORY;
  for (size_t j = 0; status == RWK_OK && j < inputs; j++) status = standardised(X + j, inputs, ctx, table, j);
  if (status == RWK_OK) status = standardised(Y, 1, ctx, table, inputs);
  const rwk_mlp_data data = {
      .X = X, .ldx = inputs, .Y = Y, .ldy = 1, .rows = rows, .inputs = inputs, .outputs = 1};
  rwk_mlp_settings ms;
  rwk_mlp_settings_init(&ms);
  ms.hidden = &hidden;
  ms.hidden_count = 1;
  if (status == RWK_OK) status = rwk_mlp_create(&mlp, ctx, &data, &ms);
  if (status == RWK_OK)
    printf("| | iterations | Hessians | factorisations | gradients | solves | J | fit s | certificate s | "
           "kind |\n"
           "|---|---|---|---|---|---|---|---|---|---|\n");
  for (uint64_t s = 0; status == RWK_OK && s < starts; s++)
    status = ladder(ctx, rwk_mlp_problem(mlp), s, starts == 1);
  rwk_mlp_destroy(mlp);
  rwk_free_doubles(ctx, Y);
  rwk_free_doubles(ctx, X);
  rwk_table_destroy(table);
  return status;
}

int main(int argc, char **argv) {
  const long hidden = argc > 2 ? atol(argv[2]) : 0, starts = argc > 3 ? atol(argv[3]) : 1;
  if (hidden < 1 || starts < 1) return fprintf(stderr, "ladder_counts TABLE.csv HIDDEN [STARTS]\n"), 2;
  rwk_context_settings cs;
  rwk_context_settings_init(&cs);
  cs.threads = 1;
  rwk_context *ctx;
  if (rwk_context_create(&ctx, &cs) != RWK_OK) return 1;
  const rwk_status status = run(ctx, argv[1], (size_t)hidden, (uint64_t)starts);
  if (status != RWK_OK) fprintf(stderr, "%s: %s\n", rwk_status_name(status), rwk_context_error(ctx));
  rwk_context_destroy(ctx);
  return status != RWK_OK;
}
