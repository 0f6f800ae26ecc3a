/* SPDX-License-Identifier: MIT */
/* The explorer with programs whose orders can be counted by hand. */
#include <test.h>
#include <xen/arch.h>
#include <xen/spinlock.h>

#include <asm/processor.h>

#include "explore.h"

static unsigned int shared, private[3], turn, nr_lost, nr_orders, nr_yields;
static unsigned int nr_looks, most_looks; /* in vain, in one order */
static unsigned int nr = 2;               /* CPUs */
static spinlock_t lock = SPINLOCK_INIT(LOCK_RANK_PAGES);

static void reset(void)
{
    shared = private[0] = private[1] = turn = nr_looks = 0;
}

static void check(void)
{
    nr_orders++;
    nr_lost += shared != nr;
    most_looks = nr_looks > most_looks ? nr_looks : most_looks;
}

/* How many orders there are, and in how many of them an update is lost. */
static void count(void (*body)(void), unsigned int stops, unsigned int yields)
{
    const struct exploration it = {
        .name = "itself",
        .nr_cpus = nr,
        .stops = stops,
        .yields = yields,
        .reset = reset,
        .body = body,
        .check = check,
    };

    /* Once to learn which words are shared, once with that. */
    nr_orders = nr_lost = nr_yields = most_looks = 0;
    EXPECT(explore(&it));
}

static void add_in_one_step(void)
{
    __atomic_fetch_add(&shared, 1, __ATOMIC_RELAXED);
}

static void add_in_two_steps(void)
{
    unsigned int seen = __atomic_load_n(&shared, __ATOMIC_RELAXED);

    __atomic_store_n(&shared, seen + 1, __ATOMIC_RELAXED);
}

static void add_with_lock(void)
{
    spin_lock(&lock);
    add_in_two_steps();
    spin_unlock(&lock);
}

static void add_what_is_private(void)
{
    unsigned int *mine = &private[arch_cpu_id()];

    __atomic_fetch_add(mine, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(mine, 1, __ATOMIC_RELAXED);
    add_in_one_step();
}

static void wait_for_the_other(void)
{
    __atomic_fetch_add(&shared, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&shared, __ATOMIC_RELAXED) != 2)
        cpu_relax();
}

/* Two can wait for it at once. */
static void add_in_turn(void)
{
    unsigned int nobody = 0;

    while (!__atomic_compare_exchange_n(&turn, &nobody, 1, false,
                                        __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        nobody = 0;
        nr_looks++;
        cpu_relax();
    }
    add_in_two_steps();
    __atomic_store_n(&turn, 0, __ATOMIC_RELEASE);
}

/* Two wait for CPU 0, and have something to say to each other meanwhile. */
static void wait_for_the_first(void)
{
    if (arch_cpu_id() == 0)
        __atomic_store_n(&turn, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&private[2], 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&turn, __ATOMIC_RELAXED) == 0) {
        cpu_relax();
        __atomic_fetch_add(&private[2], 1, __ATOMIC_RELAXED);
    }
    add_in_one_step();
}

static void ask(void)
{
    add_in_one_step();
    if (cpu_must_yield())
        nr_yields++;
}

TEST(explore_itself, without_a_stop_one_goes_on_after_the_other)
{
    count(add_in_two_steps, 0, 0);
    EXPECT_EQ(nr_lost, 0);
}

TEST(explore_itself, one_stop_is_enough_to_lose_an_update)
{
    count(add_in_two_steps, 1, 0);
    EXPECT(nr_lost > 0);
}

TEST(explore_itself, what_is_done_in_one_step_is_never_lost)
{
    count(add_in_one_step, 4, 0);
    EXPECT_EQ(nr_lost, 0);
    EXPECT(nr_orders > 2);
}

TEST(explore_itself, nobody_comes_between_with_a_lock)
{
    count(add_with_lock, 4, 0);
    EXPECT_EQ(nr_lost, 0);
    EXPECT(nr_orders > 2);
}

TEST(explore_itself, words_that_one_cpu_uses_make_no_orders)
{
    unsigned int before;

    count(add_in_one_step, 4, 0);
    before = nr_orders;
    count(add_what_is_private, 4, 0);
    EXPECT_EQ(nr_orders, before);
}

TEST(explore_itself, who_waits_goes_on_when_the_other_has_acted)
{
    count(wait_for_the_other, 2, 0);
    EXPECT_EQ(nr_lost, 0);
    EXPECT(nr_orders > 2);
}

TEST(explore_itself, who_fails_to_change_a_word_wakes_nobody)
{
    nr = 3;
    count(add_in_turn, 1, 0);
    EXPECT_EQ(nr_lost, 0);
    EXPECT_EQ(most_looks, 3); /* one waits for each of the two before it */
}

TEST(explore_itself, two_that_wait_do_not_go_on_for_ever)
{
    nr = 3;
    count(wait_for_the_first, 2, 0);
    EXPECT_EQ(nr_lost, 0);
    EXPECT(nr_orders > 6);
}

TEST(explore_itself, each_question_is_answered_both_ways_but_not_too_often)
{
    count(ask, 0, 0);
    EXPECT_EQ(nr_yields, 0);
    count(ask, 0, 1);
    EXPECT_EQ(nr_yields, 2); /* one of two says so, or the other */
}
