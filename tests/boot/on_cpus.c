/* SPDX-License-Identifier: MIT */
/*
 * Having CPUs run something at once: as background work, of which each CPU that
 * idles finds that there is some for it.
 */
#include <asm/processor.h>
#include <cpu/delay.h>
#include <xen/arch.h>
#include <xen/background.h>
#include <xen/smp.h>

#include "on_cpus.h"

static struct {
    cpumask_t left;   /* who has not begun */
    uint32_t nr_left; /* who has not returned */
    void (*function)(unsigned int cpu);
} job;

/* Acquire: pairs with the full barrier in on_cpus(), which sets the bit. */
static bool step(void)
{
    unsigned int cpu = arch_cpu_id();
    unsigned long bit = BIT(cpu % BITS_PER_LONG);

    if (!(__atomic_load_n(&job.left.bits[cpu / BITS_PER_LONG],
                          __ATOMIC_ACQUIRE) &
          bit))
        return false;
    cpumask_clear_atomic(&job.left, cpu);
    job.function(cpu);

    /* Release: pairs with the acquire in on_cpus(). */
    __atomic_fetch_sub(&job.nr_left, 1, __ATOMIC_RELEASE);

    return false;
}

static void register_once(void)
{
    static struct background work = { .step = step };

    if (work.next || job.function)
        return;
    background_register(&work);
}

void on_cpus(const cpumask_t *mask, void (*function)(unsigned int cpu))
{
    unsigned int me = arch_cpu_id(), cpu;
    cpumask_t others = *mask;

    register_once();
    cpumask_clear(&others, me);
    job.function = function;
    __atomic_store_n(&job.nr_left, cpumask_weight(&others), __ATOMIC_RELAXED);
    for_each_cpu(cpu, &others) {
        cpumask_set_atomic(&job.left, cpu);
        smp_kick(cpu);
    }
    if (cpumask_test(mask, me))
        function(me);

    /* Acquire: pairs with the release in step(). */
    while (__atomic_load_n(&job.nr_left, __ATOMIC_ACQUIRE) > 0) {
        if (!smp_answer())
            cpu_relax();
    }
}

cpumask_t all_cpus(void)
{
    return cpu_online_map;
}

cpumask_t only(unsigned int cpu)
{
    cpumask_t mask = { { 0 } };

    cpumask_set(&mask, cpu);
    return mask;
}

cpumask_t some_cpus(unsigned int max)
{
    cpumask_t mask = only(arch_cpu_id());
    unsigned int distance = (nr_cpus + max - 1) / max;

    for (unsigned int cpu = nr_cpus - 1; cpu > 0 && cpu < nr_cpus;
         cpu -= distance) {
        if (cpumask_test(&cpu_online_map, cpu) && cpumask_weight(&mask) < max)
            cpumask_set(&mask, cpu);
    }

    return mask;
}

unsigned int last_cpu(void)
{
    unsigned int cpu = nr_cpus - 1;

    while (cpu > 0 && !cpumask_test(&cpu_online_map, cpu))
        cpu--;

    return cpu;
}

bool wait_a_turn(uint64_t deadline)
{
    if (!smp_answer())
        cpu_relax();

    return !deadline_is_over(deadline);
}
