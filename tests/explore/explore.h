/* SPDX-License-Identifier: MIT */
/*
 * The explorer: runs a few operations, one on each CPU, in every order in which
 * their atomic operations can come, with a few stops.
 *
 * It goes on from one operation to the next without asking, but for those on
 * words that several CPUs use and one changes: other orders of the others come
 * to the same. Which words these are it finds out; when there is one more, it
 * begins anew.
 *
 *   EXPLORE_MORE=n        stops more than usual
 *   EXPLORE_STOPS=n       so many stops where a CPU could have gone on
 *   EXPLORE_YIELDS=n      so many times that a CPU is asked to yield
 *   EXPLORE_VERBOSE=1     print what each exploration took
 *   EXPLORE_ONLY=glob     only explorations of such a name
 *   EXPLORE_SCHEDULE=...  with that, only this schedule, step by step: the
 *                         decisions that a failure has printed
 */
#ifndef EXPLORE_H
#define EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exploration {
    const char *name;
    unsigned int nr_cpus;
    unsigned int stops, yields; /* at most, where nothing else is asked for */
    void (*reset)(void);        /* makes the same state before each schedule */
    void (*body)(void);         /* runs on each CPU */
    void (*check)(void);        /* afterwards; EXPECTs */
};

/* Run all schedules, or up to the first that fails: false. Prints how many. */
bool explore(const struct exploration *it);

/* Look into the heap as well, from now on. */
void explore_heap(void);

/* Decide something else, a number below @nr; 0 is what happens usually. */
unsigned int explore_choose(unsigned int nr);

/* What is asked after each step, of the last word that was changed. */
void explore_each_step(void (*look)(const void *address));

/* For a trace: call a word by its name. */
void explore_names(void (*name)(const void *address, char *text, size_t size));

/* Print what was explored since the last time, and what that was. */
void explore_report(const char *what);

#endif /* EXPLORE_H */
