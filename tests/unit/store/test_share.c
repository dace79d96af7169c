/* Several writers of one run file that share it: two handles of one process are as good as two processes, for
 * their locks belong to the open file. */
#include <pthread.h>
#include "support.h"
#include "support/net.h"

static rwk_run *begin(place *p) {
  rwk_run *run;
  double lambda[GRID];
  int shared;
  for (size_t i = 0; i < GRID; i++) lambda[i] = grid_at(i);
  assert_ok(rwk_run_create(&run, p->ctx, p->file, 0));
  assert_ok(rwk_run_set_dim(run, DIM));
  assert_ok(rwk_run_set_lambda(run, lambda, GRID));
  assert_ok(rwk_run_begin(run));
  assert_ok(rwk_run_share(&shared, run));
  assert_true(shared);
  return run;
}

static rwk_run *join(place *p) {
  rwk_run *run;
  int shared;
  assert_ok(rwk_run_open(&run, p->ctx, p->file, 1));
  assert_ok(rwk_run_share(&shared, run));
  assert_true(shared);
  return run;
}

static rwk_turn take(place *p, rwk_run *run, size_t piece) {
  rwk_turn turn;
  assert_ok(rwk_run_take(&turn, piece, run));
  return turn;
}

static void test_turns(void **state) {
  place *p = *state;
  rwk_run *a = begin(p), *b = join(p);
  const size_t pieces[] = {0, 1, 1000000, RWK_PIECE_REST};
  for (size_t k = 0; k < 4; k++) {
    assert_int_equal(take(p, a, pieces[k]), RWK_TURN_OURS);
    assert_int_equal(take(p, b, pieces[k]), RWK_TURN_LATER);
    assert_ok(rwk_run_give(pieces[k], a));
    assert_int_equal(take(p, b, pieces[k]), RWK_TURN_OURS);
    assert_int_equal(take(p, a, pieces[k]), RWK_TURN_LATER);
  }
  rwk_sharer *list;
  size_t count;
  assert_ok(rwk_run_sharers(&list, &count, p->ctx, p->file));
  assert_int_equal(count, 2 + 4);
  for (size_t k = 0; k < count; k++) assert_int_equal(list[k].process, getpid());
  assert_int_equal(list[1].at, RWK_SHARER_THERE);
  assert_int_equal(list[2].at, RWK_SHARER_REST);
  for (size_t k = 0; k < 3; k++) {
    assert_int_equal(list[3 + k].at, RWK_SHARER_PIECE);
    assert_int_equal(list[3 + k].piece, pieces[k]);
  }
  rwk_sharers_destroy(p->ctx, list);
  assert_ok(rwk_run_close(b)); /* whatever it had is free again */
  for (size_t k = 0; k < 4; k++) assert_int_equal(take(p, a, pieces[k]), RWK_TURN_OURS);
  assert_ok(rwk_run_close(a));
  assert_int_equal(count_files(p->folder, 0), 1);
  assert_ok(rwk_run_sharers(&list, &count, p->ctx, p->file));
  assert_int_equal(count, 0);
}

/* Each writes what the other has not; both read what the other wrote; nothing is lost. */
static void test_fits_of_two(void **state) {
  place *p = *state;
  rwk_run *a = begin(p), *b = join(p);
  double w[DIM], got_w[DIM];
  rwk_fit got;
  int found;
  for (int start = 0; start < 4; start++)
    for (size_t i = 0; i < GRID; i++) {
      rwk_run *writer = (start + i) % 3 ? a : b, *reader = writer == a ? b : a;
      const rwk_fit fit = standard_fit(RWK_WALK_UP, start, i, w);
      assert_ok(rwk_run_fetch_fit(&got, got_w, &found, RWK_WALK_UP, start, i, reader));
      assert_false(found);
      assert_ok(rwk_run_save_fit(&fit, writer));
      assert_ok(rwk_run_fetch_fit(&got, got_w, &found, RWK_WALK_UP, start, i, reader));
      assert_true(found);
      assert_same_fit(&got, &fit);
      assert_memory_equal(w, got_w, sizeof w);
      if (i % 2) assert_ok(rwk_run_save_fit(&fit, reader)); /* once more: it takes its place */
    }
  size_t count;
  assert_ok(rwk_run_refresh(a));
  assert_ok(rwk_run_fit_count(&count, a));
  assert_int_equal(count, 4 * GRID);
  assert_ok(rwk_run_close(a));
  assert_ok(rwk_run_close(b));
  assert_int_equal(count_files(p->folder, 0), 1);
  assert_ok(rwk_run_open(&a, p->ctx, p->file, 1)); /* every row by its checksum, and that none is missing */
  assert_ok(rwk_run_fit_count(&count, a));
  assert_int_equal(count, 4 * GRID);
  assert_ok(rwk_run_close(a));
}

/* Who has finished the path tells the others; one that was finished before is gone on with. */
static void test_over(void **state) {
  place *p = *state;
  rwk_run *a = begin(p), *b = join(p);
  assert_int_equal(take(p, a, RWK_PIECE_REST), RWK_TURN_OURS);
  const double lambda[GRID] = {grid_at(0), grid_at(1), grid_at(2), grid_at(3),
                               grid_at(4), grid_at(5), grid_at(6)};
  rwk_finish f = {.lambda = lambda, .count = GRID, .collapse = {1, 2, 3}, .seconds = 4};
  assert_ok(rwk_store_finish(a, &f));
  assert_int_equal(take(p, b, RWK_PIECE_REST), RWK_TURN_LATER);
  assert_ok(rwk_run_give(RWK_PIECE_REST, a));
  assert_int_equal(take(p, b, RWK_PIECE_REST), RWK_TURN_OVER);
  assert_true(rwk_run_finished(b));
  assert_ok(rwk_run_close(a));
  assert_ok(rwk_run_close(b));
  b = join(p);
  assert_int_equal(take(p, b, RWK_PIECE_REST), RWK_TURN_OURS);
  assert_ok(rwk_run_close(b));
}

/* Who does not share may not write where others do, and says so. */
static void test_one_who_does_not(void **state) {
  place *p = *state;
  rwk_run *a = begin(p), *stranger;
  double w[DIM];
  rwk_turn turn;
  assert_ok(rwk_run_open(&stranger, p->ctx, p->file, 1));
  assert_fails(rwk_run_take(&turn, 0, stranger), RWK_INVALID_ARGUMENT);
  const rwk_fit one = standard_fit(RWK_WALK_UP, 0, 0, w);
  assert_ok(rwk_run_save_fit(&one, a));
  assert_fails(rwk_run_save_fit(&one, stranger), RWK_IO);
  assert_says(p->ctx, "another program has written to it meanwhile");
  assert_ok(rwk_run_close(stranger));
  int shared;
  assert_fails(rwk_run_share(&shared, a), RWK_INVALID_ARGUMENT);
  assert_fails(rwk_run_take(&turn, SIZE_MAX - 1, a), RWK_INVALID_ARGUMENT);
  assert_ok(rwk_run_close(a));
}

/* Where the file of locks cannot be, there is one writer. */
static void test_no_locks(void **state) {
  place *p = *state;
  char name[400];
  snprintf(name, sizeof name, "%s-share", p->file);
  assert_int_equal(mkdir(name, 0777), 0);
  rwk_run *run;
  int shared = 1;
  assert_ok(rwk_run_create(&run, p->ctx, p->file, 0));
  assert_fails(rwk_run_share(&shared, run), RWK_INVALID_ARGUMENT);
  assert_ok(rwk_run_set_dim(run, DIM));
  assert_ok(rwk_run_begin(run));
  assert_ok(rwk_run_share(&shared, run));
  assert_false(shared);
  double w[DIM];
  const rwk_fit one = standard_fit(RWK_WALK_UP, 0, 0, w);
  assert_ok(rwk_run_save_fit(&one, run));
  assert_ok(rwk_run_close(run));
  assert_int_equal(rmdir(name), 0);
}

/* ---- a whole path by two */

enum { ROWS = 30, INPUTS = 3, HIDDEN = 3, STARTS = 5 };

typedef struct worker {
  place *p;
  const char *file;
  double X[ROWS * INPUTS], Y[ROWS];
  int64_t made; /* fits that it made itself */
  rwk_path *path;
  rwk_context *ctx;
  rwk_run *run;
  net n;
  int over;
} worker;

static rwk_status save(const rwk_fit *fit, void *payload) {
  worker *v = payload;
  v->made++;
  return rwk_run_save_fit(fit, v->run);
}

static rwk_status fetch(rwk_fit *fit, double *w, int *found, rwk_walk walk, int start, size_t index,
                        void *payload) {
  return rwk_run_fetch_fit(fit, w, found, walk, start, index, ((worker *)payload)->run);
}

static rwk_status take_one(rwk_turn *turn, size_t piece, void *payload) {
  worker *v = payload;
  const rwk_status status = rwk_run_take(turn, piece, v->run);
  v->over |= *turn == RWK_TURN_OVER;
  return status;
}

static rwk_status give_one(size_t piece, void *payload) {
  return rwk_run_give(piece, ((worker *)payload)->run);
}

static rwk_path_settings settings_of(const double *lambda) {
  rwk_path_settings s;
  rwk_path_settings_init(&s);
  s.starts = STARTS;
  s.lambda = lambda;
  s.lambda_count = GRID;
  s.effort = RWK_EFFORT_LOW;
  return s;
}

static double ladder[GRID];

static void *walk(void *payload) {
  worker *v = payload;
  rwk_path_settings s = settings_of(ladder);
  s.save = save;
  s.fetch = fetch;
  s.take = take_one;
  s.give = give_one;
  s.store_payload = v;
  rwk_status status = rwk_path_run(&v->path, v->ctx, v->n.problem, &s);
  if (status == RWK_OK && !v->over) status = rwk_run_finish(v->run, v->path);
  if (status == RWK_OK) status = rwk_run_give(RWK_PIECE_REST, v->run);
  return status == RWK_OK ? NULL : v;
}

static void test_a_path_of_two(void **state) {
  place *p = *state;
  worker v[2];
  memset(v, 0, sizeof v);
  const size_t hidden = HIDDEN;
  rwk_mlp_settings m;
  rwk_mlp_settings_init(&m);
  for (size_t i = 0; i < GRID; i++) ladder[i] = grid_at(2 * i);
  for (int k = 0; k < 2; k++) {
    rwk_context_settings c;
    rwk_context_settings_init(&c);
    c.threads = 1;
    assert_int_equal(rwk_context_create(&v[k].ctx, &c), RWK_OK);
    net_table(v[k].X, v[k].Y, ROWS, INPUTS, 1, 0, 7);
    v[k].n = net_create(v[k].ctx, v[k].X, v[k].Y, ROWS, INPUTS, 1, &hidden, 1, m);
  }
  rwk_path *alone;
  const rwk_path_settings s = settings_of(ladder);
  assert_ok(rwk_path_run(&alone, p->ctx, v[0].n.problem, &s));
  int shared;
  assert_int_equal(rwk_run_create(&v[0].run, v[0].ctx, p->file, 0), RWK_OK);
  assert_int_equal(rwk_run_set_dim(v[0].run, v[0].n.dim), RWK_OK);
  assert_int_equal(rwk_run_begin(v[0].run), RWK_OK);
  assert_int_equal(rwk_run_open(&v[1].run, v[1].ctx, p->file, 1), RWK_OK);
  pthread_t thread[2];
  for (int k = 0; k < 2; k++) {
    assert_int_equal(rwk_run_share(&shared, v[k].run), RWK_OK);
    assert_int_equal(pthread_create(&thread[k], NULL, walk, &v[k]), 0);
  }
  for (int k = 0; k < 2; k++) {
    void *failed;
    pthread_join(thread[k], &failed);
    assert_null(failed);
  }
  assert_int_equal(v[0].over + v[1].over, 1);
  print_message("fits: %lld and %lld\n", (long long)v[0].made, (long long)v[1].made);
  assert_int_equal(v[0].made + v[1].made, STARTS * GRID * 3 + GRID); /* up, down, cold; best by one of them */
  const rwk_path *whole = v[v[0].over ? 1 : 0].path;
  assert_int_equal(rwk_path_walk_count(whole), rwk_path_walk_count(alone));
  for (size_t i = 0; i < rwk_path_walk_count(alone); i++) {
    rwk_walk_view a, b;
    assert_ok(rwk_path_walk(&a, alone, i));
    assert_ok(rwk_path_walk(&b, whole, i));
    assert_int_equal(a.drop_count, b.drop_count);
    assert_int_equal(a.jump_count, b.jump_count);
    for (size_t d = 0; d < a.drop_count; d++) assert_same_drop(&a.drops[d], &b.drops[d]);
    for (size_t g = 0; g < GRID; g++) {
      assert_double(a.points[g]->solve.objective, b.points[g]->solve.objective);
      assert_memory_equal(a.points[g]->w, b.points[g]->w, v[0].n.dim * sizeof(double));
    }
  }
  rwk_path_destroy(alone);
  for (int k = 0; k < 2; k++) {
    rwk_path_destroy(v[k].path);
    assert_int_equal(rwk_run_close(v[k].run), RWK_OK);
    rwk_mlp_destroy(v[k].n.mlp);
    rwk_context_destroy(v[k].ctx);
  }
  assert_int_equal(count_files(p->folder, 0), 1);
}

/* Pieces are numbered as the walks are made. */
static void test_pieces(void **state) {
  (void)state;
  rwk_walk walk;
  int start;
  size_t index;
  const unsigned walks = RWK_WALKS_UP | RWK_WALKS_COLD | RWK_WALKS_BEST | RWK_WALKS_GRADUATED;
  const struct {
    size_t piece, index;
    rwk_walk walk;
    int start;
  } wanted[] = {{0, 7, RWK_WALK_UP, 0},         {1, 7, RWK_WALK_UP, 1},        {2, 0, RWK_WALK_COLD, 0},
                {8, 6, RWK_WALK_COLD, 0},       {9, 0, RWK_WALK_COLD, 1},      {15, 6, RWK_WALK_COLD, 1},
                {16, 7, RWK_WALK_GRADUATED, 0}, {17, 7, RWK_WALK_GRADUATED, 1}};
  for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++) {
    assert_int_equal(rwk_path_piece(&walk, &start, &index, wanted[k].piece, walks, 2, 7), RWK_OK);
    assert_int_equal(walk, wanted[k].walk);
    assert_int_equal(start, wanted[k].start);
    assert_int_equal(index, wanted[k].index);
  }
  assert_int_equal(rwk_path_piece(&walk, &start, &index, 18, walks, 2, 7), RWK_INVALID_ARGUMENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_turns),    TEST(test_fits_of_two),   TEST(test_over),  TEST(test_one_who_does_not),
      TEST(test_no_locks), TEST(test_a_path_of_two), TEST(test_pieces)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
