/* SPDX-License-Identifier: MIT */
/* These frames and no others; and frames in a row that are no block. */
#include <string.h>

#include <test.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/heap_range.h>
#include <xen/heap_watch.h>

#include <asm/contents.h>

#include "../../common/heap_node.h"
#include "../model/small_machine.h"
#include "../model/some_cpus.h"

#define FIRST 1024UL
#define NR    2048UL

static mfn_t culprit;

static void machine(void)
{
    const struct ram ram[] = { { FIRST, NR } };

    some_cpus(3);
    small_machine_heap(ram, 1);
    hosted_arena_init();
}

static int take(unsigned long start, unsigned long nr)
{
    return heap_take_range(_mfn(start), nr, HEAP_NO_SCRUB, &culprit);
}

static void give(unsigned long start, unsigned long nr)
{
    heap_give_range(_mfn(start), nr, TLB_NO_DEBT);
}

static bool is_free(unsigned long mfn)
{
    unsigned int order;

    return !mfn_eq(heap_block_of(_mfn(mfn), &order), INVALID_MFN);
}

/* They are in use, all others free, and given back all is as before. */
static void expect_taken(unsigned long start, unsigned long nr)
{
    for (unsigned long mfn = FIRST; mfn < FIRST + NR; mfn++)
        EXPECT_EQ(is_free(mfn), mfn < start || mfn >= start + nr);
    for (unsigned long mfn = start; mfn < start + nr; mfn++)
        EXPECT(page_info_is_zero(mfn_to_page(_mfn(mfn))));
    EXPECT_EQ(heap_nr_free(), NR - nr);
    EXPECT_EQ(heap_check(), 0);
    give(start, nr);
    heap_drain();
    EXPECT_EQ(heap_nr_blocks(10), 2);
    EXPECT_EQ(heap_check(), 0);
}

TEST(heap_range, every_short_range_at_every_place)
{
    static const unsigned long nr[] = { 1, 2, 63, 64, 65, 511, 512, 513, 1500 };

    machine();
    for (unsigned int i = 0; i < ARRAY_SIZE(nr); i++)
        for (unsigned long at = 0; at + nr[i] <= NR;
             at += at % 128 == 127 || at % 128 == 0 ? 1 : 126) {
            EXPECT_EQ(take(FIRST + at, nr[i]), 0);
            expect_taken(FIRST + at, nr[i]);
        }
}

TEST(heap_range, one_frame_in_use_is_named_and_nothing_has_changed)
{
    machine();
    EXPECT_EQ(take(FIRST + 700, 1), 0);
    EXPECT_EQ(take(FIRST + 1400, 1), 0);
    for (unsigned long at = 0; at <= 700; at += 50) {
        EXPECT_EQ(take(FIRST + at, NR - at), -EBUSY);
        EXPECT_EQ(mfn_x(culprit), FIRST + 700);
        EXPECT_EQ(heap_nr_free(), NR - 2);
        EXPECT_EQ(heap_check(), 0);
    }
    EXPECT_EQ(take(FIRST + 701, NR - 701), -EBUSY);
    EXPECT_EQ(mfn_x(culprit), FIRST + 1400);
    give(FIRST + 1400, 1);
    expect_taken(FIRST + 700, 1);
}

TEST(heap_range, what_is_not_ram_is_not_to_be_had)
{
    machine();
    EXPECT_EQ(take(0x1000000, 1), -EINVAL);
    EXPECT_EQ(mfn_x(culprit), 0x1000000);
    /* Valid, and not the heap's. */
    EXPECT_EQ(take(FIRST - 1, 2), -EBUSY);
    EXPECT_EQ(mfn_x(culprit), FIRST - 1);
    EXPECT_EQ(take(FIRST + NR - 1, 2), -EBUSY);
    EXPECT_EQ(mfn_x(culprit), FIRST + NR);
    EXPECT_EQ(take(FIRST, 0), 0);
    EXPECT_EQ(heap_nr_free(), NR);
    EXPECT_EQ(heap_check(), 0);
}

/* In a magazine, a stack of blocks, a chunk that somebody takes from. */
TEST(heap_range, what_cpus_have_is_called_in)
{
    machine();
    for (unsigned int cpu = 0; cpu < 3; cpu++)
        for (unsigned int order = 0; order < 4; order++)
            AS_CPU(cpu, free_heap_pages(alloc_heap_pages(order, HEAP_NO_LIMIT,
                                                         HEAP_NO_SCRUB, NULL),
                                        order, TLB_NO_DEBT));
    EXPECT_EQ(take(FIRST, NR), 0);
    EXPECT_EQ(heap_nr_free(), 0);
    EXPECT_EQ(heap_check(), 0);
    expect_taken(FIRST, NR);
}

TEST(heap_range, what_is_claimed_is_left)
{
    machine();
    EXPECT_EQ(node_reserve(&heap_nodes[0], 100, 100), 100);
    heap_nodes[0].nr_claimed = 100;
    EXPECT_EQ(take(FIRST, NR - 99), -ENOMEM);
    EXPECT_EQ(heap_nr_free(), NR);
    EXPECT_EQ(heap_check(), 0);
    EXPECT_EQ(take(FIRST, NR - 100), 0);
    EXPECT_EQ(heap_check(), 0);
}

/* So many are in use that no others could be reserved: that is not why. */
TEST(heap_range, what_is_in_use_is_named_though_nothing_is_free)
{
    machine();
    EXPECT_EQ(take(FIRST, NR), 0);
    EXPECT_EQ(take(FIRST + 77, 3), -EBUSY);
    EXPECT_EQ(mfn_x(culprit), FIRST + 77);
}

TEST(heap_range, it_contains_zeroes_and_owes_nothing)
{
    struct page_info *pg;

    machine();
    pg = alloc_heap_pages(6, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
    REQUIRE(pg != NULL);
    memset(frame_contents(page_to_mfn(pg)), 0x55, PAGE_SIZE << 6);
    free_heap_pages(pg, 6, tlb_debt_now(NULL));
    EXPECT_EQ(heap_take_range(page_to_mfn(pg), 64, 0, &culprit), 0);
    for (unsigned int i = 0; i < 64; i++) {
        const char *at = frame_contents(page_to_mfn(pg + i));

        EXPECT(page_info_is_zero(pg + i));
        EXPECT(at[0] == 0 && memcmp(at, at + 1, PAGE_SIZE - 1) == 0);
    }
    EXPECT_EQ(heap_check(), 0);
    EXPECT_EQ(
        heap_take_range(_mfn(CONTENTS_LIMIT >> PAGE_SHIFT), 1, 0, &culprit),
        -EINVAL);
}

/* What is not taken of a larger block is free. */
TEST(heap_range, a_number_that_is_no_power_of_two_costs_no_more)
{
    static const unsigned long nr[] = { 1, 3, 100, 512, 513, 700, 1000 };

    machine();
    for (unsigned int i = 0; i < ARRAY_SIZE(nr); i++)
        for (unsigned long align = 1; align <= 1024; align *= 4) {
            struct page_info *pg =
                alloc_heap_range(nr[i], align, HEAP_NO_LIMIT, HEAP_NO_SCRUB);

            REQUIRE(pg != NULL);
            EXPECT_EQ(mfn_x(page_to_mfn(pg)) % align, 0);
            expect_taken(mfn_x(page_to_mfn(pg)), nr[i]);
        }
}

TEST(heap_range, where_there_is_no_block_a_row_is_found)
{
    struct page_info *pg;

    machine();
    EXPECT_EQ(take(FIRST, 100), 0);
    EXPECT_EQ(take(FIRST + 1010, 1), 0);
    EXPECT_EQ(take(FIRST + 2040, 8), 0);
    pg = alloc_heap_range(1029, 1, HEAP_NO_LIMIT, HEAP_NO_SCRUB);
    REQUIRE(pg != NULL);
    EXPECT_EQ(mfn_x(page_to_mfn(pg)), FIRST + 1011);
    give(FIRST + 1011, 1029);
    EXPECT(alloc_heap_range(1030, 1, HEAP_NO_LIMIT, HEAP_NO_SCRUB) == NULL);
    EXPECT(strstr(hosted_console(), "no 1030 frames in a row") != NULL);
    EXPECT(strstr(hosted_console(), "they lie apart") != NULL);
    EXPECT(strstr(hosted_console(), "in a row at most 1029") != NULL);
    pg = alloc_heap_range(900, 4, (FIRST + 1020) << PAGE_SHIFT, HEAP_NO_SCRUB);
    REQUIRE(pg != NULL);
    EXPECT_EQ(mfn_x(page_to_mfn(pg)), FIRST + 108);
    EXPECT(alloc_heap_range(2, 1, FIRST << PAGE_SHIFT, HEAP_NO_SCRUB) == NULL);
    EXPECT_EQ(heap_check(), 0);
}

/* What is marked to leave is no part of a row, but what is below it is. */
TEST(heap_range, a_row_goes_on_below_a_frame_that_is_not_to_be_had)
{
    struct page_info *pg;

    machine();
    EXPECT_EQ(take(FIRST, 1), 0);
    EXPECT_EQ(take(FIRST + 2047, 1), 0);
    mfn_to_page(_mfn(FIRST + 1600))->count_info = PGC_state_free | PGC_leaving;
    pg = alloc_heap_range(1100, 1, HEAP_NO_LIMIT, HEAP_NO_SCRUB);
    REQUIRE(pg != NULL);
    EXPECT_EQ(mfn_x(page_to_mfn(pg)), FIRST + 500);
}

/* Free is what is true of @is_free[], by frames from FIRST on; and a row is
 * found if there is one. */
static void find_rows(const bool is_free[NR], unsigned int times)
{
    for (unsigned int i = 0; i < times; i++) {
        unsigned long nr = 1 + test_random() % (1UL << test_random() % 11);
        unsigned long align = 1UL << test_random() % 11;
        unsigned long end = test_random() % 2 ? NR : test_random() % (NR + 1);
        unsigned long at = 0, run = 0;
        bool is_there = false;
        struct page_info *pg;

        for (at = end; at-- > 0 && !is_there;) {
            run = is_free[at] ? run + 1 : 0;
            is_there = run >= nr && (FIRST + at) % align == 0;
        }
        pg = alloc_heap_range(nr, align, (FIRST + end) << PAGE_SHIFT,
                              HEAP_NO_SCRUB);
        EXPECT_EQ(pg != NULL, is_there);
        if (!pg)
            continue;
        at = mfn_x(page_to_mfn(pg)) - FIRST;
        EXPECT(at + nr <= end && (FIRST + at) % align == 0);
        for (unsigned long k = 0; k < nr; k++)
            EXPECT(is_free[at + k]);
        give(FIRST + at, nr);
    }
}

TEST(heap_range, a_row_is_found_exactly_if_there_is_one)
{
    static bool is_free[NR];

    machine();
    for (unsigned int round = 0; round < 60; round++) {
        unsigned long at = 0;

        memset(is_free, 1, sizeof(is_free));
        while (at < NR) {
            unsigned long out = 1 + test_random() % (1UL << test_random() % 8);
            unsigned long in = test_random() % (1UL << test_random() % 12);

            for (at += in; out-- > 0 && at < NR; at++) {
                is_free[at] = false;
                EXPECT_EQ(take(FIRST + at, 1), 0);
            }
        }
        heap_drain();
        find_rows(is_free, 100);
        EXPECT_EQ(heap_check(), 0);
        for (at = 0; at < NR; at++)
            if (!is_free[at])
                give(FIRST + at, 1);
    }
}

TEST(heap_range, what_no_block_can_hold_is_refused)
{
    machine();
    EXPECT(alloc_heap_range(0, 1, HEAP_NO_LIMIT, 0) == NULL);
    EXPECT(alloc_heap_range(1, 3, HEAP_NO_LIMIT, 0) == NULL);
    EXPECT(alloc_heap_range(1, 0, HEAP_NO_LIMIT, 0) == NULL);
    EXPECT(alloc_heap_range(BIT(MAX_ORDER) + 1, 1, HEAP_NO_LIMIT, 0) == NULL);
}

/* The first chunk is there, but not all of the second: then CPU 1 gives back
 * what it had at hand, before anybody looks whether it has any. */
static void leave_when_given_back(struct heap_watch *watch)
{
    if (!heap_watch_is_low(watch))
        AS_CPU(1, heap_leave());
}

TEST(heap_range, what_comes_back_while_it_is_looked_for_is_found)
{
    static struct heap_watch watch = { .changed = leave_when_given_back };
    struct page_info *pg = NULL;

    machine();
    AS_CPU(1, pg = alloc_heap_pages(0, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL));
    REQUIRE(pg && mfn_x(page_to_mfn(pg)) == FIRST + 1024);
    AS_CPU(1, free_heap_pages(pg, 0, TLB_NO_DEBT));
    watch.high = heap_nodes[0].nr_available;
    watch.low = watch.high - 100;
    REQUIRE(watch.high < NR);
    heap_watch(&watch);
    EXPECT_EQ(take(FIRST + 512, 1024), 0);
    heap_drain();
    expect_taken(FIRST + 512, 1024);
}
