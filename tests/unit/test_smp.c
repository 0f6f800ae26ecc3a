/* SPDX-License-Identifier: MIT */
/* Mailboxes: what is asked is done, once, by whom it was asked of. */
#include <string.h>

#include <simulation.h>
#include <soft_tlb.h>
#include <test.h>
#include <xen/arch.h>
#include <xen/smp.h>
#include <xen/spinlock.h>
#include <xen/tlb.h>

#include <asm/processor.h>

#include "../model/some_cpus.h"

#define MAX_CPUS 4U

static unsigned int nr_calls[MAX_CPUS], order_of_calls[16], nr_ordered;

static void note_call(void *data)
{
    nr_calls[arch_cpu_id()]++;
    order_of_calls[nr_ordered++ % 16] = *(unsigned int *)data;
}

static cpumask_t mask_of(unsigned long bits)
{
    return (cpumask_t){ { bits } };
}

static unsigned int number[4] = { 0, 1, 2, 3 };

static void call(unsigned long cpus, unsigned int which, bool wait)
{
    cpumask_t mask = mask_of(cpus);

    smp_call(&mask, note_call, &number[which], wait);
}

TEST(smp, each_cpu_of_the_mask_is_called_once)
{
    some_cpus(4);
    call(0xd, 0, true);
    EXPECT_EQ(nr_calls[0], 1);
    EXPECT_EQ(nr_calls[1], 0);
    EXPECT_EQ(nr_calls[2], 1);
    EXPECT_EQ(nr_calls[3], 1);
    EXPECT_EQ(hosted_nr_interrupts(), 2);
    AS_CPU(3, call(0x3, 1, true));
    EXPECT_EQ(nr_calls[0], 2);
    EXPECT_EQ(nr_calls[1], 1);
    call(0, 2, true);
    EXPECT_EQ(nr_ordered, 5);
}

TEST(smp, calls_of_one_cpu_come_in_the_order_of_asking)
{
    some_cpus(2);
    for (unsigned int i = 0; i < 4; i++)
        call(2, i, false);
    EXPECT_EQ(nr_ordered, 4);
    for (unsigned int i = 0; i < 4; i++)
        EXPECT_EQ(order_of_calls[i], i);
}

TEST(smp, a_call_to_who_has_left_is_named_and_counted)
{
    some_cpus(3);
    AS_CPU(1, smp_leave());
    EXPECT(!cpumask_test(&cpu_online_map, 1));
    call(7, 0, true);
    EXPECT_EQ(nr_calls[1], 0);
    EXPECT_EQ(nr_calls[2], 1);
    EXPECT_EQ(smp_nr_missed(), 1);
    EXPECT(strstr(hosted_console(), "CPU 0 asks CPU 1, which has left"));
    smp_kick(1);
    EXPECT_EQ(smp_nr_missed(), 2);
    AS_CPU(1, smp_join());
    call(7, 0, true);
    EXPECT_EQ(nr_calls[1], 1);
    EXPECT_EQ(smp_nr_missed(), 2);
}

TEST(smp, a_kick_interrupts_others_and_not_oneself)
{
    some_cpus(2);
    smp_kick(1);
    EXPECT_EQ(hosted_nr_interrupts(), 1);
    smp_kick(0);
    EXPECT_EQ(hosted_nr_interrupts(), 1);
    EXPECT_EQ(smp_nr_missed(), 0);
}

TEST(smp, there_are_as_many_cpus_as_there_is_room_for)
{
    EXPECT_BUG(smp_set_nr_cpus(0));
    EXPECT_BUG(smp_set_nr_cpus(CONFIG_NR_CPUS + 1));
    smp_set_nr_cpus(CONFIG_NR_CPUS);
    EXPECT_EQ(nr_cpus, CONFIG_NR_CPUS);
}

static void flush_with_a_lock_held(void)
{
    static spinlock_t lock = SPINLOCK_INIT(LOCK_RANK_HEAP);
    cpumask_t all = mask_of(3);

    spin_lock(&lock);
    flush_tlb_mask(&all);
}

static void call_with_a_lock_held(void)
{
    static spinlock_t lock = SPINLOCK_INIT(LOCK_RANK_HEAP);

    spin_lock(&lock);
    call(3, 0, true);
}

TEST(smp, to_wait_with_a_lock_held_is_a_bug)
{
    if (!CONFIG_DEBUG)
        return;
    some_cpus(2);
    EXPECT_BUG(flush_with_a_lock_held());
    EXPECT_BUG(call_with_a_lock_held());
}

/* From here on: every schedule of CPUs that do something at the same time. */
static void (*job[MAX_CPUS])(void);
static unsigned long nr_schedules;

static void do_job(void)
{
    if (job[arch_cpu_id()])
        job[arch_cpu_id()]();
}

static void try_all(unsigned int nr, void (*prepare)(void), void (*check)(void))
{
    simulation_first();
    do {
        prepare();
        simulation_run(nr, do_job, simulation_try);
        check();
        nr_schedules++;
    } while (simulation_next() && test_nr_failures() == 0);
    EXPECT(nr_schedules > 1);
}

static void remember_all(void)
{
    memset(nr_calls, 0, sizeof(nr_calls));
    nr_ordered = 0;
    for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
        AS_CPU(cpu, soft_tlb_fill(0, 0, (struct translation){ cpu, true, 0 }));
}

static void forgotten(unsigned int cpu)
{
    EXPECT(soft_tlb_find(cpu, 0, 0) == NULL);
}

static void nothing_more(void)
{
}

static void flush_the_other(void)
{
    unsigned int other = 1 - arch_cpu_id();
    cpumask_t mask = mask_of(BIT(other));

    flush_tlb_mask(&mask);
    forgotten(other);
}

static void flush_with_interrupts_off(void)
{
    bool enabled = interrupts_disable();

    flush_the_other();
    interrupts_restore(enabled);
}

TEST(smp, two_cpus_that_flush_each_other_both_come_to_an_end)
{
    some_cpus(2);
    job[0] = job[1] = flush_the_other;
    try_all(2, remember_all, nothing_more);
    job[0] = flush_with_interrupts_off;
    try_all(2, remember_all, nothing_more);
    job[1] = flush_with_interrupts_off;
    try_all(2, remember_all, nothing_more);
}

/* CPU 1 remembers something at any moment, also while it flushes for another.
 */
static void fill_at_times(void)
{
    for (unsigned int i = 0; i < 3; i++) {
        soft_tlb_fill(0, 0, (struct translation){ 9, true, i });
        simulation_point();
    }
}

static bool may_fill;

static void fill_if_it_may(void)
{
    if (may_fill && arch_cpu_id() == 1)
        soft_tlb_fill(0, 0, (struct translation){ 9, true, 0 });
}

static void fill_while_it_may(void)
{
    for (unsigned int i = 0; i < 3; i++) {
        fill_if_it_may();
        simulation_point();
    }
}

/* What was asked for last is served by a flush that comes after the asking. */
static void close_and_flush(void)
{
    cpumask_t mask = mask_of(BIT(1));

    simulation_point();
    if (arch_cpu_id() == 0)
        may_fill = false;
    flush_tlb_mask(&mask);
    if (arch_cpu_id() == 0)
        forgotten(1);
}

static void open(void)
{
    may_fill = true;
    remember_all();
}

TEST(smp, a_request_that_comes_during_a_flush_is_not_lost)
{
    some_cpus(3);
    simulation_bound(4);
    soft_tlb_walker(fill_if_it_may);
    job[0] = job[2] = close_and_flush;
    job[1] = fill_while_it_may;
    try_all(3, open, nothing_more);
}

static void call_the_other(void)
{
    call(BIT(1 - arch_cpu_id()), arch_cpu_id(), true);
    EXPECT_EQ(nr_calls[1 - arch_cpu_id()], 1);
}

static void call_twice_and_do_not_wait(void)
{
    call(BIT(1 - arch_cpu_id()), 2, false);
    call(BIT(1 - arch_cpu_id()), 3, false);
}

static void each_was_called_twice(void)
{
    EXPECT_EQ(nr_calls[0], 2);
    EXPECT_EQ(nr_calls[1], 2);
}

TEST(smp, two_cpus_that_call_each_other_both_come_to_an_end)
{
    some_cpus(2);
    job[0] = job[1] = call_the_other;
    try_all(2, remember_all, nothing_more);
    job[0] = job[1] = call_twice_and_do_not_wait;
    try_all(2, remember_all, each_was_called_twice);
}

static void leave(void)
{
    simulation_point();
    interrupts_disable(); /* for good: nobody will hear it */
    smp_leave();
    simulation_point();
}

static unsigned long missed_before;

static void come_again(void)
{
    missed_before = smp_nr_missed();
    remember_all();
    hosted_console_clear();
    if (!cpumask_test(&cpu_online_map, 1))
        AS_CPU(1, smp_join());
}

static void call_cpu_1_and_all(void)
{
    call(3, 0, true);
    call(3, 1, true);
}

/* The call was made or was missed, and not both. */
static void called_or_missed(void)
{
    EXPECT_EQ(nr_calls[1] + (smp_nr_missed() - missed_before), 2);
    EXPECT_EQ(nr_calls[0], 2);
    EXPECT(!cpumask_test(&cpu_online_map, 1));
}

TEST(smp, a_call_to_a_cpu_that_leaves_is_made_or_missed)
{
    some_cpus(2);
    job[0] = call_cpu_1_and_all;
    job[1] = leave;
    try_all(2, come_again, called_or_missed);
}

/* Another one is asked first, so that this one may leave before it is asked. */
static void flush_cpus_1_and_2(void)
{
    cpumask_t mask = mask_of(6);

    flush_tlb_mask(&mask);
    forgotten(1);
    EXPECT(soft_tlb_find(2, 0, 0) == NULL || !cpumask_test(&cpu_online_map, 2));
}

static void leave_and_join(void)
{
    smp_leave();
    simulation_point();
    smp_join();
    forgotten(arch_cpu_id());
}

static void cpu_2_comes_again(void)
{
    remember_all();
    if (!cpumask_test(&cpu_online_map, 2))
        AS_CPU(2, smp_join());
}

TEST(smp, nobody_waits_for_a_flush_of_who_has_left)
{
    some_cpus(3);
    job[0] = flush_cpus_1_and_2;
    job[2] = leave;
    try_all(3, cpu_2_comes_again, nothing_more);
    job[2] = leave_and_join;
    try_all(3, cpu_2_comes_again, nothing_more);
}

static void interrupts_are_off(void *data)
{
    (void)data;
    EXPECT(!interrupts_disable());
    nr_calls[arch_cpu_id()]++;
}

static void call_both(void)
{
    cpumask_t both = mask_of(3);

    smp_call(&both, interrupts_are_off, NULL, true);
    EXPECT(interrupts_disable());
    interrupts_restore(true);
}

static void both_were_called(void)
{
    EXPECT_EQ(nr_calls[0], 1);
    EXPECT_EQ(nr_calls[1], 1);
}

TEST(smp, what_is_called_is_not_interrupted)
{
    some_cpus(2);
    job[0] = call_both;
    job[1] = fill_at_times;
    try_all(2, remember_all, both_were_called);
}
