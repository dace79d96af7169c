#include <unistd.h>
#include "cli/ranks.h"
#include "cli/rows.h"
#include "cli/share.h"
#include "cli/spread.h"

/* ---- progress ---- */

static void progress(const rwk_path_progress *p, void *payload) {
  cli_job *j = payload;
  j->done = p->done;
  j->total = p->total;
  if (j->bar) cli_progress_bar(p->done, p->total, p->seconds, p->remaining, "");
}

/* ---- the verb ---- */

static int show(cli_job *j, const rwk_path *path) {
  cli_report r = {0};
  int code = cli_report_from_path(&r, &j->setup, &j->args, path, j->settings.starts, j->data);
  if (!code) code = cli_keep_accuracy(j->setup.ctx, j->run, &r, j->setup.mlp);
  if (j->shared)
    (void)rwk_run_give(RWK_PIECE_REST,
                       j->run); /* all is in the file: who waits need not wait for our reader */
  r.file = j->out;
  if (!code) code = cli_finish(&r, &j->setup, &j->settings);
  if (!code && j->args.value[CLI_JSON]) {
    code = cli_print_path_json(stdout, &r);
  } else if (!code && !j->args.value[CLI_QUIET]) {
    cli_print_heading(stdout, &r);
    cli_print_table(stdout, &r);
    if (!j->args.value[CLI_NO_PLOT]) cli_print_plot(stdout, &r);
    cli_print_verdict(stdout, &r);
    cli_print_finished(stdout, &r);
    cli_print_roads(stdout, &r, j->args.value[CLI_ROADS] != NULL);
  }
  if (!code && !cli_all_certified(&r)) code = CLI_UNCERTIFIED;
  cli_report_release(&r);
  return code;
}

/* What another process has made of the same run. */
static int show_stored(cli_job *j) {
  cli_stored s;
  const int silent = !j->args.value[CLI_JSON] && j->args.value[CLI_QUIET];
  if (j->bar) fputc('\n', stderr);
  int code = cli_stored_open(&s, j->setup.ctx, j->out);
  s.report.file = j->out;
  if (!code && silent)
    code = cli_all_certified(&s.report) ? 0 : CLI_UNCERTIFIED;
  else if (!code)
    code = cli_show_path(&s, &j->args);
  cli_stored_close(&s);
  return code;
}

static int walk(cli_job *j) {
  rwk_path *path = NULL;
  rwk_context *ctx = j->setup.ctx;
  j->settings.save = rwk_run_save_fit;
  j->settings.fetch = rwk_run_fetch_fit;
  j->settings.store_payload = j->run;
  j->settings.progress = progress;
  j->settings.progress_payload = j;
  j->bar = isatty(2) && !j->args.value[CLI_QUIET];
  if (cli_ranks_count() == 1) {
    const int shared = cli_share_begin(j);
    if (shared) return shared;
  }
  rwk_status status = cli_ranks_count() > 1 && !j->setup.split
                          ? cli_spread_path(&path, j)
                          : rwk_path_run(&path, ctx, rwk_mlp_problem(j->setup.mlp), &j->settings);
  if (j->worker) return cli_exit_code(status);
  int code = 0;
  if (status != RWK_OK) {
    code = cli_job_stopped(j, status);
  } else if (j->over) {
    code = show_stored(j);
  } else {
    status = rwk_run_set_lambda(j->run, rwk_path_lambda(path), rwk_path_lambda_count(path));
    if (status == RWK_OK) status = rwk_run_finish(j->run, path);
    code = status == RWK_OK ? 0 : cli_fail_status(ctx, status);
    if (!code) {
      status = rwk_run_keep_pictures(j->run, ctx, j->setup.mlp, j->setup.design, path, j->settings.explain);
      if (status != RWK_OK) code = cli_fail_status(ctx, status);
    }
    if (!code) code = show(j, path);
  }
  rwk_path_destroy(path);
  return code;
}

static int prepare(cli_job *j) {
  int code = cli_job_prepare(j);
  if (j->setup.split && code) cli_rows_call_off(&j->setup);
  const int worst = cli_ranks_agree(code);
  return code ? code : worst;
}

int cli_path(const cli_args *args) {
  cli_job j = {0};
  int by_rows;
  rwk_path_settings_init(&j.settings);
  int code = cli_rows_wanted(&by_rows, args);
  if (!code) code = cli_job_begin(&j, args);
  j.worker = cli_ranks_worker();
  if (by_rows && j.worker && !code) {
    cli_job_release(&j);
    return cli_rows_serve(args);
  }
  j.setup.split = by_rows;
  if (j.worker) j.args.value[CLI_QUIET] = "";
  if (!code) code = prepare(&j);
  if (!code) code = walk(&j);
  const rwk_status closed = rwk_run_close(j.run);
  if (closed != RWK_OK && code < CLI_USAGE) code = cli_fail_status(j.setup.ctx, closed);
  cli_job_release(&j);
  return code;
}
