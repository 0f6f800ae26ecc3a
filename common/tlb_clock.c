/* SPDX-License-Identifier: MIT */
/*
 * The TLB clock: its ticks, the time that each CPU has noted, and who idles.
 *
 * Why it is safe, in three sentences. A stamp is drawn after the removal of the
 * entries, and a flush ticks before it forgets: so a flush whose time is later
 * than the stamp came after the removal. A time is noted after the flush: so
 * who reads it may rely on it. All times start anew at a restart, and nobody's
 * note is older than that, as all have flushed in between.
 */
#include <xen/arch.h>

#include <asm/processor.h>

#include "tlb_clock.h"

/* The states of a CPU. Running is neither. */
#define IDLE   1U
#define MARKED 2U /* with IDLE: to flush before it stops idling */

struct tlb_cpu {
    uint32_t flushed; /* written by the CPU itself alone */
    uint32_t idle;    /* IDLE, MARKED */
    struct tlb_counters counters;
} __cache_aligned;

static struct tlb_cpu tlb_cpu[CONFIG_NR_CPUS];

struct tlb_clock tlb_clock __cache_aligned = { 1 };

/* The clock has wrapped, and nobody has taken it on to start it again. Nearly
 * never written, so that to look at it costs nothing. */
static struct {
    bool wrapped;
} __cache_aligned restart;

/*
 * Draw the time of a flush that is about to begin; 0: the clock stands still.
 *
 * Sequentially consistent, as are the removal of entries and the reading of
 * the clock in tlb_debt_now(): either the flush comes after the removal, or
 * the stamp is no earlier than the flush, and the flush does not count.
 */
static uint32_t tick(void)
{
    uint32_t now = __atomic_load_n(&tlb_clock.now, __ATOMIC_RELAXED), next;

    do {
        if (now == 0)
            return 0;
        next = now == TLB_CLOCK_MAX ? 0 : now + 1;
    } while (!__atomic_compare_exchange_n(&tlb_clock.now, &now, next, false,
                                          __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));

    /* Release: who claims the restart sees the clock at 0. Pairs with the
     * acquire in tlb_clock_claim_restart(). */
    if (next == 0)
        __atomic_store_n(&restart.wrapped, true, __ATOMIC_RELEASE);

    return next;
}

/*
 * With interrupts off: one between the tick and the note could flush for a
 * restart, and the note would then bring back a time of before it.
 */
void flush_tlb_local(void)
{
    struct tlb_cpu *me = &tlb_cpu[arch_cpu_id()];
    bool enabled = interrupts_disable();
    uint32_t time = tick();

    arch_flush_tlb_local();

    /* Release: who sees the time sees the TLB empty. Pairs with the acquire in
     * tlb_cpu_owes(). */
    __atomic_store_n(&me->flushed, time, __ATOMIC_RELEASE);
    tlb_count(&me->counters.flushes, 1);
    interrupts_restore(enabled);
}

/* Relaxed: smp_join() has a full barrier before this CPU is seen online. */
void tlb_clock_join(void)
{
    struct tlb_cpu *me = &tlb_cpu[arch_cpu_id()];

    __atomic_store_n(&me->flushed, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&me->idle, 0, __ATOMIC_RELAXED);
    arch_flush_tlb_local();
}

/* Release: what this CPU did by a guest's translations is done. Pairs with the
 * compare-and-exchange in tlb_idle_mark(). */
void tlb_idle_enter(void)
{
    __atomic_store_n(&tlb_cpu[arch_cpu_id()].idle, IDLE, __ATOMIC_RELEASE);
}

/*
 * Sequentially consistent: no translation is looked up before the mark is
 * looked for. Pairs with tlb_idle_mark(): one of the two comes first, so either
 * the mark is seen here, or the marker sees that this CPU runs. And with
 * tlb_cpu_owes(): a mark that is seen there has not been looked for here.
 */
void tlb_idle_leave(void)
{
    if (__atomic_exchange_n(&tlb_cpu[arch_cpu_id()].idle, 0, __ATOMIC_SEQ_CST) &
        MARKED)
        flush_tlb_local();
}

bool tlb_idle_mark(unsigned int cpu)
{
    uint32_t *idle = &tlb_cpu[cpu].idle;
    uint32_t seen = __atomic_load_n(idle, __ATOMIC_RELAXED);

    /* Sequentially consistent: pairs with the store and the exchange above. */
    while (seen & IDLE) {
        if (__atomic_compare_exchange_n(idle, &seen, IDLE | MARKED, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
            return true;
    }

    return false;
}

bool tlb_cpu_owes(unsigned int cpu, uint32_t stamp, uint32_t now)
{
    const struct tlb_cpu *it = &tlb_cpu[cpu];

    /* Acquire: the TLB was emptied before the time was noted. Pairs with the
     * release in flush_tlb_local(). */
    if (!tlb_may_be_stale(__atomic_load_n(&it->flushed, __ATOMIC_ACQUIRE),
                          stamp, now))
        return false;

    /* Sequentially consistent: a mark that is seen after the removal of the
     * entries is obeyed after it. Pairs with the fence in tlb_debt_now() and
     * the exchange in tlb_idle_leave(). */
    return !(__atomic_load_n(&it->idle, __ATOMIC_SEQ_CST) & MARKED);
}

bool tlb_clock_claim_restart(void)
{
    /* Acquire: pairs with the release in tick(). */
    return __atomic_load_n(&restart.wrapped, __ATOMIC_RELAXED) &&
           __atomic_exchange_n(&restart.wrapped, false, __ATOMIC_ACQUIRE);
}

/* Release: who sees the new time sees what was noted before it. Pairs with the
 * acquire in tlb_clock_now(). */
void tlb_clock_start(void)
{
    __atomic_store_n(&tlb_clock.now, 1, __ATOMIC_RELEASE);
}

uint32_t tlb_cpu_flushed(unsigned int cpu)
{
    return __atomic_load_n(&tlb_cpu[cpu].flushed, __ATOMIC_RELAXED);
}

bool tlb_cpu_idles(unsigned int cpu)
{
    return __atomic_load_n(&tlb_cpu[cpu].idle, __ATOMIC_RELAXED) & IDLE;
}

struct tlb_counters *tlb_my_counters(void)
{
    return &tlb_cpu[arch_cpu_id()].counters;
}

static unsigned long counter(const unsigned long *it)
{
    return __atomic_load_n(it, __ATOMIC_RELAXED);
}

void tlb_counters(struct tlb_counters *sum)
{
    *sum = (struct tlb_counters){ 0 };
    for (unsigned int cpu = 0; cpu < CONFIG_NR_CPUS; cpu++) {
        const struct tlb_counters *its = &tlb_cpu[cpu].counters;

        sum->flushes += counter(&its->flushes);
        sum->interrupts += counter(&its->interrupts);
        sum->idle_marks += counter(&its->idle_marks);
        sum->debts += counter(&its->debts);
        sum->paid += counter(&its->paid);
        sum->restarts += counter(&its->restarts);
    }
}
