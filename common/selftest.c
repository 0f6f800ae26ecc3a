/* SPDX-License-Identifier: MIT */
/* Runs the tests that the machine has registered, and reports in TAP. */
#include <xen/page_alloc.h>
#include <xen/printk.h>
#include <xen/selftest.h>
#include <xen/text.h>

static const struct test *const *first_test, *const *end_of_tests;

void selftest_register(const struct test *const *first,
                       const struct test *const *end)
{
    first_test = first;
    end_of_tests = end;
}

static bool chosen(const struct test *test, const char *pattern)
{
    char full[128];

    snprintf(full, sizeof(full), "%s: %s", test->suite, test->name);

    return glob_match(pattern, full);
}

/* A test has passed if no EXPECT failed and the heap is as it should be. */
static bool run_test(const struct test *test)
{
    unsigned long nr_free = heap_nr_free();
    int broken;

    test_forget_failures();
    test->run();
    broken = heap_check();
    if (broken)
        test_fail(__FILE__, __LINE__, "the heap breaks H%d", broken);
    if (heap_nr_free() != nr_free)
        test_fail(__FILE__, __LINE__, "%lu frames were free before, %lu after",
                  nr_free, heap_nr_free());

    return test_nr_failures() == 0;
}

unsigned int selftest_run(const char *pattern)
{
    const struct test *const *test;
    unsigned int nr = 0, nr_failed = 0;

    for (test = first_test; test < end_of_tests; test++)
        nr += chosen(*test, pattern);
    console_printf("TAP version 13\n1..%u\n", nr);

    nr = 0;
    for (test = first_test; test < end_of_tests; test++) {
        bool passed;

        if (!chosen(*test, pattern))
            continue;
        passed = run_test(*test);
        nr_failed += !passed;
        console_printf("%s %u - %s: %s\n", passed ? "ok" : "not ok", ++nr,
                       (*test)->suite, (*test)->name);
    }
    if (nr == 0)
        nr_failed = 1;
    console_printf("# selftest: %u passed, %u failed\n",
                   nr > 0 ? nr - nr_failed : 0, nr_failed);

    return nr_failed;
}
