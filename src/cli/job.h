/* cli/job.h: what path, cv and search have in common: options, network, run file. */
#ifndef RWK_CLI_JOB_H
#define RWK_CLI_JOB_H

#include "cli/stored.h"

/* Everything between options and result. */
typedef struct cli_job {
  cli_args args;    /* with what a run file adds */
  json_t *kept;     /* options read from the run file; holds the texts that args points to */
  const char *data; /* the table */
  char *out;        /* the run file */
  int resumed;
  int worker; /* of several processes not the one that writes the run file */
  cli_setup setup;
  rwk_path_settings settings;
  double *lambda, *init;
  char *init_text; /* the weights file of --init, which the run file keeps */
  rwk_run *run;
  int shared; /* other processes may be at the run file, too */
  int over;   /* one of them has finished the path */
  int bar;    /* is there a progress bar on the terminal? */
  int64_t done, total;
} cli_job;

/* Fills a job of which args are set, and, by what is given, data, out and resumed: settings, table, network,
 * grid and an open run file. The caller has set the defaults of the settings. 0 or an exit code. */
int cli_job_prepare(cli_job *j);
/* Its parts, for verbs whose network comes last: the context, and the run file that is gone on with; settings
 * of solver and starts; folds; a new run file, or whether the old one is of this table; and what the run file
 * keeps of the network. Each 0 or an exit code. */
int cli_job_reopen(cli_job *j);
int cli_job_settings(cli_job *j);
int cli_job_folds(rwk_folds **folds, cli_job *j);
int cli_job_open_run(cli_job *j);
int cli_job_keep_network(cli_job *j);
/* A whole number that an option gives; *n is untouched where it is not given. 0 or an exit code. */
int cli_job_whole(size_t *n, const cli_args *args, cli_option option, long long least, long long most);
/* The set that --walk names. 0 or an exit code. */
int cli_job_walks(unsigned *walks, const char *text);
/* Number 1, 2, ... of the names that a run file has by itself: DATA.rwk, DATA-2.rwk, ...; to be freed. */
char *cli_job_default_out(const char *data, int number);
/* The operands and --resume, --out of these verbs. 0 or an exit code. */
int cli_job_begin(cli_job *j, const cli_args *args);
/* All but the run, which the caller closes first. */
void cli_job_release(cli_job *j);

/* A path or cross-validation that was begun has ended with this status: says why, and how to go on. The exit
 * code. */
int cli_job_stopped(const cli_job *j, rwk_status status);

/* Closes the run file and, where all went well, shows what is in it. `code`, or what went wrong. */
int cli_job_show(cli_job *j, int code, int (*show)(cli_stored *stored, const cli_args *args),
                 const cli_args *args);

/* The bar of a job, on standard error; `more` is put behind the fits. */
void cli_progress_bar(int64_t done, int64_t total, double seconds, double remaining, const char *more);

#endif
