/* Adam's counter-examples (Reddi, Kale and Kumar, ICLR 2018): linear losses on [-1, 1] whose best point is
 * -1.
 *
 *   theorem 1    f_t = C x where t mod 3 = 1, else -x; beta1 = 0, beta2 = 1 / (1 + C^2), steps alpha /
 * sqrt(t) online       f_t = 1010 x where t mod 101 = 1, else -10 x; beta1 = 0.9, beta2 = 0.99, step 0.001
 *   stochastic   1010 x with probability 0.01, else -10 x; the same
 *
 * A line for each: where the solver ends, and the mean of its last tenth. No bias correction and no epsilon,
 * as there. */
#include <math.h>
#include <ridgewalk/update.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef enum example { THEOREM, ONLINE, STOCHASTIC } example;

/* splitmix64 of the number of the step: the same draws for every solver. */
static double uniform(uint64_t t) {
  uint64_t z = (t + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static double gradient(example e, double C, int64_t t) {
  if (e == THEOREM) return t % 3 == 1 ? C : -1;
  if (e == ONLINE) return t % 101 == 1 ? 1010 : -10;
  return uniform((uint64_t)t) < 0.01 ? 1010 : -10;
}

static int run(rwk_context *ctx, example e, rwk_solver_kind rule, double C, int64_t steps) {
  rwk_update_settings s;
  rwk_update *u;
  rwk_update_settings_init(&s, rule);
  s.epsilon = 0;
  s.bias_correction = 0;
  s.momentum = 0;
  s.low = -1;
  s.high = 1;
  s.beta1 = e == THEOREM ? 0 : 0.9;
  s.beta2 = e == THEOREM ? 1 / (1 + C * C) : 0.99;
  s.schedule = e == THEOREM ? RWK_SCHEDULE_SQRT : RWK_SCHEDULE_CONSTANT;
  s.learning_rate = e == THEOREM ? 0.9 * sqrt(1 - s.beta2) : 0.001;
  if (rwk_update_create(&u, ctx, 1, &s) != RWK_OK) return fprintf(stderr, "%s\n", rwk_context_error(ctx)), 0;
  double x = e == THEOREM ? 1 : 0, tail = 0;
  int64_t back = 0; /* periods after which x is exactly 1 */
  for (int64_t t = 1; t <= steps; t++) {
    const double g = gradient(e, C, t);
    rwk_update_step(u, &x, &g, NULL);
    if (t % 3 == 0) back += x == 1;
    if (t > steps - steps / 10) tail += x / (double)(steps / 10);
  }
  static const char *const names[] = {"theorem 1", "online", "stochastic"};
  char note[64] = "", constant[16] = "";
  if (e == THEOREM) {
    snprintf(constant, sizeof constant, ", C = %g", C);
    snprintf(note, sizeof note, "%lld of %lld periods end at 1", (long long)back, (long long)(steps / 3));
  }
  printf("| %s%s | %s | %lld | %.5f | %.5f | %s |\n", names[e], constant, rwk_solver_name(rule),
         (long long)steps, x, tail, note);
  fflush(stdout);
  rwk_update_destroy(u);
  /* the published direction */
  const int right = rule == RWK_SOLVER_ADAM ? tail > 0.9 && (e != THEOREM || back == steps / 3) : tail < -0.9;
  return right;
}

int main(int argc, char **argv) {
  const int64_t scale = argc > 1 ? atoll(argv[1]) : 10;
  rwk_context *ctx;
  if (rwk_context_create(&ctx, NULL) != RWK_OK) return 1;
  int right = 1;
  printf("| example | solver | steps | end | mean of the last tenth | |\n|---|---|---|---|---|---|\n");
  for (int e = THEOREM; e <= STOCHASTIC; e++)
    for (double C = 3; C <= (e == THEOREM ? 10 : 3); C = C < 5 ? 5 : C + 5) {
      const rwk_solver_kind rules[] = {RWK_SOLVER_ADAM, RWK_SOLVER_AMSGRAD, RWK_SOLVER_SGD};
      for (int k = 0; k < (e == THEOREM ? 3 : 2); k++)
        right &= run(ctx, (example)e, rules[k], C, e == THEOREM ? 30000 * scale : 500000 * scale);
    }
  rwk_context_destroy(ctx);
  return right ? 0 : 1;
}
