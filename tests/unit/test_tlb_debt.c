/* SPDX-License-Identifier: MIT */
/* Debts: who must flush for one, what two are together, and how they are paid.
 */
#include <test.h>
#include <xen/smp.h>
#include <xen/tlb.h>

#include "../model/some_cpus.h"

static bool owes(struct tlb_debt debt, unsigned int cpu)
{
    cpumask_t cpus;

    tlb_debt_cpus(debt, &cpus);
    EXPECT_EQ(tlb_debt_is_paid(debt), cpumask_is_empty(&cpus));

    return cpumask_test(&cpus, cpu);
}

static unsigned int nr_owing(struct tlb_debt debt)
{
    cpumask_t cpus;

    tlb_debt_cpus(debt, &cpus);

    return cpumask_weight(&cpus);
}

static struct tlb_debt debt_of_cpu(unsigned int cpu)
{
    cpumask_t who = { { 0 } };

    cpumask_set(&who, cpu);

    return tlb_debt_now(&who);
}

TEST(tlb_debt, to_64_cpus_a_debt_names_each)
{
    some_cpus(64);
    for (unsigned int cpu = 0; cpu < 64; cpu++) {
        struct tlb_debt debt = debt_of_cpu(cpu);

        EXPECT_EQ(debt.taint, BIT(cpu));
        EXPECT_EQ(debt.stamp, tlb_clock_now());
        EXPECT(owes(debt, cpu));
        EXPECT_EQ(nr_owing(debt), 1);
    }
}

/* Of every CPU, the group that it is in and no other, for every number. */
static void expect_groups(unsigned int nr)
{
    unsigned int size = nr / 64 + (nr % 64 != 0);

    for (unsigned int cpu = 0; cpu < nr; cpu++) {
        struct tlb_debt debt = debt_of_cpu(cpu);
        unsigned int first = cpu - cpu % size;

        EXPECT_EQ(debt.taint, BIT(cpu / size));
        EXPECT_EQ(nr_owing(debt), nr - first < size ? nr - first : size);
        EXPECT(owes(debt, cpu) && owes(debt, first));
    }
}

TEST(tlb_debt, beyond_64_neighbours_share_a_bit)
{
    static const unsigned int nr[] = { 65, 70, 127, 128, 129, 200, 256 };
    unsigned int there = 1;

    hosted_answer_at_once(true);
    for (unsigned int i = 0; i < ARRAY_SIZE(nr); i++) {
        if (nr[i] > CONFIG_NR_CPUS)
            break;
        smp_set_nr_cpus(nr[i]);
        for (; there < nr[i]; there++)
            AS_CPU(there, smp_join());
        expect_groups(nr[i]);
    }
}

TEST(tlb_debt, nobody_owes_nothing_and_the_unknown_is_everybody)
{
    cpumask_t nobody = { { 0 } };
    struct tlb_debt debt;

    some_cpus(6);
    debt = tlb_debt_now(&nobody);
    EXPECT_EQ(debt.taint, 0);
    EXPECT_EQ(debt.stamp, 0);
    EXPECT(tlb_debt_is_paid(debt));
    EXPECT(tlb_debt_is_paid(TLB_NO_DEBT));
    EXPECT_EQ(nr_owing(tlb_debt_now(NULL)), 6);
}

TEST(tlb_debt, a_flush_that_comes_anyway_pays)
{
    struct tlb_debt debt;
    struct tlb_counters counters;

    some_cpus(4);
    debt = debt_of_cpu(2);
    EXPECT(!tlb_debt_is_paid(debt));
    AS_CPU(1, flush_tlb_local());
    EXPECT(!tlb_debt_is_paid(debt));
    AS_CPU(2, flush_tlb_local());
    EXPECT(tlb_debt_is_paid(debt));
    tlb_debt_pay(debt);
    EXPECT_EQ(hosted_nr_interrupts(), 0);

    debt = debt_of_cpu(2); /* at the very time of that flush */
    EXPECT(owes(debt, 2));
    tlb_debt_pay(debt);
    EXPECT_EQ(hosted_nr_interrupts(), 1);
    EXPECT(tlb_debt_is_paid(debt));

    tlb_counters(&counters);
    EXPECT_EQ(counters.paid, 1);
    EXPECT_EQ(counters.debts, 1);
}

TEST(tlb_debt, who_has_left_owes_nothing)
{
    struct tlb_debt debt;

    some_cpus(4);
    debt = tlb_debt_now(NULL);
    EXPECT_EQ(nr_owing(debt), 4);
    AS_CPU(2, smp_leave());
    EXPECT_EQ(nr_owing(debt), 3);
    EXPECT(!owes(debt, 2));
    AS_CPU(2, smp_join()); /* a CPU that is new here is not trusted */
    EXPECT(owes(debt, 2));
}

TEST(tlb_debt, who_idles_and_is_marked_owes_nothing)
{
    struct tlb_debt debt, later;

    some_cpus(4);
    AS_CPU(1, tlb_idle_enter());
    debt = debt_of_cpu(1);
    EXPECT(owes(debt, 1));
    tlb_debt_pay(debt);
    EXPECT_EQ(hosted_nr_interrupts(), 0);
    EXPECT(!owes(debt, 1));
    later = debt_of_cpu(1);
    EXPECT(!owes(later, 1)); /* that flush is yet to come */
    AS_CPU(1, tlb_idle_leave());
    EXPECT(!owes(later, 1));
    EXPECT(owes(debt_of_cpu(1), 1));
}

TEST(tlb_debt, two_debts_are_all_cpus_and_the_later_time)
{
    struct tlb_debt early, late, both;

    some_cpus(4);
    early = debt_of_cpu(1);
    flush_tlb_local();
    late = debt_of_cpu(2);
    EXPECT(early.stamp < late.stamp);
    for (unsigned int turn = 0; turn < 2; turn++) {
        both = turn ? tlb_debt_join(early, late) : tlb_debt_join(late, early);
        EXPECT_EQ(both.taint, BIT(1) | BIT(2));
        EXPECT_EQ(both.stamp, late.stamp);
    }
}

TEST(tlb_debt, with_nothing_owed_the_other_debt_stays_as_it_is)
{
    struct tlb_debt debt = { 5, 3 };

    for (unsigned int turn = 0; turn < 2; turn++) {
        struct tlb_debt both = turn ? tlb_debt_join(debt, TLB_NO_DEBT)
                                    : tlb_debt_join(TLB_NO_DEBT, debt);

        EXPECT_EQ(both.taint, 5);
        EXPECT_EQ(both.stamp, 3);
    }
}

/* A time that is later by number may be of before a restart. */
static void join_across_a_restart(uint32_t old_stamp, bool restart_first)
{
    struct tlb_debt old = { BIT(1), old_stamp }, fresh, both;

    while (tlb_clock_now() != 0)
        flush_tlb_local();
    if (restart_first)
        tlb_clock_restart();
    fresh = debt_of_cpu(2);
    both = tlb_debt_join(old, fresh);
    tlb_clock_restart();
    EXPECT(owes(fresh, 2));
    EXPECT(owes(both, 2));
    both = tlb_debt_join(fresh, old);
    EXPECT(owes(both, 2));
}

TEST(tlb_debt, a_debt_of_before_a_restart_hides_no_later_one)
{
    if (TLB_CLOCK_MAX > 2000)
        return;
    some_cpus(4);
    for (uint32_t stamp = 0; stamp <= TLB_CLOCK_MAX; stamp++) {
        join_across_a_restart(stamp, true);
        join_across_a_restart(stamp, false);
    }
}

/* An oracle of three CPUs: who has flushed since the use ended? */
TEST(tlb_debt, random_joins_forget_nobody)
{
    struct tlb_debt debt[16] = { { 0, 0 } };
    bool really_owes[16][3] = { { false } };

    some_cpus(3);
    for (unsigned int step = 0; step < 200000; step++) {
        unsigned int i = (unsigned int)(test_random() % 16);
        unsigned int k = (unsigned int)(test_random() % 16);
        unsigned int cpu = (unsigned int)(test_random() % 3);

        switch (test_random() % 8) {
        case 0 ... 1:
            debt[i] = debt_of_cpu(cpu);
            for (unsigned int c = 0; c < 3; c++)
                really_owes[i][c] = c == cpu;
            break;
        case 2 ... 4:
            debt[i] = tlb_debt_join(debt[i], debt[k]);
            for (unsigned int c = 0; c < 3; c++)
                really_owes[i][c] |= really_owes[k][c];
            break;
        case 5 ... 6:
            AS_CPU(cpu, flush_tlb_local());
            for (unsigned int d = 0; d < 16; d++)
                really_owes[d][cpu] = false;
            break;
        default:
            if (test_random() % 4 || tlb_clock_now() != 0)
                break;
            tlb_clock_restart();
            for (unsigned int d = 0; d < 16 * 3; d++)
                really_owes[d / 3][d % 3] = false;
        }
        for (unsigned int c = 0; c < 3; c++)
            EXPECT(owes(debt[i], c) || !really_owes[i][c]);
    }
}
