#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"
#include "cli/json.h"

static void set(json_t *object, const char *key, double x) {
  json_object_set_new(object, key, cli_json_number(x));
}

static void set_whole(json_t *object, const char *key, int64_t n) {
  json_object_set_new(object, key, json_integer(n));
}

static void set_text(json_t *object, const char *key, const char *text) {
  json_t *value = json_string(text);
  json_object_set_new(object, key,
                      value ? value : json_null()); /* not UTF-8: no name rather than a broken file */
}

json_t *cli_certificate_json(const rwk_certificate *c, rwk_loss loss, double user_lambda, double mean,
                             double accuracy) {
  json_t *p = json_object();
  set(p, "lambda", user_lambda);
  set(p, "mse", loss == RWK_LOSS_MSE ? mean : NAN);
  set(p, "loss", mean);
  if (loss != RWK_LOSS_MSE) set(p, "accuracy", accuracy);
  set(p, "penalty", c->penalty);
  set(p, "objective", c->objective);
  set(p, "grad_inf", c->grad_inf);
  set(p, "min_eig", c->min_eig);
  if (c->positive >= 0)
    json_object_set_new(
        p, "inertia",
        json_pack("[I,I,I]", (json_int_t)c->positive, (json_int_t)c->zero, (json_int_t)c->negative));
  else
    json_object_set_new(p, "inertia", json_null());
  set_text(p, "verdict", rwk_verdict_name(c->verdict));
  json_object_set_new(p, "escapable", json_boolean(c->escapable));
  set(p, "min_eig_error", c->min_eig_error);
  set(p, "min_eig_rest", c->min_eig_rest);
  set(p, "zero_limit", c->zero_limit);
  set_whole(p, "flats", c->flats);
  set_text(p, "reason", c->reason);
  return p;
}

static json_t *point(const cli_report *r, const rwk_fit *f, double accuracy) {
  json_t *p = cli_certificate_json(&f->certificate, r->loss, cli_user_lambda(r, f->lambda),
                                   cli_mse(r, f->certificate.loss), accuracy);
  set_whole(p, "iterations", f->solve.iterations);
  set(p, "seconds", f->seconds);
  set_text(p, "stop", rwk_stop_name(f->solve.stop));
  set_whole(p, "evaluations", f->solve.values);
  set_whole(p, "products", f->solve.products);
  set_whole(p, "hessians", f->solve.hessians);
  return p;
}

/* The mean loss under the name that fits it. */
static void set_loss(json_t *object, const cli_report *r, const char *mse, const char *other, double loss) {
  set(object, r->loss == RWK_LOSS_MSE ? mse : other, cli_mse(r, loss));
}

static json_t *drop(const cli_report *r, const rwk_drop *d) {
  json_t *o = json_object(), *e = json_object();
  set(o, "from", cli_user_lambda(r, d->lambda_from));
  set(o, "to", cli_user_lambda(r, d->lambda_to));
  set_loss(o, r, "mse_from", "loss_from", d->loss_from);
  set_loss(o, r, "mse_to", "loss_to", d->loss_to);
  set_text(o, "cause", rwk_cause_name(d->cause));
  set(o, "at", cli_user_lambda(r, d->at));
  set(e, "excess_from", d->excess_from);
  set(e, "excess_to", d->excess_to);
  set(e, "certain", d->certain);
  set(e, "grad_inf_from", d->grad_inf_from);
  set(e, "grad_inf_to", d->grad_inf_to);
  set(e, "min_eig_from", d->min_eig_from);
  set(e, "min_eig_to", d->min_eig_to);
  set(e, "max_eig_from", d->max_eig_from);
  set(e, "max_eig_to", d->max_eig_to);
  set_loss(e, r, "finished_mse_from", "finished_loss_from", d->finished_from);
  set_loss(e, r, "finished_mse_to", "finished_loss_to", d->finished_to);
  set(e, "falls_by", d->falls_by);
  set(e, "low", cli_user_lambda(r, d->low));
  set(e, "high", cli_user_lambda(r, d->high));
  set_loss(e, r, "branch_mse", "branch_loss", d->branch_loss);
  set(e, "branch_min_eig", d->branch_min_eig);
  set(e, "transversality", d->transversality);
  set(e, "lambda_beyond", cli_user_lambda(r, d->lambda_beyond));
  set_loss(e, r, "mse_beyond", "loss_beyond", d->loss_beyond);
  set(e, "bias", d->bias);
  set(e, "curvature", d->curvature);
  set_whole(e, "points", d->points);
  set_whole(e, "merges", d->merges);
  json_object_set_new(e, "monotone", d->monotone < 0 ? json_null() : json_boolean(d->monotone));
  set(e, "null_weights", d->null_weights);
  set(e, "null_units", d->null_units);
  set(e, "moved_weights", d->moved_weights);
  set(e, "moved_units", d->moved_units);
  set_text(e, "moves", d->moves);
  set_text(e, "note", d->note);
  json_object_set_new(o, "evidence", e);
  return o;
}

int cli_print_certificate_json(FILE *to, const rwk_certificate *c, rwk_loss loss, double user_lambda,
                               double mse, double accuracy) {
  json_t *p = cli_certificate_json(c, loss, user_lambda, mse, accuracy);
  set(p, "grad_norm", c->grad_norm);
  set(p, "grad_limit", c->grad_limit);
  set(p, "max_eig", c->max_eig);
  set(p, "escape_curvature", c->escape_curvature);
  set_whole(p, "kinks", c->kinks);
  set(p, "nearest_factor", c->nearest_factor);
  set(p, "nearest_gradient", c->nearest_grad);
  set(p, "doubt", c->doubt);
  set(p, "seconds", c->seconds);
  return cli_print_json(to, p);
}

static json_t *walk(const cli_report *r, const cli_walk *w) {
  json_t *o = json_object(), *points = json_array(), *drops = json_array(), *jumps = json_array();
  for (size_t i = 0; i < r->count; i++) {
    if (!w->points[i]) continue;
    json_t *p = point(r, w->points[i], w->accuracy ? w->accuracy[i] : NAN);
    if (w->origins) {
      const rwk_origin *from = &w->origins[i];
      json_t *origin = json_object();
      set_text(origin, "kind", rwk_origin_name(from->kind));
      if (from->walk == RWK_WALK_BEST) {
        json_object_set_new(origin, "walk", json_null());
        json_object_set_new(origin, "start", json_null());
      } else {
        set_text(origin, "walk", rwk_walk_name(from->walk));
        set_whole(origin, "start", from->start);
      }
      set(origin, "lambda", cli_user_lambda(r, from->lambda));
      set(origin, "won", from->won);
      json_object_set_new(p, "origin", origin);
    }
    json_array_append_new(points, p);
  }
  for (size_t d = 0; d < w->drop_count; d++) json_array_append_new(drops, drop(r, &w->drops[d]));
  for (size_t d = 0; d < w->jump_count; d++) json_array_append_new(jumps, drop(r, &w->jumps[d]));
  json_object_set_new(o, "points", points);
  json_object_set_new(o, "drops", drops);
  if (!w->origins)
    json_object_set_new(o, "jumps", jumps);
  else
    json_decref(jumps);
  return o;
}

static json_t *roads(const cli_report *r) {
  json_t *list = json_array();
  for (size_t k = 0; k < r->walk_count; k++) {
    const cli_road road = cli_road_of(r, &r->walks[k]);
    json_t *o = json_object();
    set_text(o, "name", rwk_walk_name(r->walks[k].walk));
    set_whole(o, "start", r->walks[k].start);
    set_whole(o, "fits", (int64_t)road.fits);
    set_whole(o, "minima", (int64_t)road.minima);
    set_whole(o, "lowest", (int64_t)road.lowest);
    set(o, "most_above", road.most_above);
    set_whole(o, "evaluations", road.evaluations);
    set_whole(o, "products", road.products);
    set_whole(o, "hessians", road.hessians);
    set(o, "seconds", road.seconds);
    json_array_append_new(list, o);
  }
  return list;
}

static json_t *finished(const cli_report *r) {
  json_t *list = json_array();
  for (size_t k = 0; k < r->finished_count; k++) {
    const cli_finished *f = &r->finished[k];
    json_t *p = cli_certificate_json(&f->certificate, r->loss, cli_user_lambda(r, f->fit->lambda),
                                     cli_mse(r, f->certificate.loss), NAN);
    set_text(p, "walk", rwk_walk_name(f->fit->walk));
    set_whole(p, "start", f->fit->start);
    set(p, "stopped_at_mse", cli_mse(r, f->fit->solve.loss));
    set(p, "stopped_at_gradient", f->fit->certificate.grad_inf);
    set_whole(p, "iterations", f->solve.iterations);
    json_array_append_new(list, p);
  }
  return list;
}

int cli_print_path_json(FILE *to, const cli_report *r) {
  json_t *root = json_object(), *layers = json_array(), *lambda = json_array(), *walks = json_array();
  json_object_set_new(root, "data",
                      json_pack("{s:I, s:I, s:I}", "rows", (json_int_t)r->rows, "features",
                                (json_int_t)r->features, "targets", (json_int_t)r->targets));
  for (size_t l = 0; l < r->layer_count; l++)
    json_array_append_new(layers, json_integer((json_int_t)r->layers[l]));
  json_object_set_new(root, "network",
                      json_pack("{s:o, s:s, s:I}", "layers", layers, "activation", r->activation,
                                "parameters", (json_int_t)r->parameters));
  set_text(root, "loss", rwk_loss_name(r->loss));
  if (r->loss != RWK_LOSS_MSE) {
    json_t *classes = json_array();
    for (size_t k = 0; k < r->class_count; k++) json_array_append_new(classes, json_string(r->classes[k]));
    json_object_set_new(root, "classes", classes);
  }
  json_object_set_new(root, "convention",
                      json_pack("{s:s, s:s, s:s}", "name", r->scale.name, "objective", r->scale.objective,
                                "lambda", r->scale.lambda));
  for (size_t i = 0; i < r->count; i++)
    json_array_append_new(lambda, cli_json_number(cli_user_lambda(r, r->lambda[i])));
  json_object_set_new(root, "lambda", lambda);
  set(root, "lambda_collapse", cli_user_lambda(r, r->collapse.collapse));
  set(root, "lambda_c", cli_user_lambda(r, r->collapse.lambda_c));
  for (size_t k = 0; k < r->walk_count; k++) {
    const cli_walk *w = &r->walks[k];
    if (w->walk == RWK_WALK_BEST) continue;
    json_t *o = walk(r, w);
    set_text(o, "name", rwk_walk_name(w->walk));
    set_whole(o, "start", w->start);
    json_array_append_new(walks, o);
  }
  const cli_walk *best = cli_walk_best(r);
  json_object_set_new(root, "walks", walks);
  json_object_set_new(root, "best", best ? walk(r, best) : json_null());
  set_text(root, "solver", r->solver);
  json_object_set_new(root, "roads", roads(r));
  json_object_set_new(root, "finished", finished(r));
  set(root, "seconds", r->seconds);
  json_object_set_new(root, "certified", json_boolean(cli_all_certified(r)));
  return cli_print_json(to, root);
}
