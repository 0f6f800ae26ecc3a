/* SPDX-License-Identifier: MIT */
/* Expectations of the models that tests share with fuzzers: here one that does
 * not hold is a finding. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <test.h>

void test_fail(const char *file, int line, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "%s:%d: ", file, line);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}

unsigned int test_nr_failures(void)
{
    return 0;
}

void test_expect_eq(const char *file, int line, const char *claim,
                    unsigned long long got, unsigned long long expected)
{
    if (got != expected)
        test_fail(file, line, "%s: got %#llx, not %#llx", claim, got, expected);
}
