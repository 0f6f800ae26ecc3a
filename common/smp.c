/* SPDX-License-Identifier: MIT */
/*
 * The mailboxes: one CPU asks, another answers, and nobody takes a lock.
 *
 * A flush is asked for by a number: the mailbox counts what was asked, and its
 * owner notes how far it has served. One flush serves all that was asked before
 * it began. A call stands in the caller's mailbox, as there is one at a time;
 * whom it is for has a bit for the caller in his.
 *
 * A CPU that leaves first takes itself out of cpu_online_map and then answers
 * once more; who asks first asks and then looks at the map. Both are
 * sequentially consistent, so that one sees the other.
 */
#include <xen/bug.h>
#include <xen/printk.h>
#include <xen/smp.h>
#include <xen/spinlock.h>
#include <xen/tlb.h>
#include <xen/types.h>

#include <asm/processor.h>

#include "tlb_clock.h"

struct mailbox {
    /* Written by those who ask this CPU. */
    uint32_t flushes_asked;
    uint32_t calls_asked;
    cpumask_t callers; /* whose call it has not begun */

    /* Written by this CPU. */
    uint32_t flushes_served __cache_aligned;
    uint32_t calls_served;

    /* Its own call, which others make. */
    void (*function)(void *data);
    void *data;
    uint32_t nr_left; /* CPUs that have not returned from it */
} __cache_aligned;

static struct mailbox mailbox[CONFIG_NR_CPUS];

unsigned int nr_cpus = 1;
cpumask_t cpu_online_map = { { 1 } };
static unsigned long nr_missed;

void smp_set_nr_cpus(unsigned int nr)
{
    BUG_ON(nr == 0 || nr > CONFIG_NR_CPUS);
    nr_cpus = nr;
}

unsigned long smp_nr_missed(void)
{
    return __atomic_load_n(&nr_missed, __ATOMIC_RELAXED);
}

/* Sequentially consistent: pairs with cpumask_clear_atomic() in smp_leave(). */
static bool is_online(unsigned int cpu)
{
    return __atomic_load_n(&cpu_online_map.bits[cpu / BITS_PER_LONG],
                           __ATOMIC_SEQ_CST) >>
               (cpu % BITS_PER_LONG) &
           1;
}

static void miss(unsigned int cpu)
{
    __atomic_fetch_add(&nr_missed, 1, __ATOMIC_RELAXED);
    printk(LOG_WARNING, "smp: CPU %u asks CPU %u, which has left\n",
           arch_cpu_id(), cpu);
}

static bool answer_flushes(struct mailbox *mine)
{
    /* Sequentially consistent: what was asked for is flushed after that, and
     * pairs with ask_to_flush() when this CPU leaves. */
    uint32_t asked = __atomic_load_n(&mine->flushes_asked, __ATOMIC_SEQ_CST);

    if (asked == mine->flushes_served)
        return false;
    flush_tlb_local();

    /* Release: who sees it served sees the TLB empty, and the time noted. Pairs
     * with the acquire in await_flush(). */
    __atomic_store_n(&mine->flushes_served, asked, __ATOMIC_RELEASE);

    return true;
}

/* Make the call that stands in @theirs. */
static void make_call(struct mailbox *theirs)
{
    theirs->function(theirs->data);

    /* Release: who sees that nobody is left sees what the function did. Pairs
     * with the acquire in await_calls(). */
    __atomic_fetch_sub(&theirs->nr_left, 1, __ATOMIC_RELEASE);
}

static bool answer_calls(struct mailbox *mine)
{
    /* Sequentially consistent: pairs with ask_to_call(), whose bit is set
     * before it counts. */
    uint32_t asked = __atomic_load_n(&mine->calls_asked, __ATOMIC_SEQ_CST);

    if (asked == mine->calls_served)
        return false;
    mine->calls_served = asked;
    for (unsigned int i = 0; i < CPUMASK_LONGS; i++) {
        /* Acquire: pairs with the full barrier of ask_to_call(). */
        unsigned long bits =
            __atomic_exchange_n(&mine->callers.bits[i], 0, __ATOMIC_ACQUIRE);

        for (; bits; bits &= bits - 1)
            make_call(&mailbox[i * BITS_PER_LONG + lowest_bit(bits)]);
    }

    return true;
}

bool smp_answer(void)
{
    struct mailbox *mine = &mailbox[arch_cpu_id()];
    bool enabled = interrupts_disable();
    bool flushed = answer_flushes(mine);
    bool called = answer_calls(mine);

    interrupts_restore(enabled);

    return flushed || called;
}

void smp_wait_a_turn(void)
{
    if (!smp_answer())
        cpu_relax();
}

void smp_join(void)
{
    tlb_clock_join();
    /* Full barrier: who sees this CPU online sees what it noted before. Pairs
     * with the acquire in tlb_flush.c, is_online(). */
    cpumask_set_atomic(&cpu_online_map, arch_cpu_id());
    smp_answer();
}

void smp_leave(void)
{
    /* Sequentially consistent: it has left before it looks for the last time.
     * Pairs with is_online(), at which those look who have asked. */
    cpumask_clear_atomic(&cpu_online_map, arch_cpu_id());
    smp_answer();
}

static void ask_to_flush(unsigned int cpu)
{
    /* Sequentially consistent: pairs with the load in answer_flushes(). */
    __atomic_fetch_add(&mailbox[cpu].flushes_asked, 1, __ATOMIC_SEQ_CST);
    arch_send_ipi(cpu);
}

/*
 * What was asked of @cpu so far includes this CPU's request. It need not be
 * waited for once it has left: it uses no translation till it flushes again.
 */
static void await_flush(unsigned int cpu)
{
    const struct mailbox *its = &mailbox[cpu];
    uint32_t asked = __atomic_load_n(&its->flushes_asked, __ATOMIC_RELAXED);

    /* Acquire: pairs with the release in answer_flushes(). */
    while ((int32_t)(__atomic_load_n(&its->flushes_served, __ATOMIC_ACQUIRE) -
                     asked) < 0 &&
           is_online(cpu))
        smp_wait_a_turn();
}

unsigned int smp_flush(const cpumask_t *mask)
{
    unsigned int me = arch_cpu_id(), cpu;
    cpumask_t others;

    ASSERT(spin_holds_none());
    cpumask_copy(&others, mask);
    cpumask_clear(&others, me);
    for_each_cpu(cpu, &others)
        ask_to_flush(cpu);
    if (cpumask_test(mask, me))
        flush_tlb_local();
    for_each_cpu(cpu, &others)
        await_flush(cpu);

    return cpumask_weight(&others);
}

/* Acquire: pairs with the release in make_call(). */
static void await_calls(const struct mailbox *mine)
{
    while (__atomic_load_n(&mine->nr_left, __ATOMIC_ACQUIRE) > 0)
        smp_wait_a_turn();
}

/*
 * Full barriers: the call itself is seen by who sees the bit, and the bit by
 * who sees it counted. Pairs with the loads in answer_calls().
 */
static void ask_to_call(struct mailbox *mine, unsigned int cpu)
{
    struct mailbox *its = &mailbox[cpu];
    unsigned int me = arch_cpu_id();

    cpumask_set_atomic(&its->callers, me);
    __atomic_fetch_add(&its->calls_asked, 1, __ATOMIC_SEQ_CST);
    if (is_online(cpu)) {
        arch_send_ipi(cpu);
    } else if (cpumask_test_and_clear_atomic(&its->callers, me)) {
        /* It left without having seen the bit: nobody will. */
        __atomic_fetch_sub(&mine->nr_left, 1, __ATOMIC_RELAXED);
        miss(cpu);
    }
}

void smp_call(const cpumask_t *mask, void (*function)(void *data), void *data,
              bool wait)
{
    unsigned int me = arch_cpu_id(), cpu;
    struct mailbox *mine = &mailbox[me];
    bool mine_too = cpumask_test(mask, me), enabled;
    cpumask_t others;

    ASSERT(spin_holds_none());
    await_calls(mine);
    cpumask_copy(&others, mask);
    cpumask_clear(&others, me);
    mine->function = function;
    mine->data = data;
    __atomic_store_n(&mine->nr_left, cpumask_weight(&others), __ATOMIC_RELAXED);
    for_each_cpu(cpu, &others)
        ask_to_call(mine, cpu);

    if (mine_too) {
        enabled = interrupts_disable();
        function(data);
        interrupts_restore(enabled);
    }
    if (wait)
        await_calls(mine);
}

void smp_kick(unsigned int cpu)
{
    if (cpu == arch_cpu_id())
        return;
    if (is_online(cpu))
        arch_send_ipi(cpu);
    else
        miss(cpu);
}
