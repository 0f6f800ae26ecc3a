/* SPDX-License-Identifier: MIT */
/* The clock and its wrap, what CPUs note of it, and CPUs that idle. */
#include <soft_tlb.h>
#include <test.h>
#include <xen/smp.h>
#include <xen/tlb.h>

#include "../model/some_cpus.h"

#define NR 4U

/* So many ticks are no work. */
#define IS_NARROW (TLB_CLOCK_MAX < 2000)

static void remember_something(unsigned int cpu)
{
    AS_CPU(cpu, soft_tlb_fill(0, 0, (struct translation){ 7, true, 0 }));
}

static bool remembers(unsigned int cpu)
{
    return soft_tlb_find(cpu, 0, 0) != NULL;
}

TEST(tlb_clock, later_flushes_and_those_alone_pay)
{
    EXPECT(tlb_may_be_stale(4, 5, 6));
    EXPECT(tlb_may_be_stale(5, 5, 6)); /* it may have ticked before the stamp */
    EXPECT(!tlb_may_be_stale(6, 5, 6));
    EXPECT(!tlb_may_be_stale(6, 5, 7));
    EXPECT(tlb_may_be_stale(0, 1, 1));
    EXPECT(tlb_may_be_stale(5, TLB_CLOCK_MAX, TLB_CLOCK_MAX));
}

TEST(tlb_clock, a_stamp_of_the_future_is_of_before_a_restart)
{
    EXPECT(tlb_may_be_stale(0, 5, 5));
    EXPECT(!tlb_may_be_stale(0, 6, 5));
    EXPECT(!tlb_may_be_stale(3, TLB_CLOCK_MAX, 5));
}

TEST(tlb_clock, while_the_clock_stands_everybody_is_stale)
{
    for (uint32_t flushed = 0; flushed < 8; flushed++) {
        for (uint32_t stamp = 0; stamp < 8; stamp++)
            EXPECT(tlb_may_be_stale(flushed, stamp, 0));
    }
    /* Who was stamped meanwhile is stale until he flushes after that. */
    EXPECT(tlb_may_be_stale(0, 0, 1));
    EXPECT(!tlb_may_be_stale(2, 0, 2));
}

TEST(tlb_clock, a_flush_ticks_forgets_all_and_is_noted)
{
    some_cpus(NR);
    EXPECT_EQ(tlb_clock_now(), 1);
    for (unsigned int cpu = 0; cpu < NR; cpu++) {
        uint32_t before = tlb_clock_now();

        remember_something(cpu);
        EXPECT(remembers(cpu));
        AS_CPU(cpu, flush_tlb_local());
        EXPECT(!remembers(cpu));
        EXPECT_EQ(tlb_clock_now(), before + 1);
        EXPECT_EQ(tlb_cpu_flushed(cpu), before + 1);
    }
    EXPECT_EQ(tlb_cpu_flushed(0), 2);
}

TEST(tlb_clock, those_in_the_mask_flush_and_no_others)
{
    cpumask_t mask = { { 0 } };
    struct tlb_counters counters;

    some_cpus(NR);
    for (unsigned int cpu = 0; cpu < NR; cpu++)
        remember_something(cpu);
    cpumask_set(&mask, 0);
    cpumask_set(&mask, 2);
    cpumask_set(&mask, NR); /* is not there */
    flush_tlb_mask(&mask);
    for (unsigned int cpu = 0; cpu < NR; cpu++)
        EXPECT_EQ(remembers(cpu), cpu % 2 != 0);
    EXPECT_EQ(hosted_nr_interrupts(), 1);
    tlb_counters(&counters);
    EXPECT_EQ(counters.flushes, 2);
    EXPECT_EQ(counters.interrupts, 1);
}

TEST(tlb_clock, who_idles_is_marked_and_flushes_later)
{
    cpumask_t mask = { { BIT(1) | BIT(2) } };
    struct tlb_counters counters;

    some_cpus(NR);
    remember_something(1);
    remember_something(2);
    AS_CPU(1, tlb_idle_enter());
    EXPECT(tlb_cpu_idles(1) && !tlb_cpu_idles(2));
    flush_tlb_mask(&mask);
    EXPECT_EQ(hosted_nr_interrupts(), 1);
    EXPECT(remembers(1) && !remembers(2));
    flush_tlb_mask(&mask);
    AS_CPU(1, tlb_idle_leave());
    EXPECT(!remembers(1) && !tlb_cpu_idles(1));
    EXPECT_EQ(tlb_cpu_flushed(1), tlb_clock_now());
    tlb_counters(&counters);
    EXPECT_EQ(counters.idle_marks, 2);
    EXPECT_EQ(counters.flushes, 3);
}

TEST(tlb_clock, nobody_marks_himself)
{
    cpumask_t mask = { { BIT(1) } };

    some_cpus(NR);
    remember_something(1);
    AS_CPU(1, tlb_idle_enter());
    AS_CPU(1, flush_tlb_mask(&mask)); /* background work may */
    EXPECT(!remembers(1));
}

TEST(tlb_clock, who_idles_unmarked_keeps_what_it_remembers)
{
    some_cpus(NR);
    remember_something(1);
    for (unsigned int i = 0; i < 3; i++) {
        AS_CPU(1, tlb_idle_enter());
        AS_CPU(1, tlb_idle_leave());
    }
    EXPECT(remembers(1));
    EXPECT_EQ(tlb_clock_now(), 1);
}

TEST(tlb_clock, who_joins_has_flushed_before_any_stamp)
{
    some_cpus(NR);
    AS_CPU(1, flush_tlb_local());
    AS_CPU(1, smp_leave());
    remember_something(1);
    AS_CPU(1, smp_join());
    EXPECT(!remembers(1));
    EXPECT_EQ(tlb_cpu_flushed(1), 0);
}

static void let_it_wrap(void)
{
    uint32_t before;

    do {
        before = tlb_clock_now();
        flush_tlb_local();
        EXPECT_EQ(tlb_cpu_flushed(0), tlb_clock_now());
    } while (tlb_clock_now() == before + 1);
    EXPECT_EQ(before, TLB_CLOCK_MAX);
    EXPECT_EQ(tlb_clock_now(), 0);
}

TEST(tlb_clock, at_its_end_the_clock_stands_at_0)
{
    if (!IS_NARROW)
        return;
    some_cpus(NR);
    AS_CPU(1, flush_tlb_local());
    let_it_wrap();
    for (unsigned int i = 0; i < 3; i++) {
        remember_something(1);
        AS_CPU(1, flush_tlb_local());
        EXPECT(!remembers(1));
        EXPECT_EQ(tlb_clock_now(), 0);
        EXPECT_EQ(tlb_cpu_flushed(1), 0);
    }
}

TEST(tlb_clock, a_restart_has_everybody_flush)
{
    struct tlb_counters counters;

    if (!IS_NARROW)
        return;
    some_cpus(NR);
    for (unsigned int time = 0; time < 3; time++) {
        AS_CPU(1, flush_tlb_local());
        AS_CPU(2, flush_tlb_local());
        AS_CPU(2, tlb_idle_enter());
        let_it_wrap();
        for (unsigned int cpu = 0; cpu < NR; cpu++)
            remember_something(cpu);
        AS_CPU(time, tlb_clock_restart()); /* whoever comes first */
        EXPECT_EQ(tlb_clock_now(), 1);
        for (unsigned int cpu = 0; cpu < NR; cpu++) {
            EXPECT(!remembers(cpu));
            EXPECT_EQ(tlb_cpu_flushed(cpu), 0);
        }
        AS_CPU(2, tlb_idle_leave());
    }
    tlb_counters(&counters);
    EXPECT_EQ(counters.restarts, 3);
    EXPECT_EQ(hosted_nr_interrupts(), 3 * (NR - 1));
}

TEST(tlb_clock, a_restart_when_it_is_not_due_does_nothing)
{
    struct tlb_counters counters;

    some_cpus(NR);
    tlb_clock_restart();
    flush_tlb_local();
    tlb_clock_restart();
    EXPECT_EQ(tlb_clock_now(), 2);
    if (IS_NARROW) {
        let_it_wrap();
        tlb_clock_restart();
        flush_tlb_local();
        AS_CPU(1, tlb_clock_restart());
        EXPECT_EQ(tlb_clock_now(), 2);
    }
    tlb_counters(&counters);
    EXPECT_EQ(counters.restarts, IS_NARROW);
}
