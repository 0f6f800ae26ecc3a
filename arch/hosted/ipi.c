/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of a process. A thread is not interrupted, it looks for itself. A
 * simulated CPU takes them at the next point where others may come between. And
 * a test of one thread may have each answered at once, by the CPU it is for.
 */
#include <sched.h>

#include <hosted.h>
#include <xen/arch.h>
#include <xen/smp.h>

#include <asm/processor.h>

#include "simulated.h"

static bool at_once;
static unsigned long nr_sent;

void hosted_answer_at_once(bool yes)
{
    at_once = yes;
}

unsigned long hosted_nr_interrupts(void)
{
    return __atomic_load_n(&nr_sent, __ATOMIC_RELAXED);
}

void arch_send_ipi(unsigned int cpu)
{
    unsigned int me = arch_cpu_id();

    __atomic_fetch_add(&nr_sent, 1, __ATOMIC_RELAXED);
    if (simulated()) {
        simulated_interrupt(cpu);
    } else if (at_once) {
        hosted_set_cpu_id(cpu);
        smp_answer();
        hosted_set_cpu_id(me);
    }
}

void cpu_relax(void)
{
    if (simulated())
        simulated_relax();
    else
        sched_yield();
}

bool interrupts_disable(void)
{
    return simulated() ? simulated_disable() : true;
}

void interrupts_restore(bool enabled)
{
    if (simulated())
        simulated_restore(enabled);
}
