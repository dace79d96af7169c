#include "path/errand.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

/* A request is this and two vectors of weights, an answer the next and one. */
typedef struct request {
  enum { EXPLAIN, DESCEND } kind;
  rwk_fit from, to;
  size_t index;
  int search;
  double ceiling, scale;
} request;

typedef struct answer {
  rwk_drop drop;
  int explained, kept, has_far;
  rwk_solve_result result;
  int64_t rough_iterations;
} answer;

static size_t request_size(size_t dim) {
  return sizeof(request) + 2 * dim * sizeof(double);
}

static size_t answer_size(size_t dim) {
  return sizeof(answer) + dim * sizeof(double);
}

static double *weights_of(void *message, size_t head) {
  return (double *)(void *)((char *)message + head);
}

/* ---- who asks ---- */

static rwk_status ask(answer *a, double *w, const request *r, const double *first, const double *second,
                      const rwk_path *path, size_t helper) {
  const size_t dim = path->dim, asked = request_size(dim), answered = answer_size(dim);
  const rwk_path_help *help = path->settings.help;
  void *question = rwk_alloc(path->ctx, 1, asked), *reply = rwk_alloc(path->ctx, 1, answered);
  rwk_status status = question && reply ? RWK_OK : RWK_NO_MEMORY;
  if (status == RWK_OK) {
    double *weights = weights_of(question, sizeof *r);
    memcpy(question, r, sizeof *r);
    memcpy(weights, first, dim * sizeof *w);
    memcpy(weights + dim, second, dim * sizeof *w);
    status = help->call(reply, answered, question, asked, helper, help->payload);
  }
  if (status == RWK_OK) {
    memcpy(a, reply, sizeof *a);
    memcpy(w, weights_of(reply, sizeof *a), dim * sizeof *w);
  }
  rwk_free(path->ctx, question);
  rwk_free(path->ctx, reply);
  return status;
}

rwk_status rwk_errand_explain(rwk_step *step, const rwk_path *path, size_t helper, const rwk_fit *from,
                              const rwk_fit *to) {
  const request r = {.kind = EXPLAIN, .from = *from, .to = *to};
  answer a;
  double *far = rwk_alloc_doubles(path->ctx, path->dim);
  const rwk_status status = far ? ask(&a, far, &r, from->w, to->w, path, helper) : RWK_NO_MEMORY;
  if (status == RWK_OK) {
    step->drop = a.drop;
    step->explained = a.explained;
    step->kept = a.kept;
  }
  if (status == RWK_OK && a.has_far)
    step->far = far;
  else
    rwk_free_doubles(path->ctx, far);
  return status;
}

rwk_status rwk_errand_descend(rwk_descent *d, const rwk_path *path, size_t helper, double scale) {
  const request r = {
      .kind = DESCEND, .index = d->index, .search = d->search, .ceiling = d->ceiling, .scale = scale};
  answer a;
  const rwk_status status = ask(&a, d->w, &r, d->w, d->w, path, helper);
  if (status != RWK_OK) return status;
  d->result = a.result;
  d->rough_iterations = a.rough_iterations;
  return RWK_OK;
}

/* ---- who answers ---- */

struct rwk_path_helper {
  rwk_path path; /* without fits */
  rwk_explainer explainer;
  rwk_solver *rough, *solver;
  double scale; /* of rough; 0: there is none yet */
  double *w;
};

rwk_status rwk_path_helper_create(rwk_path_helper **helper, rwk_context *ctx, const rwk_problem *problem,
                                  const rwk_path_settings *settings) {
  *helper = NULL;
  if (settings->size != sizeof *settings || !settings->lambda || settings->lambda_count == 0)
    return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "path settings: a helper needs them all, and the grid");
  rwk_path_helper *h = rwk_calloc(ctx, 1, sizeof *h);
  if (!h) return rwk_fail_memory(ctx, "a path's helper");
  h->path = (rwk_path){.ctx = ctx,
                       .problem = problem,
                       .settings = *settings,
                       .lambda = (double *)(uintptr_t)settings->lambda, /* is only read */
                       .count = settings->lambda_count,
                       .dim = problem->dim};
  h->w = rwk_alloc_doubles(ctx, problem->dim);
  rwk_status status = h->w ? RWK_OK : rwk_fail_memory(ctx, "a path's helper");
  if (status == RWK_OK) status = rwk_explainer_open(&h->explainer, &h->path, ctx);
  if (status == RWK_OK) status = rwk_finisher_create(&h->solver, ctx, &h->path, 1);
  if (status == RWK_OK)
    *helper = h;
  else
    rwk_path_helper_destroy(h);
  return status;
}

void rwk_path_helper_destroy(rwk_path_helper *h) {
  if (!h) return;
  rwk_context *ctx = h->path.ctx;
  rwk_explainer_close(&h->explainer);
  rwk_solver_destroy(h->solver);
  rwk_solver_destroy(h->rough);
  rwk_free_doubles(ctx, h->w);
  rwk_free(ctx, h);
}

size_t rwk_path_helper_request_size(const rwk_path_helper *h) {
  return request_size(h->path.dim);
}

size_t rwk_path_helper_answer_size(const rwk_path_helper *h) {
  return answer_size(h->path.dim);
}

static rwk_status explain(answer *a, double *w, request *r, const double *weights, rwk_path_helper *h) {
  rwk_step step = {0};
  r->from.w = weights;
  r->to.w = weights + h->path.dim;
  RWK_TRY(rwk_explain_step(&step, &h->explainer, &r->from, &r->to));
  a->drop = step.drop;
  a->explained = step.explained;
  a->kept = step.kept;
  a->has_far = step.far != NULL;
  if (step.far) memcpy(w, step.far, h->path.dim * sizeof *w);
  rwk_free_doubles(h->path.ctx, step.far);
  return RWK_OK;
}

static rwk_status descend(answer *a, double *w, const request *r, const double *weights, rwk_path_helper *h) {
  if (r->index >= h->path.count) return RWK_INVALID_ARGUMENT;
  if (h->scale != r->scale) {
    rwk_solver_destroy(h->rough);
    h->rough = NULL;
    RWK_TRY(rwk_envelope_rough(&h->rough, h->path.ctx, &h->path, r->scale));
    h->scale = r->scale;
  }
  memcpy(w, weights, h->path.dim * sizeof *w);
  rwk_descent d = {.index = r->index, .w = w, .search = r->search, .ceiling = r->ceiling};
  RWK_TRY(rwk_envelope_make(&d, h->rough, h->solver, &h->path));
  a->result = d.result;
  a->rough_iterations = d.rough_iterations;
  return RWK_OK;
}

rwk_status rwk_path_helper_answer(void *reply, const void *question, rwk_path_helper *h) {
  const size_t dim = h->path.dim;
  request r;
  answer a;
  memcpy(&r, question, sizeof r);
  memset(&a, 0, sizeof a);
  memset(h->w, 0, dim * sizeof *h->w);
  const double *weights = (const double *)(const void *)((const char *)question + sizeof r);
  RWK_TRY(r.kind == EXPLAIN ? explain(&a, h->w, &r, weights, h) : descend(&a, h->w, &r, weights, h));
  memcpy(reply, &a, sizeof a);
  memcpy(weights_of(reply, sizeof a), h->w, dim * sizeof *h->w);
  return RWK_OK;
}
