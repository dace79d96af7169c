#include "cli/share.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The number of a process that shares the file; 0: its number is not known; < 0: there is none. */
static long long process_at(rwk_context *ctx, const char *file) {
  rwk_sharer *list;
  size_t count;
  if (rwk_run_sharers(&list, &count, ctx, file) != RWK_OK) return -1;
  const long long process = count ? (long long)list[0].process : -1;
  rwk_sharers_destroy(ctx, list);
  return process;
}

static int same_text(rwk_run *run, const char *key, const char *here) {
  const char *there = NULL;
  return rwk_run_get(&there, run, key) == RWK_OK && (!there || !here ? there == here : !strcmp(there, here));
}

/* An option that the run was made with or without, unlike this job; CLI_OPTIONS: none. */
static int other_option(const json_t *there, const cli_args *here) {
  for (int o = 0; o < CLI_OPTIONS; o++) {
    if (!cli_option_kept((cli_option)o)) continue;
    const char *kept = json_string_value(json_object_get(there, cli_option_name((cli_option)o)));
    const char *given = here->value[o];
    if (!kept || !given ? kept != given : strcmp(kept, given) != 0) return o;
  }
  return CLI_OPTIONS;
}

/* "" where it is the same run; else what is different, in words. */
static int difference(char text[256], cli_job *j, rwk_run *run) {
  const char *options = NULL;
  char fingerprint[33];
  text[0] = 0;
  rwk_status status = rwk_run_get(&options, run, "options");
  if (status == RWK_OK) status = rwk_design_fingerprint(fingerprint, j->setup.design);
  if (status != RWK_OK) return cli_fail_status(j->setup.ctx, status);
  json_t *there = options ? json_loads(options, JSON_REJECT_DUPLICATES, NULL) : NULL;
  if (cli_memory_short()) return cli_fail(CLI_NUMERICAL, "memory ran out");
  const int other = json_is_object(there) ? other_option(there, &j->args) : 0;
  if (!same_text(run, "verb", cli_verb_name(j->args.verb)))
    snprintf(text, 256, "is no %s", cli_verb_name(j->args.verb));
  else if (other < CLI_OPTIONS) {
    const char *name = cli_option_name((cli_option)other);
    const char *kept = json_string_value(json_object_get(there, name)), *given = j->args.value[other];
    snprintf(text, 256, "has %s%s%s%.60s where this one has %s%s%s%.60s", kept ? "--" : "no --", name,
             kept && *kept ? " " : "", kept ? kept : "", given ? "--" : "no --", name,
             given && *given ? " " : "", given ? given : "");
  } else if (!same_text(run, "fingerprint", fingerprint))
    snprintf(text, 256, "is of another table");
  else if (!same_text(run, "init", j->init_text))
    snprintf(text, 256, "has other weights in --init");
  else if (!same_text(run, "program", rwk_version()))
    snprintf(text, 256, "is another version of ridgewalk");
  json_decref(there);
  return 0;
}

/* Makes the file the job's, if its run is the same; `aloud`: an exit code where it is not. */
static int try_file(int *joined, cli_job *j, const char *file, int aloud) {
  rwk_run *run = NULL;
  char text[256];
  const long long process = process_at(j->setup.ctx, file);
  if (process < 0) return 0;
  const rwk_status status = rwk_run_open(&run, j->setup.ctx, file, 1);
  if (status != RWK_OK) return aloud ? cli_fail_status(j->setup.ctx, status) : 0;
  int code = difference(text, j, run);
  if (!code && !text[0]) {
    char *name = strdup(file);
    if (!name) code = cli_fail(CLI_NUMERICAL, "memory ran out");
    if (name) {
      free(j->out);
      j->out = name;
      j->run = run;
      *joined = 1;
      return 0;
    }
  } else if (!code && aloud) {
    code = cli_fail(CLI_USAGE, "%s is being written by process %lld, whose run %s; name another --out", file,
                    process, text);
  }
  (void)rwk_run_close(run);
  return code;
}

int cli_share_join(int *joined, cli_job *j) {
  *joined = 0;
  if (j->args.value[CLI_OUT]) return try_file(joined, j, j->out, 1);
  for (int k = 1;; k++) {
    char *name = cli_job_default_out(j->data, k);
    if (!name) return cli_fail(CLI_NUMERICAL, "memory ran out");
    const int last = access(name, F_OK) != 0;
    const int code = last ? 0 : try_file(joined, j, name, 0);
    free(name);
    if (last || code || *joined) return code;
  }
}

static rwk_status take(rwk_turn *turn, size_t piece, void *payload) {
  cli_job *j = payload;
  const rwk_status status = rwk_run_take(turn, piece, j->run);
  j->over = status == RWK_OK && *turn == RWK_TURN_OVER;
  return status;
}

static rwk_status give(size_t piece, void *payload) {
  return rwk_run_give(piece, ((cli_job *)payload)->run);
}

static rwk_status save(const rwk_fit *fit, void *payload) {
  return rwk_run_save_fit(fit, ((cli_job *)payload)->run);
}

static rwk_status fetch(rwk_fit *fit, double *w, int *found, rwk_walk walk, int start, size_t index,
                        void *payload) {
  return rwk_run_fetch_fit(fit, w, found, walk, start, index, ((cli_job *)payload)->run);
}

int cli_share_begin(cli_job *j) {
  const long long process = process_at(j->setup.ctx, j->out);
  const rwk_status status = rwk_run_share(&j->shared, j->run);
  if (status != RWK_OK) return cli_fail_status(j->setup.ctx, status);
  if (!j->shared) return 0;
  j->settings.take = take;
  j->settings.give = give;
  j->settings.save = save;
  j->settings.fetch = fetch;
  j->settings.store_payload = j;
  if (process >= 0 && !j->args.value[CLI_QUIET])
    cli_say("%s: process %lld is at the same run; this one helps it", j->out, process);
  return 0;
}
