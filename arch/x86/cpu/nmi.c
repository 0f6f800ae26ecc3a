/* SPDX-License-Identifier: MIT */
/*
 * NMIs from one CPU to another.
 *
 * Who asks counts up; the CPU that is asked notes where it was, and then that
 * it has told as often. Several NMIs may arrive as one, and the one answer
 * does.
 */
#include <asm/processor.h>
#include <cpu/delay.h>
#include <cpu/lapic.h>
#include <cpu/nmi.h>
#include <cpu/percpu.h>
#include <cpu/registers.h>
#include <x86/apic.h>
#include <xen/arch.h>
#include <xen/printk.h>
#include <xen/smp.h>

/* An emulator may leave a CPU without a turn for a while. */
#define ANSWER_MS 2000U

/* The number, plus 1, of the CPU that stops all others; 0: none does. */
static unsigned int stopper;

static bool is_stopped_by_another(void)
{
    unsigned int by = __atomic_load_n(&stopper, __ATOMIC_RELAXED);

    return by && by != arch_cpu_id() + 1;
}

bool nmi_answer(const struct trap_frame *frame)
{
    struct cpu_where *where = &this_cpu()->where;

    /* Acquire: who is asked by one that stops all knows that. Pairs with the
     * release in ask_where_cpus_are(). */
    unsigned int asked = __atomic_load_n(&where->asked, __ATOMIC_ACQUIRE);

    if (asked == where->told && !is_stopped_by_another())
        return false;

    /* Release: who sees that it was told sees what. Pairs with the acquire in
     * has_told(). */
    where->rip = frame->rip;
    __atomic_store_n(&where->told, asked, __ATOMIC_RELEASE);
    if (is_stopped_by_another())
        cpu_halt();

    return true;
}

/* Acquire: pairs with the release in nmi_answer(). */
static bool has_told(const struct cpu *cpu)
{
    return __atomic_load_n(&cpu->where.told, __ATOMIC_ACQUIRE) ==
           __atomic_load_n(&cpu->where.asked, __ATOMIC_RELAXED);
}

/* Who runs, halts or is parked, but not this one. */
static bool is_another(unsigned int nr, struct cpu **cpu)
{
    *cpu = nr == arch_cpu_id() ? NULL : cpu_of(nr);
    if (!*cpu)
        return false;

    switch (cpu_state(*cpu)) {
    case CPU_UP:
    case CPU_PARKED: return true;
    case CPU_ABSENT:
    case CPU_STARTING:
    case CPU_GIVEN_UP: break;
    }

    return false;
}

void ask_where_cpus_are(void)
{
    uint64_t deadline = deadline_ms(ANSWER_MS);
    struct cpu *cpu;

    for (unsigned int i = 0; i < nr_cpus; i++) {
        if (!is_another(i, &cpu))
            continue;

        /* Release: pairs with the acquire in nmi_answer(). */
        __atomic_fetch_add(&cpu->where.asked, 1, __ATOMIC_RELEASE);
        lapic_send(cpu->apic_id, COMMAND_NMI);
    }
    for (unsigned int i = 0; i < nr_cpus; i++) {
        while (is_another(i, &cpu) && !has_told(cpu) &&
               !deadline_is_over(deadline))
            cpu_relax();
    }
}

void stop_other_cpus(void)
{
    unsigned int none = 0;

    if (is_stopped_by_another() ||
        !__atomic_compare_exchange_n(&stopper, &none, arch_cpu_id() + 1, false,
                                     __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
        if (is_stopped_by_another())
            cpu_halt();
        return;
    }
    ask_where_cpus_are();
}

void print_stopped_cpus(void)
{
    struct cpu *cpu;

    for (unsigned int i = 0; i < nr_cpus; i++) {
        if (!is_another(i, &cpu) || (has_told(cpu) && cpu->halting))
            continue;
        if (has_told(cpu))
            console_printf("CPU %u was stopped at %pS\n", i,
                           (void *)cpu->where.rip);
        else
            console_printf("CPU %u does not even answer an NMI\n", i);
    }
}
