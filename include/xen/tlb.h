/* SPDX-License-Identifier: MIT */
/*
 * The TLB clock: which CPUs may still see a frame that has changed hands?
 *
 * A CPU remembers translations until it flushes its TLB. Before a frame goes to
 * a new owner, or becomes a page table, nobody may remember it as writable. To
 * interrupt every CPU would do; two notes avoid nearly all of it:
 *
 *   when    A clock ticks before each flush, and each CPU notes the time of its
 *           last one. A frame's debt carries the time when its last use
 *           ended: the stamp. Who has flushed later than that owes nothing.
 *   who     The debt names the CPUs that may have cached the frame: the taint.
 *           Who is not among them owes nothing.
 *
 * The clock is narrow: CONFIG_TLB_CLOCK_BITS. When it wraps it stands at 0, and
 * every frame counts as stale, until some CPU has had all CPUs flush and starts
 * it again at 1. So a stamp later than the clock is of before that, and paid.
 *
 * A CPU that idles runs no guest and is not interrupted, but for a restart. It
 * is marked, and flushes before it stops idling.
 *
 * Invariants (docs/invariants.md):
 *
 *   T1  When a frame is handed out with its debt paid, no CPU's TLB holds a
 *       translation to it from before, but those of idle CPUs that are marked.
 *   T2  A marked CPU flushes before it uses a translation again.
 *   T3  The clock goes up by one a full flush, or stands at 0 till it restarts.
 *   T4  What a CPU has noted is never later than its last flush.
 *   T5  A free block's debt covers those of all the frames in it.
 */
#ifndef XEN_TLB_H
#define XEN_TLB_H

#include <xen/compiler.h>
#include <xen/cpumask.h>
#include <xen/types.h>
#define TLB_CLOCK_MAX (UINT32_MAX >> (32 - CONFIG_TLB_CLOCK_BITS))

/* What is owed before a frame may be used anew. Small: pass it by value. */
struct tlb_debt {
    uint64_t taint; /* a bit for each CPU or group; 0: nothing is owed */
    uint32_t stamp; /* when the last use ended */
};

#define TLB_NO_DEBT ((struct tlb_debt){ 0, 0 })

/**
 * tlb_debt_now - the debt of a frame whose last use by @who ends now.
 *
 * The entries that led to the frame have been removed from every page table;
 * the removal is made visible to all before the clock is read. @who is the CPUs
 * that the using address spaces have run on since those last flushed: one joins
 * them by a full barrier before it looks at the page tables, and leaves them
 * only once it has flushed. NULL: nobody knows, so everybody.
 */
struct tlb_debt tlb_debt_now(const cpumask_t *who);

/* The debt of two frames together: all the CPUs, and the later time. Neither
 * time may be of the future, so the clock is read. */
struct tlb_debt tlb_debt_join(struct tlb_debt a, struct tlb_debt b);

/* Set @cpus to those that must flush before the frame is used anew. */
void tlb_debt_cpus(struct tlb_debt debt, cpumask_t *cpus);

/* Is that nobody? Then the debt may be forgotten. One that is kept can look as
 * if it were owed again, after a restart of the clock. */
bool tlb_debt_is_paid(struct tlb_debt debt);

/**
 * tlb_debt_pay - have those CPUs flush, and wait for it.
 *
 * Interrupts nobody if the debt is paid already. No spinlock may be held.
 */
void tlb_debt_pay(struct tlb_debt debt);

/* Tick, and forget all that this CPU's TLB holds, global entries too. */
void flush_tlb_local(void);

/* Have each online CPU of @cpus do so, and wait; those that idle are marked
 * instead. No spinlock may be held. */
void flush_tlb_mask(const cpumask_t *cpus);

/**
 * tlb_idle_enter, tlb_idle_leave - between them this CPU runs no guest.
 *
 * It has no guest's tables loaded, so it may be marked instead of interrupted;
 * leaving flushes then. Called with interrupts off, by the idle loop only.
 */
void tlb_idle_enter(void);
void tlb_idle_leave(void);

/**
 * tlb_clock_restart - if the clock has wrapped, start it again.
 *
 * Has all CPUs flush, idle ones too. Each CPU calls it where it holds no lock:
 * before it idles, and on its way back to a guest; whoever comes first does it,
 * and for the others it is one load and a branch. Until then every allocation
 * flushes, so it may be late but should not be never.
 */
void tlb_clock_restart(void);

/*
 * The time; 0 while the clock restarts. For the stamp of a frame, after a full
 * barrier behind the removal of what led to it. Sequentially consistent, as
 * tlb_debt_now() says; acquire: pairs with the release in tlb_clock_start().
 */
extern struct tlb_clock {
    uint32_t now; /* written at each flush, so on a line of its own */
} tlb_clock;

static inline uint32_t tlb_clock_now(void)
{
    return __atomic_load_n(&tlb_clock.now, __ATOMIC_SEQ_CST);
}

/* When @cpu last flushed; does it idle? For the monitor. */
uint32_t tlb_cpu_flushed(unsigned int cpu);
bool tlb_cpu_idles(unsigned int cpu);

/*
 * May a CPU that flushed at @flushed hold what was last used at @stamp, with
 * the clock at @now? Pure. "No" is a promise, "yes" is not.
 *
 * No stamp is of the future: one above @now is of before a restart, and for
 * that all CPUs flushed.
 */
static inline bool tlb_may_be_stale(uint32_t flushed, uint32_t stamp,
                                    uint32_t now)
{
    if (now == 0)
        return true;

    return stamp <= now && flushed <= stamp;
}

/* How many neighbours share a bit of a taint, and which one stands for @cpu, of
 * @nr: exact to 64 CPUs. Pure. */
static inline unsigned int tlb_group_size(unsigned int nr)
{
    return (nr + 63) / 64;
}

static inline unsigned int tlb_taint_bit(unsigned int cpu, unsigned int nr)
{
    return cpu / tlb_group_size(nr);
}

#include <xen/tlb_counters.h>

#endif /* XEN_TLB_H */
