/* Runs a fuzz target over the files of a folder, so that the corpus is an ordinary test with any compiler. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include "fuzz/fuzz.h"

int main(int argc, char **argv) {
  DIR *d = argc > 1 ? opendir(argv[1]) : NULL;
  if (!d) return fprintf(stderr, "replay: no folder\n"), 1;
  int count = 0;
  for (const struct dirent *e; (e = readdir(d));) {
    char name[4096];
    if (e->d_name[0] == '.') continue;
    snprintf(name, sizeof name, "%s/%s", argv[1], e->d_name);
    FILE *f = fopen(name, "rb");
    if (!f) return fprintf(stderr, "replay: %s cannot be read\n", name), 1;
    fseek(f, 0, SEEK_END);
    const long size = ftell(f);
    rewind(f);
    uint8_t *data = malloc((size_t)size + 1);
    if (!data || fread(data, 1, (size_t)size, f) != (size_t)size) return 1;
    fclose(f);
    LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
    count++;
  }
  closedir(d);
  printf("%d inputs\n", count);
  return count == 0;
}
