/* SPDX-License-Identifier: MIT */
/* Starts the children, and looks how they end. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hosted.h>
#include <test.h>

#include "apart.h"

void run_apart(void (*sequence)(void), unsigned int nr)
{
    const char *text = getenv("SEQUENCES");
    unsigned long limit = text ? strtoul(text, NULL, 0) : nr;

    for (unsigned int i = 0; i < nr && i < limit; i++) {
        unsigned long seed = test_random();
        int status = 0;

        if (test_fork() == 0) {
            test_seed(seed);
            sequence();
            if (test_nr_failures() > 0)
                fputs(hosted_console(), stdout);
            fflush(NULL);
            _exit(test_nr_failures() > 0);
        }
        if (wait(&status) < 0 || status != 0) {
            test_fail(__FILE__, __LINE__, "sequence %u, of seed %#lx: %#x", i,
                      seed, (unsigned int)status);
            return;
        }
    }
}
