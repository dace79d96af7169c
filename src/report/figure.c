#include "report/figure.h"

rwk_status rwk_report_figure(char **bytes, size_t *length, rwk_context *ctx, rwk_run *run,
                             const rwk_report_facts *facts, const rwk_figure_settings *settings) {
  (void)run;
  (void)facts;
  (void)settings;
  *bytes = NULL;
  *length = 0;
  return rwk_fail(ctx, RWK_NOT_IMPLEMENTED, "not yet");
}
