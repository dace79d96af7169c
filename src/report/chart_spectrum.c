#include <math.h>
#include "report/chart.h"

static void add_frame(rwk_chart *chart, const rwk_source *s, size_t index) {
  const rwk_fit *fit = s->lowest[index];
  rwk_series spectrum;
  if (!fit || !rwk_source_series(&spectrum, s, RWK_SERIES_SPECTRUM, fit->walk, fit->start, fit->index))
    return;
  const char *at = rwk_source_penalty(s, s->lambda[index]);
  rwk_axis y = rwk_plain_axis("eigenvalue", RWK_AXIS_SYMLOG), x = rwk_plain_axis("rank", RWK_AXIS_LINEAR);
  const double zero = fmax(fit->certificate.zero_limit, 0), penalty = 2 * fit->lambda;
  y.linear = fmax(zero, penalty / 100);
  x.low = 0;
  x.high = (double)spectrum.rows + 1;
  static const struct {
    const char *name;
    rwk_colour colour;
    rwk_mark mark;
  } kinds[] = {{"negative", RWK_COLOUR_SIGNAL, RWK_MARK_REVIVAL},
               {"zero to rounding", RWK_COLOUR_UP, RWK_MARK_RING},
               {"positive", RWK_COLOUR_INK, RWK_MARK_DISC}};
  rwk_panel *panel =
      rwk_frame_add_panel(rwk_chart_add_frame(chart, s, at, s->lambda[index]), s, "Eigenvalues", x, y);
  size_t place = 0;
  for (int kind = 0; kind < 3; kind++) {
    rwk_trace *t = NULL;
    for (; place < spectrum.rows; place++) {
      const double value = spectrum.values[place];
      if ((value < -zero ? 0 : value <= zero ? 1 : 2) != kind) break;
      if (!t) t = rwk_panel_add_trace(panel, s, kinds[kind].name, kinds[kind].colour, kinds[kind].mark, 0);
      if (t) t->group = kinds[kind].name;
      rwk_trace_add(t, s, (double)place + 1, value, NULL);
    }
  }
  rwk_panel_add_rule(panel, s, 'y', penalty, "2 lambda: the penalty's own");
  rwk_panel_add_rule(panel, s, 'y', 0, "");
}

void rwk_chart_spectrum(rwk_chart *chart, const rwk_source *s) {
  chart->title = "The spectrum";
  chart->frame_word = "penalty";
  chart->caption = "Eigenvalues of the Hessian of the objective at the lowest fit. Those near 2 lambda are "
                   "directions that the penalty holds and the data hardly feel; those well above it are what "
                   "the data determine. A negative one would make the fit a saddle; zeros that are explained "
                   "are dead units and other symmetries.";
  for (size_t i = 0; i < s->count; i++) add_frame(chart, s, i);
  chart->initial = chart->frame_count / 2;
  if (chart->frame_count == 0)
    chart->absent = "The run file holds no spectra: they are kept for up to 500 weights, and not with "
                    "--no-explain or an unfinished path.";
  else
    chart->alt =
        rwk_arena_print(s->arena,
                        "Eigenvalues of the Hessian at the lowest fit of each of %zu penalties, one penalty "
                        "at a time.",
                        chart->frame_count);
}
