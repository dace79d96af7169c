#define _GNU_SOURCE /* newlocale */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/stream.h"
#include "data/number.h"

static locale_t c_locale;

static int setup(void **state) {
  (void)state;
  c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  return c_locale == (locale_t)0;
}

static int teardown(void **state) {
  (void)state;
  freelocale(c_locale);
  return 0;
}

static rwk_number_kind parse(double *x, const char *text) {
  return rwk_number(x, NULL, text, strlen(text), '.', c_locale);
}

static void same_bits(double a, double b) {
  assert_memory_equal(&a, &b, sizeof a);
}

static void test_what_is_a_number(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double value;
  } good[] = {{"0", 0},
              {"-0", -0.0},
              {"+.5", 0.5},
              {"5.", 5},
              {" 1.25 ", 1.25},
              {"\t7", 7},
              {"1e3", 1000},
              {"1E-3", 1e-3},
              {"-2.5e+2", -250},
              {"00012", 12},
              {"0.1", 0.1},
              {"1e22", 1e22},
              {"1e23", 1e23},
              {"4.9e-324", 5e-324},
              {"1.7976931348623157e308", 1.7976931348623157e308},
              {"1e-400", 0},
              {"123456789012345678901234567890", 123456789012345678901234567890.0}};
  static const char *const bad[] = {"",
                                    " ",
                                    ".",
                                    "-",
                                    "+",
                                    "e5",
                                    "1e",
                                    "1e+",
                                    "0x1A",
                                    "1d5",
                                    "1_000",
                                    "1,5",
                                    "1.0f",
                                    "TRUE",
                                    "nan",
                                    "inf",
                                    "-Infinity",
                                    "1 2",
                                    "--1",
                                    "1.2.3",
                                    "50%",
                                    "$3",
                                    "1e5.5",
                                    "\xe2\x88\x92"
                                    "5",
                                    "\xc2\xa0"
                                    "7",
                                    "\xd9\xa1"};
  double x;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    assert_int_equal(parse(&x, good[i].text), RWK_NUMBER_OK);
    same_bits(x, good[i].value);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_int_equal(parse(&x, bad[i]), RWK_NUMBER_NONE);
  assert_int_equal(parse(&x, "1e400"), RWK_NUMBER_RANGE);
  assert_int_equal(parse(&x, "-1e309"), RWK_NUMBER_RANGE);
  assert_int_equal(rwk_number(&x, NULL, "0,5", 3, ',', c_locale), RWK_NUMBER_OK);
  same_bits(x, 0.5);
  assert_int_equal(rwk_number(&x, NULL, "0.5", 3, ',', c_locale), RWK_NUMBER_NONE);
}

/* Every double printed with 17 digits comes back with the same bits; printed with fewer, as the C library
 * reads it. */
static void test_random_bits(void **state) {
  (void)state;
  rwk_stream s;
  rwk_stream_init(&s, 1, 1);
  char text[64];
  for (int k = 0; k < 200000; k++) {
    const uint64_t bits = rwk_stream_u64(&s);
    double x, y;
    memcpy(&x, &bits, sizeof x);
    if (!isfinite(x)) continue;
    const int digits = 1 + (int)(bits % 20);
    snprintf(text, sizeof text, "%.*g", digits, x);
    const double wanted = strtod(text, NULL);
    if (!isfinite(wanted)) continue;
    assert_int_equal(parse(&y, text), RWK_NUMBER_OK);
    same_bits(y, wanted);
    if (digits >= 17) same_bits(y, x);
  }
}

/* Plain decimals, which take the quick way. */
static void test_short_decimals(void **state) {
  (void)state;
  rwk_stream s;
  rwk_stream_init(&s, 2, 1);
  char text[64];
  for (int k = 0; k < 200000; k++) {
    const uint64_t u = rwk_stream_u64(&s);
    snprintf(text, sizeof text, "%s%llu.%0*llu", u & 1 ? "-" : "", (unsigned long long)(u >> 40),
             (int)(1 + u % 8), (unsigned long long)(u % 100000000));
    double y;
    assert_int_equal(parse(&y, text), RWK_NUMBER_OK);
    same_bits(y, strtod(text, NULL));
  }
}

/* Half way between two doubles: the even one. */
static void test_halfway(void **state) {
  (void)state;
  double x;
  assert_int_equal(parse(&x, "9007199254740993"), RWK_NUMBER_OK);
  same_bits(x, 9007199254740992.0);
  assert_int_equal(parse(&x, "9007199254740993.00000000000000000000000000000000001"), RWK_NUMBER_OK);
  same_bits(x, 9007199254740994.0);
  assert_int_equal(parse(&x, "2.2250738585072011e-308"), RWK_NUMBER_OK);
  same_bits(x, strtod("2.2250738585072011e-308", NULL));
}

static void test_whole_numbers_that_lose_digits(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int inexact;
  } cases[] = {{"9007199254740992", 0},     {"9007199254740993", 1},
               {"12345678901234567890", 1}, {"-9223372036854775808", 0},
               {"-9223372036854775809", 1}, {"2147483648", 0},
               {"99999999999999999999", 1}, {"0.1", 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    double x;
    int inexact = 7;
    assert_int_equal(rwk_number(&x, &inexact, cases[i].text, strlen(cases[i].text), '.', c_locale),
                     RWK_NUMBER_OK);
    assert_int_equal(inexact, cases[i].inexact);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_is_a_number),
      cmocka_unit_test(test_random_bits),
      cmocka_unit_test(test_short_decimals),
      cmocka_unit_test(test_halfway),
      cmocka_unit_test(test_whole_numbers_that_lose_digits),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
