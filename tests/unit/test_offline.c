/* SPDX-License-Identifier: MIT */
/* Frames leave the machine, from wherever they are, and come back. */
#include <test.h>
#include <xen/errno.h>
#include <xen/frame_table.h>
#include <xen/offline.h>
#include <xen/page_alloc.h>
#include <xen/string.h>

#include "../model/small_machine.h"
#include "../model/some_cpus.h"

#define EXHAUSTIVE 10U /* up to this order each index is tried */

/* A heap that is one free block, at its own size. */
static void heap_of_one_block(unsigned int order)
{
    const struct ram ram[] = { { BIT(order), BIT(order) } };

    small_machine_heap(ram, 1);
}

static struct page_info *alloc(unsigned int order)
{
    return alloc_heap_pages(order, HEAP_NO_LIMIT, HEAP_NO_SCRUB, NULL);
}

static bool is_sound(unsigned long nr_free, unsigned long nr_offline)
{
    struct heap_statistics s;

    heap_statistics(&s);
    EXPECT_EQ(s.nr_free, nr_free);
    EXPECT_EQ(heap_nr_free(), nr_free);
    EXPECT_EQ(offline_nr(), nr_offline);
    EXPECT_EQ(heap_check(), 0);

    return s.nr_free == nr_free;
}

static bool is_at(mfn_t mfn, enum page_place place)
{
    EXPECT_STR(page_place_name(query_page(mfn).place), page_place_name(place));

    return query_page(mfn).place == place;
}

/* All around it is free, in the largest blocks that there can be. */
static void expect_hole(unsigned int order)
{
    for (unsigned int o = 0; o < order; o++)
        EXPECT_EQ(heap_nr_blocks(o), 1);
    EXPECT_EQ(heap_nr_blocks(order), 0);
}

/* There and back, of a block that is all there is. */
static void try_index(unsigned int order, unsigned long i)
{
    mfn_t mfn = _mfn(BIT(order) + i);

    EXPECT(is_at(mfn, PAGE_FREE));
    EXPECT_EQ(offline_page(mfn, false), OFFLINE_DONE);
    EXPECT(is_at(mfn, PAGE_OFFLINE));
    expect_hole(order);
    is_sound(BIT(order) - 1, 1);
    EXPECT_EQ(online_page(mfn), 0);
    EXPECT_EQ(heap_nr_blocks(order), 1);
    is_sound(BIT(order), 0);
}

static void try_order(unsigned int order)
{
    unsigned long step = order > EXHAUSTIVE ? BIT(order) / 2 - 1 : 1;

    heap_of_one_block(order);
    for (unsigned long i = 0; i < BIT(order); i += step)
        try_index(order, i);
    try_index(order, BIT(order) - 1);
}

#define OF_ORDER(n)                                                            \
    TEST(offline, each_frame_of_a_free_block_of_order_##n)                     \
    {                                                                          \
        try_order(n);                                                          \
    }
OF_ORDER(1)
OF_ORDER(2)
OF_ORDER(3)
OF_ORDER(4)
OF_ORDER(5)
OF_ORDER(6)
OF_ORDER(7)
OF_ORDER(8)
OF_ORDER(9)
OF_ORDER(10)
OF_ORDER(11)
OF_ORDER(12)
OF_ORDER(14)
OF_ORDER(16)
OF_ORDER(18)
OF_ORDER(20)

/* A frame of a block that is in use leaves when the block comes back. */
static void try_in_use(unsigned int order, unsigned long i, bool in_parts)
{
    struct page_info *pg = alloc(order);
    mfn_t mfn;

    REQUIRE(pg != NULL);
    mfn = mfn_add(page_to_mfn(pg), i);
    EXPECT_EQ(offline_page(mfn, false), OFFLINE_PENDING);
    EXPECT(is_at(mfn, PAGE_PENDING));
    EXPECT_EQ(offline_nr_pending(), 1);
    is_sound(BIT(EXHAUSTIVE) - BIT(order), 0);
    if (in_parts) {
        if (order >= CHUNK_ORDER)
            heap_clear_entries(pg, order);
        for (unsigned long n = 0; n < BIT(order); n++)
            free_heap_pages(pg + n, 0, TLB_NO_DEBT);
    } else {
        free_heap_pages(pg, order, TLB_NO_DEBT);
    }
    EXPECT(is_at(mfn, PAGE_OFFLINE));
    EXPECT_EQ(offline_nr_pending(), 0);
    is_sound(BIT(EXHAUSTIVE) - 1, 1);
    heap_drain();
    expect_hole(EXHAUSTIVE);
    EXPECT_EQ(online_page(mfn), 0);
    EXPECT_EQ(heap_nr_blocks(EXHAUSTIVE), 1);
    is_sound(BIT(EXHAUSTIVE), 0);
}

TEST(offline, each_frame_of_a_block_in_use)
{
    heap_of_one_block(EXHAUSTIVE);
    for (unsigned int order = 0; order <= EXHAUSTIVE; order++)
        for (unsigned long i = 0; i < BIT(order); i++)
            try_in_use(order, i, false);
}

TEST(offline, each_frame_of_a_block_in_use_that_comes_back_in_parts)
{
    heap_of_one_block(EXHAUSTIVE);
    for (unsigned int order = 0; order <= EXHAUSTIVE; order++)
        for (unsigned long i = 0;
             i<BIT(order); i += order> 5 ? BIT(order) / 7 : 1)
            try_in_use(order, i, true);
}

/* What a CPU has at hand, by the order that it keeps. */
static void try_cached(unsigned int order, unsigned long i)
{
    struct page_info *pg = alloc(order), *again;
    mfn_t mfn;

    REQUIRE(pg != NULL);
    mfn = mfn_add(page_to_mfn(pg), i);
    free_heap_pages(pg, order, TLB_NO_DEBT);
    EXPECT(is_at(mfn, PAGE_CACHED));
    EXPECT_EQ(offline_page(mfn, false), OFFLINE_DONE);
    EXPECT(is_at(mfn, PAGE_OFFLINE));
    is_sound(BIT(15) - 1, 1);
    again = alloc(order);
    REQUIRE(again != NULL);
    EXPECT(mfn_x(mfn) - mfn_x(page_to_mfn(again)) >= BIT(order));
    free_heap_pages(again, order, TLB_NO_DEBT);
    EXPECT_EQ(online_page(mfn), 0);
    is_sound(BIT(15), 0);
}

TEST(offline, each_frame_that_a_cpu_has_at_hand)
{
    static const unsigned int orders[] = { 0, 1, 2, 3, CHUNK_ORDER };

    heap_of_one_block(15);
    some_cpus(2);
    for (unsigned int cpu = 0; cpu < 2; cpu++)
        for (unsigned int k = 0; k < ARRAY_SIZE(orders); k++)
            for (unsigned long i = 0;
                 i<BIT(orders[k]); i += orders[k]> 3 ? 73 : 1)
                AS_CPU(cpu, try_cached(orders[k], i));
    heap_drain();
    EXPECT_EQ(heap_nr_blocks(15), 1);
}

TEST(offline, what_another_cpu_has_at_hand)
{
    struct page_info *pg = NULL;

    heap_of_one_block(EXHAUSTIVE);
    some_cpus(3);
    AS_CPU(2, pg = alloc(0); free_heap_pages(pg, 0, TLB_NO_DEBT));
    EXPECT(is_at(page_to_mfn(pg), PAGE_CACHED));
    EXPECT_EQ(offline_page(page_to_mfn(pg), true), OFFLINE_DONE);
    is_sound(BIT(EXHAUSTIVE) - 1, 1);
}

/* The owner of the chunk goes on to take from it. */
TEST(offline, a_frame_of_a_chunk_that_a_cpu_takes_from)
{
    struct page_info *pg;
    mfn_t mfn = _mfn(BIT(EXHAUSTIVE) + 300);

    heap_of_one_block(EXHAUSTIVE);
    REQUIRE((pg = alloc(0)) != NULL);
    EXPECT_EQ(offline_page(mfn, false), OFFLINE_DONE);
    for (unsigned long i = 2; i < BIT(EXHAUSTIVE); i++) {
        REQUIRE((pg = alloc(0)) != NULL);
        EXPECT(!mfn_eq(page_to_mfn(pg), mfn));
    }
    EXPECT(!alloc(0));
    is_sound(0, 1);
    EXPECT_EQ(online_page(mfn), 0);
    pg = alloc(0);
    REQUIRE(pg != NULL);
    EXPECT(mfn_eq(page_to_mfn(pg), mfn));
}

TEST(offline, a_frame_that_nobody_gave_back_is_there_no_more)
{
    struct page_info *pg;
    mfn_t mfn;

    heap_of_one_block(EXHAUSTIVE);
    pg = alloc(3);
    REQUIRE(pg != NULL);
    mfn = page_to_mfn(pg + 5);
    EXPECT_EQ(offline_page(mfn, false), OFFLINE_PENDING);
    EXPECT_EQ(online_page(mfn), 0);
    EXPECT(is_at(mfn, PAGE_IN_USE));
    EXPECT_EQ(offline_nr_pending(), 0);
    free_heap_pages(pg, 3, TLB_NO_DEBT);
    heap_drain();
    EXPECT_EQ(heap_nr_blocks(EXHAUSTIVE), 1);
    is_sound(BIT(EXHAUSTIVE), 0);
}

/* A larger block's entries say nothing before its user clears them. */
TEST(offline, the_mark_survives_that_entries_are_cleared)
{
    struct page_info *pg;

    heap_of_one_block(EXHAUSTIVE);
    for (unsigned int round = 0; round < 2; round++) {
        pg = alloc(EXHAUSTIVE);
        REQUIRE(pg != NULL);
        EXPECT_EQ(offline_page(page_to_mfn(pg + 700), false), OFFLINE_PENDING);
        heap_clear_entries(pg, EXHAUSTIVE);
        EXPECT(is_at(page_to_mfn(pg + 700), PAGE_PENDING));
        EXPECT_EQ(pg[700].count_info, PGC_state_offlining);
        EXPECT_EQ(online_page(page_to_mfn(pg + 700)), 0);
        EXPECT_EQ(pg[700].count_info, 0);
        free_heap_pages(pg, EXHAUSTIVE, TLB_NO_DEBT);
        is_sound(BIT(EXHAUSTIVE), 0);
        /* With entries that are those of free frames, next time. */
        free_heap_pages(alloc(0), 0, TLB_NO_DEBT);
        heap_drain();
    }
}

TEST(offline, whoever_asks_for_what_cannot_be_is_told_so)
{
    mfn_t mfn = _mfn(BIT(EXHAUSTIVE) + 1);
    struct page_info *pg;

    heap_of_one_block(EXHAUSTIVE);
    EXPECT_EQ(online_page(mfn), -ENOENT);
    EXPECT_EQ(offline_page(mfn, false), OFFLINE_DONE);
    EXPECT_EQ(offline_page(mfn, false), -EEXIST);
    EXPECT(!query_page(mfn).broken);
    EXPECT_EQ(offline_page(mfn, true), -EEXIST);
    EXPECT(query_page(mfn).broken);
    EXPECT_EQ(online_page(mfn), -EACCES);
    is_sound(BIT(EXHAUSTIVE) - 1, 1);

    REQUIRE((pg = alloc(0)) != NULL);
    EXPECT_EQ(offline_page(page_to_mfn(pg), false), OFFLINE_PENDING);
    EXPECT_EQ(offline_page(page_to_mfn(pg), true), -EEXIST);
    EXPECT_EQ(online_page(page_to_mfn(pg)), -EACCES);
    free_heap_pages(pg, 0, TLB_NO_DEBT);
    EXPECT(query_page(page_to_mfn(pg)).broken);
    EXPECT_EQ(online_page(page_to_mfn(pg)), -EACCES);
    is_sound(BIT(EXHAUSTIVE) - 2, 2);
}

static const char *keeper(mfn_t mfn)
{
    return mfn_x(mfn) == 4100   ? "image"
           : mfn_x(mfn) == 4101 ? BAD_PAGE_KEEPER
                                : NULL;
}

TEST(offline, what_is_not_the_heaps_stays)
{
    const struct ram ram[] = { { 4096, 512 } };

    small_machine(ram, 1);
    heap_add(_mfn(4104), 504);
    offline_init(small_machine_map(ram, 1), keeper);
    EXPECT_EQ(offline_page(_mfn(4100), false), -EPERM);
    EXPECT_EQ(online_page(_mfn(4100)), -EPERM);
    EXPECT(is_at(_mfn(4100), PAGE_RESERVED));
    EXPECT(!query_page(_mfn(4100)).broken);
    EXPECT(query_page(_mfn(4101)).broken);
    EXPECT_EQ(offline_page(_mfn(0), false), -EINVAL);
    EXPECT_EQ(offline_page(_mfn(4095), true), -EINVAL);
    EXPECT_EQ(offline_page(_mfn(4608), true), -EINVAL);
    EXPECT_EQ(online_page(_mfn(~0UL >> 12)), -EINVAL);
    EXPECT(is_at(_mfn(4608), PAGE_NOT_RAM));
    EXPECT_EQ(offline_page(_mfn(4607), true), OFFLINE_DONE);
    EXPECT_EQ(offline_page(_mfn(4104), true), OFFLINE_DONE);
    is_sound(502, 2);
}

TEST(offline, all_frames_of_a_chunk_one_after_the_other)
{
    heap_of_one_block(EXHAUSTIVE);
    for (unsigned long i = 0; i < CHUNK_FRAMES; i++) {
        EXPECT_EQ(offline_page(_mfn(BIT(EXHAUSTIVE) + i), false), OFFLINE_DONE);
        is_sound(BIT(EXHAUSTIVE) - i - 1, i + 1);
    }
    EXPECT_EQ(heap_nr_blocks(CHUNK_ORDER), 1);
    for (unsigned long i = CHUNK_FRAMES; i-- > 0;)
        EXPECT_EQ(online_page(_mfn(BIT(EXHAUSTIVE) + i)), 0);
    EXPECT_EQ(heap_nr_blocks(EXHAUSTIVE), 1);
    is_sound(BIT(EXHAUSTIVE), 0);
}

/* F5: what was dirty, or owed, does so when it comes back. */
TEST(offline, what_is_dirty_and_what_it_owes_is_kept)
{
    cpumask_t who = { { 2 } };
    struct heap_statistics before, without, after;
    struct page_info *pg, *kept; /* so that the chunk is not whole */
    struct tlb_debt debt;

    heap_of_one_block(CHUNK_ORDER);
    some_cpus(2);
    REQUIRE((pg = alloc(0)) != NULL && (kept = alloc(0)) != NULL);
    debt = tlb_debt_now(&who);
    free_heap_pages(pg, 0, debt);
    heap_drain();
    heap_statistics(&before);
    EXPECT_EQ(offline_page(page_to_mfn(pg), false), OFFLINE_DONE);
    heap_statistics(&without);
    EXPECT_EQ(without.nr_dirty, before.nr_dirty - 1);
    EXPECT_EQ(heap_check(), 0);
    EXPECT_EQ(online_page(page_to_mfn(pg)), 0);
    heap_statistics(&after);
    EXPECT_EQ(after.nr_dirty, before.nr_dirty);
    EXPECT_EQ(heap_check(), 0);
    free_heap_pages(kept, 0, TLB_NO_DEBT);
    heap_drain();
    pg = alloc_heap_pages(CHUNK_ORDER, HEAP_NO_LIMIT, HEAP_NO_SCRUB, &debt);
    REQUIRE(pg != NULL);
    EXPECT_EQ(debt.taint & 2, 2);
}

/* A pending frame's debt, which it gets when it is given back. */
TEST(offline, what_leaves_when_it_is_given_back_owes_what_its_user_says)
{
    cpumask_t who = { { 2 } };

    for (unsigned int order = 0; order <= CHUNK_ORDER; order += CHUNK_ORDER) {
        struct page_info *pg;
        struct tlb_debt debt;
        mfn_t mfn;

        if (order == 0) {
            heap_of_one_block(CHUNK_ORDER);
            some_cpus(2);
        }
        REQUIRE((pg = alloc(order)) != NULL);
        mfn = page_to_mfn(pg + BIT(order) / 2);
        EXPECT_EQ(offline_page(mfn, false), OFFLINE_PENDING);
        free_heap_pages(pg, order, tlb_debt_now(&who));
        EXPECT(is_at(mfn, PAGE_OFFLINE));
        EXPECT_EQ(heap_check(), 0);
        EXPECT_EQ(online_page(mfn), 0);
        EXPECT_EQ(heap_check(), 0);
        heap_drain();
        pg = alloc_heap_pages(CHUNK_ORDER, HEAP_NO_LIMIT, HEAP_NO_SCRUB, &debt);
        REQUIRE(pg != NULL);
        EXPECT_EQ(debt.taint & 2, 2);
        free_heap_pages(pg, CHUNK_ORDER, TLB_NO_DEBT);
    }
}

/* No CPU keeps a chunk at hand whose frame is to leave. */
TEST(offline, a_chunk_with_a_frame_that_is_to_leave_is_not_kept_at_hand)
{
    struct page_info *pg[2];

    heap_of_one_block(15);
    REQUIRE((pg[0] = alloc(CHUNK_ORDER)) != NULL);
    REQUIRE((pg[1] = alloc(CHUNK_ORDER)) != NULL);
    EXPECT_EQ(offline_page(page_to_mfn(pg[0] + 17), false), OFFLINE_PENDING);
    free_heap_pages(pg[0], CHUNK_ORDER, TLB_NO_DEBT);
    EXPECT(is_at(page_to_mfn(pg[0] + 17), PAGE_OFFLINE));
    is_sound(BIT(15) - CHUNK_FRAMES - 1, 1);
    free_heap_pages(pg[1], CHUNK_ORDER, TLB_NO_DEBT);
    EXPECT(is_at(page_to_mfn(pg[1]), PAGE_CACHED)); /* but now it is again */
}
