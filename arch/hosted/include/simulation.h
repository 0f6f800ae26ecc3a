/* SPDX-License-Identifier: MIT */
/*
 * Several CPUs in one thread: each is a coroutine, and one at a time runs.
 *
 * A CPU goes on until it comes to a point where others may come between: where
 * it asks for that, where it waits for another CPU, before and after its TLB is
 * flushed, when it has sent an interrupt, and before it takes one. There it is
 * decided who goes on. So a schedule is a list of decisions, and a test can
 * draw them at random or try all of them.
 *
 * Between two such points a CPU is alone. What weaker orders of memory allow is
 * for the models of tests/spin.
 */
#ifndef SIMULATION_H
#define SIMULATION_H

#include <stdbool.h>

/**
 * simulation_run - let @nr CPUs run @body, until all have returned from it.
 *
 * @choose decides, of how many CPUs may go on, which one does: a number below
 * that, and 0 is the one that went on last, if it may. All but CPU 0 have yet
 * to join. Who has returned still takes interrupts.
 */
void simulation_run(unsigned int nr, void (*body)(void),
                    unsigned int (*choose)(unsigned int nr));

/* In each simulation from now on let CPUs that could go on be made to stop at
 * most @nr times. Most of what can go wrong goes wrong with few. */
void simulation_bound(unsigned int nr);

/* Others may come between here. Nothing happens outside of a simulation. */
void simulation_point(void);

/*
 * The same where a CPU only looks, so that others who wait need not look again;
 * and say that it acts, so that they do when it next stops. Behind an interrupt
 * that comes at such a point others may come between once more.
 */
void simulation_look(void);
void simulation_act(void);

/*
 * The same, for schedules that are tried one by one: each decision is the next
 * that has not been tried. Call simulation_first(), and after each run
 * simulation_next(), which is false when all schedules have been run.
 */
void simulation_first(void);
bool simulation_next(void);
unsigned int simulation_try(unsigned int nr);

#endif /* SIMULATION_H */
