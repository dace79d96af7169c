/* The walks of a path side by side. */
#include <math.h>
#include <string.h>
#include "cli/cli.h"

/* Lowest objective that a walk other than best has at a penalty. */
static double lowest_at(const cli_report *r, size_t index) {
  double lowest = INFINITY;
  for (size_t k = 0; k < r->walk_count; k++) {
    const rwk_fit *p = r->walks[k].points[index];
    if (p && r->walks[k].walk != RWK_WALK_BEST) lowest = fmin(lowest, p->solve.objective);
  }
  return lowest;
}

static int is_lowest(const rwk_fit *p, double lowest) {
  return p->solve.objective <= lowest + 1e-9 * fabs(lowest);
}

cli_road cli_road_of(const cli_report *r, const cli_walk *w) {
  cli_road road = {.most_above = -INFINITY};
  for (size_t i = 0; i < r->count; i++) {
    const rwk_fit *p = w->points[i];
    if (!p) continue;
    const double lowest = lowest_at(r, i);
    road.fits++;
    road.minima += rwk_certificate_is_minimum(&p->certificate) != 0;
    road.lowest += is_lowest(p, lowest);
    road.most_above = fmax(road.most_above, p->solve.objective - lowest);
    road.evaluations += p->solve.values;
    road.products += p->solve.products;
    road.hessians += p->solve.hessians;
    road.seconds += p->seconds;
  }
  return road;
}

static const char *name(char out[32], const cli_report *r, const cli_walk *w) {
  if (r->starts > 1 && w->walk < RWK_WALK_COLD)
    snprintf(out, 32, "%s, start %d", rwk_walk_name(w->walk), w->start);
  else
    snprintf(out, 32, "%s", rwk_walk_name(w->walk));
  return out;
}

static void print_detail(FILE *to, const cli_report *r) {
  char text[32];
  fprintf(to, "\n  %-10s %-18s %-12s %-14s %-12s %-34s\n", r->scale.lambda, "walk", "MSE", "objective",
          "evaluations", "kind");
  for (size_t i = 0; i < r->count; i++)
    for (size_t k = 0; k < r->walk_count; k++) {
      const rwk_fit *p = r->walks[k].points[i];
      if (!p) continue;
      fprintf(to, "  %-10s ", cli_lambda_text(text, cli_user_lambda(r, r->lambda[i])));
      fprintf(to, "%-18s %-12.6g %-12.8g%s %-12lld %s\n", name(text, r, &r->walks[k]),
              cli_mse(r, p->solve.loss), p->solve.objective, is_lowest(p, lowest_at(r, i)) ? " *" : "  ",
              (long long)p->solve.values, cli_verdict_text(&p->certificate));
    }
  fprintf(to, "  *: the lowest objective of the walks there, or lower\n");
}

void cli_print_roads(FILE *to, const cli_report *r, int detail) {
  size_t walks = 0;
  for (size_t k = 0; k < r->walk_count; k++) walks += r->walks[k].walk != RWK_WALK_BEST;
  if (walks < 2 && !detail) return;
  char text[32];
  fprintf(to, "\n  %-18s %-10s %-10s %-12s %-12s %-10s %-10s %s\n", "walk", "minima", "lowest", "most above",
          "evaluations", "products", "Hessians", "seconds");
  for (size_t k = 0; k < r->walk_count; k++) {
    const cli_walk *w = &r->walks[k];
    const cli_road road = cli_road_of(r, w);
    char minima[32], lowest[32];
    snprintf(minima, sizeof minima, "%zu of %zu", road.minima, road.fits);
    snprintf(lowest, sizeof lowest, "%zu", road.lowest);
    fprintf(to, "  %-18s %-10s %-10s %-12.3g %-12lld %-10lld %-10lld %.2f\n", name(text, r, w), minima,
            lowest, fmax(0, road.most_above), (long long)road.evaluations, (long long)road.products,
            (long long)road.hessians, road.seconds);
  }
  fprintf(to, "  lowest: penalties at which no walk has a lower objective; most above: how far it is above "
              "at worst\n");
  if (detail) print_detail(to, r);
}
