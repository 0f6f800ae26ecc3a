/* SPDX-License-Identifier: MIT */
/* One thread that is all CPUs by turns, for tests in which they need not race.
 */
#ifndef SOME_CPUS_H
#define SOME_CPUS_H

#include <hosted.h>
#include <xen/smp.h>

/* @nr CPUs that have joined, and take interrupts at once; this is CPU 0. */
static inline void some_cpus(unsigned int nr)
{
    hosted_answer_at_once(true);
    smp_set_nr_cpus(nr);
    for (unsigned int cpu = 1; cpu < nr; cpu++) {
        hosted_set_cpu_id(cpu);
        smp_join();
    }
    hosted_set_cpu_id(0);
}

/* Let CPU @cpu do it; this is CPU 0 again afterwards. */
#define AS_CPU(cpu, statement)                                                 \
    do {                                                                       \
        hosted_set_cpu_id(cpu);                                                \
        statement;                                                             \
        hosted_set_cpu_id(0);                                                  \
    } while (0)

#endif /* SOME_CPUS_H */
