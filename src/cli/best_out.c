/* The walk `best`, in words. */
#include <math.h>
#include <string.h>
#include "cli/cli.h"

const char *cli_origin_text(char out[96], const cli_report *r, const rwk_origin *o) {
  char from[64] = "", at[32];
  if (o->walk != RWK_WALK_BEST) {
    if (r->starts > 1)
      snprintf(from, sizeof from, "%s %d", rwk_walk_name(o->walk), o->start);
    else
      snprintf(from, sizeof from, "%s", rwk_walk_name(o->walk));
  }
  const char *place = isfinite(o->lambda) ? cli_lambda_text(at, cli_user_lambda(r, o->lambda)) : "";
  switch (o->kind) {
  case RWK_ORIGIN_FOUND:
    snprintf(out, 96, "%s", from);
    break;
  case RWK_ORIGIN_RESTART:
    snprintf(out, 96, "from %s at %s", from, place);
    break;
  case RWK_ORIGIN_FOLD:
    snprintf(out, 96, "beyond a fold of %s at %s", from, place);
    break;
  case RWK_ORIGIN_NEIGHBOUR:
    snprintf(out, 96, "changed%s%s%s%s", from[0] ? ", from " : "", from, place[0] ? " at " : "", place);
    break;
  case RWK_ORIGIN_START:
    snprintf(out, 96, "random start");
    break;
  case RWK_ORIGIN_ZERO:
    snprintf(out, 96, "from zero");
    break;
  }
  return out;
}

static void say_origins(FILE *to, const cli_report *r, const cli_walk *w) {
  static const char *const words[] = {
      "as a walk found it",          "restarted from weights of another penalty",
      "from the far side of a fold", "from a fit with units changed",
      "from a random start",         "from zero"};
  int any = 0;
  fprintf(to, " Found: ");
  for (int kind = RWK_ORIGIN_FOUND; kind <= RWK_ORIGIN_ZERO; kind++) {
    size_t count = 0;
    for (size_t i = 0; i < r->count; i++) count += w->points[i] && (int)w->origins[i].kind == kind;
    if (count) fprintf(to, "%s%zu %s", any++ ? ", " : "", count, words[kind]);
  }
  fprintf(to, ".\n");
}

void cli_print_best(FILE *to, const cli_report *r) {
  const cli_walk *w = cli_walk_best(r);
  if (!w || !w->origins) return;
  size_t fits = 0, certified = 0, below = 0, most = 0, compared = 0;
  for (size_t i = 0; i < r->count; i++) {
    const rwk_fit *p = w->points[i];
    if (!p) continue;
    fits++;
    certified += (size_t)rwk_certificate_is_minimum(&p->certificate);
    compared += isfinite(w->origins[i].won) != 0;
    if (w->origins[i].won > 1e-9 * fabs(p->solve.objective)) {
      if (below++ == 0 || w->origins[i].won > w->origins[most].won) most = i;
    }
  }
  fprintf(to, "best: ");
  if (w->drop_count)
    fprintf(to, "the error falls %zu time%s while the penalty rises, which T1 forbids: please report this. ",
            w->drop_count, w->drop_count == 1 ? "" : "s");
  else
    fprintf(to, "the error rises with the penalty all the way, and no fit is beaten by another's weights. ");
  fprintf(to, "%zu of its %zu fits are certified minima.", certified, fits);
  if (below) {
    char at[32];
    fprintf(to, " At %zu of %zu penalties it is below every walk, at most by %.3g in the objective, at %s.",
            below, fits, w->origins[most].won, cli_lambda_text(at, cli_user_lambda(r, r->lambda[most])));
  } else if (compared) {
    fprintf(to, " At every penalty it is what the best of the walks found.");
  }
  say_origins(to, r, w);
}
