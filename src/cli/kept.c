/* What a run file keeps of how it was made: its options, its table, the fingerprint of the data. */
#include <string.h>
#include <unistd.h>
#include "cli/stored.h"

int cli_kept_options(cli_args *args, json_t **kept, const char **data, rwk_context *ctx, rwk_run *run,
                     const char *file) {
  const char *text = NULL;
  rwk_status status = rwk_run_get(&text, run, "options");
  if (status != RWK_OK) return cli_fail_status(ctx, status);
  *kept = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
  if (cli_memory_short()) return cli_fail(CLI_NUMERICAL, "memory ran out");
  if (!json_is_object(*kept))
    return cli_fail(CLI_DATA, "%s: not a run file of a path: it keeps no options", file);
  if (args->verb != CLI_SEARCH && rwk_run_get(&text, run, "fitted") == RWK_OK && text) {
    json_t *fitted = json_loads(text, JSON_REJECT_DUPLICATES, NULL); /* of a search: what won */
    json_object_update(*kept, fitted);
    json_decref(fitted);
  }
  for (int o = 0; o < CLI_OPTIONS; o++) {
    if (!cli_option_kept((cli_option)o)) continue;
    const char *value = json_string_value(json_object_get(*kept, cli_option_name((cli_option)o)));
    const char *given = args->value[o];
    if (given && (!value || strcmp(given, value) != 0))
      return cli_fail(
          CLI_USAGE, "--%s: the run file %s was made with %s; leave the option out, or begin a new run",
          cli_option_name((cli_option)o), file, value ? (value[0] ? value : "it") : "another setting");
    args->value[o] = value;
  }
  if (*data) return 0;
  const char *path = NULL;
  status = rwk_run_get(&path, run, "data_path");
  if (status != RWK_OK) return cli_fail_status(ctx, status);
  if (!path) return cli_fail(CLI_DATA, "%s: it does not say which table it was made from", file);
  json_object_set_new(*kept, " data", json_string(path)); /* keeps the text */
  *data = json_string_value(json_object_get(*kept, " data"));
  if (!*data) return cli_fail(CLI_NUMERICAL, "memory ran out");
  if (*data && access(*data, R_OK) != 0)
    return cli_fail(CLI_DATA, "%s: the table %s is gone; if it was moved: ridgewalk %s NEW_PLACE --resume %s",
                    file, *data, cli_verb_name(args->verb), file);
  return 0;
}

int cli_kept_verb(const cli_args *args, rwk_run *run, const char *file) {
  const char *verb = NULL;
  const rwk_status status = rwk_run_get(&verb, run, "verb");
  if (status == RWK_OK && verb && strcmp(verb, cli_verb_name(args->verb)) != 0)
    return cli_fail(CLI_USAGE, "%s was made by %s; go on with: ridgewalk %s --resume %s", file, verb, verb,
                    file);
  return 0;
}

int cli_check_fingerprint(const cli_setup *s, rwk_run *run, const char *file, const char *data) {
  char now[33];
  const char *then = NULL;
  rwk_status status = rwk_design_fingerprint(now, s->design);
  if (status == RWK_OK) status = rwk_run_get(&then, run, "fingerprint");
  if (status != RWK_OK) return cli_fail_status(s->ctx, status);
  if (!then || strcmp(now, then) != 0)
    return cli_fail(
        CLI_DATA,
        "%s: the table %s has changed since the run began (fingerprint %s, was %s); begin a new run", file,
        data, now, then ? then : "none");
  if (s->mlp && rwk_run_dim(run) != rwk_problem_dim(rwk_mlp_problem(s->mlp)))
    return cli_fail(CLI_DATA, "%s: its fits have %zu weights, the network %zu", file, rwk_run_dim(run),
                    rwk_problem_dim(rwk_mlp_problem(s->mlp)));
  return 0;
}
