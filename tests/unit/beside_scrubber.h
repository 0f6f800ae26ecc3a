/* SPDX-License-Identifier: MIT */
/* What CPU 0 does while CPU 1 scrubs, and waits for CPU 2 to flush. */
#ifndef BESIDE_SCRUBBER_H
#define BESIDE_SCRUBBER_H

#include <simulation.h>
#include <test.h>
#include <xen/arch.h>
#include <xen/scrub.h>
#include <xen/smp.h>

static void (*work_beside)(void);
static bool work_is_over;

static inline void work_or_scrub(void)
{
    unsigned int cpu = arch_cpu_id();

    if (cpu == 0) {
        simulation_point();
        work_beside();
        work_is_over = true;
        return;
    }
    smp_join();
    while (!work_is_over) {
        if (cpu == 1)
            scrub_step();
        simulation_point();
    }
    smp_leave();
}

static inline unsigned int draw_cpu(unsigned int nr)
{
    return (unsigned int)(test_random() >> 32) % nr;
}

/* Of three CPUs, in an order that is drawn. */
static inline void beside_scrubber(void (*work)(void))
{
    work_beside = work;
    work_is_over = false;
    simulation_run(3, work_or_scrub, draw_cpu);
}

#endif /* BESIDE_SCRUBBER_H */
