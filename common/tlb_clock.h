/* SPDX-License-Identifier: MIT */
/*
 * The TLB clock from inside: for the mailboxes, which have CPUs flush, and for
 * the debts, which decide who must. Not for their users.
 */
#ifndef TLB_CLOCK_H
#define TLB_CLOCK_H

#include <xen/tlb.h>

/**
 * tlb_clock_join - flush all that this CPU's TLB holds, as if it never had.
 *
 * For a CPU that is about to join. Its note says 0, which is before any stamp:
 * a time drawn here might be of before a restart that does not wait for it.
 */
void tlb_clock_join(void);

/**
 * tlb_idle_mark - let @cpu flush before it stops idling.
 *
 * False: it does not idle, and must be interrupted.
 */
bool tlb_idle_mark(unsigned int cpu);

/* May @cpu hold what was last used at @stamp, with the clock at @now? Not if it
 * idles and is marked. */
bool tlb_cpu_owes(unsigned int cpu, uint32_t stamp, uint32_t now);

/* If the clock stands at 0, and nobody has been told so yet: true, and the
 * caller is the one who must have all CPUs flush, and then start it again. */
bool tlb_clock_claim_restart(void);
void tlb_clock_start(void);

/* This CPU's own counters. An interrupt changes none but 'flushes'. */
struct tlb_counters *tlb_my_counters(void);

/* Others may read it meanwhile. */
static inline void tlb_count(unsigned long *counter, unsigned long nr)
{
    __atomic_store_n(counter, *counter + nr, __ATOMIC_RELAXED);
}

#endif /* TLB_CLOCK_H */
