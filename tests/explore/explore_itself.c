/* SPDX-License-Identifier: MIT */
/* The explorer with programs whose orders can be counted by hand. */
#include <test.h>
#include <xen/arch.h>
#include <xen/spinlock.h>

#include <asm/processor.h>

#include "explore.h"

static unsigned int shared, private[2], nr_lost, nr_orders, nr_yields;
static spinlock_t lock = SPINLOCK_INIT(LOCK_RANK_PAGES);

static void reset(void)
{
    shared = private[0] = private[1] = 0;
}

static void check(void)
{
    nr_orders++;
    nr_lost += shared != 2;
}

/* How many orders there are, and in how many of them an update is lost. */
static void count(void (*body)(void), unsigned int stops, unsigned int yields)
{
    const struct exploration it = {
        .name = "itself",
        .nr_cpus = 2,
        .stops = stops,
        .yields = yields,
        .reset = reset,
        .body = body,
        .check = check,
    };

    /* Once to learn which words are shared, once with that. */
    nr_orders = nr_lost = nr_yields = 0;
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
    unsigned int nr;

    count(add_in_one_step, 4, 0);
    nr = nr_orders;
    count(add_what_is_private, 4, 0);
    EXPECT_EQ(nr_orders, nr);
}

TEST(explore_itself, who_waits_goes_on_when_the_other_has_acted)
{
    count(wait_for_the_other, 2, 0);
    EXPECT_EQ(nr_lost, 0);
    EXPECT(nr_orders > 2);
}

TEST(explore_itself, each_question_is_answered_both_ways_but_not_too_often)
{
    count(ask, 0, 0);
    EXPECT_EQ(nr_yields, 0);
    count(ask, 0, 1);
    EXPECT_EQ(nr_yields, 2); /* one of two says so, or the other */
}
