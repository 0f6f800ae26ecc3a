/* SPDX-License-Identifier: MIT */
/*
 * The main program of every hosted test: run each test of this program in a
 * child process, and report in TAP.
 *
 *     test_page_alloc [GLOB]     only tests whose "suite: name" matches
 *
 * A test has passed if its process ends by itself, with status 0, no EXPECT
 * failed, and its time is not up. SEED=number in the environment changes what
 * test_random() draws; TEST_SECONDS the time, where an emulator is slow; with
 * TEST_STOP_AT_FAILURE the first that fails is the last that runs.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hosted.h>
#include <test.h>
#include <xen/text.h>

/* By the clock on the wall, and others may compute beside it: so for one that
 * hangs, not for one that is slow. */
#define SECONDS_PER_TEST 600U

extern const struct test *const __start_selftests[];
extern const struct test *const __stop_selftests[];

static uint64_t random_state;

void test_seed(uint64_t seed)
{
    random_state = seed ? seed : 1;
}

/* xorshift64* (Marsaglia; Vigna): no library's sequence stays what it is. */
uint64_t test_random(void)
{
    if (!random_state) {
        const char *seed = getenv("SEED");

        test_seed(seed ? strtoull(seed, NULL, 0) : 1);
        printf("# SEED=%#llx\n", (unsigned long long)random_state);
    }
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;

    return random_state * 0x2545f4914f6cdd1d;
}

int test_fork(void)
{
    fflush(NULL);
    return fork();
}

_Noreturn void test_child_survived(void)
{
    _exit(EXIT_SUCCESS);
}

void test_expect_bug(const char *file, int line, const char *statement)
{
    int status = 0;

    if (wait(&status) < 0 || !WIFEXITED(status) ||
        WEXITSTATUS(status) != HOSTED_BUG_STATUS)
        test_fail(file, line, "no BUG in: %s (status %#x)", statement,
                  (unsigned int)status);
}

/* In the child: run the test, and leave with what came of it. */
static _Noreturn void run_in_child(const struct test *test)
{
    const char *seconds = getenv("TEST_SECONDS");

    alarm(seconds ? (unsigned int)atoi(seconds) : SECONDS_PER_TEST);
    test->run();
    fflush(NULL);
    if (test_nr_failures() > 0) {
        fputs(hosted_console(), stdout);
        printf("# %u expectations failed\n", test_nr_failures());
        fflush(NULL);
        _exit(EXIT_FAILURE);
    }
    /* exit(), not _exit(): the leak check is run by it. */
    exit(EXIT_SUCCESS);
}

static bool run_test(const struct test *test)
{
    int status = 0;
    pid_t child = test_fork();

    if (child == 0)
        run_in_child(test);
    if (child < 0 || waitpid(child, &status, 0) != child) {
        printf("# no process for the test\n");
        return false;
    }
    if (WIFSIGNALED(status))
        printf("# ended by signal %d%s\n", WTERMSIG(status),
               WTERMSIG(status) == SIGALRM ? ": its time is up" : "");
    else if (WEXITSTATUS(status) != EXIT_SUCCESS)
        printf("# ended with status %d\n", WEXITSTATUS(status));

    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

static bool chosen(const struct test *test, const char *pattern)
{
    char full[256];

    snprintf(full, sizeof(full), "%s: %s", test->suite, test->name);

    return glob_match(pattern, full);
}

int main(int argc, char **argv)
{
    const char *pattern = argc > 1 ? argv[1] : "*";
    unsigned int nr = 0, nr_failed = 0;
    const struct test *const *test;

    for (test = __start_selftests; test < __stop_selftests; test++)
        nr += chosen(*test, pattern);
    printf("TAP version 13\n1..%u\n", nr);

    nr = 0;
    for (test = __start_selftests; test < __stop_selftests; test++) {
        bool passed;

        if (!chosen(*test, pattern))
            continue;
        passed = run_test(*test);
        nr_failed += !passed;
        printf("%s %u - %s: %s\n", passed ? "ok" : "not ok", ++nr,
               (*test)->suite, (*test)->name);
        if (!passed && getenv("TEST_STOP_AT_FAILURE"))
            break;
    }

    return nr_failed > 0 || nr == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
