/* SPDX-License-Identifier: MIT */
/* Random sequences, each on a machine of its own: one that has just started. */
#ifndef APART_H
#define APART_H

#include <stdint.h>

/**
 * run_apart - run @nr sequences, with seeds from test_random().
 *
 * Each runs in a child process. The first that fails an expectation, or does
 * not come to its end, is reported with its seed, and the last.
 * SEQUENCES=number in the environment is the most that are run.
 */
void run_apart(void (*sequence)(void), unsigned int nr);

#endif /* APART_H */
