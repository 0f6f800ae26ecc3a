/* SPDX-License-Identifier: MIT */
/*
 * The self-tests that are linked into the image: tests/boot, run on the machine
 * that has booted. TAP goes to the console (https://testanything.org), and the
 * last line is "# selftest: N passed, M failed".
 *
 * What they are written with is in tests/harness/test.h.
 */
#ifndef XEN_SELFTEST_H
#define XEN_SELFTEST_H

#include <xen/compiler.h>
#include <xen/types.h>

struct test {
    const char *suite, *name;
    void (*run)(void);
};

/* Count a failure, and say what and where as a diagnostic of TAP. */
void test_fail(const char *file, int line, const char *format, ...)
    __printf(3, 4);

/* How often test_fail() was called since test_forget_failures(). */
unsigned int test_nr_failures(void);
void test_forget_failures(void);

/* From now on the tests are those from @first up to, but without, @end; before
 * there are none. The machine knows where the linker has put them. */
void selftest_register(const struct test *const *first,
                       const struct test *const *end);

/**
 * selftest_run - run each test whose "suite: name" matches the glob @pattern.
 *
 * After each one the heap is checked, and a broken invariant fails the test
 * that broke it. Returns the number of tests that failed; finding none to run
 * counts as one failure.
 */
unsigned int selftest_run(const char *pattern);

#endif /* XEN_SELFTEST_H */
