/* SPDX-License-Identifier: MIT */
/*
 * What is measured of a program, and what is only preparation.
 *
 * callgrind counts the instructions of measure()'s loops, if it is started with
 * --instr-atstart=no, and one process can step through them in another.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdbool.h>

/* Run @loop(@n); @nr is how many operations that is. Several times: added up.
 */
void measure(void (*loop)(unsigned long n), unsigned long n, unsigned long nr);

/* Operations that only the loop itself could count. */
void measure_more(unsigned long nr);

/* Print how many there were, and the time that they took. */
void measure_print(void);

/**
 * measure_steps - run @program() in a process of its own, instruction by
 * instruction where it measures.
 *
 * Prints how many instructions that were, how many of them were locked, and the
 * most between a spin_lock() and the spin_unlock() that goes with it. Slow:
 * some 100,000 instructions a second. Returns the exit status of @program().
 */
int measure_steps(int (*program)(void));

/* Between the two: in a process that is stepped through measure() has a signal
 * sent, and then calls the loop from measured(). */
extern bool measure_stepped;
void measured(void (*loop)(unsigned long n), unsigned long n);

#endif /* BENCH_MEASURE_H */
