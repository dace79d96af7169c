#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <zlib.h>
#include <ridgewalk/table.h>
#include "base/context.h"

typedef struct notebook {
  char text[4096];
} notebook;

static void take_note(const char *text, void *payload) {
  notebook *l = payload;
  const size_t at = strlen(l->text);
  snprintf(l->text + at, sizeof l->text - at, "%s\n", text);
}

static rwk_context *ctx;
static notebook notes;

static int setup(void **state) {
  (void)state;
  rwk_context_settings s;
  rwk_context_settings_init(&s);
  s.note = take_note;
  s.note_payload = &notes;
  return rwk_context_create(&ctx, &s) != RWK_OK;
}

static int teardown(void **state) {
  (void)state;
  rwk_context_destroy(ctx);
  return 0;
}

static rwk_status parse_with(rwk_table **t, const char *text, size_t length, const rwk_table_settings *s) {
  notes.text[0] = 0;
  return rwk_table_parse(t, ctx, "t.csv", text, length, s);
}

static rwk_status parse(rwk_table **t, const char *text) {
  return parse_with(t, text, strlen(text), NULL);
}

/* Parses and makes a design with target y; NULL and the status if either fails. */
static rwk_design *design_of(const char *text, rwk_status *status,
                             void (*change)(rwk_table_settings *, rwk_design_settings *)) {
  rwk_table_settings ts;
  rwk_design_settings ds;
  rwk_table_settings_init(&ts);
  rwk_design_settings_init(&ds);
  static const char *const y[] = {"y"};
  ds.targets = y;
  ds.target_count = 1;
  ds.standardise = 0;
  if (change) change(&ts, &ds);
  rwk_table *t;
  rwk_design *d = NULL;
  *status = parse_with(&t, text, strlen(text), &ts);
  if (*status == RWK_OK) *status = rwk_design_create(&d, ctx, t, &ds);
  rwk_table_destroy(t);
  return d;
}

static void refused(const char *text, rwk_status status, const char *part,
                    void (*change)(rwk_table_settings *, rwk_design_settings *)) {
  rwk_status got;
  rwk_design *d = design_of(text, &got, change);
  if (got != status || !strstr(rwk_context_error(ctx), part))
    print_message("got %s: %s\nwanted %s\n", rwk_status_name(got), rwk_context_error(ctx), part);
  assert_int_equal(got, status);
  assert_non_null(strstr(rwk_context_error(ctx), part));
  assert_null(d);
}

static const double clean[] = {0.5, 1, 1.5, 0, 2.5, -1};

static void same_as_clean(const char *text, void (*change)(rwk_table_settings *, rwk_design_settings *)) {
  rwk_status status;
  rwk_design *d = design_of(text, &status, change);
  if (status != RWK_OK) print_message("%s\n", rwk_context_error(ctx));
  assert_int_equal(status, RWK_OK);
  assert_int_equal(rwk_design_rows(d), 3);
  assert_int_equal(rwk_design_inputs(d), 2);
  assert_memory_equal(rwk_design_X(d), clean, sizeof clean);
  assert_string_equal(rwk_design_input_name(d, 0), "x1");
  rwk_design_destroy(d);
}

static void no_header(rwk_table_settings *t, rwk_design_settings *d) {
  static const char *const target[] = {"V3"};
  t->header = RWK_HEADER_NO;
  d->targets = target;
}

static void yes_header(rwk_table_settings *t, rwk_design_settings *d) {
  static const char *const target[] = {"2021"};
  t->header = RWK_HEADER_YES;
  d->targets = target;
}

static void test_spellings_of_one_table(void **state) {
  (void)state;
  same_as_clean("x1,x2,y\n0.5,1,2\n1.5,0,3\n2.5,-1,4\n", NULL);
  same_as_clean("x1,x2,y\n0.5,1,2\n1.5,0,3\n2.5,-1,4", NULL); /* no final newline */
  same_as_clean("\xef\xbb\xbf\"x1\",\"x2\",\"y\"\r\n0.5,1,2\r\n1.5,0,3\r\n2.5,-1,4\r\n",
                NULL);                                                  /* BOM, CRLF, quotes */
  same_as_clean("x1,x2,y\r0.5,1,2\r1.5,0,3\r2.5,-1,4\r", NULL);         /* CR */
  same_as_clean("x1,x2,y\n0.5,1,2\r\n1.5,0,3\r2.5,-1,4\n", NULL);       /* all three */
  same_as_clean("x1;x2;y\n0,5;1,0;2\n1,5;0,0;3\n2,5;-1,0;4\n", NULL);   /* European */
  same_as_clean("x1\tx2\ty\n0.5\t1\t2\n1.5\t0\t3\n2.5\t-1\t4\n", NULL); /* tabs */
  same_as_clean("x1|x2|y\n0.5|1|2\n1.5|0|3\n2.5|-1|4\n", NULL);         /* pipes */
  same_as_clean("# made by hand\nx1,x2,y\n\n0.5,1,2\n   \n1.5,0,3\n# half way\n2.5,-1,4\n\n\n",
                NULL); /* comments, blanks */
  same_as_clean(" x1 , x2 , y \n 0.5 , 1 , 2\n1.5,0,3\n\"2.5\",\"-1\",4\n",
                NULL);                                                 /* blanks, quoted numbers */
  same_as_clean("x1,x2,y\n0.5,1,2,\n1.5,0,3,\n2.5,-1,4,\n", NULL);     /* separators at the end */
  same_as_clean(",x1,x2,y\n0,0.5,1,2\n1,1.5,0,3\n2,2.5,-1,4\n", NULL); /* row index */
}

static void test_headers(void **state) {
  (void)state;
  refused("0.5,1,2\n1.5,0,3\n2.5,-1,4\n", RWK_FORMAT, "--no-header", NULL);
  rwk_status status;
  rwk_design *d = design_of("0.5,1,2\n1.5,0,3\n2.5,-1,4\n", &status, no_header);
  assert_int_equal(status, RWK_OK);
  assert_memory_equal(rwk_design_X(d), clean, sizeof clean);
  rwk_design_destroy(d);
  d = design_of("2019,2020,2021\n0.5,1,2\n1.5,0,3\n2.5,-1,4\n", &status, yes_header);
  assert_int_equal(status, RWK_OK);
  assert_string_equal(rwk_design_input_name(d, 1), "2020");
  rwk_design_destroy(d);
  d = design_of("a,a,y\n1,2,3\n3,4,6\n5,9,7\n", &status, NULL);
  assert_int_equal(status, RWK_OK);
  assert_string_equal(rwk_design_input_name(d, 1), "a.1");
  assert_true(rwk_design_X(d)[1] == 2);
  assert_non_null(strstr(notes.text, "two columns are called 'a'"));
  rwk_design_destroy(d);
  refused("y,x,y\n1,2,3\n3,4,6\n", RWK_DATA, "two columns are called 'y'", NULL);
}

static void test_what_is_no_table(void **state) {
  (void)state;
  rwk_table *t;
  static const struct {
    const char *text;
    size_t length;
    const char *part;
  } cases[] = {{"", 0, "empty"},
               {"\n\n  \n", 5, "empty"},
               {"\xef\xbb\xbf", 3, "empty"},
               {"x,y\n", 4, "no data rows"},
               {"\xff\xfex\0,\0y\0\n\0", 10, "UTF-16"},
               {"\xfe\xff\0x\0,\0y", 8, "UTF-16"},
               {"x\0,\0y\0\n\0"
                "1\0,\0"
                "2\0\n\0",
                16, "UTF-16"},
               {"PK\3\4 something", 14, "zip"},
               {"x,y\n1,2\n3,\0"
                "4\n",
                13, "line 3, byte 3: a NUL"},
               {"x,y\n1,2\n3\n", 10, "line 3: 1 fields, expected 2"},
               {"x,y\n1,2,\n3,4\n", 13, "line 3: 2 fields, expected 3"},
               {"x,y\n\"a\nb\",2\n3\n", 14, "line 4: 1 fields, expected 2"},
               {"x,y\n1,\"2\n3,4\n5,6\n", 17, "line 2: a quote is opened"},
               {"x,n,y\n1,\"ok\",2\n1,\"no,2\n3,\"x\",4\n", 32, "line 3: the quote opened here"},
               {"x,y\n1,\"2\"3\n", 11, "line 2, byte 6: text after a closing quote"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const rwk_status status = parse_with(&t, cases[i].text, cases[i].length, NULL);
    if (!strstr(rwk_context_error(ctx), cases[i].part)) print_message("%zu: %s\n", i, rwk_context_error(ctx));
    assert_true(status == RWK_FORMAT || status == RWK_DATA);
    assert_non_null(strstr(rwk_context_error(ctx), cases[i].part));
    assert_null(t);
  }
  assert_int_equal(rwk_table_read(&t, ctx, "/nowhere/at/all.csv", NULL), RWK_IO);
  assert_int_equal(rwk_table_read(&t, ctx, "/", NULL), RWK_IO);
  assert_non_null(strstr(rwk_context_error(ctx), "folder"));
}

static void drop_missing(rwk_table_settings *t, rwk_design_settings *d) {
  static const char *const na[] = {"-999"};
  t->na = na;
  t->na_count = 1;
  d->missing = RWK_MISSING_DROP;
}

static void test_missing_cells(void **state) {
  (void)state;
  refused("x,y\n1,2\nNA,3\n,4\n", RWK_DATA,
          "line 3, column 'x': missing value 'NA' (missing per column: x 2)", NULL);
  refused("x,y\n1,2\n2,NaN\n3,4\n", RWK_DATA, "line 3, target 'y': 'NaN'", NULL);
  rwk_status status;
  rwk_design *d = design_of("x,y\n1,2\n?,3\n-999.0,4\n5,null\n7,8\n", &status, drop_missing);
  assert_int_equal(status, RWK_OK);
  assert_int_equal(rwk_design_rows(d), 2);
  assert_non_null(strstr(notes.text, "3 of 5 rows"));
  assert_true(rwk_design_X(d)[1] == 7);
  rwk_design_destroy(d);
  refused("x,y\n1,NA\nNA,3\n", RWK_DATA, "every row", drop_missing);
}

static void no_text(rwk_table_settings *t, rwk_design_settings *d) {
  (void)t;
  d->categorical = RWK_CATEGORICAL_ERROR;
}

static void declared(rwk_table_settings *t, rwk_design_settings *d) {
  static const char *const categories[] = {"g"};
  (void)t;
  d->categories = categories;
  d->category_count = 1;
}

static void test_text_columns(void **state) {
  (void)state;
  static const char table[] = "c,s,x,y\nred,a,1,1\nblue,b,2,2\ngreen,a,3,4\nred,a,4,3\n";
  rwk_status status;
  rwk_design *d = design_of(table, &status, NULL);
  assert_int_equal(status, RWK_OK);
  assert_int_equal(rwk_design_columns(d), 3);
  assert_int_equal(rwk_design_inputs(d), 5); /* 3 levels, 2 levels as one, a number */
  const double X[] = {1, 0, 0, 0, 1, 0, 1, 0, 1, 2, 0, 0, 1, 0, 3, 1, 0, 0, 0, 4};
  assert_memory_equal(rwk_design_X(d), X, sizeof X);
  assert_string_equal(rwk_design_input_name(d, 1), "c=blue");
  assert_string_equal(rwk_design_input_name(d, 3), "s=b");
  rwk_design_destroy(d);
  refused(table, RWK_DATA, "column 'c' is text", no_text);
  refused("x,y\n1,2\nabc,3\n4,5\n6,7\n", RWK_DATA, "line 3, column 'x': 'abc' is not a number", NULL);
  refused("x,y\n1,2\n2,abc\n", RWK_DATA, "line 3, target 'y': 'abc' is not a number", NULL);
  refused("x,y\n1,2\n1e400,3\n2,4\n", RWK_DATA, "'1e400' is out of the range", NULL);
  refused("x,y\n1,2\ninf,3\n2,4\n", RWK_DATA, "'inf' is not a number", NULL);
  d = design_of("g,x,y\n10,1,1\n20,2,2\n30,5,1\n10,3,3\n", &status, declared);
  assert_int_equal(status, RWK_OK);
  assert_int_equal(rwk_design_inputs(d), 4);
  assert_string_equal(rwk_design_input_name(d, 2), "g=30");
  rwk_design_destroy(d);
  d = design_of("c,x,y\nRed,1,1\nred,2,2\nblue,3,1\n", &status, NULL);
  assert_non_null(strstr(notes.text, "letter case"));
  rwk_design_destroy(d);
  char *long_table = malloc(40000);
  size_t at = (size_t)sprintf(long_table, "name,x,y\n");
  for (int i = 0; i < 300; i++) at += (size_t)sprintf(long_table + at, "person %d,%d,%d\n", i, i, i % 7);
  refused(long_table, RWK_DATA, "--exclude name", NULL);
  free(long_table);
}

static void test_names(void **state) {
  (void)state;
  refused("x,Y\n1,2\n2,3\n", RWK_DATA, "no column 'y'; did you mean 'Y'?", NULL);
  refused("x,z\n1,2\n2,3\n", RWK_DATA, "no column 'y'", NULL);
  refused("x\033[31m,z\n1,2\n2,3\n", RWK_DATA, "\\x1b", NULL); /* shown escaped */
}

static void weighted(rwk_table_settings *t, rwk_design_settings *d) {
  (void)t;
  d->row_weights = "w";
  d->standardise = 1;
}

static void standard(rwk_table_settings *t, rwk_design_settings *d) {
  (void)t;
  d->standardise = 1;
}

/* Weights of rows count as copies. */
static void test_scaling_and_weights(void **state) {
  (void)state;
  rwk_status status;
  rwk_design *a = design_of("x,w,y\n1,1,5\n2,3,6\n4,0,100\n7,2,8\n", &status, weighted);
  assert_int_equal(status, RWK_OK);
  rwk_design *b = design_of("x,y\n1,5\n2,6\n2,6\n2,6\n7,8\n7,8\n", &status, standard);
  assert_int_equal(status, RWK_OK);
  assert_int_equal(rwk_design_inputs(a), 1);
  const double *X = rwk_design_X(a), *Z = rwk_design_X(b);
  assert_true(fabs(X[0] - Z[0]) < 1e-15 && fabs(X[1] - Z[1]) < 1e-15 && fabs(X[3] - Z[4]) < 1e-15);
  double mean = 0, square = 0;
  for (int i = 0; i < 6; i++) mean += Z[i] / 6, square += Z[i] * Z[i] / 6;
  assert_true(fabs(mean) < 1e-15 && fabs(square - 1) < 1e-14);
  double f = rwk_design_Y(b)[4];
  assert_int_equal(rwk_design_unscale(&f, 1, b, 1), RWK_OK);
  assert_true(fabs(f - 8) < 1e-14);
  rwk_design_destroy(a);
  rwk_design_destroy(b);
  refused("x,w,y\n1,-1,5\n2,3,6\n", RWK_DATA, "negative", weighted);
  refused("x,w,y\n1,0,5\n2,0,6\n", RWK_DATA, "positive", weighted);
  a = design_of("x,y\n1e300,1\n-1e308,2\n1.5e308,3\n", &status, standard); /* squares overflow */
  assert_int_equal(status, RWK_OK);
  for (int i = 0; i < 3; i++) assert_true(isfinite(rwk_design_X(a)[i]));
  rwk_design_destroy(a);
  a = design_of("x,k,y\n1,4,9\n2,4,9\n3,4,9\n", &status, standard); /* constant column and target */
  assert_int_equal(status, RWK_OK);
  assert_int_equal(rwk_design_inputs(a), 1);
  assert_true(rwk_design_Y(a)[1] == 0);
  assert_non_null(strstr(notes.text, "column 'k' is constant"));
  rwk_design_destroy(a);
  refused("x,y\n1,2\n", RWK_DATA, "at least 2", NULL);
  refused("k,y\n1,2\n1,3\n", RWK_DATA, "no feature is left", NULL);
}

static void test_recipe_and_apply(void **state) {
  (void)state;
  rwk_status status;
  rwk_design *d = design_of("c,x,y\nred,0.1,1\nblue,0.2,2\ngreen,0.7,4\nred,0.9,3\n", &status, standard), *e,
             *f;
  assert_int_equal(status, RWK_OK);
  char *json;
  assert_int_equal(rwk_design_recipe(&json, ctx, d), RWK_OK);
  assert_int_equal(rwk_design_from_recipe(&e, ctx, json), RWK_OK);
  rwk_text_destroy(ctx, json);
  rwk_table *t;
  assert_int_equal(parse(&t, "extra,y,x,c\n8,1,0.1,red\n8,2,0.2,blue\n8,4,0.7,green\n8,3,0.9,red\n"),
                   RWK_OK); /* other order */
  assert_int_equal(rwk_design_apply(&f, ctx, e, t), RWK_OK);
  assert_memory_equal(rwk_design_X(f), rwk_design_X(d), 4 * rwk_design_inputs(d) * sizeof(double));
  assert_memory_equal(rwk_design_Y(f), rwk_design_Y(d), 4 * sizeof(double));
  rwk_design_destroy(f);
  rwk_table_destroy(t);
  static const struct {
    const char *text, *part;
  } bad[] = {{"x\n1\n", "no column 'c'"},
             {"y\n1\n", "2 columns"},
             {"c,x\npink,1\n", "line 2, column 'c': level 'pink'"},
             {"c,x\nred,NA\n", "missing value 'NA'"},
             {"c,x\nred,abc\n", "'abc' is not a number"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(parse(&t, bad[i].text), RWK_OK);
    assert_int_equal(rwk_design_apply(&f, ctx, e, t), RWK_DATA);
    if (!strstr(rwk_context_error(ctx), bad[i].part)) print_message("%s\n", rwk_context_error(ctx));
    assert_non_null(strstr(rwk_context_error(ctx), bad[i].part));
    rwk_table_destroy(t);
  }
  static const char *const hostile[] = {
      "",
      "[]",
      "{\"version\":2}",
      "{\"version\":1,\"columns\":[],\"targets\":[]}",
      "{\"version\":1,\"columns\":[{\"name\":\"a\",\"levels\":[],\"inputs\":[]}],\"targets\":[{\"name\":"
      "\"y\",\"mean\":0,\"scale\":1}]}",
      "{\"version\":1,\"columns\":[{\"name\":\"a\",\"levels\":null,\"inputs\":[{\"mean\":0,\"scale\":0}]}],"
      "\"targets\":[{\"name\":\"y\",\"mean\":0,\"scale\":1}]}",
      "{\"version\":1,\"columns\":[7],\"targets\":[{\"name\":\"y\",\"mean\":0,\"scale\":1}]}"};
  for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
    assert_int_equal(rwk_design_from_recipe(&f, ctx, hostile[i]), RWK_FORMAT);
  rwk_design_destroy(d);
  rwk_design_destroy(e);
}

static void test_fingerprint(void **state) {
  (void)state;
  static const char *const tables[] = {"x,y\n1,2\n2,3\n3,5\n", "x,y\n1,2\n2,3\n3,5.000000000000001\n",
                                       "z,y\n1,2\n2,3\n3,5\n", "x,y\n2,3\n1,2\n3,5\n",
                                       "x,y\n1,2\n2,3\n3,5\n3,5\n"};
  char prints[5][33], again[33];
  for (int i = 0; i < 5; i++) {
    rwk_status status;
    rwk_design *d = design_of(tables[i], &status, standard);
    assert_int_equal(rwk_design_fingerprint(prints[i], d), RWK_OK);
    rwk_design_destroy(d);
    for (int j = 0; j < i; j++) assert_string_not_equal(prints[i], prints[j]);
  }
  rwk_status status;
  rwk_design *d =
      design_of("x;y\n1;2\n2;3\n3;5\n", &status, standard); /* the same numbers, spelt otherwise */
  assert_int_equal(rwk_design_fingerprint(again, d), RWK_OK);
  assert_string_equal(again, prints[0]);
  rwk_design_destroy(d);
}

static void test_gzip(void **state) {
  (void)state;
  char name[] = "/tmp/rwk-table-XXXXXX";
  const int fd = mkstemp(name);
  assert_true(fd >= 0);
  gzFile gz = gzdopen(fd, "wb");
  gzputs(gz, "x1,x2,y\n0.5,1,2\n1.5,0,3\n2.5,-1,4\n");
  gzclose(gz);
  rwk_table *t;
  assert_int_equal(rwk_table_read(&t, ctx, name, NULL), RWK_OK);
  assert_int_equal(rwk_table_rows(t), 3);
  assert_int_equal(rwk_table_columns(t), 3);
  assert_string_equal(rwk_table_column_name(t, 2), "y");
  rwk_table_destroy(t);
  assert_int_equal(truncate(name, 20), 0);
  assert_int_equal(rwk_table_read(&t, ctx, name, NULL), RWK_FORMAT);
  unlink(name);
}

static void test_weights(void **state) {
  (void)state;
  static const char good[] = "{\"layers\":[{\"W\":[[1,2],[3,4],[5,6]],\"b\":[0.5,-1]},{\"W\":[[7],[8]]}]}";
  rwk_weights *w;
  assert_int_equal(rwk_weights_parse(&w, ctx, "w.json", good, strlen(good)), RWK_OK);
  assert_int_equal(rwk_weights_layers(w), 2);
  const double *W, *b;
  size_t inputs, outputs;
  assert_int_equal(rwk_weights_layer(&W, &b, &inputs, &outputs, w, 0), RWK_OK);
  assert_true(inputs == 3 && outputs == 2 && W[4] == 5 && b[1] == -1);
  assert_int_equal(rwk_weights_layer(&W, &b, &inputs, &outputs, w, 1), RWK_OK);
  assert_true(inputs == 2 && outputs == 1 && W[1] == 8 && b == NULL);
  assert_int_equal(rwk_weights_layer(&W, &b, &inputs, &outputs, w, 2), RWK_INVALID_ARGUMENT);
  rwk_weights_destroy(w);
  static const struct {
    const char *text, *part;
  } bad[] = {{"{\"layers\":[{\"W\":[[1,2],[3]]}]}", "layers[0].W[1] has 1 numbers"},
             {"{\"layers\":[{\"W\":[[1,\"a\"]]}]}", "layers[0].W[0][1] is not a number"},
             {"{\"layers\":[{\"W\":[[1]],\"b\":[1,2]}]}", "layers[0].b is not a list of 1 numbers"},
             {"{\"layers\":[{\"W\":[[1,2]]},{\"W\":[[1]]}]}", "layers[1].W has 1 rows"},
             {"{\"layers\":[]}", "no layers"},
             {"{\"weights\":1}", "no layers"},
             {"{\"layers\":[{\"W\":[]}]}", "layers[0].W is not a list"},
             {"{\"layers\":[{\"W\":[[1]],}]}", "w.json, line 1"},
             {"", "w.json, line"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(rwk_weights_parse(&w, ctx, "w.json", bad[i].text, strlen(bad[i].text)), RWK_FORMAT);
    if (!strstr(rwk_context_error(ctx), bad[i].part)) print_message("%s\n", rwk_context_error(ctx));
    assert_non_null(strstr(rwk_context_error(ctx), bad[i].part));
    assert_null(w);
  }
  assert_int_equal(rwk_weights_read(&w, ctx, "/nowhere.json"), RWK_IO);
}

typedef struct failing {
  long left, live;
} failing;

static void *fail_allocate(void *block, size_t size, void *payload) {
  failing *f = payload;
  if (f->left-- <= 0) return NULL;
  f->live += !block;
  return realloc(block, size);
}

static void fail_release(void *block, void *payload) {
  ((failing *)payload)->live--;
  free(block);
}

static rwk_status everything(rwk_context *own) {
  static const char text[] = "c,x,k,y\nred,1,1,2\nblue,2,1,3\ngreen,NA,1,3\nred,3,1,4\n";
  rwk_table *t = NULL;
  rwk_design *d = NULL, *e = NULL, *f = NULL;
  char *json = NULL;
  rwk_design_settings s;
  rwk_design_settings_init(&s);
  s.missing = RWK_MISSING_DROP;
  rwk_status status = rwk_table_parse(&t, own, "t", text, strlen(text), NULL);
  if (status == RWK_OK) status = rwk_design_create(&d, own, t, &s);
  if (status == RWK_OK) status = rwk_design_recipe(&json, own, d);
  if (status == RWK_OK) status = rwk_design_from_recipe(&e, own, json);
  rwk_table_destroy(t);
  t = NULL;
  if (status == RWK_OK) status = rwk_table_parse(&t, own, "t", "c,x\nred,1\nblue,5\n", 17, NULL);
  if (status == RWK_OK) status = rwk_design_apply(&f, own, e, t);
  rwk_text_destroy(own, json);
  rwk_design_destroy(d);
  rwk_design_destroy(e);
  rwk_design_destroy(f);
  rwk_table_destroy(t);
  return status;
}

static void test_every_allocation_may_fail(void **state) {
  (void)state;
  long needed = -1;
  for (long k = 1; needed < 0; k++) {
    failing f = {.left = k};
    rwk_context_settings s;
    rwk_context_settings_init(&s);
    s.allocate = fail_allocate;
    s.release = fail_release;
    s.allocator_payload = &f;
    rwk_context *own;
    assert_int_equal(rwk_context_create(&own, &s), RWK_OK);
    const rwk_status status = everything(own);
    assert_true(status == RWK_OK || status == RWK_NO_MEMORY);
    if (status == RWK_OK) needed = k;
    rwk_context_destroy(own);
    assert_int_equal(f.live, 0);
  }
  assert_true(needed > 30);
}

/* A line that never ends, and a cell that never ends, are refused before they fill the memory. */
static void test_endless(void **state) {
  (void)state;
  const size_t n = (size_t)65 << 20;
  char *text = malloc(n + 8);
  memset(text, 'a', n);
  memcpy(text, "x,y\n", 4);
  rwk_table *t;
  assert_int_equal(rwk_table_parse(&t, ctx, "t", text, n, NULL), RWK_FORMAT);
  assert_non_null(strstr(rwk_context_error(ctx), "64 MiB"));
  memcpy(text, "x,y\n\"", 5);
  for (size_t i = 80; i < n; i += 80) text[i] = '\n';
  assert_int_equal(rwk_table_parse(&t, ctx, "t", text, n, NULL), RWK_FORMAT);
  assert_non_null(strstr(rwk_context_error(ctx), "line 2: the quote opened here is not closed within 1 MiB"));
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_spellings_of_one_table),
      cmocka_unit_test(test_headers),
      cmocka_unit_test(test_what_is_no_table),
      cmocka_unit_test(test_missing_cells),
      cmocka_unit_test(test_text_columns),
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_scaling_and_weights),
      cmocka_unit_test(test_recipe_and_apply),
      cmocka_unit_test(test_fingerprint),
      cmocka_unit_test(test_gzip),
      cmocka_unit_test(test_weights),
      cmocka_unit_test(test_every_allocation_may_fail),
      cmocka_unit_test(test_endless),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
