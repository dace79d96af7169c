/* mlp/kernel_tanh.h: tanh for instruction sets whose registers hold no table. */

/* tanh |x| = -E / (2 + E), E = exp(-2|x|) - 1: no cancellation anywhere; within 3 units in the last place. */
ALWAYS vec vec_tanh(vec x) {
  const vec_mask sign_bit = (vec_mask)splat(-0.0), sign = (vec_mask)x & sign_bit;
  vec t = -2 * (vec)((vec_mask)x & ~sign_bit);
  t = choose(t < -40, splat(-40), t); /* tanh 20 is 1 */
  const vec shifted = t * 0x1.71547652b82fep0 + INTEGER, n = shifted - INTEGER;
  const vec power = power_of_two(shifted), E = power * expm1_near_0(reduced(t, n)) + (power - 1);
  return (vec)((vec_mask)((0 - E) / (2 + E)) | sign);
}

static void activate_tanh(double *A, size_t units, rwk_mlp_extent e) {
  FOR_EACH_VECTOR(at) store(A + at, vec_tanh(load(A + at)));
}
