/* SPDX-License-Identifier: MIT */
/* What the tests with several CPUs share: having them run something at once. */
#ifndef ON_CPUS_H
#define ON_CPUS_H

#include <xen/cpumask.h>
#include <xen/types.h>

/**
 * on_cpus - have each CPU of @mask run @function at the same time.
 *
 * Not from an interrupt but from its idle loop, or from here: so it may take
 * locks and wait. @cpu is which one it is. Returns when all have returned.
 */
void on_cpus(const cpumask_t *mask, void (*function)(unsigned int cpu));

/*
 * All CPUs that take part, and up to @max of them, this one included and the
 * others spread. An emulator that has many CPUs do something at once has each
 * wait for its turn most of the time.
 */
cpumask_t all_cpus(void);
cpumask_t some_cpus(unsigned int max);

/* The last CPU that takes part; 0 if there is no other. */
unsigned int last_cpu(void);

/* Just one CPU. */
cpumask_t only(unsigned int cpu);

/* A turn of a loop that waits, and answers others; false: it took too long. */
bool wait_a_turn(uint64_t deadline);

/* Long, as an emulator may give a CPU no turn for seconds. */
#define PATIENCE_MS 20000U

#endif /* ON_CPUS_H */
