/* SPDX-License-Identifier: MIT */
/* Instructions and time of a loop. */
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <valgrind/callgrind.h>

#include "measure.h"

bool measure_stepped;

static unsigned long nr_operations, nr_nanoseconds;

static unsigned long nanoseconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);

    return (unsigned long)t.tv_sec * 1000000000 + (unsigned long)t.tv_nsec;
}

__attribute__((noinline)) void measured(void (*loop)(unsigned long n),
                                        unsigned long n)
{
    loop(n);
    __asm__ volatile("" ::: "memory"); /* no tail call: it shall return */
}

void measure(void (*loop)(unsigned long n), unsigned long n, unsigned long nr)
{
    unsigned long start = nanoseconds();

    if (measure_stepped)
        raise(SIGTRAP);
    CALLGRIND_START_INSTRUMENTATION;
    measured(loop, n);
    CALLGRIND_STOP_INSTRUMENTATION;
    nr_nanoseconds += nanoseconds() - start;
    nr_operations += nr;
}

void measure_more(unsigned long nr)
{
    nr_operations += nr;
}

void measure_print(void)
{
    printf("operations: %lu\nnanoseconds: %lu\n", nr_operations,
           nr_nanoseconds);
}
