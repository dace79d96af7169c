/* cli/landscape.h: what the verb landscape works on, and what it found. */
#ifndef RWK_CLI_LANDSCAPE_H
#define RWK_CLI_LANDSCAPE_H

#include "cli/facts.h"

enum { CLI_SPOTS = 3, CLI_LINE_POINTS = 101 };

/* A fit that was named, brought to the penalty of the surface and onto the first. */
typedef struct cli_spot {
  const rwk_fit *fit; /* the stored's */
  size_t number;      /* of the list, from 1 */
  double *w;          /* [dim] */
  int moved;          /* 1: descended from the fit, which is of another penalty */
  rwk_certificate certificate;
  rwk_likeness likeness; /* to the first */
} cli_spot;

typedef struct cli_surface {
  const cli_args *asked;
  cli_args args; /* with what the run file adds */
  json_t *kept;
  const char *file, *data;
  cli_stored stored;
  cli_facts facts;
  cli_setup setup;
  const rwk_problem *problem;
  size_t dim;
  double lambda; /* of the surface */
  rwk_landscape_settings settings;
  cli_spot spots[CLI_SPOTS];
  size_t spot_count;
  const char *what; /* list, curve, plane, density */
  size_t points;    /* of a line, or on a side of a plane */
  double span;      /* NaN: not given */
  rwk_directions around;

  /* curve */
  rwk_landscape_point *line; /* [points] */
  rwk_landscape_point line_top;
  rwk_curve *curve;
  /* plane */
  double *u, *v, *x, *y, *values; /* [dim], [dim], [points], [points], [points x points] */
  double places[CLI_SPOTS][2], curvature[2];
  const char *third; /* what the third point of a plane is; NULL: a fit, or there is none */
  /* density */
  double *node, *share;
  size_t nodes;
} cli_surface;

/* Are two stored fits of one penalty the same minimum? a and b: numbers in the file from 0. 0 or an exit
 * code. */
int cli_landscape_same(int *same, cli_surface *l, size_t a, size_t b);

int cli_landscape_list(cli_surface *l);
int cli_landscape_print(cli_surface *l);
int cli_landscape_csv(cli_surface *l, const char *file);
int cli_landscape_picture(cli_surface *l, const char *file);

/* "3 (up at 2^-4)". */
const char *cli_spot_name(char out[96], const cli_surface *l, size_t spot);
/* Share of the eigenvalues below x, smoothed; y[count] per unit of sign(x) log(1 + |x| / linear). */
void cli_landscape_density(double *x, double *y, size_t count, double *linear, const cli_surface *l);

#endif
