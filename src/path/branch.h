/* path/branch.h: the inside of a branch. */
#ifndef RWK_PATH_BRANCH_H
#define RWK_PATH_BRANCH_H

#include <ridgewalk/branch.h>
#include "path/local.h"

struct rwk_branch {
  rwk_context *ctx;
  size_t dim;
  int dense; /* Hessians were */
  rwk_branch_point *points;
  size_t count, capacity;
  rwk_branch_event *events;
  size_t event_count, event_capacity;
};

/* A point of the curve with its tangent. Lengths are measured as |dw|^2 / scale^2 + dt^2, scale a share of
 * |w| where the trace stands: in w a branch bends gently on the way to a fold, in t sharply at its end. */
typedef struct rwk_place {
  double *w, *tw, *kw; /* [dim]: weights, tangent, curvature (of the curve by arclength) */
  double t, tt, kt;    /* log(lambda / lambda_from), tangent, curvature */
  double lambda;
  int curved;   /* 1: the curvature is known well */
  double dloss; /* dL/ds */
  double loss, penalty, grad_inf, mu;
  double escape; /* smallest curvature of T7 over the dead units; NaN where there is none */
  int64_t negative;
} rwk_place;

enum { RWK_SHARP_FOLD = 2, RWK_UPDATES = 12, RWK_TERMS = 6 };

/* An arc of the curve as a polynomial: (w, t) at arclength s along a tangent, in the hyperplane normal to it,
 * is c0 + x (c1 + x (c2 + x (c3 + y (c4 + y c5)))) with x = s - b and y = s - a. */
typedef struct rwk_arc {
  double *w[RWK_TERMS]; /* [dim] each */
  double t[RWK_TERMS];
  double a, b;
  double tail; /* length of c5; infinite where it is not known */
} rwk_arc;

/* The corrections since the factor at hand was made, by which Broyden's method betters it. */
typedef struct rwk_updates {
  size_t count;
  double *w[RWK_UPDATES]; /* [dim] each */
  double t[RWK_UPDATES];
  double square[RWK_UPDATES]; /* of its length */
} rwk_updates;

/* What one trace works with. */
typedef struct rwk_tracer {
  rwk_branch *branch;
  rwk_local local;
  rwk_branch_settings settings;
  double lambda_from, lambda_to, t_to;
  double direction; /* +1 upwards, -1 downwards */
  double extent;    /* of w */
  double scale;     /* a share of that, for lengths */
  rwk_place here, next, probe;
  rwk_place back;    /* the place before c->here */
  rwk_place ends[2]; /* of the bracket of an event */
  double *x0;        /* [dim] scratch of the corrector */
  double *x1;        /* [dim] H^-1 b off phi, of the factor at hand; phi_b: phi'b there */
  double phi_b;
  rwk_updates updates;
  double *third; /* [dim] third derivative of the curve at c->here, by arclength; third_t for t */
  double third_t;
  int known;      /* of the curve behind c->here: 0 nothing but the tangent, 1 two more derivatives there, 2
                     c->back */
  rwk_arc ahead;  /* from c->here on, by what is known */
  int drawn;      /* 1: it is that of c->here */
  rwk_arc inside; /* between two places */
  double *g;      /* [dim] the gradient at the place that was looked at last */
  int current;    /* 1: the objective was evaluated last at the place that has just been corrected */
  double first,
      contraction; /* of the last correction: length of its first step, and of the second beside it */
  double strength; /* contraction by length of the first step, smoothed; 0: not known */
  int64_t tried;
  int chord;  /* 1: the factor at hand is close to the place that is to be corrected */
  int beside; /* 1: the factor at hand is so close to the place just corrected that products will do there */
  int sharp;  /* correct as far as rounding lets it: an event is being located; RWK_SHARP_FOLD: by steps that
                 may be slow to begin with, as they are beside a fold */
  double step;
  int past;         /* 1: to just past where the branch is expected to turn back */
  double refused;   /* the last step that was refused, growing slowly: not again so soon */
  double sharpness; /* of the last turn: angle over arclength; 0: not known */
} rwk_tracer;

/* rwk_branch_trace where a minimum w_to at lambda_to is known, to which the branch may lead; or NULL. */
rwk_status rwk_branch_between(rwk_branch **out, rwk_context *ctx, const rwk_problem *problem, const double *w,
                              double lambda_from, const double *w_to, double lambda_to,
                              const rwk_branch_settings *settings);

rwk_status rwk_tracer_open(rwk_tracer *c, rwk_branch *branch, const rwk_problem *problem,
                           const rwk_branch_settings *settings);
void rwk_tracer_close(rwk_tracer *c);

/* Newton on g(w, t) = 0 from the place's w and t: at that t, or, with `along` (a place with its tangent), in
 * the hyperplane through the start that is normal to the tangent. A first correction longer than `most` is
 * refused: the point would belong to something else. The factor at hand is used for as long as it contracts
 * well, bettered by Broyden's updates; *factored says how many new ones it took, < 0 that it did not
 * converge. */
rwk_status rwk_tracer_correct(rwk_tracer *c, rwk_place *p, const rwk_place *along, double most,
                              int *factored);

/* After a new factor: what of it serves every correction, c->x1 and c->phi_b. */
rwk_status rwk_tracer_take(rwk_tracer *c);

/* Newton's step from where the local algebra was evaluated last, by the factor at hand: dw in c->x0, and *dt;
 * in the hyperplane normal to the tangent at `along`, or with dt = 0 where that is NULL. */
rwk_status rwk_tracer_newton(rwk_tracer *c, const rwk_place *along, double *dt);

/* Switches off what is smaller than the threshold: Newton's steps move the weights of dead units by rounding,
 * after which their flat directions are not seen. */
rwk_status rwk_tracer_tidy(rwk_tracer *c, rwk_place *p, double threshold);

/* Hessian, flats, tangent (oriented along `before`, or towards lambda_to where that is NULL) and dL/ds at a
 * corrected place. */
rwk_status rwk_tracer_look(rwk_tracer *c, rwk_place *p, const rwk_place *before);

/* The curvature at the place that was looked at last, by differences of the gradient over h of arclength;
 * `third`: and c->third. */
rwk_status rwk_tracer_curve(rwk_tracer *c, rwk_place *p, double h, int third);

/* The arc through two places, by arclength along the tangent at c->here: of degree 5 where both curvatures
 * are known, else the cubic. */
void rwk_tracer_span(rwk_tracer *c, rwk_arc *arc, const rwk_place *from, const rwk_place *to);

/* w, t, lambda of the place of an arc at s. */
void rwk_arc_place(const rwk_tracer *c, const rwk_arc *arc, rwk_place *p, double s);

/* d(w, t)/ds of an arc: w[dim], and what is returned, for t. */
double rwk_arc_slope(const rwk_tracer *c, const rwk_arc *arc, double *w, double s);

/* Where t of an arc turns between two places of it, *t there; its derivative has other signs at both. */
double rwk_arc_turning(const rwk_arc *arc, double low, double high, double *t);

/* c->here is another place, of which that much is known. */
void rwk_tracer_stand(rwk_tracer *c, int known);

/* The arc on which the branch is expected to go on from c->here. */
const rwk_arc *rwk_tracer_ahead(rwk_tracer *c);

/* The place at arclength s from c->here, predicted by an arc; *factored as in correct. */
rwk_status rwk_tracer_reach(rwk_tracer *c, rwk_place *p, const rwk_arc *arc, double s, int *factored);

/* The length of a vector of the curve, and the cosine of the angle between the tangents of two places. */
double rwk_tracer_length(const rwk_tracer *c, const double *w, double t);
double rwk_tracer_cosine(const rwk_tracer *c, const rwk_place *a, const rwk_place *b);

/* How far b is from a along the tangent at a. */
double rwk_tracer_distance(const rwk_tracer *c, const rwk_place *a, const rwk_place *b);

/* c->next, at s, is reached, but not as it was said. It is believed if the arc to it from here holds half
 * way, and c->here moves there; so is the place half way alone, as c->next. *s is the way to c->next then,
 * *bent 1: its curvature is known. *trusted 0: neither. */
rwk_status rwk_tracer_halve(rwk_tracer *c, double *s, int *trusted, int *bent);

/* A minimum w_to[dim] at lambda_to is known. *reached 1: c->here is there, and the branch has been followed.
 * Where a curve of degree 4 from here to there all but holds half way, by the factor at hand, tangent and
 * curvature there are worth a Hessian, and then a place half way to believe it. Else all is as it was. */
rwk_status rwk_tracer_straight(rwk_tracer *c, const double *w_to, int *reached);

/* Has a dead unit become escapable between c->here and c->next? */
int rwk_tracer_revived(const rwk_tracer *c);

/* Sets c->extent and c->scale, by which lengths are measured where the trace stands at weights w. */
void rwk_tracer_measure(rwk_tracer *c, const double *w);

/* Is the step from a to b, s apart, along one smooth curve, and not to another branch nearby? */
int rwk_tracer_smooth(const rwk_tracer *c, const rwk_place *a, const rwk_place *b, double s);

/* Is b, at s on an arc through a, where the arc and its tangent say, after a correction of `first`? */
int rwk_tracer_as_said(rwk_tracer *c, const rwk_place *a, const rwk_place *b, const rwk_arc *arc, double s,
                       double first);

/* The angle between the tangents at two places. */
double rwk_tracer_turned(const rwk_tracer *c, const rwk_place *a, const rwk_place *b);

/* How far to go from where nothing but the derivatives at c->here is known. */
double rwk_tracer_first_step(const rwk_tracer *c);

/* What the last correction says of how exact a prediction has to be. */
void rwk_tracer_learn(rwk_tracer *c);

/* Sets c->step after a good step s, on which the tangent turned by `angle`, to what is c->here now. */
void rwk_tracer_next_step(rwk_tracer *c, double s, double angle);

/* c->step after a step s that was refused; factored as in correct. */
void rwk_tracer_shorter_step(rwk_tracer *c, double s, int factored);

void rwk_place_copy(rwk_place *to, const rwk_place *from, size_t dim);

/* An event lies between c->here and c->next, at arclength s: finds it, leaves c->probe there, and says where
 * by [*low, *high] in lambda. */
rwk_status rwk_tracer_locate(rwk_tracer *c, rwk_event_kind *kind, double s, rwk_branch_event *event);

rwk_status rwk_branch_add_point(rwk_branch *branch, const rwk_place *p, int64_t event);
rwk_status rwk_branch_add_event(rwk_branch *branch, const rwk_branch_event *event, const double *w,
                                const double *null_vector);

#endif
