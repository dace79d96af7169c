#include <math.h>
#include <string.h>
#include <time.h>
#include "store/store.h"

/* A run without a database. */
static rwk_status new_run(rwk_run **run, rwk_context *ctx, const char *file) {
  *run = NULL;
  if (!file || !*file) return rwk_fail(ctx, RWK_INVALID_ARGUMENT, "file: the name of the run file is empty");
  rwk_run *r = rwk_calloc(ctx, 1, sizeof *r);
  if (!r) return rwk_fail_memory(ctx, "run file");
  r->ctx = ctx;
  r->share_file = -1;
  r->state.seconds = NAN;
  r->collapse = (rwk_collapse){NAN, NAN, NAN};
  r->file = rwk_strdup(ctx, file);
  *run = r;
  if (!r->file) return rwk_fail_memory(ctx, "file name");
  return rwk_store_path(&r->path, ctx, file);
}

void rwk_store_forget(rwk_run *run) {
  for (size_t i = 0; i < run->meta_count; i++) {
    rwk_free(run->ctx, run->metas[i].record.key);
    rwk_free(run->ctx, run->metas[i].record.value);
  }
  run->meta_count = run->lambda_count = run->fits.count = run->drop_count = 0;
  run->origin_count = run->fold_fits.count = run->fold_count = run->fold_drop_count = 0;
  run->has_cv = 0;
  run->cv_point_count = run->cv_row_count = 0;
  run->lambda_digest = run->finish_digest = run->fold_digest = run->cv_digest = run->series_digest = 0;
  rwk_store_free_series(run->ctx, run->series, run->series_count);
  run->series = NULL;
  run->series_count = run->series_capacity = 0;
  run->has_search = 0;
  run->trial_count = run->efficiency_count = run->effect_count = 0;
  run->trial_digest = run->search_digest = 0;
}

static void destroy(rwk_run *run) {
  rwk_context *ctx = run->ctx;
  rwk_store_disconnect(run);
  rwk_store_unshare(run);
  rwk_store_forget(run);
  rwk_free(ctx, run->metas);
  rwk_free(ctx, run->lambda);
  rwk_free(ctx, run->fits.all);
  rwk_free(ctx, run->fold_fits.all);
  rwk_free(ctx, run->folds);
  rwk_free(ctx, run->fold_drops);
  rwk_free(ctx, run->cv_points);
  rwk_free(ctx, run->cv_rows);
  rwk_free(ctx, run->trials);
  rwk_free(ctx, run->efficiency);
  rwk_free(ctx, run->effects);
  rwk_free(ctx, run->drops);
  rwk_free(ctx, run->origins);
  rwk_free(ctx, run->file);
  rwk_free(ctx, run->path);
  rwk_free(ctx, run);
}

static rwk_status put_created_at(rwk_run *run) {
  char text[32] = "";
  struct tm parts;
  const time_t now = time(NULL);
  if (!gmtime_r(&now, &parts) || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) text[0] = 0;
  return rwk_store_set(run, RWK_STORE_CREATED_AT, text);
}

rwk_status rwk_run_create(rwk_run **run, rwk_context *ctx, const char *file, int replace) {
  rwk_run *r = NULL;
  rwk_status status = new_run(&r, ctx, file);
  if (status != RWK_OK) goto done;
  r->replace = replace;
  r->writable = 1;
  r->created = 1;
  status = rwk_store_may_create(r);
  if (status == RWK_OK) status = rwk_store_connect(r, ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY);
  if (status == RWK_OK) status = rwk_store_create_schema(r);
  if (status == RWK_OK) status = rwk_store_prepare_all(r);
  if (status == RWK_OK) status = rwk_store_put(&r->state_checksum, r, RWK_TABLE_STATE, 1, &r->state);
  if (status == RWK_OK) status = put_created_at(r);
done:
  if (status != RWK_OK && r) {
    destroy(r);
    r = NULL;
  }
  *run = r;
  return status;
}

/* While a run is written its journal is a write-ahead log: a commit is one write and waits for no disk, and a
 * reader sees the last one. Closed, the file has no log, so that it is one file and can be read from a folder
 * that cannot be written. The switch itself changes a few bytes within one sector of the header and leaves
 * all else where it is, so it is not synced. */
static rwk_status switch_journal(rwk_run *run, const char *mode) {
  int done = 0;
  RWK_TRY(rwk_store_exec(run, "PRAGMA synchronous = OFF", "write"));
  const rwk_status status = rwk_store_set_journal(run, mode, &done);
  if (status == RWK_NO_MEMORY) return status;
  /* If it cannot be for another reason, the other mode serves too. */
  return rwk_store_exec(run, "PRAGMA synchronous = NORMAL", "write");
}

/* A log is opened by the first that reads, and from then on nobody can replace the file. */
static rwk_status start_writing(rwk_run *run) {
  int64_t rows = 0;
  RWK_TRY(switch_journal(run, "WAL"));
  RWK_TRY(rwk_store_integer(&rows, run, "SELECT count(*) FROM main.state", "open"));
  return rwk_store_prepare_all(run);
}

rwk_status rwk_run_begin(rwk_run *run) {
  if (!run->created) return rwk_fail(run->ctx, RWK_INVALID_ARGUMENT, "%s has been begun already", run->file);
  sqlite3_int64 size = 0;
  unsigned char *bytes = sqlite3_serialize(run->db, "main", &size, 0);
  if (!bytes) return rwk_fail_memory(run->ctx, "run file");
  rwk_status status = rwk_store_place(run, bytes, (size_t)size);
  sqlite3_free(bytes);
  if (status != RWK_OK) return status;
  /* From here on the run is in the file. If it cannot be opened, nothing more can be written. */
  rwk_store_disconnect(run);
  run->created = 0;
  status = rwk_store_connect(run, run->path, SQLITE_OPEN_READWRITE);
  if (status == RWK_OK) status = start_writing(run);
  if (status != RWK_OK) run->writable = 0;
  return status;
}

static rwk_status want_sound(rwk_run *run) {
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2(run->db, "PRAGMA quick_check(1)", -1, &statement, NULL);
  if (code == SQLITE_OK) code = sqlite3_step(statement);
  const char *text = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
  const int sound = text && strcmp(text, "ok") == 0;
  sqlite3_finalize(statement);
  if (code != SQLITE_ROW) return rwk_store_fail(run, code, "read");
  return sound ? RWK_OK : rwk_store_damaged(run, "its pages do not hang together");
}

static rwk_status connect_and_load(rwk_run *run, int flags) {
  RWK_TRY(rwk_store_connect(run, run->path, flags));
  return rwk_store_load(run);
}

/* What a killed writer left may have to be put in order before it can be read, and only a writer can do that.
 */
static rwk_status open_for_reading(rwk_run *run) {
  rwk_status status = connect_and_load(run, SQLITE_OPEN_READONLY);
  if (status != RWK_IO || (run->code & 0xff) != SQLITE_READONLY) return status;
  int64_t rows = 0;
  rwk_store_disconnect(run);
  status = rwk_store_connect(run, run->path, SQLITE_OPEN_READWRITE);
  if (status == RWK_OK)
    status = rwk_store_integer(&rows, run, "SELECT count(*) FROM main.sqlite_master", "read");
  if (status != RWK_OK) return status;
  rwk_store_disconnect(run);
  rwk_store_forget(run);
  return connect_and_load(run, SQLITE_OPEN_READONLY);
}

rwk_status rwk_run_open(rwk_run **run, rwk_context *ctx, const char *file, int writable) {
  rwk_run *r = NULL;
  rwk_status status = new_run(&r, ctx, file);
  if (status != RWK_OK) goto done;
  r->writable = writable != 0;
  status = rwk_store_may_open(r);
  if (status == RWK_OK) status = writable ? connect_and_load(r, SQLITE_OPEN_READWRITE) : open_for_reading(r);
  if (status == RWK_OK && writable && sqlite3_db_readonly(r->db, "main") != 0)
    status = rwk_fail(ctx, RWK_IO, "cannot write %s: permission denied", file);
  if (status == RWK_OK && writable)
    status = want_sound(r); /* writing into a damaged file would damage more of it */
  if (status == RWK_OK) status = writable ? start_writing(r) : rwk_store_prepare_all(r);
done:
  if (status != RWK_OK && r) {
    destroy(r);
    r = NULL;
  }
  *run = r;
  return status;
}

rwk_status rwk_run_close(rwk_run *run) {
  if (!run) return RWK_OK;
  rwk_status status = RWK_OK;
  if (run->db && run->writable && !run->created && rwk_store_is_last(run)) {
    rwk_store_finalize_all(run);
    sqlite3_busy_timeout(run->db, 0); /* a reader stays as long as it likes: then the log stays too */
    const int code = sqlite3_wal_checkpoint_v2(run->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) status = rwk_store_fail(run, code, "write");
    if (status == RWK_OK) status = switch_journal(run, "DELETE");
  }
  destroy(run);
  return status;
}
