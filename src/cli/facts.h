/* cli/facts.h: what a page or a figure says beside its numbers. */
#ifndef RWK_CLI_FACTS_H
#define RWK_CLI_FACTS_H

#include "cli/stored.h"
#include "report/report.h"

typedef struct cli_facts {
  rwk_report_facts facts; /* points into the rest, and into the stored run */
  char *title, *subtitle, *objective, *verdict, *remarks, *command;
  const char **lines;         /* of the remarks */
  const char *(*settings)[2]; /* names are constants; values are in `values` */
  char **values;
  size_t value_count;
  const char **inputs, **targets;
  rwk_design *recipe;
  const cli_report *report;
} cli_facts;

/* From a run file that is open. 0 or an exit code; to be released either way. */
int cli_facts_open(cli_facts *f, cli_stored *s, rwk_context *ctx, const char *file);
void cli_facts_release(cli_facts *f);

/* The verdict in one paragraph. */
void cli_write_verdict(FILE *to, cli_stored *s);

#endif
