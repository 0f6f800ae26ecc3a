/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of a process. A thread is not interrupted, it looks for itself. A
 * simulated CPU takes them at the next point where others may come between. And
 * a test of one thread may have each answered at once, by the CPU it is for.
 */
#include <time.h>

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

/*
 * Who waits looks again many times, and then sleeps for a moment. He does not
 * yield: the scheduler charges for that as for the time that was his, and so he
 * would hardly run any more beside processes that compute.
 */
#define NR_LOOKS 64U

static void look_or_sleep(void)
{
    static const struct timespec moment = { 0, 1 };
    static _Thread_local unsigned int nr_looks;

    if (++nr_looks % NR_LOOKS == 0)
        nanosleep(&moment, NULL);
}

void cpu_relax(void)
{
    if (simulated())
        simulated_relax();
    else
        look_or_sleep();
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
