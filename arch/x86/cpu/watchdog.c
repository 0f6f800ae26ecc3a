/* SPDX-License-Identifier: MIT */
/*
 * The watchdog: timers of two CPUs, so that it also sees when one of them hangs
 * with interrupts off.
 */
#include <cpu/delay.h>
#include <cpu/lapic.h>
#include <cpu/nmi.h>
#include <cpu/uart.h>
#include <cpu/watchdog.h>
#include <xen/arch.h>
#include <xen/machine.h>
#include <xen/printk.h>
#include <xen/smp.h>

/* About a second at 1 GHz, and at most 16 at what else there is. */
#define TIMER_TICKS 0x4000000U

static unsigned int limit_ms; /* 0: it is off */
static unsigned long nr_seen; /* characters, when it last looked */
static uint64_t deadline;
static cpumask_t watchers; /* whose timers are on */

static void set_timer(void *ticks)
{
    lapic_set_timer(VECTOR_WATCHDOG, *(const uint32_t *)ticks);
}

static void set_timers(uint32_t ticks)
{
    if (lapic_is_on())
        smp_call(&watchers, set_timer, &ticks, true);
}

/* This CPU, and the last one. */
static void choose_watchers(void)
{
    cpumask_empty(&watchers);
    cpumask_set(&watchers, arch_cpu_id());
    for (unsigned int i = nr_cpus - 1; i > 0; i--) {
        if (cpumask_test(&cpu_online_map, i)) {
            cpumask_set(&watchers, i);
            break;
        }
    }
}

void watchdog_start(unsigned int seconds)
{
    nr_seen = uart_nr_written();
    deadline = deadline_ms(seconds * 1000);

    /* Release: who sees the limit sees the rest. Pairs with the acquire in
     * watchdog_look(). */
    __atomic_store_n(&limit_ms, seconds * 1000, __ATOMIC_RELEASE);
    choose_watchers();
    set_timers(TIMER_TICKS);
}

void watchdog_stop(void)
{
    set_timers(0);
    __atomic_store_n(&limit_ms, 0, __ATOMIC_RELAXED);
}

static _Noreturn void bark(const struct trap_frame *frame)
{
    stop_other_cpus();
    console_force();
    console_printf("\nNothing was printed for %u seconds: this looks like a "
                   "hang.\nCPU %u, which noticed it, is at %pS\n",
                   limit_ms / 1000, arch_cpu_id(), (void *)frame->rip);
    exception_backtrace(frame);
    print_stopped_cpus();
    machine_poweroff(MACHINE_EXIT_BUG);
}

/* Two CPUs may look at once. The later deadline is there before the count that
 * it goes with: who sees the one sees the other. */
void watchdog_look(const struct trap_frame *frame)
{
    /* Acquire: pairs with the release in watchdog_start(). */
    unsigned int limit = __atomic_load_n(&limit_ms, __ATOMIC_ACQUIRE);
    unsigned long nr = uart_nr_written();

    if (limit == 0)
        return;

    /* Acquire: pairs with the release below, on another CPU. */
    if (nr != __atomic_load_n(&nr_seen, __ATOMIC_ACQUIRE)) {
        __atomic_store_n(&deadline, deadline_ms(limit), __ATOMIC_RELAXED);
        /* Release: pairs with the acquire above. */
        __atomic_store_n(&nr_seen, nr, __ATOMIC_RELEASE);
    } else if (deadline_is_over(__atomic_load_n(&deadline, __ATOMIC_RELAXED))) {
        bark(frame);
    }
}
