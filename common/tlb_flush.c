/* SPDX-License-Identifier: MIT */
/*
 * Debts: what is owed before a frame may be used anew, by whom, and how it is
 * paid.
 */
#include <xen/arch.h>
#include <xen/bug.h>
#include <xen/smp.h>
#include <xen/spinlock.h>
#include <xen/tlb.h>

#include "tlb_clock.h"

/* The taint of @cpus; others change the mask meanwhile. */
static uint64_t taint_of(const cpumask_t *cpus)
{
    uint64_t taint = 0;

    if (nr_cpus <= 64)
        return __atomic_load_n(&cpus->bits[0], __ATOMIC_RELAXED);
    for (unsigned int cpu = 0; cpu < nr_cpus; cpu++) {
        if (cpumask_test(cpus, cpu))
            taint |= BIT(tlb_taint_bit(cpu, nr_cpus));
    }

    return taint;
}

struct tlb_debt tlb_debt_now(const cpumask_t *who)
{
    struct tlb_debt debt;

    /*
     * The entries are gone before the clock is read, and before it is read who
     * has run: a plain store may still be on its way when a load behind it is
     * done. Pairs with tick() and with the exchange in tlb_idle_leave(). Who
     * sets himself in @who does so with a full barrier before he looks at the
     * page table.
     */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    debt.stamp = tlb_clock_now();
    debt.taint = who ? taint_of(who) : ~0UL;

    return debt.taint ? debt : TLB_NO_DEBT;
}

/*
 * Both were owed before @now was read. So a stamp above it is of before a
 * restart, and paid. If the clock stands at 0, some stamps are of before and
 * some of while it does, and only 0 itself is late enough for both.
 */
static struct tlb_debt join_at(struct tlb_debt a, struct tlb_debt b,
                               uint32_t now)
{
    if (!a.taint || (now && a.stamp > now))
        return b;
    if (!b.taint || (now && b.stamp > now))
        return a;
    a.taint |= b.taint;
    if (now == 0)
        a.stamp = 0;
    else if (a.stamp < b.stamp)
        a.stamp = b.stamp;

    return a;
}

struct tlb_debt tlb_debt_join(struct tlb_debt a, struct tlb_debt b)
{
    if (!a.taint || !b.taint)
        return a.taint ? a : b;

    return join_at(a, b, tlb_clock_now());
}

/* Acquire: the note of a CPU that is seen to have joined is not one of before.
 * Pairs with the full barrier in smp_join(). */
static bool is_online(unsigned int cpu)
{
    bool online = cpumask_test(&cpu_online_map, cpu);

    __atomic_thread_fence(__ATOMIC_ACQUIRE);

    return online;
}

/* The first CPU from @cpu on that must flush for @debt, or nr_cpus. */
static unsigned int next_owing(struct tlb_debt debt, unsigned int cpu,
                               uint32_t now)
{
    unsigned int size = tlb_group_size(nr_cpus);

    while (cpu < nr_cpus) {
        unsigned int group = cpu / size;
        uint64_t rest = debt.taint >> group;

        if (!rest)
            break;
        if (!(rest & 1)) {
            cpu = (group + lowest_bit(rest)) * size;
            continue;
        }
        if (is_online(cpu) && tlb_cpu_owes(cpu, debt.stamp, now))
            return cpu;
        cpu++;
    }

    return nr_cpus;
}

void tlb_debt_cpus(struct tlb_debt debt, cpumask_t *cpus)
{
    uint32_t now = tlb_clock_now();
    unsigned int cpu;

    cpumask_empty(cpus);
    for (cpu = next_owing(debt, 0, now); cpu < nr_cpus;
         cpu = next_owing(debt, cpu + 1, now))
        cpumask_set(cpus, cpu);
}

bool tlb_debt_is_paid(struct tlb_debt debt)
{
    return next_owing(debt, 0, tlb_clock_now()) == nr_cpus;
}

void tlb_debt_pay(struct tlb_debt debt)
{
    cpumask_t cpus;

    ASSERT(spin_holds_none());
    if (!debt.taint)
        return;
    tlb_debt_cpus(debt, &cpus);
    if (cpumask_is_empty(&cpus)) {
        tlb_count(&tlb_my_counters()->paid, 1);
        return;
    }
    tlb_count(&tlb_my_counters()->debts, 1);
    flush_tlb_mask(&cpus);
}

void flush_tlb_mask(const cpumask_t *cpus)
{
    unsigned int me = arch_cpu_id(), nr_marks = 0, cpu;
    cpumask_t running;

    ASSERT(spin_holds_none());

    /*
     * What the caller has removed from page tables is gone before it is read
     * who is there: pairs with smp_join(), which empties its TLB behind a full
     * barrier. So who joins unseen has not seen what was removed.
     */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    cpumask_copy(&running, cpus);
    cpumask_and(&running, &cpu_online_map);
    for_each_cpu(cpu, &running) {
        if (cpu != me && tlb_idle_mark(cpu)) {
            cpumask_clear(&running, cpu);
            nr_marks++;
        }
    }
    tlb_count(&tlb_my_counters()->idle_marks, nr_marks);
    tlb_count(&tlb_my_counters()->interrupts, smp_flush(&running));
}

void tlb_clock_restart(void)
{
    cpumask_t all;

    if (!tlb_clock_claim_restart())
        return;
    cpumask_copy(&all, &cpu_online_map);
    tlb_count(&tlb_my_counters()->interrupts, smp_flush(&all));
    tlb_clock_start();
    tlb_count(&tlb_my_counters()->restarts, 1);
}
