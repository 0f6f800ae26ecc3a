/* SPDX-License-Identifier: MIT */
/*
 * What EXPECT says when it fails: diagnostics of TAP, through the console of
 * whatever machine the test runs on.
 */
#include <stdarg.h>

#include <test.h>
#include <xen/printk.h>
#include <xen/string.h>

/* A test that goes wrong in a loop need not say so each time. */
#define MAX_REPORTS 20

static unsigned int nr_failures;

unsigned int test_nr_failures(void)
{
    return nr_failures;
}

void test_forget_failures(void)
{
    nr_failures = 0;
}

void test_fail(const char *file, int line, const char *format, ...)
{
    char text[400];
    va_list args;

    nr_failures++;
    if (nr_failures > MAX_REPORTS)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    console_printf("# %s:%d: %s\n", file, line, text);
}

void test_expect_eq(const char *file, int line, const char *claim,
                    unsigned long long got, unsigned long long expected)
{
    if (got != expected)
        test_fail(file, line, "%s: got %llu (%#llx), not %llu (%#llx)", claim,
                  got, got, expected, expected);
}

void test_expect_str(const char *file, int line, const char *claim,
                     const char *got, const char *expected)
{
    if (!got || strcmp(got, expected) != 0)
        test_fail(file, line, "%s: got \"%s\", not \"%s\"", claim, got,
                  expected);
}
