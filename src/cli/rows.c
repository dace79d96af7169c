#include "cli/rows.h"
#include <string.h>
#include "cli/ranks.h"

int cli_rows_wanted(int *wanted, const cli_args *args) {
  const char *text = args->value[CLI_SPLIT];
  *wanted = 0;
  if (!text || !strcmp(text, "starts")) return 0;
  if (strcmp(text, "rows") != 0) return cli_fail(CLI_USAGE, "--split: '%s' is neither starts nor rows", text);
  *wanted = cli_ranks_count() > 1;
  return 0;
}

#ifndef RWK_MPI

int cli_rows_deal(cli_setup *s, rwk_mlp_settings *m, rwk_mlp_party *party, const rwk_mlp_data *data,
                  const cli_args *args) {
  (void)s, (void)m, (void)party, (void)data, (void)args;
  return 0;
}

void cli_rows_call_off(cli_setup *s) {
  (void)s;
}

void cli_rows_release(cli_setup *s) {
  (void)s;
}

int cli_rows_serve(const cli_args *args) {
  (void)args;
  return 0;
}

#else

#include <stdlib.h>
#include "cli/wait.h"

struct cli_shares {
  MPI_Comm ranks; /* that have rows */
  int closed;     /* nobody listens any more */
};

/* ---- numbers on their way ---- */

/* An answer comes within microseconds while the others are at it; where they are not, this processor may have
 * something better to do than to wait. */
enum { LOOKS = 2000 };

/* MPI counts by int: so many at once. */
static int piece(size_t n) {
  const size_t most = (size_t)1 << 26;
  return (int)(n < most ? n : most);
}

static rwk_status broadcast(double *x, size_t n, void *payload) {
  const cli_shares *r = payload;
  if (r->closed) return RWK_IO;
  for (size_t at = 0; at < n;) {
    const int count = piece(n - at);
    MPI_Request request;
    MPI_Ibcast(x + at, count, MPI_DOUBLE, 0, r->ranks, &request);
    cli_poll(&request, LOOKS);
    if (MPI_Wait(&request, MPI_STATUS_IGNORE) != MPI_SUCCESS) return RWK_IO;
    at += (size_t)count;
  }
  return RWK_OK;
}

static rwk_status send(const double *x, size_t n, size_t to, void *payload) {
  const cli_shares *r = payload;
  for (size_t at = 0; at < n;) {
    const int count = piece(n - at);
    MPI_Request request;
    MPI_Isend(x + at, count, MPI_DOUBLE, (int)to, 0, r->ranks, &request);
    cli_poll(&request, LOOKS);
    if (MPI_Wait(&request, MPI_STATUS_IGNORE) != MPI_SUCCESS) return RWK_IO;
    at += (size_t)count;
  }
  return RWK_OK;
}

static rwk_status receive(double *x, size_t n, size_t from, void *payload) {
  const cli_shares *r = payload;
  for (size_t at = 0; at < n;) {
    const int count = piece(n - at);
    MPI_Request request;
    MPI_Irecv(x + at, count, MPI_DOUBLE, (int)from, 0, r->ranks, &request);
    cli_poll(&request, LOOKS);
    if (MPI_Wait(&request, MPI_STATUS_IGNORE) != MPI_SUCCESS) return RWK_IO;
    at += (size_t)count;
  }
  return RWK_OK;
}

/* ---- what the others have to know ---- */

enum { HIDDEN_MOST = 64 };

/* The network, as rank 0 tells it. */
typedef struct invitation {
  double called_off; /* 1: there will be nothing to do */
  double rows, inputs, outputs, weighted, weight_sum, loss_scale;
  double activation, loss, hidden_bias, output_bias, penalise_biases;
  double hidden_count, hidden[HIDDEN_MOST];
} invitation;

static rwk_status tell(invitation *i) {
  cli_shares all = {MPI_COMM_WORLD, 0};
  return broadcast((double *)(void *)i, sizeof *i / sizeof(double), &all);
}

/* How many ranks get rows; and those of one. */
static rwk_status members_of(size_t *members, rwk_context *ctx, const rwk_mlp_data *data,
                             const rwk_mlp_settings *m) {
  const size_t count = (size_t)cli_ranks_count();
  size_t first, rows;
  for (*members = 0; *members < count; ++*members) {
    const rwk_status status = rwk_mlp_part(&first, &rows, ctx, data, m, *members, count);
    if (status != RWK_OK) return status;
    if (rows == 0) break;
  }
  return RWK_OK;
}

static int join(rwk_mlp_party *party, cli_shares *r, size_t members, double weight_sum) {
  int rank;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  const int member = (size_t)rank < members;
  *party = (rwk_mlp_party){.size = sizeof *party,
                           .count = members,
                           .rank = (size_t)rank,
                           .weight_sum = weight_sum,
                           .broadcast = broadcast,
                           .send = send,
                           .receive = receive,
                           .payload = r};
  r->closed = 0;
  MPI_Comm_split(MPI_COMM_WORLD, member ? 0 : MPI_UNDEFINED, rank, &r->ranks);
  return member;
}

/* ---- rank 0 ---- */

static rwk_status send_rows(rwk_context *ctx, const rwk_mlp_data *d, const rwk_mlp_settings *m,
                            const rwk_mlp_party *party) {
  for (size_t rank = 1; rank < party->count; rank++) {
    size_t first, rows;
    rwk_status status = rwk_mlp_part(&first, &rows, ctx, d, m, rank, party->count);
    if (status == RWK_OK) status = send(d->X + first * d->ldx, rows * d->inputs, rank, party->payload);
    if (status == RWK_OK) status = send(d->Y + first * d->ldy, rows * d->outputs, rank, party->payload);
    if (status == RWK_OK && d->row_weights) status = send(d->row_weights + first, rows, rank, party->payload);
    if (status != RWK_OK) return status;
  }
  return RWK_OK;
}

static void say_who_idles(const cli_args *args, size_t members, size_t rows) {
  const int all = cli_ranks_count();
  if (args->value[CLI_QUIET] || members == (size_t)all) return;
  fprintf(stderr, "note: %d of %d processes have nothing to do: %zu rows are too few for so many shares\n",
          all - (int)members, all, rows);
}

int cli_rows_deal(cli_setup *s, rwk_mlp_settings *m, rwk_mlp_party *party, const rwk_mlp_data *data,
                  const cli_args *args) {
  size_t members;
  invitation i = {.rows = (double)data->rows,
                  .inputs = (double)data->inputs,
                  .outputs = (double)data->outputs,
                  .weighted = data->row_weights != NULL,
                  .weight_sum = s->n,
                  .loss_scale = m->loss_scale,
                  .activation = m->activation,
                  .loss = m->loss,
                  .hidden_bias = m->hidden_bias,
                  .output_bias = m->output_bias,
                  .penalise_biases = m->penalise_biases,
                  .hidden_count = (double)m->hidden_count};
  if (m->hidden_count > HIDDEN_MOST)
    return cli_fail(CLI_USAGE, "--split rows: at most %d hidden layers", HIDDEN_MOST);
  for (size_t l = 0; l < m->hidden_count; l++) i.hidden[l] = (double)m->hidden[l];
  rwk_status status = members_of(&members, s->ctx, data, m);
  if (status != RWK_OK) return cli_fail_status(s->ctx, status);
  s->rows = malloc(sizeof *s->rows);
  if (!s->rows) return cli_fail(CLI_NUMERICAL, "memory ran out");
  status = tell(&i);
  join(party, s->rows, members, s->n);
  if (status == RWK_OK) status = send_rows(s->ctx, data, m, party);
  if (status != RWK_OK) return cli_fail(CLI_NUMERICAL, "the other processes do not take their rows");
  say_who_idles(args, members, data->rows);
  if (members > 1) m->party = party;
  return 0;
}

void cli_rows_call_off(cli_setup *s) {
  invitation i = {.called_off = 1};
  if (s->rows)
    s->rows->closed = 1;
  else
    (void)tell(&i);
}

void cli_rows_release(cli_setup *s) {
  if (s->rows) MPI_Comm_free(&s->rows->ranks);
  free(s->rows);
  s->rows = NULL;
}

/* ---- the others ---- */

/* Rank 0 waits for this rank, and no message would end that. */
static void end_all(const char *why) {
  int rank;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  cli_say("process %d: %s", rank, why);
  MPI_Abort(MPI_COMM_WORLD, CLI_NUMERICAL);
}

static rwk_status take_rows(double **rows_of, rwk_mlp_data *d, size_t rows, int weighted,
                            const rwk_mlp_party *party) {
  const size_t width = d->inputs + d->outputs + (weighted ? 1 : 0);
  double *X = malloc(rows * width * sizeof *X), *Y = X ? X + rows * d->inputs : NULL,
         *omega = X && weighted ? Y + rows * d->outputs : NULL;
  *rows_of = X;
  if (!X) return RWK_NO_MEMORY;
  d->X = X;
  d->Y = Y;
  d->row_weights = omega;
  d->ldx = d->inputs;
  d->ldy = d->outputs;
  rwk_status status = receive(X, rows * d->inputs, 0, party->payload);
  if (status == RWK_OK) status = receive(Y, rows * d->outputs, 0, party->payload);
  if (status == RWK_OK && omega) status = receive(omega, rows, 0, party->payload);
  return status;
}

static void serve(rwk_context *ctx, const invitation *i) {
  size_t hidden[HIDDEN_MOST], members, first, rows;
  rwk_mlp_settings m;
  rwk_mlp_settings_init(&m);
  m.hidden = hidden;
  m.hidden_count = (size_t)i->hidden_count;
  for (size_t l = 0; l < m.hidden_count; l++) hidden[l] = (size_t)i->hidden[l];
  m.activation = (rwk_activation)i->activation;
  m.loss = (rwk_loss)i->loss;
  m.hidden_bias = i->hidden_bias != 0;
  m.output_bias = i->output_bias != 0;
  m.penalise_biases = i->penalise_biases != 0;
  m.loss_scale = i->loss_scale;
  rwk_mlp_data d = {.rows = (size_t)i->rows, .inputs = (size_t)i->inputs, .outputs = (size_t)i->outputs};
  rwk_mlp_party party;
  cli_shares r;
  double *numbers = NULL;
  rwk_mlp *mlp = NULL;
  rwk_status status = members_of(&members, ctx, &d, &m);
  if (status != RWK_OK) end_all(rwk_context_error(ctx));
  if (!join(&party, &r, members, i->weight_sum)) {
    cli_ranks_agree(0);
    return;
  }
  status = rwk_mlp_part(&first, &rows, ctx, &d, &m, party.rank, members);
  if (status == RWK_OK) status = take_rows(&numbers, &d, rows, i->weighted != 0, &party);
  if (status != RWK_OK) end_all("memory for its rows is missing");
  m.party = &party;
  status = rwk_mlp_create(&mlp, ctx, &d, &m);
  free(numbers);
  if (status != RWK_OK) end_all(rwk_context_error(ctx));
  if (cli_ranks_agree(0) == 0) status = rwk_mlp_serve(mlp);
  if (status != RWK_OK) end_all(rwk_context_error(ctx));
  rwk_mlp_destroy(mlp);
  MPI_Comm_free(&r.ranks);
}

int cli_rows_serve(const cli_args *args) {
  invitation i;
  rwk_context *ctx;
  const int code = cli_context(&ctx, args);
  if (code) end_all("its settings are wrong");
  if (tell(&i) != RWK_OK) end_all("the first process does not answer");
  if (i.called_off != 0)
    cli_ranks_agree(0);
  else
    serve(ctx, &i);
  rwk_context_destroy(ctx);
  return 0;
}

#endif
