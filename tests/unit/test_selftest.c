/* SPDX-License-Identifier: MIT */
/* The runner of the image's self-tests, with tests that are no real ones. */
#include <string.h>

#include <hosted.h>
#include <test.h>
#include <xen/selftest.h>

static unsigned int nr_runs[3];

static void pass(void)
{
    nr_runs[0]++;
}

static void fail(void)
{
    nr_runs[1]++;
    test_fail("here", 7, "on purpose");
}

static void never(void)
{
    nr_runs[2]++;
}

static const struct test sample[] = {
    { "sample", "passes", pass },
    { "sample", "fails", fail },
    { "sample", "is beyond the end", never },
};
static const struct test *const table[] = { &sample[0], &sample[1],
                                            &sample[2] };

/* Its failures are not ours. */
static unsigned int run(const char *pattern)
{
    unsigned int nr_failed;

    hosted_console_clear();
    nr_failed = selftest_run(pattern);
    test_forget_failures();

    return nr_failed;
}

TEST(selftest, only_what_was_registered_is_run)
{
    unsigned int nr_failed;

    nr_failed = run("*");
    EXPECT_EQ(nr_failed, 1);
    EXPECT(strstr(hosted_console(), "\n1..0\n") != NULL);

    selftest_register(table, table + 2);
    nr_failed = run("*");
    EXPECT_EQ(nr_failed, 1);
    EXPECT_EQ(nr_runs[0], 1);
    EXPECT_EQ(nr_runs[1], 1);
    EXPECT_EQ(nr_runs[2], 0);
    EXPECT_STR(hosted_console(), "TAP version 13\n1..2\n"
                                 "ok 1 - sample: passes\n"
                                 "# here:7: on purpose\n"
                                 "not ok 2 - sample: fails\n"
                                 "# selftest: 1 passed, 1 failed\n");
}

TEST(selftest, a_pattern_picks_and_finding_none_is_a_failure)
{
    unsigned int nr_failed;

    selftest_register(table, table + 2);
    nr_failed = run("*: passes");
    EXPECT_EQ(nr_failed, 0);
    EXPECT(strstr(hosted_console(), "# selftest: 1 passed, 0 failed\n"));
    nr_failed = run("sample");
    EXPECT_EQ(nr_failed, 1);
    EXPECT_EQ(nr_runs[1], 0);
}
