/* Does the thread sanitizer know OpenMP? Without an argument nothing here races; with one, `n++` does. */
#include <stdio.h>

int main(int argc, char **argv) {
  int n = 0;
  double shared[4] = {0}, sum = 0;
  (void)argv;
#pragma omp parallel num_threads(4)
  {
    if (argc > 1) n++;
#pragma omp for schedule(dynamic)
    for (int i = 0; i < 4; i++) shared[i] = i;
#pragma omp for schedule(dynamic) reduction(+ : sum)
    for (int i = 0; i < 4; i++) sum += shared[3 - i];
#pragma omp critical
    shared[0] += 1;
#pragma omp barrier
#pragma omp single
    shared[1] = shared[0];
  }
  printf("%d %g %g\n", n, sum, shared[1]);
  return 0;
}
