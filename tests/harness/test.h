/* SPDX-License-Identifier: MIT */
/*
 * What a test is written with, on the host and in the image alike.
 *
 *     TEST(page_alloc, freeing_every_frame_rebuilds_the_one_block)
 *     {
 *         EXPECT_EQ(heap_nr_blocks(10), 1);
 *     }
 *
 * The name is a claim. A failed EXPECT is reported with both values, and the
 * test goes on; REQUIRE leaves the test's function. On the host each test runs
 * in a process of its own, so globals start from zero, a BUG() is an exit
 * status, and nothing needs tearing down; in the image it runs on the live
 * machine, and gives back what it takes.
 */
#ifndef TEST_H
#define TEST_H

#include <xen/compiler.h>
#include <xen/selftest.h>
#include <xen/types.h>

/* The linker collects pointers to the tests between its two symbols. */
#define TEST(suite_name, test_name)                                            \
    static void suite_name##_##test_name(void);                                \
    static const struct test suite_name##_##test_name##_test = {               \
        #suite_name, #test_name, suite_name##_##test_name                      \
    };                                                                         \
    static const struct test *const suite_name##_##test_name##_entry __used    \
        __section("selftests") = &suite_name##_##test_name##_test;             \
    static void suite_name##_##test_name(void)

#define EXPECT(condition)                                                      \
    ((condition) ? (void)0                                                     \
                 : test_fail(__FILE__, __LINE__, "not true: %s", #condition))

#define REQUIRE(condition)                                                     \
    do {                                                                       \
        if (!(condition)) {                                                    \
            test_fail(__FILE__, __LINE__, "not true: %s", #condition);         \
            return;                                                            \
        }                                                                      \
    } while (0)

/* Both sides are evaluated once, and compared as unsigned long long. */
#define EXPECT_EQ(got, expected)                                               \
    test_expect_eq(__FILE__, __LINE__, #got " is " #expected,                  \
                   (unsigned long long)(got), (unsigned long long)(expected))

#define EXPECT_STR(got, expected)                                              \
    test_expect_str(__FILE__, __LINE__, #got, got, expected)

void test_expect_eq(const char *file, int line, const char *claim,
                    unsigned long long got, unsigned long long expected);
void test_expect_str(const char *file, int line, const char *claim,
                     const char *got, const char *expected);

#if __STDC_HOSTED__
/* Does @statement stop in arch_bug()? It is tried in a child process. */
#define EXPECT_BUG(statement)                                                  \
    do {                                                                       \
        if (test_fork() == 0) {                                                \
            statement;                                                         \
            test_child_survived();                                             \
        }                                                                      \
        test_expect_bug(__FILE__, __LINE__, #statement);                       \
    } while (0)

int test_fork(void);
_Noreturn void test_child_survived(void);
void test_expect_bug(const char *file, int line, const char *statement);

/* A number that differs from call to call, and from run to run only if the
 * environment sets SEED; the first call prints the seed as a diagnostic. */
uint64_t test_random(void);
void test_seed(uint64_t seed);
#endif

#endif /* TEST_H */
